/* SPDX-License-Identifier: PostgreSQL */
/* Parameters of a workload's statements, and the templates of texts and cache keys. */
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_private.h"
#include "core/nearest.h"

enum { HEX_MAX = 512 };

int bench_param_by_name(const struct bench_statement *s, struct str name)
{
	for (int i = 0; i < s->param_count; i++)
		if (str_is(name, s->param[i].name))
			return i;
	return -1;
}

/* --- templates ---------------------------------------------------------------------------------------------------- */

/* The next {place} at or behind *at: its inside, and *at behind it. False: there is none. */
static bool next_place(const char **at, struct str *literal, struct str *place)
{
	const char *open = strchr(*at, '{'), *close = open ? strchr(open, '}') : NULL;

	*literal = (struct str){*at, close ? (size_t)(open - *at) : strlen(*at)};
	if (!close)
		return false;
	*place = (struct str){open + 1, (size_t)(close - open - 1)};
	*at = close + 1;
	return true;
}

/* The N of hex:N, 0 when it is none. */
static int hex_digits(struct str place)
{
	long n;
	char *end;

	if (place.len < 5 || memcmp(place.at, "hex:", 4) != 0)
		return 0;
	n = strtol(place.at + 4, &end, 10);
	return end == place.at + place.len && n >= 1 && n <= HEX_MAX ? (int)n : 0;
}

static int check_places(struct bench_parser *bp, int line, const char *text)
{
	struct str literal, place;

	while (next_place(&text, &literal, &place)) {
		if (!str_is(place, "run") && !str_is(place, "n") && hex_digits(place) == 0)
			return bench_parse_error(bp, line, "text: {%.*s} is not known; places are {run}, {n} and {hex:1} to {hex:%d}",
			                         (int)place.len, place.at, HEX_MAX);
	}
	return 0;
}

static void add_hex(struct buf *out, int digits, struct bench_rng *r)
{
	static const char hex[] = "0123456789abcdef";
	char text[HEX_MAX];
	uint64_t bits = 0;

	for (int i = 0; i < digits; i++, bits >>= 4) {
		if (i % 16 == 0)
			bits = bench_rng_next(r);
		text[i] = hex[bits & 15];
	}
	buf_add(out, text, (size_t)digits);
}

void bench_text_fill(struct buf *out, const char *text, const char *run, uint64_t n, struct bench_rng *r)
{
	struct str literal, place;
	bool more;

	do {
		more = next_place(&text, &literal, &place);
		buf_addstr(out, literal);
		if (more && str_is(place, "run"))
			buf_adds(out, run);
		else if (more && str_is(place, "n"))
			buf_addf(out, "%llu", (unsigned long long)n);
		else if (more)
			add_hex(out, hex_digits(place), r);
	} while (more);
}

/* --- params: ------------------------------------------------------------------------------------------------------ */

static int read_domain(struct bench_parser *bp, const struct yaml *n, struct bench_param *p)
{
	const char *names[BENCH_DOMAINS_MAX + 1] = {NULL};
	int rc;

	for (int i = 0; i < bp->w->domain_count; i++)
		names[i] = bp->w->domain[i].name;
	rc = yaml_read_choice(bp->yaml, n, names, &p->domain, bp->why);
	p->from = BENCH_DOMAIN;
	return rc;
}

static int read_choice(struct bench_parser *bp, const struct yaml *n, const struct yaml *weights, struct bench_param *p)
{
	double weight[BENCH_CHOICES_MAX], sum = 0;
	const struct yaml *at;
	const char **texts, *text;
	int rc = 0, i = 0;

	if (n->kind != YAML_LIST || n->count < 1 || n->count > BENCH_CHOICES_MAX)
		return yaml_error(bp->yaml, n, bp->why, "choice: a list of 1 to %d texts is expected", BENCH_CHOICES_MAX);
	texts = arena_calloc(bp->arena, (size_t)n->count, sizeof *texts);
	for (at = n->child; at && rc == 0; at = at->next) {
		rc = yaml_read_text(bp->yaml, at, &text, bp->why);
		weight[i] = 1;
		texts[i++] = rc == 0 ? arena_strdup(bp->arena, text) : NULL;
	}
	if (rc == 0 && weights && (weights->kind != YAML_LIST || weights->count != n->count))
		return yaml_error(bp->yaml, weights, bp->why, "weights: a list of %d numbers is expected, one for each choice",
		                  n->count);
	i = 0;
	for (at = weights ? weights->child : NULL; at && rc == 0; at = at->next)
		rc = bench_read_number(bp, at, 0, 1e6, &weight[i++]);
	for (i = 0; i < n->count; i++)
		sum += weight[i];
	if (rc == 0 && !(sum > 0))
		return yaml_error(bp->yaml, weights, bp->why, "weights: one of them must be above 0");
	if (rc < 0)
		return rc;
	p->from = BENCH_CHOICE;
	p->choice = texts;
	p->choice_count = n->count;
	bench_alias_init(&p->weights, weight, n->count);
	return 0;
}

