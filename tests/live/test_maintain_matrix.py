#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Every action against every case of matrix.py: done, refused, lock timeout, cancelled half-way, session lost half-way, privilege missing,
standby, hostile names. An action file that is not in the table fails, and so does a table in docs/actions.md that says otherwise."""
import os
import signal
import sys
import time

from halfway import DEAD, SLOWLY, Half, ended
from maintain import run, tests_of
from matrix import QUOTED, TABLE, VACUUMS, WHY, table
from postgres import wait_until

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MORE = """CREATE VIEW v AS SELECT * FROM t; CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
CREATE FOREIGN DATA WRAPPER none; CREATE SERVER elsewhere FOREIGN DATA WRAPPER none; CREATE FOREIGN TABLE far (id int) SERVER elsewhere;
CREATE TABLE x (id int); CREATE EXTENSION pg_stat_statements;
CREATE TABLE %(q)s (id int); CREATE INDEX %(i)s ON %(q)s (id);
CREATE MATERIALIZED VIEW %(m)s AS SELECT * FROM %(q)s; CREATE UNIQUE INDEX ON %(m)s (id);""" % {
    "q": QUOTED, "i": '"i' + QUOTED[1:], "m": '"m' + QUOTED[1:]}


def stage():
    return Half(log_statement="all")


def words(cell):
    return cell if isinstance(cell, tuple) else (cell,)


def test_the_table_is_whole():
    files = {name[:-4] for name in os.listdir(os.path.join(TOP, "sql", "actions")) if name.endswith(".sql")}
    assert files == set(TABLE), files ^ set(TABLE)
    with open(os.path.join(TOP, "docs", "actions.md")) as f:
        assert table() in f.read(), "docs/actions.md has another table: put the output of tests/live/matrix.py there"


def test_done_refused_and_names():
    with stage() as s:
        s.pg.sql(MORE)
        query = s.pg.sql("SELECT 4711 AS remembered; SELECT queryid FROM pg_stat_statements WHERE query LIKE '%AS remembered'").splitlines()[-1]
        tried = 0
        for action, row in TABLE.items():
            s.done(action, *(w % {"query": query} if w == "%(query)s" else w for w in row["done"]))
            if action != "leftovers": # which only looks
                assert s.last()[0]["action"] == action and s.last()[1]["outcome"] == "ok", s.last()
            lines = len(s.audit())
            for target, text in row["refused"]:
                s.fails(action, *words(target), text=text)
                tried += 1
            assert len(s.audit()) == lines, "what is refused before leaves no intent"
            if row["names"] not in WHY:
                s.done(action, *words(row["names"]))
        assert tried >= 2 * len(TABLE) - 8
        assert s.pg.sql("SELECT count(*) FROM x") == "0" and s.invalid() == []
        assert s.doctor() == ([], False)


def test_rights_and_standby():
    with stage() as s:
        s.pg.sql(MORE)
        s.done("create_index", "CREATE INDEX t_made ON t (b)")
        before = len(s.audit())
        for action, row in TABLE.items():
            if row["right"] in WHY:
                s.done(action, user="nobody_much")
                before = len(s.audit())
            else:
                s.fails(action, *words(row["right"][0]), text=row["right"][1], user="nobody_much")
        assert len(s.audit()) == before, "nothing was sent"
        other = s.bench.postgres(standby=True, shared_preload_libraries="pg_stat_statements")
        for action, row in TABLE.items():
            if row["standby"] not in WHY:
                s.fails(action, *words(row["done"]), text=row["standby"], server=other)
            elif not action.startswith("reset_statement"): # there is no extension in a cluster that is of nobody
                s.done(action, *words(row["done"]), server=other)
            else:
                s.fails(action, "12" if action == "reset_statement" else "--", text="pg_stat_statements is not installed", server=other)


def test_locks():
    with stage() as s:
        s.done("create_index", "CREATE INDEX t_made ON t (b)")
        for action, row in TABLE.items():
            if row["lock"] == "a": # it waits; the other goes; it ends well
                holder = s.write(9)
                work = s.start(action, *words(row["done"] if action != "create_index" else "CREATE INDEX t_more ON t (b)"))
                wait_until(action + " to wait", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%%'"
                                                                     " AND wait_event_type = 'Lock'") == "1")
                time.sleep(2.5)
                assert work.poll() is None, work.stdout.read()
                holder.kill()
                status, out = ended(work)
                assert status == 0, out
            elif row["lock"] not in WHY:
                target, held, text = row["lock"]
                holder = s.pg.session("BEGIN; " + held)
                s.fails(action, *target, text=text)
                assert s.last()[1]["outcome"] == "failed", s.last()
                holder.kill()
        assert s.invalid() == []


def broken_off(how):
    with stage() as s:
        for action, row in TABLE.items():
            if row[how] in WHY:
                continue
            target, where = row[how]
            if where == VACUUMS:
                s.pg.sql(DEAD)
                s.pg.sql(SLOWLY)
            if action == "drop_index":
                reader = s.pg.session("BEGIN; SELECT count(*) FROM t;")
            before = len(s.server_log())
            with s.held((action, *target), where) as work:
                if how == "cancelled":
                    os.kill(work.pid, signal.SIGINT)
                else:
                    s.pg.sql("SELECT pg_terminate_backend(%s)" % s.pid())
                status, out = ended(work)
            s.pg.sql("ALTER DATABASE postgres RESET ALL")
            if action == "drop_index":
                reader.kill()
            intent, outcome = s.last()
            assert intent["action"] == action, intent
            if how == "cancelled":
                assert status == 1 and "cancelled after" in out, (action, status, out)
                assert (outcome["outcome"], outcome["sqlstate"]) == ("cancelled", "57014"), (action, outcome)
            else:
                assert status == 3 and "outcome unknown" in out and "nothing is sent again" not in out, (action, status, out)
                assert outcome["outcome"] == "unknown", (action, outcome)
            sent = [line for line in s.server_log()[before:].splitlines() if line.endswith(">: " + intent["sql"])]
            assert len(sent) == 1, "sent again: %s" % sent
            left = s.invalid()
            leaves = action in ("reindex_index", "reindex_table", "create_index", "drop_index")
            assert bool(left) == leaves, (action, left)
            assert all(name + " is invalid" in out for name in left), (action, out)
            if leaves:
                assert sorted(s.clean_up()) == sorted(left)
            print("  %s: %s" % (action, "left %s" % left if left else "nothing left"), flush=True)
            if action == "drop_index":
                s.pg.sql("CREATE INDEX t_gate ON t (gate(a))")
        s.quiet()
        assert s.doctor()[0] == []


def test_cancelled_half_way():
    broken_off("cancelled")


def test_lost_half_way():
    broken_off("lost")


run({name: globals()[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else tests_of(globals()))
