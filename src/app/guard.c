/* SPDX-License-Identifier: PostgreSQL */
#include "app/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { GUARD_RESTORE_MAX = 1024 };

struct guard {
	atomic_bool active;
	atomic_bool stopped; /* the parent is, or will be in a moment */
	atomic_uint restore_len;
	char restore[GUARD_RESTORE_MAX];
};

/* Every signal that ends a process by default and can be caught: the parent passes them on and waits. */
static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGUSR1, SIGSEGV,
                                SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGVTALRM, SIGPROF, SIGSYS};

void guard_arm(struct guard *g, struct str restore, bool active)
{
	size_t len = restore.len < sizeof g->restore ? restore.len : 0;

	if (len > 0)
		memcpy(g->restore, restore.at, len);
	atomic_store(&g->restore_len, (unsigned)len);
	atomic_store(&g->active, active);
}

bool guard_armed(const struct guard *g)
{
	return atomic_load(&g->active);
}

void guard_continued(struct guard *g)
{
	if (atomic_load(&g->stopped))
		kill(getppid(), SIGCONT);
}

static void write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* Field by field: there is padding between them. */
static bool same_modes(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
	       memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static void restore_terminal(struct guard *g, int tty, const struct termios *modes)
{
	struct termios now;
	/* the process group may be in the background by now: writing modes must not stop us */
	sigset_t ttou, before;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &before);
	if (atomic_load(&g->active))
		write_all(tty, g->restore, atomic_load(&g->restore_len));
	if (tcgetattr(tty, &now) == 0 && !same_modes(&now, modes))
		tcsetattr(tty, TCSANOW, modes);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void end_like(int status)
{
	struct rlimit no_core = {0, 0};
	sigset_t one;
	int signo;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	signo = WTERMSIG(status);
	setrlimit(RLIMIT_CORE, &no_core); /* the core worth having is the child's */
	signal(signo, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, signo);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(signo);
	_exit(128 + signo);
}

static void tell(int status)
{
	int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (signo == 0 || signo == SIGINT || signo == SIGTERM || signo == SIGHUP || signo == SIGPIPE)
		return;
	fprintf(stderr, "dytop: ended by signal %d (%s); the terminal was restored\n", signo, strsignal(signo));
}

/* Stop after the child, so that the shell takes the terminal when it is clean; continue it when we are continued. Who was
 * stopped from outside had no time to clean up. */
static void stop_with(struct guard *g, pid_t child, int tty, const struct termios *modes)
{
	const struct timespec at_once = {0, 0};
	sigset_t cont;

	if (atomic_load(&g->active) && tcgetpgrp(tty) == getpgrp()) {
		restore_terminal(g, tty, modes);
		atomic_store(&g->active, false);
	}
	atomic_store(&g->stopped, true);
	raise(SIGSTOP);
	atomic_store(&g->stopped, false);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigtimedwait(&cont, NULL, &at_once); /* what continued us: passed on here, and not once more by watch() */
	kill(child, SIGCONT);
}

/* Signals are taken one at a time from a blocked set: no handler, so nothing to be careful about in one. */
static NORETURN void watch(struct guard *g, pid_t child, int tty, const struct termios *modes, const sigset_t *taken)
{
	for (;;) {
		int status, signo;
		pid_t pid = waitpid(child, &status, WNOHANG | WUNTRACED);

		if (pid == child && WIFSTOPPED(status)) {
			stop_with(g, child, tty, modes);
			continue;
		}
		if (pid == child || (pid < 0 && errno == ECHILD)) {
			restore_terminal(g, tty, modes);
			tell(status);
			end_like(status);
		}
		signo = sigwaitinfo(taken, NULL);
		if (signo > 0 && signo != SIGCHLD && signo != SIGCONT && signo != SIGTSTP)
			kill(child, signo);
		else if (signo == SIGCONT)
			kill(child, SIGCONT);
	}
}

static void parent_signals(sigset_t *taken)
{
	sigemptyset(taken);
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
		sigaddset(taken, passed_on[i]);
	sigaddset(taken, SIGCHLD);
	sigaddset(taken, SIGCONT);
	sigaddset(taken, SIGTSTP); /* from the keyboard: the child stops first, we follow (stop_with) */
	sigprocmask(SIG_BLOCK, taken, NULL);
}

int guard_start(struct guard **out, struct err *why)
{
	struct guard *g = mmap(NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct termios modes;
	sigset_t taken, before;
	int tty = STDOUT_FILENO;
	pid_t child, parent = getpid();

	if (g == MAP_FAILED)
		return err_set(why, ERR_IO, "cannot share memory with the guard process: %s", strerror(errno));
	if (tcgetattr(tty, &modes) < 0) {
		int saved = errno;

		munmap(g, sizeof *g);
		return err_set(why, ERR_IO, "standard output is no terminal: %s", strerror(saved));
	}
	sigprocmask(SIG_BLOCK, NULL, &before);
	parent_signals(&taken);
	child = fork();
	if (child < 0) {
		int saved = errno;

		sigprocmask(SIG_SETMASK, &before, NULL);
		munmap(g, sizeof *g);
		return err_set(why, ERR_IO, "cannot start the guard process: %s", strerror(saved));
	}
	if (child > 0)
		watch(g, child, tty, &modes, &taken);
	sigprocmask(SIG_SETMASK, &before, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		raise(SIGTERM); /* the parent went before the line above */
	*out = g;
	return 0;
}
