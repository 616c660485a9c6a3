/*
 * error_table.c
 *	  The one table from DynamoDB's error types to SQLSTATEs and messages.
 *
 * Primary messages are ours and say what happened; what the service says stays
 * in the DETAIL. A hint is there where the reader can do something.
 */
#include "postgres.h"

#include "dynamodb/error_table.h"
#include "dynamodb/retry.h"

#define NOT_CONNECTED "could not connect to DynamoDB"
#define HINT_TRY_AGAIN "Nothing was changed. Try again."
#define HINT_THROTTLED \
	"Send fewer requests at a time, or raise the capacity of the table or index."
#define HINT_ENDPOINT \
	"Check the setting atomic_dynamodb.endpoint_url, and what stands in between."
#define HINT_SERVER \
	"Check the endpoint of server \"%s\", and what stands in between."

/*
 * The table. Names without "Exception" are what DynamoDB Local, or the layer in
 * front of the service, sends. Codes of the throttling list of retry.c that
 * have no row here share the row throttled.
 */
static const AddbErrorRow rows[] = {
	/* conditions and conflicts */
	{
		{"ConditionalCheckFailedException", "ConditionalCheckFailed"},
		ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, ADDB_NOT_APPLIED,
		"condition of the DynamoDB write was not met",
		NULL
	},
	{
		{"TransactionConflictException", "TransactionConflict"},
		ERRCODE_T_R_SERIALIZATION_FAILURE, ADDB_NOT_APPLIED,
		"DynamoDB item is in use by another transaction",
		HINT_TRY_AGAIN
	},
	{
		{"ReplicatedWriteConflictException"},
		ERRCODE_T_R_SERIALIZATION_FAILURE, ADDB_NOT_APPLIED,
		"DynamoDB item is being written in another region",
		HINT_TRY_AGAIN
	},
	{
		{"TransactionInProgressException"},
		ERRCODE_T_R_SERIALIZATION_FAILURE, ADDB_NOT_APPLIED,
		"DynamoDB transaction with this token is still in progress",
		"Repeat it with the same token. DynamoDB then carries it out at most once, and "
		"tells what became of it."
	},

	/* throttling: never applied, so it stays 53000 for writes too */
	{
		{"LimitExceededException"},
		ERRCODE_INSUFFICIENT_RESOURCES, ADDB_NOT_APPLIED,
		"DynamoDB limit on table operations was reached",
		"Wait until the table operations that are running have finished."
	},

	/* tables */
	{
		{"ResourceNotFoundException", "ResourceNotFound",
		"TableNotFoundException"},
		ERRCODE_UNDEFINED_TABLE, ADDB_NOT_APPLIED,
		"DynamoDB table or index does not exist",
		"Check the names, and the settings atomic_dynamodb.region and "
		"atomic_dynamodb.endpoint_url. A new table can be used once it is ACTIVE.",
		"Check the names, and the region and endpoint of server \"%s\". A new table "
		"can be used once it is ACTIVE."
	},
	{
		{"ResourceInUseException", "TableInUseException"},
		ERRCODE_OBJECT_IN_USE, ADDB_NOT_APPLIED,
		"DynamoDB table exists already or is being changed",
		"A table that is being changed can be used again once it is ACTIVE."
	},
	{
		{"TableAlreadyExistsException"},
		ERRCODE_DUPLICATE_TABLE, ADDB_NOT_APPLIED,
		"DynamoDB table exists already",
		NULL
	},

	/*
	 * Requests that cannot succeed as they are. A ValidationException does not
	 * settle an earlier attempt: that one may have made the item as large, or of
	 * the type, that an update now runs into.
	 */
	{
		{"ValidationException", "ValidationError"},
		ERRCODE_INVALID_PARAMETER_VALUE, ADDB_NOT_APPLIED,
		"DynamoDB rejected the request as invalid",
		NULL
	},
	{
		{"SerializationException"},
		ERRCODE_INVALID_PARAMETER_VALUE, ADDB_NEVER_APPLIED,
		"DynamoDB could not read the request",
		"Check the names and types of the members of the request."
	},
	{
		{"IdempotentParameterMismatchException"},
		ERRCODE_INVALID_PARAMETER_VALUE, ADDB_NEVER_APPLIED,
		"token was used before with another DynamoDB transaction",
		"Give every transaction a token of its own. A token may be repeated only "
		"with the same actions."
	},
	{
		{"UnknownOperationException", "NotImplemented"},
		ERRCODE_FEATURE_NOT_SUPPORTED, ADDB_NEVER_APPLIED,
		"DynamoDB endpoint does not support the operation",
		"Check the name of the operation. DynamoDB Local offers fewer than the "
		"service."
	},
	{
		{"ItemCollectionSizeLimitExceededException",
		"ItemCollectionSizeLimitExceeded"},
		ERRCODE_PROGRAM_LIMIT_EXCEEDED, ADDB_NOT_APPLIED,
		"DynamoDB item collection is too large",
		"In a table with local secondary indexes, the items of one partition key "
		"may take 10 GB."
	},
	{
		{"RequestEntityTooLargeException", "RequestEntityTooLarge"},
		ERRCODE_PROGRAM_LIMIT_EXCEEDED, ADDB_NEVER_APPLIED,
		"request is too large for DynamoDB",
		"Split it into smaller ones."
	},

	/* who asks */
	{
		{"AccessDeniedException", "AccessDenied", "OptInRequired"},
		ERRCODE_INSUFFICIENT_PRIVILEGE, ADDB_NOT_APPLIED,
		"access to DynamoDB was denied",
		"Check what the policies of the AWS identity allow for this operation and "
		"table."
	},
	{
		{"UnrecognizedClientException", "InvalidClientTokenId",
		"InvalidClientTokenIdException", "AuthFailure",
		"NotAuthorizedException"},
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, ADDB_NOT_APPLIED,
		"DynamoDB refused the AWS credentials",
		"Check the access key, and the session token that belongs to it."
	},
	{
		{"ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"},
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, ADDB_NOT_APPLIED,
		"AWS credentials have expired",
		"Provide a new session token with its access key."
	},
	{
		{"InvalidSignatureException", "InvalidSignature",
		"SignatureDoesNotMatch"},
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, ADDB_NOT_APPLIED,
		"DynamoDB refused the signature of the request",
		"Check the secret access key, and the clock of this machine."
	},
	{
		{"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"},
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, ADDB_NOT_APPLIED,
		"clock of this machine is too far from that of AWS",
		"Set the clock."
	},
	{
		{"MissingAuthenticationTokenException", "MissingAuthenticationToken",
		"MissingAuthenticationException", "IncompleteSignatureException",
		"IncompleteSignature"},
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, ADDB_NOT_APPLIED,
		"DynamoDB found no complete signature in the request",
		"Check whether a proxy in front of the endpoint changes headers."
	},

	/*
	 * Faults of the service, which leave open whether a write was applied: 58000
	 * for reads, 08007 for writes.
	 */
	{
		{"InternalServerError", "InternalServerErrorException",
		"InternalFailure", "InternalServerException", "ServiceUnavailable",
		"ServiceUnavailableException", "RequestTimeout",
		"RequestTimeoutException"},
		ERRCODE_SYSTEM_ERROR, ADDB_MAYBE_APPLIED,
		"DynamoDB failed to process the request",
		"Try again later."
	}
};

