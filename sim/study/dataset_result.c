/* One result document as an observation, and a single result as a dataset of its own. */
#include <inttypes.h>
#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/study/dataset_builder.h"
#include "sim/study/dataset_names.h"

static uint64_t result_count(const json_t *document, const char *name)
{
    const json_t *value = gcr_json_at(document, name);
    return json_is_integer(value) && json_integer_value(value) > 0
               ? (uint64_t)json_integer_value(value)
               : 0;
}

/* NULL if the document is a result, also of a job that came to nothing; else what is wrong. */
static const char *result_fault(const json_t *document)
{
    const char *schema = gcr_json_text_at(document, "schema");
    if (!json_is_object(document))
        return "not an object";
    if (*schema != '\0' && strcmp(schema, "gcreplay-result-1") != 0)
        return "its schema is not gcreplay-result-1";
    return *gcr_json_text_at(document, "outcome") == '\0' ? "it has no outcome" : NULL;
}

/* CPU time of helper threads is 0 in a design that has none; whether a verified run had some is not
 * known. */
static bool result_is_exact(const json_t *document)
{
    if (json_is_object(gcr_json_at(document, "model")))
        return json_is_true(gcr_json_at(document, "model.repeatable"));
    return json_is_false(json_object_get(document, "concurrent")) &&
           gcr_json_number_at(document, "time.helper_cpu_ns") == 0;
}

static json_t *result_unreadable(struct gcr_dataset_builder *builder, struct gcr_dataset_run *run,
                                 const char *path, const char *why)
{
    struct gcr_dataset_memory *memory = builder->dataset->memory;
    run->seen.outcome = "unreadable";
    run->seen.message = gcr_dataset_format(memory, "%s: %s", path, why);
    return NULL;
}

json_t *gcr_dataset_read_result(struct gcr_dataset_builder *builder, struct gcr_dataset_run *run,
                                const char *path)
{
    struct gcr_dataset_memory *memory = builder->dataset->memory;
    struct gcr_observation *seen = &run->seen;
    json_error_t error;
    json_t *document = json_load_file(path, 0, &error);
    seen->file = gcr_dataset_text(memory, path);
    if (document == NULL)
        return result_unreadable(builder, run, path, error.text);
    const char *fault = result_fault(document);
    if (fault != NULL) {
        json_decref(document);
        return result_unreadable(builder, run, path, fault);
    }
    seen->outcome = gcr_dataset_text(memory, gcr_json_text_at(document, "outcome"));
    seen->message = gcr_dataset_text(memory, gcr_json_text_at(document, "message"));
    seen->is_ok = strcmp(seen->outcome, "ok") == 0;
    seen->is_exact = result_is_exact(document);
    run->budget_bytes = result_count(document, "memory.budget_bytes");
    run->live_peak_bytes = result_count(document, "memory.live_peak_bytes");
    for (enum gcr_metric_id i = 0; i < GCR_METRIC_COUNT && seen->is_ok; i++)
        seen->value[i] = gcr_metric_read(i, document);
    return document;
}

void gcr_dataset_read_trace(struct gcr_dataset *dataset, struct gcr_dataset_trace *facts,
                            const json_t *trace)
{
    facts->path = gcr_dataset_text(dataset->memory, gcr_json_text_at(trace, "path"));
    facts->digest = gcr_dataset_text(dataset->memory, gcr_json_text_at(trace, "digest"));
    facts->events = result_count(trace, "events");
    facts->lanes = result_count(trace, "lanes");
    facts->peak_live_bytes = result_count(trace, "peak_live_bytes");
}

const char *gcr_dataset_stem(struct gcr_dataset *dataset, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t length = dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base);
    return gcr_dataset_format(dataset->memory, "%.*s", (int)length, base);
}

const char *gcr_dataset_heap_name(struct gcr_dataset *dataset, uint64_t budget_bytes)
{
    static const char units[] = "KMG";
    unsigned unit = 0;
    if (budget_bytes == 0)
        return "native";
    while (unit < 3 && budget_bytes % 1024 == 0) {
        budget_bytes /= 1024;
        unit++;
    }
    return gcr_dataset_format(dataset->memory, "%" PRIu64 "%.*s", budget_bytes, unit > 0,
                              unit > 0 ? units + unit - 1 : "");
}

/* A study's result says which configuration it is of; any other is called by its back end. */
static void result_place(struct gcr_dataset_builder *builder, struct gcr_dataset_run *run,
                         const json_t *document)
{
    struct gcr_dataset *dataset = builder->dataset;
    const char *collector = gcr_json_text_at(document, "collector");
    const char *trace = gcr_json_text_at(document, "job.trace");
    const char *design = gcr_json_text_at(document, "job.design");
    const char *heap = gcr_json_text_at(document, "job.heap");
    if (*trace == '\0')
        trace = gcr_dataset_stem(dataset, gcr_json_text_at(document, "trace.path"));
    if (*heap == '\0')
        heap = gcr_dataset_heap_name(dataset, run->budget_bytes);
    run->collector = gcr_dataset_text(dataset->memory, collector);
    run->trace = gcr_dataset_trace(builder, trace);
    run->design = gcr_dataset_design(builder, *design != '\0' ? design : collector);
    run->heap = gcr_dataset_heap(builder, heap);
    run->mode = json_is_object(gcr_json_at(document, "model")) ? GCR_STUDY_CACHE : GCR_STUDY_TIMED;
    run->seen.id = gcr_dataset_stem(dataset, dataset->directory);
    run->seen.full = json_array_size(gcr_json_at(document, "lanes")) > 0 ? run->seen.file : NULL;
    gcr_dataset_read_trace(dataset, &dataset->traces[run->trace], gcr_json_at(document, "trace"));
}

gcr_status gcr_dataset_from_result(struct gcr_dataset *dataset, struct gcr_error *err)
{
    struct gcr_dataset_builder builder;
    if (!gcr_dataset_builder_init(&builder, dataset, 1, 0))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the result");
    struct gcr_dataset_run *run = gcr_dataset_add_run(&builder);
    json_t *document = gcr_dataset_read_result(&builder, run, dataset->directory);
    if (document == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "%s", run->seen.message);
    result_place(&builder, run, document);
    json_decref(document);
    gcr_dataset_builder_finish(&builder);
    return GCR_OK;
}
