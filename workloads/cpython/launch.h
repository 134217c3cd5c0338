/* How a program is started so that the preload library gets into it: what is put into its
 * environment, and where the library and its companions lie. */
#ifndef GCR_WORKLOADS_CPYTHON_LAUNCH_H
#define GCR_WORKLOADS_CPYTHON_LAUNCH_H

#include "workloads/cpython/session.h"

struct launch {
    char preload[4096]; /* the library as LD_PRELOAD names it */
    char marks[4096];   /* folder to put before PYTHONPATH; "": none */
    int preload_file;   /* open if the library's own path would not do; -1 */
};

/* Finds what is needed. GCR_USAGE: it is not there. To be released in any case. */
gcr_status launch_prepare(struct launch *launch, const struct gcr_recording_config *config,
                          struct gcr_error *err) GCR_MUST_USE;
/* Between fork and exec: the environment of a program to record. `segment_file` is a descriptor of
 * this process's parent, the recorder, and stays open there. */
void launch_export(const struct launch *launch, int segment_file);
void launch_release(struct launch *launch);

#endif
