#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The targets of dytop, measured against the floor in one run and printed as met or missed: `make bench`.

  tests/bench/targets.py --dytop ./dytop [--scales small,big] [--seconds 20] [--view-seconds 60] [--reps 1] [--out FILE]
  tests/bench/targets.py --dytop ./dytop --quick        big only, short windows: for a look while working

The floor (F) is floortop.c: the smallest honest live tool. Ratios are between runs of this session on this machine; the
first column of limits is what dytop must hold, the second what it aims at. Needs PostgreSQL 15, Redis, python3-pyte, gcc.
Starts its own servers (env.py) and removes them at the end. Exit status 1 when something that it must hold is missed.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys

import floor
from common import load_env, median

HERE = os.path.dirname(os.path.abspath(__file__))
PY = "/usr/bin/python3"
# the main table's rows (or the words that there are none but ours) and a figure of the header
READY = r"connections +[0-9].*PID .*\n.*(web_worker|nobody is connected)"
VIEWS = {"overview": "0", "activity": "1", "statements": "2", "locks": "3", "indexes": "4", "tables": "5", "io": "6",
         "pools": "7", "cache": "8", "progress": "9"}
FLOOR_COLUMNS = ("pid,database,user,application,client,state,age,xact_age,wait,backends,xacts,rollback,hit,reads,io,returned,"
                 "fetched,inserts,updates,deletes,conflicts,temps,temp,deadlocks,queryid,total_calls,total_time,rows,table,seq,"
                 "seq_reads,idx,hot,live,dead,vacuum,analyze,index,scans,fetches")
# pgcenter's statements view costs its client 572 times the floor's main view (measured once, side by side, at big)
PGCENTER_STATEMENTS_F = 572.0


def log(text):
    print(text, file=sys.stderr, flush=True)


def call(script, *args):
    p = subprocess.run([PY, f"{HERE}/{script}", *map(str, args)], capture_output=True, text=True)
    if p.returncode:
        return {"error": p.stderr.strip()[-400:]}
    rows = [json.loads(line) for line in p.stdout.splitlines() if line.startswith("{")]
    return rows[-1] if rows else {"error": "nothing printed"}


class Bench:
    def __init__(self, args, build):
        self.args, self.build, self.rows, self.raw = args, build, [], {}

    def tui(self, name, cmd, ready, keys=(), setup="", hang=(), seconds=None, count=8, warmup=4):
        opts = ["--label", name, "--server", "--seconds", seconds or self.args.seconds, "--ready", ready, "--keys", count,
                "--key-gap", "0.8", "--warmup", warmup, "--setup-keys", setup, *hang]
        for k in keys:
            opts += ["--key", k]
        log(f"  {name}")
        row = call("tui.py", *opts, "--", *cmd)
        if "error" in row:
            log(f"    FAILED: {row['error']}")
        self.raw.setdefault(name, []).append(row)
        return row

    def floortop(self, name="floor", targets=1, keys=("2=VIEW targets", "1=VIEW activity"), **more):
        state = load_env()
        info = f"host=127.0.0.1 port={state['pg_port']} user=mon dbname=bench"
        return self.tui(name, [f"{self.build}/floortop", "-r", str(state["redis_port"]), *([info] * targets)],
                        r"VIEW activity.*PID .* mon ", keys=keys, **more)

    def command(self, targets=1):
        state = load_env()
        info = f"host=127.0.0.1 port={state['pg_port']} user=mon dbname=bench"
        return [self.args.dytop, *([info] * targets), "--redis", f"redis://127.0.0.1:{state['redis_port']}", "-i", "1",
                "--screen", "activity"]

    def dytop(self, name="dytop", targets=1, setup="", keys=("2=2 STATEMENTS", "1=1 ACTIVITY"), **more):
        return self.tui(name, self.command(targets), READY, keys=keys, setup=setup, **more)

    def check(self, number, what, scale, value, must=None, want=None, unit="x"):
        self.rows.append((number, what, scale, value, must, want, unit))


def ratio(a, b, *path):
    try:
        for p in path:
            a, b = a[p], b[p]
        return a / b if b else None
    except (KeyError, TypeError):
        return None


def get(row, *path):
    for p in path:
        row = row.get(p) if isinstance(row, dict) else None
    return row


def paired(pairs, *path):
    """The median of the ratios of runs made in turns: what the machine did beside hits both of a pair."""
    ratios = [r for r in (ratio(d, f, *path) for f, d in pairs) if r is not None]
    return median(ratios) if ratios else None


def starts(b, scale):
    """Targets 1 and 2: short runs, floor and dytop in turns."""
    pairs = [tuple(start(f"{start.__name__} {scale}, start", keys=(), count=0, seconds=0.5, warmup=1.5) for start in (b.floortop, b.dytop))
             for _ in range(b.args.starts)]
    b.check(1, "first byte", scale, paired(pairs, "first_byte_s"), want=0.5)
    b.check(2, "first full frame", scale, paired(pairs, "first_frame_s"), must=1.5, want=1.0)


