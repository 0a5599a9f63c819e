/* SPDX-License-Identifier: PostgreSQL */
/* What a plan remembers: in a table of the database where there is one, so that every host knows it; else in a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/schedule_private.h"
#include "app/slurp.h"
#include "core/mem.h"

enum { ASK_MS = 10000 };

void reply_release(struct reply *r)
{
	for (int i = 0; i < REPLY_CELLS; i++)
		free(r->cell[i]);
	memset(r, 0, sizeof *r);
}

void sched_reply(void *ctx, const struct pgwork_outcome *o)
{
	struct reply *r = ctx;

	r->done = true;
	if (o->why)
		r->why = *o->why;
	r->row = !o->why && o->result && o->result->rows > 0;
	for (int i = 0; r->row && i < o->result->columns && i < REPLY_CELLS; i++) {
		int len;
		const char *text = pgresult_value(o->result, 0, i, &len);
		r->cell[i] = text && len < REPLY_TEXT ? mem_strndup(text, (size_t)len) : NULL;
	}
}

static void woken(void *ctx)
{
	((struct sched *)ctx)->woken = true;
}

void sched_wait(struct sched *s, double ms)
{
	if (!s->timer)
		s->timer = loop_timer_new(s->conf->run->loop, woken, s);
	s->woken = false;
	loop_timer_in(s->timer, ms);
	while (!s->woken && !s->stop)
		loop_once(s->conf->run->loop, true);
	loop_timer_stop(s->timer);
}

/* The text's hole, if any, is the state table. */
int sched_ask(struct sched *s, const char *name, const char *const *values, int count, struct reply *r)
{
	const char *text = files_session_text(s->conf->run->files, name);
	struct buf sql = BUF_INIT(16 << 10);
	struct pgwork_query q = {.values = values, .count = count, .deadline_ms = ASK_MS, .done = sched_reply, .ctx = r};

	memset(r, 0, sizeof *r);
	if (!text)
		return err_set(&r->why, ERR_NOT_FOUND, "the file sql/session/%s.sql is missing", name);
	if (action_fill(&sql, text, &(struct action_holes){.target = s->table}, &r->why) < 0) {
		buf_release(&sql);
		return r->why.code;
	}
	q.sql = buf_text(&sql);
	pgwork_open(s->work);
	pgwork_run(s->work, &q, 1);
	buf_release(&sql);
	while (!r->done) /* ends: connecting and the query have deadlines */
		loop_once(s->conf->run->loop, true);
	return r->why.code;
}

static void key_of(const struct sched *s, char out[80])
{
	snprintf(out, 80, "dytop_plan_%s", s->plan->name);
}

static int find_table(struct sched *s, struct err *why)
{
	const char *values[] = {s->plan->table};
	struct reply r;

	free(s->table);
	s->table = NULL;
	if (!s->plan->table)
		return 0;
	if (sched_ask(s, "sched_find", values, 1, &r) == 0 && r.row && r.cell[0] && r.cell[1] && r.cell[1][0] == 't')
		s->table = mem_strdup(r.cell[0]);
	if (r.why.code < 0)
		*why = r.why;
	int rc = r.why.code;
	reply_release(&r);
	return rc;
}

static int file_path(struct sched *s, struct err *why)
{
	const char *audit = audit_path(s->conf->audit), *slash = strrchr(audit, '/');
	struct buf path = BUF_INIT(4096);

	if (s->file)
		return 0;
	buf_addf(&path, "%.*splan-%s.json", slash ? (int)(slash - audit) + 1 : 0, audit, s->plan->name);
	if (path.failed)
		return err_set(why, ERR_TOO_BIG, "the path of the plan's state is too long");
	s->file = buf_take(&path);
	return 0;
}

static int load_file(struct sched *s, struct err *why)
{
	struct buf text = BUF_INIT(REPLY_TEXT);
	int rc = file_path(s, why);

	if (rc == 0 && access(s->file, F_OK) == 0) {
		rc = slurp_file(&text, s->file, SLURP_TRUSTED, why);
		if (rc == 0)
			rc = schedule_get_state(s->plan, buf_text(&text), s->state, why);
		if (rc < 0)
			err_prefix(why, "%s", s->file);
	}
	buf_release(&text);
	return rc;
}

int sched_load_state(struct sched *s, struct err *why)
{
	char key[80];
	const char *values[] = {key};
	struct reply r;
	int rc = find_table(s, why);

	memset(s->state, 0, sizeof s->state);
	if (rc < 0)
		return rc;
	if (!s->table)
		return load_file(s, why);
	key_of(s, key);
	rc = sched_ask(s, "sched_read", values, 1, &r);
	if (rc < 0)
		*why = r.why;
	else if (r.row && r.cell[0])
		rc = schedule_get_state(s->plan, r.cell[0], s->state, why);
	reply_release(&r);
	return rc;
}

/* Whole or not at all: written beside, synced, renamed. */
static int save_file(struct sched *s, const struct buf *text, struct err *why)
{
	struct buf part = BUF_INIT(4096);
	int rc = file_path(s, why), fd;

	if (rc == 0)
		rc = audit_make_folder(s->conf->audit, why);
	if (rc < 0)
		return rc;
	buf_addf(&part, "%s.new", s->file);
	(void)unlink(buf_text(&part));
	fd = open(buf_text(&part), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len || fsync(fd) < 0)
		rc = err_set(why, ERR_IO, "cannot write %s: %m", buf_text(&part));
	if (fd >= 0)
		close(fd);
	if (rc == 0 && rename(buf_text(&part), s->file) < 0)
		rc = err_set(why, ERR_IO, "cannot write %s: %m", s->file);
	buf_release(&part);
	return rc;
}

static int save_row(struct sched *s, const char *key, const char *value, struct err *why)
{
	const char *values[] = {key, value};
	struct reply r;

	if (!s->locked) /* asking opens it again, without: another host may have written meanwhile */
		return err_set(why, ERR_LOST, "the connection was lost, and the plan's lock with it");
	int rc = sched_ask(s, "sched_write", values, 2, &r);

	if (rc < 0)
		*why = r.why;
	reply_release(&r);
	return rc;
}

int sched_save_state(struct sched *s, struct err *why)
{
	struct buf text = BUF_INIT(REPLY_TEXT);
	char key[80];
	int rc;

	key_of(s, key);
	schedule_put_state(s->plan, s->state, &text);
	rc = s->table ? save_row(s, key, buf_text(&text), why) : save_file(s, &text, why);
	buf_release(&text);
	return rc;
}

/* The application's own note of it: bridge_state has last_index_maintenance and last_analytics_refresh. */
int sched_mark(struct sched *s, const struct schedule_job *j, struct err *why)
{
	char utc[32], value[40];

	if (!j->mark || !s->table)
		return 0;
	struct clock now;
	clock_read(&now);
	clock_utc_text(now.wall_us, utc);
	snprintf(value, sizeof value, "\"%s\"", utc);
	return save_row(s, j->mark, value, why);
}
