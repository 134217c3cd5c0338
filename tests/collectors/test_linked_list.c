/* linked-list: what CPython's reference counting and cycle collector must do, layout by layout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocators/linked_list/linked_list_inline.h"
#include "tests/support/heap_fixture.h"

extern const struct gcr_collector gcr_collector_linked_list;

enum {
    NODE = 1,   /* container, one slot: the smallest, 24 bytes of payload with its object header */
    PAIR,       /* container, two slots, 8 bytes of data */
    LIST,       /* resizable container, one slot an item */
    TUPLE,      /* container, one slot an item, in itself */
    LEAF,       /* no container, 24 bytes of data */
    FINAL,      /* container with a finalizer, two slots */
    LEGACY,     /* container with a legacy finalizer, two slots */
    WEAK,       /* container with a weak target, one slot */
    BUFFER,     /* no container, two slots: a separate buffer */
    DICT,       /* resizable, two slots and 8 bytes of data an item */
    FINAL_LEAF, /* no container, finalizer, one slot */
    BYTES,      /* no container, one byte an item */
    SHAPES = BYTES
};

static const struct gcr_shape shapes[SHAPES + 1] = {
    [NODE] = {8, 1, 0, 0, GCR_SHAPE_CONTAINER, NODE, "node"},
    [PAIR] = {24, 2, 0, 0, GCR_SHAPE_CONTAINER, PAIR, "pair"},
    [LIST] = {8, 0, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE, LIST, "list"},
    [TUPLE] = {8, 0, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_TUPLE, TUPLE, "tuple"},
    [LEAF] = {24, 0, 0, 0, GCR_SHAPE_ACYCLIC, LEAF, "leaf"},
    [FINAL] = {16, 2, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_FINALIZER, FINAL, "final"},
    [LEGACY] = {16, 2, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_LEGACY_FINALIZER, LEGACY, "legacy"},
    [WEAK] = {8, 1, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_WEAK, WEAK, "weak"},
    [BUFFER] = {16, 2, 0, 0, 0, BUFFER, "buffer"},
    [DICT] = {8, 0, 24, 2, GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE | GCR_SHAPE_DICT, DICT, "dict"},
    [FINAL_LEAF] = {8, 1, 0, 0, GCR_SHAPE_FINALIZER, FINAL_LEAF, "final leaf"},
    [BYTES] = {0, 0, 1, 0, GCR_SHAPE_ACYCLIC, BYTES, "bytes"},
};

static const char *const head_settings[][2] = {{"head=16", NULL}, {"head=24", NULL}, {"head=32", NULL}};

static struct fixture_config config_with(const char *const *settings)
{
    return (struct fixture_config){.collector = &gcr_collector_linked_list,
                                   .ops = &gcr_mutator_ops_linked_list,
                                   .shapes = shapes,
                                   .shape_count = SHAPES,
                                   .report_frees = true,
                                   .settings = settings};
}

static void open_heap(struct fixture *f, const char *const *settings)
{
    struct fixture_config config = config_with(settings);
    fixture_open(f, &config);
}

/* A trace with TRACK events: nothing is tracked by itself. */
static void open_tracking_heap(struct fixture *f, const char *const *settings, bool faithful)
{
    struct gcr_capabilities capabilities = {.tracking = 1, .faithful = faithful};
    struct fixture_config config = config_with(settings);
    config.capabilities = &capabilities;
    fixture_open(f, &config);
}

static void close_heap(struct fixture *f)
{
    fixture_check(f);
    fixture_close(f);
}

static struct linked_list *ll_of(const struct fixture *f)
{
    return linked_list_of(f->heap);
}

static struct gc_head *head_of_handle(const struct fixture *f, uint32_t object)
{
    return head_of(ll_of(f), fixture_ref(f, object));
}

static bool is_tracked(const struct fixture *f, uint32_t object)
{
    return head_is_tracked(head_of_handle(f, object), ll_of(f)->packed);
}

static bool is_in_list(const struct gc_head *list, const struct gc_head *head)
{
    for (const struct gc_head *h = head_next(list); h != list; h = head_next(h)) {
        if (h == head)
            return true;
    }
    return false;
}

static int generation_of(const struct fixture *f, uint32_t object)
{
    for (int g = 0; g < 3; g++) {
        if (is_in_list(&ll_of(f)->generation[g], head_of_handle(f, object)))
            return g;
    }
    return is_in_list(&ll_of(f)->permanent, head_of_handle(f, object)) ? 3 : -1;
}

static void track(struct fixture *f, uint32_t object)
{
    f->ops->track(f->heap, fixture_ref(f, object));
}

static void collect(struct fixture *f, uint32_t generation)
{
    f->collector->collect(f->heap, generation, GCR_REASON_EXPLICIT);
}

/* ---- layout ---- */

static void test_block_sizes_of_each_layout(void **state)
{
    (void)state;
    static const size_t expected[] = {48, 48, 64}; /* 24-byte payload behind 16, 24, 32 */
    static const size_t alignment[] = {16, 8, 16};
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_heap(&f, head_settings[i]);
        uint32_t node = fixture_alloc(&f, NODE, 0, 0);
        const struct gcr_pools *pools = ll_of(&f)->container_pools;
        assert_int_equal(gcr_pools_block_bytes(pools, head_of_handle(&f, node)), expected[i]);
        assert_int_equal(pools->options.alignment, alignment[i]);
        assert_int_equal(pools->options.pool_bytes, i == 1 ? 4096 : 16384);
        assert_int_equal(pools->options.arena_bytes, i == 1 ? 256 << 10 : 1 << 20);
        close_heap(&f);
    }
}

static void test_leaf_has_no_head(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t leaf = fixture_alloc(&f, LEAF, 0, 0);
    struct linked_list *ll = ll_of(&f);
    assert_int_equal(gcr_pools_block_bytes(&ll->pools[0], fixture_ref(&f, leaf)), 48);
    assert_int_equal(ll->count[0], 0);
    struct gcr_footprint parts;
    f.collector->footprint(f.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24);
    assert_int_equal(parts.headers_bytes, 16);
    close_heap(&f);
}

static void test_footprint_counts_heads_and_hidden_words(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    fixture_alloc(&f, NODE, 0, 0);  /* 8 + 32 */
    fixture_alloc(&f, LIST, 10, 1); /* 8 + 80, 32 + 8 */
    fixture_alloc(&f, WEAK, 0, 2);  /* 8, 32 + 8 */
    struct gcr_footprint parts;
    f.collector->footprint(f.heap, &parts);
    assert_int_equal(parts.objects_bytes, 8 + 88 + 8);
    assert_int_equal(parts.headers_bytes, 32 + 40 + 40);
    close_heap(&f);
}

static void test_large_objects_come_from_the_system_heap(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    /* 16 head + 16 header + 8 field + 8 n: 59 items are the last that fit into 512 */
    uint32_t small = fixture_alloc(&f, TUPLE, 59, 0), large = fixture_alloc(&f, TUPLE, 60, 1);
    struct linked_list *ll = ll_of(&f);
    assert_true(gcr_pools_owns(&ll->pools[0], fixture_ref(&f, small)));
    assert_false(gcr_pools_owns(&ll->pools[0], fixture_ref(&f, large)));
    assert_int_equal(ll->system.used_chunks, 1);
    uint32_t huge = fixture_alloc(&f, TUPLE, 100000, 2);
    assert_int_equal(ll->system.used_mappings, 1);
    fixture_store(&f, huge, 99999, small);
    assert_int_equal(fixture_slot(&f, huge, 99999), small);
    fixture_check(&f);
    fixture_root(&f, 2, 0);
    fixture_root(&f, 1, 0);
    assert_int_equal(ll->system.used_mappings + ll->system.used_chunks, 0);
    close_heap(&f);
}

