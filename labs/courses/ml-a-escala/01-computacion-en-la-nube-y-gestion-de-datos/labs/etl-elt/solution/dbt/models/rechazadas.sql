-- Lo que no vale, como llegó y por qué. Nada se pierde en silencio.
{{ config(materialized='table') }}

SELECT entrega, linea, cuerpo, motivo
FROM {{ ref('stg_observaciones') }}
WHERE motivo IS NOT NULL
