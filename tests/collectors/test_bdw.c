/* bdw through the seam. libgc is the process's, so heaps come one after the other. */
#include "allocators/bdw/bdw_inline.h"
#include "tests/support/random_run.h"

#include <sys/wait.h>
#include <unistd.h>

static struct fixture_config bdw_config(const char *const *settings, uint64_t budget)
{
    struct fixture_config config =
        model_config(&gcr_collector_bdw, &gcr_mutator_ops_bdw, settings, budget);
    config.report_frees = true;
    return config;
}

static void bdw_open(struct fixture *fixture, const char *const *settings, uint64_t budget)
{
    struct fixture_config config = bdw_config(settings, budget);
    fixture_open(fixture, &config);
}

static struct gcr_bdw *inside(const struct fixture *fixture)
{
    return bdw_of(fixture->heap);
}

/* ---- layout and kinds ---- */

static void test_headers_carry_a_tag_that_no_address_has(void **state)
{
    (void)state;
    struct fixture fixture;
    bdw_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 1);
    uint64_t header = gcr_object_header(fixture_ref(&fixture, pair));
    assert_true(bdw_is_header(header));
    assert_int_equal(header & GCR_HEADER_ID_MASK, MODEL_PAIR);
    assert_int_equal(*gcr_object_word(fixture_ref(&fixture, array), 8), 3);
    assert_false(bdw_is_header((uint64_t)(uintptr_t)fixture_ref(&fixture, pair)));
    assert_false(bdw_is_header(~(uint64_t)(uintptr_t)fixture_ref(&fixture, pair)));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_each_layout_has_the_kind_that_describes_it(void **state)
{
    (void)state;
    struct fixture fixture;
    bdw_open(&fixture, NULL, 0);
    const uint8_t *kind = inside(&fixture)->kind_of;
    assert_int_equal(kind[MODEL_STRING], BDW_KIND_NO_SLOTS);
    assert_int_equal(kind[MODEL_EMPTY], BDW_KIND_NO_SLOTS);
    assert_int_equal(kind[MODEL_ARRAY], BDW_KIND_ALL_SLOTS);
    assert_int_equal(kind[MODEL_RECORD], BDW_KIND_PROC);
    assert_true(kind[MODEL_PAIR] >= BDW_KIND_FIRST_BITMAP);
    assert_true(kind[MODEL_WEAK] >= BDW_KIND_FIRST_BITMAP);
    assert_int_not_equal(kind[MODEL_WEAK], kind[MODEL_PAIR]);
    assert_int_equal(kind[MODEL_SHAPES + MODEL_LIST], BDW_KIND_ALL_SLOTS); /* its body */
    assert_int_equal(kind[MODEL_SHAPES + MODEL_TABLE], BDW_KIND_PROC);
    fixture_close(&fixture);
    const char *settings[] = {"descriptors=proc", NULL};
    bdw_open(&fixture, settings, 0);
    assert_int_equal(inside(&fixture)->kind_of[MODEL_PAIR], BDW_KIND_PROC);
    assert_int_equal(inside(&fixture)->kind_of[MODEL_STRING], BDW_KIND_NO_SLOTS);
    fixture_close(&fixture);
}

/* ---- precision ---- */

/* A new object whose address is written where a conservative collector would believe it: into plain
 * data of the holder, or into a static variable. Not inlined: no register keeps it. */
static gcr_ref in_static_memory;

static GCR_NOINLINE uint32_t plant(struct fixture *fixture, uint32_t holder)
{
    uint32_t planted = fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    gcr_ref address = fixture_ref(fixture, planted);
    uint64_t room;
    if (holder == 0) {
        in_static_memory = address;
        return planted;
    }
    uint8_t *data =
        gcr_layout_data(&inside(fixture)->layouts, fixture_ref(fixture, holder), 5, &room);
    data = (uint8_t *)(((uintptr_t)data + 7) & ~(uintptr_t)7);
    memcpy(data, &address, sizeof address);
    return planted;
}

/* Of all that is planted, libgc may believe in one object or two: what its own frames and the frame
 * pointer still hold. */
enum { PLANTED = 40, BELIEVED = 2 };

