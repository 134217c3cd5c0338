/* Page supply and vector: addresses, zeroes, accounting, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocators/collector.h"
#include "allocators/common/vector.h"

enum { PAGE = GCR_PAGE_BYTES, MEGABYTE = 1 << 20 };

static void test_reservation_is_aligned_and_costs_nothing(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    char *small = gcr_supply_reserve(&supply, 1, PAGE);
    char *aligned = gcr_supply_reserve(&supply, 5 * PAGE, MEGABYTE);
    assert_non_null(small);
    assert_non_null(aligned);
    assert_int_equal((uintptr_t)aligned % MEGABYTE, 0);
    assert_int_equal(supply.committed_bytes, 0);
    assert_int_equal(supply.peak_bytes, 0);
    gcr_supply_unreserve(&supply, aligned, 5 * PAGE);
    gcr_supply_unreserve(&supply, small, 1);
}

static void test_addresses_repeat(void **state)
{
    (void)state;
    void *first[3], *second[3];
    for (int round = 0; round < 2; round++) {
        void **at = round == 0 ? first : second;
        struct gcr_supply supply;
        gcr_supply_init(&supply, 0);
        for (int i = 0; i < 3; i++)
            at[i] = gcr_supply_reserve(&supply, MEGABYTE, (size_t)PAGE << i);
        for (int i = 0; i < 3; i++)
            gcr_supply_unreserve(&supply, at[i], MEGABYTE);
    }
    assert_memory_equal(first, second, sizeof first);
}

static void test_two_supplies_do_not_collide(void **state)
{
    (void)state;
    struct gcr_supply a, b;
    gcr_supply_init(&a, 0);
    gcr_supply_init(&b, 0);
    char *x = gcr_supply_map(&a, GCR_PAGES_SIDE, PAGE, PAGE);
    char *y = gcr_supply_map(&b, GCR_PAGES_SIDE, PAGE, PAGE);
    *x = 1;
    *y = 2;
    assert_ptr_not_equal(x, y);
    assert_int_equal(*x, 1);
    gcr_supply_unmap(&a, GCR_PAGES_SIDE, x, PAGE);
    gcr_supply_unmap(&b, GCR_PAGES_SIDE, y, PAGE);
}

static void test_released_pages_read_as_zero_again(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    unsigned char *start = gcr_supply_reserve(&supply, 4 * PAGE, PAGE);
    assert_true(gcr_supply_commit(&supply, GCR_PAGES_OBJECTS, start, 4 * PAGE));
    memset(start, 0xab, 4 * PAGE);
    gcr_supply_release(&supply, GCR_PAGES_OBJECTS, start + PAGE, 2 * PAGE);
    assert_int_equal(supply.committed_bytes, 2 * PAGE);
    assert_true(gcr_supply_commit(&supply, GCR_PAGES_OBJECTS, start + PAGE, 2 * PAGE));
    assert_int_equal(start[PAGE - 1], 0xab);
    for (size_t i = PAGE; i < 3 * PAGE; i++)
        assert_int_equal(start[i], 0);
    assert_int_equal(start[3 * PAGE], 0xab);
    gcr_supply_unmap(&supply, GCR_PAGES_OBJECTS, start, 4 * PAGE);
}

static void test_kinds_and_peak_are_counted(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    void *objects = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, 3 * PAGE, PAGE);
    void *side = gcr_supply_map(&supply, GCR_PAGES_SIDE, PAGE + 1, PAGE);
    assert_int_equal(supply.by_kind_bytes[GCR_PAGES_OBJECTS], 3 * PAGE);
    assert_int_equal(supply.by_kind_bytes[GCR_PAGES_SIDE], 2 * PAGE);
    gcr_supply_unmap(&supply, GCR_PAGES_OBJECTS, objects, 3 * PAGE);
    assert_int_equal(supply.committed_bytes, 2 * PAGE);
    assert_int_equal(supply.peak_bytes, 5 * PAGE);
    gcr_supply_unmap(&supply, GCR_PAGES_SIDE, side, PAGE + 1);
    assert_int_equal(supply.committed_bytes, 0);
}

static void test_budget_holds_to_the_page(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 4 * PAGE);
    char *start = gcr_supply_reserve(&supply, 16 * PAGE, PAGE);
    assert_true(gcr_supply_commit(&supply, GCR_PAGES_WORK, start, 3 * PAGE));
    assert_int_equal(gcr_supply_headroom(&supply), PAGE);
    assert_false(gcr_supply_commit(&supply, GCR_PAGES_WORK, start + 3 * PAGE, 2 * PAGE));
    assert_int_equal(supply.refused, 1);
    assert_int_equal(supply.committed_bytes, 3 * PAGE);
    assert_true(gcr_supply_commit(&supply, GCR_PAGES_WORK, start + 3 * PAGE, PAGE));
    assert_int_equal(gcr_supply_headroom(&supply), 0);
    assert_false(gcr_supply_adjust(&supply, GCR_PAGES_OBJECTS, 1));
    gcr_supply_release(&supply, GCR_PAGES_WORK, start, 4 * PAGE);
    assert_true(gcr_supply_adjust(&supply, GCR_PAGES_OBJECTS, 4 * PAGE));
    assert_true(gcr_supply_adjust(&supply, GCR_PAGES_OBJECTS, -4 * PAGE));
    assert_int_equal(supply.committed_bytes, 0);
    gcr_supply_unreserve(&supply, start, 16 * PAGE);
}

static void test_system_limit_refuses_without_a_budget(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    assert_true(gcr_supply_headroom(&supply) == UINT64_MAX);
    supply.system_limit_bytes = 2 * PAGE;
    assert_null(gcr_supply_map(&supply, GCR_PAGES_SIDE, 3 * PAGE, PAGE));
    void *two = gcr_supply_map(&supply, GCR_PAGES_SIDE, 2 * PAGE, PAGE);
    assert_non_null(two);
    gcr_supply_unmap(&supply, GCR_PAGES_SIDE, two, 2 * PAGE);
}

static void test_injected_failure_hits_the_nth_commit_once(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    supply.fail_after = 2;
    char *start = gcr_supply_reserve(&supply, 3 * PAGE, PAGE);
    assert_true(gcr_supply_commit(&supply, GCR_PAGES_SIDE, start, PAGE));
    assert_false(gcr_supply_commit(&supply, GCR_PAGES_SIDE, start + PAGE, PAGE));
    assert_true(gcr_supply_commit(&supply, GCR_PAGES_SIDE, start + PAGE, PAGE));
    assert_int_equal(supply.refused, 1);
    gcr_supply_unmap(&supply, GCR_PAGES_SIDE, start, 2 * PAGE);
    gcr_supply_unreserve(&supply, start + 2 * PAGE, PAGE);
}

static void test_absurd_reservation_is_refused(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    assert_null(gcr_supply_reserve(&supply, SIZE_MAX / 2, PAGE));
    assert_null(gcr_supply_reserve(&supply, 0, PAGE));
}

static void test_child_of_a_fork_counts_its_own(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    char *page = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, PAGE, PAGE);
    page[7] = 7;
    pid_t child = fork();
    if (child == 0) {
        bool right = page[7] == 7 && supply.committed_bytes == PAGE;
        page[7] = 8;
        char *more = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, PAGE, PAGE);
        right = right && more != NULL && supply.committed_bytes == 2 * PAGE;
        _exit(right ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(page[7], 7);
    assert_int_equal(supply.committed_bytes, PAGE);
    gcr_supply_unmap(&supply, GCR_PAGES_OBJECTS, page, PAGE);
}

static void test_vector_grows_past_its_first_reservation(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_vector vector;
    gcr_supply_init(&supply, 0);
    gcr_vector_init(&vector, &supply, GCR_PAGES_WORK, sizeof(uintptr_t));
    const uintptr_t count = 400000; /* 3.2 MB: two moves beyond the first megabyte */
    for (uintptr_t i = 0; i < count; i++)
        assert_true(gcr_vector_push_word(&vector, i * 3));
    assert_int_equal(gcr_vector_count(&vector), count);
    for (uintptr_t i = 0; i < count; i++)
        assert_int_equal(*(uintptr_t *)gcr_vector_at(&vector, i), i * 3);
    assert_true(supply.committed_bytes <= 2 * count * sizeof(uintptr_t));
    gcr_vector_truncate(&vector, 10);
    gcr_vector_trim(&vector);
    assert_int_equal(supply.committed_bytes, PAGE);
    assert_int_equal(*(uintptr_t *)gcr_vector_pop(&vector), 27);
    gcr_vector_finish(&vector);
    assert_int_equal(supply.committed_bytes, 0);
    assert_null(gcr_vector_pop(&vector));
}

