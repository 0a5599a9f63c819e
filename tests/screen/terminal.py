# SPDX-License-Identifier: PostgreSQL
"""A terminal for tests: runs a program on a pty, types keys, and knows what the screen and the terminal's modes are.

Needs python3-pyte. The screen is pyte's; modes that pyte does not keep (alternate screen, mouse, bracketed paste) are read from
the bytes themselves.
"""
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

SLOW = float(os.environ.get("TEST_SLOW", "1"))      # deadlines of waiting are longer by this
KEYS = {"enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ", "up": "\x1bOA", "down": "\x1bOB", "right": "\x1bOC",
        "left": "\x1bOD", "pgup": "\x1b[5~", "pgdn": "\x1b[6~", "f1": "\x1bOP", "f10": "\x1b[21~", "stab": "\x1b[Z"}
PRIVATE_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
MODES = {1049: "alternate screen", 1000: "mouse", 1002: "mouse drag", 1003: "mouse motion", 1006: "mouse SGR",
         2004: "bracketed paste"}


class FullScreen(pyte.Screen):
    """pyte's screen plus REP, SU and SD, which ncurses uses for xterm-256color."""
    last = " "

    def draw(self, data):
        if data:
            self.last = data[-1]
        super().draw(data)

    def repeat(self, count=1):
        super().draw(self.last * (count or 1))

    def scroll_up(self, count=1):
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = (self.margins or (0, self.lines - 1))[1]
        for _ in range(count or 1):
            self.index()
        self.cursor.x, self.cursor.y = x, y

    def scroll_down(self, count=1):
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = (self.margins or (0, self.lines - 1))[0]
        for _ in range(count or 1):
            self.reverse_index()
        self.cursor.x, self.cursor.y = x, y


class FullStream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, b="repeat", S="scroll_up", T="scroll_down")
    events = pyte.ByteStream.events | {"repeat", "scroll_up", "scroll_down"}


class Tty:
    def __init__(self, command, columns=120, lines=40, env=None, term="xterm-256color", lang="C.UTF-8", cwd=None):
        self.columns, self.lines = columns, lines
        self.screen = FullScreen(columns, lines)
        self.stream = FullStream(self.screen)
        self.raw = bytearray()
        self.modes = set()
        self.status = None
        self.master, slave = pty.openpty()
        self.slave = slave                      # kept open: the modes can be read after the program has gone
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        environ = {**os.environ, "TERM": term, "LC_ALL": lang, **(env or {})}
        for name in ("LINES", "COLUMNS"):
            environ.pop(name, None)
        for name in [k for k, v in environ.items() if v is None]:
            environ.pop(name)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(slave, fd)
            os.closerange(3, 256)
            for signo in (signal.SIGPIPE, signal.SIGXFSZ):      # Python ignores them, and that would be inherited
                signal.signal(signo, signal.SIG_DFL)
            try:
                if cwd:
                    os.chdir(cwd)
                os.execvpe(command[0], command, environ)
            finally:
                os._exit(127)                   # not another copy of the test

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def pump(self, seconds, until=None):
        """Reads for that long, or until the regex is on the screen; says whether it is."""
        end = time.monotonic() + seconds
        rx = re.compile(until, re.S) if until else None
        while True:
            if rx and rx.search(self.text()):
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            if select.select([self.master], [], [], min(left, 0.05))[0]:
                try:
                    data = os.read(self.master, 65536)
                except OSError:
                    data = b""
                if data:
                    self.feed(data)
                    continue
            if self.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                return bool(rx and rx.search(self.text()))

    def feed(self, data):
        self.raw += data
        for m in PRIVATE_MODE.finditer(data):
            for number in m.group(1).split(b";"):
                if int(number) in MODES:
                    (self.modes.add if m.group(2) == b"h" else self.modes.discard)(int(number))
        self.stream.feed(data)

    def expect(self, regex, seconds=10):
        if not self.pump(seconds * SLOW, regex):
            raise AssertionError(f"never saw {regex!r}; the screen:\n{self.text()}\nlast bytes: {bytes(self.raw[-300:])!r}")

    def expect_raw(self, regex, seconds=10):
        """Waits for bytes since raw was last cleared: what the screen shows may be older."""
        rx, end = re.compile(regex, re.S), time.monotonic() + seconds * SLOW
        while not rx.search(bytes(self.raw)):
            if time.monotonic() > end:
                raise AssertionError(f"never got {regex!r}; last bytes: {bytes(self.raw[-300:])!r}")
            self.pump(0.05)

    def send(self, text):
        os.write(self.master, text.encode())

    def key(self, name):
        if re.fullmatch(r"\^.", name):
            self.send(chr(ord(name[1].upper()) & 31))
        else:
            self.send(KEYS.get(name.lower(), name))

    def resize(self, columns, lines):
        self.columns, self.lines = columns, lines
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def poll(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status

    def wait(self, seconds=5):
        """The program's wait status; an assertion when it does not end."""
        end = time.monotonic() + seconds * SLOW
        while time.monotonic() < end:
            self.pump(0.05)
            if self.poll() is not None:
                self.pump(0.2)
                return self.status
        raise AssertionError(f"does not end; the screen:\n{self.text()}")

    def exit_code(self, seconds=5):
        """As a shell says it: the code, or 128 + the signal."""
        status = self.wait(seconds)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

    def check_restored(self, what):
        """The terminal is as it was: modes of the line, alternate screen left, cursor shown, mouse and paste off."""
        now = termios.tcgetattr(self.slave)
        assert now == self.before, f"{what}: line modes differ: {now[:4]} against {self.before[:4]}"
        left = ", ".join(MODES[m] for m in sorted(self.modes))
        assert not self.modes, f"{what}: left on: {left}"
        assert not self.screen.cursor.hidden, f"{what}: the cursor is hidden"

    def children(self):
        """Pids below the program (the guard's child is the dashboard)."""
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        return [int(p) for p in open(path).read().split()] if os.path.exists(path) else []

    def kill(self, signo=signal.SIGKILL):
        try:
            os.kill(self.pid, signo)
        except ProcessLookupError:
            pass

    def close(self):
        for pid in [*self.children(), self.pid] if self.poll() is None else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.poll() is None:
            os.waitpid(self.pid, 0)
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
