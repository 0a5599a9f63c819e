/* SPDX-License-Identifier: PostgreSQL */
/* dytop warm [RECIPE]: fills the cache from the database. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "action/audit.h"
#include "app/cache_keys.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"
#include "bridge/warm.h"
#include "model/json.h"

struct args {
	bool yes, dry_run, overwrite, list;
	double rate;
	int64_t rows;
	char *codec, *cache_keys, *format;
	double watch_ms;
};

static const char *const *codec_names(void)
{
	static const char *const names[] = {"recipe", "raw", "zlib", "sealed", NULL};

	return names;
}

static const char *const *format_names(void)
{
	static const char *const names[] = {"text", "json", NULL};

	return names;
}

#define AT(member) offsetof(struct args, member)
static const struct option_def rows[] = {
	{"yes", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(yes), OPTION_ARGV_ONLY, .help = "do not ask"},
	{"dry-run", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(dry_run), OPTION_ARGV_ONLY,
	 .help = "read and encode everything, write nothing: counts and sizes"},
	{"rate", 0, OPTION_NUMBER, OPTIONS_ACTIONS, AT(rate), OPTION_ARGV_ONLY, .min = 0, .max = 1e7, .arg = "KEYS_PER_S",
	 .help = "at most so many keys per second instead of the recipe's rate; 0 = as fast as it goes"},
	{"rows", 0, OPTION_INT, OPTIONS_ACTIONS, AT(rows), OPTION_ARGV_ONLY, "0", 0, 1e9, .arg = "N",
	 .help = "at most so many rows instead of the recipe's limit; 0 = the recipe's"},
	{"codec", 0, OPTION_CHOICE, OPTIONS_ACTIONS, AT(codec), OPTION_ARGV_ONLY, "recipe", .names = codec_names, .arg = "CODEC",
	 .help = "raw, zlib or sealed instead of the recipe's; the application must be able to read it"},
	{"cache-keys", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(cache_keys), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "keys for sealed values, mode 0600: a line is a number, a blank and 64 hexadecimal digits, the first one seals. Without it: "
	         "the environment variable DYTOP_CACHE_SECRET"},
	{"overwrite", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(overwrite), OPTION_ARGV_ONLY,
	 .help = "replace keys that are there; else they stay as they are"},
	{"watch", 0, OPTION_DURATION, OPTIONS_ACTIONS, AT(watch_ms), OPTION_ARGV_ONLY, "2s", 0, 600e3, .arg = "TIME",
	 .help = "how long to look at the hit ratio, before and after; 0 = not"},
	{"list", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(list), OPTION_ARGV_ONLY, .help = "list the recipes"},
	{"format", 0, OPTION_CHOICE, OPTIONS_ACTIONS, AT(format), OPTION_ARGV_ONLY, "text", .names = format_names, .arg = "FORMAT",
	 .help = "text, or json: the report on standard output, everything else on standard error"},
	{.name = NULL},
};

/* --- recipes ---------------------------------------------------------------------------------------------------------- */

static int find_recipe(struct run *r, const char *name, struct recipe **out, struct err *why)
{
	struct files_text text;
	int rc = files_text(r->files, r->options, FILE_WARM, name, &text, why);

	return rc ? rc : recipe_parse(out, text.name, text.path, text.text, why);
}

static int list_recipes(struct run *r, struct err *why)
{
	const char *const *names;
	int rc = files_texts(r->files, r->options, FILE_WARM, &names, why);

	for (; rc == 0 && *names; names++) {
		struct recipe *recipe = NULL;
		rc = find_recipe(r, *names, &recipe, why);
		if (rc == 0)
			printf("%-16s %-7s %s  %s\n", recipe->name, codec_kind_name(recipe->codec), recipe->prefix, recipe->title);
		recipe_free(recipe);
	}
	if (rc == 0 && fflush(stdout) != 0)
		rc = err_set(why, ERR_IO, "cannot write to standard output: %m");
	return rc == ERR_IO ? 4 : rc ? 1 : 0;
}

/* --- the audit log ---------------------------------------------------------------------------------------------------- */

struct witness {
	struct audit *audit;
	const struct recipe *recipe;
	const char *confirmed;
	char id[AUDIT_ID_MAX];
	struct task *task;
	bool told; /* an intent was handed over: an outcome belongs to it */
};

static void intent_written(void *ctx, const struct err *why)
{
	struct witness *a = ctx;

	warm_go(a->task, why);
}

static void write_intent(void *ctx, struct task *t)
{
	struct witness *a = ctx;
	char target[300];

	snprintf(target, sizeof(target), "recipe %s: keys %s*", a->recipe->name, a->recipe->prefix);
	const struct audit_intent line = {
		.id = a->id, .action = t->kind, .server = {.name = warm_server(t)}, .target = target, .sql = a->recipe->query,
		.confirmed = a->confirmed,
	};
	a->task = t;
	a->told = true;
	audit_intent(a->audit, &line, intent_written, a);
}

