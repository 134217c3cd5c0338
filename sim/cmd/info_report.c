/* The report on a trace; see info_report.h. */
#include "sim/cmd/info_report.h"

#include <stdlib.h>
#include <string.h>

#include "sim/cmd/table.h"
#include "sim/measure/capability_rules.h"

enum { INFO_TOP_SHAPES = 12 };

static const char *const info_stores[] = {"exact", "sampled"};
static const char *const info_reads[] = {"none", "page-sampled", "exact"};
static const char *const info_deaths[] = {"none", "granulated", "exact"};
static const char *const info_roots[] = {"exact", "synthesised"};

static json_t *info_meta(const struct gcr_info *info)
{
    json_t *meta = json_loads(gcr_reader_meta(info->reader), 0, NULL);
    return meta != NULL ? meta : json_object();
}

/* ---- text ---- */

static void info_print_capabilities(const struct gcr_capabilities *caps, FILE *out)
{
    fprintf(out, "capabilities  stores %s, loads %s, reads %s, deaths %s, roots %s",
            info_stores[caps->stores % 2], caps->loads ? "complete" : "none",
            info_reads[caps->reads % 3], info_deaths[caps->deaths % 3],
            info_roots[caps->roots % 2]);
    fprintf(out, "%s%s%s%s%s\n", caps->tracking ? ", tracking" : "",
            caps->threads ? ", threads" : "", caps->forks ? ", forks" : "",
            caps->times ? ", times" : "", caps->faithful ? ", faithful" : "");
    const char *label;
    for (size_t i = 0; (label = gcr_trace_label(caps, ~0u, i)) != NULL; i++)
        fprintf(out, "              %s\n", label);
}

enum { INFO_INDENT = 14, INFO_WIDTH = 110 };

/* Parts of one metadata value, on as many lines as they need. */
struct info_line {
    FILE *out;
    int used;
    bool is_begun;
    const char *separator;
};

static void info_print_part(struct info_line *line, const char *name, const json_t *value)
{
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *shown = text != NULL ? text : json_string_value(value);
    int length = (int)(strlen(name) + strlen(shown)) + 2;
    if (line->is_begun && line->used + length > INFO_WIDTH)
        line->used = fprintf(line->out, "%s\n%*s", line->separator, INFO_INDENT, "") - 1;
    else if (line->is_begun)
        line->used += fprintf(line->out, "%s ", line->separator);
    line->is_begun = true;
    line->used += fprintf(line->out, "%s%s%s", name, *name != '\0' ? " " : "", shown);
    free(text);
}

static void info_print_value(const char *name, const json_t *value, FILE *out)
{
    struct info_line line = {.out = out, .separator = ","};
    line.used = fprintf(out, "%-13s ", name);
    bool only_losses = strcmp(name, "losses") == 0; /* a zero is no loss */
    const char *key;
    json_t *part;
    size_t i, shown = 0;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, part)
        {
            if (only_losses && json_is_integer(part) && json_integer_value(part) == 0)
                continue;
            shown++;
            info_print_part(&line, key, part);
        }
        if (shown == 0)
            fputs("none", out);
    } else if (json_is_array(value)) {
        line.separator = "";
        json_array_foreach(value, i, part) info_print_part(&line, "", part);
    } else {
        info_print_part(&line, "", value);
    }
    fputc('\n', out);
}

static void info_print_meta(const struct gcr_info *info, FILE *out)
{
    json_t *meta = info_meta(info), *value;
    const char *name;
    json_object_foreach(meta, name, value) info_print_value(name, value, out);
    json_decref(meta);
}

static void info_print_lanes(const struct gcr_info *info, FILE *out)
{
    uint32_t lanes = gcr_reader_lane_count(info->reader);
    fprintf(out,
            "events        %s in %u process%s:", gcr_text_count(gcr_reader_events(info->reader)).s,
            lanes, lanes == 1 ? "" : "es");
    enum { MOST_SHOWN = 16 };
    for (uint32_t i = 0; i < lanes && i < MOST_SHOWN; i++)
        fprintf(out, "%s %s", i > 0 ? "," : "",
                gcr_text_count(gcr_reader_lane_events(info->reader, i)).s);
    fputs(lanes > MOST_SHOWN ? ", ...\n" : "\n", out);
}

