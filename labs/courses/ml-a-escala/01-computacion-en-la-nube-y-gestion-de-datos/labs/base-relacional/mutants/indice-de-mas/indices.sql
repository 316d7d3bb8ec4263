-- Un índice por consulta que lo necesita, y ninguno más: cada uno se paga en cada INSERT.

-- Igualdad primero, orden después: las cinco salidas ya están juntas y en orden.
CREATE INDEX vuelos_de_un_avion ON vuelos (matricula, salida DESC);

-- Solo los cancelados, uno de cada trescientos: el índice cabe en un par de páginas.
CREATE INDEX vuelos_cancelados ON vuelos (destino) WHERE retraso IS NULL;

-- PostgreSQL no crea índice para una clave foránea: sin él, la lista de pasajeros recorre todas las reservas.
CREATE INDEX reservas_de_un_vuelo ON reservas (vuelo);

CREATE INDEX vuelos_por_ruta ON vuelos (origen, destino);

-- La consulta pregunta por lower(pasajero): un índice sobre pasajero no le sirve.
CREATE INDEX reservas_de_un_pasajero ON reservas (lower(pasajero));
