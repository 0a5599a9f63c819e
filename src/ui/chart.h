/* SPDX-License-Identifier: PostgreSQL */
/*
 * Charts in character cells: braille lines, sparklines, bars. They draw into a canvas and keep nothing. Where the canvas is
 * ASCII, so are they. Lines differ by pattern and by sign in the legend, not by colour alone; a NAN is a gap, never a zero.
 */
#ifndef UI_CHART_H
#define UI_CHART_H

#include "core/base.h"
#include "core/units.h"
#include "model/cell.h"
#include "ui/canvas.h"

enum { CHART_LINES_MAX = 4 };

/* Values, oldest first; borrowed. The newest stands at the right edge, older ones than there is place for are left out. */
struct chart_values {
	const double *at;
	int count;
};

struct chart_line {
	struct chart_values values;
	unsigned slot;     /* SLOT_CHART_1 ... */
	const char *label; /* "p95"; cleaned; NULL = no legend */
	double now;        /* the present value, for the legend; NAN = not known now */
	enum mark mark;    /* of it */
};

struct chart {
	const char *title; /* cleaned; NULL = none */
	enum unit unit;    /* of the axis and of the values in the legend */
	double low, high;  /* of the axis; NAN = 0 and the next round number above all that is shown */
	double step_ms;    /* between two values, for the time axis; 0 = no time axis */
	int64_t end_us;    /* wall clock at its right end; 0 = now */
	int lines;
	struct chart_line line[CHART_LINES_MAX];
};

/* Draws within the box, clipped to the canvas: first row title and legend with the present values, and at the right the least and
 * the greatest value shown; then the plot (two values a column) with the axis at its left; last row, when five or more rows are
 * there, the time axis. One row: only the legend. The box is not cleared before. */
struct chart_box {
	int x, y, width, height;
};
void chart_draw(struct canvas *c, struct chart_box box, const struct chart *chart);

/* One value a column, in eighths of a row from 0 to high (NAN: the greatest shown). Returns the columns drawn (= width). A zero
 * is the lowest step, a NAN a blank. */
int chart_spark(struct canvas *c, int x, int y, int width, unsigned slot, struct chart_values values, double high);
/* share (0..1, clipped) of width columns, in eighths of a column; more than 0 shows at least one eighth; NAN draws nothing. */
void chart_bar(struct canvas *c, int x, int y, int width, unsigned slot, double share);
/* The same with dots (dim) where it could go on. */
void chart_gauge(struct canvas *c, int x, int y, int width, unsigned slot, double share);

/* The least of 1, 2, 5 x 10^n (bytes: 1, 2, 5 ... of 1024^n; percent: at most 100) that is not below value; 1 for 0 or NAN. */
double chart_round_up(enum unit unit, double value);

#endif
