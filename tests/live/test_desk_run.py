#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""E in the dashboard: values typed and taken from a running statement, Esc while it runs, what writes; a what-if and the index that
follows from it; C while one watches through a transaction pooler."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from postgres import Bench, Bound # noqa: E402
from servers import wait_for # noqa: E402

SETUP = """CREATE EXTENSION pg_stat_statements; CREATE ROLE keeper LOGIN IN ROLE pg_monitor, pg_signal_backend;
GRANT CREATE ON SCHEMA public TO keeper; SET ROLE keeper;
CREATE TABLE things (a int PRIMARY KEY, b text, c int); INSERT INTO things SELECT i, 'x' || i, i % 500 FROM generate_series(1, 40000) i;
ANALYZE things;"""


def server(bench, statement, **settings):
    pg = bench.postgres(shared_preload_libraries="pg_stat_statements", max_parallel_workers_per_gather="0", **settings)
    pg.sql(SETUP)
    pg.sql(statement, user="keeper")
    return pg


def dash(pg, *more, conninfo=None):
    d = Dash("-d", conninfo or pg.conninfo("keeper"), *more, env={"XDG_STATE_HOME": None})
    d.live()
    return d


def test_values_and_esc(bench):
    """The type is said; what was typed is what runs. Esc ends it at the server, and nothing is left of it."""
    pg = server(bench, "SELECT count(*) AS tried, pg_sleep(length(b)) FROM things WHERE length(b) < 1 GROUP BY b")
    with dash(pg) as d:
        d.on_row("statements", "query:AS.tried", "AS tried")
        d.send("E")
        d.expect(r"\$1 of 1, integer")
        d.send("\x15")
        d.slowly("6\r")
        d.expect(r"EXECUTE .*\('6'\)")
        d.answer("y")
        d.expect(r"running \d+s, Esc cancels: ")
        d.expect(r"running [2-9]s, Esc cancels: ")
        d.key("esc")
        d.expect("cancelled, and rolled back")
        wait_for("it has ended", lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%:explain'") == "0" or None)
        d.sane()
        d.quit()


def test_values_of_a_running_one(bench):
    """A statement that runs now has its literals in pg_stat_activity: they are taken, and said to be from there."""
    pg = server(bench, "SELECT count(*) AS seen, pg_sleep(0) FROM things WHERE c = 7 AND b LIKE 'x1%'")
    busy = pg.session("", user="keeper")
    busy.stdin.write("SELECT count(*) AS seen, pg_sleep(600) FROM things WHERE c = 123 AND b LIKE 'x9%';\n")
    busy.stdin.flush()
    wait_for("it runs", lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()") == "1" or None)
    with dash(pg) as d:
        d.on_row("statements", "query:AS.seen", "AS seen")
        d.send("e")
        d.expect("Plan of statement")
        d.expect(r"\$2 = 123 \(integer, a running statement\)")
        d.expect(r"\$3 = x9% \(text, a running statement\)")
        d.key("esc")
        d.quit()


def test_another_text_meanwhile(bench):
    """E of a session as a superuser: what was agreed to is planned and run, and not what the session runs by then."""
    pg = server(bench, "SELECT 1")
    marker = os.path.join(bench.dir, "sprung")
    bench.give(bench.dir)
    pg.sql("CREATE FUNCTION spring() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)"
           " THEN EXECUTE $p$COPY (SELECT 1) TO PROGRAM 'touch %s'$p$; END IF; RETURN 1; END $$;"
           "CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN spring(); END'" % marker, user="keeper")
    session = Bound(pg, "keeper")
    session.run("SELECT count(*) AS harmless FROM things WHERE a + 0 > $1", 3)
    with Dash("-d", pg.conninfo("postgres"), env={"XDG_STATE_HOME": None}) as d:
        d.live()
        d.goto("activity")
        d.send("i") # it idles
        d.on_row("activity", "pid:%d" % session.pid, str(session.pid))
        d.send("E")
        d.expect("Plan a statement of keeper as postgres")
        d.answer("y")
        d.expect(r"\$1 of 1, integer")
        session.run("SELECT count(*) AS harmful FROM things WHERE a + 0 > trap() + $1", 3)
        d.send("\x15")
        d.slowly("39990\r")
        d.expect("Run this SELECT")
        d.expect("harmless")
        assert "harmful" not in d.text() and not os.path.exists(marker), d.text()
        d.answer("y")
        d.expect("as it ran")
        assert not os.path.exists(marker)
        d.quit()
    session.close()


def test_what_writes(bench):
    """Two questions, the second wants the verb; it is rolled back."""
    pg = server(bench, "UPDATE things SET b = 'y' WHERE c = 499 AND a < 0")
    with dash(pg) as d:
        d.on_row("statements", "query:UPDATE.things", "UPDATE things")
        for last in ("\x1b", "UPDATE\r"):
            d.send("E")
            for _ in range(3): # three values: what stands there, or a number
                d.expect(r"\$\d of 3")
                label = re.search(r"\$(\d) of 3", d.text()).group(1)
                d.send("\x15")
                d.slowly({"1": "changed", "2": "499", "3": "100000"}[label] + "\r")
                d.until("the next one", lambda: f"${label} of 3" not in d.text())
            d.expect("y yes")
            d.answer("y")
            d.expect("type UPDATE and Enter")
            d.expect("this statement writes")
            d.pump(0.7)
            d.slowly(last) if last != "\x1b" else d.key("esc")
            d.until("the question is gone", lambda: "type UPDATE" not in d.text())
            if last != "\x1b":
                d.expect("executed and rolled back|as it ran")
                d.expect("Update on (public\\.)?things")
            d.until("the plan", lambda: "Plan of" in d.text())
            d.key("esc")
            d.until("the table again", lambda: "Plan of" not in d.text())
            assert pg.sql("SELECT count(*) FROM things WHERE b = 'changed'") == "0"
        assert pg.sql("SELECT count(*) FROM things") == "40000"
        d.quit()


def test_what_if_and_then_the_index(bench):
    """The index that a plan asks for is planned with, then made by the same menu, and the plan before and after stand side by side."""
    pg = server(bench, "SELECT a FROM things WHERE c = 7 ORDER BY b LIMIT 20")
    if pg.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'") != "1":
        print("HypoPG is not installed: left out")
        return
    pg.sql("CREATE EXTENSION hypopg; INSERT INTO things SELECT i, 'x' || i, i % 500 FROM generate_series(40001, 150000) i; ANALYZE things")
    with dash(pg) as d:
        d.on_row("statements", "query:c.=..1.ORDER", "FROM things WHERE c")
        d.send("e")
        d.expect("Plan of statement")
        d.expect(r"worth a try: CREATE INDEX ON \S+ \(c")
        d.send("!")
        d.expect("this plan is kept")
        d.send("m")                                         # what if, out of the plan
        d.expect(r"CREATE INDEX ON \S+ \(c")
        d.send("\r")
        d.until("the what-if", lambda: "what if" in d.text() and "hypothetical" in d.text())
        assert pg.sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'things'") == "1"
        d.key("esc")
        d.until("the table again", lambda: "Plan of" not in d.text())
        d.pick("CREATE INDEX")                              # what it asked for stands in the line
        d.expect(r"CREATE INDEX ON \S+ \(c")
        d.send("\r")
        d.expect(r"CREATE INDEX CONCURRENTLY")
        d.expect(r"y yes|type \S+ and Enter")
        word = re.search(r"type (\S+) and Enter", d.text())
        d.answer(word.group(1) + "\r" if word else "y")
        wait_for("the index", lambda: pg.sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'things'") == "2" or None, 40)
        d.expect("done: ")
        pg.sql("ANALYZE things")
        d.send("e")
        d.until("the new plan", lambda: "Plan of" in d.text() and "things_c" in d.text())
        d.send("D")
        d.expect("another shape")
        d.expect("kept by !")
        d.sane()
        d.key("esc")
        d.quit()


def test_cancel_through_a_pooler(bench):
    """Watched through transaction pooling: the session that is cancelled is the one that was meant, by its server's own pid."""
    pg = server(bench, "SELECT 1")
    pool = bench.pgbouncer(pg, "transaction")
    victim = pg.session("", user="keeper")
    victim.stdin.write("SELECT pg_sleep(601);\n")
    victim.stdin.flush()
    other = pg.session("", user="keeper")
    other.stdin.write("SELECT pg_sleep(602);\n")
    other.stdin.flush()
    running = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(%d);' AND state = 'active'"
    with dash(pg, conninfo=pool.conninfo()) as d:
        d.on_row("activity", "query:sleep.601", "pg_sleep(601)")
        d.send("C")
        d.expect("Cancel what backend")
        d.expect(r"runs for \S+: SELECT pg_sleep\(601\)")
        d.answer("y")
        wait_for("it is cancelled", lambda: pg.sql(running % 601) == "0" or None)
        assert pg.sql(running % 602) == "1"
        d.expect("done: ")
        d.quit()


def main():
    for name, test in sorted(globals().items()):
        if name.startswith("test_") and sys.argv[1:] in ([], [name]):
            with Bench() as bench:
                start = time.monotonic()
                test(bench)
                print(f"ok {name} {time.monotonic() - start:.1f} s", flush=True)


main()
