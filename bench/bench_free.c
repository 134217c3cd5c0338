/* What freeing costs, and finding out whose an address is: bench/README.md.
 *
 * free:  explicit-free with each of its allocators, and the designs that free by counts (the
 *        assignment that lets the object go included), in three orders.
 * owner: the ownership tests that free, counting and marking ask: half of the addresses belong. */
#include <gc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/common/address_map.h"
#include "allocators/common/blocks.h"
#include "allocators/common/pools.h"
#include "bench/heap.h"

/* ---- free ---- */

enum { SHAPES = 4, BATCH = 8192 };
enum order { SAME_ORDER, REVERSE_ORDER, RANDOM_ORDER };

#define PLAIN(bytes, its_number)                                                                   \
    {                                                                                              \
        .field_bytes = (bytes), .flags = GCR_SHAPE_ACYCLIC, .number = (its_number)                 \
    }
static const struct gcr_shape shapes[SHAPES + 1] = {
    [1] = PLAIN(16, 1), [2] = PLAIN(64, 2), [3] = PLAIN(256, 3), [4] = PLAIN(2048, 4)};
static const int64_t sizes[SHAPES] = {16, 64, 256, 2048};

struct free_task {
    const char *name;
    enum order order;
    struct bench_design design;
};

struct free_fixture {
    struct bench_heap *heap;
    uint32_t *order;
};

static const struct gcr_shape *shape_of(const struct gcr_bench *b)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (sizes[i] == gcr_bench_arg(b, 0))
            return &shapes[i + 1];
    return &shapes[1];
}

static uint32_t *make_order(enum order which)
{
    uint32_t *order = bench_order(BATCH);
    if (order == NULL || which == SAME_ORDER)
        return order;
    if (which == RANDOM_ORDER)
        bench_shuffle(order, BATCH);
    else
        for (uint32_t i = 0; i < BATCH; i++)
            order[i] = BATCH - 1 - i;
    return order;
}

static void free_teardown(void *fixture)
{
    struct free_fixture *f = fixture;
    if (f->heap != NULL)
        bench_heap_close(f->heap);
    free(f->order);
    free(f);
}

static void *free_setup(struct gcr_bench *b)
{
    const struct free_task *task = gcr_bench_context(b);
    struct free_fixture *f = calloc(1, sizeof *f);
    if (f == NULL || (f->order = make_order(task->order)) == NULL) {
        gcr_bench_fail(b, "no memory");
        free(f);
        return NULL;
    }
    f->heap = bench_heap_open(b, &task->design, shapes, SHAPES, BATCH);
    if (f->heap != NULL)
        return f;
    free_teardown(f);
    return NULL;
}

static void free_run(struct gcr_bench *b, void *fixture)
{
    const struct free_fixture *f = fixture;
    struct bench_heap *h = f->heap;
    while (gcr_bench_batch(b, BATCH)) {
        if (h->loops->alloc(h->heap, shape_of(b), 0, h->roots, 1, BATCH) < BATCH) {
            gcr_bench_fail(b, "the heap is exhausted");
            continue;
        }
        uint64_t freed = h->heap->work.freed_objects, start_ns = bench_heap_now_ns(h);
        h->loops->drop(h->heap, h->roots, f->order, BATCH);
        gcr_bench_set_time(b, (double)(bench_heap_now_ns(h) - start_ns) * 1e-9);
        if (h->heap->work.freed_objects - freed != BATCH)
            gcr_bench_fail(b, "not everything was freed");
    }
}

/* ---- whose is it ---- */

/* Objects of 48 bytes, and the addresses that are asked about: every second one belongs, some bytes
 * inside of an object (`inside`) or its start; the others lie in memory of somebody else. */
enum { OBJECTS = 1 << 16, OBJECT_BYTES = 48, QUESTIONS = 1 << 14 };

struct owner_fixture {
    struct gcr_supply supply;
    struct gcr_pools pools;
    struct gcr_blocks blocks;
    struct gcr_blocks_context context;
    struct gcr_address_map map;
    char *strangers;
    void **objects;
    uintptr_t questions[QUESTIONS];
    bool has_pools, has_blocks, has_map;
};

struct owner_task {
    const char *name;
    /* Makes the objects; false: no memory. */
    bool (*open)(struct owner_fixture *f);
    /* How many of the addresses belong. */
    size_t (*ask)(struct owner_fixture *f);
    bool inside;
};

static bool pools_open_with(struct owner_fixture *f, uint64_t range_bytes)
{
    const struct gcr_pools_options options = {.alignment = 16,
                                              .pool_bytes = 16384,
                                              .arena_bytes = 1 << 20,
                                              .small_limit = 512,
                                              .range_bytes = range_bytes};
    struct gcr_error err;
    f->has_pools = gcr_pools_init(&f->pools, &options, &f->supply, &err) == GCR_OK;
    for (size_t i = 0; f->has_pools && i < OBJECTS; i++)
        if ((f->objects[i] = gcr_pools_alloc(&f->pools, OBJECT_BYTES)) == NULL)
            return false;
    return f->has_pools;
}

