/* Replays one lane: decode a batch, prepare it, carry it out on the clock, account for it.
 *
 * Only the middle step runs on the replay clock. A batch ends early at FORK and EXIT, which are
 * handled between batches, so that a child starts from a state in which nothing is half done. */
#include "base/check.h"
#include "sim/measure/machine.h"
#include "sim/replay/figures.h"
#include "sim/replay/outcome.h"
#include "sim/replay/prepare.h"
#include "sim/replay/process.h"
#include "sim/replay/tracepoints.h"
#include "sim/replay/window.h"

static const uint64_t report_interval_ns = 100000000; /* ten times a second */

/* ---- accounting, off the clock ---- */

static bool lane_record_collected(struct gcr_replay_state *state, const struct gcr_event *event,
                                  uint64_t number)
{
    struct gcr_recorded_collection *list;

    if (!gcr_growable_reserve(&state->recorded_memory, (state->recorded_count + 1) * sizeof *list))
        return false;
    list = state->recorded_memory.base;
    list[state->recorded_count++] = (struct gcr_recorded_collection){
        .event = number, .generation = event->a, .collected = event->b, .uncollectable = event->c};
    return true;
}

/* What the recorded runtime's own collections reported, in a batch that has any. */
static bool lane_record_all_collected(struct gcr_replay_state *state,
                                      const struct gcr_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (events[i].op == GCR_OP_COLLECTED &&
            !lane_record_collected(state, &events[i], state->batch_first + i))
            return false;
    return true;
}

/* Takes note of events[0..n), which have been carried out: deaths, live bytes (also of the
 * footprint points taken meanwhile), the recorded runtime's own collections. */
static bool lane_account(struct gcr_replay_state *state, const struct gcr_event *events, size_t n)
{
    struct gcr_footprint_series *series = &state->series;
    const uint64_t first = state->batch_first;
    size_t done = 0;

    if (state->live_known && !gcr_live_reserve(&state->live, state->handles.limit))
        return false;
    while (done < n) {
        uint64_t point = gcr_footprint_next_unlabelled(series);
        size_t end = point - first < n ? (size_t)(point - first) : n;

        if (end > done && state->live_known &&
            !gcr_live_account(&state->live, events + done, end - done, &state->deaths))
            return false;
        done = end > done ? end : done;
        if (done < n)
            gcr_footprint_label_live(series, first + done, state->live.bytes);
    }
    gcr_footprint_label_live(series, first + n, state->live.bytes);
    return (state->batch_ops & gcr_op_bit(GCR_OP_COLLECTED)) == 0 ||
           lane_record_all_collected(state, events, n);
}

static gcr_status lane_no_memory(const struct gcr_process *process, struct gcr_error *err)
{
    return gcr_fail(err, GCR_NO_MEMORY, "lane %u: no memory for the replay's own tables",
                    process->result.lane);
}

/* The events up to state->current are over: account for them, take a point, report. */
static gcr_status lane_close_batch(struct gcr_process *process, struct gcr_error *err)
{
    struct gcr_replay_state *state = &process->state;
    size_t done = (size_t)(state->current - state->batch);

    gcr_state_sample(state);
    gcr_cow_look(&state->cow, gcr_state_event(state));
    if (state->cow.no_memory || !lane_account(state, state->batch, done))
        return lane_no_memory(process, err);
    state->batch_first += done;
    state->batch = state->current;
    process->position += done;
    process->shared->events_done += done;
    gcr_process_report(process, 0);
    return GCR_OK;
}

void gcr_process_report(struct gcr_process *process, size_t ahead)
{
    uint64_t now_ns;

    if (!process->is_root || process->config->progress == NULL)
        return;
    now_ns = gcr_monotonic_ns();
    if (now_ns - process->reported_ns < report_interval_ns)
        return;
    process->reported_ns = now_ns;
    process->config->progress(process->config->progress_arg, process->shared->events_done + ahead,
                              process->source->events);
}

/* ---- events between batches ---- */

/* The heap's own work around a fork counts; the fork itself does not. Helper threads that rest
 * since the window's end rest for the fork instead, and again until the next window has been
 * decoded. */
static void lane_fork(struct gcr_process *process, uint32_t child_lane)
{
    struct gcr_replay_state *state = &process->state;
    size_t forked;

    gcr_timing_start(&state->timing);
    gcr_state_wake(state);
    if (state->collector->before_fork != NULL)
        state->collector->before_fork(state->heap);
    (void)gcr_timing_stop(&state->timing);
    gcr_trace_fork(process->result.lane, child_lane);
    gcr_cow_end(&state->cow, gcr_state_event(state));
    forked = process->child_count;
    process->fork(process, child_lane);
    if (process->child_count > forked)
        gcr_cow_begin(&state->cow, &state->supply, gcr_state_event(state) - 1, child_lane, false);
    gcr_lane_after_fork(state, false);
}

