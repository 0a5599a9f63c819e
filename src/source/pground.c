/* SPDX-License-Identifier: PostgreSQL */
/*
 * Asks through the pipeline. What worked last time shares one sync (one transaction on the server, one flush); what is new or
 * failed has a sync of its own, so that its error costs nobody else. When a shared one fails, the others that were aborted
 * with it go again, alone, in the same round. Answers are handed over at the sync.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/pg_private.h"

enum { TRIES_MAX = 8, DEAR_MS = 2, MEASURE_EVERY = 16 };

/* --- taking asks ------------------------------------------------------------------------------------------------------ */

static struct pgstmt *find_stmt(struct pg *p, const struct panel *panel, int lookup)
{
	struct pgstmt *s;

	for (int i = 0; i < p->stmt_count; i++) {
		if (p->stmt[i]->panel == panel && p->stmt[i]->lookup == lookup)
			return p->stmt[i];
	}
	if (p->stmt_count == PGSTMT_MAX)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->panel = panel;
	s->lookup = lookup;
	p->stmt[p->stmt_count++] = s;
	return s;
}

static char *int_array(const int64_t *keys, int count, int step)
{
	struct buf text = BUF_INIT(1 << 20);

	buf_addc(&text, '{');
	for (int i = 0; i < count; i++)
		buf_addf(&text, "%s%lld", i ? "," : "", (long long)keys[(size_t)i * (size_t)step]);
	buf_addc(&text, '}');
	return buf_take(&text);
}

static char *configured(const struct pg *p, const char *name)
{
	for (const struct source_param *at = p->params; at && at->name; at++) {
		if (strcmp(at->name, name) == 0)
			return mem_strdup(at->value);
	}
	return NULL;
}

static void fill_values(struct pg *p, struct pgask *a)
{
	const struct panel *panel = a->ask.panel;

	if (a->ask.lookup >= 0) {
		int step = panel->lookup[a->ask.lookup].by_count;

		for (int i = 0; i < step; i++)
			a->value[a->values++] = int_array(a->ask.keys + i, a->ask.key_count, step);
		return;
	}
	for (int i = 0; panel->params && panel->params[i] && a->values < PANEL_KEYS_MAX * 2; i++)
		a->value[a->values++] = configured(p, panel->params[i]);
}

static void answer_now(struct pgask *a)
{
	a->state = PGASK_READY;
	a->ask.keys = NULL;
}

static void take_ask(struct pg *p, struct pgask *a, const struct ask *ask)
{
	int64_t now = loop_now(p->source->loop)->mono_ns;

	a->ask = *ask;
	a->elapsed_us = -1;
	fill_values(p, a);
	a->ask.keys = NULL; /* the caller's */
	a->stmt = find_stmt(p, ask->panel, ask->lookup);
	if (!a->stmt) {
		err_set(&a->why, ERR_TOO_BIG, "too many panels on one server: at most %d queries", PGSTMT_MAX);
		answer_now(a);
	} else if (a->stmt->hold_until_ns > now) {
		a->why = a->stmt->held;
		answer_now(a);
	}
	if (a->state == PGASK_WAITING)
		a->needs_extensions = pgstmt_needs_extensions(ask->panel, ask->lookup, p->source->status.version);
}

/* --- sending ---------------------------------------------------------------------------------------------------------- */

static double timeout_of(const struct pg *p, const struct pgask *a)
{
	double own = a->ask.panel->timeout_ms;

	return own > 0 && own != 2000 ? own : p->statement_timeout_ms;
}

static bool send_local(struct pg *p, const struct pgask *a)
{
	char timeout[24];
	const char *values[2] = {timeout, p->lock_timeout};

	snprintf(timeout, sizeof(timeout), "%.0fms", timeout_of(p, a));
	return pg_send(p, PGEXPECT_LOCAL, "pg_local", 2, values);
}

