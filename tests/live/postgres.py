# SPDX-License-Identifier: PostgreSQL
"""Private PostgreSQL and PgBouncer for the live tests, and the bench that holds them. What all servers share, and Redis: servers.py.

    from postgres import Bench
    with Bench() as bench:                       # a temporary folder; everything started is stopped at the end, by pid
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements")   # settings by keyword
        pg.sql("CREATE ROLE joe LOGIN")          # runs psql as superuser; returns its output (unaligned, tuples only)
        pg.conninfo(user="joe")                  # "host=... port=... dbname=... user=..." over the socket; tcp=True over TCP
        pg.signal(signal.SIGSTOP)                # postmaster and all its children
        pg.kill(); pg.stop(); pg.start()         # kill -9 of all; fast shutdown; start again on the same port
        pool = bench.pgbouncer(pg)               # pool.conninfo(), pool.console()
        redis = bench.redis()                    # servers.Redis, in a folder of its own
        certs = bench.certs()                    # paths: ca, other_ca, server_crt, server_key, client_crt, client_key
    Missing binaries end the test with status 77 (skipped). As root, servers run as user postgres.
"""
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from servers import SKIP, SLOW, Redis, Skip, free_port, need, wait_for  # noqa: F401: SKIP and SLOW are others' to import


def skip(why):
    raise Skip(why)


def find(name, *places):
    return need(name, *places)


def postgres_bin():
    """The newest server's folder, or $PGBIN."""
    if os.environ.get("PGBIN"):
        return os.environ["PGBIN"]
    base = "/usr/lib/postgresql"
    versions = sorted((v for v in os.listdir(base) if v.isdigit()), key=int) if os.path.isdir(base) else []
    for version in reversed(versions):
        folder = os.path.join(base, version, "bin")
        if os.access(os.path.join(folder, "initdb"), os.X_OK):
            return folder
    skip("no PostgreSQL server is installed")


