/* SPDX-License-Identifier: PostgreSQL */
/* The one file that includes terminfo's header: it calls a struct of its own `term`. */
#include "ui/term_caps.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>

#include "ui/theme.h"

/* terminfo's functions take no const in old curses, and write nothing. */
static char *cap_name(const char *name)
{
	return (char *)(uintptr_t)name;
}

const char *caps_text(const char *name)
{
	const char *text;

	text = tigetstr(cap_name(name));
	return text && text != (char *)-1 && *text ? text : NULL;
}

void caps_add(struct buf *out, const char *name)
{
	const char *at = caps_text(name);

	while (at && *at) {
		const char *pad = strstr(at, "$<");
		const char *end = pad ? strchr(pad, '>') : NULL;

		if (!end) {
			buf_adds(out, at);
			return;
		}
		buf_add(out, at, (size_t)(pad - at));
		at = end + 1;
	}
}

/* Keeps a capability, of which tigetstr() may give away the memory. */
static const char *keep_cap(struct term_caps *c, struct buf *all, const char *name)
{
	struct buf text = BUF_INIT(256);
	const char *kept = NULL;

	caps_add(&text, name);
	if (text.len > 0 && all->len + text.len + 1 < sizeof(c->text)) {
		kept = memcpy(c->text + all->len, buf_text(&text), text.len + 1);
		buf_add(all, buf_text(&text), text.len + 1);
	}
	buf_release(&text);
	return kept;
}

/* What cannot be shown together with colours, by terminfo's numbers. */
static unsigned barred_attrs(void)
{
	static const struct {
		int bit;
		unsigned attr;
	} bits[] = {{2, THEME_UNDERLINE}, {4, THEME_REVERSE}, {16, THEME_DIM}, {32, THEME_BOLD}};
	int ncv = tigetnum(cap_name("ncv"));
	unsigned attrs = 0;

	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (ncv > 0 && (ncv & bits[i].bit))
			attrs |= bits[i].attr;
	return attrs;
}

static void read_caps(struct term_caps *c)
{
	struct buf all = BUF_INIT(sizeof(c->text));
	const struct {
		const char *name;
		const char **to;
	} texts[] = {
		{"cup", &c->cup}, {"clear", &c->clear}, {"el", &c->el}, {"sgr0", &c->sgr0}, {"op", &c->op}, {"bold", &c->bold},
		{"dim", &c->dim}, {"rev", &c->rev}, {"smul", &c->smul}, {"setaf", &c->setaf}, {"setab", &c->setab},
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i].to = keep_cap(c, &all, texts[i].name);
	buf_release(&all);
	c->ansi = strcmp(c->cup, "\x1b[%i%p1%d;%p2%dH") == 0 && c->sgr0 && strstr(c->sgr0, "\x1b[") &&
	          (!c->setaf || strncmp(c->setaf, "\x1b[", 2) == 0);
	c->colours = tigetnum(cap_name("colors"));
	c->barred = barred_attrs();
	c->keeps_wrap = tigetflag(cap_name("am")) <= 0 || tigetflag(cap_name("xenl")) > 0;
}

int caps_open(struct term_caps *c, int fd, struct err *why)
{
	const char *name = getenv("TERM");
	int said;

	if (!name || !*name)
		return err_set(why, ERR_UNSUPPORTED, "TERM is not set, so the terminal's abilities are unknown; set it, or use -b");
	if (setupterm(NULL, fd, &said) != OK)
		return err_set(why, ERR_UNSUPPORTED, "terminal type \"%s\" (TERM) is unknown here; set TERM, or use -b", name);
	c->known = true;
	if (!caps_text("cup"))
		return err_set(why, ERR_UNSUPPORTED, "terminal type \"%s\" (TERM) cannot position its cursor; use -b", name);
	read_caps(c);
	return 0;
}

void caps_close(struct term_caps *c)
{
	if (c->known)
		del_curterm(cur_term);
	c->known = false;
}
