/* SPDX-License-Identifier: PostgreSQL */
/* dytop explain: plans of statements, of sessions and of texts. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "action/audit.h"
#include "action/explain.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/plan_file.h"
#include "app/run.h"
#include "app/slurp.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "insight/plan.h"
#include "insight/plan_advice.h"
#include "insight/plan_show.h"
#include "model/json.h"

enum { STATEMENT_MAX = 1 << 20, ANSWER_SECONDS = 120, OUT_MAX = 64 << 20 };

struct explain_args {
	char *format, *index;
	bool analyze, yes, writes, trust;
	struct option_list params, saved;
	int64_t pid;
	double timeout_ms;
};

static const char *const formats[] = {"tree", "text", "json", NULL};

static const char *const *format_names(void)
{
	return formats;
}

#define AT(member) offsetof(struct explain_args, member)

static const struct option_def rows[] = {
	{"format", 0, OPTION_CHOICE, OPTIONS_ACTIONS, AT(format), OPTION_ARGV_ONLY, "tree", .names = format_names, .arg = "FORMAT",
	 .help = "tree (with shares and hints), text (as psql shows it) or json"},
	{"pid", 0, OPTION_INT, OPTIONS_ACTIONS, AT(pid), OPTION_ARGV_ONLY, "0", 0, 1e9, .arg = "PID",
	 .help = "the statement that this session runs, or ran last"},
	{"plan", 0, OPTION_LIST, OPTIONS_ACTIONS, AT(saved), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "draw a saved plan, the JSON of EXPLAIN (FORMAT JSON), and ask no server; twice: compare two"},
	{"param", 0, OPTION_LIST, OPTIONS_ACTIONS, AT(params), OPTION_ARGV_ONLY, .arg = "VALUE",
	 .help = "the value of $1, then of $2, and so on: give all of them; \\N is NULL"},
	{"index", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(index), OPTION_ARGV_ONLY, .arg = "SQL",
	 .help = "what if there were this index (CREATE INDEX ...); needs HypoPG, creates nothing"},
	{"analyze", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(analyze), OPTION_ARGV_ONLY,
	 .help = "run it, after a question, in a transaction that is rolled back"},
	{"timeout", 0, OPTION_DURATION, OPTIONS_ACTIONS, AT(timeout_ms), OPTION_ARGV_ONLY, "10s", 10, 86400e3, .arg = "SECS",
	 .help = "statement_timeout of --analyze"},
	{"yes", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(yes), OPTION_ARGV_ONLY, .help = "do not ask before --analyze runs what only reads"},
	{"writes", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(writes), OPTION_ARGV_ONLY,
	 .help = "with --yes: do not ask either before --analyze runs what writes"},
	{"trust-author", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(trust), OPTION_ARGV_ONLY,
	 .help = "do not ask before planning with more rights than the statement's author has"},
	{.name = NULL},
};

/* --- the statement ------------------------------------------------------------------------------------------------ */

static bool is_queryid(const char *word, int64_t *out)
{
	char *end;

	errno = 0;
	long long value = strtoll(word, &end, 10);
	if (*end || end == word || errno != 0 || value == 0)
		return false;
	*out = value;
	return true;
}

static int read_stdin(struct buf *out, struct err *why)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
		if (!buf_add(out, bytes, (size_t)n))
			return err_set(why, ERR_TOO_BIG, "standard input: more than %d kB", STATEMENT_MAX >> 10);
	return n < 0 ? err_set(why, ERR_IO, "standard input: %s", strerror(errno)) : 0;
}

static int read_statement(const struct options *o, struct explain_conf *conf, struct buf *text, struct err *why)
{
	const struct explain_args *a = o->args;
	const char *word = o->words.count > 0 ? o->words.item[0] : NULL;
	int rc = 0;

	if (o->words.count > 1)
		return err_set(why, ERR_INVALID, "explain: one statement at a time; a server is given by -d, -h, -p, -U");
	if (a->pid > 0 && word)
		return err_set(why, ERR_INVALID, "explain: --pid names the statement; nothing else can");
	if (a->pid == 0 && !word)
		return err_set(why, ERR_INVALID, "explain: which statement? a QUERYID, a FILE, - for standard input, or --pid");
	if (a->pid > 0)
		conf->pid = (int)a->pid;
	else if (strcmp(word, "-") == 0)
		rc = read_stdin(text, why);
	else if (!is_queryid(word, &conf->queryid))
		rc = slurp_file(text, word, SLURP_PLAIN, why);
	if (rc == 0 && conf->pid == 0 && conf->queryid == 0) {
		if (text->len == 0 || memchr(text->data, '\0', text->len))
			return err_set(why, ERR_INVALID, "%s: %s", strcmp(word, "-") == 0 ? "standard input" : word,
			               text->len == 0 ? "it is empty" : "it holds a NUL byte: this is no statement");
		conf->sql = text->data;
	}
	return rc;
}

