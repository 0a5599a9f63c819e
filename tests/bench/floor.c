/* SPDX-License-Identifier: PostgreSQL */
/* The physical floor: what connecting and each monitoring query cost, through libpq, on this machine.
 *
 *   floor query FILE.sql N CONNINFO [protocol]   one JSON line per query; protocol: simple (default) or prepared
 *   floor set FILE.sql N CONNINFO                the "set:" queries of the file: one by one, prepared, and pipelined
 *   floor connect N CONNINFO                     connect, one SELECT 1, disconnect
 *   floor once FILE.sql CONNINFO                 a whole snapshot: connect, the set once, disconnect
 *
 * Server CPU is read from the clock of the backend (same machine). Times in ms, medians unless said.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_QUERIES = 64 };
struct query { char name[64]; char *sql; int in_set; };
static struct query queries[MAX_QUERIES];
static int query_count;

static double clock_ms(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
static double wall(void) { return clock_ms(CLOCK_MONOTONIC); }
static double client_cpu(void) { return clock_ms(CLOCK_PROCESS_CPUTIME_ID); }
static double server_cpu(PGconn *c) { return clock_ms((clockid_t) ((~(unsigned) PQbackendPID(c)) << 3 | 2)); }

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}
static double median(double *v, int n) { qsort(v, n, sizeof *v, by_value); return v[n / 2]; }

static void die(const char *what, const char *why) { fprintf(stderr, "floor: %s: %s\n", what, why); exit(1); }

static void load(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[4096];
    if (!f) die(path, "cannot open");
    while (fgets(line, sizeof line, f)) {
        struct query *q = query_count ? &queries[query_count - 1] : NULL;
        if (!strncmp(line, "-- name: ", 9)) {
            if (query_count == MAX_QUERIES) die(path, "too many queries");
            q = &queries[query_count++];
            sscanf(line + 9, "%63s", q->name);
            q->in_set = strstr(line, " set:") != NULL;
            q->sql = calloc(1, 1);
        } else if (q && line[0] != '-') {
            q->sql = realloc(q->sql, strlen(q->sql) + strlen(line) + 1);
            strcat(q->sql, line);
        }
    }
    fclose(f);
}

static PGconn *connect_to(const char *conninfo)
{
    PGconn *c = PQconnectdb(conninfo);
    if (PQstatus(c) != CONNECTION_OK) die("connect", PQerrorMessage(c));
    return c;
}

static void check(PGconn *c, PGresult *r, const char *name)
{
    ExecStatusType s = PQresultStatus(r);
    if (s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK && s != PGRES_PIPELINE_SYNC) die(name, PQerrorMessage(c));
}

static PGresult *run_one(PGconn *c, struct query *q, int prepared)
{
    PGresult *r = prepared ? PQexecPrepared(c, q->name, 0, NULL, NULL, NULL, 0) : PQexec(c, q->sql);
    check(c, r, q->name);
    return r;
}

static long result_bytes(PGresult *r)
{
    long n = 0;
    for (int i = 0; i < PQntuples(r); i++)
        for (int j = 0; j < PQnfields(r); j++)
            n += PQgetlength(r, i, j);
    return n;
}

static void time_queries(PGconn *c, int n, int prepared)
{
    double *t = malloc(n * sizeof *t);
    for (int k = 0; k < query_count; k++) {
        struct query *q = &queries[k];
        if (prepared) PQclear(PQprepare(c, q->name, q->sql, 0, NULL));
        for (int i = 0; i < 6; i++) PQclear(run_one(c, q, prepared));   /* warm caches; prepared: past the custom plans */
        double c0 = client_cpu(), s0 = server_cpu(c);
        long bytes = 0; int rows = 0;
        for (int i = 0; i < n; i++) {
            double w = wall();
            PGresult *r = run_one(c, q, prepared);
            t[i] = wall() - w;
            rows = PQntuples(r);
            if (i == 0) bytes = result_bytes(r);
            PQclear(r);
        }
        double cc = (client_cpu() - c0) / n, sc = (server_cpu(c) - s0) / n;
        double med = median(t, n);
        printf("{\"query\": \"%s\", \"protocol\": \"%s\", \"rows\": %d, \"result_bytes\": %ld, \"wall_ms\": %.3f, "
               "\"min_ms\": %.3f, \"client_cpu_ms\": %.3f, \"server_cpu_ms\": %.3f}\n",
               q->name, prepared ? "prepared" : "simple", rows, bytes, med, t[0], cc, sc);
        fflush(stdout);
    }
}

