#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop bench on private servers: its figures, its JSON, its manners when servers go away."""
import json
import math
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Bench # noqa: E402
from servers import DYTOP, SLOW, TOP, Redis, Skip, folder, run, sanitized, wait_for # noqa: E402

BRIDGE = {}


def setup():
    """One PostgreSQL with the bridge in it and one Redis, for all tests."""
    if not BRIDGE:
        bench = Bench()
        pg = bench.postgres(fsync="off", synchronous_commit="off", max_connections="60")
        pg.sql("CREATE DATABASE bridge")
        home = os.path.join(bench.dir, "home")
        BRIDGE.update(bench=bench, pg=pg, home=home)
        done = dytop("bridge", "init", "--optimized", "--rows", "3000", "--no-roles", "--yes", redis=None)
        assert done.returncode == 0, done.stderr
    return BRIDGE["pg"]


def command(*words, redis, database="bridge", cache=None):
    pg = BRIDGE["pg"]
    cache = ["--redis", cache or f"unix://{redis.socket}"] if redis or cache else []
    return [DYTOP, *words, "-d", pg.conninfo(dbname=database), *cache, "--audit", BRIDGE["home"] + ".audit"]


def dytop(*words, redis, database="bridge", seconds=60, cache=None):
    return subprocess.run(command(*words, redis=redis, database=database, cache=cache), capture_output=True, text=True, timeout=seconds * SLOW,
                          stdin=subprocess.DEVNULL)


def bench(*words, redis, status=0, cache=None):
    done = dytop("bench", "--yes", "--json", *words, redis=redis, cache=cache)
    assert done.returncode == status, (done.returncode, done.stderr[-2000:])
    return json.loads(done.stdout) if done.stdout else None


def left_over():
    return BRIDGE["pg"].sql("SELECT count(*) FROM bridge_transactions WHERE id LIKE 'btx_bench%'", dbname="bridge").strip()


def count(name):
    return int(BRIDGE["pg"].sql(f"SELECT count(*) FROM {name}", dbname="bridge"))


def check_schema(report):
    try:
        import jsonschema
    except ImportError:
        raise Skip("python3-jsonschema is not installed") from None
    with open(os.path.join(TOP, "docs", "bench.schema.json")) as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(report)


def test_a_run_and_its_json():
    setup()
    before = count("bridge_transactions"), count("validator_signatures")
    with folder() as path, Redis(path) as redis:
        r = bench("--clients", "100", "--duration", "3", "--warmup", "1", redis=redis)
        check_schema(r)
        one, all_ = r["runs"][0], r["runs"][0]["all"]
        assert r["rows"] > 2000 and r["cache"] and r["clients"] == 100 and r["rate"] is None, r
        assert [t["name"] for t in r["targets"]] == ["throughput", "mean", "hit_ratio", "deadlocks", "connection_efficiency"]
        for t in r["targets"]:
            better = t["measured"] <= t["target"] if t["name"] in ("mean", "deadlocks") else t["measured"] >= t["target"]
            assert t["met"] == better, t
        assert all_["errors"] == 0 and one["faults"] == [], one
        # What is said of all is the sum of the statements, and everything of the mix ran.
        by = {s["name"]: s for s in one["statements"]}
        assert sum(s["operations"] for s in by.values()) == all_["operations"] > 500
        assert all(s["operations"] > 0 for s in by.values()), {n: s["operations"] for n, s in by.items()}
        # Little's law: a closed loop of 100 clients has ops/s x mean = 100 in flight. Errors of the edges: some per cent.
        assert math.isclose(all_["ops_per_s"] * all_["ms"]["mean"] / 1e3, 100, rel_tol=0.15), all_
        assert all_["cache_hits"] + all_["cache_misses"] == sum(by[n]["operations"] for n in
                                                                        ("transaction", "recent", "asset", "chain"))
        assert one["pool"]["most"] <= 20 and 0 < one["pool"]["busy"] <= one["pool"]["open"] <= 20
        # The reads are the store's: what it says of misses, queries and invalidation is what was counted here.
        said = one["store"]
        assert said["queries"] + said["joined"] >= all_["cache_misses"] * 0.9 - 100, (said, all_)
        assert said["deletions"] > 0 and said["undecodable"] == 0 and said["errors"] == 0, said
        # What is written is read, too: a change of state costs hits.
        assert said["tombstones"] > 0 and by["recent"]["cache_misses"] > 0, (said, by["recent"])
        assert by["recent"]["cache_hits"] > 0 and by["recent"]["hit_percent"] < by["transaction"]["hit_percent"], by["recent"]
        assert all_["single_flight"] <= said["joined"] + 100, (said, all_)
        assert int(redis.call("DBSIZE")[1:]) == 0, "its keys are left"
    assert (count("bridge_transactions"), count("validator_signatures")) == before
    log = open(BRIDGE["home"] + ".audit").read()
    assert '"action":"bench"' in log and "INSERT INTO bridge_transactions" in log


