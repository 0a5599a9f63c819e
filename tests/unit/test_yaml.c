/* SPDX-License-Identifier: PostgreSQL */
#include "model/yaml.h"

#include <string.h>

#include "core/buf.h"
#include "core/nearest.h"
#include "model/yaml_pack.h"
#include "unit.h"

static struct yaml_file *parsed(const char *text)
{
	struct yaml_file *file = NULL;
	struct err why;
	int rc = yaml_parse(&file, "t.yaml", 1, text, strlen(text), &why);

	ck_assert_msg(rc == 0, "%s", rc < 0 ? why.text : "");
	return file;
}

static void refused_bytes(const char *text, size_t len, const char *message)
{
	struct yaml_file *file = NULL;
	struct err why = {0};
	int rc = yaml_parse(&file, "t.yaml", 1, text, len, &why);

	ck_assert_msg(rc < 0, "accepted: %s", text);
	ck_assert_str_eq(why.text, message);
	ck_assert_ptr_null(file);
}

static void refused(const char *text, const char *message)
{
	refused_bytes(text, strlen(text), message);
}

START_TEST(tree_has_kinds_lines_and_quotes)
{
	struct yaml_file *f = parsed("a: 1\n# remark\nb:\n  - x\n  - {k: 'v', n: \"12\", m: 12}\nc: |\n  one\n  two\n");
	const struct yaml *root = yaml_root(f), *b = yaml_get(root, "b"), *map;

	ck_assert_int_eq(root->count, 3);
	ck_assert_int_eq(b->kind, YAML_LIST);
	ck_assert_int_eq(b->line, 3);
	ck_assert_int_eq(b->count, 2);
	ck_assert_str_eq(b->child->text, "x");
	ck_assert_ptr_null(b->child->key);
	map = b->child->next;
	ck_assert_int_eq(map->line, 5);
	ck_assert_int_eq(map->column, 5);
	ck_assert(yaml_get(map, "k")->quoted);
	ck_assert(yaml_get(map, "n")->quoted);
	ck_assert(!yaml_get(map, "m")->quoted);
	ck_assert_str_eq(yaml_get(map, "m")->text, "12");
	ck_assert_str_eq(yaml_get(root, "c")->text, "one\ntwo\n");
	ck_assert_ptr_null(yaml_get(root, "d"));
	ck_assert_ptr_null(yaml_get(NULL, "d"));
	ck_assert_ptr_null(yaml_get(b, "d"));
	yaml_file_free(f);
}
END_TEST

START_TEST(texts_that_yaml_has_other_plans_for)
{
	struct yaml_file *f =
		parsed("a: 100 * x\nb: \"> 5\"\nc: TIME%\nd: no\ne: 0x10\nf: ~\ng: a#b\nh: {t: TIME%, w: '< 3'}\n");
	const struct yaml *root = yaml_root(f);

	ck_assert_str_eq(yaml_get(root, "a")->text, "100 * x");
	ck_assert_str_eq(yaml_get(root, "b")->text, "> 5");
	ck_assert_str_eq(yaml_get(root, "c")->text, "TIME%");
	ck_assert_str_eq(yaml_get(root, "d")->text, "no");
	ck_assert_str_eq(yaml_get(root, "e")->text, "0x10");
	ck_assert_str_eq(yaml_get(root, "f")->text, "~");
	ck_assert_str_eq(yaml_get(root, "g")->text, "a#b");
	ck_assert_str_eq(yaml_get(yaml_get(root, "h"), "t")->text, "TIME%");
	yaml_file_free(f);
}
END_TEST

START_TEST(empty_texts_are_empty_maps)
{
	const char *const texts[] = {"", "\n\n", "# only a remark\n", "---\n{}\n", "\xEF\xBB\xBF"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct yaml_file *f = parsed(texts[i]);

		ck_assert_int_eq(yaml_root(f)->kind, YAML_MAP);
		ck_assert_int_eq(yaml_root(f)->count, 0);
		yaml_file_free(f);
	}
}
END_TEST

