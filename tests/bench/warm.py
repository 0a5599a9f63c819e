#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop warm against the bare loop (warm_floor.c: libpq in single-row mode into hiredis pipelines of 200) and against one await per key,
in turns on private servers; its memory at ten times the rows; what another client of the same Redis feels of a paced warm-up.

    tests/bench/warm.py [--dytop ./dytop] [--rows 100000] [--rounds 3] [--only rates|memory|neighbour]

Prints ratios; absolute rates belong to one machine. Some minutes; needs gcc and the headers that the build needs."""

import argparse
import json
import math
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "live"))
from postgres import Bench
from servers import Redis, folder, peak_mb
from test_warm import Client

SECRET = "1 " + "11" * 32


def run_child(command, **more):
    """(stdout, which fits into a pipe, peak MiB, CPU seconds)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)
    peak = peak_mb(child)
    if child.returncode:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return child.stdout.read(), peak, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pg_include():
    return subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True).stdout.strip() or "/usr/include/postgresql"


def build(source, folder, *flags):
    program = os.path.join(folder, os.path.splitext(source)[0])
    subprocess.run(["gcc", "-O2", os.path.join(HERE, source), "-o", program, *flags], check=True)
    return program


class Stage:
    def __init__(self, args, pg, redis, second):
        self.args, self.pg, self.redis, self.second = args, pg, redis, second
        self.missed = []
        self.floor_program = build("warm_floor.c", redis.path, "-I" + pg_include(), "-lpq", "-lhiredis", "-lz", "-lsodium")
        self.neighbour_program = build("warm_neighbour.c", redis.path)
        self.conninfo = pg.conninfo(dbname="bridge")
        with open(os.path.join(TOP, "sql", "warm", "transactions.sql")) as f:
            text = f.read()
        self.query = re.search(r"\*/\n(.*?)\n-- estimate", text, re.S).group(1)

    def aim(self, met, what):
        if not met:
            self.missed.append(what)

    def flush(self):
        Client(self.redis.port).call("FLUSHALL")

    def floor(self, codec, pipeline, rows):
        self.flush()
        with tempfile.TemporaryFile("w+") as f:
            f.write(self.query.replace("$1", str(rows)))
            f.seek(0)
            out, _, _ = run_child([self.floor_program, self.conninfo, "127.0.0.1", str(self.redis.port), codec, str(pipeline)], stdin=f)
        keys, seconds, cpu, peak = out.split()
        assert int(keys) == rows, out
        return rows / float(seconds), float(cpu), int(peak)

    def warm_command(self, codec, rate, rows, redis=None):
        redis = redis or self.redis
        return [self.args.dytop, "warm", "--yes", "--watch", "0", "--format", "json", "--codec", codec, *([] if math.isnan(rate) else ["--rate", str(rate)]), "--rows", str(rows),
                 "-d", self.conninfo, "--redis", f"redis://127.0.0.1:{redis.port}", "--audit",
                os.path.join(redis.path, "audit.jsonl")]

    def warm(self, codec, rate, rows):
        self.flush()
        out, peak, cpu = run_child(self.warm_command(codec, rate, rows), stderr=subprocess.DEVNULL,
                                   env={**os.environ, "DYTOP_CACHE_SECRET": SECRET})
        report = json.loads(out)
        assert report["written"] == rows, report
        return report["keys_per_s"], cpu, peak


