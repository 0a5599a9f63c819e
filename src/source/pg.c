/* SPDX-License-Identifier: PostgreSQL */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "source/pg_private.h"

static const char *session_text(const struct pg *p, const char *name)
{
	return p->text ? p->text(p->text_ctx, name) : NULL;
}

/* --- who the server is ----------------------------------------------------------------------------------------------- */

void pg_show_notice(struct pg *p)
{
	struct server_status *s = &p->source->status;
	const char *text = p->degraded_words;

	if (!text[0])
		text = p->event;
	if (!text[0] && s->pooled)
		text = "a pooler stands between: session features off";
	if (strcmp(text, s->notice) == 0)
		return;
	source_put_text(s->notice, sizeof(s->notice), text);
	if (text[0] && text != p->event)
		log_write(p->source->log, LOG_WARN, "%s: %s", s->name, s->notice);
	source_changed(p->source);
}

static void set_event(struct pg *p, const char *words)
{
	char clock[16];

	clock_local_time(loop_now(p->source->loop)->wall_us, clock);
	snprintf(p->event, sizeof(p->event), "%s %s", words, clock);
	log_write(p->source->log, LOG_WARN, "%s: %s", p->source->status.name, p->event);
	loop_timer_in(p->news, p->source->notice_ms);
	pg_show_notice(p);
}

/* It is no news any more. */
static void on_news(void *ctx)
{
	struct pg *p = ctx;

	p->event[0] = '\0';
	pg_show_notice(p);
}

static void set_degraded(struct pg *p, const char *words)
{
	snprintf(p->degraded_words, sizeof(p->degraded_words), "%s", words);
	pg_show_notice(p);
}

static void set_life(struct pg *p)
{
	uint64_t life = map_hash_int(MAP_SEED, p->started_us);

	life = map_hash_int(life, p->reset_us);
	p->source->status.life = map_hash_int(life, (int64_t)p->epoch);
}

static void set_role(struct pg *p, bool standby)
{
	struct server_status *s = &p->source->status;

	if (p->known && standby != p->standby) {
		p->epoch++;
		set_event(p, standby ? "became a standby" : "promoted");
	}
	p->standby = standby;
	set_life(p);
	if (strcmp(s->role, standby ? "standby" : "primary") == 0)
		return;
	source_put_text(s->role, sizeof(s->role), standby ? "standby" : "primary");
	source_changed(p->source);
}

static void take_version(struct pg *p)
{
	struct server_status *s = &p->source->status;
	const char *text = pgconn_parameter(p->conn, "server_version");

	s->version = pgconn_version(p->conn);
	source_put_text(s->version_text, sizeof(s->version_text), text);
	s->version_text[strcspn(s->version_text, " ")] = '\0';
	source_put_text(s->user, sizeof(s->user), pgconn_parameter(p->conn, "session_authorization"));
	if (!s->user[0])
		source_put_text(s->user, sizeof(s->user), pgconn_user(p->conn));
	s->superuser = strcmp(pgconn_parameter(p->conn, "is_superuser"), "on") == 0;
}

static int64_t value_of(const struct pgresult *r, const char *name)
{
	for (int i = 0; i < r->columns; i++) {
		if (strcmp(pgresult_name(r, i), name) == 0)
			return pgsample_int(r, 0, i);
	}
	return SAMPLE_INT_UNKNOWN;
}

/* The words for what happened while we were away; "different cluster" comes later, when the identity is known. */
static const char *reconnect_words(const struct pg *p, int64_t started, int64_t reset)
{
	if (started != p->started_us)
		return "restarted";
	return reset != p->reset_us ? "crashed and recovered" : "reconnected";
}

static void learn_session(struct pg *p, const struct pgresult *r)
{
	struct server_status *s = &p->source->status;
	int64_t started = value_of(r, "started"), reset = value_of(r, "reset");

	s->pooled = value_of(r, "pid") != pgconn_backend_pid(p->conn);
	s->backend_pid = s->pooled ? 0 : pgconn_backend_pid(p->conn);
	take_version(p);
	if (p->known && !s->pooled)
		set_event(p, reconnect_words(p, started, reset));
	pg_show_notice(p);
	p->started_us = started;
	p->reset_us = s->pooled ? 0 : reset;
	s->started_us = started == SAMPLE_INT_UNKNOWN ? 0 : started;
	set_role(p, value_of(r, "standby") == 1);
	p->known = true;
	p->live = true;
	p->house_ns = loop_now(p->source->loop)->mono_ns + PG_HOUSE_MS * CLOCK_MS_NS;
	source_live(p->source);
}