static void one_set(PGconn *c, int how)
{
    if (how < 2) {
        for (int k = 0; k < query_count; k++)
            if (queries[k].in_set) PQclear(run_one(c, &queries[k], how));
        return;
    }
    PQenterPipelineMode(c);
    for (int k = 0; k < query_count; k++)
        if (queries[k].in_set) PQsendQueryPrepared(c, queries[k].name, 0, NULL, NULL, NULL, 0);
    PQpipelineSync(c);
    for (int synced = 0; !synced;) {
        PGresult *r = PQgetResult(c);
        if (!r) continue;
        check(c, r, "pipeline");
        synced = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        PQclear(r);
    }
    PQexitPipelineMode(c);
}

static void time_sets(PGconn *c, int n)
{
    static const char *names[] = {"simple", "prepared", "pipelined"};
    double *t = malloc(n * sizeof *t);
    for (int k = 0; k < query_count; k++)
        if (queries[k].in_set) PQclear(PQprepare(c, queries[k].name, queries[k].sql, 0, NULL));
    for (int how = 0; how < 3; how++) {
        for (int i = 0; i < 6; i++) one_set(c, how);
        double c0 = client_cpu(), s0 = server_cpu(c);
        for (int i = 0; i < n; i++) {
            double w = wall();
            one_set(c, how);
            t[i] = wall() - w;
        }
        double cc = (client_cpu() - c0) / n, sc = (server_cpu(c) - s0) / n, med = median(t, n);
        printf("{\"set\": \"%s\", \"wall_ms\": %.3f, \"min_ms\": %.3f, \"client_cpu_ms\": %.3f, \"server_cpu_ms\": %.3f}\n",
               names[how], med, t[0], cc, sc);
    }
}

static void time_connects(const char *conninfo, int n)
{
    double *t = malloc(n * sizeof *t), c0 = client_cpu();
    for (int i = 0; i < n; i++) {
        double w = wall();
        PGconn *c = connect_to(conninfo);
        PQclear(PQexec(c, "SELECT 1"));
        t[i] = wall() - w;
        PQfinish(c);
    }
    double cc = (client_cpu() - c0) / n, med = median(t, n);
    printf("{\"connect\": \"%s\", \"wall_ms\": %.3f, \"min_ms\": %.3f, \"client_cpu_ms\": %.3f}\n",
           strstr(conninfo, "host=/") ? "unix socket" : "tcp loopback", med, t[0], cc);
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "connect")) {
        time_connects(argv[3], atoi(argv[2]));
    } else if (argc >= 5 && (!strcmp(argv[1], "query") || !strcmp(argv[1], "set"))) {
        PGconn *c = connect_to(argv[4]);
        load(argv[2]);
        if (argv[1][0] == 's') time_sets(c, atoi(argv[3]));
        else time_queries(c, atoi(argv[3]), argc > 5 && !strcmp(argv[5], "prepared"));
        PQfinish(c);
    } else if (argc == 4 && !strcmp(argv[1], "once")) {
        PGconn *c = connect_to(argv[3]);
        load(argv[2]);
        one_set(c, 0);
        PQfinish(c);
    } else {
        fprintf(stderr, "usage: floor query FILE N CONNINFO [prepared] | set FILE N CONNINFO | connect N CONNINFO | once FILE CONNINFO\n");
        return 2;
    }
    return 0;
}
