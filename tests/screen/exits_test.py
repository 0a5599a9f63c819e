#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""However dytop ends, the terminal is given back: every key that quits, every catchable signal to the guard and to the dashboard
itself, SIGKILL of either, a job stopped by itself or from outside and continued, a terminal that goes away, a file limit, and
errors at the start.

  DYTOP=./dytop tests/screen/exits_test.py        no server is needed: the dashboard runs against an address where nobody listens
"""
import os
import signal
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from terminal import SLOW, Tty # noqa: E402

DYTOP = os.environ.get("DYTOP", "./dytop")
NOWHERE = ["-h", "127.0.0.1", "-p", "1", "-U", "nobody", "-d", "nothing", "-w"]
CATCHABLE = ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "USR1", "SEGV", "USR2", "ALRM", "TERM", "XCPU",
             "VTALRM", "PROF", "SYS"]
ENV = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "ASAN_OPTIONS": "handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:detect_leaks=0"}


def start(*more, **kw):
    t = Tty([DYTOP, *NOWHERE, *more], env=ENV, **kw)
    t.expect("dytop", 10)
    t.pump(0.3)
    return t


def by_key(name, code=0):
    with start() as t:
        t.key(name)
        assert t.exit_code() == code, f"{name}: exit {t.exit_code()}"
        t.check_restored(f"key {name}")


def by_signal(name, to_child):
    signo = getattr(signal, "SIG" + name)
    what = f"SIG{name} to the {'dashboard' if to_child else 'guard'}"
    with start() as t:
        pid = t.children()[0] if to_child else t.pid
        os.kill(pid, signo)
        code = t.exit_code()
        assert code == 128 + signo, f"{what}: exit {code}"
        t.check_restored(what)


def killed_dashboard():
    with start() as t:
        os.kill(t.children()[0], signal.SIGKILL)
        code = t.exit_code()
        assert code == 137, f"SIGKILL of the dashboard: exit {code}"
        t.check_restored("SIGKILL of the dashboard")
        assert b"ended by signal 9" in t.raw, t.text()


def killed_guard():
    with start() as t:
        child = t.children()[0]
        os.kill(t.pid, signal.SIGKILL)
        t.wait()
        end = time.monotonic() + 3
        while os.path.exists(f"/proc/{child}") and time.monotonic() < end:
            t.pump(0.05)
        assert not os.path.exists(f"/proc/{child}"), "SIGKILL of the guard: the dashboard lives on"
        t.pump(0.2)
        t.check_restored("SIGKILL of the guard")


def suspended():
    """^Z under a job-control shell: a clean terminal while stopped, the picture again after fg, several times."""
    with Tty(["/bin/bash", "--norc", "--noprofile", "-i"], env={**ENV, "PS1": "ready$ "}) as t:
        t.expect(r"ready\$")
        before = termios.tcgetattr(t.slave)
        t.send(" ".join([DYTOP, *NOWHERE]) + "\r")
        t.expect("CONNECTING.*nothing|nothing.*CONNECTING", 10)
        for _ in range(3):
            t.raw.clear()
            t.key("^Z")
            t.expect_raw(rb"Stopped.*ready\$ $", 15)
            assert not t.modes - {2004}, f"stopped with {t.modes}"
            assert not t.screen.cursor.hidden
            t.raw.clear()
            t.send("fg\r")
            t.expect_raw(rb"dytop.*quit", 15)
            assert 1049 in t.modes, "fg: not on the alternate screen"
        t.raw.clear()
        t.key("q")
        t.expect_raw(rb"ready\$ $", 15)
        t.send("echo status=$?\r")
        t.expect_raw(rb"status=0", 15)
        assert termios.tcgetattr(t.slave)[3] == before[3]


def shell_job(t):
    """The dashboard as the shell's job: the pids of the guard and of the dashboard."""
    t.expect(r"ready\$")
    t.send(" ".join([DYTOP, *NOWHERE]) + "\r")
    t.expect("CONNECTING.*nothing|nothing.*CONNECTING", 10)
    guard = t.children()[0]
    return guard, int(open(f"/proc/{guard}/task/{guard}/children").read().split()[0])


def stopped(who):
    """SIGSTOP, which nobody can prepare for: after fg keys and screen are the dashboard's again. When the dashboard alone was
    stopped, the guard cleans the terminal; when the guard alone was, nothing is drawn over the shell."""
    with Tty(["/bin/bash", "--norc", "--noprofile", "-i"], env={**ENV, "PS1": "ready$ "}) as t:
        guard, child = shell_job(t)
        for _ in range(2):
            t.raw.clear()
            for pid in {"dashboard": [child], "guard": [guard], "both": [guard, child]}[who]:
                os.kill(pid, signal.SIGSTOP)
            t.expect_raw(rb"Stopped.*ready\$ $", 15)
            if who == "dashboard":
                assert not t.modes - {2004}, f"stopped with {t.modes}"
                assert not t.screen.cursor.hidden
            t.send("stty sane\r")
            t.expect_raw(rb"stty sane.*ready\$ $", 15)
            t.raw.clear()
            t.pump(1)
            assert not t.raw, f"drawn over the shell: {bytes(t.raw)!r}"
            t.send("fg\r")
            t.expect_raw(rb"\x1b\[\?1049h.*dytop.*quit", 15)
            drawn = bytes(t.raw).split(b"-w\r\n", 1)[1]
            assert who != "dashboard" or drawn.index(b"dytop") > drawn.index(b"\x1b[?1049h"), drawn[:300]
            lines = termios.tcgetattr(t.slave)[3]
            assert not lines & (termios.ICANON | termios.ECHO | termios.ISIG), "fg: keys are not read one by one"
            assert {1049, 2004, 1000} <= t.modes and t.screen.cursor.hidden, t.modes
        t.raw.clear()
        t.key("q")
        t.expect_raw(rb"ready\$ $", 15)
        assert not t.modes - {2004}, f"ended with {t.modes}"
        t.send("echo status=$?\r")
        t.expect_raw(rb"status=0", 15)


