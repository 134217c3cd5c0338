/* What the tests of the designs with a nursery in a copying heap share. The file that includes it
 * defines YOUNG_COLLECTOR and YOUNG_OPS before. */
#ifndef GCR_TESTS_COLLECTORS_YOUNG_KIT_H
#define GCR_TESTS_COLLECTORS_YOUNG_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "allocators/common/young_heap.h"
#include "tests/support/heap_model.h"

enum { PAGE = GCR_PAGE_BYTES, KIB = 1024, MIB = 1024 * 1024 };

static inline void young_open(struct fixture *fixture, const char *const *settings, uint64_t budget)
{
    const struct fixture_config config = {.collector = &YOUNG_COLLECTOR,
                                          .ops = &YOUNG_OPS,
                                          .shapes = model_shapes,
                                          .shape_count = MODEL_SHAPES,
                                          .settings = settings,
                                          .budget_bytes = budget};
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

static inline void minor(struct fixture *fixture)
{
    YOUNG_COLLECTOR.collect(fixture->heap, 0, GCR_REASON_EXPLICIT);
}

/* Garbage pairs, 32 bytes each. */
static inline void drop_pairs(struct fixture *fixture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_not_equal(fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT), 0);
}

/* Root `root` heads a list of `count` pairs; all are alive. Uses root + 1. False: exhausted. */
static inline bool keep_pairs(struct fixture *fixture, int root, uint32_t count)
{
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++) {
        fixture->roots[root + 1] = fixture->roots[root];
        good = fixture_alloc(fixture, MODEL_PAIR, 0, root) != 0;
        if (good)
            fixture->ops->store(fixture->heap, fixture->roots[root], 0, fixture->roots[root + 1]);
    }
    fixture->roots[root + 1] = NULL;
    return good;
}

static inline bool check_fails(const struct fixture *fixture, int level, const char *words)
{
    struct gcr_error err = {""};
    bool fails = !YOUNG_COLLECTOR.check(fixture->heap, level, &err);
    if (!fails || strstr(err.text, words) == NULL)
        print_message("expected \"%s\", found \"%s\"\n", words, err.text);
    return fails && strstr(err.text, words) != NULL;
}

/* Damages a word, sees that the check names it, and repairs it. */
#define DAMAGED(fixture, place, value, level, words)                                               \
    do {                                                                                           \
        uint64_t right = (place);                                                                  \
        (place) = (value);                                                                         \
        assert_true(check_fails(fixture, level, words));                                           \
        (place) = right;                                                                           \
        fixture_check(fixture);                                                                    \
    } while (0)

static inline void compare_after(struct fixture *fixture, void *arg)
{
    (void)fixture;
    struct model *model = arg;
    if (!model->finalizers)
        (void)model_compare(model, false);
}

/* Random programs against the shadow graph. settings: words ended by NULL. */
static inline void run_random(uint64_t seed, const char *const *settings, uint64_t budget,
                              bool finalizers, bool every_collection)
{
    struct fixture fixture;
    struct model model;
    young_open(&fixture, settings, budget);
    model_init(&model, &fixture, seed, (uint32_t)(seed % 7));
    model.finalizers = finalizers;
    if (every_collection) {
        fixture.after_collection = compare_after;
        fixture.arg = &model;
    }
    for (int round = 0; round < 10 && !model.exhausted; round++) {
        model_run(&model, 700);
        minor(&fixture);
        fixture_check(&fixture);
        (void)model_compare(&model, false);
        model_run(&model, 300);
        fixture_collect(&fixture);
        fixture_check(&fixture);
        (void)model_compare(&model, !finalizers);
    }
    assert_true(budget == 0 || fixture.supply.peak_bytes <= budget);
    assert_true(budget != 0 || !model.exhausted);
    fixture.after_collection = NULL;
    model_finish(&model);
    fixture_close(&fixture);
}

/* Every commit refused in turn: a run ends exhausted at worst. */
static inline void run_refusals(const char *const *settings, uint64_t seed, uint64_t until)
{
    uint32_t exhausted = 0, opened = 0;
    for (uint64_t nth = 1; nth < until; nth++) {
        struct fixture fixture;
        struct model model;
        struct gcr_error err;
        const struct fixture_config config = {.collector = &YOUNG_COLLECTOR,
                                              .ops = &YOUNG_OPS,
                                              .shapes = model_shapes,
                                              .shape_count = MODEL_SHAPES,
                                              .settings = settings,
                                              .fail_after = nth};
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
