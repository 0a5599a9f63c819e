/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgsample.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- values in binary ------------------------------------------------------------------------------------------------ */

#define EPOCH_SHIFT_US INT64_C(946684800000000) /* 2000-01-01, PostgreSQL's epoch, since 1970 */
#define DAY_US INT64_C(86400000000)

static uint64_t big_endian(const char *value, int len)
{
	uint64_t n = 0;

	for (int i = 0; i < len; i++)
		n = n << 8 | (unsigned char)value[i];
	return n;
}

static int64_t read_signed(const char *value, int len)
{
	switch (len) {
	case 2:
		return (int16_t)big_endian(value, 2);
	case 4:
		return (int32_t)big_endian(value, 4);
	case 8:
		return (int64_t)big_endian(value, 8);
	default:
		return SAMPLE_INT_UNKNOWN;
	}
}

static void put_signed(struct sample *s, int row, int column, const char *value, int len)
{
	sample_set_int(s, row, column, read_signed(value, len));
}

static void put_unsigned(struct sample *s, int row, int column, const char *value, int len)
{
	if (len == 4 || len == 8)
		sample_set_int(s, row, column, (int64_t)big_endian(value, len));
}

static void put_bool(struct sample *s, int row, int column, const char *value, int len)
{
	if (len == 1)
		sample_set_int(s, row, column, value[0] != 0);
}

static void put_float(struct sample *s, int row, int column, const char *value, int len)
{
	uint64_t bits = big_endian(value, len == 4 || len == 8 ? len : 0);

	if (len == 8) {
		double d;

		memcpy(&d, &bits, sizeof(d));
		sample_set_float(s, row, column, d);
	} else if (len == 4) {
		uint32_t half = (uint32_t)bits;
		float f;

		memcpy(&f, &half, sizeof(f));
		sample_set_float(s, row, column, (double)f);
	}
}

double pgsample_numeric(const char *value, int len)
{
	int digits = len >= 8 ? (int)big_endian(value, 2) : 0;
	int weight = len >= 8 ? (int16_t)big_endian(value + 2, 2) : 0;
	unsigned sign = len >= 8 ? (unsigned)big_endian(value + 4, 2) : 0xC000u;
	double n = 0;

	if (len < 8 || len < 8 + 2 * digits || (sign != 0 && sign != 0x4000u))
		return (double)NAN;
	/* Digits of base 10000, the first worth 10000^weight. Summed as a whole number, then scaled once: one rounding. */
	for (int i = 0; i < digits; i++)
		n = n * 10000 + (double)big_endian(value + 8 + 2 * i, 2);
	if (weight - digits + 1 >= 0)
		n *= pow(10000, weight - digits + 1);
	else
		n /= pow(10000, digits - 1 - weight);
	return sign ? -n : n;
}

static void put_numeric(struct sample *s, int row, int column, const char *value, int len)
{
	sample_set_float(s, row, column, pgsample_numeric(value, len));
}

static int64_t read_time(const char *value, int len)
{
	int64_t us = read_signed(value, len);

	if (len != 8 || us == INT64_MAX || us == INT64_MIN || us > INT64_MAX - EPOCH_SHIFT_US)
		return SAMPLE_INT_UNKNOWN; /* infinity */
	return us + EPOCH_SHIFT_US;
}

static void put_time(struct sample *s, int row, int column, const char *value, int len)
{
	sample_set_int(s, row, column, read_time(value, len));
}

static void put_date(struct sample *s, int row, int column, const char *value, int len)
{
	int64_t days = read_signed(value, len);

	if (len == 4 && days > -4000000 && days < 100000000)
		sample_set_int(s, row, column, days * DAY_US + EPOCH_SHIFT_US);
}

/* Milliseconds; a month counts 30 days, as in extract(epoch). */
static void put_interval(struct sample *s, int row, int column, const char *value, int len)
{
	if (len != 16)
		return;
	sample_set_float(s, row, column,
	                 (double)read_signed(value, 8) / 1000 +
	                         ((double)read_signed(value + 8, 4) + (double)read_signed(value + 12, 4) * 30) * 86400000.0);
}

static void put_text(struct sample *s, int row, int column, const char *value, int len)
{
	sample_set_text(s, row, column, value, (size_t)len);
}

static void put_inet(struct sample *s, int row, int column, const char *value, int len)
{
	char text[INET6_ADDRSTRLEN + 8];
	int family, bits, full;

	if (len != 8 && len != 20)
		return;
	family = len == 8 ? AF_INET : AF_INET6;
	bits = (unsigned char)value[1];
	full = len == 8 ? 32 : 128;
	if (!inet_ntop(family, value + 4, text, INET6_ADDRSTRLEN))
		return;
	if (bits != full || value[2])
		snprintf(text + strlen(text), 8, "/%d", bits);
	sample_set_text(s, row, column, text, strlen(text));
}

/* --- types ----------------------------------------------------------------------------------------------------------- */

