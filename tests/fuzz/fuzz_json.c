/* SPDX-License-Identifier: PostgreSQL */
/* What is read, written again and read once more is the same text the second time. */
#include "fuzz.h"

#include <string.h>

#include "core/buf.h"
#include "model/json.h"

const char *const fuzz_folder = NULL;
const char *const fuzz_seeds[] = {
	"{\"a\": [1, -2.5e10, \"x\\u00e4\\n\", true, false, null], \"b\": {}, \"c\": []}",
	"[[[[[[]]]]]]",
	"\"\\ud83d\\ude00 \\\\ \\\"\"",
	"1.7976931348623157e308",
	" {\"id\": \"-9223372036854775808\"} ",
	NULL,
};
const char *const fuzz_words[] = {
	"{",    "}", "[", "]",     ":",   ",",    "\"",   "\\",       "\\u0000", "\\ud800", "null",
	"true", "-", "e", "1e999", "0.1", "\xFF", "\x1b", "\xC2\x9B", "\n",      " ",       NULL,
};

static void write_node(struct json_writer *w, const char *key, const struct json *n)
{
	switch (json_kind(n)) {
	case JSON_MAP:
	case JSON_LIST:
		if (json_kind(n) == JSON_MAP)
			json_open_map(w, key);
		else
			json_open_list(w, key);
		for (const struct json *c = json_child(n); c != NULL; c = json_next(c))
			write_node(w, json_key(c), c);
		json_close(w);
		break;
	case JSON_TEXT:
		json_put_string(w, key, json_text(n));
		break;
	case JSON_NUMBER:
		json_put_number(w, key, json_number(n));
		break;
	case JSON_BOOL:
		json_put_bool(w, key, json_is_true(n));
		break;
	case JSON_NULL:
		json_put_null(w, key);
		break;
	}
}

static void write_all(struct buf *out, const struct json *root)
{
	struct json_writer w;

	json_begin(&w, out, false);
	write_node(&w, NULL, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = BUF_INIT(1 << 22), second = BUF_INIT(1 << 22);
	struct json *root = NULL, *again = NULL;
	struct err why = {0};

	if (json_parse(&root, (const char *)data, size, 1 << 18, &why) < 0) {
		fuzz_check_message(why.text);
		return 0;
	}
	write_all(&first, root);
	FUZZ_REQUIRE(!first.failed);
	FUZZ_REQUIRE(json_parse(&again, first.data, first.len, 1 << 22, &why) == 0);
	write_all(&second, again);
	FUZZ_REQUIRE(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	json_free(root);
	json_free(again);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
