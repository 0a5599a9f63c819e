/* SPDX-License-Identifier: PostgreSQL */
/* dytop maintain: one action on one target or several, or what a plan says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain.h"
#include "app/actions.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"
#include "app/schedule_run.h"
#include "core/mem.h"
#include "model/json.h"

enum { JSON_MAX = 1 << 22 };

struct args {
	bool yes, dry_run, list, daemon;
	char *value, *format, *plan;
};

static const char *const formats[] = {"text", "json", NULL};

static const char *const *format_names(void)
{
	return formats;
}

#define AT(member) offsetof(struct args, member)

static const struct option_def rows[] = {
	{"list", 0, OPTION_FLAG, OPTIONS_OTHER, AT(list), OPTION_ARGV_ONLY, .help = "print the actions that there are"},
	{"yes", 'y', OPTION_FLAG, OPTIONS_OTHER, AT(yes), OPTION_ARGV_ONLY,
	 .help = "do not ask: what the pre-flight refuses stays refused"},
	{"dry-run", 0, OPTION_FLAG, OPTIONS_OTHER, AT(dry_run), OPTION_ARGV_ONLY,
	 .help = "look and print the exact SQL, but send none of it"},
	{"value", 0, OPTION_TEXT, OPTIONS_OTHER, AT(value), OPTION_ARGV_ONLY, .arg = "TEXT",
	 .help = "what the action takes besides its target: the columns of analyze (\"a, b\")"},
	{"format", 0, OPTION_CHOICE, OPTIONS_OTHER, AT(format), OPTION_ARGV_ONLY, "text", .names = format_names, .arg = "FORMAT",
	 .help = "text, or json: findings go to standard error then, the result to standard output"},
	{"plan", 0, OPTION_TEXT, OPTIONS_OTHER, AT(plan), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "do what is due by this plan (YAML; docs/actions.md), then end: for cron and systemd timers; with --dry-run say what "
	         "is due"},
	{"daemon", 0, OPTION_FLAG, OPTIONS_OTHER, AT(daemon), OPTION_ARGV_ONLY, .help = "with --plan: keep running"},
	{0},
};

static void print_list(const struct actions *all)
{
	for (int i = 0; i < all->count; i++) {
		const struct action *a = all->at[i];
		printf("%-18s %-11s %s%s%s%s\n", a->name, a->target == ACTION_ON_NOTHING ? "" : action_target_name(a->target), a->title,
		       a->value_name ? " (and " : "", a->value_name ? a->value_name : "", a->value_name ? ")" : "");
		if (a->about)
			printf("%-30s %s\n", "", a->about);
	}
}

/* --- the result as JSON ---------------------------------------------------------------------------------------------- */

static void put_task(struct json_writer *w, const struct task *t)
{
	static const char *const marks[] = {[TASK_PLAIN] = "plain", [TASK_GOOD] = "good", [TASK_WARN] = "warning", [TASK_BAD] = "problem"};
	struct maintain_follow f;

	json_open_map(w, NULL);
	json_put_string(w, "action", t->kind);
	json_put_string(w, "title", t->title);
	json_put_string(w, "outcome", task_outcome_name(t->outcome));
	json_put_string(w, "error", t->why.code ? t->why.text : NULL);
	json_put_string(w, "sql", t->sql);
	json_put_number(w, "elapsed_ms", t->began_ns > 0 ? (double)(t->ended_ns - t->began_ns) / 1e6 : NAN);
	json_open_list(w, "lines");
	for (int i = 0; i < t->line_count; i++) {
		json_open_map(w, NULL);
		json_put_string(w, "mark", marks[t->line[i].mark]);
		json_put_string(w, "text", t->line[i].text);
		json_close(w);
	}
	json_close(w);
	json_open_list(w, "left");
	for (int i = 0; maintain_follow(t, i, &f); i++) {
		json_open_map(w, NULL);
		json_put_string(w, "action", f.action);
		json_put_string(w, "target", f.name);
		json_put_int(w, "oid", f.oid);
		json_close(w);
	}
	json_close(w);
	json_close(w);
}

