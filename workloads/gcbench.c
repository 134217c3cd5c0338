/* gcbench: the binary-tree benchmark of John Ellis and Pete Kovac, as revised by Hans Boehm.
 *
 * Source: J. Ellis, P. Kovac, H.-J. Boehm, "GCBench", 1997 (hboehm.info/gc/gc_bench). The program:
 *   1. build a tree of stretch-depth and drop it, so that the heap reaches its working size;
 *   2. build a tree of long-depth, top down, and an array of doubles, and keep both;
 *   3. for each depth from min-depth to max-depth in steps of 2, build NumIters(depth) trees top
 *      down and as many bottom up, dropping each at once;
 *      NumIters(d) = 2 x TreeSize(stretch-depth) / TreeSize(d), TreeSize(d) = 2^(d+1) - 1,
 *      so that every depth allocates about the same number of nodes.
 *
 * A node has two pointers and two ints. The stack is modelled as a compiler leaves it: each active
 * call of Populate or MakeTree has a slot, stale slots above the active ones still hold what they
 * held, and all are cleared when the outermost call has returned. They only ever hold nodes of the
 * tree under construction, which is reachable anyway, so deaths are exact: a tree's nodes all die
 * when its last root is cleared, and their DEATH events follow at once, in order of allocation.
 *
 * Memory: one index for each node of the largest tree. */
#include "base/check.h"
#include "traces/emit.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option gcbench_options[] = {
    {"stretch-depth", GCR_OPT_COUNT, "levels", "18", 1, 28, NULL,
     "depth of the first tree, which stretches the heap and sets the iteration counts"},
    {"long-depth", GCR_OPT_COUNT, "levels", "16", 0, 28, NULL, "depth of the long-lived tree"},
    {"array", GCR_OPT_COUNT, "doubles", "500000", 0, 100000000, NULL,
     "length of the long-lived array"},
    {"min-depth", GCR_OPT_COUNT, "levels", "4", 0, 28, NULL, "smallest short-lived trees"},
    {"max-depth", GCR_OPT_COUNT, "levels", "16", 0, 28, NULL, "largest short-lived trees"},
    {"repeat", GCR_OPT_COUNT, "times", "1", 1, 1000000, NULL,
     "how often step 3 runs over all depths"},
    {"rate", GCR_OPT_COUNT, "nodes", "0", 0, 1e9, NULL,
     "nodes allocated a second by the recorded program, in a TIME event every 1024 nodes; 0: none"},
    {"deaths", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL, "write DEATH events and recycle indexes"},
    {0}};

struct gcbench {
    uint32_t stretch, longest, array, min, max, repeat;
    uint64_t rate;
    bool deaths;
};

static struct gcbench gcbench_parameters(const struct gcr_option_values *options)
{
    return (struct gcbench){
        .stretch = (uint32_t)gcr_option_number(options, "stretch-depth"),
        .longest = (uint32_t)gcr_option_number(options, "long-depth"),
        .array = (uint32_t)gcr_option_number(options, "array"),
        .min = (uint32_t)gcr_option_number(options, "min-depth"),
        .max = (uint32_t)gcr_option_number(options, "max-depth"),
        .repeat = (uint32_t)gcr_option_number(options, "repeat"),
        .rate = gcr_option_number(options, "rate"),
        .deaths = gcr_option_flag(options, "deaths"),
    };
}

static uint64_t gcbench_tree_size(uint32_t depth)
{
    GCR_CHECK(1, depth < 63);
    return (UINT64_C(2) << depth) - 1;
}

static uint64_t gcbench_iterations(const struct gcbench *bench, uint32_t depth)
{
    return 2 * gcbench_tree_size(bench->stretch) / gcbench_tree_size(depth);
}

enum {
    NODE_BYTES = 2 * GCR_SLOT_BYTES + 2 * 4,
    DOUBLE_BYTES = 8,
    ARRAY_PROBE = 1000,
    TIME_EVERY = 1024 /* nodes */
};

/* ---- facts ---- */

/* Events of one tree until its root is the only root, and of dropping it. */
static uint64_t gcbench_top_down_events(uint32_t depth)
{
    /* The top node; for each other node ALLOC, STORE and the LOAD for its call; a clear a level. */
    return 1 + 3 * (gcbench_tree_size(depth) - 1) + depth;
}

static uint64_t gcbench_bottom_up_events(uint32_t depth)
{
    /* ALLOC for each node; two STOREs and the return for inner ones; a clear a slot. */
    uint64_t nodes = gcbench_tree_size(depth), inner = nodes / 2;
    return nodes + 3 * inner + (depth > 0 ? depth + 1 : 0);
}

