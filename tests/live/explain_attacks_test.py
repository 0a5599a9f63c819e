#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""EXPLAIN of hostile texts changes nothing: two statements, ANALYZE before it, data-modifying WITH, comments (A3); functions that
the planner calls (A4); locks and cut texts (A5); EXPLAIN ANALYZE of what writes (A6); a lost connection (A12); --read-only (A15)."""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from explain import Explain, SLOW, run, wait_until # noqa: E402
from postgres import Bound # noqa: E402

SCHEMA = """
CREATE ROLE author LOGIN; CREATE ROLE dytop_explain LOGIN; CREATE ROLE boss LOGIN SUPERUSER; CREATE ROLE watcher LOGIN IN ROLE pg_monitor, pg_read_all_data;
CREATE ROLE filer LOGIN IN ROLE pg_monitor, pg_read_all_data, pg_write_server_files; CREATE ROLE clerk LOGIN;
CREATE TABLE victims (id serial PRIMARY KEY, name text); INSERT INTO victims (name) SELECT 'v' || g FROM generate_series(1, 100) g;
CREATE TABLE hits (who text, at timestamptz DEFAULT now());
GRANT SELECT ON victims TO author, dytop_explain, clerk; GRANT INSERT ON hits TO author, dytop_explain, clerk; GRANT UPDATE ON victims TO clerk;
GRANT CREATE, USAGE ON SCHEMA public TO author; ANALYZE;
"""


def server(bench, made):
    if "e" not in made:
        made["e"] = Explain(bench, log_statement="all", log_destination="stderr")
        made["e"].pg.sql(SCHEMA)
    return made["e"]


def state(e):
    return e.pg.sql("SELECT (SELECT count(*) || '/' || sum(id) || '/' || string_agg(name, '' ORDER BY id) FROM victims) || (SELECT count(*) FROM hits)"
                    " || (SELECT count(*) FROM pg_class) || (SELECT count(*) FROM pg_roles)")


def test_a3_texts(bench, made):
    e = server(bench, made)
    before = state(e)
    refused = [
        "SELECT 1; DELETE FROM victims", "DELETE FROM victims; SELECT 1", "SELECT 1; COMMIT; DELETE FROM victims", "COMMIT; DELETE FROM victims",
        "ANALYZE DELETE FROM victims", "(ANALYZE) DELETE FROM victims", "(ANALYZE true) DELETE FROM victims", "/**/ANALYZE/**/ DELETE FROM victims",
        "ANALYZE true) DELETE FROM victims", "VERBOSE DELETE FROM victims", "SELECT 1 /* open", "SELECT 1 /* /* */ ; DELETE FROM victims",
        "SELECT 1 -- \n; DELETE FROM victims", "SELECT 1; -- x\nDELETE FROM victims", "SELECT $$;$$; DELETE FROM victims", "SELECT 'x'; DELETE FROM victims --'",
        "SELECT E'\\'; DELETE FROM victims; --'; DELETE FROM victims", "SELECT 1) ; DELETE FROM victims; --", "ROLLBACK; DELETE FROM victims",
        "EXECUTE dytop_x", "DO $$ BEGIN DELETE FROM victims; END $$", "COPY victims TO PROGRAM 'true'", "TRUNCATE victims", "CREATE TABLE z (a int)",
        "CALL p()", "SELECT * INTO z FROM victims; SELECT 1", "PREPARE x AS DELETE FROM victims; EXECUTE x",
        "AS SELECT 1; DELETE FROM victims", "; DELETE FROM victims", "SELECT $1; DELETE FROM victims WHERE id = $1", "",
        "NOTIFY x; DELETE FROM victims", "SET ROLE boss", "SELECT 1 \x01; DELETE FROM victims",
    ]
    for text in refused:
        code, out, err = e.run("-", text=text)
        assert code == 1 and out == "" and err.startswith("dytop: ") and len(err.splitlines()) == 1, (text, code, out, err)
        assert state(e) == before, text
    planned = [
        "DELETE FROM victims", "DELETE FROM victims;", "WITH gone AS (DELETE FROM victims RETURNING *) SELECT * FROM gone", "UPDATE victims SET name = 'x' -- ; y",
        "INSERT INTO victims (name) VALUES ('x') RETURNING nextval('victims_id_seq')", "SELECT ';DELETE FROM victims;' /* ; */", "SELECT * FROM victims FOR UPDATE",
        "DELETE FROM victims WHERE name = $1", "SELECT nextval('victims_id_seq')", "WITH RECURSIVE r AS (SELECT 1) DELETE FROM victims",
        # the query that a utility statement holds, and nothing of the statement itself
        "CREATE TABLE z AS SELECT 1", "CREATE MATERIALIZED VIEW z AS SELECT * FROM victims", "EXPLAIN ANALYZE DELETE FROM victims",
        "EXPLAIN (ANALYZE, VERBOSE) DELETE FROM victims", "PREPARE x AS DELETE FROM victims", "DECLARE c CURSOR FOR SELECT * FROM victims",
        "COPY (SELECT * FROM victims) TO PROGRAM 'true'", "COPY (DELETE FROM victims RETURNING *) TO STDOUT",
    ]
    sequence = e.pg.sql("SELECT last_value FROM victims_id_seq")
    for text in planned:
        e.run("-", text=text, code=0)
        assert state(e) == before, text
    # hostile values and indexes
    e.run("-", "--param", "x'); DELETE FROM victims; --", text="SELECT * FROM victims WHERE name = $1", code=0)
    e.run("-", "--param", "\\'); DELETE FROM victims; --", text="SELECT * FROM victims WHERE name = $1", code=0)
    code, out, err = e.run("-", "--param", "1; DELETE FROM victims", text="SELECT * FROM victims WHERE id = $1")
    assert code == 1 and "invalid input syntax" in err, err
    assert state(e) == before and e.pg.sql("SELECT last_value FROM victims_id_seq") == sequence


def test_a3_sessions(bench, made):
    """The same texts, left by somebody in pg_stat_activity."""
    e = server(bench, made)
    before = state(e)
    for text in ("ANALYZE DELETE FROM victims", "SELECT 1; DELETE FROM victims WHERE false", "(ANALYZE) DELETE FROM victims"):
        s = subprocess.Popen(e.pg.psql("author")[:-4] + ["-d", e.pg.conninfo("author")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True) # no ON_ERROR_STOP: it lives on
        e.pg.bench.clients.append(s)
        s.stdin.write(text.replace("; ", "\\; ") + ";\n\\echo ready\n")
        s.stdin.flush()
        assert s.stdout.readline().strip() in ("ready", "1")
        wait_until("the text", 10, lambda: e.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'author' AND query LIKE '%%%s%%'" % text[:8]) == "1")
        pid = e.pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'author'")
        for user in ("boss", "watcher"):
            code, out, err = e.run("--trust-author", "--pid", pid, user=user)
            assert code == 1 and out == "", (text, out, err)
        assert state(e) == before, text
        s.stdin.close()
        s.wait(10)
        wait_until("its end", 10, lambda: e.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'author'") == "0")


def test_a4_functions(bench, made):
    e = server(bench, made)
    marker = os.path.join(bench.dir, "marker")
    bench.give(bench.dir)
    e.pg.sql("""
CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    PERFORM set_config('role', 'none', true); PERFORM helper(); RETURN 1; END $$;
CREATE FUNCTION helper() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch %s'''; END IF;
    INSERT INTO hits VALUES (session_user); RETURN 1; END $$;
SELECT count(*) FROM victims WHERE id > evil();""" % marker, user="author")
    id = e.queryid("SELECT count(*) FROM victims WHERE id > evil()")
    before = state(e)
    # the strong one: asked, and silence is no
    code, out, err = e.run("--", id, user="boss")
    assert code == 1 and out == "" and "boss, a superuser" in err and "no terminal" in err, err
    assert state(e) == before and not os.path.exists(marker)
    for typed in ("n\n", "\n", "yeah\n", "\x04"):
        code, shown = e.tty("--", id, user="boss", answers=[("as boss\\? \\[y/N\\]", typed)])
        assert code == 1 and "the answer was no" in shown, shown
        assert state(e) == before and not os.path.exists(marker), typed
    # a role taken on is no protection, for the function takes it off: asked all the same
    code, out, err = e.run("--explain-role", "dytop_explain", "--", id, user="boss")
    assert code == 1 and "can take off the role" in err, err
    # what the author lacks is named: file rights, and writing to a table
    code, out, err = e.run("--", id, user="filer")
    assert code == 1 and "filer has what author lacks: pg_write_server_files" in err, err
    e.pg.sql("GRANT pg_monitor TO clerk")
    code, out, err = e.run("--", id, user="clerk")
    assert code == 1 and "writing to" in err and "victims" in err, err
    assert state(e) == before and not os.path.exists(marker)
    # the weak one: no question, and the function gets nowhere
    e.pg.sql("GRANT pg_read_all_stats TO dytop_explain")
    for words, user in ((["--", id], "dytop_explain"), (["--explain-as", "user=dytop_explain", "--", id], "boss")):
        code, out, err = e.run(*words, user=user)
        assert code == 1 and "read-only transaction" in err and "Plan a statement" not in err, err
        assert state(e) == before and not os.path.exists(marker)
    # and this is what the question is about: with a yes it does run what the author left there
    code, shown = e.tty("--", id, user="boss", answers=[("as boss\\? \\[y/N\\]", "y\n")])
    assert os.path.exists(marker), shown
    assert state(e) == before, "READ ONLY keeps the table"
    os.unlink(marker)
    # a login that has only to take on a role for it, and does not inherit its rights, is as strong as that role
    e.pg.sql("CREATE ROLE dba LOGIN NOINHERIT IN ROLE boss; CREATE ROLE far LOGIN NOINHERIT IN ROLE dba; CREATE ROLE maker CREATEROLE BYPASSRLS;"
             "CREATE ROLE aide LOGIN NOINHERIT IN ROLE maker; CREATE ROLE hand; GRANT DELETE ON victims TO hand;"
             "CREATE ROLE handy LOGIN NOINHERIT IN ROLE hand; GRANT SELECT ON victims TO dba, far, aide, handy; GRANT INSERT ON hits TO dba, far, aide, handy")
    e.pg.sql("ALTER FUNCTION helper() RENAME TO helper_was")
    e.pg.sql("CREATE FUNCTION helper() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN"
             " IF pg_has_role(session_user, 'boss', 'MEMBER') THEN PERFORM set_config('role', 'boss', true);"
             " EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch %s'''; END IF; RETURN helper_was(); END $$" % marker, user="author")
    before = state(e)
    for user, what in (("dba", "SUPERUSER (as role boss)"), ("far", "SUPERUSER (as role boss)"),
                       ("aide", "CREATEROLE (as role maker), BYPASSRLS (as role maker)"), ("handy", "writing to public.victims")):
        code, out, err = e.run("--explain-as", "user=" + user, "--", id, user="boss")
        assert not os.path.exists(marker), (user, err)
        assert code == 1 and out == "" and "no terminal" in err and "%s has what author lacks: %s" % (user, what) in err, (user, err)
        assert state(e) == before, user
    # what the author has as well is nothing more
    e.pg.sql("GRANT boss TO author")
    code, out, err = e.run("--explain-as", "user=dba", "--", id, user="boss")
    assert "has what author lacks" not in err and os.path.exists(marker), err
    os.unlink(marker)
    e.pg.sql("REVOKE boss FROM author; DROP FUNCTION helper(); ALTER FUNCTION helper_was() RENAME TO helper")
    # author equal, or a superuser: no question
    e.pg.sql("SELECT count(*) FROM victims WHERE id > 7", user="author")
    e.pg.sql("SELECT count(*) FROM victims WHERE id < 7", user="boss")
    for like, user in (("%id > $1", "author"), ("%id < $1", "boss"), ("%id < $1", "watcher")):
        if user == "author":
            e.pg.sql("GRANT pg_read_all_stats TO author")
        code, out, err = e.run("--", e.queryid(like), user=user, code=0)
        assert "Plan a statement" not in err, err


