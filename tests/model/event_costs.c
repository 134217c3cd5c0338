#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/compiler.h"
#include "sim/model/model.h"
#include "sim/replay/engine.h"
#include "sim/replay/modelled.h"
#include "sim/replay/replay.h"
#include "tests/model/event_costs.h"
#include "tests/oracle/trace_file.h"

static const char head[] = "gct 1\n"
                           "capabilities stores=exact loads=exact reads=exact deaths=exact "
                           "roots=exact tracking=no threads=no "
                           "forks=no times=no faithful=no\n"
                           "shape 1 node fields=24 slots=2 items=0 item-slots=0 flags=container\n"
                           "shape 2 leaf fields=24 slots=0 items=0 item-slots=0 flags=acyclic\n"
                           "lane 0\n"
                           "alloc o1 1 t0\n"
                           "alloc o2 1 t1\n"
                           "alloc o3 2 t2\n"
                           "alloc o4 2 t3\n"
                           "root t4 null\n";

static struct gcr_model_counts replay(const char *name, const char *setting, const char *text)
{
    struct trace_file file;
    struct gcr_error err;
    struct gcr_engine engine;
    struct gcr_option_values options;
    struct gcr_result result;
    struct gcr_replay_config config = {.engine = &engine, .options = &options};
    trace_file_from_text(&file, text);
    gcr_modelled_engine(gcr_engine_twin(gcr_engine_find(name)), &engine);
    gcr_options_init(engine.collector->options, &options);
    if (setting != NULL)
        assert_int_equal(gcr_option_assign(&options, name, setting, &err), GCR_OK);
    config.reader = file.reader;
    memset(&result, 0, sizeof result);
    gcr_status status = gcr_replay(&config, &result, &err);
    if (status != GCR_OK || result.outcome != GCR_OUTCOME_OK)
        fail_msg("%s %s: %s", name, setting != NULL ? setting : "",
                 status != GCR_OK ? err.text : result.message);
    struct gcr_model_counts counts = result.lanes[0].model;
    gcr_result_finish(&result);
    trace_file_finish(&file);
    return counts;
}

static const enum gcr_gc_phase phases[EVENT_PHASES] = {GCR_PHASE_MUTATOR, GCR_PHASE_ALLOCATION,
                                                       GCR_PHASE_BARRIER, GCR_PHASE_REFCOUNT};

struct event_costs event_costs_of(const char *design, const char *setting, const char *before,
                                  const char *event)
{
    char without[2048], with[2048];
    struct event_costs costs;
    snprintf(without, sizeof without, "%s%s", head, before);
    snprintf(with, sizeof with, "%s%s", without, event);
    struct gcr_model_counts a = replay(design, setting, without);
    struct gcr_model_counts b = replay(design, setting, with);
    for (int p = 0; p < EVENT_PHASES; p++) {
        costs.phase[p].reads = b.phase[phases[p]].reads - a.phase[phases[p]].reads;
        costs.phase[p].writes = b.phase[phases[p]].writes - a.phase[phases[p]].writes;
    }
    return costs;
}

void event_costs_check(const char *design, const char *setting, const char *before,
                       const char *event, const struct event_costs *should)
{
    struct event_costs costs = event_costs_of(design, setting, before, event);
    for (int p = 0; p < EVENT_PHASES; p++) {
        const struct event_cost *is = &costs.phase[p], *ought = &should->phase[p];
        if (is->writes != ought->writes || (GCR_CHECK_LEVEL <= 1 && is->reads != ought->reads))
            fail_msg("%s %s, phase %d: %llu reads and %llu writes, should be %llu and %llu: %s",
                     design, setting != NULL ? setting : "", (int)phases[p],
                     (unsigned long long)is->reads, (unsigned long long)is->writes,
                     (unsigned long long)ought->reads, (unsigned long long)ought->writes, event);
    }
}

int event_costs_open(void **state)
{
    struct gcr_geometry geometry;
    struct gcr_error err;
    (void)state;
    if (gcr_geometry_parse("skylake", &geometry, &err) != GCR_OK)
        return -1;
    struct gcr_model_config config = {.geometry = &geometry, .vectors = GCR_VECTORS_SCALAR};
    if (gcr_model_open(&config, &err) != GCR_OK)
        return -1;
    (void)gcr_model_pause(true);
    return 0;
}

int event_costs_close(void **state)
{
    (void)state;
    gcr_model_close();
    return 0;
}
