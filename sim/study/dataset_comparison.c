/* What `compare -o` wrote: compare.json lists the runs of each trace, and each has its result
 * beside it, with all lists. */
#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/study/dataset_builder.h"
#include "sim/study/dataset_names.h"

/* Traces from different folders may have the same name. */
static size_t comparison_trace(struct gcr_dataset_builder *builder, const json_t *trace)
{
    struct gcr_dataset *dataset = builder->dataset;
    const char *stem = gcr_dataset_stem(dataset, gcr_json_text_at(trace, "path")), *name = stem;
    size_t before = dataset->trace_count, found;
    for (unsigned number = 2; (found = gcr_dataset_trace(builder, name)) < before; number++)
        name = gcr_dataset_format(dataset->memory, "%s-%u", stem, number);
    gcr_dataset_read_trace(dataset, &dataset->traces[found], trace);
    return found;
}

static void comparison_read_result(struct gcr_dataset_builder *builder, struct gcr_dataset_run *run,
                                   const char *file)
{
    struct gcr_dataset *dataset = builder->dataset;
    const char *path = gcr_dataset_format(dataset->memory, "%s/%s", dataset->directory, file);
    json_t *document = gcr_dataset_read_result(builder, run, path);
    run->seen.full = document != NULL ? run->seen.file : NULL;
    json_decref(document);
}

static void comparison_read_run(struct gcr_dataset_builder *builder, size_t trace, const char *heap,
                                const json_t *entry)
{
    struct gcr_dataset_memory *memory = builder->dataset->memory;
    const char *file = gcr_json_text_at(entry, "file");
    const char *outcome = gcr_json_text_at(entry, "outcome");
    struct gcr_dataset_run *run = gcr_dataset_add_run(builder);
    if (*file != '\0')
        comparison_read_result(builder, run, file);
    else {
        run->seen.outcome =
            strcmp(outcome, "not_run") == 0 ? "refused" : gcr_dataset_text(memory, outcome);
        run->seen.message = gcr_dataset_text(memory, gcr_json_text_at(entry, "message"));
        run->seen.file = gcr_dataset_format(memory, "%s/compare.json", builder->dataset->directory);
    }
    run->trace = trace;
    run->design = gcr_dataset_design(builder, gcr_json_text_at(entry, "name"));
    run->heap = gcr_dataset_heap(builder, heap);
    run->collector = gcr_dataset_text(memory, gcr_json_text_at(entry, "collector"));
    run->seen.id = *file != '\0' ? gcr_dataset_stem(builder->dataset, file) : "";
}

/* All runs of a comparison are of one mode; one that was not made does not say which. */
static enum gcr_study_mode comparison_mode(const json_t *runs)
{
    size_t i;
    json_t *entry;
    json_array_foreach(
        runs, i, entry) if (json_is_object(json_object_get(entry, "model"))) return GCR_STUDY_CACHE;
    return GCR_STUDY_TIMED;
}

static void comparison_read(struct gcr_dataset_builder *builder, const json_t *comparison)
{
    const json_t *runs = json_object_get(comparison, "runs");
    const json_t *budget = json_object_get(comparison, "budget_bytes");
    const char *heap =
        gcr_dataset_heap_name(builder->dataset, (uint64_t)json_integer_value(budget));
    size_t trace = comparison_trace(builder, json_object_get(comparison, "trace"));
    size_t first = builder->run_count, i;
    json_t *entry;
    json_array_foreach(runs, i, entry) comparison_read_run(builder, trace, heap, entry);
    for (i = first; i < builder->run_count; i++)
        builder->runs[i].mode = comparison_mode(runs);
}

gcr_status gcr_dataset_from_comparison(struct gcr_dataset *dataset, const json_t *comparison,
                                       struct gcr_error *err)
{
    const json_t *comparisons = json_object_get(comparison, "comparisons");
    struct gcr_dataset_builder builder;
    size_t i, runs = 0;
    json_t *entry;
    json_array_foreach(comparisons, i, entry) runs +=
        json_array_size(json_object_get(entry, "runs"));
    if (!gcr_dataset_builder_init(&builder, dataset, runs, json_array_size(comparisons)))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the comparison");
    json_array_foreach(comparisons, i, entry) comparison_read(&builder, entry);
    gcr_dataset_builder_finish(&builder);
    return GCR_OK;
}
