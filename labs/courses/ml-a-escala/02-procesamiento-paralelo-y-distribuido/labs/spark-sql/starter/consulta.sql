-- Ejecuta antes vuelos.py: registra las vistas flights, airlines …
-- Faltan: el nombre de la aerolínea, los cancelados, el retraso medio y las filas de subtotal.
CREATE OR REPLACE TEMPORARY VIEW resumen AS
SELECT origin AS origen, carrier AS aerolinea, count(*) AS vuelos
FROM flights
GROUP BY origin, carrier;

SELECT * FROM resumen ORDER BY origen, vuelos DESC;
