/* SPDX-License-Identifier: PostgreSQL */
#include "fuzz.h"

#include <string.h>

#include "model/yaml.h"

const char *const fuzz_folder = "themes";
const char *const fuzz_seeds[] = {
	"a: 1\nb: [x, 'y', \"z\\n\"]\nc: {d: e, f: {g: h}}\n",
	"text: |\n  one\n  two\nfolded: >-\n  three\n  four\n",
	"- a\n- - b\n  - c: d\n",
	"? a\n: b\n",
	"%YAML 1.1\n---\na: &x 1\nb: *x\nc: !!str 5\n...\n---\nsecond: 1\n",
	"\xEF\xBB\xBF"
	"a: \"\\u00e4\\x41\\0\"\r\nb: ~\r\n",
	NULL,
};
const char *const fuzz_words[] = {
	": ",   "- ",           "{",    "}",     "[", "]",  ", ", "\n", "\n  ",  "\t",    "#",    "|",
	">",    "&a",           "*a",   "!!int", "'", "\"", "\\", "? ", "---\n", "...\n", "%TAG", "\xEF\xBB\xBF",
	"\xFF", "\xE2\x80\xAE", "\x1b", "<<",    "~", NULL,
};

static int walk(const struct yaml *n, int depth)
{
	int count = 0;

	FUZZ_REQUIRE(depth <= 16 + 1);
	FUZZ_REQUIRE(n->line >= 1);
	FUZZ_REQUIRE((n->kind == YAML_SCALAR) == (n->text != NULL));
	for (const struct yaml *c = n->child; c != NULL; c = c->next, count++) {
		FUZZ_REQUIRE((n->kind == YAML_MAP) == (c->key != NULL));
		walk(c, depth + 1);
	}
	FUZZ_REQUIRE(count == n->count);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const known[] = {"a", "b", "text", NULL};
	struct yaml_file *file = NULL;
	struct err why = {0};

	if (yaml_parse(&file, "f.yaml", 1, (const char *)data, size, &why) < 0) {
		fuzz_check_message(why.text);
		return 0;
	}
	FUZZ_REQUIRE(yaml_root(file)->kind == YAML_MAP);
	walk(yaml_root(file), 1);
	if (yaml_check_keys(file, yaml_root(file), known, &why) < 0)
		fuzz_check_message(why.text);
	yaml_file_free(file);
	return 0;
}