void gcr_lane_after_fork(struct gcr_replay_state *state, bool child)
{
    gcr_timing_start(&state->timing);
    if (state->collector->after_fork != NULL)
        state->collector->after_fork(state->heap, child);
    gcr_state_rest(state);
    (void)gcr_timing_stop(&state->timing);
}

enum lane_step {
    LANE_GOES_ON,
    LANE_FORKS, /* the event before state->current is a FORK */
    LANE_IS_OVER,
    LANE_HAS_NO_MEMORY
};

/* A FORK or EXIT event. The checker sees it completed here, before the fork itself, so that both
 * copies agree. */
static enum lane_step lane_special_event(struct gcr_process *process, const struct gcr_event *event)
{
    struct gcr_replay_state *state = &process->state;
    const bool is_lost = event->op == GCR_OP_FORK && event->a > process->result.lane &&
                         event->a >= process->source->lanes && process->source->is_cut;

    if (event->op == GCR_OP_FORK && !is_lost &&
        (event->a <= process->result.lane || event->a >= process->source->lanes)) {
        gcr_outcome_set(process, event, GCR_OUTCOME_INVALID_TRACE,
                        "a forked lane must be later than its parent's, and must exist");
        return LANE_IS_OVER;
    }
    if (state->checker != NULL) {
        state->stop = gcr_replay_check_before(state, event);
        if (state->stop == GCR_STOP_NONE)
            state->stop = gcr_replay_check_after(state, event);
        if (state->stop != GCR_STOP_NONE) {
            gcr_outcome_set_stop(process, event);
            return LANE_IS_OVER;
        }
    }
    state->current = event + 1;
    if (is_lost)
        return LANE_GOES_ON; /* the child's events were lost with the file's end */
    return event->op == GCR_OP_FORK ? LANE_FORKS : LANE_IS_OVER;
}

/* An event names an object that was never allocated. A checker may know better what is wrong. */
static enum lane_step lane_unknown_object(struct gcr_process *process,
                                          const struct gcr_event *event, uint32_t object)
{
    struct gcr_replay_state *state = &process->state;

    state->stop = state->checker != NULL ? gcr_replay_check_before(state, event) : GCR_STOP_NONE;
    if (state->stop == GCR_STOP_NONE) {
        state->stop = GCR_STOP_NO_OBJECT;
        state->stop_object = object;
    }
    gcr_outcome_set_stop(process, event);
    return LANE_IS_OVER;
}

/* ---- the lane ---- */

/* Carries out what has been decoded, up to its end or through the next FORK or EXIT. */
static enum lane_step lane_step(struct gcr_process *process)
{
    struct gcr_replay_state *state = &process->state;
    const struct gcr_event *events = process->events + process->position;
    struct gcr_preparation prepared =
        gcr_prepare_batch(state, events, process->end - process->position);
    size_t done;

    state->batch = events;
    done = gcr_window_run(process, events, prepared.usable);
    if (done < prepared.usable) {
        gcr_outcome_set_stop(process, &events[done]);
        return LANE_IS_OVER;
    }
    switch (prepared.what) {
    case GCR_PREPARED_NO_OBJECT:
        return lane_unknown_object(process, &events[done], prepared.object);
    case GCR_PREPARED_FORK_EXIT:
        return lane_special_event(process, &events[done]);
    case GCR_PREPARED_NO_MEMORY:
        return LANE_HAS_NO_MEMORY;
    default:
        return LANE_GOES_ON;
    }
}

static gcr_status lane_replay_events(struct gcr_process *process, struct gcr_error *err)
{
    enum lane_step step = LANE_GOES_ON;

    while (step == LANE_GOES_ON || step == LANE_FORKS) {
        gcr_status status;

        if (process->position == process->end) {
            status = gcr_window_fill(process, err);
            if (status != GCR_OK || process->end == 0)
                return status;
        }
        step = lane_step(process);
        status = lane_close_batch(process, err);
        if (status != GCR_OK)
            return status;
        if (step == LANE_HAS_NO_MEMORY)
            return lane_no_memory(process, err);
        if (step == LANE_FORKS)
            lane_fork(process, process->events[process->position - 1].a);
    }
    return GCR_OK;
}

/* The collection asked for at the lane's end, and the checker's last word. */
static void lane_conclude(struct gcr_process *process)
{
    struct gcr_replay_state *state = &process->state;

    if (process->config->final_collection && state->collector->collect != NULL) {
        gcr_timing_start(&state->timing);
        gcr_state_wake(state);
        state->collector->collect(state->heap, 2, GCR_REASON_FINAL);
        gcr_state_rest(state);
        (void)gcr_timing_stop(&state->timing);
        gcr_state_sample(state);
        gcr_footprint_label_live(&state->series, gcr_state_event(state), state->live.bytes);
    }
    gcr_figures_fill(process);
    if (state->checker == NULL)
        return;
    state->stop_status = state->checker->finish(state->checker, &process->result, &state->error);
    if (state->stop_status == GCR_OK) {
        process->result.live_known = true;
        return;
    }
    state->stop = GCR_STOP_REFUSED;
    gcr_outcome_set_stop(process, NULL);
}

