#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Every query of every panel on real servers: on the PostgreSQL that is installed, on the major versions given as "MAJOR=BINDIR",
and on PgBouncer where it is installed. For each: that it runs, returns exactly the columns that its header declares for
that version, with types that can be decoded; that what is staged (blocked sessions, an index build under way, duplicate
indexes, a full pool, a standby) shows; that an unprivileged role gets less, not errors; that no temporary file is written.

  panels_test.py [MAJOR=BINDIR ...]        default: the installed one
"""
import glob
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("srcdir") and os.path.abspath(os.environ["srcdir"]) or os.path.dirname(os.path.dirname(HERE))
PROBE = os.path.abspath(os.path.join(os.environ.get("PANEL_PROBE_DIR", "tests/live"), "panel_probe"))
PANELS = sorted(glob.glob(os.path.join(SOURCE, "sql/panels/*.sql")))
POOLS = json.dumps([{"application": "dytallix-bridge", "max": 3, "min": 0, "lifetime_s": 0.5, "idle_s": 0.5,
                     "idle_in_transaction_s": 0.5}, {"application": "nobody", "max": 5}])
CONF = """
listen_addresses = ''
unix_socket_directories = '{sock}'
shared_preload_libraries = 'pg_stat_statements'
track_io_timing = on
fsync = off
max_connections = 50
wal_level = replica
autovacuum = off
"""
# What PostgreSQL 13 cannot give.
MISSING = {"inflight", "statements.running", "statements_io.running"}
failed = []
context = ""


def check(what, good, detail=""):
    if not good:
        failed.append(f"{context}: {what}")
        print(f"FAIL {context}: {what} {detail}", flush=True)


def installed():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[4]))
    path = os.path.dirname(found[-1]) if found else os.path.dirname(shutil.which("postgres") or "")
    return [(int(subprocess.check_output([path + "/postgres", "-V"], text=True).split()[2].split(".")[0]), path)] if path else []


def other_user():
    """PostgreSQL refuses root."""
    if os.getuid() != 0:
        return {}
    name = "postgres" if any(u.pw_name == "postgres" for u in pwd.getpwall()) else "nobody"
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Server:
    def __init__(self, bindir, top, name):
        self.bindir, self.dir = bindir, f"{top}/{name}"
        self.data, self.sock = self.dir + "/data", self.dir
        self.process, self.sessions = None, []
        os.mkdir(self.dir)
        if other_user():
            os.chown(self.dir, other_user()["user"], other_user()["group"])

    def make(self):
        env = dict(os.environ, LC_ALL="C")
        subprocess.run([f"{self.bindir}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/", env=env, **other_user())
        self.configure(CONF)

    def configure(self, text):
        with open(self.data + "/postgresql.conf", "a") as f:
            f.write(text.format(sock=self.sock))

    def start(self):
        log = open(self.dir + "/log", "a")
        self.process = subprocess.Popen([f"{self.bindir}/postgres", "-D", self.data], stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log, cwd="/", **other_user())
        for _ in range(300):
            if subprocess.run(["psql", "-XqAt", "-h", self.sock, "-U", "postgres", "-d", "postgres", "-c", "SELECT 1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"{self.bindir} did not start: {open(self.dir + '/log').read()[-2000:]}")

    def stop(self):
        for s in self.sessions:
            s.kill()
            s.wait()
        self.sessions = []
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()

    def psql(self, sql, db="app", user="postgres"):
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.sock, "-U", user, "-d", db], check=True, text=True,
                              input=sql, stdout=subprocess.PIPE).stdout.strip()

    def session(self, sql, name="dytallix-bridge", db="app", encoding="UTF8"):
        """A session that runs sql and then stays, idle or in what it began."""
        env = dict(os.environ, PGAPPNAME=name, PGCLIENTENCODING=encoding)
        s = subprocess.Popen(["psql", "-Xq", "-h", self.sock, "-U", "postgres", "-d", db], stdin=subprocess.PIPE, env=env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        s.stdin.write(sql if isinstance(sql, bytes) else sql.encode())
        s.stdin.flush()
        self.sessions.append(s)
        return s

    def probe(self, user, panels=None, db="app"):
        conninfo = f"host={self.sock} user={user} dbname={db}"
        files = [p for p in PANELS if not panels or os.path.basename(p)[:-4] in panels]
        env = dict(os.environ, PROBE_pools=POOLS)
        r = subprocess.run([PROBE, conninfo, *files], text=True, stdout=subprocess.PIPE, env=env)
        check("panel_probe ends well", r.returncode == 0)
        return {j["panel"]: j for j in map(json.loads, r.stdout.splitlines())}


def stage(s):
    """Data with something to find, and sessions that do something."""
    s.psql("CREATE DATABASE app", db="postgres")
    s.psql("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", db="postgres")
    s.psql("""CREATE SCHEMA "exten sions"; CREATE EXTENSION pg_stat_statements SCHEMA "exten sions";
        CREATE ROLE mon LOGIN IN ROLE pg_monitor; CREATE ROLE plain LOGIN; GRANT USAGE ON SCHEMA "exten sions" TO mon, plain;
        CREATE TABLE tx (id int PRIMARY KEY, status text, chain text, amount bigint);
        INSERT INTO tx SELECT g, 's' || g % 7, 'c' || g % 5, g FROM generate_series(1, 5000) g;
        CREATE INDEX tx_status ON tx (status); CREATE INDEX tx_status_again ON tx (status);
        CREATE INDEX tx_status_chain ON tx (status, chain); CREATE INDEX tx_part ON tx (amount) WHERE status = 's1';
        CREATE INDEX tx_expr ON tx (lower(status)); CREATE UNIQUE INDEX tx_id_chain ON tx (id, chain);
        CREATE INDEX tx_hash ON tx USING hash (id); CREATE MATERIALIZED VIEW mv AS SELECT status, count(*) FROM tx GROUP BY 1;
        CREATE SCHEMA other; CREATE TABLE other.tx (a int); CREATE TABLE "we ird" (a int);
        ANALYZE; SELECT count(*) FROM tx WHERE status = 's1'; SELECT count(*) FROM tx;""")
    s.session("BEGIN; UPDATE tx SET amount = 1 WHERE id = 1;\n")
    time.sleep(0.3)
    s.session("BEGIN; UPDATE tx SET amount = 2 WHERE id = 1;\n")
    time.sleep(0.3)
    s.session("UPDATE tx SET amount = 3 WHERE id = 1;\n")
    s.session("CREATE INDEX CONCURRENTLY tx_slow ON tx (chain);\n", name="maintenance")
    s.session("SELECT 1;\n", name="idler")
    # The server looks no further than the length of a character: 0xe9 as the last byte is one that is cut off.
    s.session(b"SET pg_stat_statements.track = none; SELECT pg_sleep(300) AS caf\xe9;\n", name="torn", db="bytes", encoding="SQL_ASCII")
    s.session(b"SET pg_stat_statements.track = none; SELECT pg_sleep(300) /* caf\xe9 \xff\xfe\x80 \x1b]0;x\x07 " + b"x\xc3" * 300 + b" */;\n", name="hostile", db="bytes",
              encoding="SQL_ASCII")
    s.session("SELECT pg_sleep(300) /* " + "\u00e9\u4e2d" * 400 + " */;\n", name="wide")
    time.sleep(1.2)


def look(results, allowed=()):
    """Nothing failed that may not, and every column is as declared."""
    for name, r in results.items():
        for part, x in [(name, r)] + [(f"{name}.{k}", v) for k, v in r.get("lookups", {}).items()]:
            if x.get("error") and part not in allowed:
                check(f"{part} runs", False, f"{x.get('sqlstate')} {x['error']}")
            check(f"{part} has the declared columns", not x.get("problems"), x.get("problems"))


def rows(results, panel, lookup=None):
    r = results.get(panel, {})
    r = r.get("lookups", {}).get(lookup, {}) if lookup else r
    return r.get("rows", [])


def check_staged(r, major):
    hidden = {"io": 1 if major >= 16 else 3}
    act = {a["application"]: a for a in rows(r, "activity")}
    check("activity shows the blocked session", any(a["blocked_by"] for a in rows(r, "activity")), act.keys())
    check("activity: idle in transaction", any(a["state"] == "idle in tx" for a in rows(r, "activity")))
    check("activity: the idle session has no text", act["idler"]["state"] == "idle" and not act["idler"]["query"], act["idler"])
    check("activity: hostile text came", "pg_sleep(300)" in (act["hostile"]["query"] or ""), act["hostile"])
    check("activity: torn text came", "pg_sleep(300)" in (act["torn"]["query"] or ""), act["torn"])
    check("activity: wide text is cut at a character", len(act["wide"]["query"] or "") == 400, len(act["wide"]["query"] or ""))
    check("activity: nothing is hidden", not any(a["is_hidden"] for a in rows(r, "activity")))
    check("activity: not itself", "dytop" not in act)
    locks = rows(r, "locks")
    roots = [x for x in locks if x["blocker"] is None]
    check("locks: one root with its victims", len(roots) == 1 and int(roots[0]["victims"]) >= 3 and roots[0]["state"] == "idle in tx", locks)
    check("locks: who waits has a lock and a mode", all(x["target"] and x["mode"] for x in locks if x["blocker"]), locks)
    check("locks: how long", major < 14 or all(x["waited"] for x in locks if x["blocker"]), locks)
    check("progress shows the index build", any(x["command"] == "CREATE INDEX CONCURRENTLY" for x in rows(r, "progress")), rows(r, "progress"))
    check("progress names the table", rows(r, "progress", "relations") and rows(r, "progress", "relations")[0]["target"] == "tx")
    names = {x["indexrelid"]: x for x in rows(r, "indexes", "names")}
    same = {names[x["indexrelid"]]["index"]: x["same_as"] for x in rows(r, "indexes", "others")}
    check("indexes: duplicates and prefixes", same.get("tx_status") in ("tx_status_again", "tx_status_chain") and
          same.get("tx_status_again") in ("tx_status", "tx_status_chain"), same)
    check("indexes: no false duplicates", set(same) <= {"tx_status", "tx_status_again"}, same)
    invalid = [names[x["indexrelid"]]["index"] for x in rows(r, "indexes") if x["is_valid"] == "f"]
    check("indexes: invalid", invalid == ["tx_slow"], invalid)
    check("indexes: no TOAST", not any(x["table"].startswith("pg_toast") for x in names.values()), names)
    check("indexes: sizes", all(int(x["bytes"]) >= 0 for x in rows(r, "indexes", "sizes")) and rows(r, "indexes", "sizes"))
    tables = {x["relid"]: x["table"] for x in rows(r, "tables", "names")}
    check("tables: names", {"tx", "other.tx", "we ird", "mv"} <= set(tables.values()), tables)
    tx = [x for x in rows(r, "tables") if tables.get(x["relid"]) == "tx"]
    check("tables: scans of both kinds", int(tx[0]["seq_scan"]) > 0 and int(tx[0]["n_ins"]) == 5000, tx)
    pool = {x["application"]: x for x in rows(r, "pools_app")}
    bridge = pool["dytallix-bridge"]
    check("pools: leak and age", int(bridge["leaks"]) >= 1 and int(bridge["too_old"]) == 3 and int(bridge["open"]) == 3, bridge)
    check("pools: full", bridge["idle"] == "0" and bridge["max"] == "3", bridge)
    check("pools: a configured one that nobody uses", pool["nobody"]["open"] == "0" and pool["nobody"]["max"] == "5", pool.get("nobody"))
    check("pool for the header", rows(r, "pool") and rows(r, "pool")[0]["in_use"] == "3", rows(r, "pool"))
    everyone = [x for x in rows(r, "pools_database") if x["database"] == "(all)"]
    check("connections of all", len(everyone) == 1 and int(everyone[0]["limit"]) == 47, everyone)
    texts = rows(r, "statements", "texts")
    check("statements: texts", any("FROM tx WHERE status = $1" in x["text"] for x in texts), len(texts))
    check("statements: many", len(rows(r, "statements")) > 10 and len(texts) >= len(rows(r, "statements")) - 1, len(texts))
    check("statements: running ones by id", major < 14 or rows(r, "statements", "running"))
    check("queries: sums", int(rows(r, "queries")[0]["calls"]) >= len(rows(r, "statements")), rows(r, "queries"))
    if major >= 14:
        check("in flight", any(float(x["age"].split(":")[-1]) > 0 for x in rows(r, "inflight")), rows(r, "inflight"))
    check("overview: one row", len(rows(r, "overview")) == 1 and int(rows(r, "overview")[0]["backends"]) >= 7, rows(r, "overview"))
    check("io: rows", len(rows(r, "io")) >= hidden["io"], rows(r, "io"))
    check("settings: verdicts", {"ok", "look", "change"} == {x["verdict"] for x in rows(r, "settings")}, rows(r, "settings"))
    check("settings: the session's own are not taken for the server's",
          [(x["now"], x["source"]) for x in rows(r, "settings") if x["name"] == "work_mem"] == [("4096 kB", None)])
    check("checkpoints: one row", len(rows(r, "checkpoints")) == 1)


def check_plain(r):
    """A role without grants: other people's sessions are counted, not passed over, and nothing is made up."""
    act = rows(r, "activity")
    hidden = [a for a in act if a["is_hidden"] == "t"]
    check("plain: hidden sessions are counted", len(hidden) >= 7 and all(a["state"] is None and a["type"] is None for a in hidden), act)
    bridge = [x for x in rows(r, "pools_app") if x["application"] == "dytallix-bridge"]
    check("plain: pools know the number and nothing else", len(bridge) == 1 and bridge[0]["open"] == bridge[0]["unseen"] == "3" and
          bridge[0]["idle"] is None and bridge[0]["leaks"] is None, bridge)
    check("plain: connections are exact", int(rows(r, "overview")[0]["backends"]) >= 7)
    check("plain: databases by number", [x for x in rows(r, "pools_database") if x["database"] == "(all)" and int(x["unseen"]) >= 7],
          rows(r, "pools_database"))
    check("plain: hidden statements are counted", any(x["is_hidden"] == "t" for x in rows(r, "statements")))


