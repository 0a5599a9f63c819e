/* SPDX-License-Identifier: PostgreSQL */
#include "ui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "model/yaml.h"

static const struct {
	const char *name;
	char letter;
} slots[SLOT_COUNT] = {
#define SLOT(id, name, letter, about) {name, letter},
	THEME_SLOTS(SLOT)
#undef SLOT
};

static const char *const colour_names[16] = {
	"black",        "red",        "green",        "yellow",        "blue",        "magenta",        "cyan",        "white",
	"bright_black", "bright_red", "bright_green", "bright_yellow", "bright_blue", "bright_magenta", "bright_cyan", "bright_white",
};

static const struct {
	const char *name;
	uint8_t bit;
} attr_names[] = {
	{"bold", THEME_BOLD}, {"dim", THEME_DIM}, {"reverse", THEME_REVERSE}, {"underline", THEME_UNDERLINE},
};

struct rgb {
	int r, g, b;
};

/* A colour as theme_style keeps it. */
struct colour {
	int16_t c256, c16;
};

const char *theme_slot_name(unsigned slot)
{
	return slot < SLOT_COUNT ? slots[slot].name : "?";
}

char theme_slot_letter(unsigned slot)
{
	return slot < SLOT_COUNT ? slots[slot].letter : '?';
}

static int cube_level(int step)
{
	return step ? 55 + 40 * step : 0;
}

/* What xterm shows for 16..255: a 6x6x6 cube, then 24 greys. */
static struct rgb rgb_of(int index)
{
	int n = index - 16;

	if (index >= 232)
		return (struct rgb){8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10};
	return (struct rgb){cube_level(n / 36), cube_level(n / 6 % 6), cube_level(n % 6)};
}

static int nearest_256(struct rgb want)
{
	long best_distance = -1;
	int best = 16;

	for (int i = 16; i < 256; i++) {
		struct rgb c = rgb_of(i);
		long dr = c.r - want.r, dg = c.g - want.g, db = c.b - want.b;
		long distance = 3 * dr * dr + 4 * dg * dg + 2 * db * db; /* the eye's weights, roughly */

		if (best_distance >= 0 && distance >= best_distance)
			continue;
		best_distance = distance;
		best = i;
	}
	return best;
}

/* Nearest of 16 by hue, not by distance: the 16 differ from terminal to terminal, but red is red everywhere, while a soft red is
 * nearest to grey. */
static int nearest_16(struct rgb c)
{
	int most = c.r > c.g ? c.r : c.g, least = c.r < c.g ? c.r : c.g, hue;

	most = c.b > most ? c.b : most;
	least = c.b < least ? c.b : least;
	if (most < 72)
		return 0;
	if ((most - least) * 4 < most) { /* grey */
		return most < 144 ? 8 : most < 224 ? 7 : 15;
	}
	if (most == c.r)
		hue = (c.g - c.b) * 60 / (most - least) + 360;
	else if (most == c.g)
		hue = (c.b - c.r) * 60 / (most - least) + 120;
	else
		hue = (c.r - c.g) * 60 / (most - least) + 240;
	hue = (hue + 30) % 360 / 60; /* 0 red, then yellow, green, cyan, blue, magenta */
	return (int)"\x01\x03\x02\x06\x04\x05"[hue] + (most >= 192 && least >= 64 ? 8 : 0);
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_hex(struct str word, struct colour *out)
{
	int v[6];
	struct rgb c;

	if (word.len != 7 || word.at[0] != '#')
		return false;
	for (int i = 0; i < 6; i++) {
		v[i] = hex(word.at[i + 1]);
		if (v[i] < 0)
			return false;
	}
	c = (struct rgb){v[0] * 16 + v[1], v[2] * 16 + v[3], v[4] * 16 + v[5]};
	*out = (struct colour){(int16_t)nearest_256(c), (int16_t)nearest_16(c)};
	return true;
}

static bool read_number(struct str word, struct colour *out)
{
	int n = 0;

	if (word.len == 0 || word.len > 3)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
		n = n * 10 + (word.at[i] - '0');
	}
	if (n > 255)
		return false;
	*out = (struct colour){(int16_t)n, (int16_t)(n < 16 ? n : nearest_16(rgb_of(n)))};
	return true;
}

