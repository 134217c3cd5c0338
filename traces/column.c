/* Columns in plain C. */
#include "traces/column.h"

#include <stdbool.h>

#include "base/compiler.h"
#include "traces/bytes.h"
#include "traces/predict.h"

static const uint8_t column_length[4] = {0, 1, 2, 4};

static size_t column_data_bytes(const uint8_t *codes, size_t code_bytes)
{
    size_t sum = 0;
    for (size_t i = 0; i < code_bytes; i++) {
        unsigned c = codes[i];
        sum += (size_t)column_length[c & 3] + column_length[c >> 2 & 3] +
               column_length[c >> 4 & 3] + column_length[c >> 6];
    }
    return sum;
}

static void column_values(const uint8_t *codes, const uint8_t *data, uint32_t count,
                          enum column_form form, uint32_t *out)
{
    static const uint32_t mask[4] = {0, 0xff, 0xffff, 0xffffffff};
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i += COLUMN_GROUP) {
        unsigned code = codes[i / COLUMN_GROUP];
        for (unsigned k = 0; k < COLUMN_GROUP; k++, code >>= 2) {
            uint32_t value = bytes_get32(data) & mask[code & 3];
            data += column_length[code & 3];
            if (form != COLUMN_PLAIN)
                value = predict_unzigzag(value);
            if (form == COLUMN_DELTA)
                value = sum += value;
            out[i + k] = value;
        }
    }
}

const struct column_ops column_plain_c = {column_data_bytes, column_values};

const struct column_ops *column_best(void)
{
#ifdef GCR_COLUMN_AVX2
    if (GCR_CPU_HAS("avx2") && GCR_CPU_HAS("popcnt"))
        return &column_avx2;
#endif
    return &column_plain_c;
}
