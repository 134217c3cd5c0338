/* sizes: small objects of many sizes, mostly the two smallest useful ones.
 *
 * Source: this project. A program in CPython sees payloads (16 bytes of object header included) of
 * 24 to 600 bytes, with modes at 24 (one pointer) and 48: what headers, alignment and size classes
 * cost an object shows here. Of the fields alone, these are 8 to 584 bytes with modes at 8 and 32.
 *
 * A table of slots holds one object each; steps replace them in turn. The size depends on the slot
 * alone: 40% have the smallest size, 30% the second mode, the rest any multiple of 8; slot 0 has
 * the largest. Deaths are exact: an object dies when its slot is overwritten. Memory: one index a
 * slot. */
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option sizes_options[] = {
    {"live", GCR_OPT_COUNT, "objects", "200000", 1, 5e8, NULL, "slots of the table"},
    {"steps", GCR_OPT_COUNT, "objects", "1000000", 0, 1e9, NULL, "objects allocated in all"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the sizes"},
    {0}};

enum { SIZES_LEAST = 8, SIZES_SECOND = 32, SIZES_MOST = 584 };

struct sizes {
    uint64_t live, steps, seed;
};

static struct sizes sizes_parameters(const struct gcr_option_values *options)
{
    return (struct sizes){
        .live = gcr_option_number(options, "live"),
        .steps = gcr_option_number(options, "steps"),
        .seed = gcr_option_number(options, "seed"),
    };
}

static uint32_t sizes_of_slot(const struct sizes *sizes, uint64_t slot)
{
    uint64_t state = gcr_splitmix_mix(sizes->seed ^ (slot << 20));
    uint32_t kind = gcr_splitmix_below(&state, 10);
    if (slot == 0)
        return SIZES_MOST;
    if (kind < 4)
        return SIZES_LEAST;
    if (kind < 7)
        return SIZES_SECOND;
    return SIZES_LEAST * (1 + gcr_splitmix_below(&state, SIZES_MOST / SIZES_LEAST));
}

static gcr_status sizes_facts(const struct gcr_option_values *options,
                              struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct sizes sizes = sizes_parameters(options);
    uint64_t full = sizes.steps < sizes.live ? sizes.steps : sizes.live;
    uint64_t bytes = sizes.live * GCR_SLOT_BYTES;
    for (uint64_t slot = 0; slot < full; slot++)
        bytes += sizes_of_slot(&sizes, slot);
    *out = (struct gcr_generator_facts){
        .events = 1 + 3 * sizes.steps + (sizes.steps - full) + 1,
        .lanes = 1,
        /* The first replacement is slot 0's. */
        .peak_live_bytes = bytes + (sizes.steps > full ? SIZES_MOST : 0),
        .peak_live_objects = 1 + full + (sizes.steps > full),
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

static void sizes_main(struct emit *emit, const struct sizes *sizes, uint32_t table, uint32_t shape,
                       uint32_t *member)
{
    const uint32_t root = gcr_root_thread(0);
    for (uint64_t i = 0; i < sizes->steps && !emit_failed(emit); i++) {
        uint64_t slot = i % sizes->live;
        uint32_t object = emit_alloc(emit, shape, sizes_of_slot(sizes, slot) - SIZES_LEAST, root);
        emit_store(emit, table, (uint32_t)slot, object);
        if (member[slot] != 0)
            emit_death(emit, member[slot]);
        member[slot] = object;
        emit_root(emit, root, 0);
    }
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status sizes_generate(const struct gcr_option_values *options,
                                 const struct emit_target *generation, struct gcr_error *err)
{
    static const struct gcr_shape record = {.field_bytes = SIZES_LEAST,
                                            .slots = 1,
                                            .item_bytes = 1,
                                            .flags = GCR_SHAPE_CONTAINER,
                                            .name = "Record"};
    struct sizes sizes = sizes_parameters(options);
    struct emit emit;
    emit_init(&emit, generation, true, err);
    uint32_t array = parts_array_shape(&emit), shape = emit_shape(&emit, &record), table = 0;
    uint32_t *member = emit_indexes(&emit, sizes.live);
    if (!emit_failed(&emit))
        table = emit_alloc(&emit, array, (uint32_t)sizes.live, gcr_root_global(0));
    if (!emit_failed(&emit))
        sizes_main(&emit, &sizes, table, shape, member);
    free(member);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_sizes = {
    .name = "sizes",
    .summary = "objects of 24 to 600 bytes, mostly 24 and 48: headers, alignment, size classes",
    .source = "this project",
    .options = sizes_options,
    .facts = sizes_facts,
    .generate = sizes_generate,
};
