#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""! marks this moment and D shows what happened since, on a real server: the figures are those of the span to the last row, and a
restart between the two leaves `-`, never a spike."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import SLOW, Dash, with_servers # noqa: E402
from postgres import Bench # noqa: E402
from servers import run # noqa: E402

ROWS = 5000


def things(d):
    """The words of the line of table `things`."""
    for i in range(5, d.lines - 2):
        if "things" in d.row(i):
            return d.row(i).split()
    return []


def rate(text):
    """120, 1.25k -> a number; - -> None."""
    m = re.fullmatch(r"<?([\d.]+)([kM]?)[!]*", text)
    return float(m.group(1)) * {"": 1, "k": 1e3, "M": 1e6}[m.group(2)] if m else None


def span(d):
    """Seconds since the mark, as the status line says; None while it does not."""
    m = re.search(r"since the mark \d\d:\d\d:\d\d \((?:(\d+)m)?([\d.]+)(ms|s)?\)", d.text())
    return m and (60 * float(m.group(1) or 0) + float(m.group(2))) / (1000 if m.group(3) == "ms" else 1)


def test_a_restart_between_mark_and_diff():
    with Bench() as bench:
        pg = bench.postgres()
        pg.sql("CREATE TABLE things (a int)")
        with Dash("-d", pg.conninfo()) as d:
            d.live()
            d.goto("tables")
            d.command("columns table inserts")
            d.until("the table", lambda: len(things(d)) == 2)
            d.command("mark")
            d.expect(r"marked \d\d:\d\d:\d\d: D shows what happened since")
            pg.sql(f"INSERT INTO things SELECT generate_series(1, {ROWS})")
            d.key("D")
            d.expect(r"since \d\d:\d\d:\d\d  LIVE", SLOW) # in the header, in place of the interval

            def counted():
                d.key("r") # tables are asked for seldom
                shown, seconds = rate((things(d) or ["-"])[-1]), span(d)
                return shown and seconds and abs(shown * seconds - ROWS) < ROWS / 10
            d.until("all the rows over the span", counted)
            first = span(d)
            d.until("the span to grow, and its rate to fall", lambda: (span(d) or 0) > first + 2 and counted())
            d.sane()

            pg.stop()
            pg.start()
            d.live()
            pg.sql(f"INSERT INTO things SELECT generate_series(1, {10 * ROWS})")
            d.expect("since the mark [0-9:]+: another life of the server", SLOW)
            d.until("nothing of the span is known", lambda: d.key("r") or len(things(d)) == 2 and things(d)[-1] == "-")
            d.never(r"(?m)^.*things\s+[\d.]+[kM]?!*\s*$", 3)
            assert "xacts -" in d.text(), d.text()

            d.key("D") # the interval goes on as ever
            d.until("the interval", lambda: span(d) is None and "another life" not in d.text())
            d.until("a figure of it", lambda: d.key("r") or len(things(d)) == 2 and rate(things(d)[-1]) is not None)
            d.key("!") # and a new mark holds
            d.key("D")
            d.until("the new span", lambda: d.key("r") or (span(d) or 0) > 0.4)
            d.quit()


def both(words):
    """Redis too: its panels are under the same mark."""
    with Dash(*words) as d:
        d.live()
        d.goto("cache", "GET|KEYS|keys")
        d.key("!")
        d.expect("marked")
        d.key("D")
        d.until("the span", lambda: (span(d) or 0) > 0.4)
        d.goto("locks")
        d.expect("no sample from the mark at")
        d.sane()
        d.quit()


def test_both_servers():
    with_servers(both)


if __name__ == "__main__":
    sys.exit(run(globals()))