static void info_print_kinds(const struct gcr_info *info, FILE *out)
{
    struct gcr_table table;
    double all = (double)gcr_reader_events(info->reader);
    gcr_table_begin(&table, "lrr");
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "event");
    gcr_table_cell(&table, 1, "number");
    gcr_table_cell(&table, 2, "share");
    for (unsigned op = 0; op < GCR_OP_COUNT; op++) {
        if (info->facts.events[op] == 0)
            continue;
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", gcr_op_table[op].name);
        gcr_table_cell(&table, 1, "%llu", (unsigned long long)info->facts.events[op]);
        gcr_table_cell(&table, 2, "%.1f%%", 100 * (double)info->facts.events[op] / all);
    }
    fputc('\n', out);
    gcr_table_end(&table, true, 2, out);
}

/* Name of a phase; 0: before any that the program marked. */
static const char *info_phase_name(const struct gcr_info *info, uint32_t number)
{
    return number == 0 ? "(before any)" : gcr_reader_name(info->reader, number, NULL);
}

static void info_print_phases(const struct gcr_info *info, FILE *out)
{
    static const char *const heads[] = {"phase", "begun", "events", "requests", "objects", "bytes"};
    struct gcr_table table;
    if (info->facts.events[GCR_OP_PHASE] == 0)
        return;
    gcr_table_begin(&table, "lrrrrr");
    gcr_table_row(&table);
    for (unsigned i = 0; i < GCR_COUNT_OF(heads); i++)
        gcr_table_cell(&table, i, "%s", heads[i]);
    for (uint32_t i = 0; i <= info->facts.phase_count; i++) {
        const struct gcr_phase_use *use = &info->facts.phases[i];
        if (use->events == 0)
            continue;
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", info_phase_name(info, i));
        gcr_table_cell(&table, 1, "%llu", (unsigned long long)use->begun);
        gcr_table_cell(&table, 2, "%s", gcr_text_count(use->events).s);
        gcr_table_cell(&table, 3, "%llu", (unsigned long long)use->requests);
        gcr_table_cell(&table, 4, "%s", gcr_text_count(use->objects).s);
        gcr_table_cell(&table, 5, "%s", gcr_text_bytes(use->bytes).s);
    }
    fputc('\n', out);
    gcr_table_end(&table, true, 2, out);
}

static void info_print_shapes(const struct gcr_info *info, FILE *out)
{
    struct gcr_table table;
    uint32_t count = 0;
    const struct gcr_shape *shapes = gcr_reader_shapes(info->reader, &count);
    static const char *const heads[] = {"shape", "objects", "bytes", "mean", "share"};
    gcr_table_begin(&table, "lrrrr");
    gcr_table_row(&table);
    for (unsigned i = 0; i < GCR_COUNT_OF(heads); i++)
        gcr_table_cell(&table, i, "%s", heads[i]);
    uint32_t shown = 0, used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct gcr_shape_use *use = &info->facts.shapes[i];
        used += use->objects > 0;
        if (use->objects == 0 || shown == INFO_TOP_SHAPES)
            continue;
        shown++;
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", shapes[use->shape].name);
        gcr_table_cell(&table, 1, "%s", gcr_text_count(use->objects).s);
        gcr_table_cell(&table, 2, "%s", gcr_text_bytes(use->bytes).s);
        gcr_table_cell(&table, 3, "%.0f B", (double)use->bytes / (double)use->objects);
        gcr_table_cell(&table, 4, "%.1f%%",
                       info->facts.bytes > 0 ? 100 * (double)use->bytes / (double)info->facts.bytes
                                             : 0);
    }
    fputc('\n', out);
    gcr_table_end(&table, true, 2, out);
    if (used > shown)
        fprintf(out, "  ... and %u more shapes\n", used - shown);
}

void gcr_info_print(const struct gcr_info *info, FILE *out)
{
    uint64_t events = gcr_reader_events(info->reader);
    uint64_t bytes = gcr_reader_file_bytes(info->reader);
    fprintf(out, "trace         %s\n", gcr_reader_path(info->reader));
    if (gcr_reader_warning(info->reader) != NULL)
        fprintf(out, "WARNING       %s\n", gcr_reader_warning(info->reader));
    fprintf(out, "digest        %s\n", gcr_reader_digest(info->reader));
    info_print_meta(info, out);
    fprintf(out, "file          %s, %.2f bytes an event\n", gcr_text_bytes(bytes).s,
            events > 0 ? (double)bytes / (double)events : 0);
    info_print_lanes(info, out);
    fprintf(out, "allocated     %s objects, %s\n", gcr_text_count(info->facts.objects).s,
            gcr_text_bytes(info->facts.bytes).s);
    if (info->peak_known)
        fprintf(out, "peak live     %s (%llu bytes)\n", gcr_text_bytes(info->peak_live_bytes).s,
                (unsigned long long)info->peak_live_bytes);
    else
        fputs("peak live     refused: the trace has no deaths ('gcreplay check' computes it)\n",
              out);
    info_print_capabilities(gcr_reader_capabilities(info->reader), out);
    info_print_kinds(info, out);
    info_print_phases(info, out);
    info_print_shapes(info, out);
}

