/* What the tests of the designs with a nursery in a copying heap share. The file that includes it
 * defines YOUNG_COLLECTOR and YOUNG_OPS before. */
#ifndef GCR_TESTS_COLLECTORS_YOUNG_KIT_H
#define GCR_TESTS_COLLECTORS_YOUNG_KIT_H

#include "allocators/common/young_heap.h"
#include "tests/support/random_run.h"

static inline struct fixture_config young_config(const char *const *settings, uint64_t budget)
{
    return model_config(&YOUNG_COLLECTOR, &YOUNG_OPS, settings, budget);
}

static inline void young_open(struct fixture *fixture, const char *const *settings, uint64_t budget)
{
    const struct fixture_config config = young_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_young_heap *inside(const struct fixture *fixture)
{
    return gcr_young_heap_of(fixture->heap);
}

static inline bool is_young(const struct fixture *fixture, uint32_t object)
{
    return gcr_nursery_has(&inside(fixture)->nursery, fixture_ref(fixture, object));
}

static inline uint64_t header_of(const struct fixture *fixture, uint32_t object)
{
    return gcr_object_header(fixture_ref(fixture, object));
}

/* Random programs against the shadow graph. settings: words ended by NULL. */
static inline void run_random(uint64_t seed, const char *const *settings, uint64_t budget,
                              bool finalizers, bool every_collection)
{
    const struct random_run run = {
        .config = young_config(settings, budget),
        .seed = seed,
        .prebuilt = (uint32_t)(seed % 7),
        .rounds = 10,
        .young_steps = 700,
        .steps = 300,
        .finalizers = finalizers,
        .watch = every_collection ? RANDOM_WATCH_COMPARE : RANDOM_WATCH_NOTHING,
    };
    (void)random_run(&run);
}

/* Every commit refused in turn: a run ends exhausted at worst. */
static inline void run_refusals(const char *const *settings, uint64_t seed, uint64_t until)
{
    uint32_t exhausted = 0, opened = 0;
    for (uint64_t nth = 1; nth < until; nth++) {
        struct fixture fixture;
        struct model model;
        struct gcr_error err;
        struct fixture_config config = young_config(settings, 0);
        config.fail_after = nth;
        if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
            continue;
        opened++;
        model_init(&model, &fixture, seed, 2);
        model.finalizers = true;
        for (int round = 0; round < 4; round++) {
            model_run(&model, 1000);
            (void)model_compare(&model, false);
        }
        exhausted += model.exhausted;
        assert_true(!model.exhausted || fixture.supply.refused != 0);
        model_finish(&model);
        fixture_close(&fixture);
    }
    assert_true(opened != 0 && exhausted < opened);
}

#endif
