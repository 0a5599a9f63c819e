/* SPDX-License-Identifier: PostgreSQL */
/* Before the question: who we are there, what the target is, and everything that is known to stand in the way. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain_private.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/units.h"

enum { EXPIRES_MS = 30000, OLD_MS = 60000 };

static void bytes_text(char out[UNIT_TEXT_MAX], double bytes)
{
	unit_format(out, UNIT_BYTES, bytes, 0);
}

/* $1 and $2 of the action's own queries. */
static void own_values(struct maintain *m, const char *values[VALUES_MAX], char oid[16])
{
	struct item *it = maintain_item(m);

	values[0] = maintain_is_relation(m->action) ? maintain_oid_text(it, oid) : it->target;
	values[1] = it->value;
	values[2] = m->began[0] ? m->began : NULL;
	values[3] = NULL;
}

bool maintain_ask_own(struct maintain *m, enum action_section section)
{
	const char *values[VALUES_MAX];
	char oid[16];

	own_values(m, values, oid);
	return maintain_ask_sql(m, action_sql(m->action, section, 0, m->version), values);
}

/* --- what is known before -------------------------------------------------------------------------------------------- */

static bool send_size(struct maintain *m)
{
	char oid[16];
	const char *values[VALUES_MAX] = {maintain_oid_text(maintain_item(m), oid)};

	return maintain_is_relation(m->action) && (m->action->rate > 0 || m->max_bytes > 0) && maintain_ask(m, "act_size", values);
}

static void take_size(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *bytes = maintain_cell(o->result, 0, "bytes");
	char size[UNIT_TEXT_MAX], rate[UNIT_TEXT_MAX], took[UNIT_TEXT_MAX], text[200];

	if (!maintain_not_known(m, o, "the size") && bytes) {
		double value = strtod(bytes, NULL);
		maintain_item(m)->bytes = value;
		bytes_text(size, value);
		if (m->max_bytes > 0 && value > m->max_bytes) {
			bytes_text(rate, m->max_bytes);
			snprintf(text, sizeof text, "it is larger than it may be here: %s, at most %s", size, rate);
			maintain_refuse_item(m, ERR_TOO_BIG, text);
			if (m->task.state != TASK_DONE)
				maintain_next(m);
			return;
		}
		bytes_text(rate, m->action->rate);
		unit_format(took, UNIT_AGE, fmax(1, value / m->action->rate) * 1000, 0);
		if (m->action->rate <= 0)
			snprintf(took, sizeof took, "?");
		snprintf(text, sizeof text, "%s%s; ~%s, guessed at %s a second", size,
		         m->action->target == ACTION_ON_INDEX ? "" : " with indexes and TOAST", took, rate);
		maintain_say(m, TASK_PLAIN, text);
	}
	maintain_next(m);
}

static bool waits(const struct maintain *m)
{
	return m->action->snapshots || m->action->users;
}

static bool send_lockers(struct maintain *m)
{
	char oid[16];
	const char *values[VALUES_MAX] = {maintain_oid_text(maintain_item(m), oid)};

	return maintain_is_relation(m->action) && !waits(m) && maintain_ask(m, "act_lockers", values);
}

static void take_lockers(struct maintain *m, const struct pgwork_outcome *o)
{
	if (!maintain_not_known(m, o, "who holds locks"))
		for (int i = 0; i < o->result->rows; i++) {
			const char *text = maintain_cell(o->result, i, "text");
			if (text)
				maintain_say(m, TASK_WARN, text);
		}
	maintain_next(m);
}

static bool send_awaited(struct maintain *m)
{
	char oid[16];
	const char *values[VALUES_MAX] = {maintain_oid_text(maintain_item(m), oid), m->action->snapshots ? "t" : "f",
	                                  m->action->users ? "t" : "f"};

	return waits(m) && maintain_is_relation(m->action) && maintain_ask(m, "act_awaited", values);
}

