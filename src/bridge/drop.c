/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/drop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/store.h"
#include "core/buf.h"
#include "core/clean.h"
#include "core/mem.h"
#include "source/redis_cluster.h"

enum {
	SCAN_COUNT = 1000, TOMBSTONE_MS = 5000, QUESTION_MS = 30000, EXAMPLES = 3, ROUNDS_MAX = 3,
	PAUSE_MS = 300, /* before looking again: who writes such keys gets the time to show */
	MANY = 10000, /* keys whose loss the database may feel */
	TELL_MS = 3000, /* PostgreSQL gets so long to connect, and as long to pass it on */
};

enum drop_step {
	DROP_CONNECTING, DROP_COUNTING, DROP_ASKING, DROP_GATE, DROP_TELLING, DROP_RUNNING, DROP_PAUSING, DROP_LOOKING_AGAIN, DROP_OVER
};

struct drop {
	struct task task; /* first */
	struct loop *loop;
	struct redis_cluster *redis;
	char *prefix, *pattern;
	bool one, alarm, no_writes;
	struct pgwork *tell;
	char *tell_sql, *tell_payload;
	char *value, *words;    /* what is put there; NULL: a tombstone */
	size_t value_len;
	double ttl_ms;
	void (*gate)(void *ctx, struct task *t);
	void *gate_ctx;
	struct loop_timer *now; /* what may not be done inside task_answer() and the like */
	enum drop_step step;
	bool yes, no, cancelled, gate_open;
	struct err gate_why;
	struct err half;        /* what of an alarm was not to be done; code 0: nothing */
	int node, rounds;
	int64_t seen, found, dropped, unlinking;
	bool scanned;           /* the last SCAN of this walk is answered */
};

static struct drop *drop_of(const struct task *t)
{
	return (struct drop *)(uintptr_t)t;
}

static int64_t now_ns(const struct drop *d)
{
	return loop_now(d->loop)->mono_ns;
}

static void end(struct drop *d, enum task_outcome outcome, const struct err *why)
{
	struct err kept = why ? *why : (struct err){0};

	if (d->step == DROP_OVER)
		return;
	d->step = DROP_OVER;
	redis_cluster_close(d->redis);
	task_done(&d->task, outcome, why ? &kept : NULL, now_ns(d));
}

/* --- walking ------------------------------------------------------------------------------------------------------------------ */

static void walk_ended(struct drop *d);

static void scan(struct drop *d, struct str cursor);

