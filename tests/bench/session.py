"""One measured run of a terminal tool: the schedule, the client's clocks, the server's clocks, the replay.
# SPDX-License-Identifier: PostgreSQL

tui.py prints the client's side, servercost.py the server's; both use run() below.

Timeline (seconds): 0 spawn | warmup | steady window (no keys) | keys, one each key_gap | hang | recovery | quit
"""
import json
import os
import random
import re
import signal
import time

from common import (client_backends, cpu_seconds, fill, load_env, median, percentile, psql, signal_all, tcp_connections,
                    tree_cpu, tree_memory_kib)
from terminal import Recorder, Replay, changed_cells, frames, diff_bytes


def add_arguments(ap):
    ap.add_argument("--label", default="", help="a name for the JSON line")
    ap.add_argument("--env", help="directory of env.py (default: $DYTOP_ENV)")
    ap.add_argument("--size", default="120x40", help="COLSxROWS")
    ap.add_argument("--seconds", type=float, default=30.0, help="length of the steady window")
    ap.add_argument("--warmup", type=float, default=4.0)
    ap.add_argument("--interval", type=float, default=1.0, help="the refresh interval that the command was asked for")
    ap.add_argument("--ready", default=".", help="regex that the first full frame must contain")
    ap.add_argument("--setup-keys", default="", help="keys sent after half of the warm-up (to switch to a view)")
    ap.add_argument("--key", action="append", default=[], metavar="KEY=REGEX",
                    help="key to press, and what the screen shows once it took effect; give two or more, cycled")
    ap.add_argument("--keys", type=int, default=10, help="how many key presses")
    ap.add_argument("--key-gap", type=float, default=1.3)
    ap.add_argument("--hang", action="store_true", help="SIGSTOP the tool's backends and the postmaster, press keys again")
    ap.add_argument("--hang-backends", type=int, default=0, help="stop only that many of its backends, not the postmaster")
    ap.add_argument("--hang-redis", action="store_true", help="stop redis-server too")
    ap.add_argument("--hang-wait", type=float, default=2.5, help="seconds given to each key while hung")
    ap.add_argument("--hang-keys", type=int, default=4)
    ap.add_argument("--quit", default="q")
    ap.add_argument("--dump", help="write the last screens (steady, hung) to this file")
    ap.add_argument("--baseline", type=float, default=4.0, help="seconds of server CPU sampled before the tool starts")
    ap.add_argument("cmd", nargs="+", help="the command, after --; {pg_port}, {redis_port}, {pg_socket} are replaced")


def machine_busy():
    """CPU seconds that all processors spent not idle, since boot (10 ms ticks)."""
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return (sum(v[:8]) - v[3] - v[4]) / os.sysconf("SC_CLK_TCK")


def parse_keys(specs):
    out = []
    for spec in specs:
        key, _, regex = spec.partition("=")
        out.append((key.encode().decode("unicode_escape"), regex or None))
    return out


