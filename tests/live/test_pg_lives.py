#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The lives of a server: restart, kill -9, crash of one backend, promotion. Each is told, and voids the deltas."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import Asker, simple
from postgres import Bench, wait_until

PANELS = {
    "one": simple("SELECT pg_backend_pid() AS pid", {"pid": "id"}),
    "catalog": simple("SELECT count(*) AS n FROM pg_database", {"n": "gauge"}),
    "sessions": simple("SELECT pid FROM pg_stat_get_activity(NULL)", {"pid": "id"}),
}


def restarted(bench, pg):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo(), "-n", "2000")
    first = a.answer("one", code="ok")
    pg.stop()
    a.state("lost", 3)
    pg.start(wait=False)
    wait_until("start", 20, pg.answers)
    up = time.monotonic()
    # The back-off is 5 s at most, and this short: 1 s.
    live = a.state("live", 3, notice="restarted")
    again = a.answer("one", code="ok")
    assert again["life_number"] != first["life_number"], "another life of the server"
    over = a.wait("the end of the news", 20, lambda e: e["event"] == "status" and e["state"] == "live" and e["notice"] == "")
    assert over["at"] - live["at"] > 1.5, "it can be read"
    a.quit()
    print("ok: restarted: %s, %.0f ms after it was up" % (live["notice"], (live["at"] - up) * 1000))


def killed(bench, pg):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo())
    first = a.answer("one", code="ok")
    pg.kill()
    a.state("lost", 3)
    refusing = a.seconds(1.5)
    assert not [e for e in refusing if e["event"] == "status" and e["state"] == "live"]
    pg.start()
    a.state("live", 4, notice="restarted")
    assert a.answer("one", code="ok")["life_number"] != first["life_number"]
    a.quit()
    print("ok: kill -9 and start")


def crashed(bench, pg):
    """One backend killed: the postmaster survives and its start time too, but the counters begin anew."""
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo())
    first = a.answer("one", code="ok")
    victim = pg.session("SELECT pg_backend_pid() \\g /dev/null")
    pid = int(pg.sql("SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()"))
    os.kill(pid, signal.SIGKILL)
    a.state("lost", 3)
    a.state("live", 8, notice="crashed and recovered")
    assert a.answer("one", code="ok")["life_number"] != first["life_number"]
    victim.kill()
    a.quit()
    print("ok: crash of a backend")


def promoted(bench):
    pg = bench.postgres("standby", standby=True)
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo())
    first = a.answer("one", code="ok")
    assert [e for e in a.past if e["event"] == "status" and e["role"] == "standby"]
    pg.sql("SELECT pg_promote()")
    told = a.wait("promotion", 12, lambda e: e["event"] == "status" and e["role"] == "primary")
    assert "promoted" in told["notice"], told
    a.answer("one", code="ok")
    later = a.answer("one", code="ok")
    assert later["life_number"] != first["life_number"] and later["sample"][0]["pid"] == first["sample"][0]["pid"]
    a.quit()
    print("ok: " + told["notice"])


def main():
    with Bench() as bench:
        promoted(bench)
        pg = bench.postgres()
        restarted(bench, pg)
        killed(bench, pg)
        crashed(bench, pg)


main()
