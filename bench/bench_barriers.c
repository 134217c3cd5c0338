/* What a store, a load and a root assignment cost in each design: bench/README.md.
 *
 * Stores go through pairs one after the other, each time with another value than before (save for
 * `same`), so that counting designs count one object up and another one down. "Old" objects have
 * lived through collections, "young" ones have been allocated since the last one. Collections are
 * off the clock, and so is a wait for a collector's thread that has fallen behind. */
#include "bench/heap.h"

/* ROOMS of root slots, GROUP each. */
enum { GROUP = 1024, PASSES = 16, LARGE = 32 * GROUP };
enum room { OLD, OLD_VALUES, YOUNG, SMALL_ARRAY, LARGE_ARRAY, ALIAS, ROOMS };
enum { PAIR = 1, ARRAY, SHAPES = ARRAY };

static const struct gcr_shape shapes[SHAPES + 1] = {
    [PAIR] = {.field_bytes = 24, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .number = PAIR},
    [ARRAY] = {.item_bytes = 8, .item_slots = 1, .flags = GCR_SHAPE_CONTAINER, .number = ARRAY},
};

struct row {
    const char *name;
    enum room objects, values;
    uint32_t only; /* 0: in all designs; else in those with this capability */
    bool same, first;
    uint32_t array; /* 0: a pair each; else all into one array, so many slots apart */
};

/* One row of a design. */
struct task {
    const struct bench_design *design;
    const struct row *row;
};

static gcr_ref *room(const struct bench_heap *h, enum room which)
{
    return &h->roots[which * GROUP];
}

/* ---- the heap ---- */

static bool fill(struct bench_heap *h, enum room which, int shape, uint32_t length, size_t n)
{
    return h->loops->alloc(h->heap, &shapes[shape], length, room(h, which), 1, n) == n;
}

static bool make_young(struct bench_heap *h)
{
    static const uint32_t first = 0;
    for (size_t i = 0; i < GROUP; i++)
        if (room(h, YOUNG)[i] != NULL)
            h->loops->drop(h->heap, &room(h, YOUNG)[i], &first, 1);
    return fill(h, YOUNG, PAIR, 0, GROUP);
}

static struct bench_heap *open_heap(struct gcr_bench *b, const struct bench_design *design)
{
    struct bench_heap *h = bench_heap_open(b, design, shapes, SHAPES, ROOMS * GROUP);
    if (h == NULL)
        return NULL;
    bool filled = fill(h, OLD, PAIR, 0, GROUP) && fill(h, OLD_VALUES, PAIR, 0, GROUP) &&
                  fill(h, SMALL_ARRAY, ARRAY, GROUP, 1) && fill(h, LARGE_ARRAY, ARRAY, LARGE, 1);
    for (int i = 0; i < 4; i++) /* old in every generation */
        bench_heap_collect(h);
    if (filled && make_young(h))
        return h;
    gcr_bench_fail(b, "the objects do not fit");
    bench_heap_close(h);
    return NULL;
}

static void *setup(struct gcr_bench *b)
{
    const struct task *task = gcr_bench_context(b);
    return open_heap(b, task->design);
}

static void teardown(void *fixture)
{
    bench_heap_close(fixture);
}

/* ---- stores ---- */

/* Every object's slot 0 gets the value `shift` places on, and the last `shift` keep theirs. */
static void store_pass(const struct bench_heap *h, const struct row *row, size_t shift)
{
    const gcr_ref *values = room(h, row->values) + shift;
    if (row->array > 0)
        h->loops->store(h->heap, room(h, row->objects), 0, row->array, values, 1, GROUP - shift);
    else
        h->loops->store(h->heap, room(h, row->objects), 1, 0, values, 1, GROUP - shift);
}

/* The old objects are no longer remembered, and the young ones are new. */
static void forget(struct gcr_bench *b, struct bench_heap *h, const struct row *row)
{
    gcr_ref none = NULL;
    if (row->array > 0)
        h->loops->store(h->heap, room(h, row->objects), 0, row->array, &none, 0, GROUP);
    else
        h->loops->store(h->heap, room(h, row->objects), 1, 0, &none, 0, GROUP);
    bench_heap_collect(h);
    if (!make_young(h))
        gcr_bench_fail(b, "the heap is exhausted");
}

static void run_store(struct gcr_bench *b, void *fixture)
{
    const struct row *row = ((const struct task *)gcr_bench_context(b))->row;
    struct bench_heap *h = fixture;
    size_t passes = row->first ? 1 : PASSES, per_pass = GROUP - 1;
    uint64_t slow = 0;
    store_pass(h, row, 0);
    while (gcr_bench_batch(b, (int64_t)(passes * per_pass))) {
        if (row->first)
            forget(b, h, row);
        uint64_t slow_before = h->heap->work.barriers, start_ns = bench_heap_now_ns(h);
        for (size_t i = 0; i < passes; i++)
            store_pass(h, row, row->same ? 1 : 1 + i % 2);
        gcr_bench_set_time(b, (double)(bench_heap_now_ns(h) - start_ns) * 1e-9);
        slow += h->heap->work.barriers - slow_before;
    }
    gcr_bench_count(b, "slow", (double)slow, GCR_BENCH_PER_ITERATION);
}

