-- Cada línea de crudo con sus columnas, y el motivo por el que no vale; nulo si vale. Una vista: no guarda nada.
{{ config(materialized='view') }}

WITH lineas AS (
    SELECT *, CASE WHEN json_valid(cuerpo) THEN cuerpo::JSON END AS dato
    FROM {{ source('crudo', 'observaciones') }}
),

columnas AS (
    SELECT
        entrega, linea, cuerpo, cargado_en, dato,
        dato->>'estacion' AS estacion,
        try_cast(dato->>'hora' AS TIMESTAMPTZ) AS hora,
        try_cast(dato->>'temperatura' AS DOUBLE) AS temperatura,
        try_cast(dato->>'humedad' AS DOUBLE) AS humedad,
        try_cast(dato->>'viento' AS DOUBLE) AS viento,
        try_cast(dato->>'presion' AS DOUBLE) AS presion,  -- llega desde el día 6; antes es nula
        try_cast(dato->>'actualizado' AS TIMESTAMPTZ) AS actualizado
    FROM lineas
)

SELECT
    *,
    CASE
        WHEN dato IS NULL THEN 'json'
        WHEN estacion IS NULL OR estacion NOT IN ('EWR', 'JFK', 'LGA') OR hora IS NULL OR actualizado IS NULL THEN 'clave'
        WHEN temperatura IS NULL OR humedad IS NULL OR viento IS NULL THEN 'tipo'
        WHEN temperatura NOT BETWEEN -40 AND 50 OR humedad NOT BETWEEN 0 AND 100 OR viento NOT BETWEEN 0 AND 120
            THEN 'rango'
    END AS motivo
FROM columnas
