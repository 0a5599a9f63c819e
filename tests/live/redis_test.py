#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Redis over source/: every reader, login and its refusals, TLS, silence, restart, limits, hostile servers."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import DYTOP, SLOW, TOP, Probe, Redis, Skip, folder, free_port, need, panel, run, wait_for

ALL = ["cache", "commands", "cache_keyspace", "cache_slowlog", "cache_clients", "cache_keys"]


def panels(*names):
    return [word for name in names or ALL for word in ("--panel", panel(name))]


def by(rows, field):
    return {row[field]: row for row in rows}


def test_every_reader():
    with folder() as d, Redis(d, "--slowlog-log-slower-than", "0") as redis:
        for i in range(300):
            redis.call("SET", f"dytallix:bridge:tx:{i}", "x" * 100, "EX", 1000)
        for i in range(100):
            redis.call("SET", f"dytallix:bridge:asset:{i}", "y")
        redis.call("SET", b"odd\x1b]0;x\x07\r\n\xff:1", "z")
        redis.call("GET", "dytallix:bridge:tx:1")
        redis.call("GET", "nothing")
        # The keyspace is estimated from the server's own cron: wait for it.
        with Probe("redis", f"redis://127.0.0.1:{redis.port}", *panels(), "--param",
                   "key_patterns=tx=dytallix:bridge:tx:* asset=dytallix:bridge:asset:*,none=zzz*") as probe:
            live = probe.state("live")
            assert live["version"] >= 60000 and live["role"] == "primary" and live["product"] in ("Redis", "Valkey"), live
            assert live["name"] == f"127.0.0.1:{redis.port}", live
            info = probe.rows("cache")["rows"][0]
            assert info["keyspace_hits"] == 1 and info["keyspace_misses"] == 1, info
            assert 0 < info["ping_ms"] < 1000 and info["role"] == "master" and info["used_memory"] > 100000, info
            assert isinstance(info["mem_fragmentation_ratio"], float) and info["total_error_replies"] is not None, info
            commands = by(probe.rows("commands")["rows"], "command")
            assert commands["set"]["calls"] == 401 and commands["get"]["calls"] == 2, commands
            counts = [pair.split(":") for pair in commands["set"]["latency"].split()]
            assert int(counts[-1][1]) == 401 and all(int(b) > 0 for b, _ in counts), counts
            assert "client|setname" in commands, list(commands)
            space = probe.rows("cache_keyspace")["rows"]
            assert space == [{"db": 0, "keys": 401, "expires": 300, "avg_ttl": space[0]["avg_ttl"]}], space
            slow = probe.rows("cache_slowlog")["rows"]
            assert any(r["command"].startswith("SET odd\x1b") for r in slow), slow
            assert all(r["time"] > 1.6e15 and r["duration_us"] >= 0 for r in slow), slow
            clients = by(probe.rows("cache_clients")["rows"], "name")
            assert clients["dytop"]["cmd"] == "client|list" and clients["dytop"]["user"] == "default", clients
            kinds = by(probe.rows("cache_keys")["rows"], "kind")
            assert (kinds["tx"]["keys"], kinds["asset"]["keys"], kinds["none"]["keys"], kinds["other"]["keys"]) == (300, 100, 0, 1)
            assert kinds["tx"]["exact"] and kinds["tx"]["margin"] == 0 and kinds["tx"]["bytes"] > 100, kinds
            flags = redis.call("CLIENT", "LIST").decode()
            if live["version"] >= 70000:
                assert "flags=e name=dytop" in flags or "flags=e" in flags, flags  # NO-EVICT


