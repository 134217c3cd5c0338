/* buffered-refcount: the hash table of table.h. */
#include "allocators/buffered_refcount/buffered_refcount.h"

enum { TABLE_FIRST_CAPACITY = GCR_PAGE_BYTES / sizeof(struct recycler_entry) };
static const uintptr_t TOMBSTONE = 1;

/* Fibonacci hashing: objects are 8-aligned at least, and often neighbours. */
static size_t table_home(const struct recycler_table *table, uintptr_t key)
{
    return (size_t)((key >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (table->capacity - 1);
}

static struct recycler_entry *table_seek(const struct recycler_table *table, size_t at,
                                         uintptr_t key)
{
    for (;; at = (at + 1) & (table->capacity - 1)) {
        struct recycler_entry *entry = &table->slot[at];
        if (entry->key == key)
            return entry;
        if (entry->key == 0)
            return NULL;
    }
}

struct recycler_entry *recycler_table_find(const struct recycler_table *table, const void *key)
{
    if (table->count == 0)
        return NULL;
    return table_seek(table, table_home(table, (uintptr_t)key), (uintptr_t)key);
}

struct recycler_entry *recycler_table_next(const struct recycler_table *table,
                                           const struct recycler_entry *from)
{
    size_t at = (size_t)(from - table->slot + 1) & (table->capacity - 1);
    return table_seek(table, at, from->key);
}

static void table_put(struct recycler_table *table, uintptr_t key, uint64_t value)
{
    size_t at = table_home(table, key);
    while (table->slot[at].key > TOMBSTONE)
        at = (at + 1) & (table->capacity - 1);
    table->used += table->slot[at].key == 0;
    table->slot[at] = (struct recycler_entry){key, value};
    table->count++;
}

/* Twice the slots, or as many if most of those used are tombstones. */
static bool table_rehash(struct gcr_recycler *h, struct recycler_table *table)
{
    struct recycler_table old = *table;
    size_t capacity = old.capacity == 0          ? TABLE_FIRST_CAPACITY
                      : old.count * 2 < old.used ? old.capacity
                                                 : old.capacity * 2;
    struct recycler_entry *slot = recycler_memory_map(h, GCR_PAGES_SIDE, capacity * sizeof *slot);
    if (slot == NULL)
        return false;
    *table = (struct recycler_table){.slot = slot, .capacity = capacity, .peak = old.peak};
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slot[i].key > TOMBSTONE)
            table_put(table, old.slot[i].key, old.slot[i].value);
    recycler_table_finish(h, &old);
    return true;
}

bool recycler_table_add(struct gcr_recycler *h, struct recycler_table *table, const void *key,
                        uint64_t value)
{
    if (table->used + 1 > table->capacity / 4 * 3 && !table_rehash(h, table))
        return false;
    table_put(table, (uintptr_t)key, value);
    if (table->count > table->peak)
        table->peak = table->count;
    return true;
}

void recycler_table_remove(struct recycler_table *table, struct recycler_entry *entry)
{
    entry->key = TOMBSTONE;
    table->count--;
}

void recycler_table_finish(struct gcr_recycler *h, struct recycler_table *table)
{
    if (table->slot != NULL)
        recycler_memory_unmap(h, GCR_PAGES_SIDE, table->slot,
                              table->capacity * sizeof *table->slot);
    table->slot = NULL;
    table->capacity = table->used = table->count = 0;
}
