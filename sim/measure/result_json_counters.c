/* The section `counters` of a result: what the machine counted, by event. */
#include <string.h>

#include "base/compiler.h"
#include "sim/measure/result_json_parts.h"

static void json_put_counted(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name,
                        value != GCR_COUNTER_UNKNOWN ? gcr_json_count(value) : json_null());
}

static json_t *json_counter_phases(const struct gcr_counter_figure *figure)
{
    json_t *out = json_object();

    for (size_t i = 0; i < GCR_PHASE_COUNT; i++)
        json_put_counted(out, gcr_json_phases[i].name, figure->phase[gcr_json_phases[i].phase]);
    json_put_counted(out, "outside_pauses", figure->outside_pauses);
    return out;
}

static json_t *json_counter(const struct gcr_counter_figure *figure)
{
    json_t *out = json_object();
    bool is_known = figure->source != GCR_COUNTER_REFUSED;

    gcr_json_put_text(out, "source", gcr_counter_source_name[figure->source]);
    if (figure->reason[0] != '\0')
        gcr_json_put_text(out, "reason", figure->reason);
    else
        json_object_set_new(out, "reason", json_null());
    json_object_set_new(out, "scaled", is_known ? json_boolean(figure->scaled) : json_null());
    json_object_set_new(out, "counted_ratio",
                        is_known ? json_real(figure->counted_ratio) : json_null());
    json_put_counted(out, "mutator", figure->mutator);
    json_put_counted(out, "collector", figure->collector);
    json_put_counted(out, "helpers", figure->helpers);
    json_object_set_new(out, "phases", json_counter_phases(figure));
    json_put_counted(out, "per_interval", figure->per_interval);
    return out;
}

json_t *gcr_json_counters(const struct gcr_lane_result *lanes, size_t count)
{
    struct gcr_counter_figure sum[GCR_COUNTER_COUNT];
    uint64_t intervals = 0;
    bool any = false;
    json_t *out, *events;

    for (size_t i = 0; i < count; i++) {
        if (lanes[i].counter_count != GCR_COUNTER_COUNT)
            continue; /* did not run */
        intervals += lanes[i].counter_intervals;
        if (any)
            gcr_counter_figures_add(sum, lanes[i].counters);
        else
            memcpy(sum, lanes[i].counters, sizeof sum);
        any = true;
    }
    if (!any)
        return json_null();
    out = json_object();
    events = json_object();
    gcr_json_put(out, "intervals", intervals);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        json_object_set_new(events, gcr_counter_name[e], json_counter(&sum[e]));
    json_object_set_new(out, "events", events);
    return out;
}
