/* linked-list: random operations against a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/counting_model.h"

static uint64_t seed = 20260729;

static void run_random(const char *const *settings, bool precise, uint64_t run_seed, int steps)
{
    static struct counting_model m;
    struct fixture f;
    kit_open(&f, settings);
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
    kit_close(&f);
}

static void test_random_operations(void **state)
{
    (void)state;
    static const char *const settings[][6] = {
        {"head=16", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"head=24", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"head=32", "threshold0=25", "untrack=fixpoint", "small-limit=128", NULL},
        {"head=16", "threshold0=60", "untrack=off", "separate-pools=on", "empty-free-lists=off",
         NULL},
        {"counts=side", "threshold0=40", "threshold1=3", "threshold2=2", NULL},
        {"counts=side", "head=24", "threshold0=40", "untrack=fixpoint", "small-limit=128", NULL},
        {"counts=side", "head=32", "threshold0=25", "alignment=8", "separate-pools=on", NULL},
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
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
