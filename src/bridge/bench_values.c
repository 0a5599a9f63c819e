/* SPDX-License-Identifier: PostgreSQL */
/* Values for the statements' parameters. */
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_run.h"
#include "core/mem.h"

void bench_values_add(struct bench_values *v, const char *text, size_t len)
{
	if (v->count == v->room) {
		v->room = v->room ? v->room * 2 : 1024;
		v->at = mem_resize(v->at, v->room, sizeof *v->at);
	}
	if (v->text.limit == 0)
		v->text.limit = BENCH_DOMAIN_BYTES_MAX;
	v->at[v->count] = (uint32_t)v->text.len;
	if (buf_add(&v->text, text, len) && buf_addc(&v->text, '\0'))
		v->count++;
}

const char *bench_values_at(const struct bench_values *v, uint64_t i)
{
	return v->text.data + v->at[i];
}

void bench_values_release(struct bench_values *v)
{
	buf_release(&v->text);
	free(v->at);
	*v = (struct bench_values){0};
}

/* How many values a parameter has; 0: it has no such number. */
static uint64_t count_of(const struct bench *b, const struct bench_param *p)
{
	return p->from == BENCH_DOMAIN  ? b->domain[p->domain].count
	       : p->from == BENCH_RANGE ? (uint64_t)(p->high - p->low) + 1
	       : p->from == BENCH_CHOICE ? (uint64_t)p->choice_count
	                                 : 0;
}

int bench_values_ready(struct bench *b, struct err *why)
{
	const struct bench_workload *w = b->conf.workload;

	for (int s = 0; s < w->count; s++) {
		for (int i = 0; i < w->statement[s].param_count; i++) {
			const struct bench_param *p = &w->statement[s].param[i];

			if (p->from == BENCH_DOMAIN && b->domain[p->domain].count == 0)
				return err_set(why, ERR_NOT_FOUND, "%s:%d: domain '%s' has no rows; is the database filled? "
				               "dytop bridge init --rows N makes data", w->file, w->domain[p->domain].line,
				               w->domain[p->domain].name);
			if (p->skew > 0)
				bench_zipf_init(&b->zipf[s][i], count_of(b, p), p->skew);
			if (p->from == BENCH_MADE && !b->made[p->made_by])
				b->made[p->made_by] = mem_alloc(sizeof *b->made[0]);
		}
	}
	return 0;
}

/* Into the client's own memory; its place is told by an offset until all are made, as the memory may move. */
static void put(struct bench_client *c, size_t *offset, const char *text)
{
	*offset = c->made.len + 1;
	buf_adds(&c->made, text);
	buf_addc(&c->made, '\0');
}

/* With its NUL. printf would be a third of what an operation's values cost. */
static void add_number(struct buf *out, int64_t value)
{
	char text[24], *at = text + sizeof text;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	*--at = '\0';
	for (; rest >= 100; rest /= 100) {
		unsigned two = (unsigned)(rest % 100);

		*--at = (char)('0' + two % 10);
		*--at = (char)('0' + two / 10);
	}
	if (rest >= 10)
		*--at = (char)('0' + rest % 10);
	*--at = (char)('0' + (rest >= 10 ? rest / 10 : rest));
	if (value < 0)
		*--at = '-';
	buf_add(out, at, (size_t)(text + sizeof text - at));
}

static void put_value(struct bench *b, struct bench_client *c, int i, uint64_t at, size_t *offset)
{
	const struct bench_param *p = &b->conf.workload->statement[c->statement].param[i];

	if (p->from == BENCH_DOMAIN)
		c->value[i] = bench_values_at(&b->domain[p->domain], at);
	else if (p->from == BENCH_CHOICE)
		c->value[i] = p->choice[at];
	else {
		*offset = c->made.len + 1;
		add_number(&c->made, p->low + (int64_t)at);
	}
}

static void settle(struct bench_client *c, const size_t *offset, int count)
{
	for (int i = 0; i < count; i++)
		if (offset[i])
			c->value[i] = c->made.data + offset[i] - 1;
}

/* The newest are taken most often, as an application does with what it has just written. */
static const char *draw_made(struct bench *b, const struct bench_param *p)
{
	const struct bench_made *m = b->made[p->made_by];
	uint64_t held = m->count < BENCH_MADE_MAX ? m->count : BENCH_MADE_MAX;

	return held ? m->value[(m->count - 1 - bench_rng_below(&b->rng, held)) % BENCH_MADE_MAX] : NULL;
}

bool bench_draw_values(struct bench *b, struct bench_client *c)
{
	const struct bench_statement *s = &b->conf.workload->statement[c->statement];
	size_t offset[BENCH_PARAMS_MAX];
	const char *made;

	buf_clear(&c->made);
	for (int i = 0; i < s->param_count; i++) {
		const struct bench_param *p = &s->param[i];

		offset[i] = 0;
		if (p->from == BENCH_TEXT) {
			offset[i] = c->made.len + 1;
			bench_text_fill(&c->made, p->text, b->run, c->n, &b->rng);
			buf_addc(&c->made, '\0');
		} else if (p->from == BENCH_MADE) {
			made = draw_made(b, p);
			if (!made)
				return false;
			put(c, &offset[i], made); /* a copy: the ring moves on while the operation runs */
		} else {
			uint64_t at = p->skew > 0 ? bench_zipf_draw(&b->zipf[c->statement][i], &b->rng) - 1
			              : p->from == BENCH_CHOICE ? (uint64_t)bench_alias_draw(&p->weights, &b->rng)
			                                        : bench_rng_below(&b->rng, count_of(b, p));

			put_value(b, c, i, at, &offset[i]);
		}
	}
	settle(c, offset, s->param_count);
	return true;
}

bool bench_fill_value(struct bench *b, struct bench_client *c, int64_t i)
{
	const struct bench_statement *s = &b->conf.workload->statement[c->statement];
	size_t offset = 0;

	if ((uint64_t)i >= count_of(b, &s->param[0]) || i >= s->cache.fill)
		return false;
	buf_clear(&c->made);
	put_value(b, c, 0, (uint64_t)i, &offset);
	settle(c, &offset, 1);
	return true;
}

/* The first parameter: the new row's id. */
void bench_keep_made(struct bench *b, const struct bench_client *c)
{
	struct bench_made *m = b->made[c->statement];
	char **slot;

	if (!m)
		return;
	slot = &m->value[m->count++ % BENCH_MADE_MAX];
	free(*slot);
	*slot = mem_strdup(c->value[0]);
}
