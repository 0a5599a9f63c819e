/* SPDX-License-Identifier: PostgreSQL */
/* The columns of a plan's tree, the lines that lead to its nodes, and what stands below a node's name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clean.h"
#include "core/units.h"
#include "core/utf8.h"
#include "insight/plan_private.h"
#include "insight/plan_show.h"

enum { BAR_WIDTH = 7, GAP = 1, NODE_MIN = 24, STEP = 2 };

#define WARN_SHARE 30.0
#define WARN_FACTOR 10.0

static const struct {
	const char *title;
	int width;
} columns[PLAN_COL_COUNT] = {
	[PLAN_COL_SELF] = {"SELF%", 5},   [PLAN_COL_BAR] = {"", BAR_WIDTH}, [PLAN_COL_OWN] = {"OWN", 7},
	[PLAN_COL_TIME] = {"TIME", 7},    [PLAN_COL_COST] = {"COST", 8},    [PLAN_COL_ROWS] = {"ROWS", 6},
	[PLAN_COL_ACTUAL] = {"ACTUAL", 6}, [PLAN_COL_FACTOR] = {"OFF", 5},  [PLAN_COL_LOOPS] = {"LOOPS", 5},
	[PLAN_COL_HIT] = {"HIT", 5},      [PLAN_COL_READ] = {"READ", 5},    [PLAN_COL_IO] = {"IO", 7},
};

const char *plan_column_title(enum plan_column column)
{
	return columns[column].title;
}

int plan_column_width(enum plan_column column)
{
	return columns[column].width;
}

static bool has_io(const struct plan *p)
{
	return p->node[0].buffers.io_read_ms > 0 || p->node[0].buffers.io_write_ms > 0;
}

static bool can_fill(const struct plan *p, enum plan_column column)
{
	switch (column) {
	case PLAN_COL_OWN:
	case PLAN_COL_TIME:
		return p->timed;
	case PLAN_COL_ACTUAL:
	case PLAN_COL_FACTOR:
	case PLAN_COL_LOOPS:
		return p->analyzed;
	case PLAN_COL_HIT:
	case PLAN_COL_READ:
		return p->buffered;
	case PLAN_COL_IO:
		return has_io(p);
	default:
		return !isnan(p->node[0].total_cost) || (column <= PLAN_COL_BAR && p->timed);
	}
}

int plan_columns(const struct plan *p, int width, enum plan_column out[PLAN_COL_COUNT])
{
	/* what goes last, first; the cost of a plan that was run matters less than its times */
	static const enum plan_column run[] = {
		PLAN_COL_SELF, PLAN_COL_OWN, PLAN_COL_ACTUAL, PLAN_COL_FACTOR, PLAN_COL_LOOPS, PLAN_COL_ROWS, PLAN_COL_READ,
		PLAN_COL_HIT, PLAN_COL_BAR, PLAN_COL_IO, PLAN_COL_TIME, PLAN_COL_COST};
	static const enum plan_column planned[] = {PLAN_COL_SELF, PLAN_COL_COST, PLAN_COL_ROWS, PLAN_COL_BAR};
	const enum plan_column *order = p->analyzed ? run : planned;
	size_t orders = p->analyzed ? ARRAY_LEN(run) : ARRAY_LEN(planned);
	int left = width - (width * 2 / 5 > NODE_MIN ? width * 2 / 5 : NODE_MIN), count = 0;
	bool takes[PLAN_COL_COUNT] = {false};

	for (size_t i = 0; i < orders; i++) {
		int need = columns[order[i]].width + GAP;

		if (!can_fill(p, order[i]) || need > left)
			continue;
		takes[order[i]] = true;
		left -= need;
	}
	for (int i = 0; i < PLAN_COL_COUNT; i++)
		if (takes[i])
			out[count++] = (enum plan_column)i;
	return count;
}

/* --- cells ------------------------------------------------------------------------------------------------------------ */

