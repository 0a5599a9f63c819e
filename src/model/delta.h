/* SPDX-License-Identifier: PostgreSQL */
/*
 * What happened between two samples of one panel on one server. The one place that decides whether a counter's
 * increase may be believed; everything else asks here.
 *
 * An increase is known for a row that is in both samples, in one life of the server, with its reset time unchanged
 * and none of its counters fallen. One fallen counter voids the whole row: the row was reset, or evicted and entered
 * again, and its other counters may have passed their old values since. A row that is new has no known increase:
 * whether it began at zero, or was evicted and came back, cannot be told from it. Rows with equal keys cannot be
 * compared.
 */
#ifndef MODEL_DELTA_H
#define MODEL_DELTA_H

#include "core/base.h"
#include "model/cell.h"
#include "model/panel.h"
#include "model/sample.h"

enum delta_row {
	DELTA_KNOWN,
	DELTA_NEW,   /* the row was not there before */
	DELTA_VOID,  /* reset, fell, or cannot be compared */
};

struct delta {
	int rows;
	int *before;         /* per row: its row in the sample before, -1 = none */
	uint8_t *state;      /* per row: enum delta_row */
	double seconds;      /* length of the interval, NAN when there is none that means anything */
	int voided;          /* rows whose figures a reset voided */
	bool other_life;     /* the server was restarted or is another one */
};

/* Compares; prev must still have its keys and index. prev NULL gives an empty interval. gap_s: a longer interval than
 * that is a gap, and nothing is known over it (INFINITY: no limit); so is one in which the wall clock went further than
 * the monotonic one, because this machine slept. */
void delta_init(struct delta *d, const struct panel *p, const struct sample *prev, const struct sample *now,
                double gap_s);
/* Seconds from one sample to the next by the clock, through a sleep of this machine too; NAN when there are none. */
double delta_passed(const struct sample *prev, const struct sample *now);
void delta_release(struct delta *d); /* an all-zero struct is accepted */
/* The increase of one column of a row; exact, CELL_NONE when unknown. prev as given to delta_init(), or stripped
 * since. */
struct cell delta_cell(const struct delta *d, const struct sample *prev, const struct sample *now, int row, int column);

#endif
