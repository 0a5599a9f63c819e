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

struct put {
	struct store_call call;
	store_done *done;
	void *ctx;
	bool taking_out;   /* by UNLINK: what was put is not for the cache, or did not get there */
	struct err why;    /* code 0: none so far */
	size_t len;
	char key[];
};

static void on_put(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct put *p = ctx;
	struct store *s = p->call.store;
	struct str key = {p->key, p->len};
	struct err reason;

	if (!p->taking_out)
		store_on_filled(s, reply, why);
	else if (why || reply->type == RESP_ERROR)
		s->stats.redis_errors++;
	if (!why && reply->type == RESP_ERROR) {
		err_set(&reason, ERR_QUERY, "Redis refused the %s: %.*s", p->taking_out ? "UNLINK" : "value",
		        (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
		why = &reason;
	}
	if (why && !p->why.code)
		p->why = *why;
	if (why && !p->taking_out && reply) { /* full, say: what stands there is older than what was to be put */
		p->taking_out = true;
		redis_cluster_send(s->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_put, p);
		return;
	}
	if (why)
		store_doubt_key(s, key, why);
	if (p->done)
		p->done(p->ctx, p->why.code ? 0 : 1, p->why.code ? &p->why : NULL);
	store_call_free(&p->call);
}

void store_put(struct store *s, int kind, struct str id, struct str value, enum recipe_priority priority, store_done *done, void *ctx)
{
	size_t prefix = strlen(s->prefix) + strlen(s->kind[kind].name) + 1;
	struct str key;
	struct put *p;
	char ttl[24];

	if (!store_takes_id(s, kind, id, NULL, done, ctx))
		return;
	p = store_call_new(s, sizeof(*p) + prefix + id.len + 1);
	key = (struct str){p->key, prefix + id.len};
	snprintf(p->key, prefix + 1, "%s%s:", s->prefix, s->kind[kind].name);
	if (id.len)
		memcpy(p->key + prefix, id.at, id.len);
	p->len = key.len;
	p->done = done;
	p->ctx = ctx;
	store_forget_key(s, key);
	store_ttl(s, kind, priority, ttl);
	/* What must not be cached must not be there either. */
	p->taking_out = s->kind[kind].sensitive || s->class[kind].banned || !store_encode(s, kind, key, value);
	if (p->taking_out)
		redis_cluster_send(s->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_put, p);
	else
		redis_cluster_send(s->redis, key, 5,
		                   (const struct str[]){STR("SET"), key, buf_str(&s->coded), STR("PX"), str_from(ttl)}, on_put, p);
}