static void put_number(char out[PLAN_CELL_MAX], enum unit unit, double value)
{
	char text[UNIT_TEXT_MAX];

	unit_format(text, unit, value, 0);
	snprintf(out, PLAN_CELL_MAX, "%s", text);
}

static void cell_cost(char out[PLAN_CELL_MAX], double cost)
{
	if (cost < 99999.95)
		snprintf(out, PLAN_CELL_MAX, "%.1f", cost);
	else
		put_number(out, UNIT_NONE, cost);
}

static bool cell_factor(char out[PLAN_CELL_MAX], double factor)
{
	double times = factor < 1 ? 1 / factor : factor;

	if (isnan(factor))
		snprintf(out, PLAN_CELL_MAX, "-");
	else if (times < 9.95)
		snprintf(out, PLAN_CELL_MAX, "%c%.1f", factor < 1 ? '/' : 'x', times);
	else if (times < 9999.5)
		snprintf(out, PLAN_CELL_MAX, "%c%.0f", factor < 1 ? '/' : 'x', times);
	else if (times < 999500)
		snprintf(out, PLAN_CELL_MAX, "%c%.0fk", factor < 1 ? '/' : 'x', times / 1000);
	else
		snprintf(out, PLAN_CELL_MAX, "%c%.0fM", factor < 1 ? '/' : 'x', times / 1000000);
	return times >= WARN_FACTOR;
}

static void cell_bar(char out[PLAN_CELL_MAX], double share, bool ascii)
{
	int n = (int)(share / 100 * BAR_WIDTH + 0.5);
	size_t at = 0;

	for (int i = 0; i < n && i < BAR_WIDTH; i++)
		at += (size_t)snprintf(out + at, PLAN_CELL_MAX - at, "%s", ascii ? "#" : "▇");
	out[at] = '\0';
}

bool plan_cell(const struct plan *p, int node, enum plan_column column, bool ascii, char out[PLAN_CELL_MAX])
{
	const struct plan_node *n = &p->node[node];
	double share = plan_share(p, node), io = plan_or_zero(n->self.io_read_ms) + plan_or_zero(n->self.io_write_ms);

	switch (column) {
	case PLAN_COL_SELF:
		if (p->timed && n->never_run)
			snprintf(out, PLAN_CELL_MAX, "-");
		else
			snprintf(out, PLAN_CELL_MAX, "%.1f", share);
		return share >= WARN_SHARE;
	case PLAN_COL_BAR:
		cell_bar(out, share, ascii);
		return share >= WARN_SHARE;
	case PLAN_COL_OWN:
		put_number(out, UNIT_MS, n->never_run ? NAN : n->self_ms);
		return false;
	case PLAN_COL_TIME:
		put_number(out, UNIT_MS, n->never_run ? NAN : n->ms);
		return false;
	case PLAN_COL_COST:
		if (isnan(n->total_cost))
			snprintf(out, PLAN_CELL_MAX, "-");
		else
			cell_cost(out, n->total_cost);
		return false;
	case PLAN_COL_ROWS:
		put_number(out, UNIT_NONE, n->rows);
		return false;
	case PLAN_COL_ACTUAL:
		if (n->never_run)
			snprintf(out, PLAN_CELL_MAX, "never");
		else if (n->actual_rows < 10 && n->actual_rows != round(n->actual_rows))
			snprintf(out, PLAN_CELL_MAX, "%.2f", n->actual_rows);
		else
			put_number(out, UNIT_NONE, round(n->actual_rows));
		return false;
	case PLAN_COL_FACTOR:
		return cell_factor(out, n->misestimate);
	case PLAN_COL_LOOPS:
		put_number(out, UNIT_NONE, n->loops);
		return false;
	case PLAN_COL_HIT:
		put_number(out, UNIT_NONE, n->self.hit);
		return false;
	case PLAN_COL_READ:
		put_number(out, UNIT_NONE, n->self.read);
		return false;
	case PLAN_COL_IO:
		put_number(out, UNIT_MS, isnan(n->self.io_read_ms) && isnan(n->self.io_write_ms) ? NAN : io);
		return false;
	default:
		out[0] = '\0';
		return false;
	}
}

