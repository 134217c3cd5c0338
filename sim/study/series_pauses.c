/* pauses.csv: each pause of every process. */
#include <stdlib.h>

#include "sim/measure/json_at.h"
#include "sim/study/result_list.h"
#include "sim/study/series_parts.h"
#include "sim/study/thin.h"

/* The lists of all lanes, as one. */
static double *pauses_lengths(const json_t *lanes, size_t *count)
{
    size_t room = 0, n = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++)
        room += gcr_result_list(json_array_get(lanes, i), "pauses.list").count;
    double *lengths = malloc((room + 1) * sizeof *lengths);
    for (size_t i = 0; lengths != NULL && i < json_array_size(lanes); i++) {
        struct gcr_result_list list = gcr_result_list(json_array_get(lanes, i), "pauses.list");
        size_t column = gcr_result_list_column(&list, "length_ns");
        for (size_t row = 0; row < list.count; row++)
            lengths[n++] = gcr_result_list_number(&list, row, column);
    }
    *count = n;
    return lengths;
}

static void pauses_row(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lane,
                       const struct gcr_result_list *list, size_t row)
{
#define NUMBER(name) gcr_result_list_number(list, row, gcr_result_list_column(list, name))
#define COUNT(name) gcr_result_list_count(list, row, gcr_result_list_column(list, name))
    gcr_series_begin_row(csv, point);
    gcr_csv_real(csv, gcr_json_number_at(lane, "lane"));
    gcr_csv_real(csv, NUMBER("start_ns") / 1e6);
    gcr_csv_real(csv, NUMBER("length_ns") / 1e3);
    gcr_csv_count(csv, COUNT("generation"));
    gcr_csv_text(csv, gcr_result_list_text(list, row, gcr_result_list_column(list, "reason")));
    gcr_csv_real(csv, gcr_series_mib(NUMBER("before_bytes")));
    gcr_csv_real(csv, gcr_series_mib(NUMBER("after_bytes")));
    gcr_csv_count(csv, COUNT("freed"));
    gcr_csv_end_row(csv);
#undef COUNT
#undef NUMBER
}

/* kept[0..n) are places in the lists of all lanes, taken as one. */
static void pauses_rows(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lanes,
                        const size_t *kept, size_t n)
{
    size_t begin = 0, next = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        const json_t *lane = json_array_get(lanes, i);
        struct gcr_result_list list = gcr_result_list(lane, "pauses.list");
        for (; next < n && kept[next] < begin + list.count; next++)
            pauses_row(csv, point, lane, &list, kept[next] - begin);
        begin += list.count;
    }
}

bool gcr_series_pauses(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lanes)
{
    size_t count;
    double *lengths = pauses_lengths(lanes, &count);
    size_t *kept = malloc(GCR_SERIES_PAUSES * sizeof *kept), n = SIZE_MAX;
    if (lengths != NULL && kept != NULL)
        n = gcr_thin_to_largest(lengths, count, GCR_SERIES_PAUSES, kept);
    if (n != SIZE_MAX)
        pauses_rows(csv, point, lanes, kept, n);
    free(lengths);
    free(kept);
    return n != SIZE_MAX;
}
