/* The space of compact.h: when it is full, how much of it is committed, what a budget leaves.
 *
 * Pages are committed a step ahead of `free`, so that the footprint is what is in use. Two accounts
 * meet in the fast path's quota: the mode's own rule (bytes, and in mode 2010 the backup entry of
 * each object), and the committed room. With a budget, what the next collection will need for
 * backup and queue stays uncommitted: each object is charged for it. */
#include "allocators/common/compact_parts.h"

enum { STEP_BYTES = 64 * 1024, SLACK_PAGES = 4 };

/* ---- reservations ---- */

static bool space_reserve(struct gcr_compact *h, struct gcr_compact_space *space, uint64_t bytes)
{
    space->reserved_bytes = gcr_page_round((size_t)bytes);
    space->start = gcr_supply_reserve(h->heap.supply, space->reserved_bytes, GCR_PAGE_BYTES);
    space->top = space->start;
    return space->start != NULL;
}

bool compact_space_create(struct gcr_compact *h)
{
    uint64_t bytes = h->config.space_bytes;
    if (h->config.budget_bytes != 0) /* the limit stays below the budget, the backup behind it */
        bytes = 2 * (h->config.budget_bytes + GCR_PAGE_BYTES);
    if (!space_reserve(h, &h->space, bytes))
        return false;
    h->free = h->space.start;
    return true;
}

void compact_space_release(struct gcr_compact *h, struct gcr_compact_space *space)
{
    if (space->start == NULL)
        return;
    gcr_supply_release(h->heap.supply, GCR_PAGES_OBJECTS, space->start,
                       (size_t)(space->top - space->start));
    gcr_supply_unreserve(h->heap.supply, space->start, space->reserved_bytes);
    *space = (struct gcr_compact_space){0};
}

void gcr_compact_trim(struct gcr_compact *h)
{
    char *kept = h->space.start + gcr_page_round(gcr_compact_used(h));
    if (kept < h->space.top) {
        gcr_supply_release(h->heap.supply, GCR_PAGES_OBJECTS, kept, (size_t)(h->space.top - kept));
        h->space.top = kept;
    }
}

/* ---- the rules of the modes ---- */

/* In mode 2010 the fast path pays for an object's backup entry, too. */
static uint64_t native_charge(const struct gcr_compact *h)
{
    return h->config.mode == GCR_COMPACT_2010 ? h->config.backup_bytes : 0;
}

uint64_t compact_next_limit(const struct gcr_compact *h, uint64_t live, uint64_t requested,
                            uint64_t backup_bytes)
{
    const struct gcr_compact_config *config = &h->config;
    uint64_t multiple = (uint64_t)(config->factor * (double)live), floor = config->floor_bytes;
    if (config->mode == GCR_COMPACT_DOC) {
        uint64_t limit = gcr_page_round(multiple + 256 + requested + backup_bytes);
        return limit > floor ? limit : floor;
    }
    if (config->mode == GCR_COMPACT_2010) {
        uint64_t budget = multiple - live + requested;
        return live + (budget > floor ? budget : floor);
    }
    uint64_t limit = multiple > floor ? multiple : floor;
    return limit > live + requested ? limit : live + requested;
}

uint64_t compact_present_limit(const struct gcr_compact *h)
{
    return gcr_page_round(h->base_used_bytes + h->allowed_bytes);
}

/* Most objects that a minor collection can promote. */
static uint64_t promoted_blocks(const struct gcr_compact *h)
{
    return h->config.promotion_bytes / GCR_OBJECT_MIN_BYTES;
}

/* Room of the reservation that objects may fill: behind them the backup must fit, unless (mode
 * doc) a collection would rather move. */
static uint64_t usable_bytes(const struct gcr_compact *h, uint64_t blocks)
{
    uint64_t reserved = h->space.reserved_bytes, behind = h->config.promotion_bytes;
    if (h->config.format == GCR_COMPACT_SURVIVORS)
        behind += (blocks + promoted_blocks(h)) * h->config.backup_bytes;
    return behind < reserved ? reserved - behind : 0;
}

