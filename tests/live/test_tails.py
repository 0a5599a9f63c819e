#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""p95 and p99 by looks at running statements (~), against what the server's own log says each call took; and what the looks cost.

Sessions run statements of known tails; auto_explain logs the duration of each call. What is shown with ~ must be right within the
documented error, what is shown as a bound must hold, and the looks must keep to their share of a core."""
import datetime
import json
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, skip, wait_until
from servers import DYTOP

SESSIONS = 4                                            # of each statement
INTERVAL = 12                                           # three of them: the window is 30 s
ERROR = 0.20                                            # INFLIGHT_ERROR_MAX (model/inflight.h)
SHARE = 1.0                                             # percent of a core
LINE = re.compile(r"^(\S+ \S+) UTC .*duration: ([\d.]+) ms  plan:")


def smooth(r):
    return 0.02 + r.expovariate(1 / 0.06)               # p95 200 ms, p99 296 ms


def humps(r):
    return 0.15 + 0.02 * r.random() if r.random() < 0.3 else 0.003   # p95 and p99 within the upper hump


STATEMENTS = {"smooth": (smooth, "SELECT pg_sleep(%.4f)"), "humps": (humps, "SELECT pg_sleep(%.4f), 'humps'")}


def load(bench, pg):
    for name, (draw, sql) in STATEMENTS.items():
        for i in range(SESSIONS):
            r = random.Random("%s %d" % (name, i))
            script = bench.file("%s%d.sql" % (name, i), "".join(sql % draw(r) + " \\g /dev/null\n" for _ in range(100000)))
            bench.clients.append(subprocess.Popen([*pg.psql(), "-f", script], stdout=subprocess.DEVNULL))


def truth(bench, begin, end):
    """name -> the durations of calls that ended in that time, sorted, in ms."""
    took = {name: [] for name in STATEMENTS}
    with open(os.path.join(bench.dir, "postgres.log"), errors="replace") as f:
        lines = f.read().split("\n")
    for line, text in zip(lines, lines[1:]):
        m = LINE.match(line)
        if not m or "pg_sleep" not in text:
            continue
        at = datetime.datetime.strptime(m.group(1), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=datetime.timezone.utc).timestamp()
        if begin <= at <= end:
            took["humps" if "humps" in text else "smooth"].append(float(m.group(2)))
    return {name: sorted(ms) for name, ms in took.items()}


def quantile(ms, q):
    return ms[min(len(ms) - 1, int(q * len(ms)))]


def cpu_s(pid):
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e9


def watch(pg, rate, frames, share=SHARE):
    """(the last frame's panel, CPU seconds of the session in the server, seconds) of a batch that looks so often."""
    last = (frames - 1) * INTERVAL
    begun = time.monotonic()
    process = subprocess.Popen([DYTOP, "-b", "--format", "json", "--panel", "statements", "-n", str(frames), "-i", str(INTERVAL),
                                "--inflight-rate", str(rate), "--inflight-share", str(share), "-d", pg.conninfo()],
                               stdout=subprocess.PIPE, text=True)
    find = "SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'dytop'"
    wait_until("dytop's session", 10, lambda: pg.sql(find) != "")
    pid, spent = int(pg.sql(find)), 0
    first = cpu_s(pid)
    counted = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < last - 1:
        spent, seconds = cpu_s(pid) - first, time.monotonic() - counted
        time.sleep(0.2)
    out, _ = process.communicate(timeout=60 * SLOW)
    assert process.returncode == 0, process.returncode
    panel = json.loads(out)["frames"][-1]["panels"][0]
    return panel, spent, seconds


def mark(row, column):
    return row.get("marks", {}).get(column)


def judge(name, row, column, real):
    ms = row[column]
    assert row["rung"][column] == {"bound": "bound", "estimated": "in-flight"}[mark(row, column)], (name, column, row)
    if mark(row, column) == "bound":
        assert ms >= real * 0.98, (name, column, ms, real)
        return "<=%.0f (%.0f)" % (ms, real)
    assert mark(row, column) == "estimated", (name, column, row)
    off = ms / real - 1
    # The looks and the calls are two samples of one stream: two of its standard errors stand beside the documented error.
    assert abs(off) <= ERROR * (1.5 if SLOW == 1 else 2.5), "%s %s: ~%.0f ms, by the log %.0f ms" % (name, column, ms, real)
    return "~%.0f (%.0f, %+.0f %%)" % (ms, real, off * 100)


def main():
    with Bench() as bench:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements,auto_explain", log_min_messages="log",
                            **{"auto_explain.log_min_duration": "0", "auto_explain.log_timing": "off", "log_line_prefix": "%m ",
                               "log_timezone": "UTC"})
        if pg.sql("SHOW server_version_num") < "140000":
            skip("running statements have an id from PostgreSQL 14 on")
        pg.sql("CREATE EXTENSION pg_stat_statements")
        load(bench, pg)
        time.sleep(1)
        panel, busy, wall = watch(pg, 20, 4)
        rows = panel["rows"]
        took = truth(bench, time.time() - 31, time.time())
        estimated = 0
        for name, (_, sql) in STATEMENTS.items():
            text = "SELECT pg_sleep($1)" + (", $2" if name == "humps" else "")
            row = next(r for r in rows if r["query"] == text)
            said = [judge(name, row, c, quantile(took[name], q)) for c, q in (("p95", 0.95), ("p99", 0.99))]
            estimated += sum(mark(row, c) == "estimated" for c in ("p95", "p99"))
            print("ok: %s: %d calls, p95 %s, p99 %s ms" % (name, len(took[name]), *said))
        # On a machine that is busy the looks cost more, so they are fewer, and a bound may be all that can be said.
        assert estimated >= 2 or SLOW > 1, "nothing was estimated"
        none, idle, idle_wall = watch(pg, 0, 2)
        assert "inflight" not in none, none["inflight"]
        share = 100 * (busy / wall - idle / idle_wall)
        assert share <= SHARE * 1.25, "the looks took %.2f %% of a core, %.2f were allowed" % (share, SHARE)
        print("ok: the looks took %.2f %% of a core of the server, at most %.2f" % (share, SHARE))
        said = panel["inflight"]
        assert said["wished_s"] == 20 and 0 < said["looks_s"] <= 22 and 0 < said["cost_pct"] <= SHARE * 1.25, said
        assert SLOW > 1 or said["looks_s"] >= 10, said
        print("ok: and it says %.1f a second of %g wished, %.2f %%" % (said["looks_s"], said["wished_s"], said["cost_pct"]))
        # A share that does not allow them: they are fewer, and it says how many.
        said = watch(pg, 20, 3, 0.01)[0]["inflight"]
        assert said["wished_s"] == 20 and 0 < said["looks_s"] <= 10 and said["cost_pct"] <= 0.05, said
        print("ok: with 0.01 %% it says %.2f a second of %g wished, %.3f %%" % (said["looks_s"], said["wished_s"], said["cost_pct"]))


main()
