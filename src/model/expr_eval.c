/* SPDX-License-Identifier: PostgreSQL */
/* Evaluation: one function per kind of node, no allocation, no state but the scope's cache. */
#include <math.h>

#include "model/expr_private.h"

struct run {
	const struct expr *e;
	const struct expr_scope *scope;
};

typedef struct cell eval_fn(const struct run *r, const struct expr_node *n, int row);

#define OP(name, eval) static eval_fn eval_##eval;
EXPR_OPS(OP)
#undef OP

static eval_fn *const eval_op[OP_COUNT_] = {
#define OP(name, eval) [OP_##name] = eval_##eval,
	EXPR_OPS(OP)
#undef OP
};

static struct cell eval(const struct run *r, unsigned at, int row)
{
	const struct expr_node *n = &r->e->node[at];

	return eval_op[n->op](r, n, row);
}

static unsigned second(const struct run *r, const struct expr_node *n)
{
	return r->e->node[n->first].next;
}

static bool is_number(const struct cell *c)
{
	return c->kind == CELL_INT || c->kind == CELL_NUMBER || c->kind == CELL_BOOL;
}

static struct cell with_mark(struct cell c, enum mark mark)
{
	c.mark = mark;
	return c;
}

static enum mark both(const struct cell *a, const struct cell *b)
{
	return a->mark == b->mark ? a->mark : mark_worst(a->mark, b->mark);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static struct cell eval_constant(const struct run *r, const struct expr_node *n, int row)
{
	(void)row;
	return r->e->constant[n->arg];
}

static struct cell eval_name(const struct run *r, const struct expr_node *n, int row)
{
	return r->scope->value(r->scope->ctx, n->id, row);
}

static struct cell eval_delta(const struct run *r, const struct expr_node *n, int row)
{
	return r->scope->delta != NULL ? r->scope->delta(r->scope->ctx, n->id, row) : CELL_NONE;
}

static struct cell eval_rate(const struct run *r, const struct expr_node *n, int row)
{
	struct cell d = eval_delta(r, n, row);

	if (!is_number(&d) || !(r->scope->seconds > 0))
		return CELL_NONE;
	return with_mark(cell_number(cell_value(&d) / r->scope->seconds), d.mark);
}

static struct cell eval_quantile(const struct run *r, const struct expr_node *n, int row)
{
	if (r->scope->quantile == NULL)
		return CELL_NONE;
	return r->scope->quantile(r->scope->ctx, row, cell_value(&r->e->constant[n->arg]));
}

static struct cell eval_stddev(const struct run *r, const struct expr_node *n, int row)
{
	(void)n;
	return r->scope->stddev != NULL ? r->scope->stddev(r->scope->ctx, row) : CELL_NONE;
}

static struct cell eval_hquantile(const struct run *r, const struct expr_node *n, int row)
{
	if (r->scope->hquantile == NULL)
		return CELL_NONE;
	return r->scope->hquantile(r->scope->ctx, n->id, row, cell_value(&r->e->constant[n->arg]));
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

static enum truth truth_of(const struct cell *c)
{
	if (c->kind == CELL_NUMBER)
		return c->number != 0 ? TRUTH_TRUE : TRUTH_FALSE;
	if (c->kind == CELL_INT || c->kind == CELL_BOOL)
		return c->integer != 0 ? TRUTH_TRUE : TRUTH_FALSE;
	return TRUTH_UNKNOWN; /* a text is no condition */
}

static struct cell truth_cell(enum truth t, enum mark mark)
{
	return t == TRUTH_UNKNOWN ? CELL_NONE : with_mark(cell_bool(t == TRUTH_TRUE), mark);
}

/* One known side that settles it settles it, whatever the other one is. */
static struct cell both_sides(const struct run *r, const struct expr_node *n, int row, enum truth settles)
{
	struct cell a = eval(r, n->first, row), b;
	enum truth x = truth_of(&a), y;

	if (x == settles)
		return truth_cell(x, a.mark);
	b = eval(r, second(r, n), row);
	y = truth_of(&b);
	if (y == settles)
		return truth_cell(y, b.mark);
	return x == TRUTH_UNKNOWN || y == TRUTH_UNKNOWN ? CELL_NONE : truth_cell(x, both(&a, &b));
}

static struct cell eval_or(const struct run *r, const struct expr_node *n, int row)
{
	return both_sides(r, n, row, TRUTH_TRUE);
}

static struct cell eval_and(const struct run *r, const struct expr_node *n, int row)
{
	return both_sides(r, n, row, TRUTH_FALSE);
}

static struct cell eval_not(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);
	enum truth x = truth_of(&a);

