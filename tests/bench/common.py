"""Small helpers shared by the measuring scripts: CPU clocks, process trees, sockets, state."""
# SPDX-License-Identifier: PostgreSQL
import json
import os
import re
import signal
import subprocess
import sys
import time

PG_BIN = os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin")
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """CPU seconds (user+sys, all threads, nanosecond resolution) of a live process, else None."""
    try:
        return time.clock_gettime(((~pid) << 3) | 2)   # CPUCLOCK_SCHED of that process
    except OSError:
        return None


def proc_stat(pid):
    """(ppid, CPU seconds of reaped children) of a process, else None."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), (int(fields[13]) + int(fields[14])) / TICK


def process_tree(root):
    """The pid and all its live descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            st = proc_stat(int(name))
            if st:
                children.setdefault(st[0], []).append(int(name))
    out, todo = [], [root]
    while todo:
        pid = todo.pop()
        out.append(pid)
        todo.extend(children.get(pid, []))
    return out


def tree_cpu(root):
    """CPU seconds of a process tree, with children that were already reaped (those at 10 ms)."""
    total = 0.0
    for pid in process_tree(root):
        live, st = cpu_seconds(pid), proc_stat(pid)
        if live is not None:
            total += live
        if st:
            total += st[1]
    return total


def tree_memory_kib(root):
    """Summed VmHWM (peak RSS) and Pss of a tree, in KiB."""
    hwm = pss = 0
    for pid in process_tree(root):
        try:
            with open(f"/proc/{pid}/status") as f:
                m = re.search(r"VmHWM:\s+(\d+)", f.read())
            hwm += int(m.group(1)) if m else 0
            with open(f"/proc/{pid}/smaps_rollup") as f:
                m = re.search(r"^Pss:\s+(\d+)", f.read(), re.M)
            pss += int(m.group(1)) if m else 0
        except OSError:
            pass
    return hwm, pss


def tcp_connections(root, port):
    """How many established TCP sockets to `port` the process tree holds."""
    inodes = set()
    for pid in process_tree(root):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        except OSError:
            pass
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = open(table).read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            f = line.split()
            if f[3] == "01" and int(f[2].rsplit(":", 1)[1], 16) == port and f[9] in inodes:
                count += 1
    return count


TITLE = re.compile(r"postgres: \S+ \S+ (\[local\]|\S+\(\d+\))")


def client_backends(postmaster):
    """Pids of the client backends of a postmaster, read from process titles (asks no server)."""
    found = set()
    for pid in process_tree(postmaster)[1:]:
        try:
            with open(f"/proc/{pid}/cmdline") as f:
                title = f.read()
        except OSError:
            continue
        if TITLE.match(title):
            found.add(pid)
    return found


def load_env(path=None):
    """The state that env.py wrote (connection parameters and pids)."""
    path = path or os.environ.get("DYTOP_ENV")
    if not path:
        sys.exit("no environment: run  eval \"$(tests/bench/env.py start)\"  first (sets DYTOP_ENV)")
    with open(os.path.join(path, "state.json")) as f:
        return json.load(f)


def fill(cmd, state):
    """Replaces {pg_port} and other names of the state in the words of a command."""
    out = []
    for word in cmd:
        for k, v in state.items():
            word = word.replace("{" + k + "}", str(v))
        out.append(word)
    return out


def psql(state, sql, user="postgres", db="bench", script=None, check=True):
    """Runs SQL as the superuser over the unix socket; gives unaligned text."""
    cmd = [f"{PG_BIN}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", state["pg_socket"],
           "-p", str(state["pg_port"]), "-U", user, "-d", db]
    cmd += ["-f", script] if script else ["-c", sql]
    env = dict(os.environ, PGAPPNAME="bench_harness", PGOPTIONS="-c pg_stat_statements.track=none")
    r = subprocess.run(cmd, env=env, capture_output=True, text=True)
    if check and r.returncode:
        raise RuntimeError(f"psql failed: {r.stderr.strip()[:500]}")
    return r.stdout.strip()


def signal_all(pids, sig):
    for pid in pids:
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass


def end_process(pid, wait=10.0):
    """SIGTERM, then SIGKILL, for one pid that we started."""
    for sig, limit in ((signal.SIGTERM, wait), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return
        end = time.monotonic() + limit
        while time.monotonic() < end:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
            st = proc_stat(pid)
            if st is None:
                return
            time.sleep(0.05)


def median(values):
    values = sorted(v for v in values if v is not None)
    if not values:
        return None
    mid = len(values) // 2
    return values[mid] if len(values) % 2 else (values[mid - 1] + values[mid]) / 2


def percentile(values, p):
    values = sorted(v for v in values if v is not None)
    if not values:
        return None
    return values[min(len(values) - 1, int(round(p / 100 * (len(values) - 1))))]


def rounded(x, digits=4):
    """Rounds every float in a nested structure, for readable JSON."""
    if isinstance(x, float):
        return round(x, digits)
    if isinstance(x, dict):
        return {k: rounded(v, digits) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [rounded(v, digits) for v in x]
    return x
