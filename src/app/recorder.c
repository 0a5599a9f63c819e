/* SPDX-License-Identifier: PostgreSQL */
#include "app/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "loop/writer.h"

enum {
	RECORDER_BYTES_MAX = 256 << 20, /* of one frame */
	RECORDER_WAITING_MAX = 32 << 20,
	RECORDER_CLOSE_MS = 3000,
};

struct recorder {
	char *path;
	struct writer *writer;
	bool begun;
	struct record record;
	struct buf out; /* the frame that is being gathered */
	int64_t dropped;
	struct err why; /* the first failure */
	struct err lag; /* what is missing so far */
};

int recorder_open(struct recorder **out, const char *path, struct err *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(why, ERR_IO, "--record: %s: %s", path, strerror(errno));
	struct recorder *r = mem_alloc(sizeof *r);
	r->path = mem_strdup(path);
	r->writer = writer_new(fd, RECORDER_WAITING_MAX);
	r->out = BUF_INIT(RECORDER_BYTES_MAX);
	*out = r;
	return 0;
}

static void note_failure(struct recorder *r)
{
	int failure = writer_failure(r->writer);

	if (failure && r->why.code == 0)
		err_set(&r->why, ERR_IO, "--record: %s: %s", r->path, strerror(failure));
}

/* The whole frame or nothing of it, so that what is in the file can be replayed. */
static void hand_over(struct recorder *r)
{
	if (r->out.failed && r->why.code == 0)
		err_set(&r->why, ERR_TOO_BIG, "--record: %s: a frame over %d MiB", r->path, RECORDER_BYTES_MAX >> 20);
	note_failure(r);
	if (r->out.len > 0 && r->why.code == 0) {
		if (writer_put(r->writer, r->out.data, r->out.len)) {
			r->record.dropped = 0;
		} else {
			record_drop(&r->record);
			r->dropped++;
			note_failure(r);
			err_set(&r->lag, ERR_IO, "--record: %s: %lld frames are not in it: the disk does not keep up", r->path,
			        (long long)r->dropped);
		}
	}
	buf_clear(&r->out);
}

void recorder_frame(struct recorder *r, const struct server_status *const *servers, int count, const struct clock *now,
                    double interval_ms)
{
	if (r->why.code)
		return;
	hand_over(r); /* what the frame before brought */
	if (!r->begun)
		record_begin(&r->record, &r->out, servers, count, now, interval_ms);
	r->begun = true;
	record_frame(&r->record, &r->out, servers, now);
}

void recorder_sample(struct recorder *r, const struct record_sample *s, const struct server_status *status)
{
	if (r->begun && r->why.code == 0)
		record_sample(&r->record, &r->out, s, status);
}

void recorder_task(struct recorder *r, int server, const struct task *t, const char *sql, uint64_t *written)
{
	size_t before = r->out.len;
	uint64_t hash;

	if (!r->begun || r->why.code)
		return;
	record_task(&r->record, &r->out, server, t, sql);
	hash = map_hash(MAP_SEED, r->out.data + before, r->out.len - before);
	hash = map_hash_int(hash, r->dropped); /* a frame that was left out may have had it */
	if (hash == *written && !r->out.failed)
		r->out.len = before; /* as it was */
	*written = hash;
}

void recorder_plans(struct recorder *r, const struct record_plans *p)
{
	if (r->begun && !r->why.code)
		record_plans(&r->record, &r->out, p);
}

const char *recorder_trouble(struct recorder *r)
{
	note_failure(r);
	if (r->why.code)
		return r->why.text;
	return r->dropped > 0 ? r->lag.text : NULL;
}

int recorder_close(struct recorder *r, struct err *why)
{
	size_t left;
	int failure;

	if (!r)
		return 0;
	if (r->begun && r->why.code == 0) {
		hand_over(r);
		record_end(&r->record, &r->out);
		if (r->why.code == 0 && !writer_put(r->writer, r->out.data, r->out.len))
			err_set(&r->why, ERR_IO, "--record: %s: the end is missing: the disk does not keep up", r->path);
	}
	failure = writer_close(r->writer, RECORDER_CLOSE_MS, &left);
	if (failure == ETIMEDOUT && r->why.code == 0)
		err_set(&r->why, ERR_IO, "--record: %s: the end is missing: the disk did not take the last %zu kB within %d s", r->path,
		        (left + 1023) / 1024, RECORDER_CLOSE_MS / 1000);
	else if (failure && r->why.code == 0)
		err_set(&r->why, ERR_IO, "--record: %s: %s", r->path, strerror(failure));
	int rc = r->why.code ? r->why.code : r->lag.code;
	if (rc < 0)
		*why = r->why.code ? r->why : r->lag;
	record_release(&r->record);
	buf_release(&r->out);
	free(r->path);
	free(r);
	return rc;
}
