/* What gcc reports of functions compiled like a modelled twin's, operation by operation: loads and
 * stores as counted, values as computed, causes and phases as tagged. Also the callbacks that gcc
 * 12 only emits for other options or languages, by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "sim/model/callbacks.h"
#include "sim/model/model.h"
#include "sim/model/pages.h"
#include "tests/model/instrumented.h"

enum { LINE = 64, PAGE = 4096, PAGES = 16 };

static char *heap; /* pages of the supply's region */

static int open_model(void **state)
{
    (void)state;
    struct gcr_geometry geometry;
    struct gcr_error err;
    struct gcr_supply supply;
    if (gcr_geometry_parse("l1=4K/8,l2=32K/8,llc=off", &geometry, &err) != GCR_OK)
        return -1;
    struct gcr_model_config config = {.geometry = &geometry, .pages = true};
    if (gcr_model_open(&config, &err) != GCR_OK)
        return -1;
    gcr_supply_init(&supply, 0);
    gcr_supply_observe(&supply, &gcr_pages_observer);
    heap = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, PAGES * PAGE, PAGE);
    gcr_model_pause(false);
    return heap != NULL ? 0 : -1;
}

static int close_model(void **state)
{
    (void)state;
    gcr_model_close();
    return munmap(heap, PAGES * PAGE);
}

static struct gcr_cache_counts taken(enum gcr_gc_phase phase)
{
    struct gcr_model_counts counts;
    gcr_model_read(&counts);
    return counts.phase[phase];
}

/* What was counted since the last time, in the mutator's phase. */
static void assert_took(uint64_t reads, uint64_t writes)
{
    struct gcr_cache_counts counts = taken(GCR_PHASE_MUTATOR);
    assert_int_equal(counts.reads, reads);
    assert_int_equal(counts.writes, writes);
    gcr_model_restart();
}

static void plain_accesses_are_seen(void **state)
{
    (void)state;
    uint64_t *words = (uint64_t *)(void *)heap;
    store_8(words, 7);
    assert_took(0, 1);
    assert_int_equal(load_8(words), 7);
    assert_took(1, 0);
    increment(words);
    assert_took(1, 1);
    assert_int_equal(words[0], 8);
    store_4((uint32_t *)(void *)heap, 3);
    store_1((uint8_t *)heap + 1, 1);
    assert_took(0, 2);
    assert_int_equal(load_2((uint16_t *)(void *)heap), 0x103);
    assert_took(1, 0);
    store_volatile((uint32_t *)(void *)heap, 9);
    assert_took(0, 1);
}

static void unaligned_and_wide_accesses_are_one_each(void **state)
{
    (void)state;
    struct packed *packed = (struct packed *)(void *)(heap + LINE - 3);
    store_packed(packed, 11);
    assert_took(0, 1);
    assert_int_equal(load_packed(packed), 0);
    assert_int_equal(taken(GCR_PHASE_MUTATOR).l1_read_misses, 1); /* the first line; the store */
    assert_took(1, 0);                                            /* was in the second */
    assert_int_equal(packed->wide, 11);
    wide *words = (wide *)(void *)heap;
    words[0] = 5;
    copy_wide(&words[1], &words[0]);
    assert_took(1, 1);
    assert_true(words[1] == 5);
}

static void structs_are_ranges(void **state)
{
    (void)state;
    struct node *nodes = (struct node *)(void *)heap;
    nodes[0].more = 99;
    copy_node(&nodes[1], &nodes[0]); /* 32 bytes in one line each */
    assert_took(1, 1);
    assert_int_equal(nodes[1].more, 99);
    copy_node((struct node *)(void *)(heap + 3 * LINE - 8), &nodes[0]); /* across a line */
    assert_took(1, 2);
}

static void loops_load_step_by_step(void **state)
{
    (void)state;
    struct node *nodes = (struct node *)(void *)heap;
    for (int i = 0; i < 9; i++)
        nodes[i].right = &nodes[i + 1];
    assert_int_equal(list_length(nodes), 10);
    struct gcr_cache_counts counts = taken(GCR_PHASE_MUTATOR);
    assert_int_equal(counts.l1_read_misses, 5); /* two to a line */
    assert_took(10, 0);
}

