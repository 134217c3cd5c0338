/* Written event by event, one configuration's document in memory at a time. Process and thread
 * numbers begin at 1: 0 means the idle process to some readers. */
#include "sim/study/perfetto.h"

#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/measure/output.h"
#include "sim/study/perfetto_marks.h"
#include "sim/study/result_list.h"

struct perfetto {
    struct gcr_output output;
    bool has_events;
    bool lost; /* an event found no memory */
    uint64_t requests;
    size_t pauses_left_out, requests_left_out, pauses;
};

static gcr_status perfetto_open(struct perfetto *to, const char *path, struct gcr_error *err)
{
    to->has_events = to->lost = false;
    to->requests = 0;
    to->pauses = to->pauses_left_out = to->requests_left_out = 0;
    gcr_status status = gcr_output_open(&to->output, path, err);
    if (status == GCR_OK)
        fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", to->output.file);
    return status;
}

static gcr_status perfetto_close(struct perfetto *to, struct gcr_error *err)
{
    json_t *other = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "producer", "gcreplay", "clock",
                              "replay clock of each process, from its own start", "pauses",
                              (json_int_t)to->pauses, "pauses_left_out",
                              (json_int_t)to->pauses_left_out, "requests", (json_int_t)to->requests,
                              "requests_left_out", (json_int_t)to->requests_left_out);
    fputs("\n], \"otherData\": ", to->output.file);
    if (other == NULL || json_dumpf(other, to->output.file, JSON_COMPACT) != 0)
        to->lost = true;
    json_decref(other);
    fputs("}\n", to->output.file);
    if (!to->lost)
        return gcr_output_close(&to->output, err);
    gcr_output_abandon(&to->output);
    return gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for its events", to->output.path);
}

/* Takes the event over. */
static void perfetto_event(struct perfetto *to, json_t *event)
{
    if (event == NULL) {
        to->lost = true;
        return;
    }
    fputs(to->has_events ? ",\n" : "\n", to->output.file);
    /* Fifteen digits: nanoseconds of eleven days. */
    json_dumpf(event, to->output.file, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(event);
    to->has_events = true;
}

/* ---- one configuration ---- */

/* What is being written. */
struct perfetto_run {
    struct perfetto *to;
    const json_t *lanes;
    int pid;
};

static double perfetto_us(uint64_t ns)
{
    return (double)ns / 1e3;
}

static int perfetto_thread(uint32_t lane)
{
    return (int)lane + 1;
}

static void perfetto_name_lane(const struct perfetto_run *run, uint32_t place)
{
    const json_t *lane = json_array_get(run->lanes, place);
    const json_t *parent = json_object_get(lane, "parent");
    json_int_t number = json_integer_value(json_object_get(lane, "lane"));
    char name[96];
    if (json_is_integer(parent))
        snprintf(name, sizeof name, "process %lld, from its fork by process %lld",
                 (long long)number, (long long)json_integer_value(parent));
    else
        snprintf(name, sizeof name, "process %lld", (long long)number);
    perfetto_event(run->to,
                   json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "ph", "M", "name", "thread_name",
                             "pid", run->pid, "tid", perfetto_thread(place), "args", "name", name));
}

/* Takes the name over. */
static void perfetto_name(const struct perfetto_run *run, json_t *name)
{
    perfetto_event(run->to,
                   json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "ph", "M", "name", "process_name",
                             "pid", run->pid, "tid", 1, "args", "name", name));
    perfetto_event(run->to, json_pack("{s:s, s:s, s:i, s:i, s:{s:i}}", "ph", "M", "name",
                                      "process_sort_index", "pid", run->pid, "tid", 1, "args",
                                      "sort_index", run->pid));
    for (size_t i = 0; i < json_array_size(run->lanes); i++)
        perfetto_name_lane(run, (uint32_t)i);
}

/* What a reader of a timeline wants to see in the box. */
static void perfetto_pause_name(const struct gcr_result_list *list, size_t row, char *name,
                                size_t size)
{
    static const char *const spoken[] = {"progress", "back-pressure", "fork"};
    const char *reason = gcr_result_list_text(list, row, gcr_result_list_column(list, "reason"));
    size_t full = gcr_result_list_column(list, "full");
    size_t generation = gcr_result_list_column(list, "generation");
    for (size_t i = 0; i < GCR_COUNT_OF(spoken); i++)
        if (strcmp(reason, spoken[i]) == 0) {
            snprintf(name, size, "%s", reason);
            return;
        }
    if (json_is_true(gcr_result_list_value(list, row, full)))
        snprintf(name, size, "full collection");
    else
        snprintf(name, size, "collection of generation %llu",
                 (unsigned long long)gcr_result_list_count(list, row, generation));
}