static void write_outcome(struct witness *a, const struct task *t)
{
	const struct warm_report *r = warm_report(t);
	const struct audit_outcome line = {
		.id = a->id, .action = t->kind, .outcome = t->state == TASK_DONE ? t->outcome : TASK_UNKNOWN,
		.error = t->why.code ? t->why.text : NULL, .duration_ms = r->elapsed_ms, .rows = r->written,
	};

	if (a->told)
		audit_outcome(a->audit, &line, NULL, NULL);
}

/* --- the report ------------------------------------------------------------------------------------------------------- */

static void put_count(struct json_writer *w, const char *key, int64_t value)
{
	if (value < 0)
		json_put_null(w, key);
	else
		json_put_int(w, key, value);
}

static void put_hits(struct json_writer *w, const char *key, const struct warm_hits *h)
{
	json_open_map(w, key);
	put_count(w, "hits", h->hits);
	put_count(w, "misses", h->misses);
	json_put_number(w, "ratio_percent", h->hits + h->misses > 0 && h->hits >= 0 ? 100.0 * (double)h->hits / (double)(h->hits + h->misses)
	                                                                           : (double)NAN);
	json_close(w);
}

static int print_json(const struct task *t, const struct recipe *recipe, bool dry_run, struct err *why)
{
	const struct warm_report *r = warm_report(t);
	struct buf out = BUF_INIT(1 << 20);
	struct json_writer w;

	json_begin(&w, &out, true);
	json_open_map(&w, NULL);
	json_put_string(&w, "recipe", recipe->name);
	json_put_string(&w, "server", warm_server(t));
	json_put_string(&w, "outcome", task_outcome_name(t->outcome));
	json_put_string(&w, "error", t->why.code ? t->why.text : NULL);
	json_put_bool(&w, "dry_run", dry_run);
	put_count(&w, "expected", r->expected);
	json_put_int(&w, "rows", r->rows);
	json_put_int(&w, dry_run ? "would_write" : "written", r->written);
	json_put_int(&w, "already_there", r->there);
	json_put_int(&w, "denied", r->denied);
	json_put_int(&w, "sensitive", r->sensitive);
	json_put_int(&w, "too_big", r->too_big);
	json_put_int(&w, "failed", r->failed);
	json_put_int(&w, "unknown", r->unknown);
	json_put_int(&w, "changed_meanwhile", r->changed);
	json_put_int(&w, "changed_not_taken_back", r->unburied);
	json_put_bool(&w, "changes_heard", r->heard);
	json_put_int(&w, "snapshots_renewed", r->renewed);
	json_put_bool(&w, "stopped_before_maxmemory", r->stopped_memory);
	json_open_map(&w, "by_priority");
	for (int i = 0; i < RECIPE_PRIORITIES; i++)
		json_put_int(&w, recipe_priority_name((enum recipe_priority)i), r->by_priority[i]);
	json_close(&w);
	json_put_int(&w, "raw_bytes", r->raw_bytes);
	json_put_int(&w, "stored_bytes", r->stored_bytes);
	json_put_int(&w, "largest_bytes", r->largest);
	json_put_number(&w, "elapsed_ms", r->elapsed_ms);
	json_put_number(&w, "keys_per_s", dry_run ? (double)NAN : r->rate);
	put_count(&w, "redis_used_before", r->used_before);
	put_count(&w, "redis_used_after", r->used_after);
	put_count(&w, "redis_maxmemory", r->maxmemory);
	json_put_int(&w, "slowed_for_redis", r->slowed_redis);
	json_put_int(&w, "slowed_for_postgres", r->slowed_pg);
	put_hits(&w, "hits_before", &r->before);
	put_hits(&w, "hits_after", &r->after);
	json_close(&w);
	buf_addc(&out, '\n');
	bool ok = !out.failed && fputs(buf_text(&out), stdout) != EOF && fflush(stdout) == 0;
	buf_release(&out);
	return ok ? 0 : err_set(why, ERR_IO, "cannot write to standard output: %m");
}

/* --- manners ---------------------------------------------------------------------------------------------------------- */

