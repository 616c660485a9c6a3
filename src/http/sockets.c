/*
 * sockets.c
 *	  The sockets of libcurl: counted, and known by what is to be watched.
 *
 * libcurl 7.88, which is Debian 12's, closes a socket that is not connected yet
 * without calling CURLOPT_CLOSESOCKETFUNCTION. So whenever it has lost interest
 * in a socket that has not carried a reply yet, a look at the inode tells
 * whether that is still there.
 */
#include "postgres.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/sockets.h"
#include "storage/fd.h"

AddbSocket *addb_sockets;
int			addb_nsockets;
bool		addb_wait_set_stale;

static int	sockets_size;
static int	nfresh;
static bool any_doubtful;

/*
 * addb_socket_find - the entry of a socket, or NULL
 */
AddbSocket *
addb_socket_find(curl_socket_t fd)
{
	for (int i = 0; i < addb_nsockets; i++)
		if (addb_sockets[i].fd == fd)
			return &addb_sockets[i];
	return NULL;
}

/* A new entry, not yet wanted; NULL when memory has run out. */
static AddbSocket *
add_socket(curl_socket_t fd, bool ours)
{
	AddbSocket *entry;

	if (addb_nsockets == sockets_size)
	{
		int			size = sockets_size ? sockets_size * 2 : 16;
		AddbSocket *grown = realloc(addb_sockets, size * sizeof(AddbSocket));

		if (grown == NULL)
			return NULL;
		addb_sockets = grown;
		sockets_size = size;
	}
	entry = &addb_sockets[addb_nsockets++];
	entry->fd = fd;
	entry->wanted = 0;
	entry->watched = 0;
	entry->ours = ours;
	entry->fresh = ours;
	nfresh += ours;
	entry->doubtful = false;
	return entry;
}

/*
 * Forgets a socket that is, or is about to be, closed. The kernel may give the
 * number to another file at once, so a wait event set that holds it must not
 * be used again.
 */
static void
forget_socket(AddbSocket *entry)
{
	if (entry->watched != 0)
		addb_wait_set_stale = true;
	nfresh -= entry->fresh;
	*entry = addb_sockets[--addb_nsockets];
}

/* Forgets a socket of ours that was closed without a word, and its count. */
static void
drop_socket(AddbSocket *entry)
{
	forget_socket(entry);
	ReleaseExternalFD();
}

static bool
get_inode(curl_socket_t fd, ino_t *inode)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	*inode = status.st_ino;
	return true;
}

/*
 * addb_sockets_drop_closed - finds out which of the doubtful sockets are closed
 *
 * To be called whenever libcurl has returned. Never raises.
 */
void
addb_sockets_drop_closed(void)
{
	if (!any_doubtful)
		return;
	any_doubtful = false;
	for (int i = addb_nsockets - 1; i >= 0; i--)
	{
		AddbSocket *entry = &addb_sockets[i];
		ino_t		inode;

		if (!entry->doubtful)
			continue;
		entry->doubtful = false;
		if (!get_inode(entry->fd, &inode) || inode != entry->inode)
			drop_socket(entry);
	}
}

/*
 * addb_socket_mark_used - notes that an exchange has got its reply
 *
 * The socket that carried it is closed by the callback, always.
 */
void
addb_socket_mark_used(CURL *easy)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	AddbSocket *entry;

	if (nfresh == 0 ||
		curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
		return;
	entry = addb_socket_find(fd);
	if (entry != NULL)
	{
		nfresh -= entry->fresh;
		entry->fresh = false;
	}
}

/*
 * addb_socket_on_wanted - CURLMOPT_SOCKETFUNCTION
 *
 * libcurl's word that it wants a socket watched; -1 makes it give up. The pair
 * of sockets by which a resolver thread reports is libcurl's own, closed
 * without a word right after it is no longer wanted.
 */
int
addb_socket_on_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	AddbSocket *entry = addb_socket_find(fd);

	if (what == CURL_POLL_REMOVE)
	{
		if (entry != NULL && entry->ours)
		{
			entry->wanted = 0;
			if (entry->fresh)
				entry->doubtful = any_doubtful = true;
		}
		else if (entry != NULL)
			forget_socket(entry);
		return 0;
	}
	if (entry != NULL && entry->doubtful)
	{
		addb_sockets_drop_closed();
		entry = addb_socket_find(fd);
	}
	if (entry == NULL)
		entry = add_socket(fd, false);
	if (entry == NULL)
		return -1;
	entry->wanted = what;
	return 0;
}

/*
 * Enters a new socket; false when that is not possible. Its number may be that
 * of one which was closed without a word. What libcurl wants of it is then what
 * it wanted of the other, for it believes to have told us.
 */
static bool
take_socket(curl_socket_t fd)
{
	AddbSocket *entry = addb_socket_find(fd);
	int			wanted = 0;
	ino_t		inode;

	if (entry != NULL)
	{
		wanted = entry->wanted;
		if (entry->ours)
			drop_socket(entry);
		else
			forget_socket(entry);
	}
	if (!get_inode(fd, &inode))
		return false;
	entry = add_socket(fd, true);
	if (entry == NULL)
		return false;
	entry->wanted = wanted;
	entry->inode = inode;
	entry->doubtful = any_doubtful = true;
	return true;
}

/*
 * addb_socket_open - CURLOPT_OPENSOCKETFUNCTION
 *
 * Counts the descriptor against max_files_per_process. AcquireExternalFD
 * closes cached files to make room but never raises.
 */
curl_socket_t
addb_socket_open(void *arg, curlsocktype purpose,
				 struct curl_sockaddr *address)
{
	AddbHttpExchange *exchange = arg;
	curl_socket_t fd;

	addb_sockets_drop_closed();
	if (!AcquireExternalFD())
	{
		exchange->no_descriptor = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
				address->protocol);
	if (fd == CURL_SOCKET_BAD || !take_socket(fd))
	{
		if (fd != CURL_SOCKET_BAD)
			close(fd);
		ReleaseExternalFD();
		return CURL_SOCKET_BAD;
	}
	return fd;
}

/*
 * addb_socket_close - CURLOPT_CLOSESOCKETFUNCTION
 */
int
addb_socket_close(void *arg, curl_socket_t fd)
{
	AddbSocket *entry = addb_socket_find(fd);

	if (entry != NULL)
		forget_socket(entry);
	ReleaseExternalFD();
	return close(fd);
}
