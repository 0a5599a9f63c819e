/* SPDX-License-Identifier: PostgreSQL */
/* dytop cache ...: one value, cache first; putting one there; and taking cached keys out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/audit.h"
#include "app/cache_keys.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"
#include "bridge/drop.h"
#include "bridge/store.h"
#include "core/clean.h"
#include "core/mem.h"
#include "model/json.h"

struct args {
	bool yes;
	char *prefix, *cache_keys, *priority;
};

#define AT(member) offsetof(struct args, member)
static const struct option_def rows[] = {
	{"yes", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(yes), OPTION_ARGV_ONLY, .help = "do not ask"},
	{"prefix", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(prefix), OPTION_ARGV_ONLY, "dytallix:bridge:", .arg = "TEXT",
	 .help = "what all keys of the store begin with"},
	{"cache-keys", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(cache_keys), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "get, put: keys for sealed values, as of dytop warm"},
	{"priority", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(priority), OPTION_ARGV_ONLY, "low", .arg = "WORD",
	 .help = "put: low, medium, high or critical; the recipe says how long each is kept"},
	{.name = NULL},
};

/* Of the command line. */
struct words_of {
	const char *what, *value; /* KIND:ID, TEXT or KIND; put: NULL = standard input */
	const char *key;          /* what, behind the prefix */
};

/* --- taking out ---------------------------------------------------------------------------------------------------------- */

struct witness {
	struct audit *audit;
	const char *target, *confirmed;
	char id[AUDIT_ID_MAX];
	struct task *task;
	bool told; /* an intent was handed over: an outcome belongs to it */
};

static void intent_written(void *ctx, const struct err *why)
{
	drop_go(((struct witness *)ctx)->task, why);
}

static void write_intent(void *ctx, struct task *t)
{
	struct witness *a = ctx;
	const struct audit_intent line = {
		.id = a->id, .action = t->kind, .server = {.name = drop_server(t)}, .target = a->target, .sql = t->sql,
		.confirmed = a->confirmed,
	};

	a->task = t;
	a->told = true;
	audit_intent(a->audit, &line, intent_written, a);
}

static void write_outcome(struct witness *a, const struct task *t)
{
	const struct audit_outcome line = {
		.id = a->id, .action = t->kind, .outcome = t->state == TASK_DONE ? t->outcome : TASK_UNKNOWN,
		.error = t->why.code ? t->why.text : NULL, .rows = drop_count(t),
		.duration_ms = t->ended_ns > t->began_ns ? (double)(t->ended_ns - t->began_ns) / 1e6 : (double)NAN,
	};

	if (a->told)
		audit_outcome(a->audit, &line, NULL, NULL);
}

/* conf: what is to be done; where and how it is witnessed is added. */
static int drop(struct run *r, const struct args *args, struct drop_conf *conf, struct err *why)
{
	const struct options *o = r->options;
	const struct source_conf *redis = front_server(&r->servers, PANEL_REDIS, why);
	struct witness witness = {.target = conf->prefix, .confirmed = args->yes ? "--yes" : "y"};
	const struct audit_conf log = {.path = o->audit, .literals = o->audit_literals};
	struct task *task = NULL;
	int status = 1;

	if (!redis)
		return 1;
	if (!o->read_only && audit_new(&witness.audit, r->loop, &log, why))
		return 1;
	audit_id(witness.id);
	conf->redis = redis;
	conf->no_writes = o->read_only;
	conf->gate = write_intent;
	conf->gate_ctx = &witness;
	conf->log = r->log;
	if (drop_task_new(&task, r->loop, conf, why) == 0) {
		status = front_run(r->loop, task, &(struct front_conf){.yes = args->yes, .yes_danger = args->yes}, why);
		write_outcome(&witness, task);
	}
	if (witness.audit) {
		audit_forget(witness.audit, &witness);
		audit_free(witness.audit);
	}
	task_free(task);
	return status;
}

/* --- kinds: the recipe says how it is cached, a file of sql/bridge how one of it is read ---------------------------------------- */

static const struct {
	const char *kind, *recipe, *one;
} known[] = {
	{"tx", "transactions", "one_tx"},
	{"asset", "assets", "one_asset"},
	{"chain", "chains", "one_chain"},
};

struct kinds {
	struct recipe *recipe[ARRAY_LEN(known)];
	struct store_kind kind[ARRAY_LEN(known)];
};

