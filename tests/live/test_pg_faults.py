#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What happens to a live PostgreSQL source when the server is stopped, full or locked, or ends the session: what it says, that
it heals by itself, and that it never opens more than one connection."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import Asker, simple
from postgres import SLOW, Bench, wait_until

PANELS = {
    "one": simple("SELECT pg_backend_pid() AS pid", {"pid": "id"}),
    "catalog": simple("SELECT count(*) AS n FROM pg_database", {"n": "gauge"}),
    "sessions": simple("SELECT pid FROM pg_stat_get_activity(NULL)", {"pid": "id"}),
}


def logins(pg):
    """Sessions that the server has seen so far, by its own count."""
    return int(pg.sql("SELECT sum(sessions) FROM pg_stat_database"))


def mine(pg):
    return int(pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop'"))


def stopped(bench, pg, tcp):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo(tcp=tcp))
    pid = a.answer("one", code="ok")["sample"][0]["pid"]
    before = logins(pg)
    a.answer("one", code="ok")
    pg.signal(signal.SIGSTOP)
    stale = a.state("stale", 4, reason="no answer for 1 s")
    a.state("stale", 3, reason="no answer for 2 s")
    a.state("stale", 3, reason="no answer for 3 s")
    a.drain()
    continued = time.monotonic()
    pg.signal(signal.SIGCONT)
    live = a.state("live", 2)
    assert live["at"] - continued < 1 * SLOW, "healed after %.3f s" % (live["at"] - continued)
    again = a.answer("one", code="ok")
    assert again["at"] - continued < 2 * SLOW and again["sample"][0]["pid"] == pid, again
    assert live["logins"] == 1 and stale["logins"] == 1
    # One session more: the psql that counts.
    assert logins(pg) - before <= 2 and mine(pg) == 1
    end = a.quit()
    assert end["stall_ms"] < 16 * SLOW, end
    print("ok: stopped and continued (%s): healed in %.0f ms, longest turn %.1f ms" %
          ("TCP" if tcp else "socket", (live["at"] - continued) * 1000, end["stall_ms"]))


def quit_while_stopped(bench, pg):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo())
    a.answer("one", code="ok")
    pg.signal(signal.SIGSTOP)
    a.state("stale", 4)
    end = a.quit()
    pg.signal(signal.SIGCONT)
    assert end["took"] < 1 * SLOW, end
    lost = [e for e in a.past if e["event"] == "answer" and e["code"] == "lost"]
    assert lost, "open requests were not answered at the end"
    print("ok: quits in %.0f ms while the server is stopped" % (end["took"] * 1000))


def connect_while_stopped(bench, pg):
    pg.signal(signal.SIGSTOP)
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo(tcp=True), "-c", "60000")
    time.sleep(0.5)
    continued = time.monotonic()
    pg.signal(signal.SIGCONT)
    live = a.state("live", 2)
    assert live["logins"] == 1
    a.quit()
    print("ok: connects to a stopped server when it goes on, %.0f ms after" % ((live["at"] - continued) * 1000))


def terminated(bench, pg):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo())
    first = a.answer("one", code="ok")
    pg.sql("SELECT pg_terminate_backend(%d)" % first["sample"][0]["pid"])
    a.state("lost", 2, reason="terminating connection due to administrator command")
    a.state("live", 2, notice="reconnected")
    again = a.answer("one", code="ok")
    assert again["life_number"] == first["life_number"], "the same life of the server"
    a.quit()
    print("ok: own backend terminated")


