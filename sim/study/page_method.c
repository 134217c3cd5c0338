/* How the figures were made, and on what. */
#include <string.h>

#include "base/compiler.h"
#include "sim/measure/json_at.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"

static void method_put(const struct gcr_page *page, const char *term, const char *text)
{
    gcr_markup(page->out, "<dt>%s</dt>\n<dd>%s</dd>\n", term, text);
}

static bool method_has_mode(const struct gcr_dataset *dataset, enum gcr_study_mode mode)
{
    for (size_t i = 0; i < dataset->point_count; i++)
        if (dataset->points[i].mode == mode)
            return true;
    return false;
}

static void method_put_repetitions(const struct gcr_page *page)
{
    const struct gcr_dataset *dataset = page->dataset;
    double invocations = gcr_json_number_at(dataset->study, "invocations");
    char text[512];
    if (dataset->study != NULL && invocations >= 1) {
        snprintf(
            text, sizeof text,
            "Each timed configuration runs %.0f time%s, each in a fresh process, one at a time "
            "and in an order shuffled by the seed %llu: all configurations once, then all again. "
            "Nothing is warmed up; a run starts with an empty heap and cold caches.",
            invocations, invocations == 1 ? "" : "s", (unsigned long long)dataset->seed);
        method_put(page, "Repetitions", text);
    } else {
        method_put(page, "Repetitions",
                   "These are results of gcreplay compare: each configuration ran once, in a fresh "
                   "process. gcreplay study repeats and shuffles.");
    }
}

static void method_put_statistics(const struct gcr_page *page)
{
    char text[1024];
    method_put(page, "Figures",
               "Large figures are medians over the completed runs. Below each stands its 95 % "
               "interval: the 2.5th and the 97.5th percentile of the medians of 10 000 bootstrap "
               "resamples (Efron and Tibshirani 1993, chapter 13). Digits that the interval does "
               "not support are not printed; tables/summary.csv has them, and means as well.");
    snprintf(
        text, sizeof text,
        "A ratio is a median over the median of %s on the same trace, in the same heap size and "
        "mode; both sides are resampled for its interval. “No difference shown” means that the "
        "interval holds 1: more runs might show one. “Not sure” means that a side ran once, "
        "which says nothing of noise.",
        page->baseline);
    method_put(page, "Ratios", text);
    if (page->dataset->trace_count > 1)
        method_put(
            page, "All programs together",
            "Geometric means of those ratios over the traces on which both completed. Traces "
            "are taken as they are: the interval speaks of the noise of runs, not of programs "
            "that were not recorded.");
}

void gcr_page_method(const struct gcr_page *page)
{
    gcr_page_section(page, "method", "Method");
    fputs("<dl>\n", page->out);
    method_put_repetitions(page);
    method_put_statistics(page);
    if (method_has_mode(page->dataset, GCR_STUDY_TIMED))
        method_put(
            page, "The clock",
            "Times are on the replay clock: what the design itself does for the program's "
            "allocations, stores, loads and roots, and its collections. The program's own "
            "computing between events is not in it, nor is decoding the trace and the "
            "harness's bookkeeping. Time in pauses is part of total time; work of a design's "
            "own threads is in CPU time alone.");
    if (method_has_mode(page->dataset, GCR_STUDY_CACHE))
        method_put(
            page, "Cache figures",
            "Counts of the cache model: the same design compiled so that each load and store "
            "goes through a simulated hierarchy. They repeat to the last digit, so one run is "
            "enough; times of these runs are not shown. They leave out instruction fetches, "
            "stacks and the kernel.");
    method_put(
        page, "Memory",
        "Footprint is every byte that the design holds from the system, side tables and "
        "buffers included, at its highest. A heap size is a budget for all of it: a multiple "
        "of the trace's peak live bytes (2x), bytes, a multiple of the smallest heap in which "
        "the design completes (1.5min), or native, the design's own sizing.");
    method_put(page, "Left out",
               "Runs that did not complete are in no median and no mean; they stand in the tables "
               "with their outcome.");
    fputs("</dl>\n</section>\n", page->out);
}

/* ---- machine ---- */

/* "l2_bytes" as "L2", "check_level" as "check level". */
static void machine_put_key(const struct gcr_page *page, const char *key, bool is_bytes)
{
    static const char *const words[][2] = {{"cpu", "CPU"}, {"l1d", "L1d"}, {"l2", "L2"},
                                           {"l3", "L3"},   {"thp", "THP"}, {"aslr", "ASLR"}};
    char name[64];
    size_t length = strlen(key) - (is_bytes ? strlen("_bytes") : 0);
    snprintf(name, sizeof name, "%.*s", (int)length, key);
    for (char *at = name; *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    for (size_t i = 0; i < GCR_COUNT_OF(words); i++)
        if (strcmp(name, words[i][0]) == 0)
            snprintf(name, sizeof name, "%s", words[i][1]);
    gcr_markup(page->out, "<tr><th scope=\"row\">%s</th><td>", name);
}

static void machine_put_value(const struct gcr_page *page, const char *key, const json_t *value)
{
    size_t length = strlen(key);
    bool is_bytes = length > 6 && strcmp(key + length - 6, "_bytes") == 0;
    char number[64] = "";
    machine_put_key(page, key, is_bytes);
    if (json_is_number(value)) {
        double plain = json_number_value(value);
        struct gcr_scale scale = gcr_scale_of(is_bytes ? "bytes" : "", &plain, 1);
        bool is_whole = plain / scale.divisor == (double)(long long)(plain / scale.divisor);
        gcr_number_format(number, sizeof number, plain / scale.divisor, is_whole ? 0 : 1);
        gcr_markup(page->out, "%s %s", number, scale.unit);
    } else if (json_is_string(value) && json_string_length(value) > 0) {
        gcr_markup(page->out, "%s", json_string_value(value));
    } else if (json_is_boolean(value)) {
        gcr_markup(page->out, "%s", json_is_true(value) ? "yes" : "no");
    } else {
        fputs("not known", page->out);
    }
    fputs("</td></tr>\n", page->out);
}

static void machine_put_object(const struct gcr_page *page, const json_t *object,
                               const char *caption, size_t number)
{
    char id[128];
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return;
    snprintf(id, sizeof id, "%s-%zu", caption, number);
    gcr_page_table(page, "facts", id, caption);
    fputs("<tbody>\n", page->out);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!json_is_array(value) && !json_is_object(value))
            machine_put_value(page, key, value);
    }
    gcr_page_table_end(page);
}

void gcr_page_machine(const struct gcr_page *page)
{
    const struct gcr_report_facts *facts = page->facts;
    size_t i;
    json_t *entry;
    gcr_page_section(page, "machine", "Machine and build");
    fputs("<div class=\"side\">\n", page->out);
    json_array_foreach(facts->machines, i, entry) machine_put_object(page, entry, "Machine", i);
    machine_put_object(page, gcr_json_at(page->dataset->study, "environment"),
                       "Environment when the study began", 0);
    json_array_foreach(facts->builds, i, entry) machine_put_object(page, entry, "Build", i);
    fputs("</div>\n</section>\n", page->out);
}