/* --- lines to a node -------------------------------------------------------------------------------------------------- */

static bool has_later(const struct plan *p, int node)
{
	return p->node[node].parent >= 0 && p->node[node].end < p->node[p->node[node].parent].end;
}

int plan_branch(struct buf *out, const struct plan *p, int node, bool below, const struct plan_style *style)
{
	int levels = p->node[node].depth, room = style->width / STEP - 1, used = 0, shown;
	int chain[PLAN_DEPTH_MAX + 1], count = 0;
	char deep[16];

	if (below)
		room--; /* for the line down to its children */
	shown = levels > room ? (room > 1 ? room - 1 : 0) : levels;
	for (int i = node; count < shown; i = p->node[i].parent)
		chain[count++] = i;
	if (shown < levels) { /* too deep: how deep, then the last levels */
		snprintf(deep, sizeof(deep), below ? "   " : "%-3d", levels);
		buf_adds(out, deep);
		used += (int)strlen(deep);
	}
	for (int i = count - 1; i >= 0; i--, used += STEP) {
		bool later = has_later(p, chain[i]);

		if (i > 0 || below)
			buf_adds(out, !later ? "  " : style->ascii ? "| " : "│ ");
		else
			buf_adds(out, style->ascii ? (later ? "|-" : "`-") : later ? "├ " : "└ ");
	}
	if (below && room >= 0) {
		buf_adds(out, p->node[node].end == node + 1 ? "  " : style->ascii ? "| " : "│ ");
		used += STEP;
	}
	return used;
}

void plan_label(struct buf *out, const struct plan_node *n)
{
	if (n->subplan) {
		clean_text(out, n->subplan, strlen(n->subplan), CLEAN_LINE);
		buf_adds(out, ": ");
	}
	clean_text(out, n->name, strlen(n->name), CLEAN_LINE);
}

/* --- what stands below ------------------------------------------------------------------------------------------------ */

struct facts {
	struct buf *out;
	size_t from;
};

static void fact(struct facts *f, const char *what, enum unit unit, double value)
{
	char text[UNIT_TEXT_MAX];

	unit_format(text, unit, value, 0);
	buf_addf(f->out, "%s%s %s", f->out->len > f->from ? ", " : "", what, text);
}

static void positive(struct facts *f, const char *what, enum unit unit, double value)
{
	if (value > 0)
		fact(f, what, unit, value);
}

static void memory_facts(const struct plan_node *n, struct facts *f)
{
	bool hash = strcmp(n->type, "Hash") == 0;

	if (n->sort_method) {
		buf_addf(f->out, "%s", f->out->len > f->from ? ", " : "");
		clean_text(f->out, n->sort_method, strlen(n->sort_method), CLEAN_LINE);
		if (n->sort_kb > 0)
			fact(f, n->sort_on_disk ? "on disk" : "in memory", UNIT_BYTES, n->sort_kb * 1024);
	}
	if (hash)
		positive(f, "buckets", UNIT_NONE, n->hash_buckets);
	positive(f, "batches", UNIT_NONE, n->hash_batches);
	if (hash && n->hash_batches_planned < n->hash_batches)
		fact(f, "planned", UNIT_NONE, n->hash_batches_planned);
	positive(f, "memory", UNIT_BYTES, n->peak_kb * 1024);
	positive(f, "disk", UNIT_BYTES, n->disk_kb * 1024);
	if (n->cache_hits >= 0) {
		fact(f, "cache hits", UNIT_NONE, n->cache_hits);
		fact(f, "misses", UNIT_NONE, n->cache_misses);
		positive(f, "evictions", UNIT_NONE, n->cache_evictions);
	}
}

