#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""source/pgwork against a server: statements, batches, streams, deadlines, cancels, losses, notices, notifications, copies."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import SLOW, Bench, wait_until
from worker import Worker


def statements(bench, pg):
    w = Worker(bench, "-d", "postgres", "-n", "work_mem=7MB", pg.conninfo())
    # before it is up: sent when it is
    which = w.begin("run", "SELECT 1 AS one, NULL AS nothing, 'x'")
    up = w.up()
    assert up["user"] == "postgres" and up["version"] >= 130000 and up["application"] == "worker", up
    first = w.done(which)
    assert first["rows"] == [["1", None, "x"]] and first["sent"] and first["code"] == "ok", first
    assert w.run("SHOW work_mem")["rows"] == [["7MB"]]
    pid = w.run("SELECT pg_backend_pid()")["rows"][0][0]
    assert int(pid) == up["pid"]
    made = w.run("CREATE TABLE t(i int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text)")
    assert made["affected"] == -1 and made["code"] == "ok", made
    assert w.run("INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 30) g")["affected"] == 30
    # a text of two statements is refused, and neither is run
    two = w.run("DELETE FROM t; DELETE FROM t")
    assert two["code"] == "query" and two["sqlstate"] == "42601", two
    assert w.run("SELECT count(*) FROM t")["rows"] == [["30"]]
    assert w.run("SELECT 1::int8, now()", word="binary")["rows"] == [[8, 8]]
    elapsed = w.run("SELECT pg_sleep(0.2)")["elapsed"]
    assert 195 < elapsed < 1000 * SLOW, elapsed
    w.send("close")
    w.send("open")
    assert w.up()["pid"] != int(pid)
    assert w.run("SHOW work_mem")["rows"] == [["7MB"]]
    assert w.quit()["stall_ms"] < 16 * SLOW
    print("ok: statements")


def batches(bench, pg):
    w = Worker(bench, pg.conninfo())
    w.up()
    before = w.run("SELECT count(*) FROM t")["rows"]
    good, bad, skipped = w.run("DELETE FROM t", "SELECT 1/0", "SELECT 3")
    assert bad["sqlstate"] == "22012" and bad["code"] == "query" and not bad["skipped"], bad
    assert skipped["skipped"] and skipped["code"] == "query" and not bad["skipped"], skipped
    assert good["affected"] == 30
    assert w.run("SELECT count(*) FROM t")["rows"] == before, "one implicit transaction"
    # the commit fails: nobody is told that it worked
    one, other = w.run("INSERT INTO t VALUES (5, 'again')", "SELECT 1")
    assert one["code"] == "query" and one["sqlstate"] == "23505", one
    assert other["code"] == "query", other
    alone = w.run("INSERT INTO t VALUES (5, 'again')")
    assert alone["code"] == "query" and alone["sqlstate"] == "23505", alone
    # explicit transactions: what is behind the COMMIT is another one
    results = w.run("BEGIN", "INSERT INTO t VALUES (31, '')", "COMMIT", "INSERT INTO t VALUES (6, '')")
    assert [r["code"] for r in results] == ["ok", "ok", "ok", "query"], results
    results = w.run("BEGIN", "SELECT 1/0", "COMMIT")
    assert results[-1]["skipped"] and results[-1]["transaction"], results
    assert not w.run("ROLLBACK")["transaction"]
    many = w.begin("flood", "3000 SELECT 1")
    for _ in range(3000):
        assert w.done(many)["code"] == "ok"
    assert w.run("VACUUM t")["code"] == "ok"
    assert w.quit()["stall_ms"] < 50 * SLOW
    print("ok: batches")


