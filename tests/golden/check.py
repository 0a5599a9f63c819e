#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Reads snapshots with other people's readers: JSON Schema, csv, promtool, an OpenMetrics check of our own.

check.py SCHEMA FILE...   the kind is told by the ending: .json .ndjson .csv .prom
"""
import csv
import io
import json
import re
import shutil
import subprocess
import sys

import jsonschema


def unique(pairs):
    """A JSON object without a name twice."""
    seen = dict(pairs)
    assert len(seen) == len(pairs), f"a name twice: {[k for k, _ in pairs]}"
    return seen


def load(text):
    def refuse(word):
        raise ValueError(f"{word} is no JSON number")
    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


def check_frame(frame):
    for panel in frame["panels"]:
        names = [c["name"] for c in panel["columns"]]
        assert len(set(names)) == len(names), names
        assert panel["rows_shown"] == len(panel["rows"])
        assert panel["rows_shown"] <= panel["rows_total"]
        assert panel["server"] in [s["name"] for s in frame["servers"]] or panel["server"] == "dytop"
        assert (panel["state"] == "live") == (panel["reason"] is None), panel["state"]
        for row in panel["rows"]:
            assert set(row) - {"marks", "rung", "alerts"} == set(names), set(row) ^ set(names)
            for key in list(row.get("marks", {})) + list(row.get("alerts", {})):
                assert key in names
            for key in row.get("marks", {}):
                assert row[key] is not None, f"a mark on nothing: {key}"
            for column in panel["columns"]:
                value, unit = row[column["name"]], column["unit"]
                if value is None:
                    continue
                if unit == "time":
                    assert re.fullmatch(r"[0-9-]{10}T[0-9:.]{12}Z", value), value
                elif unit == "text":
                    assert isinstance(value, str), (column, value)
                elif unit == "bool":
                    assert isinstance(value, bool), (column, value)
                elif unit == "id" and "quer" in column["name"]:
                    assert re.fullmatch(r"-?[0-9]+", value), value
                else:
                    assert isinstance(value, (int, float)) and not isinstance(value, bool), (column, value)


def validate(validator, value, kind):
    """Fails with the place and the reason, not with the whole document."""
    schema = {"$ref": f"#/$defs/{kind}", "$defs": validator.schema["$defs"]}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        sys.exit(f"{kind} {error.json_path}: {error.message[:300]}")
    validator.validate(value)


def check_json(text, validator):
    document = load(text)
    validate(validator, document, "document")
    numbers = [f["frame"] for f in document["frames"]]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    for frame in document["frames"]:
        check_frame(frame)
    return len(numbers)


def check_ndjson(text, validator):
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    for line in lines:
        value = load(line)
        validate(validator, value, "line")
        check_frame(value)
    return len(lines)


def check_csv(text, validator):
    """Every row is as long as its block's head; no text cell begins a formula."""
    head, rows = None, 0
    for line in csv.reader(io.StringIO(text, newline=""), strict=True):
        if not line:
            head = None
        elif line[:4] == ["time", "server", "panel", "state"]:
            head = line
        else:
            assert head and len(line) == len(head), (head, line)
            rows += 1
            for name, cell in zip(head, line):
                if cell[:1] in tuple("=+-@\t\r"):
                    float(cell)  # a number may be negative; nothing else may begin like that
                assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028]", cell), (name, cell)
    assert re.fullmatch(r"(?:[^\n]*(?:\r\n|\n))*", text)
    return rows


def check_prom(text, validator):
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
    seen, series, family = set(), set(), None
    sample = re.compile(r'([a-z_0-9]+)\{((?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (-?[0-9.e+-]+)')
    for line in text.split("\n")[:-2]:
        if line.startswith("# "):
            name = line.split(" ")[2]
            if name != family:
                assert name not in seen, f"{name} is not contiguous"
                seen.add(name)
                family = name
            continue
        match = sample.fullmatch(line)
        assert match, line
        assert match.group(1) == family, line
        assert (match.group(1), match.group(2)) not in series, f"twice: {line}"
        series.add((match.group(1), match.group(2)))
        labels = re.findall(r'([a-z_][a-z0-9_]*)="', re.sub(r'\\.', "", match.group(2)))
        assert len(set(labels)) == len(labels), line
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        print("promtool is missing (Debian package prometheus): left out", file=sys.stderr)
    return len(series)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    kinds = {"json": check_json, "ndjson": check_ndjson, "csv": check_csv, "prom": check_prom}
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8", newline="") as file:
            count = kinds[name.rsplit(".", 1)[1]](file.read(), validator)
        assert count > 0, f"{name}: nothing in it"
        print(f"{name}: {count} ok")


main()
