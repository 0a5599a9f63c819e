# SPDX-License-Identifier: PostgreSQL
"""Private servers for the live tests: each in a folder of its own, on free ports or sockets, stopped by its own pid. Here is what
all of them share, and Redis; PostgreSQL, PgBouncer and the bench that holds them are in postgres.py.

Standard library only. A test script ends with `sys.exit(run(globals()))`: every function test_* is called; exit 0 passed,
1 failed, 77 skipped (a server program is missing). Environment: DYTOP_PROBE and DYTOP name the programs under test.
"""

import contextlib
import json
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TOP = os.path.abspath(os.environ.get("srcdir_top", os.path.join(os.path.dirname(__file__), "..", "..")))
PROBE = os.path.abspath(os.environ.get("DYTOP_PROBE", "tests/live/probe"))
SLOW = float(os.environ.get("TEST_SLOW", "1"))      # deadlines of waiting are longer by this
DYTOP = os.path.abspath(os.environ.get("DYTOP", "./dytop"))


SKIP = 77                                           # the status of a test that could not run here


class Skip(SystemExit):
    """Something that the test needs is not on this machine: run() goes on with the next one, a script without it ends."""

    def __init__(self, why):
        super().__init__(SKIP)
        self.why = why
        print("SKIP: " + why, flush=True)

    def __str__(self):
        return self.why


def sanitized(program):
    """Whether AddressSanitizer is in it: then its memory is not ours to judge."""
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


def need(program, *folders):
    """The path of a program, from PATH, the usual folders of servers, and those given."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/bin"])
    found = shutil.which(program, path=path)
    if not found:
        raise Skip(f"{program} is not installed")
    return found


GIVEN = set()


def free_port():
    """A port that nobody listens on. Not one of those that the kernel gives to connections (from 32768 on): a server that is stopped and
    started again would find its own taken; nor is the bus of a Redis Cluster, 10000 above, one of those."""
    while True:
        port = random.randrange(10200, 22500)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in GIVEN:
            GIVEN.add(port)
            return port


def panel(name):
    return os.path.join(TOP, "sql", "panels", name + ".sql")


def wait_for(what, test, seconds=10.0, every=0.02):
    """Calls test() until it is true, and returns what it returned; fails after that many seconds."""
    end = time.monotonic() + seconds * SLOW
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="dytop-test-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def stop(process, how=signal.SIGTERM, seconds=5):
    """Ends a process that we started; its group when it leads one."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def peak_mb(process):
    """Waits for its end; the most memory that it ever held. Looked at while it lives: what wait4() tells of a child begins with the
    size of who started it."""
    most = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as f:
                most = next((int(line.split()[1]) for line in f if line.startswith("VmHWM")), most)
        except OSError:
            break
        time.sleep(0.005)
    process.wait()
    return most / 1024


class Redis:
    """One redis-server (or valkey-server) on a port and a Unix socket."""

    def __init__(self, path, *options, program=None, env=None, port=None, tls=False):
        self.path = path
        self.options = options
        self.program = program or [need("redis-server")]
        self.env = env
        self.port = port or free_port()
        self.tls = tls
        self.socket = os.path.join(path, "redis.sock")
        self.process = None
        self.start()

    def start(self, wait=True):
        ports = ["--port", "0", "--tls-port", str(self.port)] if self.tls else ["--port", str(self.port)]
        self.log = open(os.path.join(self.path, "redis.log"), "ab")
        self.process = subprocess.Popen(
            [*self.program, *ports, "--bind", "127.0.0.1", "--unixsocket", self.socket, "--save", "",
             "--dir", self.path, *self.options], stdout=self.log, stderr=self.log, env=self.env)
        if wait:
            wait_for("redis-server up", self.up)

    def up(self):
        if self.process.poll() is not None:
            raise AssertionError("redis-server ended: " + open(os.path.join(self.path, "redis.log")).read()[-500:])
        try:
            # It answers only when it listens everywhere; a refusal (NOAUTH) is an answer, too.
            return self.call("PING")[:1] in (b"+", b"-")
        except OSError:
            return False

    def call(self, *words):
        """One command over the Unix socket in the inline-free form; the raw reply."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.socket)
            return self.talk(s, *words)

    @staticmethod
    def talk(s, *words):
        raw = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        s.sendall(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in raw))
        return s.recv(1 << 16)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        stop(self.process)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Probe:
    """tests/live/probe on one server: its JSON lines as they come."""

    def __init__(self, *args, password=None, env=None):
        if not os.access(PROBE, os.X_OK):
            raise Skip(f"{PROBE} is not built")
        environment = dict(env or os.environ)
        environment.pop("PROBE_PASSWORD", None)
        if password is not None:
            environment["PROBE_PASSWORD"] = password
        self.process = subprocess.Popen([PROBE, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, cwd=TOP, text=True)
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put((time.monotonic(), json.loads(line)))

    def next(self, what, test, seconds=10.0):
        """The next event for which test(event) holds; those before it are passed over."""
        end = time.monotonic() + seconds * SLOW
        while True:
            try:
                at, event = self.lines.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not within {seconds} s: {what}; last were {self.seen[-3:]}; "
                                     f"running: {self.process.poll() is None}") from None
            event["at"] = at
            self.seen.append(event)
            if test(event):
                return event

    def state(self, state, seconds=10.0, **fields):
        """The next status in that state whose fields contain the given texts."""
        return self.next(f"{state} {fields}", lambda e: e["event"] == "status" and e["state"] == state and
                         all(v in e[k] for k, v in fields.items()), seconds)

    def answer(self, name, seconds=10.0):
        return self.next(f"answer of {name}", lambda e: e["event"] == "answer" and e["panel"] == name, seconds)

    def rows(self, name, seconds=10.0):
        """The next good answer."""
        return self.next(f"rows of {name}", lambda e: e["event"] == "answer" and e["panel"] == name and "rows" in e, seconds)

    def close(self):
        """Ends it in the ordinary way and returns what it said on stderr; fails when it did not end well."""
        if self.process.poll() is None:
            self.process.stdin.close()
        try:
            self.process.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("probe did not end") from None
        return self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        said = self.close()
        if kind is None and (self.process.returncode != 0 or said):
            raise AssertionError(f"probe ended with {self.process.returncode}: {said}")


def run(tests):
    """Calls the test_* functions; the result for sys.exit()."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))     # so that the servers are stopped
    names = sys.argv[1:] or [n for n in tests if n.startswith("test_")]
    failed = skipped = 0
    for name in names:
        begun = time.monotonic()
        try:
            tests[name]()
            print(f"ok   {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Skip as reason:
            skipped += 1
            print(f"skip {name}: {reason}", flush=True)
        except Exception:  # a failed test must not hide the next
            failed += 1
            print(f"FAIL {name}", flush=True)
            traceback.print_exc()
    if failed:
        return 1
    return 77 if skipped == len(names) else 0
