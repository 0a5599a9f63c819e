#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop bench against pgbench and redis-benchmark: the same statements on the same private servers, in turns; ratios.

    load.py [--dytop ./dytop] [--rounds 5] [--seconds 4] [--json FILE] [--check]

CPU is user and system time of the whole process (wait4), by the operations it did. Medians over the rounds.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "live"))
from postgres import Bench, find, postgres_bin # noqa: E402
from servers import Redis # noqa: E402


def measured(words):
    """Standard output and CPU seconds of a command that must work."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        p = subprocess.Popen(words, stdout=out, stderr=errors, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        assert p.returncode == 0, (words, errors.read()[-2000:])
        return out.read(), usage.ru_utime + usage.ru_stime


def pgbench(pg, args):
    out, cpu = measured([os.path.join(postgres_bin(), "pgbench"), "-n", "-S", "-M", "prepared", "-c", "20", "-j", "1", "-T", str(args.seconds),
                         "-h", pg.bench.dir, "-p", str(pg.port), "-U", "postgres", "postgres"])
    done = int(re.search(r"actually processed: (\d+)", out).group(1))
    return {"ops": done / args.seconds, "cpu_us": cpu * 1e6 / done}


def dytop(pg, args, workload, clients, redis=None):
    cache = ["--redis", f"unix://{redis.socket}"] if redis else []
    out, cpu = measured([args.dytop, "bench", "--yes", "--json", "--clients", str(clients), "--connections", "20", "--min-connections", "20",
                         "--duration", str(args.seconds), "--warmup", "0", "-d", pg.conninfo(), *cache, os.path.join(HERE, workload)])
    run = json.loads(out)["runs"][0]
    assert run["all"]["errors"] == 0, run["faults"]
    return {"ops": run["all"]["ops_per_s"], "cpu_us": cpu * 1e6 / run["all"]["operations"], "rss": run["self"]["rss_bytes"] / 1048576,
            "p99": run["all"]["ms"]["p99"]}


def redis_benchmark(redis, args, rate):
    """As dytop asks: one connection, what twenty clients want at once in one pipeline."""
    count = max(20000, int(rate * args.seconds))
    out, cpu = measured([find("redis-benchmark"), "-s", redis.socket, "-c", "1", "-P", "20", "-n", str(count), "-r", "1000", "-q",
                         "GET", "dytop:bench:account:__rand_int__"])
    return {"ops": float(re.findall(r"([\d.]+) requests per second", out)[-1]), "cpu_us": cpu * 1e6 / count}


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dytop", default="./dytop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true", help="exit status 1 when an aim is missed (wants a quiet machine)")
    args = parser.parse_args()
    args.dytop = os.path.abspath(args.dytop)
    with Bench() as bench, tempfile.TemporaryDirectory() as folder, Redis(folder) as redis:
        pg = bench.postgres(shared_buffers="256MB", max_connections="60", fsync="off")
        measured([os.path.join(postgres_bin(), "pgbench"), "-i", "-s", "10", "-q", "-h", bench.dir, "-p", str(pg.port), "-U", "postgres",
                  "postgres"])
        got = {"pgbench": [], "dytop": [], "redis-benchmark": [], "dytop, cached": []}
        for _ in range(args.rounds):
            got["pgbench"].append(pgbench(pg, args))
            got["dytop"].append(dytop(pg, args, "select.sql", 20))
            got["dytop, cached"].append(dytop(pg, args, "cached.sql", 20, redis))
            got["redis-benchmark"].append(redis_benchmark(redis, args, got["dytop, cached"][-1]["ops"]))
        thousand = dytop(pg, args, "select.sql", 1000)
    for name, rounds in got.items():
        print(f"{name:18} {median(rounds, 'ops'):10.0f} ops/s  {median(rounds, 'cpu_us'):6.2f} us of CPU each")
    ratio = lambda a, b, key: statistics.median(x[key] / y[key] for x, y in zip(got[a], got[b]))
    print(f"dytop / pgbench: throughput x{ratio('dytop', 'pgbench', 'ops'):.2f}, CPU each x{ratio('dytop', 'pgbench', 'cpu_us'):.2f}")
    print(f"dytop / redis-benchmark: throughput x{ratio('dytop, cached', 'redis-benchmark', 'ops'):.2f}, "
          f"CPU each x{ratio('dytop, cached', 'redis-benchmark', 'cpu_us'):.2f}")
    print(f"1000 clients: {thousand['rss']:.1f} MiB, {thousand['ops']:.0f} ops/s")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({**got, "thousand": thousand}, f, indent=1)
    cpu = ratio("dytop", "pgbench", "cpu_us")
    missed = [what for met, what in ((cpu <= 1, f"CPU each x{cpu:.2f} of pgbench's (aim 1.0)"),
                                     (thousand["rss"] < 64, f"1000 clients: {thousand['rss']:.1f} MiB (aim 64)")) if not met]
    for what in missed:
        print("missed:", what)
    return 1 if args.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
