/* lbo.csv; lbo.h says what its figures are. */
#include <stdlib.h>
#include <string.h>

#include "sim/study/csv.h"
#include "sim/study/lbo.h"
#include "sim/study/reference.h"
#include "sim/study/tables.h"

static void lbo_row(struct gcr_csv *csv, const struct gcr_lbo *row, const char *heap,
                    const char *cost)
{
    gcr_csv_text(csv, row->point->trace);
    gcr_csv_text(csv, heap);
    gcr_csv_text(csv, row->point->design);
    gcr_csv_text(csv, cost);
    gcr_csv_real(csv, row->total_ns);
    gcr_csv_real(csv, row->low_bound_ns);
    gcr_csv_real(csv, row->lbo.value);
    gcr_csv_real(csv, row->lbo.in.low);
    gcr_csv_real(csv, row->lbo.in.high);
    gcr_csv_count(csv, row->is_reference);
    gcr_csv_end_row(csv);
}

/* A design that never frees is run without a budget, and stands beside the others in all. */
static bool lbo_belongs(const struct gcr_dataset *dataset, const struct gcr_lbo *row,
                        const char *heap)
{
    const struct gcr_point *point = row->point;
    return strcmp(point->heap, heap) == 0 ||
           (strcmp(point->heap, "native") == 0 && gcr_collector_never_frees(point->collector) &&
            gcr_dataset_find(dataset, point->trace, point->design, heap, point->mode) == NULL);
}

static gcr_status lbo_rows(struct gcr_csv *csv, const struct gcr_dataset *dataset,
                           const char *trace, const struct gcr_lbo_cost *cost,
                           struct gcr_error *err)
{
    struct gcr_lbo *rows = NULL;
    size_t count = 0;
    gcr_status status = gcr_lbo_find(dataset, trace, cost, &rows, &count, err);
    if (status != GCR_OK)
        return status;
    for (size_t h = 0; h < dataset->heap_count; h++)
        for (size_t i = 0; i < count; i++)
            if (lbo_belongs(dataset, &rows[i], dataset->heaps[h]))
                lbo_row(csv, &rows[i], dataset->heaps[h], cost->name);
    free(rows);
    return GCR_OK;
}

gcr_status gcr_lbo_table_write(const struct gcr_dataset *dataset, const char *directory,
                               struct gcr_error *err)
{
    struct gcr_csv csv;
    gcr_status status = gcr_csv_open(
        &csv, directory, "lbo",
        "trace,heap,design,cost,total,low_bound,lbo,lbo_low,lbo_high,is_reference", err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < dataset->trace_count && status == GCR_OK; i++)
        for (size_t k = 0; k < GCR_LBO_COSTS && status == GCR_OK; k++)
            status = lbo_rows(&csv, dataset, dataset->traces[i].name, &gcr_lbo_costs[k], err);
    if (status == GCR_OK)
        return gcr_csv_close(&csv, err);
    gcr_csv_abandon(&csv);
    return status;
}
