/* Orders to recorded processes: see orders.h. */
#include "workloads/cpython/orders.h"

#include <time.h>

#include "workloads/cpython/segment.h"

static uint64_t orders_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void orders_init(struct orders *orders, const struct gcr_recording_window *window,
                 struct gcr_segment *segment)
{
    *orders = (struct orders){.window = window, .segment = segment};
    struct gcr_window *to = &segment->window;
    to->waits = window->begin_ns > 0 || window->begin_allocations > 0 || window->begin_signal != 0;
    to->used = to->waits || window->end_ns > 0 || window->end_allocations > 0 ||
               window->end_signal != 0 || window->rotate_bytes > 0 || window->rotate_events > 0;
    to->begin_allocations = window->begin_allocations;
    to->end_allocations = window->end_allocations;
    to->rotate_events = window->rotate_events;
}

void orders_add_signals(const struct orders *orders, sigset_t *set)
{
    if (orders->window->begin_signal != 0)
        sigaddset(set, orders->window->begin_signal);
    if (orders->window->end_signal != 0)
        sigaddset(set, orders->window->end_signal);
}

bool orders_take_signal(struct orders *orders, int signal_number)
{
    if (signal_number == orders->window->begin_signal)
        atomic_store(&orders->segment->window.begin, 1);
    else if (signal_number == orders->window->end_signal)
        atomic_store(&orders->segment->window.end, 1);
    else
        return false;
    return true;
}

void orders_look(struct orders *orders)
{
    struct gcr_window *to = &orders->segment->window;
    if (to->used == 0)
        return;
    const uint64_t now_ns = orders_now_ns();
    if (to->waits != 0 && orders->window->begin_ns > 0 &&
        now_ns - orders->segment->begun_ns >= orders->window->begin_ns)
        atomic_store(&to->begin, 1);
    if (orders->begun_ns == 0 && (to->waits == 0 || atomic_load(&to->begun) != 0))
        orders->begun_ns = now_ns;
    if (orders->begun_ns != 0 && orders->window->end_ns > 0 &&
        now_ns - orders->begun_ns >= orders->window->end_ns)
        atomic_store(&to->end, 1);
}

bool orders_never_began(const struct orders *orders)
{
    const struct gcr_window *window = &orders->segment->window;
    return window->waits != 0 && atomic_load(&window->begun) == 0;
}
