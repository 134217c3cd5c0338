/* What there is at a path, and the questions that tables ask of it. */
#include "sim/study/dataset.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/measure/json_at.h"
#include "sim/study/dataset_builder.h"

const char *const gcr_study_mode_name[] = {"timed", "cache"};

/* A document that must be whole. */
static gcr_status dataset_load(struct gcr_dataset *dataset, const char *path, const char *schema,
                               json_t **out, struct gcr_error *err)
{
    json_error_t error;
    json_t *document = json_load_file(path, 0, &error);
    if (document == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: line %d: %s", path, error.line, error.text);
    if (!gcr_dataset_keep(dataset->memory, document))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %s", path);
    if (strcmp(gcr_json_text_at(document, "schema"), schema) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: expected schema %s", path, schema);
    *out = document;
    return GCR_OK;
}

static gcr_status dataset_open_directory(struct gcr_dataset *dataset, struct gcr_error *err)
{
    struct gcr_dataset_memory *memory = dataset->memory;
    const char *study = gcr_dataset_format(memory, "%s/study.json", dataset->directory);
    const char *comparison = gcr_dataset_format(memory, "%s/compare.json", dataset->directory);
    json_t *document = NULL;
    gcr_status status;
    if (access(study, F_OK) == 0) {
        status = dataset_load(dataset, study, "gcreplay-study-1", &document, err);
        return status == GCR_OK ? gcr_dataset_from_study(dataset, document, err) : status;
    }
    if (access(comparison, F_OK) == 0) {
        status = dataset_load(dataset, comparison, "gcreplay-compare-1", &document, err);
        return status == GCR_OK ? gcr_dataset_from_comparison(dataset, document, err) : status;
    }
    return gcr_fail(err, GCR_USAGE,
                    "%s: expected the directory of a study or of compare -o: there is neither "
                    "study.json nor compare.json",
                    dataset->directory);
}

static const char *dataset_design_of(const struct gcr_dataset *dataset, const char *collector)
{
    for (size_t i = 0; i < dataset->point_count; i++)
        if (strcmp(dataset->points[i].collector, collector) == 0)
            return dataset->points[i].design;
    return NULL;
}

/* A baseline may name a back end whose designs all have options: the first of them; without one it
 * is the first design. */
static void dataset_resolve_baseline(struct gcr_dataset *dataset)
{
    if (*dataset->baseline == '\0') {
        dataset->baseline = dataset->design_count > 0 ? dataset->designs[0] : "";
        return;
    }
    for (size_t i = 0; i < dataset->design_count; i++)
        if (strcmp(dataset->designs[i], dataset->baseline) == 0)
            return;
    const char *design = dataset_design_of(dataset, dataset->baseline);
    if (design != NULL)
        dataset->baseline = design;
}

static gcr_status dataset_read(struct gcr_dataset *dataset, struct gcr_error *err)
{
    struct stat info;
    if (stat(dataset->directory, &info) != 0)
        return gcr_fail(err, GCR_USAGE, "%s: %s", dataset->directory, strerror(errno));
    gcr_status status = S_ISDIR(info.st_mode) ? dataset_open_directory(dataset, err)
                                              : gcr_dataset_from_result(dataset, err);
    if (status == GCR_OK && gcr_dataset_memory_failed(dataset->memory))
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for %s", dataset->directory);
    if (status == GCR_OK)
        dataset_resolve_baseline(dataset);
    return status;
}

gcr_status gcr_dataset_open(const char *path, struct gcr_dataset **out, struct gcr_error *err)
{
    struct gcr_dataset_memory *memory = gcr_dataset_memory_create();
    struct gcr_dataset *dataset =
        memory != NULL ? gcr_dataset_array(memory, 1, sizeof *dataset) : NULL;
    if (dataset == NULL) {
        gcr_dataset_memory_destroy(memory);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %s", path);
    }
    *dataset = (struct gcr_dataset){.directory = gcr_dataset_text(memory, path),
                                    .question = "",
                                    .baseline = "",
                                    .seed = 1,
                                    .memory = memory};
    gcr_status status = dataset_read(dataset, err);
    if (status == GCR_OK)
        *out = dataset;
    else
        gcr_dataset_memory_destroy(memory);
    return status;
}

void gcr_dataset_close(struct gcr_dataset *dataset)
{
    if (dataset != NULL)
        gcr_dataset_memory_destroy(dataset->memory);
}

const struct gcr_point *gcr_dataset_find(const struct gcr_dataset *dataset, const char *trace,
                                         const char *design, const char *heap,
                                         enum gcr_study_mode mode)
{
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        if (point->mode == mode && strcmp(point->trace, trace) == 0 &&
            strcmp(point->design, design) == 0 && strcmp(point->heap, heap) == 0)
            return point;
    }
    return NULL;
}

json_t *gcr_point_full(const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++) {
        const struct gcr_observation *run = &point->runs[i];
        json_t *document =
            run->is_ok && run->full != NULL ? json_load_file(run->full, 0, NULL) : NULL;
        if (json_is_object(document))
            return document;
        json_decref(document);
    }
    return NULL;
}

size_t gcr_point_values(const struct gcr_point *point, enum gcr_metric_id metric, double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < point->run_count; i++)
        if (isfinite(point->runs[i].value[metric]))
            values[count++] = point->runs[i].value[metric];
    return count;
}
