/*
 * format.c
 *	  Replies of DynamoDB to the results that ElectroDB gives.
 */
#include "postgres.h"

#include "entity/item.h"

/*
 * addb_entity_format - the result of a request that has succeeded
 *
 * bodies are the replies: one, or the pages of a query, scan or collection; for a
 * request that was not to be sent, none. Palloc'd. Raises 08P01 for a reply that
 * makes no sense.
 */
Jsonb *
addb_entity_format(const AddbEntityRequest *request, const AddbText *bodies,
				   int nbodies)
{
	AddbText	body = {NULL, 0};
	AddbJsonbValue value;

	if (nbodies > 0)
		body = bodies[0];
	addb_jsonb_start();
	switch (request->action.method)
	{
		case ADDB_METHOD_QUERY:
		case ADDB_METHOD_COLLECTION:
		case ADDB_METHOD_SCAN:
			value = addb_entity_format_pages(request, bodies, nbodies);
			break;
		case ADDB_METHOD_BATCH_GET:
		case ADDB_METHOD_BATCH_PUT:
		case ADDB_METHOD_BATCH_DELETE:
			value = addb_entity_format_batch(request, body);
			break;
		case ADDB_METHOD_TRANSACT_WRITE:
		case ADDB_METHOD_TRANSACT_GET:
			value = addb_entity_format_transaction(request, body);
			break;
		default:
			value = addb_entity_format_single(request, body);
	}
	return addb_jsonb_finish(value);
}

/* {rejected: true}, with the item that was found if it is the entity's. */
static AddbJsonbValue
format_rejected(const AddbEntityRequest *request, const AddbServiceError *error)
{
	AddbEntityView view = {request->member->model, &request->action.options};
	AddbText	item = {error->item.len == 0 ? NULL : error->item.data,
	(int) error->item.len};
	int			mark = addb_jsonb_mark();
	AddbJsonbValue value;

	addb_jsonb_push_member("rejected", 8, addb_jsonb_bool(true));
	if (request->action.options.on_failure == ADDB_FAILURE_ALL_OLD)
	{
		(void) addb_entity_item_read(&view, item, &value);
		addb_jsonb_push_member("data", 4, value);
	}
	return addb_jsonb_object(mark);
}

/*
 * addb_entity_format_error - the result of a request that DynamoDB has refused
 *
 * NULL when the refusal is not a result but an error, which is the caller's to
 * raise. Palloc'd.
 */
Jsonb *
addb_entity_format_error(const AddbEntityRequest *request,
						 const AddbServiceError *error)
{
	if (error->code == NULL)
		return NULL;
	if (request->nitems > 0 && strcmp(error->code, "TransactionCanceledException") == 0)
	{
		addb_jsonb_start();
		return addb_jsonb_finish(addb_entity_format_canceled(request, error));
	}
	if (request->action.options.on_failure != ADDB_FAILURE_RAISE &&
		request->member != NULL &&
		strcmp(error->code, "ConditionalCheckFailedException") == 0)
	{
		addb_jsonb_start();
		return addb_jsonb_finish(format_rejected(request, error));
	}
	return NULL;
}