static int load_kinds(struct run *r, struct kinds *k, struct err *why)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct files_text text;
		int rc = files_text(r->files, r->options, FILE_WARM, known[i].recipe, &text, why);

		if (rc == 0)
			rc = recipe_parse(&k->recipe[i], text.name, text.path, text.text, why);
		if (rc == 0)
			rc = files_text(r->files, r->options, FILE_BRIDGE, known[i].one, &text, why);
		if (rc < 0)
			return rc;
		k->kind[i] = (struct store_kind){
			.name = known[i].kind, .sql = text.text.at, .codec = k->recipe[i]->codec, .jitter = k->recipe[i]->jitter,
		};
		for (int p = 0; p < RECIPE_PRIORITIES; p++)
			k->kind[i].ttl_ms[p] = k->recipe[i]->ttl_s[p] * 1000;
	}
	return 0;
}

static int find_kind(const char *name, size_t len, struct err *why)
{
	struct buf seen = BUF_INIT(200);

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strlen(known[i].kind) == len && memcmp(known[i].kind, name, len) == 0)
			return (int)i;
	}
	clean_text(&seen, name, len < 60 ? len : 60, CLEAN_LINE);
	if (len == 4 && memcmp(name, "sigs", len) == 0)
		err_set(why, ERR_INVALID, "signatures are never cached; what an application put there: dytop cache security-event sigs");
	else
		err_set(why, ERR_INVALID, "'%s' is no kind of cached values; there are tx, asset and chain", buf_text(&seen));
	buf_release(&seen);
	return ERR_INVALID;
}

/* --- get -------------------------------------------------------------------------------------------------------------------------- */

enum { LOOK_MS = 20, PATIENCE_MS = 1000 }; /* until Redis is there: then the database serves */

struct getter {
	struct loop *loop;
	struct store *store;
	struct loop_timer *look;
	int64_t began_ns;
	int kind, status;
	struct str id;
	struct err *why;
};

static void on_got(void *ctx, const struct store_answer *a, const struct err *why)
{
	struct getter *g = ctx;

	loop_stop(g->loop);
	if (why) {
		g->status = front_status(why->code);
		*g->why = *why;
		return;
	}
	fprintf(stderr, "%s\n", !a->found ? "not found" : a->from == STORE_CACHE ? "from the cache" : "from the database");
	g->status = a->found ? 0 : 1;
	if (a->found && (fwrite(a->value.at, 1, a->value.len, stdout) != a->value.len || putchar('\n') == EOF || fflush(stdout) != 0))
		g->status = err_set(g->why, ERR_IO, "cannot write to standard output: %m") ? 4 : 0;
}

static void on_look(void *ctx)
{
	struct getter *g = ctx;
	double waited = (double)(loop_now(g->loop)->mono_ns - g->began_ns) / 1e6;

	if (store_stats(g->store)->redis_up || waited > PATIENCE_MS)
		store_get(g->store, g->kind, g->id, on_got, g);
	else
		loop_timer_in(g->look, LOOK_MS);
}

static void on_notice(void *ctx, const char *words)
{
	(void)ctx;
	fprintf(stderr, "dytop: %s\n", words);
}

static int get(struct run *r, const struct args *args, const struct kinds *k, const struct codec_keys *keys, const char *what,
               struct err *why)
{
	const char *colon = strchr(what, ':');
	struct getter g = {.loop = r->loop, .why = why, .status = 1};
	const struct source_conf *pg = front_server(&r->servers, PANEL_PG, why);
	const struct source_conf *redis = pg ? front_server(&r->servers, PANEL_REDIS, why) : NULL;
	struct pool_conf pool_conf = {.work = {.conf = pg, .application = "dytop cache", .log = r->log}, .limits = {.min = 1, .max = 1}};
	struct store_events events = {.notice = on_notice};
	struct pool *pool = NULL;

	if (!redis)
		return 1;
	if (!colon || !colon[1])
		return err_set(why, ERR_INVALID, "KIND:ID is wanted, as tx:4711");
	g.kind = find_kind(what, (size_t)(colon - what), why);
	if (g.kind < 0)
		return 1;
	g.id = str_from(colon + 1);
	struct store_conf conf = {
		.redis = redis, .prefix = args->prefix, .kind = k->kind, .kinds = (int)ARRAY_LEN(known), .keys = keys->count ? keys : NULL,
		.deny = &k->recipe[g.kind]->deny, .log = r->log,
	};
	pool_conf.limits.lifetime_ms = 3600e3;
	if (pool_new(&pool, r->loop, &pool_conf, &(struct pool_events){.ctx = NULL}, why) == 0) {
		conf.pool = pool;
		if (store_new(&g.store, r->loop, &conf, &events, why) == 0) {
			g.look = loop_timer_new(r->loop, on_look, &g);
			g.began_ns = loop_now(r->loop)->mono_ns;
			pool_open(pool);
			store_open(g.store);
			loop_timer_in(g.look, 0);
			loop_run(r->loop);
			loop_once(r->loop, false); /* the refill leaves at the end of a turn */
		}
	}
	loop_timer_free(g.look);
	store_free(g.store);
	pool_free(pool);
	return g.status;
}

