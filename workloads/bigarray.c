/* bigarray: one large, long-lived array of pointers into which young objects are stored.
 *
 * Source: this project. Every store goes from the oldest object to the youngest: write barriers,
 * card marking against remembered slots, and the scan of a very large object show. Slots are
 * visited in a scattered order that takes each once before any comes again.
 *
 * Deaths are exact: an object dies when its slot is overwritten. Memory: one index a slot. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option bigarray_options[] = {
    {"slots", GCR_OPT_COUNT, "slots", "1000000", 1, 5e8, NULL, "length of the array"},
    {"stores", GCR_OPT_COUNT, "stores", "3000000", 0, 1e9, NULL,
     "objects allocated and stored into it"},
    {"garbage", GCR_OPT_COUNT, "objects", "1", 0, 1000, NULL,
     "short-lived objects allocated beside each"},
    {"data", GCR_OPT_BYTES, "bytes", "16", 0, 65536, NULL, "plain data in each object"},
    {0}};

struct bigarray {
    uint64_t slots, stores, garbage;
    uint32_t data;
};

static struct bigarray bigarray_parameters(const struct gcr_option_values *options)
{
    return (struct bigarray){
        .slots = gcr_option_number(options, "slots"),
        .stores = gcr_option_number(options, "stores"),
        .garbage = gcr_option_number(options, "garbage"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status bigarray_facts(const struct gcr_option_values *options,
                                 struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct bigarray array = bigarray_parameters(options);
    uint64_t full = array.stores < array.slots ? array.stores : array.slots;
    uint64_t deaths = array.stores - full;
    /* All slots full, and a new object before its store; or garbage beside full slots. */
    uint64_t most = full + (array.stores > 0 && (deaths > 0 || array.garbage > 0));
    *out = (struct gcr_generator_facts){
        .events = 1 + array.stores * (3 + PARTS_CHURN_EVENTS * array.garbage) + deaths + 1,
        .lanes = 1,
        .peak_live_bytes =
            array.slots * GCR_SLOT_BYTES + most * (GCR_SLOT_BYTES + (uint64_t)array.data),
        .peak_live_objects = 1 + most,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

static void bigarray_main(struct emit *emit, const struct bigarray *array, uint32_t array_shape,
                          uint32_t shape, uint32_t *member)
{
    const uint32_t root_new = gcr_root_thread(0), root_garbage = gcr_root_thread(1);
    uint64_t stride = parts_stride(array->slots);
    uint32_t table = emit_alloc(emit, array_shape, (uint32_t)array->slots, gcr_root_global(0));
    for (uint64_t i = 0; i < array->stores && !emit_failed(emit); i++) {
        uint64_t slot = parts_scatter(i, stride, array->slots);
        uint32_t object = emit_alloc(emit, shape, 0, root_new);
        emit_store(emit, table, (uint32_t)slot, object);
        if (member[slot] != 0)
            emit_death(emit, member[slot]);
        member[slot] = object;
        emit_root(emit, root_new, 0);
        parts_churn(emit, shape, array->garbage, root_garbage);
    }
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status bigarray_generate(const struct gcr_option_values *options,
                                    const struct emit_target *generation, struct gcr_error *err)
{
    struct bigarray array = bigarray_parameters(options);
    struct gcr_shape object = {.field_bytes = GCR_SLOT_BYTES + array.data,
                               .slots = 1,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Object"};
    struct emit emit;
    emit_init(&emit, generation, true, err);
    uint32_t array_shape = parts_array_shape(&emit), shape = emit_shape(&emit, &object);
    uint32_t *member = emit_indexes(&emit, array.slots);
    if (!emit_failed(&emit))
        bigarray_main(&emit, &array, array_shape, shape, member);
    free(member);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_bigarray = {
    .name = "bigarray",
    .summary =
        "young objects stored all over one large old array: barriers, cards, remembered sets",
    .source = "this project",
    .options = bigarray_options,
    .facts = bigarray_facts,
    .generate = bigarray_generate,
};
