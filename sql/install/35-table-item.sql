-- single items of any table; an item or key is a JSON object of attributes

CREATE FUNCTION ddb_get_item(table_name text, key jsonb, projection text DEFAULT NULL, consistent boolean DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_get_item'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_get_item(text, jsonb, text, boolean, jsonb) IS 'reads one item of any table, or the attributes of it that projection names; NULL when there is none';

CREATE FUNCTION ddb_put_item(table_name text, item jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, return_values text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_put_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_put_item(text, jsonb, text, jsonb, text, jsonb) IS 'writes one item of any table, replacing what is there, if the condition is met; returns the replaced item for return_values all_old';

CREATE FUNCTION ddb_update_item(table_name text, key jsonb, update text, vals jsonb DEFAULT NULL, condition text DEFAULT NULL, return_values text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_update_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_update_item(text, jsonb, text, jsonb, text, text, jsonb) IS 'changes or creates one item of any table by an update expression, if the condition is met; returns the attributes that return_values names';

CREATE FUNCTION ddb_delete_item(table_name text, key jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, return_values text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_delete_item'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete_item(text, jsonb, text, jsonb, text, jsonb) IS 'deletes one item of any table, if it is there and the condition is met; returns it for return_values all_old';
