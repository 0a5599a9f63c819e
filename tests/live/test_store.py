#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""bridge/store: what is cached and how, one query for a thousand misses, invalidation by id, prefix, event and alarm, and the race
of 10,000 updates against readers that would put old rows back."""
import os
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench
from storer import Storer, redis_in, things


def body(i, v=1):
    return "%d %s" % (v, ("text of thing %d, " % i) * 20)


def stored(redis, key):
    raw = redis.call("GET", "test:" + key)
    if raw.startswith(b"$-1"):
        return None
    return raw.split(b"\r\n", 1)[1][:-2]


def basics(bench, pg, redis):
    s = Storer(bench, pg, redis).ready()
    first = s.get(7)
    assert first["from"] == "database" and first["value"] == body(7), first
    s.until("the refill", 5, lambda t: t["sets"] == 1)
    again = s.get(7)
    assert again["from"] == "cache" and again["value"] == body(7), again
    assert zlib.decompress(stored(redis, "tx:7")).decode() == body(7)      # by an independent decoder
    ttl = int(redis.call("PTTL", "test:tx:7")[1:-2])
    assert 53000 < ttl <= 60000, ttl
    none = s.get(999999)
    assert none["code"] == "ok" and not none["found"] and stored(redis, "tx:999999") is None
    assert s.get("x'; DROP TABLE things --")["code"] == "query"
    # sealed: it is not the text, and it may not be moved to another key
    assert s.get(8, "seal")["value"] == body(8)
    s.until("the refill", 5, lambda t: t["sets"] == 2)
    sealed = stored(redis, "seal:8")
    assert b"thing" not in sealed and sealed[:1] == b"D"
    assert s.get(8, "seal")["from"] == "cache"
    redis.call("SET", "test:seal:9", sealed)
    moved = s.get(9, "seal")
    assert moved["from"] == "database" and moved["value"] == body(9), moved
    assert s.stats()["undecodable"] == 1
    # rubbish and other types under our keys: the database serves
    redis.call("SET", "test:tx:10", "rubbish")
    assert s.get(10)["value"] == body(10)
    redis.call("LPUSH", "test:tx:11", "a list")
    assert s.get(11)["value"] == body(11)
    # never cached: sensitive kinds, and what the deny list finds
    assert s.get(5, "secret")["from"] == "database" and s.get(5, "secret")["from"] == "database"
    assert stored(redis, "secret:5") is None
    pg.sql("UPDATE things SET body = '{\"private_key\": \"0123456789abcdef\"}' WHERE id = 12")
    assert "private_key" in s.get(12)["value"]
    assert s.get(12)["from"] == "database" and s.stats()["denied"] == 2
    pg.sql("UPDATE things SET body = '%s' WHERE id = 12" % ("text of thing 12, " * 20))
    # put writes through, whatever stands there
    assert s.done("put tx 13 high changed by hand")["code"] == "ok"
    put = s.get(13)
    assert put["value"] == "changed by hand" and put["from"] == "cache", put
    assert s.done("drop tx 13")["code"] == "ok"
    assert s.get(13)["from"] == "database"
    assert s.done("put tx 13 high over the tombstone")["code"] == "ok"
    assert s.get(13)["value"] == "over the tombstone"
    s.done("drop tx 13")
    s.quit()
    print("ok: cache first, by three codecs")


def single_flight(bench, pg, redis):
    redis.call("FLUSHALL")
    s = Storer(bench, pg, redis).ready()
    s.send("many 1000 tx 77")
    many = s.event("many")
    t = s.stats()
    assert many["ok"] == 1000 and many["failed"] == 0, many
    assert t["queries"] == 1 and t["misses"] == 1000 and t["joined"] == 999, t
    calls = pg.sql("SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE '%FROM things WHERE id%' AND query LIKE 'SELECT%'")
    before = int(calls)
    s.send("many 1000 tx 78")
    s.event("many")
    calls = pg.sql("SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE '%FROM things WHERE id%' AND query LIKE 'SELECT%'")
    assert int(calls) - before == 1, "the server counts %d" % (int(calls) - before)
    s.quit()
    print("ok: 1000 misses, one query")


def prefixes(bench, pg, redis):
    redis.call("FLUSHALL")
    s = Storer(bench, pg, redis).ready()
    s.send("load 50 2000 tx")
    s.tally("a warm cache", 20, lambda t: t["cached"] > 10000)
    s.send("calm")
    for i in range(300):
        redis.call("SET", "test:raw:%d" % i, "1")
        redis.call("SET", "other:tx:%d" % i, "1")
    redis.call("SET", "test:txx:1", "not of the kind")
    redis.call("CONFIG", "RESETSTAT")
    dropped = s.done("prefix tx:")
    assert dropped["code"] == "ok" and dropped["count"] >= 1900, dropped
    assert int(redis.call("EXISTS", "test:txx:1", "test:raw:1", "other:tx:1")[1:-2]) == 3
    assert b"cmdstat_keys:" not in redis.call("INFO", "commandstats"), "KEYS was sent"
    assert b"cmdstat_scan:" in redis.call("INFO", "commandstats")
    assert s.done("prefix ")["count"] >= 300
    assert int(redis.call("DBSIZE")[1:-2]) == 300, "others' keys stay"
    # a whole class at once, for good
    assert s.get(3, "raw")["from"] == "database"
    s.until("the refill", 5, lambda t: t["sets"] > 0)
    assert s.done("security raw")["code"] == "ok"
    assert stored(redis, "raw:3") is None
    redis.call("SET", "test:raw:3", "planted")
    assert s.get(3, "raw")["value"] == "1" and s.get(3, "raw")["from"] == "database"
    assert s.done("put raw 3 high x")["code"] == "ok" and stored(redis, "raw:3") is None
    assert s.get(3)["code"] == "ok"
    s.quit()
    print("ok: prefix, namespace, alarm")


def events(bench, pg, redis):
    redis.call("FLUSHALL")
    s = Storer(bench, pg, redis, "-T", "100").ready()
    took = []
    for i in range(101, 141):
        assert s.get(i)["code"] == "ok"
    s.send("load 30 2000 raw")            # while others are busy
    psql = pg.session("SELECT 1;")
    for i in range(101, 141):
        for _ in range(50):
            if s.get(i)["from"] == "cache":
                break
        psql.stdin.write("UPDATE things SET v = v + 1 WHERE id = %d;\n\\echo committed\n" % i)
        psql.stdin.flush()
        line = psql.stdout.readline()
        while line.strip() != "committed":
            assert line, "psql ended"
            line = psql.stdout.readline()
        committed = time.monotonic()
        while not s.get(i)["value"].startswith("2 "):
            assert time.monotonic() - committed < 5
        took.append(time.monotonic() - committed)
    took.sort()
    assert took[-1] < 0.1 * SLOW, "an update was seen after %.0f ms" % (took[-1] * 1000)
    s.send("calm")
    before = s.stats()["events"]
    # a large update: one notification, all of the kind
    pg.sql("UPDATE things SET v = v + 1")
    s.until("the notification", 5, lambda t: t["events"] == before + 1)
    deadline = time.monotonic() + 5
    while not s.get(101)["value"].startswith("3 "):
        assert time.monotonic() < deadline
    pg.sql("DELETE FROM things WHERE id = 2000")
    deadline = time.monotonic() + 5
    while s.get(2000)["found"]:
        assert time.monotonic() < deadline
    pg.sql("INSERT INTO things VALUES (2000, 1, '%s')" % ("text of thing 2000, " * 20))
    s.quit()
    print("ok: seen after an update: median %.1f ms, at most %.1f ms" % (took[20] * 1000, took[-1] * 1000))


def race(bench, pg, redis):
    """Values live 100 ms at least after a drop as tombstones, so that refills happen all the time."""
    pg.sql("ALTER TABLE things DISABLE TRIGGER USER")
    redis.call("FLUSHALL")
    other = Storer(bench, pg, redis, "-n", "-T", "40").ready(False)      # knows nothing but Redis
    other.send("load 8 40 tx")
    s = Storer(bench, pg, redis, "-n", "-T", "40").ready(False)
    s.send("race 10000 40 8 1")
    raced = s.event("raced", 120)
    t = s.stats()
    assert raced["stale"] == 0, raced
    assert raced["failed"] == 0 and raced["ok"] > 10000 and raced["cached"] > 1000, raced
    assert t["sets"] > 100 and t["tombstones"] > 100, t
    other.send("calm")
    other.quit()
    # the same without invalidation: the test would have seen it
    s.send("race 300 40 8 0")
    blind = s.event("raced", 60)
    assert blind["stale"] > 0, blind
    s.quit()
    pg.sql("ALTER TABLE things ENABLE TRIGGER USER")
    print("ok: 10000 updates, %d reads (%d cached), none stale; without invalidation %d of %d" %
          (raced["ok"], raced["cached"], blind["stale"], blind["ok"]))


def speed(bench, pg, redis):
    """Medians of gets in turns with bare GETs, so that both meet the same machine; then 500 at once on one core."""
    redis.call("FLUSHALL")
    s = Storer(bench, pg, redis).ready()
    for i in range(1, 1001):
        s.send("get tx %d" % i)
        s.event("got")
    s.until("a warm cache", 5, lambda t: t["sets"] >= 1000)
    s.send("speed 5000 tx")
    e = s.event("speed", 60)
    s.quit()
    print("ok: a cached get (zlib, decoded) %.1f us, a bare GET %.1f us: %.2f times; 500 at once: %.0f/s" %
          (e["one_us"], e["bare_us"], e["one_us"] / e["bare_us"], e["pipelined_per_s"]))
    assert SLOW > 3 or e["one_us"] < 1.5 * e["bare_us"], e


def main():
    with Bench() as bench:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements", max_connections="60")
        pg.sql("CREATE EXTENSION pg_stat_statements")
        things(pg)
        redis = redis_in(bench)
        for test in (basics, single_flight, prefixes, race, events, speed):
            if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                test(bench, pg, redis)


main()