def test_keys_are_estimated_when_there_are_many():
    with folder() as d, Redis(d) as redis:
        for kind, count in (("tx", 45000), ("asset", 5000)):
            redis.call("EVAL", f"for i=1,{count} do redis.call('SET','{kind}:'..i,'x') end", 0)
        with Probe("redis", redis.socket, *panels("cache_keys", "cache"), "-i", "60") as probe:
            first = by(probe.rows("cache_keys")["rows"], "kind")
            assert not first["tx"]["exact"] and first["tx"]["sampled"] <= 2100, first  # the last bucket comes whole
            for kind, true in (("tx", 45000), ("asset", 5000)):
                assert abs(first[kind]["keys"] - true) <= 2 * first[kind]["margin"], first
            before = probe.rows("cache")["rows"][0]
            for _ in range(8):
                later = by(probe.rows("cache_keys")["rows"], "kind")
            after = probe.rows("cache")["rows"][0]
            assert later["asset"]["sampled"] > 10000 and later["asset"]["margin"] < first["asset"]["margin"], later
            assert abs(later["asset"]["keys"] - 5000) <= 2 * later["asset"]["margin"], later
            # Looking does not disturb what is measured.
            assert after["keyspace_hits"] == before["keyspace_hits"], (before, after)


def test_unix_socket_and_database():
    with folder() as d, Redis(d) as redis:
        with Probe("redis", f"unix://{redis.socket}?db=3", *panels("cache")) as probe:
            assert probe.state("live")["name"] == f"{redis.socket}?db=3"
            probe.rows("cache")
            assert "db=3" in redis.call("CLIENT", "LIST").decode()
        with Probe("redis", f"redis://127.0.0.1:{redis.port}/99") as probe:
            assert "out of range" in probe.state("refused")["reason"]


def test_password_and_acl():
    with folder() as d, Redis(d, "--requirepass", "sesame") as redis:
        address = f"redis://127.0.0.1:{redis.port}"
        with Probe("redis", address) as probe:
            assert "asks for a password" in probe.state("refused")["reason"]
        with Probe("redis", address, *panels("cache"), password="sesame") as probe:
            probe.state("live")
            probe.rows("cache")
        with Probe("redis", address, password="open") as probe:
            refused = probe.state("refused")
            assert "wrong user or password" in refused["reason"] and refused["logins"] == 0, refused
        with socket.create_connection(("127.0.0.1", redis.port)) as s:
            redis.talk(s, "AUTH", "sesame")
            redis.talk(s, "ACL", "SETUSER", "watcher", "on", ">pw", "~*", "-@all", "+ping", "+info", "+client|setname",
                       "+client|no-evict")
            redis.talk(s, "ACL", "SETUSER", "blind", "on", ">pw", "~*", "-@all", "+ping", "+hello", "+slowlog|get")
        with Probe("redis", address, "--user", "watcher", *panels(), password="pw") as probe:
            assert probe.state("live")["user"] == "watcher"
            probe.rows("cache")
            slow = probe.answer("cache_slowlog")
            assert slow["code"] == "privilege" and "SLOWLOG GET" in slow["error"] and "+slowlog|get" in slow["error"], slow
            clients = probe.answer("cache_clients")
            assert "+client|list" in clients["error"], clients
            assert probe.answer("cache_keys")["code"] == "privilege"
            rows = by(probe.rows("commands")["rows"], "command")  # LATENCY is forbidden: only its field is unknown
            assert rows["info"]["calls"] > 0 and rows["info"]["latency"] is None, rows
            probe.rows("cache")
        with Probe("redis", f"redis://blind:pw@127.0.0.1:{redis.port}", *panels("cache", "cache_slowlog")) as probe:
            live = probe.state("live")
            assert live["version"] >= 60000 and live["role"] == "primary", live
            info = probe.answer("cache")
            assert info["code"] == "privilege" and "@dangerous" in info["error"], info
            assert isinstance(probe.rows("cache_slowlog")["rows"], list)


def test_failed_auth_does_not_go_on_as_default():
    """The default user may do everything here, so only the login's own stop can keep us out."""
    with folder() as d, Redis(d) as redis:
        with Probe("redis", f"redis://someone:pw@127.0.0.1:{redis.port}", *panels("cache")) as probe:
            assert "wrong user or password" in probe.state("refused")["reason"]
            time.sleep(0.5)
            assert "cmdstat_info" not in redis.call("INFO", "commandstats").decode().split("cmdstat_auth")[0]
        with Probe("redis", f"redis://:pw@127.0.0.1:{redis.port}") as probe:
            assert "no password is set" in probe.state("refused")["reason"]


