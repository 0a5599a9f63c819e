/* SPDX-License-Identifier: PostgreSQL */
/* SHA-256, from OpenSSL's libcrypto, which is loaded at first use. */
#ifndef SOURCE_DIGEST_H
#define SOURCE_DIGEST_H

#include "core/base.h"
#include "core/err.h"

enum { DIGEST_HEX = 65 };

/* 64 small hex digits and a NUL. Safe in any thread. ERR_UNSUPPORTED when libcrypto is missing, naming the Debian package. */
int digest_sha256(const void *bytes, size_t len, char hex[DIGEST_HEX], struct err *why) MUSTCHECK;

#endif
