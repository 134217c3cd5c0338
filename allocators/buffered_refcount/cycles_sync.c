/* buffered-refcount: the synchronous cycle collector, trial deletion on RC itself. The mutator
 * stands still from the boundary on.
 *
 * Mark gray takes internal edges off the counts below the purple roots; scan gives those back that
 * something from outside reaches; what stays white is garbage. A root that is gray when its turn
 * comes was reached from another one, which collects it.
 *
 * Garbage with finalizers: before anything is collected, all white objects become red while those
 * with a finalizer are listed; each of them gets the queue's reference and its subgraph its counts
 * back. What is still red is garbage without them.
 *
 * Same source as cycles_async.c. Cost O(objects and edges below the roots). */
#include "allocators/buffered_refcount/trace.h"

static void sync_subtract(struct gcr_recycler *h, gcr_ref object)
{
    GCR_CHECK(1, !recycler_rc_is_zero(object) || h->collector.failed);
    recycler_count_subtract(h, object, RECYCLER_RC_SHIFT);
    h->collector.stats.decrements++;
}

static void sync_gray(struct gcr_recycler *h, gcr_ref object)
{
    recycler_set_colour(object, RECYCLER_GRAY);
    h->collector.stats.grayed++;
    (void)!recycler_list_push(h, &h->collector.stack, (uintptr_t)object);
}

static void sync_gray_visit(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list)
{
    (void)list;
    if (recycler_is_green(referent))
        return;
    sync_subtract(h, referent);
    if (recycler_colour_of(referent) != RECYCLER_GRAY)
        sync_gray(h, referent);
}

static void sync_mark_gray(struct gcr_recycler *h, gcr_ref object)
{
    sync_gray(h, object);
    recycler_trace(h, &h->collector.stack, sync_gray_visit, NULL);
}

static struct recycler_list sync_mark_roots(struct gcr_recycler *h)
{
    struct recycler_list roots = recycler_roots_take(h), kept = {0};
    struct recycler_cursor at = recycler_list_begin(&roots);
    uint32_t cause = 0, last = 0;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL) {
        enum recycler_colour colour = recycler_colour_of(object);
        if (colour == RECYCLER_PURPLE && !recycler_rc_is_zero(object)) {
            sync_mark_gray(h, object);
            recycler_root_push(h, &kept, &last, object, cause);
            continue;
        }
        recycler_set_buffered(object, false);
        h->collector.cause = cause;
        if (colour == RECYCLER_BLACK && recycler_rc_is_zero(object))
            recycler_free(h, object);
    }
    recycler_list_clear(h, &roots);
    return kept;
}

static void sync_black(struct gcr_recycler *h, gcr_ref object)
{
    recycler_set_colour(object, RECYCLER_BLACK);
    (void)!recycler_list_push(h, &h->collector.stack, (uintptr_t)object);
}

static void sync_black_visit(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list)
{
    (void)list;
    if (recycler_is_green(referent))
        return;
    recycler_count_add(h, referent, RECYCLER_RC_SHIFT);
    h->collector.stats.increments++;
    if (recycler_colour_of(referent) != RECYCLER_BLACK)
        sync_black(h, referent);
}

/* Gives back what mark gray took, from here on down. */
static void sync_scan_black(struct gcr_recycler *h, gcr_ref object)
{
    sync_black(h, object);
    recycler_trace(h, &h->collector.stack, sync_black_visit, NULL);
}

static void sync_scan_visit(struct gcr_recycler *h, gcr_ref object, struct recycler_list *list)
{
    (void)list;
    if (recycler_colour_of(object) != RECYCLER_GRAY)
        return;
    if (!recycler_rc_is_zero(object)) {
        sync_scan_black(h, object);
        return;
    }
    recycler_set_colour(object, RECYCLER_WHITE);
    (void)!recycler_list_push(h, &h->collector.second_stack, (uintptr_t)object);
}

static void sync_scan(struct gcr_recycler *h, gcr_ref object)
{
    sync_scan_visit(h, object, NULL);
    recycler_trace(h, &h->collector.second_stack, sync_scan_visit, NULL);
}

