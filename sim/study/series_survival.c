/* survival.csv: what each collection of the first process kept of what it examined. */
#include <math.h>

#include "sim/study/result_list.h"
#include "sim/study/series_parts.h"

enum { SURVIVAL_GENERATIONS = 256 };

/* A design that does not count its survivors reports none, and nothing collected. Collected, not
 * freed: reference counting frees more in a collection's wake than that has examined. */
static double survival_share(const struct gcr_result_list *list, size_t row)
{
    double kept = gcr_result_list_number(list, row, gcr_result_list_column(list, "survivors"));
    double lost = gcr_result_list_number(list, row, gcr_result_list_column(list, "collected"));
    return kept + lost > 0 ? kept / (kept + lost) : (double)NAN;
}

static void survival_row(struct gcr_csv *csv, const struct gcr_point *point,
                         const struct gcr_result_list *list, size_t row)
{
    size_t before = gcr_result_list_column(list, "before_bytes");
    size_t after = gcr_result_list_column(list, "after_bytes");
    gcr_series_begin_row(csv, point);
    gcr_csv_count(csv, row + 1);
    gcr_csv_count(csv, gcr_result_list_count(list, row, gcr_result_list_column(list, "event")));
    gcr_csv_count(csv,
                  gcr_result_list_count(list, row, gcr_result_list_column(list, "generation")));
    gcr_csv_real(csv, gcr_series_mib(gcr_result_list_number(list, row, before)));
    gcr_csv_real(csv, gcr_series_mib(gcr_result_list_number(list, row, after)));
    gcr_csv_real(csv, survival_share(list, row));
    gcr_csv_end_row(csv);
}

static uint64_t survival_generation(const struct gcr_result_list *list, size_t column, size_t row)
{
    uint64_t generation = gcr_result_list_count(list, row, column);
    return generation < SURVIVAL_GENERATIONS ? generation : SURVIVAL_GENERATIONS - 1;
}

/* Of each generation every so-manieth: a step over all collections would miss whole generations
 * that come in a rhythm. */
bool gcr_series_survival(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lanes)
{
    struct gcr_result_list list = gcr_result_list(json_array_get(lanes, 0), "pauses.list");
    size_t column = gcr_result_list_column(&list, "generation");
    size_t count[SURVIVAL_GENERATIONS] = {0}, seen[SURVIVAL_GENERATIONS] = {0};
    for (size_t row = 0; row < list.count; row++)
        count[survival_generation(&list, column, row)]++;
    for (size_t row = 0; row < list.count; row++) {
        uint64_t generation = survival_generation(&list, column, row);
        size_t step = (count[generation] + GCR_SERIES_SURVIVALS - 1) / GCR_SERIES_SURVIVALS;
        if (seen[generation]++ % step == 0)
            survival_row(csv, point, &list, row);
    }
    return true;
}