def prepared(bench, pg):
    w = Worker(bench, pg.conninfo())
    w.up()
    # the first use fails while others of that name are already on their way
    which = [w.begin("named", "get\tSELECT v FROM nowhere WHERE i = $1::int\t%d" % i) for i in range(3)]
    assert all(w.done(i)["sqlstate"] == "42P01" for i in which)
    w.run("CREATE TABLE nowhere(i int, v text)")
    w.run("INSERT INTO nowhere VALUES (1, 'one'), (2, NULL)")
    which = [w.begin("named", "get\tSELECT v FROM nowhere WHERE i = $1::int\t%d" % i) for i in (1, 2, 3)]
    assert [w.done(i)["rows"] for i in which] == [[["one"]], [[None]], []]
    assert w.run("SELECT count(*) FROM pg_prepared_statements")["rows"] == [["1"]]
    which = w.begin("named", "null\tSELECT $1::text IS NULL\tNULL")
    assert w.done(which)["rows"] == [["t"]]
    # One at a time they go without a pipeline, batches and what comes with others in it: every order of them gives the same.
    ask = "get\tSELECT v FROM nowhere WHERE i = $1::int\t1"
    for _ in range(3):
        assert w.done(w.begin("named", ask))["rows"] == [["one"]]
        assert [r["rows"] for r in w.run("SELECT 1", "SELECT 2")] == [[["1"]], [["2"]]]
        which = [w.begin("named", ask), w.begin("run", "SELECT 3"), w.begin("named", ask)]
        assert [w.done(i)["rows"] for i in which] == [[["one"]], [["3"]], [["one"]]]
    # an error of one that goes alone is its own, and a transaction stays open over it
    w.done(w.begin("named", "div\tSELECT 1 / $1::int\t1"))
    failed = w.done(w.begin("named", "div\tSELECT 1 / $1::int\t0"))
    assert failed["code"] == "query" and failed["sqlstate"] == "22012" and not failed["skipped"], failed
    assert w.done(w.begin("named", "div\tSELECT 1 / $1::int\t1"))["rows"] == [["1"]]
    w.run("BEGIN")
    w.done(w.begin("named", "div\tSELECT 1 / $1::int\t0"))
    assert w.done(w.begin("named", ask))["sqlstate"] == "25P02"
    w.run("ROLLBACK")
    assert w.done(w.begin("named", ask))["rows"] == [["one"]]
    # cancelled and lost while alone
    sleep = "sleep\tSELECT pg_sleep($1::int)\t"
    w.done(w.begin("named", sleep + "0"))
    which = w.begin("named", sleep + "30")
    wait_until("it sleeps", 10, lambda: pg.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").strip() == "1")
    w.send("cancel")
    assert w.done(which)["sqlstate"] == "57014"
    assert w.done(w.begin("named", ask))["rows"] == [["one"]]
    w.run("DROP TABLE nowhere")
    w.quit()
    print("ok: prepared")


def streams(bench, pg):
    w = Worker(bench, pg.conninfo())
    w.up()
    whole = w.run("SELECT i, repeat('x', 100) FROM generate_series(1, 1000000) i", word="stream")
    assert whole["streamed"] == 1000000 and whole["code"] == "ok" and "rows" not in whole, whole
    with open("/proc/%d/status" % w.process.pid) as f:
        peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
    assert os.environ.get("TEST_SLOW", "1") != "1" or peak < 40000, "a stream of 100 MB took %d kB" % peak
    # behind one another in a pipeline, with others between
    which = [w.begin("stream", "SELECT generate_series(1, %d)" % n) for n in (10, 0, 20000)]
    plain = w.begin("run", "SELECT 'between'")
    assert [w.done(i)["streamed"] for i in which] == [10, 0, 20000]
    assert w.done(plain)["rows"] == [["between"]]
    failing = w.run("SELECT 1 / (1000 - i) FROM generate_series(1, 2000) i", word="stream")
    assert failing["sqlstate"] == "22012" and failing["streamed"] == 999, failing
    # held: nothing more comes, and the server is not read from
    w.send("hold 100")
    held = w.begin("stream", "SELECT i, repeat('y', 1000) FROM generate_series(1, 100000) i")
    assert w.event("held")["streamed"] <= 400
    assert not [e for e in w.seconds(0.5) if e["event"] in ("held", "done")]
    pid = pg.sql("SELECT wait_event FROM pg_stat_activity WHERE application_name = 'worker' AND state = 'active'")
    assert pid == "ClientWrite", pid
    w.send("more")
    assert w.event("held")["streamed"] <= 800
    w.send("hold 0")
    w.send("more")
    assert w.done(held)["streamed"] == 100000
    assert w.quit()["stall_ms"] < 50 * SLOW
    print("ok: streams, peak %d kB" % peak)


def deadlines(bench, pg):
    w = Worker(bench, pg.conninfo())
    w.up()
    late = w.run("SELECT pg_sleep(30)", word="limit", options="300 ")
    assert late["code"] == "timeout" and late["sqlstate"] == "57014" and late["sent"], late
    assert 290 < late["elapsed"] < 3000 * SLOW
    assert w.run("SELECT 'goes on'")["rows"] == [["goes on"]]
    # each of several has its own time
    several = w.run(*["SELECT pg_sleep(0.25)"] * 3, word="limit", options="450 ")
    assert all(d["code"] == "ok" for d in several), several
    which = w.begin("run", "SELECT pg_sleep(30)")
    behind = w.begin("run", "SELECT 'behind'")
    time.sleep(0.2)
    w.send("cancel")
    cancelled = w.done(which)
    assert cancelled["code"] == "query" and cancelled["sqlstate"] == "57014", cancelled
    assert w.done(behind)["rows"] == [["behind"]]
    w.send("cancel")                             # nothing runs: nothing happens
    assert w.run("SELECT 1")["code"] == "ok"
    assert w.quit()["stall_ms"] < 16 * SLOW
    print("ok: deadline, cancel")


def losses(bench, pg):
    w = Worker(bench, pg.conninfo())
    pid = w.up()["pid"]
    which = w.begin("run", "SELECT pg_sleep(30)")
    behind = w.begin("run", "SELECT 2")
    wait_until("it to run", 5, lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(30)' AND "
                                              "state = 'active' AND pid = %d" % pid) == "1")
    pg.sql("SELECT pg_terminate_backend(%d)" % pid)
    lost = w.done(which)
    assert lost["code"] == "connection lost" or lost["code"] == "lost", lost
    assert lost["sent"] and not lost["skipped"], lost
    assert "administrator" in lost["why"], lost
    assert w.done(behind)["sent"]
    down = w.event("down")
    # it opens only when it is told to, and until then nothing waits for that: one and several end at once, unsent
    one, two, three = w.begin("run", "SELECT 'later'"), w.begin("run", "SELECT 1\tSELECT 2"), w.begin("run", "SELECT 3")
    for which in (one, two, two, three):
        never = w.done(which)
        assert never["code"] == lost["code"] and not never["sent"] and not never["skipped"] and "administrator" in never["why"], never
    assert not [e for e in w.seconds(0.3) if e["event"] == "up"], "it opens only when it is told to"
    w.send("open")
    w.up()
    assert w.run("SELECT 'again'")["rows"] == [["again"]]
    # killed while idle: told at once
    w.send("close")
    w.send("open")
    pid = w.up()["pid"]
    pg.sql("SELECT pg_terminate_backend(%d)" % pid)
    assert "administrator" in w.event("down")["why"]
    # closed by us: answered all the same, no down()
    w.send("open")
    w.up()
    which = w.begin("run", "SELECT pg_sleep(30)")
    w.send("close")
    assert w.done(which)["code"] == lost["code"]
    never = w.done(w.begin("run", "SELECT 1"))
    assert never["code"] == lost["code"] and not never["sent"] and "closed" in never["why"], never
    assert not [e for e in w.seconds(0.2) if e["event"] == "down"]
    w.quit()
    # not reachable: what waited was never sent
    n = Worker(bench, pg.conninfo(port=1))
    which = n.begin("run", "SELECT 1")
    n.send("open")  # it may have been refused before the statement was read
    refused = n.done(which)
    assert refused["code"] == "connect" and not refused["sent"], refused
    n.event("down")
    n.quit()
    assert down["code"] == lost["code"]
    print("ok: losses")


