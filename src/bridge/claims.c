/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/claims.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/claims_private.h"
#include "core/clean.h"
#include "core/mem.h"

enum { SIDE_ENOUGH_MS = 10000, SIDE_RUNS_MIN = 3 };

static struct claims *of(struct task *t)
{
	return (struct claims *)t;
}

static const char *text_of(const struct claims *c, const char *name)
{
	for (int i = 0; i < c->conf.text_count; i++) {
		const char *text = c->conf.texts[i].text.at;
		if (strcmp(c->conf.texts[i].name, name) != 0)
			continue;
		while (text[0] == '-' && text[1] == '-' && strchr(text, '\n'))
			text = strchr(text, '\n') + 1;
		return text;
	}
	return NULL;
}

/* --- one statement after the other ---------------------------------------------------------------------------------- */

static void answered(void *ctx, const struct pgwork_outcome *outcome)
{
	struct claims *c = ctx;
	claims_next *next = c->next;

	c->next = NULL;
	if (!c->ended && next)
		next(c, outcome);
}

static void ask(struct claims *c, const char *sql, const char *value, int count, claims_next *next)
{
	struct pgwork_query q = {.sql = sql, .values = &value, .count = count, .done = answered, .ctx = c};

	c->next = next;
	pgwork_run(c->work, &q, 1);
}

static void later(struct claims *c, void (*fn)(struct claims *c))
{
	c->later = fn;
	loop_timer_in(c->timer, 0);
}

static void on_timer(void *ctx)
{
	struct claims *c = ctx;
	void (*fn)(struct claims *c) = c->later;

	c->later = NULL;
	if (fn)
		fn(c);
}

static const char *value_at(const struct pgresult *r, int row, int column)
{
	int len;
	return r && row < r->rows ? pgresult_value(r, row, column, &len) : NULL;
}

