# SPDX-License-Identifier: PostgreSQL
"""Drives the test programs that take commands: tests/live/worker (source/pgwork), pooled, storer."""
import os
import queue
import subprocess
import threading

from asker import Asker


class Events(Asker):
    """A test program that takes commands and tells events, one JSON line each."""
    def __init__(self, bench, program, *options, password=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        environment["LC_ALL"] = "C.UTF-8"
        if password:
            environment["ASKER_PASSWORD"] = password
        self.process = subprocess.Popen(["./tests/live/" + program] + list(options), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        bench.clients.append(self.process)
        self.events = queue.Queue()
        self.past = []
        self.last = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def event(self, name, seconds=10, **fields):
        return self.wait("%s %s" % (name, fields), seconds,
                         lambda e: e["event"] == name and all(e.get(k) == v for k, v in fields.items()))


class Worker(Events):
    def __init__(self, bench, *options, password=None):
        super().__init__(bench, "worker", *options, password=password)

    def up(self):
        return self.event("up")

    def begin(self, word, rest):
        """Gives the id of what was begun."""
        self.last += 1
        self.send("%s %d %s" % (word, self.last, rest))
        return str(self.last)

    def done(self, which, seconds=20):
        return self.event("done", seconds, id=which)

    def run(self, *statements, word="run", options=""):
        which = self.begin(word, options + "\t".join(statements))
        done = [self.done(which) for _ in statements]
        return done[0] if len(done) == 1 else done
