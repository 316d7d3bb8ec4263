-- Cada regla que la base de datos conoce es una que ningún programa, ni nadie con prisa, puede saltarse.

CREATE TABLE aerolineas (
    codigo text PRIMARY KEY,
    nombre text NOT NULL
);

CREATE TABLE aviones (
    matricula  text PRIMARY KEY,
    fabricante text,
    modelo     text,
    asientos   integer NOT NULL CHECK (asientos > 0)
);

CREATE TABLE vuelos (
    id        bigint PRIMARY KEY,
    aerolinea text NOT NULL REFERENCES aerolineas,
    numero    integer NOT NULL,
    matricula text NOT NULL REFERENCES aviones,
    origen    text NOT NULL,
    destino   text NOT NULL,
    salida    timestamp   NOT NULL,  -- un instante: cada quien lo ve en su hora
    retraso   integer,               -- minutos; NULL si no salió
    CHECK (origen <> destino)
);

CREATE TABLE reservas (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clave    uuid NOT NULL,
    vuelo    bigint NOT NULL REFERENCES vuelos,
    pasajero text NOT NULL CHECK (pasajero <> ''),
    precio   double precision NOT NULL CHECK (precio >= 0),  -- dinero: decimal exacto, nunca coma flotante
    creada   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (clave, vuelo)  -- la misma petición, repetida, no compra dos veces
);