/* ---- finalizers ---- */

static void sync_redden_visit(struct gcr_recycler *h, gcr_ref object, struct recycler_list *found)
{
    if (recycler_colour_of(object) != RECYCLER_WHITE)
        return;
    recycler_set_colour(object, RECYCLER_RED);
    if (recycler_table_find(&h->collector.finalizers, object) != NULL)
        (void)!recycler_list_push(h, found, (uintptr_t)object);
    (void)!recycler_list_push(h, &h->collector.stack, (uintptr_t)object);
}

static void sync_redden(struct gcr_recycler *h, gcr_ref object, struct recycler_list *found)
{
    sync_redden_visit(h, object, found);
    recycler_trace(h, &h->collector.stack, sync_redden_visit, found);
}

/* All that is white becomes red, or black if a finalizer needs it. */
static void sync_save_finalizable(struct gcr_recycler *h, const struct recycler_list *kept)
{
    struct recycler_list found = {0};
    struct recycler_cursor at = recycler_list_begin(kept);
    uint32_t cause = 0;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL)
        sync_redden(h, object, &found);
    while ((object = (gcr_ref)recycler_list_pop(h, &found)) != NULL) {
        (void)recycler_queue_finalizer(h, object);
        if (recycler_colour_of(object) == RECYCLER_RED)
            sync_scan_black(h, object);
        h->collector.stats.kept_for_finalizers++;
    }
}

/* ---- collecting ---- */

static void sync_take(struct gcr_recycler *h, gcr_ref object, struct recycler_list *garbage)
{
    recycler_set_colour(object, RECYCLER_BLACK);
    (void)!recycler_list_push(h, garbage, (uintptr_t)object);
    (void)!recycler_list_push(h, &h->collector.second_stack, (uintptr_t)object);
}

/* A green referent was not part of the trial. */
static void sync_collect_visit(struct gcr_recycler *h, gcr_ref referent,
                               struct recycler_list *garbage)
{
    enum recycler_colour colour = recycler_colour_of(referent);
    if (colour == RECYCLER_GREEN)
        recycler_decrement(h, referent);
    else if ((colour == RECYCLER_WHITE || colour == RECYCLER_RED) &&
             !recycler_is_buffered(referent))
        sync_take(h, referent, garbage);
}

/* `garbage`: nothing is freed before the last root, since a second path may still look at a
 * colour. */
static void sync_collect(struct gcr_recycler *h, gcr_ref object, struct recycler_list *garbage)
{
    sync_take(h, object, garbage);
    h->collector.stats.freed_candidates++;
    recycler_trace(h, &h->collector.second_stack, sync_collect_visit, garbage);
}

static void sync_collect_roots(struct gcr_recycler *h, const struct recycler_list *kept)
{
    struct recycler_list garbage = {0};
    struct recycler_cursor at = recycler_list_begin(kept);
    uint32_t cause = 0;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL) {
        enum recycler_colour colour = recycler_colour_of(object);
        recycler_set_buffered(object, false);
        if (colour != RECYCLER_WHITE && colour != RECYCLER_RED)
            continue;
        h->collector.cause = cause;
        h->collector.stats.candidates++;
        if (recycler_list_push(h, &garbage, (uintptr_t)cause << 1 | 1))
            sync_collect(h, object, &garbage);
    }
    at = recycler_list_begin(&garbage);
    while ((object = recycler_root_next(&at, &h->collector.cause)) != NULL)
        recycler_free(h, object);
    recycler_list_clear(h, &garbage);
}

void recycler_collect_sync(struct gcr_recycler *h)
{
    struct recycler_list kept = sync_mark_roots(h);
    struct recycler_cursor at = recycler_list_begin(&kept);
    uint32_t cause = 0;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL)
        sync_scan(h, object);
    if (h->collector.finalizers.count != 0)
        sync_save_finalizable(h, &kept);
    sync_collect_roots(h, &kept);
    recycler_list_clear(h, &kept);
}
