/*
 * document.h
 *	  The document in which containers and instances give credentials.
 */
#ifndef ADDB_AWS_DOCUMENT_H
#define ADDB_AWS_DOCUMENT_H

#include "aws/credentials.h"

extern char *addb_document_take(const char *text, size_t len,
								const char *hidden,
								AddbCredentials *credentials);

#endif							/* ADDB_AWS_DOCUMENT_H */
