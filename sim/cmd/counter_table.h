/* What the machine counted, as part of the table of one run. */
#ifndef GCR_SIM_CMD_COUNTER_TABLE_H
#define GCR_SIM_CMD_COUNTER_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* `counters`: the section of a result. Null or absent: prints nothing. Columns that would be zero
 * throughout are left out; refused events come below, by reason. */
void gcr_counter_table_print(const json_t *counters, FILE *out);

#endif
