/*
 * unit_world.h
 *	  A made-up machine for the functions of src/aws: environment, files and
 *	  network, told by one JSON object.
 */
#ifndef ADDB_UNIT_WORLD_H
#define ADDB_UNIT_WORLD_H

#include "utils/jsonb.h"

#include "aws/host.h"

extern AddbHost unit_world(JsonbContainer *argument);

#endif							/* ADDB_UNIT_WORLD_H */