/* --- what is printed ---------------------------------------------------------------------------------------------- */

/* JSON as it came, but for characters that would steer a terminal: they stand inside of strings, where an escape means them. */
static void safe_json(struct buf *out, const char *json, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		uint32_t cp = utf8_decode(json + at, len - at, &n);

		if (cp == 0xFFFD && n == 1)
			buf_adds(out, "\\ufffd");
		else if (cp < 0x80 ? cp != 0x7F : clean_is_clean(json + at, n))
			buf_add(out, json + at, n);
		else if (cp < 0x10000)
			buf_addf(out, "\\u%04x", cp);
		else
			buf_addf(out, "\\u%04x\\u%04x", 0xD800 + ((cp - 0x10000) >> 10), 0xDC00 + ((cp - 0x10000) & 0x3FF));
	}
}

static void put_string(struct buf *out, const char *key, const char *value, const char *after)
{
	struct buf quoted = BUF_INIT(STATEMENT_MAX * 8);

	buf_addf(out, "  \"%s\": ", key);
	if (value) {
		json_quote(&quoted, str_from(value));
		safe_json(out, buf_text(&quoted), quoted.len);
	} else
		buf_adds(out, "null");
	buf_adds(out, after);
	buf_release(&quoted);
}

/* What dytop made of a plan: its shape, hints, shares. */
static void put_insight(struct buf *out, const struct explain_plan *plan)
{
	struct json_writer w;
	struct plan *p;
	struct err why;

	if (plan_parse(&p, plan->json, plan->len, &why) < 0)
		return; /* the plan itself is there all the same */
	buf_adds(out, ",\n  \"insight\": ");
	json_begin(&w, out, false);
	plan_put_json(&w, NULL, p);
	plan_free(p);
}

/* An index worth a try, by the first of the plans that asks for one. */
static bool find_candidate(struct buf *out, const struct task *t)
{
	const char *author, *statement = explain_statement(t, &author);
	int count;
	const struct explain_plan *plan = explain_plans(t, &count);

	for (int i = 0; i < count; i++)
		if (plan_candidate_of(out, plan[i].json, plan[i].len, statement))
			return true;
	return false;
}

static void print_json(struct buf *out, const struct task *t)
{
	struct buf index = BUF_INIT(4096);
	int plans, params;
	const struct explain_plan *plan = explain_plans(t, &plans);
	const struct explain_param *param = explain_params(t, &params);
	const char *author, *statement = explain_statement(t, &author);

	buf_adds(out, "{\n");
	put_string(out, "statement", statement, ",\n");
	put_string(out, "author", author, ",\n");
	if (explain_index_bytes(t) >= 0)
		buf_addf(out, "  \"index_bytes\": %lld,\n", (long long)explain_index_bytes(t));
	if (find_candidate(&index, t))
		put_string(out, "candidate_index", buf_text(&index), ",\n");
	buf_release(&index);
	buf_adds(out, "  \"params\": [");
	for (int i = 0; i < params; i++) {
		buf_adds(out, i ? ",\n   {\n" : "\n   {\n");
		put_string(out, "type", param[i].type, ",\n");
		put_string(out, "value", param[i].value, ",\n");
		put_string(out, "from", param[i].from, "}");
	}
	buf_adds(out, "],\n  \"plans\": [");
	for (int i = 0; i < plans; i++) {
		char cost[JSON_NUMBER_MAX];

		json_number_text(cost, plan[i].cost);
		buf_adds(out, i ? ",\n   {\n" : "\n   {\n");
		put_string(out, "kind", explain_kind_name(plan[i].kind), ",\n");
		put_string(out, "about", plan[i].about, ",\n");
		buf_addf(out, "  \"cost\": %s,\n  \"explain\": ", cost);
		safe_json(out, plan[i].json, plan[i].len);
		put_insight(out, &plan[i]);
		buf_adds(out, "}");
	}
	buf_adds(out, "]\n}\n");
}

static int width_now(void)
{
	struct winsize size = {0};

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 120;
}