static void test_vector_survives_refusal_at_every_commit(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 20; nth++) {
        struct gcr_supply supply;
        struct gcr_vector vector;
        gcr_supply_init(&supply, 0);
        supply.fail_after = nth;
        gcr_vector_init(&vector, &supply, GCR_PAGES_WORK, 16);
        uint64_t refused = 0;
        for (uint64_t i = 0; i < 100000;) {
            uint64_t *element = gcr_vector_push(&vector);
            if (element == NULL) {
                refused++;
                continue;
            }
            element[0] = element[1] = i++;
        }
        assert_int_equal(refused, supply.refused);
        for (uint64_t i = 0; i < 100000; i++)
            assert_int_equal(((uint64_t *)gcr_vector_at(&vector, i))[1], i);
        gcr_vector_finish(&vector);
        assert_int_equal(supply.committed_bytes, 0);
    }
}

static void test_vector_reserve_promises_room(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_vector vector;
    gcr_supply_init(&supply, 3 * PAGE);
    gcr_vector_init(&vector, &supply, GCR_PAGES_SIDE, 16);
    assert_true(gcr_vector_reserve(&vector, 3 * PAGE / 16));
    assert_false(gcr_vector_reserve(&vector, 3 * PAGE / 16 + 1));
    for (int i = 0; i < 3 * PAGE / 16; i++)
        assert_non_null(gcr_vector_push(&vector));
    assert_null(gcr_vector_push(&vector));
    gcr_vector_finish(&vector);
}

