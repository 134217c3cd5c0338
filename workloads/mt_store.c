/* mt-store: threads that store pointers at a high rate into a shared graph.
 *
 * Source: this project. The load of the Recycler's papers: mutation buffers fill, a thread's own
 * data must be reached at every store, and stacks are few but many. Threads take turns; in each
 * turn one makes `turn` stores between nodes of the table, mostly its own, and allocates
 * short-lived objects that refer to nodes (their deaths decrement counts of live nodes).
 *
 * With more than one process a parent, which makes no stores, builds the table and forks them; each
 * goes on in its copy with numbers of its own, so that all pages of nodes come to be unshared.
 *
 * TIME events after each turn say how fast the recorded program was: `rate` stores a second.
 * Deaths are exact: nodes live for ever, a short-lived object dies when its thread clears its root.
 * Memory: one index a node. */
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/population.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option mt_store_options[] = {
    {"threads", GCR_OPT_COUNT, "threads", "4", 1, 65535, NULL, "that take turns"},
    {"nodes", GCR_OPT_COUNT, "nodes", "20000", 1, 1e6, NULL, "of each thread"},
    {"turns", GCR_OPT_COUNT, "turns", "20000", 0, 1e8, NULL, "of all threads of a process"},
    {"turn", GCR_OPT_COUNT, "stores", "200", 1, 1e6, NULL, "stores in a turn"},
    {"garbage", GCR_OPT_COUNT, "objects", "20", 0, 1e6, NULL,
     "short-lived objects allocated in a turn"},
    {"foreign", GCR_OPT_RATIO, "1", "0.1", 0, 1, NULL,
     "share of stores whose value is any thread's node and not the thread's own"},
    {"data", GCR_OPT_BYTES, "bytes", "16", 0, 65536, NULL, "plain data in each object"},
    {"rate", GCR_OPT_COUNT, "stores", "20000000", 1000, 1e9, NULL,
     "stores a second in each process of the recorded program, by its TIME events"},
    {"processes", GCR_OPT_COUNT, "processes", "1", 1, 256, NULL,
     "that make stores; above 1 they are forked by a parent that has built the table"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {0}};

enum { NODE_SLOTS = 4 };

struct mt_store {
    uint64_t threads, nodes, turns, turn, garbage, foreign, rate, seed;
    uint32_t data, processes;
};

static struct mt_store mt_store_parameters(const struct gcr_option_values *options)
{
    return (struct mt_store){
        .threads = gcr_option_number(options, "threads"),
        .nodes = gcr_option_number(options, "nodes"),
        .turns = gcr_option_number(options, "turns"),
        .turn = gcr_option_number(options, "turn"),
        .garbage = gcr_option_number(options, "garbage"),
        .foreign = parts_share(gcr_option_ratio(options, "foreign")),
        .rate = gcr_option_number(options, "rate"),
        .seed = gcr_option_number(options, "seed"),
        .data = (uint32_t)gcr_option_number(options, "data"),
        .processes = (uint32_t)gcr_option_number(options, "processes"),
    };
}

static gcr_status mt_store_facts(const struct gcr_option_values *options,
                                 struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct mt_store load = mt_store_parameters(options);
    uint64_t nodes = load.threads * load.nodes;
    if (nodes > GCR_MAX_OBJECT / 2)
        return gcr_fail(err, GCR_USAGE, "mt-store: %llu nodes are too many",
                        (unsigned long long)nodes);
    bool has_garbage = load.turns > 0 && load.garbage > 0;
    uint64_t bytes = NODE_SLOTS * GCR_SLOT_BYTES + (uint64_t)load.data;
    /* THREAD, the stores, four for each short-lived object, TIME; at the end EXIT. */
    const uint64_t stores = load.turns * (1 + load.turn + 4 * load.garbage + 1) + 1;
    const bool forks = load.processes > 1;
    const uint64_t shared = nodes * (GCR_SLOT_BYTES + bytes);
    *out = (struct gcr_generator_facts){
        /* ALLOC and STORE a node; FORKs, TIME in each, and the parent's EXIT. */
        .events = 1 + 2 * nodes + 1 + (forks ? load.processes * (2 + stores) + 1 : stores),
        .lanes = forks ? 1 + load.processes : 1,
        .peak_live_bytes = shared + (has_garbage && !forks ? bytes : 0),
        .peak_live_objects = 1 + nodes + (has_garbage && !forks),
        .most_live_bytes = shared + (has_garbage ? bytes : 0),
        .most_live_objects = 1 + nodes + has_garbage,
        .capabilities = {PARTS_CAPABILITIES, .threads = 1, .forks = forks, .times = 1},
    };
    return GCR_OK;
}

struct mt_store_run {
    struct emit emit;
    uint32_t shape;
    uint32_t *node; /* by thread, then by number */
    uint64_t random;
};

static uint32_t mt_store_any(struct mt_store_run *run, const struct mt_store *load, uint64_t thread)
{
    if ((gcr_splitmix_next(&run->random) >> 32) < load->foreign)
        return run->node[gcr_splitmix_below(&run->random, load->threads * load->nodes)];
    return run->node[thread * load->nodes + gcr_splitmix_below(&run->random, load->nodes)];
}

static void mt_store_turn(struct mt_store_run *run, const struct mt_store *load, uint64_t thread)
{
    const uint32_t root = gcr_root_thread(0);
    emit_plain(&run->emit, GCR_OP_THREAD, (uint32_t)thread);
    for (uint64_t i = 0; i < load->turn && !emit_failed(&run->emit); i++) {
        uint64_t own = thread * load->nodes + gcr_splitmix_below(&run->random, load->nodes);
        emit_store(&run->emit, run->node[own], gcr_splitmix_below(&run->random, NODE_SLOTS),
                   mt_store_any(run, load, thread));
    }
    for (uint64_t i = 0; i < load->garbage && !emit_failed(&run->emit); i++) {
        uint32_t object = emit_alloc(&run->emit, run->shape, 0, root);
        emit_store(&run->emit, object, 0, mt_store_any(run, load, thread));
        emit_root(&run->emit, root, 0);
        emit_death(&run->emit, object);
    }
}

static void mt_store_build(struct mt_store_run *run, const struct mt_store *load, uint32_t table)
{
    uint64_t nodes = load->threads * load->nodes;
    for (uint64_t i = 0; i < nodes && !emit_failed(&run->emit); i++) {
        run->node[i] = emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(0));
        emit_store(&run->emit, table, (uint32_t)i, run->node[i]);
    }
    emit_root(&run->emit, gcr_root_thread(0), 0);
}

