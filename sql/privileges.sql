-- Nothing is executable by PUBLIC.
SELECT p.oid::regprocedure AS executable_by_public
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'atomic_dynamodb'
WHERE has_function_privilege('public', p.oid, 'EXECUTE');

-- Every function has a level; a new one must be put on the list.
SELECT p.oid::regprocedure AS function, coalesce(i.level, 'MISSING') AS level,
	p.provolatile AS vol, p.proparallel AS par, p.proisstrict AS strict, p.prosecdef AS secdef
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'atomic_dynamodb'
LEFT JOIN ddb_internal_functions() AS i ON i.function = p.oid
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- Every object has a comment; the types of arrays and of relations, members too
-- from 17 on, have none.
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
FROM pg_depend AS d
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'atomic_dynamodb'
WHERE d.deptype = 'e' AND obj_description(d.objid, d.classid::regclass::name) IS NULL
	AND NOT EXISTS (SELECT FROM pg_type AS t WHERE d.classid = 'pg_type'::regclass AND t.typarray = d.objid)
	AND NOT EXISTS (SELECT FROM pg_type AS t JOIN pg_class AS c ON c.oid = t.typrelid
		WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND c.relkind <> 'c');

-- levels
CREATE ROLE regress_addb_role;
CREATE FUNCTION pg_temp.allowed() RETURNS TABLE (level text, allowed bigint, of bigint)
LANGUAGE sql AS $$
	SELECT i.level, count(*) FILTER (WHERE has_function_privilege('regress_addb_role', i.function::oid, 'EXECUTE')), count(*)
	FROM ddb_internal_functions() AS i GROUP BY 1 ORDER BY 1
$$;
SELECT * FROM pg_temp.allowed();
SELECT ddb_grant('regress_addb_role', 'read');
SELECT * FROM pg_temp.allowed();
SELECT ddb_grant('regress_addb_role', 'write');
SELECT * FROM pg_temp.allowed();
SELECT ddb_grant('regress_addb_role', 'admin');
SELECT * FROM pg_temp.allowed();
SELECT ddb_revoke('regress_addb_role', 'admin');
SELECT * FROM pg_temp.allowed();
SELECT ddb_revoke('regress_addb_role', 'write');
SELECT * FROM pg_temp.allowed();

-- a granted role can call the inlined functions too
SET ROLE regress_addb_role;
SELECT * FROM ddb_query(NULL);
SELECT * FROM ddb_get_many(NULL::jsonb);
SELECT ddb_set('a', 'b', '1');
SELECT ddb_grant('regress_addb_role', 'admin');
RESET ROLE;
SELECT ddb_revoke('regress_addb_role');
SELECT * FROM pg_temp.allowed();
SET ROLE regress_addb_role;
SELECT ddb_get('a', 'b');
RESET ROLE;

SELECT ddb_grant('regress_addb_role', 'all');
SELECT ddb_grant('regress_addb_role', NULL);
SELECT ddb_grant(NULL, 'read');
SELECT ddb_grant('public', 'read');
SELECT ddb_revoke('regress_addb_role', 'everything');
DROP OWNED BY regress_addb_role;
DROP ROLE regress_addb_role;

-- in a schema of its own, whose name needs quotes
CREATE DATABASE regress_addb_schema;
SELECT current_database() AS db \gset
\c regress_addb_schema
CREATE SCHEMA "My Schema";
-- nor may the owner of the schema run anything as the one who installs
CREATE TABLE public.caught (who text);
CREATE FUNCTION "My Schema".catch(oid, regclass) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO public.caught VALUES (current_user); SELECT $1 = $2::oid $$;
CREATE OPERATOR "My Schema".= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = "My Schema".catch);
CREATE EXTENSION atomic_dynamodb SCHEMA "My Schema";
SELECT count(*) AS caught FROM public.caught;
CREATE ROLE regress_addb_role;
SELECT "My Schema".ddb_grant('regress_addb_role', 'read');
SET ROLE regress_addb_role;
SELECT * FROM "My Schema".ddb_query(NULL);
-- names that a search_path puts in front are not looked at
RESET ROLE;
CREATE FUNCTION public.ddb_internal_query(text, text, boolean, boolean, integer, text) RETURNS SETOF "My Schema".ddb_item
LANGUAGE sql AS $$ SELECT 'hijacked', 'hijacked', NULL::jsonb, NULL, NULL::timestamptz $$;
SET search_path = public, "My Schema";
SELECT * FROM ddb_query(NULL);
DROP OWNED BY regress_addb_role;
DROP ROLE regress_addb_role;
\c :db
DROP DATABASE regress_addb_schema;
