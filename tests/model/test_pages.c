/* Written pages: by hand, against a naive account on random programs, through a supply, and across
 * a real fork. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "sim/model/model.h"
#include "sim/model/pages.h"
#include "tests/model/reference.h"

enum { PAGE = GCR_PAGE_BYTES };

static uint64_t seed;
static uintptr_t heap; /* the supply's region */

static int open_model(void **state)
{
    (void)state;
    uintptr_t last;
    struct gcr_geometry geometry;
    struct gcr_error err;
    gcr_supply_region(&heap, &last);
    if (gcr_geometry_parse("host", &geometry, &err) != GCR_OK)
        return -1;
    struct gcr_model_config config = {.geometry = &geometry, .pages = true};
    if (gcr_model_open(&config, &err) != GCR_OK)
        return -1;
    gcr_model_pause(false);
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    gcr_model_close();
    assert_false(gcr_pages_are_open());
    return 0;
}

static void store(uintptr_t at)
{
    gcr_model_access((const void *)at, 8, true);
}

static void commit(enum gcr_page_kind kind, uintptr_t at, size_t pages)
{
    gcr_pages_observer.committed(&gcr_pages_observer, kind, (void *)at, pages * PAGE);
}

static void release(enum gcr_page_kind kind, uintptr_t at, size_t pages)
{
    gcr_pages_observer.released(&gcr_pages_observer, kind, (void *)at, pages * PAGE);
}

static struct gcr_page_counts count(void)
{
    struct gcr_page_counts counts;
    gcr_pages_count(&counts);
    return counts;
}

static void pages_become_resident_shared_and_copied(void **state)
{
    (void)state;
    commit(GCR_PAGES_OBJECTS, heap, 10);
    assert_int_equal(count().fresh, 0);
    for (uintptr_t page = 0; page < 4; page++) {
        store(heap + page * PAGE);
        store(heap + page * PAGE + 80);
    }
    assert_int_equal(count().fresh, 4);
    assert_int_equal(count().shared, 0);
    gcr_pages_fork();
    assert_int_equal(count().shared, 4);
    assert_int_equal(count().fresh, 0);
    store(heap);            /* copies */
    store(heap + 8);        /* does not */
    store(heap + PAGE * 7); /* was never there */
    struct gcr_page_counts counts = count();
    assert_int_equal(counts.copied, 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_DATA], 1);
    assert_int_equal(counts.any_cause[GCR_CAUSE_DATA], 1);
    assert_int_equal(counts.fresh, 1);
    release(GCR_PAGES_OBJECTS, heap, 2); /* one copied, one not */
    counts = count();
    assert_int_equal(counts.shared, 2);
    assert_int_equal(counts.copied, 0);
    assert_int_equal(counts.dropped, 2);
    assert_int_equal(counts.dropped_copied, 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_DATA], 0);
    commit(GCR_PAGES_OBJECTS, heap, 1);
    store(heap);
    assert_int_equal(count().fresh, 2);
    assert_int_equal(count().copied, 0);
    gcr_pages_fork();
    assert_int_equal(count().shared, 4);
    assert_int_equal(count().dropped, 0);
}

static void a_crossing_store_writes_two_pages(void **state)
{
    (void)state;
    gcr_model_access((const void *)(heap + PAGE - 4), 8, true);
    gcr_model_access((const void *)(heap + 3 * PAGE - 1), 2 * PAGE, true);
    assert_int_equal(count().fresh, 2 + 3);
    gcr_model_access((const void *)(heap + 9 * PAGE - 4), 8, false);
    assert_int_equal(count().fresh, 5);
}

