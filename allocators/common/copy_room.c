/* When a copying heap collects, when it grows, and what a budget leaves. */
#include "allocators/common/copy_heap.h"

static size_t page_floor(uint64_t bytes)
{
    return (size_t)(bytes & ~(uint64_t)(GCR_PAGE_BYTES - 1));
}

/* ---- budget ---- */

uint64_t gcr_copy_rest_bytes(const struct gcr_copy_heap *h)
{
    return h->heap.supply->committed_bytes - h->space.to.committed_bytes -
           h->space.from.committed_bytes;
}

size_t gcr_copy_half_share(const struct gcr_copy_heap *h, uint64_t extra)
{
    uint64_t rest = gcr_copy_rest_bytes(h) + extra;
    return rest < h->budget_bytes ? page_floor((h->budget_bytes - rest) / 2) : 0;
}

bool gcr_copy_make_side_room_now(struct gcr_copy_heap *h, uint64_t bytes)
{
    if (h->budget_bytes == 0)
        return true;
    size_t share = gcr_copy_half_share(h, bytes);
    if (gcr_copy_space_used(&h->space) > share)
        return false;
    if (share >= h->space.bytes)
        return true;
    bool done = gcr_copy_space_set_bytes(&h->space, share);
    GCR_CHECK(1, done); /* smaller than before */
    return done;
}

bool gcr_copy_make_side_room(struct gcr_copy_heap *h, uint64_t bytes)
{
    return gcr_copy_make_side_room_now(h, bytes) ||
           (gcr_copy_collect(h, GCR_REASON_EMERGENCY, false) &&
            gcr_copy_make_side_room_now(h, bytes));
}

/* ---- room in the space ---- */

/* Doubles the space, moving everything. False: as big as before. */
static bool copy_double(struct gcr_copy_heap *h)
{
    if (!gcr_copy_space_begin_doubling(&h->space))
        return false;
    bool collected = gcr_copy_collect(h, GCR_REASON_GROWTH, true);
    GCR_CHECK(1, collected); /* its to-space was committed already */
    return collected && !h->space.split;
}

/* Doubles as often as the request needs. */
static bool copy_grow_for(struct gcr_copy_heap *h, uint64_t bytes)
{
    uint64_t wanted = h->space.bytes;
    for (uint64_t missing = bytes - gcr_copy_space_room(&h->space); (int64_t)missing > 0;
         wanted *= 2) {
        if (wanted >= h->space.max_bytes)
            return false;
        missing -= wanted;
    }
    while (h->space.bytes < wanted)
        if (!copy_double(h))
            return false;
    return bytes <= gcr_copy_space_room(&h->space);
}

bool gcr_copy_find_room(struct gcr_copy_heap *h, uint64_t bytes)
{
    const struct gcr_copy_space *space = &h->space;
    if (h->budget_bytes != 0) {
        bool collected = gcr_copy_collect(h, GCR_REASON_EMERGENCY, false);
        if (collected && bytes <= gcr_copy_space_room(space))
            return true;
        return h->design->last_resort != NULL && h->design->last_resort(h, bytes, false) &&
               bytes <= gcr_copy_space_room(space);
    }
    bool doubled = space->red_zone >= 2 && copy_double(h);
    if (!doubled && bytes > gcr_copy_space_room(space))
        (void)gcr_copy_collect(h, GCR_REASON_ALLOCATION, false);
    return bytes <= gcr_copy_space_room(space) || copy_grow_for(h, bytes);
}

bool gcr_copy_make_room(struct gcr_copy_heap *h, uint64_t bytes)
{
    if (bytes > gcr_copy_space_room(&h->space) && !gcr_copy_find_room(h, bytes))
        return false;
    if (h->out_of_work_memory)
        return false;
    gcr_copy_space_open(&h->space, bytes);
    return true;
}
