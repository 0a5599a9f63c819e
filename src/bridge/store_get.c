/* SPDX-License-Identifier: PostgreSQL */
/* Reads: the cache, else the database, then a refill. */
#include <stdlib.h>
#include <string.h>

#include "bridge/store_private.h"
#include "core/mem.h"

/* --- answers ---------------------------------------------------------------------------------------------------------------- */

static void link_asked(struct store *s, struct store_reader *r)
{
	r->next = s->asked;
	*(r->next ? &r->next->before : &s->asked_last) = r;
	s->asked = r;
}

static void unlink_asked(struct store *s, struct store_reader *r)
{
	*(r->before ? &r->before->next : &s->asked) = r->next;
	*(r->next ? &r->next->before : &s->asked_last) = r->before;
	r->next = r->before = NULL;
}

static void answer(struct store *s, struct store_reader *r, const struct store_answer *a, const struct err *why)
{
	int64_t took = store_now() - r->began_ns;

	if (why)
		s->stats.failed++;
	else if (!a->found)
		s->stats.not_found++;
	if (!why) {
		quantile_add(&s->stats.all, took);
		quantile_add(a->from == STORE_CACHE ? &s->stats.hit : &s->stats.miss, took);
	}
	r->got(r->ctx, a, why);
	free(r);
}

/* --- the database ----------------------------------------------------------------------------------------------------------- */

void store_flight_free(struct store_flight *f)
{
	struct store *s = f->store;

	if (f->listed)
		map_remove(&s->flights, f->hash);
	*(f->before ? &f->before->next : &s->flight) = f->next;
	if (f->next)
		f->next->before = f->before;
	if (f->then)
		f->then->after = NULL;
	if (f->after)
		f->after->then = NULL;
	free(f->key);
	free(f->value);
	free(f);
}

/* Whoever asks from now on gets a query of his own; what this one brings is not cached. */
static void outdate(struct store_flight *f)
{
	f->stale = true;
	if (f->listed)
		map_remove(&f->store->flights, f->hash);
	f->listed = false;
}

void store_forget_flights(struct store *s, int kind)
{
	for (struct store_flight *f = s->flight; f; f = f->next) {
		if (kind < 0 || f->kind == kind)
			outdate(f);
	}
}

void store_forget_key(struct store *s, struct str key)
{
	uint64_t found;
	struct store_flight *f;

	if (map_get(&s->flights, map_hash(MAP_SEED, key.at, key.len), &found)) {
		f = (struct store_flight *)(uintptr_t)found;
		if (f->len == key.len && memcmp(f->key, key.at, key.len) == 0) {
			for (; f; f = f->after)
				outdate(f);
			return;
		}
	}
	/* One that could not be listed, because another key has its hash. */
	for (f = s->collided ? s->flight : NULL; f; f = f->next) {
		if (!f->listed && f->len == key.len && memcmp(f->key, key.at, key.len) == 0)
			outdate(f);
	}
}

void store_on_filled(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store *s = ctx;

	if (why || reply->type == RESP_ERROR)
		s->stats.redis_errors++;
	else if (reply->type == RESP_NIL)
		s->stats.sets_late++;
	else
		s->stats.sets++;
}

/* Our token's place is taken by the value, or by nothing. */
#define SCRIPT \
	"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end " \
	"if ARGV[2] then return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end " \
	"return redis.call('UNLINK', KEYS[1])"

void store_settle(struct store *s, struct str key, const char *token, struct str value, const char *ttl, redis_work_reply *reply, void *ctx)
{
	redis_cluster_send(s->redis, key, 7,
	                   (const struct str[]){STR("EVAL"), STR(SCRIPT), STR("1"), key, str_from(token), value, str_from(ttl)}, reply, ctx);
}

void store_token(struct store *s, char token[STORE_TOKEN_MAX])
{
	snprintf(token, STORE_TOKEN_MAX, STORE_LEASE "%s%llx", s->token, (unsigned long long)++s->tokens);
}

void store_check_scripts(struct store *s, const struct resp_reply *reply)
{
	static const char *const refusals[] = {"NOPERM", "ERR unknown command"};

	for (size_t i = 0; i < ARRAY_LEN(refusals) && reply->type == RESP_ERROR && !s->no_scripts; i++) {
		if (reply->text.len < strlen(refusals[i]) || memcmp(reply->text.at, refusals[i], strlen(refusals[i])) != 0)
			continue;
		s->no_scripts = true;
		store_say(s, "Redis does not let us EVAL: values are put back by SET NX, for %.1f s after they were read",
		          (s->tombstone_ms - s->margin_ms) / 1000);
	}
}

