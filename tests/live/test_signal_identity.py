#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Who is meant: a pid that the kernel gave to another session meanwhile, dytop's own sessions of every kind, other dytops, and
what is known behind a pooler in transaction mode, where nothing of ours may stay behind either.

As root it runs in a pid namespace of its own, where the next pid can be chosen (/proc/sys/kernel/ns_last_pid). Where that is
forbidden it says so, and only a start that is wrong stands for a reused pid: the same comparison, with nobody's pid reused."""
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from maintain import Terminal # noqa: E402
from postgres import Bench, find # noqa: E402
from servers import DYTOP, wait_for # noqa: E402
from test_dashboard_signals import ROLES, Victim, audit, run, show # noqa: E402

LAST_PID = "/proc/sys/kernel/ns_last_pid"
START = "(extract(epoch FROM backend_start) * 1000000)::int8"


class Raw:
    """A session that costs no process but the server's own: the next pid is its."""

    def __init__(self, pg, name, user="app"):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30)
        self.s.connect(os.path.join(pg.socket, f".s.PGSQL.{pg.port}"))
        words = b"".join(w.encode() + b"\0" for w in ("user", user, "database", "postgres", "application_name", name)) + b"\0"
        self.s.sendall(struct.pack("!ii", len(words) + 8, 196608) + words)
        self.pid, self.kind = 0, b""
        while self.kind != b"Z":
            self.message()

    def exactly(self, count):
        got = b""
        while len(got) < count:
            more = self.s.recv(count - len(got))
            assert more, "the server closed"
            got += more
        return got

    def message(self):
        self.kind, length = struct.unpack("!ci", self.exactly(5))
        body = self.exactly(length - 4)
        assert self.kind != b"E", body
        if self.kind == b"K":
            self.pid = struct.unpack("!ii", body)[0]

    def begin(self, sql):
        self.s.sendall(b"Q" + struct.pack("!i", len(sql) + 5) + sql.encode() + b"\0")

    def close(self):
        self.s.close()


def may_choose():
    try:
        with open(LAST_PID, "r+") as f:
            f.write(f.read())
        return True
    except OSError:
        return False


def choose(pid):
    with open(LAST_PID, "w") as f:
        f.write(str(pid - 1))


def with_pid(pg, pid, name):
    """A session of app whose backend has that pid, which is free."""
    for _ in range(300):
        choose(pid)
        session = Raw(pg, name)
        if session.pid == pid:
            return session
        session.close()
    raise AssertionError(f"pid {pid} was not to be had")


def gone(pg, pid):
    wait_for("its end", lambda: pg.sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}") == "0" and not os.path.exists(f"/proc/{pid}"))


def replace(pg, old, name="brief"):
    """The session ends, and another has its pid: same role, same name, and it runs the same."""
    pg.sql(f"SELECT pg_terminate_backend({old.pid})")
    gone(pg, old.pid)
    new = with_pid(pg, old.pid, name)
    new.begin("SELECT pg_sleep(1000)")
    wait_for("it runs", lambda: state(pg, new.pid) == "active")
    return new


def state(pg, pid):
    return pg.sql(f"SELECT state FROM pg_stat_activity WHERE pid = {pid}")


def first(pg, name="brief"):
    session = Raw(pg, name)
    session.begin("SELECT pg_sleep(1000)")
    wait_for("it runs", lambda: state(pg, session.pid) == "active")
    return session


def servers(bench, **settings):
    pg = bench.postgres(**settings)
    pg.sql(ROLES)
    return pg


def dash(words, **kw):
    d = Dash(*words, env={"XDG_STATE_HOME": None}, **kw)
    d.live()
    return d


def terminal(bench, pg, *words):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DYTOP_"))}
    env.update(XDG_STATE_HOME=os.path.join(bench.dir, "state"), XDG_CONFIG_HOME=bench.dir, TERM="xterm", LC_ALL="C.UTF-8")
    return Terminal([DYTOP, words[0], "-d", pg.conninfo("operator"), *words[1:]], env)


