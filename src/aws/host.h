/*
 * host.h
 *	  What the machine and the settings say, as arguments.
 *
 * The readers of credentials, regions and endpoints take these structs instead
 * of looking around for themselves, so that tests can hand them a made-up world.
 */
#ifndef ADDB_AWS_HOST_H
#define ADDB_AWS_HOST_H

#include "datatype/timestamp.h"

/* Shared config files are a few kilobytes; more than this is no such file. */
#define ADDB_HOST_FILE_MAX (1024 * 1024)

/* One exchange with a source of credentials: STS, a container, an instance. */
typedef struct AddbHostRequest
{
	const char *method;			/* "GET", "POST" or "PUT", a constant */
	const char *url;
	const char *const *headers; /* complete lines, "Name: value" */
	int			nheaders;
	const char *body;			/* NULL when there is none */
	size_t		body_len;
	const char *ca_file;		/* of certificates to trust; NULL or "": the
								 * system's */
	int			timeout;		/* ms, connecting included */
} AddbHostRequest;

typedef struct AddbHostReply
{
	int			status;			/* 0: no reply */
	bool		sent;			/* a connection was made, so somebody is there */
	char	   *body;			/* palloc'd, with a NUL at body[len] */
	size_t		len;
	const char *error;			/* palloc'd: why there is no reply */
	bool		tells_time;		/* clock_offset_ms is set */
	int64		clock_offset_ms;	/* from this machine's clock to its */
} AddbHostReply;

typedef struct AddbHost
{
	void	   *arg;			/* handed to the functions below */

	/* The value of an environment variable, or NULL; empty counts as unset. */
	const char *(*getenv) (void *arg, const char *name);

	/*
	 * The text of a file, palloc'd, with a NUL at text[*len]; or NULL with errno
	 * set, EFBIG above ADDB_HOST_FILE_MAX.
	 */
	char	   *(*read_file) (void *arg, const char *path, size_t *len);

	/*
	 * One attempt, without redirects. The caller wipes the body, which holds
	 * secrets. Raises interrupts, and nothing else.
	 */
	void		(*http) (void *arg, const AddbHostRequest *request,
						 AddbHostReply *reply);

	/*
	 * The standard output of a program, palloc'd, with a NUL at text[*len]; NULL
	 * with *problem, a palloc'd clause, when it could not be run, did not end
	 * with status 0, wrote more than ADDB_HOST_FILE_MAX or took longer than
	 * timeout ms. argv ends with a NULL. Raises interrupts, which end the program.
	 */
	char	   *(*run) (void *arg, const char *const *argv, int timeout,
						size_t *len, const char **problem);

	/* Waits for so many milliseconds. Raises interrupts, and nothing else. */
	void		(*pause) (void *arg, int ms);
} AddbHost;

/* A switch that may be left to the next source of settings. */
typedef enum AddbSwitch
{
	ADDB_SWITCH_UNSET,
	ADDB_SWITCH_OFF,
	ADDB_SWITCH_ON
} AddbSwitch;

/*
 * The settings that matter below src/aws: those of a foreign server and the
 * user's mapping when one is chosen, else the parameters atomic_dynamodb.*.
 * Texts are "" where not set, never NULL.
 */
typedef struct AddbAwsSettings
{
	const char *server;			/* the foreign server's name, "" without one */
	const char *user;			/* with a server: whose mapping was looked for */
	Oid			userid;			/* for whom they are; InvalidOid: for everybody */
	bool		has_mapping;	/* the user has one, or PUBLIC */
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
	const char *profile;
	const char *role_arn;		/* to be assumed with what the chain finds */
	const char *external_id;	/* for role_arn */
	const char *role_session_name;	/* for role_arn; "": one is made up */
	const char *region;
	const char *endpoint_url;
	const char *sts_endpoint_url;
	const char *ca_file;
	AddbSwitch	use_fips_endpoint;
	AddbSwitch	use_dualstack_endpoint;
	bool		allow_insecure_http;
	bool		allow_ambient;	/* the user may use ambient credentials */
	bool		correct_clock;	/* unless the environment says no */
	TimestampTz now;
} AddbAwsSettings;

typedef struct AddbProfile AddbProfile;

/* One resolution: what to read from, and what was read already. */
typedef struct AddbAwsSources
{
	const AddbHost *host;
	const AddbAwsSettings *settings;
	AddbProfile *profile;		/* NULL until addb_profile_load */
	bool		none_found;		/* set when no source has any credentials */
} AddbAwsSources;

/* in host_http.c */
extern void addb_host_http(void *arg, const AddbHostRequest *request,
						   AddbHostReply *reply);
extern void addb_host_pause(void *arg, int ms);

/* in host_run.c */
extern char *addb_host_run(void *arg, const char *const *argv, int timeout,
						   size_t *len, const char **problem);

/* in host.c */
extern const AddbHost addb_host_real;
extern uint64 addb_host_questions;	/* to programs and the network, so far */

extern const char *addb_host_getenv(const AddbHost *host, const char *name);

#endif							/* ADDB_AWS_HOST_H */