static int read_range(struct bench_parser *bp, const struct yaml *n, struct bench_param *p)
{
	int rc;

	if (n->kind != YAML_LIST || n->count != 2)
		return yaml_error(bp->yaml, n, bp->why, "range: two numbers are expected, like [1, 1000]");
	p->from = BENCH_RANGE;
	rc = yaml_read_int(bp->yaml, n->child, -(INT64_C(1) << 52), INT64_C(1) << 52, &p->low, bp->why);
	if (rc == 0)
		rc = yaml_read_int(bp->yaml, n->child->next, -(INT64_C(1) << 52), INT64_C(1) << 52, &p->high, bp->why);
	if (rc == 0 && p->low > p->high)
		return yaml_error(bp->yaml, n, bp->why, "range: the first number must not be above the second");
	return rc;
}

static int read_made(struct bench_parser *bp, const struct yaml *n, struct bench_param *p)
{
	const char *names[BENCH_STATEMENTS_MAX + 1] = {NULL};
	const struct bench_statement *by;
	int rc;

	for (int i = 0; i < bp->w->count; i++)
		names[i] = bp->w->statement[i].name;
	if (bp->w->count == 0)
		return yaml_error(bp->yaml, n, bp->why, "made_by: name a statement that stands before this one");
	rc = yaml_read_choice(bp->yaml, n, names, &p->made_by, bp->why);
	if (rc < 0)
		return rc;
	p->from = BENCH_MADE;
	by = &bp->w->statement[p->made_by];
	if (by->param_count == 0 || strcmp(by->param[0].name, p->name) != 0 || by->param[0].from != BENCH_TEXT)
		return yaml_error(bp->yaml, n, bp->why, "made_by: the first parameter of '%s' must be '%s', with a text", by->name,
		                  p->name);
	return 0;
}

static int read_template(struct bench_parser *bp, const struct yaml *n, struct bench_param *p)
{
	const char *text;
	int rc = yaml_read_text(bp->yaml, n, &text, bp->why);

	if (rc < 0)
		return rc;
	p->from = BENCH_TEXT;
	p->text = arena_strdup(bp->arena, text);
	return check_places(bp, n->line, p->text);
}

static int read_source(struct bench_parser *bp, const struct yaml *n, struct bench_param *p)
{
	static const char *const sources[] = {"domain", "choice", "range", "text", "made_by", NULL};
	const struct yaml *at = NULL, *weights = yaml_get(n, "weights"), *skew = yaml_get(n, "skew");
	int which = -1, rc = 0;

	for (int i = 0; sources[i]; i++) {
		const struct yaml *found = yaml_get(n, sources[i]);

		if (found && at)
			return yaml_error(bp->yaml, found, bp->why, "%s: two sources of values, %s and %s", p->name, sources[which],
			                  sources[i]);
		if (found) {
			at = found;
			which = i;
		}
	}
	if (!at)
		return yaml_error(bp->yaml, n, bp->why, "%s: no source of values; say domain, choice, range, text or made_by", p->name);
	if (weights && which != 1)
		return yaml_error(bp->yaml, weights, bp->why, "weights: only with choice");
	if (skew && which != 0 && which != 2)
		return yaml_error(bp->yaml, skew, bp->why, "skew: only with domain and range");
	if (skew)
		rc = bench_read_number(bp, skew, 0, 10, &p->skew);
	if (rc < 0)
		return rc;
	return which == 0   ? read_domain(bp, at, p)
	       : which == 1 ? read_choice(bp, at, weights, p)
	       : which == 2 ? read_range(bp, at, p)
	       : which == 3 ? read_template(bp, at, p)
	                    : read_made(bp, at, p);
}

int bench_parse_params(struct bench_parser *bp, const struct yaml *map, struct bench_statement *s)
{
	static const char *const keys[] = {"name", "domain", "choice", "range", "text", "made_by", "weights", "skew", NULL};
	const struct yaml *list = yaml_get(map, "params");
	int rc = 0;

	if (!list)
		return 0;
	if (list->kind != YAML_LIST || list->count < 1 || list->count > BENCH_PARAMS_MAX)
		return yaml_error(bp->yaml, list, bp->why, "params: a list of 1 to %d maps is expected", BENCH_PARAMS_MAX);
	for (const struct yaml *n = list->child; n && rc == 0; n = n->next) {
		struct bench_param *p = &s->param[s->param_count];

		*p = (struct bench_param){.line = n->line};
		if (n->kind != YAML_MAP || !yaml_get(n, "name"))
			return yaml_error(bp->yaml, n, bp->why, "params: a map with a name is expected");
		rc = yaml_check_keys(bp->yaml, n, keys, bp->why);
		if (rc == 0)
			rc = bench_read_name(bp, yaml_get(n, "name"), &p->name);
		if (rc == 0 && bench_param_by_name(s, str_from(p->name)) >= 0)
			return yaml_error(bp->yaml, n, bp->why, "a second parameter '%s'", p->name);
		if (rc == 0)
			rc = read_source(bp, n, p);
		s->param_count++; /* also on failure: what it holds is given back with the workload */
	}
	return rc;
}
