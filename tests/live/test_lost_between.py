#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Where nothing is under way that would tell: the connection is lost between two statements of a job (while its intent is synced, while
it settles, between two looks at what came of it, at its question), or dytop itself ends there. Each job ends, and each intent that is
in the audit log has its outcome, as far as it is known."""
import fcntl
import os
import signal
import subprocess
import sys
import time

from maintain import DYTOP, SLOW, Stage, Terminal, run, tests_of
from postgres import wait_until

ACTIONS = {
    "settles": "settle: 8s\n*/\n-- measure\nSELECT 'connections' AS label, 'count' AS unit, 1 AS value\n-- statement\nCHECKPOINT\n",
    "warns": "*/\n-- check\nSELECT false AS done\n-- statement\nDO $$ BEGIN RAISE WARNING 'skipped it'; END $$\n",
}
# what a cancel does not end, for the two seconds that are looked at
STUBBORN = "DO $$ BEGIN FOR i IN 1..1000 LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;"


def actions(s):
    folder = os.path.join(s.bench.dir, "sql", "actions")
    os.makedirs(folder, exist_ok=True)
    for name, text in ACTIONS.items():
        with open(os.path.join(folder, name + ".sql"), "w") as f:
            f.write("/* dytop action\ntitle: %s\nabout: For a test.\ntarget: none\nlock_timeout: 2s\nalone: no\n%s" % (name, text))
    return ["--sql-dir", os.path.join(s.bench.dir, "sql")]


def command(s, *words, user="postgres"):
    return subprocess.Popen(DYTOP + [words[0], "-d", s.pg.conninfo(user=user)] + list(words[1:]), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=s.env, start_new_session=True)


def session_of_dytop(s, query="%", state="%"):
    return s.pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'dytop:%%' AND query LIKE '%s' AND state LIKE '%s' LIMIT 1"
                    % (query, state))


def end_session(s, query="%", state="%"):
    wait_until("dytop's session with " + query, 20, lambda: session_of_dytop(s, query, state) != "")
    s.pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%'")


def ends(p, *statuses):
    out, _ = p.communicate(timeout=30 * SLOW)
    assert p.returncode in statuses, (p.returncode, out)
    return out


def all_closed(s):
    """The lines; every intent has its outcome."""
    lines = s.audit()
    done = {line["id"] for line in lines if line["event"] == "outcome"}
    assert not [line for line in lines if line["event"] == "intent" and line["id"] not in done], lines[-4:]
    return lines


def test_between_two_checks():
    """A cancel that is not obeyed: the session is lost while dytop looks every 100 ms whether it was."""
    with Stage() as s:
        victim = s.pg.session("", user="operator")
        victim.stdin.write(STUBBORN + "\n")
        victim.stdin.flush()
        wait_until("it runs", 20, lambda: s.pg.sql("SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO %%' AND wait_event = 'PgSleep'") != "")
        pid = s.pg.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        p = command(s, "cancel", "--yes", pid)
        end_session(s, query="-- Who has the pids that were signalled%")
        assert "what came of it is not known" in ends(p, 3)
        intent, outcome = s.last()
        assert outcome["outcome"] == "unknown", outcome
        # who did it where: what is needed to find it again among many servers
        server = intent["server"]
        assert server["host"] and server["port"] == str(s.pg.port), server
        assert server["system_id"] == s.pg.sql("SELECT system_identifier FROM pg_control_system()"), server


def test_while_it_settles():
    with Stage() as s:
        more = actions(s)
        p = s.start("settles", more=["--yes"] + more)
        end_session(s, query="CHECKPOINT%", state="idle")
        out = ends(p, 0)
        assert "could not be looked at" in out and "connection" in out, out
        assert s.last()[1]["outcome"] == "ok", "the statement was confirmed by the server before that"
        # dytop is told to end there: what is known is not lost with it
        p = s.start("settles", more=["--yes"] + more)
        wait_until("it settles", 20, lambda: session_of_dytop(s, "CHECKPOINT%", "idle") != "")
        time.sleep(0.5)
        for _ in range(2):
            p.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        ends(p, 1, 3)
        intent, outcome = s.last()
        assert outcome and outcome["outcome"] == "ok" and "ended" in outcome["note"], outcome
        all_closed(s)


def test_between_two_looks():
    """The server warned, and whether it was done all the same is asked some times: lost meanwhile, it is unknown, not well."""
    with Stage() as s:
        p = s.start("warns", more=["--yes"] + actions(s))
        end_session(s, query="SELECT false AS done%")
        out = ends(p, 1, 3) # 1: they were over already
        assert ("unknown" in out and "skipped it" in out) if p.returncode == 3 else "it was not done" in out, out
        all_closed(s)


def test_while_the_intent_is_written():
    """Somebody else has the audit log: the intent waits for it, and the connection is lost meanwhile. Nothing is sent, and all of it
    is told."""
    with Stage() as s:
        s.done("analyze", "t")
        sleeper = s.pg.session("", user="operator")
        sleeper.stdin.write("SELECT pg_sleep(600);\n")
        sleeper.stdin.flush()
        wait_until("it runs", 20, lambda: s.pg.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "")
        pid = s.pg.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        sql = s.bench.file("count.sql", "SELECT count(*) FROM t WHERE a = 1")
        for words, ready in ((("maintain", "vacuum", "t", "--yes"), "%set_config(%application_name%"), (("cancel", "--yes", pid), "%sessions that somebody wants%"),
                             (("explain", "--analyze", "--yes", sql), "%ROLLBACK%")):
            with open(s.log, "r+") as log:
                fcntl.flock(log, fcntl.LOCK_EX)
                p = command(s, *words)
                wait_until("its last statement before that", 20, lambda: session_of_dytop(s, ready, "idle") != "")
                s.pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%'")
                time.sleep(0.3)
            out = ends(p, 1, 2)
            assert "connection" in out or "audit" in out, (words, out)
            all_closed(s)
        assert s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'" % pid) == "1"


def test_at_the_question_of_explain():
    with Stage() as s:
        sql = s.bench.file("count.sql", "SELECT count(*) FROM t WHERE a = 1")
        with Terminal(DYTOP + ["explain", "-d", s.pg.conninfo(), "--analyze", sql], s.env) as t:
            t.until("[y/N]")
            s.pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%'")
            t.until("nothing was sent")
            t.end(1)
        assert not os.path.exists(s.log) or not s.audit()


def test_dytop_ends_while_it_runs():
    """A server that stands still obeys no cancel; dytop is told twice to end, and says in the audit log what it leaves."""
    with Stage() as s:
        sql = s.bench.file("sleep.sql", "SELECT pg_sleep(600)")
        p = command(s, "explain", "--analyze", "--yes", "--timeout", "600s", sql)
        wait_until("it runs", 20, lambda: s.pg.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "")
        name = s.pg.sql("SELECT application_name FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        s.pg.signal(signal.SIGSTOP)
        try:
            for _ in range(2):
                p.send_signal(signal.SIGTERM)
                time.sleep(0.5)
            ends(p, 3)
        finally:
            s.pg.signal(signal.SIGCONT)
        intent, outcome = s.last()
        assert outcome and outcome["outcome"] == "unknown" and "left running" in outcome["note"], outcome
        assert name == "dytop:%s:explain" % intent["id"], (name, intent["id"])


def test_the_plan_and_the_run():
    """More rights than the author's, and a run: two intents, and both have their outcome."""
    with Stage() as s:
        s.pg.sql("CREATE EXTENSION pg_stat_statements; GRANT SELECT ON t TO operator")
        s.pg.sql("SELECT count(*) AS theirs FROM t WHERE a = 1", user="operator")
        queryid = s.pg.sql("SELECT queryid FROM pg_stat_statements WHERE query LIKE '%AS theirs%'")
        p = command(s, "explain", "--analyze", "--yes", "--trust-author", "--param", "7", "--", queryid)
        assert "ran for" in ends(p, 0)
        lines = all_closed(s)
        events = [(line["event"], line["action"], line.get("outcome")) for line in lines]
        assert len(events) == 4 and [e[0] for e in events] == ["intent", "outcome"] * 2 and events[1][2] == events[3][2] == "ok", events
        for intent in lines[0::2]:
            server = intent["server"]
            assert server["host"] and server["port"] == str(s.pg.port) and server["system_id"], intent
            assert intent["identity"] == "author operator", intent


def test_an_outcome_that_cannot_be_written():
    """It was done, and the audit log does not say so: the person is told."""
    with Stage() as s:
        sql = s.bench.file("sleep.sql", "SELECT pg_sleep(600)")
        p = command(s, "explain", "--analyze", "--yes", "--timeout", "600s", sql)
        victim = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        wait_until("it runs", 20, lambda: s.pg.sql(victim) != "")
        os.rename(s.log, s.log + ".old")
        os.mkdir(s.log)
        s.pg.sql("SELECT pg_cancel_backend(%s)" % s.pg.sql(victim))
        assert "the outcome is not in the audit log" in ends(p, 1)


if __name__ == "__main__":
    chosen = tests_of(globals())
    run({name: chosen[name] for name in sys.argv[1:]} if sys.argv[1:] else chosen)
