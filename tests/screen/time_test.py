#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What the screen says about time: charts whose axis is true over an outage, a pause and an absence; figures that are over another
time than the header says. The recordings are made here, out of the samples of a real one (tests/fixtures/bridge.ndjson).

  DYTOP=./dytop tests/screen/time_test.py             compares one screen with tests/golden/screens/outage-120x40.txt
  DYTOP_GOLDEN=write DYTOP=./dytop tests/screen/time_test.py     writes it anew
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import screens_test
from screens_test import DYTOP, ENV, SLOW, TESTS

START_NS, START_US = 5000 * 10**9, 1795349071 * 10**6      # 12:04:31
GROWS = {"overview": {"xact_commit": 400, "blks_hit": 9000, "blks_read": 90}, "cache": {
    "keyspace_hits": 300, "keyspace_misses": 10, "total_commands_processed": 500}, "queries": {
    "calls": 900, "total_exec_time": 1800.0, "squares": 5000.0}, "statements": {"calls": 20, "total_exec_time": 40.0}}


def real():
    """The last words of each server, and the first sample of each panel, of a real recording."""
    servers, samples = {}, {}
    with open(f"{TESTS}/fixtures/bridge.ndjson", encoding="utf-8") as f:
        for line in f:
            d = json.loads(line)
            if "name" in d and "server" in d:
                servers[d["server"]] = d
            elif "sample" in d and d["sample"] in GROWS and d["lookup"] is None:
                samples.setdefault(d["sample"], d)
    return servers, samples


