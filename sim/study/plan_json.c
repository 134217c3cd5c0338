/* study.json: a plan as a document, and back. docs/studies.md names its members. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/study/plan_parts.h"

static const char plan_schema[] = "gcreplay-study-1";

/* ---- writing ---- */

static json_t *plan_count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *plan_traces_json(const struct gcr_plan *plan)
{
    json_t *out = json_array();
    for (size_t i = 0; i < plan->trace_count; i++) {
        const struct gcr_plan_trace *trace = &plan->traces[i];
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "name", trace->name,
                                             "path", trace->path, "digest", trace->digest, "events",
                                             (json_int_t)trace->events, "lanes",
                                             (json_int_t)trace->lanes, "peak_live_bytes",
                                             (json_int_t)trace->peak_live_bytes));
    }
    return out;
}

static json_t *plan_job_json(const struct gcr_plan *plan, const struct gcr_plan_job *job)
{
    const struct gcr_plan_design *design = &plan->designs[job->design];
    json_t *out = json_object();
    json_object_set_new(out, "id", json_string(job->id));
    json_object_set_new(out, "trace", json_string(plan->traces[job->trace].name));
    json_object_set_new(out, "collector", json_string(design->collector));
    json_object_set_new(out, "design", json_string(design->name));
    json_object_set(out, "options", design->options);
    if (job->kind != GCR_JOB_MINHEAP) {
        json_object_set_new(out, "heap", json_string(plan->heaps[job->heap].word));
        json_object_set_new(out, "budget_bytes",
                            job->budget_bytes != 0 ? plan_count(job->budget_bytes) : json_null());
        json_object_set_new(out, "mode", json_string(gcr_job_kind_name[job->kind]));
        json_object_set_new(out, "invocation", plan_count(job->invocation));
    }
    json_object_set_new(out, "refusal",
                        job->refusal != NULL ? json_string(job->refusal) : json_null());
    return out;
}

static void plan_put_names(json_t *out, const struct gcr_plan *plan)
{
    json_t *collectors = json_array(), *designs = json_array(), *heaps = json_array(),
           *modes = json_array();
    for (size_t i = 0; i < plan->design_count; i++) {
        const char *name = plan->designs[i].collector;
        size_t k = 0;
        while (k < json_array_size(collectors) &&
               strcmp(json_string_value(json_array_get(collectors, k)), name) != 0)
            k++;
        if (k == json_array_size(collectors))
            json_array_append_new(collectors, json_string(name));
        json_array_append_new(designs, json_string(plan->designs[i].name));
    }
    for (size_t i = 0; i < plan->heap_count; i++)
        json_array_append_new(heaps, json_string(plan->heaps[i].word));
    if (plan->is_timed)
        json_array_append_new(modes, json_string(gcr_job_kind_name[GCR_JOB_TIMED]));
    if (plan->is_cache)
        json_array_append_new(modes, json_string(gcr_job_kind_name[GCR_JOB_CACHE]));
    json_object_set_new(out, "collectors", collectors);
    json_object_set_new(out, "designs", designs);
    json_object_set_new(out, "heaps", heaps);
    json_object_set_new(out, "modes", modes);
}

json_t *gcr_plan_to_json(const struct gcr_plan *plan)
{
    json_t *out = json_object(), *jobs = json_array(), *searches = json_array();
    json_object_set_new(out, "schema", json_string(plan_schema));
    json_object_set_new(out, "version", json_string(GCR_VERSION));
    json_object_set_new(out, "question", json_string(plan->question));
    json_object_set_new(out, "baseline", json_string(plan->baseline));
    json_object_set_new(out, "seed", plan_count(plan->seed));
    json_object_set_new(out, "invocations", plan_count(plan->invocations));
    json_object_set_new(out, "timeout", plan_count(plan->timeout_s));
    json_object_set_new(out, "verify", json_boolean(plan->verify));
    json_object_set_new(out, "traces", plan_traces_json(plan));
    plan_put_names(out, plan);
    json_object_set(out, "machine", plan->machine != NULL ? plan->machine : json_null());
    json_object_set(out, "environment",
                    plan->environment != NULL ? plan->environment : json_null());
    for (size_t i = 0; i < plan->job_count; i++)
        json_array_append_new(plan->jobs[i].kind == GCR_JOB_MINHEAP ? searches : jobs,
                              plan_job_json(plan, &plan->jobs[i]));
    json_object_set_new(out, "jobs", jobs);
    json_object_set_new(out, "minheap_jobs", searches);
    return out;
}