static void learn_identity(struct pg *p, const struct pgresult *r)
{
	int64_t id = value_of(r, "system_identifier");

	if (id == SAMPLE_INT_UNKNOWN)
		return;
	if (p->system_id && id != p->system_id) {
		p->epoch++;
		set_life(p);
		set_event(p, "different cluster");
	}
	p->system_id = id;
}

static void learn_extensions(struct pg *p, const struct pgresult *r)
{
	pgextensions_clear(&p->extensions);
	for (int row = 0; row < r->rows && row < 1000; row++) {
		char text[3][200];

		for (int i = 0; i < 3; i++) {
			int len = 0;
			const char *value = pgresult_value(r, row, i, &len);

			snprintf(text[i], sizeof(text[i]), "%.*s", value ? len : 0, value ? value : "");
		}
		pgextensions_add(&p->extensions, text[0], text[1], text[2]);
	}
	p->extensions.known = true;
}

static void learn_lockers(struct pg *p, const struct pgresult *r)
{
	char words[100];

	if (!p->degraded || r->rows == 0)
		return;
	snprintf(words, sizeof(words), "degraded: a system catalog is locked by pid %d", (int)pgsample_int(r, 0, 0));
	set_degraded(p, words);
}

void pg_learn(struct pg *p, enum pgexpect_kind kind, const struct pgresult *r)
{
	if (r->kind != PGRESULT_ROWS) {
		if (kind == PGEXPECT_EXTENSIONS)
			p->extensions.known = true; /* refused: none is known, and each panel says what it misses */
		return;
	}
	if (kind == PGEXPECT_EXTENSIONS)
		learn_extensions(p, r);
	else if (r->rows == 0)
		return;
	else if (kind == PGEXPECT_SESSION)
		learn_session(p, r);
	else if (kind == PGEXPECT_IDENTITY)
		learn_identity(p, r);
	else if (kind == PGEXPECT_ROLE)
		set_role(p, pgsample_int(r, 0, 0) == 1);
	else if (kind == PGEXPECT_PROBE)
		p->reads_all = pgsample_int(r, 0, 0) == 1;
	else if (kind == PGEXPECT_LOCKERS)
		learn_lockers(p, r);
}

/* --- requests of our own ---------------------------------------------------------------------------------------------- */

bool pg_send(struct pg *p, enum pgexpect_kind kind, const char *name, int count, const char *const *values)
{
	const char *sql = session_text(p, name);

	if (!sql || p->expect_count + 2 > PG_EXPECT_MAX || !pgconn_query(p->conn, sql, count, values))
		return false;
	pg_expect(p, kind, NULL, false);
	if (kind == PGEXPECT_LOCAL)
		return true; /* stands before the requests that it is for */
	if (!pgconn_sync(p->conn))
		return false;
	pg_expect(p, PGEXPECT_SYNC, NULL, false);
	return true;
}

void pg_expect(struct pg *p, enum pgexpect_kind kind, struct pgask *ask, bool timed)
{
	int at = (p->expect_at + p->expect_count) % PG_EXPECT_MAX;

	p->expect[at] = (struct pgexpect){kind, ask, timed};
	p->expect_count++;
}

void pg_sent(struct pg *p)
{
	struct clock now;

	clock_read(&now);
	p->sent_ns = p->mark_ns = now.mono_ns;
	pgconn_flush(p->conn);
	loop_timer_in(p->tick, PG_OVERDUE_MS);
}

/* Locked out since the last try, which was not long ago (a panel that nobody looks at is not tried). */
static bool is_locked_out(const struct pgstmt *s, int64_t now)
{
	return s->held.code == ERR_TIMEOUT && strncmp(s->held.text, "locked", 6) == 0 &&
	       now < s->hold_until_ns + PG_HOUSE_MS * CLOCK_MS_NS;
}

static void note_degraded(struct pg *p)
{
	int64_t now = loop_now(p->source->loop)->mono_ns;
	bool locked = false;

	for (int i = 0; i < p->stmt_count && !locked; i++)
		locked = is_locked_out(p->stmt[i], now);
	if (locked && !p->degraded) {
		p->degraded = true;
		set_degraded(p, "degraded: locked out of a system catalog");
		pg_send(p, PGEXPECT_LOCKERS, "pg_lockers", 0, NULL);
	} else if (!locked && p->degraded) {
		p->degraded = false;
		set_degraded(p, "");
	}
}

