#include "sim/study/difference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sim/study/estimate.h"

const char *const gcr_change_name[] = {
    [GCR_CHANGE_WORSE] = "worse",         [GCR_CHANGE_BETTER] = "better",
    [GCR_CHANGE_DIFFERENT] = "different", [GCR_CHANGE_UNSURE] = "unsure",
    [GCR_CHANGE_NONE] = "unchanged",      [GCR_CHANGE_UNKNOWN] = "unknown",
};

/* ---- one figure ---- */

/* Of a figure that moved. */
static enum gcr_change_kind change_direction(const struct gcr_change *change)
{
    bool rose = change->after.median > change->before.median;
    switch (gcr_metrics[change->metric].sense) {
    case GCR_LESS_IS_BETTER:
        return rose ? GCR_CHANGE_WORSE : GCR_CHANGE_BETTER;
    case GCR_MORE_IS_BETTER:
        return rose ? GCR_CHANGE_BETTER : GCR_CHANGE_WORSE;
    case GCR_NEITHER_IS_BETTER:
        break;
    }
    return GCR_CHANGE_DIFFERENT;
}

/* From nothing to something is beyond every threshold, and has no ratio whose interval could be
 * looked at: the runs of both sides must lie apart. */
static enum gcr_change_kind change_from_nothing(const struct gcr_change *change)
{
    const struct gcr_summary *before = &change->before, *after = &change->after;
    bool is_apart = before->most < after->least || after->most < before->least;
    return change->is_exact || (is_apart && before->count > 1 && after->count > 1)
               ? change_direction(change)
               : GCR_CHANGE_UNSURE;
}

static enum gcr_change_kind change_kind(const struct gcr_change *change,
                                        const struct gcr_difference_rules *rules)
{
    double threshold = change->is_exact ? rules->counted : rules->measured;
    if (isnan(change->before.median) || isnan(change->after.median))
        return GCR_CHANGE_UNKNOWN;
    if (change->before.median == change->after.median)
        return GCR_CHANGE_NONE;
    if (change->before.median == 0)
        return change_from_nothing(change);
    if (!(fabs(change->ratio.value - 1) > threshold))
        return GCR_CHANGE_NONE;
    if (change->is_exact)
        return change_direction(change);
    switch (gcr_verdict_of(&change->ratio)) {
    case GCR_VERDICT_LESS:
    case GCR_VERDICT_MORE:
        return change_direction(change);
    case GCR_VERDICT_SAME:
        return GCR_CHANGE_NONE;
    case GCR_VERDICT_UNSURE:
    case GCR_VERDICT_UNKNOWN:
        break;
    }
    return GCR_CHANGE_UNSURE;
}

/* Runs of one side that are not equal show that a figure does not repeat, whatever is said of it.
 */
static bool change_is_exact(const struct gcr_change *change)
{
    return gcr_estimate_is_exact(change->a, change->metric) &&
           gcr_estimate_is_exact(change->b, change->metric) &&
           change->before.least == change->before.most && change->after.least == change->after.most;
}

static void difference_add(struct gcr_difference *out, const struct gcr_change *change)
{
    out->changes[out->count++] = *change;
    out->kinds[change->kind]++;
}

static void difference_add_figure(struct gcr_difference *out, const struct gcr_point *a,
                                  const struct gcr_point *b, enum gcr_metric_id metric,
                                  const struct gcr_difference_rules *rules)
{
    struct gcr_change change = {.a = a, .b = b, .metric = metric};
    change.before = gcr_estimate_summary(out->a, a, metric);
    change.after = gcr_estimate_summary(out->b, b, metric);
    if (isnan(change.before.median) && isnan(change.after.median))
        return;
    change.ratio = gcr_estimate_ratio(out->b, b, a, metric);
    change.is_exact = change_is_exact(&change);
    change.kind = change_kind(&change, rules);
    difference_add(out, &change);
}

/* ---- outcomes ---- */

static const char *point_outcome(const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++)
        if (!point->runs[i].is_ok)
            return point->runs[i].outcome;
    return "ok";
}

/* Of completed runs in all runs. */
static double point_success(const struct gcr_point *point)
{
    return point->run_count > 0 ? (double)point->ok_count / (double)point->run_count : 0;
}

/* A design that completed always and now fails, or that now always fails, became worse; between
 * some failures and others is chance. */
static enum gcr_change_kind outcome_kind(const struct gcr_change *change)
{
    double before = point_success(change->a), after = point_success(change->b);
    if (before == after)
        return strcmp(change->outcome_a, change->outcome_b) == 0 ? GCR_CHANGE_NONE
                                                                 : GCR_CHANGE_DIFFERENT;
    if (after == 0 || before == 1)
        return GCR_CHANGE_WORSE;
    return before == 0 || after == 1 ? GCR_CHANGE_BETTER : GCR_CHANGE_UNSURE;
}

