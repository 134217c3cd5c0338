/* Streams whose misses can be counted by hand; phases, pauses, and what the model refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "sim/model/model.h"

enum { LINE = 64, PAGE = 4096 };

static const uintptr_t heap = UINT64_C(0x200000000000);

/* 64 lines in 8 sets of 8, 512 lines in 64 of 8, 4096 in 256 of 16; 16 and 64 pages. */
static const char small[] = "l1=4K/8,l2=32K/8,llc=256K/16,tlb1=16/4,tlb2=64/4";

static void open_model(const char *list)
{
    struct gcr_geometry geometry;
    struct gcr_error err;
    assert_int_equal(gcr_geometry_parse(list, &geometry, &err), GCR_OK);
    struct gcr_model_config config = {.geometry = &geometry};
    assert_int_equal(gcr_model_open(&config, &err), GCR_OK);
    gcr_model_pause(false);
}

/* Of all phases, and closes the model. */
static struct gcr_cache_counts close_model(void)
{
    struct gcr_model_counts counts;
    struct gcr_cache_counts sum = {0};
    gcr_model_read(&counts);
    for (int i = 0; i < GCR_PHASE_COUNT; i++)
        gcr_cache_counts_add(&sum, &counts.phase[i]);
    gcr_model_close();
    return sum;
}

static struct gcr_cache_counts counts_of(enum gcr_gc_phase phase)
{
    struct gcr_model_counts counts;
    gcr_model_read(&counts);
    return counts.phase[phase];
}

static void load(uintptr_t at)
{
    gcr_model_access((const void *)at, 8, false);
}

static void store(uintptr_t at)
{
    gcr_model_access((const void *)at, 8, true);
}

static void a_sequential_walk_misses_once_a_line(void **state)
{
    (void)state;
    open_model(small);
    for (uintptr_t at = 0; at < 64 * PAGE; at += 8)
        load(heap + at);
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.reads, 64 * PAGE / 8);
    assert_int_equal(counts.writes, 0);
    assert_int_equal(counts.l1_read_misses, 64 * PAGE / LINE);
    assert_int_equal(counts.l2_read_misses, 64 * PAGE / LINE);
    assert_int_equal(counts.llc_read_misses, 64 * PAGE / LINE);
    assert_int_equal(counts.memory_read_bytes, 64 * PAGE);
    assert_int_equal(counts.tlb1_misses, 64);
    assert_int_equal(counts.tlb2_misses, 64);
    assert_int_equal(counts.l1_writebacks + counts.memory_write_bytes, 0);
}

/* What fits a level is missed once there; what does not, in LRU order, each time. */
static void what_fits_a_level_stays_in_it(void **state)
{
    (void)state;
    open_model(small);
    for (int round = 0; round < 10; round++)
        for (uintptr_t line = 0; line < 512; line++) /* L2's size, 8 times L1's */
            load(heap + line * LINE);
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.l1_read_misses, 5120);
    assert_int_equal(counts.l2_read_misses, 512);
    assert_int_equal(counts.llc_read_misses, 512);
    assert_int_equal(counts.tlb1_misses, 8); /* 512 lines are 8 pages */
}

static void a_stride_of_one_set_uses_its_ways_alone(void **state)
{
    (void)state;
    open_model(small);
    for (int round = 0; round < 5; round++)
        for (uintptr_t i = 0; i < 8; i++) /* 8 ways */
            load(heap + i * 8 * LINE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_read_misses, 8);
    for (int round = 0; round < 5; round++)
        for (uintptr_t i = 0; i < 9; i++)
            load(heap + i * 8 * LINE);
    /* 0 to 7 hit once more; from the ninth line on nothing does. */
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.l1_read_misses, 8 + 1 + 4 * 9);
    assert_int_equal(counts.l2_read_misses, 9);
}

static void the_least_recently_used_line_goes(void **state)
{
    (void)state;
    open_model(small);
    for (uintptr_t i = 0; i < 8; i++)
        load(heap + i * 8 * LINE);
    load(heap);                /* 1 is the oldest now */
    load(heap + 8 * 8 * LINE); /* pushes it out */
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_read_misses, 9);
    load(heap);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_read_misses, 9);
    load(heap + 1 * 8 * LINE); /* gone; pushes 2 out */
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_read_misses, 10);
    load(heap + 3 * 8 * LINE);
    load(heap + 2 * 8 * LINE);
    assert_int_equal(close_model().l1_read_misses, 11);
}

