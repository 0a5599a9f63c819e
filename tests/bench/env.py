#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A private PostgreSQL 15 + Redis on loopback, at a named scale, for measuring terminal tools.

  eval "$(tests/bench/env.py start)"     starts both, prints export lines (DYTOP_ENV, PGHOST, PGPORT, ...)
  tests/bench/env.py scale small|big     puts the data and the sessions at a scale
  tests/bench/env.py status              what is running, and how big it is
  tests/bench/env.py stop                ends what start and scale started (by pid) and removes the files

small: an empty database `bench`.
big:   5,000 distinct pg_stat_statements entries of ~1 kB, 2,000 tables + 10,000 indexes in one
       database, 500 idle + 20 active sessions, a 40 tps trickle, 100k Redis keys.
"""
import argparse
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from common import PG_BIN, client_backends, cpu_seconds, end_process, load_env, psql

TABLES, INDEXES_PER_TABLE, STATEMENTS = 2000, 5, 5000
IDLE_SESSIONS, ACTIVE_SESSIONS, REDIS_KEYS = 500, 20, 100_000
MAX_LIFE_S = 4 * 3600      # the load generators end by themselves after this

PG_CONF = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sock}'
max_connections = 1200
superuser_reserved_connections = 10
shared_buffers = 512MB
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.max = 10000
pg_stat_statements.track = top
track_io_timing = on
max_locks_per_transaction = 256
# the files are thrown away, so no durability; no autovacuum, so windows compare
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 2GB
checkpoint_timeout = 1h
autovacuum = off
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def server_user():
    """The unprivileged user that the servers run as (None: we are unprivileged already)."""
    if os.getuid() != 0:
        return None
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", "postgres"], check=True)
    return "postgres"


def as_user(user):
    return dict(user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[]) if user else {}


def save(state):
    with open(os.path.join(state["dir"], "state.json"), "w") as f:
        json.dump(state, f, indent=1)


def start(_args):
    user = server_user()
    top = tempfile.mkdtemp(prefix="dytop-bench-")
    os.chmod(top, 0o755)
    state = {"dir": top, "pg_port": free_port(), "redis_port": free_port(), "pg_user": "mon", "pg_db": "bench",
             "pg_host": "127.0.0.1", "pg_data": f"{top}/pg", "pg_socket": f"{top}/sock", "holders": [],
             "scale": "none", "server_user": user}
    save(state)
    for d in ("pg", "sock", "redis"):
        os.mkdir(f"{top}/{d}", 0o700 if d == "pg" else 0o755)
        if user:
            shutil.chown(f"{top}/{d}", user)
    who = as_user(user)
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    subprocess.run([f"{PG_BIN}/initdb", "-D", state["pg_data"], "-U", "postgres", "-A", "trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "--no-sync"], check=True, cwd=top, **quiet, **who)
    with open(f"{state['pg_data']}/postgresql.conf", "a") as f:
        f.write(PG_CONF.format(port=state["pg_port"], sock=state["pg_socket"]))
    subprocess.run([f"{PG_BIN}/pg_ctl", "-D", state["pg_data"], "-w", "-t", "60", "-l", f"{top}/sock/postgres.log",
                    "start"], check=True, cwd=top, **quiet, **who)
    with open(f"{state['pg_data']}/postmaster.pid") as f:
        state["postmaster"] = int(f.readline())
    save(state)
    with open(f"{top}/redis.log", "w") as log:
        r = subprocess.Popen(["redis-server", "--port", str(state["redis_port"]), "--bind", "127.0.0.1", "--save", "",
                              "--appendonly", "no", "--dir", f"{top}/redis", "--daemonize", "no"],
                             stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **who)
    state["redis_pid"] = r.pid
    save(state)
    psql(state, "CREATE ROLE mon LOGIN IN ROLE pg_monitor", db="postgres")
    psql(state, "CREATE ROLE app LOGIN", db="postgres")
    make_database(state)
    wait_redis(state)
    state["scale"] = "small"
    save(state)
    for k, v in (("DYTOP_ENV", top), ("PGHOST", "127.0.0.1"), ("PGPORT", state["pg_port"]), ("PGUSER", "mon"),
                 ("PGDATABASE", "bench"), ("PGSOCKETDIR", state["pg_socket"]), ("REDIS_PORT", state["redis_port"])):
        print(f"export {k}={v}")


def make_database(state):
    psql(state, "DROP DATABASE IF EXISTS bench WITH (FORCE)", db="postgres")
    psql(state, "CREATE DATABASE bench OWNER app", db="postgres")
    psql(state, "ALTER SCHEMA public OWNER TO app")
    psql(state, "CREATE EXTENSION pg_stat_statements")
    psql(state, "SELECT pg_stat_statements_reset()")


def redis_command(state, payload, replies):
    """Sends raw RESP or inline commands and reads until `replies` status lines came back."""
    with socket.create_connection(("127.0.0.1", state["redis_port"]), timeout=60) as s:
        s.sendall(payload)
        got = b""
        while got.count(b"\r\n") < replies:
            part = s.recv(1 << 16)
            if not part:
                raise RuntimeError("redis closed the connection")
            got += part
        return got


def wait_redis(state):
    for _ in range(100):
        try:
            redis_command(state, b"PING\r\n", 1)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("redis did not start")


def stop_holders(state):
    for pid in state["holders"]:
        end_process(pid)
    state["holders"] = []
    save(state)


def scale(args):
    state = load_env(args.env)
    stop_holders(state)
    make_database(state)
    redis_command(state, b"FLUSHALL\r\n", 1)
    if args.name == "big":
        fill_postgres(state)
        fill_redis(state)
        start_sessions(state)
    psql(state, "CHECKPOINT")
    state["scale"] = args.name
    save(state)
    status(args)


def statement_text(i):
    """The i-th of the distinct ~1 kB statements; distinct tables and shapes give distinct queryids."""
    table, shape = i % TABLES, i // TABLES
    alias = f"customer_order_line_items_{table:04d}"
    columns = ", ".join(f"{alias}.{c}" for c in ("id", "account_no", "amount_cents", "created_on", "note"))
    terms = [f"({alias}.amount_cents > {n * 7 + i} AND {alias}.account_no < {n * 13 + 5000})" for n in range(7 + shape)]
    return f"SELECT {columns} FROM t_{table:04d} AS {alias} WHERE " + " OR ".join(terms) + " LIMIT 1;"


def fill_postgres(state):
    with tempfile.NamedTemporaryFile("w", suffix=".sql", dir=state["dir"]) as f:
        f.write("SET ROLE app;\n")
        for batch in range(0, TABLES, 50):
            f.write("BEGIN;\n")
            for t in range(batch, batch + 50):
                f.write(f"CREATE TABLE t_{t:04d} (id int PRIMARY KEY, account_no int, amount_cents int, "
                        f"created_on date, note text);\n")
                for n, c in enumerate(("account_no", "amount_cents", "created_on", "note")):
                    f.write(f"CREATE INDEX t_{t:04d}_{c}_idx{n} ON t_{t:04d} ({c});\n")
                f.write(f"INSERT INTO t_{t:04d} SELECT g, g, g, current_date, 'n' || g FROM generate_series(1, 20) g;\n")
            f.write("COMMIT;\n")
        f.write("ANALYZE;\nCREATE TABLE trickle (id int PRIMARY KEY, v bigint);\n"
                "INSERT INTO trickle SELECT g, 0 FROM generate_series(1, 1000) g;\n")
        f.flush()
        os.chmod(f.name, 0o644)
        psql(state, None, script=f.name)
    psql(state, "SELECT pg_stat_statements_reset()")
    with tempfile.NamedTemporaryFile("w", suffix=".sql", dir=state["dir"]) as f:
        f.write("SET pg_stat_statements.track = top;\nSET ROLE app;\n\\o /dev/null\n")
        for i in range(STATEMENTS):
            f.write(statement_text(i) + "\n")
        f.flush()
        os.chmod(f.name, 0o644)
        # track may be set by a superuser only, hence SET ROLE
        psql(state, None, script=f.name)


def fill_redis(state):
    rng = random.Random(1)
    for first in range(0, REDIS_KEYS, 10_000):
        lines = []
        for i in range(first, first + 10_000):
            kind = i % 10
            if kind < 6:
                lines.append(f"SET session:{i} {'x' * rng.randint(20, 200)}")
            elif kind < 8:
                lines.append(f"HSET user:{i} name n{i} age {i % 90} city c{i % 100}")
            elif kind < 9:
                lines.append(f"RPUSH queue:{i} a b c d e")
            else:
                lines.append(f"SET cache:{i} v{i} EX 86400")
        redis_command(state, ("\r\n".join(lines) + "\r\n").encode(), 10_000)


def start_sessions(state):
    """500 idle and 20 active sessions and a 40 tps trickle, by pgbench (waits inside \\sleep and pg_sleep)."""
    def script(name, text):
        path = f"{state['dir']}/{name}.sql"
        with open(path, "w") as f:
            f.write(text)
        return path

    def pgbench(name, clients, scripts, *extra):
        cmd = [f"{PG_BIN}/pgbench", "-n", "-h", "127.0.0.1", "-p", str(state["pg_port"]), "-U", "app", "-c", str(clients),
               "-j", "1", "-T", str(MAX_LIFE_S), *extra]
        for s in scripts:
            cmd += ["-f", s]
        with open(f"{state['dir']}/{name}.log", "w") as log:
            p = subprocess.Popen(cmd + ["bench"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                 start_new_session=True, env=dict(os.environ, PGAPPNAME=name))
        state["holders"].append(p.pid)
        save(state)

    idle = script("idle", f"SELECT 1 AS last_statement_of_an_idle_session;\n\\sleep {MAX_LIFE_S} s\n")
    pgbench("idle_pool", IDLE_SESSIONS, [idle])
    active = []
    for n in range(5):
        columns = ", ".join(f"c{n}_{k} AS column_number_{k}" for k in range(4 + 5 * n))
        values = ", ".join(str(k) for k in range(4 + 5 * n))
        names = ", ".join(f"c{n}_{k}" for k in range(4 + 5 * n))
        active.append(script(f"active{n}", "\\set ms random(300, 5000)\n"
                             f"SELECT {columns}, pg_sleep(:ms / 1000.0) FROM (VALUES ({values})) AS v({names});\n"))
    pgbench("web_worker", ACTIVE_SESSIONS, active)
    trickle = script("trickle", "\\set id random(1, 1000)\nUPDATE trickle SET v = v + 1 WHERE id = :id;\n"
                     "SELECT v FROM trickle WHERE id = :id;\n")
    pgbench("trickle", 2, [trickle], "--rate", "40")
    for _ in range(120):
        if len(client_backends(state["postmaster"])) >= IDLE_SESSIONS + ACTIVE_SESSIONS + 2:
            return
        time.sleep(0.5)
    raise RuntimeError("the sessions did not start: see the .log files")


def status(args):
    state = load_env(args.env)
    row = psql(state, "SELECT (SELECT count(*) FROM pg_stat_statements(false)), (SELECT count(*) FROM pg_stat_user_tables),"
               "(SELECT count(*) FROM pg_stat_user_indexes), (SELECT count(*) FROM pg_stat_activity WHERE state='idle'),"
               "(SELECT count(*) FROM pg_stat_activity WHERE state='active'),"
               "(SELECT round(avg(length(query))) FROM pg_stat_statements)").split("|")
    keys = redis_command(state, b"DBSIZE\r\n", 1).decode().strip(":\r\n")
    names = ("statements", "tables", "indexes", "idle", "active", "avg_text")
    print(json.dumps({"dir": state["dir"], "scale": state["scale"], **dict(zip(names, row)), "redis_keys": keys}),
          file=sys.stderr)


def stop(args):
    state = load_env(args.env)
    stop_holders(state)
    if "postmaster" in state and cpu_seconds(state["postmaster"]) is not None:
        for pid in [state["postmaster"], *client_backends(state["postmaster"])]:
            try:
                os.kill(pid, signal.SIGCONT)      # in case a --hang run was cut off
            except ProcessLookupError:
                pass
        subprocess.run([f"{PG_BIN}/pg_ctl", "-D", state["pg_data"], "-m", "immediate", "-w", "stop"], cwd=state["dir"],
                       stdout=subprocess.DEVNULL, **as_user(state["server_user"]))
    if "redis_pid" in state:
        end_process(state["redis_pid"])
    shutil.rmtree(state["dir"])
    print("stopped and removed", file=sys.stderr)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--env", help="the directory that start printed as DYTOP_ENV (default: $DYTOP_ENV)")
    sub = ap.add_subparsers(dest="what", required=True)
    sub.add_parser("start").set_defaults(run=start)
    p = sub.add_parser("scale")
    p.add_argument("name", choices=("small", "big"))
    p.set_defaults(run=scale)
    sub.add_parser("status").set_defaults(run=status)
    sub.add_parser("stop").set_defaults(run=stop)
    args = ap.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
