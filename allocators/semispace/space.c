/* semispace: the two halves, when to collect, when to double, what a budget leaves.
 *
 * Native sizing follows PyPy's semispace.py: the red-zone counter rises when a collection leaves
 * less than a third of the space free, twice when less than a fifth; at two the next full space is
 * doubled instead of collected. With a budget there is no growth: each half gets half of what the
 * rest leaves, anew at each flip, and shrinks at once when the rest grows. */
#include "allocators/semispace/semispace.h"

enum { ZERO_WINDOW_BYTES = 32 * 1024 };

static size_t page_floor(uint64_t bytes)
{
    return (size_t)(bytes & ~(uint64_t)(GCR_PAGE_BYTES - 1));
}

/* ---- a half ---- */

static bool half_reserve(struct gcr_semispace *h, struct semispace_half *half, size_t bytes)
{
    *half =
        (struct semispace_half){.start = gcr_supply_reserve(h->heap.supply, bytes, GCR_PAGE_BYTES),
                                .reserved_bytes = bytes};
    return half->start != NULL;
}

/* Commits or releases the tail so that exactly `bytes` are committed. */
static bool half_set_committed(struct gcr_semispace *h, struct semispace_half *half, size_t bytes)
{
    size_t now = half->committed_bytes;
    if (bytes > half->reserved_bytes)
        return false;
    if (bytes < now)
        gcr_supply_release(h->heap.supply, GCR_PAGES_OBJECTS, half->start + bytes, now - bytes);
    else if (!gcr_supply_commit(h->heap.supply, GCR_PAGES_OBJECTS, half->start + now, bytes - now))
        return false;
    half->committed_bytes = bytes;
    return true;
}

static void half_release(struct gcr_semispace *h, struct semispace_half *half)
{
    if (half->start == NULL)
        return;
    bool emptied = half_set_committed(h, half, 0);
    GCR_CHECK(1, emptied);
    (void)emptied;
    gcr_supply_unreserve(h->heap.supply, half->start, half->reserved_bytes);
    *half = (struct semispace_half){0};
}

/* A fresh half of `bytes`; committed at once unless emptied halves go back to the system anyway. */
static bool half_create_empty(struct gcr_semispace *h, struct semispace_half *half, size_t bytes)
{
    if (gcr_supply_headroom(h->heap.supply) < bytes || !half_reserve(h, half, bytes))
        return false;
    if (h->clear == SEMISPACE_DONTNEED || half_set_committed(h, half, bytes))
        return true;
    half_release(h, half);
    return false;
}

/* ---- budget ---- */

/* Committed apart from the halves: tables, lists, pinned and prebuilt objects. */
static uint64_t semispace_rest(const struct gcr_semispace *h)
{
    return h->heap.supply->committed_bytes - h->to.committed_bytes - h->from.committed_bytes;
}

/* Size of each half if `extra` more bytes are committed elsewhere. */
static size_t semispace_budget_share(const struct gcr_semispace *h, uint64_t extra)
{
    uint64_t rest = semispace_rest(h) + extra;
    return rest < h->budget_bytes ? page_floor((h->budget_bytes - rest) / 2) : 0;
}

/* Lowers S, in place; free <= start + bytes. */
static void semispace_shrink_space(struct gcr_semispace *h, size_t bytes)
{
    bool done = half_set_committed(h, &h->to, bytes);
    if (h->from.committed_bytes > bytes)
        done = half_set_committed(h, &h->from, bytes) && done;
    GCR_CHECK(1, done);
    (void)done;
    h->space_bytes = bytes;
    h->top = h->to.start + bytes;
    semispace_set_limit(h);
}

bool semispace_make_side_room(struct gcr_semispace *h, uint64_t bytes)
{
    if (h->budget_bytes == 0)
        return true;
    if (semispace_used(h) > semispace_budget_share(h, bytes) &&
        !semispace_collect(h, GCR_REASON_EMERGENCY, false))
        return false;
    size_t share = semispace_budget_share(h, bytes);
    if (semispace_used(h) > share)
        return false;
    if (share < h->space_bytes)
        semispace_shrink_space(h, share);
    return true;
}

/* ---- creation ---- */

bool semispace_spaces_create(struct gcr_semispace *h, uint64_t start_bytes)
{
    size_t bytes = gcr_page_round((size_t)start_bytes);
    size_t reserved = bytes;
    if (h->budget_bytes != 0) {
        reserved = gcr_page_round((size_t)h->budget_bytes / 2);
        bytes = semispace_budget_share(h, 0);
    }
    if (bytes == 0 || !half_reserve(h, &h->to, reserved) || !half_reserve(h, &h->from, reserved))
        return false;
    if (!half_set_committed(h, &h->to, bytes))
        return false;
    if (h->clear != SEMISPACE_DONTNEED && !half_set_committed(h, &h->from, bytes))
        return false;
    h->space_bytes = bytes;
    h->free = h->to.start;
    h->top = h->limit = h->to.start + bytes;
    return true;
}

void semispace_spaces_destroy(struct gcr_semispace *h)
{
    half_release(h, &h->to);
    half_release(h, &h->from);
}

/* ---- flipping ---- */

