#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A disk that hangs under a recording, a log and a layout: keys, samples and paints go on, and what is missing is said.

The disk: a write() of our own before the C library's, which waits while a file named `hold` exists, for files of that folder."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dash import Dash, strict
from postgres import SLOW, Bench, find, skip
from servers import DYTOP

HANG = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void hang(int fd)
{
	char link[64], path[4096];
	const char *folder = getenv("HANG_FOLDER"), *hold = getenv("HANG_WHILE");
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0 || !folder || !hold)
		return;
	path[len] = '\0';
	while (strncmp(path, folder, strlen(folder)) == 0 && access(hold, F_OK) == 0)
		usleep(5000);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");

	hang(fd);
	return real(fd, bytes, len);
}

int fsync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

	hang(fd);
	return real(fd);
}
"""


class Disk:
    def __init__(self, bench):
        self.folder = os.path.join(bench.dir, "disk")
        os.mkdir(self.folder)
        self.hold = os.path.join(bench.dir, "hold")
        shim = os.path.join(bench.dir, "hang.so")
        done = subprocess.run([find("cc"), "-shared", "-fPIC", "-o", shim, bench.file("hang.c", HANG), "-ldl"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            skip("no shared library can be built: " + done.stderr[-200:])
        self.env = {"LD_PRELOAD": shim, "HANG_FOLDER": self.folder, "HANG_WHILE": self.hold}
        if os.environ.get("ASAN_OPTIONS") is not None or b"libasan" in subprocess.run(["ldd", DYTOP], capture_output=True).stdout:
            self.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"

    def path(self, name):
        return os.path.join(self.folder, name)

    def hang(self):
        open(self.hold, "w").close()

    def heal(self):
        os.unlink(self.hold)


def hangs_for_a_while(bench, pg, disk):
    """Recording, log and layout on a disk that hangs for 4 s and goes on: nothing is missing."""
    rec, log, home = disk.path("a.rec"), disk.path("a.log"), disk.path("home")
    os.mkdir(home)
    with Dash("-d", pg.conninfo(), "--record", rec, "--log", log, "--log-level", "debug", home=home, env=disk.env) as d:
        d.live()
        d.pump(1)
        disk.hang()
        before = os.path.getsize(rec)
        d.send("W")
        worst = d.slowest_key(4)
        d.never("layout saved", 0.3)
        assert os.path.getsize(rec) == before, "the disk did not hang"
        disk.heal()
        d.expect("layout saved")
        d.quit()
    lines = [json.loads(line) for line in open(rec)]
    frames = [line for line in lines if "frame" in line]
    assert lines[-1] == {"end": True, "frames": len(frames)} and not [f for f in frames if "dropped" in f]
    steps = [(b["mono_ns"] - a["mono_ns"]) / 1e9 for a, b in zip(frames, frames[1:])]
    assert max(steps) < 3 * SLOW, "samples waited for the disk: %s" % steps
    assert os.path.getsize(log) > 0
    done = subprocess.run([DYTOP, "-b", "-n", "3", "--replay", rec, "--panel", "activity", "--format", "json"], capture_output=True, text=True)
    assert done.returncode in (0, 3) and len(json.loads(done.stdout)["frames"]) == 3, done # 3: one of them had no answer yet
    assert worst < 8 * SLOW, worst # each goes by the patience of a busy machine; a disk that was waited for would have cost all of 4 s
    print("ok: a disk that hung for 4 s: %d frames, none missing, longest key to picture %.2f s" % (len(frames), worst))


def never_comes_back(bench, pg, disk):
    """It hangs for good: dytop ends all the same, and says what is not in the file."""
    rec = disk.path("b.rec")
    with Dash("-d", pg.conninfo(), "--record", rec, env=disk.env) as d:
        d.live()
        disk.hang()
        d.pump(2)
        d.send("q")
        begun = time.monotonic()
        assert d.exit_code(60) == 1
        took = time.monotonic() - begun
        d.check_restored("quit")
        strict(d.raw)
        assert "the disk did not take the last" in d.text() or b"the disk did not take the last" in bytes(d.raw), d.text()
    disk.heal()
    print("ok: a disk that never comes back: left in %.1f s, and said so" % took)


def main():
    with Bench() as bench:
        pg = bench.postgres()
        disk = Disk(bench)
        hangs_for_a_while(bench, pg, disk)
        never_comes_back(bench, pg, disk)


main()