static bool pools_open(struct owner_fixture *f)
{
    return pools_open_with(f, 0);
}

static bool pools_open_in_range(struct owner_fixture *f)
{
    return pools_open_with(f, 1 << 30);
}

static void *blocks_take(struct owner_fixture *f)
{
    uint32_t size_class = gcr_blocks_class(&f->blocks, OBJECT_BYTES);
    void *object = gcr_blocks_alloc(&f->blocks, &f->context.current[size_class], OBJECT_BYTES);
    if (object == NULL && gcr_blocks_refill_empty(&f->blocks, &f->context, size_class))
        object = gcr_blocks_alloc(&f->blocks, &f->context.current[size_class], OBJECT_BYTES);
    return object;
}

static bool blocks_open(struct owner_fixture *f)
{
    const struct gcr_blocks_options options = {.step_blocks = 16};
    struct gcr_error err;
    f->has_blocks = gcr_blocks_init(&f->blocks, &f->supply, &options, &err) == GCR_OK;
    for (size_t i = 0; f->has_blocks && i < OBJECTS; i++)
        if ((f->objects[i] = blocks_take(f)) == NULL)
            return false;
    return f->has_blocks;
}

/* The map knows the addresses of objects in pools. */
static bool map_open(struct owner_fixture *f)
{
    if (!pools_open(f))
        return false;
    gcr_address_map_init(&f->map, &f->supply);
    f->has_map = true;
    if (!gcr_address_map_promise(&f->map, OBJECTS))
        return false;
    for (size_t i = 0; i < OBJECTS; i++)
        gcr_address_map_add(&f->map, (uintptr_t)f->objects[i], i, 0);
    return true;
}

/* libgc keeps what f->objects refers to: an array that it scans. */
static bool libgc_open(struct owner_fixture *f)
{
    GC_INIT();
    free(f->objects);
    f->objects = GC_MALLOC_UNCOLLECTABLE(OBJECTS * sizeof *f->objects);
    for (size_t i = 0; f->objects != NULL && i < OBJECTS; i++)
        if ((f->objects[i] = GC_MALLOC(OBJECT_BYTES)) == NULL)
            return false;
    return f->objects != NULL;
}

static size_t ask_pools_tree(struct owner_fixture *f)
{
    size_t owned = 0;
    for (size_t i = 0; i < QUESTIONS; i++)
        owned += gcr_pools_owns(&f->pools, (const void *)f->questions[i]);
    return owned;
}

static size_t ask_pools_range(struct owner_fixture *f)
{
    size_t owned = 0;
    for (size_t i = 0; i < QUESTIONS; i++)
        owned += gcr_pools_range_has(&f->pools, (const void *)f->questions[i]);
    return owned;
}

static size_t ask_blocks(struct owner_fixture *f)
{
    size_t owned = 0;
    for (size_t i = 0; i < QUESTIONS; i++)
        owned += gcr_blocks_is_object(&f->blocks, (const void *)f->questions[i]);
    return owned;
}

/* The object around an address, as marking finds it: block, slot, start. */
static size_t ask_blocks_inside(struct owner_fixture *f)
{
    size_t owned = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        const char *at = (const char *)f->questions[i];
        if (!gcr_blocks_is_small(&f->blocks, at))
            continue;
        const struct gcr_block *block = gcr_blocks_block_of(&f->blocks, at);
        const char *start = gcr_blocks_start_of(&f->blocks, block) +
                            (size_t)gcr_block_slot_of(block, at) * block->slot_bytes;
        owned += (size_t)(at - start) < OBJECT_BYTES && *gcr_blocks_alloc_entry(&f->blocks, at);
    }
    return owned;
}

static size_t ask_map(struct owner_fixture *f)
{
    size_t owned = 0;
    for (size_t i = 0; i < QUESTIONS; i++)
        owned += gcr_address_map_find(&f->map, f->questions[i]) != NULL;
    return owned;
}

static size_t ask_libgc(struct owner_fixture *f)
{
    size_t owned = 0;
    for (size_t i = 0; i < QUESTIONS; i++)
        owned += GC_base((void *)f->questions[i]) != NULL;
    return owned;
}

static void owner_teardown(void *fixture)
{
    struct owner_fixture *f = fixture;
    if (f->has_map)
        gcr_address_map_finish(&f->map);
    if (f->has_pools)
        gcr_pools_finish(&f->pools);
    if (f->has_blocks)
        gcr_blocks_finish(&f->blocks);
    if (f->objects != NULL && GC_is_init_called() && GC_base(f->objects) != NULL)
        GC_FREE(f->objects);
    else
        free(f->objects);
    free(f->strangers);
    free(f);
}

