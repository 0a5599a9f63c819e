/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/codec.h"

#include <dlfcn.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/mem.h"

enum {
	SEAL_VERSION = 1,
	FLAG_ZLIB = 1,
	FLAG_SEALED = 2,
	NONCE_BYTES = 24,
	TAG_BYTES = 16,
	NONCES = 64,          /* random bytes are taken from the kernel for so many at once */
	KEY_NAME_MAX = 4096,
	SMALL_LIMIT = 16384,  /* values up to here are compressed with the small state */
};

#define ZLIB_FUNCTIONS(X) \
	X(deflateInit2_) X(deflateReset) X(deflate) X(deflateEnd) X(deflateBound) \
	X(inflateInit2_) X(inflateReset) X(inflate) X(inflateEnd)
#define SODIUM_FUNCTIONS(X) \
	X(sodium_init) X(randombytes_buf) X(crypto_aead_xchacha20poly1305_ietf_encrypt) X(crypto_aead_xchacha20poly1305_ietf_decrypt)

struct codec {
	enum codec_kind kind;
	struct codec_keys keys;
	struct codec_counts counts;
	struct {
#define X(name) __typeof__(&name) name;
		ZLIB_FUNCTIONS(X)
		SODIUM_FUNCTIONS(X)
#undef X
	} lib;
	/* Clearing zlib's hash table costs more than compressing a small value: those get a table of their size. */
	z_stream small, large, in;
	bool small_ready, large_ready, in_ready;
	struct buf packed; /* sealed: what is compressed but not sealed, and the other way round */
	uint8_t nonce[NONCES * NONCE_BYTES];
	int nonces;
};

/* --- libraries -------------------------------------------------------------------------------------------------------- */