static int print_json(const struct task *t)
{
	struct buf out = BUF_INIT(JSON_MAX);
	struct json_writer w;
	bool ok;

	json_begin(&w, &out, true);
	put_task(&w, t);
	buf_addc(&out, '\n');
	ok = !out.failed && fputs(buf_text(&out), stdout) != EOF && fflush(stdout) == 0;
	buf_release(&out);
	return ok ? 0 : 4;
}

/* --- running --------------------------------------------------------------------------------------------------------- */

struct dry {
	struct loop *loop;
	struct task *task;
	FILE *lines;
	bool asked;
};

static void say_no(void *ctx)
{
	struct dry *d = ctx;

	task_answer(d->task, false);
}

static void dry_changed(void *ctx, struct task *t)
{
	struct dry *d = ctx;

	if (t->state == TASK_DONE)
		loop_stop(d->loop);
	if (t->state != TASK_ASKING || d->asked)
		return;
	d->asked = true;
	loop_defer(d->loop, say_no, d);
}

/* All but the sending; what would be refused is refused here too. */
static int run_dry(struct loop *l, struct task *t, FILE *lines, struct err *why)
{
	static const char *const mark[] = {[TASK_PLAIN] = "", [TASK_GOOD] = "", [TASK_WARN] = "warning: ", [TASK_BAD] = "problem: "};
	struct dry d = {.loop = l, .task = t, .lines = lines};

	t->hooks = (struct task_hooks){dry_changed, &d};
	loop_run(l);
	t->hooks = (struct task_hooks){0};
	for (int i = 0; i < t->line_count; i++)
		fprintf(lines, "%s%s\n", mark[t->line[i].mark], t->line[i].text);
	if (t->outcome != TASK_DECLINED && t->outcome != TASK_OK) {
		*why = t->why;
		return front_status(why->code) ? front_status(why->code) : 1;
	}
	if (t->sql)
		fprintf(lines, "%s\n", t->sql);
	return 0;
}

struct work {
	struct run run;
	struct actions actions;
	struct audit *audit;
	const struct options *o;
	const struct args *args;
};

static struct maintain_conf task_conf(struct work *w, const struct source_conf *server, const struct action *a)
{
	return (struct maintain_conf){.conf = server, .over = w->o->operator_conn, .action = a, .audit = w->audit,
	                              .read_only = w->o->read_only, .consent = w->args->yes ? "--yes" : NULL,
	                              .text = files_session_text, .text_ctx = w->run.files, .log = w->run.log};
}

static int run_task(struct work *w, struct task *t, struct err *why)
{
	bool json = strcmp(w->args->format, "json") == 0;
	struct front_conf conf = {.yes = w->args->yes, .yes_danger = w->args->yes, .lines = json ? stderr : stdout};
	int status = w->args->dry_run ? run_dry(w->run.loop, t, conf.lines, why) : front_run(w->run.loop, t, &conf, why);

	if (json && print_json(t) != 0)
		status = 4;
	return status;
}

/* What it left behind is offered to be taken away, where there is someone to be asked. */
static void run_follows(struct work *w, const struct source_conf *server, const struct task *t)
{
	struct maintain_follow f;

	for (int i = 0; !w->args->yes && !w->args->dry_run && maintain_follow(t, i, &f); i++) {
		struct maintain_target target = {.oid = f.oid};
		struct maintain_conf conf;
		const struct action *a;
		struct task *next;
		struct err why = {0};
		if (actions_find(&w->actions, f.action, &a, &why) < 0)
			return;
		conf = task_conf(w, server, a);
		conf.target = &target;
		conf.count = 1;
		if (maintain_new(&next, w->run.loop, &conf, &why) == 0) {
			if (run_task(w, next, &why) != 0 && why.code < 0)
				fprintf(stderr, "dytop: %s\n", why.text);
			task_free(next);
		}
	}
}