static struct str next_word(const char **at)
{
	struct str word;

	*at += strspn(*at, " \t");
	word = (struct str){*at, strcspn(*at, " \t")};
	*at += word.len;
	return word;
}

/* Reads a colour that starts with `word`; "colour" takes its number from *at. */
static bool read_colour(struct str word, const char **at, struct colour *out)
{
	if (str_is(word, "default")) {
		*out = (struct colour){-1, -1};
		return true;
	}
	if (str_is(word, "colour"))
		return read_number(next_word(at), out);
	for (int i = 0; i < 16; i++) {
		if (!str_is(word, colour_names[i]))
			continue;
		*out = (struct colour){(int16_t)i, (int16_t)i};
		return true;
	}
	return read_hex(word, out);
}

static unsigned read_attr(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(attr_names); i++)
		if (str_is(word, attr_names[i].name))
			return attr_names[i].bit;
	return 0;
}

/* Same colour before and behind, after both came down to 16, would hide the text. */
static void keep_readable(struct theme_style *style)
{
	if (style->fg16 < 0 || style->fg16 != style->bg16 || style->fg == style->bg)
		return;
	style->fg16 = style->bg16 == 7 || style->bg16 > 8 ? 0 : 15;
}

static int parse_style(const struct yaml_file *file, const struct yaml *node, struct theme_style *out, struct err *why)
{
	struct theme_style style = {-1, -1, -1, -1, 0};
	bool has_fg = false, has_bg = false;
	const char *at;
	int rc;

	if (node->kind == YAML_SCALAR && node->text[strspn(node->text, " \t")] == '\0')
		return yaml_error(file, node, why, "%s: no colour (a colour with # must be quoted)", node->key);
	rc = yaml_read_text(file, node, &at, why);
	if (rc)
		return rc;
	for (struct str word = next_word(&at); word.len; word = next_word(&at)) {
		bool is_bg = str_is(word, "on");
		unsigned attr = read_attr(word);
		struct colour c;

		style.attrs |= (uint8_t)attr;
		if (attr)
			continue;
		if (is_bg)
			word = next_word(&at);
		if (!read_colour(word, &at, &c))
			return yaml_error(file, node, why,
			                  "%s: \"%.*s\" is no colour and no attribute (black ... white, bright_black ... "
			                  "bright_white, colour 0..255, \"#rrggbb\", default; bold dim reverse underline)",
			                  node->key, (int)(at - word.at), word.at);
		if (is_bg ? has_bg : has_fg)
			return yaml_error(file, node, why, "%s: two %s colours", node->key, is_bg ? "background" : "text");
		if (is_bg) {
			has_bg = true;
			style.bg = c.c256;
			style.bg16 = c.c16;
		} else {
			has_fg = true;
			style.fg = c.c256;
			style.fg16 = c.c16;
		}
	}
	keep_readable(&style);
	*out = style;
	return 0;
}

static int parse_slots(const struct yaml_file *file, struct theme *out, struct err *why)
{
	const char *known[SLOT_COUNT + 2] = {"about"};
	int rc;

	for (int i = 0; i < SLOT_COUNT; i++)
		known[i + 1] = slots[i].name;
	rc = yaml_check_keys(file, yaml_root(file), known, why);
	for (int i = 0; i < SLOT_COUNT && rc == 0; i++) {
		const struct yaml *node = yaml_get(yaml_root(file), slots[i].name);

		out->style[i] = (struct theme_style){-1, -1, -1, -1, 0};
		if (node)
			rc = parse_style(file, node, &out->style[i], why);
	}
	return rc;
}

int theme_parse(struct theme *out, const char *name, const char *file, const char *text, size_t len, struct err *why)
{
	struct theme theme = {{0}, {{0}}};
	struct yaml_file *yaml;
	int rc = yaml_parse(&yaml, file, 1, text, len, why);

	if (rc)
		return rc;
	snprintf(theme.name, sizeof(theme.name), "%s", name);
	rc = parse_slots(yaml, &theme, why);
	yaml_file_free(yaml);
	if (rc == 0)
		*out = theme;
	return rc;
}