static bool is_true(const struct pgresult *r, int column)
{
	const char *text = value_at(r, 0, column);
	return text && *text == 't';
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

static void hang_up(struct claims *c)
{
	pgwork_close(c->work);
}

static void finish(struct claims *c, enum task_outcome outcome, const struct err *why)
{
	double elapsed = c->task.began_ns ? (double)(loop_now(c->loop)->mono_ns - c->task.began_ns) / 1e6 : NAN;

	if (c->ended)
		return;
	c->ended = true;
	if (c->witnessed && c->witness.outcome)
		c->witness.outcome(c->witness.ctx, outcome, why, elapsed);
	later(c, hang_up);
	task_done(&c->task, outcome, why, loop_now(c->loop)->mono_ns);
}

static void dropped(struct claims *c, const struct pgwork_outcome *outcome)
{
	if (outcome->why)
		task_say(&c->task, TASK_WARN, "the copy could not be dropped (%s): %s", outcome->why->text, c->drop);
	finish(c, c->outcome, c->failure.code < 0 ? &c->failure : NULL);
}

static void drop(struct claims *c, const struct pgwork_outcome *outcome)
{
	(void)outcome; /* of the rollback */
	task_progress(&c->task, 1, NAN, "dropping the copy");
	ask(c, c->drop, NULL, 0, dropped);
}

/* Whatever happened, the copy goes first. */
static void end(struct claims *c, enum task_outcome outcome, const struct err *why)
{
	c->outcome = c->cancelled ? TASK_CANCELLED : outcome;
	c->failure = why ? *why : (struct err){0};
	if (c->cancelled)
		err_set(&c->failure, ERR_LOST, "cancelled; the copy is dropped");
	if (c->made && pgwork_is_up(c->work))
		ask(c, "ROLLBACK", NULL, 0, drop);
	else
		finish(c, c->outcome, c->failure.code < 0 ? &c->failure : NULL);
}

static bool failed(struct claims *c, const struct pgwork_outcome *outcome)
{
	if (!outcome->why)
		return false;
	end(c, TASK_FAILED, outcome->why);
	return true;
}

/* --- measuring ------------------------------------------------------------------------------------------------------- */

static void next_side(struct claims *c);
static void next_run(struct claims *c);
static void next_statement(struct claims *c);

static struct claims_side *side_of(struct claims *c)
{
	struct claims_result *r = &c->report.result[c->at];
	return c->with ? &r->with : &r->without;
}

static void judge(struct claims_result *r)
{
	r->value = claim_value(r->claim->measure, r->without.value, r->with.value);
	/* What the report claims is a whole number: 299.6 % is not held against it. */
	r->met = isfinite(r->value) && round(r->value) >= r->claim->least;
	if (!isfinite(r->value) && r->why.code == 0)
		err_set(&r->why, ERR_QUERY, "the figures give no ratio");
}

static void rolled_back(struct claims *c, const struct pgwork_outcome *outcome)
{
	if (failed(c, outcome))
		return;
	if (c->with || c->report.result[c->at].why.code < 0) {
		judge(&c->report.result[c->at]);
		c->at++;
		c->with = false;
	} else
		c->with = true;
	next_side(c);
}

/* This claim cannot be measured; the others may. */
static void give_up(struct claims *c, const struct err *why)
{
	struct claims_result *r = &c->report.result[c->at];

	if (why->code == ERR_LOST || c->cancelled) {
		end(c, TASK_FAILED, why);
		return;
	}
	r->why = *why;
	err_prefix(&r->why, "%s, %s", r->claim->path, c->with ? "with" : "without");
	task_say(&c->task, TASK_WARN, "%s", r->why.text);
	ask(c, "ROLLBACK", NULL, 0, rolled_back);
}

static void side_done(struct claims *c)
{
	struct claims_side *s = side_of(c);
	enum claim_measure measure = c->claim[c->at].measure;

	s->runs = c->runs;
	s->ms = measure == CLAIM_SMALLER ? NAN : claims_median(c->ms, c->runs);
	s->value = measure == CLAIM_SMALLER ? c->other[0] : measure == CLAIM_FEWER_PAGES ? claims_median(c->other, c->runs) : s->ms;
	ask(c, "ROLLBACK", NULL, 0, rolled_back);
}

static void got_size(struct claims *c, const struct pgwork_outcome *outcome)
{
	const char *text = outcome->why ? NULL : value_at(outcome->result, 0, 0);

	if (outcome->why) {
		give_up(c, outcome->why);
		return;
	}
	c->other[0] = text ? strtod(text, NULL) : NAN;
	c->runs = 1;
	side_done(c);
}

static void got_plan(struct claims *c, const struct pgwork_outcome *outcome)
{
	const char *text = outcome->why ? NULL : value_at(outcome->result, 0, 0);
	struct err why = {0};
	double ms = NAN;

	if (outcome->why || claims_explained(text ? text : "", &ms, side_of(c), &why) < 0) {
		give_up(c, outcome->why ? outcome->why : &why);
		return;
	}
	c->runs++;
	if (c->runs > 0) { /* the first one only warmed caches */
		c->ms[c->runs - 1] = ms;
		c->other[c->runs - 1] = side_of(c)->pages;
	}
	double took = (double)(loop_now(c->loop)->mono_ns - c->began_ns) / 1e6;
	if (c->runs >= c->conf.runs || (c->runs >= SIDE_RUNS_MIN && took > SIDE_ENOUGH_MS))
		side_done(c);
	else
		next_run(c);
}

static void next_run(struct claims *c)
{
	const struct claim *claim = &c->claim[c->at];
	const struct statement *query = claim_query(claim, c->with);
	struct buf text = BUF_INIT(1 << 20);

	if (claim->measure == CLAIM_SMALLER)
		buf_addstr(&text, query->text);
	else
		buf_addf(&text, "%s%.*s", text_of(c, "claims_explain"), (int)query->text.len, query->text.at);
	ask(c, buf_text(&text), NULL, 0, claim->measure == CLAIM_SMALLER ? got_size : got_plan);
	buf_release(&text);
}

static void got_statement(struct claims *c, const struct pgwork_outcome *outcome)
{
	if (outcome->why) {
		give_up(c, outcome->why);
		return;
	}
	c->statement++;
	next_statement(c);
}

static void next_statement(struct claims *c)
{
	const struct claim *claim = &c->claim[c->at];

	if (c->part == CLAIM_BOTH && c->statement >= claim->part[CLAIM_BOTH].count) {
		c->part = c->with ? CLAIM_WITH : CLAIM_WITHOUT;
		c->statement = 0;
	}
	const struct claim_statements *part = &claim->part[c->part];
	if (c->statement >= part->count) {
		c->began_ns = loop_now(c->loop)->mono_ns;
		next_run(c);
		return;
	}
	char *text = mem_strndup(part->statement[c->statement].text.at, part->statement[c->statement].text.len);
	ask(c, text, NULL, 0, got_statement);
	free(text);
}

static void begun(struct claims *c, const struct pgwork_outcome *outcome)
{
	if (failed(c, outcome))
		return;
	c->part = CLAIM_BOTH;
	c->statement = 0;
	c->runs = c->claim[c->at].measure == CLAIM_SMALLER ? 0 : -1;
	next_statement(c);
}

static void next_side(struct claims *c)
{
	double part = ((double)c->at + (c->with ? 0.5 : 0)) / (c->report.count ? c->report.count : 1);
	char phase[120];

	if (c->cancelled || c->at == c->report.count) {
		end(c, TASK_OK, NULL);
		return;
	}
	snprintf(phase, sizeof phase, "%s, %s", c->claim[c->at].name, c->with ? "with" : "without");
	task_progress(&c->task, 0.2 + 0.8 * part, NAN, phase);
	ask(c, "BEGIN", NULL, 0, begun);
}

/* --- the copy -------------------------------------------------------------------------------------------------------- */

static void counted(struct claims *c, const struct pgwork_outcome *outcome)
{
	if (failed(c, outcome))
		return;
	const char *rows = value_at(outcome->result, 0, 0);
	c->report.rows = rows ? strtoll(rows, NULL, 10) : -1;
	if (c->report.rows < 10000)
		task_say(&c->task, TASK_WARN, "%" PRId64 " rows are too few to tell much: everything is in memory and fast", c->report.rows);
	next_side(c);
}

static void prepared(struct claims *c, const struct pgwork_outcome *outcome);

static void next_prepare(struct claims *c)
{
	if (c->cancelled)
		end(c, TASK_CANCELLED, NULL);
	else if (c->prepared == c->prepare_count)
		ask(c, text_of(c, "claims_count"), NULL, 0, counted);
	else {
		task_progress(&c->task, 0.2 * c->prepared / c->prepare_count, NAN, "copying the transactions");
		ask(c, c->prepare[c->prepared], NULL, 0, prepared);
	}
}

static void prepared(struct claims *c, const struct pgwork_outcome *outcome)
{
	/* The first statement drops what an earlier run left, the second one makes the schema. */
	c->made = c->made || (c->prepared >= 1 && !outcome->why);
	if (failed(c, outcome))
		return;
	c->prepared++;
	next_prepare(c);
}

/* --- the question ---------------------------------------------------------------------------------------------------- */

static void permitted(void *doer, const struct err *why)
{
	struct claims *c = doer;

	if (c->ended)
		return;
	if (why) {
		finish(c, TASK_REFUSED, why);
		return;
	}
	c->witnessed = c->witness.intent != NULL;
	task_run(&c->task, loop_now(c->loop)->mono_ns);
	next_prepare(c);
}

static void begin(struct claims *c)
{
	if (c->ended)
		return;
	if (!pgwork_is_up(c->work)) {
		finish(c, TASK_FAILED, &(struct err){ERR_LOST, "the connection was lost while the question was open"});
	} else if (c->witness.intent)
		c->witness.intent(c->witness.ctx, pgwork_name(c->work), pgwork_user(c->work), c->task.sql, permitted, c);
	else
		permitted(c, NULL);
}

static void decline(struct claims *c)
{
	finish(c, c->cancelled ? TASK_CANCELLED : TASK_DECLINED, NULL);
}

static void claims_answer(struct task *t, bool yes)
{
	later(of(t), yes ? begin : decline);
}

static void show(struct claims *c)
{
	struct buf text = BUF_INIT(1 << 20);

	for (int i = 0; i < c->prepare_count; i++)
		buf_addf(&text, "%s;\n", c->prepare[i]);
	for (int i = 0; i < c->report.count; i++)
		for (int part = 0; part < CLAIM_PARTS; part++) {
			const struct claim_statements *s = &c->claim[i].part[part];
			if (part == CLAIM_BOTH && i == 0)
				buf_adds(&text, "-- then, for each claim, in transactions that are rolled back:\n");
			for (int k = 0; k < s->count; k++)
				buf_addf(&text, "%s%.*s;\n", part >= CLAIM_QUERY && c->claim[i].measure != CLAIM_SMALLER ?
				         text_of(c, "claims_explain") : "", (int)s->statement[k].text.len, s->statement[k].text.at);
		}
	buf_addf(&text, "-- at the end:\n%s;", c->drop);
	task_sql(&c->task, buf_text(&text), text.len);
	buf_release(&text);
}

static void got_prepare(struct claims *c, const struct pgwork_outcome *outcome)
{
	struct task_question q = {.weight = TASK_WEIGHT_YES, .expires_ms = 60000};
	struct buf where = BUF_INIT(512);

	if (failed(c, outcome))
		return;
	for (int i = 0; i < outcome->result->rows && i < CLAIMS_PREPARE_MAX; i++)
		c->prepare[c->prepare_count++] = mem_strdup(value_at(outcome->result, i, 0));
	if (c->prepare_count < 3) {
		finish(c, TASK_FAILED, &(struct err){ERR_INVALID, "sql/bridge/claims_prepare.sql: it is to yield the statements of the copy"});
		return;
	}
	c->drop = mem_strdup(c->prepare[0]);
	show(c);
	clean_text(&where, c->report.server, strlen(c->report.server), CLEAN_EXACT);
	snprintf(q.title, sizeof q.title, "Measure in a copy, made and dropped again, on %.120s?", buf_text(&where));
	buf_release(&where);
	task_ask(&c->task, &q);
}

static void got_state(struct claims *c, const struct pgwork_outcome *outcome)
{
	char limit[24];

	if (failed(c, outcome))
		return;
	const struct pgresult *r = outcome->result;
	const char *bytes = value_at(r, 0, 4), *rows = value_at(r, 0, 5);
	double size = bytes ? strtod(bytes, NULL) : 0, count = rows ? strtod(rows, NULL) : 0;
	struct err why = {0};
	if (!is_true(r, 6))
		err_set(&why, ERR_UNSUPPORTED, "a pooler stands between: this needs a session of its own; give the server itself");
	else if (is_true(r, 0))
		err_set(&why, ERR_PRIVILEGE, "a standby or a read-only session: no copy can be made here");
	else if (!is_true(r, 1))
		err_set(&why, ERR_NOT_FOUND, "there is no bridge_transactions in the search path; dytop bridge init --rows N makes one");
	else if (is_true(r, 2) && !is_true(r, 3))
		err_set(&why, ERR_INVALID, "there is a schema dytop_claims that no run of this has made; rename it");
	if (why.code < 0) {
		finish(c, TASK_REFUSED, &why);
		return;
	}
	if (is_true(r, 2))
		task_say(&c->task, TASK_WARN, "a copy that an earlier run left behind (schema dytop_claims) is dropped first");
	double share = count > (double)c->conf.rows ? (double)c->conf.rows / count : 1;
	task_say(&c->task, TASK_PLAIN, "up to %" PRId64 " transactions are copied: about %.0f MB, and again as much for indexes while it runs",
	         c->conf.rows, ceil(size * share / 1e6));
	snprintf(limit, sizeof limit, "%" PRId64, c->conf.rows);
	ask(c, text_of(c, "claims_prepare"), limit, 1, got_prepare);
}

/* --- the connection -------------------------------------------------------------------------------------------------- */

static void up(void *ctx)
{
	struct claims *c = ctx;

	snprintf(c->report.server, sizeof c->report.server, "%s", pgwork_name(c->work));
	c->report.version = pgwork_version(c->work);
	char pid[24];
	snprintf(pid, sizeof pid, "%d", pgwork_backend_pid(c->work));
	ask(c, text_of(c, "claims_state"), pid, 1, got_state);
}

static void down(void *ctx, const struct err *why)
{
	struct claims *c = ctx;

	if (!c->ended)
		finish(c, TASK_FAILED, why);
}

static void start(struct claims *c)
{
	if (c->conf.read_only)
		finish(c, TASK_REFUSED, &(struct err){ERR_PRIVILEGE, "--read-only: no copy is made"});
	else
		pgwork_open(c->work);
}

/* --- as a task ------------------------------------------------------------------------------------------------------- */

static void claims_cancel(struct task *t)
{
	struct claims *c = of(t);

	if (c->ended)
		return;
	c->cancelled = true;
	if (c->task.state == TASK_LOOKING || !pgwork_is_up(c->work))
		later(c, decline);
	else
		pgwork_cancel(c->work);
}

static void claims_free(struct task *t)
{
	struct claims *c = of(t);

	c->ended = true;
	pgwork_free(c->work);
	loop_timer_free(c->timer);
	for (int i = 0; i < c->report.count; i++)
		claim_release(&c->claim[i]);
	for (int i = 0; i < c->prepare_count; i++)
		free(c->prepare[i]);
	free(c->claim);
	free(c->report.result);
	free(c->drop);
	task_release(&c->task);
	free(c);
}

static const struct task_ops claims_ops = {.answer = claims_answer, .cancel = claims_cancel, .free = claims_free};

static int by_order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	return x->order != y->order ? x->order - y->order : strcmp(x->name, y->name);
}

