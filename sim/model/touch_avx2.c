/* Rows of tags in two or four vectors of 8: compiled with -mavx2, chosen at run time. */
#include <immintrin.h>

#include "sim/model/rows.h"
#include "sim/model/state.h"

enum { LANES = 8, MOST_VECTORS = 4 };

static inline uint32_t row_match(__m256i tags, __m256i tag_dirty)
{
    __m256i equal = _mm256_cmpeq_epi32(_mm256_or_si256(tags, _mm256_set1_epi32(1)), tag_dirty);
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(equal));
}

/* Puts `front` before the row and moves what was before way `last` one way on. */
GCR_ALWAYS_INLINE void row_rotate(uint32_t *row, const __m256i *tags, int vectors, uint32_t front,
                                  uint32_t last)
{
    const __m256i one_on = _mm256_setr_epi32(7, 0, 1, 2, 3, 4, 5, 6);
    __m256i way = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i end = _mm256_set1_epi32((int)last);
    __m256i carried = _mm256_set1_epi32((int)front);
    for (int i = 0; i < vectors; i++) {
        __m256i turned = _mm256_permutevar8x32_epi32(tags[i], one_on);
        __m256i moved = _mm256_blend_epi32(turned, carried, 1);
        __m256i stays = _mm256_cmpgt_epi32(way, end);
        _mm256_store_si256((__m256i *)(void *)(row + i * LANES),
                           _mm256_blendv_epi8(moved, tags[i], stays));
        carried = turned;
        way = _mm256_add_epi32(way, _mm256_set1_epi32(LANES));
    }
}

GCR_ALWAYS_INLINE struct model_row row_touch(uint32_t *row, int vectors, uint32_t last_way,
                                             uint32_t tag, bool write)
{
    __m256i tags[MOST_VECTORS];
    uint32_t match = 0;
    for (int i = 0; i < vectors; i++) {
        tags[i] = _mm256_load_si256((const __m256i *)(const void *)(row + i * LANES));
        match |= row_match(tags[i], _mm256_set1_epi32((int)(tag | 1))) << (i * LANES);
    }
    uint32_t last = GCR_CTZ64(match | last_way);
    uint32_t found = row[last];
    uint32_t front = (match != 0 ? found : tag) | write;
    row_rotate(row, tags, vectors, front, last);
    return (struct model_row){match != 0, front, match != 0 ? 0 : found};
}

GCR_ALWAYS_INLINE struct model_row model_row_touch_16(uint32_t *row, uint32_t last_way,
                                                      uint32_t tag, bool write)
{
    return row_touch(row, 2, last_way, tag, write);
}

GCR_ALWAYS_INLINE struct model_row model_row_touch_32(uint32_t *row, uint32_t last_way,
                                                      uint32_t tag, bool write)
{
    return row_touch(row, 4, last_way, tag, write);
}

#include "sim/model/levels.h"

const struct gcr_model_width gcr_model_avx2 = MODEL_WIDTH;
