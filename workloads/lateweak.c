/* lateweak: old weak references to young targets, where either end dies first.
 *
 * Source: this project. A table holds weak reference objects that were made one round earlier, so
 * that they are old when their target is young. Slot by slot, in each round, a target is made and
 * referred to, and by the slot's number 0: the target dies first;              1: the reference
 * dies first; 2: both live on for a round;           3: the target has a finalizer, and dies first.
 * Then the slot gets a new reference for the next round.
 *
 * References, targets and short-lived objects have the same size. Deaths are exact. Memory: two
 * indexes a slot. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option lateweak_options[] = {
    {"references", GCR_OPT_COUNT, "objects", "50000", 4, 1e8, NULL, "weak references in the table"},
    {"rounds", GCR_OPT_COUNT, "rounds", "10", 2, 1e6, NULL, "over the table"},
    {"churn", GCR_OPT_COUNT, "objects", "4", 1, 1e6, NULL,
     "short-lived objects between two deaths"},
    {0}};

enum { LATEWEAK_BYTES = 24 };
enum lateweak_kind { TARGET_FIRST, REFERENCE_FIRST, BOTH_LIVE, FINALIZED_FIRST, KINDS };

struct lateweak {
    uint64_t references, rounds, churn;
};

static struct lateweak lateweak_parameters(const struct gcr_option_values *options)
{
    return (struct lateweak){
        .references = gcr_option_number(options, "references"),
        .rounds = gcr_option_number(options, "rounds"),
        .churn = gcr_option_number(options, "churn"),
    };
}

static gcr_status lateweak_facts(const struct gcr_option_values *options,
                                 struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct lateweak late = lateweak_parameters(options);
    uint64_t held = (late.references + KINDS - 1 - BOTH_LIVE) / KINDS;
    uint64_t steps = late.rounds * late.references;
    /* All slots, all held targets, and a reference that dies first beside its target and another.
     */
    uint64_t objects = late.references + held + 2;
    *out = (struct gcr_generator_facts){
        /* Two arrays, ALLOC and STORE a reference, a root. ALLOC, WEAKREF and a root for the
         * target; ALLOC, STORE, a root and a DEATH for the reference; churn; the target's DEATH, or
         * its STORE and from the second round on the DEATH of the one before. */
        .events = 2 + 2 * late.references + 1 +
                  steps * (3 + 4 + PARTS_CHURN_EVENTS * late.churn + 1) + (late.rounds - 1) * held +
                  1,
        .lanes = 1,
        .peak_live_bytes = 2 * late.references * GCR_SLOT_BYTES + objects * LATEWEAK_BYTES,
        .peak_live_objects = 2 + objects,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

struct lateweak_run {
    struct emit emit;
    uint32_t weak_shape, target_shape, finalized_shape;
    uint32_t table, held; /* arrays */
    uint32_t *weak, *target;
};

enum { ROOT_TARGET, ROOT_WEAK };

static void lateweak_renew(struct lateweak_run *run, uint64_t slot)
{
    uint32_t old = run->weak[slot];
    run->weak[slot] = emit_alloc(&run->emit, run->weak_shape, 0, gcr_root_thread(ROOT_WEAK));
    emit_store(&run->emit, run->table, (uint32_t)slot, run->weak[slot]);
    emit_root(&run->emit, gcr_root_thread(ROOT_WEAK), 0);
    emit_death(&run->emit, old);
}

static void lateweak_drop_target(struct lateweak_run *run, uint64_t slot, uint32_t target,
                                 enum lateweak_kind kind)
{
    if (kind == BOTH_LIVE) {
        emit_store(&run->emit, run->held, (uint32_t)slot, target);
        if (run->target[slot] != 0)
            emit_death(&run->emit, run->target[slot]);
        run->target[slot] = target;
    }
    emit_root(&run->emit, gcr_root_thread(ROOT_TARGET), 0);
    if (kind != BOTH_LIVE)
        emit_death(&run->emit, target);
}

static void lateweak_step(struct lateweak_run *run, const struct lateweak *late, uint64_t slot)
{
    enum lateweak_kind kind = (enum lateweak_kind)(slot % KINDS);
    uint32_t target =
        emit_alloc(&run->emit, kind == FINALIZED_FIRST ? run->finalized_shape : run->target_shape,
                   0, gcr_root_thread(ROOT_TARGET));
    emit_weakref(&run->emit, run->weak[slot], target);
    if (kind == REFERENCE_FIRST)
        lateweak_renew(run, slot);
    else
        lateweak_drop_target(run, slot, target, kind);
    parts_churn(&run->emit, run->target_shape, late->churn, gcr_root_thread(ROOT_WEAK));
    if (kind == REFERENCE_FIRST)
        lateweak_drop_target(run, slot, target, kind);
    else
        lateweak_renew(run, slot);
}

static void lateweak_main(struct lateweak_run *run, const struct lateweak *late, uint32_t array)
{
    struct emit *emit = &run->emit;
    run->table = emit_alloc(emit, array, (uint32_t)late->references, gcr_root_global(0));
    run->held = emit_alloc(emit, array, (uint32_t)late->references, gcr_root_global(1));
    for (uint64_t i = 0; i < late->references && !emit_failed(emit); i++) {
        run->weak[i] = emit_alloc(emit, run->weak_shape, 0, gcr_root_thread(ROOT_WEAK));
        emit_store(emit, run->table, (uint32_t)i, run->weak[i]);
    }
    emit_root(emit, gcr_root_thread(ROOT_WEAK), 0);
    for (uint64_t round = 0; round < late->rounds; round++)
        for (uint64_t i = 0; i < late->references && !emit_failed(emit); i++)
            lateweak_step(run, late, i);
    emit_plain(emit, GCR_OP_EXIT, 0);
}

static gcr_status lateweak_generate(const struct gcr_option_values *options,
                                    const struct emit_target *generation, struct gcr_error *err)
{
    static const struct gcr_shape weak = {.field_bytes = LATEWEAK_BYTES,
                                          .flags = GCR_SHAPE_CONTAINER | GCR_SHAPE_WEAK,
                                          .name = "Reference"};
    static const struct gcr_shape target = {
        .field_bytes = LATEWEAK_BYTES, .slots = 1, .flags = GCR_SHAPE_CONTAINER, .name = "Target"};
    static const struct gcr_shape finalized = {.field_bytes = LATEWEAK_BYTES,
                                               .slots = 1,
                                               .flags = GCR_SHAPE_CONTAINER | GCR_SHAPE_FINALIZER,
                                               .name = "Finalized"};
    struct lateweak late = lateweak_parameters(options);
    struct lateweak_run run = {0};
    emit_init(&run.emit, generation, true, err);
    uint32_t array = parts_array_shape(&run.emit);
    run.weak_shape = emit_shape(&run.emit, &weak);
    run.target_shape = emit_shape(&run.emit, &target);
    run.finalized_shape = emit_shape(&run.emit, &finalized);
    run.weak = emit_indexes(&run.emit, late.references);
    run.target = emit_indexes(&run.emit, late.references);
    if (!emit_failed(&run.emit))
        lateweak_main(&run, &late, array);
    free(run.weak);
    free(run.target);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_lateweak = {
    .name = "lateweak",
    .summary = "old weak references to young targets, either dies first: weak lists of generations",
    .source = "this project",
    .options = lateweak_options,
    .facts = lateweak_facts,
    .generate = lateweak_generate,
};