static void dirty_victims_are_written_to_the_next_level(void **state)
{
    (void)state;
    open_model(small);
    for (uintptr_t line = 0; line < 64; line++)
        store(heap + line * LINE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_write_misses, 64);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_writebacks, 0);
    for (uintptr_t line = 64; line < 128; line++) /* clean lines push the dirty ones out */
        load(heap + line * LINE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_writebacks, 64);
    for (uintptr_t line = 128; line < 192; line++) /* and these clean ones */
        load(heap + line * LINE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_writebacks, 64);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l2_writebacks, 0);
    for (uintptr_t line = 512; line < 1024; line++) /* all of L2 */
        load(heap + line * LINE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l2_writebacks, 64);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).memory_write_bytes, 0);
    for (uintptr_t line = 4096; line < 8192; line++) /* all of the LLC */
        load(heap + line * LINE);
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.llc_writebacks, 64);
    assert_int_equal(counts.memory_write_bytes, 64 * LINE);
    assert_int_equal(counts.l2_write_misses, 64);
    assert_int_equal(counts.llc_write_misses, 64);
}

/* A store to a line that a load brought makes it dirty, though nothing misses. */
static void a_store_that_hits_makes_the_line_dirty(void **state)
{
    (void)state;
    open_model("l1=512/8,l2=off,llc=off");
    load(heap);
    store(heap);
    store(heap + 8);
    load(heap);
    for (uintptr_t line = 1; line <= 8; line++)
        load(heap + line * LINE);
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.l1_writebacks, 1);
    assert_int_equal(counts.llc_writebacks, 1);
    assert_int_equal(counts.memory_write_bytes, LINE);
    assert_int_equal(counts.memory_read_bytes, 9 * LINE);
    assert_int_equal(counts.llc_read_misses, 9); /* those of the last level there is */
    assert_int_equal(counts.l2_read_misses, 0);
}

static void crossing_accesses_count_once_and_look_twice(void **state)
{
    (void)state;
    open_model(small);
    gcr_model_access((const void *)(heap + PAGE - 4), 8, false);
    struct gcr_cache_counts counts = counts_of(GCR_PHASE_MUTATOR);
    assert_int_equal(counts.reads, 1);
    assert_int_equal(counts.l1_read_misses, 2);
    assert_int_equal(counts.tlb1_misses, 2);
    gcr_model_access((const void *)(heap + LINE - 15), 16, true);
    counts = counts_of(GCR_PHASE_MUTATOR);
    assert_int_equal(counts.writes, 1);
    assert_int_equal(counts.l1_write_misses, 2);
    gcr_model_access((const void *)(heap + 32), 33, false); /* a block: one access a line */
    counts = counts_of(GCR_PHASE_MUTATOR);
    assert_int_equal(counts.reads, 3);
    assert_int_equal(counts.l1_read_misses, 2);
    gcr_model_access((const void *)heap, 0, false);
    assert_int_equal(close_model().reads, 3);
}

static void pages_are_cached_like_lines(void **state)
{
    (void)state;
    open_model(small);
    for (int round = 0; round < 3; round++)
        for (uintptr_t page = 0; page < 16; page++)
            load(heap + page * PAGE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).tlb1_misses, 16);
    for (int round = 0; round < 3; round++)
        for (uintptr_t page = 0; page < 64; page++)
            load(heap + page * PAGE);
    struct gcr_cache_counts counts = close_model();
    /* 0 to 15 hit once; the other 48 and two rounds of 64 find nothing. */
    assert_int_equal(counts.tlb1_misses, 16 + 48 + 2 * 64);
    assert_int_equal(counts.tlb2_misses, 64);
}

/* Far apart addresses that agree in many low bits are different lines. */
static void high_bits_of_addresses_count(void **state)
{
    (void)state;
    open_model(small);
    for (int round = 0; round < 4; round++)
        for (unsigned bit = 31; bit < 38; bit++) /* 7 of 8 ways, one TLB set of 4 */
            load((uintptr_t)1 << (bit + 10));
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.l1_read_misses, 7);
    assert_int_equal(counts.tlb1_misses, 28);
}

static void streams_are_prefetched_into_l2(void **state)
{
    (void)state;
    open_model("l1=4K/8,l2=32K/8,llc=256K/16,prefetch=on");
    load(heap);
    load(heap + LINE); /* one step is no stream */
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).prefetches, 0);
    load(heap + 2 * LINE); /* two are: 3 and 4 come */
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).prefetches, 2);
    for (uintptr_t line = 3; line < 64; line++)
        load(heap + line * LINE);
    struct gcr_cache_counts counts = counts_of(GCR_PHASE_MUTATOR);
    assert_int_equal(counts.l1_read_misses, 64); /* into L2, not L1 */
    assert_int_equal(counts.l2_read_misses, 3);
    assert_int_equal(counts.llc_read_misses, 3);
    assert_int_equal(counts.prefetches, 61); /* the rest of the page, and nothing of the next */
    assert_int_equal(counts.memory_read_bytes, PAGE);
    for (uintptr_t line = 63; line + 1 > 0; line--) /* downwards, in another page */
        load(heap + 2 * PAGE + line * LINE);
    counts = close_model();
    assert_int_equal(counts.l2_read_misses, 6);
    assert_int_equal(counts.prefetches, 122);
}