/* --- put -------------------------------------------------------------------------------------------------------------------------- */

/* Standard input, whole. One line break at its end is not part of the value. */
static int read_value(struct buf *out, struct err *why)
{
	char piece[1 << 16];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		buf_add(out, piece, n);
	mem_wipe(piece, sizeof(piece));
	if (ferror(stdin))
		return err_set(why, ERR_IO, "cannot read standard input: %m");
	if (out->failed)
		return err_set(why, ERR_TOO_BIG, "the value is larger than %d MiB", CODEC_RAW_MAX >> 20);
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		buf_cut(out, out->len - 1);
	return 0;
}

/* What the application could not read, or what must not be cached, is not put there. */
static int encode(struct recipe *recipe, const struct codec_keys *keys, struct str key, struct str raw, struct buf *out,
                  struct err *why)
{
	struct codec *codec = NULL;
	struct json *json = NULL;
	const char *denied = deny_finds(&recipe->deny, key, raw);
	int rc;

	if (denied)
		return err_set(why, ERR_PRIVILEGE, "not cached: the value or the key has what the deny list forbids (%s)", denied);
	rc = json_parse(&json, raw.at, raw.len, CODEC_RAW_MAX, why);
	if (rc < 0) {
		err_prefix(why, "the value is no JSON, which all kinds are: ");
		return rc;
	}
	json_free(json);
	rc = codec_new(&codec, recipe->codec, keys->count ? keys : NULL, why);
	if (rc == 0)
		rc = codec_encode(codec, key, raw, out, why);
	if (rc == 0 && (int64_t)out->len > recipe->value_limit)
		rc = err_set(why, ERR_TOO_BIG, "encoded it has %zu bytes; the recipe %s caches none above %lld", out->len, recipe->name,
		             (long long)recipe->value_limit);
	codec_free(codec);
	return rc;
}

static int put(struct run *r, const struct args *args, const struct kinds *k, const struct codec_keys *keys, const struct words_of *w,
               struct err *why)
{
	const char *colon = strchr(w->what, ':');
	struct buf raw, coded;
	char words[80];
	int status = 1;
	int priority = recipe_priority_find(str_from(args->priority));
	int kind = colon && colon[1] ? find_kind(w->what, (size_t)(colon - w->what), why)
	                             : err_set(why, ERR_INVALID, "KIND:ID is wanted, as tx:4711");

	if (kind < 0)
		return 1;
	if (priority < 0)
		return err_set(why, ERR_INVALID, "--priority: low, medium, high or critical");
	buf_init(&raw, CODEC_RAW_MAX);
	buf_init(&coded, CODEC_RAW_MAX + 1024);
	if (!w->value || strcmp(w->value, "-") == 0)
		status = read_value(&raw, why);
	else
		status = buf_adds(&raw, w->value) ? 0 : err_set(why, ERR_TOO_BIG, "the value is too large");
	if (status == 0)
		status = encode(k->recipe[kind], keys, str_from(w->key), buf_str(&raw), &coded, why);
	if (status == 0) {
		struct drop_conf conf = {
			.prefix = w->key, .one = true, .value = buf_str(&coded), .ttl_ms = k->kind[kind].ttl_ms[priority], .words = words,
		};

		snprintf(words, sizeof(words), "%zu bytes (%s of %zu)", coded.len, codec_kind_name(k->kind[kind].codec), raw.len);
		status = drop(r, args, &conf, why);
	}
	if (raw.data)
		mem_wipe(raw.data, raw.len);
	buf_release(&raw);
	buf_release(&coded);
	return status;
}

/* --- security-event ----------------------------------------------------------------------------------------------------------------- */

#define KIND_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static bool has_postgres(const struct run *r)
{
	for (int i = 0; i < r->servers.count; i++) {
		if (r->servers.conf[i].kind == PANEL_PG)
			return true;
	}
	return false;
}

/* With PostgreSQL given the stores that listen are told; without it only Redis is. */
static int alarm_kind(struct run *r, const struct args *args, const struct words_of *w, struct err *why)
{
	const struct source_conf *pg = NULL;
	struct pgwork_conf tell = {.application = "dytop cache", .log = r->log};
	struct drop_conf conf = {.alarm = true};
	struct buf key = BUF_INIT(4096), payload = BUF_INIT(200);
	struct files_text sql;
	int status = 1;

	if (strlen(w->what) > STORE_KIND_MAX || strspn(w->what, KIND_LETTERS) != strlen(w->what))
		return err_set(why, ERR_INVALID, "a kind has letters, digits, _ and -, as tx or sigs");
	buf_addf(&key, "%s:", w->key);
	buf_addf(&payload, "%s:!", w->what);
	conf.prefix = buf_text(&key);
	if (has_postgres(r)) {
		pg = front_server(&r->servers, PANEL_PG, why);
		if (!pg || files_text(r->files, r->options, FILE_BRIDGE, "security_event", &sql, why) < 0)
			goto out;
		tell.conf = pg;
		conf.tell = &tell;
		conf.tell_sql = sql.text.at;
		conf.tell_payload = buf_text(&payload);
	}
	status = drop(r, args, &conf, why);
out:
	buf_release(&key);
	buf_release(&payload);
	return status;
}

