/* SPDX-License-Identifier: PostgreSQL */
#include "app/batch.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

enum {
	BATCH_OUT_MAX = 256 << 20, /* ceiling of one printed frame */
	BATCH_WRITE_MAX = 4096,    /* bytes */
	BATCH_COLUMNS_MAX = 256,
	BATCH_LOOKUP_ROUNDS = 64,  /* a lookup that never ends must not hold the frame for ever */
};

struct batch_pair {
	struct session_pair at;
	struct view view;
	int columns[BATCH_COLUMNS_MAX];
	int column_count;    /* 0: the format chooses */
	uint64_t generation; /* of the feed when this frame began */
	bool failed;
};

struct batch {
	struct loop *loop;
	const struct batch_conf *conf;
	struct session *session;
	struct batch_pair *pair;
	int pair_count;
	struct loop_timer *deadline;
	struct loop_signal *signals[3];
	struct buf out;
	size_t written;        /* of out; what is left waits for the descriptor, and nothing else is printed meanwhile */
	struct loop_fd *ready;
	int frame;             /* being gathered, from 1 */
	int printed;           /* the last one printed */
	int64_t turn;          /* session's turn in which it began */
	int lookup_rounds;
	bool late, last, printed_last, any_answer, ended;
	bool replaced;         /* conf->replace is done */
	bool interrupted;      /* by a signal, before all of its frames were printed */
	int failed;            /* pairs without data in the last frame */
	int rc;
	struct err why;
};

static void on_writable(void *ctx, unsigned got);

static const struct server_status *status_of(const struct batch *b, int server)
{
	int count;

	return session_servers(b->session, &count)[server];
}

/* Every server has been reached, or has failed once. */
static bool servers_known(const struct batch *b)
{
	int count;
	const struct server_status *const *status = session_servers(b->session, &count);

	for (int i = 0; i < count - 1; i++)
		if (status[i]->state == SERVER_CONNECTING && status[i]->retries == 0)
			return false;
	return true;
}

/* Done with its first look: an answer, or a reason why there is none. */
static bool pair_settled(const struct batch *b, const struct batch_pair *p)
{
	const struct feed *feed = session_feed(b->session, p->at.panel, p->at.server);
	const struct server_status *status = status_of(b, p->at.server);

	if (!feed || (status->kind == PANEL_SELF && feed_sample(feed)))
		return b->late || servers_known(b); /* what dytop knows itself is there at once; but it should know something */
	if (b->conf->next_frame) /* a recorded frame has what it has: that is known when everything was asked for once */
		return b->late || status->state != SERVER_LIVE || !session_pending(b->session, p->at);
	if (b->late || feed_generation(feed) != p->generation)
		return true;
	/* one failed attempt is an answer for a script; a later frame does not wait for a server that is down */
	return status->retries > 0 || status->state == SERVER_REFUSED || status->state == SERVER_ENDED ||
	       (b->frame > 1 && status->state != SERVER_LIVE);
}

/* With --columns: whether one of them needs what the lookup brings. */
static bool shows_lookup(const struct batch_pair *p, const struct panel *panel, int k)
{
	bool shows = p->column_count == 0;

	for (int i = 0; i < p->column_count && !shows; i++)
		shows = view_column_needs(panel, p->columns[i], k);
	return shows;
}

static bool lookups_settled(struct batch *b)
{
	bool busy = false;

	for (int i = 0; i < b->pair_count; i++) {
		struct batch_pair *p = &b->pair[i];
		const struct feed *feed = session_feed(b->session, p->at.panel, p->at.server);
		struct session_rows rows = {.pair = p->at};

		if (!feed || status_of(b, p->at.server)->state != SERVER_LIVE)
			continue;
		if (session_source(b->session, p->at.server) && !source_ready(session_source(b->session, p->at.server))) {
			busy = true; /* with something else: what is missing can only be asked when that is over */
			continue;
		}
		view_update(&p->view, feed, loop_now(b->loop)->wall_us, false);
		rows.rows = p->view.order;
		rows.count = p->view.count;
		if (b->conf->row_limit > 0 && rows.count > b->conf->row_limit)
			rows.count = b->conf->row_limit;
		rows.near = p->view.order; /* the next frame's first rows may be others */
		rows.near_count = p->view.count;
		for (int k = 0; k < feed_panel(feed)->lookup_count; k++)
			if (view_needs_lookup(&p->view, k))
				rows.whole |= 1u << k;
			else if (!shows_lookup(p, feed_panel(feed), k))
				rows.spare |= 1u << k;
		session_fill(b->session, &rows);
	}
	return !session_flush(b->session) && !busy;
}

