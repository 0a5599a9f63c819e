#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""EXPLAIN of normalised texts: at least 96 % of a hard corpus is planned, on each version given and through PgBouncer.

    explain_corpus_test.py [MAJOR=BINDIR ...]       default: the installed server, directly and through PgBouncer
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from postgres import SLOW, Bench

EXPLAINER = os.path.join(os.getcwd(), "tests", "live", "explainer")
SHARE = 0.96


def corpus(version):
    with open(os.path.join(HERE, "explain_corpus.txt"), encoding="utf-8") as f:
        text = "".join(line for line in f if not line.startswith("# "))
    found = []
    for one in text.split("\n;;\n"):
        first, _, rest = one.strip().partition("\n")
        since = int(first[9:]) if first.startswith("-- since ") else 0
        if one.strip() and since <= version:
            found.append(rest if since else one.strip())
    return found


def plan_all(conninfo, texts, what):
    done = subprocess.run([EXPLAINER, conninfo], input="".join(t + "\0" for t in texts).encode(), capture_output=True,
                          timeout=120 * SLOW)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(texts), (what, len(lines), len(texts))
    failed = [(texts[i], line) for i, line in enumerate(lines) if not line.startswith("ok ")]
    share = 1 - len(failed) / len(texts)
    print("%s: %d of %d planned (%.1f %%)" % (what, len(texts) - len(failed), len(texts), share * 100), flush=True)
    for text, line in failed:
        print("    " + " ".join(text.split())[:100] + "\n        " + line)
    assert share >= SHARE, "%s: only %.1f %%" % (what, share * 100)


def run(bench, folder, what, pooled):
    if folder:
        os.environ["PGBIN"] = folder
    pg = bench.postgres(shared_preload_libraries="pg_stat_statements")
    with open(os.path.join(HERE, "explain_schema.sql"), encoding="utf-8") as f:
        pg.sql(f.read())
    version = int(pg.sql("SHOW server_version_num")) // 10000
    texts = corpus(version)
    assert len(texts) >= (180 if version > 13 else 175), len(texts)
    count = "SELECT string_agg(relname || ' ' || (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || oid::regclass, true, true, '')))[1]" \
            "::text, ', ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
    before = pg.sql(count)
    plan_all(pg.conninfo(), texts, what)
    if pooled:
        plan_all(bench.pgbouncer(pg).conninfo(), texts, what + " through PgBouncer")
        assert pg.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'") == "0"
    assert pg.sql(count) == before and before, "planning changed rows"
    pg.stop()


def main():
    servers = [word.split("=", 1) for word in sys.argv[1:]]
    with Bench() as bench:
        for major, folder in servers:
            run(bench, folder, "PostgreSQL " + major, True)
        if not servers:
            run(bench, None, "installed PostgreSQL", True)


main()
