/* SPDX-License-Identifier: PostgreSQL */
#include "app/trim.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

/* From the loader's own list: what is in it is mapped whole, also while a thread loads another library. Segments without PF_W
 * hold nothing that was ever written; relocated tables are in others. */
static int give_back(struct dl_phdr_info *object, size_t size, void *given)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t from = object->dlpi_addr + segment->p_vaddr, to = from + segment->p_memsz;

		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
			continue;
		from &= ~(page - 1);
		to = (to + page - 1) & ~(page - 1);
		if (madvise((void *)from, to - from, MADV_DONTNEED) == 0)
			*(size_t *)given += to - from;
	}
	return 0;
}

size_t trim_pages(void)
{
	size_t given = 0;

	dl_iterate_phdr(give_back, &given);
	return given;
}
