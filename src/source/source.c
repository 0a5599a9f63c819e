/* SPDX-License-Identifier: PostgreSQL */
#include "source/source.h"

#include <math.h>
#include <stdlib.h>

#include "core/clean.h"
#include "core/map.h"
#include "core/mem.h"
#include "source/replay.h"
#include "source/source_private.h"

/* One row per kind of server. */
static const struct source_ops *const registry[] = {
	&pg_ops,
	&pgbouncer_ops,
	&redis_ops,
	NULL,
};

/* A number in [0, 1): xorshift, only so that many clients do not knock at the same moment. */
static double jitter(struct source *s)
{
	s->jitter ^= s->jitter << 13;
	s->jitter ^= s->jitter >> 17;
	s->jitter ^= s->jitter << 5;
	return (double)(s->jitter >> 8) / (double)(1u << 24);
}

static void on_retry(void *ctx)
{
	struct source *s = ctx;

	s->status.retry_ns = 0;
	s->ops->retry(s);
}

int source_make(struct source **out, const struct source_ops *ops, struct loop *l, struct source_conf *conf,
                const struct source_events *events, struct log *log, struct err *why)
{
	struct source *s = mem_alloc(sizeof(*s));
	struct clock now;
	int rc;

	clock_read(&now);
	s->ops = ops;
	s->loop = l;
	s->log = log;
	s->named = conf->name != NULL;
	if (events)
		s->events = *events;
	s->status.kind = conf->kind;
	s->status.state = SERVER_CONNECTING;
	s->status.since_ns = now.mono_ns;
	s->status.rtt_ms = (double)NAN;
	s->start_delay_ms = conf->start_delay_ms;
	s->notice_ms = conf->notice_ms > 0 ? conf->notice_ms : SOURCE_NOTICE_MS;
	s->backoff_ms = SOURCE_BACKOFF_FIRST_MS;
	s->jitter = (uint32_t)map_hash_int(map_hash(MAP_SEED, &s, sizeof(s)), now.mono_ns) | 1u;
	rc = ops->create(s, conf, why);
	if (conf->password)
		mem_wipe(conf->password, strlen(conf->password));
	if (rc < 0) {
		free(s);
		return rc;
	}
	if (conf->name)
		source_put_text(s->status.name, sizeof(s->status.name), conf->name);
	s->retry_timer = loop_timer_new(l, on_retry, s);
	*out = s;
	return 0;
}

int source_new(struct source **out, struct loop *l, struct source_conf *conf, const struct source_events *events,
               struct log *log, struct err *why)
{
	if (conf->replay)
		return replay_source_new(out, l, conf, events, log, why);
	for (size_t i = 0; registry[i]; i++) {
		if (registry[i]->kind == conf->kind)
			return source_make(out, registry[i], l, conf, events, log, why);
	}
	return err_set(why, ERR_UNSUPPORTED, "this kind of server cannot be asked");
}

void source_start(struct source *s)
{
	if (s->start_delay_ms > 0)
		loop_timer_in(s->retry_timer, s->start_delay_ms);
	else
		s->ops->start(s);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	s->events.status = NULL;
	s->ops->destroy(s);
	loop_timer_free(s->retry_timer);
	free(s);
}

const struct server_status *source_status(const struct source *s)
{
	return &s->status;
}

bool source_ready(const struct source *s)
{
	return s->ops->ready(s);
}

int source_ask(struct source *s, const struct ask *asks, int count, struct err *why)
{
	if (!s->ops->ready(s))
		return err_set(why, ERR_BUSY, "%s: %s", s->status.name,
		               s->status.state == SERVER_LIVE ? "a request is under way" : "not connected");
	return count > 0 ? s->ops->ask(s, asks, count, why) : 0;
}

int64_t source_asking_since(const struct source *s)
{
	return s->asking_ns;
}

void source_retry(struct source *s)
{
	loop_timer_stop(s->retry_timer);
	s->status.retry_ns = 0;
	s->ops->retry(s);
}

/* --- for this folder ------------------------------------------------------------------------------------------------ */

