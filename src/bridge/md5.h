/* SPDX-License-Identifier: PostgreSQL */
/* MD5 (RFC 1321), for ids that PostgreSQL's md5() makes too; no security rests on it. */
#ifndef BRIDGE_MD5_H
#define BRIDGE_MD5_H

#include "core/base.h"

enum { MD5_SHORT_MAX = 55, MD5_HEX = 32 };

/* Of at most MD5_SHORT_MAX bytes (one block), as 32 lower case hex digits, without a NUL. */
void md5_hex(char out[MD5_HEX], const char *bytes, size_t len);

#endif
