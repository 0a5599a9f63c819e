#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What autovacuum does: who may cancel it (a superuser, and from PostgreSQL 18 on pg_signal_autovacuum_worker), and that one which
prevents wraparound is told from the others. On the installed server, and on 18 where it can be had."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Bench, postgres_bin # noqa: E402
from servers import wait_for # noqa: E402
from test_dashboard_signals import run # noqa: E402

# more transactions than the least that may pass before a table must be vacuumed, and a worker that takes its time
MANY = """CREATE TABLE old (a int); INSERT INTO old SELECT generate_series(1, 200000); CREATE TABLE burnt (a int);
DO $$ BEGIN FOR i IN 1..120000 LOOP BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
IF i % 20000 = 0 THEN COMMIT; END IF; END LOOP; END $$; CHECKPOINT;"""
WORKER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%public.old%'"


def test_who_may(version):
    with Bench() as bench:
        pg = bench.postgres(autovacuum="on", autovacuum_naptime="1s", autovacuum_freeze_max_age="100000",
                            autovacuum_vacuum_cost_delay="100ms", autovacuum_vacuum_cost_limit="1")
        pg.sql("CREATE ROLE operator LOGIN IN ROLE pg_monitor, pg_signal_backend")
        if version >= 18:
            pg.sql("CREATE ROLE cleaner LOGIN IN ROLE pg_monitor, pg_signal_autovacuum_worker")
        pg.sql(MANY)

        def worker():
            return wait_for("autovacuum", lambda: pg.sql(WORKER))
        pid = worker()
        assert "(to prevent wraparound)" in pg.sql("SELECT query FROM pg_stat_activity WHERE pid = " + pid)
        r = run("cancel", "-d", pg.conninfo("operator"), "--yes", pid)
        what = "GRANT pg_signal_autovacuum_worker TO operator" if version >= 18 else "only a superuser may"
        assert r.returncode == 1 and what in r.stderr and "pg_signal_backend" not in r.stderr, r
        users = ["postgres"] + (["cleaner"] if version >= 18 else [])
        for user in users:
            r = run("cancel", "-d", pg.conninfo(user), pid) # nobody to ask: it is told, and left alone
            assert r.returncode == 1 and "keeps transaction ids from running out" in r.stdout + r.stderr and "no terminal" in r.stderr, r
        for user in users:
            pid = worker()
            r = run("cancel", "-d", pg.conninfo(user), "--yes", pid)
            assert r.returncode == 0, r


def main():
    installed = int(subprocess.run([os.path.join(postgres_bin(), "postgres"), "--version"], capture_output=True,
                                   text=True).stdout.split()[2].split(".")[0])
    folders = {installed: None}
    fetched = subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), "fetch-postgres.sh")], capture_output=True, text=True)
    for line in fetched.stdout.splitlines():
        number, folder = line.split(None, 1)
        if number == "18":
            folders[18] = folder
    for version, folder in folders.items():
        if folder:
            os.environ["PGBIN"] = folder
        begun = time.monotonic()
        test_who_may(version)
        print("ok test_who_may on %d (%.1f s)" % (version, time.monotonic() - begun), flush=True)


if __name__ == "__main__":
    main()
