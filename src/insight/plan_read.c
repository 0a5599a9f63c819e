/* SPDX-License-Identifier: PostgreSQL */
/* From JSON to the array of nodes. Each node's map is walked once; its keys are found in a sorted table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "insight/plan_private.h"

enum { SEARCH_MAX = 64 << 20 };

/* What a key of a node is. Texts and lists that are not named here become notes; so does what an extension adds. */
enum field_kind { FIELD_NUMBER, FIELD_TEXT, FIELD_BOOL, FIELD_SKIP };

struct field {
	const char *key;
	enum field_kind kind;
	size_t at;
};

#define NUMBER(key, member) {key, FIELD_NUMBER, offsetof(struct plan_node, member)}
#define TEXT(key, member) {key, FIELD_TEXT, offsetof(struct plan_node, member)}
#define SKIP(key) {key, FIELD_SKIP, 0}

/* Sorted by strcmp(). */
static const struct field fields[] = {
	NUMBER("Actual Loops", loops),
	NUMBER("Actual Rows", actual_rows),
	NUMBER("Actual Startup Time", startup_ms),
	NUMBER("Actual Total Time", total_ms),
	TEXT("Alias", alias),
	TEXT("CTE Name", target),
	NUMBER("Cache Evictions", cache_evictions),
	NUMBER("Cache Hits", cache_hits),
	NUMBER("Cache Misses", cache_misses),
	SKIP("Command"),
	SKIP("Custom Plan Provider"),
	{"Disabled", FIELD_BOOL, offsetof(struct plan_node, disabled)},
	NUMBER("Disk Usage", disk_kb),
	NUMBER("Exact Heap Blocks", exact_blocks),
	TEXT("Function Name", target),
	SKIP("Grouping Sets"), /* its keys become notes */
	NUMBER("Hash Batches", hash_batches),
	NUMBER("Hash Buckets", hash_buckets),
	NUMBER("HashAgg Batches", hash_batches),
	NUMBER("Heap Fetches", heap_fetches),
	TEXT("Index Name", index),
	NUMBER("Index Searches", index_searches),
	TEXT("Join Type", join),
	NUMBER("Local Dirtied Blocks", buffers.local_dirtied),
	NUMBER("Local Hit Blocks", buffers.local_hit),
	NUMBER("Local Read Blocks", buffers.local_read),
	NUMBER("Local Written Blocks", buffers.local_written),
	NUMBER("Lossy Heap Blocks", lossy_blocks),
	TEXT("Node Type", type),
	SKIP("Operation"),
	NUMBER("Original Hash Batches", hash_batches_planned),
	SKIP("Output"),
	{"Parallel Aware", FIELD_BOOL, offsetof(struct plan_node, parallel_aware)},
	SKIP("Parent Relationship"),
	SKIP("Partial Mode"),
	NUMBER("Peak Memory Usage", peak_kb),
	NUMBER("Plan Rows", rows),
	NUMBER("Plan Width", width),
	SKIP("Plans"),
	TEXT("Relation Name", relation),
	NUMBER("Rows Removed by Filter", removed_filter),
	NUMBER("Rows Removed by Index Recheck", removed_recheck),
	NUMBER("Rows Removed by Join Filter", removed_join),
	SKIP("Scan Direction"),
	TEXT("Schema", schema),
	NUMBER("Shared Dirtied Blocks", buffers.dirtied),
	NUMBER("Shared Hit Blocks", buffers.hit),
	NUMBER("Shared Read Blocks", buffers.read),
	NUMBER("Shared Written Blocks", buffers.written),
	TEXT("Sort Method", sort_method),
	SKIP("Sort Space Type"),
	NUMBER("Sort Space Used", sort_kb),
	NUMBER("Startup Cost", startup_cost),
	TEXT("Strategy", strategy),
	TEXT("Subplan Name", subplan),
	NUMBER("Subplans Removed", subplans_removed),
	TEXT("Table Function Name", target),
	NUMBER("Temp Read Blocks", buffers.temp_read),
	NUMBER("Temp Written Blocks", buffers.temp_written),
	NUMBER("Total Cost", total_cost),
	TEXT("Tuplestore Name", target),
	NUMBER("WAL Bytes", wal_bytes),
	NUMBER("WAL Records", wal_records),
	NUMBER("Workers Launched", workers_launched),
	NUMBER("Workers Planned", workers_planned),
};

