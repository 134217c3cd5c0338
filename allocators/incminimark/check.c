/* incminimark: its invariants, at any time between events. Level 2 walks the whole heap; level 3
 * also proves that each reference leads to the start of an object. O(heap), with sets of addresses
 * in the harness's memory.
 *
 *   - Pages, raw blocks, prebuilt objects and the weak list are whole (their own checks); the
 *     tallies and used bytes are what the heap adds up to.
 *   - An old object without NO_YOUNG is in the remembered set exactly once. One with it refers into
 *     the nursery only through a card whose bit is set, or to a pinned object of which it is a
 *     known parent.
 *   - Card bits are zero unless CARDS_SET; an old array with CARDS_SET is on the card list once.
 *   - Nothing is marked outside marking and sweeping. While marking, what a black object that was
 *     not written to refers to is black, gray, pinned, or prebuilt and never written to.
 *   - No flag that lives inside a minor collection is left; gray objects exist only while marking.
 * If the remembered set is incomplete, what relies on it is not asked for; if the nursery is
 * frozen, only the old generation's blocks are. */
#include "allocators/common/object_set.h"
#include "allocators/incminimark/incminimark.h"

struct check {
    struct gcr_incminimark *h;
    int level;
    struct gcr_object_set starts;     /* level 3: every object */
    struct gcr_object_set remembered; /* the remembered set */
    struct gcr_object_set carded;     /* the card list */
    struct gcr_object_set parents;    /* of pinned objects */
    struct gcr_object_set gray;
    struct incminimark_tally young, old;
    uint64_t pinned, unremembered, carded_found, parents_found;
    struct gcr_error *err;
};

static bool check_fail(struct check *check, const char *what, const void *where)
{
    (void)gcr_fail(check->err, GCR_FAULT, "incminimark: %s (at %p)", what, where);
    return false;
}

/* ---- lists become sets ---- */

static bool check_collect(struct check *check, const struct gcr_vector *list,
                          struct gcr_object_set *set, const char *twice)
{
    for (size_t i = 0; i < gcr_vector_count(list); i++) {
        const void *object = *(void *const *)gcr_vector_at(list, i);
        if (gcr_object_set_has(set, object))
            return check_fail(check, twice, object);
        gcr_object_set_add(set, object);
    }
    return true;
}

static void check_collect_gray(struct check *check, const struct gcr_mark_stack *stack)
{
    for (const gcr_ref *at = stack->start; at < stack->top; at++)
        if (!gcr_object_set_has(&check->gray, *at))
            gcr_object_set_add(&check->gray, *at);
}

static bool check_collect_lists(struct check *check)
{
    struct gcr_incminimark *h = check->h;
    check_collect_gray(check, &h->gray);
    check_collect_gray(check, &h->more_gray);
    if (check->gray.count != 0 && h->state != INCMINIMARK_MARKING)
        return check_fail(check, "gray objects outside marking", h);
    return check_collect(check, &h->remember.objects, &check->remembered,
                         "object remembered twice") &&
           check_collect(check, &h->cards_set, &check->carded, "array on the card list twice") &&
           check_collect(check, &h->pinned_parents, &check->parents,
                         "parent of pinned objects listed twice");
}

/* ---- one object ---- */

static bool check_header(struct check *check, gcr_ref object, uint64_t header)
{
    const uint64_t flags =
        INCMINIMARK_OWN_BITS | GCR_HEADER_MARKED | GCR_HEADER_NO_YOUNG | GCR_HEADER_NO_HEAP;
    if (!gcr_layout_header_is_sane(&check->h->layouts, header & ~flags))
        return check_fail(check, "header names no shape", (void *)object);
    if (gcr_header_is(header, GCR_HEADER_FORWARDED | GCR_HEADER_ORDERING | GCR_HEADER_UNVISITED |
                                  GCR_HEADER_HASH_MASK | INCMINIMARK_REACHED))
        return check_fail(check, "flag of a collection left behind", (void *)object);
    return true;
}

static bool check_start(struct check *check, gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    if (!check_header(check, object, header))
        return false;
    if (check->level >= 3)
        gcr_object_set_add(&check->starts, object);
    return true;
}

