/* SPDX-License-Identifier: PostgreSQL */
#include "core/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "core/buf.h"
#include "core/clean.h"

static const char *const unit_names[UNIT_COUNT_] = {
	[UNIT_NONE] = "count",
	[UNIT_ID] = "id",
	[UNIT_FLOAT] = "float",
	[UNIT_MS] = "ms",
	[UNIT_AGE] = "age",
	[UNIT_BYTES] = "bytes",
	[UNIT_PERCENT] = "percent",
	[UNIT_RATE] = "rate",
	[UNIT_BYTE_RATE] = "byterate",
	[UNIT_TIME] = "time",
	[UNIT_BOOL] = "bool",
	[UNIT_TEXT] = "text",
};

int unit_by_name(struct str name)
{
	for (int i = 0; i < UNIT_COUNT_; i++)
		if (str_is(name, unit_names[i]))
			return i;
	return -1;
}

const char *unit_name(enum unit unit)
{
	return unit < UNIT_COUNT_ ? unit_names[unit] : "?";
}

/* Decimals by integers: printf would take the point of the locale. `a` is not negative. */
static size_t put_fixed(char out[UNIT_TEXT_MAX], bool minus, double a, int decimals, const char *suffix)
{
	static const int scale[] = {1, 10, 100, 1000};
	char text[24], *at;
	size_t len;
	int64_t n;

	if (a >= 1e15) {
		/* Past what a double tells apart; two digits are honest. */
		int power = (int)floor(log10(a));

		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%s%.0fe%d%s", minus ? "-" : "", a / pow(10, power), power,
		                        suffix);
	}
	n = llround(a * scale[decimals]);
	at = text + sizeof(text); /* by hand: a screen has hundreds of figures */
	for (int i = 0; i < decimals; i++, n /= 10)
		*--at = (char)('0' + n % 10);
	if (decimals > 0)
		*--at = '.';
	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (minus)
		*--at = '-';
	len = (size_t)(text + sizeof(text) - at);
	memcpy(out, at, len);
	memcpy(out + len, suffix, strlen(suffix) + 1);
	return len + strlen(suffix);
}

/* What would round to nothing is not shown as zero. Returns 0 when the value is not that small. */
static size_t put_tiny(char out[UNIT_TEXT_MAX], bool minus, double a, int decimals, const char *suffix)
{
	static const char *const least[] = {"1", "0.1", "0.01", "0.001"};

	if (a == 0 || a >= 0.5 / pow(10, decimals))
		return 0;
	return (size_t)snprintf(out, UNIT_TEXT_MAX, "%s%s%s", minus ? ">-" : "<", least[decimals], suffix);
}

/* From `a` >= 1000 on: k, M, G, T, P, E; `fine` = three digits instead of two for small heads. */
static size_t put_scaled(char out[UNIT_TEXT_MAX], bool minus, double a, bool fine)
{
	static const char *const suffix[] = {"", "k", "M", "G", "T", "P", "E"};
	size_t i = 0;

	while (a >= 999.5 && i + 1 < ARRAY_LEN(suffix)) {
		a /= 1000;
		i++;
	}
	return put_fixed(out, minus, a, a < 9.995 && fine ? 2 : a < 99.95 ? 1 : 0, suffix[i]);
}

static size_t put_count(char out[UNIT_TEXT_MAX], bool minus, double a)
{
	size_t len;

	if (a >= 9999.5)
		return put_scaled(out, minus, a, false);
	if (a >= 9.95 || a == floor(a))
		return put_fixed(out, minus, a, 0, "");
	len = put_tiny(out, minus, a, 1, "");
	return len ? len : put_fixed(out, minus, a, 1, "");
}

static size_t put_float(char out[UNIT_TEXT_MAX], bool minus, double a)
{
	size_t len;

	if (a >= 9999.95)
		return put_scaled(out, minus, a, false);
	if (a == 0 || a >= 0.995)
		return put_fixed(out, minus, a, 1, "");
	len = put_tiny(out, minus, a, 2, "");
	return len ? len : put_fixed(out, minus, a, 2, "");
}

