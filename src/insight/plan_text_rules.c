/* SPDX-License-Identifier: PostgreSQL */
/*
 * The properties of a node in the text layout: those that explain.c writes in another form there (the show_...() functions
 * of 13 to 18) have a function each, by a sorted table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insight/plan_text.h"

enum { DEPTH_OF_GROUPS = 8 };

typedef void write_fn(struct plan_writer *w, const struct json *map, const struct json *value);

/* --- pieces ----------------------------------------------------------------------------------------------------------- */

/* Blanks only at the beginning of a line: a worker's first line has begun already. */
void plan_text_begin(struct plan_writer *w)
{
	if (w->out->len == 0 || w->out->data[w->out->len - 1] == '\n')
		for (int i = 0; i < w->indent; i++)
			buf_adds(w->out, "  ");
}

static double number(const struct json *map, const char *key)
{
	return json_number(json_get(map, key));
}

/* 0 when it is not there. */
double plan_count_of(const struct json *map, const char *key)
{
	return plan_or_zero(number(map, key));
}

static void add_list(struct plan_writer *w, const struct json *list)
{
	bool any = false;

	for (const struct json *c = json_child(list); c; c = json_next(c)) {
		buf_adds(w->out, any ? ", " : "");
		buf_adds(w->out, json_text(c) ? json_text(c) : "");
		any = true;
	}
}

static void add_number(struct buf *out, double value)
{
	char text[JSON_NUMBER_MAX];

	json_number_text(text, value);
	buf_adds(out, text);
}

void plan_text_plain(struct plan_writer *w, const struct json *value)
{
	enum json_kind kind = json_kind(value);
	bool maps = json_kind(json_child(value)) == JSON_MAP;

	if (kind == JSON_NULL || (kind == JSON_LIST && json_count(value) == 0))
		return;
	if (kind == JSON_MAP || (kind == JSON_LIST && maps)) {
		if (w->groups >= DEPTH_OF_GROUPS)
			return;
		w->groups++;
		if (kind == JSON_MAP)
			plan_text_walk(w, value);
		else
			for (const struct json *c = json_child(value); c; c = json_next(c))
				plan_text_walk(w, c);
		w->groups--;
		return;
	}
	plan_text_begin(w);
	buf_addf(w->out, "%s: ", json_key(value) ? json_key(value) : "?");
	if (kind == JSON_LIST)
		add_list(w, value);
	else if (kind == JSON_TEXT)
		buf_adds(w->out, json_text(value));
	else if (kind == JSON_BOOL)
		buf_adds(w->out, json_is_true(value) ? "true" : "false");
	else
		add_number(w->out, json_number(value));
	buf_addc(w->out, '\n');
}

/* --- properties that look otherwise --------------------------------------------------------------------------------------- */

static void skip(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)w;
	(void)map;
	(void)value;
}

static void put_if_true(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	if (json_is_true(value))
		plan_text_plain(w, value);
}

static void put_if_verbose(struct plan_writer *w, const struct json *map, const struct json *value)
{
	if (w->p->verbose)
		put_if_true(w, map, value);
}

static void put_if_some(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	if (!(json_number(value) > 0))
		return;
	plan_text_begin(w);
	buf_addf(w->out, "%s: %.0f\n", json_key(value), json_number(value));
}

static void put_sort(struct plan_writer *w, const struct json *map, const struct json *value)
{
	const char *type = plan_text_of(map, "Sort Space Type");

	plan_text_begin(w);
	buf_addf(w->out, "Sort Method: %s  %s: %.0fkB\n", json_text(value) ? json_text(value) : "?", type ? type : "?",
	         plan_count_of(map, "Sort Space Used"));
}

static void add_group_space(struct plan_writer *w, const struct json *group, const char *type)
{
	const struct json *space;
	char key[40];

	snprintf(key, sizeof(key), "Sort Space %s", type);
	space = json_get(group, key);
	if (space)
		buf_addf(w->out, "  Average %s: %.0fkB  Peak %s: %.0fkB", type, plan_count_of(space, "Average Sort Space Used"), type,
		         plan_count_of(space, "Peak Sort Space Used"));
}

