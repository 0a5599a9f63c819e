#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop bridge init and check on a private PostgreSQL: what they bring, what they refuse, and that they go on after a crash.

    test_bridge_init.py [test_NAME ...]      PGBIN names another server's folder (bridge_by_version.sh)
"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Bench  # noqa: E402
from servers import DYTOP, SLOW, run, wait_for  # noqa: E402

SERVER = {}
DIGEST = ("SELECT md5(string_agg(id || asset_amount || status || source_chain || dest_chain || metadata::text || source_tx_hash, '' "
          "ORDER BY id)) FROM bridge_transactions")


def database(name):
    """An empty database of that name on the one server of all tests; the function that asks it."""
    if not SERVER:
        bench = Bench()
        SERVER.update(bench=bench, pg=bench.postgres(synchronous_commit="off", max_wal_size="1GB"))
        SERVER["audit"] = os.path.join(bench.dir, "audit.jsonl")
    pg = SERVER["pg"]
    pg.sql(f"DROP DATABASE IF EXISTS {name}")
    pg.sql(f"CREATE DATABASE {name}")
    return lambda sql: pg.sql(sql, dbname=name)


def words(db, *more, user="postgres"):
    return [DYTOP, *more, "-d", SERVER["pg"].conninfo(dbname=db, user=user), "--audit", SERVER["audit"], "--config", ""]


def dytop(db, *more, status=0, env=None, user="postgres"):
    done = subprocess.run(words(db, *more, user=user), capture_output=True, text=True, timeout=120 * SLOW, stdin=subprocess.DEVNULL,
                          start_new_session=True, env=dict(os.environ, **(env or {})))
    assert done.returncode == status, (done.returncode, done.stdout[-1500:], done.stderr[-1500:])
    return done.stdout + done.stderr


def check(db, *more, status=0):
    done = subprocess.run(words(db, "bridge", "check", "--format", "json", *more), capture_output=True, text=True, timeout=60 * SLOW)
    assert done.returncode == status, (done.returncode, done.stderr)
    report = json.loads(done.stdout)
    report["by_name"] = {o["name"]: o for o in report["objects"] if o["kind"] != "trigger"}
    return report


def not_present(report):
    return sorted(o["name"] for o in report["objects"] if o["state"] != "present" and o["kind"] not in ("trigger", "extension"))


def test_optimized():
    """All of it, then nothing to do; check says so, as text and as JSON. Runs on other versions, too."""
    sql = database("whole")
    assert len(not_present(check("whole", status=3))) > 40
    said = dytop("whole", "bridge", "init", "--optimized", "--rows", "3000")
    assert "the database is empty" in said and "rows: 3000 generated transactions" in said, said
    report = check("whole")
    assert not_present(report) == [] and report["layout"] == "plain", not_present(report)
    assert all(f["state"] == "applied" for f in report["files"] if f["set"] in ("baseline", "optimized")
               and f["name"] not in ("05_extension", "11_transactions_by_month", "92_refresh")), report["files"]
    assert report["loads"] == [{"load": 1, "first": 1, "last": 3000, "done": 3000, "seed": 1}], report["loads"]
    before = sql("SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_class")
    again = dytop("whole", "bridge", "init", "--optimized", "--rows", "3000", "--yes")
    assert "CREATE TABLE" not in again and "COPY" not in again, again
    assert sql("SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_class") == before
    for form in (["bridge", "--check"], ["bridge", "init", "--check"]):
        assert "optimized 22 of 22" in dytop("whole", *form), form
    text = dytop("whole", "bridge", "check", "--all")
    assert "present   index      idx_bridge_transactions_metadata_path" in text and "rows      3000 generated" in text, text