def test_another_start_is_another_session(bench):
    """What holds where pids cannot be chosen too: the pid is right, the start is off by a microsecond."""
    pg = servers(bench)
    v = Victim(pg, "brief")
    start = int(pg.sql(f"SELECT {START} FROM pg_stat_activity WHERE pid = {v.pid}"))
    for name in ("cancel", "terminate"):
        for wrong in (start - 1, start + 1, 1):
            r = run(name, "-d", pg.conninfo("operator"), "--yes", f"{v.pid}@{wrong}")
            assert r.returncode == 1 and f"the pid {v.pid} belongs to another session now" in r.stderr, r
    for bad in ("@5", "x@5", f"{v.pid}@", f"{v.pid}@x", f"{v.pid}@-5", f"{v.pid}@99999999999999999999"):
        r = run("terminate", "-d", pg.conninfo("operator"), "--yes", bad)
        assert r.returncode == 1 and bad in r.stderr, r
    assert v.state() == "active"
    # the statement itself: another start, role or query start finds no row, and never the session that asks
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sql", "session")
    role, query = pg.sql(f"SELECT usesysid || ' ' || {START.replace('backend', 'query')} FROM pg_stat_activity WHERE pid = {v.pid}").split()
    for name, values in (("terminate", (v.pid, start - 1, role)), ("terminate", (v.pid, start, 10)),
                         ("cancel", (v.pid, start, role, int(query) - 1)), ("cancel", (v.pid, start, 10, query))):
        with open(os.path.join(top, f"signal_{name}.sql")) as f:
            text = f.read()
        kinds = "int4, int8, oid, int8" if name == "cancel" else "int4, int8, oid"
        got = pg.sql(f"PREPARE p ({kinds}) AS {text};\nEXECUTE p ({', '.join(map(str, values))});")
        assert got == "", (name, values, got)
    r = run("cancel", "-d", pg.conninfo("operator"), "--yes", f"{v.pid}@{start}")
    assert r.returncode == 0 and v.state() == "idle", r


def test_reused_pid_in_the_dashboard(bench):
    if not may_choose():
        print("the next pid cannot be chosen here: no pid is really reused")
        return
    pg = servers(bench)
    for key, question in (("C", "Cancel what backend"), ("K", "End the session of backend")):
        old = first(pg)
        with dash(["-d", pg.conninfo("operator"), "--screen", "activity"]) as d:
            show(d, "brief")
            d.send(key)
            d.expect(f"{question} {old.pid}")
            d.send("")
            new = replace(pg, old)
            d.answer("y" if key == "C" else f"{old.pid}\r")
            d.expect(r"refused: .*its pid belongs to another|refused: .*pid \d+ belongs to another")
            assert state(pg, new.pid) == "active", "somebody else was hit"
            d.quit()
            assert audit(d.home)[-1]["outcome"] == "refused", audit(d.home)
        new.close()
        pg.sql(f"SELECT pg_terminate_backend({new.pid})")
        gone(pg, new.pid)


def test_reused_pid_on_the_command_line(bench):
    if not may_choose():
        print("the next pid cannot be chosen here: no pid is really reused")
        return
    pg = servers(bench)
    for name in ("cancel", "terminate"):
        old = first(pg)
        start = pg.sql(f"SELECT {START} FROM pg_stat_activity WHERE pid = {old.pid}")
        with terminal(bench, pg, name, str(old.pid)) as t:
            t.until("[y/N]" if name == "cancel" else f"Type {old.pid} to go on")
            new = replace(pg, old)
            t.answer("y" if name == "cancel" else str(old.pid))
            t.until("its pid belongs to another session now: nothing was sent")
            t.end(1)
        # named with its start it is refused before the question, and with --yes
        r = run(name, "-d", pg.conninfo("operator"), "--yes", f"{old.pid}@{start}")
        assert r.returncode == 1 and f"the pid {old.pid} belongs to another session now" in r.stderr, r
        assert state(pg, new.pid) == "active", "somebody else was hit"
        pg.sql(f"SELECT pg_terminate_backend({new.pid})")
        gone(pg, new.pid)