static int compare_field(const void *key, const void *entry)
{
	return strcmp(key, ((const struct field *)entry)->key);
}

/* --- notes ------------------------------------------------------------------------------------------------------------ */

static const char *joined(struct plan_private *own, const struct json *list)
{
	struct buf *text = &own->text;

	buf_clear(text);
	for (const struct json *c = json_child(list); c; c = json_next(c)) {
		if (!json_text(c))
			continue;
		buf_adds(text, text->len ? ", " : "");
		buf_adds(text, json_text(c));
	}
	return arena_strndup(own->arena, buf_text(text), text->len);
}

static void add_note(struct plan_private *own, struct plan_node *n, const char *label, const char *text)
{
	struct plan_note *note;

	if ((n->note_count & (n->note_count - 1)) == 0) { /* full at each power of two: a list of doubling room */
		note = arena_calloc(own->arena, n->note_count ? (size_t)n->note_count * 2 : 1, sizeof(*note));
		if (n->note_count)
			memcpy(note, n->note, (size_t)n->note_count * sizeof(*note));
		n->note = note;
	}
	n->note[n->note_count++] = (struct plan_note){label, text};
}

static void take_sets(struct plan_private *own, struct plan_node *n, const struct json *sets)
{
	for (const struct json *set = json_child(sets); set; set = json_next(set))
		for (const struct json *keys = json_child(set); keys; keys = json_next(keys)) {
			const char *key = json_key(keys);
			const char *label = !key ? NULL : strcmp(key, "Group Keys") == 0 ? "Group Key"
			                    : strcmp(key, "Hash Keys") == 0         ? "Hash Key"
			                                                            : NULL;

			if (label)
				for (const struct json *one = json_child(keys); one; one = json_next(one))
					add_note(own, n, label, json_count(one) ? joined(own, one) : "()");
			else if (key && strcmp(key, "Sort Key") == 0)
				add_note(own, n, "Sort Key", joined(own, keys));
		}
}

/* --- one node --------------------------------------------------------------------------------------------------------- */

static void blank(struct plan_node *n)
{
	*n = (struct plan_node){.parent = -1};
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].kind == FIELD_NUMBER)
			*(double *)((char *)n + fields[i].at) = NAN;
	n->buffers.io_read_ms = n->buffers.io_write_ms = NAN;
	n->ms = n->self_ms = n->time_share = n->misestimate = NAN;
	n->cost_share = 0;
	n->processes = 1;
}

static double number_of(const struct json *value)
{
	double number = json_number(value);

	return number >= 0 && number < 1e300 ? number : NAN; /* PostgreSQL gives no other; "Infinity" is no JSON */
}

static void take_field(struct plan_private *own, struct plan_node *n, const struct json *value)
{
	const char *key = json_key(value);
	const struct field *f = bsearch(key, fields, ARRAY_LEN(fields), sizeof(*fields), compare_field);
	void *place = f ? (char *)n + f->at : NULL;

	if (f && f->kind == FIELD_NUMBER)
		*(double *)place = number_of(value);
	else if (f && f->kind == FIELD_TEXT)
		*(const char **)place = json_text(value);
	else if (f && f->kind == FIELD_BOOL)
		*(bool *)place = json_is_true(value);
	else if (!f && json_kind(value) == JSON_TEXT)
		add_note(own, n, key, json_text(value));
	else if (!f && json_kind(value) == JSON_LIST && json_text(json_child(value)))
		add_note(own, n, key, joined(own, value));
}

/* Times of input and output go by several names, by version and kind of block. */
static double io_of(const struct json *node, const char *what)
{
	static const char *const kind[] = {"", "Shared ", "Local ", "Temp "};
	double sum = NAN;
	char key[40];

	for (size_t i = 0; i < ARRAY_LEN(kind); i++) {
		double ms;

		snprintf(key, sizeof(key), "%sI/O %s Time", kind[i], what);
		ms = number_of(json_get(node, key));
		if (!isnan(ms))
			sum = plan_or_zero(sum) + ms;
	}
	return sum;
}

static void take_sort(struct plan_node *n)
{
	const char *space = plan_text_of(n->json, "Sort Space Type");

	n->sort_on_disk = space && strcmp(space, "Disk") == 0;
	for (const struct json *w = json_child(json_get(n->json, "Workers")); w; w = json_next(w)) {
		double kb = number_of(json_get(w, "Sort Space Used"));

		space = plan_text_of(w, "Sort Space Type");
		if (!space)
			continue;
		n->sort_on_disk |= strcmp(space, "Disk") == 0;
		if (!n->sort_method)
			n->sort_method = plan_text_of(w, "Sort Method");
		if (kb > plan_or_zero(n->sort_kb))
			n->sort_kb = kb;
	}
}