static void send_one(struct pg *p, struct pgask *a, bool timed)
{
	struct pgstmt *s = a->stmt;
	const char *values[PANEL_KEYS_MAX * 2];
	bool ok;

	for (int i = 0; i < s->params && i < PANEL_KEYS_MAX * 2; i++)
		values[i] = i < a->values ? a->value[i] : NULL;
	if (p->source->status.pooled) {
		ok = pgconn_query(p->conn, s->sql, s->params, values);
	} else {
		if (!s->prepared) {
			snprintf(s->name, sizeof(s->name), "d%llu", (unsigned long long)++p->serial);
			if (pgconn_prepare(p->conn, s->name, s->sql))
				pg_expect(p, PGEXPECT_PREPARE, a, false);
			s->prepared = true;
		}
		ok = pgconn_execute(p->conn, s->name, s->params, values);
	}
	if (!ok)
		return; /* pgconn reports the loss */
	pg_expect(p, PGEXPECT_ROWS, a, timed);
	a->state = PGASK_SENT;
	a->tries++;
}

/* Chooses the body; false when the ask is answered already or has to wait for the extensions. */
static bool prepare_ask(struct pg *p, struct pgask *a)
{
	if (a->state != PGASK_WAITING || (a->needs_extensions && !p->extensions.known))
		return false;
	if (pgstmt_choose(a->stmt, p->source->status.version, &p->extensions, pgconn_dbname(p->conn), &a->why) < 0) {
		answer_now(a);
		return false;
	}
	a->alone = a->alone || !a->stmt->proven || p->source->status.pooled ||
	           timeout_of(p, a) != p->statement_timeout_ms;
	return true;
}

static void sync(struct pg *p)
{
	if (pgconn_sync(p->conn))
		pg_expect(p, PGEXPECT_SYNC, NULL, false);
}

static bool has_room(const struct pg *p)
{
	return p->expect_count + 16 < PG_EXPECT_MAX; /* an ask takes four at most; the rest is for housekeeping */
}

static void send_shared(struct pg *p)
{
	bool measure = p->round_no % MEASURE_EVERY == 1;
	struct pgask *last = NULL;

	for (int i = 0; i < p->round_count; i++) {
		struct pgask *a = &p->round[i];

		if (!prepare_ask(p, a) || a->alone || !has_room(p))
			continue;
		/* A flush makes the time of each request known; without one all answers come together. */
		if (last && (measure || last->stmt->cost_ms == 0 || last->stmt->cost_ms > DEAR_MS)) {
			p->expect[(p->expect_at + p->expect_count - 1) % PG_EXPECT_MAX].timed = true;
			pgconn_ask_flush(p->conn);
		}
		send_one(p, a, false);
		last = a;
	}
	if (!last)
		return;
	p->expect[(p->expect_at + p->expect_count - 1) % PG_EXPECT_MAX].timed = true;
	sync(p);
}

static void send_waiting(struct pg *p)
{
	int before = p->expect_count;

	send_shared(p);
	for (int i = 0; i < p->round_count; i++) {
		struct pgask *a = &p->round[i];

		if (!a->alone || !prepare_ask(p, a) || !has_room(p))
			continue;
		if (p->source->status.pooled || timeout_of(p, a) != p->statement_timeout_ms)
			send_local(p, a);
		send_one(p, a, true);
		sync(p);
	}
	if (p->expect_count > before)
		pg_sent(p);
}

bool pground_ready(const struct pg *p)
{
	return p->live && !p->round_open && p->source->status.state == SERVER_LIVE;
}

/* Extensions are looked up when an ask first needs one, and again when one was missing a while ago. */
static bool wants_extensions(struct pg *p)
{
	int64_t now = loop_now(p->source->loop)->mono_ns;
	bool old = now - p->extensions_ns > PG_EXTENSIONS_MS * CLOCK_MS_NS;

	for (int i = 0; i < p->round_count; i++) {
		struct pgask *a = &p->round[i];
		struct err why;

		if (a->state != PGASK_WAITING || !a->needs_extensions)
			continue;
		if (!p->extensions.known || (old && pgstmt_choose(a->stmt, p->source->status.version, &p->extensions, "", &why) < 0))
			return true;
	}
	return false;
}

