/* SPDX-License-Identifier: PostgreSQL */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Steps back to the start of a character that a cut at `len` would have split. */
static size_t cut_at_character(const char *text, size_t len)
{
	size_t at = len;
	unsigned char first;
	size_t need;

	while (at > 0 && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0)
		return len;
	first = (unsigned char)text[at - 1];
	need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	return need > len - at + 1 ? at - 1 : len;
}

/* The net below clean_text(): no byte that steers a terminal gets into a sentence, whoever forgot to clean it. */
static void disarm(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?'; /* C1 as UTF-8 */
	}
}

static void put(struct err *why, const char *text, int wanted)
{
	size_t len = strlen(text);

	if (wanted >= ERR_TEXT_MAX)
		len = cut_at_character(text, len);
	memcpy(why->text, text, len);
	why->text[len] = '\0';
	disarm(why->text);
}

int err_set(struct err *why, int code, const char *format, ...)
{
	char text[ERR_TEXT_MAX]; /* not why->text: it may be one of the arguments */
	va_list args;
	int wanted;

	if (!why)
		return code;
	va_start(args, format);
	wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(why, wanted < 0 ? "" : text, wanted);
	why->code = code;
	return code;
}

int err_prefix(struct err *why, const char *format, ...)
{
	char prefix[ERR_TEXT_MAX];
	char text[ERR_TEXT_MAX];
	va_list args;
	size_t used;
	int wanted;

	if (!why)
		return ERR_OK;
	va_start(args, format);
	wanted = vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	if (wanted < 0)
		return why->code;
	used = strlen(prefix);
	memcpy(text, prefix, used + 1);
	wanted = (int)used + snprintf(text + used, sizeof(text) - used, ": %s", why->text);
	put(why, text, wanted);
	return why->code;
}

const char *err_name(int code)
{
	switch (code) {
	case ERR_OK: return "ok";
	case ERR_INVALID: return "invalid";
	case ERR_TOO_BIG: return "too_big";
	case ERR_IO: return "io";
	case ERR_CONNECT: return "connect";
	case ERR_AUTH: return "auth";
	case ERR_TIMEOUT: return "timeout";
	case ERR_PROTOCOL: return "protocol";
	case ERR_QUERY: return "query";
	case ERR_PRIVILEGE: return "privilege";
	case ERR_UNSUPPORTED: return "unsupported";
	case ERR_NOT_FOUND: return "not_found";
	case ERR_BUSY: return "busy";
	case ERR_LOST: return "lost";
	default: return "error";
	}
}
