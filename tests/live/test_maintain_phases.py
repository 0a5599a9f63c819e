#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A concurrent build is cancelled by a person, or loses its session, in each of its phases; the disk is full: what is said, what the
audit log has, what is left and offered, what doctor names, and that the old index lives."""
import os
import signal
import subprocess
import sys

from halfway import BUILD, REBUILD, Half, ended
from maintain import run, tests_of

NEW = "CREATE INDEX t_new ON t (gate(a))"


def whole(s):
    """The old index is there, valid and used."""
    assert s.pg.sql("SELECT indisvalid AND indisready AND indislive FROM pg_index WHERE indexrelid = 't_gate'::regclass") == "t"


def break_off(words, phases, how):
    with Half() as s:
        for phase in phases:
            with s.held(words, phase) as work:
                if how == "cancel":
                    os.kill(work.pid, signal.SIGINT)
                else:
                    s.pg.sql("SELECT pg_terminate_backend(%s)" % s.pid())
                status, out = ended(work)
            intent, outcome = s.last()
            if how == "cancel":
                assert status == 1 and "cancelled after" in out, (phase, status, out)
                assert outcome["outcome"] == "cancelled" and outcome["sqlstate"] == "57014", (phase, outcome)
            else:
                assert status == 3 and "outcome unknown: the connection was lost" in out, (phase, status, out)
                assert outcome["outcome"] == "unknown", (phase, outcome)
            assert intent["sql"].split()[0] == words[0].split("_")[0].upper(), intent
            left = s.invalid()
            # after the swap it is the old one that is left
            want = ["public.t_new" if words[0] == "create_index" else "public.t_gate_ccold" if "readers" in phase else "public.t_gate_ccnew"]
            assert left == want, (phase, left)
            for name in left:
                assert name + " is invalid" in out and "dytop maintain drop_index '%s'" % name in out, (phase, out)
            found = s.done("leftovers", more=())
            assert all(name + " is invalid" in found for name in left), (phase, found)
            whole(s)
            assert s.clean_up() == left, phase
            print("  %s in phase '%s': left %s" % (how, phase, ", ".join(left)), flush=True)
        s.quiet()
        s.done("reindex_index", "t_gate")
        whole(s)


def test_reindex_is_cancelled_in_each_phase():
    break_off(("reindex_index", "t_gate"), REBUILD, "cancel")


def test_create_index_is_cancelled_in_each_phase():
    break_off(("create_index", NEW), BUILD, "cancel")


def test_reindex_loses_its_session_in_each_phase():
    break_off(("reindex_index", "t_gate"), REBUILD, "lose")


def test_create_index_loses_its_session_in_each_phase():
    break_off(("create_index", NEW), BUILD, "lose")


def full(s, words, sqlstate, said):
    out = s.fails(*words, text=said)
    intent, outcome = s.last()
    assert outcome["outcome"] == "failed" and outcome["sqlstate"] in sqlstate, outcome
    return out


def test_the_disk_is_full():
    """A tablespace of 6 MB of memory, mounted where nobody else sees it (a mount namespace of this test's)."""
    if not os.environ.get("DYTOP_TEST_MOUNTS"):
        print("nothing can be mounted here: a full disk is not tried, only a file that may not grow")
        return
    with Half() as s:
        place = os.path.join(s.bench.dir, "small")
        os.mkdir(place)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", place], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        try:
            os.chown(place, s.bench.user.pw_uid, s.bench.user.pw_gid)
            os.chmod(place, 0o700)
            s.pg.sql("CREATE TABLESPACE small LOCATION '%s'" % place)
            s.pg.sql("CREATE TABLE big AS SELECT i AS id, md5(i::text) AS b FROM generate_series(1, 60000) AS i")
            s.pg.sql("CREATE INDEX big_b ON big (b) TABLESPACE small")
            size = int(s.pg.sql("SELECT pg_relation_size('big_b')"))
            assert 3 << 20 < size < 5 << 20, size
            out = full(s, ("reindex_index", "big_b"), ("53100",), "No space left on device")
            assert "the disk may fill up" in out, "the pre-flight saw it: " + out
            assert "big_b_ccnew is invalid" in out and "drop_index 'public.big_b_ccnew'" in out, out
            assert s.pg.sql("SELECT count(*) FROM big WHERE b = md5('5')") == "1"
            assert s.clean_up() == ["public.big_b_ccnew"]
            out = full(s, ("create_index", "CREATE INDEX big_2 ON big (b, id) TABLESPACE small"), ("53100",), "No space left on device")
            assert "big_2 is invalid" in out, out
            assert s.clean_up() == ["public.big_2"]
            s.pg.sql("DROP INDEX big_b; CREATE MATERIALIZED VIEW mv_big AS SELECT * FROM big; CREATE UNIQUE INDEX ON mv_big (id);"
                     "ALTER DATABASE postgres SET temp_tablespaces = small; ALTER DATABASE postgres SET work_mem = '64kB'")
            s.pg.sql("UPDATE big SET b = md5(b)")
            out = full(s, ("refresh", "mv_big"), ("53100",), "No space left on device")
            assert s.clean_up() == [] and s.pg.sql("SELECT count(*) FROM mv_big WHERE b = md5('5')") == "1", "what it was is still there"
            s.pg.sql("ALTER DATABASE postgres RESET ALL; DROP MATERIALIZED VIEW mv_big; DROP TABLE big; DROP TABLESPACE small")
        finally:
            s.pg.kill()
            subprocess.run(["umount", place])


def limit(s, pid, size):
    """As the server's own user: root may lack the right in a container."""
    who = dict(user=s.bench.user.pw_uid, group=s.bench.user.pw_gid, extra_groups=[]) if s.bench.user else {}
    subprocess.run([sys.executable, "-c", "import resource as r; r.prlimit(%d, r.RLIMIT_FSIZE, (%d, %d))" % (pid, size, size)], check=True, **who)


def test_a_file_may_not_grow():
    """RLIMIT_FSIZE of the one backend: the same for who may not mount."""
    with Half() as s:
        s.pg.sql("INSERT INTO t SELECT i, i % 100, md5(i::text) FROM generate_series(10000, 60000) AS i")
        for words, left in ((("reindex_index", "t_gate"), "public.t_gate_ccnew"), (("create_index", NEW), "public.t_new")):
            with s.held(words, BUILD[1]) as work:
                limit(s, int(s.pid()), 200 << 10)
                s.pg.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711 AND granted")
                status, out = ended(work)
            assert status == 1 and "File too large" in out, (status, out)
            assert "%s is invalid" % left in out and s.last()[1]["outcome"] == "failed", out
            whole(s)
            assert s.clean_up() == [left]


if __name__ == "__main__":
    OWN = ["unshare", "--mount", "--propagation", "private"]
    if os.getuid() == 0 and "DYTOP_TEST_MOUNTS" not in os.environ:
        try:
            usable = subprocess.run(OWN + ["sh", "-c", "mount -t tmpfs -o size=1m none /mnt"], stderr=subprocess.DEVNULL).returncode == 0
        except OSError:
            usable = False
        os.environ["DYTOP_TEST_MOUNTS"] = "1" if usable else ""
        if usable:
            os.execvp(OWN[0], OWN + [sys.executable] + sys.argv)
    run({name: globals()[name] for name in sys.argv[1:]} if len(sys.argv) > 1 else tests_of(globals()))