void source_put_text(char *out, size_t room, const char *src)
{
	struct buf clean = BUF_INIT(4096);
	size_t len;

	clean_text(&clean, src ? src : "", src ? strnlen(src, 1024) : 0, CLEAN_LINE);
	len = clean.len;
	if (len >= room) {
		len = room - 1;
		while (len > 0 && ((unsigned char)buf_text(&clean)[len] & 0xC0) == 0x80)
			len--;
	}
	memcpy(out, buf_text(&clean), len);
	out[len] = '\0';
	buf_release(&clean);
}

void source_changed(struct source *s)
{
	if (s->events.status)
		s->events.status(s->events.ctx, s);
}

static bool set_state(struct source *s, enum server_state state, const char *reason)
{
	char text[sizeof(s->status.reason)];
	bool other = state != s->status.state;

	source_put_text(text, sizeof(text), reason);
	if (!other && strcmp(text, s->status.reason) == 0)
		return false;
	if (other)
		s->status.since_ns = loop_now(s->loop)->mono_ns;
	s->status.state = state;
	memcpy(s->status.reason, text, sizeof(text));
	if (other)
		log_write(s->log, state == SERVER_LIVE ? LOG_INFO : LOG_WARN, "%s: %s%s%s", s->status.name,
		          server_state_name(state), text[0] ? ": " : "", text);
	return true;
}

void source_set_state(struct source *s, enum server_state state, const char *reason)
{
	if (set_state(s, state, reason))
		source_changed(s);
}

void source_live(struct source *s)
{
	if (!s->live_ns)
		s->live_ns = loop_now(s->loop)->mono_ns;
	s->was_live = true;
	s->status.retries = 0;
	s->status.retry_ns = 0;
	loop_timer_stop(s->retry_timer);
	source_set_state(s, SERVER_LIVE, NULL);
}

void source_attempt(struct source *s)
{
	loop_timer_stop(s->retry_timer);
	s->status.retry_ns = 0;
}

void source_fail(struct source *s, const struct err *why, enum source_failure failure)
{
	enum server_state state = s->was_live ? SERVER_LOST : SERVER_CONNECTING;
	double most_ms = failure == SOURCE_AWAY ? SOURCE_AWAY_MAX_MS : SOURCE_BACKOFF_MAX_MS;
	int64_t now = loop_now(s->loop)->mono_ns;
	double wait_ms;

	/* Not by the login alone: one that logs in and is thrown out each time is no better than one that is kept out. */
	if (s->live_ns && now - s->live_ns >= SOURCE_SETTLED_MS * CLOCK_MS_NS)
		s->backoff_ms = SOURCE_BACKOFF_FIRST_MS;
	s->live_ns = 0;
	wait_ms = s->backoff_ms < most_ms ? s->backoff_ms : most_ms;
	if (failure == SOURCE_DENIED)
		wait_ms = SOURCE_REFUSED_MS;
	else
		s->backoff_ms = wait_ms * 2;
	if (failure == SOURCE_FULL || failure == SOURCE_DENIED)
		state = SERVER_REFUSED;
	wait_ms *= 0.8 + 0.4 * jitter(s);
	s->asking_ns = 0;
	s->status.retries++;
	s->status.retry_ns = now + (int64_t)(wait_ms * (double)CLOCK_MS_NS);
	loop_timer_in(s->retry_timer, wait_ms);
	log_write(s->log, LOG_INFO, "%s: %s; next try in %.1f s", s->status.name, why->text, wait_ms / 1000);
	set_state(s, state, why->text);
	source_changed(s); /* retry_ns is another in any case */
}

void source_answer(struct source *s, const struct ask *ask, struct sample *sample, const struct err *why)
{
	s->status.asked++;
	if (why)
		s->status.failed++;
	if (!why || why->code != ERR_LOST)
		s->status.answered_ns = loop_now(s->loop)->mono_ns;
	if (sample)
		s->status.cost_ms += (double)sample->elapsed_us / 1000;
	ask->done(ask->ctx, sample, why);
}
