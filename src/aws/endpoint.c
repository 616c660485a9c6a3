/*
 * endpoint.c
 *	  The endpoint of DynamoDB, or of the security token service, in a region.
 *
 * Spec: the endpoint rule sets of both and partitions.json of the AWS SDKs,
 * without account-based endpoints, which no client has to use unless their mode
 * is "required".
 */
#include "postgres.h"

#include "aws/endpoint.h"

/*
 * A region "prefix-word-digits" belongs to the partition of its prefix, and so
 * does the pseudo region that stands for all of the partition.
 */
typedef struct Partition
{
	const char *prefix;
	const char *global;			/* or NULL */
	const char *suffix;
	const char *dualstack_suffix;
	bool		plain_fips;		/* the plain name is the FIPS endpoint */
} Partition;

/* Also for regions that no prefix matches. */
static const Partition aws = {"", NULL, "amazonaws.com", "api.aws", false};

static const Partition partitions[] = {
	{"cn", "aws-cn-global", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
	{"us-gov", "aws-us-gov-global", "amazonaws.com", "api.aws", true},
	{"eusc-de", NULL, "amazonaws.eu", "api.amazonwebservices.eu", false},
	{"us-iso", "aws-iso-global", "c2s.ic.gov", "api.aws.ic.gov", false},
	{"us-isob", "aws-iso-b-global", "sc2s.sgov.gov", "api.aws.scloud", false},
	{"eu-isoe", "aws-iso-e-global", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", false},
	{"us-isof", "aws-iso-f-global", "csp.hci.ic.gov", "api.aws.hci.ic.gov", false},
};

#define LOCAL_REGION "local"
#define LOCAL_URL "http://localhost:8000"
#define LOCAL_SIGNING_REGION "us-east-1"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		c == '_';
}

/* Does region match ^prefix-\w+-\d+$ ? */
static bool
matches_prefix(const char *region, const char *prefix)
{
	size_t		len = strlen(prefix);
	const char *p = region + len;

	if (strncmp(region, prefix, len) != 0 || *p++ != '-' || !is_word(*p))
		return false;
	while (is_word(*p))
		p++;
	if (*p++ != '-' || !is_digit(*p))
		return false;
	while (is_digit(*p))
		p++;
	return *p == '\0';
}

static const Partition *
find_partition(const char *region)
{
	for (size_t i = 0; i < lengthof(partitions); i++)
		if (matches_prefix(region, partitions[i].prefix) ||
			(partitions[i].global != NULL &&
			 strcmp(region, partitions[i].global) == 0))
			return &partitions[i];
	return &aws;
}

/*
 * The region becomes a label of the host name and a part of a header, so it must
 * be a host label (RFC 1123, 2.1) and nothing else.
 */
static void
check_region(const char *region)
{
	size_t		len;

	if (region == NULL || region[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no AWS region is set"),
				 errhint("Set atomic_dynamodb.region, or AWS_REGION in the server's environment, or region in the AWS profile.")));

	len = strlen(region);
	for (size_t i = 0; i < len; i++)
		if (!is_word(region[i]) && region[i] != '-')
			len = 0;
	if (len < 1 || len > 63 || strchr(region, '_') != NULL ||
		region[0] == '-' || region[len - 1] == '-')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid AWS region"),
				 errdetail("A region has 1 to 63 letters, digits and hyphens."),
				 errhint("A region looks like \"us-east-1\".")));
}

static void
refuse_combination(const AddbEndpointInput *input, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("conflicting settings of the %s endpoint",
					input->is_sts ? "STS" : "DynamoDB"),
			 errdetail("%s", detail)));
}

static const char *
prefix_of(const AddbEndpointInput *input)
{
	return input->is_sts ? "sts" : "dynamodb";
}

static void
resolve_custom(const AddbEndpointInput *input, AddbEndpoint *endpoint)
{
	const char *dualstack_host = psprintf("%s.%s.%s", prefix_of(input),
										  input->region,
										  find_partition(input->region)->dualstack_suffix);

	if (input->fips)
		refuse_combination(input,
						   psprintf("FIPS endpoints are switched on, and %s gives an endpoint URL.",
									input->custom_source));
	if (input->dualstack)
		refuse_combination(input,
						   psprintf("Dual-stack endpoints are switched on, and %s gives an endpoint URL.",
									input->custom_source));
	addb_endpoint_parse(input->custom_url, input->custom_source,
						input->allow_insecure_http, endpoint);
	addb_endpoint_refuse_link_local(endpoint, input->custom_source);
	if (pg_strcasecmp(endpoint->host, dualstack_host) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a dual-stack endpoint cannot be given as an endpoint URL"),
				 errdetail("It comes from %s.", input->custom_source),
				 errhint("Set atomic_dynamodb.use_dualstack_endpoint, or AWS_USE_DUALSTACK_ENDPOINT=true in the server's environment, or use_dualstack_endpoint of the foreign server or the AWS profile, instead.")));
	endpoint->signing_region = pstrdup(input->region);
}

static void
resolve_local(const AddbEndpointInput *input, AddbEndpoint *endpoint)
{
	if (input->fips)
		refuse_combination(input, "FIPS endpoints are switched on, and the region is \"local\".");
	if (input->dualstack)
		refuse_combination(input, "Dual-stack endpoints are switched on, and the region is \"local\".");
	addb_endpoint_parse(LOCAL_URL, "the region \"local\"", false, endpoint);
	endpoint->signing_region = pstrdup(LOCAL_SIGNING_REGION);
}

/*
 * Fills endpoint, with palloc'd texts, from a region and what modifies it. A
 * custom URL is signed for the region that is set; the pseudo region "local" is
 * http://localhost:8000, signed for us-east-1, and us-east-1 for the security
 * token service.
 *
 * Errors: ERRCODE_INVALID_PARAMETER_VALUE for a missing or malformed region, a
 * malformed or insecure custom URL, and combinations that the rule set excludes;
 * ERRCODE_FEATURE_NOT_SUPPORTED when only an account-based endpoint would do.
 */
void
addb_endpoint_resolve(const AddbEndpointInput *input, AddbEndpoint *endpoint)
{
	const Partition *partition;
	const char *region = input->region;
	bool		fips_name;

	memset(endpoint, 0, sizeof(AddbEndpoint));
	check_region(input->region);
	if (input->custom_url != NULL && input->custom_url[0] != '\0')
	{
		resolve_custom(input, endpoint);
		return;
	}
	if (strcmp(region, LOCAL_REGION) == 0)
	{
		if (!input->is_sts)
		{
			resolve_local(input, endpoint);
			return;
		}
		region = LOCAL_SIGNING_REGION;
	}
	if (input->account_id_required)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("account-based endpoints of DynamoDB are not supported"),
				 errdetail("The account ID endpoint mode is \"required\"."),
				 errhint("Set AWS_ACCOUNT_ID_ENDPOINT_MODE, or account_id_endpoint_mode in the AWS profile, to \"preferred\" or \"disabled\".")));

	partition = find_partition(region);
	fips_name = input->fips && (input->dualstack || !partition->plain_fips);
	endpoint->host = psprintf("%s%s.%s.%s", prefix_of(input),
							  fips_name ? "-fips" : "", region,
							  input->dualstack ? partition->dualstack_suffix :
							  partition->suffix);
	for (char *p = endpoint->host; *p != '\0'; p++)
		*p = pg_tolower((unsigned char) *p);
	endpoint->path = pstrdup("/");
	endpoint->url = psprintf("https://%s/", endpoint->host);
	endpoint->signing_region = pstrdup(region);
}
