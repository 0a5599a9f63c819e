/* SPDX-License-Identifier: PostgreSQL */
#include "model/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/mem.h"
#include "model/order.h"

/* Ids of names in a filter: fields by their number, and: */
enum {
	VIEW_COLUMN = 20000, /* the value of a column */
	VIEW_SHOWN = 40000   /* what a column shows, as a text */
};

enum { VIEW_FILTER_MAX = 2000, VIEW_SHOWN_MAX = 1 << 16 };

void view_init(struct view *v, const struct panel *panel)
{
	*v = (struct view){.panel = panel, .sort = panel->sort, .descending = panel->sort_descending};
	v->tree = panel->tree_default && panel->tree_id >= 0;
	v->dirty = true;
}

static void filter_release(struct view *v)
{
	expr_free(v->filter);
	free(v->filter_text);
	free(v->word);
	v->filter = NULL;
	v->filter_text = NULL;
	v->word = NULL;
	v->inverted = false;
}

void view_release(struct view *v)
{
	filter_release(v);
	free(v->order);
	free(v->depth);
	free(v->victims);
	free(v->key);
	map_release(&v->tagged);
	*v = (struct view){.panel = v->panel};
}

/* --- words in texts --- */

static bool has_digit(const char *text)
{
	return text[strcspn(text, "0123456789")] != '\0';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* word is in lower case and not empty. */
static bool contains(struct str text, const char *word, size_t len)
{
	for (size_t i = 0; i + len <= text.len; i++) {
		size_t j = 0;

		while (j < len && lower(text.at[i + j]) == word[j])
			j++;
		if (j == len)
			return true;
	}
	return false;
}

/* Whether a cell, as shown, contains the word. The bytes of a text are tried before it is cleaned, which costs more. */
static bool cell_contains(struct buf *scratch, const struct cell *c, enum unit unit, int64_t wall_us, const char *word)
{
	size_t len = strlen(word);

	if (c->kind == CELL_UNKNOWN)
		return false;
	if (c->kind == CELL_TEXT) {
		if (contains(c->text, word, len))
			return true;
		if (clean_is_clean(c->text.at, c->text.len))
			return false;
	}
	buf_clear(scratch);
	cell_format(scratch, c, unit, wall_us, CLEAN_LINE);
	return contains(buf_str(scratch), word, len);
}

static char *lowered(const char *text, size_t len)
{
	char *word = mem_strndup(text, len);

	for (char *c = word; *c; c++)
		*c = lower(*c);
	return word;
}

/* --- the filter --- */

/* A column that only shows a field is that field: d() and rate() of it are then known too. */
static int resolve_name(void *ctx, struct str name)
{
	const struct panel *p = ctx;
	int column = panel_column_by_name(p, name);

	if (column < 0)
		return panel_field_by_name(p, name);
	return p->column[column].field >= 0 ? p->column[column].field : VIEW_COLUMN + column;
}

static enum expr_type type_of_name(void *ctx, int id)
{
	static const enum expr_type by_kind[] = {
		[FIELD_GAUGE] = EXPR_NUMBER, [FIELD_COUNTER] = EXPR_COUNTER, [FIELD_TEXT] = EXPR_TEXT,
		[FIELD_TIME] = EXPR_TIME,    [FIELD_BOOL] = EXPR_BOOL,       [FIELD_ID] = EXPR_NUMBER,
		[FIELD_HISTOGRAM] = EXPR_HISTOGRAM,
	};
	const struct panel *p = ctx;

	if (id < VIEW_COLUMN)
		return by_kind[p->field[id].kind];
	switch (p->column[id - VIEW_COLUMN].unit) {
	case UNIT_TEXT:
		return EXPR_TEXT;
	case UNIT_TIME:
		return EXPR_TIME;
	case UNIT_BOOL:
		return EXPR_ANY;
	default:
		return EXPR_NUMBER;
	}
}

static const char *known_name(void *ctx, int i)
{
	const struct panel *p = ctx;

	if (i < p->column_count)
		return p->column[i].name;
	i -= p->column_count;
	return i < p->field_count ? p->field[i].name : NULL;
}

static int resolve_shown(void *ctx, struct str name)
{
	(void)name; /* the one name in the expression that pattern_parse() writes */
	return *(int *)ctx;
}

static bool is_condition(const char *text)
{
	return strpbrk(text, "=<>~(") || strcasestr(text, " and ") || strcasestr(text, " or ") ||
	       strncasecmp(text, "not ", 4) == 0;
}

/* "column:pattern": the pattern, and the id of the text to look at; false when no such column stands before a colon. */
static bool split_pattern(const struct panel *p, const char *text, int *id, const char **pattern)
{
	const char *colon = strchr(text, ':');
	struct str name = {text, colon ? (size_t)(colon - text) : 0};
	int column;

	if (!colon || name.len == 0)
		return false;
	column = panel_column_by_name(p, name);
	if (column >= 0) {
		*id = VIEW_SHOWN + column;
	} else {
		*id = panel_field_by_name(p, name);
		if (*id < 0 || p->field[*id].kind != FIELD_TEXT)
			return false;
	}
	*pattern = colon + 1;
	return true;
}

/* The expression language has the patterns and their limits, so the filter is written in it. */
static int pattern_parse(struct expr **out, const char *pattern, bool inverted, int id, struct err *why)
{
	const struct expr_names names = {.resolve = resolve_shown, .ctx = &id};
	struct buf text = BUF_INIT(VIEW_FILTER_MAX * 2);
	int rc;

	buf_adds(&text, inverted ? "shown !~ \"" : "shown ~ \"");
	for (const char *c = pattern; *c; c++) {
		buf_addc(&text, *c);
		if (*c == '"')
			buf_addc(&text, '"');
	}
	buf_addc(&text, '"');
	rc = expr_parse(out, buf_str(&text), &names, why);
	buf_release(&text);
	return rc;
}

/* The text within quotes that stand around all of it; false when there are none. */
static bool unquote(const char **text, size_t *len)
{
	const char *t = *text;

	if (*len < 3 || (*t != '"' && *t != '\'') || t[*len - 1] != *t || memchr(t + 1, *t, *len - 2))
		return false;
	*text += 1;
	*len -= 2;
	return true;
}

static int filter_parse(const struct view *v, const char *text, size_t len, struct view *out, struct err *why)
{
	/* ctx has no const; these functions do not write. */
	const struct expr_names names = {
		.resolve = resolve_name,
		.ctx = (void *)(uintptr_t)v->panel,
		.type = type_of_name,
		.name = known_name,
	};
	const char *pattern;
	int id;

	if (*text == '!' && len > 1 && text[1] != '=' && text[1] != '~') {
		out->inverted = true;
		text++;
		len--;
	}
	if (unquote(&text, &len)) {
		out->word = lowered(text, len);
		return 0;
	}
	if (split_pattern(v->panel, text, &id, &pattern))
		return pattern_parse(&out->filter, pattern, out->inverted, id, why);
	if (is_condition(text)) {
		if (out->inverted)
			return err_set(why, ERR_INVALID, "! stands before a word or column:pattern; before a condition "
			               "write not (...)");
		return expr_parse(&out->filter, (struct str){text, len}, &names, why);
	}
	out->word = lowered(text, len);
	return 0;
}

int view_set_filter(struct view *v, const char *text, struct err *why)
{
	struct view parsed = {0};
	char *own;
	size_t len;
	int rc;

	text = text ? text + strspn(text, " \t") : "";
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len > VIEW_FILTER_MAX)
		return err_set(why, ERR_TOO_BIG, "the filter is over %d bytes", VIEW_FILTER_MAX);
	if (len == 0) {
		filter_release(v);
		v->dirty = true;
		return 0;
	}
	own = mem_strndup(text, len);
	rc = filter_parse(v, own, len, &parsed, why);
	if (rc < 0) {
		free(own);
		return rc;
	}
	filter_release(v);
	v->filter_text = own;
	v->filter = parsed.filter;
	v->word = parsed.word;
	v->inverted = parsed.inverted;
	v->dirty = true;
	return 0;
}

