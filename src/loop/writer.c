/* SPDX-License-Identifier: PostgreSQL */
#include "loop/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "loop/thread.h"

struct chunk {
	struct chunk *next;
	size_t len;
	char bytes[];
};

/* Held by its owner and by the thread; the last one frees it. */
struct writer {
	pthread_mutex_t lock;
	pthread_cond_t work, end;
	int fd;
	size_t most, waiting; /* waiting: with the chunk that is being written */
	struct chunk *first, **last;
	int failure, holders;
	bool threaded, closing, ended;
};

static void release(struct writer *w)
{
	bool gone;

	pthread_mutex_lock(&w->lock);
	gone = --w->holders == 0;
	pthread_mutex_unlock(&w->lock);
	if (!gone)
		return;
	while (w->first) {
		struct chunk *c = w->first;

		w->first = c->next;
		free(c);
	}
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->end);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* 0 or errno. */
static int write_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int close_fd(struct writer *w)
{
	int failure = close(w->fd) < 0 ? errno : 0;

	w->fd = -1;
	return failure;
}

static void *run(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct chunk *c = w->first;
		int failure;

		if (!c && w->closing)
			break;
		if (!c) {
			pthread_cond_wait(&w->work, &w->lock);
			continue;
		}
		w->first = c->next;
		if (!w->first)
			w->last = &w->first;
		failure = w->failure;
		pthread_mutex_unlock(&w->lock);
		if (!failure)
			failure = write_all(w->fd, c->bytes, c->len);
		pthread_mutex_lock(&w->lock);
		w->waiting -= c->len;
		w->failure = failure;
		free(c);
	}
	pthread_mutex_unlock(&w->lock);
	int failure = close_fd(w); /* it may wait for the disk, too */
	pthread_mutex_lock(&w->lock);
	if (!w->failure)
		w->failure = failure;
	w->ended = true;
	pthread_cond_signal(&w->end);
	pthread_mutex_unlock(&w->lock);
	release(w);
	return NULL;
}

struct writer *writer_new(int fd, size_t most)
{
	struct writer *w = mem_alloc(sizeof(*w));
	pthread_condattr_t attr;

	w->fd = fd;
	w->most = most;
	w->last = &w->first;
	w->holders = 2;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->end, &attr);
	pthread_condattr_destroy(&attr);
	w->threaded = thread_start(run, w);
	if (!w->threaded)
		w->holders = 1;
	return w;
}

bool writer_put(struct writer *w, const char *bytes, size_t len)
{
	struct chunk *c;
	bool taken;

	if (!w->threaded) {
		if (!w->failure)
			w->failure = write_all(w->fd, bytes, len);
		return !w->failure;
	}
	c = mem_alloc(sizeof(*c) + len);
	c->len = len;
	memcpy(c->bytes, bytes, len);
	pthread_mutex_lock(&w->lock);
	taken = !w->failure && (w->waiting == 0 || (w->waiting < w->most && len <= w->most - w->waiting));
	if (taken) {
		*w->last = c;
		w->last = &c->next;
		w->waiting += len;
		pthread_cond_signal(&w->work);
	}
	pthread_mutex_unlock(&w->lock);
	if (!taken)
		free(c);
	return taken;
}

int writer_failure(struct writer *w)
{
	int failure;

	pthread_mutex_lock(&w->lock);
	failure = w->failure;
	pthread_mutex_unlock(&w->lock);
	return failure;
}

size_t writer_waiting(struct writer *w)
{
	size_t waiting;

	pthread_mutex_lock(&w->lock);
	waiting = w->waiting;
	pthread_mutex_unlock(&w->lock);
	return waiting;
}

int writer_close(struct writer *w, double ms, size_t *left)
{
	struct clock now;
	struct timespec until;
	int64_t end_ns;
	int rc = 0;

	*left = 0;
	if (!w->threaded) {
		rc = w->failure ? w->failure : close_fd(w);
		release(w);
		return rc;
	}
	clock_read(&now);
	end_ns = now.mono_ns + (int64_t)(ms * (double)CLOCK_MS_NS);
	until = (struct timespec){end_ns / 1000000000, end_ns % 1000000000};
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_signal(&w->work);
	while (!w->ended && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->end, &w->lock, &until);
	*left = w->ended ? 0 : w->waiting;
	rc = w->ended ? w->failure : w->failure ? w->failure : ETIMEDOUT;
	pthread_mutex_unlock(&w->lock);
	release(w);
	return rc;
}
