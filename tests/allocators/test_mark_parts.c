/* Parts that marking designs share: stacks with their queue, side bitmaps, finalizer lists and
 * their order, weak lists, prebuilt objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "allocators/common/finalizer_order.h"
#include "allocators/common/immortals.h"
#include "allocators/common/mark_bitmap.h"
#include "allocators/common/mark_stack.h"
#include "allocators/common/raw_body.h"
#include "allocators/common/weak_list.h"

enum { PAGE = GCR_PAGE_BYTES };

static gcr_ref at(uintptr_t address)
{
    return (gcr_ref)address;
}

/* ---- mark stack ---- */

static void test_stack_is_last_in_first_out_and_knows_its_peak(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_mark_stack stack;
    gcr_supply_init(&supply, 0);
    gcr_mark_stack_init(&stack, &supply);
    assert_null(gcr_mark_stack_pop(&stack));
    for (uintptr_t i = 1; i <= 10000; i++)
        assert_true(gcr_mark_stack_push(&stack, at(i * 16)));
    gcr_mark_stack_note(&stack);
    assert_int_equal(gcr_mark_stack_count(&stack), 10000);
    assert_true(supply.by_kind_bytes[GCR_PAGES_WORK] >= 80000);
    for (uintptr_t i = 10000; i >= 1; i--)
        assert_ptr_equal(gcr_mark_stack_pop(&stack), at(i * 16));
    assert_null(gcr_mark_stack_pop(&stack));
    assert_int_equal(stack.peak_entries, 10000);
    gcr_mark_stack_reset(&stack, 2 * PAGE);
    assert_int_equal(supply.committed_bytes, 2 * PAGE);
    gcr_mark_stack_finish(&stack);
    assert_int_equal(supply.committed_bytes, 0);
}

static void test_refused_push_is_remembered_until_reset(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_mark_stack stack;
    gcr_supply_init(&supply, PAGE);
    gcr_mark_stack_init(&stack, &supply);
    assert_true(gcr_mark_stack_reserve(&stack, PAGE / sizeof(gcr_ref)));
    assert_false(gcr_mark_stack_reserve(&stack, PAGE / sizeof(gcr_ref) + 1));
    assert_false(stack.refused); /* asking is no loss */
    for (size_t i = 0; i < PAGE / sizeof(gcr_ref); i++)
        assert_true(gcr_mark_stack_push(&stack, at(16)));
    assert_false(gcr_mark_stack_push(&stack, at(32)));
    assert_true(stack.refused);
    assert_int_equal(gcr_mark_stack_count(&stack), PAGE / sizeof(gcr_ref));
    gcr_mark_stack_reset(&stack, PAGE);
    assert_false(stack.refused);
    assert_int_equal(gcr_mark_stack_count(&stack), 0);
    assert_true(gcr_mark_stack_push(&stack, at(16)));
    gcr_mark_stack_finish(&stack);
}

