/* hybrid: sweeping external objects, and growing old among them. O(objects of the generation). */
#include "allocators/hybrid/hybrid.h"

void hybrid_unvisit(struct gcr_hybrid *h)
{
    const struct gcr_vector *list = &h->young.copy.external.gen3;
    for (size_t i = 0; i < gcr_vector_count(list); i++) {
        uint64_t *header = gcr_object_word(gcr_externals_at(list, i), 0);
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | GCR_HEADER_UNVISITED);
    }
}

static bool is_unvisited(gcr_ref object)
{
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_UNVISITED);
}

/* The list of last-generation roots loses what is about to be freed. */
static void sweep_last_roots(struct gcr_hybrid *h)
{
    struct gcr_vector *list = &h->young.remembered.last;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = gcr_externals_at(list, i);
        if (!is_unvisited(object))
            *(gcr_ref *)gcr_vector_at(list, kept++) = object;
    }
    gcr_vector_truncate(list, kept);
}

static void sweep_generation3(struct gcr_hybrid *h)
{
    struct gcr_externals *external = &h->young.copy.external;
    struct gcr_vector *list = &external->gen3;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = gcr_externals_at(list, i);
        if (is_unvisited(object)) {
            gcr_externals_drop(external, &h->young.copy.layouts, object);
            continue;
        }
        h->young.copy.swept_bytes += gcr_externals_block_bytes(external, object);
        *(gcr_ref *)gcr_vector_at(list, kept++) = object;
    }
    gcr_vector_truncate(list, kept);
}

/* One sweep older. True: it belongs to generation 3 now. Without room on the list of
 * last-generation roots it stays as old as it was. */
static bool grows_old(struct gcr_hybrid *h, uint64_t *header)
{
    uint64_t age = (*header & GCR_HEADER_AGE_MASK) >> GCR_HEADER_AGE_SHIFT;
    if (age + 1 < h->max_age) {
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header + ((uint64_t)1 << GCR_HEADER_AGE_SHIFT));
        return false;
    }
    if (!gcr_vector_reserve(&h->young.remembered.last, 1))
        return false;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *header, (*header | GCR_HEADER_AGE_MASK) & ~GCR_HEADER_NO_HEAP);
    return true;
}

/* Room on the list of generation 3 was reserved when the object was added. */
static void sweep_generation2(struct gcr_hybrid *h)
{
    struct gcr_externals *external = &h->young.copy.external;
    struct gcr_vector *list = &external->gen2;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = gcr_externals_at(list, i);
        uint64_t *header = gcr_object_word(object, 0);
        if (is_unvisited(object)) {
            gcr_externals_drop(external, &h->young.copy.layouts, object);
            continue;
        }
        h->young.copy.swept_bytes += gcr_externals_block_bytes(external, object);
        if (grows_old(h, header)) {
            bool pushed = gcr_vector_push_word(&external->gen3, (uintptr_t)object) &&
                          gcr_vector_push_word(&h->young.remembered.last, (uintptr_t)object);
            GCR_CHECK(1, pushed);
            (void)pushed;
            continue;
        }
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | GCR_HEADER_UNVISITED);
        *(gcr_ref *)gcr_vector_at(list, kept++) = object;
    }
    gcr_vector_truncate(list, kept);
}

uint64_t hybrid_sweep(struct gcr_copy_heap *copy)
{
    struct gcr_hybrid *h = (struct gcr_hybrid *)copy;
    uint64_t before = copy->external.objects;
    if (h->all) {
        sweep_last_roots(h);
        sweep_generation3(h);
    }
    sweep_generation2(h);
    h->freed_externals += before - copy->external.objects;
    return before - copy->external.objects;
}
