/* steady: a constant live size with random replacement, and short-lived objects beside it.
 *
 * Source: this project (the steady state on which copying and marking bounds are stated: R. Jones,
 * A. Hosking, E. Moss, "The Garbage Collection Handbook", 2011, chapters 4 and 10). A table has
 * `live` slots; each holds a record whose one pointer leads to a block of plain data. Each step
 * allocates a record and its block: a share `survival` of them, evenly spread, replaces the record
 * of a random slot, the others die at once. `reads` random look-ups, which read a block, follow
 * each step.
 *
 * The size of a block depends on its slot alone (drawn once per slot from the distribution; slot 0
 * has the largest), so the live bytes are constant, not only on average. The first step replaces
 * the record of slot 0, so the peak is exact: everything, and one record more of the largest size.
 * Deaths are exact. Memory: two indexes a slot. */
#include "base/splitmix.h"
#include "traces/emit.h"
#include "workloads/registry.h"

#include <stdlib.h>

enum steady_sizes { STEADY_FIXED, STEADY_UNIFORM, STEADY_LOG_UNIFORM };

static const struct gcr_option steady_options[] = {
    {"live", GCR_OPT_COUNT, "records", "50000", 1, 5e8, NULL, "records alive at all times"},
    {"steps", GCR_OPT_COUNT, "records", "2000000", 0, 1e9, NULL,
     "records allocated after the table is full"},
    {"survival", GCR_OPT_RATIO, "1", "0.1", 0, 1, NULL,
     "share of them that replaces a record of the table; the others die at once"},
    {"sizes", GCR_OPT_CHOICE, NULL, "log-uniform", 0, 0, "fixed|uniform|log-uniform",
     "distribution of block sizes between min-size and max-size (fixed: max-size)"},
    {"min-size", GCR_OPT_BYTES, "bytes", "16", 1, 1 << 30, NULL, "smallest block"},
    {"max-size", GCR_OPT_BYTES, "bytes", "512", 1, 1 << 30, NULL, "largest block"},
    {"reads", GCR_OPT_COUNT, "reads", "1", 0, 1000, NULL, "random look-ups in a step"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {"deaths", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL, "write DEATH events and recycle indexes"},
    {0}};

struct steady {
    uint64_t live, steps, min, max, reads, seed;
    uint64_t survival; /* of 2^32 */
    enum steady_sizes sizes;
    bool deaths;
};

static struct steady steady_parameters(const struct gcr_option_values *options)
{
    return (struct steady){
        .live = gcr_option_number(options, "live"),
        .steps = gcr_option_number(options, "steps"),
        .survival = (uint64_t)(gcr_option_ratio(options, "survival") * 4294967296.0 + 0.5),
        .sizes = (enum steady_sizes)gcr_option_number(options, "sizes"),
        .min = gcr_option_number(options, "min-size"),
        .max = gcr_option_number(options, "max-size"),
        .reads = gcr_option_number(options, "reads"),
        .seed = gcr_option_number(options, "seed"),
        .deaths = gcr_option_flag(options, "deaths"),
    };
}

/* Block size of a slot: a function of seed and slot, so that no table of sizes is kept. */
static uint32_t steady_size(const struct steady *steady, uint64_t slot)
{
    if (slot == 0 || steady->sizes == STEADY_FIXED)
        return (uint32_t)steady->max;
    uint64_t state = gcr_splitmix_mix(steady->seed ^ (slot << 20));
    uint64_t span = steady->max - steady->min + 1;
    if (steady->sizes == STEADY_UNIFORM)
        return (uint32_t)(steady->min + gcr_splitmix_below(&state, span));
    /* A power of two times min below max, then uniform within that octave. */
    uint32_t octaves = 1;
    while (steady->min << octaves <= steady->max)
        octaves++;
    uint64_t low = steady->min << gcr_splitmix_below(&state, octaves);
    uint64_t high = 2 * low <= steady->max ? 2 * low : steady->max + 1;
    return (uint32_t)(low + gcr_splitmix_below(&state, high - low));
}

enum { RECORD_BYTES = GCR_SLOT_BYTES + 16 };

/* How many of the first n steps survive: the share, rounded up, so that step 0 is the first. */
static uint64_t steady_survivors(const struct steady *steady, uint64_t n)
{
    return (n * steady->survival + UINT32_MAX) >> 32;
}

static gcr_status steady_facts(const struct gcr_option_values *options,
                               struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct steady steady = steady_parameters(options);
    if (steady.min > steady.max)
        return gcr_fail(err, GCR_USAGE, "steady: min-size %llu is above max-size %llu",
                        (unsigned long long)steady.min, (unsigned long long)steady.max);
    uint64_t bytes = steady.live * (GCR_SLOT_BYTES + RECORD_BYTES);
    for (uint64_t slot = 0; slot < steady.live; slot++)
        bytes += steady_size(&steady, slot);
    /* A step: two ALLOCs, STORE, WRITE, two roots cleared, two deaths; look-ups of three events and
     * two roots to clear; survivors are stored into the table. */
    uint64_t look_ups = steady.reads > 0 ? 3 * steady.reads + 2 : 0;
    uint64_t step = 6 + 2 * (uint64_t)steady.deaths + look_ups;
    uint64_t build = 1 + 5 * steady.live + 2;
    *out = (struct gcr_generator_facts){
        .events = build + steady.steps * step + steady_survivors(&steady, steady.steps) + 1,
        .lanes = 1,
        .peak_live_bytes = bytes + (steady.steps > 0 ? RECORD_BYTES + steady.max : 0),
        .peak_live_objects = 1 + 2 * steady.live + (steady.steps > 0 ? 2 : 0),
        .capabilities = {.loads = 1,
                         .reads = GCR_READS_EXACT,
                         .deaths = steady.deaths ? GCR_DEATHS_EXACT : GCR_DEATHS_NONE},
    };
    return GCR_OK;
}

enum { GLOBAL_TABLE };
enum { ROOT_RECORD, ROOT_BLOCK, ROOT_FOUND, ROOT_FOUND_BLOCK };

struct steady_run {
    struct emit emit;
    struct steady steady;
    uint64_t random;
    uint32_t record, block; /* shapes */
    uint32_t table;
    uint32_t *held; /* record and block of each slot */
};

/* A record of the size of `slot` in ROOT_RECORD; pair[0] record, pair[1] block. */
static void steady_allocate(struct steady_run *run, uint64_t slot, uint32_t pair[2])
{
    uint32_t size = steady_size(&run->steady, slot);
    pair[0] = emit_alloc(&run->emit, run->record, 0, gcr_root_thread(ROOT_RECORD));
    pair[1] = emit_alloc(&run->emit, run->block, size, gcr_root_thread(ROOT_BLOCK));
    emit_store(&run->emit, pair[0], 0, pair[1]);
    emit_write(&run->emit, pair[1], 0, size);
}

static void steady_build(struct steady_run *run, uint32_t table_shape)
{
    struct emit *emit = &run->emit;
    run->table =
        emit_alloc(emit, table_shape, (uint32_t)run->steady.live, gcr_root_global(GLOBAL_TABLE));
    for (uint64_t slot = 0; slot < run->steady.live && !emit_failed(emit); slot++) {
        steady_allocate(run, slot, run->held + 2 * slot);
        emit_store(emit, run->table, (uint32_t)slot, run->held[2 * slot]);
    }
    emit_root(emit, gcr_root_thread(ROOT_RECORD), 0);
    emit_root(emit, gcr_root_thread(ROOT_BLOCK), 0);
}

static void steady_step(struct steady_run *run, uint64_t number)
{
    struct emit *emit = &run->emit;
    uint32_t slot = number == 0 ? 0 : gcr_splitmix_below(&run->random, run->steady.live);
    uint32_t fresh[2];
    uint32_t *held = run->held + 2 * (size_t)slot;
    steady_allocate(run, slot, fresh);
    bool survives =
        steady_survivors(&run->steady, number + 1) > steady_survivors(&run->steady, number);
    if (survives) {
        emit_store(emit, run->table, slot, fresh[0]);
        emit_deaths(emit, held, 2);
        held[0] = fresh[0];
        held[1] = fresh[1];
    }
    emit_root(emit, gcr_root_thread(ROOT_RECORD), 0);
    emit_root(emit, gcr_root_thread(ROOT_BLOCK), 0);
    if (!survives)
        emit_deaths(emit, fresh, 2);
}

static void steady_look_up(struct steady_run *run)
{
    struct emit *emit = &run->emit;
    for (uint64_t i = 0; i < run->steady.reads; i++) {
        uint32_t slot = gcr_splitmix_below(&run->random, run->steady.live);
        const uint32_t *found = run->held + 2 * (size_t)slot;
        emit_load(emit, run->table, slot, gcr_root_thread(ROOT_FOUND));
        emit_load(emit, found[0], 0, gcr_root_thread(ROOT_FOUND_BLOCK));
        emit_read(emit, found[1], 0, steady_size(&run->steady, slot));
    }
    if (run->steady.reads > 0) {
        emit_root(emit, gcr_root_thread(ROOT_FOUND), 0);
        emit_root(emit, gcr_root_thread(ROOT_FOUND_BLOCK), 0);
    }
}

static gcr_status steady_generate(const struct gcr_option_values *options,
                                  const struct emit_target *generation, struct gcr_error *err)
{
    static const struct gcr_shape record = {
        .field_bytes = RECORD_BYTES, .slots = 1, .flags = GCR_SHAPE_CONTAINER, .name = "Record"};
    static const struct gcr_shape block = {
        .item_bytes = 1, .flags = GCR_SHAPE_ACYCLIC, .name = "Block"};
    static const struct gcr_shape table = {.item_bytes = GCR_SLOT_BYTES,
                                           .item_slots = 1,
                                           .flags = GCR_SHAPE_CONTAINER,
                                           .name = "Table"};
    struct steady_run run = {.steady = steady_parameters(options)};
    run.random = gcr_splitmix_mix(run.steady.seed);
    emit_init(&run.emit, generation, run.steady.deaths, err);
    run.record = emit_shape(&run.emit, &record);
    run.block = emit_shape(&run.emit, &block);
    uint32_t table_shape = emit_shape(&run.emit, &table);
    run.held = emit_indexes(&run.emit, 2 * run.steady.live);
    if (!emit_failed(&run.emit))
        steady_build(&run, table_shape);
    for (uint64_t i = 0; i < run.steady.steps && !emit_failed(&run.emit); i++) {
        steady_step(&run, i);
        steady_look_up(&run);
    }
    emit_plain(&run.emit, GCR_OP_EXIT, 0);
    free(run.held);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_steady = {
    .name = "steady",
    .summary = "constant live size, random replacement: memory bounds, survival, fragmentation",
    .source = "this project",
    .options = steady_options,
    .facts = steady_facts,
    .generate = steady_generate,
};
