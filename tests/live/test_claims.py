#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop bench --claims on a private PostgreSQL: every claim is measured, and nothing of it stays."""
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Bench  # noqa: E402
from servers import DYTOP, SLOW, run, wait_for  # noqa: E402

SERVER = {}


def setup():
    if not SERVER:
        bench = Bench()
        SERVER.update(bench=bench, pg=bench.postgres(shared_buffers="64MB", max_wal_size="1GB"))
        SERVER["pg"].sql("CREATE DATABASE bridge")
        SERVER["pg"].sql("CREATE DATABASE nothing")
        done = subprocess.run(words("bridge", "bridge", "init", "--rows", "20000", "--no-roles"), capture_output=True, text=True,
                              timeout=120 * SLOW)
        assert done.returncode == 0, done.stderr
    return lambda sql: SERVER["pg"].sql(sql, dbname="bridge")


def words(db, *more):
    return [DYTOP, *more, "-d", SERVER["pg"].conninfo(dbname=db), "--audit", os.path.join(SERVER["bench"].dir, "audit"), "--config", ""]


def claims(*more, db="bridge", status=0):
    done = subprocess.run(words(db, "bench", "--claims", *more), capture_output=True, text=True, timeout=140 * SLOW,
                          stdin=subprocess.DEVNULL, start_new_session=True)
    assert done.returncode == status, (done.returncode, done.stdout[-500:], done.stderr[-1500:])
    return done


COPIES = "SELECT count(*) FROM pg_namespace WHERE nspname = 'dytop_claims'"
STATE = "SELECT (SELECT string_agg(oid || relname, ' ' ORDER BY oid) FROM pg_class), (SELECT count(*) FROM bridge_transactions)"


def test_all_are_measured():
    sql = setup()
    before = sql(STATE)
    path = os.path.join(tempfile.gettempdir(), f"dytop-claims-{os.getpid()}.json")
    done = claims("--yes", "--json", "-o", path)
    with open(path) as f:
        report = json.load(f)
    os.unlink(path)
    assert done.stdout == "", "it was to go to a file"
    assert report["rows"] == 20000 and len(report["claims"]) == 14, report
    by_name = {c["name"]: c for c in report["claims"]}
    for c in report["claims"]:
        assert c["error"] is None and c["measured"] is not None, c
        if c["measure"] == "smaller":
            assert abs(c["measured"] - (1 - c["with"]["bytes"] / c["without"]["bytes"]) * 100) < 1e-6, c
        else:
            assert c["with"]["runs"] >= 3 and c["with"]["ms"] > 0, c
        assert c["met"] == (round(c["measured"]) >= c["least"]), c
    # What does not depend on the machine: the kinds of plans, sizes and pages.
    assert "Seq Scan" in by_name["claim_filtered"]["without"]["plan"]
    assert by_name["claim_filtered"]["with"]["plan"] == "Index Scan using idx_bridge_transactions_status_chains on bridge_transactions"
    assert 90 < by_name["claim_partial_size"]["measured"] < 97, by_name["claim_partial_size"]
    assert by_name["claim_covering"]["with"]["heap_fetches"] == 0 and by_name["claim_covering"]["met"]
    assert by_name["claim_covering_updated"]["with"]["heap_fetches"] > 0 and not by_name["claim_covering_updated"]["met"]
    assert "Seq Scan" in by_name["claim_json_arrow"]["with"]["plan"]       # the report's index is of no use there
    assert by_name["claim_view"]["with"]["plan"].endswith("on daily_bridge_stats")
    assert sql(STATE) == before and sql(COPIES) == "0"


def test_what_is_refused():
    sql = setup()
    assert "--read-only" in claims("--yes", "--read-only", status=1).stderr
    assert "no terminal" in claims(status=1).stderr
    assert "no bridge_transactions" in claims("--yes", db="nothing", status=1).stderr
    sql("CREATE SCHEMA dytop_claims; CREATE TABLE dytop_claims.precious (a int)")
    assert "rename it" in claims("--yes", status=1).stderr
    assert sql("SELECT count(*) FROM dytop_claims.precious") == "0"
    sql("DROP SCHEMA dytop_claims CASCADE")


def begin():
    return subprocess.Popen(words("bridge", "bench", "--claims", "--yes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_interrupted_and_killed():
    sql = setup()
    process = begin()
    wait_for("the copy", lambda: sql(COPIES) == "1", 60, 0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60 * SLOW)[1]
    assert process.returncode == 1 and "cancelled" in said, (process.returncode, said[-500:])
    assert sql(COPIES) == "0"
    process = begin()
    wait_for("the copy", lambda: sql("SELECT count(*) FROM pg_class WHERE relname = 'bridge_transactions' AND relpersistence = 'u'") == "1",
             60, 0.02)
    process.kill()
    process.communicate()
    wait_for("the end of its session", lambda: sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%claims%'") == "0",
             30)
    assert sql(COPIES) == "1"
    done = claims("--yes", "--json")
    assert "left behind" in done.stderr and sql(COPIES) == "0", done.stderr[:1000]


if __name__ == "__main__":
    result = run(globals())
    if SERVER:
        SERVER["bench"].__exit__(None, None, None)
    sys.exit(result)
