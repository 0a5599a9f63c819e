/* SPDX-License-Identifier: PostgreSQL */
#include "model/feed_impl.h"

#include <math.h>

#include "model/histogram.h"

int feed_caches(const struct panel *p)
{
	return (p->column_count + p->figure_count) * CACHES + 1;
}

/* --- scopes: how expressions see a feed --- */

static bool is_counter(const struct feed *f, int field)
{
	return field >= 0 && field < f->panel->field_count && f->panel->field[field].kind == FIELD_COUNTER &&
	       f->panel->field[field].lookup < 0;
}

struct cell feed_scope_value(void *ctx, int id, int row)
{
	struct feed_scope *s = ctx;

	return id == PANEL_SELF_VALUE ? s->self : feed_field(s->feed, row, id);
}

const struct sample *feed_from(const struct feed *f, enum feed_mode mode)
{
	return mode == FEED_SINCE ? f->base : f->prev;
}

const struct delta *feed_delta(const struct feed *f, enum feed_mode mode)
{
	return mode == FEED_SINCE ? &f->since : &f->delta;
}

static struct cell scope_delta(void *ctx, int id, int row)
{
	const struct feed_scope *s = ctx;
	const struct feed *f = s->feed;
	const struct sample *from = feed_from(f, s->mode);
	struct cell c;

	if (!is_counter(f, id) || !f->now)
		return CELL_NONE;
	if (s->mode != FEED_LIFETIME)
		return from ? delta_cell(feed_delta(f, s->mode), from, f->now, row, id) : CELL_NONE;
	c = sample_cell(f->now, row, id);
	c.mark = MARK_LIFETIME;
	return c;
}

/* The statistics behind a row's quantiles; false when they are not known. */
static bool row_interval(const struct feed_scope *s, int row, struct ladder_interval *out)
{
	const struct feed *f = s->feed;
	const struct sample *from = feed_from(f, s->mode);
	const struct delta *delta = feed_delta(f, s->mode);
	struct ladder_totals now, before;

	if (!f->ladder || !f->now || row < 0 || row >= f->now->rows)
		return false;
	ladder_totals_of(f->panel, f->now, row, &now);
	if (s->mode == FEED_LIFETIME) {
		ladder_between(NULL, &now, out);
		return true;
	}
	if (!from || delta->state[row] != DELTA_KNOWN)
		return false;
	ladder_totals_of(f->panel, from, delta->before[row], &before);
	ladder_between(&before, &now, out);
	return true;
}

static struct cell row_quantile(const struct feed_scope *s, int row, double q, enum ladder_rung *rung)
{
	const struct feed *f = s->feed;
	struct ladder_interval interval;
	struct cell id, c;

	*rung = LADDER_NONE;
	if (!row_interval(s, row, &interval))
		return CELL_NONE;
	if (s->mode != FEED_INTERVAL) { /* the other rungs are about now */
		c = cell_number(ladder_bound(&interval, q));
		c.mark = MARK_BOUND;
		*rung = c.kind == CELL_UNKNOWN ? LADDER_NONE : LADDER_BOUND;
		return c;
	}
	id = sample_cell(f->now, row, f->panel->timings.queryid);
	return ladder_quantile(f->ladder, f->now->key[row], id.kind == CELL_INT ? id.integer : 0, &interval, q, rung);
}

static struct cell scope_quantile(void *ctx, int row, double q)
{
	const struct feed_scope *s = ctx;
	enum ladder_rung rung;

	return s->least ? CELL_NONE : row_quantile(ctx, row, q, &rung);
}

static struct cell scope_stddev(void *ctx, int row)
{
	const struct feed_scope *s = ctx;
	struct ladder_interval interval;
	struct cell c;

	if (!row_interval(s, row, &interval))
		return CELL_NONE;
	if (s->mode != FEED_LIFETIME)
		return cell_number(interval.sd);
	c = sample_cell(s->feed->now, row, s->feed->panel->timings.stddev);
	c.mark = MARK_LIFETIME;
	return c;
}