def test_percentiles_are_those_of_the_raw_times():
    setup()
    with folder() as path, Redis(path) as redis:
        raw = os.path.join(path, "raw")
        r = bench("--clients", "50", "--duration", "2", "--warmup", "1", "--raw", raw, redis=redis)
        times = {}
        with open(raw) as f:
            for line in f:
                name, ns = line.split()
                times.setdefault(name, []).append(int(ns) / 1e6)
                times.setdefault("", []).append(int(ns) / 1e6)
        for said in [dict(r["runs"][0]["all"], name=""), *r["runs"][0]["statements"]]:
            got = sorted(times.get(said["name"], []))
            assert len(got) == said["operations"], (said["name"], len(got))
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)):
                want = got[max(0, math.ceil(share * len(got) - 1e-9) - 1)]
                assert math.isclose(said["ms"][name], want, rel_tol=0.01), (said["name"], name, said["ms"][name], want)
            assert math.isclose(said["ms"]["mean"], sum(got) / len(got), rel_tol=1e-6)


def test_an_open_loop_keeps_its_rate():
    setup()
    r = bench("--rate", "200", "--clients", "100", "--duration", "4", "--warmup", "1", redis=None)
    one = r["runs"][0]
    assert r["rate"] == 200 and r["cache"] is None
    # 800 expected of a Poisson process: its standard deviation is 28; a machine that stalls at the very end leaves a few of them behind
    assert 650 < one["all"]["operations"] + one["not_begun"] < 950 and one["not_begun"] < 40, one
    assert one["all"]["hit_percent"] is None
    hit = [t for t in r["targets"] if t["name"] == "hit_ratio"][0]
    assert hit["measured"] is None and hit["met"] is False