static int print_plans(struct buf *out, const struct task *t, const struct options *o, struct err *why)
{
	const struct explain_args *a = o->args;
	const struct plan_style style = {.width = width_now(), .ascii = o->ascii};
	int count, rc = 0;
	const struct explain_plan *plan = explain_plans(t, &count);

	for (int i = 0; i < count && rc == 0; i++) {
		struct plan *tree;

		rc = plan_parse(&tree, plan[i].json, plan[i].len, why);
		if (rc < 0)
			break;
		buf_addf(out, "%s%s\n", i ? "\n" : "", plan[i].about);
		if (strcmp(a->format, "tree") == 0)
			plan_tree(out, tree, &style);
		else
			plan_text(out, tree);
		plan_free(tree);
	}
	if (rc == 0 && strcmp(a->format, "tree") == 0 && !a->index) {
		struct buf index = BUF_INIT(4096);

		if (find_candidate(&index, t))
			buf_addf(out, "\nworth a try: %s   (--index '...' plans with it, and creates nothing)\n", buf_text(&index));
		buf_release(&index);
	}
	return rc;
}

static int print_result(const struct task *t, const struct options *o, int status, struct err *why)
{
	const struct explain_args *a = o->args;
	struct buf out = BUF_INIT(OUT_MAX);
	struct err trouble = {0};
	int rc = 0;

	if (strcmp(a->format, "json") == 0)
		print_json(&out, t);
	else
		rc = print_plans(&out, t, o, &trouble);
	if (out.failed && rc == 0)
		rc = err_set(&trouble, ERR_TOO_BIG, "the plans have more than %d MB", OUT_MAX >> 20);
	if (fwrite(buf_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
		buf_release(&out);
		err_set(why, ERR_IO, "cannot write to standard output: %s", strerror(errno));
		return 4;
	}
	buf_release(&out);
	if (rc < 0 && status == 0) {
		*why = trouble;
		return 1;
	}
	return status;
}

/* --- values that a person types ----------------------------------------------------------------------------------- */

/* Only before a run: a plan is made without values too. */
static bool lacks_values(const struct task *t)
{
	int count;
	const struct explain_param *param = explain_params(t, &count);

	for (int i = 0; i < count; i++)
		if (!param[i].known)
			return true;
	return false;
}

static int ask_values(struct loop *l, const struct task *t, struct option_list *values, struct err *why)
{
	int count, rc = 0;
	const struct explain_param *param = explain_params(t, &count);

	for (int i = 0; i < count && rc == 0; i++) {
		struct buf prompt = BUF_INIT(4096), typed = BUF_INIT(EXPLAIN_VALUE_MAX);

		buf_addf(&prompt, "$%d %s", i + 1, param[i].type);
		if (param[i].known) {
			buf_adds(&prompt, " [");
			const char *value = param[i].value ? param[i].value : "\\N";

			clean_text(&prompt, value, strnlen(value, 100), CLEAN_LINE);
			buf_addf(&prompt, ": %s]", param[i].from);
		}
		buf_adds(&prompt, " (\\N = NULL): ");
		rc = front_ask_line(l, buf_text(&prompt), &typed, ANSWER_SECONDS, why);
		if (rc == 0) {
			const char *value = typed.len == 0 && param[i].known ? param[i].value ? param[i].value : "\\N" : buf_text(&typed);

			values->item = mem_resize(values->item, (size_t)values->count + 1, sizeof *values->item);
			values->item[values->count++] = mem_strdup(value);
		}
		buf_release(&prompt);
		buf_release(&typed);
	}
	return rc < 0 ? err_prefix(why, "values are needed to run it (--param)") : 0;
}

static void use_values(struct explain_conf *conf, const struct option_list *values, const char **at)
{
	for (int i = 0; i < values->count; i++)
		at[i] = strcmp(values->item[i], "\\N") == 0 ? NULL : values->item[i];
	conf->params = at;
	conf->param_count = values->count;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static int run_once(struct run *r, const struct explain_conf *conf, struct task **task, struct err *why)
{
	const struct explain_args *a = r->options->args;
	const char *answers = !conf->analyze ? "--trust-author" : !a->yes ? "--yes" : "--writes";
	const struct front_conf front = {.lines = stderr, .yes = a->yes, .yes_words = a->writes, .answers = answers};

	if (explain_new(task, r->loop, conf, why) < 0)
		return front_status(why->code);
	return front_run(r->loop, *task, &front, why);
}

static int run_all(struct run *r, struct explain_conf *conf, struct err *why)
{
	const struct options *o = r->options;
	const struct explain_args *a = o->args;
	struct option_list typed = {0};
	const char **at = mem_calloc(EXPLAIN_PARAMS_MAX + 1, sizeof *at);
	struct task *task = NULL, *planned = NULL;
	bool asks = a->analyze && a->params.count == 0;
	int status;

	use_values(conf, &a->params, at);
	conf->analyze = a->analyze && !asks;
	status = run_once(r, conf, &task, why);
	if (asks && status == 0) {
		status = lacks_values(task) && ask_values(r->loop, task, &typed, why) < 0 ? 1 : 0;
		if (typed.count > 0)
			use_values(conf, &typed, at);
		conf->analyze = true;
		if (status == 0) { /* of the very statement that was planned, to which one may have agreed */
			conf->again = planned = task;
			task = NULL;
			status = run_once(r, conf, &task, why);
			conf->again = NULL;
		}
	}
	if (task) {
		int plans;

		explain_plans(task, &plans);
		if (status == 0 || plans > 0)
			status = print_result(task, o, status, why);
	}
	task_free(task);
	task_free(planned);
	for (int i = 0; i < typed.count; i++)
		free(typed.item[i]);
	free(typed.item);
	free(at);
	return status;
}

static int explain_command(const struct options *o, struct err *why)
{
	const struct explain_args *a = o->args;
	struct buf text = BUF_INIT(STATEMENT_MAX);
	struct run r;
	int status = 1;

	if (a->saved.count > 0) {
		const struct plan_file_conf saved = {.files = &a->saved, .format = a->format,
		                                     .style = {.width = width_now(), .ascii = o->ascii}};

		buf_release(&text);
		if (o->words.count == 0 && a->pid == 0)
			return plan_file_print(&saved, why);
		err_set(why, ERR_INVALID, "explain: --plan draws what is saved already; no statement goes with it");
		return 1;
	}
	if (a->analyze && o->read_only) {
		err_set(why, ERR_PRIVILEGE, "--read-only: --analyze would run the statement; a plan without running it is allowed");
		return 1;
	}
	if ((a->writes && !a->yes) || (a->yes && !a->analyze)) {
		err_set(why, ERR_INVALID, a->writes ? "--writes is for --analyze --yes" :
		                                      "--yes is for --analyze: a plan alone asks nothing of that kind");
		return 1;
	}
	if (run_init(&r, o, why) < 0)
		return 1;
	const struct source_conf *server = front_server(&r.servers, PANEL_PG, why);
	struct explain_conf conf = {.conf = server, .over = o->explain_conn, .role = o->explain_role, .text = files_session_text,
	                            .text_ctx = r.files, .index = a->index, .analyze_timeout_ms = a->timeout_ms, .read_only = o->read_only,
	                            .trust = a->trust, .confirmed = a->yes ? "--yes" : a->trust ? "--trust-author" : "y", .log = r.log};
	const struct audit_conf log = {.path = o->audit, .literals = o->audit_literals};
	if (server && read_statement(o, &conf, &text, why) == 0 &&
	    (o->read_only || audit_new(&conf.audit, r.loop, &log, why) == 0 || !a->analyze)) {
		*why = (struct err){0}; /* a plan alone needs no audit log */
		status = run_all(&r, &conf, why);
	}
	audit_free(conf.audit);
	run_release(&r);
	buf_release(&text);
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.arguments = "[OPTION]... QUERYID | FILE | - | --pid PID | --plan FILE",
	.summary = "show the plan of a statement, without running it",
	.about = "QUERYID is an entry of pg_stat_statements (a negative one goes behind --), FILE or - a statement of your own. The plan is "
	         "made in the statement's own database. Where the text has parameters ($1) the generic plan comes first, then one with "
	         "values: those of --param, of a text that runs just now, or the most common ones by statistics.\n"
	         "Planning runs functions of whoever wrote the statement. Where your login may do more than the author it asks first; "
	         "--explain-as with a login that may only read needs no such question.\n"
	         "--analyze runs it: asked for with the exact SQL, READ ONLY, rolled back, ended after --timeout. What writes is asked for "
	         "once more, with a word to type. Sequences, and what functions do outside of the database, are not rolled back. Each run "
	         "is written to the audit log. --read-only refuses --analyze.\n"
	         "Plans go to standard output, everything else to standard error.",
	.rows = rows,
	.size = sizeof(struct explain_args),
	.run = explain_command,
};
