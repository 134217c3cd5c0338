/* Booking counters to phases, and what they add up to; see counters.h. */
#include "sim/measure/counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* [0]: in pauses, [1]: outside; by phase. [1][GCR_PHASE_MUTATOR] is the mutator itself. */
struct counter_books {
    struct gcr_counter_reading in[2][GCR_PHASE_COUNT];
    uint64_t intervals;
};

struct gcr_counters {
    struct gcr_counter_system system;
    struct gcr_counter_set own, inherited;
    bool has_helpers;
    bool running;
    struct gcr_counter_reading base; /* as the running interval began */
    struct counter_books books;
    uint64_t per_interval[GCR_COUNTER_COUNT];
    struct gcr_counter_reading own_at_start, inherited_at_start; /* of the lane */
};

/* ---- arithmetic ---- */

static void reading_add_difference(struct gcr_counter_reading *sum,
                                   const struct gcr_counter_reading *from,
                                   const struct gcr_counter_reading *to)
{
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        sum->value[e] += to->value[e] - from->value[e];
        sum->enabled_ns[e] += to->enabled_ns[e] - from->enabled_ns[e];
        sum->running_ns[e] += to->running_ns[e] - from->running_ns[e];
    }
}

static void reading_add(struct gcr_counter_reading *sum, const struct gcr_counter_reading *part)
{
    static const struct gcr_counter_reading zero;

    reading_add_difference(sum, &zero, part);
}

/* Counted for a share of the time: taken to have gone on like that. Not counted at all: unknown. */
static uint64_t reading_scaled(const struct gcr_counter_reading *reading, size_t event)
{
    uint64_t enabled_ns = reading->enabled_ns[event], running_ns = reading->running_ns[event];

    if (enabled_ns == running_ns)
        return reading->value[event];
    if (running_ns == 0)
        return GCR_COUNTER_UNKNOWN;
    return (uint64_t)((double)reading->value[event] * (double)enabled_ns / (double)running_ns +
                      0.5);
}

/* ---- opening ---- */

static int compare_counts(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* The median of some empty intervals. */
static void counters_calibrate(struct gcr_counters *counters)
{
    enum { ROUNDS = 31 };
    uint64_t seen[GCR_COUNTER_COUNT][ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        struct gcr_counter_reading from, to;

        (void)gcr_counter_set_read(&counters->own, true, &from);
        (void)gcr_counter_set_read(&counters->own, false, &to);
        for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
            seen[e][i] = to.value[e] - from.value[e];
    }
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        qsort(seen[e], ROUNDS, sizeof seen[e][0], compare_counts);
        counters->per_interval[e] = seen[e][ROUNDS / 2];
    }
}

static void counters_open(struct gcr_counters *counters)
{
    gcr_counter_set_open(&counters->own, &counters->system, false);
    counters_calibrate(counters);
    if (counters->has_helpers)
        gcr_counter_set_open(&counters->inherited, &counters->system, true);
}

static void counters_close(struct gcr_counters *counters, bool forked)
{
    gcr_counter_set_close(&counters->own, forked);
    if (counters->has_helpers)
        gcr_counter_set_close(&counters->inherited, forked);
}

struct gcr_counters *gcr_counters_create(const struct gcr_counter_system *system, bool helpers)
{
    struct gcr_counters *counters = calloc(1, sizeof *counters);

    if (counters == NULL)
        return NULL;
    counters->system = *system;
    counters->has_helpers = helpers;
    counters_open(counters);
    return counters;
}

void gcr_counters_destroy(struct gcr_counters *counters)
{
    if (counters == NULL)
        return;
    counters_close(counters, false);
    free(counters);
}

void gcr_counters_after_fork(struct gcr_counters *counters)
{
    counters_close(counters, true);
    counters->running = false;
    counters->books = (struct counter_books){0};
    counters_open(counters);
}

/* ---- intervals ---- */

void gcr_counters_begin_lane(struct gcr_counters *counters)
{
    if (!counters->has_helpers)
        return;
    (void)gcr_counter_set_read(&counters->inherited, true, &counters->inherited_at_start);
    (void)gcr_counter_set_read(&counters->own, true, &counters->own_at_start);
}

void gcr_counters_start(struct gcr_counters *counters)
{
    (void)gcr_counter_set_read(&counters->own, true, &counters->base);
    counters->running = true;
}

void gcr_counters_stop(struct gcr_counters *counters, const struct gcr_phases *phases)
{
    struct gcr_counter_reading now;

    if (!counters->running)
        return;
    (void)gcr_counter_set_read(&counters->own, false, &now);
    reading_add_difference(&counters->books.in[phases->in_pause ? 0 : 1][phases->current],
                           &counters->base, &now);
    counters->books.intervals++;
    counters->running = false;
}

