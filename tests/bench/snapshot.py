#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Measures a one-shot command: wall, CPU, peak RSS, output, and what it costs the server; prints one JSON line.

  tests/bench/snapshot.py --label pgmetrics -n 10 -- pgmetrics -w -f json -h 127.0.0.1 -p {pg_port} -U mon bench

{set_sql} is replaced by a file with the "set:" queries of floor.sql. Medians over the runs; server CPU is that of
the whole PostgreSQL and Redis less a baseline window, divided by the runs.
"""
import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time

import floor
from common import cpu_seconds, fill, load_env, median, rounded, tree_cpu

HERE = os.path.dirname(os.path.abspath(__file__))


def write_set(f):
    keep = False
    for line in open(f"{HERE}/floor.sql"):
        if line.startswith("-- name:"):
            keep = " set:" in line
        elif keep:
            f.write(line)
    f.flush()


def once(build, cmd):
    """The figures of one run (see once.c)."""
    out = subprocess.run([f"{build}/once", *cmd], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return json.loads(out.stdout)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--label", default="")
    ap.add_argument("--env")
    ap.add_argument("-n", type=int, default=10)
    ap.add_argument("--build", help="where build_floor.sh put its programs (default: builds them)")
    ap.add_argument("cmd", nargs="+")
    args = ap.parse_args()
    state = load_env(args.env)
    build = floor.build(args.build)

    def server():
        return time.monotonic(), tree_cpu(state["postmaster"]), cpu_seconds(state["redis_pid"])

    with tempfile.NamedTemporaryFile("w", suffix=".sql") as f:
        write_set(f)
        cmd = fill(args.cmd, {**state, "set_sql": f.name})
        a = server()
        time.sleep(4)
        b = server()
        once(build, cmd)
        c = server()
        runs = [once(build, cmd) for _ in range(args.n)]
        time.sleep(0.05)
        d = server()
    rate = [(b[i] - a[i]) / (b[0] - a[0]) for i in (1, 2)]
    pg, redis = ((d[i] - c[i] - rate[i - 1] * (d[0] - c[0])) / args.n for i in (1, 2))
    print(json.dumps(rounded({
        "label": args.label, "runs": args.n, "wall_ms": median(r["wall_ms"] for r in runs),
        "min_ms": min(r["wall_ms"] for r in runs), "client_cpu_ms": median(r["client_cpu_ms"] for r in runs),
        "peak_rss_mib": median(r["rss_kib"] for r in runs) / 1024, "output_bytes": median(r["output_bytes"] for r in runs),
        "pg_cpu_ms": 1000 * pg, "redis_cpu_ms": 1000 * redis, "failed": sum(1 for r in runs if r["status"])})))
    if not args.build:
        shutil.rmtree(build)


if __name__ == "__main__":
    main()
