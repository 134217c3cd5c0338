/* Agreement of verified runs; see agreement.h. */
#include "sim/cmd/agreement.h"

#include <string.h>

static bool agreement_counts(const struct gcr_comparison_row *row)
{
    return row->result != NULL && row->figures.is_ok && row->figures.verified;
}

static const json_t *agreement_lane(const struct gcr_comparison_row *row, size_t lane)
{
    return json_array_get(json_object_get(row->result, "lanes"), lane);
}

/* ---- graphs ---- */

static void agreement_differ(struct gcr_agreement *out, const struct gcr_comparison_row *first,
                             const struct gcr_comparison_row *other, size_t lane, const char *where)
{
    if (!out->graphs_differ)
        snprintf(out->difference, sizeof out->difference,
                 "%s and %s have different graphs %s of process %zu",
                 gcr_comparison_row_name(first), gcr_comparison_row_name(other), where, lane);
    out->graphs_differ = true;
}

/* Rows of two checkpoint lists with the same event; both lists are in order of events. */
static void agreement_hold_checkpoints(struct gcr_agreement *out,
                                       const struct gcr_comparison_row *first,
                                       const struct gcr_comparison_row *other, size_t lane)
{
    const json_t *a = gcr_json_at(agreement_lane(first, lane), "checkpoints.rows");
    const json_t *b = gcr_json_at(agreement_lane(other, lane), "checkpoints.rows");
    size_t i = 0, k = 0;
    while (i < json_array_size(a) && k < json_array_size(b)) {
        const json_t *left = json_array_get(a, i), *right = json_array_get(b, k);
        json_int_t left_event = json_integer_value(json_array_get(left, 0));
        json_int_t right_event = json_integer_value(json_array_get(right, 0));
        char where[64];
        if (left_event == right_event) {
            snprintf(where, sizeof where, "after event %lld", (long long)left_event);
            out->moments++;
            if (!json_equal(json_array_get(left, 1), json_array_get(right, 1)))
                agreement_differ(out, first, other, lane, where);
        }
        i += left_event <= right_event;
        k += right_event <= left_event;
    }
}

static bool agreement_is_set_aside(const struct gcr_comparison_row *row, size_t lane)
{
    return json_is_true(json_object_get(agreement_lane(row, lane), "resurrected"));
}

static void agreement_hold_graphs(struct gcr_agreement *out, const struct gcr_comparison_row *first,
                                  const struct gcr_comparison_row *other)
{
    size_t lanes = json_array_size(json_object_get(first->result, "lanes"));
    if (json_array_size(json_object_get(other->result, "lanes")) < lanes)
        lanes = json_array_size(json_object_get(other->result, "lanes"));
    for (size_t lane = 0; lane < lanes; lane++) {
        if (agreement_is_set_aside(first, lane) || agreement_is_set_aside(other, lane)) {
            out->set_aside++;
            continue;
        }
        agreement_hold_checkpoints(out, first, other, lane);
        out->moments++;
        if (!json_equal(json_object_get(agreement_lane(first, lane), "graph_digest"),
                        json_object_get(agreement_lane(other, lane), "graph_digest")))
            agreement_differ(out, first, other, lane, "at the end");
    }
}

/* ---- freed sets ---- */

/* Designs that free by counts and start collections by CPython's three generations; not rows with
 * options of their own, which may well free something else. */
static bool agreement_collects_like_cpython(const struct gcr_comparison_row *row)
{
    const struct gcr_collector *collector = gcr_engine_collector(row->engine);
    return agreement_counts(row) && row->name == NULL &&
           gcr_collector_is(collector, GCR_CAP_REFCOUNTING) &&
           gcr_collector_is(collector, GCR_CAP_COLLECTS) && collector->generations == 3;
}

/* Column of a pause list. */
static const json_t *agreement_cell(const json_t *list, size_t row, const char *name)
{
    const json_t *columns = json_object_get(list, "columns");
    for (size_t i = 0; i < json_array_size(columns); i++)
        if (strcmp(json_string_value(json_array_get(columns, i)), name) == 0)
            return json_array_get(json_array_get(json_object_get(list, "rows"), row), i);
    return NULL;
}

/* The first collection that differs between two lists, or their length. */
static size_t agreement_equal_collections(const json_t *a, const json_t *b)
{
    static const char *const cells[] = {"event", "generation", "collected", "freed_set"};
    size_t count = json_array_size(json_object_get(a, "rows"));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < GCR_COUNT_OF(cells); k++)
            if (!json_equal(agreement_cell(a, i, cells[k]), agreement_cell(b, i, cells[k])))
                return i;
    return count;
}

static void agreement_hold_freed_sets(struct gcr_agreement *out,
                                      const struct gcr_comparison_row *first,
                                      const struct gcr_comparison_row *other)
{
    size_t collections = 0, lanes = json_array_size(json_object_get(first->result, "lanes"));
    for (size_t lane = 0; lane < lanes; lane++) {
        const json_t *a = gcr_json_at(agreement_lane(first, lane), "pauses.list");
        const json_t *b = gcr_json_at(agreement_lane(other, lane), "pauses.list");
        size_t count = json_array_size(json_object_get(a, "rows"));
        size_t equal = agreement_equal_collections(a, b);
        if (equal < count || json_array_size(json_object_get(b, "rows")) != count) {
            snprintf(out->freed_sets, sizeof out->freed_sets,
                     "%s and %s differ in collection %zu of process %zu: when it came, or what had "
                     "been freed by its end",
                     gcr_comparison_row_name(first), gcr_comparison_row_name(other), equal + 1,
                     lane);
            return;
        }
        collections += count;
    }
    snprintf(out->freed_sets, sizeof out->freed_sets,
             "%s and %s freed the same objects, collection by collection (%zu)",
             gcr_comparison_row_name(first), gcr_comparison_row_name(other), collections);
}

void gcr_agreement_find(const struct gcr_comparison *comparison, struct gcr_agreement *out)
{
    const struct gcr_comparison_row *first = NULL, *cpython = NULL;
    *out = (struct gcr_agreement){0};
    for (size_t i = 0; i < comparison->row_count; i++) {
        const struct gcr_comparison_row *row = &comparison->rows[i];
        if (!agreement_counts(row))
            continue;
        out->designs++;
        if (first == NULL)
            first = row;
        else
            agreement_hold_graphs(out, first, row);
        if (agreement_collects_like_cpython(row)) {
            if (cpython != NULL)
                agreement_hold_freed_sets(out, cpython, row);
            cpython = row;
        }
    }
}
