#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A person adds a panel by dropping one file into a folder: it is a screen at once, with deltas, order, filter and colours, and in
every format; and what is wrong with it is told by file and line, or, when only the server can know, in the panel's place."""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "screen")]
from postgres import SLOW, Bench
from terminal import Tty

DYTOP = os.path.abspath(os.environ.get("DYTOP", "./dytop"))

# Row n counts 10^n a second by the server's own clock, so that the rates are known: 10, 100, 1000, 10000.
PANEL = """/* dytop panel
title: Tally
about: What is counted.
source: pg
screen: tally
order: 900
key: [id]
sort: id
fields: {id: id, what: text, ticks: counter, size: gauge}
columns:
  - {name: id, title: ID, unit: id, width: 4, priority: 1, about: its number}
  - {name: rate, title: TICKS/s, expr: rate(ticks), unit: rate, width: 10, priority: 1, warn: "> 500", crit: "> 5000",
     about: ticks a second}
  - {name: size, title: SIZE, unit: bytes, width: 8, priority: 1, about: its size}
  - {name: what, title: WHAT, unit: text, width: 20, priority: 1, flex: yes, about: its name}
*/
-- since 130000
SELECT n AS id, 'tally ' || n AS what, (extract(epoch FROM clock_timestamp()) * 10 ^ n)::bigint AS ticks,
       (1024 ^ n)::bigint AS size
  FROM generate_series(1, 4) AS n
"""