static void difference_add_outcome(struct gcr_difference *out, const struct gcr_point *a,
                                   const struct gcr_point *b)
{
    const double nan = (double)NAN;
    const struct gcr_summary none = {0, nan, nan, nan, nan, nan, {nan, nan}, {nan, nan}};
    struct gcr_change change = {.a = a,
                                .b = b,
                                .metric = GCR_METRIC_COUNT,
                                .before = none,
                                .after = none,
                                .ratio = {nan, {nan, nan}},
                                .outcome_a = point_outcome(a),
                                .outcome_b = point_outcome(b)};
    change.kind = outcome_kind(&change);
    difference_add(out, &change);
}

/* ---- all pairs ---- */

static bool difference_is_of_single_results(const struct gcr_difference *difference)
{
    return difference->a->study == NULL && difference->b->study == NULL &&
           difference->a->point_count == 1 && difference->b->point_count == 1;
}

static const struct gcr_point *difference_partner(const struct gcr_difference *difference,
                                                  const struct gcr_dataset *in,
                                                  const struct gcr_point *of)
{
    GCR_CHECK(1, of != NULL);
    if (difference_is_of_single_results(difference))
        return &in->points[0];
    return gcr_dataset_find(in, of->trace, of->design, of->heap, of->mode);
}

static void difference_add_pair(struct gcr_difference *out, const struct gcr_point *a,
                                const struct gcr_point *b, const struct gcr_difference_rules *rules)
{
    out->pair_count++;
    difference_add_outcome(out, a, b);
    for (enum gcr_metric_id i = 0; i < GCR_METRIC_COUNT; i++)
        if (rules->is_asked[i])
            difference_add_figure(out, a, b, i, rules);
}

static void difference_fill(struct gcr_difference *out, const struct gcr_difference_rules *rules)
{
    for (size_t i = 0; i < out->a->point_count; i++) {
        const struct gcr_point *a = &out->a->points[i];
        const struct gcr_point *b = difference_partner(out, out->b, a);
        if (b != NULL)
            difference_add_pair(out, a, b, rules);
        else
            out->only_a[out->only_a_count++] = a;
    }
    for (size_t i = 0; i < out->b->point_count; i++) {
        const struct gcr_point *b = &out->b->points[i];
        if (difference_partner(out, out->a, b) == NULL)
            out->only_b[out->only_b_count++] = b;
    }
}

/* ---- order ---- */

/* How far a figure moved; from nothing to something, and an outcome, is farthest. */
static double change_size(const struct gcr_change *change)
{
    if (change->metric == GCR_METRIC_COUNT)
        return (double)INFINITY;
    double size = fabs(log(change->ratio.value));
    return isnan(size) ? (double)INFINITY : size;
}

/* What is left equal stays in the order of the datasets. */
static int change_compare(const void *left, const void *right)
{
    const struct gcr_change *x = left, *y = right;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    double a = change_size(x), b = change_size(y);
    if (a != b && x->kind <= GCR_CHANGE_UNSURE)
        return a > b ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->metric > y->metric) - (x->metric < y->metric);
}

gcr_status gcr_difference_find(const struct gcr_dataset *a, const struct gcr_dataset *b,
                               const struct gcr_difference_rules *rules, struct gcr_difference *out,
                               struct gcr_error *err)
{
    *out = (struct gcr_difference){
        .a = a,
        .b = b,
        .changes = calloc(a->point_count + 1, (GCR_METRIC_COUNT + 1) * sizeof *out->changes),
        .only_a = calloc(a->point_count + 1, sizeof *out->only_a),
        .only_b = calloc(b->point_count + 1, sizeof *out->only_b),
    };
    gcr_status status = GCR_OK;
    if (out->changes == NULL || out->only_a == NULL || out->only_b == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for the difference");
    if (status == GCR_OK) {
        difference_fill(out, rules);
        if (out->pair_count == 0)
            status =
                gcr_fail(err, GCR_USAGE,
                         "%s and %s have no configuration (trace, design, heap, mode) in common",
                         a->directory, b->directory);
    }
    if (status != GCR_OK)
        gcr_difference_finish(out);
    else
        qsort(out->changes, out->count, sizeof *out->changes, change_compare);
    return status;
}

void gcr_difference_finish(struct gcr_difference *difference)
{
    free(difference->changes);
    free(difference->only_a);
    free(difference->only_b);
    *difference = (struct gcr_difference){0};
}