static void the_phase_names_the_cause(void **state)
{
    (void)state;
    static const enum gcr_write_cause expected[GCR_PHASE_COUNT] = {
        GCR_CAUSE_DATA,      GCR_CAUSE_NEW,  GCR_CAUSE_HEADER, GCR_CAUSE_COUNT, GCR_CAUSE_HEADER,
        GCR_CAUSE_FREE_LINK, GCR_CAUSE_MOVE, GCR_CAUSE_MOVE,   GCR_CAUSE_HEADER};
    commit(GCR_PAGES_OBJECTS, heap, 32);
    gcr_pages_observer.populated(&gcr_pages_observer, (void *)heap, 32 * PAGE);
    assert_int_equal(count().fresh, 32);
    for (int phase = 0; phase < GCR_PHASE_COUNT; phase++) {
        gcr_pages_fork();
        if (phase >= GCR_PHASE_MARK)
            gcr_model_gc_phase((enum gcr_gc_phase)phase);
        else
            gcr_model_enter((enum gcr_gc_phase)phase);
        store(heap + (uintptr_t)phase * PAGE);
        assert_int_equal(count().copied, 1);
        assert_int_equal(count().first_cause[expected[phase]], 1);
    }
    gcr_model_gc_phase(GCR_PHASE_MUTATOR);
    gcr_pages_fork();
    store(heap);
    gcr_model_enter(GCR_PHASE_REFCOUNT);
    store(heap);
    gcr_model_enter(GCR_PHASE_MUTATOR);
    store(heap);
    struct gcr_page_counts counts = count();
    assert_int_equal(counts.copied, 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_COUNT] + counts.any_cause[GCR_CAUSE_COUNT],
                     1 + 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_DATA] + counts.any_cause[GCR_CAUSE_DATA], 1);
}

static void side_tables_and_buffers_are_causes_of_their_own(void **state)
{
    (void)state;
    commit(GCR_PAGES_SIDE, heap, 1);
    commit(GCR_PAGES_WORK, heap + PAGE, 1);
    store(heap);
    store(heap + PAGE);
    gcr_pages_fork();
    gcr_model_gc_phase(GCR_PHASE_MARK);
    store(heap);
    store(heap + PAGE);
    assert_int_equal(count().first_cause[GCR_CAUSE_SIDE], 1);
    assert_int_equal(count().first_cause[GCR_CAUSE_BUFFER], 1);
    assert_int_equal(gcr_pages_cause(heap, GCR_CAUSE_NEW), GCR_CAUSE_SIDE);
    assert_int_equal(gcr_pages_cause(heap + 2 * PAGE, GCR_CAUSE_NEW), GCR_CAUSE_NEW);
    /* The same address may later be something else. */
    release(GCR_PAGES_SIDE, heap, 1);
    commit(GCR_PAGES_OBJECTS, heap, 1);
    store(heap);
    gcr_pages_fork();
    store(heap);
    assert_int_equal(count().first_cause[GCR_CAUSE_HEADER], 1);
}

static void addresses_outside_the_region_are_nobody_s(void **state)
{
    (void)state;
    uintptr_t first, last;
    long here = 0;
    gcr_supply_region(&first, &last);
    store((uintptr_t)&here);
    store(first - 8);
    store(last);
    store(0x400000);
    assert_int_equal(count().fresh, 0);
    store(last - PAGE);
    assert_int_equal(count().fresh, 1);
    assert_int_equal(gcr_pages_cause((uintptr_t)&here, GCR_CAUSE_NEW), GCR_CAUSE_NEW);
}

static void a_pause_writes_no_page(void **state)
{
    (void)state;
    gcr_model_pause(true);
    store(heap);
    assert_int_equal(count().fresh, 0);
    gcr_model_pause(false);
    store(heap);
    assert_int_equal(count().fresh, 1);
}

/* ---- the naive account ---- */

enum { PLACES = 3, PLACE_PAGES = 200 };

struct naive_page {
    bool resident, shared, copied, any[GCR_CAUSE_COUNT_OF];
    enum gcr_write_cause first;
    enum gcr_page_kind kind;
};

struct naive {
    struct naive_page pages[PLACES][PLACE_PAGES];
    uint64_t dropped, dropped_copied;
};

static uintptr_t place_address(size_t place, size_t page)
{
    static const uintptr_t offset[PLACES] = {UINT64_C(0x3fffff000), 0, UINT64_C(0x123450000000)};
    return heap + offset[place] + page * PAGE;
}

