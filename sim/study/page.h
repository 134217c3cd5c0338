/* The page of a study: what its parts know, and the parts. Each writes a section into page->out;
 * a section without anything to say writes nothing. report.h puts them together. */
#ifndef GCR_SIM_STUDY_PAGE_H
#define GCR_SIM_STUDY_PAGE_H

#include <stdio.h>

#include "sim/study/answer.h"
#include "sim/study/dataset.h"
#include "sim/study/page_data.h"
#include "sim/study/plots.h"
#include "sim/study/quantity.h"
#include "sim/study/report_facts.h"

struct gcr_page {
    FILE *out;
    const struct gcr_dataset *dataset;
    const struct gcr_report_facts *facts;
    const struct gcr_page_data *data;
    const struct gcr_plots *plots;   /* NULL: none were asked for */
    const struct gcr_answer *answer; /* NULL: there is none */
    const char *no_answer;           /* why, then */
    const char *title;
    const char *baseline; /* a design */
    enum gcr_metric_id metric;
    size_t heap;         /* index of the heap size that is shown first */
    const char *root;    /* address of the directory from the page: "" or "../study/" */
    const char *command; /* that makes the page again */
};

/* Question, what was run, contents. */
void gcr_page_head(const struct gcr_page *page);
void gcr_page_answer(const struct gcr_page *page);
void gcr_page_warnings(const struct gcr_page *page);
/* Whether there is one: two traces or more, and a design that completed one of them as the baseline
 * did. */
bool gcr_page_has_geomeans(const struct gcr_page *page);
void gcr_page_geomeans(const struct gcr_page *page);
void gcr_page_traces(const struct gcr_page *page);
void gcr_page_bounds(const struct gcr_page *page);
void gcr_page_figures(const struct gcr_page *page);
void gcr_page_method(const struct gcr_page *page);
void gcr_page_machine(const struct gcr_page *page);
void gcr_page_commands(const struct gcr_page *page);
void gcr_page_files(const struct gcr_page *page);

/* ---- parts of parts ---- */

/* The chosen metric over all heap sizes of a trace: a row a design, a column a size. Nothing if
 * there is one size. */
void gcr_page_heaps(const struct gcr_page *page, size_t trace);
/* An outcome as words: "heap exhausted". */
void gcr_page_outcome(const struct gcr_page *page, const char *outcome);

/* A section's opening: <section id="ID"><h2>TITLE</h2>. */
void gcr_page_section(const struct gcr_page *page, const char *id, const char *title);
/* <table> in a box that scrolls, with a caption, sortable. Ends with gcr_page_table_end. `id` is
 * taken apart by gcr_markup_id. */
void gcr_page_table(const struct gcr_page *page, const char *kind, const char *id,
                    const char *caption);
void gcr_page_table_end(const struct gcr_page *page);
/* A row's head: the design with its colour; with a point, a link to its command. */
void gcr_page_design(const struct gcr_page *page, const char *design,
                     const struct gcr_point *point);
/* The id under which the command of a configuration stands. */
void gcr_page_command_id(const struct gcr_page *page, const struct gcr_point *point);

/* Figures of one column, padded with blank digits so that their points stand above each other. */
struct gcr_page_column {
    struct gcr_scale scale;
    int most_decimals;
};
struct gcr_page_column gcr_page_column_of(const char *unit, const struct gcr_page_value *values,
                                          size_t count);
/* Indexes by value, ascending or descending; those that are not known last. Equal ones stay as they
 * are. O(count^2). */
void gcr_page_order(const struct gcr_page_value *values, size_t count, bool is_descending,
                    size_t *order);
/* <td> with the figure and, below it, its interval. */
void gcr_page_figure(const struct gcr_page *page, const struct gcr_page_column *column,
                     const struct gcr_page_value *value);
/* The same on a ground of that strength, from 0 to 1. */
void gcr_page_figure_heated(const struct gcr_page *page, const struct gcr_page_column *column,
                            const struct gcr_page_value *value, double heat);

/* Ratios of one column on a common logarithmic axis. */
struct gcr_page_axis {
    double low, high;
};
struct gcr_page_axis gcr_page_axis_of(const struct gcr_ratio *ratios, size_t count);
/* <th> with the axis's marks below `title`. */
void gcr_page_axis_head(const struct gcr_page *page, const struct gcr_page_axis *axis,
                        const char *title);
/* Two <td>: a dot with its interval against 1, and the ratio in words. */
void gcr_page_ratio(const struct gcr_page *page, const struct gcr_page_axis *axis,
                    const struct gcr_ratio *ratio, enum gcr_metric_id metric);

#endif
