/* Between the parts of compact.h: the walk over survivors, in each of the three formats, and what
 * the steps of a collection ask of each other. */
#ifndef GCR_ALLOCATORS_COMMON_COMPACT_PARTS_H
#define GCR_ALLOCATORS_COMMON_COMPACT_PARTS_H

#include "allocators/common/compact.h"

/* Header of a survivor in format SURVIVORS: mark, offset of the new place (a multiple of 8), and
 * the two hash flags in its lowest bits. */
enum { COMPACT_SAVED_FLAGS = 3, COMPACT_HASH_SHIFT = 35, COMPACT_BLOCK_WORDS = 64 };
_Static_assert(GCR_HEADER_HASH_MASK == (uint64_t)COMPACT_SAVED_FLAGS << COMPACT_HASH_SHIFT,
               "the two hash bits");

static inline bool compact_has(const struct gcr_compact *h, const void *object)
{
    return (uintptr_t)object - (uintptr_t)h->pass.base < h->pass.used_bytes;
}

/* ---- backup ---- */

GCR_ALWAYS_INLINE uint64_t compact_backup_get(const struct gcr_compact *h, uint64_t index)
{
    if (h->config.backup_bytes == 2)
        return ((const uint16_t *)(const void *)h->pass.backup)[index];
    return ((const uint32_t *)(const void *)h->pass.backup)[index];
}

GCR_ALWAYS_INLINE void compact_backup_put(struct gcr_compact *h, uint64_t index, uint64_t id)
{
    if (h->config.backup_bytes == 2)
        GCR_STORE_AS(GCR_CAUSE_BUFFER, ((uint16_t *)(void *)h->pass.backup)[index], (uint16_t)id);
    else
        GCR_STORE_AS(GCR_CAUSE_BUFFER, ((uint32_t *)(void *)h->pass.backup)[index], (uint32_t)id);
}

/* ---- survivors, after addresses have been assigned ---- */

/* One of them. All zero but `end` (where to go on): before the first. */
struct compact_survivor {
    char *at, *end; /* old place, and where it ends */
    char *to;       /* new place */
    const struct gcr_layout *layout;
    uint64_t bytes;
    uint64_t header;  /* as it will be again */
    uint64_t index;   /* of the next backup entry */
    uint64_t visited; /* survivors so far */
};

static inline struct compact_survivor compact_before_first(const struct gcr_compact *h)
{
    return (struct compact_survivor){.end = h->pass.base};
}

/* New place of a marked object, from bits and offsets. */
static inline char *compact_side_place(const struct gcr_compact *h, const void *object)
{
    size_t granule = ((uintptr_t)object - (uintptr_t)h->pass.base) / GCR_WORD_BYTES;
    uint64_t bits = gcr_mark_bitmap_word(&h->bitmap, h->pass.base)[granule / COMPACT_BLOCK_WORDS];
    uint64_t below = bits & (((uint64_t)1 << (granule % COMPACT_BLOCK_WORDS)) - 1);
    return h->pass.target + h->pass.offsets[granule / COMPACT_BLOCK_WORDS] +
           (uint64_t)GCR_POPCOUNT64(below) * GCR_WORD_BYTES;
}

/* First marked word at or after `at`; NULL: none. */
static inline char *compact_side_find(const struct gcr_compact *h, const char *at, const char *end)
{
    const uint64_t *words = gcr_mark_bitmap_word(&h->bitmap, h->pass.base);
    size_t granule = (size_t)(at - h->pass.base) / GCR_WORD_BYTES;
    size_t last = (size_t)(end - h->pass.base) / GCR_WORD_BYTES;
    if (granule >= last)
        return NULL;
    size_t word = granule / 64;
    uint64_t bits = words[word] & (UINT64_MAX << (granule % 64));
    while (bits == 0) {
        if (++word * 64 >= last)
            return NULL;
        bits = words[word];
    }
    return h->pass.base + (word * 64 + GCR_CTZ64(bits)) * GCR_WORD_BYTES;
}

