#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop cache: what it reads, in the application's format; what it takes out, only after a yes, and what the audit log knows of it."""
import json
import os
import re
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash
from postgres import SLOW, Bench
from storer import redis_in

PREFIX = "dytallix:bridge:"


class Place:
    def __init__(self, bench):
        self.bench = bench
        self.pg = bench.postgres()
        self.redis = redis_in(bench)
        self.audit = os.path.join(bench.dir, "audit.jsonl")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DYTOP"))}
        self.env.update(LC_ALL="C.UTF-8", HOME=bench.dir)
        done = self.dytop("bridge", "init", "--rows", "300", "--no-roles", "--yes", redis=False)
        assert done.returncode == 0, done.stderr

    def dytop(self, *words, redis=True):
        argv = ["./dytop"] + list(words) + ["-d", self.pg.conninfo(), "--audit", self.audit]
        argv += ["--redis", "redis://127.0.0.1:%d" % self.redis.port] if redis else []
        return subprocess.run(argv, capture_output=True, text=True, env=self.env, timeout=60 * SLOW, stdin=subprocess.DEVNULL,
                              start_new_session=True)

    def cache(self, *words):
        return self.dytop("cache", *words)

    def lines(self):
        with open(self.audit) as f:
            return [json.loads(line) for line in f]


def value(redis, key):
    raw = redis.call("GET", PREFIX + key)
    return None if raw.startswith(b"$-1") else raw.split(b"\r\n", 1)[1][:-2]


def get(p):
    tx = p.pg.sql("SELECT id FROM bridge_transactions ORDER BY id LIMIT 1")
    first = p.cache("get", "tx:" + tx)
    assert first.returncode == 0 and "from the database" in first.stderr, first
    row = json.loads(first.stdout)
    assert row["bridge_tx"]["id"] == tx and row["access_count"] == 0, row
    deadline = time.monotonic() + 5 * SLOW
    while (value(p.redis, "tx:" + tx) or b"dytop:").startswith(b"dytop:"):
        assert time.monotonic() < deadline, "no refill"
        time.sleep(0.05)
    assert json.loads(zlib.decompress(value(p.redis, "tx:" + tx)))["bridge_tx"] == row["bridge_tx"]
    deadline = time.monotonic() + 20 * SLOW
    while "from the cache" not in (again := p.cache("get", "tx:" + tx)).stderr:
        assert time.monotonic() < deadline, again           # a Redis that is slow for once is passed by
    assert again.returncode == 0 and again.stdout == first.stdout, again
    # the same as a warm-up writes, but for the time
    p.redis.call("FLUSHALL")
    warm = p.dytop("warm", "--yes", "--watch", "0")
    assert warm.returncode == 0, warm.stderr
    warmed = json.loads(zlib.decompress(value(p.redis, "tx:" + tx)))
    assert dict(warmed, cached_at=0) == dict(row, cached_at=0), (warmed, row)
    for kind, sql in (("asset", "SELECT asset_id FROM asset_metadata LIMIT 1"),
                      ("chain", "SELECT chain_name FROM chain_configs WHERE is_active LIMIT 1")):
        found = p.cache("get", "%s:%s" % (kind, p.pg.sql(sql)))
        assert found.returncode == 0 and json.loads(found.stdout), found
    none = p.cache("get", "tx:nothing")
    assert none.returncode == 1 and "not found" in none.stderr and none.stdout == "", none
    for words, said in ((("get", "nothing"), "KIND:ID"), (("get", "coin:1"), "tx, asset and chain"), (("take", "x"), "cache takes"),
                        (("get",), "cache takes"), (("flush", "x"), "cache takes"), (("drop-prefix", ""), "cache takes")):
        done = p.cache(*words)
        assert done.returncode == 1 and said in done.stderr, (words, done)
    # Redis away: the database serves
    p.redis.pause()
    away = p.cache("get", "tx:" + tx)
    p.redis.go_on()
    assert away.returncode == 0 and "from the database" in away.stderr, away
    print("ok: get")


