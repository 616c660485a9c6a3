/*
 * sockets.h
 *	  The sockets that libcurl has open, for the transport alone.
 */
#ifndef ADDB_HTTP_SOCKETS_H
#define ADDB_HTTP_SOCKETS_H

#include "http/transport.h"

typedef struct AddbSocket
{
	curl_socket_t fd;
	int			wanted;			/* CURL_POLL_IN | CURL_POLL_OUT, 0: idle */
	int			watched;		/* what the wait event set has, 0: not there */
	int			position;		/* in the wait event set */
	bool		ours;			/* opened by addb_socket_open */
	bool		fresh;			/* ours, and no reply has come over it yet */
	bool		doubtful;		/* may have been closed without a word */
	ino_t		inode;			/* of a socket of ours */
} AddbSocket;

extern AddbSocket *addb_sockets;
extern int	addb_nsockets;
extern bool addb_wait_set_stale;	/* the wait event set holds a socket that is
									 * closed or idle */

extern AddbSocket *addb_socket_find(curl_socket_t fd);
extern void addb_socket_mark_used(CURL *easy);
extern void addb_sockets_drop_closed(void);
extern int	addb_socket_on_wanted(CURL *easy, curl_socket_t fd, int what,
								  void *arg, void *socket_arg);

#endif							/* ADDB_HTTP_SOCKETS_H */