static int read_files(struct claims *c, struct err *why)
{
	static const char *const needed[] = {"claims_state", "claims_prepare", "claims_count", "claims_explain"};
	int rc = 0;

	c->claim = mem_calloc((size_t)c->conf.claim_count + 1, sizeof *c->claim);
	c->report.result = mem_calloc((size_t)c->conf.claim_count + 1, sizeof *c->report.result);
	for (int i = 0; i < c->conf.claim_count && rc == 0; i++) {
		const struct schema_text *t = &c->conf.claims[i];
		if (!claim_is(t->text))
			continue;
		rc = claim_parse(&c->claim[c->report.count], t->name, t->path, t->text, why);
		c->report.count += rc == 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(needed) && rc == 0; i++)
		if (!text_of(c, needed[i]))
			rc = err_set(why, ERR_NOT_FOUND, "there is no sql/bridge/%s.sql", needed[i]);
	if (rc < 0)
		return rc;
	qsort(c->claim, (size_t)c->report.count, sizeof *c->claim, by_order);
	for (int i = 0; i < c->report.count; i++)
		c->report.result[i] = (struct claims_result){.claim = &c->claim[i], .value = NAN,
			.without = {.value = NAN, .ms = NAN}, .with = {.value = NAN, .ms = NAN}};
	return 0;
}

