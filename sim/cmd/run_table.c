/* The table of one run; see run_table.h. */
#include "sim/cmd/run_table.h"

#include <math.h>
#include <string.h>

#include "sim/cmd/cache_table.h"
#include "sim/cmd/counter_table.h"
#include "sim/cmd/cow_table.h"
#include "sim/cmd/figures.h"
#include "sim/cmd/table.h"
#include "sim/measure/capability_rules.h"

static uint64_t run_count_at(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void run_print_heading(const json_t *result, FILE *out)
{
    const json_t *trace = gcr_json_at(result, "trace");
    const char *digest = json_string_value(json_object_get(trace, "digest"));
    uint64_t lanes = (uint64_t)json_integer_value(json_object_get(trace, "lanes"));
    uint64_t events = (uint64_t)json_integer_value(json_object_get(trace, "events"));
    fprintf(out, "trace        %s: %s events, %llu process%s, digest %s\n",
            json_string_value(json_object_get(trace, "path")), gcr_text_count(events).s,
            (unsigned long long)lanes, lanes == 1 ? "" : "es", digest);
    const char *warning = json_string_value(json_object_get(trace, "warning"));
    if (warning != NULL)
        fprintf(out, "             warning: %s\n", warning);
}

enum { RUN_INDENT = 13, RUN_WIDTH = 110 };

static void run_print_options(const json_t *result, FILE *out)
{
    json_t *options = json_object_get(result, "options"), *value;
    const char *name;
    int used =
        fprintf(out, "back end     %s:", json_string_value(json_object_get(result, "collector")));
    json_object_foreach(options, name, value)
    {
        const char *text = json_string_value(value);
        int length = (int)(strlen(name) + strlen(text)) + 2;
        if (used + length > RUN_WIDTH)
            used = fprintf(out, "\n%*s", RUN_INDENT - 1, "");
        used += fprintf(out, " %s=%s", name, text);
    }
    const json_t *budget = gcr_json_at(result, "memory.budget_bytes");
    fprintf(out, "\nheap         %s\n",
            json_is_integer(budget) ? gcr_text_bytes((uint64_t)json_integer_value(budget)).s
                                    : "native");
}

static void run_print_outcome(const json_t *result, const struct gcr_figures *run, FILE *out)
{
    const char *mode = json_string_value(gcr_json_at(result, "verification.mode"));
    fprintf(out, "outcome      %s%s%s\n", run->outcome, run->is_ok ? "" : ": ",
            run->is_ok ? "" : run->message);
    uint64_t comparisons =
        (uint64_t)json_integer_value(gcr_json_at(result, "verification.comparisons"));
    if (mode == NULL || strcmp(mode, "off") == 0)
        fputs("verified     no (--verify was not asked for)\n", out);
    else
        fprintf(out, "verified     %s (%s), %s complete comparison%s with the oracle\n",
                run->verified ? "yes" : "no", mode, gcr_text_count(comparisons).s,
                comparisons == 1 ? "" : "s");
}

static void run_print_memory(const struct gcr_figures *run,
                             const struct gcr_capabilities *capabilities, FILE *out)
{
    fprintf(out, "\nmemory       footprint peak %s, mean %s",
            gcr_text_bytes(run->footprint_peak_bytes).s,
            gcr_text_bytes(run->footprint_mean_bytes).s);
    const char *refusal = gcr_figure_refusal(GCR_FIGURE_LIVE, capabilities, run->verified);
    if (refusal != NULL)
        fprintf(out, "; live and overhead refused: %s\n", refusal);
    else if (run->live_known)
        fprintf(out, "; live peak %s; overhead %s (peak over peak)\n",
                gcr_text_bytes(run->live_peak_bytes).s, gcr_text_ratio(run->overhead).s);
    else
        fputs("; live not known\n", out);
    uint64_t sum = 0;
    for (size_t i = 0; i < GCR_FIGURE_KINDS; i++)
        sum += run->by_kind_bytes[i];
    fputs("  by kind    ", out);
    for (size_t i = 0; i < GCR_FIGURE_KINDS; i++)
        fprintf(out, "%s%s %s (%.0f%%)", i > 0 ? ", " : "", gcr_figure_kind_name[i],
                gcr_text_bytes(run->by_kind_bytes[i]).s,
                sum > 0 ? 100.0 * (double)run->by_kind_bytes[i] / (double)sum : 0);
    fputc('\n', out);
}

static void run_print_collections(const struct gcr_figures *run, bool generational, FILE *out)
{
    fprintf(out, "collections  %s", gcr_text_count(run->collections).s);
    if (generational) {
        fputs("; by generation", out);
        for (size_t i = 0; i < json_array_size(run->by_generation); i++)
            fprintf(out, "%s%lld", i > 0 ? " / " : " ",
                    (long long)json_integer_value(json_array_get(run->by_generation, i)));
    }
    const char *name, *separator = "; by reason: ";
    json_t *value;
    json_object_foreach((json_t *)run->by_reason, name, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        fprintf(out, "%s%s %lld", separator, name, (long long)json_integer_value(value));
        separator = ", ";
    }
    fputc('\n', out);
}

static void run_print_work(const struct gcr_figures *run, const struct gcr_collector *collector,
                           const struct gcr_capabilities *capabilities, FILE *out)
{
    fprintf(out, "objects      %s allocated, %s freed", gcr_text_count(run->allocated).s,
            gcr_text_count(run->freed).s);
    if (gcr_collector_is(collector, GCR_CAP_BARRIER)) {
        const char *refusal = gcr_figure_refusal(GCR_FIGURE_BARRIERS, capabilities, false);
        fprintf(out, ", barrier %s%s", refusal != NULL ? "refused: " : "taken ",
                refusal != NULL ? refusal : gcr_text_count(run->barriers).s);
    }
    if (gcr_collector_is(collector, GCR_CAP_GENERATIONAL) &&
        gcr_collector_is(collector, GCR_CAP_MOVING)) {
        const char *refusal = gcr_figure_refusal(GCR_FIGURE_PROMOTION, capabilities, false);
        fprintf(out, ", promoted %s%s", refusal != NULL ? "refused: " : "",
                refusal != NULL ? refusal : gcr_text_count(run->promoted).s);
    }
    fputc('\n', out);
}

static void run_print_times(const struct gcr_figures *run, FILE *out)
{
    if (run->pauses == 0)
        fputs("pauses       none\n", out);
    else
        fprintf(out, "pauses       %s: p50 %s, p99 %s, max %s, total %s\n",
                gcr_text_count(run->pauses).s, gcr_text_ns(run->p50_ns).s,
                gcr_text_ns(run->p99_ns).s, gcr_text_ns(run->max_ns).s,
                gcr_text_ns(run->total_ns).s);
    fprintf(out, "time         mutator %s, collector %s, on the replay clock; wall %s",
            gcr_text_ns(run->mutator_ns).s, gcr_text_ns(run->collector_ns).s,
            gcr_text_ns(run->wall_ns).s);
    if (isfinite(run->events_per_second))
        fprintf(out, "; %s events/s", gcr_text_count((uint64_t)run->events_per_second).s);
    fputc('\n', out);
    if (run->is_paced)
        fprintf(out,
                "pace         recorded: %s of the mutator's time waited, late by %s at worst\n",
                gcr_text_ns(run->waited_ns).s, gcr_text_ns(run->late_max_ns).s);
}

/* Of traces that say when the program served whom. */
static void run_print_requests(const json_t *result, FILE *out)
{
    const json_t *requests = gcr_json_at(result, "requests");
    if (!json_is_object(requests))
        return;
    uint64_t ns[3], count = run_count_at(requests, "count");
    ns[0] = run_count_at(requests, "p50_ns");
    ns[1] = run_count_at(requests, "p99_ns");
    ns[2] = run_count_at(requests, "max_ns");
    fprintf(out, "requests     %s", gcr_text_count(count).s);
    if (count > 0)
        fprintf(out, ": p50 %s, p99 %s, max %s", gcr_text_ns(ns[0]).s, gcr_text_ns(ns[1]).s,
                gcr_text_ns(ns[2]).s);
    uint64_t unfinished = run_count_at(requests, "unfinished");
    uint64_t dropped = run_count_at(requests, "dropped");
    if (unfinished > 0)
        fprintf(out, "; %s unfinished", gcr_text_count(unfinished).s);
    if (dropped > 0)
        fprintf(out, "; %s more not listed", gcr_text_count(dropped).s);
    fputc('\n', out);
}

/* "mark 12.3 ms (21.4 ns an object)": where a count belongs to the phase. */
static void run_print_phase(const struct gcr_figures *run, const char *name, uint64_t ns, FILE *out)
{
    uint64_t objects = 0;
    size_t length = strcspn(name, "_");
    fprintf(out, "%.*s %s", (int)length, name, gcr_text_ns(ns).s);
    if (strncmp(name, "mark_", 5) == 0)
        objects = run->marked;
    else if (strncmp(name, "copy_", 5) == 0)
        objects = run->copied;
    if (objects > 0)
        fprintf(out, " (%.1f ns an object)", (double)ns / (double)objects);
}

static void run_print_phases(const struct gcr_figures *run, FILE *out)
{
    const char *name, *separator = "phases       ";
    json_t *value;
    json_object_foreach((json_t *)run->phases, name, value)
    {
        uint64_t ns = (uint64_t)json_integer_value(value);
        if (ns == 0 || strcmp(name, "outside_pauses_ns") == 0)
            continue;
        fputs(separator, out);
        run_print_phase(run, name, ns, out);
        separator = ", ";
    }
    if (run->outside_pauses_ns > 0)
        fprintf(out, "; %s of it outside pauses", gcr_text_ns(run->outside_pauses_ns).s);
    if (separator[0] == ',')
        fputc('\n', out);
}

static void run_print_cpu(const struct gcr_figures *run, FILE *out)
{
    if (!run->cpu_known)
        return;
    fprintf(out, "cpu          mutator %s, collector %s", gcr_text_ns(run->mutator_cpu_ns).s,
            gcr_text_ns(run->collector_cpu_ns).s);
    if (run->helper_cpu_ns > 0)
        fprintf(out, ", %s of it in helper threads", gcr_text_ns(run->helper_cpu_ns).s);
    fputc('\n', out);
}

/* "12345", "1.37", in bytes or times as these are written. */
static struct gcr_text run_design_value(double value, const char *unit)
{
    struct gcr_text text;
    if (strcmp(unit, "bytes") == 0)
        return gcr_text_bytes((uint64_t)value);
    if (strcmp(unit, "ns") == 0)
        return gcr_text_ns((uint64_t)value);
    if (value == floor(value) && fabs(value) < 1e15)
        snprintf(text.s, sizeof text.s, "%.0f %.32s", value, unit);
    else
        snprintf(text.s, sizeof text.s, "%.4g %.32s", value, unit);
    return text;
}

/* What only this design counts; zeros are left out. */
static void run_print_design(const struct gcr_figures *run, FILE *out)
{
    int used = 0;
    for (size_t i = 0; i < json_array_size(run->design); i++) {
        const json_t *figure = json_array_get(run->design, i);
        double value = json_number_value(json_object_get(figure, "value"));
        const char *unit = json_string_value(json_object_get(figure, "unit"));
        char text[160];
        if (value == 0)
            continue;
        int length =
            snprintf(text, sizeof text, "%s %s", json_string_value(json_object_get(figure, "name")),
                     run_design_value(value, unit).s);
        if (used == 0)
            used = fprintf(out, "of its own   %s", text);
        else if (used + length + 2 > RUN_WIDTH)
            used = fprintf(out, ",\n%*s%s", RUN_INDENT, "", text) - 2;
        else
            used += fprintf(out, ", %s", text);
    }
    if (used > 0)
        fputc('\n', out);
}

/* Instrumented code has no times worth showing. */
static void run_print_lanes(const json_t *lanes, bool is_modelled, FILE *out)
{
    static const char *const heads[] = {"process",   "parent", "events",  "footprint", "overhead",
                                        "pauses",    "p50",    "max",     "mutator",   "collector",
                                        "allocated", "freed",  "outcome", "verified"};
    struct gcr_table table;
    gcr_table_begin(&table, "rrrrrrrrrrrrll");
    gcr_table_row(&table);
    for (unsigned i = 0; i < GCR_COUNT_OF(heads); i++)
        gcr_table_cell(&table, i, "%s", heads[i]);
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        const json_t *lane = json_array_get(lanes, i), *parent = json_object_get(lane, "parent");
        struct gcr_figures figures;
        gcr_figures_read(lane, &figures);
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%lld",
                       (long long)json_integer_value(json_object_get(lane, "lane")));
        if (json_is_integer(parent))
            gcr_table_cell(&table, 1, "%lld", (long long)json_integer_value(parent));
        else
            gcr_table_cell(&table, 1, "-");
        gcr_table_cell(&table, 2, "%s", gcr_text_count(figures.events).s);
        gcr_table_cell(&table, 3, "%s", gcr_text_bytes(figures.footprint_peak_bytes).s);
        gcr_table_cell(&table, 4, "%s", gcr_text_ratio(figures.overhead).s);
        gcr_table_cell(&table, 5, "%s", gcr_text_count(figures.pauses).s);
        gcr_table_cell(&table, 6, "%s",
                       figures.pauses > 0 && !is_modelled ? gcr_text_ns(figures.p50_ns).s : "-");
        gcr_table_cell(&table, 7, "%s",
                       figures.pauses > 0 && !is_modelled ? gcr_text_ns(figures.max_ns).s : "-");
        gcr_table_cell(&table, 8, "%s", is_modelled ? "-" : gcr_text_ns(figures.mutator_ns).s);
        gcr_table_cell(&table, 9, "%s", is_modelled ? "-" : gcr_text_ns(figures.collector_ns).s);
        gcr_table_cell(&table, 10, "%s", gcr_text_count(figures.allocated).s);
        gcr_table_cell(&table, 11, "%s", gcr_text_count(figures.freed).s);
        gcr_table_cell(&table, 12, "%s", figures.outcome);
        gcr_table_cell(&table, 13, "%s", figures.verified ? "yes" : "no");
    }
    fputs("\nper process, each counted from its own start or fork\n", out);
    gcr_table_end(&table, true, 2, out);
}

