/* SPDX-License-Identifier: PostgreSQL */
/* Any bytes as a config file: refused with a message, or read; then its dump reads back as the same dump. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options.h"

const char *const fuzz_folder = NULL;
const char *const fuzz_seeds[] = {
	"interval: 2s\ntheme: light\nno-mouse: yes\nlimit: 7\n",
	"redis:\n  - redis://:pw@h:1/0\n  - \"unix:///x\"\nredis-db: 3\n",
	"pools:\n  - {application: a b, max: 20, min: 5, lifetime: 30min, idle: 10min}\ncache-patterns: {tx: \"a:*\"}\n",
	"pgbouncer: [\"host=x password='a b'\"]\nlog-level: debug\ncost-share: 0.5\n",
	NULL,
};
const char *const fuzz_words[] = {
	"interval", "redis", "pools",  "application", "cache-patterns", ": ", "\n", "  - ", "{", "}",   "[",   "]",
	"\"",       "'",     "99999s", "-1",          "1e308",          "%",  "~",  "yes",  "", "&a ", "*a ", NULL,
};

/* Reads text as the config file of a program without other settings. */
static int load(struct options *o, const void *text, size_t len, struct err *why)
{
	char path[40], dytop[] = "dytop", option[] = "--config";
	char *argv[] = {dytop, option, path, NULL};
	int fd = memfd_create("config", MFD_CLOEXEC);

	FUZZ_REQUIRE(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, text, len) == (ssize_t)len);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int rc = options_read(o, 3, argv, why);
	close(fd);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options o, again;
	struct buf first = BUF_INIT(1 << 22), second = BUF_INIT(1 << 22);
	struct err why = {0};

	clearenv();
	if (load(&o, data, size, &why) < 0) {
		fuzz_check_message(why.text);
		options_release(&o);
		return 0;
	}
	config_dump(&o, &first);
	FUZZ_REQUIRE(!first.failed && !memchr(first.data, '\0', first.len));
	FUZZ_REQUIRE(load(&again, first.data, first.len, &why) == 0);
	FUZZ_REQUIRE(again.pools.count == o.pools.count && again.cache_patterns.count == o.cache_patterns.count);
	FUZZ_REQUIRE(again.redis.count == o.redis.count && again.limit == o.limit);
	options_release(&again);
	options_release(&o);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
