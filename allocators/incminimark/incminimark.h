/* incminimark: state and internal interface. The mutator's fast paths are in incminimark_inline.h;
 * the page allocator is in pages.h. */
#ifndef GCR_ALLOCATORS_INCMINIMARK_INCMINIMARK_H
#define GCR_ALLOCATORS_INCMINIMARK_INCMINIMARK_H

#include "allocators/collector.h"
#include "allocators/common/finalizer_list.h"
#include "allocators/common/immortals.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/mark_bitmap.h"
#include "allocators/common/mark_stack.h"
#include "allocators/common/nursery.h"
#include "allocators/common/remember.h"
#include "allocators/common/system_heap.h"
#include "allocators/common/vector.h"
#include "allocators/common/weak_list.h"
#include "allocators/incminimark/pages.h"

/* Header bits of this design's own. HAS_CARDS: a large array of references with card bits in front
 * of its header. CARDS_SET: it is on the card list, or young. PINNED: lies in the nursery and does
 * not move. PINNED_PARENT: is on the list of objects that refer to pinned ones. REACHED: a young
 * raw object that the present minor collection has reached. GCR_HEADER_MARKED is *visited*. */
#define INCMINIMARK_HAS_CARDS ((uint64_t)1 << 48)
#define INCMINIMARK_CARDS_SET ((uint64_t)1 << 49)
#define INCMINIMARK_PINNED ((uint64_t)1 << 50)
#define INCMINIMARK_PINNED_PARENT ((uint64_t)1 << 51)
#define INCMINIMARK_REACHED ((uint64_t)1 << 52)
#define INCMINIMARK_OWN_BITS                                                                       \
    (INCMINIMARK_HAS_CARDS | INCMINIMARK_CARDS_SET | INCMINIMARK_PINNED |                          \
     INCMINIMARK_PINNED_PARENT | INCMINIMARK_REACHED)
/* The whole header of a nursery object that was moved; the word behind it is the new address. */
#define INCMINIMARK_MOVED ((uint64_t)-42)

/* What the next step of a major collection does. */
enum incminimark_state {
    INCMINIMARK_SCANNING, /* no cycle is under way: roots become gray */
    INCMINIMARK_MARKING,
    INCMINIMARK_SWEEPING,
    INCMINIMARK_FINALIZING
};

/* Which question gcr_mutator_ops.forwarded answers. */
enum incminimark_update { INCMINIMARK_UPDATE_MINOR, INCMINIMARK_UPDATE_MAJOR };

/* A block of the general heap: a large object, one promoted that no page takes, or an old one that
 * is born so. The block starts card_words words before the object. */
struct incminimark_raw {
    gcr_ref object;
    uint32_t card_words;
    uint32_t unused;
};
_Static_assert(sizeof(struct incminimark_raw) == 16, "a pair of words an entry");

/* Raw objects in one array: [0, swept) kept by the sweep under way, [next, end) to be swept, [end,
 * first_young) allocated since it began; without a sweep the first two are empty and end is 0. From
 * first_young on: allocated since the last minor collection, and also in the set `young`, an open
 * hash table with linear probing, at most half full. */
struct incminimark_raws {
    struct gcr_system_heap heap;
    struct gcr_vector all; /* struct incminimark_raw */
    size_t swept, next, end, first_young;
    bool sweeping;
    gcr_ref *young;
    size_t young_capacity, young_count;
    uint64_t used_bytes; /* of blocks, as the general heap rounds them */
};

/* What objects with memory add up to, dead ones included; bodies count bytes but no objects. */
struct incminimark_tally {
    uint64_t objects, object_bytes, header_bytes;
};

/* Of the allocation sizes and of when to collect; from the options. */
struct incminimark_policy {
    uint64_t budget_bytes;
    uint64_t nursery_bytes;
    uint32_t small_bytes; /* largest block of the page allocator */
    uint32_t arena_bytes;
    uint64_t large_bytes;  /* objects from this size on are raw at once */
    uint32_t card_items;   /* a power of two */
    double factor, growth; /* major factor, largest growth of the threshold in one major */
    uint64_t min_heap_bytes, max_heap_bytes, max_delta_bytes; /* max_heap: 0 none */
    uint64_t increment_bytes;                                 /* to mark in one step */
    uint64_t credit_bytes;                                    /* of one step */
    uint64_t sweep_raws, sweep_pages;                         /* in one step */
    uint32_t max_pinned;
    bool incremental, marks_in_bitmap;
};

