/* Footprint series: groups of points, each kept as its largest (see the header). */
#include "sim/measure/footprint.h"

static const uint64_t footprint_live_unknown = UINT64_MAX;

static struct gcr_footprint_sample *footprint_samples(const struct gcr_footprint_series *series)
{
    return series->memory.base;
}

const struct gcr_footprint_sample *gcr_footprint_list(const struct gcr_footprint_series *series)
{
    return footprint_samples(series);
}

/* Merges neighbours, keeping the larger of each pair, and doubles the stride. A pair of which one
 * sample has its live bytes and the other not counts as unlabelled. */
static void footprint_thin(struct gcr_footprint_series *series)
{
    struct gcr_footprint_sample *samples = footprint_samples(series);
    size_t kept = 0;

    for (size_t i = 0; i + 1 < series->count; i += 2) {
        bool first = samples[i].footprint_bytes >= samples[i + 1].footprint_bytes;

        samples[kept++] = samples[first ? i : i + 1];
    }
    if (series->count % 2 != 0)
        samples[kept++] = samples[series->count - 1];
    series->count = kept;
    series->unlabelled /= 2;
    series->stride *= 2;
}

/* Integrates the step from the previous point to this one. */
static void footprint_integrate(struct gcr_footprint_series *series, uint64_t clock_ns,
                                uint64_t footprint_bytes)
{
    if (series->has_last) {
        uint64_t passed = clock_ns - series->last_clock_ns;

        series->byte_ns += (double)series->last_bytes * (double)passed;
        series->total_ns += passed;
    }
    series->has_last = true;
    series->last_clock_ns = clock_ns;
    series->last_bytes = footprint_bytes;
}

/* The sample that this point may replace or fill, or NULL if the point is not its group's largest.
 */
static struct gcr_footprint_sample *footprint_slot(struct gcr_footprint_series *series,
                                                   uint64_t footprint_bytes)
{
    struct gcr_footprint_sample *samples;

    if (series->stride == 0)
        series->stride = 1;
    if (series->in_group > 0 && series->in_group < series->stride) {
        struct gcr_footprint_sample *open = footprint_samples(series) + series->count - 1;

        series->in_group++;
        if (footprint_bytes <= open->footprint_bytes)
            return NULL;
        if (series->unlabelled >= series->count)
            series->unlabelled = series->count - 1;
        return open;
    }
    if (series->count == GCR_FOOTPRINT_SAMPLES)
        footprint_thin(series);
    if (!gcr_growable_reserve(&series->memory, (series->count + 1) * sizeof *samples))
        return NULL;
    series->in_group = 1;
    return footprint_samples(series) + series->count++;
}

void gcr_footprint_add(struct gcr_footprint_series *series, uint64_t clock_ns, uint64_t event,
                       uint64_t footprint_bytes, gcr_footprint_split *split, void *arg)
{
    bool is_peak = !series->has_last || footprint_bytes > series->peak.footprint_bytes;
    struct gcr_footprint_sample *slot;
    struct gcr_footprint_sample point = {.clock_ns = clock_ns,
                                         .event = event,
                                         .footprint_bytes = footprint_bytes,
                                         .live_bytes = footprint_live_unknown};

    footprint_integrate(series, clock_ns, footprint_bytes);
    slot = footprint_slot(series, footprint_bytes);
    if (slot == NULL && !is_peak)
        return;
    split(arg, &point.by_kind);
    if (slot != NULL)
        *slot = point;
    if (is_peak) {
        series->peak = point;
        series->peak_unlabelled = true;
    }
}

void gcr_footprint_label_live(struct gcr_footprint_series *series, uint64_t event,
                              uint64_t live_bytes)
{
    struct gcr_footprint_sample *samples = footprint_samples(series);

    for (; series->unlabelled < series->count; series->unlabelled++) {
        struct gcr_footprint_sample *sample = &samples[series->unlabelled];

        if (sample->event > event)
            break;
        if (sample->live_bytes == footprint_live_unknown)
            sample->live_bytes = live_bytes;
    }
    if (series->peak_unlabelled && series->peak.event <= event) {
        series->peak.live_bytes = live_bytes;
        series->peak_unlabelled = false;
    }
}

uint64_t gcr_footprint_next_unlabelled(const struct gcr_footprint_series *series)
{
    uint64_t next = UINT64_MAX;

    if (series->unlabelled < series->count)
        next = footprint_samples(series)[series->unlabelled].event;
    if (series->peak_unlabelled && series->peak.event < next)
        next = series->peak.event;
    return next;
}

uint64_t gcr_footprint_mean(const struct gcr_footprint_series *series)
{
    if (series->total_ns == 0)
        return series->last_bytes;
    return (uint64_t)(series->byte_ns / (double)series->total_ns + 0.5);
}

void gcr_footprint_reset(struct gcr_footprint_series *series)
{
    struct gcr_growable memory = series->memory;

    *series = (struct gcr_footprint_series){.memory = memory};
}

void gcr_footprint_free(struct gcr_footprint_series *series)
{
    gcr_growable_free(&series->memory);
    *series = (struct gcr_footprint_series){0};
}
