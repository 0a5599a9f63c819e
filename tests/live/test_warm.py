#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop warm: what it writes is read back by decoders that are not ours (Python's zlib and json, libsodium by ctypes); interrupted,
killed, out of memory, refused; deny list; a cluster."""

import ctypes
import ctypes.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Bench
from servers import DYTOP, SLOW, Redis, Skip, folder, peak_mb, run, sanitized, wait_for
from test_redis_cluster import cluster

ROWS = 3000
PREFIX = "dytallix:bridge:tx:"
TTL = {"Low": 1800, "Medium": 3600, "High": 600}
PG = None
PSQL = ["psql", "-X", "-q"]
AUDIT = None
KEY = bytes(range(32))


def warm(redis, *args, status=0, env=None, wait=True, target=None):
    """Runs dytop warm; its report, or the process when it is not waited for."""
    command = [DYTOP, "warm", "--watch", "0", "--format", "json", "--audit", AUDIT, "-d", PG.conninfo(dbname="bridge"), "--redis",
               target or f"redis://127.0.0.1:{redis.port}", *args]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **(env or {})}, start_new_session=True)
    if not wait:
        return process
    out, said = process.communicate(timeout=60 * SLOW)
    assert process.returncode == status, (process.returncode, out, said)
    report = json.loads(out) if out else {}
    report["said"] = said
    return report


class Client:
    """Commands of Redis, parsed."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest.decode()

    def call(self, *words):
        return self.many([words])[0]

    def many(self, commands):
        out = []
        for words in commands:
            raw = [w if isinstance(w, bytes) else str(w).encode() for w in words]
            out.append(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in raw))
        self.socket.sendall(b"".join(out))
        return [self.read() for _ in commands]

    def keys(self, pattern="*"):
        return self.call("KEYS", pattern)

    def ttls(self, pattern="*"):
        keys = self.keys(pattern)
        return dict(zip(keys, self.many([("TTL", k) for k in keys])))

    def info(self, name, section="all"):
        for line in self.call("INFO", section).decode().splitlines():
            if line.startswith(name + ":"):
                return line.split(":", 1)[1]
        raise AssertionError(name)


def table():
    """The transactions as PostgreSQL has them, by id."""
    rows = PG.sql("SELECT json_build_object('t', to_json(t), 'a', to_json(a), 'at', floor(extract(epoch FROM t.created_at))::bigint) "
                  "FROM bridge_transactions t LEFT JOIN asset_metadata a USING (asset_id)", dbname="bridge")
    return {row["t"]["id"]: row for row in map(json.loads, rows.splitlines())}


def expected(row, cached_at):
    """The application's own format (bridge.md), field by field in its order."""
    t, a = row["t"], row["a"] or {}
    own = t["metadata"].get("asset_metadata") or {}
    own = own if isinstance(own, dict) else {}
    pick = lambda name, last: own.get(name) if own.get(name) is not None else a.get(name) if a.get(name) is not None else last
    priority = {"pending": "High", "confirmed": "High", "locked": "Medium", "minted": "Medium"}.get(t["status"], "Low")
    return {"bridge_tx": {
        "id": t["id"],
        "asset": {"id": t["asset_id"], "amount": t["asset_amount"], "decimals": t["asset_decimals"], "metadata": {
            "name": pick("name", t["asset_id"]), "symbol": pick("symbol", ""), "description": pick("description", ""),
            "icon_url": pick("icon_url", None)}},
        "source_chain": t["source_chain"], "dest_chain": t["dest_chain"], "source_address": t["source_address"],
        "dest_address": t["dest_address"], "timestamp": row["at"], "validator_signatures": [],
        "status": t["status"].capitalize()}, "cached_at": cached_at, "access_count": 0, "priority": priority}