static void test_queue_hands_out_everything_once_and_late(void **state)
{
    (void)state;
    static char memory[100 * 16];
    struct gcr_supply supply;
    struct gcr_mark_stack stack;
    struct gcr_mark_queue queue = {0};
    unsigned seen[100] = {0};
    gcr_supply_init(&supply, 0);
    gcr_mark_stack_init(&stack, &supply);
    for (int i = 0; i < 50; i++)
        assert_true(gcr_mark_stack_push(&stack, (gcr_ref)(void *)&memory[16 * i]));
    gcr_ref object = gcr_mark_queue_next(&queue, &stack);
    assert_ptr_equal(object, &memory[16 * 49]); /* the top, once the queue behind it is full */
    assert_int_equal(gcr_mark_stack_count(&stack), 50 - GCR_MARK_QUEUE - 1);
    for (int next = 50; object != NULL; object = gcr_mark_queue_next(&queue, &stack)) {
        seen[((char *)object - memory) / 16]++;
        if (next < 100) /* a marking loop pushes while it drains */
            assert_true(gcr_mark_stack_push(&stack, (gcr_ref)(void *)&memory[16 * next++]));
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    gcr_mark_stack_finish(&stack);
}

/* ---- mark bitmap ---- */

static void test_bitmap_bits_are_apart_and_pages_follow_what_is_covered(void **state)
{
    (void)state;
    for (uint32_t granule = 8; granule <= 16; granule += 8) {
        struct gcr_supply supply;
        struct gcr_mark_bitmap bitmap;
        gcr_supply_init(&supply, 0);
        assert_true(gcr_mark_bitmap_init(&bitmap, &supply, granule, (uint64_t)1 << 32));
        assert_int_equal(supply.committed_bytes, 0);
        char *heap = gcr_supply_reserve(&supply, 1 << 22, PAGE);
        assert_true(gcr_mark_bitmap_cover(&bitmap, heap, 1 << 21));
        uint64_t covered = supply.committed_bytes;
        assert_true(covered >= (1u << 21) / granule / 8);
        assert_true(gcr_mark_bitmap_cover(&bitmap, heap + (1 << 20), 16)); /* a second reason */
        assert_int_equal(supply.committed_bytes, covered);
        for (uint32_t i = 0; i < 5000; i += 3)
            assert_true(gcr_mark_bitmap_test_set(&bitmap, heap + i * granule));
        for (uint32_t i = 0; i < 5000; i++)
            assert_int_equal(gcr_mark_bitmap_get(&bitmap, heap + i * granule), i % 3 == 0);
        assert_false(gcr_mark_bitmap_test_set(&bitmap, heap));
        gcr_mark_bitmap_clear(&bitmap, heap + granule * 3, granule * 4000);
        assert_true(gcr_mark_bitmap_is_clear(&bitmap, heap + granule, granule * 4002));
        assert_true(gcr_mark_bitmap_get(&bitmap, heap));
        assert_true(gcr_mark_bitmap_get(&bitmap, heap + granule * 4005));
        gcr_mark_bitmap_unset(&bitmap, heap);
        assert_false(gcr_mark_bitmap_get(&bitmap, heap));
        gcr_mark_bitmap_clear(&bitmap, heap, 1 << 21);
        gcr_mark_bitmap_uncover(&bitmap, heap, 1 << 21);
        uint64_t left = supply.committed_bytes; /* the second reason, and the counters */
        assert_true(left < covered && left != 0);
        assert_false(gcr_mark_bitmap_get(&bitmap, heap + (1 << 20)));
        gcr_mark_bitmap_finish(&bitmap);
        gcr_supply_unreserve(&supply, heap, 1 << 22);
        assert_int_equal(supply.committed_bytes, 0);
    }
}

static void test_bitmap_refusals_change_nothing(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_mark_bitmap bitmap;
    gcr_supply_init(&supply, 0);
    assert_true(gcr_mark_bitmap_init(&bitmap, &supply, 16, (uint64_t)1 << 32));
    char *heap = gcr_supply_reserve(&supply, 1 << 23, PAGE);
    assert_true(gcr_mark_bitmap_cover(&bitmap, heap, 16));
    uint64_t before = supply.committed_bytes;
    supply.fail_after = 4;
    assert_false(gcr_mark_bitmap_cover(&bitmap, heap, 1 << 23));
    assert_int_equal(supply.committed_bytes, before);
    assert_false(gcr_mark_bitmap_cover(&bitmap, &supply, 16)); /* outside its span */
    assert_true(gcr_mark_bitmap_cover(&bitmap, heap, 1 << 23));
    gcr_mark_bitmap_finish(&bitmap);
    gcr_supply_unreserve(&supply, heap, 1 << 23);
    assert_int_equal(supply.committed_bytes, 0);
}

/* ---- finalizers ---- */

/* A graph of up to 16 objects with 4 references each; "marked" and the flag are bytes beside it. */
enum { NODES = 16, SLOTS = 4 };
struct graph {
    gcr_ref slot[NODES][SLOTS];
    bool marked[NODES], flagged[NODES];
    struct gcr_mark_stack stack;
    uint32_t finalized[NODES];
    unsigned finalized_count;
};

static gcr_ref node(unsigned number)
{
    return at(16 * (uintptr_t)(number + 1));
}

static unsigned number_of(gcr_ref object)
{
    return (unsigned)((uintptr_t)object / 16 - 1);
}

static gcr_ref graph_reached(void *arg, gcr_ref object)
{
    const struct graph *graph = arg;
    return graph->marked[number_of(object)] ? object : NULL;
}

static gcr_ref graph_reach(void *arg, gcr_ref object)
{
    struct graph *graph = arg;
    if (graph->marked[number_of(object)])
        return object;
    graph->marked[number_of(object)] = true;
    for (int i = 0; i < SLOTS; i++)
        if (graph->slot[number_of(object)][i] != NULL)
            (void)graph_reach(graph, graph->slot[number_of(object)][i]);
    return object;
}

/* In two runs, as an object with a body has. */
static gcr_ref *graph_slots(void *arg, gcr_ref object, unsigned run, uint64_t *count)
{
    struct graph *graph = arg;
    *count = SLOTS / 2;
    return run < 2 ? &graph->slot[number_of(object)][run * SLOTS / 2] : NULL;
}

static bool graph_flagged(void *arg, gcr_ref object)
{
    return ((const struct graph *)arg)->flagged[number_of(object)];
}

static void graph_set_flag(void *arg, gcr_ref object, bool on)
{
    ((struct graph *)arg)->flagged[number_of(object)] = on;
}

static void graph_strip(void *arg)
{
    memset(((struct graph *)arg)->flagged, 0, NODES * sizeof(bool));
}

static const struct gcr_finalizer_order_ops graph_flags = {
    graph_reached, graph_reach, graph_slots, graph_flagged, graph_set_flag, graph_strip};
static const struct gcr_finalizer_order_ops graph_table = {
    .reached = graph_reached, .reach = graph_reach, .slots = graph_slots};

/* edges: pairs "from to"; objects 0 .. count - 1 are registered in order, `roots` are reached. */
static void order(const struct gcr_finalizer_order_ops *ops, const char *edges, unsigned count,
                  const char *roots, const char *expected)
{
    struct gcr_supply supply;
    struct gcr_finalizer_list list;
    struct graph graph = {0};
    gcr_supply_init(&supply, 0);
    gcr_finalizer_list_init(&list, &supply);
    for (unsigned used[NODES] = {0}; *edges != '\0'; edges += 2)
        graph.slot[edges[0] - 'a'][used[edges[0] - 'a']++] = node((unsigned)(edges[1] - 'a'));
    for (unsigned i = 0; i < count; i++) {
        assert_true(gcr_finalizer_list_reserve(&list));
        gcr_finalizer_list_add(&list, node(i), i + 1);
    }
    for (; *roots != '\0'; roots++)
        (void)graph_reach(&graph, node((unsigned)(*roots - 'a')));
    assert_true(gcr_finalizer_order(&list, &supply, ops, &graph));
    char run[NODES + 1] = {0};
    unsigned runs = 0;
    for (unsigned i = 0; i < count; i++) {
        assert_int_not_equal(gcr_finalizer_list_at(&list, i)->fate, GCR_FINALIZER_UNREACHED);
        assert_true(graph.marked[i] && !graph.flagged[i]);
        if (gcr_finalizer_list_at(&list, i)->fate == GCR_FINALIZER_RUN)
            run[runs++] = (char)('a' + i);
    }
    assert_string_equal(run, expected);
    gcr_finalizer_list_finish(&list);
    assert_int_equal(supply.committed_bytes, 0);
}

/* Hand-computed: who of a, b, c ... is finalized; objects beyond `count` have no finalizer. */
static void test_order_by_hand(void **state)
{
    (void)state;
    static const struct gcr_finalizer_order_ops *const both[] = {&graph_flags, &graph_table};
    for (int i = 0; i < 2; i++) {
        order(both[i], "", 3, "", "abc");
        order(both[i], "abbc", 3, "", "a");     /* a chain: its head */
        order(both[i], "cbba", 3, "", "c");     /* the same, registered leaf first */
        order(both[i], "apbpcp", 3, "", "abc"); /* a shared plain object orders nothing */
        order(both[i], "appbbc", 3, "", "a");   /* through a plain object */
        order(both[i], "abba", 2, "", "a");     /* a cycle: one at a time */
        order(both[i], "aa", 1, "", "a");       /* itself */
        order(both[i], "acbc", 3, "", "ab");    /* two parents, one child */
        order(both[i], "abac", 3, "b", "a");    /* b is alive, c waits */
        order(both[i], "abbc", 3, "a", "");     /* all alive */
        order(both[i], "paabbpcp", 3, "", "c"); /* c -> p -> a -> b -> p */
        order(both[i], "dcdbca", 4, "", "d");   /* a tree, root last */
    }
}

static void test_no_memory_for_the_order_keeps_everything(void **state)
{
    (void)state;
    for (int table = 0; table < 2; table++) {
        struct gcr_supply supply;
        struct gcr_finalizer_list list;
        struct graph graph = {0};
        gcr_supply_init(&supply, 0);
        gcr_finalizer_list_init(&list, &supply);
        graph.slot[0][0] = node(1);
        for (unsigned i = 0; i < 2; i++) {
            assert_true(gcr_finalizer_list_reserve(&list));
            gcr_finalizer_list_add(&list, node(i), i + 1);
        }
        supply.fail_after = 1 + (uint64_t)table; /* the stack's page, the table's */
        assert_false(
            gcr_finalizer_order(&list, &supply, table ? &graph_table : &graph_flags, &graph));
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(gcr_finalizer_list_at(&list, i)->fate, GCR_FINALIZER_KEPT);
            assert_true(graph.marked[i] && !graph.flagged[i]);
        }
        gcr_finalizer_list_finish(&list);
        assert_int_equal(supply.committed_bytes, 0);
    }
}

