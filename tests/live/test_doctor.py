#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop doctor: what is missing is said with its remedy, what is there is not; what was left behind is found. sql/roles.sql: with its
roles every panel has its data and the doctor calls the server clean."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Bench, find # noqa: E402
from servers import DYTOP, Redis, folder, wait_for # noqa: E402

ROLES_SQL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sql", "roles.sql")
GOOD = dict(shared_preload_libraries="pg_stat_statements", track_io_timing="on", track_activity_query_size="4096")
SCHEMA = """CREATE ROLE owner NOLOGIN; CREATE ROLE app LOGIN IN ROLE owner; CREATE EXTENSION pg_stat_statements;
CREATE TABLE things (a int PRIMARY KEY, b text); ALTER TABLE things OWNER TO owner;
INSERT INTO things SELECT i, 'x' FROM generate_series(1, 1000) i;
CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n FROM things; ALTER MATERIALIZED VIEW sums OWNER TO owner;"""


def run(*words, home=None, input=None):
    with tempfile.TemporaryDirectory() as own:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DYTOP_", "XDG_", "REDISCLI"))}
        return subprocess.run([DYTOP, *words], capture_output=True, text=True, timeout=90, input=input or "",
                              env={**clean, "HOME": home or own}, start_new_session=True)


def doctor(*words, **kw):
    r = run("doctor", "--format", "json", *words, **kw)
    return r, json.loads(r.stdout) if r.stdout else None


def found(report, level, what, server=0):
    findings = report["servers"][server]["findings"] if server >= 0 else report["machine"]["findings"]
    return [f for f in findings if f["level"] == level and what in f["what"]]


def roles(pg, *more):
    done = subprocess.run([find("psql"), "-Xq", *more, "-d", pg.conninfo(), "-f", ROLES_SQL], capture_output=True, text=True)
    assert done.returncode == 0 and "ERROR" not in done.stderr, done
    return done


def actors(pg):
    return ["-d", pg.conninfo("dytop_monitor"), "--operator", "user=dytop_operator", "--explain-as", "user=dytop_explain"]


def test_bare():
    """A server as it is made, and a role that may nothing: everything that lacks is named, with what helps."""
    with Bench() as bench:
        pg = bench.postgres()
        pg.sql("CREATE ROLE weak LOGIN; CREATE TABLE things (a int); CREATE ROLE other LOGIN")
        r, report = doctor("-d", pg.conninfo("weak"))
        assert r.returncode == 3, r
        lack = {f["remedy"] for f in report["servers"][0]["findings"] if f["level"] == "missing" and f["remedy"]}
        version = int(pg.sql("SHOW server_version_num"))
        for remedy in (*(["GRANT pg_checkpoint TO weak"] if version >= 150000 else []), "GRANT pg_monitor TO weak", "GRANT pg_signal_backend TO weak", "ALTER SYSTEM SET track_io_timing = on",
                       "shared_preload_libraries = ''pg_stat_statements''".replace("''", "'"),
                       "GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO weak", "GRANT postgres TO weak"):
            assert any(remedy in x for x in lack), (remedy, lack)
        assert any("pg_stat_statements" in f["what"] and f["area"] == "statements" for f in report["servers"][0]["findings"])
        text = run("doctor", "-d", pg.conninfo("weak"))
        assert text.returncode == 3 and "do: GRANT pg_monitor TO weak" in text.stdout and "costs:" in text.stdout, text
        # the remedies are true: each one run as it stands, those of the statements aside (a restart)
        for remedy in lack:
            if remedy.startswith("GRANT ") and "(" not in remedy.replace("()", "").replace("(oid)", ""):
                pg.sql(remedy)
        r, report = doctor("-d", pg.conninfo("weak"))
        left = {f["remedy"] for f in report["servers"][0]["findings"] if f["level"] == "missing" and f["remedy"]}
        assert not any(x.startswith("GRANT") for x in left), left


