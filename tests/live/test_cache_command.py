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
from storer import Storer, redis_in, things

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

    def dytop(self, *words, redis=True, postgres=True, stdin=""):
        argv = ["./dytop"] + list(words) + (["-d", self.pg.conninfo(), "--audit", self.audit] if postgres else [])
        argv += ["--redis", "redis://127.0.0.1:%d" % self.redis.port] if redis else []
        return subprocess.run(argv, capture_output=True, text=True, env=self.env, timeout=60 * SLOW, input=stdin,
                              start_new_session=True)

    def cache(self, *words, stdin=""):
        return self.dytop("cache", *words, stdin=stdin)

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


def put(p):
    redis = p.redis
    redis.call("FLUSHALL")
    tx = p.pg.sql("SELECT id FROM bridge_transactions ORDER BY id LIMIT 1")
    row = json.loads(p.cache("get", "tx:" + tx).stdout)
    redis.call("FLUSHALL")
    row["access_count"] = 77
    text = json.dumps(row)
    unasked = p.cache("put", "tx:" + tx, text)
    assert unasked.returncode == 1 and value(redis, "tx:" + tx) is None, unasked
    # the recipe's codec, the TTL of its priority: high 600 s
    done = p.cache("put", "tx:" + tx, "--yes", "--priority", "high", stdin=text + "\n")
    assert done.returncode == 0 and "the value is there" in done.stdout, done
    assert zlib.decompress(value(redis, "tx:" + tx)).decode() == text
    assert 400000 < int(redis.call("PTTL", PREFIX + "tx:" + tx)[1:-2]) <= 600000
    assert text not in done.stdout + done.stderr and "77" not in done.stdout, "a value is not shown"
    deadline = time.monotonic() + 20 * SLOW
    while "from the cache" not in (got := p.cache("get", "tx:" + tx)).stderr:
        assert time.monotonic() < deadline, got
    assert json.loads(got.stdout) == row
    for words in (("put", "tx:" + tx, text.replace("77", "78")), ("put", "tx:" + tx, "-")):
        over = p.cache(*words, "--yes", stdin=text.replace("77", "78"))
        assert over.returncode == 0 and "replaced" in over.stdout, over
        assert json.loads(zlib.decompress(value(redis, "tx:" + tx)))["access_count"] == 78
        redis.call("SET", PREFIX + "tx:" + tx, "dytop:invalidated")
    assert 1000000 < int(p.cache("put", "chain:c", "{}", "--yes").returncode == 0 and redis.call("PTTL", PREFIX + "chain:c")[1:-2])
    # what is refused leaves no trace in Redis
    redis.call("FLUSHALL")
    for words, said in ((("put", "tx:1", '{"private_key": "0123456789abcdef"}'), "deny list"),
                        (("put", "tx:1", '{"signature": "' + "ab" * 64 + '"}'), "deny list"),
                        (("put", "tx:1", "no json"), "no JSON"), (("put", "tx:1", ""), "no JSON"),
                        (("put", "sigs:1", "{}"), "never cached"), (("put", "coin:1", "{}"), "tx, asset and chain"),
                        (("put", "tx", "{}"), "KIND:ID"), (("put",), "cache takes"), (("put", "tx:1", "{}", "x"), "cache takes"),
                        (("put", "tx:1", "{}", "--priority", "huge"), "--priority"), (("put", "tx:1", "{}", "--read-only"), "read-only"),
                        (("put", "tx:1"), "caches none above")):
        bad = p.cache(*words, "--yes", stdin='"%s"' % os.urandom(2 << 20).hex())
        assert bad.returncode == 1 and said in bad.stderr and bad.stderr.count("\n") == 1, (words[:2], bad)
    assert int(redis.call("DBSIZE")[1:-2]) == 0
    lines = [line for line in p.lines() if line["action"] == "cache_put"]
    assert len([line for line in lines if line.get("outcome") == "ok"]) == 4 and "77" not in json.dumps([line.get("sql") for line in lines])
    print("ok: put")