def run(args):
    """Runs the command once and returns (client figures, server figures)."""
    state = load_env(args.env)
    cols, rows = (int(n) for n in args.size.split("x"))
    cmd = fill(args.cmd, state)
    keys = parse_keys(args.key)
    rng = random.Random(7)
    postmaster, redis = state["postmaster"], state["redis_pid"]
    before_backends = client_backends(postmaster)
    base = server_baseline(args, state)
    rec = Recorder(cmd, cols, rows)
    marks = {}

    def mark(name):
        def sample():
            marks[name] = {
                "t": rec.now(), "busy": machine_busy(), "cpu": tree_cpu(rec.pid), "server": tree_cpu(postmaster), "redis": cpu_seconds(redis),
                "backends": {p: cpu_seconds(p) for p in client_backends(postmaster) - before_backends}}
        return sample

    t0, t1 = args.warmup, args.warmup + args.seconds
    if args.setup_keys:
        rec.at(args.warmup / 2, lambda: rec.send(args.setup_keys))
    # statistics are read outside the window: before its first clock and after its last
    rec.at(t0, lambda: (marks.update(stats0=server_stats(state, texts=False)), mark("start")()))
    rec.at((t0 + t1) / 2, lambda: marks.update(redis_connections=tcp_connections(rec.pid, state["redis_port"])))
    rec.at(t1, lambda: (mark("end")(), marks.update(stats1=server_stats(state, texts=True))))
    alive = rec.run_until(t1 + 0.01)
    if not alive:
        rec.finish()
        text = b"".join(c[1] for c in rec.chunks).decode(errors="replace")[-400:]
        return {"label": args.label, "error": f"ended after {rec.eof_at:.2f} s: {text}"}, {}

    presses, hang = [], None
    if keys:
        presses = press(rec, keys, args.keys, args.key_gap, rng, args.interval)
    if args.hang:
        hang = do_hang(rec, args, state, keys, rng, before_backends)
    died, (hwm, pss) = rec.eof_at, tree_memory_kib(rec.pid)
    end_of_life = rec.now()
    rec.finish(args.quit)
    client = client_report(args, rec, marks, presses, hang, died, cols, rows, t0, t1)
    if died is not None:        # the tool ended by itself during the keys or the hang: not the same as freezing
        client["died_at_s"] = died
        client["last_words"] = b"".join(c[1] for c in rec.chunks)[-600:].decode(errors="replace")
    client.update(peak_rss_mib=hwm / 1024 if hwm else None, pss_mib=pss / 1024 if pss else None,
                  life_cpu_s=rec.rusage.ru_utime + rec.rusage.ru_stime if rec.rusage else None, life_s=end_of_life,
                  ended_by="itself" if died is not None else rec.ended_by)
    server = server_report(args, marks, base, client["refreshes"])
    return client, server


# --- keys -------------------------------------------------------------------------------------------------------------

def press(rec, keys, count, gap, rng, interval):
    """Presses keys in turn at random phases of the refresh; returns [(time, regex, deadline)]."""
    out = []
    for i in range(count):
        rec.run_until(rec.now() + rng.uniform(0, min(interval, 0.5)))
        key, regex = keys[i % len(keys)]
        sent = rec.send(key)
        rec.run_until(sent + gap)
        out.append((sent, regex, rec.now()))
    return out


def do_hang(rec, args, state, keys, rng, before_backends):
    mine = sorted(client_backends(state["postmaster"]) - before_backends)
    stopped = mine[:args.hang_backends] if args.hang_backends else mine + [state["postmaster"]]
    if args.hang_redis:
        stopped.append(state["redis_pid"])
    out = {"stopped_backends": len(stopped)}
    try:
        signal_all(stopped, signal.SIGSTOP)
        out["from"] = rec.now()
        rec.run_until(rec.now() + max(2.0, 2 * args.interval))
        out["presses"] = press(rec, keys, args.hang_keys, args.hang_wait, rng, args.interval) if keys else []
        out["to"] = rec.now()
    finally:
        signal_all(stopped, signal.SIGCONT)
    out["cont"] = rec.now()
    rec.run_until(rec.now() + max(4.0, 3 * args.interval))
    out["after"] = press(rec, keys, 2, args.hang_wait, rng, args.interval) if keys else []
    return out


def latencies(replay, presses):
    """Seconds from each key to its regex on the screen; None where it did not come before the deadline."""
    out, skipped = [], 0
    for sent, regex, deadline in presses:
        replay.feed_until(sent)
        if regex is None:
            before = replay.text()
            t = None
            while replay.pos < len(replay.chunks) and replay.chunks[replay.pos][0] <= deadline:
                when = replay.step()
                if replay.text() != before:
                    t = when
                    break
            out.append(None if t is None else t - sent)
            continue
        if re.search(regex, replay.text(), re.S):
            skipped += 1            # it already shows (an earlier key never took effect): says nothing
            continue
        t = replay.first_match(regex, before=deadline)
        out.append(None if t is None else t - sent)
    return out, skipped


# --- client -----------------------------------------------------------------------------------------------------------

