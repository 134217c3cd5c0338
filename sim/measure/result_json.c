/* Results as JSON: the figures and lists. One function builds each section; names and order are the
 * schema's. Figures that a trace cannot support are null, never 0. */
#include "sim/measure/result_json.h"

#include <stdio.h>
#include <string.h>

#include "sim/measure/capability_rules.h"
#include "sim/measure/result_json_parts.h"

/* ---- figures: the same for one lane and for the sum of all ---- */

static void json_sum_times(const struct gcr_lane_result *lane, struct gcr_lane_result *sum)
{
    for (size_t i = 0; i < GCR_PHASE_COUNT; i++)
        sum->phase_ns[i] += lane->phase_ns[i];
    sum->bracketed_ns += lane->bracketed_ns;
    sum->cpu_known = sum->cpu_known && lane->cpu_known;
    sum->mutator_cpu_ns += lane->mutator_cpu_ns;
    sum->pauses_cpu_ns += lane->pauses_cpu_ns;
    sum->helper_cpu_ns += lane->helper_cpu_ns;
    sum->waited_ns += lane->waited_ns;
    if (lane->late_max_ns > sum->late_max_ns)
        sum->late_max_ns = lane->late_max_ns;
}

/* The sum over lanes of everything that can be summed; what cannot has its own rule here. */
static void json_sum_lanes(const struct gcr_result *result, struct gcr_lane_result *sum)
{
    double weighted = 0, weight = 0;

    *sum = (struct gcr_lane_result){.live_known = result->lane_count > 0,
                                    .cpu_known = result->lane_count > 0};
    for (size_t i = 0; i < result->lane_count; i++) {
        const struct gcr_lane_result *lane = &result->lanes[i];
        double ns = (double)(lane->mutator_ns + lane->collector_ns);

        sum->events += lane->events;
        sum->events_without_deaths += lane->events_without_deaths;
        for (size_t g = 0; g < GCR_MAX_GENERATIONS; g++)
            sum->collections_by_generation[g] += lane->collections_by_generation[g];
        for (size_t r = 0; r < GCR_REASON_COUNT; r++)
            sum->collections_by_reason[r] += lane->collections_by_reason[r];
        gcr_work_add(&sum->work, &lane->work);
        gcr_model_counts_add(&sum->model, &lane->model);
        sum->live_known = sum->live_known && lane->live_known;
        sum->live_end_objects += lane->live_end_objects;
        sum->live_end_bytes += lane->live_end_bytes;
        if (lane->live_peak_bytes > sum->live_peak_bytes)
            sum->live_peak_bytes = lane->live_peak_bytes;
        if (lane->footprint_peak_bytes > sum->footprint_peak_bytes) {
            sum->footprint_peak_bytes = lane->footprint_peak_bytes;
            sum->by_kind_at_peak = lane->by_kind_at_peak;
        }
        weighted += (double)lane->footprint_mean_bytes * ns;
        weight += ns;
        sum->footprint_end_bytes += lane->footprint_end_bytes;
        if (lane->rss_peak_bytes > sum->rss_peak_bytes)
            sum->rss_peak_bytes = lane->rss_peak_bytes;
        sum->mutator_ns += lane->mutator_ns;
        sum->collector_ns += lane->collector_ns;
        sum->wall_ns += lane->wall_ns;
        sum->harness_ns += lane->harness_ns;
        json_sum_times(lane, sum);
        sum->comparisons += lane->comparisons;
    }
    if (weight > 0)
        sum->footprint_mean_bytes = (uint64_t)(weighted / weight + 0.5);
    else if (result->lane_count > 0)
        sum->footprint_mean_bytes = result->lanes[0].footprint_mean_bytes;
}

/* sum->design = the figures of all lanes, in `room`. */
static void json_sum_design(const struct gcr_result *result,
                            struct gcr_design_figure room[GCR_MAX_DESIGN_FIGURES],
                            struct gcr_lane_result *sum)
{
    for (size_t i = 0; i < result->lane_count; i++) {
        const struct gcr_lane_result *lane = &result->lanes[i];

        if (sum->design_count != 0) {
            gcr_design_figures_add(room, sum->design_count, lane);
        } else if (lane->design_count != 0) {
            memcpy(room, lane->design, lane->design_count * sizeof *room);
            sum->design_count = lane->design_count;
            sum->design = room;
        }
    }
}

