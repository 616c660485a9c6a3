-- any operation of DynamoDB with its own JSON
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_call('CreateTable', '{"TableName": "regress_call", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}') #>> '{TableDescription,TableName}' AS name;
SELECT ddb_call('ListTables') -> 'TableNames' ? 'regress_call' AS is_listed;

-- values are as the API has them, and come back as they were
SELECT ddb_call('PutItem', '{"TableName": "regress_call", "ReturnConsumedCapacity": "TOTAL", "Item": {"pk": {"S": "a"},
	"n": {"N": "-12345678901234567890123456789012345678"}, "b": {"B": "AAEC"}, "ss": {"SS": ["x", "y"]}, "l": {"L": [{"NULL": true}, {"BOOL": false}]},
	"m": {"M": {"S": {"S": "größe"}}}}}');
SELECT requests, items_written, read_units, write_units FROM ddb_last_response();
SELECT ddb_call('GetItem', '{"TableName": "regress_call", "Key": {"pk": {"S": "a"}}, "ReturnConsumedCapacity": "INDEXES"}');
SELECT requests, read_units, write_units FROM ddb_last_response();
SELECT ddb_call('UpdateItem', '{"TableName": "regress_call", "Key": {"pk": {"S": "a"}}, "UpdateExpression": "SET n = :n", "ReturnValues": "UPDATED_NEW",
	"ExpressionAttributeValues": {":n": {"N": "1"}}}');
SELECT ddb_call('BatchWriteItem', '{"RequestItems": {"regress_call": [{"PutRequest": {"Item": {"pk": {"S": "b"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]}}');
SELECT ddb_call('Query', '{"TableName": "regress_call", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "b"}}}');
SELECT ddb_call('TransactGetItems', '{"ReturnConsumedCapacity": "TOTAL", "TransactItems": [{"Get": {"TableName": "regress_call", "Key": {"pk": {"S": "a"}}}}, {"Get": {"TableName": "regress_call", "Key": {"pk": {"S": "b"}}}}]}') -> 'Responses' AS responses;
SELECT requests, read_units FROM ddb_last_response();
-- also what text cannot hold
SELECT ddb_call('PutItem', '{"TableName": "regress_call", "Item": {"pk": {"S": "s"}, "v": {"S": {"$s": "a\\u0000b"}}}}');
SELECT ddb_call('GetItem', '{"TableName": "regress_call", "Key": {"pk": {"S": "s"}}}');
SELECT ddb_call('DeleteItem', '{"TableName": "regress_call", "Key": {"pk": {"S": "s"}}}');
SELECT ddb_call('UpdateTable', '{"TableName": "regress_call", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}')
	#> '{TableDescription,ProvisionedThroughput,WriteCapacityUnits}' AS units;

