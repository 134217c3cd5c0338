/* Columns by byte shuffles: the four lengths of a code byte choose the shuffle that spreads the
 * next 0 to 16 bytes over four values, after Lemire, Kurz and Rupp, "Stream VByte" (2018), with
 * other lengths. About 2 cycles for four values, whatever their lengths. */
#include "traces/column.h"

#include <immintrin.h>
#include <string.h>

#include "base/compiler.h"

/* clang-format off */
#define LENGTH(code) ((code) == 3 ? 4 : (code))
#define BYTE(start, code, k) ((k) < LENGTH(code) ? (start) + (k) : 0x80)
#define LANE(start, code) \
    BYTE(start, code, 0), BYTE(start, code, 1), BYTE(start, code, 2), BYTE(start, code, 3)
#define AFTER_1(b) LENGTH((b) & 3)
#define AFTER_2(b) (AFTER_1(b) + LENGTH((b) >> 2 & 3))
#define AFTER_3(b) (AFTER_2(b) + LENGTH((b) >> 4 & 3))
#define AFTER_4(b) (AFTER_3(b) + LENGTH((b) >> 6))
#define ROW(b) {LANE(0, (b) & 3), LANE(AFTER_1(b), (b) >> 2 & 3), LANE(AFTER_2(b), (b) >> 4 & 3), \
                LANE(AFTER_3(b), (b) >> 6)}
#define BY_4(what, b) what(b), what((b) + 1), what((b) + 2), what((b) + 3)
#define BY_16(what, b) BY_4(what, b), BY_4(what, (b) + 4), BY_4(what, (b) + 8), BY_4(what, (b) + 12)
#define BY_64(what, b) \
    BY_16(what, b), BY_16(what, (b) + 16), BY_16(what, (b) + 32), BY_16(what, (b) + 48)
#define BY_256(what) BY_64(what, 0), BY_64(what, 64), BY_64(what, 128), BY_64(what, 192)
/* clang-format on */

/* By code byte: which byte goes where (0x80: a zero), and how many are used up. */
static const _Alignas(16) uint8_t column_shuffle[256][16] = {BY_256(ROW)};
static const uint8_t column_used[256] = {BY_256(AFTER_4)};

/* The lengths 0, 1, 2, 4 of a code with bits h and l are l + 2h + (h and l). */
static size_t column_data_bytes(const uint8_t *codes, size_t code_bytes)
{
    const uint64_t low = 0x5555555555555555;
    size_t sum = 0, i = 0;
    for (; i + 8 <= code_bytes; i += 8) {
        uint64_t word;
        memcpy(&word, codes + i, sizeof word);
        uint64_t l = word & low, h = word >> 1 & low;
        sum += GCR_POPCOUNT64(l) + 2 * GCR_POPCOUNT64(h) + GCR_POPCOUNT64(l & h);
    }
    for (; i < code_bytes; i++)
        sum += column_used[codes[i]];
    return sum;
}

GCR_ALWAYS_INLINE void column_spread(const uint8_t *codes, const uint8_t *data, uint32_t count,
                                     enum column_form form, uint32_t *out)
{
    __m128i sum = _mm_setzero_si128();
    for (uint32_t i = 0; i < count; i += COLUMN_GROUP) {
        unsigned code = codes[i / COLUMN_GROUP];
        __m128i bytes = _mm_loadu_si128((const __m128i *)data);
        __m128i x = _mm_shuffle_epi8(bytes, *(const __m128i *)column_shuffle[code]);
        data += column_used[code];
        if (form != COLUMN_PLAIN) {
            __m128i sign = _mm_sub_epi32(_mm_setzero_si128(), _mm_and_si128(x, _mm_set1_epi32(1)));
            x = _mm_xor_si128(_mm_srli_epi32(x, 1), sign);
        }
        if (form == COLUMN_DELTA) {
            x = _mm_add_epi32(x, _mm_slli_si128(x, 4));
            x = _mm_add_epi32(x, _mm_slli_si128(x, 8));
            x = _mm_add_epi32(x, sum);
            sum = _mm_shuffle_epi32(x, 0xff);
        }
        _mm_storeu_si128((__m128i *)(out + i), x);
    }
}

static void column_values(const uint8_t *codes, const uint8_t *data, uint32_t count,
                          enum column_form form, uint32_t *out)
{
    switch (form) {
    case COLUMN_PLAIN:
        column_spread(codes, data, count, COLUMN_PLAIN, out);
        break;
    case COLUMN_ZIGZAG:
        column_spread(codes, data, count, COLUMN_ZIGZAG, out);
        break;
    case COLUMN_DELTA:
        column_spread(codes, data, count, COLUMN_DELTA, out);
        break;
    }
}

const struct column_ops column_avx2 = {column_data_bytes, column_values};
