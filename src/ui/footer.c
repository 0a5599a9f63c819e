/* SPDX-License-Identifier: PostgreSQL */
/* The two lines at the bottom: what is shown (or a message), and the keys that work here (or the prompt). */
#include <math.h>
#include <stdio.h>

#include "core/clean.h"
#include "core/utf8.h"
#include "ui/state.h"

enum { STATUS_BYTES_MAX = 4096, HELP_WIDTH = 8 };

#define LOOKS_STEP_NS (10 * CLOCK_SECOND_NS)

/* --- keys -------------------------------------------------------------------------------------------------------------- */

/* One key with its label; 0 when there is no room. */
static int draw_key(struct ui *u, const struct ui_host *h, struct canvas *c, int x, int y, int end,
                    enum keys_action action)
{
	char name[16];
	const char *label = action == ACT_HELP ? "help" : keys_label(action);
	int width, key;

	keys_first(action, ui_context(u), name);
	if (!label[0] || !name[0] || !act_useful(u, h, action))
		return 0;
	width = utf8_text_width(name, strlen(name)) + 1 + utf8_text_width(label, strlen(label));
	if (x + width > end)
		return 0;
	key = keys_parse(str_from(name));
	canvas_puts(c, x, y, end - x, SLOT_KEY, 0, name);
	canvas_puts(c, x + (int)strlen(name) + 1, y, end - x, SLOT_FOOTER, 0, label);
	ui_hit(u, x, y, width, HIT_KEY, key);
	return width + 2;
}

static void draw_keys(struct ui *u, const struct ui_host *h, struct canvas *c, int y)
{
	bool help = keys_works(ACT_HELP, ui_context(u));
	int end = c->width - (help ? HELP_WIDTH : 1), x = 1;

	if (ui_context(u) != KEYS_MAIN)
		x += draw_key(u, h, c, x, y, end, ACT_BACK);
	if (x == 1 && ui_context(u) != KEYS_MAIN) {
		canvas_puts(c, x, y, end - x, SLOT_KEY, 0, "Esc");
		canvas_puts(c, x + 4, y, end - x - 4, SLOT_FOOTER, 0, "back");
		ui_hit(u, x, y, 8, HIT_KEY, TERM_KEY_ESC);
		x += 10;
	}
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++)
		if (i != ACT_HELP && i != ACT_BACK)
			x += draw_key(u, h, c, x, y, end, (enum keys_action)i);
	if (help)
		draw_key(u, h, c, c->width - HELP_WIDTH + 1, y, c->width, ACT_HELP);
}

/* --- prompt ------------------------------------------------------------------------------------------------------------ */

static void draw_prompt(struct ui *u, struct canvas *c, int y)
{
	const struct prompt *p = &u->prompt;
	const char *sign = prompt_sign(p);
	struct buf text = BUF_INIT(PROMPT_MAX * 10 + 1);
	int x = 1 + canvas_puts(c, 1, y, c->width - 1, SLOT_PROMPT, CANVAS_BOLD, sign);
	int room = c->width - x - 1, before;
	size_t skip = 0;

	clean_text(&text, p->text, p->at, CLEAN_EXACT | (c->ascii ? CLEAN_ASCII : 0));
	before = utf8_text_width(buf_text(&text), text.len);
	clean_text(&text, p->text + p->at, p->len - p->at, CLEAN_EXACT | (c->ascii ? CLEAN_ASCII : 0));
	if (before > room && room > 0) { /* the cursor stays in sight */
		int used;

		skip = utf8_fit(buf_text(&text), text.len, before - room, &used);
		before -= used;
	}
	canvas_text(c, x, y, room + 1, SLOT_PROMPT, 0,
	            (struct str){buf_text(&text) + skip, text.len - skip});
	if (x + before < c->width) {
		c->cursor_x = x + before;
		c->cursor_y = y;
	}
	buf_release(&text);
}

void footer_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y)
{
	canvas_fill(c, 0, y, c->width, SLOT_FOOTER, 0, ' ');
	if (u->ask.kind != ASK_NONE) /* no other key does anything */
		cells_draw_cut(c, 1, y, c->width - 1, SLOT_FOOTER, STR("Esc no  PgUp PgDn Up Down scroll the question"));
	else if (u->prompt.kind != PROMPT_NONE)
		draw_prompt(u, c, y);
	else
		draw_keys(u, h, c, y);
}

/* --- status ------------------------------------------------------------------------------------------------------------ */

/* Appends one fact, parted from the one before. */
static void add_fact(struct buf *out, const char *format, ...) PRINTFLIKE(2, 3);
static void add_fact(struct buf *out, const char *format, ...)
{
	va_list args;

	if (out->len > 0)
		buf_adds(out, " | ");
	va_start(args, format);
	buf_vaddf(out, format, args);
	va_end(args);
}

