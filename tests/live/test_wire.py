#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A PostgreSQL that lies on the wire: messages that never end, at every place where one may stand; sessions that are thrown out
as soon as they are in. The program's memory, its turns and its logins stay bounded, and it says what happened."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import SLOW, Asker, simple
from postgres import Bench
from wire import Cut, Wire

MB = 1 << 20
ASAN = SLOW > 1                                        # its memory is not ours to judge
PANELS = {"one": simple("SELECT pg_backend_pid() AS pid", {"pid": "id"})}


def peak(process):
    """The most memory that it ever held, in MB."""
    with open("/proc/%d/status" % process.pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def endless(bench, pg, label, where, kind, length, state, reason, most):
    """At `where` a message of `length` bytes is announced, and sent as long as it is taken."""
    def script(link, k, body):
        if not where(link, k):
            return False
        link.announce(kind, length)
        return True

    with Wire(pg.port, script) as wire:
        a = Asker(bench, "pg", PANELS, "-t", wire.conninfo(), "-c", "20000")
        told = a.state(state, 30, reason=reason)
        assert told["retry_in"] > 20000, told
        taken = max(link.sent for link in wire.links) / MB
        high = peak(a.process)
        more = a.seconds(1.5)
        assert len(wire.links) == 1, "asked again at once: %d" % len(wire.links)
        assert not [e for e in more if e["event"] == "status" and e["state"] == "live"]
        end = a.quit(3)
    assert taken < most + 24, "%.0f MB were taken" % taken  # what the two kernels hold between is none of ours
    assert ASAN or high < most + 32, "%.0f MB of memory" % high
    assert end["stall_ms"] < 200 * SLOW, end                # 1 GB at once would take longer
    print("ok: %s: %s; %.0f MB sent, peak %.0f MB, longest turn %.1f ms" % (label, told["reason"], taken, high, end["stall_ms"]))


def all_at_once(bench, pg):
    """A field that would have been right, only too large: 60 MB."""
    def script(link, k, body):
        if k != b"D" or link.ready < 2:
            return False
        link.give(b"D" + (60 * MB).to_bytes(4, "big") + b"\0\1" + (60 * MB - 10).to_bytes(4, "big"))
        link.give(b"y" * (60 * MB - 10))
        return True

    with Wire(pg.port, script) as wire:
        a = Asker(bench, "pg", {"one": simple("SELECT 'x'::text AS t", {"t": "text"})}, "-t", wire.conninfo())
        told = a.state("refused", 30, reason="an answer of more than 48 MB")
        assert ASAN or peak(a.process) < 96, peak(a.process)
        a.quit(3)
    print("ok: one field of 60 MB: " + told["reason"])


def thrown_out(bench, pg, label, answers, seconds):
    """Logs in, perhaps answers, and is cut: however good the login was, the tries grow rare."""
    def script(link, k, body):
        if k == b"Z" and link.ready >= answers:
            link.message(k, body)
            raise Cut
        return False

    with Wire(pg.port, script) as wire:
        a = Asker(bench, "pg", PANELS, "-t", wire.conninfo(), "-i", "50")
        a.seconds(seconds)
        first = len(wire.links)
        a.seconds(seconds)
        later = len(wire.links) - first
        assert 3 <= first <= seconds and later <= seconds / 2, (first, later)
        wire.script = None
        a.state("live", 10)
        good = a.answer("one", 3, "ok")
        a.quit()
    print("ok: %s: %d tries in %d s, then %d in as many; healed: %d rows" % (label, first, seconds, later, good["rows"]))


def settled(bench, pg):
    """A session that has lasted is tried again at once."""
    with Wire(pg.port) as wire:
        a = Asker(bench, "pg", PANELS, "-t", wire.conninfo())
        for link_count in (1, 2, 3, 4):                # three losses, one after the other: 0.25, 0.5, 1 s
            a.answer("one", 8, "ok")
            assert len(wire.links) == link_count
            if link_count < 4:
                wire.links[-1].close()
                a.state("lost", 3)
        a.seconds(10.5)
        a.drain()
        wire.links[-1].close()
        lost = a.state("lost", 3)
        assert lost["retry_in"] < 350, lost
        a.state("live", 3)
        a.quit()
    print("ok: after 10 good seconds the first try comes %.0f ms after the loss" % lost["retry_in"])


def main():
    with Bench() as bench:
        pg = bench.postgres()
        in_answer = lambda link, k: link.ready >= 2 and k == b"D"
        endless(bench, pg, "a row of 1 GB", in_answer, b"D", 1 << 30, "refused", "an answer of more than 48 MB", 48)
        endless(bench, pg, "an error of 1 GB", in_answer, b"E", 1 << 30, "refused", "an answer of more than 48 MB", 48)
        endless(bench, pg, "a notice of 1 GB in the login", lambda link, k: k == b"K", b"N", 1 << 30, "refused",
                "before the login is done", 1)
        all_at_once(bench, pg)
        thrown_out(bench, pg, "cut after the login", 1, 8)
        thrown_out(bench, pg, "cut after the first answer", 5, 6)
        settled(bench, pg)


main()
