#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop maintain: every action done and refused, rights, read-only, the audit log, batches, an action of one's own."""
import json
import os
import stat
import sys

from maintain import Stage, run, tests_of
from postgres import wait_until

def test_every_action_does_what_it_says():
    with Stage() as s:
        pg = s.pg
        s.done("analyze", "t")
        assert pg.sql("SELECT count(*) FROM pg_stats WHERE tablename = 't'") == "3"
        pg.sql("DELETE FROM pg_statistic WHERE starelid = 't'::regclass")
        s.done("analyze", "t", "--value", "a, b")
        assert pg.sql("SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_stats WHERE tablename = 't'") == "a,b"
        pg.sql("DELETE FROM t WHERE id > 4000")
        wait_until("it to be counted", 10, lambda: pg.sql(
            "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 't'") == "1000", 0.3)
        out = s.done("vacuum", "t")
        assert "dead rows: 1.0k before, 0 now" in out or "dead rows: 1000 before, 0 now" in out, out
        s.done("vacuum_freeze", "t")
        assert pg.sql("SELECT age(relfrozenxid) < 5 FROM pg_class WHERE oid = 't'::regclass") == "t"

        node = pg.sql("SELECT relfilenode FROM pg_class WHERE oid = 't_a'::regclass")
        out = s.done("reindex_index", "t_a")
        assert "size:" in out and "scans:" in out, out
        assert pg.sql("SELECT relfilenode FROM pg_class WHERE oid = 't_a'::regclass") != node
        node = pg.sql("SELECT relfilenode FROM pg_class WHERE oid = 't_pkey'::regclass")
        s.done("reindex_table", "t")
        assert pg.sql("SELECT relfilenode FROM pg_class WHERE oid = 't_pkey'::regclass") != node
        assert s.invalid() == []

        pg.sql("INSERT INTO t VALUES (9000, 1234, 'x')")
        s.done("refresh", "mv")
        assert pg.sql("SELECT n FROM mv WHERE a = 1234") == "1"

        s.done("create_index", "create unique index on t (b)")
        assert pg.sql("SELECT indexdef FROM pg_indexes WHERE indexname = 't_b_idx'").startswith("CREATE UNIQUE INDEX")
        out = s.done("drop_index", "t_b_idx")
        assert "to take it back: CREATE UNIQUE INDEX t_b_idx" in out, out
        assert pg.sql("SELECT count(*) FROM pg_class WHERE relname = 't_b_idx'") == "0"

        out = s.done("set_setting", "work_mem", "9MB")
        assert "to take it back: ALTER SYSTEM RESET work_mem" in out and "value: 4MB before, 9MB now" in out, out
        assert pg.sql("SHOW work_mem") == "9MB"
        out = s.done("set_setting", "WORK_MEM", "10MB")
        assert "to take it back: ALTER SYSTEM SET work_mem = '9MB'" in out, out
        s.done("reset_setting", "work_mem")
        assert pg.sql("SHOW work_mem") == "4MB"
        s.done("set_setting", "search_path", "public, pg_catalog")
        assert pg.sql("SHOW search_path") in ("public, pg_catalog", '"public", "pg_catalog"'), pg.sql("SHOW search_path")
        s.done("reset_setting", "search_path")

        pg.sql("CREATE EXTENSION pg_stat_statements SCHEMA public")
        pg.sql("SELECT 4711 AS remembered")
        query = pg.sql("SELECT queryid FROM pg_stat_statements WHERE query LIKE '%AS remembered'")
        s.done("reset_statement", "--", query)      # it may be negative
        assert pg.sql("SELECT count(*) FROM pg_stat_statements WHERE queryid = %s" % query) == "0"
        s.done("reset_statements")
        pg.sql("SELECT * FROM t WHERE id = 1")
        s.done("reset_table", "t")
        s.done("reset_database")
        wait_until("the reset", 10, lambda: pg.sql(
            "SELECT stats_reset > now() - interval '1 minute' FROM pg_stat_database WHERE datname = 'postgres'") == "t", 0.3)
        before = pg.sql("SELECT checkpoint_lsn FROM pg_control_checkpoint()")
        s.done("checkpoint")
        assert pg.sql("SELECT checkpoint_lsn FROM pg_control_checkpoint()") != before
        before = pg.sql("SELECT pg_conf_load_time()")
        s.done("reload")
        assert pg.sql("SELECT pg_conf_load_time()") != before
        assert "nothing is left over" in s.done("leftovers")

        lines = s.audit()
        assert len(lines) % 2 == 0 and {line["outcome"] for line in lines if line["event"] == "outcome"} == {"ok"}, lines
        intent = lines[0]
        assert intent["sql"] == "ANALYZE (SKIP_LOCKED) public.t" and intent["server"]["role"] == "postgres", intent
        assert intent["server"]["system_id"] == pg.sql("SELECT system_identifier FROM pg_control_system()")
        assert intent["identity"].startswith("oid %s," % pg.sql("SELECT 't'::regclass::oid")) and intent["confirmed"] == "--yes"
        assert intent["server"]["port"] == str(pg.port), intent


