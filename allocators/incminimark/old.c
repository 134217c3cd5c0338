/* incminimark: blocks of the old generation: pages for small objects (pages.h), the general heap
 * for the others, and the young ones among those.
 *
 * A raw object is young from its allocation to the next minor collection, as a nursery object is,
 * but it never moves. Whether an address is that of a young raw object is asked of a hash table: it
 * is small, and a header that only this question would look at need not be fetched. */
#include "allocators/incminimark/incminimark.h"

enum { YOUNG_FIRST_CAPACITY = GCR_PAGE_BYTES / sizeof(gcr_ref) };

void incminimark_old_init(struct gcr_incminimark *h)
{
    const struct incminimark_policy *policy = &h->policy;
    incminimark_pages_init(&h->pages, h->heap.supply, policy->marks_in_bitmap ? &h->marks : NULL,
                           policy->small_bytes, policy->arena_bytes);
    gcr_system_heap_init(&h->raws.heap, h->heap.supply);
    gcr_vector_init(&h->raws.all, h->heap.supply, GCR_PAGES_SIDE, sizeof(struct incminimark_raw));
}

/* ---- the set of young raw objects ---- */

static size_t young_find(const struct incminimark_raws *raws, gcr_ref object)
{
    size_t mask = raws->young_capacity - 1;
    size_t i = (size_t)(((uint64_t)(uintptr_t)object >> 4) * 0x9e3779b97f4a7c15u >> 24) & mask;
    while (raws->young[i] != NULL && raws->young[i] != object)
        i = (i + 1) & mask;
    return i;
}

bool incminimark_raw_is_young(const struct incminimark_raws *raws, gcr_ref object)
{
    return raws->young_count != 0 && raws->young[young_find(raws, object)] != NULL;
}

static void young_unmap(struct incminimark_raws *raws, struct gcr_supply *supply)
{
    if (raws->young != NULL)
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, raws->young,
                         raws->young_capacity * sizeof *raws->young);
    raws->young = NULL;
    raws->young_capacity = 0;
}

/* Room for one more. */
static bool young_reserve(struct incminimark_raws *raws, struct gcr_supply *supply)
{
    if (2 * (raws->young_count + 1) <= raws->young_capacity)
        return true;
    struct incminimark_raws larger = {.young_capacity = YOUNG_FIRST_CAPACITY};
    if (raws->young_capacity != 0)
        larger.young_capacity = 2 * raws->young_capacity;
    larger.young = gcr_supply_map(supply, GCR_PAGES_SIDE,
                                  larger.young_capacity * sizeof *larger.young, GCR_PAGE_BYTES);
    if (larger.young == NULL)
        return false;
    for (size_t i = 0; i < raws->young_capacity; i++)
        if (raws->young[i] != NULL)
            larger.young[young_find(&larger, raws->young[i])] = raws->young[i];
    young_unmap(raws, supply);
    raws->young = larger.young;
    raws->young_capacity = larger.young_capacity;
    return true;
}

static void young_clear(struct incminimark_raws *raws, struct gcr_supply *supply)
{
    if (raws->young_count == 0)
        return;
    raws->young_count = 0;
    if (raws->young_capacity > YOUNG_FIRST_CAPACITY)
        young_unmap(raws, supply);
    else
        memset(raws->young, 0, raws->young_capacity * sizeof *raws->young);
}

/* ---- raw blocks ---- */

static void *raw_block(const struct incminimark_raw *raw)
{
    return (char *)raw->object - (size_t)raw->card_words * GCR_WORD_BYTES;
}

/* Enters it; room was reserved. Old ones go before the young ones. */
static void raw_enter(struct incminimark_raws *raws, struct incminimark_raw raw, bool young)
{
    struct incminimark_raw *last = gcr_vector_push(&raws->all);
    GCR_CHECK(1, last != NULL);
    if (young) {
        *last = raw;
        raws->young[young_find(raws, raw.object)] = raw.object;
        raws->young_count++;
        return;
    }
    struct incminimark_raw *at = incminimark_raw_at(raws, raws->first_young++);
    *last = *at;
    *at = raw;
}

