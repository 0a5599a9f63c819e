/* SPDX-License-Identifier: PostgreSQL */
#include "action/audit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "action/audit_private.h"
#include "core/mem.h"
#include "loop/background.h"

enum { END_WAIT_MS = 5000 };

struct entry {
	char *body;       /* NULL: it could not be made, rc and why say so */
	int rc;
	struct err why;
	audit_done *done;
	void *ctx;
	struct entry *next;
};

struct batch { /* what one thread writes */
	char *path;
	struct entry *first;
};

struct audit {
	struct loop *loop;
	char *path;
	bool literals;
	struct entry *first, **last; /* not yet given to a thread */
	struct batch *open;          /* with the thread; dropped after done() */
	struct batch *telling;       /* written: its callbacks are under way */
	struct background *thread;
};

int audit_usual_path(struct buf *out, struct err *why)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && state[0] == '/')
		buf_addf(out, "%s/dytop/audit.jsonl", state);
	else if (home && home[0] == '/')
		buf_addf(out, "%s/.local/state/dytop/audit.jsonl", home);
	else
		return err_set(why, ERR_INVALID, "no place for the audit log (no HOME, no XDG_STATE_HOME): name it with --audit FILE");
	return 0;
}

int audit_new(struct audit **out, struct loop *l, const struct audit_conf *conf, struct err *why)
{
	struct buf path = BUF_INIT(4096);
	struct audit *a;
	int rc = 0;

	if (conf->path)
		buf_adds(&path, conf->path);
	else
		rc = audit_usual_path(&path, why);
	if (rc == 0 && (path.failed || path.len == 0))
		rc = err_set(why, ERR_INVALID, "audit log: that is no file name");
	if (rc < 0) {
		buf_release(&path);
		return rc;
	}
	a = mem_alloc(sizeof *a);
	a->loop = l;
	a->path = buf_take(&path);
	a->literals = conf->literals;
	a->last = &a->first;
	*out = a;
	return 0;
}

const char *audit_path(const struct audit *a)
{
	return a->path;
}

int audit_make_folder(const struct audit *a, struct err *why)
{
	return audit_make_folders(a->path, why);
}

void audit_place(const char *name, char host[256], char port[16])
{
	const char *at = strchr(name, '@'), *colon = strrchr(name, ':');

	host[0] = port[0] = '\0';
	if (!at)
		return;
	at++;
	if (colon && colon < at)
		colon = NULL;
	snprintf(host, 256, "%.*s", colon ? (int)(colon - at) : (int)strlen(at), at);
	snprintf(port, 16, "%s", colon ? colon + 1 : "");
}