struct filter_scope {
	struct feed_scope feed; /* first: the feed's own functions get this */
	const struct view *view;
	int64_t wall_us;
	struct buf scratch;
};

static struct cell filter_value(void *ctx, int id, int row)
{
	struct filter_scope *s = ctx;
	const struct feed *f = s->feed.feed;
	struct cell c;

	if (id >= VIEW_SHOWN) {
		c = feed_cell(f, row, id - VIEW_SHOWN, s->wall_us);
		if (c.kind == CELL_UNKNOWN)
			return c;
		buf_clear(&s->scratch);
		cell_format(&s->scratch, &c, s->view->panel->column[id - VIEW_SHOWN].unit, s->wall_us, CLEAN_LINE);
		return cell_text(buf_str(&s->scratch));
	}
	if (id >= VIEW_COLUMN)
		return feed_cell(f, row, id - VIEW_COLUMN, s->wall_us);
	return feed_scope_value(ctx, id, row);
}

/* Words are looked for in texts, and in ids when they have a digit: other numbers contain too much by chance. */
static bool word_column(const struct view *v, int column)
{
	enum unit unit = v->panel->column[column].unit;

	return unit == UNIT_TEXT || (unit == UNIT_ID && has_digit(v->word));
}

static bool row_has_word(const struct view *v, struct filter_scope *s, int row)
{
	for (int i = 0; i < v->panel->column_count; i++) {
		struct cell c;

		if (!word_column(v, i))
			continue;
		c = feed_cell(s->feed.feed, row, i, s->wall_us);
		if (cell_contains(&s->scratch, &c, v->panel->column[i].unit, s->wall_us, v->word))
			return true;
	}
	return false;
}

