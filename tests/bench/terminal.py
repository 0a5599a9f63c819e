"""A pty recorder (does as little as possible while the tool runs) and an offline screen replay with pyte."""
# SPDX-License-Identifier: PostgreSQL
import fcntl
import heapq
import os
import pty
import re
import selectors
import signal
import struct
import termios
import time

import pyte

FRAME_GAP_S = 0.06      # output after a silence of this long starts a new frame


class Recorder:
    """Runs a command on a pty; keeps (seconds since start, bytes) of all it writes."""

    def __init__(self, cmd, cols, rows, term="xterm-256color", env=None):
        self.chunks = []
        self.exit_status = None
        self.rusage = None
        self.eof_at = None
        self._actions = []
        environ = dict(os.environ, TERM=term, COLUMNS=str(cols), LINES=str(rows), **(env or {}))
        environ.pop("LINES"), environ.pop("COLUMNS")     # the size comes from the pty itself
        self.start = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            try:
                os.execvpe(cmd[0], cmd, environ)
            except OSError as e:
                print(f"cannot run {cmd[0]}: {e}")
            os._exit(127)
        self._sel = selectors.DefaultSelector()
        self._sel.register(self.fd, selectors.EVENT_READ)

    def now(self):
        return time.monotonic() - self.start

    def at(self, when, action):
        """Runs action() at that many seconds since the start."""
        heapq.heappush(self._actions, (when, len(self._actions) + id(action), action))

    def send(self, text):
        """Writes a key to the pty and gives the time at which it was sent."""
        t = self.now()
        try:
            os.write(self.fd, text.encode())
        except OSError:
            pass
        return t

    def run_until(self, end):
        """Reads output and fires actions until that many seconds since the start (or the tool ends)."""
        while True:
            now = self.now()
            while self._actions and self._actions[0][0] <= now:
                heapq.heappop(self._actions)[2]()
                now = self.now()
            if now >= end:
                return True
            if self.eof_at is not None:
                return False
            due = min(end, self._actions[0][0]) if self._actions else end
            if self._sel.select(max(0.0, due - now)):
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    self.eof_at = self.now()
                    continue
                self.chunks.append((self.now(), data))
                if b"\x1b[6n" in data:          # cursor position and device attributes: answer as a terminal does
                    self.send("\x1b[1;1R")
                if b"\x1b[c" in data:
                    self.send("\x1b[?62;22c")

    def finish(self, quit_key=None):
        """Asks the tool to quit (key, then SIGTERM, then SIGKILL) and reaps it."""
        for how in (quit_key, signal.SIGTERM, signal.SIGKILL):
            if how is None:
                continue
            if isinstance(how, str):
                self.send(how)
            else:
                try:
                    os.kill(self.pid, how)
                except ProcessLookupError:
                    pass
            deadline = self.now() + 2.0
            while self.now() < deadline:
                self.run_until(min(deadline, self.now() + 0.05))
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    self.exit_status, self.rusage = status, usage
                    self.ended_by = "key" if isinstance(how, str) else signal.Signals(how).name
                    os.close(self.fd)
                    return
        self.ended_by = "not ended"


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
        top, bottom = self.margins or (0, self.lines - 1)
        self.cursor.y = bottom
        for _ in range(count or 1):
            self.index()
        self.cursor.x, self.cursor.y = x, y

    def scroll_down(self, count=1):
        x, y = self.cursor.x, self.cursor.y
        top, bottom = self.margins or (0, self.lines - 1)
        self.cursor.y = top
        for _ in range(count or 1):
            self.reverse_index()
        self.cursor.x, self.cursor.y = x, y


class FullStream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, b="repeat", S="scroll_up", T="scroll_down")
    events = pyte.ByteStream.events | {"repeat", "scroll_up", "scroll_down"}


class Replay:
    """Feeds recorded chunks, in order, to a screen."""

    def __init__(self, chunks, cols, rows):
        self.chunks, self.cols, self.rows = chunks, cols, rows
        self.screen = FullScreen(cols, rows)
        self.stream = FullStream(self.screen)
        self.pos = 0

    def text(self):
        return "\n".join(self.screen.display)

    def cells(self):
        blank = self.screen.default_char
        out = []
        for y in range(self.rows):
            line = self.screen.buffer[y]
            out.append([line[x] if x in line else blank for x in range(self.cols)])
        return out

    def step(self):
        """Feeds the next chunk; gives its time, or None at the end."""
        if self.pos >= len(self.chunks):
            return None
        t, data = self.chunks[self.pos]
        self.pos += 1
        self.stream.feed(data)
        return t

    def feed_until(self, t):
        while self.pos < len(self.chunks) and self.chunks[self.pos][0] <= t:
            self.step()

    def first_match(self, regex, after=0.0, before=float("inf")):
        """Time of the first chunk (from the current position) after which the regex is on the screen."""
        rx = re.compile(regex, re.S)
        while self.pos < len(self.chunks) and self.chunks[self.pos][0] <= before:
            t = self.step()
            if t >= after and rx.search(self.text()):
                return t
        return None


def frames(chunks, gap=FRAME_GAP_S):
    """Groups chunks into bursts: [(first time, last time, bytes)]."""
    out = []
    for t, data in chunks:
        if out and t - out[-1][1] < gap:
            out[-1][1] = t
            out[-1][2] += len(data)
        else:
            out.append([t, t, len(data)])
    return out


def attributes(c):
    return (c.fg, c.bg, c.bold, c.italics, c.underscore, c.strikethrough, c.reverse)


def changed_cells(before, after):
    return sum(1 for a, b in zip(before, after) for x, y in zip(a, b) if x != y)


def diff_bytes(before, after, join=6):
    """About what a plain diffing painter needs to turn one screen into the other (ncurses can do a bit better).

    Changed runs on a row are joined over up to `join` unchanged cells; each run costs a cursor move,
    each change of attributes about 6 bytes (9 with a colour), each character its UTF-8 length.
    """
    total, pen, prev_row = 0, None, None
    for y, (a, b) in enumerate(zip(before, after)):
        runs = []
        for x, (p, q) in enumerate(zip(a, b)):
            if p != q:
                if runs and x - runs[-1][1] <= join:
                    runs[-1][1] = x
                else:
                    runs.append([x, x])
        for i, (first, last) in enumerate(runs):
            if i == 0:
                total += 2 if (prev_row == y - 1 and first == 0) else len(f"\x1b[{y + 1};{first + 1}H")
            else:
                total += len(f"\x1b[{first - runs[i - 1][1] - 1}C")
            if last == len(b) - 1 and all(c.data == " " and attributes(c) == attributes(b[-1]) for c in b[first:]):
                total += 3          # the run is blank to the end of the line: EL
                continue
            for c in b[first:last + 1]:
                if attributes(c) != pen:
                    total += 6 if c.fg == c.bg == "default" else 9
                    pen = attributes(c)
                total += len(c.data.encode())
        if runs:
            prev_row = y
    return total