static void test_fresh_objects_are_zero_also_in_reused_blocks(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    for (int round = 0; round < 3; round++) {
        uint32_t pair = fixture_alloc(&f, PAIR, 0, 0), bytes = fixture_alloc(&f, BYTES, 700, 1);
        assert_int_equal(fixture_slot(&f, pair, 1), 0);
        fixture_assert_zero(&f, pair, 0, 8);
        fixture_assert_zero(&f, bytes, 0, 700);
        fixture_store(&f, pair, 1, bytes);
        fixture_write(&f, pair, 0, 8, 3);
        fixture_write(&f, bytes, 0, 700, 5);
        fixture_assert_pattern(&f, bytes, 0, 700, 5);
        fixture_root(&f, 0, 0);
        fixture_root(&f, 1, 0);
        assert_true(fixture_is_dead(&f, pair) && fixture_is_dead(&f, bytes));
    }
    close_heap(&f);
}

static void test_separate_pools(void **state)
{
    (void)state;
    static const char *const settings[] = {"separate-pools=on", NULL};
    struct fixture f;
    open_heap(&f, settings);
    uint32_t node = fixture_alloc(&f, NODE, 0, 0), leaf = fixture_alloc(&f, LEAF, 0, 1);
    assert_true(gcr_pools_owns(&ll_of(&f)->pools[1], fixture_ref(&f, node)));
    assert_true(gcr_pools_owns(&ll_of(&f)->pools[0], fixture_ref(&f, leaf)));
    assert_false(gcr_pools_owns(&ll_of(&f)->pools[0], fixture_ref(&f, node)));
    assert_int_equal(fixture_walk_count(&f), 2);
    close_heap(&f);
}

static void test_bad_geometry_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"pool=5000", NULL}, {"arena=70000", NULL},
                                         {"small-limit=500", NULL}};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct gcr_error err;
        struct fixture_config config = config_with(bad[i]);
        assert_int_equal(fixture_try_open(&f, &config, &err), GCR_USAGE);
    }
}

/* ---- counting ---- */

static void test_acyclic_objects_die_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_heap(&f, head_settings[i]);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        fixture_store(&f, a, 0, b);
        fixture_root(&f, 1, 0);
        assert_false(fixture_is_dead(&f, b));
        fixture_root(&f, 0, 0);
        assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
        assert_int_equal(f.collection_count, 0);
        assert_int_equal(f.heap->work.freed_objects, 2);
        assert_int_equal(fixture_walk_count(&f), 0);
        close_heap(&f);
    }
}

static void test_alloc_drops_the_roots_old_value_last(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=1", NULL};
    struct fixture f;
    open_heap(&f, settings);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    uint32_t b = fixture_alloc(&f, NODE, 0, 0); /* count 2 > 1: collects while a is in the root */
    assert_int_equal(f.collection_count, 1);
    assert_int_equal(fixture_last(&f)->collected, 0);
    assert_int_equal(fixture_last(&f)->survivors, 1); /* a; b is not yet listed */
    assert_true(fixture_is_dead(&f, a));
    assert_int_equal(generation_of(&f, b), 0);
    close_heap(&f);
}

static void test_deep_list_needs_no_recursion(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    struct fixture_config config = config_with(NULL);
    config.report_frees = false;
    struct fixture f;
    fixture_open(&f, &config);
    const struct gcr_mutator_ops *ops = f.ops;
    for (int i = 0; i < DEPTH; i++) {
        ops->alloc(f.heap, &shapes[NODE], 0, 0, 0, &f.roots[1], false);
        ops->store(f.heap, f.roots[1], 0, f.roots[0]);
        ops->root(f.heap, &f.roots[0], f.roots[1], false);
    }
    ops->root(f.heap, &f.roots[1], NULL, false);
    ops->root(f.heap, &f.roots[0], NULL, false);
    assert_int_equal(f.heap->work.freed_objects, DEPTH);
    assert_int_equal(ll_of(&f)->pools[0].arena_count, 1); /* all but the last arena went back */
    close_heap(&f);
}

static void test_load_and_read_count_and_give_back(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, PAIR, 0, 0), b = fixture_alloc(&f, PAIR, 0, 1);
    fixture_store(&f, a, 1, b);
    f.ops->load(f.heap, fixture_ref(&f, a), 1, &f.roots[2], false);
    assert_int_equal(object_header(fixture_ref(&f, b))->count, 3);
    f.ops->read(f.heap, fixture_ref(&f, a), 0, 8);
    assert_int_equal(object_header(fixture_ref(&f, a))->count, 1);
    f.ops->load(f.heap, fixture_ref(&f, a), 0, &f.roots[2], false);
    assert_null(f.roots[2]);
    fixture_check(&f);
    close_heap(&f);
}

static void test_storing_an_objects_own_value_again_keeps_it(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, a, 0, b);
    fixture_root(&f, 1, 0);
    fixture_store(&f, a, 0, b);
    fixture_root(&f, 0, a);
    assert_false(fixture_is_dead(&f, b));
    close_heap(&f);
}

/* ---- COPY ---- */

static void fill(struct fixture *f, uint32_t object, uint32_t n, uint32_t *leaf)
{
    for (uint32_t i = 0; i < n; i++) {
        leaf[i] = fixture_alloc(f, LEAF, 0, FIXTURE_ROOTS - 2);
        fixture_store(f, object, i, leaf[i]);
    }
    fixture_root(f, FIXTURE_ROOTS - 2, 0);
}

static void test_copy_overlap_in_both_directions(void **state)
{
    (void)state;
    static const uint32_t shape[] = {TUPLE, LIST};
    for (int s = 0; s < 2; s++) {
        struct fixture f;
        uint32_t leaf[8];
        open_heap(&f, NULL);
        uint32_t a = fixture_alloc(&f, shape[s], 8, 0);
        fill(&f, a, 8, leaf);
        fixture_copy(&f, a, 1, a, 0, 7); /* shift up by one: the last one dies, the first doubles */
        assert_true(fixture_is_dead(&f, leaf[7]));
        assert_int_equal(object_header(fixture_ref(&f, leaf[0]))->count, 2);
        assert_int_equal(object_header(fixture_ref(&f, leaf[3]))->count, 1);
        for (uint32_t i = 1; i < 8; i++)
            assert_int_equal(fixture_slot(&f, a, i), leaf[i - 1]);
        fixture_check(&f);
        fixture_copy(&f, a, 0, a, 3, 5); /* shift down by three */
        assert_true(fixture_is_dead(&f, leaf[0]) && fixture_is_dead(&f, leaf[1]));
        for (uint32_t i = 0; i < 5; i++)
            assert_int_equal(fixture_slot(&f, a, i), leaf[i + 2]);
        fixture_check(&f);
        fixture_copy(&f, a, 2, a, 2, 3); /* onto itself */
        assert_int_equal(fixture_slot(&f, a, 2), leaf[4]);
        close_heap(&f);
    }
}

static void test_copy_between_objects(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t la[4], lb[4];
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, TUPLE, 4, 0), b = fixture_alloc(&f, LIST, 4, 1);
    fill(&f, a, 4, la);
    fill(&f, b, 4, lb);
    fixture_copy(&f, b, 1, a, 0, 3);
    assert_int_equal(fixture_slot(&f, b, 0), lb[0]);
    assert_int_equal(fixture_slot(&f, b, 3), la[2]);
    assert_true(fixture_is_dead(&f, lb[1]) && fixture_is_dead(&f, lb[3]));
    assert_int_equal(object_header(fixture_ref(&f, la[1]))->count, 2);
    close_heap(&f);
}

/* ---- RESIZE ---- */

