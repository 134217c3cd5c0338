/* Gathers a lane's figures. The supply's own peak is the footprint peak: it sees every commit, also
 * those between two points of the series. */
#include "sim/replay/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sim/measure/machine.h"

/* Other threads than the design's own, such as one that decodes ahead, never run beside those. */
static uint64_t figures_helpers_ns(const struct gcr_replay_state *state)
{
    uint64_t now_ns;

    if (!gcr_collector_is(state->collector, GCR_CAP_THREADS))
        return 0;
    now_ns = gcr_helper_cpu_ns();
    return now_ns > state->timing.helper_start_ns ? now_ns - state->timing.helper_start_ns : 0;
}

static void figures_fill_times(const struct gcr_timing *timing, struct gcr_lane_result *out)
{
    const struct gcr_phases *phases = &timing->phases;
    uint64_t cpu_ns = timing->cpu.elapsed_ns;

    out->mutator_ns = timing->clock.elapsed_ns - out->collector_ns;
    for (size_t i = 0; i < GCR_PHASE_COUNT; i++)
        out->phase_ns[i] = phases->pause_ns[i] + phases->bracket_ns[i];
    out->bracketed_ns = gcr_phases_bracketed_ns(phases);
    out->cpu_known = timing->counts_cpu;
    out->pauses_cpu_ns = timing->pauses_cpu_ns;
    cpu_ns = cpu_ns > out->pauses_cpu_ns ? cpu_ns - out->pauses_cpu_ns : 0;
    out->mutator_cpu_ns = cpu_ns < out->mutator_ns ? cpu_ns : out->mutator_ns;
}

void gcr_figures_fill(struct gcr_process *process)
{
    const struct gcr_replay_state *state = &process->state;
    struct gcr_lane_result *out = &process->result;
    uint64_t clock_ns = state->timing.clock.elapsed_ns;

    out->events = gcr_state_event(state);
    out->events_without_deaths = out->events - state->deaths;
    gcr_pauses_summarise(&state->pauses, out);
    out->work = gcr_work_since(&state->heap->work, &state->work_at_start);
    out->live_known = state->live_known;
    out->live_end_objects = state->live.objects;
    out->live_end_bytes = state->live.bytes;
    out->live_peak_bytes = state->live.peak_bytes;
    out->footprint_peak_bytes = state->supply.peak_bytes;
    out->footprint_mean_bytes = gcr_footprint_mean(&state->series);
    out->footprint_end_bytes = state->supply.committed_bytes;
    out->by_kind_at_peak = state->series.peak.by_kind;
    out->rss_peak_bytes = gcr_rss_peak_bytes();
    if (state->timing.modelled)
        gcr_model_read(&out->model);
    figures_fill_times(&state->timing, out);
    out->helper_cpu_ns = figures_helpers_ns(state);
    out->waited_ns = state->pace.waited_ns;
    out->late_max_ns = state->pace.late_max_ns;
    out->wall_ns = gcr_monotonic_ns() - process->start_ns;
    out->harness_ns = out->wall_ns - clock_ns;
}

/* ---- the design's own ---- */

static size_t figures_of_design(const struct gcr_replay_state *state, struct gcr_design_figure *out)
{
    return state->collector->figures != NULL ? state->collector->figures(state->heap, out) : 0;
}

void gcr_figures_begin(struct gcr_replay_state *state)
{
    (void)figures_of_design(state, state->design_at_start);
}

static size_t figures_since_start(const struct gcr_replay_state *state,
                                  struct gcr_design_figure *out)
{
    size_t count = state->heap != NULL ? figures_of_design(state, out) : 0;

    GCR_CHECK(1, count <= GCR_MAX_DESIGN_FIGURES);
    for (size_t i = 0; i < count; i++)
        if (out[i].combine == GCR_DESIGN_SUM)
            out[i].value -= state->design_at_start[i].value;
    return count;
}

/* ---- lists ---- */

/* NULL for an empty list; *ok turns false if there is no memory. */
static void *figures_copy(const void *list, size_t count, size_t size, bool *ok)
{
    void *copy;

    if (count == 0)
        return NULL;
    copy = malloc(count * size);
    if (copy == NULL)
        *ok = false;
    else
        memcpy(copy, list, count * size);
    return copy;
}

/* Whatever other threads counted ends here. */
static void figures_keep_counters(const struct gcr_replay_state *state, struct gcr_lane_result *out,
                                  bool *ok)
{
    struct gcr_counter_figure counters[GCR_COUNTER_COUNT];

    if (state->timing.counters == NULL)
        return;
    gcr_counters_figures(state->timing.counters, counters);
    out->counters = figures_copy(counters, GCR_COUNTER_COUNT, sizeof *counters, ok);
    out->counter_count = out->counters != NULL ? GCR_COUNTER_COUNT : 0;
    out->counter_intervals = gcr_counters_intervals(state->timing.counters);
}

gcr_status gcr_figures_keep_lists(struct gcr_process *process, struct gcr_error *err)
{
    struct gcr_replay_state *state = &process->state;
    struct gcr_lane_result *out = &process->result;
    struct gcr_design_figure design[GCR_MAX_DESIGN_FIGURES];
    size_t design_count = figures_since_start(state, design);
    bool ok = state->pauses.lost == 0 && !state->cow.no_memory;

    out->pauses = figures_copy(gcr_pauses_list(&state->pauses), state->pauses.count,
                               sizeof *out->pauses, &ok);
    out->samples = figures_copy(gcr_footprint_list(&state->series), state->series.count,
                                sizeof *out->samples, &ok);
    out->recorded = figures_copy(state->recorded_memory.base, state->recorded_count,
                                 sizeof *out->recorded, &ok);
    out->design = figures_copy(design, design_count, sizeof *design, &ok);
    figures_keep_counters(state, out, &ok);
    ok = gcr_requests_list(&state->requests, out) && ok;
    out->program_phases =
        figures_copy(gcr_program_phases_list(&state->program_phases), state->program_phases.count,
                     sizeof *out->program_phases, &ok);
    out->cow = figures_copy(state->cow.epochs.base, state->cow.epoch_count, sizeof *out->cow, &ok);
    out->cow_points =
        figures_copy(state->cow.points.base, state->cow.point_count, sizeof *out->cow_points, &ok);
    if (!ok) {
        gcr_lane_result_finish(out);
        return gcr_fail(err, GCR_NO_MEMORY, "lane %u: no memory for its lists of figures",
                        state->view.lane);
    }
    out->pause_count = state->pauses.count;
    out->sample_count = state->series.count;
    out->recorded_count = state->recorded_count;
    out->program_phase_count = state->program_phases.count;
    out->design_count = design_count;
    out->cow_count = state->cow.epoch_count;
    out->cow_point_count = state->cow.point_count;
    return GCR_OK;
}