def openssl(*args, cwd):
    subprocess.run([need("openssl"), *args], cwd=cwd, check=True, capture_output=True)


def certificate(d, name, ca, subject, extension=None, days="30"):
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject, cwd=d)
    with open(os.path.join(d, "ext"), "w") as f:
        f.write(extension or "")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", days,
            "-out", f"{name}.crt", "-extfile", "ext", cwd=d)


def authority(d, name):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "30",
            "-subj", f"/CN={name}", cwd=d)


def test_tls():
    with folder() as d:
        for name in ("ca", "foreign"):
            authority(d, name)
        certificate(d, "server", "ca", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        certificate(d, "other", "ca", "/CN=cache.example", "subjectAltName=DNS:cache.example")
        certificate(d, "late", "ca", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1", days="-1")
        certificate(d, "client", "ca", "/CN=dytop")
        certificate(d, "stranger", "foreign", "/CN=dytop")
        file = lambda name: os.path.join(d, name)
        tls = lambda name: ["--tls-cert-file", file(f"{name}.crt"), "--tls-key-file", file(f"{name}.key"),
                            "--tls-ca-cert-file", file("ca.crt")]
        mine = ["--cert", file("client.crt"), "--key", file("client.key")]
        with Redis(d, *tls("server"), tls=True) as redis:
            for host in ("localhost", "127.0.0.1"):
                with Probe("redis", f"rediss://{host}:{redis.port}", "--ca", file("ca.crt"), *mine, *panels()) as probe:
                    probe.state("live")
                    for name in ALL:
                        probe.rows(name)
            address = f"rediss://localhost:{redis.port}"
            for options, reason in (([], "unknown CA"), (["--ca", file("foreign.crt")], "unknown CA"),
                                    (["--ca", file("ca.crt")], "client certificate"),
                                    (["--ca", file("ca.crt"), "--cert", file("stranger.crt"), "--key", file("stranger.key")],
                                     "does not accept the client certificate"),
                                    (["--ca", file("missing.crt")], "No such file"),
                                    (["--ca", file("ca.key")], "CA file"),
                                    (["--cert", file("client.crt"), "--key", file("server.key")], "does not belong to")):
                with Probe("redis", address, *options) as probe:
                    refused = probe.state("refused")
                    assert reason in refused["reason"], (options, refused)
            with Probe("redis", address, "--insecure", *mine, *panels("cache")) as probe:
                probe.rows("cache")
            with Probe("redis", f"redis://localhost:{redis.port}") as probe:
                assert "TLS" in probe.next("a reason", lambda e: e["event"] == "status" and e["reason"])["reason"]
            redis.pause()
            redis.go_on()
        with Redis(d, *tls("other"), "--tls-auth-clients", "no", tls=True) as redis:
            for host in ("localhost", "127.0.0.1"):
                with Probe("redis", f"rediss://{host}:{redis.port}", "--ca", file("ca.crt")) as probe:
                    assert f"certificate is not for {host}" in probe.state("refused")["reason"]
        with Redis(d, *tls("late"), "--tls-auth-clients", "no", tls=True) as redis:
            with Probe("redis", f"rediss://localhost:{redis.port}", "--ca", file("ca.crt")) as probe:
                assert "certificate of localhost has expired" in probe.state("refused")["reason"]
        with Redis(d) as redis:
            # A greeting without a line's end is only the beginning of a command to it: it waits, and so do we, not for long.
            with Probe("redis", f"rediss://localhost:{redis.port}", "-c", "1000") as probe:
                status = probe.next("a reason", lambda e: e["event"] == "status" and e["reason"])
                assert "does it speak TLS" in status["reason"] or "does not speak TLS" in status["reason"], status
        with Fake(says(b"-ERR Protocol error\r\n")) as fake, Probe("redis", f"rediss://127.0.0.1:{fake.port}") as probe:
            assert "does not speak TLS" in probe.state("refused")["reason"]


def test_plain_start_loads_no_tls():
    with folder() as d, Redis(d) as redis:
        with Probe("redis", redis.socket, *panels("cache")) as probe:
            probe.rows("cache")
            maps = open(f"/proc/{probe.process.pid}/maps").read()
            assert "libssl" not in maps and "libevent_openssl" not in maps
            assert "libevent_core" in maps


def test_silence_and_healing():
    with folder() as d, Redis(d) as redis:
        with Probe("redis", f"redis://127.0.0.1:{redis.port}", *panels("cache", "commands"), "-i", "100") as probe:
            life = probe.rows("cache")["life"]
            number = redis.call("CLIENT", "LIST").decode()
            redis.pause()
            begun = time.monotonic()
            late = probe.next("a timeout", lambda e: e.get("code") == "timeout")
            stale = probe.state("stale", reason="no answer for 3 s")
            assert stale["at"] - begun < 4 * SLOW, stale
            redis.go_on()
            live = probe.state("live")
            assert live["at"] - stale["at"] < 3 * SLOW and live["logins"] == 1, live
            assert probe.rows("cache")["life"] == life
            assert "no answer for 2 s" in late["error"], late
            assert [f for f in number.split() if f.startswith("id=")][0] in redis.call("CLIENT", "LIST").decode()


def test_kill_and_restart():
    with folder() as d, Redis(d) as redis:
        with Probe("redis", f"redis://127.0.0.1:{redis.port}", *panels("cache"), "-i", "50") as probe:
            for _ in range(50):
                redis.call("GET", "x")
            before = probe.rows("cache")
            redis.kill()
            lost = probe.state("lost")
            assert lost["reason"], lost
            time.sleep(0.5)
            redis.start()
            live = probe.state("live", notice="restarted")
            after = probe.rows("cache")
            assert after["life"] != before["life"], (before, after)
            assert after["rows"][0]["keyspace_misses"] < before["rows"][0]["keyspace_misses"] or before["rows"][0]["keyspace_misses"] == 0
            assert live["logins"] == 2, live


def test_own_connection_is_killed():
    with folder() as d, Redis(d) as redis:
        with Probe("redis", redis.socket, *panels("cache"), "-i", "50") as probe:
            life = probe.rows("cache")["life"]
            redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            probe.state("lost", reason="closed the connection")
            again = probe.state("live", seconds=3)
            assert again["logins"] == 2 and "restarted" not in again["notice"], again
            assert probe.rows("cache")["life"] == life


def test_maxclients():
    with folder() as d, Redis(d, "--maxclients", "2") as redis:
        def client():
            s = socket.socket(socket.AF_UNIX)
            s.connect(redis.socket)
            if b"PONG" in redis.talk(s, "PING"):
                return s
            s.close()
            return None

        with wait_for("a client", client), wait_for("another", client) as b:
            with Probe("redis", f"redis://127.0.0.1:{redis.port}", *panels("cache")) as probe:
                assert "maxclients" in probe.state("refused")["reason"]
                b.close()
                probe.state("live", seconds=8)
                probe.rows("cache")


def test_replica_and_promotion():
    with folder() as d, folder() as e, Redis(d) as primary, Redis(e) as redis:
        redis.call("REPLICAOF", "127.0.0.1", primary.port)
        with Probe("redis", redis.socket, *panels("cache"), "-i", "50") as probe:
            assert probe.state("live")["role"] == "replica"
            before = probe.rows("cache")
            assert before["rows"][0]["role"] == "slave"
            redis.call("REPLICAOF", "NO", "ONE")
            promoted = probe.next("promoted", lambda v: v["event"] == "status" and "promoted" in v["notice"])
            assert promoted["role"] == "primary", promoted
            assert probe.rows("cache")["life"] != before["life"]


def test_busy_script():
    with folder() as d, Redis(d, "--busy-reply-threshold", "100", "--lua-time-limit", "100") as redis:
        with Probe("redis", redis.socket, *panels("cache"), "-i", "50") as probe:
            probe.rows("cache")
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(redis.socket)
                s.sendall(b"EVAL 'while true do end' 0\r\n")
                notice = probe.next("a notice", lambda e: e["event"] == "status" and "script" in e["notice"])
                assert notice["state"] == "live", notice
                busy = probe.next("busy", lambda e: e.get("code") == "busy")
                assert "script" in busy["error"], busy
                redis.call("SCRIPT", "KILL")
                probe.next("no notice", lambda e: e["event"] == "status" and e["notice"] == "")
                probe.rows("cache")


class Fake:
    """Answers each connection with what `script(socket)` sends."""

    def __init__(self, script):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.script = script
        self.connections = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.one, args=(s,), daemon=True).start()

    def one(self, s):
        try:
            self.script(s)
        except OSError:
            pass
        finally:
            s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def says(data):
    def script(s):
        s.recv(4096)
        s.sendall(data)
        time.sleep(2)
    return script


def test_garbage_servers():
    for data, state, reason in (
            (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "refused", "not a Redis server: it says \"HTTP/1.1 400"),
            (b"SSH-2.0-\x1b]0;owned\x07\xc2\x9b2J\r\n", "refused", "\\x1B]0;owned"),
            (b"+OK\r\n+OK\r\n+OK\r\n", "refused", "not a Redis server: its INFO"),
            (b"-ERR unknown command\r\n" * 3, "refused", "this server has no INFO"),
            (b"*444444444\r\n", "connecting", "more than 65536 elements"),
            (b"+OK\r\n+OK\r\n$9999999999999999999\r\n", "refused", "broken reply"),
            (b"\0\0\0\0\0", "refused", "not a Redis server")):
        with Fake(says(data)) as fake, Probe("redis", f"127.0.0.1:{fake.port}", "-c", "3000") as probe:
            status = probe.next(reason, lambda e: e["event"] == "status" and e["reason"])
            assert status["state"] == state and reason in status["reason"], (data, status)
            assert "\x1b" not in status["reason"]


def test_silent_and_closing_servers():
    with Fake(lambda s: time.sleep(5)) as fake, Probe("redis", f"127.0.0.1:{fake.port}", "-c", "700") as probe:
        assert "login had no answer" in probe.next("a reason", lambda e: e["event"] == "status" and e["reason"])["reason"]
    with Fake(lambda s: s.recv(10)) as fake, Probe("redis", f"127.0.0.1:{fake.port}") as probe:
        assert "connection" in probe.next("a reason", lambda e: e["event"] == "status" and e["reason"])["reason"].lower()
        time.sleep(3)
        assert 3 <= fake.connections <= 9, fake.connections  # back-off: no storm
    with Probe("redis", f"127.0.0.1:{free_port()}") as probe:
        assert "Connection refused" in probe.state("connecting", reason="refused")["reason"]
    with Probe("redis", "/nowhere/redis.sock") as probe:
        assert "No such file" in probe.state("connecting", reason="/nowhere")["reason"]
    with Probe("redis", "no-such-host.invalid:6379") as probe:
        assert "no-such-host.invalid" in probe.next("a reason", lambda e: e["event"] == "status" and e["reason"])["reason"]


def test_thrown_out_after_the_login():
    """However good the login was: who is thrown out each time knocks less and less often."""
    with Fake(fake_login) as fake, Probe("redis", f"127.0.0.1:{fake.port}", *panels("cache"), "-i", "50") as probe:
        probe.state("live")
        time.sleep(7)
        assert 3 <= fake.connections <= 7, fake.connections


INFO = b"redis_version:7.0.0\r\nrun_id:abc\r\nrole:master\r\nkeyspace_hits:1\r\n"


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text)