static void naive_store(struct naive_page *page, enum gcr_write_cause by_phase)
{
    enum gcr_write_cause cause = page->kind == GCR_PAGES_SIDE   ? GCR_CAUSE_SIDE
                                 : page->kind == GCR_PAGES_WORK ? GCR_CAUSE_BUFFER
                                                                : by_phase;
    page->resident = true;
    if (!page->shared)
        return;
    if (!page->copied)
        page->first = cause;
    page->copied = page->any[cause] = true;
}

static void naive_release(struct naive *naive, struct naive_page *page)
{
    naive->dropped += page->shared;
    naive->dropped_copied += page->copied;
    *page = (struct naive_page){.kind = GCR_PAGES_OBJECTS};
}

static void naive_fork(struct naive *naive)
{
    struct naive_page *page = naive->pages[0];
    for (size_t i = 0; i < PLACES * PLACE_PAGES; i++)
        page[i] = (struct naive_page){
            .resident = page[i].resident, .shared = page[i].resident, .kind = page[i].kind};
    naive->dropped = naive->dropped_copied = 0;
}

static struct gcr_page_counts naive_count(const struct naive *naive)
{
    struct gcr_page_counts counts = {.dropped = naive->dropped,
                                     .dropped_copied = naive->dropped_copied};
    const struct naive_page *page = naive->pages[0];
    for (size_t i = 0; i < PLACES * PLACE_PAGES; i++) {
        counts.shared += page[i].shared;
        counts.copied += page[i].copied;
        counts.fresh += page[i].resident && !page[i].shared;
        counts.first_cause[page[i].first] += page[i].copied;
        for (int cause = 0; cause < GCR_CAUSE_COUNT_OF; cause++)
            counts.any_cause[cause] += page[i].any[cause];
    }
    return counts;
}

struct visited {
    const struct naive *naive;
    bool copied; /* else shared */
    uint64_t pages;
    uintptr_t last;
};

static void visit(void *arg, uintptr_t address)
{
    struct visited *visited = arg;
    bool found = false;
    assert_true(address > visited->last);
    visited->last = address;
    visited->pages++;
    for (size_t place = 0; place < PLACES; place++) {
        uintptr_t index = (address - place_address(place, 0)) / PAGE;
        if (address < place_address(place, 0) || index >= PLACE_PAGES)
            continue;
        const struct naive_page *page = &visited->naive->pages[place][index];
        found = visited->copied ? page->copied : page->shared;
    }
    assert_true(found);
}

static void naive_compare(const struct naive *naive)
{
    struct gcr_page_counts expected = naive_count(naive), found = count();
    struct visited copied = {.naive = naive, .copied = true}, shared = {.naive = naive};
    assert_memory_equal(&found, &expected, sizeof expected);
    gcr_pages_visit_copied(visit, &copied);
    gcr_pages_visit_shared(visit, &shared);
    assert_int_equal(copied.pages, expected.copied);
    assert_int_equal(shared.pages, expected.shared);
}

static void naive_step(struct naive *naive, uint64_t r)
{
    size_t place = (size_t)(r >> 8) % PLACES, index = (size_t)(r >> 16) % PLACE_PAGES;
    size_t pages = 1 + (size_t)(r >> 32) % 20;
    uintptr_t at = place_address(place, index);
    enum gcr_page_kind kind = (enum gcr_page_kind)((r >> 40) % GCR_PAGES_KINDS);
    struct naive_page *page = &naive->pages[place][index];
    if (pages > PLACE_PAGES - index)
        pages = PLACE_PAGES - index;
    switch (r & 63) {
    case 0:
        commit(kind, at, pages);
        for (size_t i = 0; i < pages; i++)
            page[i].kind = kind;
        break;
    case 1:
        release(kind, at, pages);
        for (size_t i = 0; i < pages; i++)
            naive_release(naive, &page[i]);
        break;
    case 2:
        if (r >> 50 & 1) {
            gcr_pages_fork();
            naive_fork(naive);
        }
        break;
    default:
        gcr_model_gc_phase(r >> 56 & 1 ? GCR_PHASE_COPY : GCR_PHASE_MUTATOR);
        store(at + (r >> 44) % (PAGE - 8));
        naive_store(page, r >> 56 & 1 ? GCR_CAUSE_MOVE : GCR_CAUSE_DATA);
    }
}

