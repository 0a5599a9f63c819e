/* SPDX-License-Identifier: PostgreSQL */
/* The holes of a statement: %{target}, %{name}, %{value}, %{columns}, %{text}, %{query}, %{oid}, %{extension}. */
#include <string.h>

#include "action/action.h"
#include "core/clean.h"

static void add_identifier(struct buf *out, struct str name)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, name.at[i]);
	}
	buf_addc(out, '"');
}

/* Each part between the separators as an identifier, blanks around it left out. */
static void add_parts(struct buf *out, const char *text, char separator, const char *between)
{
	const char *joint = "";

	while (*text) {
		size_t len = strcspn(text, (char[]){separator, '\0'});
		struct str part = {text, len};
		while (part.len > 0 && separator == ',' && *part.at == ' ') {
			part.at++;
			part.len--;
		}
		while (part.len > 0 && separator == ',' && part.at[part.len - 1] == ' ')
			part.len--;
		buf_adds(out, joint);
		add_identifier(out, part);
		joint = between;
		text += len + (text[len] != '\0');
	}
}

void action_literal(struct buf *out, const char *text)
{
	/* E'' means the same whatever standard_conforming_strings says; a plain '' does only without backslashes. */
	buf_adds(out, strchr(text, '\\') ? " E'" : "'");
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_addc(out, *text);
		buf_addc(out, *text);
	}
	buf_addc(out, '\'');
}

bool action_named(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at && (at = strstr(at, name)) != NULL; at += len)
		if (at > list && at[-1] == ' ' && at[len] == ' ')
			return true;
	return false;
}

/* A setting that is a list must get its entries one by one: '"a, b"' would be one entry with a comma in it. */
static void add_list(struct buf *out, const char *text)
{
	const char *joint = "";

	do {
		struct buf part = BUF_INIT(8192);
		size_t len = strcspn(text, ",");
		size_t from = strspn(text, " "), to = len;
		while (to > from && text[to - 1] == ' ')
			to--;
		buf_add(&part, text + from, to > from ? to - from : 0);
		buf_adds(out, joint);
		action_literal(out, buf_text(&part));
		buf_release(&part);
		joint = ", ";
		text += len + (text[len] != '\0');
	} while (*text);
}

static int fill_one(struct buf *out, struct str name, const struct action_holes *h, struct err *why)
{
	const char *got = NULL;

	if (str_is(name, "columns")) {
		if (h->columns && h->columns[0]) {
			buf_adds(out, " (");
			add_parts(out, h->columns, ',', ", ");
			buf_addc(out, ')');
		}
		return 0;
	}
	if (str_is(name, "target") && (got = h->target))
		buf_adds(out, got);
	else if (str_is(name, "name") && (got = h->name))
		add_parts(out, got, '.', ".");
	else if (str_is(name, "value") && (got = h->value))
		(h->list ? add_list : action_literal)(out, got);
	else if (str_is(name, "oid") && (got = h->oid))
		action_literal(out, got);
	else if (str_is(name, "extension") && (got = h->extension))
		buf_adds(out, got);
	else if (str_is(name, "query") && (got = h->query))
		action_literal(out, got);
	else if (str_is(name, "text") && (got = h->text))
		buf_adds(out, got);
	if (!got) {
		struct buf shown = BUF_INIT(400);
		clean_text(&shown, name.at, name.len > 40 ? 40 : name.len, CLEAN_EXACT);
		err_set(why, ERR_INVALID, "the hole %%{%s} is not known here, or has nothing to go in", buf_text(&shown));
		buf_release(&shown);
		return ERR_INVALID;
	}
	return 0;
}

int action_fill(struct buf *out, const char *sql, const struct action_holes *holes, struct err *why)
{
	while (*sql) {
		const char *hole = strstr(sql, "%{"), *end = hole ? strchr(hole, '}') : NULL;
		int rc;

		buf_add(out, sql, hole ? (size_t)(hole - sql) : strlen(sql));
		if (!hole)
			break;
		if (!end)
			return err_set(why, ERR_INVALID, "a hole %%{ is not closed");
		rc = fill_one(out, (struct str){hole + 2, (size_t)(end - hole - 2)}, holes, why);
		if (rc < 0)
			return rc;
		sql = end + 1;
	}
	if (out->failed)
		return err_set(why, ERR_TOO_BIG, "the statement is too long");
	return 0;
}
