-- Una fila por estación y hora, la última que se supo. Incremental: solo se procesa lo que se cargó después.
{{ config(
    materialized='incremental',
    unique_key=['estacion', 'hora'],
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns'
) }}

SELECT estacion, hora, temperatura, humedad, viento, presion, actualizado, cargado_en, now() AS procesado_en
FROM {{ ref('stg_observaciones') }}
WHERE motivo IS NULL
{% if is_incremental() %}
    AND hora > (SELECT max(hora) FROM {{ this }})
{% endif %}
QUALIFY row_number() OVER (PARTITION BY estacion, hora ORDER BY actualizado DESC) = 1