void compact_allow(struct gcr_compact *h, uint64_t limit_bytes)
{
    uint64_t usable = usable_bytes(h, h->blocks);
    h->base_used_bytes = gcr_compact_used(h);
    h->base_blocks = h->blocks;
    if (limit_bytes > usable)
        limit_bytes = usable;
    h->allowed_bytes = limit_bytes > h->base_used_bytes ? limit_bytes - h->base_used_bytes : 0;
}

static uint64_t spent_bytes(const struct gcr_compact *h)
{
    return gcr_compact_used(h) - h->base_used_bytes +
           native_charge(h) * (h->blocks - h->base_blocks);
}

bool gcr_compact_is_allowed(const struct gcr_compact *h, uint64_t bytes, uint64_t blocks)
{
    return spent_bytes(h) + bytes + native_charge(h) * blocks <= h->allowed_bytes;
}

/* ---- what a collection will need of a budget ---- */

/* With that many blocks in `committed` bytes of space. */
static uint64_t reserve_bytes(const struct gcr_compact *h, uint64_t blocks, uint64_t committed)
{
    blocks += promoted_blocks(h);
    committed += h->config.promotion_bytes;
    uint64_t objects = blocks + gcr_vector_count(&h->pinned.objects);
    uint64_t queue = gcr_page_round((objects + 1) * sizeof(gcr_ref));
    uint64_t backup = gcr_page_round(blocks * h->config.backup_bytes);
    if (h->config.format == GCR_COMPACT_SIDE) /* a bit a word, an offset for 64 of them */
        backup = 2 * gcr_page_round(committed / 64 + GCR_PAGE_BYTES);
    return queue + backup + SLACK_PAGES * GCR_PAGE_BYTES + h->config.promotion_bytes;
}

/* Room of the budget beyond that; negative: too little. */
static int64_t spare_bytes(const struct gcr_compact *h, uint64_t blocks, uint64_t committed)
{
    if (h->config.budget_bytes == 0)
        return INT64_MAX;
    uint64_t more = committed - (uint64_t)(h->space.top - h->space.start);
    return (int64_t)gcr_supply_headroom(h->heap.supply) - (int64_t)more -
           (int64_t)reserve_bytes(h, blocks, committed);
}

/* How much the fast path may spend so that the charges of the smallest objects fit into `spare`. */
static uint64_t affordable_bytes(const struct gcr_compact *h, int64_t spare)
{
    if (spare <= 0)
        return 0;
    if (spare == INT64_MAX || h->charge_bytes == 0)
        return UINT64_MAX;
    return (uint64_t)spare / h->charge_bytes * (GCR_WORD_BYTES + h->charge_bytes);
}

static void settle_with(struct gcr_compact *h, int64_t spare)
{
    uint64_t spent = spent_bytes(h);
    uint64_t quota = spent < h->allowed_bytes ? h->allowed_bytes - spent : 0;
    uint64_t room = (uint64_t)(h->space.top - h->free), affordable = affordable_bytes(h, spare);
    quota = quota < room ? quota : room;
    quota = quota < affordable ? quota : affordable;
    h->quota_bytes = h->exhausted ? 0 : quota;
}

static uint64_t committed_bytes(const struct gcr_compact *h)
{
    return (uint64_t)(h->space.top - h->space.start);
}

void gcr_compact_settle(struct gcr_compact *h)
{
    settle_with(h, spare_bytes(h, h->blocks, committed_bytes(h)));
}

/* ---- room ---- */

/* Where a step ahead of `needed` bytes would end: not beyond the limit, behind which a backup may
 * come to lie. */