def test_what_the_rows_are():
    sql = database("facts")
    dytop("facts", "bridge", "init", "--rows", "20000", "--no-roles")
    assert sql("SELECT count(*), count(DISTINCT id), sum((id = 'btx_' || md5((metadata ->> 'nonce')))::int) FROM bridge_transactions") \
        == "20000|20000|20000"
    assert sql("SELECT count(*) FROM validator_signatures") == "12000"
    assert sql("SELECT count(*) FROM bridge_transactions t LEFT JOIN asset_metadata a USING (asset_id) LEFT JOIN chain_configs c ON "
               "c.chain_name = t.source_chain LEFT JOIN chain_configs d ON d.chain_name = t.dest_chain WHERE a.name IS DISTINCT FROM "
               "t.metadata #>> '{asset_metadata,name}' OR a.decimals IS DISTINCT FROM t.asset_decimals OR a.icon_url IS DISTINCT FROM "
               "t.metadata #>> '{asset_metadata,icon_url}' OR c IS NULL OR d IS NULL OR t.source_chain = t.dest_chain") == "0"
    days = sql("SELECT extract(epoch FROM max(created_at) - min(created_at)) / 86400 > 89.9, max(updated_at) <= now(), "
               "min(updated_at - created_at) >= '0' FROM bridge_transactions")
    assert days == "t|t|t", days
    share = float(sql("SELECT avg((status = 'completed')::int) FROM bridge_transactions"))
    median = float(sql("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY asset_amount / power(10, asset_decimals)) "
                       "FROM bridge_transactions"))
    assert 0.88 < share < 0.92 and 110 < median < 133, (share, median)
    # more rows beside them, with the same numbers for the first ones; the views follow
    dytop("facts", "bridge", "init", "--rows", "30000", "--no-roles", "--yes")
    assert sql("SELECT count(*), count(DISTINCT id) FROM bridge_transactions") == "30000|30000"
    assert sql("SELECT sum(transaction_count) FROM daily_bridge_stats") == "30000"
    assert [(load["first"], load["done"]) for load in check("facts")["loads"]] == [(1, 20000), (20001, 30000)]


