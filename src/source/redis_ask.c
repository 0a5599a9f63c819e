/* SPDX-License-Identifier: PostgreSQL */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_info.h"
#include "source/redis_private.h"

static double since_ms(const struct redis *r, int64_t ns)
{
	return (double)(loop_now(r->s->loop)->mono_ns - ns) / (double)CLOCK_MS_NS;
}

/* --- what is asked ------------------------------------------------------------------------------------------ */

/* The first words of a command line, as a message names it: letters only, so "LATENCY HISTOGRAM", "SLOWLOG GET". */
static void name_command(struct redis_job *job, struct str line)
{
	size_t len = 0;

	while (len < line.len && len < sizeof(job->command) - 1 &&
	       ((line.at[len] >= 'A' && line.at[len] <= 'Z') || line.at[len] == ' '))
		len++;
	while (len > 0 && line.at[len - 1] == ' ')
		len--;
	memcpy(job->command, line.at, len);
	job->command[len] = '\0';
}

static int add_body(struct redis *r, struct redis_job *job, struct err *why)
{
	const struct panel *p = job->ask.panel;
	const struct panel_body *body = panel_body_for(p, -1, r->s->status.version, 0);
	struct str rest, line;

	if (!body)
		return err_set(why, ERR_UNSUPPORTED, "%s needs a newer server than %s", p->title, r->s->status.version_text);
	rest = str_from(body->text);
	while (info_line(&rest, &line)) {
		size_t blank = 0;
		while (blank < line.len && (line.at[blank] == ' ' || line.at[blank] == '\t'))
			blank++;
		if (blank == line.len || line.at[blank] == '#' || (line.len - blank > 1 && line.at[blank] == '-'))
			continue;
		if (job->count == 0)
			name_command(job, (struct str){line.at + blank, line.len - blank});
		if (job->count == REDIS_COMMANDS_MAX)
			return err_set(why, ERR_INVALID, "%s:%d: more than %d commands", p->file, body->line, REDIS_COMMANDS_MAX);
		int code = resp_command_line(&r->commands, line, why);
		if (code)
			return code;
		job->count++;
	}
	return job->count ? 0 : err_set(why, ERR_INVALID, "%s:%d: no command", p->file, body->line);
}

static const char *param(const struct redis *r, const struct panel *p)
{
	if (!p->params || !p->params[0])
		return NULL;
	for (const struct source_param *at = r->params; at && at->name; at++)
		if (strcmp(at->name, p->params[0]) == 0)
			return at->value;
	return NULL;
}

/* The panel's scan, which goes on from round to round. */
static int find_scan(struct redis *r, struct redis_job *job, struct err *why)
{
	const struct panel *p = job->ask.panel;

	for (int i = 0; i < REDIS_SCANS_MAX; i++) {
		if (r->scan[i].panel && r->scan[i].panel != p)
			continue;
		if (!r->scan[i].scan) {
			int code = keys_new(&r->scan[i].scan, param(r, p), why);
			if (code)
				return code;
			r->scan[i].panel = p;
		}
		job->scan = r->scan[i].scan;
		return 0;
	}
	return err_set(why, ERR_TOO_BIG, "more than %d panels that scan keys", REDIS_SCANS_MAX);
}

static const struct redis_dear *find_dear(const struct redis *r, const struct panel *p)
{
	for (int i = 0; i < REDIS_DEAR_MAX; i++)
		if (r->dear[i].panel == p && loop_now(r->s->loop)->mono_ns < r->dear[i].until_ns)
			return &r->dear[i];
	return NULL;
}

static int prepare(struct redis *r, struct redis_job *job, struct err *why)
{
	const struct panel *p = job->ask.panel;
	const struct redis_dear *dear = find_dear(r, p);

	if (job->ask.lookup >= 0)
		return err_set(why, ERR_UNSUPPORTED, "%s: Redis panels have no lookups", p->name);
	if (dear) {
		*why = dear->why;
		return why->code;
	}
	if (p->reader && strcmp(p->reader, "keys") == 0) {
		int code = find_scan(r, job, why);
		if (code)
			return code;
		snprintf(job->command, sizeof(job->command), "SCAN");
		keys_begin(job->scan);
		job->count = keys_step(job->scan, &r->commands);
		return 0;
	}
	job->reader = redis_reader_find(p->reader);
	if (!job->reader)
		return err_set(why, ERR_INVALID, "%s: there is no reader %s", p->file, p->reader ? p->reader : "(none)");
	return add_body(r, job, why);
}