static json_t *json_collections(const struct gcr_lane_result *lane, uint32_t generations)
{
    json_t *out = json_object(), *by_generation = json_array(), *by_reason = json_object();
    uint64_t total = 0;

    for (uint32_t g = 0; g < generations && g < GCR_MAX_GENERATIONS; g++)
        json_array_append_new(by_generation, gcr_json_count(lane->collections_by_generation[g]));
    for (size_t r = 0; r < GCR_REASON_COUNT; r++) {
        gcr_json_put(by_reason, gcr_reason_name[r], lane->collections_by_reason[r]);
        total += lane->collections_by_reason[r];
    }
    gcr_json_put(out, "total", total);
    json_object_set_new(out, "by_generation", by_generation);
    json_object_set_new(out, "by_reason", by_reason);
    return out;
}

static json_t *json_objects(const struct gcr_lane_result *lane)
{
    json_t *out = json_object();

    gcr_json_put(out, "allocated", lane->work.allocated_objects);
    gcr_json_put(out, "freed", lane->work.freed_objects);
    json_object_set_new(out, "live_end",
                        lane->live_known ? gcr_json_count(lane->live_end_objects) : json_null());
    gcr_json_put(out, "allocated_bytes", lane->work.allocated_bytes);
    gcr_json_put(out, "marked", lane->work.marked_objects);
    gcr_json_put(out, "copied", lane->work.copied_objects);
    gcr_json_put(out, "copied_bytes", lane->work.copied_bytes);
    gcr_json_put(out, "promoted", lane->work.promoted_objects);
    gcr_json_put(out, "barriers", lane->work.barriers);
    gcr_json_put(out, "finalized", lane->work.finalized);
    return out;
}

static json_t *json_by_kind(const struct gcr_footprint *footprint)
{
    json_t *out = json_object();

    gcr_json_put(out, "objects", footprint->objects_bytes);
    gcr_json_put(out, "headers", footprint->headers_bytes);
    gcr_json_put(out, "free", footprint->free_bytes);
    gcr_json_put(out, "side", footprint->side_bytes);
    gcr_json_put(out, "buffers", footprint->buffers_bytes);
    return out;
}

static json_t *json_memory(const struct gcr_lane_result *lane, uint64_t budget_bytes)
{
    json_t *out = json_object();
    bool ratio_known = lane->live_known && lane->live_peak_bytes > 0;

    gcr_json_put(out, "footprint_peak_bytes", lane->footprint_peak_bytes);
    gcr_json_put(out, "footprint_mean_bytes", lane->footprint_mean_bytes);
    gcr_json_put(out, "footprint_end_bytes", lane->footprint_end_bytes);
    json_object_set_new(out, "live_peak_bytes",
                        lane->live_known ? gcr_json_count(lane->live_peak_bytes) : json_null());
    json_object_set_new(out, "live_end_bytes",
                        lane->live_known ? gcr_json_count(lane->live_end_bytes) : json_null());
    json_object_set_new(
        out, "overhead",
        ratio_known ? json_real((double)lane->footprint_peak_bytes / (double)lane->live_peak_bytes)
                    : json_null());
    json_object_set_new(out, "by_kind", json_by_kind(&lane->by_kind_at_peak));
    gcr_json_put(out, "rss_peak_bytes", lane->rss_peak_bytes);
    json_object_set_new(out, "budget_bytes",
                        budget_bytes != 0 ? gcr_json_count(budget_bytes) : json_null());
    return out;
}

const struct gcr_json_phase gcr_json_phases[GCR_PHASE_COUNT] = {
    {"mark", GCR_PHASE_MARK},         {"sweep", GCR_PHASE_SWEEP},
    {"copy", GCR_PHASE_COPY},         {"compact", GCR_PHASE_COMPACT},
    {"refcount", GCR_PHASE_REFCOUNT}, {"finalize", GCR_PHASE_FINALIZE},
    {"barrier", GCR_PHASE_BARRIER},   {"allocation", GCR_PHASE_ALLOCATION},
    {"other", GCR_PHASE_MUTATOR},
};

static json_t *json_phases(const struct gcr_lane_result *lane)
{
    json_t *out = json_object();
    char name[32];

    for (size_t i = 0; i < GCR_PHASE_COUNT; i++) {
        snprintf(name, sizeof name, "%s_ns", gcr_json_phases[i].name);
        gcr_json_put(out, name, lane->phase_ns[gcr_json_phases[i].phase]);
    }
    gcr_json_put(out, "outside_pauses_ns", lane->bracketed_ns);
    return out;
}

static void json_put_known(json_t *out, const char *name, bool known, uint64_t ns)
{
    json_object_set_new(out, name, known ? gcr_json_count(ns) : json_null());
}

