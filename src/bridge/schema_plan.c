/* SPDX-License-Identifier: PostgreSQL */
/* Whether anything may be done, and what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/schema_private.h"
#include "core/clean.h"
#include "core/mem.h"

static bool chosen(const struct schema *s, enum migration_set set)
{
	return set == MIGRATION_ROWS ? s->conf.rows > 0 : s->conf.sets[set];
}

/* Whether all that the file makes without a name of its own (constraints, triggers, roles) is there. Roles are given what this run
 * makes, too. */
static bool all_there(const struct schema *s, const struct migration *m)
{
	for (int i = 0; i < s->report.object_count; i++) {
		const struct schema_object *o = &s->report.object[i];
		bool nameless = strcmp(o->kind, "constraint") == 0 || strcmp(o->kind, "trigger") == 0 || strcmp(o->kind, "role") == 0;
		bool given = strcmp(o->kind, "table") == 0 || strcmp(o->kind, "view") == 0;
		if (o->set == m->set && nameless && o->state != SCHEMA_PRESENT)
			return false;
		if (m->set == MIGRATION_ROLES && given && o->state == SCHEMA_MISSING && chosen(s, o->set))
			return false;
	}
	return true;
}

/* The triggers are there, all of them, by an earlier text of their file: what they call is brought up to date by any init. Where
 * some are missing somebody may not want them. */
static bool outdated(const struct schema *s, const struct migration *m)
{
	return m->set == MIGRATION_TRIGGER && s->report.file[m - s->migration].changed && all_there(s, m);
}

static bool loads(const struct schema *s)
{
	return s->conf.rows > schema_rows_there(&s->report);
}

/* --- whether --------------------------------------------------------------------------------------------------------- */

static int judge_objects(struct schema *s, struct err *why)
{
	const struct schema_object *other = NULL, *building = NULL;
	int others = 0;

	for (int i = 0; i < s->report.object_count; i++) {
		const struct schema_object *o = &s->report.object[i];
		bool holds_rows = strcmp(o->kind, "table") == 0 || strcmp(o->kind, "view") == 0;
		if (o->state == SCHEMA_BUILDING)
			building = o;
		if (o->state != SCHEMA_DIFFERS || !holds_rows || !chosen(s, o->set))
			continue;
		task_say(&s->task, TASK_BAD, "%s %s is another one than the bridge's: %s", o->kind, o->name, o->detail ? o->detail : "");
		other = other ? other : o;
		others++;
	}
	if (other)
		return err_set(why, ERR_INVALID, "of another shape than the bridge's: %s%s; take another database, or --schema NAME",
		               other->name, others > 1 ? " and others" : "");
	if (building)
		return err_set(why, ERR_BUSY, "an index is being built here just now (%s); wait until it is done", building->detail);
	return 0;
}

static int judge_rows(struct schema *s, struct err *why)
{
	if (s->conf.rows == 0)
		return 0;
	if (s->foreign_rows)
		return err_set(why, ERR_INVALID, "bridge_transactions has rows that dytop did not make, and made-up ones are not mixed "
		               "with them; take another database, or --schema NAME");
	return 0;
}

static int judge_elsewhere(const struct schema *s, struct err *why)
{
	struct buf here = BUF_INIT(1000), there = BUF_INIT(4000);

	clean_text(&here, s->report.schema, strlen(s->report.schema), CLEAN_EXACT);
	clean_text(&there, s->elsewhere, strlen(s->elsewhere), CLEAN_EXACT);
	err_set(why, ERR_INVALID, "new tables would go to schema %s, in front of those that the application finds now (%.200s); say which "
	        "with --schema", buf_text(&here), buf_text(&there));
	buf_release(&here);
	buf_release(&there);
	return ERR_INVALID;
}

