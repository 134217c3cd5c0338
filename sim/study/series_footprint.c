/* footprint.csv: memory held over the events of the first process. */
#include <math.h>
#include <stdlib.h>

#include "sim/study/result_list.h"
#include "sim/study/series_parts.h"
#include "sim/study/thin.h"

/* In the table's order, after the clock. */
static const char *const footprint_bytes[] = {
    "footprint_bytes", "live_bytes", "objects", "headers", "free", "side", "buffers"};

static void footprint_row(struct gcr_csv *csv, const struct gcr_point *point,
                          const struct gcr_result_list *list, size_t row)
{
    double clock_ns = gcr_result_list_number(list, row, gcr_result_list_column(list, "clock_ns"));
    gcr_series_begin_row(csv, point);
    gcr_csv_count(csv, gcr_result_list_count(list, row, gcr_result_list_column(list, "event")));
    gcr_csv_real(csv, point->mode == GCR_STUDY_TIMED ? clock_ns / 1e6 : (double)NAN);
    for (size_t i = 0; i < GCR_COUNT_OF(footprint_bytes); i++) {
        size_t column = gcr_result_list_column(list, footprint_bytes[i]);
        gcr_csv_real(csv, gcr_series_mib(gcr_result_list_number(list, row, column)));
    }
    gcr_csv_end_row(csv);
}

bool gcr_series_footprint(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lanes)
{
    struct gcr_result_list list = gcr_result_list(json_array_get(lanes, 0), "footprint_series");
    size_t column = gcr_result_list_column(&list, footprint_bytes[0]);
    size_t kept[GCR_SERIES_FOOTPRINTS];
    double *bytes = malloc((list.count + 1) * sizeof *bytes);
    if (bytes == NULL)
        return false;
    for (size_t row = 0; row < list.count; row++)
        bytes[row] = gcr_result_list_number(&list, row, column);
    size_t n = gcr_thin_to_maxima(bytes, list.count, GCR_SERIES_FOOTPRINTS, kept);
    free(bytes);
    for (size_t i = 0; i < n; i++)
        footprint_row(csv, point, &list, kept[i]);
    return true;
}
