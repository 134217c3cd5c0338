/* The kernel's account of written pages against what the test itself has written, on both sides of
 * real forks. Skipped, with the kernel's reason, where it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/measure/written_pages.h"

enum { PAGE = GCR_PAGE_BYTES, PAGES = 1000 };

struct fixture {
    struct gcr_supply supply;
    struct gcr_written_pages pages;
    char *heap;
};

/* A heap of PAGES written pages, among a large reservation. */
static void setup(struct fixture *f)
{
    struct gcr_error err;

    gcr_supply_init(&f->supply, 0);
    assert_int_equal(gcr_written_pages_open(&f->pages, &f->supply, &err), GCR_OK);
    f->heap = gcr_supply_reserve(&f->supply, (size_t)1 << 34, PAGE);
    assert_non_null(f->heap);
    assert_true(gcr_supply_commit(&f->supply, GCR_PAGES_OBJECTS, f->heap, (size_t)PAGES * PAGE));
    for (size_t i = 0; i < PAGES; i++)
        f->heap[i * PAGE + i] = 1;
}

static void teardown(struct fixture *f)
{
    gcr_written_pages_close(&f->pages);
    gcr_supply_unreserve(&f->supply, f->heap, (size_t)1 << 34);
}

static void arm(struct fixture *f)
{
    struct gcr_error err;

    assert_int_equal(gcr_written_pages_arm(&f->pages, &f->supply, &err), GCR_OK);
}

static struct gcr_written_counts count(const struct fixture *f)
{
    struct gcr_written_counts counts;
    struct gcr_error err;

    assert_int_equal(gcr_written_pages_count(&f->pages, &counts, &err), GCR_OK);
    return counts;
}

static void write_pages(struct fixture *f, size_t first, size_t step, size_t how_many)
{
    for (size_t i = 0; i < how_many; i++)
        f->heap[(first + i * step) * PAGE + 17]++;
}

/* The test goes on in a forked child; the parent fails if the child does. */
#define IN_A_CHILD(...)                                                                            \
    do {                                                                                           \
        int how = -1;                                                                              \
        pid_t child = fork();                                                                      \
        assert_true(child >= 0);                                                                   \
        if (child == 0) {                                                                          \
            __VA_ARGS__;                                                                           \
            _exit(0); /* a failed assertion ends the child otherwise */                            \
        }                                                                                          \
        assert_int_equal(waitpid(child, &how, 0), child);                                          \
        assert_int_equal(how, 0);                                                                  \
    } while (0)

static void skip_where_refused(void)
{
    struct gcr_error err = {""};
    struct fixture f;
    gcr_status status;

    setup(&f);
    status = gcr_written_pages_arm(&f.pages, &f.supply, &err);
    teardown(&f);
    if (status == GCR_OK)
        return;
    assert_int_equal(status, GCR_UNSUPPORTED);
    assert_true(strlen(err.text) > 0);
    print_message("skipped: %s\n", err.text);
    skip();
}

struct page_list {
    const char *heap;
    size_t page[PAGES];
    size_t count;
};

static void list_page(void *arg, uintptr_t page)
{
    struct page_list *list = arg;

    assert_true(list->count < PAGES);
    list->page[list->count++] = (page - (uintptr_t)list->heap) / PAGE;
}

static void both_sides_of_a_fork_have_their_own_account(void **unused)
{
    struct fixture f;

    (void)unused;
    skip_where_refused();
    setup(&f);
    IN_A_CHILD({
        arm(&f);
        assert_int_equal(count(&f).copied, 0);
        write_pages(&f, 3, 7, 100);
        assert_int_equal(count(&f).shared, PAGES);
        assert_int_equal(count(&f).copied, 100);
        write_pages(&f, 3, 7, 100); /* written again: nothing new */
        write_pages(&f, 4, 7, 10);
        assert_int_equal(count(&f).copied, 110);
    });
    arm(&f);
    assert_int_equal(count(&f).copied, 0);
    write_pages(&f, 0, 2, 500);
    IN_A_CHILD({
        arm(&f); /* the parent's writes and its own protection mean nothing here */
        assert_int_equal(count(&f).shared, PAGES);
        assert_int_equal(count(&f).copied, 0);
        write_pages(&f, 1, 1, 77);
        assert_int_equal(count(&f).copied, 77);
    });
    assert_int_equal(count(&f).copied, 500);
    assert_int_equal(count(&f).fresh, 0);
    teardown(&f);
}

