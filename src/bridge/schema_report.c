/* SPDX-License-Identifier: PostgreSQL */
/* What a database has of the bridge's schema: from query results to text and JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/schema_private.h"
#include "core/clean.h"
#include "core/mem.h"

static const char *const state_names[SCHEMA_STATES] = {"present", "missing", "invalid", "building", "differs"};

const char *schema_state_name(enum schema_state state)
{
	return state_names[state];
}

const char *report_value(const struct pgresult *rows, int row, int column)
{
	int len;
	return pgresult_value(rows, row, column, &len);
}

bool report_true(const struct pgresult *rows, int column)
{
	const char *text = report_value(rows, 0, column);
	return text && *text == 't';
}

static char *copy(const struct pgresult *rows, int row, int column)
{
	return mem_strdup(report_value(rows, row, column));
}

static int set_by_name(const char *name)
{
	for (int i = 0; name && i < MIGRATION_SETS; i++)
		if (strcmp(migration_set_name((enum migration_set)i), name) == 0)
			return i;
	return -1;
}

static int state_by_name(const char *name)
{
	for (int i = 0; name && i < SCHEMA_STATES; i++)
		if (strcmp(state_names[i], name) == 0)
			return i;
	return -1;
}

static void objects_release(struct schema_report *r)
{
	for (int i = 0; i < r->object_count; i++) {
		struct schema_object *o = &r->object[i];
		free(o->kind);
		free(o->name);
		free(o->relation);
		free(o->detail);
		free(o->fix);
	}
	free(r->object);
	r->object = NULL;
	r->object_count = 0;
}

int report_objects(struct schema_report *r, const struct pgresult *rows, struct err *why)
{
	objects_release(r);
	if (rows->columns < 7)
		return err_set(why, ERR_INVALID, "sql/bridge/check_objects.sql: it is to have seven columns");
	r->object = mem_calloc((size_t)rows->rows + 1, sizeof *r->object);
	for (int i = 0; i < rows->rows; i++) {
		int set = set_by_name(report_value(rows, i, 3)), state = state_by_name(report_value(rows, i, 4));
		if (set < 0 || state < 0 || !report_value(rows, i, 0) || !report_value(rows, i, 1))
			return err_set(why, ERR_INVALID, "sql/bridge/check_objects.sql: row %d has no known kind, name, set or state", i + 1);
		r->object[r->object_count++] = (struct schema_object){
			.kind = copy(rows, i, 0), .name = copy(rows, i, 1), .relation = copy(rows, i, 2), .set = (enum migration_set)set,
			.state = (enum schema_state)state, .detail = copy(rows, i, 5), .fix = copy(rows, i, 6)};
	}
	return 0;
}

/* Rows of records.sql: name, applied, changed, applied_at. */
void report_files(struct schema_report *r, const struct pgresult *rows)
{
	for (int i = 0; i < rows->rows; i++)
		for (int f = 0; f < r->file_count; f++) {
			struct schema_file *file = &r->file[f];
			const char *name = report_value(rows, i, 0), *applied = report_value(rows, i, 1), *changed = report_value(rows, i, 2);
			if (!name || strcmp(file->name, name) != 0)
				continue;
			file->applied = applied && *applied == 't';
			file->changed = changed && *changed == 't';
			free(file->applied_at);
			file->applied_at = copy(rows, i, 3);
		}
}

static int64_t number(const struct pgresult *rows, int row, int column)
{
	const char *text = report_value(rows, row, column);
	return text ? strtoll(text, NULL, 10) : 0;
}

struct schema_load report_load(const struct pgresult *rows, int row)
{
	return (struct schema_load){
		.number = number(rows, row, 0), .done = number(rows, row, 3), .seed = number(rows, row, 4),
		.load = {.seed = (uint64_t)number(rows, row, 4), .first = number(rows, row, 1), .last = number(rows, row, 2),
		         .from_us = number(rows, row, 5), .until_us = number(rows, row, 6)}};
}

void report_loads(struct schema_report *r, const struct pgresult *rows)
{
	free(r->load);
	r->load = mem_calloc((size_t)rows->rows + 1, sizeof *r->load);
	r->load_count = rows->columns >= 7 ? rows->rows : 0;
	for (int i = 0; i < r->load_count; i++)
		r->load[i] = report_load(rows, i);
}

