#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop maintain --plan: what is due is done once, whoever asks; limits, windows, state in the database and in a file, --daemon."""
import json
import os
import signal
import subprocess
import sys
import time

from maintain import DYTOP, Stage, run, tests_of
from postgres import SLOW, Postgres, skip, wait_until

PLAN = """
name: nightly
zone: utc
%s
jobs:
  - {name: views, action: refresh, targets: [mv], every: hourly}
  - {name: indexes, action: reindex_index, targets: [t_a, t_pkey], every: weekly, mark: last_index_maintenance}
  - {name: statistics, action: analyze, targets: [t], every: daily}
"""
STATE = "CREATE TABLE bridge_state (key text PRIMARY KEY, value jsonb, updated_at timestamptz)"


def plan(s, text=PLAN % "", name="nightly.yaml"):
    path = os.path.join(s.bench.dir, name)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


def done(s, path, *more, status=0, user="postgres"):
    got, out = s.run("--plan", path, *more, more=(), user=user)
    assert got == status, "status %d, not %d:\n%s" % (got, status, out)
    return out


def actions(s):
    return [line["action"] for line in s.audit() if line["event"] == "intent"]


def test_what_is_due_is_done_once():
    with Stage() as s:
        s.pg.sql(STATE)
        path = plan(s)
        out = done(s, path, "--dry-run")
        assert out.count(": due") == 3 and not os.path.exists(s.log), out
        out = done(s, path)
        assert actions(s) == ["refresh", "reindex_index", "reindex_index", "analyze"], out
        assert {line["confirmed"] for line in s.audit() if line["event"] == "intent"} == {
            "plan nightly, job views", "plan nightly, job indexes", "plan nightly, job statistics"}
        out = done(s, path)
        assert len(actions(s)) == 4 and out.count("not due before") == 3, out
        # the state is the database's: another host knows it too
        state = json.loads(s.pg.sql("SELECT value FROM bridge_state WHERE key = 'dytop_plan_nightly'"))
        assert set(state) == {"views", "indexes", "statistics"} and state["views"]["ok"], state
        assert s.pg.sql("SELECT count(*) FROM bridge_state WHERE key = 'last_index_maintenance'") == "1"
        s.pg.sql("UPDATE bridge_state SET value = value - 'views' WHERE key LIKE 'dytop%'")
        done(s, path)
        assert actions(s)[4:] == ["refresh"]


def test_state_in_a_file():
    with Stage() as s:
        path = plan(s)
        done(s, path)
        done(s, path)
        assert len(actions(s)) == 4
        with open(os.path.join(s.state, "dytop", "plan-nightly.json")) as f:
            assert json.load(f)["indexes"]["ok"]


