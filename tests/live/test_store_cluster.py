#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""bridge/store and dytop cache on a Redis Cluster of three: every way to read, put and invalidate, with slots that move under it (ASK,
MOVED) and a node that dies."""
import os
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, wait_until
from servers import Skip
from storer import Storer, things
from test_redis_cluster import cluster, node_id, owner_of


def body(i, v=1):
    return "%d %s" % (v, ("text of thing %d, " % i) * 20)


def value(servers, key):
    """Of the node that owns it; None: not there."""
    raw = owner_of(servers, "test:" + key)[1].call("GET", "test:" + key)
    return None if raw.startswith(b"$-1") else raw.split(b"\r\n", 1)[1][:-2]


def count(servers, pattern="test:*"):
    total = 0
    for s in servers:
        keys = s.call("EVAL", "return #redis.call('KEYS', ARGV[1])", "0", pattern)
        total += int(keys[1:-2])
    return total


def flush(servers):
    for s in servers:
        s.call("FLUSHALL")


def one_of_each(servers, kind="tx"):
    """An id on each node."""
    found = {}
    for i in range(1, 200):
        found.setdefault(owner_of(servers, "test:%s:%d" % (kind, i))[1].port, i)
        if len(found) == 3:
            return list(found.values())
    raise AssertionError(found)


def reads_and_drops(bench, pg, servers):
    s = Storer(bench, pg, servers[1]).ready()
    s.send("load 30 600 tx")
    s.tally("a warm cache", 20, lambda t: t["cached"] > 3000)
    s.send("calm")
    assert count(servers) >= 500 and min(int(x.call("DBSIZE")[1:]) for x in servers) > 100
    ids = one_of_each(servers)
    for i in ids:
        assert s.cached(i)["value"] == body(i)
        assert zlib.decompress(value(servers, "tx:%d" % i)).decode() == body(i)
        assert s.done("drop tx %d" % i)["code"] == "ok"
        assert value(servers, "tx:%d" % i) == b"dytop:invalidated"
        assert s.get(i)["from"] == "database"
        assert s.done("put tx %d high by hand" % i)["code"] == "ok"
        got = s.get(i)
        assert got["from"] == "cache" and got["value"] == "by hand", got
    # told by the database
    for i in ids:
        pg.sql("UPDATE things SET v = v + 1 WHERE id = %d" % i)
        deadline = time.monotonic() + 5 * SLOW
        while s.get(i)["value"] != body(i, 2):
            assert time.monotonic() < deadline
    # all that begin alike, on all nodes; others' stay
    for i in range(300):
        for key in ("test:raw:%d" % i, "other:%d" % i):
            owner_of(servers, key)[1].call("SET", key, "1")
    dropped = s.done("prefix tx:")
    assert dropped["code"] == "ok" and dropped["count"] >= 500, dropped
    assert count(servers, "test:tx:*") == 0 and count(servers, "test:raw:*") == 300
    assert s.done("security raw")["count"] == 300
    assert s.get(3, "raw")["from"] == "database" and s.get(3, "raw")["from"] == "database" and value(servers, "raw:3") is None
    assert s.cached(ids[0])["value"] == body(ids[0], 2)
    assert s.done("prefix ")["code"] == "ok" and count(servers) == 0 and count(servers, "other:*") == 300
    t = s.stats()
    assert t["leases"] and t["redis_lost"] == 0, t
    s.quit()
    print("ok: reads, puts, drops, events, sweeps on three nodes")


def moving(bench, pg, servers):
    """A slot half moved: what is there is there, what is not is asked for over there (ASK); then it is all over there (MOVED)."""
    flush(servers)
    pg.sql("UPDATE things SET v = 1; ALTER TABLE things DISABLE TRIGGER USER")
    s = Storer(bench, pg, servers[0], "-n").ready(False)
    slot, source, target = owner_of(servers, "test:tx:7")
    for kind in ("cached", "not cached"):
        if kind == "cached":
            assert s.cached(7)["value"] == body(7)
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
        if kind == "cached":
            assert s.get(7)["from"] == "cache", "still over here"
            source.call("MIGRATE", "127.0.0.1", target.port, "test:tx:7", 0, 5000)
        got = s.cached(7)                                # lease and refill are both sent over there
        assert got["value"] == body(7)
        assert source.call("GET", "test:tx:7").startswith(b"-ASK")
        assert s.done("drop tx 7")["code"] == "ok" and s.get(7)["from"] == "database"
        assert s.done("put tx 7 high moved by hand")["code"] == "ok" and s.get(7)["value"] == "moved by hand"
        assert s.done("prefix tx:")["code"] == "ok"
        assert s.get(7)["value"] == body(7), "the sweep finds what is over there"
        assert s.cached(7)["value"] == body(7)
        for x in servers:
            x.call("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))
        assert s.get(7)["from"] == "cache"               # by MOVED
        assert s.done("drop tx 7")["code"] == "ok" and s.get(7)["from"] == "database"
        assert s.done("prefix tx:")["code"] == "ok" and count(servers) == 0
        source, target = target, source
    assert s.stats()["redis_lost"] == 0
    s.quit()
    # the race, while slots go to and fro under it
    s = Storer(bench, pg, servers[0], "-n", "-T", "10").ready(False)
    s.send("race 3000 40 8 1")
    moves = 0
    deadline = time.monotonic() + 100 * SLOW
    while not any(e["event"] == "raced" for e in s.past) and time.monotonic() < deadline:
        i = moves % 40 + 1
        slot, source, target = owner_of(servers, "test:tx:%d" % i)
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
        source.call("MIGRATE", "127.0.0.1", target.port, "test:tx:%d" % i, 0, 5000)
        source.call("MIGRATE", "127.0.0.1", target.port, "test:tx:%d" % i, 0, 5000)
        for x in (target, source, *servers):
            x.call("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))
        moves += 1
        s.seconds(0.01)
    raced = next(e for e in s.past if e["event"] == "raced")
    assert raced["stale"] == 0 and raced["failed"] == 0 and raced["cached"] > 100, raced
    assert moves > 3, moves
    s.send("race 300 40 8 0")
    blind = s.event("raced", 60)
    assert blind["stale"] > 0, blind
    s.quit()
    pg.sql("ALTER TABLE things ENABLE TRIGGER USER")
    print("ok: 3000 updates while %d slots moved, none stale of %d reads" % (moves, raced["ok"]))


def a_node_dies(bench, pg, servers):
    flush(servers)
    s = Storer(bench, pg, servers[0]).ready()
    s.send("load 30 300 tx")
    s.tally("a warm cache", 20, lambda t: t["cached"] > 3000)
    slot, owner, other = owner_of(servers, "test:tx:7")
    owner.kill()
    before = s.tally("", 1, lambda t: True)
    s.tally("reads without it", 20, lambda t: t["ok"] > before["ok"] + 1000)
    pg.sql("UPDATE things SET v = 5 WHERE id = 7")
    deadline = time.monotonic() + 10 * SLOW
    while not s.get(7)["value"].startswith("5 "):
        assert time.monotonic() < deadline
    owner.start()
    bench.clients.append(owner.process)
    wait_until("the cluster", 30, lambda: all(b"cluster_state:ok" in x.call("CLUSTER", "INFO") for x in servers))
    s.until("the flush", 30, lambda t: t["redis_up"] and not t["flushing"] and t["flushes"] >= 1)
    before = s.tally("", 1, lambda t: True)
    t = s.tally("reads from the cache again", 30, lambda t: t["cached"] > before["cached"] + 3000)
    assert t["failed"] == 0, t
    s.send("calm")
    assert s.cached(7)["value"].startswith("5 ")
    s.quit()
    print("ok: a node dies and comes back, no read fails")


def by_command(bench, servers):
    """dytop cache on the same nodes."""
    flush(servers)
    for i in range(600):
        key = "dytallix:bridge:tx:t%d" % i
        owner_of(servers, key)[1].call("SET", key, "x")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DYTOP"))}
    env.update(LC_ALL="C.UTF-8", HOME=bench.dir)

    def dytop(*words):
        return subprocess.run(["./dytop", "cache", *words, "--no-postgres", "--yes", "--audit", os.path.join(bench.dir, "audit.jsonl"),
                               "--redis", "redis://127.0.0.1:%d" % servers[2].port], capture_output=True, text=True, env=env,
                              timeout=60 * SLOW, stdin=subprocess.DEVNULL)
    for i in (1, 2, 3, 4):
        one = dytop("drop", "tx:t%d" % i)
        key = "dytallix:bridge:tx:t%d" % i
        assert one.returncode == 0 and b"dytop:invalidated" in owner_of(servers, key)[1].call("GET", key), one
    some = dytop("drop-prefix", "tx:t1")
    assert some.returncode == 0 and "111 keys are gone" in some.stdout, some
    alarm = dytop("security-event", "tx")
    assert alarm.returncode == 0 and count(servers, "dytallix:*") == 0, alarm
    print("ok: dytop cache on three nodes")


def main():
    with Bench() as bench:
        pg = bench.postgres(max_connections="60")
        things(pg)
        try:
            with cluster(3, "--cluster-node-timeout", "%d" % (2000 * SLOW)) as servers:
                for test in (reads_and_drops, moving, a_node_dies):
                    if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                        test(bench, pg, servers)
                if len(sys.argv) < 2:
                    by_command(bench, servers)
        except Skip as why:
            print("SKIP: %s" % why)
            sys.exit(77)


main()