/* A block of `bytes` with card words in front, contents undefined. */
static gcr_ref raw_new(struct gcr_incminimark *h, uint64_t bytes, uint32_t card_words, bool young)
{
    struct incminimark_raws *raws = &h->raws;
    if (!gcr_vector_reserve(&raws->all, 1) || (young && !young_reserve(raws, h->heap.supply)))
        return NULL;
    char *block = gcr_system_heap_alloc(&raws->heap, bytes + (uint64_t)card_words * GCR_WORD_BYTES);
    if (block == NULL)
        return NULL;
    gcr_ref object = (gcr_ref)(void *)(block + (size_t)card_words * GCR_WORD_BYTES);
    if (h->policy.marks_in_bitmap && !gcr_mark_bitmap_cover(&h->marks, object, GCR_WORD_BYTES)) {
        gcr_system_heap_free(&raws->heap, block);
        return NULL;
    }
    raws->used_bytes += gcr_system_heap_block_bytes(block);
    raw_enter(raws, (struct incminimark_raw){.object = object, .card_words = card_words}, young);
    return object;
}

gcr_ref incminimark_raw_alloc(struct gcr_incminimark *h, uint64_t bytes, uint32_t card_words,
                              bool young)
{
    gcr_ref object = raw_new(h, bytes, card_words, young);
    uint64_t card_bytes = (uint64_t)card_words * GCR_WORD_BYTES;
    /* A mapping of its own is zero already. */
    if (object != NULL && bytes + card_bytes < GCR_SYSTEM_MAP_THRESHOLD_BYTES)
        memset((char *)object - card_bytes, 0, bytes + card_bytes);
    return object;
}

void incminimark_raw_free(struct gcr_incminimark *h, const struct incminimark_raw *raw)
{
    void *block = raw_block(raw);
    if (h->policy.marks_in_bitmap)
        gcr_mark_bitmap_uncover(&h->marks, raw->object, GCR_WORD_BYTES);
    h->raws.used_bytes -= gcr_system_heap_block_bytes(block);
    gcr_system_heap_free(&h->raws.heap, block);
}

void incminimark_raws_settle(struct gcr_incminimark *h)
{
    struct incminimark_raws *raws = &h->raws;
    size_t count = gcr_vector_count(&raws->all), kept = raws->first_young;
    for (size_t i = kept; i < count; i++) {
        struct incminimark_raw raw = *incminimark_raw_at(raws, i);
        uint64_t header = gcr_object_header(raw.object);
        const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
        if (!gcr_header_is(header, INCMINIMARK_REACHED)) {
            incminimark_raw_free(h, &raw);
            continue;
        }
        GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(raw.object, 0),
                     header & ~INCMINIMARK_REACHED);
        incminimark_tally_add(&h->old, layout, gcr_layout_length(layout, raw.object));
        *incminimark_raw_at(raws, kept++) = raw;
    }
    gcr_vector_truncate(&raws->all, kept);
    raws->first_young = kept;
    young_clear(raws, h->heap.supply);
}

/* ---- both ---- */

/* Pages that lists have committed ahead of their use. */
static void old_give_back(struct gcr_incminimark *h)
{
    gcr_vector_trim(&h->raws.all);
    gcr_vector_trim(&h->remember.objects);
    gcr_vector_trim(&h->remember.last);
    gcr_vector_trim(&h->cards_set);
    gcr_vector_trim(&h->pinned_parents);
}

static gcr_ref old_try(struct gcr_incminimark *h, uint64_t bytes)
{
    if (bytes <= h->policy.small_bytes)
        return incminimark_pages_alloc(&h->pages, bytes);
    return raw_new(h, bytes, 0, false);
}

gcr_ref incminimark_old_alloc(struct gcr_incminimark *h, uint64_t bytes)
{
    gcr_ref object = old_try(h, bytes);
    if (GCR_LIKELY(object != NULL))
        return object;
    old_give_back(h);
    return old_try(h, bytes);
}

void incminimark_old_finish(struct gcr_incminimark *h)
{
    incminimark_pages_finish(&h->pages);
    young_unmap(&h->raws, h->heap.supply);
    gcr_vector_finish(&h->raws.all);
    gcr_system_heap_finish(&h->raws.heap);
}

/* ---- looking ---- */

struct old_walk {
    gcr_walk_visitor *visit;
    void *arg;
};

static bool old_visit_block(void *arg, char *block)
{
    const struct old_walk *walk = arg;
    return walk->visit(walk->arg, (gcr_ref)(void *)block);
}

bool incminimark_old_walk(const struct gcr_incminimark *h, gcr_walk_visitor *visit, void *arg)
{
    const struct incminimark_raws *raws = &h->raws;
    struct old_walk walk = {visit, arg};
    if (!incminimark_pages_walk(&h->pages, old_visit_block, &walk))
        return false;
    for (size_t i = 0; i < raws->first_young; i++) {
        if (i == raws->swept && raws->sweeping)
            i = raws->next; /* between them: freed, or moved down */
        if (i < raws->first_young && !visit(arg, incminimark_raw_at(raws, i)->object))
            return false;
    }
    return true;
}
