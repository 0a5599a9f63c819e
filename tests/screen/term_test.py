#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""ui/term on a real pseudo-terminal, by the small program term_check beside this file. What the terminal shows is rebuilt with
pyte; modes are read from the raw bytes and from termios. Without pyte the test is skipped (exit 77)."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

try:
    import pyte
except ImportError:
    print("skipped: python3-pyte is missing")
    sys.exit(77)

PROGRAM = os.path.join(os.environ.get("TERM_CHECK_DIR", "tests/screen"), "term_check")
failed = []


def check(what, good, detail=""):
    if not good:
        failed.append(what)
        print("FAIL", what, detail)


class Run:
    def __init__(self, width=80, height=24, term="xterm-256color", locale="C.UTF-8", args=(), deaf=False):
        log_out, log_in = os.pipe()
        self.master, slave = pty.openpty()
        self.slave = slave
        self.set_size(width, height)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1):
                os.dup2(slave, fd)
            os.dup2(log_in, 2)
            os.closerange(3, 30)
            if deaf:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            env = {"LC_ALL": locale, "PATH": "/usr/bin:/bin", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
            if term is not None:
                env["TERM"] = term
            os.execve(PROGRAM, [PROGRAM, *args], env)
        os.close(log_in)
        self.log_fd, self.log, self.raw = log_out, "", b""
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)

    def set_size(self, width, height):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        self.screen.resize(height, width)
        self.set_size(width, height)
        os.kill(self.pid, signal.SIGWINCH)

    def pump(self, timeout):
        ready, _, _ = select.select([self.master, self.log_fd], [], [], timeout)
        for fd in ready:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            if fd == self.master:
                self.raw += data
                # pyte knows no private sequence with intermediates; they draw nothing
                self.stream.feed(re.sub(rb"\x1b\[[0-9;]*t", b"", data))
            else:
                self.log += data.decode()
        return bool(ready)

    def until(self, text, seconds=15):
        """Reads until the program said text, then what is still on its way."""
        end = time.monotonic() + seconds
        while text not in self.log and time.monotonic() < end:
            self.pump(0.05)
        check("program says " + text, text in self.log, repr(self.log[-300:]))
        while self.pump(0.03):
            pass

    def send(self, keys, text="drawn"):
        self.log, self.raw = "", b""
        os.write(self.master, keys)
        self.until(text)

    def line(self, row):
        return self.screen.display[row].rstrip()

    def finish(self):
        self.send(b"q", "closed")
        return os.waitpid(self.pid, 0)[1]

    def close(self):
        os.close(self.master)
        os.close(self.slave)
        os.close(self.log_fd)


def test_scene_and_modes():
    run = Run()
    run.until("drawn")
    opened = run.raw
    check("first row", run.line(0) == "none", run.line(0))
    row = run.screen.buffer[2]
    check("wide", row[1].data == "日" and row[3].data == "b" and row[4].data == "|", run.line(2))
    check("combining", row[5].data == "e\u0301" or row[5].data == "é", repr(row[5].data))
    check("after combining", row[6].data == "|" and "café|█|" in run.line(2), run.line(2))
    check("last cell of the screen", run.screen.buffer[23][79].data == "#")
    check("colour", run.screen.buffer[1][0].fg == "brown" and run.screen.buffer[1][0].bold, str(run.screen.buffer[1][0]))
    check("256 colours", run.screen.buffer[3][0].fg == "ff5f5f", str(run.screen.buffer[3][0]))
    bar = run.screen.buffer[4]
    check("cursor bar keeps the text's colour", bar[0].fg == "green" and bar[0].bg == "blue", str(bar[0]))
    check("cursor bar to the edge", bar[79].bg == "blue", str(bar[79]))
    check("raw", not termios.tcgetattr(run.slave)[3] & (termios.ICANON | termios.ECHO | termios.ISIG))
    for on in (b"\x1b[?1049h", b"\x1b[?2004h", b"\x1b[?1006h", b"\x1b[?25l"):
        check("mode on %r" % on, on in opened)

    run.send(b"n", "same_us")
    cost = int(run.log.split("same_us ")[1].split()[0])
    check("an unchanged frame is cheap", cost < 500, str(cost))
    run.send(b"n", "same_us")  # the first row shows this key already
    check("an unchanged frame sends nothing", run.raw == b"", repr(run.raw))
    run.send(b"+")
    run.send(b"+")
    check("a changed cell sends little", 0 < len(run.raw) <= 12, repr(run.raw))

    run.raw = b""
    status = run.finish()
    check("exit status", status == 0, str(status))
    for off in (b"\x1b[?1049l", b"\x1b[?2004l", b"\x1b[?1006l", b"\x1b[?1000l", b"\x1b[?25h"):
        check("mode off %r" % off, off in run.raw, repr(run.raw))
    check("termios restored", termios.tcgetattr(run.slave) == run.before)
    run.close()


