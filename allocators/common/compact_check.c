/* The invariants of compact.h. Between collections: level 2 walks the space and looks at every
 * header and reference; level 3 also proves that each reference leads to the start of an object,
 * and that free room is zero. Inside a collection: the plan of new places. O(heap); level 3 takes
 * one bit per 8 bytes in use from the harness's memory. */
#include <stdlib.h>

#include "allocators/common/compact_parts.h"

/* What the walk has found. */
struct check {
    struct gcr_compact *h;
    int level;
    gcr_compact_is_own *is_own;
    uint64_t *starts; /* level 3: bit per word of start .. free: an object starts here */
    struct gcr_error *err;
};

static bool fail_at(const struct gcr_compact *h, struct gcr_error *err, const char *what,
                    const void *where)
{
    (void)gcr_fail(err, GCR_FAULT, "%s: %s (at %p)", h->heap.collector->name, what, where);
    return false;
}

static bool check_fail(struct check *check, const char *what, const void *where)
{
    return fail_at(check->h, check->err, what, where);
}

/* The flags that compact heaps use besides those of the layout. */
static bool header_is_sane(const struct gcr_compact *h, uint64_t header)
{
    const uint64_t never =
        GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_ORDERING | GCR_HEADER_UNVISITED;
    return !gcr_header_is(header, never) &&
           gcr_layout_header_is_sane(&h->layouts,
                                     header & ~(GCR_HEADER_MARKED | h->config.old_flags));
}

static bool check_reference(struct check *check, gcr_ref object)
{
    struct gcr_compact *h = check->h;
    uintptr_t offset = (uintptr_t)object - (uintptr_t)h->space.start;
    if (object == NULL)
        return true;
    if ((uintptr_t)object % GCR_WORD_BYTES != 0)
        return check_fail(check, "reference is not aligned", (void *)object);
    if (offset < gcr_compact_used(h)) {
        uint64_t index = offset / GCR_WORD_BYTES;
        if (check->level >= 3 && (check->starts[index / 64] >> (index % 64) & 1) == 0)
            return check_fail(check, "reference into the middle of an object", (void *)object);
        return true;
    }
    if (offset < h->space.reserved_bytes)
        return check_fail(check, "reference above the objects of the space", (void *)object);
    if (check->is_own != NULL && check->is_own(h, object))
        return true;
    uint64_t header = gcr_object_header(object);
    if (!header_is_sane(h, header) ||
        gcr_header_is(header, GCR_HEADER_MARKED) != gcr_immortals_has(&h->prebuilt, object))
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

/* Headers, sizes, the tiling without gaps, the count; marks starts. */
static bool check_tiling(struct check *check)
{
    struct gcr_compact *h = check->h;
    uint64_t blocks = 0;
    for (char *at = h->space.start; at < h->free; blocks++) {
        uint64_t header = *(const uint64_t *)(const void *)at;
        uint64_t index = (uint64_t)(at - h->space.start) / GCR_WORD_BYTES;
        if (gcr_header_is(header, GCR_HEADER_MARKED))
            return check_fail(check, "mark bit outside a collection", at);
        if (!header_is_sane(h, header))
            return check_fail(check, "no object's header", at);
        if (check->level >= 3)
            check->starts[index / 64] |= (uint64_t)1 << (index % 64);
        uint64_t bytes =
            gcr_layout_object_bytes(gcr_layout_of_header(&h->layouts, header), (gcr_ref)(void *)at);
        if (bytes > (uint64_t)(h->free - at))
            return check_fail(check, "object reaches beyond the used part", at);
        at += bytes;
    }
    if (blocks != h->blocks)
        return check_fail(check, "number of objects is not what was counted", h->free);
    return true;
}

static bool check_space_references(struct check *check)
{
    struct gcr_compact *h = check->h;
    for (char *at = h->space.start; at < h->free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        if (!check_slots(check, object))
            return false;
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    }
    return true;
}

static bool check_outside(struct check *check)
{
    struct gcr_compact *h = check->h;
    for (size_t i = 0; i < gcr_vector_count(&h->pinned.objects); i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(&h->pinned.objects, i);
        uint64_t header = gcr_object_header(object);
        if (!header_is_sane(h, header) || gcr_header_is(header, GCR_HEADER_MARKED))
            return check_fail(check, "pinned object with wrong flags", (void *)object);
        if (!check_slots(check, object))
            return false;
    }
    if (!gcr_immortals_check(&h->prebuilt, &h->layouts, check->err))
        return false;
    gcr_ref object = gcr_immortals_first(&h->prebuilt);
    for (; object != NULL; object = gcr_immortals_next(&h->prebuilt, &h->layouts, object)) {
        if (!gcr_header_is(gcr_object_header(object), GCR_HEADER_MARKED))
            return check_fail(check, "prebuilt object without its mark", (void *)object);
        if (!check_slots(check, object))
            return false;
    }
    return true;
}

static bool check_weak_entries(struct check *check, const struct gcr_vector *entries)
{
    for (size_t i = 0; i < gcr_vector_count(entries); i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(entries, i);
        if (object == NULL || !check_reference(check, object) ||
            !check_reference(check, *gcr_object_weak_word(object)))
            return check_fail(check, "weak list holds no object, or one with a bad target",
                              (void *)object);
    }
    return true;
}

static bool check_lists(struct check *check)
{
    struct gcr_compact *h = check->h;
    if (!check_weak_entries(check, &h->weak.old) || !check_weak_entries(check, &h->weak.young) ||
        !gcr_weak_list_check(&h->weak, h->layouts.shapes, check->err))
        return false;
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizers, i);
        if (entry->object == NULL || !check_reference(check, entry->object))
            return check_fail(check, "finalizer list holds no object", (void *)entry->object);
    }
    if (h->fifo.start != NULL || gcr_mark_stack_count(&h->stack) != 0)
        return check_fail(check, "mark work list outside a collection", h);
    return true;
}