/* --- the command -------------------------------------------------------------------------------------------------------------------- */

static int usage(struct err *why)
{
	err_set(why, ERR_INVALID, "cache takes: get KIND:ID, put KIND:ID [VALUE|-], drop KIND:ID, drop-prefix TEXT, flush, or "
	        "security-event KIND");
	return 1;
}

static int act(struct run *r, const struct args *args, const char *verb, struct words_of *w, struct err *why)
{
	struct kinds kinds = {{NULL}, {{.name = NULL}}};
	struct codec_keys keys = {.count = 0};
	struct buf key = BUF_INIT(4096);
	int status = 1;

	buf_adds(&key, args->prefix);
	buf_adds(&key, w->what ? w->what : "");
	w->key = buf_text(&key);
	if (key.failed) {
		err_set(why, ERR_INVALID, "the key is longer than 4096 bytes");
	} else if (strcmp(verb, "get") == 0) {
		if (cache_keys_load(&keys, args->cache_keys, why) == 0 && load_kinds(r, &kinds, why) == 0)
			status = get(r, args, &kinds, &keys, w->what, why);
	} else if (strcmp(verb, "put") == 0) {
		if (cache_keys_load(&keys, args->cache_keys, why) == 0 && load_kinds(r, &kinds, why) == 0)
			status = put(r, args, &kinds, &keys, w, why);
	} else if (strcmp(verb, "security-event") == 0) {
		status = alarm_kind(r, args, w, why);
	} else {
		status = drop(r, args, &(struct drop_conf){.prefix = w->key, .one = strcmp(verb, "drop") == 0}, why);
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		recipe_free(kinds.recipe[i]);
	codec_keys_wipe(&keys);
	buf_release(&key);
	return status < 0 ? 1 : status;
}

static int run(const struct options *o, struct err *why)
{
	const char *verb = o->words.count > 0 ? o->words.item[0] : "";
	struct words_of w = {
		.what = o->words.count > 1 ? o->words.item[1] : NULL, .value = o->words.count > 2 ? o->words.item[2] : NULL,
	};
	bool flush = strcmp(verb, "flush") == 0, put = strcmp(verb, "put") == 0;
	struct run r;
	int status;

	if (!flush && !put && strcmp(verb, "get") != 0 && strcmp(verb, "drop") != 0 && strcmp(verb, "drop-prefix") != 0 &&
	    strcmp(verb, "security-event") != 0)
		return usage(why);
	if ((o->words.count != (flush ? 1 : 2) && !(put && o->words.count == 3)) || (w.what && !*w.what))
		return usage(why);
	if (run_init(&r, o, why) < 0)
		return 1;
	status = act(&r, o->args, verb, &w, why);
	run_release(&r);
	return status;
}

const struct command cmd_cache = {
	.name = "cache",
	.arguments = "[OPTION]... get KIND:ID | put KIND:ID [VALUE|-] | drop KIND:ID | drop-prefix TEXT | flush | security-event KIND",
	.summary = "read one value cache first; put one there; take cached keys out",
	.about =
	"get asks Redis, else PostgreSQL, and then leaves the value in Redis, as the bridge's store does (kinds: tx, asset, chain; the "
	"recipe of dytop warm says how it is cached). Where it came from is told on standard error. Exit status 1: there is none.\n"
	"put encodes a value as the recipe says and puts it there, whatever stands there, for the TTL of --priority; without VALUE "
	"or with - it is read from standard input. What is no JSON, and what the deny list forbids, is refused.\n"
	"drop takes one key out and leaves a tombstone there for 5 s, so that a reader of the old row cannot put it back. drop-prefix takes "
	"out all keys that begin so (behind --prefix), flush all of the prefix: by SCAN and UNLINK, never KEYS, on every node of a "
	"cluster. security-event takes out a whole kind, then looks again for what was written meanwhile. Where a PostgreSQL is named it first "
	"tells the stores that listen there (NOTIFY dytop_invalidate, 'KIND:!'): until they end they cache none of that kind. Exit status "
	"1: they could not be told, or such keys were still being written at the end; what could be taken out is.\n"
	"All but get show what they found and ask first; what was done is in the audit log.",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run,
};
