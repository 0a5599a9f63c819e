#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop warm with other libraries and into other servers: libpq 17 and 18 (rows in chunks, cancel by a connection of libpq's own),
Redis 6 and Valkey, a cluster whose primary is replaced meanwhile, a cluster behind TLS, PostgreSQL behind a pooler."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_warm as base
from postgres import Bench
from servers import DYTOP, SLOW, TOP, Redis, Skip, folder, need, run, wait_for
from test_redis_cluster import cluster, cluster_port, node_id
from test_warm import PREFIX, Client, check_value, recipe, table, warm

ROWS = 1000
CERTS = POOLER = None


def fetched(script, *what):
    said = subprocess.run([os.path.join(TOP, "tests", "live", script), *what], capture_output=True, text=True)
    if said.returncode != 0:
        raise Skip(said.stderr.strip().split("\n")[-1])
    return said.stdout.split()


def check_all(clients, rows=None):
    """Every row is there, and every value is the row's."""
    rows = rows or table()
    seen = set()
    for client in clients:
        keys = client.keys(PREFIX + "*")
        for key, stored in zip(keys, client.many([("GET", k) for k in keys])):
            check_value(key, zlib.decompress(stored), rows)
            seen.add(key)
    assert len(seen) == len(rows), (len(seen), len(rows))


def with_libpq(major):
    """A run of both ways of reading and a cancel with that libpq, whose TLS library is found beside it."""
    _, programs = fetched("fetch-postgres.sh", str(major))
    lib = os.path.join(os.path.dirname(programs), "lib")
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        own = os.path.join(d, "lib")
        os.mkdir(own)
        for name in os.listdir(lib):
            if name.startswith(("libpq.so.5", "libssl.so", "libcrypto.so")):
                os.symlink(os.path.join(lib, name), os.path.join(own, name))
        env = {"LD_LIBRARY_PATH": own}
        process = warm(redis, "--yes", "--rate", "250", env=env, wait=False)
        wait_for("some keys", lambda: client.call("DBSIZE") > 100, 30)
        with open(f"/proc/{process.pid}/maps") as f:
            assert f"libpq.so.5.{major}" in f.read()
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=30 * SLOW)
        report = json.loads(out)
        assert report["outcome"] == "cancelled" and client.call("DBSIZE") == report["written"] < ROWS, (out, said)
        gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop warm'"
        wait_for("the server to have ended it", lambda: base.PG.sql(gone).strip() == "0", 10)
        # as fast as it goes: 200 rows at once
        again = warm(redis, "--yes", "--rate", "0", env=env)
        assert again["already_there"] == report["written"] and again["written"] == ROWS - report["written"], again
        check_all([client])
        client.call("FLUSHALL")
        assert warm(redis, "--yes", "--rate", "0", "--rows", "350", env=env)["written"] == 350


def test_libpq_17():
    with_libpq(17)


def test_libpq_18():
    with_libpq(18)


def into(name):
    _, program, libraries = fetched("fetch-redis.sh", name)
    with folder() as d, Redis(d, program=[program], env=dict(os.environ, LD_LIBRARY_PATH=libraries)) as redis:
        client = Client(redis.port)
        report = warm(redis, "--yes")
        assert report["written"] == ROWS and report["redis_used_after"] > report["redis_used_before"] > 0, report
        check_all([client])
        assert warm(redis, "--yes")["already_there"] == ROWS
        client.call("CONFIG", "SET", "maxmemory", "1")
        assert warm(redis, "--yes", status=1)["outcome"] == "refused"


def test_redis_6():
    into("redis6")


def test_valkey():
    into("valkey")


