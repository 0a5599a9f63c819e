#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Ways in, and every way to be kept out with its reason."""
import os
import shutil
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import Asker, simple
from postgres import Bench, free_port

ONE = {"one": simple("SELECT 42 AS a, current_setting('application_name') AS app, current_user::text AS who,"
                     " inet_server_port() AS port, current_database()::text AS db",
                     {"a": "gauge", "app": "text", "who": "text", "port": "gauge", "db": "text"})}

HBA = """
local   all scram                scram-sha-256
local   all all                  trust
hostssl all tls      127.0.0.1/32 trust
host    all scram    127.0.0.1/32 scram-sha-256
host    all banned   127.0.0.1/32 reject
hostnossl all tls    127.0.0.1/32 reject
host    all all      127.0.0.1/32 trust
"""


def connects(bench, label, *options, env=None, password=None, check=None):
    a = Asker(bench, "pg", ONE, *options, env=env, password=password)
    got = a.answer("one", 8, "ok")["sample"][0]
    assert got["a"] == 42 and got["app"] == "dytop", (label, got)
    live = [e for e in a.past if e["event"] == "status" and e["state"] == "live"][0]
    assert 0 < live["rtt"] < 5000, live                # measured with the login, before the first answer
    if check:
        check(got)
    a.quit()
    print("ok: connects by " + label)


def refused(bench, label, state, words, *options, env=None, password=None, slow=None):
    a = Asker(bench, "pg", ONE, *options, env=env, password=password)
    e = a.wait(label, 8, lambda e: e["event"] == "status" and e["state"] == state and e["reason"])
    for word in words:
        assert word in e["reason"], (label, word, e["reason"])
    assert "evil.test" not in e["reason"], e
    if slow is True:
        assert e["retry_in"] > 20000, e
    if slow is False:
        assert e["retry_in"] < 7000, e
    a.quit()
    print("ok: %s: %s" % (label, e["reason"]))


def ways_in(bench, pg):
    port = str(pg.port)
    connects(bench, "socket", "-t", pg.conninfo())
    connects(bench, "TCP", "-t", pg.conninfo(tcp=True), check=lambda got: got["port"] == pg.port or 1 / 0)
    connects(bench, "name", "-t", pg.conninfo(tcp=True).replace("127.0.0.1", "localhost"))
    connects(bench, "URI", "-t", "postgresql://joe@localhost:%s/other?connect_timeout=5" % port,
             check=lambda got: (got["who"], got["db"]) == ("joe", "other") or 1 / 0)
    connects(bench, "escaped URI", "-t", "postgres://joe@%s:%s/other" % (pg.socket.replace("/", "%2F"), port))
    connects(bench, "a string over flags, as in psql", "-t", pg.conninfo(user="joe"), "-U", "postgres", "-d", "other",
             check=lambda got: (got["who"], got["db"]) == ("joe", "other") or 1 / 0)
    connects(bench, "a string as database name", "-d", pg.conninfo(dbname="other"), check=lambda g: g["db"] == "other" or 1 / 0)
    connects(bench, "PG variables", env={"PGHOST": pg.socket, "PGPORT": port, "PGUSER": "joe", "PGDATABASE": "other"},
             check=lambda got: (got["who"], got["db"]) == ("joe", "other") or 1 / 0)
    service = bench.file("service.conf", "[mine]\nhost=127.0.0.1\nport=%s\nuser=joe\ndbname=other\n" % port)
    connects(bench, "service", "-t", "service=mine", env={"PGSERVICEFILE": service},
             check=lambda got: (got["who"], got["db"], got["port"]) == ("joe", "other", pg.port) or 1 / 0)
    passfile = bench.file("passfile", "*:*:*:scram:s3cret\n", 0o600)
    connects(bench, "passfile", "-t", pg.conninfo("scram", tcp=True, passfile=passfile))
    connects(bench, "PGPASSWORD", "-t", pg.conninfo("scram"), env={"PGPASSWORD": "s3cret"})
    connects(bench, "a typed password", "-t", pg.conninfo("scram", tcp=True), password="s3cret")
    ca = bench.certs()["ca"]
    connects(bench, "TLS, name verified", "-t",
             "host=localhost port=%s user=tls dbname=postgres sslmode=verify-full sslrootcert=%s" % (port, ca))
    connects(bench, "TLS, as the server likes it", "-t", "host=127.0.0.1 port=%s user=tls dbname=postgres" % port)
    dead = "host=127.0.0.1,127.0.0.1 port=%d,%s user=joe dbname=other" % (free_port(), port)
    connects(bench, "the second host", "-t", dead)
    connects(bench, "target_session_attrs", "-t", dead + " target_session_attrs=read-write")
    connects(bench, "prefer-standby without one", "-t", dead + " target_session_attrs=prefer-standby")


def use_certificate(pg, name):
    """The server's certificate is replaced in place, as a renewal does it."""
    certs = pg.bench.certs()
    for kind in ("crt", "key"):
        kept = certs["server_" + kind] + ".kept"
        if not os.path.exists(kept):
            shutil.copy2(certs["server_" + kind], kept)
        with open(certs[name + "_" + kind] if name != "server" else kept) as new, open(certs["server_" + kind], "w") as f:
            f.write(new.read())
    pg.sql("SELECT pg_reload_conf()")
    time.sleep(1)                                      # the postmaster takes it a moment later


