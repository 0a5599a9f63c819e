# SPDX-License-Identifier: PostgreSQL
"""Every action against every case: what is tried where, and why a case makes no sense for an action. docs/actions.md has the same
table (test_maintain_matrix.py compares them; `matrix.py` prints it)."""
from halfway import BUILD

CASES = ["done", "refused", "lock", "cancelled", "lost", "right", "standby", "names"]
WHY = {
    "a": "waits for ever by design, since each timeout would leave an invalid index: it waits longer than any lock timeout, then ends well",
    "b": "takes no lock that others hold",
    "c": "over in a moment: nothing to cancel, no reply to lose",
    "d": "runs there",
    "e": "has no target",
    "f": "anybody may look",
}
GONE = [("nono", "no such relation")]
VACUUMS = "SELECT count(*) FROM pg_stat_progress_vacuum"
SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dytop:%' AND wait_event = 'PgSleep'"
DROPS = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^DROP INDEX' AND wait_event_type = 'Lock'"
SUE = "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE;"
REFRESHED = "REFRESH MATERIALIZED VIEW CONCURRENTLY mv;"
EVIL = '"; DROP TABLE x; --'
QUOTED = '"' + EVIL.replace('"', '""') + '"'

# done: words. refused: [(words, text)]. lock: what a session holds, and what is said. cancelled, lost: (words, where it stands still).
# right: text for a role without rights. standby: text, or "d". names: words on hostile names. A letter: why not.
TABLE = {
    "analyze": dict(done=("t",), refused=[("t_a", "is an index"), *GONE], lock=(("t",), SUE, "it was not done"),
                    cancelled=(("t",), SLEEPS), right=(("t",), "it belongs to postgres"), names=(EVIL,)),
    "vacuum": dict(done=("t",), refused=[("t_a", "is an index"), ("v", "is a view"), *GONE], lock=(("t",), SUE, "lock"),
                   cancelled=(("t",), VACUUMS), right=(("t",), "it belongs to postgres"), names=(QUOTED,)),
    "vacuum_freeze": dict(done=("t",), refused=[("far", "is a foreign table"), *GONE], lock=(("t",), SUE, "lock"),
                          cancelled=(("t",), VACUUMS), right=(("t",), "it belongs to postgres"), names=(EVIL,)),
    "reindex_index": dict(done=("t_a",), refused=[("t", "is a table"), *GONE], lock="a", cancelled=(("t_gate",), BUILD[1]),
                          right=(("t_a",), "it belongs to postgres"), names=("i" + EVIL,)),
    "reindex_table": dict(done=("t",), refused=[("t_a", "is an index"), ("parts", "is a partitioned table"), *GONE], lock="a",
                          cancelled=(("t",), BUILD[1]), right=(("t",), "it belongs to postgres"), names=(EVIL,)),
    "refresh": dict(done=("mv",), refused=[("t", "is a table"), ("v", "is a view"), ("mv_plain", "no unique index"), ("mv_empty", "never filled")],
                    lock=(("mv",), REFRESHED, "lock"), cancelled=(("mv_gate",), SLEEPS), right=(("mv",), "it belongs to postgres"),
                    names=("m" + EVIL,)),
    "create_index": dict(done=("CREATE INDEX t_made ON t (b)",),
                         refused=[("DROP TABLE t", "CREATE [UNIQUE] INDEX"), ("CREATE INDEX ON parts (id)", "it is partitioned"),
                                  ("CREATE INDEX ON v (id)", "is a view"), ("CREATE INDEX ON nono (id)", "problem:")],
                         lock="a", cancelled=(("CREATE INDEX t_new ON t (gate(a))",), BUILD[1]),
                         right=(("CREATE INDEX ON t (b)",), "it belongs to postgres"),
                         names=("CREATE INDEX %s ON %s (id)" % ('"n""ew"', QUOTED),)),
    "drop_index": dict(done=("t_made",), refused=[("t_pkey", "constraint t_pkey"), ("t", "is a table"), *GONE], lock="a",
                       cancelled=(("t_gate",), DROPS), right=(("t_a",), "it belongs to postgres"), names=('"n""ew"',)),
    "set_setting": dict(done=("work_mem", "9MB"), refused=[(("no_such", "1"), "no such setting"), (("block_size", "1"), "cannot be changed"),
                                                          ("work_mem", "VALUE")],
                        lock="b", cancelled="c", right=(("work_mem", "8MB"), "no right"), standby="d",
                        names=("application_name", "'; DROP TABLE x; --")),
    "reset_setting": dict(done=("work_mem",), refused=[("no_such", "no such setting")], lock="b", cancelled="c",
                          right=(("work_mem",), "no right"), standby="d", names=("application_name",)),
    "reset_table": dict(done=("t",), refused=[("v", "is a view"), *GONE], lock="b", cancelled="c", right=(("t",), "no right"), names=(EVIL,)),
    "reset_database": dict(done=(), refused=[("t", "takes no target")], lock="b", cancelled="c", right=((), "no right"), names="e"),
    "reset_statement": dict(done=("--", "%(query)s"), refused=[("12x", "no query id")], lock="b", cancelled="c",
                            right=(("12",), "no right"), standby="d", names="e"),
    "reset_statements": dict(done=(), refused=[("t", "takes no target")], lock="b", cancelled="c", right=((), "no right"), standby="d", names="e"),
    "checkpoint": dict(done=(), refused=[("t", "takes no target")], lock="b", cancelled="c", right=((), "no right"), standby="d", names="e"),
    "reload": dict(done=(), refused=[("t", "takes no target")], lock="b", cancelled="c", right=((), "no right"), standby="d", names="e"),
    "leftovers": dict(done=(), refused=[("t", "takes no target")], lock="b", cancelled="c", right="f", standby="d", names="e"),
}
for row in TABLE.values():
    row["lost"] = row["cancelled"]
    row.setdefault("standby", "is a standby")


def table():
    lines = ["| action | " + " | ".join(CASES) + " |", "| --- |" + " --- |" * len(CASES)]
    for name in sorted(TABLE):
        cells = [TABLE[name][case] for case in CASES]
        lines.append("| %s | %s |" % (name, " | ".join(c if isinstance(c, str) and c in WHY else "yes" for c in cells)))
    return "\n".join(lines + [""] + ["- %s: %s" % item for item in WHY.items()]) + "\n"


if __name__ == "__main__":
    print(table(), end="")
