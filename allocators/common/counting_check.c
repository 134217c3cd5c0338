/* Invariants of counting designs that do not depend on how sets of containers are held. Level 2:
 * idle, allocators, footprint. Level 3, in verified runs: every object, with its count recomputed
 * from all slots, roots and hidden counts. */
#include <stdlib.h>

#include "allocators/common/counting.h"

struct census {
    struct gcr_counting *heap;
    struct gcr_error *err;
    /* all objects in address order, and the references found to each */
    gcr_ref *object;
    uint64_t *references;
    size_t count, capacity;
    uint64_t tracked; /* containers that say so */
    uint64_t header_bytes, objects_bytes, weak_set;
    bool sound;
};

static const char *name_of(const struct census *c)
{
    return c->heap->base.collector->name;
}

/* ---- allocators, sums ---- */

static bool check_idle(const struct census *c)
{
    if (c->heap->collecting || (!c->heap->burying && c->heap->dead != NULL)) {
        gcr_fail(c->err, GCR_FAULT, "%s: %s", name_of(c),
                 c->heap->collecting ? "a collection is marked as running"
                                     : "dead objects are queued");
        return false;
    }
    return true;
}

static bool check_footprint(const struct census *c)
{
    struct gcr_footprint f;
    gcr_counting_footprint(&c->heap->base, &f);
    uint64_t sum =
        f.objects_bytes + f.headers_bytes + f.free_bytes + f.side_bytes + f.buffers_bytes;
    uint64_t committed = c->heap->base.supply->committed_bytes;
    if (sum != committed || f.free_bytes > committed) {
        gcr_fail(c->err, GCR_FAULT,
                 "%s: footprint adds up to %llu bytes (%llu of them free), %llu are committed",
                 name_of(c), (unsigned long long)sum, (unsigned long long)f.free_bytes,
                 (unsigned long long)committed);
        return false;
    }
    return true;
}

static bool check_memory(const struct census *c)
{
    for (uint32_t i = 0; i < c->heap->pools_count; i++) {
        if (!gcr_pools_check(&c->heap->pools[i], c->err))
            return false;
    }
    return gcr_system_heap_check(&c->heap->system, c->err) && check_footprint(c);
}

/* With `all`: no block without an object has a count. */
static bool check_side_counts(const struct census *c, bool all)
{
    uint64_t set;
    if (!c->heap->side_counted)
        return true;
    if (!gcr_side_counts_check(&c->heap->side_counts, &set, c->err))
        return false;
    if (!all || set == c->count)
        return true;
    gcr_fail(c->err, GCR_FAULT, "%s: %llu counts in the side table, %zu objects", name_of(c),
             (unsigned long long)set, c->count);
    return false;
}

/* ---- every object ---- */

static bool object_fault(const struct census *c, gcr_ref object, const char *what, uint64_t is,
                         uint64_t should)
{
    gcr_fail(c->err, GCR_FAULT, "%s: object %p: %s is %llu, should be %llu", name_of(c),
             (const void *)object, what, (unsigned long long)is, (unsigned long long)should);
    return false;
}

static int compare_refs(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

static bool gather_object(void *arg, gcr_ref object)
{
    struct census *c = arg;
    if (c->count == c->capacity) {
        c->sound = false;
        return false;
    }
    c->object[c->count++] = object;
    return true;
}

static bool gather_objects(struct census *c)
{
    c->capacity = c->heap->objects.count;
    c->object = malloc((c->capacity + 1) * sizeof *c->object);
    c->references = calloc(c->capacity + 1, sizeof *c->references);
    GCR_CHECK(0, c->object != NULL && c->references != NULL);
    c->sound = true;
    gcr_counting_walk(&c->heap->base, gather_object, c);
    if (!c->sound || c->count != c->capacity) {
        gcr_fail(c->err, GCR_FAULT, "%s: %zu objects lie in blocks in use, %zu were allocated",
                 name_of(c), c->count, c->capacity);
        return false;
    }
    qsort(c->object, c->count, sizeof *c->object, compare_refs);
    return true;
}

static bool count_reference(struct census *c, gcr_ref value)
{
    if (value == NULL)
        return true;
    gcr_ref *found = c->count == 0
                         ? NULL
                         : bsearch(&value, c->object, c->count, sizeof *c->object, compare_refs);
    if (found == NULL) {
        gcr_fail(c->err, GCR_FAULT, "%s: a reference to %p, where no object is", name_of(c),
                 (const void *)value);
        return false;
    }
    c->references[found - c->object]++;
    return true;
}

static bool count_slots(struct census *c, gcr_ref object)
{
    struct gcr_slot_span span[2];
    gcr_counted_spans(gcr_counting_type_of(c->heap, object), object, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            if (!count_reference(c, span[i].start[k]))
                return false;
        }
    }
    return true;
}

