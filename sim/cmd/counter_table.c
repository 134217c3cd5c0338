/* Counters of one run as a table; see counter_table.h. */
#include "sim/cmd/counter_table.h"

#include <string.h>

#include "sim/cmd/figures.h"
#include "sim/cmd/table.h"

enum { COUNTER_MOST_COLUMNS = 16 };

static bool counter_is_refused(const json_t *event)
{
    const char *source = json_string_value(json_object_get(event, "source"));
    return source == NULL || strcmp(source, "refused") == 0;
}

/* Is there anything in this column but zeros and unknown values? */
static bool counter_column_says(const json_t *events, const char *path)
{
    const char *name;
    json_t *event;
    json_object_foreach((json_t *)events, name, event)
    {
        if (json_integer_value(gcr_json_at(event, path)) != 0)
            return true;
    }
    return false;
}

/* Paths of the columns to show, in the order of the result. */
static unsigned counter_columns(const json_t *events, const char *paths[COUNTER_MOST_COLUMNS])
{
    static const char *const all[] = {"mutator",           "collector",       "phases.mark",
                                      "phases.sweep",      "phases.copy",     "phases.compact",
                                      "phases.refcount",   "phases.finalize", "phases.barrier",
                                      "phases.allocation", "phases.other",    "helpers",
                                      "per_interval"};
    unsigned count = 0;
    for (size_t i = 0; i < GCR_COUNT_OF(all); i++)
        if (i < 2 || counter_column_says(events, all[i]))
            paths[count++] = all[i];
    return count;
}

static void counter_cell(struct gcr_table *table, unsigned column, const char *name,
                         const json_t *value)
{
    if (!json_is_integer(value)) {
        gcr_table_cell(table, column, "unknown");
        return;
    }
    uint64_t count = (uint64_t)json_integer_value(value);
    bool is_time = strlen(name) > 3 && strcmp(name + strlen(name) - 3, "_ns") == 0;
    gcr_table_cell(table, column, "%s", is_time ? gcr_text_ns(count).s : gcr_text_count(count).s);
}

/* "perf_event; scaled, counted 60% of the time". */
static void counter_source_cell(struct gcr_table *table, unsigned column, const json_t *event)
{
    const char *source = json_string_value(json_object_get(event, "source"));
    if (json_is_true(json_object_get(event, "scaled")))
        gcr_table_cell(table, column, "%s; scaled: counted for %.0f%% of the time", source,
                       100 * json_number_value(json_object_get(event, "counted_ratio")));
    else
        gcr_table_cell(table, column, "%s", source);
}

static void counter_print_rows(const json_t *events, FILE *out)
{
    const char *paths[COUNTER_MOST_COLUMNS], *name;
    char alignment[COUNTER_MOST_COLUMNS + 3] = "";
    unsigned count = counter_columns(events, paths);
    json_t *event;
    struct gcr_table table;
    memset(alignment, 'r', count + 1);
    alignment[0] = alignment[count + 1] = 'l';
    gcr_table_begin(&table, alignment);
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "event");
    for (unsigned i = 0; i < count; i++) {
        const char *dot = strchr(paths[i], '.');
        gcr_table_cell(&table, i + 1, "%s",
                       strcmp(paths[i], "per_interval") == 0 ? "/interval"
                       : dot != NULL                         ? dot + 1
                                                             : paths[i]);
    }
    gcr_table_cell(&table, count + 1, "source");
    json_object_foreach((json_t *)events, name, event)
    {
        if (counter_is_refused(event))
            continue;
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", name);
        for (unsigned i = 0; i < count; i++)
            counter_cell(&table, i + 1, name, gcr_json_at(event, paths[i]));
        counter_source_cell(&table, count + 1, event);
    }
    gcr_table_end(&table, true, 2, out);
}

/* Names of refused events that have this reason, once for all of them. */
static void counter_print_refused(const json_t *events, const json_t *first, const char *reason,
                                  FILE *out)
{
    const char *name, *separator = "  refused    ";
    json_t *event;
    json_object_foreach((json_t *)events, name, event)
    {
        const char *other = json_string_value(json_object_get(event, "reason"));
        if (!counter_is_refused(event) || other == NULL || strcmp(other, reason) != 0)
            continue;
        if (separator[0] == ' ' && event != first)
            return; /* has been printed with an earlier one */
        fprintf(out, "%s%s", separator, name);
        separator = ", ";
    }
    fprintf(out, ":\n             %s\n", reason);
}

/* The cache model's figures for the events that were counted as well, if it ran. */
static void counter_print_model(const json_t *run, const json_t *events, FILE *out)
{
    static const struct {
        const char *event, *figure;
    } same[] = {{"l1d_read_misses", "cache.total.l1_read_misses"},
                {"llc_read_misses", "cache.total.llc_read_misses"}};
    const char *separator = "  the model  ";
    for (size_t i = 0; i < GCR_COUNT_OF(same); i++) {
        const json_t *modelled = gcr_json_at(run, same[i].figure);
        if (!json_is_integer(modelled) ||
            counter_is_refused(json_object_get(events, same[i].event)))
            continue;
        fprintf(out, "%s%s %s", separator, same[i].event,
                gcr_text_count((uint64_t)json_integer_value(modelled)).s);
        separator = ", ";
    }
    if (separator[0] == ',')
        fputs(", mutator and collector together\n", out);
}

void gcr_counter_table_print(const json_t *run, FILE *out)
{
    const json_t *counters = json_object_get(run, "counters");
    const json_t *events = json_object_get(counters, "events");
    const char *name;
    json_t *event;
    if (events == NULL)
        return;
    fprintf(out, "\ncounters     on the replay clock%s, in %s intervals\n",
            json_is_object(json_object_get(run, "cache")) ? " of a timed run" : "",
            gcr_text_count((uint64_t)json_integer_value(json_object_get(counters, "intervals"))).s);
    counter_print_rows(events, out);
    json_object_foreach((json_t *)events, name, event)
    {
        const char *reason = json_string_value(json_object_get(event, "reason"));
        if (counter_is_refused(event) && reason != NULL)
            counter_print_refused(events, event, reason, out);
    }
    counter_print_model(run, events, out);
}
