/*
 * endpoint.h
 *	  Where DynamoDB, or the security token service, is: from a region, or from a URL that somebody set.
 */
#ifndef ADDB_AWS_ENDPOINT_H
#define ADDB_AWS_ENDPOINT_H

/* All texts are palloc'd in the caller's memory context. */
typedef struct AddbEndpoint
{
	char	   *url;			/* scheme, host, port unless default, path */
	char	   *host;			/* the Host header: lower case, port unless default */
	char	   *path;			/* begins and ends with a slash */
	char	   *signing_region;
	bool		is_link_local;	/* 169.254.0.0/16, fe80::/10, fd00:ec2::/32: where
								 * machines find their metadata, no service */
	bool		is_loopback;	/* this machine: localhost, 127.0.0.0/8, [::1] */
} AddbEndpoint;

typedef struct AddbEndpointInput
{
	bool		is_sts;			/* of the security token service, not DynamoDB */
	const char *region;			/* NULL or "": nobody chose one */
	const char *custom_url;		/* NULL or "": the service's own endpoint */
	const char *custom_source;	/* what gave custom_url, for messages */
	bool		fips;
	bool		dualstack;
	bool		account_id_required;	/* account_id_endpoint_mode is "required" */
	bool		allow_insecure_http;	/* plain http to other machines too */
} AddbEndpointInput;

extern void addb_endpoint_resolve(const AddbEndpointInput *input,
								  AddbEndpoint *endpoint);
extern void addb_endpoint_parse(const char *url, const char *source,
								bool allow_insecure_http,
								AddbEndpoint *endpoint);
extern void addb_endpoint_refuse_link_local(const AddbEndpoint *endpoint,
											const char *source);

#endif							/* ADDB_AWS_ENDPOINT_H */
