/* SPDX-License-Identifier: PostgreSQL */
#include "app/cache_keys.h"

#include <stdlib.h>

#include "app/slurp.h"
#include "core/mem.h"

static const char variable[] = "DYTOP_CACHE_SECRET";

int cache_keys_load(struct codec_keys *out, const char *path, struct err *why)
{
	const char *text = getenv(variable);
	struct buf file = BUF_INIT(4096);
	int code;

	out->count = 0;
	if (!path && (!text || !text[0]))
		return 0;
	if (!path)
		return codec_keys_parse(out, str_from(text), variable, why);
	code = slurp_file(&file, path, SLURP_SECRET | SLURP_TRUSTED, why);
	if (!code)
		code = codec_keys_parse(out, buf_str(&file), path, why);
	if (file.data)
		mem_wipe(file.data, file.len);
	buf_release(&file);
	return code;
}