static void test_resize_grows_and_shrinks(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t leaf[6];
    open_heap(&f, NULL);
    uint32_t d = fixture_alloc(&f, DICT, 3, 0);
    assert_true(gcr_shape_data_bytes(&shapes[DICT], 3) == 8 + 3 * 8);
    fill(&f, d, 6, leaf);
    fixture_write(&f, d, 0, 32, 9);
    assert_true(fixture_resize(&f, d, 100));
    assert_int_equal(fixture_length(&f, d), 100);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(fixture_slot(&f, d, i), leaf[i]);
    assert_int_equal(fixture_slot(&f, d, 199), 0);
    fixture_assert_pattern(&f, d, 0, 32, 9);
    fixture_assert_zero(&f, d, 32, 97 * 8);
    fixture_check(&f);
    assert_true(fixture_resize(&f, d, 1));
    assert_int_equal(fixture_slot(&f, d, 1), leaf[1]);
    assert_true(fixture_is_dead(&f, leaf[2]) && fixture_is_dead(&f, leaf[5]));
    fixture_assert_pattern(&f, d, 0, 16, 9);
    fixture_check(&f);
    assert_true(fixture_resize(&f, d, 0));
    assert_true(fixture_is_dead(&f, leaf[0]));
    assert_null(*object_body(fixture_ref(&f, d)));
    assert_true(fixture_resize(&f, d, 2));
    fixture_assert_zero(&f, d, 8, 16);
    close_heap(&f);
}

static void test_resize_in_place_follows_the_three_quarter_rule(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t list = fixture_alloc(&f, LIST, 15, 0); /* 120 bytes in a block of 128 */
    char *body = *object_body(fixture_ref(&f, list));
    assert_true(fixture_resize(&f, list, 16)); /* 128 fit */
    assert_ptr_equal(*object_body(fixture_ref(&f, list)), body);
    assert_true(fixture_resize(&f, list, 13)); /* 104 > 96 = 3/4 of 128 */
    assert_ptr_equal(*object_body(fixture_ref(&f, list)), body);
    assert_true(fixture_resize(&f, list, 12)); /* 96 is not more than 3/4 */
    assert_ptr_not_equal(*object_body(fixture_ref(&f, list)), body);
    assert_true(fixture_resize(&f, list, 300)); /* to the system heap and back */
    assert_int_equal(ll_of(&f)->system.used_chunks, 1);
    fixture_check(&f);
    assert_true(fixture_resize(&f, list, 3));
    assert_int_equal(ll_of(&f)->system.used_chunks, 0);
    close_heap(&f);
}

/* ---- trigger ---- */

/* Allocates until the next collection ends; everything stays alive in a chain at root 0. Returns the
 * number of allocations. */
static uint32_t allocate_until_collection(struct fixture *f)
{
    uint32_t before = f->collection_count, n = 0;
    while (f->collection_count == before) {
        f->ops->alloc(f->heap, &shapes[NODE], 0, 0, 0, &f->roots[1], false);
        f->ops->store(f->heap, f->roots[1], 0, f->roots[0]);
        f->ops->root(f->heap, &f->roots[0], f->roots[1], false);
        n++;
    }
    return n;
}

static void test_default_thresholds_pick_generations_as_cpython_does(void **state)
{
    (void)state;
    struct fixture_config config = config_with(NULL);
    config.report_frees = false;
    struct fixture f;
    fixture_open(&f, &config);
    for (uint32_t trigger = 1; trigger <= 133; trigger++) {
        assert_int_equal(allocate_until_collection(&f), 701);
        uint32_t expected = trigger == 133 ? 2 : trigger % 12 == 0 ? 1 : 0;
        assert_int_equal(fixture_last(&f)->generation, expected);
        assert_int_equal(fixture_last(&f)->reason, GCR_REASON_ALLOCATION);
        assert_int_equal(fixture_last(&f)->full, expected == 2);
    }
    assert_int_equal(ll_of(&f)->long_lived_total, 133 * 701 - 1);
    f.ops->root(f.heap, &f.roots[1], NULL, false);
    close_heap(&f);
}

static void test_full_collection_waits_for_a_quarter(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=9", "threshold1=0", "threshold2=0", NULL};
    struct fixture f;
    open_heap(&f, settings);
    f.collector->gc_control(f.heap, false, (const uint32_t[]){9, 0, 0});
    for (int i = 0; i < 1000; i++) {
        f.ops->alloc(f.heap, &shapes[NODE], 0, 0, 0, &f.roots[1], false);
        f.ops->store(f.heap, f.roots[1], 0, f.roots[0]);
        f.ops->root(f.heap, &f.roots[0], f.roots[1], false);
    }
    f.collector->gc_control(f.heap, true, (const uint32_t[]){9, 0, 0});
    collect(&f, 2);
    assert_int_equal(ll_of(&f)->long_lived_total, 1000);
    /* Triggers alternate between generations 0 and 1; each generation-1 collection adds 20, the
     * first 19 (the newest object is not yet listed), then 20; the 13th makes 259 >= 250. */
    for (int trigger = 1; trigger <= 26; trigger++) {
        assert_int_equal(allocate_until_collection(&f), 10);
        assert_int_equal(fixture_last(&f)->generation, trigger % 2 == 0 ? 1 : 0);
    }
    assert_int_equal(ll_of(&f)->long_lived_pending, 259);
    allocate_until_collection(&f);
    assert_int_equal(fixture_last(&f)->generation, 2);
    assert_int_equal(ll_of(&f)->long_lived_pending, 0);
    assert_int_equal(ll_of(&f)->long_lived_total, 1269);
    close_heap(&f);
}

static void test_counter_rules(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    struct linked_list *ll = ll_of(&f);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    assert_int_equal(ll->count[0], 1);
    fixture_alloc(&f, LEAF, 0, 1); /* not a container */
    assert_int_equal(ll->count[0], 1);
    fixture_alloc_flags(&f, NODE, 0, GCR_ALLOC_UNCOUNTED, 2);
    assert_int_equal(ll->count[0], 1);
    fixture_root(&f, 2, 0); /* an ordinary death counts down */
    assert_int_equal(ll->count[0], 0);
    fixture_root(&f, 0, 0); /* and never below zero */
    assert_int_equal(ll->count[0], 0);
    assert_true(fixture_is_dead(&f, a));
    uint32_t b = fixture_alloc(&f, NODE, 0, 0);
    f.ops->recycle(f.heap, fixture_ref(&f, b));
    fixture_root(&f, 0, 0);
    assert_int_equal(ll->count[0], 1); /* recycled: no decrement */
    close_heap(&f);
}

static void test_notrigger_postpones_and_disabled_never_triggers(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=2", NULL};
    struct fixture f;
    open_heap(&f, settings);
    for (int i = 0; i < 5; i++)
        fixture_alloc_flags(&f, NODE, 0, GCR_ALLOC_NOTRIGGER, i);
    assert_int_equal(f.collection_count, 0);
    assert_int_equal(ll_of(&f)->count[0], 5);
    fixture_alloc(&f, NODE, 0, 5);
    assert_int_equal(f.collection_count, 1);
    f.collector->gc_control(f.heap, false, (const uint32_t[]){700, 10, 10});
    for (int i = 0; i < 20; i++)
        fixture_alloc(&f, NODE, 0, i);
    assert_int_equal(f.collection_count, 1);
    collect(&f, 0); /* explicit ones work all the same */
    assert_int_equal(f.collection_count, 2);
    close_heap(&f);
}

static void test_gccontrol_sets_thresholds_unless_an_option_did(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold1=3", NULL};
    struct fixture f;
    open_heap(&f, settings);
    f.collector->gc_control(f.heap, true, (const uint32_t[]){5, 6, 7});
    assert_int_equal(ll_of(&f)->threshold[0], 5);
    assert_int_equal(ll_of(&f)->threshold[1], 3);
    assert_int_equal(ll_of(&f)->threshold[2], 7);
    f.collector->gc_control(f.heap, true, (const uint32_t[]){0, 6, 7});
    for (int i = 0; i < 50; i++)
        fixture_alloc(&f, NODE, 0, i);
    assert_int_equal(f.collection_count, 0); /* threshold 0 means never */
    close_heap(&f);
}

/* ---- cycles ---- */

static void test_cycle_is_collected_in_each_layout(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_heap(&f, head_settings[i]);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        uint32_t kept = fixture_alloc(&f, NODE, 0, 2);
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_store(&f, kept, 0, kept);
        fixture_root(&f, 0, 0);
        fixture_root(&f, 1, 0);
        assert_false(fixture_is_dead(&f, a));
        collect(&f, 0);
        assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
        assert_int_equal(fixture_last(&f)->collected, 2);
        assert_int_equal(fixture_last(&f)->freed, 2);
        assert_int_equal(fixture_last(&f)->survivors, 1);
        assert_int_equal(generation_of(&f, kept), 1);
        fixture_check(&f);
        collect(&f, 1);
        assert_int_equal(generation_of(&f, kept), 2);
        close_heap(&f);
    }
}