GCR_ALWAYS_INLINE bool compact_next_of_survivors(const struct gcr_compact *h,
                                                 struct compact_survivor *s, const char *end)
{
    for (char *at = s->end; at < end;) {
        uint64_t header = *(const uint64_t *)(const void *)at;
        gcr_ref object = (gcr_ref)(void *)at;
        if (!gcr_header_is(header, GCR_HEADER_MARKED)) {
            at += gcr_layout_object_bytes(gcr_layout_of_header(&h->layouts, header), object);
            continue;
        }
        s->layout = &h->layouts.row[compact_backup_get(h, s->index++)];
        s->at = at;
        s->to = h->pass.target + (header & ~(GCR_HEADER_MARKED | COMPACT_SAVED_FLAGS));
        s->bytes = gcr_layout_object_bytes(s->layout, object);
        s->header = s->layout->header | (header & COMPACT_SAVED_FLAGS) << COMPACT_HASH_SHIFT;
        return true;
    }
    return false;
}

GCR_ALWAYS_INLINE bool compact_next_of_all(const struct gcr_compact *h, struct compact_survivor *s,
                                           const char *end)
{
    for (char *at = s->end; at < end;) {
        s->layout = &h->layouts.row[compact_backup_get(h, s->index++)];
        s->at = at;
        s->to = *(char *const *)(const void *)at;
        s->bytes = gcr_layout_object_bytes(s->layout, (gcr_ref)(void *)at);
        s->header = s->layout->header;
        if (s->to != NULL)
            return true;
        at += s->bytes;
    }
    return false;
}

GCR_ALWAYS_INLINE bool compact_next_of_side(const struct gcr_compact *h, struct compact_survivor *s,
                                            const char *end)
{
    char *at = compact_side_find(h, s->end, end);
    if (at == NULL)
        return false;
    s->to = s->visited == 0 ? h->pass.target : s->to + s->bytes;
    s->at = at;
    s->header = gcr_object_header((gcr_ref)(void *)at);
    s->layout = gcr_layout_of_header(&h->layouts, s->header);
    s->bytes = gcr_layout_object_bytes(s->layout, (gcr_ref)(void *)at);
    return true;
}

/* The next survivor in address order; false: there is none. `format` is a constant. */
GCR_ALWAYS_INLINE bool compact_next(const struct gcr_compact *h, enum gcr_compact_format format,
                                    struct compact_survivor *s)
{
    const char *end = h->pass.base + h->pass.used_bytes;
    bool found;
    if (format == GCR_COMPACT_SURVIVORS)
        found = compact_next_of_survivors(h, s, end);
    else if (format == GCR_COMPACT_ALL)
        found = compact_next_of_all(h, s, end);
    else
        found = compact_next_of_side(h, s, end);
    if (!found)
        return false;
    s->end = s->at + s->bytes;
    s->visited++;
    return true;
}

/* ---- the steps ---- */

/* Whether an object has been reached, before addresses are assigned. */
bool compact_is_marked(const struct gcr_compact *h, gcr_ref object);
/* Step 1. False: no work memory; marks are off again. */
bool compact_mark(struct gcr_compact *h) GCR_MUST_USE;
/* Takes all marks off, walking everything. */
void compact_unmark_all(struct gcr_compact *h);

/* Step 2: decides where to, finds room for the backup, assigns. False: no room; marks are off. */
bool compact_plan(struct gcr_compact *h) GCR_MUST_USE;
/* Step 3 and 4: references, weak references, finalizer list. */
void compact_update(struct gcr_compact *h);
/* Step 5: moves, and leaves free, space and backup as between collections. */
void compact_move(struct gcr_compact *h);
/* Gives up a plan that could not be completed: pages of the backup, the new space. */
void compact_drop_plan(struct gcr_compact *h);

/* ---- the space ---- */

bool compact_space_create(struct gcr_compact *h) GCR_MUST_USE;
void compact_space_release(struct gcr_compact *h, struct gcr_compact_space *space);
/* Used bytes at which the next collection is due if `live` bytes survive this one. */
uint64_t compact_next_limit(const struct gcr_compact *h, uint64_t live, uint64_t requested,
                            uint64_t backup_bytes);
/* The same for the present space, as set by the last collection, in whole pages. */
uint64_t compact_present_limit(const struct gcr_compact *h);
/* After a collection: what may be spent until the next one. */
void compact_allow(struct gcr_compact *h, uint64_t limit_bytes);

/* ---- pinned objects ---- */

void compact_pinned_finish(struct gcr_compact *h);
gcr_ref compact_pinned_alloc(struct gcr_compact *h, const struct gcr_layout *layout,
                             uint64_t length, gcr_compact_collector *collect);
void compact_pinned_free(struct gcr_compact *h, gcr_ref object);
/* Frees what is not marked, takes the marks off the others. Returns how many were freed. */
uint64_t compact_pinned_sweep(struct gcr_compact *h);

#endif
