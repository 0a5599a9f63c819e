#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The dashboard while its servers hang, die, come back, and were never there: keys go on painting, the last data stay and their
age is said, nothing piles up on the server, and all heals by itself."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import SLOW, Dash, logins, sessions, uri # noqa: E402
from postgres import Bench # noqa: E402
from servers import Redis, folder, run, wait_for # noqa: E402

SILENT = r"no answer since [\d:]+, \d+s ago"


def marked(pg, word):
    """A session with that word in its query, open in a transaction: activity shows it."""
    return pg.session(f"BEGIN;\nSELECT 1 AS {word};")


def keys_paint(d):
    """Every view switch is seen at once, though no server answers."""
    for name in ("statements", "locks", "tables", "cache", "servers", "activity"):
        d.goto(name)
        d.until(f"the tab {name}", lambda: name.upper() in d.text() or (name == "servers" and "SERVER" in d.text()), 10)
    d.sane()


def test_stopped_postgres():
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres()
        marked(pg, "first_mark")
        with Dash("-d", pg.conninfo(), "--redis", uri(redis), "--screen", "activity") as d:
            d.live()
            d.expect("first_mark")
            assert sessions(pg) == 1
            sockets = d.sockets()
            pg.signal(signal.SIGSTOP)
            d.expect(SILENT)
            d.expect("first_mark", 1) # the last data stay
            keys_paint(d)
            d.expect("first_mark", 10)
            d.goto("cache", "OPS/s +[1-9]")
            assert d.row(0).endswith("STALE"), d.row(0)
            d.pump(3)
            assert d.sockets() == sockets, "a silent server is not asked over a new connection"
            d.goto("activity")
            pg.signal(signal.SIGCONT)
            d.live()
            d.until("the banner goes", lambda: not re.search(SILENT, d.text()))
            marked(pg, "second_mark")
            d.expect("second_mark")
            assert sessions(pg) == 1
            d.sane()
            d.quit()
        wait_for("the session ends", lambda: sessions(pg) == 0)


def test_stopped_redis():
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres()
        with Dash("-d", pg.conninfo(), "--redis", uri(redis), "--screen", "cache") as d:
            d.live()
            d.expect(r"MEMORY \d")
            before, sockets = logins(redis), d.sockets()
            redis.pause()
            d.expect(SILENT)
            assert re.search(r"MEMORY \d", d.text()), d.text()
            keys_paint(d)
            marked(pg, "beside_it") # PostgreSQL is as fresh as ever
            d.expect("beside_it")
            assert d.sockets() == sockets
            redis.go_on()
            d.live()
            assert logins(redis) == before + 1, "only this call's own"
            d.quit()


def test_stopped_both():
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres()
        with Dash("-d", pg.conninfo(), "--redis", uri(redis)) as d:
            d.live()
            pg.signal(signal.SIGSTOP)
            redis.pause()
            d.expect(SILENT + ".*" + SILENT)
            keys_paint(d)
            redis.go_on()
            pg.signal(signal.SIGCONT)
            d.live()
            d.sane()
            # q works while both hang, too
            pg.signal(signal.SIGSTOP)
            redis.pause()
            d.expect(SILENT)
            d.quit()
            redis.go_on()
            pg.signal(signal.SIGCONT)


def test_killed_and_restarted():
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres()
        with Dash("-d", pg.conninfo(), "--redis", uri(redis)) as d:
            d.live()
            d.expect(r"xacts \d")
            pg.kill()
            d.expect(r"lost.*(next try|refused|No such file|closed)")
            keys_paint(d)
            pg.start()
            d.live()
            d.expect("restarted", 5)
            d.goto("overview", r"xacts \d")
            watch(d, 3)
            pg.stop() # a fast restart
            d.expect("lost")
            pg.start()
            d.live()
            watch(d, 3)
            redis.kill()
            d.expect("redis.*LOST")
            redis.start()
            d.live()
            d.goto("cache", r"OPS/s +\d")
            watch(d, 3)
            assert sessions(pg) == 1
            d.quit()


def watch(d, seconds):
    """No negative and no giant figure in any picture of that time."""
    for _ in range(int(seconds / 0.2)):
        d.pump(0.2)
        d.sane()


def test_own_session_terminated():
    with Bench() as bench:
        pg = bench.postgres()
        with Dash("-d", pg.conninfo(), "--screen", "activity") as d:
            d.live()
            pid = pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'dytop%'")
            pg.sql(f"SELECT pg_terminate_backend({pid})")
            wait_for("another session", lambda: pg.sql(
                f"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop%' AND pid <> {pid}") == "1", SLOW)
            d.live()
            marked(pg, "afterwards")
            d.expect("afterwards")
            watch(d, 2)
            d.quit()


def test_not_there_at_the_start():
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres()
        pg.stop()
        redis.kill()
        with Dash("-d", pg.conninfo(), "--redis", uri(redis)) as d:
            d.expect(r"(?i)(No such file|refused)")
            d.expect(r"next try in \d+s|connecting")
            keys_paint(d)
            pg.start()
            redis.start()
            d.live()
            d.goto("overview", r"xacts \d")
            d.quit()


if __name__ == "__main__":
    sys.exit(run(globals()))