/* 23505: the item to be created, or inserted by PartiQL, is there already. */
static const AddbErrorRow duplicate_item = {
	{"DuplicateItemException", "DuplicateItem"},
	ERRCODE_UNIQUE_VIOLATION, ADDB_NOT_APPLIED,
	"DynamoDB item already exists",
	NULL
};

static const AddbErrorRow throttled = {
	{NULL},
	ERRCODE_INSUFFICIENT_RESOURCES, ADDB_NOT_APPLIED,
	"DynamoDB throttled the request",
	HINT_THROTTLED
};

/* An error that DynamoDB has invented since, not a fault of the service. */
static const AddbErrorRow unknown_code = {
	{NULL},
	ERRCODE_SYSTEM_ERROR, ADDB_NOT_APPLIED,
	"DynamoDB refused the request",
	NULL
};

/*
 * No code, and no status of a service fault: DynamoDB always sends a code. A
 * status in the 300s or 400s still says that the request was not carried out.
 */
static const AddbErrorRow not_dynamodb_refused = {
	{NULL},
	ERRCODE_PROTOCOL_VIOLATION, ADDB_NOT_APPLIED,
	"request was refused by something other than DynamoDB",
	HINT_ENDPOINT, HINT_SERVER
};
static const AddbErrorRow not_dynamodb = {
	{NULL},
	ERRCODE_PROTOCOL_VIOLATION, ADDB_MAYBE_APPLIED,
	"answer does not come from DynamoDB",
	HINT_ENDPOINT, HINT_SERVER
};