def refused_setting(bench, pg):
    w = Worker(bench, "-n", "work_mem=-5", pg.conninfo())
    which = w.begin("run", "SELECT 1")
    answer = w.done(which)
    assert not answer["sent"] and "setting" in answer["why"], answer
    assert "setting" in w.event("down")["why"]
    w.quit()
    print("ok: a refused setting")


def unasked(bench, pg):
    w = Worker(bench, pg.conninfo())
    w.up()
    w.run("DO $$ BEGIN RAISE WARNING E'careful \\x1b[31m'; END $$")
    notice = [e for e in w.past if e["event"] == "notice"][-1]
    assert notice["severity"] == "WARNING" and notice["text"].startswith("careful"), notice
    w.run("LISTEN news")
    sent = time.monotonic()
    pg.sql("NOTIFY news, 'a:1'")
    news = w.event("notify")
    assert news["channel"] == "news" and news["payload"] == "a:1" and news["at"] - sent < 1 * SLOW, news
    which = w.begin("stream", "SELECT generate_series(1, 300000)")   # in the midst of a stream
    pg.sql("NOTIFY news, 'b:2'")
    assert w.done(which)["streamed"] == 300000
    pg.sql("NOTIFY news, 'c:3'")
    w.event("notify", payload="c:3")
    assert "b:2" in [e.get("payload") for e in w.past]
    hostile = w.run("DO $$ BEGIN RAISE EXCEPTION E'a\\x1b]0;title\\x07\\nb\u202ec %s', repeat('long ', 10000); END $$")
    assert hostile["code"] == "query" and hostile["sqlstate"] == "P0001"
    assert not any(ord(c) < 32 or c == "\u202e" for c in hostile["why"]) and len(hostile["why"]) < 480, hostile
    w.run("CREATE ROLE nobody LOGIN")
    n = Worker(bench, pg.conninfo(user="nobody"))
    n.up()
    denied = n.run("SELECT * FROM pg_authid")
    assert denied["code"] == "privilege" and denied["sqlstate"] == "42501", denied
    n.quit()
    w.quit()
    print("ok: notices, notifications, hostile texts")