def test_keys():
    run = Run()
    run.until("drawn")
    run.send(b"\x1b[200~q\x1b[2Jq\n\x1b[201~", "text")
    check("a paste is text, not keys", "key 110019" not in run.log and "text 7 [q\\x1B[2Jq\\n]" in run.log, run.log)
    run.send(b"\x1b[<0;5;3M", "button")
    check("mouse", "at 4,2 button 1 wheel 0" in run.log, run.log)
    run.send(b"\x1b[<65;5;3M", "wheel")
    check("wheel", "wheel 1" in run.log, run.log)
    run.send(b"\x1bOA", "key")
    check("arrow", "key 110000" in run.log, run.log)
    run.send(b"\x1b[?62;22cx", "key")
    check("answers of the terminal fire nothing", run.log.count("key") == 1 and "key 78" in run.log, run.log)
    run.send(b"\x1b", "key")
    check("a lone ESC", -1 < run.log.find("half") < run.log.find("key 11000b"), run.log)  # the read came back without it
    run.send(b"\x03", "key")
    check("^C is a key", "key 3" in run.log, run.log)
    run.send(b"c", "drawn")
    check("copy", b"\x1b]52;c;Y29waWVk\x07" in run.raw, repr(run.raw))
    run.finish()
    run.close()


def test_moving_rows():
    run = Run()
    run.until("drawn")
    for top in range(1, 6):
        run.send(b"s")
        rows = [run.line(y) for y in range(6, 23)]
        check("rows after moving by %d" % top, rows == ["row number %d of a table" % (y + top) for y in range(6, 23)], str(rows))
        check("no scrolling", not re.search(rb"\x1b\[[0-9;]*[rLMSTb]|\x1bM|\x1bD", run.raw), repr(run.raw[:200]))
    run.finish()
    run.close()


def test_suspend():
    run = Run()
    run.until("drawn")
    run.log = ""
    os.write(run.master, b"z")
    run.until("suspended")
    check("termios while suspended", termios.tcgetattr(run.slave) == run.before)
    run.until("drawn")
    check("screen again", run.line(1) == "size 80x24" and "café" in run.line(2), str(run.screen.display[:4]))
    check("raw again", not termios.tcgetattr(run.slave)[3] & termios.ICANON)
    run.finish()
    run.close()


def test_repaint():
    run = Run()
    run.until("drawn")
    run.stream.feed(b"\x1b[5;1Hfrom elsewhere \x1b[2;1H\x1b[K")
    run.send(b"l")
    check("a foreign write is healed", run.line(1) == "size 80x24" and run.line(4) == "under the cursor", str(run.screen.display))
    run.finish()
    run.close()


def test_sizes():
    run = Run()
    run.until("drawn")
    for width, height in ((1, 1), (500, 200), (1, 200), (500, 1), (2, 2), (80, 24)):
        run.log = run.raw = ""
        run.raw = b""
        run.resize(width, height)
        run.until("drawn")
        wanted = "#" if (width, height) == (1, 1) else None
        last = run.screen.buffer[height - 1][width - 1].data
        check("last cell at %dx%d" % (width, height), (wanted is None or last == wanted) and (height < 7 or last == "#"), repr(last))
        if height > 1 and width > 20:
            check("row at %dx%d" % (width, height), run.line(1) == "size %dx%d" % (width, height), run.line(1))
    for step in range(60):
        run.resize(20 + step % 37, 5 + step % 23)
    run.resize(90, 30)
    run.send(b"x")
    run.until("drawn", 5)
    check("after a storm", run.line(1) == "size 90x30", run.line(1))
    check("alive", run.finish() == 0)
    run.close()
    for width, height in ((1, 1), (0, 0), (500, 200)):
        run = Run(width or 80, height or 24)
        run.set_size(width, height)
        run.until("drawn")
        check("starts at %dx%d" % (width, height), run.finish() == 0)
        run.close()


