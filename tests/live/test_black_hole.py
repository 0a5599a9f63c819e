#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A network that swallows every packet without a word, both ways: what is shown grows old and says so, keys never wait, and it heals
by itself; the same when dytop is started into it.

All of it stands in network namespaces of its own (unshare): servers in one, dytop in the other. Packets are swallowed by giving
either side a wrong hardware address of the other."""
import os
import shutil
import subprocess
import sys
import time

SERVER, CLIENT, NOBODY = "10.99.0.1", "10.99.0.2", "02:00:00:00:00:99"

if "BLACK_HOLE" not in os.environ:                      # once more, in a namespace where this network may be built
    for word in ("unshare", "nsenter", "ip"):
        if not shutil.which(word):
            print("SKIP: there is no " + word)
            sys.exit(77)
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        print("SKIP: no network namespace can be made here")
        sys.exit(77)
    os.environ["BLACK_HOLE"] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, os.path.abspath(__file__), *sys.argv[1:]])

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
REAL = os.path.abspath(os.environ.get("DYTOP", "./dytop"))
HBA = "local all all trust\nhost all all 10.99.0.0/30 trust\n"


def ip(*words, inside=None):
    prefix = ["nsenter", "-t", str(inside), "-n"] if inside else []
    done = subprocess.run([*prefix, "ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        print("SKIP: ip %s: %s" % (" ".join(words), done.stderr.strip()))
        sys.exit(77)
    return done.stdout


class Net:
    """Two namespaces with one cable; `holder` is a process in the client's."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        mine = os.readlink("/proc/self/ns/net")
        end = time.monotonic() + 10
        while os.readlink("/proc/%d/ns/net" % self.holder.pid) == mine:
            assert time.monotonic() < end, "no second namespace"
            time.sleep(0.02)
        self.client = self.holder.pid
        ip("link", "set", "lo", "up")
        ip("link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(self.client))
        ip("addr", "add", SERVER + "/30", "dev", "v0")
        ip("link", "set", "v0", "up")
        ip("addr", "add", CLIENT + "/30", "dev", "v1", inside=self.client)
        ip("link", "set", "v1", "up", inside=self.client)
        ip("link", "set", "lo", "up", inside=self.client)

    def swallow(self):
        ip("neigh", "replace", CLIENT, "lladdr", NOBODY, "dev", "v0", "nud", "permanent")
        ip("neigh", "replace", SERVER, "lladdr", NOBODY, "dev", "v1", "nud", "permanent", inside=self.client)

    def heal(self):
        ip("neigh", "del", CLIENT, "dev", "v0")
        ip("neigh", "del", SERVER, "dev", "v1", inside=self.client)

    def wrapper(self, bench):
        return bench.file("dytop", '#!/bin/sh\nexec nsenter -t %d -n -- "%s" "$@"\n' % (self.client, REAL), 0o755)


def running(net, bench, words):
    from dash import Dash
    with Dash(*words) as d:
        d.live()
        d.send("1")
        d.expect("QUERY")
        net.swallow()
        begun = time.monotonic()
        d.until("old figures that say so", lambda: not d.row(0).endswith("LIVE"), 30)
        told = time.monotonic() - begun
        worst = d.slowest_key(14, 0.2)                             # past tcp_user_timeout, into the tries to connect
        assert not d.row(0).endswith("LIVE"), d.row(0)
        net.heal()
        healed = time.monotonic()
        d.live(60)
        healed = time.monotonic() - healed
        d.sane()
        d.quit()
    print("ok: swallowed while running: said after %.1f s, longest key to picture %.2f s, healed %.1f s after" % (told, worst, healed))


def starting(net, bench, words):
    from dash import Dash
    net.swallow()
    with Dash(*words, "--connect-timeout", "3s") as d:
        d.expect("QUERY|connecting|activity", 30)
        worst = d.slowest_key(2, 0.2)
        d.expect(r"no answer to the connection from 10\.99\.0\.1", 40)
        worst = max(worst, d.slowest_key(2, 0.2))
        net.heal()
        healed = time.monotonic()
        d.live(60)
        healed = time.monotonic() - healed
        d.quit()
    print("ok: started into it: longest key to picture %.2f s, healed %.1f s after" % (worst, healed))


def main():
    net = Net()
    try:
        import servers
        from postgres import Bench
        with Bench() as bench:
            servers.DYTOP = net.wrapper(bench)          # before dash is imported
            pg = bench.postgres(hba=HBA, listen_addresses=SERVER)
            redis = bench.redis("--bind", SERVER, "--protected-mode", "no")
            words = ["-d", "host=%s port=%d user=postgres dbname=postgres" % (SERVER, pg.port),
                     "--redis", "redis://%s:%d" % (SERVER, redis.port)]
            running(net, bench, words)
            starting(net, bench, words)
    finally:
        net.holder.kill()
        net.holder.wait()


main()
