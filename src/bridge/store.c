/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/store.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bridge/store_private.h"
#include "core/clean.h"
#include "core/mem.h"

int64_t store_now(void)
{
	struct clock now;

	clock_read(&now);
	return now.mono_ns;
}

void *store_call_new(struct store *s, size_t size)
{
	struct store_call *call = mem_alloc(size);

	call->store = s;
	call->next = s->call;
	if (call->next)
		call->next->before = call;
	s->call = call;
	return call;
}

void store_call_free(struct store_call *call)
{
	*(call->before ? &call->before->next : &call->store->call) = call->next;
	if (call->next)
		call->next->before = call->before;
	free(call);
}

void store_say(struct store *s, const char *format, ...)
{
	struct buf words = BUF_INIT(1000), clean = BUF_INIT(2000);
	va_list args;

	va_start(args, format);
	buf_vaddf(&words, format, args);
	va_end(args);
	clean_text(&clean, buf_text(&words), words.len, CLEAN_LINE);
	log_write(s->log, LOG_WARN, "store: %s", buf_text(&clean));
	if (s->events.notice)
		s->events.notice(s->events.ctx, buf_text(&clean));
	buf_release(&words);
	buf_release(&clean);
}

int store_kind(const struct store *s, struct str name)
{
	for (int i = 0; i < s->kinds; i++) {
		if (str_eq(name, str_from(s->kind[i].name)))
			return i;
	}
	return -1;
}

/* --- life ---------------------------------------------------------------------------------------------------------------------- */

static int check_kind(const struct store_kind *k, struct err *why)
{
	size_t len = strlen(k->name);

	if (len == 0 || len > STORE_KIND_MAX)
		return err_set(why, ERR_INVALID, "the name of a kind has 1 to %d characters", STORE_KIND_MAX);
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)k->name[i]) && k->name[i] != '_' && k->name[i] != '-')
			return err_set(why, ERR_INVALID, "the name of a kind has letters, digits, _ and -");
	}
	for (int i = 0; i < RECIPE_PRIORITIES; i++) {
		if (!(k->ttl_ms[i] >= 1))
			return err_set(why, ERR_INVALID, "kind %s: every priority has a TTL", k->name);
	}
	return 0;
}

static int make_kinds(struct store *s, const struct store_conf *conf, struct err *why)
{
	int rc = 0;

	if (conf->kinds < 1 || conf->kinds > STORE_KINDS_MAX)
		return err_set(why, ERR_INVALID, "a store has 1 to %d kinds", STORE_KINDS_MAX);
	s->kind = conf->kind;
	s->kinds = conf->kinds;
	for (int i = 0; i < s->kinds && rc == 0; i++) {
		rc = check_kind(&s->kind[i], why);
		if (rc == 0)
			rc = codec_new(&s->class[i].codec, s->kind[i].codec, conf->keys, why);
		snprintf(s->class[i].name, sizeof(s->class[i].name), "store_%s", s->kind[i].name);
	}
	return rc;
}

/* No two stores may have the same. */
static void make_token(struct store *s, const struct clock *now)
{
	uint64_t words[2];

	if (getrandom(words, sizeof(words), GRND_NONBLOCK) != sizeof(words)) {
		words[0] = (uint64_t)now->wall_us;
		words[1] = map_hash_int(map_hash_int(MAP_SEED, (uint64_t)now->mono_ns), (uint64_t)getpid());
	}
	snprintf(s->token, sizeof(s->token), "%08llx%016llx", (unsigned long long)(words[0] & 0xffffffff), (unsigned long long)words[1]);
}

int store_new(struct store **out, struct loop *l, const struct store_conf *conf, const struct store_events *events,
              struct err *why)
{
	struct store *s = mem_alloc(sizeof(*s));
	struct clock now;
	int rc;

	clock_read(&now);
	s->began_us = now.wall_us;
	s->began_ns = now.mono_ns;
	s->random = map_hash_int(MAP_SEED, now.mono_ns);
	make_token(s, &now);
	s->loop = l;
	s->log = conf->log;
	s->events = *events;
	s->pool = conf->pool;
	s->prefix = mem_strdup(conf->prefix ? conf->prefix : "");
	s->name = mem_strdup(conf->name);
	s->tombstone_ms = conf->tombstone_ms > 0 ? conf->tombstone_ms : 5000;
	s->margin_ms = s->tombstone_ms / 2 < STORE_FILL_MARGIN_MS ? s->tombstone_ms / 2 : STORE_FILL_MARGIN_MS;
	s->query_deadline_ms = conf->query_deadline_ms > 0 ? conf->query_deadline_ms : 5000;
	s->flush_at_start = conf->flush_at_start;
	s->retry_ms = s->listen_retry_ms = STORE_RETRY_MS;
	if (conf->deny)
		s->deny = *conf->deny;
	else
		deny_init(&s->deny);
	buf_init(&s->value, CODEC_RAW_MAX);
	buf_init(&s->coded, CODEC_RAW_MAX + 1024);
	s->publish = loop_timer_new(l, store_publish, s);
	s->telling = loop_timer_new(l, store_tell_refused, s);
	rc = make_kinds(s, conf, why);
	if (rc == 0)
		rc = store_make_redis(s, conf, why);
	if (rc == 0 && conf->listen)
		rc = store_listen(s, conf->listen, conf->listen_sql, why);
	if (rc < 0)
		store_free(s);
	else
		*out = s;
	return rc;
}

void store_open(struct store *s)
{
	s->opened_ns = store_now();
	redis_cluster_open(s->redis);
	if (s->listener)
		pgwork_open(s->listener);
	if (s->name)
		loop_timer_in(s->publish, STORE_PUBLISH_MS);
}

static void free_readers(struct store_reader *r)
{
	while (r) {
		struct store_reader *next = r->next;

		free(r);
		r = next;
	}
}

void store_free(struct store *s)
{
	if (!s)
		return;
	while (s->flight) {
		struct store_flight *f = s->flight;

		pool_give_up(s->pool, &f->waiter);
		free_readers(f->first);
		if (f->lease) {
			pgwork_forget(pool_work(f->lease), f);
			pool_release(s->pool, f->lease); /* its statement is open: it is closed */
		}
		store_flight_free(f);
	}
	redis_cluster_free(s->redis);
	free_readers(s->asked);
	pgwork_free(s->listener);
	store_sweeps_free(s);
	while (s->call)
		store_call_free(s->call);
	while (s->refused) {
		struct store_refusal *next = s->refused->next;

		free(s->refused);
		s->refused = next;
	}
	loop_timer_free(s->retry);
	loop_timer_free(s->publish);
	loop_timer_free(s->reflush);
	loop_timer_free(s->telling);
	loop_timer_free(s->listen_retry);
	loop_timer_free(s->beat);
	for (int i = 0; i < s->kinds; i++)
		codec_free(s->class[i].codec);
	map_release(&s->flights);
	buf_release(&s->value);
	buf_release(&s->coded);
	free(s->listen_sql);
	free(s->prefix);
	free(s->name);
	free(s);
}

const struct store_stats *store_stats(struct store *s)
{
	s->stats.redis_up = redis_cluster_is_up(s->redis);
	s->stats.leases = !s->no_scripts;
	return &s->stats;
}

const char *store_name(const struct store *s)
{
	return redis_cluster_name(s->redis);
}
