# SPDX-License-Identifier: PostgreSQL
"""The dashboard in a pseudo-terminal, on real servers: what the test_dashboard_*.py files share.

    with Dash("-d", pg.conninfo(), "--redis", uri(redis)) as d:     # a home folder of its own, 0.5 s between samples
        d.live()                                                     # both servers answer
        d.screen("activity"); d.expect("regex"); d.quit()            # quit: exit 0, terminal restored, strict bytes
"""
import os
import re
import shutil
import sys
import tempfile
import time
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "screen")]
try:
    from terminal import Tty # noqa: E402
except ImportError:
    print("SKIP: python3-pyte is not installed")
    sys.exit(77)
from postgres import Bench # noqa: E402
from servers import DYTOP, Redis, folder, wait_for # noqa: E402

SLOW = 40 # s: the patience of every test; what is waited for comes in one or two on an idle machine

# What a text may never do to a terminal: direction overrides, zero-width and invisible characters, C1.
HIDDEN = set("\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u061c")
SEQUENCE = re.compile(
    r"\x1b\[\?(?:1049|1047|1048|47|1000|1002|1006|2004|25|12|1|7|5|3|4)(?:;(?:25|12|1000|1006))*[hl]"  # modes that dytop and terminfo set
    r"|\x1b\[[0-9;:]*m"                                      # colours
    r"|\x1b\[[0-9;]*[ABCDEFGHJKLMPXZbdfr@ST`]"               # moving, clearing
    r"|\x1b\[(?:4|34)[hl]|\x1b\[!p|\x1b\[>[0-9;]*m|\x1b\[\d* q"     # insert mode, soft reset, key modifiers, cursor shape
    r"|\x1b\[2[23];0;0t"                                     # title stack: saved and restored, never set
    r"|\x1b\[\?1?c|\x1b\[\?\d+c"                             # linux: the cursor's look
    r"|\x1b[()][AB0UK]|\x1b[=>78cDMEHZ]|\x1b\]R")
COPY = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")


def strict(raw, copies=0):
    """Fails on any byte that a program of good manners does not send; returns what was copied by OSC 52."""
    text = bytes(raw).decode("utf-8")
    copied, i = [], 0
    while i < len(text):
        c = text[i]
        if c == "\x1b":
            m = COPY.match(text, i)
            if m:
                copied.append(m.group(1))
            else:
                m = SEQUENCE.match(text, i)
            assert m, f"a sequence that dytop has no use for: {text[max(0, i - 60):i + 60]!r}"
            i = m.end()
            continue
        assert c in "\r\n\b\t\x0e\x0f\x00" or (c.isprintable() or c == "\u00a0" or unicodedata.category(c) in ("Zs", "Cn", "Co")), \
            f"control character {c!r}: {text[max(0, i - 60):i + 60]!r}"
        assert c not in HIDDEN, f"invisible character {c!r}: {text[max(0, i - 60):i + 60]!r}"
        i += 1
    assert len(copied) <= copies, f"{len(copied)} writes to the clipboard, {copies} asked for"
    return copied


def uri(redis):
    return f"redis://127.0.0.1:{redis.port}"