def client_report(args, rec, marks, presses, hang, died, cols, rows, t0, t1):
    span = marks["end"]["t"] - marks["start"]["t"]
    steady = [c for c in rec.chunks if t0 < c[0] <= t1]
    bursts = frames(steady)
    starts = [b[0] for b in bursts]
    periods = [b - a for a, b in zip(starts, starts[1:])]
    nominal = span / args.interval
    # trust the bursts when there is about one a refresh, else count nominal refreshes (a tool may paint nothing)
    refreshes = span / median(periods) if periods and 0.5 * nominal <= len(bursts) <= 1.3 * nominal else nominal
    size = sum(len(c[1]) for c in steady)
    cpu = marks["end"]["cpu"] - marks["start"]["cpu"]

    replay = Replay(rec.chunks, cols, rows)
    first_frame = replay.first_match(args.ready)
    replay.feed_until(t0)
    before, changes, diffs = replay.cells(), [], []
    for _, last, _ in bursts:
        replay.feed_until(last)
        after = replay.cells()
        changes.append(changed_cells(before, after))
        diffs.append(diff_bytes(before, after))
        before = after
    screens = [("steady", replay.text())]
    out = {
        "label": args.label, "size": args.size, "interval_s": args.interval, "window_s": span,
        "first_byte_s": rec.chunks[0][0] if rec.chunks else None, "first_frame_s": first_frame,
        "refreshes": refreshes, "bursts": len(bursts), "period_s": median(periods),
        "bytes_per_refresh": size / refreshes, "bytes_per_s": size / span,
        "cells_per_refresh": sum(changes) / refreshes, "diff_bytes_per_refresh": sum(diffs) / refreshes,
        "client_cpu_ms_per_refresh": 1000 * cpu / refreshes, "client_cpu_ms_per_s": 1000 * cpu / span,
        "pg_connections": len(marks["end"]["backends"]), "redis_connections": marks.get("redis_connections"),
    }
    server = marks["end"]["server"] - marks["start"]["server"] + marks["end"]["redis"] - marks["start"]["redis"]
    # what else kept this machine busy in the window: the harness, the load generators, and strangers (noise)
    out["other_cpu_ms_per_s"] = 1000 * (marks["end"]["busy"] - marks["start"]["busy"] - cpu - server) / span
    if presses:
        lat, skipped = latencies(replay, presses)
        out["key_to_paint"] = summary(lat, skipped)
        out["key_median_ms"] = out["key_to_paint"]["median_ms"]
    if hang:
        out["hang"] = hang_report(replay, hang, screens, died)
        # the same, flat, for checks; a key that never painted counts as the whole wait
        lat = out["hang"].pop("latencies")
        waits = [args.hang_wait if x is None else x for x in lat]
        out["hang_key_median_ms"] = 1000 * median(waits) if waits else None
        out["hang_key_max_ms"] = 1000 * max(waits) if waits else None
        out["hang_froze"], out["hang_recovered_s"] = out["hang"]["froze"], out["hang"]["first_change_after_cont_s"]
    if args.dump:
        with open(args.dump, "w") as f:
            for name, text in screens:
                f.write(f"--- {name}\n{text}\n")
    return out


def summary(lat, skipped):
    ok = [x for x in lat if x is not None]
    return {"median_ms": None if not ok else 1000 * median(ok), "p90_ms": None if not ok else 1000 * percentile(ok, 90),
            "max_ms": None if not ok else 1000 * max(ok), "painted": len(ok), "pressed": len(lat), "skipped": skipped}


def hang_report(replay, hang, screens, died):
    replay.feed_until(hang["from"])
    before = replay.cells()
    lat, skipped = latencies(replay, hang["presses"])
    replay.feed_until(hang["to"])
    screens.append(("hung", replay.text()))
    painted_bytes = sum(len(d) for t, d in replay.chunks if hang["from"] < t <= hang["to"])
    replay.feed_until(hang["cont"])
    before, recovered = replay.cells(), None
    while replay.pos < len(replay.chunks):
        t = replay.step()
        if changed_cells(before, replay.cells()):
            recovered = t - hang["cont"]
            break
    after, after_skipped = latencies(replay, hang["after"])
    return {"stopped": hang["stopped_backends"], "latencies": lat, "keys": summary(lat, skipped), "bytes_while_hung": painted_bytes,
            "froze": died is None and bool(lat) and all(x is None for x in lat), "died": died is not None, "first_change_after_cont_s": recovered,
            "keys_after": summary(after, after_skipped)}


