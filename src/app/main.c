/* SPDX-License-Identifier: PostgreSQL */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/embed.h"
#include "app/options.h"
#include "app/run.h"
#include "app/usage.h"
#include "core/mem.h"
#include "ui/ui.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

enum { PRINT_MAX = 1 << 24 };

static NORETURN void out_of_memory(void)
{
	static const char text[] = "dytop: out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);

	(void)n;
	_exit(1); /* the guard process gives the terminal back */
}

static int complain(const struct err *why)
{
	fprintf(stderr, "dytop: %s\n", why->text);
	return 1;
}

static int print(struct buf *text)
{
	bool ok = !text->failed && fputs(buf_text(text), stdout) != EOF && fflush(stdout) == 0;
	int saved = errno;

	buf_release(text);
	if (ok)
		return 0;
	fprintf(stderr, "dytop: cannot write to standard output: %s\n", strerror(saved));
	return 4;
}

/* The lists that need panels and themes. */
static int print_lists(const struct options *o, struct buf *text, struct err *why)
{
	struct files *files;
	int rc = files_new(&files, o, why);

	if (rc < 0)
		return rc;
	if (o->action == OPTIONS_LIST_PANELS)
		usage_panels(files, text);
	else if (o->action == OPTIONS_LIST_SCREENS)
		usage_screens(files, text);
	else if (o->action == OPTIONS_DOCS_ROFF || o->action == OPTIONS_DOCS_MARKDOWN)
		usage_reference(files, o->action == OPTIONS_DOCS_ROFF, text);
	else if (o->action == OPTIONS_LIST_THEMES)
		usage_themes(files, text);
	else
		rc = usage_fields(files, &o->panels, text, why);
	files_free(files);
	return rc;
}

static int print_action(const struct options *o)
{
	struct buf text = BUF_INIT(PRINT_MAX);
	struct err why = {0};
	int rc = 0;

	switch (o->action) {
	case OPTIONS_HELP:
		usage_help(&text, o->command);
		break;
	case OPTIONS_VERSION:
		buf_adds(&text, "dytop " PACKAGE_VERSION "\n");
		break;
	case OPTIONS_DUMP_CONFIG:
		config_dump(o, &text);
		break;
	case OPTIONS_HELP_KEYS:
		ui_key_table(&text, false);
		break;
	case OPTIONS_LIST_OPTIONS:
		usage_options(&text);
		break;
	default:
		rc = print_lists(o, &text, &why);
	}
	if (rc == 0)
		return print(&text);
	buf_release(&text);
	return complain(&why);
}

/* So that the shell, through the guard, sees the signal that ended us. */
static void end_by_signal(int signo)
{
	signal(signo, SIG_DFL);
	raise(signo);
}

static int run(const struct options *o)
{
	struct err why = {0};
	int signo = 0, status;

	if (o->action != OPTIONS_RUN)
		return print_action(o);
	if (o->command) {
		status = o->command->run(o, &why);
		if (status < 0 || (why.code < 0 && status == 0)) /* a command may return err_set() */
			status = 1;
	} else if (o->script)
		status = run_script(o, &why);
	else if (options_batch(o))
		status = run_batch(o, &why);
	else
		status = run_live(o, &signo, &why);
	if (why.code < 0)
		complain(&why);
	if (signo > 0)
		end_by_signal(signo);
	return status;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	struct options options;
	struct err why = {0};
	int status;

	setrlimit(RLIMIT_CORE, &no_core); /* passwords are in memory */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file limit is a failed write, not an end */
	setlocale(LC_CTYPE, "");
	mem_on_exhausted(out_of_memory);
	if (options_read(&options, argc, argv, &why) < 0)
		status = complain(&why);
	else {
		options.headers = embed_headers;
		status = run(&options);
	}
	options_release(&options);
	return status;
}