/* ---- JSON ---- */

static json_t *info_count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *info_json_capabilities(const struct gcr_capabilities *caps)
{
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b}", "stores",
                     info_stores[caps->stores % 2], "loads", caps->loads, "reads",
                     info_reads[caps->reads % 3], "deaths", info_deaths[caps->deaths % 3], "roots",
                     info_roots[caps->roots % 2], "tracking", caps->tracking, "threads",
                     caps->threads, "forks", caps->forks, "times", caps->times, "faithful",
                     caps->faithful);
}

static json_t *info_json_shapes(const struct gcr_info *info)
{
    uint32_t count = 0;
    const struct gcr_shape *shapes = gcr_reader_shapes(info->reader, &count);
    json_t *out = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const struct gcr_shape_use *use = &info->facts.shapes[i];
        json_t *name = json_string(shapes[use->shape].name);
        json_array_append_new(
            out, json_pack("{s:o, s:I, s:I, s:I}", "name", name != NULL ? name : json_string("?"),
                           "number", (json_int_t)use->shape, "objects", (json_int_t)use->objects,
                           "bytes", (json_int_t)use->bytes));
    }
    return out;
}

static json_t *info_json_phases(const struct gcr_info *info)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i <= info->facts.phase_count; i++) {
        const struct gcr_phase_use *use = &info->facts.phases[i];
        json_t *name = i == 0 ? json_null() : json_string(info_phase_name(info, i));
        json_array_append_new(out,
                              json_pack("{s:o, s:I, s:I, s:I, s:I, s:I}", "name",
                                        name != NULL ? name : json_string("(not UTF-8)"), "begun",
                                        (json_int_t)use->begun, "events", (json_int_t)use->events,
                                        "requests", (json_int_t)use->requests, "objects",
                                        (json_int_t)use->objects, "bytes", (json_int_t)use->bytes));
    }
    return out;
}

json_t *gcr_info_json(const struct gcr_info *info)
{
    json_t *out = json_object(), *lanes = json_array(), *kinds = json_object();
    const char *warning = gcr_reader_warning(info->reader);
    for (uint32_t i = 0; i < gcr_reader_lane_count(info->reader); i++)
        json_array_append_new(lanes, info_count(gcr_reader_lane_events(info->reader, i)));
    for (unsigned op = 0; op < GCR_OP_COUNT; op++)
        if (info->facts.events[op] > 0)
            json_object_set_new(kinds, gcr_op_table[op].name, info_count(info->facts.events[op]));
    json_object_set_new(out, "schema", json_string("gcreplay-info-1"));
    json_object_set_new(out, "path", json_string(gcr_reader_path(info->reader)));
    json_object_set_new(out, "digest", json_string(gcr_reader_digest(info->reader)));
    json_object_set_new(out, "warning", warning != NULL ? json_string(warning) : json_null());
    json_object_set_new(out, "bytes", info_count(gcr_reader_file_bytes(info->reader)));
    json_object_set_new(out, "events", info_count(gcr_reader_events(info->reader)));
    json_object_set_new(out, "lanes", lanes);
    json_object_set_new(out, "events_by_kind", kinds);
    json_object_set_new(out, "objects", info_count(info->facts.objects));
    json_object_set_new(out, "allocated_bytes", info_count(info->facts.bytes));
    json_object_set_new(out, "peak_live_bytes",
                        info->peak_known ? info_count(info->peak_live_bytes) : json_null());
    json_object_set_new(out, "capabilities",
                        info_json_capabilities(gcr_reader_capabilities(info->reader)));
    json_object_set_new(out, "shapes", info_json_shapes(info));
    json_object_set_new(out, "phases", info_json_phases(info));
    json_object_set_new(out, "meta", info_meta(info));
    return out;
}