static bool check_add_young(struct check *check, gcr_ref object)
{
    const struct gcr_layout *layout = gcr_layout_of(&check->h->layouts, object);
    if (gcr_layout_shape(object) <= 2 * check->h->layouts.shape_count) /* no filler */
        incminimark_tally_add(&check->young, layout, gcr_layout_length(layout, object));
    return check_start(check, object);
}

static bool check_nursery_object(void *arg, gcr_ref object)
{
    struct check *check = arg;
    uint64_t header = gcr_object_header(object);
    if (gcr_header_is(header, GCR_HEADER_NO_YOUNG | GCR_HEADER_MARKED | GCR_HEADER_EXTERNAL |
                                  INCMINIMARK_HAS_CARDS))
        return check_fail(check, "flag of an old object in the nursery", (void *)object);
    check->pinned += gcr_header_is(header, INCMINIMARK_PINNED);
    return check_add_young(check, object);
}

static bool check_old_object(void *arg, gcr_ref object)
{
    struct check *check = arg;
    uint64_t header = gcr_object_header(object);
    const struct gcr_layout *layout = gcr_layout_of_header(&check->h->layouts, header);
    if (!check_start(check, object))
        return false;
    if (gcr_header_is(header, INCMINIMARK_PINNED | GCR_HEADER_EXTERNAL))
        return check_fail(check, "old object with a flag of another kind", (void *)object);
    incminimark_tally_add(&check->old, layout, gcr_layout_length(layout, object));
    return true;
}

static bool check_prebuilt_object(void *arg, gcr_ref object)
{
    struct check *check = arg;
    if (!gcr_header_is(gcr_object_header(object), GCR_HEADER_EXTERNAL))
        return check_fail(check, "prebuilt object without its flag", (void *)object);
    return check_start(check, object);
}

/* ---- one reference ---- */

static bool check_target(struct check *check, gcr_ref target)
{
    if (target == NULL)
        return true;
    if ((uintptr_t)target % GCR_WORD_BYTES != 0)
        return check_fail(check, "reference is not aligned", (void *)target);
    if (check->level >= 3 && !gcr_object_set_has(&check->starts, target))
        return check_fail(check, "reference to no object", (void *)target);
    return true;
}

/* Whether the card of a slot is set. */
static bool check_card_is_set(const struct check *check, gcr_ref object,
                              const struct gcr_layout *layout, uint64_t slot)
{
    if (slot < layout->slot_count)
        return false;
    uint64_t card = (slot - layout->slot_count) / layout->item_slots / check->h->policy.card_items;
    return (*incminimark_card_byte(object, card / 8) >> (card % 8) & 1) != 0;
}

