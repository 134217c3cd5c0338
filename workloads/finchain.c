/* finchain: chains and cycles of objects with finalizers, some of which come back once.
 *
 * Source: this project. Group after group is built, dropped and collected. In turn a group is a
 * chain, a ring, and a chain whose head is stored into a global root by its finalizer: it comes
 * back with all that it reaches, is dropped again, and must not be finalized again. Each group is
 * followed by explicit full collections.
 *
 * Every `every`-th object of a group has a finalizer, the head (allocated last) always. Deaths are
 * exact as the program sees them: a group that comes back is dead when its second root is cleared.
 * Memory: one index for each object of a group. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdio.h>
#include <stdlib.h>

static const struct gcr_option finchain_options[] = {
    {"groups", GCR_OPT_COUNT, "groups", "300", 1, 1e8, NULL, "built in all, one after the other"},
    {"length", GCR_OPT_COUNT, "objects", "100", 1, 1e7, NULL, "objects in a group"},
    {"every", GCR_OPT_COUNT, "objects", "3", 1, 1e7, NULL, "one in so many has a finalizer"},
    {"collections", GCR_OPT_COUNT, "collections", "3", 0, 1000, NULL,
     "explicit full collections after a group was dropped"},
    {"data", GCR_OPT_BYTES, "bytes", "16", 0, 65536, NULL, "plain data in each object"},
    {0}};

struct finchain {
    uint64_t groups, length, every, collections;
    uint32_t data;
};

enum finchain_kind { FINCHAIN_CHAIN, FINCHAIN_RING, FINCHAIN_RETURNS, FINCHAIN_KINDS };

static struct finchain finchain_parameters(const struct gcr_option_values *options)
{
    return (struct finchain){
        .groups = gcr_option_number(options, "groups"),
        .length = gcr_option_number(options, "length"),
        .every = gcr_option_number(options, "every"),
        .collections = gcr_option_number(options, "collections"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status finchain_facts(const struct gcr_option_values *options,
                                 struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct finchain chain = finchain_parameters(options);
    uint64_t rings = (chain.groups + 1) / FINCHAIN_KINDS, returns = chain.groups / FINCHAIN_KINDS;
    /* ALLOC, head and link (not the first); two roots cleared; deaths. */
    uint64_t group = 3 * chain.length - 1 + 2 + chain.length + chain.collections;
    *out = (struct gcr_generator_facts){
        .events = chain.groups * group + rings + 2 * returns + 1,
        .lanes = 1,
        .peak_live_bytes = chain.length * (GCR_SLOT_BYTES + (uint64_t)chain.data),
        .peak_live_objects = chain.length,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

struct finchain_run {
    struct emit emit;
    uint32_t plain, finalized; /* shapes */
    uint32_t *object;
};

enum { ROOT_HEAD, ROOT_NEW };

static void finchain_build(struct finchain_run *run, const struct finchain *chain)
{
    for (uint64_t i = 0; i < chain->length && !emit_failed(&run->emit); i++) {
        bool finalizes = (chain->length - 1 - i) % chain->every == 0;
        run->object[i] = emit_alloc(&run->emit, finalizes ? run->finalized : run->plain, 0,
                                    gcr_root_thread(ROOT_NEW));
        if (i > 0)
            emit_store(&run->emit, run->object[i], 0, run->object[i - 1]);
        emit_root(&run->emit, gcr_root_thread(ROOT_HEAD), run->object[i]);
    }
}

static void finchain_group(struct finchain_run *run, const struct finchain *chain,
                           enum finchain_kind kind)
{
    const uint32_t root_returned = gcr_root_global(0);
    finchain_build(run, chain);
    uint32_t head = run->object[chain->length - 1];
    if (kind == FINCHAIN_RING)
        emit_store(&run->emit, run->object[0], 0, head);
    if (kind == FINCHAIN_RETURNS)
        emit_resurrect(&run->emit, head, root_returned);
    emit_root(&run->emit, gcr_root_thread(ROOT_NEW), 0);
    emit_root(&run->emit, gcr_root_thread(ROOT_HEAD), 0);
    if (kind != FINCHAIN_RETURNS)
        emit_deaths(&run->emit, run->object, chain->length);
    for (uint64_t i = 0; i < chain->collections && !emit_failed(&run->emit); i++) {
        emit_plain(&run->emit, GCR_OP_COLLECT, 2);
        if (kind == FINCHAIN_RETURNS && i == 0) {
            emit_root(&run->emit, root_returned, 0);
            emit_deaths(&run->emit, run->object, chain->length);
        }
    }
    if (kind == FINCHAIN_RETURNS && chain->collections == 0) {
        emit_root(&run->emit, root_returned, 0);
        emit_deaths(&run->emit, run->object, chain->length);
    }
}

static gcr_status finchain_generate(const struct gcr_option_values *options,
                                    const struct emit_target *generation, struct gcr_error *err)
{
    struct finchain chain = finchain_parameters(options);
    struct gcr_shape shape = {.field_bytes = GCR_SLOT_BYTES + chain.data,
                              .slots = 1,
                              .flags = GCR_SHAPE_CONTAINER,
                              .name = "Plain"};
    struct finchain_run run = {0};
    emit_init(&run.emit, generation, true, err);
    run.plain = emit_shape(&run.emit, &shape);
    shape.flags |= GCR_SHAPE_FINALIZER;
    snprintf(shape.name, sizeof shape.name, "Finalized");
    run.finalized = emit_shape(&run.emit, &shape);
    run.object = emit_indexes(&run.emit, chain.length);
    for (uint64_t i = 0; i < chain.groups && !emit_failed(&run.emit); i++)
        finchain_group(&run, &chain, (enum finchain_kind)(i % FINCHAIN_KINDS));
    emit_plain(&run.emit, GCR_OP_EXIT, 0);
    free(run.object);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_finchain = {
    .name = "finchain",
    .summary = "chains and cycles with finalizers, resurrection: their order, and once each",
    .source = "this project",
    .options = finchain_options,
    .facts = finchain_facts,
    .generate = finchain_generate,
};
