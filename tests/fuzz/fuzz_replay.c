/* SPDX-License-Identifier: PostgreSQL */
/* Any bytes as a recording: refused with file:line, or walked through to their end with every panel asked. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/panel.h"
#include "source/replay.h"

const char *const fuzz_folder = NULL;
#define HEAD "{\"dytop_recording\":1,\"dytop\":\"0.1.0\",\"started\":\"x\",\"interval_ms\":1000,\"servers\":1}\n"
#define SERVER \
	"{\"server\":0,\"kind\":\"pg\",\"name\":\"a\",\"state\":\"live\",\"since_ns\":1,\"answered_ns\":1,\"retries\":0," \
	"\"version\":150000,\"started_us\":0,\"life\":\"0000000000000001\",\"hidden\":0,\"logins\":1,\"asked\":1,\"failed\":0}\n"
#define FRAME "{\"frame\":1,\"mono_ns\":5,\"wall_us\":5}\n"
#define SAMPLE(lookup) \
	"{\"sample\":\"p\",\"server\":0,\"lookup\":" lookup ",\"mono_ns\":5,\"wall_us\":5,\"elapsed_us\":1," \
	"\"life\":\"0000000000000001\",\"hidden\":0,\"cut\":false,\"fields\":{\"a\":\"int\",\"b\":\"float\",\"c\":\"text\"}," \
	"\"rows\":[[1,2.5,\"x\"],[2,null,{\"hex\":\"ff00\"}],[\"9007199254740993\",1e300,null]]}\n"
#define TASK \
	"{\"task\":1,\"server\":0,\"kind\":\"k\",\"title\":\"t\",\"state\":\"asking\",\"outcome\":\"open\",\"queued\":true,\"sql\":\"s\"," \
	"\"question\":{\"title\":\"q\",\"word\":\"w\",\"expires_ms\":3e4,\"danger\":true},\"lines\":[{\"mark\":\"warn\",\"text\":\"l\"}]," \
	"\"asked_lines\":1,\"progress\":0.5,\"phase\":\"p\",\"waits_for\":\"\",\"began_ns\":1,\"ended_ns\":0,\"left_ms\":null}\n"
#define PLANS \
	"{\"plans\":\"s\",\"server\":0,\"queryid\":1,\"dbid\":2,\"pid\":0,\"start_us\":0,\"plan\":[{\"title\":\"g\",\"about\":null," \
	"\"notes\":\"n\",\"beside\":0,\"json\":\"[]\"}]}\n"
const char *const fuzz_seeds[] = {
	HEAD SERVER FRAME TASK PLANS "{\"end\":true,\"frames\":1}\n",
	HEAD SERVER FRAME SAMPLE("null") SAMPLE("\"l\"") "{\"end\":true,\"frames\":1}\n",
	HEAD SERVER FRAME "{\"frame\":2,\"mono_ns\":6,\"wall_us\":6}\n" SERVER SAMPLE("null") "{\"end\":true,\"frames\":2}\n",
	NULL,
};
const char *const fuzz_words[] = {
	"{",       "}",        "[",         "]",       ",",       "\n",      "null", "-1",   "1e999", "9223372036854775807",
	"\"hex\"", "\"rows\"", "\"fields\"", "\"end\"", "\"int\"", "\"text\"", "true", "\"\"", "0",     "\"life\"",
	NULL,
};

static const char panel_text[] =
	"/* dytop panel\ntitle: P\nsource: pg\nkey: [a]\nfields: {a: id, b: gauge, c: text}\n"
	"lookups:\n  l: {by: [a], fields: {d: text}}\n"
	"columns:\n  - {name: a, title: A, unit: id, width: 5, priority: 1}\n*/\n"
	"-- since 130000\nSELECT a, b, c FROM t\n-- lookup l since 130000\nSELECT a, d FROM u WHERE a = ANY ($1)\n";

static void on_done(void *ctx, struct sample *sample, const struct err *why)
{
	FUZZ_REQUIRE((sample == NULL) != (why == NULL));
	if (sample)
		FUZZ_REQUIRE(sample->rows >= 0 && sample->columns == 4);
	sample_free(sample);
	++*(int *)ctx;
}

static void ask_all(struct loop *l, struct source *s, const struct panel *p)
{
	static const int64_t keys[] = {1, 2, 9007199254740993};
	struct err why = {0};
	int answers = 0;
	struct ask asks[2] = {
		{.panel = p, .lookup = -1, .done = on_done, .ctx = &answers},
		{.panel = p, .lookup = 0, .keys = keys, .key_count = 3, .done = on_done, .ctx = &answers},
	};

	if (!source_ready(s) || source_ask(s, asks, 2, &why) < 0)
		return;
	while (answers < 2)
		loop_once(l, true);
}

static void walk(struct replay *r, const struct panel *p)
{
	struct source *source[4] = {NULL};
	struct loop *l = NULL;
	struct err why = {0};
	int count = replay_servers(r) < 4 ? replay_servers(r) : 4, rc;

	FUZZ_REQUIRE(loop_new(&l, &why) == 0);
	for (int i = 0; i < count; i++) {
		struct source_conf conf = replay_source_conf(r, i);
		FUZZ_REQUIRE(source_new(&source[i], l, &conf, NULL, NULL, &why) == 0);
		source_start(source[i]);
	}
	do {
		for (int i = 0; i < count; i++)
			ask_all(l, source[i], p);
		rc = replay_next(r, &why);
	} while (rc > 0);
	if (rc < 0)
		fuzz_check_message(why.text);
	for (int i = 0; i < count; i++)
		source_free(source[i]);
	loop_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct panel *p = NULL;
	struct replay *r = NULL;
	struct err why = {0};
	char path[32];
	int fd = memfd_create("recording", MFD_CLOEXEC);

	FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	FUZZ_REQUIRE(panel_parse(&p, "p", "p.sql", panel_text, sizeof panel_text - 1, &why) == 0);
	if (replay_open(&r, path, &why) == 0)
		walk(r, p);
	else
		fuzz_check_message(why.text);
	replay_close(r);
	panel_free(p);
	close(fd);
	return 0;
}
