/* Another program, run to its end for what it says: parallel, sbatch, squeue, gnuplot. */
#ifndef GCR_SIM_STUDY_TOOL_H
#define GCR_SIM_STUDY_TOOL_H

#include "base/status.h"

struct gcr_tool {
    const char *const *words; /* ended by NULL; the first is looked for on PATH */
    const char *directory;    /* works there; NULL: here */
    const char *input;        /* all of its standard input; NULL: nothing */
    const char *errors;       /* file that its standard error is added to; NULL: goes to ours */
    /* Called for each line of its standard output, without the newline, as it comes; NULL: they are
     * thrown away. */
    void (*line)(void *arg, const char *line);
    void *arg;
};

/* Runs it and waits. *exit_code is its exit code, or 128 plus the signal that ended it. If this
 * process dies first the tool gets SIGTERM. GCR_UNSUPPORTED: there is no such program; GCR_IO: it
 * could not be started or read. */
gcr_status gcr_tool_run(const struct gcr_tool *tool, int *exit_code,
                        struct gcr_error *err) GCR_MUST_USE;

#endif
