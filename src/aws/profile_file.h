/*
 * profile_file.h
 *	  The format of the shared AWS config and credentials files.
 */
#ifndef ADDB_AWS_PROFILE_FILE_H
#define ADDB_AWS_PROFILE_FILE_H

typedef enum AddbProfileFileKind
{
	ADDB_PROFILE_FILE_CONFIG,	/* sections [default], [profile x], [services x] */
	ADDB_PROFILE_FILE_CREDENTIALS	/* sections [x] */
} AddbProfileFileKind;

typedef enum AddbSectionKind
{
	ADDB_SECTION_IGNORED,
	ADDB_SECTION_PROFILE,
	ADDB_SECTION_SERVICES
} AddbSectionKind;

typedef struct AddbProfileFile AddbProfileFile;

extern AddbProfileFile *addb_profile_file_parse(char *text, size_t len,
												AddbProfileFileKind kind);
extern bool addb_profile_file_has(const AddbProfileFile *file,
								  AddbSectionKind kind, const char *name);
extern const char *addb_profile_file_get(const AddbProfileFile *file,
										 AddbSectionKind kind,
										 const char *name, const char *block,
										 const char *key);

#endif							/* ADDB_AWS_PROFILE_FILE_H */
