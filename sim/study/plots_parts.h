/* What plots.c, which makes the list of pictures, and plots_data.c, which looks into tables, share.
 */
#ifndef GCR_SIM_STUDY_PLOTS_PARTS_H
#define GCR_SIM_STUDY_PLOTS_PARTS_H

#include "sim/study/plots.h"

/* What a figure's table has to say. */
struct gcr_figure_data {
    bool *has; /* [trace * heaps + heap] of the dataset; a table without one of them counts as 0 */
    size_t heaps;
    bool any, missing; /* rows at all; the table is not there */
    bool quoted;       /* a name in the table has letters that gnuplot cannot read */
};

/* Reads the figure's table. The caller frees has. GCR_IO, GCR_NO_MEMORY. O(bytes of the table). */
gcr_status gcr_figure_data_read(const struct gcr_dataset *dataset, const char *directory,
                                const struct gcr_figure *figure, struct gcr_figure_data *out,
                                struct gcr_error *err) GCR_MUST_USE;

/* Writes DIRECTORY/tables/TABLE.csv to DIRECTORY/plots/TABLE.csv with names as
 * gcr_figure_plain_name makes them. */
gcr_status gcr_figure_data_copy_plain(const char *directory, const char *table,
                                      struct gcr_error *err) GCR_MUST_USE;

/* In place: a name that gnuplot can read from a table. Commas become ';', quotation marks '\'',
 * ends of lines blanks. */
void gcr_figure_plain_name(char *name);

#endif
