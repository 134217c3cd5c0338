/* Root arrays. */
#include "sim/replay/roots.h"

#include "traces/event.h"

static struct gcr_root_array *roots_threads(const struct gcr_roots *roots)
{
    return roots->thread_memory.base;
}

static bool root_array_reserve(struct gcr_root_array *array, size_t slot)
{
    if (slot < array->count)
        return true;
    if (!gcr_growable_reserve(&array->memory, (slot + 1) * sizeof *array->slots))
        return false;
    array->slots = array->memory.base;
    array->count = slot + 1;
    return true;
}

bool gcr_roots_reserve_thread(struct gcr_roots *roots, uint32_t thread)
{
    size_t count = (size_t)thread + 1;

    if (thread < roots->thread_count)
        return true;
    if (!gcr_growable_reserve(&roots->thread_memory, count * sizeof(struct gcr_root_array)) ||
        !gcr_growable_reserve(&roots->span_memory, (count + 1) * sizeof(struct gcr_root_span)))
        return false;
    roots->thread_count = (uint32_t)count;
    return true;
}

bool gcr_roots_reserve(struct gcr_roots *roots, uint32_t thread, uint32_t root)
{
    uint32_t slot = gcr_root_slot(root);

    if (gcr_root_is_global(root))
        return root_array_reserve(&roots->global, slot);
    return gcr_roots_reserve_thread(roots, thread) &&
           root_array_reserve(&roots_threads(roots)[thread], slot);
}

gcr_ref *gcr_roots_thread_base(const struct gcr_roots *roots, uint32_t thread)
{
    return thread < roots->thread_count ? roots_threads(roots)[thread].slots : NULL;
}

/* NULL: the trace has not named the thread. */
static const struct gcr_root_array *roots_array(const struct gcr_roots *roots, uint32_t thread,
                                                bool global)
{
    if (global)
        return &roots->global;
    return thread < roots->thread_count ? &roots_threads(roots)[thread] : NULL;
}

gcr_ref *gcr_roots_find(const struct gcr_roots *roots, uint32_t thread, uint32_t root)
{
    const struct gcr_root_array *array = roots_array(roots, thread, gcr_root_is_global(root));
    uint32_t slot = gcr_root_slot(root);

    return array != NULL && slot < array->count ? &array->slots[slot] : NULL;
}

size_t gcr_roots_count(const struct gcr_roots *roots, uint32_t thread, bool global)
{
    const struct gcr_root_array *array = roots_array(roots, thread, global);

    return array != NULL ? array->count : 0;
}

const struct gcr_root_span *gcr_roots_spans(struct gcr_roots *roots, size_t *count)
{
    struct gcr_root_span *spans = roots->span_memory.base;
    size_t n = 0;

    if (roots->global.count > 0)
        spans[n++] =
            (struct gcr_root_span){roots->global.slots, roots->global.count, GCR_GLOBAL_ROOTS};
    for (uint32_t t = 0; t < roots->thread_count; t++) {
        const struct gcr_root_array *array = &roots_threads(roots)[t];

        if (array->count > 0)
            spans[n++] = (struct gcr_root_span){array->slots, array->count, t};
    }
    *count = n;
    return spans;
}

void gcr_roots_free(struct gcr_roots *roots)
{
    for (uint32_t t = 0; t < roots->thread_count; t++)
        gcr_growable_free(&roots_threads(roots)[t].memory);
    gcr_growable_free(&roots->thread_memory);
    gcr_growable_free(&roots->span_memory);
    gcr_growable_free(&roots->global.memory);
    *roots = (struct gcr_roots){0};
}
