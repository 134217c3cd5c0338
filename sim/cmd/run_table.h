/* What `run` prints: one result as a person reads it in ten seconds. */
#ifndef GCR_SIM_CMD_RUN_TABLE_H
#define GCR_SIM_CMD_RUN_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "allocators/collector.h"

/* `result` is the document of docs/result.md. */
void gcr_run_table_print(const json_t *result, const struct gcr_collector *collector,
                         const struct gcr_capabilities *capabilities, FILE *out);

#endif
