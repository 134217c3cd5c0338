/* Rows of tags in one or two vectors of 16: compiled with -mavx512f, chosen at run time. */
#include <immintrin.h>

#include "sim/model/rows.h"
#include "sim/model/state.h"

/* Ways up to and including the lowest set one of `candidates`. */
static inline uint32_t row_upto(uint32_t candidates)
{
    return candidates ^ (candidates - 1);
}

static inline uint32_t row_match(__m512i tags, __m512i tag)
{
    return _mm512_testn_epi32_mask(_mm512_xor_si512(tags, tag), _mm512_set1_epi32(-2));
}

GCR_ALWAYS_INLINE struct model_row model_row_touch_16(uint32_t *row, uint32_t last_way,
                                                      uint32_t tag, bool write)
{
    __m512i tags = _mm512_load_si512(row);
    uint32_t match = row_match(tags, _mm512_set1_epi32((int)tag));
    uint32_t candidates = match | last_way;
    uint32_t found = row[GCR_CTZ64(candidates)];
    uint32_t front = (match != 0 ? found : tag) | write;
    __m512i moved = _mm512_alignr_epi32(tags, _mm512_set1_epi32((int)front), 15);
    _mm512_store_si512(row, _mm512_mask_mov_epi32(tags, (__mmask16)row_upto(candidates), moved));
    return (struct model_row){match != 0, front, match != 0 ? 0 : found};
}

GCR_ALWAYS_INLINE struct model_row model_row_touch_32(uint32_t *row, uint32_t last_way,
                                                      uint32_t tag, bool write)
{
    __m512i low = _mm512_load_si512(row), high = _mm512_load_si512(row + 16);
    __m512i wanted = _mm512_set1_epi32((int)tag);
    uint32_t match = row_match(low, wanted) | row_match(high, wanted) << 16;
    uint32_t candidates = match | last_way;
    uint32_t found = row[GCR_CTZ64(candidates)], moving = row_upto(candidates);
    uint32_t front = (match != 0 ? found : tag) | write;
    __m512i moved_low = _mm512_alignr_epi32(low, _mm512_set1_epi32((int)front), 15);
    __m512i moved_high = _mm512_alignr_epi32(high, low, 15);
    _mm512_store_si512(row, _mm512_mask_mov_epi32(low, (__mmask16)moving, moved_low));
    _mm512_store_si512(row + 16,
                       _mm512_mask_mov_epi32(high, (__mmask16)(moving >> 16), moved_high));
    return (struct model_row){match != 0, front, match != 0 ? 0 : found};
}

#include "sim/model/levels.h"

const struct gcr_model_width gcr_model_avx512 = MODEL_WIDTH;
