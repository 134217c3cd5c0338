/* mark-sweep: its invariants.
 *
 * Level 2: every object on every list, and every bit of the bitmaps, is looked at once; sizes and
 * numbers are compared with the accounts; the pools and the general heap check themselves. Level 3:
 * every reference leads to an object (an address among those of all objects). O(heap), level 3
 * O(heap log heap). */
#include <stdlib.h>

#include "allocators/mark_sweep/mark_sweep.h"

struct check {
    struct gcr_mark_sweep *h;
    struct gcr_error *err;
    struct mark_sweep_tally found;
    uint64_t prebuilt_payload, prebuilt_headers, prebuilt_objects;
    bool on_list;
    uint64_t limit; /* a list longer than this runs in a circle */
    gcr_ref *known; /* level 3: all objects, sorted */
    size_t known_count;
};

static bool fail(struct check *check, const char *what, gcr_ref object)
{
    (void)gcr_fail(check->err, GCR_FAULT, "mark-sweep: %s (object at %p)", what, (void *)object);
    return false;
}

/* ---- one object ---- */

static bool check_header(struct check *check, gcr_ref object)
{
    const struct gcr_mark_sweep *h = check->h;
    uint64_t header = mark_sweep_header(object);
    uint32_t id = mark_sweep_id(object);
    const uint64_t own = MARK_SWEEP_MARKED | MARK_SWEEP_ORDERING | MARK_SWEEP_PREBUILT |
                         MARK_SWEEP_LARGE | MARK_SWEEP_LISTED;
    if (id == 0 || id > h->heap.host->shape_count ||
        (header & ~own) != (h->types[id].header & ~own))
        return fail(check, "header names no shape", object);
    bool prebuilt = (header & MARK_SWEEP_PREBUILT) != 0;
    if (prebuilt != mark_sweep_is_marked(h, object))
        return fail(check, prebuilt ? "prebuilt object is not marked" : "mark is set", object);
    if ((header & MARK_SWEEP_MARKED) != 0 && h->side_marks)
        return fail(check, "mark is in the header, not on the side", object);
    if ((header & MARK_SWEEP_ORDERING) != 0)
        return fail(check, "flag of the finalizer order is set", object);
    return true;
}

/* LISTED says where an object is; being there twice would show in the sums. */
static bool check_place(struct check *check, gcr_ref object)
{
    const struct gcr_mark_sweep *h = check->h;
    if (mark_sweep_is(object, MARK_SWEEP_LISTED) != check->on_list)
        return fail(check, "is not where its header says", object);
    if (!h->sweeps_pools || mark_sweep_is(object, MARK_SWEEP_LARGE))
        return check->on_list || fail(check, "is on no list", object);
    if (gcr_mark_bitmap_get(&h->allocated, object) == check->on_list)
        return fail(check, "is on a list and swept by its bit, or neither", object);
    return true;
}

static bool check_object(void *arg, gcr_ref object)
{
    struct check *check = arg;
    if (!check_header(check, object) || !check_place(check, object))
        return false;
    const struct mark_sweep_type *type = mark_sweep_type_of(check->h, object);
    check->found.objects++;
    check->found.bytes += mark_sweep_bytes(type, mark_sweep_length(type, object));
    check->found.header_bytes += type->payload;
    return check->found.objects <= check->limit || fail(check, "a list runs in a circle", object);
}

/* ---- all objects ---- */

static bool check_list(struct check *check, gcr_ref object)
{
    for (; object != NULL; object = *mark_sweep_link(mark_sweep_type_of(check->h, object), object))
        if (!check_object(check, object))
            return false;
    return true;
}

static bool check_prebuilt(struct check *check)
{
    const struct gcr_mark_sweep *h = check->h;
    const char *end = gcr_immortals_end(&h->immortals);
    uint64_t objects = 0, payload = 0;
    for (char *at = gcr_immortals_start(&h->immortals); at < end;) {
        gcr_ref object = (gcr_ref)(void *)at;
        if (!check_header(check, object))
            return false;
        if (!mark_sweep_is(object, MARK_SWEEP_PREBUILT))
            return fail(check, "prebuilt object does not say so", object);
        const struct mark_sweep_type *type = mark_sweep_type_of(h, object);
        payload += mark_sweep_bytes(type, mark_sweep_length(type, object)) - type->payload;
        objects++;
        at += mark_sweep_prebuilt_bytes(h, object);
    }
    if (objects != h->immortals.objects || payload != h->immortals.object_bytes)
        return fail(check, "prebuilt objects do not add up", NULL);
    return true;
}

