/* SPDX-License-Identifier: PostgreSQL */
/*
 * What one panel's query gave at one moment: columns by field, rows by key. Columnar, so that 10,000 rows of numbers
 * cost 8 bytes a value; texts share one pool. A sample is built once by a source (or replay), then never changes.
 *
 * Columns are indexed as the panel's fields are (struct panel, field i = column i). A field that the server does not
 * have is SAMPLE_ABSENT and every value of it unknown.
 */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include "core/base.h"
#include "core/map.h"
#include "core/str.h"
#include "model/cell.h"

enum sample_type {
	SAMPLE_ABSENT,
	SAMPLE_INT,   /* also times (us since 1970), oids, pids; unknown = SAMPLE_INT_UNKNOWN */
	SAMPLE_FLOAT, /* unknown = NAN */
	SAMPLE_TEXT,  /* unknown = offset SAMPLE_TEXT_UNKNOWN */
	SAMPLE_BOOL,  /* stored like SAMPLE_INT */
};

#define SAMPLE_INT_UNKNOWN INT64_MIN
#define SAMPLE_TEXT_UNKNOWN UINT32_MAX

enum {
	SAMPLE_ROWS_MAX = 200000,       /* ceiling of rows in one sample; more are dropped and `cut` is set */
	SAMPLE_TEXT_BYTES_MAX = 1 << 26 /* ceiling of the text pool: 64 MiB */
};

struct sample_text {
	uint32_t offset; /* into the pool, or SAMPLE_TEXT_UNKNOWN */
	uint32_t len;
};

struct sample_column {
	enum sample_type type;
	union {
		int64_t *ints;
		double *floats;
		struct sample_text *texts;
	};
};

struct sample {
	int64_t mono_ns;      /* when the answer was complete */
	int64_t wall_us;
	int64_t elapsed_us;   /* from this request's turn on the server to its answer; what it cost, roughly */
	uint64_t life;        /* which life of the server: differs after a restart, promotion or failover */
	int rows;
	int columns;
	struct sample_column *column;
	uint64_t *key;        /* a row's identity: hash of its key fields; valid after sample_finish() */
	int hidden;           /* rows that the server kept from us for lack of privilege (counted, never passed over) */
	bool cut;             /* a ceiling was hit: there are more rows */
	/* private */
	int room;
	struct buf pool;
	int32_t *index;       /* rows by their keys, open addressing, -1 = free; of rows with equal keys the first */
	uint32_t index_mask;
	struct map twins;     /* keys that more than one row has: nothing can be compared by them */
};

struct sample *sample_new(int columns);
void sample_free(struct sample *s); /* NULL is accepted */

/* Fixes the type of a column before its first value. A column whose type was never set is SAMPLE_ABSENT. */
void sample_type(struct sample *s, int column, enum sample_type type);
/* Makes room, when it is known how many rows will come: without the waste of doubling. Types are set before. */
void sample_reserve(struct sample *s, int rows);
/* Adds a row of unknown values; returns its number, or -1 when the ceiling is hit (s->cut is then set). */
int sample_add_row(struct sample *s);
/* Setters accept any numeric column type and convert int <-> float; a value that does not fit the column's type (text
 * into a number, an infinity) becomes unknown, a row or column that is not there is passed over. Text is copied into
 * the pool; one that equals the text in the row above shares its bytes. A text for which the pool has no room is
 * unknown and sets `cut`. */
void sample_set_int(struct sample *s, int row, int column, int64_t value);
void sample_set_float(struct sample *s, int row, int column, double value);
void sample_set_text(struct sample *s, int row, int column, const char *bytes, size_t len);
/* Computes keys and index from the key columns (none: the row number is the key). Call once, last. */
void sample_finish(struct sample *s, const int *key_columns, int key_count);

/* The value; text is borrowed from the sample. Column out of range or absent: CELL_NONE. */
struct cell sample_cell(const struct sample *s, int row, int column);
/* The same as a double, NAN when unknown or text: the fast path of deltas. */
double sample_number(const struct sample *s, int row, int column);
/* Row with that key, or -1. */
int sample_find(const struct sample *s, uint64_t key);
/* True when more than one row has this key: then no figure may be compared between samples by it. */
bool sample_is_twin(const struct sample *s, uint64_t key);
/* Those columns alone, with keys and index: to compare later samples with. */
struct sample *sample_copy(const struct sample *s, bool (*keep)(void *ctx, int column), void *ctx);
/* For an owner that only needs some columns from now on: frees the others (they become absent), the keys and the
 * index. */
void sample_strip(struct sample *s, bool (*keep)(void *ctx, int column), void *ctx);
/* Bytes held, for the self panel and tests. */
size_t sample_bytes(const struct sample *s);

#endif