/* All columns of a pause but its times. */
static json_t *perfetto_pause_arguments(const struct gcr_result_list *list, size_t row)
{
    json_t *arguments = json_object();
    for (size_t i = 0; i < json_array_size(list->columns); i++) {
        const char *name = json_string_value(json_array_get(list->columns, i));
        const json_t *value = gcr_result_list_value(list, row, i);
        if (name == NULL || value == NULL || json_is_null(value) || strcmp(name, "start_ns") == 0 ||
            strcmp(name, "length_ns") == 0)
            continue;
        json_object_set(arguments, name, (json_t *)value);
    }
    return arguments;
}

static void perfetto_write_pause(const struct perfetto_run *run, const struct perfetto_mark *mark)
{
    struct gcr_result_list list =
        gcr_result_list(json_array_get(run->lanes, mark->lane), "pauses.list");
    size_t length = gcr_result_list_column(&list, "length_ns");
    char name[64];
    perfetto_pause_name(&list, mark->row, name, sizeof name);
    perfetto_event(run->to,
                   json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:o}", "ph", "X", "name", name,
                             "cat", "pause", "ts", perfetto_us(mark->clock_ns), "dur",
                             perfetto_us(gcr_result_list_count(&list, mark->row, length)), "pid",
                             run->pid, "tid", perfetto_thread(mark->lane), "args",
                             perfetto_pause_arguments(&list, mark->row)));
}

/* Begin and end find each other by category and id. */
static void perfetto_write_request(const struct perfetto_run *run, const struct perfetto_mark *mark)
{
    struct gcr_result_list list =
        gcr_result_list(json_array_get(run->lanes, mark->lane), "requests");
    uint64_t number =
        gcr_result_list_count(&list, mark->row, gcr_result_list_column(&list, "number"));
    char name[48], id[64];
    snprintf(name, sizeof name, "request %llu", (unsigned long long)number);
    snprintf(id, sizeof id, "%d.%u.%u", run->pid, mark->lane, mark->row);
    perfetto_event(run->to,
                   json_pack("{s:s, s:s, s:s, s:s, s:f, s:i, s:i}", "ph",
                             mark->kind == PERFETTO_REQUEST_BEGIN ? "b" : "e", "name", name, "cat",
                             "request", "id", id, "ts", perfetto_us(mark->clock_ns), "pid",
                             run->pid, "tid", perfetto_thread(mark->lane)));
}

/* The program's phases of a process lie below its pauses: each lasts until the next one begins. */
static void perfetto_write_phases(const struct perfetto_run *run, uint32_t place)
{
    const json_t *lane = json_array_get(run->lanes, place);
    struct gcr_result_list list = gcr_result_list(lane, "program_phases");
    size_t start = gcr_result_list_column(&list, "start_ns");
    size_t name = gcr_result_list_column(&list, "name");
    const uint64_t end_ns = (uint64_t)(json_integer_value(gcr_json_at(lane, "time.mutator_ns")) +
                                       json_integer_value(gcr_json_at(lane, "time.collector_ns")));
    for (size_t i = 0; i < list.count; i++) {
        const uint64_t from_ns = gcr_result_list_count(&list, i, start);
        const uint64_t to_ns =
            i + 1 < list.count ? gcr_result_list_count(&list, i + 1, start) : end_ns;
        perfetto_event(run->to, json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:i}", "ph", "X", "name",
                                          gcr_result_list_text(&list, i, name), "cat", "phase",
                                          "ts", perfetto_us(from_ns), "dur",
                                          perfetto_us(to_ns > from_ns ? to_ns - from_ns : 0), "pid",
                                          run->pid, "tid", perfetto_thread(place)));
    }
}

static void perfetto_write_counter(const struct perfetto_run *run, const struct perfetto_mark *mark,
                                   const char *what, const json_t *bytes)
{
    char name[64];
    if (!json_is_integer(bytes))
        return;
    snprintf(name, sizeof name, "%s, process %lld", what,
             (long long)json_integer_value(
                 json_object_get(json_array_get(run->lanes, mark->lane), "lane")));
    perfetto_event(run->to, json_pack("{s:s, s:s, s:f, s:i, s:i, s:{s:I}}", "ph", "C", "name", name,
                                      "ts", perfetto_us(mark->clock_ns), "pid", run->pid, "tid",
                                      perfetto_thread(mark->lane), "args", "bytes",
                                      json_integer_value(bytes)));
}

