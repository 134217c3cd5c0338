/* Why a lane ended early, in words. Messages start with lane, event number and the event's text, so
 * that `gcreplay dump` leads to the place. */
#include "sim/replay/outcome.h"

#include <stdio.h>

#include "traces/text.h"

void gcr_outcome_set(struct gcr_process *process, const struct gcr_event *event,
                     enum gcr_outcome outcome, const char *reason)
{
    struct gcr_lane_result *result = &process->result;
    char text[128] = "end of the lane";

    if (event != NULL)
        gcr_text_format_event(event, text, sizeof text);
    result->outcome = outcome;
    snprintf(result->message, sizeof result->message, "lane %u, event %llu (%s): %s", result->lane,
             (unsigned long long)gcr_state_event(&process->state), text, reason);
}

static void outcome_exhausted(struct gcr_process *process, const struct gcr_event *event)
{
    const struct gcr_supply *supply = &process->state.supply;
    char reason[160];

    if (supply->budget_bytes != 0)
        snprintf(reason, sizeof reason, "heap exhausted: %llu bytes held of a budget of %llu",
                 (unsigned long long)supply->committed_bytes,
                 (unsigned long long)supply->budget_bytes);
    else
        snprintf(reason, sizeof reason, "heap exhausted: %llu bytes held, system limit %llu",
                 (unsigned long long)supply->committed_bytes,
                 (unsigned long long)supply->system_limit_bytes);
    gcr_outcome_set(process, event, GCR_OUTCOME_HEAP_EXHAUSTED, reason);
}

void gcr_outcome_set_stop(struct gcr_process *process, const struct gcr_event *event)
{
    const struct gcr_replay_state *state = &process->state;
    char reason[160];

    switch (state->stop) {
    case GCR_STOP_EXHAUSTED:
        outcome_exhausted(process, event);
        return;
    case GCR_STOP_REFUSED: /* the checker's message names lane and event itself */
        process->result.outcome = state->stop_status == GCR_INVALID_TRACE
                                      ? GCR_OUTCOME_INVALID_TRACE
                                      : GCR_OUTCOME_COLLECTOR_FAULT;
        snprintf(process->result.message, sizeof process->result.message, "%s", state->error.text);
        return;
    case GCR_STOP_LOST:
        snprintf(reason, sizeof reason,
                 "the collector dropped object o%u, which the trace still uses",
                 state->stop_object);
        gcr_outcome_set(process, event, GCR_OUTCOME_COLLECTOR_FAULT, reason);
        return;
    case GCR_STOP_NO_FINALIZER:
        snprintf(reason, sizeof reason,
                 "object o%u has no finalizer left to run, or the root is not a global one",
                 state->stop_object);
        gcr_outcome_set(process, event, GCR_OUTCOME_INVALID_TRACE, reason);
        return;
    default:
        if (state->stop_object == 0)
            snprintf(reason, sizeof reason, "null where an object is needed");
        else
            snprintf(reason, sizeof reason, "object o%u was never allocated or is already dead",
                     state->stop_object);
        gcr_outcome_set(process, event, GCR_OUTCOME_INVALID_TRACE, reason);
    }
}
