#include "tests/support/heap_kit.h"

void collect_minor(struct fixture *fixture)
{
    fixture->collector->collect(fixture->heap, 0, GCR_REASON_EXPLICIT);
}

bool try_keep_pairs(struct fixture *fixture, int root, uint32_t count)
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

void keep_pairs(struct fixture *fixture, int root, uint32_t count)
{
    assert_true(try_keep_pairs(fixture, root, count));
}

void drop_pairs(struct fixture *fixture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_not_equal(fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT), 0);
}

bool check_fails(const struct fixture *fixture, int level, const char *words)
{
    struct gcr_error err = {""};
    bool fails = !fixture->collector->check(fixture->heap, level, &err);
    bool named = fails && strstr(err.text, words) != NULL;
    if (!named)
        print_message("expected \"%s\", found \"%s\"\n", words, err.text);
    return named;
}

struct scene_family scene_family(struct fixture *fixture)
{
    struct scene_family family;
    family.d = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
    family.b = fixture_alloc(fixture, MODEL_PAIR, 0, 2);
    family.dead = fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    family.c = fixture_alloc(fixture, MODEL_PAIR, 0, 3);
    family.a = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
    fixture_store(fixture, family.a, 0, family.b);
    fixture_store(fixture, family.a, 1, family.c);
    fixture_store(fixture, family.b, 0, family.d);
    for (int i = 1; i < 4; i++)
        fixture_root(fixture, i, 0);
    return family;
}

void scene_cycles_are_reclaimed_and_kept(struct fixture *fixture)
{
    for (int kept = 0; kept < 2; kept++) {
        uint32_t a = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
        uint32_t b = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
        fixture_store(fixture, a, 0, b);
        fixture_store(fixture, b, 0, a);
        fixture_store(fixture, b, 1, b);
        fixture_root(fixture, 1, 0);
        if (!kept)
            fixture_root(fixture, 0, 0);
        fixture_collect(fixture);
        assert_int_equal(fixture_is_dead(fixture, a), !kept);
        assert_int_equal(fixture_is_dead(fixture, b), !kept);
    }
}

void scene_younger_generations_are_ignored(struct fixture *fixture)
{
    uint32_t begun = fixture->begun;
    fixture->collector->collect(fixture->heap, 0, GCR_REASON_EXPLICIT);
    fixture->collector->collect(fixture->heap, 1, GCR_REASON_EXPLICIT);
    assert_int_equal(fixture->begun, begun);
    fixture->collector->collect(fixture->heap, 2, GCR_REASON_FINAL);
    assert_int_equal(fixture_last(fixture)->reason, GCR_REASON_FINAL);
}

void scene_tiny_budgets_are_refused(const struct fixture_config *config)
{
    for (uint64_t pages = 1; pages < 4; pages++) {
        struct fixture fixture;
        struct gcr_error err;
        struct fixture_config tiny = *config;
        tiny.budget_bytes = pages * PAGE;
        assert_int_equal(fixture_try_open(&fixture, &tiny, &err), GCR_HEAP_EXHAUSTED);
    }
}
