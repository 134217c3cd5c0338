/* percentiles.csv, mmu.csv and latency.csv. Pauses and requests are those of all processes, with
 * the exception of mutator utilisation, which is the first process's: each has a clock of its own.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/measure/json_at.h"
#include "sim/study/csv.h"
#include "sim/study/latency.h"
#include "sim/study/mutator_utilisation.h"
#include "sim/study/percentiles.h"
#include "sim/study/result_list.h"
#include "sim/study/tables.h"

struct curve_tables {
    struct gcr_csv percentiles, mmu, latency;
};

static void curve_begin_row(struct gcr_csv *csv, const struct gcr_point *point)
{
    gcr_csv_text(csv, point->trace);
    gcr_csv_text(csv, point->design);
    gcr_csv_text(csv, point->heap);
}

/* Rows of all lanes' lists of that name. */
static size_t curve_row_count(const json_t *lanes, const char *list_name)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++)
        count += gcr_result_list(json_array_get(lanes, i), list_name).count;
    return count;
}

/* ---- pauses ---- */

/* False: no memory. */
static bool curve_write_percentiles(struct gcr_csv *csv, const struct gcr_point *point,
                                    const json_t *lanes)
{
    size_t room = curve_row_count(lanes, "pauses.list"), count = 0;
    double *length_us = malloc((room + 1) * sizeof *length_us);
    struct gcr_percentile found[GCR_PERCENTILES];
    if (length_us == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        struct gcr_result_list list = gcr_result_list(json_array_get(lanes, i), "pauses.list");
        size_t column = gcr_result_list_column(&list, "length_ns");
        for (size_t row = 0; row < list.count; row++) {
            double ns = gcr_result_list_number(&list, row, column);
            if (isfinite(ns))
                length_us[count++] = ns / 1e3;
        }
    }
    size_t points = gcr_percentiles(length_us, count, found);
    free(length_us);
    for (size_t i = 0; i < points; i++) {
        curve_begin_row(csv, point);
        gcr_csv_real(csv, found[i].percent);
        gcr_csv_real(csv, found[i].value);
        gcr_csv_end_row(csv);
    }
    return true;
}

/* ---- mutator utilisation ---- */

/* malloc'ed, *count of them; NULL: no memory. */
static struct gcr_stop_span *curve_stops(const json_t *lane, size_t *count)
{
    struct gcr_result_list list = gcr_result_list(lane, "pauses.list");
    size_t start = gcr_result_list_column(&list, "start_ns");
    size_t length = gcr_result_list_column(&list, "length_ns");
    struct gcr_stop_span *stops = malloc((list.count + 1) * sizeof *stops);
    *count = list.count;
    for (size_t row = 0; stops != NULL && row < list.count; row++)
        stops[row] = (struct gcr_stop_span){.start_ns = gcr_result_list_count(&list, row, start),
                                            .length_ns = gcr_result_list_count(&list, row, length)};
    return stops;
}

static void curve_write_utilisation(struct gcr_csv *csv, const struct gcr_point *point,
                                    const struct gcr_utilisation *run)
{
    struct gcr_utilisation_point found[GCR_UTILISATION_POINTS];
    size_t points = gcr_utilisation_curve(run, found);
    for (size_t i = 0; i < points; i++) {
        curve_begin_row(csv, point);
        gcr_csv_real(csv, (double)found[i].window_ns / 1e6);
        gcr_csv_real(csv, found[i].mmu);
        gcr_csv_real(csv, found[i].bmu);
        gcr_csv_end_row(csv);
    }
}

/* A run without length, or whose pauses contradict each other, has no rows. */
static bool curve_write_mmu(struct gcr_csv *csv, const struct gcr_point *point, const json_t *lane)
{
    double total_ns =
        gcr_json_number_at(lane, "time.mutator_ns") + gcr_json_number_at(lane, "time.collector_ns");
    size_t count;
    struct gcr_stop_span *stops = curve_stops(lane, &count);
    struct gcr_utilisation run;
    if (stops == NULL)
        return false;
    if (total_ns > 0 && gcr_utilisation_init(&run, stops, count, (uint64_t)total_ns)) {
        curve_write_utilisation(csv, point, &run);
        gcr_utilisation_finish(&run);
    }
    free(stops);
    return true;
}

/* ---- requests ---- */

/* A lane's requests by their beginnings; returns how many. */
static size_t curve_read_requests(const json_t *lane, struct gcr_service *requests)
{
    struct gcr_result_list list = gcr_result_list(lane, "requests");
    size_t start = gcr_result_list_column(&list, "start_ns");
    size_t end = gcr_result_list_column(&list, "end_ns");
    size_t count = 0;
    for (size_t row = 0; row < list.count; row++) {
        struct gcr_service request = {.start_ns = gcr_result_list_count(&list, row, start),
                                      .end_ns = gcr_result_list_count(&list, row, end)};
        if (request.end_ns >= request.start_ns)
            requests[count++] = request;
    }
    gcr_latency_sort(requests, count);
    return count;
}