static void mt_store_turns(struct mt_store_run *run, const struct mt_store *load)
{
    for (uint64_t i = 0; i < load->turns && !emit_failed(&run->emit); i++) {
        mt_store_turn(run, load, i % load->threads);
        emit_time(&run->emit,
                  (uint64_t)((double)(i + 1) * (double)load->turn * 1e9 / (double)load->rate));
    }
}

static void mt_store_fork(struct mt_store_run *run, const struct mt_store *load)
{
    uint32_t next = run->emit.next;
    population_fork(&run->emit, load->processes);
    for (uint32_t lane = 1; lane <= load->processes && !emit_failed(&run->emit); lane++) {
        run->random = gcr_splitmix_mix(load->seed + lane);
        population_child_begin(&run->emit, lane, next);
        emit_time(&run->emit, 0);
        mt_store_turns(run, load);
        population_child_end(&run->emit);
    }
}

static void mt_store_main(struct mt_store_run *run, const struct mt_store *load, uint32_t table)
{
    mt_store_build(run, load, table);
    if (load->processes > 1) {
        mt_store_fork(run, load);
    } else {
        mt_store_turns(run, load);
        emit_plain(&run->emit, GCR_OP_EXIT, 0);
    }
}

static gcr_status mt_store_generate(const struct gcr_option_values *options,
                                    const struct emit_target *generation, struct gcr_error *err)
{
    struct mt_store load = mt_store_parameters(options);
    struct gcr_shape node = {.field_bytes = NODE_SLOTS * GCR_SLOT_BYTES + load.data,
                             .slots = NODE_SLOTS,
                             .flags = GCR_SHAPE_CONTAINER,
                             .name = "Node"};
    struct mt_store_run run = {.random = load.seed};
    emit_init(&run.emit, generation, true, err);
    uint32_t array = parts_array_shape(&run.emit), table = 0;
    run.shape = emit_shape(&run.emit, &node);
    run.node = emit_indexes(&run.emit, load.threads * load.nodes);
    if (!emit_failed(&run.emit))
        table =
            emit_alloc(&run.emit, array, (uint32_t)(load.threads * load.nodes), gcr_root_global(0));
    if (!emit_failed(&run.emit))
        mt_store_main(&run, &load, table);
    free(run.node);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_mt_store = {
    .name = "mt-store",
    .summary = "threads that store pointers at a high rate: mutation buffers, thread-local access",
    .source = "this project",
    .options = mt_store_options,
    .facts = mt_store_facts,
    .generate = mt_store_generate,
};
