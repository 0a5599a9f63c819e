/* SPDX-License-Identifier: PostgreSQL */
/* The top of the screen: servers, figures, and a line for each server that is not live. */
#include <stdio.h>

#include "core/utf8.h"
#include "ui/state.h"

enum {
	SEGMENTS_MAX = 24,
	SEGMENT_GAP = 2,
	FIGURE_GAP = 2,
	SPARK_MIN = 6,
	SPARK_MAX = 12,
	FIGURES_LINE_MAX = 32,
	BANNERS_MAX = 3,
};

#define GRACE_NS CLOCK_SECOND_NS /* a first connect may take that long before it has a line of its own */


/* --- line 1 ------------------------------------------------------------------------------------------------------- */

/* A piece of line 1; the highest rank goes first when the line is too narrow. */
struct segment {
	char text[128];
	unsigned slot;
	int rank;
	bool joined; /* belongs to the piece before it: one blank between them */
};

struct segments {
	struct segment seg[SEGMENTS_MAX];
	int count;
};

static void add_segment(struct segments *list, unsigned slot, int rank, bool joined, const char *text)
{
	struct segment *s = &list->seg[list->count];

	if (list->count == SEGMENTS_MAX || !text[0])
		return;
	*s = (struct segment){.slot = slot, .rank = rank, .joined = joined};
	snprintf(s->text, sizeof(s->text), "%s", text);
	list->count++;
}

bool header_server_ok(const struct server_status *s)
{
	return s->state == SERVER_LIVE || s->state == SERVER_ENDED;
}

static unsigned state_slot(const struct server_status *s)
{
	if (header_server_ok(s))
		return SLOT_OK;
	return s->state == SERVER_LOST || s->state == SERVER_REFUSED ? SLOT_CRIT : SLOT_WARN;
}

static void uptime(char out[UNIT_TEXT_MAX], const struct server_status *s, int64_t wall_us)
{
	double ms = (double)(wall_us - s->started_us) / 1000;

	out[0] = '\0';
	if (s->started_us > 0 && ms >= 0)
		unit_format(out, ms < 3600e3 ? UNIT_AGE : UNIT_MS, ms, 0);
}

/* How many servers of a kind there are among the first `end`. */
static int servers_of_kind(const struct ui_host *h, enum panel_source kind, int end)
{
	int count = 0;

	for (int i = 0; i < end; i++)
		count += h->servers[i]->kind == kind;
	return count;
}

/* "LOST 12s": the state of a server that is not live; "" of one that is. */
static void state_text(char out[64], const struct server_status *s, const struct ui_host *h)
{
	char age[UNIT_TEXT_MAX];
	size_t len;

	out[0] = '\0';
	if (header_server_ok(s))
		return;
	snprintf(out, 64, "%s", server_state_name(s->state));
	for (char *at = out; *at; at++)
		*at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
	if (s->answered_ns == 0)
		return;
	cells_age(age, h->now.mono_ns, s->answered_ns);
	len = strlen(out);
	snprintf(out + len, 64 - len, " %s", age);
}

static void add_main_server(struct ui *u, const struct ui_host *h, struct segments *list)
{
	int at = u->chosen[PANEL_PG];
	const struct server_status *s = at >= 0 ? h->servers[at] : NULL;
	char text[128], up[UNIT_TEXT_MAX], state[64];

	if (!s)
		return;
	add_segment(list, SLOT_TITLE, 1, false, s->name);
	if (servers_of_kind(h, PANEL_PG, h->server_count) > 1) {
		snprintf(text, sizeof(text), "(%d of %d)", servers_of_kind(h, PANEL_PG, at + 1),
		         servers_of_kind(h, PANEL_PG, h->server_count));
		add_segment(list, SLOT_DIM, 6, true, text);
	}
	state_text(state, s, h);
	add_segment(list, state_slot(s), 2, true, state);
	if (s->product[0]) {
		snprintf(text, sizeof(text), "%s %s", s->product, s->version_text);
		add_segment(list, SLOT_TEXT, 5, false, text);
	}
	add_segment(list, SLOT_TEXT, 4, false, s->role);
	uptime(up, s, h->now.wall_us);
	if (up[0]) {
		snprintf(text, sizeof(text), "up %s", up);
		add_segment(list, SLOT_DIM, 8, false, text);
	}
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
}