def test_memberships_without_rights():
    """NOINHERIT: a GRANT alone would not help, and is not said to; what is said does."""
    with Bench() as bench:
        pg = bench.postgres(**GOOD)
        pg.sql(SCHEMA)
        pg.sql("CREATE ROLE timid LOGIN NOINHERIT IN ROLE pg_monitor, pg_signal_backend, owner; CREATE ROLE lone LOGIN NOINHERIT")
        sixteen = int(pg.sql("SHOW server_version_num")) >= 160000
        for role, first in (("timid", "GRANT pg_monitor TO timid WITH INHERIT TRUE" if sixteen else "ALTER ROLE timid INHERIT"),
                            ("lone", "GRANT pg_monitor TO lone WITH INHERIT TRUE" if sixteen else "GRANT pg_monitor TO lone, then ALTER ROLE lone INHERIT")):
            r, report = doctor("-d", pg.conninfo(role))
            assert any(f["remedy"] == first for f in found(report, "missing", "hidden")), report
            assert bool(found(report, "missing", "it does not inherit its rights")) == (role == "timid"), report
        pg.session("SELECT 1;", "app")
        pid = pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'app'")
        r = run("terminate", "-d", pg.conninfo("timid"), "--yes", pid)
        assert r.returncode == 1 and "GRANT pg_monitor" in r.stderr or "without its rights" in r.stderr, r
        r = run("maintain", "-d", pg.conninfo("timid"), "--yes", "vacuum", "things")
        assert r.returncode == 1 and "a member without inheriting its rights" in r.stderr and "INHERIT" in r.stderr, r
        for role in ("timid", "lone"):
            r, report = doctor("-d", pg.conninfo(role))
            for f in report["servers"][0]["findings"]:
                if f["level"] == "missing" and f["remedy"] and re.match(r"GRANT pg_|GRANT owner|ALTER ROLE", f["remedy"]) and "(" not in f["remedy"]:
                    pg.sql(f["remedy"].replace(", then ", "; "))
            r, report = doctor("-d", pg.conninfo(role))
            assert not found(report, "missing", "hidden") and not found(report, "missing", "only its own sessions"), (role, report)
        r = run("maintain", "-d", pg.conninfo("timid"), "--yes", "vacuum", "things")
        assert r.returncode == 0, r
        r = run("terminate", "-d", pg.conninfo("timid"), "--yes", pid)
        assert r.returncode == 0 and pg.sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}") == "0", r


def test_releases_that_do_harm():
    """The very text of the doctor, with another version of the server's put in, and another day."""
    with open(os.path.join(os.path.dirname(ROLES_SQL), "session", "doctor_watch.sql")) as f:
        text = f.read()
    with Bench() as bench:
        pg = bench.postgres(**GOOD)

        def notes(version, day="2026-06-01"):
            asked = text.replace("current_setting('server_version_num')::int4", str(version)).replace("pg_catalog.now()", f"DATE '{day}'")
            assert asked.count(str(version)) >= 1 and day in asked
            return [line.split("|")[2] for line in pg.sql(asked).splitlines() if line.startswith("note|server|")]
        for version, words in ((140003, ["broken indexes", "CVE-2024-0985"]), (140004, ["CVE-2024-0985"]), (140011, []), (140014, ["SET role"]),
                               (130013, ["CVE-2024-0985", "no fixes since 2025-11-13"]), (130018, ["no fixes since 2025-11-13"]), (150005, ["CVE-2024-0985"]),
                               (150006, []), (150009, ["SET role"]), (160005, ["SET role"]), (160006, []), (170001, ["SET role"]), (170002, []),
                               (180000, [])):
            got = notes(version)
            assert len(got) == len(words) and all(any(w in line for line in got) for w in words), (version, got)
        assert notes(140023, "2026-11-13") == ["PostgreSQL 14 gets no fixes since 2026-11-12"] and notes(140023, "2026-11-12") == []


