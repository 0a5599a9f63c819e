/* SPDX-License-Identifier: PostgreSQL */
#include "app/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/map.h"
#include "core/mem.h"

enum { RECORDER_BYTES_MAX = 256 << 20, RECORDER_FLUSH = 1 << 20 };

struct recorder {
	char *path;
	int fd;
	bool begun;
	struct record record;
	struct buf out;
	struct err why; /* the first failure */
};

int recorder_open(struct recorder **out, const char *path, struct err *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(why, ERR_IO, "--record: %s: %s", path, strerror(errno));
	struct recorder *r = mem_alloc(sizeof *r);
	r->path = mem_strdup(path);
	r->fd = fd;
	r->out = BUF_INIT(RECORDER_BYTES_MAX);
	*out = r;
	return 0;
}

static void flush(struct recorder *r)
{
	const char *at = r->out.data;
	size_t left = r->out.len;

	if (r->out.failed && r->why.code == 0)
		err_set(&r->why, ERR_TOO_BIG, "--record: %s: a frame over %d MiB", r->path, RECORDER_BYTES_MAX >> 20);
	while (left > 0 && r->why.code == 0) {
		ssize_t n = write(r->fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_set(&r->why, ERR_IO, "--record: %s: %s", r->path, strerror(errno));
			break;
		}
		at += n;
		left -= (size_t)n;
	}
	buf_clear(&r->out);
}

void recorder_frame(struct recorder *r, const struct server_status *const *servers, int count, const struct clock *now,
                    double interval_ms)
{
	if (r->why.code)
		return;
	flush(r); /* what the frame before brought, whole lines only */
	if (!r->begun)
		record_begin(&r->record, &r->out, servers, count, now, interval_ms);
	r->begun = true;
	record_frame(&r->record, &r->out, servers, now);
}

void recorder_sample(struct recorder *r, const struct record_sample *s, const struct server_status *status)
{
	if (!r->begun || r->why.code)
		return;
	record_sample(&r->record, &r->out, s, status);
	if (r->out.len > RECORDER_FLUSH)
		flush(r);
}

void recorder_task(struct recorder *r, int server, const struct task *t, const char *sql, uint64_t *written)
{
	size_t before = r->out.len;
	uint64_t hash;

	if (!r->begun || r->why.code)
		return;
	record_task(&r->record, &r->out, server, t, sql);
	hash = map_hash(MAP_SEED, r->out.data + before, r->out.len - before);
	if (hash == *written && !r->out.failed)
		r->out.len = before; /* as it was */
	*written = hash;
}

void recorder_plans(struct recorder *r, const struct record_plans *p)
{
	if (r->begun && !r->why.code)
		record_plans(&r->record, &r->out, p);
}

const char *recorder_failure(const struct recorder *r)
{
	return r->why.code ? r->why.text : NULL;
}

int recorder_close(struct recorder *r, struct err *why)
{
	if (!r)
		return 0;
	if (r->begun)
		record_end(&r->record, &r->out);
	flush(r);
	if (close(r->fd) < 0 && r->why.code == 0)
		err_set(&r->why, ERR_IO, "--record: %s: %s", r->path, strerror(errno));
	int rc = r->why.code;
	if (rc < 0)
		*why = r->why;
	record_release(&r->record);
	buf_release(&r->out);
	free(r->path);
	free(r);
	return rc;
}
