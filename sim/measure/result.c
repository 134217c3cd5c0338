/* Results: ownership, names, percentiles. */
#include "sim/measure/result.h"

#include <stdlib.h>

const char *const gcr_outcome_name[] = {
    [GCR_OUTCOME_OK] = "ok",
    [GCR_OUTCOME_HEAP_EXHAUSTED] = "heap_exhausted",
    [GCR_OUTCOME_INVALID_TRACE] = "invalid_trace",
    [GCR_OUTCOME_COLLECTOR_FAULT] = "collector_fault",
    [GCR_OUTCOME_FORK_FAILED] = "fork_failed",
    [GCR_OUTCOME_CRASHED] = "crashed",
};

const char *const gcr_cause_name[GCR_CAUSE_COUNT_OF] = {
    [GCR_CAUSE_DATA] = "data",           [GCR_CAUSE_NEW] = "new",
    [GCR_CAUSE_COUNT] = "count",         [GCR_CAUSE_HEADER] = "header",
    [GCR_CAUSE_SIDE] = "side",           [GCR_CAUSE_METADATA] = "metadata",
    [GCR_CAUSE_FREE_LINK] = "free_link", [GCR_CAUSE_MOVE] = "move",
    [GCR_CAUSE_BUFFER] = "buffer",
};

void gcr_lane_result_finish(struct gcr_lane_result *lane)
{
    free(lane->pauses);
    free(lane->samples);
    free(lane->recorded);
    free(lane->requests);
    free(lane->program_phases);
    free(lane->checkpoints);
    free(lane->design);
    free(lane->counters);
    free(lane->cow);
    free(lane->cow_points);
    *lane = (struct gcr_lane_result){0};
}

void gcr_result_finish(struct gcr_result *result)
{
    for (size_t i = 0; i < result->lane_count; i++)
        gcr_lane_result_finish(&result->lanes[i]);
    free(result->lanes);
    for (uint32_t i = 0; i < result->trace.phase_name_count; i++)
        free(result->trace.phase_names[i]);
    free(result->trace.phase_names);
    *result = (struct gcr_result){0};
}

static int result_compare_ns(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* Nearest rank: the smallest value such that at least `percentile` per cent are not above it. */
uint64_t gcr_percentile_ns(uint64_t *values, size_t count, double percentile)
{
    double exact = percentile / 100.0 * (double)count;
    size_t rank = exact > 0 ? (size_t)exact : 0;

    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, result_compare_ns);
    if ((double)rank < exact || rank == 0)
        rank++;
    if (rank > count)
        rank = count;
    return values[rank - 1];
}

size_t gcr_result_pause_count(const struct gcr_result *result)
{
    size_t count = 0;

    for (size_t i = 0; i < result->lane_count; i++)
        count += result->lanes[i].pause_count;
    return count;
}

uint64_t gcr_result_pause_percentile(const struct gcr_result *result, double percentile)
{
    size_t count = gcr_result_pause_count(result), n = 0;
    uint64_t *values = malloc((count + 1) * sizeof *values);
    uint64_t answer;

    if (values == NULL)
        return 0;
    for (size_t i = 0; i < result->lane_count; i++)
        for (size_t j = 0; j < result->lanes[i].pause_count; j++)
            values[n++] = result->lanes[i].pauses[j].length_ns;
    answer = gcr_percentile_ns(values, n, percentile);
    free(values);
    return answer;
}

/* From harmless to serious: what could not run, what the input is to blame for, what the design is.
 */
static int outcome_severity(enum gcr_outcome outcome)
{
    static const int severity[] = {
        [GCR_OUTCOME_OK] = 0,
        [GCR_OUTCOME_FORK_FAILED] = 1,
        [GCR_OUTCOME_HEAP_EXHAUSTED] = 2,
        [GCR_OUTCOME_INVALID_TRACE] = 3,
        [GCR_OUTCOME_COLLECTOR_FAULT] = 4,
        [GCR_OUTCOME_CRASHED] = 5,
    };

    return severity[outcome];
}

const struct gcr_lane_result *gcr_result_worst_lane(const struct gcr_result *result)
{
    const struct gcr_lane_result *worst = NULL;

    for (size_t i = 0; i < result->lane_count; i++)
        if (worst == NULL ||
            outcome_severity(result->lanes[i].outcome) > outcome_severity(worst->outcome))
            worst = &result->lanes[i];
    return worst;
}

bool gcr_result_verified(const struct gcr_result *result)
{
    for (size_t i = 0; i < result->lane_count; i++)
        if (!result->lanes[i].verified)
            return false;
    return result->lane_count > 0;
}

void gcr_design_figures_add(struct gcr_design_figure *sum, size_t count,
                            const struct gcr_lane_result *lane)
{
    if (lane->design_count != count)
        return;
    for (size_t i = 0; i < count; i++) {
        double value = lane->design[i].value;

        if (sum[i].combine == GCR_DESIGN_SUM)
            sum[i].value += value;
        else if (value > sum[i].value)
            sum[i].value = value;
    }
}

void gcr_work_add(struct gcr_work *sum, const struct gcr_work *part)
{
    sum->allocated_objects += part->allocated_objects;
    sum->allocated_bytes += part->allocated_bytes;
    sum->freed_objects += part->freed_objects;
    sum->marked_objects += part->marked_objects;
    sum->copied_objects += part->copied_objects;
    sum->copied_bytes += part->copied_bytes;
    sum->promoted_objects += part->promoted_objects;
    sum->barriers += part->barriers;
    sum->finalized += part->finalized;
}

struct gcr_work gcr_work_since(const struct gcr_work *later, const struct gcr_work *earlier)
{
    return (struct gcr_work){
        .allocated_objects = later->allocated_objects - earlier->allocated_objects,
        .allocated_bytes = later->allocated_bytes - earlier->allocated_bytes,
        .freed_objects = later->freed_objects - earlier->freed_objects,
        .marked_objects = later->marked_objects - earlier->marked_objects,
        .copied_objects = later->copied_objects - earlier->copied_objects,
        .copied_bytes = later->copied_bytes - earlier->copied_bytes,
        .promoted_objects = later->promoted_objects - earlier->promoted_objects,
        .barriers = later->barriers - earlier->barriers,
        .finalized = later->finalized - earlier->finalized,
    };
}
