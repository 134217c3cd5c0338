/* Rows of tags without vector instructions: any machine. */
#include "sim/model/rows.h"
#include "sim/model/state.h"

static inline struct model_row model_row_touch(uint32_t *row, const struct gcr_model_level *level,
                                               uint32_t tag, bool write)
{
    uint32_t way = 0, ways = level->ways, moved = row[0];
    while ((row[way] & ~(uint32_t)1) != tag && way + 1 < ways)
        way++;
    uint32_t found = row[way];
    bool hit = (found & ~(uint32_t)1) == tag;
    uint32_t front = (hit ? found : tag) | write;
    for (uint32_t i = 1; i <= way; i++) {
        uint32_t next = row[i];
        row[i] = moved;
        moved = next;
    }
    row[0] = front;
    return (struct model_row){hit, front, hit ? 0 : found};
}

#include "sim/model/levels.h"

void gcr_model_touch_scalar(uintptr_t address, bool write, struct gcr_cache_counts *counts)
{
    model_touch(address, write, counts);
}
