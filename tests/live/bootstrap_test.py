#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""./bootstrap demo: what it shows, and that however it is left, nothing of it stays and nothing else is touched."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import DYTOP, TOP, Redis, Skip, folder, need, run, wait_for

WORDS = [os.path.join(TOP, "bootstrap"), "demo", "--dytop", DYTOP]


def processes():
    """pid -> (start time, command line) of what runs."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{name}/cmdline", "rb") as f:
                line = f.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(name)] = (fields[19], int(fields[1]), line)
    return found


class Demo:
    """A running demo: its words on stderr, its folder, the processes that belong to it."""

    def __init__(self, *words, terminal=False, rows=1000):
        if not os.access(DYTOP, os.X_OK):
            raise Skip(f"{DYTOP} is not built")
        if not os.path.isdir("/usr/lib/postgresql"):
            raise Skip("PostgreSQL is not installed")
        need("redis-server")
        self.err = tempfile.TemporaryFile()
        self.out = tempfile.TemporaryFile()
        self.screen = b""
        self.master = None
        args = [*WORDS, "--rows", str(rows), *(["--", *words] if words else [])]
        if terminal:
            self.master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            env = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
            self.process = subprocess.Popen(args, stdin=slave, stdout=slave, stderr=self.err, env=env, cwd="/",
                                            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
            os.close(slave)
        else:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, cwd="/")
        self.known = {}

    def said(self):
        self.err.seek(0)
        return self.err.read().decode()

    def says(self, text, seconds=60):
        wait_for(f"the demo says {text!r}", lambda: self.look() and text in self.said(), seconds, 0.1)
        self.note()

    def look(self):
        """Reads what the terminal got; true while the demo runs, and when it has ended."""
        while self.master is not None and select.select([self.master], [], [], 0)[0]:
            try:
                got = os.read(self.master, 1 << 16)
            except OSError:
                break
            self.screen += got
        return True

    @property
    def folder(self):
        found = re.search(r" in (\S*/dytop-demo\.\w+)", self.said())
        return found.group(1) if found else None

    def note(self):
        """Remembers every process that belongs to the demo now."""
        now = processes()
        mine = {self.process.pid}
        for pid, (_, _, line) in now.items():
            if self.folder and self.folder in line:
                mine.add(pid)
        grown = True
        while grown:
            grown = {pid for pid, (_, parent, _) in now.items() if parent in mine} - mine
            mine |= grown
        self.known.update({pid: now[pid] for pid in mine if pid in now})

    def shows(self, text, seconds=60):
        wait_for(f"the screen shows {text!r}", lambda: self.look() and text.encode() in self.screen, seconds, 0.1)
        self.note()

    def left(self):
        now = processes()
        return [(pid, now[pid][2]) for pid, (born, _, _) in self.known.items() if pid in now and now[pid][0] == born]

    def ends(self, status, seconds=30, wait=0.0):
        """It ended with that status, and nothing is left (after `wait` s, where a keeper cleans up behind a killed one)."""
        path = self.folder
        wait_for("the end", lambda: self.look() and self.process.poll() is not None, seconds, 0.05)
        assert self.process.returncode == status, (self.process.returncode, self.said()[-800:])
        assert len(self.known) >= 3, self.known
        end = time.monotonic() + wait
        while (self.left() or os.path.exists(path)) and time.monotonic() < end:
            time.sleep(0.1)
        assert not self.left() and not os.path.exists(path), (path, self.left())

    def close(self):
        if self.master is not None:
            os.close(self.master)
            self.master = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(30)
        self.close()


def test_snapshot():
    """Without a terminal: one frame, with both servers live and the load in it; another Redis is not touched."""
    with folder() as d, Redis(d) as other:
        with Demo("-b", "--format", "json", "-n", "2", "--panel", "statements,activity,pools_app,cache,cache_keys,indexes,locks") as demo:
            demo.says("starting the load")
            demo.ends(0)
            demo.out.seek(0)
            snapshot = json.load(demo.out)
            text = json.dumps(snapshot)
            assert len(snapshot["frames"]) == 2, list(snapshot)
            for wanted in ("dytallix-bridge", "bridge_transactions", "dytallix:bridge:tx:*", "idx_bridge_transactions_status_again"):
                assert wanted in text, wanted
            for step in ("loading 1000 transactions", "building the indexes", "filling the cache", "stopping the servers"):
                assert step in demo.said(), demo.said()
        assert other.call("PING") == b"+PONG\r\n"


def test_plain_snapshot_is_one_frame():
    with Demo() as demo:
        demo.says("starting the load")
        demo.ends(0)
        demo.out.seek(0)
        text = demo.out.read().decode()
        assert text.count(" frame ") == 1 and "live" in text, text[:500]


def test_wrong_words():
    for words, reason in ((["--rows", "many"], "--rows"), (["--rows", "7"], "--rows"), (["--row"], "unknown word")):
        done = subprocess.run([WORDS[0], "demo", *words], capture_output=True, text=True)
        assert done.returncode == 1 and reason in done.stderr, done
    assert subprocess.run([WORDS[0]], capture_output=True).returncode == 1


def test_status_of_dytop_is_kept():
    with Demo("--panel", "no_such_panel") as demo:
        demo.says("starting the load")
        demo.ends(1)


def test_term_while_loading():
    with Demo(rows=3000000) as demo:
        demo.says("loading 3000000")
        time.sleep(1)
        demo.note()
        demo.process.terminate()
        demo.ends(143)


def test_term_in_the_snapshot():
    with Demo("-b", "-n", "0", "-i", "1") as demo:
        demo.says("starting the load")
        time.sleep(4)
        demo.note()
        demo.process.terminate()
        demo.ends(143)


def test_kill_leaves_nothing():
    """SIGKILL cannot be caught; the keeper sees the end of its pipe."""
    with Demo("-b", "-n", "0", "-i", "1") as demo:
        demo.says("starting the load")
        time.sleep(3)
        demo.note()
        demo.process.kill()
        demo.ends(-9, wait=15)


def test_dashboard_and_q():
    with Demo(terminal=True) as demo:
        demo.says("starting the load")
        demo.shows("bridge@")
        os.write(demo.master, b"q")
        demo.ends(0)
        assert b"\x1b[?1049l" in demo.screen[-2000:], demo.screen[-300:]


def test_dashboard_and_interrupt():
    with Demo(terminal=True) as demo:
        demo.shows("bridge@")
        os.write(demo.master, b"\x03")
        wait_for("the end", lambda: demo.look() and demo.process.poll() is not None, 30)
        demo.ends(demo.process.returncode)


def test_dashboard_and_term():
    """To bootstrap itself: dytop ends first and restores the terminal."""
    with Demo(terminal=True) as demo:
        demo.shows("bridge@")
        demo.process.terminate()
        demo.ends(143)
        assert b"\x1b[?1049l" in demo.screen[-2000:], demo.screen[-300:]


def test_closed_terminal():
    with Demo(terminal=True) as demo:
        demo.shows("bridge@")
        demo.close()
        wait_for("the end", lambda: demo.process.poll() is not None, 30)
        demo.ends(demo.process.returncode)


def test_suspend_and_go_on():
    """^Z stops bootstrap as well, so that the person's shell gets the terminal back."""
    with Demo(terminal=True) as demo:
        demo.shows("bridge@")
        os.write(demo.master, b"\x1a")
        wait_for("stopped", lambda: open(f"/proc/{demo.process.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "T", 10)
        demo.look()
        demo.screen = b""
        os.killpg(os.getpgid(demo.process.pid), signal.SIGCONT)
        demo.shows("bridge@")
        os.write(demo.master, b"q")
        demo.ends(0)


if __name__ == "__main__":
    sys.exit(run(globals()))
