/* Tables as gcr_csv writes them (RFC 4180), row by row. */
#ifndef GCR_SIM_STUDY_CSV_READER_H
#define GCR_SIM_STUDY_CSV_READER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"

enum { GCR_CSV_MOST_FIELDS = 64 };

struct gcr_csv_reader {
    FILE *file;
    const char *path;                        /* the caller's */
    char *text;                              /* of the row, its fields one after the other */
    size_t capacity, length;                 /* of text */
    const char *fields[GCR_CSV_MOST_FIELDS]; /* until the next row; those beyond are left out */
    size_t count;
    bool quoted; /* some field so far was in quotation marks: it has a comma, or such a mark */
};

/* GCR_IO names the path and the system's reason. */
gcr_status gcr_csv_reader_open(struct gcr_csv_reader *reader, const char *path,
                               struct gcr_error *err) GCR_MUST_USE;
/* Reads the next row; *more is false at the end. GCR_IO, GCR_NO_MEMORY: it could not be read. */
gcr_status gcr_csv_reader_next(struct gcr_csv_reader *reader, bool *more,
                               struct gcr_error *err) GCR_MUST_USE;
void gcr_csv_reader_close(struct gcr_csv_reader *reader);

/* The field of that name in the present row, which is the head line; reader->count if there is
 * none. */
size_t gcr_csv_reader_find(const struct gcr_csv_reader *reader, const char *column);

#endif