static void test_only_references_keep_objects(void **state)
{
    (void)state;
    static const struct {
        uint32_t shape, length;
    } kinds[] = {{MODEL_RECORD, 8}, {MODEL_STRING, 32}, {MODEL_TABLE, 8}};
    for (int proc = 0; proc < 2; proc++) {
        const char *settings[] = {proc ? "descriptors=proc" : "descriptors=bitmap", NULL};
        struct fixture fixture;
        bdw_open(&fixture, settings, 0);
        uint32_t lost[GCR_COUNT_OF(kinds)][PLANTED], believed = 0;
        for (size_t k = 0; k < GCR_COUNT_OF(kinds); k++) {
            for (int i = 0; i < PLANTED; i++) {
                uint32_t holder =
                    fixture_alloc(&fixture, kinds[k].shape, kinds[k].length, (int)k * 20 + i % 20);
                lost[k][i] = plant(&fixture, holder);
            }
        }
        uint32_t in_static = plant(&fixture, 0);
        fixture_collect(&fixture);
        for (size_t k = 0; k < GCR_COUNT_OF(kinds); k++)
            for (int i = 0; i < PLANTED; i++)
                believed += !fixture_is_dead(&fixture, lost[k][i]);
        believed += !fixture_is_dead(&fixture, in_static);
        assert_true(believed <= BELIEVED);
        fixture_close(&fixture);
    }
}

static void test_roots_prebuilt_objects_and_cycles(void **state)
{
    (void)state;
    struct fixture fixture;
    bdw_open(&fixture, NULL, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_LIST, 2);
    uint32_t held = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t global = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t cycle = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_store(&fixture, prebuilt, 2, held);
    fixture_global(&fixture, 3, global);
    fixture_store(&fixture, cycle, 0, cycle);
    for (int i = 0; i < 3; i++)
        fixture_root(&fixture, i, 0);
    drop_pairs(&fixture, 20);
    fixture_collect(&fixture);
    assert_false(fixture_is_dead(&fixture, held));
    assert_false(fixture_is_dead(&fixture, global));
    assert_true(fixture_is_dead(&fixture, cycle));
    assert_in_range(fixture_walk_count(&fixture), 3, 3 + BELIEVED);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- finalizers and weak references ---- */

/* A chain of three whose roots are dropped. */
static void finalizer_chain(struct fixture *fixture, uint32_t chain[3])
{
    for (int i = 0; i < 3; i++) {
        chain[i] = fixture_alloc(fixture, MODEL_FINALIZER, 0, i);
        if (i > 0)
            fixture_store(fixture, chain[i], 0, chain[i - 1]);
    }
    for (int i = 0; i < 3; i++)
        fixture_root(fixture, i, 0);
}

static void test_finalizers_run_all_at_once_or_parents_first(void **state)
{
    (void)state;
    for (int topological = 0; topological < 2; topological++) {
        const char *settings[] = {
            topological ? "finalizer-order=topological" : "finalizer-order=no-order", NULL};
        struct fixture fixture;
        uint32_t chain[3];
        bdw_open(&fixture, settings, 0);
        uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 5);
        finalizer_chain(&fixture, chain);
        fixture_weakref(&fixture, weak, chain[0]);
        drop_pairs(&fixture, 20);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, topological ? 1 : 3);
        for (int round = 0; round < 9; round++) { /* it may take one more collection for each */
            drop_pairs(&fixture, 20);
            fixture_collect(&fixture);
        }
        for (int i = 0; i < 3 && topological; i++)
            assert_int_equal(fixture.finalized[i].cookie, chain[2 - i]);
        assert_int_equal(fixture.finalized_count, 3); /* once each */
        assert_int_equal(fixture.heap->work.finalized, 3);
        assert_true(fixture_is_dead(&fixture, chain[0]));
        assert_null(gcr_layout_op_weak_target(fixture.heap, fixture_ref(&fixture, weak)));
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_weak_target_that_waits_for_its_finalizer_stays(void **state)
{
    (void)state;
    struct fixture fixture;
    bdw_open(&fixture, NULL, 0);
    fixture.resurrect_into[0] = 2;
    uint32_t object = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 1);
    fixture_weakref(&fixture, weak, object);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_ptr_equal(fixture.globals[2], fixture_ref(&fixture, object));
    assert_ptr_equal(gcr_layout_op_weak_target(fixture.heap, fixture_ref(&fixture, weak)),
                     fixture_ref(&fixture, object));
    fixture_global(&fixture, 2, 0);
    for (int round = 0; round < 5 && !fixture_is_dead(&fixture, object); round++) {
        drop_pairs(&fixture, 20); /* so that nothing of the harness holds its address */
        fixture_collect(&fixture);
    }
    assert_true(fixture_is_dead(&fixture, object));
    assert_null(gcr_layout_op_weak_target(fixture.heap, fixture_ref(&fixture, weak)));
    fixture_weakref(&fixture, weak, weak); /* itself, then nothing: links are replaced */
    fixture_weakref(&fixture, weak, 0);
    fixture_collect(&fixture);
    fixture_close(&fixture);
}

