-- Ejecuta antes vuelos.py: registra las vistas flights, airlines …
CREATE OR REPLACE TEMPORARY VIEW resumen AS
SELECT
    CASE WHEN grouping(v.origin) = 1 THEN 'TODOS' ELSE v.origin END AS origen,
    CASE WHEN grouping(a.name) = 1 THEN 'TODAS' ELSE a.name END AS aerolinea,
    count(*) AS vuelos,
    count_if(v.dep_time IS NULL) AS cancelados,
    avg(v.dep_delay) AS retraso_medio
FROM flights v
JOIN airlines a USING (carrier)
GROUP BY ROLLUP (v.origin, a.name);

SELECT origen, aerolinea, vuelos, cancelados, round(retraso_medio, 1) AS retraso_medio
FROM resumen
ORDER BY origen, vuelos DESC;
