#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The statement that takes a change of a setting back is run as it is printed: lists, values that wait for a restart, rights."""
import re
import sys

from maintain import Stage, run, tests_of


def undo_of(out):
    found = re.search(r"(?m)^to take it back: (.*); SELECT pg_reload_conf\(\)$", out)
    assert found, out
    return found.group(1)


def in_file(s, name):
    """The line of postgresql.auto.conf; None: it has none."""
    got = s.pg.sql("SELECT '=' || setting FROM pg_file_settings WHERE lower(name) = lower('%s') AND sourcefile LIKE '%%auto.conf'" % name)
    return got[1:] if got else None


def there_and_back(s, name, value):
    """What is printed brings the file's line back, from a change and from a reset."""
    was = in_file(s, name)
    for words in (("set_setting", name, value), ("reset_setting", name)):
        undo = undo_of(s.done(*words))
        s.pg.sql(undo)
        assert in_file(s, name) == was, (words, undo, was, in_file(s, name))
    s.pg.sql("SELECT pg_reload_conf()")
    return undo


def test_a_list_of_two_libraries_lets_the_server_start():
    with Stage() as s:
        pg = s.pg
        pg.sql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'auto_explain'")
        pg.stop()
        del pg.settings["shared_preload_libraries"], pg.settings["max_connections"]
        pg.start()
        out = s.done("set_setting", "shared_preload_libraries", "pg_stat_statements")
        pg.sql(undo_of(out))
        pg.stop()
        pg.start()
        assert pg.sql("SHOW shared_preload_libraries") == "pg_stat_statements, auto_explain"
        # a value that waits for a restart is what a second change takes away, not the one that runs
        s.done("set_setting", "max_connections", "33")
        assert there_and_back(s, "max_connections", "44") == "ALTER SYSTEM SET max_connections = '33'"
        # and one that is what runs anyway is a line of the file too
        pg.sql("ALTER SYSTEM SET max_connections = 100")
        assert there_and_back(s, "max_connections", "44") == "ALTER SYSTEM SET max_connections = '100'"


def test_every_kind_of_value():
    with Stage() as s:
        s.pg.sql("CREATE SCHEMA \"Odd, \"\"one\"")
        for value in ("'$user', 'public', 'Odd, \"one'", "''", "'a', 'B', 'c d'"):
            s.pg.sql("ALTER SYSTEM SET search_path = %s" % value)
            there_and_back(s, "search_path", "public")
        s.pg.sql("ALTER SYSTEM RESET search_path")
        assert there_and_back(s, "search_path", "public") == "ALTER SYSTEM RESET search_path"
        for name, value, other in (("log_line_prefix", r"'%m \ ''x'' '", "x"), ("datestyle", "'ISO, DMY'", "ISO, MDY"), ("work_mem", "7777", "9MB")):
            s.pg.sql("ALTER SYSTEM SET %s = %s; SELECT pg_reload_conf()" % (name, value))
            there_and_back(s, name, other)
        # the role's own value is not the one in the file
        s.pg.sql("ALTER ROLE postgres SET work_mem = '1MB'")
        assert there_and_back(s, "work_mem", "9MB") == "ALTER SYSTEM SET work_mem = '7777'"
        # nor are the settings of dytop's own session
        s.pg.sql("ALTER SYSTEM SET statement_timeout = '10min'; SELECT pg_reload_conf()")
        out = s.done("set_setting", "statement_timeout", "1h")
        assert "now 600000 (in ms)" in out and "value: 600000 ms before, 3600000 ms now" in out, out


def test_what_a_role_may_not_see_is_not_known():
    with Stage() as s:
        if s.pg.sql("SHOW server_version_num") < "150000":
            return
        s.pg.sql("CREATE ROLE changer LOGIN; GRANT EXECUTE ON FUNCTION pg_reload_conf() TO changer;"
                 "GRANT ALTER SYSTEM ON PARAMETER work_mem, max_connections, geqo_threshold TO changer;"
                 "ALTER SYSTEM SET work_mem = '7MB'; SELECT pg_reload_conf()")
        def unknown(words, hint):
            out = s.done(*words, user="changer")
            assert "how it is taken back is not known: " in out and hint in out and "to take it back" not in out, out
        unknown(("set_setting", "work_mem", "8MB"), "GRANT pg_read_all_settings TO changer")
        # the default cannot be in the file, so much is known
        assert undo_of(s.done("set_setting", "geqo_threshold", "13", user="changer")) == "ALTER SYSTEM RESET geqo_threshold"
        s.pg.sql("GRANT pg_read_all_settings TO changer")
        assert undo_of(s.done("set_setting", "work_mem", "9MB", user="changer")) == "ALTER SYSTEM SET work_mem = '8MB'"
        unknown(("set_setting", "max_connections", "30"), "pg_file_settings")
        s.pg.sql("ALTER ROLE changer SET work_mem = '1MB'")
        unknown(("set_setting", "work_mem", "10MB"), "pg_file_settings")
        s.pg.sql("GRANT SELECT ON pg_file_settings TO changer; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO changer")
        assert undo_of(s.done("set_setting", "work_mem", "9MB", user="changer")) == "ALTER SYSTEM SET work_mem = '10MB'"


if len(sys.argv) > 1:
    run({name: globals()[name] for name in sys.argv[1:]})
else:
    run(tests_of(globals()))
