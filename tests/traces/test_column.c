/* Columns of numbers: what this processor does best gives what plain C gives, and that is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "traces/bytes.h"
#include "traces/column.h"

enum { MOST = 5000, ROOM = MOST + COLUMN_GROUP };

static uint32_t numbers[MOST], got[ROOM], best[ROOM];
static uint8_t codes[MOST / 4 + 1], data[MOST * 4 + COLUMN_SLACK_BYTES];

/* Writes numbers[0..count) as FORMAT.md says; returns the bytes of data. */
static size_t write_column(uint32_t count)
{
    static const uint8_t length_of_code[4] = {0, 1, 2, 4};
    size_t at = 0;
    memset(codes, 0, sizeof codes);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = numbers[i];
        unsigned code = x == 0 ? 0 : x < 256 ? 1 : x < 65536 ? 2 : 3;
        codes[i / 4] = (uint8_t)(codes[i / 4] | code << (i % 4 * 2));
        bytes_put32(data + at, x);
        at += length_of_code[code];
    }
    memset(data + at, 0xee, COLUMN_SLACK_BYTES); /* not part of any value */
    return at;
}

/* The value that number i stands for, the values before it being known. */
static uint32_t expected(enum column_form form, uint32_t i, uint32_t previous)
{
    uint32_t x = numbers[i];
    uint32_t difference = (x & 1) != 0 ? ~(x >> 1) : x >> 1;
    return form == COLUMN_PLAIN ? x : form == COLUMN_ZIGZAG ? difference : previous + difference;
}

static void check_column(uint32_t count, enum column_form form)
{
    const struct column_ops *ops = column_best();
    size_t bytes = write_column(count), code_bytes = ((size_t)count + 3) / 4;
    assert_int_equal(column_plain_c.data_bytes(codes, code_bytes), bytes);
    assert_int_equal(ops->data_bytes(codes, code_bytes), bytes);
    column_plain_c.values(codes, data, count, form, got);
    ops->values(codes, data, count, form, best);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(got[i], expected(form, i, i > 0 ? got[i - 1] : 0));
        assert_int_equal(best[i], got[i]);
    }
}

static void random_columns_are_read_alike(void **state)
{
    (void)state;
    uint64_t seed = sample_seed(90125);
    for (unsigned round = 0; round < 600; round++) {
        uint32_t count = 1 + (uint32_t)(sample_random(&seed) % (round % 10 == 0 ? MOST : 70));
        unsigned zeros = (unsigned)(sample_random(&seed) % 5);
        for (uint32_t i = 0; i < count; i++) {
            bool is_zero = sample_random(&seed) % 5 < zeros;
            numbers[i] =
                is_zero ? 0 : (uint32_t)(sample_random(&seed) >> 32) >> (sample_random(&seed) % 32);
        }
        check_column(count, (enum column_form)(round % 3));
    }
}

/* All 256 ways in which four lengths follow one another. */
static void every_code_byte_is_read_right(void **state)
{
    static const uint32_t of_length[4] = {0, 0x81, 0x8182, 0x81828384};
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        for (unsigned k = 0; k < 4; k++)
            numbers[k] = of_length[code >> (2 * k) & 3];
        check_column(4, COLUMN_PLAIN);
        assert_int_equal(codes[0], code);
        check_column(4, COLUMN_DELTA);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_columns_are_read_alike),
        cmocka_unit_test(every_code_byte_is_read_right),
    };
    sample_take_arguments(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
