/* demographics.csv. */
#include <string.h>

#include "sim/study/demographics.h"
#include "sim/study/tables.h"

const char gcr_demographics_columns[] = "trace,what,low,high,objects,bytes";

static void put_tally(struct gcr_csv *csv, const struct gcr_tally *tally)
{
    gcr_csv_count(csv, tally->objects);
    gcr_csv_count(csv, tally->bytes);
    gcr_csv_end_row(csv);
}

static void put_bins(struct gcr_csv *csv, const char *trace, const char *what,
                     const struct gcr_bins *bins)
{
    unsigned first = 0, end = GCR_BINS;
    while (first < end && bins->bin[first].objects == 0)
        first++;
    while (end > first && bins->bin[end - 1].objects == 0)
        end--;
    for (unsigned k = first; k < end; k++) {
        gcr_csv_text(csv, trace);
        gcr_csv_text(csv, what);
        gcr_csv_count(csv, k > 0 ? (uint64_t)1 << (k - 1) : 0);
        gcr_csv_count(csv, k < GCR_BINS - 1 ? (uint64_t)1 << k : UINT64_MAX);
        put_tally(csv, &bins->bin[k]);
    }
}

void gcr_demographics_put(struct gcr_csv *csv, const char *trace,
                          const struct gcr_demographics *demographics)
{
    put_bins(csv, trace, "size", &demographics->size);
    put_bins(csv, trace, "degree", &demographics->degree);
    if (!demographics->has_deaths)
        return;
    put_bins(csv, trace, "lifetime", &demographics->lifetime);
    gcr_csv_text(csv, trace);
    gcr_csv_text(csv, "lifetime");
    gcr_csv_text(csv, NULL);
    gcr_csv_text(csv, NULL);
    put_tally(csv, &demographics->alive);
}

/* A trace that has gone, or is another one now, is left out; so is one that is damaged. */
static gcr_status read_trace(const struct gcr_dataset_trace *facts, struct gcr_demographics *out,
                             bool *is_known, struct gcr_error *err)
{
    struct gcr_reader *reader;
    *is_known = false;
    if (facts->path == NULL || gcr_reader_open(facts->path, &reader, err) != GCR_OK)
        return GCR_OK;
    bool is_same = facts->digest == NULL || *facts->digest == '\0' ||
                   strcmp(facts->digest, gcr_reader_digest(reader)) == 0;
    gcr_status status = is_same ? gcr_demographics_read(reader, out, err) : GCR_OK;
    *is_known = is_same && status == GCR_OK;
    gcr_reader_close(reader);
    return status == GCR_NO_MEMORY ? status : GCR_OK;
}

gcr_status gcr_demographics_table_write(const struct gcr_dataset *dataset, const char *directory,
                                        struct gcr_error *err)
{
    struct gcr_csv csv;
    gcr_status status =
        gcr_csv_open(&csv, directory, "demographics", gcr_demographics_columns, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; status == GCR_OK && i < dataset->trace_count; i++) {
        struct gcr_demographics demographics;
        bool is_known;
        status = read_trace(&dataset->traces[i], &demographics, &is_known, err);
        if (status == GCR_OK && is_known)
            gcr_demographics_put(&csv, dataset->traces[i].name, &demographics);
    }
    if (status == GCR_OK)
        return gcr_csv_close(&csv, err);
    gcr_csv_abandon(&csv);
    return status;
}
