#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop warm against the bare loop (warm_floor.c: libpq in single-row mode into hiredis pipelines of 200) and against one await per key,
in turns on private servers; its memory at ten times the rows; what another client of the same Redis feels of a paced warm-up.

    tests/bench/warm.py [--dytop ./dytop] [--rows 100000] [--rounds 3]

Prints ratios; absolute rates belong to one machine. Some minutes; needs gcc and the headers that the build needs."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "live"))
from postgres import Bench
from servers import Redis, folder
from test_warm import Client

SECRET = "1 " + "11" * 32


def run_child(command, **more):
    """(stdout, peak kB, CPU seconds)"""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command[0]} ended with {status}")
    return out, usage.ru_maxrss, usage.ru_utime + usage.ru_stime


class Stage:
    def __init__(self, args, pg, redis, floor):
        self.args, self.pg, self.redis, self.floor_program = args, pg, redis, floor
        self.conninfo = pg.conninfo(dbname="bridge")
        with open(os.path.join(TOP, "sql", "warm", "transactions.sql")) as f:
            text = f.read()
        self.query = re.search(r"\*/\n(.*?)\n-- estimate", text, re.S).group(1)

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

    def warm_command(self, codec, rate, rows):
        return [self.args.dytop, "warm", "--yes", "--watch", "0", "--format", "json", "--codec", codec, "--rate", str(rate), "--rows",
                str(rows), "-d", self.conninfo, "--redis", f"redis://127.0.0.1:{self.redis.port}", "--audit",
                os.path.join(self.redis.path, "audit.jsonl")]

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


def memory(stage):
    small, large = (stage.warm("zlib", 0, rows)[2] for rows in (stage.args.rows // 10, stage.args.rows))
    print(f"peak memory: {small / 1024:.1f} MiB for {stage.args.rows // 10} rows, {large / 1024:.1f} MiB for {stage.args.rows} (aim: flat, < 32)")


def gets(client, seconds):
    """Latencies of single GETs, some 2000 a second."""
    took, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        client.call("GET", "bench:other")
        took.append(time.perf_counter() - began)
        time.sleep(0.0003)
    return took


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def neighbour(stage):
    client = Client(stage.redis.port)
    quiet, busy, paced = [], [], 0
    for _ in range(stage.args.rounds):
        stage.flush()
        client.call("SET", "bench:other", "x" * 500)
        quiet += gets(client, 3)
        result = []
        thread = threading.Thread(target=lambda: result.append(run_child(stage.warm_command("zlib", 5000, 20000),
                                                                         stderr=subprocess.DEVNULL)))
        thread.start()
        time.sleep(1.5)        # it connects and looks first
        busy += gets(client, 3)
        thread.join()
        paced = json.loads(result[0][0])["keys_per_s"]
    print(f"p99 of another client's GET: {p99(quiet) * 1e6:.0f} us alone, {p99(busy) * 1e6:.0f} us beside a warm-up of {paced:.0f} keys/s: "
          f"{p99(busy) / p99(quiet):.1f} x (aim 2)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dytop", default="./dytop", type=os.path.abspath)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with Bench() as bench, folder() as d, Redis(d) as redis:
        floor = os.path.join(d, "warm_floor")
        include = subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True).stdout.strip() or "/usr/include/postgresql"
        subprocess.run(["gcc", "-O2", "-I" + include, os.path.join(HERE, "warm_floor.c"), "-o", floor, "-lpq", "-lhiredis", "-lz",
                        "-lsodium"], check=True)
        pg = bench.postgres()
        pg.sql("CREATE DATABASE bridge")
        subprocess.run([args.dytop, "bridge", "init", "--optimized", "--yes", "--rows", str(args.rows), "-d", pg.conninfo(dbname="bridge"),
                        "--audit", os.path.join(d, "audit.jsonl")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stage = Stage(args, pg, redis, floor)
        rates(stage)
        memory(stage)
        neighbour(stage)


if __name__ == "__main__":
    main()
