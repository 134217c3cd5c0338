/* Gathers a lane's figures. The supply's own peak is the footprint peak: it sees every commit, also
 * those between two points of the series. */
#include "sim/replay/figures.h"

#include <stdlib.h>
#include <string.h>

#include "sim/measure/machine.h"

void gcr_figures_fill(struct gcr_process *process)
{
    const struct gcr_replay_state *state = &process->state;
    struct gcr_lane_result *out = &process->result;
    uint64_t clock_ns = state->clock.elapsed_ns;

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
    out->mutator_ns = clock_ns - out->collector_ns;
    out->wall_ns = gcr_monotonic_ns() - process->start_ns;
    out->harness_ns = out->wall_ns - clock_ns;
}

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

gcr_status gcr_figures_keep_lists(struct gcr_process *process, struct gcr_error *err)
{
    const struct gcr_replay_state *state = &process->state;
    struct gcr_lane_result *out = &process->result;
    bool ok = state->pauses.lost == 0;

    out->pauses = figures_copy(gcr_pauses_list(&state->pauses), state->pauses.count,
                               sizeof *out->pauses, &ok);
    out->samples = figures_copy(gcr_footprint_list(&state->series), state->series.count,
                                sizeof *out->samples, &ok);
    out->recorded = figures_copy(state->recorded_memory.base, state->recorded_count,
                                 sizeof *out->recorded, &ok);
    if (!ok) {
        gcr_lane_result_finish(out);
        return gcr_fail(err, GCR_NO_MEMORY, "lane %u: no memory for the list of pauses",
                        state->view.lane);
    }
    out->pause_count = state->pauses.count;
    out->sample_count = state->series.count;
    out->recorded_count = state->recorded_count;
    return GCR_OK;
}
