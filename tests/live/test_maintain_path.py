#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What others may put into a schema of the search path is not met by maintenance: operators of theirs, a table of the same name."""
import os
import sys

from maintain import Stage, run, tests_of
from postgres import SLOW, wait_until

# One operator for each pair of types that pg_catalog has none for: the exact match in public would win over the one meant. Each writes
# down who ran it. Functions too, which win over those that must cast.
PLANT = """
CREATE ROLE author LOGIN; GRANT CREATE ON SCHEMA public TO author; GRANT USAGE ON SCHEMA public TO author;
CREATE TABLE trace (role text, app text, what text); GRANT INSERT ON trace TO PUBLIC;
SET ROLE author;
DO $do$
DECLARE l text; r text; op text; gives text; fn text;
	types text[] := ARRAY['text', 'name', 'oid', 'int4', 'int8', 'float8', 'numeric', 'regclass', 'regnamespace', 'bool', 'timestamptz',
	                      'interval', '"char"'];
BEGIN
	FOREACH l IN ARRAY types LOOP FOREACH r IN ARRAY types LOOP
		FOREACH op IN ARRAY ARRAY['||', '~', '~~', '!~~', '=', '<>', '<', '>', '>=', '<=', '+', '-', '*'] LOOP
			CONTINUE WHEN EXISTS (SELECT FROM pg_operator WHERE oprname = op AND oprleft = l::regtype AND oprright = r::regtype);
			gives := CASE WHEN op = '||' THEN 'text' WHEN op IN ('+', '-', '*') THEN 'float8' ELSE 'bool' END;
			fn := 'planted_' || gives;
			EXECUTE format('CREATE OR REPLACE FUNCTION public.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN '
			               'INSERT INTO public.trace VALUES (current_user, current_setting(''application_name''), %L); RETURN NULL; END $f$',
			               fn, l, r, gives, l || ' ' || op || ' ' || r);
			EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.%I)', op, l, r, fn);
		END LOOP;
	END LOOP; END LOOP;
END $do$;
"""
PLAN = """state: plan_state
limits: {active: 1000, lag: 64MB, lag_time: 10min, latency: 1h}
jobs:
  - {name: one, action: reindex_index, targets: [t_a], every: daily}
"""


def planted(s):
    return s.pg.sql("SELECT role, what, app FROM trace WHERE app ~~ 'dytop%'::text")


def test_operators_of_others_are_not_run():
    with Stage() as s:
        s.pg.sql(PLANT)
        # they do work: who asks in a session of the usual path runs them
        s.pg.sql("SET application_name = 'dytop in vain'; SELECT 'a'::text || 1::int4")
        assert planted(s).startswith("postgres|text || int4"), planted(s)
        s.pg.sql("TRUNCATE trace; CREATE EXTENSION pg_stat_statements; CREATE TABLE plan_state (key text PRIMARY KEY, value jsonb, "
                 "updated_at timestamptz)")
        s.done("leftovers", more=())
        for words in (("reindex_index", "t_a"), ("reindex_table", "t"), ("drop_index", "t_a"), ("vacuum", "t"), ("analyze", "t"),
                      ("vacuum_freeze", "t"), ("refresh", "mv"), ("create_index", "CREATE INDEX t_new ON t (b)"), ("checkpoint",),
                      ("set_setting", "work_mem", "9MB"), ("reset_table", "t"), ("reset_database",), ("reload",)):
            s.done(*words, more=("--dry-run",))
            assert planted(s) == "", (words, planted(s))
        for words in (("reindex_index", "t_a"), ("analyze", "t"), ("create_index", "CREATE INDEX t_new ON t (b)"),
                      ("drop_index", "t_new"), ("set_setting", "work_mem", "9MB"), ("vacuum", "t")):
            s.done(*words)
            assert planted(s) == "", (words, planted(s))
        plan = os.path.join(s.bench.dir, "plan.yaml")
        with open(plan, "w") as f:
            f.write(PLAN)
        for words in (("--dry-run",), ()):
            out = s.done("--plan", plan, *words, more=())
            assert planted(s) == "", (out, planted(s))
        assert "one: ok" in out and s.pg.sql("SELECT count(*) FROM plan_state") == "1", out
        # looking on while one waits, and looking for its fate
        s.pg.session("BEGIN; INSERT INTO t VALUES (-1, 0, 'x');")
        work = s.start("reindex_index", "t_a")
        running = "SELECT pid FROM pg_stat_activity WHERE query ~~ 'REINDEX INDEX%'::text AND wait_event_type = 'Lock'::text"
        wait_until("it to wait", 20, lambda: s.pg.sql(running))
        wait_until("the look on", 20, lambda: s.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name ~~ 'dytop:%:watch'::text AND query ~~ '%progress%'::text"
            " OR query ~~ '%blocking_pids%'::text") >= "2")
        s.pg.sql("SELECT pg_terminate_backend(%s)" % s.pg.sql(running))
        out = work.communicate(timeout=60 * SLOW)[0]
        assert work.returncode == 3 and "t_a_ccnew is invalid" in out, out
        assert planted(s) == "", planted(s)


