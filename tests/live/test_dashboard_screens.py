#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Every screen and every table of it at two sizes, on real servers: it shows data or says why there are none, and nothing of the
screen before is left on it."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash, repainted_alike, with_servers # noqa: E402
from servers import run # noqa: E402

SCREENS = ["overview", "activity", "statements", "locks", "indexes", "tables", "io", "pools", "cache", "progress", "databases",
           "commands", "checkpoints", "replication", "settings", "servers"]
TABLES = {"statements": 2, "pools": 6, "cache": 4, "replication": 3} # more than one


def says_something(d, what):
    """Below the tabs there are figures, rows, or a sentence why there are none; and a status line and keys below."""
    shown = d.text()
    body = "\n".join(shown.split("\n")[3:-2])
    assert len(body.split()) > 3, f"{what}: nothing on the screen:\n{shown}"
    assert "q quit" in d.row(d.lines - 1), f"{what}: no keys:\n{shown}"
    d.sane()


def every_screen(words):
    for columns, lines in ((120, 40), (80, 24)):
        with Dash(*words, columns=columns, lines=lines) as d:
            d.live()
            for i, name in enumerate(SCREENS):
                d.key("0123456789"[i]) if i < 10 else d.key("tab")
                if i == 10: # Tab goes through the screens in order, from progress on to the overview or to the first one without a key
                    d.goto(name)
                d.until(f"the tab {name}", lambda: name.upper() in d.text())
                for table in range(TABLES.get(name, 1)):
                    d.pump(0.4)
                    d.until("something", lambda: len("".join(d.text().split("\n")[3:-2]).split()) > 3)
                    says_something(d, f"{name} {table} at {columns}x{lines}")
                    if name in TABLES:
                        d.key(".")
                if name in ("overview", "activity", "cache", "settings"):
                    repainted_alike(d, name)
            d.quit()


def test_every_screen():
    with_servers(every_screen)


def time_is_told(words):
    with Dash(*words) as d:
        d.live()
        d.key("2")
        d.until("what the statements, asked each 5 s, are over", lambda: re.search(r"\| over [0-9.]+s", d.row(d.lines - 2)))
        looks = "PostgreSQL 13" not in d.text()         # running statements have no id there
        d.until("how often running statements are looked at", lambda: not looks or "in-flight looks " in d.row(d.lines - 2))
        d.key("p")
        d.until("nobody looks", lambda: "PAUSED" in d.row(0) and "in-flight" not in d.row(d.lines - 2))
        d.key("4")                           # never looked at before: nothing is asked, and it says so
        d.expect(r"paused before this was asked \(p goes on\)")
        d.key("2")
        d.key("0")
        d.until("charts that end by the clock, not now", lambda: re.search(r"[0-9]{2}:[0-9]{2}:[0-9]{2} {9,}[0-9:]{8}", d.text()) and
                not re.search(r" {9}now\b", d.text()))
        d.key("p")
        d.until("a chart that ends now", lambda: re.search(r" {9}now\b", d.text()))
        d.key("2")
        d.until("somebody looks", lambda: not looks or "in-flight looks " in d.row(d.lines - 2))
        d.quit()


def test_time_is_told():
    with_servers(time_is_told)


if __name__ == "__main__":
    sys.exit(run(globals()))
