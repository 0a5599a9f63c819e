/* SPDX-License-Identifier: PostgreSQL */
/* Puts, and ids that are none. */
#include <stdlib.h>
#include <string.h>

#include "bridge/store_private.h"
#include "core/mem.h"

/* --- ids ------------------------------------------------------------------------------------------------------------------------ */

void store_tell_refused(void *ctx)
{
	struct store *s = ctx;
	struct store_refusal *at = s->refused;

	s->refused = NULL;
	while (at) {
		struct store_refusal *next = at->next;

		if (at->got)
			at->got(at->ctx, NULL, &at->why);
		else if (at->done)
			at->done(at->ctx, 0, &at->why);
		free(at);
		at = next;
	}
}

bool store_takes_id(struct store *s, int kind, struct str id, store_got *got, store_done *done, void *ctx)
{
	size_t len = strlen(s->prefix) + strlen(s->kind[kind].name) + 1 + id.len;
	bool nul = id.len && memchr(id.at, '\0', id.len);
	struct store_refusal *refusal;

	if (!nul && len <= STORE_KEY_MAX)
		return true;
	refusal = mem_alloc(sizeof(*refusal));
	refusal->next = s->refused;
	refusal->got = got;
	refusal->done = done;
	refusal->ctx = ctx;
	if (nul) /* the database would be asked for what stands before it */
		err_set(&refusal->why, ERR_INVALID, "an id has no zero byte");
	else
		err_set(&refusal->why, ERR_INVALID, "a key has at most %d bytes, this one would have %zu", STORE_KEY_MAX, len);
	s->refused = refusal;
	s->stats.failed += got != NULL;
	loop_timer_in(s->telling, 0);
	return false;
}

/* --- puts ----------------------------------------------------------------------------------------------------------------------- */

/*
 * In two steps: a token takes the place of whatever stands there, and once that is known the value takes the token's. A command whose
 * connection was given up may reach Redis late, after a drop that came after the put; then no token stands there that it knows.
 */
struct put {
	struct store_call call;
	store_done *done;
	void *ctx;
	int kind;
	enum { PUT_TOKEN, PUT_VALUE, PUT_PLAIN, PUT_OUT } step; /* plain: Redis runs no scripts; out: UNLINK */
	struct err why;    /* code 0: none so far */
	char token[STORE_TOKEN_MAX], ttl[24];
	struct str key, value; /* both in: */
	char bytes[];
};

static void on_put(void *ctx, const struct resp_reply *reply, const struct err *why);

static void take_step(struct put *p, int step)
{
	struct store *s = p->call.store;
	char ttl[16];

	p->step = step;
	snprintf(ttl, sizeof(ttl), "%d", STORE_LEASE_MS);
	if (step == PUT_OUT)
		redis_cluster_send(s->redis, p->key, 2, (const struct str[]){STR("UNLINK"), p->key}, on_put, p);
	else if (step == PUT_VALUE)
		store_settle(s, p->key, p->token, p->value, p->ttl, on_put, p);
	else
		redis_cluster_send(s->redis, p->key, 5,
		                   (const struct str[]){STR("SET"), p->key, step == PUT_TOKEN ? str_from(p->token) : p->value, STR("PX"),
		                                        str_from(step == PUT_TOKEN ? ttl : p->ttl)}, on_put, p);
}

static void put_ended(struct put *p, bool took)
{
	if (p->done)
		p->done(p->ctx, took, p->why.code ? &p->why : NULL);
	store_call_free(&p->call);
}

static void on_put(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct put *p = ctx;
	struct store *s = p->call.store;
	struct err reason;

	if (!why && reply->type == RESP_ERROR) {
		err_set(&reason, ERR_QUERY, "Redis refused the %s: %.*s", p->step == PUT_OUT ? "UNLINK" : "value",
		        (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
		why = &reason;
		if (p->step == PUT_VALUE)
			store_check_scripts(s, reply);
	}
	if (why && p->step == PUT_VALUE && s->no_scripts) {
		take_step(p, PUT_PLAIN);
		return;
	}
	if (!why && p->step == PUT_TOKEN) {
		take_step(p, s->class[p->kind].banned ? PUT_OUT : PUT_VALUE);
		return;
	}
	if (p->step == PUT_VALUE || p->step == PUT_PLAIN)
		store_on_filled(s, reply, why);
	else if (why)
		s->stats.redis_errors++;
	if (why && !p->why.code)
		p->why = *why;
	if (why && p->step != PUT_OUT && reply) { /* full, say: what stands there is older than what was to be put */
		take_step(p, PUT_OUT);
		return;
	}
	if (why)
		store_doubt_key(s, p->key, why);
	put_ended(p, !p->why.code && reply->type != RESP_NIL);
}

void store_put(struct store *s, int kind, struct str id, struct str value, enum recipe_priority priority, store_done *done, void *ctx)
{
	char bytes[STORE_KEY_MAX + 1];
	size_t prefix;
	struct str key, coded = STR("");
	struct put *p;
	bool cached;

	if (!store_takes_id(s, kind, id, NULL, done, ctx))
		return;
	prefix = (size_t)snprintf(bytes, sizeof(bytes), "%s%s:", s->prefix, s->kind[kind].name);
	if (id.len)
		memcpy(bytes + prefix, id.at, id.len);
	key = (struct str){bytes, prefix + id.len};
	/* What must not be cached must not be there either. */
	cached = !s->kind[kind].sensitive && !s->class[kind].banned && store_encode(s, kind, key, value);
	if (cached)
		coded = buf_str(&s->coded);
	p = store_call_new(s, sizeof(*p) + key.len + coded.len);
	p->kind = kind;
	p->done = done;
	p->ctx = ctx;
	memcpy(p->bytes, key.at, key.len);
	if (coded.len)
		memcpy(p->bytes + key.len, coded.at, coded.len);
	p->key = (struct str){p->bytes, key.len};
	p->value = (struct str){p->bytes + key.len, coded.len};
	store_forget_key(s, key);
	store_ttl(s, kind, priority, p->ttl);
	store_token(s, p->token);
	take_step(p, !cached ? PUT_OUT : s->no_scripts ? PUT_PLAIN : PUT_TOKEN);
}
