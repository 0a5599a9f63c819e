#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The physical floor at the current scale: connect, each monitoring query, the refresh set, ncurses painting.

  tests/bench/floor.py [-n 15] [--build DIR]      prints JSON lines; builds floor.c, floortop.c and paint.c if needed
"""
import argparse
import json
import os
import shlex
import subprocess
import tempfile

from common import load_env, rounded, tree_cpu
from terminal import Recorder

HERE = os.path.dirname(os.path.abspath(__file__))


def build(directory=None):
    out = subprocess.run([f"{HERE}/build_floor.sh", *([directory] if directory else [])], check=True, capture_output=True, text=True)
    return out.stdout.strip()


def lines(cmd, **more):
    out = subprocess.run(cmd, check=True, capture_output=True, text=True).stdout
    return [{**json.loads(line), **more} for line in out.splitlines()]


def connects(state, binary, n):
    """Connect cost on the client (its clock) and on the server (fork + backend start + exit, whole PostgreSQL)."""
    out = []
    for host in ("127.0.0.1", state["pg_socket"]):
        before = tree_cpu(state["postmaster"])
        rows = lines([f"{binary}/floor", "connect", str(n), f"host={host} port={state['pg_port']} user=mon dbname=bench"])
        spent = tree_cpu(state["postmaster"]) - before
        out.append({**rows[0], "server_cpu_ms": 1000 * spent / n})
    return out


def painting(binary, frames=300):
    out = []
    for cells in (0, 60, 200, 600, 1200, 2400):
        for erase in ("", "erase"):
            with tempfile.NamedTemporaryFile("r") as err:
                rec = Recorder(["sh", "-c", f"{shlex.quote(binary)}/paint {frames} {cells} {erase} 2>{err.name}"], 120, 40)
                rec.run_until(30)
                rec.finish()
                row = json.loads(err.read())
            row["bytes_per_frame"] = sum(len(d) for _, d in rec.chunks) / frames
            out.append({"paint": "120x40", **row})
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("-n", type=int, default=15)
    ap.add_argument("--env")
    ap.add_argument("--build")
    args = ap.parse_args()
    state = load_env(args.env)
    binary = build(args.build)
    conninfo = f"host=127.0.0.1 port={state['pg_port']} user=mon dbname=bench"
    rows = connects(state, binary, 100)
    for protocol in ("simple", "prepared"):
        rows += lines([f"{binary}/floor", "query", f"{HERE}/floor.sql", str(args.n), conninfo, protocol])
    rows += lines([f"{binary}/floor", "set", f"{HERE}/floor.sql", str(args.n), conninfo])
    rows += painting(binary)
    for row in rows:
        print(json.dumps(rounded({"scale": state["scale"], **row})))


if __name__ == "__main__":
    main()
