/* green: mostly objects that can never be part of a cycle, and some that always are.
 *
 * Source: this project (the name is the Recycler's colour for acyclic objects: D. F. Bacon,
 * V. T. Rajan, "Concurrent cycle collection in reference counted systems", ECOOP 2001). A table of
 * slots holds leaves of an acyclic shape and nodes that refer to themselves; each step
 * replaces one. What a design saves by telling the two apart shows: candidates, separate arenas.
 *
 * Which slots hold leaves is fixed, and both kinds have the same size. Deaths are exact: an object
 * dies when its slot is overwritten. Memory: one index a slot. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option green_options[] = {
    {"live", GCR_OPT_COUNT, "objects", "200000", 1, 5e8, NULL, "slots of the table"},
    {"steps", GCR_OPT_COUNT, "objects", "2000000", 0, 1e9, NULL, "objects allocated in all"},
    {"share", GCR_OPT_RATIO, "1", "0.95", 0, 1, NULL, "of acyclic leaves among them"},
    {"size", GCR_OPT_BYTES, "bytes", "40", 16, 65536, NULL, "of each object"},
    {0}};

struct green {
    uint64_t live, steps, share;
    uint32_t size;
};

static struct green green_parameters(const struct gcr_option_values *options)
{
    return (struct green){
        .live = gcr_option_number(options, "live"),
        .steps = gcr_option_number(options, "steps"),
        .share = parts_share(gcr_option_ratio(options, "share")),
        .size = (uint32_t)gcr_option_number(options, "size"),
    };
}

static gcr_status green_facts(const struct gcr_option_values *options,
                              struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct green green = green_parameters(options);
    uint64_t full = green.steps < green.live ? green.steps : green.live;
    uint64_t rounds = green.steps / green.live, rest = green.steps % green.live;
    uint64_t leaves =
        rounds * parts_share_count(green.share, green.live) + parts_share_count(green.share, rest);
    uint64_t most = full + (green.steps > green.live);
    *out = (struct gcr_generator_facts){
        /* ALLOC, STORE and the root; a node's own slot; deaths. */
        .events = 1 + 3 * green.steps + (green.steps - leaves) + (green.steps - full) + 1,
        .lanes = 1,
        .peak_live_bytes = green.live * GCR_SLOT_BYTES + most * green.size,
        .peak_live_objects = 1 + most,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

static void green_main(struct emit *emit, const struct green *green, uint32_t table, uint32_t leaf,
                       uint32_t node, uint32_t *member)
{
    const uint32_t root = gcr_root_thread(0);
    for (uint64_t i = 0; i < green->steps && !emit_failed(emit); i++) {
        uint64_t slot = i % green->live;
        bool is_leaf = parts_share_takes(green->share, slot);
        uint32_t object = emit_alloc(emit, is_leaf ? leaf : node, 0, root);
        if (!is_leaf)
            emit_store(emit, object, 0, object);
        emit_store(emit, table, (uint32_t)slot, object);
        if (member[slot] != 0)
            emit_death(emit, member[slot]);
        member[slot] = object;
        emit_root(emit, root, 0);
    }
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status green_generate(const struct gcr_option_values *options,
                                 const struct emit_target *generation, struct gcr_error *err)
{
    struct green green = green_parameters(options);
    struct gcr_shape leaf = {.field_bytes = green.size, .flags = GCR_SHAPE_ACYCLIC, .name = "Leaf"};
    struct gcr_shape node = {
        .field_bytes = green.size, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "Node"};
    struct emit emit;
    emit_init(&emit, generation, true, err);
    uint32_t array = parts_array_shape(&emit), table = 0;
    uint32_t leaf_shape = emit_shape(&emit, &leaf), node_shape = emit_shape(&emit, &node);
    uint32_t *member = emit_indexes(&emit, green.live);
    if (!emit_failed(&emit))
        table = emit_alloc(&emit, array, (uint32_t)green.live, gcr_root_global(0));
    if (!emit_failed(&emit))
        green_main(&emit, &green, table, leaf_shape, node_shape, member);
    free(member);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_green = {
    .name = "green",
    .summary = "95% acyclic leaves among cyclic nodes: acyclic filters, separation by type",
    .source = "this project",
    .options = green_options,
    .facts = green_facts,
    .generate = green_generate,
};