void gcr_run_table_print(const json_t *result, const struct gcr_collector *collector,
                         const struct gcr_capabilities *capabilities, FILE *out)
{
    struct gcr_figures run;
    gcr_figures_read(result, &run);
    run_print_heading(result, out);
    run_print_options(result, out);
    run_print_outcome(result, &run, out);
    if (!run.is_known)
        return;
    run_print_memory(&run, capabilities, out);
    run_print_collections(&run, collector->generations > 1, out);
    run_print_work(&run, collector, capabilities, out);
    bool is_modelled = gcr_cache_is_known(result);
    if (!is_modelled) {
        run_print_times(&run, out);
        run_print_requests(result, out);
        run_print_phases(&run, out);
        run_print_cpu(&run, out);
    }
    run_print_design(&run, out);
    gcr_counter_table_print(result, out);
    if (is_modelled)
        gcr_cache_print_run(result, out);
    const json_t *lanes = json_object_get(result, "lanes");
    if (json_array_size(lanes) > 1)
        run_print_lanes(lanes, is_modelled, out);
    gcr_cow_table_print(result, collector, capabilities, out);
    const json_t *labels = json_object_get(result, "labels");
    for (size_t i = 0; i < json_array_size(labels); i++)
        fprintf(out, "%snote: %s\n", i == 0 ? "\n" : "",
                json_string_value(json_array_get(labels, i)));
}