	return x == TRUTH_UNKNOWN ? CELL_NONE : truth_cell(x == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE, a.mark);
}

static bool comparable(const struct cell *a, const struct cell *b)
{
	return (is_number(a) && is_number(b)) || (a->kind == CELL_TEXT && b->kind == CELL_TEXT);
}

static struct cell eval_compare(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row), b;
	bool result = false;
	int order;

	if (a.kind == CELL_UNKNOWN)
		return CELL_NONE;
	b = eval(r, second(r, n), row);
	if (!comparable(&a, &b))
		return CELL_NONE;
	order = cell_compare(&a, &b);
	switch (n->op) {
	case OP_EQ:
		result = order == 0;
		break;
	case OP_NE:
		result = order != 0;
		break;
	case OP_LT:
		result = order < 0;
		break;
	case OP_LE:
		result = order <= 0;
		break;
	case OP_GT:
		result = order > 0;
		break;
	case OP_GE:
		result = order >= 0;
		break;
	}
	return with_mark(cell_bool(result), both(&a, &b));
}

static struct cell eval_match(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	if (a.kind != CELL_TEXT)
		return CELL_NONE;
	return with_mark(cell_bool(pattern_match(r->e->pattern[n->arg], a.text) == (n->op == OP_MATCH)), a.mark);
}

static struct cell eval_in(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);
	bool unknown = false;

	if (a.kind == CELL_UNKNOWN)
		return CELL_NONE;
	for (unsigned at = second(r, n); at != 0; at = r->e->node[at].next) {
		struct cell b = eval(r, at, row);

		if (!comparable(&a, &b))
			unknown = true;
		else if (cell_compare(&a, &b) == 0)
			return with_mark(cell_bool(n->op == OP_IN), both(&a, &b));
	}
	return unknown ? CELL_NONE : with_mark(cell_bool(n->op != OP_IN), a.mark);
}

/* --- arithmetic --------------------------------------------------------------------------------------------------- */

/* Would the result still be an upper bound? Only asked when one of them is. */
static bool bound_holds(enum expr_op op, const struct cell *a, const struct cell *b)
{
	switch (op) {
	case OP_ADD:
		return true;
	case OP_SUB:
		return b->mark != MARK_BOUND;
	case OP_MUL:
		return cell_value(a) >= 0 && cell_value(b) >= 0;
	case OP_DIV:
		return b->mark != MARK_BOUND && cell_value(b) > 0;
	default:
		return false;
	}
}

static bool combine(const struct expr_node *n, const struct cell *a, const struct cell *b, enum mark *mark)
{
	*mark = both(a, b);
	return (a->mark != MARK_BOUND && b->mark != MARK_BOUND) || bound_holds((enum expr_op)n->op, a, b);
}

static bool operands(const struct run *r, const struct expr_node *n, int row, struct cell *a, struct cell *b)
{
	*a = eval(r, n->first, row);
	if (!is_number(a))
		return false;
	*b = eval(r, second(r, n), row);
	return is_number(b);
}

static bool int_result(enum expr_op op, int64_t a, int64_t b, int64_t *out)
{
	if (op == OP_ADD)
		return !__builtin_add_overflow(a, b, out);
	if (op == OP_SUB)
		return !__builtin_sub_overflow(a, b, out);
	return !__builtin_mul_overflow(a, b, out);
}

static struct cell eval_arithmetic(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a, b;
	enum expr_op op = (enum expr_op)n->op;
	enum mark mark;
	double x, y;
	int64_t whole;

	if (!operands(r, n, row, &a, &b) || !combine(n, &a, &b, &mark))
		return CELL_NONE;
	/* whole numbers stay exact as long as they fit */
	if (a.kind != CELL_NUMBER && b.kind != CELL_NUMBER && int_result(op, a.integer, b.integer, &whole))
		return with_mark(cell_int(whole), mark);
	x = cell_value(&a);
	y = cell_value(&b);
	return with_mark(cell_number(op == OP_ADD ? x + y : op == OP_SUB ? x - y : x * y), mark);
}

static struct cell eval_divide(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a, b;
	enum mark mark;
	double by;

	if (!operands(r, n, row, &a, &b) || !combine(n, &a, &b, &mark))
		return CELL_NONE;
	by = cell_value(&b);
	return by == 0 ? CELL_NONE : with_mark(cell_number(cell_value(&a) / by), mark);
}

