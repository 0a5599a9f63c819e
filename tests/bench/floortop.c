/* SPDX-License-Identifier: PostgreSQL */
/* The smallest honest live tool: ncurses + non-blocking libpq (pipelined, prepared) + a raw Redis INFO.
 * It exists to show what is physically possible under tui.py, not to be useful.
 *
 *   floortop [-i SECONDS] [-a] [-r REDIS_PORT] CONNINFO [CONNINFO ...]
 *     -a  also statement numbers, tables and indexes every refresh (the heaviest set, nobody should do it)
 *   keys: 1 activity, 2 targets, q quit
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TARGETS = 64, QUERIES = 5 };
enum state { CONNECTING, IDLE, RUNNING, FAILED };

static const char *sql[QUERIES] = {
    "SELECT a.pid, d.datname, u.rolname, a.application_name, a.state, a.wait_event,"
    " round(extract(epoch FROM clock_timestamp() - a.query_start)::numeric, 1), left(a.query, 80)"
    " FROM pg_stat_get_activity(NULL) a LEFT JOIN pg_database d ON d.oid = a.datid LEFT JOIN pg_roles u ON u.oid = a.usesysid"
    " WHERE a.backend_type = 'client backend' AND a.state <> 'idle' ORDER BY a.query_start LIMIT 100",
    "SELECT sum(numbackends), sum(xact_commit + xact_rollback), sum(blks_hit), sum(blks_read), sum(tup_returned), sum(temp_bytes),"
    " sum(deadlocks) FROM pg_stat_database",
    "SELECT queryid, calls, total_exec_time, rows, shared_blks_hit FROM pg_stat_statements(false) ORDER BY 3 DESC LIMIT 50",
    "SELECT relid, relname, seq_scan, idx_scan, n_dead_tup FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 50",
    "SELECT indexrelid, indexrelname, idx_scan FROM pg_stat_user_indexes ORDER BY idx_scan LIMIT 50",
};

struct target {
    const char *conninfo;
    PGconn *conn;
    enum state state;
    PostgresPollingStatusType want;
    int prepared, got;
    double sent, done;
    PGresult *res[QUERIES];
};

static struct target targets[MAX_TARGETS];
static int target_count, query_count = 2, view = 1, redis_fd = -1, redis_port;
static char redis_buf[1 << 16];
static size_t redis_len;
static double redis_done;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void ask(struct target *t)
{
    static const char *names[QUERIES] = {"q0", "q1", "q2", "q3", "q4"};
    for (int k = 0; k < query_count; k++) {
        if (!t->prepared) PQsendPrepare(t->conn, names[k], sql[k], 0, NULL);
        PQsendQueryPrepared(t->conn, names[k], 0, NULL, NULL, NULL, 0);
    }
    t->prepared = 1;
    PQpipelineSync(t->conn);
    PQflush(t->conn);
    t->got = 0;
    t->sent = now();
    t->state = RUNNING;
}

/* Takes what has arrived; true when a whole refresh is in. */
static int take(struct target *t)
{
    if (!PQconsumeInput(t->conn)) { t->state = FAILED; return 1; }
    while (!PQisBusy(t->conn)) {
        PGresult *r = PQgetResult(t->conn);
        if (!r) continue;
        ExecStatusType s = PQresultStatus(r);
        if (s == PGRES_TUPLES_OK && t->got < query_count) {
            PQclear(t->res[t->got]);
            t->res[t->got++] = r;
            continue;
        }
        PQclear(r);
        if (s == PGRES_PIPELINE_SYNC) {
            t->done = now();
            t->state = t->got == query_count ? IDLE : FAILED;
            return 1;
        }
        if (s != PGRES_COMMAND_OK) { t->state = FAILED; return 1; }
    }
    return 0;
}

static int go_on(struct target *t)
{
    if (t->state == RUNNING) return take(t);
    if (t->state != CONNECTING) return 0;
    t->want = PQconnectPoll(t->conn);
    if (t->want == PGRES_POLLING_OK) {
        PQsetnonblocking(t->conn, 1);
        PQenterPipelineMode(t->conn);
        ask(t);
    } else if (t->want == PGRES_POLLING_FAILED) {
        t->state = FAILED;
        return 1;
    }
    return 0;
}

static void redis_ask(void)
{
    if (redis_fd < 0) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(redis_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        redis_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(redis_fd, (struct sockaddr *) &a, sizeof a) && errno != EINPROGRESS) return;
    }
    redis_len = 0;
    if (write(redis_fd, "INFO\r\n", 6) != 6) return;
}

static int redis_take(void)
{
    ssize_t n = read(redis_fd, redis_buf + redis_len, sizeof redis_buf - 1 - redis_len);
    if (n <= 0) return 0;
    redis_len += n;
    redis_buf[redis_len] = 0;
    char *body = strchr(redis_buf, '\n');
    if (!body || redis_len < (size_t) (body - redis_buf) + 1 + strtoul(redis_buf + 1, NULL, 10) + 2) return 0;
    redis_done = now();
    return 1;
}

