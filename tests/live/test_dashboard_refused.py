#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What the servers refuse or lack, said in words on the screen, while the other panels live: no slot left, no extension, no
privilege, locked catalogues, a pooler in between, Redis without a right and behind TLS; and twenty servers at once."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash, sessions, uri # noqa: E402
from postgres import Bench # noqa: E402
from servers import Redis, folder, run # noqa: E402


def test_full():
    """No slot at the start: why, in words, and it comes when one is free. Full while running: it goes on."""
    with Bench() as bench:
        pg = bench.postgres(max_connections="5", superuser_reserved_connections="1")
        pg.sql("CREATE ROLE joe LOGIN IN ROLE pg_monitor")
        held = [pg.session("SELECT 1;", "joe") for _ in range(4)]
        with Dash("-d", pg.conninfo("joe"), "--screen", "activity") as d:
            d.expect("out of connections: max_connections")
            held.pop().kill()
            d.live()
            assert pg.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'joe'") == "4", "full again, with ours"
            held[0].stdin.write("BEGIN;\nSELECT 1 AS goes_on;\n")
            held[0].stdin.flush()
            d.expect("goes_on")
            assert sessions(pg) == 1
            d.sane()
            d.quit()


def test_no_extension_and_no_privilege():
    with Bench() as bench:
        pg = bench.postgres()
        pg.sql("CREATE ROLE weak LOGIN")
        pg.session("SELECT 1 AS not_yours;")
        with Dash("-d", pg.conninfo("weak"), "--screen", "statements") as d:
            d.live()
            d.expect("CREATE EXTENSION pg_stat_statements")
            d.goto("activity", "(?s)hidden.*pg_monitor")
            assert "not_yours" not in d.text()
            d.quit()


def test_locked_catalogues():
    """Another session holds pg_database and pg_authid: activity goes on without names, and says so."""
    with Bench() as bench:
        pg = bench.postgres()
        with Dash("-d", pg.conninfo(), "--screen", "activity") as d:
            d.live()
            holder = pg.session("BEGIN; LOCK TABLE pg_database, pg_authid IN ACCESS EXCLUSIVE MODE;")
            d.expect("(?i)locked|lock timeout|degraded")
            d.expect("LOCK TABLE pg_database")
            assert not d.row(0).endswith("START")
            for name in ("statements", "tables", "databases", "activity"):
                d.goto(name)
                d.until(name, lambda: name.upper() in d.text(), 10)
                d.sane()
            holder.stdin.write("COMMIT;\nSELECT 1 AS unlocked;\n")
            holder.stdin.flush()
            d.live()
            d.until("no lock is named", lambda: not re.search("(?i)degraded|catalog.* locked", d.text()))
            d.goto("databases", "postgres +.*template|postgres")
            d.quit()


def test_pgbouncer():
    with Bench() as bench:
        pg = bench.postgres()
        pool = bench.pgbouncer(pg)
        with Dash("-d", pool.conninfo(), "--pgbouncer", pool.console("stats"), "--screen", "pools") as d:
            d.live()
            d.expect("(?i)pooler") # session features are off
            d.key(".")
            d.key(".")
            d.expect("(?s)CLIENTS.*transaction")
            d.key(".")
            d.expect(r"(?s)QUERY/s.*postgres")
            d.goto("activity", "1-|nobody")
            d.goto("databases", "postgres")
            d.sane()
            pool.kill()
            d.expect("(?i)lost")
            pool.start()
            d.live()
            d.quit()


def test_redis_rights():
    """An ACL user without SLOWLOG and CLIENT: those tables say what is missing, the rest is live."""
    with folder() as f, Redis(f) as redis:
        redis.call("ACL", "SETUSER", "dytop", "on", ">secret", "~*", "-@all", "+ping", "+hello", "+auth", "+select", "+info",
                   "+dbsize", "+scan", "+memory|usage")
        with Dash("--no-postgres", "--redis", uri(redis), "--redis-user", "dytop", "--screen", "cache",
                  env={"DYTOP_REDIS_PASSWORD": "secret"}) as d:
            d.live()
            d.expect(r"MEMORY \d")
            d.key(".")
            d.expect("(?is)slowlog.{0,80}(permission|right|ACL)|(permission|right|ACL|NOPERM).{0,80}slowlog")
            d.key(".")
            d.expect("(?is)client.{0,80}(permission|right|ACL)|(permission|right|ACL|NOPERM).{0,80}client")
            assert d.row(0).endswith("LIVE") and "secret" not in d.text()
            d.quit()


def test_redis_tls():
    with Bench() as bench, folder() as f:
        certs = bench.certs()
        for path in certs.values():
            os.chmod(path, 0o600 if path.endswith(".key") else 0o644)
        tls = ["--tls-cert-file", certs["server_crt"], "--tls-key-file", certs["server_key"], "--tls-ca-cert-file", certs["ca"]]
        with Redis(f, *tls, tls=True) as redis:
            target = f"rediss://localhost:{redis.port}"
            client = ["--redis-cert", certs["client_crt"], "--redis-key", certs["client_key"]]
            with Dash("--no-postgres", "--redis", target, "--redis-cacert", certs["ca"], *client, "--screen", "cache") as d:
                d.live()
                d.expect(r"MEMORY \d")
                d.quit()
            with Dash("--no-postgres", "--redis", target, "--redis-cacert", certs["other_ca"], *client) as d:
                d.expect("(?i)certificate")
                d.quit()
            with Dash("--no-postgres", "--redis", target, "--redis-cacert", certs["ca"]) as d: # it asks for a certificate
                d.expect("(?i)certificate|TLS|closed")
                d.quit()


def test_twenty_servers():
    """One connection each; the list has all; when one hangs the others live."""
    with Bench() as bench:
        pg, other = bench.postgres(max_connections="40"), bench.postgres()
        words = [w for _ in range(19) for w in ("-d", pg.conninfo())] + ["-d", other.conninfo()]
        with Dash(*words, "--screen", "servers", interval="1") as d:
            d.until("all are live", lambda: len(re.findall(r"\blive\b", d.text())) >= 20)
            assert sessions(pg) == 19 and sessions(other) == 1
            other.signal(signal.SIGSTOP)
            d.expect("stale")
            d.pump(3)
            assert len(re.findall(r"\blive\b", d.text())) == 19, d.text()
            assert sessions(pg) == 19
            other.signal(signal.SIGCONT)
            d.until("all are live again", lambda: len(re.findall(r"\blive\b", d.text())) >= 20)
            d.sane()
            d.quit()


if __name__ == "__main__":
    sys.exit(run(globals()))
