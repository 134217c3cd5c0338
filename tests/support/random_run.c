#include "tests/support/random_run.h"

static void random_after_collection(struct fixture *fixture, void *arg)
{
    struct model *model = arg;
    if (!model->exhausted)
        fixture_check(fixture);
}

/* Inside an event the shadow is one step behind for nothing that a collection can see; finalizers
 * are still to run. */
static void random_compare_after_collection(struct fixture *fixture, void *arg)
{
    (void)fixture;
    struct model *model = arg;
    if (!model->finalizers)
        (void)model_compare(model, false);
}

static void random_look(struct model *model, bool exact)
{
    fixture_check(model->fixture);
    (void)model_compare(model, exact);
}

uint32_t random_run(const struct random_run *run)
{
    struct fixture fixture;
    struct model model;
    uint64_t budget = run->config.budget_bytes;
    fixture_open(&fixture, &run->config);
    model_init(&model, &fixture, run->seed, run->prebuilt);
    model.finalizers = run->finalizers;
    if (run->watch != RANDOM_WATCH_NOTHING)
        fixture.after_collection = run->watch == RANDOM_WATCH_CHECK
                                       ? random_after_collection
                                       : random_compare_after_collection;
    fixture.arg = &model;
    for (uint32_t round = 0; round < run->rounds && !model.exhausted; round++) {
        if (run->young_steps != 0) {
            model_run(&model, run->young_steps);
            collect_minor(&fixture);
            random_look(&model, false);
        }
        model_run(&model, run->steps);
        fixture_collect(&fixture);
        random_look(&model, !run->finalizers && !run->conservative);
    }
    assert_true(budget == 0 || fixture.supply.peak_bytes <= budget);
    assert_true(budget != 0 || !model.exhausted);
    uint32_t collections = fixture.collection_count;
    fixture.after_collection = NULL;
    model_finish(&model);
    fixture_close(&fixture);
    return collections;
}

void random_variants(const struct random_design *design, uint64_t seed)
{
    for (size_t i = 0; i < design->variant_count; i++)
        for (uint64_t k = 0; k < 3; k++) {
            struct random_run run = {.config = design->config,
                                     .seed = seed + k,
                                     .prebuilt = 6,
                                     .rounds = 4,
                                     .steps = 1500,
                                     .finalizers = k == 2,
                                     .watch = RANDOM_WATCH_CHECK};
            run.config.settings = design->variants[i];
            assert_true(random_run(&run) > 4); /* some of them of its own accord */
        }
}

/* One program in a heap that may be exhausted, or not even open. */
struct random_outcome {
    bool opened, exhausted, refused;
};

static struct random_outcome random_attempt(const struct fixture_config *config, uint64_t seed,
                                            uint32_t prebuilt, uint32_t steps)
{
    struct fixture fixture;
    struct model model;
    struct gcr_error err;
    if (fixture_try_open(&fixture, config, &err) != GCR_OK)
        return (struct random_outcome){.refused = true};
    model_init(&model, &fixture, seed, prebuilt);
    if (!model.exhausted)
        model_run(&model, steps);
    struct random_outcome outcome = {true, model.exhausted, fixture.supply.refused != 0};
    assert_true(config->budget_bytes == 0 || fixture.supply.peak_bytes <= config->budget_bytes);
    random_look(&model, false);
    model_finish(&model);
    fixture_close(&fixture);
    return outcome;
}

void random_budgets(const struct random_design *design, uint64_t seed)
{
    uint32_t exhausted = 0, completed = 0;
    struct fixture_config config = design->config;
    for (size_t i = 0; i < design->variant_count; i++)
        for (uint64_t pages = 24; pages < 400; pages += pages / 4) {
            config.settings = design->variants[i];
            config.budget_bytes = pages * PAGE;
            struct random_outcome outcome = random_attempt(&config, seed + pages, 4, 3000);
            exhausted += outcome.opened && outcome.exhausted;
            completed += outcome.opened && !outcome.exhausted;
        }
    assert_true(exhausted > 0);
    assert_true(completed > 0);
}

void random_refusals(const struct random_design *design, uint64_t seed)
{
    struct fixture_config config = design->config;
    for (size_t i = 0; i < design->variant_count; i++) {
        bool refused = true;
        for (uint64_t n = 1; refused && n < 400; n += n < 40 ? 1 : 7) {
            config.settings = design->variants[i];
            config.fail_after = n;
            refused = random_attempt(&config, seed + n, 3, 2500).refused;
        }
    }
}
