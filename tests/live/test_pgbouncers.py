#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""PgBouncer 1.15, 1.24 (unpacked beside the system's, by fetch-redis.sh) and the one of the system: every panel of its console, the
columns that a version has and those that it lacks, and PostgreSQL behind it."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import Asker, simple
from postgres import SKIP, SLOW, Bench
from servers import TOP, panel

HERE = os.path.dirname(os.path.abspath(__file__))
PANELS = {name: panel(name) for name in ("pgbouncer_clients", "pgbouncer_databases", "pgbouncer_pools", "pgbouncer_stats")}

# A field, its panel, and the versions from which and until which the console has it.
FIELDS = [
    ("pgbouncer_pools", "cl_active", 11500, None), ("pgbouncer_pools", "sv_idle", 11500, None),
    ("pgbouncer_pools", "cl_cancel_req", 11600, 11800), ("pgbouncer_pools", "cl_active_cancel_req", 11800, None),
    ("pgbouncer_pools", "sv_being_canceled", 11800, None),
    ("pgbouncer_stats", "total_query_count", 11500, None), ("pgbouncer_stats", "total_wait_time", 11500, None),
    ("pgbouncer_stats", "total_server_assignment_count", 12300, None), ("pgbouncer_stats", "total_bind_count", 12400, None),
    ("pgbouncer_databases", "pool_size", 11500, None), ("pgbouncer_databases", "min_pool_size", 11600, None),
    ("pgbouncer_databases", "reserve_pool", 11500, 12400), ("pgbouncer_databases", "reserve_pool_size", 12400, None),
    ("pgbouncer_databases", "max_client_connections", 12400, None),
    ("pgbouncer_clients", "state", 11500, None), ("pgbouncer_clients", "application_name", 11800, None),
    ("pgbouncer_clients", "prepared_statements", 12100, None),
]


def unpacked(name):
    """(command, environment) of a PgBouncer from another release; None when it cannot be had."""
    fetch = subprocess.Popen(["sh", os.path.join(TOP, "tests", "live", "fetch-redis.sh"), name], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, said = fetch.communicate(timeout=55 * SLOW)
    except subprocess.TimeoutExpired:
        os.killpg(fetch.pid, signal.SIGTERM)
        out, said = "", "it could not be brought in time\n%s" % (fetch.communicate()[1] or "")
    if fetch.returncode != 0:
        print("skip %s: %s" % (name, said.strip().split("\n")[0]))
        return None
    _, program, libraries = out.split()
    for folder in libraries.split(":"):
        loader = os.path.join(folder, "ld-linux-x86-64.so.2")
        if folder and os.path.exists(loader): # it brings its own C library, which only its own loader takes
            return [loader, "--library-path", libraries, program], {}
    return [program], {"LD_LIBRARY_PATH": libraries}


def columns(bench, pg, pool, expect):
    for _ in range(5):
        subprocess.run(["psql", "-XAtq", "-d", pool.conninfo(), "-c", "SELECT 1"], check=True, capture_output=True)
    client = subprocess.Popen(["psql", "-XAtq", "-d", pool.conninfo() + " application_name=waiter"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    bench.clients.append(client)
    client.stdin.write("BEGIN;\n\\echo ready\n")
    client.stdin.flush()
    assert client.stdout.readline() == "ready\n"
    a = Asker(bench, "pgbouncer", PANELS, "-t", pool.console(), "-i", "200")
    live = a.state("live")
    version = live["version"]
    assert live["product"] == "PgBouncer" and (expect is None or version // 100 == expect), live
    got = {name: a.answer(name, code="ok")["sample"] for name in PANELS}
    assert [row for row in got["pgbouncer_pools"] if row["database"] == "postgres" and row["sv_active"] == 1], got["pgbouncer_pools"]
    assert [row for row in got["pgbouncer_stats"] if row["database"] == "postgres" and row["total_query_count"] >= 5], got
    assert [row for row in got["pgbouncer_databases"] if row["name"] == "postgres" and row["pool_size"] == 3], got
    assert [row for row in got["pgbouncer_clients"] if row["database"] == "postgres" and row["link"]], got["pgbouncer_clients"]
    for name, field, since, until in FIELDS:
        here = version >= since and (until is None or version < until)
        values = [row[field] for row in got[name] if field in row and row[field] is not None]
        assert bool(values) == here, "%s.%s on %d: %s" % (name, field, version, got[name][:2])
    names = [row.get("application_name") for row in got["pgbouncer_clients"]]
    assert version < 11800 or "waiter" in names, names
    client.kill()
    assert a.quit()["stall_ms"] < 1000
    return live["version_text"]


def behind(bench, pool):
    """The sampler of PostgreSQL through it, in transaction mode: told as a pooler, its answers are right."""
    a = Asker(bench, "pg", {"one": simple("SELECT current_setting('search_path') AS s", {"s": "text"})}, "-t", pool.conninfo())
    live = a.state("live")
    assert live["pooled"] and live["rtt"] > 0, live
    assert a.answer("one", code="ok")["sample"][0]["s"] == "pg_catalog"
    a.quit()


def main():
    ran = 0
    with Bench() as bench:
        pg = bench.postgres()
        for name, expect in ((None, None), ("pgbouncer115", 115), ("pgbouncer124", 124)):
            how = unpacked(name) if name else (None, None)
            if how is None:
                continue
            pool = bench.pgbouncer(pg, program=how[0], env=how[1])
            text = columns(bench, pg, pool, expect)
            behind(bench, pool)
            pool.stop()
            ran += 1
            print("ok: PgBouncer " + text)
    sys.exit(0 if ran > 1 else SKIP)


main()
