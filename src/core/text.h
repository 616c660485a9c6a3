/*
 * text.h
 *	  A piece of text that somebody else owns.
 */
#ifndef ADDB_CORE_TEXT_H
#define ADDB_CORE_TEXT_H

/* In the server's encoding, not NUL-terminated; data NULL: none. */
typedef struct AddbText
{
	const char *data;
	int			len;
} AddbText;

#endif							/* ADDB_CORE_TEXT_H */
