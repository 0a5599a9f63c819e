#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop maintain when something is in the way: locks, cancels, lost connections, dytop killed, two at once, objects that change."""
import os
import signal
import subprocess
import sys
import time

from maintain import DYTOP, Stage, run, tests_of
from postgres import SLOW, wait_until


def working(s, text):
    """The backend that runs the statement, or ''."""
    return s.pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'dytop:%%' AND query LIKE '%s%%' AND state = 'active'"
                    % text)


def waits(s, text):
    wait_until(text + " to wait", 15, lambda: s.pg.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%s%%' AND wait_event_type = 'Lock'" % text) == "1")


WRITER = "BEGIN; INSERT INTO t VALUES (-%d, 0, 'x');"        # concurrent builds wait for it


def test_a_lock_is_waited_for_two_seconds():
    with Stage() as s:
        with_lock = s.pg.session("BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE;")
        out = s.fails("vacuum", "t", text="lock")
        assert "holds ShareUpdateExclusiveLock" in out, out          # the pre-flight saw it
        assert s.last()[1]["sqlstate"] == "55P03", s.last()
        # SKIP_LOCKED "succeeds" with a warning, which is a failure here
        out = s.fails("analyze", "t", text="it was not done")
        assert s.last()[1]["outcome"] == "failed" and s.last()[1]["note"], s.last()
        with_lock.kill()
        s.pg.session("BEGIN; REFRESH MATERIALIZED VIEW CONCURRENTLY mv;")
        s.fails("refresh", "mv", text="lock")
        assert s.last()[1]["sqlstate"] == "55P03", s.last()


def test_a_warning_is_no_failure():
    """What was skipped is told by a warning, but not each warning tells that: the server's own record does."""
    with Stage() as s:
        s.pg.sql("CREATE FUNCTION noisy(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'noise'; RETURN $1; END $$;"
                 "CREATE TABLE loud (a int); INSERT INTO loud VALUES (1); CREATE INDEX ON loud (noisy(a))")
        out = s.done("analyze", "loud")
        assert "server: noise" in out, out
        assert s.last()[1]["outcome"] == "ok" and s.last()[1]["note"] == "noise", s.last()


def test_cancelled_half_way():
    with Stage() as s:
        writer = s.pg.session(WRITER % 1)
        with s.terminal("reindex_index", "t_a") as t:
            t.until("it waits for backend")                          # the pre-flight names who
            t.until("Type t_a to go on")
            t.answer("t_a")
            t.until("waits for backend", 10)                         # progress: PID, age and query of the one in the way
            t.until("INSERT INTO t VALUES (-1")
            t.type("\x03")
            t.until("t_a_ccnew is invalid")
            t.until("Type t_a_ccnew to go on")                       # its drop is offered, with No as the answer
            t.answer("no")
            t.end(1)
        assert s.invalid() == ["t_a_ccnew"]
        intent, outcome = s.last()
        assert outcome["outcome"] == "cancelled" and intent["confirmed"] == "typed the name", outcome
        # the next start finds it
        writer.kill()
        out = s.done("leftovers", more=())
        assert "t_a_ccnew is invalid" in out, out
        out = s.done("reindex_index", "t_a")
        assert "t_a_ccnew is invalid" in out, out
        s.done("drop_index", "t_a_ccnew")
        assert s.invalid() == [] and "nothing is left over" in s.done("leftovers", more=())


def test_no_timeout_of_the_role_ends_it():
    """Each would leave an invalid index; transaction_timeout is there from 17 on."""
    with Stage() as s:
        new = s.pg.sql("SHOW server_version_num") >= "170000"
        for name in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] + ["transaction_timeout"] * new:
            s.pg.sql("ALTER ROLE postgres SET %s = '%s'" % (name, "3s" if name == "transaction_timeout" else "1s"))
        writer = s.pg.session("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; %s %s"
                              % ("SET transaction_timeout = 0;" * new, WRITER % 7))
        work = s.start("reindex_index", "t_a")
        waits(s, "REINDEX")
        time.sleep(5)
        writer.stdin.write("COMMIT;\n")
        writer.stdin.flush()
        out = work.communicate(timeout=60 * SLOW)[0]
        assert work.returncode == 0 and "done in" in out, out
        assert s.invalid() == []


def test_the_offer_is_taken():
    with Stage() as s:
        s.pg.sql("INSERT INTO t SELECT -1, a, b FROM t WHERE id = 1")
        with s.terminal("create_index", "CREATE UNIQUE INDEX twice ON t (b)") as t:
            t.until("Type t to go on")
            t.answer("t")
            t.until("could not create unique index")
            t.until("Type twice to go on")
            t.answer("twice")
            t.until("done in")
            t.end(1)
        assert s.invalid() == []
        assert [line["outcome"] for line in s.audit() if line["event"] == "outcome"] == ["failed", "ok"]


def test_the_connection_is_lost_half_way():
    with Stage() as s:
        writer = s.pg.session(WRITER % 2)
        work = s.start("reindex_index", "t_a")
        waits(s, "REINDEX")
        s.pg.sql("SELECT pg_terminate_backend(%s)" % working(s, "REINDEX"))
        out = work.communicate(timeout=60)[0]
        assert work.returncode == 3 and "unknown" in out and "t_a_ccnew is invalid" in out, out
        assert "dytop maintain drop_index" in out, out
        intent, outcome = s.last()
        assert outcome["outcome"] == "unknown", outcome
        assert len([line for line in s.audit() if line["event"] == "intent"]) == 1       # nothing was sent again
        writer.kill()
        s.done("drop_index", "t_a_ccnew")


