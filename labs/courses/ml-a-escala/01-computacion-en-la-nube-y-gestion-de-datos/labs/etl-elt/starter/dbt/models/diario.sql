-- Lo que usa el modelo de retrasos. dbt lo construye solo si las pruebas de `observaciones` pasan.
{{ config(materialized='table') }}

SELECT estacion, (hora AT TIME ZONE 'UTC')::DATE AS dia, count(*) AS horas, round(avg(temperatura), 2) AS temperatura_media
FROM {{ ref('observaciones') }}
GROUP BY ALL
