/* semispace: its invariants, between collections. Level 2 walks the space and looks at every header
 * and reference; level 3 also proves that each reference leads to the start of an object, and that
 * free room is zero. O(heap); level 3 takes one bit per 8 bytes in use from the harness's memory.
 */
#include <stdlib.h>

#include "allocators/semispace/semispace.h"

/* What the walk has found. */
struct check {
    struct gcr_semispace *h;
    int level;
    uint64_t *starts; /* level 3: bit per word of to.start .. free: an object starts here */
    struct gcr_error *err;
};

static bool check_fail(struct check *check, const char *what, const void *where)
{
    (void)gcr_fail(check->err, GCR_FAULT, "semispace: %s (at %p)", what, where);
    return false;
}

static uint64_t check_word_index(const struct gcr_semispace *h, const void *address)
{
    return (uint64_t)((const char *)address - h->to.start) / GCR_WORD_BYTES;
}

static bool check_in(const void *address, const char *start, const char *end)
{
    return (const char *)address >= start && (const char *)address < end;
}

static bool check_reference(struct check *check, gcr_ref object)
{
    struct gcr_semispace *h = check->h;
    if (object == NULL)
        return true;
    if ((uintptr_t)object % GCR_WORD_BYTES != 0)
        return check_fail(check, "reference is not aligned", (void *)object);
    if (check_in(object, h->to.start, h->free)) {
        uint64_t index = check_word_index(h, object);
        if (check->level >= 3 && (check->starts[index / 64] >> (index % 64) & 1) == 0)
            return check_fail(check, "reference into the middle of an object", (void *)object);
        return true;
    }
    if (check_in(object, h->to.start, h->top) ||
        check_in(object, h->from.start, h->from.start + h->from.reserved_bytes))
        return check_fail(check, "reference outside the objects of to-space", (void *)object);
    uint64_t header = gcr_object_header(object);
    if (!gcr_layout_header_is_sane(&h->layouts, header) ||
        !gcr_header_is(header, GCR_HEADER_EXTERNAL) || !gcr_header_is(header, GCR_HEADER_FORWARDED))
        return check_fail(check, "reference to no known object", (void *)object);
    return true;
}

static bool check_slots(struct check *check, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&check->h->layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!check_reference(check, slots[i]))
            return false;
    return true;
}

/* Headers, sizes and the tiling; marks starts. */
static bool check_tiling(struct check *check)
{
    struct gcr_semispace *h = check->h;
    const uint64_t transient = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_ORDERING |
                               GCR_HEADER_UNVISITED | GCR_HEADER_HASH_MASK | GCR_HEADER_NO_YOUNG |
                               GCR_HEADER_NO_HEAP | GCR_HEADER_AGE_MASK | GCR_HEADER_MARKED;
    char *at = h->to.start;
    while (at < h->free) {
        gcr_ref object = (gcr_ref)(void *)at;
        uint64_t header = gcr_object_header(object);
        if (!gcr_layout_header_is_sane(&h->layouts, header))
            return check_fail(check, "header names no shape", at);
        if (gcr_header_is(header, transient))
            return check_fail(check, "flag of a collection left in to-space", at);
        uint64_t bytes = gcr_layout_object_bytes(gcr_layout_of_header(&h->layouts, header), object);
        if (bytes > (uint64_t)(h->free - at))
            return check_fail(check, "object reaches beyond the allocated part", at);
        if (check->level >= 3) {
            uint64_t index = check_word_index(h, at);
            check->starts[index / 64] |= (uint64_t)1 << (index % 64);
        }
        at += bytes;
    }
    return true;
}

static bool check_space_references(struct check *check)
{
    struct gcr_semispace *h = check->h;
    for (char *at = h->to.start; at < h->free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        if (!check_slots(check, object))
            return false;
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    }
    return true;
}

static bool check_external(struct check *check)
{
    struct gcr_semispace *h = check->h;
    for (size_t i = 0; i < gcr_vector_count(&h->pinned); i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(&h->pinned, i);
        uint64_t header = gcr_object_header(object);
        const uint64_t wanted = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_UNVISITED;
        if ((header & (wanted | GCR_HEADER_ORDERING)) != wanted)
            return check_fail(check, "pinned object with wrong flags", (void *)object);
        if (!check_slots(check, object))
            return false;
    }
    for (char *at = h->prebuilt.start; at < h->prebuilt.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        uint64_t header = gcr_object_header(object);
        if (!gcr_layout_header_is_sane(&h->layouts, header) ||
            gcr_header_is(header, GCR_HEADER_UNVISITED | GCR_HEADER_ORDERING))
            return check_fail(check, "prebuilt object with wrong flags", at);
        if (!check_slots(check, object))
            return false;
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    }
    return true;
}

static bool check_lists(struct check *check)
{
    struct gcr_semispace *h = check->h;
    for (size_t i = 0; i < gcr_vector_count(&h->weak); i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(&h->weak, i);
        if (object == NULL || !check_reference(check, object))
            return check_fail(check, "weak list holds no object", (void *)object);
        if (!check_reference(check, *gcr_object_weak_word(object)))
            return false;
    }
    for (size_t i = 0; i < gcr_vector_count(&h->finalizable); i++) {
        const struct semispace_finalizable *entry = gcr_vector_at(&h->finalizable, i);
        if (entry->object == NULL || !check_reference(check, entry->object))
            return check_fail(check, "finalizer list holds no object", (void *)entry->object);
    }
    if (gcr_vector_count(&h->pinned_gray) != 0 || gcr_vector_count(&h->pending) != 0)
        return check_fail(check, "mark stack is not empty", h);
    return true;
}

static bool check_bounds(struct check *check)
{
    struct gcr_semispace *h = check->h;
    if (h->free < h->to.start || h->free > h->limit || h->limit > h->top ||
        h->top != h->to.start + h->space_bytes)
        return check_fail(check, "start <= free <= limit <= top does not hold", h->free);
    if (h->to.committed_bytes < h->space_bytes || h->to.reserved_bytes < h->to.committed_bytes)
        return check_fail(check, "to-space is not committed up to its top", h->to.start);
    if (h->clear == SEMISPACE_DONTNEED && h->from.committed_bytes != 0)
        return check_fail(check, "from-space was not given back", h->from.start);
    return true;
}

static bool check_zero(struct check *check)
{
    struct gcr_semispace *h = check->h;
    for (const char *at = h->free; at < h->limit; at += GCR_WORD_BYTES)
        if (*(const uint64_t *)(const void *)at != 0)
            return check_fail(check, "free room is not zero", at);
    return true;
}

bool semispace_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_semispace *h = semispace_of(heap);
    struct check check = {.h = h, .level = level, .err = err};
    if (!check_bounds(&check))
        return false;
    if (level >= 3) {
        check.starts = calloc(semispace_used(h) / GCR_WORD_BYTES / 64 + 1, sizeof *check.starts);
        if (check.starts == NULL)
            return check_fail(&check, "no memory for the check itself", h);
    }
    bool good = check_tiling(&check) && check_space_references(&check) && check_external(&check) &&
                check_lists(&check) && (level < 3 || check_zero(&check));
    free(check.starts);
    return good;
}