def check_standby(top, primary, bindir, major):
    """A standby made from a cold copy: the replication panels on both sides, and every other one on a server in recovery."""
    primary.psql("SELECT pg_create_physical_replication_slot('keep', true)")
    primary.stop()
    standby = Server(bindir, top, f"standby{major}")
    shutil.copytree(primary.data, standby.data)
    if other_user():
        for folder, names, files in os.walk(standby.data):
            for n in names + files:
                os.chown(os.path.join(folder, n), other_user()["user"], other_user()["group"])
        os.chown(standby.data, other_user()["user"], other_user()["group"])
    os.chmod(standby.data, 0o700)
    shutil.rmtree(standby.data + "/pg_replslot/keep")
    open(standby.data + "/standby.signal", "w").close()
    standby.configure("unix_socket_directories = '{sock}'\nprimary_slot_name = 'keep'\nhot_standby = on\n"
                      f"primary_conninfo = 'host={primary.sock} user=postgres application_name=second'\n")
    try:
        primary.start()
        standby.start()
        for _ in range(100):
            if primary.psql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1":
                break
            time.sleep(0.1)
        primary.psql("UPDATE tx SET amount = 7 WHERE id = 9")
        one = primary.probe("mon", ["standbys", "slots", "receiver"])
        look(one)
        check("standbys", [(x["application"], x["slot"], x["state"]) for x in rows(one, "standbys")] == [("second", "keep", "streaming")],
              rows(one, "standbys"))
        check("slots", rows(one, "slots") and rows(one, "slots")[0]["active"] == "t", rows(one, "slots"))
        check("receiver: nothing on a primary", not rows(one, "receiver"))
        two = standby.probe("mon")
        look(two, MISSING if major < 14 else ())
        check("receiver", len(rows(two, "receiver")) == 1 and rows(two, "receiver")[0]["status"] == "streaming" and
              rows(two, "receiver")[0]["paused"] == "not paused", rows(two, "receiver"))
        check("wal: a standby says so", rows(two, "wal")[0]["in_recovery"] == "t", rows(two, "wal"))
    finally:
        standby.stop()


