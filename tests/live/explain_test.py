#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop explain: entries, sessions and texts; databases and schemas; values; what-if; each reason why not; hostile names; exit codes."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from explain import Explain, run # noqa: E402

SCHEMA = """
CREATE ROLE author LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_monitor, pg_read_all_data; CREATE ROLE blind LOGIN; CREATE ROLE outsider LOGIN IN ROLE pg_monitor;
CREATE TABLE tx (id serial PRIMARY KEY, status text NOT NULL, chain text, amount int, at timestamptz NOT NULL, tags text[]);
INSERT INTO tx (status, chain, amount, at, tags) SELECT CASE WHEN g % 100 = 0 THEN 'pending' ELSE 'completed' END, 'c' || g % 7, g % 1000, now() - g * interval '1 min',
    ARRAY['t' || g % 5] FROM generate_series(1, 20000) g;
CREATE INDEX pending ON tx (at) WHERE status = 'pending';
GRANT SELECT, UPDATE ON tx TO author; ANALYZE;
"""


def server(bench, made):
    if "e" not in made:
        made["e"] = Explain(bench)
        made["e"].pg.sql(SCHEMA)
    return made["e"]


def plans(out):
    return {p["kind"]: p for p in json.loads(out)["plans"]}


def nodes(plan):
    found = [plan["Plan"]] if "Plan" in plan else [plan]
    for node in found:
        found.extend(node.get("Plans", []))
    return found


def kinds(plan):
    return [n["Node Type"] + " " + n.get("Index Name", n.get("Relation Name", "")) for n in nodes(plan["explain"][0])]


def test_generic_and_values(bench, made):
    """A partial index shows only with values; they are the most common, given, or seen in a running text."""
    e = server(bench, made)
    text = "SELECT * FROM tx WHERE status = $1 AND at > now() - interval $2 ORDER BY at DESC LIMIT $3"
    code, out, err = e.run("-", "--format", "json", "--param", "pending", "--param", "10 days", "--param", "5", text=text, code=0)
    p = plans(out)
    assert "Index Scan pending" not in " ".join(kinds(p["generic"])) and "pending" in " ".join(kinds(p["custom"])), out
    assert p["generic"]["about"].startswith("generic plan, PostgreSQL ") and "not executed" in p["generic"]["about"]
    assert [q["type"] for q in json.loads(out)["params"]] == ["text", "interval", "bigint"]
    code, out, err = e.run("-", "--format", "json", text="SELECT * FROM tx WHERE status = $1 AND amount > $2 AND chain IN ($3, $4)", code=0)
    values = [(q["value"], q["from"]) for q in json.loads(out)["params"]]
    assert values[0] == ("completed", "the most common value") and values[1][0] and int(values[1][0]) > 100 and values[2][0].startswith("c"), values
    code, out, err = e.run("-", "--format", "json", text="SELECT * FROM tx WHERE tags && $1 AND amount = ANY ($2)", code=0)
    assert [q["type"] for q in json.loads(out)["params"]] == ["text[]", "integer[]"] and "custom" in plans(out), out
    code, out, err = e.run("-", "--format", "json", text="SELECT * FROM tx WHERE length(status) > $1", code=0)
    assert list(plans(out)) == ["generic"] and "no value is known for $1 (integer)" in err, err
    code, out, err = e.run("-", "--param", "x", text="SELECT * FROM tx WHERE status = $1 AND id = $2")
    assert code == 1 and "2 parameters, but 1 values" in err, err
    code, out, err = e.run("-", "--param", "\\N", "--format", "json", text="SELECT * FROM tx WHERE status = $1", code=0)
    assert kinds(plans(out)["custom"]) == ["Result "], out
    if e.pg.sql("SHOW server_version_num") >= "140000":
        e.pg.sql("SELECT count(*) FROM tx WHERE status = 'pending' AND at > '2020-01-01'", user="author")
        s = e.pg.session("SELECT count(*) FROM tx WHERE status = 'pending' AND at > '2021-02-03';", user="author")
        code, out, err = e.run("--format", "json", "--", e.queryid("SELECT count(*) FROM tx WHERE status = $1 AND at > $2"), user="watcher", code=0)
        values = [(q["value"], q["from"]) for q in json.loads(out)["params"]]
        assert values == [("pending", "a running statement"), ("2021-02-03", "a running statement")], values
        assert "pending" in " ".join(kinds(plans(out)["custom"])), out
        s.stdin.close()
        s.wait(10)