/* The PING tells whether the answers are in step, and now and then the round trip: then the batch waits for it. */
static void send_batch(struct redis *r)
{
	struct buf out = BUF_INIT(RESP_COMMAND_MAX + 256);
	int64_t now = loop_now(r->s->loop)->mono_ns;
	uint64_t nonce = map_hash_int(map_hash_int(MAP_SEED, now), (int64_t)++r->nonce_count);
	struct str words[] = {STR("PING"), {r->nonce, 0}};
	bool alone = now - r->pinged_ns >= REDIS_PING_MS * CLOCK_MS_NS || r->pinged_ns == 0 || r->commands_want == 0;

	words[1].len = (size_t)snprintf(r->nonce, sizeof(r->nonce), "%016" PRIx64, nonce);
	resp_command(&out, 2, words);
	r->asked_ns = r->sent_ns = now;
	r->s->asking_ns = now;
	if (alone) {
		r->pinged_ns = now;
		redis_send(r, &out, 1, REDIS_PING);
	} else {
		buf_add(&out, r->commands.data, r->commands.len);
		redis_send(r, &out, 1 + r->commands_want, REDIS_BOTH);
	}
	buf_release(&out);
}

int redis_ask(struct source *s, const struct ask *asks, int count, struct err *why)
{
	struct redis *r = s->self;
	size_t before;

	if (count > REDIS_REPLIES_MAX / REDIS_COMMANDS_MAX)
		return err_set(why, ERR_TOO_BIG, "more than %d panels at once", REDIS_REPLIES_MAX / REDIS_COMMANDS_MAX);
	r->job = mem_calloc((size_t)count, sizeof(*r->job));
	r->job_count = count;
	r->commands_want = 0;
	r->patience_ms = 0;
	buf_clear(&r->commands);
	for (int i = 0; i < count; i++) {
		struct redis_job *job = &r->job[i];
		job->ask = asks[i];
		job->first = r->commands_want;
		before = r->commands.len;
		if (prepare(r, job, &job->why)) {
			buf_cut(&r->commands, before);
			job->count = 0;
		} else {
			job->why.code = 0;
		}
		r->commands_want += job->count;
		if (asks[i].panel->timeout_ms > r->patience_ms)
			r->patience_ms = asks[i].panel->timeout_ms;
	}
	if (r->patience_ms <= 0)
		r->patience_ms = 2000;
	send_batch(r);
	loop_timer_in(r->deadline, r->patience_ms);
	return 0;
}

/* --- what is answered --------------------------------------------------------------------------------------- */

static void release_jobs(struct redis *r)
{
	free(r->job);
	r->job = NULL;
	r->job_count = 0;
}

static void answer(struct redis *r, struct redis_job *job, struct sample *sample, const struct err *why)
{
	job->answered = true;
	source_answer(r->s, &job->ask, sample, why);
}

/* The batch is over; the source may be asked again. */
static void finish(struct redis *r)
{
	bool was_silent = r->silent;

	loop_timer_stop(r->deadline);
	redis_forget_replies(r);
	release_jobs(r);
	r->step = REDIS_READY;
	r->silent = false;
	r->s->asking_ns = 0;
	r->s->status.answered_ns = loop_now(r->s->loop)->mono_ns;
	if (was_silent)
		source_live(r->s);
	redis_refresh_notice(r);
}

static bool answered_all(const struct redis *r)
{
	for (int i = 0; i < r->job_count; i++)
		if (!r->job[i].answered)
			return false;
	return true;
}

/* False when the connection was given up. */
static bool take_pong(struct redis *r)
{
	const struct resp_reply *pong = r->got[0];
	struct err why;

	r->state_notice[0] = '\0';
	if (pong->type == RESP_ERROR) {
		int code = redis_error(pong, "PING", &why);
		if (code == ERR_AUTH) { /* our user was taken away: only a new login can tell */
			redis_fail(r, &why, SOURCE_UNREACHABLE);
			return false;
		}
		if (code == ERR_BUSY)
			snprintf(r->state_notice, sizeof(r->state_notice), "%.60s", why.text);
	} else if (!str_is(pong->text, r->nonce)) {
		err_set(&why, ERR_PROTOCOL, "answers are out of step: PING got another one");
		redis_fail(r, &why, SOURCE_UNREACHABLE);
		return false;
	}
	redis_refresh_notice(r);
	return true;
}

