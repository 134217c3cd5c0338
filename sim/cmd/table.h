/* Aligned text tables and human units, for standard output. */
#ifndef GCR_SIM_CMD_TABLE_H
#define GCR_SIM_CMD_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"

enum {
    GCR_TABLE_COLUMNS = 20,
    GCR_CELL_BYTES = 256,
    GCR_TABLE_WRAP = 120,
    GCR_TABLE_WRAP_LEAST = 40
};

/* Rows of cells; columns are as wide as their widest cell. */
struct gcr_table {
    unsigned columns;
    bool right[GCR_TABLE_COLUMNS]; /* aligned to the right */
    size_t rows, room;
    char (*cells)[GCR_CELL_BYTES]; /* row by row */
    bool failed;                   /* no memory: nothing will be printed */
};

/* `alignment` has one letter a column: 'l' or 'r'. */
void gcr_table_begin(struct gcr_table *table, const char *alignment);
/* Starts a row; cells are empty until set. */
void gcr_table_row(struct gcr_table *table);
/* A cell of the last row; longer text is cut. */
void gcr_table_cell(struct gcr_table *table, unsigned column, const char *format, ...)
    GCR_PRINTF(3, 4);
/* Prints every row after `indent` spaces, two spaces between columns, the first row underlined if
 * has_header, and frees the cells. A last column aligned to the left goes on below itself where it
 * would pass GCR_TABLE_WRAP, if that leaves it GCR_TABLE_WRAP_LEAST. */
void gcr_table_end(struct gcr_table *table, bool has_header, int indent, FILE *out);

/* A small string by value, for printf. */
struct gcr_text {
    char s[48];
};
struct gcr_text gcr_text_bytes(uint64_t bytes); /* "512 B", "33.5 MiB" */
struct gcr_text gcr_text_ns(uint64_t ns);       /* "870 ns", "1.24 ms", "12.3 s" */
struct gcr_text gcr_text_count(uint64_t count); /* "99999", "57.1 M" */
struct gcr_text gcr_text_ratio(double ratio);   /* "1.37x"; "-" if not finite */

#endif
