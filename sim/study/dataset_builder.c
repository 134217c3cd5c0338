/* Names become positions in the lists, runs are sorted by them, and neighbours that agree in all of
 * them are one point. */
#include "sim/study/dataset_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool gcr_dataset_builder_init(struct gcr_dataset_builder *builder, struct gcr_dataset *dataset,
                              size_t runs, size_t names)
{
    struct gcr_dataset_memory *memory = dataset->memory;
    *builder = (struct gcr_dataset_builder){.dataset = dataset, .capacity = runs};
    dataset->traces = gcr_dataset_array(memory, runs + names, sizeof *dataset->traces);
    dataset->designs = gcr_dataset_array(memory, runs + names, sizeof *dataset->designs);
    dataset->heaps = gcr_dataset_array(memory, runs + names, sizeof *dataset->heaps);
    builder->runs = gcr_dataset_array(memory, runs, sizeof *builder->runs);
    return !gcr_dataset_memory_failed(memory);
}

size_t gcr_dataset_trace(struct gcr_dataset_builder *builder, const char *name)
{
    struct gcr_dataset *dataset = builder->dataset;
    for (size_t i = 0; i < dataset->trace_count; i++)
        if (strcmp(dataset->traces[i].name, name) == 0)
            return i;
    dataset->traces[dataset->trace_count] = (struct gcr_dataset_trace){
        .name = gcr_dataset_text(dataset->memory, name), .path = "", .digest = ""};
    return dataset->trace_count++;
}

static size_t dataset_name(struct gcr_dataset *dataset, const char **names, size_t *count,
                           const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    names[*count] = gcr_dataset_text(dataset->memory, name);
    return (*count)++;
}

size_t gcr_dataset_design(struct gcr_dataset_builder *builder, const char *name)
{
    struct gcr_dataset *dataset = builder->dataset;
    return dataset_name(dataset, dataset->designs, &dataset->design_count, name);
}

size_t gcr_dataset_heap(struct gcr_dataset_builder *builder, const char *name)
{
    struct gcr_dataset *dataset = builder->dataset;
    return dataset_name(dataset, dataset->heaps, &dataset->heap_count, name);
}

struct gcr_dataset_run *gcr_dataset_add_run(struct gcr_dataset_builder *builder)
{
    struct gcr_dataset_run *run = &builder->runs[builder->run_count];
    *run = (struct gcr_dataset_run){
        .collector = "",
        .seen = {.id = "", .file = "", .outcome = "", .message = "", .invocation = 1},
        .number = builder->run_count++};
    for (size_t i = 0; i < GCR_METRIC_COUNT; i++)
        run->seen.value[i] = (double)NAN;
    return run;
}

static int dataset_order(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* By configuration. */
static int dataset_compare_places(const struct gcr_dataset_run *a, const struct gcr_dataset_run *b)
{
    int order = dataset_order(a->trace, b->trace);
    if (order == 0)
        order = dataset_order(a->design, b->design);
    if (order == 0)
        order = dataset_order(a->heap, b->heap);
    return order != 0 ? order : dataset_order(a->mode, b->mode);
}

static int dataset_compare_runs(const void *left, const void *right)
{
    const struct gcr_dataset_run *a = left, *b = right;
    int order = dataset_compare_places(a, b);
    if (order == 0)
        order = dataset_order(a->seen.invocation, b->seen.invocation);
    return order != 0 ? order : dataset_order(a->number, b->number);
}

static void dataset_add_to_point(struct gcr_dataset *dataset, struct gcr_point *point,
                                 const struct gcr_dataset_run *run)
{
    struct gcr_dataset_trace *facts = &dataset->traces[run->trace];
    if (point->budget_bytes == 0)
        point->budget_bytes = run->budget_bytes;
    if (facts->peak_live_bytes < run->live_peak_bytes)
        facts->peak_live_bytes = run->live_peak_bytes;
    point->runs[point->run_count++] = run->seen;
    point->ok_count += run->seen.is_ok;
}

void gcr_dataset_builder_finish(struct gcr_dataset_builder *builder)
{
    struct gcr_dataset *dataset = builder->dataset;
    size_t count = builder->run_count;
    struct gcr_observation *seen = gcr_dataset_array(dataset->memory, count, sizeof *seen);
    dataset->points = gcr_dataset_array(dataset->memory, count, sizeof *dataset->points);
    if (gcr_dataset_memory_failed(dataset->memory))
        return;
    if (count > 0)
        qsort(builder->runs, count, sizeof *builder->runs, dataset_compare_runs);
    for (size_t i = 0; i < count; i++) {
        const struct gcr_dataset_run *run = &builder->runs[i];
        if (i == 0 || dataset_compare_places(run - 1, run) != 0)
            dataset->points[dataset->point_count++] =
                (struct gcr_point){.trace = dataset->traces[run->trace].name,
                                   .collector = run->collector,
                                   .design = dataset->designs[run->design],
                                   .heap = dataset->heaps[run->heap],
                                   .mode = run->mode,
                                   .runs = seen + i};
        dataset_add_to_point(dataset, &dataset->points[dataset->point_count - 1], run);
    }
}
