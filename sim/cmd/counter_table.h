/* What the machine counted, as part of the table of one run. */
#ifndef GCR_SIM_CMD_COUNTER_TABLE_H
#define GCR_SIM_CMD_COUNTER_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* `run`: a result. Without counters: prints nothing. Columns that would be zero throughout are left
 * out; refused events come below, by reason. Where the cache model counted too, its figures for the
 * same events follow. */
void gcr_counter_table_print(const json_t *run, FILE *out);

#endif