static void run_null(struct gcr_bench *b, void *fixture)
{
    struct bench_heap *h = fixture;
    gcr_ref none = NULL;
    while (gcr_bench_batch(b, PASSES * GROUP)) {
        uint64_t start_ns = bench_heap_now_ns(h);
        for (int i = 0; i < PASSES; i++)
            h->loops->store(h->heap, room(h, OLD), 1, 0, &none, 0, GROUP);
        gcr_bench_set_time(b, (double)(bench_heap_now_ns(h) - start_ns) * 1e-9);
    }
}

/* ---- loads and roots ---- */

static void read_loop(struct gcr_bench *b, struct bench_heap *h, bool loads, bool global)
{
    gcr_ref none = NULL, *root = global ? &h->globals[0] : room(h, ALIAS);
    h->loops->store(h->heap, room(h, OLD), 1, 0, room(h, OLD_VALUES), 1, GROUP);
    while (gcr_bench_batch(b, PASSES * GROUP)) {
        uint64_t start_ns = bench_heap_now_ns(h);
        for (int i = 0; i < PASSES; i++) {
            if (loads)
                h->loops->load(h->heap, room(h, OLD), root, global, GROUP);
            else
                h->loops->root(h->heap, root, global, room(h, OLD), GROUP);
        }
        gcr_bench_set_time(b, (double)(bench_heap_now_ns(h) - start_ns) * 1e-9);
    }
    h->loops->root(h->heap, root, global, &none, 1);
}

static void run_load(struct gcr_bench *b, void *fixture)
{
    read_loop(b, fixture, true, false);
}

static void run_load_global(struct gcr_bench *b, void *fixture)
{
    read_loop(b, fixture, true, true);
}

static void run_root(struct gcr_bench *b, void *fixture)
{
    read_loop(b, fixture, false, false);
}

static void run_root_global(struct gcr_bench *b, void *fixture)
{
    read_loop(b, fixture, false, true);
}

/* ---- the rows ---- */

#define YOUNG_ROW(row_name) .name = (row_name), .only = GCR_CAP_GENERATIONAL

static const struct row stores[] = {
    {.name = "store/old_to_old", .objects = OLD, .values = OLD_VALUES},
    {.name = "store/same", .objects = OLD, .values = OLD_VALUES, .same = true},
    {.name = "store/array_to_old", .objects = SMALL_ARRAY, .values = OLD_VALUES, .array = 1},
    {YOUNG_ROW("store/old_to_young/again"), .objects = OLD, .values = YOUNG},
    {YOUNG_ROW("store/old_to_young/first"), .objects = OLD, .values = YOUNG, .first = true},
    {YOUNG_ROW("store/young_to_old"), .objects = YOUNG, .values = OLD_VALUES},
    {YOUNG_ROW("store/young_to_young"), .objects = YOUNG, .values = YOUNG},
    {YOUNG_ROW("store/array_to_young"), .objects = SMALL_ARRAY, .values = YOUNG, .array = 1},
    {YOUNG_ROW("store/large_array_to_young/again"), .objects = LARGE_ARRAY, .values = YOUNG,
     .array = LARGE / GROUP},
    {YOUNG_ROW("store/large_array_to_young/first"), .objects = LARGE_ARRAY, .values = YOUNG,
     .first = true, .array = LARGE / GROUP},
};
static const struct row others[] = {{.name = "store/null"},
                                    {.name = "load"},
                                    {.name = "load/global"},
                                    {.name = "root"},
                                    {.name = "root/global"}};
static void (*const other_bodies[])(struct gcr_bench *b, void *fixture) = {
    run_null, run_load, run_load_global, run_root, run_root_global};

/* How the Recycler finds its buffer, the others' options that change a barrier. */
static const struct bench_design variants[] = {
    {"buffered-refcount", {"context=cached"}}, {"buffered-refcount", {"context=tls-ie"}},
    {"buffered-refcount", {"context=tls-gd"}}, {"buffered-refcount", {"context=getspecific"}},
    {"buffered-refcount", {"buffers=two"}},    {"buffered-refcount", {"stacks=logged"}},
    {"linked-list", {"counts=side"}},          {"bitmap", {"counts=side"}},
    {"generational", {"filter=young"}},
};

enum { MAX_TASKS = 1024 };

static void add(const struct bench_design *design, const struct row *row,
                void (*body)(struct gcr_bench *b, void *fixture))
{
    static struct task tasks[MAX_TASKS];
    static size_t used;
    char name[160];
    if (used == MAX_TASKS)
        return;
    tasks[used] = (struct task){design, row};
    bench_design_name(design, row->name, name, sizeof name);
    struct gcr_benchmark benchmark = {.name = name,
                                      .run = body,
                                      .setup = setup,
                                      .teardown = teardown,
                                      .context = &tasks[used++],
                                      .clock = GCR_BENCH_MANUAL};
    gcr_bench_add(&benchmark);
}

static void add_design(const struct bench_design *design)
{
    const struct gcr_collector *collector = bench_loops_find(design->collector)->collector;
    for (size_t i = 0; i < GCR_COUNT_OF(stores); i++)
        if (stores[i].only == 0 || gcr_collector_is(collector, stores[i].only))
            add(design, &stores[i], run_store);
    for (size_t i = 0; i < GCR_COUNT_OF(others); i++)
        add(design, &others[i], other_bodies[i]);
}

int main(int argc, char **argv)
{
    bench_add_designs(add_design, variants, GCR_COUNT_OF(variants));
    return gcr_bench_main(argc, argv, NULL, 0);
}
