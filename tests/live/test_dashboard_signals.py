#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Keys C and K, and dytop cancel and terminate: who is hit and who is not, what must be typed, what is said before and after."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from postgres import Bench # noqa: E402
from servers import DYTOP, wait_for # noqa: E402

ROLES = """CREATE ROLE app LOGIN;
CREATE ROLE operator LOGIN IN ROLE pg_monitor, pg_signal_backend;
CREATE ROLE weak LOGIN IN ROLE pg_monitor;
CREATE TABLE things (a int PRIMARY KEY); INSERT INTO things SELECT generate_series(1, 100); GRANT ALL ON things TO app;"""


def run(*words):
    """The command, with a home of its own and nobody at the keyboard."""
    with tempfile.TemporaryDirectory() as home:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DYTOP_", "XDG_"))}
        return subprocess.run([DYTOP, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={**clean, "HOME": home}, start_new_session=True)


class Victim:
    """A session of role app that runs a statement; its pid, and whether it is still there."""

    def __init__(self, pg, name, text="SELECT pg_sleep(1000);", user="app"):
        self.pg = pg
        self.process = subprocess.Popen(pg.psql(user), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, "PGAPPNAME": name})
        pg.bench.clients.append(self.process)
        self.process.stdin.write("\\set ON_ERROR_STOP 0\n" + text + "\n")
        self.process.stdin.flush()
        self.pid = int(wait_for(name, lambda: pg.sql(f"SELECT pid FROM pg_stat_activity WHERE application_name = '{name}'"
                                                     " AND state <> 'idle'")))

    def state(self):
        return self.pg.sql(f"SELECT state FROM pg_stat_activity WHERE pid = {self.pid}")


def servers(bench, **settings):
    pg = bench.postgres(**settings)
    pg.sql(ROLES)
    return pg


def audit(home, name="audit.jsonl"):
    with open(os.path.join(home, ".local", "state", "dytop", name)) as f:
        return [json.loads(line) for line in f]


def dash(pg, *more, user="operator", **kw):
    d = Dash("-d", pg.conninfo(user), "--screen", "activity", *more, env={"XDG_STATE_HOME": None}, **kw)
    d.live()
    return d


def show(d, name):
    d.command(f"filter app:^{name}")
    d.expect(rf"(?m)^[ *+]*\d+ [^\n]*{name}")


def test_cancel(bench):
    pg = servers(bench)
    v = Victim(pg, "slow_one")
    with dash(pg) as d:
        show(d, "slow_one")
        d.send("C")
        d.expect(f"Cancel what backend {v.pid}, app")
        d.expect("runs for .*SELECT pg_sleep")
        d.expect("as operator, PostgreSQL .*primary")
        d.expect("pg_cancel_backend")
        d.expect(rf"\$1 = {v.pid}")
        # pasted, clicked, too early: no
        d.send("\x1b[200~y\x1b[201~")
        d.expect("pasted text answers no question")
        row = next(i for i in range(d.lines) if "y yes" in d.row(i))
        for x in range(0, d.columns, 3):
            d.send(f"\x1b[<0;{x + 1};{row + 1}M")
        d.pump(0.5)
        d.send("yes")
        d.expect("as pasted text does")
        assert v.state() == "active"
        d.pump(0.5)
        d.send("y")
        d.expect("done: Cancel backend.*has ended")
        assert v.state() == "idle", "the session stays"
        # the same key on a session that runs nothing
        d.send("i")
        d.pump(0.6)
        d.send("C")
        d.expect("refused: already finished")
        d.send("J")
        d.expect("Jobs: 0 running, 2 in all")
        d.expect(r"ok +Cancel backend")
        d.send("\r")
        d.expect("Job: all of it")
        d.expect("already finished")
        d.send("\x1b")
        d.expect("Jobs: 0 running")
        assert pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%'") == "0", "closed at the end"
        d.quit()
        lines = audit(d.home)
        assert [(n["action"], "outcome" in n and n["outcome"]) for n in lines][-1] == ("cancel", "ok"), lines
        assert "backend %d" % v.pid in json.dumps(lines[0]), lines


def test_terminate_wants_the_pid(bench):
    pg = servers(bench)
    v = Victim(pg, "doomed", "BEGIN; UPDATE things SET a = -a WHERE a = 1; SELECT pg_sleep(1000);")
    with dash(pg) as d:
        show(d, "doomed")
        d.send("K")
        d.expect(f"End the session of backend {v.pid}")
        d.expect("has written: that is rolled back")
        d.answer("y\r")
        d.expect("that is not what was asked for")
        assert v.state() == "active"
        d.send("\x7f")
        d.send(f"{v.pid}\r") # in one piece
        d.pump(0.5)
        assert v.state() == "active", "pasted by a terminal that does not mark it"
        d.pump(0.5)
        d.send("\r")
        d.expect("done: Terminate backend.*gone")
        assert v.state() == ""
        assert pg.sql("SELECT count(*) FROM things WHERE a = -1") == "0"
        # no is the default, and expiry is no
        w = Victim(pg, "spared")
        show(d, "spared")
        d.send("K")
        d.expect(f"End the session of backend {w.pid}")
        d.answer("\r")
        d.expect("no: nothing was done")
        assert w.state() == "active"
        d.quit()