START_TEST(marks_and_line_ends_of_other_systems)
{
	struct yaml_file *f = parsed("\xEF\xBB\xBF"
				     "a: 1\r\nb:\r\n  - x\r\n");

	ck_assert_str_eq(yaml_get(yaml_root(f), "a")->text, "1");
	ck_assert_int_eq(yaml_get(yaml_root(f), "b")->child->line, 3);
	yaml_file_free(f);
	refused_bytes("\xFF\xFE"
		      "a\0:\0",
		      6, "t.yaml:1: a NUL byte; this is not a text file");
	refused("\xFF\xFE", "t.yaml:1: column 1: invalid leading UTF-8 octet");
}
END_TEST

START_TEST(lines_start_where_the_caller_says)
{
	struct yaml_file *f = NULL;
	struct err why;

	ck_assert_int_eq(yaml_parse(&f, "p.sql", 10, "a: 1\na: 2\n", 10, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "p.sql:11: column 1: 'a' is given twice, first on line 10");
}
END_TEST

START_TEST(strictness)
{
	refused("a: &x 1\n", "t.yaml:1: column 4: anchors (&) are not taken; quote the value if it is a text");
	refused("a: 1\nb: *a\n", "t.yaml:2: column 4: aliases (*) are not taken; quote the value if it is a text");
	refused("a: !!int 1\n", "t.yaml:1: column 4: tags (!) are not taken; quote the value if it is a text");
	refused("a: !x [1]\n", "t.yaml:1: column 4: tags (!) are not taken; quote the value if it is a text");
	refused("a: 1\n---\nb: 1\n", "t.yaml:2: column 1: a second document; one is expected");
	refused("%YAML 1.1\n---\na: 1\n",
		"t.yaml:1: column 1: directives (%) are not taken; quote a value that starts with %");
	refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "t.yaml:5: column 3: 'c' is given twice, first on line 3");
	refused("? [a]\n: 1\n", "t.yaml:1: column 3: a key must be a plain text");
	refused("- a\n- b\n", "t.yaml:1: column 1: 'key: value' lines are expected here");
	refused("word\n", "t.yaml:1: column 1: 'key: value' lines are expected here");
	refused("*a\n", "t.yaml:1: column 1: aliases (*) are not taken; quote the value if it is a text");
	refused("a: \"x\\0y\"\n", "t.yaml:1: column 4: a text contains a NUL character");
	refused("a: 1\nb: \x01\n", "t.yaml:2: column 4: control characters are not allowed");
	refused("a: 1\nb: x\xC3(\n", "t.yaml:2: column 6: invalid trailing UTF-8 octet");
}
END_TEST

START_TEST(common_mistakes_say_what_to_do)
{
	refused("warn: > 5\n", "t.yaml:1: column 9: did not find expected comment or line break; quote a value that "
			       "starts with > or |");
	refused("c: {warn: > 5}\n", "t.yaml:1: column 11: found character that cannot start any token; quote a value "
				    "that starts with a sign");
	refused("about: see: here\n", "t.yaml:1: column 11: mapping values are not allowed in this context; quote a "
				      "value that contains ': '");
	refused("c: {expr: if(a, b, c)}\n",
		"t.yaml:1: column 17: 'b' has no value; quote a text that contains a comma");
	refused("title: %x\n", "t.yaml:1: column 8: found character that cannot start any token; quote a value that "
			       "starts with a sign");
	refused("c: {a: 1\nd: 2\n",
		"t.yaml:2: column 2: did not find expected ',' or '}'; close the { } or quote the value");
	refused("a:\n\t- 1\n", "t.yaml:2: column 1: found character that cannot start any token; quote a value that "
			       "starts with a sign");
}
END_TEST