static void pages_are_named_in_order(void **unused)
{
    struct page_list list = {0};
    struct gcr_error err;
    struct fixture f;

    (void)unused;
    skip_where_refused();
    setup(&f);
    arm(&f);
    write_pages(&f, 990, 1, 3);
    write_pages(&f, 5, 100, 4);
    list.heap = f.heap;
    assert_int_equal(gcr_written_pages_visit_copied(&f.pages, list_page, &list, &err), GCR_OK);
    assert_int_equal(list.count, 7);
    assert_memory_equal(list.page, ((size_t[]){5, 105, 205, 305, 990, 991, 992}),
                        7 * sizeof list.page[0]);
    list.count = 0;
    gcr_written_pages_visit_shared(&f.pages, list_page, &list);
    assert_int_equal(list.count, PAGES);
    teardown(&f);
}

static void released_pages_are_dropped_whatever_comes_in_their_place(void **unused)
{
    struct fixture f;

    (void)unused;
    skip_where_refused();
    setup(&f);
    arm(&f);
    write_pages(&f, 100, 1, 10); /* copied, then released */
    gcr_supply_release(&f.supply, GCR_PAGES_OBJECTS, f.heap + 100 * PAGE, 50 * PAGE);
    assert_int_equal(count(&f).dropped, 50);
    assert_int_equal(count(&f).dropped_copied, 10);
    assert_int_equal(count(&f).shared, PAGES - 50);
    assert_int_equal(count(&f).copied, 0);
    assert_int_equal(count(&f).fresh, 0);
    assert_true(gcr_supply_commit(&f.supply, GCR_PAGES_OBJECTS, f.heap + 100 * PAGE, 50 * PAGE));
    write_pages(&f, 100, 1, 30);
    assert_int_equal(count(&f).copied, 0);
    assert_int_equal(count(&f).fresh, 30);
    write_pages(&f, 99, 51, 2);
    assert_int_equal(count(&f).copied, 2);
    teardown(&f);
}

static void pages_that_were_only_read_are_not_shared(void **unused)
{
    struct fixture f;
    volatile char *fresh;
    char sum = 0;

    (void)unused;
    skip_where_refused();
    setup(&f);
    fresh = f.heap + (size_t)PAGES * PAGE;
    assert_true(
        gcr_supply_commit(&f.supply, GCR_PAGES_SIDE, f.heap + (size_t)PAGES * PAGE, 20 * PAGE));
    for (size_t i = 0; i < 10; i++)
        sum = (char)(sum | fresh[i * PAGE]); /* the kernel's page of zeroes */
    assert_int_equal(sum, 0);
    arm(&f);
    assert_int_equal(count(&f).shared, PAGES);
    assert_int_equal(count(&f).fresh, 0);
    for (size_t i = 0; i < 15; i++)
        fresh[i * PAGE] = 1;
    assert_int_equal(count(&f).copied, 0);
    assert_int_equal(count(&f).fresh, 15);
    teardown(&f);
}

static void pages_populated_on_request_are_shared(void **unused)
{
    struct fixture f;

    (void)unused;
    skip_where_refused();
    setup(&f);
    f.supply.pretouch = true;
    assert_true(
        gcr_supply_commit(&f.supply, GCR_PAGES_WORK, f.heap + (size_t)PAGES * PAGE, 20 * PAGE));
    arm(&f);
    assert_int_equal(count(&f).shared, PAGES + 20);
    write_pages(&f, PAGES + 3, 1, 5);
    assert_int_equal(count(&f).copied, 5);
    teardown(&f);
}

static void mappings_made_after_the_fork_are_fresh(void **unused)
{
    struct fixture f;
    char *later;

    (void)unused;
    skip_where_refused();
    setup(&f);
    arm(&f);
    later = gcr_supply_map(&f.supply, GCR_PAGES_OBJECTS, 64 * PAGE, PAGE);
    assert_non_null(later);
    memset(later, 5, 64 * PAGE);
    assert_int_equal(count(&f).copied, 0);
    assert_int_equal(count(&f).fresh, 64);
    gcr_supply_unmap(&f.supply, GCR_PAGES_OBJECTS, later, 64 * PAGE);
    assert_int_equal(count(&f).fresh, 0);
    assert_int_equal(count(&f).dropped, 0);
    teardown(&f);
}

