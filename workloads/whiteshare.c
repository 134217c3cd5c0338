/* whiteshare: garbage cycles that depend on each other and share a sub-graph.
 *
 * Source: this project, after the cases that make concurrent cycle collection hard (D. F. Bacon,
 * V. T. Rajan, ECOOP 2001, section 4: dependent cycles, the sigma and delta tests). A group is a
 * chain of `rings` rings, each with an edge to the one before it, the first with an edge to a
 * shared list that all others refer to as well. Every second group is dropped at once: a chain of
 * dependent garbage cycles. The others lose one ring at a time, with allocation in between: an edge
 * is cut in each epoch.
 *
 * Deaths are exact. Memory: one index for each object of a group. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option whiteshare_options[] = {
    {"groups", GCR_OPT_COUNT, "groups", "2000", 1, 1e8, NULL, "built in all, one after the other"},
    {"rings", GCR_OPT_COUNT, "rings", "10", 1, 1e6, NULL, "dependent cycles in a group"},
    {"size", GCR_OPT_COUNT, "objects", "5", 1, 1e6, NULL, "objects in a ring"},
    {"shared", GCR_OPT_COUNT, "objects", "50", 1, 1e7, NULL,
     "objects in the list that rings share"},
    {"churn", GCR_OPT_COUNT, "objects", "100", 0, 1e9, NULL,
     "short-lived objects between two cuts, and after each group"},
    {"data", GCR_OPT_BYTES, "bytes", "8", 0, 65536, NULL, "plain data in each object"},
    {0}};

/* Slots of an object: the next of its ring or list; the ring before or the shared list. */
enum { SLOT_NEXT, SLOT_BEFORE, SLOT_SHARED, OBJECT_SLOTS };

struct whiteshare {
    uint64_t groups, rings, size, shared, churn;
    uint32_t data;
};

static struct whiteshare whiteshare_parameters(const struct gcr_option_values *options)
{
    return (struct whiteshare){
        .groups = gcr_option_number(options, "groups"),
        .rings = gcr_option_number(options, "rings"),
        .size = gcr_option_number(options, "size"),
        .shared = gcr_option_number(options, "shared"),
        .churn = gcr_option_number(options, "churn"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status whiteshare_facts(const struct gcr_option_values *options,
                                   struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct whiteshare w = whiteshare_parameters(options);
    uint64_t objects = w.shared + w.rings * w.size, stepwise = w.groups / 2;
    uint64_t churn = PARTS_CHURN_EVENTS * w.churn;
    /* ALLOC, link and root of each; two links and two roots a ring; the scratch roots. */
    uint64_t build = 3 * w.shared - 1 + w.rings * (3 * w.size + 3) + 2;
    *out = (struct gcr_generator_facts){
        .events = w.groups * (build + 1 + objects + churn) + stepwise * w.rings * (1 + churn) + 1,
        .lanes = 1,
        .peak_live_bytes = objects * (OBJECT_SLOTS * GCR_SLOT_BYTES + (uint64_t)w.data),
        .peak_live_objects = objects,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

struct whiteshare_run {
    struct emit emit;
    uint32_t shape;
    uint32_t *object; /* the shared list from its end to its head, then ring after ring */
};

enum { ROOT_GROUP, ROOT_NEW, ROOT_PREVIOUS };

/* The list, built back to front; its head ends in ROOT_GROUP. */
static void whiteshare_build_list(struct whiteshare_run *run, uint64_t length)
{
    for (uint64_t i = 0; i < length && !emit_failed(&run->emit); i++) {
        run->object[i] = emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(ROOT_NEW));
        if (i > 0)
            emit_store(&run->emit, run->object[i], SLOT_NEXT, run->object[i - 1]);
        emit_root(&run->emit, gcr_root_thread(ROOT_GROUP), run->object[i]);
    }
}

/* A ring whose first object refers to `before` and to the shared list; then it is the group. */
static void whiteshare_build_ring(struct whiteshare_run *run, uint32_t *ring, uint64_t size,
                                  uint32_t before, uint32_t shared)
{
    struct emit *emit = &run->emit;
    for (uint64_t i = 0; i < size && !emit_failed(emit); i++) {
        ring[i] = emit_alloc(emit, run->shape, 0, gcr_root_thread(ROOT_NEW));
        if (i > 0)
            emit_store(emit, ring[i], SLOT_NEXT, ring[i - 1]);
        emit_root(emit, gcr_root_thread(ROOT_PREVIOUS), ring[i]);
    }
    emit_store(emit, ring[0], SLOT_NEXT, ring[size - 1]);
    emit_store(emit, ring[0], SLOT_BEFORE, before);
    emit_store(emit, ring[0], SLOT_SHARED, shared);
    emit_root(emit, gcr_root_thread(ROOT_GROUP), ring[0]);
}

static void whiteshare_group(struct whiteshare_run *run, const struct whiteshare *w, bool stepwise)
{
    struct emit *emit = &run->emit;
    uint32_t shared = 0, before;
    uint64_t left = w->shared + w->rings * w->size;
    whiteshare_build_list(run, w->shared);
    before = shared = run->object[w->shared - 1];
    for (uint64_t i = 0; i < w->rings && !emit_failed(emit); i++) {
        uint32_t *ring = run->object + w->shared + i * w->size;
        whiteshare_build_ring(run, ring, w->size, before, shared);
        before = ring[0];
    }
    emit_root(emit, gcr_root_thread(ROOT_NEW), 0);
    emit_root(emit, gcr_root_thread(ROOT_PREVIOUS), 0);
    for (uint64_t i = w->rings; stepwise && i-- > 0 && !emit_failed(emit);) {
        emit_load(emit, run->object[w->shared + i * w->size], SLOT_BEFORE,
                  gcr_root_thread(ROOT_GROUP));
        left -= w->size;
        emit_deaths(emit, run->object + left, w->size);
        parts_churn(emit, run->shape, w->churn, gcr_root_thread(ROOT_NEW));
    }
    emit_root(emit, gcr_root_thread(ROOT_GROUP), 0);
    emit_deaths(emit, run->object, left);
    parts_churn(emit, run->shape, w->churn, gcr_root_thread(ROOT_NEW));
}

static gcr_status whiteshare_generate(const struct gcr_option_values *options,
                                      const struct emit_target *generation, struct gcr_error *err)
{
    struct whiteshare w = whiteshare_parameters(options);
    struct gcr_shape object = {.field_bytes = OBJECT_SLOTS * GCR_SLOT_BYTES + w.data,
                               .slots = OBJECT_SLOTS,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Object"};
    struct whiteshare_run run = {0};
    emit_init(&run.emit, generation, true, err);
    run.shape = emit_shape(&run.emit, &object);
    run.object = emit_indexes(&run.emit, w.shared + w.rings * w.size);
    for (uint64_t i = 0; i < w.groups && !emit_failed(&run.emit); i++)
        whiteshare_group(&run, &w, i % 2 == 1);
    emit_plain(&run.emit, GCR_OP_EXIT, 0);
    free(run.object);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_whiteshare = {
    .name = "whiteshare",
    .summary = "dependent garbage cycles that share a sub-graph: concurrent cycle collection",
    .source = "this project",
    .options = whiteshare_options,
    .facts = whiteshare_facts,
    .generate = whiteshare_generate,
};
