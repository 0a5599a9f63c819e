/* SPDX-License-Identifier: PostgreSQL */
#include "ui/outq.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"

enum {
	/* A whole frame of 500x200 with a colour change at each cell takes some 2 MB. Frames are only begun when nothing is left of
	 * the one before, so this is never reached but by an error. */
	QUEUE_MAX = 8 * 1024 * 1024,
	/* Where the descriptor blocks, poll() promises place only for some bytes. */
	CAREFUL_BLOCK = 128,
};

struct outq {
	int fd;
	bool careful;
	struct buf bytes;
	size_t sent; /* of bytes */
};

struct outq *outq_new(int fd)
{
	struct outq *q = mem_alloc(sizeof(*q));
	int flags = fcntl(fd, F_GETFL);

	q->fd = fd;
	q->careful = flags < 0 || !(flags & O_NONBLOCK);
	buf_init(&q->bytes, QUEUE_MAX);
	return q;
}

void outq_free(struct outq *q)
{
	if (!q)
		return;
	buf_release(&q->bytes);
	free(q);
}

void outq_add(struct outq *q, const void *bytes, size_t len)
{
	buf_add(&q->bytes, bytes, len);
}

void outq_text(struct outq *q, const char *text)
{
	buf_adds(&q->bytes, text);
}

static int ms_until(int64_t deadline_ns)
{
	struct clock now;

	clock_read(&now);
	return now.mono_ns >= deadline_ns ? 0 : (int)((deadline_ns - now.mono_ns) / CLOCK_MS_NS) + 1;
}

bool outq_flush(struct outq *q, int wait_ms)
{
	struct clock begin = {0};

	while (q->sent < q->bytes.len) {
		struct pollfd p = {.fd = q->fd, .events = POLLOUT};
		size_t len = q->bytes.len - q->sent;
		ssize_t n = -1;

		if (q->careful && len > CAREFUL_BLOCK)
			len = CAREFUL_BLOCK;
		errno = EAGAIN;
		if (!q->careful || poll(&p, 1, 0) > 0)
			n = write(q->fd, q->bytes.data + q->sent, len);
		if (n >= 0) {
			q->sent += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			break; /* the terminal is gone; reading will say so */
		if (begin.mono_ns == 0)
			clock_read(&begin);
		if (wait_ms <= 0 || ms_until(begin.mono_ns + wait_ms * CLOCK_MS_NS) == 0)
			return false;
		poll(&p, 1, ms_until(begin.mono_ns + wait_ms * CLOCK_MS_NS));
	}
	if (q->bytes.room > 256 * 1024)
		buf_release(&q->bytes); /* a large frame's memory is not kept */
	buf_clear(&q->bytes);
	q->sent = 0;
	return true;
}
