#include "allocators/common/copy_space.h"

#include <string.h>

/* Least that is zeroed at a time. */
static const size_t MIN_WINDOW_BYTES = (size_t)32 << 10;

gcr_status gcr_copy_space_init(struct gcr_copy_space *space, struct gcr_supply *supply,
                               const struct gcr_option_values *options, struct gcr_error *err)
{
    *space = (struct gcr_copy_space){
        .supply = supply,
        .clear = (enum gcr_copy_clear)gcr_option_number(options, "clear"),
        .keep_ratio = gcr_option_ratio(options, "keep"),
        .window_bytes = gcr_page_round((size_t)gcr_option_number(options, "window")),
        .max_bytes = (size_t)gcr_option_number(options, "max"),
        .red_zone_divisor = (uint32_t)gcr_option_number(options, "red-zone"),
        .red_zone_deep_divisor = (uint32_t)gcr_option_number(options, "red-zone-deep")};
    if (gcr_option_number(options, "start") > space->max_bytes)
        return gcr_fail(err, GCR_USAGE, "start is above max");
    return GCR_OK;
}

/* ---- a half ---- */

static bool half_reserve(struct gcr_copy_space *space, struct gcr_copy_half *half, size_t bytes)
{
    *half = (struct gcr_copy_half){
        .start = gcr_supply_reserve(space->supply, bytes, GCR_PAGE_BYTES), .reserved_bytes = bytes};
    return half->start != NULL;
}

/* Commits or releases the tail so that exactly `bytes` are committed. */
static bool half_set_committed(struct gcr_copy_space *space, struct gcr_copy_half *half,
                               size_t bytes)
{
    size_t now = half->committed_bytes;
    if (bytes > half->reserved_bytes)
        return false;
    if (bytes < now)
        gcr_supply_release(space->supply, GCR_PAGES_OBJECTS, half->start + bytes, now - bytes);
    else if (!gcr_supply_commit(space->supply, GCR_PAGES_OBJECTS, half->start + now, bytes - now))
        return false;
    half->committed_bytes = bytes;
    if (half->dirty_bytes > bytes)
        half->dirty_bytes = bytes;
    return true;
}

/* Gives the tail back, which cannot be refused. */
static void half_shrink(struct gcr_copy_space *space, struct gcr_copy_half *half, size_t bytes)
{
    bool done = half->committed_bytes <= bytes || half_set_committed(space, half, bytes);
    GCR_CHECK(1, done);
    (void)done;
}

static void half_release(struct gcr_copy_space *space, struct gcr_copy_half *half)
{
    if (half->start == NULL)
        return;
    half_shrink(space, half, 0);
    gcr_supply_unreserve(space->supply, half->start, half->reserved_bytes);
    *half = (struct gcr_copy_half){0};
}

/* A fresh half of `bytes`; committed at once unless emptied halves go back to the system anyway. */
static bool half_create_empty(struct gcr_copy_space *space, struct gcr_copy_half *half,
                              size_t bytes)
{
    if (gcr_supply_headroom(space->supply) < bytes || !half_reserve(space, half, bytes))
        return false;
    if (space->clear == GCR_COPY_DONTNEED || half_set_committed(space, half, bytes))
        return true;
    half_release(space, half);
    return false;
}

/* ---- life ---- */

bool gcr_copy_space_create(struct gcr_copy_space *space, size_t bytes, size_t reserved_bytes)
{
    if (bytes == 0 || !half_reserve(space, &space->to, reserved_bytes) ||
        !half_reserve(space, &space->from, reserved_bytes))
        return false;
    if (!half_set_committed(space, &space->to, bytes))
        return false;
    if (space->clear != GCR_COPY_DONTNEED && !half_set_committed(space, &space->from, bytes))
        return false;
    space->bytes = bytes;
    space->free = space->limit = space->to.start;
    space->top = space->to.start + bytes;
    gcr_copy_space_settle(space);
    return true;
}

void gcr_copy_space_destroy(struct gcr_copy_space *space)
{
    half_release(space, &space->to);
    half_release(space, &space->from);
}

/* ---- free room ---- */

/* Makes start .. end resident, as far as those pages lie between the bounds. */
static void space_populate(struct gcr_copy_space *space, char *start, char *end)
{
    if (space->clear != GCR_COPY_DONTNEED || space->window_bytes == 0)
        return;
    size_t from = gcr_page_round((size_t)(start - space->to.start));
    size_t to = gcr_page_round((size_t)(end - space->to.start));
    if (from < to)
        gcr_supply_populate(space->supply, space->to.start + from, to - from);
}

void gcr_copy_space_open(struct gcr_copy_space *space, uint64_t bytes)
{
    size_t room = (size_t)(space->top - space->limit);
    size_t have = (size_t)(space->limit - space->free);
    if (bytes <= have)
        return;
    size_t wanted = (size_t)bytes - have;
    if (wanted < space->window_bytes || wanted < MIN_WINDOW_BYTES)
        wanted = space->window_bytes > MIN_WINDOW_BYTES ? space->window_bytes : MIN_WINDOW_BYTES;
    char *end = space->limit + (wanted < room ? wanted : room);
    char *dirty = space->to.start + space->to.dirty_bytes;
    if (space->limit < dirty)
        memset(space->limit, 0, (size_t)((end < dirty ? end : dirty) - space->limit));
    space_populate(space, space->limit < dirty ? dirty : space->limit, end);
    space->limit = end;
}

void gcr_copy_space_expect(struct gcr_copy_space *space, uint64_t bytes)
{
    char *dirty = space->to.start + space->to.dirty_bytes;
    char *start = space->limit > dirty ? space->limit : dirty;
    size_t room = gcr_copy_space_room(space);
    char *end = space->free + (bytes < room ? (size_t)bytes : room);
    if (start < end)
        space_populate(space, start, end);
}

