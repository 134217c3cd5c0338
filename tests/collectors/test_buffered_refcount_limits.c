/* buffered-refcount in trouble: damage of every kind is found by its own check, each refused commit
 * and each small budget ends in exhaustion and in nothing worse. */
#include "tests/collectors/buffered_refcount_fixture.h"

#include <string.h>

/* ---- damage ---- */

struct damaged {
    struct fixture fixture;
    uint32_t pair, ring, string, weak;
};

/* A live pair, a ring that is a candidate, a string, a weak reference with a target. */
static struct gcr_recycler *damaged_open(struct damaged *d)
{
    const char *const settings[] = {"thread=off", NULL};
    recycler_open(&d->fixture, settings, 0);
    d->pair = fixture_alloc(&d->fixture, MODEL_PAIR, 0, 0);
    d->string = fixture_alloc(&d->fixture, MODEL_STRING, 3, 2);
    d->weak = fixture_alloc(&d->fixture, MODEL_WEAK, 0, 3);
    d->ring = fixture_alloc(&d->fixture, MODEL_PAIR, 0, 4);
    fixture_store(&d->fixture, d->ring, 0, d->ring);
    fixture_store(&d->fixture, d->pair, 0, d->string);
    fixture_weakref(&d->fixture, d->weak, d->pair);
    epochs(&d->fixture, 3);
    fixture_root(&d->fixture, 4, 0);
    one_epoch(&d->fixture);
    assert_int_equal(recycler_colour_of(fixture_ref(&d->fixture, d->ring)), RECYCLER_ORANGE);
    return inside(&d->fixture);
}

/* The check fails and says so in these words. */
static void expect_found(const struct damaged *d, const char *words)
{
    assert_true(check_fails(&d->fixture, 2, words));
}

static void test_damaged_count(void **state)
{
    (void)state;
    struct damaged d;
    struct gcr_recycler *h = damaged_open(&d);
    uint32_t *word = recycler_count_word(fixture_ref(&d.fixture, d.pair));
    ++*word;
    expect_found(&d, "RC is 2, and should be 1");
    *word -= 2; /* as if released: what it refers to is over-counted, too */
    expect_found(&d, "RC is ");
    ++*word;
    h->collector.stats.increments++;
    expect_found(&d, "not conserved");
    h->collector.stats.increments--;
    *word |= RECYCLER_OVER;
    expect_found(&d, "overflow");
    *word &= ~RECYCLER_OVER;
    fixture_check(&d.fixture);
    fixture_close(&d.fixture);
}

static void test_damaged_colour(void **state)
{
    (void)state;
    static const struct {
        enum recycler_colour colour;
        const char *words;
    } row[] = {{RECYCLER_GRAY, "gray or white"},
               {RECYCLER_WHITE, "gray or white"},
               {RECYCLER_RED, "red"},
               {RECYCLER_PURPLE, "not in the root buffer"},
               {RECYCLER_ORANGE, "orange and the cycle buffer"}};
    struct damaged d;
    (void)damaged_open(&d);
    gcr_ref pair = fixture_ref(&d.fixture, d.pair), ring = fixture_ref(&d.fixture, d.ring);
    for (size_t i = 0; i < GCR_COUNT_OF(row); i++) {
        recycler_set_colour(pair, row[i].colour);
        expect_found(&d, row[i].words);
    }
    recycler_set_colour(pair, RECYCLER_BLACK);
    recycler_set_colour(ring, RECYCLER_BLACK);
    expect_found(&d, "orange and the cycle buffer");
    recycler_set_colour(ring, RECYCLER_GREEN);
    expect_found(&d, "green object is in the cycle buffer");
    recycler_set_colour(ring, RECYCLER_ORANGE);
    fixture_check(&d.fixture);
    fixture_close(&d.fixture);
}

static void test_damaged_buffers(void **state)
{
    (void)state;
    struct damaged d;
    struct gcr_recycler *h = damaged_open(&d);
    gcr_ref pair = fixture_ref(&d.fixture, d.pair), ring = fixture_ref(&d.fixture, d.ring);
    recycler_set_buffered(pair, true);
    expect_found(&d, "buffered bit");
    recycler_set_buffered(pair, false);
    assert_true(recycler_list_push(h, &h->collector.roots, (uintptr_t)pair));
    expect_found(&d, "buffered bit");
    (void)recycler_list_pop(h, &h->collector.roots);
    assert_true(recycler_list_push(h, &h->collector.roots, (uintptr_t)ring));
    expect_found(&d, "buffered twice");
    (void)recycler_list_pop(h, &h->collector.roots);
    assert_true(
        recycler_list_push(h, &h->collector.roots, (uintptr_t)fixture_ref(&d.fixture, d.string)));
    expect_found(&d, "green object is in the root buffer");
    (void)recycler_list_pop(h, &h->collector.roots);
    assert_true(recycler_list_push(h, &h->collector.roots, (uintptr_t)pair + 16));
    expect_found(&d, "root buffer names a freed object");
    (void)recycler_list_pop(h, &h->collector.roots);
    fixture_check(&d.fixture);
    fixture_close(&d.fixture);
}

static void test_damaged_candidate(void **state)
{
    (void)state;
    struct damaged d;
    struct gcr_recycler *h = damaged_open(&d);
    gcr_ref ring = fixture_ref(&d.fixture, d.ring);
    recycler_count_add(h, ring, RECYCLER_CRC_SHIFT);
    recycler_count_add(h, ring, RECYCLER_CRC_SHIFT);
    expect_found(&d, "CRC is above RC");
    recycler_count_subtract(h, ring, RECYCLER_CRC_SHIFT);
    recycler_count_subtract(h, ring, RECYCLER_CRC_SHIFT);
    fixture_check(&d.fixture);
    fixture_close(&d.fixture);
}