static uint64_t step_end(const struct gcr_compact *h, uint64_t needed)
{
    uint64_t end = (needed + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
    uint64_t limit = compact_present_limit(h);
    if (end > limit)
        end = limit;
    if (end > h->space.reserved_bytes)
        end = h->space.reserved_bytes;
    return end > needed ? end : needed;
}

bool gcr_compact_extend(struct gcr_compact *h, uint64_t bytes, uint64_t blocks)
{
    uint64_t needed = gcr_page_round(gcr_compact_used(h) + bytes), committed = committed_bytes(h);
    blocks += h->blocks;
    if (gcr_compact_used(h) + bytes > usable_bytes(h, blocks))
        return false;
    if (needed <= committed)
        return spare_bytes(h, blocks, committed) >= 0;
    uint64_t end = step_end(h, needed);
    if (spare_bytes(h, blocks, end) < 0 || end - committed > gcr_supply_headroom(h->heap.supply))
        end = needed;
    if (spare_bytes(h, blocks, end) < 0 ||
        !gcr_supply_commit(h->heap.supply, GCR_PAGES_OBJECTS, h->space.top, end - committed))
        return false;
    h->space.top = h->space.start + end;
    return true;
}

bool gcr_compact_extend_for_promotion(struct gcr_compact *h, uint64_t bytes)
{
    uint64_t needed = gcr_page_round(gcr_compact_used(h) + bytes), committed = committed_bytes(h);
    if (needed <= committed)
        return true;
    if (needed > h->space.reserved_bytes ||
        !gcr_supply_commit(h->heap.supply, GCR_PAGES_OBJECTS, h->space.top, needed - committed))
        return false;
    h->space.top = h->space.start + needed;
    return true;
}

bool gcr_compact_has_reserve(const struct gcr_compact *h)
{
    return spare_bytes(h, h->blocks, committed_bytes(h)) >= 0;
}

bool gcr_compact_make_room(struct gcr_compact *h, uint64_t bytes, uint64_t blocks,
                           gcr_compact_collector *collect)
{
    if (h->exhausted)
        return false;
    if (bytes + blocks * h->charge_bytes <= h->quota_bytes)
        return true;
    bool allowed = gcr_compact_is_allowed(h, bytes, blocks);
    if (allowed && gcr_compact_extend(h, bytes, blocks))
        return true;
    enum gcr_reason reason = allowed ? GCR_REASON_EMERGENCY : GCR_REASON_ALLOCATION;
    uint64_t requested = bytes + blocks * native_charge(h), finalized = h->heap.work.finalized;
    for (int tries = 0; tries < 2; tries++) {
        if (!collect(h, reason, requested))
            return false;
        if (gcr_compact_is_allowed(h, bytes, blocks) && gcr_compact_extend(h, bytes, blocks))
            return true;
        if (h->heap.work.finalized == finalized) /* nothing more became garbage meanwhile */
            return false;
        reason = GCR_REASON_EMERGENCY;
    }
    return false;
}

gcr_ref gcr_compact_carve(struct gcr_compact *h, const struct gcr_layout *layout, uint64_t length)
{
    gcr_ref object = (gcr_ref)(void *)h->free;
    uint64_t bytes = gcr_layout_bytes(layout, length);
    GCR_CHECK(1, bytes <= (uint64_t)(h->space.top - h->free));
    h->free += bytes;
    h->blocks++;
    if (!h->zeroed)
        memset(object, 0, bytes);
    gcr_layout_set(layout, object, h->config.old_flags, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

/* ---- room for something else ---- */

static bool side_fits(struct gcr_compact *h, uint64_t bytes)
{
    int64_t spare = spare_bytes(h, h->blocks, committed_bytes(h));
    if (spare < 0 || bytes > (uint64_t)spare)
        return false;
    settle_with(h, spare - (int64_t)bytes);
    return true;
}

bool gcr_compact_make_side_room(struct gcr_compact *h, uint64_t bytes,
                                gcr_compact_collector *collect)
{
    if (h->config.budget_bytes == 0)
        return true;
    if (side_fits(h, bytes))
        return true;
    gcr_compact_trim(h);
    if (side_fits(h, bytes))
        return true;
    gcr_compact_settle(h);
    if (collect == NULL || h->exhausted || !collect(h, GCR_REASON_EMERGENCY, 0))
        return false;
    gcr_compact_trim(h);
    if (side_fits(h, bytes))
        return true;
    gcr_compact_settle(h);
    return false;
}
