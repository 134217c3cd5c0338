/* What a report puts first. */
#ifndef GCR_SIM_STUDY_REPORT_CHOICE_H
#define GCR_SIM_STUDY_REPORT_CHOICE_H

#include "sim/study/dataset.h"

/* The metric of that name; for NULL total time, else the first that some run knows. GCR_USAGE: no
 * such metric, or no run knows it; which are known is said. O(runs * metrics). */
gcr_status gcr_report_choose_metric(const struct gcr_dataset *dataset, const char *name,
                                    enum gcr_metric_id *out, struct gcr_error *err) GCR_MUST_USE;

/* Index of the heap size of that name; for NULL the one nearest to twice the peak of live bytes
 * (gcr_heap_nearest) among the runs that know the metric. GCR_USAGE: it is not of the study, which
 * are is said. */
gcr_status gcr_report_choose_heap(const struct gcr_dataset *dataset, const char *name,
                                  enum gcr_metric_id metric, size_t *out,
                                  struct gcr_error *err) GCR_MUST_USE;

#endif