/* ---- finalizers run ---- */

struct runs {
    struct gcr_host host;
    struct gcr_finalizer_list list;
    uint32_t cookie[8];
    unsigned count, phases;
};

static void runs_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                          gcr_ref object)
{
    struct runs *runs = (struct runs *)host;
    (void)heap;
    assert_int_equal((uintptr_t)object, cookie * 16);
    for (size_t i = 0; i < gcr_finalizer_list_count(&runs->list); i++)
        assert_ptr_not_equal(gcr_finalizer_list_at(&runs->list, i)->object, object); /* off it */
    runs->cookie[runs->count++] = cookie;
}

static void runs_phase(struct gcr_host *host, enum gcr_gc_phase phase)
{
    assert_int_equal(phase, GCR_PHASE_FINALIZE);
    ((struct runs *)host)->phases++;
}

static void test_finalizers_run_in_list_order_and_leave(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct runs runs = {.host = {.finalize = runs_finalize, .phase = runs_phase}};
    struct gcr_heap heap = {.host = &runs.host};
    gcr_supply_init(&supply, 0);
    gcr_finalizer_list_init(&runs.list, &supply);
    for (uint32_t i = 1; i <= 6; i++) {
        assert_true(gcr_finalizer_list_reserve(&runs.list));
        gcr_finalizer_list_add(&runs.list, at(16 * i), i);
    }
    assert_int_equal(gcr_finalizer_list_run(&runs.list, &heap), 0);
    assert_int_equal(runs.phases, 0);
    for (size_t i = 1; i < 6; i += 2)
        gcr_finalizer_list_at(&runs.list, i)->fate = GCR_FINALIZER_RUN;
    assert_int_equal(gcr_finalizer_list_run(&runs.list, &heap), 3);
    assert_int_equal(heap.work.finalized, 3);
    assert_int_equal(runs.phases, 1);
    assert_int_equal(gcr_finalizer_list_count(&runs.list), 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(runs.cookie[i], 2 * (i + 1));
        assert_int_equal(gcr_finalizer_list_at(&runs.list, i)->cookie, 2 * i + 1);
    }
    gcr_finalizer_list_finish(&runs.list);
}