/* ---- in a process of its own ---- */

/* libgc's heap and mode stay with a process: what changes or needs them fresh runs in a child. */
static void in_child(void (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0); /* a failed assertion ends the child otherwise */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void keep_and_drop(struct fixture *fixture, uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds; i++) {
        fixture->roots[1] = fixture->roots[0];
        uint32_t kept = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
        if (kept == 0)
            return;
        fixture->ops->store(fixture->heap, fixture->roots[0], 0, fixture->roots[1]);
        for (int k = 0; k < 5; k++)
            (void)fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    }
}

static void budget_body(void)
{
    struct fixture fixture;
    bdw_open(&fixture, NULL, 2 * MIB);
    keep_and_drop(&fixture, 1u << 30 >> 12);
    assert_true(fixture.collection_count > 0);
    assert_true(fixture.supply.peak_bytes <= 2 * MIB);
    assert_int_equal(fixture_alloc(&fixture, MODEL_STRING, 2 * MIB, 1), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_budget_holds_for_all_that_libgc_maps(void **state)
{
    (void)state;
    in_child(budget_body);
}

enum { WEAK_OBJECTS = 12000 };

/* Weak references to one object, kept by each other, until no link fits. */
static void links_body(void)
{
    struct fixture fixture;
    bdw_open(&fixture, NULL, MIB);
    uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 0), made = 0, linked = 0;
    static uint32_t weak[WEAK_OBJECTS];
    while (made < WEAK_OBJECTS && (weak[made] = fixture_alloc(&fixture, MODEL_WEAK, 0, 1)) != 0) {
        fixture_store(&fixture, weak[made], 0, made == 0 ? 0 : weak[made - 1]);
        made++;
    }
    assert_int_equal(made, WEAK_OBJECTS);
    while (linked < made &&
           fixture.collector->weakref(fixture.heap, fixture_ref(&fixture, weak[linked]),
                                      fixture_ref(&fixture, target)))
        linked++;
    assert_in_range(linked, 1, made - 1);
    assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 2), 0);
    assert_true(fixture.supply.peak_bytes <= MIB);
    fixture_close(&fixture);
}

static void test_a_link_without_room_exhausts_the_heap(void **state)
{
    (void)state;
    in_child(links_body);
}

static void generational_body(void)
{
    const char *settings[] = {"mode=generational", NULL};
    struct fixture fixture;
    struct gcr_error err;
    bdw_open(&fixture, settings, 0);
    keep_and_drop(&fixture, 3000);
    assert_true(inside(&fixture)->partial > 0);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_PROGRESS);
    fixture_check(&fixture);
    uint32_t length = 0;
    for (gcr_ref at = fixture.roots[0]; at != NULL; at = gcr_layout_op_slot(fixture.heap, at, 0))
        length++;
    assert_int_equal(length, 3000);
    fixture_close(&fixture);
    struct fixture_config config = bdw_config(NULL, 0);
    assert_int_equal(fixture_try_open(&fixture, &config, &err), GCR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "cannot leave incremental mode"));
}

static void test_generational_mode_keeps_what_is_reachable(void **state)
{
    (void)state;
    in_child(generational_body);
}

static void test_one_heap_at_a_time(void **state)
{
    (void)state;
    struct fixture first, second;
    struct gcr_error err;
    bdw_open(&first, NULL, 0);
    struct fixture_config config = bdw_config(NULL, 0);
    assert_int_equal(fixture_try_open(&second, &config, &err), GCR_UNSUPPORTED);
    fixture_close(&first);
    const char *settings[] = {"markers=3", NULL};
    config.settings = settings;
    assert_int_equal(fixture_try_open(&second, &config, &err), GCR_UNSUPPORTED);
}