/* Latencies of that kind, of all lanes: arrivals are even in each lane, on its own clock. Returns
 * how many; requests is room to work in. */
static size_t curve_latencies(const json_t *lanes, const struct gcr_latency_kind *kind,
                              struct gcr_service *requests, double *latency_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        size_t n = curve_read_requests(json_array_get(lanes, i), requests);
        if (kind->window_ns == 0)
            gcr_latency_simple(requests, n, latency_ns + count);
        else
            gcr_latency_metered(requests, n, kind->window_ns, latency_ns + count);
        count += n;
    }
    return count;
}

static void curve_write_kind(struct gcr_csv *csv, const struct gcr_point *point, const char *kind,
                             double *latency_ns, size_t count)
{
    struct gcr_percentile found[GCR_PERCENTILES];
    size_t points = gcr_percentiles(latency_ns, count, found);
    for (size_t i = 0; i < points; i++) {
        curve_begin_row(csv, point);
        gcr_csv_text(csv, kind);
        gcr_csv_real(csv, found[i].percent);
        gcr_csv_real(csv, found[i].value / 1e3);
        gcr_csv_end_row(csv);
    }
}

static bool curve_write_latency(struct gcr_csv *csv, const struct gcr_point *point,
                                const json_t *lanes)
{
    size_t room = curve_row_count(lanes, "requests");
    struct gcr_service *requests = malloc((room + 1) * sizeof *requests);
    double *latency_ns = malloc((room + 1) * sizeof *latency_ns);
    bool have_memory = requests != NULL && latency_ns != NULL;
    for (size_t k = 0; have_memory && room > 0 && k < GCR_LATENCY_KINDS; k++) {
        const struct gcr_latency_kind *kind = &gcr_latency_kinds[k];
        size_t count = curve_latencies(lanes, kind, requests, latency_ns);
        curve_write_kind(csv, point, kind->name, latency_ns, count);
    }
    free(requests);
    free(latency_ns);
    return have_memory;
}

/* ---- all of them ---- */

/* Rows of one configuration; none if no run kept its lists, or if its times mean nothing. False: no
 * memory. */
static bool curve_write_point(struct curve_tables *tables, const struct gcr_point *point)
{
    json_t *document = point->mode == GCR_STUDY_TIMED ? gcr_point_full(point) : NULL;
    const json_t *lanes = json_object_get(document, "lanes");
    bool is_written = true;
    if (json_array_size(lanes) > 0)
        is_written = curve_write_percentiles(&tables->percentiles, point, lanes) &&
                     curve_write_mmu(&tables->mmu, point, json_array_get(lanes, 0)) &&
                     curve_write_latency(&tables->latency, point, lanes);
    json_decref(document);
    return is_written;
}

/* On failure none is open. */
static gcr_status curve_open(struct curve_tables *tables, const char *directory,
                             struct gcr_error *err)
{
    gcr_status status = gcr_csv_open(&tables->percentiles, directory, "percentiles",
                                     "trace,design,heap,percentile,pause_us", err);
    if (status != GCR_OK)
        return status;
    status =
        gcr_csv_open(&tables->mmu, directory, "mmu", "trace,design,heap,window_ms,mmu,bmu", err);
    if (status != GCR_OK)
        goto fail_mmu;
    status = gcr_csv_open(&tables->latency, directory, "latency",
                          "trace,design,heap,kind,percentile,latency_us", err);
    if (status != GCR_OK)
        goto fail_latency;
    return GCR_OK;
fail_latency:
    gcr_csv_abandon(&tables->mmu);
fail_mmu:
    gcr_csv_abandon(&tables->percentiles);
    return status;
}

/* Closes a table, or throws it away if something has failed before. */
static gcr_status curve_close(struct gcr_csv *csv, gcr_status status, struct gcr_error *err)
{
    if (status == GCR_OK)
        return gcr_csv_close(csv, err);
    gcr_csv_abandon(csv);
    return status;
}

gcr_status gcr_curve_tables_write(const struct gcr_dataset *dataset, const char *directory,
                                  struct gcr_error *err)
{
    struct curve_tables tables;
    gcr_status status = curve_open(&tables, directory, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < dataset->point_count && status == GCR_OK; i++)
        if (!curve_write_point(&tables, &dataset->points[i]))
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory for the curves of %s on %s",
                              dataset->points[i].design, dataset->points[i].trace);
    status = curve_close(&tables.percentiles, status, err);
    status = curve_close(&tables.mmu, status, err);
    return curve_close(&tables.latency, status, err);
}