class Dash(Tty):
    def __init__(self, *words, home=None, columns=120, lines=40, interval="0.5", env=None, **kw):
        self.own = None if home else tempfile.mkdtemp(prefix="dytop-home-")
        self.home = home or self.own
        self.copies = 0
        clean = {k: None for k in os.environ if k.startswith(("PG", "DYTOP_", "REDISCLI"))}
        clean.update({"HOME": self.home, "XDG_CONFIG_HOME": os.path.join(self.home, ".config"), "NO_COLOR": None,
                      "COLORTERM": None})
        super().__init__([DYTOP, "-i", interval, *words], columns, lines, env={**clean, **(env or {})}, **kw)

    def row(self, number):
        return self.screen.display[number].rstrip()

    def live(self, seconds=SLOW):
        """Until every server that is shown is live: the word at the end of the first line."""
        self.until("LIVE", lambda: self.row(0).endswith("LIVE"), seconds)

    def until(self, what, test, seconds=SLOW):
        """Reads on until test() holds."""
        end = time.monotonic() + seconds
        while not test():
            assert time.monotonic() < end and self.poll() is None, f"not within {seconds} s: {what}; the screen:\n{self.text()}"
            self.pump(0.1)

    def command(self, text):
        """A line for the ':' prompt."""
        self.send(":")
        self.until("the prompt", lambda: self.row(self.lines - 1).startswith(" :"))
        self.send(text)
        self.expect(":" + re.escape(text[-30:]))
        self.send("\r")

    def goto(self, screen, regex=None, seconds=SLOW):
        self.command("screen " + screen)
        if regex:
            self.expect(regex, seconds)

    def slowly(self, text):
        """As a person types: what comes in one piece is taken for pasted."""
        for c in text:
            self.send(c)
            self.pump(0.06)

    def answer(self, text):
        """To a question that has just opened: its first 300 ms take no keys."""
        self.pump(0.7)
        self.slowly(text)

    def on_row(self, screen, filter_, shown):
        """The cursor on the row of a screen that a filter leaves."""
        self.goto(screen)
        self.command("filter " + filter_)
        self.until("the row", lambda: any(shown in self.row(i) and "filter" not in self.row(i) for i in range(5, self.lines - 2)))

    def pick(self, title):
        """The entry of the menu m whose title begins so (a regular expression); its key may stand before it."""
        self.send("m")
        self.expect(r"(?m)^ Do: ")
        rows = [self.row(i).strip() for i in range(self.lines - 2)]
        rows = rows[next(i for i, row in enumerate(rows) if row.startswith("Do: ")) + 1:]
        wanted = next((i for i, row in enumerate(rows) if re.match(rf"(\S )?({title})", row)), None)
        assert wanted is not None, f"{title} is not in the menu:\n{self.text()}"
        for _ in range(wanted):
            self.send("j")
            self.pump(0.05)
        self.send("\r")

    def slowest_key(self, seconds, pause=0.1):
        """Opens and leaves the command line, for so long; the longest time to the picture that a key asked for, s."""
        worst, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            for key, there in ((":", True), ("esc", False)):
                begun = time.monotonic()
                self.key(key)
                self.until("the picture after " + key, lambda: self.row(self.lines - 1).startswith(" :") == there, 30)
                worst = max(worst, time.monotonic() - begun)
            self.pump(pause)
        return worst

    def never(self, regex, seconds):
        assert not self.pump(seconds, regex), f"{regex!r} on the screen:\n{self.text()}"

    def sane(self):
        """Nothing on the screen that only a broken program shows; no figure that only a broken delta makes."""
        shown = self.text()
        for bad in (r"Traceback|Assertion|AddressSanitizer|runtime error|\(null\)|\bnan\b|\binf\b", # what C prints by mistake
                    r"(?<![\w.:<-])-(?!\d{15})\d[\d.]*(?:k|M|G|T|%|/s|ms|B|kB|MB|GB)?(?=\s|$)", # below zero (-50s: a chart's axis; not a queryid)
                    r"\d{2,}(?:\.\d+)?[TPEZ]\b"):                                          # giant
            hit = re.search(bad, shown)
            assert not hit, f"{hit.group(0)!r} on the screen:\n{shown}"

    def quit(self, code=0):
        self.key("esc")
        self.pump(0.1)
        self.send("q")
        got = self.exit_code(SLOW)
        assert got == code, f"exit {got}: {self.text()}"
        self.check_restored("quit")
        return strict(self.raw, self.copies)

    def dashboard(self):
        """The pid that holds the connections: the guard's child."""
        return wait_for("the dashboard's process", self.children)[0]

    def sockets(self):
        """How many sockets the dashboard holds."""
        folder, count = f"/proc/{self.dashboard()}/fd", 0
        for name in os.listdir(folder):
            try:
                count += os.readlink(os.path.join(folder, name)).startswith("socket:")
            except OSError:
                pass
        return count

    def close(self):
        super().close()
        if self.own:
            shutil.rmtree(self.own, ignore_errors=True)


def sessions(pg):
    """How many sessions dytop has on that PostgreSQL."""
    return int(pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop%'"))


def logins(redis):
    """Connections ever made to that Redis, ours included."""
    return int(re.search(rb"total_connections_received:(\d+)", redis.call("INFO", "stats")).group(1))


def with_servers(test):
    """Calls test(words) with a PostgreSQL and a Redis that have something to show."""
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements")
        pg.sql("CREATE EXTENSION pg_stat_statements; CREATE TABLE things (a int PRIMARY KEY, b text);"
               "INSERT INTO things SELECT i, 'x' FROM generate_series(1, 1000) i")
        for i in range(20):
            redis.call("SET", f"tx:{i}", "x")
        for i in range(3):
            pg.session(f"BEGIN;\nSELECT {i} AS open_{i};")
        test(["-d", pg.conninfo(), "--redis", uri(redis)])


def repainted_alike(d, what):
    """Nothing of an older picture is left: a whole repaint gives the same (below the header, which has a clock)."""
    d.key("p")
    d.until("paused", lambda: d.row(0).endswith("PAUSED"))
    d.pump(0.3)
    before = d.text().split("\n")[4:]
    d.raw, kept = bytearray(), d.raw
    d.key("^L")
    d.until("a whole picture", lambda: len(d.raw) > 200)
    d.pump(0.3)
    after = d.text().split("\n")[4:]
    d.raw = kept + d.raw
    differ = [f"{a!r} and then {b!r}" for a, b in zip(before, after) if a != b]
    assert not differ, f"{what}: left over from before: " + "; ".join(differ)
    d.key("p")
    d.live()