/* Beyond the dirty part room is zero already; it is opened at once, unless its pages are to be made
 * resident by windows. */
void gcr_copy_space_settle(struct gcr_copy_space *space)
{
    bool windows = space->clear == GCR_COPY_DONTNEED && space->window_bytes != 0;
    if (space->limit < space->free || space->limit > space->top || space->closed)
        space->limit = space->free;
    if (!windows && !space->closed && space->limit >= space->to.start + space->to.dirty_bytes)
        space->limit = space->top;
}

bool gcr_copy_space_set_bytes(struct gcr_copy_space *space, size_t bytes)
{
    GCR_CHECK(1, gcr_copy_space_used(space) <= bytes);
    if (!half_set_committed(space, &space->to, bytes))
        return false;
    half_shrink(space, &space->from, bytes);
    space->bytes = bytes;
    space->top = space->to.start + bytes;
    gcr_copy_space_settle(space);
    return true;
}

/* ---- flipping ---- */

bool gcr_copy_space_prepare(struct gcr_copy_space *space, size_t bytes)
{
    return half_set_committed(space, &space->from, bytes);
}

void gcr_copy_space_flip(struct gcr_copy_space *space)
{
    struct gcr_copy_half old = space->to;
    space->to = space->from;
    space->from = old;
    space->bytes = space->to.committed_bytes;
    space->free = space->limit = space->to.start;
    space->top = space->to.start + space->bytes;
    gcr_copy_space_expect(space, space->survivor_bytes);
}

void gcr_copy_space_clear_from(struct gcr_copy_space *space, size_t used)
{
    struct gcr_copy_half *from = &space->from;
    if (from->dirty_bytes < used)
        from->dirty_bytes = used;
    space->survivor_bytes = gcr_copy_space_used(space);
    if (space->clear == GCR_COPY_MEMSET) {
        GCR_ZERO_AS(GCR_CAUSE_NEW, from->start, from->dirty_bytes);
        from->dirty_bytes = 0;
    } else if (space->clear == GCR_COPY_DONTNEED) {
        size_t kept = gcr_page_round((size_t)(space->keep_ratio * (double)space->survivor_bytes));
        half_shrink(space, from, kept < used ? kept : gcr_page_round(used));
    }
}

void gcr_copy_space_record_red_zone(struct gcr_copy_space *space)
{
    size_t free_bytes = gcr_copy_space_room(space);
    if (free_bytes > space->bytes / space->red_zone_divisor) {
        space->red_zone = 0;
        return;
    }
    space->red_zone++;
    if (free_bytes < space->bytes / space->red_zone_deep_divisor)
        space->red_zone++;
}

/* ---- growth ---- */

bool gcr_copy_space_begin_doubling(struct gcr_copy_space *space)
{
    size_t bytes = space->bytes * 2;
    struct gcr_copy_half bigger;
    space->red_zone = 0;
    if (space->split || bytes > space->max_bytes || !half_reserve(space, &bigger, bytes))
        return false;
    if (!half_set_committed(space, &bigger, bytes)) {
        half_release(space, &bigger);
        return false;
    }
    half_release(space, &space->from);
    space->from = bigger;
    return true;
}

/* No second half of the new size: live on with the two halves of the one that there is. */
static void space_split(struct gcr_copy_space *space)
{
    size_t half = space->bytes / 2;
    GCR_CHECK(1, gcr_copy_space_used(space) <= half);
    half_shrink(space, &space->to, half);
    space->from = (struct gcr_copy_half){.start = space->to.start + half,
                                         .reserved_bytes = space->to.reserved_bytes - half};
    space->to.reserved_bytes = half;
    if (space->clear != GCR_COPY_DONTNEED) {
        bool done = half_set_committed(space, &space->from, half); /* it was a moment ago */
        (void)done;
    }
    space->split = true;
    space->bytes = half;
    space->top = space->to.start + half;
}

void gcr_copy_space_finish_doubling(struct gcr_copy_space *space)
{
    space->survivor_bytes = gcr_copy_space_used(space);
    half_release(space, &space->from);
    if (!half_create_empty(space, &space->from, space->bytes))
        space_split(space);
}

/* ---- check ---- */

static bool check_is_zero(const char *start, const char *end)
{
    for (; start < end; start += sizeof(uint64_t))
        if (*(const uint64_t *)(const void *)start != 0)
            return false;
    return true;
}

static bool check_half(const struct gcr_copy_half *half)
{
    return half->dirty_bytes <= half->committed_bytes &&
           half->committed_bytes <= half->reserved_bytes;
}

const char *gcr_copy_space_check(const struct gcr_copy_space *space, int level)
{
    const struct gcr_copy_half *to = &space->to, *from = &space->from;
    if (space->free < to->start || space->free > space->limit || space->limit > space->top ||
        space->top != to->start + space->bytes)
        return "start <= free <= limit <= top does not hold";
    if (to->committed_bytes < space->bytes || !check_half(to) || !check_half(from))
        return "dirty <= committed <= reserved does not hold in a half";
    if (level < 3)
        return NULL;
    if (!check_is_zero(space->free, space->limit))
        return "free room is not zero";
    const char *dirty = to->start + to->dirty_bytes;
    if (!check_is_zero(dirty > space->limit ? dirty : space->limit, space->top))
        return "room that was never used is not zero";
    if (!check_is_zero(from->start + gcr_page_round(from->dirty_bytes),
                       from->start + from->committed_bytes))
        return "the empty half is not zero above its dirty part";
    return NULL;
}