static struct cell scope_hquantile(void *ctx, int id, int row, double q)
{
	const struct feed_scope *s = ctx;
	const struct feed *f = s->feed;
	const struct sample *from = feed_from(f, s->mode);
	const struct delta *delta = feed_delta(f, s->mode);
	struct cell before = cell_text(STR("")), now = sample_cell(f->now, row, id), c;
	struct histogram_range range;

	if (now.kind != CELL_TEXT)
		return CELL_NONE;
	if (s->mode != FEED_LIFETIME) {
		if (!from || delta->state[row] != DELTA_KNOWN)
			return CELL_NONE;
		before = sample_cell(from, delta->before[row], id);
		if (before.kind != CELL_TEXT)
			return CELL_NONE;
	}
	range = histogram_quantile(before.text, now.text, q);
	c = cell_number(s->least ? range.least : range.most);
	c.mark = MARK_BOUND;
	return c;
}

void feed_scope_mode(const struct feed *f, int64_t wall_us, enum feed_mode mode, struct feed_scope *ctx,
                     struct expr_scope *scope)
{
	*ctx = (struct feed_scope){.feed = f, .self = CELL_NONE, .mode = mode};
	*scope = (struct expr_scope){
		.ctx = ctx,
		.value = feed_scope_value,
		.delta = scope_delta,
		.quantile = scope_quantile,
		.stddev = scope_stddev,
		.hquantile = scope_hquantile,
		.rows = feed_rows(f),
		.seconds = mode == FEED_LIFETIME ? f->life_seconds : feed_from(f, mode) ? feed_delta(f, mode)->seconds : (double)NAN,
		.wall_us = wall_us,
	};
}

void feed_scope(const struct feed *f, int64_t wall_us, struct feed_scope *ctx, struct expr_scope *scope)
{
	feed_scope_mode(f, wall_us, feed_mode(f), ctx, scope);
}

double feed_row_life(const struct feed *f, int row)
{
	double reset = f->panel->reset_field >= 0 ? sample_number(f->now, row, f->panel->reset_field) : (double)NAN;
	double seconds = ((double)f->now->wall_us - reset) / 1e6;

	return seconds > 0 ? seconds : (double)NAN;
}

static struct cell eval(const struct feed *f, const struct expr *e, int cache, int row, int64_t wall_us,
                        const struct cell *self)
{
	struct feed_scope ctx;
	struct expr_scope scope;

	if (!e || !f->now)
		return CELL_NONE;
	feed_scope(f, wall_us, &ctx, &scope);
	if (self)
		ctx.self = *self;
	/* Where rows were reset at different times each has its own seconds; but to a rate over all rows no one
	 * length of time belongs, and it stays unknown. */
	if (ctx.mode == FEED_LIFETIME && isnan(scope.seconds) && !expr_has_aggregates(e))
		scope.seconds = feed_row_life(f, row);
	scope.cache = &f->cache[cache];
	return expr_eval(e, &scope, row);
}

/* --- figures --- */

struct cell feed_field(const struct feed *f, int row, int field)
{
	int k;

	if (!f->now || field < 0 || field >= f->panel->field_count)
		return CELL_NONE;
	k = f->panel->field[field].lookup;
	return k < 0 ? sample_cell(f->now, row, field) : lookup_cell(f->lookup[k], f->now, row, field);
}

struct cell feed_cell(const struct feed *f, int row, int column, int64_t wall_us)
{
	const struct panel_column *c;
	const struct series *trend;

	if (column < 0 || column >= f->panel->column_count)
		return CELL_NONE;
	c = &f->panel->column[column];
	if (c->field >= 0)
		return feed_field(f, row, c->field);
	if (c->expr)
		return eval(f, c->expr, column * CACHES + CACHE_VALUE, row, wall_us, NULL);
	/* The trend's column sorts by its newest point. */
	trend = feed_trend(f, row);
	return trend ? cell_number(series_at(trend, 0)) : CELL_NONE;
}

static int figure_cache(const struct feed *f, int figure, int which)
{
	return (f->panel->column_count + figure) * CACHES + which;
}

struct cell feed_figure(const struct feed *f, int figure, int64_t wall_us)
{
	if (figure < 0 || figure >= f->panel->figure_count)
		return CELL_NONE;
	return eval(f, f->panel->figure[figure].expr, figure_cache(f, figure, CACHE_VALUE), 0, wall_us, NULL);
}

