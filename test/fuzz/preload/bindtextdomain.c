/*
 * bindtextdomain.c
 *	  Preloaded beside AddressSanitizer, for messages need no translation.
 *
 * GnuTLS, which the server is linked with, calls bindtextdomain when it is
 * loaded. With the sanitizer in front glibc's lock stays taken after that, and
 * the server's own call waits for it forever.
 */
extern char *bindtextdomain(const char *domain, const char *directory);

char *
bindtextdomain(const char *domain, const char *directory)
{
	return (char *) directory;
}
