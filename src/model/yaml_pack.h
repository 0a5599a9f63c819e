/* SPDX-License-Identifier: PostgreSQL */
/*
 * A parsed tree as bytes: what tools/pack makes of the headers of the panels that are compiled in, so that starting does not
 * parse YAML. Bytes of one build, never a file: their form is nobody's contract.
 */
#ifndef MODEL_YAML_PACK_H
#define MODEL_YAML_PACK_H

#include "core/buf.h"
#include "model/yaml.h"

/* Appends the tree. */
void yaml_pack(const struct yaml_file *file, struct buf *out);
/* The tree again. Its texts are borrowed from the bytes; the file is freed by yaml_file_free(). ERR_INVALID when the bytes are
 * not what yaml_pack() made. */
int yaml_unpack(struct yaml_file **out, const char *name, struct str bytes, struct err *why) MUSTCHECK;

#endif