static long redis_field(const char *name)
{
    char *p = redis_len ? strstr(redis_buf, name) : NULL;
    return p ? strtol(p + strlen(name), NULL, 10) : -1;
}

static void paint(void)
{
    static const char *names[] = {"connecting", "ok", "waiting", "failed"};
    double t = now();
    char clock[32];
    time_t wall = time(NULL);
    strftime(clock, sizeof clock, "%H:%M:%S", localtime(&wall));
    erase();
    mvprintw(0, 0, "floortop  VIEW %s  %s  redis keys %ld ops %ld", view == 1 ? "activity" : "targets", clock, redis_field("keys="),
             redis_field("instantaneous_ops_per_sec:"));
    if (view == 1) {
        struct target *g = &targets[0];
        attron(A_REVERSE);
        mvprintw(2, 0, "%-8s%-10s%-10s%-14s%-12s%-14s%8s  %-40s", "PID", "DB", "USER", "APP", "STATE", "WAIT", "AGE", "QUERY");
        attroff(A_REVERSE);
        if (g->res[1])
            mvprintw(1, 0, "backends %s  xacts %s  hit %s  read %s  temp %s  deadlocks %s", PQgetvalue(g->res[1], 0, 0),
                     PQgetvalue(g->res[1], 0, 1), PQgetvalue(g->res[1], 0, 2), PQgetvalue(g->res[1], 0, 3),
                     PQgetvalue(g->res[1], 0, 5), PQgetvalue(g->res[1], 0, 6));
        for (int i = 0; g->res[0] && i < PQntuples(g->res[0]) && i + 3 < LINES; i++) {
            PGresult *r = g->res[0];
            mvprintw(3 + i, 0, "%-8s%-10.9s%-10.9s%-14.13s%-12.11s%-14.13s%8s  %-.42s", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1),
                     PQgetvalue(r, i, 2), PQgetvalue(r, i, 3), PQgetvalue(r, i, 4), PQgetvalue(r, i, 5), PQgetvalue(r, i, 6),
                     PQgetvalue(r, i, 7));
        }
    } else {
        for (int i = 0; i < target_count && i + 2 < LINES; i++) {
            struct target *g = &targets[i];
            mvprintw(2 + i, 0, "target %-3d %-11s refresh %6.1f ms  active %d", i + 1, names[g->state],
                     g->done > g->sent ? 1000 * (g->done - g->sent) : 0.0, g->res[0] ? PQntuples(g->res[0]) : 0);
        }
    }
    struct target *g = &targets[0];
    if (g->state == RUNNING && t - g->sent > 1.0) mvprintw(1, 90, "no answer for %.0f s", t - g->sent);
    refresh();
}

int main(int argc, char **argv)
{
    double interval = 1.0;
    int opt;
    while ((opt = getopt(argc, argv, "i:ar:")) != -1) {
        if (opt == 'i') interval = atof(optarg);
        else if (opt == 'a') query_count = QUERIES;
        else if (opt == 'r') redis_port = atoi(optarg);
        else return 2;
    }
    for (; optind < argc && target_count < MAX_TARGETS; optind++) {
        struct target *t = &targets[target_count++];
        t->conninfo = argv[optind];
        t->conn = PQconnectStart(t->conninfo);
        t->want = PGRES_POLLING_WRITING;
    }
    setlocale(LC_ALL, "");
    initscr();
    cbreak();
    noecho();
    curs_set(0);
    nodelay(stdscr, TRUE);
    if (redis_port) redis_ask();
    paint();
    double tick = now() + interval;
    for (;;) {
        struct pollfd p[MAX_TARGETS + 2] = {{.fd = 0, .events = POLLIN}, {.fd = redis_fd, .events = POLLIN}};
        for (int i = 0; i < target_count; i++) {
            struct target *t = &targets[i];
            p[i + 2].fd = t->state == FAILED ? -1 : PQsocket(t->conn);
            p[i + 2].events = t->state == CONNECTING && t->want == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
        }
        double left = tick - now();
        poll(p, target_count + 2, left > 0 ? (int) (left * 1000) + 1 : 0);
        int dirty = 0, waiting = 0;
        if (p[0].revents)
            for (int c; (c = getch()) != ERR; dirty = 1) {
                if (c == 'q') { endwin(); return 0; }
                if (c == '1' || c == '2') view = c - '0';
            }
        if (redis_fd >= 0 && p[1].revents && redis_take()) dirty = 1;
        for (int i = 0; i < target_count; i++) {
            if (p[i + 2].revents && go_on(&targets[i])) dirty = 1;
            waiting += targets[i].state == RUNNING;
        }
        if (now() >= tick) {
            tick += interval;
            for (int i = 0; i < target_count; i++)
                if (targets[i].state == IDLE) ask(&targets[i]);
            if (redis_port) redis_ask();
            if (waiting) dirty = 1;     /* someone does not answer: show its age */
            else continue;
        }
        /* one paint a refresh: hold back while answers are on their way, unless a key was pressed */
        if (dirty && (p[0].revents || !waiting || now() - targets[0].sent > 0.5)) paint();
    }
}
