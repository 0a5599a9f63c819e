#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Bytes that are no UTF-8: a database of encoding SQL_ASCII takes any. Seen from there nothing is lost; seen from a UTF-8
database the extension gives no text at all, and the reason says from where it would."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, wait_until
from servers import DYTOP

BAD = b"SELECT 1 AS caf\xe9_\xff"                       # no UTF-8 from its 12th byte on


def snapshot(pg, dbname, *words, code=0):
    done = subprocess.run([DYTOP, "-b", "--format", "json", "--limit", "200", "-d", pg.conninfo(dbname=dbname), *words],
                          capture_output=True, text=True, timeout=60 * SLOW)   # text: it must be UTF-8
    assert done.returncode == code, done
    frame = json.loads(done.stdout)["frames"][0]
    assert frame["servers"][0]["rtt_ms"] > 0, frame["servers"]
    return {p["panel"]: p for p in frame["panels"]}, done.stderr


def column(panel, name):
    at = [c["name"] for c in panel["columns"]].index(name)
    rows = panel["rows"]
    return [(row[name] if isinstance(row, dict) else row[at]) for row in rows]


def texts(cells):
    return [c["value"] if isinstance(c, dict) else c for c in cells]


def main():
    with Bench() as bench:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements")
        pg.sql("CREATE EXTENSION pg_stat_statements")
        pg.sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        pg.sql("CREATE EXTENSION pg_stat_statements; CREATE TABLE things (a int)", dbname="ascii")
        pg.sql("SELECT 42 AS plain_utf8_text")
        env = {**os.environ, "PGCLIENTENCODING": "SQL_ASCII"}
        for text in (BAD, b'CREATE TABLE "t\xe9\xff" (a int)'):
            subprocess.run([*pg.psql(dbname="ascii"), "-c", text], env=env, check=True, capture_output=True)
        sleeper = subprocess.Popen([*pg.psql(dbname="ascii"), "-c", b"SELECT pg_sleep(300) /* caf\xe9\xff */"], env=env)
        bench.clients.append(sleeper)
        wait_until("the sleeper", 10, lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1")

        panels, said = snapshot(pg, "ascii", "--panel", "statements", "--panel", "activity", "--panel", "tables")
        queries = texts(column(panels["statements"], "query"))
        assert any("plain_utf8_text" in (q or "") for q in queries), queries
        assert any((q or "").startswith("SELECT $1 AS caf\ufffd_\ufffd") for q in queries), queries
        assert any("pg_sleep(300)" in (q or "") for q in texts(column(panels["activity"], "query"))), panels["activity"]
        print("ok: from the SQL_ASCII database: " + next(q for q in queries if (q or "").startswith("SELECT $1 AS caf")))

        panels, said = snapshot(pg, "postgres", "--panel", "statements", "--panel", "activity")
        assert panels["statements"]["rows_total"] > 5 and panels["statements"]["state"] == "live", panels["statements"]
        assert any("pg_sleep(300)" in (q or "") for q in texts(column(panels["activity"], "query"))), panels["activity"]
        assert "panel statements: no texts: invalid byte sequence" in said and "-d a database with encoding SQL_ASCII" in said, said
        print("ok: from a UTF-8 database the figures go on: %d statements; %s" % (panels["statements"]["rows_total"], said.strip()))


main()
