/*
 * credential_json.c
 *	  Reads documents with credentials without ever quoting them: PostgreSQL's
 *	  own JSON functions put what they choke on into their messages.
 */
#include "postgres.h"

#include "aws/credential_json.h"
#include "aws/secret.h"
#include "core/json.h"

/* The value that is next as a text; NULL when it is no string and no number. */
static char *
read_value(AddbJsonCursor *cursor, bool *is_number)
{
	AddbJsonSlice slice;
	char	   *value = NULL;

	*is_number = addb_json_peek(cursor) == ADDB_JSON_NUMBER;
	switch (addb_json_peek(cursor))
	{
		case ADDB_JSON_STRING:
			if (addb_json_string(cursor, &slice))
				value = addb_json_to_cstring(&slice);
			break;
		case ADDB_JSON_NUMBER:
			if (addb_json_number(cursor, &slice))
				value = pnstrdup(slice.data, slice.len);
			break;
		default:
			addb_json_skip(cursor, &slice);
	}
	if (value != NULL)
		addb_secret_wipe_on_reset(value, strlen(value));
	return value;
}

/*
 * addb_credential_json_read - the members of a document that members names
 *
 * Sets each value to the text of a string or number, palloc'd and wiped with the
 * current context; to NULL when the member is missing, null, empty or of another
 * type. Other members are passed over; of a repeated one the last counts. false
 * when text is no JSON object (RFC 8259).
 */
bool
addb_credential_json_read(const char *text, size_t len,
						  AddbCredentialMember *members, int count)
{
	AddbJsonCursor cursor = addb_json_cursor(text, len);
	AddbJsonSlice name;

	for (int i = 0; i < count; i++)
		members[i].value = NULL;
	if (!addb_json_object_start(&cursor))
		return false;
	while (addb_json_object_next(&cursor, &name))
	{
		bool		is_number;
		char	   *value = read_value(&cursor, &is_number);

		if (value != NULL && value[0] == '\0')
			value = NULL;
		for (int i = 0; i < count; i++)
			if (addb_json_slice_is(&name, members[i].name))
			{
				members[i].value = value;
				members[i].is_number = is_number;
			}
	}
	return addb_json_at_end(&cursor);
}
