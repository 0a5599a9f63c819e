/* SPDX-License-Identifier: PostgreSQL */
#include "model/yaml_pack.h"

#include <string.h>

#include "model/yaml_private.h"

enum { HAS_KEY = 1 << 2, QUOTED = 1 << 3, KIND = 3 };

static void put_int(struct buf *out, unsigned n)
{
	for (; n >= 0x80; n >>= 7)
		buf_addc(out, (char)(n | 0x80));
	buf_addc(out, (char)n);
}

static void put_text(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text) + 1);
}

/* Lines as differences, which are small; a node never stands above the one before it. */
static void put_node(struct buf *out, const struct yaml *n, int *line)
{
	buf_addc(out, (char)((unsigned)n->kind | (n->key ? HAS_KEY : 0u) | (n->quoted ? QUOTED : 0u)));
	put_int(out, (unsigned)(n->line - *line));
	put_int(out, (unsigned)n->column);
	*line = n->line;
	if (n->key)
		put_text(out, n->key);
	if (n->kind == YAML_SCALAR) {
		put_text(out, n->text);
		return;
	}
	put_int(out, (unsigned)n->count);
	for (const struct yaml *child = n->child; child; child = child->next)
		put_node(out, child, line);
}

void yaml_pack(const struct yaml_file *file, struct buf *out)
{
	int line = 0;

	put_node(out, file->root, &line);
}

struct unpacker {
	struct arena *arena;
	struct str left;
	int line;
	bool bad;
};

static unsigned take_byte(struct unpacker *u)
{
	if (u->left.len == 0) {
		u->bad = true;
		return 0;
	}
	u->left.len--;
	return (unsigned char)*u->left.at++;
}

static unsigned take_int(struct unpacker *u)
{
	unsigned n = 0, byte;
	int shift = 0;

	do {
		byte = take_byte(u);
		n |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 28);
	return n;
}

static const char *take_text(struct unpacker *u)
{
	const char *text = u->left.at, *end = u->left.len ? memchr(text, '\0', u->left.len) : NULL;

	if (!end) {
		u->bad = true;
		return "";
	}
	u->left.len -= (size_t)(end + 1 - text);
	u->left.at = end + 1;
	return text;
}

static void take_node(struct unpacker *u, struct yaml *n, int depth)
{
	unsigned head = take_byte(u);
	struct yaml **tail = &n->child;

	u->bad |= (head & KIND) > YAML_MAP || depth > YAML_DEPTH_MAX;
	n->kind = (enum yaml_kind)(head & KIND);
	n->quoted = head & QUOTED;
	u->line += (int)take_int(u);
	n->line = u->line;
	n->column = (int)take_int(u);
	if (head & HAS_KEY)
		n->key = take_text(u);
	if (n->kind == YAML_SCALAR) {
		n->text = take_text(u);
		return;
	}
	n->count = (int)take_int(u);
	for (int i = 0; i < n->count && !u->bad; i++) {
		*tail = arena_alloc(u->arena, sizeof(**tail));
		take_node(u, *tail, depth + 1);
		tail = &(*tail)->next;
	}
}

int yaml_unpack(struct yaml_file **out, const char *name, struct str bytes, struct err *why)
{
	struct yaml_file *file = yaml_file_new(name);
	struct unpacker u = {.arena = file->arena, .left = bytes};

	take_node(&u, file->root, 0);
	if (u.bad || u.left.len > 0 || file->root->kind != YAML_MAP) {
		yaml_file_free(file);
		return err_set(why, ERR_INVALID, "%s: its packed header is broken; build again", name);
	}
	*out = file;
	return 0;
}
