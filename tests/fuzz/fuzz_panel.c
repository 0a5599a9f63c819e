/* SPDX-License-Identifier: PostgreSQL */
#include "fuzz.h"

#include <string.h>

#include "model/panel.h"

const char *const fuzz_folder = "sql/panels";
const char *const fuzz_seeds[] = {
	"/* dytop panel\ntitle: T\nkey: [a]\nsort: -b\nfields: {a: id, b: {kind: counter, from: 140000}}\n"
	"lookups: {n: {by: [a], fields: [c]}}\ncolumns:\n  - {name: b, expr: rate(b), unit: rate, warn: \"> 5\"}\n"
	"figures: [{name: x, expr: sum(b)}]\ncharts: [{name: y, figures: [x]}]\n*/\n"
	"-- since 130000\nSELECT a\n-- since 140000\nSELECT a, b\n-- lookup n since 130000\nSELECT a, c\n",
	"/* dytop panel\ntitle: S\nsource: self\nshape: hidden\nfields: {a: text}\n*/\n",
	NULL,
};
const char *const fuzz_words[] = {
	"*/",
	"/*",
	"-- since 130000\n",
	"-- lookup n since 1\n",
	"-- since ",
	"\n",
	"fields:",
	"columns:",
	"  - {name: a}\n",
	"kind: ",
	"counter",
	"gauge",
	"histogram",
	"from: 140000",
	"until: 150000",
	"rows: detail",
	"unit: ms",
	"\"> 5\"",
	"d(b)",
	"self",
	"\r\n",
	"#",
	"{",
	"}",
	"[",
	"]",
	",",
	":",
	"'",
	"\"",
	"\xE2\x80\xAE",
	"\x1b",
	NULL,
};

static void check_references(const struct panel *p)
{
	for (int i = 0; i < p->key_count; i++)
		FUZZ_REQUIRE(p->key[i] >= 0 && p->key[i] < p->field_count && p->field[p->key[i]].lookup < 0);
	for (int i = 0; i < p->field_count; i++)
		FUZZ_REQUIRE(p->field[i].lookup >= -1 && p->field[i].lookup < p->lookup_count);
	for (int i = 0; i < p->column_count; i++) {
		FUZZ_REQUIRE(p->column[i].field >= -1 && p->column[i].field < p->field_count);
		FUZZ_REQUIRE(p->column[i].expr != NULL && p->column[i].width > 0 && p->column[i].title[0] != '\0');
	}
	for (int i = 0; i < p->figure_count; i++)
		FUZZ_REQUIRE(p->figure[i].expr != NULL);
	for (int i = 0; i < p->body_count; i++)
		FUZZ_REQUIRE(p->body[i].text != NULL && p->body[i].text[0] != '\0' && p->body[i].since > 0);
	for (int i = 0; i < p->cycle_count; i++)
		FUZZ_REQUIRE(p->cycle[i] >= 0 && p->cycle[i] < p->column_count);
	for (int i = 0; i < p->chart_count; i++)
		FUZZ_REQUIRE(p->chart[i].figure_count >= 1 && p->chart[i].figure_count <= 4);
	FUZZ_REQUIRE(p->sort >= -1 && p->sort < p->column_count);
	FUZZ_REQUIRE(p->source == PANEL_SELF || panel_body_for(p, -1, 99999999, 0) != NULL);
	for (int k = 0; k < p->lookup_count; k++)
		FUZZ_REQUIRE(panel_body_for(p, k, 99999999, 0) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct panel *p = NULL;
	struct err why = {0};

	if (panel_parse(&p, "fuzzed", "f.sql", (const char *)data, size, &why) < 0)
		fuzz_check_message(why.text);
	else
		check_references(p);
	panel_free(p);
	return 0;
}