def main_view(b, scale):
    """Targets 1-4, 8, 10-12 and the connections: floor and dytop side by side on their main views."""
    starts(b, scale)
    hang = ["--hang", "--hang-wait", "1.0"]
    pairs = [(b.floortop(f"floor {scale}", hang=hang, count=16), b.dytop(f"dytop {scale}", hang=hang, count=16)) for _ in range(b.args.reps)]
    f, d = pairs[-1]
    b.check(3, "client CPU a refresh, main view", scale, paired(pairs, "client_cpu_ms_per_refresh"), must=2.0, want=1.2)
    b.check(4, "server CPU a refresh, main view", scale, paired(pairs, "server", "server_cpu_ms_per_refresh"), must=2.5, want=1.1)
    b.check(8, "bytes a refresh against a plain diff", scale,
            ratio({"x": get(d, "bytes_per_refresh")}, {"x": max(get(d, "diff_bytes_per_refresh") or 0, 1)}, "x"), must=1.3, want=1.15)
    b.check(10, "key to paint, median", scale, paired(pairs, "key_median_ms"), must=1.5, want=1.2)
    b.check(10, "key to paint, longest", scale, get(d, "key_to_paint", "max_ms"), must=16, unit="ms")
    b.check(11, "key to paint, PostgreSQL stopped, longest", scale, get(d, "hang_key_max_ms"), must=16, unit="ms")
    b.check(11, "the same against its own normal", scale,
            ratio({"x": get(d, "hang_key_median_ms")}, {"x": get(d, "key_median_ms")}, "x"), want=1.2)
    b.check(12, "after SIGCONT: repaint", scale, get(d, "hang_recovered_s"), want=0.1, unit="s")
    b.check(16, "PostgreSQL connections", scale, get(d, "pg_connections"), must=1, want=1, unit="")
    b.check(16, "logins in the window", scale, get(d, "server", "sessions_opened"), must=0, want=0, unit="")
    b.check(18, "temp bytes", scale, get(d, "server", "temp_bytes"), must=0, want=0, unit="B")
    return f, d


def hangs(b, scale):
    for what, opts in (("Redis stopped too", ["--hang", "--hang-redis", "--hang-wait", "1.0"]),):
        d = b.dytop(f"dytop {scale}, {what}", hang=opts, seconds=5)
        b.check(11, f"key to paint, {what}, longest", scale, get(d, "hang_key_max_ms"), must=16, unit="ms")


def views(b, f, scale):
    """Target 5 and 6: every view left open."""
    per_second = get(f, "server", "server_cpu_ms_per_s")
    for view, key in VIEWS.items():
        d = b.dytop(f"dytop {scale}, {view}", setup=key, keys=(), seconds=b.args.view_seconds, count=0)
        cost = get(d, "server", "server_cpu_ms_per_s")
        b.check(5, f"server CPU a second, {view}", scale, cost / per_second if cost is not None and per_second else None, must=2.5, want=2.5)
        b.check(18, f"temp bytes, {view}", scale, get(d, "server", "temp_bytes"), must=0, want=0, unit="B")
        if view == "statements":
            client = ratio(d, f, "client_cpu_ms_per_refresh")
            b.check(6, "client CPU, statements, against pgcenter's", scale,
                    client / PGCENTER_STATEMENTS_F if client is not None else None, must=1 / 50, want=1 / 100)
            texts = [q["calls_per_refresh"] * b.args.view_seconds for q in get(d, "server", "queries") or []
                     if "pg_stat_statements(true)" in q["query"]]
            b.check(7, "text reads in 30 s, statements", scale, sum(texts) * 30 / b.args.view_seconds, must=1.0, want=1.0, unit="")


def quiet(b):
    """Target 8: nothing but the clock changes. Paused, because even on an idle server our own transactions are seen."""
    d = b.dytop("dytop small, quiet", keys=(), setup="3p", count=0)
    b.check(8, "bytes a refresh when only the clock changed", "small", get(d, "bytes_per_refresh"), must=20, want=20, unit="B")


def memory(b, scale):
    """Target 9: all panels opened one after the other."""
    d = b.dytop(f"dytop {scale}, all panels", setup="", keys=[f"{k}=." for k in VIEWS.values()] + ["\\t=."] * 12, count=40, seconds=3)
    b.check(9, "peak RSS after all panels", scale, get(d, "peak_rss_mib"), must=20, want=14, unit="MiB")
    b.check(9, "PSS after all panels", scale, get(d, "pss_mib"), unit="MiB")


def targets(b, scale, one):
    d = b.dytop(f"dytop {scale}, 20 servers", targets=20, hang=["--hang", "--hang-backends", "1", "--hang-wait", "1.0"], seconds=15)
    b.check(14, "20 servers: client CPU against one", scale, ratio(d, one, "client_cpu_ms_per_refresh"), must=3.0, want=2.5)
    b.check(14, "20 servers: connections", scale, get(d, "pg_connections"), must=20, want=20, unit="")
    b.check(14, "20 servers, one hung: key to paint, longest", scale, get(d, "hang_key_max_ms"), must=16, unit="ms")


