#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""However dytop ends, the terminal is given back: every key that quits, every catchable signal to the guard and to the dashboard
itself, SIGKILL of either, a stopped and continued job, a terminal that goes away, and errors at the start.

  DYTOP=./dytop tests/screen/exits_test.py        no server is needed: the dashboard runs against an address where nobody listens
"""
import os
import signal
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from terminal import Tty # noqa: E402

DYTOP = os.environ.get("DYTOP", "./dytop")
NOWHERE = ["-h", "127.0.0.1", "-p", "1", "-U", "nobody", "-d", "nothing", "-w"]
CATCHABLE = ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "USR1", "SEGV", "USR2", "ALRM", "TERM", "XCPU",
             "XFSZ", "VTALRM", "PROF", "SYS"]
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
              ("terminal gone", terminal_gone), ("no such terminal", no_such_terminal), ("bad option", bad_option)]
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