def test_reused_pid_and_next_query(bench):
    """Between the question and the yes the session is another one, or runs another query: nobody is hit."""
    pg = servers(bench)
    v = Victim(pg, "brief", "SELECT pg_sleep(1000);\nSELECT pg_sleep(1000) AS another;")
    with dash(pg) as d:
        show(d, "brief")
        d.send("C")
        d.expect("Cancel what backend")
        pg.sql(f"SELECT pg_cancel_backend({v.pid})")
        wait_for("its next query", lambda: pg.sql(f"SELECT 1 FROM pg_stat_activity WHERE pid = {v.pid} AND query ~ 'another'") or None)
        d.answer("y")
        d.expect("already finished, nothing was sent")
        assert v.state() == "active", "the next query was not meant"
        d.quit()
    bad = run("terminate", "-d", pg.conninfo("operator"), "--yes", "999999")
    assert bad.returncode == 1 and "already finished: there is no backend 999999" in bad.stderr, bad


def test_five_tagged(bench):
    pg = servers(bench)
    victims = [Victim(pg, f"tagged{i}") for i in range(6)]
    with dash(pg) as d:
        show(d, "tagged")
        d.until("six rows", lambda: sum("tagged" in d.row(i) for i in range(5, d.lines - 2)) >= 6)
        d.send("g")
        for _ in range(6):
            d.send(" ")
            d.pump(0.05)
        d.expect("6 tagged")
        d.send("K")
        d.expect("6 rows are tagged, at most 5")
        d.send("U")
        d.send("g")
        for _ in range(5):
            d.send(" ")
            d.pump(0.05)
        d.expect("5 tagged")
        d.send("K")
        d.expect("End these 5 sessions")
        d.expect(r"type (?:\d+ ){5}and Enter")
        word = re.search(r"type ((?:\d+ ){5})", d.text())
        d.answer(word.group(1).strip() + "\r")
        wait_for("five gone", lambda: sum(v.state() == "" for v in victims) == 5 or None)
        d.expect("done: Terminate backends")
        d.quit()
    assert sum(v.state() == "active" for v in victims) == 1


def test_lock_root_in_two_keys(bench):
    pg = servers(bench)
    root = Victim(pg, "root", "BEGIN; LOCK TABLE things; SELECT pg_sleep(1000);")
    waiting = [Victim(pg, f"waits{i}", "SELECT * FROM things;") for i in range(3)]
    with dash(pg) as d:
        d.goto("locks", r"waits2")
        d.send("G")
        d.pump(0.3)
        d.send("X")
        d.send("K")
        d.expect(f"End the session of backend {root.pid}")
        d.expect("3 sessions wait for its locks")
        d.answer(f"{root.pid}\r")
        d.expect("done: Terminate backend.*gone")
        wait_for("the victims go on", lambda: all(v.state() == "idle" for v in waiting) or None)
        d.quit()


def test_who_is_left_alone(bench):
    pg = servers(bench)
    boss = Victim(pg, "boss", user="postgres")
    v = Victim(pg, "plain")

    def command(name, pid, user, *more):
        return run(name, "-d", pg.conninfo(user), "--yes", *more, str(pid))
    # a superuser's session: by one who is none, by one who is one, and when that is asked for
    r = command("cancel", boss.pid, "operator")
    assert r.returncode == 1 and "only a superuser may" in r.stderr, r
    r = command("terminate", boss.pid, "postgres")
    assert r.returncode == 1 and "it is left alone" in r.stderr and "--superusers" in r.stderr, r
    assert boss.state() == "active"
    r = command("cancel", boss.pid, "postgres", "--superusers")
    assert r.returncode == 0 and boss.state() == "idle", r
    # no right: the GRANT, and no question
    r = command("cancel", v.pid, "weak")
    assert r.returncode == 1 and "GRANT pg_signal_backend TO weak" in r.stderr and "y/N" not in r.stdout, r
    pg.sql("CREATE ROLE blind LOGIN IN ROLE pg_signal_backend")
    r = command("cancel", v.pid, "blind")
    assert r.returncode == 1 and "GRANT pg_monitor TO blind" in r.stderr, r
    # read-only wins over everything; nobody to ask is no yes
    r = command("cancel", v.pid, "operator", "--read-only")
    assert r.returncode == 1 and "read-only" in r.stderr, r
    r = run("cancel", "-d", pg.conninfo("operator"), str(v.pid))
    assert r.returncode == 1 and "no terminal to ask on" in r.stderr, r
    r = run("cancel", "-d", pg.conninfo("operator"), "--yes", "--audit", "/proc/none/audit", str(v.pid))
    assert r.returncode == 1 and "audit log cannot be written" in r.stderr, r
    assert v.state() == "active"
    # processes of the server itself
    pid = pg.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    r = command("terminate", pid, "postgres", "--superusers")
    assert r.returncode == 1 and "process of the server itself" in r.stderr, r
    with dash(pg, user="weak") as d:
        show(d, "plain")
        d.send("K")
        d.expect("refused: weak may not terminate sessions of app: GRANT pg_signal_backend TO weak")
        d.quit()
    assert command("cancel", v.pid, "operator").returncode == 0 and v.state() == "idle"