def fake_login(s):
    got = b""
    while got.count(b"INFO") < 1:
        got += s.recv(4096)
    s.sendall(b"+OK\r\n+OK\r\n" + bulk(INFO))


def nonce(s):
    got = b""
    while b"PING" not in got or not got.endswith(b"\r\n") or got.count(b"\r\n") < 5:
        got += s.recv(4096)
    return got.split(b"\r\n")[4]


def test_forged_and_huge_replies():
    def stray(s):  # a reply too many, as a forged CR LF would make it
        fake_login(s)
        n = nonce(s)
        s.sendall(bulk(n))
        s.recv(4096)
        s.sendall(bulk(INFO) + b"*0\r\n" + bulk(INFO))   # INFO, LATENCY HISTOGRAM, and one more
        time.sleep(2)

    def out_of_step(s):
        fake_login(s)
        nonce(s)
        s.sendall(bulk(b"not it"))
        time.sleep(2)

    def huge(s):
        fake_login(s)
        got = b"PING"
        while b"PING" in got:
            got = s.recv(4096)
            s.sendall(bulk(got.split(b"\r\n")[4]) if b"PING" in got else b"$400000000\r\n")
        for _ in range(400):
            s.sendall(b"x" * (1 << 16))

    for script, reason in ((stray, "nobody asked for"), (out_of_step, "out of step"), (huge, "larger than 16 MiB")):
        with Fake(script) as fake, Probe("redis", f"127.0.0.1:{fake.port}", *panels("cache"), "-i", "50") as probe:
            probe.state("live")
            assert reason in probe.state("lost")["reason"], script
            probe.state("live")
            if script is huge:  # it is not asked again at once, so the connection now stays
                probe.next("rests", lambda e: "not asked again" in e.get("error", ""))
                time.sleep(0.5)
                assert fake.connections == 2, fake.connections


