#include "sim/study/plots.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/study/answer.h"
#include "sim/study/dataset_memory.h"
#include "sim/study/gnuplot.h"
#include "sim/study/plots_parts.h"

enum { PLOTS_FORMATS = 3, PLOTS_SETTINGS = 4096 };
static const char *const format_ending[PLOTS_FORMATS] = {"svg", "png", "pdf"};

struct drawing {
    const struct gcr_dataset *dataset;
    const char *directory;
    const struct gcr_plots_config *config;
    const char *heap; /* preferred */
    char scripts[PATH_MAX];
    uint64_t l2_bytes, llc_bytes; /* of the machine; 0: not known */
    struct gcr_plots *out;
    size_t capacity;
    const char **settings; /* of each entry of the list; NULL: it is not drawn */
};

/* ---- the list ---- */

static bool drawing_reserve(struct drawing *drawing)
{
    size_t figures = 0;
    while (gcr_figures[figures].name != NULL)
        figures++;
    drawing->capacity = figures * (drawing->dataset->trace_count + 1);
    struct gcr_dataset_memory *memory = gcr_dataset_memory_create();
    drawing->out->memory = memory;
    if (memory == NULL)
        return false;
    drawing->out->list = gcr_dataset_array(memory, drawing->capacity, sizeof *drawing->out->list);
    drawing->settings = gcr_dataset_array(memory, drawing->capacity, sizeof *drawing->settings);
    return drawing->out->list != NULL && drawing->settings != NULL;
}

static struct gcr_plot *drawing_add(struct drawing *drawing, const struct gcr_figure *figure,
                                    const char *trace, const char *heap, const char *reason)
{
    struct gcr_plot *plot = &drawing->out->list[drawing->out->count++];
    *plot = (struct gcr_plot){
        .figure = figure, .trace = trace, .heap = heap, .file = "", .reason = reason};
    return plot;
}