static json_t *json_time(const struct gcr_lane_result *lane, bool is_paced)
{
    json_t *out = json_object();
    uint64_t clock_ns = lane->mutator_ns + lane->collector_ns;

    gcr_json_put(out, "mutator_ns", lane->mutator_ns);
    gcr_json_put(out, "collector_ns", lane->collector_ns);
    gcr_json_put(out, "wall_ns", lane->wall_ns);
    gcr_json_put(out, "harness_ns", lane->harness_ns);
    json_object_set_new(out, "phases", json_phases(lane));
    json_put_known(out, "mutator_cpu_ns", lane->cpu_known, lane->mutator_cpu_ns);
    json_put_known(out, "collector_cpu_ns", lane->cpu_known, gcr_lane_collector_cpu_ns(lane));
    json_put_known(out, "helper_cpu_ns", lane->cpu_known, lane->helper_cpu_ns);
    json_put_known(out, "waited_ns", is_paced, lane->waited_ns);
    json_put_known(out, "late_max_ns", is_paced, lane->late_max_ns);
    json_object_set_new(
        out, "events_per_second",
        clock_ns > 0 ? json_real((double)lane->events_without_deaths * 1e9 / (double)clock_ns)
                     : json_null());
    return out;
}

/* Percentiles of the pauses of lanes[0..count). */
static json_t *json_pauses(const struct gcr_lane_result *lanes, size_t count)
{
    const struct gcr_result view = {.lanes = (struct gcr_lane_result *)lanes, .lane_count = count};
    json_t *out = json_object();
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += lanes[i].collector_ns;
    gcr_json_put(out, "count", gcr_result_pause_count(&view));
    gcr_json_put(out, "p50_ns", gcr_result_pause_percentile(&view, 50));
    gcr_json_put(out, "p99_ns", gcr_result_pause_percentile(&view, 99));
    gcr_json_put(out, "max_ns", gcr_result_pause_percentile(&view, 100));
    gcr_json_put(out, "total_ns", total);
    return out;
}

static json_t *json_design(const struct gcr_lane_result *lane)
{
    json_t *out = json_array();

    for (size_t i = 0; i < lane->design_count; i++) {
        const struct gcr_design_figure *figure = &lane->design[i];
        json_t *row = json_object();

        gcr_json_put_text(row, "name", figure->name);
        gcr_json_put_text(row, "unit", figure->unit);
        json_object_set_new(row, "value", json_real(figure->value));
        json_array_append_new(out, row);
    }
    return out;
}

static void json_put_figures(json_t *out, const struct gcr_lane_result *lane,
                             const struct gcr_result *result)
{
    json_object_set_new(out, "collections", json_collections(lane, result->collector->generations));
    json_object_set_new(out, "objects", json_objects(lane));
    json_object_set_new(out, "memory", json_memory(lane, result->budget_bytes));
    json_object_set_new(out, "time", json_time(lane, result->pace_recorded));
    json_object_set_new(out, "design", json_design(lane));
    json_object_set_new(out, "cache",
                        result->model.is_on ? gcr_json_cache(&lane->model) : json_null());
}

/* ---- lists ---- */

static json_t *json_columns(const char *const *names, size_t count)
{
    json_t *out = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, json_string(names[i]));
    return out;
}

static json_t *json_row(const uint64_t *values, size_t count)
{
    json_t *out = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, gcr_json_count(values[i]));
    return out;
}

static json_t *json_table(const char *const *names, size_t count, json_t *rows)
{
    json_t *out = json_object();

    json_object_set_new(out, "columns", json_columns(names, count));
    json_object_set_new(out, "rows", rows);
    return out;
}

/* 16 hexadecimal digits; null for 0, which means: not taken. */
static json_t *json_digest(uint64_t digest)
{
    char text[17];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
    return digest != 0 ? json_string(text) : json_null();
}

static json_t *json_pause_list(const struct gcr_lane_result *lane)
{
    static const char *const names[] = {"start_ns",      "length_ns",    "event",       "reason",
                                        "generation",    "full",         "collected",   "freed",
                                        "uncollectable", "before_bytes", "after_bytes", "freed_set",
                                        "survivors"};
    json_t *rows = json_array();

    for (size_t i = 0; i < lane->pause_count; i++) {
        const struct gcr_pause *pause = &lane->pauses[i];
        json_t *row = json_array();

        json_array_append_new(row, gcr_json_count(pause->start_ns));
        json_array_append_new(row, gcr_json_count(pause->length_ns));
        json_array_append_new(row, gcr_json_count(pause->event));
        json_array_append_new(row, json_string(gcr_reason_name[pause->reason]));
        json_array_append_new(row, gcr_json_count(pause->generation));
        json_array_append_new(row, json_boolean(pause->full));
        json_array_append_new(row, gcr_json_count(pause->collected));
        json_array_append_new(row, gcr_json_count(pause->freed));
        json_array_append_new(row, gcr_json_count(pause->uncollectable));
        json_array_append_new(row, gcr_json_count(pause->before_bytes));
        json_array_append_new(row, gcr_json_count(pause->after_bytes));
        json_array_append_new(row, json_digest(pause->freed_set));
        json_array_append_new(row, gcr_json_count(pause->survivors));
        json_array_append_new(rows, row);
    }
    return json_table(names, sizeof names / sizeof names[0], rows);
}

