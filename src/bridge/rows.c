/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bridge/md5.h"

struct asset {
	const char *id, *symbol, *name;
	int decimals;
};

/* As sql/bridge/20_reference.sql has them, the most used first. */
static const struct asset assets[] = {
	{"dgt", "DGT", "Dytallix governance", 6}, {"usdc", "USDC", "USD coin", 6}, {"eth", "ETH", "Ether", 8},
	{"btc", "BTC", "Bitcoin", 8}, {"drt", "DRT", "Dytallix reward", 6}, {"atom", "ATOM", "Cosmos hub", 6},
	{"dot", "DOT", "Polkadot", 8}, {"sol", "SOL", "Solana", 8},
};
static const char *const sources[] = {"ethereum", "bsc", "polygon", "cosmos", "polkadot", "avalanche", "solana", "dytallix"};
static const char *const dests[] = {"dytallix", "ethereum", "bsc", "polygon", "cosmos", "polkadot", "avalanche", "solana"};
static const char *const algorithms[] = {"dilithium3", "falcon512", "sphincs"};

static const struct share { /* up to this part of all rows */
	const char *status;
	double upto;
} shares[] = {
	{"completed", 0.90}, {"failed", 0.93}, {"reversed", 0.94}, {"pending", 0.965}, {"confirmed", 0.985}, {"locked", 0.995},
	{"minted", 1},
};

/* --- chance: splitmix64 --------------------------------------------------------------------------------------------- */

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* In [0, 1). */
static double part(uint64_t *state)
{
	return (double)(next(state) >> 11) * 0x1p-53;
}

/* Index below count, low ones far more often: the first of eight 35 % of the time, the last 6 %. */
static int skewed(uint64_t *state, size_t count)
{
	double r = part(state);
	return (int)(r * r * (double)count);
}

static uint64_t begin(const struct rows_load *load, int64_t number)
{
	uint64_t state = load->seed * UINT64_C(0xd1342543de82ef95) + (uint64_t)number;
	return next(&state);
}

/* --- texts ---------------------------------------------------------------------------------------------------------- */

static void add_hex(struct buf *out, uint64_t seed, int digits)
{
	char text[16];

	for (int at = 0; at < digits; at += 16) {
		uint64_t bits = next(&seed);
		for (int i = 0; i < 16; i++, bits >>= 4)
			text[i] = "0123456789abcdef"[bits & 15];
		buf_add(out, text, digits - at < 16 ? (size_t)(digits - at) : 16);
	}
}

static void add_int(struct buf *out, int64_t value)
{
	char text[24], *p = text + sizeof text;
	uint64_t left = (uint64_t)value;

	do
		*--p = (char)('0' + left % 10);
	while (left /= 10);
	buf_add(out, p, (size_t)(text + sizeof text - p));
}

