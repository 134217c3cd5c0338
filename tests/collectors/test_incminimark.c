/* incminimark through the seam: layout, minor collections, the barrier and its cards, pinned and
 * prebuilt objects, weak references, finalizers, bodies. Major collections and their bounds:
 * test_incminimark_major.c; its own check: test_incminimark_damage.c. */
#include "tests/collectors/incminimark_fixture.h"

/* ---- layout ---- */

static void test_nursery_layout_to_the_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);     /* 8 + 24 */
    uint32_t empty = fixture_alloc(&fixture, MODEL_EMPTY, 0, 1);   /* minimum: 16 */
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 2); /* 16 + 5, to 24 */
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2, 3);     /* 16 + 8, body 16 + 16 */
    uint32_t last = fixture_alloc(&fixture, MODEL_EMPTY, 0, 4);
    const char *start = inside(&fixture)->nursery.start;
    assert_ptr_equal(fixture_ref(&fixture, pair), start);
    assert_ptr_equal(fixture_ref(&fixture, empty), start + 32);
    assert_ptr_equal(fixture_ref(&fixture, string), start + 48);
    assert_ptr_equal(fixture_ref(&fixture, list), start + 72);
    assert_ptr_equal(fixture_ref(&fixture, last), start + 128);
    assert_int_equal(inside(&fixture)->nursery.bytes, 4 * MIB);
    assert_int_equal(inc_header(&fixture, pair) >> 44, 0); /* no flag of the old generation */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_old_objects_have_no_least_size(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    (void)fixture_alloc(&fixture, MODEL_EMPTY, 0, 0);    /* 8 */
    (void)fixture_alloc(&fixture, MODEL_PAIR, 0, 1);     /* 32 */
    (void)fixture_alloc(&fixture, MODEL_STRING, 264, 2); /* 280: the largest in a page */
    inc_minor(&fixture);
    const struct gcr_incminimark *h = inside(&fixture);
    assert_int_equal(h->pages.used_bytes, 8 + 32 + 280);
    assert_int_equal(h->pages.pages_in_use, 3);
    assert_int_equal(h->raws.used_bytes, 0);
    (void)fixture_alloc(&fixture, MODEL_STRING, 265, 3); /* 288: a block of the general heap */
    inc_minor(&fixture);
    assert_int_equal(h->pages.used_bytes, 8 + 32 + 280);
    assert_in_range(h->raws.used_bytes, 288, 288 + 16);
    assert_int_equal(incminimark_page_blocks(1), (8192 - 32) / 8);
    assert_int_equal(incminimark_page_blocks(35), (8192 - 32) / 280);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nursery_layout_to_the_byte),
        cmocka_unit_test(test_old_objects_have_no_least_size),
    };
    return cmocka_run_group_tests_name("collector.incminimark", tests, NULL, NULL);
}