static uint64_t gcbench_drop_events(const struct gcbench *bench, uint32_t depth)
{
    return 1 + (bench->deaths ? gcbench_tree_size(depth) : 0);
}

static uint64_t gcbench_array_events(const struct gcbench *bench)
{
    return bench->array == 0 ? 0 : 1 + bench->array / 2 + (bench->array > ARRAY_PROBE ? 1 : 0);
}

static gcr_status gcbench_facts(const struct gcr_option_values *options,
                                struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct gcbench bench = gcbench_parameters(options);
    if (bench.min > bench.max)
        return gcr_fail(err, GCR_USAGE, "gcbench: min-depth %u is above max-depth %u", bench.min,
                        bench.max);
    uint64_t events = gcbench_bottom_up_events(bench.stretch) +
                      gcbench_drop_events(&bench, bench.stretch) +
                      gcbench_top_down_events(bench.longest) + gcbench_array_events(&bench);
    uint64_t allocated = gcbench_tree_size(bench.stretch) + gcbench_tree_size(bench.longest);
    uint64_t temporary = 0; /* nodes of the largest short-lived tree that is built at all */
    for (uint32_t depth = bench.min; depth <= bench.max; depth += 2) {
        uint64_t trees = bench.repeat * gcbench_iterations(&bench, depth);
        events += trees * (gcbench_top_down_events(depth) + gcbench_bottom_up_events(depth) +
                           2 * gcbench_drop_events(&bench, depth));
        allocated += 2 * trees * gcbench_tree_size(depth);
        if (trees > 0)
            temporary = gcbench_tree_size(depth);
    }
    uint64_t stretch = gcbench_tree_size(bench.stretch);
    uint64_t nodes = gcbench_tree_size(bench.longest) + temporary;
    uint64_t late_bytes = nodes * NODE_BYTES + (uint64_t)bench.array * DOUBLE_BYTES;
    uint64_t late_objects = nodes + (bench.array > 0);
    *out = (struct gcr_generator_facts){
        .events = events + (bench.rate > 0 ? allocated / TIME_EVERY : 0) + 1, /* EXIT */
        .lanes = 1,
        .peak_live_bytes = stretch * NODE_BYTES > late_bytes ? stretch * NODE_BYTES : late_bytes,
        .peak_live_objects = stretch > late_objects ? stretch : late_objects,
        .capabilities = {.loads = 1,
                         .reads = GCR_READS_EXACT,
                         .deaths = bench.deaths ? GCR_DEATHS_EXACT : GCR_DEATHS_NONE,
                         .times = bench.rate > 0},
    };
    return GCR_OK;
}

/* ---- the program ---- */

struct gcbench_run {
    struct emit emit;
    uint32_t node, array; /* shapes */
    uint32_t *tree;       /* nodes of the tree under construction, in order of allocation */
    size_t tree_count;
    uint64_t rate, allocated; /* nodes a second, nodes so far */
};

/* Slots of main's frame; calls take the next ones. */
enum { ROOT_LONG_LIVED, ROOT_ARRAY, ROOT_TREE, FIRST_CALL };

static uint32_t gcbench_node(struct gcbench_run *run, uint32_t slot)
{
    uint32_t node = emit_alloc(&run->emit, run->node, 0, gcr_root_thread(slot));
    if (run->emit.deaths)
        run->tree[run->tree_count++] = node;
    if (++run->allocated % TIME_EVERY == 0 && run->rate > 0)
        emit_time(&run->emit, (uint64_t)((double)run->allocated * 1e9 / (double)run->rate));
    return node;
}

static void gcbench_clear(struct gcbench_run *run, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        emit_root(&run->emit, gcr_root_thread(first + i), 0);
}

/* Fills `node`, which the caller holds, with two children and their trees; a new child, and then
 * the callee's node, passes through `slot`, deeper calls take the next ones. */
static void gcbench_populate(struct gcbench_run *run, uint32_t depth, uint32_t node, uint32_t slot)
{
    if (depth == 0 || emit_failed(&run->emit))
        return;
    uint32_t child[2];
    for (uint32_t i = 0; i < 2; i++) {
        child[i] = gcbench_node(run, slot);
        emit_store(&run->emit, node, i, child[i]);
    }
    for (uint32_t i = 0; i < 2; i++) {
        emit_load(&run->emit, node, i, gcr_root_thread(slot));
        gcbench_populate(run, depth - 1, child[i], slot + 1);
    }
}

static void gcbench_top_down(struct gcbench_run *run, uint32_t depth, uint32_t slot)
{
    run->tree_count = 0;
    uint32_t top = gcbench_node(run, slot);
    gcbench_populate(run, depth, top, FIRST_CALL);
    gcbench_clear(run, FIRST_CALL, depth);
}