static void test_old_garbage_waits_for_its_generation(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    fixture_store(&f, a, 0, a);
    collect(&f, 1);
    fixture_root(&f, 0, 0);
    collect(&f, 1);
    assert_false(fixture_is_dead(&f, a));
    collect(&f, 2);
    assert_true(fixture_is_dead(&f, a));
    close_heap(&f);
}

/* Reachable objects that the walk meets in the wrong order first go to the unreachable list. */
static void test_chain_in_the_wrong_order_survives(void **state)
{
    (void)state;
    enum { N = 50 };
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        uint32_t node[N];
        open_heap(&f, head_settings[i]);
        for (int k = 0; k < N; k++) {
            node[k] = fixture_alloc(&f, PAIR, 0, 1);
            if (k > 0)
                fixture_store(&f, node[k], 0, node[k - 1]); /* younger refers to older */
            fixture_root(&f, 0, node[k]);
        }
        fixture_root(&f, 1, 0);
        fixture_store(&f, node[0], 1, node[N / 2]);
        collect(&f, 0);
        assert_int_equal(fixture_last(&f)->survivors, N);
        for (int k = 0; k < N; k++)
            assert_int_equal(generation_of(&f, node[k]), 1);
        fixture_check(&f);
        collect(&f, 2);
        assert_int_equal(fixture_last(&f)->collected, 0);
        fixture_root(&f, 0, 0);
        collect(&f, 2);
        assert_int_equal(fixture_walk_count(&f), 0);
        assert_int_equal(fixture_last(&f)->collected, N / 2 + 1); /* the others died by counting */
        close_heap(&f);
    }
}

static void test_chain_through_list_bodies_is_collected(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, LIST, 3, 0), b = fixture_alloc(&f, LIST, 200, 1);
    fixture_store(&f, a, 2, b);
    fixture_store(&f, b, 199, a);
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    collect(&f, 2);
    assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
    assert_int_equal(ll_of(&f)->system.used_chunks, 0);
    close_heap(&f);
}

static void test_ring_of_tuples_is_collected(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, TUPLE, 1, 0), b = fixture_alloc(&f, TUPLE, 1, 1);
    fixture_store(&f, a, 0, b);
    fixture_store(&f, b, 0, a);
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    collect(&f, 2);
    assert_int_equal(fixture_walk_count(&f), 0);
    close_heap(&f);
}

static void test_separate_buffer_is_seen_through_while_private(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), buffer = fixture_alloc(&f, BUFFER, 0, 1);
    fixture_store(&f, a, 0, buffer);
    fixture_store(&f, buffer, 1, a);
    fixture_root(&f, 0, 0);
    collect(&f, 2); /* root 1 still holds the buffer: opaque, and a is held from outside */
    assert_false(fixture_is_dead(&f, a));
    fixture_root(&f, 1, 0);
    collect(&f, 2);
    assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, buffer));
    assert_int_equal(fixture_last(&f)->collected, 1);
    assert_int_equal(fixture_last(&f)->freed, 2);
    close_heap(&f);
}

static void test_cycle_of_other_objects_stays(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, BUFFER, 0, 0);
    fixture_store(&f, a, 0, a);
    fixture_root(&f, 0, 0);
    collect(&f, 2);
    assert_false(fixture_is_dead(&f, a)); /* as in CPython: nobody can find it */
    assert_int_equal(fixture_last(&f)->collected, 0);
    fixture_close(&f);
}

static void test_prebuilt_objects_are_immortal(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t p = fixture_prebuilt(&f, NODE, 0), a = fixture_alloc(&f, NODE, 0, 0);
    assert_false(is_tracked(&f, p));
    assert_int_equal(ll_of(&f)->count[0], 1);
    fixture_store(&f, p, 0, a);
    fixture_store(&f, a, 0, a);
    fixture_root(&f, 0, 0);
    collect(&f, 2);
    assert_false(fixture_is_dead(&f, a)); /* what it refers to is a root */
    track(&f, p);
    collect(&f, 2);
    assert_false(fixture_is_dead(&f, p));
    assert_int_equal(fixture_last(&f)->collected, 0);
    close_heap(&f);
}

/* ---- tracking ---- */

static void test_tracking_follows_the_trace(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_tracking_heap(&f, head_settings[i], false);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0);
        assert_false(is_tracked(&f, a));
        fixture_store(&f, a, 0, a);
        track(&f, a);
        track(&f, a); /* no-op */
        assert_int_equal(generation_of(&f, a), 0);
        f.ops->untrack(f.heap, fixture_ref(&f, a));
        f.ops->untrack(f.heap, fixture_ref(&f, a));
        assert_false(is_tracked(&f, a));
        fixture_root(&f, 0, 0);
        collect(&f, 2);
        assert_false(fixture_is_dead(&f, a)); /* untracked: never a candidate */
        track(&f, a);
        collect(&f, 2);
        assert_true(fixture_is_dead(&f, a));
        close_heap(&f);
    }
}

/* outer -> middle -> inner -> leaf, tracked outer first: one pass frees one level at a time. */
static void nested_tuples(struct fixture *f, uint32_t tuple[3])
{
    uint32_t leaf = fixture_alloc(f, LEAF, 0, 3);
    for (int i = 0; i < 3; i++)
        tuple[i] = fixture_alloc(f, TUPLE, 1, i);
    fixture_store(f, tuple[0], 0, tuple[1]);
    fixture_store(f, tuple[1], 0, tuple[2]);
    fixture_store(f, tuple[2], 0, leaf);
}

static void test_tuples_are_untracked_level_by_level(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        uint32_t tuple[3];
        open_heap(&f, head_settings[i]);
        nested_tuples(&f, tuple);
        for (int round = 2; round >= 0; round--) {
            collect(&f, 0);
            collect(&f, 2);
            collect(&f, 2);
        }
        for (int k = 0; k < 3; k++)
            assert_false(is_tracked(&f, tuple[k]));
        assert_int_equal(fixture_last(&f)->survivors, 0);
        /* a non-null item makes it tracked again, null does not */
        fixture_store(&f, tuple[1], 0, 0);
        assert_false(is_tracked(&f, tuple[1]));
        fixture_store(&f, tuple[2], 0, tuple[0]);
        assert_int_equal(generation_of(&f, tuple[2]), 0);
        fixture_check(&f);
        close_heap(&f);
    }
}

static void test_untrack_once_needs_a_collection_a_level(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t tuple[3];
    open_heap(&f, NULL);
    nested_tuples(&f, tuple);
    collect(&f, 0);
    assert_true(is_tracked(&f, tuple[0]) && is_tracked(&f, tuple[1]));
    assert_false(is_tracked(&f, tuple[2]));
    collect(&f, 1);
    assert_true(is_tracked(&f, tuple[0]));
    assert_false(is_tracked(&f, tuple[1]));
    collect(&f, 2);
    assert_false(is_tracked(&f, tuple[0]));
    close_heap(&f);
}

static void test_untrack_fixpoint_and_off(void **state)
{
    (void)state;
    static const char *const fixpoint[] = {"untrack=fixpoint", NULL}, *const off[] = {"untrack=off", NULL};
    struct fixture f;
    uint32_t tuple[3];
    open_heap(&f, fixpoint);
    nested_tuples(&f, tuple);
    collect(&f, 0);
    for (int k = 0; k < 3; k++)
        assert_false(is_tracked(&f, tuple[k]));
    close_heap(&f);
    open_heap(&f, off);
    nested_tuples(&f, tuple);
    collect(&f, 2);
    for (int k = 0; k < 3; k++)
        assert_true(is_tracked(&f, tuple[k]));
    close_heap(&f);
}

