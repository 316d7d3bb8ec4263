"""Writes plans.json: what a real PostgreSQL 18 answers to EXPLAIN. ``make_plans.py DSN``, an empty database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psycopg

from labs.kit.explain import OPTIONS

TABLES = """
CREATE TABLE flights (id bigint PRIMARY KEY, tail text, departs int, delay int);
CREATE TABLE bookings (flight bigint, passenger text);
INSERT INTO flights SELECT n, 'N' || n % 100, n, nullif(n % 300, 0) FROM generate_series(1, 6000) AS n;
INSERT INTO bookings SELECT 1 + n % 6000, 'P' || n FROM generate_series(1, 12000) AS n;
"""
QUERIES = {
    "all": "SELECT * FROM flights WHERE tail = 'N7' ORDER BY departs DESC LIMIT 5",
    "index": "SELECT * FROM flights WHERE tail = 'N7' ORDER BY departs DESC LIMIT 5",
    "bitmap": "SELECT * FROM flights WHERE tail IN ('N7', 'N8') AND delay > 100",
    "join": "SELECT f.id, count(*) FROM flights f JOIN bookings b ON b.flight = f.id WHERE f.tail = 'N7' GROUP BY f.id",
    "loops": "SELECT count(*) FROM bookings b, LATERAL (SELECT 1 FROM flights f WHERE f.id = b.flight OFFSET 0) s "
    "WHERE b.passenger < 'P1001'",
    "insert": "INSERT INTO bookings VALUES (1, 'X')",
}

with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute(TABLES)
    plans = {}
    for name, query in QUERIES.items():
        if name == "index":
            connection.execute("CREATE INDEX flights_tail ON flights (tail, departs)")
        connection.execute("VACUUM ANALYZE")
        plans[name] = connection.execute(f"EXPLAIN ({OPTIONS}) {query}").fetchone()[0]
Path(__file__).with_name("plans.json").write_text(json.dumps(plans, indent=1) + "\n")
