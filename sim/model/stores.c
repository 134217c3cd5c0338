/* Stores that say their cause (allocators/common/access.h), and blocks (callbacks.h). */
#define GCR_MODELLED /* this file is what the macros call */

#include <string.h>

#include "base/check.h"
#include "sim/model/callbacks.h"
#include "sim/model/state.h"

/* Where a store with this cause counts, whatever operation makes it. */
static inline struct gcr_cache_counts *stores_counts(enum gcr_write_cause cause)
{
    const struct gcr_model_state *s = &gcr_model_state;
    if (cause == GCR_CAUSE_DATA)
        return s->now_data;
    return cause == GCR_CAUSE_COUNT ? s->now_count : s->now;
}

static inline void stores_make(void *at, uint64_t value, size_t bytes)
{
    switch (bytes) {
    case 8:
        *(uint64_t *)at = value;
        break;
    case 4:
        *(uint32_t *)at = (uint32_t)value;
        break;
    case 2:
        *(uint16_t *)at = (uint16_t)value;
        break;
    default:
        GCR_CHECK(1, bytes == 1);
        *(uint8_t *)at = (uint8_t)value;
    }
}

static inline uint64_t stores_look(const void *at, size_t bytes)
{
    switch (bytes) {
    case 8:
        return *(const uint64_t *)at;
    case 4:
        return *(const uint32_t *)at;
    case 2:
        return *(const uint16_t *)at;
    default:
        GCR_CHECK(1, bytes == 1);
        return *(const uint8_t *)at;
    }
}

void gcr_model_store(void *at, uint64_t value, size_t bytes, enum gcr_write_cause cause)
{
    model_store((uintptr_t)at, bytes, false, stores_counts(cause), GCR_STORE_KEY(cause, true));
    stores_make(at, value, bytes);
}

uint64_t gcr_model_add(void *at, uint64_t delta, size_t bytes, enum gcr_write_cause cause)
{
    struct gcr_cache_counts *counts = stores_counts(cause);
    counts->reads++;
    model_look_read((uintptr_t)at, counts);
    model_store((uintptr_t)at, bytes, false, counts, GCR_STORE_KEY(cause, true));
    stores_make(at, stores_look(at, bytes) + delta, bytes);
    return stores_look(at, bytes);
}

/* Line after line: a block may be larger than a cache. */
static void stores_copy(uintptr_t to, uintptr_t from, size_t bytes, struct gcr_cache_counts *counts,
                        uint64_t store_key)
{
    if (bytes == 0)
        return;
    if (bytes <= MODEL_SCALAR_BYTES) {
        counts->reads++;
        model_look_read(from, counts);
        if (model_crosses(from, bytes))
            model_look_read(from + bytes - 1, counts);
        model_store(to, bytes, true, counts, store_key);
        return;
    }
    uintptr_t to_line = to >> MODEL_LINE_SHIFT, from_line = from >> MODEL_LINE_SHIFT;
    uintptr_t to_last = (to + bytes - 1) >> MODEL_LINE_SHIFT;
    uintptr_t from_last = (from + bytes - 1) >> MODEL_LINE_SHIFT;
    for (; to_line <= to_last || from_line <= from_last; to_line++, from_line++) {
        if (from_line <= from_last) {
            counts->reads++;
            model_look_read(from_line << MODEL_LINE_SHIFT, counts);
        }
        if (to_line <= to_last)
            model_store(to_line << MODEL_LINE_SHIFT, 1, false, counts, store_key);
    }
}

void *gcr_model_memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    stores_copy((uintptr_t)to, (uintptr_t)from, bytes, gcr_model_state.now,
                gcr_model_state.store_key);
    return memcpy(to, from, bytes);
}

void *gcr_model_memmove(void *to, const void *from, size_t bytes)
{
    stores_copy((uintptr_t)to, (uintptr_t)from, bytes, gcr_model_state.now,
                gcr_model_state.store_key);
    return memmove(to, from, bytes);
}

void *gcr_model_memset(void *to, int byte, size_t bytes)
{
    gcr_model_range((uintptr_t)to, bytes, true);
    return memset(to, byte, bytes);
}

void gcr_model_move(void *to, const void *from, size_t bytes, enum gcr_write_cause cause)
{
    stores_copy((uintptr_t)to, (uintptr_t)from, bytes, stores_counts(cause),
                GCR_STORE_KEY(cause, true));
    memmove(to, from, bytes);
}

void gcr_model_zero(void *at, size_t bytes, enum gcr_write_cause cause)
{
    struct gcr_cache_counts *counts = stores_counts(cause);
    uint64_t store_key = GCR_STORE_KEY(cause, true);
    uintptr_t start = (uintptr_t)at;
    if (bytes != 0 && bytes <= MODEL_SCALAR_BYTES) {
        model_store(start, bytes, true, counts, store_key);
    } else if (bytes != 0) {
        uintptr_t last = (start + bytes - 1) >> MODEL_LINE_SHIFT;
        for (uintptr_t line = start >> MODEL_LINE_SHIFT; line <= last; line++)
            model_store(line << MODEL_LINE_SHIFT, 1, false, counts, store_key);
    }
    memset(at, 0, bytes);
}

int gcr_model_memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;
    size_t same = 0;
    while (same < bytes && x[same] == y[same])
        same++;
    size_t looked = same < bytes ? same + 1 : bytes;
    gcr_model_range((uintptr_t)a, looked, false);
    gcr_model_range((uintptr_t)b, looked, false);
    return memcmp(a, b, bytes);
}