/* `live_known`: by the trace's own deaths; a checker does not follow the series. */
static json_t *json_series(const struct gcr_lane_result *lane, bool live_known)
{
    static const char *const names[] = {"clock_ns",   "event",   "footprint_bytes",
                                        "live_bytes", "objects", "headers",
                                        "free",       "side",    "buffers"};
    json_t *rows = json_array();

    for (size_t i = 0; i < lane->sample_count; i++) {
        const struct gcr_footprint_sample *s = &lane->samples[i];
        const uint64_t values[] = {s->clock_ns,
                                   s->event,
                                   s->footprint_bytes,
                                   s->live_bytes,
                                   s->by_kind.objects_bytes,
                                   s->by_kind.headers_bytes,
                                   s->by_kind.free_bytes,
                                   s->by_kind.side_bytes,
                                   s->by_kind.buffers_bytes};
        json_t *row = json_row(values, sizeof values / sizeof values[0]);

        if (!live_known)
            json_array_set_new(row, 3, json_null());
        json_array_append_new(rows, row);
    }
    return json_table(names, sizeof names / sizeof names[0], rows);
}

static json_t *json_checkpoints(const struct gcr_lane_result *lane)
{
    static const char *const names[] = {"event", "graph_digest"};
    json_t *rows = json_array();

    for (size_t i = 0; i < lane->checkpoint_count; i++) {
        json_t *row = json_array();

        json_array_append_new(row, gcr_json_count(lane->checkpoints[i].event));
        json_array_append_new(row, json_digest(lane->checkpoints[i].digest));
        json_array_append_new(rows, row);
    }
    return json_table(names, GCR_COUNT_OF(names), rows);
}

/* What the recorded runtime's own collections reported. */
static json_t *json_recorded(const struct gcr_lane_result *lane)
{
    static const char *const names[] = {"event", "generation", "collected", "uncollectable"};
    uint64_t by_generation[GCR_MAX_GENERATIONS] = {0};
    json_t *out = json_object(), *collected = json_array(), *rows = json_array();

    for (size_t i = 0; i < lane->recorded_count; i++) {
        const struct gcr_recorded_collection *r = &lane->recorded[i];
        const uint64_t values[] = {r->event, r->generation, r->collected, r->uncollectable};

        by_generation[r->generation < GCR_MAX_GENERATIONS ? r->generation
                                                          : GCR_MAX_GENERATIONS - 1]++;
        json_array_append_new(collected, gcr_json_count(r->collected));
        json_array_append_new(rows, json_row(values, 4));
    }
    json_object_set_new(out, "collections_by_generation",
                        json_row(by_generation, GCR_MAX_GENERATIONS - 1));
    json_object_set_new(out, "collected_by_collection", collected);
    json_object_set_new(out, "list", json_table(names, 4, rows));
    return out;
}

/* collected and freed of each collection in order, lanes one after the other. */
static void json_put_by_collection(json_t *out, const struct gcr_lane_result *lanes, size_t count)
{
    json_t *collected = json_array(), *freed = json_array();

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < lanes[i].pause_count; j++) {
            json_array_append_new(collected, gcr_json_count(lanes[i].pauses[j].collected));
            json_array_append_new(freed, gcr_json_count(lanes[i].pauses[j].freed));
        }
    json_object_set_new(out, "freed_by_collection", collected);
    json_object_set_new(out, "reclaimed_by_collection", freed);
}

/* ---- the document ---- */

