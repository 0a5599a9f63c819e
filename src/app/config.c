/* SPDX-License-Identifier: PostgreSQL */
/* The config file: read strictly into struct options, and printed with comments from the same table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/shown.h"
#include "app/slurp.h"
#include "app/wipe.h"
#include "core/mem.h"
#include "model/json.h"
#include "model/yaml.h"

enum { CONFIG_BYTES_MAX = 1 << 20 };

struct config {
	struct options *o;
	const struct yaml_file *file;
};

/* "NAME:LINE: KEY", the beginning of a message. */
static void place(const struct config *c, const struct yaml *at, char out[480])
{
	snprintf(out, 480, "%s:%d: %s", yaml_name(c->file), at->line, at->key ? shown(at->key).text : "-");
}

static int read_pool(const struct config *c, const struct option_def *def, const struct yaml *item, struct err *why)
{
	struct option_pools *pools = (void *)((char *)c->o + def->offset);
	struct option_pool pool = OPTION_POOL_INIT;
	char where[480];
	int rc = 0;

	if (item->kind != YAML_MAP)
		return yaml_error(c->file, item, why, "%s: expected a list of maps with application, max, ...", def->name);
	for (const struct yaml *key = item->child; key && rc == 0; key = key->next) {
		place(c, key, where);
		if (key->kind != YAML_SCALAR)
			rc = yaml_error(c->file, key, why, "%s: expected a single value", shown(key->key).text);
		else
			rc = options_pool_key(&pool, key->key, key->text, where, why);
	}
	snprintf(where, sizeof where, "%s:%d: %s", yaml_name(c->file), item->line, def->name);
	if (rc == 0)
		rc = options_pool_add(pools, &pool, where, why);
	if (rc < 0)
		free(pool.application);
	return rc;
}

/* cache-patterns: {tx: "dytallix:bridge:tx:*", ...} */
static int read_patterns(const struct config *c, const struct option_def *def, const struct yaml *map, struct err *why)
{
	struct buf text = BUF_INIT(4096);
	char where[480];
	int rc = 0;

	if (map->kind != YAML_MAP)
		return yaml_error(c->file, map, why, "%s: expected a map of KIND: PATTERN", def->name);
	for (const struct yaml *entry = map->child; entry && rc == 0; entry = entry->next) {
		place(c, entry, where);
		if (entry->kind != YAML_SCALAR) {
			rc = yaml_error(c->file, entry, why, "%s: expected a pattern", shown(entry->key).text);
			break;
		}
		buf_clear(&text);
		buf_addf(&text, "%s=%s", entry->key, entry->text);
		rc = options_set(c->o, def, buf_text(&text), OPTION_FROM_FILE, where, why);
	}
	buf_release(&text);
	return rc;
}

static int read_list(const struct config *c, const struct option_def *def, const struct yaml *list, struct err *why)
{
	char where[480];
	int rc = 0;

	for (const struct yaml *item = list->child; item && rc == 0; item = item->next) {
		snprintf(where, sizeof where, "%s:%d: %s", yaml_name(c->file), item->line, def->name);
		if (def->kind == OPTION_POOL)
			rc = read_pool(c, def, item, why);
		else if (item->kind != YAML_SCALAR)
			rc = yaml_error(c->file, item, why, "%s: expected a list of single values", def->name);
		else
			rc = options_set(c->o, def, item->text, OPTION_FROM_FILE, where, why);
	}
	return rc;
}

static int read_entry(const struct config *c, const struct yaml *entry, struct err *why)
{
	const struct option_def *def = options_find(entry->key);
	bool list = def->kind == OPTION_LIST || def->kind == OPTION_NAMES || def->kind == OPTION_POOL;
	char where[480];

	if (def->kind == OPTION_PATTERN)
		return read_patterns(c, def, entry, why);
	if (list && entry->kind == YAML_LIST)
		return read_list(c, def, entry, why);
	if (entry->kind != YAML_SCALAR || def->kind == OPTION_POOL)
		return yaml_error(c->file, entry, why, "%s: expected %s", shown(entry->key).text, list ? "a list" : "a single value");
	place(c, entry, where);
	return options_set(c->o, def, entry->text, OPTION_FROM_FILE, where, why);
}

int config_load(struct options *o, const char *path, struct err *why)
{
	const char *known[OPTIONS_MAX + 1];
	struct yaml_file *file = NULL;
	struct buf text = BUF_INIT(CONFIG_BYTES_MAX);
	int count = 0;
	int rc = slurp_file(&text, path, SLURP_TRUSTED, why);

	for (const struct option_def *def = options_table(NULL); def->name; def++)
		if (def->kind != OPTION_ALIAS && !(def->flags & OPTION_ARGV_ONLY))
			known[count++] = def->name;
	known[count] = NULL;
	if (rc == 0)
		rc = yaml_parse(&file, path, 1, buf_text(&text), text.len, why);
	if (rc == 0) {
		struct config c = {o, file};
		const struct yaml *root = yaml_root(file);
		rc = root->kind == YAML_MAP ? yaml_check_keys(file, root, known, why) :
		                              yaml_error(file, root, why, "expected a map of options");
		for (const struct yaml *entry = root->child; entry && rc == 0; entry = entry->next)
			rc = read_entry(&c, entry, why);
	}
	yaml_file_free(file);
	buf_release(&text);
	return rc;
}

/* --- printing ----------------------------------------------------------------------------------------------------- */