static void add_rows(struct buf *out, const struct ui_table *t)
{
	const struct view *v = &t->view;

	if (v->count > 0)
		add_fact(out, "%d-%d of %d", v->top + 1, v->top + t->visible_count, v->count);
	if (v->top + t->visible_count < v->count)
		add_fact(out, "%d more", v->count - v->top - t->visible_count);
	if (v->filter_text)
		add_fact(out, "filter %s (%d of %d; = clears)", v->filter_text, v->count, v->count + v->filtered_count);
	if (v->hidden_count > 0 && v->count > 0)
		add_fact(out, "%d %s hidden", v->hidden_count, t->p->hide_title ? t->p->hide_title : "rows");
	if (v->tagged.count > 0)
		add_fact(out, "%zu tagged", v->tagged.count);
	if (v->follow)
		add_fact(out, "following");
	if (v->tree)
		add_fact(out, "tree");
}

static bool has_counters(const struct panel *p)
{
	for (int i = 0; i < p->field_count; i++)
		if (p->field[i].kind == FIELD_COUNTER)
			return true;
	return false;
}

/* From which sample on the figures are, which may be a little older than the mark, and how long that is. */
static void add_since(struct buf *out, const struct ui *u, const struct feed *f)
{
	const struct sample *from = feed_marked(f), *s = feed_sample(f);
	char clock[16], span[UNIT_TEXT_MAX];

	clock_local_time(from ? from->wall_us : u->mark_us, clock);
	if (!from)
		add_fact(out, "no sample from the mark at %s: ! marks anew, D shows the interval", clock);
	else if (!s) /* before its first one in a recording */
		add_fact(out, "since the mark %s: no sample of this moment", clock);
	else if (from->life != s->life)
		add_fact(out, "since the mark %s: another life of the server, nothing can be compared", clock);
	else if (s->mono_ns == from->mono_ns)
		add_fact(out, "marked %s: no newer sample yet", clock);
	else if (isnan(feed_seconds(f)))
		add_fact(out, "since the mark %s: time went backwards or stood still, nothing can be compared", clock);
	else {
		unit_format(span, UNIT_MS, feed_seconds(f) * 1e3, 0);
		add_fact(out, "since the mark %s (%s)", clock, span);
	}
}

/* What differs little from what is shown changes nothing: a line that changes each second costs a slow terminal. */
bool footer_apart(const struct ui *u, struct ui_table *t, char out[UNIT_TEXT_MAX + 16])
{
	double seconds = t->feed && feed_mode(t->feed) == FEED_INTERVAL ? feed_seconds(t->feed) : (double)NAN;
	double off = fabs(seconds * 1000 / u->interval_ms - 1);
	char text[UNIT_TEXT_MAX];

	if (!(off > (t->apart_s > 0 ? 0.1 : 0.2))) {
		t->apart_s = 0;
		return false;
	}
	if (!(fabs(seconds - t->apart_s) <= 0.05 * t->apart_s))
		t->apart_s = seconds;
	if (t->apart_s < 60)
		snprintf(text, sizeof(text), "%.2gs", t->apart_s);
	else
		unit_format(text, UNIT_AGE, t->apart_s * 1000, 0);
	snprintf(out, UNIT_TEXT_MAX + 16, has_counters(t->p) ? "over %s" : "looks %s apart", text);
	return true;
}

/* The sampler behind ~: how often it looks, how often it was to look where its share of the server does not allow that, and what
 * it takes of a core. */
static void add_looks(struct buf *out, const struct ui_host *h, struct ui_table *t)
{
	const struct feed_looks *now = feed_looks(t->feed);
	struct feed_looks *l = &t->looks;
	bool other = now && (fabs(now->hz - l->hz) > 0.2 * l->hz || fabs(now->share - l->share) > 0.2 * l->share);

	if (!now || l->most_hz <= 0 || (other && h->now.mono_ns - t->looks_ns >= LOOKS_STEP_NS)) {
		*l = now ? *now : (struct feed_looks){0};
		t->looks_ns = h->now.mono_ns;
	}
	if (!now)
		return;
	if (l->hz >= 0.9 * l->most_hz)
		add_fact(out, "in-flight looks %.2g/s", l->most_hz);
	else
		add_fact(out, "in-flight looks %.2g/s of %.2g/s", l->hz, l->most_hz);
	if (l->share < 0.0001)
		buf_adds(out, ", <0.01%");
	else
		buf_addf(out, ", ~%.2f%%", l->share * 100);
}

