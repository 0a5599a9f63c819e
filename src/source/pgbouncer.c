/* SPDX-License-Identifier: PostgreSQL */
/*
 * PgBouncer's admin console. It speaks the simple protocol only (an extended message ends the connection), one command at a
 * time, and takes no settings; so the asks of a round go one after the other. Columns go by name.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "source/pgconn.h"
#include "source/pgsample.h"

enum { OVERDUE_MS = 1000, GIVE_UP_MS = 300000, SLICE_NS = 3000000 };

struct bouncer {
	struct source *source;
	struct pgconn *conn;
	struct loop_timer *tick;  /* is the open command overdue? */
	struct loop_timer *slice; /* goes on converting */
	struct ask *round;
	int round_count, at;      /* round[at] is the open command */
	bool live, round_open, answered, converting;
	struct pgsample convert;
	struct sample *sample;    /* of round[at], when answered */
	struct err why;
	int64_t sent_ns, stale_heard_ns;
	uint64_t logins;
};

static void send_next(struct bouncer *b);

static int64_t now_ns(void)
{
	struct clock now;

	clock_read(&now);
	return now.mono_ns;
}

/* --- the round --------------------------------------------------------------------------------------------------------- */

static void close_round(struct bouncer *b)
{
	free(b->round);
	b->round = NULL;
	b->round_open = false;
	b->source->asking_ns = 0;
	loop_timer_stop(b->tick);
}

/* Hands over round[at] and goes on. The round is closed before its last answer, so that the receiver may ask again. */
static void hand_over(struct bouncer *b)
{
	struct ask ask = b->round[b->at];
	struct sample *sample = b->sample;
	struct err why = b->why;
	bool last = b->at + 1 >= b->round_count;

	b->sample = NULL;
	b->answered = false;
	b->at++;
	if (last)
		close_round(b);
	source_answer(b->source, &ask, sample, sample ? NULL : &why);
	if (!last && b->round_open)
		send_next(b);
}

static void abandon(struct bouncer *b, const struct err *why)
{
	struct ask *round = b->round;
	int count = b->round_count, at = b->at;
	bool open = b->round_open;
	struct sample *sample = b->sample;

	if (b->converting)
		pgsample_abandon(&b->convert);
	b->converting = b->answered = false;
	b->sample = NULL;
	b->round = NULL;
	b->round_open = false;
	b->source->asking_ns = 0;
	loop_timer_stop(b->tick);
	loop_timer_stop(b->slice);
	for (int i = at; open && i < count; i++) {
		source_answer(b->source, &round[i], sample, sample ? NULL : why);
		sample = NULL;
	}
	sample_free(sample);
	free(round);
}

static void command(const struct panel_body *body, char out[200])
{
	size_t len = strcspn(body->text, ";\n");

	if (len >= 200)
		len = 199;
	memcpy(out, body->text, len);
	out[len] = '\0';
}

static void send_next(struct bouncer *b)
{
	const struct ask *ask = &b->round[b->at];
	const struct panel_body *body = panel_body_for(ask->panel, -1, b->source->status.version, 0);
	char text[200];

	if (!body || ask->lookup >= 0) {
		err_set(&b->why, ERR_UNSUPPORTED, "this version of PgBouncer cannot give it");
		b->answered = true;
		loop_timer_in(b->slice, 0);
		return;
	}
	command(body, text);
	pgconn_sent(b->conn);
	b->sent_ns = now_ns();
	if (pgconn_simple(b->conn, text))
		pgconn_flush(b->conn);
	loop_timer_in(b->tick, OVERDUE_MS);
}

static void take_error(struct bouncer *b, const struct pgresult *r)
{
	char text[300];

	source_put_text(text, sizeof(text), pgresult_message(r));
	if (strstr(text, "admin") || strcmp(pgresult_sqlstate(r), "42501") == 0)
		err_set(&b->why, ERR_PRIVILEGE, "%s: add %s to stats_users or admin_users", text, b->source->status.user);
	else
		err_set(&b->why, ERR_QUERY, "%s", text[0] ? text : "PgBouncer refused it without a word");
	b->answered = true;
}