def check_bad_text(s, major):
    """One text that is no UTF-8 (its database is SQL_ASCII) makes the extension refuse all texts; the figures go on."""
    s.session(b"SELECT 1 AS caf\xe9;\n", db="bytes", encoding="SQL_ASCII")
    time.sleep(0.5)
    r = s.probe("mon", ["statements", "queries", "activity"])
    look(r, {"statements.texts", "statements.whole"} | (MISSING if major < 14 else set()))
    check("texts are refused as a whole", r["statements"]["lookups"]["texts"].get("sqlstate") == "22021", r["statements"]["lookups"]["texts"])
    s.psql('SELECT "exten sions".pg_stat_statements_reset()')


def check_old_extension(s):
    """An extension older than its server: the next lower body does."""
    s.psql('DROP EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_statements SCHEMA "exten sions" VERSION \'1.8\'')
    r = s.probe("mon", ["statements", "statements_io", "queries"])
    look(r)
    check("an old extension is asked as an old server", [r[p].get("since") for p in ("statements", "statements_io", "queries")] == [130000] * 3,
          [r[p].get("since") for p in r])


def run_version(top, major, bindir):
    global context
    context = f"PostgreSQL {major}"
    before = len(failed)
    s = Server(bindir, top, str(major))
    s.make()
    s.start()
    try:
        stage(s)
        r = s.probe("mon")
        look(r, MISSING if major < 14 else ())
        check("all panels ran", len(r) == sum("\nsource: " not in open(p).read().split("*/")[0] for p in PANELS), sorted(r))
        if len(failed) == before:
            check_staged(r, major)
        context = f"PostgreSQL {major}, no grants"
        r = s.probe("plain")
        look(r, MISSING if major < 14 else ())
        if len(failed) == before:
            check_plain(r)
        context = f"PostgreSQL {major}"
        check_bad_text(s, major)
        if major >= 14:
            check_old_extension(s)
        s.psql("SELECT pg_sleep(1)")
        temp = s.psql("SELECT sum(temp_bytes) FROM pg_stat_database")
        check("no temporary files", temp == "0", temp)
        context = f"PostgreSQL {major}, standby"
        check_standby(top, s, bindir, major)
    finally:
        s.stop()
    print(f"PostgreSQL {major}: {'bad' if len(failed) > before else 'good'}", flush=True)


