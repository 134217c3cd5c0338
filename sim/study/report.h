/* A study's report: its tables, figures, the page report.html, and the same as data. */
#ifndef GCR_SIM_STUDY_REPORT_H
#define GCR_SIM_STUDY_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct gcr_report_config {
    const char *directory; /* of a study, or of compare -o */
    const char *page;      /* NULL: DIRECTORY/report.html */
    const char *heap;      /* shown first, as the study names it; NULL: the one nearest to 2x */
    const char *metric; /* held against the baseline, as CSV files name it; NULL: time_ns, or what
                           there is */
    const char *title;  /* NULL: the question */
    bool plots;         /* draw the figures */
    /* Called when a step begins ("tables", "figures", "page"); may be NULL. */
    void (*step)(void *arg, const char *name);
    void *arg;
};

/* What was written. */
struct gcr_report_counts {
    size_t runs, failed, missing;
    size_t figures, undrawn; /* 0 without plots */
    size_t warnings;
    size_t page_bytes;
    char page[4096];
};

/* Writes DIRECTORY/tables, DIRECTORY/plots, DIRECTORY/pauses.trace.json, the page, and
 * DIRECTORY/report.json. Each file appears whole or not at all, and the same results make the same
 * files. GCR_USAGE: nothing to report on is there, or heap or metric are not of the study (the
 * message lists those that are); GCR_IO. O(bytes of the results), and gnuplot for each figure. */
gcr_status gcr_report_write(const struct gcr_report_config *config, struct gcr_report_counts *out,
                            struct gcr_error *err) GCR_MUST_USE;

#endif