def full(bench, pg):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo("joe"))
    a.answer("one", code="ok")
    free = int(pg.sql("SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity"
                      " WHERE backend_type = 'client backend'"))
    keepers = [pg.session("SELECT 1 \\g /dev/null", "joe") for _ in range(free - 2)]
    a.drain()
    a.answer("one", code="ok")
    late = Asker(bench, "pg", PANELS, "-t", pg.conninfo("joe"))
    refused = late.state("refused", 5, reason="out of connections")
    assert "reserved" in refused["reason"] or "max_connections" in refused["reason"], refused
    assert refused["retry_in"] < 7000, refused
    for keeper in keepers:
        keeper.stdin.close()
        keeper.wait()
    late.state("live", 8)
    assert a.past[-1]["event"] == "answer" and not [e for e in a.past if e["event"] == "status" and e["state"] == "lost"]
    a.quit()
    late.quit()
    print("ok: out of connections: " + refused["reason"])


def locked(bench, pg):
    a = Asker(bench, "pg", PANELS, "-t", pg.conninfo(), "-l", "100")
    a.answer("catalog", code="ok")
    holder = pg.session("BEGIN; LOCK TABLE pg_database IN ACCESS EXCLUSIVE MODE; SELECT pg_backend_pid();")
    bad = a.answer("catalog", code="timeout")
    assert "locked" in bad["why"], bad
    good = a.answer("sessions", code="ok")
    assert good["rows"] > 1
    told = a.state("live", 3, notice="degraded: a system catalog is locked by pid")
    number = int(told["notice"].rsplit(" ", 1)[1])
    holder.stdin.write("ROLLBACK;\n")
    holder.stdin.flush()
    a.wait("the end of degraded", 8, lambda e: e["event"] == "status" and e["state"] == "live" and e["notice"] == "")
    a.answer("catalog", 1, "ok")
    assert number in [row["pid"] for row in good["sample"]], (number, good["sample"])
    holder.stdin.close()
    holder.wait()
    a.quit()
    print("ok: catalog locked: " + told["notice"])


def cancelled(bench, pg):
    """Over a second connection, and a stopped server holds up nothing."""
    sleeper = pg.session("SELECT pg_backend_pid() \\g /dev/null")
    sleeper.stdin.write("SELECT 1 FROM pg_sleep(30);\n\\echo gone on\n")
    sleeper.stdin.flush()
    find = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT 1 FROM pg_sleep%'"
    wait_until("the sleeper", 5, lambda: pg.sql(find) != "")
    pid = pg.sql(find)
    a = Asker(bench, "pg", {}, "-k", pid, "-t", pg.conninfo())
    done = a.wait("cancel", 5, lambda e: e["event"] == "cancelled")
    assert done["code"] == "ok", done
    wait_until("the end of the query", 2, lambda: pg.sql(find + " AND state = 'active'") == "")
    a = Asker(bench, "pg", {}, "-k", "1", "-t", pg.conninfo())
    none = a.wait("cancel", 5, lambda e: e["event"] == "cancelled")
    assert none["code"] == "not_found", none
    sleeper.kill()
    print("ok: cancelled; " + none["why"])


def leaves(bench, pg):
    """What runs when we go is ended by the server, long before its timeout (14 and newer)."""
    a = Asker(bench, "pg", {"long": simple("SELECT 1 AS a FROM pg_sleep(20)", {"a": "gauge"})}, "-t", pg.conninfo(), "-s", "30000")
    a.state("live")
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop' AND state = 'active'"
    wait_until("the long query", 5, lambda: pg.sql(count) == "1")
    a.process.kill()
    gone = time.monotonic()
    wait_until("the end of it", 5, lambda: pg.sql(count) == "0")
    print("ok: killed while a query ran: it ended %.1f s later" % (time.monotonic() - gone))


def main():
    with Bench() as bench:
        pg = bench.postgres()
        pg.sql("CREATE ROLE joe LOGIN")
        stopped(bench, pg, tcp=False)
        stopped(bench, pg, tcp=True)
        quit_while_stopped(bench, pg)
        connect_while_stopped(bench, pg)
        terminated(bench, pg)
        cancelled(bench, pg)
        leaves(bench, pg)
        locked(bench, pg)
        full(bench, pg)


main()