def test_a_stall_shows_in_an_open_loop():
    """The server stops for 1 s: some 200 operations were due meanwhile, and their times say so (no coordinated omission)."""
    pg = setup()
    p = subprocess.Popen(command("bench", "--yes", "--json", "--rate", "200", "--clients", "4", "--connections", "4", "--duration", "6",
                                 "--warmup", "1", "--only", "pending", redis=None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_for("the load", lambda: int(pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop-bench'")) >= 5)
        time.sleep(2.5)
        pg.signal(signal.SIGSTOP)
        time.sleep(1.2)
    finally:
        pg.signal(signal.SIGCONT)
    out, errors = p.communicate(timeout=60 * SLOW)
    assert p.returncode == 0, errors
    said = json.loads(out)["runs"][0]["all"]
    # At least a tenth of the times (some 220 of 1200) were held up, half of them for more than half a second.
    assert said["ms"]["max"] > 1000 and said["ms"]["p95"] > 400, said["ms"]


def test_redis_goes_away():
    setup()
    with folder() as path, Redis(path) as redis:
        p = subprocess.Popen(command("bench", "--yes", "--json", "--clients", "50", "--duration", "6", "--warmup", "1", redis=redis),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for("the cache is used", lambda: int(redis.call("DBSIZE")[1:]) > 500)
        time.sleep(2)
        redis.kill()
        time.sleep(1.5)
        redis.start()
        out, errors = p.communicate(timeout=60 * SLOW)
        assert p.returncode == 0, errors
        r = json.loads(out)
        check_schema(r)
        # The database serves what the cache cannot: nothing fails, misses are counted.
        assert r["runs"][0]["all"]["errors"] == 0, r["runs"][0]["faults"]
        assert r["runs"][0]["all"]["cache_misses"] > 100, r["runs"][0]["all"]
    assert left_over() == "0"


def test_postgres_is_restarted():
    pg = setup()
    with folder() as path, Redis(path) as redis:
        p = subprocess.Popen(command("bench", "--yes", "--json", "--clients", "50", "--duration", "6", "--warmup", "1", redis=redis),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for("the cache is used", lambda: int(redis.call("DBSIZE")[1:]) > 500)
        time.sleep(2)
        pg.kill()
        time.sleep(1)
        pg.start()
        out, errors = p.communicate(timeout=90 * SLOW)
        assert p.returncode == 0, errors
        r = json.loads(out)
        check_schema(r)
        one = r["runs"][0]
        # Errors are counted and told, with what the server said; cached reads went on, and so did the rest afterwards.
        assert one["all"]["errors"] > 0 and one["faults"], one
        assert sum(s["operations"] for s in one["statements"] if s["name"] == "insert") > 0
    assert left_over() == "0"


def test_interrupted_it_cleans_up():
    setup()
    p = subprocess.Popen(command("bench", "--yes", "--json", "--clients", "20", "--duration", "60", "--warmup", "1", redis=None),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for("it writes", lambda: left_over() != "0", 20)
    time.sleep(1.5)
    p.send_signal(signal.SIGINT)
    out, errors = p.communicate(timeout=60 * SLOW)
    assert p.returncode == 0, errors
    r = json.loads(out)
    check_schema(r)
    assert r["runs"][0]["cut"] and r["runs"][0]["window_ms"] < 50000
    assert left_over() == "0"


def test_what_it_refuses():
    pg = setup()
    done = dytop("bench", redis=None)       # no terminal to ask on
    assert done.returncode == 1 and "no terminal to ask on" in done.stderr, done.stderr
    done = dytop("bench", "--yes", "--read-only", redis=None)
    assert done.returncode == 1 and "refused by --read-only" in done.stderr, done.stderr
    done = dytop("bench", "--yes", redis=None, database="postgres")
    assert done.returncode == 1 and "dytop bridge init" in done.stderr, done.stderr
    done = dytop("bench", "--yes", "--only", "pendign", redis=None)
    assert done.returncode == 1 and "did you mean 'pending'" in done.stderr, done.stderr
    done = dytop("bench", "--yes", "nothere", redis=None)
    assert done.returncode == 1 and "nothere" in done.stderr, done.stderr
    done = subprocess.run([DYTOP, "bench", "--yes", "-h", "/nowhere", "-d", "bridge"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, (done.returncode, done.stderr)
    with folder() as path:
        done = subprocess.run([DYTOP, "bench", "--yes", "-d", pg.conninfo(dbname="bridge"), "--redis", f"unix://{path}/none.sock", "--audit",
                               path + "/audit"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2, (done.returncode, done.stderr)
        bad = os.path.join(path, "bad.sql")
        with open(bad, "w") as f:
            f.write("/* dytop bench\ntitle: x\nstatements: [{name: a}]\n*/\n-- statement a\nSELEC 1\n")
        done = dytop("bench", "--yes", bad, "--duration", "1", "--warmup", "0", redis=None)
        assert done.returncode == 3 and "statement 'a' never worked" in done.stderr and "42601" in done.stdout, (done.stdout, done.stderr)
    assert left_over() == "0"


def test_before_and_after_in_one_run():
    """A baseline is one only where the optimisation's indexes are not there; the run brings them in between."""
    pg = setup()
    done = dytop("bench", "--yes", "--baseline", redis=None)
    assert done.returncode == 1 and "this would be no baseline" in done.stderr, done.stderr
    pg.sql("CREATE DATABASE before")
    done = dytop("bridge", "init", "--baseline", "--rows", "2000", "--no-roles", "--yes", redis=None, database="before")
    assert done.returncode == 0, done.stderr
    done = dytop("bench", "--yes", redis=None, database="before")
    assert done.returncode == 1 and "dytop bridge init --optimized" in done.stderr, done.stderr
    with folder() as path, Redis(path) as redis:
        words = ("bench", "--yes", "--baseline", "--optimized", "--clients", "50", "--duration", "2", "--warmup", "0.5")
        done = dytop(*words, "--json", redis=redis, database="before")
        assert done.returncode == 0, done.stderr
        r = json.loads(done.stdout)
        check_schema(r)
        one, two = r["runs"]
        assert (one["variant"], two["variant"]) == ("baseline", "optimized") and not one["cached"] and two["cached"]
        assert one["all"]["hit_percent"] is None and two["all"]["hit_percent"] > 0
        assert one["all"]["errors"] == 0 and two["all"]["errors"] == 0, (one["faults"], two["faults"])
        for t, name in zip(r["targets"], ("ops_per_s",)):
            assert math.isclose(t["measured"], two["all"][name], rel_tol=1e-6)
    assert "CREATE MATERIALIZED VIEW" in open(BRIDGE["home"] + ".audit").read()
    assert pg.sql("SELECT count(*) FROM pg_matviews", dbname="before").strip() == "3"
    assert pg.sql("SELECT count(*) FROM bridge_transactions WHERE id LIKE 'btx_bench%'", dbname="before").strip() == "0"


def test_through_a_pooler():
    """Transaction pooling hands each statement another backend: nothing is prepared, and everything works."""
    pool = setup().bench.pgbouncer(BRIDGE["pg"])
    done = subprocess.run([DYTOP, "bench", "--yes", "--json", "--clients", "30", "--duration", "2", "--warmup", "0", "-d",
                           pool.conninfo(dbname="bridge"), "--audit", BRIDGE["home"] + ".audit"],
                          capture_output=True, text=True, timeout=60 * SLOW)
    assert done.returncode == 0, done.stderr
    one = json.loads(done.stdout)["runs"][0]
    assert one["all"]["errors"] == 0 and one["all"]["operations"] > 100, one["faults"]
    assert left_over() == "0"


def test_with_a_redis_cluster():
    from test_redis_cluster import cluster
    setup()
    with cluster() as servers:
        r = bench("--clients", "50", "--duration", "2", "--warmup", "0.5", redis=None, cache=f"redis://127.0.0.1:{servers[1].port}")
        check_schema(r)
        one = r["runs"][0]
        assert one["all"]["errors"] == 0 and one["all"]["cache_hits"] > 100 and one["store"]["errors"] == 0, one
        assert sum(int(s.call("DBSIZE")[1:]) for s in servers) == 0, "its keys are left"


def test_its_store_is_seen_from_outside():
    """The pools and store panels of another dytop show the bench's own store and pool while it runs, and nothing of it afterwards."""
    setup()
    with folder() as path, Redis(path) as redis:
        p = subprocess.Popen(command("bench", "--yes", "--json", "--clients", "50", "--duration", "60", "--warmup", "1", redis=redis),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            wait_for("what it publishes", lambda: "bench@" in str(redis.call("HKEYS", "dytop:stores")), 30 * SLOW)
            wait_for("hits", lambda: "hits=0 " not in str(redis.call("HVALS", "dytop:stores")), 30 * SLOW)
            done = subprocess.run([DYTOP, "--no-postgres", "--redis", f"unix://{redis.socket}", "--panel", "cache_store,store_pool", "-n", "2", "-i", "1",
                                   "--format", "json"], capture_output=True, text=True, timeout=60 * SLOW)
            assert done.returncode == 0, done.stderr
            panels = {p["panel"]: p["rows"] for p in json.loads(done.stdout)["frames"][-1]["panels"]}
            store, pool = panels["cache_store"][0], panels["store_pool"][0]
            assert store["store"].startswith("bench@") and store["store"] == pool["store"], (store, pool)
            assert pool["max"] == 20 and 5 <= pool["open"] <= 20, pool
        finally:
            p.send_signal(signal.SIGINT)
        out, errors = p.communicate(timeout=60 * SLOW)
        assert p.returncode == 0, errors
        assert json.loads(out)["runs"][0]["store"]["sets"] >= 0
        assert int(redis.call("DBSIZE")[1:]) == 0, "its keys are left"


def test_the_dashboard_on_the_load():
    setup()
    try:
        from dash import Tty
    except SystemExit:
        raise Skip("python3-pyte is not installed") from None
    with folder() as home:
        words = command("bench", "--top", "--clients", "10", "--duration", "60", "--warmup", "1", redis=None)
        with Tty(words, 120, 40, env={"HOME": home, "XDG_CONFIG_HOME": home}) as t:
            t.expect("Run it on bridge@")
            time.sleep(0.5)     # what was typed before the question could be read is no answer
            t.send("y\r")
            t.expect("LIVE", 30 * SLOW)
            t.send("7")
            t.expect("dytop-bench", 30 * SLOW)
            t.pump(4)           # into the measured window
            t.send("q")
            assert t.exit_code(30 * SLOW) == 0, t.text()
            said = bytes(t.raw).decode("utf-8", "replace")
            assert "ended early" in said and "targets met" in said, said[-2000:]
    assert left_over() == "0"
    done = dytop("bench", "--top", redis=None)
    assert done.returncode == 1 and "--top needs a terminal" in done.stderr, done.stderr


def test_a_thousand_clients_are_small():
    setup()
    with folder() as path, Redis(path) as redis:
        one = bench("--clients", "1000", "--duration", "3", "--warmup", "1", redis=redis)["runs"][0]
        assert one["all"]["operations"] > 1000 and one["all"]["errors"] == 0, one["all"]
        assert sanitized(DYTOP) or one["self"]["rss_bytes"] < 64 << 20, one["self"]


def test_two_runs_compared():
    setup()
    with folder() as path:
        for name in ("a", "b"):
            done = dytop("bench", "--yes", "--json", "-o", f"{path}/{name}.json", "--duration", "1", "--warmup", "0", "--clients", "5",
                         "--only", "pending,route", redis=None)
            assert done.returncode == 0, done.stderr
        done = subprocess.run([DYTOP, "bench", "--compare", f"{path}/a.json", f"{path}/b.json"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "pending" in done.stdout and "B / A" in done.stdout, done.stdout + done.stderr


if __name__ == "__main__":
    status = 1
    try:
        status = run(globals())
    finally:
        if BRIDGE:
            BRIDGE["bench"].__exit__(None, None, None)
    sys.exit(status)
