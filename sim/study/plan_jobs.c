/* The jobs of a study: their names, their order, and which of them cannot be run. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/splitmix.h"
#include "sim/measure/capability_rules.h"
#include "sim/replay/replay.h"
#include "sim/study/plan_parts.h"
#include "sim/study/reference.h"

/* ---- names ---- */

enum { JOB_PART_LETTERS = 80, JOB_MOST = 1000000 };

struct job_part {
    char text[JOB_PART_LETTERS + 1];
};

/* Letters that file names and shells have other uses for become '-'. A long part keeps its
 * beginning and gets a digest (FNV-1a, Fowler, Noll, Vo, 1991) of the whole, so that IDs fit into
 * file names.
 */
static struct job_part job_part(const char *text)
{
    struct job_part part;
    uint32_t digest = 2166136261u;
    for (const char *c = text; *c != '\0'; c++)
        digest = (digest ^ (unsigned char)*c) * 16777619u;
    snprintf(part.text, sizeof part.text, "%s", text);
    if (strlen(text) > JOB_PART_LETTERS)
        snprintf(part.text + JOB_PART_LETTERS - 9, 10, "-%08x", (unsigned)digest);
    for (char *c = part.text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._=+-", *c) == NULL)
            *c = '-';
    if (part.text[0] == '.' || part.text[0] == '-')
        part.text[0] = '_';
    return part;
}

static char *job_id(const struct gcr_plan *plan, const struct gcr_plan_job *job)
{
    struct job_part trace = job_part(plan->traces[job->trace].name);
    struct job_part design = job_part(plan->designs[job->design].name);
    char id[3 * JOB_PART_LETTERS + 64];
    if (job->kind == GCR_JOB_MINHEAP)
        snprintf(id, sizeof id, "%s.%s.minheap", trace.text, design.text);
    else
        snprintf(id, sizeof id, "%s.%s.%s.%s.%u", trace.text, design.text,
                 job_part(plan->heaps[job->heap].word).text, gcr_job_kind_name[job->kind],
                 job->invocation);
    return strdup(id);
}

static int job_compare_ids(const void *a, const void *b)
{
    return strcmp((*(struct gcr_plan_job *const *)a)->id, (*(struct gcr_plan_job *const *)b)->id);
}

/* Two designs may differ only in letters that became '-'. */
static gcr_status job_check_ids(const struct gcr_plan *plan, struct gcr_error *err)
{
    struct gcr_plan_job **sorted = malloc((plan->job_count + 1) * sizeof(struct gcr_plan_job *));
    gcr_status status = sorted != NULL ? GCR_OK : gcr_plan_no_memory(err);
    if (sorted == NULL)
        return status;
    for (size_t i = 0; i < plan->job_count; i++)
        sorted[i] = &plan->jobs[i];
    qsort(sorted, plan->job_count, sizeof(struct gcr_plan_job *), job_compare_ids);
    for (size_t i = 1; i < plan->job_count && status == GCR_OK; i++)
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0)
            status = gcr_fail(err, GCR_USAGE,
                              "two jobs would have the file name %s: their traces or designs "
                              "differ only in letters that file names cannot bear",
                              sorted[i]->id);
    free(sorted);
    return status;
}

/* ---- what cannot be run ---- */

static const char *job_refusal(const struct gcr_plan *plan, const struct gcr_plan_job *job)
{
    const struct gcr_engine *engine = gcr_engine_find(plan->designs[job->design].collector);
    const char *refusal =
        gcr_figure_refusal(GCR_FIGURE_DEATH_DRIVEN, &plan->traces[job->trace].capabilities, false);
    if (gcr_collector_is(gcr_engine_collector(engine), GCR_CAP_NEEDS_DEATHS) && refusal != NULL)
        return refusal;
    if (job->kind == GCR_JOB_CACHE && gcr_engine_twin(engine) == NULL)
        return "it cannot be modelled: its loads and stores are those of a library that was "
               "compiled elsewhere";
    return NULL;
}