/* A function pointer and what dlsym() returns are the same thing on every system that has dlsym(); ISO C has no cast. */
static bool find(void *library, const char *name, void *slot)
{
	void *symbol = dlsym(library, name);

	memcpy(slot, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static void *open_library(const char *const *names)
{
	void *library = NULL;

	for (; *names && !library; names++)
		library = dlopen(*names, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	return library;
}

static int load_zlib(struct codec *c, struct err *why)
{
	static const char *const names[] = {"libz.so.1", "libz.so", NULL};
	void *library = open_library(names);
	const char *missing = NULL;

	if (!library)
		return err_set(why, ERR_UNSUPPORTED, "cannot load libz.so.1: install the Debian package zlib1g");
#define X(name)                                                                                                        \
	if (!find(library, #name, &c->lib.name))                                                                       \
		missing = #name;
	ZLIB_FUNCTIONS(X)
#undef X
	dlclose(library); /* gives back the reference; the library itself stays */
	return missing ? err_set(why, ERR_UNSUPPORTED, "zlib has no %s", missing) : 0;
}

static int load_sodium(struct codec *c, struct err *why)
{
	static const char *const names[] = {"libsodium.so.23", "libsodium.so.26", "libsodium.so", NULL};
	void *library = open_library(names);
	const char *missing = NULL;

	if (!library)
		return err_set(why, ERR_UNSUPPORTED, "cannot load libsodium: install the Debian package libsodium23");
#define X(name)                                                                                                        \
	if (!find(library, #name, &c->lib.name))                                                                       \
		missing = #name;
	SODIUM_FUNCTIONS(X)
#undef X
	dlclose(library);
	if (missing)
		return err_set(why, ERR_UNSUPPORTED, "libsodium has no %s", missing);
	return c->lib.sodium_init() < 0 ? err_set(why, ERR_UNSUPPORTED, "libsodium found no source of random bytes") : 0;
}

/* --- keys ------------------------------------------------------------------------------------------------------------- */

static const char *const kind_names[] = {"raw", "zlib", "sealed"};

const char *codec_kind_name(enum codec_kind kind)
{
	return kind_names[kind];
}

int codec_kind_find(struct str name)
{
	for (int i = 0; i < (int)ARRAY_LEN(kind_names); i++)
		if (str_is(name, kind_names[i]))
			return i;
	return -1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* "ID HEX"; false when it is not that. */
static bool parse_key(struct codec_key *out, struct str line)
{
	size_t at = 0, digits = 0;
	unsigned id = 0;

	for (; at < line.len && line.at[at] >= '0' && line.at[at] <= '9' && digits < 6; at++, digits++)
		id = id * 10 + (unsigned)(line.at[at] - '0');
	if (digits == 0 || id > UINT16_MAX || at == line.len || !is_blank(line.at[at]))
		return false;
	while (at < line.len && is_blank(line.at[at]))
		at++;
	if (line.len - at != CODEC_KEY_BYTES * 2)
		return false;
	for (size_t i = 0; i < CODEC_KEY_BYTES; i++) {
		int high = hex_digit(line.at[at + i * 2]), low = hex_digit(line.at[at + i * 2 + 1]);
		if (high < 0 || low < 0)
			return false;
		out->bytes[i] = (uint8_t)(high << 4 | low);
	}
	out->id = (uint16_t)id;
	return true;
}

static struct str next_line(struct str *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->at[len] != '\n' && rest->at[len] != ',' && rest->at[len] != ';')
		len++;
	struct str line = {rest->at, len};
	size_t skip = len < rest->len ? len + 1 : len;
	rest->at += skip;
	rest->len -= skip;
	while (line.len && is_blank(line.at[0])) {
		line.at++;
		line.len--;
	}
	const char *comment = line.len ? memchr(line.at, '#', line.len) : NULL;
	if (comment)
		line.len = (size_t)(comment - line.at);
	while (line.len && is_blank(line.at[line.len - 1]))
		line.len--;
	return line;
}

int codec_keys_parse(struct codec_keys *out, struct str text, const char *where, struct err *why)
{
	struct codec_keys keys = {.count = 0};
	int number = 0, code = 0;

	while (text.len && !code) {
		struct str line = next_line(&text);
		struct codec_key *key = &keys.key[keys.count];
		number++;
		if (line.len == 0)
			continue;
		if (keys.count == CODEC_KEYS_MAX) {
			code = err_set(why, ERR_INVALID, "%s:%d: more than %d keys", where, number, CODEC_KEYS_MAX);
			break;
		}
		if (!parse_key(key, line))
			code = err_set(why, ERR_INVALID, "%s:%d: a key is its number (0 to 65535), a blank and %d hexadecimal digits",
			               where, number, CODEC_KEY_BYTES * 2);
		for (int i = 0; i < keys.count && !code; i++)
			if (keys.key[i].id == key->id)
				code = err_set(why, ERR_INVALID, "%s:%d: key %d is there twice", where, number, (int)key->id);
		keys.count += code == 0;
	}
	if (!code && keys.count == 0)
		code = err_set(why, ERR_INVALID, "%s: there is no key in it (a number, a blank, %d hexadecimal digits)", where,
		               CODEC_KEY_BYTES * 2);
	if (!code)
		*out = keys;
	codec_keys_wipe(&keys);
	return code;
}

void codec_keys_wipe(struct codec_keys *keys)
{
	mem_wipe(keys, sizeof(*keys));
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

/* Memory levels: 4096 entries of hash for values up to SMALL_LIMIT, zlib's default for others. */
static int ready_deflate(struct codec *c, z_stream *z, bool *ready, struct err *why)
{
	int level = c->kind == CODEC_SEALED ? 1 : Z_DEFAULT_COMPRESSION;
	int window = z == &c->small ? 14 : 15, memory = z == &c->small ? 5 : 8;

	if (*ready)
		return c->lib.deflateReset(z) == Z_OK ? 0 : err_set(why, ERR_UNSUPPORTED, "zlib cannot start anew");
	if (c->lib.deflateInit2_(z, level, Z_DEFLATED, window, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION, sizeof(*z)) != Z_OK)
		return err_set(why, ERR_UNSUPPORTED, "zlib cannot start: %s", z->msg ? z->msg : "no memory");
	*ready = true;
	return 0;
}

static int ready_inflate(struct codec *c, struct err *why)
{
	if (c->in_ready)
		return c->lib.inflateReset(&c->in) == Z_OK ? 0 : err_set(why, ERR_UNSUPPORTED, "zlib cannot start anew");
	if (c->lib.inflateInit2_(&c->in, 15, ZLIB_VERSION, sizeof(c->in)) != Z_OK)
		return err_set(why, ERR_UNSUPPORTED, "zlib cannot start: %s", c->in.msg ? c->in.msg : "no memory");
	c->in_ready = true;
	return 0;
}

int codec_new(struct codec **out, enum codec_kind kind, const struct codec_keys *keys, struct err *why)
{
	struct codec *c;
	int code = 0;

	if (kind == CODEC_SEALED && (!keys || keys->count == 0))
		return err_set(why, ERR_INVALID, "the codec sealed needs a key: a file of mode 0600 or the environment");
	c = mem_alloc(sizeof(*c));
	c->kind = kind;
	c->packed = BUF_INIT(CODEC_RAW_MAX + (CODEC_RAW_MAX >> 8) + 1024);
	if (kind != CODEC_RAW)
		code = load_zlib(c, why);
	if (!code && kind == CODEC_SEALED) {
		c->keys = *keys;
		code = load_sodium(c, why);
	}
	if (code) {
		codec_free(c);
		return code;
	}
	*out = c;
	return 0;
}

void codec_free(struct codec *c)
{
	if (!c)
		return;
	if (c->small_ready)
		c->lib.deflateEnd(&c->small);
	if (c->large_ready)
		c->lib.deflateEnd(&c->large);
	if (c->in_ready)
		c->lib.inflateEnd(&c->in);
	if (c->packed.data)
		mem_wipe(c->packed.data, c->packed.len);
	buf_release(&c->packed);
	codec_keys_wipe(&c->keys);
	free(c);
}

enum codec_kind codec_kind(const struct codec *c)
{
	return c->kind;
}

const struct codec_counts *codec_counts(const struct codec *c)
{
	return &c->counts;
}

/* --- zlib ------------------------------------------------------------------------------------------------------------- */

/* zlib's own interface takes what it only reads as Bytef *, without const. */
static Bytef *input(struct str text)
{
	union {
		const char *constant;
		Bytef *bytes;
	} at = {.constant = text.at};
	return at.bytes;
}

/* Makes place for `len` bytes behind out's contents and counts them in; NULL when its ceiling is hit. */
static uint8_t *extend(struct buf *out, size_t len)
{
	static const char zeros[4096];
	size_t from = out->len;

	for (size_t left = len; left;) {
		size_t piece = left < sizeof(zeros) ? left : sizeof(zeros);
		if (!buf_add(out, zeros, piece))
			return NULL;
		left -= piece;
	}
	return out->data ? (uint8_t *)out->data + from : NULL;
}

/* Appends the zlib stream of raw to out. */
static int pack(struct codec *c, struct str raw, struct buf *out, struct err *why)
{
	bool is_small = raw.len <= SMALL_LIMIT;
	z_stream *z = is_small ? &c->small : &c->large;
	size_t from = out->len;
	int code = ready_deflate(c, z, is_small ? &c->small_ready : &c->large_ready, why);

	if (code)
		return code;
	uLong bound = c->lib.deflateBound(z, raw.len);
	uint8_t *room = extend(out, bound);
	if (!room)
		return err_set(why, ERR_TOO_BIG, "a value does not fit");
	z->next_in = input(raw);
	z->avail_in = (uInt)raw.len;
	z->next_out = room;
	z->avail_out = (uInt)bound;
	if (c->lib.deflate(z, Z_FINISH) != Z_STREAM_END)
		return err_set(why, ERR_UNSUPPORTED, "zlib did not come to an end");
	buf_cut(out, from + (bound - z->avail_out));
	return 0;
}

/* Appends what the zlib stream holds to out, never more than `limit` bytes. */
static int unpack(struct codec *c, struct str packed, size_t limit, struct buf *out, struct err *why)
{
	uint8_t piece[16384];
	int code = ready_inflate(c, why);
	int status = Z_OK;

	if (code)
		return code;
	c->in.next_in = input(packed);
	c->in.avail_in = (uInt)packed.len;
	while (status == Z_OK) {
		c->in.next_out = piece;
		c->in.avail_out = sizeof(piece);
		status = c->lib.inflate(&c->in, Z_NO_FLUSH);
		size_t got = sizeof(piece) - c->in.avail_out;
		if (got > limit || out->len > limit - got || !buf_add(out, piece, got)) {
			c->counts.too_big++;
			return err_set(why, ERR_TOO_BIG, "the value would be larger than %zu bytes", limit);
		}
	}
	if (status != Z_STREAM_END || c->in.avail_in) {
		c->counts.broken++;
		return err_set(why, ERR_PROTOCOL, "the value is no whole zlib stream");
	}
	return 0;
}

/* --- sealed ----------------------------------------------------------------------------------------------------------- */

static void put_header(uint8_t h[CODEC_HEADER_BYTES], unsigned flags, uint16_t key_id, size_t raw_len)
{
	h[0] = 'D';
	h[1] = SEAL_VERSION;
	h[2] = (uint8_t)flags;
	h[3] = (uint8_t)(key_id >> 8);
	h[4] = (uint8_t)key_id;
	h[5] = 0;
	for (int i = 0; i < 4; i++)
		h[6 + i] = (uint8_t)(raw_len >> (24 - 8 * i));
}

static const uint8_t *next_nonce(struct codec *c)
{
	if (c->nonces == 0) {
		c->lib.randombytes_buf(c->nonce, sizeof(c->nonce));
		c->nonces = NONCES;
	}
	return c->nonce + --c->nonces * NONCE_BYTES;
}

/* What the seal is bound to. */
static size_t associate(uint8_t out[CODEC_HEADER_BYTES + KEY_NAME_MAX], const uint8_t *header, struct str key_name)
{
	memcpy(out, header, CODEC_HEADER_BYTES);
	memcpy(out + CODEC_HEADER_BYTES, key_name.at, key_name.len);
	return CODEC_HEADER_BYTES + key_name.len;
}

static int seal(struct codec *c, struct str key_name, struct str raw, struct buf *out, struct err *why)
{
	uint8_t header[CODEC_HEADER_BYTES], bound[CODEC_HEADER_BYTES + KEY_NAME_MAX];
	struct str body = raw;
	unsigned flags = FLAG_SEALED;

	if (key_name.len > KEY_NAME_MAX)
		return err_set(why, ERR_TOO_BIG, "the name of a key is longer than %d bytes", KEY_NAME_MAX);
	if (raw.len >= CODEC_SMALL) {
		buf_clear(&c->packed);
		int code = pack(c, raw, &c->packed, why);
		if (code)
			return code;
		if (c->packed.len < raw.len) {
			body = buf_str(&c->packed);
			flags |= FLAG_ZLIB;
		}
	}
	put_header(header, flags, c->keys.key[0].id, raw.len);
	size_t bound_len = associate(bound, header, key_name);
	const uint8_t *nonce = next_nonce(c);
	buf_add(out, header, sizeof(header));
	buf_add(out, nonce, NONCE_BYTES);
	uint8_t *room = extend(out, body.len + TAG_BYTES);
	if (!room)
		return err_set(why, ERR_TOO_BIG, "a value does not fit");
	c->lib.crypto_aead_xchacha20poly1305_ietf_encrypt(room, NULL, input(body), body.len, bound, bound_len, NULL, nonce,
	                                                  c->keys.key[0].bytes);
	return 0;
}

static const struct codec_key *key_of(const struct codec *c, unsigned id)
{
	for (int i = 0; i < c->keys.count; i++)
		if (c->keys.key[i].id == id)
			return &c->keys.key[i];
	return NULL;
}

/* Opens the seal into `body`. */
static int open_seal(struct codec *c, struct str key_name, struct str value, struct buf *body, struct err *why)
{
	const uint8_t *v = input(value);
	uint8_t bound[CODEC_HEADER_BYTES + KEY_NAME_MAX];

	if (value.len < CODEC_HEADER_BYTES || v[0] != 'D' || v[1] != SEAL_VERSION || v[5] != 0 ||
	    (v[2] & ~(unsigned)FLAG_ZLIB) != FLAG_SEALED) {
		c->counts.unknown++;
		return err_set(why, ERR_UNSUPPORTED, "the value is not sealed in a way that is known here");
	}
	const struct codec_key *key = key_of(c, (unsigned)(v[3] << 8 | v[4]));
	if (!key) {
		c->counts.unknown++;
		return err_set(why, ERR_UNSUPPORTED, "the value is sealed with key %d, which is not here", v[3] << 8 | v[4]);
	}
	if (value.len < CODEC_SEAL_BYTES || key_name.len > KEY_NAME_MAX) {
		c->counts.forged++;
		return err_set(why, ERR_AUTH, "the value is cut short");
	}
	size_t len = value.len - CODEC_SEAL_BYTES;
	if (len > CODEC_RAW_MAX) {
		c->counts.too_big++;
		return err_set(why, ERR_TOO_BIG, "the value is larger than %d bytes", CODEC_RAW_MAX);
	}
	size_t bound_len = associate(bound, v, key_name);
	buf_clear(body);
	uint8_t *room = extend(body, len + 1); /* one more: never NULL */
	if (!room || c->lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
	                     room, NULL, NULL, v + CODEC_HEADER_BYTES + NONCE_BYTES, len + TAG_BYTES, bound, bound_len,
	                     v + CODEC_HEADER_BYTES, key->bytes) != 0) {
		buf_clear(body);
		c->counts.forged++;
		return err_set(why, ERR_AUTH, "the seal does not fit: the value was changed, or is another key's");
	}
	buf_cut(body, len);
	return 0;
}

static int unseal(struct codec *c, struct str key_name, struct str value, struct buf *out, struct err *why)
{
	const uint8_t *v = input(value);
	int code = open_seal(c, key_name, value, &c->packed, why);

	if (code)
		return code;
	/* Signed by one of our keys; still, nothing is believed that costs memory. */
	size_t raw_len = (size_t)v[6] << 24 | (size_t)v[7] << 16 | (size_t)v[8] << 8 | v[9];
	if (raw_len > CODEC_RAW_MAX) {
		c->counts.too_big++;
		return err_set(why, ERR_TOO_BIG, "the value would be larger than %d bytes", CODEC_RAW_MAX);
	}
	if (v[2] & FLAG_ZLIB)
		code = unpack(c, buf_str(&c->packed), raw_len, out, why);
	else if (!buf_addstr(out, buf_str(&c->packed)))
		code = err_set(why, ERR_TOO_BIG, "the value does not fit");
	if (!code && out->len != raw_len) {
		c->counts.broken++;
		code = err_set(why, ERR_PROTOCOL, "the value has another length than it says");
	}
	return code;
}

/* --- the outside ------------------------------------------------------------------------------------------------------ */

int codec_encode(struct codec *c, struct str key_name, struct str raw, struct buf *out, struct err *why)
{
	int code = 0;

	buf_clear(out);
	if (raw.len > CODEC_RAW_MAX)
		return err_set(why, ERR_TOO_BIG, "a value is larger than %d bytes", CODEC_RAW_MAX);
	if (c->kind == CODEC_RAW)
		code = buf_addstr(out, raw) ? 0 : err_set(why, ERR_TOO_BIG, "a value does not fit");
	else
		code = c->kind == CODEC_ZLIB ? pack(c, raw, out, why) : seal(c, key_name, raw, out, why);
	if (code) {
		buf_clear(out);
		return code;
	}
	c->counts.encoded++;
	c->counts.encoded_raw_bytes += (int64_t)raw.len;
	c->counts.encoded_bytes += (int64_t)out->len;
	return 0;
}

int codec_decode(struct codec *c, struct str key_name, struct str value, struct buf *out, struct err *why)
{
	int code;

	buf_clear(out);
	if (c->kind == CODEC_ZLIB) {
		code = unpack(c, value, CODEC_RAW_MAX, out, why);
	} else if (c->kind == CODEC_SEALED) {
		code = unseal(c, key_name, value, out, why);
	} else if (value.len > CODEC_RAW_MAX || !buf_addstr(out, value)) {
		c->counts.too_big++;
		code = err_set(why, ERR_TOO_BIG, "the value is larger than %d bytes", CODEC_RAW_MAX);
	} else {
		code = 0;
	}
	if (code)
		buf_clear(out);
	else
		c->counts.decoded++;
	return code;
}