static void test_null_item_keeps_a_tuple_tracked(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t t = fixture_alloc(&f, TUPLE, 2, 0);
    fixture_store(&f, t, 0, fixture_alloc(&f, LEAF, 0, 1));
    collect(&f, 0);
    assert_true(is_tracked(&f, t));
    close_heap(&f);
}

static void test_copy_into_an_untracked_tuple_tracks_it(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t t = fixture_alloc(&f, TUPLE, 1, 0), n = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, t, 0, fixture_alloc(&f, LEAF, 0, 2));
    fixture_store(&f, n, 0, n);
    collect(&f, 0);
    assert_false(is_tracked(&f, t));
    fixture_copy(&f, t, 0, n, 0, 1);
    assert_int_equal(generation_of(&f, t), 0);
    close_heap(&f);
}

static void test_dicts_are_untracked_in_faithful_full_collections_only(void **state)
{
    (void)state;
    static const char *const other[] = {"threshold0=200", NULL};
    for (int faithful = 0; faithful < 2; faithful++) {
        for (int changed = 0; changed < 2; changed++) {
            struct fixture f;
            open_tracking_heap(&f, changed ? other : NULL, faithful);
            uint32_t d = fixture_alloc(&f, DICT, 4, 0); /* null entries do not block a dict */
            fixture_store(&f, d, 0, fixture_alloc(&f, LEAF, 0, 1));
            track(&f, d);
            collect(&f, 1);
            assert_true(is_tracked(&f, d));
            collect(&f, 2);
            assert_int_equal(is_tracked(&f, d), !(faithful && !changed));
            close_heap(&f);
        }
    }
}

/* ---- finalizers ---- */

static void test_finalizer_runs_once_by_counting(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, FINAL, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, a, 0, b);
    fixture_root(&f, 1, 0);
    f.resurrect_into[0] = 4;
    fixture_root(&f, 0, 0); /* revived, with its reference intact, tracked in generation 0 */
    assert_int_equal(f.finalized_count, 1);
    assert_int_equal(f.finalized[0].cookie, a);
    assert_false(fixture_is_dead(&f, a) || fixture_is_dead(&f, b));
    assert_int_equal(generation_of(&f, a), 0);
    fixture_check(&f);
    fixture_global(&f, 4, 0);
    assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
    assert_int_equal(f.finalized_count, 1);
    assert_int_equal(f.heap->work.finalized, 1);
    close_heap(&f);
}

static void test_finalizer_of_an_object_that_is_no_container(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, FINAL_LEAF, 0, 0);
    f.resurrect_into[0] = 0;
    fixture_root(&f, 0, 0);
    assert_false(fixture_is_dead(&f, a));
    fixture_global(&f, 0, 0);
    assert_true(fixture_is_dead(&f, a));
    assert_int_equal(f.finalized_count, 1);
    close_heap(&f);
}

static void test_cycle_with_finalizer_is_finalized_then_freed(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_heap(&f, head_settings[i]);
        uint32_t a = fixture_alloc(&f, FINAL, 0, 0), b = fixture_alloc(&f, FINAL, 0, 1);
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_root(&f, 0, 0);
        fixture_root(&f, 1, 0);
        collect(&f, 0);
        assert_int_equal(f.finalized_count, 2);
        assert_int_equal(fixture_last(&f)->collected, 2);
        assert_int_equal(fixture_walk_count(&f), 0);
        close_heap(&f);
    }
}

/* a <-> b and c <-> c are garbage; a's finalizer stores a into a root: a and b live, c goes. */
static void test_resurrection_keeps_what_it_reaches(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_heap(&f, head_settings[i]);
        uint32_t a = fixture_alloc(&f, FINAL, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        uint32_t c = fixture_alloc(&f, NODE, 0, 2);
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_store(&f, c, 0, c);
        for (int root = 0; root < 3; root++)
            fixture_root(&f, root, 0);
        f.resurrect_into[0] = 7;
        collect(&f, 0);
        assert_int_equal(fixture_last(&f)->collected, 1);
        assert_true(fixture_is_dead(&f, c));
        assert_int_equal(fixture_slot(&f, b, 0), a);
        assert_int_equal(fixture_slot(&f, a, 0), b);
        assert_int_equal(generation_of(&f, a), 1);
        assert_int_equal(generation_of(&f, b), 1);
        fixture_check(&f);
        fixture_global(&f, 7, 0);
        collect(&f, 2); /* no second finalizer */
        assert_int_equal(f.finalized_count, 1);
        assert_int_equal(fixture_walk_count(&f), 0);
        close_heap(&f);
    }
}

static void test_legacy_finalizer_keeps_its_cycle(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        open_heap(&f, head_settings[i]);
        uint32_t a = fixture_alloc(&f, LEGACY, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        uint32_t c = fixture_alloc(&f, NODE, 0, 2); /* garbage that refers to the legacy cycle */
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_store(&f, c, 0, c);
        for (int root = 0; root < 3; root++)
            fixture_root(&f, root, 0);
        collect(&f, 0);
        assert_int_equal(fixture_last(&f)->uncollectable, 2);
        assert_int_equal(fixture_last(&f)->collected, 1);
        assert_false(fixture_is_dead(&f, a) || fixture_is_dead(&f, b));
        assert_int_equal(generation_of(&f, a), 1);
        assert_int_equal(f.finalized_count, 0);
        fixture_check(&f);
        collect(&f, 2);
        assert_int_equal(fixture_last(&f)->uncollectable, 0); /* held by the garbage list now */
        close_heap(&f);
    }
}

static void test_legacy_finalizer_runs_by_counting(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, LEGACY, 0, 0);
    fixture_root(&f, 0, 0);
    assert_int_equal(f.finalized_count, 1);
    assert_true(fixture_is_dead(&f, a));
    close_heap(&f);
}

/* ---- weak references ---- */

static void test_weak_reference_is_cleared_by_counting(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t weak[5], a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    for (int i = 0; i < 5; i++) {
        weak[i] = fixture_alloc(&f, WEAK, 0, 2 + i);
        fixture_weakref(&f, weak[i], a);
    }
    assert_int_equal(object_header(fixture_ref(&f, a))->count, 1); /* not counted */
    fixture_root(&f, 4, 0);                                        /* the middle one dies first */
    fixture_weakref(&f, weak[4], b);                               /* another moves on */
    fixture_check(&f);
    fixture_root(&f, 0, 0);
    assert_null(f.collector->weak_target(f.heap, fixture_ref(&f, weak[0])));
    assert_ptr_equal(f.collector->weak_target(f.heap, fixture_ref(&f, weak[4])), fixture_ref(&f, b));
    assert_int_equal(ll_of(&f)->side.count, 2);
    close_heap(&f);
}

static bool weak_was_null_at_finalizer;

/* The fixture's finalize, but it looks at a weak reference first. */
static void (*plain_finalize)(struct gcr_host *, struct gcr_heap *, uint32_t, gcr_ref);
static void looking_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                             gcr_ref object)
{
    struct fixture *f = (struct fixture *)host;
    weak_was_null_at_finalizer =
        f->collector->weak_target(heap, f->roots[5]) == NULL;
    plain_finalize(host, heap, cookie, object);
}

static void test_weak_references_are_cleared_before_finalizers_run(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, FINAL, 0, 0), weak = fixture_alloc(&f, WEAK, 0, 5);
    fixture_store(&f, a, 0, a);
    fixture_weakref(&f, weak, a);
    fixture_root(&f, 0, 0);
    plain_finalize = f.host.finalize;
    f.host.finalize = looking_finalize;
    weak_was_null_at_finalizer = false;
    f.resurrect_into[0] = 1;
    collect(&f, 2);
    assert_int_equal(f.finalized_count, 1);
    assert_true(weak_was_null_at_finalizer);
    assert_null(f.collector->weak_target(f.heap, fixture_ref(&f, weak)));
    close_heap(&f);
}

