/* A study's directory: study.json says which jobs there are, results/ has what they left. */
#include <string.h>
#include <unistd.h>

#include "sim/measure/json_at.h"
#include "sim/study/dataset_builder.h"
#include "sim/study/dataset_names.h"

/* An entry of a list of names: a text, or an object with a name. */
static const char *study_name(const json_t *entry)
{
    return json_is_string(entry) ? json_string_value(entry) : gcr_json_text_at(entry, "name");
}

static void study_read_names(struct gcr_dataset_builder *builder, const json_t *study)
{
    struct gcr_dataset *dataset = builder->dataset;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(study, "traces"), i, entry)
    {
        size_t trace = gcr_dataset_trace(builder, study_name(entry));
        gcr_dataset_read_trace(dataset, &dataset->traces[trace], entry);
    }
    json_array_foreach(json_object_get(study, "designs"), i, entry)
        gcr_dataset_design(builder, study_name(entry));
    json_array_foreach(json_object_get(study, "heaps"), i, entry)
        gcr_dataset_heap(builder, study_name(entry));
}

/* False: none that this program knows. */
static bool study_mode(const json_t *job, enum gcr_study_mode *mode)
{
    const char *name = gcr_json_text_at(job, "mode");
    for (enum gcr_study_mode i = 0; i < 2; i++)
        if (strcmp(name, gcr_study_mode_name[i]) == 0) {
            *mode = i;
            return true;
        }
    return false;
}

static void study_read_job(struct gcr_dataset_builder *builder, const json_t *job)
{
    struct gcr_dataset *dataset = builder->dataset;
    struct gcr_dataset_memory *memory = dataset->memory;
    const char *id = gcr_json_text_at(job, "id");
    const char *path = gcr_dataset_format(memory, "%s/results/%s.json", dataset->directory, id);
    enum gcr_study_mode mode;
    if (access(path, F_OK) != 0) {
        dataset->missing++;
        return;
    }
    if (!study_mode(job, &mode))
        return;
    struct gcr_dataset_run *run = gcr_dataset_add_run(builder);
    json_decref(gcr_dataset_read_result(builder, run, path));
    run->mode = mode;
    run->trace = gcr_dataset_trace(builder, gcr_json_text_at(job, "trace"));
    run->design = gcr_dataset_design(builder, gcr_json_text_at(job, "design"));
    run->heap = gcr_dataset_heap(builder, gcr_json_text_at(job, "heap"));
    run->collector = gcr_json_text_at(job, "collector");
    run->seen.id = id;
    if (run->budget_bytes == 0) {
        json_int_t budget = json_integer_value(json_object_get(job, "budget_bytes"));
        run->budget_bytes = budget > 0 ? (uint64_t)budget : 0;
    }
    json_int_t invocation = json_integer_value(json_object_get(job, "invocation"));
    run->seen.invocation = invocation > 0 ? (unsigned)invocation : 1;
    const char *full =
        gcr_dataset_format(memory, "%s/results/%s.full.json", dataset->directory, id);
    run->seen.full = access(full, F_OK) == 0 ? full : NULL;
}

gcr_status gcr_dataset_from_study(struct gcr_dataset *dataset, json_t *study, struct gcr_error *err)
{
    const json_t *jobs = json_object_get(study, "jobs");
    struct gcr_dataset_builder builder;
    size_t names = json_array_size(json_object_get(study, "traces")) +
                   json_array_size(json_object_get(study, "designs")) +
                   json_array_size(json_object_get(study, "heaps"));
    size_t i;
    json_t *job;
    if (!json_is_array(jobs))
        return gcr_fail(err, GCR_BAD_INPUT, "%s/study.json: it has no list of jobs",
                        dataset->directory);
    if (!gcr_dataset_builder_init(&builder, dataset, json_array_size(jobs), names))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the study");
    const json_t *seed = json_object_get(study, "seed");
    dataset->study = study;
    dataset->question = gcr_json_text_at(study, "question");
    dataset->baseline = gcr_json_text_at(study, "baseline");
    if (json_is_integer(seed))
        dataset->seed = (uint64_t)json_integer_value(seed);
    study_read_names(&builder, study);
    json_array_foreach(jobs, i, job) study_read_job(&builder, job);
    gcr_dataset_builder_finish(&builder);
    return GCR_OK;
}
