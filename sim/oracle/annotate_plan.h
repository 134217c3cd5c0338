/* Which objects FINALIZED events name, and until when each lane must keep them: the only events
 * that may name an object which is unreachable, so that their deaths cannot be told without looking
 * ahead. Found by one pass over all lanes.
 *
 * In a lane an object is kept from its ALLOC to the last FINALIZED that names it there, or to the
 * last FORK of a child in which it is named, whichever is later; a child keeps what its own events
 * name. */
#ifndef GCR_SIM_ORACLE_ANNOTATE_PLAN_H
#define GCR_SIM_ORACLE_ANNOTATE_PLAN_H

#include "traces/reader.h"

struct gcr_annotate_mark {
    uint64_t number; /* of an event */
    uint32_t id;     /* of an object that is named, from 0 */
};

struct gcr_annotate_marks {
    struct gcr_annotate_mark *mark; /* by number */
    size_t count, room;
};

struct gcr_annotate_plan {
    struct gcr_annotate_marks *births, *ends; /* by lane */
    uint32_t lanes;
    uint32_t kept; /* objects */
};

/* Whether any shape has a finalizer; if none has, the plan is empty and takes no pass. */
bool gcr_annotate_plan_is_needed(struct gcr_reader *reader);

/* The trace must be valid. Memory: 48 bytes for each object with a finalizer. */
gcr_status gcr_annotate_plan_make(struct gcr_reader *reader, struct gcr_annotate_plan *plan,
                                  struct gcr_error *err) GCR_MUST_USE;
void gcr_annotate_plan_finish(struct gcr_annotate_plan *plan);

#endif