void gcr_counters_split(struct gcr_counters *counters, const struct gcr_phases *phases)
{
    if (!counters->running)
        return;
    gcr_counters_stop(counters, phases);
    gcr_counters_start(counters);
}

uint64_t gcr_counters_intervals(const struct gcr_counters *counters)
{
    return counters->books.intervals;
}

/* ---- figures ---- */

/* What all threads counted less what this one did, over the whole lane. */
static void counters_fill_helpers(struct gcr_counters *counters, struct gcr_counter_figure *out)
{
    struct gcr_counter_reading own = {0}, all = {0}, own_now, all_now;

    (void)gcr_counter_set_read(&counters->own, false, &own_now);
    (void)gcr_counter_set_read(&counters->inherited, false, &all_now);
    reading_add_difference(&own, &counters->own_at_start, &own_now);
    reading_add_difference(&all, &counters->inherited_at_start, &all_now);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        uint64_t mine = reading_scaled(&own, e), theirs = reading_scaled(&all, e);

        if (out[e].source == GCR_COUNTER_REFUSED)
            continue;
        if (counters->inherited.source[e] == GCR_COUNTER_REFUSED) {
            out[e].helpers = GCR_COUNTER_UNKNOWN;
            memcpy(out[e].reason, counters->inherited.reason[e], sizeof out[e].reason);
        } else if (mine == GCR_COUNTER_UNKNOWN || theirs == GCR_COUNTER_UNKNOWN) {
            out[e].helpers = GCR_COUNTER_UNKNOWN;
        } else {
            out[e].helpers = theirs > mine ? theirs - mine : 0;
        }
    }
}

static struct gcr_counter_figure counters_refused(const struct gcr_counters *counters, size_t event)
{
    struct gcr_counter_figure figure = {.source = GCR_COUNTER_REFUSED,
                                        .mutator = GCR_COUNTER_UNKNOWN,
                                        .collector = GCR_COUNTER_UNKNOWN,
                                        .outside_pauses = GCR_COUNTER_UNKNOWN,
                                        .helpers = GCR_COUNTER_UNKNOWN,
                                        .per_interval = GCR_COUNTER_UNKNOWN};

    for (size_t p = 0; p < GCR_PHASE_COUNT; p++)
        figure.phase[p] = GCR_COUNTER_UNKNOWN;
    memcpy(figure.reason, counters->own.reason[event], sizeof figure.reason);
    return figure;
}

/* Sums of buckets, each to be scaled by its own share of the time. */
struct counter_sums {
    struct gcr_counter_reading inside, outside, bracketed, all, phase[GCR_PHASE_COUNT];
};

static void counters_sum(const struct gcr_counters *counters, struct counter_sums *sums)
{
    memset(sums, 0, sizeof *sums);
    for (size_t p = 0; p < GCR_PHASE_COUNT; p++) {
        const struct gcr_counter_reading *in = &counters->books.in[0][p];
        const struct gcr_counter_reading *out = &counters->books.in[1][p];

        reading_add(&sums->inside, in);
        reading_add(&sums->outside, out);
        reading_add(&sums->phase[p], in);
        if (p == GCR_PHASE_MUTATOR)
            continue;
        reading_add(&sums->phase[p], out);
        reading_add(&sums->bracketed, out);
    }
    reading_add(&sums->all, &sums->inside);
    reading_add(&sums->all, &sums->outside);
}

static struct gcr_counter_figure counters_figure(const struct gcr_counters *counters,
                                                 const struct counter_sums *sums, size_t event)
{
    uint64_t enabled_ns = sums->all.enabled_ns[event], running_ns = sums->all.running_ns[event];
    struct gcr_counter_figure figure = {
        .source = counters->own.source[event],
        .scaled = running_ns != enabled_ns,
        .counted_ratio = enabled_ns > 0 ? (double)running_ns / (double)enabled_ns : 1.0,
        .mutator = reading_scaled(&sums->outside, event),
        .collector = reading_scaled(&sums->inside, event),
        .outside_pauses = reading_scaled(&sums->bracketed, event),
        .per_interval = counters->per_interval[event],
    };

    for (size_t p = 0; p < GCR_PHASE_COUNT; p++)
        figure.phase[p] = reading_scaled(&sums->phase[p], event);
    memcpy(figure.reason, counters->own.reason[event], sizeof figure.reason);
    return figure;
}

void gcr_counters_figures(struct gcr_counters *counters,
                          struct gcr_counter_figure out[GCR_COUNTER_COUNT])
{
    struct counter_sums sums;

    counters_sum(counters, &sums);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        out[e] = counters->own.source[e] == GCR_COUNTER_REFUSED
                     ? counters_refused(counters, e)
                     : counters_figure(counters, &sums, e);
    if (counters->has_helpers)
        counters_fill_helpers(counters, out);
}
