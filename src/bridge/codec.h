/* SPDX-License-Identifier: PostgreSQL */
/*
 * How a value stands in the cache: as it is, as zlib, or sealed. The one home of zlib and libsodium, which are loaded at first
 * use. No socket and no file here: keys come as a text.
 *
 *   raw      the bytes themselves
 *   zlib     RFC 1950, default level: what the bridge's application writes and reads
 *   sealed   zlib level 1 where that makes it smaller (not tried below 400 bytes), then XChaCha20-Poly1305 (libsodium, IETF
 *            construction with a 24-byte random nonce):
 *
 *            'D' version(1) flags(1: 1 = zlib, 2 = sealed) key_id(2) zero(1) raw_len(4) | nonce(24) | ciphertext | tag(16)
 *
 *            Numbers are big-endian; version is 1. The associated data is those ten bytes and the name of the Redis key, so
 *            that a value can neither be changed nor moved to another key, nor can its header.
 *
 * What does not decode is a miss and a counter, never an error to the reader of the cache: whoever may write to Redis decides
 * what stands there.
 */
#ifndef BRIDGE_CODEC_H
#define BRIDGE_CODEC_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum codec_kind { CODEC_RAW, CODEC_ZLIB, CODEC_SEALED };

enum {
	CODEC_KEY_BYTES = 32,
	CODEC_KEYS_MAX = 4,
	CODEC_HEADER_BYTES = 10,
	CODEC_SEAL_BYTES = 50,      /* what sealing adds: header, nonce, tag */
	CODEC_RAW_MAX = 8 << 20,    /* of a value, decoded */
	CODEC_SMALL = 400,          /* sealed: below it compression is not tried */
};

struct codec_key {
	uint16_t id;
	uint8_t bytes[CODEC_KEY_BYTES];
};

/* The first one writes; all of them read. So a key is rotated by putting the new one in front, and taking the old one out when
 * the last value under it has expired. */
struct codec_keys {
	struct codec_key key[CODEC_KEYS_MAX];
	int count;
};

struct codec_counts {
	int64_t encoded, encoded_raw_bytes, encoded_bytes;
	int64_t decoded;
	int64_t unknown; /* another version, another layout, or a key that is not here */
	int64_t forged;  /* the seal does not fit: changed, cut, or another key's value */
	int64_t broken;  /* zlib says so, or the length is not the one that was sealed */
	int64_t too_big; /* it would be larger than CODEC_RAW_MAX */
};

struct codec;

/* "raw", "zlib", "sealed"; codec_kind_find(): -1 for another word. */
const char *codec_kind_name(enum codec_kind kind);
int codec_kind_find(struct str name);

/* "ID HEX" a line, or between commas or semicolons (for an environment variable): ID 0 to 65535, HEX 64 hexadecimal digits; '#' begins
 * a comment. ERR_INVALID says which line and what, never the text. `where` is for messages: a file, a variable. */
int codec_keys_parse(struct codec_keys *out, struct str text, const char *where, struct err *why) MUSTCHECK;
void codec_keys_wipe(struct codec_keys *keys);

/* Loads what the kind needs. keys are copied; needed for sealed only (ERR_INVALID without). ERR_UNSUPPORTED: a library is
 * missing. One codec serves one thread; making one takes 0.3 MiB for zlib. */
int codec_new(struct codec **out, enum codec_kind kind, const struct codec_keys *keys, struct err *why) MUSTCHECK;
void codec_free(struct codec *c); /* wipes the keys; NULL is accepted */
enum codec_kind codec_kind(const struct codec *c);

/* The bytes to store under that Redis key, into out (cleared first). ERR_TOO_BIG: raw over CODEC_RAW_MAX, or out's ceiling. */
int codec_encode(struct codec *c, struct str key_name, struct str raw, struct buf *out, struct err *why) MUSTCHECK;
/* The raw bytes of what stood under that key, into out (cleared first, empty on failure). Failures, each counted:
 * ERR_UNSUPPORTED (unknown), ERR_AUTH (forged), ERR_PROTOCOL (broken), ERR_TOO_BIG. */
int codec_decode(struct codec *c, struct str key_name, struct str value, struct buf *out, struct err *why) MUSTCHECK;
const struct codec_counts *codec_counts(const struct codec *c);

#endif