/* ---- weak lists and prebuilt objects ---- */

static const struct gcr_shape shapes[] = {[0] = {0},
                                          [1] = {0, 0, 0, 0, GCR_SHAPE_WEAK, 1, "weak"},
                                          [2] = {16, 2, 0, 0, 0, 2, "pair"},
                                          [3] = {0, 0, 1, 0, 0, 3, "string"}};

/* Where things go in the collection that a test plays: moved[i] is the new place of old[i]. */
struct moves {
    gcr_ref old[8], moved[8];
    gcr_ref young; /* still in the nursery afterwards */
};

static gcr_ref moves_survivor(void *arg, gcr_ref object)
{
    const struct moves *moves = arg;
    for (int i = 0; i < 8; i++)
        if (moves->old[i] == object)
            return moves->moved[i];
    return object;
}

static bool moves_still_young(void *arg, gcr_ref object)
{
    return ((const struct moves *)arg)->young == object;
}

static gcr_ref weak_at(char *memory, int index, gcr_ref target)
{
    gcr_ref weak = (gcr_ref)(void *)(memory + 64 * index);
    *gcr_object_word(weak, 0) = 1;
    *gcr_object_weak_word(weak) = target;
    return weak;
}

static void test_weak_list_moves_drops_and_clears(void **state)
{
    (void)state;
    _Alignas(16) char memory[64 * 8] = {0};
    struct gcr_supply supply;
    struct gcr_weak_list list;
    struct moves moves = {0};
    struct gcr_weak_update update = {moves_survivor, moves_still_young, &moves};
    struct gcr_error err;
    gcr_supply_init(&supply, 0);
    gcr_weak_list_init(&list, &supply);
    gcr_ref old = weak_at(memory, 0, at(0x100)), dies = weak_at(memory, 1, at(0x200));
    gcr_ref young = weak_at(memory, 2, at(0x300)), copy = weak_at(memory, 3, at(0x300));
    const gcr_ref entries[] = {old, dies, young};
    for (int i = 0; i < 3; i++) {
        assert_true(gcr_weak_list_reserve(&list));
        gcr_weak_list_add(&list, entries[i], i != 0);
    }
    gcr_weak_list_retarget(&list, old);
    /* minor: `old` stays, its young target dies; `dies` does; `young` and its target move */
    moves = (struct moves){.old = {at(0x100), dies, young, at(0x300)},
                           .moved = {NULL, NULL, copy, at(0x308)}};
    gcr_weak_list_update_young(&list, &update);
    assert_null(*gcr_object_weak_word(old));
    assert_ptr_equal(*gcr_object_weak_word(copy), at(0x308));
    assert_int_equal(gcr_weak_list_count(&list), 2);
    assert_int_equal(gcr_vector_count(&list.young) + gcr_vector_count(&list.retargeted), 0);
    assert_true(gcr_weak_list_check(&list, shapes, &err));
    /* a target pinned in the nursery is looked at again in the next minor */
    *gcr_object_weak_word(old) = at(0x400);
    gcr_weak_list_retarget(&list, old);
    moves = (struct moves){.young = at(0x400)};
    gcr_weak_list_update_young(&list, &update);
    assert_int_equal(gcr_vector_count(&list.retargeted), 1);
    moves = (struct moves){.old = {at(0x400)}, .moved = {NULL}};
    gcr_weak_list_update_young(&list, &update);
    assert_null(*gcr_object_weak_word(old));
    /* full: `old` dies, the other's target does */
    moves = (struct moves){.old = {old, at(0x308)}, .moved = {NULL, NULL}};
    gcr_weak_list_update(&list, &update);
    assert_int_equal(gcr_weak_list_count(&list), 1);
    assert_null(*gcr_object_weak_word(copy));
    *gcr_object_word(copy, 0) = 2;
    assert_false(gcr_weak_list_check(&list, shapes, &err));
    gcr_weak_list_finish(&list);
    assert_int_equal(supply.committed_bytes, 0);
}

