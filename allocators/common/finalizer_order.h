/* Which of the unreachable objects with finalizers are finalized now: those that no other such
 * object refers to. What they reach waits for a later collection: parents first.
 *
 * Source: "Ordering finalizers in the SemiSpace GC", PyPy documentation (Rigo), as in semispace.py.
 * Each object is in one of four states:
 *
 *     0  not reached                                      not flagged
 *     1  not reached, seen in the present walk            flagged
 *     2  reached, from exactly one finalizable object     flagged
 *     3  reached, from another one too, or from a root    not flagged
 *
 * "Reached" is the design's: marked, or copied. The flag is a bit of the object's header (a copy
 * takes it along, so that reaching turns 1 into 2), or, where headers are not written, an entry in
 * a table of this module's own; that serves designs whose objects do not move during the order.
 * Differs from the source: waiting entries keep their place in the list, so that finalizers run in
 * order of registration.
 *
 * Cost: O(objects reachable from unreached entries) visits, each O(slots). The stack of the walks
 * (and the table) are the only memory; if that is refused, nothing is finalized in this collection,
 * everything waiting is kept, and gcr_finalizer_order says so. */
#ifndef GCR_ALLOCATORS_COMMON_FINALIZER_ORDER_H
#define GCR_ALLOCATORS_COMMON_FINALIZER_ORDER_H

#include "allocators/common/finalizer_list.h"
#include "allocators/common/mark_stack.h"

/* What the order asks of a design, which is `arg`. Objects of the heap only appear as they are
 * referred to: unreached ones by their old address, the slots of reached ones by new addresses. */
struct gcr_finalizer_order_ops {
    /* Where a reached object is now (the same, if it has not moved); NULL: not reached. */
    gcr_ref (*reached)(void *arg, gcr_ref object);
    /* Reaches an unreached object and all that it refers to: marks and drains, or copies and scans.
     * Returns where the object is now. */
    gcr_ref (*reach)(void *arg, gcr_ref object);
    /* The references of an object, run by run: run 0, 1, ... until it returns NULL. Weak targets
     * are none. */
    gcr_ref *(*slots)(void *arg, gcr_ref object, unsigned run, uint64_t *count);
    /* The flag: a bit in the object. All three NULL: kept in a table here. `strip` clears it in
     * every object of the heap, after a refusal. */
    bool (*flagged)(void *arg, gcr_ref object);
    void (*set_flag)(void *arg, gcr_ref object, bool on);
    void (*strip)(void *arg);
};

/* Decides the fate of every entry (KEPT or RUN), reaches all of their objects and brings the
 * entries' addresses up to date. Objects reachable from roots have been reached before. False: no
 * work memory, and every entry is KEPT. `reach` may have been refused memory as well: that is the
 * design's to know. */
bool gcr_finalizer_order(struct gcr_finalizer_list *list, struct gcr_supply *supply,
                         const struct gcr_finalizer_order_ops *ops, void *arg) GCR_MUST_USE;

/* The same with a stack of the caller's, which is empty: also before each call of `reach`, which
 * may use it, and afterwards. */
bool gcr_finalizer_order_on(struct gcr_finalizer_list *list, struct gcr_mark_stack *stack,
                            const struct gcr_finalizer_order_ops *ops, void *arg) GCR_MUST_USE;

/* flagged, set_flag for objects of common/layout.h: GCR_HEADER_ORDERING. */
bool gcr_finalizer_order_header_flagged(void *arg, gcr_ref object);
void gcr_finalizer_order_set_header_flag(void *arg, gcr_ref object, bool on);

#endif