static void add_feed(struct buf *out, const struct ui *u, const struct ui_host *h, struct ui_table *t)
{
	const struct server_status *server = screens_status(u, h, t->panel);
	const struct feed *f = t->feed;
	const struct sample *s = feed_sample(f);
	char age[UNIT_TEXT_MAX], apart[UNIT_TEXT_MAX + 16];

	if (footer_apart(u, t, apart))
		add_fact(out, "%s", apart);
	if (feed_state(f) == FEED_STALE && s && (!server || header_server_ok(server))) { /* else the banner says it */
		cells_age(age, h->now.mono_ns, s->mono_ns);
		add_fact(out, "%s old: %s", age, feed_reason(f));
	}
	if (s && s->hidden > 0)
		add_fact(out, "%d hidden%s", s->hidden, t->p->source == PANEL_PG ? ": grant pg_monitor" : ": no privilege");
	if (feed_lack(f)[0])
		add_fact(out, "%s", feed_lack(f));
	if (s && s->cut)
		add_fact(out, "cut at %d rows: there are more", s->rows);
	if (feed_was_reset(f))
		add_fact(out, "RESET: counters began anew");
	if (u->diff)
		add_since(out, u, f);
	else if (u->mode[t->panel] == FEED_LIFETIME)
		add_fact(out, "since the last reset");
	else if (feed_first(f) && has_counters(t->p))
		add_fact(out, "first sample: since the last reset");
	add_looks(out, h, t);
}

static void status_text(struct ui *u, const struct ui_host *h, struct buf *out)
{
	struct ui_table *t = screens_table(u);
	const struct pager *p = window_pager(u);

	if (p) {
		int last = p->top + p->height < p->line_count ? p->top + p->height : p->line_count;

		add_fact(out, "%d-%d of %d lines", p->line_count ? p->top + 1 : 0, last, p->line_count);
		if (u->search[0])
			add_fact(out, "/%s", u->search);
		return;
	}
	if (!t || u->window == WINDOW_SORT || u->window == WINDOW_MENU || u->window == WINDOW_JOBS)
		return;
	if (h->replay && u->paused)
		add_fact(out, "frame %lld of %lld", (long long)h->frame, (long long)h->frames);
	add_rows(out, t);
	if (t->feed)
		add_feed(out, u, h, t);
	if (u->search[0])
		add_fact(out, "/%s", u->search);
}

/* An error of the prompt, with a sign over the column that it means. */
static void draw_prompt_error(struct ui *u, struct canvas *c, int y)
{
	const struct prompt *p = &u->prompt;
	int sign = utf8_text_width(prompt_sign(p), strlen(prompt_sign(p)));
	int x = 1 + sign + p->error_column - 1;

	if (p->error_column == 0 || x >= c->width) {
		cells_draw_cut(c, 1, y, c->width - 1, SLOT_ERROR, str_from(p->error));
		return;
	}
	canvas_puts(c, x, y, 1, SLOT_ERROR, CANVAS_BOLD, "v");
	if (x < c->width / 2)
		cells_draw_cut(c, x + 2, y, c->width - x - 2, SLOT_ERROR, str_from(p->error));
	else
		cells_draw_cut(c, 1, y, x - 2, SLOT_ERROR, str_from(p->error));
}

void footer_status(struct ui *u, const struct ui_host *h, struct canvas *c, int y)
{
	struct buf raw = BUF_INIT(STATUS_BYTES_MAX), text = BUF_INIT(STATUS_BYTES_MAX * 10);

	canvas_fill(c, 0, y, c->width, SLOT_DIM, 0, ' ');
	if (u->prompt.kind != PROMPT_NONE && u->prompt.error[0]) {
		draw_prompt_error(u, c, y);
	} else if (!u->notice.error && jobs_write_awaited(u, h, &raw)) {
		cells_draw_cut(c, 1, y, c->width - 1, SLOT_NOTICE, buf_str(&raw));
	} else if (u->notice.text[0]) {
		cells_draw_cut(c, 1, y, c->width - 1, u->notice.error ? SLOT_ERROR : SLOT_NOTICE,
		               str_from(u->notice.text));
	} else if (jobs_write_stoppable(u, h, &raw)) {
		cells_draw_cut(c, 1, y, c->width - 1, SLOT_NOTICE, buf_str(&raw));
	} else {
		status_text(u, h, &raw);
		clean_text(&text, buf_text(&raw), raw.len, c->ascii ? CLEAN_ASCII : 0);
		cells_draw_cut(c, 1, y, c->width - 1, SLOT_DIM, buf_str(&text));
	}
	buf_release(&raw);
	buf_release(&text);
}