/* ---- reading ---- */

struct plan_parse {
    struct gcr_plan *plan;
    const char *path;
    struct gcr_error *err;
};

static gcr_status plan_fail(const struct plan_parse *parse, const char *what)
{
    return gcr_fail(parse->err, GCR_BAD_INPUT, "%s: this is no %s document: %s", parse->path,
                    plan_schema, what);
}

/* A copy of a text; NULL if there is none. */
static char *plan_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? strdup(text) : NULL;
}

/* False if it is no count. null is 0. */
static bool plan_number(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(object, name);
    *out = (uint64_t)json_integer_value(value);
    return json_is_null(value) || (json_is_integer(value) && json_integer_value(value) >= 0);
}

static gcr_status plan_read_settings(const struct plan_parse *parse, const json_t *document)
{
    struct gcr_plan *plan = parse->plan;
    uint64_t invocations = 0, timeout = 0;
    if (strcmp(gcr_json_text_at(document, "schema"), plan_schema) != 0)
        return plan_fail(parse, "its schema is another one");
    plan->question = plan_text(document, "question");
    plan->baseline = plan_text(document, "baseline");
    if (plan->question == NULL || plan->baseline == NULL ||
        !plan_number(document, "seed", &plan->seed) ||
        !plan_number(document, "invocations", &invocations) ||
        !plan_number(document, "timeout", &timeout))
        return plan_fail(parse, "settings are missing");
    plan->invocations = (unsigned)invocations;
    plan->timeout_s = (unsigned)timeout;
    plan->verify = json_is_true(json_object_get(document, "verify"));
    size_t i;
    json_t *mode;
    json_array_foreach(json_object_get(document, "modes"), i, mode)
    {
        const char *name = json_is_string(mode) ? json_string_value(mode) : "";
        plan->is_timed = plan->is_timed || strcmp(name, "timed") == 0;
        plan->is_cache = plan->is_cache || strcmp(name, "cache") == 0;
    }
    plan->machine = json_incref(json_object_get(document, "machine"));
    plan->environment = json_incref(json_object_get(document, "environment"));
    return GCR_OK;
}

static gcr_status plan_read_traces(const struct plan_parse *parse, const json_t *document)
{
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(document, "traces"), i, value)
    {
        struct gcr_plan_trace *trace =
            gcr_plan_grow((void **)&parse->plan->traces, &parse->plan->trace_count, sizeof *trace);
        if (trace == NULL)
            return gcr_plan_no_memory(parse->err);
        trace->name = plan_text(value, "name");
        trace->path = plan_text(value, "path");
        snprintf(trace->digest, sizeof trace->digest, "%s", gcr_json_text_at(value, "digest"));
        if (trace->name == NULL || trace->path == NULL ||
            !plan_number(value, "events", &trace->events) ||
            !plan_number(value, "lanes", &trace->lanes) ||
            !plan_number(value, "peak_live_bytes", &trace->peak_live_bytes))
            return plan_fail(parse, "a trace is not described");
    }
    return GCR_OK;
}

static gcr_status plan_read_designs(const struct plan_parse *parse, const json_t *document)
{
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(document, "designs"), i, value)
    {
        struct gcr_plan_design *design = gcr_plan_grow((void **)&parse->plan->designs,
                                                       &parse->plan->design_count, sizeof *design);
        if (design == NULL)
            return gcr_plan_no_memory(parse->err);
        if (!json_is_string(value))
            return plan_fail(parse, "a design has no name");
        const char *name = json_string_value(value);
        design->name = strdup(name);
        design->collector = strndup(name, strcspn(name, ":"));
        if (design->name == NULL || design->collector == NULL)
            return gcr_plan_no_memory(parse->err);
    }
    return GCR_OK;
}

static gcr_status plan_read_heaps(const struct plan_parse *parse, const json_t *document)
{
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(document, "heaps"), i, value)
    {
        struct gcr_plan_heap *heap =
            gcr_plan_grow((void **)&parse->plan->heaps, &parse->plan->heap_count, sizeof *heap);
        if (heap == NULL)
            return gcr_plan_no_memory(parse->err);
        if (!json_is_string(value) || !gcr_heap_word_parse(json_string_value(value), &heap->size))
            return plan_fail(parse, "a heap size is none");
        heap->word = strdup(json_string_value(value));
        if (heap->word == NULL)
            return gcr_plan_no_memory(parse->err);
    }
    return GCR_OK;
}

