/* Back ends, generators, importers and subcommands as text, JSON and Markdown, all from the same
 * tables. */
#ifndef GCR_SIM_CMD_LISTING_H
#define GCR_SIM_CMD_LISTING_H

#include <jansson.h>
#include <stdio.h>

#include "base/status.h"

void gcr_listing_print_collectors(FILE *out);
void gcr_listing_print_generators(FILE *out);
void gcr_listing_print_importers(FILE *out);

/* {"schema", "collectors": [...], "generators": [...], "importers": [...]}; the caller owns it.
 * NULL: no memory. */
json_t *gcr_listing_json(void);

/* Writes docs/cli: one page for each subcommand, one for the back ends' options, one for the
 * generators', one for the importers', and an index, into the directory (made if it is missing). */
gcr_status gcr_listing_write_markdown(const char *directory, struct gcr_error *err) GCR_MUST_USE;

#endif