struct incminimark_figures {
    uint64_t minors, majors, steps, abandoned;
    uint64_t promoted_bytes, pinned_peak, cards;
    uint64_t cycle_made_old_bytes, cycle_made_old_peak_bytes; /* during one cycle */
    uint64_t floating_bytes; /* found dead by a cycle that began when another had just ended */
};

/* Invariants: incminimark_check. */
struct gcr_incminimark {
    struct gcr_heap heap;
    struct gcr_layouts layouts;

    /* The nursery is tiled from start to free by objects and fillers. incremental: free .. limit is
     * not zero, and ranges between pinned survivors follow; else zeroed in steps. */
    struct gcr_nursery nursery;
    uint64_t large_bytes; /* == policy.large_bytes, where the fast path finds it */
    bool clear_objects;   /* on allocation: the nursery is not zeroed */

    enum incminimark_state state;
    enum incminimark_update update;
    /* No more allocation: a budget that no collection could meet, or a collection that found no
     * memory for its work. frozen: a minor collection could not be finished; the nursery holds
     * stubs and stranded objects for good. */
    bool exhausted, frozen;
    bool over_max_heap; /* the last major left more than the maximum heap */

    struct gcr_vector pinned; /* gcr_ref: survivors in the nursery, by address; room for all */
    size_t next_pinned;       /* of them: the one at which the present range ends */
    uint32_t pinned_count;    /* pinned objects in the nursery, new ones included */
    struct gcr_vector pinned_parents; /* gcr_ref */
    struct gcr_vector cards_set;      /* gcr_ref: old arrays with CARDS_SET */
    struct gcr_remember remember;     /* `last`: prebuilt objects that were ever written to */

    struct incminimark_pages pages;
    struct incminimark_raws raws;
    struct gcr_immortals immortals;
    struct gcr_weak_list weak;
    struct gcr_finalizer_list finalizers;
    struct gcr_mark_bitmap marks;
    struct gcr_mark_stack gray, more_gray; /* more_gray: found by minors while marking */

    struct incminimark_policy policy;
    uint64_t threshold_bytes, previous_threshold_bytes;
    uint64_t made_old_bytes, credit_bytes; /* since the cycle began: debit and credit */
    uint64_t promoted_last_bytes;          /* by the last minor collection */
    uint64_t kept_by_finalizers_bytes;     /* reached only from unreached finalizable objects */
    bool counts_kept;                      /* marking on behalf of those */

    struct incminimark_tally young, old;
    uint64_t counted_objects, counted_bytes; /* of gcr_work: allocated up to the last recount */
    struct incminimark_figures figures;
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_incminimark);

static inline struct gcr_incminimark *incminimark_of(struct gcr_heap *heap)
{
    return (struct gcr_incminimark *)heap;
}

/* Shapes that the inline path leaves to the slow one. */
enum {
    INCMINIMARK_SPECIAL = GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_WEAK |
                          GCR_SHAPE_PINNED | GCR_SHAPE_RESIZABLE
};

extern const struct gcr_collector gcr_collector_incminimark;

/* ---- sizes and colours ---- */

/* Size outside the nursery: there is no least size there. */
static inline uint64_t incminimark_old_bytes(const struct gcr_layout *layout, uint64_t length)
{
    if (layout->item_bytes != 0)
        return gcr_layout_bytes(layout, length);
    return gcr_word_round((uint64_t)layout->payload + layout->field_bytes);
}

static inline uint64_t incminimark_used(const struct gcr_incminimark *h)
{
    return h->pages.used_bytes + h->raws.used_bytes;
}

static inline bool incminimark_is_marked(const struct gcr_incminimark *h, gcr_ref object)
{
    if (h->policy.marks_in_bitmap)
        return gcr_mark_bitmap_get(&h->marks, object);
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_MARKED);
}

static inline void incminimark_unmark(struct gcr_incminimark *h, gcr_ref object)
{
    if (h->policy.marks_in_bitmap)
        gcr_mark_bitmap_unset(&h->marks, object);
    else
        GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                     gcr_object_header(object) & ~GCR_HEADER_MARKED);
}

/* Prebuilt and never written to: nothing to mark, and never marked. */
static inline bool incminimark_is_untouched(gcr_ref object)
{
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_NO_HEAP);
}