def copies(bench, pg):
    w = Worker(bench, "-c", pg.conninfo())
    w.up()
    w.run("CREATE TABLE c(i int, v text)")
    copied = w.run("COPY c FROM STDIN", word="copy", options="100000 ")
    assert copied["affected"] == 100000 and copied["code"] == "ok", copied
    assert w.run("SELECT count(*), min(i), max(i) FROM c")["rows"] == [["100000", "1", "100000"]]
    given_up = w.run("COPY c FROM STDIN", word="bad", options="1000 ")
    assert given_up["code"] == "io" and "ended early" in given_up["why"], given_up
    refused = w.run("COPY c(i) FROM STDIN", word="copy", options="100000 ")
    assert refused["sqlstate"] == "22P04" and refused["code"] == "query", refused
    assert w.run("COPY missing FROM STDIN", word="copy", options="10 ")["sqlstate"] == "42P01"
    w.send("fill 20")                            # the one who fills has pauses
    assert w.run("COPY c FROM STDIN", word="copy", options="10000 ")["affected"] == 10000
    which = w.begin("copy", "10000000 COPY c FROM STDIN")
    time.sleep(0.2)
    w.send("cancel")
    assert w.done(which)["code"] == "query"
    w.send("fill 0")
    assert w.run("SELECT count(*) FROM c")["rows"] == [["110000"]]
    one, two, three = w.run("SELECT 1", "SELECT 1/0", "SELECT 3")
    assert one["code"] == "ok" and two["sqlstate"] == "22012" and three["skipped"] and not three["sent"]
    assert w.run("SELECT generate_series(1, 5000)", word="stream")["streamed"] == 5000
    # the table is locked in the midst: what cannot leave waits here in bounds
    which = w.begin("copy", "3000000 COPY c FROM STDIN")
    time.sleep(0.1)
    pg.signal(signal.SIGSTOP)
    time.sleep(1)
    with open("/proc/%d/status" % w.process.pid) as f:
        peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
    pg.signal(signal.SIGCONT)
    assert w.done(which, 60)["affected"] == 3000000
    assert os.environ.get("TEST_SLOW", "1") != "1" or peak < 30000, "a copy took %d kB" % peak
    assert w.run("COPY c TO STDOUT")["code"] != "ok"
    assert w.quit()["stall_ms"] < 50 * SLOW
    # without the mode for it a COPY costs the connection, not the program
    n = Worker(bench, pg.conninfo())
    n.up()
    assert n.run("COPY c FROM STDIN")["code"] != "ok"
    n.event("down")
    n.send("open")
    n.up()
    n.quit()
    print("ok: copies, peak %d kB" % peak)


