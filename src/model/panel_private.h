/* SPDX-License-Identifier: PostgreSQL */
/* One parse of a panel under way: for panel_*.c only. Functions return 0 or a negative enum err_code with why set. */
#ifndef MODEL_PANEL_PRIVATE_H
#define MODEL_PANEL_PRIVATE_H

#include "core/arena.h"
#include "model/panel.h"
#include "model/yaml.h"

enum {
	PANEL_BYTES_MAX = 256 << 10,
	PANEL_NAME_MAX = 63,
	PANEL_FIELDS_MAX = 256,
	PANEL_COLUMNS_MAX = 96,
	PANEL_FIGURES_MAX = 64,
	PANEL_CHARTS_MAX = 8,
	PANEL_LOOKUPS_MAX = 8,
	PANEL_BODIES_MAX = 64,
	PANEL_LIST_MAX = 32,
	PANEL_VERSION_MAX = 99999999,
};

struct panel_parser {
	struct panel *p;
	struct arena *arena;       /* the panel's memory */
	struct yaml_file *yaml;    /* the header */
	const struct yaml *root;
	struct err *why;
};

/* panel_fields.c */
int panel_parse_fields(struct panel_parser *pp) MUSTCHECK;   /* fields: and lookups: */
/* The field that a text names. */
int panel_find_field(struct panel_parser *pp, const struct yaml *n, int *out) MUSTCHECK;
/* The same for entry `key` of a map; the field is left alone when there is none. */
int panel_read_field(struct panel_parser *pp, const struct yaml *map, const char *key, int *out) MUSTCHECK;

/* panel_columns.c */
int panel_parse_columns(struct panel_parser *pp) MUSTCHECK;
/* panel_figures.c */
int panel_parse_figures(struct panel_parser *pp) MUSTCHECK;  /* figures: and charts: */
/* panel_header.c: everything else of the header; the first part needs nothing, the second one fields and columns. */
int panel_parse_top(struct panel_parser *pp) MUSTCHECK;
int panel_parse_links(struct panel_parser *pp) MUSTCHECK;
/* panel_target.c: what a row is to those who act on it. */
int panel_parse_target(struct panel_parser *pp) MUSTCHECK;
/* panel_body.c: text behind the header, which starts on first_line. */
int panel_parse_bodies(struct panel_parser *pp, char *text, int first_line) MUSTCHECK;

/* --- helpers (panel_helpers.c) ------------------------------------------------------------------------------------ */

/* Sets "FILE:LINE: message" and returns ERR_INVALID. */
int panel_error(struct panel_parser *pp, int line, const char *format, ...) PRINTFLIKE(3, 4);
/* A name as columns, screens and figures have it: [a-z][a-z0-9_]*, at most PANEL_NAME_MAX bytes. */
bool panel_is_name(const char *text);
/* A name as fields have it: a letter or _, then letters, digits, _. */
bool panel_is_field_name(const char *text);
int panel_read_name(struct panel_parser *pp, const struct yaml *n, const char **out) MUSTCHECK;
/* Entry `key` of map as a text in the panel's memory; *out is left alone when there is none. */
int panel_read_text(struct panel_parser *pp, const struct yaml *map, const char *key, const char **out) MUSTCHECK;
int panel_read_int(struct panel_parser *pp, const struct yaml *map, const char *key, const int range[2], int *out)
	MUSTCHECK;
int panel_read_bool(struct panel_parser *pp, const struct yaml *map, const char *key, bool *out) MUSTCHECK;
int panel_read_duration(struct panel_parser *pp, const struct yaml *map, const char *key, double *out) MUSTCHECK;
int panel_read_unit(struct panel_parser *pp, const struct yaml *map, enum unit *out) MUSTCHECK;
/* A list of 1..max entries, or NULL in *out when there is none; a single text is no list. */
int panel_read_list(struct panel_parser *pp, const struct yaml *map, const char *key, int max,
                    const struct yaml **out) MUSTCHECK;
/* Entry `key` of map as an expression over fields; label names the column or figure in messages ("" for none). */
int panel_read_expr(struct panel_parser *pp, const struct yaml *map, const char *key, const char *label,
                    struct expr **out) MUSTCHECK;
/* A limit of what `value` gives (NULL: a field's own); one that could never be said to be passed is refused. */
int panel_read_threshold(struct panel_parser *pp, const struct yaml *map, const char *key, const char *label,
                         const struct expr *value, struct expr **out) MUSTCHECK;

#endif