def test_a_function_of_the_same_name_is_not_called():
    """In a schema where others may create, theirs would win over the extension's by its arguments."""
    with Stage() as s:
        s.pg.sql(PLANT.split("DO $do$")[0] + "RESET ROLE; CREATE EXTENSION pg_stat_statements SCHEMA public;")
        s.pg.sql("SELECT 4711 AS remembered")
        query = s.pg.sql("SELECT queryid FROM pg_stat_statements WHERE query LIKE '%AS remembered'")
        s.done("reset_statement", "--", query)
        s.done("reset_statements")
        for arguments in ("", "integer, integer, text", "bigint, bigint, bigint"):
            s.pg.sql("SET ROLE author; CREATE FUNCTION public.pg_stat_statements_reset(%s) RETURNS void LANGUAGE sql AS "
                     "$f$ INSERT INTO public.trace VALUES (current_user, 'dytop', 'reset') $f$" % arguments)
            for words in (("reset_statement", "--", query), ("reset_statements",)):
                s.fails(*words, text="public.pg_stat_statements_reset(%s), owned by author" % arguments)
                assert planted(s) == "", (words, planted(s))
            s.pg.sql("DROP FUNCTION public.pg_stat_statements_reset(%s)" % arguments)


def test_names_are_found_as_the_person_finds_them():
    """The search path of the role still says which table is meant, and what the words of a typed definition are."""
    with Stage() as s:
        s.pg.sql("CREATE SCHEMA mine; CREATE TABLE mine.only_here (a text); CREATE TABLE mine.t (a text);"
                 # before 17 its body may find its words by the path
               "CREATE FUNCTION mine.cut(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.left($1, 5) $$;"
               "CREATE FUNCTION mine.half(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN " +
               ("mine." if s.pg.sql("SHOW server_version_num") >= "170000" else "") + "cut($1); END $$;"
               "INSERT INTO mine.only_here VALUES ('abcdefgh');"
                 "ALTER ROLE postgres SET search_path = mine, public")
        s.done("vacuum", "only_here")
        out = s.done("create_index", "CREATE INDEX named ON only_here (half(a))")
        assert s.pg.sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'named'").endswith("(half(a))"), out
        assert "CREATE INDEX CONCURRENTLY named ON mine.only_here (half(a))" in out, out
        s.done("reindex_index", "named")
        s.done("analyze", "only_here")
        assert s.pg.sql("SELECT pg_catalog.pg_relation_size('mine.named') > 0 AND most_common_vals IS NULL FROM pg_stats "
                        "WHERE tablename = 'named'") == "t"
        assert "VACUUM mine.t" in s.done("vacuum", "t")
        assert "size of its indexes:" in s.done("create_index", "CREATE UNIQUE INDEX ON ONLY \"t\" (a)")
        assert s.pg.sql("SELECT tablename FROM pg_indexes WHERE indexname = 't_a_idx'") == "t"
        # a table of that name that comes to be first in the path after the question is not the one that was asked about
        s.pg.sql("ALTER ROLE postgres SET search_path = early, public; CREATE SCHEMA early")
        with s.terminal("create_index", "CREATE INDEX late ON t (a)") as t:
            t.until("CREATE INDEX CONCURRENTLY late ON public.t (a)")
            t.until("Type t to go on")
            s.pg.sql("CREATE TABLE early.t (a int)")
            t.answer("t")
            t.until("done in")
            t.end(0)
        assert s.pg.sql("SELECT schemaname FROM pg_indexes WHERE indexname = 'late'") == "public"


if len(sys.argv) > 1:
    run({name: globals()[name] for name in sys.argv[1:]})
else:
    run(tests_of(globals()))