static size_t put_rate(char out[UNIT_TEXT_MAX], bool minus, double a)
{
	size_t len;

	if (a >= 999.5)
		return put_scaled(out, minus, a, true);
	if (a == 0 || a >= 9.95)
		return put_fixed(out, minus, a, 0, "");
	if (a >= 0.995)
		return put_fixed(out, minus, a, 1, "");
	len = put_tiny(out, minus, a, 2, "");
	return len ? len : put_fixed(out, minus, a, 2, "");
}

/* 99.97 is not 100: a full ratio is only claimed where it is one. */
static size_t put_percent(char out[UNIT_TEXT_MAX], bool minus, double a)
{
	size_t len;

	if (a >= 99.95 && a < 100)
		return put_fixed(out, minus, 99.9, 1, "");
	if (a >= 100 && a < 100.05)
		return put_fixed(out, minus, 100, 0, "");
	if (a >= 999.5)
		return put_fixed(out, minus, a, 0, "");
	len = put_tiny(out, minus, a, 1, "");
	return len ? len : put_fixed(out, minus, a, 1, "");
}

static size_t put_bytes(char out[UNIT_TEXT_MAX], bool minus, double a)
{
	static const char *const suffix[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t i = 0, len;

	if (a < 1023.5) {
		if (a >= 9.95 || a == floor(a))
			return put_fixed(out, minus, a, 0, "B");
		len = put_tiny(out, minus, a, 1, "B");
		return len ? len : put_fixed(out, minus, a, 1, "B");
	}
	do {
		a /= 1024;
		i++;
	} while (a >= 999.5 && i + 1 < ARRAY_LEN(suffix));
	return put_fixed(out, minus, a, a < 9.95 ? 1 : 0, suffix[i]);
}

/* Two fields: 3m20s. Each step up is taken where the lower one would round up into it. */
static size_t put_duration(char out[UNIT_TEXT_MAX], bool minus, double ms)
{
	const char *sign = minus ? "-" : "";
	int64_t n;
	size_t len;

	if (ms == 0)
		return put_fixed(out, minus, 0, 0, "ms");
	len = put_tiny(out, minus, ms, 3, "ms");
	if (len)
		return len;
	if (ms < 99.95)
		return put_fixed(out, minus, ms, ms < 0.9995 ? 3 : 1, "ms");
	if (ms < 999.5)
		return put_fixed(out, minus, ms, 0, "ms");
	if (ms < 59950)
		return put_fixed(out, minus, ms / 1000, 1, "s");
	if (ms < 3599500) {
		n = llround(ms / 1000);
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%s%dm%02ds", sign, (int)(n / 60), (int)(n % 60));
	}
	if (ms < 86370000.0) {
		n = llround(ms / 60000);
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%s%dh%02dm", sign, (int)(n / 60), (int)(n % 60));
	}
	if (ms < 86400000.0 * 1000) {
		n = llround(ms / 3600000);
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%s%dd%02dh", sign, (int)(n / 24), (int)(n % 24));
	}
	return put_fixed(out, minus, ms / 86400000.0, 0, "d");
}

/* Rounded down, as people say ages. */
static size_t put_age(char out[UNIT_TEXT_MAX], bool minus, double ms)
{
	if (ms < 1000)
		return put_fixed(out, false, 0, 0, "s");
	if (ms < 60000)
		return put_fixed(out, minus, floor(ms / 1000), 0, "s");
	if (ms < 3600000)
		return put_fixed(out, minus, floor(ms / 60000), 0, "m");
	if (ms < 86400000.0)
		return put_fixed(out, minus, floor(ms / 3600000), 0, "h");
	return put_fixed(out, minus, floor(ms / 86400000.0), 0, "d");
}

static size_t put_time(char out[UNIT_TEXT_MAX], int64_t value, int64_t wall_us)
{
	time_t then = (time_t)(value / 1000000 - (value % 1000000 < 0));
	time_t now = (time_t)(wall_us / 1000000 - (wall_us % 1000000 < 0));
	struct tm t, today;

	if (!localtime_r(&then, &t) || !localtime_r(&now, &today))
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "-");
	if (t.tm_year == today.tm_year && t.tm_yday == today.tm_yday)
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%02d:%02d:%02d", t.tm_hour, t.tm_min, t.tm_sec);
	return (size_t)snprintf(out, UNIT_TEXT_MAX, "%04ld-%02d-%02d %02d:%02d", t.tm_year + 1900L, t.tm_mon + 1,
	                        t.tm_mday, t.tm_hour, t.tm_min);
}