/* What sched_setattr(2) takes, in its first form; the C library has no name for it on Debian 12. */
struct manners {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* At a rate there is time: whoever else wants this machine's cores, perhaps that Redis or its other clients, goes first. A tenth of a
 * core is left to us by the busiest neighbour (nice 10), so replies are still read in time. The long slice is for Linux 6.12 and
 * later: who wakes up with a shorter one is not kept waiting until ours is over. Who has chosen a priority for us already keeps
 * it. What fails is no harm. */
static void step_behind(const struct recipe *recipe, const struct args *args)
{
	const struct manners behind = {
		.size = sizeof(behind), .policy = SCHED_BATCH, .nice = 10, .runtime_ns = 100 * (uint64_t)CLOCK_MS_NS,
	};
	double rate = isfinite(args->rate) ? args->rate : recipe->rate;

	if (rate > 0 && !args->dry_run && sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) < behind.nice)
		(void)syscall(SYS_sched_setattr, 0, &behind, 0);
}

/* --- the run ---------------------------------------------------------------------------------------------------------- */

static int warm_it(struct run *r, const struct args *args, const struct recipe *recipe, const struct codec_keys *keys,
                   struct err *why)
{
	const struct options *o = r->options;
	const struct source_conf *pg = front_server(&r->servers, PANEL_PG, why);
	const struct source_conf *redis = pg ? front_server(&r->servers, PANEL_REDIS, why) : NULL;
	struct witness witness = {.recipe = recipe, .confirmed = args->yes ? "--yes" : "y"};
	struct task *task = NULL;
	bool json = strcmp(args->format, "json") == 0;

	if (!redis)
		return 1;
	const struct audit_conf log = {.path = o->audit, .literals = o->audit_literals};
	if (!args->dry_run && !o->read_only && audit_new(&witness.audit, r->loop, &log, why))
		return 1;
	audit_id(witness.id);
	step_behind(recipe, args);
	const struct warm_conf conf = {
		.recipe = recipe, .pg = pg, .pg_over = o->operator_conn, .redis = redis, .keys = keys->count ? keys : NULL,
		.codec = codec_kind_find(str_from(args->codec)), .rate = args->rate, .limit = args->rows, .overwrite = args->overwrite,
		.dry_run = args->dry_run, .no_writes = o->read_only, .watch_ms = args->dry_run ? 0 : args->watch_ms,
		.load_sql = files_session_text(r->files, "pg_load"), .told_sql = files_session_text(r->files, "warm_told"),
		.listen_sql = files_session_text(r->files, "pg_listen"), .begin_sql = files_session_text(r->files, "explain_begin"),
		.end_sql = files_session_text(r->files, "explain_end"), .gate = write_intent, .gate_ctx = &witness, .log = r->log,
	};
	int rc = warm_task_new(&task, r->loop, &conf, why), status = 1;
	if (rc == 0) {
		status = front_run(r->loop, task, &(struct front_conf){.lines = json ? stderr : NULL, .yes = args->yes}, why);
		if (status == 1 && warm_report(task)->stopped_memory)
			status = 3; /* part of it is there */
		write_outcome(&witness, task);
		if (json && print_json(task, recipe, args->dry_run, why))
			status = 4;
	}
	if (witness.audit) {
		audit_forget(witness.audit, &witness);
		audit_free(witness.audit);
	}
	task_free(task);
	return status;
}

static int run(const struct options *o, struct err *why)
{
	struct args *args = o->args;
	struct codec_keys keys = {.count = 0};
	struct recipe *recipe = NULL;
	struct run r;
	int status = 1;

	if (o->words.count > 1)
		return err_set(why, ERR_INVALID, "warm takes one recipe; a server is given by -d, -h, -p, -U and --redis");
	if (!options_own_given(o, "rate"))
		args->rate = NAN;
	if (cache_keys_load(&keys, args->cache_keys, why) || run_init(&r, o, why) < 0) {
		codec_keys_wipe(&keys);
		return 1;
	}
	if (args->list)
		status = list_recipes(&r, why);
	else if (find_recipe(&r, o->words.count ? o->words.item[0] : "transactions", &recipe, why) == 0)
		status = warm_it(&r, args, recipe, &keys, why);
	recipe_free(recipe);
	codec_keys_wipe(&keys);
	run_release(&r);
	return status;
}

const struct command cmd_warm = {
	.name = "warm",
	.arguments = "[OPTION]... [RECIPE]",
	.summary = "fill the cache from the database",
	.about =
	"Streams the rows of a recipe's query (sql/warm; default transactions) from PostgreSQL, read only, into Redis, one server or a "
	"cluster. Every key gets a TTL by its priority, less a random part. A key that is there stays as it is, so a warm-up that was "
	"interrupted goes on where it was when it is run again.\n"
	"It asks before it writes, keeps to a rate, takes a step back when Redis answers later or PostgreSQL gets busier than before, and "
	"stops before maxmemory. Private keys and signatures are never cached, whatever a recipe says. What was done is in the audit log.\n"
	"Exit status 3: it stopped before maxmemory, part of the keys is there.",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run,
};
