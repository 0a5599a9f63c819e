/* SPDX-License-Identifier: PostgreSQL */
#include "model/feed_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct feed *feed_new(const struct panel *panel)
{
	struct feed *f = mem_alloc(sizeof(*f));

	f->panel = panel;
	f->gap_s = f->hole_s = INFINITY;
	f->life_seconds = NAN;
	f->cache = mem_calloc((size_t)feed_caches(panel), sizeof(*f->cache));
	f->lookup = mem_calloc((size_t)panel->lookup_count, sizeof(struct lookup *));
	for (int i = 0; i < panel->lookup_count; i++)
		f->lookup[i] = lookup_new(panel, i);
	if (panel->timings.calls >= 0)
		f->ladder = ladder_new();
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->panel->lookup_count; i++)
		lookup_free(f->lookup[i]);
	for (int i = 0; f->series && i < f->panel->figure_count; i++)
		series_release(&f->series[i]);
	series_release(&f->steps);
	free(f->lack);
	free(f->lookup);
	free(f->series);
	free(f->cache);
	ladder_free(f->ladder);
	trend_release(&f->trend);
	delta_release(&f->delta);
	delta_release(&f->since);
	sample_free(f->base);
	sample_free(f->prev);
	sample_free(f->now);
	free(f);
}

void feed_rewind(struct feed *f)
{
	struct feed *fresh = feed_new(f->panel), old = *f;

	*f = *fresh;
	f->generation = old.generation + 1;
	f->mode = old.mode;
	f->base = old.base;
	old.base = NULL;
	*fresh = old;
	feed_free(fresh);
}

const struct panel *feed_panel(const struct feed *f)
{
	return f->panel;
}

/* The data changed: views rebuild, and what was computed over all rows is void. */
static void touch(struct feed *f)
{
	f->generation++;
	for (int i = 0; i < feed_caches(f->panel); i++)
		memset(f->cache[i].known, 0, sizeof(f->cache[i].known));
}

/* --- taking samples in --- */

static bool is_compared(void *ctx, int column)
{
	const struct panel *p = ctx;
	const struct panel_timings *t = &p->timings;

	if (column >= p->field_count)
		return false;
	if (t->calls >= 0 && (column == t->calls || column == t->total || column == t->mean || column == t->stddev ||
	                      column == t->max))
		return true;
	return p->field[column].lookup < 0 &&
	       (p->field[column].kind == FIELD_COUNTER || p->field[column].kind == FIELD_HISTOGRAM);
}

bool feed_row_hidden(const struct feed *f, int row)
{
	return f->panel->hidden_field >= 0 && sample_number(f->now, row, f->panel->hidden_field) > 0;
}

static void count_hidden(struct feed *f)
{
	double hidden = 0;

	for (int row = 0; f->panel->hidden_field >= 0 && row < f->now->rows; row++) {
		double n = sample_number(f->now, row, f->panel->hidden_field);

		hidden += n > 0 ? n : 0;
	}
	if (hidden > f->now->hidden)
		f->now->hidden = hidden < INT32_MAX ? (int)hidden : INT32_MAX;
}

static double shared_life(const struct feed *f)
{
	double seconds = f->now->rows > 0 ? feed_row_life(f, 0) : (double)NAN;

	for (int row = 1; row < f->now->rows; row++) {
		if (feed_row_life(f, row) != seconds)
			return NAN;
	}
	return seconds;
}

static void make_series(struct feed *f)
{
	const struct panel *p = f->panel;

	f->series = mem_calloc((size_t)p->figure_count, sizeof(*f->series));
	for (int i = 0; i < p->figure_count; i++)
		series_init(&f->series[i], FEED_FIGURE_POINTS);
	if (p->figure_count > 0 || p->trend)
		series_init(&f->steps, p->figure_count > 0 ? FEED_FIGURE_POINTS : FEED_TREND_POINTS);
}

