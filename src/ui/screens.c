/* SPDX-License-Identifier: PostgreSQL */
/* Screens made of the panels: which tables and cards stand on which, and which servers they show. */
#include <stdlib.h>
#include <strings.h>

#include "core/mem.h"
#include "ui/state.h"

enum { ORDER_SERVERS = 100000, OVERVIEW_ROWS_PANEL_MAX = 64 };

static struct ui_screen *screen_named(struct ui *u, const char *name)
{
	int at = screens_by_name(u, str_from(name));

	if (at >= 0)
		return &u->screen[at];
	u->screen = mem_resize(u->screen, (size_t)u->screen_count + 1, sizeof(*u->screen));
	u->screen[u->screen_count] = (struct ui_screen){
		.name = name, .digit = -1, .order = INT32_MAX, .overview = strcmp(name, "overview") == 0};
	return &u->screen[u->screen_count++];
}

static void add_index(int **list, int *count, int value)
{
	*list = mem_resize(*list, (size_t)*count + 1, sizeof(**list));
	(*list)[(*count)++] = value;
}

static void add_table(struct ui *u, struct ui_screen *s, int panel)
{
	struct ui_table *t;

	u->table = mem_resize(u->table, (size_t)u->table_count + 1, sizeof(*u->table));
	t = &u->table[u->table_count];
	*t = (struct ui_table){.panel = panel, .p = u->panel[panel], .server = -2};
	columns_init(t);
	view_init(&t->view, t->p);
	add_index(&s->table, &s->table_count, u->table_count++);
}

static void add_panel(struct ui *u, int panel)
{
	const struct panel *p = u->panel[panel];
	struct ui_screen *s;

	if (p->shape == PANEL_HIDDEN)
		return;
	s = screen_named(u, p->screen ? p->screen : p->name);
	if (p->digit >= 0 && s->digit < 0)
		s->digit = p->digit;
	if (p->order < s->order)
		s->order = p->order;
	if (p->shape == PANEL_CARD)
		add_index(&s->card, &s->card_count, panel);
	else
		add_table(u, s, panel);
}

/* The panel of that name, -1. */
static int panel_named(const struct ui *u, const char *name)
{
	for (int i = 0; i < u->panel_count; i++)
		if (strcmp(u->panel[i]->name, name) == 0)
			return i;
	return -1;
}

/* Digits first, 0 behind 9 unless it is the overview's; then by order; then by name. */
static int digit_place(const struct ui_screen *s)
{
	if (s->digit < 0)
		return 11;
	return s->digit == 0 && !s->overview ? 10 : s->digit;
}

