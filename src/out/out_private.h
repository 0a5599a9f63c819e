/* SPDX-License-Identifier: PostgreSQL */
/* What the formats share; nobody else includes it. */
#ifndef OUT_OUT_PRIVATE_H
#define OUT_OUT_PRIVATE_H

#include "out/out.h"

extern const struct out_format out_table, out_json, out_ndjson, out_csv, out_openmetrics;

enum { OUT_COLUMNS_MAX = 256 };

/* The columns to print, by index into panel->column: those chosen, else those shown (`all` = false), else all. A trend is
 * a picture, not a value: never among them. */
int out_columns(const struct out_panel *p, bool all, int columns[OUT_COLUMNS_MAX]);
/* Rows to print, and row i of them as the feed counts. */
int out_rows(const struct out_frame *frame, const struct out_panel *p);
int out_row(const struct out_panel *p, int i);
/* "live", "stale" or "unavailable", and why not live ("" when live; cleaned by whoever made it). */
const char *out_state(const struct out_panel *p);
const char *out_reason(const struct out_panel *p);
bool out_has_data(const struct out_panel *p);
/* Seconds since the data were true, NAN without data. */
double out_age_s(const struct out_frame *frame, const struct out_panel *p);
/* A 64-bit hash (queryid), which most JSON readers would round: written as a text in every row, whatever its size. */
bool out_is_hash(const struct panel *panel, int column);
/* Appends a time as ISO 8601 in UTC. */
void out_time(struct buf *out, int64_t us);
/* Drops what the frame has appended since `start` when the buffer's ceiling was hit. */
int out_check(struct buf *out, size_t start, struct err *why);

#endif