/* Returns a tree of that depth in `slot`. */
static uint32_t gcbench_make_tree(struct gcbench_run *run, uint32_t depth, uint32_t slot)
{
    if (depth == 0 || emit_failed(&run->emit))
        return gcbench_node(run, slot);
    uint32_t left = gcbench_make_tree(run, depth - 1, slot);
    uint32_t right = gcbench_make_tree(run, depth - 1, slot + 1);
    uint32_t node = gcbench_node(run, slot + 2);
    emit_store(&run->emit, node, 0, left);
    emit_store(&run->emit, node, 1, right);
    emit_root(&run->emit, gcr_root_thread(slot), node);
    return node;
}

/* Leaves the tree in ROOT_TREE, the slot below FIRST_CALL. */
static void gcbench_bottom_up(struct gcbench_run *run, uint32_t depth)
{
    run->tree_count = 0;
    gcbench_make_tree(run, depth, ROOT_TREE);
    if (depth > 0)
        gcbench_clear(run, FIRST_CALL, depth + 1);
}

static void gcbench_drop(struct gcbench_run *run)
{
    emit_root(&run->emit, gcr_root_thread(ROOT_TREE), 0);
    emit_deaths(&run->emit, run->tree, run->tree_count);
}

static uint32_t gcbench_make_array(struct gcbench_run *run, uint32_t length)
{
    if (length == 0)
        return 0;
    uint32_t array = emit_alloc(&run->emit, run->array, length, gcr_root_thread(ROOT_ARRAY));
    for (uint32_t i = 0; i < length / 2 && !emit_failed(&run->emit); i++)
        emit_write(&run->emit, array, i * DOUBLE_BYTES, DOUBLE_BYTES);
    return array;
}

static void gcbench_short_lived(struct gcbench_run *run, const struct gcbench *bench)
{
    for (uint32_t depth = bench->min; depth <= bench->max; depth += 2) {
        uint64_t trees = gcbench_iterations(bench, depth);
        for (uint64_t i = 0; i < trees && !emit_failed(&run->emit); i++) {
            gcbench_top_down(run, depth, ROOT_TREE);
            gcbench_drop(run);
        }
        for (uint64_t i = 0; i < trees && !emit_failed(&run->emit); i++) {
            gcbench_bottom_up(run, depth);
            gcbench_drop(run);
        }
    }
}

static void gcbench_main(struct gcbench_run *run, const struct gcbench *bench)
{
    gcbench_bottom_up(run, bench->stretch);
    gcbench_drop(run);
    gcbench_top_down(run, bench->longest, ROOT_LONG_LIVED);
    uint32_t array = gcbench_make_array(run, bench->array);
    for (uint32_t i = 0; i < bench->repeat && !emit_failed(&run->emit); i++)
        gcbench_short_lived(run, bench);
    if (bench->array > ARRAY_PROBE) /* the program's last line looks at array[1000] */
        emit_read(&run->emit, array, ARRAY_PROBE * DOUBLE_BYTES, DOUBLE_BYTES);
    emit_plain(&run->emit, GCR_OP_EXIT, 0);
}

static gcr_status gcbench_generate(const struct gcr_option_values *options,
                                   const struct emit_target *generation, struct gcr_error *err)
{
    static const struct gcr_shape node = {
        .field_bytes = NODE_BYTES, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "Node"};
    static const struct gcr_shape array = {
        .item_bytes = DOUBLE_BYTES, .flags = GCR_SHAPE_ACYCLIC, .name = "double[]"};
    struct gcbench bench = gcbench_parameters(options);
    struct gcbench_run run = {.rate = bench.rate};
    emit_init(&run.emit, generation, bench.deaths, err);
    run.node = emit_shape(&run.emit, &node);
    run.array = emit_shape(&run.emit, &array);
    uint32_t deepest = bench.stretch > bench.longest ? bench.stretch : bench.longest;
    /* A tree deeper than stretch-depth + 1 is built no times. */
    run.tree = bench.deaths ? emit_indexes(&run.emit, gcbench_tree_size(deepest + 1)) : NULL;
    if (!emit_failed(&run.emit))
        gcbench_main(&run, &bench);
    free(run.tree);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_gcbench = {
    .name = "gcbench",
    .summary = "short-lived binary trees beside a long-lived tree and array: allocation rate, "
               "nursery, copying",
    .source = "Ellis, Kovac, Boehm: GCBench (1997)",
    .options = gcbench_options,
    .facts = gcbench_facts,
    .generate = gcbench_generate,
};
