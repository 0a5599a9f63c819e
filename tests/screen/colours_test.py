#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Plan window, menu, jobs and one job from a recording, in a terminal of 256, 16 and 8 colours, with NO_COLOR and without any: the same text,
and what a person must see (the cursor, alarms, headings) told by what that terminal has.

  DYTOP=./dytop tests/screen/colours_test.py
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
try:
    from terminal import Tty # noqa: E402
except ImportError:
    print("SKIP: python3-pyte is not installed")
    sys.exit(77)

DYTOP = os.environ.get("DYTOP", "./dytop")
FIXTURE = os.path.join(HERE, "..", "fixtures", "acts.ndjson")
SIXTEEN = {"default", "black", "red", "green", "brown", "blue", "magenta", "cyan", "white"}
SIXTEEN |= {"bright" + name for name in SIXTEEN}
CASES = {                  # environment, whether colours are seen, and which are allowed
    "256 colours": ({"TERM": "xterm-256color"}, True, None),
    "16 colours": ({"TERM": "dytop-16"}, True, SIXTEEN),
    "8 colours": ({"TERM": "xterm"}, True, SIXTEEN),
    "NO_COLOR": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, None),
    "mono": ({"TERM": "vt220"}, False, None),
}


def cells(t):
    for y in range(t.lines):
        for x in range(t.columns):
            yield y, x, t.screen.buffer[y][x]


def stands_out(t, y, plain):
    """A row that looks otherwise than the plain one: ground, inversion."""
    return sum((c.bg, c.reverse) != (p.bg, p.reverse) for c, p in ((t.screen.buffer[y][x], t.screen.buffer[plain][x]) for x in range(t.columns))) > t.columns / 2


def row_of(t, text):
    return next(y for y in range(t.lines) if text in t.screen.display[y])


def check(t, name, colours, allowed):
    used = {c.fg for _, _, c in cells(t)} | {c.bg for _, _, c in cells(t)}
    if not colours:
        assert used == {"default"}, f"{name}: colours {used}"
    else:
        assert len(used) > 3, f"{name}: hardly a colour: {used}"
    if allowed:
        assert used <= allowed, f"{name}: {used - allowed}"
    unseen = [(y, x) for y, x, c in cells(t) if c.data.strip() and c.fg == c.bg != "default"]
    assert not unseen, f"{name}: text in the colour of its ground at {unseen[:5]}"


def go(size, env, colours, allowed):
    """The texts of the four windows."""
    columns, lines = size
    clean = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "NO_COLOR": None, "COLORTERM": None, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    shown = []
    with Tty([DYTOP, "--replay", FIXTURE, "-i", "0.1", "--screen", "statements", "--filter", "query:a.name"], columns, lines, env={**clean, **env}) as t:
        t.expect("the recording is at its end")
        for keys, what in (("e", "Plan of statement"), ("\x1bm", "Do: statement"), ("\x1bJ", "Jobs: 0 running"), ("\r", "Job: all of it")):
            for key in keys:
                t.send(key)
                t.pump(0.4)
            t.expect(what)
            t.pump(0.3)
            check(t, what, colours, allowed)
            shown.append("\n".join(line.rstrip() for line in t.screen.display[4:]))
            if what == "Plan of statement":
                cursor, plain = row_of(t, "Limit"), row_of(t, "Group Key")
                assert stands_out(t, cursor, plain), "the cursor cannot be seen"
                head = t.screen.buffer[row_of(t, " NODE")][1]
                first = t.screen.buffer[cursor][1]
                assert (head.fg, head.bg, head.reverse, head.underscore, head.bold) != (first.fg, first.bg, first.reverse, first.underscore, first.bold), \
                    "the heading looks like the cursor"
        t.send("\x1b")
        t.pump(0.4)
        t.send("\x1b")
        t.pump(0.4)
        t.send("q")
        assert t.exit_code(20) == 0
    return shown


def sixteen(folder):
    """A terminal of 16 colours, which the usual terminfo does not have."""
    with open(os.path.join(folder, "ti"), "w") as f:
        f.write("dytop-16|xterm of 16 colours,\n\tcolors#16, pairs#256, use=xterm-256color,\n")
    subprocess.run(["tic", "-x", "-o", folder, f.name], check=True, capture_output=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        sixteen(folder)
        CASES["16 colours"][0]["TERMINFO"] = folder
        return run()


def run():
    failed = 0
    for size in ((120, 40), (80, 24)):
        first = None
        for name, (env, colours, allowed) in CASES.items():
            try:
                shown = go(size, env, colours, allowed)
                first = first or shown
                for a, b in zip(first, shown):
                    assert a == b, f"another text than the first terminal's:\n{a}\n--- now\n{b}"
                print(f"ok {size[0]}x{size[1]} {name}")
            except AssertionError as e:
                failed += 1
                print(f"not ok {size[0]}x{size[1]} {name}: {e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
