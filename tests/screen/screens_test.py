#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Screens from recordings (the bridge; lock waits and a PgBouncer; plans, questions and jobs), driven by scripted keys and compared cell by cell: text and styles.

  DYTOP=./dytop tests/screen/screens_test.py             compares with tests/golden/screens
  DYTOP_GOLDEN=write DYTOP=./dytop tests/screen/screens_test.py     writes them anew: look at the difference before you commit

A golden file is what `dytop --replay tests/fixtures/FIXTURE.ndjson --script tests/screen/scripts/NAME.script ...` prints.
"""
import difflib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
DYTOP = os.environ.get("DYTOP", "./dytop").split()       # may be several words: tests/valgrind.sh ./dytop
SLOW = float(os.environ.get("TEST_SLOW", "1"))
CASES = {                       # golden: script, size, more options, recording if it is not the bridge
    "screens-120x40": ("screens", "120x40", []),
    "screens-80x24": ("screens", "80x24", []),
    "screens-ascii-100x30": ("screens", "100x30", ["--ascii"]),
    "windows-120x40": ("windows", "120x40", []),
    "windows-80x24": ("windows", "80x24", []),
    "marks-120x40": ("marks", "120x40", []),
    "marks-80x24": ("marks", "80x24", []),
    "small": ("small", "80x24", []),
    "locks-120x40": ("locks", "120x40", [], "locks"),
    "locks-80x24": ("locks", "80x24", [], "locks"),
    "acts-120x40": ("acts", "120x40", [], "acts"),
    "acts-80x24": ("acts", "80x24", [], "acts"),
    "acts-ascii-100x30": ("acts", "100x30", ["--ascii"], "acts"),
}
ENV = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}


def run(script, size, more, recording="bridge"):
    command = [*DYTOP, "--replay", f"{TESTS}/fixtures/{recording}.ndjson", "--script", f"{HERE}/scripts/{script}.script", "--size", size, *more]
    p = subprocess.run(command, capture_output=True, env=ENV, timeout=60 * SLOW, stdin=subprocess.DEVNULL)
    if p.returncode or p.stderr:
        raise AssertionError(f"exit {p.returncode}: {p.stderr.decode(errors='replace')}")
    return p.stdout.decode()


def compare(name, got):
    path = f"{TESTS}/golden/screens/{name}.txt"
    if os.environ.get("DYTOP_GOLDEN") == "write":
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
        return
    with open(path, encoding="utf-8") as f:
        want = f.read()
    if got != want:
        diff = difflib.unified_diff(want.splitlines(), got.splitlines(), "golden", "now", lineterm="", n=2)
        raise AssertionError("\n".join(list(diff)[:60]))


def main():
    failed = 0
    for name, case in CASES.items():
        try:
            got = run(*case)
            assert run(*case) == got, "two runs differ"
            if "--ascii" in case[2]:
                assert got.isascii(), "beyond ASCII with --ascii"
            compare(name, got)
            print(f"ok {name}")
        except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
            failed += 1
            print(f"not ok {name}: {e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
