/* SPDX-License-Identifier: PostgreSQL */
#include "app/embed.h"

int main(void)
{
	return embed_files[0].path == NULL ? 0 : 1;
}