def test_walsender(bench):
    pg = servers(bench, wal_level="replica", max_wal_senders="3")
    tool = os.path.join(pg.bin, "pg_receivewal")
    if not os.path.exists(tool):
        return
    folder = os.path.join(bench.dir, "wal")
    os.mkdir(folder)
    p = subprocess.Popen([tool, "-h", pg.socket, "-p", str(pg.port), "-U", "postgres", "-D", folder], stderr=subprocess.DEVNULL)
    try:
        pid = int(wait_for("the walsender", lambda: pg.sql("SELECT pid FROM pg_stat_replication")))
        r = run("terminate", "-d", pg.conninfo("postgres"), "--yes", "--superusers", str(pid))
        assert r.returncode == 1 and "is a walsender: ending it breaks replication" in r.stderr, r
        assert pg.sql("SELECT pid FROM pg_stat_replication") == str(pid)
    finally:
        p.kill()
        p.wait()


def test_read_only(bench):
    """No key does anything, and the server saw no statement that does."""
    pg = servers(bench, log_statement="all")
    v = Victim(pg, "safe")
    with dash(pg, "--read-only") as d:
        show(d, "safe")
        for key in "CKmwE":
            d.send(key)
            d.expect("read-only: dytop was started with --read-only")
            d.send("\x1b")
            d.pump(0.2)
            show(d, "safe")
        for line in ("cancel", "terminate", "menu"):
            d.command(line)
            d.expect("read-only: dytop was started with --read-only")
        d.quit()
        assert not os.path.exists(os.path.join(d.home, ".local", "state", "dytop", "audit.jsonl"))
    assert v.state() == "active"
    with open(os.path.join(bench.dir, "postgres.log")) as f:
        log = f.read()
    assert "pg_terminate_backend" not in log and "signal_look" not in log and "pg_cancel_backend" not in log


def test_connection_lost(bench):
    """The server goes away under the question: nothing was sent, and it is said."""
    pg = servers(bench)
    Victim(pg, "lost")
    with dash(pg) as d:
        show(d, "lost")
        d.send("K")
        d.expect("End the session of backend")
        pg.kill()
        d.expect("nothing was sent")
        d.quit()


def test_black_hole(bench):
    """The server stands still when it is sent: the screen lives, it can be given up, and is called unknown."""
    pg = servers(bench)
    Victim(pg, "still")
    home = os.path.join(bench.dir, "home")
    os.mkdir(home)
    with dash(pg, home=home) as d:
        show(d, "still")
        d.send("C")
        d.expect("Cancel what backend")
        d.pump(0.5)
        pg.signal(signal.SIGSTOP)
        try:
            d.send("y")
            d.pump(0.3)
            d.send("J")
            d.expect("Jobs: 1 running")
            d.send("c")
            d.expect("unknown +Cancel backend")
            d.send("\x1b")
            d.expect("STALE|no answer")
        finally:
            pg.signal(signal.SIGCONT)
        d.live()
        d.send("J")
        d.expect("(?s)Audit trail.*unknown +Cancel backend")
        d.send("\x1b")
        d.quit()
        assert audit(d.home)[-1]["outcome"] == "unknown", audit(d.home)
    # the next dashboard has it from the log
    with dash(pg, home=home) as again:
        again.send("J")
        again.expect("(?s)Audit trail.*unknown +cancel backend")
        again.quit()


def main():
    tests = [t for n, t in sorted(globals().items()) if n.startswith("test_") and sys.argv[1:] in ([], [n])]
    for test in tests:
        with Bench() as bench:
            start = time.monotonic()
            test(bench)
            print(f"ok {test.__name__} {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
