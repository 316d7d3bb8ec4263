-- Una prueba es una consulta que busca lo que no debe haber: pasa si no encuentra ninguna fila.
SELECT estacion, hora, count(*) AS veces
FROM {{ ref('observaciones') }}
GROUP BY ALL
HAVING count(*) > 1