/* Fills order with the rows that are shown, in the feed's order. */
static void choose_rows(struct view *v, const struct feed *f, int64_t wall_us)
{
	struct filter_scope ctx = {.view = v, .wall_us = wall_us, .scratch = BUF_INIT(VIEW_SHOWN_MAX)};
	struct expr_scope scope;
	struct expr_cache cache = {0};

	feed_scope(f, wall_us, &ctx.feed, &scope);
	scope.value = filter_value;
	scope.cache = &cache;
	v->count = v->total = v->hidden_count = v->filtered_count = 0;
	for (int row = 0; row < feed_rows(f); row++) {
		if (feed_row_hidden(f, row))
			continue;
		v->total++;
		if (!v->show_hidden && feed_hides(f, row, wall_us))
			v->hidden_count++;
		else if ((v->word && row_has_word(v, &ctx, row) == v->inverted) ||
		         (v->filter && !expr_true(v->filter, &scope, row)))
			v->filtered_count++;
		else
			v->order[v->count++] = row;
	}
	buf_release(&ctx.scratch);
}

/* --- order --- */

static void make_room(struct view *v, int rows)
{
	int room = rows > 0 ? rows : 1;

	/* Also gives memory back when a big panel has become small. */
	if (room > v->room || room < v->room / 4) {
		v->room = room;
		v->order = mem_resize(v->order, (size_t)room, sizeof(*v->order));
		v->depth = mem_resize(v->depth, (size_t)room, sizeof(*v->depth));
		v->key = mem_resize(v->key, (size_t)room, sizeof(*v->key));
	}
	free(v->victims);
	v->victims = NULL;
}

static void drop_tags(struct view *v, const struct feed *f)
{
	uint64_t *gone;
	size_t count = 0;

	if (v->tagged.count == 0)
		return;
	gone = mem_calloc(v->tagged.count, sizeof(*gone));
	for (size_t i = 0; i < v->tagged.room; i++) {
		if (v->tagged.used[i] && feed_row_of(f, v->tagged.key[i]) < 0)
			gone[count++] = v->tagged.key[i];
	}
	for (size_t i = 0; i < count; i++)
		map_remove(&v->tagged, gone[i]);
	free(gone);
}

static int clamp(int value, int count)
{
	return value < 0 || count == 0 ? 0 : value >= count ? count - 1 : value;
}

static void place_cursor(struct view *v)
{
	if (v->follow) {
		for (int i = 0; i < v->count; i++) {
			if (v->key[i] == v->cursor_key) {
				v->cursor = i;
				return;
			}
		}
	}
	v->cursor = clamp(v->cursor, v->count);
	if (!v->follow)
		v->cursor_key = v->count > 0 ? v->key[v->cursor] : 0;
}

