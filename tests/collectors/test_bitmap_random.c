/* bitmap: random operations against a model, in every combination of its mechanisms, and in lock
 * step with linked-list: after each operation both have freed the same objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/bitmap_kit.h"
#include "tests/collectors/counting_model.h"

static uint64_t seed = 20260811;

static const char *const settings[][8] = {
    {"threshold0=40", "threshold1=3", "threshold2=2", NULL},
    {"threshold0=40", "threshold1=3", "threshold2=2", "index=granule", "working-counts=full", NULL},
    {"threshold0=25", "working-counts=full", "planes=header", "ownership=sized", "small-limit=128",
     NULL},
    {"threshold0=25", "index=granule", "planes=header", "alloc-plane=on", "work-list=2", NULL},
    {"threshold0=60", "separate-arenas=off", "ownership=radix", "alignment=8", "pool=4K",
     "arena=64K", NULL},
    {"threshold0=30", "ownership=sized", "alignment=8", "work-list=1", "alloc-plane=on", NULL},
    {"counts=side", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
    {"counts=side", "threshold0=25", "index=granule", "planes=header", "small-limit=128", NULL},
    {"counts=side", "threshold0=30", "index=granule", "alignment=8", "ownership=radix",
     "separate-arenas=off", NULL},
    {"counts=side", "threshold0=30", "ownership=sized", "alignment=8", "pool=4K", "arena=64K",
     NULL},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static void run_random(const char *const *set, bool precise, uint64_t run_seed, int steps)
{
    static struct counting_model m;
    struct fixture f;
    bitmap_kit_open(&f, set);
    counting_model_init(&m, precise, run_seed);
    counting_model_add(&m, &f);
    for (int i = 0; i < steps; i++) {
        counting_model_step(&m);
        if (i % 16 == 0)
            fixture_check(&f);
        if (i % 500 == 499) {
            counting_model_compare(&m, false);
            f.collector->unfreeze(f.heap);
            kit_collect(&f, 2);
            counting_model_resurrected(&m);
            counting_model_compare(&m, precise);
        }
    }
    assert_true(m.objects > (uint32_t)steps / 8 && f.collection_count > 5);
    kit_close(&f);
}

static void test_random_operations(void **state)
{
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < SETTINGS; i++) {
        for (uint64_t round = 0; round < 3; round++)
            run_random(settings[i], round < 2, seed + round, 3000);
    }
}

/* The same handles are dead in both, and the last collections say the same. */
static void assert_same(const struct fixture *a, const struct fixture *b)
{
    assert_int_equal(a->handle_count, b->handle_count);
    assert_int_equal(a->freed_count, b->freed_count);
    assert_int_equal(a->collection_count, b->collection_count);
    for (uint32_t o = 1; o < a->handle_count; o++)
        assert_int_equal(fixture_is_dead(a, o), fixture_is_dead(b, o));
    if (a->collection_count == 0)
        return;
    const struct gcr_collection *x = fixture_last(a), *y = fixture_last(b);
    assert_int_equal(x->generation, y->generation);
    assert_int_equal(x->collected, y->collected);
    assert_int_equal(x->freed, y->freed);
    assert_int_equal(x->survivors, y->survivors);
    assert_int_equal(x->uncollectable, y->uncollectable);
}

/* Settings that the two designs share have to be the same. */
static void run_lock_step(const char *const *set, uint64_t run_seed, int steps)
{
    static struct counting_model m;
    const char *shared[4] = {"untrack=fixpoint", NULL};
    uint32_t n = 1;
    for (uint32_t i = 0; set[i] != NULL; i++) {
        if (strncmp(set[i], "threshold", 9) == 0 && n < 4 - 1)
            shared[n++] = set[i];
    }
    shared[n] = NULL;
    struct fixture a, b;
    kit_open(&a, shared);
    bitmap_kit_open(&b, set);
    counting_model_init(&m, true, run_seed);
    counting_model_add(&m, &a);
    counting_model_add(&m, &b);
    for (int i = 0; i < steps; i++) {
        counting_model_step(&m);
        assert_same(&a, &b);
    }
    counting_model_compare(&m, false);
    assert_true(m.objects > (uint32_t)steps / 8 && a.collection_count > 5);
    kit_close(&a);
    kit_close(&b);
}

static void test_lock_step_with_linked_list(void **state)
{
    (void)state;
    static const char *const set[][6] = {
        {"threshold0=40", "threshold1=3", NULL},
        {"threshold0=15", "threshold1=2", "index=granule", "working-counts=full", NULL},
        {"threshold0=25", "planes=header", "ownership=radix", "separate-arenas=off", NULL},
        {"threshold0=10", "threshold1=1", "work-list=1", "alignment=8", "ownership=sized", NULL},
        {"threshold0=20", "counts=side", NULL},
        {"threshold0=10", "counts=side", "alignment=8", "index=granule", "planes=header", NULL},
    };
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        for (uint64_t round = 0; round < 3; round++)
            run_lock_step(set[i], seed + 100 * i + round, 3000);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_lock_step_with_linked_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
