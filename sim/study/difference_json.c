/* A difference as a document, and what warns of its meaning less than it seems to. */
#include <math.h>
#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/study/difference.h"

/* ---- warnings ---- */

/* Once each. */
static void warnings_add(json_t *list, json_t *text)
{
    size_t i;
    json_t *said;
    json_array_foreach(list, i, said)
    {
        if (json_equal(said, text)) {
            json_decref(text);
            return;
        }
    }
    json_array_append_new(list, text);
}

/* "x86_64", 8 and true as people write them; "nothing" where there is none. */
static const char *warnings_value(const json_t *value, char *buffer, size_t size)
{
    if (json_is_string(value))
        return *json_string_value(value) != '\0' ? json_string_value(value) : "nothing";
    if (value == NULL || json_is_null(value))
        return "nothing";
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    snprintf(buffer, size, "%.15g", json_number_value(value));
    return json_is_number(value) ? buffer : "something else";
}

/* "machine: kernel: 6.1 in A, 6.5 in B". */
static void warnings_hold(json_t *list, const char *what, const char *name, const json_t *a,
                          const json_t *b)
{
    char of_a[32], of_b[32];
    bool is_none_of_a = a == NULL || json_is_null(a), is_none_of_b = b == NULL || json_is_null(b);
    if (is_none_of_a ? is_none_of_b : json_equal(a, b))
        return;
    warnings_add(list, json_sprintf("%s: %s: %s in A, %s in B", what, name,
                                    warnings_value(a, of_a, sizeof of_a),
                                    warnings_value(b, of_b, sizeof of_b)));
}

/* All names that A's object has; B's of the same kind has no others. */
static void warnings_hold_all(json_t *list, const char *what, const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)a, name, value)
    {
        if (strcmp(name, "memory_bytes") != 0) /* as the system counts it: differs by a boot */
            warnings_hold(list, what, name, value, json_object_get(b, name));
    }
}

/* The first document that says on what machine, and with which options, a configuration ran. */
static json_t *warnings_document(const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++) {
        json_t *document =
            point->runs[i].is_ok ? json_load_file(point->runs[i].file, 0, NULL) : NULL;
        if (json_is_object(document))
            return document;
        json_decref(document);
    }
    return NULL;
}

static void warnings_of_documents(json_t *list, const struct gcr_point *point, const json_t *a,
                                  const json_t *b)
{
    static const char *const ways[] = {"verified", "pace"};
    char what[256];
    warnings_hold_all(list, "machine", json_object_get(a, "machine"),
                      json_object_get(b, "machine"));
    warnings_hold_all(list, "build", json_object_get(a, "build"), json_object_get(b, "build"));
    snprintf(what, sizeof what, "%s", point->design);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        warnings_hold(list, what, ways[i], json_object_get(a, ways[i]),
                      json_object_get(b, ways[i]));
    snprintf(what, sizeof what, "%s: option", point->design);
    if (strcmp(gcr_json_text_at(a, "collector"), gcr_json_text_at(b, "collector")) == 0)
        warnings_hold_all(list, what, json_object_get(a, "options"), json_object_get(b, "options"));
}

static void warnings_of_pair(json_t *list, const struct gcr_point *a, const struct gcr_point *b)
{
    const struct {
        const char *name, *a, *b;
    } held[] = {{"trace", a->trace, b->trace},
                {"design", a->design, b->design},
                {"heap", a->heap, b->heap},
                {"mode", gcr_study_mode_name[a->mode], gcr_study_mode_name[b->mode]}};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (strcmp(held[i].a, held[i].b) != 0)
            warnings_add(list, json_sprintf("not the same %s: %s in A, %s in B", held[i].name,
                                            held[i].a, held[i].b));
    if (a->budget_bytes != 0 && b->budget_bytes != 0 && a->budget_bytes != b->budget_bytes)
        warnings_add(list, json_sprintf("%s: %s: a heap of %s is %" JSON_INTEGER_FORMAT
                                        " bytes in A, %" JSON_INTEGER_FORMAT " in B",
                                        a->trace, a->design, a->heap, (json_int_t)a->budget_bytes,
                                        (json_int_t)b->budget_bytes));
    json_t *of_a = warnings_document(a), *of_b = warnings_document(b);
    if (of_a != NULL && of_b != NULL)
        warnings_of_documents(list, a, of_a, of_b);
    json_decref(of_a);
    json_decref(of_b);
}

static const struct gcr_dataset_trace *warnings_trace(const struct gcr_dataset *dataset,
                                                      const char *name)
{
    for (size_t i = 0; i < dataset->trace_count; i++)
        if (strcmp(dataset->traces[i].name, name) == 0)
            return &dataset->traces[i];
    return NULL;
}

