/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one home of libyaml: text to a small tree with line numbers, strictly. Aliases, anchors, tags, directives,
 * several documents, duplicate keys, entries of a {flow} map without a value, keys that are not plain texts, NUL bytes,
 * invalid UTF-8, depth over 16, more than 65536 nodes, more than 1024 entries in one map and a size over 1 MiB are
 * errors that name file, line and column. The outermost node is a map. A byte order mark and CR LF line ends are accepted.
 */
#ifndef MODEL_YAML_H
#define MODEL_YAML_H

#include "core/base.h"
#include "core/err.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	const char *key;    /* in a map: the entry's key, else NULL */
	const char *text;   /* scalar: its text (NUL-terminated, may be ""), else NULL */
	bool quoted;        /* scalar was quoted (so that "12" and 12 can be told) */
	int line;           /* 1-based, in the file (first_line counted in): of the key, or of the value without one */
	int column;         /* 1-based, of the same place */
	struct yaml *child; /* first entry of a list or map */
	struct yaml *next;
	int count;          /* number of children */
};

struct yaml_file; /* owns the tree */

/* Parses len bytes; `name` is used in messages only, and line numbers start at first_line. An empty text is an empty
 * map. */
int yaml_parse(struct yaml_file **out, const char *name, int first_line, const char *text, size_t len,
               struct err *why) MUSTCHECK;
void yaml_file_free(struct yaml_file *file); /* NULL is accepted; libyaml itself exports a yaml_free() */
const struct yaml *yaml_root(const struct yaml_file *file);
const char *yaml_name(const struct yaml_file *file);

/* The entry of a map, NULL when absent (or when map is NULL). */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* Sets "NAME:LINE: message" (cleaned: texts of the file may be quoted in it) and returns ERR_INVALID. */
int yaml_error(const struct yaml_file *file, const struct yaml *at, struct err *why, const char *format, ...)
	PRINTFLIKE(4, 5);
/* Fails on the first key of `map` that is not in the NULL-terminated list, naming it and the nearest known one. */
int yaml_check_keys(const struct yaml_file *file, const struct yaml *map, const char *const *known,
                    struct err *why) MUSTCHECK;

/* Typed reads of a node that exists; each says file, line, key and what was expected. */
int yaml_read_text(const struct yaml_file *f, const struct yaml *n, const char **out, struct err *why) MUSTCHECK;
int yaml_read_int(const struct yaml_file *f, const struct yaml *n, int64_t min, int64_t max, int64_t *out,
                  struct err *why) MUSTCHECK;
/* yes, no, true, false */
int yaml_read_bool(const struct yaml_file *f, const struct yaml *n, bool *out, struct err *why) MUSTCHECK;
int yaml_read_duration(const struct yaml_file *f, const struct yaml *n, double *ms, struct err *why) MUSTCHECK;
/* Index of the text in the NULL-terminated list of names. */
int yaml_read_choice(const struct yaml_file *f, const struct yaml *n, const char *const *names, int *out,
                     struct err *why) MUSTCHECK;

#endif
