#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The plan window on a real server: a statement of pg_stat_statements from its plan to the index that it asks for, and after it."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from postgres import Bench # noqa: E402

SETUP = """CREATE EXTENSION pg_stat_statements;
CREATE TABLE papers (id int PRIMARY KEY, status text, at timestamptz, body text);
INSERT INTO papers SELECT i, 'status ' || i % 200, timestamptz '2026-01-01' + i * interval '1 min',
  repeat('x', 200) FROM generate_series(1, 60000) i;
ANALYZE papers;
SELECT count(*) FROM papers WHERE status = 'status 7';"""
QUERY = "SELECT id, at FROM papers WHERE status = 'status 7' ORDER BY at LIMIT 10;"


def open_plan(d):
    d.goto("statements")
    d.command("filter query:at.FROM.papers")
    d.until("the row", lambda: any("SELECT id, at FROM" in d.row(i) and "filter" not in d.row(i) for i in range(5, d.lines - 2)))
    d.send("e")
    d.until("the plan", lambda: "Plan of" in d.text())


def test_before_and_after_an_index(bench):
    pg = bench.postgres(shared_preload_libraries="pg_stat_statements", max_parallel_workers_per_gather="0")
    pg.sql(SETUP)
    for _ in range(3):
        pg.sql(QUERY)
    hypopg = pg.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'").strip() == "1"
    if hypopg:
        pg.sql("CREATE EXTENSION hypopg")
    with Dash("-d", pg.conninfo(), env={"XDG_STATE_HOME": None}) as d:
        d.live()
        open_plan(d)
        d.expect(r"(?m)^ SELF% .* NODE")
        d.expect(r"Seq Scan on (public\.)?papers")
        d.expect(r"Filter: \(\(?status\)?")
        d.expect(r"not executed, (planned in [\d.]+ms, )?cost ")
        d.expect(r"(?m)^ ! .*reads all of ")
        candidate = re.search(r"worth a try: (CREATE INDEX ON \S+ \(status, at\))", d.text())
        have_parser = candidate is not None
        d.sane()
        d.send("\t")                                       # the plan with values, and how it differs
        d.expect(r"plan with values \(2 of 2\)")
        d.expect("against the generic plan: ")
        d.send("\t")
        d.expect(r"generic plan \(1 of 2\)")
        d.send("t")                                        # PostgreSQL's own text, then JSON, then the tree again
        d.expect(r"(?m)^ Limit  \(cost=[\d.]+\.\.[\d.]+ rows=\d+ width=\d+\)")
        d.send("t")
        d.expect(r'"Node Type": "Limit"')
        d.send("t")
        d.expect(r"(?m)^ SELF% ")
        d.send("!")
        d.expect("this plan is kept")
        d.key("esc")
        d.until("the table again", lambda: "Plan of" not in d.text())

        if hypopg and have_parser:                         # what if: the line begins with the index that the plan asks for
            d.send("m")
            d.expect("Plan with an index that is not there")
            rows = [d.row(i) for i in range(d.lines)]
            menu = next(i for i, row in enumerate(rows) if row.startswith(" Do"))
            want = next(i for i, row in enumerate(rows) if "Plan with an index" in row)
            for _ in range(want - menu - 1):
                d.send("j")
                d.pump(0.05)
            d.send("\r")
            d.expect(r"CREATE INDEX ON \S+ \(status, at\)")
            d.send("\r")
            d.until("the what-if", lambda: "what if" in d.text() and "Index Scan" in d.text())
            d.expect(r"cost [\d.]+ -> [\d.]+ \([\d.]+ times less\)")
            d.sane()
            assert pg.sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'papers'").strip() == "1"
            d.key("esc")
            d.until("the table again", lambda: "Plan of" not in d.text())

        pg.sql("CREATE INDEX papers_open ON papers (status, at)")
        d.send("e")
        d.until("the new plan", lambda: "papers_open" in d.text())
        d.expect("another shape than when it was last looked at")
        d.send("D")
        d.expect(r"another shape: .*Seq Scan on \S+ -> Index Scan using papers_open")
        d.expect(r"(?m)^ ! .*Seq Scan.*│.*Index Scan")
        d.sane()
        d.quit()


def main():
    with Bench() as bench:
        test_before_and_after_an_index(bench)
    print("ok")


main()