static size_t put_id(char out[UNIT_TEXT_MAX], double value)
{
	if (fabs(value) < 1e18)
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%" PRId64, (int64_t)llround(value));
	return put_fixed(out, value < 0, fabs(value), 0, "");
}

size_t unit_format(char out[UNIT_TEXT_MAX], enum unit unit, double value, int64_t wall_us)
{
	bool minus = value < 0;
	double a = fabs(value);

	if (!isfinite(value))
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "-");
	switch (unit) {
	case UNIT_FLOAT: return put_float(out, minus, a);
	case UNIT_MS: return put_duration(out, minus, a);
	case UNIT_AGE: return put_age(out, minus, a);
	case UNIT_BYTES:
	case UNIT_BYTE_RATE: return put_bytes(out, minus, a);
	case UNIT_PERCENT: return put_percent(out, minus, a);
	case UNIT_RATE: return put_rate(out, minus, a);
	case UNIT_TIME:
		if (a >= 9.2e18)
			return (size_t)snprintf(out, UNIT_TEXT_MAX, "-");
		return put_time(out, llround(value), wall_us);
	case UNIT_BOOL: return (size_t)snprintf(out, UNIT_TEXT_MAX, "%s", value != 0 ? "yes" : "no");
	case UNIT_ID: return put_id(out, value);
	default: return put_count(out, minus, a);
	}
}

size_t unit_format_int(char out[UNIT_TEXT_MAX], enum unit unit, int64_t value, int64_t wall_us)
{
	if (unit == UNIT_ID || unit == UNIT_TEXT)
		return (size_t)snprintf(out, UNIT_TEXT_MAX, "%" PRId64, value);
	if (unit == UNIT_TIME)
		return put_time(out, value, wall_us);
	return unit_format(out, unit, (double)value, wall_us);
}