static void atomics_are_made_and_seen(void **state)
{
    (void)state;
    uint64_t *word = (uint64_t *)(void *)heap, expected = 1;
    uint32_t *half = (uint32_t *)(void *)heap;
    assert_int_equal(atomic_add(half, 5), 0);
    assert_took(1, 1);
    assert_int_equal(atomic_or((uint8_t *)heap, 8), 5);
    assert_took(1, 1);
    assert_int_equal(atomic_load(word), 13);
    assert_took(1, 0);
    atomic_store((uint16_t *)(void *)heap, 6);
    assert_took(0, 1);
    assert_int_equal(atomic_exchange(word, 77), 6);
    assert_took(1, 1);
    assert_false(atomic_replace(word, &expected, 78));
    assert_int_equal(expected, 77);
    assert_took(1, 1);
    assert_true(atomic_replace(word, &expected, 78));
    assert_int_equal(*word, 78);
    assert_took(1, 1);
    atomic_fence();
    assert_took(0, 0);
}

static void blocks_count_a_line_each(void **state)
{
    (void)state;
    memset(heap, 1, 3 * LINE);
    block_copy(heap + PAGE, heap, 3 * LINE);
    assert_took(3, 3);
    assert_memory_equal(heap + PAGE, heap, 3 * LINE);
    block_copy(heap + PAGE, heap + 8, LINE); /* two lines of one, one of the other */
    assert_took(2, 1);
    block_copy(heap + PAGE, heap, 9); /* as one load and one store would */
    assert_took(1, 1);
    block_move(heap + 32, heap, 2 * LINE);
    assert_took(2, 3);
    block_clear(heap, PAGE);
    assert_took(0, PAGE / LINE);
    assert_int_equal(heap[PAGE - 1], 0);
    assert_int_equal(heap[PAGE], 1);
    assert_int_equal(block_compare(heap, heap + 2 * PAGE, 2 * LINE), 0);
    assert_took(4, 0);
    heap[2 * PAGE] = 1;
    assert_true(block_compare(heap, heap + 2 * PAGE, 2 * LINE) < 0); /* the first byte decides */
    assert_took(2, 0);
    block_copy(heap, heap + PAGE, 0);
    assert_took(0, 0);
}

static void tags_choose_the_cause(void **state)
{
    (void)state;
    struct node *nodes = (struct node *)(void *)heap;
    struct gcr_page_counts counts;
    memset(heap, 0, PAGES * PAGE);
    gcr_pages_observer.populated(&gcr_pages_observer, heap, PAGES * PAGE);
    gcr_pages_fork();
    tagged_store(&nodes[0], 5);
    assert_int_equal(nodes[0].value, 5);
    tagged_pointer((struct node *)(void *)(heap + PAGE), nodes);
    assert_ptr_equal(((struct node *)(void *)(heap + PAGE))->left, nodes);
    assert_int_equal(tagged_count(&nodes[0]), 6);
    *(uint32_t *)(void *)(heap + 2 * PAGE) = 1;
    assert_int_equal(tagged_count_down((uint32_t *)(void *)(heap + 2 * PAGE)), 0);
    tagged_byte((uint8_t *)heap + 3 * PAGE, 200);
    assert_int_equal(heap[3 * PAGE], (char)200);
    gcr_pages_count(&counts);
    assert_int_equal(counts.copied, 4);
    assert_int_equal(counts.first_cause[GCR_CAUSE_HEADER], 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_DATA], 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_COUNT], 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_FREE_LINK], 1);
    assert_int_equal(counts.any_cause[GCR_CAUSE_COUNT], 2);
}

/* A tag wins over the kind of page, an untagged store does not. */
static void tags_win_over_kinds_of_pages(void **state)
{
    (void)state;
    struct gcr_page_counts counts;
    gcr_pages_observer.committed(&gcr_pages_observer, GCR_PAGES_SIDE, heap, 2 * PAGE);
    gcr_pages_observer.populated(&gcr_pages_observer, heap, 2 * PAGE);
    gcr_pages_fork();
    tagged_count((struct node *)(void *)heap);
    store_8((uint64_t *)(void *)(heap + PAGE), 1);
    gcr_pages_count(&counts);
    assert_int_equal(counts.first_cause[GCR_CAUSE_COUNT], 1);
    assert_int_equal(counts.first_cause[GCR_CAUSE_SIDE], 1);
}

static void data_and_counts_have_their_phases(void **state)
{
    (void)state;
    struct node *nodes = (struct node *)(void *)heap;
    gcr_model_enter(GCR_PHASE_BARRIER);
    tagged_pointer(nodes, nodes);
    tagged_count(nodes);
    tagged_store(nodes, 1);
    assert_int_equal(taken(GCR_PHASE_MUTATOR).writes, 1);
    assert_int_equal(taken(GCR_PHASE_MUTATOR).l1_write_misses, 1);
    assert_int_equal(taken(GCR_PHASE_REFCOUNT).reads, 1);
    assert_int_equal(taken(GCR_PHASE_REFCOUNT).writes, 1);
    assert_int_equal(taken(GCR_PHASE_BARRIER).writes, 1);
    gcr_model_gc_phase(GCR_PHASE_COPY);
    tagged_pointer(nodes, NULL);
    tagged_count(nodes);
    assert_int_equal(taken(GCR_PHASE_COPY).writes, 2);
    assert_int_equal(taken(GCR_PHASE_COPY).reads, 1);
    gcr_model_pause(true);
    tagged_pointer(nodes, nodes);
    assert_ptr_equal(nodes->left, nodes); /* carried out, not seen */
    gcr_model_pause(false);
    assert_int_equal(taken(GCR_PHASE_COPY).writes + taken(GCR_PHASE_MUTATOR).writes, 3);
}