/* The index of a name, or `count`. */
#define PLAN_FIND(array, count, member, name, index)                                               \
    for ((index) = 0; (index) < (count) && strcmp((array)[index].member, (name)) != 0; (index)++)  \
    continue

static gcr_status plan_read_job(const struct plan_parse *parse, const json_t *value, bool is_search)
{
    struct gcr_plan *plan = parse->plan;
    struct gcr_plan_job *job = gcr_plan_grow((void **)&plan->jobs, &plan->job_count, sizeof *job);
    if (job == NULL)
        return gcr_plan_no_memory(parse->err);
    uint64_t invocation = 1;
    job->id = plan_text(value, "id");
    job->refusal = plan_text(value, "refusal");
    PLAN_FIND(plan->traces, plan->trace_count, name, gcr_json_text_at(value, "trace"), job->trace);
    PLAN_FIND(plan->designs, plan->design_count, name, gcr_json_text_at(value, "design"),
              job->design);
    if (!is_search)
        PLAN_FIND(plan->heaps, plan->heap_count, word, gcr_json_text_at(value, "heap"), job->heap);
    json_t *options = json_object_get(value, "options");
    if (job->id == NULL || job->trace == plan->trace_count || job->design == plan->design_count ||
        job->heap >= plan->heap_count || !json_is_object(options))
        return plan_fail(parse, "a job is not described");
    if (strchr(job->id, '/') != NULL || job->id[0] == '.')
        return plan_fail(parse, "the id of a job is no file name");
    if (plan->designs[job->design].options == NULL)
        plan->designs[job->design].options = json_incref(options);
    job->kind = GCR_JOB_MINHEAP;
    if (!is_search)
        job->kind =
            strcmp(gcr_json_text_at(value, "mode"), "cache") == 0 ? GCR_JOB_CACHE : GCR_JOB_TIMED;
    if (!is_search && (!plan_number(value, "budget_bytes", &job->budget_bytes) ||
                       !plan_number(value, "invocation", &invocation)))
        return plan_fail(parse, "a job has no invocation");
    job->invocation = (unsigned)invocation;
    return GCR_OK;
}

static gcr_status plan_read_jobs(const struct plan_parse *parse, const json_t *document,
                                 const char *name)
{
    gcr_status status = GCR_OK;
    const json_t *jobs = json_object_get(document, name);
    for (size_t i = 0; i < json_array_size(jobs) && status == GCR_OK; i++)
        status = plan_read_job(parse, json_array_get(jobs, i), strcmp(name, "minheap_jobs") == 0);
    return status;
}

gcr_status gcr_plan_from_json(const json_t *document, const char *path, struct gcr_plan **out,
                              struct gcr_error *err)
{
    struct gcr_plan *plan = calloc(1, sizeof *plan);
    struct plan_parse parse = {.plan = plan, .path = path, .err = err};
    if (plan == NULL)
        return gcr_plan_no_memory(err);
    gcr_status status = plan_read_settings(&parse, document);
    if (status == GCR_OK)
        status = plan_read_traces(&parse, document);
    if (status == GCR_OK)
        status = plan_read_designs(&parse, document);
    if (status == GCR_OK)
        status = plan_read_heaps(&parse, document);
    if (status == GCR_OK)
        status = plan_read_jobs(&parse, document, "minheap_jobs");
    if (status == GCR_OK)
        status = plan_read_jobs(&parse, document, "jobs");
    if (status != GCR_OK)
        gcr_plan_destroy(plan);
    else
        *out = plan;
    return status;
}

gcr_status gcr_plan_read(const char *directory, struct gcr_plan **out, struct gcr_error *err)
{
    char path[4096];
    json_error_t fault;
    snprintf(path, sizeof path, "%s/study.json", directory);
    json_t *document = json_load_file(path, 0, &fault);
    if (document == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: %s", path, fault.text);
    gcr_status status = gcr_plan_from_json(document, path, out, err);
    json_decref(document);
    return status;
}
