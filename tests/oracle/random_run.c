#include "tests/oracle/random_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/oracle/oracle.h"
#include "tests/oracle/trace_file.h"

/* What all designs must agree on: the first one's lanes. */
struct expected {
    char name[512];
    struct gcr_result result;
    bool is_known;
};

static gcr_status replay(struct gcr_reader *reader, const struct random_design *design,
                         enum gcr_verify_mode verify, bool final_collection,
                         struct gcr_result *result, struct gcr_error *err)
{
    struct gcr_replay_config config = {.reader = reader,
                                       .engine = design->engine,
                                       .options = &design->options,
                                       .budget_bytes = design->budget_bytes,
                                       .verify = verify,
                                       .make_checker = gcr_verify_checker,
                                       .final_collection = final_collection};

    return gcr_replay(&config, result, err);
}

/* ---- agreement ---- */

static bool lane_agrees(const struct gcr_lane_result *lane, const struct gcr_lane_result *expected,
                        const char *name, const struct expected *other, struct gcr_error *message)
{
    if (lane->checkpoint_count != expected->checkpoint_count) {
        (void)gcr_fail(message, GCR_FAULT, "%.200s: lane %u has %zu checkpoints, not %zu", name,
                       lane->lane, lane->checkpoint_count, expected->checkpoint_count);
        return false;
    }
    for (size_t i = 0; i < lane->checkpoint_count; i++)
        if (lane->checkpoints[i].event != expected->checkpoints[i].event ||
            lane->checkpoints[i].digest != expected->checkpoints[i].digest) {
            (void)gcr_fail(message, GCR_FAULT,
                           "%.200s: lane %u has another graph after event %llu than %.200s", name,
                           lane->lane, (unsigned long long)lane->checkpoints[i].event, other->name);
            return false;
        }
    if (lane->graph_digest == expected->graph_digest)
        return true;
    (void)gcr_fail(message, GCR_FAULT, "%.200s: lane %u ends with another graph than %.200s", name,
                   lane->lane, other->name);
    return false;
}

/* Takes the result over if it is the first. */
static bool agrees(struct gcr_result *result, const char *name, struct expected *expected,
                   struct gcr_error *message)
{
    if (!expected->is_known) {
        snprintf(expected->name, sizeof expected->name, "%s", name);
        expected->result = *result;
        expected->is_known = true;
        *result = (struct gcr_result){0};
        return true;
    }
    if (result->lane_count != expected->result.lane_count) {
        (void)gcr_fail(message, GCR_FAULT, "%.200s: %zu lanes, not %zu", name, result->lane_count,
                       expected->result.lane_count);
        return false;
    }
    for (size_t i = 0; i < result->lane_count; i++)
        if (!lane_agrees(&result->lanes[i], &expected->result.lanes[i], name, expected, message))
            return false;
    return true;
}

/* ---- runs ---- */

static bool run_one(struct gcr_reader *reader, const struct random_design *design,
                    enum gcr_verify_mode verify, bool final_collection, struct expected *expected,
                    struct gcr_error *message)
{
    struct gcr_result result;
    struct gcr_error err = {""};
    gcr_status status;
    bool good;

    memset(&result, 0, sizeof result);
    status = replay(reader, design, verify, final_collection, &result, &err);
    if (status == GCR_USAGE || status == GCR_UNSUPPORTED)
        return true; /* options that contradict each other */
    if (status != GCR_OK) {
        (void)gcr_fail(message, GCR_FAULT, "%.200s: %.280s", design->name, err.text);
        return false;
    }
    good = result.outcome == GCR_OUTCOME_OK && gcr_result_verified(&result);
    if (result.outcome == GCR_OUTCOME_HEAP_EXHAUSTED && design->may_exhaust) {
        good = true;
    } else if (!good) {
        const struct gcr_lane_result *worst = gcr_result_worst_lane(&result);
        (void)gcr_fail(message, GCR_FAULT, "%.200s: %s: %.260s", design->name,
                       gcr_outcome_name[result.outcome], worst == NULL ? "" : worst->message);
    } else if (expected != NULL) {
        good = agrees(&result, design->name, expected, message);
    }
    gcr_result_finish(&result);
    return good;
}

static bool run_engine(struct gcr_reader *reader, const struct gcr_random_options *trace,
                       enum gcr_verify_mode verify, const struct gcr_engine *engine,
                       unsigned variants, struct expected *expected, char *now,
                       struct gcr_error *message)
{
    bool good = true;

    if (gcr_reader_capabilities(reader)->deaths == GCR_DEATHS_NONE &&
        gcr_collector_is(gcr_engine_collector(engine), GCR_CAP_NEEDS_DEATHS))
        return true;
    for (unsigned variant = 0; variant < variants && good; variant++) {
        struct random_design design;

        random_design_choose(engine, trace->seed, variant, &design);
        if (now != NULL)
            memcpy(now, design.name, sizeof design.name);
        good = run_one(reader, &design, verify, trace->seed % 2 == 0,
                       trace->resurrect ? NULL : expected, message);
    }
    return good;
}

bool random_run_all(const struct gcr_random_options *trace, enum gcr_verify_mode verify,
                    unsigned variants, const char *only, char *now, struct gcr_error *message)
{
    struct trace_file file;
    struct gcr_trace_check check;
    struct expected expected = {0};
    size_t count;
    const struct gcr_engine *const *engines = gcr_engines(&count);
    bool good;

    trace_file_name(&file);
    good = gcr_random_trace_write(file.path, trace, message) == GCR_OK;
    if (good) {
        trace_file_open(&file);
        good = gcr_check_trace(file.reader, &check, message) == GCR_OK;
    }
    for (size_t i = 0; i < count && good; i++)
        if (only == NULL || strcmp(gcr_engine_collector(engines[i])->name, only) == 0)
            good = run_engine(file.reader, trace, verify, engines[i], variants, &expected, now,
                              message);
    gcr_result_finish(&expected.result);
    trace_file_finish(&file);
    return good;
}