static void on_settled(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	if (!why)
		store_check_scripts(ctx, reply);
	store_on_filled(ctx, reply, why);
}

static void on_let_go(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	if (!why)
		store_check_scripts(ctx, reply);
}

/* There is nothing to be cached: others need not wait for it. */
static void let_go(struct store_flight *f)
{
	struct store *s = f->store;
	struct str key = {f->key, f->len};

	if (f->leased && !f->stale && redis_cluster_is_up(s->redis))
		redis_cluster_send(s->redis, key, 5, (const struct str[]){STR("EVAL"), STR(SCRIPT), STR("1"), key, str_from(f->token)},
		                   on_let_go, s);
	f->leased = false;
}

void store_ttl(struct store *s, int kind, enum recipe_priority priority, char out[24])
{
	const struct store_kind *k = &s->kind[kind];
	double share;

	s->random = map_hash_int(s->random, 1);
	share = k->jitter * (double)(s->random >> 40) / 16777216.0;
	snprintf(out, 24, "%.0f", k->ttl_ms[priority] * (1 - share));
}

bool store_encode(struct store *s, int kind, struct str key, struct str value)
{
	struct err why;

	if (deny_finds(&s->deny, key, value)) {
		s->stats.denied++;
		return false;
	}
	return codec_encode(s->class[kind].codec, key, value, &s->coded, &why) == 0;
}

static bool may_write(const struct store *s, int kind)
{
	return !s->kind[kind].sensitive && !s->class[kind].banned && redis_cluster_is_up(s->redis);
}

static void fill(struct store_flight *f, struct str value, enum recipe_priority priority)
{
	struct store *s = f->store;
	struct str key = {f->key, f->len};
	double age_ms = (double)(store_now() - f->began_ns) / 1e6;
	bool leased = f->leased;
	char ttl[24];

	if (!may_write(s, f->kind))
		return;
	if (f->stale || f->epoch != s->class[f->kind].epoch ||
	    (!leased && s->no_scripts && age_ms > s->tombstone_ms - s->margin_ms)) {
		s->stats.sets_stale++;
		return;
	}
	if (!leased && !s->no_scripts) {
		s->stats.sets_late++;
		return;
	}
	if (!store_encode(s, f->kind, key, value))
		return;
	store_ttl(s, f->kind, priority, ttl);
	f->leased = false;
	if (leased) {
		store_settle(s, key, f->token, buf_str(&s->coded), ttl, on_settled, s);
		return;
	}
	redis_cluster_send(s->redis, key, 6,
	                   (const struct str[]){str_from("SET"), key, buf_str(&s->coded), str_from("PX"), str_from(ttl), str_from("NX")},
	                   store_on_filled, s);
}

/* Nobody is left who asked before they landed. */
static void drop_landed(struct store *s)
{
	while (s->landed && (!s->asked_last || s->landed->landed_ns < s->asked_last->began_ns)) {
		struct store_flight *f = s->landed;

		s->landed = f->landed_next;
		if (!s->landed)
			s->landed_last = NULL;
		store_flight_free(f);
	}
}

/* GETs that left before the refill did may yet say that there is nothing. */
static void keep_landed(struct store_flight *f, const struct store_answer *a)
{
	struct store *s = f->store;

	f->landed_ns = store_now();
	f->first = f->last = NULL;
	f->found = a->found;
	f->value = mem_strndup(a->value.at ? a->value.at : "", a->value.len);
	f->value_len = a->value.len;
	*(s->landed_last ? &s->landed_last->landed_next : &s->landed) = f;
	s->landed_last = f;
}

static void take_off(struct store_flight *f);

static void land(struct store_flight *f, const struct store_answer *a, const struct err *why)
{
	struct store *s = f->store;
	struct store_reader *r = f->first;
	struct store_answer told = a ? *a : (struct store_answer){.from = STORE_DATABASE};

	let_go(f);
	if (f->then)
		take_off(f->then);
	drop_landed(s);
	if (a && f->listed && s->asked)
		keep_landed(f, a);
	else
		store_flight_free(f);
	while (r) {
		struct store_reader *next = r->next;

		answer(s, r, a ? &told : NULL, why);
		told.joined = true;
		r = next;
	}
}

static void launch(struct store_flight *f);