static gcr_status job_budget(const struct gcr_plan *plan, struct gcr_plan_job *job,
                             struct gcr_error *err)
{
    const struct gcr_plan_trace *trace = &plan->traces[job->trace];
    const struct gcr_plan_heap *heap = &plan->heaps[job->heap];
    if (heap->size.kind == GCR_HEAP_BYTES)
        job->budget_bytes = heap->size.bytes;
    if (heap->size.kind != GCR_HEAP_LIVE_MULTIPLE)
        return GCR_OK;
    if (trace->peak_live_bytes == 0)
        return gcr_fail(err, GCR_USAGE,
                        "%s: heap %s, a multiple of its peak live bytes, is no heap size: nothing "
                        "is ever live",
                        trace->path, heap->word);
    job->budget_bytes = (uint64_t)(heap->size.factor * (double)trace->peak_live_bytes + 0.5);
    return GCR_OK;
}

static gcr_status job_add(struct gcr_plan *plan, struct gcr_plan_job value, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    if (value.kind != GCR_JOB_MINHEAP)
        status = job_budget(plan, &value, err);
    if (status != GCR_OK)
        return status;
    if (plan->job_count == JOB_MOST)
        return gcr_fail(err, GCR_USAGE, "the study would have more than %d jobs", JOB_MOST);
    const char *refusal = job_refusal(plan, &value);
    struct gcr_plan_job *job = gcr_plan_grow((void **)&plan->jobs, &plan->job_count, sizeof *job);
    if (job == NULL)
        return gcr_plan_no_memory(err);
    *job = value;
    job->id = job_id(plan, job);
    job->refusal = refusal != NULL ? strdup(refusal) : NULL;
    return job->id != NULL && (refusal == NULL || job->refusal != NULL) ? GCR_OK
                                                                        : gcr_plan_no_memory(err);
}

/* ---- order ---- */

/* Fisher and Yates; the bias of the remainder is below 2^-40. */
static void order_shuffle(struct gcr_plan_job *jobs, size_t count, uint64_t seed)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)(gcr_splitmix_next(&seed) % i);
        struct gcr_plan_job held = jobs[i - 1];
        jobs[i - 1] = jobs[k];
        jobs[k] = held;
    }
}

/* A design that never frees is run in its own heap alone, and nothing else is where that heap was
 * added for its sake. */
static bool job_is_apart(const struct gcr_plan *plan, const struct gcr_plan_job *job)
{
    bool never_frees = gcr_collector_never_frees(plan->designs[job->design].collector);
    if (job->kind == GCR_JOB_MINHEAP)
        return never_frees;
    const struct gcr_plan_heap *heap = &plan->heaps[job->heap];
    return never_frees ? heap->size.kind != GCR_HEAP_NATIVE : heap->for_bounds;
}

/* One invocation of every configuration, shuffled. */
static gcr_status job_add_round(struct gcr_plan *plan, enum gcr_job_kind kind, unsigned invocation,
                                struct gcr_error *err)
{
    size_t first = plan->job_count;
    size_t heaps = kind == GCR_JOB_MINHEAP ? 1 : plan->heap_count;
    gcr_status status = GCR_OK;
    for (size_t t = 0; t < plan->trace_count; t++)
        for (size_t d = 0; d < plan->design_count; d++)
            for (size_t h = 0; h < heaps && status == GCR_OK; h++) {
                struct gcr_plan_job job = {
                    .trace = t, .design = d, .heap = h, .kind = kind, .invocation = invocation};
                if (!job_is_apart(plan, &job))
                    status = job_add(plan, job, err);
            }
    if (status == GCR_OK)
        order_shuffle(plan->jobs + first, plan->job_count - first,
                      plan->seed ^ ((uint64_t)invocation << 40) ^ ((uint64_t)kind << 60));
    return status;
}

gcr_status gcr_plan_add_jobs(struct gcr_plan *plan, struct gcr_error *err)
{
    bool needs_minimum = false;
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < plan->heap_count; i++)
        needs_minimum = needs_minimum || plan->heaps[i].size.kind == GCR_HEAP_MINIMUM_MULTIPLE;
    if (needs_minimum)
        status = job_add_round(plan, GCR_JOB_MINHEAP, 1, err);
    for (unsigned i = 1; plan->is_timed && i <= plan->invocations && status == GCR_OK; i++)
        status = job_add_round(plan, GCR_JOB_TIMED, i, err);
    if (plan->is_cache && status == GCR_OK)
        status = job_add_round(plan, GCR_JOB_CACHE, 1, err);
    return status == GCR_OK ? job_check_ids(plan, err) : status;
}
