/* SPDX-License-Identifier: PostgreSQL */
#include "ui/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/utf8.h"

enum {
	DOTS_X = 2, /* of a braille cell */
	DOTS_Y = 4,
	AXIS_MAX = 8,      /* columns of the axis labels */
	TIME_AXIS_ROWS = 5, /* least height with a time axis */
	EIGHTHS = 8,
};

/* How lines differ without colour: `on` of `period` dots of the line, a sign in the legend, a letter in ASCII. */
static const struct {
	uint8_t on, period;
	char ascii;
	const char *sign;
} looks[CHART_LINES_MAX] = {
	{1, 1, '*', "\xe2\x94\x81"}, /* heavy line */
	{1, 2, '+', "\xe2\x94\x85"}, /* triple dash */
	{2, 3, 'o', "\xe2\x94\x80"}, /* light line */
	{1, 3, 'x', "\xe2\x94\x88"}, /* quadruple dash */
};

/* The plot's area: cells, the range of the axis, and the dots of every cell. */
struct plot {
	struct canvas *c;
	struct chart_box box;
	double low, high;
	uint8_t *dots; /* box.width * box.height, braille bits */
};

double chart_round_up(enum unit unit, double value)
{
	static const double steps[] = {1, 2, 5};
	bool bytes = unit == UNIT_BYTES || unit == UNIT_BYTE_RATE;
	double scale = 1;

	if (!(value > 0) || isinf(value))
		return 1;
	if (unit == UNIT_PERCENT && value > 50 && value <= 100)
		return 100;
	if (bytes)
		while (value / scale >= 1000)
			scale *= 1024;
	for (double power = pow(10, floor(log10(value / scale))) * scale;; power *= 10)
		for (size_t i = 0; i < ARRAY_LEN(steps); i++)
			if (steps[i] * power >= value * (1 - 1e-12))
				return steps[i] * power;
}

static struct chart_values newest(struct chart_values v, int count)
{
	if (v.count <= count)
		return v;
	return (struct chart_values){v.at + (v.count - count), count};
}

/* Least and greatest of what is shown; NAN when nothing is known. */
static void extent(const struct chart *chart, int shown, double *least, double *most)
{
	*least = *most = NAN;
	for (int k = 0; k < chart->lines; k++) {
		struct chart_values v = newest(chart->line[k].values, shown);

		for (int i = 0; i < v.count; i++) {
			if (!isfinite(v.at[i]))
				continue;
			*least = fmin(*least, v.at[i]);
			*most = fmax(*most, v.at[i]);
		}
	}
}

static int dot_row(const struct plot *p, double value)
{
	int rows = p->box.height * DOTS_Y;
	double share = (value - p->low) / (p->high - p->low);

	if (!(share > 0))
		return rows - 1;
	if (share >= 1)
		return 0;
	return rows - 1 - (int)lround(share * (rows - 1));
}

static void set_dot(struct plot *p, int dx, int dy, unsigned slot)
{
	static const uint8_t bits[DOTS_Y][DOTS_X] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	int x = dx / DOTS_X, y = dy / DOTS_Y;
	uint8_t *dots = &p->dots[y * p->box.width + x];

	*dots |= bits[dy % DOTS_Y][dx % DOTS_X];
	canvas_fill(p->c, p->box.x + x, p->box.y + y, 1, slot, 0, 0x2800u + *dots);
}

/* Draws dots from the last height to this one, by the line's pattern. The pattern stands still on the screen: where a line is level,
 * a moved picture is the same picture, and costs the terminal nothing. */
static void draw_braille(struct plot *p, const struct chart_line *line, int look)
{
	struct chart_values v = newest(line->values, p->box.width * DOTS_X);
	int start = p->box.width * DOTS_X - v.count;
	int last = -1;

	for (int i = 0; i < v.count; i++) {
		int now, step;

		if (!isfinite(v.at[i])) {
			last = -1;
			continue;
		}
		now = dot_row(p, v.at[i]);
		step = now < last ? -1 : 1;
		for (int y = last < 0 || last == now ? now : last + step;; y += step) {
			int phase = (y == now ? start + i : y) % looks[look].period;

			/* A value that differs from the last one always shows: no lone one is lost, and no peak. */
			if ((y == now && last != now) || phase < looks[look].on)
				set_dot(p, start + i, y, line->slot);
			if (y == now)
				break;
		}
		last = now;
	}
}

