/* All series tables in one pass: each document is read once. */
#include "sim/study/series_parts.h"
#include "sim/study/tables.h"

enum series_table {
    SERIES_FOOTPRINT,
    SERIES_PAUSES,
    SERIES_SURVIVAL,
    SERIES_MISSES,
    SERIES_COW,
    SERIES_TABLES
};

static const struct {
    const char *name, *columns;
} series_heads[SERIES_TABLES] = {
    [SERIES_FOOTPRINT] = {"footprint",
                          "trace,design,heap,event,clock_ms,footprint_mib,live_mib,objects_mib,"
                          "headers_mib,free_mib,side_mib,buffers_mib"},
    [SERIES_PAUSES] = {"pauses", "trace,design,heap,lane,start_ms,length_us,generation,reason,"
                                 "before_mib,after_mib,freed"},
    [SERIES_SURVIVAL] = {"survival", "trace,design,heap,collection,event,generation,before_mib,"
                                     "after_mib,survived"},
    [SERIES_MISSES] = {"misses", "trace,design,heap,phase,allocated_kib,l1_misses,l2_misses,"
                                 "llc_misses,tlb_misses"},
    [SERIES_COW] = {"cow", "trace,design,heap,lane,epoch,event,cause,pages"},
};

static bool series_kept(const struct gcr_point *point)
{
    for (size_t i = 0; point != NULL && i < point->run_count; i++)
        if (point->runs[i].is_ok && point->runs[i].full != NULL)
            return true;
    return false;
}

/* Whether the same configuration has complete lists in the other mode too. */
static bool series_other_kept(const struct gcr_dataset *dataset, const struct gcr_point *point)
{
    enum gcr_study_mode other = point->mode == GCR_STUDY_TIMED ? GCR_STUDY_CACHE : GCR_STUDY_TIMED;
    return series_kept(gcr_dataset_find(dataset, point->trace, point->design, point->heap, other));
}

/* Of a configuration without any lists, whose figures are enough for misses.csv; the caller owns
 * it. NULL: no run completed. */
static json_t *series_short(const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++)
        if (point->runs[i].is_ok)
            return json_load_file(point->runs[i].file, 0, NULL);
    return NULL;
}

/* A modelled run knows causes of unshared pages, a timed one times: each table takes what is best
 * and makes do with the other. False: no memory. */
static bool series_lists(struct gcr_csv *tables, const struct gcr_dataset *dataset,
                         const struct gcr_point *point, const json_t *lanes)
{
    bool is_timed = point->mode == GCR_STUDY_TIMED, is_alone = !series_other_kept(dataset, point);
    if (is_timed && !gcr_series_pauses(&tables[SERIES_PAUSES], point, lanes))
        return false;
    if ((is_timed || is_alone) && !gcr_series_footprint(&tables[SERIES_FOOTPRINT], point, lanes))
        return false;
    if ((is_timed || is_alone) && !gcr_series_survival(&tables[SERIES_SURVIVAL], point, lanes))
        return false;
    return (is_timed && !is_alone) || gcr_series_cow(&tables[SERIES_COW], point, lanes);
}

static bool series_point(struct gcr_csv *tables, const struct gcr_dataset *dataset,
                         const struct gcr_point *point)
{
    json_t *document = gcr_point_full(point);
    const json_t *lanes = json_object_get(document, "lanes");
    bool is_written = json_array_size(lanes) == 0 || series_lists(tables, dataset, point, lanes);
    if (document == NULL && point->mode == GCR_STUDY_CACHE)
        document = series_short(point);
    if (is_written && point->mode == GCR_STUDY_CACHE)
        gcr_series_misses(&tables[SERIES_MISSES], point, document);
    json_decref(document);
    return is_written;
}

gcr_status gcr_series_tables_write(const struct gcr_dataset *dataset, const char *directory,
                                   struct gcr_error *err)
{
    struct gcr_csv tables[SERIES_TABLES];
    gcr_status status = GCR_OK;
    size_t open = 0;
    while (status == GCR_OK && open < SERIES_TABLES) {
        status = gcr_csv_open(&tables[open], directory, series_heads[open].name,
                              series_heads[open].columns, err);
        open += status == GCR_OK;
    }
    for (size_t i = 0; status == GCR_OK && i < dataset->point_count; i++)
        if (!series_point(tables, dataset, &dataset->points[i]))
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory for the series of %s on %s",
                              dataset->points[i].design, dataset->points[i].trace);
    for (size_t i = 0; i < open; i++)
        if (status == GCR_OK)
            status = gcr_csv_close(&tables[i], err);
        else
            gcr_csv_abandon(&tables[i]);
    return status;
}