int claims_new(struct task **out, struct loop *l, const struct claims_conf *conf, struct err *why)
{
	static const char *const settings[] = {"statement_timeout", "10min", "lock_timeout", "2s", "client_min_messages", "warning",
	                                       "maintenance_work_mem", "128MB", NULL};
	struct claims *c = mem_alloc(sizeof *c);
	struct pgwork_conf work = {.conf = conf->server, .over = conf->over, .application = "dytop bench --claims",
	                           .settings = settings, .copies = true, .log = conf->log};
	struct pgwork_events events = {.up = up, .down = down, .ctx = c};

	c->loop = l;
	c->conf = *conf;
	if (c->conf.runs < 1 || c->conf.runs > CLAIMS_RUNS_MAX)
		c->conf.runs = 9;
	c->report.rows = -1;
	c->witness = conf->witness ? *conf->witness : (struct schema_witness){0};
	task_init(&c->task, &claims_ops, "bench_claims", "bench --claims");
	c->timer = loop_timer_new(l, on_timer, c);
	int rc = read_files(c, why);
	if (rc == 0)
		rc = pgwork_new(&c->work, l, &work, &events, why);
	c->conf.server = NULL;
	c->conf.over = NULL;
	if (rc < 0) {
		claims_free(&c->task);
		return rc;
	}
	later(c, start);
	*out = &c->task;
	return 0;
}

const struct claims_report *claims_report(const struct task *t)
{
	return &((const struct claims *)t)->report;
}
