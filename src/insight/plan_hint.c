/* SPDX-License-Identifier: PostgreSQL */
/* What a person who reads plans for a living would point at, in words with the figures. One function per kind of evidence. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/units.h"
#include "insight/plan_private.h"

/* Below these nobody would look twice. Rows are those of all loops. */
#define STRONG_SHARE 10.0      /* percent of time or cost: worth a person's time */
#define READ_ROWS_MIN 10000.0  /* rows read before a filter matters */
#define DROPPED_SHARE 0.9      /* of the rows read */
#define COST_MIN 1000.0        /* estimated plans: of the scan, and of it for each row that it gives (see seq_estimated()) */
#define COST_PER_ROW 0.3
#define FACTOR_MIN 10.0        /* of misestimation */
#define FACTOR_ROWS 1000.0     /* rows that the larger of the two figures must have */
#define LOOPS_MIN 10000.0
#define JOIN_DROPPED_MIN 100000.0
#define FETCHES_MIN 1000.0
#define BLOCKS_MIN 10000.0
#define MEMBERS_MIN 20
#define PART_MIN 0.2           /* of the execution time: JIT, triggers */
#define JIT_MS_MIN 50.0
#define PLANNING_MS_MIN 50.0
#define DISABLE_COST 1e10      /* costsize.c, up to 17 */
#define BLOCK_BYTES 8192.0

static bool is(const struct plan_node *n, const char *type)
{
	return strcmp(n->type, type) == 0;
}

/* --- words ------------------------------------------------------------------------------------------------------------ */

static void put(struct buf *b, enum unit unit, double value)
{
	char text[UNIT_TEXT_MAX];

	unit_format(text, unit, value, 0);
	buf_adds(b, text);
}

static void put_rows(struct buf *b, double rows)
{
	char text[UNIT_TEXT_MAX];

	unit_format(text, UNIT_NONE, round(rows), 0);
	buf_addf(b, "%s row%s", text, round(rows) == 1 ? "" : "s");
}

static void put_percent(struct buf *b, double share)
{
	buf_addf(b, share > 0.9995 && share < 1 ? "%.3f%%" : "%.1f%%", share * 100);
}

static void put_text(struct buf *b, const char *text, size_t max)
{
	size_t len = strlen(text);
	bool cut = len > max;

	while (cut && max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	clean_text(b, text, cut ? max : len, CLEAN_LINE);
	buf_adds(b, cut ? "..." : "");
}

static void put_relation(struct buf *b, const struct plan_node *n)
{
	struct buf name = BUF_INIT(512);

	if (n->schema) {
		plan_add_identifier(&name, n->schema);
		buf_addc(&name, '.');
	}
	plan_add_identifier(&name, n->relation ? n->relation : "?");
	clean_text(b, buf_text(&name), name.len, CLEAN_LINE);
	buf_release(&name);
}

static void add(struct plan *p, enum plan_hint_kind kind, int node, const struct buf *text)
{
	struct plan_hint *h;
	size_t len = text->len < PLAN_HINT_TEXT_MAX - 1 ? text->len : PLAN_HINT_TEXT_MAX - 1;

	if (p->hint_count == PLAN_HINTS_MAX)
		return;
	while (len < text->len && len > 0 && ((unsigned char)text->data[len] & 0xc0) == 0x80)
		len--;
	h = &p->hint[p->hint_count++];
	h->kind = kind;
	h->node = node;
	h->strong = node < 0 || plan_share(p, node) >= STRONG_SHARE;
	memcpy(h->text, buf_text(text), len);
	h->text[len] = '\0';
}

/* --- scans ------------------------------------------------------------------------------------------------------------ */

static bool dropped(const struct plan_node *n, double removed, double *read, double *share)
{
	*read = (plan_or_zero(n->actual_rows) + plan_or_zero(removed)) * plan_or_zero(n->loops);
	*share = *read > 0 ? plan_or_zero(removed) * n->loops / *read : 0;
	return *share >= DROPPED_SHARE && *read >= READ_ROWS_MIN;
}

/* Not executed: a whole table costs about 0.01 to 0.02 for each of its rows (seq_page_cost, cpu_tuple_cost), so 0.3 for each
 * row that is given means that few of them are. */
static bool seq_estimated(const struct plan *p, const struct plan_node *n)
{
	double rows = n->rows > 1 ? n->rows : 1;

	return !p->analyzed && n->total_cost >= COST_MIN && n->total_cost / rows >= COST_PER_ROW &&
	       n->cost_share >= STRONG_SHARE;
}

/* A word of a call or cast that no plain index on the column can answer, into out. Casts that only relabel (varchar to text)
 * are none, and ::text may be one, so it is never named. */
static bool wrapped_column(const char *filter, char out[64])
{
	static const char *const casts[] = {")::date", ")::numeric", ")::double precision", ")::integer", ")::bigint",
	                                    ")::timestamp without time zone", ")::time without time zone"};
	static const char *const calls[] = {"lower(", "upper(", "date_trunc(", "date_part(", "EXTRACT(", "COALESCE(",
	                                    "substr(", "\"substring\"(", "to_char(", "date(", "btrim(", "abs(", "md5(",
	                                    "length(", "\"left\"("};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const char *at = strstr(filter, calls[i]);

		if (!at || at == filter || at[-1] != '(')
			continue;
		snprintf(out, 64, "%.*s(...)", (int)strlen(calls[i]) - 1, calls[i]);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(casts); i++) {
		const char *at = strstr(filter, casts[i]), *end = at ? at + strlen(casts[i]) : NULL;
		const char *from = at;

		while (from && from > filter && ((from[-1] >= 'a' && from[-1] <= 'z') || from[-1] == '_' || from[-1] == '.' ||
		                                 (from[-1] >= '0' && from[-1] <= '9')))
			from--;
		if (!at || from == at || from < filter + 2 || from[-1] != '(' || from[-2] != '(' || *end != ' ' || *from <= '9')
			continue;
		snprintf(out, 64, "(...%s", casts[i]);
		return true;
	}
	return false;
}