static struct cell eval_modulo(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a, b;
	enum mark mark;

	if (!operands(r, n, row, &a, &b) || !combine(n, &a, &b, &mark) || cell_value(&b) == 0)
		return CELL_NONE;
	if (a.kind == CELL_NUMBER || b.kind == CELL_NUMBER)
		return with_mark(cell_number(fmod(cell_value(&a), cell_value(&b))), mark);
	/* the lowest number by -1 is not representable, its remainder is */
	return with_mark(cell_int(b.integer == -1 ? 0 : a.integer % b.integer), mark);
}

static struct cell eval_negate(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	if (!is_number(&a) || a.mark == MARK_BOUND)
		return CELL_NONE;
	if (a.kind != CELL_NUMBER && a.integer != INT64_MIN)
		return with_mark(cell_int(-a.integer), a.mark);
	return with_mark(cell_number(-cell_value(&a)), a.mark);
}

static struct cell eval_abs(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	if (!is_number(&a) || cell_value(&a) >= 0)
		return is_number(&a) ? a : CELL_NONE;
	return eval_negate(r, n, row);
}

/* For a field that is the server's or the reader's estimate: only the panel knows that it is one. */
static struct cell eval_estimate(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	return is_number(&a) ? with_mark(a, mark_worst(a.mark, MARK_ESTIMATED)) : CELL_NONE;
}

/* For a value that the panel's own formula makes an upper bound. */
static struct cell eval_bound(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	return is_number(&a) && !r->scope->least ? with_mark(a, mark_worst(a.mark, MARK_BOUND)) : CELL_NONE;
}

static struct cell eval_sqrt(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	return with_mark(cell_number(sqrt(cell_value(&a))), a.mark); /* NAN becomes unknown */
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

static struct cell eval_if(const struct run *r, const struct expr_node *n, int row)
{
	struct cell c = eval(r, n->first, row), value;
	enum truth x = truth_of(&c);
	unsigned then = second(r, n);

	if (x == TRUTH_UNKNOWN)
		return CELL_NONE;
	value = eval(r, x == TRUTH_TRUE ? then : r->e->node[then].next, row);
	/* a condition over a bound is no bound of the value, yet it makes the value less than exact */
	if (c.mark != MARK_EXACT && value.kind != CELL_UNKNOWN)
		value.mark = mark_worst(value.mark, c.mark == MARK_BOUND ? MARK_ESTIMATED : c.mark);
	return value;
}

static struct cell eval_coalesce(const struct run *r, const struct expr_node *n, int row)
{
	for (unsigned at = n->first; at != 0; at = r->e->node[at].next) {
		struct cell a = eval(r, at, row);

		if (a.kind != CELL_UNKNOWN)
			return a;
	}
	return CELL_NONE;
}

static struct cell eval_known(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);

	return cell_bool(a.kind != CELL_UNKNOWN);
}

static struct cell eval_extreme(const struct run *r, const struct expr_node *n, int row)
{
	struct cell best = eval(r, n->first, row);

	if (best.kind == CELL_UNKNOWN)
		return CELL_NONE;
	for (unsigned at = second(r, n); at != 0; at = r->e->node[at].next) {
		struct cell a = eval(r, at, row);
		enum mark mark = both(&best, &a);
		int order;

		if (!comparable(&best, &a))
			return CELL_NONE;
		order = cell_compare(&a, &best);
		if (n->op == OP_LEAST ? order < 0 : order > 0)
			best = a;
		best.mark = mark;
	}
	return best;
}

static struct cell eval_length(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);
	int64_t count = 0;

	if (a.kind != CELL_TEXT)
		return CELL_NONE;
	for (size_t i = 0; i < a.text.len; i++)
		count += ((unsigned char)a.text.at[i] & 0xC0) != 0x80; /* not a continuation byte */
	return with_mark(cell_int(count), a.mark);
}

static struct cell eval_age(const struct run *r, const struct expr_node *n, int row)
{
	struct cell a = eval(r, n->first, row);
	double ms = ((double)r->scope->wall_us - cell_value(&a)) / 1000;

	if (!is_number(&a))
		return CELL_NONE;
	return with_mark(cell_number(ms > 0 ? ms : 0), a.mark); /* two clocks differ: nothing is younger than now */
}

/* --- over all rows ------------------------------------------------------------------------------------------------ */

struct total {
	struct cell extreme;
	double sum;
	int64_t whole; /* the sum while every value is whole and it fits */
	bool is_whole;
	int64_t known, true_count;
	enum mark mark;
};