def check_value(key, text, rows):
    value = json.loads(text)
    want = expected(rows[key.decode()[len(PREFIX):]], value["cached_at"])
    assert text.decode() == json.dumps(want, separators=(",", ":"), ensure_ascii=False), (text, want)
    assert abs(value["cached_at"] - time.time()) < 120 * SLOW
    return value["priority"]


def test_the_application_reads_it():
    rows = table()
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        report = warm(redis, "--yes")
        assert report["outcome"] == "ok" and report["written"] == report["rows"] == len(rows) == ROWS + 2, report
        assert report["already_there"] == report["denied"] == report["failed"] == 0, report
        ttls = client.ttls()
        assert len(ttls) == len(rows)
        seen = {}
        for key, stored in zip(ttls, client.many([("GET", k) for k in ttls])):
            priority = check_value(key, zlib.decompress(stored), rows)
            seen[priority] = seen.get(priority, 0) + 1
            assert TTL[priority] * 0.9 - 60 * SLOW < ttls[key] <= TTL[priority], (key, ttls[key])
        assert seen == {k.capitalize(): v for k, v in report["by_priority"].items() if v}, (seen, report)
        assert len(set(ttls.values())) > 50        # jitter: they do not expire together
        # again: all are there, nothing is touched
        client.call("SET", PREFIX + "btx_odd", "the application's own, newer", "EX", 100)
        again = warm(redis, "--yes")
        assert again["written"] == 0 and again["already_there"] == len(rows), again
        assert client.call("GET", PREFIX + "btx_odd") == b"the application's own, newer"
        assert warm(redis, "--yes", "--overwrite")["written"] == len(rows)
        assert zlib.decompress(client.call("GET", PREFIX + "btx_odd")).startswith(b'{"bridge_tx":{"id":"btx_odd"')


def test_the_other_recipes():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        for name in ("assets", "chains", "statistics"):
            assert warm(redis, name, "--yes")["outcome"] == "ok"
        assert all(0 < t <= 7200 for t in client.ttls().values())
        eth = json.loads(client.call("GET", "dytallix:bridge:asset:eth"))
        assert list(eth) == ["name", "symbol", "description", "icon_url"] and eth["symbol"] == "ETH", eth
        chain = json.loads(client.call("GET", "dytallix:bridge:chain:ethereum"))
        assert chain["chain_type"] == "ethereum" and chain["config_data"], chain
        assert json.loads(client.call("GET", "dytallix:bridge:stats"))["total"] == ROWS + 2
        assert warm(redis, "statistics", "--yes")["written"] == 2          # figures are replaced


def test_nothing_without_consent():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        lines = open(AUDIT).read().count("\n") if os.path.exists(AUDIT) else 0
        refused = warm(redis, status=1)
        assert "no terminal" in refused["said"] and client.call("DBSIZE") == 0, refused
        refused = warm(redis, "--yes", "--read-only", status=1)
        assert "read-only" in refused["said"] and client.call("DBSIZE") == 0, refused
        dry = warm(redis, "--dry-run", "--read-only")
        assert dry["would_write"] == ROWS + 2 and dry["raw_bytes"] > dry["stored_bytes"] > 0 and client.call("DBSIZE") == 0, dry
        assert (open(AUDIT).read().count("\n") if os.path.exists(AUDIT) else 0) == lines
        warm(redis, "--yes", "--rows", "10")
        assert client.call("DBSIZE") == 10
        events = [json.loads(line) for line in open(AUDIT).read().splitlines()[lines:]]
        assert [e["event"] for e in events] == ["intent", "outcome"] and events[0]["action"] == "warm", events
        assert "FROM bridge_transactions" in events[0]["sql"] and events[0]["confirmed"] == "--yes", events
        assert events[1]["outcome"] == "ok" and events[1]["rows"] == 10, events
        unwritable = subprocess.run([DYTOP, "warm", "--yes", "-d", PG.conninfo(dbname="bridge"), "--redis", redis.socket, "--audit",
                                     "/proc/nowhere/audit", "--overwrite"], capture_output=True, text=True, timeout=60 * SLOW)
        assert unwritable.returncode == 1 and client.info("cmdstat_set", "commandstats").startswith("calls=10,"), unwritable


