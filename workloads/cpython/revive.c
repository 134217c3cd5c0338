/* Objects that the trace has lost and the program has.
 *
 * In a neutral recording garbage loses its roots before CPython finds it, and from then on nothing
 * but deaths may be written about it. Most of it is never seen again. But a float that dies with
 * such garbage goes to a free list that is not mirrored (as do slices, contexts and what
 * asynchronous generators make), and turns up as another float; a string becomes the interned one;
 * gc.get_objects() and gc.get_referrers() find whatever they like. Then a new object takes the
 * place of the old one: same record, same block, an ALLOC event of its own that does not count, a
 * root. It has no known references; the next look at it finds them, and what they lead to comes
 * back in the same way.
 *
 * The old object's known references go without events. What it alone held is lost with it; what
 * others hold too has fewer known references than real ones for a while, so it gets a root when
 * it is judged. */
#include "workloads/cpython/scan.h"

void scan_revive(struct scanner *scanner, uint32_t object)
{
    enum { KEPT = RECORD_FINALIZER_RAN | RECORD_FINALIZER_TOLD };
    struct mirror *mirror = scanner->mirror;
    struct record *record = mirror_record(mirror, object);
    const bool container = (record->flags & RECORD_CONTAINER) != 0;
    const uint16_t kept = record->flags & KEPT;
    PyObject *python = py_object_at(record->block + record->prefix);
    scanner->counts->revived++;
    mirror_forget_holders(mirror, object);
    mirror_forget_edges(mirror, object);
    mirror_event(mirror, GCR_OP_DEATH, object, 0, 0);
    mirror_reallocate(mirror, object, GCR_ALLOC_NOTRIGGER | (container ? GCR_ALLOC_UNCOUNTED : 0));
    record->flags |= kept;
    if (!container)
        record->flags &= (uint16_t) ~(RECORD_CONTAINER | RECORD_UNCOUNTED);
    (void)scan_find(scanner, python); /* its type */
    if (container)
        list_push(&scanner->revived, object);
    else
        mirror_touch(mirror, object);
}

void scan_revive_lost(struct scanner *scanner)
{
    const struct mirror *mirror = scanner->mirror;
    for (uint32_t i = 0; i < scanner->reference_count; i++) {
        const struct scan_reference *reference = &scanner->references[i];
        if (reference->kept == 0 && mirror->records[reference->dst].root == 0 &&
            mirror_is_lost(mirror, reference->dst))
            scan_revive(scanner, reference->dst);
    }
}