def test_two_hosts():
    with Stage() as s:
        s.pg.sql(STATE)
        path = plan(s)
        writer = s.pg.session("BEGIN; INSERT INTO t VALUES (-1, 0, 'x');")
        first = s.start("--plan", path, more=())
        wait_until("it to wait", 20, lambda: s.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND wait_event_type = 'Lock'") == "1")
        out = done(s, path)
        assert "another dytop runs it: backend" in out, out
        writer.kill()
        out = first.communicate(timeout=60 * SLOW)[0]
        assert first.returncode == 0 and len(actions(s)) == 4, out


def test_limits_and_failures():
    with Stage() as s:
        s.pg.sql(STATE)
        s.pg.session("SELECT 1;")
        busy = [subprocess.Popen(s.pg.psql() + ["-c", "SELECT pg_sleep(60)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(3)]
        s.bench.clients += busy
        path = plan(s, PLAN % "limits: {active: 2}")
        wait_until("three to run", 10, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%'") >= "3")
        out = done(s, path)
        assert "running sessions: 3, the limit is 2" in out and not os.path.exists(s.log), out
        for client in busy:
            client.kill()
        wait_until("them to go", 70, lambda: s.pg.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == "0")
        # one that fails is not tried again at once, and does not keep the others from it
        s.pg.sql("ALTER MATERIALIZED VIEW mv RENAME TO gone")
        out = done(s, path, status=1)
        assert actions(s) == ["reindex_index", "reindex_index", "analyze"], out
        out = done(s, path)
        assert "failed, not tried again before" in out, out
        # too large
        path = plan(s, "jobs:\n  - {name: big, action: vacuum, targets: [t], every: daily, max_size: 8kB}\n", "big.yaml")
        out = done(s, path, status=1)
        assert "larger than" in out and len(actions(s)) == 3, out
        # latency: a server that is slow just now
        slow = s.pg.session("SELECT 1;")    # a session that touches no table would not report its time
        path = plan(s, PLAN % "limits: {latency: 100ms}", "slow.yaml")
        slow.stdin.write("\n".join("SELECT pg_sleep(0.4) FROM t WHERE id = 1;" for _ in range(60)) + "\n")
        slow.stdin.flush()
        if s.pg.sql("SHOW server_version_num") >= "140000":
            time.sleep(1.5)
            s.pg.sql("UPDATE bridge_state SET value = '{}' WHERE key LIKE 'dytop%'")
            out = done(s, path)
            assert "a transaction takes" in out, out


class Replica(Postgres):
    """A standby of the stage's server that replays nothing for an hour."""

    def initdb(self):
        primary = self.bench.servers[0]
        program = [os.path.join(self.bin, "pg_basebackup")]
        if not os.access(program[0], os.X_OK):
            skip("pg_basebackup is not installed")
        subprocess.run(program + ["-d", primary.conninfo(), "-D", self.data, "-R", "-X", "stream", "-c", "fast"], check=True)
        self.bench.give(self.data)
        os.chmod(self.data, 0o700)


def test_a_standby_that_lags():
    with Stage() as s:
        s.pg.sql(STATE)
        replica = Replica(s.bench, "replica", {"recovery_min_apply_delay": "1h", "hot_standby": "on"}, None, None)
        s.bench.servers.append(replica)
        wait_until("the standby to follow", 20, lambda: s.pg.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1")
        done(s, plan(s, PLAN % "limits: {lag: 64MB}"))
        assert len(actions(s)) == 4
        s.pg.sql("UPDATE bridge_state SET value = '{}'; CREATE TABLE bulk AS SELECT i, repeat('x', 200) FROM generate_series(1, 20000) AS i")
        out = done(s, plan(s, PLAN % "limits: {lag: 1MB}"))
        assert "a standby lags: " in out and "the limit is 1.0MB" in out and len(actions(s)) == 4, out
        s.fails("vacuum", "t", text="is a standby", server=replica)


def test_a_limit_is_passed_meanwhile():
    with Stage() as s:
        s.pg.sql("CREATE TABLE cfg AS SELECT 0.0 AS pause; CREATE MATERIALIZED VIEW slow AS SELECT id, pg_sleep(pause) IS NULL AS p"
                 " FROM t, cfg WHERE id <= 20; CREATE UNIQUE INDEX ON slow (id); UPDATE cfg SET pause = 2")
        path = plan(s, "name: slow\nlimits: {active: 2}\njobs:\n  - {name: views, action: refresh, targets: [slow], every: hourly}\n"
                       "  - {name: more, action: analyze, targets: [t], every: hourly}\n", "slow.yaml")
        work = s.start("--plan", path, more=())
        wait_until("it to begin", 20, lambda: s.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REFRESH%' AND state = 'active'") == "1")
        s.bench.clients += [subprocess.Popen(s.pg.psql() + ["-c", "SELECT pg_sleep(60)"], stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL) for _ in range(3)]
        out = work.communicate(timeout=60 * SLOW)[0]
        assert "running sessions: 3, the limit is 2: cancelled" in out and "more: not begun" in out, out
        assert work.returncode == 1 and s.last()[1]["outcome"] == "cancelled", out


def test_a_window_that_is_closed():
    with Stage() as s:
        hour = int(time.strftime("%H", time.gmtime()))
        closed = "window: {from: \"%02d:00\", to: \"%02d:00\"}" % ((hour + 2) % 24, (hour + 3) % 24)
        out = done(s, plan(s, PLAN % closed))
        assert out.count("outside of its window") == 3 and not os.path.exists(s.log), out


def test_mistakes():
    with Stage() as s:
        for text, word in (("jobs:\n  - {name: a, action: vacum, targets: [t], every: 1h}\n", "nightly.yaml:2: job a: there is no action"),
                           ("jobs:\n  - {name: a, action: vacuum, every: 1h}\n", "wants targets"),
                           ("jobs:\n  - {name: a, action: drop_index, targets: [t_a], every: 1h}\n", "for a person to confirm"),
                           ("jobs:\n  - {name: a, action: vacuum, targets: [t], evry: 1h}\n", "evry")):
            assert word in done(s, plan(s, text), status=1), text
        path = plan(s)
        os.chmod(path, 0o666)
        assert "nightly.yaml" in done(s, path, status=1)
        os.chmod(path, 0o600)
        assert "read-only" in done(s, path, "--read-only", status=1)


def test_the_daemon():
    with Stage() as s:
        s.pg.sql(STATE)
        path = plan(s)
        daemon = s.start("--plan", path, "--daemon", more=())
        try:
            wait_until("all to be done", 30, lambda: os.path.exists(s.log) and actions(s).count("analyze") == 1)
            s.pg.stop()
            s.pg.start()
            s.pg.sql("UPDATE bridge_state SET value = '{}' WHERE key LIKE 'dytop%'")
            wait_until("it to come back and go on", 60, lambda: actions(s).count("analyze") == 2)
        finally:
            daemon.send_signal(signal.SIGTERM)
        out = daemon.communicate(timeout=30 * SLOW)[0]
        assert daemon.returncode == 0 and out.rstrip().endswith("ended"), out


if __name__ == "__main__":
    run({name: globals()[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else tests_of(globals()))
