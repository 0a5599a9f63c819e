/* SPDX-License-Identifier: PostgreSQL */
/* Passwords out of what a person typed: so that ps, messages and --dump-config do not show them. */
#ifndef APP_WIPE_H
#define APP_WIPE_H

#include "core/base.h"

/* Overwrites, in place and with '*', the userinfo of a URI and every password in its query or in a conninfo string
 * (password, sslpassword, oauth_client_secret and the like). A text without any is left as it is. */
void wipe_secret(char *text);

#endif