static inline void incminimark_tally_add(struct incminimark_tally *tally,
                                         const struct gcr_layout *layout, uint64_t length)
{
    tally->objects += !gcr_header_is(layout->header, GCR_HEADER_INTERNAL);
    tally->object_bytes += layout->field_bytes + length * layout->item_bytes;
    tally->header_bytes += layout->payload;
}

static inline void incminimark_tally_drop(struct incminimark_tally *tally,
                                          const struct gcr_layout *layout, uint64_t length)
{
    tally->objects -= !gcr_header_is(layout->header, GCR_HEADER_INTERNAL);
    tally->object_bytes -= layout->field_bytes + length * layout->item_bytes;
    tally->header_bytes -= layout->payload;
}

/* ---- alloc.c, resize.c: slow paths of allocation, prebuilt objects, RESIZE ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref incminimark_alloc_slow(struct gcr_incminimark *h, const struct gcr_shape *shape,
                               uint32_t length, uint32_t cookie, gcr_ref *root);
gcr_ref incminimark_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             uint32_t cookie);
bool incminimark_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);

/* Where objects are to be carved, decided and paid for before any of them exists: `parts` of them
 * at most, in order. */
struct incminimark_part {
    const struct gcr_layout *layout; /* NULL: no such part */
    uint64_t length, bytes;
    bool old, pinned; /* born old; born in the nursery, and not to be moved */
    gcr_ref object;   /* out: headers and lengths are set, the rest is zero */
};
enum { INCMINIMARK_PARTS = 2 };
/* False: exhausted, nothing was carved. Collections happen inside, none after the first carving. */
bool incminimark_carve(struct gcr_incminimark *h, struct incminimark_part *parts);

/* ---- nursery.c: the nursery as a list of free ranges ---- */

bool incminimark_nursery_create(struct gcr_incminimark *h) GCR_MUST_USE;
void incminimark_nursery_destroy(struct gcr_incminimark *h);
/* Room from the present range, or a later one; NULL: none has it. Not zeroed in incremental mode.
 */
void *incminimark_nursery_take(struct gcr_incminimark *h, uint64_t bytes);
/* Whether take could succeed. */
bool incminimark_nursery_has_room(const struct gcr_incminimark *h, uint64_t bytes);
/* After a minor collection: empty but for the pinned survivors. */
void incminimark_nursery_reset(struct gcr_incminimark *h);
/* Objects of the host's in the nursery, dead ones too. False if the visitor stopped. */
bool incminimark_nursery_walk(const struct gcr_incminimark *h, gcr_walk_visitor *visit, void *arg);

/* ---- old.c: blocks of the old generation ---- */

void incminimark_old_init(struct gcr_incminimark *h);
void incminimark_old_finish(struct gcr_incminimark *h);
/* A block for an old object of `bytes`, contents undefined. NULL: refused. */
gcr_ref incminimark_old_alloc(struct gcr_incminimark *h, uint64_t bytes);
/* A zeroed raw block with card_words in front of the object. young: enters the set of young ones.
 * NULL: refused. */
gcr_ref incminimark_raw_alloc(struct gcr_incminimark *h, uint64_t bytes, uint32_t card_words,
                              bool young);
bool incminimark_raw_is_young(const struct incminimark_raws *raws, gcr_ref object);
/* Frees the young raw objects that were not reached, and makes the others old. */
void incminimark_raws_settle(struct gcr_incminimark *h);
/* Frees one raw object that no list holds any more. */
void incminimark_raw_free(struct gcr_incminimark *h, const struct incminimark_raw *raw);

static inline struct incminimark_raw *incminimark_raw_at(const struct incminimark_raws *raws,
                                                         size_t index)
{
    return gcr_vector_at(&raws->all, index);
}

/* Visits every object of the old generation, bodies too; objects allocated meanwhile may be
 * missed. False if the visitor stopped. */
bool incminimark_old_walk(const struct gcr_incminimark *h, gcr_walk_visitor *visit, void *arg);

static inline bool incminimark_is_young(const struct gcr_incminimark *h, gcr_ref object)
{
    return gcr_nursery_has(&h->nursery, object) ||
           (h->raws.young_count != 0 && incminimark_raw_is_young(&h->raws, object));
}

/* ---- barrier.c: cards and bulk copies ---- */

