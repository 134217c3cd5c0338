/* parallel-mark-sweep: its invariants, between collections. Level 2 looks at the structures of the
 * block heap, at every header, and at packets. Level 3 computes the reachable set a second time, by
 * one thread and without marks: all of it must be allocated, and right after a collection nothing
 * else. */
#include <stdlib.h>

#include "allocators/common/object_set.h"
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

static bool check_fail(struct gcr_error *err, const char *what, const void *where)
{
    (void)gcr_fail(err, GCR_FAULT, "parallel-mark-sweep: %s (at %p)", what, where);
    return false;
}

/* ---- objects and references ---- */

struct check_walk {
    const struct gcr_parallel_mark_sweep *h;
    struct gcr_error *err;
    bool ok;
};

static void check_references(void *arg, gcr_ref *slots, uint64_t count)
{
    struct check_walk *walk = arg;
    for (uint64_t i = 0; i < count && walk->ok; i++) {
        if (slots[i] == NULL || gcr_blocks_is_object(&walk->h->blocks, slots[i]) ||
            gcr_immortals_has(&walk->h->immortals, slots[i]))
            continue;
        walk->ok = check_fail(walk->err, "reference to no allocated object", (void *)slots[i]);
    }
}

/* References are looked at in objects that may be reachable: a dead object's may dangle once a part
 * of its garbage has been reused, so only headers and sizes hold for all. */
static bool check_object(void *arg, void *object, uint64_t room)
{
    struct check_walk *walk = arg;
    uint64_t header = gcr_object_header(object);
    if (!gcr_layout_header_is_sane(&walk->h->layouts, header))
        walk->ok = check_fail(walk->err, "header names no shape", object);
    else if (gcr_layout_object_bytes(gcr_layout_of_header(&walk->h->layouts, header), object) >
             room)
        walk->ok = check_fail(walk->err, "object larger than its slot", object);
    return walk->ok;
}

static bool check_lists(const struct gcr_parallel_mark_sweep *h, struct gcr_error *err)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizers, i);
        if (!gcr_blocks_is_object(&h->blocks, entry->object))
            return check_fail(err, "finalizer list holds no object", (void *)entry->object);
    }
    for (size_t i = 0; i < gcr_vector_count(&h->weak.old); i++) {
        gcr_ref weak = *(gcr_ref *)gcr_vector_at(&h->weak.old, i);
        if (!gcr_blocks_is_object(&h->blocks, weak) && !gcr_immortals_has(&h->immortals, weak))
            return check_fail(err, "weak list holds no object", (void *)weak);
        gcr_ref target = *gcr_object_weak_word(weak);
        if (target != NULL && !gcr_blocks_is_object(&h->blocks, target) &&
            !gcr_immortals_has(&h->immortals, target))
            return check_fail(err, "weak reference to no object", (void *)weak);
    }
    return gcr_weak_list_check(&h->weak, h->heap.shapes, err);
}

static bool check_packets(const struct gcr_parallel_mark_sweep *h, struct gcr_error *err)
{
    if (h->team.published != NULL || h->pool.in_use != 0 || h->life.published != h->life.taken)
        return check_fail(err, "packet that nobody took", h->team.published);
    if (h->team.outstanding != 0)
        return check_fail(err, "work counted as outstanding between collections", h);
    for (uint32_t i = 0; i < h->team.count; i++) {
        const struct pms_worker *worker = h->team.worker[i];
        if (worker->top != worker->bottom || worker->waiting != 0 || worker->range_object != NULL ||
            gcr_mark_stack_count(&worker->own) != 0)
            return check_fail(err, "worker that still holds work", worker);
    }
    return true;
}

bool pms_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    struct check_walk walk = {.h = h, .err = err, .ok = true};
    if (level < 2)
        return true;
    if (!gcr_blocks_check(&h->blocks, h->contexts, h->context_count, err) ||
        !gcr_immortals_check(&h->immortals, &h->layouts, err))
        return false;
    (void)gcr_blocks_walk(&h->blocks, check_object, &walk);
    if (walk.ok)
        gcr_immortals_scan(&h->immortals, &h->layouts, check_references, &walk);
    return walk.ok && check_lists(h, err) && check_packets(h, err) &&
           (level < 3 || pms_check_reachable(h, false, err));
}

/* ---- the reachable set, again ---- */

struct check_closure {
    const struct gcr_parallel_mark_sweep *h;
    struct gcr_object_set reached;
    gcr_ref *stack; /* as large as there are objects: each is pushed once */
    size_t count, capacity;
    uint64_t missing;
    gcr_ref first_missing;
};

static void closure_reach(struct check_closure *closure, gcr_ref object)
{
    if (object == NULL || gcr_immortals_has(&closure->h->immortals, object) ||
        gcr_object_set_has(&closure->reached, object))
        return;
    gcr_object_set_add(&closure->reached, object);
    if (!gcr_blocks_is_object(&closure->h->blocks, object)) {
        if (closure->missing++ == 0)
            closure->first_missing = object;
        return; /* freed, though reachable */
    }
    if (closure->count == closure->capacity) {
        closure->capacity = closure->capacity != 0 ? 2 * closure->capacity : 1024;
        closure->stack = realloc(closure->stack, closure->capacity * sizeof *closure->stack);
        GCR_CHECK(0, closure->stack != NULL);
    }
    closure->stack[closure->count++] = object;
}

static void closure_slots(void *arg, gcr_ref *slots, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        closure_reach(arg, slots[i]);
}

static void closure_run(struct check_closure *closure)
{
    const struct gcr_parallel_mark_sweep *h = closure->h;
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--)
        closure_slots(closure, span->start, span->count);
    gcr_immortals_scan(&h->immortals, &h->layouts, closure_slots, closure);
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++)
        closure_reach(closure, gcr_finalizer_list_at(&h->finalizers, i)->object);
    closure_reach(closure, h->pending);
    while (closure->count > 0) {
        gcr_ref object = closure->stack[--closure->count];
        uint64_t slots;
        gcr_ref *slot = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &slots);
        closure_slots(closure, slot, slots);
    }
}

static bool closure_count(void *arg, void *object, uint64_t room)
{
    (void)object;
    (void)room;
    ++*(uint64_t *)arg;
    return true;
}

bool pms_check_reachable(struct gcr_parallel_mark_sweep *h, bool exact, struct gcr_error *err)
{
    struct check_closure closure = {.h = h};
    uint64_t allocated = 0;
    closure_run(&closure);
    (void)gcr_blocks_walk(&h->blocks, closure_count, &allocated);
    uint64_t reached = closure.reached.count - closure.missing;
    bool ok = true;
    if (closure.missing != 0)
        ok = check_fail(err, "reachable object is not allocated", (void *)closure.first_missing);
    else if (exact && allocated != reached)
        ok = check_fail(err, "alloc arrays hold more than the reachable set", h);
    free(closure.stack);
    gcr_object_set_finish(&closure.reached);
    return ok;
}