/* Letters after a number; `rank` orders the parts of 1h30m, 0 for what stands alone. */
static const struct suffix {
	const char *text;
	enum unit unit;
	double factor;
	int rank;
} suffixes[] = {
	{"", UNIT_NONE, 1, 0},
	{"%", UNIT_PERCENT, 1, 0},
	{"us", UNIT_MS, 0.001, 0},
	{"ms", UNIT_MS, 1, 1},
	{"s", UNIT_MS, 1e3, 2},
	{"sec", UNIT_MS, 1e3, 2},
	{"m", UNIT_MS, 6e4, 3},
	{"min", UNIT_MS, 6e4, 3},
	{"h", UNIT_MS, 36e5, 4},
	{"d", UNIT_MS, 864e5, 5},
	{"B", UNIT_BYTES, 1, 0},
	{"kB", UNIT_BYTES, 0x1p10, 0},
	{"KB", UNIT_BYTES, 0x1p10, 0},
	{"MB", UNIT_BYTES, 0x1p20, 0},
	{"GB", UNIT_BYTES, 0x1p30, 0},
	{"TB", UNIT_BYTES, 0x1p40, 0},
	{"PB", UNIT_BYTES, 0x1p50, 0},
	{"KiB", UNIT_BYTES, 0x1p10, 0},
	{"MiB", UNIT_BYTES, 0x1p20, 0},
	{"GiB", UNIT_BYTES, 0x1p30, 0},
	{"TiB", UNIT_BYTES, 0x1p40, 0},
	{"k", UNIT_NONE, 1e3, 0},
	{"M", UNIT_NONE, 1e6, 0},
	{"G", UNIT_NONE, 1e9, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct str trim(struct str s)
{
	while (s.len && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Reads digits[.digits][e[+-]digits] from the front of *s. By hand: strtod() follows the locale and takes hex and "nan". */
static bool take_number(struct str *s, double *value)
{
	size_t i = 0, digits = 0;
	double mantissa = 0;
	int power = 0, e = 0;

	for (; i < s->len && is_digit(s->at[i]); i++, digits++)
		mantissa = mantissa * 10 + (s->at[i] - '0');
	if (i < s->len && s->at[i] == '.') {
		for (i++; i < s->len && is_digit(s->at[i]); i++, digits++, power--)
			mantissa = mantissa * 10 + (s->at[i] - '0');
	}
	if (digits == 0 || i > 400)
		return false;
	if (i + 1 < s->len && (s->at[i] == 'e' || s->at[i] == 'E')) {
		size_t j = i + 1;
		bool minus = s->at[j] == '-';

		if (s->at[j] == '-' || s->at[j] == '+')
			j++;
		if (j < s->len && is_digit(s->at[j])) {
			for (; j < s->len && is_digit(s->at[j]); j++)
				e = e < 1000 ? e * 10 + (s->at[j] - '0') : e;
			power += minus ? -e : e;
			i = j;
		}
	}
	/* One correctly rounded operation for all that people type (15 digits, powers to 22). */
	*value = power < 0 ? mantissa / pow(10, -power) : mantissa * pow(10, power);
	s->at += i;
	s->len -= i;
	return true;
}

static const struct suffix *take_suffix(struct str *s)
{
	size_t n = 0;

	while (s->len && is_space(s->at[0])) {
		s->at++;
		s->len--;
	}
	while (n < s->len && !is_digit(s->at[n]) && !is_space(s->at[n]) && s->at[n] != '.')
		n++;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (!str_is((struct str){s->at, n}, suffixes[i].text))
			continue;
		s->at += n;
		s->len -= n;
		return &suffixes[i];
	}
	return NULL;
}

static int refuse(struct str text, const char *what, struct err *why)
{
	struct buf shown = BUF_INIT(120);
	int code;

	clean_text(&shown, text.at, text.len, CLEAN_EXACT);
	code = err_set(why, ERR_INVALID, "\"%s\" %s", buf_text(&shown), what);
	buf_release(&shown);
	return code;
}

int unit_parse(struct str text, double *value, enum unit *unit, struct err *why)
{
	struct str rest = trim(text);
	const struct suffix *suffix = NULL;
	bool minus = rest.len && rest.at[0] == '-';
	double sum = 0, part;
	int rank = 0;

	if (rest.len && (rest.at[0] == '-' || rest.at[0] == '+')) {
		rest.at++;
		rest.len--;
	}
	do {
		if (!take_number(&rest, &part))
			return refuse(text, "is not a number (like 12, 100ms, 64kB or 90%)", why);
		suffix = take_suffix(&rest);
		if (!suffix)
			return refuse(text, "has an unknown unit; known are us ms s min h d, B kB MB GB TB, %, k M G", why);
		if (rank && (suffix->rank == 0 || suffix->rank >= rank))
			return refuse(text, "mixes units in the wrong order; write 1h30m", why);
		rank = suffix->rank;
		sum += part * suffix->factor;
		rest = trim(rest);
	} while (rest.len && rank > 1);
	if (rest.len)
		return refuse(text, "has something behind its unit", why);
	if (!isfinite(sum))
		return refuse(text, "is too big", why);
	*value = minus ? -sum : sum;
	*unit = suffix->unit;
	return 0;
}
