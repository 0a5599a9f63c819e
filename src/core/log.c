/* SPDX-License-Identifier: PostgreSQL */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/clock.h"
#include "core/mem.h"

enum {
	RING_LINES = 256,
	RAW_MAX = 2048,  /* a longer message is cut */
	LINE_MAX_BYTES = 4096,
};

struct log {
	enum log_level level;
	int fd; /* -1 = no file */
	bool (*put)(void *ctx, const char *bytes, size_t len); /* instead of a file */
	void *put_ctx;
	unsigned long missing; /* lines that put did not take */
	size_t next;
	size_t count;
	char *ring[RING_LINES];
};

struct log *log_new(enum log_level level)
{
	struct log *log = mem_alloc(sizeof(*log));

	log->level = level;
	log->fd = -1;
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	for (size_t i = 0; i < RING_LINES; i++)
		free(log->ring[i]);
	free(log);
}

int log_open_file(struct log *log, const char *path, struct err *why)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO that nobody reads must not stop the start. */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	if (fd < 0)
		return err_set(why, ERR_IO, "cannot open log file \"%s\": %s", path,
		               errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(why, ERR_IO, "cannot log to \"%s\": it is not an ordinary file", path);
	}
	if (log->fd >= 0)
		close(log->fd);
	log->fd = fd;
	return 0;
}

int log_divert(struct log *log, bool (*put)(void *ctx, const char *bytes, size_t len), void *ctx)
{
	int fd = log->fd;

	log->fd = -1;
	log->put = put;
	log->put_ctx = ctx;
	return fd;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR: return "error";
	case LOG_WARN: return "warn";
	case LOG_INFO: return "info";
	case LOG_DEBUG: return "debug";
	}
	return "?";
}

/* One write per line, so that lines of two processes do not mix; a file that fails (disk full) is given up. */
static void write_file(struct log *log, const struct buf *line)
{
	ssize_t done;

	do
		done = write(log->fd, line->data, line->len);
	while (done < 0 && errno == EINTR);
	if (done >= 0)
		return;
	close(log->fd);
	log->fd = -1;
}

static void divert(struct log *log, const struct buf *line)
{
	char text[80];
	int len = snprintf(text, sizeof(text), "(%lu lines are missing here: the disk did not keep up)\n", log->missing);

	if (log->missing > 0 && log->put(log->put_ctx, text, (size_t)len))
		log->missing = 0;
	if (log->missing > 0 || !log->put(log->put_ctx, line->data, line->len))
		log->missing++;
}

static PRINTFLIKE(2, 0) void format_raw(struct buf *raw, const char *format, va_list args)
{
	char text[RAW_MAX];

	if (vsnprintf(text, sizeof(text), format, args) >= 0)
		buf_adds(raw, text);
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
	struct buf raw = BUF_INIT(RAW_MAX);
	struct buf line = BUF_INIT(LINE_MAX_BYTES);
	struct clock now;
	char when[32];
	va_list args;

	if (!log || level > log->level)
		return;
	clock_read(&now);
	clock_utc_text(now.wall_us, when);
	va_start(args, format);
	format_raw(&raw, format, args);
	va_end(args);
	buf_addf(&line, "%s %s ", when, level_name(level));
	line.limit--; /* the LF has its place whatever the text takes */
	clean_text(&line, buf_text(&raw), raw.len, CLEAN_LINE);
	buf_release(&raw);

	free(log->ring[log->next]);
	log->ring[log->next] = mem_strdup(buf_text(&line));
	log->next = (log->next + 1) % RING_LINES;
	if (log->count < RING_LINES)
		log->count++;
	if (log->fd >= 0 || log->put) {
		line.failed = false;
		line.limit++;
		buf_addc(&line, '\n');
		if (log->put)
			divert(log, &line);
		else
			write_file(log, &line);
	}
	buf_release(&line);
}

const char *log_line(const struct log *log, size_t i)
{
	if (!log || i >= log->count)
		return NULL;
	return log->ring[(log->next + RING_LINES - 1 - i) % RING_LINES];
}