/* Series hold what happened in each interval, whatever is shown now. */
static void push_series(struct feed *f, double step_s)
{
	const struct panel *p = f->panel;
	struct feed_scope ctx;
	struct expr_scope scope;
	struct expr_cache cache = {0};

	if (!f->series)
		make_series(f);
	series_add(&f->steps, step_s);
	if (p->trend) {
		trend_move(&f->trend, &f->delta, FEED_TREND_POINTS);
		feed_scope_mode(f, f->now->wall_us, FEED_INTERVAL, &ctx, &scope);
		scope.cache = &cache;
		for (int row = 0; row < f->now->rows; row++) {
			struct cell c = expr_eval(p->trend, &scope, row);

			series_add(&f->trend.row[row], cell_value(&c));
		}
	}
	for (int i = 0; i < p->figure_count; i++) {
		struct cell c = CELL_NONE;

		if (feed_mode(f) == FEED_INTERVAL) {
			c = feed_figure(f, i, f->now->wall_us); /* fills the cache that the screen will read */
		} else if (p->figure[i].expr) {
			memset(&cache, 0, sizeof(cache));
			feed_scope_mode(f, f->now->wall_us, FEED_INTERVAL, &ctx, &scope);
			scope.cache = &cache;
			c = expr_eval(p->figure[i].expr, &scope, 0);
		}
		series_add(&f->series[i], cell_value(&c));
	}
}

static bool is_kept(void *ctx, int column)
{
	const struct panel *p = ctx;

	return is_compared(ctx, column) || column == p->reset_field;
}

/* However long it is: the span is shown beside its figures. */
static void compare_base(struct feed *f)
{
	delta_release(&f->since);
	f->since.seconds = NAN;
	if (f->base && f->now && f->mode == FEED_SINCE) /* a rewound feed keeps its mark and has no sample yet */
		delta_init(&f->since, f->panel, f->base, f->now, INFINITY);
}

void feed_push(struct feed *f, struct sample *s)
{
	bool other_life = f->now && f->now->life != s->life;
	double passed = f->now ? delta_passed(f->now, s) : (double)NAN;
	bool hole = f->state != FEED_LIVE || passed > f->hole_s;
	double step = f->now && isnan(passed) ? 0 : passed;

	sample_free(f->prev);
	delta_release(&f->delta);
	f->prev = f->now;
	f->now = s;
	if (passed > f->gap_s) {
		sample_free(f->prev);
		f->prev = NULL;
	}
	delta_init(&f->delta, f->panel, f->prev, s, f->gap_s);
	/* Another server may answer under the name now, with other numbers for other things. */
	for (int i = 0; i < f->panel->lookup_count; i++) {
		if (other_life)
			lookup_clear(f->lookup[i]);
		else
			lookup_sweep(f->lookup[i], s);
	}
	if (f->ladder)
		ladder_push(f->ladder, f->panel, &f->delta, f->prev, s);
	compare_base(f);
	if (f->prev)
		sample_strip(f->prev, is_compared, (void *)(uintptr_t)f->panel);
	f->state = FEED_LIVE;
	f->reason[0] = '\0';
	f->life_seconds = shared_life(f);
	count_hidden(f);
	touch(f);
	push_series(f, hole || isnan(f->delta.seconds) ? -step : step);
}

static void leave(struct feed *f, enum feed_state state, const char *reason)
{
	f->state = state;
	snprintf(f->reason, sizeof(f->reason), "%s", reason ? reason : "");
	touch(f);
}

void feed_fail(struct feed *f, const struct err *why)
{
	bool never = why->code == ERR_PRIVILEGE || why->code == ERR_UNSUPPORTED;

	leave(f, never ? FEED_UNAVAILABLE : f->now ? FEED_STALE : FEED_EMPTY, why->text);
}

void feed_stale(struct feed *f, const char *reason)
{
	if (f->state != FEED_UNAVAILABLE)
		leave(f, f->now ? FEED_STALE : FEED_EMPTY, reason);
}

void feed_set_gap(struct feed *f, double seconds)
{
	f->gap_s = seconds;
}

void feed_set_hole(struct feed *f, double seconds)
{
	f->hole_s = seconds;
}

void feed_set_mode(struct feed *f, enum feed_mode mode)
{
	if (f->mode != mode) {
		f->mode = mode;
		compare_base(f);
		touch(f);
	}
}

bool feed_mark(struct feed *f)
{
	feed_unmark(f);
	if (!f->now)
		return false;
	f->base = sample_copy(f->now, is_kept, (void *)(uintptr_t)f->panel);
	compare_base(f);
	touch(f);
	return true;
}

void feed_unmark(struct feed *f)
{
	if (!f->base)
		return;
	sample_free(f->base);
	f->base = NULL;
	compare_base(f);
	touch(f);
}

const struct sample *feed_marked(const struct feed *f)
{
	return f->base;
}

void feed_observe(struct feed *f, const struct panel *observer, const struct sample *s, double rate_hz)
{
	if (f->ladder)
		ladder_observe(f->ladder, observer, s, rate_hz);
}

