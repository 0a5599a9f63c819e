#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The working Redis connection (source/redis_work): order, login, refusals, silence, loss, ceilings, rate."""

import json
import os
import queue
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from redis_test import authority, certificate
from servers import SLOW, Redis, Skip, folder, free_port, run

DRIVER = os.path.abspath("tests/live/redis_driver")


class Driver:
    def __init__(self, target, *options, password=None):
        if not os.access(DRIVER, os.X_OK):
            raise Skip(f"{DRIVER} is not built")
        env = dict(os.environ)
        if password is not None:
            env["DRIVER_PASSWORD"] = password
        self.process = subprocess.Popen([DRIVER, *options, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=env, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(json.loads(line)) for line in self.process.stdout],
                         daemon=True).start()

    def do(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def next(self, event=None, seconds=10.0):
        try:
            got = self.lines.get(timeout=seconds * SLOW)
        except queue.Empty:
            raise AssertionError(f"nothing within {seconds} s, waited for {event}") from None
        assert event is None or got["event"] == event, (event, got)
        return got

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        self.process.wait(10 * SLOW)
        if kind is None:
            assert self.process.returncode == 0, self.process.returncode


def test_in_order_and_opened_only_when_told():
    with folder() as d, Redis(d) as redis, Driver(f"redis://127.0.0.1:{redis.port}/3") as driver:
        driver.do("send PING")
        lost = driver.next("lost")
        assert "not connected" in lost["text"], lost
        driver.do("open")
        assert driver.next("up")["text"] == f"127.0.0.1:{redis.port}/3"
        driver.do("send SET a 1", "send INCR a", "send GET a", "send HELP ME", "send ECHO x")
        got = [driver.next() for _ in range(5)]
        assert [g["event"] for g in got] == ["reply"] * 5, got
        assert got[0]["text"] == "OK" and got[1]["number"] == 2 and got[2]["text"] == "2" and got[4]["text"] == "x", got
        assert got[3]["text"].startswith("ERR unknown command"), got
        clients = redis.call("CLIENT", "LIST").decode()
        assert "name=driver" in clients and "db=3" in clients, clients
        driver.do("send DEBUG SLEEP 1", "close", "open")
        assert "closed" in driver.next("closed")["event"] and "closed" in driver.next("lost")["text"]
        driver.next("up")
        driver.do("send GET a")
        assert driver.next("reply")["text"] == "2"


def test_a_hundred_thousand_pipelined():
    with folder() as d, Redis(d) as redis, Driver(redis.socket, "-w", "1000") as driver:
        driver.do("open")
        driver.next("up")
        for line in ("pump 100000 545", "check 100000 545"):
            driver.do(line)
            many = driver.next("many", 60)
            assert many["number"] == 100000, many
            print("    ", line, many["text"])
        assert redis.call("DBSIZE") == b":100000\r\n"
        for line in ("pump 300 300000", "check 300 300000"):   # more than any buffer holds
            driver.do(line)
            assert driver.next("many", 60)["number"] == 300


def test_tls():
    with folder() as d:
        authority(d, "ca")
        certificate(d, "server", "ca", "/CN=localhost", "subjectAltName=DNS:localhost")
        file = lambda name: os.path.join(d, name)
        with Redis(d, "--tls-cert-file", file("server.crt"), "--tls-key-file", file("server.key"), "--tls-ca-cert-file", file("ca.crt"),
                   "--tls-auth-clients", "no", tls=True) as redis:
            address = f"rediss://localhost:{redis.port}"
            with Driver(address, "-a", file("ca.crt")) as driver:
                driver.do("open")
                driver.next("up")
                for line in ("pump 20000 545", "check 20000 545", "pump 100 300000", "check 100 300000"):
                    driver.do(line)
                    assert driver.next("many", 60)["number"] == int(line.split()[1]), line
                redis.kill()
                driver.next("lost")
            redis.start()
            with Driver(address) as driver:
                driver.do("open")
                assert "unknown CA" in driver.next("auth")["text"]
            with Driver(f"redis://localhost:{redis.port}") as driver:
                driver.do("open")
                assert "rediss" in driver.next()["text"]


def test_ceilings():
    with folder() as d, Redis(d) as redis, Driver(redis.socket) as driver:
        driver.do("open")
        driver.next("up")
        driver.do("flood 700000 SET key-0123456789 value-0123456789")         # some 30 MB at once: the rest is refused
        many = driver.next("many", 60)
        assert "more is waiting" in many["text"], many
        assert 100000 < many["number"] < 700000, many
        driver.do("send ECHO still")                                          # and the connection lives
        assert driver.next("reply")["text"] == "still"
        redis.call("EVAL", "redis.call('SET', 'big', string.rep('x', 20000000))", 0)
        driver.do("send GET big", "send PING")
        assert "16 MiB" in driver.next("lost")["text"] and driver.next("lost")["event"] == "lost"
        assert driver.next()["text"].endswith("16 MiB")
        driver.do("send PING")
        assert "not connected" in driver.next("lost")["text"]


def test_silent_and_killed():
    with folder() as d, Redis(d) as redis, Driver(f"127.0.0.1:{redis.port}", "-d", str(int(400 * SLOW))) as driver:
        driver.do("open")
        driver.next("up")
        redis.pause()
        driver.do("send SET a 1", "send PING")
        assert "no answer for" in driver.next("lost")["text"]
        driver.next("lost")
        assert driver.next("timeout")["number"] == -1
        redis.go_on()
        driver.do("open")
        driver.next("up")
        driver.do("send PING")
        assert driver.next("reply")["text"] == "PONG"
        redis.pause()
        driver.do("flood 1000 SET a 1")
        redis.kill()
        got = {e["event"]: e for e in (driver.next(), driver.next())}         # it may be lost before the flood begins
        assert set(got) == {"many", "lost"} and "failed 1000" in got["many"]["text"], got
        driver.do("open")
        refused = driver.next("connect")
        assert "refused" in refused["text"], refused
        driver.do("open")                                                     # a second try is its owner's to make
        driver.next("connect")


def test_login_refused():
    with folder() as d, Redis(d, "--requirepass", "sesame", "--maxclients", "20") as redis:
        address = f"redis://127.0.0.1:{redis.port}"
        with Driver(address) as driver:
            driver.do("open")
            assert "asks for a password" in driver.next("auth")["text"]
        with Driver(address, password="wrong") as driver:
            driver.do("open")
            assert "wrong user or password" in driver.next("auth")["text"]
        with Driver(address, password="sesame") as driver:
            driver.do("open")
            driver.next("up")
        with socket.create_connection(("127.0.0.1", redis.port)) as s:
            redis.talk(s, "AUTH", "sesame")
            redis.talk(s, "ACL", "SETUSER", "reader", "on", ">pw", "~*", "-@all", "+get")
            with Driver(address, "-u", "reader", password="pw") as driver:    # no SETNAME: that harms nobody
                driver.do("open")
                driver.next("up")
                driver.do("send GET a", "send SET a 1")
                driver.next("reply")
                assert driver.next("reply")["text"].startswith("NOPERM")
            with Driver(address + "/2", "-u", "reader", password="pw") as driver:
                driver.do("open")
                assert "SELECT" in driver.next("privilege")["text"]
        with Driver(address, "-u", "somebody") as driver:
            assert "user without a password" in driver.next("invalid")["text"]
            driver.process.wait(10)
            driver.process.returncode = 0


def test_no_redis_there():
    with Driver(f"127.0.0.1:{free_port()}") as driver:
        driver.do("open")
        driver.next("connect")
    with socket.socket() as s:                                                # accepts, says nothing
        s.bind(("127.0.0.1", 0))
        s.listen()
        with Driver(f"127.0.0.1:{s.getsockname()[1]}", "-c", str(int(600 * SLOW))) as driver:
            driver.do("open")
            assert "no answer" in driver.next("timeout")["text"]
            s.accept()
            driver.do("open")
            peer, _ = s.accept()
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert "not a Redis server" in driver.next("protocol")["text"]
            driver.do("open")
            peer, _ = s.accept()
            peer.recv(1000)
            peer.sendall(b"+OK\r\n")
            driver.next("up")
            peer.sendall(b"+OK\r\n")
            assert "nobody asked for" in driver.next("protocol")["text"]
            driver.do("open")
            peer, _ = s.accept()
            peer.close()
            assert "rediss" in driver.next("lost")["text"]


if __name__ == "__main__":
    sys.exit(run(globals()))
