/* mark-compact-nursery: its invariants, between collections, on top of those of the compact space.
 * O(heap). */
#include "allocators/mark_compact_nursery/mark_compact_nursery.h"

struct check {
    struct gcr_mark_compact_nursery *h;
    struct gcr_error *err;
};

static bool check_fail(struct check *check, const char *what, const void *where)
{
    (void)gcr_fail(check->err, GCR_FAULT, "mark-compact-nursery: %s (at %p)", what, where);
    return false;
}

/* For the compact space's check: whether a reference out of it leads to a nursery object. */
static bool is_young(const struct gcr_compact *compact, const void *address)
{
    const struct gcr_mark_compact_nursery *h = (const struct gcr_mark_compact_nursery *)compact;
    return (const char *)address >= h->nursery.start && (const char *)address < h->nursery.free;
}

/* ---- outside the nursery ---- */

/* With the flag: nothing young. Without: it is remembered, which the count proves at the end. */
static bool check_old_object(struct check *check, gcr_ref object, uint64_t *unflagged)
{
    struct gcr_mark_compact_nursery *h = check->h;
    uint64_t header = gcr_object_header(object), count;
    if (header == MARK_COMPACT_NURSERY_GONE)
        return check_fail(check, "forwarding header outside the nursery", (void *)object);
    if (!gcr_header_is(header, GCR_HEADER_NO_YOUNG)) {
        (*unflagged)++;
        return true;
    }
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->compact.layouts, object), object, &count);
    for (uint64_t i = 0; i < count && !h->remember.incomplete; i++)
        if (gcr_nursery_has(&h->nursery, slots[i]))
            return check_fail(check, "old object with the flag refers to the nursery",
                              (void *)object);
    return true;
}

static bool check_old_objects(struct check *check, uint64_t *unflagged)
{
    struct gcr_compact *c = &check->h->compact;
    for (char *at = c->space.start; at < c->free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        if (!check_old_object(check, object, unflagged))
            return false;
        at += gcr_layout_object_bytes(gcr_layout_of(&c->layouts, object), object);
    }
    gcr_ref object = gcr_immortals_first(&c->prebuilt);
    for (; object != NULL; object = gcr_immortals_next(&c->prebuilt, &c->layouts, object))
        if (!check_old_object(check, object, unflagged))
            return false;
    for (size_t i = 0; i < gcr_vector_count(&c->pinned.objects); i++)
        if (!check_old_object(check, *(gcr_ref *)gcr_vector_at(&c->pinned.objects, i), unflagged))
            return false;
    return true;
}

/* The set holds exactly the objects without the flag: as many, all without it, none twice. The flag
 * of each is set while it is looked at, and put back, so that a second entry is noticed. */
static bool check_remembered(struct check *check, uint64_t unflagged)
{
    struct gcr_mark_compact_nursery *h = check->h;
    size_t count = gcr_vector_count(&h->remember.objects), seen = 0;
    for (; seen < count; seen++) {
        uint64_t *header =
            gcr_object_word(*(gcr_ref *)gcr_vector_at(&h->remember.objects, seen), 0);
        if (gcr_header_is(*header, GCR_HEADER_NO_YOUNG))
            break;
        *header |= GCR_HEADER_NO_YOUNG;
    }
    for (size_t i = 0; i < seen; i++)
        *gcr_object_word(*(gcr_ref *)gcr_vector_at(&h->remember.objects, i), 0) &=
            ~GCR_HEADER_NO_YOUNG;
    if (seen < count)
        return check_fail(check, "remembered object has the flag, or is listed twice",
                          *(void **)gcr_vector_at(&h->remember.objects, seen));
    if (unflagged != count)
        return check_fail(check, "object without the flag is not remembered", h);
    return true;
}

/* ---- the nursery ---- */

static bool check_young_object(struct check *check, gcr_ref object, uint64_t header)
{
    struct gcr_mark_compact_nursery *h = check->h;
    if (header == MARK_COMPACT_NURSERY_GONE)
        return check_fail(check, "forwarding header outside a minor collection", (void *)object);
    if (gcr_header_is(header, GCR_HEADER_NO_YOUNG | GCR_HEADER_MARKED) ||
        !gcr_layout_header_is_sane(&h->compact.layouts, header))
        return check_fail(check, "nursery object with wrong flags", (void *)object);
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->compact.layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++) {
        if (slots[i] == NULL || is_young(&h->compact, slots[i]))
            continue;
        if ((uintptr_t)slots[i] % GCR_WORD_BYTES != 0 || gcr_nursery_has(&h->nursery, slots[i]))
            return check_fail(check, "reference in the nursery leads to no object", slots + i);
        uint64_t to = gcr_object_header(slots[i]) & ~(GCR_HEADER_NO_YOUNG | GCR_HEADER_MARKED);
        if (!gcr_layout_header_is_sane(&h->compact.layouts, to))
            return check_fail(check, "reference in the nursery leads to no object", slots + i);
    }
    return true;
}

static bool check_nursery(struct check *check, int level)
{
    struct gcr_mark_compact_nursery *h = check->h;
    const char *wrong = gcr_nursery_check(&h->nursery, level);
    if (wrong != NULL)
        return check_fail(check, wrong, h->nursery.start);
    for (char *at = h->nursery.start; at < h->nursery.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        uint64_t header = gcr_object_header(object);
        if (!check_young_object(check, object, header))
            return false;
        at += mark_compact_nursery_step(&h->compact.layouts, object);
    }
    return true;
}

bool mark_compact_nursery_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    struct check check = {.h = h, .err = err};
    uint64_t unflagged = 0;
    return check_nursery(&check, level) && gcr_compact_check(&h->compact, level, is_young, err) &&
           check_old_objects(&check, &unflagged) && check_remembered(&check, unflagged);
}