class Place:
    """A private server, and a folder with the new file."""

    def __init__(self, bench, text=PANEL):
        self.pg = bench.postgres()
        self.folder = os.path.join(bench.dir, "mine")
        os.mkdir(self.folder)
        bench.file("mine/tally.sql", text)
        self.env = {"PATH": os.environ["PATH"], "HOME": os.path.join(bench.dir, "home"), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        self.env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        self.words = [DYTOP, "--sql-dir", self.folder, self.pg.conninfo()]

    def run(self, *words, status=0):
        done = subprocess.run([*self.words, *words], env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=30 * SLOW, check=False)
        assert done.returncode == status, done
        assert status or not done.stderr, done.stderr
        return done

    def frames(self, *words):
        return self.run("-b", "-n", "2", "-i", "1", "--panel", "tally", *words).stdout


def near(value, want):
    """A rate over a second by two clocks on a machine that may be busy."""
    return value is not None and want * 0.6 < value < want * 1.6


def in_json(place):
    first, second = [f["panels"][0] for f in json.loads(place.frames("--format", "json"))["frames"]]
    assert first["cumulative"] and [r["rate"] for r in first["rows"]] == [None] * 4, first
    assert [r["size"] for r in first["rows"]] == [1024, 1024 ** 2, 1024 ** 3, 1024 ** 4], first
    rows = {r["id"]: r for r in second["rows"]}
    assert all(near(rows[n]["rate"], 10 ** n) for n in (1, 2, 3, 4)), second
    assert [rows[n].get("alerts") for n in (1, 2, 3, 4)] == [None, None, {"rate": "warn"}, {"rate": "crit"}], second
    print("ok   JSON: deltas and alerts")


def in_order(place):
    def ids(*words):
        return [r["id"] for r in json.loads(place.frames("--format", "json", *words))["frames"][1]["panels"][0]["rows"]]

    assert ids("--sort", "-rate") == [4, 3, 2, 1]
    assert ids("--sort", "what") == [1, 2, 3, 4]
    assert ids("--filter", "rate > 50 and not (what ~ \"y 4\")") == [2, 3]
    assert ids("--filter", "tally 4") == [4]
    assert ids("--sort", "-size", "--limit", "2") == [4, 3]
    print("ok   order, filter, limit")


def in_csv(place):
    rows = list(csv.DictReader(io.StringIO(place.frames("--format", "csv"))))
    assert len(rows) == 8 and {r["panel"] for r in rows} == {"tally"}, rows
    assert [r["rate"] for r in rows[:4]] == [""] * 4, rows
    assert near(float(rows[6]["rate"]), 1000) and rows[6]["what"] == "tally 3" and rows[6]["size"] == str(1024 ** 3), rows
    assert list(csv.reader(io.StringIO(place.frames("--format", "csv", "--columns", "what,id"))))[0][4:6] == ["what", "id"]
    print("ok   CSV")


def in_openmetrics(place):
    text = place.frames("--format", "openmetrics")
    found = dict(re.findall(r'(?m)^dytop_tally_(\w+)\{[^}]*id="3"[^}]*\} (\S+)$', text))
    assert near(float(found["rate_per_second"]), 1000) and float(found["size_bytes"]) == 1024 ** 3, text
    assert float(found["ticks_total"]) > 1e12, text
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
        assert not re.search("(?i)error", done.stdout + done.stderr), done
    print("ok   OpenMetrics")


def on_screen(place):
    with Tty([*place.words, "--screen", "tally", "--no-mouse"], columns=100, lines=24, env=place.env) as t:
        t.expect(r"TALLY.*TICKS/s.*\b1 +\d[\d.]*  .*tally 1.*\b10\.\dk|TALLY.*TICKS/s.*tally 4.*\b9\.\d+k", 20)
        quiet, warn, crit = (cell_colour(t, n) for n in (2, 3, 4))
        assert len({quiet, warn, crit}) == 3, (quiet, warn, crit, t.text())
        order(t, [1, 2, 3, 4])
        t.send("\\")
        t.send("rate > 500")
        t.key("enter")
        shows(t, {3, 4})
        t.send("\\")
        t.key("^U")
        t.key("enter")
        shows(t, {1, 2, 3, 4})
        t.send(">")
        sorted_once = ids(t)
        for _ in range(6):
            t.send(">")
            t.pump(0.4)
            if ids(t) != sorted_once:
                break
        assert sorted(ids(t)) == [1, 2, 3, 4], t.text()
        t.key("q")
        assert t.exit_code(10) == 0
        t.check_restored("q")
    print("ok   screen: colours, order, filter")


def ids(t):
    return [int(n) for n in re.findall(r"\btally (\d)", t.text())]


def order(t, want):
    assert ids(t) == want, t.text()


def shows(t, want):
    end = 0
    while set(ids(t)) != want and end < 100 * SLOW:
        t.pump(0.1)
        end += 1
    assert set(ids(t)) == want, t.text()


def cell_colour(t, n):
    """How the rate of row n is drawn: its last digit."""
    for y, line in enumerate(t.screen.display):
        if f"tally {n}" in line:
            at = re.match(r" *\d+ +\S+", line).end() - 1
            cell = t.screen.buffer[y][at]
            return cell.fg, cell.bold, cell.reverse
    raise AssertionError(t.text())


def lists(place):
    assert re.search(r"(?m)^tally +pg +tally +What is counted", place.run("--list-panels").stdout)
    assert re.search(r"(?m)^ *tally +tally", place.run("--list-screens").stdout)
    assert "rate" in place.run("--list-fields", "--panel", "tally").stdout
    print("ok   lists")


def wrong_on_the_server(bench, place):
    """What only the server knows costs this panel alone: the rest goes on, exit 3, one line."""
    bench.file("mine/tally.sql", PANEL.replace("FROM generate_series(1, 4) AS n", "FROM nothing_there AS n"))
    done = place.run("-b", "--panel", "tally,databases", "--format", "json", status=3)
    panels = {p["panel"]: p for p in json.loads(done.stdout)["frames"][0]["panels"]}
    assert panels["databases"]["state"] == "live" and panels["databases"]["rows"], done
    assert panels["tally"]["state"] != "live" and not panels["tally"].get("rows"), done
    assert done.stderr.count("\n") == 1 and "tally" in done.stderr and "nothing_there" in done.stderr, done.stderr
    print("ok   wrong on the server")


def main():
    with Bench() as bench:
        place = Place(bench)
        for test in (lists, in_json, in_order, in_csv, in_openmetrics, on_screen):
            test(place)
        wrong_on_the_server(bench, place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