static json_t *json_lane(const struct gcr_result *result, const struct gcr_lane_result *lane)
{
    bool live_known = result->trace.capabilities.deaths != GCR_DEATHS_NONE;
    json_t *out = json_object(), *pauses;

    gcr_json_put(out, "lane", lane->lane);
    json_object_set_new(out, "parent",
                        lane->parent >= 0 ? json_integer(lane->parent) : json_null());
    gcr_json_put_text(out, "outcome", gcr_outcome_name[lane->outcome]);
    gcr_json_put_text(out, "message", lane->message);
    gcr_json_put(out, "events", lane->events);
    gcr_json_put(out, "events_without_deaths", lane->events_without_deaths);
    json_object_set_new(out, "verified", json_boolean(lane->verified));
    gcr_json_put(out, "comparisons", lane->comparisons);
    json_object_set_new(out, "graph_digest", json_digest(lane->graph_digest));
    json_object_set_new(out, "checkpoints", json_checkpoints(lane));
    json_object_set_new(out, "resurrected", json_boolean(lane->has_resurrected));
    json_put_figures(out, lane, result);
    json_object_set_new(out, "counters", gcr_json_counters(lane, 1));
    json_put_by_collection(out, lane, 1);
    pauses = json_pauses(lane, 1);
    json_object_set_new(pauses, "list", json_pause_list(lane));
    json_object_set_new(out, "pauses", pauses);
    json_object_set_new(out, "footprint_series", json_series(lane, live_known));
    gcr_json_put_marks(out, lane, result);
    json_object_set_new(out, "recorded", json_recorded(lane));
    json_object_set_new(out, "cow", result->cow ? gcr_json_cow(lane) : json_null());
    return out;
}

static json_t *json_verification(const struct gcr_result *result, uint64_t comparisons)
{
    static const char *const modes[] = {
        [GCR_VERIFY_OFF] = "off", [GCR_VERIFY_ON] = "on", [GCR_VERIFY_EVERY] = "every"};
    json_t *out = json_object();

    gcr_json_put_text(out, "mode", modes[result->verify]);
    gcr_json_put(out, "comparisons", comparisons);
    return out;
}

/* What a reader must know about the figures. */
static json_t *json_labels(const struct gcr_result *result)
{
    bool is_verified = result->verify != GCR_VERIFY_OFF;
    json_t *out = json_array();
    const char *text;

    for (size_t i = 0;
         (text = gcr_trace_label(&result->trace.capabilities, result->collector->caps, i)) != NULL;
         i++)
        json_array_append_new(out, json_string(text));
    for (size_t i = 0; result->concurrent &&
                       (text = gcr_concurrent_label(is_verified, result->pace_recorded, i)) != NULL;
         i++)
        json_array_append_new(out, json_string(text));
    text = gcr_cow_label(&result->trace.capabilities, result->collector->caps);
    if (result->cow && text != NULL)
        json_array_append_new(out, json_string(text));
    return out;
}

json_t *gcr_result_to_json(const struct gcr_result *result)
{
    json_t *out = json_object(), *lanes = json_array();
    struct gcr_design_figure design[GCR_MAX_DESIGN_FIGURES];
    struct gcr_lane_result sum;

    json_sum_lanes(result, &sum);
    json_sum_design(result, design, &sum);
    gcr_json_put_text(out, "schema", "gcreplay-result-1");
    json_object_set_new(out, "trace", gcr_json_trace(result));
    gcr_json_put_text(out, "collector", result->collector->name);
    json_object_set_new(out, "options", gcr_json_options(&result->options));
    json_object_set_new(out, "model", gcr_json_model(result));
    gcr_json_put_text(out, "pace", result->pace_recorded ? "recorded" : "replay");
    gcr_json_put_text(out, "decode", result->decode_ahead ? "ahead" : "inline");
    json_object_set_new(out, "concurrent", json_boolean(result->concurrent));
    gcr_json_put_text(out, "outcome", gcr_outcome_name[result->outcome]);
    gcr_json_put_text(out, "message", result->message);
    json_object_set_new(out, "labels", json_labels(result));
    json_object_set_new(out, "verified", json_boolean(gcr_result_verified(result)));
    json_object_set_new(out, "verification", json_verification(result, sum.comparisons));
    gcr_json_put(out, "events", sum.events);
    gcr_json_put(out, "events_without_deaths", sum.events_without_deaths);
    json_put_figures(out, &sum, result);
    json_object_set_new(out, "counters", gcr_json_counters(result->lanes, result->lane_count));
    json_put_by_collection(out, result->lanes, result->lane_count);
    json_object_set_new(out, "pauses", json_pauses(result->lanes, result->lane_count));
    json_object_set_new(out, "requests", gcr_json_requests(result->lanes, result->lane_count));
    for (size_t i = 0; i < result->lane_count; i++)
        json_array_append_new(lanes, json_lane(result, &result->lanes[i]));
    json_object_set_new(out, "lanes", lanes);
    json_object_set_new(out, "machine", gcr_json_machine());
    json_object_set_new(out, "build", gcr_json_build());
    return out;
}
