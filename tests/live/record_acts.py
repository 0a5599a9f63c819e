#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Records tests/fixtures/acts.ndjson anew: plans, questions, jobs on a private server, pressed in a real dashboard.

    DYTOP=./dytop PGBIN=/usr/lib/postgresql/15/bin record_acts.py FILE

The screens made from it (tests/screen/screens_test.py, script acts) go by what happens in which frame: the frames are printed.
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from postgres import Bench # noqa: E402

SETUP = """CREATE EXTENSION pg_stat_statements; CREATE ROLE keeper LOGIN IN ROLE pg_monitor; GRANT CREATE ON SCHEMA public TO keeper;
GRANT SET ON PARAMETER track_io_timing TO keeper; SET ROLE keeper;
CREATE TABLE papers (id int PRIMARY KEY, author int, status text, at timestamptz, body text);
INSERT INTO papers SELECT i, i % 500, 'status ' || i % 200, timestamptz '2026-01-01' + i * interval '1 min', repeat('x', 200)
  FROM generate_series(1, 60000) i;
CREATE TABLE authors (id int PRIMARY KEY, name text);
INSERT INTO authors SELECT i, 'author ' || i FROM generate_series(0, 499) i;
CREATE INDEX papers_old ON papers (author);
SELECT pg_stat_force_next_flush(); -- else the rows are counted after ANALYZE has, a second time
ANALYZE papers, authors;
"""
QUERY = "SELECT id, at FROM papers WHERE status = 'status 7' ORDER BY at LIMIT 10;"
JOIN = ("SELECT a.name, count(*) AS papers, max(p.at) AS newest FROM papers p JOIN authors a ON a.id = p.author "
        "WHERE p.status IN ('status 3', 'status 4') GROUP BY a.name HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 5;")


def plan_of(d, filter_, shown):
    d.on_row("statements", filter_, shown)
    d.send("e")
    d.until("the plan", lambda: "Plan of" in d.text())
    d.pump(2.2) # whole frames
    d.key("esc")
    d.until("the table again", lambda: "Plan of" not in d.text())


def go(pg, d):
    d.live()
    d.pump(2.2)
    plan_of(d, "query:at.FROM.papers", "SELECT id, at FROM")
    plan_of(d, "query:a.name", "SELECT a.name")
    d.on_row("tables", "table:papers", "papers")
    d.pick(r"^VACUUM\b(?! FREEZE)")
    d.expect("y yes")
    d.pump(2.2)
    d.answer("y")
    d.expect("done: ")
    pg.sql("SET ROLE keeper; CREATE INDEX papers_open ON papers (status, at)")
    plan_of(d, "query:at.FROM.papers", "SELECT id, at FROM")
    holder = pg.session("BEGIN; SELECT count(*) FROM papers;", user="keeper")
    d.on_row("indexes", "index:papers_old", "papers_old")
    d.pick(r"^REINDEX INDEX")
    d.expect(r"type \S+ and Enter")
    d.pump(2.2)
    d.answer(re.search(r"type (\S+) and Enter", d.text()).group(1) + "\r")
    d.send("J")
    d.expect(r"waits for ")
    d.pump(3.2)
    holder.stdin.write("COMMIT;\n")
    holder.stdin.flush()
    d.expect(r"(?m)^ ok .*papers_old")
    d.pump(2.2)
    d.key("esc")
    d.until("the table again", lambda: "Jobs: " not in d.text())
    d.goto("activity")
    d.send("i")
    d.on_row("activity", "app:psql", "psql")
    d.send("K")
    d.expect(r"type \d+ and Enter")
    d.pump(2.2)
    d.key("esc")
    d.pump(2.2)
    d.quit()


def main():
    path = os.path.abspath(sys.argv[1])
    with Bench() as bench:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements", max_parallel_workers_per_gather="0")
        pg.sql(SETUP)
        for _ in range(3):
            pg.sql(QUERY, user="keeper")
            pg.sql(JOIN, user="keeper")
        if os.path.exists(path):
            os.unlink(path)
        with Dash("-d", pg.conninfo("keeper", tcp=True), "--record", path, env={"XDG_STATE_HOME": None}, interval="1") as d:
            go(pg, d)
    frame = 0
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = json.loads(line)
            frame = line.get("frame", frame)
            if "task" in line:
                print(frame, "task", line["task"], line["state"], line["outcome"], line["title"])
            elif "plans" in line:
                print(frame, "plans", line["plans"], [p["title"] for p in line["plan"]])
    print(frame, "frames")


main()
