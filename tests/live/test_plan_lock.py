#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop maintain --plan when the connection that has its lock and looks at its limits is lost: nothing is done twice, nothing of another
host's is written over, and what cannot be seen is no licence."""
import json
import sys
import time

from maintain import Stage, run, tests_of
from postgres import SLOW, wait_until
from test_maintain_plan import PLAN, STATE, actions, done, plan


def another_host(s):
    """Ends the connection that holds the plan's lock, and takes the lock before it comes back. Whoever has it does the rest of the
    plan, and writes that down."""
    lock = s.pg.sql("SELECT l.objid FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE a.application_name = 'dytop:plan' AND l.locktype = 'advisory'")
    other = s.pg.session("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dytop:plan'; SELECT pg_advisory_lock(1685681265, %s);" % lock)
    wait_until("the lock", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s" % lock) == "1")
    s.pg.sql("UPDATE bridge_state SET value = value || '{\"views\": {\"ok\": \"%s\"}, \"statistics\": {\"ok\": \"%s\"}}' WHERE key LIKE 'dytop%%'"
             % ((time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),) * 2))
    return other


def test_the_lock_is_lost():
    """With its connection, during the first of three jobs: nothing is done twice, and nothing of another host's is written over."""
    first = "  - {name: indexes, action: reindex_index, targets: [t_a], every: weekly}\n"
    text = (PLAN % "").replace("  - {name: indexes, action: reindex_index, targets: [t_a, t_pkey], every: weekly, mark: last_index_maintenance}\n", "")
    text = text.replace("jobs:\n", "jobs:\n" + first)
    for stays in (True, False):
        with Stage() as s:
            s.pg.sql(STATE)
            path = plan(s, text)
            writer = s.pg.session("BEGIN; INSERT INTO t VALUES (-1, 0, 'x');")
            work = s.start("--plan", path, more=())
            wait_until("it to wait", 20, lambda: s.pg.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND wait_event_type = 'Lock'") == "1")
            other = another_host(s)
            if not stays:
                other.kill()
                wait_until("it to go", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_advisory_lock(1685681265%' AND pid <> pg_backend_pid()") == "0")
            writer.kill()
            out = work.communicate(timeout=60 * SLOW)[0]
            state = json.loads(s.pg.sql("SELECT value FROM bridge_state WHERE key = 'dytop_plan_nightly'"))
            assert actions(s) == ["reindex_index"], (stays, actions(s), out)
            assert state["views"]["ok"] and state["statistics"]["ok"], (stays, state, out)
            if stays:
                assert work.returncode == 1 and "not remembered: another dytop runs the plan by now" in out, out
                assert state["indexes"]["unknown"], "its own entry is that of before: it is not begun again before its time"
            else:
                assert work.returncode == 0 and state["indexes"]["ok"] and not state["indexes"].get("unknown"), (state, out)
            out = done(s, path) if not stays else ""
            assert stays or out.count("not due before") == 3, out


def test_the_load_cannot_be_seen_any_more():
    """The connection that looks at the limits is lost, and cannot be opened again: what is not known is no licence."""
    with Stage() as s:
        s.pg.sql("CREATE ROLE planner LOGIN SUPERUSER; CREATE TABLE cfg AS SELECT 0.0 AS pause; CREATE MATERIALIZED VIEW slow AS"
                 " SELECT id, pg_sleep(pause) IS NULL AS p FROM t, cfg WHERE id <= 60; CREATE UNIQUE INDEX ON slow (id); UPDATE cfg SET pause = 2")
        path = plan(s, "name: slow\nlimits: {active: 50}\njobs:\n  - {name: views, action: refresh, targets: [slow], every: hourly}\n"
                       "  - {name: more, action: analyze, targets: [t], every: hourly}\n", "slow.yaml")
        work = s.start("--plan", path, more=(), user="planner")
        wait_until("it to begin", 20, lambda: s.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REFRESH%' AND state = 'active'") == "1")
        s.pg.sql("ALTER ROLE planner NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dytop:plan'")
        out = ""
        while "cannot be seen" not in out:
            line = work.stdout.readline()
            assert line, out
            out += line
        assert "how busy the server is cannot be seen: the connection was lost: cancelled" in out, out
        s.pg.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'REFRESH%'") # before 17 a cancel is a login too
        out += work.communicate(timeout=60 * SLOW)[0]
        assert work.returncode in (1, 2) and actions(s) == ["refresh"], (work.returncode, out)


if __name__ == "__main__":
    run(tests_of({name: globals()[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else globals()))