static void ask_extensions(struct pg *p)
{
	for (int i = 0; i < p->expect_count; i++) {
		if (p->expect[(p->expect_at + i) % PG_EXPECT_MAX].kind == PGEXPECT_EXTENSIONS)
			return; /* under way */
	}
	p->extensions_ns = loop_now(p->source->loop)->mono_ns;
	if (pg_send(p, PGEXPECT_EXTENSIONS, "pg_extensions", 0, NULL))
		pg_sent(p);
}

int pground_ask(struct pg *p, const struct ask *asks, int count, struct err *why)
{
	bool wanted;

	(void)why;
	p->round = mem_calloc((size_t)count, sizeof(*p->round));
	p->round_count = count;
	p->round_open = true;
	p->round_no++;
	pgconn_sent(p->conn);
	for (int i = 0; i < count; i++)
		take_ask(p, &p->round[i], &asks[i]);
	wanted = wants_extensions(p);
	if (wanted)
		p->extensions.known = false;
	send_waiting(p);
	if (wanted)
		ask_extensions(p); /* behind what does not need them: the main view comes first */
	p->source->asking_ns = p->sent_ns;
	loop_timer_in(p->slice, 0); /* hands over what needs no server */
	return 0;
}

/* --- handing over ----------------------------------------------------------------------------------------------------- */

static void release_ask(struct pgask *a)
{
	for (int i = 0; i < a->values; i++)
		free(a->value[i]);
	a->values = 0;
}

static void hand_over(struct pg *p, struct pgask *a)
{
	struct source *s = p->source;
	struct sample *sample = a->sample;
	bool sessions = sample && a->ask.lookup < 0 && strcmp(a->ask.panel->name, "activity") == 0;

	a->sample = NULL;
	a->state = PGASK_ANSWERED;
	release_ask(a);
	if (sample) {
		sample->elapsed_us = a->elapsed_us > 0 ? a->elapsed_us : 0;
		sample->life = s->status.life;
	}
	if (sessions && sample->hidden != s->status.hidden) {
		s->status.hidden = sample->hidden;
		source_changed(s);
	}
	source_answer(s, &a->ask, sample, sample ? NULL : &a->why);
}

static void deliver(struct pg *p)
{
	struct pgask *round = p->round;
	int count = p->round_count;
	bool complete = true;

	if (!p->round_open || p->converting)
		return;
	for (int i = 0; i < count && complete; i++)
		complete = round[i].state == PGASK_READY || round[i].state == PGASK_ANSWERED;
	if (complete) {
		/* Closed first: the last answer's receiver may ask again at once. */
		p->round = NULL;
		p->round_count = 0;
		p->round_open = false;
		p->source->asking_ns = 0;
		pg_keep_house(p);
	}
	for (int i = 0; i < count; i++) {
		if (round[i].state == PGASK_READY)
			hand_over(p, &round[i]);
	}
	if (complete)
		free(round);
}

void pground_abandon(struct pg *p, const struct err *why)
{
	struct pgask *round = p->round;
	int count = p->round_count;

	if (p->converting)
		pgsample_abandon(&p->convert);
	p->converting = false;
	loop_timer_stop(p->slice);
	p->round = NULL;
	p->round_count = 0;
	p->round_open = false;
	p->source->asking_ns = 0;
	for (int i = 0; i < count; i++) {
		if (round[i].state == PGASK_ANSWERED)
			continue;
		if (round[i].state != PGASK_READY)
			round[i].why = *why;
		hand_over(p, &round[i]);
	}
	free(round);
}

/* --- taking results --------------------------------------------------------------------------------------------------- */

