/* mark-compact through the seam: when it collects, how much it holds, where the backup lies, moves
 * to a larger space, budgets, and what its checks find in a damaged heap. */
#include "tests/collectors/mark_compact_fixture.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the rules of the modes ---- */

static void test_first_collection_by_mode(void **state)
{
    (void)state;
    const struct {
        const char *settings[4];
        uint64_t used;
    } modes[] = {
        {{"mode=doc", NULL}, 4 * MIB}, /* half of the first space */
        {{"mode=doc", "space=1M", NULL}, 512 * KIB},
        {{"mode=doc", "first=1M", NULL}, MIB},
        {{"mode=ideal", NULL}, 16 * MIB},
        {{"mode=ideal", "first=2M", NULL}, 2 * MIB},
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, modes[i].settings, 0);
        drop_pairs(&fixture, (uint32_t)(modes[i].used / PAIR_BYTES));
        assert_int_equal(fixture.collection_count, 0);
        drop_pairs(&fixture, 1);
        assert_int_equal(fixture.collection_count, 1);
        fixture_close(&fixture);
    }
}

/* Mode 2010 spends 4 bytes of backup for each object from its allowance, too. */
static void test_mode_2010_pays_for_the_backup_while_allocating(void **state)
{
    (void)state;
    const char *settings[] = {"mode=2010", NULL};
    struct fixture fixture;
    mark_compact_open(&fixture, settings, 0);
    drop_pairs(&fixture, 16 * MIB / (PAIR_BYTES + 4));
    assert_int_equal(fixture.collection_count, 0);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.collection_count, 1);
    /* 30 MiB alive: the next one after two thirds of that, 20 MiB */
    keep_pairs(&fixture, 0, 30 * MIB / PAIR_BYTES);
    fixture_collect(&fixture);
    uint32_t before = fixture.collection_count;
    assert_int_equal(inside(&fixture)->live_bytes, 30 * MIB);
    drop_pairs(&fixture, 20 * MIB / (PAIR_BYTES + 4) - 1);
    assert_int_equal(fixture.collection_count, before);
    drop_pairs(&fixture, 2);
    assert_int_equal(fixture.collection_count, before + 1);
    fixture_close(&fixture);
}

static void test_mode_doc_computes_its_next_limit(void **state)
{
    (void)state;
    const char *settings[] = {"mode=doc", NULL};
    struct fixture fixture;
    mark_compact_open(&fixture, settings, 0);
    struct gcr_compact *h = inside(&fixture);
    keep_pairs(&fixture, 0, 50000);
    drop_pairs(&fixture, 30000);
    fixture_collect(&fixture);
    uint64_t live = 50000 * PAIR_BYTES, backup = 2 * 80000; /* two bytes for dead objects, too */
    assert_int_equal(h->pass.backup_bytes, backup);
    uint64_t limit = gcr_page_round(live * 3 / 2 + 256 + backup);
    assert_int_equal(h->base_used_bytes + h->allowed_bytes, limit);
    assert_int_equal(h->pass.backup_entries, 80000);
    drop_pairs(&fixture, (uint32_t)((limit - live) / PAIR_BYTES));
    assert_int_equal(fixture.collection_count, 1);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.collection_count, 2);
    /* and what was asked for has been added */
    assert_int_equal(h->base_used_bytes + h->allowed_bytes,
                     gcr_page_round(live * 3 / 2 + 256 + PAIR_BYTES + h->pass.backup_bytes));
    fixture_close(&fixture);
}

