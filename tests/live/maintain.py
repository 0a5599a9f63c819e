# SPDX-License-Identifier: PostgreSQL
"""For the tests of maintenance: dytop in a pipe or on a terminal of its own, and its audit log.

    with Stage(log_statement="all") as s:        # a server with a table t, indexes, views; an audit folder
        s.done("vacuum", "t")                    # runs with --yes; asserts exit status 0; returns the output
        s.fails("vacuum", "nono", text="no such")      # ... status 1 and the text
        with s.terminal("vacuum", "t") as t:     # asks on a terminal
            t.until("[y/N]"); t.answer("y"); t.end(0)
        s.audit()                                # lines as dicts; asserts that the chain holds
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from postgres import Bench, SLOW

DYTOP = os.environ.get("DYTOP", "./dytop").split()

TABLES = """
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT i, i % 100, md5(i::text) FROM generate_series(1, 5000) AS i;
CREATE INDEX t_a ON t (a);
CREATE MATERIALIZED VIEW mv AS SELECT a, count(*) AS n FROM t GROUP BY a;
CREATE UNIQUE INDEX mv_a ON mv (a);
CREATE MATERIALIZED VIEW mv_plain AS SELECT a, count(*) AS n FROM t GROUP BY a;
CREATE MATERIALIZED VIEW mv_empty AS SELECT a, count(*) AS n FROM t GROUP BY a WITH NO DATA;
CREATE UNIQUE INDEX mv_empty_a ON mv_empty (a);
CREATE ROLE nobody_much LOGIN;
CREATE ROLE keeper;
CREATE ROLE operator LOGIN IN ROLE keeper, pg_monitor;
CREATE TABLE kept (id int PRIMARY KEY);
ALTER TABLE kept OWNER TO keeper;
"""


class Terminal:
    """dytop with a controlling terminal: /dev/tty is the pty."""

    def __init__(self, argv, env):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 250, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += got.decode("utf-8", "replace")
        return bool(got)

    def until(self, text, seconds=20):
        deadline = time.monotonic() + seconds * SLOW
        while text not in self.text:
            assert time.monotonic() < deadline, "waited in vain for %r in:\n%s" % (text, self.text)
            assert self.read(0.1) or text in self.text, "it ended without %r:\n%s" % (text, self.text)

    def answer(self, text):
        time.sleep(0.5)       # what is typed within 300 ms of the question is no answer
        self.text = ""
        os.write(self.fd, (text + "\n").encode())

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, status, seconds=30):
        deadline = time.monotonic() + seconds * SLOW
        while self.read(0.1):
            done, got = os.waitpid(self.pid, os.WNOHANG)
            if done:
                while self.read(0.1):
                    pass
                break
            assert time.monotonic() < deadline, "it does not end:\n" + self.text
        else:
            _, got = os.waitpid(self.pid, 0)
        self.pid = 0
        code = os.waitstatus_to_exitcode(got)
        assert code == status, "exit status %d, not %d:\n%s" % (code, status, self.text)
        return self.text


class Stage:
    def __init__(self, **settings):
        self.bench = Bench()
        self.state = os.path.join(self.bench.dir, "state")
        self.log = os.path.join(self.state, "dytop", "audit.jsonl")
        self.env = dict(os.environ, XDG_STATE_HOME=self.state, XDG_CONFIG_HOME=self.state, TERM="xterm", LC_ALL="C.UTF-8")
        self.settings = settings
        self.pg = None

    def __enter__(self):
        try:
            self.pg = self.bench.postgres(shared_preload_libraries="pg_stat_statements", **self.settings)
            self.pg.sql(TABLES)
        except BaseException:
            self.bench.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *words):
        self.bench.__exit__(*words)

    def argv(self, *words, user="postgres", server=None):
        return DYTOP + ["maintain", "-d", (server or self.pg).conninfo(user=user)] + list(words)

    def run(self, *words, user="postgres", server=None, more=("--yes",)):
        done = subprocess.run(self.argv(*more, *words, user=user, server=server), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=self.env, timeout=60 * SLOW)
        return done.returncode, done.stdout + done.stderr

    def done(self, *words, **how):
        status, text = self.run(*words, **how)
        assert status == 0, "%r: status %d:\n%s" % (words, status, text)
        return text

    def fails(self, *words, text, status=1, **how):
        got, out = self.run(*words, **how)
        assert got == status, "%r: status %d, not %d:\n%s" % (words, got, status, out)
        assert text in out, "%r: no %r in:\n%s" % (words, text, out)
        return out

    def terminal(self, *words, user="postgres", server=None):
        return Terminal(self.argv(*words, user=user, server=server), self.env)

    def start(self, *words, user="postgres", more=("--yes",)):
        return subprocess.Popen(self.argv(*more, *words, user=user), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, env=self.env)

    def audit(self):
        done = subprocess.run(DYTOP + ["audit", "--verify"], capture_output=True, text=True, env=self.env)
        assert done.returncode == 0, done.stdout + done.stderr
        with open(self.log) as f:
            return [json.loads(line) for line in f]

    def last(self):
        """The last intent, and its outcome or None."""
        lines = self.audit()
        intent = [line for line in lines if line["event"] == "intent"][-1]
        outcome = [line for line in lines if line["event"] == "outcome" and line["id"] == intent["id"]]
        return intent, outcome[0] if outcome else None

    def server_log(self):
        with open(os.path.join(self.bench.dir, "postgres.log"), errors="replace") as f:
            return f.read()

    def invalid(self):
        return self.pg.sql("SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid").split()


def run(tests):
    for name, test in tests.items():
        began = time.monotonic()
        test()
        print("ok %s (%.1f s)" % (name, time.monotonic() - began), flush=True)


def tests_of(names):
    return {name: value for name, value in names.items() if re.match(r"test_", name) and callable(value)}
