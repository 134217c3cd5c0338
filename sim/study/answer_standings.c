/* Who stands in a contest, in which order, and how far from the best. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/answer_parts.h"
#include "sim/study/estimate.h"
#include "sim/study/reference.h"

enum standing_class { STANDS, STANDS_BESIDE, FAILED };

struct standing_entry {
    struct gcr_standing standing;
    enum standing_class class;
    double key;                      /* ascending: better first */
    size_t number;                   /* in the study's order */
    const struct gcr_point **points; /* one a trace */
};

/* ---- failures ---- */

/* Why a configuration does not stand, in words; NULL: it does. */
static const char *standing_trouble(struct gcr_dataset_memory *memory,
                                    const struct gcr_point *point, enum gcr_metric_id metric)
{
    if (point == NULL)
        return "no result";
    if (gcr_point_stands(point, metric))
        return NULL;
    for (size_t i = 0; i < point->run_count; i++) {
        if (point->runs[i].is_ok)
            continue;
        char outcome[32];
        snprintf(outcome, sizeof outcome, "%s", point->runs[i].outcome);
        for (char *c = outcome; (c = strchr(c, '_')) != NULL;)
            *c = ' ';
        return point->ok_count == 0
                   ? gcr_dataset_text(memory, outcome)
                   : gcr_dataset_format(memory, "%s in %zu of %zu runs", outcome,
                                        point->run_count - point->ok_count, point->run_count);
    }
    return "not measured";
}

/* "heap exhausted on a, no result on b"; of one trace without its name. */
static const char *standing_failure(const struct gcr_contest_scope *scope,
                                    const struct standing_entry *entry)
{
    enum { MOST_TRACES = 4 };
    struct gcr_dataset_memory *memory = scope->answer->memory;
    const char *text = "";
    size_t failed = 0;
    for (size_t i = 0; i < scope->trace_count; i++) {
        const char *trouble = standing_trouble(memory, entry->points[i], scope->answer->metric);
        if (trouble == NULL || failed++ >= MOST_TRACES)
            continue;
        const char *trace = scope->dataset->traces[scope->first + i].name;
        text = scope->trace_count == 1
                   ? trouble
                   : gcr_dataset_format(memory, "%s%s%s on %s", text, *text != '\0' ? ", " : "",
                                        trouble, trace);
    }
    return failed > MOST_TRACES
               ? gcr_dataset_format(memory, "%s, and on %zu more", text, failed - MOST_TRACES)
               : text;
}

/* ---- order ---- */

/* The logarithm of the product of medians: of the same order as their geometric mean, and for one
 * trace as the median itself. */
static double standing_key(const struct gcr_contest_scope *scope,
                           const struct standing_entry *entry)
{
    double sum = 0;
    for (size_t i = 0; i < scope->trace_count; i++)
        sum += log(gcr_point_median(entry->points[i], scope->answer->metric));
    return gcr_metrics[scope->answer->metric].sense == GCR_MORE_IS_BETTER ? -sum : sum;
}

static int standing_compare(const void *left, const void *right)
{
    const struct standing_entry *a = left, *b = right;
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (a->class != FAILED && a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

/* A design that never frees is run without a budget, and stands beside the others in any. */
static const struct gcr_point *standing_point(const struct gcr_contest_scope *scope, size_t i,
                                              const char *design)
{
    const struct gcr_point *point = gcr_scope_point(scope, i, design, scope->answer->heap);
    if (point != NULL)
        return point;
    point = gcr_scope_point(scope, i, design, "native");
    return point != NULL && gcr_collector_never_frees(point->collector) ? point : NULL;
}

/* False: the design has no results in this contest. */
static bool standing_read(const struct gcr_contest_scope *scope, const char *design,
                          struct standing_entry *entry)
{
    const char *collector = NULL;
    entry->points = gcr_dataset_array(scope->answer->memory, scope->trace_count,
                                      sizeof(const struct gcr_point *));
    if (entry->points == NULL)
        return false;
    for (size_t i = 0; i < scope->trace_count; i++) {
        entry->points[i] = standing_point(scope, i, design);
        if (entry->points[i] != NULL)
            collector = entry->points[i]->collector;
    }
    if (collector == NULL)
        return false;
    const double unknown = (double)NAN;
    entry->standing = (struct gcr_standing){.design = design,
                                            .collector = collector,
                                            .is_reference = gcr_reference_named(collector),
                                            .failure = standing_failure(scope, entry),
                                            .summary = gcr_summarise(NULL, 0, 0),
                                            .to_best = {unknown, {unknown, unknown}}};
    entry->class = *entry->standing.failure != '\0' ? FAILED
                   : entry->standing.is_reference   ? STANDS_BESIDE
                                                    : STANDS;
    if (entry->class != FAILED)
        entry->key = standing_key(scope, entry);
    return true;
}

/* ---- how far from the best ---- */

static struct gcr_ratio standing_ratio(const struct gcr_contest_scope *scope,
                                       const struct standing_entry *entry,
                                       const struct standing_entry *best)
{
    const struct gcr_dataset *dataset = scope->dataset;
    const struct gcr_answer *answer = scope->answer;
    if (scope->trace_count == 1)
        return gcr_estimate_ratio(dataset, entry->points[0], best->points[0], answer->metric);
    uint64_t seed = gcr_estimate_seed(dataset, "", entry->standing.design, answer->heap,
                                      answer->mode, gcr_metrics[answer->metric].name);
    return gcr_estimate_mean_ratio(entry->points, best->points, scope->trace_count, answer->metric,
                                   seed, NULL);
}

static void standing_conclude(const struct gcr_contest_scope *scope, struct standing_entry *entry,
                              const struct standing_entry *best)
{
    if (scope->trace_count == 1)
        entry->standing.summary =
            gcr_estimate_summary(scope->dataset, entry->points[0], scope->answer->metric);
    if (entry->class != FAILED && best->class == STANDS)
        entry->standing.to_best = standing_ratio(scope, entry, best);
    entry->standing.verdict = gcr_verdict_of(&entry->standing.to_best);
}

void gcr_contest_find_standings(const struct gcr_contest_scope *scope, struct gcr_contest *contest)
{
    const struct gcr_dataset *dataset = scope->dataset;
    struct gcr_dataset_memory *memory = scope->answer->memory;
    struct standing_entry *entries =
        gcr_dataset_array(memory, dataset->design_count, sizeof *entries);
    contest->standings =
        gcr_dataset_array(memory, dataset->design_count, sizeof *contest->standings);
    if (entries == NULL || contest->standings == NULL)
        return;
    for (size_t i = 0; i < dataset->design_count; i++) {
        entries[contest->count].number = i;
        contest->count += standing_read(scope, dataset->designs[i], &entries[contest->count]);
    }
    if (contest->count > 0)
        qsort(entries, contest->count, sizeof *entries, standing_compare);
    for (size_t i = 0; i < contest->count; i++) {
        standing_conclude(scope, &entries[i], &entries[0]);
        contest->standings[i] = entries[i].standing;
        contest->stand_count += entries[i].class == STANDS;
    }
}
