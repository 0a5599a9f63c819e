/* SPDX-License-Identifier: PostgreSQL */
/* What is there: one query after the other, into the report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/schema_private.h"
#include "core/mem.h"

static void got_any_rows(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	s->foreign_rows = outcome->result->rows > 0 && report_true(outcome->result, 0);
	s->looked(s, NULL);
}

static void after_loads(struct schema *s)
{
	if (s->report.load_count == 0 && s->conf.rows > 0 && s->has_transactions)
		schema_ask_text(s, "any_rows", NULL, 0, got_any_rows);
	else
		s->looked(s, NULL);
}

static void got_loads(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	report_loads(&s->report, outcome->result);
	after_loads(s);
}

static void after_records(struct schema *s)
{
	if (s->has_loads)
		schema_ask_text(s, "loads", NULL, 0, got_loads);
	else
		after_loads(s);
}

static void got_other(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	report_other(&s->report, outcome->result);
	after_records(s);
}

static void after_files(struct schema *s)
{
	s->report.other_known = false;
	if (s->report.partitioned && s->has_other)
		schema_ask_text(s, "other_rows", NULL, 0, got_other);
	else
		after_records(s);
}

static void got_records(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	report_files(&s->report, outcome->result);
	after_files(s);
}

static void ask_records(struct schema *s)
{
	struct buf files = BUF_INIT(4 << 20);
	struct json_writer w;

	json_begin(&w, &files, false);
	json_open_map(&w, NULL);
	for (int i = 0; i < s->migration_count; i++)
		json_put_text(&w, s->migration[i].name, s->migration[i].text);
	json_close(&w);
	schema_ask_text(s, "records", buf_text(&files), 1, got_records);
	buf_release(&files);
}

static void got_objects(struct schema *s, const struct pgwork_outcome *outcome)
{
	struct err why = {0};

	if (schema_failed(s, outcome))
		return;
	if (report_objects(&s->report, outcome->result, &why) < 0)
		schema_fail(s, &why);
	else if (s->has_records)
		ask_records(s);
	else
		after_files(s);
}

static void got_state(struct schema *s, const struct pgwork_outcome *outcome)
{
	const struct pgresult *r = outcome->result;
	struct err why = {0};

	if (schema_failed(s, outcome))
		return;
	if (r->rows != 1 || r->columns < 13) {
		err_set(&why, ERR_INVALID, "sql/bridge/state.sql: it is to give one row of thirteen columns");
		schema_fail(s, &why);
		return;
	}
	const char *name = report_value(r, 0, 0), *make = report_value(r, 0, 2), *objects = report_value(r, 0, 5);
	const char *leftovers = report_value(r, 0, 10);
	snprintf(s->report.schema, sizeof s->report.schema, "%s", name ? name : "");
	s->schema_is_there = report_true(r, 1);
	free(s->make_schema);
	s->make_schema = mem_strdup(make);
	s->empty = objects && strcmp(objects, "0") == 0;
	s->has_records = report_true(r, 6);
	s->has_loads = report_true(r, 7);
	s->has_transactions = report_true(r, 8);
	s->report.partitioned = s->has_transactions ? report_true(r, 9) : s->conf.partitioned;
	s->has_other = report_true(r, 12);
	free(s->report.leftovers);
	s->report.leftovers = mem_strdup(leftovers);
	free(s->elsewhere);
	s->elsewhere = mem_strdup(report_value(r, 0, 11));
	if (!s->conf.check_only && (report_true(r, 3) || report_true(r, 4))) {
		err_set(&why, ERR_PRIVILEGE, report_true(r, 3) ? "this is a standby: the schema is made on its primary" :
		        "this session is read-only (default_transaction_read_only)");
		schema_refuse(s, &why);
		return;
	}
	schema_ask_text(s, "check_objects", NULL, 0, got_objects);
}

void schema_look(struct schema *s, schema_next *next)
{
	s->looked = next;
	schema_ask_text(s, "state", s->schema_name, 1, got_state);
}
