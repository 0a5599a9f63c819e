/* SPDX-License-Identifier: PostgreSQL */
#include "app/bench_task.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/audit.h"
#include "core/mem.h"
#include "core/units.h"

struct bench_task {
	struct task task;
	struct loop *loop;
	struct bench_plan plan;
	struct bench_report *report;
	struct bench *bench;
	struct loop_timer *later;
	int at;                      /* run under way */
	char id[AUDIT_ID_MAX];
	bool intended;               /* the intent is in the log */
	struct err why;
};

static int64_t now_ns(const struct bench_task *t)
{
	return loop_now(t->loop)->mono_ns;
}

static void end(struct bench_task *t, enum task_outcome outcome)
{
	if (t->intended) {
		struct audit_outcome o = {.id = t->id, .action = "bench", .outcome = outcome, .duration_ms = NAN, .rows = -1,
		                          .error = t->why.code < 0 ? t->why.text : NULL};

		o.duration_ms = (double)(now_ns(t) - t->task.began_ns) / 1e6;
		audit_outcome(t->plan.audit, &o, NULL, NULL);
		t->intended = false;
	}
	task_done(&t->task, outcome, t->why.code < 0 ? &t->why : NULL, now_ns(t));
}

static void fail(struct bench_task *t, const struct err *why)
{
	t->why = *why;
	end(t, TASK_FAILED);
}

/* --- runs --------------------------------------------------------------------------------------------------------- */

static void begin_run(struct bench_task *t);
static void ask(struct bench_task *t);

static void show(void *ctx, const struct bench_progress *p)
{
	struct bench_task *t = ctx;
	char text[400], p99[UNIT_TEXT_MAX] = "", hits[24] = "";
	bool load = p->step == BENCH_WARMING || p->step == BENCH_MEASURING || p->step == BENCH_FILLING;
	double share = p->of_ms > 0 ? fmin(p->elapsed_ms / p->of_ms, 1) : NAN;

	unit_format(p99, UNIT_MS, p->p99_ms, 0);
	if (isfinite(p->hit_percent))
		snprintf(hits, sizeof hits, "  hits %.1f%%", p->hit_percent);
	if (load)
		snprintf(text, sizeof text, "%s, %s: %.0f ops/s  p99 %s%s  connections %d/%d  errors %lld%s%s",
		         bench_variant_name(t->plan.conf.variant), bench_step_name(p->step), p->ops_per_s, p99, hits, p->busy, p->open,
		         (long long)p->errors, p->trouble[0] ? "  " : "", p->trouble);
	else
		snprintf(text, sizeof text, "%s, %s%s%s", bench_variant_name(t->plan.conf.variant), bench_step_name(p->step),
		         p->trouble[0] ? "  " : "", p->trouble);
	task_progress(&t->task, share, p->of_ms > 0 ? fmax(p->of_ms - p->elapsed_ms, 0) : NAN, text);
}

/* From the loop: a bench may not be freed in its own event. */
static void on_later(struct bench_task *t)
{
	bench_free(t->bench);
	t->bench = NULL;
	if (t->why.code < 0)
		end(t, TASK_FAILED);
	else if (++t->at < t->plan.runs)
		begin_run(t);
	else
		end(t, TASK_OK);
}

static void ready(void *ctx)
{
	struct bench_task *t = ctx;

	bench_describe(t->bench, t->report);
	if (t->task.state == TASK_LOOKING)
		ask(t);
	else
		bench_go(t->bench);
}

static void ended(void *ctx, const struct err *why)
{
	struct bench_task *t = ctx;

	if (why) {
		t->why = *why;
	} else {
		bench_take_result(t->bench, &t->report->run[t->report->runs++]);
		if (t->report->run[t->report->runs - 1].cut)
			t->at = t->plan.runs; /* interrupted: what was measured is told, the rest is not begun */
	}
	loop_timer_in(t->later, 0);
}

static void sample(void *ctx, int statement, int64_t ns)
{
	struct bench_task *t = ctx;

	t->plan.sample(t->plan.sample_ctx, statement, ns);
}

static void begin_run(struct bench_task *t)
{
	struct bench_conf conf = t->plan.conf;
	struct bench_events events = {.ready = ready, .progress = show, .sample = t->plan.sample ? sample : NULL, .ended = ended, .ctx = t};
	struct err why;

	conf.variant = t->plan.run[t->at];
	if (conf.variant == BENCH_BASELINE)
		conf.redis = NULL;
	t->plan.conf.variant = conf.variant;
	if (bench_new(&t->bench, t->loop, &conf, &events, &why) < 0)
		fail(t, &why);
}

/* --- before ------------------------------------------------------------------------------------------------------- */

static void on_logged(void *ctx, const struct err *why)
{
	struct bench_task *t = ctx;

	if (t->task.state == TASK_DONE)
		return;
	if (why) {
		t->why = *why;
		end(t, TASK_REFUSED);
		return;
	}
	t->intended = true;
	bench_go(t->bench);
}