static gcr_status lane_replay(struct gcr_process *process, struct gcr_error *err)
{
    gcr_status status;

    process->start_ns = gcr_monotonic_ns();
    if (process->state.rests == 0) /* helper threads run only while the clock does */
        gcr_state_rest(&process->state);
    process->state.timing.helper_start_ns = gcr_helper_cpu_ns();
    if (process->state.timing.counters != NULL)
        gcr_counters_begin_lane(process->state.timing.counters);
    process->position = process->end = 0;
    if (process->state.timing.modelled)
        gcr_model_restart();
    gcr_rss_peak_reset();
    status = process->source->open(process->source, process->result.lane, &process->stream, err);
    if (status != GCR_OK)
        return status;
    gcr_figures_begin(&process->state);
    gcr_state_sample(&process->state);
    gcr_footprint_label_live(&process->state.series, 0, process->state.live.bytes);
    status = lane_replay_events(process, err);
    process->source->close(process->stream);
    process->stream = NULL;
    if (status != GCR_OK)
        return status;
    if (process->result.outcome == GCR_OUTCOME_OK)
        lane_conclude(process);
    else
        gcr_figures_fill(process);
    gcr_cow_end(&process->state.cow, gcr_state_event(&process->state));
    return gcr_figures_keep_lists(process, err);
}

/* Whoever counts from outside counts what lies between the two words: decoding and the harness's
 * own work between batches too, which it cannot tell apart. */
gcr_status gcr_lane_replay(struct gcr_process *process, struct gcr_error *err)
{
    const struct gcr_control *control = process->config->control;
    gcr_status status = GCR_OK, said = GCR_OK;

    if (control != NULL)
        status = gcr_control_enable(control, true, err);
    if (status != GCR_OK)
        return status;
    status = lane_replay(process, err);
    if (control != NULL)
        said = gcr_control_enable(control, false, status == GCR_OK ? err : NULL);
    return status == GCR_OK ? said : status;
}

static void lane_destroy_heap(struct gcr_replay_state *state)
{
    if (state->checker != NULL)
        state->checker->destroy(state->checker);
    state->checker = NULL;
    state->collector->destroy(state->heap);
    state->heap = NULL;
}

/* Before the heap starts any thread. A design that must be told of forks may start some, now or at
 * its first collection. */
static gcr_status lane_open_counters(struct gcr_process *process, struct gcr_error *err)
{
    struct gcr_replay_state *state = &process->state;

    if (process->config->counters == NULL)
        return GCR_OK;
    state->timing.counters =
        gcr_counters_create(process->config->counters, state->collector->before_fork != NULL);
    return state->timing.counters != NULL ? GCR_OK : lane_no_memory(process, err);
}

gcr_status gcr_lane_create_heap(struct gcr_process *process, struct gcr_error *err)
{
    const struct gcr_replay_config *config = process->config;
    struct gcr_replay_state *state = &process->state;
    const struct gcr_heap_config heap_config = {.options = config->options,
                                                .budget_bytes = config->budget_bytes};
    gcr_status status;

    gcr_supply_init(&state->supply, config->budget_bytes);
    state->supply.fail_after = config->supply_fail_after;
    if (config->cow) {
        status = gcr_cow_open(&state->cow, &state->supply, err);
        if (status != GCR_OK)
            return status;
    }
    state->supply.system_limit_bytes = config->system_limit_bytes != 0
                                           ? config->system_limit_bytes
                                           : gcr_machine_memory_bytes() / 4 * 3;
    state->host.report_frees = config->verify != GCR_VERIFY_OFF;
    state->timing.counts_cpu = config->verify == GCR_VERIFY_OFF;
    state->timing.modelled = config->engine->twin != NULL;
    status = lane_open_counters(process, err);
    if (status != GCR_OK)
        return status;
    if (state->timing.modelled) /* pages that an empty heap has written are shared by forks too */
        (void)gcr_model_pause(false);
    status = state->collector->create(&heap_config, &state->host, &state->heap, err);
    if (state->timing.modelled)
        (void)gcr_model_pause(true);
    if (status != GCR_OK)
        return state->supply.refused > 0 ? GCR_HEAP_EXHAUSTED : status;
    state->view.heap = state->heap;
    state->view.trace_events = process->source->events;
    state->timing.free_running = state->heap->concurrent;
    if (config->verify != GCR_VERIFY_OFF)
        status = config->make_checker(&state->view, config->verify, &state->checker, err);
    if (status == GCR_OK)
        status = gcr_window_open(process, err);
    if (status != GCR_OK)
        lane_destroy_heap(state);
    return status;
}