def server_user():
    """PostgreSQL refuses root; everything runs as this user then. None: as we are."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    skip("running as root, and there is no user to run PostgreSQL as")


def wait_until(what, seconds, test, every=0.02):
    wait_for(what, test, seconds, every)


class Bound:
    """A session that runs statements with $1 as applications do: the text and the values go apart (psql of 15 cannot)."""

    def __init__(self, pg, user, dbname="postgres"):
        place = dict(word.split("=", 1) for word in pg.conninfo(user, dbname).split())
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("%s/.s.PGSQL.%s" % (place["host"], place["port"]))
        self.socket.settimeout(30 * SLOW)
        words = b"".join(w.encode() + b"\0" for w in ("user", user, "database", dbname)) + b"\0"
        self.socket.sendall(struct.pack("!II", len(words) + 8, 196608) + words)
        self.pid = None
        self.wait()

    def message(self, kind, body):
        return kind + struct.pack("!I", len(body) + 4) + body

    def take(self, count):
        got = b""
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            assert more, "the server has closed it"
            got += more
        return got

    def wait(self):
        while True:
            kind, length = struct.unpack("!cI", self.take(5))
            body = self.take(length - 4)
            assert kind != b"E", body
            if kind == b"K":
                self.pid = struct.unpack("!I", body[:4])[0]
            if kind == b"Z":
                return

    def run(self, text, *values):
        bound = b"".join(struct.pack("!I", len(v)) + v for v in (str(v).encode() for v in values))
        self.socket.sendall(self.message(b"P", b"\0" + text.encode() + b"\0\0\0") +
                            self.message(b"B", b"\0\0\0\0" + struct.pack("!H", len(values)) + bound + b"\0\0") +
                            self.message(b"E", b"\0\0\0\0\0") + self.message(b"S", b""))
        self.wait()

    def close(self):
        self.socket.close()


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry) as f:
                if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry))
        except (OSError, IndexError, ValueError):
            continue
    return found


class Server:
    """One process started by us."""

    def __init__(self, bench):
        self.bench = bench
        self.process = None

    def run(self, argv, env=None, cwd=None):
        user = self.bench.user

        def as_user():
            if user:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            os.setsid()
        log = open(os.path.join(self.bench.dir, os.path.basename(argv[0]) + ".log"), "ab")
        environment = dict(os.environ, LC_ALL="C", **(env or {}))
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd or self.bench.dir,
                                        preexec_fn=as_user, env=environment)
        log.close()

    def pids(self):
        return [self.process.pid] + children(self.process.pid) if self.process else []

    def signal(self, signo):
        for pid in self.pids():
            try:
                os.kill(pid, signo)
            except ProcessLookupError:
                pass

    def kill(self):
        """kill -9 of it and its children, and wait."""
        pids = self.pids()
        self.signal(signal.SIGKILL)
        if self.process:
            self.process.wait()
        wait_until("the end of killed processes", 10, lambda: not any(os.path.exists("/proc/%d" % p) for p in pids[1:]))
        self.process = None

    def end(self, signo):
        if not self.process:
            return
        self.signal(signal.SIGCONT)
        self.process.send_signal(signo)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None


class Postgres(Server):
    def __init__(self, bench, name, settings, hba, certs, standby=False):
        super().__init__(bench)
        self.bin = postgres_bin()
        self.data = os.path.join(bench.dir, name)
        self.socket = bench.dir
        self.port = free_port()
        self.settings = {"fsync": "off", "shared_buffers": "16MB", "max_wal_size": "64MB", "log_min_messages": "warning",
                         "max_connections": "20", "autovacuum": "off", "jit": "off", "ssl": "off"}
        if certs:
            self.settings.update(ssl="on", ssl_cert_file=certs["server_crt"], ssl_key_file=certs["server_key"],
                                 ssl_ca_file=certs["ca"])
        self.settings.update(settings)
        self.initdb()
        if hba:
            with open(os.path.join(self.data, "pg_hba.conf"), "w") as f:
                f.write(hba)
        if standby: # of nobody: it waits for WAL that never comes, until it is promoted
            open(os.path.join(self.data, "standby.signal"), "w").close()
            self.settings.update(hot_standby="on", restore_command="false", max_connections="100")
            bench.give(self.data)
        self.start()

    def initdb(self):
        # Everything made once is copied: initdb takes a second.
        template = self.bench.pg_template(self.bin)
        shutil.copytree(template, self.data)
        self.bench.give(self.data)
        os.chmod(self.data, 0o700)

    def start(self, wait=True, **settings):
        self.settings.update(settings)
        argv = [os.path.join(self.bin, "postgres"), "-D", self.data, "-p", str(self.port), "-k", self.socket,
                "-c", "listen_addresses=127.0.0.1"]
        for name, value in self.settings.items():
            argv += ["-c", "%s=%s" % (name, value)]
        pidfile = os.path.join(self.data, "postmaster.pid")
        if os.path.exists(pidfile):
            os.unlink(pidfile)
        for leftover in (".s.PGSQL.%d", ".s.PGSQL.%d.lock"):
            try:
                os.unlink(os.path.join(self.socket, leftover % self.port))
            except FileNotFoundError:
                pass
        self.run(argv)
        if wait:
            wait_until("PostgreSQL to start", 20, self.answers)

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.bench.dir, "postgres.log")) as f:
                raise AssertionError("PostgreSQL did not start:\n" + f.read()[-2000:])
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as f:
                return f.read().splitlines()[7].strip() in ("ready", "standby")
        except (OSError, IndexError):
            return False

    def stop(self):
        self.end(signal.SIGINT)

    def conninfo(self, user="postgres", dbname="postgres", tcp=False, **more):
        words = {"host": "127.0.0.1" if tcp else self.socket, "port": self.port, "user": user, "dbname": dbname}
        words.update(more)
        return " ".join("%s=%s" % item for item in words.items() if item[1] is not None)

    def psql(self, user="postgres", dbname="postgres"):
        return [find("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(user, dbname)]

    def sql(self, text, user="postgres", dbname="postgres"):
        done = subprocess.run(self.psql(user, dbname), input=text, text=True, capture_output=True, timeout=30)
        if done.returncode != 0:
            raise AssertionError("psql: " + done.stderr)
        return done.stdout.strip()

    def session(self, text, user="postgres", dbname="postgres"):
        """A psql that runs the text and stays: write more to its stdin; its stdout is a pipe."""
        session = subprocess.Popen(self.psql(user, dbname), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.bench.clients.append(session)
        session.stdin.write(text + "\n\\echo ready\n")
        session.stdin.flush()
        while session.stdout.readline().strip() != "ready":
            assert session.poll() is None, "psql ended"
        return session


class PgBouncer(Server):
    def __init__(self, bench, pg, mode, settings, program=None, env=None):
        super().__init__(bench)
        self.program, self.env = program, env
        self.port = free_port()
        self.pg = pg
        base = os.path.join(bench.dir, "pgbouncer-%d" % self.port)
        with open(base + ".users", "w") as f:
            f.write('"postgres" ""\n"stats" ""\n')
        lines = ["[databases]", "* = host=%s port=%d" % (pg.socket, pg.port), "[pgbouncer]",
                 "listen_addr = 127.0.0.1", "listen_port = %d" % self.port, "unix_socket_dir = %s" % bench.dir,
                 "auth_type = trust", "auth_file = %s.users" % base, "admin_users = postgres", "stats_users = stats",
                 "pool_mode = " + mode, "ignore_startup_parameters = extra_float_digits", "default_pool_size = 3"]
        lines += ["%s = %s" % item for item in settings.items()]
        self.config = base + ".ini"
        with open(self.config, "w") as f:
            f.write("\n".join(lines) + "\n")
        bench.give(self.config)
        bench.give(base + ".users")
        self.start()

    def start(self):
        self.run([*(self.program or [find("pgbouncer")]), self.config], self.env)
        wait_until("PgBouncer to start", 10, self.answers)

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.end(signal.SIGINT)

    def conninfo(self, user="postgres", dbname="postgres"):
        return "host=127.0.0.1 port=%d user=%s dbname=%s" % (self.port, user, dbname)

    def console(self, user="postgres"):
        return self.conninfo(user, "pgbouncer")


class Bench:
    def __init__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))     # so that __exit__ is called
        self.dir = tempfile.mkdtemp(prefix="dytop-live-")
        self.user = server_user()
        self.servers = []
        self.clients = []
        self.made_certs = None
        os.chmod(self.dir, 0o755)
        self.give(self.dir)

    def give(self, path):
        if not self.user:
            return
        os.chown(path, self.user.pw_uid, self.user.pw_gid)
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                os.chown(os.path.join(folder, name), self.user.pw_uid, self.user.pw_gid)

    def pg_template(self, folder):
        made = os.path.join(self.dir, "template")
        if not os.path.exists(made):
            run = ["initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "-D", made]
            run[0] = os.path.join(folder, "initdb")
            user = self.user

            def as_user():
                if user:
                    os.setgroups([])
                    os.setgid(user.pw_gid)
                    os.setuid(user.pw_uid)
            done = subprocess.run(run, preexec_fn=as_user, text=True, capture_output=True, cwd=self.dir)
            assert done.returncode == 0, done.stderr
        return made

    def certs(self):
        """A CA, a server certificate for localhost and 127.0.0.1, one of yesterday, a client's, and a CA that signed none of them."""
        if self.made_certs:
            return self.made_certs
        openssl = find("openssl")
        base = os.path.join(self.dir, "tls")
        os.mkdir(base)

        def run(*words):
            done = subprocess.run([openssl] + list(words), capture_output=True, text=True, cwd=base)
            assert done.returncode == 0, done.stderr
        for ca in ("ca", "other_ca"):
            run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=dytop test " + ca,
                "-keyout", ca + ".key", "-out", ca + ".crt")
        with open(os.path.join(base, "san"), "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        for name, subject, days in (("server", "/CN=localhost", "2"), ("client", "/CN=postgres", "2"), ("expired", "/CN=localhost", "-1")):
            run("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", name + ".key", "-out", name + ".csr")
            run("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", days,
                "-extfile", "san", "-out", name + ".crt")
        self.give(base)
        for name in os.listdir(base):
            os.chmod(os.path.join(base, name), 0o600 if name.endswith(".key") else 0o644)
        path = lambda name: os.path.join(base, name)
        self.made_certs = {"ca": path("ca.crt"), "other_ca": path("other_ca.crt"), "server_crt": path("server.crt"),
                           "server_key": path("server.key"), "client_crt": path("client.crt"),
                           "client_key": path("client.key"), "expired_crt": path("expired.crt"),
                           "expired_key": path("expired.key")}
        return self.made_certs

    def postgres(self, name=None, hba=None, tls=False, standby=False, **settings):
        server = Postgres(self, name or "pg%d" % len(self.servers), settings, hba, self.certs() if tls else None, standby)
        self.servers.append(server)
        return server

    def pgbouncer(self, pg, mode="transaction", program=None, env=None, **settings):
        """program, env: another one than the system's (words of its command; what it needs besides)."""
        server = PgBouncer(self, pg, mode, settings, program, env)
        self.servers.append(server)
        return server

    def redis(self, *options, **how):
        server = Redis(tempfile.mkdtemp(dir=self.dir, prefix="redis-"), *options, **how)
        self.servers.append(server)
        return server

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for client in self.clients:
            if client.poll() is None:
                client.kill()
            client.wait()
        for server in reversed(self.servers):
            server.kill()
        if os.environ.get("DYTOP_KEEP"):
            print("kept: " + self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
