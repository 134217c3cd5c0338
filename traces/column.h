/* Columns of small numbers: how their bytes become 32-bit values. Internal to traces/.
 *
 * A value takes 0, 1, 2 or 4 bytes; the lengths stand apart, 2 bits each, four to a byte
 * (FORMAT.md, section 6). The same functions exist in plain C and for AVX2, with equal results. */
#ifndef GCR_TRACES_COLUMN_H
#define GCR_TRACES_COLUMN_H

#include <stddef.h>
#include <stdint.h>

enum column_form {
    COLUMN_PLAIN,  /* the values as stored */
    COLUMN_ZIGZAG, /* signed differences */
    COLUMN_DELTA   /* signed differences, each to the value before it, from 0: added up */
};

enum {
    COLUMN_SLACK_BYTES = 16, /* readable bytes behind the data */
    COLUMN_GROUP = 4         /* values are written by fours: room is rounded up */
};

struct column_ops {
    /* Bytes of data that all these length codes stand for. O(code_bytes). */
    size_t (*data_bytes)(const uint8_t *codes, size_t code_bytes);
    /* Writes `count` values, rounded up to a multiple of COLUMN_GROUP. The data must be as long as
     * data_bytes says, with COLUMN_SLACK_BYTES behind it. O(count). */
    void (*values)(const uint8_t *codes, const uint8_t *data, uint32_t count, enum column_form form,
                   uint32_t *out);
};

extern const struct column_ops column_plain_c;
#ifdef GCR_COLUMN_AVX2
extern const struct column_ops column_avx2; /* for processors with avx2 and popcnt */
#endif

/* What this processor does best. */
const struct column_ops *column_best(void);

#endif
