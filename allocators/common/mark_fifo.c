#include "allocators/common/mark_fifo.h"

#include "base/check.h"

void gcr_mark_fifo_init(struct gcr_mark_fifo *fifo, struct gcr_supply *supply)
{
    *fifo = (struct gcr_mark_fifo){.supply = supply};
}

static size_t fifo_bytes(const gcr_ref *from, const gcr_ref *to)
{
    return (size_t)((const char *)to - (const char *)from);
}

bool gcr_mark_fifo_open(struct gcr_mark_fifo *fifo, uint64_t entries)
{
    GCR_CHECK(1, fifo->start == NULL);
    fifo->refused = false;
    fifo->reserved_bytes = gcr_page_round((entries + 1) * sizeof(gcr_ref));
    fifo->start = gcr_supply_reserve(fifo->supply, fifo->reserved_bytes, GCR_PAGE_BYTES);
    fifo->head = fifo->tail = fifo->limit = fifo->kept = fifo->start;
    return fifo->start != NULL;
}

void gcr_mark_fifo_close(struct gcr_mark_fifo *fifo)
{
    if (fifo->start == NULL)
        return;
    gcr_supply_release(fifo->supply, GCR_PAGES_WORK, fifo->kept,
                       fifo_bytes(fifo->kept, fifo->limit));
    gcr_supply_unreserve(fifo->supply, fifo->start, fifo->reserved_bytes);
    fifo->head = fifo->tail = fifo->limit = fifo->kept = fifo->start = NULL;
}

static bool fifo_commit(struct gcr_mark_fifo *fifo, size_t bytes)
{
    if (!gcr_supply_commit(fifo->supply, GCR_PAGES_WORK, fifo->limit, bytes))
        return false;
    fifo->limit += bytes / sizeof(gcr_ref);
    if (fifo_bytes(fifo->kept, fifo->limit) > fifo->peak_bytes)
        fifo->peak_bytes = fifo_bytes(fifo->kept, fifo->limit);
    return true;
}

void gcr_mark_fifo_give_back(struct gcr_mark_fifo *fifo)
{
    size_t bytes = fifo_bytes(fifo->kept, fifo->head) & ~(size_t)(GCR_PAGE_BYTES - 1);
    gcr_supply_release(fifo->supply, GCR_PAGES_WORK, fifo->kept, bytes);
    fifo->kept += bytes / sizeof(gcr_ref);
}

/* A page at first, then more at a time; a single page, and passed pages given back before it, when
 * the supply is short. */
bool gcr_mark_fifo_grow(struct gcr_mark_fifo *fifo)
{
    size_t left = fifo->reserved_bytes - fifo_bytes(fifo->start, fifo->limit);
    size_t step = gcr_page_round(fifo_bytes(fifo->kept, fifo->limit) / 2);
    step = step > GCR_MARK_FIFO_STEP ? GCR_MARK_FIFO_STEP : step;
    if (step == 0 || step > left || step > gcr_supply_headroom(fifo->supply))
        step = GCR_PAGE_BYTES;
    if (left >= step && fifo_commit(fifo, step))
        return true;
    gcr_mark_fifo_give_back(fifo);
    if (left >= step && fifo_commit(fifo, GCR_PAGE_BYTES))
        return true;
    fifo->refused = true;
    return false;
}
