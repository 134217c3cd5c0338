/* What `info` shows, as text and as JSON. */
#ifndef GCR_SIM_CMD_INFO_REPORT_H
#define GCR_SIM_CMD_INFO_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "sim/cmd/trace_facts.h"

struct gcr_info {
    struct gcr_reader *reader;
    struct gcr_trace_facts facts;
    bool peak_known;
    uint64_t peak_live_bytes;
};

void gcr_info_print(const struct gcr_info *info, FILE *out);
/* The caller owns the document; NULL: no memory. */
json_t *gcr_info_json(const struct gcr_info *info);

#endif