static void test_unreachable_weak_reference_to_a_live_object(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), weak = fixture_alloc(&f, WEAK, 0, 1);
    fixture_weakref(&f, weak, a);
    fixture_store(&f, weak, 0, weak);
    fixture_root(&f, 1, 0);
    collect(&f, 2);
    assert_true(fixture_is_dead(&f, weak));
    assert_int_equal(ll_of(&f)->side.count, 0);
    assert_int_equal(object_header(fixture_ref(&f, a))->type & OBJECT_HAS_WEAK, 0);
    close_heap(&f);
}

/* ---- freeze, recycling ---- */

static void test_frozen_objects_are_no_candidates(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, a, 0, a);
    f.collector->freeze(f.heap);
    assert_int_equal(ll_of(&f)->count[0], 0);
    assert_int_equal(generation_of(&f, a), 3);
    uintptr_t prev = head_of_handle(&f, a)->prev, next = head_of_handle(&f, a)->next;
    fixture_root(&f, 0, 0);
    collect(&f, 2);
    assert_false(fixture_is_dead(&f, a));
    assert_int_equal(head_of_handle(&f, a)->prev, prev); /* not written */
    assert_int_equal(head_of_handle(&f, a)->next, next);
    fixture_root(&f, 1, 0); /* dies by counting, out of the permanent list */
    assert_true(fixture_is_dead(&f, b));
    fixture_check(&f);
    f.collector->unfreeze(f.heap);
    assert_int_equal(generation_of(&f, a), 2);
    collect(&f, 2);
    assert_true(fixture_is_dead(&f, a));
    close_heap(&f);
}

static void test_recycled_blocks_are_last_in_first_out(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, TUPLE, 2, 0), b = fixture_alloc(&f, TUPLE, 2, 1);
    gcr_ref at_a = fixture_ref(&f, a), at_b = fixture_ref(&f, b);
    f.ops->recycle(f.heap, at_a);
    f.ops->recycle(f.heap, at_b);
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    assert_int_equal(fixture_walk_count(&f), 0); /* recycled blocks are no objects */
    fixture_check(&f);
    uint32_t c = fixture_alloc(&f, TUPLE, 2, 2); /* an ordinary allocation does not take them */
    assert_ptr_not_equal(fixture_ref(&f, c), at_a);
    assert_ptr_not_equal(fixture_ref(&f, c), at_b);
    uint32_t d = fixture_alloc_flags(&f, TUPLE, 2, GCR_ALLOC_UNCOUNTED, 3);
    uint32_t e = fixture_alloc_flags(&f, TUPLE, 2, GCR_ALLOC_UNCOUNTED, 4);
    assert_ptr_equal(fixture_ref(&f, d), at_b);
    assert_ptr_equal(fixture_ref(&f, e), at_a);
    assert_int_equal(fixture_slot(&f, d, 0), 0);
    close_heap(&f);
}

static void test_full_collection_empties_the_free_lists(void **state)
{
    (void)state;
    static const char *const kept[] = {"empty-free-lists=off", NULL};
    for (int keep = 0; keep < 2; keep++) {
        struct fixture f;
        open_heap(&f, keep ? kept : NULL);
        uint32_t a = fixture_alloc(&f, TUPLE, 2, 0);
        f.ops->recycle(f.heap, fixture_ref(&f, a));
        fixture_root(&f, 0, 0);
        uint64_t pools = ll_of(&f)->pools[0].pools_in_use;
        collect(&f, 1);
        assert_int_equal(ll_of(&f)->pools[0].pools_in_use, pools);
        collect(&f, 2);
        assert_int_equal(ll_of(&f)->pools[0].pools_in_use, keep ? pools : pools - 1);
        close_heap(&f);
    }
}

/* ---- exhaustion ---- */

static void test_emergency_collection_then_exhausted(void **state)
{
    (void)state;
    struct fixture_config config = config_with((const char *const[]){"threshold0=0", NULL});
    config.budget_bytes = 3 << 20;
    struct fixture f;
    fixture_open(&f, &config);
    f.after_collection = NULL;
    uint32_t n = 0;
    while (f.collection_count == 0) { /* garbage cycles fill the budget */
        uint32_t a = fixture_alloc(&f, TUPLE, 50, 0);
        assert_int_not_equal(a, 0);
        fixture_store(&f, a, 0, a);
        n++;
    }
    assert_int_equal(fixture_last(&f)->reason, GCR_REASON_EMERGENCY);
    assert_int_equal(fixture_last(&f)->generation, 2);
    assert_true(fixture_last(&f)->collected >= n - 2);
    fixture_check(&f);
    uint32_t chain = fixture_alloc(&f, TUPLE, 50, 0), next;
    while ((next = fixture_alloc(&f, TUPLE, 50, 1)) != 0) { /* now everything is live */
        fixture_store(&f, next, 0, chain);
        fixture_root(&f, 0, next);
        chain = next;
    }
    assert_int_equal(fixture_number(&f, f.roots[1]), chain);
    assert_true(f.supply.committed_bytes <= 3 << 20);
    fixture_check(&f);
    fixture_root(&f, 1, 0);
    fixture_root(&f, 0, 0);
    assert_int_not_equal(fixture_alloc(&f, TUPLE, 50, 0), 0); /* room again */
    close_heap(&f);
}

static void test_resize_refused_changes_nothing(void **state)
{
    (void)state;
    struct fixture_config config = config_with(NULL);
    config.budget_bytes = 3 << 20;
    struct fixture f;
    fixture_open(&f, &config);
    uint32_t leaf[4], list = fixture_alloc(&f, LIST, 4, 0);
    fill(&f, list, 4, leaf);
    assert_false(fixture_resize(&f, list, 1000000));
    assert_int_equal(fixture_last(&f)->reason, GCR_REASON_EMERGENCY);
    assert_int_equal(fixture_length(&f, list), 4);
    assert_int_equal(fixture_slot(&f, list, 3), leaf[3]);
    close_heap(&f);
}

static void test_refused_pages_one_by_one(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1; fail_at <= 24; fail_at++) {
        struct fixture f;
        struct gcr_error err;
        struct fixture_config config = config_with(NULL);
        config.fail_after = fail_at;
        if (fixture_try_open(&f, &config, &err) != GCR_OK)
            continue;
        for (int i = 0; i < 2000; i++) {
            static const uint32_t shape[] = {NODE, LIST, WEAK, FINAL, BYTES};
            uint32_t object = fixture_alloc(&f, shape[i % 5], i % 5 == 1 ? 300 : i % 5 == 4 ? 2000 : 0,
                                            i % 60);
            if (object != 0 && i % 5 == 2)
                fixture_weakref(&f, object, object);
        }
        fixture_check(&f);
        fixture_close(&f);
    }
}

/* ---- damage ---- */

static void expect_damage(const struct fixture *f, const char *word)
{
    struct gcr_error err;
    assert_false(f->collector->check(f->heap, 3, &err));
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" does not mention \"%s\"", err.text, word);
}

static void test_check_finds_damaged_heads(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_alloc(&f, NODE, 0, 2);
    struct gc_head *head = head_of_handle(&f, a), *other = head_of_handle(&f, b);
    head->prev |= PREV_COLLECTING;
    expect_damage(&f, "collecting");
    head->prev &= ~(uintptr_t)PREV_COLLECTING;
    head->next |= NEXT_UNREACHABLE;
    expect_damage(&f, "unreachable");
    head->next &= ~(uintptr_t)NEXT_UNREACHABLE;
    uintptr_t kept = other->prev;
    other->prev = (uintptr_t)other;
    expect_damage(&f, "next.prev");
    other->prev = kept;
    kept = other->next;
    other->next = (uintptr_t)head; /* a circle that leaves the list's head out */
    head->prev = (uintptr_t)other;
    expect_damage(&f, "next.prev");
    other->next = kept;
    head->prev = (uintptr_t)&ll_of(&f)->generation[0];
    list_unlink(head); /* still says that it is tracked, but is in no list */
    expect_damage(&f, "tracked");
    head->next = 0;
    head->prev = 0;
    fixture_check(&f);
    close_heap(&f);
}

