#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop warm while rows change: what is cached afterwards is what the database has, where the trigger tells of changes; without it the
snapshot's age is bounded. Each race is also run with the trigger off, where it must be lost: else it would show nothing."""

import json
import os
import pty
import random
import select
import subprocess
import sys
import threading
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_warm as base
from postgres import Bench
from servers import DYTOP, SLOW, Redis, folder, run, wait_for
from test_redis_cluster import cluster
from test_warm import PREFIX, Client, expected, recipe, table, warm

ROWS = 1500
TOMBSTONE = b"dytop:invalidated"
PG = None


def sql(text):
    return PG.sql(text, dbname="bridge")


def trigger(on):
    sql(f"ALTER TABLE bridge_transactions {'ENABLE' if on else 'DISABLE'} TRIGGER dytop_invalidate_update")


class Writer(threading.Thread):
    """Changes rows one by one, old and new ones in turns, each waited for, until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.enough = threading.Event()
        self.ids = sql("SELECT id FROM bridge_transactions ORDER BY created_at DESC").split()
        self.changed = set()
        self.start()

    def run(self):
        chance = random.Random(4)
        psql = subprocess.Popen([*base.PSQL, "-A", "-t", "-d", PG.conninfo(dbname="bridge")], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        while not self.enough.wait(0.004):
            one = chance.choice(self.ids)
            psql.stdin.write(f"UPDATE bridge_transactions SET asset_amount = asset_amount + 1 WHERE id = '{one}' RETURNING 1;\n")
            psql.stdin.flush()
            assert psql.stdout.readline() == "1\n"
            self.changed.add(one)
        psql.stdin.close()
        assert psql.wait(30 * SLOW) == 0

    def stop(self):
        self.enough.set()
        self.join()


def stale(clients):
    """Keys whose cached value is not what the database has; (those, cached ones, tombstones)."""
    rows, wrong, good, graves = table(), [], 0, 0
    for client in clients:
        keys = client.keys(PREFIX + "*")
        for key, value in zip(keys, client.many([("GET", k) for k in keys])):
            if value is None or value == TOMBSTONE:
                graves += 1
                continue
            value = json.loads(zlib.decompress(value))
            if value == expected(rows[key.decode()[len(PREFIX):]], value["cached_at"]):
                good += 1
            else:
                wrong.append(key)
    return wrong, good, graves


def race(redis, clients):
    """A slow warm-up with a writer beside it, which ends before it; its report."""
    size = lambda: sum(c.call("DBSIZE") for c in clients)
    for rate in (250, 120, 60):
        process = warm(redis, "--yes", "--rate", str(rate), wait=False)
        wait_for("its first keys", lambda: size() > 20, 30)
        writer = Writer()
        wait_for("half of its keys", lambda: size() > ROWS // 2 or process.poll() is not None, 120)
        writer.stop()
        beside = process.poll() is None
        out, said = process.communicate(timeout=120 * SLOW)
        assert process.returncode == 0, (process.returncode, out, said)
        if beside:
            assert len(writer.changed) > 20
            return json.loads(out), writer
        for client in clients:     # the machine stood still and the writer ended last: slower
            client.call("FLUSHALL")
    raise AssertionError("a writer cannot end before a warm-up at 60 keys/s")


def test_no_cached_value_differs():
    with folder() as d, Redis(d) as redis:
        clients = [Client(redis.port)]
        trigger(True)
        report, writer = race(redis, clients)
        wrong, good, _ = stale(clients)
        assert report["changes_heard"] and 0 < report["changed_meanwhile"] <= len(writer.changed), report
        assert not wrong and good >= ROWS - len(writer.changed), (wrong, good, report)
        clients[0].call("FLUSHALL")
        trigger(False)
        try:
            report, writer = race(redis, clients)
            wrong, good, _ = stale(clients)
            assert wrong and not report["changes_heard"] and report["changed_meanwhile"] == 0, report
        finally:
            trigger(True)


def test_in_a_cluster():
    with cluster() as servers:
        clients = [Client(s.port) for s in servers]
        report, writer = race(servers[0], clients)
        wrong, good, _ = stale(clients)
        assert report["changes_heard"] and report["changed_meanwhile"] > 0 and not wrong and good >= ROWS - len(writer.changed), report


def test_what_replaces_is_undone():
    """--overwrite puts old rows over what the application wrote: that is taken back, too, and a key that is not there is not made."""
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        newest, oldest = (sql(f"SELECT id FROM bridge_transactions ORDER BY created_at {way} LIMIT 1").strip() for way in ("DESC", "ASC"))
        process = warm(redis, "--yes", "--rate", "250", "--overwrite", wait=False)
        wait_for("its first key", lambda: client.call("EXISTS", PREFIX + newest), 30)
        for one in (newest, oldest):
            sql(f"UPDATE bridge_transactions SET status = 'failed' WHERE id = '{one}'")
        wait_for("a tombstone", lambda: client.call("GET", PREFIX + newest) in (TOMBSTONE, None), 4)
        report = json.loads(process.communicate(timeout=60 * SLOW)[0])
        assert report["changed_meanwhile"] == 2 and report["written"] == ROWS - 1, report
        assert client.call("EXISTS", PREFIX + oldest) == 0 and not stale([client])[0]


def test_too_many_at_once():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        client.call("SET", "dytallix:bridge:asset:eth", "stays")
        process = warm(redis, "--yes", "--rate", "250", wait=False)
        wait_for("some keys", lambda: client.call("DBSIZE") > 100, 30)
        sql("UPDATE bridge_transactions SET asset_amount = asset_amount + 1")
        out, said = process.communicate(timeout=60 * SLOW)
        assert process.returncode == 1 and "changed at once" in json.loads(out)["error"], (process.returncode, out, said)
        assert client.keys() == [b"dytallix:bridge:asset:eth"], client.keys()[:5]


def test_a_security_event_ends_it():
    """The class is compromised half-way: nothing more is written, and what was goes; with the trigger and without one."""
    for on in (True, False):
        with folder() as d, Redis(d) as redis:
            client = Client(redis.port)
            client.call("SET", "dytallix:bridge:asset:eth", "stays")
            trigger(on)
            try:
                process = warm(redis, "--yes", "--rate", "250", wait=False)
                wait_for("some keys", lambda: client.call("DBSIZE") > 100, 30)
                sql("NOTIFY dytop_invalidate, 'asset:!'")      # of another kind: nothing to it
                sql("NOTIFY dytop_invalidate, 'tx:!'")
                out, said = process.communicate(timeout=60 * SLOW)
            finally:
                trigger(True)
            report = json.loads(out)
            assert process.returncode == 1 and report["outcome"] == "failed", (process.returncode, out, said)
            assert "security event" in report["error"] and "is taken out" in report["error"], report
            assert report["changed_meanwhile"] == 0, "it is no key"
            assert client.keys() == [b"dytallix:bridge:asset:eth"], client.keys()[:5]


def test_a_security_event_while_it_asks():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(DYTOP, [DYTOP, "warm", "--watch", "0", "--audit", base.AUDIT, "-d", PG.conninfo(dbname="bridge"), "--redis",
                             f"redis://127.0.0.1:{redis.port}"])
        shown = b""
        try:
            while b"[y/N]" not in shown:
                shown += os.read(terminal, 65536)
            sql("NOTIFY dytop_invalidate, 'tx:!'")
            while select.select([terminal], [], [], 20 * SLOW)[0]:
                shown += os.read(terminal, 65536)
            raise AssertionError("it goes on asking: %r" % shown[-500:])
        except OSError:     # Linux: the other end is closed
            pass
        finally:
            os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert status == 1 and b"security event" in shown and client.call("DBSIZE") == 0, (status, shown[-500:])


def test_a_security_event_after_the_last_key():
    """All is written, and it still looks at the hit ratio."""
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        process = warm(redis, "--yes", "--rate", "0", "--watch", f"{4 * SLOW:.0f}s", wait=False)
        wait_for("all keys", lambda: client.call("DBSIZE") == ROWS, 30)
        sql("NOTIFY dytop_invalidate, 'tx:!'")
        out, said = process.communicate(timeout=60 * SLOW)
        assert process.returncode == 1 and "is taken out" in json.loads(out)["error"], (process.returncode, out, said)
        assert client.call("DBSIZE") == 0


def limited(client, *rules):
    """A user of that Redis with all rights but these; its address is that of `warm` with its name."""
    assert client.call("ACL", "SETUSER", "w", "reset", "on", ">pw", "+@all", *rules) == "OK"
    return lambda redis: f"redis://w:pw@127.0.0.1:{redis.port}"


def test_what_cannot_be_taken_back_is_said():
    """UNLINK and the tombstone are refused: the keys stand as they were, and nobody may be told otherwise."""
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        address = limited(client, "~*", "-unlink")
        process = warm(redis, "--yes", "--rate", "250", wait=False, target=address(redis))
        wait_for("some keys", lambda: client.call("DBSIZE") > 100, 30)
        sql("UPDATE bridge_transactions SET asset_amount = asset_amount + 1")
        out, said = process.communicate(timeout=60 * SLOW)
        error = json.loads(out)["error"]
        assert process.returncode == 1 and "may be as it was" in error and "taken out" not in error, (process.returncode, out, said)
        assert client.call("DBSIZE") > 100
        client.call("FLUSHALL")
        # one key, whose tombstone is refused as well
        newest = sql("SELECT id FROM bridge_transactions ORDER BY created_at DESC LIMIT 1").strip()
        process = warm(redis, "--yes", "--rate", "500", wait=False, target=address(redis))
        wait_for("its first key", lambda: client.call("EXISTS", PREFIX + newest), 30)
        begins = newest[:len("btx_") + 6]      # all keys but those that begin so: only this one
        limited(client, *(f"~*tx:{begins[:i]}[^{begins[i]}]*" for i in range(len("btx_"), len(begins))), "-unlink")
        sql(f"UPDATE bridge_transactions SET asset_amount = asset_amount + 1 WHERE id = '{newest}'")
        out, said = process.communicate(timeout=60 * SLOW)
        report = json.loads(out)
        assert process.returncode == 1 and report["changed_meanwhile"] == report["changed_not_taken_back"] == 1, (out, said)
        assert "may be cached as" in report["error"] and "1 of them may be" in said, (out, said)
        assert stale([client])[0] == [(PREFIX + newest).encode()]


def test_who_hears_nothing_stops():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        process = warm(redis, "--yes", "--rate", "250", wait=False)
        wait_for("some keys", lambda: client.call("DBSIZE") > 100, 30)
        assert sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dytop warm' AND query NOT LIKE "
                   "'SELECT t.id AS key%'").strip() == "t"
        out, said = process.communicate(timeout=60 * SLOW)
        assert process.returncode != 0 and "not told any more" in json.loads(out)["error"], (process.returncode, out, said)


def changed_early(redis, client, rate, d):
    """A slow warm-up whose later rows change while its first ones are written: (outcome, or None when that came too late)."""
    client.call("FLUSHALL")
    sql("TRUNCATE plain")
    sql("INSERT INTO plain SELECT to_char(i, 'FM00000'), '{\"n\":0}' FROM generate_series(1, 2000) AS i")
    process = warm(redis, "mine", "--yes", "--rate", str(rate), "--sql-dir", d, wait=False)
    wait_for("some keys", lambda: client.call("DBSIZE") > 50, 30)
    sql("BEGIN; UPDATE plain SET value = '{\"n\":1}' WHERE id > '01800'; DELETE FROM plain WHERE id BETWEEN '01500' AND '01600'; COMMIT")
    late = client.call("DBSIZE") > 1500 - 3 * rate     # the snapshot is renewed after a second and what the cancel takes
    out, said = process.communicate(timeout=120 * SLOW)
    assert process.returncode == 0, (process.returncode, out, said)
    return None if late else (json.loads(out), said)


def test_a_snapshot_grows_no_older():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        sql("CREATE TABLE IF NOT EXISTS plain (id text PRIMARY KEY, value text)")
        recipe(d, "codec: raw\nsnapshot: 1s", "SELECT id AS key, value, 'low' AS priority FROM plain ORDER BY id LIMIT $1")
        ran = next((r for r in (changed_early(redis, client, rate, d) for rate in (250, 100, 40)) if r), None)
        assert ran, "the machine stood still each time"
        report, said = ran
        assert report["snapshots_renewed"] >= 2 and report["rows"] == 1899, report
        assert "no trigger tells of changes" in said and "at most 1" in said, said
        got = client.many([("GET", f"mine:{i:05}") for i in range(1, 2001)])
        assert got[1800:] == [b'{"n":1}'] * 200, got[1795:1810]
        assert got[:1499] == [b'{"n":0}'] * 1499 and got[1499:1600] == [None] * 101, (report, got[1495:1605])
        assert warm(redis, "mine", "--yes", "--rate", "0", "--sql-dir", d)["already_there"] == 1899


def main():
    global PG
    with Bench() as bench:
        PG = base.PG = bench.postgres()
        base.AUDIT = os.path.join(bench.dir, "audit.jsonl")
        PG.sql("CREATE DATABASE bridge")
        subprocess.run([DYTOP, "bridge", "init", "--optimized", "--trigger", "--yes", "--rows", str(ROWS), "-d", PG.conninfo(dbname="bridge"),
                        "--audit", base.AUDIT], check=True, stdout=subprocess.DEVNULL, timeout=120 * SLOW)
        return run(globals())


if __name__ == "__main__":
    sys.exit(main())
