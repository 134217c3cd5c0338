/* The heap's own invariants. Level 2: lists, flags, tables, allocators, footprint. Level 3, in
 * verified runs: every object, with its count recomputed from all slots, roots and hidden counts.
 */
#include <stdlib.h>

#include "allocators/linked_list/gc_head.h"

struct census {
    struct linked_list *ll;
    struct gcr_error *err;
    uint64_t listed; /* elements of all lists */
    /* level 3: all objects in address order, and the references found to each */
    gcr_ref *object;
    uint64_t *references;
    size_t count, capacity;
    uint64_t tracked; /* tracked containers */
    uint64_t header_bytes, objects_bytes, weak_set;
    bool sound;
};

/* ---- lists ---- */

static bool list_fault(const struct census *c, const char *list, const struct gc_head *head,
                       const char *what)
{
    gcr_fail(c->err, GCR_FAULT, "linked-list: %s, head %p: %s", list, (const void *)head, what);
    return false;
}

static bool check_element(const struct census *c, const char *list, const struct gc_head *head)
{
    const struct linked_list *ll = c->ll;
    gcr_ref object = head_object(head, ll->head_bytes);
    if (ll->packed ? (head->prev & PREV_COLLECTING) != 0 : wide_refs(head) != REFS_REACHABLE)
        return list_fault(c, list, head, "collecting outside a collection");
    if (head->next & NEXT_UNREACHABLE)
        return list_fault(c, list, head, "flagged unreachable outside a collection");
    if (head_prev(head_next(head)) != head)
        return list_fault(c, list, head, "next.prev is not itself");
    uint64_t shape = object_header(object)->type & OBJECT_SHAPE_MASK;
    if (shape == 0 || shape > ll->base.host->shape_count ||
        !type_is(&ll->types[shape], GCR_SHAPE_CONTAINER))
        return list_fault(c, list, head, "not a container");
    if (object_header(object)->count == 0)
        return list_fault(c, list, head, "its count is zero");
    if (ll->base.report_frees && !gcr_object_set_has(&ll->objects, object))
        return list_fault(c, list, head, "freed, but still listed");
    return true;
}

static bool check_list(struct census *c, const char *name, const struct gc_head *list)
{
    if (list->next & NEXT_UNREACHABLE || list->prev & PREV_FLAGS)
        return list_fault(c, name, list, "flags in the list's head");
    if (head_prev(head_next(list)) != list)
        return list_fault(c, name, list, "next.prev is not itself");
    for (const struct gc_head *head = head_next(list); head != list; head = head_next(head)) {
        if (++c->listed > c->ll->live_containers)
            return list_fault(c, name, head, "more elements than containers: a circle");
        if (!check_element(c, name, head))
            return false;
    }
    return true;
}

static bool check_lists(struct census *c)
{
    static const char *const name[] = {"generation 0", "generation 1", "generation 2"};
    for (int g = 0; g < LINKED_LIST_GENERATIONS; g++) {
        if (!check_list(c, name[g], &c->ll->generation[g]))
            return false;
    }
    return check_list(c, "permanent generation", &c->ll->permanent);
}

/* ---- allocators, tables, sums ---- */

static bool check_footprint(const struct census *c)
{
    struct gcr_footprint f;
    gcr_linked_list_footprint(&c->ll->base, &f);
    uint64_t sum =
        f.objects_bytes + f.headers_bytes + f.free_bytes + f.side_bytes + f.buffers_bytes;
    uint64_t committed = c->ll->base.supply->committed_bytes;
    if (sum != committed || f.free_bytes > committed) {
        gcr_fail(
            c->err, GCR_FAULT,
            "linked-list: footprint adds up to %llu bytes (%llu of them free), %llu are committed",
            (unsigned long long)sum, (unsigned long long)f.free_bytes,
            (unsigned long long)committed);
        return false;
    }
    return true;
}

static bool check_memory(const struct census *c)
{
    for (uint32_t i = 0; i < c->ll->pools_count; i++) {
        if (!gcr_pools_check(&c->ll->pools[i], c->err))
            return false;
    }
    return gcr_system_heap_check(&c->ll->system, c->err) && check_footprint(c);
}

static bool check_idle(const struct census *c)
{
    if (c->ll->collecting || (!c->ll->burying && c->ll->dead != NULL)) {
        gcr_fail(c->err, GCR_FAULT, "linked-list: %s",
                 c->ll->collecting ? "a collection is marked as running"
                                   : "dead objects are queued");
        return false;
    }
    return true;
}

/* ---- level 3 ---- */