static void test_fork_leaves_both_sides_collecting(void **state)
{
    (void)state;
    struct fixture fixture;
    bdw_open(&fixture, NULL, 0);
    keep_and_drop(&fixture, 200);
    gcr_collector_bdw.before_fork(fixture.heap);
    pid_t child = fork();
    assert_true(child >= 0);
    gcr_collector_bdw.after_fork(fixture.heap, child == 0);
    keep_and_drop(&fixture, 100);
    fixture_collect(&fixture);
    assert_in_range(fixture_walk_count(&fixture), 300, 300 + BELIEVED);
    fixture_check(&fixture);
    if (child == 0)
        _exit(0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fixture_close(&fixture);
}

/* ---- damage ---- */

static void test_check_names_each_kind_of_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    bdw_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t other = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, pair, 0, other);
    struct gcr_bdw *h = inside(&fixture);
    uint64_t *header = gcr_object_word(fixture_ref(&fixture, pair), 0);
    uint64_t *slot = gcr_object_word(fixture_ref(&fixture, pair), 8);
    void **list = &h->list[h->kind_of[MODEL_PAIR]][2];
    assert_non_null(*list);
    fixture_check(&fixture);
    uint64_t right = *header;
    *header = right + 999;
    assert_true(check_fails(&fixture, 3, "names no shape"));
    *header = right & ~BDW_HEADER_TAG;
    assert_true(check_fails(&fixture, 3, "names no shape"));
    *header = (right & ~GCR_HEADER_ID_MASK) | MODEL_ARRAY;
    assert_false(gcr_collector_bdw.check(fixture.heap, 3, NULL));
    *header = right;
    right = *slot;
    *slot += 8;
    assert_true(check_fails(&fixture, 3, "reference to no object"));
    *slot = (uint64_t)(uintptr_t)*list;
    assert_true(check_fails(&fixture, 3, "reference to no object"));
    *slot = right;
    gcr_ref root = fixture.roots[1];
    fixture.roots[1] = (gcr_ref)*list;
    assert_true(check_fails(&fixture, 3, "root to an object that was freed"));
    fixture.roots[1] = root;
    void *cells = *list;
    *list = (void *)root;
    assert_false(gcr_collector_bdw.check(fixture.heap, 2, NULL));
    *list = (char *)cells + 8;
    assert_true(check_fails(&fixture, 2, "list leads to no cell"));
    *list = NULL;
    h->list[BDW_KIND_NO_SLOTS][2] = cells;
    assert_true(check_fails(&fixture, 2, "another kind's or size's list"));
    h->list[BDW_KIND_NO_SLOTS][2] = NULL;
    *list = cells;
    h->libgc_side_bytes++;
    assert_true(check_fails(&fixture, 2, "not what the supply was told"));
    h->libgc_side_bytes--;
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void run_random(uint64_t seed, const char *const *settings, bool finalizers)
{
    struct random_run run = {
        .config = model_config(&gcr_collector_bdw, &gcr_mutator_ops_bdw, settings, 0),
        .seed = seed,
        .prebuilt = (uint32_t)(seed % 7),
        .rounds = 10,
        .steps = 1000,
        .finalizers = finalizers,
        .conservative = true,
    };
    run.config.report_frees = true;
    (void)random_run(&run);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const ways[][3] = {
        {NULL}, {"descriptors=proc", NULL}, {"divisor=20", "finalizer-order=topological", NULL}};
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 20; i++)
        run_random(seed + i, ways[i % GCR_COUNT_OF(ways)], i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_carry_a_tag_that_no_address_has),
        cmocka_unit_test(test_each_layout_has_the_kind_that_describes_it),
        cmocka_unit_test(test_only_references_keep_objects),
        cmocka_unit_test(test_roots_prebuilt_objects_and_cycles),
        cmocka_unit_test(test_finalizers_run_all_at_once_or_parents_first),
        cmocka_unit_test(test_weak_target_that_waits_for_its_finalizer_stays),
        cmocka_unit_test(test_budget_holds_for_all_that_libgc_maps),
        cmocka_unit_test(test_a_link_without_room_exhausts_the_heap),
        cmocka_unit_test(test_generational_mode_keeps_what_is_reachable),
        cmocka_unit_test(test_one_heap_at_a_time),
        cmocka_unit_test(test_fork_leaves_both_sides_collecting),
        cmocka_unit_test(test_check_names_each_kind_of_damage),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.bdw", tests, NULL, NULL);
}