static void test_damaged_references(void **state)
{
    (void)state;
    struct damaged d;
    struct gcr_recycler *h = damaged_open(&d);
    gcr_ref *slot = recycler_slot(&h->layouts, fixture_ref(&d.fixture, d.pair), 1);
    *slot = (gcr_ref)(void *)((char *)fixture_ref(&d.fixture, d.pair) + 16);
    expect_found(&d, "a slot refers to a freed object");
    *slot = fixture_ref(&d.fixture, d.pair); /* without the barrier */
    expect_found(&d, "RC is 1, and should be 2");
    *slot = NULL;
    uintptr_t *top = h->context->log[0].top;
    *h->context->log[0].top++ = (uintptr_t)fixture_ref(&d.fixture, d.pair) | RECYCLER_DEC;
    expect_found(&d, "RC is 1, and should be 2");
    top[0] = (uintptr_t)fixture_ref(&d.fixture, d.pair) + 16;
    expect_found(&d, "a mutation buffer names a freed object");
    h->context->log[0].top = top;
    gcr_ref *held = (gcr_ref *)(void *)h->context->stack[h->context->newest].start;
    gcr_ref kept = held[0];
    held[0] = NULL;
    expect_found(&d, "RC is 1, and should be 0");
    held[0] = kept;
    fixture_check(&d.fixture);
    fixture_close(&d.fixture);
}

static void test_damaged_words_and_tables(void **state)
{
    (void)state;
    struct damaged d;
    struct gcr_recycler *h = damaged_open(&d);
    struct recycler_header *header =
        (struct recycler_header *)(void *)fixture_ref(&d.fixture, d.string);
    uint32_t shape = header->shape;
    header->shape = 0;
    expect_found(&d, "names no shape");
    header->shape = shape | RECYCLER_IMMORTAL;
    expect_found(&d, "immortal");
    header->shape = shape;
    h->collector.stats.age[0]++;
    expect_found(&d, "in the epoch of its last reference");
    h->collector.stats.age[0]--;
    struct recycler_entry *entry =
        recycler_table_find(&h->collector.weak_targets, fixture_ref(&d.fixture, d.weak));
    assert_non_null(entry);
    uint64_t target = entry->value;
    entry->value += 16;
    expect_found(&d, "not registered with its target");
    entry->value = target;
    fixture_check(&d.fixture);
    fixture_close(&d.fixture);
}

/* ---- refusals ---- */

static const char *const modes[][6] = {
    {"thread=off", "chunk=4K", "floor=64K", NULL},
    {"thread=off", "chunk=4K", "floor=64K", "cycles=sync", NULL},
    {"thread=on", "chunk=4K", "floor=64K", "buffers=two", NULL},
};

/* Runs with one commit refused; true if there were fewer commits than that. */
static bool run_refused(const char *const *settings, uint64_t nth, uint64_t budget)
{
    struct fixture fixture;
    struct model model;
    struct gcr_error err = {""};
    struct fixture_config config = recycler_config(settings, budget);
    config.fail_after = nth;
    if (fixture_try_open(&fixture, &config, &err) != GCR_OK) {
        assert_string_not_equal(err.text, "");
        return false;
    }
    model_init(&model, &fixture, 7, 3);
    model.finalizers = true;
    model_run(&model, 1500);
    recycler_settle(inside(&fixture));
    model_compare(&model, false);
    fixture_collect(&fixture);
    model_compare(&model, false);
    if (budget != 0)
        assert_true(fixture.supply.peak_bytes <= budget);
    bool over = fixture.supply.fail_after != 0;
    model_finish(&model);
    fixture_close(&fixture);
    return over;
}

static void test_each_commit_refused_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(modes); i++) {
        uint64_t nth = 1;
        while (nth < 400 && !run_refused(modes[i], nth, 0))
            nth++;
        assert_true(nth > 20);
        assert_true(nth < 400);
    }
}

static void test_every_budget_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(modes); i++)
        for (uint64_t budget = 16 * KIB; budget <= 480 * KIB; budget += 16 * KIB)
            (void)run_refused(modes[i], 0, budget);
}

static void test_quiescence_takes_few_rounds(void **state)
{
    (void)state;
    const char *const settings[] = {"thread=off", NULL};
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    fixture_store(&fixture, pair, 0, pair);
    fixture_root(&fixture, 0, 0);
    (void)fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_collect(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    assert_true(inside(&fixture)->rounds_peak <= 4);
    assert_true(fixture_last(&fixture)->full);
    uint64_t rounds = inside(&fixture)->epochs;
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->epochs, rounds + 1); /* nothing to do */
    struct gcr_design_figure figure[GCR_MAX_DESIGN_FIGURES];
    size_t count = fixture.collector->figures(fixture.heap, figure);
    assert_true(count > 20 && count <= GCR_MAX_DESIGN_FIGURES);
    assert_string_equal(figure[0].name, "epochs");
    assert_int_equal((uint64_t)figure[0].value, rounds + 1);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_count),
        cmocka_unit_test(test_damaged_colour),
        cmocka_unit_test(test_damaged_buffers),
        cmocka_unit_test(test_damaged_candidate),
        cmocka_unit_test(test_damaged_references),
        cmocka_unit_test(test_damaged_words_and_tables),
        cmocka_unit_test(test_each_commit_refused_once),
        cmocka_unit_test(test_every_budget_is_kept),
        cmocka_unit_test(test_quiescence_takes_few_rounds),
    };
    return cmocka_run_group_tests_name("collector.buffered_refcount_limits", tests, NULL, NULL);
}