/* Rows of other_rows.sql: month, how many. */
void report_other(struct schema_report *r, const struct pgresult *rows)
{
	free(r->other);
	r->other = mem_calloc((size_t)rows->rows + 1, sizeof *r->other);
	r->other_count = rows->columns >= 2 ? rows->rows : 0;
	r->other_known = true;
	for (int i = 0; i < r->other_count; i++) {
		const char *month = report_value(rows, i, 0);
		r->other[i].rows = number(rows, i, 1);
		snprintf(r->other[i].month, sizeof r->other[i].month, "%s", month ? month : "?");
	}
}

void report_release(struct schema_report *r)
{
	free(r->other);
	objects_release(r);
	for (int i = 0; i < r->file_count; i++)
		free(r->file[i].applied_at);
	free(r->file);
	free(r->load);
	free(r->leftovers);
	memset(r, 0, sizeof *r);
}

const struct schema_object *report_find(const struct schema_report *r, const char *name)
{
	for (int i = 0; i < r->object_count && *name; i++)
		if (strcmp(r->object[i].name, name) == 0)
			return &r->object[i];
	return NULL;
}

int schema_count(const struct schema_report *r, enum migration_set set, enum schema_state state)
{
	int count = 0;

	for (int i = 0; i < r->object_count; i++)
		count += r->object[i].set == set && r->object[i].state == state;
	return count;
}

static bool of_the_server(const struct schema_object *o)
{
	return strcmp(o->kind, "extension") == 0 || strcmp(o->kind, "role") == 0;
}

bool schema_has(const struct schema_report *r, enum migration_set set)
{
	bool any = false;

	for (int i = 0; i < r->object_count; i++) {
		const struct schema_object *o = &r->object[i];
		if (o->set != set)
			continue;
		any = true;
		if (o->state != SCHEMA_PRESENT && !of_the_server(o))
			return false;
	}
	return any;
}

int64_t schema_rows_there(const struct schema_report *r)
{
	int64_t done = 0;

	for (int i = 0; i < r->load_count; i++)
		if (r->load[i].done > done)
			done = r->load[i].done;
	return done;
}

/* --- text ------------------------------------------------------------------------------------------------------------ */

static void add_clean(struct buf *out, const char *text)
{
	clean_text(out, text, strlen(text), CLEAN_LINE);
}

static void add_object(struct buf *out, const struct schema_object *o)
{
	buf_addf(out, "%-9s %-10s ", state_names[o->state], o->kind);
	add_clean(out, o->name);
	if (o->relation) {
		buf_adds(out, " on ");
		add_clean(out, o->relation);
	}
	if (o->detail) {
		buf_adds(out, ": ");
		add_clean(out, o->detail);
	}
	buf_addc(out, '\n');
}

/* Nothing of it is there, and nobody need miss it. */
static bool optional(const struct schema_report *r, enum migration_set set)
{
	return set == MIGRATION_TRIGGER && schema_count(r, set, SCHEMA_PRESENT) + schema_count(r, set, SCHEMA_DIFFERS) == 0;
}

static void add_set(struct buf *out, const struct schema_report *r, enum migration_set set)
{
	int total = 0, present = schema_count(r, set, SCHEMA_PRESENT);

	for (int state = 0; state < SCHEMA_STATES; state++)
		total += schema_count(r, set, (enum schema_state)state);
	if (total == 0)
		return;
	buf_addf(out, "%-9s %d of %d", migration_set_name(set), present, total);
	for (int state = SCHEMA_MISSING; state < SCHEMA_STATES; state++)
		if (schema_count(r, set, (enum schema_state)state) > 0)
			buf_addf(out, ", %d %s", schema_count(r, set, (enum schema_state)state), state_names[state]);
	if (optional(r, set))
		buf_adds(out, " (optional: bridge init --trigger)");
	buf_addc(out, '\n');
}

