/* Step 5 of compact.h: headers are restored and objects moved, in address order.
 *
 * In place: each object only moves down, so that nothing is overwritten that has not been moved.
 * Into another space: whenever a chunk of the old one lies behind the cursor, its whole multiples
 * are given back, so that old and new space together hold little more than the old one did: an
 * object that is being copied (mode pieces: a chunk of it), and less than a chunk on either side.
 * That much was asked of the supply beforehand; after it every commit follows a release. */
#include "allocators/common/compact_parts.h"

/* ---- between two spaces ---- */

struct mover {
    struct gcr_compact *h;
    char *released; /* old pages below have been given back */
};

/* Gives back what lies below `at`, in whole chunks, or in whole pages. */
static void mover_release(struct mover *mover, const char *at, size_t unit)
{
    struct gcr_compact *h = mover->h;
    size_t bytes = (size_t)(at - mover->released) / unit * unit;
    if (bytes == 0)
        return;
    gcr_supply_release(h->heap.supply, GCR_PAGES_OBJECTS, mover->released, bytes);
    mover->released += bytes;
}

static void note_peak(struct gcr_compact *h)
{
    if (h->heap.supply->committed_bytes > h->figures.move_peak_bytes)
        h->figures.move_peak_bytes = h->heap.supply->committed_bytes;
    if (h->on_chunk != NULL)
        h->on_chunk(h, h->on_chunk_arg);
}

/* Commits the new space up to `to`, and up to half a chunk ahead. A refusal can only be a passing
 * one (see above): what has been passed of the old space is given back, and it is tried again. */
static void mover_commit(struct mover *mover, const char *to, const char *at)
{
    struct gcr_compact *h = mover->h;
    struct gcr_compact_space *space = &h->pass.to;
    size_t step = gcr_page_round(h->config.chunk_bytes / 2);
    size_t end = gcr_page_round(h->pass.live_bytes);
    size_t wanted = ((size_t)(to - space->start) + step - 1) / step * step;
    wanted = wanted < end ? wanted : end;
    size_t bytes = wanted - (size_t)(space->top - space->start);
    if (!gcr_supply_commit(h->heap.supply, GCR_PAGES_OBJECTS, space->top, bytes)) {
        mover_release(mover, at, GCR_PAGE_BYTES);
        bool committed = gcr_supply_commit(h->heap.supply, GCR_PAGES_OBJECTS, space->top, bytes);
        GCR_CHECK(0, committed);
    }
    space->top += bytes;
    note_peak(h);
}

/* bytes: an object, or a piece of one. */
static void mover_copy(struct mover *mover, char *to, const char *at, uint64_t bytes)
{
    if (to + bytes > mover->h->pass.to.top)
        mover_commit(mover, to + bytes, at);
    memcpy(to, at, bytes);
    if ((size_t)(at + bytes - mover->released) >= mover->h->config.chunk_bytes)
        mover_release(mover, at + bytes, mover->h->config.chunk_bytes);
}

/* Pieces end where chunks of the old space do, so that each can go as soon as it has been copied.
 */
static void mover_copy_object(struct mover *mover, const struct compact_survivor *s)
{
    const struct gcr_compact_config *config = &mover->h->config;
    for (uint64_t done = 0, piece = s->bytes; done < s->bytes; done += piece) {
        const char *at = s->at + done;
        uint64_t left = s->bytes - done, offset = (uint64_t)(at - mover->h->pass.base);
        piece = config->pieces ? config->chunk_bytes - offset % config->chunk_bytes : left;
        piece = piece < left ? piece : left;
        mover_copy(mover, s->to + done, at, piece);
    }
}

static void drop_old_space(struct mover *mover)
{
    struct gcr_compact *h = mover->h;
    gcr_supply_release(h->heap.supply, GCR_PAGES_OBJECTS, mover->released,
                       (size_t)(h->space.top - mover->released));
    gcr_supply_unreserve(h->heap.supply, h->space.start, h->space.reserved_bytes);
    h->space = h->pass.to;
}