static void converted(struct bouncer *b)
{
	struct clock now;

	clock_read(&now);
	b->converting = false;
	b->sample = pgsample_end(&b->convert);
	b->sample->mono_ns = now.mono_ns;
	b->sample->wall_us = now.wall_us;
	b->sample->elapsed_us = (loop_now(b->source->loop)->mono_ns - b->sent_ns) / 1000;
	if (b->sample->elapsed_us < 0)
		b->sample->elapsed_us = 0;
	b->sample->life = b->source->status.life;
	b->answered = true;
}

static void take_result(struct bouncer *b, struct pgresult *r)
{
	const struct panel *panel = b->round_open ? b->round[b->at].panel : NULL;

	if (!panel || b->answered || r->kind != PGRESULT_ROWS) {
		if (panel && !b->answered && r->kind == PGRESULT_ERROR)
			take_error(b, r);
		pgresult_free(r);
		return;
	}
	if (pgsample_begin(&b->convert, panel, -1, b->source->status.version, r, &b->why) < 0) {
		b->answered = true;
		return;
	}
	b->converting = true;
	if (pgsample_step(&b->convert, SLICE_NS)) {
		converted(b);
		return;
	}
	pgconn_pause(b->conn, true);
	loop_timer_in(b->slice, 0);
}

static void on_readable(void *ctx)
{
	struct bouncer *b = ctx;
	struct pgresult *r;

	if (b->live && b->source->status.state == SERVER_STALE && pgconn_heard_ns(b->conn) != b->stale_heard_ns)
		source_set_state(b->source, SERVER_LIVE, NULL);
	while (!b->converting && (r = pgconn_next(b->conn)) != NULL)
		take_result(b, r);
	if (b->round_open && !b->converting && pgconn_idle(b->conn)) {
		if (!b->answered) {
			err_set(&b->why, ERR_QUERY, "panel %s: the command gives no rows", b->round[b->at].panel->name);
			b->answered = true;
		}
		hand_over(b);
	}
}

static void on_slice(void *ctx)
{
	struct bouncer *b = ctx;

	if (b->converting && !pgsample_step(&b->convert, SLICE_NS)) {
		loop_timer_in(b->slice, 0);
		return;
	}
	if (b->converting) {
		converted(b);
		pgconn_pause(b->conn, false);
		on_readable(b);
	} else if (b->answered) {
		hand_over(b); /* what needed no server */
	}
}

/* --- life ---------------------------------------------------------------------------------------------------------------- */

static void on_down(void *ctx, const struct err *why, enum source_failure failure)
{
	struct bouncer *b = ctx;
	struct err answer;

	b->live = false;
	if (!b->source->named)
		source_put_text(b->source->status.name, sizeof(b->source->status.name), pgconn_name(b->conn));
	source_fail(b->source, why, failure);
	err_set(&answer, ERR_LOST, "%s", why->text);
	abandon(b, &answer);
}

static void on_up(void *ctx)
{
	struct bouncer *b = ctx;
	struct server_status *s = &b->source->status;
	const char *version = pgconn_parameter(b->conn, "server_version");

	s->logins++;
	if (!b->source->named)
		source_put_text(s->name, sizeof(s->name), pgconn_name(b->conn));
	if (!strstr(version, "bouncer")) {
		struct err why;

		err_set(&why, ERR_PROTOCOL, "%s is no PgBouncer console (it says version %.20s)", s->name, version);
		pgconn_close(b->conn);
		on_down(b, &why, SOURCE_DENIED);
		return;
	}
	s->version = pgconn_version(b->conn);
	source_put_text(s->version_text, sizeof(s->version_text), version);
	s->version_text[strcspn(s->version_text, "/")] = '\0';
	source_put_text(s->user, sizeof(s->user), pgconn_user(b->conn));
	/* A restart cannot be told from a cut connection, and a restart begins all counters anew: each login is a new life. */
	s->life = map_hash_int(MAP_SEED, (int64_t)++b->logins);
	b->live = true;
	source_live(b->source);
}

