/* A study's tables as its page needs them: summary.csv by configuration and metric, and the rows of
 * geomean.csv and lbo.csv. */
#ifndef GCR_SIM_STUDY_PAGE_DATA_H
#define GCR_SIM_STUDY_PAGE_DATA_H

#include "sim/study/dataset.h"
#include "sim/study/sheet.h"

/* A figure and how sure it is. NAN: not known. */
struct gcr_page_value {
    double value;
    struct gcr_interval in;
};

struct gcr_page_cell {
    bool is_known;       /* the table has a row, and a median */
    size_t runs, failed; /* `runs` counts those that know the figure */
    struct gcr_page_value median;
    struct gcr_ratio ratio; /* to the baseline */
};

struct gcr_page_data {
    struct gcr_page_cell *cells; /* of traces, designs, heaps, modes, metrics */
    size_t designs, heaps;
    struct gcr_sheet summary, geomean, lbo;
};

/* Reads DIRECTORY/summary.csv, geomean.csv and lbo.csv. Rows of what the dataset does not know are
 * left out. GCR_IO, GCR_BAD_INPUT: gcr_sheet_read. O(rows * (traces + designs + heaps)). */
gcr_status gcr_page_data_read(const struct gcr_dataset *dataset, const char *directory,
                              struct gcr_page_data *out, struct gcr_error *err) GCR_MUST_USE;
void gcr_page_data_finish(struct gcr_page_data *data);

/* Never NULL. */
const struct gcr_page_cell *gcr_page_cell_of(const struct gcr_page_data *data, size_t trace,
                                             size_t design, size_t heap, enum gcr_study_mode mode,
                                             enum gcr_metric_id metric);
/* The timed runs' cell if they know the metric, else the modelled runs'. Never NULL. */
const struct gcr_page_cell *gcr_page_cell(const struct gcr_page_data *data, size_t trace,
                                          size_t design, size_t heap, enum gcr_metric_id metric);

/* A row of geomean.csv; NAN throughout if it is not there. `traces`: how many went into it. */
struct gcr_ratio gcr_page_geomean(const struct gcr_page_data *data, const char *design,
                                  const char *heap, enum gcr_metric_id metric, size_t *traces);

struct gcr_page_bound {
    struct gcr_page_value lbo;
    double total_ns, low_bound_ns;
    bool is_reference;
};
/* A row of lbo.csv; `cost` is "time" or "cpu". False: it is not there. */
bool gcr_page_bound(const struct gcr_page_data *data, const char *trace, const char *heap,
                    const char *design, const char *cost, struct gcr_page_bound *out);

#endif