static void perfetto_write_point(const struct perfetto_run *run, const struct perfetto_mark *mark)
{
    struct gcr_result_list list =
        gcr_result_list(json_array_get(run->lanes, mark->lane), "footprint_series");
    size_t footprint = gcr_result_list_column(&list, "footprint_bytes");
    size_t live = gcr_result_list_column(&list, "live_bytes");
    perfetto_write_counter(run, mark, "footprint",
                           gcr_result_list_value(&list, mark->row, footprint));
    perfetto_write_counter(run, mark, "live", gcr_result_list_value(&list, mark->row, live));
}

/* Takes the name over. */
static gcr_status perfetto_write_run(struct perfetto *to, const json_t *document, json_t *name,
                                     int pid, size_t limit, struct gcr_error *err)
{
    const struct perfetto_run run = {
        .to = to, .lanes = json_object_get(document, "lanes"), .pid = pid};
    struct perfetto_marks marks;
    if (!perfetto_marks_read(run.lanes, limit, &marks)) {
        json_decref(name);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the pauses of a run");
    }
    perfetto_name(&run, name);
    for (size_t i = 0; i < json_array_size(run.lanes); i++)
        perfetto_write_phases(&run, (uint32_t)i);
    for (size_t i = 0; i < marks.count; i++)
        switch (marks.list[i].kind) {
        case PERFETTO_PAUSE:
            perfetto_write_pause(&run, &marks.list[i]);
            break;
        case PERFETTO_POINT:
            perfetto_write_point(&run, &marks.list[i]);
            break;
        default:
            perfetto_write_request(&run, &marks.list[i]);
        }
    to->pauses += marks.pauses;
    to->pauses_left_out += marks.pauses_left_out;
    to->requests += marks.requests;
    to->requests_left_out += marks.requests_left_out;
    perfetto_marks_finish(&marks);
    return GCR_OK;
}

/* ---- files ---- */

gcr_status gcr_pauses_trace_write_result(const json_t *result, const char *path,
                                         struct gcr_error *err)
{
    struct perfetto to;
    const char *trace = gcr_json_text_at(result, "trace.path"), *slash = strrchr(trace, '/');
    gcr_status status = perfetto_open(&to, path, err);
    if (status != GCR_OK)
        return status;
    json_t *name = json_sprintf("%s, %s", slash != NULL ? slash + 1 : trace,
                                gcr_json_text_at(result, "collector"));
    status = perfetto_write_run(&to, result, name, 1, GCR_PERFETTO_PAUSES, err);
    if (status == GCR_OK)
        return perfetto_close(&to, err);
    gcr_output_abandon(&to.output);
    return status;
}

static bool perfetto_has_times(const struct gcr_point *point)
{
    return point->mode == GCR_STUDY_TIMED && point->ok_count > 0;
}

static gcr_status perfetto_write_point_of(struct perfetto *to, const struct gcr_point *point,
                                          int pid, size_t limit, struct gcr_error *err)
{
    json_t *document = gcr_point_full(point);
    if (document == NULL)
        return GCR_OK;
    gcr_status status = perfetto_write_run(
        to, document, json_sprintf("%s, %s, heap %s", point->trace, point->design, point->heap),
        pid, limit, err);
    json_decref(document);
    return status;
}

gcr_status gcr_pauses_trace_write(const struct gcr_dataset *dataset, const char *path,
                                  struct gcr_error *err)
{
    struct perfetto to;
    size_t configurations = 0;
    gcr_status status = perfetto_open(&to, path, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < dataset->point_count; i++)
        configurations += perfetto_has_times(&dataset->points[i]);
    size_t limit = configurations > 0 ? GCR_PERFETTO_PAUSES / configurations : 0;
    for (size_t i = 0; i < dataset->point_count && status == GCR_OK; i++)
        if (perfetto_has_times(&dataset->points[i]))
            status = perfetto_write_point_of(&to, &dataset->points[i], (int)i + 1,
                                             limit > 0 ? limit : 1, err);
    if (status == GCR_OK)
        return perfetto_close(&to, err);
    gcr_output_abandon(&to.output);
    return status;
}