static void put_sort_groups(struct plan_writer *w, const struct json *map, const struct json *value)
{
	const struct json *methods = json_get(value, "Sort Methods Used");
	const char *key = json_key(value);

	(void)map;
	plan_text_begin(w);
	buf_addf(w->out, "%.*s Groups: %.0f  Sort Method%s: ", (int)strcspn(key, " "), key, plan_count_of(value, "Group Count"),
	         json_count(methods) > 1 ? "s" : "");
	add_list(w, methods);
	add_group_space(w, value, "Memory");
	add_group_space(w, value, "Disk");
	buf_addc(w->out, '\n');
}

static void put_heap_blocks(struct plan_writer *w, const struct json *map, const struct json *value)
{
	double exact = plan_or_zero(json_number(value)), lossy = plan_count_of(map, "Lossy Heap Blocks");

	if (exact <= 0 && lossy <= 0)
		return;
	plan_text_begin(w);
	buf_adds(w->out, "Heap Blocks:");
	if (exact > 0)
		buf_addf(w->out, " exact=%.0f", exact);
	if (lossy > 0)
		buf_addf(w->out, " lossy=%.0f", lossy);
	buf_addc(w->out, '\n');
}

static void add_of(struct plan_writer *w, const struct json *map, const char *label, const char *key, const char *original)
{
	double now = plan_count_of(map, key), before = number(map, original);

	buf_addf(w->out, "%s: %.0f", label, now);
	if (before == before && (before != now || plan_count_of(map, "Original Hash Batches") != plan_count_of(map, "Hash Batches") ||
	                         plan_count_of(map, "Original Hash Buckets") != plan_count_of(map, "Hash Buckets")))
		buf_addf(w->out, " (originally %.0f)", before);
}

static void put_hash(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)value;
	plan_text_begin(w);
	add_of(w, map, "Buckets", "Hash Buckets", "Original Hash Buckets");
	add_of(w, map, "  Batches", "Hash Batches", "Original Hash Batches");
	buf_addf(w->out, "  Memory Usage: %.0fkB\n", plan_count_of(map, "Peak Memory Usage"));
}

static void put_aggregate(struct plan_writer *w, const struct json *map, const struct json *value)
{
	double planned = plan_count_of(map, "Planned Partitions"), batches = number(map, "HashAgg Batches");
	bool partitions = json_get(map, "Planned Partitions") != NULL, any = false;

	if (partitions && strcmp(json_key(value), "Planned Partitions") != 0)
		return; /* said with it */
	plan_text_begin(w);
	if (planned > 0) {
		buf_addf(w->out, "Planned Partitions: %.0f", planned);
		any = true;
	}
	if (batches == batches) {
		buf_addf(w->out, "%sBatches: %.0f  Memory Usage: %.0fkB", any ? "  " : "", batches,
		         plan_count_of(map, "Peak Memory Usage"));
		if (batches > 1)
			buf_addf(w->out, "  Disk Usage: %.0fkB", plan_count_of(map, "Disk Usage"));
		any = true;
	}
	if (any)
		buf_addc(w->out, '\n');
	else
		while (w->out->len > 0 && w->out->data[w->out->len - 1] == ' ')
			buf_cut(w->out, w->out->len - 1);
}

static void put_cache(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)value;
	plan_text_begin(w);
	buf_addf(w->out, "Hits: %.0f  Misses: %.0f  Evictions: %.0f  Overflows: %.0f  Memory Usage: %.0fkB\n",
	         plan_count_of(map, "Cache Hits"), plan_count_of(map, "Cache Misses"), plan_count_of(map, "Cache Evictions"),
	         plan_count_of(map, "Cache Overflows"), plan_count_of(map, "Peak Memory Usage"));
}

static void put_storage(struct plan_writer *w, const struct json *map, const struct json *value)
{
	plan_text_begin(w);
	buf_addf(w->out, "Storage: %s  Maximum Storage: %.0fkB\n", json_text(value) ? json_text(value) : "?",
	         plan_count_of(map, "Maximum Storage"));
}

static void put_sampling(struct plan_writer *w, const struct json *map, const struct json *value)
{
	const char *seed = plan_text_of(map, "Repeatable Seed");

	plan_text_begin(w);
	buf_addf(w->out, "Sampling: %s (", json_text(value) ? json_text(value) : "?");
	add_list(w, json_get(map, "Sampling Parameters"));
	buf_addc(w->out, ')');
	if (seed)
		buf_addf(w->out, " REPEATABLE (%s)", seed);
	buf_addc(w->out, '\n');
}