static void on_tick(void *ctx)
{
	struct bouncer *b = ctx;
	int64_t heard = pgconn_heard_ns(b->conn), since = heard > b->sent_ns ? heard : b->sent_ns;
	double silent_ms = (double)(now_ns() - since) / (double)CLOCK_MS_NS;
	char reason[48];

	if (!b->round_open)
		return;
	if (b->converting || silent_ms < OVERDUE_MS) {
		loop_timer_in(b->tick, silent_ms < OVERDUE_MS ? OVERDUE_MS - silent_ms : OVERDUE_MS);
		return;
	}
	loop_timer_in(b->tick, 1001 - fmod(silent_ms, 1000)); /* when the words change */
	if (silent_ms > GIVE_UP_MS) {
		struct err why;

		err_set(&why, ERR_TIMEOUT, "no answer for %.0f s: connection given up", silent_ms / 1000);
		pgconn_close(b->conn);
		on_down(b, &why, SOURCE_UNREACHABLE);
		return;
	}
	snprintf(reason, sizeof(reason), "no answer for %.0f s", silent_ms / 1000);
	b->stale_heard_ns = heard;
	source_set_state(b->source, SERVER_STALE, reason);
	pgconn_poke(b->conn);
}

static void bouncer_connect(struct source *s)
{
	struct bouncer *b = s->self;

	if (!pgconn_is_closed(b->conn))
		return;
	source_attempt(s);
	pgconn_open(b->conn);
}

static int bouncer_create(struct source *s, struct source_conf *conf, struct err *why)
{
	struct bouncer *b = mem_alloc(sizeof(*b));
	struct pgconn_events events = {.up = on_up, .down = on_down, .readable = on_readable, .ctx = b};
	int rc = pgconn_new(&b->conn, s->loop, conf, &events, s->log, why);

	if (rc < 0) {
		free(b);
		return rc;
	}
	b->source = s;
	b->tick = loop_timer_new(s->loop, on_tick, b);
	b->slice = loop_timer_new(s->loop, on_slice, b);
	s->self = b;
	source_put_text(s->status.product, sizeof(s->status.product), "PgBouncer");
	source_put_text(s->status.name, sizeof(s->status.name), pgconn_name(b->conn));
	return 0;
}

static void bouncer_destroy(struct source *s)
{
	struct bouncer *b = s->self;
	struct err why;

	err_set(&why, ERR_LOST, "closed");
	pgconn_close(b->conn);
	abandon(b, &why);
	pgconn_free(b->conn);
	loop_timer_free(b->tick);
	loop_timer_free(b->slice);
	free(b);
}

static bool bouncer_ready(const struct source *s)
{
	const struct bouncer *b = s->self;

	return b->live && !b->round_open && s->status.state == SERVER_LIVE;
}

static int bouncer_ask(struct source *s, const struct ask *asks, int count, struct err *why)
{
	struct bouncer *b = s->self;

	(void)why;
	b->round = mem_calloc((size_t)count, sizeof(*b->round));
	memcpy(b->round, asks, (size_t)count * sizeof(*asks));
	b->round_count = count;
	b->at = 0;
	b->answered = false;
	b->round_open = true;
	send_next(b);
	s->asking_ns = b->sent_ns;
	return 0;
}

const struct source_ops pgbouncer_ops = {
	.kind = PANEL_PGBOUNCER,
	.create = bouncer_create,
	.start = bouncer_connect,
	.destroy = bouncer_destroy,
	.ready = bouncer_ready,
	.ask = bouncer_ask,
	.retry = bouncer_connect,
};
