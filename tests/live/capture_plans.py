#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Prints tests/fixtures/plans/MAJOR.plans: each statement below, explained by the server of $PGBIN, as JSON and as that server's text.

    PGBIN=/usr/lib/postgresql/15/bin capture_plans.py > 15.plans

=== NAME, the JSON, ---, the text, ---. Times differ between the two (each is a run of its own); nothing else does, but in the plan of
several workers.
"""
import re
import sys

from postgres import Bench

SETUP = '''
CREATE TABLE t (id int PRIMARY KEY, status text, amount numeric, created timestamptz, note text);
INSERT INTO t SELECT g, CASE WHEN g % 100 = 0 THEN 'pending' ELSE 'done' END, g % 1000, timestamptz '2026-01-01' + g * interval '1 min',
  repeat('x', 40) FROM generate_series(1, 20000) g;
CREATE INDEX t_created ON t (created);
CREATE TABLE u (id int PRIMARY KEY, t_id int, k int);
INSERT INTO u SELECT g, g % 20000, g % 50 FROM generate_series(1, 40000) g;
CREATE INDEX u_t ON u (t_id);
CREATE INDEX u_k ON u (k);
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Select ""me""" (id int, "from" text);
CREATE INDEX "Odd Index" ON "Odd Schema"."Select ""me""" (id);
INSERT INTO "Odd Schema"."Select ""me""" SELECT g, 'a' || chr(10) || 'b' FROM generate_series(1, 3000) g;
CREATE TABLE p (id int, day int) PARTITION BY RANGE (day);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30);
INSERT INTO p SELECT g, g % 30 FROM generate_series(1, 3000) g;
CREATE TABLE child (id int REFERENCES t (id) ON DELETE CASCADE, x int);
INSERT INTO child SELECT g, g FROM generate_series(1, 500) g;
CREATE TABLE lossy (id int, k int, filler text);
INSERT INTO lossy SELECT g, g % 10, repeat('y', 500) FROM generate_series(1, 20000) g;
CREATE INDEX lossy_k ON lossy (k);
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
ANALYZE;
VACUUM;
UPDATE u SET k = k WHERE id <= 3000;
'''

NO_PARALLEL = "SET max_parallel_workers_per_gather = 0;"
# one worker and no leader: each run does the same
PARALLEL = ("SET parallel_leader_participation = off; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; "
            "SET max_parallel_workers_per_gather = 1;")
ALL_WORKERS = PARALLEL + "SET parallel_leader_participation = on; SET max_parallel_workers_per_gather = 2;"
RUN = "ANALYZE, BUFFERS"
# name, options, settings, statement
PLANS = [
    ("limit", "", NO_PARALLEL, "SELECT * FROM t WHERE status = 'pending' ORDER BY created DESC LIMIT 5"),
    ("seq", RUN, NO_PARALLEL, "SELECT * FROM t WHERE lower(status) = 'pending' AND amount > 10"),
    ("verbose", RUN + ", VERBOSE", NO_PARALLEL, "SELECT t.id, u.k FROM t JOIN u ON u.t_id = t.id WHERE t.id < 300"),
    ("joins", RUN, NO_PARALLEL,
     "SELECT count(*), k FROM t JOIN u ON u.t_id = t.id LEFT JOIN child c ON c.id = t.id GROUP BY k ORDER BY 1 DESC"),
    ("nested", RUN, NO_PARALLEL + "SET enable_hashjoin = off; SET enable_mergejoin = off; SET work_mem = '64kB';",
     "SELECT count(*) FROM u JOIN t ON t.id = u.t_id"),
    ("semi", RUN, NO_PARALLEL, "SELECT * FROM t WHERE EXISTS (SELECT FROM u WHERE u.t_id = t.id AND u.k = 3) AND t.id NOT IN (SELECT id FROM child)"),
    ("merge", "", NO_PARALLEL + "SET enable_hashjoin = off; SET enable_nestloop = off;",
     "SELECT * FROM t FULL JOIN u ON u.id = t.id"),
    ("spill", RUN, NO_PARALLEL + "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;",
     "SELECT t.note, u.id FROM t JOIN u ON u.t_id = t.id ORDER BY t.amount, u.id"),
    ("groups", RUN, NO_PARALLEL + "SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off;",
     "SELECT id % 9000, count(*) FROM t GROUP BY 1"),
    ("incremental", RUN, NO_PARALLEL + "SET enable_seqscan = off;",
     "SELECT * FROM t ORDER BY created, amount LIMIT 500"),
    ("sets", RUN, NO_PARALLEL, "SELECT k, t_id % 3, count(*) FROM u GROUP BY GROUPING SETS ((k), (k, t_id % 3), ())"),
    ("setssort", "", NO_PARALLEL + "SET enable_hashagg = off;", "SELECT k, t_id, count(*) FROM u GROUP BY GROUPING SETS ((k), (t_id), ())"),
    ("parallel", RUN, PARALLEL, "SELECT count(*) FROM t JOIN u ON u.t_id = t.id WHERE t.amount > 500"),
    ("parallelsort", RUN + ", VERBOSE", PARALLEL + "SET work_mem = '64kB';", "SELECT * FROM t ORDER BY amount"),
    ("paralleljit", "ANALYZE", PARALLEL + "SET jit_above_cost = 0; SET jit_inline_above_cost = -1;",
     "SELECT count(*) FROM t WHERE amount > 500"),
    ("workers", RUN, ALL_WORKERS, "SELECT count(*) FROM t JOIN u ON u.t_id = t.id WHERE t.amount > 500"),
    ("partitions", RUN, NO_PARALLEL, "SELECT * FROM p WHERE id = 17"),
    ("pruned", RUN, NO_PARALLEL + "SET plan_cache_mode = force_generic_plan; PREPARE q(int) AS SELECT * FROM p WHERE day = $1;",
     "EXECUTE q(3)"),
    ("cte", RUN, NO_PARALLEL, "WITH x AS MATERIALIZED (SELECT * FROM t WHERE amount < 50) "
     "SELECT count(*), (SELECT max(k) FROM u) FROM x a JOIN x b USING (id)"),
    ("recursive", RUN, NO_PARALLEL, "WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r) SELECT n FROM r LIMIT 50"),
    ("initplan", RUN, NO_PARALLEL, "SELECT * FROM t WHERE amount > (SELECT avg(amount) * 1.9 FROM t)"),
    ("subplan", RUN, NO_PARALLEL, "SELECT id, (SELECT count(*) FROM u WHERE u.t_id = t.id) FROM t WHERE id < 200"),
    ("indexonly", RUN, NO_PARALLEL + "SET enable_seqscan = off; SET enable_bitmapscan = off;", "SELECT k FROM u WHERE k < 20"),
    ("backward", RUN, NO_PARALLEL, "SELECT * FROM t WHERE amount > 10 ORDER BY created DESC LIMIT 20"),
    ("lossy", RUN, NO_PARALLEL + "SET work_mem = '64kB'; SET enable_seqscan = off;", "SELECT * FROM lossy WHERE k = 3 OR k = 4"),
    ("odd", RUN, NO_PARALLEL + "SET enable_seqscan = off; SET enable_bitmapscan = off;",
     "SELECT id, \"from\" AS \"Weird\"\"Alias\" FROM \"Odd Schema\".\"Select \"\"me\"\"\" AS \"X y\" WHERE id < 20 AND \"from\" ~ E'a\\nb'"),
    ("oddverbose", "VERBOSE", NO_PARALLEL, "SELECT id, \"from\" FROM \"Odd Schema\".\"Select \"\"me\"\"\" WHERE \"from\" = 'x'"),
    ("functions", RUN, NO_PARALLEL, "SELECT * FROM generate_series(1, 10) g, (VALUES (1), (2)) v(a), unnest(ARRAY[1,2]) WITH ORDINALITY w"),
    ("window", RUN, NO_PARALLEL, "SELECT id, row_number() OVER (PARTITION BY k ORDER BY id) FROM u WHERE k < 3"),
    ("setop", RUN, NO_PARALLEL, "SELECT k FROM u EXCEPT SELECT id FROM child"),
    ("union", "", NO_PARALLEL, "SELECT id FROM t UNION ALL SELECT id FROM u UNION ALL SELECT x FROM child LIMIT 7"),
    ("update", RUN + ", WAL", NO_PARALLEL, "UPDATE p SET id = id + 1 WHERE day < 15"),
    ("delete", RUN, NO_PARALLEL, "DELETE FROM t WHERE id < 30"),
    ("insert", RUN, NO_PARALLEL, "INSERT INTO u SELECT g, 1, 1 FROM generate_series(39990, 40010) g ON CONFLICT (id) DO UPDATE SET k = excluded.k WHERE u.k > 45"),
    ("disabled", "", NO_PARALLEL + "SET enable_seqscan = off;", "SELECT * FROM child WHERE x = 3"),
    ("never", RUN, NO_PARALLEL, "SELECT * FROM t WHERE id = -1 AND EXISTS (SELECT FROM u WHERE u.t_id = t.id AND u.k = 3)"),
    ("onetime", "ANALYZE, BUFFERS OFF", NO_PARALLEL, "SELECT * FROM t WHERE false"),
    ("tid", RUN, NO_PARALLEL, "SELECT ctid FROM t WHERE ctid = '(0,1)'"),
    ("sample", RUN, NO_PARALLEL, "SELECT count(*) FROM t TABLESAMPLE system (10) REPEATABLE (3)"),
    ("distinct", RUN, NO_PARALLEL, "SELECT DISTINCT ON (k) k, id FROM u ORDER BY k, id LIMIT 3"),
    ("locked", RUN, NO_PARALLEL, "SELECT * FROM u WHERE id < 5 FOR UPDATE SKIP LOCKED"),
    ("settings", "SETTINGS, VERBOSE", NO_PARALLEL + "SET work_mem = '1MB'; SET random_page_cost = 1.1;", "SELECT 1"),
    ("notiming", "ANALYZE, TIMING OFF, SUMMARY OFF", NO_PARALLEL, "SELECT count(*) FROM t"),
    ("nocosts", "COSTS OFF", NO_PARALLEL, "SELECT * FROM t WHERE id = 3"),
]


def plan(pg, options, settings, statement, kind):
    explain = "EXPLAIN (%s%sFORMAT %s) %s" % (options, ", " if options else "", kind, statement)
    return pg.sql("VACUUM FULL p; ANALYZE p; BEGIN; SET LOCAL jit = on;" + settings + explain + "; ROLLBACK;")


def main():
    with Bench() as bench:
        pg = bench.postgres(track_io_timing="off", max_worker_processes="8", autovacuum="off", jit_above_cost="100000000",
                            shared_buffers="64MB")
        pg.sql(SETUP)
        for name, options, settings, statement in PLANS:
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            for _ in range(3):
                json = plan(pg, options, settings, statement, "JSON")
            text = plan(pg, options, settings, statement, "TEXT")
            print("=== " + name)
            json, text = ("\n".join(line for line in body.splitlines() if not re.match(r"(BEGIN|SET|PREPARE|ROLLBACK|VACUUM|ANALYZE)$", line))
                          for body in (json, text))
            for body in re.sub(r"\n *", " ", json), text:       # no text of a plan has a line feed in JSON
                print(body)
                print("---")


main()