void redis_ask_pong(struct redis *r)
{
	if (!take_pong(r))
		return;
	if (!r->silent)
		r->s->status.rtt_ms = since_ms(r, r->asked_ns);
	if (r->silent || r->commands_want == 0) {
		redis_forget_replies(r);
		redis_ask_answers(r);
		return;
	}
	r->sent_ns = loop_now(r->s->loop)->mono_ns;
	redis_send(r, &r->commands, r->commands_want, REDIS_ASKING);
}

void redis_ask_both(struct redis *r)
{
	if (!take_pong(r))
		return;
	resp_reply_free(r->got[0]);
	r->got_count--;
	memmove(r->got, r->got + 1, (size_t)r->got_count * sizeof(*r->got));
	r->step = REDIS_ASKING;
	redis_ask_answers(r);
}

static size_t weight(const struct resp_reply *reply)
{
	size_t sum = reply->text.len + 8;

	for (int i = 0; i < reply->count; i++)
		sum += weight(reply->element[i]);
	return sum;
}

static size_t job_weight(const struct redis *r, const struct redis_job *job)
{
	size_t sum = 0;

	for (int i = 0; i < job->count; i++)
		sum += weight(r->got[job->first + i]);
	return sum;
}

static void answer_sample(struct redis *r, struct redis_job *job, struct sample *s, double cost_ms)
{
	const struct panel *p = job->ask.panel;
	const struct clock *now = loop_now(r->s->loop);

	s->mono_ns = now->mono_ns;
	s->wall_us = now->wall_us;
	s->elapsed_us = (int64_t)(cost_ms * 1000);
	s->life = r->s->status.life;
	sample_finish(s, p->key, p->key_count);
	answer(r, job, s, NULL);
}

/* All replies of a batch come together, so its time is split by their sizes; each ask also carries the round trip, which
 * its reader takes off again (model/cadence). */
static double job_cost_ms(const struct redis *r, const struct redis_job *job, size_t total)
{
	double rtt = r->s->status.rtt_ms, spent = since_ms(r, r->sent_ns);

	if (!isfinite(rtt) || rtt > spent)
		rtt = spent;
	return rtt + (spent - rtt) * (double)job_weight(r, job) / (double)(total ? total : 1);
}

static void answer_job(struct redis *r, struct redis_job *job, double cost_ms)
{
	const struct panel *p = job->ask.panel;
	const struct redis_facts facts = {.ping_ms = r->s->status.rtt_ms};
	struct err why = job->why;

	if (why.code) {
		answer(r, job, NULL, &why);
		return;
	}
	struct sample *s = sample_new(p->field_count);
	int code;
	if (job->scan) {
		keys_fill(job->scan, p, s);
		code = 0;
	} else {
		code = job->reader->read(p, &r->got[job->first], job->count, &facts, s, &why);
		/* The panel's own first command names the reply better than its reader can. */
		if (code && r->got[job->first]->type == RESP_ERROR)
			code = redis_error(r->got[job->first], job->command, &why);
	}
	if (code) {
		sample_free(s);
		answer(r, job, NULL, &why);
		return;
	}
	answer_sample(r, job, s, cost_ms);
	if (isfinite(r->s->status.rtt_ms))
		r->s->status.cost_ms -= r->s->status.rtt_ms < cost_ms ? r->s->status.rtt_ms : cost_ms;
}

/* Gives the scanning jobs their replies and collects their next commands; true when some are under way again. */
static bool scan_on(struct redis *r)
{
	int want = 0;

	buf_clear(&r->commands);
	for (int i = 0; i < r->job_count; i++) {
		struct redis_job *job = &r->job[i];
		if (job->answered || !job->scan || job->why.code)
			continue;
		if (job->count && keys_take(job->scan, &r->got[job->first], job->count, &job->why)) {
			job->count = 0;
			continue;
		}
		job->why.code = 0;
		job->first = want;
		job->count = keys_step(job->scan, &r->commands);
		want += job->count;
	}
	r->commands_want = want;
	return want > 0;
}

