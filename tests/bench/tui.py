#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Measures a terminal tool under a pty, from the client's side; prints one JSON line.

  tests/bench/tui.py --label pg_activity --ready 'F1/1' --key '2=WAITING QUERIES' --key '1=RUNNING QUERIES' --hang \\
      -- pg_activity -h 127.0.0.1 -p {pg_port} -U mon -d bench --refresh 1

Times in seconds or ms as named; CPU is user+sys of the whole process tree; bytes and CPU are those of the
steady window. --server adds the server's side (see servercost.py) under "server".
"""
import argparse
import json

import session
from common import rounded


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    session.add_arguments(ap)
    ap.add_argument("--server", action="store_true", help="add the server's side to the line")
    args = ap.parse_args()
    client, server = session.run(args)
    if args.server:
        client["server"] = server
    print(json.dumps(rounded(client)))


if __name__ == "__main__":
    main()