static bool check_bounds(struct check *check)
{
    struct gcr_compact *h = check->h;
    const struct gcr_compact_space *space = &h->space;
    if (h->free < space->start || h->free > space->top ||
        space->top > space->start + space->reserved_bytes)
        return check_fail(check, "start <= free <= top <= end does not hold", h->free);
    if (h->quota_bytes > (uint64_t)(space->top - h->free))
        return check_fail(check, "quota is more than the committed room", h->free);
    if (h->pass.extra != NULL || h->pass.offsets != NULL)
        return check_fail(check, "backup outside a collection", h->pass.extra);
    return true;
}

static bool check_zero(struct check *check)
{
    const struct gcr_compact *h = check->h;
    for (const char *at = h->free; h->zeroed && at < h->space.top; at += GCR_WORD_BYTES)
        if (*(const uint64_t *)(const void *)at != 0)
            return check_fail(check, "free room is not zero", at);
    return true;
}

bool gcr_compact_check(struct gcr_compact *h, int level, gcr_compact_is_own *is_own,
                       struct gcr_error *err)
{
    struct check check = {.h = h, .level = level, .is_own = is_own, .err = err};
    if (!check_bounds(&check))
        return false;
    if (level >= 3) {
        check.starts = calloc(gcr_compact_used(h) / GCR_WORD_BYTES / 64 + 1, sizeof *check.starts);
        if (check.starts == NULL)
            return check_fail(&check, "no memory for the check itself", h);
    }
    bool good = check_tiling(&check) && check_space_references(&check) && check_outside(&check) &&
                check_lists(&check) && (level < 3 || check_zero(&check));
    free(check.starts);
    return good;
}

/* ---- the plan ---- */

static bool plan_next(const struct gcr_compact *h, struct compact_survivor *s)
{
    if (h->config.format == GCR_COMPACT_SIDE)
        return compact_next(h, GCR_COMPACT_SIDE, s);
    if (h->config.format == GCR_COMPACT_ALL)
        return compact_next(h, GCR_COMPACT_ALL, s);
    return compact_next(h, GCR_COMPACT_SURVIVORS, s);
}

bool gcr_compact_check_plan(struct gcr_compact *h, struct gcr_error *err)
{
    const struct gcr_compact_pass *pass = &h->pass;
    struct compact_survivor s = compact_before_first(h);
    char *expected = pass->target;
    for (; plan_next(h, &s); expected += s.bytes) {
        gcr_ref planned = gcr_compact_forwarded(h, (gcr_ref)(void *)s.at);
        if ((char *)planned != expected)
            return fail_at(h, err, "survivors change their order or leave a gap", s.at);
        if (!pass->moving && (char *)planned > s.at)
            return fail_at(h, err, "an object would move up", s.at);
    }
    if (s.visited != pass->survivors)
        return fail_at(h, err, "not every survivor has a place", s.at);
    if (h->config.format != GCR_COMPACT_SIDE && s.index != pass->backup_entries)
        return fail_at(h, err, "the backup does not end with the last object", s.at);
    if ((uint64_t)(expected - pass->target) != pass->live_bytes)
        return fail_at(h, err, "the sizes of survivors do not add up", s.at);
    return true;
}
