/* SPDX-License-Identifier: PostgreSQL */
/* Texts of strangers: whatever is read can be written again and is then read as the same kind of statement. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "insight/parse.h"

const char *const fuzz_folder = NULL;
const char *const fuzz_seeds[] = {
	"SELECT date_trunc($1, c), count(*) FROM t WHERE a = $2 AND b > now() - interval $3 GROUP BY date_trunc('day', c) LIMIT $4",
	"WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT n + $1 FROM r) DELETE FROM t USING r WHERE t.id = r.n RETURNING *",
	"INSERT INTO s.t (a, b) VALUES ($1, E'x\\'y'), (-5, $$;$$) ON CONFLICT (a) DO UPDATE SET b = excluded.b || $2",
	"SELECT extract($1 FROM a), CASE WHEN b IN ($2, $3) THEN 'x' END FROM t FOR UPDATE",
	"select 1; drop table t -- ; /* ' */",
	"((((1 + 2) * 3)))",
	NULL,
};
const char *const fuzz_words[] = {
	"(", ")", "[", "]", "$1", "$99999", "'", "\"", "$$", "/*", "*/", "--", ";", "E'", "\\", "+", "not ", "union ", "select ", "case ", "end ",
	" join t ", "::int", " from ", " group by ", ",", "\xC3\xA9", "\xFF", "\n", " and ", " in ", "array[", "1", "null", NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf out = BUF_INIT(PARSE_TEXT_MAX), copied = BUF_INIT(PARSE_TEXT_MAX);
	struct parse *p, *again;
	const char *data = (const char *)bytes;
	struct err why = {0};
	char word[PARSE_NAME_MAX];

	parse_first_word(data, len, word);
	FUZZ_REQUIRE(parse_count_params(data, len) <= PARSE_PARAMS_MAX);
	if (parse_new(&p, data, len, &why) < 0) {
		fuzz_check_message(why.text);
		return 0;
	}
	char **value = calloc((size_t)p->params + 1, sizeof *value);
	FUZZ_REQUIRE(parse_literals(p, p, value, p->params) == 0);
	free(value);
	if (parse_deparse(p, "pg_catalog.\"extract\"", &out, &why) == 0 && parse_new(&again, buf_text(&out), out.len, &why) == 0) {
		FUZZ_REQUIRE(again->kind == p->kind);
		parse_free(again);
	}
	size_t start, held;
	if (parse_held(p, &start, &held))
		FUZZ_REQUIRE(start < len && held > 0 && held <= len - start);
	if (parse_group_copies(p, &copied) > 0) {
		FUZZ_REQUIRE(parse_new(&again, buf_text(&copied), copied.len, &why) == 0);
		parse_free(again);
	}
	parse_free(p);
	buf_release(&out);
	buf_release(&copied);
	return 0;
}