-- errors are those of any other function
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('GetItem', '{"TableName": "regress_gone", "Key": {"pk": {"S": "a"}}}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('DescribeTable')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('GetItem', '{"TableName": "regress_call", "Key": {"sk": {"S": "a"}}}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('PutItem', '{"TableName": "regress_call", "Item": {"pk": {"S": "b"}}, "ConditionExpression": "attribute_not_exists(pk)"}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('TransactWriteItems', '{"TransactItems": [{"Put": {"TableName": "regress_call", "Item": {"pk": {"S": "c"}}}},
	{"ConditionCheck": {"TableName": "regress_call", "Key": {"pk": {"S": "b"}}, "ConditionExpression": "attribute_not_exists(pk)"}}]}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('InventedTomorrow')$$);

-- the name of the operation goes into a header
SELECT operation, e.* FROM unnest(ARRAY['', ' ', 'Get Item', 'GetItem ', E'GetItem\r\nX-Evil: 1', E'GetItem\nX', 'GetItem.', 'GétItem', 'Get1', repeat('G', 65)]) AS operation,
	pg_temp.error_of(format('SELECT ddb_call(%L)', operation)) AS e;
SELECT * FROM pg_temp.error_of($$SELECT ddb_call(repeat('G', 64))$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_call(NULL)$$);
SELECT request, e.* FROM unnest(ARRAY['[]', '[{}]', '1', '"{}"', 'null', '{"$s": "{}"}', NULL]) AS request,
	pg_temp.error_of(format('SELECT ddb_call(''ListTables'', %L)', request)) AS e;

-- what is not known to be a read is refused where nothing may be written
BEGIN READ ONLY;
SELECT ddb_call('GetItem', '{"TableName": "regress_call", "Key": {"pk": {"S": "b"}}}');
SELECT ddb_call('Scan', '{"TableName": "regress_call", "Select": "COUNT"}');
SELECT operation, e.* FROM unnest(ARRAY['PutItem', 'BatchWriteItem', 'TransactWriteItems', 'ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction', 'UpdateTable', 'DeleteTable',
	'TagResource', 'ExportTableToPointInTime', 'InventedTomorrow', 'getitem']) AS operation,
	pg_temp.error_of(format('SELECT ddb_call(%L)', operation)) AS e;
-- all that only read
SELECT operation, e.code FROM unnest(ARRAY['BatchGetItem', 'DescribeBackup', 'DescribeContinuousBackups', 'DescribeContributorInsights', 'DescribeEndpoints', 'DescribeExport', 'DescribeGlobalTable',
	'DescribeGlobalTableSettings', 'DescribeImport', 'DescribeKinesisStreamingDestination', 'DescribeLimits', 'DescribeTable', 'DescribeTableReplicaAutoScaling', 'DescribeTimeToLive', 'GetItem',
	'GetResourcePolicy', 'ListBackups', 'ListContributorInsights', 'ListExports', 'ListGlobalTables', 'ListImports', 'ListTables', 'ListTagsOfResource', 'Query', 'Scan', 'TransactGetItems']) AS operation,
	pg_temp.error_of(format('SELECT ddb_call(%L)', operation)) AS e
	WHERE e.code = '25006';
ROLLBACK;

-- scans may be forbidden, in whatever way they are written
SET atomic_dynamodb.allow_scan = off;
SELECT * FROM pg_temp.error_of($$SELECT ddb_call('Scan', '{"TableName": "regress_call"}')$$);
SELECT statement, e.code, e.message FROM unnest(ARRAY['SELECT * FROM regress_call', 'select*FROM regress_call', E' \t\r\n\f\x0BSELECT * FROM regress_call', E'-- INSERT\nSELECT * FROM regress_call',
	E'--\rSELECT * FROM regress_call', '/* INSERT */ (( /* /* */ SELECT * FROM regress_call))', 'FROM regress_call', '', '/*', '-', 'INSERTED', 'SELECT',
	'INSERT INTO regress_call VALUE {''pk'': ''i''}', E'/*SELECT*/--SELECT\ninsert INTO regress_call VALUE {''pk'': ''j''}', 'UPDATE regress_call SET x = 1 WHERE pk = ''i''',
	'DELETE FROM regress_call WHERE pk = ''j''']) AS statement,
	pg_temp.error_of(format('SELECT ddb_call(''ExecuteStatement'', jsonb_build_object(''Statement'', %L::text))', statement)) AS e;
SELECT request, e.code, e.message FROM unnest(ARRAY['{"$m": {"Statement": "SELECT * FROM regress_call"}}', '{"$m": [["Statement", "SELECT * FROM regress_call"]]}',
	'{"$m": [["Statement", "DELETE FROM regress_call WHERE pk = ''j''"], ["Statement", "SELECT * FROM regress_call"]]}',
	'{"$m": [["Statement", "SELECT * FROM regress_call"], ["Statement", "DELETE FROM regress_call WHERE pk = ''j''"]]}',
	'{"Statement": {"$s": "SELECT * FROM regress_call -- \\u0000"}}', '{"Limit": 1, "Statement": "SELECT \"pk\" FROM \"regress_call\""}']) AS request,
	pg_temp.error_of(format('SELECT ddb_call(''ExecuteStatement'', %L)', request)) AS e;
SELECT ddb_call('Query', '{"TableName": "regress_call", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "i"}}}') -> 'Items' AS items;
RESET atomic_dynamodb.allow_scan;
SELECT ddb_call('ExecuteStatement', '{"Statement": "SELECT pk FROM regress_call WHERE pk = ''i''"}');
SELECT ddb_call('Scan', '{"TableName": "regress_call", "Select": "COUNT"}') -> 'Count' AS count;
SELECT ddb_call('DeleteTable', '{"TableName": "regress_call"}') #>> '{TableDescription,TableName}' AS name;
