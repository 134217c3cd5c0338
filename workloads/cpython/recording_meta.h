/* What a recorded trace says about its making. */
#ifndef GCR_WORKLOADS_CPYTHON_RECORDING_META_H
#define GCR_WORKLOADS_CPYTHON_RECORDING_META_H

#include "workloads/cpython/groups.h"

/* The metadata section of a group whose lanes have all ended: one JSON object, to be freed. */
gcr_status recording_meta_text(const struct groups *groups, const struct trace_group *group,
                               char **text, struct gcr_error *err) GCR_MUST_USE;

#endif