static bool count_roots(struct census *c)
{
    size_t spans;
    const struct gcr_root_span *span = c->heap->base.host->roots(c->heap->base.host, &spans);
    for (size_t i = 0; i < spans; i++) {
        for (size_t k = 0; k < span[i].count; k++) {
            if (!count_reference(c, span[i].start[k]))
                return false;
        }
    }
    return true;
}

static bool check_weak(struct census *c, gcr_ref object, const struct gcr_counting_type *type)
{
    uint64_t word = gcr_counted(object)->type;
    gcr_ref weak = gcr_counting_next_weak(c->heap, object, NULL);
    if ((weak != NULL) != ((word & GCR_COUNTED_HAS_WEAK) != 0))
        return object_fault(c, object, "flag of weak references",
                            (word & GCR_COUNTED_HAS_WEAK) != 0, weak != NULL);
    for (; weak != NULL; weak = gcr_counting_next_weak(c->heap, object, weak)) {
        c->weak_set--;
        if (*gcr_counted_weak_target(gcr_counting_type_of(c->heap, weak), weak) != object)
            return object_fault(c, weak, "weak target", 0, (uintptr_t)object);
    }
    if (gcr_counting_type_is(type, GCR_SHAPE_WEAK) &&
        *gcr_counted_weak_target(type, object) != NULL)
        c->weak_set++; /* wraps; zero again if every set target has its list entry */
    return true;
}

static bool check_block(struct census *c, gcr_ref object, const struct gcr_counting_type *type)
{
    struct gcr_counting *heap = c->heap;
    bool large = (gcr_counted(object)->type & GCR_COUNTED_LARGE) != 0;
    bool container = gcr_counting_type_is(type, GCR_SHAPE_CONTAINER);
    const struct gcr_pools *pools = container ? heap->container_pools : &heap->pools[0];
    bool in_pool = gcr_pools_owns(pools, object);
    if (gcr_counted(object)->type >> GCR_COUNTED_KIND_SHIFT != type->kind)
        return object_fault(c, object, "kind", gcr_counted(object)->type >> GCR_COUNTED_KIND_SHIFT,
                            type->kind);
    if (in_pool == large)
        return object_fault(c, object, "large flag", !in_pool, in_pool);
    c->header_bytes += gcr_counting_header_bytes(type, large);
    c->objects_bytes += gcr_counted_bytes(type, object);
    return true;
}

static bool check_object(struct census *c, size_t index)
{
    gcr_ref object = c->object[index];
    const struct gcr_counting_type *type = gcr_counting_type_of(c->heap, object);
    uint64_t word = gcr_counted(object)->type;
    uint64_t hidden = (word & GCR_COUNTED_PREBUILT) != 0;
    hidden += (word & GCR_COUNTED_GARBAGE) != 0;
    uint64_t expected = c->references[index] + hidden;
    uint64_t count = gcr_count_get(c->heap, c->heap->side_counted, object);
    if (count != expected)
        return object_fault(c, object, "count", count, expected);
    if (!check_block(c, object, type))
        return false;
    if (gcr_counting_type_is(type, GCR_SHAPE_CONTAINER))
        c->tracked += c->heap->design->is_tracked(c->heap, object);
    return check_weak(c, object, type);
}

static bool check_sums(const struct census *c, uint64_t held)
{
    struct gcr_footprint f;
    gcr_counting_footprint(&c->heap->base, &f);
    if (c->tracked != held) {
        gcr_fail(c->err, GCR_FAULT, "%s: %llu containers are tracked, the generations have %llu",
                 name_of(c), (unsigned long long)c->tracked, (unsigned long long)held);
        return false;
    }
    if (c->objects_bytes != f.objects_bytes || c->header_bytes != c->heap->header_bytes) {
        gcr_fail(c->err, GCR_FAULT,
                 "%s: objects have %llu + %llu header bytes, counted %llu + %llu", name_of(c),
                 (unsigned long long)c->objects_bytes, (unsigned long long)c->header_bytes,
                 (unsigned long long)f.objects_bytes, (unsigned long long)c->heap->header_bytes);
        return false;
    }
    if (c->weak_set != 0) {
        gcr_fail(c->err, GCR_FAULT, "%s: weak references and their lists differ in number",
                 name_of(c));
        return false;
    }
    return true;
}

static bool check_objects(struct census *c, uint64_t held)
{
    if (!gather_objects(c) || !count_roots(c))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        if (!count_slots(c, c->object[i]))
            return false;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (!check_object(c, i))
            return false;
    }
    return check_sums(c, held) && check_side_counts(c, true);
}

bool gcr_counting_check(struct gcr_counting *heap, int level, uint64_t tracked,
                        struct gcr_error *err)
{
    struct census c = {.heap = heap, .err = err};
    bool sound = check_idle(&c) && check_memory(&c) && check_side_counts(&c, false);
    if (sound && level >= 3 && heap->base.report_frees)
        sound = check_objects(&c, tracked);
    free(c.object);
    free(c.references);
    return sound;
}
