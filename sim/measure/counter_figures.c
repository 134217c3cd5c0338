/* Names and sums of counters; see counter_figures.h. */
#include "sim/measure/counter_figures.h"

const char *const gcr_counter_name[GCR_COUNTER_COUNT] = {
    [GCR_COUNTER_CYCLES] = "cycles",
    [GCR_COUNTER_INSTRUCTIONS] = "instructions",
    [GCR_COUNTER_L1D_READ_MISSES] = "l1d_read_misses",
    [GCR_COUNTER_LLC_READ_MISSES] = "llc_read_misses",
    [GCR_COUNTER_DTLB_READ_MISSES] = "dtlb_read_misses",
    [GCR_COUNTER_MINOR_FAULTS] = "page_faults_minor",
    [GCR_COUNTER_MAJOR_FAULTS] = "page_faults_major",
    [GCR_COUNTER_CONTEXT_SWITCHES] = "context_switches",
    [GCR_COUNTER_TASK_CLOCK_NS] = "task_clock_ns",
};

const char *const gcr_counter_source_name[GCR_COUNTER_SOURCES] = {
    [GCR_COUNTER_REFUSED] = "refused",
    [GCR_COUNTER_PERF_EVENT] = "perf_event",
    [GCR_COUNTER_GETRUSAGE] = "getrusage",
    [GCR_COUNTER_CLOCK_GETTIME] = "clock_gettime",
};

static void figure_add(struct gcr_counter_figure *sum, const struct gcr_counter_figure *part)
{
    if (sum->source == GCR_COUNTER_REFUSED)
        return;
    if (part->source == GCR_COUNTER_REFUSED) {
        *sum = *part;
        return;
    }
    sum->scaled |= part->scaled;
    if (part->counted_ratio < sum->counted_ratio)
        sum->counted_ratio = part->counted_ratio;
    sum->mutator = gcr_counter_sum(sum->mutator, part->mutator);
    sum->collector = gcr_counter_sum(sum->collector, part->collector);
    for (size_t p = 0; p < GCR_PHASE_COUNT; p++)
        sum->phase[p] = gcr_counter_sum(sum->phase[p], part->phase[p]);
    sum->outside_pauses = gcr_counter_sum(sum->outside_pauses, part->outside_pauses);
    sum->helpers = gcr_counter_sum(sum->helpers, part->helpers);
    if (part->per_interval > sum->per_interval)
        sum->per_interval = part->per_interval;
}

void gcr_counter_figures_add(struct gcr_counter_figure sum[GCR_COUNTER_COUNT],
                             const struct gcr_counter_figure figure[GCR_COUNTER_COUNT])
{
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        figure_add(&sum[e], &figure[e]);
}