/* Shares the time since the last timed result among the requests that it was spent on, by what they cost before. */
static void note_time(struct pg *p, struct pgask *a, bool timed)
{
	struct clock now;
	double spent_ms, weights = 0;

	a->elapsed_us = -2; /* has come, not timed yet */
	if (!timed)
		return;
	clock_read(&now);
	spent_ms = (double)(now.mono_ns - p->mark_ns) / (double)CLOCK_MS_NS;
	p->mark_ns = now.mono_ns;
	for (int i = 0; i < p->round_count; i++)
		weights += p->round[i].elapsed_us == -2 ? p->round[i].stmt->cost_ms + 0.01 : 0;
	for (int i = 0; i < p->round_count; i++) {
		struct pgstmt *s = p->round[i].stmt;
		double ms;

		if (p->round[i].elapsed_us != -2)
			continue;
		ms = spent_ms * (s->cost_ms + 0.01) / weights;
		p->round[i].elapsed_us = (int64_t)(ms * 1000);
		s->cost_ms = s->cost_ms == 0 ? ms : s->cost_ms * 0.7 + ms * 0.3;
	}
}

static void again(struct pgask *a)
{
	a->alone = true;
	a->elapsed_us = -1;
	a->state = PGASK_WAITING;
	if (a->tries >= TRIES_MAX) {
		err_set(&a->why, ERR_QUERY, "given up after %d tries", a->tries);
		answer_now(a);
	}
}

static void fail(struct pg *p, struct pgask *a, const struct err *why, double hold_ms)
{
	a->why = *why;
	answer_now(a);
	a->stmt->proven = false;
	a->stmt->held = *why;
	a->stmt->hold_until_ns = loop_now(p->source->loop)->mono_ns + (int64_t)(hold_ms * (double)CLOCK_MS_NS);
}

static void unprepare_all(struct pg *p)
{
	p->source->status.pooled = true;
	for (int i = 0; i < p->stmt_count; i++)
		p->stmt[i]->prepared = p->stmt[i]->proven = false;
	pg_show_notice(p);
	source_changed(p->source);
}

static void take_error(struct pg *p, struct pgask *a, const struct pgresult *r)
{
	char message[300];
	struct err why = {0};
	double hold_ms;

	source_put_text(message, sizeof(message), pgresult_message(r));
	switch (pgstmt_verdict(a->stmt, pgresult_sqlstate(r), message, p->source->status.user, timeout_of(p, a),
	                       p->lock_timeout_ms, &why, &hold_ms)) {
	case PGVERDICT_STEP_DOWN:
		a->stmt->proven = false;
		pgstmt_step_down(a->stmt);
		again(a);
		break;
	case PGVERDICT_POOLED:
		unprepare_all(p);
		again(a);
		break;
	case PGVERDICT_PREPARE:
		a->stmt->prepared = a->stmt->proven = false;
		again(a);
		break;
	default:
		fail(p, a, &why, hold_ms);
		break;
	}
	log_write(p->source->log, LOG_DEBUG, "%s: panel %s: SQLSTATE %s: %s", p->source->status.name, a->ask.panel->name,
	          pgresult_sqlstate(r), message);
}

static void converted(struct pg *p)
{
	struct pgask *a = p->convert_ask;
	struct clock now;

	p->converting = false;
	clock_read(&now);
	a->sample = pgsample_end(&p->convert);
	a->sample->mono_ns = now.mono_ns;
	a->sample->wall_us = now.wall_us;
	a->state = PGASK_READY;
	a->stmt->proven = true;
	a->stmt->hold_ms = 0;
	a->stmt->held.code = 0;
	p->mark_ns += now.mono_ns - p->convert_ns; /* our own work is not the server's */
}

static void take_rows(struct pg *p, struct pgask *a, struct pgresult *r, bool timed)
{
	struct clock now;
	struct err why;

	note_time(p, a, timed);
	clock_read(&now);
	p->convert_ns = now.mono_ns;
	if (pgsample_begin(&p->convert, a->ask.panel, a->ask.lookup, a->stmt->version, r, &why) < 0) {
		fail(p, a, &why, 5000);
		return;
	}
	p->converting = true;
	p->convert_ask = a;
	if (pgsample_step(&p->convert, PG_SLICE_NS)) {
		converted(p);
		return;
	}
	pgconn_pause(p->conn, true);
	loop_timer_in(p->slice, 0);
}