static bool check_young_target(struct check *check, gcr_ref object, uint64_t header,
                               const struct gcr_layout *layout, uint64_t slot, gcr_ref target)
{
    if (check->h->remember.incomplete || !incminimark_is_young(check->h, target) ||
        !gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        return true;
    if (gcr_header_is(gcr_object_header(target), INCMINIMARK_PINNED) &&
        gcr_header_is(header, INCMINIMARK_PINNED_PARENT))
        return true;
    if (gcr_header_is(header, INCMINIMARK_HAS_CARDS) &&
        check_card_is_set(check, object, layout, slot))
        return true;
    return check_fail(check, "old object refers to a young one and is not remembered",
                      (void *)object);
}

static bool check_colour(struct check *check, gcr_ref object, uint64_t header, gcr_ref target)
{
    const struct gcr_incminimark *h = check->h;
    if (h->state != INCMINIMARK_MARKING || h->remember.incomplete ||
        !gcr_header_is(header, GCR_HEADER_NO_YOUNG) ||
        gcr_header_is(header, INCMINIMARK_CARDS_SET) || !incminimark_is_marked(h, object))
        return true;
    if (gcr_nursery_has(&h->nursery, target) || incminimark_is_untouched(target) ||
        incminimark_is_marked(h, target) || gcr_object_set_has(&check->gray, target))
        return true;
    return check_fail(check, "black object refers to a white one", (void *)object);
}

/* What a sweep may yet free may refer to what it has freed already. */
static bool check_may_dangle(const struct check *check, gcr_ref object)
{
    return check->h->state == INCMINIMARK_SWEEPING &&
           !gcr_header_is(gcr_object_header(object), GCR_HEADER_EXTERNAL) &&
           !incminimark_is_marked(check->h, object);
}

static bool check_slots(struct check *check, gcr_ref object, bool old)
{
    if (old && check_may_dangle(check, object))
        return true;
    uint64_t header = gcr_object_header(object), count;
    const struct gcr_layout *layout = gcr_layout_of_header(&check->h->layouts, header);
    const gcr_ref *slots = gcr_layout_slots(layout, object, &count);
    for (uint64_t i = 0; i < count; i++) {
        if (!check_target(check, slots[i]))
            return false;
        if (old && slots[i] != NULL &&
            !(check_young_target(check, object, header, layout, i, slots[i]) &&
              check_colour(check, object, header, slots[i])))
            return false;
    }
    return true;
}

/* ---- what an old object must be ---- */

static bool check_marks(struct check *check, gcr_ref object)
{
    enum incminimark_state state = check->h->state;
    if (incminimark_is_marked(check->h, object) && state != INCMINIMARK_MARKING &&
        state != INCMINIMARK_SWEEPING)
        return check_fail(check, "mark outside marking and sweeping", (void *)object);
    return true;
}

static bool check_cards(struct check *check, gcr_ref object, uint64_t header)
{
    bool set = gcr_header_is(header, INCMINIMARK_CARDS_SET);
    if (!gcr_header_is(header, INCMINIMARK_HAS_CARDS))
        return !set || check_fail(check, "cards of an object without cards", (void *)object);
    if (set != gcr_object_set_has(&check->carded, object))
        return check_fail(check, "card list and flag disagree", (void *)object);
    check->carded_found += set;
    const struct gcr_layout *layout = gcr_layout_of_header(&check->h->layouts, header);
    uint64_t bytes = incminimark_card_bytes(check->h, gcr_layout_length(layout, object));
    for (uint64_t i = 0; !set && i < bytes; i++)
        if (*incminimark_card_byte(object, i) != 0 && !check->h->remember.incomplete)
            return check_fail(check, "card bit of an array that is not on the card list",
                              (void *)object);
    return true;
}

/* Lists and flags, then references. */
static bool check_old_links(void *arg, gcr_ref object)
{
    struct check *check = arg;
    uint64_t header = gcr_object_header(object);
    bool remembered = gcr_object_set_has(&check->remembered, object);
    bool parent = gcr_header_is(header, INCMINIMARK_PINNED_PARENT);
    check->unremembered += !gcr_header_is(header, GCR_HEADER_NO_YOUNG);
    check->parents_found += parent;
    if (remembered == gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        return check_fail(check, "remembered set and flag disagree", (void *)object);
    if (parent != gcr_object_set_has(&check->parents, object))
        return check_fail(check, "list of pinned objects' parents and flag disagree",
                          (void *)object);
    return check_marks(check, object) && check_cards(check, object, header) &&
           check_slots(check, object, true);
}

static bool check_young_links(void *arg, gcr_ref object)
{
    return check_slots(arg, object, false);
}

/* ---- the parts ---- */

static bool check_nursery(struct check *check)
{
    struct gcr_incminimark *h = check->h;
    const char *wrong = gcr_nursery_check(&h->nursery, h->clear_objects ? 2 : check->level);
    if (wrong != NULL)
        return check_fail(check, wrong, h->nursery.free);
    if (!incminimark_nursery_walk(h, check_nursery_object, check))
        return false;
    for (size_t i = 1; i < gcr_vector_count(&h->pinned); i++)
        if (*(uintptr_t *)gcr_vector_at(&h->pinned, i - 1) >=
            *(uintptr_t *)gcr_vector_at(&h->pinned, i))
            return check_fail(check, "pinned survivors are not in order", h);
    if (check->pinned != h->pinned_count || h->pinned_count > h->policy.max_pinned)
        return check_fail(check, "number of pinned objects is wrong", h);
    return true;
}

/* Blocks, and that young ones are known as such. */
static bool check_raws(struct check *check)
{
    const struct incminimark_raws *raws = &check->h->raws;
    size_t count = gcr_vector_count(&raws->all), young = count - raws->first_young;
    uint64_t used = 0;
    if (raws->first_young > count || young != raws->young_count || raws->swept > raws->next ||
        raws->next > raws->end || raws->end > raws->first_young)
        return check_fail(check, "sections of the raw list are out of order", raws);
    for (size_t i = 0; i < count; i++) {
        if (i >= raws->swept && i < raws->next)
            continue;
        const struct incminimark_raw *raw = incminimark_raw_at(raws, i);
        used += gcr_system_heap_block_bytes((char *)raw->object -
                                            (size_t)raw->card_words * GCR_WORD_BYTES);
        if (incminimark_raw_is_young(raws, raw->object) != (i >= raws->first_young))
            return check_fail(check, "raw object and the set of young ones disagree",
                              (void *)raw->object);
    }
    if (used != raws->used_bytes)
        return check_fail(check, "used bytes of raw blocks are not their sum", raws);
    return check->level < 3 || gcr_system_heap_check(&raws->heap, check->err);
}

static bool check_blocks(struct check *check)
{
    const void *where = NULL;
    const char *wrong = incminimark_pages_check(&check->h->pages, &where);
    return wrong == NULL ? check_raws(check) : check_fail(check, wrong, where);
}

static bool check_each_young_raw(struct check *check, gcr_walk_visitor *visit)
{
    const struct incminimark_raws *raws = &check->h->raws;
    for (size_t i = raws->first_young; i < gcr_vector_count(&raws->all); i++)
        if (!visit(check, incminimark_raw_at(raws, i)->object))
            return false;
    return true;
}

static bool check_young_raw(void *arg, gcr_ref object)
{
    return check_add_young(arg, object);
}

static bool check_finalizers(struct check *check)
{
    const struct gcr_finalizer_list *list = &check->h->finalizers;
    for (size_t i = 0; i < gcr_finalizer_list_count(list); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(list, i);
        bool runs = entry->fate == GCR_FINALIZER_RUN && (check->h->state == INCMINIMARK_SWEEPING ||
                                                         check->h->state == INCMINIMARK_FINALIZING);
        if (entry->object == NULL || !check_target(check, entry->object))
            return check_fail(check, "finalizer list holds no object", (void *)entry->object);
        if (entry->fate != GCR_FINALIZER_KEPT && !runs)
            return check_fail(check, "finalizer decided on outside a cycle's end",
                              (void *)entry->object);
    }
    return true;
}

static bool tallies_equal(const struct incminimark_tally *a, const struct incminimark_tally *b)
{
    return a->objects == b->objects && a->object_bytes == b->object_bytes &&
           a->header_bytes == b->header_bytes;
}

static bool check_sums(struct check *check)
{
    const struct gcr_incminimark *h = check->h;
    struct incminimark_tally young = h->young;
    young.objects += h->heap.work.allocated_objects - h->counted_objects;
    young.object_bytes += h->heap.work.allocated_bytes - h->counted_bytes;
    if (!tallies_equal(&young, &check->young))
        return check_fail(check, "counters of young objects are not their sum", h);
    if (!tallies_equal(&h->old, &check->old))
        return check_fail(check, "counters of old objects are not their sum", h);
    if (check->parents_found != check->parents.count)
        return check_fail(check, "list of pinned objects' parents holds none of ours", h);
    return true;
}

static bool check_graph(struct check *check)
{
    struct gcr_incminimark *h = check->h;
    return check_nursery(check) && incminimark_old_walk(h, check_old_object, check) &&
           check_each_young_raw(check, check_young_raw) &&
           gcr_immortals_check(&h->immortals, &h->layouts, check->err) &&
           gcr_immortals_walk(&h->immortals, &h->layouts, check_prebuilt_object, check) &&
           incminimark_old_walk(h, check_old_links, check) &&
           gcr_immortals_walk(&h->immortals, &h->layouts, check_old_links, check) &&
           incminimark_nursery_walk(h, check_young_links, check) &&
           check_each_young_raw(check, check_young_links) &&
           gcr_weak_list_check(&h->weak, h->layouts.shapes, check->err) &&
           check_finalizers(check) && check_sums(check);
}

bool incminimark_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    struct check check = {.h = h, .level = level, .err = err};
    bool good = check_blocks(&check);
    if (!h->frozen)
        good = good && check_collect_lists(&check) && check_graph(&check);
    gcr_object_set_finish(&check.starts);
    gcr_object_set_finish(&check.remembered);
    gcr_object_set_finish(&check.carded);
    gcr_object_set_finish(&check.parents);
    gcr_object_set_finish(&check.gray);
    return good;
}