static void seq_filter(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	const char *filter = plan_note(n, "Filter");
	double read, share;
	bool ran = dropped(n, n->removed_filter, &read, &share);
	char word[64];

	if (!is(n, "Seq Scan") || !filter || !(ran || seq_estimated(p, n)))
		return;
	buf_adds(b, "reads all of ");
	put_relation(b, n);
	if (ran) {
		buf_adds(b, " (");
		put_rows(b, read);
		buf_adds(b, ") and drops ");
		put_percent(b, share);
	} else {
		buf_adds(b, " for an estimated ");
		put_rows(b, n->rows);
		buf_adds(b, ", cost ");
		put(b, UNIT_NONE, n->total_cost);
	}
	buf_adds(b, "; an index that answers the filter would save that: ");
	put_text(b, filter, 120);
	add(p, PLAN_HINT_SEQ_FILTER, at, b);
	if (!wrapped_column(filter, word))
		return;
	buf_clear(b);
	buf_addf(b, "%s stands around a column of the filter: a plain index on the column cannot be used, one on that "
	         "expression can", word);
	add(p, PLAN_HINT_CAST, at, b);
}

static void index_filter(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	double read, share;

	if ((!is(n, "Index Scan") && !is(n, "Index Only Scan") && !is(n, "Bitmap Heap Scan")) ||
	    !dropped(n, n->removed_filter, &read, &share) || !plan_note(n, "Filter"))
		return;
	buf_adds(b, "the index brings ");
	put_rows(b, read);
	buf_adds(b, ", the filter drops ");
	put_percent(b, share);
	buf_adds(b, "; its columns could stand in the index: ");
	put_text(b, plan_note(n, "Filter"), 120);
	add(p, PLAN_HINT_INDEX_FILTER, at, b);
}

static void lossy(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	double all = plan_or_zero(n->lossy_blocks) + plan_or_zero(n->exact_blocks);

	if (!(n->lossy_blocks > 0))
		return;
	put(b, UNIT_NONE, n->lossy_blocks);
	buf_adds(b, " of ");
	put(b, UNIT_NONE, all);
	buf_adds(b, " blocks of the bitmap are lossy, so every row of them is checked again");
	if (n->removed_recheck > 0) {
		buf_adds(b, " (");
		put_rows(b, n->removed_recheck * plan_or_zero(n->loops));
		buf_adds(b, " in vain)");
	}
	buf_adds(b, "; more work_mem would keep it exact");
	add(p, PLAN_HINT_LOSSY, at, b);
}

static void heap_fetches(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	double rows = plan_or_zero(n->actual_rows) * plan_or_zero(n->loops);

	if (!(n->heap_fetches >= FETCHES_MIN) || n->heap_fetches < rows / 10)
		return;
	buf_adds(b, "index-only, yet ");
	put(b, UNIT_NONE, n->heap_fetches);
	buf_adds(b, " rows were fetched from the table (of ");
	put_rows(b, rows);
	buf_adds(b, "): its visibility map is not set; VACUUM ");
	put_relation(b, n);
	add(p, PLAN_HINT_HEAP_FETCHES, at, b);
}