def rates(stage):
    rows = stage.args.rows
    print(f"{rows} transactions, as fast as it goes; medians of {stage.args.rounds} turns")
    for codec in ("raw", "zlib", "sealed"):
        ours, floor, single, cpu = [], [], [], []
        for _ in range(stage.args.rounds):
            bare, kit = stage.floor(codec, 200, rows), stage.warm(codec, 0, rows)
            floor.append(bare[0])
            ours.append(kit[0])
            cpu.append(kit[1] / bare[1])
            single.append(stage.floor(codec, 1, rows // 10)[0])
        ours, floor, single, cpu = map(statistics.median, (ours, floor, single, cpu))
        print(f"  {codec:7} dytop {ours:8.0f} keys/s   bare loop {floor:8.0f}: {ours / floor:.2f} x (aim 0.8)   "
              f"one await per key {single:8.0f}: {ours / single:.1f} x (aim 2)   CPU {cpu:.2f} x the bare loop's")
        stage.aim(ours / floor >= 0.8, f"{codec}: {ours / floor:.2f} x the bare loop")
        stage.aim(ours / single >= 2, f"{codec}: {ours / single:.1f} x one await per key")


def memory(stage):
    small, large = (stage.warm("zlib", 0, rows)[2] for rows in (stage.args.rows // 10, stage.args.rows))
    print(f"peak memory: {small:.1f} MiB for {stage.args.rows // 10} rows, {large:.1f} MiB for {stage.args.rows} (aim: flat, < 32)")
    stage.aim(large < 32 and large - small < 2, f"peak memory {small:.1f} and {large:.1f} MiB")


class Neighbour:
    """warm_neighbour.c: another client's GETs, 2000 a second."""

    def __init__(self, program, redis):
        self.program, self.port = program, redis.port
        Client(self.port).call("SET", "bench:other", "x" * 500)

    def p99(self, seconds):
        out, _, _ = run_child([self.program, "127.0.0.1", str(self.port), "bench:other", "2000", str(seconds)])
        return [float(word) for word in out.split()][2]


def beside(stage, neighbour, into, rate, seconds):
    """p99 while a warm-up writes into a Redis, and the rate that it kept."""
    client = Client(into.port)
    client.call("FLUSHALL")
    Client(neighbour.port).call("SET", "bench:other", "x" * 500)
    command = stage.warm_command("zlib", rate, stage.args.rows, into)
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while child.poll() is None and client.call("DBSIZE") < 500:
        time.sleep(0.05)       # it connects and looks first
    took = neighbour.p99(seconds)
    if child.poll() is not None:
        sys.exit("the warm-up was over before its neighbour: more --rows")
    child.send_signal(signal.SIGINT)
    report = json.loads(child.communicate()[0])
    return took, report["keys_per_s"], report["slowed_for_redis"]


def neighbour(stage, rate):
    """In turns of 2 s: alone; beside a warm-up into the same Redis; beside one into another Redis, which takes the same CPU from the
    machine, and from PostgreSQL, and nothing from the Redis that is asked."""
    client = Neighbour(stage.neighbour_program, stage.redis)
    alone, same, other, kept, slowed = [], [], [], [], []
    for _ in range(stage.args.rounds * 2):
        alone.append(client.p99(2))
        took, keys, back = beside(stage, client, stage.redis, rate, 2)
        same.append(took)
        kept.append(keys)
        slowed.append(back)
        other.append(beside(stage, client, stage.second, rate, 2)[0])
    share = lambda values: statistics.median(v / a for v, a in zip(values, alone))
    middle = statistics.median
    print(f"another client's GET, p99, medians of {len(alone)} turns, rate {rate:.0f}: {middle(alone):.0f} us alone, {middle(same):.0f} us "
          f"beside a warm-up of {middle(kept):.0f} keys/s ({middle(slowed):.0f} steps back): {share(same):.2f} x (aim 2); beside one into "
          f"another Redis of this machine {middle(other):.0f} us: {share(other):.2f} x")
    stage.aim(share(same) <= 2, f"another client's p99 at rate {rate:.0f}: {share(same):.2f} x")
    if stage.args.verbose:
        for row in zip(alone, same, other, kept):
            print("   ", "  ".join(f"{v:8.0f}" for v in row))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dytop", default="./dytop", type=os.path.abspath)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("rates", "memory", "neighbour"))
    parser.add_argument("--check", action="store_true", help="exit status 1 when an aim is missed (wants a quiet machine)")
    parser.add_argument("-v", "--verbose", action="store_true", help="every turn of the neighbour")
    args = parser.parse_args()
    with Bench() as bench, folder() as d, folder() as d2, Redis(d) as redis, Redis(d2) as second:
        pg = bench.postgres()
        pg.sql("CREATE DATABASE bridge")
        subprocess.run([args.dytop, "bridge", "init", "--optimized", "--yes", "--rows", str(args.rows), "-d", pg.conninfo(dbname="bridge"),
                        "--audit", os.path.join(d, "audit.jsonl")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stage = Stage(args, pg, redis, second)
        if args.only in (None, "rates"):
            rates(stage)
        if args.only in (None, "memory"):
            memory(stage)
        if args.only in (None, "neighbour"):
            neighbour(stage, 5000)
            neighbour(stage, math.nan)
        for what in stage.missed:
            print("missed:", what)
        return 1 if args.check and stage.missed else 0


if __name__ == "__main__":
    sys.exit(main())