START_TEST(ceilings)
{
	struct buf b = BUF_INIT(4 << 20);
	struct err why;
	struct yaml_file *f = NULL;

	for (int i = 0; i < 15; i++)
		buf_adds(&b, "{a: ");
	buf_adds(&b, "1");
	for (int i = 0; i < 15; i++)
		buf_adds(&b, "}");
	yaml_file_free(parsed(buf_text(&b)));
	buf_clear(&b);
	for (int i = 0; i < 17; i++)
		buf_adds(&b, "{a: ");
	refused(buf_text(&b), "t.yaml:1: column 65: nested deeper than 16");
	buf_clear(&b);
	for (int i = 0; i < 1 << 19; i++) /* a bomb of brackets ends at once, not after 512 kB */
		buf_adds(&b, "[");
	refused(buf_text(&b), "t.yaml:1: column 1: 'key: value' lines are expected here");
	buf_clear(&b);
	for (int i = 0; i < 1025; i++)
		buf_addf(&b, "k%d: 1\n", i);
	refused(buf_text(&b), "t.yaml:1025: column 1: more than 1024 entries");
	buf_clear(&b);
	buf_adds(&b, "a: [");
	for (int i = 0; i < 70000; i++)
		buf_adds(&b, "1,");
	buf_adds(&b, "1]");
	ck_assert_int_eq(yaml_parse(&f, "t.yaml", 1, b.data, b.len, &why), ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(why.text, "more than 65536 values"));
	while (b.len <= 1 << 20)
		buf_adds(&b, "# filler\n");
	ck_assert_int_eq(yaml_parse(&f, "t.yaml", 1, b.data, b.len, &why), ERR_TOO_BIG);
	ck_assert_str_eq(why.text, "t.yaml: over 1048576 bytes; no such file needs that much");
	buf_release(&b);
}
END_TEST