/* run_id and role before any sample is made: they decide its life. */
static void observe_all(struct redis *r)
{
	for (int i = 0; i < r->job_count; i++) {
		const struct redis_job *job = &r->job[i];
		if (job->reader && !job->answered && !job->why.code && job->count &&
		    r->got[job->first]->type == RESP_STRING && strcmp(job->reader->name, "info") == 0)
			redis_observe(r, r->got[job->first]->text);
	}
}

void redis_ask_answers(struct redis *r)
{
	size_t total = 0;

	if (r->silent) {
		finish(r);
		return;
	}
	if (r->got_count) {
		observe_all(r);
		for (int i = 0; i < r->job_count; i++)
			if (!r->job[i].answered)
				total += job_weight(r, &r->job[i]);
	}
	/* What is complete is answered before the scans go on with further round trips. */
	for (int i = 0; i < r->job_count; i++) {
		struct redis_job *job = &r->job[i];
		if (!job->answered && !(job->scan && !job->why.code))
			answer_job(r, job, job_cost_ms(r, job, total));
	}
	if (answered_all(r)) {
		finish(r);
		return;
	}
	if (scan_on(r)) {
		redis_send(r, &r->commands, r->commands_want, REDIS_ASKING);
		/* Jobs that failed now are answered with the others at the end. */
		return;
	}
	for (int i = 0; i < r->job_count; i++)
		if (!r->job[i].answered)
			answer_job(r, &r->job[i], since_ms(r, r->sent_ns));
	finish(r);
}

/* --- what is not answered ----------------------------------------------------------------------------------- */

void redis_ask_silence(struct redis *r)
{
	double silent_ms = since_ms(r, r->asked_ns);
	struct err why;

	if (r->step < REDIS_PING)
		return;
	err_set(&why, ERR_TIMEOUT, "no answer for %.0f s", floor(silent_ms / 1000 + 0.001));
	if (silent_ms >= REDIS_GIVE_UP_MS) {
		redis_fail(r, &why, SOURCE_UNREACHABLE);
		return;
	}
	loop_timer_in(r->deadline, 1000);
	r->silent = true;
	source_set_state(r->s, SERVER_STALE, why.text);
	for (int i = 0; i < r->job_count; i++)
		if (!r->job[i].answered)
			answer(r, &r->job[i], NULL, &why);
}

void redis_ask_lost(struct redis *r, const struct err *why)
{
	struct redis_job *job = r->job;
	int count = r->job_count;
	struct err lost;

	err_set(&lost, ERR_LOST, "%s", why->text);
	r->job = NULL;
	r->job_count = 0;
	for (int i = 0; i < count; i++)
		if (!job[i].answered)
			answer(r, &job[i], NULL, &lost);
	free(job);
}

void redis_ask_blame(struct redis *r, const struct err *why)
{
	int got = r->got_count - (r->step == REDIS_BOTH); /* the PING's reply comes first */

	if (r->step != REDIS_ASKING && r->step != REDIS_BOTH)
		return;
	for (int i = 0; i < r->job_count; i++) {
		const struct redis_job *job = &r->job[i];
		if (job->answered || got < job->first || got >= job->first + job->count)
			continue;
		if (job->scan)
			keys_shrink(job->scan);
		struct redis_dear *slot = &r->dear[0];
		for (int k = 1; k < REDIS_DEAR_MAX; k++)
			if (r->dear[k].until_ns < slot->until_ns)
				slot = &r->dear[k];
		slot->panel = job->ask.panel;
		slot->until_ns = loop_now(r->s->loop)->mono_ns + (int64_t)REDIS_DEAR_MS * CLOCK_MS_NS;
		err_set(&slot->why, why->code, "%s: %s; not asked again for %d min", job->command, why->text,
		        REDIS_DEAR_MS / 60000);
		return;
	}
}

void redis_ask_release(struct redis *r)
{
	release_jobs(r);
	buf_release(&r->commands);
	for (int i = 0; i < REDIS_SCANS_MAX; i++)
		keys_free(r->scan[i].scan);
}
