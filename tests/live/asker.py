# SPDX-License-Identifier: PostgreSQL
"""Drives tests/live/asker: one source of the program, its events as dictionaries.

    a = Asker(bench, "pg", panels, "-t", conninfo)       # panels: {name: text of a panel file} or paths
    e = a.wait("live", 5, lambda e: e["event"] == "status" and e["state"] == "live")
    a.answer("mine")                                     # the next good or bad answer of that panel
    a.send("retry"); end = a.quit()                      # end["stall_ms"] is the longest turn of the loop
"""
import json
import os
import queue
import subprocess
import threading
import time

SLOW = float(os.environ.get("TEST_SLOW", "1"))      # deadlines of waiting are longer by this


def simple(sql, fields, **header):
    """The text of a panel with one body; fields is {name: kind}."""
    lines = ["/* dytop panel", "title: T", "about: test."]
    lines += ["%s: %s" % item for item in dict({"source": "pg"}, **header).items()]
    lines += ["fields:"] + ["  %s: %s" % item for item in fields.items()]
    lines += ["columns:"] + ["  - {name: %s, title: %s, unit: %s, width: 8, priority: 1, about: x}"
                             % (n, n.upper(), "text" if k == "text" else "time" if k == "time" else "count")
                             for n, k in fields.items() if k != "bool"]
    return "\n".join(lines) + "\n*/\n" + (sql if sql.startswith("-- since") else "-- since 10000\n" + sql) + "\n"


class Asker:
    def __init__(self, bench, kind, panels, *options, env=None, password=None):
        binary = os.environ.get("ASKER", "./tests/live/asker")
        paths = [bench.file(name + ".sql", text) if "\n" in text else text for name, text in panels.items()]
        environment = dict(os.environ, LC_ALL="C.UTF-8", **(env or {}))
        for name in [n for n in os.environ if n.startswith("PG")]:
            environment.pop(name)
        environment.update(env or {})
        if password:
            environment["ASKER_PASSWORD"] = password
        self.process = subprocess.Popen([binary, kind] + list(options) + paths, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=environment)
        bench.clients.append(self.process)
        self.events = queue.Queue()
        self.past = []
        self.errors = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            event["at"] = time.monotonic()
            self.events.put(event)
        self.events.put(None)

    def wait(self, what, seconds, test):
        """The next event for which test is true; events before it are skipped (kept in .past)."""
        deadline = time.monotonic() + seconds * SLOW
        while True:
            try:
                event = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError("waited %g s in vain for: %s; last events:\n%s" %
                                     (seconds, what, "\n".join(map(str, self.past[-6:]))))
            if event is None:
                raise AssertionError("asker ended while waiting for: %s\n%s" % (what, self.process.stderr.read()))
            self.past.append(event)
            if test(event):
                return event

    def state(self, state, seconds=5, reason="", notice=""):
        return self.wait("state %s %s %s" % (state, reason, notice), seconds,
                         lambda e: e["event"] == "status" and e["state"] == state and reason in e["reason"]
                         and notice in e["notice"])

    def answer(self, panel, seconds=5, code=None, lookup=None):
        return self.wait("answer of %s %s" % (panel, code), seconds,
                         lambda e: e["event"] == "answer" and e["panel"] == panel and code in (None, e["code"])
                         and e.get("lookup") == lookup)

    def drain(self):
        """Forgets what has come so far."""
        while True:
            try:
                event = self.events.get_nowait()
            except queue.Empty:
                return
            if event:
                self.past.append(event)

    def seconds(self, seconds):
        """Collects events for so long."""
        deadline = time.monotonic() + seconds
        got = []
        while time.monotonic() < deadline:
            try:
                event = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                break
            assert event is not None, "asker ended: " + self.process.stderr.read()
            got.append(event)
        self.past += got
        return got

    def send(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def quit(self, seconds=1):
        start = time.monotonic()
        self.send("quit")
        end = self.wait("the end", seconds, lambda e: e["event"] == "end")
        self.process.wait(5 * SLOW)
        assert self.process.returncode == 0, self.process.stderr.read()
        end["took"] = time.monotonic() - start
        return end