static void add_other_server(struct ui *u, const struct ui_host *h, struct segments *list, enum panel_source kind)
{
	int at = u->chosen[kind];
	const struct server_status *s = at >= 0 ? h->servers[at] : NULL;
	const char *name = kind == PANEL_REDIS ? "redis" : "pgbouncer";
	bool replica = s && s->role[0] && strcmp(s->role, "primary") != 0 && strcmp(s->role, "master") != 0;
	char text[160], state[64];

	if (!s) {
		snprintf(text, sizeof(text), "%s -", name);
		add_segment(list, SLOT_DIM, 9, false, text);
		return;
	}
	state_text(state, s, h);
	if (state[0]) { /* what is wrong goes before what is known */
		snprintf(text, sizeof(text), "%s %.60s %s", name, s->name, state);
		add_segment(list, state_slot(s), 3, false, text);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s", s->product[0] ? s->product : name, s->version_text[0] ? " " : "",
	         s->version_text);
	lower(text);
	add_segment(list, SLOT_TEXT, 7, false, text);
	add_segment(list, SLOT_TITLE, 7, true, s->name);
	if (replica)
		add_segment(list, SLOT_TEXT, 7, true, s->role);
}

static const char *state_word(const struct ui *u, const struct ui_host *h, unsigned *slot)
{
	bool stale = false, heard = false;

	*slot = SLOT_WARN;
	for (int kind = 0; kind < PANEL_SELF; kind++) {
		const struct server_status *s = u->chosen[kind] >= 0 ? h->servers[u->chosen[kind]] : NULL;

		stale |= s && !header_server_ok(s);
		heard |= s && s->answered_ns > 0;
	}
	if (u->paused)
		return "PAUSED";
	if (h->replay)
		return "REPLAY";
	if (!heard)
		return "START";
	if (stale)
		return "STALE";
	*slot = SLOT_OK;
	return "LIVE";
}

static int segments_width(const struct segments *list)
{
	int width = 0;

	for (int i = 0; i < list->count; i++)
		width += utf8_text_width(list->seg[i].text, strlen(list->seg[i].text)) +
		         (i == 0 ? 0 : list->seg[i].joined ? 1 : SEGMENT_GAP);
	return width;
}

static void drop_segment(struct segments *list)
{
	int worst = 0;

	for (int i = 1; i < list->count; i++)
		if (list->seg[i].rank >= list->seg[worst].rank)
			worst = i;
	memmove(&list->seg[worst], &list->seg[worst + 1], (size_t)(list->count - worst - 1) * sizeof(list->seg[0]));
	list->count--;
}

/* "12:04:31  1s  LIVE" at the right end; returns the column where it begins. */
static int draw_clock(const struct ui *u, const struct ui_host *h, struct canvas *c, bool interval)
{
	char clock[16], since[16], every[UNIT_TEXT_MAX], text[96];
	unsigned slot;
	const char *word = state_word(u, h, &slot);
	int x, used;

	clock_local_time(h->now.wall_us, clock);
	if (u->diff) { /* what the figures are over */
		clock_local_time(u->mark_us, since);
		snprintf(every, sizeof(every), "since %s", since);
	} else {
		snprintf(every, sizeof(every), "%.4gs", u->interval_ms / 1000);
	}
	snprintf(text, sizeof(text), "%s%s%s  ", clock, interval ? "  " : "", interval ? every : "");
	x = c->width - (int)strlen(text) - 7; /* the longest word is PAUSED, and a blank behind it */
	if (x < 0)
		return c->width;
	used = canvas_puts(c, x, 0, c->width, SLOT_TEXT, 0, text);
	canvas_puts(c, x + used, 0, c->width, slot, 0, word);
	return x;
}

static void draw_title(struct ui *u, const struct ui_host *h, struct canvas *c)
{
	struct segments list = {.count = 0};
	int end = draw_clock(u, h, c, c->width >= 60), x = 1;

	add_segment(&list, SLOT_TITLE, 3, false, "dytop");
	add_main_server(u, h, &list);
	add_other_server(u, h, &list, PANEL_REDIS);
	add_other_server(u, h, &list, PANEL_PGBOUNCER);
	while (list.count > 1 && segments_width(&list) > end - SEGMENT_GAP - 1)
		drop_segment(&list);
	for (int i = 0; i < list.count && x < end - SEGMENT_GAP; i++) {
		x += i == 0 ? 0 : list.seg[i].joined ? 1 : SEGMENT_GAP;
		x += cells_draw_cut(c, x, 0, end - SEGMENT_GAP - x, list.seg[i].slot, str_from(list.seg[i].text));
	}
}

