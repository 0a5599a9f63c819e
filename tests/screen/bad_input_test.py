#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Bad input to the real program: one clear line on stderr that names what is wrong and where, the exit status of its kind, and
nothing lost. DYTOP is the program and may be several words (tests/valgrind.sh ./dytop). No server is needed: the strange ones are here.

  1 usage, configuration, own failure   2 cannot connect or log in   3 partial data   4 output failed
"""
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DYTOP = [os.path.abspath(w) if os.path.exists(w) else w for w in os.environ.get("DYTOP", "./dytop").split()]
SLOW = float(os.environ.get("TEST_SLOW", "1"))
PANEL = os.path.join(TOP, "tests", "fixtures", "panels", "things.sql")
RECORDING = os.path.join(TOP, "tests", "fixtures", "formats.ndjson")
NOWHERE = ["-h", "127.0.0.1", "-p", "1", "-U", "nobody", "-d", "nothing", "-w"]
OUR_WORDS = re.compile(rb"dytop: [^\x00-\x1f\x7f]+\n")

folder = tempfile.mkdtemp(prefix="dytop-bad-")
cases = []


def case(test):
    cases.append(test)
    return test


def file(name, text, mode=0o600):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    return path


def dytop(*words, env=None, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, seconds=20):
    """The finished run, in an environment that has nothing of the person's."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.path.join(folder, "home"), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    environ.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k.startswith("GCOV")})
    environ.update(env or {})
    return subprocess.run([*DYTOP, *words], env=environ, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          timeout=seconds * SLOW, check=False)


def fails(status, says, *words, out=b"", **kw):
    """It ends with that status, with exactly one line on stderr, which matches; and prints nothing (out None: whatever)."""
    got = dytop(*words, **kw)
    what = f"dytop {' '.join(words)}"
    assert got.returncode == status, f"{what}: exit {got.returncode}, not {status}: {got.stderr!r}"
    assert OUR_WORDS.fullmatch(got.stderr), f"{what}: not one clear line: {got.stderr!r}"
    assert re.search(says, got.stderr.decode()), f"{what}: {got.stderr!r} does not say {says!r}"
    assert out is None or got.stdout == out, f"{what}: printed {got.stdout[:200]!r}"
    assert len(got.stderr) < 400, f"{what}: {got.stderr!r}"
    return got


# --- words on the command line ---------------------------------------------------------------------------------------------


