#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Whom a concurrent build or drop waits for is said before; what is being built is no leftover."""
import json
import os
import re
import subprocess
import sys

from maintain import DYTOP, Stage, run, tests_of
from postgres import SLOW, wait_until

NOBODY = "no transaction is open in this database that it would wait for"
WORDS = {"reindex_index": "t_a", "reindex_table": "t", "drop_index": "t_a", "create_index": "CREATE INDEX t_new ON t (b)"}


def pid_of(s, session):
    session.stdin.write("SELECT 'pid ' || pg_backend_pid();\n")
    session.stdin.flush()
    return re.match(r"pid (\d+)", session.stdout.readline()).group(1)


def told(s, action, user="postgres"):
    """Pids of those whom it says it would wait for, or None for nobody."""
    out = s.done(action, WORDS[action], more=("--dry-run",), user=user)
    pids = re.findall(r"it waits for (?:backend (\d+)|(prepared transaction \S+))", out)
    assert (NOBODY in out) == (not pids), out
    return {a or b for a, b in pids}, out


def test_whom_it_waits_for_is_told():
    with Stage(max_prepared_transactions="2") as s:
        s.pg.sql("CREATE ROLE owner LOGIN; ALTER TABLE t OWNER TO owner; GRANT CREATE ON SCHEMA public TO owner; CREATE TABLE other (a int)")
        for user in "postgres", "owner":                         # the second may not see what others do
            for action in WORDS:
                assert told(s, action, user)[0] == set()
        # what each holder holds up; idle sessions have no snapshot, and were told of by nobody
        builds, takes, new = {"reindex_index", "reindex_table"}, {"drop_index"}, {"create_index"}
        for begin, waiting in (("BEGIN; SELECT count(*) FROM t WHERE id < 0;", builds | takes),
                               ("BEGIN; INSERT INTO t VALUES (-1, 0, 'x');", builds | takes | new),
                               ("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other;", builds | new),
                               ("BEGIN; INSERT INTO other VALUES (1);", set()),
                               ("BEGIN; SELECT 1;", set())):
            session = s.pg.session("\\o /dev/null\n" + begin + "\n\\o")
            pid = pid_of(s, session)
            for user in "postgres", "owner":
                for action in WORDS:
                    found, out = told(s, action, user)
                    # asking for its pid gave the session of REPEATABLE READ no other snapshot, the others none
                    assert found == ({pid} if action in waiting else set()), (begin, action, user, out)
                    if action in waiting and user == "owner":
                        assert "GRANT pg_monitor TO owner" in out and ", open for" not in out, out
                    elif action in waiting:
                        assert ", open for" in out, out
            session.kill()
            session.wait()
            wait_until("it to go", 10, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = %s" % pid) == "0")
        # it is so: what is not told of does not hold it up
        reader, writer = s.pg.session("BEGIN; SELECT FROM t WHERE id < 0;"), s.pg.session("BEGIN; INSERT INTO other VALUES (1);")
        s.done("create_index", WORDS["create_index"])
        work = s.start("drop_index", "t_new")
        wait_until("it to wait for the reader", 20, lambda: s.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND wait_event_type = 'Lock'") == "1")
        reader.kill()
        out = work.communicate(timeout=60 * SLOW)[0]
        assert work.returncode == 0 and "AccessShareLock" in out, out
        s.pg.session("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM other;")
        s.done("create_index", "CREATE INDEX other_a ON mv (n)", more=("--dry-run",))
        s.done("drop_index", "t_a")
        writer.kill()


def test_a_prepared_transaction_is_told_of():
    with Stage(max_prepared_transactions="2") as s:
        s.pg.sql("BEGIN; INSERT INTO t VALUES (-1, 0, 'x'); PREPARE TRANSACTION 'forgotten'")
        for action in WORDS:
            found, out = told(s, action)
            assert found == {"prepared transaction forgotten"}, out
            assert "(postgres, holds RowExclusiveLock)" in out and ", open for" in out, out


def left(s, user):
    status, out = s.run("leftovers", user=user, more=("--format", "json"))
    assert status == 0, out
    return json.JSONDecoder().raw_decode(out)[0]["left"], out


ROLES = ("CREATE ROLE builder LOGIN IN ROLE keeper; CREATE ROLE looker LOGIN IN ROLE keeper; GRANT CREATE ON SCHEMA public TO keeper;"
         "ALTER TABLE t OWNER TO keeper;")


def test_what_is_being_built_is_no_leftover():
    with Stage() as s:
        s.pg.sql(ROLES)
        writer = s.pg.session("BEGIN; INSERT INTO t VALUES (-1, 0, 'x');")
        build = s.start("create_index", "CREATE INDEX t_new ON t (b)", user="builder")
        wait_until("it to be there", 20, lambda: s.invalid() == ["t_new"])
        for user in "looker", "postgres":
            follows, out = left(s, user)
            assert follows == [] and "may be building it" in out and "nothing is left over" not in out, out
            s.fails("drop_index", "t_new", user=user, text="may be building it")
        writer.stdin.write("COMMIT;\n")
        writer.stdin.flush()
        assert build.wait(60 * SLOW) == 0
        assert s.invalid() == [] and left(s, "looker")[0] == []
        # a vacuum of the table is no build: what is left over is offered
        s.pg.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_new'::regclass")
        s.pg.sql("DELETE FROM t WHERE id < 2000")
        vacuum = s.pg.session("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1;\n\\echo ready\nVACUUM t;")
        wait_until("the vacuum", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_progress_vacuum") == "1")
        assert "public.t_new" in json.dumps(left(s, "looker")[0])
        vacuum.kill()


def test_a_drop_looks_again():
    with Stage() as s:
        s.pg.sql(ROLES + "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass")
        # it was mended while the question stood there
        with s.terminal("drop_index", "t_a", user="looker") as t:
            t.until("it is invalid: no query uses it")
            t.until("Type t_a to go on")
            s.pg.sql("REINDEX INDEX t_a")
            t.answer("t_a")
            t.until("it was invalid when the question was asked, and is valid now")
            t.end(1)
        # it is being mended
        s.pg.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass")
        with s.terminal("drop_index", "t_a", user="looker") as t:
            t.until("Type t_a to go on")
            writer = s.pg.session("BEGIN; INSERT INTO t VALUES (-1, 0, 'x');")
            build = s.pg.session("\\echo ready\nREINDEX INDEX CONCURRENTLY t_a;", user="builder")
            wait_until("the build", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_progress_create_index") == "1")
            t.answer("t_a")
            t.until("may be building it")
            t.end(1)
        writer.kill()
        build.stdin.close()
        build.wait(60 * SLOW)
        assert s.pg.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass") == "t"
        assert s.invalid() == []


def test_whose_disk_it_is():
    """A server that answers from this address may be on another host: its process is looked for."""
    with Stage() as s:
        def told_by(*front, tcp=False):
            done = subprocess.run([*front, *DYTOP, "maintain", "-d", s.pg.conninfo(tcp=tcp), "--dry-run", "reindex_index", "t_a"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, env=s.env, timeout=60 * SLOW)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout + done.stderr
        for tcp in False, True:
            assert "are free at the server's data on this host" in told_by(tcp=tcp)
        # other processes, as behind a tunnel or in a container
        alone = ["unshare", "--pid", "--fork", "--mount-proc"] + ["--map-root-user"] * (os.getuid() != 0)
        if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
            print("left out: no name space of one's own can be had here")
            return
        for tcp in False, True:
            out = told_by(*alone, tcp=tcp)
            assert "how much disk space is free cannot be seen from here" in out and "are free at" not in out, out


if len(sys.argv) > 1:
    run({name: globals()[name] for name in sys.argv[1:]})
else:
    run(tests_of(globals()))
