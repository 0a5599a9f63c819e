#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop is killed (SIGKILL) at any moment of any action: its sessions end, its lock goes, the audit chain holds and tells what has no
outcome, and doctor calls the server clean or names exactly what is left. Moments by a fixed seed; DYTOP_SEED gives another one."""
import os
import random
import re
import signal
import subprocess
import sys
import time

from dash import Dash
from halfway import BUILD, DEAD, REBUILD, SLOWLY, Half
from maintain import DYTOP, run, tests_of
from postgres import wait_until

SEED = int(os.environ.get("DYTOP_SEED", "20261122"))
VACUUMS = "SELECT count(*) FROM pg_stat_progress_vacuum"
REFRESHES = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^REFRESH' AND wait_event = 'PgSleep'"
DROPS = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^DROP INDEX' AND wait_event_type = 'Lock'"
NEW = "CREATE INDEX t_new ON t (gate(a))"
QUICK = [("analyze", "t"), ("vacuum", "mv"), ("reindex_table", "t"), ("refresh", "mv"), ("checkpoint",), ("reload",),
         ("set_setting", "work_mem", "9MB"), ("reset_setting", "work_mem"), ("reset_table", "t"), ("reset_database",),
         ("reset_statements",), ("leftovers",), ("vacuum_freeze", "kept"), ("reindex_index", "t_a", "mv_a"),
         ("create_index", "CREATE INDEX t_quick ON t (b)"), ("drop_index", "t_a")]


def kill(work):
    os.kill(work.pid, signal.SIGKILL)
    work.wait()


def intents(s):
    """How many have no outcome, as the lines themselves say; --verify and its count are checked against it."""
    if not os.path.exists(s.log):
        return 0
    lines = s.audit()
    ends = {line["id"] for line in lines if line["event"] == "outcome"}
    count = sum(line["event"] == "intent" and line["id"] not in ends for line in lines)
    done = subprocess.run(DYTOP + ["audit", "--verify"], capture_output=True, text=True, env=s.env)
    assert done.returncode == 0 and (count == 0 or "%d intents without an outcome" % count in done.stdout), (count, done)
    return count


def check(s, doctor):
    s.quiet()
    count = intents(s)
    invalid = s.invalid()
    if doctor or invalid:
        left, told = s.doctor()
        assert len(left) == len(invalid), (left, invalid)
        assert told == (count > 0), (told, count)
        s.clean_up()
    return count, invalid


def test_at_random_moments():
    chance = random.Random(SEED)
    with Half() as s:
        s.pg.sql("CREATE EXTENSION pg_stat_statements")
        took = 0.3
        for i in range(24):
            words = QUICK[i % len(QUICK)]
            s.pg.sql("CREATE INDEX IF NOT EXISTS t_a ON t (a); DROP INDEX IF EXISTS t_quick")
            began = time.monotonic()
            work = s.start(*words)
            pause = chance.uniform(0, took * 1.2)
            try:
                work.wait(pause)
                took = max(0.1, min(took, time.monotonic() - began)) # it was late: a little sooner the next time
            except subprocess.TimeoutExpired:
                kill(work)
                took = min(2, took * 1.1)
            work.stdout.close()
            count, invalid = check(s, i % 8 == 7)
            print("  %s, %.0f ms: %s%d without an outcome" % (words[0], pause * 1000, "%s left, " % invalid if invalid else "", count), flush=True)
        s.done("reindex_table", "t")


def test_in_the_middle():
    """In each phase of a build, and in the middle of the slow ones: the server goes on and ends it, or it is ended there too."""
    chance = random.Random(SEED + 1)
    with Half() as s:
        cases = [(("reindex_index", "t_gate"), phase) for phase in REBUILD] + [(("create_index", NEW), phase) for phase in BUILD] + \
                [(("vacuum", "t"), VACUUMS), (("vacuum_freeze", "t"), VACUUMS), (("refresh", "mv_gate"), REFRESHES)]
        chance.shuffle(cases)
        for words, phase in cases[:9]: # the phases are all broken off in test_maintain_phases.py too
            s.pg.sql("DROP INDEX IF EXISTS t_new")
            if words[0].startswith("vacuum"):
                s.pg.sql(DEAD)
                s.pg.sql(SLOWLY)
            crash = chance.random() < 0.5
            before = intents(s)
            with s.held(words, phase) as work:
                pid = s.pid()
                kill(work)
                assert s.pg.sql("SELECT state FROM pg_stat_activity WHERE pid = " + pid) == "active", "it goes on"
                assert intents(s) == before + 1
                if crash: # as a restart of the server, or somebody in need
                    s.pg.sql("SELECT pg_terminate_backend(%s)" % pid)
                    wait_until("its end", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) == "0")
                elif words[0].startswith("vacuum"):
                    s.pg.sql("SELECT pg_cancel_backend(%s)" % pid)
            s.pg.sql("ALTER DATABASE postgres RESET ALL")
            _, invalid = check(s, False)
            if not crash:
                assert invalid == [], (words, phase, invalid)
            elif words[0] in ("reindex_index", "create_index"):
                assert len(invalid) == 1, (words, phase, invalid)
            print("  %s, %s: %s" % (words[0], phase if phase in REBUILD else "in the middle", "ended there: left %s" % invalid if crash else
                                    "it was ended by the server: clean"), flush=True)
        s.done("reindex_table", "t")


def dashboard(s, home):
    d = Dash("-d", s.pg.conninfo(), env={"XDG_STATE_HOME": s.state}, home=home)
    d.live()
    return d


def test_the_dashboard_in_the_middle_of_a_job():
    """Its process is killed, and the guard with it: the same holds, and the next dashboard tells what has no outcome."""
    with Half() as s:
        obstacle = s.write(3)
        home = os.path.join(s.bench.dir, "home")
        os.mkdir(home)
        with dashboard(s, home) as d:
            d.on_row("indexes", "index:t_gate", "t_gate")
            d.pick("REINDEX INDEX|REINDEX")
            d.expect("REINDEX INDEX CONCURRENTLY public.t_gate")
            d.answer(re.search(r"type (\S+) and Enter", d.text()).group(1) + "\r")
            wait_until("it to wait", 30, lambda: s.pid() != "")
            pid = s.pid()
            both = [d.dashboard(), d.pid]
            for one in both:
                os.kill(one, signal.SIGKILL)
        assert s.pg.sql("SELECT state FROM pg_stat_activity WHERE pid = " + pid) == "active", "the server goes on"
        assert s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop' AND state <> 'idle'") == "0"
        assert intents(s) == 1
        obstacle.kill()
        s.quiet()
        assert s.invalid() == [] and s.doctor() == ([], True)
        with dashboard(s, home) as d:
            d.send("J")
            d.expect("(?s)Audit trail.*(unknown|no outcome).*reindex_index")
            d.send("\x1b")
            d.quit()


def test_the_next_dashboard_finds_what_is_left():
    """Killed with its dashboard, then ended by the server: the next dashboard looks by itself, and offers to take it away."""
    with Half() as s:
        obstacle = s.write(3)
        home = os.path.join(s.bench.dir, "home")
        os.mkdir(home)
        with dashboard(s, home) as d:
            d.on_row("indexes", "index:t_gate", "t_gate")
            d.pick("REINDEX INDEX|REINDEX")
            d.expect("REINDEX INDEX CONCURRENTLY public.t_gate")
            d.answer(re.search(r"type (\S+) and Enter", d.text()).group(1) + "\r")
            wait_until("it to wait, half-made", 30, lambda: s.pid() != "" and s.invalid() == ["public.t_gate_ccnew"])
            pid = s.pid()
            for one in [d.dashboard(), d.pid]:
                os.kill(one, signal.SIGKILL)
        s.pg.sql("SELECT pg_terminate_backend(%s)" % pid)
        obstacle.kill()
        s.quiet()
        assert s.invalid() == ["public.t_gate_ccnew"]
        with dashboard(s, home) as d:
            d.expect("t_gate_ccnew is invalid")
            d.expect("type t_gate_ccnew and Enter")
            d.answer("t_gate_ccnew\r")
            wait_until("it is taken away", 30, lambda: s.invalid() == [])
            d.quit()
        # nothing is left: it looks, and asks nothing
        with dashboard(s, home) as d:
            d.send("J")
            d.expect("(?s)Look for what failed actions left.*Audit trail")
            assert "and Enter" not in d.text()
            d.send("\x1b")
            d.quit()


if __name__ == "__main__":
    run({name: globals()[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else tests_of(globals()))