static void take_awaited(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *count = maintain_cell(o->result, 0, "count");
	char age[UNIT_TEXT_MAX], line[TASK_LINE_MAX];

	if (maintain_not_known(m, o, "what it will wait for")) {
		maintain_next(m);
		return;
	}
	if (!count)
		maintain_say(m, TASK_GOOD, "no transaction is open in this database that it would wait for");
	for (int i = 0; i < o->result->rows; i++) {
		const char *text = maintain_cell(o->result, i, "text"), *ms = maintain_cell(o->result, i, "age_ms");
		double value = ms ? strtod(ms, NULL) : NAN;
		unit_format(age, UNIT_AGE, value, 0);
		snprintf(line, sizeof line, "it waits for %.400s%s%s", text ? text : "?", ms ? ", open for " : "", ms ? age : "");
		maintain_say(m, !ms || value > OLD_MS ? TASK_WARN : TASK_PLAIN, line);
	}
	if (count && strtol(count, NULL, 10) > o->result->rows) {
		snprintf(line, sizeof line, "and for %ld more", strtol(count, NULL, 10) - o->result->rows);
		maintain_say(m, TASK_PLAIN, line);
	}
	maintain_next(m);
}

static bool send_disk(struct maintain *m)
{
	char oid[16];
	const char *values[VALUES_MAX] = {maintain_oid_text(maintain_item(m), oid)};

	return m->action->builds && maintain_ask(m, "act_disk", values);
}

static void disk_known(void *ctx, double free_bytes)
{
	struct maintain *m = ctx;
	struct item *it = maintain_item(m);
	char text[240], room[UNIT_TEXT_MAX];

	m->disk = NULL;
	bytes_text(room, free_bytes);
	if (free_bytes < 0)
		maintain_say(m, TASK_PLAIN, "how much disk space is free cannot be seen from here");
	else if (isfinite(it->bytes) && free_bytes < it->bytes) {
		snprintf(text, sizeof text, "the disk may fill up: %s are free at the server's data on this host, and the copy "
		                            "may take as much as the original", room);
		maintain_say(m, TASK_BAD, text);
	} else {
		snprintf(text, sizeof text, "%s are free at the server's data on this host", room);
		maintain_say(m, isfinite(it->bytes) && free_bytes < 2 * it->bytes ? TASK_WARN : TASK_GOOD, text);
	}
	maintain_next(m);
}

static void take_disk(struct maintain *m, const struct pgwork_outcome *o)
{
	const struct disk_where where = {.path = maintain_cell(o->result, 0, "path"), .title = maintain_cell(o->result, 0, "title"),
	                                 .pid = pgwork_backend_pid(m->work)};

	if (!o->why && where.path && where.title && maintain_true(o->result, 0, "local"))
		m->disk = disk_look(m->loop, &where, disk_known, m);
	else
		disk_known(m, -1);
}

static bool send_before(struct maintain *m)
{
	return maintain_ask_own(m, ACTION_BEFORE);
}

static void take_before(struct maintain *m, const struct pgwork_outcome *o)
{
	if (o->why) {
		maintain_say(m, TASK_WARN, o->why->text);
		maintain_next(m);
		return;
	}
	for (int i = 0; i < o->result->rows && m->task.state != TASK_DONE; i++) {
		const char *mark = maintain_cell(o->result, i, "mark"), *text = maintain_cell(o->result, i, "text");
		if (!mark || !text)
			continue;
		if (strcmp(mark, "refuse") == 0)
			maintain_refuse_item(m, ERR_UNSUPPORTED, text);
		else
			maintain_say(m, strcmp(mark, "warn") == 0 ? TASK_WARN : strcmp(mark, "ok") == 0 ? TASK_GOOD : TASK_PLAIN, text);
	}
	if (m->task.state != TASK_DONE)
		maintain_next(m);
}

static bool send_measure(struct maintain *m)
{
	return maintain_ask_own(m, ACTION_MEASURE);
}