static void put_keys(struct plan_writer *w, const char *label, const struct json *lists)
{
	for (const struct json *list = json_child(lists); list; list = json_next(list)) {
		plan_text_begin(w);
		buf_addf(w->out, "%s: ", label);
		if (json_count(list) == 0)
			buf_adds(w->out, "()");
		add_list(w, list);
		buf_addc(w->out, '\n');
	}
}

static void put_sets(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	for (const struct json *set = json_child(value); set; set = json_next(set)) {
		const struct json *sort = json_get(set, "Sort Key");

		if (sort) {
			plan_text_plain(w, sort);
			w->indent++;
		}
		put_keys(w, "Hash Key", json_get(set, "Hash Keys"));
		put_keys(w, "Group Key", json_get(set, "Group Keys"));
		w->indent -= sort != NULL;
	}
}

static void put_targets(struct plan_writer *w, const struct json *map, const struct json *value)
{
	const char *operation = plan_text_of(map, "Operation");

	for (const struct json *t = json_child(value); t; t = json_next(t)) {
		plan_text_begin(w);
		buf_adds(w->out, operation ? operation : "?");
		plan_add_target(w->out, t);
		buf_addc(w->out, '\n');
		w->indent++;
		plan_text_walk(w, t);
		w->indent--;
	}
}

static void put_merged(struct plan_writer *w, const struct json *map, const struct json *value)
{
	static const struct { const char *key, *word; } part[] = {
		{"Tuples Inserted", "inserted"}, {"Tuples Updated", "updated"}, {"Tuples Deleted", "deleted"},
		{"Tuples Skipped", "skipped"}};
	bool any = false;

	if (!json_get(map, "Tuples Skipped")) { /* INSERT ... ON CONFLICT */
		plan_text_plain(w, value);
		return;
	}
	if (strcmp(json_key(value), "Tuples Inserted") != 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (plan_count_of(map, part[i].key) <= 0)
			continue;
		if (!any) {
			plan_text_begin(w);
			buf_adds(w->out, "Tuples:");
		}
		any = true;
		buf_addf(w->out, " %s=%.0f", part[i].word, plan_count_of(map, part[i].key));
	}
	if (any)
		buf_addc(w->out, '\n');
}

/* --- buffers ---------------------------------------------------------------------------------------------------------- */

/* " shared hit=3 read=1", and so on; the comma stands where something stood before. */
static bool add_blocks(struct plan_writer *w, const struct json *map, const char *kind, const char *word, bool after)
{
	static const char *const what[] = {"Hit", "Read", "Dirtied", "Written"};
	static const char *const small[] = {"hit", "read", "dirtied", "written"};
	bool any = false;
	char key[40];

	for (size_t i = 0; i < ARRAY_LEN(what); i++) {
		snprintf(key, sizeof(key), "%s %s Blocks", kind, what[i]);
		if (plan_count_of(map, key) <= 0)
			continue;
		if (!any)
			buf_addf(w->out, "%s %s", after ? "," : "", word);
		any = true;
		buf_addf(w->out, " %s=%.0f", small[i], plan_count_of(map, key));
	}
	return any || after;
}

static bool add_io(struct plan_writer *w, const struct json *map, const char *kind, const char *word, bool after)
{
	double read, write;
	char key[40];

	snprintf(key, sizeof(key), "%sI/O Read Time", kind);
	read = plan_count_of(map, key);
	snprintf(key, sizeof(key), "%sI/O Write Time", kind);
	write = plan_count_of(map, key);
	if (read <= 0 && write <= 0)
		return after;
	buf_addf(w->out, "%s%s%s", after ? "," : "", *word ? " " : "", word);
	if (read > 0)
		buf_addf(w->out, " read=%.3f", read);
	if (write > 0)
		buf_addf(w->out, " write=%.3f", write);
	return true;
}

static void end_or_take_back(struct plan_writer *w, size_t from, bool any)
{
	if (any)
		buf_addc(w->out, '\n');
	else
		buf_cut(w->out, from);
}