/* Letters that file names and links have other uses for become '-'. */
static void put_file_part(char *out, size_t size, const char *text)
{
    size_t n = strlen(out);
    snprintf(out + n, size - n, ".%.80s", text);
    for (char *c = out + n; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._=+-", *c) == NULL)
            *c = '-';
}

/* "plots/FIGURE.TRACE.HEAP", with a number where two traces are the same in such letters. */
static void drawing_name_file(struct drawing *drawing, struct gcr_plot *plot)
{
    char file[512];
    snprintf(file, sizeof file, "plots/%s", plot->figure->name);
    if (plot->trace[0] != '\0')
        put_file_part(file, sizeof file, plot->trace);
    if (plot->heap[0] != '\0')
        put_file_part(file, sizeof file, plot->heap);
    size_t same = 0, length = strlen(file);
    for (const struct gcr_plot *other = drawing->out->list; other < plot; other++)
        same += strncmp(other->file, file, length) == 0 &&
                (other->file[length] == '\0' || other->file[length] == '~');
    plot->file = same == 0 ? gcr_dataset_text(drawing->out->memory, file)
                           : gcr_dataset_format(drawing->out->memory, "%s~%zu", file, same + 1);
}

/* "; NAME='VALUE'". False: no room. */
static bool put_setting(char *settings, const char *name, const char *value)
{
    char plain[1024];
    size_t n = strlen(settings);
    snprintf(plain, sizeof plain, "%s", value);
    gcr_figure_plain_name(plain);
    int length = snprintf(settings + n, PLOTS_SETTINGS - n, "%s%s=", n > 0 ? "; " : "", name);
    n += length > 0 ? (size_t)length : 0;
    return n < PLOTS_SETTINGS && gcr_gnuplot_quote(plain, settings + n, PLOTS_SETTINGS - n) > 0;
}

static const char *drawing_settings(struct drawing *drawing, const struct gcr_plot *plot,
                                    const char *table_folder)
{
    char settings[PLOTS_SETTINGS] = "", table[128];
    snprintf(table, sizeof table, "%s/%s.csv", table_folder, plot->figure->table);
    bool fits = put_setting(settings, "csv", table);
    if (plot->trace[0] != '\0')
        fits = fits && put_setting(settings, "trace", plot->trace);
    if (plot->heap[0] != '\0')
        fits = fits && put_setting(settings, "heap", plot->heap);
    if (!fits)
        return NULL;
    if (strcmp(plot->figure->name, "nursery") != 0)
        return gcr_dataset_text(drawing->out->memory, settings);
    return gcr_dataset_format(drawing->out->memory, "%s; l2=%" PRIu64 ".0; llc=%" PRIu64 ".0",
                              settings, drawing->l2_bytes, drawing->llc_bytes);
}

/* A word for a shell, in double quotes where nothing in it has a meaning there. */
static const char *drawing_shell_word(struct drawing *drawing, const char *text)
{
    if (strpbrk(text, "\"$`\\!") == NULL)
        return gcr_dataset_format(drawing->out->memory, "\"%s\"", text);
    char *word = malloc(4 * strlen(text) + 3);
    if (word == NULL)
        return "";
    char *end = word;
    *end++ = '\'';
    for (; *text != '\0'; text++)
        if (*text == '\'')
            end += sprintf(end, "'\\''");
        else
            *end++ = *text;
    *end++ = '\'';
    *end = '\0';
    const char *kept = gcr_dataset_text(drawing->out->memory, word);
    free(word);
    return kept;
}

static void drawing_plan(struct drawing *drawing, const struct gcr_figure *figure,
                         const char *trace, const char *heap, const char *table_folder)
{
    struct gcr_plot *plot = drawing_add(drawing, figure, trace, heap, NULL);
    size_t index = (size_t)(plot - drawing->out->list);
    const char *settings = drawing_settings(drawing, plot, table_folder);
    if (settings == NULL) {
        plot->reason = "a name that is too long";
        return;
    }
    drawing_name_file(drawing, plot);
    drawing->settings[index] = settings;
    plot->command = gcr_dataset_format(
        drawing->out->memory, "gnuplot -e %s %s",
        drawing_shell_word(drawing, gcr_dataset_format(drawing->out->memory, "%s; out='%s.svg'",
                                                       settings, plot->file)),
        drawing_shell_word(drawing, gcr_dataset_format(drawing->out->memory, "%s/%s.gp",
                                                       drawing->scripts, figure->name)));
}

/* ---- which pictures ---- */

/* The preferred heap size if there is something to draw in it, else the study's first one with
 * something; NULL: none. */
static const char *data_heap(const struct drawing *drawing, const struct gcr_figure_data *data,
                             size_t trace)
{
    const char *first = NULL;
    for (size_t i = 0; i < drawing->dataset->heap_count; i++) {
        if (!data->has[trace * data->heaps + i])
            continue;
        if (strcmp(drawing->dataset->heaps[i], drawing->heap) == 0)
            return drawing->dataset->heaps[i];
        if (first == NULL)
            first = drawing->dataset->heaps[i];
    }
    return first;
}

static bool data_has_trace(const struct gcr_figure_data *data, size_t trace)
{
    for (size_t i = 0; i < data->heaps; i++)
        if (data->has[trace * data->heaps + i])
            return true;
    return false;
}

static void drawing_plan_traces(struct drawing *drawing, const struct gcr_figure *figure,
                                const struct gcr_figure_data *data, const char *folder)
{
    for (size_t i = 0; i < drawing->dataset->trace_count; i++) {
        const char *trace = drawing->dataset->traces[i].name;
        const char *heap = figure->scope == GCR_FIGURE_OF_HEAP ? data_heap(drawing, data, i) : "";
        if (heap != NULL && data_has_trace(data, i))
            drawing_plan(drawing, figure, trace, heap, folder);
        else
            drawing_add(drawing, figure, trace, "", "the table has no figures of this trace");
    }
}

static gcr_status drawing_plan_figure(struct drawing *drawing, const struct gcr_figure *figure,
                                      struct gcr_error *err)
{
    struct gcr_figure_data data;
    const char *folder = "tables";
    gcr_status status =
        gcr_figure_data_read(drawing->dataset, drawing->directory, figure, &data, err);
    if (status == GCR_OK && data.any && data.quoted) {
        folder = "plots";
        status = gcr_figure_data_copy_plain(drawing->directory, figure->table, err);
    }
    if (status == GCR_OK && data.missing)
        drawing_add(
            drawing, figure, "", "",
            gcr_dataset_format(drawing->out->memory, "there is no tables/%s.csv", figure->table));
    else if (status == GCR_OK && !data.any)
        drawing_add(drawing, figure, "", "", figure->lacks);
    else if (status == GCR_OK && figure->scope == GCR_FIGURE_OF_STUDY)
        drawing_plan(drawing, figure, "", data_heap(drawing, &data, 0), folder);
    else if (status == GCR_OK)
        drawing_plan_traces(drawing, figure, &data, folder);
    free(data.has);
    return status;
}

/* ---- gnuplot ---- */

static size_t drawing_fill_jobs(struct drawing *drawing, struct gcr_gnuplot_job *jobs,
                                size_t *plot_of)
{
    struct gcr_dataset_memory *memory = drawing->out->memory;
    size_t count = 0;
    for (size_t i = 0; i < drawing->out->count; i++)
        for (unsigned f = 0; drawing->settings[i] != NULL && f < PLOTS_FORMATS; f++) {
            if ((drawing->config->formats >> f & 1) == 0)
                continue;
            const struct gcr_plot *plot = &drawing->out->list[i];
            plot_of[count] = i;
            jobs[count++] = (struct gcr_gnuplot_job){
                .script =
                    gcr_dataset_format(memory, "%s/%s.gp", drawing->scripts, plot->figure->name),
                .settings = drawing->settings[i],
                .file = gcr_dataset_format(memory, "%s.%s", plot->file, format_ending[f])};
        }
    return count;
}

static gcr_status drawing_run(struct drawing *drawing, struct gcr_error *err)
{
    struct gcr_dataset_memory *memory = drawing->out->memory;
    size_t most = drawing->out->count * PLOTS_FORMATS;
    struct gcr_gnuplot_job *jobs = gcr_dataset_array(memory, most, sizeof *jobs);
    size_t *plot_of = gcr_dataset_array(memory, most, sizeof *plot_of);
    if (jobs == NULL || plot_of == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu pictures", most);
    size_t count = drawing_fill_jobs(drawing, jobs, plot_of);
    if (gcr_dataset_memory_failed(memory))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the names of %zu pictures", count);
    gcr_gnuplot_run(drawing->directory, jobs, count, drawing->config->jobs);
    for (size_t i = 0; i < count; i++) {
        struct gcr_plot *plot = &drawing->out->list[plot_of[i]];
        if (jobs[i].message[0] != '\0' && plot->reason == NULL) {
            plot->reason = jobs[i].message; /* the memory's, which lives as long */
            plot->command = NULL;
        }
    }
    for (size_t i = 0; i < drawing->out->count; i++)
        drawing->out->drawn += drawing->out->list[i].reason == NULL;
    return GCR_OK;
}

/* ---- */

static uint64_t machine_bytes(const json_t *machine, const char *name)
{
    json_int_t bytes = json_integer_value(json_object_get(machine, name));
    return bytes > 0 ? (uint64_t)bytes : 0;
}

/* Of the study, or of its first result. */
static void drawing_read_machine(struct drawing *drawing)
{
    const struct gcr_dataset *dataset = drawing->dataset;
    const json_t *machine = json_object_get(dataset->study, "machine");
    json_t *document = NULL;
    for (size_t i = 0; !json_is_object(machine) && i < dataset->point_count; i++)
        if (dataset->points[i].ok_count > 0) {
            json_decref(document);
            document = json_load_file(dataset->points[i].runs[0].file, 0, NULL);
            machine = json_object_get(document, "machine");
        }
    drawing->l2_bytes = machine_bytes(machine, "l2_bytes");
    drawing->llc_bytes = machine_bytes(machine, "l3_bytes");
    json_decref(document);
}

static gcr_status drawing_make_folder(const struct drawing *drawing, struct gcr_error *err)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/plots", drawing->directory);
    if (n < 0 || (size_t)n >= sizeof path)
        return gcr_fail(err, GCR_USAGE, "%s: a path that is too long", drawing->directory);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    return GCR_OK;
}

gcr_status gcr_plots_draw(const struct gcr_dataset *dataset, const char *directory,
                          const struct gcr_plots_config *config, struct gcr_plots *out,
                          struct gcr_error *err)
{
    struct drawing drawing = {
        .dataset = dataset, .directory = directory, .config = config, .out = out};
    *out = (struct gcr_plots){0};
    drawing.heap =
        config->heap != NULL ? config->heap : gcr_heap_nearest(dataset, GCR_STUDY_TIMED, 2);
    gcr_status status =
        gcr_gnuplot_find_scripts(config->scripts, drawing.scripts, sizeof drawing.scripts, err);
    if (status == GCR_OK)
        status = drawing_make_folder(&drawing, err);
    if (status == GCR_OK && !drawing_reserve(&drawing))
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for the list of figures");
    if (status == GCR_OK)
        drawing_read_machine(&drawing);
    for (const struct gcr_figure *f = gcr_figures; status == GCR_OK && f->name != NULL; f++)
        status = drawing_plan_figure(&drawing, f, err);
    if (status == GCR_OK)
        status = drawing_run(&drawing, err);
    if (status != GCR_OK)
        gcr_plots_finish(out);
    return status;
}

void gcr_plots_finish(struct gcr_plots *plots)
{
    gcr_dataset_memory_destroy(plots->memory);
    *plots = (struct gcr_plots){0};
}