/* A Sync alone: the server answers it at once, whatever comes behind it. */
static bool ping(struct pg *p)
{
	struct clock sent;

	clock_read(&sent);
	if (!pgconn_sync(p->conn))
		return false;
	p->ping_ns = sent.mono_ns;
	pg_expect(p, PGEXPECT_SYNC, NULL, false);
	return true;
}

void pg_keep_house(struct pg *p)
{
	struct server_status *s = &p->source->status;
	int64_t now = loop_now(p->source->loop)->mono_ns;
	int before = p->expect_count;

	if (s->version >= 140000 && !s->pooled)
		set_role(p, strcmp(pgconn_parameter(p->conn, "in_hot_standby"), "on") == 0);
	note_degraded(p);
	if (!p->probed) {
		p->probed = true;
		if (!p->extensions.known)
			pg_send(p, PGEXPECT_EXTENSIONS, "pg_extensions", 0, NULL);
		p->extensions_ns = now;
		pg_send(p, PGEXPECT_IDENTITY, "pg_identity", 0, NULL);
		pg_send(p, PGEXPECT_PROBE, "pg_probe", 0, NULL);
	} else if (now >= p->house_ns && before == 0) {
		p->house_ns = now + PG_HOUSE_MS * CLOCK_MS_NS;
		if (s->version < 140000 || s->pooled) {
			pg_send(p, PGEXPECT_ROLE, "pg_role", 0, NULL);
		} else {
			ping(p);
		}
	}
	if (p->expect_count > before)
		pg_sent(p);
}

/* --- the connection's life --------------------------------------------------------------------------------------------- */

static void take_name(struct pg *p)
{
	if (!p->source->named)
		source_put_text(p->source->status.name, sizeof(p->source->status.name), pgconn_name(p->conn));
}

static void on_up(void *ctx)
{
	struct pg *p = ctx;
	char pid[24];
	const char *values[3] = {pid, p->statement_timeout, p->lock_timeout};

	take_name(p);
	p->source->status.logins++;
	snprintf(pid, sizeof(pid), "%d", pgconn_backend_pid(p->conn));
	if (!pgconn_pipeline(p->conn) || !ping(p) || !pg_send(p, PGEXPECT_SESSION, "pg_session", 3, values))
		return;
	/* in the same round trip, so that the first panels wait for one answer and not for two */
	p->extensions_ns = loop_now(p->source->loop)->mono_ns;
	pg_send(p, PGEXPECT_EXTENSIONS, "pg_extensions", 0, NULL);
	pg_sent(p);
}

static void connection_gone(struct pg *p)
{
	loop_timer_stop(p->tick);
	p->live = p->probed = p->degraded = false;
	p->degraded_words[0] = '\0'; /* shown until the next session knows better: the state says more */
	p->expect_at = p->expect_count = 0;
	p->ping_ns = 0;
	pgextensions_clear(&p->extensions);
	for (int i = 0; i < p->stmt_count; i++)
		pgstmt_forget(p->stmt[i]);
}

static void on_down(void *ctx, const struct err *why, enum source_failure failure)
{
	struct pg *p = ctx;
	struct err answer;

	take_name(p);
	connection_gone(p);
	source_fail(p->source, why, failure);
	err_set(&answer, ERR_LOST, "%s", why->text);
	pground_abandon(p, &answer);
}

void pg_protocol_error(struct pg *p, const char *what)
{
	struct err why;

	err_set(&why, ERR_PROTOCOL, "the server's answers make no sense (%s): connection dropped", what);
	pgconn_close(p->conn);
	on_down(p, &why, SOURCE_UNREACHABLE);
}

void pg_session_error(struct pg *p, const struct err *why)
{
	pgconn_close(p->conn);
	on_down(p, why, SOURCE_UNREACHABLE);
}

static double expected_ms(const struct pg *p)
{
	double sum = 0;

	for (int i = 0; i < p->round_count; i++) {
		if (p->round[i].state == PGASK_SENT && p->round[i].stmt)
			sum += p->round[i].stmt->cost_ms;
	}
	return sum < 5000 ? sum : 5000;
}

