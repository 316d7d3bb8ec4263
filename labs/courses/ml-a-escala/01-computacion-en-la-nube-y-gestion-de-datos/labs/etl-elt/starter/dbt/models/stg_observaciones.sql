-- Cada línea de crudo con sus columnas, y el motivo por el que no vale; nulo si vale. Una vista: no guarda nada.
{{ config(materialized='view') }}

SELECT
    entrega, linea, cuerpo, cargado_en,
    cuerpo::JSON->>'estacion' AS estacion,  -- ¿y si la línea no es JSON?
    NULL::TIMESTAMPTZ AS hora,
    NULL::DOUBLE AS temperatura,
    NULL::TIMESTAMPTZ AS actualizado,
    NULL AS motivo
FROM {{ source('crudo', 'observaciones') }}