/* --- figures --------------------------------------------------------------------------------------------------------- */

struct figure_item {
	struct ui_figure *ref;
	const struct panel_figure *f;
	const struct series *trend, *steps;
	char text[64];
	const char *sign;
	unsigned slot;
	int spark;           /* columns of its sparkline, 0 none */
};

/* What makes the unit plain without a column head; none when the title says it already. */
static const char *unit_suffix(const struct panel_figure *f)
{
	if (f->unit == UNIT_RATE || f->unit == UNIT_BYTE_RATE)
		return strstr(f->title, "/s") ? "" : "/s";
	return f->unit == UNIT_PERCENT && !strchr(f->title, '%') ? "%" : "";
}

static void fill_figure(struct ui *u, const struct ui_host *h, struct figure_item *item, bool ascii)
{
	const struct feed *feed = screens_feed(u, h, item->ref->panel);
	const struct server_status *s = screens_status(u, h, item->ref->panel);
	int64_t wall = screens_wall(feed, h);
	struct cell cell = feed && feed_sample(feed) ? feed_figure(feed, item->ref->figure, wall) : CELL_NONE;
	bool stale = (s && !header_server_ok(s)) || (feed && feed_state(feed) == FEED_STALE);
	int alert = feed && feed_sample(feed) ? feed_figure_alert(feed, item->ref->figure, wall) : 0;
	struct buf text = BUF_INIT(sizeof(item->text) - 4);
	int width;

	if (cells_too_early(u, item->ref->panel, &cell)) {
		cell = CELL_NONE;
		alert = 0;
	}
	cells_text(&text, &cell, item->f->unit, wall, 24, ascii);
	if (cell.kind == CELL_INT || cell.kind == CELL_NUMBER)
		buf_adds(&text, unit_suffix(item->f));
	snprintf(item->text, sizeof(item->text), "%s", buf_text(&text));
	buf_release(&text);
	item->sign = cells_sign(alert);
	item->slot = cells_slot(&cell, alert, stale && cell.kind != CELL_UNKNOWN);
	item->trend = item->f->trend && feed ? feed_figure_series(feed, item->ref->figure) : NULL;
	item->steps = item->trend ? feed_steps(feed) : NULL;
	width = utf8_text_width(item->text, strlen(item->text));
	if (width > item->ref->width)
		item->ref->width = width;
}

/* Columns that a figure takes; what stands behind it must not move when its value or sign changes. */
static int figure_width(const struct figure_item *item)
{
	int sign = item->f->crit ? 2 : item->f->warn ? 1 : 0;

	return utf8_text_width(item->f->title, strlen(item->f->title)) + 1 + item->ref->width + sign +
	       (item->spark > 0 ? 1 + item->spark : 0);
}

static int line_width(const struct figure_item *item, int count)
{
	int width = 0;

	for (int i = 0; i < count; i++)
		width += figure_width(&item[i]) + (i > 0 ? FIGURE_GAP : 0);
	return width;
}

/* Gives the room that is left to sparklines: alike to all when it is enough, else to the first ones. */
static void give_sparks(struct figure_item *item, int count, int spare)
{
	int trends = 0, each;

	for (int i = 0; i < count; i++)
		trends += item[i].f->trend;
	each = trends > 0 ? spare / trends - 1 : 0;
	each = each < SPARK_MIN ? SPARK_MIN : each > SPARK_MAX ? SPARK_MAX : each;
	for (int i = 0; i < count; i++) {
		if (!item[i].f->trend || spare < 1 + each)
			continue;
		item[i].spark = each;
		spare -= 1 + each;
	}
}

static void draw_figures(struct canvas *c, int y, struct figure_item *item, int count)
{
	int x = 1;

	while (count > 0 && line_width(item, count) > c->width - 2)
		count--;
	give_sparks(item, count, c->width - 2 - line_width(item, count));
	for (int i = 0; i < count; i++) {
		int next = x + figure_width(&item[i]) + FIGURE_GAP;

		x += canvas_puts(c, x, y, c->width, SLOT_LABEL, 0, item[i].f->title) + 1;
		canvas_puts(c, x, y, c->width, item[i].slot, 0, item[i].text);
		canvas_puts(c, x + utf8_text_width(item[i].text, strlen(item[i].text)), y, 2, item[i].slot, 0,
		            item[i].sign);
		if (item[i].trend && item[i].spark > 0)
			cells_spark(c, next - FIGURE_GAP - item[i].spark, y, item[i].spark,
			            item[i].slot == SLOT_STALE ? SLOT_STALE : SLOT_CHART_1, item[i].trend, item[i].steps);
		x = next;
	}
}

