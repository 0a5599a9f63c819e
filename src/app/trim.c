/* SPDX-License-Identifier: PostgreSQL */
#include "app/trim.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct mapping {
	unsigned long from, to;
	bool fit;              /* a file's, private, not writable */
	unsigned long rss_kb;
};

/* "7f12a000-7f13b000 r-xp 00000000 08:01 1234 /usr/lib/libpq.so.5": false for a line of figures. */
static bool read_head(const char *line, struct mapping *m)
{
	char modes[8];
	unsigned long from, to, offset, inode;
	unsigned major, minor;

	if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu", &from, &to, modes, &offset, &major, &minor, &inode) != 7)
		return false;
	*m = (struct mapping){.from = from, .to = to};
	m->fit = inode != 0 && modes[0] == 'r' && modes[1] == '-' && modes[3] == 'p';
	return true;
}

size_t trim_pages(void)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	struct mapping m = {0};
	char line[512];
	size_t given = 0;
	unsigned long anonymous_kb;

	if (!f)
		return 0;
	while (fgets(line, sizeof line, f)) {
		if (read_head(line, &m) || sscanf(line, "Rss: %lu kB", &m.rss_kb) == 1)
			continue;
		if (!m.fit || sscanf(line, "Anonymous: %lu kB", &anonymous_kb) != 1)
			continue;
		if (anonymous_kb == 0 && m.rss_kb > 0 && madvise((void *)m.from, m.to - m.from, MADV_DONTNEED) == 0)
			given += (size_t)m.rss_kb << 10;
		m.fit = false;
	}
	fclose(f);
	return given;
}
