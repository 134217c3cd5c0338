/* The nursery's slow half: sizes, placing, zeroing. */
#include "allocators/common/nursery.h"

void gcr_nursery_init(struct gcr_nursery *nursery, size_t step_bytes)
{
    *nursery = (struct gcr_nursery){.step_bytes = step_bytes & ~(size_t)(GCR_WORD_BYTES - 1)};
}

void gcr_nursery_set_limits(struct gcr_nursery *nursery, uint64_t bytes, uint64_t min_bytes)
{
    uint64_t base = bytes < min_bytes ? bytes : min_bytes;
    unsigned shift = 0;
    while (base != 0 && base << (shift + 1) <= bytes)
        shift++;
    nursery->plain_bytes = bytes / 2 != 0 ? bytes / 2 - 1 : 0;
    nursery->base_bytes = bytes / 4 != 0 ? bytes / 4 - 1 : 0;
    nursery->items_base_bytes = base / 4;
    nursery->items_shift = shift;
    nursery->small_bytes = base / 8 < GCR_NURSERY_SMALL_BYTES ? base / 8 : GCR_NURSERY_SMALL_BYTES;
}

bool gcr_nursery_takes(const struct gcr_nursery *nursery, const struct gcr_layout *layout,
                       uint64_t length)
{
    if (layout->item_bytes == 0)
        return layout->fixed_bytes - GCR_HEADER_BYTES <= nursery->plain_bytes;
    return layout->fixed_bytes - GCR_HEADER_BYTES <= nursery->base_bytes &&
           length <= nursery->items_base_bytes / layout->item_bytes << nursery->items_shift;
}

void gcr_nursery_place(struct gcr_nursery *nursery, char *start, size_t bytes, bool zeroed)
{
    GCR_CHECK(1, (uintptr_t)start % GCR_WORD_BYTES == 0 && bytes % GCR_WORD_BYTES == 0);
    nursery->start = nursery->free = start;
    nursery->bytes = bytes;
    nursery->top = start + bytes;
    nursery->dirty = zeroed ? start : nursery->top;
    nursery->limit = zeroed && nursery->step_bytes == 0 ? nursery->top : start;
    if (!zeroed && nursery->step_bytes == 0) {
        GCR_ZERO_AS(GCR_CAUSE_NEW, start, bytes);
        nursery->zeroed_bytes += bytes;
        nursery->dirty = start;
        nursery->limit = nursery->top;
    }
}

void gcr_nursery_drop(struct gcr_nursery *nursery)
{
    nursery->start = nursery->free = nursery->limit = nursery->top = nursery->dirty = NULL;
    nursery->bytes = 0;
}

void gcr_nursery_reset(struct gcr_nursery *nursery)
{
    if (nursery->step_bytes == 0) {
        size_t used = gcr_nursery_used(nursery);
        GCR_ZERO_AS(GCR_CAUSE_NEW, nursery->start, used);
        nursery->zeroed_bytes += used;
    } else {
        if (nursery->dirty < nursery->limit)
            nursery->dirty = nursery->limit;
        nursery->limit = nursery->start;
    }
    nursery->free = nursery->start;
}

/* Zeroes up to `to`; what lies above `dirty` is zero already. */
static void nursery_extend(struct gcr_nursery *nursery, char *to)
{
    char *end = to < nursery->dirty ? to : nursery->dirty;
    if (end > nursery->limit) {
        memset(nursery->limit, 0, (size_t)(end - nursery->limit));
        nursery->zeroed_bytes += (uint64_t)(end - nursery->limit);
    }
    nursery->limit = to;
}

void *gcr_nursery_alloc_slow(struct gcr_nursery *nursery, uint64_t bytes)
{
    if (bytes > (uint64_t)(nursery->top - nursery->free))
        return NULL;
    size_t room = (size_t)(nursery->top - nursery->limit);
    size_t wanted = (size_t)(bytes - (uint64_t)(nursery->limit - nursery->free));
    if (wanted < nursery->step_bytes)
        wanted = nursery->step_bytes;
    nursery_extend(nursery, nursery->limit + (wanted < room ? wanted : room));
    void *start = nursery->free;
    nursery->free += bytes;
    return start;
}

const char *gcr_nursery_check(const struct gcr_nursery *nursery, int level)
{
    if (nursery->start == NULL)
        return nursery->bytes != 0 || nursery->free != NULL || nursery->limit != NULL
                   ? "bounds without a nursery"
                   : NULL;
    if (nursery->free < nursery->start || nursery->limit < nursery->free ||
        nursery->top < nursery->limit || nursery->top > nursery->start + nursery->bytes)
        return "start <= free <= limit <= top does not hold in the nursery";
    if (level < 3)
        return NULL;
    for (const char *at = nursery->free; at < nursery->limit; at += GCR_WORD_BYTES)
        if (*(const uint64_t *)(const void *)at != 0)
            return "free room of the nursery is not zero";
    return NULL;
}
