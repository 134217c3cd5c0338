/* Whether a study was only added to: every job of the older plan must be in the newer one. */
#include <stdlib.h>
#include <string.h>

#include "sim/study/plan_parts.h"

static const struct gcr_plan_trace *extends_trace(const struct gcr_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->trace_count; i++)
        if (strcmp(plan->traces[i].name, name) == 0)
            return &plan->traces[i];
    return NULL;
}

static gcr_status extends_traces(const struct gcr_plan *older, const struct gcr_plan *newer,
                                 struct gcr_error *err)
{
    for (size_t i = 0; i < older->trace_count; i++) {
        const struct gcr_plan_trace *was = &older->traces[i];
        const struct gcr_plan_trace *is = extends_trace(newer, was->name);
        if (is == NULL)
            return gcr_fail(err, GCR_USAGE, "trace %s is no longer in it", was->name);
        if (strcmp(was->digest, is->digest) != 0)
            return gcr_fail(err, GCR_USAGE, "trace %s is another one: digest %s, not %s (%s)",
                            was->name, is->digest, was->digest, is->path);
    }
    return GCR_OK;
}

static gcr_status extends_designs(const struct gcr_plan *older, const struct gcr_plan *newer,
                                  struct gcr_error *err)
{
    for (size_t i = 0; i < older->design_count; i++) {
        const struct gcr_plan_design *was = &older->designs[i];
        size_t k = 0;
        while (k < newer->design_count && strcmp(newer->designs[k].name, was->name) != 0)
            k++;
        if (k == newer->design_count)
            return gcr_fail(err, GCR_USAGE, "design %s is no longer in it", was->name);
        if (!json_equal(newer->designs[k].options, was->options))
            return gcr_fail(err, GCR_USAGE,
                            "the options of design %s are resolved to other values here",
                            was->name);
    }
    return GCR_OK;
}

static gcr_status extends_heaps(const struct gcr_plan *older, const struct gcr_plan *newer,
                                struct gcr_error *err)
{
    for (size_t i = 0; i < older->heap_count; i++) {
        size_t k = 0;
        while (k < newer->heap_count && strcmp(newer->heaps[k].word, older->heaps[i].word) != 0)
            k++;
        if (k == newer->heap_count)
            return gcr_fail(err, GCR_USAGE, "heap %s is no longer in it", older->heaps[i].word);
    }
    return GCR_OK;
}

static gcr_status extends_settings(const struct gcr_plan *older, const struct gcr_plan *newer,
                                   struct gcr_error *err)
{
    if (older->seed != newer->seed)
        return gcr_fail(err, GCR_USAGE, "its seed was %llu", (unsigned long long)older->seed);
    if (older->verify != newer->verify)
        return gcr_fail(err, GCR_USAGE, "verify was %s", older->verify ? "on" : "off");
    if (older->is_timed && !newer->is_timed)
        return gcr_fail(err, GCR_USAGE, "mode timed is no longer in it");
    if (older->is_cache && !newer->is_cache)
        return gcr_fail(err, GCR_USAGE, "mode cache is no longer in it");
    if (newer->invocations < older->invocations)
        return gcr_fail(err, GCR_USAGE, "it had %u invocations", older->invocations);
    return GCR_OK;
}

/* ---- jobs ---- */

static int extends_compare(const void *a, const void *b)
{
    return strcmp((*(const struct gcr_plan_job *const *)a)->id,
                  (*(const struct gcr_plan_job *const *)b)->id);
}

/* With traces, designs, heaps and settings all there, only odd names can still go wrong. */
static gcr_status extends_jobs(const struct gcr_plan *older, const struct gcr_plan *newer,
                               struct gcr_error *err)
{
    const struct gcr_plan_job **sorted =
        malloc((newer->job_count + 1) * sizeof(const struct gcr_plan_job *));
    gcr_status status = sorted != NULL ? GCR_OK : gcr_plan_no_memory(err);
    if (sorted == NULL)
        return status;
    for (size_t i = 0; i < newer->job_count; i++)
        sorted[i] = &newer->jobs[i];
    qsort(sorted, newer->job_count, sizeof(const struct gcr_plan_job *), extends_compare);
    for (size_t i = 0; i < older->job_count && status == GCR_OK; i++) {
        const struct gcr_plan_job *was = &older->jobs[i];
        const struct gcr_plan_job *const *is = bsearch(
            &was, sorted, newer->job_count, sizeof(const struct gcr_plan_job *), extends_compare);
        if (is == NULL)
            status = gcr_fail(err, GCR_USAGE, "job %s is no longer in it", was->id);
        else if (strcmp(older->traces[was->trace].digest, newer->traces[(*is)->trace].digest) !=
                     0 ||
                 strcmp(older->designs[was->design].name, newer->designs[(*is)->design].name) != 0)
            status = gcr_fail(err, GCR_USAGE, "job %s would mean something else", was->id);
    }
    free(sorted);
    return status;
}

gcr_status gcr_plan_check_extends(const struct gcr_plan *older, const struct gcr_plan *newer,
                                  struct gcr_error *err)
{
    gcr_status status = extends_settings(older, newer, err);
    if (status == GCR_OK)
        status = extends_traces(older, newer, err);
    if (status == GCR_OK)
        status = extends_designs(older, newer, err);
    if (status == GCR_OK)
        status = extends_heaps(older, newer, err);
    return status == GCR_OK ? extends_jobs(older, newer, err) : status;
}
