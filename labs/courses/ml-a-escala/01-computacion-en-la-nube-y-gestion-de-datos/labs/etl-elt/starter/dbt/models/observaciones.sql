-- Una fila por estación y hora, la última que se supo. Incremental: solo se procesa lo que se cargó después.
{{ config(materialized='table') }}

SELECT estacion, hora, temperatura, actualizado
FROM {{ ref('stg_observaciones') }}