static bool add_facts(const struct plan_node *n, struct buf *out)
{
	struct facts f = {out, out->len};

	positive(&f, "removed by filter", UNIT_NONE, n->removed_filter);
	positive(&f, "removed by join filter", UNIT_NONE, n->removed_join);
	positive(&f, "removed by recheck", UNIT_NONE, n->removed_recheck);
	if (n->heap_fetches >= 0)
		fact(&f, "heap fetches", UNIT_NONE, n->heap_fetches);
	positive(&f, "exact blocks", UNIT_NONE, n->exact_blocks);
	positive(&f, "lossy blocks", UNIT_NONE, n->lossy_blocks);
	if (n->index_searches > n->loops)
		fact(&f, "index searches", UNIT_NONE, n->index_searches);
	memory_facts(n, &f);
	if (n->workers_planned > 0) {
		fact(&f, "workers planned", UNIT_NONE, n->workers_planned);
		if (n->workers_launched >= 0)
			fact(&f, "started", UNIT_NONE, n->workers_launched);
	}
	positive(&f, "partitions pruned", UNIT_NONE, n->subplans_removed);
	positive(&f, "temporary read", UNIT_BYTES, n->self.temp_read * 8192);
	positive(&f, "written", UNIT_BYTES, n->self.temp_written * 8192);
	positive(&f, "dirtied", UNIT_NONE, n->self.dirtied);
	positive(&f, "WAL", UNIT_BYTES, n->wal_bytes);
	if (n->disabled)
		buf_addf(out, "%sdisabled", out->len > f.from ? ", " : "");
	if (n->never_run)
		buf_addf(out, "%snever executed", out->len > f.from ? ", " : "");
	return out->len > f.from;
}

bool plan_detail(const struct plan *p, int node, int line, struct buf *out)
{
	const struct plan_node *n = &p->node[node];
	const struct plan_note *note;

	if (line > n->note_count)
		return false;
	if (line == n->note_count)
		return add_facts(n, out);
	note = &n->note[line];
	clean_text(out, note->label, strlen(note->label), CLEAN_LINE);
	buf_adds(out, ": ");
	clean_text(out, note->text, strlen(note->text), CLEAN_LINE);
	return true;
}

void plan_totals(struct buf *out, const struct plan *p)
{
	char text[UNIT_TEXT_MAX];
	double ms = isnan(p->execution_ms) ? p->node[0].ms : p->execution_ms;

	buf_adds(out, p->analyzed ? "executed" : "not executed");
	if (p->analyzed && !isnan(ms)) {
		unit_format(text, UNIT_MS, ms, 0);
		buf_addf(out, " in %s", text);
	}
	if (!isnan(p->planning_ms)) {
		unit_format(text, UNIT_MS, p->planning_ms, 0);
		buf_addf(out, ", planned in %s", text);
	}
	if (!isnan(p->jit_ms)) {
		unit_format(text, UNIT_MS, p->jit_ms, 0);
		buf_addf(out, ", JIT %s", text);
	}
	if (!isnan(p->trigger_ms)) {
		unit_format(text, UNIT_MS, p->trigger_ms, 0);
		buf_addf(out, ", triggers %s", text);
	}
	if (!isnan(p->node[0].total_cost))
		buf_addf(out, ", cost %.2f", p->node[0].total_cost);
	buf_addf(out, ", %d node%s", p->count, p->count == 1 ? "" : "s");
}

bool plan_hinted(const struct plan *p, int node, bool *strong)
{
	bool any = false;

	if (strong)
		*strong = false;
	for (int i = 0; i < p->hint_count; i++) {
		if (p->hint[i].node != node)
			continue;
		any = true;
		if (strong)
			*strong |= p->hint[i].strong;
	}
	return any;
}

void plan_hint_line(struct buf *out, const struct plan *p, int hint)
{
	const struct plan_hint *h = &p->hint[hint];

	if (h->node >= 0) {
		const char *name = p->node[h->node].name;
		size_t len = utf8_fit(name, strlen(name), 60, NULL);

		clean_text(out, name, len, CLEAN_LINE);
		buf_adds(out, name[len] ? "...: " : ": ");
	}
	buf_adds(out, h->text);
}
