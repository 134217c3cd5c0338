#include "sim/study/job_document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/measure/json_at.h"
#include "sim/measure/output.h"

enum { JOB_PATH_BYTES = 4096 };

static void document_path(const char *directory, const struct gcr_plan_job *job, const char *kind,
                          char path[JOB_PATH_BYTES])
{
    snprintf(path, JOB_PATH_BYTES, "%s/results/%s%s.json", directory, job->id, kind);
}

json_t *gcr_job_document_without_figures(const struct gcr_plan *plan,
                                         const struct gcr_plan_job *job, const char *outcome,
                                         const char *message)
{
    const struct gcr_plan_trace *trace = &plan->traces[job->trace];
    const struct gcr_plan_design *design = &plan->designs[job->design];
    json_t *budget =
        job->budget_bytes != 0 ? json_integer((json_int_t)job->budget_bytes) : json_null();
    json_t *document =
        json_pack("{s:s, s:{s:s, s:s, s:I, s:I}, s:s, s:O, s:{s:o}}", "schema",
                  job->kind == GCR_JOB_MINHEAP ? "gcreplay-minheap-1" : "gcreplay-result-1",
                  "trace", "path", trace->path, "digest", trace->digest, "events",
                  (json_int_t)trace->events, "lanes", (json_int_t)trace->lanes, "collector",
                  design->collector, "options", design->options, "memory", "budget_bytes", budget);
    json_object_set_new(document, "outcome", json_string(outcome));
    json_t *text = json_string(message);
    json_object_set_new(document, "message", text != NULL ? text : json_string("?"));
    return document;
}

/* ---- lists ---- */

static bool document_is_list(const json_t *value)
{
    return json_is_array(json_object_get(value, "columns")) &&
           json_is_array(json_object_get(value, "rows"));
}

void gcr_job_document_thin(json_t *document)
{
    static const char *const others[] = {"freed_by_collection", "reclaimed_by_collection",
                                         "collected_by_collection"};
    size_t i;
    json_t *value;
    json_array_foreach(document, i, value) gcr_job_document_thin(value);
    if (!json_is_object(document))
        return;
    for (i = 0; i < GCR_COUNT_OF(others); i++)
        json_object_del(document, others[i]);
    const char *key;
    void *next;
    json_object_foreach_safe(document, next, key, value)
    {
        if (document_is_list(value))
            json_object_del(document, key);
        else
            gcr_job_document_thin(value);
    }
}

/* ---- files ---- */

static json_t *document_read(const char *directory, const struct gcr_plan_job *job)
{
    char path[JOB_PATH_BYTES];
    document_path(directory, job, "", path);
    return json_load_file(path, 0, NULL);
}

char *gcr_job_document_outcome(const char *directory, const struct gcr_plan_job *job,
                               double *seconds)
{
    json_t *document = document_read(directory, job);
    const char *outcome = gcr_json_text_at(document, "outcome");
    double known = gcr_json_number_at(document, "job.seconds");
    char *copy = *outcome != '\0' ? strdup(outcome) : NULL;
    *seconds = isfinite(known) ? known : 0;
    json_decref(document);
    return copy;
}

gcr_status gcr_job_document_write(const char *directory, const struct gcr_plan_job *job,
                                  const json_t *document, const json_t *full, struct gcr_error *err)
{
    char path[JOB_PATH_BYTES], full_path[JOB_PATH_BYTES];
    document_path(directory, job, "", path);
    document_path(directory, job, ".full", full_path);
    gcr_status status = full != NULL ? gcr_output_json(full_path, full, err) : GCR_OK;
    if (status == GCR_OK)
        status = gcr_output_json(path, document, err);
    if (status != GCR_OK && full != NULL)
        unlink(full_path);
    return status;
}

uint64_t gcr_job_document_minimum(const char *directory, const struct gcr_plan_job *job, char *why,
                                  size_t size)
{
    json_t *document = document_read(directory, job);
    json_int_t minimum = json_integer_value(json_object_get(document, "minimum_bytes"));
    if (minimum <= 0)
        snprintf(why, size, "its smallest heap is not known: %s",
                 document != NULL ? gcr_json_text_at(document, "message")
                                  : "the search has no result");
    json_decref(document);
    return minimum > 0 ? (uint64_t)minimum : 0;
}
