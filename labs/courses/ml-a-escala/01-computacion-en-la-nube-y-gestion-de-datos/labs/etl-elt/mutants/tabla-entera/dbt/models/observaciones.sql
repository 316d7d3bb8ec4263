-- Una fila por estación y hora, la última que se supo. Incremental: solo se procesa lo que se cargó después.
{{ config(materialized='table') }}

SELECT estacion, hora, temperatura, humedad, viento, presion, actualizado, cargado_en, now() AS procesado_en
FROM {{ ref('stg_observaciones') }}
WHERE motivo IS NULL
QUALIFY row_number() OVER (PARTITION BY estacion, hora ORDER BY actualizado DESC) = 1