START_TEST(typed_reads)
{
	struct yaml_file *f = parsed("i: -12\nbig: 99999999999999999999\nbad: 1x\nb: yes\nd: 1.5 s\nz: 0\nneg: -1s\n"
				     "bytes: 1kB\nc: green\nl: [1]\nnone:\nempty: ''\n");
	static const char *const colours[] = {"red", "green", "blue", NULL};
	const struct yaml *root = yaml_root(f);
	struct err why;
	const char *text;
	int64_t i;
	double ms;
	bool b;
	int choice;

#define AT(key) yaml_get(root, key)
	ck_assert_int_eq(yaml_read_int(f, AT("i"), -20, 20, &i, &why), 0);
	ck_assert_int_eq(i, -12);
	ck_assert_int_eq(yaml_read_int(f, AT("i"), 0, 20, &i, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:1: i: '-12' is no whole number from 0 to 20");
	ck_assert_int_eq(yaml_read_int(f, AT("big"), 0, INT64_MAX, &i, &why), ERR_INVALID);
	ck_assert_int_eq(yaml_read_int(f, AT("bad"), 0, 20, &i, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:3: bad: '1x' is no whole number from 0 to 20");
	ck_assert_int_eq(yaml_read_bool(f, AT("b"), &b, &why), 0);
	ck_assert(b);
	ck_assert_int_eq(yaml_read_bool(f, AT("i"), &b, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:1: i: '-12' is neither yes nor no");
	ck_assert_int_eq(yaml_read_duration(f, AT("d"), &ms, &why), 0);
	ck_assert_double_eq(ms, 1500);
	ck_assert_int_eq(yaml_read_duration(f, AT("z"), &ms, &why), 0);
	ck_assert_double_eq(ms, 0);
	ck_assert_int_eq(yaml_read_duration(f, AT("neg"), &ms, &why), ERR_INVALID);
	ck_assert_int_eq(yaml_read_duration(f, AT("i"), &ms, &why), ERR_INVALID);
	ck_assert_int_eq(yaml_read_duration(f, AT("bytes"), &ms, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:8: bytes: '1kB' is no duration; write it like 500ms, 2s or 1min");
	ck_assert_int_eq(yaml_read_choice(f, AT("c"), colours, &choice, &why), 0);
	ck_assert_int_eq(choice, 1);
	ck_assert_int_eq(yaml_read_choice(f, AT("b"), colours, &choice, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:4: b: unknown value 'yes'; known: red, green or blue");
	ck_assert_int_eq(yaml_read_text(f, AT("l"), &text, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:10: l: a text is expected, not a list");
	ck_assert_int_eq(yaml_read_text(f, AT("none"), &text, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:11: none: the value is missing");
	ck_assert_int_eq(yaml_read_text(f, AT("empty"), &text, &why), 0);
	ck_assert_str_eq(text, "");
#undef AT
	yaml_file_free(f);
}
END_TEST

START_TEST(unknown_keys_name_their_neighbour)
{
	static const char *const known[] = {"title", "about", "columns", NULL};
	struct yaml_file *f = parsed("title: x\ncolumn: y\n");
	struct err why;

	ck_assert_int_eq(yaml_check_keys(f, yaml_root(f), known, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:2: unknown key 'column'; did you mean 'columns'?");
	yaml_file_free(f);
	f = parsed("sub: {title: x, zzzzzz: y}\n");
	ck_assert_int_eq(yaml_check_keys(f, yaml_get(yaml_root(f), "sub"), known, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:1: unknown key 'zzzzzz' in sub; known: title, about or columns");
	ck_assert_int_eq(yaml_check_keys(f, NULL, known, &why), 0);
	yaml_file_free(f);
	/* hostile keys come out cleaned */
	f = parsed("\"a\\x1b\\u202Eb\": 1\n");
	ck_assert_int_eq(yaml_check_keys(f, yaml_root(f), known, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "t.yaml:1: unknown key 'a\\x1B\\u202Eb'; known: title, about or columns");
	yaml_file_free(f);
}
END_TEST

START_TEST(distances)
{
	static const char *const known[] = {"calls", "rows", "mean", NULL};

	ck_assert_int_eq(nearest_distance(STR("calls"), STR("calls")), 0);
	ck_assert_int_eq(nearest_distance(STR("CALLS"), STR("calls")), 0);
	ck_assert_int_eq(nearest_distance(STR("clals"), STR("calls")), 1);
	ck_assert_int_eq(nearest_distance(STR("kitten"), STR("sitting")), 3);
	ck_assert_int_eq(nearest_distance(STR(""), STR("abc")), 3);
	ck_assert_str_eq(nearest_of(STR("cals"), known), "calls");
	ck_assert_str_eq(nearest_of(STR("maen"), known), "mean");
	ck_assert_ptr_null(nearest_of(STR("zzz"), known));
	ck_assert_ptr_null(nearest_of((struct str){"x", 100000}, known));
}
END_TEST

static void same_tree(const struct yaml *a, const struct yaml *b)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_int_eq(a->line, b->line);
	ck_assert_int_eq(a->column, b->column);
	ck_assert_int_eq(a->count, b->count);
	ck_assert_int_eq(a->quoted, b->quoted);
	ck_assert_pstr_eq(a->key, b->key);
	ck_assert_pstr_eq(a->text, b->text);
	ck_assert_int_eq(a->child != NULL, b->child != NULL);
	ck_assert_int_eq(a->next != NULL, b->next != NULL);
	if (a->child)
		same_tree(a->child, b->child);
	if (a->next)
		same_tree(a->next, b->next);
}

START_TEST(a_packed_tree_comes_back)
{
	struct yaml_file *f = parsed("a: 1\nlist: [x, {k: 'v', n: \"\"}, []]\nb:\n  c: |\n    one\n    two\n  d: {}\n" "\n\n\nlast: Ã©\n");
	struct yaml_file *again = NULL;
	struct buf bytes = BUF_INIT(4096);
	struct err why;

	yaml_pack(f, &bytes);
	ck_assert_int_eq(yaml_unpack(&again, "t.yaml", buf_str(&bytes), &why), 0);
	same_tree(yaml_root(f), yaml_root(again));
	ck_assert_str_eq(yaml_name(again), "t.yaml");
	yaml_file_free(again);
	for (size_t len = 0; len < bytes.len; len++)
		ck_assert_int_eq(yaml_unpack(&again, "t.yaml", (struct str){bytes.data, len}, &why), ERR_INVALID);
	buf_addc(&bytes, 'x');
	ck_assert_int_eq(yaml_unpack(&again, "t.yaml", buf_str(&bytes), &why), ERR_INVALID);
	buf_release(&bytes);
	yaml_file_free(f);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		tree_has_kinds_lines_and_quotes,
		texts_that_yaml_has_other_plans_for,
		empty_texts_are_empty_maps,
		marks_and_line_ends_of_other_systems,
		lines_start_where_the_caller_says,
		strictness,
		common_mistakes_say_what_to_do,
		ceilings,
		typed_reads,
		unknown_keys_name_their_neighbour,
		distances,
		a_packed_tree_comes_back,
	};

	return unit_run("yaml", cases, ARRAY_LEN(cases));
}
