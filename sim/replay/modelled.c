/* The replay loop around modelled twins; see modelled.h.
 *
 * Phases: allocation, resizing and tracking are ALLOCATION; stores and copies are BARRIER, or
 * REFCOUNT where counts are kept, but for the program's own store, which the twin itself tags as
 * data; loads, reads, writes and plain root changes are MUTATOR. */
#include "sim/replay/modelled.h"

#include "sim/model/model.h"
#include "sim/replay/engine.h"
#include "sim/replay/loop.h"

static const struct gcr_modelled_twin *twin_of(const struct gcr_heap *heap)
{
    return ((const struct gcr_replay_state *)(const void *)heap->host)->engine->twin;
}

/* The phase of operations on references. */
static enum gcr_gc_phase twin_barrier(const struct gcr_modelled_twin *twin)
{
    bool counts = gcr_collector_is(twin->collector, GCR_CAP_REFCOUNTING | GCR_CAP_COUNTS_ROOTS);
    return counts ? GCR_PHASE_REFCOUNT : GCR_PHASE_BARRIER;
}

static gcr_ref twin_alloc(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                          unsigned flags, uint32_t cookie, gcr_ref *root, bool global_root)
{
    enum gcr_gc_phase before = gcr_model_enter(GCR_PHASE_ALLOCATION);
    gcr_ref object =
        twin_of(heap)->ops->alloc(heap, shape, length, flags, cookie, root, global_root);
    (void)gcr_model_enter(before);
    return object;
}

static void twin_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref value)
{
    const struct gcr_modelled_twin *twin = twin_of(heap);
    enum gcr_gc_phase before = gcr_model_enter(twin_barrier(twin));
    twin->ops->store(heap, object, slot, value);
    (void)gcr_model_enter(before);
}

static void twin_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                      uint32_t src_slot, uint32_t n)
{
    const struct gcr_modelled_twin *twin = twin_of(heap);
    enum gcr_gc_phase before = gcr_model_enter(twin_barrier(twin));
    twin->ops->copy(heap, dst, dst_slot, src, src_slot, n);
    (void)gcr_model_enter(before);
}

static void twin_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref *root,
                      bool global_root)
{
    twin_of(heap)->ops->load(heap, object, slot, root, global_root);
}

static void twin_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset, uint32_t length)
{
    const struct gcr_mutator_ops *ops = twin_of(heap)->ops;
    if (ops->read != NULL)
        ops->read(heap, object, offset, length);
}

static void twin_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset, uint32_t length,
                       uint8_t tag)
{
    const struct gcr_mutator_ops *ops = twin_of(heap)->ops;
    if (ops->write != NULL)
        ops->write(heap, object, offset, length, tag);
}

static void twin_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value, bool global_root)
{
    const struct gcr_modelled_twin *twin = twin_of(heap);
    if (twin->ops->root == NULL) {
        twin->plain_root(heap, root, value, global_root);
        return;
    }
    enum gcr_gc_phase before = gcr_model_enter(twin_barrier(twin));
    twin->ops->root(heap, root, value, global_root);
    (void)gcr_model_enter(before);
}

static gcr_ref twin_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    return twin_of(heap)->ops->forwarded(heap, object);
}

/* Operations on one object that are the allocator's affair. */
static void twin_bookkeeping(void (*operation)(struct gcr_heap *, gcr_ref), struct gcr_heap *heap,
                             gcr_ref object)
{
    if (operation == NULL)
        return;
    enum gcr_gc_phase before = gcr_model_enter(GCR_PHASE_ALLOCATION);
    operation(heap, object);
    (void)gcr_model_enter(before);
}

static void twin_death(struct gcr_heap *heap, gcr_ref object)
{
    twin_bookkeeping(twin_of(heap)->ops->death, heap, object);
}

static void twin_track(struct gcr_heap *heap, gcr_ref object)
{
    twin_bookkeeping(twin_of(heap)->ops->track, heap, object);
}

static void twin_untrack(struct gcr_heap *heap, gcr_ref object)
{
    twin_bookkeeping(twin_of(heap)->ops->untrack, heap, object);
}

static void twin_recycle(struct gcr_heap *heap, gcr_ref object)
{
    twin_bookkeeping(twin_of(heap)->ops->recycle, heap, object);
}

static const struct gcr_mutator_ops twin_ops = {
    .alloc = twin_alloc,
    .store = twin_store,
    .copy = twin_copy,
    .load = twin_load,
    .read = twin_read,
    .write = twin_write,
    .root = twin_root,
    .forwarded = twin_forwarded,
    .death = twin_death,
    .track = twin_track,
    .untrack = twin_untrack,
    .recycle = twin_recycle,
};

static size_t twin_run(struct gcr_replay_state *state, const struct gcr_event *events, size_t n)
{
    return gcr_loop_batch(&twin_ops, false, state, events, n);
}

static size_t twin_run_checked(struct gcr_replay_state *state, const struct gcr_event *events,
                               size_t n)
{
    return gcr_loop_batch(&twin_ops, true, state, events, n);
}

static void twin_update_handles(struct gcr_replay_state *state, bool minor)
{
    if (state->engine->twin->ops->forwarded != NULL)
        gcr_loop_update_handles(&twin_ops, state, minor);
}

void gcr_modelled_engine(const struct gcr_modelled_twin *twin, struct gcr_engine *out)
{
    *out = (struct gcr_engine){.collector = twin->collector,
                               .mutator = &twin_ops,
                               .run = twin_run,
                               .run_checked = twin_run_checked,
                               .update_handles = twin_update_handles,
                               .twin = twin};
}