/* STORE into a resizable object, or into one that has NO_YOUNG. */
void incminimark_store_slow(struct gcr_incminimark *h, gcr_ref object, uint32_t slot,
                            gcr_ref value);
void incminimark_copy(struct gcr_incminimark *h, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                      uint32_t src_slot, uint32_t n);
/* The barrier of a store into any slot of an old object. */
void incminimark_remember(struct gcr_incminimark *h, gcr_ref object);
/* Before items of one body are copied into another one, both from item 0 on. */
void incminimark_remember_items(struct gcr_incminimark *h, gcr_ref dst, gcr_ref src,
                                uint64_t length);

/* Card words of an object with that many items. */
static inline uint32_t incminimark_card_words(const struct gcr_incminimark *h, uint64_t items)
{
    return (uint32_t)((items + (uint64_t)h->policy.card_items * 64 - 1) /
                      ((uint64_t)h->policy.card_items * 64));
}
/* Bytes of card bits that stand for that many items. */
static inline uint64_t incminimark_card_bytes(const struct gcr_incminimark *h, uint64_t items)
{
    return (items + (uint64_t)h->policy.card_items * 8 - 1) / ((uint64_t)h->policy.card_items * 8);
}
/* Byte `index` of an object's card bits: they grow downwards from its header. */
static inline uint8_t *incminimark_card_byte(gcr_ref object, uint64_t index)
{
    return (uint8_t *)object - 1 - index;
}

/* ---- minor.c ---- */

/* Empties the nursery, inside a collection: survivors become old, pinned ones stay. Adds what it
 * did to *done. */
void incminimark_minor(struct gcr_incminimark *h, struct gcr_collection *done);
/* Where an object is that survives the present minor collection; NULL: it is dead. */
gcr_ref incminimark_minor_survivor(void *h, gcr_ref object);

/* ---- mark.c ---- */

/* Roots become gray: a cycle begins. */
void incminimark_mark_begin(struct gcr_incminimark *h);
/* Marks `bytes` of objects, or until the gray ones run out. Returns the part of `bytes` left. */
uint64_t incminimark_mark(struct gcr_incminimark *h, uint64_t bytes);
/* Once nothing is gray: globals again, finalizers, weak references, handles. False: no work memory.
 */
bool incminimark_mark_finish(struct gcr_incminimark *h);
/* Makes a black object gray again. */
void incminimark_mark_again(struct gcr_incminimark *h, gcr_ref object);
/* Gives up the cycle while marking: everything is white, nothing is freed. */
void incminimark_mark_abandon(struct gcr_incminimark *h);
/* Whether an object outlives the cycle, once marking is complete; NULL or itself. */
gcr_ref incminimark_major_survivor(void *h, gcr_ref object);

/* ---- sweep.c ---- */

void incminimark_sweep_begin(struct gcr_incminimark *h);
/* One step; UINT64_MAX for all. True: nothing is left to sweep. */
bool incminimark_sweep(struct gcr_incminimark *h, uint64_t raws, uint64_t pages,
                       struct gcr_collection *done);

/* ---- major.c: the state machine, its pacing, and what a collection is ---- */

/* A minor collection, and as much of a major one as is due. extra: bytes that are about to be
 * allocated outside the nursery. */
void incminimark_collect_young(struct gcr_incminimark *h, uint64_t extra_bytes,
                               enum gcr_reason reason);
/* A minor, the running cycle to its end, and a whole new one. */
void incminimark_collect_full(struct gcr_incminimark *h, enum gcr_reason reason);
/* Whether used + extra is above the threshold. */
bool incminimark_threshold_reached(const struct gcr_incminimark *h, uint64_t extra_bytes);

/* ---- policy.c ---- */

gcr_status incminimark_policy_init(struct incminimark_policy *policy,
                                   const struct gcr_heap_config *config, struct gcr_error *err);
extern const struct gcr_option incminimark_options[];
/* The next threshold, after a major (used: bytes in use, less what only finalizers keep). Sets
 * over_max_heap. */
void incminimark_set_threshold(struct gcr_incminimark *h, uint64_t used_bytes,
                               uint64_t reserving_bytes);
/* Whether `bytes` can be committed and the next minor collection still has room for all. */
bool incminimark_has_reserve(const struct gcr_incminimark *h, uint64_t bytes);

/* ---- check.c ---- */

bool incminimark_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
