/* Loops over one back end's inline operations, compiled once per back end as the replay loop is:
 * the table is a constant, so nothing is called indirectly. No loop looks at a clock. */
#ifndef GCR_BENCH_LOOPS_H
#define GCR_BENCH_LOOPS_H

#include "allocators/collector.h"
#include "base/compiler.h"

/* Objects are passed as root slots of the heap's host, so that they may move meanwhile. */
struct bench_loops {
    const struct gcr_collector *collector;
    const struct gcr_mutator_ops *ops;

    /* n new objects, the i-th in roots[i * step]. Returns how many there was room for. */
    size_t (*alloc)(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                    gcr_ref *roots, size_t step, size_t n);
    /* Slot i * slot_step of objects[i * object_step] = values[i * value_step], n times. */
    void (*store)(struct gcr_heap *heap, const gcr_ref *objects, size_t object_step,
                  uint32_t slot_step, const gcr_ref *values, size_t value_step, size_t n);
    /* *root = slot 0 of objects[i]. */
    void (*load)(struct gcr_heap *heap, const gcr_ref *objects, gcr_ref *root, bool global_root,
                 size_t n);
    /* *root = values[i]. */
    void (*root)(struct gcr_heap *heap, gcr_ref *root, bool global_root, const gcr_ref *values,
                 size_t n);
    /* roots[order[i]] = NULL, after its DEATH if the design acts on that. */
    void (*drop)(struct gcr_heap *heap, gcr_ref *roots, const uint32_t *order, size_t n);
};

/* All back ends, in the order of allocators/CMakeLists.txt. */
const struct bench_loops *const *bench_loops_all(size_t *count);
/* NULL: no such back end. */
const struct bench_loops *bench_loops_find(const char *collector);

/* ---- the templates ---- */

GCR_ALWAYS_INLINE void bench_loop_set_root(const struct gcr_mutator_ops *ops, struct gcr_heap *heap,
                                           gcr_ref *root, gcr_ref value, bool global_root)
{
    if (ops->root != NULL)
        ops->root(heap, root, value, global_root);
    else
        *root = value;
}

GCR_ALWAYS_INLINE size_t bench_loop_alloc(const struct gcr_mutator_ops *ops, struct gcr_heap *heap,
                                          const struct gcr_shape *shape, uint32_t length,
                                          gcr_ref *roots, size_t step, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (GCR_UNLIKELY(ops->alloc(heap, shape, length, 0, 0, &roots[i * step], false) == NULL))
            return i;
    return n;
}

GCR_ALWAYS_INLINE void bench_loop_store(const struct gcr_mutator_ops *ops, struct gcr_heap *heap,
                                        const gcr_ref *objects, size_t object_step,
                                        uint32_t slot_step, const gcr_ref *values,
                                        size_t value_step, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ops->store(heap, objects[i * object_step], (uint32_t)i * slot_step, values[i * value_step]);
}

GCR_ALWAYS_INLINE void bench_loop_load(const struct gcr_mutator_ops *ops, struct gcr_heap *heap,
                                       const gcr_ref *objects, gcr_ref *root, bool global_root,
                                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        ops->load(heap, objects[i], 0, root, global_root);
}

GCR_ALWAYS_INLINE void bench_loop_root(const struct gcr_mutator_ops *ops, struct gcr_heap *heap,
                                       gcr_ref *root, bool global_root, const gcr_ref *values,
                                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        bench_loop_set_root(ops, heap, root, values[i], global_root);
}

GCR_ALWAYS_INLINE void bench_loop_drop(const struct gcr_mutator_ops *ops, struct gcr_heap *heap,
                                       gcr_ref *roots, const uint32_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gcr_ref *root = &roots[order[i]], object = *root;
        if (ops->death == NULL) {
            bench_loop_set_root(ops, heap, root, NULL, false);
        } else {
            *root = NULL;
            ops->death(heap, object);
        }
    }
}

#endif