struct limits {
	const struct expr *value, *warn, *crit;
	int cache; /* of the value; warn and crit follow */
	int row;
};

static bool is_true(struct cell c)
{
	double v = cell_value(&c);

	return !isnan(v) && v != 0;
}

/* What a value that is shown as a bound is at least; unknown where only the bound is known. */
static struct cell least_of(const struct feed *f, const struct expr *e, int row, int64_t wall_us)
{
	struct expr_cache cache = {0};
	struct feed_scope ctx;
	struct expr_scope scope;

	if (!e || !f->now)
		return CELL_NONE;
	feed_scope(f, wall_us, &ctx, &scope);
	ctx.least = scope.least = true;
	scope.cache = &cache;
	return expr_eval(e, &scope, row);
}

/* A bound alerts when both ends of what it may be do. */
static int alert(const struct feed *f, const struct limits *l, const struct cell *self, int64_t wall_us)
{
	const struct cell least = self->mark == MARK_BOUND ? least_of(f, l->value, l->row, wall_us) : *self;

	if (self->kind == CELL_UNKNOWN || least.kind == CELL_UNKNOWN)
		return 0;
	for (int level = 2; level > 0; level--) {
		const struct expr *limit = level == 2 ? l->crit : l->warn;
		int cache = l->cache + (level == 2 ? CACHE_CRIT : CACHE_WARN);

		if (limit && is_true(eval(f, limit, cache, l->row, wall_us, self)) &&
		    (self->mark != MARK_BOUND || is_true(eval(f, limit, cache, l->row, wall_us, &least))))
			return level;
	}
	return 0;
}

int feed_alert(const struct feed *f, int row, int column, int64_t wall_us)
{
	const struct panel_column *c;
	struct cell self;

	if (column < 0 || column >= f->panel->column_count)
		return 0;
	c = &f->panel->column[column];
	if (!c->warn && !c->crit)
		return 0;
	self = feed_cell(f, row, column, wall_us);
	return alert(f, &(struct limits){c->expr, c->warn, c->crit, column * CACHES, row}, &self, wall_us);
}

int feed_figure_alert(const struct feed *f, int figure, int64_t wall_us)
{
	const struct panel_figure *p;
	struct cell self;

	if (figure < 0 || figure >= f->panel->figure_count)
		return 0;
	p = &f->panel->figure[figure];
	if (!p->warn && !p->crit)
		return 0;
	self = feed_figure(f, figure, wall_us);
	return alert(f, &(struct limits){p->expr, p->warn, p->crit, figure_cache(f, figure, 0), 0}, &self, wall_us);
}

bool feed_hides(const struct feed *f, int row, int64_t wall_us)
{
	return f->panel->hide && is_true(eval(f, f->panel->hide, feed_caches(f->panel) - 1, row, wall_us, NULL));
}

const struct series *feed_trend(const struct feed *f, int row)
{
	return f->panel->trend && row >= 0 && row < f->trend.rows ? &f->trend.row[row] : NULL;
}

const struct series *feed_figure_series(const struct feed *f, int figure)
{
	return f->series && figure >= 0 && figure < f->panel->figure_count ? &f->series[figure] : NULL;
}

const struct series *feed_steps(const struct feed *f)
{
	return &f->steps;
}

static enum ladder_rung rung_of(const struct feed *f, int row, double q)
{
	struct feed_scope ctx;
	struct expr_scope scope;
	enum ladder_rung rung;

	feed_scope(f, 0, &ctx, &scope);
	row_quantile(&ctx, row, q, &rung);
	return rung;
}

const char *feed_rung(const struct feed *f, int row, double q)
{
	return ladder_rung_name(rung_of(f, row, q));
}

const char *feed_column_rung(const struct feed *f, int row, int column, const char **over)
{
	double q = column >= 0 && column < f->panel->column_count ? expr_level(f->panel->column[column].expr) : (double)NAN;
	enum ladder_rung rung = isnan(q) ? LADDER_NONE : rung_of(f, row, q);

	if (over)
		*over = ladder_rung_over(rung);
	return rung == LADDER_NONE ? "" : ladder_rung_name(rung);
}