int maintain_read_measures(const struct pgresult *r, struct measure out[MEASURES_MAX])
{
	int count = 0;

	for (int i = 0; i < r->rows && count < MEASURES_MAX; i++) {
		const char *label = maintain_cell(r, i, "label"), *unit = maintain_cell(r, i, "unit"), *value = maintain_cell(r, i, "value");
		if (!label || !unit)
			continue;
		maintain_clean(out[count].label, sizeof out[count].label, label);
		snprintf(out[count].unit, sizeof out[count].unit, "%s", unit);
		maintain_clean(out[count].text, sizeof out[count].text, value ? value : "");
		count++;
	}
	return count;
}

void maintain_show_measure(const struct measure *x, struct buf *out)
{
	int unit = unit_by_name(str_from(x->unit));
	char text[UNIT_TEXT_MAX];

	if (x->text[0] == '\0')
		buf_addc(out, '-');
	else if (unit < 0 || unit == UNIT_TEXT)
		buf_adds(out, x->text);
	else {
		unit_format(text, (enum unit)unit, strtod(x->text, NULL), 0);
		buf_adds(out, text);
	}
}

static void take_measure(struct maintain *m, const struct pgwork_outcome *o)
{
	struct item *it = maintain_item(m);

	if (!maintain_not_known(m, o, "how it is before"))
		it->measures = maintain_read_measures(o->result, it->measure);
	maintain_next(m);
}

static bool send_left(struct maintain *m)
{
	return maintain_ask_own(m, ACTION_LEFT);
}

static void take_left(struct maintain *m, const struct pgwork_outcome *o)
{
	struct item *it = maintain_item(m);
	bool only = m->action->steps == 0, dropping = m->action->target == ACTION_ON_INDEX && !m->action->builds;

	for (int i = 0; !maintain_not_known(m, o, "what earlier attempts left") && i < o->result->rows && it->lefts < LEFT_MAX; i++) {
		const char *oid = maintain_cell(o->result, i, "oid"), *text = maintain_cell(o->result, i, "text"),
		           *name = maintain_cell(o->result, i, "name"), *busy = maintain_cell(o->result, i, "busy");
		it->invalid = dropping;
		if (!oid || !text || !name || dropping)
			continue;
		it->left[it->lefts++] = (uint32_t)strtoul(oid, NULL, 10);
		maintain_say(m, TASK_WARN, text);
		if (only && !busy && m->follows < LEFT_MAX) {
			struct maintain_follow *f = &m->follow[m->follows++];
			snprintf(f->action, sizeof f->action, "drop_index");
			f->oid = it->left[it->lefts - 1];
			maintain_clean(f->name, sizeof f->name, name);
		}
	}
	maintain_next(m);
}

static bool send_file(struct maintain *m)
{
	const char *values[VALUES_MAX] = {maintain_item(m)->target};

	return m->action->target == ACTION_ON_SETTING && maintain_item(m)->files && maintain_ask(m, "act_file", values);
}

static void take_file(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *line = maintain_cell(o->result, 0, "line");

	if (!maintain_not_known(m, o, "what postgresql.auto.conf has"))
		maintain_item(m)->line = mem_strdup(line ? line : "");
	maintain_next(m);
}

static bool send_undo(struct maintain *m)
{
	const char *values[VALUES_MAX];
	char oid[16];

	own_values(m, values, oid);
	values[2] = maintain_item(m)->line;
	return maintain_ask_sql(m, action_sql(m->action, ACTION_UNDO, 0, m->version), values);
}

static void take_undo(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *statement = maintain_cell(o->result, 0, "statement"), *unknown = maintain_cell(o->result, 0, "unknown");
	struct item *it = maintain_item(m);

	if (unknown)
		task_say(&m->task, TASK_WARN, "%s%show it is taken back is not known: %s", maintain_prefix(m), m->items > 1 ? ": " : "",
		         unknown);
	else if (!maintain_not_known(m, o, "how it can be taken back") && statement) {
		it->undo = maintain_clean_copy(statement);
		task_say(&m->task, TASK_PLAIN, "%s%sit is taken back by: %s", maintain_prefix(m), m->items > 1 ? ": " : "", it->undo);
	}
	maintain_next(m);
}

