SELECT *
FROM {{ ref('observaciones') }}
WHERE temperatura NOT BETWEEN -40 AND 50 OR humedad NOT BETWEEN 0 AND 100 OR viento NOT BETWEEN 0 AND 120
