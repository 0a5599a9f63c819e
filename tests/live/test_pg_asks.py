#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What is asked: types, sizes, errors that cost one panel, extensions, privileges, parameters, lookups; and the promises about the
session: settings, no open transaction, one connection, no prepared statement twice, no waiting on a resolver."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import Asker, simple
from postgres import SLOW, Bench
from servers import sanitized

STATEMENTS = simple('SELECT count(*) AS n FROM :"pg_stat_statements_schema".pg_stat_statements(false)', {"n": "gauge"},
                    needs="[pg_stat_statements]")


def types(bench, pg):
    fields = {"i2": "gauge", "i4": "gauge", "i8": "counter", "f4": "gauge", "f8": "gauge", "nu": "gauge", "nb": "gauge",
              "nn": "gauge", "b": "bool", "o": "id", "x": "gauge", "t": "text", "na": "text", "ch": "text", "ts": "time",
              "inf": "time", "iv": "gauge", "lsn": "counter", "ip": "text", "ip6": "text", "net": "text", "nul": "gauge",
              "nan": "gauge", "d": "time"}
    sql = ("SELECT (-7)::int2 AS i2, (-70000)::int4 AS i4, 9223372036854775807::int8 AS i8, 1.5::float4 AS f4, 0.1::float8 AS f8,"
           " 12345.678::numeric AS nu, (-1e20)::numeric AS nb, 0.0001::numeric AS nn, true AS b, 4294967295::oid AS o,"
           " '42'::xid8 AS x, E'a\\x1bb\\u202ec'::text AS t, 'n'::name AS na, 'c'::\"char\" AS ch, '2026-11-22 00:00:00.5+00'::timestamptz AS ts,"
           " 'infinity'::timestamptz AS inf, '1 mon 2 days 03:00:00.25'::interval AS iv, '1/FF'::pg_lsn AS lsn,"
           " '10.1.2.3'::inet AS ip, 'fe80::1/64'::inet AS ip6, '10.0.0.0/8'::cidr AS net, NULL::int4 AS nul,"
           " 'NaN'::float8 AS nan, '2000-01-02'::date AS d")
    bad = {"array": simple("SELECT ARRAY[1] AS a", {"a": "gauge"}), "clash": simple("SELECT 'x' AS a", {"a": "gauge"}),
           "lacks": simple("SELECT 1 AS a FROM (SELECT 1 AS b) AS x", {"a": "gauge", "b": "gauge"})}
    a = Asker(bench, "pg", dict(bad, types=simple(sql, fields)), "-t", pg.conninfo())
    row = a.answer("types", code="ok")["sample"][0]
    expect = {"i2": -7, "i4": -70000, "i8": "9223372036854775807", "f4": 1.5, "f8": 0.1, "nu": 12345.678, "nb": -1e20,
              "nn": 0.0001, "b": True, "o": 4294967295, "x": 42, "t": "a\x1bb\u202ec", "na": "n", "ch": "c",
              "ts": 1795305600500000, "inf": None, "iv": (32 * 86400 + 3 * 3600) * 1000 + 250, "lsn": 4294967551,
              "ip": "10.1.2.3", "ip6": "fe80::1/64", "net": "10.0.0.0/8", "nul": None, "nan": None, "d": 946771200000000}
    for name, value in expect.items():
        got = row[name]
        same = abs(got - value) < 1e-9 * abs(value) if isinstance(value, float) else \
            str(got) == str(value) if name == "i8" else got == value or (name == "b" and got in (1, True))
        assert same, (name, got, value)
    a.quit()
    a = Asker(bench, "pg", bad, "-t", pg.conninfo())
    for name, words in (("array", ["a has type integer[]", "cast it"]), ("clash", ["type text", "calls it a gauge"]),
                        ("lacks", ["gave no column b"])):
        why = a.answer(name, code="query")["why"]
        assert all(w in why for w in words), why
    a.quit()
    print("ok: types")


def many_rows(bench, pg, tcp):
    wide = ", ".join("g * %d AS c%d" % (i, i) for i in range(30))
    fields = dict({"c%d" % i: "counter" for i in range(30)}, q="text")
    a = Asker(bench, "pg", {"many": simple("SELECT %s, repeat('x', 100) AS q FROM generate_series(1, 20000) g" % wide, fields),
                            "cut": simple("SELECT g FROM generate_series(1, 100) g", {"g": "gauge"}, limit=50)},
              "-t", pg.conninfo(tcp=tcp), "-s", "10000")
    got = a.answer("many", 20, "ok")
    assert got["rows"] == 20000 and got["sample"][19]["c29"] == 20 * 29 and got["sample"][0]["q"] == "x" * 100
    cut = a.answer("cut", code="ok")
    assert cut["rows"] == 50 and cut["cut"]
    end = a.quit(3)
    assert end["stall_ms"] < 25 * SLOW, end # 16 by itself; other work shares the machine
    print("ok: 20,000 rows of 31 columns, longest turn %.1f ms" % end["stall_ms"])