/* Groups of an incremental sort: the larger peak, and whether one of them went to disk. */
static void take_sort_groups(struct plan_node *n)
{
	static const char *const groups[] = {"Full-sort Groups", "Pre-sorted Groups"};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		const struct json *g = json_get(n->json, groups[i]);
		const struct json *disk = json_get(g, "Sort Space Disk");
		double kb = number_of(json_get(disk ? disk : json_get(g, "Sort Space Memory"), "Peak Sort Space Used"));

		n->sort_on_disk |= disk != NULL;
		if (!n->sort_method)
			n->sort_method = json_text(json_child(json_get(g, "Sort Methods Used")));
		if (kb > plan_or_zero(n->sort_kb))
			n->sort_kb = kb;
	}
}

/* Batches of a hash aggregate in workers: the worst of them. */
static void take_workers(struct plan_node *n)
{
	for (const struct json *w = json_child(json_get(n->json, "Workers")); w; w = json_next(w)) {
		double batches = number_of(json_get(w, "HashAgg Batches")), disk = number_of(json_get(w, "Disk Usage"));
		double peak = number_of(json_get(w, "Peak Memory Usage"));

		if (batches > plan_or_zero(n->hash_batches))
			n->hash_batches = batches;
		if (disk > plan_or_zero(n->disk_kb))
			n->disk_kb = disk;
		if (peak > plan_or_zero(n->peak_kb))
			n->peak_kb = peak;
	}
}

static enum plan_link link_of(const struct json *n)
{
	static const struct { const char *name; enum plan_link link; } names[] = {
		{"Outer", PLAN_OUTER},       {"Inner", PLAN_INNER},       {"Member", PLAN_MEMBER},
		{"Subquery", PLAN_SUBQUERY}, {"InitPlan", PLAN_INITPLAN}, {"SubPlan", PLAN_SUBPLAN}};
	const char *name = plan_text_of(n, "Parent Relationship");

	for (size_t i = 0; name && i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i].name) == 0)
			return names[i].link;
	return PLAN_OTHER;
}

static void take_node(struct plan *p, struct plan_node *n, const struct json *json)
{
	const struct json *sets = json_get(json, "Grouping Sets");

	n->json = json;
	for (const struct json *c = json_child(json); c; c = json_next(c))
		if (json_key(c))
			take_field(p->own, n, c);
	take_sets(p->own, n, sets);
	if (!n->type)
		n->type = "?";
	n->link = link_of(json);
	n->name = plan_name(p->own, json);
	n->buffers.io_read_ms = io_of(json, "Read");
	n->buffers.io_write_ms = io_of(json, "Write");
	take_sort(n);
	take_sort_groups(n);
	take_workers(n);
	n->never_run = n->loops == 0;
	p->analyzed |= !isnan(n->loops);
	p->timed |= !isnan(n->total_ms);
	p->buffered |= !isnan(n->buffers.hit);
	p->verbose |= json_get(json, "Output") != NULL;
	p->since_18 |= json_get(json, "Disabled") != NULL;
}

/* --- the tree --------------------------------------------------------------------------------------------------------- */

static int grow(struct plan *p, struct err *why)
{
	if (p->count >= PLAN_NODES_MAX)
		return err_set(why, ERR_TOO_BIG, "the plan has more than %d nodes", PLAN_NODES_MAX);
	if (p->count == p->own->room) {
		p->own->room = p->own->room ? p->own->room * 2 : 32;
		p->node = mem_resize(p->node, (size_t)p->own->room, sizeof(*p->node));
	}
	return 0;
}

static int read_node(struct plan *p, const struct json *json, int parent, int depth, struct err *why)
{
	int me = p->count, rc;

	if (depth >= PLAN_DEPTH_MAX)
		return err_set(why, ERR_TOO_BIG, "the plan is deeper than %d nodes", PLAN_DEPTH_MAX);
	if (json_kind(json) != JSON_MAP)
		return err_set(why, ERR_INVALID, "a node of the plan is no map");
	rc = grow(p, why);
	if (rc < 0)
		return rc;
	blank(&p->node[me]);
	take_node(p, &p->node[me], json);
	p->node[me].parent = parent;
	p->node[me].depth = depth;
	if (parent < 0)
		p->node[me].link = PLAN_ROOT;
	p->count++;
	for (const struct json *c = json_child(json_get(json, "Plans")); c; c = json_next(c)) {
		rc = read_node(p, c, me, depth + 1, why);
		if (rc < 0)
			return rc;
	}
	p->node[me].end = p->count;
	return 0;
}

