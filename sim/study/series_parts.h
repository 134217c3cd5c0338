/* Between the parts of the series tables: each writes one configuration's rows of one table, from
 * the lanes of its document. All return false if there is no memory. */
#ifndef GCR_SIM_STUDY_SERIES_PARTS_H
#define GCR_SIM_STUDY_SERIES_PARTS_H

#include "sim/study/csv.h"
#include "sim/study/dataset.h"

enum {
    GCR_SERIES_FOOTPRINTS = 400, /* rows a configuration, at most */
    GCR_SERIES_PAUSES = 20000,
    GCR_SERIES_SURVIVALS = 4000, /* for each generation */
    GCR_SERIES_COW_POINTS = 400, /* over all of a configuration's epochs ... */
    GCR_SERIES_COW_LEAST = 4     /* ... but each has so many, if it has them */
};

static inline double gcr_series_mib(double bytes)
{
    return bytes / (1 << 20);
}

/* trace,design,heap of a new row. */
static inline void gcr_series_begin_row(struct gcr_csv *csv, const struct gcr_point *point)
{
    gcr_csv_text(csv, point->trace);
    gcr_csv_text(csv, point->design);
    gcr_csv_text(csv, point->heap);
}

/* Clocks of modelled runs mean nothing and are left empty. */
bool gcr_series_footprint(struct gcr_csv *csv, const struct gcr_point *point,
                          const json_t *lanes) GCR_MUST_USE;
bool gcr_series_pauses(struct gcr_csv *csv, const struct gcr_point *point,
                       const json_t *lanes) GCR_MUST_USE;
bool gcr_series_survival(struct gcr_csv *csv, const struct gcr_point *point,
                         const json_t *lanes) GCR_MUST_USE;
bool gcr_series_cow(struct gcr_csv *csv, const struct gcr_point *point,
                    const json_t *lanes) GCR_MUST_USE;
/* From the whole document, short or long. */
void gcr_series_misses(struct gcr_csv *csv, const struct gcr_point *point, const json_t *document);

#endif