static void warnings_of_traces(json_t *list, const struct gcr_difference *difference)
{
    for (size_t i = 0; i < difference->a->trace_count; i++) {
        const struct gcr_dataset_trace *a = &difference->a->traces[i];
        const struct gcr_dataset_trace *b = warnings_trace(difference->b, a->name);
        if (b != NULL && *a->digest != '\0' && *b->digest != '\0' &&
            strcmp(a->digest, b->digest) != 0)
            warnings_add(list, json_sprintf("trace %s is not the same recording: digest %s in A, "
                                            "%s in B",
                                            a->name, a->digest, b->digest));
    }
}

static void warnings_of_missing(json_t *list, char side, const struct gcr_dataset *dataset)
{
    if (dataset->missing > 0)
        warnings_add(list, json_sprintf("%c is not complete: %d jobs have no result yet", side,
                                        (int)dataset->missing));
}

json_t *gcr_difference_warnings(const struct gcr_difference *difference)
{
    json_t *list = json_array();
    warnings_of_missing(list, 'A', difference->a);
    warnings_of_missing(list, 'B', difference->b);
    warnings_of_traces(list, difference);
    for (size_t i = 0; i < difference->count; i++) {
        const struct gcr_change *change = &difference->changes[i];
        if (change->metric == GCR_METRIC_COUNT) /* every pair has one outcome */
            warnings_of_pair(list, change->a, change->b);
    }
    return list;
}

/* ---- the document ---- */

static json_t *document_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *document_place(const struct gcr_point *point)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "trace", point->trace, "design", point->design, "heap",
                     point->heap, "mode", gcr_study_mode_name[point->mode]);
}

static json_t *document_side(const struct gcr_point *point, const struct gcr_summary *figure)
{
    return json_pack("{s:o, s:o, s:o, s:i}", "median", document_real(figure->median), "low",
                     document_real(figure->median_in.low), "high",
                     document_real(figure->median_in.high), "runs",
                     isnan(figure->median) ? 0 : (int)point->ok_count);
}

static json_t *document_outcome_side(const struct gcr_point *point, const char *outcome)
{
    return json_pack("{s:s, s:i, s:i}", "outcome", outcome, "runs", (int)point->run_count,
                     "completed", (int)point->ok_count);
}

static json_t *document_change(const struct gcr_change *change)
{
    json_t *out = document_place(change->a);
    bool is_outcome = change->metric == GCR_METRIC_COUNT;
    const struct gcr_metric *metric = is_outcome ? NULL : &gcr_metrics[change->metric];
    json_object_set_new(out, "metric", json_string(is_outcome ? "outcome" : metric->name));
    json_object_set_new(out, "unit", json_string(is_outcome ? "" : metric->unit));
    json_object_set_new(out, "change", json_string(gcr_change_name[change->kind]));
    if (is_outcome) {
        json_object_set_new(out, "a", document_outcome_side(change->a, change->outcome_a));
        json_object_set_new(out, "b", document_outcome_side(change->b, change->outcome_b));
        return out;
    }
    json_object_set_new(out, "repeats", json_boolean(change->is_exact));
    json_object_set_new(out, "a", document_side(change->a, &change->before));
    json_object_set_new(out, "b", document_side(change->b, &change->after));
    json_object_set_new(out, "ratio", document_real(change->ratio.value));
    json_object_set_new(out, "ratio_low", document_real(change->ratio.in.low));
    json_object_set_new(out, "ratio_high", document_real(change->ratio.in.high));
    return out;
}

static json_t *document_places(const struct gcr_point *const *points, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, document_place(points[i]));
    return list;
}

json_t *gcr_difference_json(const struct gcr_difference *difference,
                            const struct gcr_difference_rules *rules, json_t *warnings)
{
    json_t *out = json_object(), *counts = json_object(), *changes = json_array();
    for (size_t i = 0; i < GCR_CHANGE_KINDS; i++)
        json_object_set_new(counts, gcr_change_name[i],
                            json_integer((json_int_t)difference->kinds[i]));
    for (size_t i = 0; i < difference->count; i++)
        json_array_append_new(changes, document_change(&difference->changes[i]));
    json_object_set_new(out, "schema", json_string("gcreplay-diff-1"));
    json_object_set_new(out, "a", json_string(difference->a->directory));
    json_object_set_new(out, "b", json_string(difference->b->directory));
    json_object_set_new(out, "threshold", json_real(rules->measured));
    json_object_set_new(out, "count_threshold", json_real(rules->counted));
    json_object_set_new(out, "configurations", json_integer((json_int_t)difference->pair_count));
    json_object_set_new(out, "counts", counts);
    json_object_set_new(out, "only_in_a",
                        document_places(difference->only_a, difference->only_a_count));
    json_object_set_new(out, "only_in_b",
                        document_places(difference->only_b, difference->only_b_count));
    json_object_set(out, "warnings", warnings);
    json_object_set_new(out, "changes", changes);
    return out;
}