/* One letter a column: the greater of its two values, so that no peak is lost. */
static void draw_ascii(struct plot *p, const struct chart_line *line, int look)
{
	struct chart_values v = newest(line->values, p->box.width * DOTS_X);
	int start = p->box.width * DOTS_X - v.count;

	for (int x = 0; x < p->box.width; x++) {
		double top = NAN;

		for (int i = x * DOTS_X - start; i < (x + 1) * DOTS_X - start; i++)
			if (i >= 0 && isfinite(v.at[i]))
				top = fmax(top, v.at[i]);
		if (!isnan(top))
			canvas_fill(p->c, p->box.x + x, p->box.y + dot_row(p, top) / DOTS_Y, 1, line->slot, 0,
			            (unsigned char)looks[look].ascii);
	}
}

static int put_value(struct canvas *c, int x, int y, int max, unsigned slot, const struct chart *chart, double value)
{
	char text[UNIT_TEXT_MAX];
	int used;

	unit_format(text, chart->unit, value, 0);
	used = canvas_puts(c, x, y, max, slot, 0, text);
	if (chart->unit == UNIT_PERCENT && isfinite(value))
		used += canvas_puts(c, x + used, y, max - used, slot, 0, "%");
	return used;
}

/* "sign label value" of one line; drawn only when all of it has place. Returns the columns used. */
static int draw_legend_entry(struct canvas *c, int x, int y, int max, const struct chart *chart, int k)
{
	const struct chart_line *line = &chart->line[k];
	struct cell cell = cell_number(line->now);
	struct buf value = BUF_INIT(4 * UNIT_TEXT_MAX);
	char sign[2] = {looks[k].ascii, '\0'};
	int used = 0;

	cell.mark = line->mark;
	cell_format(&value, &cell, chart->unit, 0, 0);
	if (chart->unit == UNIT_PERCENT && isfinite(line->now))
		buf_addc(&value, '%');
	if (2 + utf8_text_width(line->label, strlen(line->label)) + 2 + (int)value.len > max)
		goto out;
	if (chart->lines > 1)
		used = canvas_puts(c, x, y, max, line->slot, 0, c->ascii ? sign : looks[k].sign) + 1;
	used += canvas_puts(c, x + used, y, max - used, SLOT_LABEL, 0, line->label) + 1;
	used += canvas_puts(c, x + used, y, max - used, SLOT_TEXT, 0, buf_text(&value));
out:
	buf_release(&value);
	return used;
}

static void draw_head(struct canvas *c, struct chart_box box, const struct chart *chart, double least, double most)
{
	char low[UNIT_TEXT_MAX], high[UNIT_TEXT_MAX], range[2 * UNIT_TEXT_MAX + 16];
	int used = 0, len;

	if (chart->title)
		used = canvas_puts(c, box.x, box.y, box.width, SLOT_LABEL, CANVAS_BOLD, chart->title);
	for (int k = 0; k < chart->lines; k++) {
		int gap = used ? 2 : 0;

		if (!chart->line[k].label)
			continue;
		len = draw_legend_entry(c, box.x + used + gap, box.y, box.width - used - gap, chart, k);
		used += len ? len + gap : 0;
	}
	if (isnan(least) || box.height < 2)
		return;
	unit_format(low, chart->unit, least, 0);
	unit_format(high, chart->unit, most, 0);
	len = snprintf(range, sizeof(range), "min %s max %s", low, high);
	if (len + 2 <= box.width - used)
		canvas_puts(c, box.x + box.width - len, box.y, len, SLOT_DIM, 0, range);
}

static int label_width(const struct chart *chart, double value)
{
	char text[UNIT_TEXT_MAX];

	return (int)unit_format(text, chart->unit, value, 0) + (chart->unit == UNIT_PERCENT);
}

static void draw_label(struct plot *p, const struct chart *chart, int row, int width, double value)
{
	int own = label_width(chart, value);

	put_value(p->c, p->box.x - 1 - (own < width ? own : width), p->box.y + row, width, SLOT_DIM, chart, value);
}

/* Labels at top, middle and bottom, and the line beside them; takes their columns off the plot's box. */
static void draw_axis(struct plot *p, const struct chart *chart)
{
	double middle = p->low + (p->high - p->low) / 2;
	int width = label_width(chart, p->high);

	if (label_width(chart, p->low) > width)
		width = label_width(chart, p->low);
	if (width > AXIS_MAX)
		width = AXIS_MAX;
	if (p->box.width < 3 * (width + 1))
		return; /* too narrow: the plot is worth more */
	p->box.x += width + 1;
	p->box.width -= width + 1;
	for (int y = 0; y < p->box.height; y++)
		canvas_fill(p->c, p->box.x - 1, p->box.y + y, 1, SLOT_DIM, 0, 0x2502);
	draw_label(p, chart, 0, width, p->high);
	if (p->box.height >= 5 && p->box.height % 2 == 1 && label_width(chart, middle) <= width)
		draw_label(p, chart, p->box.height / 2, width, middle);
	if (p->box.height >= 2)
		draw_label(p, chart, p->box.height - 1, width, p->low);
}