@case
def a_recording_of_servers_that_are_down_has_its_screen():
    with open(RECORDING, encoding="utf-8") as f:
        down = [json.loads(line) for line in f if not line.startswith('{"sample"')]
    for line in down:
        if "state" in line:
            line["state"] = "connecting"
    path = file("down.ndjson", "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in down))
    got = dytop("--replay", path, "--script", file("down.script", "text first\nkey 2\ntext second\n"), "--size", "80x24")
    assert got.returncode == 0, got.stderr
    assert b"STATEMENTS" in got.stdout and b"connecting" in got.stdout, got.stdout


@case
def unknown_option():
    fails(1, "unknown option --fromat; did you mean --format", "--fromat", "json")
    fails(1, "unknown option --zzz.*--help", "--zzz")
    fails(1, "unknown option -y", "-y")
    fails(1, "--interval needs a value", "--interval")
    fails(1, "-n needs a value", "-b", "-n")
    fails(1, "--batch takes no value", "--batch=3")
    fails(1, "ambiguous", "--redis-")


@case
def bad_value():
    fails(1, "-n: 'many' is not a number", "-b", "-n", "many")
    fails(1, "-i: '0' is not a duration from 0.1s", "-b", "-i", "0")
    fails(1, "-i: '1h1' is not a duration", "-b", "-i", "1h1")
    fails(1, "--format: 'jsn'.*did you mean json", "--format", "jsn")
    fails(1, "-W and -w contradict", "-W", "-w")
    fails(1, "openmetrics", "--format", "openmetrics", "-n", "0")
    fails(1, "--script needs --replay", "--script", "x")
    fails(1, r"DYTOP_INTERVAL: 'soon' is not a duration", "-b", env={"DYTOP_INTERVAL": "soon"})


@case
def unknown_names():
    fails(1, "unknown panel 'activty'; did you mean activity", "-b", "--panel", "activty", *NOWHERE)
    fails(1, "unknown panel 'zzz'.*--list-panels", "-b", "--panel", "zzz", *NOWHERE)
    fails(1, "unknown screen 'zzz'", "-b", "--screen", "zzz", *NOWHERE)
    fails(1, "no panel shown has a column 'zzz'", "-b", "--panel", "activity", "--sort", "zzz", *NOWHERE)
    fails(1, "no panel shown has a column 'zzz'", "-b", "--panel", "activity", "--columns", "pid,zzz", *NOWHERE)
    fails(1, "--filter", "-b", "--panel", "activity", "--filter", "pid >", *NOWHERE)


@case
def hostile_words():
    """What is told back is clean: no escape of an argument reaches the terminal."""
    fails(1, "unknown panel", "-b", "--panel", "a\x1b]0;x\x07\x1b[31m\nb", *NOWHERE)
    fails(1, "unknown option", "--\x1b[2J\r\nzzz")
    fails(1, "-n: ", "-b", "-n", "\x1b[2J")
    fails(1, "server|connection|conninfo|option", "-b", "host=\x1b[2J zzz=\n3")


# --- where to connect ------------------------------------------------------------------------------------------------------


@case
def bad_conninfo():
    for bad, says in (("host=x nonsense=1", "nonsense"), ("host=x port", "port"), ("host='x", "x|quot"),
                      ("postgresql://h/d?nonsense=1", "nonsense")):
        fails(1, says, "-b", bad)
    fails(2, "invalid integer value \"abc\"", "-b", "host=127.0.0.1 port=abc", out=None)
    fails(2, "sslmode value: \"perhaps\"", "-b", "host=127.0.0.1 sslmode=perhaps", out=None)
    fails(2, "99999", "-b", "postgresql://127.0.0.1:99999/d", out=None)
    assert b"s3cret" not in dytop("-b", "host=x password=s3cret zzz=1").stderr


@case
def bad_uri():
    only = ["-b", "--no-postgres", "--redis"]
    for bad, says in (("http://x", "scheme"), ("redis://h:port", "port"), ("redis://h:99999", "port"), ("redis://h/db", "db|database"),
                      ("unix://", "path|unix")):
        fails(1, says, *only, bad)
    got = dytop(*only, "redis://u:s3cret@h:port")
    assert got.returncode == 1 and b"s3cret" not in got.stderr, got


@case
def nobody_there():
    fails(2, "refused|unreachable", "-b", *NOWHERE, out=None)
    fails(2, "refused|unreachable", "-b", "--no-postgres", "--redis", "redis://127.0.0.1:1", out=None)
    fails(2, "No such file", "-b", "--no-postgres", "--redis", "unix://" + folder + "/none", out=None)
    fails(2, "No such file", "-b", "-h", folder, "-U", "nobody", "-d", "nothing", "-w", out=None)


class Strange:
    """A server that says something else, or nothing, to whoever comes."""

    def __init__(self, banner, wait=False):     # None: never a word
        self.banner, self.wait, self.open = banner, wait, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                s = self.socket.accept()[0]
                self.open.append(s)
                if self.banner is None:
                    continue
                if self.wait:
                    s.recv(100)
                s.sendall(self.banner)
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        for s in self.open:
            s.close()


HTTP = b"HTTP/1.1 400 Bad Request\r\nServer: \x1b[31mred\x1b[0m\r\n\r\n<h1>no</h1>"
SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


@case
def no_postgres():
    for banner, wait in ((HTTP, True), (SSH, False), (b"\xff" * 5000, True), (b"+PONG\r\n", True), (b"", True), (b"\0" * 1000, True),
                         (b"E\xff\xff\xff\xff", True), (b"R\0\0\0\x08\0\0\0\x63", True)):
        with Strange(banner, wait) as s:
            fails(2, str(s.port) + ".*(PostgreSQL|closed|SSL|expected|protocol)", "-b", "-h", "127.0.0.1", "-p", str(s.port),
                  "-U", "u", "-d", "d", "-w", "--panel", "databases", out=None)
            fails(2, str(s.port), "-b", f"host=127.0.0.1 port={s.port} user=u dbname=d sslmode=disable",
                  "--panel", "databases", out=None)
    with Strange(None) as s:    # and one that never says a word: the deadline
        fails(2, "no answer|time", "-b", "-h", "127.0.0.1", "-p", str(s.port), "-U", "u", "-d", "d", "-w",
              "--connect-timeout", "1s", out=None)


@case
def no_redis():
    for banner, wait in ((HTTP, True), (SSH, False), (b"\xff" * 5000, True), (b"E\0\0\0\x20SFATAL\0Mno\0\0", True), (b"\0" * 1000, True),
                         (b"*999999999\r\n", True), (b"+OK\r\n" * 100, True)):
        with Strange(banner, wait) as s:
            fails(2, str(s.port) + ".*(Redis|RESP|protocol|closed|reply)", "-b", "--no-postgres", "--redis", f"redis://127.0.0.1:{s.port}",
                  out=None)
            fails(2, str(s.port) + ".*(TLS|SSL|closed)", "-b", "--no-postgres", "--redis", f"rediss://127.0.0.1:{s.port}", out=None)
    with Strange(None) as s:
        fails(2, "no answer|time", "-b", "--no-postgres", "--redis", f"redis://127.0.0.1:{s.port}", "--connect-timeout", "1s", out=None)


# --- files -------------------------------------------------------------------------------------------------------------------


@case
def bad_config():
    def config(text, says):
        path = file("config.yaml", text)
        fails(1, re.escape(path) + says, "-b", "--config", path, *NOWHERE)

    config("interval: 2s\nintervall: 3s\n", ":2: .*intervall.*did you mean 'interval'")
    config("\n\ninterval: soon\n", ":3: interval: 'soon' is not a duration")
    config("theme: [dark]\n", ":1: .*single value")
    config("pools:\n  - {application: a, maxx: 3}\n", ":2: .*maxx")
    config("interval: 1s\ninterval: 2s\n", ":2: .*(twice|already|again|duplicate)")
    config("interval: [1s\n", ":[12]: ")
    config("- a\n- b\n", ":1: .*lines are expected here")
    config(b"theme: \xff\xfe\n", ":1: |: ")
    config("log-level: \"\\e[31m\\n\"\n", ":1: log-level: .* is not known")
    fails(1, "no-such.yaml: No such file", "-b", "--config", folder + "/no-such.yaml", *NOWHERE)
    fails(1, "others may write", "-b", "--config", file("open.yaml", "interval: 1s\n", 0o666), *NOWHERE)
    fails(1, "not a regular file", "-b", "--config", folder, *NOWHERE)
    fails(1, "others may read", "-b", "--no-postgres", "--redis", "redis://h", "--redis-password-file", file("secret", "x\n", 0o644))
    fails(1, "No such file", "-b", "--log", folder + "/no-such/log", *NOWHERE)


@case
def bad_panel():
    with open(PANEL, encoding="utf-8") as f:
        good = f.read()

    def panel(name, says, text=None, change=None):
        if change:
            assert change[0] in good
            text = good.replace(*change, 1)
        at = tempfile.mkdtemp(prefix="sql-", dir=folder)
        path = os.path.join(at, name + ".sql")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        try:
            fails(1, re.escape(path) + says, "-b", "--sql-dir", at, *NOWHERE)
        except AssertionError as e:
            raise AssertionError(f"{name}: {e}") from None

    panel("no_header", ":1: ", text="SELECT 1\n")
    panel("half_header", ":[0-9]+: ", text="/* dytop panel\ntitle: X\n")
    panel("bad_header", ":[0-9]+: ", change=("source: pg", "source: pg: redis"))
    panel("unknown_key", ":6: .*orderr.*did you mean 'order'", change=("order: 500", "orderr: 500"))
    panel("unknown_source", ":4: .*mysql", change=("source: pg", "source: mysql"))
    panel("unknown_kind", ":[0-9]+: .*counterr.*counter", change=("total_time: counter", "total_time: counterr"))
    panel("unknown_unit", ":[0-9]+: .*furlong", change=("unit: bytes,", "unit: furlong,"))
    panel("bad_expression", ":[0-9]+: ", change=("expr: rate(calls)", "expr: \"rate(calls +\""))
    panel("unknown_field", ":[0-9]+: .*nothere", change=("expr: rate(calls)", "expr: rate(nothere)"))
    panel("no_column", r":[0-9]+: .*\bbytes\b", change=(" bytes, read_bytes,", " read_bytes,"))
    panel("no_body", ":[0-9]+: ", text=good[:good.index("-- since")])
    panel("bad_since", ":[0-9]+: ", change=("-- since 130000", "-- since thirteen"))
    panel("reserved", ":[0-9]+: .*marks", change=("{name: load,", "{name: marks, expr: load,"))
    fails(1, "no-such-folder: No such file", "-b", "--sql-dir", folder + "/no-such-folder", *NOWHERE)


@case
def bad_theme():
    with open(os.path.join(TOP, "themes", "dark.theme"), encoding="utf-8") as f:
        good = f.read()

    def theme(says, text, name="mine"):
        at = tempfile.mkdtemp(prefix="themes-", dir=folder)
        path = os.path.join(at, name + ".theme")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        # in a snapshot no theme is needed, but a wrong one is not passed over
        fails(1, re.escape(path) + says, "-b", "--theme-dir", at, "--theme", name, *NOWHERE)
        got = on_terminal("--theme-dir", at, "--theme", name, *NOWHERE)
        assert got[0] == 1, (says, got)
        assert re.search(re.escape(path) + says, got[1]), got
        assert got[1].count("\n") == 1, got

    lines = good.count("\n")
    theme(f":{lines + 1}: .*txet.*did you mean 'text'", good + "txet: red\n")
    theme(":[0-9]+: .*bluish", re.sub(r"(?m)^warn:.*$", "warn: bluish", good))
    theme(":[0-9]+: ", re.sub(r"(?m)^warn:.*$", "warn: \"#12345\"", good))
    theme(":[0-9]+: ", "warn: [red\n")
    fails(1, "unknown theme 'drak'; did you mean dark", "-b", "--theme", "drak", *NOWHERE)
    got = on_terminal("--theme", "drak", *NOWHERE)
    assert got[0] == 1 and "unknown theme 'drak'; did you mean dark" in got[1] and got[1].count("\n") == 1, got


@case
def bad_replay():
    with open(RECORDING, "rb") as f:
        good = f.read()
    lines = good.splitlines(keepends=True)
    head = json.loads(lines[0])

    def replay(text, says):
        path = file("recording.ndjson", text)
        fails(1, re.escape(path) + says, "-b", "--sql-dir", os.path.dirname(PANEL), "--replay", path)

    ok = dytop("-b", "--sql-dir", os.path.dirname(PANEL), "--replay", file("recording.ndjson", good))
    assert ok.returncode in (0, 3), ok
    replay(b"".join(lines[:-1]), ":[0-9]+: truncated")
    replay(good[:len(good) // 2], ":[0-9]+: ")
    replay(lines[0], ":[0-9]+: ")
    replay(b"", ":1: ")
    replay(b"\x7fELF\x02\x01\x01" + b"\0" * 500, ":1: ")
    replay(b'{"tool": "something else"}\n', ":1: ")
    replay(b"CREATE TABLE x();\n", ":1: ")
    replay(json.dumps({**head, "dytop_recording": 99}).encode() + b"\n" + b"".join(lines[1:]), ":1: .*version 99.*newer")
    fails(1, "no-such: No such file", "-b", "--replay", folder + "/no-such")
    fails(1, "not a regular file", "-b", "--replay", folder)
    fails(1, "not a regular file", "-b", "--replay", "/dev/zero")


# --- output ------------------------------------------------------------------------------------------------------------------


@case
def unwritable_output():
    words = ["-b", *NOWHERE, "--panel", "databases"]
    fails(4, "no-such-folder/x: No such file", *words, "-o", folder + "/no-such-folder/x")
    fails(4, re.escape(folder) + ": Is a directory", *words, "-o", folder)
    fails(4, "/proc/version: ", *words, "-o", "/proc/version")


@case
def full_disk():
    words = ["-b", *NOWHERE, "--panel", "databases"]
    for form in ("table", "json", "ndjson", "csv", "openmetrics"):
        fails(4, "cannot write to /dev/full: No space left", *words, "--format", form, "-o", "/dev/full")
    with open("/dev/full", "wb") as full:
        fails(4, "standard output: No space left", *words, stdout=full, out=None)
        for action in ("--help", "--version", "--list-panels", "--list-fields", "--dump-config", "--help-keys"):
            fails(4, "standard output: No space left", action, stdout=full, out=None)
    closed, other = os.pipe()
    os.close(closed)
    try:
        fails(4, "standard output: Broken pipe", *words, stdout=other, out=None)
    finally:
        os.close(other)


@case
def a_reader_that_reads_no_more():
    """A pipe that is full holds up no signal: dytop ends, and says that its output is not whole. A slow reader gets all of it."""
    words = [*DYTOP, "-b", "-n", "200", "--format", "json", "--replay", os.path.join(TOP, "tests", "fixtures", "stack.ndjson")]
    held, pipe = os.pipe()
    p = subprocess.Popen(words, stdout=pipe, stderr=subprocess.PIPE, text=True)
    os.close(pipe)
    full = time.monotonic() + 20 * SLOW
    before = -1
    while True:                                        # until nothing more goes into the pipe
        now = struct.unpack("i", fcntl.ioctl(held, termios.FIONREAD, b"\0" * 4))[0]
        if now == before and now > 30000:
            break
        assert time.monotonic() < full and p.poll() is None, "the pipe is not filled: %d" % now
        before = now
        time.sleep(0.3)
    p.terminate()
    said = p.communicate(timeout=20 * SLOW)[1]
    os.close(held)
    assert p.returncode == 4 and "takes no more" in said, (p.returncode, said)
    slow = subprocess.Popen([w if w != "200" else "3" for w in words], stdout=subprocess.PIPE)
    time.sleep(1)
    assert len(json.loads(slow.communicate(timeout=60 * SLOW)[0])["frames"]) == 3 and slow.returncode in (0, 3)


def batch(*words):
    environ = {"PATH": os.environ["PATH"], "HOME": os.path.join(folder, "home"), "LC_ALL": "C.UTF-8"}
    environ.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k.startswith("GCOV")})
    return subprocess.Popen([*DYTOP, "-b", *words], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@case
def ended_before_the_first_frame():
    """No data is no success, and costs nobody the data of before."""
    for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        for frames in ("1", "5", "0"):
            path = file("kept.json", "what was there\n")
            with Strange(None) as s:
                p = batch("-n", frames, "--format", "json", "-h", "127.0.0.1", "-p", str(s.port), "-U", "u", "-d", "d", "-w",
                          "--connect-timeout", "60s", *(["-o", path] if signo == signal.SIGTERM else []))
                end = time.monotonic() + 20 * SLOW
                while not s.open:                   # it has come to the server, so it knows its signals
                    assert time.monotonic() < end and p.poll() is None, p.returncode
                    time.sleep(0.05)
                p.send_signal(signo)
                out, said = p.communicate(timeout=20 * SLOW)
            when = f"after 0 of {frames} frames" if frames != "0" else "before the first frame"
            assert p.returncode == 3 and out == "", (signo, frames, p.returncode, out[:200])
            assert said == f"dytop: interrupted {when}\n", said
            with open(path, encoding="utf-8") as f:
                assert f.read() == "what was there\n", "the file was written over"


@case
def ended_between_frames():
    """What was printed is whole, and it is said how much is missing."""
    p = batch("-n", "500", "-i", "0.5", "--format", "json", *NOWHERE, "--panel", "databases")
    text = ""
    while text.count('"frame":') < 2:
        more = os.read(p.stdout.fileno(), 65536).decode()
        assert more, (text, p.wait())
        text += more
    p.terminate()
    out, said = p.communicate(timeout=20 * SLOW)
    done = len(json.loads(text + out)["frames"])
    assert done >= 2 and f"dytop: interrupted after {done} of 500 frames\n" in said, said
    assert p.returncode == 2, p.returncode          # nobody was there at all: that says more


@case
def every_server_of_many():
    """More panels of servers than a thousand: each is printed."""
    def panels(servers):
        with open(RECORDING, encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        server = next(line for line in lines if line.get("kind") == "pg")
        all_of_them = [{**server, "server": i, "name": f"db{i}", "state": "lost", "reason": "gone"} for i in range(servers)]
        text = [{**lines[0], "servers": servers}, *all_of_them, next(line for line in lines if "frame" in line), *all_of_them, lines[-1]]
        path = file("many.ndjson", "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in text))
        got = dytop("-b", "--format", "json", "--replay", path, seconds=60)
        assert got.returncode == 2, got
        return [(p["panel"], p["server"]) for p in json.loads(got.stdout)["frames"][0]["panels"] if p["server"].startswith("db")]

    one, many = panels(1), panels(100)
    assert len(many) == 100 * len(one) > 1024, (len(one), len(many))
    assert len(set(many)) == len(many)


@case
def nothing_is_lost():
    """A file that is there keeps what it holds when the run fails before its first frame."""
    for words in (["--panel", "zzz"], ["--sort", "zzz"], ["--filter", "pid >"], ["--columns", "zzz"], ["--format", "zzz"],
                  ["-n", "x"], ["--zzz"], ["host=x zzz=1"], ["--redis", "http://x"], ["--replay", folder + "/no-such"],
                  ["--sql-dir", folder + "/no-such"], ["--log", folder + "/no-such/log"], ["--config", folder + "/no-such"], ["--redis-password-file", folder]):
        path = file("kept.txt", "what was there\n")
        got = dytop("-b", *NOWHERE, "-o", path, *words)
        assert got.returncode == 1 and OUR_WORDS.fullmatch(got.stderr), (words, got)
        with open(path, encoding="utf-8") as f:
            assert f.read() == "what was there\n", f"{words}: the file was written over"
    path = file("kept.ndjson", "a recording\n")
    got = dytop("-b", *NOWHERE, "--record", path)
    assert got.returncode in (1, 4) and b"kept.ndjson" in got.stderr, got
    with open(path, encoding="utf-8") as f:
        assert f.read() == "a recording\n", "--record wrote over a file"


# --- terminals ---------------------------------------------------------------------------------------------------------------


def on_terminal(*words, term="xterm-256color", stdin=None, types=b""):
    """(exit status, what was shown) of a run on a terminal, with the text as lines."""
    master, slave = os.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": os.path.join(folder, "home"), "LC_ALL": "C.UTF-8"}
    environ.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k.startswith("GCOV")})
    if term is not None:
        environ["TERM"] = term
    process = subprocess.Popen([*DYTOP, *words], env=environ, stdin=stdin or slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    shown = bytearray()

    def read():
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                return
            if not data:
                return
            shown.extend(data)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    os.write(master, types)
    try:
        status = process.wait(20 * SLOW)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"dytop {' '.join(words)} goes on: {bytes(shown[-300:])!r}") from None
    reader.join(5 * SLOW)
    os.close(master)
    text = re.sub(rb"\x1b(\[[0-9;?>=]*[a-zA-Z]|[()][A-Z0-9]|[=>78M])|[\x0e\x0f]", b"", bytes(shown)).replace(b"\r", b"")
    return status, text.decode("utf-8", "replace")


@case
def no_such_terminal():
    for term in (None, "", "no-such-terminal", "dumb", "\x1b[2J", "../../etc/passwd", "a" * 5000):
        status, text = on_terminal(*NOWHERE, term=term)
        assert status == 1, (term and term[:20], status, text)
        assert text.count("\n") == 1 and text.startswith("dytop: ") and "TERM" in text or "terminal type" in text, (term and term[:20], text[:300], len(text))


@case
def keys_from_the_terminal():
    """Keys are read from the terminal that shows the screen, whatever standard input is."""
    assert on_terminal(*NOWHERE, stdin=subprocess.DEVNULL, types=b"q")[0] == 0


def main():
    names = sys.argv[1:]
    failed = 0
    try:
        for test in cases:
            if names and test.__name__ not in names:
                continue
            try:
                test()
                print(f"ok   {test.__name__}", flush=True)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
                failed += 1
                print(f"FAIL {test.__name__}: {e}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
