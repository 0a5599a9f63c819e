#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Bad input gets one clear line on standard error and its exit status, quickly, and nothing on standard output.

Also what stands where a server should: something that is no PostgreSQL and no Redis, and one that never answers.
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

DYTOP = os.environ.get("DYTOP", "./dytop")
TOP = os.environ.get("srcdir", ".")
HOME = tempfile.mkdtemp(prefix="dytop-test-")
FIXTURE = os.path.join(os.path.abspath(TOP), "tests/fixtures/formats.ndjson")
failures = []


def path(name, text=None, mode=0o644):
    """A file in the test's own folder."""
    full = os.path.join(HOME, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    if text is not None:
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(full, mode)
    return full


def run(*words, stdout=subprocess.PIPE, timeout=30):
    env = {"PATH": "/usr/bin:/bin", "HOME": HOME, "LC_ALL": "C.UTF-8", "TERM": "xterm", "PGHOST": "/nonexistent"}
    return subprocess.run([DYTOP, *words], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=env,
                          text=True, timeout=timeout)


def expect(status, text, *words, lines=1, **keys):
    """Exit status, `text` in the error, as many lines of error, and silence beside it (with status 1)."""
    try:
        done = run(*words, **keys)
    except subprocess.TimeoutExpired:
        failures.append(f"{words}: does not end")
        return
    errors = done.stderr.splitlines()
    problem = None
    if done.returncode != status:
        problem = f"exit status {done.returncode}, not {status}"
    elif text not in done.stderr:
        problem = f"does not say {text!r}"
    elif len(errors) != lines or not all(line.startswith("dytop: ") for line in errors):
        problem = f"{len(errors)} lines, not {lines}"
    elif any(ord(c) < 32 and c != "\n" for c in done.stderr):
        problem = "control characters in the error"
    elif status == 1 and done.stdout:
        problem = "something on standard output"
    if problem:
        failures.append(f"{' '.join(words)}: {problem}\n    {done.stderr.strip()[:300]}")


PANEL = """/* dytop panel
title: Mine
source: pg
{extra}key: [a]
fields: {{a: id}}
columns:
  - {{name: a, title: A, unit: {unit}, width: 5, priority: 1}}
*/
-- since 130000
SELECT {body} FROM t
"""


def usage():
    expect(1, "unknown option --nonsense", "--nonsense")
    expect(1, "did you mean --interval?", "--intervall", "2")
    expect(1, "-i: 'soon' is not a duration", "-i", "soon")
    expect(1, "--format: 'yaml' is not known", "-b", "--format", "yaml")
    expect(1, "unknown panel 'activty'; did you mean activity?", "-b", "--panel", "activty")
    expect(1, "unknown screen 'lokcs'", "-b", "--screen", "lokcs")
    expect(1, "no panel shown has a column 'nope'", "-b", "--sort", "nope")
    expect(1, "no panel shown has a column 'nope'", "-b", "--columns", "nope")
    expect(1, "--filter", "-b", "--filter", "mean > ")
    expect(1, "unknown panel", "-b", "--panel", "\x1b[2Jx")


def addresses():
    expect(1, "bad connection string", "-b", "-d", "host='x")
    expect(1, "bad connection string", "-b", "-d", "nonsense=1")
    expect(1, "bad connection string", "-b", "postgresql://[::1")
    expect(1, "bad connection string", "-b", "postgresql://h/db?nonsense=1")
    expect(1, "Redis address", "-b", "--no-postgres", "--redis", "http://h")
    expect(1, "Redis address", "-b", "--no-postgres", "--redis", "redis://h:99999")
    expect(2, "cannot connect to /nonexistent:5432", "-b")
    expect(2, "cannot connect", "-b", "--no-postgres", "--redis", "unix:///nonexistent/redis.sock")


def files():
    config = path("bad.yaml", "interval: 2s\nthem: dark\n")
    expect(1, f"{config}:2:", "-b", "--config", config)
    expect(1, f"{config}:1: interval: 'x' is not a duration", "-b", "--config", path("bad.yaml", "interval: x\n"))
    expect(1, "others may write it", "-b", "--config", path("open.yaml", "interval: 2s\n", 0o666))
    expect(1, "others may read it", "-b", "--no-postgres", "--redis", "redis://h",
           "--redis-password-file", path("secret", "x\n", 0o644))
    sql = os.path.join(HOME, "sql")
    for extra, unit, body, line in [("sourc: pg\n", "id", "a", 4), ("", "metre", "a", 7), ("", "id", "b", 9)]:
        mine = path("sql/panels/mine.sql", PANEL.format(extra=extra, unit=unit, body=body))
        expect(1, f"{mine}:{line}:", "-b", "--sql-dir", sql)
    mine = path("sql/panels/mine.sql", "SELECT 1\n")
    expect(1, f"{mine}:1:", "-b", "--sql-dir", sql)
    os.unlink(mine)
    expect(1, "No such file", "-b", "--log", "/nonexistent/log")


def recordings():
    with open(FIXTURE, encoding="utf-8") as file:
        text = file.read()
    cut = path("cut.rec", text[: len(text) // 2])
    expect(1, "truncated", "-b", "--replay", cut)
    expect(1, f"{path('foreign.rec', 'hello' + chr(10))}:1: not a dytop recording", "-b", "--replay", path("foreign.rec"))
    newer = text.replace('"dytop_recording":1', '"dytop_recording":99', 1)
    expect(1, "a recording of version 99", "-b", "--replay", path("newer.rec", newer))
    expect(1, "No such file", "-b", "--replay", "/nonexistent/x")
    expect(1, "not a regular file", "-b", "--replay", "/dev/zero")


def outputs():
    sql = os.path.join(os.path.abspath(TOP), "tests/fixtures")
    replay = ["-b", "--replay", FIXTURE, "--sql-dir", sql, "--panel", "things"]
    expect(4, "cannot write to /nonexistent/x: No such file", *replay, "-o", "/nonexistent/x")
    expect(4, "cannot write to /dev/full: No space left on device", *replay, "-o", "/dev/full")
    for kind in ["table", "json", "ndjson", "csv", "openmetrics"]:
        with open("/dev/full", "w", encoding="utf-8") as full:
            expect(4, "No space left on device", *replay, "--format", kind, stdout=full)
    there = path("there.rec", "keep me\n")
    expect(1, "File exists", "-b", "--record", there)
    with open(there, encoding="utf-8") as file:
        if file.read() != "keep me\n":
            failures.append("--record wrote over a file")


class Impostor:
    """Listens, and sends `answer` to whoever comes (None: nothing, ever)."""

    def __init__(self, answer):
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(client)
            if self.answer is not None:
                try:
                    client.settimeout(2)
                    client.recv(4096)
                    client.sendall(self.answer)
                    client.close()
                except OSError:
                    pass


def impostors():
    http = b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>\x1b]0;owned\x07</html>\r\n"
    for answer in [http, b"", b"\x00" * 1000, b"E\xff\xff\xff\xff", b"*999999999\r\n", b"+OK\r\n" * 100]:
        other = Impostor(answer)
        at = f"127.0.0.1:{other.port}"
        expect(2, at, "-b", "--panel", "activity", "-d", f"host=127.0.0.1 port={other.port} sslmode=disable",
               "--connect-timeout", "3")
        expect(2, at, "-b", "--panel", "cache", "--no-postgres", "--redis", f"redis://{at}", "--connect-timeout", "3")
    silent = Impostor(None)
    expect(2, "", "-b", "--panel", "activity", "-d", f"host=127.0.0.1 port={silent.port} sslmode=disable",
           "--connect-timeout", "1")
    expect(2, "", "-b", "--panel", "cache", "--no-postgres", "--redis", f"redis://127.0.0.1:{silent.port}",
           "--connect-timeout", "1")


def main():
    try:
        for part in [usage, addresses, files, recordings, outputs, impostors]:
            part()
    finally:
        shutil.rmtree(HOME)
    for failure in failures:
        print("FAIL:", failure)
    sys.exit(1 if failures else 0)


main()
