/* What the program marked, as JSON: requests, each with its times in its lane, and a summary over
 * all lanes; phases. */
#include <stdlib.h>

#include "sim/measure/result_json_parts.h"

static json_t *json_request_list(const struct gcr_lane_result *lane)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < lane->request_count; i++) {
        const struct gcr_request *request = &lane->requests[i];
        json_t *row = json_array();

        json_array_append_new(row, gcr_json_count(request->number));
        json_array_append_new(row, gcr_json_count(request->start_ns));
        json_array_append_new(row, gcr_json_count(request->end_ns));
        json_array_append_new(rows, row);
    }
    return json_pack("{s:[s,s,s], s:o}", "columns", "number", "start_ns", "end_ns", "rows", rows);
}

static json_t *json_program_phases(const struct gcr_lane_result *lane,
                                   const struct gcr_result *result)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < lane->program_phase_count; i++) {
        const struct gcr_program_phase *phase = &lane->program_phases[i];
        const bool is_named = phase->name <= result->trace.phase_name_count;
        json_t *name = is_named ? json_string(result->trace.phase_names[phase->name - 1]) : NULL;
        json_t *row = json_array();

        json_array_append_new(row, name != NULL ? name : json_sprintf("phase %u", phase->name));
        json_array_append_new(row, gcr_json_count(phase->start_ns));
        json_array_append_new(row, gcr_json_count(phase->event));
        json_array_append_new(rows, row);
    }
    return json_pack("{s:[s,s,s], s:o}", "columns", "name", "start_ns", "event", "rows", rows);
}

void gcr_json_put_marks(json_t *out, const struct gcr_lane_result *lane,
                        const struct gcr_result *result)
{
    json_object_set_new(out, "requests", json_request_list(lane));
    json_object_set_new(out, "program_phases", json_program_phases(lane, result));
}

/* Latencies of all requests of all lanes, malloc'ed; NULL: no memory. */
static uint64_t *json_latencies(const struct gcr_lane_result *lanes, size_t count, size_t requests)
{
    uint64_t *latencies = malloc((requests + 1) * sizeof *latencies);
    size_t n = 0;

    for (size_t i = 0; i < count && latencies != NULL; i++)
        for (size_t k = 0; k < lanes[i].request_count; k++)
            latencies[n++] = lanes[i].requests[k].end_ns - lanes[i].requests[k].start_ns;
    return latencies;
}

json_t *gcr_json_requests(const struct gcr_lane_result *lanes, size_t count)
{
    json_t *out;
    uint64_t unfinished = 0, dropped = 0, *latencies;
    size_t requests = 0;

    for (size_t i = 0; i < count; i++) {
        requests += lanes[i].request_count;
        unfinished += lanes[i].requests_unfinished;
        dropped += lanes[i].requests_dropped;
    }
    if (requests + unfinished == 0)
        return json_null();
    latencies = json_latencies(lanes, count, requests);
    out = json_object();
    gcr_json_put(out, "count", requests);
    for (int i = 0; i < 3; i++) {
        static const char *const name[] = {"p50_ns", "p99_ns", "max_ns"};
        static const double percentile[] = {50, 99, 100};
        bool is_known = requests > 0 && latencies != NULL;

        json_object_set_new(
            out, name[i],
            is_known ? gcr_json_count(gcr_percentile_ns(latencies, requests, percentile[i]))
                     : json_null());
    }
    gcr_json_put(out, "unfinished", unfinished);
    gcr_json_put(out, "dropped", dropped);
    free(latencies);
    return out;
}
