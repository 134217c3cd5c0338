/* gnuplot on scripts of plots/, several at a time. */
#ifndef GCR_SIM_STUDY_GNUPLOT_H
#define GCR_SIM_STUDY_GNUPLOT_H

#include <stddef.h>

#include "base/status.h"

/* One picture in one format. */
struct gcr_gnuplot_job {
    const char *script;   /* absolute path */
    const char *settings; /* without `out`: "csv='tables/mmu.csv'; ..." */
    const char *file;     /* to be made; its ending says the format */
    char message[256];    /* "": made; else why not, in words */
};

/* Writes text as a string of gnuplot's, in single quotes, where nothing but the quote itself has a
 * meaning. 0 if it does not fit into size. */
size_t gcr_gnuplot_quote(const char *text, char *out, size_t size);

/* The directory of the scripts into path: `given`, or if that is NULL ../share/gcreplay/plots
 * beside this program, or the source tree's. GCR_USAGE: no scripts there. */
gcr_status gcr_gnuplot_find_scripts(const char *given, char *path, size_t size,
                                    struct gcr_error *err) GCR_MUST_USE;

/* Runs all jobs in DIRECTORY, `at_once` at a time (0: as many as processors are online), and waits
 * for them. A file appears under its name only if gnuplot succeeded. */
void gcr_gnuplot_run(const char *directory, struct gcr_gnuplot_job *jobs, size_t count,
                     unsigned at_once);

#endif
