#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""bridge/pool against a server: a thousand clients over twenty connections, growth and shrinking, leaks, losses, a server that is
restarted, full or stopped. The role may have as many connections as the pool and not one more: the server is the witness."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, wait_until
from worker import Events


class Pooled(Events):
    def __init__(self, bench, pg, *options):
        super().__init__(bench, "pooled", *options, pg.conninfo(user="app"))

    def stats(self):
        self.send("stats")
        return self.event("stats")

    def until(self, what, seconds, test):
        deadline = time.monotonic() + seconds * SLOW
        while True:
            s = self.stats()
            if test(s):
                return s
            assert time.monotonic() < deadline, "waited in vain for %s: %s" % (what, s)
            time.sleep(0.05)

    def quit(self):
        self.send("quit")
        self.event("end")
        self.process.wait(5 * SLOW)
        assert self.process.returncode == 0, self.process.stderr.read()


def mine(pg):
    return int(pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pooled'"))


def thousand(bench, pg):
    p = Pooled(bench, pg, "-a", "%d" % (20000 * SLOW))
    p.until("min", 5, lambda s: s["open"] == 5 and s["opening"] == 0)
    time.sleep(0.3)
    assert mine(pg) == 5
    p.send("load 1000 SELECT pg_sleep(0.001)")
    most = 0
    began = time.monotonic()
    while time.monotonic() - began < 4 or (most < 20 and time.monotonic() - began < 20 * SLOW):
        most = max(most, mine(pg))
        time.sleep(0.05)
    s = p.until("its turns", 20, lambda s: s["done"] > 1000)
    assert s["done"] > 1000 and s["failed"] == s["lost"] == s["none"] == 0, s
    assert most == 20 and s["most_open"] == 20 and s["open"] == 20, (most, s)
    assert s["opened"] == 20 and s["login_failed"] == 0, s          # the 21st would have been refused
    assert s["out_of_order"] == 0 and s["most_waiting"] >= 980, s
    assert 0.1 < s["efficiency"] <= 1, s            # the pool's own part of it; how much more is the machine's
    with open("/proc/%d/status" % p.process.pid) as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    assert SLOW > 1 or rss < 64 << 10, "%d kB for 1000 clients" % rss
    p.send("calm")
    p.until("calm", 5, lambda s: s["busy"] == 0 and s["waiting"] == 0)
    p.quit()
    print("ok: 1000 clients, %d operations, at most %d connections, %d kB, efficiency %.0f %%" %
          (s["done"], most, rss, s["efficiency"] * 100))


def grows_and_shrinks(bench, pg):
    p = Pooled(bench, pg, "-i", "700")
    p.until("min", 5, lambda s: s["open"] == 5 and s["opening"] == 0)
    p.send("load 3 SELECT pg_sleep(0.01)")
    time.sleep(0.5)
    assert p.stats()["open"] == 5, "three clients need no sixth"
    p.send("load 12 SELECT pg_sleep(0.05)")
    s = p.until("growth", 5, lambda s: s["open"] > 9)
    assert s["open"] <= 20
    p.send("calm")
    s = p.until("shrinking", 5, lambda s: s["open"] == 5)
    assert s["closed_idle"] > 0 and s["closed_old"] == 0, s
    time.sleep(0.3)
    assert mine(pg) == 5
    p.quit()
    print("ok: grows for a queue, shrinks when idle")


def lives(bench, pg):
    p = Pooled(bench, pg, "-L", "1000", "-M", "6", "-a", "%d" % (5000 * SLOW))
    p.send("load 30 SELECT pg_sleep(0.002)")
    s = p.until("replaced connections", 10, lambda s: s["closed_old"] >= 12)
    assert s["failed"] == s["lost"] == s["none"] == 0 and s["most_open"] <= 6 and s["login_failed"] == 0, s
    p.quit()
    print("ok: lives end between uses, %d replaced under load" % s["closed_old"])


def leaks(bench, pg):
    p = Pooled(bench, pg, "-l", "300", "-a", "%d" % (500 * SLOW), "-m", "1", "-M", "2")
    p.until("min", 5, lambda s: s["open"] == 1 and s["opening"] == 0)
    p.send("hold forgetful 60000")
    held = p.event("held")
    asked = time.time()
    leak = p.event("leak", 3)
    assert leak["who"] == "forgetful" and leak["pid"] == held["pid"] and leak["held_ms"] >= 300, leak
    assert abs(leak["since_us"] / 1e6 - asked) < 3 * SLOW
    time.sleep(0.6)
    s = p.stats()
    assert s["leaks"] == 1 and s["leaking"] == 1, "told once: %s" % s
    # the other connection too: whoever asks now is told so in time
    p.send("hold other 60000")
    p.event("held", who="other")
    p.send("load 3 SELECT 1")
    s = p.until("timeouts", 5, lambda s: s["none"] >= 3)
    assert "all 2 are in use" in s["last_error"] and s["timeouts"] >= 3, s
    p.quit()
    # what comes back in the midst of its work is not passed on
    p = Pooled(bench, pg, "-m", "1", "-M", "1")
    p.until("min", 5, lambda s: s["open"] == 1)
    p.send("dirty SELECT pg_sleep(5)")
    p.until("a dirty one", 5, lambda s: s["closed_dirty"] == 1)
    p.send("load 1 SELECT 1")
    p.until("another one", 5, lambda s: s["done"] > 10 and s["opened"] == 2)
    p.quit()
    print("ok: leaks and what comes back dirty")


def restarts(bench, pg):
    p = Pooled(bench, pg, "-a", "%d" % (20000 * SLOW))
    p.send("load 100 SELECT pg_sleep(0.002)")
    p.until("load", 5, lambda s: s["done"] > 500)
    pg.stop()
    s = p.until("the loss", 5, lambda s: s["open"] == 0)
    time.sleep(0.5)
    pg.start()
    before = p.stats()
    after = p.until("the load again", 10, lambda s: s["done"] > before["done"] + 500)
    # whoever was in the midst of it knows; nobody else was told anything
    assert after["lost"] <= 20 and after["failed"] <= 20 and after["none"] == 0, after
    assert after["open"] <= 20
    pg.kill()
    p.until("the loss", 5, lambda s: s["open"] == 0)
    pg.start()
    before = p.stats()
    p.until("the load again", 10, lambda s: s["done"] > before["done"] + 500)
    p.quit()
    # not there at all: the reason is told with the timeout
    q = Pooled(bench, pg, "-a", "600")
    pg.stop()
    q.send("load 3 SELECT 1")
    s = q.until("nothing", 5, lambda s: s["none"] >= 3)
    assert "no connection within 0.6 s" in s["last_error"] and s["login_failed"] < 20, s
    pg.start()
    q.until("work", 15, lambda s: s["done"] > 3)
    q.quit()
    print("ok: restarts under load")


def silent(bench, pg):
    p = Pooled(bench, pg, "-k", "300", "-m", "2", "-M", "4")
    p.until("min", 5, lambda s: s["open"] == 2)
    time.sleep(1.5)
    assert p.stats()["closed_silent"] == 0
    pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pooled'")
    p.until("others", 5, lambda s: s["conn_lost"] == 2 and s["open"] == 2)
    pg.signal(signal.SIGSTOP)
    s = p.until("the silence", 15, lambda s: s["closed_silent"] >= 2)
    pg.signal(signal.SIGCONT)
    p.until("others", 15, lambda s: s["open"] == 2 and s["opening"] == 0)
    p.send("load 3 SELECT 1")
    p.until("work", 5, lambda s: s["done"] > 10)
    p.send("close")
    p.until("closed", 5, lambda s: s["open"] - s["busy"] == 0 and "closed" in s["last_error"])
    p.send("open")
    done = p.stats()["done"]
    p.until("work", 5, lambda s: s["done"] > done)
    p.quit()
    print("ok: health checks, closed and opened")


def main():
    with Bench() as bench:
        pg = bench.postgres(max_connections="60")
        pg.sql("CREATE ROLE app LOGIN CONNECTION LIMIT 20")
        for test in (thousand, grows_and_shrinks, lives, leaks, restarts, silent):
            if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                test(bench, pg)


main()