/* Where the array of type ids lies, and how long it is. */
static void test_backup_lies_where_the_mode_says(void **state)
{
    (void)state;
    static const char *const modes[][3] = {
        {"mode=doc", NULL}, {"mode=2010", NULL}, {"mode=ideal", NULL}};
    for (int mode = 0; mode < 3; mode++) {
        struct fixture fixture;
        mark_compact_open(&fixture, modes[mode], 0);
        struct gcr_compact *h = inside(&fixture);
        keep_pairs(&fixture, 0, 1000);
        drop_pairs(&fixture, 500);
        char *start = h->space.start;
        fixture_collect(&fixture);
        if (mode == 0)
            assert_ptr_equal(h->pass.backup, start + 4 * MIB); /* behind the limit */
        else
            assert_ptr_equal(h->pass.backup, start + 1500 * PAIR_BYTES); /* behind the objects */
        assert_int_equal(h->pass.backup_bytes, mode == 0 ? 2 * 1500 : 4 * 1000);
        assert_int_equal(h->pass.backup_entries, mode == 0 ? 1500 : 1000);
        assert_int_equal(h->figures.backup_peak_bytes, h->pass.backup_bytes);
        fixture_close(&fixture);
    }
}

/* ---- the factor ---- */

/* used <= max(floor, M * live at the previous collection + constants), at every allocation. */
static void run_steady(const char *const *settings, uint32_t live_pairs)
{
    struct fixture fixture;
    mark_compact_open(&fixture, settings, 0);
    struct gcr_compact *h = inside(&fixture);
    uint32_t table = fixture_alloc(&fixture, MODEL_ARRAY, live_pairs, 0);
    uint64_t random = 1, largest = 16 + 8 * live_pairs, before = 0;
    for (uint32_t step = 0; step < 8 * live_pairs; step++) {
        uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t slot = step < live_pairs ? step : (uint32_t)(random >> 33) % live_pairs;
        fixture_store(&fixture, table, slot,
                      step > 6 * live_pairs ? 0 : pair); /* a cliff at the end */
        uint64_t multiple = (uint64_t)(h->config.factor * (double)h->live_bytes);
        uint64_t constants = 256 + PAGE + largest + h->pass.backup_bytes, limit = multiple;
        if (h->config.mode == GCR_COMPACT_2010 && multiple - h->live_bytes < h->config.floor_bytes)
            limit = h->live_bytes + h->config.floor_bytes;
        if (limit < h->config.floor_bytes)
            limit = h->config.floor_bytes;
        if (h->figures.collections == 0)
            limit = h->config.first_bytes;
        assert_true(gcr_compact_used(h) <= limit + constants);
        assert_true(h->live_bytes == before || fixture.collection_count > 0);
        before = h->live_bytes;
    }
    assert_true(fixture.collection_count >= 2);
    assert_true(h->figures.used_over_live_before <= h->config.factor + 0.2);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_used_stays_below_factor_times_live(void **state)
{
    (void)state;
    static const char *const cases[][6] = {
        {"mode=doc", "space=256K", NULL},
        {"mode=doc", "space=256K", "factor=1.1", NULL},
        {"mode=2010", "floor=128K", "first=128K", NULL},
        {"mode=2010", "floor=128K", "first=128K", "factor=3", NULL},
        {"mode=ideal", "floor=128K", "first=128K", "factor=1.2", NULL},
        {"mode=ideal", "floor=128K", "first=128K", "factor=4", "marks=side", NULL},
        {"mode=ideal", "floor=2M", "first=2M", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run_steady(cases[i], 20000);
}

/* ---- moves ---- */

struct watch {
    bool pieces;
    uint64_t samples, closest; /* least distance from the bound */
};

/* At every chunk of a move: old used + the object being copied + backup + 64 KiB. */
static void sample_chunk(struct gcr_compact *h, void *arg)
{
    struct watch *watch = arg;
    const uint64_t *kinds = h->heap.supply->by_kind_bytes;
    uint64_t now = kinds[GCR_PAGES_OBJECTS] + kinds[GCR_PAGES_WORK];
    uint64_t object = watch->pieces ? 0 : h->pass.largest_bytes;
    uint64_t backup = gcr_page_round(h->pass.backup_bytes) + h->pass.offsets_bytes;
    uint64_t bound = h->pass.used_bytes + object + backup + 64 * KIB;
    assert_true(h->pass.moving);
    assert_true(now <= bound);
    watch->closest = bound - now < watch->closest ? bound - now : watch->closest;
    watch->samples++;
}

/* Lists and large strings, until the space has doubled twice. */
static void run_moves(const char *const *settings, bool pieces)
{
    struct fixture fixture;
    struct watch watch = {.pieces = pieces, .closest = UINT64_MAX};
    mark_compact_open(&fixture, settings, 0);
    struct gcr_compact *h = inside(&fixture);
    h->on_chunk = sample_chunk;
    h->on_chunk_arg = &watch;
    uint64_t first = h->space.reserved_bytes;
    for (int i = 0; i < 12; i++) {
        uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 300 * KIB, 10 + i);
        fixture_write(&fixture, string, 0, 300 * KIB, (uint8_t)i);
        keep_pairs(&fixture, 0, 5000);
        drop_pairs(&fixture, 1000);
    }
    for (int i = 0; i < 12; i++)
        fixture_assert_pattern(&fixture, fixture_number(&fixture, fixture.roots[10 + i]), 0,
                               300 * KIB, (uint8_t)i);
    assert_true(h->figures.moves >= 2);
    assert_true(watch.samples >= 20);
    assert_true(watch.closest < 64 * KIB + (pieces ? 0 : 300 * KIB)); /* the bound is not idle */
    assert_true(h->space.reserved_bytes >= 4 * first);
    assert_int_equal(h->space.reserved_bytes % first, 0);
    assert_true(h->figures.largest_move_bytes >= 300 * KIB);
    assert_true(h->figures.move_peak_bytes > 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_a_move_holds_little_more_than_the_old_space(void **state)
{
    (void)state;
    static const char *const whole[][6] = {
        {"mode=doc", "space=1M", NULL},
        {"mode=doc", "space=1M", "chunk=4K", NULL},
        {"mode=ideal", "space=1M", "floor=256K", "first=256K", NULL},
        {"mode=ideal", "space=1M", "floor=256K", "first=256K", "marks=side", NULL},
    };
    static const char *const pieces[][6] = {
        {"mode=doc", "space=1M", "move=pieces", NULL},
        {"mode=ideal", "space=1M", "floor=256K", "first=256K", "move=pieces", NULL},
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        run_moves(whole[i], false);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        run_moves(pieces[i], true);
}

/* Only the backup does not fit behind the limit: a space of the same size. */
static void test_backup_without_room_moves_to_a_space_of_the_same_size(void **state)
{
    (void)state;
    const char *settings[] = {"mode=doc", "space=64K", "first=60K", NULL};
    struct fixture fixture;
    mark_compact_open(&fixture, settings, 0);
    struct gcr_compact *h = inside(&fixture);
    char *start = h->space.start;
    for (uint32_t i = 0; i < 60 * KIB / 8; i++) /* 7680 objects: 15 KiB of backup */
        assert_int_not_equal(fixture_alloc(&fixture, MODEL_EMPTY, 0, 0), 0);
    fixture_collect(&fixture);
    assert_int_equal(h->figures.moves, 1);
    assert_ptr_not_equal(h->space.start, start);
    assert_int_equal(h->space.reserved_bytes, 64 * KIB);
    assert_int_equal(gcr_compact_used(h), 8);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* A system limit that a move does not fit under: the heap goes on in place, and ends when full. */
static void test_a_refused_move_leaves_the_space_as_it_is(void **state)
{
    (void)state;
    const char *settings[] = {"mode=doc", "space=1M", NULL};
    struct fixture fixture;
    struct fixture_config config = mark_compact_config(settings, 0);
    config.system_limit_bytes = MIB + 128 * KIB;
    fixture_open(&fixture, &config);
    uint32_t strings = 0;
    for (; strings < 20; strings++)
        if (fixture_alloc(&fixture, MODEL_STRING, 100 * KIB, (int)strings) == 0)
            break;
    assert_in_range(strings, 5, 11);
    assert_true(fixture.supply.peak_bytes <= config.system_limit_bytes);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- giving back ---- */

static void test_tail_is_given_back_or_kept(void **state)
{
    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        const char *settings[] = {kept ? "mode=2010" : "mode=doc", NULL};
        struct fixture fixture;
        mark_compact_open(&fixture, settings, 0);
        keep_pairs(&fixture, 0, 100);
        drop_pairs(&fixture, 100000);
        uint64_t before = fixture.supply.by_kind_bytes[GCR_PAGES_OBJECTS];
        assert_true(before >= 3 * MIB);
        fixture_collect(&fixture);
        uint64_t after = fixture.supply.by_kind_bytes[GCR_PAGES_OBJECTS];
        if (kept)
            assert_true(after >= before);
        else
            assert_int_equal(after, PAGE);                              /* 3200 bytes */
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 5000, 3); /* memory is not zero */
        for (uint32_t i = 0; i < 5000; i += 99)
            assert_int_equal(fixture_slot(&fixture, array, i), 0);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* Footprint follows what is in use, a step ahead of it. */
static void test_footprint_is_what_is_used(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"mode=2010", NULL};
    mark_compact_open(&fixture, settings, 0);
    for (int i = 0; i < 100; i++) {
        drop_pairs(&fixture, 1000);
        uint64_t used = gcr_compact_used(inside(&fixture));
        assert_in_range(fixture.supply.by_kind_bytes[GCR_PAGES_OBJECTS], used, used + 64 * KIB);
    }
    fixture_close(&fixture);
}

/* ---- budgets ---- */

static void test_a_budget_is_used_but_never_exceeded(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"mode=doc", NULL},
        {"mode=2010", NULL},
        {"mode=ideal", NULL},
        {"mode=ideal", "marks=side", NULL},
        {"mode=ideal", "worklist=stack", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (uint64_t kib = 128; kib <= 2048; kib *= 4) {
            struct fixture fixture;
            mark_compact_open(&fixture, cases[i], kib * KIB);
            uint32_t pairs = 0;
            for (;; pairs++) {
                fixture.roots[1] = fixture.roots[0];
                if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
                    break;
                fixture.ops->store(fixture.heap, fixture.roots[0], 0, fixture.roots[1]);
            }
            assert_true(fixture.supply.peak_bytes <= kib * KIB);
            assert_true(pairs * PAIR_BYTES > kib * KIB / 2 - 48 * KIB);
            assert_false(inside(&fixture)->exhausted);
            assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_EMERGENCY);
            fixture_root(&fixture, 0, 0);
            fixture_root(&fixture, 1, 0);
            drop_pairs(&fixture, 3 * pairs); /* alive again */
            fixture_check(&fixture);
            fixture_close(&fixture);
        }
}

/* The work list finds no memory: nothing has changed, and nothing can be allocated any more. */
static void test_no_work_memory_ends_the_heap_without_a_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        struct gcr_compact *h;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        h = inside(&fixture);
        keep_pairs(&fixture, 0, 20);
        drop_pairs(&fixture, 20);
        char *free_before = h->free;
        fixture.supply.system_limit_bytes = fixture.supply.committed_bytes;
        fixture_collect(&fixture);
        assert_true(h->exhausted);
        assert_ptr_equal(h->free, free_before);
        assert_int_equal(fixture_last(&fixture)->freed, 0);
        assert_int_equal(fixture_walk_count(&fixture), 40);
        fixture.supply.system_limit_bytes = 0;
        assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 5), 0);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* ---- fork ---- */

static void test_a_child_collects_its_own_copy(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_compact_open(&fixture, NULL, 0);
    drop_pairs(&fixture, 100);
    keep_pairs(&fixture, 0, 1000);
    char *before = (char *)fixture.roots[0];
    pid_t child = fork();
    if (child == 0) {
        fixture.collector->collect(fixture.heap, 2, GCR_REASON_EXPLICIT);
        struct gcr_error err;
        bool moved = (char *)fixture.roots[0] == before - 100 * PAIR_BYTES;
        _exit(moved && fixture.collector->check(fixture.heap, 3, &err) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ptr_equal(fixture.roots[0], before);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- damage between collections ---- */

static void damage_found(struct fixture *fixture, const char *what)
{
    assert_true(check_fails(fixture, 3, what));
}

/* Changes a word, expects the check to say `what`, and puts it back. */
static void damage_word(struct fixture *fixture, void *at, uint64_t value, const char *what)
{
    uint64_t before;
    memcpy(&before, at, sizeof before);
    memcpy(at, &value, sizeof value);
    damage_found(fixture, what);
    memcpy(at, &before, sizeof before);
    fixture_check(fixture);
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_compact_open(&fixture, NULL, 0);
    struct gcr_compact *h = inside(&fixture);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 2, 10);
    keep_pairs(&fixture, 0, 20);
    fixture_alloc(&fixture, MODEL_WEAK, 0, 11);
    fixture_alloc(&fixture, MODEL_FINALIZER, 0, 12);
    fixture_collect(&fixture);
    fixture_check(&fixture);
    gcr_ref pair = fixture.roots[0];
    uint64_t header = gcr_object_header(pair), free_at = (uintptr_t)h->free;
    damage_word(&fixture, pair, header | GCR_HEADER_MARKED, "mark bit");
    damage_word(&fixture, pair, header | GCR_HEADER_FORWARDED, "no object's header");
    damage_word(&fixture, pair, 0, "no object's header");
    damage_word(&fixture, pair, h->layouts.row[MODEL_EMPTY].header, "no object's header");
    damage_word(&fixture, gcr_object_word(pair, 8), (uintptr_t)pair + 8, "middle of an object");
    damage_word(&fixture, gcr_object_word(pair, 8), (uintptr_t)pair + 3, "not aligned");
    damage_word(&fixture, gcr_object_word(pair, 8), free_at + 64, "above the objects");
    damage_word(&fixture, h->free, 7, "not zero");
    damage_word(&fixture, &h->free, free_at - 8, "beyond the used part");
    damage_word(&fixture, &h->free, (uintptr_t)h->space.start - 8, "start <= free");
    damage_word(&fixture, &h->blocks, h->blocks + 1, "number of objects");
    damage_word(&fixture, &h->quota_bytes, 64 * MIB, "quota");
    damage_word(&fixture, &h->pass.offsets, 8, "backup outside");
    gcr_ref at = fixture_ref(&fixture, prebuilt);
    damage_word(&fixture, at, gcr_object_header(at) & ~GCR_HEADER_MARKED, "without its mark");
    at = fixture_ref(&fixture, pinned);
    damage_word(&fixture, at, gcr_object_header(at) | GCR_HEADER_MARKED, "pinned object");
    damage_word(&fixture, gcr_vector_at(&h->weak.old, 0), 0, "weak list");
    damage_word(&fixture, gcr_vector_at(&h->weak.old, 0), (uintptr_t)pair, "weak");
    damage_word(&fixture, &gcr_finalizer_list_at(&h->finalizers, 0)->object, 0, "finalizer list");
    fixture_close(&fixture);
}

/* ---- damage inside a collection ---- */

static void (*fixture_update_handles)(struct gcr_host *host, struct gcr_heap *heap, bool minor);
static uint32_t plans_damaged;

static void plan_damaged(struct gcr_compact *h, void *at, uint64_t value, const char *what)
{
    struct gcr_error err = {"nothing"};
    uint64_t before;
    memcpy(&before, at, sizeof before);
    memcpy(at, &value, sizeof value);
    assert_false(gcr_compact_check_plan(h, &err));
    if (strstr(err.text, what) == NULL)
        fail_msg("expected '%s', got '%s'", what, err.text);
    memcpy(at, &before, sizeof before);
    assert_true(gcr_compact_check_plan(h, &err));
    plans_damaged++;
}

/* Called between the second and the third walk: headers hold the plan. */
static void damage_plan(struct gcr_host *host, struct gcr_heap *heap, bool minor)
{
    struct gcr_compact *h = gcr_compact_of(heap);
    char *live = h->pass.base + PAIR_BYTES; /* the first object is dead */
    uint64_t header;
    memcpy(&header, live, sizeof header);
    if (h->config.format == GCR_COMPACT_SIDE)
        plan_damaged(h, h->pass.offsets, 8, "order or leave a gap");
    else
        plan_damaged(h, live, header + PAIR_BYTES, "order or leave a gap");
    if (h->config.format != GCR_COMPACT_ALL)
        plan_damaged(h, &h->pass.target, (uintptr_t)h->pass.base + 8 * PAIR_BYTES, "move up");
    plan_damaged(h, &h->pass.survivors, h->pass.survivors + 1, "not every survivor");
    plan_damaged(h, &h->pass.live_bytes, h->pass.live_bytes + 8, "do not add up");
    if (h->config.format != GCR_COMPACT_SIDE)
        plan_damaged(h, &h->pass.backup_entries, h->pass.backup_entries + 1, "backup");
    fixture_update_handles(host, heap, minor);
}

static void test_check_of_the_plan_finds_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        drop_pairs(&fixture, 1);
        keep_pairs(&fixture, 0, 5);
        fixture_update_handles = fixture.host.update_handles;
        fixture.host.update_handles = damage_plan;
        plans_damaged = 0;
        fixture_collect(&fixture);
        assert_true(plans_damaged >= 4);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* ---- figures ---- */

static void test_figures_keep_their_names_and_say_what_happened(void **state)
{
    (void)state;
    struct fixture fixture;
    struct gcr_design_figure before[GCR_MAX_DESIGN_FIGURES], after[GCR_MAX_DESIGN_FIGURES];
    mark_compact_open(&fixture, NULL, 0);
    size_t count = fixture.collector->figures(fixture.heap, before);
    keep_pairs(&fixture, 0, 200000); /* 6.4 MB: the 8 MiB space becomes 16 MiB */
    fixture_collect(&fixture);
    assert_int_equal(fixture.collector->figures(fixture.heap, after), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(before[i].name, after[i].name);
    assert_true(after[0].value == (double)fixture.collection_count);
    assert_true(inside(&fixture)->figures.moves == 1);
    assert_true(inside(&fixture)->figures.largest_move_bytes == PAIR_BYTES);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_collection_by_mode),
        cmocka_unit_test(test_mode_2010_pays_for_the_backup_while_allocating),
        cmocka_unit_test(test_mode_doc_computes_its_next_limit),
        cmocka_unit_test(test_backup_lies_where_the_mode_says),
        cmocka_unit_test(test_used_stays_below_factor_times_live),
        cmocka_unit_test(test_a_move_holds_little_more_than_the_old_space),
        cmocka_unit_test(test_backup_without_room_moves_to_a_space_of_the_same_size),
        cmocka_unit_test(test_a_refused_move_leaves_the_space_as_it_is),
        cmocka_unit_test(test_tail_is_given_back_or_kept),
        cmocka_unit_test(test_footprint_is_what_is_used),
        cmocka_unit_test(test_a_budget_is_used_but_never_exceeded),
        cmocka_unit_test(test_no_work_memory_ends_the_heap_without_a_trace),
        cmocka_unit_test(test_a_child_collects_its_own_copy),
        cmocka_unit_test(test_check_finds_damage),
        cmocka_unit_test(test_check_of_the_plan_finds_damage),
        cmocka_unit_test(test_figures_keep_their_names_and_say_what_happened),
    };
    return cmocka_run_group_tests_name("collector.mark_compact_bounds", tests, NULL, NULL);
}