static bool check_finalizable(struct check *check)
{
    const struct gcr_mark_sweep *h = check->h;
    uint64_t weak = 0;
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizable, i);
        if (!mark_sweep_waits(entry))
            continue;
        if (!check_object(check, entry->object))
            return false;
        const struct mark_sweep_type *type = mark_sweep_type_of(h, entry->object);
        if (!mark_sweep_type_is(type, MARK_SWEEP_HAS_FINALIZER))
            return fail(check, "waits for a finalizer that it has not", entry->object);
        weak += mark_sweep_type_is(type, MARK_SWEEP_IS_WEAK);
    }
    return weak == h->weak_finalizable ||
           fail(check, "weak references with finalizers do not add up", NULL);
}

/* Bits without an object: marks between collections, or blocks that the pools have not given out.
 */
static bool check_bitmaps(struct check *check)
{
    const struct gcr_mark_sweep *h = check->h;
    struct gcr_pools_cursor cursor = {.pools = &h->pools};
    struct gcr_pool *pool;
    while (h->pooled && h->side_marks && (pool = gcr_pools_next_used(&cursor)) != NULL)
        if (!gcr_mark_bitmap_is_clear(&h->marks, pool, h->pools.options.pool_bytes))
            return fail(check, "a mark is set in the pool of no object", (gcr_ref)(void *)pool);
    return true;
}

static bool check_accounts(struct check *check)
{
    const struct gcr_mark_sweep *h = check->h;
    struct gcr_footprint parts;
    mark_sweep_footprint(&check->h->heap, &parts);
    uint64_t payload = check->found.bytes - check->found.header_bytes + h->immortals.object_bytes;
    if (check->found.objects == mark_sweep_objects(h) && check->found.bytes == mark_sweep_used(h) &&
        parts.objects_bytes == payload &&
        h->allocated_bytes + h->since_bytes ==
            mark_sweep_used(h) + h->shrunk_bytes + h->freed_bytes)
        return true;
    (void)gcr_fail(check->err, GCR_FAULT,
                   "mark-sweep: %llu objects of %llu bytes found, accounts say %llu of %llu",
                   (unsigned long long)check->found.objects, (unsigned long long)check->found.bytes,
                   (unsigned long long)mark_sweep_objects(h),
                   (unsigned long long)mark_sweep_used(h));
    return false;
}

/* ---- level 3: references ---- */

static bool note_object(void *arg, gcr_ref object)
{
    struct check *check = arg;
    check->known[check->known_count++] = object;
    return true;
}

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const gcr_ref *)a, y = (uintptr_t) * (const gcr_ref *)b;
    return x < y ? -1 : x > y;
}

static bool is_known(const struct check *check, gcr_ref object)
{
    return object == NULL || bsearch(&object, check->known, check->known_count, sizeof object,
                                     compare_addresses) != NULL;
}

static bool check_references_of(void *arg, gcr_ref object)
{
    struct check *check = arg;
    const struct mark_sweep_type *type = mark_sweep_type_of(check->h, object);
    uint64_t count;
    gcr_ref *slots;
    for (unsigned run = 0; (slots = mark_sweep_slots(type, object, run, &count)) != NULL; run++)
        for (uint64_t i = 0; i < count; i++)
            if (!is_known(check, slots[i]))
                return fail(check, "refers to no object", object);
    if (mark_sweep_type_is(type, MARK_SWEEP_IS_WEAK) &&
        !is_known(check, *mark_sweep_weak_word(object)))
        return fail(check, "weak reference to no object", object);
    return true;
}

struct reference_check {
    struct check *check;
    bool sound;
};

static bool visit_references(void *arg, gcr_ref object)
{
    struct reference_check *visit = arg;
    visit->sound = check_references_of(visit->check, object);
    return visit->sound;
}

static bool check_references(struct check *check)
{
    struct gcr_mark_sweep *h = check->h;
    size_t most = (size_t)(mark_sweep_objects(h) + h->immortals.objects);
    check->known = malloc((most + 1) * sizeof *check->known);
    if (check->known == NULL)
        return true; /* no memory to look with */
    mark_sweep_walk(&h->heap, note_object, check);
    qsort(check->known, check->known_count, sizeof *check->known, compare_addresses);
    struct reference_check visit = {.check = check, .sound = true};
    mark_sweep_walk(&h->heap, visit_references, &visit);
    free(check->known);
    return visit.sound;
}

bool mark_sweep_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_mark_sweep *h = mark_sweep_of(heap);
    struct check check = {.h = h, .err = err, .on_list = true, .limit = mark_sweep_objects(h)};
    if ((h->pooled && !gcr_pools_check(&h->pools, err)) || !gcr_system_heap_check(&h->system, err))
        return false;
    if (!check_prebuilt(&check) || !check_list(&check, h->plain) || !check_list(&check, h->weak) ||
        !check_finalizable(&check))
        return false;
    check.on_list = false;
    if (h->sweeps_pools && !mark_sweep_walk_pools(h, check_object, &check))
        return false; /* walk_pools stops only where check_object has found a fault */
    if (!check_bitmaps(&check) || !check_accounts(&check))
        return false;
    return level < 3 || check_references(&check);
}