static void test_lost_retargeting_makes_the_next_update_look_everywhere(void **state)
{
    (void)state;
    _Alignas(16) char memory[64] = {0};
    struct gcr_supply supply;
    struct gcr_weak_list list;
    struct moves moves = {.old = {at(0x100)}, .moved = {NULL}};
    struct gcr_weak_update update = {moves_survivor, moves_still_young, &moves};
    gcr_supply_init(&supply, 0);
    gcr_weak_list_init(&list, &supply);
    gcr_ref weak = weak_at(memory, 0, at(0x100));
    assert_true(gcr_weak_list_reserve(&list));
    gcr_weak_list_add(&list, weak, false);
    supply.fail_after = 1;
    gcr_weak_list_retarget(&list, weak);
    assert_true(list.retargeted_lost);
    gcr_weak_list_update_young(&list, &update);
    assert_false(list.retargeted_lost);
    assert_null(*gcr_object_weak_word(weak));
    gcr_weak_list_finish(&list);
}

static void count_slots(void *arg, gcr_ref *slots, uint64_t count)
{
    *(uint64_t *)arg += count;
    for (uint64_t i = 0; i < count; i++)
        assert_null(slots[i]);
}

static void test_immortals_tile_their_region(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_immortals immortals;
    struct gcr_layouts layouts;
    struct gcr_error err;
    gcr_supply_init(&supply, 0);
    assert_int_equal(gcr_layouts_init(&layouts, &supply, shapes, 3, &err), GCR_OK);
    gcr_immortals_init(&immortals, &supply, true);
    assert_null(gcr_immortals_first(&immortals));
    gcr_ref object[300];
    for (uint32_t i = 0; i < 300; i++)
        object[i] = gcr_immortals_add(&immortals, &layouts.row[1 + i % 3], 0, i % 3 == 2 ? i : 0);
    gcr_ref walk = gcr_immortals_first(&immortals);
    for (int i = 0; i < 300; i++, walk = gcr_immortals_next(&immortals, &layouts, walk)) {
        assert_ptr_equal(walk, object[i]);
        assert_true(gcr_immortals_has(&immortals, walk));
    }
    assert_null(walk);
    assert_false(gcr_immortals_has(&immortals, gcr_immortals_end(&immortals)));
    uint64_t slots = 0;
    gcr_immortals_scan(&immortals, &layouts, count_slots, &slots);
    assert_int_equal(slots, 200);
    assert_true(gcr_immortals_check(&immortals, &layouts, &err));
    *gcr_object_word(object[7], 0) += 99;
    assert_false(gcr_immortals_check(&immortals, &layouts, &err));
    *gcr_object_word(object[7], 0) -= 99;
    immortals.object_bytes++;
    assert_false(gcr_immortals_check(&immortals, &layouts, &err));
    gcr_immortals_finish(&immortals);
    gcr_layouts_finish(&layouts, &supply);
    assert_int_equal(supply.committed_bytes, 0);
}

