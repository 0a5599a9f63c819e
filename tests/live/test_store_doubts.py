#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""bridge/store on a Redis Cluster that is not what it was: a node that comes back with what it had saved before a drop, a replica that
takes over without the last drops, a node that is away while the others serve, slots that move under a sweep or out of a node that was
not told of a drop. What a drop removed is never read, and what has nothing to do with it stays cached."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, wait_until
from servers import Skip
from storer import Storer, things
from test_redis_cluster import cluster, keys, node_id, owner_of


def quietly(pg, sql):
    pg.sql("ALTER TABLE things DISABLE TRIGGER USER; %s; ALTER TABLE things ENABLE TRIGGER USER" % sql)


def flush(servers):
    for s in servers:
        s.call("FLUSHALL")


def storer(bench, pg, server, *options):
    return Storer(bench, pg, server, "-n", "-D", "%d" % (500 * SLOW), *options).ready(False)


def settled(servers):
    wait_until("the cluster", 40, lambda: all(b"cluster_state:ok" in x.call("CLUSTER", "INFO") for x in servers))


def elsewhere(servers, owner, count):
    """Ids whose keys that server does not have."""
    return [i for i in range(100, 200) if owner_of(servers, "test:tx:%d" % i)[1] is not owner][:count]


def begin_move(slot, source, target, *names):
    source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
    target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
    if names:
        moved = source.call("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *names)
        assert moved in (b"+OK\r\n", b"+NOKEY\r\n"), moved


def end_move(servers, slot, source, target):
    for x in (target, source, *[y for y in servers if y not in (source, target)]):
        x.call("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))


def never(stores, key, old, seconds=20):
    """Gets until each store has it in the cache again; no answer is the old one."""
    for s in stores:
        deadline = time.monotonic() + seconds * SLOW
        while True:
            got = s.get(key)
            assert got["value"] != old, got
            if got["from"] == "cache":
                break
            assert time.monotonic() < deadline, "never cached: %s" % s.stats()
            time.sleep(0.005)


def away(bench, pg, servers):
    """A node dies and is not told of a drop: the others' keys stay, and are read from the cache. It comes back with what it had saved
    before a drop that it had confirmed: that is not read."""
    servers = servers[:3]
    flush(servers)
    for x in servers:
        x.call("CONFIG", "SET", "cluster-require-full-coverage", "no")
    slot, owner, other = owner_of(servers, "test:tx:7")
    stores = [storer(bench, pg, other) for _ in range(2)]
    ids = elsewhere(servers, owner, 20)
    for i in ids:
        stores[0].cached(i)
    old = stores[0].cached(7)["value"]
    assert stores[1].cached(7)["value"] == old
    sizes = [keys(x) for x in servers if x is not owner]
    assert owner.call("SAVE") == b"+OK\r\n"
    quietly(pg, "UPDATE things SET v = v + 1 WHERE id = 7")
    assert stores[0].done("drop tx 7")["code"] == "ok"
    owner.kill()
    assert stores[0].done("drop tx 7")["code"] != "ok"
    quietly(pg, "UPDATE things SET v = v + 1 WHERE id = 7")
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        for s in stores:
            for i in ids[:5]:
                got = s.get(i)
                assert got["from"] == "cache", (got, s.stats())
        got = stores[0].get(7)
        assert got["from"] == "database" and got["value"] != old
        time.sleep(0.05)
    assert [keys(x) for x in servers if x is not owner] == sizes, "nothing of theirs was dropped"
    owner.start()
    bench.clients.append(owner.process)
    never(stores, 7, old, 40)
    for s in stores:
        assert s.stats()["flushes"] >= 1 and s.stats()["redis_lost"] == 0, s.stats()
        assert s.get(ids[0])["from"] == "cache"
        s.quit()
    assert [keys(x) for x in servers if x is not owner] == sizes
    settled(servers)
    print("ok: a node is away, and comes back older")


def takeover(bench, pg, servers):
    """A replica that has not heard of a drop takes over from a node that is no more."""
    flush(servers[:3])
    slot, owner, other = owner_of(servers, "test:tx:7")
    replica = servers[3]
    replica.call("CLUSTER", "MEET", "127.0.0.1", owner.port)
    wait_until("it knows its primary", 20, lambda: node_id(owner).encode() in replica.call("CLUSTER", "NODES"))
    wait_until("it may follow", 20, lambda: replica.call("CLUSTER", "REPLICATE", node_id(owner)) == b"+OK\r\n", 0.2)
    wait_until("replication", 30, lambda: b"master_link_status:up" in replica.call("INFO", "replication"))
    stores = [storer(bench, pg, other) for _ in range(2)]
    ids = elsewhere(servers, owner, 5)
    for s in stores:
        for i in (7, *ids):
            s.cached(i)
    old = stores[0].get(7)["value"]
    wait_until("the replica has it", 10, lambda: keys(replica) == keys(owner) > 0)
    replica.pause()
    owner.call("CLIENT", "KILL", "TYPE", "replica")
    wait_until("the link is cut", 10, lambda: b"connected_slaves:0" in owner.call("INFO", "replication"))
    quietly(pg, "UPDATE things SET v = v + 1 WHERE id = 7")
    assert stores[0].done("drop tx 7")["code"] == "ok"
    owner.kill()
    replica.go_on()
    wait_until("the replica takes over", 20, lambda: replica.call("CLUSTER", "FAILOVER", "TAKEOVER") == b"+OK\r\n" and
               b"role:master" in replica.call("INFO", "replication"))
    never(stores, 7, old, 40)
    for s in stores:
        assert s.stats()["flushes"] >= 1, s.stats()
        assert s.get(ids[0])["from"] == "cache", "of a node that has nothing to do with it"
        s.quit()
    # back to what it was
    owner.start()
    bench.clients.append(owner.process)
    wait_until("the old one follows", 40, lambda: b"master_link_status:up" in owner.call("INFO", "replication"))
    wait_until("the old one takes over", 20, lambda: owner.call("CLUSTER", "FAILOVER", "TAKEOVER") == b"+OK\r\n" and
               b"role:master" in owner.call("INFO", "replication"))
    wait_until("all know it", 30, lambda: all(b"-MOVED" in x.call("GET", "test:tx:7") and
                                              str(owner.port).encode() in x.call("GET", "test:tx:7")
                                              for x in servers[:3] if x is not owner))
    wait_until("it is nobody's replica", 20, lambda: b"role:slave" in replica.call("INFO", "replication"))
    replica.call("CLUSTER", "RESET", "HARD")
    for x in servers[:3]:
        for line in x.call("CLUSTER", "NODES").split(b"\n"):
            if b":%d@" % replica.port in line:
                x.call("CLUSTER", "FORGET", line.split()[0])
    settled(servers[:3])
    print("ok: a replica takes over without the last drop")


def sweeps(bench, pg, servers):
    """Slots that move before, during and after a sweep, also to a node that nobody heard of yet."""
    flush(servers[:3])
    added = servers[3]
    slot, source, _ = owner_of(servers, "test:raw:7")
    s = storer(bench, pg, source)
    added.call("FLUSHALL")
    added.call("CLUSTER", "MEET", "127.0.0.1", source.port)
    wait_until("all know each other", 30, lambda: all(x.call("CLUSTER", "NODES").count(b" connected") == 4 for x in servers))
    settled(servers)
    # it has a slot already
    source.call("SET", "test:raw:7", "1")
    begin_move(slot, source, added, "test:raw:7")
    assert keys(added) == 1
    # on its way: the node that takes it over owns nothing yet
    dropped = s.done("prefix raw:")
    assert dropped["code"] == "ok" and dropped["count"] == 1 and keys(added) == 0, dropped
    end_move(servers, slot, source, added)
    added.call("SET", "test:raw:7", "1")
    assert keys(added) == 1
    other = storer(bench, pg, source)
    dropped = other.done("prefix raw:")
    assert dropped["code"] == "ok" and dropped["count"] == 1 and keys(added) == 0, dropped
    other.quit()
    # a node that is new to a store that knew the others: what it has of slots that it takes over is not trusted, once
    begin_move(slot, added, source)
    end_move(servers, slot, added, source)
    # while it is being swept: from a node with much to look at to one that is through
    tag = next("{%d}" % i for i in range(1000) if owner_of(servers, "{%d}" % i)[1] is source)
    for i in range(10):
        source.call("EVAL", "for i = 1, 20000 do redis.call('SET', KEYS[1] .. ':' .. ARGV[1] .. ':' .. i, 'x') end", "1", tag, str(i))
    left = []
    for turn in range(6):
        names = ["test:raw:{7}.%d.%d" % (turn, i) for i in range(60)]
        moving, here, there = owner_of(servers, names[0])
        if here is not source:
            begin_move(moving, here, source)
            end_move(servers, moving, here, source)
            here, there = source, here
        for name in names:
            assert here.call("SET", name, "1") == b"+OK\r\n"
        s.send("prefix raw:")
        time.sleep(0.005 * turn)
        begin_move(moving, here, there, *names)
        end_move(servers, moving, here, there)
        dropped = s.event("done", 60)
        assert dropped["code"] == "ok", dropped
        left += [name for name in names for x in (here, there) if x.call("EXISTS", name) == b":1\r\n"]
    assert not left, left
    assert s.stats()["redis_lost"] == 0
    s.quit()
    flush(servers)
    print("ok: slots move under a sweep")


def carried_over(bench, pg, servers):
    """A node was not told of a drop; the slot moves to one that is in no doubt before the first one could be flushed."""
    flush(servers)
    slot, source, target = owner_of(servers, "test:tx:7")
    s = storer(bench, pg, target)
    ids = elsewhere(servers, source, 5)
    old = s.cached(7)["value"]
    third = [i for i in ids if owner_of(servers, "test:tx:%d" % i)[1] is not target][0]
    for i in ids:
        s.cached(i)
    quietly(pg, "UPDATE things SET v = v + 1 WHERE id = 7")
    source.call("ACL", "SETUSER", "default", "-set", "-unlink")
    assert s.done("drop tx 7")["code"] != "ok"
    assert s.get(7)["value"] != old and s.get(third)["from"] == "cache"
    begin_move(slot, source, target, "test:tx:7")
    assert s.get(7)["value"] != old
    end_move(servers, slot, source, target)
    assert target.call("EXISTS", "test:tx:7") == b":1\r\n"
    never([s], 7, old)
    s.cached(third)
    source.call("ACL", "SETUSER", "default", "+set", "+unlink")
    here = next(i for i in range(1, 100) if owner_of(servers, "test:tx:%d" % i)[1] is source)
    s.cached(here)
    s.quit()
    begin_move(slot, target, source, "test:tx:7")
    end_move(servers, slot, target, source)
    print("ok: a doubt goes with the slot")


def not_told(bench, pg, servers):
    """A user who may not ask for the slots: keys are found by MOVED; a sweep that would miss some says so."""
    servers = servers[:3]
    flush(servers)
    ids = [next(i for i in range(1, 200) if owner_of(servers, "test:tx:%d" % i)[1] is x) for x in servers]
    for x in servers:
        x.call("ACL", "SETUSER", "default", "-cluster")
    s = storer(bench, pg, servers[0])
    for i in ids:
        s.send("get tx %d" % i)
        assert s.event("got")["code"] == "ok"
    s.cached(ids[0])
    done = s.done("prefix tx:")
    assert done["code"] != "ok" and "CLUSTER SLOTS" in done["why"], done
    assert s.get(ids[0])["from"] == "database", "what it could not sweep is not read"
    s.quit()
    for x in servers:
        x.call("ACL", "SETUSER", "default", "+cluster")
    print("ok: a sweep that cannot know all nodes fails")


def ends_in_the_midst(bench, pg, servers):
    """With a sweep, a look at the slots and a flush under way; a sanitizer tells what is left behind."""
    servers = servers[:3]
    flush(servers)
    slot, owner, other = owner_of(servers, "test:tx:7")
    for commands in (("prefix tx:", "prefix "), ("drop tx 7", "get tx 7", "put tx 7 high x", "prefix ")):
        s = storer(bench, pg, other)
        s.cached(7)
        owner.pause()
        for command in commands:
            s.send(command)
        s.seconds(0.05)
        s.quit()
        owner.go_on()
        settled(servers)
    s = storer(bench, pg, other)
    s.cached(7)
    s.quit()
    print("ok: ends in the midst")


def main():
    with Bench() as bench:
        pg = bench.postgres(max_connections="60")
        things(pg)
        try:
            with cluster(4, "--cluster-node-timeout", "%d" % (2000 * SLOW)) as servers:
                for test in (away, carried_over, not_told, ends_in_the_midst, takeover, sweeps):
                    if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                        test(bench, pg, servers)
        except Skip as why:
            print("SKIP: %s" % why)
            sys.exit(77)


main()
