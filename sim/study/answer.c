#include "sim/study/answer.h"
#include "sim/study/median.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/answer_parts.h"
#include "sim/study/estimate.h"

/* ---- what the parts share ---- */

const struct gcr_point *gcr_scope_point(const struct gcr_contest_scope *scope, size_t i,
                                        const char *design, const char *heap)
{
    const char *trace = scope->dataset->traces[scope->first + i].name;
    return gcr_dataset_find(scope->dataset, trace, design, heap, scope->answer->mode);
}

bool gcr_point_stands(const struct gcr_point *point, enum gcr_metric_id metric)
{
    return point != NULL && point->ok_count == point->run_count &&
           isfinite(gcr_point_median(point, metric));
}

double gcr_point_median(const struct gcr_point *point, enum gcr_metric_id metric)
{
    struct gcr_estimate_values of;
    if (!gcr_estimate_values(point, metric, &of))
        return (double)NAN;
    double median = gcr_median(of.values, of.count);
    free(of.values);
    return median;
}

/* ---- what is asked ---- */

static bool answer_knows(const struct gcr_dataset *dataset, enum gcr_metric_id metric,
                         enum gcr_study_mode mode, const char *heap)
{
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        if (point->mode != mode || (heap != NULL && strcmp(point->heap, heap) != 0))
            continue;
        for (size_t k = 0; k < point->run_count; k++)
            if (isfinite(point->runs[k].value[metric]))
                return true;
    }
    return false;
}

/* Timed runs before modelled ones. */
static bool answer_choose_mode(const struct gcr_dataset *dataset, enum gcr_metric_id metric,
                               enum gcr_study_mode *mode)
{
    *mode = GCR_STUDY_TIMED;
    if (gcr_metric_is_of(metric, *mode) && answer_knows(dataset, metric, *mode, NULL))
        return true;
    *mode = GCR_STUDY_CACHE;
    return gcr_metric_is_of(metric, *mode) && answer_knows(dataset, metric, *mode, NULL);
}

static gcr_status answer_choose(const struct gcr_dataset *dataset, struct gcr_answer *answer,
                                struct gcr_error *err)
{
    static const enum gcr_metric_id choices[] = {GCR_METRIC_TIME, GCR_METRIC_LLC_MISSES,
                                                 GCR_METRIC_PEAK};
    bool is_known = false;
    if (answer->metric < GCR_METRIC_COUNT)
        is_known = answer_choose_mode(dataset, answer->metric, &answer->mode);
    for (size_t i = 0; answer->metric == GCR_METRIC_COUNT && i < GCR_COUNT_OF(choices); i++) {
        is_known = answer_choose_mode(dataset, choices[i], &answer->mode);
        if (is_known)
            answer->metric = choices[i];
    }
    if (!is_known)
        return gcr_fail(err, GCR_USAGE, "%s: no run knows %s", dataset->directory,
                        answer->metric < GCR_METRIC_COUNT ? gcr_metrics[answer->metric].name
                                                          : "a time, misses or a footprint");
    if (gcr_metrics[answer->metric].sense == GCR_NEITHER_IS_BETTER)
        return gcr_fail(err, GCR_USAGE, "%s: neither less nor more of it is better",
                        gcr_metrics[answer->metric].name);
    return GCR_OK;
}

static gcr_status answer_choose_heap(const struct gcr_dataset *dataset, struct gcr_answer *answer,
                                     const char *heap, struct gcr_error *err)
{
    if (heap == NULL)
        heap = gcr_heap_nearest(dataset, answer->mode, 2);
    for (size_t i = 0; i < dataset->point_count; i++)
        if (dataset->points[i].mode == answer->mode && strcmp(dataset->points[i].heap, heap) == 0) {
            answer->heap = dataset->points[i].heap;
            return GCR_OK;
        }
    return gcr_fail(err, GCR_USAGE, "%s: there are no %s results with a heap of '%.64s'",
                    dataset->directory, gcr_study_mode_name[answer->mode], heap);
}

/* ---- the answer ---- */

static void answer_find_contest(const struct gcr_dataset *dataset, const struct gcr_answer *answer,
                                size_t first, size_t traces, struct gcr_contest *contest)
{
    const struct gcr_contest_scope scope = {dataset, answer, first, traces};
    *contest = (struct gcr_contest){.trace = traces == 1 ? dataset->traces[first].name : ""};
    gcr_contest_find_standings(&scope, contest);
    gcr_contest_find_front(&scope, contest);
    gcr_contest_say(&scope, contest);
}

static void answer_find_contests(const struct gcr_dataset *dataset, struct gcr_answer *answer)
{
    size_t traces = dataset->trace_count;
    answer->contests = gcr_dataset_array(answer->memory, traces + 1, sizeof *answer->contests);
    if (answer->contests == NULL)
        return;
    if (traces > 1)
        answer_find_contest(dataset, answer, 0, traces, &answer->contests[answer->contest_count++]);
    for (size_t i = 0; i < traces; i++)
        answer_find_contest(dataset, answer, i, 1, &answer->contests[answer->contest_count++]);
}

gcr_status gcr_answer_find(const struct gcr_dataset *dataset, enum gcr_metric_id metric,
                           const char *heap, struct gcr_answer **out, struct gcr_error *err)
{
    struct gcr_dataset_memory *memory = gcr_dataset_memory_create();
    struct gcr_answer *answer =
        memory != NULL ? gcr_dataset_array(memory, 1, sizeof *answer) : NULL;
    if (answer == NULL) {
        gcr_dataset_memory_destroy(memory);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the answer");
    }
    *answer = (struct gcr_answer){.metric = metric, .memory = memory};
    gcr_status status = answer_choose(dataset, answer, err);
    if (status == GCR_OK)
        status = answer_choose_heap(dataset, answer, heap, err);
    if (status == GCR_OK) {
        answer_find_contests(dataset, answer);
        gcr_answer_note(dataset, answer);
        if (gcr_dataset_memory_failed(memory))
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory for the answer");
    }
    if (status == GCR_OK)
        *out = answer;
    else
        gcr_dataset_memory_destroy(memory);
    return status;
}

void gcr_answer_close(struct gcr_answer *answer)
{
    if (answer != NULL)
        gcr_dataset_memory_destroy(answer->memory);
}
