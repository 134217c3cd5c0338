/* Copy-on-write in the JSON document. A number that nobody has counted is null: the model's in the
 * plain twin, the kernel's where it refuses. */
#include <stdio.h>

#include "sim/measure/result_json_parts.h"

static json_t *cow_number(bool known, uint64_t value)
{
    return known ? gcr_json_count(value) : json_null();
}

static json_t *cow_causes(bool known, const uint64_t counts[GCR_CAUSE_COUNT_OF])
{
    json_t *out = known ? json_object() : json_null();

    for (size_t i = 0; known && i < GCR_CAUSE_COUNT_OF; i++)
        gcr_json_put(out, gcr_cause_name[i], counts[i]);
    return out;
}

static json_t *cow_addresses(const uint64_t *pages)
{
    json_t *out = json_array();
    char text[24];

    for (size_t i = 0; i < GCR_COW_NAMED_PAGES && pages[i] != 0; i++) {
        snprintf(text, sizeof text, "0x%llx", (unsigned long long)pages[i]);
        json_array_append_new(out, json_string(text));
    }
    return out;
}

static json_t *cow_difference(const struct gcr_page_difference *difference)
{
    json_t *out = json_object();

    gcr_json_put(out, "both", difference->both);
    gcr_json_put(out, "model_only", difference->model_only);
    gcr_json_put(out, "kernel_only", difference->kernel_only);
    json_object_set_new(out, "model_only_pages", cow_addresses(difference->first_of_model));
    json_object_set_new(out, "kernel_only_pages", cow_addresses(difference->first_of_kernel));
    return out;
}

static json_t *cow_agreement(const struct gcr_cow_epoch *epoch)
{
    json_t *out;

    if (!epoch->of_model || !epoch->of_kernel)
        return json_null();
    out = json_object();
    json_object_set_new(out, "copied", cow_difference(&epoch->copied));
    json_object_set_new(out, "shared", cow_difference(&epoch->shared));
    return out;
}

/* ---- the series ---- */

static json_t *cow_columns(void)
{
    static const char *const names[] = {"event", "pages_model", "pages_kernel"};
    json_t *out = json_array();

    for (size_t i = 0; i < GCR_COUNT_OF(names); i++)
        json_array_append_new(out, json_string(names[i]));
    for (size_t i = 0; i < GCR_CAUSE_COUNT_OF; i++)
        json_array_append_new(out, json_string(gcr_cause_name[i]));
    return out;
}

static json_t *cow_row(const struct gcr_cow_epoch *epoch, const struct gcr_cow_point *point)
{
    json_t *out = json_array();

    json_array_append_new(out, gcr_json_count(point->event));
    json_array_append_new(out, cow_number(epoch->of_model, point->model.copied));
    json_array_append_new(out, cow_number(epoch->of_kernel, point->kernel_copied));
    for (size_t i = 0; i < GCR_CAUSE_COUNT_OF; i++)
        json_array_append_new(out, cow_number(epoch->of_model, point->model.first_cause[i]));
    return out;
}

static json_t *cow_series(const struct gcr_lane_result *lane, const struct gcr_cow_epoch *epoch)
{
    json_t *out = json_object(), *rows = json_array();

    for (size_t i = 0; i < epoch->point_count; i++)
        json_array_append_new(rows, cow_row(epoch, &lane->cow_points[epoch->first_point + i]));
    json_array_append_new(rows, cow_row(epoch, &epoch->end));
    json_object_set_new(out, "columns", cow_columns());
    json_object_set_new(out, "rows", rows);
    return out;
}

/* ---- epochs ---- */

static json_t *cow_epoch(const struct gcr_lane_result *lane, const struct gcr_cow_epoch *epoch)
{
    const struct gcr_cow_point *end = &epoch->end;
    bool model = epoch->of_model, kernel = epoch->of_kernel;
    json_t *out = json_object();

    json_object_set_new(out, "fork_event", cow_number(!epoch->is_born, epoch->event));
    json_object_set_new(out, "born", json_boolean(epoch->is_born));
    gcr_json_put(out, "other_lane", epoch->lane);
    gcr_json_put(out, "after_events", end->event - (epoch->is_born ? 0 : epoch->event + 1));
    json_object_set_new(out, "pages_model", cow_number(model, end->model.copied));
    json_object_set_new(out, "pages_kernel", cow_number(kernel, end->kernel_copied));
    json_object_set_new(out, "kernel_refusal",
                        epoch->refusal[0] != '\0' ? json_string(epoch->refusal) : json_null());
    json_object_set_new(out, "by_cause", cow_causes(model, end->model.first_cause));
    json_object_set_new(out, "by_any_cause", cow_causes(model, end->model.any_cause));
    json_object_set_new(out, "shared_model", cow_number(model, end->model.shared));
    json_object_set_new(out, "shared_kernel", cow_number(kernel, end->kernel_shared));
    json_object_set_new(out, "dropped_model", cow_number(model, end->model.dropped));
    json_object_set_new(out, "dropped_kernel", cow_number(kernel, end->kernel_dropped));
    json_object_set_new(out, "dropped_copied_model", cow_number(model, end->model.dropped_copied));
    json_object_set_new(out, "dropped_copied_kernel",
                        cow_number(kernel, end->kernel_dropped_copied));
    json_object_set_new(out, "fresh_model", cow_number(model, end->model.fresh));
    json_object_set_new(out, "fresh_kernel", cow_number(kernel, end->kernel_fresh));
    json_object_set_new(out, "agreement", cow_agreement(epoch));
    json_object_set_new(out, "series", cow_series(lane, epoch));
    return out;
}

json_t *gcr_json_cow(const struct gcr_lane_result *lane)
{
    json_t *out = json_array();

    for (size_t i = 0; i < lane->cow_count; i++)
        json_array_append_new(out, cow_epoch(lane, &lane->cow[i]));
    return out;
}