def test_a4_another_text(bench, made):
    """A yes to one text is none to the next: the session that is explained runs something else while values are typed."""
    e = server(bench, made)
    marker = os.path.join(bench.dir, "changed")
    bench.give(bench.dir)
    e.pg.sql("CREATE FUNCTION spring() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)"
             " THEN EXECUTE $p$COPY (SELECT 1) TO PROGRAM 'touch %s'$p$; END IF; RETURN 1; END $$;"
             "CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN spring(); END'" % marker, user="author")
    session = Bound(e.pg, "author")
    session.run("SELECT count(*) AS harmless FROM victims WHERE id + 0 > $1", 3)

    def change():
        session.run("SELECT count(*) AS harmful FROM victims WHERE id + 0 > trap() + $1", 3)
        assert "harmful" in e.pg.sql("SELECT query FROM pg_stat_activity WHERE pid = %d" % session.pid)
        return "90\n"

    code, shown = e.tty("--analyze", "--pid", str(session.pid), user="boss",
                        answers=[("as boss\\? \\[y/N\\]", "y\n"), ("\\$1 integer", change), ("Run this SELECT", "y\n")])
    assert not os.path.exists(marker), "what nobody agreed to was planned: " + shown
    assert code == 0 and "harmful" not in shown and "Run this SELECT" in shown and "removed by filter 90" in shown, shown
    # asked for anew it is another text
    code, out, err = e.run("--pid", str(session.pid), user="boss")
    assert code == 1 and "harmful" in err and "no terminal" in err and not os.path.exists(marker), err
    session.close()