/* The children of a server live on while it forks more of them. */
static void living_children_do_not_stand_in_the_way(void **unused)
{
    enum { CHILDREN = 3 };
    pid_t child[CHILDREN];
    struct fixture f;
    int hold[2];

    (void)unused;
    skip_where_refused();
    setup(&f);
    assert_int_equal(pipe(hold), 0);
    for (int i = 0; i < CHILDREN; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            char word;

            close(hold[1]);
            arm(&f);
            write_pages(&f, (size_t)i, 1, 5);
            _exit(count(&f).copied == 5 && read(hold[0], &word, 1) == 0 ? 0 : 1);
        }
        arm(&f);
        assert_int_equal(count(&f).copied, 0);
        write_pages(&f, 100, 1, (size_t)i + 10);
        assert_int_equal(count(&f).copied, i + 10);
    }
    close(hold[1]);
    for (int i = 0; i < CHILDREN; i++) {
        int how = -1;

        assert_int_equal(waitpid(child[i], &how, 0), child[i]);
        assert_int_equal(how, 0);
    }
    close(hold[0]);
    teardown(&f);
}

static void a_second_fork_starts_a_new_account(void **unused)
{
    struct fixture f;

    (void)unused;
    skip_where_refused();
    setup(&f);
    arm(&f);
    write_pages(&f, 0, 1, 40);
    gcr_supply_release(&f.supply, GCR_PAGES_OBJECTS, f.heap + 500 * PAGE, 4 * PAGE);
    IN_A_CHILD(arm(&f));
    arm(&f);
    assert_int_equal(count(&f).copied, 0);
    assert_int_equal(count(&f).dropped, 0);
    assert_int_equal(count(&f).shared, PAGES - 4);
    write_pages(&f, 10, 1, 20);
    assert_int_equal(count(&f).copied, 20);
    teardown(&f);
}

/* More runs of written pages than one answer of the kernel holds. */
static void many_separate_pages_are_all_found(void **unused)
{
    const size_t many = 5000;
    struct fixture f;

    (void)unused;
    skip_where_refused();
    setup(&f);
    assert_true(gcr_supply_commit(&f.supply, GCR_PAGES_OBJECTS, f.heap + (size_t)PAGES * PAGE,
                                  2 * many * PAGE));
    write_pages(&f, PAGES, 2, many);
    arm(&f);
    assert_int_equal(count(&f).shared, PAGES + many);
    write_pages(&f, PAGES, 4, many / 2);
    assert_int_equal(count(&f).copied, many / 2);
    teardown(&f);
}

static void memory_of_a_library_is_refused(void **unused)
{
    struct gcr_error err;
    struct fixture f;

    (void)unused;
    setup(&f);
    assert_true(gcr_supply_adjust(&f.supply, GCR_PAGES_OBJECTS, 123456));
    assert_int_equal(gcr_written_pages_arm(&f.pages, &f.supply, &err), GCR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "123456 bytes of this heap"));
    assert_false(gcr_written_pages_are_armed(&f.pages));
    teardown(&f);
}

/* No descriptor is to be had: the kernel refuses, and says why. */
static void refusal_of_the_kernel_is_named(void **unused)
{
    struct gcr_error err;
    struct fixture f;

    (void)unused;
    setup(&f);
    IN_A_CHILD({
        struct rlimit none = {0, 0};
        struct gcr_written_counts counts;

        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        assert_int_equal(gcr_written_pages_arm(&f.pages, &f.supply, &err), GCR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "the kernel refuses userfaultfd: "));
        assert_false(gcr_written_pages_are_armed(&f.pages));
        assert_int_equal(gcr_written_pages_count(&f.pages, &counts, &err), GCR_UNSUPPORTED);
    });
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_of_a_fork_have_their_own_account),
        cmocka_unit_test(pages_are_named_in_order),
        cmocka_unit_test(released_pages_are_dropped_whatever_comes_in_their_place),
        cmocka_unit_test(pages_that_were_only_read_are_not_shared),
        cmocka_unit_test(pages_populated_on_request_are_shared),
        cmocka_unit_test(mappings_made_after_the_fork_are_fresh),
        cmocka_unit_test(living_children_do_not_stand_in_the_way),
        cmocka_unit_test(a_second_fork_starts_a_new_account),
        cmocka_unit_test(many_separate_pages_are_all_found),
        cmocka_unit_test(memory_of_a_library_is_refused),
        cmocka_unit_test(refusal_of_the_kernel_is_named),
    };

    return cmocka_run_group_tests_name("unit.written_pages", tests, NULL, NULL);
}
