/* SPDX-License-Identifier: PostgreSQL */
#include "model/status.h"

const char *server_state_name(enum server_state state)
{
	static const char *const name[] = {
		[SERVER_CONNECTING] = "connecting",
		[SERVER_LIVE] = "live",
		[SERVER_STALE] = "stale",
		[SERVER_LOST] = "lost",
		[SERVER_REFUSED] = "refused",
		[SERVER_ENDED] = "ended",
	};

	return (size_t)state < ARRAY_LEN(name) ? name[state] : "unknown";
}
