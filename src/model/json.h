/* SPDX-License-Identifier: PostgreSQL */
/*
 * JSON: the one home of cJSON for reading, and a writer that streams into a buffer.
 *
 * The writer never builds a tree: a snapshot of 5,000 rows costs its own bytes. What comes out is valid UTF-8
 * (clean_utf8()) with every control escaped, DEL and C1 too; numbers are the shortest that read back as the same
 * double, and what is not finite is null.
 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"
#include "model/cell.h"

/* --- writing ------------------------------------------------------------------------------------------------------ */

enum { JSON_DEPTH_MAX = 64 };

struct json_writer {
	struct buf *out;
	bool indent;  /* a line per value, two blanks a level; else no white space at all */
	int depth;
	bool any[JSON_DEPTH_MAX + 1];  /* something was written on this level */
	bool list[JSON_DEPTH_MAX + 1]; /* the level is a list */
};

/* Starts a text at the end of out. Whether all of it fitted is told by out->failed, once, at the end. */
void json_begin(struct json_writer *w, struct buf *out, bool indent);
/* Each of these writes one value. key is its name inside a map, and NULL inside a list and for the outermost value.
 * Opening more than JSON_DEPTH_MAX levels, or closing none, is a mistake of the caller and sets out->failed. */
void json_open_map(struct json_writer *w, const char *key);
void json_open_list(struct json_writer *w, const char *key);
void json_close(struct json_writer *w); /* the innermost map or list */
void json_put_text(struct json_writer *w, const char *key, struct str text);
void json_put_string(struct json_writer *w, const char *key, const char *text); /* NULL is null */
void json_put_int(struct json_writer *w, const char *key, int64_t value);
/* Beyond +-2^53, where most readers (ours too) would round it, the number goes out as a text of digits. */
void json_put_id(struct json_writer *w, const char *key, int64_t value);
void json_put_number(struct json_writer *w, const char *key, double value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
/* By kind; unknown is null. The mark is the caller's to write. */
void json_put_cell(struct json_writer *w, const char *key, const struct cell *c);

/* The shortest decimal form that reads back as the same double ("0.1", "1e+300", "12"); "null" when not finite. Never
 * locale dependent. Returns the length. */
enum { JSON_NUMBER_MAX = 40 };
size_t json_number_text(char out[JSON_NUMBER_MAX], double value);
/* Appends the text as a JSON string with its quotes. */
void json_quote(struct buf *out, struct str text);

/* --- reading ------------------------------------------------------------------------------------------------------ */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_MAP };

struct json; /* a node of a tree that json_free() frees from its root */

/* One value and white space, nothing behind it. Over max_bytes gives ERR_TOO_BIG; not JSON, deeper than JSON_DEPTH_MAX,
 * a NUL byte or \u0000 give ERR_INVALID; why says "line 3, column 14: ...". Prefix it with the file's name. */
int json_parse(struct json **out, const char *text, size_t len, size_t max_bytes, struct err *why) MUSTCHECK;
/* The same for trees that are deep by nature (plans, syntax trees): max_depth up to 900, for cJSON itself ends at 1000. */
int json_parse_deep(struct json **out, const char *text, size_t len, size_t max_bytes, int max_depth,
                    struct err *why) MUSTCHECK;
void json_free(struct json *root); /* NULL is accepted */

/* All of these accept NULL, as a node that is not there. */
enum json_kind json_kind(const struct json *n);                         /* JSON_NULL for NULL */
const struct json *json_get(const struct json *map, const char *key);  /* NULL when absent; case matters */
const struct json *json_child(const struct json *n);                   /* first entry of a map or list, or NULL */
const struct json *json_next(const struct json *n);
const char *json_key(const struct json *n);                            /* of a map's entry, else NULL */
int json_count(const struct json *n);                                  /* entries */
const char *json_text(const struct json *n);                           /* borrowed; NULL when it is no text */
double json_number(const struct json *n);                              /* NAN when it is no number */
/* An exact integer: a whole number within +-2^53, or a text of digits as json_put_id() writes. */
bool json_int(const struct json *n, int64_t *out) MUSTCHECK;
bool json_is_true(const struct json *n);

#endif
