#include "allocators/common/copy_check.h"

#include <stdlib.h>

bool gcr_copy_check_fail(struct gcr_copy_check *check, const char *what, const void *where)
{
    (void)gcr_fail(check->err, GCR_FAULT, "%s: %s (at %p)", check->h->design->name, what, where);
    return false;
}

/* ---- the space, apart from the hole in the nursery ---- */

/* The next stretch of objects from *start on: fills *end; false: no more. */
static bool space_next(const struct gcr_copy_heap *h, char *young_start, char *young_free,
                       char *young_end, char **start, char **end)
{
    if (young_start != NULL && *start == young_free)
        *start = young_end;
    if (*start >= h->space.free)
        return false;
    if (young_start != NULL && *start < young_start)
        *end = young_start;
    else if (young_start != NULL && *start < young_free)
        *end = young_free;
    else
        *end = h->space.free;
    return true;
}

static bool check_next(const struct gcr_copy_check *check, char **start, char **end)
{
    return space_next(check->h, check->young_start, check->young_free, check->young_end, start,
                      end);
}

void gcr_copy_walk(struct gcr_copy_heap *h, char *young_start, char *young_free, char *young_end,
                   gcr_walk_visitor *visit, void *arg)
{
    if (!gcr_immortals_walk(&h->prebuilt, &h->layouts, visit, arg) ||
        !gcr_externals_walk(&h->external, visit, arg))
        return;
    char *start = h->space.to.start, *end;
    for (; space_next(h, young_start, young_free, young_end, &start, &end); start = end)
        if (!gcr_layout_walk(&h->layouts, start, end, visit, arg))
            return;
}

/* ---- references ---- */

static uint64_t check_word_index(const struct gcr_copy_heap *h, const void *address)
{
    return (uint64_t)((const char *)address - h->space.to.start) / GCR_WORD_BYTES;
}

static bool check_reference(struct gcr_copy_check *check, gcr_ref object)
{
    struct gcr_copy_heap *h = check->h;
    const struct gcr_copy_half *from = &h->space.from;
    if (object == NULL)
        return true;
    if ((uintptr_t)object % GCR_WORD_BYTES != 0)
        return gcr_copy_check_fail(check, "reference is not aligned", (void *)object);
    if (gcr_copy_check_in(object, h->space.to.start, h->space.free) &&
        !gcr_copy_check_in(object, check->young_free, check->young_end)) {
        uint64_t index = check_word_index(h, object);
        if (check->level >= 3 && (check->starts[index / 64] >> (index % 64) & 1) == 0)
            return gcr_copy_check_fail(check, "reference into the middle of an object",
                                       (void *)object);
        return true;
    }
    if (gcr_copy_check_in(object, h->space.to.start, h->space.top) ||
        gcr_copy_check_in(object, from->start, from->start + from->reserved_bytes))
        return gcr_copy_check_fail(check, "reference outside the objects of to-space",
                                   (void *)object);
    uint64_t header = gcr_object_header(object);
    if (!gcr_layout_header_is_sane(&h->layouts, header) ||
        !gcr_header_is(header, GCR_HEADER_EXTERNAL) || !gcr_header_is(header, GCR_HEADER_FORWARDED))
        return gcr_copy_check_fail(check, "reference to no known object", (void *)object);
    return true;
}

/* Slots, and what the design looks at. */
static bool check_object(struct gcr_copy_check *check, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&check->h->layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!check_reference(check, slots[i]))
            return false;
    bool is_filler = gcr_layout_shape(object) > 2 * check->h->layouts.shape_count;
    return is_filler || check->object == NULL || check->object(check, object);
}

/* ---- the space ---- */

/* Headers, sizes and the tiling of one stretch; marks starts. */
static bool check_tiling(struct gcr_copy_check *check, char *at, char *end)
{
    struct gcr_copy_heap *h = check->h;
    const uint64_t flags = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_ORDERING |
                           GCR_HEADER_UNVISITED | GCR_HEADER_HASH_MASK | GCR_HEADER_NO_YOUNG |
                           GCR_HEADER_NO_HEAP | GCR_HEADER_AGE_MASK | GCR_HEADER_MARKED;
    while (at < end) {
        gcr_ref object = (gcr_ref)(void *)at;
        uint64_t header = gcr_object_header(object);
        if (!gcr_layout_header_is_sane(&h->layouts, header))
            return gcr_copy_check_fail(check, "header names no shape", at);
        if (gcr_header_is(header, flags & ~check->allowed_flags))
            return gcr_copy_check_fail(check, "flag of a collection left in to-space", at);
        uint64_t bytes = gcr_layout_object_bytes(gcr_layout_of_header(&h->layouts, header), object);
        if (bytes > (uint64_t)(end - at))
            return gcr_copy_check_fail(check, "object reaches beyond the allocated part", at);
        if (check->level >= 3) {
            uint64_t index = check_word_index(h, at);
            check->starts[index / 64] |= (uint64_t)1 << (index % 64);
        }
        at += bytes;
    }
    return true;
}