static int compare_screens(const void *one, const void *two)
{
	const struct ui_screen *a = one, *b = two;
	int at_a = digit_place(a), at_b = digit_place(b);

	if (at_a != at_b)
		return at_a < at_b ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void add_overview(struct ui *u)
{
	struct ui_screen *s = screen_named(u, "overview");
	int statements = panel_named(u, "statements");
	bool taken = false;

	if (statements >= 0 && u->panel[statements]->shape == PANEL_TABLE)
		add_table(u, s, statements);
	if (s->digit >= 0)
		return;
	s->order = -1;
	for (int i = 0; i < u->screen_count; i++)
		taken |= u->screen[i].digit == 1;
	s->digit = taken ? -1 : 1;
}

static int compare_figures(const void *one, const void *two)
{
	const struct ui_figure *a = one, *b = two;

	/* width carries the sort key while the list is made: see collect_figures() */
	if (a->width != b->width)
		return a->width < b->width ? -1 : 1;
	return a->panel != b->panel ? a->panel - b->panel : a->figure - b->figure;
}

static void collect_figures(struct ui *u)
{
	for (int i = 0; i < u->panel_count; i++)
		for (int k = 0; k < u->panel[i]->figure_count; k++) {
			const struct panel_figure *f = &u->panel[i]->figure[k];

			if (f->place <= 0)
				continue;
			u->figure = mem_resize(u->figure, (size_t)u->figure_count + 1, sizeof(*u->figure));
			u->figure[u->figure_count++] = (struct ui_figure){i, k, f->place * 10000 + f->order};
		}
	if (u->figure_count)
		qsort(u->figure, (size_t)u->figure_count, sizeof(*u->figure), compare_figures);
	for (int i = 0; i < u->figure_count; i++)
		u->figure[i].width = 0;
}

void screens_build(struct ui *u)
{
	for (int i = 0; i < u->panel_count; i++)
		add_panel(u, i);
	add_overview(u);
	for (int i = 0; i < u->screen_count; i++)
		if (strcmp(u->screen[i].name, "servers") == 0)
			u->screen[i].order = ORDER_SERVERS;
	qsort(u->screen, (size_t)u->screen_count, sizeof(*u->screen), compare_screens);
	collect_figures(u);
}

void screens_free(struct ui *u)
{
	for (int i = 0; i < u->table_count; i++) {
		view_release(&u->table[i].view);
		columns_release(&u->table[i]);
		free(u->table[i].visible);
	}
	for (int i = 0; i < u->screen_count; i++) {
		free(u->screen[i].table);
		free(u->screen[i].card);
	}
	free(u->table);
	free(u->screen);
	free(u->figure);
}

int screens_by_name(const struct ui *u, struct str name)
{
	for (int i = 0; i < u->screen_count; i++)
		if (str_is(name, u->screen[i].name))
			return i;
	return -1;
}

unsigned screens_go(struct ui *u, const struct ui_host *h, int screen)
{
	struct ui_table *t;

	window_close_all(u);
	if (screen < 0 || screen >= u->screen_count || screen == u->here)
		return UI_REDRAW;
	u->here = screen;
	t = screens_table(u);
	if (t)
		table_update(u, h, t);
	return UI_RESULT_REDRAW_WANT;
}

struct ui_table *screens_table(const struct ui *u)
{
	const struct ui_screen *s = &u->screen[u->here];

	return s->table_count ? &u->table[s->table[s->here]] : NULL;
}

int screens_server(const struct ui *u, int panel)
{
	return u->chosen[u->panel[panel]->source];
}

const struct server_status *screens_status(const struct ui *u, const struct ui_host *h, int panel)
{
	int server = screens_server(u, panel);

	return server >= 0 && server < h->server_count ? h->servers[server] : NULL;
}

const struct feed *screens_feed(const struct ui *u, const struct ui_host *h, int panel)
{
	int server = screens_server(u, panel);

	if (server < 0 && u->panel[panel]->source != PANEL_SELF)
		return NULL;
	return h->feed(h->ctx, panel, server);
}

/* The server of a kind that was chosen, else the first one; -1 none. */
static int chosen_or_first(const struct ui *u, const struct ui_host *h, int kind)
{
	int now = u->chosen[kind];

	if (now >= 0 && now < h->server_count && (int)h->servers[now]->kind == kind)
		return now;
	for (int i = 0; i < h->server_count; i++)
		if ((int)h->servers[i]->kind == kind)
			return i;
	return -1;
}

void screens_choose(struct ui *u, const struct ui_host *h)
{
	for (int kind = 0; kind < UI_KINDS; kind++)
		u->chosen[kind] = chosen_or_first(u, h, kind);
}

static bool field_is(const struct ui_table *t, const char *field, const char *text)
{
	int number = panel_field_by_name(t->p, str_from(field));
	struct cell cell = number >= 0 ? feed_field(t->feed, t->view.order[t->view.cursor], number) : CELL_NONE;

	return cell.kind == CELL_TEXT && str_is(cell.text, text);
}

/* On the screen of all servers: the one under the cursor. */
static unsigned choose_row(struct ui *u, const struct ui_host *h, const struct ui_table *t)
{
	static const char *const kind[UI_KINDS] = {"postgresql", "redis", "pgbouncer", "self"};

	for (int i = 0; i < h->server_count && t->feed && t->view.count > 0; i++) {
		if (!field_is(t, "name", h->servers[i]->name) || !field_is(t, "kind", kind[h->servers[i]->kind]))
			continue;
		u->chosen[h->servers[i]->kind] = i;
		ui_note(u, h, "%s is the one shown now", h->servers[i]->name);
		return UI_RESULT_REDRAW_WANT;
	}
	return UI_REDRAW;
}

unsigned screens_switch_server(struct ui *u, const struct ui_host *h, int direction)
{
	const struct ui_table *t = screens_table(u);
	int kind = t && t->p->source != PANEL_SELF ? (int)t->p->source : PANEL_PG;
	int now = u->chosen[kind];

	if (t && strcmp(t->p->name, "servers") == 0)
		return choose_row(u, h, t);
	for (int i = 1; i < h->server_count && now >= 0; i++) {
		int at = (now + i * direction + i * h->server_count) % h->server_count;

		if ((int)h->servers[at]->kind != kind)
			continue;
		u->chosen[kind] = at;
		ui_note(u, h, "%s", h->servers[at]->name);
		return UI_RESULT_REDRAW_WANT;
	}
	ui_note(u, h, "there is only one server of this kind");
	return UI_REDRAW;
}

int64_t screens_wall(const struct feed *f, const struct ui_host *h)
{
	const struct sample *s = f ? feed_sample(f) : NULL;

	return s ? s->wall_us : h->now.wall_us;
}

void table_update(struct ui *u, const struct ui_host *h, struct ui_table *t)
{
	const struct feed *f = screens_feed(u, h, t->panel);
	int server = screens_server(u, t->panel);
	bool other = server != t->server || f != t->feed;

	t->server = server;
	t->feed = f;
	if (f)
		view_update(&t->view, f, screens_wall(f, h), other);
	else
		t->view.count = t->view.total = t->view.hidden_count = t->view.filtered_count = 0;
}

static int add_want(struct ui_want *out, int count, int max, struct ui_want want)
{
	for (int i = 0; i < count; i++)
		if (out[i].panel == want.panel && out[i].server == want.server)
			return count;
	if (want.server < 0 || count == max)
		return count;
	out[count] = want;
	return count + 1;
}

int ui_marks(const struct ui *u, const struct ui_host *host, struct ui_want *out, int max)
{
	int count = ui_wants(u, host, out, max);

	for (int i = 0; i < u->figure_count; i++) {
		int panel = u->figure[i].panel;

		count = add_want(out, count, max, (struct ui_want){panel, chosen_or_first(u, host, (int)u->panel[panel]->source)});
	}
	return count;
}

int ui_wants(const struct ui *u, const struct ui_host *host, struct ui_want *out, int max)
{
	const struct ui_screen *s = &u->screen[u->here];
	const struct ui_table *t = screens_table(u);
	int panel[OVERVIEW_ROWS_PANEL_MAX];
	int count = 0, wants = 0;

	if (t)
		panel[count++] = t->panel;
	for (int i = 0; i < s->card_count && count < OVERVIEW_ROWS_PANEL_MAX; i++)
		panel[count++] = s->card[i];
	if (s->overview)
		count += overview_panels(u, panel + count, OVERVIEW_ROWS_PANEL_MAX - count);
	for (int i = 0; i < count; i++) {
		struct ui_want want = {panel[i], chosen_or_first(u, host, (int)u->panel[panel[i]]->source)};

		wants = add_want(out, wants, max, want);
	}
	return wants;
}
