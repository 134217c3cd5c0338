/* A study's table read back: the report says what the CSV files say, digit by digit. */
#ifndef GCR_SIM_STUDY_SHEET_H
#define GCR_SIM_STUDY_SHEET_H

#include <stddef.h>

#include "base/status.h"

/* Cells are texts within `bytes`, row by row. The first line of the file is `head`. */
struct gcr_sheet {
    char *bytes;
    const char **head;
    const char **cells;
    size_t column_count, row_count;
};

/* RFC 4180, lines ended by \n or \r\n. GCR_IO: the file cannot be read; GCR_BAD_INPUT: a row has
 * another number of fields than the head, or a quote is not closed; the line is named.
 * O(bytes). */
gcr_status gcr_sheet_read(const char *path, struct gcr_sheet *out,
                          struct gcr_error *err) GCR_MUST_USE;
void gcr_sheet_finish(struct gcr_sheet *sheet);

/* column_count if there is none of that name. O(columns). */
size_t gcr_sheet_column(const struct gcr_sheet *sheet, const char *name);
/* "" in a column that does not exist. */
const char *gcr_sheet_text(const struct gcr_sheet *sheet, size_t row, size_t column);
/* NAN if the field is empty or no number. */
double gcr_sheet_number(const struct gcr_sheet *sheet, size_t row, size_t column);

#endif