/*
 * A TransactionCanceledException, by what its reasons have in common. One that
 * may pass, or has no reason that is known, does not settle an earlier attempt:
 * that one is the same transaction, and may arrive when what stood in the way is
 * gone. A condition does, by DynamoDB's word for a repeated token, although
 * somebody might make it true before the other attempt arrives.
 */
static const AddbErrorRow canceled = {
	{NULL},
	ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, ADDB_NEVER_APPLIED,
	"DynamoDB transaction was canceled",
	NULL
};
static const AddbErrorRow canceled_by_unknown = {
	{NULL},
	ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, ADDB_NOT_APPLIED,
	"DynamoDB transaction was canceled",
	NULL
};
static const AddbErrorRow canceled_by_existing = {
	{NULL},
	ERRCODE_UNIQUE_VIOLATION, ADDB_NEVER_APPLIED,
	"DynamoDB transaction was canceled because an item already exists",
	NULL
};
static const AddbErrorRow canceled_by_conflict = {
	{NULL},
	ERRCODE_T_R_SERIALIZATION_FAILURE, ADDB_NOT_APPLIED,
	"DynamoDB transaction was canceled because of a conflict",
	HINT_TRY_AGAIN
};
static const AddbErrorRow canceled_by_throttling = {
	{NULL},
	ERRCODE_INSUFFICIENT_RESOURCES, ADDB_NOT_APPLIED,
	"DynamoDB transaction was canceled because it was throttled",
	HINT_THROTTLED
};
static const AddbErrorRow canceled_invalid = {
	{NULL},
	ERRCODE_INVALID_PARAMETER_VALUE, ADDB_NEVER_APPLIED,
	"DynamoDB transaction was canceled because an action is invalid",
	NULL
};

/* Failures of the transport, in the order of AddbTransportFailure. */
static const AddbErrorRow transport_rows[] = {
	[ADDB_TRANSPORT_NOT_CONNECTED] = {
		{NULL},
		ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, ADDB_NOT_APPLIED,
		NOT_CONNECTED,
		"Check the settings atomic_dynamodb.endpoint_url and atomic_dynamodb.region.",
		"Check the endpoint and region of server \"%s\"."
	},
	[ADDB_TRANSPORT_TIMED_OUT] = {
		{NULL},
		ERRCODE_CONNECTION_FAILURE, ADDB_MAYBE_APPLIED,
		"DynamoDB did not answer in time",
		"The limit is the setting atomic_dynamodb.request_timeout."
	},
	[ADDB_TRANSPORT_CUT_OFF] = {
		{NULL},
		ERRCODE_CONNECTION_FAILURE, ADDB_MAYBE_APPLIED,
		"connection to DynamoDB was cut off",
		"Try again."
	},
	[ADDB_TRANSPORT_TOO_LARGE] = {
		{NULL},
		ERRCODE_PROGRAM_LIMIT_EXCEEDED, ADDB_MAYBE_APPLIED,
		"answer of DynamoDB is too large",
		"DynamoDB's own answers are smaller. " HINT_ENDPOINT,
		"DynamoDB's own answers are smaller. " HINT_SERVER
	},
	[ADDB_TRANSPORT_GARBAGE] = {
		{NULL},
		ERRCODE_PROTOCOL_VIOLATION, ADDB_MAYBE_APPLIED,
		"could not understand the answer of DynamoDB",
		HINT_ENDPOINT, HINT_SERVER
	},
	[ADDB_TRANSPORT_BAD_CHECKSUM] = {
		{NULL},
		ERRCODE_PROTOCOL_VIOLATION, ADDB_MAYBE_APPLIED,
		"answer of DynamoDB arrived damaged",
		"Try again."
	},
	[ADDB_TRANSPORT_BAD_CA_FILE] = {
		{NULL},
		ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, ADDB_NOT_APPLIED,
		NOT_CONNECTED,
		"Check the file of trusted certificates, the setting "
		"atomic_dynamodb.ca_file.",
		"Check the file of trusted certificates, the option ca_file of server "
		"\"%s\"."
	},
	[ADDB_TRANSPORT_BAD_CERTIFICATE] = {
		{NULL},
		ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, ADDB_NOT_APPLIED,
		NOT_CONNECTED,
		"The certificate of the endpoint is not trusted. Check the setting "
		"atomic_dynamodb.endpoint_url, and atomic_dynamodb.ca_file, the file of "
		"trusted certificates.",
		"The certificate of the endpoint is not trusted. Check the options of "
		"server \"%s\": endpoint_url, and ca_file, the file of trusted "
		"certificates."
	},
	[ADDB_TRANSPORT_BAD_TLS_VERSION] = {
		{NULL},
		ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, ADDB_NOT_APPLIED,
		NOT_CONNECTED,
		"The endpoint speaks no version of TLS that is allowed: the oldest one is the "
		"setting atomic_dynamodb.tls_min_version."
	}
};

