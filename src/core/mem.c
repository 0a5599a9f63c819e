/* SPDX-License-Identifier: PostgreSQL */
#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL_MAX = 1024 };

static void (*exhausted_hook)(void);

void mem_on_exhausted(void (*hook)(void))
{
	exhausted_hook = hook;
}

static NORETURN void exhausted(void)
{
	if (exhausted_hook)
		exhausted_hook();
	abort();
}

/* glibc's calloc() passes by the thread's cache of small blocks, which is what frees have filled: four times the instructions of
 * this. volatile: else a compiler makes calloc() of malloc() and memset(). */
void *mem_alloc(size_t size)
{
	void *(*volatile take)(size_t) = malloc;
	void *p;

	if (size == 0 || size > SMALL_MAX)
		return mem_calloc(1, size);
	p = take(size);
	if (!p)
		exhausted();
	return memset(p, 0, size);
}

void *mem_calloc(size_t count, size_t size)
{
	void *p = count && size ? calloc(count, size) : calloc(1, 1);

	if (!p)
		exhausted();
	return p;
}

void *mem_resize(void *old, size_t count, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(count, size, &total))
		exhausted();
	p = realloc(old, total ? total : 1);
	if (!p)
		exhausted();
	return p;
}

char *mem_strdup(const char *text)
{
	return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		exhausted();
	copy = mem_resize(NULL, len + 1, 1);
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void mem_wipe(void *secret, size_t len)
{
	if (secret)
		explicit_bzero(secret, len);
}
