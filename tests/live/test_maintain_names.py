#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop maintain on objects with hostile names, on a standby, through a pooler."""
import sys

from maintain import Stage, run, tests_of

EVIL = ['"; DROP TABLE x; --', "new\nline", "Upper Case", "ü" * 31 + "x", "it's", "%{target}", "dollar $$ $1", "back\\slash", "a.b",
        "\u202eright to left"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def test_hostile_names():
    with Stage() as s:
        pg = s.pg
        pg.sql("CREATE TABLE x (id int)")
        for i, name in enumerate(EVIL):
            table, index, view = quoted(name), quoted("i" + name[:30]), quoted("m" + name[:30])
            pg.sql("CREATE TABLE %s (id int, \"Odd \"\"col\" int); CREATE INDEX %s ON %s (id);"
                   "CREATE MATERIALIZED VIEW %s AS SELECT * FROM %s; CREATE UNIQUE INDEX ON %s (id)"
                   % (table, index, table, view, table, view))
            oid = pg.sql("SELECT oid FROM pg_class WHERE relname = $q$%s$q$ AND relkind = 'r'" % name)
            # as stored, and as SQL writes it
            s.done("analyze", name)
            s.done("vacuum", table)
            s.done("analyze", table, "--value", 'id, Odd "col')
            s.done("reindex_index", "i" + name[:30])
            s.done("reindex_table", table)
            s.done("refresh", view)
            s.done("create_index", "CREATE INDEX %s ON public.%s (id)" % (quoted("n" + name[:20]), table))
            s.done("drop_index", quoted("n" + name[:20]))
            assert pg.sql("SELECT oid FROM pg_class WHERE relname = $q$%s$q$ AND relkind = 'r'" % name) == oid
            assert pg.sql("SELECT count(*) FROM pg_stat_user_tables WHERE relid = %s AND analyze_count >= 2 AND vacuum_count = 1"
                          % oid) == "1", name
        assert pg.sql("SELECT count(*) FROM x") == "0"            # it is still there
        assert s.invalid() == []
        # nothing that could steer a terminal, or turn a line around, comes out
        out = s.done("vacuum", EVIL[-1])
        assert "\u202e" not in out and "\\u202E" in out, out
        assert all(line["outcome"] == "ok" for line in s.audit() if line["event"] == "outcome")


def test_a_standby_says_so():
    with Stage() as s:
        other = s.bench.postgres(standby=True)
        s.fails("vacuum", "pg_class", text="is a standby", server=other)
        s.fails("reindex_index", "t_a", text="is a standby", server=other)
        s.done("reload", server=other)


def test_a_pooler_is_no_session():
    with Stage() as s:
        pool = s.bench.pgbouncer(s.pg)
        s.fails("vacuum", "t", text="pooler", server=pool)


if len(sys.argv) > 1:
    run({name: globals()[name] for name in sys.argv[1:]})
else:
    run(tests_of(globals()))
