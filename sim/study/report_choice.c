#include "sim/study/report_choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/study/answer.h"

/* Appends ", word", as long as it fits. */
static void choice_list(char *out, size_t size, const char *word)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", word);
}

static bool choice_is_known(const struct gcr_dataset *dataset, enum gcr_metric_id metric)
{
    for (size_t i = 0; i < dataset->point_count; i++)
        for (size_t k = 0; k < dataset->points[i].run_count; k++)
            if (isfinite(dataset->points[i].runs[k].value[metric]))
                return true;
    return false;
}

gcr_status gcr_report_choose_metric(const struct gcr_dataset *dataset, const char *name,
                                    enum gcr_metric_id *out, struct gcr_error *err)
{
    char known[400] = "";
    *out = GCR_METRIC_TIME;
    if (name == NULL) {
        while (*out < GCR_METRIC_COUNT && !choice_is_known(dataset, *out))
            ++*out;
        if (*out == GCR_METRIC_COUNT) /* every run failed: a report without figures */
            *out = GCR_METRIC_TIME;
        return GCR_OK;
    }
    *out = gcr_metric_find(name);
    if (*out < GCR_METRIC_COUNT && choice_is_known(dataset, *out))
        return GCR_OK;
    bool exists = *out < GCR_METRIC_COUNT;
    for (enum gcr_metric_id i = 0; i < GCR_METRIC_COUNT; i++)
        if (exists ? choice_is_known(dataset, i) : true)
            choice_list(known, sizeof known, gcr_metrics[i].name);
    return gcr_fail(err, GCR_USAGE, "%s '%s'; %s: %s",
                    exists ? "no run knows the metric" : "there is no metric", name,
                    exists ? "they know" : "there are", known);
}

/* Index of a heap size; heap_count if there is none of that name. */
static size_t choice_find_heap(const struct gcr_dataset *dataset, const char *name)
{
    size_t i = 0;
    while (i < dataset->heap_count && strcmp(dataset->heaps[i], name) != 0)
        i++;
    return i;
}

gcr_status gcr_report_choose_heap(const struct gcr_dataset *dataset, const char *name,
                                  enum gcr_metric_id metric, size_t *out, struct gcr_error *err)
{
    char known[256] = "";
    bool is_modelled = gcr_metrics[metric].mode == GCR_OF_CACHE;
    if (name != NULL) {
        *out = choice_find_heap(dataset, name);
    } else {
        *out = choice_find_heap(
            dataset, gcr_heap_nearest(dataset, is_modelled ? GCR_STUDY_CACHE : GCR_STUDY_TIMED, 2));
        if (*out == dataset->heap_count) /* no run of that mode */
            *out = 0;
    }
    if (*out < dataset->heap_count)
        return GCR_OK;
    for (size_t i = 0; i < dataset->heap_count; i++)
        choice_list(known, sizeof known, dataset->heaps[i]);
    return gcr_fail(err, GCR_USAGE, "no run has the heap size '%s'; there are: %s",
                    name != NULL ? name : "", known);
}