def test_own_sessions_on_the_command_line(bench):
    """The session that would signal is given a pid that was named before."""
    pg = servers(bench)
    if not may_choose():
        print("the next pid cannot be chosen here: the command's own session has no pid that could be named")
        return
    said = []
    for i in range(60):
        pid, stop = 20000 + 100 * i, threading.Event()

        def keep():
            while not stop.is_set():
                choose(pid)
        thread = threading.Thread(target=keep)
        p = subprocess.Popen([DYTOP, "terminate", "-d", pg.conninfo("operator"), "--yes", "--audit", os.path.join(bench.dir, "audit"), str(pid)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        thread.start()
        try:
            out = p.communicate(timeout=60)[0]
        finally:
            stop.set()
            thread.join()
        assert p.returncode == 1, out
        said.append(out)
        if "is the session that would terminate it: it is left alone" in out:
            return
    raise AssertionError("it never had the pid: " + said[-1])


def test_own_sessions_in_the_dashboard(bench):
    """Its sampling session of another database of that server, and the session that works for a job."""
    pg = servers(bench)
    pg.sql("CREATE ROLE keeper LOGIN IN ROLE pg_monitor, pg_signal_backend; ALTER TABLE things OWNER TO keeper;"
           "CREATE INDEX by_a ON things (a); CREATE DATABASE second")
    with dash(["-d", pg.conninfo("keeper"), "-d", pg.conninfo("keeper", "second")]) as d:
        own = wait_for("its session", lambda: pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'dytop' AND datname = 'second'"))
        d.goto("activity")
        d.send("i") # idle ones too
        for key in "CK":
            show(d, "dytop")
            d.until("that row", lambda: any(own in d.row(i) for i in range(5, d.lines - 2)))
            d.send("g")
            d.pump(0.3)
            d.send(key)
            d.expect(f"refused: .*backend {own} is dytop's own session")
        assert pg.sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {own}") == "1"
        holder = pg.session("BEGIN; SELECT count(*) FROM things;")
        d.on_row("indexes", "index:by_a", "by_a")
        d.pick("REINDEX")
        d.expect("REINDEX INDEX CONCURRENTLY public.by_a")
        d.answer(re.search(r"type (\S+) and Enter", d.text()).group(1) + "\r")
        job = wait_for("it waits", lambda: pg.sql("SELECT pid FROM pg_stat_activity WHERE query ~ '^REINDEX' AND wait_event_type = 'Lock'"))
        for key in "CK":
            d.goto("activity")
            d.command("filter query:REINDEX")
            d.until("that row", lambda: any(job in d.row(i) for i in range(5, d.lines - 2)))
            d.pump(0.3)
            d.send(key)
            d.expect(f"refused: .*backend {job} works for a job of this dytop")
        holder.kill()
        wait_for("it ends well", lambda: not pg.sql("SELECT 1 FROM pg_stat_activity WHERE query ~ '^REINDEX' AND state = 'active'") or None)
        assert pg.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
        d.quit()


def test_another_dytop_is_told(bench):
    """It may be ended, for a job may be left by one that is gone; the question says what it is."""
    pg = servers(bench)
    pg.sql("CREATE ROLE other LOGIN IN ROLE pg_monitor")
    with dash(["-d", pg.conninfo("other")]) as d:
        pid = wait_for("its session", lambda: pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'other'"))
        with terminal(bench, pg, "terminate", pid) as t:
            t.until(f"Type {pid} to go on")
            assert "it calls itself dytop" in t.text, t.text
            t.answer("no")
            t.end(1)
        with dash(["-d", pg.conninfo("operator"), "--screen", "activity"]) as mine:
            mine.send("i") # idle ones too
            mine.command("filter user:other")
            mine.until("that row", lambda: any(pid in mine.row(i) for i in range(5, mine.lines - 2)))
            mine.send("K")
            mine.expect("it calls itself dytop")
            mine.answer("\r")
            mine.expect("no: nothing was done")
            mine.quit()
        assert pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'other'") == pid
        d.quit()


def test_guarded_in_the_dashboard(bench):
    """Walsender, superuser: refused by both keys (the server's own processes are no rows there)."""
    pg = servers(bench, wal_level="replica", max_wal_senders="3")
    Victim(pg, "boss", user="postgres")
    tool = os.path.join(pg.bin, "pg_receivewal")
    receiver = None
    if os.path.exists(tool):
        folder = os.path.join(bench.dir, "wal")
        os.mkdir(folder)
        receiver = subprocess.Popen([tool, "-h", pg.socket, "-p", str(pg.port), "-U", "postgres", "-D", folder], stderr=subprocess.DEVNULL)
        bench.clients.append(receiver)
        wait_for("the walsender", lambda: pg.sql("SELECT pid FROM pg_stat_replication"))
    for user, superuser in (("operator", "only a superuser may"), ("postgres", "a superuser: it is left alone")):
        with dash(["-d", pg.conninfo(user), "--screen", "activity"]) as d:
            for key in "CK":
                show(d, "boss")
                d.send(key)
                d.expect("refused: .*" + superuser)
                if receiver:
                    show(d, "pg_rec")
                    d.send(key)
                    d.expect("refused: .*is a walsender")
            d.quit()
    assert not receiver or pg.sql("SELECT count(*) FROM pg_stat_replication") == "1"


def pooled(pool, text):
    done = subprocess.run([find("psql"), "-XAtq", "-d", pool.conninfo(), "-c", text], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


KEPT = ("SELECT current_setting('default_transaction_read_only'), current_setting('statement_timeout'), current_setting('lock_timeout'),"
        " current_setting('search_path'), current_setting('client_min_messages')")


def test_behind_a_pooler(bench):
    """Own sessions cannot be known there: none that calls itself dytop is touched. Others are, and no setting stays behind."""
    pg = servers(bench)
    pool = bench.pgbouncer(pg, default_pool_size=1)
    before = pooled(pool, KEPT)
    v = Victim(pg, "plain")
    r = run("cancel", "-d", pool.conninfo(), "--yes", str(v.pid))
    assert r.returncode == 0 and v.state() == "idle", r
    assert pooled(pool, KEPT) == before, "left in a session that others use"
    r = run("doctor", "-d", pool.conninfo())
    assert "cancel, terminate" in r.stdout or r.returncode in (0, 3), r
    assert pooled(pool, KEPT) == before, "left by doctor"
    r = run("maintain", "-d", pool.conninfo(), "--yes", "vacuum", "things")
    assert r.returncode == 1 and "is a pooler" in r.stderr, r
    assert pooled(pool, KEPT) == before, "left by maintain"
    pooled(pool, "CREATE TABLE written (a int)") # not read-only
    # somebody's session that calls itself dytop, and the pool's own, whoever uses it now
    other = Victim(pg, "dytop")
    single = pg.sql("SELECT pid FROM pg_stat_activity WHERE client_port <> -1 OR (application_name <> 'dytop' AND state = 'idle' AND pid <> pg_backend_pid())").split()
    r = run("terminate", "-d", pool.conninfo(), "--yes", str(other.pid))
    assert r.returncode == 1 and "behind a pooler dytop cannot tell whether it is its own session" in r.stderr, r
    for pid in single:
        if state(pg, pid) == "idle" and pid != str(v.pid):
            r = run("terminate", "-d", pool.conninfo(), "--yes", "--superusers", pid)
            assert r.returncode == 1 and ("is the session that would terminate it" in r.stderr or "cannot tell" in r.stderr), r
    assert other.state() == "active"
    with dash(["-d", pool.conninfo(), "--screen", "activity"]) as d:
        show(d, "dytop")
        d.until("that row", lambda: any(str(other.pid) in d.row(i) for i in range(5, d.lines - 2)))
        for key in "CK":
            d.send(key)
            d.expect("refused: .*behind a pooler dytop cannot tell")
            d.send("\x1b")
            d.pump(0.3)
        v = Victim(pg, "meant")
        show(d, "meant")
        d.send("C")
        d.expect(f"Cancel what backend {v.pid}")
        d.answer("y")
        d.expect("done: Cancel backend.*has ended")
        d.quit()
    assert other.state() == "active" and v.state() == "idle"
    assert pooled(pool, KEPT) == before, "left by the dashboard"
    # straight to the server it is done
    r = run("terminate", "-d", pg.conninfo("operator"), "--yes", str(other.pid))
    assert r.returncode == 0 and other.state() == "", r


def main():
    for test in [t for n, t in sorted(globals().items()) if n.startswith("test_") and sys.argv[1:] in ([], [n])]:
        with Bench() as bench:
            start = time.monotonic()
            test(bench)
            print(f"ok {test.__name__} {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    OWN = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.getuid() == 0 and not os.environ.get("DYTOP_TEST_PIDS"):
        try:
            usable = subprocess.run(OWN + ["true"], stderr=subprocess.DEVNULL).returncode == 0
        except OSError:
            usable = False
        os.environ["DYTOP_TEST_PIDS"] = "own" if usable else "shared"
        if usable: # the shell is its process 1, which takes the orphans
            os.execvp(OWN[0], OWN + ["sh", "-c", '"$@"; exit $?', "sh", sys.executable] + sys.argv)
    main()
