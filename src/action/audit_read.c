/* SPDX-License-Identifier: PostgreSQL */
/* Reading the log back, and whether its chain holds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "action/audit_private.h"
#include "core/map.h"
#include "core/mem.h"

#include <stdlib.h>

enum { CHUNK = 64 << 10 };

struct reading {
	void (*fn)(void *ctx, int64_t number, const struct json *line);
	void *ctx;
	struct audit_report *report;
	struct map open; /* hashes of the ids of intents */
};

static void bad(struct reading *r, int64_t line, const char *what)
{
	if (r->report->bad_line > 0)
		return;
	r->report->bad_line = line;
	err_set(&r->report->bad, ERR_INVALID, "line %lld: %s", (long long)line, what);
}

static void check_chain(struct reading *r, int64_t number, const struct json *line)
{
	const char *prev = json_text(json_get(line, "prev"));
	int64_t seq;

	if (!line) {
		bad(r, number, "no JSON: it was cut short by a crash, or changed");
		return;
	}
	if (!prev || strcmp(prev, r->report->head) != 0)
		bad(r, number, number == 1 ? "does not begin a chain: lines before it are missing" :
		                             "does not fit the line before it: one of the two was changed, or lines are missing");
	if (!json_int(json_get(line, "seq"), &seq) || seq != number)
		bad(r, number, "has another number: lines were taken out or put in");
}

static void count_open(struct reading *r, const struct json *line)
{
	const char *event = json_text(json_get(line, "event")), *id = json_text(json_get(line, "id"));
	uint64_t hash;

	if (!event || !id)
		return;
	hash = map_hash(MAP_SEED, id, strlen(id));
	if (strcmp(event, "intent") == 0)
		map_put(&r->open, hash, 1);
	else if (strcmp(event, "outcome") == 0)
		map_remove(&r->open, hash);
}

static int take_line(struct reading *r, const char *text, size_t len, struct err *why)
{
	struct json *line = NULL;
	int64_t number = ++r->report->lines;
	int rc;

	if (json_parse(&line, text, len, AUDIT_LINE_MAX, NULL) < 0)
		line = NULL;
	check_chain(r, number, line);
	count_open(r, line);
	if (r->fn)
		r->fn(r->ctx, number, line);
	json_free(line);
	rc = digest_sha256(text, len, r->report->head, why);
	return rc;
}

/* All whole lines of what was read so far. */
static int take_lines(struct reading *r, struct buf *text, struct err *why)
{
	size_t from = 0;
	int rc = 0;

	while (rc == 0) {
		const char *end = memchr(text->data + from, '\n', text->len - from);
		if (!end)
			break;
		rc = take_line(r, text->data + from, (size_t)(end - text->data) - from, why);
		from = (size_t)(end - text->data) + 1;
	}
	buf_drop(text, from);
	return rc;
}

static int read_all(int fd, const char *path, struct reading *r, struct err *why)
{
	struct buf text = BUF_INIT(AUDIT_LINE_MAX + CHUNK);
	char *chunk = mem_alloc(CHUNK);
	int rc = 0;

	while (rc == 0) {
		ssize_t n = read(fd, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = err_set(why, ERR_IO, "audit log: cannot read %s: %m", path);
		if (n <= 0)
			break;
		if (!buf_add(&text, chunk, (size_t)n))
			rc = err_set(why, ERR_INVALID, "audit log: %s: line %lld is longer than any that dytop writes", path,
			             (long long)r->report->lines + 1);
		else
			rc = take_lines(r, &text, why);
	}
	if (rc == 0 && text.len > 0) {
		rc = take_line(r, text.data, text.len, why);
		bad(r, r->report->lines, "has no end: it was cut short");
	}
	free(chunk);
	buf_release(&text);
	return rc;
}

int audit_read(const char *path, void (*fn)(void *ctx, int64_t number, const struct json *line), void *ctx,
               struct audit_report *report, struct err *why)
{
	struct reading r = {.fn = fn, .ctx = ctx, .report = report};
	int fd = audit_open(path, false, why), rc;

	if (fd < 0)
		return fd;
	memset(report, 0, sizeof *report);
	memset(report->head, '0', DIGEST_HEX - 1);
	rc = audit_lock(fd, false, path, why);
	if (rc == 0)
		rc = read_all(fd, path, &r, why);
	close(fd);
	report->open = (int64_t)r.open.count;
	map_release(&r.open);
	return rc;
}
