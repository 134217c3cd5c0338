/* Tables as CSV (RFC 4180, lines ended by \n): one writer for all of a study's tables. */
#ifndef GCR_SIM_STUDY_CSV_H
#define GCR_SIM_STUDY_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/measure/output.h"

struct gcr_csv {
    struct gcr_output output; /* appears by rename when it is closed */
    bool in_row;
};

/* Opens DIRECTORY/NAME.csv and writes the head line, a list of columns separated by commas. */
gcr_status gcr_csv_open(struct gcr_csv *csv, const char *directory, const char *name,
                        const char *columns, struct gcr_error *err) GCR_MUST_USE;
/* The same under any path that gcr_output_open takes. */
gcr_status gcr_csv_open_path(struct gcr_csv *csv, const char *path, const char *columns,
                             struct gcr_error *err) GCR_MUST_USE;
/* GCR_IO if anything was lost. */
gcr_status gcr_csv_close(struct gcr_csv *csv, struct gcr_error *err) GCR_MUST_USE;
void gcr_csv_abandon(struct gcr_csv *csv);

/* One field of a table that is written by other means; quoted where need be. */
void gcr_csv_write_text(FILE *out, const char *text);

/* Fields of the row, in order. Quoted where need be; NULL is empty. */
void gcr_csv_text(struct gcr_csv *csv, const char *text);
void gcr_csv_count(struct gcr_csv *csv, uint64_t value);
/* Ten significant digits; what is not finite is an empty field: not known. */
void gcr_csv_real(struct gcr_csv *csv, double value);
void gcr_csv_end_row(struct gcr_csv *csv);

#endif