void view_update(struct view *v, const struct feed *f, int64_t wall_us, bool force)
{
	if (!force && !v->dirty && f && v->generation == feed_generation(f))
		return;
	v->dirty = false;
	v->generation = f ? feed_generation(f) : 0;
	make_room(v, f ? feed_rows(f) : 0);
	v->count = v->total = v->hidden_count = v->filtered_count = 0;
	if (f) {
		choose_rows(v, f, wall_us);
		if (v->sort >= 0 && v->sort < v->panel->column_count)
			order_sort(f, v->sort, v->descending, wall_us, v->order, v->count);
		memset(v->depth, 0, (size_t)v->count);
		if (v->tree && v->panel->tree_id >= 0 && v->panel->tree_parent >= 0) {
			v->victims = mem_calloc((size_t)v->count, sizeof(*v->victims));
			order_tree(f, v->order, v->count, v->depth, v->victims);
		}
		for (int i = 0; i < v->count; i++)
			v->key[i] = feed_key(f, v->order[i]);
		drop_tags(v, f);
	}
	place_cursor(v);
	v->top = clamp(v->top, v->count);
}

void view_sort(struct view *v, int column, bool descending)
{
	v->sort = column;
	v->descending = descending;
	v->dirty = true;
}

void view_move(struct view *v, int cursor)
{
	v->cursor = clamp(cursor, v->count);
	v->cursor_key = v->count > 0 ? v->key[v->cursor] : 0;
}

/* --- what it needs and finds --- */

struct need {
	const struct panel *panel;
	int lookup;
};

static bool field_needs(const struct need *n, int field)
{
	return field >= 0 && field < n->panel->field_count && n->panel->field[field].lookup == n->lookup;
}

static bool wanted_field(void *ctx, int id)
{
	return field_needs(ctx, id);
}

static bool column_needs(struct need *n, int column)
{
	const struct panel_column *c = &n->panel->column[column];

	if (c->field >= 0)
		return field_needs(n, c->field);
	return c->expr && expr_uses(c->expr, wanted_field, n);
}

bool view_column_needs(const struct panel *p, int column, int k)
{
	struct need need = {p, k};

	return column_needs(&need, column);
}

static bool wanted_name(void *ctx, int id)
{
	if (id >= VIEW_SHOWN)
		return column_needs(ctx, id - VIEW_SHOWN);
	if (id >= VIEW_COLUMN)
		return column_needs(ctx, id - VIEW_COLUMN);
	return field_needs(ctx, id);
}

bool view_needs_lookup(const struct view *v, int k)
{
	struct need need = {v->panel, k};

	if (v->sort >= 0 && v->sort < v->panel->column_count && column_needs(&need, v->sort))
		return true;
	if (v->panel->hide && !v->show_hidden && expr_uses(v->panel->hide, wanted_field, &need))
		return true;
	for (int i = 0; v->word && i < v->panel->column_count; i++) {
		if (word_column(v, i) && column_needs(&need, i))
			return true;
	}
	return v->filter && expr_uses(v->filter, wanted_name, &need);
}

static bool row_shows(const struct view *v, const struct feed *f, int row, int64_t wall_us, const char *word,
                      struct buf *scratch)
{
	bool numbers = has_digit(word);

	for (int i = 0; i < v->panel->column_count; i++) {
		struct cell c = feed_cell(f, row, i, wall_us);

		if (c.kind != CELL_TEXT && c.kind != CELL_BOOL && !numbers)
			continue;
		if (cell_contains(scratch, &c, v->panel->column[i].unit, wall_us, word))
			return true;
	}
	return false;
}

int view_search(const struct view *v, const struct feed *f, const char *text, int direction, int64_t wall_us)
{
	struct buf scratch = BUF_INIT(VIEW_SHOWN_MAX);
	int found = -1, step = direction < 0 ? -1 : 1;
	char *word;

	if (!text || !*text || v->count == 0)
		return -1;
	word = lowered(text, strlen(text));
	for (int i = 1, at = v->cursor; i <= v->count && found < 0; i++) {
		at = (at + step + v->count) % v->count;
		if (row_shows(v, f, v->order[at], wall_us, word, &scratch))
			found = at;
	}
	free(word);
	buf_release(&scratch);
	return found;
}

bool view_is_tagged(const struct view *v, uint64_t key)
{
	return map_get(&v->tagged, key, NULL);
}

void view_tag(struct view *v, uint64_t key, bool tagged)
{
	if (tagged)
		map_put(&v->tagged, key, 1);
	else
		map_remove(&v->tagged, key);
}
