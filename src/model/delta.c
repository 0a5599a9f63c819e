/* SPDX-License-Identifier: PostgreSQL */
#include "model/delta.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

/* The wall clock may be put right by this much in one interval before it counts as a sleep of the machine. */
#define SLEEP_SLACK_S 5.0

static double interval_seconds(const struct sample *prev, const struct sample *now, double gap_s)
{
	double mono = (double)(now->mono_ns - prev->mono_ns) / 1e9;
	double wall = (double)(now->wall_us - prev->wall_us) / 1e6;

	if (mono <= 0 || mono > gap_s || wall > mono + SLEEP_SLACK_S)
		return NAN;
	return mono;
}

double delta_passed(const struct sample *prev, const struct sample *now)
{
	double mono = (double)(now->mono_ns - prev->mono_ns) / 1e9;
	double wall = (double)(now->wall_us - prev->wall_us) / 1e6;

	if (mono <= 0)
		return NAN;
	return wall > mono + SLEEP_SLACK_S ? wall : mono;
}

/* Pairs each row with the one before. Samples mostly come in the same order, so the neighbour of the last pair is
 * tried before the index. */
static void pair_rows(struct delta *d, const struct sample *prev, const struct sample *now)
{
	int next = 0;

	for (int row = 0; row < now->rows; row++) {
		uint64_t key = now->key[row];
		int at = next < prev->rows && prev->key[next] == key ? next : sample_find(prev, key);

		d->before[row] = at;
		d->state[row] = at < 0 ? DELTA_NEW : DELTA_KNOWN;
		if (at >= 0)
			next = at + 1;
		if (sample_is_twin(now, key) || sample_is_twin(prev, key)) {
			d->before[row] = -1;
			d->state[row] = DELTA_VOID;
		}
	}
}

static void void_row(struct delta *d, int row)
{
	if (d->state[row] == DELTA_KNOWN) {
		d->state[row] = DELTA_VOID;
		d->voided++;
	}
}

static void void_fallen(struct delta *d, const struct sample *prev, const struct sample *now, int column)
{
	const struct sample_column *a = &prev->column[column], *b = &now->column[column];
	bool ints = a->type == SAMPLE_INT && b->type == SAMPLE_INT;
	bool floats = a->type == SAMPLE_FLOAT && b->type == SAMPLE_FLOAT;

	for (int row = 0; row < d->rows; row++) {
		int at = d->before[row];

		if (at < 0)
			continue;
		if (ints) {
			if (b->ints[row] < a->ints[at] && b->ints[row] != SAMPLE_INT_UNKNOWN)
				void_row(d, row);
		} else if (floats) {
			if (b->floats[row] < a->floats[at]) /* false when either is unknown */
				void_row(d, row);
		} else if (sample_number(now, row, column) < sample_number(prev, at, column)) {
			void_row(d, row);
		}
	}
}

/* A reset time that appears, disappears or changes is a reset. */
static void void_reset(struct delta *d, const struct sample *prev, const struct sample *now, int column)
{
	for (int row = 0; row < d->rows; row++) {
		if (d->before[row] < 0)
			continue;
		struct cell a = sample_cell(prev, d->before[row], column), b = sample_cell(now, row, column);

		if (a.kind != b.kind || cell_compare(&a, &b) != 0)
			void_row(d, row);
	}
}

void delta_init(struct delta *d, const struct panel *p, const struct sample *prev, const struct sample *now,
                double gap_s)
{
	*d = (struct delta){.rows = now->rows, .seconds = NAN};
	d->before = mem_calloc((size_t)now->rows, sizeof(*d->before));
	d->state = mem_calloc((size_t)now->rows, sizeof(*d->state));
	if (!prev) {
		for (int row = 0; row < d->rows; row++) {
			d->before[row] = -1;
			d->state[row] = DELTA_VOID;
		}
		return;
	}
	pair_rows(d, prev, now);
	d->other_life = prev->life != now->life;
	if (!d->other_life)
		d->seconds = interval_seconds(prev, now, gap_s);
	if (isnan(d->seconds)) {
		for (int row = 0; row < d->rows; row++)
			d->state[row] = DELTA_VOID;
		d->voided = d->other_life ? d->rows : 0;
		return;
	}
	for (int i = 0; i < p->field_count && i < now->columns && i < prev->columns; i++) {
		if (p->field[i].kind == FIELD_COUNTER && p->field[i].lookup < 0)
			void_fallen(d, prev, now, i);
	}
	if (p->reset_field >= 0)
		void_reset(d, prev, now, p->reset_field);
}

void delta_release(struct delta *d)
{
	free(d->before);
	free(d->state);
	*d = (struct delta){0};
}

struct cell delta_cell(const struct delta *d, const struct sample *prev, const struct sample *now, int row, int column)
{
	int64_t increase;

	if (row < 0 || row >= d->rows || d->state[row] != DELTA_KNOWN)
		return CELL_NONE;
	struct cell a = sample_cell(prev, d->before[row], column), b = sample_cell(now, row, column);

	if (a.kind == CELL_INT && b.kind == CELL_INT && !__builtin_sub_overflow(b.integer, a.integer, &increase))
		return cell_int(increase);
	return cell_number(cell_value(&b) - cell_value(&a)); /* NAN, thus unknown, when either is */
}
