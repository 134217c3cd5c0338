/* buffered-refcount through the seam: layout, when what dies, buffers, snapshots, weak references,
 * finalizers, bodies. All in place, so that every epoch ends where the test says. */
#include "tests/collectors/buffered_refcount_fixture.h"

static const char *const in_place[] = {"thread=off", NULL};

/* ---- layout ---- */

static void test_header_is_two_words_of_32_bits(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 1);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 2);
    const uint32_t *word = (const uint32_t *)(const void *)fixture_ref(&fixture, pair);
    assert_int_equal(word[0], MODEL_PAIR);
    assert_int_equal(word[1], 1); /* RC 1, CRC 0, black, not buffered */
    word = (const uint32_t *)(const void *)fixture_ref(&fixture, string);
    assert_int_equal(word[0] & RECYCLER_ID_MASK, MODEL_STRING);
    assert_int_equal(word[1], 1u | (uint32_t)RECYCLER_GREEN << 28);
    assert_int_equal(word[2], 5);
    word = (const uint32_t *)(const void *)fixture_ref(&fixture, array);
    assert_int_equal(word[0], MODEL_ARRAY | 1u << RECYCLER_HIDDEN_SHIFT);
    assert_int_equal(word[2], 3);
    struct gcr_footprint parts;
    fixture.collector->footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24 + 5 + 24);
    assert_int_equal(parts.headers_bytes, 8 + 16 + 16);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_two_words_of_32_bits),
    };
    return cmocka_run_group_tests_name("collector.buffered_refcount", tests, NULL, NULL);
}