def test_the_server_crashes():
    with Stage() as s:
        s.pg.session(WRITER % 3)
        work = s.start("create_index", "CREATE INDEX t_new ON t (b)")
        waits(s, "CREATE INDEX")
        s.pg.kill()
        s.pg.start()
        out = work.communicate(timeout=90)[0]
        assert work.returncode == 3 and "unknown" in out, out
        assert s.invalid() == ["t_new"] and "t_new is invalid" in out, out
        s.done("drop_index", "t_new")
        assert s.invalid() == []


def kill_when(s, words, moment, more=("--yes",)):
    work = s.start(*words, more=more)
    wait_until("the moment", 20, lambda: moment(work))
    os.kill(work.pid, signal.SIGKILL)
    work.wait()


def test_dytop_is_killed():
    """At several moments: what stays is clean, or is named."""
    with Stage() as s:
        writer = s.pg.session(WRITER % 4)
        # while it waits: the server goes on and ends it
        kill_when(s, ("reindex_index", "t_a"), lambda w: working(s, "REINDEX"))
        assert s.last()[1] is None                                    # an intent without an outcome
        done = subprocess.run(DYTOP + ["audit", "--verify"], capture_output=True, text=True, env=s.env)
        assert "1 intents without an outcome" in done.stdout, done.stdout
        out = s.done("leftovers", more=())
        assert "an action of dytop runs" in out, out
        s.fails("vacuum", "kept", text="another action runs")        # one at a time, also after a kill
        writer.stdin.write("COMMIT;\n")
        writer.stdin.flush()
        wait_until("the server to end it", 20, lambda: not working(s, "REINDEX"))
        assert s.invalid() == [] and "nothing is left over" in s.done("leftovers", more=())
        # while it looks, and while it asks
        kill_when(s, ("vacuum", "t"), lambda w: True)
        with s.terminal("vacuum", "t") as t:
            t.until("[y/N]")
        wait_until("its session to go", 10, lambda: s.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop%'") == "0")
        s.done("vacuum", "kept")
        for pause in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3):
            work = s.start("reindex_table", "t")
            time.sleep(pause)
            os.kill(work.pid, signal.SIGKILL)
            work.wait()
            wait_until("the server to end it", 20, lambda: not working(s, "REINDEX"))
            assert s.invalid() == []
        s.audit()


def test_two_at_once():
    with Stage() as s:
        writer = s.pg.session(WRITER % 5)
        first = s.start("reindex_index", "t_a")
        waits(s, "REINDEX")
        out = s.fails("reindex_index", "t_a", text="another action runs in this database")
        assert working(s, "REINDEX") in out and "REINDEX INDEX CONCURRENTLY public.t_a" in out, out
        s.done("reload")                                              # what changes no table need not wait
        writer.stdin.write("COMMIT;\n")
        writer.stdin.flush()
        first.communicate(timeout=60)
        assert first.returncode == 0
        s.done("reindex_index", "t_a")


def test_the_object_changes_during_the_dialog():
    with Stage() as s:
        with s.terminal("vacuum", "t") as t:
            t.until("[y/N]")
            s.pg.sql("ALTER TABLE t RENAME TO renamed; CREATE TABLE t (id int)")
            t.answer("y")
            t.until("it is called public.renamed now")
            t.end(1)
        with s.terminal("vacuum", "renamed") as t:
            t.until("[y/N]")
            s.pg.sql("DROP TABLE renamed CASCADE")
            t.answer("y")
            t.until("it is gone since")
            t.end(1)
        assert s.pg.sql("SELECT coalesce(sum(vacuum_count), 0) FROM pg_stat_user_tables") == "0"
        assert not os.path.exists(s.log)


def test_no_is_the_answer_of_silence():
    with Stage(log_statement="all") as s:
        for answer in ("", "n", "yes!", "vacuum"):
            with s.terminal("vacuum", "t") as t:
                t.until("[y/N]")
                t.answer(answer)
                t.end(1)
        with s.terminal("reindex_index", "t_a") as t:
            t.until("Type t_a to go on")
            t.answer("y")
            t.end(1)
        with s.terminal("vacuum", "t") as t:
            t.until("[y/N]")
            s.pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%'")
            t.end(1)
        assert ">: VACUUM" not in s.server_log() and ">: REINDEX" not in s.server_log()


def test_a_batch_is_cancelled():
    with Stage() as s:
        s.pg.session(WRITER % 6)
        work = s.start("reindex_index", "mv_a", "t_a", "t_pkey")
        waits(s, "REINDEX INDEX CONCURRENTLY public.t_a")
        os.kill(work.pid, signal.SIGINT)
        out = work.communicate(timeout=60)[0]
        assert work.returncode == 1 and "public.mv_a: done" in out and "1 of them were not begun" in out, out
        assert [line["outcome"] for line in s.audit() if line["event"] == "outcome"] == ["ok", "cancelled"]


if len(sys.argv) > 1:
    run({name: globals()[name] for name in sys.argv[1:]})
else:
    run(tests_of(globals()))