static void on_answer(struct task *task, bool yes)
{
	struct bench_task *t = (struct bench_task *)task;
	struct audit_intent intent = {.id = t->id, .action = "bench", .confirmed = t->plan.confirmed, .sql = task->sql};

	if (!yes) {
		end(t, TASK_DECLINED);
		return;
	}
	task_run(task, now_ns(t));
	if (t->plan.begun)
		t->plan.begun(t->plan.begun_ctx);
	if (!t->plan.audit) {
		bench_go(t->bench);
		return;
	}
	intent.server.name = t->report->server;
	intent.target = t->plan.conf.workload->name;
	audit_intent(t->plan.audit, &intent, on_logged, t);
}

static void on_cancel(struct task *task)
{
	struct bench_task *t = (struct bench_task *)task;

	if (t->bench)
		bench_stop(t->bench);
	else if (t->task.state == TASK_ASKING)
		end(t, TASK_DECLINED);
}

static void on_free(struct task *task)
{
	struct bench_task *t = (struct bench_task *)task;

	if (t->plan.audit)
		audit_forget(t->plan.audit, t);
	bench_free(t->bench);
	loop_timer_free(t->later);
	task_release(task);
	free(t);
}

static const struct task_ops ops = {.answer = on_answer, .cancel = on_cancel, .free = on_free};

/* What changes something, exactly as it will be sent. */
static void add_writes(struct buf *out, const struct bench_workload *w, const struct bench_plan *plan)
{
	for (int i = 0; i < w->count; i++) {
		const struct bench_statement *s = &w->statement[i];

		if (!s->writes || (plan->conf.only && !(plan->conf.only & UINT32_C(1) << i)))
			continue;
		for (int r = 0; r < plan->runs; r++) {
			const struct bench_text *text = bench_statement_text(s, plan->run[r]);

			for (int k = 0; k < text->count && (r == 0 || text != bench_statement_text(s, plan->run[0])); k++)
				buf_addf(out, "%s;\n", text->step[k].sql);
		}
	}
	for (int k = 0; k < w->after.count && !plan->conf.keep; k++)
		buf_addf(out, "%s;\n", w->after.step[k].sql);
	if (out->len > 0)
		buf_cut(out, out->len - 1);
}

static void say_plan(struct bench_task *t, const struct bench_workload *w)
{
	const struct bench_conf *c = &t->plan.conf;
	char rate[64] = "";

	task_say(&t->task, TASK_PLAIN, "%s: %s", w->title, w->about);
	if (c->rate > 0)
		snprintf(rate, sizeof rate, " at %.0f operations/s", c->rate);
	if (c->window_ms > 0)
		task_say(&t->task, TASK_PLAIN, "%d clients%s over %d to %d connections for %.0f s%s, %s", c->clients, rate, c->pool_min,
		         c->pool_max, (c->warmup_ms + c->window_ms) / 1e3 * t->plan.runs, t->plan.runs > 1 ? " in two runs" : "",
		         c->redis ? "with a cache" : "without a cache (--redis names one)");
	else
		task_say(&t->task, TASK_PLAIN, "%d clients%s over %d to %d connections until interrupted, %s", c->clients, rate, c->pool_min,
		         c->pool_max, c->redis ? "with a cache" : "without a cache (--redis names one)");
	if (t->plan.then_optimizes)
		task_say(&t->task, TASK_WARN, "that is the baseline; then the optimisation's indexes and views are built, as dytop bridge init "
		         "--optimized does, and stay; then the same again with them");
	if (w->writes)
		task_say(&t->task, TASK_WARN, "it puts load on the server and writes with the statements below%s",
		         c->keep ? "; what it writes stays (--keep)" : "; what it writes is taken away at the end");
	else
		task_say(&t->task, TASK_WARN, "it puts load on the server");
}

static void ask(struct bench_task *t)
{
	const struct bench_workload *w = t->plan.conf.workload;
	struct task_question question = {.weight = TASK_WEIGHT_YES, .expires_ms = 60000};
	struct buf sql = BUF_INIT(TASK_SQL_MAX);

	say_plan(t, w);
	add_writes(&sql, w, &t->plan);
	if (sql.len > 0)
		task_sql(&t->task, buf_text(&sql), sql.len);
	buf_release(&sql);
	snprintf(question.title, sizeof question.title, "Run it on %.150s?", t->report->server);
	task_ask(&t->task, &question);
}

static void on_begin(void *ctx)
{
	struct bench_task *t = ctx;

	if (t->bench || t->task.state != TASK_LOOKING)
		on_later(t);
	else
		begin_run(t);
}

void bench_task_new(struct task **out, struct loop *l, const struct bench_plan *plan, struct bench_report *report)
{
	struct bench_task *t = mem_alloc(sizeof *t);
	char title[TASK_TITLE_MAX];

	t->loop = l;
	t->plan = *plan;
	t->report = report;
	t->later = loop_timer_new(l, on_begin, t);
	audit_id(t->id);
	snprintf(title, sizeof title, "bench %s", plan->conf.workload->name);
	task_init(&t->task, &ops, "bench", title);
	loop_timer_in(t->later, 0);
	*out = &t->task;
}
