#include "sim/study/standing.h"

#include <stdlib.h>
#include <string.h>

#include "sim/study/job_document.h"
#include "sim/study/plan_parts.h"

static size_t standing_configuration(const struct gcr_plan *plan, const struct gcr_plan_job *job)
{
    return (((size_t)job->kind * plan->trace_count + job->trace) * plan->design_count +
            job->design) *
               plan->heap_count +
           job->heap;
}

gcr_status gcr_standing_init(struct gcr_standing *standing, const struct gcr_plan *plan,
                             struct gcr_error *err)
{
    size_t configurations =
        GCR_JOB_KINDS * plan->trace_count * plan->design_count * plan->heap_count;
    *standing = (struct gcr_standing){.plan = plan};
    standing->is_done = calloc(plan->job_count + 1, sizeof *standing->is_done);
    standing->costs = calloc(configurations + 1, sizeof *standing->costs);
    if (standing->is_done != NULL && standing->costs != NULL)
        return GCR_OK;
    gcr_standing_finish(standing);
    return gcr_plan_no_memory(err);
}

void gcr_standing_finish(struct gcr_standing *standing)
{
    free(standing->is_done);
    free(standing->costs);
}

bool gcr_outcome_is_accident(const char *outcome)
{
    return strcmp(outcome, "crashed") == 0 || strcmp(outcome, "failed") == 0 ||
           strcmp(outcome, "timeout") == 0;
}

void gcr_standing_note(struct gcr_standing *standing, size_t job, double seconds)
{
    const struct gcr_plan_job *done = &standing->plan->jobs[job];
    struct gcr_standing_cost *cost = &standing->costs[standing_configuration(standing->plan, done)];
    standing->done += !standing->is_done[job];
    standing->is_done[job] = true;
    if (seconds <= 0)
        return;
    cost->sum_s += seconds;
    cost->count++;
    standing->kinds[done->kind].sum_s += seconds;
    standing->kinds[done->kind].count++;
}

void gcr_standing_read(struct gcr_standing *standing, const char *directory, bool retry_failed)
{
    for (size_t i = 0; i < standing->plan->job_count; i++) {
        const struct gcr_plan_job *job = &standing->plan->jobs[i];
        double seconds = 0;
        char *outcome = gcr_job_document_outcome(directory, job, &seconds);
        /* Refused, but not by the plan: its search for a heap had failed. */
        bool is_accident =
            outcome != NULL && (gcr_outcome_is_accident(outcome) ||
                                (strcmp(outcome, "refused") == 0 && job->refusal == NULL));
        if (outcome != NULL && !(retry_failed && is_accident))
            gcr_standing_note(standing, i, seconds);
        free(outcome);
    }
}

double gcr_standing_expect(const struct gcr_standing *standing, size_t job)
{
    const struct gcr_plan_job *asked = &standing->plan->jobs[job];
    const struct gcr_standing_cost *cost =
        &standing->costs[standing_configuration(standing->plan, asked)];
    if (cost->count == 0)
        cost = &standing->kinds[asked->kind];
    return cost->count > 0 ? cost->sum_s / (double)cost->count : 0;
}

double gcr_standing_left(const struct gcr_standing *standing, unsigned at_a_time, size_t *known)
{
    const struct gcr_plan *plan = standing->plan;
    double left_s = 0;
    *known = 0;
    for (size_t i = 0; i < plan->job_count; i++) {
        const struct gcr_plan_job *job = &plan->jobs[i];
        if (standing->is_done[i] || job->refusal != NULL)
            continue;
        *known += standing->costs[standing_configuration(plan, job)].count > 0;
        left_s += gcr_standing_expect(standing, i) /
                  (job->kind == GCR_JOB_TIMED || at_a_time == 0 ? 1 : at_a_time);
    }
    return left_s;
}
