/* Plans: making, looking up, giving back. */
#include "sim/study/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/plan_parts.h"

const char *const gcr_job_kind_name[GCR_JOB_KINDS] = {"timed", "cache", "minheap"};

gcr_status gcr_plan_no_memory(struct gcr_error *err)
{
    return gcr_fail(err, GCR_NO_MEMORY, "no memory for the study's plan");
}

void *gcr_plan_grow(void **array, size_t *count, size_t element_bytes)
{
    char *grown = realloc(*array, (*count + 1) * element_bytes);
    if (grown == NULL)
        return NULL;
    *array = grown;
    void *element = grown + (*count)++ * element_bytes;
    return memset(element, 0, element_bytes);
}

static gcr_status plan_take_settings(struct gcr_plan *plan, const struct gcr_study_file *file,
                                     struct gcr_error *err)
{
    *plan = (struct gcr_plan){.seed = file->seed,
                              .invocations = file->invocations,
                              .timeout_s = file->timeout_s,
                              .verify = file->verify,
                              .is_timed = file->is_timed,
                              .is_cache = file->is_cache};
    plan->question = strdup(file->question);
    plan->baseline = strdup(file->baseline.text != NULL ? file->baseline.text : "");
    if (plan->question == NULL || plan->baseline == NULL)
        return gcr_plan_no_memory(err);
#ifndef GCR_HAVE_MODEL
    if (file->is_cache)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "%s: mode cache: this build has no cache model (it needs gcc without "
                        "ThreadSanitizer)",
                        file->path);
#endif
    json_t *question = json_string(plan->question);
    json_decref(question);
    return question != NULL ? GCR_OK
                            : gcr_fail(err, GCR_USAGE, "%s: the question is not UTF-8", file->path);
}

static gcr_status plan_check_baseline(const struct gcr_plan *plan,
                                      const struct gcr_study_file *file, struct gcr_error *err)
{
    if (file->baseline.text == NULL)
        return GCR_OK;
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < plan->design_count; i++) {
        if (strcmp(plan->designs[i].name, plan->baseline) == 0 ||
            strcmp(plan->designs[i].collector, plan->baseline) == 0)
            return GCR_OK;
        if (used < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                                     plan->designs[i].name);
    }
    return gcr_study_file_fail(file, file->baseline.line, err,
                               "baseline '%.64s' is no design of this study; these are: %s%s",
                               plan->baseline, known, used >= sizeof known ? "..." : "");
}

gcr_status gcr_plan_make(const struct gcr_plan_source *source, struct gcr_plan **out,
                         struct gcr_error *err)
{
    struct gcr_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL)
        return gcr_plan_no_memory(err);
    gcr_status status = plan_take_settings(plan, source->file, err);
    if (status == GCR_OK)
        status = gcr_plan_add_designs(plan, source->file, err);
    if (status == GCR_OK)
        status = plan_check_baseline(plan, source->file, err);
    if (status == GCR_OK)
        status = gcr_plan_add_heaps(plan, source->file, err);
    if (status == GCR_OK)
        status = gcr_plan_add_traces(plan, source, err);
    if (status == GCR_OK)
        status = gcr_plan_add_jobs(plan, err);
    if (status != GCR_OK)
        gcr_plan_destroy(plan);
    else
        *out = plan;
    return status;
}

void gcr_plan_destroy(struct gcr_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->trace_count; i++) {
        free(plan->traces[i].name);
        free(plan->traces[i].path);
    }
    for (size_t i = 0; i < plan->design_count; i++) {
        free(plan->designs[i].name);
        free(plan->designs[i].collector);
        json_decref(plan->designs[i].options);
    }
    for (size_t i = 0; i < plan->heap_count; i++)
        free(plan->heaps[i].word);
    for (size_t i = 0; i < plan->job_count; i++) {
        free(plan->jobs[i].id);
        free(plan->jobs[i].refusal);
    }
    json_decref(plan->environment);
    json_decref(plan->machine);
    free(plan->traces);
    free(plan->designs);
    free(plan->heaps);
    free(plan->jobs);
    free(plan->question);
    free(plan->baseline);
    free(plan);
}

struct gcr_plan_job *gcr_plan_find(const struct gcr_plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->job_count; i++)
        if (strcmp(plan->jobs[i].id, id) == 0)
            return &plan->jobs[i];
    return NULL;
}

struct gcr_plan_job *gcr_plan_minheap_of(const struct gcr_plan *plan,
                                         const struct gcr_plan_job *job)
{
    if (job->kind == GCR_JOB_MINHEAP ||
        plan->heaps[job->heap].size.kind != GCR_HEAP_MINIMUM_MULTIPLE)
        return NULL;
    for (size_t i = 0; i < plan->job_count; i++)
        if (plan->jobs[i].kind == GCR_JOB_MINHEAP && plan->jobs[i].trace == job->trace &&
            plan->jobs[i].design == job->design)
            return &plan->jobs[i];
    return NULL;
}
