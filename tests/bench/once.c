/* SPDX-License-Identifier: PostgreSQL */
/* Runs a command once with its output thrown away; prints wall ms, CPU ms, peak RSS KiB, output bytes, status as JSON.
 * A small C parent, because ru_maxrss of a child starts at the size of the process that spawned it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char buf[1 << 20];
    struct timespec a, b;
    struct rusage u;
    int fd[2], status;
    long size = 0;
    if (argc < 2 || pipe2(fd, O_CLOEXEC)) return 2;
    clock_gettime(CLOCK_MONOTONIC, &a);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fd[1], 1);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    close(fd[1]);
    for (ssize_t n; (n = read(fd[0], buf, sizeof buf)) > 0;) size += n;
    wait4(pid, &status, 0, &u);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("{\"wall_ms\": %.3f, \"client_cpu_ms\": %.3f, \"rss_kib\": %ld, \"output_bytes\": %ld, \"status\": %d}\n",
           (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6,
           (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3, u.ru_maxrss, size, status);
    return 0;
}
