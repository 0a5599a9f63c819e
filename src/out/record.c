/* SPDX-License-Identifier: PostgreSQL */
#include "out/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "model/json.h"
#include "model/task_file.h"

enum { RECORD_PLANS_MAX = 16 << 20 };

static const char *const kind_name[] = {
	[PANEL_PG] = "pg", [PANEL_REDIS] = "redis", [PANEL_PGBOUNCER] = "pgbouncer", [PANEL_SELF] = "self",
};

static const char *const type_name[] = {
	[SAMPLE_ABSENT] = "absent", [SAMPLE_INT] = "int", [SAMPLE_FLOAT] = "float", [SAMPLE_TEXT] = "text",
	[SAMPLE_BOOL] = "bool",
};

/* 64 bits without a sign, which no JSON number carries. */
static void put_life(struct json_writer *w, uint64_t life)
{
	char text[24];

	snprintf(text, sizeof text, "%016" PRIx64, life);
	json_put_string(w, "life", text);
}

static void put_server(struct record *r, struct buf *out, int index, const struct server_status *s)
{
	struct json_writer w;

	r->written[index] = *s;
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_int(&w, "server", index);
	json_put_string(&w, "kind", kind_name[s->kind]);
	json_put_string(&w, "name", s->name);
	json_put_string(&w, "state", server_state_name(s->state));
	json_put_id(&w, "since_ns", s->since_ns);
	json_put_id(&w, "answered_ns", s->answered_ns);
	json_put_int(&w, "retries", s->retries);
	json_put_int(&w, "version", s->version);
	json_put_string(&w, "product", s->product);
	json_put_string(&w, "version_text", s->version_text);
	json_put_string(&w, "role", s->role);
	json_put_string(&w, "user", s->user);
	json_put_string(&w, "reason", s->reason);
	json_put_string(&w, "notice", s->notice);
	json_put_id(&w, "started_us", s->started_us);
	json_put_number(&w, "rtt_ms", s->rtt_ms);
	put_life(&w, s->life);
	json_put_int(&w, "hidden", s->hidden);
	json_put_id(&w, "logins", s->logins);
	json_put_id(&w, "asked", s->asked);
	json_put_id(&w, "failed", s->failed);
	json_put_number(&w, "cost_ms", s->cost_ms);
	json_put_bool(&w, "superuser", s->superuser);
	json_put_bool(&w, "pooled", s->pooled);
	json_close(&w);
	buf_addc(out, '\n');
}

static bool has_changed(const struct server_status *a, const struct server_status *b)
{
	return a->state != b->state || a->version != b->version || a->life != b->life || a->hidden != b->hidden ||
	       a->superuser != b->superuser || a->pooled != b->pooled || strcmp(a->name, b->name) != 0 ||
	       strcmp(a->role, b->role) != 0 || strcmp(a->reason, b->reason) != 0 || strcmp(a->notice, b->notice) != 0;
}

static void put_servers(struct record *r, struct buf *out, const struct server_status *const *servers)
{
	for (int i = 0; i < r->server_count; i++)
		put_server(r, out, i, servers[i]);
}

void record_begin(struct record *r, struct buf *out, const struct server_status *const *servers, int count,
                  const struct clock *now, double interval_ms)
{
	struct json_writer w;
	char time[32];

	*r = (struct record){0};
	while (r->server_count < count && servers[r->server_count]->kind != PANEL_SELF)
		r->server_count++;
	r->written = mem_calloc((size_t)r->server_count + 1, sizeof *r->written);
	clock_utc_text(now->wall_us, time);
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_int(&w, "dytop_recording", RECORD_VERSION);
	json_put_string(&w, "dytop", PACKAGE_VERSION);
	json_put_string(&w, "started", time);
	json_put_number(&w, "interval_ms", interval_ms);
	json_put_int(&w, "servers", r->server_count);
	json_close(&w);
	buf_addc(out, '\n');
	put_servers(r, out, servers);
}

void record_frame(struct record *r, struct buf *out, const struct server_status *const *servers,
                  const struct clock *now)
{
	struct json_writer w;

	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_int(&w, "frame", ++r->frames);
	json_put_id(&w, "mono_ns", now->mono_ns);
	json_put_id(&w, "wall_us", now->wall_us);
	if (r->dropped > 0)
		json_put_id(&w, "dropped", r->dropped);
	json_close(&w);
	buf_addc(out, '\n');
	put_servers(r, out, servers);
}

void record_drop(struct record *r)
{
	r->frames--;
	r->dropped++;
}

/* --- samples ------------------------------------------------------------------------------------------------------ */

/* Valid UTF-8 without NUL: what JSON can carry as it is. */
static bool is_plain(struct str text)
{
	for (size_t i = 0, used; i < text.len; i += used) {
		uint32_t cp = utf8_decode(text.at + i, text.len - i, &used);
		if (cp == 0 || (cp == 0xFFFD && used == 1))
			return false;
	}
	return true;
}