def test_where_it_belongs(bench, made):
    """An entry is planned in its own database, with its author's search_path; a session's text too; a table in a strange schema is found."""
    e = server(bench, made)
    e.pg.sql("CREATE DATABASE other")
    e.pg.sql("CREATE SCHEMA mine; CREATE TABLE mine.thing (a int, b text); GRANT USAGE ON SCHEMA mine TO PUBLIC; GRANT SELECT ON mine.thing TO author, watcher;"
             "ALTER ROLE author IN DATABASE other SET search_path = mine", dbname="other")
    e.pg.sql("SELECT b FROM thing WHERE a = 7", user="author", dbname="other")
    id = e.queryid("SELECT b FROM thing WHERE a = $1", "other")
    code, out, err = e.run("--format", "json", "--", id, user="watcher", code=0)
    data = json.loads(out)
    assert data["author"] == "author" and data["statement"] == "SELECT b FROM thing WHERE a = $1" and "Seq Scan thing" in kinds(plans(out)["generic"])
    code, out, err = e.run("-", text="SELECT b FROM thing WHERE a = $1", user="watcher", dbname="other", code=0)
    assert "beyond the author's search_path" in err and "mine" in err, err
    s = e.pg.session("SELECT b FROM thing WHERE a = 5;", user="author", dbname="other")
    pid = e.pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'author'")
    code, out, err = e.run("--pid", pid, "--format", "text", user="watcher", code=0)
    assert "Seq Scan on thing" in out and "(a = 5)" in out, out
    s.stdin.close()
    s.wait(10)
    code, out, err = e.run("--pid", pid, user="watcher")
    assert code == 1 and "has ended" in err, err


def test_formats(bench, made):
    e = server(bench, made)
    code, out, err = e.run("-", "--format", "text", text="SELECT * FROM tx WHERE id = 5", code=0)
    assert "Index Scan using tx_pkey on tx" in out and "(id = 5)" in out, out
    code, out, err = e.run("-", text="SELECT * FROM tx WHERE id = 5", code=0)
    assert "SELF%" in out and "NODE" in out and "Index Scan using tx_pkey on tx" in out, out
    code, out, err = e.run("-", "--analyze", "--yes", text="SELECT count(*) FROM tx", code=0)
    assert "executed and rolled back" in out and "executed in" in out, out
    path = os.path.join(bench.dir, "q.sql")
    with open(path, "w") as f:
        f.write("-- a comment\nSELECT count(*) FROM tx;\n")
    e.run(path, code=0)
    with open("/dev/full", "w") as full:
        import subprocess
        done = subprocess.run(e.argv("-"), input="SELECT 1", text=True, stdout=full, stderr=subprocess.PIPE, env=e.env)
        assert done.returncode == 4, done


def test_typed_values(bench, made):
    """--analyze of a text with parameters asks for what is not known, with types."""
    e = server(bench, made)
    path = os.path.join(bench.dir, "p.sql")
    with open(path, "w") as f:
        f.write("SELECT count(*) FROM tx WHERE length(status) > $1 AND status = $2")
    code, shown = e.tty("--analyze", path, answers=[("\\$1 integer .*: ", "3\n"), ("\\$2 text \\[completed: the most common value\\]", "\n"),
                                                     ("\\[y/N\\]", "y\n")])
    assert code == 0 and "EXECUTE" in shown and "('3', 'completed')" in shown and "executed in" in shown, shown
    code, out, err = e.run("--analyze", "--yes", path)
    assert code == 1 and "values are needed" in err, err
    code, out, err = e.run("--analyze", "--yes", "--param", "3", "--param", "pending", path, code=0)
    assert "executed and rolled back" in out


