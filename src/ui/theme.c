/* SPDX-License-Identifier: PostgreSQL */
#include "ui/theme.h"

static const struct {
	const char *name;
	char letter;
} slots[SLOT_COUNT] = {
#define SLOT(id, name, letter, about) {name, letter},
	THEME_SLOTS(SLOT)
#undef SLOT
};

const char *theme_slot_name(unsigned slot)
{
	return slot < SLOT_COUNT ? slots[slot].name : "?";
}

char theme_slot_letter(unsigned slot)
{
	return slot < SLOT_COUNT ? slots[slot].letter : '?';
}