static void test_check_finds_damaged_wide_heads(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, head_settings[1]);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    struct gc_head *head = head_of_handle(&f, a);
    static const int64_t wrong[] = {0, 1, REFS_TENTATIVE, REFS_UNTRACKED};
    for (size_t i = 0; i < 4; i++) {
        wide_set_refs(head, wrong[i]);
        expect_damage(&f, "collecting");
    }
    wide_set_refs(head, REFS_REACHABLE);
    close_heap(&f);
}

static void test_check_finds_damaged_objects(void **state)
{
    (void)state;
    struct fixture f;
    open_heap(&f, NULL);
    struct linked_list *ll = ll_of(&f);
    uint32_t a = fixture_alloc(&f, PAIR, 0, 0), weak = fixture_alloc(&f, WEAK, 0, 1);
    fixture_weakref(&f, weak, a);
    struct object_header *header = object_header(fixture_ref(&f, a));
    header->count++;
    expect_damage(&f, "count");
    header->count = 0;
    expect_damage(&f, "zero");
    header->count = 1;
    uint64_t type = header->type;
    header->type = (type & ~OBJECT_SHAPE_MASK) | LEAF;
    expect_damage(&f, "not a container");
    header->type = type | OBJECT_LARGE;
    expect_damage(&f, "large");
    header->type = type & ~OBJECT_HAS_WEAK;
    expect_damage(&f, "weak");
    header->type = type;
    gcr_ref *target = object_weak_target(&ll->types[WEAK], fixture_ref(&f, weak));
    *target = NULL;
    expect_damage(&f, "weak target");
    *target = fixture_ref(&f, a);
    gcr_ref *slot = object_slot(&ll->types[PAIR], fixture_ref(&f, a), 0);
    *slot = (gcr_ref)(uintptr_t)0x1230;
    expect_damage(&f, "where no object is");
    *slot = NULL;
    ll->header_bytes += 8;
    expect_damage(&f, "header bytes");
    ll->header_bytes -= 8;
    ll->collecting = true;
    expect_damage(&f, "running");
    ll->collecting = false;
    ll->dead = fixture_ref(&f, a);
    expect_damage(&f, "queued");
    ll->dead = NULL;
    f.supply.committed_bytes += 4096;
    expect_damage(&f, "committed");
    f.supply.committed_bytes -= 4096;
    close_heap(&f);
}

/* ---- random operations against a model ---- */

enum { MODEL_OBJECTS = 60000, MODEL_SLOTS = 12, MODEL_ROOTS = 24 };

struct model {
    uint32_t slot[MODEL_OBJECTS][MODEL_SLOTS];
    uint32_t slots[MODEL_OBJECTS];
    uint8_t shape[MODEL_OBJECTS], reached[MODEL_OBJECTS];
    uint32_t root[MODEL_ROOTS];
    uint32_t global[FIXTURE_GLOBAL_ROOTS]; /* resurrected objects */
    const uint32_t *shape_choice;
    uint32_t shape_choices;
    uint32_t stack[MODEL_OBJECTS];
    uint32_t objects; /* handles are 1 .. objects */
    uint64_t random;
};

static uint64_t seed = 20260729;

/* xorshift64*, Vigna 2016. */
static uint32_t pick(struct model *m, uint32_t n)
{
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return (uint32_t)((m->random * 2685821657736338717u) >> 33) % n;
}

static uint32_t model_reach(struct model *m)
{
    uint32_t depth = 0, count = 0;
    memset(m->reached, 0, m->objects + 1);
    for (int i = 0; i < MODEL_ROOTS; i++) {
        if (m->root[i] != 0 && !m->reached[m->root[i]]++)
            m->stack[depth++] = m->root[i];
    }
    for (int i = 0; i < FIXTURE_GLOBAL_ROOTS; i++) {
        if (m->global[i] != 0 && !m->reached[m->global[i]]++)
            m->stack[depth++] = m->global[i];
    }
    while (depth > 0) {
        uint32_t o = m->stack[--depth];
        count++;
        for (uint32_t k = 0; k < m->slots[o]; k++) {
            if (m->slot[o][k] != 0 && !m->reached[m->slot[o][k]]++)
                m->stack[depth++] = m->slot[o][k];
        }
    }
    return count;
}

/* A reachable object: a root, or a few steps from one. 0: no root is set. */
static uint32_t pick_reachable(struct model *m)
{
    uint32_t o = pick(m, 10) == 0 ? m->global[pick(m, FIXTURE_GLOBAL_ROOTS)]
                                  : m->root[pick(m, MODEL_ROOTS)];
    for (uint32_t steps = pick(m, 4); o != 0 && steps > 0; steps--) {
        uint32_t next = m->slots[o] != 0 ? m->slot[o][pick(m, m->slots[o])] : 0;
        if (next != 0)
            o = next;
    }
    return o;
}

static uint32_t slots_of(uint32_t shape, uint32_t length)
{
    return (uint32_t)gcr_shape_slot_count(&shapes[shape], length);
}

static void step_alloc(struct model *m, struct fixture *f)
{
    uint32_t s = m->shape_choice[pick(m, m->shape_choices)], root = pick(m, MODEL_ROOTS);
    uint32_t length = gcr_shape_has_items(&shapes[s]) ? pick(m, s == DICT ? 6 : MODEL_SLOTS) : 0;
    unsigned flags = pick(m, 10) == 0 ? pick(m, 4) : 0;
    uint32_t o = fixture_alloc_flags(f, s, length, flags, (int)root);
    assert_int_equal(o, ++m->objects);
    m->root[root] = o;
    m->shape[o] = (uint8_t)s;
    m->slots[o] = slots_of(s, length);
    memset(m->slot[o], 0, sizeof m->slot[o]);
}

static void step_store(struct model *m, struct fixture *f)
{
    uint32_t o = pick_reachable(m), v = pick(m, 8) == 0 ? 0 : pick_reachable(m);
    if (o == 0 || m->slots[o] == 0)
        return;
    uint32_t k = pick(m, m->slots[o]);
    m->slot[o][k] = v;
    fixture_store(f, o, k, v);
}

static void step_copy(struct model *m, struct fixture *f)
{
    uint32_t dst = pick_reachable(m), src = pick(m, 2) ? dst : pick_reachable(m);
    if (dst == 0 || src == 0 || m->slots[dst] == 0 || m->slots[src] == 0)
        return;
    uint32_t d = pick(m, m->slots[dst]), s = pick(m, m->slots[src]);
    uint32_t room = m->slots[dst] - d < m->slots[src] - s ? m->slots[dst] - d : m->slots[src] - s;
    uint32_t n = pick(m, room + 1);
    memmove(&m->slot[dst][d], &m->slot[src][s], n * sizeof m->slot[0][0]);
    fixture_copy(f, dst, d, src, s, n);
}

static void step_resize(struct model *m, struct fixture *f)
{
    uint32_t o = pick_reachable(m);
    if (o == 0 || !gcr_shape_is(&shapes[m->shape[o]], GCR_SHAPE_RESIZABLE))
        return;
    uint32_t length = pick(m, m->shape[o] == DICT ? 7 : MODEL_SLOTS + 1);
    uint32_t slots = slots_of(m->shape[o], length);
    for (uint32_t k = m->slots[o]; k < slots; k++)
        m->slot[o][k] = 0;
    m->slots[o] = slots;
    assert_true(fixture_resize(f, o, length));
}

static void step_rare(struct model *m, struct fixture *f)
{
    uint32_t o = pick_reachable(m), t = pick_reachable(m);
    switch (pick(m, 5)) {
    case 0:
        collect(f, pick(m, 3));
        break;
    case 1:
        if (o != 0 && m->shape[o] == WEAK)
            fixture_weakref(f, o, t);
        break;
    case 2:
        if (o != 0)
            f->ops->recycle(f->heap, fixture_ref(f, o));
        break;
    case 3:
        f->collector->freeze(f->heap);
        break;
    default:
        f->collector->unfreeze(f->heap);
    }
}