/* Draws line `place` of the figures; false when there is none with a server. */
static bool draw_figure_line(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int place)
{
	struct figure_item item[FIGURES_LINE_MAX];
	int count = 0;

	for (int i = 0; i < u->figure_count && count < FIGURES_LINE_MAX; i++) {
		struct ui_figure *ref = &u->figure[i];
		const struct panel *p = u->panel[ref->panel];

		if (p->figure[ref->figure].place != place)
			continue;
		if (screens_server(u, ref->panel) < 0 && p->source != PANEL_SELF)
			continue;
		item[count] = (struct figure_item){.ref = ref, .f = &p->figure[ref->figure]};
		fill_figure(u, h, &item[count++], c->ascii);
	}
	if (count == 0)
		return false;
	draw_figures(c, y, item, count);
	return true;
}

int header_draw(struct ui *u, const struct ui_host *h, struct canvas *c)
{
	int lines = c->height >= UI_TALL ? 3 : c->height >= UI_LOW ? 2 : c->height >= UI_VERY_LOW ? 1 : 0;
	int y = 1;

	draw_title(u, h, c);
	for (int place = 1; place <= 3 && y <= lines; place++)
		y += draw_figure_line(u, h, c, y, place);
	return y;
}

/* --- banners ---------------------------------------------------------------------------------------------------------- */

static void banner_text(const struct server_status *s, const struct ui_host *h, char *out, size_t room)
{
	char age[UNIT_TEXT_MAX], retry[UNIT_TEXT_MAX], clock[16];
	size_t len;

	snprintf(out, room, "%s %s", s->name, server_state_name(s->state));
	len = strlen(out);
	if (s->answered_ns > 0) {
		cells_age(age, h->now.mono_ns, s->answered_ns);
		clock_local_time(h->now.wall_us - (h->now.mono_ns - s->answered_ns) / 1000, clock);
		snprintf(out + len, room - len, "; no answer since %s, %s ago", clock, age);
	} else {
		cells_age(age, h->now.mono_ns, s->since_ns);
		snprintf(out + len, room - len, " for %s", age);
	}
	len = strlen(out);
	if (s->retry_ns > h->now.mono_ns) {
		cells_age(retry, s->retry_ns, h->now.mono_ns);
		snprintf(out + len, room - len, "; next try in %s (R: now)", retry);
	}
	len = strlen(out);
	if (s->reason[0] && strncmp(s->reason, "no answer", 9) != 0) /* that was said already, with the time */
		snprintf(out + len, room - len, ": %s", s->reason);
}

static bool wants_banner(const struct server_status *s, const struct ui_host *h)
{
	if (header_server_ok(s))
		return s->notice[0] != '\0';
	return s->state != SERVER_CONNECTING || s->retries > 0 || h->now.mono_ns - s->since_ns >= GRACE_NS;
}

int header_banners(struct ui *u, const struct ui_host *h, struct canvas *c, int y)
{
	int most = c->height < UI_VERY_LOW ? 0 : c->height < UI_LOW ? 1 : BANNERS_MAX, drawn = 0;

	for (int kind = 0; kind < UI_KINDS && drawn < most; kind++) {
		const struct server_status *s = u->chosen[kind] >= 0 ? h->servers[u->chosen[kind]] : NULL;
		char text[640];

		if (!s || !wants_banner(s, h))
			continue;
		if (header_server_ok(s))
			snprintf(text, sizeof(text), "%s: %s", s->name, s->notice);
		else
			banner_text(s, h, text, sizeof(text));
		canvas_puts(c, 0, y, 1, header_server_ok(s) ? SLOT_NOTICE : state_slot(s), 0, "!");
		cells_draw_cut(c, 2, y, c->width - 2, header_server_ok(s) ? SLOT_NOTICE : state_slot(s),
		               str_from(text));
		y++;
		drawn++;
	}
	return y;
}
