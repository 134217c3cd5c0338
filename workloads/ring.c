/* ring: rings of `size` objects, each dropped as a whole after `held` younger ones.
 *
 * Source: this project (the cyclic garbage that reference counting alone leaves behind; R. Jones,
 * A. Hosking, E. Moss, "The Garbage Collection Handbook", 2011, chapter 5.5). Only a cycle
 * collector can reclaim them, so thresholds and the order of examination show.
 *
 * A ring is built in thread roots: first, last and new object. Finished, it takes the place of the
 * oldest held ring in a global root; with held=0 it dies when its last thread root is cleared.
 * Deaths are exact. Memory: one index for each object of held + 1 rings. */
#include "traces/emit.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option ring_options[] = {
    {"rings", GCR_OPT_COUNT, "rings", "100000", 1, 1e9, NULL, "rings built in all"},
    {"size", GCR_OPT_COUNT, "objects", "10", 1, 1e7, NULL, "objects in a ring"},
    {"held", GCR_OPT_COUNT, "rings", "100", 0, 1e6, NULL,
     "finished rings alive at a time; a new one replaces the oldest"},
    {"data", GCR_OPT_BYTES, "bytes", "16", 0, 65536, NULL, "plain data in each object"},
    {"deaths", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL, "write DEATH events and recycle indexes"},
    {0}};

struct ring {
    uint64_t rings, size, held, data;
    bool deaths;
};

static struct ring ring_parameters(const struct gcr_option_values *options)
{
    return (struct ring){
        .rings = gcr_option_number(options, "rings"),
        .size = gcr_option_number(options, "size"),
        .held = gcr_option_number(options, "held"),
        .data = gcr_option_number(options, "data"),
        .deaths = gcr_option_flag(options, "deaths"),
    };
}

static gcr_status ring_facts(const struct gcr_option_values *options,
                             struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct ring ring = ring_parameters(options);
    uint64_t kept = ring.rings < ring.held ? ring.rings : ring.held;
    uint64_t most = ring.rings < ring.held + 1 ? ring.rings : ring.held + 1;
    if (most * ring.size > GCR_MAX_OBJECT)
        return gcr_fail(err, GCR_USAGE, "ring: %llu objects at a time, at most %u can be named",
                        (unsigned long long)(most * ring.size), (unsigned)GCR_MAX_OBJECT);
    /* Each ring: first object 1 + 1 (it is also the last), others ALLOC, STORE, ROOT; the closing
     * STORE; the global root, if any; three thread roots cleared; later, its deaths. */
    uint64_t events = ring.rings * (2 + 3 * (ring.size - 1) + 1 + (ring.held > 0) + 3);
    if (ring.deaths)
        events += (ring.rings - kept) * ring.size;
    *out = (struct gcr_generator_facts){
        .events = events + 1, /* EXIT */
        .lanes = 1,
        .peak_live_bytes = most * ring.size * (GCR_SLOT_BYTES + ring.data),
        .peak_live_objects = most * ring.size,
        .capabilities = {.loads = 1,
                         .reads = GCR_READS_EXACT,
                         .deaths = ring.deaths ? GCR_DEATHS_EXACT : GCR_DEATHS_NONE},
    };
    return GCR_OK;
}

enum { ROOT_FIRST, ROOT_LAST, ROOT_NEW, ROOT_COUNT };

static void ring_build(struct emit *emit, uint32_t shape, uint64_t size, uint32_t *objects)
{
    uint32_t first = emit_alloc(emit, shape, 0, gcr_root_thread(ROOT_FIRST));
    uint32_t last = first;
    emit_root(emit, gcr_root_thread(ROOT_LAST), first);
    objects[0] = first;
    for (uint64_t i = 1; i < size && !emit_failed(emit); i++) {
        uint32_t object = emit_alloc(emit, shape, 0, gcr_root_thread(ROOT_NEW));
        emit_store(emit, last, 0, object);
        emit_root(emit, gcr_root_thread(ROOT_LAST), object);
        objects[i] = last = object;
    }
    emit_store(emit, last, 0, first);
}

static void ring_main(struct emit *emit, const struct ring *ring, uint32_t shape, uint32_t *objects)
{
    for (uint64_t i = 0; i < ring->rings && !emit_failed(emit); i++) {
        /* The new ring goes to the bookkeeping of one that is dead already. */
        uint32_t *new_ring = objects + i % (ring->held + 1) * ring->size;
        ring_build(emit, shape, ring->size, new_ring);
        if (ring->held > 0)
            emit_root(emit, gcr_root_global((uint32_t)(i % ring->held)), new_ring[0]);
        for (uint32_t root = 0; root < ROOT_COUNT; root++)
            emit_root(emit, gcr_root_thread(root), 0);
        if (i >= ring->held) {
            uint64_t oldest = (i - ring->held) % (ring->held + 1);
            emit_deaths(emit, objects + oldest * ring->size, ring->size);
        }
    }
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status ring_generate(const struct gcr_option_values *options,
                                const struct emit_target *generation, struct gcr_error *err)
{
    struct ring ring = ring_parameters(options);
    struct gcr_shape link = {.field_bytes = GCR_SLOT_BYTES + (uint32_t)ring.data,
                             .slots = 1,
                             .flags = GCR_SHAPE_CONTAINER,
                             .name = "Link"};
    struct emit emit;
    emit_init(&emit, generation, ring.deaths, err);
    uint32_t shape = emit_shape(&emit, &link);
    uint64_t most = ring.rings < ring.held + 1 ? ring.rings : ring.held + 1;
    uint32_t *objects = emit_indexes(&emit, most * ring.size);
    if (!emit_failed(&emit))
        ring_main(&emit, &ring, shape, objects);
    free(objects);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_ring = {
    .name = "ring",
    .summary = "many rings of objects, dropped one by one: cycle collection and thresholds",
    .source = "this project",
    .options = ring_options,
    .facts = ring_facts,
    .generate = ring_generate,
};