/* Finalizers since the last step resurrected their objects into globals, by the fixture's table. */
static void step_resurrected(struct model *m, const struct fixture *f)
{
    for (uint32_t n = 0; n < f->finalized_count && n < FIXTURE_GLOBAL_ROOTS; n++) {
        if (f->globals[n] != NULL && m->global[n] == 0)
            m->global[n] = f->finalized[n].cookie;
    }
}

static void step_drop_global(struct model *m, struct fixture *f)
{
    uint32_t n = pick(m, FIXTURE_GLOBAL_ROOTS);
    if (m->global[n] == 0)
        return;
    m->global[n] = 0;
    f->resurrect_into[n] = FIXTURE_NO_ROOT;
    fixture_global(f, (int)n, 0);
}

static void random_step(struct model *m, struct fixture *f)
{
    uint32_t choice = pick(m, 100), root;
    if (pick(m, 50) == 0)
        step_drop_global(m, f);
    if (choice < 25) {
        step_alloc(m, f);
    } else if (choice < 65) {
        step_store(m, f);
    } else if (choice < 75) {
        step_copy(m, f);
    } else if (choice < 83) {
        step_resize(m, f);
    } else if (choice < 97) {
        root = pick(m, MODEL_ROOTS);
        m->root[root] = pick(m, 3) == 0 ? 0 : pick_reachable(m);
        fixture_root(f, (int)root, m->root[root]);
    } else {
        step_rare(m, f);
    }
    step_resurrected(m, f);
}

/* Every reachable object is there with its slots; `exact`: and nothing else. */
static void compare(struct model *m, const struct fixture *f, bool exact)
{
    uint32_t count = model_reach(m);
    for (uint32_t o = 1; o <= m->objects; o++) {
        if (!m->reached[o])
            continue;
        assert_false(fixture_is_dead(f, o));
        assert_int_equal(slots_of(m->shape[o], fixture_length(f, o)), m->slots[o]);
        for (uint32_t k = 0; k < m->slots[o]; k++)
            assert_ptr_equal(f->collector->slot(f->heap, fixture_ref(f, o), k),
                             fixture_ref(f, m->slot[o][k]));
    }
    if (exact)
        assert_int_equal(fixture_walk_count(f), count);
}

/* `precise`: without finalizers and without cycles that CPython cannot find. */
static void run_random(const char *const *settings, bool precise, uint64_t run_seed, int steps)
{
    static const uint32_t plain[] = {NODE, PAIR, LIST, TUPLE, LEAF, WEAK, DICT, PAIR, LIST};
    static const uint32_t wild[] = {NODE, PAIR,   LIST,   TUPLE,      LEAF, WEAK,
                                    DICT, LEGACY, BUFFER, FINAL_LEAF, FINAL};
    static struct model m;
    memset(m.root, 0, sizeof m.root);
    memset(m.global, 0, sizeof m.global);
    m.objects = 0;
    m.random = run_seed * 2 + 1;
    m.shape_choice = precise ? plain : wild;
    m.shape_choices = precise ? 9 : 11;
    struct fixture f;
    open_heap(&f, settings);
    for (int i = 0; i < FIXTURE_GLOBAL_ROOTS; i++)
        f.resurrect_into[i] = i % 3 == 0 ? FIXTURE_NO_ROOT : i;
    for (int i = 0; i < steps; i++) {
        random_step(&m, &f);
        if (i % 16 == 0)
            fixture_check(&f);
        if (i % 500 == 499) {
            compare(&m, &f, false);
            f.collector->unfreeze(f.heap);
            collect(&f, 2);
            step_resurrected(&m, &f);
            compare(&m, &f, precise);
        }
    }
    close_heap(&f);
}

static void test_random_operations(void **state)
{
    (void)state;
    static const char *const settings[][6] = {
        {"head=16", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"head=24", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"head=32", "threshold0=25", "untrack=fixpoint", "small-limit=128", NULL},
        {"head=16", "threshold0=60", "untrack=off", "separate-pools=on", "empty-free-lists=off", NULL},
    };
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        for (uint64_t round = 0; round < 4; round++)
            run_random(settings[i], round < 2, seed + round, 5000);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_sizes_of_each_layout),
        cmocka_unit_test(test_leaf_has_no_head),
        cmocka_unit_test(test_footprint_counts_heads_and_hidden_words),
        cmocka_unit_test(test_large_objects_come_from_the_system_heap),
        cmocka_unit_test(test_fresh_objects_are_zero_also_in_reused_blocks),
        cmocka_unit_test(test_separate_pools),
        cmocka_unit_test(test_bad_geometry_is_refused),
        cmocka_unit_test(test_acyclic_objects_die_at_once),
        cmocka_unit_test(test_alloc_drops_the_roots_old_value_last),
        cmocka_unit_test(test_deep_list_needs_no_recursion),
        cmocka_unit_test(test_load_and_read_count_and_give_back),
        cmocka_unit_test(test_storing_an_objects_own_value_again_keeps_it),
        cmocka_unit_test(test_copy_overlap_in_both_directions),
        cmocka_unit_test(test_copy_between_objects),
        cmocka_unit_test(test_resize_grows_and_shrinks),
        cmocka_unit_test(test_resize_in_place_follows_the_three_quarter_rule),
        cmocka_unit_test(test_default_thresholds_pick_generations_as_cpython_does),
        cmocka_unit_test(test_full_collection_waits_for_a_quarter),
        cmocka_unit_test(test_counter_rules),
        cmocka_unit_test(test_notrigger_postpones_and_disabled_never_triggers),
        cmocka_unit_test(test_gccontrol_sets_thresholds_unless_an_option_did),
        cmocka_unit_test(test_cycle_is_collected_in_each_layout),
        cmocka_unit_test(test_old_garbage_waits_for_its_generation),
        cmocka_unit_test(test_chain_in_the_wrong_order_survives),
        cmocka_unit_test(test_chain_through_list_bodies_is_collected),
        cmocka_unit_test(test_ring_of_tuples_is_collected),
        cmocka_unit_test(test_separate_buffer_is_seen_through_while_private),
        cmocka_unit_test(test_cycle_of_other_objects_stays),
        cmocka_unit_test(test_prebuilt_objects_are_immortal),
        cmocka_unit_test(test_tracking_follows_the_trace),
        cmocka_unit_test(test_tuples_are_untracked_level_by_level),
        cmocka_unit_test(test_untrack_once_needs_a_collection_a_level),
        cmocka_unit_test(test_untrack_fixpoint_and_off),
        cmocka_unit_test(test_null_item_keeps_a_tuple_tracked),
        cmocka_unit_test(test_copy_into_an_untracked_tuple_tracks_it),
        cmocka_unit_test(test_dicts_are_untracked_in_faithful_full_collections_only),
        cmocka_unit_test(test_finalizer_runs_once_by_counting),
        cmocka_unit_test(test_finalizer_of_an_object_that_is_no_container),
        cmocka_unit_test(test_cycle_with_finalizer_is_finalized_then_freed),
        cmocka_unit_test(test_resurrection_keeps_what_it_reaches),
        cmocka_unit_test(test_legacy_finalizer_keeps_its_cycle),
        cmocka_unit_test(test_legacy_finalizer_runs_by_counting),
        cmocka_unit_test(test_weak_reference_is_cleared_by_counting),
        cmocka_unit_test(test_weak_references_are_cleared_before_finalizers_run),
        cmocka_unit_test(test_unreachable_weak_reference_to_a_live_object),
        cmocka_unit_test(test_frozen_objects_are_no_candidates),
        cmocka_unit_test(test_recycled_blocks_are_last_in_first_out),
        cmocka_unit_test(test_full_collection_empties_the_free_lists),
        cmocka_unit_test(test_emergency_collection_then_exhausted),
        cmocka_unit_test(test_resize_refused_changes_nothing),
        cmocka_unit_test(test_refused_pages_one_by_one),
        cmocka_unit_test(test_check_finds_damaged_heads),
        cmocka_unit_test(test_check_finds_damaged_wide_heads),
        cmocka_unit_test(test_check_finds_damaged_objects),
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
