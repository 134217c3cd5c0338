/* Of a recording in many files, only the newest are kept. */
#ifndef GCR_WORKLOADS_CPYTHON_KEEP_H
#define GCR_WORKLOADS_CPYTHON_KEEP_H

#include "workloads/cpython/session.h"

/* A trace has just been added to the list: removes the oldest finished files of its process, but
 * `keep`, from disk and list. keep 0: all stay. A file that cannot be removed only leaves the list.
 * O(list). */
void keep_newest(struct gcr_recording *recording, uint32_t keep);

#endif
