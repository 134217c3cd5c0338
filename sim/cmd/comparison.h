/* The rows of a comparison and what can be said about them: as a table, as CSV, as JSON. */
#ifndef GCR_SIM_CMD_COMPARISON_H
#define GCR_SIM_CMD_COMPARISON_H

#include <jansson.h>
#include <stdio.h>

#include "sim/cmd/figures.h"
#include "sim/replay/replay.h"

/* One run, done or not. */
struct gcr_comparison_row {
    const struct gcr_engine *engine;
    const char *name;  /* as -c has it: the back end with its own options; NULL: without any */
    json_t *result;    /* the document; NULL: not run or not completed */
    char message[512]; /* why there is no result, or why the outcome is not ok */
    bool was_refused;  /* the trace cannot support the run */
    struct gcr_figures figures; /* when there is a result */
    char file[256];             /* its file's name in the output directory, or "" */
};

/* All rows of one trace, in the order asked for. */
struct gcr_comparison {
    const char *trace; /* path */
    char digest[17];
    uint64_t events;
    uint32_t lanes;
    uint64_t budget_bytes;
    struct gcr_capabilities capabilities;
    char warning[512];
    enum gcr_verify_mode verify;
    bool is_modelled; /* runs of the modelled twins: misses instead of times */
    struct gcr_comparison_row *rows;
    size_t row_count;
};

/* What tables call the row. */
static inline const char *gcr_comparison_row_name(const struct gcr_comparison_row *row)
{
    return row->name != NULL ? row->name : gcr_engine_collector(row->engine)->name;
}

void gcr_comparison_print(const struct gcr_comparison *comparison, FILE *out);

/* The columns of compare.csv, then rows: one for each run and one for each process of each run. */
void gcr_comparison_csv_head(FILE *out);
void gcr_comparison_csv(const struct gcr_comparison *comparison, FILE *out);

/* {"trace": ..., "runs": [...], "notes": [...]}; the caller owns it. */
json_t *gcr_comparison_json(const struct gcr_comparison *comparison);

#endif
