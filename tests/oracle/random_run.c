#include "tests/oracle/random_run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/oracle/oracle.h"
#include "sim/replay/replay.h"
#include "tests/oracle/trace_file.h"

/* What all designs must agree on: the first one's results. */
struct expected {
    const char *name;
    size_t lanes;
    uint64_t digest[64];
};

/* "linked-list threshold0=20": whom a message is about. */
static void design_name(const struct random_design *design, char *out, size_t size)
{
    int n = snprintf(out, size, "%s", design->engine);

    for (size_t i = 0; i < GCR_COUNT_OF(design->settings) && design->settings[i] != NULL; i++)
        n += snprintf(out + n, size - (size_t)n, " %s", design->settings[i]);
}

static gcr_status replay(struct gcr_reader *reader, const struct random_design *design,
                         enum gcr_verify_mode verify, bool final_collection,
                         struct gcr_result *result, struct gcr_error *err)
{
    struct gcr_option_values options;
    struct gcr_replay_config config = {.reader = reader,
                                       .engine = gcr_engine_find(design->engine),
                                       .options = &options,
                                       .verify = verify,
                                       .make_checker = gcr_verify_checker,
                                       .final_collection = final_collection};

    if (config.engine == NULL)
        return gcr_fail(err, GCR_USAGE, "no such engine");
    gcr_options_init(gcr_engine_collector(config.engine)->options, &options);
    for (size_t i = 0; i < GCR_COUNT_OF(design->settings) && design->settings[i] != NULL; i++) {
        gcr_status status = gcr_option_assign(&options, design->engine, design->settings[i], err);
        if (status != GCR_OK)
            return status;
    }
    return gcr_replay(&config, result, err);
}

static bool agrees(const struct gcr_result *result, const char *name, struct expected *expected,
                   struct gcr_error *message)
{
    size_t known = GCR_COUNT_OF(expected->digest);

    if (expected->name == NULL) {
        expected->name = "the first design";
        expected->lanes = result->lane_count;
        for (size_t i = 0; i < result->lane_count && i < known; i++)
            expected->digest[i] = result->lanes[i].graph_digest;
    }
    if (result->lane_count != expected->lanes) {
        (void)gcr_fail(message, GCR_FAULT, "%s: %zu lanes, not %zu", name, result->lane_count,
                       expected->lanes);
        return false;
    }
    for (size_t i = 0; i < result->lane_count && i < known; i++)
        if (result->lanes[i].graph_digest != expected->digest[i]) {
            (void)gcr_fail(message, GCR_FAULT, "%s: lane %zu ends with another graph than %s", name,
                           i, expected->name);
            return false;
        }
    return true;
}

static bool run_one(struct gcr_reader *reader, const struct random_design *design,
                    enum gcr_verify_mode verify, bool final_collection, struct expected *expected,
                    struct gcr_error *message)
{
    struct gcr_result result;
    struct gcr_error err = {""};
    char name[128];
    bool good;

    memset(&result, 0, sizeof result);
    design_name(design, name, sizeof name);
    if (replay(reader, design, verify, final_collection, &result, &err) != GCR_OK) {
        (void)gcr_fail(message, GCR_FAULT, "%s: %s", name, err.text);
        return false;
    }
    good = result.outcome == GCR_OUTCOME_OK && gcr_result_verified(&result);
    if (!good) {
        const struct gcr_lane_result *worst = gcr_result_worst_lane(&result);
        (void)gcr_fail(message, GCR_FAULT, "%s: %s: %.380s", name, gcr_outcome_name[result.outcome],
                       worst == NULL ? "" : worst->message);
    } else if (expected != NULL) {
        good = agrees(&result, name, expected, message);
    }
    gcr_result_finish(&result);
    return good;
}

bool random_run_all(const struct gcr_random_options *trace, enum gcr_verify_mode verify,
                    const struct random_design *designs, size_t design_count,
                    struct gcr_error *message)
{
    struct trace_file file;
    struct gcr_trace_check check;
    struct expected expected = {0};
    bool good;

    trace_file_name(&file);
    good = gcr_random_trace_write(file.path, trace, message) == GCR_OK;
    if (good) {
        trace_file_open(&file);
        good = gcr_check_trace(file.reader, &check, message) == GCR_OK;
    }
    for (size_t i = 0; i < design_count && good; i++) {
        const struct gcr_engine *engine = gcr_engine_find(designs[i].engine);
        bool no_deaths = gcr_reader_capabilities(file.reader)->deaths == GCR_DEATHS_NONE;

        if (engine != NULL && no_deaths &&
            gcr_collector_is(gcr_engine_collector(engine), GCR_CAP_NEEDS_DEATHS))
            continue;
        good = run_one(file.reader, &designs[i], verify, trace->seed % 2 == 0,
                       trace->resurrect ? NULL : &expected, message);
    }
    trace_file_finish(&file);
    return good;
}