@contextlib.contextmanager
def cluster_with_replica():
    """Three primaries, and a fourth server that copies the first one."""
    with cluster(4) as servers:
        servers[3].call("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        mine = node_id(servers[0])
        wait_for("the fourth to know the first", lambda: mine.encode() in servers[3].call("CLUSTER", "NODES"), 20)
        wait_for("a replica", lambda: servers[3].call("CLUSTER", "REPLICATE", mine) == b"+OK\r\n", 20, 0.2)
        wait_for("its copy", lambda: b"master_link_status:up" in servers[3].call("INFO", "replication"), 30)
        known = node_id(servers[3]).encode()
        wait_for("all to know it", lambda: all(known in s.call("CLUSTER", "NODES") for s in servers), 20)
        yield servers


def test_a_replica_takes_over():
    with cluster_with_replica() as servers:
        clients = [Client(s.port) for s in servers]
        size = lambda: sum(c.call("DBSIZE") for c in clients[:3])
        process = warm(servers[1], "--yes", "--rate", "250", wait=False)
        wait_for("some keys", lambda: size() > 150, 30)
        wait_for("a failover", lambda: servers[3].call("CLUSTER", "FAILOVER") == b"+OK\r\n", 10, 0.2)
        wait_for("its end", lambda: b"role:master" in servers[3].call("INFO", "replication"), 20)
        out, said = process.communicate(timeout=60 * SLOW)
        report = json.loads(out)
        assert process.returncode == 0 and report["written"] == ROWS and report["failed"] == report["unknown"] == 0, (out, said)
        check_all(clients[1:])
        wait_for("the old primary to follow", lambda: b"role:slave" in servers[0].call("INFO", "replication"), 20)
        # killed: what was under way is said to be unknown, and the next run brings the rest
        for client in clients[1:]:
            client.call("FLUSHALL")
        clients = clients[1:]
        process = warm(servers[1], "--yes", "--rate", "250", wait=False)
        wait_for("some keys", lambda: sum(c.call("DBSIZE") for c in clients) > 150, 30)
        clients = clients[:2]
        servers[3].kill()
        out, said = process.communicate(timeout=60 * SLOW)
        report = json.loads(out)
        assert process.returncode in (0, 1) and report["outcome"] == ("ok", "failed")[process.returncode], (out, said)
        wait_for("the old primary to take over", lambda: b"role:master" in servers[0].call("INFO", "replication"), 30)
        wait_for("a whole cluster", lambda: all(b"cluster_state:ok" in s.call("CLUSTER", "INFO") for s in servers[:3]), 30)
        again = warm(servers[1], "--yes")
        assert again["written"] + again["already_there"] == ROWS, again
        check_all([Client(s.port) for s in servers[:3]])


def test_a_cluster_behind_tls():
    tls = ["--tls-cert-file", CERTS["server_crt"], "--tls-key-file", CERTS["server_key"], "--tls-ca-cert-file", CERTS["ca"]]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Redis(
            stack.enter_context(folder()), "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout",
            str(int(5000 * SLOW)), "--tls-cluster", "yes", "--tls-replication", "yes", *tls, port=cluster_port(), tls=True)) for _ in range(3)]
        subprocess.run([need("redis-cli"), "--tls", "--cacert", CERTS["ca"], "--cert", CERTS["client_crt"], "--key", CERTS["client_key"],
                        "--cluster", "create", *(f"127.0.0.1:{s.port}" for s in servers), "--cluster-replicas", "0", "--cluster-yes"],
                       check=True, stdout=subprocess.DEVNULL, timeout=60 * SLOW)
        wait_for("cluster", lambda: all(b"cluster_state:ok" in s.call("CLUSTER", "INFO") for s in servers), 30)
        target = f"rediss://127.0.0.1:{servers[0].port}"
        mine = ["--redis-cacert", CERTS["ca"], "--redis-cert", CERTS["client_crt"], "--redis-key", CERTS["client_key"]]
        report = warm(servers[0], "--yes", *mine, target=target)
        assert report["written"] == ROWS, report
        sizes = [int(s.call("DBSIZE")[1:]) for s in servers]
        assert sum(sizes) == ROWS and min(sizes) > ROWS // 5, sizes
        assert warm(servers[0], "--yes", *mine, target=target)["already_there"] == ROWS
        said = warm(servers[0], "--yes", target=target, status=2)["said"]
        assert "unknown CA" in said, said


def through_pooler(*args, **more):
    own, base.PG = base.PG, POOLER
    try:
        return warm(*args, **more)
    finally:
        base.PG = own


def test_through_a_pooler():
    """Its sessions are not ours: no settings, so a recipe is kept from writing by a transaction; nothing is heard; all is left as it was."""
    sql = lambda text: base.PG.sql(text, dbname="bridge").strip()
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        report = through_pooler(redis, "--yes")
        assert report["written"] == ROWS and "heard through a pooler" in report["said"] and not report["changes_heard"], report
        check_all([client])
        states = sql("SELECT count(*) FROM bridge_state")
        for query in ("DELETE FROM bridge_state RETURNING 'a' AS key, 'b' AS value, 'low' AS priority",
                      "SELECT 'a' AS key, 'b' AS value, 'low' AS priority WHERE false\n-- estimate\nDELETE FROM bridge_state RETURNING 1"):
            recipe(d, "codec: raw", query)
            said = through_pooler(redis, "mine", "--yes", "--sql-dir", d, status=0 if "estimate" in query else 1)["said"]
            assert "read-only transaction" in said and sql("SELECT count(*) FROM bridge_state") == states != "0", said
        recipe(d, "codec: raw\nsnapshot: 1s", "SELECT 'k' || i AS key, '{}' AS value, 'low' AS priority FROM generate_series(1, 1000) AS i "
               "ORDER BY i")
        report = through_pooler(redis, "mine", "--yes", "--rate", "250", "--sql-dir", d)
        assert report["snapshots_renewed"] >= 2 and report["written"] == 1000, report
        assert sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'") == "0"
        shown = subprocess.run([*base.PSQL, "-A", "-t", "-d", POOLER.conninfo(dbname="bridge"), "-c", "SHOW default_transaction_read_only"], capture_output=True, text=True)
        assert shown.stdout.strip() == "off", shown


def main():
    global CERTS, POOLER
    with Bench() as bench:
        base.PG = bench.postgres()
        base.AUDIT = os.path.join(bench.dir, "audit.jsonl")
        CERTS = bench.certs()
        base.PG.sql("CREATE DATABASE bridge")
        subprocess.run([DYTOP, "bridge", "init", "--optimized", "--yes", "--rows", str(ROWS), "-d", base.PG.conninfo(dbname="bridge"), "--audit",
                        base.AUDIT], check=True, stdout=subprocess.DEVNULL, timeout=120 * SLOW)
        POOLER = bench.pgbouncer(base.PG)
        return run(globals())


if __name__ == "__main__":
    sys.exit(main())