static void a_stream_runs_at_most_twenty_lines_ahead(void **state)
{
    (void)state;
    open_model("l1=4K/8,l2=32K/8,llc=256K/16,prefetch=on");
    for (uintptr_t line = 0; line < 30; line++)
        load(heap + line * LINE);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).prefetches, 29 + 20 - 2);
    for (int i = 0; i < 100; i++) /* no direction, no stream */
        load(heap + PAGE + (uintptr_t)(i % 2) * 40 * LINE + (uintptr_t)i / 2 * 8 % LINE);
    assert_int_equal(close_model().prefetches, 29 + 20 - 2);
}

static void accesses_count_in_the_phase_at_hand(void **state)
{
    (void)state;
    open_model(small);
    assert_int_equal(gcr_model_enter(GCR_PHASE_BARRIER), GCR_PHASE_MUTATOR);
    store(heap);
    gcr_model_gc_phase(GCR_PHASE_MARK);
    load(heap);
    assert_int_equal(gcr_model_enter(GCR_PHASE_ALLOCATION), GCR_PHASE_BARRIER);
    load(heap + LINE); /* a collection's phase hides the mutator's */
    gcr_model_gc_phase(GCR_PHASE_MUTATOR);
    load(heap + 2 * LINE);
    assert_int_equal(gcr_model_enter(GCR_PHASE_MUTATOR), GCR_PHASE_ALLOCATION);
    load(heap + 3 * LINE);
    assert_int_equal(counts_of(GCR_PHASE_BARRIER).writes, 1);
    assert_int_equal(counts_of(GCR_PHASE_BARRIER).l1_write_misses, 1);
    assert_int_equal(counts_of(GCR_PHASE_MARK).reads, 2);
    assert_int_equal(counts_of(GCR_PHASE_MARK).l1_read_misses, 1);
    assert_int_equal(counts_of(GCR_PHASE_ALLOCATION).reads, 1);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).reads, 1);
    assert_int_equal(close_model().reads, 4);
}

static void a_pause_changes_nothing(void **state)
{
    (void)state;
    open_model(small);
    load(heap);
    assert_false(gcr_model_pause(true));
    for (uintptr_t line = 0; line < 8192; line++)
        store(heap + line * LINE);
    load(heap);
    assert_true(gcr_model_pause(false));
    load(heap); /* still there, and clean */
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).l1_read_misses, 1);
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).reads, 2);
    gcr_model_restart(); /* contents stay */
    load(heap);
    struct gcr_cache_counts counts = close_model();
    assert_int_equal(counts.reads, 1);
    assert_int_equal(counts.l1_read_misses + counts.writes + counts.tlb1_misses, 0);
}

static void there_is_one_model(void **state)
{
    (void)state;
    struct gcr_geometry geometry;
    struct gcr_error err;
    assert_int_equal(gcr_geometry_parse("host", &geometry, &err), GCR_OK);
    struct gcr_model_config config = {.geometry = &geometry};
    assert_false(gcr_model_is_open());
    load(heap); /* nobody is there to see it */
    assert_true(gcr_model_pause(false));
    load(heap);
    assert_int_equal(gcr_model_open(&config, &err), GCR_OK);
    assert_true(gcr_model_is_open());
    load(heap); /* a model begins paused */
    assert_int_equal(counts_of(GCR_PHASE_MUTATOR).reads, 0);
    assert_int_equal(gcr_model_open(&config, &err), GCR_USAGE);
    assert_string_not_equal(gcr_model_vectors_name(), "none");
    gcr_model_close();
    gcr_model_close();
    assert_false(gcr_model_is_open());
    load(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequential_walk_misses_once_a_line),
        cmocka_unit_test(what_fits_a_level_stays_in_it),
        cmocka_unit_test(a_stride_of_one_set_uses_its_ways_alone),
        cmocka_unit_test(the_least_recently_used_line_goes),
        cmocka_unit_test(dirty_victims_are_written_to_the_next_level),
        cmocka_unit_test(a_store_that_hits_makes_the_line_dirty),
        cmocka_unit_test(crossing_accesses_count_once_and_look_twice),
        cmocka_unit_test(pages_are_cached_like_lines),
        cmocka_unit_test(high_bits_of_addresses_count),
        cmocka_unit_test(streams_are_prefetched_into_l2),
        cmocka_unit_test(a_stream_runs_at_most_twenty_lines_ahead),
        cmocka_unit_test(accesses_count_in_the_phase_at_hand),
        cmocka_unit_test(a_pause_changes_nothing),
        cmocka_unit_test(there_is_one_model),
    };
    return cmocka_run_group_tests_name("unit.model_streams", tests, NULL, NULL);
}
