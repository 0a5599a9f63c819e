# SPDX-License-Identifier: PostgreSQL
"""Actions of dytop that stand still half-way, where a test wants them: in every phase of a concurrent build, and in the middle of
the others.

    with Half() as s:                                        # a Stage (maintain.py) with a slow index, a slow view, a slow vacuum
        with s.held(("reindex_index", "t_gate"), "building index") as work:      # dytop is there now, and stays
            work.send_signal(signal.SIGINT)
            ...                                              # the obstacles go at the end of the block
        s.doctor()                                           # [remedy, ...] of what doctor finds left on the server
"""
import contextlib
import json
import re
import subprocess

from maintain import DYTOP, Stage
from postgres import SLOW, wait_until

# Stands still for 1 while somebody holds lock 7, and for -777 while somebody holds lock 8; in sessions of dytop only.
GATE = """
CREATE FUNCTION gate(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE k int := CASE i WHEN 1 THEN 7 WHEN -777 THEN 8 END;
BEGIN
	IF k IS NULL OR pg_catalog.current_setting('application_name') NOT LIKE 'dytop:%' THEN RETURN i; END IF;
	WHILE NOT pg_catalog.pg_try_advisory_lock_shared(4711, k) LOOP PERFORM pg_catalog.pg_sleep(0.02); END LOOP;
	PERFORM pg_catalog.pg_advisory_unlock_shared(4711, k);
	RETURN i;
END $$;
CREATE INDEX t_gate ON t (gate(a));
CREATE MATERIALIZED VIEW mv_gate AS SELECT id, gate(a) AS a FROM t;
CREATE UNIQUE INDEX mv_gate_id ON mv_gate (id);
"""
DEAD = "UPDATE t SET b = b || 'x'"      # vacuum has something to do
SLOWLY = "ALTER DATABASE postgres SET vacuum_cost_delay = '100ms'; ALTER DATABASE postgres SET vacuum_cost_limit = 1"
READ = "BEGIN; SELECT count(*) FROM t;"
OLD = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;"

BUILD = ["waiting for writers before build", "building index", "waiting for writers before validation", "index validation",
         "waiting for old snapshots"]
REBUILD = BUILD + ["waiting for readers before marking dead", "waiting for readers before dropping"]


class Half(Stage):
    def __enter__(self):
        super().__enter__()
        try:
            self.pg.sql(GATE)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def invalid(self):
        """With their schemas: those of TOAST tables too."""
        return self.pg.sql("SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                           " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid ORDER BY c.oid").split()

    def write(self, number):
        return self.pg.session("BEGIN; INSERT INTO t VALUES (-%d, 0, 'x');" % number)

    def close_gate(self, number):
        return self.pg.session("SELECT pg_advisory_lock(4711, %d);" % number)

    def active(self):
        return self.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%' AND application_name NOT LIKE '%watch'"
                           " AND state = 'active'") != "0"

    def pid(self):
        return self.pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'dytop:%' AND application_name NOT LIKE '%watch'"
                           " AND state = 'active'")

    def reaches(self, work, phase):
        def there():
            assert work.poll() is None, "it ended: " + work.stdout.read()
            return self.pg.sql("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE '%s%%'" % phase) != "0"
        wait_until(phase, 30, there)

    def runs(self, work, sql):
        """Its statement is under way, and stands still somewhere in the middle."""
        def there():
            assert work.poll() is None, "it ended: " + work.stdout.read()
            return self.pg.sql(sql) != "0"
        wait_until("it to be in the middle", 30, there)

    @contextlib.contextmanager
    def held(self, words, phase, **how):
        """Starts it, and brings it to that phase; what holds it there is taken away at the end. phase: of BUILD or REBUILD, or a
        query that counts something when it is in the middle."""
        obstacles = []

        def put(session):
            obstacles.append(session)
            return session

        def drop(session):
            obstacles.remove(session)
            session.kill()
            session.wait()
        work = None
        try:
            if phase == REBUILD[0]:
                put(self.write(1))
            elif phase in REBUILD[1:4]:
                gate = put(self.close_gate(7))
                self.pg.sql("DELETE FROM t WHERE a = -777")
            elif phase == REBUILD[4]:
                put(self.pg.session(OLD))
            elif phase in REBUILD[5:]:
                first = put(self.pg.session(READ))
            else:
                put(self.close_gate(7))
            work = self.start(*words, **how)
            if phase not in REBUILD:
                self.runs(work, phase)
            elif phase == REBUILD[2]:
                self.reaches(work, REBUILD[1])
                put(self.write(2))
                drop(gate)
            elif phase == REBUILD[3]: # a row that came during the build is not in the index: validation computes its key
                self.reaches(work, REBUILD[1])
                put(self.close_gate(8))
                self.pg.sql("INSERT INTO t VALUES (-6, -777, 'x')")
                drop(gate)
            elif phase == REBUILD[6]:
                self.reaches(work, REBUILD[5])
                put(self.pg.session(READ))
                drop(first)
            if phase in REBUILD:
                self.reaches(work, phase)
            yield work
        finally:
            for session in list(obstacles):
                drop(session)
            if work and work.poll() is None:
                work.kill()
            if work:
                work.wait()
                work.stdout.close()

    def quiet(self):
        """No session of any dytop is there any more, nor its lock."""
        wait_until("all sessions of dytop to end", 60, lambda: self.pg.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop%'") == "0")
        assert self.pg.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1685681264") == "0"

    def doctor(self):
        """What it finds left over: remedies of the server's, and whether it speaks of actions without an outcome."""
        done = subprocess.run(DYTOP + ["doctor", "--format", "json", "-d", self.pg.conninfo()], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.env, timeout=120 * SLOW)
        assert done.returncode in (0, 3), done
        report = json.loads(done.stdout)
        left = [f["remedy"] for f in report["servers"][0]["findings"] if f["level"] == "left"]
        return left, any("no outcome" in (f["what"] or "") for f in report["machine"]["findings"])

    def clean_up(self):
        """Doctor names exactly the invalid indexes; its remedies, by dytop; then it calls the server clean."""
        left, _ = self.doctor()
        names = [re.fullmatch(r"DROP INDEX CONCURRENTLY (\w+\.\w+)", remedy) for remedy in left]
        assert all(names) and sorted(n.group(1) for n in names) == sorted(self.invalid()), (left, self.invalid())
        for n in names:
            self.done("drop_index", n.group(1))
        if left:
            assert self.invalid() == [] and self.doctor()[0] == [], self.doctor()
        return [n.group(1) for n in names]


def ended(work):
    out = work.communicate(timeout=90 * SLOW)[0]
    return work.returncode, out