def continued_alone():
    """No shell, and only the dashboard is continued: the guard that stopped with it is too, and is there at the end."""
    with start() as t:
        child = t.children()[0]
        os.kill(child, signal.SIGSTOP)
        end = time.monotonic() + 15 * SLOW
        while open(f"/proc/{t.pid}/stat").read().rsplit(")", 1)[1].split()[0] != "T":
            assert time.monotonic() < end, "the guard does not stop"
            t.pump(0.05)
        assert not t.modes, t.modes
        t.raw.clear()
        os.kill(child, signal.SIGCONT)
        t.expect_raw(rb"\x1b\[\?1049h.*dytop", 15)
        t.key("q")
        assert t.exit_code() == 0
        t.check_restored("SIGSTOP and SIGCONT of the dashboard")


def file_limit():
    """A log at its limit is a failed write, and no end; nor is the signal when somebody sends it."""
    with tempfile.TemporaryDirectory() as folder:
        words = f"ulimit -f 1; exec {DYTOP} {' '.join(NOWHERE)} --log {folder}/log --log-level debug"
        with Tty(["/bin/sh", "-c", words], env=ENV) as t:
            t.expect("CONNECTING", 10)
            os.kill(t.children()[0], signal.SIGXFSZ)
            os.kill(t.pid, signal.SIGXFSZ)
            end = time.monotonic() + 60 * SLOW
            while os.path.getsize(f"{folder}/log") < 500:   # one block of the shell is 512 or 1024 bytes
                assert time.monotonic() < end and t.poll() is None, os.path.getsize(f"{folder}/log")
                t.key("R")
                t.pump(0.2)
            for _ in range(10):
                t.key("R")
                t.pump(0.2)
            t.key("q")
            code = t.exit_code()
            assert code == 0, f"ulimit -f 1: exit {code}"
            t.check_restored("ulimit -f 1")


def terminal_gone():
    """The master side closes: the dashboard must end and not spin."""
    t = start()
    child = t.children()[0]
    os.close(t.slave)
    os.close(t.master)
    end = time.monotonic() + 3
    while time.monotonic() < end and os.path.exists(f"/proc/{child}"):
        time.sleep(0.05)
    gone = not os.path.exists(f"/proc/{child}") or open(f"/proc/{child}/stat").read().split()[2] == "Z"
    t.master, t.slave = os.openpty()
    t.close()
    assert gone, "terminal gone: the dashboard lives on"


def no_such_terminal():
    for term in ("", "no-such-terminal", "dumb"):
        with Tty([DYTOP, *NOWHERE, "--screen", "activity"], env=ENV, term=term) as t:
            code = t.exit_code()
            assert code == 1, f"TERM={term!r}: exit {code}"
            t.check_restored(f"TERM={term!r}")
            lines = [line for line in t.text().splitlines() if line.strip()]
            assert len(lines) <= 2 and "TERM" in t.text(), f"TERM={term!r}: {t.text()}"


def bad_option():
    with Tty([DYTOP, "--no-such-option"], env=ENV) as t:
        assert t.exit_code() == 1
        t.check_restored("bad option")
        assert "--no-such-option" in t.text(), t.text()


def main():
    cases = [("key " + k, lambda k=k: by_key(k)) for k in ("q", "f10", "^C")]
    for name in CATCHABLE:
        cases.append((f"SIG{name} to guard", lambda n=name: by_signal(n, False)))
        cases.append((f"SIG{name} to dashboard", lambda n=name: by_signal(n, True)))
    cases += [("SIGKILL dashboard", killed_dashboard), ("SIGKILL guard", killed_guard), ("suspend", suspended),
              *[(f"SIGSTOP {who}", lambda w=who: stopped(w)) for who in ("dashboard", "guard", "both")],
              ("continued alone", continued_alone), ("file limit", file_limit),
              ("terminal gone", terminal_gone), ("no such terminal", no_such_terminal), ("bad option", bad_option)]
    only = sys.argv[1:]
    cases = [c for c in cases if not only or any(word in c[0] for word in only)]
    failed = 0
    for name, case in cases:
        try:
            case()
            print(f"ok {name}")
        except (AssertionError, OSError, IndexError) as e:
            failed += 1
            print(f"not ok {name}: {e}")
    print(f"{len(cases) - failed} of {len(cases)} ways out restore the terminal")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