/* The same where fewer items make a smaller answer. */
static const AddbErrorRow too_many = {
	{NULL},
	ERRCODE_PROGRAM_LIMIT_EXCEEDED, ADDB_MAYBE_APPLIED,
	"answer of DynamoDB is too large",
	"Ask for fewer items at a time."
};

/* The operations that read several items. */
static const char *const reads_of_many[] = {
	"BatchGetItem", "ExecuteStatement", "ExecuteTransaction", "Query", "Scan",
	"TransactGetItems"
};

/*
 * The row of a cancelled transaction. One action that can never pass decides
 * for all; only when every refused action may pass another time is the whole
 * worth another try.
 */
static const AddbErrorRow *
find_cancellation(const AddbServiceError *error, bool is_create)
{
	bool		seen[ADDB_REFUSAL_OTHER + 1] = {false};

	for (int i = 0; i < error->nreasons; i++)
		seen[addb_error_refusal(&error->reasons[i])] = true;
	if (seen[ADDB_REFUSAL_INVALID])
		return &canceled_invalid;
	if (is_create)
		return &canceled_by_existing;
	if (seen[ADDB_REFUSAL_CONDITION])
		return &canceled;
	if (seen[ADDB_REFUSAL_OTHER])
		return &canceled_by_unknown;
	return seen[ADDB_REFUSAL_CONFLICT] ? &canceled_by_conflict
		: seen[ADDB_REFUSAL_THROTTLED] ? &canceled_by_throttling
		: &canceled_by_unknown;
}

/* The row of a code that is in the table, or NULL. */
static const AddbErrorRow *
find_code(const char *code)
{
	for (size_t i = 0; i < lengthof(rows); i++)
	{
		for (const char *const *name = rows[i].codes; *name != NULL; name++)
		{
			if (strcmp(code, *name) == 0)
				return &rows[i];
		}
	}
	return addb_retry_is_throttling(code) ? &throttled : NULL;
}

/*
 * addb_error_find_row
 *
 * The row of an error reply: by its code; without a code that is known, by its
 * status. Never by its text, which AWS may change any day. is_create: the
 * condition of the write was that its item does not exist; of a transaction,
 * that is all that it was cancelled by.
 *
 * Never NULL; the row is static.
 */
const AddbErrorRow *
addb_error_find_row(const AddbServiceError *error, bool is_create)
{
	const char *code = error->code;

	if (code != NULL)
	{
		const AddbErrorRow *row;

		if (strcmp(code, "TransactionCanceledException") == 0)
			return find_cancellation(error, is_create);
		if (strcmp(code, "DuplicateItemException") == 0 ||
			strcmp(code, "DuplicateItem") == 0 ||
			(is_create && strcmp(code, "ConditionalCheckFailedException") == 0))
			return &duplicate_item;
		row = find_code(code);
		if (row != NULL)
			return row;
	}

	if (error->status == 413)
		return find_code("RequestEntityTooLarge");
	if (error->status == 501)
		return find_code("NotImplemented");
	if (error->status >= 500)
		return find_code("InternalServerError");
	if (code != NULL)
		return &unknown_code;
	if (error->status >= 300 && error->status != 408)
		return &not_dynamodb_refused;
	return &not_dynamodb;
}

/*
 * addb_error_transport_row
 *
 * The row of a failure of the transport, of this operation as far as that matters;
 * it may be NULL. Never NULL; the row is static.
 */
const AddbErrorRow *
addb_error_transport_row(AddbTransportFailure failure, const char *operation)
{
	if (failure == ADDB_TRANSPORT_TOO_LARGE && operation != NULL)
		for (int i = 0; i < lengthof(reads_of_many); i++)
			if (strcmp(operation, reads_of_many[i]) == 0)
				return &too_many;
	return &transport_rows[failure];
}