def told(p):
    """A store of another process hears of a security event through PostgreSQL."""
    redis = p.redis
    redis.call("FLUSHALL")
    things(p.pg)
    s = Storer(p.bench, p.pg, redis).ready()
    assert s.cached(3, "raw")["value"] == "1" and s.cached(4)["from"] == "cache"
    alarm = p.cache("security-event", "raw", "--prefix", "test:", "--yes")
    assert alarm.returncode == 0 and "are told" in alarm.stdout and "pg_notify('dytop_invalidate', $1)" in alarm.stdout, alarm
    assert "raw:!" in alarm.stdout
    s.until("its notification", 5, lambda t: t["events"] >= 1)
    assert any("raw is not cached any more" in e.get("words", "") for e in s.past), s.past
    redis.call("SET", "test:raw:3", "planted")
    assert s.get(3, "raw")["value"] == "1" and s.get(3, "raw")["from"] == "database"
    assert s.get(4)["from"] == "cache", "others go on"
    s.quit()
    intent = [line for line in p.lines() if line["action"] == "cache_alarm" and "sql" in line][-1]
    assert "pg_notify" in intent["sql"] and "raw:!" in intent["sql"], intent
    # PostgreSQL not there: said, and Redis is swept all the same; without one it is Redis alone
    redis.call("SET", "test:raw:5", "x")
    p.pg.stop()
    alarm = p.cache("security-event", "raw", "--prefix", "test:", "--yes")
    p.pg.start()
    assert alarm.returncode == 1 and "were not told" in alarm.stdout and "2 keys are gone" in alarm.stdout, alarm
    assert alarm.stderr.startswith("dytop: not all of it is done: the stores that listen were not told"), alarm
    end = [line for line in p.lines() if line["action"] == "cache_alarm"][-1]
    assert end["outcome"] == "failed" and end["rows"] == 2 and "were not told" in end["error"], end
    p.redis.call("SET", "test:raw:5", "x")
    alone = subprocess.run(["./dytop", "cache", "security-event", "raw", "--prefix", "test:", "--yes", "--no-postgres", "--audit", p.audit,
                            "--redis", "redis://127.0.0.1:%d" % redis.port], capture_output=True, text=True, env=p.env, timeout=60 * SLOW)
    assert alone.returncode == 0 and "told" not in alone.stdout and "1 key is gone" in alone.stdout, alone
    assert p.cache("security-event", "a b", "--yes").returncode == 1
    print("ok: a security event reaches other stores")


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
    # the panel of kinds of keys says what they are
    def finding():
        shown = p.dytop("--no-postgres", "-n", "1", "--panel", "cache_keys", "--format", "json", "--cache-patterns", "sigs=%ssigs:*" % PREFIX,
                        "--cache-patterns", "tx=%stx:*" % PREFIX, postgres=False)
        assert shown.returncode == 0, shown
        rows = json.loads(shown.stdout)["frames"][0]["panels"][0]["rows"]
        return {row["kind"]: row["finding"] for row in rows}
    assert "dytop cache security-event sigs" in finding()["sigs"] and not finding()["tx"]
    alarm = p.cache("security-event", "sigs", "--yes")
    assert not finding()["sigs"]
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
    assert alarm.returncode == 1 and "goes on writing" in alarm.stdout and "keys are gone" in alarm.stdout, alarm
    end = p.lines()[-1]
    assert (end["action"], end["outcome"]) == ("cache_alarm", "failed") and end["rows"] > 50 and "goes on writing" in end["error"], end
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
        log = os.path.join(d.home, ".local", "state", "dytop", "audit.jsonl")
        d.until("the outcome in the audit log", lambda: open(log).read().count("\n") == 2, 20 * SLOW)
        with open(log) as f:
            lines = [json.loads(line) for line in f]
        assert [line["action"] for line in lines] == ["cache_drop_all"] * 2 and lines[1]["rows"] == 500, lines
    print("ok: from the dashboard")


def main():
    with Bench() as bench:
        if len(sys.argv) < 2:
            p = Place(bench)
            get(p)
            put(p)
            told(p)
            drop(p)
        in_the_dashboard(bench)


main()
