/* Finalizers that ran, as FINALIZED events.
 *
 * No hook is called when CPython finalizes an object, but it leaves a mark in the GC head (PEP
 * 442), because it does so once in an object's life. The mark is looked for when the block is
 * freed, when a snapshot examines the object (one that saved itself while its last reference went
 * away), and at the end of a collection that did not free it. So the event comes at the death of
 * most objects, and of the resurrected when they are next looked at.
 *
 * What a finalizer saves stays reachable in the trace: it gets a root from before its collection
 * on. What it would do if another design found it garbage at another time, nobody knows; so there
 * are no RESURRECT events. */
#include "workloads/cpython/recorder.h"

void finalizers_note(struct recorder *recorder, uint32_t object)
{
    struct record *record = mirror_record(&recorder->mirror, object);
    const unsigned needed = RECORD_CONTAINER | RECORD_TYPED;
    if ((record->flags & (needed | RECORD_FINALIZER_RAN)) == needed &&
        recorder->types.info[record->type].finalizer &&
        py_is_finalized(py_object_at(record->block + record->prefix)))
        record->flags |= RECORD_FINALIZER_RAN;
}

void finalizers_tell(struct recorder *recorder, uint32_t object)
{
    struct record *record = mirror_record(&recorder->mirror, object);
    if ((record->flags & (RECORD_FINALIZER_RAN | RECORD_FINALIZER_TOLD)) != RECORD_FINALIZER_RAN)
        return;
    record->flags |= RECORD_FINALIZER_TOLD;
    recorder->counts->finalized++;
    mirror_event(&recorder->mirror, GCR_OP_FINALIZED, object, 0, 0);
}

void finalizers_look(struct recorder *recorder, uint32_t object)
{
    finalizers_note(recorder, object);
    finalizers_tell(recorder, object);
}