GCR_ALWAYS_INLINE void move_all(struct gcr_compact *h, enum gcr_compact_format format)
{
    struct mover mover = {.h = h, .released = h->pass.base};
    struct compact_survivor s = compact_before_first(h);
    while (compact_next(h, format, &s)) {
        if (format != GCR_COMPACT_SIDE)
            GCR_STORE_AS(GCR_CAUSE_HEADER, *(uint64_t *)(void *)s.at,
                         s.header | h->config.old_flags);
        mover_copy_object(&mover, &s);
    }
    GCR_CHECK(1, s.visited == h->pass.survivors);
    h->pass.moved_objects = h->pass.survivors;
    h->pass.moved_bytes = h->pass.live_bytes;
    h->figures.largest_move_bytes = h->pass.largest_bytes > h->figures.largest_move_bytes
                                        ? h->pass.largest_bytes
                                        : h->figures.largest_move_bytes;
    drop_old_space(&mover);
}

/* ---- in place ---- */

static void slide(char *to, const char *at, uint64_t bytes)
{
    if (bytes > 64) {
        memmove(to, at, bytes);
        return;
    }
    uint64_t *into = (uint64_t *)(void *)to;
    const uint64_t *from = (const uint64_t *)(const void *)at;
    for (uint64_t i = 0; i < bytes / GCR_WORD_BYTES; i++)
        into[i] = from[i];
}

GCR_ALWAYS_INLINE void slide_all(struct gcr_compact *h, enum gcr_compact_format format)
{
    struct compact_survivor s = compact_before_first(h);
    uint64_t moved_objects = 0, moved_bytes = 0;
    while (compact_next(h, format, &s)) {
        if (format != GCR_COMPACT_SIDE)
            GCR_STORE_AS(GCR_CAUSE_HEADER, *(uint64_t *)(void *)s.at,
                         s.header | h->config.old_flags);
        if (s.to == s.at)
            continue;
        slide(s.to, s.at, s.bytes);
        moved_objects++;
        moved_bytes += s.bytes;
        if (s.bytes > h->figures.largest_move_bytes)
            h->figures.largest_move_bytes = s.bytes;
    }
    GCR_CHECK(1, s.visited == h->pass.survivors);
    h->pass.moved_objects = moved_objects;
    h->pass.moved_bytes = moved_bytes;
}

/* ---- the step ---- */

static void move_as(struct gcr_compact *h, enum gcr_compact_format format)
{
    if (format == GCR_COMPACT_SURVIVORS)
        h->pass.moving ? move_all(h, GCR_COMPACT_SURVIVORS) : slide_all(h, GCR_COMPACT_SURVIVORS);
    else if (format == GCR_COMPACT_ALL)
        h->pass.moving ? move_all(h, GCR_COMPACT_ALL) : slide_all(h, GCR_COMPACT_ALL);
    else
        h->pass.moving ? move_all(h, GCR_COMPACT_SIDE) : slide_all(h, GCR_COMPACT_SIDE);
}

/* The old space's unused end goes before the move, what is left of it after. */
static void change_space(struct gcr_compact *h)
{
    gcr_compact_trim(h);
    note_peak(h);
    move_as(h, h->config.format);
    h->figures.moves++;
    note_peak(h);
}

/* Zeroes the rest of the last page, and gives the others back. */
static void release_tail(struct gcr_compact *h)
{
    char *page = h->space.start + gcr_page_round(gcr_compact_used(h));
    char *end = page < h->space.top ? page : h->space.top;
    GCR_ZERO_AS(GCR_CAUSE_NEW, h->free, (size_t)(end - h->free));
    gcr_compact_trim(h);
}

void compact_move(struct gcr_compact *h)
{
    struct gcr_compact_pass *pass = &h->pass;
    if (pass->moving)
        change_space(h);
    else
        move_as(h, h->config.format);
    h->free = h->space.start + pass->live_bytes;
    h->blocks = pass->survivors;
    compact_drop_plan(h);
    if (h->config.release)
        release_tail(h);
}
