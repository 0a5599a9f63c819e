#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""PgBouncer's console, and PgBouncer in transaction mode between us and PostgreSQL: nothing of ours may stay behind in a server
connection that other clients use."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import Asker, simple
from postgres import Bench

POOLS = simple("-- since 11500\nSHOW POOLS", {"database": "text", "user": "text", "cl_active": "gauge", "sv_idle": "gauge",
                                             "pool_mode": "text"}, source="pgbouncer")
STATS = simple("-- since 11500\nSHOW STATS", {"database": "text", "total_query_count": "counter"}, source="pgbouncer")
WRONG = simple("-- since 11500\nSHOW NONSENSE", {"a": "text"}, source="pgbouncer")


def console(bench, pool):
    panels = {"pools": POOLS, "stats": STATS, "wrong": WRONG}
    a = Asker(bench, "pgbouncer", panels, "-t", pool.console(), "-i", "100")
    live = a.state("live")
    assert live["product"] == "PgBouncer" and live["version"] >= 11500, live
    got = a.answer("pools", code="ok")
    assert [row for row in got["sample"] if row["database"] == "pgbouncer" and row["cl_active"] == 1], got
    first = a.answer("stats", code="ok")
    assert isinstance(first["sample"][0]["total_query_count"], int)
    a.answer("wrong", code="query")
    pool.signal(signal.SIGSTOP)
    a.state("stale", 4, reason="no answer for 1 s")
    pool.signal(signal.SIGCONT)
    live = a.state("live", 1)
    assert live["logins"] == 1
    a.answer("pools", code="ok")
    pool.kill()
    a.state("lost", 2)
    pool.start()
    a.state("live", 3)
    assert a.answer("stats", code="ok")["life_number"] != first["life_number"]
    a.quit()
    a = Asker(bench, "pgbouncer", {"stats": STATS}, "-t", pool.console("stats"))
    a.answer("stats", code="ok")
    a.quit()
    print("ok: console: " + live["version_text"])


def console_wrong(bench, pool, pg):
    a = Asker(bench, "pgbouncer", {"stats": STATS}, "-t", pool.console("nobody"))
    e = a.state("refused", 5)
    a.quit()
    a = Asker(bench, "pgbouncer", {"stats": STATS}, "-t", pg.conninfo())
    plain = a.state("refused", 5, reason="no PgBouncer console")
    a.quit()
    print("ok: console refused: %s; %s" % (e["reason"], plain["reason"]))


def between(bench, pg, pool):
    panels = {"one": simple("SELECT pg_backend_pid() AS pid, current_setting('statement_timeout') AS t,"
                            " current_setting('transaction_read_only') AS r, current_setting('search_path') AS s",
                            {"pid": "id", "t": "text", "r": "text", "s": "text"}),
              "bad": simple("SELECT 1/0 AS a", {"a": "gauge"}),
              "two": simple("SELECT count(*) AS n FROM pg_stat_get_activity(NULL)", {"n": "gauge"})}
    a = Asker(bench, "pg", panels, "-t", pool.conninfo(), "-i", "20")
    live = a.state("live")
    assert live["pooled"] and "pooler" in live["notice"], live
    got = a.answer("one", code="ok")["sample"][0]
    assert (got["t"], got["r"], got["s"]) == ("2s", "on", "pg_catalog"), got
    # Another client of the same pool, in between, again and again: it sees nothing of ours.
    for _ in range(10):
        done = pooled_sql(pool, "SELECT current_setting('statement_timeout'), current_setting('default_transaction_read_only'),"
                                " current_setting('search_path'), current_setting('work_mem')")
        assert done == '0|off|"$user", public|4MB', done
        pooled_sql(pool, "CREATE TEMP TABLE x (a int); DROP TABLE x")
    for _ in range(5):
        a.answer("one", code="ok")
        a.answer("two", code="ok")
    e = a.answer("bad", code="query")
    assert "division" in e["why"]
    failed = [e for e in a.past if e["event"] == "answer" and e["panel"] != "bad" and e["code"] != "ok"]
    assert not failed, failed
    prepared = pooled_sql(pool, "SELECT count(*) FROM pg_prepared_statements")
    assert prepared == "0", prepared
    a.quit()
    print("ok: transaction mode between: nothing stays behind")


def between_and_locked(bench, pg, pool):
    """What is so for a while takes the place of what is so for ever, and gives it back."""
    panels = {"catalog": simple("SELECT count(*) AS n FROM pg_database", {"n": "gauge"})}
    a = Asker(bench, "pg", panels, "-t", pool.conninfo(), "-l", "100", "-i", "100")
    a.state("live", notice="pooler")
    a.answer("catalog", code="ok")
    holder = pg.session("BEGIN; LOCK TABLE pg_database IN ACCESS EXCLUSIVE MODE; SELECT pg_backend_pid();")
    told = a.state("live", 15, notice="degraded")
    holder.stdin.write("COMMIT;\n")
    holder.stdin.flush()
    a.state("live", 40, notice="a pooler stands between")
    a.answer("catalog", code="ok")
    holder.stdin.close()
    holder.wait()
    a.quit()
    print("ok: between, locked: " + told["notice"])


def pooled_sql(pool, text):
    done = subprocess.run(["psql", "-XAtq", "-d", pool.conninfo(), "-c", text], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def main():
    with Bench() as bench:
        pg = bench.postgres()
        pool = bench.pgbouncer(pg, default_pool_size=1)
        between(bench, pg, pool)
        between_and_locked(bench, pg, pool)
        console_wrong(bench, pool, pg)
        console(bench, pool)


main()