/* A result about an ask; takes it over. */
static void take_answer(struct pg *p, const struct pgexpect *e, struct pgresult *r)
{
	struct pgask *a = e->ask;

	if (a->state != PGASK_SENT) {
		/* Its own prepare failed; this is the skipped execution. */
	} else if (r->kind == PGRESULT_ERROR) {
		if (e->kind == PGEXPECT_PREPARE)
			a->stmt->prepared = false;
		take_error(p, a, r);
	} else if (r->kind == PGRESULT_ABORTED) {
		if (e->kind == PGEXPECT_PREPARE)
			a->stmt->prepared = false;
		if (e->kind == PGEXPECT_ROWS)
			again(a);
	} else if (e->kind == PGEXPECT_ROWS && r->kind == PGRESULT_ROWS) {
		take_rows(p, a, r, e->timed);
		return;
	} else if (e->kind == PGEXPECT_ROWS) {
		struct err why;

		err_set(&why, ERR_QUERY, "panel %s: the query gives no rows (not a SELECT)", a->ask.panel->name);
		fail(p, a, &why, 30000);
	}
	pgresult_free(r);
}

static void note_ping(struct pg *p)
{
	struct clock now;

	if (!p->ping_ns)
		return;
	clock_read(&now);
	p->source->status.rtt_ms = (double)(now.mono_ns - p->ping_ns) / (double)CLOCK_MS_NS;
	p->ping_ns = 0;
}

static bool session_failed(struct pg *p, struct pgresult *r)
{
	struct err why;
	char message[300];

	if (r->kind == PGRESULT_ROWS)
		return false;
	source_put_text(message, sizeof(message), pgresult_message(r));
	pgresult_free(r);
	err_set(&why, ERR_QUERY, "logged in, but the session cannot be set up: %s", message);
	pg_session_error(p, &why);
	return true;
}

/* One result; false when the connection is gone after it. */
static bool take_result(struct pg *p, struct pgresult *r)
{
	struct pgexpect e;

	if (p->expect_count == 0 || r->kind == PGRESULT_OTHER) {
		pgresult_free(r);
		pg_protocol_error(p, "a result that was not asked for");
		return false;
	}
	e = p->expect[p->expect_at];
	if ((e.kind == PGEXPECT_SYNC) != (r->kind == PGRESULT_SYNC)) {
		pgresult_free(r);
		pg_protocol_error(p, "results out of step");
		return false;
	}
	p->expect_at = (p->expect_at + 1) % PG_EXPECT_MAX;
	p->expect_count--;
	if (e.ask) {
		take_answer(p, &e, r);
		return true;
	}
	if (e.kind == PGEXPECT_SESSION && session_failed(p, r))
		return false;
	if (e.kind == PGEXPECT_SYNC) {
		note_ping(p);
	} else if (e.kind != PGEXPECT_LOCAL) {
		struct clock now;

		pg_learn(p, e.kind, r);
		clock_read(&now);
		p->mark_ns = now.mono_ns;
	}
	pgresult_free(r);
	if (e.kind == PGEXPECT_SYNC)
		send_waiting(p);
	if (e.kind == PGEXPECT_SYNC)
		deliver(p);
	return true;
}

void pground_readable(void *ctx)
{
	struct pg *p = ctx;
	struct pgresult *r;

	if (p->live && p->source->status.state == SERVER_STALE && pgconn_heard_ns(p->conn) != p->stale_heard_ns)
		source_set_state(p->source, SERVER_LIVE, NULL);
	while (!p->converting && (r = pgconn_next(p->conn)) != NULL) {
		if (!take_result(p, r))
			return;
	}
	if (p->expect_count == 0)
		loop_timer_stop(p->tick);
}

void pground_slice(void *ctx)
{
	struct pg *p = ctx;

	if (!p->converting) {
		deliver(p);
		return;
	}
	if (!pgsample_step(&p->convert, PG_SLICE_NS)) {
		loop_timer_in(p->slice, 0);
		return;
	}
	converted(p);
	pgconn_pause(p->conn, false);
	pground_readable(p); /* what libpq holds already makes no descriptor readable */
}