def stopped(bench, pg):
    w = Worker(bench, pg.conninfo(tcp=True))
    w.up()
    pg.signal(signal.SIGSTOP)
    which = w.begin("limit", "300 SELECT 1")
    flood = w.begin("flood", "3000 SELECT repeat('x', 1000)")
    late = w.done(which, 15)
    assert late["code"] == "timeout" and late["sent"], late
    assert w.done(flood)["code"] != "ok"
    assert w.event("down")["code"] == "timeout"
    end = w.quit()
    pg.signal(signal.SIGCONT)
    assert end["stall_ms"] < 50 * SLOW, end
    print("ok: a stopped server, longest turn %.1f ms" % end["stall_ms"])


def like(bench, pg):
    pg.sql("CREATE ROLE joe LOGIN PASSWORD 'joes'; CREATE DATABASE other; CREATE ROLE pat LOGIN PASSWORD 'pats';"
           "CREATE ROLE twin LOGIN PASSWORD 'joes'")
    w = Worker(bench, "-l", pg.conninfo(user="joe", tcp=True), password="joes")
    up = w.up()
    assert up["user"] == "joe" and up["application"] == "worker", up
    assert w.run("SELECT current_user, current_database()")["rows"] == [["joe", "postgres"]]
    w.quit()
    w = Worker(bench, "-l", "-d", "other", pg.conninfo(user="joe", tcp=True), password="joes")
    assert w.up()["dbname"] == "other"
    w.quit()
    w = Worker(bench, "-l", "-o", "user=pat password=pats", "-d", "other", pg.conninfo(user="joe", tcp=True), password="joes")
    w.up()
    assert w.run("SELECT current_user, current_database()")["rows"] == [["pat", "other"]]
    w.quit()
    # joe's password is for joe, even where another has the same
    w = Worker(bench, "-l", "-o", "user=twin", pg.conninfo(user="joe", tcp=True), password="joes")
    answer = w.event("down")
    assert answer["code"] == "auth" and "asks for a password" in answer["why"], answer
    w.quit()
    w = Worker(bench, "-o", "postgresql://pat:pats@127.0.0.1:%d/other?application_name=x" % pg.port,
               pg.conninfo(user="joe", tcp=True))
    up = w.up()
    assert up["user"] == "pat" and up["dbname"] == "other", up
    w.quit()
    w = Worker(bench, "-o", "user=pat bogus=1", pg.conninfo())
    assert w.process.wait(5) == 2 and "bogus" in w.process.stderr.read()
    print("ok: like another, with other settings")


def through_a_pooler(bench, pg):
    """The pid of the login is made up there: a cancel by pid would hit whoever has it."""
    pool = bench.pgbouncer(pg)
    w = Worker(bench, pool.conninfo())
    w.up()
    assert w.run("SELECT 1")["rows"] == [["1"]]
    which = w.begin("run", "SELECT pg_sleep(1)")
    time.sleep(0.3)
    w.send("cancel")
    done = w.done(which)
    if done["code"] == "ok":          # libpq before 17: it says that it cannot
        assert any("pooler" in e.get("text", "") for e in w.past if e["event"] == "notice"), w.past[-4:]
    else:
        assert done["sqlstate"] == "57014", done
    late = w.run("SELECT pg_sleep(20)", word="limit", options="300 ")
    assert late["code"] == "timeout", late
    w.quit()
    print("ok: through a pooler")


HBA = """local all all trust
host all joe 127.0.0.1/32 scram-sha-256
host all pat 127.0.0.1/32 scram-sha-256
host all twin 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def main():
    with Bench() as bench:
        pg = bench.postgres(hba=HBA)
        for test in (statements, batches, prepared, streams, deadlines, losses, refused_setting, unasked, copies, stopped, like,
                     through_a_pooler):
            if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                test(bench, pg)


main()