/* ---- raw bodies ---- */

static void test_raw_body_keeps_slots_and_data(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 3, 9, 2, 40, 39, 0, 5};
    char a[64 * 11], b[64 * 11];
    for (int in_place = 0; in_place < 2; in_place++) {
        memset(a, 0x55, sizeof a);
        memset(b, 0x55, sizeof b);
        char *from = a;
        for (size_t i = 1; i < sizeof lengths / sizeof lengths[0]; i++) {
            uint32_t before = lengths[i - 1], after = lengths[i];
            char *to = in_place ? from : (from == a ? b : a);
            gcr_raw_body_move(1, 3, to, from, before, after);
            for (uint32_t k = 0; k < after; k++) {
                for (uint32_t byte = 0; byte < 11; byte++) {
                    char *place = byte < 8 ? to + 8 * k + byte : to + 8 * after + 3 * k + byte - 8;
                    assert_int_equal(*place, k < before ? (int)(k + byte) : 0);
                    *place = (char)(k + byte);
                }
            }
            from = to;
        }
    }
    assert_true(gcr_raw_body_fits(64, 49) && gcr_raw_body_fits(64, 64));
    assert_false(gcr_raw_body_fits(64, 48) || gcr_raw_body_fits(64, 65));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack_is_last_in_first_out_and_knows_its_peak),
        cmocka_unit_test(test_refused_push_is_remembered_until_reset),
        cmocka_unit_test(test_queue_hands_out_everything_once_and_late),
        cmocka_unit_test(test_bitmap_bits_are_apart_and_pages_follow_what_is_covered),
        cmocka_unit_test(test_bitmap_refusals_change_nothing),
        cmocka_unit_test(test_order_by_hand),
        cmocka_unit_test(test_no_memory_for_the_order_keeps_everything),
        cmocka_unit_test(test_finalizers_run_in_list_order_and_leave),
        cmocka_unit_test(test_weak_list_moves_drops_and_clears),
        cmocka_unit_test(test_lost_retargeting_makes_the_next_update_look_everywhere),
        cmocka_unit_test(test_immortals_tile_their_region),
        cmocka_unit_test(test_raw_body_keeps_slots_and_data),
    };
    return cmocka_run_group_tests_name("unit.mark_parts", tests, NULL, NULL);
}
