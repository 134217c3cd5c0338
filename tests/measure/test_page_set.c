/* Sets of pages against an array of flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocators/common/supply.h"
#include "sim/measure/page_set.h"

enum { PAGE = GCR_PAGE_BYTES, PAGES = 1 << 18 }; /* as many as a gigabyte holds */

/* Around a border between two gigabytes, so that ranges cross it. */
static uintptr_t test_address(const struct gcr_page_set *set, size_t page)
{
    return set->first + ((uintptr_t)PAGES / 2 + page) * PAGE;
}

struct listing {
    const struct gcr_page_set *set;
    const bool *flags;
    uintptr_t last;
    uint64_t seen;
};

static void list_page(void *arg, uintptr_t page)
{
    struct listing *list = arg;

    assert_true(page > list->last);
    assert_true(list->flags[(page - test_address(list->set, 0)) / PAGE]);
    list->last = page;
    list->seen++;
}

static void hold_against(const struct gcr_page_set *set, const bool *flags)
{
    struct listing list = {.set = set, .flags = flags};
    uint64_t expected = 0;

    for (size_t i = 0; i < PAGES; i++)
        expected += flags[i];
    assert_int_equal(set->pages, expected);
    assert_int_equal(gcr_page_set_visit(set, set->first, set->last, list_page, &list), expected);
    assert_int_equal(list.seen, expected);
}

static void random_ranges_are_what_flags_say(void **unused)
{
    bool *flags = calloc(PAGES, sizeof *flags);
    struct gcr_page_set set;

    (void)unused;
    assert_non_null(flags);
    assert_true(gcr_page_set_init(&set));
    srand(20240607);
    for (int step = 0; step < 400; step++) {
        size_t start = (size_t)rand() % PAGES, most = step % 3 == 0 ? PAGES : 300;
        size_t end = start + (size_t)rand() % most;
        uint64_t before = 0;

        if (end > PAGES)
            end = PAGES;
        for (size_t i = start; i < end; i++)
            before += flags[i];
        assert_int_equal(
            gcr_page_set_count(&set, test_address(&set, start), test_address(&set, end)), before);
        for (size_t i = start; i < end; i++)
            flags[i] = step % 2 == 0;
        if (step % 2 == 0)
            assert_true(gcr_page_set_add(&set, test_address(&set, start), test_address(&set, end)));
        else
            assert_int_equal(
                gcr_page_set_remove(&set, test_address(&set, start), test_address(&set, end)),
                before);
        if (step % 40 == 39)
            hold_against(&set, flags);
    }
    gcr_page_set_clear(&set);
    assert_int_equal(gcr_page_set_count(&set, set.first, set.last), 0);
    assert_int_equal(set.pages, 0);
    gcr_page_set_finish(&set);
    free(flags);
}

static void addresses_outside_of_the_region_do_not_count(void **unused)
{
    struct gcr_page_set set;

    (void)unused;
    assert_true(gcr_page_set_init(&set));
    assert_true(gcr_page_set_add(&set, set.first - 4 * PAGE, set.first + 2 * PAGE));
    assert_true(gcr_page_set_add(&set, set.last - PAGE, set.last + 7 * PAGE));
    assert_true(gcr_page_set_add(&set, 0, set.first));
    assert_int_equal(set.pages, 3);
    assert_int_equal(gcr_page_set_count(&set, 0, UINTPTR_MAX), 3);
    assert_int_equal(gcr_page_set_remove(&set, 0, UINTPTR_MAX), 3);
    gcr_page_set_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_ranges_are_what_flags_say),
        cmocka_unit_test(addresses_outside_of_the_region_do_not_count),
    };

    return cmocka_run_group_tests_name("unit.page_set", tests, NULL, NULL);
}
