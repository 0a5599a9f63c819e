#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A real cluster of three (source/redis_cluster): slots, MOVED, ASK, a node that dies, CLUSTERDOWN; one server by the same way."""

import contextlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import SLOW, Redis, folder, free_port, need, run, wait_for
from test_redis_work import Driver


def cluster_port():
    """A port whose cluster bus (10000 higher) is free too."""
    while True:
        port = free_port()
        if port < 50000:
            return port
        port -= 15000
        if port + 10000 < 65536:
            return port


@contextlib.contextmanager
def cluster(nodes=3, *options):
    """`nodes` servers that share the slots; the first ones are primaries."""
    with contextlib.ExitStack() as stack:
        servers = []
        for _ in range(nodes):
            servers.append(stack.enter_context(Redis(
                stack.enter_context(folder()), "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
                "--cluster-node-timeout", str(int(2000 * SLOW)), *options, port=cluster_port())))
        subprocess.run([need("redis-cli"), "--cluster", "create", *(f"127.0.0.1:{s.port}" for s in servers[:3]),
                        "--cluster-replicas", "0", "--cluster-yes"], check=True, stdout=subprocess.DEVNULL, timeout=30 * SLOW)
        wait_for("cluster", lambda: all(b"cluster_state:ok" in s.call("CLUSTER", "INFO") for s in servers[:3]), 20)
        yield servers


def node_id(server):
    return server.call("CLUSTER", "MYID").split(b"\r\n")[1].decode()


def owner_of(servers, key):
    """(slot, its server, another one)"""
    slot = int(servers[0].call("CLUSTER", "KEYSLOT", key)[1:])
    mine = [s for s in servers[:3] if not s.call("GET", key).startswith(b"-MOVED")]
    assert len(mine) == 1, mine
    return slot, mine[0], next(s for s in servers[:3] if s is not mine[0])


def keys(server):
    return int(server.call("DBSIZE")[1:])


def test_one_server():
    with folder() as d, Redis(d) as redis, Driver("-C", f"redis://127.0.0.1:{redis.port}/2") as driver:
        driver.do("send GET a")
        assert "not connected" in driver.next("lost")["text"]
        driver.do("open")
        assert driver.next("up")["text"] == "single"
        driver.do("pump 20000 100")
        assert driver.next("many", 30)["number"] == 20000
        driver.do("check 20000 100")
        assert driver.next("many", 30)["number"] == 20000
        driver.do("nodes")
        assert driver.next("reply")["number"] == 20000
        redis.kill()
        assert "closed" in driver.next("lost")["text"]
        redis.start()
        driver.do("open")
        driver.next("up")


def test_three_nodes():
    with cluster() as servers, Driver("-C", f"127.0.0.1:{servers[1].port}") as driver:
        driver.do("open")
        up = driver.next("up")
        assert up["text"] == "cluster" and up["number"] == 3, up
        driver.do("pump 50000 300")
        assert driver.next("many", 60)["number"] == 50000
        assert sum(map(keys, servers)) == 50000 and min(map(keys, servers)) > 15000
        driver.do("check 50000 300")
        assert driver.next("many", 60)["number"] == 50000
        driver.do("nodes")
        assert sum(driver.next("reply")["number"] for _ in range(3)) == 50000
        driver.do("send MGET {a}1 {a}2", "send MGET a b c d")
        assert driver.next("reply")["event"] == "reply" and "CROSSSLOT" in driver.next("reply")["text"]
        # a slot under way: ASK sends single commands over, MOVED all of them
        driver.do("send SET {here}1 one")
        driver.next("reply")
        slot, source, target = owner_of(servers, "{here}1")
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
        driver.do("send SET {here}2 two", "send GET {here}1", "send GET {here}2")
        assert [driver.next("reply")["text"] for _ in range(3)].count("two") == 1
        with_asking = source.call("GET", "{here}2")
        assert with_asking.startswith(b"-ASK"), with_asking
        source.call("MIGRATE", "127.0.0.1", target.port, "{here}1", 0, 5000)
        for s in servers:
            s.call("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))
        driver.do("send GET {here}1")
        assert driver.next("reply")["text"] == "one"
        driver.do("send GET {here}2")
        assert driver.next("reply")["text"] == "two"


def test_a_node_dies_and_comes_back():
    with cluster() as servers, Driver("-C", "-d", str(int(1500 * SLOW)), f"127.0.0.1:{servers[0].port}") as driver:
        driver.do("open")
        driver.next("up")
        driver.do("send SET k:1 x")
        driver.next("reply")
        slot, owner, other = owner_of(servers, "k:1")
        owner.kill()
        driver.do("send GET k:1")                       # tried until the deadline, then told; the others serve
        got = driver.next(None, 20)
        assert got["event"] == "lost" or "CLUSTERDOWN" in got["text"], got
        wait_for("cluster down", lambda: b"cluster_state:fail" in other.call("CLUSTER", "INFO"), 20)
        driver.do("send GET k:1")
        assert driver.next(None, 20)["event"] in ("lost", "reply")
        owner.start()
        wait_for("cluster up", lambda: all(b"cluster_state:ok" in s.call("CLUSTER", "INFO") for s in servers), 30)
        driver.do("send SET k:1 y", "send GET k:1")
        assert driver.next("reply", 20)["text"] == "OK" and driver.next("reply")["text"] == "y"
        for s in servers:
            s.kill()
        down = driver.next(None, 20)
        assert "closed the connection" in down["text"] or "refused" in down["text"] or "reset" in down["text"], down
        driver.do("send GET k:1")
        while "not connected" not in driver.next(None, 20)["text"]:
            pass


def test_a_user_who_may_not_ask():
    with cluster() as servers:
        for s in servers:
            s.call("ACL", "SETUSER", "worker", "on", ">pw", "~*", "-@all", "+get", "+set", "+dbsize", "+asking")
        with Driver("-C", "-u", "worker", f"127.0.0.1:{servers[2].port}", password="pw") as driver:
            driver.do("open")
            driver.next("up")
            driver.do("pump 3000 50")                   # MOVED teaches
            assert driver.next("many", 30)["number"] == 3000
            assert sum(map(keys, servers)) == 3000 and min(map(keys, servers)) > 800


def test_a_database_is_refused():
    with cluster() as servers, Driver("-C", f"redis://127.0.0.1:{servers[0].port}/1") as driver:
        driver.do("open")
        assert "SELECT" in driver.next()["text"]


if __name__ == "__main__":
    sys.exit(run(globals()))