/* The query's identifier is wider than a double: its digits are taken from the text. */
static const char *find_query_id(struct plan_private *own, const char *text, size_t len)
{
	static const char key[] = "\"Query Identifier\":";
	const char *at = memmem(text, len, key, sizeof(key) - 1);
	size_t left, n = 0;

	if (!at || (at > text && at[-1] == '\\'))
		return NULL;
	at += sizeof(key) - 1;
	left = len - (size_t)(at - text);
	while (left > 0 && *at == ' ') {
		at++;
		left--;
	}
	while (n < left && n < 20 && (at[n] == '-' || (at[n] >= '0' && at[n] <= '9')))
		n++;
	return n ? arena_strndup(own->arena, at, n) : NULL;
}

static void take_top(struct plan *p, const char *text, size_t len)
{
	const struct json *jit = json_get(p->top, "JIT");

	p->planning_ms = number_of(json_get(p->top, "Planning Time"));
	p->execution_ms = number_of(json_get(p->top, "Execution Time"));
	p->jit_functions = number_of(json_get(jit, "Functions"));
	p->jit_ms = number_of(json_get(json_get(jit, "Timing"), "Total"));
	p->trigger_ms = NAN;
	for (const struct json *t = json_child(json_get(p->top, "Triggers")); t; t = json_next(t)) {
		double ms = number_of(json_get(t, "Time"));

		if (!isnan(ms))
			p->trigger_ms = plan_or_zero(p->trigger_ms) + ms;
	}
	if (json_get(p->top, "Query Identifier"))
		p->query_id = find_query_id(p->own, text, len);
}

static int read_top(struct plan *p, const char *text, size_t len, struct err *why)
{
	const struct json *top = p->own->root, *root;
	int rc;

	if (json_kind(top) == JSON_LIST)
		top = json_child(top);
	root = json_get(top, "Plan");
	if (!root && json_get(top, "Node Type"))
		root = top;
	if (!root)
		return err_set(why, ERR_INVALID, "there is no plan in this JSON; it should be what EXPLAIN (FORMAT JSON) gives");
	p->top = top;
	rc = read_node(p, root, -1, 0, why);
	if (rc < 0)
		return rc;
	take_top(p, text, len);
	plan_figures(p);
	p->shape = plan_shape(p);
	plan_hints(p);
	return 0;
}

int plan_parse(struct plan **out, const char *text, size_t len, struct err *why)
{
	struct json *root = NULL;
	struct plan *p;
	int rc = json_parse_deep(&root, text, len, PLAN_BYTES_MAX, 2 * PLAN_DEPTH_MAX + 16, why);

	if (rc < 0)
		return rc;
	p = mem_alloc(sizeof(*p));
	p->own = mem_alloc(sizeof(*p->own));
	p->own->arena = arena_new();
	p->own->root = root;
	p->own->text = BUF_INIT(PLAN_BYTES_MAX);
	rc = read_top(p, text, len, why);
	if (rc < 0) {
		plan_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	buf_release(&p->own->text);
	arena_free(p->own->arena);
	json_free(p->own->root);
	free(p->own);
	free(p->node);
	free(p);
}

double plan_share(const struct plan *p, int node)
{
	const struct plan_node *n = &p->node[node];

	return isnan(n->time_share) ? n->cost_share : n->time_share;
}

const char *plan_note(const struct plan_node *n, const char *label)
{
	for (int i = 0; i < n->note_count; i++)
		if (strcmp(n->note[i].label, label) == 0)
			return n->note[i].text;
	return NULL;
}

bool plan_note_has(const struct plan *p, const struct plan_node *n, const char *word)
{
	size_t len = strlen(word);

	for (int i = 0; i < n->note_count && p->own->looked < SEARCH_MAX; i++) {
		p->own->looked += strlen(n->note[i].text);
		for (const char *at = strstr(n->note[i].text, word); at; at = strstr(at + 1, word))
			if (at[len] < '0' || at[len] > '9')
				return true;
	}
	return false;
}
