#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The dashboard and its terminal, on real servers: sizes from 1x1 to 500x200, pastes, the mouse, the
clipboard, prompts, a saved layout, poor terminals."""
import base64
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import SLOW, Dash, repainted_alike, strict, with_servers # noqa: E402
from servers import run # noqa: E402

def sizes(words):
    for columns, lines in ((1, 1), (2, 2), (10, 3), (20, 5), (40, 10), (80, 24), (300, 80), (500, 200)):
        with Dash(*words, columns=columns, lines=lines) as d:
            d.until("a picture", lambda: len(d.raw) > 30 and (columns < 10 or d.text().strip()))
            if columns >= 80:
                d.live()
            d.send("q")
            assert d.exit_code(SLOW) == 0, (columns, lines)
            strict(d.raw)
    with Dash(*words) as d:
        d.live()
        for columns, lines in ((1, 1), (500, 200), (2, 2), (10, 3), (300, 80), (20, 5), (40, 10), (80, 24), (1, 200), (500, 1)):
            d.resize(columns, lines)
            d.pump(0.15)
        for i in range(300):
            d.resize(3 + i * 7 % 200, 2 + i * 5 % 60)
            if i % 10 == 0:
                d.pump(0.01)
        d.resize(110, 35)
        d.until("the right picture", lambda: d.row(0).endswith("LIVE") and "q quit" in d.row(34) and "OVERVIEW" in d.text())
        repainted_alike(d, "after a storm of sizes")
        d.quit()


def test_sizes():
    with_servers(sizes)


def keys(words):
    with Dash(*words, "--screen", "activity") as d:
        d.live()
        d.expect("open_2")
        d.stream.feed(b"\x1b[10;5Hforeign writing\x1b[1;1H")
        d.key("^L")
        d.until("^L heals", lambda: "foreign" not in d.text() and d.row(0).startswith(" dytop"))
        # A paste fires no key, and in a prompt it is text.
        d.send("\x1b[200~qK:quit\r\x1b[201~")
        d.never("does not matter", 0.7)
        assert d.poll() is None and "ACTIVITY" in d.text()
        d.send("\\")
        d.send("\x1b[200~qK:quit\r\x1b[201~")
        d.expect(re.escape("qK:quit"))
        assert d.poll() is None
        d.key("esc")
        d.pump(0.3)
        # A filter that is wrong says where; a right one filters; = clears.
        d.send("\\")
        d.send("time > (3\r")
        d.expect(r"(?i)column \d+|at \d+|expected|missing|\^")
        d.key("esc")
        d.pump(0.3)
        d.command("filter query ~ open_1")
        d.until("one row", lambda: "open_1" in d.text() and "open_2" not in d.text())
        d.key("=")
        d.expect("open_2")
        # Completion.
        d.send(":scr\t")
        d.expect(":screen")
        d.key("esc")
        d.pump(0.3)
        d.key("p")
        d.expect("PAUSED")
        d.key("p")
        d.live()
        d.key("+")
        d.expect(r"0\.25s")
        d.key("-")
        d.key("-")
        d.expect(r" 1s ")
        # y copies the text of the row.
        d.key("g")
        d.pump(0.5)
        d.copies = 1
        d.key("y")
        d.until("a copy", lambda: b"\x1b]52;c;" in d.raw)
        copied = base64.b64decode(d.quit()[0]).decode()
        assert "open_" in copied, copied


def test_keys():
    with_servers(keys)


def mouse(words):
    def click(d, x, y):
        d.send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")

    with Dash(*words) as d:
        d.live()
        tabs = next(i for i in range(8) if "OVERVIEW" in d.row(i))
        click(d, d.row(tabs).index("activity") + 2, tabs)
        d.expect("ACTIVITY")
        d.expect("open_2")
        head = next(i for i in range(12) if "PID" in d.row(i))
        click(d, d.row(head).index("PID") + 1, head)
        d.until("sorted by PID", lambda: "PID▼" in d.row(head) or "PID▲" in d.row(head))
        click(d, 10, head + 2)
        d.pump(0.5)
        row = d.screen.buffer[head + 2]
        assert row[60].bg != d.screen.buffer[head + 1][60].bg, "the cursor is on the row that was clicked"
        d.quit()


def test_mouse():
    with_servers(mouse)


def saved(words):
    with tempfile.TemporaryDirectory() as home:
        with Dash(*words, "--screen", "tables", home=home) as d:
            d.live()
            d.command("theme light")
            d.command("sort size")
            d.until("sorted", lambda: re.search("SIZE[▼▲]", d.text()))
            d.key("W")
            d.expect("layout saved")
            d.quit()
        kept = os.path.join(home, ".config", "dytop", "layout.yaml")
        assert os.stat(kept).st_mode & 0o777 == 0o600 and "light" in open(kept).read()
        with Dash(*words, home=home) as d:
            d.live()
            d.goto("tables")
            d.until("sorted as saved", lambda: re.search("SIZE[▼▲]", d.text()))
            d.quit()
        with open(kept, "a") as f:
            f.write("nonsense: [\n")
        with Dash(*words, home=home) as d: # a broken one is said, not fatal or fatal with its place
            d.expect(r"layout\.yaml:\d+")


def test_saved_layout():
    with_servers(saved)


COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def poor(words):
    for term in ("xterm", "linux", "vt100", "screen-256color", "tmux-256color", "xterm-mono"):
        if not any(os.path.exists(f"{place}/{term[0]}/{term}") for place in ("/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo")):
            continue
        with Dash(*words, "--screen", "activity", term=term) as d:
            d.live()
            d.expect("open_2")
            if term in ("vt100", "xterm-mono"):
                assert not COLOUR.search(bytes(d.raw)), (term, COLOUR.search(bytes(d.raw)))
            if term == "vt100":     # it marks no paste: what comes at once is none of its keys
                d.send("qK:quit\r")
                d.expect("pasted text fires no keys")
                assert d.poll() is None and "ACTIVITY" in d.text()
                d.pump(0.5)     # what comes at once belongs to it
                d.send(":")
                d.until("the prompt", lambda: d.row(39).startswith(" :"))
                d.send("screen statements\r")
                d.expect(":screen statements")
                assert "ACTIVITY" in d.text()
                d.pump(0.5)
                d.key("enter")
                d.expect("STATEMENTS")
            d.quit()
    with Dash(*words, "--screen", "activity", env={"NO_COLOR": "1"}) as d:
        d.live()
        d.quit()
        assert not COLOUR.search(bytes(d.raw)), COLOUR.search(bytes(d.raw))
    for more in ({"lang": "C"}, {"lang": "POSIX", "term": "vt100"}):
        with Dash(*words, **more) as d:
            d.live()
            d.quit()
            assert all(b < 128 for b in d.raw), "not ASCII"


def test_poor_terminals():
    with_servers(poor)


if __name__ == "__main__":
    sys.exit(run(globals()))