bool semispace_prepare_flip(struct gcr_semispace *h)
{
    if (h->budget_bytes == 0)
        return half_set_committed(h, &h->from, h->space_bytes);
    size_t used = gcr_page_round(semispace_used(h));
    size_t bytes = semispace_budget_share(h, 0);
    if (half_set_committed(h, &h->from, bytes < used ? used : bytes))
        return true;
    /* Something outside grew by more than was announced: the live part needs no more than `used`.
     */
    semispace_shrink_space(h, used);
    return half_set_committed(h, &h->from, used);
}

/* Zeroes the next stretch when the half was not cleared. */
static void semispace_zero_window(struct gcr_semispace *h, uint64_t bytes)
{
    uint64_t room = (uint64_t)(h->top - h->limit);
    uint64_t wanted = bytes - (uint64_t)(h->limit - h->free);
    if (wanted < ZERO_WINDOW_BYTES)
        wanted = ZERO_WINDOW_BYTES;
    if (wanted > room)
        wanted = room;
    memset(h->limit, 0, wanted);
    h->limit += wanted;
}

void semispace_set_limit(struct gcr_semispace *h)
{
    bool is_stale = h->limit > h->top || h->limit < h->free;
    if (h->out_of_work_memory || (h->clear == SEMISPACE_NONE && is_stale))
        h->limit = h->free;
    else if (h->clear != SEMISPACE_NONE)
        h->limit = h->top;
}

void semispace_clear_from(struct gcr_semispace *h)
{
    struct semispace_half *from = &h->from;
    if (h->clear == SEMISPACE_DONTNEED) {
        bool done = half_set_committed(h, from, 0);
        GCR_CHECK(1, done);
        (void)done;
    } else if (h->clear == SEMISPACE_MEMSET) {
        memset(from->start, 0, from->committed_bytes);
    }
}

void semispace_record_red_zone(struct gcr_semispace *h)
{
    size_t free_bytes = (size_t)(h->top - h->free);
    if (free_bytes > h->space_bytes / h->red_zone_divisor) {
        h->red_zone = 0;
        return;
    }
    h->red_zone++;
    if (free_bytes < h->space_bytes / h->red_zone_deep_divisor)
        h->red_zone++;
}

/* ---- growth ---- */

/* No second half of the new size: live on with the two halves of the one that there is. */
static void semispace_split(struct gcr_semispace *h)
{
    size_t half = h->space_bytes / 2;
    bool done = half_set_committed(h, &h->to, half);
    GCR_CHECK(1, done && semispace_used(h) <= half);
    h->from = (struct semispace_half){.start = h->to.start + half,
                                      .reserved_bytes = h->to.reserved_bytes - half};
    h->to.reserved_bytes = half;
    if (h->clear != SEMISPACE_DONTNEED)
        done = half_set_committed(h, &h->from, half); /* it was committed a moment ago */
    (void)done;
    h->split = true;
    h->space_bytes = half;
    h->top = h->to.start + half;
    semispace_set_limit(h);
}

void semispace_finish_doubling(struct gcr_semispace *h)
{
    half_release(h, &h->from);
    if (!half_create_empty(h, &h->from, h->space_bytes))
        semispace_split(h);
}

/* Doubles the space, moving everything. False: as big as before (but perhaps collected). */
static bool semispace_double(struct gcr_semispace *h)
{
    size_t bytes = h->space_bytes * 2;
    struct semispace_half bigger;
    h->red_zone = 0;
    if (h->split || bytes > h->max_space_bytes || !half_reserve(h, &bigger, bytes))
        return false;
    if (!half_set_committed(h, &bigger, bytes)) {
        half_release(h, &bigger);
        return false;
    }
    half_release(h, &h->from);
    h->from = bigger;
    bool collected = semispace_collect(h, GCR_REASON_GROWTH, true);
    GCR_CHECK(1, collected); /* its to-space was committed already */
    return collected && !h->split;
}

static uint64_t semispace_room(const struct gcr_semispace *h)
{
    return (uint64_t)(h->top - h->free);
}

/* Doubles as often as the request needs. */
static bool semispace_grow_for(struct gcr_semispace *h, uint64_t bytes)
{
    uint64_t wanted = h->space_bytes;
    for (uint64_t missing = bytes - semispace_room(h); (int64_t)missing > 0; wanted *= 2) {
        if (wanted >= h->max_space_bytes)
            return false;
        missing -= wanted;
    }
    while (h->space_bytes < wanted)
        if (!semispace_double(h))
            return false;
    return bytes <= semispace_room(h);
}

/* Collects or doubles once, by the rules; true if the request fits then. */
static bool semispace_find_room(struct gcr_semispace *h, uint64_t bytes)
{
    if (h->budget_bytes != 0)
        return semispace_collect(h, GCR_REASON_EMERGENCY, false) && bytes <= semispace_room(h);
    bool doubled = h->red_zone >= 2 && semispace_double(h);
    if (!doubled && bytes > semispace_room(h))
        (void)semispace_collect(h, GCR_REASON_ALLOCATION, false);
    return bytes <= semispace_room(h) || semispace_grow_for(h, bytes);
}

bool semispace_make_room(struct gcr_semispace *h, uint64_t bytes)
{
    if (bytes > semispace_room(h) && !semispace_find_room(h, bytes))
        return false;
    if (h->out_of_work_memory)
        return false;
    if (bytes > (uint64_t)(h->limit - h->free))
        semispace_zero_window(h, bytes);
    return true;
}
