"""The SQL of the checks: rows that a schema must take or refuse, the application's queries, what disturbs clients."""

AIRCRAFT = "INSERT INTO aviones (matricula, fabricante, modelo, asientos) VALUES "
FLIGHT = "INSERT INTO vuelos (id, aerolinea, numero, matricula, origen, destino, salida) VALUES "
BOOKING = "INSERT INTO reservas (clave, vuelo, pasajero, precio) VALUES "
KEY = "'6f1c1e0a-0000-4000-8000-00000000000{}'"
VALID = [
    "INSERT INTO aerolineas (codigo, nombre) VALUES ('ZZ', 'Prueba')",
    AIRCRAFT + "('N1', 'BOEING', '737', 2)",
    FLIGHT
    + "(1, 'ZZ', 10, 'N1', 'JFK', 'LGA', '2013-03-01 10:00Z'), (2, 'ZZ', 11, 'N1', 'LGA', 'JFK', '2013-03-02 10:00Z')",
    BOOKING + f"({KEY.format(1)}, 1, 'Ana', 0.10), ({KEY.format(1)}, 2, 'Ana', 0.20), ({KEY.format(2)}, 1, 'Luis', 0)",
]
BAD = {
    "aerolínea desconocida / unknown airline": FLIGHT + "(3, 'XX', 1, 'N1', 'JFK', 'LGA', now())",
    "avión desconocido / unknown aircraft": FLIGHT + "(3, 'ZZ', 1, 'N9', 'JFK', 'LGA', now())",
    "id de vuelo repetido / flight id repeated": FLIGHT + "(1, 'ZZ', 1, 'N1', 'JFK', 'LGA', now())",
    "mismo origen y destino / same origin and destination": FLIGHT + "(3, 'ZZ', 1, 'N1', 'JFK', 'JFK', now())",
    "vuelo sin salida / flight without departure": FLIGHT + "(3, 'ZZ', 1, 'N1', 'JFK', 'LGA', NULL)",
    "avión con 0 asientos / aircraft with 0 seats": AIRCRAFT + "('N2', 'BOEING', '737', 0)",
    "reserva de un vuelo que no existe / booking of no flight": BOOKING + f"({KEY.format(3)}, 9, 'Eva', 1)",
    "misma clave y vuelo / same key and flight": BOOKING + f"({KEY.format(1)}, 1, 'Ana', 0.10)",
    "precio negativo / negative price": BOOKING + f"({KEY.format(3)}, 1, 'Eva', -1)",
    "reserva sin pasajero / booking without passenger": BOOKING + f"({KEY.format(3)}, 1, NULL, 1)",
    "pasajero vacío / empty passenger": BOOKING + f"({KEY.format(3)}, 1, '', 1)",
    "borrar un vuelo vendido / deleting a sold flight": "DELETE FROM vuelos WHERE id = 1",
}
EXACT = {
    "0.10 + 0.20": (
        f"SELECT sum(precio)::text FROM reservas WHERE clave = {KEY.format(1)}",  # noqa: S608 -- a key of ours
        "0.30",
    ),
    "05:00-05 = 10:00Z": (
        "SELECT count(*)::text FROM vuelos WHERE id = 1 AND salida = timestamptz '2013-03-01 05:00-05'",
        "1",
    ),
}
QUERIES = {
    "ultimas": (
        "vuelos",
        "SELECT id, salida, retraso FROM vuelos WHERE matricula = %s AND salida < %s ORDER BY salida DESC LIMIT 10",
    ),
    "cancelados": ("vuelos", "SELECT id, salida FROM vuelos WHERE retraso IS NULL AND destino = %s"),
    "pasajeros": ("reservas", "SELECT pasajero FROM reservas WHERE vuelo = %s"),
    "del_pasajero": ("reservas", "SELECT vuelo, precio FROM reservas WHERE lower(pasajero) = lower(%s)"),
}
INDEXES = """SELECT indexrelname, pg_relation_size(indexrelid) FROM pg_stat_user_indexes
              WHERE schemaname = 'public' ORDER BY 1"""
COUNTER = """
CREATE SEQUENCE _sentencias;
CREATE FUNCTION _contar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('_sentencias');  -- a sequence keeps its count, whatever is rolled back
    RETURN NULL;
END $$;
CREATE TRIGGER _contar AFTER INSERT OR UPDATE ON vuelos FOR EACH STATEMENT EXECUTE FUNCTION _contar();
"""
GATE = """
CREATE FUNCTION _puerta() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.vuelo = ANY (string_to_array(TG_ARGV[0], ',')::bigint[]) THEN
        PERFORM pg_advisory_xact_lock_shared(4242);
    END IF;
    RETURN NEW;
END $$;
"""
FAULT = """
CREATE SEQUENCE _intentos;
CREATE FUNCTION _averia() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE nextval('_intentos')
        WHEN 1 THEN RAISE EXCEPTION 'could not serialize access due to concurrent update' USING ERRCODE = '40001';
        WHEN 2 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
        ELSE RETURN NEW;
    END CASE;
END $$;
CREATE TRIGGER _averia BEFORE INSERT ON reservas FOR EACH ROW EXECUTE FUNCTION _averia();
"""