def test_what_if(bench, made):
    e = server(bench, made)
    text = "SELECT * FROM tx WHERE chain = $1 AND amount = $2"
    code, out, err = e.run("-", "--index", "CREATE INDEX ON tx (chain, amount)", text=text)
    assert code == 1 and "CREATE EXTENSION hypopg" in err, err
    try:
        e.pg.sql("CREATE SCHEMA hypo; CREATE EXTENSION hypopg SCHEMA hypo")
    except AssertionError:
        print("     (HypoPG is not installed: only its absence was tried)")
        return
    before = e.pg.sql("SELECT count(*) FROM pg_class")
    for user in ("postgres", "watcher"):
        code, out, err = e.run("-", "--index", "CREATE INDEX ON tx (chain, amount)", "--format", "json", text=text, user=user, code=0)
        p = plans(out)
        assert set(p) == {"generic", "custom", "what-if", "what-if-custom"}, p.keys()
        assert p["what-if"]["cost"] < p["generic"]["cost"] / 3 and p["what-if-custom"]["cost"] < p["custom"]["cost"] / 3, err
        assert json.loads(out)["index_bytes"] > 100000 and "what if: cost" in err, err
    code, out, err = e.run("-", "--index", "CREATE INDEX ON tx (note)", text=text)
    assert code == 1 and "HypoPG refused the index" in err, err
    for index in ("DROP TABLE tx", "CREATE INDEX ON tx (chain); DROP TABLE tx", "SELECT 1", "x'", "CREATE INDEX ON nothing (a)", "CREATE TABLE z (a int)"):
        code, out, err = e.run("-", "--index", index, text=text)
        assert e.pg.sql("SELECT count(*) FROM pg_class") == before, index
        assert code == 1 or "what if" in err, (index, code, err)
    pool = bench.pgbouncer(e.pg, default_pool_size=1)
    for i in range(2): # one server connection for all: nothing hypothetical and no prepared statement stays on it
        import subprocess
        from explain import DYTOP
        done = subprocess.run(DYTOP + ["explain", "-d", pool.conninfo(), "-", "--index", "CREATE INDEX ON tx (chain, amount)", "--format", "json"],
                              input=text, text=True, capture_output=True, env=e.env)
        assert done.returncode == 0 and plans(done.stdout)["what-if"]["cost"] < plans(done.stdout)["generic"]["cost"], done.stderr
        done = subprocess.run(DYTOP + ["explain", "-d", pool.conninfo(), "-"], input="SELECT * FROM tx WHERE nothing = $1", text=True, capture_output=True, env=e.env)
        assert done.returncode == 1, done
        left = subprocess.run([e.pg.psql()[0], "-XAtq", "-d", pool.conninfo(), "-c",
                               "SELECT (SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'dytop%') + (SELECT count(*) FROM hypo.hypopg_list_indexes)"],
                              text=True, capture_output=True)
        assert left.stdout.strip() == "0", left


def test_held_queries(bench, made):
    """The query inside of a utility statement is planned, and nothing is made."""
    e = server(bench, made)
    for text, word in (("CREATE TABLE made AS SELECT * FROM tx WHERE id = 5 WITH DATA", "CREATE TABLE"),
                       ("CREATE MATERIALIZED VIEW made AS SELECT * FROM tx WHERE id = 5", "CREATE MATERIALIZED"),
                       ("DECLARE c CURSOR FOR SELECT * FROM tx WHERE id = 5", "DECLARE"),
                       ("COPY (SELECT * FROM tx WHERE id = 5) TO STDOUT", "COPY"),
                       ("PREPARE p (int) AS SELECT * FROM tx WHERE id = $1", "PREPARE"),
                       ("EXPLAIN ANALYZE CREATE TABLE made AS SELECT * FROM tx WHERE id = 5", "CREATE TABLE")):
        code, out, err = e.run("-", text=text, code=0)
        assert "Index Scan using tx_pkey on tx" in out, (text, out)
        assert "the plan of the query that " + word in out + err, (text, out, err)
    code, out, err = e.run("-", "--analyze", "--yes", text="CREATE TABLE made AS SELECT * FROM tx WHERE id = 5", code=0)
    assert "executed and rolled back" in out, out
    assert e.pg.sql("SELECT to_regclass('made') IS NULL") == "t"
    for text, way in (("EXECUTE p (5)", "pg_prepared_statements"), ("REFRESH MATERIALIZED VIEW v", "pg_get_viewdef"), ("DO 'BEGIN END'", "track = all"),
                      ("CREATE TABLE made AS EXECUTE p (5)", "pg_prepared_statements")):
        code, out, err = e.run("-", text=text)
        assert code == 1 and "utility statement" in err and way in err, (text, err)


