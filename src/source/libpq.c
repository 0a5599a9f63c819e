/* SPDX-License-Identifier: PostgreSQL */
#include "source/libpq.h"

#include <dlfcn.h>
#include <string.h>

#include "source/libpq_gate.h"

/* A function pointer and what dlsym() returns are the same thing on every system that has dlsym(); ISO C has no cast. */
static bool find(void *library, const char *name, void *slot)
{
	void *symbol = dlsym(library, name);

	memcpy(slot, &symbol, sizeof(symbol));
	return symbol != NULL;
}

/* Lazy: binding every symbol of libpq and of what it needs takes three times as long as loading them.
 * RTLD_NODELETE: OpenSSL registers handlers that run at exit. */
enum { LOAD_FLAGS = RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE };

static const char library_name[] = "libpq.so.5";

bool libpq_is_loaded(void)
{
	void *library = dlopen(library_name, LOAD_FLAGS | RTLD_NOLOAD);

	if (library)
		dlclose(library);
	return library != NULL;
}

void libpq_touch(void)
{
	void *library = dlopen(library_name, LOAD_FLAGS);

	if (library)
		dlclose(library); /* gives back the reference; the library itself stays */
}

int libpq_load(struct libpq *out, struct err *why)
{
	void *library = dlopen(library_name, LOAD_FLAGS);
	struct libpq pq = {0};
	const char *missing = NULL;
	bool cancel;

	if (!library)
		return err_set(why, ERR_UNSUPPORTED, "cannot load libpq.so.5: install the Debian package libpq5 (%s)", dlerror());
#define X(name)                                                                                                        \
	if (!find(library, #name, &pq.name))                                                                           \
		missing = #name;
	LIBPQ_FUNCTIONS(X)
#undef X
	cancel = find(library, "PQcancelCreate", &pq.cancel_create);
	cancel = find(library, "PQcancelStart", &pq.cancel_start) && cancel;
	cancel = find(library, "PQcancelPoll", &pq.cancel_poll) && cancel;
	cancel = find(library, "PQcancelSocket", &pq.cancel_socket) && cancel;
	cancel = find(library, "PQcancelFinish", &pq.cancel_finish) && cancel;
	if (!cancel)
		pq.cancel_create = NULL;
	if (!find(library, "PQsetChunkedRowsMode", &pq.set_chunked))
		pq.set_chunked = NULL;
	dlclose(library);
	if (missing)
		return err_set(why, ERR_UNSUPPORTED, "libpq is too old (no %s): version 14 or newer is needed, package libpq5",
		               missing);
	if (!libpq_gate_works())
		return err_set(why, ERR_UNSUPPORTED, "this program was linked without its own recv(): see source/libpq_gate.h");
	*out = pq;
	return 0;
}

int libpq_of_loop(const struct libpq **out, struct loop *l, struct err *why)
{
	static const char key = 0;
	struct libpq *pq = loop_shared(l, &key, sizeof(*pq));
	int rc = pq->PQclear ? 0 : libpq_load(pq, why);

	if (rc == 0)
		*out = pq;
	return rc;
}
