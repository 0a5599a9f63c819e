#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What docs/schedule ships is what runs: systemd takes the units, and their very ExecStart lines and the line for cron do the shipped
plan's work on a bridge, with nothing but the environment that they give."""
import configparser
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from maintain import run, tests_of # noqa: E402
from postgres import SLOW, Bench, wait_until # noqa: E402

DYTOP = os.path.abspath(os.environ.get("DYTOP", "./dytop"))
UNITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schedule")
VIEWS = {"daily_bridge_stats", "validator_performance_stats", "chain_performance_stats"}


def read(name):
    with open(os.path.join(UNITS, name)) as f:
        return f.read()


def unit(name):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(read(name))
    return parser


class Place:
    """The folders that the units name, in a place of the test's own; a bridge that the service `bridge` means."""

    def __init__(self, bench):
        self.dir = os.path.join(bench.dir, "host")
        for name in ("etc/dytop", "var/lib/dytop", "var/log/dytop", "usr/local/bin", "home"):
            os.makedirs(os.path.join(self.dir, name))
        os.symlink(DYTOP, os.path.join(self.dir, "usr/local/bin/dytop"))
        shutil.copy(os.path.join(UNITS, "bridge.yaml"), os.path.join(self.dir, "etc/dytop"))
        os.chmod(os.path.join(self.dir, "etc/dytop/bridge.yaml"), 0o644)
        self.pg = bench.postgres()
        self.pg.sql("CREATE DATABASE bridge")
        self.services = os.path.join(self.dir, "services")
        with open(self.services, "w") as f:
            f.write("[bridge]\nhost=%s\nport=%d\nuser=postgres\ndbname=bridge\n" % (self.pg.socket, self.pg.port))
        done = subprocess.run([DYTOP, "bridge", "init", "--yes", "--audit", os.path.join(self.dir, "init.jsonl"), "-d",
                               self.pg.conninfo(dbname="bridge")], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=120 * SLOW, env={"PATH": os.environ["PATH"], "HOME": os.path.join(self.dir, "home")})
        assert done.returncode == 0, done
        self.forget()

    def here(self, text):
        for name in ("/etc/dytop/", "/var/lib/dytop/", "/var/log/dytop/", "/usr/local/bin/"):
            text = text.replace(name, self.dir + name)
        return text

    def environment(self, more):
        return {"PATH": os.environ["PATH"], "HOME": os.path.join(self.dir, "home"), "PGSERVICEFILE": self.services, **more}

    def sql(self, text):
        return self.pg.sql(text, dbname="bridge")

    def forget(self):
        self.sql("DELETE FROM bridge_state WHERE key LIKE 'dytop%' OR key = 'last_analytics_refresh'")

    def refreshed(self):
        """The plan's hourly job is done, and stands in its state table."""
        return self.sql("SELECT count(*) FROM bridge_state WHERE key = 'last_analytics_refresh'") == "1"

    def audited(self):
        with open(self.dir + "/var/lib/dytop/audit.jsonl") as f:
            text = f.read()
        assert all('REFRESH MATERIALIZED VIEW CONCURRENTLY public.%s"' % v in text for v in VIEWS), text
        os.unlink(self.dir + "/var/lib/dytop/audit.jsonl")


def environment_of(u):
    return dict(item.split("=", 1) for item in shlex.split(u["Service"]["Environment"]))


def test_systemd_takes_them():
    tool = shutil.which("systemd-analyze")
    if not tool:
        print("systemd-analyze is not here: the units are not verified")
        return
    with tempfile.TemporaryDirectory() as folder:
        names = [n for n in sorted(os.listdir(UNITS)) if n.endswith((".service", ".timer"))]
        for name in names:
            with open(os.path.join(folder, name), "w") as f: # only the program's place is another one
                f.write(read(name).replace("/usr/local/bin/dytop", DYTOP))
        for name in names:
            done = subprocess.run([tool, "--man=no", "verify", os.path.join(folder, name)], capture_output=True, text=True)
            said = [line for line in (done.stdout + done.stderr).splitlines() if name.rsplit(".", 1)[0] in line]
            assert done.returncode == 0 and not said, (name, done)
        with open(os.path.join(folder, names[0]), "a") as f: # and it can tell
            f.write("\n[Service]\nExecStart=\nExecStart=nowhere\nNoSuchSetting=1\n")
        done = subprocess.run([tool, "--man=no", "verify", os.path.join(folder, names[0])], capture_output=True, text=True)
        assert done.returncode != 0 or "NoSuchSetting" in done.stderr, done


def test_the_timer_s_service():
    with Bench() as bench:
        place, u = Place(bench), unit("dytop-maintain.service")
        argv = shlex.split(place.here(u["Service"]["ExecStart"]))
        for again in (False, True):
            done = subprocess.run(argv, env=place.environment(environment_of(u)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=120 * SLOW, cwd="/")
            assert done.returncode == 0 and place.refreshed(), done
            assert again or all(v in done.stdout for v in VIEWS), done
        place.audited()
        # what systemd would call failed
        place.forget()
        place.sql("DROP MATERIALIZED VIEW daily_bridge_stats")
        done = subprocess.run(argv, env=place.environment(environment_of(u)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120 * SLOW, cwd="/")
        assert done.returncode == 1 and "views: 1 of 3 targets were left out" in done.stderr, done
        assert "daily_bridge_stats is left out" in done.stdout and place.refreshed(), done


def test_the_daemon():
    with Bench() as bench:
        place, u = Place(bench), unit("dytop-maintain-daemon.service")
        argv = shlex.split(place.here(u["Service"]["ExecStart"]))
        assert "--daemon" in argv
        p = subprocess.Popen(argv, env=place.environment(environment_of(u)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, cwd="/")
        try:
            wait_until("the plan's first round", 60, place.refreshed)
            p.send_signal(signal.SIGTERM) # KillMode=mixed: to it alone
            out = p.communicate(timeout=60 * SLOW)[0]
        finally:
            p.kill()
            p.wait()
        assert p.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM), (p.returncode, out)
        place.audited()


def test_cron():
    with Bench() as bench:
        place = Place(bench)
        lines = [line for line in read("dytop-maintain.cron").splitlines() if line.strip() and not line.startswith("#")]
        assert len(lines) == 1, lines
        words = lines[0].split(None, 6)
        assert words[:5] == ["*/10", "*", "*", "*", "*"] and words[5] == "dytop" and "%" not in words[6], words
        done = subprocess.run(["/bin/sh", "-c", place.here(words[6])], env=place.environment({}), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120 * SLOW, cwd="/")
        assert done.returncode == 0 and place.refreshed(), done
        assert done.stdout == "" and done.stderr == "", "cron would send mail: %r" % (done,)
        with open(place.dir + "/var/log/dytop/maintain.log") as f:
            text = f.read()
        assert all(v in text for v in VIEWS), text
        place.audited()
        place.forget()
        place.sql("DROP MATERIALIZED VIEW daily_bridge_stats")
        done = subprocess.run(["/bin/sh", "-c", place.here(words[6])], env=place.environment({}), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120 * SLOW, cwd="/")
        assert done.returncode == 1 and done.stdout == "" and "1 of 3 targets were left out" in done.stderr, "nobody would get mail: %r" % (done,)
        place.forget()
        place.pg.stop()
        done = subprocess.run(["/bin/sh", "-c", place.here(words[6])], env=place.environment({}), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120 * SLOW, cwd="/")
        assert done.returncode == 2 and done.stderr, "nobody would get mail: %r" % (done,)


run({name: globals()[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else tests_of(globals()))
