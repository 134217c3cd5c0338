/* deepstack: deep recursion with many references on the stack.
 *
 * Source: this project. Each frame allocates an object into its first slot and copies references of
 * older frames into the others, so that a design that scans stacks in its pauses has much to scan.
 * At the bottom, and each time after the stack has unwound by half and grown again, `work`
 * short-lived objects are allocated.
 *
 * Deaths are exact: a frame's object dies when the frame is left, for younger frames alone refer to
 * it. Memory: one index a frame. */
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option deepstack_options[] = {
    {"depth", GCR_OPT_COUNT, "frames", "100000", 1, 1e7, NULL, "of the recursion"},
    {"references", GCR_OPT_COUNT, "slots", "4", 1, 64, NULL, "root slots of a frame"},
    {"waves", GCR_OPT_COUNT, "times", "4", 1, 1e6, NULL, "how often it reaches the bottom"},
    {"work", GCR_OPT_COUNT, "objects", "500000", 0, 1e9, NULL,
     "short-lived objects allocated each time"},
    {"data", GCR_OPT_BYTES, "bytes", "24", 0, 65536, NULL, "plain data in each object"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {0}};

struct deepstack {
    uint64_t depth, references, waves, work, seed;
    uint32_t data;
};

static struct deepstack deepstack_parameters(const struct gcr_option_values *options)
{
    return (struct deepstack){
        .depth = gcr_option_number(options, "depth"),
        .references = gcr_option_number(options, "references"),
        .waves = gcr_option_number(options, "waves"),
        .work = gcr_option_number(options, "work"),
        .seed = gcr_option_number(options, "seed"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status deepstack_facts(const struct gcr_option_values *options,
                                  struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct deepstack stack = deepstack_parameters(options);
    uint64_t half = stack.depth - stack.depth / 2;
    uint64_t pushes = stack.depth + (stack.waves - 1) * half, pops = (stack.waves - 1) * half;
    uint64_t most = stack.depth + (stack.work > 0);
    *out = (struct gcr_generator_facts){
        .events = pushes * stack.references + pops * (stack.references + 1) +
                  stack.waves * stack.work * PARTS_CHURN_EVENTS + 1,
        .lanes = 1,
        .peak_live_bytes = most * (GCR_SLOT_BYTES + (uint64_t)stack.data),
        .peak_live_objects = most,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

struct deepstack_run {
    struct emit emit;
    uint32_t shape;
    uint32_t *object; /* of each frame */
    uint64_t random;
};

/* Slot 0 is for the work at the bottom. */
static uint32_t deepstack_slot(const struct deepstack *stack, uint64_t frame, uint64_t i)
{
    return gcr_root_thread((uint32_t)(1 + frame * stack->references + i));
}

static void deepstack_push(struct deepstack_run *run, const struct deepstack *stack, uint64_t frame)
{
    run->object[frame] = emit_alloc(&run->emit, run->shape, 0, deepstack_slot(stack, frame, 0));
    for (uint64_t i = 1; i < stack->references; i++)
        emit_root(&run->emit, deepstack_slot(stack, frame, i),
                  run->object[gcr_splitmix_below(&run->random, frame + 1)]);
}

static void deepstack_pop(struct deepstack_run *run, const struct deepstack *stack, uint64_t frame)
{
    for (uint64_t i = 0; i < stack->references; i++)
        emit_root(&run->emit, deepstack_slot(stack, frame, i), 0);
    emit_death(&run->emit, run->object[frame]);
}

static void deepstack_main(struct deepstack_run *run, const struct deepstack *stack)
{
    uint64_t depth = 0;
    for (uint64_t wave = 0; wave < stack->waves && !emit_failed(&run->emit); wave++) {
        while (wave > 0 && depth > stack->depth / 2 && !emit_failed(&run->emit))
            deepstack_pop(run, stack, --depth);
        while (depth < stack->depth && !emit_failed(&run->emit))
            deepstack_push(run, stack, depth++);
        parts_churn(&run->emit, run->shape, stack->work, gcr_root_thread(0));
    }
    emit_plain(&run->emit, GCR_OP_EXIT, 0);
}

static gcr_status deepstack_generate(const struct gcr_option_values *options,
                                     const struct emit_target *generation, struct gcr_error *err)
{
    struct deepstack stack = deepstack_parameters(options);
    struct gcr_shape object = {.field_bytes = GCR_SLOT_BYTES + stack.data,
                               .slots = 1,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Local"};
    struct deepstack_run run = {.random = stack.seed};
    emit_init(&run.emit, generation, true, err);
    run.shape = emit_shape(&run.emit, &object);
    run.object = emit_indexes(&run.emit, stack.depth);
    if (!emit_failed(&run.emit))
        deepstack_main(&run, &stack);
    free(run.object);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_deepstack = {
    .name = "deepstack",
    .summary = "deep recursion with many references: the pause for scanning stacks",
    .source = "this project",
    .options = deepstack_options,
    .facts = deepstack_facts,
    .generate = deepstack_generate,
};