/* The words before the figures changed with 15 and 17; the keys tell. */
void plan_text_buffers(struct plan_writer *w, const struct json *map, const struct json *value)
{
	bool since_17 = json_get(map, "Shared I/O Read Time") != NULL, since_15 = json_get(map, "Temp I/O Read Time") != NULL;
	size_t from = w->out->len;
	bool any = false;

	(void)value;
	plan_text_begin(w);
	buf_adds(w->out, "Buffers:");
	any = add_blocks(w, map, "Shared", "shared", false);
	any = add_blocks(w, map, "Local", "local", any);
	any = add_blocks(w, map, "Temp", "temp", any);
	end_or_take_back(w, from, any);
	from = w->out->len;
	plan_text_begin(w);
	buf_adds(w->out, "I/O Timings:");
	any = add_io(w, map, since_17 ? "Shared " : "", since_17 ? "shared" : since_15 ? "shared" "/local" : "", false);
	any = add_io(w, map, "Local ", "local", any);
	any = add_io(w, map, "Temp ", "temp", any);
	end_or_take_back(w, from, any);
}

static void put_wal(struct plan_writer *w, const struct json *map, const struct json *value)
{
	static const struct { const char *key, *word; } part[] = {
		{"WAL Records", "records"}, {"WAL FPI", "fpi"}, {"WAL Bytes", "bytes"}, {"WAL Buffers Full", "buffers full"}};
	size_t from = w->out->len;
	bool any = false;

	(void)value;
	plan_text_begin(w);
	buf_adds(w->out, "WAL:");
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (plan_count_of(map, part[i].key) <= 0)
			continue;
		buf_addf(w->out, " %s=%.0f", part[i].word, plan_count_of(map, part[i].key));
		any = true;
	}
	end_or_take_back(w, from, any);
}

/* --- workers, JIT --------------------------------------------------------------------------------------------------------- */

static const char *on_off(const struct json *value)
{
	return json_is_true(value) ? "true" : "false";
}

void plan_text_jit(struct plan_writer *w, const struct json *map, const struct json *jit)
{
	static const char *const option[] = {"Inlining", "Optimization", "Expressions", "Deforming"};
	static const char *const phase[] = {"Generation", "Inlining", "Optimization", "Emission", "Total"};
	const struct json *timing = json_get(jit, "Timing");

	(void)map;
	plan_text_begin(w);
	buf_adds(w->out, "JIT:\n");
	w->indent++;
	plan_text_begin(w);
	buf_addf(w->out, "Functions: %.0f\n", plan_count_of(jit, "Functions"));
	plan_text_begin(w);
	buf_adds(w->out, "Options:");
	for (size_t i = 0; i < ARRAY_LEN(option); i++)
		buf_addf(w->out, "%s %s %s", i ? "," : "", option[i], on_off(json_get(json_get(jit, "Options"), option[i])));
	buf_addc(w->out, '\n');
	if (timing) {
		plan_text_begin(w);
		buf_adds(w->out, "Timing:");
		for (size_t i = 0; i < ARRAY_LEN(phase); i++) {
			const struct json *one = json_get(timing, phase[i]);
			bool nested = json_kind(one) == JSON_MAP; /* 17: Generation has its own parts */

			buf_addf(w->out, "%s %s %.3f ms", i ? "," : "", phase[i],
			         nested ? plan_count_of(one, "Total") : plan_or_zero(json_number(one)));
			if (nested)
				buf_addf(w->out, " (Deform %.3f ms)", plan_count_of(one, "Deform"));
		}
		buf_addc(w->out, '\n');
	}
	w->indent--;
}

void plan_text_actual(struct plan_writer *w, const struct json *map)
{
	const struct json *total = json_get(map, "Actual Total Time");

	if (total)
		buf_addf(w->out, "actual time=%.3f..%.3f rows=%.*f loops=%.0f", plan_count_of(map, "Actual Startup Time"),
		         json_number(total), w->p->since_18 ? 2 : 0, plan_count_of(map, "Actual Rows"), plan_count_of(map, "Actual Loops"));
	else
		buf_addf(w->out, "actual rows=%.*f loops=%.0f", w->p->since_18 ? 2 : 0, plan_count_of(map, "Actual Rows"),
		         plan_count_of(map, "Actual Loops"));
}

static void put_workers(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	for (const struct json *worker = json_child(value); worker; worker = json_next(worker)) {
		size_t from = w->out->len, began;

		plan_text_begin(w);
		buf_addf(w->out, "Worker %.0f:  ", plan_count_of(worker, "Worker Number"));
		began = w->out->len;
		w->indent++;
		if (json_get(worker, "Actual Loops")) {
			plan_text_actual(w, worker);
			buf_addc(w->out, '\n');
		}
		plan_text_walk(w, worker);
		w->indent--;
		if (w->out->len == began)
			buf_cut(w->out, from);
	}
}

/* --- the table, and a node ------------------------------------------------------------------------------------------------- */