static void on_tick(void *ctx)
{
	struct pg *p = ctx;
	struct clock now;
	int64_t since = pgconn_heard_ns(p->conn) > p->sent_ns ? pgconn_heard_ns(p->conn) : p->sent_ns;
	double silent_ms, due_ms;

	if (p->expect_count == 0)
		return;
	clock_read(&now);
	silent_ms = (double)(now.mono_ns - since) / (double)CLOCK_MS_NS;
	due_ms = PG_OVERDUE_MS + expected_ms(p);
	if (p->converting || silent_ms < due_ms) {
		loop_timer_in(p->tick, silent_ms < due_ms ? due_ms - silent_ms : PG_OVERDUE_MS);
		return;
	}
	loop_timer_in(p->tick, 1001 - fmod(silent_ms, 1000)); /* when the words change */
	if (silent_ms > PG_GIVE_UP_MS) {
		struct err why;

		err_set(&why, ERR_TIMEOUT, "no answer for %.0f s: connection given up", silent_ms / 1000);
		pgconn_close(p->conn);
		on_down(p, &why, SOURCE_UNREACHABLE);
		return;
	}
	if (p->live) {
		char reason[48];

		snprintf(reason, sizeof(reason), "no answer for %.0f s", silent_ms / 1000);
		p->stale_heard_ns = pgconn_heard_ns(p->conn);
		source_set_state(p->source, SERVER_STALE, reason);
	} else {
		source_set_state(p->source, p->source->status.state, "logged in, but no answer yet");
	}
	pgconn_poke(p->conn);
}

static void pg_connect(struct source *s)
{
	struct pg *p = s->self;

	if (!pgconn_is_closed(p->conn)) {
		/* Asked for by a person while connected: what was held back may be tried again. */
		for (int i = 0; i < p->stmt_count; i++)
			p->stmt[i]->hold_until_ns = 0;
		return;
	}
	source_attempt(s);
	pgconn_open(p->conn);
}

static void put_ms(char out[24], double ms, double standard)
{
	snprintf(out, 24, "%.0fms", ms > 0 ? ms : standard);
}

static int pg_create(struct source *s, struct source_conf *conf, struct err *why)
{
	struct pg *p = mem_alloc(sizeof(*p));
	struct pgconn_events events = {.up = on_up, .down = on_down, .readable = pground_readable, .ctx = p};
	int rc = pgconn_new(&p->conn, s->loop, conf, &events, s->log, why);

	p->source = s;
	p->text = conf->text;
	p->text_ctx = conf->text_ctx;
	if (rc == 0 && !session_text(p, "pg_session")) {
		pgconn_free(p->conn);
		rc = err_set(why, ERR_NOT_FOUND, "sql/session/pg_session.sql is missing");
	}
	if (rc < 0) {
		free(p);
		return rc;
	}
	p->params = conf->params;
	p->statement_timeout_ms = conf->statement_timeout_ms > 0 ? conf->statement_timeout_ms : 2000;
	p->lock_timeout_ms = conf->lock_timeout_ms > 0 ? conf->lock_timeout_ms : 250;
	put_ms(p->statement_timeout, p->statement_timeout_ms, 2000);
	put_ms(p->lock_timeout, p->lock_timeout_ms, 250);
	p->tick = loop_timer_new(s->loop, on_tick, p);
	p->news = loop_timer_new(s->loop, on_news, p);
	p->slice = loop_timer_new(s->loop, pground_slice, p);
	s->self = p;
	source_put_text(s->status.product, sizeof(s->status.product), "PostgreSQL");
	take_name(p);
	return 0;
}

static void pg_destroy(struct source *s)
{
	struct pg *p = s->self;
	struct err why;

	err_set(&why, ERR_LOST, "closed");
	pgconn_close(p->conn);
	pground_abandon(p, &why);
	pgconn_free(p->conn);
	pgextensions_clear(&p->extensions);
	for (int i = 0; i < p->stmt_count; i++)
		pgstmt_free(p->stmt[i]);
	loop_timer_free(p->tick);
	loop_timer_free(p->news);
	loop_timer_free(p->slice);
	free(p);
}

static bool pg_ready(const struct source *s)
{
	return pground_ready(s->self);
}

static int pg_ask(struct source *s, const struct ask *asks, int count, struct err *why)
{
	return pground_ask(s->self, asks, count, why);
}

const struct source_ops pg_ops = {
	.kind = PANEL_PG,
	.create = pg_create,
	.start = pg_connect,
	.destroy = pg_destroy,
	.ready = pg_ready,
	.ask = pg_ask,
	.retry = pg_connect,
};
