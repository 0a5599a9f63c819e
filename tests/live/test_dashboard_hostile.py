#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Texts that others write on the servers (names, queries, keys, arguments), made to harm a terminal or a script: through the
screen, where a strict parser reads every byte that was sent, and through every format of the snapshot."""
import csv
import io
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import SLOW, Dash, strict, uri # noqa: E402
from postgres import Bench # noqa: E402
from servers import DYTOP, Redis, folder, run # noqa: E402

# Up to 63 bytes each: they are names too.
TEXTS = ["a\x1b]0;owned\x07b", "c\x1b]52;c;ZXZpbA==\x07", "e\x1b[2J\x1b[Hf", "g\x9b2Jh\x9d0;x\x9c", "i\rj\nk\tl\bm", "\x7fn\x0e\x0f",
         "rtl\u202egnihtemos\u202c\u2066x\u2069", "zero\u200b\u200d\ufeffwidth\u2028\u2029", "日本語の表、幅は二つ", "e\u0301\u0301\u0301x",
         "👩\u200d👩\u200d👧 family", "ü" * 31, "=cmd|' /C calc'!A0", 'quote"and\\back`$(id)', "x" * 63]
BYTES = [b"bad\xff\xfe\xc3", b"half\xe2\x82", b"\xc0\x80over\xed\xa0\x80long", b"latin \xe9t\xe9\x9b2J"]
FORMATS = ["table", "json", "ndjson", "csv", "openmetrics"]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def psql(pg, sql, dbname="postgres", encoding="UTF8"):
    """As bytes: what psql's text mode would refuse."""
    done = subprocess.run([*pg.psql(dbname=dbname)], input=sql if isinstance(sql, bytes) else sql.encode(),
                          capture_output=True, timeout=30, env={**os.environ, "PGCLIENTENCODING": encoding})
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_names(pg):
    sql = []
    for t in TEXTS:
        sql.append(f"CREATE ROLE {quoted(t)} LOGIN SUPERUSER;")
        sql.append(f"CREATE DATABASE {quoted(t)};") if t in TEXTS[:4] else None
        sql.append(f"CREATE SCHEMA {quoted(t)}; CREATE TABLE {quoted(t)}.{quoted(t)} (a int);")
        sql.append(f"CREATE INDEX {quoted('i' + t[:-1])} ON {quoted(t)}.{quoted(t)} (a);")
        sql.append(f"SELECT {literal(t)} AS said;")
    psql(pg, "\n".join(sql))
    psql(pg, "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0;")
    for b in BYTES:
        psql(pg, b'CREATE TABLE "' + b + b'" (a int); CREATE INDEX "i' + b + b'" ON "' + b + b'" (a); SELECT \'' + b + b"' AS x;",
             "ascii", "SQL_ASCII")


def make_sessions(bench, pg):
    """One open session for each text, whose role and query are that text; and for each text of bytes."""
    todo = [(t.encode(), "postgres", "UTF8", t) for t in TEXTS] + [(b, "ascii", "SQL_ASCII", None) for b in BYTES]
    for raw, dbname, encoding, role in todo:
        client = subprocess.Popen(pg.psql(dbname=dbname), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  env={**os.environ, "PGCLIENTENCODING": encoding})
        bench.clients.append(client)
        client.stdin.write(b"SET application_name = '" + raw.replace(b"'", b"''") + b"';\n")
        if role:
            client.stdin.write(f"SET SESSION AUTHORIZATION {quoted(role)};\n".encode())
        client.stdin.write(b"BEGIN;\nSELECT '" + raw.replace(b"'", b"''") + b"' AS said;\n\\echo ready\n")
        client.stdin.flush()
        while b"ready" not in client.stdout.readline():
            assert client.poll() is None, "psql ended"


def make_cache(redis):
    redis.call("CONFIG", "SET", "slowlog-log-slower-than", "0")
    for raw in [t.encode() for t in TEXTS] + BYTES:
        for _ in range(3):
            redis.call("SET", raw + b":1", raw)
        redis.call("ACL", "SETUSER", raw.replace(b" ", b""), "on", "nopass", "~*", "+@all")
        redis.call("ECHO", raw)


