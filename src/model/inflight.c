/* SPDX-License-Identifier: PostgreSQL */
#include "model/inflight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"

enum { SIGHTINGS_A_SECOND_MAX = 2000 };

/* Two starts of one session closer than this are one execution: the server's and our clock tick apart a little. */
#define SAME_START_MS 3.0

struct sighting {
	int32_t segment; /* running number */
	int16_t slot;
	uint16_t who;    /* folded: only tells a few sessions apart */
	float age_ms;
	float start_ms;  /* modulo 2^20: only compared within a window */
};

struct slot {
	int64_t query;
	int32_t first;   /* segment from which its calls are counted */
	int32_t seen;    /* last segment in which it was seen */
	double calls[INFLIGHT_SEGMENTS_MAX];
};

struct inflight {
	struct map index; /* query -> slot */
	struct slot *slot;
	int slots;
	struct sighting *ring;
	int count, room, head; /* head: the oldest when the ring is full */
	int32_t open;          /* number of the segment that is open */
	int32_t floor;         /* segments before this one are not whole any more */
	int looks;             /* in the open segment */
	int skip, skipped;     /* every skip-th look counts */
	struct {
		double seconds;
		int looks;
	} segment[INFLIGHT_SEGMENTS_MAX];
};

struct inflight *inflight_new(void)
{
	struct inflight *f = mem_alloc(sizeof(*f));

	f->open = 1;
	f->floor = 1;
	f->skip = 1;
	return f;
}

void inflight_free(struct inflight *f)
{
	if (!f)
		return;
	map_release(&f->index);
	free(f->slot);
	free(f->ring);
	free(f);
}

static int ring_at(int32_t segment)
{
	return segment % INFLIGHT_SEGMENTS_MAX;
}

bool inflight_look(struct inflight *f, double rate_hz, int expected_rows)
{
	double a_second = rate_hz * expected_rows;

	f->skip = a_second > SIGHTINGS_A_SECOND_MAX ? (int)fmin(ceil(a_second / SIGHTINGS_A_SECOND_MAX), 1e6) : 1;
	if (++f->skipped < f->skip)
		return false;
	f->skipped = 0;
	f->looks++;
	return true;
}

/* Slots that were not seen in the window make place. */
static void drop_unseen(struct inflight *f)
{
	int32_t oldest = f->open - INFLIGHT_SEGMENTS_MAX;
	int kept = 0;
	int16_t *moved = mem_calloc((size_t)f->slots + 1, sizeof(*moved));

	map_clear(&f->index);
	for (int i = 0; i < f->slots; i++) {
		moved[i] = -1;
		if (f->slot[i].seen <= oldest || f->slot[i].seen < f->floor)
			continue;
		moved[i] = (int16_t)kept;
		f->slot[kept] = f->slot[i];
		map_put(&f->index, (uint64_t)f->slot[kept].query, (uint64_t)kept);
		kept++;
	}
	for (int i = 0; i < f->count; i++) {
		if (f->ring[i].slot >= 0)
			f->ring[i].slot = moved[f->ring[i].slot];
	}
	f->slots = kept;
	free(moved);
}

int inflight_slot(const struct inflight *f, int64_t query)
{
	uint64_t at;

	return map_get(&f->index, (uint64_t)query, &at) ? (int)at : -1;
}

static int slot_get(struct inflight *f, int64_t query)
{
	int at = inflight_slot(f, query);

	if (at >= 0)
		return at;
	if (!f->slot)
		f->slot = mem_calloc(INFLIGHT_QUERIES_MAX, sizeof(*f->slot));
	if (f->slots == INFLIGHT_QUERIES_MAX)
		return -1;
	at = f->slots++;
	f->slot[at] = (struct slot){.query = query, .first = f->open};
	map_put(&f->index, (uint64_t)query, (uint64_t)at);
	return at;
}

