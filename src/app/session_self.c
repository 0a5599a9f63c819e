/* SPDX-License-Identifier: PostgreSQL */
/* The panels about dytop itself: a row for each server it watches, in the fields that the panel names. */
#include <math.h>
#include <string.h>

#include "app/session_private.h"

static const char *kind_word(enum panel_source kind)
{
	static const char *const words[] = {
		[PANEL_PG] = "postgresql", [PANEL_REDIS] = "redis", [PANEL_PGBOUNCER] = "pgbouncer", [PANEL_SELF] = "self"};

	return words[kind];
}

static double ms_since(int64_t then_ns, int64_t now_ns)
{
	return then_ns > 0 ? (double)(now_ns - then_ns) / 1e6 : NAN;
}

/* A field's value; text in *text or a number in *number. False: there is no such field. */
static bool status_field(const struct server_status *st, const char *field, const struct clock *now, const char **text,
                         double *number)
{
	const struct { const char *name; const char *text; } texts[] = {
		{"name", st->name}, {"kind", kind_word(st->kind)}, {"state", server_state_name(st->state)},
		{"product", st->product}, {"version", st->version_text}, {"role", st->role}, {"user", st->user},
		{"reason", st->reason}, {"notice", st->notice}};
	const struct { const char *name; double number; } numbers[] = {
		{"rtt_ms", st->rtt_ms}, {"state_ms", ms_since(st->since_ns, now->mono_ns)},
		{"answered_ms", ms_since(st->answered_ns, now->mono_ns)}, {"retries", st->retries},
		{"uptime_ms", st->started_us ? (double)(now->wall_us - st->started_us) / 1e3 : NAN},
		{"logins", (double)st->logins}, {"asked", (double)st->asked}, {"failed", (double)st->failed},
		{"cost_ms", st->cost_ms}, {"hidden_rows", st->hidden}, {"server_version", st->version}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(field, texts[i].name) == 0) {
			*text = texts[i].text;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(field, numbers[i].name) == 0) {
			*number = numbers[i].number;
			return true;
		}
	return false;
}

static void set_field(struct sample *sample, int row, int column, const struct server_status *st, const char *name,
                      const struct clock *now)
{
	const char *text = NULL;
	double number = NAN;

	if (!status_field(st, name, now, &text, &number))
		return;
	if (row == 0) /* once: setting it again would forget the rows before */
		sample_type(sample, column, text ? SAMPLE_TEXT : SAMPLE_FLOAT);
	if (text && text[0])
		sample_set_text(sample, row, column, text, strlen(text));
	else if (!text)
		sample_set_float(sample, row, column, number);
}

void session_ask_self(struct session *s, int index)
{
	const struct panel *panel = s->panels[index];
	struct session_slot *slot = session_slot(s, index, s->server_count - 1);
	struct sample *sample = sample_new(panel->field_count);
	const struct clock *now = loop_now(s->loop);

	sample->mono_ns = now->mono_ns;
	sample->wall_us = now->wall_us;
	sample->life = 1;
	for (int k = 0; k < s->server_count - 1; k++) {
		int row = sample_add_row(sample);

		for (int f = 0; row >= 0 && f < panel->field_count; f++)
			set_field(sample, row, f, s->status[k], panel->field[f].name, now);
	}
	sample_finish(sample, panel->key, panel->key_count);
	feed_push(slot->feed, sample);
}

void session_look_at_self(struct session *s)
{
	for (int p = 0; p < s->panel_count; p++) {
		struct session_slot *slot = session_slot(s, p, s->server_count - 1);

		if (!slot->feed)
			continue;
		feed_free(slot->feed);
		slot->feed = feed_new(s->panels[p]);
		session_ask_self(s, p);
	}
}
