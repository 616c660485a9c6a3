/*
 * settings.h
 *	  The settings that count now, for the current user.
 */
#ifndef ADDB_AWS_SETTINGS_H
#define ADDB_AWS_SETTINGS_H

#include "aws/host.h"

extern void addb_settings_get(AddbAwsSettings *settings);
extern uint64 addb_settings_generation(void);

#endif							/* ADDB_AWS_SETTINGS_H */