static struct sighting *ring_next(struct inflight *f)
{
	if (f->count == f->room && f->room < INFLIGHT_SIGHTINGS_MAX) {
		f->room = f->room ? f->room * 2 : 256;
		f->ring = mem_resize(f->ring, (size_t)f->room, sizeof(*f->ring));
	}
	if (f->count < f->room)
		return &f->ring[f->count++];

	struct sighting *oldest = &f->ring[f->head];

	f->head = (f->head + 1) % f->room;
	if (oldest->segment >= f->floor)
		f->floor = oldest->segment + 1; /* that segment has lost a sighting */
	return oldest;
}

void inflight_see(struct inflight *f, int64_t query, uint64_t who, double start_ms, double age_ms)
{
	int slot = slot_get(f, query);

	if (slot < 0 || !isfinite(age_ms) || !isfinite(start_ms) || age_ms < 0)
		return;
	f->slot[slot].seen = f->open;
	*ring_next(f) = (struct sighting){
		.segment = f->open,
		.slot = (int16_t)slot,
		.who = (uint16_t)(who ^ who >> 16 ^ who >> 32 ^ who >> 48),
		.age_ms = (float)age_ms,
		.start_ms = (float)fmod(start_ms, 1048576.0),
	};
}

void inflight_close(struct inflight *f, double seconds)
{
	int at = ring_at(f->open);

	f->segment[at].seconds = seconds;
	f->segment[at].looks = f->looks;
	f->looks = 0;
	if (!(seconds > 0))
		f->floor = f->open + 1;
	for (int i = 0; i < f->slots; i++)
		f->slot[i].calls[at] = 0;
	f->open++;
	if (f->slots == INFLIGHT_QUERIES_MAX || (f->slots > 0 && f->open % INFLIGHT_SEGMENTS_MAX == 0))
		drop_unseen(f);
}

void inflight_calls(struct inflight *f, int slot, double calls)
{
	if (slot < 0 || slot >= f->slots)
		return;
	f->slot[slot].calls[ring_at(f->open - 1)] = calls;
	if (isnan(calls))
		f->slot[slot].first = f->open; /* its window begins anew */
}

struct window {
	int32_t from, to; /* segments from..to-1 */
	double seconds;
	double exposure;  /* sum over the segments of looks times calls per ms */
};

/* The closed segments of the last INFLIGHT_WINDOW_S that are whole and in which the slot's calls are known. */
static struct window slot_window(const struct inflight *f, const struct slot *s)
{
	struct window w = {.from = f->open, .to = f->open};

	while (w.from > 1 && w.to - w.from < INFLIGHT_SEGMENTS_MAX - 1 && w.seconds < INFLIGHT_WINDOW_S) {
		int32_t one = w.from - 1;
		int at = ring_at(one);

		if (one < f->floor || one < s->first || isnan(s->calls[at]))
			break;
		w.from = one;
		w.seconds += f->segment[at].seconds;
		w.exposure += f->segment[at].looks * s->calls[at] / (f->segment[at].seconds * 1000);
	}
	return w;
}

static int by_age(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	return (x->age_ms > y->age_ms) - (x->age_ms < y->age_ms);
}

static int by_execution(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->who != y->who)
		return x->who < y->who ? -1 : 1;
	return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

/* The slot's sightings in the window, by age; free() them. */
static struct sighting *gather(const struct inflight *f, int slot, const struct window *w, int *count)
{
	struct sighting *out = mem_calloc((size_t)f->count + 1, sizeof(*out));
	int n = 0;

	for (int i = 0; i < f->count; i++) {
		const struct sighting *s = &f->ring[i];

		if (s->slot == slot && s->segment >= w->from && s->segment < w->to)
			out[n++] = *s;
	}
	qsort(out, (size_t)n, sizeof(*out), by_age);
	*count = n;
	return out;
}

/* Vertices of the least concave majorant of the points (0, 0) and (age of sighting i, i + 1): returns their count,
 * vertex[] gets the sightings' numbers. */
