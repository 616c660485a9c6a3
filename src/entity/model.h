/*
 * model.h
 *	  An ElectroDB model, ready to compile operations from.
 *
 * Names, fields and enum values are in the server's encoding, for they are
 * compared with what jsonb holds; what keys are made of is UTF-8. Everything
 * lives in the model's memory context, and nothing of it changes after
 * addb_entity_model_parse.
 */
#ifndef ADDB_ENTITY_MODEL_H
#define ADDB_ENTITY_MODEL_H

#include "core/text.h"
#include "entity/case.h"
#include "entity/json_tree.h"
#include "utils/jsonb.h"

typedef struct AddbEntityAttribute AddbEntityAttribute;
typedef struct AddbEntityKey AddbEntityKey;

typedef enum AddbEntityType
{
	ADDB_ENTITY_STRING,
	ADDB_ENTITY_NUMBER,
	ADDB_ENTITY_BOOLEAN,
	ADDB_ENTITY_ENUM,
	ADDB_ENTITY_ANY,
	ADDB_ENTITY_MAP,
	ADDB_ENTITY_LIST,
	ADDB_ENTITY_SET
} AddbEntityType;

struct AddbEntityAttribute
{
	AddbText	name;
	AddbText	field;			/* stored name */
	AddbText	field_json;		/* "field": for a request, UTF-8 */
	int			number;			/* of a root attribute, in the model's order */
	const AddbEntityAttribute *parent;	/* NULL for a root attribute */
	AddbEntityType type;
	bool		required;
	bool		read_only;
	bool		hidden;
	bool		in_table_key;	/* a composite of the table index */
	bool		in_any_key;		/* a composite of some index */
	const JsonbValue *fallback; /* "default", or NULL */
	const AddbText *values;		/* of an ENUM */
	int			nvalues;
	AddbEntityAttribute *children;	/* properties of a MAP, the items of a LIST
									 * or SET */
	int			nchildren;
	const AddbEntityAttribute **by_field;	/* children of a MAP in the order of
											 * their fields */
	AddbText	label;			/* in keys, UTF-8; data NULL: the name */
	int			pad_length;
	AddbText	pad;			/* UTF-8 */
	AddbText	pattern;		/* "validate" in PostgreSQL's words, data NULL:
								 * none */
	AddbText	flags;
	const AddbEntityKey *as_key;	/* whose field is this attribute's, or NULL */
};

/* A composite of a key and the text before it. */
typedef struct AddbEntityPart
{
	const AddbEntityAttribute *attribute;
	AddbText	literal;		/* UTF-8 */
} AddbEntityPart;

typedef enum AddbEntityCast
{
	ADDB_CAST_NONE,
	ADDB_CAST_NUMBER,
	ADDB_CAST_STRING
} AddbEntityCast;

struct AddbEntityKey
{
	AddbText	field;
	AddbText	field_json;
	int			field_number;	/* counts the distinct key fields of the model */
	bool		is_template;
	bool		is_numeric;
	AddbCasing	casing;
	AddbEntityCast cast;
	AddbText	prefix;			/* UTF-8 */
	AddbText	postfix;		/* of a complete clustered sort key */
	AddbText	tail;			/* of a template, behind its last composite */
	AddbEntityPart *parts;
	int			nparts;
	const AddbEntityAttribute *attribute;	/* that is this key, or NULL */
};

typedef struct AddbEntityIndex
{
	AddbText	name;			/* access pattern */
	AddbText	index;			/* in DynamoDB; data NULL: the table's */
	bool		has_sk;
	bool		clustered;
	AddbText	scope;			/* data NULL: none */
	const AddbText *collections;	/* from the outermost */
	int			ncollections;
	AddbEntityKey pk;
	AddbEntityKey sk;
} AddbEntityIndex;

typedef struct AddbEntityModel
{
	MemoryContext context;
	AddbText	entity;
	AddbText	version;
	AddbText	service;
	AddbText	table;			/* data NULL: not said */
	AddbText	identity_json;	/* "__edb_e__":{"S":...},"__edb_v__":{"S":...} */
	AddbEntityAttribute root;	/* a MAP: its children are the attributes */
	AddbEntityIndex *indexes;
	int			nindexes;
	AddbEntityIndex *primary;	/* the table's */
	int			nkey_fields;
} AddbEntityModel;

/* in model.c */
extern AddbEntityModel *addb_entity_model_parse(MemoryContext parent,
												const char *text, int len);
extern void addb_entity_model_free(AddbEntityModel *model);
extern const AddbEntityAttribute *addb_entity_child(const AddbEntityAttribute *map, const char *name, int len);
extern const AddbEntityAttribute *addb_entity_child_by_field(const AddbEntityAttribute *map, const char *field, int len);
extern const AddbEntityIndex *addb_entity_find_index(const AddbEntityModel *model, const char *name, int len);

/* What the files of the model share: members with their types checked. */
extern AddbText addb_model_text(const AddbJsonNode *object, const char *name,
								const char *path);
extern AddbText addb_model_required_text(const AddbJsonNode *object,
										 const char *name, const char *path);
extern bool addb_model_bool(const AddbJsonNode *object, const char *name,
							const char *path);
extern int	addb_model_choice(const AddbJsonNode *object, const char *name,
							  const char *path, const char *const *choices,
							  int n);
extern AddbText addb_model_utf8(AddbText text);
extern AddbText addb_model_json_name(AddbText name);
extern void addb_model_refuse_repeated(const AddbJsonNode *object,
									   const char *what);
extern char *addb_model_path(const char *path, AddbText name);
extern bool addb_text_equal(AddbText a, AddbText b);
extern bool addb_text_is(AddbText text, const char *word);

/* in model_attribute.c */
extern void addb_model_read_attributes(AddbEntityModel *model,
									   const AddbJsonNode *attributes);

/* in model_index.c */
extern void addb_model_read_indexes(AddbEntityModel *model,
									const AddbJsonNode *indexes);

/* in model_key.c */
extern void addb_model_read_key(AddbEntityModel *model, AddbEntityIndex *index,
								AddbEntityKey *key, const AddbJsonNode *node,
								const char *path);
extern void addb_model_finish_key(AddbEntityModel *model,
								  AddbEntityIndex *index, AddbEntityKey *key);

/* in model_check.c */
extern void addb_model_check_index(AddbEntityModel *model,
								   AddbEntityIndex *index);
extern void addb_model_check_shared(AddbEntityModel *model);

#endif							/* ADDB_ENTITY_MODEL_H */
