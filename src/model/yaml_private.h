/* SPDX-License-Identifier: PostgreSQL */
/* What yaml.c and yaml_pack.c share; nobody else includes it. */
#ifndef MODEL_YAML_PRIVATE_H
#define MODEL_YAML_PRIVATE_H

#include "core/arena.h"
#include "model/yaml.h"

enum { YAML_DEPTH_MAX = 16 };

struct yaml_file {
	struct arena *arena;
	const char *name;
	struct yaml *root;
};

/* With an empty root. */
struct yaml_file *yaml_file_new(const char *name);

#endif