def test_a4_strangers_schemas(bench, made):
    """A name that is not in the search_path is not looked for in a stranger's schema, whose view calls functions while it is planned."""
    e = server(bench, made)
    e.pg.sql("CREATE ROLE mallory LOGIN; CREATE SCHEMA trap AUTHORIZATION mallory; GRANT USAGE ON SCHEMA trap TO PUBLIC")
    e.pg.sql("CREATE FUNCTION trap.told() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'sprung'; END $$;"
             "GRANT EXECUTE ON FUNCTION trap.told TO PUBLIC; CREATE VIEW trap.orders AS SELECT 1 AS a WHERE trap.told() > 0; GRANT SELECT ON trap.orders TO PUBLIC", user="mallory")
    for user in ("author", "boss"):
        code, out, err = e.run("-", text="SELECT a FROM orders", user=user)
        assert code == 1 and "sprung" not in err and "does not exist" in err, (user, err)


def test_a5_locks(bench, made):
    e = server(bench, made)
    holder = e.pg.session("BEGIN; LOCK TABLE victims IN ACCESS EXCLUSIVE MODE;")
    begun = time.monotonic()
    code, out, err = e.run("-", text="SELECT * FROM victims WHERE id = $1")
    assert code == 1 and "lock" in err and time.monotonic() - begun < 8 * SLOW, err
    assert e.pg.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0"
    holder.stdin.close()
    holder.wait(10)
    e.run("-", text="SELECT * FROM victims WHERE id = $1", code=0)


def test_a5_cut_texts(bench, made):
    e = server(bench, made)
    long = "SELECT count(*) FROM victims WHERE name <> '" + "x" * 3000 + "'"
    s = e.pg.session(long + ";", user="author")
    pid = e.pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'author'")
    code, out, err = e.run("--trust-author", "--pid", pid, user="watcher", code=0) # whole in pg_stat_statements
    assert "taken from pg_stat_statements" in err, err
    s.stdin.close()
    s.wait(10)
    s = e.pg.session(long + ";", user="boss")
    e.pg.sql("SELECT pg_stat_statements_reset()")
    pid = e.pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'boss'")
    code, out, err = e.run("--pid", pid)
    assert code == 1 and "incomplete" in err and "track_activity_query_size" in err, err
    s.stdin.close()
    s.wait(10)


