#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""However many keys are pressed, a server sees at most 6 connections of one dashboard (src/app/desk_queue.c), and one in the end."""
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from postgres import Bench # noqa: E402
from servers import wait_for # noqa: E402

SETUP = """CREATE EXTENSION pg_stat_statements; CREATE ROLE keeper LOGIN IN ROLE pg_monitor, pg_signal_backend;
GRANT CREATE ON SCHEMA public TO keeper; SET ROLE keeper;
CREATE TABLE things (a int PRIMARY KEY, b text); INSERT INTO things SELECT i, 'x' || i FROM generate_series(1, 5000) i;
CREATE INDEX by_b ON things (b); """ + "".join(f"CREATE TABLE number_{i} (a int); SELECT a AS one FROM number_{i};" for i in range(10))
OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop%'"
MOST = 6


class Counter:
    """Counts dytop's backends again and again in a session of its own; the most it saw, and who they were."""
    def __init__(self, pg):
        self.session = pg.session("")
        self.most, self.who, self.rounds, self.ending = 0, "", 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ending.wait(0.01):
            self.session.stdin.write("SELECT pg_stat_clear_snapshot();\nSELECT count(*) || '|' || coalesce(string_agg(application_name, ', '), '') "
                                     "FROM pg_stat_activity WHERE application_name LIKE 'dytop%';\n")
            self.session.stdin.flush()
            line = ""
            while "|" not in line:
                line = self.session.stdout.readline()
                if not line:
                    return
            count, _, who = line.strip().partition("|")
            self.rounds += 1
            if int(count) > self.most:
                self.most, self.who = int(count), who

    def end(self):
        self.ending.set()
        self.thread.join()


def start_reindex(d):
    d.on_row("indexes", "index:by_b", "by_b")
    d.pick("REINDEX INDEX")


def test_many_keys(bench):
    pg = bench.postgres(shared_preload_libraries="pg_stat_statements")
    pg.sql(SETUP)
    with Dash("-d", pg.conninfo("keeper"), env={"XDG_STATE_HOME": None}) as d:
        d.live()
        counter = Counter(pg)
        try:
            # A REINDEX that waits behind a transaction: two connections for long.
            holder = pg.session("BEGIN; SELECT count(*) FROM things;", user="keeper")
            start_reindex(d)
            d.expect(r"type (\S+) and Enter")
            d.answer("by_b\r")
            wait_for("it waits", lambda: pg.sql("SELECT 1 FROM pg_stat_activity WHERE query ~ '^REINDEX' AND wait_event_type = 'Lock'") or None)
            # Another one waits for it in the jobs: nothing is connected for that, and it says why.
            start_reindex(d)
            d.send("J")
            d.expect(r"(?m)^ queued .*after: Rebuild the index")
            d.key("esc")
            d.until("the table again", lambda: "Jobs: " not in d.text())
            # Plans of ten statements, one key after the other.
            d.goto("statements")
            d.command("filter query:one.FROM.number_")
            d.until("ten statements", lambda: sum("one FROM number_" in d.row(i) and "filter" not in d.row(i) for i in range(5, d.lines - 2)) == 10)
            for _ in range(10):
                d.send("e")
                d.send("\x1b[B")
            d.until("plans", lambda: "Plan of" in d.text())
            # A cancel while all this goes on: it does not wait for it.
            victim = pg.session("", user="keeper")
            victim.stdin.write("SELECT pg_sleep(600);\n")
            victim.stdin.flush()
            d.pump(1)
            d.key("esc")
            d.until("no window", lambda: "Plan of" not in d.text())
            d.goto("activity")
            d.command("filter query:pg_sleep")
            d.until("the victim", lambda: any("pg_sleep" in d.row(i) and "filter" not in d.row(i) for i in range(5, d.lines - 2)))
            d.send("C")
            d.expect("Cancel what backend")
            d.answer("y")
            wait_for("it is cancelled", lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'") == "0" or None)
            # The first REINDEX ends, so the second asks its question, which is declined.
            holder.stdin.write("COMMIT;\n")
            holder.stdin.flush()
            d.expect("Rebuild the index public.by_b on .*\\?")
            d.key("esc")
            wait_for("one connection is left", lambda: pg.sql(OURS) == "1" or None, 40)
            assert pg.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
        finally:
            counter.end()
        assert counter.rounds > 50, "it was looked at too seldom"
        assert 4 <= counter.most <= MOST, f"{counter.most} connections: {counter.who}"
        print("at most", counter.most, "connections:", counter.who)
        d.sane()
        d.quit()
    assert pg.sql(OURS) == "0"


def main():
    with Bench() as bench:
        test_many_keys(bench)
    print("ok")


main()