static void random_programs_agree_with_a_naive_account(void **state)
{
    (void)state;
    static struct naive naive;
    uint64_t random = seed;
    for (int i = 0; i < 60000; i++) {
        naive_step(&naive, reference_random(&random));
        if (i % 200 == 0)
            naive_compare(&naive);
    }
    naive_compare(&naive);
    assert_true(count().copied > 0 && count().dropped_copied > 0);
}

/* ---- a supply and a fork ---- */

static void a_supply_tells_of_its_pages(void **state)
{
    (void)state;
    struct gcr_supply supply;
    gcr_supply_init(&supply, 0);
    gcr_supply_observe(&supply, &gcr_pages_observer);
    char *pages = gcr_supply_map(&supply, GCR_PAGES_SIDE, 16 * PAGE, PAGE);
    assert_non_null(pages);
    assert_int_equal((uintptr_t)pages, heap);
    store((uintptr_t)pages);
    gcr_supply_populate(&supply, pages + PAGE, PAGE);
    assert_int_equal(count().fresh, 2);
    gcr_pages_fork();
    store((uintptr_t)pages);
    assert_int_equal(count().first_cause[GCR_CAUSE_SIDE], 1);
    gcr_supply_release(&supply, GCR_PAGES_SIDE, pages, PAGE);
    assert_int_equal(count().dropped_copied, 1);
    gcr_supply_unmap(&supply, GCR_PAGES_SIDE, pages + PAGE, 15 * PAGE);
    assert_int_equal(count().dropped, 2);
    gcr_supply_unreserve(&supply, pages, PAGE);
}

static void write_whole(int fd, const void *bytes, size_t size)
{
    if (write(fd, bytes, size) != (ssize_t)size)
        _exit(3);
}

static void child(int fd)
{
    struct gcr_page_counts counts;
    gcr_pages_fork();
    for (uintptr_t page = 5; page < 9; page++)
        store(heap + page * PAGE);
    gcr_pages_count(&counts);
    write_whole(fd, &counts, sizeof counts);
    _exit(0);
}

static void parent_and_child_count_for_themselves(void **state)
{
    (void)state;
    int pipe_ends[2], status;
    struct gcr_page_counts theirs, ours;
    commit(GCR_PAGES_OBJECTS, heap, 20);
    for (uintptr_t page = 0; page < 8; page++)
        store(heap + page * PAGE);
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(pipe_ends[1]);
    gcr_pages_fork();
    store(heap);
    assert_int_equal(read(pipe_ends[0], &theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ours = count();
    assert_int_equal(ours.shared, 8);
    assert_int_equal(ours.copied, 1);
    assert_int_equal(theirs.shared, 8);
    assert_int_equal(theirs.copied, 3);
    assert_int_equal(theirs.fresh, 1);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

int main(int argc, char **argv)
{
    seed = reference_seed(argc, argv, 4711);
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_model, close_model)
    const struct CMUnitTest tests[] = {
        TEST(pages_become_resident_shared_and_copied),
        TEST(a_crossing_store_writes_two_pages),
        TEST(the_phase_names_the_cause),
        TEST(side_tables_and_buffers_are_causes_of_their_own),
        TEST(addresses_outside_the_region_are_nobody_s),
        TEST(a_pause_writes_no_page),
        TEST(random_programs_agree_with_a_naive_account),
        TEST(a_supply_tells_of_its_pages),
        TEST(parent_and_child_count_for_themselves),
    };
    return cmocka_run_group_tests_name("unit.model_pages", tests, NULL, NULL);
}
