-- Un nulo no está ni dentro ni fuera de un rango: se busca aparte.
SELECT *
FROM {{ ref('observaciones') }}
WHERE temperatura IS NULL OR temperatura NOT BETWEEN -40 AND 50
    OR humedad IS NULL OR humedad NOT BETWEEN 0 AND 100