static void reads(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	double all = plan_or_zero(n->self.hit) + plan_or_zero(n->self.read);

	if (!(n->self.read >= BLOCKS_MIN) || n->self.read < all / 2)
		return;
	put(b, UNIT_BYTES, n->self.read * BLOCK_BYTES);
	buf_adds(b, " were not in shared_buffers, ");
	put_percent(b, n->self.read / all);
	buf_adds(b, " of what it touched");
	if (n->self.io_read_ms > 0) {
		buf_adds(b, "; reading took ");
		put(b, UNIT_MS, n->self.io_read_ms);
	}
	add(p, PLAN_HINT_READ, at, b);
}

/* --- memory ----------------------------------------------------------------------------------------------------------- */

static void spills(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	enum plan_hint_kind kind = PLAN_HINT_SPILL_SORT;

	if (n->sort_on_disk) {
		buf_adds(b, "sorts on disk");
		if (n->sort_kb > 0) {
			buf_adds(b, ": ");
			put(b, UNIT_BYTES, n->sort_kb * 1024);
		}
		if (n->sort_method) {
			buf_adds(b, " (");
			put_text(b, n->sort_method, 40);
			buf_addc(b, ')');
		}
	} else if (is(n, "Hash") && n->hash_batches > 1) {
		kind = PLAN_HINT_SPILL_HASH;
		buf_addf(b, "the hash table does not fit into memory: %.0f batches go through disk", n->hash_batches);
		if (n->hash_batches_planned > 0 && n->hash_batches_planned < n->hash_batches)
			buf_addf(b, ", %.0f planned", n->hash_batches_planned);
		if (n->peak_kb > 0) {
			buf_adds(b, "; at most ");
			put(b, UNIT_BYTES, n->peak_kb * 1024);
			buf_adds(b, " of memory each");
		}
	} else if (is(n, "Aggregate") && n->disk_kb > 0) {
		kind = PLAN_HINT_SPILL_AGGREGATE;
		buf_adds(b, "groups on disk: ");
		put(b, UNIT_BYTES, n->disk_kb * 1024);
		buf_addf(b, " in %.0f batches", plan_or_zero(n->hash_batches));
	} else if (n->self.temp_written > 0 && !is(n, "Sort") && !is(n, "Hash Join") && !is(n, "Hash") && !is(n, "Aggregate")) {
		kind = PLAN_HINT_SPILL_TEMP;
		buf_adds(b, "writes ");
		put(b, UNIT_BYTES, n->self.temp_written * BLOCK_BYTES);
		buf_adds(b, " of temporary files");
	} else {
		return;
	}
	buf_adds(b, kind == PLAN_HINT_SPILL_HASH || kind == PLAN_HINT_SPILL_AGGREGATE
	                ? "; more work_mem (or hash_mem_multiplier) would keep it in memory"
	                : "; more work_mem would keep it in memory");
	add(p, kind, at, b);
}

static void evictions(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];

	if (!is(n, "Memoize") || !(n->cache_evictions >= FETCHES_MIN) || n->cache_evictions < plan_or_zero(n->cache_misses) / 2)
		return;
	put(b, UNIT_NONE, n->cache_evictions);
	buf_adds(b, " entries were thrown out of its cache (");
	put(b, UNIT_NONE, n->cache_hits);
	buf_adds(b, " hits, ");
	put(b, UNIT_NONE, n->cache_misses);
	buf_adds(b, " misses); more work_mem would keep them");
	add(p, PLAN_HINT_EVICTIONS, at, b);
}

/* --- rows ------------------------------------------------------------------------------------------------------------- */

static bool far_off(double factor)
{
	return factor >= FACTOR_MIN || factor <= 1 / FACTOR_MIN;
}

/* Where it begins: a child that is as far off explains its parent. */
static bool child_is_off(const struct plan *p, int at)
{
	const struct plan_node *n = &p->node[at];
	int seen = 0;

	for (int c = at + 1; c < n->end && seen < 1000; c = p->node[c].end, seen++)
		if (far_off(p->node[c].misestimate) && (p->node[c].misestimate > 1) == (n->misestimate > 1))
			return true;
	return false;
}