def test_roles():
    """With the roles of sql/roles.sql: every panel, every right; and it may be run again."""
    with Bench() as bench, folder() as f, Redis(f) as redis:
        pg = bench.postgres(**GOOD)
        pg.sql(SCHEMA)
        for _ in range(2):
            roles(pg, "-v", "owner=owner", "-v", "read_schema=public")
        r, report = doctor(*actors(pg), "--redis", f"redis://127.0.0.1:{redis.port}")
        bad = [x for s in report["servers"] for x in s["findings"] if x["level"] in ("missing", "left")]
        assert r.returncode == 0 and not bad, (bad, r.stderr)
        assert not any("is a superuser" in x["what"] for x in report["servers"][0]["findings"]), "least roles"
        assert found(report, "ok", "panels have their data"), report
        # who watches writes nothing and reads no table; who acts is no superuser
        for user, text in (("dytop_monitor", "SELECT * FROM public.things"), ("dytop_monitor", "CREATE TEMP TABLE t (a int)"),
                           ("dytop_monitor", "SELECT pg_reload_conf()"), ("dytop_explain", "DELETE FROM public.things"),
                           ("dytop_operator", "SELECT pg_read_file('PG_VERSION')")):
            try:
                pg.sql(text, user)
                raise SystemExit(f"{user} may: {text}")
            except AssertionError:
                pass
        # who acts, acts
        v = subprocess.Popen(pg.psql("app"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        bench.clients.append(v)
        v.stdin.write("SELECT pg_sleep(1000);\n")
        v.stdin.flush()
        pid = wait_for("it runs", lambda: pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'"))
        r = run("cancel", *actors(pg), "--yes", pid)
        assert r.returncode == 0 and "what it ran has ended" in r.stdout, r
        version = int(pg.sql("SHOW server_version_num"))
        pg.sql("CREATE UNIQUE INDEX ON sums (n); CREATE INDEX spare ON things (b)")
        for words in (["analyze", "things"], ["vacuum", "things"], ["reindex_index", "things_pkey"], ["refresh", "sums"],
                      ["drop_index", "spare"], ["reload"], ["reset_table", "things"], ["reset_database"],
                      *([["checkpoint"], ["set_setting", "work_mem", "8MB"], ["reset_setting", "work_mem"]] if version >= 150000 else [])):
            r = run("maintain", *actors(pg), "--yes", *words)
            assert r.returncode == 0, (words, r.stdout[-1500:], r.stderr)
        r = run("explain", *actors(pg), "-", input="SELECT count(*) FROM public.things WHERE a = 5")
        assert r.returncode == 0 and "things_pkey" in r.stdout, r


def test_left_over():
    """A build that failed half-way, a session of a dytop that is gone, a forgotten prepared transaction, a broken audit log."""
    with Bench() as bench, tempfile.TemporaryDirectory() as home:
        pg = bench.postgres(max_prepared_transactions="2", **GOOD)
        pg.sql(SCHEMA)
        roles(pg, "-v", "owner=owner", "-v", "read_schema=public")
        pg.sql("INSERT INTO things SELECT i, 'x' FROM generate_series(2001, 2002) i")
        try:
            pg.sql("CREATE UNIQUE INDEX CONCURRENTLY \"not \"\"good\"\"\" ON things (b)")
        except AssertionError:
            pass
        pg.session("SET application_name = 'dytop:3fa21c0b9d77'; SELECT 1;", "app")
        # it began less than 10 s ago: not yet left over
        r, report = doctor(*actors(pg), home=home)
        assert r.returncode == 3, r
        left = found(report, "left", "invalid index")
        assert left and left[0]["remedy"] == 'DROP INDEX CONCURRENTLY public."not ""good"""', report
        pg.sql(left[0]["remedy"])
        time.sleep(10)
        r, report = doctor(*actors(pg), home=home)
        assert found(report, "left", "dytop:3fa21c0b9d77") and not found(report, "left", "invalid index"), report
        # the audit log: a line that was changed
        log = os.path.join(home, "audit.jsonl")
        for _ in range(2):
            run("cancel", "-d", pg.conninfo("dytop_operator"), "--yes", "--audit", log,
                pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'dytop:3fa21c0b9d77'"))
        sleeper = subprocess.Popen(pg.psql("app"), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        bench.clients.append(sleeper)
        sleeper.stdin.write("SELECT pg_sleep(1000);\n")
        sleeper.stdin.flush()
        pid = wait_for("it runs", lambda: pg.sql("SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query ~ 'sleep.1000' AND pid <> pg_backend_pid()"))
        assert run("cancel", "-d", pg.conninfo("dytop_operator"), "--yes", "--audit", log, pid).returncode == 0
        with open(log) as f:
            lines = f.read()
        with open(log, "w") as f:
            f.write(lines.replace('"cancel"', '"saved"', 1))
        r, report = doctor(*actors(pg), "--audit", log)
        assert found(report, "left", "the chain of", -1), report
        r, report = doctor(*actors(pg), "--audit", os.path.join(log, "audit.jsonl"))
        assert found(report, "missing", "no action will run", -1), report


def test_killed():
    """dytop is killed in the middle of a REINDEX that waits: the doctor names the session that goes on, then the index that it leaves."""
    with Bench() as bench, tempfile.TemporaryDirectory() as home:
        pg = bench.postgres(**GOOD)
        pg.sql(SCHEMA)
        roles(pg, "-v", "owner=owner", "-v", "read_schema=public")
        holder = pg.session("BEGIN; SELECT count(*) FROM things;")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DYTOP_", "XDG_"))}
        p = subprocess.Popen([DYTOP, "maintain", *actors(pg), "--yes", "reindex_index", "things_pkey"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**clean, "HOME": home}, start_new_session=True)
        running = "SELECT pid FROM pg_stat_activity WHERE query ~ '^REINDEX' AND state = 'active' AND wait_event_type = 'Lock'"
        pid = wait_for("it waits", lambda: pg.sql(running))
        p.kill()
        p.wait()
        time.sleep(10.5)
        r, report = doctor(*actors(pg), home=home)
        assert r.returncode == 3 and found(report, "left", "session " + pid), report
        assert found(report, "note", "no outcome", -1), report
        pg.sql(f"SELECT pg_terminate_backend({pid})")
        wait_for("it is gone", lambda: not pg.sql(running))
        r, report = doctor(*actors(pg), home=home)
        left = found(report, "left", "invalid index")
        assert r.returncode == 3 and left and "_cc" in left[0]["remedy"], report
        holder.kill()
        pg.sql(left[0]["remedy"])
        r, report = doctor(*actors(pg), home=home)
        assert r.returncode == 0, [f for f in report["servers"][0]["findings"] if f["level"] in ("left", "missing")]


def test_others():
    """Nobody there: 2. Some there: 3, and the others are examined. PgBouncer and a Redis that refuses commands."""
    with Bench() as bench, folder() as f, Redis(f) as redis:
        r, report = doctor("-d", "host=127.0.0.1 port=1 dbname=none")
        assert r.returncode == 2 and found(report, "missing", ""), r
        pg = bench.postgres(**GOOD)
        pool = bench.pgbouncer(pg)
        redis.call("ACL", "SETUSER", "default", "-latency", "-slowlog")
        r, report = doctor("-d", pg.conninfo(), "-d", "host=127.0.0.1 port=1", "--redis", f"redis://127.0.0.1:{redis.port}",
                           "--pgbouncer", pool.console())
        assert r.returncode == 3, r
        by = {s["product"]: s for s in report["servers"] if s["state"] == "live"}
        assert set(by) == {"PostgreSQL", "Redis", "PgBouncer"}, by
        assert any(x["area"] == "cache_slowlog" and x["level"] == "missing" for x in by["Redis"]["findings"]), by["Redis"]
        assert all(x["level"] == "ok" for x in by["PgBouncer"]["findings"]), by["PgBouncer"]
        assert any("is a superuser" in x["what"] for x in by["PostgreSQL"]["findings"])


def main():
    for test in [t for n, t in sorted(globals().items()) if n.startswith("test_") and sys.argv[1:] in ([], [n])]:
        start = time.monotonic()
        test()
        print(f"ok {test.__name__} {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