def test_killed_and_run_again():
    """SIGKILL in the load, at several places, then to the end: the same rows as without it."""
    straight, sql = database("straight"), database("killed")
    dytop("straight", "bridge", "init", "--baseline", "--rows", "100000", "--seed", "5", "--no-roles")
    reached = []
    for _ in range(3):
        process = subprocess.Popen(words("killed", "bridge", "init", "--baseline", "--rows", "100000", "--seed", "5", "--no-roles",
                                         "--yes"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        mark = "SELECT coalesce((SELECT max(done) FROM dytop_bridge_rows), 0)"
        before = int(sql(mark)) if reached else 0

        def further():
            try:
                return int(sql(mark)) > before or process.poll() is not None
            except AssertionError:
                return process.poll() is not None
        wait_for("rows of another part", further, 60, 0.05)
        process.kill()
        process.wait()
        wait_for("the end of its session", lambda: sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop bridge%'")
                 == "0", 30)
        reached.append(int(sql(mark)))
        assert sql("SELECT count(*) FROM bridge_transactions") == str(reached[-1]), reached
        assert sql("SELECT count(*) FROM validator_signatures") == str(reached[-1] // 5 * 3), reached
    assert 0 < reached[0] < 100000, reached
    assert "goes on" in dytop("killed", "bridge", "check", status=3)
    dytop("killed", "bridge", "init", "--baseline", "--rows", "100000", "--no-roles", "--yes")
    assert sql(DIGEST) == straight(DIGEST)
    assert sql("SELECT count(*) FROM validator_signatures") == straight("SELECT count(*) FROM validator_signatures")
    assert not_present(check("killed", "--baseline"))[0].startswith("chain_performance")     # only what --optimized would bring


def test_an_aborted_copy():
    sql = database("aborted")
    dytop("aborted", "bridge", "init", "--baseline", "--no-roles")
    sql("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = ''btx_'' || md5(''25000'') THEN RAISE EXCEPTION "
        "''not this one''; END IF; RETURN NEW; END'; CREATE TRIGGER no BEFORE INSERT ON bridge_transactions FOR EACH ROW "
        "EXECUTE FUNCTION no()")
    said = dytop("aborted", "bridge", "init", "--baseline", "--rows", "40000", "--no-roles", "--yes", status=1)
    assert "not this one" in said and "goes on from there" in said, said
    assert sql("SELECT count(*), (SELECT done FROM dytop_bridge_rows) FROM bridge_transactions") == "20000|20000"
    sql("DROP TRIGGER no ON bridge_transactions")
    dytop("aborted", "bridge", "init", "--baseline", "--rows", "40000", "--no-roles", "--yes")
    assert sql("SELECT count(*), (SELECT done FROM dytop_bridge_rows) FROM bridge_transactions") == "40000|40000"


def test_interrupted():
    """^C ends it after what runs; nothing half is kept."""
    sql = database("interrupted")
    process = subprocess.Popen(words("interrupted", "bridge", "init", "--rows", "2000000", "--no-roles"), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    wait_for("the load", lambda: sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY bridge%'") == "1", 30)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60 * SLOW)[0]
    assert process.returncode == 1 and "cancelled" in said, (process.returncode, said[-500:])
    assert sql("SELECT (SELECT count(*) FROM bridge_transactions) = (SELECT done FROM dytop_bridge_rows)") == "t"


def test_what_is_refused():
    sql = database("other")
    # read-only, in three ways
    assert "--read-only" in dytop("other", "bridge", "init", "--read-only", status=1)
    assert "read-only" in dytop("other", "bridge", "init", status=1, env={"PGOPTIONS": "-c default_transaction_read_only=on"})
    assert sql("SELECT count(*) FROM pg_class WHERE relname LIKE '%bridge%'") == "0"
    # tables of another shape, and what is no table
    sql("CREATE TABLE bridge_transactions (id integer PRIMARY KEY, status text); INSERT INTO bridge_transactions VALUES (1, 'x')")
    sql("CREATE VIEW asset_metadata AS SELECT 1 AS a")
    said = dytop("other", "bridge", "init", "--yes", status=1)
    assert "column id is integer, not text" in said and "column metadata is missing" in said and "it is no table" in said, said
    assert sql("SELECT count(*) FROM pg_class WHERE relname IN ('validator_signatures', 'dytop_bridge_migrations')") == "0"
    report = check("other", status=3)
    assert report["by_name"]["bridge_transactions"]["state"] == "differs", report["by_name"]["bridge_transactions"]
    # another schema of the same database is fine, after a question that nobody can answer here
    assert "no terminal" in dytop("other", "bridge", "init", "--schema", "mine", status=1)
    assert sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'mine'") == "0"
    dytop("other", "bridge", "init", "--schema", "mine", "--yes", "--no-roles")
    assert sql("SELECT count(*) FROM mine.bridge_transactions") == "0" and sql("SELECT count(*) FROM bridge_transactions") == "1"
    # in front of tables that are found now: whose are they?
    other = SERVER["pg"].conninfo(dbname="other")
    sql("CREATE SCHEMA front")
    done = subprocess.run([DYTOP, "bridge", "init", "--yes", "-d", f"{other} options='-c search_path=front,mine'", "--audit",
                           SERVER["audit"]], capture_output=True, text=True, timeout=60 * SLOW)
    assert done.returncode == 1 and "in front of" in done.stderr, done
    assert sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'front'::regnamespace") == "0"
    # wrong words
    for bad in (["bridge"], ["bridge", "make"], ["bridge", "init", "x"], ["bridge", "init", "--baseline", "--optimized"],
                ["bridge", "check", "--rows", "5"], ["bridge", "init", "--schema", "pg_mine"], ["bridge", "init", "--rows", "-1"]):
        dytop("other", *bad, status=1)


def test_rows_of_another_origin():
    sql = database("foreign_rows")
    dytop("foreign_rows", "bridge", "init", "--no-roles")
    sql("INSERT INTO bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, "
        "dest_address) VALUES ('real', 'dgt', 1, 6, 'a', 'b', 'c', 'd')")
    assert "not make" in dytop("foreign_rows", "bridge", "init", "--rows", "100", "--no-roles", "--yes", status=1)
    assert sql("SELECT count(*) FROM bridge_transactions") == "1" and sql("SELECT count(*) FROM asset_metadata") == "0"


def test_invalid_and_differing_indexes():
    sql = database("broken")
    dytop("broken", "bridge", "init", "--rows", "1000", "--no-roles")
    sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_bridge_transactions_time_status'::regclass")
    sql("DROP INDEX idx_bridge_transactions_asset_time")
    sql("DROP INDEX idx_bridge_transactions_failed; CREATE INDEX idx_bridge_transactions_failed ON bridge_transactions (updated_at)")
    sql("DROP INDEX idx_bridge_transactions_dest_chain; CREATE INDEX by_dest ON bridge_transactions (dest_chain)")
    found = check("broken", status=3)["by_name"]
    assert found["idx_bridge_transactions_time_status"]["state"] == "invalid"
    assert "DROP INDEX CONCURRENTLY" in found["idx_bridge_transactions_time_status"]["fix"]
    assert found["idx_bridge_transactions_asset_time"]["state"] == "missing"
    assert found["idx_bridge_transactions_failed"]["state"] == "differs" and "updated_at" in found["idx_bridge_transactions_failed"]["detail"]
    assert found["idx_bridge_transactions_dest_chain"] | {"state": "present", "detail": "as by_dest"} \
        == found["idx_bridge_transactions_dest_chain"]
    said = dytop("broken", "bridge", "init", "--no-roles", "--yes")
    assert "time_status is invalid" in said and "left as it is" in said, said
    left = check("broken", status=3)["by_name"]
    assert [n for n, o in left.items() if o["state"] != "present" and o["kind"] == "index"] == ["idx_bridge_transactions_failed"]
    assert sql("SELECT count(*) FROM pg_class WHERE relname = 'idx_bridge_transactions_dest_chain'") == "0"


def test_one_at_a_time():
    database("locked")
    dytop("locked", "bridge", "init", "--no-roles")
    holder = SERVER["pg"].session("SELECT pg_advisory_lock(1685676658, 0);", dbname="locked")
    assert "another dytop bridge init" in dytop("locked", "bridge", "init", "--no-roles", "--yes", status=1)
    holder.kill()


def test_behind_a_pooler():
    """In transaction mode neither settings nor locks are a session's own: refused, nothing is made. check works there."""
    sql = database("pooled")
    pool = SERVER["bench"].pgbouncer(SERVER["pg"])
    try:
        done = subprocess.run([DYTOP, "bridge", "init", "--yes", "-d", pool.conninfo(dbname="pooled"), "--audit", SERVER["audit"]],
                              capture_output=True, text=True, timeout=60 * SLOW)
        assert done.returncode == 1 and "pooler" in done.stderr, done
        assert sql("SELECT count(*) FROM pg_class WHERE relname LIKE '%bridge%'") == "0"
    finally:
        pool.stop()


def test_while_an_index_is_built():
    """A build that waits for an old transaction: another init is refused; killed there, the next one brings all of it."""
    sql = database("slow")
    dytop("slow", "bridge", "init", "--baseline", "--rows", "1000", "--no-roles")
    blocker = SERVER["pg"].session("BEGIN; UPDATE bridge_transactions SET updated_at = now() WHERE id = 'btx_' || md5('1');", dbname="slow")
    process = subprocess.Popen(words("slow", "bridge", "init", "--no-roles", "--yes"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_for("the build", lambda: sql("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'") == "1", 60)
    assert "at work" in dytop("slow", "bridge", "init", "--no-roles", "--yes", status=1)
    found = [o for o in check("slow", status=3)["objects"] if o["state"] == "building"]
    assert len(found) == 1 and "builds it" in found[0]["detail"], found
    process.kill()
    process.communicate()
    backend = sql("SELECT pid FROM pg_stat_progress_create_index")
    if backend:     # it goes on without its client; somebody ends it, and an invalid index stays
        sql(f"SELECT pg_terminate_backend({backend})")
    wait_for("the end of the build", lambda: sql("SELECT count(*) FROM pg_stat_progress_create_index") == "0", 30)
    blocker.kill()
    blocker.wait()
    assert found[0]["name"] in not_present(check("slow", status=3))
    assert f"{found[0]['name']} is invalid" in dytop("slow", "bridge", "init", "--no-roles", "--yes")
    assert [n for n in not_present(check("slow")) if not n.startswith("dyt")] == []


def test_partitions_and_a_hostile_schema():
    name = 'we;"ird\'  $x$ schema'
    quoted = '"' + name.replace('"', '""') + '"'
    sql = database("parted")
    dytop("parted", "bridge", "init", "--partitioned", "--schema", name, "--rows", "4000", "--no-roles")
    report = check("parted", "--schema", name)
    assert report["schema"] == name and report["layout"] == "partitioned", report["schema"]
    assert sql(f"SELECT count(DISTINCT tableoid) BETWEEN 3 AND 4, count(*) FROM {quoted}.bridge_transactions") == "t|4000"
    assert sql(f"SELECT count(*) FROM {quoted}.bridge_transactions_other") == "0"
    assert sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'bridge%'") == "0"
    # the months to come are made at each run
    last = sql("SELECT max(relname) FROM pg_class WHERE relname ~ '^bridge_transactions_2[0-9_]+$' AND relkind = 'r'")
    sql(f"DROP TABLE {quoted}.{last}")
    dytop("parted", "bridge", "init", "--schema", name, "--no-roles", "--yes")
    assert sql(f"SELECT count(*) FROM pg_class WHERE relname = '{last}'") == "1"
    # a month whose rows came before its partition: they are where nothing is lost, it is said how they get out, and all else goes on
    assert check("parted", "--schema", name)["other_rows"] == []
    assert f"the last month is {last[-7:]}" in check("parted", "--schema", name)["by_name"]["bridge_transactions"]["detail"]
    first_day = last[-7:].replace("_", "-") + "-01 00:00+00"
    sql(f"DROP TABLE {quoted}.{last}; DROP INDEX {quoted}.idx_bridge_transactions_asset_time; INSERT INTO {quoted}.bridge_transactions (id, "
        f"asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, dest_address, created_at) SELECT i, 'dgt', 1, 6, "
        f"'a', 'b', 'c', 'd', timestamptz '{first_day}' + i * interval '1 day' FROM generate_series(0, 2) AS i")
    said = dytop("parted", "bridge", "init", "--schema", name, "--no-roles", "--trigger", "--yes")
    assert f"3 rows of {last[-7:]} are in bridge_transactions_other" in said and "trigger: 16 of 16 there" in said, said
    assert not_present(check("parted", "--schema", name))[-1].startswith("dyt"), "an index of a later file"
    assert check("parted", "--schema", name)["other_rows"] == [{"month": last[-7:], "rows": 3}]
    assert "3 rows of " + last[-7:] in dytop("parted", "bridge", "check", "--schema", name)
    moves = "\n".join(line[len("warning: "):] for line in said.splitlines() if line.startswith("warning: ") and line.endswith(";"))
    sql(f"SET search_path = {quoted};" + moves)
    assert sql(f"SELECT count(*) FROM {quoted}.bridge_transactions_other") == "0" and \
        sql(f"SELECT count(*), min(created_at) = '{first_day}' FROM {quoted}.{last}") == "3|t", moves
    assert sql(f"SELECT count(*) FROM {quoted}.bridge_transactions") == "4003"
    assert "warning: 3 rows of" in said and "warning: " not in dytop("parted", "bridge", "init", "--schema", name, "--no-roles", "--yes")
    # a table that is there keeps its layout
    dytop("parted", "bridge", "init", "--baseline", "--no-roles", "--yes")
    assert "no partitions" in dytop("parted", "bridge", "init", "--partitioned", "--no-roles", "--yes", status=1)


def test_a_month_and_who_works_meanwhile():
    """A new month is made beside who reads and writes other months by the parent: only the rows of no month are locked."""
    sql = database("busy")
    dytop("busy", "bridge", "init", "--partitioned", "--baseline", "--no-roles", "--rows", "100")
    last = sql("SELECT max(relname) FROM pg_class WHERE relname ~ '^bridge_transactions_2[0-9_]+$' AND relkind = 'r'")
    sql(f"DROP TABLE {last}")
    days = sql("SELECT format('created_at >= %L AND created_at < %L', now() - interval '90 days', now())")
    holder = SERVER["pg"].session(f"BEGIN; UPDATE bridge_transactions SET status = 'failed' WHERE {days};", dbname="busy")
    dytop("busy", "bridge", "init", "--baseline", "--no-roles", "--yes")
    assert sql(f"SELECT count(*) FROM pg_class WHERE relname = '{last}'") == "1"
    holder.kill()


def test_the_trigger():
    sql = database("told")
    dytop("told", "bridge", "init", "--rows", "3000", "--no-roles")
    assert check("told")["sets"][-1] == {"set": "trigger", "whole": False, "present": 0, "missing": 16, "invalid": 0, "building": 0,
                                         "differs": 0}
    said = dytop("told", "bridge", "init", "--trigger", "--no-roles", "--yes")
    assert "trigger: 16 of 16 there" in said and "halves the writers" in said, said
    check("told", "--trigger")

    def told(change):
        text = sql("LISTEN dytop_invalidate;" + change + ";")
        return sorted(part.split('"')[3] for part in text.splitlines() if part.startswith("Asynchronous notification"))
    one = sql("SELECT min(id) FROM bridge_transactions")
    assert told(f"UPDATE bridge_transactions SET status = 'failed' WHERE id = '{one}'") == [f"tx:{one}"]
    assert told("UPDATE asset_metadata SET symbol = 'X' WHERE asset_id IN ('dgt', 'eth')") == ["asset:dgt", "asset:eth"]
    assert told("DELETE FROM chain_configs WHERE chain_name = 'solana'") == ["chain:solana"]
    assert told("INSERT INTO validator_signatures (bridge_tx_id, validator_id, signature_data) VALUES ('%s', 'v', '')" % one) == [f"sigs:{one}"]
    assert told("UPDATE bridge_transactions SET updated_at = now()") == ["tx:*"]
    assert told("UPDATE bridge_transactions SET updated_at = now() WHERE false") == []
    assert told("TRUNCATE validator_signatures") == ["sigs:*"]
    # an id is data, whoever chose it: what would be a command on the channel is not passed on as one
    row = "'dgt', 1, 6, 'a', 'b', 'c', 'd' FROM (VALUES %s) AS v (id)"
    insert = "INSERT INTO bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, " \
             "dest_address) SELECT v.id, "
    for values, payloads in (("('!')", ["tx:*"]), ("('*')", ["tx:*"]), ("('!x'), ('tx:!')", ["tx:!x", "tx:tx:!"]),
                             ("(repeat('x', 2600))", ["tx:" + "x" * 2600])):
        assert told(insert + row % values) == payloads, values
    assert told("INSERT INTO asset_metadata (asset_id, name, symbol, decimals) VALUES (repeat('€', 2650), 'n', 's', 1), ('!', 'n', 's', 1)") \
        == ["asset:*"]
    assert told("DELETE FROM bridge_transactions WHERE id = '!'") == ["tx:*"]
    # one of an earlier dytop passes it on: the next init replaces the function, also one that does not name the trigger
    for more in ([], ["--trigger"]):
        sql("CREATE OR REPLACE FUNCTION dytop_invalidate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_notify(''dytop_invalidate'',"
            " TG_ARGV[0] || '':!''); RETURN NULL; END'; UPDATE dytop_bridge_migrations SET sha256 = 'another' WHERE name = '80_invalidation'")
        assert told("UPDATE asset_metadata SET symbol = 'X' WHERE asset_id = '!'") == ["asset:!"]
        assert "the file has changed" in dytop("told", "bridge", "init", "--no-roles", "--yes", *more)
        assert told("UPDATE asset_metadata SET symbol = 'X' WHERE asset_id = '!'") == ["asset:*"]
    # who has taken the triggers away gets none back without asking for them
    sql("DROP TRIGGER dytop_invalidate_insert ON asset_metadata; UPDATE dytop_bridge_migrations SET sha256 = 'another' "
        "WHERE name = '80_invalidation'")
    assert "CREATE TRIGGER" not in dytop("told", "bridge", "init", "--no-roles", "--yes")
    assert check("told")["sets"][-1]["missing"] == 1


def may(statement, role, db):
    """Whether that role is let; a mistake in the statement is no answer."""
    try:
        SERVER["pg"].sql("BEGIN; " + statement + "; ROLLBACK", user=role, dbname=db)
    except AssertionError as error:
        assert "permission denied" in str(error) or "read-only transaction" in str(error), error
        return False
    return True


def test_the_roles():
    """In a database that others use too: each role gets what is the bridge's, and nothing of theirs, now or later."""
    sql = database("shared")
    sql("CREATE TABLE stranger (a int); INSERT INTO stranger VALUES (1)")
    dytop("shared", "bridge", "init", "--baseline", "--rows", "100", "--yes")
    sql("CREATE TABLE later (a int)")
    dytop("shared", "bridge", "init", "--yes")      # the views are new: the roles may read them
    dytop("shared", "bridge", "init", "--schema", "far", "--partitioned", "--yes")
    row = "INSERT INTO %sbridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, " \
          "dest_address) VALUES ('mine', 'dgt', 1, 6, 'a', 'b', 'c', 'd')"
    sign = "INSERT INTO %svalidator_signatures (bridge_tx_id, validator_id, signature_data) VALUES ('mine', 'v', '')"
    views = ("daily_bridge_stats", "validator_performance_stats", "chain_performance_stats")
    for schema in ("", "far."):
        app = [(row + "; " + sign) % (schema, schema)] + [f"SELECT count(*) FROM {schema}{view}" for view in views]
        for table in ("asset_metadata", "chain_configs", "bridge_state", "bridge_transactions", "validator_signatures"):
            name = {"asset_metadata": "asset_id", "chain_configs": "chain_name", "bridge_state": "key"}.get(table, "id")
            app += [f"SELECT count(*) FROM {schema}{table}", f"UPDATE {schema}{table} SET {name} = {name} WHERE false",
                    f"DELETE FROM {schema}{table} WHERE false"]
        for statement in app:
            assert may(statement, "dytallix_bridge", "shared"), statement
            assert may(statement, "dytop_explain", "shared") == statement.startswith("SELECT"), statement
        for role in ("dytallix_bridge", "dytop_explain"):
            for statement in (f"SELECT * FROM {schema}dytop_bridge_migrations", f"INSERT INTO {schema}dytop_bridge_migrations VALUES ('a', 'b')",
                              f"UPDATE {schema}dytop_bridge_rows SET done = 0", f"TRUNCATE {schema}bridge_state",
                              f"SELECT setval('{schema}dytop_bridge_rows_load_seq', 1)"):
                assert not may(statement, role, "shared"), (role, statement)
    for role in ("dytallix_bridge", "dytop_explain", "dytop_monitor"):
        for table in ("stranger", "later"):
            for statement in (f"INSERT INTO {table} VALUES (2)", f"SELECT a FROM {table}", f"DELETE FROM {table}"):
                assert not may(statement, role, "shared"), (role, statement)
    # what somebody took away is missed and comes back
    sql("REVOKE DELETE ON bridge_state FROM dytallix_bridge")
    lacks = check("shared")["by_name"]["dytallix_bridge"]
    assert lacks["state"] == "differs" and "bridge_state" in lacks["detail"], lacks
    dytop("shared", "bridge", "init", "--yes")
    assert may("DELETE FROM bridge_state", "dytallix_bridge", "shared") and not_present(check("shared")) == []
    assert "nothing to do" in dytop("shared", "bridge", "init", "--yes")


def test_a_user_without_rights():
    """Who owns the database but is no superuser: what the server refuses of extension and roles is said, the rest is there."""
    sql = database("owned")
    SERVER["pg"].sql("DROP ROLE IF EXISTS owner; CREATE ROLE owner LOGIN")
    sql("ALTER DATABASE owned OWNER TO owner; ALTER SCHEMA public OWNER TO owner")
    said = dytop("owned", "bridge", "init", "--rows", "500", user="owner")
    assert "left out" in said and "optimized: 22 of 22" in said, said
    assert sql("SELECT count(*) FROM bridge_transactions") == "500"
    stranger = dytop("owned", "bridge", "init", "--trigger", "--yes", status=1, user="owner",
                     env={"PGOPTIONS": "-c search_path=nowhere"})
    assert "search_path" in stranger, stranger


def test_the_audit_log():
    database("noted")
    lines = open(SERVER["audit"]).read().count("\n") if os.path.exists(SERVER["audit"]) else 0
    dytop("noted", "bridge", "init", "--no-roles")
    new = [json.loads(line) for line in open(SERVER["audit"]).read().splitlines()[lines:]]
    assert [n["event"] for n in new] == ["intent", "outcome"] and new[1]["outcome"] == "ok", new
    assert "CREATE TABLE IF NOT EXISTS bridge_transactions" in new[0]["sql"]
    done = subprocess.run(words("noted", "bridge", "init", "--yes", "--trigger") + ["--audit", SERVER["audit"] + "/below/a/file"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1, done
    assert check("noted")["sets"][-1]["present"] == 0


if __name__ == "__main__":
    result = run(globals())
    if SERVER:
        SERVER["bench"].__exit__(None, None, None)
    sys.exit(result)
