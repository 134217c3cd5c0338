/* One command in a process of its own: bounded in time, perhaps bound to a processor, its output
 * kept. */
#ifndef GCR_SIM_STUDY_JOB_PROCESS_H
#define GCR_SIM_STUDY_JOB_PROCESS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/status.h"

struct gcr_job_process {
    /* The question. */
    const char *const *words; /* ended by NULL; the first is the program's path */
    int cpu;                  /* the processor that it may run on; -1: any */
    unsigned timeout_s;
    /* The answer. */
    json_t *output; /* what it wrote to standard output, as JSON; NULL: it is none. The caller's */
    char message[512]; /* the last line on its standard error, without "gcreplay: " */
    bool is_timed_out;
    int signal; /* that ended it; 0: it ended by itself */
    int exit_code;
    double seconds;
};

/* GCR_IO: the process could not be made. It is killed with this one. */
gcr_status gcr_job_process_run(struct gcr_job_process *process, struct gcr_error *err) GCR_MUST_USE;

/* The processor that timed runs are bound to: the last one that this process may use, so not the
 * first, which serves most interrupts, if there are others. -1: the system does not say. */
int gcr_job_timed_cpu(void);

#endif