def too_large(bench, pg):
    a = Asker(bench, "pg", {"huge": simple("SELECT repeat('x', 1000) AS q FROM generate_series(1, 300000)", {"q": "text"})}, "-t", pg.conninfo(), "-s", "10000")
    a.state("refused", 20, reason="an answer of more than 48 MB")
    logins = max(e["logins"] for e in a.seconds(2) + a.past if e["event"] == "status")
    assert logins == 1, logins
    a.quit(3)
    print("ok: an answer that is too large is refused, and not asked for again at once")


def errors(bench, pg):
    """An error costs one panel, a failing panel is not asked each second, an older body is found and kept."""
    panels = {
        "good": simple("SELECT 1 AS a", {"a": "gauge"}),
        "broken": simple("SELECT 1/0 AS a", {"a": "gauge"}),
        "steps": simple("-- since 130000\nSELECT no_such_column AS a\n-- since 120000\nSELECT no_such_function() AS a\n"
                        "-- since 110000\nSELECT 5 AS a", {"a": "gauge"}),
        "nowhere": simple("SELECT a FROM no.such_table", {"a": "gauge"}),
        "slow": simple("SELECT 1 AS a FROM pg_sleep(5)", {"a": "gauge"}),
        "patient": simple("SELECT 7 AS a FROM pg_sleep(0.8)", {"a": "gauge"}, timeout="3s"),
        "writes": simple("SELECT 1 AS a FROM pg_logical_emit_message(true, 'a', 'b')", {"a": "gauge"}),
        "two": simple("SELECT 1 AS a; SELECT 2 AS a", {"a": "gauge"}),
        "norows": simple("SET LOCAL a.b = 'x'", {"a": "gauge"}),
    }
    a = Asker(bench, "pg", panels, "-t", pg.conninfo(), "-s", "400")
    words = {"good": ("ok", ""), "broken": ("query", "division by zero"), "nowhere": ("unsupported", "lacks it"),
             "slow": ("timeout", "server busy"), "two": ("query", "multiple commands"), "norows": ("query", "no rows")}
    rounds = [{}, {}]
    for got in rounds:
        for name in panels:
            e = a.wait("answer", 8, lambda e: e["event"] == "answer")
            got[e["panel"]] = e
    for got in rounds:
        for name, (code, word) in words.items():
            assert got[name]["code"] == code and word in got[name]["why"], got[name]
        assert got["steps"]["sample"][0]["a"] == 5 and got["patient"]["sample"][0]["a"] == 7, got
    time.sleep(1)
    a.quit(3)
    log = open(os.path.join(bench.dir, "postgres.log")).read()
    for text, most in (("division by zero", 1), ("no_such_column", 2), ("no_such_function", 2)):
        assert log.count(text) <= most, (text, log.count(text)) # in the error, and in its statement
    print("ok: an error costs one panel, and is not repeated each second")


def extension(bench, pg):
    a = Asker(bench, "pg", {"stats": STATEMENTS}, "-t", pg.conninfo(dbname="other"))
    e = a.answer("stats", code="unsupported")
    assert "not installed in database other" in e["why"] and "CREATE EXTENSION pg_stat_statements" in e["why"], e
    pg.sql('CREATE SCHEMA "odd ""schema"; CREATE EXTENSION pg_stat_statements SCHEMA "odd ""schema"', dbname="other")
    good = a.answer("stats", 15, "ok")
    assert good["sample"][0]["n"] >= 1
    a.quit()
    print("ok: extension missing, then there, in an odd schema")


def not_loaded(bench):
    pg = bench.postgres("plain")
    pg.sql("CREATE EXTENSION pg_stat_statements")
    a = Asker(bench, "pg", {"stats": STATEMENTS}, "-t", pg.conninfo())
    e = a.answer("stats", code="unsupported")
    assert "shared_preload_libraries" in e["why"], e
    a.quit()
    pg.stop()
    print("ok: extension not loaded: " + e["why"])


def privileges(bench, pg):
    pg.sql('CREATE ROLE "weak ""one" LOGIN')
    keeper = pg.session("SELECT 1 \\g /dev/null")
    panels = {"activity": simple("SELECT pid, application_name AS app, nullif(backend_type IS NULL, false) AS is_hidden"
                                 " FROM pg_stat_get_activity(NULL)", {"pid": "id", "app": "text", "is_hidden": "bool"},
                                 hidden="is_hidden"),
              "files": simple("SELECT count(*) AS n FROM pg_ls_waldir()", {"n": "gauge"})}
    a = Asker(bench, "pg", panels, "-H", pg.socket, "-p", str(pg.port), "-U", 'weak "one', "-d", "postgres")
    e = a.answer("files", code="privilege")
    assert 'GRANT pg_monitor TO "weak ""one"' in e["why"], e
    got = a.answer("activity", code="ok")
    assert got["hidden"] >= 1 and all(row["app"] is not None for row in got["sample"]), got
    assert [s for s in a.past if s["event"] == "status" and s["hidden"] >= 1]
    pg.sql('GRANT pg_monitor TO "weak ""one"')
    a.answer("files", 15, "ok")
    later = a.answer("activity", code="ok")
    assert later["hidden"] == 0, later
    keeper.stdin.close()
    a.quit()
    print("ok: hidden rows counted, privilege named and healed: " + e["why"])


