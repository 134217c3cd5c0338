/* What a report is made of, as CSV files of docs/studies.md in a directory that exists. Each
 * function writes its tables whole or fails with GCR_IO or GCR_NO_MEMORY; a table without rows has
 * its head line alone. */
#ifndef GCR_SIM_STUDY_TABLES_H
#define GCR_SIM_STUDY_TABLES_H

#include "sim/study/dataset.h"

/* runs.csv, summary.csv, geomean.csv: every figure of every configuration. */
gcr_status gcr_summary_tables_write(const struct gcr_dataset *dataset, const char *directory,
                                    struct gcr_error *err) GCR_MUST_USE;
/* lbo.csv: Cai, Blackburn, Bond, Maas, "Distilling the Real Cost of Production Garbage Collectors",
 * ISPASS 2022. */
gcr_status gcr_lbo_table_write(const struct gcr_dataset *dataset, const char *directory,
                               struct gcr_error *err) GCR_MUST_USE;
/* percentiles.csv, mmu.csv, latency.csv: from each configuration's first complete run. */
gcr_status gcr_curve_tables_write(const struct gcr_dataset *dataset, const char *directory,
                                  struct gcr_error *err) GCR_MUST_USE;
/* footprint.csv, pauses.csv, survival.csv, misses.csv, cow.csv: likewise. */
gcr_status gcr_series_tables_write(const struct gcr_dataset *dataset, const char *directory,
                                   struct gcr_error *err) GCR_MUST_USE;
/* demographics.csv: from the traces themselves; one that is not there any more is left out. */
gcr_status gcr_demographics_table_write(const struct gcr_dataset *dataset, const char *directory,
                                        struct gcr_error *err) GCR_MUST_USE;

#endif