static bool check_stretch(struct gcr_copy_check *check, char *at, const char *end)
{
    while (at < end) {
        gcr_ref object = (gcr_ref)(void *)at;
        if (!check_object(check, object))
            return false;
        at += gcr_layout_object_bytes(gcr_layout_of(&check->h->layouts, object), object);
    }
    return true;
}

static bool check_space(struct gcr_copy_check *check)
{
    char *start = check->h->space.to.start, *end;
    for (; check_next(check, &start, &end); start = end)
        if (!check_tiling(check, start, end))
            return false;
    start = check->h->space.to.start;
    for (; check_next(check, &start, &end); start = end)
        if (!check_stretch(check, start, end))
            return false;
    return true;
}

/* ---- outside the space ---- */

static bool check_external_list(struct gcr_copy_check *check, const struct gcr_vector *list,
                                uint64_t wanted)
{
    const uint64_t looked_at = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_UNVISITED |
                               GCR_HEADER_ORDERING | GCR_HEADER_MARKED;
    for (size_t i = 0; i < gcr_vector_count(list); i++) {
        gcr_ref object = gcr_externals_at(list, i);
        uint64_t header = gcr_object_header(object);
        if ((header & looked_at) != wanted)
            return gcr_copy_check_fail(check, "external object with wrong flags", (void *)object);
        if (!check_object(check, object))
            return false;
    }
    return true;
}

static bool check_prebuilt(struct gcr_copy_check *check)
{
    struct gcr_copy_heap *h = check->h;
    if (!gcr_immortals_check(&h->prebuilt, &h->layouts, check->err))
        return false;
    gcr_ref object = gcr_immortals_first(&h->prebuilt);
    for (; object != NULL; object = gcr_immortals_next(&h->prebuilt, &h->layouts, object)) {
        const uint64_t wanted = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL;
        if ((gcr_object_header(object) & (wanted | GCR_HEADER_UNVISITED | GCR_HEADER_ORDERING)) !=
            wanted)
            return gcr_copy_check_fail(check, "prebuilt object with wrong flags", (void *)object);
        if (!check_object(check, object))
            return false;
    }
    return true;
}

static bool check_external(struct gcr_copy_check *check)
{
    const uint64_t fixed = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL;
    return check_external_list(check, &check->h->external.gen2, fixed | GCR_HEADER_UNVISITED) &&
           check_external_list(check, &check->h->external.gen3, fixed) && check_prebuilt(check);
}

/* ---- lists ---- */

static bool check_weak(struct gcr_copy_check *check, const struct gcr_vector *list)
{
    for (size_t i = 0; i < gcr_vector_count(list); i++) {
        gcr_ref object = gcr_externals_at(list, i);
        if (object == NULL || !check_reference(check, object))
            return gcr_copy_check_fail(check, "weak list holds no object", (void *)object);
        if (!check_reference(check, *gcr_object_weak_word(object)))
            return false;
    }
    return true;
}

static bool check_lists(struct gcr_copy_check *check)
{
    struct gcr_copy_heap *h = check->h;
    if (!check_weak(check, &h->weak.old) || !check_weak(check, &h->weak.young) ||
        !gcr_weak_list_check(&h->weak, h->heap.shapes, check->err))
        return false;
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++) {
        gcr_ref object = gcr_finalizer_list_at(&h->finalizers, i)->object;
        if (object == NULL || !check_reference(check, object))
            return gcr_copy_check_fail(check, "finalizer list holds no object", (void *)object);
    }
    if (gcr_vector_count(&h->external.gray) != 0)
        return gcr_copy_check_fail(check, "mark stack is not empty", h);
    return true;
}

bool gcr_copy_check(struct gcr_copy_check *check)
{
    struct gcr_copy_heap *h = check->h;
    const char *fault = gcr_copy_space_check(&h->space, check->level);
    if (fault != NULL)
        return gcr_copy_check_fail(check, fault, h->space.free);
    if (check->level >= 3) {
        check->starts =
            calloc(gcr_copy_space_used(&h->space) / GCR_WORD_BYTES / 64 + 1, sizeof *check->starts);
        if (check->starts == NULL)
            return gcr_copy_check_fail(check, "no memory for the check itself", h);
    }
    bool good = check_space(check) && check_external(check) && check_lists(check);
    free(check->starts);
    return good;
}