/* As much as the other end takes without being waited for: 0 all of it, 1 some is left, or an error. A pipe that is ready has
 * room for BATCH_WRITE_MAX bytes (PIPE_BUF); a file is always ready. */
static int write_some(struct batch *b)
{
	while (b->written < b->out.len) {
		struct pollfd p = {.fd = b->conf->fd, .events = POLLOUT};
		size_t left = b->out.len - b->written;
		ssize_t n;

		if (poll(&p, 1, 0) == 0)
			return 1;
		n = write(b->conf->fd, b->out.data + b->written, left < BATCH_WRITE_MAX ? left : BATCH_WRITE_MAX);
		if (n < 0 && errno == EAGAIN)
			return 1;
		if (n < 0 && errno != EINTR)
			return err_set(&b->why, ERR_IO, "cannot write to %s: %s", b->conf->fd_name, strerror(errno));
		b->written += n > 0 ? (size_t)n : 0;
	}
	b->written = 0;
	buf_clear(&b->out);
	return 0;
}

/* The frame, or as much of it as goes now; the rest goes when the descriptor is ready (on_writable). */
static int write_out(struct batch *b)
{
	int rc;

	if (b->out.failed)
		return err_set(&b->why, ERR_TOO_BIG, "the frame is larger than %d MiB: ask for fewer rows (--limit)",
		               BATCH_OUT_MAX >> 20);
	if (b->conf->replace && !b->replaced && ftruncate(b->conf->fd, 0) < 0 && errno != EINVAL) /* EINVAL: no regular file */
		return err_set(&b->why, ERR_IO, "cannot write to %s: %s", b->conf->fd_name, strerror(errno));
	b->replaced = true;
	rc = write_some(b);
	if (rc == 1 && !b->ready)
		b->ready = loop_fd_new(b->loop, b->conf->fd, LOOP_WRITE, on_writable, b);
	return rc;
}

static int print_frame(struct batch *b)
{
	struct out_panel *panels = mem_calloc((size_t)b->pair_count + 1, sizeof *panels);
	struct out_frame frame = {.number = b->frame, .now = *loop_now(b->loop), .panels = panels,
	                          .panel_count = b->pair_count, .row_limit = b->conf->row_limit, .last = b->last,
	                          .ascii = b->conf->ascii};
	int rc;

	frame.interval_s = b->frame > 1 || b->conf->frames != 1 ? b->conf->interval_s : NAN;
	frame.servers = session_servers(b->session, &frame.server_count);
	frame.server_count--; /* dytop itself is not a server one reports on */
	b->failed = 0;
	if (b->frame == 1)
		session_look_at_self(b->session);
	for (int i = 0; i < b->pair_count; i++) {
		struct batch_pair *p = &b->pair[i];
		struct feed *feed = session_feed(b->session, p->at.panel, p->at.server);

		if (feed)
			view_update(&p->view, feed, frame.now.wall_us, true);
		panels[i] = (struct out_panel){.panel = b->conf->all[p->at.panel], .feed = feed,
		                               .view = &p->view, .server = status_of(b, p->at.server),
		                               .columns = p->column_count ? p->columns : NULL,
		                               .column_count = p->column_count};
		p->failed = !feed || feed_state(feed) != FEED_LIVE;
		b->failed += p->failed;
		b->any_answer = b->any_answer || !p->failed;
	}
	rc = b->conf->format->frame(&b->out, &frame, &b->why);
	free(panels);
	b->printed_last = b->last;
	b->printed = b->frame;
	return rc < 0 ? rc : write_out(b);
}

