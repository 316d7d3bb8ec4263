-- Las cuatro tablas. Falta casi todo lo que impide guardar lo que no puede ser.

CREATE TABLE aerolineas (
    codigo text,
    nombre text
);

-- Faltan: aviones, vuelos y reservas.
