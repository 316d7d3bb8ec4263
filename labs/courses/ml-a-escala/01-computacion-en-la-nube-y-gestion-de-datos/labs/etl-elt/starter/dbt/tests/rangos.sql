SELECT * FROM {{ ref('observaciones') }} WHERE false