static void put_text(struct json_writer *w, struct str text)
{
	struct buf hex = BUF_INIT(text.len * 2 + 1);

	if (is_plain(text)) {
		json_put_text(w, NULL, text);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		buf_addf(&hex, "%02x", (unsigned)(unsigned char)text.at[i]);
	json_open_map(w, NULL);
	json_put_string(w, "hex", buf_text(&hex));
	json_close(w);
	buf_release(&hex);
}

static void put_value(struct json_writer *w, const struct cell *c)
{
	switch (c->kind) {
	case CELL_UNKNOWN:
		json_put_null(w, NULL);
		break;
	case CELL_INT:
	case CELL_BOOL:
		json_put_id(w, NULL, c->integer);
		break;
	case CELL_NUMBER:
		json_put_number(w, NULL, c->number);
		break;
	case CELL_TEXT:
		put_text(w, c->text);
		break;
	}
}

static void put_fields(struct json_writer *w, const struct panel *p, const struct sample *s)
{
	json_open_map(w, "fields");
	for (int i = 0; i < s->columns && i < p->field_count; i++)
		if (s->column[i].type != SAMPLE_ABSENT)
			json_put_string(w, p->field[i].name, type_name[s->column[i].type]);
	json_close(w);
}

static void put_keys(struct json_writer *w, const struct record_sample *r)
{
	int by = r->panel->lookup[r->lookup].by_count;

	json_open_list(w, "keys");
	for (int i = 0; i < r->key_count; i++) {
		json_open_list(w, NULL);
		for (int k = 0; k < by; k++)
			json_put_id(w, NULL, r->keys[i * by + k]);
		json_close(w);
	}
	json_close(w);
}

void record_sample(struct record *r, struct buf *out, const struct record_sample *rs, const struct server_status *status)
{
	const struct sample *s = rs->sample;
	struct json_writer w;

	if (rs->server < 0 || rs->server >= r->server_count)
		return;
	if (has_changed(status, &r->written[rs->server]))
		put_server(r, out, rs->server, status);
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "sample", rs->panel->name);
	json_put_int(&w, "server", rs->server);
	json_put_string(&w, "lookup", rs->lookup >= 0 ? rs->panel->lookup[rs->lookup].name : NULL);
	json_put_id(&w, "mono_ns", s->mono_ns);
	json_put_id(&w, "wall_us", s->wall_us);
	json_put_id(&w, "elapsed_us", s->elapsed_us);
	put_life(&w, s->life);
	json_put_int(&w, "hidden", s->hidden);
	json_put_bool(&w, "cut", s->cut);
	if (rs->lookup >= 0)
		put_keys(&w, rs);
	put_fields(&w, rs->panel, s);
	json_open_list(&w, "rows");
	for (int row = 0; row < s->rows; row++) {
		json_open_list(&w, NULL);
		for (int i = 0; i < s->columns && i < rs->panel->field_count; i++) {
			if (s->column[i].type == SAMPLE_ABSENT)
				continue;
			struct cell c = sample_cell(s, row, i);
			put_value(&w, &c);
		}
		json_close(&w);
	}
	json_close(&w);
	json_close(&w);
	buf_addc(out, '\n');
}

/* --- what was done ------------------------------------------------------------------------------------------------ */

void record_task(struct record *r, struct buf *out, int server, const struct task *t, const char *sql)
{
	struct json_writer w;

	if (server < 0 || server >= r->server_count)
		return;
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_id(&w, "task", (int64_t)t->id);
	json_put_int(&w, "server", server);
	task_put(t, sql, &w);
	json_close(&w);
	buf_addc(out, '\n');
}

static void put_plan(struct json_writer *w, const struct record_plan *p)
{
	json_open_map(w, NULL);
	json_put_string(w, "title", p->title);
	json_put_string(w, "about", p->about);
	json_put_string(w, "notes", p->notes);
	json_put_int(w, "beside", p->beside);
	json_put_text(w, "json", (struct str){p->json, p->json_len});
	json_close(w);
}

void record_plans(struct record *r, struct buf *out, const struct record_plans *p)
{
	struct json_writer w;
	size_t bytes = 0;

	for (int i = 0; i < p->count; i++)
		bytes += p->plan[i].json_len;
	if (p->server < 0 || p->server >= r->server_count || p->count < 1 || bytes > RECORD_PLANS_MAX)
		return;
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "plans", p->statement);
	json_put_int(&w, "server", p->server);
	json_put_id(&w, "queryid", p->queryid);
	json_put_id(&w, "dbid", p->dbid);
	json_put_id(&w, "pid", p->pid);
	json_put_id(&w, "start_us", p->start_us);
	json_open_list(&w, "plan");
	for (int i = 0; i < p->count; i++)
		put_plan(&w, &p->plan[i]);
	json_close(&w);
	json_close(&w);
	buf_addc(out, '\n');
}

void record_end(struct record *r, struct buf *out)
{
	struct json_writer w;

	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_bool(&w, "end", true);
	json_put_id(&w, "frames", r->frames);
	json_close(&w);
	buf_addc(out, '\n');
}

void record_release(struct record *r)
{
	free(r->written);
	*r = (struct record){0};
}
