#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""bridge/store when servers go away: Redis killed, restarted, stopped and full under load without one failed read; PostgreSQL
restarted while what is cached is served; what was not heard meanwhile, and what could not be put, ends with a flush."""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, wait_until
from storer import Storer, redis_in, restart, things


RECORD = ["--record", os.environ["STORE_RECORD"]] if "STORE_RECORD" in os.environ else []


def redis_dies(bench, pg, redis):
    s = Storer(bench, pg, redis, "-D", "%d" % (500 * SLOW)).ready()
    s.send("load 100 1000 tx")
    s.tally("a warm cache", 20, lambda t: t["cached"] > 5000)
    for how in ("kill", "stop"):
        redis.kill() if how == "kill" else redis.stop()
        s.until("the loss", 5, lambda t: not t["redis_up"])
        before = s.tally("", 1, lambda t: True)
        s.tally("reads without Redis", 10, lambda t: t["ok"] > before["ok"] + 2000)
        if how == "kill":
            # not told to Redis: when it is back nothing of before may be read
            pg.sql("UPDATE things SET v = v + 1 WHERE id = 1")
            s.until("the notification", 5, lambda t: t["events"] >= 1)
        restart(bench, redis)
        s.until("Redis again", 10, lambda t: t["redis_up"] and not t["flushing"])
        before = s.tally("", 1, lambda t: True)
        s.tally("reads from the cache again", 20, lambda t: t["cached"] > before["cached"] + 5000)
    t = s.tally("", 1, lambda t: True)
    assert t["failed"] == 0 and t["missing"] == 0, t
    assert s.stats()["flushes"] >= 1 and s.stats()["redis_lost"] >= 2
    # stopped: it neither answers nor goes away
    redis.pause()
    s.until("the silence", 5, lambda t: not t["redis_up"])
    before = s.tally("", 1, lambda t: True)
    s.tally("reads", 10, lambda t: t["ok"] > before["ok"] + 2000)
    redis.go_on()
    s.until("Redis again", 10, lambda t: t["redis_up"])
    t = s.tally("", 1, lambda t: True)
    assert t["failed"] == 0, t
    s.quit()
    print("ok: Redis killed, restarted, stopped: %d reads, none failed" % t["ok"])


def stale_after_absence(bench, pg, redis):
    """Redis keeps its values while we cannot reach it; what changed meanwhile must not be read afterwards."""
    redis.call("FLUSHALL")
    s = Storer(bench, pg, redis, "-D", "%d" % (300 * SLOW)).ready()
    old = s.cached(50)["value"]
    redis.pause()
    s.send("get tx 51")
    assert s.event("got", 10)["code"] == "ok"
    s.until("the silence", 5, lambda t: not t["redis_up"])
    pg.sql("UPDATE things SET v = v + 1 WHERE id = 50")
    s.until("the notification", 5, lambda t: t["events"] >= 1)
    redis.go_on()
    flushed = s.until("the flush", 10, lambda t: t["redis_up"] and t["flushes"] >= 1 and not t["flushing"])["flushes"]
    assert s.get(50)["value"] != old
    # the listener's turn: it is cut off, and something changes before it is back
    fresh = s.cached(50)["value"]
    pg.sql("ALTER TABLE things DISABLE TRIGGER USER; UPDATE things SET v = v + 1 WHERE id = 50; "
           "ALTER TABLE things ENABLE TRIGGER USER")             # as if the notification had gone by
    assert s.get(50)["value"] == fresh
    pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'storer-listen'")
    s.until("the listener again", 10, lambda t: t["listener_lost"] >= 1 and t["listening"] and
            t["flushes"] > flushed and not t["flushing"])
    assert s.get(50)["value"] != fresh
    s.quit()
    print("ok: what was not heard is flushed")


def quietly(pg, sql):
    """A change that nobody is told of."""
    pg.sql("ALTER TABLE things DISABLE TRIGGER USER; %s; ALTER TABLE things ENABLE TRIGGER USER" % sql)


def listens_late(bench, pg, redis):
    """The first LISTEN comes late: what changed until then is not known either."""
    redis.call("FLUSHALL")
    pg.sql("CREATE ROLE deaf LOGIN CONNECTION LIMIT 0")
    for options in ((), ("-s",)):
        s = Storer(bench, pg, redis, "-L", "user=deaf", *options)
        s.until("Redis", 5, lambda t: t["redis_up"] and not t["flushing"])
        old = s.cached(50)["value"]
        pg.sql("UPDATE things SET v = v + 1 WHERE id = 50")                # told to nobody who hears it
        assert s.get(50)["value"] == old and not s.stats()["listening"]
        pg.sql("ALTER ROLE deaf CONNECTION LIMIT 1")
        s.until("the flush", 15, lambda t: t["listening"] and t["flushes"] >= len(options) + 1 and not t["flushing"])
        assert s.get(50)["value"] != old
        s.quit()
        pg.sql("ALTER ROLE deaf CONNECTION LIMIT 0")
    # at once: a warm cache stays warm, unless it is not to be trusted
    s = Storer(bench, pg, redis).ready()
    s.cached(50)
    s.quit()
    s = Storer(bench, pg, redis).ready()
    assert SLOW > 1 or (s.get(50)["from"] == "cache" and s.stats()["flushes"] == 0)
    quietly(pg, "UPDATE things SET v = v + 1 WHERE id = 50")
    s.quit()
    s = Storer(bench, pg, redis, "-s").ready()
    s.until("the flush", 5, lambda t: t["flushes"] >= 1 and not t["flushing"])
    assert s.get(50)["value"].startswith(pg.sql("SELECT v FROM things WHERE id = 50") + " ")
    s.quit()
    print("ok: a first LISTEN that is late")


def put_fails(bench, pg):
    """What could not be put leaves nothing older behind."""
    redis = redis_in(bench)
    s = Storer(bench, pg, redis, "-n", "-D", "%d" % (300 * SLOW)).ready(False)

    def stale(i):
        """Caches a row and changes it; what the cache has of it."""
        old = s.cached(i)["value"]
        quietly(pg, "UPDATE things SET v = v + 1 WHERE id = %d" % i)
        assert s.get(i)["value"] == old
        return old
    # no room: what stood there goes
    old = stale(52)
    redis.call("CONFIG", "SET", "maxmemory", "1")
    assert s.done("put tx 52 high by hand")["code"] != "ok"
    assert s.get(52)["value"] != old and s.stats()["flushes"] == 0
    redis.call("CONFIG", "SET", "maxmemory", "0")
    # no answer
    old = stale(53)
    redis.pause()
    assert s.done("put tx 53 high by hand")["code"] in ("timeout", "lost")
    redis.go_on()
    s.until("the flush", 10, lambda t: t["redis_up"] and t["flushes"] == 1 and not t["flushing"])
    assert s.get(53)["value"] != old
    # what may not be cached cannot be taken out either, nor can anything else be
    old = stale(54)
    redis.call("ACL", "SETUSER", "default", "-unlink")
    assert s.done('put tx 54 high {"private_key": "0123456789abcdef"}')["code"] != "ok"
    assert s.get(54)["value"] != old
    s.seconds(1.5)
    assert s.get(54)["value"] != old
    redis.call("ACL", "SETUSER", "default", "+unlink")
    s.until("the flush", 10, lambda t: t["flushes"] >= 2 and not t["flushing"])
    s.cached(54)
    # read-only
    old = stale(55)
    redis.call("CONFIG", "SET", "replica-serve-stale-data", "yes")
    redis.call("REPLICAOF", "127.0.0.1", "1")
    assert s.done("put tx 55 high by hand")["code"] != "ok"
    assert s.get(55)["value"] != old
    s.seconds(1.5)
    assert s.get(55)["value"] != old
    s.quit()
    redis.kill()
    print("ok: a put that fails leaves nothing old")


def comes_back_older(bench, pg):
    """A Redis that was killed and loads what it had saved before a drop: what the drop removed is not read."""
    redis = redis_in(bench, "--save", "3600", "1")
    for options in ((), ("-n",)):
        s = Storer(bench, pg, redis, "-D", "%d" % (500 * SLOW), *options).ready(not options)
        watcher = Storer(bench, pg, redis, "-n", "-D", "%d" % (500 * SLOW)).ready(False)       # drops nothing itself
        old = s.cached(50)["value"]
        assert watcher.cached(50)["value"] == old
        assert redis.call("SAVE") == b"+OK\r\n"
        quietly(pg, "UPDATE things SET v = v + 1 WHERE id = 50")
        assert s.done("drop tx 50")["code"] == "ok"
        redis.kill()
        for x in (s, watcher):
            x.until("the loss", 10, lambda t: not t["redis_up"])
        restart(bench, redis)
        assert redis.call("EXISTS", "test:tx:50") == b":1\r\n", "it has what it saved"
        for x in (s, watcher):
            x.until("Redis again", 10, lambda t: t["redis_up"])
            for _ in range(20):
                got = x.get(50)
                assert got["value"] != old, got
            assert x.until("the flush", 10, lambda t: not t["flushing"])["flushes"] == 1, x.stats()
            assert x.cached(50)["value"] != old
        # the same server, only the connection was cut: what it has stays
        before = s.stats()["redis_lost"]
        redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        t = s.until("Redis again", 10, lambda t: t["redis_lost"] > before and t["redis_up"])
        assert t["flushes"] == 1 and s.get(50)["from"] == "cache", t
        s.quit()
        watcher.quit()
    # one that does not let us see who it is: every new connection is to another one
    redis.call("ACL", "SETUSER", "default", "-info")
    s = Storer(bench, pg, redis, "-n").ready(False)
    s.cached(50)
    redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    s.until("the flush", 10, lambda t: t["redis_lost"] == 1 and t["flushes"] == 1 and not t["flushing"])
    s.cached(50)
    redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    s.until("the flush", 10, lambda t: t["redis_lost"] == 2 and t["flushes"] == 2 and not t["flushing"])
    assert sum("(INFO)" in e.get("words", "") for e in s.past) == 1, "said once"
    s.quit()
    redis.kill()
    print("ok: a Redis that comes back older")


def full(bench, pg):
    redis = redis_in(bench, "--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
    s = Storer(bench, pg, redis).ready()
    redis.call("CONFIG", "SET", "maxmemory", "1")
    s.send("load 20 500 tx")
    t = s.tally("reads", 20, lambda t: t["ok"] > 2000)
    assert t["failed"] == 0 and t["cached"] == 0, t
    assert s.done("drop tx 1")["code"] == "ok"
    assert s.stats()["flushes"] == 0, "a full Redis still takes an UNLINK"
    redis.call("CONFIG", "SET", "maxmemory", "0")
    s.tally("the cache", 20, lambda t: t["cached"] > 1000)
    s.send("calm")
    s.quit()
    # one that refuses our writes altogether
    redis.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    redis.call("REPLICAOF", "127.0.0.1", "1")
    redis.call("CONFIG", "SET", "replica-serve-stale-data", "yes")
    s = Storer(bench, pg, redis).ready()
    s.send("load 20 500 raw")
    t = s.tally("reads", 20, lambda t: t["ok"] > 2000)
    assert t["failed"] == 0, t
    assert s.done("drop tx 1")["code"] != "ok"
    time.sleep(0.3)
    before, began = s.stats(), time.monotonic()
    time.sleep(1.5)
    after = s.stats()
    assert after["flushes"] - before["flushes"] <= 2 + (time.monotonic() - began), "tried again now and then, not all the time"
    t = s.tally("", 1, lambda t: True)
    assert t["failed"] == 0, t
    s.quit()
    redis.kill()
    print("ok: a full Redis, a read-only Redis")


def postgres_restarts(bench, pg, redis):
    redis.call("FLUSHALL")
    s = Storer(bench, pg, redis, "-a", "%d" % (1500 * SLOW), "-D", "%d" % (5000 * SLOW)).ready()
    for i in range(1, 101):
        assert s.get(i)["code"] == "ok"
    s.until("the refills", 5, lambda t: t["sets"] >= 100)
    s.send("load 50 100 tx")
    s.tally("a warm cache", 20, lambda t: t["cached"] > 5000)
    pg.stop()
    before = s.tally("", 1, lambda t: True)
    t = s.tally("cached reads without PostgreSQL", 10, lambda t: t["cached"] > before["cached"] + 5000)
    assert t["failed"] == 0, t
    missed = s.get(500)
    assert missed["code"] == "timeout" and "no connection" in missed["why"], missed
    pg.start()
    s.until("the flush after the listener was away", 15, lambda t: t["listening"] and t["flushes"] >= 1 and not t["flushing"])
    after = s.tally("", 1, lambda t: True)
    t = s.tally("reads", 20, lambda t: t["cached"] > after["cached"] + 5000)
    assert t["failed"] == 0, t
    # misses all the time: a read that was under way is asked again
    s.send("calm")
    s.quit()
    s = Storer(bench, pg, redis, "-a", "%d" % (20000 * SLOW)).ready()
    s.send("load 50 2000 secret")
    s.tally("reads", 10, lambda t: t["ok"] > 1000)
    pg.stop()
    pg.start()
    before = s.tally("", 1, lambda t: True)
    t = s.tally("reads", 20, lambda t: t["ok"] > before["ok"] + 1000)
    assert t["failed"] <= 50, t
    s.send("calm")
    s.quit()
    print("ok: PostgreSQL restarted under load, what is cached is served; of %d uncached reads %d failed" % (t["ok"], t["failed"]))


def published(bench, pg, redis):
    s = Storer(bench, pg, redis, "-N", "bridge-api").ready()
    s.send("load 10 100 tx")
    deadline = time.monotonic() + 10 * SLOW
    while True:
        line = redis.call("HVALS", "dytop:stores")
        if b"pool_open=" in line and b"hits=" in line:
            break
        assert time.monotonic() < deadline, line
        time.sleep(0.1)
    assert b"bridge-api@" in redis.call("HKEYS", "dytop:stores")
    assert 0 < int(redis.call("TTL", "dytop:stores")[1:-2]) <= 30
    # one that is no more goes from there, and the dashboard's panels show what the other one counts
    redis.call("HSET", "dytop:stores", "dead@host:1", "at=1 gets=5")
    done = subprocess.run(["./dytop", "--no-postgres", "--redis", "redis://127.0.0.1:%d" % redis.port, "-n", "3", "-i", "2.5", "--panel",
                           "cache_store,store_pool", "--format", "json"] + RECORD,
                          capture_output=True, text=True, timeout=60 * SLOW, env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert done.returncode == 0, done.stderr
    frames = json.loads(done.stdout)["frames"]
    panels = {p["panel"]: p["rows"] for p in frames[-1]["panels"]}
    store = [r for r in panels["cache_store"] if r["store"].startswith("bridge-api@")][0]
    assert store["gets"] > 100 and store["hit"] > 90 and store["hit_p99"] > 0 and store["listening"] is True, store
    pool = [r for r in panels["store_pool"] if r["store"].startswith("bridge-api@")][0]
    assert pool["open"] >= 5 and pool["max"] == 20 and pool["leaking"] == 0, pool
    deadline = time.monotonic() + 15 * SLOW
    while b"dead@host" in redis.call("HKEYS", "dytop:stores"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    s.send("calm")
    s.quit()
    print("ok: published")


def percentiles(bench, pg, redis):
    """What is published is of the last interval: one slow answer shows, after any number of quick ones, and is over with it."""
    s = Storer(bench, pg, redis, "-N", "bridge-slow").ready()
    s.cached(3)
    for _ in range(3):
        s.send("many 1000 tx 3")
        s.event("many", 20)

    def told():
        s.get(3)
        line = re.search(rb"at=[^\r]* hit_p99_us=([0-9.]+)", redis.call("HGET", "dytop:stores", name))
        return float(line.group(1)) / 1e6 if line else None

    def until(what, test):
        deadline = time.monotonic() + 20 * SLOW
        while not test(told()):
            assert time.monotonic() < deadline, "%s; hit_p99 is %s" % (what, told())
            time.sleep(0.05)
    wait_until("its field", 10, lambda: b"bridge-slow@" in redis.call("HKEYS", "dytop:stores"))
    name = re.search(rb"bridge-slow@\S+", redis.call("HKEYS", "dytop:stores")).group().decode()
    until("quick answers", lambda p99: p99 is not None and p99 < 0.3)
    redis.pause()
    s.send("get tx 3")
    time.sleep(0.5)
    redis.go_on()
    assert s.event("got", 20)["from"] == "cache"
    until("the slow one", lambda p99: p99 is not None and p99 >= 0.4)
    until("it is over", lambda p99: p99 is not None and p99 < 0.3)
    # nobody asks: nothing is known, and nothing told
    wait_until("a silent interval", 20, lambda: b"hit_p99_us" not in redis.call("HGET", "dytop:stores", name))
    s.quit()
    print("ok: percentiles are those of the last interval")


def main():
    with Bench() as bench:
        pg = bench.postgres(max_connections="60")
        things(pg)
        redis = redis_in(bench)
        for test in (redis_dies, stale_after_absence, comes_back_older, listens_late, put_fails, full, postgres_restarts, published,
                     percentiles):
            if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
                continue
            if test in (full, put_fails, comes_back_older):
                test(bench, pg)
            else:
                test(bench, pg, redis)
        redis.kill()


main()
