/* cliff: a heap that grows, loses nearly all of it at once, and is then allocated in slowly.
 *
 * Source: this project. Bounds that are stated relative to the live size at the previous collection
 * are far off after the fall, and what a design gives back to the system shows. The survivors are
 * spread evenly among those that die, so that they sit on many pages.
 *
 * Two arrays hold the objects: one stays, the other is dropped with all that it holds. Deaths are
 * exact. Memory: one index an object. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option cliff_options[] = {
    {"live", GCR_OPT_COUNT, "objects", "300000", 1, 5e8, NULL, "objects at the edge"},
    {"keep", GCR_OPT_RATIO, "1", "0.01", 0, 1, NULL, "share of them that survives the fall"},
    {"cliffs", GCR_OPT_COUNT, "times", "2", 1, 1e6, NULL, "how often it grows and falls"},
    {"slow", GCR_OPT_COUNT, "objects", "300000", 0, 1e9, NULL,
     "short-lived objects allocated after each fall"},
    {"data", GCR_OPT_BYTES, "bytes", "40", 1, 65536, NULL, "plain data in each object"},
    {0}};

struct cliff {
    uint64_t live, keep, cliffs, slow;
    uint32_t data;
};

static struct cliff cliff_parameters(const struct gcr_option_values *options)
{
    return (struct cliff){
        .live = gcr_option_number(options, "live"),
        .keep = parts_share(gcr_option_ratio(options, "keep")),
        .cliffs = gcr_option_number(options, "cliffs"),
        .slow = gcr_option_number(options, "slow"),
        .data = (uint32_t)gcr_option_number(options, "data"),
    };
}

static gcr_status cliff_facts(const struct gcr_option_values *options,
                              struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct cliff cliff = cliff_parameters(options);
    uint64_t kept = parts_share_count(cliff.keep, cliff.live), falls = cliff.live - kept;
    /* ALLOC, WRITE, STORE and the root cleared an object; the array and its fall. */
    uint64_t fall = 1 + 4 * falls + 1 + (1 + falls) + PARTS_CHURN_EVENTS * cliff.slow;
    *out = (struct gcr_generator_facts){
        .events = 1 + 4 * kept + cliff.cliffs * fall + 1,
        .lanes = 1,
        .peak_live_bytes = cliff.live * (2 * GCR_SLOT_BYTES + (uint64_t)cliff.data),
        .peak_live_objects = 2 + cliff.live,
        .capabilities = {PARTS_CAPABILITIES},
    };
    /* With next to nothing to drop, the slow phase is the peak. */
    if (cliff.slow > 0 && falls == 0) {
        out->peak_live_bytes =
            kept * (2 * GCR_SLOT_BYTES + (uint64_t)cliff.data) + GCR_SLOT_BYTES + cliff.data;
    }
    return GCR_OK;
}

struct cliff_run {
    struct emit emit;
    uint32_t array, object; /* shapes */
    uint32_t kept;          /* the array that stays */
    uint32_t *falling;      /* the other one, then what it holds */
};

static uint32_t cliff_add(struct cliff_run *run, const struct cliff *cliff, uint32_t array,
                          uint64_t slot)
{
    uint32_t object = emit_alloc(&run->emit, run->object, 0, gcr_root_thread(0));
    emit_write(&run->emit, object, 0, cliff->data);
    emit_store(&run->emit, array, (uint32_t)slot, object);
    emit_root(&run->emit, gcr_root_thread(0), 0);
    return object;
}

static void cliff_climb_and_fall(struct cliff_run *run, const struct cliff *cliff, bool is_first)
{
    uint64_t kept = 0, falls = cliff->live - parts_share_count(cliff->keep, cliff->live);
    uint64_t at = 1;
    run->falling[0] = emit_alloc(&run->emit, run->array, (uint32_t)falls, gcr_root_global(1));
    for (uint64_t i = 0; i < cliff->live && !emit_failed(&run->emit); i++) {
        if (!parts_share_takes(cliff->keep, i)) {
            run->falling[at] = cliff_add(run, cliff, run->falling[0], at - 1);
            at++;
        } else if (is_first) {
            cliff_add(run, cliff, run->kept, kept++);
        }
    }
    emit_root(&run->emit, gcr_root_global(1), 0);
    emit_deaths(&run->emit, run->falling, at);
    parts_churn(&run->emit, run->object, cliff->slow, gcr_root_thread(0));
}

static gcr_status cliff_generate(const struct gcr_option_values *options,
                                 const struct emit_target *generation, struct gcr_error *err)
{
    struct cliff cliff = cliff_parameters(options);
    struct gcr_shape object = {.field_bytes = GCR_SLOT_BYTES + cliff.data,
                               .slots = 1,
                               .flags = GCR_SHAPE_CONTAINER,
                               .name = "Object"};
    struct cliff_run run = {0};
    uint64_t kept = parts_share_count(cliff.keep, cliff.live);
    emit_init(&run.emit, generation, true, err);
    run.array = parts_array_shape(&run.emit);
    run.object = emit_shape(&run.emit, &object);
    run.falling = emit_indexes(&run.emit, 1 + cliff.live - kept);
    if (!emit_failed(&run.emit))
        run.kept = emit_alloc(&run.emit, run.array, (uint32_t)kept, gcr_root_global(0));
    for (uint64_t i = 0; i < cliff.cliffs && !emit_failed(&run.emit); i++)
        cliff_climb_and_fall(&run, &cliff, i == 0);
    emit_plain(&run.emit, GCR_OP_EXIT, 0);
    free(run.falling);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_cliff = {
    .name = "cliff",
    .summary = "grow, drop 99% at once, allocate slowly: bounds after a fall, memory given back",
    .source = "this project",
    .options = cliff_options,
    .facts = cliff_facts,
    .generate = cliff_generate,
};