def test_why_not(bench, made):
    """Each reason in one line, with what would help."""
    e = server(bench, made)
    e.pg.sql("SELECT max(amount) FROM tx WHERE id = 99")

    def why(words, *expect, text=None, user="postgres", code=1):
        got, out, err = e.run(*words, text=text, user=user)
        assert got == code and out == "" and all(w in err for w in expect), (words, text, got, out, err)
        assert len([line for line in err.splitlines() if line.startswith("dytop: ")]) == 1, err
    why(["-"], "utility statement", "VACUUM", text="VACUUM tx")
    why(["-"], "CREATE INDEX is a utility statement", text="CREATE INDEX ON tx (id)")
    why(["-"], "temporary table", "does not exist", text="SELECT * FROM gone WHERE a = $1")
    why(["-"], "permission denied", "GRANT", "--explain-as", text="UPDATE tx SET status = $1", user="watcher")
    why(["-"], "permission denied", "GRANT", text="SELECT * FROM tx", user="outsider")
    why(["12345"], "no statement 12345", "evicted or reset")
    why(["--", "-12345"], "no statement -12345")
    why(["--", e.queryid("SELECT max(amount) FROM tx WHERE id = $1")], "hidden", "pg_read_all_stats", user="blind")
    why(["--pid", "1"], "has ended")
    why([], "which statement?")
    why(["-", "more"], "one statement at a time", text="x")
    why(["-"], "empty", text="")
    why(["no-such-file"], "no-such-file")
    why(["--pid", "5", "-"], "--pid names the statement", text="x")
    why(["-", "--yes"], "--analyze", text="SELECT 1")
    why(["-", "--format", "xml"], "xml", text="SELECT 1")
    why(["-", "-d", "nothing"], "one PostgreSQL server at a time", text="SELECT 1")
    why(["-"], "syntax error", text="SELEC 1")
    why(["-"], "more than one statement", text="SELECT 1; SELECT 2")
    e.pg.sql("DROP EXTENSION pg_stat_statements")
    why(["77"], "CREATE EXTENSION pg_stat_statements")
    e.pg.sql("CREATE EXTENSION pg_stat_statements")
    got, out, err = e.run("-", text="SELECT 1", dbname="nowhere")
    assert got == 2 and "nowhere" in err, (got, err)


def test_hostile_names(bench, made):
    e = server(bench, made)
    names = ['"; DROP TABLE x; --', "new\nline", "tab\tand $1 :name :statement", "quote'\"both", "ü" * 31, "\u202edesrever", "esc\x1b]0;title\x07", "$$", "select", "UPPER",
             "a:values", "\\back\\"]
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        e.pg.sql("CREATE TABLE %s (%s text, n int); INSERT INTO %s SELECT 'x' || g %% 3, g FROM generate_series(1, 100) g; ANALYZE %s; GRANT SELECT ON %s TO author"
                 % (quoted, quoted, quoted, quoted, quoted))
        e.pg.sql("SELECT n FROM %s WHERE %s = 'x' AND n > 5" % (quoted, quoted), user="author")
        id = e.pg.sql("SELECT queryid FROM pg_stat_statements WHERE query LIKE '%%%s%%' AND query LIKE 'SELECT n FROM%%'"
                      % quoted.replace("\\", "\\\\").replace("'", "''").replace("%", "\\%"))
        for form in ("tree", "text", "json"):
            code, out, err = e.run("--format", form, "--", id, user="watcher", code=0)
            for c in "\x1b\x07\u202e":
                assert c not in out + err, (name, form, out)
            if form == "json":
                data = json.loads(out)
                assert data["statement"].count(quoted) == 2 and plans(out)["generic"]["explain"][0]["Plan"]["Relation Name"] == name, out
                assert data["params"][0]["value"].startswith("x") and "custom" in plans(out), (name, out)
    assert e.pg.sql("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid >= 16384") == str(len(names) + 1)


def test_roles_and_databases_with_hostile_names(bench, made):
    e = server(bench, made)
    e.pg.sql('CREATE ROLE "we""ird \'role; --" LOGIN; GRANT SELECT ON tx TO "we""ird \'role; --"; CREATE DATABASE "da""ta \'b; --"')
    e.pg.sql('CREATE TABLE t (a int); GRANT SELECT ON t TO PUBLIC', dbname='\'da"ta \\\'b; --\'')
    e.pg.sql("SELECT a FROM t WHERE a = 1", user="\'we\"ird \\\'role; --\'", dbname="\'da\"ta \\\'b; --\'")
    id = e.pg.sql("SELECT queryid FROM pg_stat_statements WHERE query = 'SELECT a FROM t WHERE a = $1'")
    code, out, err = e.run("--format", "json", "--", id, user="watcher", code=0)
    assert json.loads(out)["author"] == 'we"ird \'role; --', out
    code, out, err = e.run("--format", "json", "--explain-role", 'we"ird \'role; --', "-", text="SELECT id FROM tx", code=0)
    code, out, err = e.run("--explain-role", "nobody here", "-", text="SELECT id FROM tx")
    assert code == 1 and "nobody here" in err, err


run(globals())