def test_interrupted_and_resumed():
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        first = warm(redis, "--yes", "--rate", "600", wait=False)
        wait_for("a third of it", lambda: client.call("DBSIZE") > ROWS // 3, 30)
        first.kill()
        first.communicate()
        half = client.call("DBSIZE")
        assert half < ROWS, half
        second = warm(redis, "--yes", "--rate", "600", wait=False)
        wait_for("two thirds", lambda: client.call("DBSIZE") > half + ROWS // 4, 30)
        second.send_signal(signal.SIGINT)
        out, said = second.communicate(timeout=20 * SLOW)
        report = json.loads(out)
        assert second.returncode == 1 and report["outcome"] == "cancelled", (second.returncode, said)
        assert report["already_there"] >= half * 0.9 and report["unknown"] == 0, report
        assert client.call("DBSIZE") == half + report["written"]             # all that left was answered
        gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop warm'"
        wait_for("its sessions to end", lambda: PG.sql(gone).strip() == "0", 10)
        last = warm(redis, "--yes")
        assert last["written"] + last["already_there"] == ROWS + 2 and last["already_there"] > half, last
        assert client.call("DBSIZE") == ROWS + 2 and min(client.ttls().values()) > 0


def test_before_maxmemory():
    with folder() as d, Redis(d, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru") as redis:
        client = Client(redis.port)
        report = warm(redis, "--yes", "--codec", "raw", "--rate", "0", status=3)
        assert report["stopped_before_maxmemory"] and 0 < report["written"] < ROWS, report
        assert client.info("evicted_keys") == "0" and int(client.info("used_memory_peak")) < 3 << 20
        assert client.call("DBSIZE") == report["written"]
        full = warm(redis, "--yes", status=1)                                # and does not begin when it is full
        assert full["outcome"] == "refused" and full["written"] == 0, full
    with folder() as d, Redis(d) as redis:                                   # the limit comes while it runs
        client = Client(redis.port)
        process = warm(redis, "--yes", "--rate", "600", wait=False)
        wait_for("some", lambda: client.call("DBSIZE") > 100, 30)
        client.call("CONFIG", "SET", "maxmemory", "1")
        out, said = process.communicate(timeout=20 * SLOW)
        assert process.returncode == 3 and json.loads(out)["stopped_before_maxmemory"], (out, said)


def test_redis_goes_away():
    # killed with our bytes unread the kernel answers for it: a reset
    for how, words in ((signal.SIGKILL, ("closed the connection", "reset by peer")), (signal.SIGSTOP, ("no answer for",))):
        with folder() as d, Redis(d) as redis:
            client = Client(redis.port)
            process = warm(redis, "--yes", "--rate", "600", wait=False)
            wait_for("some", lambda: client.call("DBSIZE") > 300, 30)
            redis.process.send_signal(how)
            out, said = process.communicate(timeout=30 * SLOW)
            report = json.loads(out)
            assert process.returncode == 1 and report["outcome"] == "failed" and 0 < report["written"] < ROWS, (out, said)
            assert any(w in report["error"] for w in words) and "run it again" in report["error"], report
    with folder() as d, Redis(d) as redis:
        redis.kill()
        process = warm(redis, "--yes", wait=False)
        out, said = process.communicate(timeout=30 * SLOW)
        assert process.returncode == 2 and "refused" in said, (process.returncode, said)


def recipe(path, header, query):
    os.makedirs(os.path.join(path, "warm"), exist_ok=True)
    with open(os.path.join(path, "warm", "mine.sql"), "w") as f:
        f.write("/* dytop warm\ntitle: Mine\nprefix: \"mine:\"\nttl: {low: 60s, medium: 60s, high: 60s, critical: 60s}\n"
                f"{header}\n*/\n{query}\n")


def test_never_cached():
    rows = """SELECT * FROM (VALUES ('good', '{"a":1,"validator_signatures":[]}', 'Low', false),
        ('key', '{"node":{"private_key":"ab"}}', 'low', false), ('signed', '{"validator_signatures":[{"sig":"x"}]}', 'low', false),
        ('pem', '{"x":"-----BEGIN PRIVATE KEY-----"}', 'low', false), ('memo', '{"memo":"mine"}', 'high', false),
        ('marked', '{"a":2}', 'medium', true), ('unknown', '{"a":2}', 'medium', NULL), ('large', '{"a":"' || repeat('x', 200) || '"}',
        'critical', false), ('x:sigs:1', '[]', 'low', false)) AS v (key, value, priority, sensitive)"""
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        recipe(d, "codec: raw\nvalue_limit: 100\ndeny: [memo]", rows)
        report = warm(redis, "mine", "--yes", "--sql-dir", d)
        assert client.keys() == [b"mine:good"] and client.call("TTL", "mine:good") > 0, client.keys()
        assert (report["denied"], report["sensitive"], report["too_big"], report["written"]) == (5, 2, 1, 1), report
        assert warm(redis, "mine", "--dry-run", "--sql-dir", d)["would_write"] == 1


def test_what_is_wrong_is_said():
    with folder() as d, Redis(d) as redis:
        for header, query, words in (
                ("codex: raw", "SELECT 1", "mine.sql:5:"), ("codec: raw", "SELECT 'a' AS key, 'b' AS value", "no column priority"),
                ("codec: raw", "SELECT 'a' AS key, 'b' AS value, 'lowest' AS priority", "priority lowest is none of"),
                ("codec: raw", "SELECT 1 AS key, 'b' AS value, 'low' AS priority", "key and priority must be text"),
                ("codec: raw", "SELECT 'a' AS key, NULL::text AS value, 'low' AS priority", "no value"),
                ("codec: raw", "SELEC", "syntax error"), ("codec: raw", "DELETE FROM bridge_state", "read-only transaction"),
                ("codec: sealed", "SELECT 1", "needs a key"), ("codec: raw", "SELECT 1; SELECT 2", "multiple commands")):
            recipe(d, header, query)
            said = warm(redis, "mine", "--yes", "--sql-dir", d, status=1)["said"]
            assert words in said, (words, said)
        assert "transactions" in warm(redis, "transactoins", "--yes", status=1)["said"]
        redis.call("REPLICAOF", "127.0.0.1", 1)
        assert "is a replica" in warm(redis, "assets", "--yes", status=1)["said"]
        redis.call("REPLICAOF", "NO", "ONE")
        redis.call("ACL", "SETUSER", "looker", "on", ">pw", "~*", "-@all", "+get", "+ping")
        said = warm(redis, "assets", "--yes", status=1, target=f"redis://looker:pw@127.0.0.1:{redis.port}")["said"]
        assert "NOPERM" in said and "+info" in said, said
        assert redis.call("DBSIZE") == b":0\r\n"


def sodium():
    name = ctypes.util.find_library("sodium")
    library = ctypes.CDLL(name)
    library.sodium_init()
    return library


def unseal(library, key_name, stored, key=KEY, key_id=7):
    """The layout of docs/warm.md, by libsodium alone."""
    assert stored[:2] == b"D\x01" and stored[2] & 2 and int.from_bytes(stored[3:5], "big") == key_id and stored[5] == 0, stored[:10]
    out = ctypes.create_string_buffer(len(stored))
    size = ctypes.c_ulonglong()
    bound = stored[:10] + key_name
    if library.crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, ctypes.byref(size), None, stored[34:], ctypes.c_ulonglong(len(stored) - 34), bound,
            ctypes.c_ulonglong(len(bound)), stored[10:34], key):
        return None
    raw = out.raw[:size.value]
    raw = zlib.decompress(raw) if stored[2] & 1 else raw
    assert len(raw) == int.from_bytes(stored[6:10], "big")
    return raw


def test_sealed():
    library, rows = sodium(), table()
    with folder() as d, Redis(d) as redis:
        client = Client(redis.port)
        path = os.path.join(d, "cache.keys")
        with open(path, "w") as f:
            f.write(f"# new first\n7 {KEY.hex()}\n6 {'11' * 32}\n")
        os.chmod(path, 0o644)
        assert "chmod 600" in warm(redis, "--yes", "--codec", "sealed", "--cache-keys", path, status=1)["said"]
        os.chmod(path, 0o600)
        report = warm(redis, "--yes", "--codec", "sealed", "--cache-keys", path, "--rows", "500")
        assert report["written"] == 500, report
        keys = client.keys()
        stored = client.many([("GET", k) for k in keys])
        for key, value in zip(keys, stored):
            assert key.split(b":")[-1] not in value          # nothing in clear
            check_value(key, unseal(library, key, value), rows)
        assert len({v[10:34] for v in stored}) == 500        # no nonce twice
        assert unseal(library, keys[1], stored[0]) is None   # moved to another key
        for bit in range(48, len(stored[0]) * 8, 7):
            changed = bytearray(stored[0])
            changed[bit // 8] ^= 1 << bit % 8
            assert unseal(library, keys[0], bytes(changed)) is None, bit
        small = warm(redis, "assets", "--yes", "--codec", "sealed", env={"DYTOP_CACHE_SECRET": f"9 {KEY.hex()}"})
        assert small["written"] == 8
        value = client.call("GET", "dytallix:bridge:asset:eth")
        assert value[2] == 2 and json.loads(unseal(library, b"dytallix:bridge:asset:eth", value, key_id=9))["symbol"] == "ETH"


def test_cluster():
    with cluster() as servers:
        report = warm(servers[0], "--yes", "--rate", "0")
        assert report["outcome"] == "ok" and report["written"] == ROWS + 2, report
        clients = [Client(s.port) for s in servers]
        ttls = {k: v for c in clients for k, v in c.ttls().items()}
        assert len(ttls) == ROWS + 2 and min(ttls.values()) > 0 and min(c.call("DBSIZE") for c in clients) > ROWS // 5
        rows = table()
        for client in clients:
            keys = client.keys()
            for key, stored in zip(keys, client.many([("GET", k) for k in keys])):
                check_value(key, zlib.decompress(stored), rows)
        assert warm(servers[1], "--yes", "--rate", "0")["already_there"] == ROWS + 2


def test_hits_are_told():
    with folder() as d, Redis(d) as redis:
        warm(redis, "assets", "--yes")
        reader = Client(redis.port)
        process = warm(redis, "chains", "--yes", "--watch", "1s", wait=False)
        end = time.monotonic() + 60 * SLOW
        while process.poll() is None and time.monotonic() < end:
            reader.many([("GET", "dytallix:bridge:asset:eth"), ("GET", "dytallix:bridge:chain:ethereum")])
            time.sleep(0.01)
        report = json.loads(process.communicate()[0])
        assert 40 < report["hits_before"]["ratio_percent"] < 60 and report["hits_after"]["ratio_percent"] == 100, report


def peak_of_rows(redis, path, rows):
    client = Client(redis.port)
    client.call("FLUSHALL")
    child = subprocess.Popen([DYTOP, "warm", "mine", "--yes", "--watch", "0", "--rate", "0", "--sql-dir", path, "--rows", str(rows), "--audit",
                              AUDIT, "-d", PG.conninfo(dbname="bridge"), "--redis", f"redis://127.0.0.1:{redis.port}"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    peak = peak_mb(child)
    assert child.returncode == 0 and client.call("DBSIZE") == rows, (child.returncode, client.call("DBSIZE"))
    return peak


def test_memory_is_flat():
    """Twenty times the rows take no more memory: none is kept."""
    if sanitized(DYTOP):
        raise Skip("AddressSanitizer keeps what was freed")
    with folder() as d, Redis(d) as redis:
        recipe(d, "codec: zlib", "SELECT 'k' || i AS key, jsonb_build_object('i', i, 'text', repeat(md5(i::text), 18)) AS value, 'low' AS "
               "priority FROM generate_series(1, 100000) AS i LIMIT $1")
        few, many = peak_of_rows(redis, d, 3000), peak_of_rows(redis, d, 60000)
        assert 1 < few < 32 and many < 32 and many - few < 2, (few, many)


def test_takes_a_step_back():
    with folder() as d, Redis(d) as redis:
        client, other = Client(redis.port), Client(redis.port)
        process = warm(redis, "--yes", "--rate", "1000", "--rows", "1500", wait=False) # few: a busy machine keeps it slow afterwards, too
        wait_for("some", lambda: client.call("DBSIZE") > 100, 30)
        end = time.monotonic() + 1.5             # so long Redis answers late, many pings in a row
        while time.monotonic() < end:
            other.call("EVAL", "local x = 0 for i = 1, 4000000 do x = x + i end return x", 0)
        report = json.loads(process.communicate(timeout=100 * SLOW)[0])
        assert report["outcome"] == "ok" and report["slowed_for_redis"] >= 1, report
        assert report["keys_per_s"] < 990, report
        client.call("FLUSHALL")
        process = warm(redis, "--yes", "--rate", "600", wait=False)
        wait_for("some", lambda: client.call("DBSIZE") > 100, 30)
        busy = [subprocess.Popen([*PSQL, "-d", PG.conninfo(dbname="bridge"), "-c", "SELECT pg_sleep(5)"], stdout=subprocess.DEVNULL)
                for _ in range(8)]
        report = json.loads(process.communicate(timeout=60 * SLOW)[0])
        assert report["outcome"] == "ok" and report["slowed_for_postgres"] >= 1, report
        for session in busy:
            session.wait()


def main():
    global PG, AUDIT
    with Bench() as bench:
        PG = bench.postgres(shared_preload_libraries="pg_stat_statements")
        AUDIT = os.path.join(bench.dir, "audit.jsonl")
        PG.sql("CREATE DATABASE bridge")
        subprocess.run([DYTOP, "bridge", "init", "--baseline", "--yes", "--rows", str(ROWS), "-d", PG.conninfo(dbname="bridge"), "--audit",
                        AUDIT], check=True, stdout=subprocess.DEVNULL, timeout=120 * SLOW)
        PG.sql("REFRESH MATERIALIZED VIEW chain_performance_stats", dbname="bridge") if PG.sql(
            "SELECT to_regclass('chain_performance_stats')", dbname="bridge").strip() else PG.sql(
            "CREATE VIEW chain_performance_stats AS SELECT source_chain, dest_chain, 1 AS transactions, 1 AS completed, 0 AS failed, "
            "1.0 AS avg_seconds, 1.0 AS volume FROM bridge_transactions LIMIT 3", dbname="bridge")
        PG.sql(r"""INSERT INTO bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address,
            dest_address, status, created_at, metadata) VALUES
            ('btx_odd', 'unknown"asset', 9223372036854775807, 18, 'a\b', E'tab\there', E'line\nbreak é ☃ ' || chr(1), '"quoted"', 'pending',
             '1999-12-31 23:59:59.999999+00', '{"asset_metadata": {"name": "N\"ame", "icon_url": null, "description": "ü"}}'),
            ('btx_plain', 'eth', 0, 0, '', '', '', '', 'reversed', now(), '{"asset_metadata": "no map"}')""", dbname="bridge")
        return run(globals())


if __name__ == "__main__":
    sys.exit(main())
