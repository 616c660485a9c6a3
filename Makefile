# atomic_dynamodb: DynamoDB from SQL
#
#   make [PG_CONFIG=...]          builds
#   make install                  installs into that PostgreSQL
#   make installcheck             regression tests against a running server
#   make WERROR=1                 builds as the tests do, warnings are errors

EXTENSION = atomic_dynamodb
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql

include $(dir $(lastword $(MAKEFILE_LIST)))src/entity/objs.mk

OBJS = \
	src/atomic_dynamodb.o \
	src/core/catch.o \
	src/core/closest.o \
	src/core/guc.o \
	src/core/guc_guard.o \
	src/core/guc_secret.o \
	src/core/json.o \
	src/core/owned.o \
	src/core/value.o \
	src/http/exchange.o \
	src/http/handle.o \
	src/http/idle.o \
	src/http/sockets.o \
	src/http/transport.o \
	src/aws/clock_skew.o \
	src/aws/config.o \
	src/aws/credential_json.o \
	src/aws/credentials.o \
	src/aws/document.o \
	src/aws/endpoint.o \
	src/aws/endpoint_url.o \
	src/aws/fetch.o \
	src/aws/host.o \
	src/aws/host_http.o \
	src/aws/host_run.o \
	src/aws/kept.o \
	src/aws/profile.o \
	src/aws/profile_file.o \
	src/aws/provider_container.o \
	src/aws/provider_environment.o \
	src/aws/provider_instance.o \
	src/aws/provider_process.o \
	src/aws/provider_profile.o \
	src/aws/provider_role.o \
	src/aws/provider_settings.o \
	src/aws/provider_web_identity.o \
	src/aws/resolve.o \
	src/aws/secret.o \
	src/aws/server.o \
	src/aws/setback.o \
	src/aws/settings.o \
	src/aws/sigv4.o \
	src/aws/sigv4_canonical.o \
	src/aws/sigv4_key.o \
	src/aws/sts.o \
	src/aws/sts_reply.o \
	src/dynamodb/account.o \
	src/dynamodb/atomic_item.o \
	src/dynamodb/atomic_write.o \
	src/dynamodb/attempt.o \
	src/dynamodb/attribute_decode.o \
	src/dynamodb/attribute_encode.o \
	src/dynamodb/batch_body.o \
	src/dynamodb/batch_flight.o \
	src/dynamodb/batch_get.o \
	src/dynamodb/batch_write.o \
	src/dynamodb/call.o \
	src/dynamodb/client.o \
	src/dynamodb/error.o \
	src/dynamodb/error_raise.o \
	src/dynamodb/error_table.o \
	src/dynamodb/expression.o \
	src/dynamodb/expression_actions.o \
	src/dynamodb/expression_bind.o \
	src/dynamodb/expression_condition.o \
	src/dynamodb/expression_error.o \
	src/dynamodb/expression_function.o \
	src/dynamodb/expression_lexer.o \
	src/dynamodb/expression_operand.o \
	src/dynamodb/expression_pairs.o \
	src/dynamodb/expression_parse.o \
	src/dynamodb/expression_parts.o \
	src/dynamodb/expression_path.o \
	src/dynamodb/expression_type.o \
	src/dynamodb/expression_update.o \
	src/dynamodb/item_size.o \
	src/dynamodb/jsonb_builder.o \
	src/dynamodb/key.o \
	src/dynamodb/key_schema.o \
	src/dynamodb/lock.o \
	src/dynamodb/numeric.o \
	src/dynamodb/operation.o \
	src/dynamodb/outcome.o \
	src/dynamodb/pace.o \
	src/dynamodb/page.o \
	src/dynamodb/pager.o \
	src/dynamodb/partiql.o \
	src/dynamodb/partiql_transaction.o \
	src/dynamodb/peer.o \
	src/dynamodb/progress.o \
	src/dynamodb/raw_call.o \
	src/dynamodb/request.o \
	src/dynamodb/request_headers.o \
	src/dynamodb/retry.o \
	src/dynamodb/single_transaction.o \
	src/dynamodb/stat_table.o \
	src/dynamodb/stats.o \
	src/dynamodb/table.o \
	src/dynamodb/table_definition.o \
	src/dynamodb/table_index.o \
	src/dynamodb/table_info.o \
	src/dynamodb/table_item.o \
	src/dynamodb/table_key.o \
	src/dynamodb/table_look.o \
	src/dynamodb/table_query.o \
	src/dynamodb/table_shape.o \
	src/dynamodb/table_ttl.o \
	src/dynamodb/token.o \
	src/dynamodb/transact.o \
	src/dynamodb/transact_action.o \
	src/dynamodb/transact_run.o \
	src/dynamodb/transact_table.o \
	src/dynamodb/uuid.o \
	$(ENTITY_OBJS) \
	src/fdw/validator.o \
	src/functions/args.o \
	src/functions/atomic.o \
	src/functions/batch.o \
	src/functions/batch_aggregate.o \
	src/functions/call.o \
	src/functions/codec.o \
	src/functions/credentials.o \
	src/functions/entity.o \
	src/functions/entity_batch.o \
	src/functions/entity_call.o \
	src/functions/entity_key.o \
	src/functions/entity_page.o \
	src/functions/entity_params.o \
	src/functions/entity_query.o \
	src/functions/entity_register.o \
	src/functions/entity_registry.o \
	src/functions/entity_transact.o \
	src/functions/item.o \
	src/functions/partiql.o \
	src/functions/query.o \
	src/functions/rows.o \
	src/functions/scan_guard.o \
	src/functions/session.o \
	src/functions/stat.o \
	src/functions/stream.o \
	src/functions/table.o \
	src/functions/table_item.o \
	src/functions/table_query.o \
	src/functions/transact.o

INSTALL_SQL = $(sort $(wildcard sql/install/*.sql))

REGRESS = $(sort $(patsubst sql/%.sql,%,$(filter-out sql/$(EXTENSION)--%,$(wildcard sql/*.sql))))
REGRESS_OPTS = --load-extension=$(EXTENSION)

PG_CONFIG ?= pg_config

# libcurl and OpenSSL are found by pkg-config where it knows them.
PKG_CONFIG ?= pkg-config
# PostgreSQL 15 does not mark what a hidden-visibility build must export.
PG_CPPFLAGS = -I$(srcdir)/src '-DPGDLLEXPORT=__attribute__((visibility("default")))' \
	-DADDB_VERSION='"$(EXTVERSION)"' \
	$(shell $(PKG_CONFIG) --cflags libcurl openssl zlib 2>/dev/null)
PG_CFLAGS = -fvisibility=hidden $(if $(WERROR),-Wall -Wextra -Werror) \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = $(or $(shell $(PKG_CONFIG) --libs libcurl openssl zlib 2>/dev/null),-lcurl -lssl -lcrypto -lz)

EXTRA_CLEAN = sql/$(EXTENSION)--$(EXTVERSION).sql

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

sql/$(EXTENSION)--$(EXTVERSION).sql: $(INSTALL_SQL)
	cat $^ > $@

# Every object is built anew when a header changes: the tree is small.
$(OBJS): $(wildcard $(srcdir)/src/*/*.h)