def kept_out(bench, pg):
    port = str(pg.port)
    refused(bench, "nobody listens", "connecting", ["cannot connect to 127.0.0.1", "refused"], "-t",
            "host=127.0.0.1 port=%d" % free_port(), slow=False)
    refused(bench, "no socket", "connecting", ["cannot connect to /nowhere:5432", "No such file"], "-t", "host=/nowhere")
    refused(bench, "unknown host", "connecting", ["cannot resolve host \"no.such.invalid\""], "-t", "host=no.such.invalid")
    refused(bench, "two dead hosts", "connecting", ["the last of 2 addresses tried"], "-t",
            "host=127.0.0.1,127.0.0.1 port=%d,%d" % (free_port(), free_port()))
    refused(bench, "wrong password", "refused", ["login refused", "password authentication failed"], "-t",
            pg.conninfo("scram", tcp=True), password="wrong", slow=True)
    refused(bench, "no password", "refused", ["asks for a password", "~/.pgpass"], "-t", pg.conninfo("scram", tcp=True),
            env={"HOME": bench.dir}, slow=True)
    refused(bench, "pg_hba", "refused", ["login refused", "pg_hba.conf"], "-t", pg.conninfo("banned", tcp=True), slow=True)
    refused(bench, "no such role", "refused", ["login refused", "role \"nobody9\" does not exist"], "-t", pg.conninfo("nobody9"))
    refused(bench, "no such database", "refused", ["no such database"], "-t", pg.conninfo(dbname="nothere"))
    refused(bench, "unknown CA", "refused", ["TLS", "certificate verify failed"], "-t",
            "host=localhost port=%s user=tls sslmode=verify-ca sslrootcert=%s" % (port, bench.certs()["other_ca"]), slow=True)
    full = "port=%s user=tls dbname=postgres sslmode=verify-full sslrootcert=%s" % (port, bench.certs()["ca"])
    refused(bench, "another name", "refused", ["TLS", "does not match host name \"db.example\""], "-t",
            "host=db.example hostaddr=127.0.0.1 " + full, slow=True)
    use_certificate(pg, "expired")
    refused(bench, "an expired certificate", "refused", ["TLS", "certificate verify failed", "out of date"], "-t",
            "host=localhost " + full, slow=True)
    use_certificate(pg, "server")
    connects(bench, "TLS, with the good certificate again", "-t", "host=localhost " + full)
    refused(bench, "bad sslmode", "refused", ["sslmode"], "-t", pg.conninfo(sslmode="nonsense"))
    refused(bench, "unknown service", "refused", ["service", "nowhere9"], "-t", "service=nowhere9",
            env={"PGSERVICEFILE": bench.file("empty.conf", "")})
    pg.sql("ALTER ROLE limited CONNECTION LIMIT 0")
    refused(bench, "role limit", "refused", ["out of connections", "the role's connection limit"], "-t",
            pg.conninfo("limited"), slow=False)


def impostor(bench, label, words, answer, more="", state="refused", close=True):
    """A listener that is no PostgreSQL: sends its answer to whatever comes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.recv(100)
            peer.sendall(answer)
            if close:
                peer.close()
    threading.Thread(target=serve, daemon=True).start()
    refused(bench, label, state, words, "-t", "host=127.0.0.1 port=%d %s" % (listener.getsockname()[1], more), "-c", "2000")
    listener.close()


def impostors(bench):
    impostor(bench, "an HTTP server", ["not a PostgreSQL server", "HTTP"], b"HTTP/1.1 400 Bad Request\r\n\r\n")
    impostor(bench, "an HTTP server without TLS asked", ["not a PostgreSQL server", "HTTP"],
             b"HTTP/1.1 400 Bad Request\r\n\r\n", "sslmode=disable")
    impostor(bench, "Redis", ["not a PostgreSQL server", "Redis"], b"-ERR unknown command\r\n")
    impostor(bench, "SSH", ["not a PostgreSQL server", "SSH"], b"SSH-2.0-OpenSSH_9\r\n", "sslmode=disable")
    impostor(bench, "garbage", ["not a PostgreSQL server"], b"\x00\x01\x02garbage", "sslmode=disable")
    impostor(bench, "one that closes", ["closed the connection"], b"", "sslmode=disable", state="connecting")
    impostor(bench, "one without TLS, demanded", ["does not offer TLS"], b"N", "sslmode=require")
    evil = b"E" + (4 + 60).to_bytes(4, "big") + (b"SFATAL\0VFATAL\0C28P01\0Mplease type your password at evil.test\0" + b"\0" * 60)[:60]
    # A libpq before 15.9 hands such words on; then ours say "before TLS was in place".
    impostor(bench, "words before TLS", ["TLS"], evil, "sslmode=require")
    impostor(bench, "one that says nothing", ["no answer to the login", "within 2 s"], b"", "sslmode=disable",
             state="connecting", close=False)


def bad_strings(bench):
    import subprocess
    for text, word in (("host=localhost porrt=1", "porrt"), ("postgresql://[::1", "IPv6"), ("host='x", "unterminated"),
                       ("postgresql://localhost/db?nope=1", "nope")):
        done = subprocess.run([os.environ.get("ASKER", "./tests/live/asker"), "pg", "-t", text], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=10)
        assert done.returncode == 2 and word in done.stderr, (text, done)
        print("ok: bad string: " + done.stderr.strip())


def main():
    with Bench() as bench:
        bad_strings(bench)
        impostors(bench)
        pg = bench.postgres(hba=HBA, tls=True)
        pg.sql("CREATE ROLE joe LOGIN; CREATE ROLE scram LOGIN PASSWORD 's3cret'; CREATE ROLE tls LOGIN; CREATE ROLE banned LOGIN;"
               "CREATE ROLE limited LOGIN")
        pg.sql("CREATE DATABASE other")
        ways_in(bench, pg)
        kept_out(bench, pg)


main()
