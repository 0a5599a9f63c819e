# SPDX-License-Identifier: PostgreSQL
"""dytop explain on private servers: what the explain_*_test.py files share."""
import os
import pty
import re
import select
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from postgres import SLOW, Bench, wait_until # noqa: E402, F401

DYTOP = os.environ.get("DYTOP", os.path.join(os.getcwd(), "dytop")).split()


class Explain:
    """One server and the ways to ask for plans on it. Every run has its own home folder, so its own audit log."""

    def __init__(self, bench, **settings):
        settings = dict({"shared_preload_libraries": "pg_stat_statements", "compute_query_id": "on"}, **settings)
        self.bench = bench
        self.pg = bench.postgres(**settings)
        self.pg.sql("CREATE EXTENSION pg_stat_statements")
        self.home = os.path.join(bench.dir, "home")
        os.makedirs(self.home, exist_ok=True)
        self.env = dict(os.environ, HOME=self.home, XDG_STATE_HOME=self.home, XDG_CONFIG_HOME=self.home, LC_ALL="C.UTF-8", TERM="xterm")

    def argv(self, *words, user="postgres", dbname="postgres"):
        return DYTOP + ["explain", "-d", self.pg.conninfo(user, dbname)] + list(words)

    def run(self, *words, text=None, code=None, user="postgres", dbname="postgres", seconds=30):
        """Without a terminal, so that every question is answered by silence. Returns (code, stdout, stderr)."""
        done = subprocess.run(self.argv(*words, user=user, dbname=dbname), input=text, text=True, capture_output=True, env=self.env,
                              timeout=seconds * SLOW, start_new_session=True)
        if code is not None:
            assert done.returncode == code, (words, text, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done.returncode, done.stdout, done.stderr

    def tty(self, *words, answers=(), user="postgres", dbname="postgres", seconds=30):
        """On a terminal: answers are (regular expression, what is typed then). Returns (code, all that was shown)."""
        argv = self.argv(*words, user=user, dbname=dbname)
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe(argv[0], argv, self.env)
        shown, answers, end = "", list(answers), time.monotonic() + seconds * SLOW
        while True:
            assert time.monotonic() < end, "no end: " + shown[-2000:]
            if select.select([fd], [], [], 0.1)[0]:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    break
                if not data:
                    break
                shown += data.decode("utf-8", "replace")
            if answers and re.search(answers[0][0], shown):
                typed = answers.pop(0)[1]
                if callable(typed): # something happens before it is typed
                    typed = typed()
                time.sleep(0.4) # what comes within 0.3 s of the question is no answer
                os.write(fd, typed.encode())
        os.close(fd)
        status = os.waitpid(pid, 0)[1]
        assert not answers, ("never asked", answers[0][0], shown[-2000:])
        return os.waitstatus_to_exitcode(status), shown

    def queryid(self, like, dbname="postgres"):
        found = self.pg.sql("SELECT queryid FROM pg_stat_statements WHERE query LIKE '%s' AND dbid = (SELECT oid FROM pg_database WHERE datname = '%s')"
                            " LIMIT 1" % (like.replace("'", "''"), dbname))
        assert found, "no such statement: " + like
        return found

    def count(self, table):
        return int(self.pg.sql("SELECT count(*) FROM " + table))


def run(tests):
    """Calls the functions whose names are given (all that begin with test_), each with one Bench."""
    names = sys.argv[1:] or [n for n in tests if n.startswith("test_")]
    with Bench() as bench:
        made = {}
        for name in names:
            begun = time.monotonic()
            tests[name](bench, made)
            print("ok   %s (%.1f s)" % (name, time.monotonic() - begun), flush=True)
