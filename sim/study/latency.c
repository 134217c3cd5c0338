#include "sim/study/latency.h"

#include <stdlib.h>

const struct gcr_latency_kind gcr_latency_kinds[GCR_LATENCY_KINDS] = {
    {"simple", 0},
    {"metered-1ms", 1000000},
    {"metered-10ms", 10000000},
    {"metered-100ms", 100000000},
    {"metered-full", GCR_LATENCY_FULL},
};

static int latency_compare(const void *left, const void *right)
{
    const struct gcr_service *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->end_ns > b->end_ns) - (a->end_ns < b->end_ns);
}

void gcr_latency_sort(struct gcr_service *requests, size_t count)
{
    if (count > 0)
        qsort(requests, count, sizeof *requests, latency_compare);
}

void gcr_latency_simple(const struct gcr_service *requests, size_t count, double *latency_ns)
{
    for (size_t i = 0; i < count; i++)
        latency_ns[i] = (double)(requests[i].end_ns - requests[i].start_ns);
}

/* The requests of the window around a request, by their places. */
struct latency_window {
    size_t from, to;
};

/* Moves the window on to request i; requests must be asked for in order. */
static void latency_move(const struct gcr_service *requests, size_t count, double half_ns, size_t i,
                         struct latency_window *window)
{
    double centre_ns = (double)requests[i].start_ns;
    while ((double)requests[window->from].start_ns < centre_ns - half_ns)
        window->from++;
    while (window->to + 1 < count && (double)requests[window->to].start_ns < centre_ns + half_ns)
        window->to++;
}

void gcr_latency_metered(const struct gcr_service *requests, size_t count, uint64_t window_ns,
                         double *latency_ns)
{
    struct latency_window window = {0, 0};
    for (size_t i = 0; i < count; i++) {
        double start_ns = (double)requests[i].start_ns, arrival_ns = start_ns;
        latency_move(requests, count, (double)window_ns / 2, i, &window);
        if (window.to > window.from) {
            double first_ns = (double)requests[window.from].start_ns;
            double span_ns = (double)requests[window.to].start_ns - first_ns;
            arrival_ns =
                first_ns + (double)(i - window.from) * span_ns / (double)(window.to - window.from);
        }
        latency_ns[i] =
            (double)requests[i].end_ns - (arrival_ns < start_ns ? arrival_ns : start_ns);
    }
}
