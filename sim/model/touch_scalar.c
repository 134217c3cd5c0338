/* Rows of tags without vector instructions: any machine. */
#include "sim/model/rows.h"
#include "sim/model/state.h"

static inline struct model_row row_touch(uint32_t *row, uint32_t last_way, uint32_t tag, bool write)
{
    uint32_t way = 0, last = GCR_CTZ64(last_way), moved = row[0];
    while ((row[way] & ~(uint32_t)1) != tag && way < last)
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

GCR_ALWAYS_INLINE struct model_row model_row_touch_16(uint32_t *row, uint32_t last_way,
                                                      uint32_t tag, bool write)
{
    return row_touch(row, last_way, tag, write);
}

GCR_ALWAYS_INLINE struct model_row model_row_touch_32(uint32_t *row, uint32_t last_way,
                                                      uint32_t tag, bool write)
{
    return row_touch(row, last_way, tag, write);
}

#include "sim/model/levels.h"

const struct gcr_model_width gcr_model_scalar = MODEL_WIDTH;
