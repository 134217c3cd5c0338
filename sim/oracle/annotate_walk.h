/* The writing pass of annotate: walks every lane over a shadow graph, depth first, and writes each
 * window's events with its deaths between them once they are known. */
#ifndef GCR_SIM_ORACLE_ANNOTATE_WALK_H
#define GCR_SIM_ORACLE_ANNOTATE_WALK_H

#include "sim/oracle/annotate.h"
#include "sim/oracle/annotate_plan.h"
#include "traces/writer.h"

/* Shapes and names have been written, in the order of their numbers. The trace is valid. Adds to
 * events, deaths and highest_index of *out. */
gcr_status gcr_annotate_walk(struct gcr_reader *reader, const struct gcr_annotate_plan *plan,
                             const struct gcr_annotation *options, struct gcr_writer *writer,
                             struct gcr_annotation_result *out, struct gcr_error *err) GCR_MUST_USE;

#endif