/* `width` digits. */
static void put_digits(char *at, int width, int64_t value)
{
	for (int i = width - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
}

void rows_time(struct buf *out, int64_t us)
{
	char text[] = "0000-00-00 00:00:00.000000+00";
	int64_t day = us / INT64_C(86400000000), rest = us % INT64_C(86400000000);
	/* Civil from days, of the proleptic Gregorian calendar (Hinnant): eras of 400 years that begin in March. */
	int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	put_digits(text, 4, yoe + era * 400 + (month <= 2));
	put_digits(text + 5, 2, month);
	put_digits(text + 8, 2, doy - (153 * mp + 2) / 5 + 1);
	put_digits(text + 11, 2, rest / INT64_C(3600000000));
	put_digits(text + 14, 2, rest / INT64_C(60000000) % 60);
	put_digits(text + 17, 2, rest / INT64_C(1000000) % 60);
	put_digits(text + 20, 6, rest % INT64_C(1000000));
	buf_add(out, text, sizeof text - 1);
}

void rows_id(char out[ROWS_ID_LEN + 1], int64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%lld", (long long)number);

	memcpy(out, "btx_", 4);
	md5_hex(out + 4, digits, (size_t)len);
	out[ROWS_ID_LEN] = '\0';
}

/* --- rows ----------------------------------------------------------------------------------------------------------- */

static int64_t created(const struct rows_load *load, int64_t number, double within)
{
	double count = (double)(load->last - load->first + 1);
	double at = ((double)(number - load->first) + within) / count;
	return load->from_us + (int64_t)((double)(load->until_us - load->from_us) * at);
}

/* Someone among `count`, some far more often than others: "0x" and 40 digits that are theirs. */
static void add_address(struct buf *out, uint64_t *state, uint64_t kind, int count)
{
	buf_add(out, "0x", 2);
	add_hex(out, kind + (uint64_t)skewed(state, (size_t)count) * 2, 40);
	buf_addc(out, '\t');
}

static void add_hash(struct buf *out, uint64_t *state, bool there)
{
	if (there) {
		buf_add(out, "0x", 2);
		add_hex(out, next(state), 64);
		buf_addc(out, '\t');
	} else
		buf_add(out, "\\N\t", 3);
}

static void add_signers(struct buf *out, int64_t number, bool any)
{
	for (int v = 0; any && v < 2; v++)
		buf_addf(out, "%s{\"validator_id\": \"val-%d\", \"signature_type\": \"pqc\"}", v ? ", " : "[",
		         (int)((number + 7 * v) % ROWS_VALIDATORS));
	buf_adds(out, any ? "]\t" : "[]\t");
}

static void add_metadata(struct buf *out, uint64_t *state, int64_t number, const struct asset *a)
{
	double type = part(state);
	int algorithm = (int)(part(state) * ARRAY_LEN(algorithms)), fee = (int)(part(state) * 100000);

	buf_adds(out, "{\"asset_type\": ");
	if (type < 0.0005)
		buf_adds(out, "\"rare_nft\"");
	else
		buf_addf(out, "\"type_%d\"", (int)(type * type * 19));
	buf_addf(out, ", \"asset_metadata\": {\"name\": \"%s\", \"symbol\": \"%s\", \"description\": \"%s as it crosses the bridge\", ",
	         a->name, a->symbol, a->name);
	if (a->decimals > 6)
		buf_addf(out, "\"icon_url\": \"https://assets.example/%s.svg\"}", a->id);
	else
		buf_adds(out, "\"icon_url\": null}");
	buf_addf(out, ", \"pqc\": {\"algo\": \"%s\", \"level\": %d}, \"memo\": \"", algorithms[algorithm], 1 + (int)(part(state) * 5));
	add_hex(out, next(state), 32);
	buf_addf(out, "\", \"nonce\": %lld, \"fee\": %d.%04d, \"tags\": [\"t%d\", \"u%d\"], \"priority\": %s}\n", (long long)number,
	         fee / 10000, fee % 10000, (int)(number % 97), (int)(number % 13), next(state) & 1 ? "true" : "false");
}

/* In the asset's smallest units; a whole unit at least of those. */
static int64_t amount(uint64_t *state, int decimals)
{
	double normal = sqrt(-2 * log(1 - part(state))) * cos(2 * 3.14159265358979323846 * part(state));
	double units = fmin(exp(4.8 + 1.65 * normal), 1e9);

	return (int64_t)fmax(1, round(units * (decimals == 8 ? 1e8 : 1e6)));
}

void rows_transaction(const struct rows_load *load, int64_t number, struct buf *out)
{
	uint64_t state = begin(load, number);
	char id[ROWS_ID_LEN + 1];
	double which = part(&state);
	size_t s = 0;

	while (s + 1 < ARRAY_LEN(shares) && which >= shares[s].upto)
		s++;
	const char *status = shares[s].status;
	bool pending = strcmp(status, "pending") == 0, arrived = strcmp(status, "completed") == 0 || strcmp(status, "minted") == 0;
	const struct asset *a = &assets[skewed(&state, ARRAY_LEN(assets))];
	const char *source = sources[skewed(&state, ARRAY_LEN(sources))];
	int dest = skewed(&state, ARRAY_LEN(dests));
	if (strcmp(source, dests[dest]) == 0)
		dest = (dest + 1) % (int)ARRAY_LEN(dests);
	rows_id(id, number);
	buf_add(out, id, ROWS_ID_LEN);
	buf_addf(out, "\t%s\t", a->id);
	add_int(out, amount(&state, a->decimals));
	buf_addf(out, "\t%d\t%s\t%s\t", a->decimals, source, dests[dest]);
	add_address(out, &state, 1, 50000);
	add_address(out, &state, 2, 70000);
	add_hash(out, &state, true);
	add_hash(out, &state, arrived);
	int64_t at = created(load, number, part(&state)), took = (int64_t)((0.2 + part(&state)) * 180e6);
	int64_t updated = pending ? at : at + took < load->until_us ? at + took : load->until_us;
	buf_adds(out, status);
	buf_addc(out, '\t');
	rows_time(out, at);
	buf_addc(out, '\t');
	rows_time(out, updated);
	buf_addc(out, '\t');
	add_signers(out, number, !pending);
	add_metadata(out, &state, number, a);
}

void rows_signatures(const struct rows_load *load, int64_t number, struct buf *out)
{
	char id[ROWS_ID_LEN + 1];

	if (number % ROWS_SIGNED_EVERY != 0)
		return;
	uint64_t state = begin(load, number) ^ UINT64_C(0x5349474e);
	int64_t at = created(load, number, 0.5);
	rows_id(id, number);
	for (int v = 0; v < ROWS_SIGNATURES; v++) {
		buf_add(out, id, ROWS_ID_LEN);
		buf_addf(out, "\tval-%d\t\\\\x", (int)((number + 7 * v) % ROWS_VALIDATORS));
		add_hex(out, next(&state), 128);
		buf_adds(out, "\tpqc\t");
		rows_time(out, at + (v + 1) * INT64_C(2000000) < load->until_us ? at + (v + 1) * INT64_C(2000000) : load->until_us);
		buf_addc(out, '\n');
	}
}