static bool fill(struct maintain *m)
{
	struct item *it = maintain_item(m);
	char oid[16];
	struct action_holes h = {.target = it->target, .name = it->target, .value = it->value, .columns = it->value,
	                         .text = it->definition, .query = it->target, .oid = maintain_oid_text(it, oid), .extension = m->extension};
	struct err why;

	h.list = it->target && action_named(m->action->lists, it->target);
	for (int step = 0; step < m->action->steps; step++) {
		const char *sql = action_sql(m->action, ACTION_STATEMENT, step, m->version);
		struct buf out = BUF_INIT(TASK_SQL_MAX);
		int rc = sql ? action_fill(&out, sql, &h, &why) : err_set(&why, ERR_UNSUPPORTED, "it has no statement for this version");
		it->sql[step] = buf_take(&out);
		buf_release(&out);
		if (rc < 0) {
			maintain_refuse_item(m, rc, why.text);
			break;
		}
	}
	return false;
}

/* --- the question ---------------------------------------------------------------------------------------------------- */

/* False: not all of it can be shown. */
static bool set_sql(struct maintain *m)
{
	struct buf all = BUF_INIT(TASK_SQL_MAX);
	bool whole;

	for (int i = 0; i < m->items; i++)
		for (int step = 0; step < m->action->steps && !m->item[i].out; step++) {
			buf_adds(&all, all.len ? "\n" : "");
			buf_adds(&all, m->item[i].sql[step]);
		}
	whole = task_sql(&m->task, buf_text(&all), all.len) && !all.failed;
	buf_release(&all);
	return whole;
}

static void ask(struct maintain *m)
{
	struct task_question q = {.weight = m->action->word ? TASK_WEIGHT_WORD : TASK_WEIGHT_YES, .expires_ms = EXPIRES_MS,
	                          .danger = m->action->danger || m->superuser};
	int left = 0, last = 0;

	for (int i = 0; i < m->items; i++)
		if (!m->item[i].out) {
			left++;
			last = i;
		}
	if (left == 0) {
		struct err why;
		err_set(&why, ERR_INVALID, "nothing is left to be done");
		maintain_end(m, TASK_REFUSED, &why);
		return;
	}
	m->at = last;
	if (m->action->steps == 0) { /* it only looks */
		if (m->item[last].lefts == 0)
			task_say(&m->task, TASK_GOOD, "nothing is left over");
		maintain_end(m, TASK_OK, NULL);
		return;
	}
	if (!set_sql(m)) {
		struct err why;
		err_set(&why, ERR_TOO_BIG, "its statements have more than the %d kB that can be shown before they are run", TASK_SQL_MAX >> 10);
		maintain_end(m, TASK_REFUSED, &why);
		return;
	}
	if (left == 1)
		snprintf(q.title, sizeof q.title, "%.60s%s%.80s on %.50s?", m->action->title, m->item[last].shown[0] ? " " : "",
		         m->item[last].shown, m->server);
	else
		snprintf(q.title, sizeof q.title, "%.60s these %d on %.60s, one after the other?", m->action->title, left, m->server);
	snprintf(q.word, sizeof q.word, "%s", left == 1 ? m->item[last].word : m->action->name);
	if (q.word[0] == '\0')
		q.weight = TASK_WEIGHT_YES;
	/* with its target, now that it is known; less the question mark, not one within a name */
	snprintf(m->task.title, sizeof m->task.title, "%.*s", (int)strlen(q.title) - 1, q.title);
	task_ask(&m->task, &q);
}

static const struct round item_rounds[] = {
	{send_size, take_size},
	{send_lockers, take_lockers},
	{send_awaited, take_awaited},
	{send_disk, take_disk},
	{send_before, take_before},
	{send_measure, take_measure},
	{send_left, take_left},
	{send_file, take_file},
	{send_undo, take_undo},
	{fill, NULL},
};

static void look_at_items(struct maintain *m)
{
	if (m->task.state == TASK_DONE)
		return;
	m->at = 0;
	maintain_rounds(m, item_rounds, ARRAY_LEN(item_rounds), true, ask);
}

static void find_items(struct maintain *m)
{
	maintain_targets(m, look_at_items);
}

void maintain_look(struct maintain *m)
{
	maintain_session(m, find_items);
}