def test_what_cannot_work_is_refused_before():
    with Stage(log_statement="all") as s:
        s.fails("refresh", "mv_plain", text="no unique index")
        s.fails("refresh", "mv_empty", text="never filled")
        s.fails("refresh", "t", text="is a table")
        s.fails("reindex_index", "t", text="is a table")
        s.fails("vacuum", "t_a", text="is an index")
        s.fails("vacuum", "nono", text="no such relation")
        s.fails("drop_index", "t_pkey", text="constraint t_pkey")
        s.fails("create_index", "CREATE TABLE evil ()", text="CREATE [UNIQUE] INDEX")
        s.fails("create_index", "CREATE INDEX ON t (a); DROP TABLE t", text="problem:")
        s.fails("create_index", "CREATE INDEX IF NOT EXISTS t_a ON t (a)", text="IF NOT EXISTS")
        s.fails("create_index", "CREATE INDEX ON /* t */ nono (a)", text="problem:")
        s.fails("set_setting", "no_such", "1", text="no such setting")
        s.fails("set_setting", "block_size", "1", text="cannot be changed")
        s.fails("set_setting", "work_mem", text="VALUE")
        s.fails("reset_statement", "12", text="pg_stat_statements is not installed")
        s.pg.sql("CREATE EXTENSION pg_stat_statements")
        s.fails("reset_statement", "1; DROP TABLE t", text="no query id")
        s.fails("vacum", "t", text="did you mean vacuum")
        s.fails("vacuum", "t", text="no terminal", more=())
        s.fails("reindex_index", "pg_class_oid_index", text="system catalog")
        s.pg.sql("CREATE SCHEMA other; CREATE TABLE other.twice (); CREATE SCHEMA third; CREATE TABLE third.twice ()")
        s.fails("vacuum", "twice", text="other.twice, third.twice")
        # the value is wrong: the server says so, and that is a failure, not a refusal
        s.fails("set_setting", "work_mem", "lots", text="invalid value")
        intent, outcome = s.last()
        assert outcome["outcome"] == "failed" and outcome["sqlstate"] == "22023", outcome
        assert len(s.audit()) == 2
        out = s.done("vacuum", "t", more=("--dry-run",))
        assert "VACUUM public.t" in out
        sent = [line for line in s.server_log().splitlines() if ">: VACUUM" in line or ">: REFRESH" in line]
        assert sent == [], sent


def test_rights():
    with Stage() as s:
        pg = s.pg
        s.fails("vacuum", "t", user="nobody_much", text="it belongs to postgres")
        s.fails("analyze", "t", user="nobody_much", text="GRANT")
        s.fails("reindex_index", "t_a", user="nobody_much", text="may not")
        s.fails("refresh", "mv", user="nobody_much", text="may not")
        s.fails("drop_index", "t_a", user="nobody_much", text="may not")
        s.fails("create_index", "CREATE INDEX ON t (a)", user="nobody_much", text="may not")
        s.fails("checkpoint", user="nobody_much", text="no right")
        s.fails("reload", user="nobody_much", text="GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf()")
        s.fails("set_setting", "work_mem", "9MB", user="nobody_much", text="no right")
        s.fails("reset_database", user="nobody_much", text="no right")
        assert not os.path.exists(s.log)
        out = s.done("vacuum", "kept", user="operator")
        assert "superuser" not in out, out
        # --operator: watched as one role, done as another
        out = s.done("vacuum", "kept", "--operator", "user=operator", user="nobody_much")
        assert "as operator on" in out, out
        pg.sql("GRANT EXECUTE ON FUNCTION pg_reload_conf() TO operator")
        s.done("reload", user="operator")
        if pg.sql("SHOW server_version_num") >= "150000":
            pg.sql("GRANT ALTER SYSTEM ON PARAMETER work_mem TO operator; GRANT pg_checkpoint TO operator")
            s.done("set_setting", "work_mem", "9MB", user="operator")
            s.done("checkpoint", user="operator")
        if pg.sql("SHOW server_version_num") >= "170000":
            pg.sql("GRANT MAINTAIN ON t TO operator")
            s.done("vacuum", "t", user="operator")
            s.done("reindex_index", "t_a", user="operator")


