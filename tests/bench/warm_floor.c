/* SPDX-License-Identifier: PostgreSQL */
/*
 * The bare loop that a warm-up is measured against: libpq in single-row mode, an encoder, hiredis; it blocks, judges nothing, paces
 * nothing.
 *
 *   warm_floor CONNINFO REDIS_HOST REDIS_PORT raw|zlib|sealed PIPELINE < QUERY      prints keys, seconds, CPU seconds, peak kB
 *
 * PIPELINE 1 is one await per key. Columns: key, value, priority, as a recipe's; $1 must not be in the text.
 */
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zlib.h>

enum { HEADER = 10, NONCE = 24, TAG = 16, VALUE_MAX = 1 << 20 };

static unsigned char packed[VALUE_MAX], sealed[VALUE_MAX + 100];
static const unsigned char secret[32] = {"a key for measuring only"};

static void die(const char *what)
{
	fprintf(stderr, "warm_floor: %s\n", what);
	exit(1);
}

/* One state for all values: compress2() makes a new one for each, which costs more than compressing it. */
static size_t pack(const char *value, size_t len, int level)
{
	static z_stream z;

	if (!z.state ? deflateInit(&z, level) : deflateReset(&z))
		die("deflate");
	z.next_in = (Bytef *)value;
	z.avail_in = (uInt)len;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("deflate");
	return sizeof(packed) - z.avail_out;
}

static size_t seal(const char *key, size_t key_len, const char *value, size_t len)
{
	unsigned char bound[HEADER + 1024] = {'D', 1, 3, 0, 1, 0, (unsigned char)(len >> 24), (unsigned char)(len >> 16),
	                                      (unsigned char)(len >> 8), (unsigned char)len};
	unsigned long long written;
	size_t small = pack(value, len, 1);

	memcpy(bound + HEADER, key, key_len);
	memcpy(sealed, bound, HEADER);
	randombytes_buf(sealed + HEADER, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + HEADER + NONCE, &written, packed, small, bound, HEADER + key_len, NULL,
	                                           sealed + HEADER, secret);
	return HEADER + NONCE + (size_t)written;
}

static void await(redisContext *redis, int count)
{
	for (int i = 0; i < count; i++) {
		redisReply *reply;
		if (redisGetReply(redis, (void **)&reply) != REDIS_OK || reply->type == REDIS_REPLY_ERROR)
			die("redis");
		freeReplyObject(reply);
	}
}

static void send_row(redisContext *redis, const PGresult *row, const char *codec)
{
	char key[256];
	size_t key_len = (size_t)snprintf(key, sizeof(key), "dytallix:bridge:tx:%s", PQgetvalue(row, 0, 0));
	const char *value = PQgetvalue(row, 0, 1);
	size_t len = (size_t)PQgetlength(row, 0, 1);
	const char *priority = PQgetvalue(row, 0, 2);

	if (codec[0] == 'z') {
		len = pack(value, len, Z_DEFAULT_COMPRESSION);
		value = (const char *)packed;
	} else if (codec[0] == 's') {
		len = seal(key, key_len, value, len);
		value = (const char *)sealed;
	}
	const char *ttl = priority[0] == 'H' ? "600" : priority[0] == 'M' ? "3600" : "1800";
	const char *words[] = {"SET", key, value, "EX", ttl, "NX"};
	const size_t sizes[] = {3, key_len, len, 2, strlen(ttl), 2};
	redisAppendCommandArgv(redis, 6, words, sizes);
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static char query[1 << 16];
	struct rusage usage;
	long keys = 0;
	int open = 0;

	if (argc != 6 || sodium_init() < 0 || fread(query, 1, sizeof(query) - 1, stdin) == 0)
		die("usage: warm_floor CONNINFO HOST PORT CODEC PIPELINE < QUERY");
	int pipeline = atoi(argv[5]);
	PGconn *pg = PQconnectdb(argv[1]);
	redisContext *redis = redisConnect(argv[2], atoi(argv[3]));
	if (PQstatus(pg) != CONNECTION_OK || !redis || redis->err)
		die("cannot connect");
	double began = now(CLOCK_MONOTONIC);
	if (!PQsendQueryParams(pg, query, 0, NULL, NULL, NULL, NULL, 1) || !PQsetSingleRowMode(pg))
		die(PQerrorMessage(pg));
	for (PGresult *row; (row = PQgetResult(pg)); PQclear(row)) {
		if (PQresultStatus(row) == PGRES_TUPLES_OK)
			continue;
		if (PQresultStatus(row) != PGRES_SINGLE_TUPLE)
			die(PQerrorMessage(pg));
		send_row(redis, row, argv[4]);
		keys++;
		if (++open == pipeline) {
			await(redis, open);
			open = 0;
		}
	}
	await(redis, open);
	double seconds = now(CLOCK_MONOTONIC) - began;
	getrusage(RUSAGE_SELF, &usage);
	printf("%ld %.3f %.3f %ld\n", keys, seconds, now(CLOCK_PROCESS_CPUTIME_ID), usage.ru_maxrss);
	redisFree(redis);
	PQfinish(pg);
	return 0;
}