/* ---- callbacks by name ---- */

typedef void address_callback(void *at);
address_callback __tsan_read1, __tsan_read16, __tsan_write16, __tsan_unaligned_read8,
    __tsan_unaligned_write4, __tsan_volatile_read4, __tsan_volatile_write8,
    __tsan_unaligned_volatile_read2, __tsan_func_entry;
void __tsan_init(void);
void __tsan_func_exit(void);
void __tsan_vptr_read(void **at);
void __tsan_vptr_update(void **at, void *value);
uint16_t __tsan_atomic16_fetch_nand(volatile uint16_t *at, uint16_t value, int order);
uint64_t __tsan_atomic64_fetch_xor(volatile uint64_t *at, uint64_t value, int order);
uint8_t __tsan_atomic8_fetch_sub(volatile uint8_t *at, uint8_t value, int order);
uint32_t __tsan_atomic32_fetch_and(volatile uint32_t *at, uint32_t value, int order);
bool __tsan_atomic8_compare_exchange_weak(volatile uint8_t *at, uint8_t *expected, uint8_t value,
                                          int order, int failure);
void __tsan_atomic_thread_fence(int order);

static void the_whole_interface_is_there(void **state)
{
    (void)state;
    __tsan_init();
    __tsan_func_entry(heap);
    __tsan_func_exit();
    __tsan_atomic_thread_fence(__ATOMIC_SEQ_CST);
    assert_took(0, 0);
    __tsan_read1(heap);
    __tsan_read16(heap + LINE - 8); /* aligned to 8 only: two lines, one access */
    __tsan_unaligned_read8(heap + 2 * LINE - 1);
    __tsan_volatile_read4(heap);
    __tsan_unaligned_volatile_read2(heap + 3 * LINE - 1);
    __tsan_vptr_read((void **)(void *)heap);
    assert_int_equal(taken(GCR_PHASE_MUTATOR).l1_read_misses, 4);
    assert_took(6, 0);
    __tsan_write16(heap + 5 * LINE - 8);
    __tsan_unaligned_write4(heap + 6 * LINE - 2);
    __tsan_volatile_write8(heap);
    __tsan_vptr_update((void **)(void *)heap, heap);
    assert_int_equal(taken(GCR_PHASE_MUTATOR).l1_write_misses, 3);
    assert_took(0, 4);
}

static void every_atomic_operation_computes(void **state)
{
    (void)state;
    uint64_t *word = (uint64_t *)(void *)heap;
    uint8_t expected = 0xfb;
    *word = 0xff;
    assert_int_equal(__tsan_atomic64_fetch_xor(word, 0x0f, 0), 0xff);
    assert_int_equal(*word, 0xf0);
    assert_int_equal(__tsan_atomic8_fetch_sub((uint8_t *)heap, 1, 0), 0xf0);
    assert_int_equal(__tsan_atomic32_fetch_and((uint32_t *)(void *)heap, 0x0f, 0), 0xef);
    assert_int_equal(__tsan_atomic16_fetch_nand((uint16_t *)(void *)heap, 4, 0), 0x0f);
    assert_int_equal(*word, 0xfffb);
    assert_took(4, 4);
    while (!__tsan_atomic8_compare_exchange_weak((uint8_t *)heap, &expected, 3, 0, 0))
        assert_int_equal(expected, 0xfb);
    assert_int_equal(*word, 0xff03);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_model, close_model)
    const struct CMUnitTest tests[] = {
        TEST(plain_accesses_are_seen),
        TEST(unaligned_and_wide_accesses_are_one_each),
        TEST(structs_are_ranges),
        TEST(loops_load_step_by_step),
        TEST(atomics_are_made_and_seen),
        TEST(blocks_count_a_line_each),
        TEST(tags_choose_the_cause),
        TEST(tags_win_over_kinds_of_pages),
        TEST(data_and_counts_have_their_phases),
        TEST(the_whole_interface_is_there),
        TEST(every_atomic_operation_computes),
    };
    return cmocka_run_group_tests_name("unit.model_callbacks", tests, NULL, NULL);
}