static void failed(struct drop *d, const struct resp_reply *reply, const struct err *why)
{
	struct err words;
	bool began = d->step >= DROP_RUNNING;

	if (why)
		words = *why;
	else
		err_set(&words, ERR_QUERY, "Redis refused: %.*s", (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
	end(d, began && why ? TASK_UNKNOWN : TASK_FAILED, &words);
}

static void on_unlinked(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct drop *d = ctx;

	if (d->step == DROP_OVER)
		return;
	if (why || reply->type != RESP_INTEGER) {
		failed(d, reply, why);
		return;
	}
	d->dropped += reply->integer;
	d->unlinking--;
	if (d->scanned && d->unlinking == 0)
		walk_ended(d);
}

static void take_keys(struct drop *d, const struct resp_reply *keys)
{
	size_t len = strlen(d->prefix);

	for (int i = 0; i < keys->count; i++) {
		struct str key = keys->element[i]->text;

		if (keys->element[i]->type != RESP_STRING || key.len < len || memcmp(key.at, d->prefix, len) != 0)
			continue;
		d->found++;
		if (d->step == DROP_COUNTING) {
			if (d->found <= EXAMPLES)
				task_say(&d->task, TASK_PLAIN, "  %.*s", (int)(key.len < 200 ? key.len : 200), key.at);
			continue;
		}
		d->unlinking++;
		redis_cluster_send(d->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_unlinked, d);
	}
}

static void on_scanned(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct drop *d = ctx;

	if (d->step == DROP_OVER)
		return;
	if (why || reply->type != RESP_ARRAY || reply->count != 2 || reply->element[0]->type != RESP_STRING ||
	    reply->element[1]->type != RESP_ARRAY) {
		failed(d, reply && reply->type == RESP_ERROR ? reply : &(struct resp_reply){.text = STR("no answer to SCAN")}, why);
		return;
	}
	take_keys(d, reply->element[1]);
	if (d->cancelled) {
		d->scanned = true;
	} else if (!str_is(reply->element[0]->text, "0")) {
		scan(d, reply->element[0]->text);
		return;
	} else if (d->node + 1 < redis_cluster_nodes(d->redis)) {
		d->node++;
		scan(d, STR("0"));
		return;
	}
	d->scanned = true;
	if (d->unlinking == 0)
		walk_ended(d);
}

static void scan(struct drop *d, struct str cursor)
{
	char count[16];

	snprintf(count, sizeof(count), "%d", SCAN_COUNT);
	redis_cluster_send_to(d->redis, d->node, 6,
	                      (const struct str[]){STR("SCAN"), cursor, STR("MATCH"), str_from(d->pattern), STR("COUNT"),
	                                           str_from(count)},
	                      on_scanned, d);
	if (d->step == DROP_RUNNING)
		task_progress(&d->task, d->seen > 0 ? fmin(1, (double)d->found / (double)d->seen) : (double)NAN, (double)NAN,
		              "dropping keys");
}

static void walk(struct drop *d, enum drop_step step)
{
	d->step = step;
	d->node = 0;
	d->found = 0;
	d->scanned = false;
	scan(d, STR("0"));
}

/* --- one key -------------------------------------------------------------------------------------------------------------------- */

static void on_there(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct drop *d = ctx;

	if (d->step == DROP_OVER)
		return;
	if (why || reply->type != RESP_INTEGER) {
		failed(d, reply, why);
		return;
	}
	d->found = reply->integer;
	walk_ended(d);
}

static void on_buried(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct drop *d = ctx;

	if (d->step == DROP_OVER)
		return;
	if (why || reply->type == RESP_ERROR) {
		failed(d, reply, why);
		return;
	}
	d->dropped = d->value ? 1 : d->seen;
	walk_ended(d);
}

static void bury(struct drop *d)
{
	struct str key = str_from(d->prefix), value = d->value ? (struct str){d->value, d->value_len} : STR(STORE_TOMBSTONE);
	char ttl[24];

	d->step = DROP_RUNNING;
	snprintf(ttl, sizeof(ttl), "%.0f", d->ttl_ms);
	redis_cluster_send(d->redis, key, 5, (const struct str[]){STR("SET"), key, value, STR("PX"), str_from(ttl)}, on_buried, d);
}

/* --- states --------------------------------------------------------------------------------------------------------------------- */

static void show_commands(struct drop *d)
{
	struct buf text = BUF_INIT(4096);

	if (d->tell)
		buf_addf(&text, "%s\n-- $1 = %s\n", d->tell_sql, d->tell_payload);
	if (d->one)
		buf_addf(&text, "%s %s %s PX %.0f", "SET", d->prefix, d->value ? d->words : STORE_TOMBSTONE, d->ttl_ms);
	else
		buf_addf(&text, "SCAN ... MATCH %s\nUNLINK of each key that it finds", d->pattern);
	task_sql(&d->task, buf_text(&text), text.len);
	buf_release(&text);
}

static void ask(struct drop *d)
{
	struct task_question q = {.weight = TASK_WEIGHT_YES, .expires_ms = QUESTION_MS, .danger = d->found >= MANY};
	struct buf name = BUF_INIT(400), title = BUF_INIT(1000);

	d->seen = d->found;
	if (d->no_writes) {
		struct err why;

		err_set(&why, ERR_PRIVILEGE, "dytop is read-only here");
		end(d, TASK_REFUSED, &why);
		return;
	}
	clean_text(&name, d->prefix, strlen(d->prefix) < 100 ? strlen(d->prefix) : 100, CLEAN_LINE);
	if (d->value) {
		task_say(&d->task, TASK_PLAIN, d->found ? "the key is there: its value is replaced" : "the key is not there");
		buf_addf(&title, "Put %s at %s for %.0f s?", d->words, buf_text(&name), d->ttl_ms / 1000);
	} else if (d->one) {
		task_say(&d->task, TASK_PLAIN, d->found ? "the key is there" : "the key is not there: only a refill under way is stopped");
		buf_addf(&title, "Drop the cached key %s?", buf_text(&name));
	} else {
		task_say(&d->task, d->found >= MANY ? TASK_WARN : TASK_PLAIN, "%lld keys begin with %s%s", (long long)d->found,
		         buf_text(&name), d->found >= MANY ? ": the database will have to serve them all again" : "");
		if (d->found == 0 && !d->alarm) {
			end(d, TASK_OK, NULL);
			goto out;
		}
		buf_addf(&title, "Drop %lld cached keys that begin with %s?", (long long)d->found, buf_text(&name));
	}
	show_commands(d);
	snprintf(q.title, sizeof(q.title), "%s", buf_text(&title));
	d->step = DROP_ASKING;
	task_ask(&d->task, &q);
out:
	buf_release(&name);
	buf_release(&title);
}

/* An alarm goes on as far as it can, but it is no success: whoever only looks at the exit status, or at the audit log, must not
 * take the class for safe. Both reasons may come together. */
static void fell_short(struct drop *d, const char *what)
{
	struct err before = d->half;

	task_say(&d->task, TASK_BAD, "%s", what);
	if (before.code)
		err_set(&d->half, ERR_QUERY, "%.230s; %.230s", before.text, what);
	else
		err_set(&d->half, ERR_QUERY, "not all of it is done: %.400s", what);
}

static void walk_ended(struct drop *d)
{
	if (d->cancelled) {
		task_say(&d->task, TASK_WARN, "%lld keys are gone", (long long)d->dropped);
		end(d, TASK_CANCELLED, NULL);
	} else if (d->step == DROP_COUNTING) {
		ask(d);
	} else if (d->alarm && (d->step == DROP_RUNNING || d->found > 0) && d->rounds < ROUNDS_MAX) {
		if (d->step == DROP_LOOKING_AGAIN)
			task_say(&d->task, TASK_WARN, "%lld were written again meanwhile, and are gone too", (long long)d->found);
		else
			task_check(&d->task);
		d->rounds++;
		d->step = DROP_PAUSING;
		loop_timer_in(d->now, PAUSE_MS);
	} else {
		if (d->step == DROP_LOOKING_AGAIN && d->found > 0)
			fell_short(d, "somebody goes on writing such keys: stop the application that does");
		if (d->value)
			task_say(&d->task, TASK_GOOD, "the value is there");
		else
			task_say(&d->task, TASK_GOOD, "%lld %s gone", (long long)d->dropped, d->dropped == 1 ? "key is" : "keys are");
		end(d, d->half.code ? TASK_FAILED : TASK_OK, d->half.code ? &d->half : NULL);
	}
}

/* --- telling the stores ---------------------------------------------------------------------------------------------------------- */

static void on_told(void *ctx, const struct pgwork_outcome *o)
{
	struct drop *d = ctx;

	if (d->step != DROP_TELLING)
		return;
	if (o->why) {
		char what[400];

		snprintf(what, sizeof(what), "the stores that listen were not told, and go on with what they have: %.300s", o->why->text);
		fell_short(d, what);
	} else {
		task_say(&d->task, TASK_GOOD, "the stores that listen are told: they neither read nor write such keys any more");
	}
	walk(d, DROP_RUNNING);
}

static void on_tell_down(void *ctx, const struct err *why)
{
	on_told(ctx, &(struct pgwork_outcome){.why = why});
}

static void tell(struct drop *d)
{
	const char *const values[1] = {d->tell_payload};
	struct pgwork_query q = {.sql = d->tell_sql, .values = values, .count = 1, .deadline_ms = TELL_MS, .done = on_told, .ctx = d};

	d->step = DROP_TELLING;
	pgwork_run(d->tell, &q, 1);
	pgwork_open(d->tell);
}

static void start(struct drop *d)
{
	task_run(&d->task, now_ns(d));
	if (d->one)
		bury(d);
	else if (d->tell)
		tell(d);
	else
		walk(d, DROP_RUNNING);
}

static void on_now(void *ctx)
{
	struct drop *d = ctx;

	if (d->step == DROP_ASKING && (d->no || d->cancelled)) {
		end(d, TASK_DECLINED, NULL);
	} else if (d->step == DROP_ASKING && d->yes) {
		d->step = DROP_GATE;
		if (d->gate)
			d->gate(d->gate_ctx, &d->task);
		else
			start(d);
	} else if (d->step == DROP_GATE && d->gate_open) {
		if (d->gate_why.code < 0)
			end(d, TASK_REFUSED, &d->gate_why);
		else
			start(d);
	} else if (d->cancelled && (d->step == DROP_CONNECTING || d->step == DROP_GATE || d->step == DROP_TELLING ||
	                            d->step == DROP_PAUSING)) {
		end(d, TASK_CANCELLED, NULL);
	} else if (d->step == DROP_PAUSING) {
		walk(d, DROP_LOOKING_AGAIN);
	}
}

void drop_go(struct task *t, const struct err *why)
{
	struct drop *d = drop_of(t);

	d->gate_open = true;
	if (why)
		d->gate_why = *why;
	loop_timer_in(d->now, 0);
}

static void task_answers(struct task *t, bool yes)
{
	struct drop *d = drop_of(t);

	d->yes = yes;
	d->no = !yes;
	loop_timer_in(d->now, 0);
}

static void task_cancels(struct task *t)
{
	struct drop *d = drop_of(t);

	d->cancelled = true;
	loop_timer_in(d->now, 0);
}

static void task_frees(struct task *t)
{
	struct drop *d = drop_of(t);

	redis_cluster_free(d->redis);
	pgwork_free(d->tell);
	if (d->value)
		mem_wipe(d->value, d->value_len);
	free(d->value);
	free(d->words);
	free(d->tell_sql);
	free(d->tell_payload);
	loop_timer_free(d->now);
	task_release(&d->task);
	free(d->prefix);
	free(d->pattern);
	free(d);
}

static const struct task_ops ops = {.answer = task_answers, .cancel = task_cancels, .free = task_frees};

/* --- connecting ------------------------------------------------------------------------------------------------------------------ */

static void on_up(void *ctx)
{
	struct drop *d = ctx;
	struct str key = str_from(d->prefix);

	if (d->step != DROP_CONNECTING)
		return;
	if (!d->one) {
		walk(d, DROP_COUNTING);
		return;
	}
	d->step = DROP_COUNTING;
	redis_cluster_send(d->redis, key, 2, (const struct str[]){STR("EXISTS"), key}, on_there, d);
}

static void on_down(void *ctx, const struct err *why)
{
	struct drop *d = ctx;

	end(d, d->step >= DROP_RUNNING ? TASK_UNKNOWN : TASK_FAILED, why);
}

static int make_tell(struct drop *d, struct loop *l, const struct drop_conf *conf, struct err *why)
{
	struct pgwork_conf pg = *conf->tell;
	struct pgwork_events events = {.down = on_tell_down, .ctx = d};
	int rc;

	pg.connect_timeout_ms = TELL_MS;
	rc = pgwork_new(&d->tell, l, &pg, &events, why);
	if (rc == 0) {
		d->tell_sql = mem_strdup(conf->tell_sql);
		d->tell_payload = mem_strdup(conf->tell_payload);
	}
	return rc;
}

int drop_task_new(struct task **out, struct loop *l, const struct drop_conf *conf, struct err *why)
{
	struct redis_work_conf redis = {.conf = conf->redis, .name = "dytop-cache", .log = conf->log};
	struct redis_work_events events = {.up = on_up, .down = on_down};
	struct drop *d;
	char title[TASK_TITLE_MAX];
	int rc;

	if (!conf->prefix || !*conf->prefix)
		return err_set(why, ERR_INVALID, "all keys of a Redis are not one store's: a prefix is needed");
	d = mem_alloc(sizeof(*d));
	events.ctx = d;
	d->loop = l;
	rc = redis_cluster_new(&d->redis, l, &redis, &events, why);
	if (rc == 0 && conf->tell)
		rc = make_tell(d, l, conf, why);
	if (rc < 0) {
		redis_cluster_free(d->redis);
		free(d);
		return rc;
	}
	d->value = conf->value.at ? mem_strndup(conf->value.at, conf->value.len) : NULL;
	d->value_len = conf->value.len;
	d->words = mem_strdup(conf->words);
	d->ttl_ms = conf->value.at ? conf->ttl_ms : TOMBSTONE_MS;
	d->prefix = mem_strdup(conf->prefix);
	d->pattern = store_pattern(conf->prefix);
	d->one = conf->one;
	d->alarm = conf->alarm;
	d->no_writes = conf->no_writes;
	d->gate = conf->gate;
	d->gate_ctx = conf->gate_ctx;
	d->now = loop_timer_new(l, on_now, d);
	snprintf(title, sizeof(title), "%s %.100s%s on %.60s", d->value ? "put" : "drop", conf->prefix, conf->one ? "" : "*",
	         redis_cluster_name(d->redis));
	task_init(&d->task, &ops, conf->alarm ? "cache_alarm" : d->value ? "cache_put" : conf->one ? "cache_drop" : "cache_drop_all", title);
	redis_cluster_open(d->redis);
	*out = &d->task;
	return 0;
}

int64_t drop_count(const struct task *t)
{
	return drop_of(t)->dropped;
}

const char *drop_server(const struct task *t)
{
	return redis_cluster_name(drop_of(t)->redis);
}