/* In an order that nothing can predict. */
static void owner_set_questions(struct owner_fixture *f, bool inside, const uint32_t *order)
{
    uint64_t random = UINT64_C(88172645463325252);
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t object = (size_t)(random >> 20) % OBJECTS, offset = inside ? random % 6 * 8 : 0;
        f->questions[order[i]] = i % 2 == 0
                                     ? (uintptr_t)f->objects[object] + offset
                                     : (uintptr_t)f->strangers + object * OBJECT_BYTES + offset;
    }
}

static void *owner_setup(struct gcr_bench *b)
{
    const struct owner_task *task = gcr_bench_context(b);
    struct owner_fixture *f = calloc(1, sizeof *f);
    uint32_t *order = bench_order(QUESTIONS);
    if (f != NULL && order != NULL) {
        bench_shuffle(order, QUESTIONS);
        gcr_supply_init(&f->supply, 0);
        f->objects = calloc(OBJECTS, sizeof *f->objects);
        f->strangers = malloc((size_t)OBJECTS * OBJECT_BYTES);
        if (f->objects != NULL && f->strangers != NULL && task->open(f)) {
            owner_set_questions(f, task->inside, order);
            free(order);
            return f;
        }
        owner_teardown(f);
        f = NULL;
    }
    free(order);
    free(f);
    gcr_bench_fail(b, "no memory");
    return NULL;
}

static void owner_run(struct gcr_bench *b, void *fixture)
{
    const struct owner_task *task = gcr_bench_context(b);
    size_t owned = QUESTIONS / 2;
    while (gcr_bench_batch(b, QUESTIONS))
        if (task->ask(fixture) != owned)
            gcr_bench_fail(b, "an address has the wrong owner");
}

/* ---- the rows ---- */

static const struct free_task frees[] = {
    {"same_order", SAME_ORDER, {"explicit-free", {"allocator=pools"}}},
    {"reverse_order", REVERSE_ORDER, {"explicit-free", {"allocator=pools"}}},
    {"random_order", RANDOM_ORDER, {"explicit-free", {"allocator=pools"}}},
    {"same_order", SAME_ORDER, {"explicit-free", {"allocator=system"}}},
    {"reverse_order", REVERSE_ORDER, {"explicit-free", {"allocator=system"}}},
    {"random_order", RANDOM_ORDER, {"explicit-free", {"allocator=system"}}},
    {"same_order", SAME_ORDER, {"explicit-free", {"allocator=jemalloc"}}},
    {"reverse_order", REVERSE_ORDER, {"explicit-free", {"allocator=jemalloc"}}},
    {"random_order", RANDOM_ORDER, {"explicit-free", {"allocator=jemalloc"}}},
    {"same_order", SAME_ORDER, {"explicit-free", {"allocator=mimalloc"}}},
    {"reverse_order", REVERSE_ORDER, {"explicit-free", {"allocator=mimalloc"}}},
    {"random_order", RANDOM_ORDER, {"explicit-free", {"allocator=mimalloc"}}},
    {"same_order", SAME_ORDER, {"linked-list", {NULL}}},
    {"random_order", RANDOM_ORDER, {"linked-list", {NULL}}},
    {"same_order", SAME_ORDER, {"bitmap", {NULL}}},
    {"random_order", RANDOM_ORDER, {"bitmap", {NULL}}},
};

static const struct owner_task owners[] = {
    {"owner/pools/tree", pools_open, ask_pools_tree, true},
    {"owner/pools/range", pools_open_in_range, ask_pools_range, true},
    {"owner/blocks/object", blocks_open, ask_blocks, false},
    {"owner/blocks/inside", blocks_open, ask_blocks_inside, true},
    {"owner/address_map", map_open, ask_map, false},
    {"owner/libgc/GC_base", libgc_open, ask_libgc, true},
};

static void add_free(const struct free_task *task)
{
    char name[160];
    bench_design_name(&task->design, "free", name, sizeof name);
    (void)snprintf(name + strlen(name), sizeof name - strlen(name), "/%s", task->name);
    struct gcr_benchmark benchmark = {.name = name,
                                      .run = free_run,
                                      .setup = free_setup,
                                      .teardown = free_teardown,
                                      .context = task,
                                      .axes = {{.name = "bytes", .values = sizes, .count = SHAPES}},
                                      .clock = GCR_BENCH_MANUAL};
    gcr_bench_add(&benchmark);
}

static void add_owner(const struct owner_task *task)
{
    struct gcr_benchmark benchmark = {.name = task->name,
                                      .run = owner_run,
                                      .setup = owner_setup,
                                      .teardown = owner_teardown,
                                      .context = task};
    gcr_bench_add(&benchmark);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < GCR_COUNT_OF(frees); i++)
        add_free(&frees[i]);
    for (size_t i = 0; i < GCR_COUNT_OF(owners); i++)
        add_owner(&owners[i]);
    return gcr_bench_main(argc, argv, NULL, 0);
}