/* How long ago the left end is, and "now"; where the right end is not now, both by the clock. */
static void draw_time_axis(struct plot *p, const struct chart *chart)
{
	double past_ms = chart->step_ms * (p->box.width * DOTS_X - 1);
	char left[UNIT_TEXT_MAX + 16], right[16] = "now";
	int y = p->box.y + p->box.height, width = p->box.width;

	unit_format(left, UNIT_MS, -past_ms, 0);
	if (chart->end_us > 0) {
		clock_local_time(chart->end_us - (int64_t)(past_ms * 1e3), left);
		clock_local_time(chart->end_us, right);
	}
	if (width < (int)strlen(left) + (int)strlen(right) + 3)
		return;
	canvas_puts(p->c, p->box.x, y, width, SLOT_DIM, 0, left);
	canvas_puts(p->c, p->box.x + width - (int)strlen(right), y, (int)strlen(right), SLOT_DIM, 0, right);
}

void chart_draw(struct canvas *c, struct chart_box box, const struct chart *chart)
{
	struct plot p = {.c = c};
	bool timed;
	double least, most;

	if (box.x < 0 || box.y < 0)
		return;
	if (box.width > c->width - box.x)
		box.width = c->width - box.x;
	if (box.height > c->height - box.y)
		box.height = c->height - box.y;
	if (box.width <= 0 || box.height <= 0)
		return;
	timed = box.height >= TIME_AXIS_ROWS && chart->step_ms > 0;
	p.box = (struct chart_box){box.x, box.y + 1, box.width, box.height - 1 - timed};
	extent(chart, box.width * DOTS_X, &least, &most);
	p.low = isnan(chart->low) ? fmin(0, isnan(least) ? 0 : least) : chart->low;
	p.high = isnan(chart->high) ? chart_round_up(chart->unit, most) : chart->high;
	if (!(p.high > p.low))
		p.high = p.low + 1;
	if (p.box.height > 0) {
		draw_axis(&p, chart);
		extent(chart, p.box.width * DOTS_X, &least, &most);
		p.dots = mem_calloc((size_t)p.box.width * (size_t)p.box.height, 1);
		for (int k = chart->lines - 1; k >= 0; k--) { /* the first line lies on top */
			if (c->ascii)
				draw_ascii(&p, &chart->line[k], k);
			else
				draw_braille(&p, &chart->line[k], k);
		}
		free(p.dots);
		if (timed)
			draw_time_axis(&p, chart);
	}
	draw_head(c, box, chart, least, most);
}

static double greatest(struct chart_values v)
{
	double most = NAN;

	for (int i = 0; i < v.count; i++)
		if (isfinite(v.at[i]))
			most = fmax(most, v.at[i]);
	return most;
}

int chart_spark(struct canvas *c, int x, int y, int width, unsigned slot, struct chart_values values, double high)
{
	struct chart_values v = newest(values, width > 0 ? width : 0);

	if (isnan(high))
		high = greatest(v);
	for (int i = 0; i < v.count; i++) {
		double share = high > 0 ? v.at[i] / high : 0;
		int step = share >= 1 ? EIGHTHS - 1 : share > 0 ? (int)lround(share * (EIGHTHS - 1)) : 0;

		if (isfinite(v.at[i]))
			canvas_fill(c, x + width - v.count + i, y, 1, slot, 0, 0x2581u + (unsigned)step);
	}
	return width > 0 ? width : 0;
}

/* Draws the bar and returns the columns it touched. */
static int draw_bar(struct canvas *c, int x, int y, int width, unsigned slot, double share)
{
	long eighths;
	int full;

	if (!(share > 0) || width <= 0)
		return 0;
	eighths = lround(fmin(share, 1) * width * EIGHTHS);
	if (eighths == 0)
		eighths = 1;
	if (share < 1 && eighths == (long)width * EIGHTHS)
		eighths--; /* a full bar is only drawn where it is full */
	full = (int)(eighths / EIGHTHS);
	canvas_fill(c, x, y, full, slot, 0, 0x2588);
	if (eighths % EIGHTHS == 0)
		return full;
	canvas_fill(c, x + full, y, 1, slot, 0, 0x2590u - (unsigned)(eighths % EIGHTHS));
	return full + 1;
}

void chart_bar(struct canvas *c, int x, int y, int width, unsigned slot, double share)
{
	draw_bar(c, x, y, width, slot, share);
}

void chart_gauge(struct canvas *c, int x, int y, int width, unsigned slot, double share)
{
	int used;

	if (isnan(share))
		return;
	used = draw_bar(c, x, y, width, slot, share);
	canvas_fill(c, x + used, y, width - used, SLOT_DIM, 0, 0xb7);
}
