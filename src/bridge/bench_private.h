/* SPDX-License-Identifier: PostgreSQL */
/* What the files of the workload's parser share. */
#ifndef BRIDGE_BENCH_PRIVATE_H
#define BRIDGE_BENCH_PRIVATE_H

#include "bridge/bench_workload.h"
#include "core/arena.h"
#include "model/yaml.h"

enum { BENCH_BYTES_MAX = 256 << 10, BENCH_NAME_MAX = 31 };

struct bench_parser {
	struct bench_workload *w;
	struct arena *arena;     /* the workload's memory */
	struct yaml_file *yaml;
	const struct yaml *root;
	struct err *why;
};

int bench_parse_error(struct bench_parser *bp, int line, const char *format, ...) PRINTFLIKE(3, 4);
/* bench_params.c: `params:` of a statement whose name is set; statements before it are known by name. */
int bench_parse_params(struct bench_parser *bp, const struct yaml *map, struct bench_statement *s) MUSTCHECK;
/* bench_body.c: the texts behind the header, from first_line on. */
int bench_parse_bodies(struct bench_parser *bp, char *text, int first_line) MUSTCHECK;

bool bench_is_name(const char *text); /* [a-z][a-z0-9_]*, at most BENCH_NAME_MAX */
int bench_read_name(struct bench_parser *bp, const struct yaml *n, const char **out) MUSTCHECK;
int bench_read_number(struct bench_parser *bp, const struct yaml *n, double min, double max, double *out) MUSTCHECK;
int bench_param_by_name(const struct bench_statement *s, struct str name); /* -1 none */

#endif