static void misestimate(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	double larger = n->actual_rows > n->rows ? n->actual_rows : n->rows;

	if (!far_off(n->misestimate) || larger * n->loops < FACTOR_ROWS || child_is_off(p, at))
		return;
	put_rows(b, n->actual_rows);
	buf_adds(b, n->loops > 1 ? " each time, " : ", ");
	put(b, UNIT_NONE, n->rows);
	buf_adds(b, " estimated: ");
	put(b, UNIT_NONE, n->misestimate > 1 ? n->misestimate : 1 / n->misestimate);
	buf_adds(b, n->misestimate > 1 ? " times more" : " times fewer");
	if (n->relation) {
		buf_adds(b, "; stale statistics (ANALYZE ");
		put_relation(b, n);
		buf_adds(b, ") or columns that depend on each other (CREATE STATISTICS)");
	}
	add(p, PLAN_HINT_MISESTIMATE, at, b);
}

static int child_of(const struct plan *p, int at, enum plan_link link)
{
	int seen = 0;

	for (int c = at + 1; c < p->node[at].end && seen < 64; c = p->node[c].end, seen++)
		if (p->node[c].link == link)
			return c;
	return -1;
}

static double below_share(const struct plan *p, int at)
{
	double sum = 0;

	for (int i = at; i < p->node[at].end && i < at + 1000; i++)
		sum += plan_share(p, i);
	return sum;
}

static void nested_loop(struct plan *p, int at, struct buf *b)
{
	int inner = child_of(p, at, PLAN_INNER), outer = child_of(p, at, PLAN_OUTER);
	const struct plan_node *n;
	double times, planned;
	bool fewer;

	if (!is(&p->node[at], "Nested Loop") || inner < 0 || outer < 0)
		return;
	n = &p->node[inner];
	times = p->analyzed ? n->loops : p->node[outer].rows;
	if (!(times >= LOOPS_MIN) || below_share(p, inner) < STRONG_SHARE)
		return;
	buf_adds(b, p->analyzed ? "ran its inner side " : "is to run its inner side ");
	put(b, UNIT_NONE, times);
	buf_adds(b, " times");
	planned = p->node[outer].rows * plan_or_zero(p->node[outer].loops);
	fewer = p->analyzed && planned < times / FACTOR_MIN;
	if (fewer) {
		buf_adds(b, " (");
		put(b, UNIT_NONE, planned);
		buf_adds(b, " estimated)");
	}
	buf_adds(b, ": ");
	put_text(b, n->name, 80);
	if (n->ms > 0) {
		buf_adds(b, ", ");
		put(b, UNIT_MS, n->ms);
	}
	if (fewer)
		buf_adds(b, "; with a better estimate a hash join might have read it once");
	add(p, PLAN_HINT_NESTED_LOOP, at, b);
}

static void join_filter(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	double read, share;

	if (!dropped(n, n->removed_join, &read, &share) || read < JOIN_DROPPED_MIN)
		return;
	buf_adds(b, "compares ");
	put_rows(b, read);
	buf_adds(b, " and drops ");
	put_percent(b, share);
	buf_adds(b, " by its join filter, which no index or hash answers");
	add(p, PLAN_HINT_JOIN_FILTER, at, b);
}

/* --- the rest --------------------------------------------------------------------------------------------------------- */

static void workers(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];

	if (!(n->workers_launched < n->workers_planned) || n->never_run)
		return;
	buf_addf(b, "%.0f of %.0f planned workers were started: the server had no more free (max_parallel_workers)",
	         n->workers_launched, n->workers_planned);
	add(p, PLAN_HINT_WORKERS, at, b);
}

static void disabled(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	bool costly = !p->since_18 && n->total_cost >= DISABLE_COST;
	int seen = 0;

	for (int c = at + 1; c < n->end && costly && seen < 1000; c = p->node[c].end, seen++)
		costly = !(p->node[c].total_cost >= DISABLE_COST);
	if (!n->disabled && !costly)
		return;
	buf_adds(b, "is disabled by an enable_... setting, and was taken because there is no other way; costs say little here");
	add(p, PLAN_HINT_DISABLED, at, b);
}

static void partitions(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];
	int members = 0, tables = 0;

	if ((!is(n, "Append") && !is(n, "Merge Append")) || n->subplans_removed > 0)
		return;
	for (int c = at + 1; c < n->end; c = p->node[c].end) {
		members += p->node[c].link == PLAN_MEMBER && !p->node[c].never_run;
		tables += p->node[c].link == PLAN_MEMBER && !p->node[c].never_run && p->node[c].relation;
	}
	if (members < MEMBERS_MIN || tables < members)
		return;
	buf_addf(b, "visits %d tables or partitions one after the other; a condition on the partition key would leave most of them out",
	         members);
	add(p, PLAN_HINT_PARTITIONS, at, b);
}