static void add_to_total(struct total *t, const struct cell *c, enum expr_op op)
{
	if (c->kind == CELL_UNKNOWN)
		return;
	t->mark = mark_worst(t->mark, c->mark);
	if (op == OP_COUNT) {
		t->true_count += truth_of(c) == TRUTH_TRUE;
		return;
	}
	if (op == OP_MIN || op == OP_MAX) {
		int order = t->known == 0 ? 0 : cell_compare(c, &t->extreme);

		if (t->known++ == 0 || (op == OP_MIN ? order < 0 : order > 0))
			t->extreme = *c;
		return;
	}
	if (c->kind == CELL_TEXT)
		return;
	t->known++;
	t->sum += cell_value(c);
	t->is_whole = t->is_whole && c->kind != CELL_NUMBER && !__builtin_add_overflow(t->whole, c->integer, &t->whole);
}

static struct cell total_of(const struct total *t, enum expr_op op, int rows)
{
	if (op == OP_COUNT)
		return with_mark(cell_int(t->true_count), t->mark);
	if (t->known == 0)
		return (op == OP_SUM || op == OP_SHARE) && rows == 0 ? cell_int(0) : CELL_NONE;
	if (op == OP_MIN || op == OP_MAX)
		return with_mark(t->extreme, t->mark);
	if (op == OP_AVG)
		return with_mark(cell_number(t->sum / (double)t->known), t->mark);
	return with_mark(t->is_whole ? cell_int(t->whole) : cell_number(t->sum), t->mark);
}

static struct cell eval_aggregate(const struct run *r, const struct expr_node *n, int row)
{
	struct expr_cache *cache = r->scope->cache;
	struct total t = {.is_whole = true};
	struct cell result;
	int rows = r->scope->rows;

	(void)row;
	if (n->first == 0) /* count() */
		return cell_int(rows);
	if (cache != NULL && cache->known[n->slot])
		return cache->value[n->slot];
	for (int i = 0; i < rows; i++) {
		struct cell c = eval(r, n->first, i);

		add_to_total(&t, &c, (enum expr_op)n->op);
	}
	result = total_of(&t, (enum expr_op)n->op, rows);
	if (cache != NULL) {
		cache->known[n->slot] = true;
		cache->value[n->slot] = result;
	}
	return result;
}

static struct cell eval_share(const struct run *r, const struct expr_node *n, int row)
{
	struct cell all = eval_aggregate(r, n, row), part = eval(r, n->first, row);

	/* a share of bounds is no bound: the sum grows with it */
	if (!is_number(&part) || !is_number(&all) || cell_value(&all) == 0 || all.mark == MARK_BOUND)
		return CELL_NONE;
	return with_mark(cell_number(100 * cell_value(&part) / cell_value(&all)), both(&part, &all));
}

/* ------------------------------------------------------------------------------------------------------------------ */

struct cell expr_eval(const struct expr *e, const struct expr_scope *scope, int row)
{
	struct run r = {e, scope};

	return eval(&r, (unsigned)e->root, row);
}

bool expr_true(const struct expr *e, const struct expr_scope *scope, int row)
{
	struct cell c = expr_eval(e, scope, row);

	return truth_of(&c) == TRUTH_TRUE;
}

bool expr_uses(const struct expr *e, bool (*wanted)(void *ctx, int id), void *ctx)
{
	for (int i = 1; i < e->node_count; i++) {
		int op = e->node[i].op;

		if ((op == OP_NAME || op == OP_DELTA || op == OP_RATE || op == OP_HQUANTILE) &&
		    wanted(ctx, e->node[i].id))
			return true;
	}
	return false;
}

bool expr_has_aggregates(const struct expr *e)
{
	return e->aggregate_count > 0;
}

static bool node_is_bound(const struct expr *e, unsigned at)
{
	const struct expr_node *n = &e->node[at];
	unsigned then, other;

	switch (n->op) {
	case OP_CONST:
		return e->constant[n->arg].kind == CELL_UNKNOWN;
	case OP_IF:
		then = e->node[n->first].next;
		other = e->node[then].next;
		return node_is_bound(e, then) && node_is_bound(e, other);
	case OP_ADD:
	case OP_MUL:
		return node_is_bound(e, n->first) || node_is_bound(e, e->node[n->first].next);
	case OP_DIV:
		return node_is_bound(e, n->first);
	default:
		return n->op == OP_BOUND;
	}
}

bool expr_is_bound(const struct expr *e)
{
	for (int i = 1; i < e->node_count; i++)
		if (e->node[i].op == OP_ESTIMATE || e->node[i].op == OP_QUANTILE) /* with an estimate a bound is one */
			return false;
	return node_is_bound(e, (unsigned)e->root);
}

double expr_level(const struct expr *e)
{
	const struct expr_node *root = e ? &e->node[e->root] : NULL;

	return root && root->op == OP_QUANTILE ? cell_value(&e->constant[root->arg]) : (double)NAN;
}
