/* SPDX-License-Identifier: PostgreSQL */
#include "app/wipe.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void cover(char *at, size_t len)
{
	memset(at, '*', len);
}

/* scheme://USERINFO@host, up to the last @ anywhere: a careless password may hold @, / or ?. */
static void wipe_userinfo(char *text)
{
	char *at = strstr(text, "://"), *end = strrchr(text, '@');

	if (at && end && end > at + 3)
		cover(at + 3, (size_t)(end - at - 3));
}

/* The length of a conninfo value: quoted to its closing quote, else to the next blank; of a URI's to the next &. */
static size_t value_length(const char *at, bool uri)
{
	size_t len = 0;

	if (uri)
		return strcspn(at, "&");
	if (*at == '\'') {
		for (len = 1; at[len] && at[len] != '\''; len++)
			if (at[len] == '\\' && at[len + 1])
				len++;
		return len + (at[len] == '\'');
	}
	while (at[len] && !isspace((unsigned char)at[len])) {
		if (at[len] == '\\' && at[len + 1])
			len++;
		len++;
	}
	return len;
}

void wipe_secret(char *text)
{
	static const char *const words[] = {"password", "secret"}; /* also as the end of a longer keyword */
	bool uri = strstr(text, "://") != NULL;

	wipe_userinfo(text);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		for (char *at = text; (at = strcasestr(at, words[i])) != NULL;) {
			at += strlen(words[i]);
			char *is = at;
			while (isspace((unsigned char)*is))
				is++;
			if (*is++ != '=')
				continue;
			while (!uri && isspace((unsigned char)*is))
				is++;
			size_t len = value_length(is, uri);
			cover(is, len);
			at = is + len;
		}
	}
}
