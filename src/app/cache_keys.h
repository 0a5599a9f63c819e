/* SPDX-License-Identifier: PostgreSQL */
/* The keys that cached values are sealed with, from where a person keeps them. */
#ifndef APP_CACHE_KEYS_H
#define APP_CACHE_KEYS_H

#include "bridge/codec.h"
#include "core/err.h"

/* From the file (mode 0600; codec_keys_parse() has its form), else from the environment variable DYTOP_CACHE_SECRET. path NULL:
 * the variable only. Neither there: 0 and out->count 0. Wipe them with codec_keys_wipe(). */
int cache_keys_load(struct codec_keys *out, const char *path, struct err *why) MUSTCHECK;

#endif
