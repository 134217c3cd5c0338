/* buffered-refcount: counts that do not fit 13 bits. */
#include "allocators/buffered_refcount/counts.h"

void recycler_carry(struct gcr_recycler *h, struct recycler_table *table, gcr_ref object)
{
    struct recycler_entry *entry = recycler_table_find(table, object);
    if (entry != NULL)
        entry->value += RECYCLER_CARRY;
    else
        (void)!recycler_table_add(h, table, object, RECYCLER_CARRY); /* refused: h has failed */
}

bool recycler_borrow(struct recycler_table *table, gcr_ref object)
{
    struct recycler_entry *entry = recycler_table_find(table, object);
    if (entry == NULL)
        return true; /* the carry was refused, and the heap has failed */
    entry->value -= RECYCLER_CARRY;
    if (entry->value != 0)
        return false;
    recycler_table_remove(table, entry);
    return true;
}

static uint64_t counts_more(const struct recycler_table *table, gcr_ref object)
{
    const struct recycler_entry *entry = recycler_table_find(table, object);
    return entry != NULL ? entry->value : 0;
}

void recycler_crc_drop(struct gcr_recycler *h, gcr_ref object)
{
    struct recycler_entry *entry = recycler_table_find(&h->collector.more_crc, object);
    if (entry != NULL)
        recycler_table_remove(&h->collector.more_crc, entry);
}

void recycler_crc_copy_slow(struct gcr_recycler *h, gcr_ref object)
{
    uint64_t more = counts_more(&h->collector.more_rc, object);
    recycler_crc_drop(h, object);
    if (more != 0)
        (void)!recycler_table_add(h, &h->collector.more_crc, object, more);
}

static uint64_t counts_whole(const struct recycler_table *table, gcr_ref object, unsigned shift)
{
    uint32_t count = *recycler_count_word(object) >> shift & RECYCLER_COUNT;
    uint64_t field = count & RECYCLER_FIELD;
    return (count & RECYCLER_OVER) != 0 ? field + counts_more(table, object) : field;
}

uint64_t recycler_rc(const struct gcr_recycler *h, gcr_ref object)
{
    return counts_whole(&h->collector.more_rc, object, RECYCLER_RC_SHIFT);
}

uint64_t recycler_crc(const struct gcr_recycler *h, gcr_ref object)
{
    return counts_whole(&h->collector.more_crc, object, RECYCLER_CRC_SHIFT);
}
