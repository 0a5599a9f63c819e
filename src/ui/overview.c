/* SPDX-License-Identifier: PostgreSQL */
/* The overview: charts of the figures that matter, cards, and the costliest statements. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "ui/chart.h"
#include "ui/state.h"

enum {
	CHARTS_MAX = 4,
	CHART_VALUES_MAX = 1024, /* two values a column on the widest screen */
	CHART_HEIGHT_MIN = 4,
	NOW_STEPS = 3,           /* so many intervals ago is still now */
	TOP_ROWS = 5,            /* of the table below */
	TWO_COLUMNS = 76         /* columns from which on charts stand side by side */
};

/* The figure of that name among all panels; false when there is none. */
static bool figure_named(const struct ui *u, const char *name, int *panel, int *figure)
{
	for (int i = 0; i < u->panel_count; i++)
		for (int k = 0; k < u->panel[i]->figure_count; k++) {
			if (strcmp(u->panel[i]->figure[k].name, name) != 0)
				continue;
			*panel = i;
			*figure = k;
			return true;
		}
	return false;
}

static bool has_server(const struct ui *u, int panel)
{
	return screens_server(u, panel) >= 0 || u->panel[panel]->source == PANEL_SELF;
}

/* The charts in the order of their panels; those of sources that nobody gave are left out. */
static int list_charts(const struct ui *u, const struct panel_chart *out[CHARTS_MAX])
{
	int count = 0;

	for (int i = 0; i < u->panel_count; i++)
		for (int k = 0; k < u->panel[i]->chart_count && count < CHARTS_MAX; k++) {
			const struct panel_chart *chart = &u->panel[i]->chart[k];
			bool any = false;

			for (int f = 0; f < chart->figure_count; f++) {
				int panel, figure;

				any |= figure_named(u, chart->figure[f], &panel, &figure) && has_server(u, panel);
			}
			if (any)
				out[count++] = chart;
		}
	return count;
}

int overview_panels(const struct ui *u, int *out, int max)
{
	int count = 0, figure;

	for (int i = 0; i < u->panel_count; i++)
		for (int k = 0; k < u->panel[i]->chart_count; k++) {
			const struct panel_chart *chart = &u->panel[i]->chart[k];

			for (int f = 0; f < chart->figure_count && count < max; f++)
				count += figure_named(u, chart->figure[f], &out[count], &figure);
		}
	return count;
}

/* Where the axis of a chart ends: at the newest sample of all its lines. A chart that moved between samples would show a blank edge,
 * and cost the terminal a picture each second. */
struct chart_end {
	int64_t mono_ns, wall_us; /* 0: there is no sample */
	double step_s;            /* between that sample and the one before; NAN unknown */
	int places;               /* on the axis */
};

static void find_end(const struct ui *u, const struct ui_host *h, const struct panel_chart *from, struct chart_end *end)
{
	*end = (struct chart_end){.step_s = NAN};
	for (int i = 0; i < from->figure_count; i++) {
		int panel, figure;
		const struct feed *feed = figure_named(u, from->figure[i], &panel, &figure) && has_server(u, panel) ?
		                                  screens_feed(u, h, panel) : NULL;
		const struct sample *s = feed ? feed_sample(feed) : NULL;

		if (s && s->mono_ns > end->mono_ns)
			*end = (struct chart_end){.mono_ns = s->mono_ns, .wall_us = s->wall_us,
			                          .step_s = fabs(series_at(feed_steps(feed), 0))};
	}
}

/* The end is not called now when it is more than some columns ago, or will be before it moves on. */
static bool is_now(const struct ui *u, const struct ui_host *h, const struct chart_end *end)
{
	double most_s = NOW_STEPS * u->interval_ms / 1000;

	return (double)(h->now.mono_ns - end->mono_ns) / 1e9 <= most_s && !(end->step_s > most_s);
}

/* Fills one line of a chart; false when its figure has nothing to show. */
static bool fill_line(struct ui *u, const struct ui_host *h, const char *name, const struct chart_end *end,
                      struct chart_line *line, double *room)
{
	const struct server_status *s;
	const struct sample *sample;
	const struct feed *feed;
	struct cell cell;
	int panel, figure;

	if (!figure_named(u, name, &panel, &figure) || !has_server(u, panel))
		return false;
	feed = screens_feed(u, h, panel);
	sample = feed ? feed_sample(feed) : NULL;
	s = screens_status(u, h, panel);
	line->label = u->panel[panel]->figure[figure].title;
	line->now = NAN;
	if (!sample)
		return true;
	series_lay(feed_figure_series(feed, figure), feed_steps(feed), (double)(end->mono_ns - sample->mono_ns) / 1e9,
	           u->interval_ms / 1000, room, end->places);
	line->values = (struct chart_values){room, end->places};
	if ((s && !header_server_ok(s)) || feed_state(feed) == FEED_STALE) {
		line->slot = SLOT_STALE;
		return true;
	}
	cell = feed_figure(feed, figure, screens_wall(feed, h));
	if (!cells_too_early(u, panel, &cell)) {
		line->now = cell_value(&cell);
		line->mark = cell.mark;
	}
	return true;
}

static void draw_chart(struct ui *u, const struct ui_host *h, struct canvas *c, const struct panel_chart *from,
                       struct chart_box box)
{
	struct chart chart = {.title = from->title, .unit = from->unit, .low = NAN, .high = NAN};
	double *room = mem_calloc((size_t)CHART_VALUES_MAX * CHART_LINES_MAX, sizeof(*room));
	struct chart_end end;

	find_end(u, h, from, &end);
	end.places = 2 * box.width < CHART_VALUES_MAX ? 2 * box.width : CHART_VALUES_MAX;
	chart.step_ms = u->interval_ms;
	chart.end_us = is_now(u, h, &end) ? 0 : end.wall_us;
	for (int f = 0; f < from->figure_count && chart.lines < CHART_LINES_MAX; f++) {
		struct chart_line line = {.slot = (unsigned)(SLOT_CHART_1 + chart.lines)};

		if (fill_line(u, h, from->figure[f], &end, &line, room + (size_t)chart.lines * CHART_VALUES_MAX))
			chart.line[chart.lines++] = line;
	}
	chart_draw(c, box, &chart);
	free(room);
}

/* Draws the charts two beside one another where there is room; returns the first row below. */
static int draw_charts(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	const struct panel_chart *chart[CHARTS_MAX];
	int count = list_charts(u, chart);
	int across = c->width >= TWO_COLUMNS ? 2 : 1;
	int rows = (count + across - 1) / across;
	int room = end - y;

	while (rows > 1 && (end - y) / rows < CHART_HEIGHT_MIN)
		rows--;
	if (count == 0 || end - y < 2)
		return y;
	for (int i = 0; i < count && i < rows * across; i++) {
		int width = (c->width - 1) / across, row = i / across;
		int from = room * row / rows, to = room * (row + 1) / rows;
		struct chart_box box = {1 + i % across * width, y + from, width - 1, to - from};

		draw_chart(u, h, c, chart[i], box);
	}
	return end;
}

void overview_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct ui_table *t = screens_table(u);
	int rows = t ? TOP_ROWS + 1 : 0;

	y = cards_draw(u, h, c, y, y + (end - y) / 3);
	if (t && end - y < rows + 2) /* too low for charts */
		rows = end - y;
	y = draw_charts(u, h, c, y, end - rows);
	if (t)
		table_draw(u, h, c, t, y, y + rows < end ? y + rows : end);
}
