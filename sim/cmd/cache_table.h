/* What the cache model counted, as tables: by phase for one run, by back end for a comparison. */
#ifndef GCR_SIM_CMD_CACHE_TABLE_H
#define GCR_SIM_CMD_CACHE_TABLE_H

#include "sim/cmd/comparison.h"

/* True for the document of a modelled run. */
bool gcr_cache_is_known(const json_t *result);

/* "host: L1D 32.0 KiB/8, L2 ...", with the source of each number. */
void gcr_cache_print_machine(const json_t *result, FILE *out);
/* One row a phase, and the whole run. */
void gcr_cache_print_run(const json_t *result, FILE *out);
/* One row a back end, in place of the table of times. */
void gcr_cache_print_comparison(const struct gcr_comparison *comparison, FILE *out);

/* Columns of the CSV, each with its leading comma; empty fields where nothing was counted. */
extern const char gcr_cache_csv_head[];
void gcr_cache_csv(const json_t *run_or_lane, FILE *out);

#endif