struct notebook {
    struct gcr_supply_observer observer;
    int committed, populated, released; /* pages */
};

static void note_committed(const struct gcr_supply_observer *self, enum gcr_page_kind kind,
                           void *start, size_t bytes)
{
    struct notebook *notes = (struct notebook *)(uintptr_t)self;
    assert_int_equal(kind, GCR_PAGES_SIDE);
    assert_non_null(start);
    notes->committed += (int)(bytes / PAGE);
}

static void note_populated(const struct gcr_supply_observer *self, void *start, size_t bytes)
{
    assert_non_null(start);
    ((struct notebook *)(uintptr_t)self)->populated += (int)(bytes / PAGE);
}

static void note_released(const struct gcr_supply_observer *self, enum gcr_page_kind kind,
                          void *start, size_t bytes)
{
    assert_int_equal(kind, GCR_PAGES_SIDE);
    assert_non_null(start);
    ((struct notebook *)(uintptr_t)self)->released += (int)(bytes / PAGE);
}

static void test_every_observer_is_told(void **state)
{
    (void)state;
    struct notebook early = {.observer = {note_committed, note_populated, note_released, NULL}};
    struct notebook late = early;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 8 * PAGE);
    gcr_supply_observe(&supply, &early.observer);
    char *first = gcr_supply_map(&supply, GCR_PAGES_SIDE, 3 * PAGE, PAGE);
    gcr_supply_observe(&supply, &late.observer);
    char *second = gcr_supply_map(&supply, GCR_PAGES_SIDE, 5 * PAGE, PAGE);
    assert_false(gcr_supply_commit(&supply, GCR_PAGES_SIDE, second, PAGE)); /* the budget */
    gcr_supply_populate(&supply, second, 2 * PAGE);
    gcr_supply_release(&supply, GCR_PAGES_SIDE, second, PAGE);
    gcr_supply_unmap(&supply, GCR_PAGES_SIDE, first, 3 * PAGE);
    assert_int_equal(early.committed, 8);
    assert_int_equal(late.committed, 5);
    assert_int_equal(early.populated, 2);
    assert_int_equal(late.populated, 2);
    assert_int_equal(early.released, 4);
    assert_int_equal(late.released, 4);
    gcr_supply_release(&supply, GCR_PAGES_SIDE, second + PAGE, 4 * PAGE);
    gcr_supply_unreserve(&supply, second, 5 * PAGE);
}

static void test_foreign_bytes_are_those_that_were_reported(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    char *own = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, PAGE, PAGE);
    assert_int_equal(supply.foreign_bytes, 0);
    assert_true(gcr_supply_adjust(&supply, GCR_PAGES_SIDE, 3 * PAGE));
    assert_true(gcr_supply_adjust(&supply, GCR_PAGES_SIDE, -PAGE));
    assert_int_equal(supply.foreign_bytes, 2 * PAGE);
    assert_int_equal(supply.committed_bytes, 3 * PAGE);
    assert_true(gcr_supply_adjust(&supply, GCR_PAGES_SIDE, -2 * PAGE));
    gcr_supply_unmap(&supply, GCR_PAGES_OBJECTS, own, PAGE);
}

static void test_every_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < GCR_REASON_COUNT; i++) {
        assert_non_null(gcr_reason_name[i]);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(gcr_reason_name[i], gcr_reason_name[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reservation_is_aligned_and_costs_nothing),
        cmocka_unit_test(test_addresses_repeat),
        cmocka_unit_test(test_two_supplies_do_not_collide),
        cmocka_unit_test(test_released_pages_read_as_zero_again),
        cmocka_unit_test(test_kinds_and_peak_are_counted),
        cmocka_unit_test(test_budget_holds_to_the_page),
        cmocka_unit_test(test_system_limit_refuses_without_a_budget),
        cmocka_unit_test(test_injected_failure_hits_the_nth_commit_once),
        cmocka_unit_test(test_absurd_reservation_is_refused),
        cmocka_unit_test(test_child_of_a_fork_counts_its_own),
        cmocka_unit_test(test_vector_grows_past_its_first_reservation),
        cmocka_unit_test(test_vector_survives_refusal_at_every_commit),
        cmocka_unit_test(test_vector_reserve_promises_room),
        cmocka_unit_test(test_every_observer_is_told),
        cmocka_unit_test(test_foreign_bytes_are_those_that_were_reported),
        cmocka_unit_test(test_every_reason_has_a_name),
    };
    return cmocka_run_group_tests_name("unit.supply", tests, NULL, NULL);
}
