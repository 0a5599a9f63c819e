#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""dytop explain --plan: saved plans of real servers in each form, two of them compared, and what is no plan.

  DYTOP=./dytop tests/screen/saved_plan_test.py        no server is needed, and none is asked
"""
import json
import os
import re
import subprocess
import tempfile
import unicodedata

DYTOP = os.environ.get("DYTOP", "./dytop")
TOP = os.environ.get("srcdir", ".")
ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "PGHOST": "/nonexistent", "LC_ALL": "C.UTF-8"}


def plans(major):
    """name: (JSON, text) of tests/fixtures/plans."""
    with open("%s/tests/fixtures/plans/%d.plans" % (TOP, major)) as f:
        return {name: (j, t) for name, j, t in re.findall(r"^=== (\w+)\n(.*?)\n---\n(.*?)^---\n", f.read(), re.S | re.M)}


def run(*args, stdin=None, stdout=subprocess.PIPE):
    done = subprocess.run([DYTOP, "explain", *args], input=stdin, stdout=stdout, stderr=subprocess.PIPE, env=ENV, timeout=60, text=True)
    return done.returncode, done.stdout, done.stderr


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def main():
    folder = tempfile.mkdtemp()
    paths = {}
    for major in (13, 15, 18):
        for name, (body, text) in plans(major).items():
            path = paths[name, major] = os.path.join(folder, "%s-%d.json" % (name, major))
            with open(path, "w") as f:
                f.write(body + "\n")
            code, out, err = run("--plan", path, "--format", "text")
            assert (code, err) == (0, ""), (path, err)
            code, again, _ = run("--plan", "-", "--format", "text", stdin=body)
            assert (code, again) == (0, out)
            if name in ("limit", "union", "merge", "nocosts", "settings"):     # not run: no time differs from run to run
                assert out == text, out

    code, out, err = run("--plan", paths["spill", 15])
    assert code == 0 and "▸ Sort" in out and "! Sort: sorts on disk" in out, out
    assert all(width(line) <= 120 for line in out.splitlines())
    code, out, err = run("--plan", paths["spill", 15], "--ascii")
    assert code == 0 and "> Sort" in out and out.isascii(), out

    code, out, err = run("--plan", paths["joins", 15], "--plan", paths["parallel", 15])
    assert code == 0 and out.startswith("another shape: ") and re.search(r"^! +\S+ms", out, re.M), out
    code, out, err = run("--plan", paths["joins", 15], "--plan", paths["joins", 15])
    assert code == 0 and out.startswith("the same shape"), out

    code, out, err = run("--plan", paths["joins", 15], "--plan", paths["parallel", 15], "--format", "json")
    both = json.loads(out)
    assert code == 0 and both["same_shape"] is False and both["changed_nodes"] > 0 and len(both["plans"]) == 2
    assert abs(sum(n["share"] for n in both["plans"][0]["nodes"]) - 100) < 30      # of time: what is not a node's is left out
    code, out, err = run("--plan", paths["seq", 15], "--format", "json")
    assert [h["kind"] for h in json.loads(out)["plans"][0]["hints"]] == ["sequential_scan", "wrapped_column"]

    for args, stdin, said in (
            (["--plan", "/nonexistent/plan"], None, "No such file"),
            (["--plan", "-"], "EXPLAIN", "standard input: line 1, column 1: not JSON"),
            (["--plan", "-"], "", "standard input"),
            (["--plan", "-"], "{}", "there is no plan in this JSON"),
            (["--plan", "-"], "[" * 5000, "nested too deep"),
            (["--plan", "-"], '{"Plan": {"Node Type": "x"' + " " * (11 << 20), "over 10 MB"),
            (["--plan", "-", "1234"], "{}", "no statement goes with it"),
            (["--plan", "-", "--plan", "-", "--plan", "-"], "{}", "one plan, or two")):
        code, out, err = run(*args, stdin=stdin)
        assert code == 1 and out == "" and said in err and err.count("\n") == 1, (args, code, out, err)

    hostile = '{"Plan": {"Node Type": "Seq Scan", "Relation Name": "a\\u001b]0;x\\u0007\\u202eb", "Filter": "\\u001b[2J\\n\\u009b"}}'
    for form in ("tree", "text", "json"):
        code, out, err = run("--plan", "-", "--format", form, stdin=hostile)
        assert code == 0 and not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), repr(out)

    with open("/dev/full", "w") as full:
        assert run("--plan", paths["spill", 15], stdout=full)[0] == 4
    subprocess.run(["rm", "-r", folder], check=True)
    print("ok")


main()