struct pgtype {
	unsigned oid;
	const char *name;
	enum sample_type type; /* SAMPLE_ABSENT: known by name, but not taken */
	void (*put)(struct sample *s, int row, int column, const char *value, int len);
};

static const struct pgtype types[] = {
	{16, "boolean", SAMPLE_BOOL, put_bool},
	{17, "bytea", SAMPLE_ABSENT, NULL},
	{18, "\"char\"", SAMPLE_TEXT, put_text},
	{19, "name", SAMPLE_TEXT, put_text},
	{20, "bigint", SAMPLE_INT, put_signed},
	{21, "smallint", SAMPLE_INT, put_signed},
	{23, "integer", SAMPLE_INT, put_signed},
	{25, "text", SAMPLE_TEXT, put_text},
	{26, "oid", SAMPLE_INT, put_unsigned},
	{28, "xid", SAMPLE_INT, put_unsigned},
	{29, "cid", SAMPLE_INT, put_unsigned},
	{114, "json", SAMPLE_TEXT, put_text},
	{142, "xml", SAMPLE_TEXT, put_text},
	{650, "cidr", SAMPLE_TEXT, put_inet},
	{700, "real", SAMPLE_FLOAT, put_float},
	{701, "double precision", SAMPLE_FLOAT, put_float},
	{705, "unknown", SAMPLE_TEXT, put_text},
	{790, "money", SAMPLE_ABSENT, NULL},
	{869, "inet", SAMPLE_TEXT, put_inet},
	{1007, "integer[]", SAMPLE_ABSENT, NULL},
	{1009, "text[]", SAMPLE_ABSENT, NULL},
	{1016, "bigint[]", SAMPLE_ABSENT, NULL},
	{1042, "character", SAMPLE_TEXT, put_text},
	{1043, "character varying", SAMPLE_TEXT, put_text},
	{1082, "date", SAMPLE_INT, put_date},
	{1083, "time", SAMPLE_ABSENT, NULL},
	{1114, "timestamp", SAMPLE_INT, put_time},
	{1184, "timestamptz", SAMPLE_INT, put_time},
	{1186, "interval", SAMPLE_FLOAT, put_interval},
	{1700, "numeric", SAMPLE_FLOAT, put_numeric},
	{2205, "regclass", SAMPLE_ABSENT, NULL},
	{2249, "record", SAMPLE_ABSENT, NULL},
	{2278, "void", SAMPLE_ABSENT, NULL},
	{2950, "uuid", SAMPLE_ABSENT, NULL},
	{3220, "pg_lsn", SAMPLE_INT, put_unsigned},
	{3802, "jsonb", SAMPLE_ABSENT, NULL},
	{4096, "regrole", SAMPLE_ABSENT, NULL},
	{5069, "xid8", SAMPLE_INT, put_unsigned},
};

static const struct pgtype *type_by_oid(unsigned oid)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].oid == oid)
			return &types[i];
	}
	return NULL;
}

int64_t pgsample_int(const struct pgresult *r, int row, int column)
{
	int len;
	const char *value = row < r->rows ? pgresult_value(r, row, column, &len) : NULL;
	unsigned type = value ? pgresult_type(r, column) : 0;

	if (!value || !pgresult_binary(r, column))
		return SAMPLE_INT_UNKNOWN;
	if (type == 16)
		return len == 1 ? value[0] != 0 : SAMPLE_INT_UNKNOWN;
	if (type == 1184 || type == 1114)
		return read_time(value, len);
	return type == 26 ? (int64_t)big_endian(value, len == 4 ? 4 : 0) : read_signed(value, len);
}

/* --- columns --------------------------------------------------------------------------------------------------------- */

static bool wants_text(enum field_kind kind)
{
	return kind == FIELD_TEXT || kind == FIELD_HISTOGRAM;
}

static const char *kind_name(enum field_kind kind)
{
	static const char *const names[] = {"a gauge", "a counter", "text", "a time", "a bool", "an id", "a histogram"};

	return names[kind];
}

static int bind_column(struct pgsample *p, int i, struct err *why)
{
	struct pgsample_column *c = &p->column[i];
	const char *name = pgresult_name(p->result, i);
	const struct pgtype *type = type_by_oid(pgresult_type(p->result, i));
	enum field_kind kind;

	c->field = panel_field_by_name(p->panel, str_from(name));
	if (c->field < 0)
		return 0;
	kind = p->panel->field[c->field].kind;
	if (!pgresult_binary(p->result, i)) {
		c->type = wants_text(kind) ? SAMPLE_TEXT : kind == FIELD_GAUGE ? SAMPLE_FLOAT : SAMPLE_INT;
	} else if (!type || type->type == SAMPLE_ABSENT) {
		char oid[24];

		snprintf(oid, sizeof(oid), "no. %u", pgresult_type(p->result, i));
		return err_set(why, ERR_QUERY, "panel %s: column %s has type %s: cast it in the panel", p->panel->name, name,
		               type ? type->name : oid);
	} else if (wants_text(kind) != (type->type == SAMPLE_TEXT)) {
		return err_set(why, ERR_QUERY, "panel %s: column %s has type %s, but the header calls it %s: cast it in the panel",
		               p->panel->name, name, type->name, kind_name(kind));
	} else {
		c->type = type->type;
		c->binary = type->put;
	}
	if (c->field == p->panel->hidden_field)
		p->hidden_column = i;
	sample_type(p->sample, c->field, c->type);
	return 0;
}

