/* SPDX-License-Identifier: PostgreSQL */
#include "app/bench_top.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/run.h"

enum { WORD_BEGUN = 'b', WORD_ENDED = 'e' }; /* over the pipe; behind ENDED comes the status */

static void tell(int fd, const char *bytes, size_t len)
{
	ssize_t ignored = write(fd, bytes, len);

	(void)ignored;
}

void bench_top_begun(void *child)
{
	const char word = WORD_BEGUN;

	tell(((struct bench_child *)child)->fd, &word, 1);
}

/* The next byte of the pipe, -1 at its end. */
static int hear(int fd)
{
	unsigned char c;
	ssize_t n;

	do
		n = read(fd, &c, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? c : -1;
}

static NORETURN void be_child(const struct options *o, int fd, int report,
                              int (*bench)(const struct options *o, struct bench_child *child, struct err *why))
{
	struct bench_child child = {.fd = fd};
	struct err why = {0};
	char end[2] = {WORD_ENDED, 1};
	int status;

	prctl(PR_SET_PDEATHSIG, SIGINT); /* the terminal's owner was killed: stop, clean up */
	snprintf(child.report, sizeof child.report, "/proc/self/fd/%d", report);
	status = bench(o, &child, &why);
	fflush(stdout);
	if (why.code < 0)
		dprintf(report, "dytop: %s\n", why.text);
	end[1] = (char)(status != 0 ? status : why.code < 0 ? 1 : 0);
	tell(fd, end, sizeof end);
	_exit((unsigned char)end[1]);
}

/* Everything that the child left to be said. */
static void print_report(int report, FILE *to)
{
	char block[4096];
	ssize_t n;

	if (lseek(report, 0, SEEK_SET) < 0)
		return;
	while ((n = read(report, block, sizeof block)) > 0)
		fwrite(block, 1, (size_t)n, to);
	fflush(to);
}

/* Until the child has ended; its status. It is asked to, in case that it has not: the person has left the dashboard. */
static int await(int fd, pid_t pid)
{
	int word;

	kill(pid, SIGINT);
	while ((word = hear(fd)) >= 0)
		if (word == WORD_ENDED)
			return hear(fd);
	return 1;
}

static int be_top(const struct options *o, int fd, int report, pid_t pid, struct err *why)
{
	void (*was)(int) = signal(SIGINT, SIG_IGN); /* ^C is an answer to the child's question */
	int word = hear(fd), status, signo = 0;
	struct err ended = {0};

	signal(SIGINT, was);
	if (word != WORD_BEGUN) { /* declined, refused, no connection */
		status = word == WORD_ENDED ? hear(fd) : 1;
		waitpid(pid, NULL, 0);
		print_report(report, stderr);
		return status < 0 ? 1 : status;
	}
	status = run_live(o, &signo, &ended);
	fputs("dytop: ending the bench and cleaning up\n", stderr);
	status = await(fd, pid);
	print_report(report, stdout);
	if (ended.code < 0)
		*why = ended;
	return status < 0 ? 1 : status;
}

int bench_top(const struct options *o, int (*bench)(const struct options *o, struct bench_child *child, struct err *why),
              struct err *why)
{
	int ends[2], report = memfd_create("dytop-bench", 0), status = 1;
	pid_t pid;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(why, ERR_INVALID, "--top needs a terminal");
	} else if (report < 0 || pipe(ends) < 0) {
		err_set(why, ERR_IO, "--top: %s", strerror(errno));
	} else if ((pid = fork()) < 0) {
		err_set(why, ERR_IO, "--top: %s", strerror(errno));
	} else if (pid == 0) {
		close(ends[0]);
		be_child(o, ends[1], report, bench);
	} else {
		close(ends[1]);
		status = be_top(o, ends[0], report, pid, why);
		close(ends[0]);
	}
	if (report >= 0)
		close(report);
	return status;
}