def test_poor_terminals():
    run = Run(term="xterm-256color", locale="C")
    run.until("drawn")
    check("no UTF-8, nothing beyond ASCII", all(b < 128 for b in run.raw), repr(run.raw))
    check("escaped", "\\u65E5" in run.line(2), run.line(2))
    run.finish()
    run.close()
    run = Run(args=("--ascii",))
    run.until("drawn")
    check("--ascii", all(b < 128 for b in run.raw), repr(run.raw))
    run.finish()
    run.close()
    run = Run(args=("--colours=0",))
    run.until("drawn")
    coloured = [m for m in re.findall(rb"\x1b\[([0-9;]*)m", run.raw) if re.search(rb"(^|;)(3[0-8]|4[0-8])(;|$)", m)]
    check("no colours", not coloured, repr(coloured))
    check("bar without colours", run.screen.buffer[4][0].reverse, str(run.screen.buffer[4][0]))
    run.finish()
    run.close()
    for args, term in ((("--colours=8",), "xterm-256color"), ((), "xterm"), ((), "linux")):
        run = Run(term=term, args=args)
        run.until("drawn")
        check("8 colours " + term, b"38;5" not in run.raw and run.screen.buffer[4][0].bg == "blue", repr(run.raw))
        run.finish()
        run.close()
    for term in ("vt100", "screen-256color", "tmux-256color"):
        run = Run(term=term)
        run.until("drawn")
        check("pastes are marked on " + term, b"\x1b[?2004h" in run.raw, repr(run.raw[:100]))
        run.send(b"qK:quit\r", "text")
        if term == "vt100":  # which may not mark them
            check("a burst is a paste on " + term, "key 11001b" in run.log and "text 8 [qK:quit" in run.log, run.log)
            time.sleep(0.1)  # what comes at once is the rest of the burst
        else:
            check("keys in one piece on " + term, "key 71" in run.log and "closed" in run.log, run.log)
            run = Run(term=term)
            run.until("drawn")
        check("row on " + term, run.line(1) == "size 80x24", run.line(1))
        check("ends on " + term, run.finish() == 0)
        run.close()
    for term, words in (("dumb", "cannot position"), ("no-such-terminal", "unknown"), ("", "not set"), (None, "not set")):
        run = Run(term=term)
        run.until("error:", 5)
        check("TERM=%s" % term, words in run.log, run.log)
        check("TERM=%s status" % term, os.waitpid(run.pid, 0)[1] != 0)
        check("TERM=%s no junk" % term, run.raw == b"", repr(run.raw))
        check("TERM=%s termios" % term, termios.tcgetattr(run.slave) == run.before)
        run.close()


def test_slow_terminal():
    run = Run(200, 100)
    run.until("drawn")
    run.log = ""
    os.write(run.master, b"D")
    end = time.monotonic() + 20
    while "flood drawn" not in run.log and time.monotonic() < end:  # reads the log only: the terminal takes nothing
        if select.select([run.log_fd], [], [], 0.1)[0]:
            run.log += os.read(run.log_fd, 65536).decode()
    drawn, longest = [int(n) for n in re.findall(r"flood drawn (\d+) longest_ms (\d+)", run.log)[0]] if "flood" in run.log else (-1, -1)
    check("a terminal that reads nothing stops nobody", 0 <= longest < 200, run.log[-200:])
    check("frames are dropped", 0 <= drawn < 100, str(drawn))
    while run.pump(0.3):
        pass
    run.send(b"l")
    check("whole again", run.line(1) == "size 200x100", run.line(1))
    check("ends", run.finish() == 0)
    run.close()


def test_hangup():
    run = Run(deaf=True)  # also where the signal is ignored
    run.until("drawn")
    os.close(run.slave)
    os.close(run.master)
    end = time.monotonic() + 5
    status = None
    while time.monotonic() < end and status is None:
        pid, got = os.waitpid(run.pid, os.WNOHANG)
        status = got if pid else None
        time.sleep(0.02)
    check("ends when the terminal is gone", status is not None, str(status))
    if status is None:
        os.kill(run.pid, signal.SIGKILL)


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
print("failed: %d %s" % (len(failed), failed))
sys.exit(1 if failed else 0)
