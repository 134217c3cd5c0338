#include "sim/study/report_warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/measure/json_at.h"

static void warnings_add(struct gcr_report_facts *facts, const char *format, ...) GCR_PRINTF(2, 3);

static void warnings_add(struct gcr_report_facts *facts, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    json_t *warning = json_string(text);
    if (warning != NULL)
        (void)json_array_append_new(facts->warnings, warning);
}

static const char *warnings_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Configurations of one mode by how many of their runs completed; runs of all modes. */
struct warnings_census {
    size_t completed, single, runs, failed;
};

static struct warnings_census warnings_count(const struct gcr_dataset *dataset,
                                             enum gcr_study_mode mode)
{
    struct warnings_census census = {0};
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        census.runs += point->run_count;
        census.failed += point->run_count - point->ok_count;
        census.completed += point->mode == mode && point->ok_count > 0;
        census.single += point->mode == mode && point->ok_count == 1;
    }
    return census;
}

static void warnings_add_counts(const struct gcr_dataset *dataset, struct gcr_report_facts *facts)
{
    struct warnings_census timed = warnings_count(dataset, GCR_STUDY_TIMED);
    if (dataset->missing > 0)
        warnings_add(facts,
                     "The study is not finished: %zu of %zu jobs have no result yet. What follows "
                     "speaks of the others.",
                     dataset->missing, dataset->missing + timed.runs);
    if (timed.failed > 0)
        warnings_add(facts,
                     "%zu of %zu runs did not complete. They are in the tables with their outcome, "
                     "and in no median.",
                     timed.failed, timed.runs);
    if (timed.completed > 0 && timed.single == timed.completed)
        warnings_add(facts, "Every configuration was timed once: times have no intervals, and "
                            "no difference between them can be shown to be real.");
    else if (timed.single > 0)
        warnings_add(facts, "%zu timed configuration%s completed only once and ha%s no interval.",
                     timed.single, warnings_plural(timed.single), timed.single == 1 ? "s" : "ve");
}

static void warnings_add_origins(struct gcr_report_facts *facts)
{
    size_t machines = json_array_size(facts->machines), builds = json_array_size(facts->builds), i;
    json_t *build;
    if (machines > 1)
        warnings_add(facts,
                     "Results come from %zu different machines: times of one are not times of "
                     "another.",
                     machines);
    if (builds > 1)
        warnings_add(facts, "Results come from %zu different builds of gcreplay.", builds);
    json_array_foreach(facts->builds, i, build)
    {
        const char *type = gcr_json_text_at(build, "type");
        if (strcmp(type, "Release") != 0)
            warnings_add(facts, "A build of type '%s' made these results: its times mean little.",
                         *type != '\0' ? type : "unknown");
    }
}

static void warnings_add_list(struct gcr_report_facts *facts, const json_t *list)
{
    size_t i;
    json_t *text;
    json_array_foreach(list, i, text)
    {
        if (json_is_string(text))
            warnings_add(facts, "%s", json_string_value(text));
    }
}

void gcr_report_warnings_add(const struct gcr_dataset *dataset, struct gcr_report_facts *facts)
{
    warnings_add_counts(dataset, facts);
    warnings_add_origins(facts);
    warnings_add_list(facts, gcr_json_at(dataset->study, "environment.warnings"));
    warnings_add_list(facts, gcr_json_at(dataset->study, "warnings"));
}
