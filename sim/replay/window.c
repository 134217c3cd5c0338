/* Windows of decoded events; see window.h. */
#include "sim/replay/window.h"

#include <stdlib.h>

#include "sim/measure/machine.h"

/* Times of a verified run with helper threads mean nothing: a window would gain it nothing. */
static bool window_is_whole(const struct gcr_process *process)
{
    return process->state.timing.free_running && process->state.checker == NULL;
}

/* An eighth of the machine's memory unless asked for otherwise; never more than there are events.
 */
static size_t window_room(const struct gcr_process *process)
{
    uint64_t bytes = process->config->window_bytes;
    uint64_t events;

    if (bytes == 0)
        bytes = gcr_machine_memory_bytes() / 8;
    events = bytes / sizeof(struct gcr_event);
    if (events > process->source->events)
        events = process->source->events;
    return events > GCR_BATCH_EVENTS ? (size_t)events : GCR_BATCH_EVENTS;
}

gcr_status gcr_window_open(struct gcr_process *process, struct gcr_error *err)
{
    size_t room;
    struct gcr_event *events;

    if (!window_is_whole(process))
        return GCR_OK;
    room = window_room(process);
    events = malloc(room * sizeof *events);
    if (events == NULL)
        return gcr_fail(err, GCR_NO_MEMORY,
                        "no memory to decode %zu events ahead; a smaller --window needs less",
                        room);
    free(process->buffer);
    process->events = process->buffer = events;
    process->event_room = room;
    return GCR_OK;
}

/* Whatever the stream has at hand, as much as a batch. */
static gcr_status window_fill_batch(struct gcr_process *process, struct gcr_error *err)
{
    const struct gcr_event_source *source = process->source;

    if (source->next != NULL)
        return source->next(process->stream, process->event_room, &process->events, &process->end,
                            err);
    return source->read(process->stream, process->buffer, process->event_room, &process->end, err);
}

gcr_status gcr_window_fill(struct gcr_process *process, struct gcr_error *err)
{
    size_t got;

    process->position = process->end = 0;
    if (!window_is_whole(process))
        return window_fill_batch(process, err);
    do {
        gcr_status status = process->source->read(process->stream, process->buffer + process->end,
                                                  process->event_room - process->end, &got, err);
        if (status != GCR_OK)
            return status;
        process->end += got;
    } while (got != 0 && process->end < process->event_room);
    return GCR_OK;
}

/* The clock runs through, also while threads wake and come to rest; footprint and progress are
 * looked at after every batch's worth. */
static size_t window_run_whole(struct gcr_process *process, const struct gcr_event *events,
                               size_t n)
{
    struct gcr_replay_state *state = &process->state;
    size_t done = 0, wanted = 0;

    gcr_timing_start(&state->timing);
    gcr_state_wake(state);
    while (done == wanted && done < n) {
        size_t part = n - done < GCR_BATCH_EVENTS ? n - done : GCR_BATCH_EVENTS;

        wanted = done + part;
        done += state->engine->run(state, events + done, part);
        gcr_state_sample(state);
        gcr_process_report(process, done);
    }
    gcr_state_rest(state);
    (void)gcr_timing_stop(&state->timing);
    return done;
}

static size_t window_run_checked(struct gcr_replay_state *state, const struct gcr_event *events,
                                 size_t n)
{
    size_t done;

    if (state->timing.free_running)
        gcr_timing_start(&state->timing);
    gcr_state_wake(state);
    done = state->engine->run_checked(state, events, n);
    gcr_state_rest(state);
    if (state->timing.free_running)
        (void)gcr_timing_stop(&state->timing);
    return done;
}

size_t gcr_window_run(struct gcr_process *process, const struct gcr_event *events, size_t n)
{
    struct gcr_replay_state *state = &process->state;

    if (state->checker != NULL)
        return window_run_checked(state, events, n);
    if (window_is_whole(process))
        return window_run_whole(process, events, n);
    return state->engine->run(state, events, n);
}
