/* Figures out of a result document; see figures.h. */
#include "sim/cmd/figures.h"

#include <math.h>
#include <string.h>

const char *const gcr_figure_kind_name[GCR_FIGURE_KINDS] = {"objects", "headers", "free", "side",
                                                            "buffers"};

static uint64_t figures_count(const json_t *document, const char *name)
{
    return (uint64_t)json_integer_value(gcr_json_at(document, name));
}

void gcr_figures_read(const json_t *run_or_lane, struct gcr_figures *out)
{
    const json_t *from = run_or_lane;
    *out = (struct gcr_figures){
        .outcome = gcr_json_text_at(from, "outcome"),
        .message = gcr_json_text_at(from, "message"),
        .verified = json_is_true(gcr_json_at(from, "verified")),
        .events = figures_count(from, "events"),
        .collections = figures_count(from, "collections.total"),
        .by_generation = gcr_json_at(from, "collections.by_generation"),
        .by_reason = gcr_json_at(from, "collections.by_reason"),
        .footprint_peak_bytes = figures_count(from, "memory.footprint_peak_bytes"),
        .footprint_mean_bytes = figures_count(from, "memory.footprint_mean_bytes"),
        .live_known = json_is_integer(gcr_json_at(from, "memory.live_peak_bytes")),
        .live_peak_bytes = figures_count(from, "memory.live_peak_bytes"),
        .overhead = gcr_json_number_at(from, "memory.overhead"),
        .pauses = figures_count(from, "pauses.count"),
        .p50_ns = figures_count(from, "pauses.p50_ns"),
        .p99_ns = figures_count(from, "pauses.p99_ns"),
        .max_ns = figures_count(from, "pauses.max_ns"),
        .total_ns = figures_count(from, "pauses.total_ns"),
        .mutator_ns = figures_count(from, "time.mutator_ns"),
        .collector_ns = figures_count(from, "time.collector_ns"),
        .wall_ns = figures_count(from, "time.wall_ns"),
        .design = gcr_json_at(from, "design"),
        .phases = gcr_json_at(from, "time.phases"),
        .outside_pauses_ns = figures_count(from, "time.phases.outside_pauses_ns"),
        .cpu_known = json_is_integer(gcr_json_at(from, "time.collector_cpu_ns")),
        .mutator_cpu_ns = figures_count(from, "time.mutator_cpu_ns"),
        .collector_cpu_ns = figures_count(from, "time.collector_cpu_ns"),
        .helper_cpu_ns = figures_count(from, "time.helper_cpu_ns"),
        .is_paced = json_is_integer(gcr_json_at(from, "time.waited_ns")),
        .waited_ns = figures_count(from, "time.waited_ns"),
        .late_max_ns = figures_count(from, "time.late_max_ns"),
        .events_per_second = gcr_json_number_at(from, "time.events_per_second"),
        .allocated = figures_count(from, "objects.allocated"),
        .freed = figures_count(from, "objects.freed"),
        .promoted = figures_count(from, "objects.promoted"),
        .barriers = figures_count(from, "objects.barriers"),
        .marked = figures_count(from, "objects.marked"),
        .copied = figures_count(from, "objects.copied"),
    };
    out->is_ok = strcmp(out->outcome, "ok") == 0;
    const json_t *lanes = gcr_json_at(from, "lanes"); /* a lane has none within it */
    out->is_known = lanes == NULL || json_array_size(lanes) > 0;
    const json_t *kinds = gcr_json_at(from, "memory.by_kind");
    for (size_t i = 0; i < GCR_FIGURE_KINDS; i++)
        out->by_kind_bytes[i] = figures_count(kinds, gcr_figure_kind_name[i]);
}