int schema_judge(struct schema *s, struct err *why)
{
	int rc = 0;

	if (s->report.schema[0] == '\0')
		return err_set(why, ERR_INVALID, "search_path names no schema that is there; give --schema NAME");
	if (s->elsewhere)
		return judge_elsewhere(s, why);
	if (s->has_transactions && s->conf.partitioned && !s->report.partitioned)
		return err_set(why, ERR_INVALID, "bridge_transactions is there already and has no partitions; rows are not moved between "
		               "layouts; take --schema NAME for the partitioned one");
	rc = judge_objects(s, why);
	if (rc == 0)
		rc = judge_rows(s, why);
	return rc;
}

/* --- what ------------------------------------------------------------------------------------------------------------ */

static struct step *add(struct schema *s, enum step_kind kind, double units)
{
	s->step = mem_resize(s->step, (size_t)s->step_count + 1, sizeof *s->step);
	struct step *step = &s->step[s->step_count++];
	*step = (struct step){.kind = kind, .migration = -1, .units = units};
	s->units += units;
	return step;
}

static void add_sql(struct schema *s, const char *sql, const char *words, bool alone)
{
	struct step *step = add(s, STEP_SQL, 20);

	step->sql = mem_strdup(sql);
	step->alone = alone;
	snprintf(step->words, sizeof step->words, "%s", words);
}

static bool applies(const struct schema *s, const struct migration *m)
{
	bool partitioned = s->report.partitioned;

	if (!chosen(s, m->set) && !outdated(s, m))
		return false;
	if ((m->layout == MIGRATION_PLAIN && partitioned) || (m->layout == MIGRATION_PARTITIONED && !partitioned))
		return false;
	/* What is made in this run, behind the rows, need not be brought up to date. */
	if (m->run == MIGRATION_AFTER_ROWS && schema_count(&s->report, m->set, SCHEMA_PRESENT) == 0 && m->set == MIGRATION_OPTIMIZED)
		return false;
	return m->run != MIGRATION_AFTER_ROWS || loads(s);
}

static bool wanted(struct schema *s, const struct migration *m, const struct statement *st)
{
	const struct schema_object *o = report_find(&s->report, st->object);
	const struct schema_file *f = &s->report.file[m - s->migration];

	if (o && o->state == SCHEMA_DIFFERS) {
		task_say(&s->task, TASK_WARN, "%s %s is left as it is: %s", o->kind, o->name, o->detail ? o->detail : "it differs");
		return false;
	}
	if (o)
		return o->state != SCHEMA_PRESENT;
	return m->run != MIGRATION_ONCE || !f->applied || !all_there(s, m);
}

/* About how long it takes, in ms: an index looks at all rows. As measured with 1,000,000 of them; only the shares count. */
static double cost(const struct schema *s, const struct statement *st)
{
	double rows = s->conf.rows > 0 ? (double)s->conf.rows : 0;
	bool big = memmem(st->text.at, st->text.len, "bridge_transactions", 19) != NULL;

	if (st->kind == STATEMENT_INDEX && big)
		return 20 + rows * (memmem(st->text.at, st->text.len, "gin (metadata", 13) ? 20e-3 : 3e-3);
	if (st->kind == STATEMENT_VIEW || (st->kind == STATEMENT_OTHER && big))
		return 20 + rows * 3e-3;
	return 20;
}

static void add_file(struct schema *s, int at)
{
	struct migration *m = &s->migration[at];
	int before = s->step_count;

	for (int i = 0; i < m->count; i++) {
		struct buf text = BUF_INIT(1 << 20);
		if (!wanted(s, m, &m->statement[i]))
			continue;
		statement_add(&text, &m->statement[i], !s->report.partitioned);
		struct step *step = add(s, STEP_SQL, cost(s, &m->statement[i]));
		step->sql = mem_strdup(buf_text(&text));
		step->migration = at;
		step->line = m->statement[i].line;
		step->may_fail = m->may_fail;
		step->alone = m->statement[i].concurrently.len > 0 && !s->report.partitioned;
		if (m->statement[i].object[0])
			snprintf(step->words, sizeof step->words, "making %s", m->statement[i].object);
		else
			snprintf(step->words, sizeof step->words, "%s: %s", m->name, m->statement[i].words);
		buf_release(&text);
	}
	if (s->step_count > before || !s->report.file[at].applied)
		add(s, STEP_RECORD, 1)->migration = at;
	if (s->step_count > before + 1)
		task_say(&s->task, TASK_PLAIN, "sql/bridge/%s.sql: %s (%d statement%s%s)", m->name, m->about, s->step_count - before - 1,
		         s->step_count - before == 2 ? "" : "s", s->report.file[at].changed ? "; the file has changed since" : "");
}

