/* What the recorder's page sampling stands on: the kernel names exactly the pages that were
 * written, in a process, in its forked child, and through more runs of pages than one answer holds.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "workloads/cpython/mappings.h"
#include "workloads/cpython/page_watch.h"

enum { PAGES = 8192, ROOM = 64 };

struct range {
    struct page_watch watch;
    char *start;
    bool written[PAGES]; /* as the kernel says */
    bool twice;
};

static uint64_t range_end(const struct range *range)
{
    return (uintptr_t)range->start + (uint64_t)PAGES * WATCH_PAGE_BYTES;
}

static void range_note(void *arg, uint64_t start, uint64_t end)
{
    struct range *range = arg;
    for (uint64_t at = start; at < end; at += WATCH_PAGE_BYTES) {
        bool *written = &range->written[(at - (uintptr_t)range->start) / WATCH_PAGE_BYTES];
        range->twice |= *written;
        *written = true;
    }
}

/* Asks what was written, and compares with every `step`-th page from `first` on; step 0: none. */
static bool range_has(struct range *range, size_t first, size_t step)
{
    struct gcr_page_region found[ROOM];
    memset(range->written, 0, sizeof range->written);
    range->twice = false;
    if (page_watch_take((uintptr_t)range->start, range_end(range), found, ROOM, range_note, range,
                        NULL) != GCR_OK)
        return false;
    bool same = !range->twice;
    for (size_t i = 0; i < PAGES; i++)
        same &= range->written[i] == (step != 0 && i >= first && (i - first) % step == 0);
    return same;
}

static void range_write(struct range *range, size_t first, size_t step)
{
    for (size_t i = first; i < PAGES; i += step)
        ((volatile char *)range->start)[i * WATCH_PAGE_BYTES]++;
}

static void range_arm(struct range *range)
{
    struct gcr_error err = {""};
    assert_true(page_watch_add(&range->watch, (uintptr_t)range->start, range_end(range)));
    assert_int_equal(page_watch_protect((uintptr_t)range->start, range_end(range), &err), GCR_OK);
}

static void range_make(struct range *range)
{
    struct gcr_error err = {""};
    if (page_watch_probe(&err) != GCR_OK) {
        print_message("%s\n", err.text);
        free(range);
        skip();
    }
    size_t bytes = (size_t)PAGES * WATCH_PAGE_BYTES;
    range->start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(range->start, MAP_FAILED);
    memset(range->start, 1, bytes);
    assert_int_equal(page_watch_open(&range->watch, &err), GCR_OK);
    range_arm(range);
}

static void range_end_test(struct range *range)
{
    page_watch_close(&range->watch);
    munmap(range->start, (size_t)PAGES * WATCH_PAGE_BYTES);
    free(range);
}

static void test_exactly_the_written_pages(void **state)
{
    (void)state;
    struct range *range = calloc(1, sizeof *range);
    assert_non_null(range);
    range_make(range);
    assert_true(range_has(range, 0, 0));
    range_write(range, 5, 7);
    assert_true(range_has(range, 5, 7));
    assert_true(range_has(range, 0, 0)); /* taken once */
    range_write(range, 0, 2);            /* 4096 runs */
    assert_true(range_has(range, 0, 2));
    range_write(range, 0, 1); /* one run */
    assert_true(range_has(range, 0, 1));
    int sum = 0;
    for (size_t i = 0; i < PAGES; i++)
        sum += ((volatile char *)range->start)[i * WATCH_PAGE_BYTES];
    assert_int_not_equal(sum, 0);
    assert_true(range_has(range, 0, 0)); /* reading writes nothing */
    range_end_test(range);
}

static void test_fork(void **state)
{
    (void)state;
    struct range *range = calloc(1, sizeof *range);
    assert_non_null(range);
    range_make(range);
    int go[2];
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Only after the parent has gone on with its own: the inherited descriptor is still open.
         */
        char byte;
        struct gcr_error err = {""};
        bool good = read(go[0], &byte, 1) == 1;
        page_watch_close(&range->watch);
        good = good && page_watch_open(&range->watch, &err) == GCR_OK &&
               page_watch_add(&range->watch, (uintptr_t)range->start, range_end(range)) &&
               page_watch_protect((uintptr_t)range->start, range_end(range), &err) == GCR_OK &&
               range_has(range, 0, 0);
        range_write(range, 3, 11);
        good = good && page_watch_is_alive(&range->watch) && range_has(range, 3, 11);
        _exit(good ? 0 : 1);
    }
    range_arm(range);
    assert_true(range_has(range, 0, 0));
    range_write(range, 1, 5);
    assert_true(range_has(range, 1, 5));
    assert_int_equal(write(go[1], "x", 1), 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(range_has(range, 0, 0)); /* the child's writes are its own */
    assert_true(page_watch_is_alive(&range->watch));
    close(go[0]);
    close(go[1]);
    range_end_test(range);
}

static void test_a_closed_descriptor_is_noticed(void **state)
{
    (void)state;
    struct range *range = calloc(1, sizeof *range);
    assert_non_null(range);
    range_make(range);
    assert_true(page_watch_is_alive(&range->watch));
    close(range->watch.file);
    assert_false(page_watch_is_alive(&range->watch));
    /* Whoever has the number by now keeps it. */
    int other = dup(STDOUT_FILENO);
    assert_true(other >= 0);
    assert_true(dup2(other, range->watch.file) >= 0);
    int number = range->watch.file;
    page_watch_close(&range->watch);
    assert_true(fcntl(number, F_GETFD) >= 0);
    close(number);
    close(other);
    range_end_test(range);
}

struct sought {
    uint64_t address[3]; /* of a mapping, the program's text, the stack */
    bool found[3];
    uint64_t last;
    bool ascending;
};

static void sought_visit(void *arg, uint64_t start, uint64_t end)
{
    struct sought *sought = arg;
    sought->ascending &= start >= sought->last && end > start;
    sought->last = end;
    for (int i = 0; i < 3; i++)
        sought->found[i] |= sought->address[i] >= start && sought->address[i] < end;
}

static void test_mappings(void **state)
{
    (void)state;
    struct sought sought = {.ascending = true};
    char *buffer = malloc(MAPPINGS_BUFFER);
    void *page =
        mmap(NULL, WATCH_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_non_null(buffer);
    assert_ptr_not_equal(page, MAP_FAILED);
    void (*text)(void **) = test_mappings;
    sought.address[0] = (uintptr_t)page;
    sought.address[1] = (uintptr_t)text;
    sought.address[2] = (uintptr_t)&sought;
    assert_true(mappings_visit(buffer, sought_visit, &sought));
    assert_true(sought.ascending);
    assert_true(sought.found[0]);
    assert_false(sought.found[1]);
    assert_false(sought.found[2]);
    munmap(page, WATCH_PAGE_BYTES);
    free(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_the_written_pages),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_a_closed_descriptor_is_noticed),
        cmocka_unit_test(test_mappings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
