/* Beginning, ending and rotating a recording: see window.h. */
#include "workloads/cpython/window.h"

#include "workloads/cpython/command_line.h"
#include "workloads/cpython/hooks.h"
#include "workloads/cpython/restate.h"

static const char window_phase[] = "recording begins";

bool window_init(struct recorder *recorder, bool executed)
{
    const struct gcr_window *config = &recorder->segment->window;
    struct window *window = &recorder->window;
    const uint64_t turn = config->waits ? config->begin_allocations : config->end_allocations;
    window->used = config->used != 0;
    window->waiting = config->waits != 0;
    window->executed = executed;
    window->turn_at = turn > 0 ? turn : UINT64_MAX;
    window->rotate_at = config->rotate_events > 0 ? config->rotate_events : UINT64_MAX;
    return window->waiting;
}

void window_fork(struct recorder *recorder)
{
    const struct gcr_window *config = &recorder->segment->window;
    struct window *window = &recorder->window;
    window->rotate_at = config->rotate_events > 0 ? config->rotate_events : UINT64_MAX;
    window->rotate_from = window->restated;
    window->left = NULL;
}

/* ---- turns ---- */

/* Goes on in a new group, the heap restated. False: there is no room for another one. */
static bool window_go_on(struct recorder *recorder, enum gcr_group_origin origin)
{
    struct channel *channel = &recorder->channel;
    struct window *window = &recorder->window;
    const struct gcr_window *config = &recorder->segment->window;
    char words[GCR_COMMAND_BYTES];
    struct gcr_ring *ring =
        channel_reserve_group(channel, origin, words, command_line_read(words, sizeof words));
    if (ring == NULL)
        return false;
    sampler_take(recorder);
    channel_commit(channel, channel->head); /* no event can be patched from another ring */
    channel_stop(channel, NULL);
    if (!channel_start(channel, ring)) {
        recorder->on = false;
        return true;
    }
    recorder->counts = recorder->scanner.counts = &ring->counts;
    restate_write(recorder);
    marks_begin(recorder, window_phase);
    sampler_go_on(recorder);
    const uint64_t restated = channel_events(channel);
    window->restated = restated;
    window->rotate_from = 2 * restated;
    if (config->rotate_events > 0)
        window->rotate_at = restated + config->rotate_events;
    return true;
}

static void window_begin(struct recorder *recorder)
{
    struct window *window = &recorder->window;
    const struct gcr_window *config = &recorder->segment->window;
    const bool first = atomic_exchange(&recorder->segment->window.begun, 1) == 0;
    const enum gcr_group_origin origin = window->executed ? GCR_GROUP_EXECUTED
                                         : first          ? GCR_GROUP_PROGRAM
                                                          : GCR_GROUP_CONTINUED;
    if (!window_go_on(recorder, origin)) {
        recorder->counts->lost_lanes++;
        hooks_stop(recorder, "no room for another trace");
        return;
    }
    window->waiting = false;
    window->allocations = 0;
    window->turn_at = config->end_allocations > 0 ? config->end_allocations : UINT64_MAX;
}

/* Is the ring that was left behind still being emptied? */
static bool window_is_behind(const struct window *window)
{
    return window->left != NULL && atomic_load(&window->left->group) == window->left_group;
}

/* Without room for another ring or group the old one goes on for a while. */
static void window_rotate(struct recorder *recorder)
{
    enum { RETRY_EVENTS = 1 << 16 };
    struct window *window = &recorder->window;
    const struct gcr_ring *ring = recorder->channel.ring;
    const uint32_t group = atomic_load(&ring->group);
    if (window_go_on(recorder, GCR_GROUP_CONTINUED)) {
        window->left = ring;
        window->left_group = group;
    } else {
        window->rotate_from = channel_events(&recorder->channel) + RETRY_EVENTS;
    }
}

static bool window_is_full(const struct recorder *recorder)
{
    const struct window *window = &recorder->window;
    const uint64_t events = channel_events(&recorder->channel);
    return events >= window->rotate_from && !window_is_behind(window) &&
           (events >= window->rotate_at ||
            atomic_load_explicit(&recorder->channel.ring->is_full, memory_order_relaxed) != 0);
}

void window_look(struct recorder *recorder)
{
    struct window *window = &recorder->window;
    const struct gcr_window *config = &recorder->segment->window;
    if (!window->used)
        return;
    bool counted = ++window->allocations >= window->turn_at;
    if (window->waiting) {
        if ((counted || atomic_load_explicit(&config->begin, memory_order_relaxed) != 0) &&
            restate_is_possible(recorder))
            window_begin(recorder);
    } else if (counted || atomic_load_explicit(&config->end, memory_order_relaxed) != 0) {
        if (restate_is_possible(recorder))
            hooks_stop(recorder, NULL);
    } else if (GCR_UNLIKELY(window_is_full(recorder)) && restate_is_possible(recorder)) {
        window_rotate(recorder);
    }
}