void feed_set_looks(struct feed *f, const struct feed_looks *looks)
{
	f->looks = looks ? *looks : (struct feed_looks){0};
}

const struct feed_looks *feed_looks(const struct feed *f)
{
	return f->looks.most_hz > 0 ? &f->looks : NULL;
}

/* --- what there is --- */

enum feed_state feed_state(const struct feed *f)
{
	return f->state;
}

const char *feed_reason(const struct feed *f)
{
	return f->reason;
}

const struct sample *feed_sample(const struct feed *f)
{
	return f->now;
}

double feed_seconds(const struct feed *f)
{
	if (!f->now)
		return NAN;
	return feed_mode(f) == FEED_LIFETIME ? f->life_seconds : feed_delta(f, feed_mode(f))->seconds;
}

bool feed_was_reset(const struct feed *f)
{
	return feed_reset_rows(f) > 0;
}

int feed_reset_rows(const struct feed *f)
{
	return feed_delta(f, feed_mode(f))->voided;
}

uint64_t feed_generation(const struct feed *f)
{
	return f->generation;
}

enum feed_mode feed_mode(const struct feed *f)
{
	return f->mode == FEED_INTERVAL && !f->prev ? FEED_LIFETIME : f->mode;
}

bool feed_first(const struct feed *f)
{
	return f->now && !f->prev;
}

int feed_rows(const struct feed *f)
{
	return f->now ? f->now->rows : 0;
}

uint64_t feed_key(const struct feed *f, int row)
{
	return row >= 0 && row < feed_rows(f) ? f->now->key[row] : 0;
}

int feed_row_of(const struct feed *f, uint64_t key)
{
	return f->now ? sample_find(f->now, key) : -1;
}

bool feed_row_is_new(const struct feed *f, int row)
{
	const struct delta *delta = feed_delta(f, f->mode);

	return feed_from(f, f->mode) && row >= 0 && row < delta->rows && delta->state[row] == DELTA_NEW;
}

/* --- lookups --- */

int feed_missing(const struct feed *f, int k, const int *rows, int row_count, const struct clock *now, int64_t *keys,
                 int max)
{
	if (!f->now || k < 0 || k >= f->panel->lookup_count)
		return 0;
	return lookup_missing(f->lookup[k], f->now, rows, row_count, now, keys, max);
}

void feed_asked(struct feed *f, int k, const struct clock *now)
{
	if (k >= 0 && k < f->panel->lookup_count)
		lookup_asked(f->lookup[k], now);
}

static void forget_lack(struct feed *f)
{
	free(f->lack);
	f->lack = NULL;
}

void feed_miss(struct feed *f, int k, const struct err *why)
{
	struct buf text = BUF_INIT(ERR_TEXT_MAX + 100);

	buf_addf(&text, "%s: %s", f->panel->lookup[k].name, why->text);
	forget_lack(f);
	f->lack = buf_take(&text);
	f->lack_of = k;
	touch(f);
}

const char *feed_lack(const struct feed *f)
{
	return f->lack ? f->lack : "";
}

void feed_learn(struct feed *f, int k, const int64_t *asked, int asked_count, struct sample *answer,
                const struct clock *now)
{
	if (k >= 0 && k < f->panel->lookup_count) {
		lookup_learn(f->lookup[k], asked, asked_count, answer, f->now, now);
		if (f->lack && f->lack_of == k)
			forget_lack(f);
		touch(f);
	}
	sample_free(answer);
}

size_t feed_bytes(const struct feed *f)
{
	size_t bytes = sizeof(*f) + (size_t)feed_caches(f->panel) * sizeof(*f->cache) + trend_bytes(&f->trend);

	for (int i = 0; i < f->panel->lookup_count; i++)
		bytes += lookup_bytes(f->lookup[i]);
	if (f->series)
		bytes += (size_t)f->panel->figure_count * (sizeof(struct series) + FEED_FIGURE_POINTS * sizeof(float));
	bytes += (size_t)f->steps.room * sizeof(float);
	bytes += (size_t)f->delta.rows * (sizeof(*f->delta.before) + sizeof(*f->delta.state));
	bytes += f->base ? sample_bytes(f->base) + (size_t)f->since.rows * (sizeof(*f->since.before) + sizeof(*f->since.state)) : 0;
	bytes += f->ladder ? ladder_bytes(f->ladder) : 0;
	bytes += f->prev ? sample_bytes(f->prev) : 0;
	return bytes + (f->now ? sample_bytes(f->now) : 0);
}