static enum recipe_priority priority_of(const struct pgresult *r)
{
	int len = 0, found = -1;
	const char *word = r->columns > 1 ? pgresult_value(r, 0, 1, &len) : NULL;

	if (word)
		found = recipe_priority_find((struct str){word, (size_t)len});
	return found < 0 ? RECIPE_LOW : (enum recipe_priority)found;
}

static void on_row(void *ctx, const struct pgwork_outcome *o)
{
	struct store_flight *f = ctx;
	struct store *s = f->store;
	struct store_answer a = {.from = STORE_DATABASE};
	int len = 0;
	const char *value;

	pool_release(s->pool, f->lease);
	f->lease = NULL;
	if (o->why && o->why->code == ERR_LOST && !f->again) {
		f->again = true; /* a read may be repeated */
		f->began_ns = 0;
		launch(f);
		return;
	}
	if (o->why) {
		land(f, NULL, o->why);
		return;
	}
	value = o->result && o->result->rows > 0 ? pgresult_value(o->result, 0, 0, &len) : NULL;
	if (value) {
		a.found = true;
		a.value = (struct str){value, (size_t)len};
		fill(f, a.value, priority_of(o->result));
	}
	land(f, &a, NULL);
}

static void query(struct store_flight *f)
{
	struct store *s = f->store;
	const char *const values[1] = {f->key + f->id_at};
	struct pgwork_query q = {
		.sql = s->kind[f->kind].sql,
		.name = s->class[f->kind].name,
		.values = values,
		.count = 1,
		.deadline_ms = s->query_deadline_ms,
		.done = on_row,
		.ctx = f,
	};

	/* What the row is from here on is what the answer may be. */
	f->began_ns = store_now();
	f->epoch = s->class[f->kind].epoch;
	pgwork_run(pool_work(f->lease), &q, 1);
}

static void on_lease(void *ctx, struct pool_lease *lease, const struct err *why)
{
	struct store_flight *f = ctx;

	if (!lease) {
		land(f, NULL, why);
		return;
	}
	f->lease = lease;
	query(f);
}

static void launch(struct store_flight *f)
{
	f->waiter = (struct pool_waiter){.who = "store", .got = on_lease, .ctx = f};
	f->lease = pool_acquire(f->store->pool, &f->waiter);
	if (f->lease)
		query(f);
}

static void on_leased(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store_flight *f = ctx;

	if (why || reply->type == RESP_ERROR)
		f->store->stats.redis_errors++;
	else
		f->leased = reply->type == RESP_STATUS;
	launch(f);
}

/* The token must stand there before the row is read: only then does it vouch for the row. */
static void take_off(struct store_flight *f)
{
	struct store *s = f->store;
	struct str key = {f->key, f->len};
	char ttl[16];

	if (!may_write(s, f->kind) || s->no_scripts) {
		launch(f);
		return;
	}
	store_token(s, f->token);
	snprintf(ttl, sizeof(ttl), "%d", STORE_LEASE_MS);
	redis_cluster_send(s->redis, key, 6,
	                   (const struct str[]){STR("SET"), key, str_from(f->token), STR("PX"), str_from(ttl), STR("NX")}, on_leased, f);
}

static void join(struct store_flight *f, struct store_reader *r)
{
	r->next = NULL;
	r->before = f->last;
	*(f->last ? &f->last->next : &f->first) = r;
	f->last = r;
}

static void answer_landed(struct store *s, struct store_reader *r, const struct store_flight *f)
{
	struct store_answer a = {.from = STORE_DATABASE, .found = f->found, .joined = true, .value = {NULL, f->value_len}};
	char *value = mem_strndup(f->value, f->value_len); /* what is told may end the flight */

	a.value.at = value;
	answer(s, r, &a, NULL);
	free(value);
}

/*
 * Whether what that query brings is what the row was when the get began, or later. One that was sent before may have read a row that
 * somebody else's drop has made old meanwhile - except that the flight's own token, found by this get, says that nobody has.
 */
static bool may_join(const struct store_flight *f, const struct store_reader *r, struct str found)
{
	return f->began_ns == 0 || f->began_ns >= r->began_ns || (f->token[0] && str_eq(found, str_from(f->token)));
}

static struct store_flight *flight_new(struct store *s, const struct store_reader *r, uint64_t hash)
{
	struct store_flight *f = mem_alloc(sizeof(*f));

