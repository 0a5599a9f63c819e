#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Some thousand random keys at the dashboard on a private server, those that act among them: it lives or was left cleanly, nothing is
changed that a y alone may not change, the audit chain holds, no session is left.

    DYTOP_SEED=7 test_desk_monkey.py     another run
"""
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash # noqa: E402
from postgres import Bench # noqa: E402
from servers import DYTOP, wait_for # noqa: E402

SEED, SECONDS = int(os.environ.get("DYTOP_SEED", "1")), 28
SETUP = """CREATE EXTENSION pg_stat_statements; CREATE ROLE keeper LOGIN IN ROLE pg_monitor, pg_signal_backend;
GRANT CREATE ON SCHEMA public TO keeper; GRANT pg_checkpoint TO keeper; SET ROLE keeper;
CREATE TABLE ledger_of_things (a int PRIMARY KEY, b text, c int);
INSERT INTO ledger_of_things SELECT i, 'x' || i, i % 50 FROM generate_series(1, 5000) i;
CREATE INDEX ledger_by_b_and_c ON ledger_of_things (b, c); CREATE MATERIALIZED VIEW summary_of_things AS SELECT c, count(*) FROM ledger_of_things GROUP BY c;
SELECT count(*) FROM ledger_of_things WHERE b = 'x7'; UPDATE ledger_of_things SET c = c WHERE a = 1; DELETE FROM ledger_of_things WHERE a < 0;"""
# What a name must be typed for, or nothing can do at all: objects with their files, settings, rows, roles.
STATE = """SELECT 'class', relname::text, relkind::text, relfilenode::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexrelid::regclass::text, indisvalid::text, '' FROM pg_index WHERE NOT indisvalid
UNION ALL SELECT 'setting', name, setting, '' FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'
UNION ALL SELECT 'role', rolname::text, rolsuper::text, '' FROM pg_roles
UNION ALL SELECT 'rows', count(*)::text, md5(string_agg(t::text, ' ' ORDER BY a)), '' FROM ledger_of_things t
UNION ALL SELECT 'sequences', count(*)::text, '', '' FROM pg_sequences ORDER BY 1, 2, 3"""
ACTING = "eEmCK!DyynJcXw"
MOVING = ["\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\r", "\x1b", "\t", " ", "U", "g", "G"]
LOOKING = "0123456789abdfhijklnoprstuvxzFIMNPRSTVYZ/\\:<>[]+-=.,?()"


def keys(r):
    """One key after the other, and how long a person waits after it."""
    while True:
        n = r.random()
        if n < 0.35:
            key = r.choice(ACTING)
        elif n < 0.65:
            key = r.choice(MOVING)
        elif n < 0.653:
            key = "q"
        else:
            key = r.choice(LOOKING)
        calm = key in "EmCK" and r.random() < 0.2     # sometimes a person means it: closes what is open, reads, and answers
        for _ in range(3 if calm else 0):
            yield "\x1b", 0.15
        if calm:
            yield r.choice("1245"), 0.3
        yield key, 0.003
        if calm:
            yield "", 0.6
            if key == "m":
                for _ in range(r.randrange(6)):
                    yield "\x1b[B", 0.02
                yield "\r", 0.6
            yield r.choice("yyyn\x1b"), 0.4


def main():
    r = random.Random(SEED)
    sent = runs = 0
    with Bench() as bench:
        pg = bench.postgres(shared_preload_libraries="pg_stat_statements")
        pg.sql(SETUP)
        before = pg.sql(STATE)
        home = os.path.join(bench.dir, "home")
        os.mkdir(home)
        worker = pg.session("", user="keeper")
        worker.stdin.write("\\set ON_ERROR_STOP 0\n" + "SELECT count(*), pg_sleep(2) FROM ledger_of_things WHERE c = 3;\n" * 40)
        worker.stdin.flush()
        end = time.monotonic() + SECONDS
        stream = keys(r)
        while time.monotonic() < end:
            with Dash("-d", pg.conninfo("keeper"), home=home, env={"XDG_STATE_HOME": None}) as d:
                d.live()
                runs += 1
                while time.monotonic() < end and d.poll() is None:
                    key, pause = next(stream)
                    try:
                        if key:
                            d.send(key)
                    except OSError:
                        break                        # it was left meanwhile
                    sent += bool(key)
                    if pause > 0.01 or sent % 8 == 0:
                        d.pump(pause)
                if d.poll() is None:
                    d.sane()
                    for _ in range(8):
                        d.key("esc")
                        d.pump(0.15)
                    for key in "qc":                 # what runs is cancelled
                        if d.poll() is None:
                            d.send(key)
                            d.pump(1)
                code = d.exit_code(40)
                assert code == 0, f"exit {code} (seed {SEED}, {sent} keys): {d.text()}"
                d.check_restored("leaving")
        wait_for("no session is left", lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop%'") == "0" or None, 30)
        worker.kill()
        after = pg.sql(STATE)
        assert after == before, f"seed {SEED}: changed:\n" + "\n".join(sorted(set(before.splitlines()) ^ set(after.splitlines())))
        environment = {**os.environ, "HOME": home}
        environment.pop("XDG_STATE_HOME", None)
        done = subprocess.run([DYTOP, "maintain", "analyze", "ledger_of_things", "--yes", "-d", pg.conninfo("keeper")], capture_output=True, text=True,
                              env=environment, timeout=60)  # goes on with the same chain
        assert done.returncode == 0, done
        done = subprocess.run([DYTOP, "audit", "--verify"], capture_output=True, text=True, env=environment, timeout=30)
        assert done.returncode == 0, done
        with open(os.path.join(home, ".local", "state", "dytop", "audit.jsonl"), encoding="utf-8") as f:
            lines = f.readlines()
        assert sent > 200 and len(lines) >= 2, f"{sent} keys, {len(lines)} lines: too little was tried"
        print(f"ok: {sent} keys, {runs} runs, {len(lines)} lines of the audit log")


main()
