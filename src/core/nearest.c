/* SPDX-License-Identifier: PostgreSQL */
#include "core/nearest.h"

#include <limits.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

int nearest_distance(struct str a, struct str b)
{
	int row[3][NEAREST_TEXT_MAX + 1];

	if (a.len > NEAREST_TEXT_MAX || b.len > NEAREST_TEXT_MAX)
		return INT_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = (int)j;
	for (size_t i = 1; i <= a.len; i++) {
		int *here = row[i % 3], *above = row[(i + 2) % 3], *above2 = row[(i + 1) % 3];

		here[0] = (int)i;
		for (size_t j = 1; j <= b.len; j++) {
			char x = lower(a.at[i - 1]), y = lower(b.at[j - 1]);
			int d = least(least(above[j], here[j - 1]) + 1, above[j - 1] + (x != y));

			if (i > 1 && j > 1 && x == lower(b.at[j - 2]) && lower(a.at[i - 2]) == y)
				d = least(d, above2[j - 2] + 1);
			here[j] = d;
		}
	}
	return row[a.len % 3][b.len];
}

bool nearest_is_close(size_t len, int distance)
{
	return distance <= 1 || distance <= (int)(len / 3);
}

const char *nearest_of(struct str word, const char *const *known)
{
	const char *best = NULL;
	int best_distance = INT_MAX;

	for (; *known != NULL; known++) {
		int d = nearest_distance(word, str_from(*known));

		if (d < best_distance && nearest_is_close(word.len, d)) {
			best = *known;
			best_distance = d;
		}
	}
	return best;
}
