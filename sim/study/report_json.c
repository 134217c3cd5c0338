#include "sim/study/report_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

/* A field of a table: a number if the column has numbers, null if it is empty. Exact: the digits of
 * the table. */
static json_t *report_field(const struct gcr_sheet *sheet, size_t row, size_t column,
                            bool is_number)
{
    const char *text = gcr_sheet_text(sheet, row, column);
    if (*text == '\0')
        return json_null();
    double value = gcr_sheet_number(sheet, row, column);
    if (!is_number || !isfinite(value))
        return json_string(text);
    bool is_whole = value == rint(value) && fabs(value) < 9e15;
    return is_whole ? json_integer((json_int_t)value) : json_real(value);
}

static bool report_is_text(const char *column)
{
    static const char *const texts[] = {"trace",  "design", "heap",    "mode",
                                        "metric", "unit",   "verdict", "cost"};
    for (size_t i = 0; i < GCR_COUNT_OF(texts); i++)
        if (strcmp(texts[i], column) == 0)
            return true;
    return false;
}

/* A table as a list of objects. */
static json_t *report_rows(const struct gcr_sheet *sheet)
{
    json_t *rows = json_array();
    for (size_t row = 0; row < sheet->row_count; row++) {
        json_t *object = json_object();
        for (size_t column = 0; column < sheet->column_count; column++) {
            const char *name = sheet->head[column];
            (void)json_object_set_new(object, name,
                                      report_field(sheet, row, column, !report_is_text(name)));
        }
        (void)json_array_append_new(rows, object);
    }
    return rows;
}

static json_t *report_text_or_null(const char *text)
{
    return text != NULL && *text != '\0' ? json_string(text) : json_null();
}

static json_t *report_figures(const struct gcr_plots *plots)
{
    json_t *list = json_array();
    for (size_t i = 0; plots != NULL && i < plots->count; i++) {
        const struct gcr_plot *plot = &plots->list[i];
        json_t *figure = json_object();
        (void)json_object_set_new(figure, "name", json_string(plot->figure->name));
        (void)json_object_set_new(figure, "title", json_string(plot->figure->title));
        (void)json_object_set_new(figure, "caption", json_string(plot->figure->caption));
        (void)json_object_set_new(figure, "trace", report_text_or_null(plot->trace));
        (void)json_object_set_new(figure, "heap", report_text_or_null(plot->heap));
        (void)json_object_set_new(
            figure, "file", plot->reason == NULL ? report_text_or_null(plot->file) : json_null());
        (void)json_object_set_new(figure, "reason", report_text_or_null(plot->reason));
        (void)json_object_set_new(figure, "command", report_text_or_null(plot->command));
        (void)json_array_append_new(list, figure);
    }
    return list;
}

static json_t *report_commands(const struct gcr_page *page)
{
    json_t *list = json_array();
    for (size_t i = 0; i < page->dataset->point_count; i++) {
        const struct gcr_point *point = &page->dataset->points[i];
        json_t *command =
            json_pack("{s:s, s:s, s:s, s:s, s:O}", "trace", point->trace, "design", point->design,
                      "heap", point->heap, "mode", gcr_study_mode_name[point->mode], "command",
                      json_array_get(page->facts->commands, i));
        if (command != NULL)
            (void)json_array_append_new(list, command);
    }
    return list;
}

json_t *gcr_report_json(const struct gcr_page *page)
{
    const struct gcr_dataset *dataset = page->dataset;
    json_t *document = json_object();
    if (document == NULL)
        return NULL;
    const struct {
        const char *name;
        json_t *value;
    } members[] = {
        {"schema", json_string("gcreplay-report-1")},
        {"version", json_string(GCR_VERSION)},
        {"title", json_string(page->title)},
        {"question", report_text_or_null(dataset->question)},
        {"baseline", json_string(page->baseline)},
        {"metric", json_string(gcr_metrics[page->metric].name)},
        {"heap", dataset->heap_count > 0 ? json_string(dataset->heaps[page->heap]) : json_null()},
        {"missing", json_integer((json_int_t)dataset->missing)},
        {"answer", gcr_report_answer_json(page)},
        {"warnings", json_incref(page->facts->warnings)},
        {"failures", json_incref(page->facts->failures)},
        {"labels", json_incref(page->facts->labels)},
        {"machines", json_incref(page->facts->machines)},
        {"builds", json_incref(page->facts->builds)},
        {"summary", report_rows(&page->data->summary)},
        {"geomeans", report_rows(&page->data->geomean)},
        {"lbo", report_rows(&page->data->lbo)},
        {"figures", report_figures(page->plots)},
        {"commands", report_commands(page)},
        {"command", json_string(page->command)},
    };
    bool is_whole = true;
    for (size_t i = 0; i < GCR_COUNT_OF(members); i++)
        is_whole &=
            json_object_set_new(document, members[i].name,
                                members[i].value != NULL ? members[i].value : json_null()) == 0;
    if (!is_whole) {
        json_decref(document);
        return NULL;
    }
    return document;
}