static int majorant(const struct sighting *seen, int n, int *vertex)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		if (i + 1 < n && seen[i + 1].age_ms == seen[i].age_ms)
			continue; /* only the highest of points above each other */
		while (count > 0) {
			double x0 = count > 1 ? seen[vertex[count - 2]].age_ms : 0;
			double y0 = count > 1 ? vertex[count - 2] + 1 : 0;
			double x1 = seen[vertex[count - 1]].age_ms, y1 = vertex[count - 1] + 1;

			/* The last vertex stays when the slope falls there. */
			if ((y1 - y0) * (seen[i].age_ms - x1) > (i + 1 - y1) * (x1 - x0))
				break;
			count--;
		}
		vertex[count++] = i;
	}
	return count;
}

/* The age at which the fitted density falls to `density` (per ms). */
static double falls_to(const struct sighting *seen, const int *vertex, int vertices, double density)
{
	double x = 0, y = 0;

	for (int i = 0; i < vertices; i++) {
		double x1 = seen[vertex[i]].age_ms, y1 = vertex[i] + 1;

		if (y1 - y <= density * (x1 - x))
			break;
		x = x1;
		y = y1;
	}
	return x;
}

static void count_beyond(struct sighting *seen, int n, double age_ms, struct inflight_fit *out)
{
	int from = 0;

	while (from < n && seen[from].age_ms < age_ms)
		from++;
	out->sightings = n - from;
	qsort(seen + from, (size_t)(n - from), sizeof(*seen), by_execution);
	for (int i = from; i < n; i++) {
		if (i == from || seen[i].who != seen[i - 1].who ||
		    seen[i].start_ms - seen[i - 1].start_ms > (float)SAME_START_MS)
			out->calls++;
	}
}

void inflight_fit(struct inflight *f, int64_t query, double q, struct inflight_fit *out)
{
	int slot = inflight_slot(f, query), n, vertices, *vertex;
	struct sighting *seen;
	struct window w;
	double density;

	*out = (struct inflight_fit){.value = NAN, .early = NAN, .late = NAN};
	if (slot < 0 || !(q > 0 && q < 1))
		return;
	w = slot_window(f, &f->slot[slot]);
	if (!(w.exposure > 0))
		return;
	seen = gather(f, slot, &w, &n);
	if (n > 0) {
		vertex = mem_calloc((size_t)n, sizeof(*vertex));
		vertices = majorant(seen, n, vertex);
		density = (1 - q) * w.exposure; /* that belongs to S = 1 - q */
		out->value = falls_to(seen, vertex, vertices, density);
		out->early = falls_to(seen, vertex, vertices, density * 1.25);
		out->late = falls_to(seen, vertex, vertices, density * 0.8);
		free(vertex);
		count_beyond(seen, n, out->value / 2, out);
	}
	free(seen);
}

/* How far off the estimate may be, as a part of it, by the slope of the fit around it: much, on a cliff. */
static double likely_error(const struct inflight_fit *fit)
{
	double steep = log(fit->late / fit->early) / log(1.25 / 0.8);

	return steep * 2.5 / cbrt(fit->calls);
}

double inflight_quantile(struct inflight *f, int64_t query, double q)
{
	struct inflight_fit fit;

	inflight_fit(f, query, q, &fit);
	if (!(fit.value >= INFLIGHT_LEAST_MS) || fit.sightings < INFLIGHT_LEAST_SIGHTINGS ||
	    fit.calls < INFLIGHT_LEAST_CALLS)
		return NAN;
	return likely_error(&fit) * 100 <= INFLIGHT_ERROR_MAX ? fit.value : (double)NAN;
}

size_t inflight_bytes(const struct inflight *f)
{
	return sizeof(*f) + (size_t)f->room * sizeof(*f->ring) + f->index.room * 17 +
	       (f->slot ? sizeof(*f->slot) * INFLIGHT_QUERIES_MAX : 0);
}
