/* Copy-on-write as tables and columns: pages of 4 KiB that a process no longer shares, because it
 * has written them since its last fork or since its birth. */
#ifndef GCR_SIM_CMD_COW_TABLE_H
#define GCR_SIM_CMD_COW_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "allocators/collector.h"
#include "allocators/common/access.h"

/* Sums over epochs. */
struct gcr_cow_figures {
    size_t epochs;
    bool any_model;                 /* of at least one */
    bool model_known, kernel_known; /* of every epoch */
    uint64_t shared;                /* right after the forks */
    uint64_t model, kernel;         /* of these: copied */
    uint64_t by_cause[GCR_CAUSE_COUNT_OF];
    uint64_t dropped, fresh;          /* by the model if it is known, else by the kernel */
    uint64_t model_only, kernel_only; /* copied pages that only one account has */
    uint64_t shared_differ;           /* shared pages that only one account has */
    const char *refusal;              /* the kernel's first, or NULL */
    bool counts_refused;              /* the trace cannot say what counts unshare */
};

/* Adds the epochs of one lane: those that it was born with, or those after its own forks, or all.
 * *sum begins as all zero. */
enum gcr_cow_epochs { GCR_COW_BORN, GCR_COW_FORKED, GCR_COW_ALL };
void gcr_cow_add_lane(struct gcr_cow_figures *sum, const json_t *lane, enum gcr_cow_epochs which);

/* For `run`: one row for each epoch of each lane of a result; nothing if there are none. */
void gcr_cow_table_print(const json_t *result, const struct gcr_collector *collector,
                         const struct gcr_capabilities *capabilities, FILE *out);

/* For `compare`: one back end's row in the tables of parents and of children, or in the CSV. */
struct gcr_cow_row {
    const char *name;
    const json_t *result; /* NULL: no figures */
    const struct gcr_collector *collector;
};
void gcr_cow_comparison_print(const struct gcr_cow_row *rows, size_t count,
                              const struct gcr_capabilities *capabilities, FILE *out);

/* ",cow_shared_pages,cow_pages_model,...": the columns' names, and their values for one lane or
 * for all lanes of a run. Empty fields are figures that are not known. */
void gcr_cow_csv_head(FILE *out);
void gcr_cow_csv(const struct gcr_cow_figures *figures, FILE *out);
/* All epochs of all lanes. */
void gcr_cow_add_run(struct gcr_cow_figures *sum, const json_t *result, enum gcr_cow_epochs which);

#endif
