/* SPDX-License-Identifier: PostgreSQL */
#include "loop/background.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/mem.h"
#include "loop/thread.h"

/* Held by the loop's side and by the thread; the last one frees it. */
struct task {
	struct background_job job;
	int wake; /* eventfd */
	atomic_int holders;
};

struct background {
	struct task *task;
	struct loop_fd *fd;
	struct loop_timer *timer; /* where the work was done at once */
	void (*done)(void *ctx);
	void *ctx;
};

static void task_drop(struct task *t)
{
	if (atomic_fetch_sub(&t->holders, 1) != 1)
		return;
	if (t->wake >= 0)
		close(t->wake);
	if (t->job.drop)
		t->job.drop(t->job.job);
	free(t);
}

static void *run(void *arg)
{
	struct task *t = arg;
	uint64_t one = 1;
	ssize_t written;

	t->job.work(t->job.job);
	do
		written = write(t->wake, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
	task_drop(t);
	return NULL;
}

void background_cancel(struct background *b)
{
	if (!b)
		return;
	loop_fd_free(b->fd);
	loop_timer_free(b->timer);
	task_drop(b->task);
	free(b);
}

bool background_wait(struct background *b, double ms)
{
	struct pollfd p = {.fd = b->task->wake, .events = POLLIN};
	int got;

	if (b->timer)
		return true;
	do
		got = poll(&p, 1, (int)ms);
	while (got < 0 && errno == EINTR);
	return got > 0;
}

static void finish(struct background *b)
{
	struct task *t = b->task;
	void (*done)(void *) = b->done;
	void *ctx = b->ctx;

	atomic_fetch_add(&t->holders, 1); /* the job lives until done() has seen it */
	background_cancel(b);
	done(ctx);
	task_drop(t);
}

static void on_wake(void *ctx, unsigned got)
{
	(void)got;
	finish(ctx);
}

static void on_timer(void *ctx)
{
	finish(ctx);
}

struct background *background_start_job(struct loop *l, const struct background_job *job, void (*done)(void *ctx), void *ctx)
{
	struct background *b = mem_alloc(sizeof(*b));
	struct task *t = mem_alloc(sizeof(*t));

	t->job = *job;
	t->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	atomic_init(&t->holders, 2);
	b->task = t;
	b->done = done;
	b->ctx = ctx;
	if (t->wake >= 0 && thread_start(run, t)) {
		b->fd = loop_fd_new(l, t->wake, LOOP_READ, on_wake, b);
		return b;
	}
	atomic_store(&t->holders, 1);
	t->job.work(t->job.job);
	b->timer = loop_timer_new(l, on_timer, b);
	loop_timer_in(b->timer, 0);
	return b;
}

/* The plain form: its function is the job. */
struct plain {
	void (*work)(void);
};

static void work_plain(void *job)
{
	((struct plain *)job)->work();
}

struct background *background_start(struct loop *l, void (*work)(void), void (*done)(void *ctx), void *ctx)
{
	struct plain *p = mem_alloc(sizeof(*p));

	p->work = work;
	return background_start_job(l, &(struct background_job){work_plain, free, p}, done, ctx);
}
