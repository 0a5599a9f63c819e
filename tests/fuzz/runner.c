/* SPDX-License-Identifier: PostgreSQL */
/* Runs a fuzz target without a fuzzer: see fuzz.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/mem.h"
#include "fuzz.h"

enum { SEEDS_MAX = 256, INPUT_MAX = 1 << 18, DEFAULT_RUNS = 1500 };

struct seeds {
	struct buf text[SEEDS_MAX];
	int count;
};

/* xorshift: the same inputs on every machine */
static uint64_t roll(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return below == 0 ? 0 : *state % below;
}

static void add_seed(struct seeds *s, const char *bytes, size_t len)
{
	if (s->count == SEEDS_MAX)
		return;
	buf_init(&s->text[s->count], INPUT_MAX);
	buf_add(&s->text[s->count++], bytes, len);
}

static bool add_file(struct seeds *s, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *bytes = mem_alloc(INPUT_MAX);
	size_t len = 0;

	if (f != NULL) {
		len = fread(bytes, 1, INPUT_MAX, f);
		fclose(f);
		add_seed(s, bytes, len);
	}
	free(bytes);
	return f != NULL;
}

static void add_folder(struct seeds *s, const char *folder)
{
	struct dirent **names = NULL;
	const char *srcdir = getenv("srcdir");
	char path[4096];
	int count;

	snprintf(path, sizeof(path), "%s/%s", srcdir != NULL ? srcdir : ".", folder);
	count = scandir(path, &names, NULL, alphasort); /* in one order everywhere */
	for (int i = 0; i < count; i++) {
		struct buf file = BUF_INIT(8192);
		struct stat st;

		buf_addf(&file, "%s/%s", path, names[i]->d_name);
		if (stat(buf_text(&file), &st) == 0 && S_ISREG(st.st_mode))
			add_file(s, buf_text(&file));
		buf_release(&file);
		free(names[i]);
	}
	free(names);
}

static void insert(struct buf *b, size_t at, const void *bytes, size_t len)
{
	struct buf tail = BUF_INIT(INPUT_MAX);

	buf_add(&tail, b->data + at, b->len - at);
	buf_cut(b, at);
	buf_add(b, bytes, len);
	buf_addstr(b, buf_str(&tail));
	buf_release(&tail);
}

static void mutate_once(struct buf *b, const struct seeds *s, uint64_t *state)
{
	const struct buf *other = &s->text[roll(state, (uint64_t)s->count)];
	size_t at = roll(state, b->len), words = 0, from = roll(state, other->len);
	size_t len = 1 + roll(state, roll(state, 4) == 0 ? 64 : 4);
	char byte = (char)roll(state, 256);

	while (fuzz_words[words] != NULL)
		words++;
	switch (roll(state, 6)) {
	case 0:
		if (b->len > 0)
			b->data[at] = byte;
		break;
	case 1:
		insert(b, at, &byte, 1);
		break;
	case 2: { /* take some out */
		struct buf tail = BUF_INIT(INPUT_MAX);

		len = len > b->len - at ? b->len - at : len;
		buf_add(&tail, b->data + at + len, b->len - at - len);
		buf_cut(b, at);
		buf_addstr(b, buf_str(&tail));
		buf_release(&tail);
		break;
	}
	case 3:
		insert(b, at, other->data + from, len > other->len - from ? other->len - from : len);
		break;
	case 4:
		buf_cut(b, at);
		break;
	default:
		if (words > 0) {
			const char *word = fuzz_words[roll(state, words)];

			insert(b, at, word, strlen(word));
		}
	}
}

static void run(const struct buf *b)
{
	/* of its exact size, so that a read behind its end is seen */
	uint8_t *copy = malloc(b->len > 0 ? b->len : 1);

	memcpy(copy, b->len > 0 ? b->data : "", b->len);
	LLVMFuzzerTestOneInput(copy, b->len);
	free(copy);
}

static long setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text != NULL && text[0] != '\0' ? strtol(text, NULL, 10) : otherwise;
}

static void run_mutations(const struct seeds *s, long runs)
{
	uint64_t state = UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)setting("FUZZ_SEED", 0);

	for (long i = 0; i < runs && s->count > 0; i++) {
		struct buf b = BUF_INIT(INPUT_MAX);
		int times = 1 + (int)roll(&state, 4);

		buf_addstr(&b, buf_str(&s->text[roll(&state, (uint64_t)s->count)]));
		while (times-- > 0)
			mutate_once(&b, s, &state);
		run(&b);
		buf_release(&b);
	}
}

int main(int argc, char **argv)
{
	struct seeds *s = mem_alloc(sizeof(*s));
	bool bad = false;

	for (int i = 1; i < argc; i++)
		bad |= !add_file(s, argv[i]);
	for (int i = 0; argc == 1 && fuzz_seeds[i] != NULL; i++)
		add_seed(s, fuzz_seeds[i], strlen(fuzz_seeds[i]));
	if (argc == 1 && fuzz_folder != NULL)
		add_folder(s, fuzz_folder);
	for (int i = 0; i < s->count; i++)
		run(&s->text[i]);
	if (argc == 1)
		run_mutations(s, setting("FUZZ_RUNS", DEFAULT_RUNS));
	printf("%d seeds\n", s->count);
	for (int i = 0; i < s->count; i++)
		buf_release(&s->text[i]);
	bad |= s->count == 0;
	free(s);
	return bad ? 1 : 0;
}