void audit_id(char out[AUDIT_ID_MAX])
{
	unsigned char bytes[6];

	/* Six bytes come at once or, before the kernel has gathered randomness, not yet: at boot, where no dytop runs. */
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		memset(bytes, 0, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

static void entry_free(struct entry *e)
{
	free(e->body);
	free(e);
}

static void work(void *job)
{
	struct batch *b = job;

	for (struct entry *e = b->first; e; e = e->next)
		if (e->rc == 0)
			e->rc = audit_append(b->path, e->body, &e->why);
}

static void drop(void *job)
{
	struct batch *b = job;

	for (struct entry *e = b->first, *next; e; e = next) {
		next = e->next;
		entry_free(e);
	}
	free(b->path);
	free(b);
}

static void start(struct audit *a);

static void written(void *ctx)
{
	struct audit *a = ctx;
	struct batch *b = a->open;

	a->thread = NULL;
	a->open = NULL;
	a->telling = b;
	for (struct entry *e = b->first; e; e = e->next)
		if (e->done)
			e->done(e->ctx, e->rc < 0 ? &e->why : NULL);
	a->telling = NULL;
	start(a);
}

static struct batch *take(struct audit *a)
{
	struct batch *b = mem_alloc(sizeof *b);

	b->path = mem_strdup(a->path);
	b->first = a->first;
	a->first = NULL;
	a->last = &a->first;
	return b;
}

static void start(struct audit *a)
{
	if (!a->first || a->thread || a->telling)
		return;
	a->open = take(a);
	a->thread = background_start_job(a->loop, &(struct background_job){work, drop, a->open}, written, a);
}

void audit_free(struct audit *a)
{
	bool done = true;

	if (!a)
		return;
	if (a->thread) {
		done = background_wait(a->thread, END_WAIT_MS);
		background_cancel(a->thread);
	}
	struct batch *rest = take(a);
	if (done) /* else the disk hangs, and these would too */
		work(rest);
	drop(rest);
	free(a->path);
	free(a);
}

static void forget_in(struct entry *e, const void *ctx)
{
	for (; e; e = e->next)
		if (e->ctx == ctx)
			e->done = NULL;
}

void audit_forget(struct audit *a, const void *ctx)
{
	if (!a)
		return;
	forget_in(a->first, ctx);
	forget_in(a->open ? a->open->first : NULL, ctx);
	forget_in(a->telling ? a->telling->first : NULL, ctx);
}

static void queue(struct audit *a, struct buf *body, audit_done *done, void *ctx)
{
	struct entry *e = mem_alloc(sizeof *e);

	if (body->failed)
		e->rc = err_set(&e->why, ERR_TOO_BIG, "audit log: the statement is too long for a line of 1 MiB");
	e->body = buf_take(body);
	e->done = done;
	e->ctx = ctx;
	*a->last = e;
	a->last = &e->next;
	start(a);
}

/* --- bodies ---------------------------------------------------------------------------------------------------------- */

static void put_sql(struct json_writer *w, const char *sql, bool masked)
{
	struct buf text = BUF_INIT(AUDIT_LINE_MAX);

	if (sql && masked)
		audit_mask(&text, sql);
	if (text.failed)
		w->out->failed = true;
	json_put_string(w, "sql", !sql ? NULL : masked ? buf_text(&text) : sql);
	if (sql && masked)
		json_put_bool(w, "masked", true);
	buf_release(&text);
}

static void put_server(struct json_writer *w, const struct audit_server *s)
{
	json_open_map(w, "server");
	json_put_string(w, "name", s->name);
	json_put_string(w, "host", s->host);
	json_put_string(w, "port", s->port);
	json_put_string(w, "database", s->database);
	json_put_string(w, "role", s->role);
	json_put_string(w, "system_id", s->system_id);
	json_put_string(w, "version", s->version);
	json_close(w);
}

void audit_intent(struct audit *a, const struct audit_intent *i, audit_done *done, void *ctx)
{
	struct buf body = BUF_INIT(AUDIT_LINE_MAX - 4096);
	struct json_writer w;

	json_begin(&w, &body, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "event", "intent");
	json_put_string(&w, "id", i->id);
	json_put_string(&w, "action", i->action);
	put_server(&w, &i->server);
	json_put_string(&w, "target", i->target);
	json_put_string(&w, "identity", i->identity);
	put_sql(&w, i->sql, i->foreign && !a->literals);
	json_put_string(&w, "confirmed", i->confirmed);
	json_close(&w);
	queue(a, &body, done, ctx);
}

void audit_outcome(struct audit *a, const struct audit_outcome *o, audit_done *done, void *ctx)
{
	struct buf body = BUF_INIT(AUDIT_LINE_MAX - 4096);
	struct json_writer w;
	bool hidden = o->foreign && !a->literals;

	json_begin(&w, &body, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "event", "outcome");
	json_put_string(&w, "id", o->id);
	json_put_string(&w, "action", o->action);
	json_put_string(&w, "outcome", task_outcome_name(o->outcome));
	json_put_string(&w, "sqlstate", o->sqlstate && o->sqlstate[0] ? o->sqlstate : NULL);
	json_put_string(&w, "error", hidden ? NULL : o->error);
	json_put_number(&w, "duration_ms", o->duration_ms);
	if (o->rows >= 0)
		json_put_int(&w, "rows", o->rows);
	else
		json_put_null(&w, "rows");
	json_put_string(&w, "note", o->note);
	json_close(&w);
	queue(a, &body, done, ctx);
}
