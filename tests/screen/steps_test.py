#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Stepping in a recording: whatever way leads to a frame, the screen shows the same there as when the recording came by itself; and in a
terminal the keys go on while it steps. No server is needed.

  DYTOP=./dytop tests/screen/steps_test.py
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, HERE)
DYTOP = os.environ.get("DYTOP", "./dytop").split()
SLOW = float(os.environ.get("TEST_SLOW", "1"))
ENV = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
FRAMES = {"bridge": 8, "locks": 5, "acts": 29}


def fixture(name):
    return f"{TESTS}/fixtures/{name}.ndjson"


def play(recording, *steps, size="120x40"):
    """name -> what was dumped under it, text and styles."""
    with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
        script.write("\n".join(steps) + "\n")
        script.flush()
        p = subprocess.run([*DYTOP, "--replay", recording, "--script", script.name, "--size", size], capture_output=True,
                           env={**os.environ, **ENV}, timeout=120 * SLOW, stdin=subprocess.DEVNULL)
    assert p.returncode == 0 and not p.stderr, f"exit {p.returncode}: {p.stderr.decode(errors='replace')}"
    parts = re.split(r"^--- (.*) \d+x\d+\n", p.stdout.decode(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def same(what, a, b):
    """But for the line of messages, as what ended in a frame is only told where one comes by, and how long a question still waits here."""
    a, b = (re.sub(r"in \d+ s\)", "in .. s)", x).split("\n") for x in (a, b))
    height = a.index("--- styles")
    pairs = [(x, y) for i, (x, y) in enumerate(zip(a, b)) if x != y and i not in (38, height + 39)] # of 40 lines
    assert len(a) == len(b) and not pairs, what + ":\n" + "\n".join(f"- {x}\n+ {y}" for x, y in pairs[:6])


def every_way(name, screens):
    """Forward, back from the end, and by jumps: the same picture at each frame, on each screen, charts and jobs included."""
    last, there = FRAMES[name], {}
    for screen in screens:
        # columns and figures are as wide as they ever had to be: so first to the end, then to the first frame
        look = ["key " + screen.replace("J", "1"), f"frame {last - 1}", "key p", "key b", "type -12h", "key Enter", f"key {screen}"]
        forth = play(fixture(name), *look, *[w for k in range(2, last + 1) for w in ("key )", f"dump {k}")])
        back = play(fixture(name), *look, "key B", *[w for k in range(last - 1, 0, -1) for w in ("key (", f"dump {k}")])
        jumps = [last - 1, 2, last // 2, last // 2 + 1, 3, last - 2]
        leaps, at = [], 1
        for k in jumps:
            leaps += ["key " + " ".join(["(" if k < at else ")"] * abs(k - at)), f"dump {k}"]
            at = k
        leaps = play(fixture(name), *look, *leaps)
        for k in range(2, last):
            same(f"{name}, screen {screen}, frame {k}, by stepping back", forth[str(k)], back[str(k)])
        for k in set(jumps):
            same(f"{name}, screen {screen}, frame {k}, by jumps", forth[str(k)], leaps[str(k)])
        there[screen] = forth
    return there


def test_the_bridge():
    every_way("bridge", "0123456789S")


def test_lock_waits():
    every_way("locks", "1 3 7".split())


def test_jobs_and_plans():
    forth = every_way("acts", "1 2 J".split())
    assert len({forth["J"][k] for k in forth["J"]}) > 5, "the jobs do not change: nothing was shown"


def test_a_mark_before_the_first_sample():
    """A panel that was marked, and then a frame before its first sample."""
    shown = play(fixture("bridge"), "key 8", "frame 7", "key !", "key D", "key p", *["key ("] * 7, *[w for k in "1234567890" for w in (f"key {k}", f"dump {k}")])
    assert "since the mark" in shown["8"], shown["8"]


def test_other_screens_while_it_stands_still():
    """Time stands still, but a recording may be asked: screens that were not open show this frame, not that they wait for it."""
    shown = play(fixture("bridge"), "frame 5", "key p", "key (", *[w for k in "2345678" for w in (f"key {k}", f"dump {k}")])
    for k, text in shown.items():
        assert "asking ..." not in text and "none of this moment" not in text, f"screen {k}:\n{text}"


def test_random_keys():
    """Marks, steps, screens and windows in any order: it lives, and ends in its own way."""
    words = ["(", ")", "!", "D", "b", "B", "p", "Enter", "Esc", "Tab", "Down", "Up", "J", "c", "T", "0", "1", "2", "3", "5", "7", "8", "9", ".", "i", "t"]
    for name, frames in FRAMES.items():
        for seed in range(3):
            r = random.Random(f"{name} {seed}")
            keys = [r.choice(words[:4] if r.random() < 0.4 else words) for _ in range(250)]
            play(fixture(name), f"frame {r.randrange(1, frames)}", "key p", *["key " + k for k in keys], "dump end", size=r.choice(["120x40", "80x24", "30x9"]))


def test_a_moment():
    shown = play(fixture("bridge"), "key 2", "frame", "key p", "key b", "type 16:47:21", "key Enter", "text clock", "key b", "type -3s",
                 "key Enter", "text earlier", "key b", "type -12h", "key Enter", "text before", "key :", "type branch 23:59:59",
                 "key Enter", "text behind", "key b", "type 25:00", "key Enter", "text wrong", "key b", "type -5", "key Enter",
                 "text no unit", "key (", "text back", "key B", "text end", size="120x24")
    at = {name: (re.search(r"(\d\d:\d\d:\d\d)  1s  (\w+)", text), text) for name, text in shown.items()}
    for name, clock, state, words in (("clock", "16:47:21", "PAUSED", "frame 6 of 8"), ("earlier", "16:47:18", "PAUSED", "frame 3 of 8"),
                                      ("before", "16:47:16", "PAUSED", "the recording begins here"),
                                      ("behind", "16:47:23", "PAUSED", "the recording ends here"),
                                      ("wrong", "16:47:23", "PAUSED", "a time is hh:mm"), ("no unit", "16:47:23", "PAUSED", "-5m"),
                                      ("back", "16:47:22", "PAUSED", "frame 7 of 8"), ("end", "16:47:23", "REPLAY", "")):
        hit, text = at[name]
        assert hit and hit.group(2) == state and words in text, f"{name}: {text}"
        assert abs(int(hit.group(1)[-2:]) - int(clock[-2:])) <= (1 if name == "before" else 0), f"{name}: {text}"


def rate(k):
    return 100 + k % 897


def long_recording(path, frames):
    """The overview's figures over minutes: each second as many transactions as its number, 100 to 996, over and over."""
    lines = [json.loads(line) for line in open(fixture("bridge"), encoding="utf-8")]
    head = lines[0]
    servers = [line for line in lines if "state" in line and "kind" in line and line["server"] == 0]
    sample = next(line for line in lines if line.get("sample") == "overview")
    fields, row = list(sample["fields"]), sample["rows"][0]
    commits = fields.index("xact_commit")
    began, total = sample["wall_us"], 1000
    with open(path, "w", encoding="utf-8") as f:
        def put(line):
            f.write(json.dumps(line, separators=(",", ":")) + "\n")
        put({**head, "servers": 1})
        put({**servers[-1], "state": "live"})
        for k in range(1, frames + 1):
            when = {"mono_ns": k * 10**9, "wall_us": began + k * 10**6}
            put({"frame": k, **when})
            values = list(row)
            total += rate(k)
            values[commits] = total
            put({**sample, **when, "rows": [values]})
        put({"end": True, "frames": frames})


def test_far_jumps():
    """Beyond what is kept of a chart, and past a thousand places to come back to."""
    with tempfile.TemporaryDirectory() as folder:
        path, frames = folder + "/long.rec", 2600
        long_recording(path, frames)
        shown = play(path, "key 0 p", "key B", "key p", "text last", "key (", "text before", "key b", "type -30min", "key Enter", "text far",
                     "key )", "text on", "key b", "type +20min", "key Enter", "text later", "key b", "type -12h", "key Enter", "text first",
                     "key )", "text second")
        at = {}
        for name, text in shown.items():
            if name in ("last", "first"):
                continue
            at[name] = int(re.search(r"frame (\d+) of 2600", text).group(1))
            assert re.search(r"xacts (\d+)", text).group(1) == str(rate(at[name])), f"{name}: {text}"
        assert at["before"] == frames - 1 and abs(at["far"] - (frames - 1 - 1800)) <= 1 and at["on"] == at["far"] + 1, at
        assert abs(at["later"] - (at["on"] + 1200)) <= 1 and at["second"] == 2, at
        assert "the recording begins here" in shown["first"] and "xacts -" in shown["first"], shown["first"]


def test_in_a_terminal():
    try:
        from terminal import Tty
    except ImportError:
        print("python3-pyte is not installed: left out")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/long.rec"
        long_recording(path, 2600)
        with Tty([*DYTOP, "--replay", path, "-i", "0.1"], env=ENV) as t:
            t.expect(r"a recording: p pauses, \( and \) step back", 20)
            t.expect(r"xacts \d\d+/s", 20)          # it plays by itself, ten frames a second
            t.send("b")
            t.expect(r"go to \(14:05")
            t.send("+2000s\r")
            t.expect(r"frame (19[89]\d|2[0-5]\d\d|2600) of 2600", 30)
            here = int(re.search(r"frame (\d+) of", t.text()).group(1))
            for _ in range(12):                      # faster than it can go: all of them count
                t.send("(")
            t.expect(f"frame {here - 12} of", 60)
            t.expect(f"xacts {rate(here - 12)}/s", 10)
            t.send("?")                              # a key is answered at once
            t.expect("help for this screen", 10)
            t.key("esc")
            t.expect("frame .* of 2600", 10)         # ESC and a sign in one piece would be another key
            t.send(")")
            t.expect(f"frame {here - 11} of", 20)
            t.send("p")                              # on from here, by itself
            t.expect("s  REPLAY", 10)
            t.expect("|".join(f"xacts {rate(here + k)}/s" for k in range(-8, 60)), 20)
            t.send("B")
            t.expect(f"xacts {rate(2600)}/s", 30)
            t.expect("the recording is at its end", 20)
            t.send("(")
            t.expect("frame 2599 of 2600", 20)
            t.expect(f"xacts {rate(2599)}/s", 10)
            t.send("q")
            assert t.exit_code(10) == 0
            t.check_restored("q")


def test_live_says_how():
    """Without a recording: how one comes by one; B goes on after a pause."""
    try:
        from terminal import Tty
    except ImportError:
        return
    with Tty([*DYTOP, "-h", "127.0.0.1", "-p", "1", "-U", "nobody", "-d", "nothing", "-w"], env=ENV) as t:
        t.expect("dytop", 10)
        t.pump(0.3)
        for key in "()b":
            t.send(key)
            t.expect(r"dytop --record FILE keeps one, dytop --replay FILE steps in it")
            t.send("B")
            t.expect("this is live")
        t.send("p")
        t.expect("PAUSED")
        t.send("B")
        t.expect("live again")
        t.expect(r"(?m)^(?!.*PAUSED)")
        assert "PAUSED" not in t.text().split("\n")[0]
        t.send("q")
        assert t.exit_code(10) == 0


def main():
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print("ok  ", name, flush=True)
        except (AssertionError, subprocess.TimeoutExpired) as e:
            failed += 1
            print("FAIL", name, e, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