	f->store = s;
	f->kind = r->kind;
	f->key = mem_strndup(r->key, r->len);
	f->len = r->len;
	f->id_at = r->id_at;
	f->hash = hash;
	f->next = s->flight;
	if (f->next)
		f->next->before = f;
	s->flight = f;
	return f;
}

/* found: what Redis had under the key, empty when nothing or not asked. */
static void fly(struct store *s, struct store_reader *r, struct str found)
{
	uint64_t hash = map_hash(MAP_SEED, r->key, r->len), known;
	bool taken = map_get(&s->flights, hash, &known);
	struct store_flight *old = taken ? (struct store_flight *)(uintptr_t)known : NULL, *f;
	bool same = old && old->len == r->len && memcmp(old->key, r->key, r->len) == 0;

	s->stats.misses++;
	if (same && may_join(old, r, found)) {
		s->stats.joined++;
		if (old->landed_ns)
			answer_landed(s, r, old);
		else
			join(old, r);
		return;
	}
	f = flight_new(s, r, hash);
	if (old && (same || old->landed_ns)) { /* nobody joins it any more; what it brings may be cached, its lease knows */
		map_remove(&s->flights, hash);
		old->listed = taken = false;
	}
	f->listed = !taken;
	s->collided = s->collided || taken;
	if (f->listed)
		map_put(&s->flights, hash, (uint64_t)(uintptr_t)f);
	join(f, r);
	s->stats.queries++;
	if (same && !old->landed_ns) { /* one query at a time, however many gets */
		old->then = f;
		f->after = old;
		return;
	}
	take_off(f);
}

/* --- the cache ---------------------------------------------------------------------------------------------------------------- */

static bool is_tombstone(struct str value)
{
	return str_eq(value, STR(STORE_TOMBSTONE));
}

static bool is_lease(struct str value)
{
	return value.len > strlen(STORE_LEASE) && memcmp(value.at, STORE_LEASE, strlen(STORE_LEASE)) == 0;
}

static void on_cached(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store_reader *r = ctx;
	struct store *s = r->store;
	struct store_answer a = {.from = STORE_CACHE, .found = true};
	struct str found = !why && reply->type == RESP_STRING ? reply->text : STR("");
	struct err reason;

	unlink_asked(s, r);
	if (why || reply->type == RESP_ERROR) {
		s->stats.redis_errors++;
	} else if (reply->type == RESP_STRING && is_tombstone(reply->text)) {
		s->stats.tombstones++;
	} else if (reply->type == RESP_STRING && is_lease(reply->text)) {
		s->stats.leased++;
	} else if (reply->type == RESP_STRING && !store_may_read(s, r->kind, (struct str){r->key, r->len})) {
		s->stats.bypassed++; /* a sweep began meanwhile */
	} else if (reply->type == RESP_STRING) {
		if (codec_decode(s->class[r->kind].codec, (struct str){r->key, r->len}, reply->text, &s->value, &reason) == 0) {
			s->stats.hits++;
			a.value = buf_str(&s->value);
			drop_landed(s);
			answer(s, r, &a, NULL);
			return;
		}
		s->stats.undecodable++;
	}
	fly(s, r, found);
}

static struct store_reader *reader_new(struct store *s, int kind, struct str id, store_got *got, void *ctx)
{
	size_t prefix = strlen(s->prefix), name = strlen(s->kind[kind].name), len = prefix + name + 1 + id.len;
	struct store_reader *r = mem_alloc(sizeof(*r) + len + 1);

	r->store = s;
	r->kind = kind;
	r->len = len;
	r->id_at = prefix + name + 1;
	r->got = got;
	r->ctx = ctx;
	r->began_ns = store_now();
	memcpy(r->key, s->prefix, prefix);
	memcpy(r->key + prefix, s->kind[kind].name, name);
	r->key[prefix + name] = ':';
	if (id.len)
		memcpy(r->key + r->id_at, id.at, id.len);
	return r;
}

void store_get(struct store *s, int kind, struct str id, store_got *got, void *ctx)
{
	struct store_reader *r;
	struct str key;

	s->stats.gets++;
	if (!store_takes_id(s, kind, id, got, NULL, ctx))
		return;
	r = reader_new(s, kind, id, got, ctx);
	key = (struct str){r->key, r->len};
	if (!store_may_read(s, kind, key)) {
		s->stats.bypassed += !s->kind[kind].sensitive;
		fly(s, r, STR(""));
		return;
	}
	link_asked(s, r);
	redis_cluster_send(s->redis, key, 2, (const struct str[]){str_from("GET"), key}, on_cached, r);
}
