#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Acting from the dashboard on real servers: the menu's maintenance, plans, warm-up, jobs while one looks elsewhere, and quitting
while something runs."""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash, uri # noqa: E402
from postgres import Bench # noqa: E402
from servers import DYTOP, SLOW, TOP, Redis, folder, wait_for # noqa: E402

SETUP = """CREATE EXTENSION pg_stat_statements; CREATE ROLE keeper LOGIN IN ROLE pg_monitor; GRANT CREATE ON SCHEMA public TO keeper;
SET ROLE keeper; CREATE TABLE things (a int PRIMARY KEY, b text); INSERT INTO things SELECT i, 'x' || i FROM generate_series(1, 20000) i;
CREATE INDEX by_b ON things (b); CREATE TABLE "odd "" name; DROP TABLE things; --" (a int);
SELECT count(*) FROM things WHERE b = 'x7';"""


def servers(bench, **settings):
    pg = bench.postgres(shared_preload_libraries="pg_stat_statements", **settings)
    pg.sql(SETUP)
    return pg


def dash(pg, *more, **kw):
    d = Dash("-d", pg.conninfo("keeper"), *more, env={"XDG_STATE_HOME": None}, **kw)
    d.live()
    return d


def audit(d):
    """The lines of the audit log, when nothing is under way any more: an outcome may be written after the screen told it."""
    lines = []

    def told():
        with open(os.path.join(d.home, ".local", "state", "dytop", "audit.jsonl")) as f:
            lines[:] = [json.loads(line) for line in f if line.endswith("\n")]
        return sum(line["event"] == "intent" for line in lines) == sum(line["event"] == "outcome" for line in lines)

    d.until("an outcome of each intent", told, 20 * SLOW)
    return lines


def test_analyze_and_a_hostile_name(bench):
    """m on the tables screen; the exact SQL is shown, and it hits the right table only."""
    pg = servers(bench)
    with dash(pg) as d:
        d.on_row("tables", "table:odd", "odd")
        d.pick("ANALYZE")
        d.expect(r'ANALYZE .*"odd "" name; DROP TABLE things; --"')
        assert pg.sql("SELECT count(*) FROM pg_stat_all_tables WHERE last_analyze IS NOT NULL AND schemaname = 'public'") == "0"
        d.answer("y")
        d.expect("done: Update the planner")
        assert pg.sql("SELECT relname FROM pg_stat_all_tables WHERE last_analyze IS NOT NULL AND schemaname = 'public'").startswith("odd")
        assert pg.sql("SELECT count(*) FROM things") == "20000"
        lines = audit(d)
        assert [l.get("outcome") for l in lines][-1] == "ok" and "ANALYZE" in json.dumps(lines), lines
        d.quit()


def in_menu(d):
    d.send("m")
    d.expect(r"(?m)^ Do: ")
    d.pump(0.3)
    shown = d.text()
    d.send("\x1b")
    d.until("the menu is closed", lambda: " Do: " not in d.text())
    return shown


def test_the_menu_knows_the_kind(bench):
    """REFRESH is for materialized views, not for plain tables; tagged together they have what is for both."""
    pg = servers(bench)
    pg.sql("CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n FROM things; ALTER MATERIALIZED VIEW sums OWNER TO keeper")
    with dash(pg) as d:
        d.on_row("tables", "table:^sums", "sums")
        d.until("its kind is known", lambda: "REFRESH" in in_menu(d))
        assert "VACUUM" in in_menu(d)
        d.on_row("tables", "table:^things", "things")
        d.until("its kind is known", lambda: "REFRESH" not in in_menu(d))
        assert "VACUUM" in in_menu(d) and "REINDEX TABLE" in in_menu(d)
        d.on_row("tables", "table:^(things|sums)$", "sums")
        d.until("both", lambda: "things" in d.text() and "sums" in d.text())
        d.send("g")
        d.send(" ")
        d.pump(0.1)
        d.send(" ")
        d.expect("2 tagged")
        assert "REFRESH" not in in_menu(d) and "VACUUM" in in_menu(d)
        d.quit()


def test_reindex_wants_the_name(bench):
    pg = servers(bench)
    with dash(pg) as d:
        d.on_row("indexes", "index:by_b", "by_b")
        before = pg.sql("SELECT relfilenode FROM pg_class WHERE relname = 'by_b'")
        d.pick("REINDEX")
        d.expect("REINDEX INDEX CONCURRENTLY public.by_b")
        found = re.search(r"type (\S+) and Enter", d.text())
        d.answer("y\r")
        d.expect("that is not what was asked for")
        d.send("\x15") # ^U
        d.answer(found.group(1) + "\r")
        d.expect("done: Rebuild")
        assert pg.sql("SELECT relfilenode FROM pg_class WHERE relname = 'by_b'") != before
        d.quit()


def wait_behind_a_lock(pg, d):
    """A REINDEX that waits for a transaction; returns the holder."""
    holder = pg.session("BEGIN; SELECT count(*) FROM things;")
    d.on_row("indexes", "index:by_b", "by_b")
    d.pick("REINDEX")
    d.expect("REINDEX INDEX CONCURRENTLY public.by_b")
    word = re.search(r"type (\S+) and Enter", d.text()).group(1)
    d.answer(word + "\r")
    wait_for("it waits", lambda: pg.sql("SELECT 1 FROM pg_stat_activity WHERE query ~ '^REINDEX' AND wait_event_type = 'Lock'") or None)
    return holder


def test_quitting_while_it_runs(bench):
    """It is asked; staying is the default; leaving lets the server go on; cancelling names what is left."""
    pg = servers(bench)
    with dash(pg) as d:
        holder = wait_behind_a_lock(pg, d)
        d.send("J")
        d.expect("1 running")
        d.expect(r"waits for .*backend \d+|waits for \d+")
        d.send("\x1b")
        d.pump(0.3)
        d.send("q")
        d.expect("Something is still running")
        d.expect("Rebuild .*by_b")
        d.answer("n")
        d.never("Something is still running", 0.5)
        d.send("q")
        d.expect("Something is still running")
        d.answer("l")
        assert d.exit_code(20) == 0
        assert "left running" in bytes(d.raw).decode(errors="replace")
        assert pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query ~ '^REINDEX' AND state = 'active'") == "1", "it goes on"
        holder.kill()
        wait_for("it ends by itself", lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query ~ '^REINDEX' AND state = 'active'") == "0")
        assert pg.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
        assert audit(d)[-1]["outcome"] == "unknown", audit(d)
    with dash(pg) as d:
        holder = wait_behind_a_lock(pg, d)
        d.send("q")
        d.expect("Something is still running")
        d.answer("c")
        assert d.exit_code(30) == 0
        said = bytes(d.raw).decode(errors="replace")
        left = pg.sql("SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid WHERE NOT indisvalid")
        assert "cancelled:" in said or "failed:" in said, said[-600:]
        assert not left or left in said, (left, said[-600:])
        assert audit(d)[-1]["outcome"] == "cancelled", audit(d)
        holder.kill()


def test_cancelled_and_offered(bench):
    """c on the jobs screen; the invalid index that is left is offered to be dropped, by a question of its own."""
    pg = servers(bench)
    with dash(pg) as d:
        holder = wait_behind_a_lock(pg, d)
        d.send("J")
        d.expect("1 running")
        d.pump(0.3)
        d.send("c")
        d.expect("cancelled +Rebuild")
        invalid = "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid WHERE NOT indisvalid"
        left = pg.sql(invalid)
        assert left, "nothing was left: the test waits at another phase"
        holder.kill()
        d.expect("DROP INDEX CONCURRENTLY public." + left)
        d.answer(re.search(r"type (\S+) and Enter", d.text()).group(1) + "\r" if "type " in d.text() else "y")
        wait_for("it is gone", lambda: not pg.sql(invalid))
        d.expect("ok +")
        d.send("\x1b")
        d.pump(0.2)
        d.quit()


def test_plans(bench):
    """e needs no question, shows the plan, works read-only; E asks, runs and rolls back."""
    pg = servers(bench)
    with dash(pg, "--read-only") as d:
        d.on_row("statements", "query:WHERE.b.=", "FROM things WHERE b")
        d.send("e")
        d.expect("generic plan")
        d.expect(r"Index (Only )?Scan (using|on) by_b")
        d.send("\x1b")
        d.pump(0.3)
        d.send("E")
        d.expect("read-only: dytop was started with --read-only")
        d.quit()
    with dash(pg) as d:
        d.on_row("statements", "query:WHERE.b.=", "FROM things WHERE b")
        d.send("E")
        d.expect(r"\$1 of 1, text") # no statistics yet: nobody knows a value
        d.slowly("x7\r")
        d.expect("EXPLAIN \\(ANALYZE true")
        d.expect("'x7'")
        d.expect("rolled back")
        d.answer("y")
        d.expect("as it ran")
        d.expect("executed in")
        d.quit()


def test_end_is_told_elsewhere(bench):
    """One looks at another screen when it ends, and a key that cannot act says why."""
    pg = servers(bench)
    with dash(pg) as d:
        holder = wait_behind_a_lock(pg, d)
        d.goto("databases")
        holder.kill()
        d.expect("done: Rebuild")
        d.goto("settings")
        d.send("K")
        d.expect("End the session: is for a session; there is none under the cursor")
        d.quit()


def test_warm(bench):
    """w on the cache's screen: the recipe is asked for, then whether; keys are written, and the log has it."""
    with folder() as f, Redis(f) as redis:
        pg = servers(bench)
        pg.sql("CREATE DATABASE bridge")
        done = subprocess.run([DYTOP, "bridge", "init", "--rows", "300", "-d", pg.conninfo(dbname="bridge")], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": bench.dir})
        assert done.returncode == 0, done
        with Dash("-d", pg.conninfo(dbname="bridge"), "--redis", uri(redis), env={"XDG_STATE_HOME": None}) as d:
            d.live()
            d.goto("cache")
            d.send("w")
            d.expect("recipe: transactions")
            d.send("\r")
            d.expect("y yes")
            d.answer("y")
            d.expect("done: .*")
            assert redis.call("DBSIZE") == b":300\r\n"
            d.quit()
            assert audit(d)[-1]["outcome"] == "ok", audit(d)


# The panel of settings has none that is a secret; one's own may.
SECRETS = """/* dytop panel
title: Secrets
about: "Where a standby gets its WAL from."
screen: secrets
order: 900
every: 60s
key: [name]
target: {kind: setting, name: name}
fields: {name: text}
columns:
  - {name: name, title: SETTING, unit: text, width: 34, priority: 1, about: name of the setting}
*/
-- since 130000
SELECT s.name FROM pg_catalog.pg_settings AS s WHERE s.name IN ('primary_conninfo', 'work_mem')
"""


def test_a_secret_is_not_recorded(bench):
    """The value of a setting that is a secret is masked in a recording as in the audit log; of another it is not."""
    pg = servers(bench)
    with folder() as home:
        panels = os.path.join(home, ".config", "dytop", "panels")
        os.makedirs(panels)
        with open(os.path.join(panels, "secrets.sql"), "w", encoding="utf-8") as f:
            f.write(SECRETS)
        path = os.path.join(home, "recording.ndjson")
        with Dash("-d", pg.conninfo("postgres"), "--record", path, env={"XDG_STATE_HOME": None}, home=home) as d:
            d.live()
            for name, value in (("primary_conninfo", "host=db1 password=hunter2"), ("work_mem", "7777kB")):
                d.on_row("secrets", "name:" + name, name)
                d.pick("SET SETTING")
                d.expect("VALUE")
                d.slowly(value + "\r")
                d.expect(r"type \S+ and Enter")
                d.pump(1.2)
                d.answer(name + "\r")
                d.expect("done: Change the setting " + name)
            d.pump(1.2)
            d.quit()
            assert [line["outcome"] for line in audit(d) if line["event"] == "outcome"] == ["ok", "ok"]
        for name in path, os.path.join(home, ".local", "state", "dytop", "audit.jsonl"):
            with open(name, encoding="utf-8") as f:
                text = f.read()
            assert "hunter2" not in text, [line for line in text.splitlines() if "hunter2" in line]
            assert r'SET \"primary_conninfo\" = ?' in text and r"SET \"work_mem\" = '7777kB'" in text, name
    assert pg.sql("SHOW primary_conninfo") == "host=db1 password=hunter2"


def test_warm_is_stopped(bench):
    """Esc at a third of a slow warm-up: it ends, and what it says was written is what is there. With a window open Esc closes that."""
    with folder() as f, Redis(f) as redis:
        pg = servers(bench)
        pg.sql("CREATE DATABASE bridge")
        done = subprocess.run([DYTOP, "bridge", "init", "--rows", "3000", "-d", pg.conninfo(dbname="bridge")], capture_output=True,
                              text=True, timeout=120, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": bench.dir})
        assert done.returncode == 0, done
        with open(os.path.join(TOP, "sql", "warm", "transactions.sql")) as shipped:
            text = shipped.read()
        os.makedirs(os.path.join(f, "warm"))
        with open(os.path.join(f, "warm", "transactions.sql"), "w") as slow:
            slow.write(re.sub(r"(?m)^rate: .*$", "rate: 150", text))
        assert re.search(r"(?m)^rate: ", text)
        with Dash("-d", pg.conninfo(dbname="bridge"), "--redis", uri(redis), "--sql-dir", f, env={"XDG_STATE_HOME": None}) as d:
            d.live()
            d.goto("cache")
            d.send("w")
            d.expect("recipe: transactions")
            d.send("\r")
            d.expect("y yes")
            d.answer("y")
            d.until("a part of it", lambda: int(redis.call("DBSIZE")[1:]) > 150)
            d.until("its progress", lambda: re.search(r"running \S+, Esc cancels: Warm-up of recipe transactions +\d+%.*keys/s", d.row(d.lines - 1)
                                                      + d.row(d.lines - 2)))
            d.send("?")
            d.expect("(?i)keys")
            d.pump(0.3)
            d.send("\x1b")
            d.until("it goes on behind a window", lambda: "Esc cancels: Warm-up" in d.text())
            d.send("\x1b")
            d.expect("cancelled: Warm-up of recipe transactions")
            there = int(redis.call("DBSIZE")[1:])
            wait_for("its outcome", lambda: len(audit(d)) == 2, 30)
            end = audit(d)[-1]
            assert end["outcome"] == "cancelled" and 150 < end["rows"] == there < 3000, (end, there)
            d.quit()


def test_recording(bench):
    tests = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    with Dash("--replay", os.path.join(tests, "fixtures", "bridge.ndjson"), env={"XDG_STATE_HOME": None}) as d:
        d.expect("ACTIVITY|OVERVIEW")
        for key in "CKeEmw":
            d.send(key)
            d.expect("this recording has no plans up to here" if key == "e" else "this is a recording: nothing can be d")
            d.send("\x1b")
            d.pump(0.1)
        d.quit()


def main():
    tests = [t for n, t in sorted(globals().items()) if n.startswith("test_") and sys.argv[1:] in ([], [n])]
    for test in tests:
        with Bench() as bench:
            start = time.monotonic()
            test(bench)
            print(f"ok {test.__name__} {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