/* A YAML scalar: plain where that is safe, else quoted (JSON's quoting is YAML's double quoting). */
static void dump_scalar(struct buf *out, const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";

	if (*text && *text != '-' && strspn(text, safe) == strlen(text))
		buf_adds(out, text);
	else
		json_quote(out, str_from(text));
}

static void dump_pools(const struct options *o, struct buf *out)
{
	for (int i = 0; i < o->pools.count; i++) {
		const struct option_pool *p = &o->pools.pool[i];
		buf_adds(out, "  - {application: ");
		dump_scalar(out, p->application);
		if (p->max >= 0)
			buf_addf(out, ", max: %lld", (long long)p->max);
		if (p->min >= 0)
			buf_addf(out, ", min: %lld", (long long)p->min);
		if (!isnan(p->lifetime_ms))
			buf_addf(out, ", lifetime: %gs", p->lifetime_ms / 1000);
		if (!isnan(p->idle_ms))
			buf_addf(out, ", idle: %gs", p->idle_ms / 1000);
		if (!isnan(p->idle_in_transaction_ms))
			buf_addf(out, ", idle_in_transaction: %gs", p->idle_in_transaction_ms / 1000);
		buf_adds(out, "}\n");
	}
}

static void dump_comment(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strlen(text);
		if (len > 76) {
			for (len = 76; len > 0 && text[len] != ' '; len--)
				;
			if (len == 0)
				len = strlen(text);
		}
		buf_addf(out, "# %.*s\n", (int)len, text);
		text += len;
		while (*text == ' ')
			text++;
	}
}

static void dump_lists(const struct options *o, const struct option_def *def, struct buf *out)
{
	struct buf value = BUF_INIT(8192);
	int count = 0;

	if (def->kind == OPTION_POOL)
		count = o->pools.count;
	else if (def->kind == OPTION_PATTERN)
		count = o->cache_patterns.count;
	else
		while (buf_clear(&value), options_value(o, def, count, &value))
			count++;
	buf_addf(out, "%s%s:%s\n", count ? "" : "# ", def->name, count ? "" : def->kind == OPTION_PATTERN ? " {}" : " []");
	if (def->kind == OPTION_POOL)
		dump_pools(o, out);
	for (int i = 0; i < count && def->kind == OPTION_PATTERN; i++) {
		buf_adds(out, "  ");
		dump_scalar(out, o->cache_patterns.pattern[i].kind);
		buf_adds(out, ": ");
		dump_scalar(out, o->cache_patterns.pattern[i].pattern);
		buf_adds(out, "\n");
	}
	for (int i = 0; i < count && (def->kind == OPTION_LIST || def->kind == OPTION_NAMES); i++) {
		buf_clear(&value);
		options_value(o, def, i, &value);
		buf_adds(out, "  - ");
		dump_scalar(out, buf_text(&value));
		buf_adds(out, "\n");
	}
	buf_release(&value);
}

void config_dump(const struct options *o, struct buf *out)
{
	static const char *const from[] = {"default", "config file", "environment", "command line"};
	struct buf value = BUF_INIT(8192);
	int group = -1;

	buf_adds(out, "# Configuration of dytop as it is in force. The usual place is\n"
	              "# $XDG_CONFIG_HOME/dytop/config.yaml; passwords are not shown.\n");
	for (const struct option_def *def = options_table(NULL); def->name; def++) {
		bool single = def->kind < OPTION_LIST || def->kind == OPTION_SIZE;
		if (def->kind == OPTION_ALIAS || def->flags & OPTION_ARGV_ONLY)
			continue;
		if ((int)def->group != group)
			buf_addf(out, "\n# --- %s\n", options_group_title(def->group));
		group = (int)def->group;
		buf_adds(out, "\n");
		dump_comment(out, def->help);
		buf_addf(out, "# (%s)\n", from[options_from(o, def->name)]);
		if (!single) {
			dump_lists(o, def, out);
			continue;
		}
		buf_clear(&value);
		if (options_value(o, def, 0, &value)) {
			buf_addf(out, "%s: ", def->name);
			dump_scalar(out, buf_text(&value));
			buf_adds(out, "\n");
		} else {
			buf_addf(out, "# %s:\n", def->name);
		}
	}
	buf_release(&value);
}

static void pool_number(struct buf *out, const char *key, double value)
{
	if (isnan(value) || value < 0)
		buf_addf(out, ", \"%s\": null", key);
	else
		buf_addf(out, ", \"%s\": %.10g", key, value);
}

void config_pools_json(const struct options *o, struct buf *out)
{
	buf_adds(out, "[");
	for (int i = 0; i < o->pools.count; i++) {
		const struct option_pool *p = &o->pools.pool[i];
		buf_adds(out, i ? ", {\"application\": " : "{\"application\": ");
		json_quote(out, str_from(p->application));
		pool_number(out, "max", (double)p->max);
		pool_number(out, "min", (double)p->min);
		pool_number(out, "lifetime_s", p->lifetime_ms / 1000);
		pool_number(out, "idle_s", p->idle_ms / 1000);
		pool_number(out, "idle_in_transaction_s", p->idle_in_transaction_ms / 1000);
		buf_adds(out, "}");
	}
	buf_adds(out, "]");
}

void config_patterns_text(const struct options *o, struct buf *out)
{
	for (int i = 0; i < o->cache_patterns.count; i++)
		buf_addf(out, "%s%s=%s", i ? " " : "", o->cache_patterns.pattern[i].kind, o->cache_patterns.pattern[i].pattern);
}
