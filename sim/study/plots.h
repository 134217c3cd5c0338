/* The figures of a study: which can be drawn from its tables, and gnuplot runs that draw them.
 *
 * One figure is one script of plots/, which can be run by hand as well; here it is decided for
 * which traces and heap sizes a script is run, and said in words where it cannot be. */
#ifndef GCR_SIM_STUDY_PLOTS_H
#define GCR_SIM_STUDY_PLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "sim/study/dataset.h"

/* What one picture of a figure is of. */
enum gcr_figure_scope {
    GCR_FIGURE_OF_STUDY, /* one picture: all traces, in one heap size */
    GCR_FIGURE_OF_TRACE, /* one for each trace, heap sizes together */
    GCR_FIGURE_OF_HEAP   /* one for each trace, in one heap size */
};

struct gcr_figure {
    const char *name;    /* of the script and of the files: "mmu" */
    const char *title;   /* "Minimum mutator utilisation" */
    const char *caption; /* a sentence that says how to read it */
    const char *table;   /* tables/TABLE.csv */
    const char *column;  /* has a figure in some row, or there is nothing to draw */
    const char *where;   /* "mode=timed": rows that count, apart from trace and heap; "design~:x=":
                            whose design has that in its name; several by blanks; NULL: all */
    enum gcr_figure_scope scope;
    const char *lacks; /* why there is nothing, in words: "no trace has requests" */
};

/* In the order in which a report shows them; ends with an entry whose name is NULL. */
extern const struct gcr_figure gcr_figures[];

/* A picture, or why there is none. Texts are owned by struct gcr_plots or by the dataset. A figure
 * without data for any trace is one entry, whose trace and heap are "". */
struct gcr_plot {
    const struct gcr_figure *figure;
    const char *trace;   /* "": the figure is not of one trace */
    const char *heap;    /* "": of all heap sizes */
    const char *file;    /* below DIRECTORY and without its ending: "plots/mmu.service.2x" */
    const char *reason;  /* NULL: drawn, in every format asked for; else why it was not */
    const char *command; /* that draws the SVG again from DIRECTORY, for a shell; NULL: not drawn */
};

struct gcr_plots {
    struct gcr_plot *list; /* by figure, then by trace */
    size_t count, drawn;
    struct gcr_dataset_memory *memory;
};

enum { GCR_PLOTS_SVG = 1, GCR_PLOTS_PNG = 2, GCR_PLOTS_PDF = 4 };

struct gcr_plots_config {
    unsigned formats; /* GCR_PLOTS_SVG | ... */
    const char
        *scripts;     /* directory of the scripts; NULL: beside this program, or of its sources */
    const char *heap; /* of the figures of one heap size; NULL: the one nearest to 2x */
    unsigned jobs;    /* gnuplots at a time; 0: as many as processors are online */
};

/* Draws what DIRECTORY/tables supports into DIRECTORY/plots, which is made if need be. A figure
 * that cannot be drawn (its table is not there or says nothing of this trace, gnuplot is not
 * installed, or it failed: then its message) is an entry with a reason and no failure. A picture
 * appears under its name only when it is complete. GCR_IO: plots/ cannot be made, or a table cannot
 * be read; GCR_USAGE: there are no scripts. On success the caller owns *out.
 * O(bytes of the tables), and a gnuplot process for each picture and format. */
gcr_status gcr_plots_draw(const struct gcr_dataset *dataset, const char *directory,
                          const struct gcr_plots_config *config, struct gcr_plots *out,
                          struct gcr_error *err) GCR_MUST_USE;
void gcr_plots_finish(struct gcr_plots *plots);

#endif