def run_pgbouncer(top, bindir):
    global context
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        print("PgBouncer is not installed: its panels were not run")
        return
    context = "PgBouncer"
    before = len(failed)
    s = Server(bindir, top, "bouncer")
    s.make()
    s.start()
    conf = s.dir + "/pgbouncer.ini"
    with open(conf, "w") as f:
        f.write(f"""[databases]
app = host={s.sock} dbname=postgres pool_size=1
[pgbouncer]
listen_addr =
unix_socket_dir = {s.sock}
listen_port = 6432
auth_type = any
pool_mode = transaction
admin_users = postgres
logfile = {s.dir}/bouncer.log
pidfile = {s.dir}/bouncer.pid
""".replace("dbname=postgres", "dbname=postgres user=postgres"))
    p = subprocess.Popen([program, "-q", conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         cwd="/", **other_user())
    try:
        for _ in range(100):
            if os.path.exists(s.sock + "/.s.PGSQL.6432"):
                break
            time.sleep(0.1)
        env = dict(os.environ, PGPORT="6432", PGHOST=s.sock, PGUSER="postgres")
        for sql in ("BEGIN;\n", "SELECT 1;\n"):
            x = subprocess.Popen(["psql", "-Xq", "-d", "app"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env=env)
            x.stdin.write(sql.encode())
            x.stdin.flush()
            s.sessions.append(x)
            time.sleep(0.5)
        time.sleep(0.7)
        r = subprocess.run([PROBE, f"host={s.sock} port=6432 user=postgres dbname=pgbouncer", *PANELS], text=True, stdout=subprocess.PIPE)
        check("panel_probe ends well", r.returncode == 0)
        r = {j["panel"]: j for j in map(json.loads, r.stdout.splitlines())}
        look(r)
        check("all its panels ran", sorted(r) == ["pgbouncer_clients", "pgbouncer_databases", "pgbouncer_pools", "pgbouncer_stats"], sorted(r))
        app = [x for x in rows(r, "pgbouncer_pools") if x["database"] == "app"]
        check("a full pool with one waiting", app and (app[0]["cl_waiting"], app[0]["sv_active"]) == ("1", "1"), app)
        check("its clients", {"active", "waiting"} <= {x["state"] for x in rows(r, "pgbouncer_clients")}, rows(r, "pgbouncer_clients"))
        print(f"PgBouncer: {'bad' if len(failed) > before else 'good'}", flush=True)
    finally:
        p.terminate()
        p.wait()
        s.stop()


def main():
    versions = [(int(a.split("=")[0]), a.split("=", 1)[1]) for a in sys.argv[1:]] or installed()
    if not versions or not shutil.which("psql"):
        print("skipped: no PostgreSQL is installed")
        return 77
    top = tempfile.mkdtemp(prefix="dytop-panels-")
    os.chmod(top, 0o755)
    try:
        for major, bindir in versions:
            run_version(top, major, bindir)
        if not sys.argv[1:]:
            run_pgbouncer(top, versions[-1][1])
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print(f"{len(failed)} failed" if failed else "all good")
    return 1 if failed else 0


sys.exit(main())