def cache_row(redis, *words):
    said = subprocess.run([DYTOP, "-b", "-n", "2", "-i", "1", "--no-postgres", "--redis", f"redis://127.0.0.1:{redis.port}", "--panel", "cache",
                           "--format", "json", "--limit", "0", *words], capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said
    first, second = [frame["panels"][0]["rows"][0] for frame in json.loads(said.stdout)["frames"]]
    return second


def test_latency_of_all_commands():
    """p50 and p99 of the interval, from the histograms of all commands together: nearly all are slow here, each 40 ms."""
    with folder() as d, Redis(d, "--enable-debug-command", "yes") as redis:
        for _ in range(200):                            # before the first frame: not of the interval
            redis.call("PING")
        quiet = cache_row(redis)
        assert 0 < quiet["p50"] <= quiet["p99"] < 40, quiet
        over = threading.Event()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(redis.socket)

            def slow():
                while not over.is_set():
                    Redis.talk(s, "DEBUG", "SLEEP", "0.04")

            client = threading.Thread(target=slow)
            client.start()
            try:
                busy = cache_row(redis)
            finally:
                over.set()
                client.join()
        assert 40 < busy["p99"] < 2000 and busy["marks"]["p99"] == "bound", busy
        assert busy["alerts"]["p99"] == "warn", busy    # its whole bucket is beyond 15 ms


def check_other(name, product, latency):
    """A server of another version, unpacked beside the system's."""
    said = subprocess.run([os.path.join(TOP, "tests", "live", "fetch-redis.sh"), name], capture_output=True, text=True)
    if said.returncode != 0:
        raise Skip(said.stderr.strip().split("\n")[-1])
    _, program, libraries = said.stdout.split()
    with folder() as d, Redis(d, program=[program], env=dict(os.environ, LD_LIBRARY_PATH=libraries)) as redis:
        redis.call("SET", "a:1", "x")
        with Probe("redis", f"redis://127.0.0.1:{redis.port}", *panels()) as probe:
            live = probe.state("live")
            assert live["product"] == product, live
            for panel_name in ALL:
                answer = probe.rows(panel_name)
                if panel_name == "cache":
                    row = answer["rows"][0]
                    assert (row["latency"] is not None) == latency, row
                if panel_name == "commands":
                    row = by(answer["rows"], "command")["set"]
                    assert row["calls"] == 1 and (row["latency"] is not None) == latency, row
            print(f"     {product} {live['version_text']}")


def test_redis_6():
    check_other("redis6", "Redis", False)


def test_valkey():
    check_other("valkey", "Valkey", True)


if __name__ == "__main__":
    sys.exit(run(globals()))