/* Every field that this version should have must have come. */
static int check_fields(struct pgsample *p, int version, struct err *why)
{
	for (int i = 0; i < p->panel->field_count; i++) {
		const struct panel_field *f = &p->panel->field[i];
		bool come = false;

		if (f->lookup != p->lookup || f->from > version || (f->until && f->until <= version))
			continue;
		for (int c = 0; c < p->columns && !come; c++)
			come = p->column[c].field == i;
		if (!come)
			return err_set(why, ERR_QUERY, "panel %s: the query gave no column %s", p->panel->name, f->name);
	}
	return 0;
}

int pgsample_begin(struct pgsample *p, const struct panel *panel, int lookup, int version, struct pgresult *result,
                   struct err *why)
{
	int rc = 0;

	*p = (struct pgsample){.panel = panel, .lookup = lookup, .result = result, .hidden_column = -1};
	if (result->columns > PGSAMPLE_COLUMNS_MAX)
		rc = err_set(why, ERR_TOO_BIG, "panel %s: %d columns, at most %d", panel->name, result->columns,
		             PGSAMPLE_COLUMNS_MAX);
	p->sample = sample_new(panel->field_count);
	p->columns = rc < 0 ? 0 : result->columns;
	for (int i = 0; i < p->columns && rc == 0; i++)
		rc = bind_column(p, i, why);
	if (rc == 0)
		rc = check_fields(p, version, why);
	if (rc < 0)
		pgsample_abandon(p);
	else
		sample_reserve(p->sample, result->rows);
	return rc;
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static void put_from_text(struct sample *s, int row, const struct pgsample_column *c, const char *value, int len)
{
	char *end;

	if (c->type == SAMPLE_TEXT) {
		sample_set_text(s, row, c->field, value, (size_t)len);
	} else if (c->type == SAMPLE_FLOAT) {
		double d = strtod(value, &end);

		if (end != value && !*end)
			sample_set_float(s, row, c->field, d);
	} else {
		long long n = strtoll(value, &end, 10);

		if (end != value && !*end)
			sample_set_int(s, row, c->field, n);
	}
}

static void put_row(struct pgsample *p, int from)
{
	int row = sample_add_row(p->sample);
	int len;

	for (int i = 0; row >= 0 && i < p->columns; i++) {
		const struct pgsample_column *c = &p->column[i];
		const char *value = c->field < 0 ? NULL : pgresult_value(p->result, from, i, &len);

		if (!value)
			continue;
		if (c->binary)
			c->binary(p->sample, row, c->field, value, len);
		else
			put_from_text(p->sample, row, c, value, len);
	}
}

/* A row that privilege hides is counted and left out; a hidden field that is a number counts rows that are not there. */
static bool is_hidden(struct pgsample *p, int row)
{
	int64_t value;

	if (p->hidden_column < 0)
		return false;
	value = pgsample_int(p->result, row, p->hidden_column);
	if (value <= 0)
		return false;
	p->sample->hidden += (int)(value > INT32_MAX / 2 ? INT32_MAX / 2 : value);
	return p->column[p->hidden_column].type == SAMPLE_BOOL;
}

bool pgsample_step(struct pgsample *p, int64_t budget_ns)
{
	struct clock start, now;

	clock_read(&start);
	while (p->next < p->result->rows) {
		if (p->panel->limit > 0 && p->sample->rows >= p->panel->limit) {
			p->sample->cut = true;
			break;
		}
		if (!is_hidden(p, p->next))
			put_row(p, p->next);
		p->next++;
		if (p->next % 64 == 0) {
			clock_read(&now);
			if (now.mono_ns - start.mono_ns > budget_ns)
				return p->next >= p->result->rows;
		}
	}
	return true;
}

struct sample *pgsample_end(struct pgsample *p)
{
	struct sample *s = p->sample;

	if (p->lookup >= 0)
		sample_finish(s, p->panel->lookup[p->lookup].by, p->panel->lookup[p->lookup].by_count);
	else
		sample_finish(s, p->panel->key, p->panel->key_count);
	pgresult_free(p->result);
	p->sample = NULL;
	p->result = NULL;
	return s;
}

void pgsample_abandon(struct pgsample *p)
{
	sample_free(p->sample);
	pgresult_free(p->result);
	p->sample = NULL;
	p->result = NULL;
}
