-- Una prueba es una consulta que busca lo que no debe haber: pasa si no encuentra ninguna fila.
SELECT * FROM {{ ref('observaciones') }} WHERE false