static bool object_fault(const struct census *c, gcr_ref object, const char *what, uint64_t is,
                         uint64_t should)
{
    gcr_fail(c->err, GCR_FAULT, "linked-list: object %p: %s is %llu, should be %llu",
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
    c->capacity = c->ll->objects.count;
    c->object = malloc((c->capacity + 1) * sizeof *c->object);
    c->references = calloc(c->capacity + 1, sizeof *c->references);
    GCR_CHECK(0, c->object != NULL && c->references != NULL);
    c->sound = true;
    gcr_linked_list_walk(&c->ll->base, gather_object, c);
    if (!c->sound || c->count != c->capacity) {
        gcr_fail(c->err, GCR_FAULT,
                 "linked-list: %zu objects lie in blocks in use, %zu were allocated", c->count,
                 c->capacity);
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
        gcr_fail(c->err, GCR_FAULT, "linked-list: a reference to %p, where no object is",
                 (const void *)value);
        return false;
    }
    c->references[found - c->object]++;
    return true;
}

static bool count_slots(struct census *c, gcr_ref object)
{
    struct slot_span span[2];
    object_spans(object_type(c->ll, object), object, span);
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
    const struct gcr_root_span *span = c->ll->base.host->roots(c->ll->base.host, &spans);
    for (size_t i = 0; i < spans; i++) {
        for (size_t k = 0; k < span[i].count; k++) {
            if (!count_reference(c, span[i].start[k]))
                return false;
        }
    }
    return true;
}

static bool check_weak(struct census *c, gcr_ref object, const struct linked_list_type *type)
{
    uint64_t word = object_header(object)->type;
    gcr_ref weak = gcr_linked_list_next_weak(c->ll, object, NULL);
    if ((weak != NULL) != ((word & OBJECT_HAS_WEAK) != 0))
        return object_fault(c, object, "flag of weak references", (word & OBJECT_HAS_WEAK) != 0,
                            weak != NULL);
    for (; weak != NULL; weak = gcr_linked_list_next_weak(c->ll, object, weak)) {
        c->weak_set--;
        if (*object_weak_target(object_type(c->ll, weak), weak) != object)
            return object_fault(c, weak, "weak target", 0, (uintptr_t)object);
    }
    if (type_is(type, GCR_SHAPE_WEAK) && *object_weak_target(type, object) != NULL)
        c->weak_set++; /* wraps; zero again if every set target has its list entry */
    return true;
}

static bool check_object(struct census *c, size_t index)
{
    struct linked_list *ll = c->ll;
    gcr_ref object = c->object[index];
    const struct linked_list_type *type = object_type(ll, object);
    uint64_t word = object_header(object)->type;
    uint64_t hidden = ((word & OBJECT_PREBUILT) != 0) + (uint64_t)((word & OBJECT_GARBAGE) != 0);
    uint64_t expected = c->references[index] + hidden;
    if (object_header(object)->count != expected)
        return object_fault(c, object, "count", object_header(object)->count, expected);
    bool in_pool = gcr_pools_owns(&ll->pools[0], object) ||
                   (ll->pools_count == 2 && gcr_pools_owns(&ll->pools[1], object));
    if (in_pool == ((word & OBJECT_LARGE) != 0))
        return object_fault(c, object, "large flag", !in_pool, in_pool);
    if (type_is(type, GCR_SHAPE_CONTAINER))
        c->tracked += head_is_tracked(head_of(ll, object), ll->packed);
    c->header_bytes += type->header_bytes;
    c->objects_bytes += object_bytes(type, object);
    return check_weak(c, object, type);
}

static bool check_sums(const struct census *c)
{
    struct gcr_footprint f;
    gcr_linked_list_footprint(&c->ll->base, &f);
    if (c->tracked != c->listed) {
        gcr_fail(c->err, GCR_FAULT, "linked-list: %llu containers are tracked, the lists have %llu",
                 (unsigned long long)c->tracked, (unsigned long long)c->listed);
        return false;
    }
    if (c->objects_bytes != f.objects_bytes || c->header_bytes != c->ll->header_bytes) {
        gcr_fail(c->err, GCR_FAULT,
                 "linked-list: objects have %llu + %llu header bytes, counted %llu + %llu",
                 (unsigned long long)c->objects_bytes, (unsigned long long)c->header_bytes,
                 (unsigned long long)f.objects_bytes, (unsigned long long)c->ll->header_bytes);
        return false;
    }
    if (c->weak_set != 0) {
        gcr_fail(c->err, GCR_FAULT,
                 "linked-list: weak references and their lists differ in number");
        return false;
    }
    return true;
}

static bool check_objects(struct census *c)
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
    return check_sums(c);
}

bool gcr_linked_list_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct census c = {.ll = linked_list_of(heap), .err = err};
    bool sound = check_idle(&c) && check_lists(&c) && check_memory(&c);
    if (sound && level >= 3 && heap->report_frees)
        sound = check_objects(&c);
    free(c.object);
    free(c.references);
    return sound;
}