class Hostile:
    def __enter__(self):
        self.f = folder()
        self.path = self.f.__enter__()
        self.bench = Bench().__enter__()
        self.pg = self.bench.postgres(shared_preload_libraries="pg_stat_statements", max_connections="60")
        self.pg.sql("CREATE EXTENSION pg_stat_statements")
        make_names(self.pg)
        make_sessions(self.bench, self.pg)
        self.redis = Redis(self.path)
        make_cache(self.redis)
        return self

    def __exit__(self, *what):
        self.redis.stop()
        self.bench.__exit__(*what)
        self.f.__exit__(*what)

    def servers(self):
        return ["-d", self.pg.conninfo(), "-d", self.pg.conninfo(dbname="ascii"), "--redis", uri(self.redis)]


def walk(d, screens, keys):
    for screen in screens:
        d.goto(screen)
        d.pump(0.4)
        for key in keys:
            d.key(key)
            d.pump(0.1)
        for _ in range(3): # out of whatever was opened
            d.key("esc")
            d.pump(0.1)


def test_screen():
    with Hostile() as h:
        for lang in ("C.UTF-8", "C"):
            with Dash(*h.servers(), lang=lang) as d:
                d.live()
                walk(d, ["activity", "statements", "locks", "indexes", "tables", "databases", "commands", "servers", "pools"],
                     ["i", "down", "enter", "pgdn", "esc", "right", "right", "v", "}", "."])
                walk(d, ["cache"], [".", "enter", "esc", ".", "enter", "esc", ".", "down", "enter"])
                d.goto("activity")
                d.send("y") # what is copied is the text itself, in base64
                d.copies += 1
                d.until("a copy", lambda: b"]52;c;" in d.raw)
                if lang == "C":
                    assert all(b < 128 for b in d.raw), "not ASCII"
                d.quit()


def batch(h, fmt, *words):
    done = subprocess.run([DYTOP, *h.servers(), "-b", "--format", fmt, "--limit", "0", *words], capture_output=True,
                          timeout=SLOW, env={**os.environ, "HOME": h.path, "XDG_CONFIG_HOME": h.path, "LC_ALL": "C.UTF-8"})
    assert done.returncode in (0, 3), (done.returncode, done.stderr)
    strict(done.stderr)
    return done.stdout


PANELS = ["--panel", "activity,statements,indexes,tables,databases,cache_keys,cache_slowlog,cache_clients"]


def column(panels, name, key):
    """All values of that column in all panels of that name."""
    return {row[key] for p in panels if p["panel"] == name for row in p["rows"] if row.get(key) is not None}


def test_formats():
    with Hostile() as h:
        strict(batch(h, "table", *PANELS))
        doc = json.loads(batch(h, "json", *PANELS))
        check_round_trip(doc["frames"][-1])
        lines = batch(h, "ndjson", *PANELS).splitlines()
        assert len(lines) == 1
        check_round_trip(json.loads(lines[0]))
        check_csv(batch(h, "csv", *PANELS).decode("utf-8"))
        check_metrics(batch(h, "openmetrics", *PANELS))


def check_round_trip(frame):
    panels = frame["panels"]
    said = column(panels, "activity", "query")
    tables = column(panels, "tables", "table")
    argued = column(panels, "cache_slowlog", "command")
    for t in TEXTS:
        assert f"SELECT '{t}' AS said;".replace("''", "'") in {s.replace("''", "'") for s in said}, (t, said)
        assert any(name.endswith(t) for name in tables), (t, tables)
    assert any("bad" in s for s in said) and any("owned" in a for a in argued), argued


def check_csv(text):
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    cells = {c for row in rows for c in row}
    assert any("owned" in c for c in cells)
    for c in cells:
        if c[:1] in "=+@" and c or c[:1] == "-" and len(c) > 1 and not c[1].isdigit():
            raise AssertionError(f"a formula for a spreadsheet: {c!r}")
    widths = {}
    for row in rows:
        widths[len(row)] = widths.get(len(row), 0) + 1
    assert len(widths) < 14, f"torn rows: {widths}"


def check_metrics(raw):
    raw.decode("utf-8")
    for line in raw.decode().split("\n"):
        assert not line or line[0] == "#" or line[0].isalpha(), f"a label that broke its line: {line!r}"
    promtool = shutil.which("promtool")
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=raw, capture_output=True, timeout=SLOW)
        assert done.returncode == 0, done.stderr[-2000:]


if __name__ == "__main__":
    sys.exit(run(globals()))
