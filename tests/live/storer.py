# SPDX-License-Identifier: PostgreSQL
"""Drives tests/live/storer (bridge/store) on a private PostgreSQL and Redis; the trigger is the one that ships."""
import os
import re
import time

from postgres import SLOW, wait_until
from servers import Redis
from worker import Events

TRIGGER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../sql/bridge/80_invalidation.sql")


class Storer(Events):
    def __init__(self, bench, pg, redis, *options):
        # On a slow machine a pause of Redis is no silence, and a queue no failure, unless the test says so.
        patience = [] if "-D" in options else ["-D", "%d" % (1000 * SLOW)]
        patience += [] if "-a" in options else ["-a", "%d" % (5000 * SLOW)]
        super().__init__(bench, "storer", *patience, *options, pg.conninfo(), "redis://127.0.0.1:%d" % redis.port)
        self.pg = pg

    def query_held(self, count=1):
        """Waits until so many queries of kind held stand before the lock: they have read their row."""
        wait_until("%d rows are read" % count, 10, lambda: self.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND application_name = 'storer'") == str(count))

    def ready(self, listens=True):
        self.until("readiness", 10, lambda s: s["redis_up"] and s["listening"] == listens)
        return self

    def stats(self):
        self.send("stats")
        return self.event("stats")

    def until(self, what, seconds, test, command="stats"):
        deadline = time.monotonic() + seconds * SLOW
        while True:
            self.send(command)
            s = self.event(command)
            if test(s):
                return s
            assert time.monotonic() < deadline, "waited in vain for %s: %s" % (what, s)
            time.sleep(0.02)

    def tally(self, what, seconds, test):
        return self.until(what, seconds, test, "tally")

    def get(self, key, kind="tx"):
        self.send("get %s %s" % (kind, key))
        return self.event("got", 20)

    def cached(self, key, kind="tx"):
        """Gets until the cache has it; what it says then."""
        deadline = time.monotonic() + 20 * SLOW
        while True:
            got = self.get(key, kind)
            if got.get("from") == "cache":
                return got
            assert time.monotonic() < deadline, "never cached: %s" % got
            time.sleep(0.01)

    def done(self, command):
        self.send(command)
        return self.event("done")

    def quit(self):
        self.send("quit")
        self.event("end")
        self.process.wait(5 * SLOW)
        errors = self.process.stderr.read()
        assert self.process.returncode == 0, errors


def things(pg, rows=2000):
    """The table, with the trigger's function and triggers as they ship."""
    pg.sql("CREATE TABLE things(id int PRIMARY KEY, v int NOT NULL, body text);"
           "INSERT INTO things SELECT i, 1, repeat('text of thing ' || i || ', ', 20) FROM generate_series(1, %d) i" % rows)
    with open(TRIGGER) as f:
        text = f.read()
    pg.sql(re.search(r"CREATE OR REPLACE FUNCTION.*?END \$\$;", text, re.S).group(0))
    for event, tables in (("insert", "REFERENCING NEW TABLE AS changed"), ("update", "REFERENCING OLD TABLE AS changed"),
                          ("delete", "REFERENCING OLD TABLE AS changed"), ("truncate", "")):
        pg.sql("CREATE TRIGGER dytop_invalidate_%s AFTER %s ON things %s FOR EACH STATEMENT EXECUTE FUNCTION "
               "dytop_invalidate('tx', 'id')" % (event, event, tables))


def redis_in(bench, *options, port=None):
    path = os.path.join(bench.dir, "redis-%d" % len(bench.clients))
    os.makedirs(path, exist_ok=True)
    redis = Redis(path, *options, port=port)
    bench.clients.append(redis.process)
    return redis


def restart(bench, redis):
    redis.start()
    bench.clients.append(redis.process)