def snapshot(b, scale):
    state = load_env()
    info = f"host=127.0.0.1 port={state['pg_port']} user=mon dbname=bench"
    log(f"  snapshots {scale}")
    f = call("snapshot.py", "-n", 7, "--build", b.build, "--label", "floor once", "--",
             f"{b.build}/floor", "once", f"{HERE}/floor.sql", info)
    # the floor's sets have no sizes and no texts of statements: the columns that need them are left out
    panels = [b.args.dytop, info, "-b", "--format", "json", "--panel", "activity,databases,statements,tables,indexes"]
    d = call("snapshot.py", "-n", 7, "--build", b.build, "--label", "dytop -b", "--", *panels, "--columns", FLOOR_COLUMNS)
    whole = call("snapshot.py", "-n", 5, "--build", b.build, "--label", "dytop -b, all columns", "--", *panels)
    b.raw[f"snapshot {scale}"] = [f, d, whole]
    b.check(17, "snapshot of five sets: wall", scale, ratio(d, f, "wall_ms"), must=1.5, want=1.2)
    b.check(17, "snapshot of five sets: client CPU", scale, ratio(d, f, "client_cpu_ms"))
    b.check(17, "the same with sizes and texts: wall", scale, ratio(whole, f, "wall_ms"))


def growth(b, small, big):
    for what, path, want in (("client CPU", ("client_cpu_ms_per_refresh",), 1.8), ("server CPU", ("server", "server_cpu_ms_per_refresh"), 4.5),
                             ("first frame", ("first_frame_s",), 1.2), ("key to paint", ("key_median_ms",), 1.1)):
        b.check(13, f"growth small to big, {what}", "both", ratio(big, small, *path), want=want)


def number(x, unit):
    if x is None:
        return "-"
    return (f"{x:.3f}" if abs(x) < 0.1 and x else f"{x:.2f}" if abs(x) < 10 else f"{x:.0f}") + unit


def report(b):
    missed = 0
    print(f"{'#':>3} {'what':58} {'scale':6} {'measured':>10} {'must':>8} {'aim':>8}  verdict")
    for n, what, scale, value, must, want, unit in sorted(b.rows, key=lambda r: r[0]):
        if value is None:
            verdict = "NOT MEASURED"
            missed += must is not None
        elif must is not None and value > must * 1.0001:
            verdict, missed = "MISSED", missed + 1
        elif want is not None and value > want * 1.0001:
            verdict = "met (aim missed)" if must is not None else "aim missed"
        else:
            verdict = "met" if must is not None or want is not None else ""
        print(f"{n:3} {what:58} {scale:6} {number(value, unit):>10} {number(must, unit):>8} {number(want, unit):>8}  {verdict}")
    print(f"\n{missed} of the figures that must hold are missed")
    return missed


def run(b):
    mains = {}
    for scale in b.args.scales.split(","):
        log(f"scale {scale}")
        subprocess.run([PY, f"{HERE}/env.py", "scale", scale], check=True, stderr=subprocess.DEVNULL)
        mains[scale] = main_view(b, scale)
        if scale == "small":
            quiet(b)
            continue
        hangs(b, scale)
        if "views" in b.args.parts:
            views(b, mains[scale][0], scale)
        memory(b, scale)
        targets(b, scale, mains[scale][1])
        snapshot(b, scale)
    if "small" in mains and "big" in mains:
        growth(b, mains["small"][1], mains["big"][1])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--dytop", required=True)
    ap.add_argument("--scales", default="small,big")
    ap.add_argument("--seconds", type=float, default=20)
    ap.add_argument("--view-seconds", type=float, default=60)
    ap.add_argument("--reps", type=int, default=3, help="pairs of runs of the main view")
    ap.add_argument("--starts", type=int, default=9, help="pairs of starts")
    ap.add_argument("--parts", default="views")
    ap.add_argument("--quick", action="store_true")
    ap.add_argument("--out", help="keep the raw figures as JSON")
    args = ap.parse_args()
    args.dytop = os.path.abspath(args.dytop)
    if args.quick:
        args.scales, args.seconds, args.view_seconds, args.reps, args.starts = "big", 8, 20, 1, 5
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = subprocess.run([PY, f"{HERE}/env.py", "start"], capture_output=True, text=True, check=True).stdout
    for line in started.splitlines():
        key, _, value = line.removeprefix("export ").partition("=")
        if key != "PGPASSWORD":
            os.environ[key] = value
    build = floor.build()
    b = Bench(args, build)
    try:
        run(b)
    finally:
        subprocess.run([PY, f"{HERE}/env.py", "stop"], stderr=subprocess.DEVNULL)
        shutil.rmtree(build, ignore_errors=True)
        if args.out:
            with open(args.out, "w") as f:
                json.dump(b.raw, f, indent=1)
    return 1 if report(b) else 0


if __name__ == "__main__":
    sys.exit(main())