static void never_run(struct plan *p, int at, struct buf *b)
{
	const struct plan_node *n = &p->node[at];

	if (!n->never_run || (n->parent >= 0 && p->node[n->parent].never_run) || n->cost_share < STRONG_SHARE)
		return;
	buf_addf(b, "was never executed this time, although planned as %.1f%% of the cost", n->cost_share);
	add(p, PLAN_HINT_NEVER_RUN, at, b);
}

static void whole(struct plan *p, struct buf *b)
{
	if (p->jit_ms >= JIT_MS_MIN && p->jit_ms >= p->execution_ms * PART_MIN) {
		buf_adds(b, "JIT compilation took ");
		put(b, UNIT_MS, p->jit_ms);
		buf_adds(b, " of ");
		put(b, UNIT_MS, p->execution_ms);
		buf_addf(b, " (%.0f functions); a higher jit_above_cost, or jit = off, would save it", plan_or_zero(p->jit_functions));
		add(p, PLAN_HINT_JIT, -1, b);
	}
	buf_clear(b);
	if (p->planning_ms >= PLANNING_MS_MIN && p->planning_ms > p->execution_ms) {
		buf_adds(b, "planning took ");
		put(b, UNIT_MS, p->planning_ms);
		buf_adds(b, ", running it ");
		put(b, UNIT_MS, p->execution_ms);
		buf_adds(b, "; prepared statements plan once");
		add(p, PLAN_HINT_PLANNING, -1, b);
	}
	buf_clear(b);
	if (p->trigger_ms >= p->execution_ms * PART_MIN && p->trigger_ms > 1) {
		buf_adds(b, "triggers took ");
		put(b, UNIT_MS, p->trigger_ms);
		buf_adds(b, " of ");
		put(b, UNIT_MS, p->execution_ms);
		add(p, PLAN_HINT_TRIGGER, -1, b);
	}
}

/* Strong ones first; among equals by kind, then by place. */
static int compare(const void *a, const void *b)
{
	const struct plan_hint *x = a, *y = b;

	if (x->strong != y->strong)
		return x->strong ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void plan_hints(struct plan *p)
{
	static void (*const look[])(struct plan *p, int at, struct buf *b) = {
		spills, seq_filter, misestimate, nested_loop, index_filter, join_filter, lossy, heap_fetches, evictions,
		workers, disabled, reads, partitions, never_run};
	struct buf text = BUF_INIT(4096);

	whole(p, &text);
	for (size_t k = 0; k < ARRAY_LEN(look); k++)
		for (int i = 0; i < p->count; i++) {
			buf_clear(&text);
			look[k](p, i, &text);
		}
	buf_release(&text);
	qsort(p->hint, (size_t)p->hint_count, sizeof(p->hint[0]), compare);
}

const char *plan_hint_name(enum plan_hint_kind kind)
{
	static const char *const name[PLAN_HINT_KINDS] = {
		[PLAN_HINT_SPILL_SORT] = "sort_spill",
		[PLAN_HINT_SPILL_HASH] = "hash_spill",
		[PLAN_HINT_SPILL_AGGREGATE] = "aggregate_spill",
		[PLAN_HINT_SPILL_TEMP] = "temporary_files",
		[PLAN_HINT_SEQ_FILTER] = "sequential_scan",
		[PLAN_HINT_CAST] = "wrapped_column",
		[PLAN_HINT_MISESTIMATE] = "misestimate",
		[PLAN_HINT_NESTED_LOOP] = "nested_loop",
		[PLAN_HINT_INDEX_FILTER] = "index_filter",
		[PLAN_HINT_JOIN_FILTER] = "join_filter",
		[PLAN_HINT_LOSSY] = "lossy_bitmap",
		[PLAN_HINT_HEAP_FETCHES] = "heap_fetches",
		[PLAN_HINT_EVICTIONS] = "cache_evictions",
		[PLAN_HINT_WORKERS] = "workers_missing",
		[PLAN_HINT_JIT] = "jit",
		[PLAN_HINT_PLANNING] = "planning_time",
		[PLAN_HINT_TRIGGER] = "triggers",
		[PLAN_HINT_DISABLED] = "disabled",
		[PLAN_HINT_READ] = "reads",
		[PLAN_HINT_PARTITIONS] = "partitions",
		[PLAN_HINT_NEVER_RUN] = "never_executed",
	};

	return (unsigned)kind < PLAN_HINT_KINDS ? name[kind] : "?";
}