static int take_targets(const struct work *w, const struct action *a, struct maintain_target *target, int *count, struct err *why)
{
	const struct option_list *words = &w->o->words;
	int last = words->count;
	const char *value = w->args->value;

	if (a->value == ACTION_NEEDS_VALUE && !value) {
		if (words->count != 3)
			return err_set(why, ERR_INVALID, "%s takes a target and a %s", a->name, a->value_name);
		value = words->item[--last];
	}
	if (last - 1 > MAINTAIN_TARGETS_MAX)
		return err_set(why, ERR_INVALID, "%d targets at a time, no more", MAINTAIN_TARGETS_MAX);
	for (int i = 1; i < last; i++)
		target[(*count)++] = (struct maintain_target){.name = words->item[i], .value = value};
	return 0;
}

static int run_one(struct work *w, struct err *why)
{
	const struct source_conf *server = front_server(&w->run.servers, PANEL_PG, why);
	struct maintain_target target[MAINTAIN_TARGETS_MAX];
	struct maintain_conf conf;
	const struct action *a;
	struct task *t;
	int status;

	if (!server || actions_find(&w->actions, w->o->words.item[0], &a, why) < 0)
		return 1;
	conf = task_conf(w, server, a);
	conf.target = target;
	if (take_targets(w, a, target, &conf.count, why) < 0 || maintain_new(&t, w->run.loop, &conf, why) < 0)
		return 1;
	status = run_task(w, t, why);
	if (t->state == TASK_DONE)
		run_follows(w, server, t);
	task_free(t);
	return status;
}

static int run_plan(struct work *w, struct err *why)
{
	const struct source_conf *server = front_server(&w->run.servers, PANEL_PG, why);
	const struct schedule_conf conf = {.path = w->args->plan, .daemon = w->args->daemon, .dry_run = w->args->dry_run,
	                                   .options = w->o, .run = &w->run, .actions = &w->actions, .audit = w->audit,
	                                   .server = server};

	return server ? schedule_run(&conf, why) : 1;
}

static int run_words(struct work *w, struct err *why)
{
	int status = 1;

	if (actions_init(&w->actions, w->run.files, w->o, why) < 0)
		return 1;
	if (w->args->list) {
		print_list(&w->actions);
		status = fflush(stdout) == 0 ? 0 : 4;
	} else if (w->args->plan && w->o->words.count > 0)
		err_set(why, ERR_INVALID, "with --plan the actions are those of the plan");
	else if (w->args->daemon && !w->args->plan)
		err_set(why, ERR_INVALID, "--daemon runs a plan: name it with --plan FILE");
	else if (!w->args->plan && w->o->words.count == 0)
		err_set(why, ERR_INVALID, "maintain: which action? dytop maintain --list names them");
	else if (audit_new(&w->audit, w->run.loop, &(struct audit_conf){w->o->audit, w->o->audit_literals}, why) == 0)
		status = w->args->plan ? run_plan(w, why) : run_one(w, why);
	audit_free(w->audit);
	actions_release(&w->actions);
	return status;
}

static int run(const struct options *o, struct err *why)
{
	struct work w = {.o = o, .args = o->args};
	int status;

	if (run_init(&w.run, o, why) < 0)
		return front_status(why->code);
	status = run_words(&w, why);
	run_release(&w.run);
	return status;
}

const struct command cmd_maintain = {
	.name = "maintain",
	.arguments = "[OPTION]... ACTION [TARGET]...",
	.summary = "do maintenance: ANALYZE, VACUUM, REINDEX, REFRESH, indexes, settings",
	.about =
	"Looks first: whether the role may, how large the target is, what it would wait for, what an earlier attempt left. Then shows the "
	"exact SQL and asks, with No as the answer of silence. It runs over a connection of its own (--operator), alone in its database, "
	"and each action is in the audit log (dytop audit). ^C cancels it.\n"
	"When the connection is lost before the reply came, the exit status is 3: the outcome is not known, and nothing is sent again.\n"
	"  dytop maintain reindex_index orders_created_at_idx -d bridge\n"
	"  dytop maintain create_index 'CREATE INDEX ON orders (created_at)'\n"
	"  dytop maintain set_setting work_mem 64MB",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run,
};