static void add_drops(struct schema *s)
{
	for (int i = 0; i < s->report.object_count; i++) {
		const struct schema_object *o = &s->report.object[i];
		if (o->state != SCHEMA_INVALID || !chosen(s, o->set) || !o->fix)
			continue;
		task_say(&s->task, TASK_WARN, "index %s is invalid (%s): it is dropped and built again", o->name,
		         o->detail ? o->detail : "a build failed");
		char words[72];
		snprintf(words, sizeof words, "dropping %.60s", o->name);
		add_sql(s, o->fix, words, true);
	}
}

static void say_rows(struct schema *s)
{
	int64_t there = schema_rows_there(&s->report);

	if (s->conf.rows == 0)
		return;
	if (!loads(s)) {
		task_say(&s->task, TASK_PLAIN, "%" PRId64 " generated transactions are there already", there);
		return;
	}
	/* With its share of signatures and of all indexes; measured at 1,000,000. */
	task_say(&s->task, TASK_PLAIN, "%" PRId64 " transactions of 90 days are made up and loaded%s; about %.0f MB with all indexes",
	         s->conf.rows - there, there > 0 ? ", beside those that are there" : "", (double)(s->conf.rows - there) * 1.5e-3 + 1);
}

/* What --baseline leaves alone. */
static void say_beyond(struct schema *s)
{
	int more = schema_count(&s->report, MIGRATION_OPTIMIZED, SCHEMA_PRESENT);

	if (!s->conf.sets[MIGRATION_OPTIMIZED] && more > 0)
		task_say(&s->task, TASK_WARN, "%d optimisation indexes and views are there as well; they stay", more);
	if (s->report.leftovers)
		task_say(&s->task, TASK_WARN, "indexes that a failed REINDEX left behind, to be dropped by hand: %s", s->report.leftovers);
}

/* As it is sent, without the line break at its end. */
static void add_query(struct buf *out, const struct schema *s, const char *name)
{
	const char *text = schema_query_text(s, name);
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	buf_add(out, text, len);
	buf_adds(out, ";\n");
}

static void show(struct schema *s)
{
	struct buf text = BUF_INIT(1 << 20);
	bool records = false;

	for (int i = 0; i < s->step_count; i++) {
		if (s->step[i].kind == STEP_SQL)
			buf_addf(&text, "%s;\n", s->step[i].sql);
		records = records || s->step[i].kind == STEP_RECORD;
		if (s->step[i].kind != STEP_LOAD)
			continue;
		add_query(&text, s, "copy_transactions");
		add_query(&text, s, "copy_signatures");
	}
	if (records) {
		buf_adds(&text, "-- after each file, with its name and text:\n");
		add_query(&text, s, "record");
	}
	buf_cut(&text, text.len > 0 ? text.len - 1 : 0);
	task_sql(&s->task, buf_text(&text), text.len);
	buf_release(&text);
}

void schema_plan(struct schema *s)
{
	bool loaded = false;

	if (!s->schema_is_there)
		add_sql(s, s->make_schema, "making the schema", false);
	add_drops(s);
	for (int i = 0; i < s->migration_count; i++) {
		if (!s->migration[i].before_rows && !loaded && loads(s))
			add(s, STEP_LOAD, (double)(s->conf.rows - schema_rows_there(&s->report)) * 35e-3);
		loaded = loaded || !s->migration[i].before_rows;
		if (applies(s, &s->migration[i]))
			add_file(s, i);
	}
	say_rows(s);
	say_beyond(s);
	show(s);
}

void schema_plan_release(struct schema *s)
{
	for (int i = 0; i < s->step_count; i++)
		free(s->step[i].sql);
	free(s->step);
	s->step = NULL;
	s->step_count = 0;
}