def test_a6_runs(bench, made):
    e = server(bench, made)
    before = state(e)
    log = os.path.join(e.home, "dytop", "audit.jsonl")
    size = os.path.getsize(log) if os.path.exists(log) else 0
    for text in ("INSERT INTO victims (name) VALUES ('x')", "UPDATE victims SET name = 'x'", "DELETE FROM victims",
                 "WITH gone AS (DELETE FROM victims RETURNING *) SELECT count(*) FROM gone"):
        for words, what in (([], "--yes answers"), (["--yes"], "--writes answers")):
            code, out, err = e.run("-", "--analyze", *words, text=text)
            assert code == 1 and "no terminal" in err and what in err and "Execution Time" not in out, (text, err)
            assert state(e) == before, text
        assert (os.path.getsize(log) if os.path.exists(log) else 0) == size, "an intent was written though nothing was agreed to"
    for text in ("INSERT INTO victims (name) VALUES ('x')", "UPDATE victims SET name = 'x'", "DELETE FROM victims", "SELECT * FROM victims FOR UPDATE"):
        code, out, err = e.run("-", "--analyze", "--yes", "--writes", "--format", "json", text=text, code=0)
        plans = json.loads(out)["plans"]
        assert [p["kind"] for p in plans] == ["custom", "analyzed"] and plans[1]["explain"][0]["Execution Time"] > 0, plans
        assert "rolled back" in err and "sequences" in err, err
        assert state(e) == before, text
    # a function that writes: READ ONLY stops it, the second question is asked
    e.pg.sql("CREATE FUNCTION note() RETURNS int LANGUAGE sql AS 'INSERT INTO hits VALUES (''note''); SELECT 1'")
    before = state(e)
    code, out, err = e.run("-", "--analyze", "--yes", text="SELECT note()")
    assert code == 1 and "writes in a function" in err, err
    code, out, err = e.run("-", "--analyze", "--yes", "--writes", text="SELECT note()", code=0)
    assert state(e) == before
    # on a terminal: the word is typed, another one is no
    path = os.path.join(bench.dir, "delete.sql")
    with open(path, "w") as f:
        f.write("DELETE FROM victims WHERE id < 50")
    for word, code in (("yes", 1), ("delete", 1), ("DELETE", 0)):
        got, shown = e.tty("--analyze", path, answers=[("\\[y/N\\]", "y\n"), ("Type DELETE", word + "\n")])
        assert got == code and ("READ WRITE" in shown) and state(e) == before, (word, got, shown[-1500:])
    lines = [json.loads(line) for line in open(log)]
    assert len(lines) >= 2 and "id < ?" in lines[-2]["sql"] and lines[-1]["outcome"] == "ok", lines[-2:]
    # the log cannot be written: nothing runs
    code, out, err = e.run("-", "--analyze", "--yes", "--audit", bench.dir, text="SELECT count(*) FROM victims")
    assert code == 1 and "audit" in err and "Execution" not in out, (out, err)


def logged(bench, begin):
    """What the server was sent from there on in its log, statement by statement, in order."""
    with open(os.path.join(bench.dir, "postgres.log"), errors="replace") as f:
        f.seek(begin)
        entries = re.split(r"(?m)^(?=\S.*? (?:LOG|ERROR|DETAIL|STATEMENT|WARNING|HINT|CONTEXT):  )", f.read())
    found = [re.search(r"(?s) LOG:  execute [^:]*: (.*)", entry) for entry in entries]
    return [m.group(1).strip().replace("\n\t", "\n") for m in found if m]


