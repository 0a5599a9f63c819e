/* SPDX-License-Identifier: PostgreSQL */
#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { ARENA_BLOCK = 4096 };

struct block {
	struct block *next;
	size_t used, room;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *block; /* the newest first */
};

struct arena *arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->block != NULL) {
		struct block *next = a->block->next;

		free(a->block);
		a->block = next;
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->block;
	size_t align = _Alignof(max_align_t);
	void *at;

	if (size > SIZE_MAX / 2)
		return mem_calloc(size, 2); /* ends in the hook: no object has that size */
	size = (size + align - 1) / align * align;
	if (b == NULL || b->room - b->used < size) {
		size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;

		b = mem_alloc(sizeof(*b) + room);
		b->room = room;
		b->next = a->block;
		a->block = b;
	}
	at = b->bytes + b->used;
	b->used += size;
	return at;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return mem_calloc(count, size); /* ends in the hook */
	return arena_alloc(a, count * size);
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return text == NULL ? NULL : arena_strndup(a, text, strlen(text));
}
