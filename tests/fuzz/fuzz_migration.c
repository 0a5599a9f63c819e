/* SPDX-License-Identifier: PostgreSQL */
/* Files of sql/bridge and claims of sql/bench: header and statements. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/claim.h"
#include "bridge/migration.h"
#include "core/mem.h"

const char *const fuzz_folder = "sql/bridge";
const char *const fuzz_seeds[] = {
	"-- x\n/* dytop migration\nset: baseline\nabout: a\n*/\nSELECT ';', E'\\'', $a$ ; $a$; /* /* ; */ */ CREATE INDEX CONCURRENTLY i ON t (a);",
	"/* dytop claim\ntitle: a\nclaimed: b\nleast: 3\nmeasure: times\n*/\n-- with:\nSELECT 1;\n-- query:\nSELECT 2;\n",
	"/* dytop claim\ntitle: a\nclaimed: b\nleast: 3\nmeasure: smaller\n*/\n-- both:\nSELECT 1;\n-- with:\nSELECT 1;\n-- query with:\nSELECT 2;\n"
	"-- query without:\nSELECT \";\"",
	NULL,
};
const char *const fuzz_words[] = {
	"'", "\"", "$$", "$a$", "$1", "/*", "*/", "--", ";", "\n", "E'", "e'\\'", "CREATE ", "INDEX ", "CONCURRENTLY ", "IF NOT EXISTS ",
	"/* dytop migration\n", "/* dytop claim\n", "-- with:\n", "-- query:\n", "set: rows\n", "about: x\n", "*/\n", "\xFF", NULL,
};

/* What is cut out lies within the text, in order, and is a statement. */
static void check(const struct statement *list, int count, struct str text)
{
	const char *end = text.at;

	for (int i = 0; i < count; i++) {
		struct buf sent = BUF_INIT(1 << 22);
		FUZZ_REQUIRE(list[i].text.at >= end && list[i].text.len > 0);
		end = list[i].text.at + list[i].text.len;
		FUZZ_REQUIRE(end <= text.at + text.len);
		FUZZ_REQUIRE(strlen(list[i].object) < sizeof list[i].object && strlen(list[i].words) < sizeof list[i].words);
		statement_add(&sent, &list[i], false);
		FUZZ_REQUIRE(sent.len <= list[i].text.len && (list[i].concurrently.len == 0 || sent.len < list[i].text.len));
		buf_release(&sent);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = mem_strndup((const char *)data, size); /* texts end in a NUL */
	struct str text = {copy, size};
	struct migration m;
	struct claim c;
	struct statement *list = NULL;
	struct err why = {0};
	int count = 0;

	if (statements_cut(&list, &count, "f.sql", 1, text, &why) == 0)
		check(list, count, text);
	else
		fuzz_check_message(why.text);
	free(list);
	if (migration_parse(&m, "10_f", "f.sql", text, &why) == 0) {
		check(m.statement, m.count, text);
		migration_release(&m);
	} else
		fuzz_check_message(why.text);
	if (claim_parse(&c, "claim_f", "f.sql", text, &why) == 0) {
		FUZZ_REQUIRE(claim_query(&c, true) && claim_query(&c, false));
		claim_release(&c);
	} else
		fuzz_check_message(why.text);
	free(copy);
	return 0;
}