def test_a6_exact(bench, made):
    """What was shown and audited is what the server got, name by name; what cannot be shown whole is not asked for."""
    e = server(bench, made)
    log = os.path.join(bench.dir, "postgres.log")
    begin = os.path.getsize(log)
    code, out, err = e.run("-", "--analyze", "--yes", "--audit-literals", text="SELECT count(*) FROM victims\n WHERE name <> 'x;y'", code=0)
    sent = logged(bench, begin)
    sent = sent[max(i for i, text in enumerate(sent) if text == "BEGIN READ ONLY"):]
    assert len(sent) == 7 and sent[3].startswith("PREPARE dytop_"), sent
    for text in sent:
        assert text + ";" in err, (text, err)
    lines = [json.loads(line) for line in open(os.path.join(e.home, "dytop", "audit.jsonl"))]
    intent = [line for line in lines if line["event"] == "intent"][-1]
    assert all(text + ";" in intent["sql"] for text in sent), (intent["sql"], sent)
    # a text of 129 kB is shown to its end; one that cannot be is planned, and not run
    long = "SELECT count(*) FROM victims WHERE name <> '%s' AND 'the end' <> ''"
    code, out, err = e.run("-", "--analyze", "--yes", text=long % ("x" * (129 << 10)), code=0)
    assert "'the end' <> '';" in err and "executed and rolled back" in out, (err[-500:], out[-500:])
    begin = os.path.getsize(log)
    code, out, err = e.run("-", "--analyze", "--yes", text=long % ("x" * (300 << 10)))
    assert code == 1 and "it is not run" in err and "256 kB" in err and "executed" not in out.replace("not executed", ""), (err[-500:], out[-500:])
    assert not [text for text in logged(bench, begin) if "ANALYZE true" in text]
    # nor is it planned with more rights than its author's, when that would have to be agreed to
    e.pg.sql("SELECT count(*) AS longest FROM victims WHERE id > 7" + " AND victims.name = victims.name" * 10000, user="author")
    code, out, err = e.run("--", e.queryid("%AS longest%"), user="boss")
    assert code == 1 and "it is not planned" in err and "256 kB" in err and "as boss?" not in err, err[-300:]


def test_a6_limits(bench, made):
    e = server(bench, made)
    sleeps = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%:explain' AND state = 'active' AND wait_event = 'PgSleep'"
    code, out, err = e.run("-", "--analyze", "--yes", "--timeout", "300ms", text="SELECT pg_sleep(30)")
    assert code == 1 and "longer than 0.3 s" in err, err
    p = subprocess.Popen(e.argv("-", "--analyze", "--yes"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=e.env,
                         start_new_session=True)
    p.stdin.write("SELECT pg_sleep(60)")
    p.stdin.close()
    wait_until("it to run", 15, lambda: e.pg.sql(sleeps) == "1")
    p.send_signal(signal.SIGINT)
    assert p.wait(20 * SLOW) == 1
    assert "cancelled" in p.stderr.read()
    wait_until("nothing to run", 15, lambda: e.pg.sql(sleeps) == "0")


def test_a12_lost(bench, made):
    e = server(bench, made)
    p = subprocess.Popen(e.argv("-", "--analyze", "--yes"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=e.env,
                         start_new_session=True)
    p.stdin.write("SELECT pg_sleep(60)")
    p.stdin.close()
    wait_until("it to run", 15, lambda: e.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%:explain' AND state = 'active' AND wait_event = 'PgSleep'") == "1")
    e.pg.kill()
    assert p.wait(20 * SLOW) == 3
    err = p.stderr.read()
    assert "lost" in err, err
    e.pg.start()
    lines = [json.loads(line) for line in open(os.path.join(e.home, "dytop", "audit.jsonl"))]
    assert lines[-1]["outcome"] == "unknown", lines[-1]
    code, out, err = e.run("-", text="SELECT 1", code=0)
    e.pg.stop()
    code, out, err = e.run("-", text="SELECT 1")
    assert code == 2, (code, err)
    e.pg.start()


def test_a15_read_only(bench, made):
    e = server(bench, made)
    log = os.path.join(bench.dir, "postgres.log")
    begin = os.path.getsize(log)
    code, out, err = e.run("--read-only", "--analyze", "--yes", "--writes", "-", text="DELETE FROM victims")
    assert code == 1 and "--read-only" in err and out == "", err
    assert os.path.getsize(log) == begin, "something was sent"
    e.run("--read-only", "-", text="DELETE FROM victims", code=0)
    with open(log, errors="replace") as f:
        f.seek(begin)
        sent = f.read()
    assert "BEGIN READ ONLY" in sent and "READ WRITE" not in sent and "ANALYZE true" not in sent, sent[-2000:]


run(globals())