def params_and_lookups(bench, pg):
    text = """/* dytop panel
title: T
about: test.
source: pg
params: [pools, nothing]
key: [id]
fields: {id: id, pools: text, no: bool}
lookups:
  names: {by: [id, other], fields: {name: text}}
columns:
  - {name: id, title: ID, unit: id, width: 5, priority: 1, about: x}
*/
-- since 10000
SELECT g AS id, g + 1 AS other, $1::text AS pools, $2::text IS NULL AS no FROM generate_series(1, 3) g
-- lookup names since 10000
SELECT k AS id, o AS other, 'name ' || k || '/' || o AS name FROM unnest($1::int8[], $2::int8[]) AS u(k, o)
""".replace("fields: {id: id, pools", "fields: {id: id, other: id, pools")
    a = Asker(bench, "pg", {"mine": text}, "-t", pg.conninfo(), "-v", "pools=it's; DROP \"x\"")
    got = a.answer("mine", code="ok")
    assert got["sample"][1]["pools"] == "it's; DROP \"x\"" and got["sample"][1]["no"] in (1, True), got
    a.send("pause")
    a.seconds(0.4)
    a.send("lookup mine names 7 8 -9223372036854775807 2")
    found = a.answer("mine", lookup="names", code="ok")["sample"]
    assert [row["name"] for row in found] == ["name 7/8", "name -9223372036854775807/2"], found
    a.quit()
    print("ok: parameters and lookups")


def session(bench, pg):
    names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "default_transaction_read_only",
             "search_path", "client_encoding", "application_name", "jit", "max_parallel_workers_per_gather"]
    sql = "SELECT " + ", ".join("current_setting('%s') AS %s" % (n, n) for n in names)
    a = Asker(bench, "pg", {"set": simple(sql, {n: "text" for n in names}), "other": simple("SELECT 1 AS a", {"a": "gauge"})},
              "-t", pg.conninfo(), "-i", "20")
    got = a.answer("set", code="ok")["sample"][0]
    assert got == {"statement_timeout": "2s", "lock_timeout": "250ms", "idle_in_transaction_session_timeout": "10s",
                   "default_transaction_read_only": "on", "search_path": "pg_catalog", "client_encoding": "UTF8",
                   "application_name": "dytop", "jit": "off", "max_parallel_workers_per_gather": "0"}, got
    looks = pg.sql("SELECT 1; " + "SELECT state, xact_start IS NULL, backend_xmin IS NULL FROM pg_stat_activity"
                   " WHERE application_name = 'dytop';" * 200)
    bad = [line for line in looks.splitlines()[1:] if not line.endswith("|t|t") and not line.startswith("active")]
    assert looks.count("idle|t|t") > 50 and not bad, bad
    assert pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dytop'") == "1"
    assert pg.sql("SELECT sum(temp_bytes) FROM pg_stat_database") == "0"
    end = a.quit()
    assert end["stall_ms"] < 16 * SLOW, end
    print("ok: the session's settings; never idle in a transaction; one connection")


def slow_resolver(bench, pg):
    """Names are never looked up in the loop's own thread: there every lookup would take 2 s."""
    import subprocess
    source = bench.file("slow.c", """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **r)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
	if (n && (!h || !(h->ai_flags & AI_NUMERICHOST))) { sleep(2); }
	return real(n, s, h, r);
}
""")
    library = os.path.join(bench.dir, "slow.so")
    built = subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], capture_output=True, text=True)
    if built.returncode != 0:
        print("skipped: slow resolver: no compiler")
        return
    a = Asker(bench, "pg", {"one": simple("SELECT 1 AS a", {"a": "gauge"})}, "-t",
              pg.conninfo(tcp=True).replace("127.0.0.1", "localhost"), env={"LD_PRELOAD": library} if not sanitized(os.environ.get("ASKER", "./tests/live/asker")) else {})
    a.answer("one", 8, "ok")
    end = a.quit()
    assert end["stall_ms"] < 100 * SLOW, end
    print("ok: no lookup in the loop: longest turn %.1f ms" % end["stall_ms"])


def main():
    with Bench() as bench:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements")
        pg.sql("CREATE DATABASE other")
        session(bench, pg)
        types(bench, pg)
        params_and_lookups(bench, pg)
        errors(bench, pg)
        many_rows(bench, pg, tcp=False)
        many_rows(bench, pg, tcp=True)
        too_large(bench, pg)
        extension(bench, pg)
        privileges(bench, pg)
        slow_resolver(bench, pg)
        not_loaded(bench)


main()