def drop(p):
    redis = p.redis
    redis.call("FLUSHALL")
    for i in range(1500):
        redis.call("SET", PREFIX + "tx:t%d" % i, "x")
    redis.call("SET", PREFIX + "sigs:1", "x")
    redis.call("SET", PREFIX + "txx", "x")
    redis.call("SET", "other", "x")
    # nobody there to say yes: nothing is done
    for words in (("drop", "tx:t1"), ("drop-prefix", "tx:"), ("flush",), ("security-event", "sigs")):
        done = p.cache(*words)
        assert done.returncode == 1, done
    assert int(redis.call("DBSIZE")[1:-2]) == 1503
    one = p.cache("drop", "tx:t1", "--yes")
    assert one.returncode == 0 and value(redis, "tx:t1") == b"dytop:invalidated", one
    assert 0 < int(redis.call("PTTL", PREFIX + "tx:t1")[1:-2]) <= 5000
    some = p.cache("drop-prefix", "tx:", "--yes")
    assert some.returncode == 0 and "1500 keys are gone" in some.stdout and "MATCH dytallix:bridge:tx:*" in some.stdout, some
    assert int(redis.call("EXISTS", PREFIX + "txx", PREFIX + "sigs:1", "other")[1:-2]) == 3
    alarm = p.cache("security-event", "sigs", "--yes")
    assert alarm.returncode == 0 and "1 key is gone" in alarm.stdout and value(redis, "sigs:1") is None, alarm
    flush = p.cache("flush", "--yes")
    assert flush.returncode == 0 and int(redis.call("DBSIZE")[1:-2]) == 1, flush
    # a prefix is a text, no pattern
    redis.call("SET", PREFIX + "a*:1", "x")
    redis.call("SET", PREFIX + "ab:1", "x")
    assert p.cache("drop-prefix", "a*:", "--yes").returncode == 0
    assert value(redis, "ab:1") == b"x" and value(redis, "a*:1") is None
    read_only = p.cache("flush", "--yes", "--read-only")
    assert read_only.returncode == 1 and "read-only" in read_only.stderr and value(redis, "ab:1") == b"x", read_only
    done = [(line["action"], line.get("outcome"), line.get("rows")) for line in p.lines() if line["action"].startswith("cache_")]
    assert ("cache_drop_all", "ok", 1500) in done and ("cache_alarm", "ok", 1) in done and ("cache_drop", "ok", 1) in done, done
    # somebody writes such keys again and again: told, and not for ever
    stop = os.path.join(p.bench.dir, "stop")
    writer = subprocess.Popen([sys.executable, "-c", """
import os, socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
i = 0
while not os.path.exists(sys.argv[2]):
    i += 1
    s.sendall(b"SET dytallix:bridge:sigs:%d x\\r\\n" % (i % 50))
    s.recv(100)
""", str(redis.port), stop])
    p.bench.clients.append(writer)
    deadline = time.monotonic() + 10 * SLOW
    while value(redis, "sigs:7") is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    alarm = p.cache("security-event", "sigs", "--yes")
    open(stop, "w").close()
    assert alarm.returncode == 0 and "goes on writing" in alarm.stdout, alarm
    # Redis not there
    redis.kill()
    away = p.cache("flush", "--yes")
    assert away.returncode == 2, away
    print("ok: drop, drop-prefix, flush, security-event")


def in_the_dashboard(bench):
    """Menu m on the screen cache: the same task, its question and its audit."""
    redis = redis_in(bench)
    for i in range(500):
        redis.call("SET", PREFIX + "tx:t%d" % i, "x")
    redis.call("SET", "other", "x")
    with Dash("--no-postgres", "--redis", "redis://127.0.0.1:%d" % redis.port, "--screen", "cache", env={"XDG_STATE_HOME": None}) as d:
        d.live()
        d.send("m")
        d.expect("Drop cached keys")
        d.pump(0.4)
        lines = [line for line in d.text().splitlines() if re.search(r"Drop cached keys|Warm the cache", line)]
        for _ in range(next(i for i, line in enumerate(lines) if "Drop" in line)):
            d.send("j")
            d.pump(0.1)
        d.send("\r")
        d.expect("what they begin with")
        d.pump(0.4)
        for c in "tx:":
            d.send(c)
            d.pump(0.05)
        d.send("\r")
        d.expect("Drop 500 cached keys that begin with dytallix:bridge:tx:")
        d.pump(0.5)
        assert int(redis.call("DBSIZE")[1:-2]) == 501, "nothing before a yes"
        d.send("y")
        d.expect("500 keys are gone")
        assert int(redis.call("DBSIZE")[1:-2]) == 1
        with open(os.path.join(d.home, ".local", "state", "dytop", "audit.jsonl")) as f:
            lines = [json.loads(line) for line in f]
        assert [line["action"] for line in lines] == ["cache_drop_all"] * 2 and lines[1]["rows"] == 500, lines
    print("ok: from the dashboard")


def main():
    with Bench() as bench:
        if len(sys.argv) < 2:
            p = Place(bench)
            get(p)
            drop(p)
        in_the_dashboard(bench)


main()
