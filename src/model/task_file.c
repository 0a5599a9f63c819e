/* SPDX-License-Identifier: PostgreSQL */
#include "model/task_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clean.h"

static const char *const mark_word[] = {
	[TASK_PLAIN] = "plain", [TASK_GOOD] = "good", [TASK_WARN] = "warn", [TASK_BAD] = "bad"};

static void put_question(const struct task_question *q, struct json_writer *w)
{
	json_open_map(w, "question");
	json_put_string(w, "title", q->title);
	json_put_string(w, "word", q->weight == TASK_WEIGHT_WORD ? q->word : NULL);
	json_put_number(w, "expires_ms", q->expires_ms);
	json_put_bool(w, "danger", q->danger);
	json_close(w);
}

void task_put(const struct task *t, const char *sql, struct json_writer *w)
{
	json_put_string(w, "kind", t->kind);
	json_put_string(w, "title", t->title);
	json_put_string(w, "state", task_state_name(t->state));
	json_put_string(w, "outcome", task_outcome_name(t->outcome));
	json_put_bool(w, "queued", t->queued);
	json_put_bool(w, "awaited", t->awaited);
	json_put_string(w, "why", t->why.code ? t->why.text : NULL);
	json_put_string(w, "sql", sql);
	if (t->question.title[0])
		put_question(&t->question, w);
	json_open_list(w, "lines");
	for (int i = 0; i < t->line_count; i++) {
		json_open_map(w, NULL);
		json_put_string(w, "mark", mark_word[t->line[i].mark]);
		json_put_string(w, "text", t->line[i].text);
		json_close(w);
	}
	json_close(w);
	json_put_int(w, "asked_lines", t->asked_lines);
	json_put_number(w, "progress", t->progress);
	json_put_string(w, "phase", t->phase);
	json_put_string(w, "waits_for", t->waits_for);
	json_put_id(w, "began_ns", t->began_ns);
	json_put_id(w, "ended_ns", t->ended_ns);
	json_put_number(w, "left_ms", t->left_ms);
}

/* --- back --------------------------------------------------------------------------------------------------------- */

/* It is looked at, nothing else. */
static void cannot(struct task *t)
{
	(void)t;
}

static void answer_nothing(struct task *t, bool yes)
{
	(void)t;
	(void)yes;
}

static const struct task_ops shown = {.answer = answer_nothing, .cancel = cannot, .free = cannot};

/* The number of a name among count; -1 none of them. */
static int number_of(const struct json *n, const char *(*name)(int i), int count)
{
	const char *text = json_text(n);

	for (int i = 0; text && i < count; i++)
		if (strcmp(name(i), text) == 0)
			return i;
	return -1;
}

static const char *state_of(int i)
{
	return task_state_name((enum task_state)i);
}

static const char *outcome_of(int i)
{
	return task_outcome_name((enum task_outcome)i);
}

static const char *mark_of(int i)
{
	return mark_word[i];
}

static const char *text_of(const struct json *map, const char *key)
{
	const char *text = json_text(json_get(map, key));

	return text ? text : "";
}

static void take_line(const struct json *map, const char *key, char *out, size_t room)
{
	struct buf clean = BUF_INIT(4096);
	const char *text = text_of(map, key);
	size_t len;

	clean_text(&clean, text, strnlen(text, room), CLEAN_LINE);
	len = clean.len < room ? clean.len : room - 1;
	while (len < clean.len && len > 0 && ((unsigned char)buf_text(&clean)[len] & 0xC0) == 0x80)
		len--;
	memcpy(out, buf_text(&clean), len);
	out[len] = '\0';
	buf_release(&clean);
}

static void take_question(struct task *t, const struct json *q)
{
	double expires = json_number(json_get(q, "expires_ms"));

	take_line(q, "title", t->question.title, sizeof t->question.title);
	take_line(q, "word", t->question.word, sizeof t->question.word);
	t->question.weight = t->question.word[0] ? TASK_WEIGHT_WORD : TASK_WEIGHT_YES;
	t->question.expires_ms = expires > 0 && expires < 86400e3 ? expires : 0;
	t->question.danger = json_is_true(json_get(q, "danger"));
}

static int64_t take_ns(const struct json *map, const char *key)
{
	int64_t ns;

	return json_int(json_get(map, key), &ns) && ns > 0 ? ns : 0;
}

static double take_share(double value, double max)
{
	return value >= 0 && value <= max ? value : (double)NAN;
}

static int check(const struct json *map, int *state, int *outcome, struct err *why)
{
	*state = number_of(json_get(map, "state"), state_of, TASK_DONE + 1);
	*outcome = number_of(json_get(map, "outcome"), outcome_of, TASK_UNKNOWN + 1);
	if (*state < 0 || *outcome < 0 || (*state == TASK_DONE) != (*outcome != TASK_OPEN))
		return err_set(why, ERR_INVALID, "a task's 'state' and 'outcome' are not known here");
	if (!text_of(map, "title")[0])
		return err_set(why, ERR_INVALID, "a task's 'title' is missing");
	for (const struct json *l = json_child(json_get(map, "lines")); l; l = json_next(l))
		if (number_of(json_get(l, "mark"), mark_of, ARRAY_LEN(mark_word)) < 0 || !json_text(json_get(l, "text")))
			return err_set(why, ERR_INVALID, "a task's line has no known 'mark', or no 'text'");
	return 0;
}

int task_take(struct task *t, const struct json *map, struct err *why)
{
	uint64_t id = t->id;
	int64_t asked;
	int state, outcome, rc = check(map, &state, &outcome, why);

	if (rc < 0)
		return rc;
	task_release(t);
	task_init(t, &shown, text_of(map, "kind"), text_of(map, "title"));
	t->id = id;
	if (json_text(json_get(map, "sql")))
		task_sql(t, text_of(map, "sql"), strlen(text_of(map, "sql")));
	for (const struct json *l = json_child(json_get(map, "lines")); l && t->line_count < TASK_LINES_MAX; l = json_next(l))
		task_say(t, (enum task_mark)number_of(json_get(l, "mark"), mark_of, ARRAY_LEN(mark_word)), "%s", text_of(l, "text"));
	take_question(t, json_get(map, "question"));
	if (json_int(json_get(map, "asked_lines"), &asked) && asked > 0)
		t->asked_lines = asked < t->line_count ? (int)asked : t->line_count;
	task_progress(t, take_share(json_number(json_get(map, "progress")), 1),
	              take_share(json_number(json_get(map, "left_ms")), 1e12), text_of(map, "phase"));
	task_waits(t, "%s", text_of(map, "waits_for"));
	if (text_of(map, "why")[0]) {
		take_line(map, "why", t->why.text, sizeof t->why.text);
		t->why.code = ERR_QUERY; /* that there is a reason; which kind it was is not shown */
	}
	t->began_ns = take_ns(map, "began_ns");
	t->ended_ns = take_ns(map, "ended_ns");
	t->queued = state == TASK_LOOKING && json_is_true(json_get(map, "queued"));
	t->awaited = json_is_true(json_get(map, "awaited"));
	t->state = (enum task_state)state;
	t->outcome = (enum task_outcome)outcome;
	return 0;
}
