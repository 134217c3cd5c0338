/* ramp: growth without any garbage.
 *
 * Source: this project. Every collection is in vain, so that rules of growth (doubling, factors
 * over the live size, thresholds that follow it) show alone. Each new object refers to the one
 * before it and to one picked from all.
 *
 * Nothing dies. Memory: constant. */
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/registry.h"

static const struct gcr_option ramp_options[] = {
    {"objects", GCR_OPT_COUNT, "objects", "1000000", 1, 1e9, NULL, "allocated in all"},
    {"data", GCR_OPT_BYTES, "bytes", "24", 1, 65536, NULL, "plain data in each object"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {0}};

enum { RAMP_SLOTS = 2 };

static gcr_status ramp_facts(const struct gcr_option_values *options,
                             struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    uint64_t objects = gcr_option_number(options, "objects");
    uint64_t data = gcr_option_number(options, "data");
    *out = (struct gcr_generator_facts){
        /* ALLOC, WRITE, ROOT; two STOREs but for the first. */
        .events = 5 * objects - 2 + 1 + 1,
        .lanes = 1,
        .peak_live_bytes = objects * (RAMP_SLOTS * GCR_SLOT_BYTES + data),
        .peak_live_objects = objects,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

static gcr_status ramp_generate(const struct gcr_option_values *options,
                                const struct emit_target *generation, struct gcr_error *err)
{
    const uint32_t root_last = gcr_root_global(0), root_new = gcr_root_thread(0);
    uint64_t objects = gcr_option_number(options, "objects");
    uint64_t random = gcr_option_number(options, "seed");
    uint32_t data = (uint32_t)gcr_option_number(options, "data"), last = 0;
    struct gcr_shape object = {.field_bytes = RAMP_SLOTS * GCR_SLOT_BYTES + data,
                               .slots = RAMP_SLOTS,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Object"};
    struct emit emit;
    emit_init(&emit, generation, true, err);
    uint32_t shape = emit_shape(&emit, &object);
    for (uint64_t i = 0; i < objects && !emit_failed(&emit); i++) {
        uint32_t new = emit_alloc(&emit, shape, 0, root_new);
        emit_write(&emit, new, 0, data);
        if (i > 0) {
            emit_store(&emit, new, 0, last);
            emit_store(&emit, new, 1, 1 + gcr_splitmix_below(&random, i)); /* indexes are 1 .. i */
        }
        emit_root(&emit, root_last, new);
        last = new;
    }
    emit_root(&emit, root_new, 0);
    emit_plain(&emit, GCR_OP_EXIT, 0);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_ramp = {
    .name = "ramp",
    .summary = "monotone growth without garbage: rules of growth, collections in vain",
    .source = "this project",
    .options = ramp_options,
    .facts = ramp_facts,
    .generate = ramp_generate,
};