# --- server -----------------------------------------------------------------------------------------------------------

def server_baseline(args, state):
    """CPU rate of the whole PostgreSQL and of Redis with no tool running."""
    a = (tree_cpu(state["postmaster"]), cpu_seconds(state["redis_pid"]), time.monotonic())
    time.sleep(args.baseline)
    b = (tree_cpu(state["postmaster"]), cpu_seconds(state["redis_pid"]), time.monotonic())
    return {"pg": (b[0] - a[0]) / (b[2] - a[2]), "redis": (b[1] - a[1]) / (b[2] - a[2])}


def server_stats(state, texts):
    """What the role `mon` ran so far (by statement), temp files and sessions of all databases."""
    db = psql(state, "SELECT json_build_object('temp_files', sum(temp_files), 'temp_bytes', sum(temp_bytes),"
              " 'sessions', sum(sessions)) FROM pg_stat_database")
    query = "left(query, 90)" if texts else "''"        # reading the texts may spill to a temp file of ours
    rows = psql(state, f"SELECT coalesce(json_agg(x), '[]') FROM (SELECT queryid::text AS id, {query} AS query, calls,"
                " total_exec_time AS exec_ms, rows, shared_blks_hit + shared_blks_read AS blocks, temp_blks_written AS temp"
                f" FROM pg_stat_statements({str(texts).lower()}) WHERE userid = 'mon'::regrole) x")
    return {"statements": {r["id"]: r for r in json.loads(rows)}, "db": json.loads(db)}


def server_report(args, marks, base, refreshes):
    a, b = marks["start"], marks["end"]
    span = b["t"] - a["t"]
    stats0, stats1 = marks["stats0"], marks["stats1"]
    stable = a["backends"] and set(a["backends"]) == set(b["backends"])
    mine = sum(b["backends"][p] - a["backends"][p] for p in b["backends"]) if stable else None
    whole = b["server"] - a["server"] - base["pg"] * span
    redis = b["redis"] - a["redis"] - base["redis"] * span
    queries = []
    for qid, row in stats1["statements"].items():
        old = stats0["statements"].get(qid, {"calls": 0, "exec_ms": 0, "blocks": 0, "temp": 0, "rows": 0})
        d = {k: row[k] - old[k] for k in ("calls", "exec_ms", "blocks", "temp", "rows")}
        if d["calls"] > 0:
            queries.append({"query": " ".join(row["query"].split()), "calls_per_refresh": d["calls"] / refreshes,
                            "exec_ms_per_call": d["exec_ms"] / d["calls"], "blocks_per_call": d["blocks"] / d["calls"],
                            "rows_per_call": d["rows"] / d["calls"], "temp_blocks": d["temp"]})
    queries.sort(key=lambda q: -q["exec_ms_per_call"] * q["calls_per_refresh"])
    d0, d1 = stats0["db"], stats1["db"]
    return {
        "label": args.label, "refreshes": refreshes, "window_s": span,
        "backend_cpu_ms_per_refresh": None if mine is None else 1000 * mine / refreshes,
        "server_cpu_ms_per_refresh": 1000 * (mine if mine is not None else whole) / refreshes,
        "server_cpu_ms_per_s": 1000 * (mine if mine is not None else whole) / span,
        "whole_server_minus_baseline_ms_per_refresh": 1000 * whole / refreshes,
        "baseline_ms_per_s": 1000 * base["pg"], "redis_cpu_ms_per_refresh": 1000 * redis / refreshes,
        "reconnects": not stable, "sessions_opened": max(0, d1["sessions"] - d0["sessions"] - 2),      # two are ours
        "temp_files": d1["temp_files"] - d0["temp_files"], "temp_bytes": d1["temp_bytes"] - d0["temp_bytes"],
        "statements_per_refresh": sum(q["calls_per_refresh"] for q in queries),
        "exec_ms_per_refresh": sum(q["calls_per_refresh"] * q["exec_ms_per_call"] for q in queries),
        "blocks_per_refresh": sum(q["calls_per_refresh"] * q["blocks_per_call"] for q in queries),
        "queries": queries[:12],
    }