void schema_text(struct buf *out, const struct schema_report *r, bool all)
{
	int64_t rows = schema_rows_there(r);

	for (int i = 0; i < r->object_count; i++)
		if (all || (r->object[i].state != SCHEMA_PRESENT && !optional(r, r->object[i].set)))
			add_object(out, &r->object[i]);
	for (int i = 0; i < r->file_count; i++)
		if (r->file[i].changed)
			buf_addf(out, "changed   file       %s: another text of it was applied at %s\n", r->file[i].name,
			         r->file[i].applied_at ? r->file[i].applied_at : "-");
	for (int i = 0; r->other_known && i < r->other_count; i++) {
		buf_addf(out, "left      rows       bridge_transactions_other: %lld rows of ", (long long)r->other[i].rows);
		add_clean(out, r->other[i].month);
		buf_adds(out, ", which has no partition; dytop bridge init says how they are moved\n");
	}
	if (r->leftovers) {
		buf_adds(out, "left      index      ");
		add_clean(out, r->leftovers);
		buf_adds(out, ": by a REINDEX that failed\n");
	}
	if (out->len > 0)
		buf_addc(out, '\n');
	for (int set = 0; set < MIGRATION_SETS; set++)
		add_set(out, r, (enum migration_set)set);
	if (rows > 0)
		buf_addf(out, "rows      %lld generated\n", (long long)rows);
	for (int i = 0; i < r->load_count; i++)
		if (r->load[i].done < r->load[i].load.last)
			buf_addf(out, "          load %lld stopped at %lld of %lld: --rows %lld goes on\n", (long long)r->load[i].number,
			         (long long)r->load[i].done, (long long)r->load[i].load.last, (long long)r->load[i].load.last);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static void put_sets(struct json_writer *w, const struct schema_report *r)
{
	json_open_list(w, "sets");
	for (int set = 0; set < MIGRATION_SETS; set++) {
		if (set == MIGRATION_ROWS)
			continue;
		json_open_map(w, NULL);
		json_put_string(w, "set", migration_set_name((enum migration_set)set));
		json_put_bool(w, "whole", schema_has(r, (enum migration_set)set));
		for (int state = 0; state < SCHEMA_STATES; state++)
			json_put_int(w, state_names[state], schema_count(r, (enum migration_set)set, (enum schema_state)state));
		json_close(w);
	}
	json_close(w);
}

static void put_objects(struct json_writer *w, const struct schema_report *r)
{
	json_open_list(w, "objects");
	for (int i = 0; i < r->object_count; i++) {
		const struct schema_object *o = &r->object[i];
		json_open_map(w, NULL);
		json_put_string(w, "kind", o->kind);
		json_put_string(w, "name", o->name);
		json_put_string(w, "relation", o->relation);
		json_put_string(w, "set", migration_set_name(o->set));
		json_put_string(w, "state", state_names[o->state]);
		json_put_string(w, "detail", o->detail);
		json_put_string(w, "fix", o->fix);
		json_close(w);
	}
	json_close(w);
}

static void put_files(struct json_writer *w, const struct schema_report *r)
{
	json_open_list(w, "files");
	for (int i = 0; i < r->file_count; i++) {
		const struct schema_file *f = &r->file[i];
		json_open_map(w, NULL);
		json_put_string(w, "name", f->name);
		json_put_string(w, "set", migration_set_name(f->set));
		json_put_string(w, "state", f->applied ? "applied" : f->changed ? "changed" : "not applied");
		json_put_string(w, "applied_at", f->applied_at);
		json_close(w);
	}
	json_close(w);
}

static void put_other(struct json_writer *w, const struct schema_report *r)
{
	if (!r->other_known) {
		json_put_null(w, "other_rows");
		return;
	}
	json_open_list(w, "other_rows");
	for (int i = 0; i < r->other_count; i++) {
		json_open_map(w, NULL);
		json_put_string(w, "month", r->other[i].month);
		json_put_int(w, "rows", r->other[i].rows);
		json_close(w);
	}
	json_close(w);
}

void schema_json(struct buf *out, const struct schema_report *r)
{
	struct json_writer w;

	json_begin(&w, out, true);
	json_open_map(&w, NULL);
	json_put_string(&w, "server", r->server);
	json_put_string(&w, "schema", r->schema);
	json_put_string(&w, "layout", r->partitioned ? "partitioned" : "plain");
	put_sets(&w, r);
	put_objects(&w, r);
	put_files(&w, r);
	json_open_list(&w, "loads");
	for (int i = 0; i < r->load_count; i++) {
		const struct schema_load *l = &r->load[i];
		json_open_map(&w, NULL);
		json_put_int(&w, "load", l->number);
		json_put_int(&w, "first", l->load.first);
		json_put_int(&w, "last", l->load.last);
		json_put_int(&w, "done", l->done);
		json_put_id(&w, "seed", l->seed);
		json_close(&w);
	}
	json_close(&w);
	put_other(&w, r);
	json_put_string(&w, "leftovers", r->leftovers);
	json_close(&w);
	buf_addc(out, '\n');
}