def record(path, step_s, frames, away=range(0), lone=False):
    """A frame each step_s; PostgreSQL is not heard in the frames of `away`. lone: of the first statement, one call a frame."""
    servers, samples = real()
    with open(path, "w", encoding="utf-8") as f:
        def put(d):
            f.write(json.dumps(d, separators=(",", ":")) + "\n")

        put({"dytop_recording": 1, "dytop": "0.1.0", "started": "2026-11-22T12:04:31.000Z", "interval_ms": step_s * 1000, "servers": 2})
        for n in (0, 1):
            servers[n].update(state="live", since_ns=START_NS - 10**9, answered_ns=START_NS, started_us=START_US - 10**9, reason="")
            put(servers[n])
        for i in range(frames):
            ns = i * step_s * 10**9
            put({"frame": i + 1, "mono_ns": START_NS + ns, "wall_us": START_US + ns // 1000})
            if away and i in (away[0], away[-1] + 1):
                lost = i == away[0]
                servers[0].update(state="stale" if lost else "live", reason="no answer for 3.0 s" if lost else "",
                                  since_ns=START_NS + ns, answered_ns=START_NS + ns - (step_s * 10**9 if lost else 0))
                put(servers[0])
            for name, d in samples.items():
                if d["server"] == 0 and i in away:
                    continue
                d.update(mono_ns=START_NS + ns + 10**6, wall_us=START_US + ns // 1000 + 1000, elapsed_us=300)
                put(d)
            for name, d in samples.items():         # also while nobody listens
                fields = list(d["fields"])
                for field, more in GROWS[name].items():
                    for k, row in enumerate(d["rows"]):
                        one = {"calls": 1, "total_exec_time": 5.0 + i % 20}.get(field) if lone and k == 0 else None
                        row[fields.index(field)] += one if one and name == "statements" else more * step_s
        put({"end": True, "frames": frames})


def play(recording, script, *more):
    path = recording + ".script"
    with open(path, "w", encoding="utf-8") as f:
        f.write(script)
    p = subprocess.run([*DYTOP, "--replay", recording, "--script", path, *more], capture_output=True, env=ENV, timeout=60 * SLOW,
                       stdin=subprocess.DEVNULL)
    assert p.returncode == 0 and not p.stderr, p.stderr.decode()
    return p.stdout.decode()


def shot(out, name):
    """The lines of one dump."""
    return out.split(f"--- {name} ", 1)[1].split("\n--- ", 1)[0].split("\n")[1:]


def places(lines, letter):
    """Columns of the chart at the left where that line is drawn."""
    chart = [line[7:59] for line in lines[5:20] if len(line) > 6 and line[6] == "|"]
    return {x for line in chart for x, sign in enumerate(line) if sign == letter}


def outage(work):
    """60 s without PostgreSQL are 60 s on the axis, in every line of it, and Redis goes on."""
    path = f"{work}/outage.ndjson"
    record(path, 2, 60, range(15, 45))
    lines = shot(play(path, "key 0\nframe 54\ntext after\n", "--size", "120x40", "--ascii"), "after")
    text = "\n".join(lines)
    xacts, redis = places(lines, "*"), places(lines, "+")
    gap = sorted(redis - xacts)
    assert len(redis) >= 26, text                       # 54 frames: a column is two of them
    # It is told where the outage began and ended: 30 frames, and the first after it is a first sample again.
    assert 14 <= len(gap) <= 16 and gap == list(range(gap[0], gap[-1] + 1)), (gap, text)
    assert min(xacts) < gap[0] and max(xacts) > gap[-1], (xacts, gap)
    screens_test.compare("outage-120x40", play(path, "key 0\nframe 30\ndump stale\nframe 24\ndump after\n", "--size", "120x40"))


def pause(work):
    """So is a pause, and the figures after a long one are no mean over it."""
    path = f"{work}/pause.ndjson"
    record(path, 2, 60)
    out = play(path, "key 2\nframe 10\ntext before\nkey p\nframe 20\ntext paused\nkey 0\ntext old\nkey p\ntext first\nframe 8\ntext after\n"
                     "key 2\nkey p\nframe 5\nkey p\ntext short\nframe\ntext ordinary\n", "--size", "120x40", "--ascii")
    status = [shot(out, name)[-2] for name in ("before", "paused")]
    assert all("first" not in line and "over" not in line for line in status), status
    old = "\n".join(shot(out, "old"))
    assert "now" not in old and " 12:04:5" in old, old  # what is shown ends where the pause began, by the clock
    lines = shot(out, "after")
    assert len(places(lines, "*")) <= 5 + 6 and max(places(lines, "*")) - min(places(lines, "*")) >= 17, "\n".join(lines)
    assert "now" in "\n".join(lines)
    assert "over 1" in shot(out, "short")[-2], shot(out, "short")[-2]
    assert "over" not in shot(out, "ordinary")[-2], shot(out, "ordinary")[-2]


def absence(work):
    """A screen one comes back to: after a while its figures are over that while, and said so; after a long while they begin anew."""
    path = f"{work}/absence.ndjson"
    record(path, 4, 45)
    out = play(path, "key 2\nframe 3\ntext before\nkey 1\nframe 5\nkey 2\nframe\ntext soon\nframe\ntext then\nkey 1\nframe 20\nkey 2\nframe\n"
                     "text late\nframe\ntext again\nkey Enter\ntext detail\n", "--size", "120x40")
    status = {name: shot(out, name)[-2] for name in ("before", "soon", "then", "late", "again")}
    assert "over 2" in status["soon"] and "first sample" not in status["soon"], status
    assert "first sample: since the last reset" in status["late"] and "over" not in status["late"], status
    for name in ("before", "then", "again"):
        assert "first sample" not in status[name] and "over" not in status[name], status
    calls = [line for line in shot(out, "again") if " 20.0 " in line or " 20 " in line]
    assert calls, out                                   # 20 calls a second, as before
    assert "at most, bound;" in "\n".join(shot(out, "detail")), shot(out, "detail")


def slow(work):
    """A dashboard that asks each second shows a recording of every five: the figures' own interval stands there, and stands still."""
    path = f"{work}/slow.ndjson"
    record(path, 5, 12)
    out = play(path, "key 2\nframe 3\ntext one\nframe\ntext two\nframe\ntext three\nkey Enter\ntext detail\n", "--size", "80x24", "-i", "1")
    status = [shot(out, name)[-2] for name in ("one", "two", "three")]
    assert all("over 5s" in line for line in status) and len(set(status)) == 1, status
    assert "one row, over 5s" in "\n".join(shot(out, "detail")), out


def rungs(work):
    """The detail window names the method behind a quantile (in flight: tests/live/test_tails.py)."""
    path = f"{work}/rungs.ndjson"
    record(path, 1, 30, lone=True)
    out = play(path, "key 2\nframe 25\nkey :\ntype sort mean\nkey Enter\nkey Home Enter\ntext lone\nkey Esc End Enter\ntext many\n", "--size",
               "120x40")
    lone, many = ([line for line in shot(out, name) if " P9" in line] for name in ("lone", "many"))
    assert "23.0ms" in lone[0] and "exact, single calls of 10m; 95 of 100" in lone[0], out
    assert "<=24.0ms" in lone[1] and "at most, bound; 99 of 100" in lone[1], lone  # 25 calls are no hundred; but not below the 95th
    assert all("<=" in line and "at most, bound;" in line for line in many), many
    p = subprocess.run([*DYTOP, "-b", "--replay", path, "--panel", "statements", "--format", "json", "-n", "25", "--sort", "-mean", "--limit", "2"],
                       capture_output=True, env=ENV, timeout=60 * SLOW, stdin=subprocess.DEVNULL)
    rows = json.loads(p.stdout)["frames"][-1]["panels"][0]["rows"]
    assert sorted(row["rung"]["p95"] for row in rows) == ["bound", "single calls"], rows


def main():
    work, failed = tempfile.mkdtemp(), 0
    try:
        for test in (outage, pause, absence, slow, rungs):
            try:
                test(work)
                print("ok", test.__name__)
            except (AssertionError, OSError, subprocess.TimeoutExpired, IndexError) as e:
                failed += 1
                print("not ok %s: %s" % (test.__name__, e))
    finally:
        shutil.rmtree(work)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