static bool begin_frame(struct batch *b)
{
	if (b->frame > 0 && b->conf->next_frame && !b->conf->next_frame(b->conf->ctx))
		return false;
	b->frame++;
	b->late = false;
	b->lookup_rounds = 0;
	b->turn = session_turn(b->session);
	for (int i = 0; i < b->pair_count; i++) {
		const struct feed *feed = session_feed(b->session, b->pair[i].at.panel, b->pair[i].at.server);

		b->pair[i].generation = feed ? feed_generation(feed) : 0;
	}
	b->last = b->frame == b->conf->frames;
	session_hold(b->session, b->frame == 1 || b->conf->next_frame);
	if (b->frame > 1 && b->conf->next_frame) /* recorded intervals need no waiting */
		session_refresh(b->session);
	if (b->conf->turn)
		b->conf->turn(b->conf->ctx, b->session);
	loop_timer_in(b->deadline, b->frame == 1 ? b->conf->frame_timeout_ms
	                                         : b->conf->session.interval_ms + b->conf->frame_timeout_ms);
	return true;
}

static void finish(struct batch *b, int rc)
{
	b->rc = rc;
	b->ended = true;
	loop_stop(b->loop);
}

static void printed(struct batch *b, int rc)
{
	if (rc < 0 || (rc == 0 && (b->last || !begin_frame(b))))
		finish(b, rc);
}

static void on_writable(void *ctx, unsigned got)
{
	struct batch *b = ctx;
	int rc = write_some(b);

	(void)got;
	if (rc == 1)
		return;
	loop_fd_free(b->ready);
	b->ready = NULL;
	printed(b, rc);
}

/* The end of a turn: is the frame whole? */
static void on_turn(void *ctx)
{
	struct batch *b = ctx;

	if (b->ready || b->ended)
		return;
	if (b->frame > 1 && !b->conf->next_frame && session_turn(b->session) == b->turn && !b->late)
		return; /* waiting for the interval to pass */
	session_hold(b->session, true); /* one look at each panel, however long it takes */
	for (int i = 0; i < b->pair_count; i++)
		if (!pair_settled(b, &b->pair[i]))
			return;
	if (!b->late && b->lookup_rounds++ < BATCH_LOOKUP_ROUNDS && !lookups_settled(b))
		return;
	printed(b, print_frame(b));
}

static void on_deadline(void *ctx)
{
	((struct batch *)ctx)->late = true;
}

static void on_changed(void *ctx)
{
	(void)ctx; /* on_turn looks at everything */
}

/* The end of a batch without one (-n 0), and too early an end of any other. */
static void on_signal(void *ctx, int signo)
{
	struct batch *b = ctx;

	(void)signo;
	b->interrupted = b->printed == 0 || b->printed < b->conf->frames;
	finish(b, 0);
}

static void make_pairs(struct batch *b)
{
	int servers;
	const struct server_status *const *status = session_servers(b->session, &servers);
	struct session_pair *want;
	int room = 0;

	for (int i = 0; i < b->conf->panel_count; i++)
		for (int k = 0; k < servers; k++)
			room += b->conf->all[b->conf->panels[i]]->source == status[k]->kind;
	want = mem_calloc((size_t)room + 1, sizeof *want);
	b->pair = mem_calloc((size_t)room + 1, sizeof *b->pair);
	for (int i = 0; i < b->conf->panel_count; i++)
		for (int k = 0; k < servers; k++) {
			const struct panel *panel = b->conf->all[b->conf->panels[i]];
			struct batch_pair *p = &b->pair[b->pair_count];

			if (panel->source != status[k]->kind)
				continue;
			p->at = want[b->pair_count++] = (struct session_pair){b->conf->panels[i], k};
			p->column_count = b->conf->columns(b->conf->ctx, panel, p->columns);
			view_init(&p->view, panel);
			b->conf->prepare(b->conf->ctx, &p->view);
		}
	session_want(b->session, want, b->pair_count);
	free(want);
}