def test_read_only_writes_nothing():
    with Stage(log_statement="all") as s:
        before = len(s.server_log())
        for words in (("vacuum", "t"), ("analyze", "t"), ("reindex_index", "t_a"), ("refresh", "mv"), ("checkpoint",), ("reload",),
                      ("create_index", "CREATE INDEX ON t (b)"), ("drop_index", "t_a"), ("set_setting", "work_mem", "9MB"),
                      ("reset_database",), ("vacuum_freeze", "t"), ("reindex_table", "t"), ("reset_table", "t")):
            s.fails(*words, text="read-only", more=("--yes", "--read-only"))
        assert s.server_log()[before:] == ""                     # it did not even connect
        assert not os.path.exists(s.log)


def test_no_audit_no_action():
    with Stage(log_statement="all") as s:
        os.makedirs(os.path.dirname(s.log))
        os.symlink("/dev/null", s.log)
        s.fails("vacuum", "t", text="symbolic link")
        os.unlink(s.log)
        with open(s.log, "w") as f:
            f.write("")
        os.chmod(s.log, 0o666)
        s.fails("vacuum", "t", text="chmod 600")
        os.unlink(s.log)
        s.fails("vacuum", "t", "--audit", "/dev/full", text="audit log")
        s.fails("vacuum", "t", "--audit", "/proc/nowhere/audit", text="nothing was done")
        assert ">: VACUUM" not in s.server_log()
        s.done("vacuum", "t")
        assert stat.S_IMODE(os.stat(s.log).st_mode) == 0o600
        # a batch: the log goes away in between is no matter, a new one begins
        s.done("vacuum", "t", "mv", "kept")
        assert len(s.audit()) == 8


def test_batches():
    with Stage() as s:
        out = s.done("vacuum", "t", "nono", "mv")
        assert "nono is left out" in out and "VACUUM public.t\nVACUUM public.mv" in out, out
        ids = {line["id"] for line in s.audit()}
        assert len(ids) == 2, ids                                # one action id each
        out = s.fails("refresh", "nono", "mv_plain", text="nothing is left to be done")
        result = json.loads(s.run("vacuum", "t", more=("--yes", "--format", "json"))[1].split("\nas ")[0])
        assert result["outcome"] == "ok" and result["sql"] == "VACUUM public.t" and result["left"] == [], result


def test_an_action_is_a_file():
    with Stage() as s:
        folder = os.path.join(s.bench.dir, "mine")
        os.makedirs(os.path.join(folder, "actions"))
        path = os.path.join(folder, "actions", "comment.sql")
        with open(path, "w") as f:
            f.write("/* dytop action\ntitle: Put a remark on\ntarget: table\nvalue: {name: REMARK, needed: yes}\nprivilege: [owner]\n"
                    "lock_timeout: 2s\n*/\n-- before\nSELECT 'note' AS mark, 'now: ' || coalesce(obj_description($1::oid), 'none') AS text\n"
                    "-- statement\nCOMMENT ON TABLE %{target} IS %{value}\n"
                    "-- measure\nSELECT 'remark' AS label, 'text' AS unit, obj_description($1::oid) AS value\n")
        out = s.done("comment", "t", "it's a \\ table; --", "--sql-dir", folder)
        assert "remark: - before, it's a \\\\ table; -- now" in out or "remark: - before, it's a \\ table; -- now" in out, out
        assert s.pg.sql("SELECT obj_description('t'::regclass)") == "it's a \\ table; --"
        assert "comment" in s.done(more=("--list", "--sql-dir", folder))
        with open(path, "a") as f:
            f.write("-- statement\nDROP %{tabel}\n")
        s.fails("comment", "t", "x", "--sql-dir", folder, text="comment.sql:14: the hole %{tabel}")


if len(sys.argv) > 1:
    run({name: globals()[name] for name in sys.argv[1:]})
else:
    run(tests_of(globals()))
