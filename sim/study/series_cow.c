/* cow.csv: pages that each process no longer shares, over its events since each fork. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/study/result_list.h"
#include "sim/study/series_parts.h"
#include "sim/study/thin.h"

/* Where a row belongs. */
struct cow_place {
    const struct gcr_point *point;
    double lane;
    size_t epoch; /* of the lane, from 0 */
};

static size_t cow_epochs(const json_t *lanes)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++)
        count += json_array_size(json_object_get(json_array_get(lanes, i), "cow"));
    return count;
}

static void cow_row(struct gcr_csv *csv, const struct cow_place *place, uint64_t event,
                    const char *cause, double pages)
{
    gcr_series_begin_row(csv, place->point);
    gcr_csv_real(csv, place->lane);
    gcr_csv_count(csv, place->epoch);
    gcr_csv_count(csv, event);
    gcr_csv_text(csv, cause);
    gcr_csv_real(csv, pages);
    gcr_csv_end_row(csv);
}

/* The pages of one cause; nothing if they are not known. */
static void cow_cause(struct gcr_csv *csv, const struct cow_place *place,
                      const struct gcr_result_list *list, size_t column, const char *cause,
                      const size_t *kept, size_t n)
{
    size_t event = gcr_result_list_column(list, "event");
    double most = (double)NAN; /* fmax takes the other one */
    for (size_t i = 0; i < n; i++)
        most = fmax(most, gcr_result_list_number(list, kept[i], column));
    if (isnan(most))
        return;
    for (size_t i = most > 0 ? 0 : n - 1; i < n; i++)
        cow_row(csv, place, gcr_result_list_count(list, kept[i], event), cause,
                gcr_result_list_number(list, kept[i], column));
}

/* By what the model counts; where it has not, by the kernel. */
static double cow_pages(const struct gcr_result_list *list, size_t row)
{
    double pages = gcr_result_list_number(list, row, gcr_result_list_column(list, "pages_model"));
    return isfinite(pages)
               ? pages
               : gcr_result_list_number(list, row, gcr_result_list_column(list, "pages_kernel"));
}

static bool cow_epoch(struct gcr_csv *csv, const struct cow_place *place, const json_t *epoch,
                      size_t most)
{
    static const char *const totals[] = {"event", "pages_model", "pages_kernel"};
    struct gcr_result_list list = gcr_result_list(epoch, "series");
    double *pages = malloc((list.count + 1) * sizeof *pages);
    size_t *kept = malloc((most + 1) * sizeof *kept);
    if (pages != NULL && kept != NULL) {
        for (size_t row = 0; row < list.count; row++)
            pages[row] = cow_pages(&list, row);
        size_t n = gcr_thin_to_maxima(pages, list.count, most, kept);
        for (size_t column = 0; column < json_array_size(list.columns); column++) {
            const char *name = json_string_value(json_array_get(list.columns, column));
            bool is_cause = name != NULL;
            for (size_t i = 0; is_cause && i < GCR_COUNT_OF(totals); i++)
                is_cause = strcmp(name, totals[i]) != 0;
            if (is_cause)
                cow_cause(csv, place, &list, column, name, kept, n);
        }
        cow_cause(csv, place, &list, gcr_result_list_column(&list, "pages_kernel"), "kernel", kept,
                  n);
    }
    bool have_memory = pages != NULL && kept != NULL;
    free(pages);
    free(kept);
    return have_memory;
}

bool gcr_series_cow(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lanes)
{
    size_t epochs = cow_epochs(lanes);
    size_t most = epochs > 0 ? GCR_SERIES_COW_POINTS / epochs : 0;
    if (most < GCR_SERIES_COW_LEAST)
        most = GCR_SERIES_COW_LEAST;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        const json_t *lane = json_array_get(lanes, i), *cow = json_object_get(lane, "cow");
        struct cow_place place = {.point = point, .lane = gcr_json_number_at(lane, "lane")};
        for (; place.epoch < json_array_size(cow); place.epoch++)
            if (!cow_epoch(csv, &place, json_array_get(cow, place.epoch), most))
                return false;
    }
    return true;
}
