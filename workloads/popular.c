/* popular: one object that very many others refer to.
 *
 * Source: this project. Counts overflow whatever a header holds, and each reference that goes away
 * makes the popular object a possible root of garbage again. It refers to itself, so that its count
 * never tells that it is dead.
 *
 * Deaths are exact: at the end everything but the popular object dies at once. Memory: one index a
 * referrer. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option popular_options[] = {
    {"referrers", GCR_OPT_COUNT, "objects", "1000000", 1, 5e8, NULL, "that refer to it"},
    {"storms", GCR_OPT_COUNT, "stores", "2000000", 0, 1e9, NULL,
     "references cleared and set again"},
    {"garbage", GCR_OPT_COUNT, "objects", "1000000", 0, 1e9, NULL,
     "short-lived objects that refer to it, one after the other"},
    {"data", GCR_OPT_BYTES, "bytes", "8", 0, 65536, NULL, "plain data in each object"},
    {0}};

struct popular {
    uint64_t referrers, storms, garbage;
    uint32_t data;
};

static struct popular popular_parameters(const struct gcr_option_values *options)
{
    return (struct popular){
        .referrers = gcr_option_number(options, "referrers"),
        .storms = gcr_option_number(options, "storms"),
        .garbage = gcr_option_number(options, "garbage"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status popular_facts(const struct gcr_option_values *options,
                                struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct popular popular = popular_parameters(options);
    uint64_t objects = 1 + popular.referrers + (popular.garbage > 0);
    *out = (struct gcr_generator_facts){
        /* The star and its loop, the table; ALLOC and two STOREs a referrer, the root; the storms;
         * four a short-lived object; the end. */
        .events = 3 + 3 * popular.referrers + 1 + 2 * popular.storms + 4 * popular.garbage + 1 +
                  (1 + popular.referrers) + 1,
        .lanes = 1,
        .peak_live_bytes = objects * (GCR_SLOT_BYTES + (uint64_t)popular.data) +
                           popular.referrers * GCR_SLOT_BYTES,
        .peak_live_objects = 1 + objects,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

struct popular_run {
    struct emit emit;
    uint32_t array, object; /* shapes */
    uint32_t *dying;        /* the table, then the referrers */
};

static void popular_main(struct popular_run *run, const struct popular *popular)
{
    const uint32_t root = gcr_root_thread(0), root_table = gcr_root_global(1);
    struct emit *emit = &run->emit;
    uint32_t star = emit_alloc(emit, run->object, 0, gcr_root_global(0));
    emit_store(emit, star, 0, star);
    run->dying[0] = emit_alloc(emit, run->array, (uint32_t)popular->referrers, root_table);
    for (uint64_t i = 1; i <= popular->referrers && !emit_failed(emit); i++) {
        run->dying[i] = emit_alloc(emit, run->object, 0, root);
        emit_store(emit, run->dying[i], 0, star);
        emit_store(emit, run->dying[0], (uint32_t)(i - 1), run->dying[i]);
    }
    emit_root(emit, root, 0);
    for (uint64_t i = 0; i < popular->storms && !emit_failed(emit); i++) {
        uint32_t referrer = run->dying[1 + i % popular->referrers];
        emit_store(emit, referrer, 0, 0);
        emit_store(emit, referrer, 0, star);
    }
    for (uint64_t i = 0; i < popular->garbage && !emit_failed(emit); i++) {
        uint32_t object = emit_alloc(emit, run->object, 0, root);
        emit_store(emit, object, 0, star);
        emit_root(emit, root, 0);
        emit_death(emit, object);
    }
    emit_root(emit, root_table, 0);
    emit_deaths(emit, run->dying, 1 + popular->referrers);
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status popular_generate(const struct gcr_option_values *options,
                                   const struct emit_target *generation, struct gcr_error *err)
{
    struct popular popular = popular_parameters(options);
    struct gcr_shape object = {.field_bytes = GCR_SLOT_BYTES + popular.data,
                               .slots = 1,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Object"};
    struct popular_run run = {0};
    emit_init(&run.emit, generation, true, err);
    run.array = parts_array_shape(&run.emit);
    run.object = emit_shape(&run.emit, &object);
    run.dying = emit_indexes(&run.emit, 1 + popular.referrers);
    if (!emit_failed(&run.emit))
        popular_main(&run, &popular);
    free(run.dying);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_popular = {
    .name = "popular",
    .summary = "one object with millions of references: count overflow, storms of possible roots",
    .source = "this project",
    .options = popular_options,
    .facts = popular_facts,
    .generate = popular_generate,
};