static const struct rule {
	const char *key;
	write_fn *write;
} rules[] = { /* sorted by strcmp() */
	{"Actual Loops", skip},
	{"Actual Rows", skip},
	{"Actual Startup Time", skip},
	{"Actual Total Time", skip},
	{"Alias", skip},
	{"Async Capable", skip},
	{"CTE Name", skip},
	{"Cache Evictions", skip},
	{"Cache Hits", put_cache},
	{"Cache Misses", skip},
	{"Cache Overflows", skip},
	{"Command", skip},
	{"Custom Plan Provider", skip},
	{"Disabled", put_if_true},
	{"Disk Usage", skip},
	{"Exact Heap Blocks", put_heap_blocks},
	{"Full-sort Groups", put_sort_groups},
	{"Function Name", skip},
	{"Grouping Sets", put_sets},
	{"Hash Batches", skip},
	{"Hash Buckets", put_hash},
	{"HashAgg Batches", put_aggregate},
	{"I/O Read Time", skip},
	{"I/O Write Time", skip},
	{"Index Name", skip},
	{"Inner Unique", put_if_verbose},
	{"JIT", plan_text_jit},
	{"Join Type", skip},
	{"Local Dirtied Blocks", skip},
	{"Local Hit Blocks", skip},
	{"Local I/O Read Time", skip},
	{"Local I/O Write Time", skip},
	{"Local Read Blocks", skip},
	{"Local Written Blocks", skip},
	{"Lossy Heap Blocks", skip},
	{"Maximum Storage", skip},
	{"Node Type", skip},
	{"Operation", skip},
	{"Original Hash Batches", skip},
	{"Original Hash Buckets", skip},
	{"Parallel Aware", skip},
	{"Parent Relationship", skip},
	{"Partial Mode", skip},
	{"Peak Memory Usage", skip},
	{"Plan Rows", skip},
	{"Plan Width", skip},
	{"Planned Partitions", put_aggregate},
	{"Plans", skip},
	{"Pre-sorted Groups", put_sort_groups},
	{"Relation Name", skip},
	{"Repeatable Seed", skip},
	{"Rows Removed by Conflict Filter", put_if_some},
	{"Rows Removed by Filter", put_if_some},
	{"Rows Removed by Index Recheck", put_if_some},
	{"Rows Removed by Join Filter", put_if_some},
	{"Sampling Method", put_sampling},
	{"Sampling Parameters", skip},
	{"Scan Direction", skip},
	{"Schema", skip},
	{"Shared Dirtied Blocks", skip},
	{"Shared Hit Blocks", plan_text_buffers},
	{"Shared I/O Read Time", skip},
	{"Shared I/O Write Time", skip},
	{"Shared Read Blocks", skip},
	{"Shared Written Blocks", skip},
	{"Single Copy", put_if_true},
	{"Sort Method", put_sort},
	{"Sort Space Type", skip},
	{"Sort Space Used", skip},
	{"Startup Cost", skip},
	{"Storage", put_storage},
	{"Strategy", skip},
	{"Subplan Name", skip},
	{"Subplans Removed", put_if_some},
	{"Table Function Name", skip},
	{"Target Tables", put_targets},
	{"Temp I/O Read Time", skip},
	{"Temp I/O Write Time", skip},
	{"Temp Read Blocks", skip},
	{"Temp Written Blocks", skip},
	{"Total Cost", skip},
	{"Tuples Deleted", put_merged},
	{"Tuples Inserted", put_merged},
	{"Tuples Skipped", put_merged},
	{"Tuples Updated", put_merged},
	{"Tuplestore Name", skip},
	{"WAL Buffers Full", skip},
	{"WAL Bytes", skip},
	{"WAL FPI", skip},
	{"WAL Records", put_wal},
	{"Worker Number", skip},
	{"Workers", put_workers},
};

static int compare_rule(const void *key, const void *entry)
{
	return strcmp(key, ((const struct rule *)entry)->key);
}

void plan_text_walk(struct plan_writer *w, const struct json *map)
{
	for (const struct json *c = json_child(map); c; c = json_next(c)) {
		const char *key = json_key(c);
		const struct rule *r = key ? bsearch(key, rules, ARRAY_LEN(rules), sizeof(*rules), compare_rule) : NULL;

		if (r)
			r->write(w, map, c);
		else if (key)
			plan_text_plain(w, c);
	}
}