/* One line for each source or panel that gave nothing. */
static void complain(const struct batch *b, struct buf *complaints)
{
	int count;
	const struct server_status *const *status = session_servers(b->session, &count);

	if (b->interrupted && b->conf->frames > 0)
		buf_addf(complaints, "interrupted after %d of %d frames\n", b->printed, b->conf->frames);
	else if (b->interrupted)
		buf_addf(complaints, "interrupted before the first frame\n");
	for (int k = 0; k < count - 1; k++)
		if (status[k]->state != SERVER_LIVE && status[k]->state != SERVER_ENDED && (status[k]->reason[0] || b->printed > 0))
			buf_addf(complaints, "%s: %s: %s\n", status[k]->name, server_state_name(status[k]->state),
			         status[k]->reason[0] ? status[k]->reason : "no answer in time");
	for (int i = 0; i < b->pair_count; i++) {
		const struct batch_pair *p = &b->pair[i];
		const struct feed *feed = session_feed(b->session, p->at.panel, p->at.server);

		if (p->failed && feed && status[p->at.server]->state == SERVER_LIVE)
			buf_addf(complaints, "%s: panel %s: %s\n", status[p->at.server]->name,
			         b->conf->all[p->at.panel]->name,
			         feed_reason(feed)[0] ? feed_reason(feed) : "no answer in time");
		else if (feed && feed_lack(feed)[0])
			buf_addf(complaints, "%s: panel %s: no %s\n", status[p->at.server]->name,
			         b->conf->all[p->at.panel]->name, feed_lack(feed));
	}
}

static int exit_status(const struct batch *b)
{
	int count;
	const struct server_status *const *status = session_servers(b->session, &count);
	int down = 0;

	for (int k = 0; k < count - 1; k++)
		down += status[k]->state != SERVER_LIVE && status[k]->state != SERVER_ENDED;
	if (count > 1 && down == count - 1 && b->printed > 0)
		return 2;
	return down > 0 || b->failed > 0 || b->interrupted ? 3 : 0;
}

static void release(struct batch *b)
{
	for (int i = 0; i < b->pair_count; i++)
		view_release(&b->pair[i].view);
	free(b->pair);
	for (size_t i = 0; i < ARRAY_LEN(b->signals); i++)
		if (b->signals[i])
			loop_signal_free(b->signals[i]);
	loop_timer_free(b->deadline);
	loop_fd_free(b->ready);
	session_free(b->session);
	buf_release(&b->out);
}

int batch_run(struct loop *l, const struct batch_conf *conf, struct buf *complaints, struct err *why)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct batch b = {.loop = l, .conf = conf, .out = BUF_INIT(BATCH_OUT_MAX)};
	struct session_conf session = conf->session;
	int rc;

	session.changed = on_changed;
	session.changed_ctx = &b;
	session.every_frame = session.headless = true;
	rc = session_new(&b.session, l, &session, why);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		b.signals[i] = loop_signal_new(l, ends[i], on_signal, &b);
	b.deadline = loop_timer_new(l, on_deadline, &b);
	session_connect(b.session);
	session_start(b.session, conf->all, conf->all_count);
	make_pairs(&b);
	begin_frame(&b);
	loop_on_turn(l, on_turn, &b);
	loop_run(l);
	rc = b.rc;
	if (rc == 0 && !b.ready && !b.printed_last && b.printed > 0 && conf->format->abandon) {
		conf->format->abandon(&b.out, b.printed);
		rc = write_out(&b);
	}
	if (rc >= 0 && b.ready) /* ended by a signal */
		rc = err_set(&b.why, ERR_IO, "cannot write to %s: it takes no more, and the last frame is not whole", conf->fd_name);
	if (rc < 0)
		*why = b.why;
	else
		complain(&b, complaints);
	if (rc == 0)
		rc = exit_status(&b);
	else if (rc == ERR_IO)
		rc = 4;
out:
	loop_on_turn(l, NULL, NULL);
	release(&b);
	return rc;
}
