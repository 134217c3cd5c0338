/* Traces for Perfetto, held against the fields that the Trace Event Format documents: of the object
 * form, and of each kind of event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/perfetto.h"
#include "sim/study/perfetto_marks.h"
#include "tests/study/study_kit.h"

/* ---- the format ---- */

static const json_t *need(const json_t *event, const char *name)
{
    const json_t *value = json_object_get(event, name);
    if (value == NULL) {
        char *text = json_dumps(event, 0);
        fail_msg("no '%s' in %s", name, text);
    }
    return value;
}

static const char *need_text(const json_t *event, const char *name)
{
    const char *text = json_string_value(need(event, name));
    assert_non_null(text);
    return text;
}

static double need_time(const json_t *event, const char *name)
{
    const json_t *value = need(event, name);
    assert_true(json_is_number(value));
    assert_true(json_number_value(value) >= 0);
    return json_number_value(value);
}

static int need_whole(const json_t *event, const char *name)
{
    const json_t *value = need(event, name);
    assert_true(json_is_integer(value));
    return (int)json_integer_value(value);
}

/* What has been seen of one process. */
struct process {
    bool is_named;
    double last_us;
    unsigned threads;  /* named ones, a bit each */
    unsigned requests; /* open */
};
enum { PROCESSES = 16, THREADS = 8 };

struct found {
    struct process processes[PROCESSES];
    size_t pauses, points, begun, ended;
    double longest_us, shortest_us;
};

static void check_metadata(const json_t *event, struct process *process)
{
    const char *name = need_text(event, "name");
    const json_t *arguments = need(event, "args");
    if (strcmp(name, "process_name") == 0) {
        assert_true(*need_text(arguments, "name") != '\0');
        process->is_named = true;
    } else if (strcmp(name, "thread_name") == 0) {
        assert_true(*need_text(arguments, "name") != '\0');
        process->threads |= 1u << need_whole(event, "tid");
    } else if (strcmp(name, "process_sort_index") == 0) {
        (void)need_whole(arguments, "sort_index");
    } else {
        fail_msg("metadata is not called %s", name);
    }
}

/* All values of a counter are numbers. */
static void check_counter(const json_t *event)
{
    const char *name;
    json_t *value;
    assert_true(json_object_size(need(event, "args")) > 0);
    json_object_foreach((json_t *)need(event, "args"), name, value)
    {
        assert_true(json_is_number(value) && json_number_value(value) >= 0);
    }
}

static void check_event(const json_t *event, struct found *found)
{
    const char *ph = need_text(event, "ph");
    int pid = need_whole(event, "pid"), tid = need_whole(event, "tid");
    assert_true(pid > 0 && pid < PROCESSES && tid > 0 && tid < THREADS);
    struct process *process = &found->processes[pid];
    assert_true(*need_text(event, "name") != '\0');
    if (strcmp(ph, "M") == 0) {
        check_metadata(event, process);
        return;
    }
    assert_true(process->is_named && (process->threads & 1u << tid) != 0);
    double ts = need_time(event, "ts");
    assert_true(ts >= process->last_us);
    process->last_us = ts;
    if (strcmp(ph, "X") == 0) {
        double dur = need_time(event, "dur");
        found->longest_us = dur > found->longest_us ? dur : found->longest_us;
        if (found->pauses++ == 0 || dur < found->shortest_us)
            found->shortest_us = dur;
        assert_true(*need_text(event, "cat") != '\0');
        assert_true(json_is_object(need(event, "args")));
    } else if (strcmp(ph, "C") == 0) {
        check_counter(event);
        found->points++;
    } else if (strcmp(ph, "b") == 0 || strcmp(ph, "e") == 0) {
        assert_true(*need_text(event, "cat") != '\0');
        assert_true(*need_text(event, "id") != '\0');
        found->begun += *ph == 'b';
        found->ended += *ph == 'e';
        assert_true(found->ended <= found->begun);
    } else {
        fail_msg("an event of kind %s", ph);
    }
}

/* Returns the document; the caller drops it. */
static json_t *check_file(const char *path, struct found *found)
{
    json_error_t error;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error), *event;
    size_t i;
    if (document == NULL)
        fail_msg("%s, line %d: %s", path, error.line, error.text);
    *found = (struct found){0};
    assert_string_equal(need_text(document, "displayTimeUnit"), "ms");
    assert_true(json_is_object(need(document, "otherData")));
    assert_true(json_is_array(need(document, "traceEvents")));
    json_array_foreach(need(document, "traceEvents"), i, event)
    {
        check_event(event, found);
    }
    assert_int_equal(found->begun, found->ended);
    return document;
}

/* The i-th event of that kind. */
static const json_t *event_at(const json_t *document, const char *ph, size_t number)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(document, "traceEvents"), i, event)
    {
        if (strcmp(need_text(event, "ph"), ph) == 0 && number-- == 0)
            return event;
    }
    fail_msg("there is no such event of kind %s", ph);
    return NULL;
}

/* ---- what is in it ---- */

static const char lanes[] =
    "[{\"lane\": 0, \"parent\": null, \"pauses\": {\"list\": {\"columns\": [\"start_ns\","
    "  \"length_ns\", \"event\", \"reason\", \"generation\", \"full\", \"before_bytes\", "
    "\"freed_set\"],"
    "  \"rows\": [[1000, 500, 7, \"allocation\", 0, false, 4096, null],"
    "    [2000, 1500, 9, \"explicit\", 2, true, 8192, null],"
    "    [9000, 1, 11, \"progress\", 1, false, 8192, null]]}},"
    "  \"requests\": {\"columns\": [\"number\", \"start_ns\", \"end_ns\"],"
    "    \"rows\": [[4, 0, 1750], [5, 1750, 1750]]},"
    "  \"footprint_series\": {\"columns\": [\"clock_ns\", \"footprint_bytes\", \"live_bytes\"],"
    "    \"rows\": [[0, 4096, 10], [5000, 8192, null]]}},"
    " {\"lane\": 3, \"parent\": 0, \"pauses\": {\"list\": {\"columns\": [\"start_ns\", "
    "\"length_ns\"],"
    "  \"rows\": [[50, 25]]}}}]";

static json_t *result_with(json_t *list)
{
    json_t *document =
        json_pack("{s:s, s:{s:s}, s:s, s:o}", "schema", "gcreplay-result-1", "trace", "path",
                  "some/where/server.gct", "collector", "semispace", "lanes", list);
    assert_non_null(document);
    return document;
}

static json_t *write_result(json_t *list, struct found *found)
{
    struct gcr_error err = {""};
    char path[64];
    json_t *result = result_with(list);
    snprintf(path, sizeof path, "perfetto-%ld.json", (long)getpid());
    assert_int_equal(gcr_pauses_trace_write_result(result, path, &err), GCR_OK);
    json_t *document = check_file(path, found);
    json_decref(result);
    unlink(path);
    return document;
}

static void a_run_is_a_process_of_threads(void **unused)
{
    struct found found;
    json_t *document = write_result(json_loads(lanes, 0, NULL), &found);
    (void)unused;
    assert_int_equal(found.pauses, 4);
    assert_int_equal(found.begun, 2);
    assert_int_equal(found.points, 3); /* two of the footprint, one of live bytes */
    assert_string_equal(need_text(need(event_at(document, "M", 0), "args"), "name"),
                        "server.gct, semispace");
    assert_string_equal(need_text(need(event_at(document, "M", 2), "args"), "name"), "process 0");
    assert_string_equal(need_text(need(event_at(document, "M", 3), "args"), "name"),
                        "process 3, from its fork by process 0");
    const json_t *child = event_at(document, "X", 0), *first = event_at(document, "X", 1);
    assert_int_equal(need_whole(child, "tid"), 2);
    assert_true(need_time(child, "ts") == 0.05 && need_time(child, "dur") == 0.025);
    assert_true(need_time(first, "ts") == 1 && need_time(first, "dur") == 0.5);
    assert_string_equal(need_text(first, "name"), "collection of generation 0");
    assert_string_equal(need_text(need(first, "args"), "reason"), "allocation");
    assert_int_equal(need_whole(need(first, "args"), "before_bytes"), 4096);
    assert_null(json_object_get(need(first, "args"), "freed_set"));
    assert_string_equal(need_text(event_at(document, "X", 2), "name"), "full collection");
    assert_string_equal(need_text(event_at(document, "X", 3), "name"), "progress");
    assert_string_equal(need_text(event_at(document, "b", 0), "name"), "request 4");
    assert_true(need_time(event_at(document, "e", 0), "ts") == 1.75);
    assert_string_equal(need_text(event_at(document, "b", 1), "id"),
                        need_text(event_at(document, "e", 1), "id"));
    assert_int_equal(need_whole(need(document, "otherData"), "pauses_left_out"), 0);
    json_decref(document);
}

static void a_run_without_anything_is_a_file(void **unused)
{
    struct found found;
    json_t *document = write_result(json_array(), &found);
    (void)unused;
    assert_int_equal(found.pauses + found.points + found.begun, 0);
    json_decref(document);
}

/* n pauses, the i-th as long as (i * step) % n + 1. */
static json_t *many_pauses(size_t n, size_t step)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            rows, json_pack("[I, I]", (json_int_t)(i * 1000000), (json_int_t)((i * step) % n + 1)));
    return json_pack("[{s:i, s:{s:{s:[s,s], s:o}}}]", "lane", 0, "pauses", "list", "columns",
                     "start_ns", "length_ns", "rows", rows);
}

/* Lengths 1 .. 1000, each once (3 has no common factor with 1000): the shortest are left out. */
static void the_longest_pauses_stay(void **unused)
{
    json_t *list = many_pauses(1000, 3);
    struct perfetto_marks marks;
    (void)unused;
    assert_true(perfetto_marks_read(list, 950, &marks));
    assert_int_equal(marks.count, 950);
    assert_int_equal(marks.pauses, 950);
    assert_int_equal(marks.pauses_left_out, 50);
    for (size_t i = 0; i < marks.count; i++) {
        assert_true(marks.list[i].row * 3 % 1000 + 1 > 50);
        assert_true(i == 0 || marks.list[i].clock_ns > marks.list[i - 1].clock_ns);
    }
    perfetto_marks_finish(&marks);
    json_decref(list);
}

static void equal_pauses_are_not_all_of_them(void **unused)
{
    json_t *list = many_pauses(100, 0);
    struct perfetto_marks marks;
    (void)unused;
    assert_true(perfetto_marks_read(list, 95, &marks));
    assert_int_equal(marks.count, 95);
    assert_int_equal(marks.list[94].row, 94); /* the first ones */
    assert_int_equal(marks.pauses_left_out, 5);
    perfetto_marks_finish(&marks);
    json_decref(list);
}

/* 64 points that rise and fall, in 16 stretches of 4: each has its highest. */
static void peaks_of_the_footprint_stay(void **unused)
{
    json_t *rows = json_array(), *list;
    struct perfetto_marks marks;
    (void)unused;
    for (int i = 0; i < 64; i++)
        json_array_append_new(rows, json_pack("[i, i]", i, i % 4 == 2 ? 9 : 1));
    list = json_pack("[{s:i, s:{s:[s,s], s:o}}]", "lane", 0, "footprint_series", "columns",
                     "clock_ns", "footprint_bytes", "rows", rows);
    assert_true(perfetto_marks_read(list, 60, &marks));
    assert_int_equal(marks.count, 16);
    for (size_t i = 0; i < marks.count; i++)
        assert_int_equal(marks.list[i].row, 4 * i + 2);
    perfetto_marks_finish(&marks);
    json_decref(list);
}

/* What does not fit is said in the file. */
static void a_full_file_says_what_it_left_out(void **unused)
{
    struct found found;
    json_t *document = write_result(many_pauses(GCR_PERFETTO_PAUSES + 777, 7), &found);
    (void)unused;
    assert_int_equal(found.pauses, GCR_PERFETTO_PAUSES);
    assert_true(found.shortest_us == 0.778);
    assert_int_equal(need_whole(need(document, "otherData"), "pauses"), GCR_PERFETTO_PAUSES);
    assert_int_equal(need_whole(need(document, "otherData"), "pauses_left_out"), 777);
    json_decref(document);
}

/* ---- studies ---- */

static void write_full(struct study_kit *kit, const struct study_run *run)
{
    const char *id = study_kit_run(kit, run);
    json_t *document = study_kit_result(run);
    char name[300];
    json_object_set_new(document, "lanes", json_loads(lanes, 0, NULL));
    snprintf(name, sizeof name, "results/%s.full.json", id);
    study_kit_write_json(kit, name, document);
    json_decref(document);
}

static void each_configuration_is_a_process(void **unused)
{
    const struct study_run runs[] = {
        {.trace = "server", .design = "semispace", .heap = "2x"},
        {.trace = "server", .design = "semispace", .heap = "2x", .mode = GCR_STUDY_CACHE},
        {.trace = "server", .design = "bitmap:counts=side", .heap = "2x"},
        {.trace = "server", .design = "epsilon", .heap = "2x", .outcome = "heap_exhausted"}};
    struct study_kit kit;
    struct gcr_error err = {""};
    struct found found;
    (void)unused;
    study_kit_begin(&kit);
    study_kit_name(&kit, "traces", "server");
    study_kit_name(&kit, "heaps", "2x");
    for (size_t i = 0; i < GCR_COUNT_OF(runs); i++) {
        if (runs[i].mode == GCR_STUDY_TIMED)
            study_kit_name(&kit, "designs", runs[i].design);
        write_full(&kit, &runs[i]);
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    const char *path = study_kit_path(&kit, "pauses.trace.json");
    assert_int_equal(gcr_pauses_trace_write(dataset, path, &err), GCR_OK);
    json_t *document = check_file(path, &found);
    assert_int_equal(found.pauses, 8); /* modelled times mean nothing; what failed has no figures */
    assert_string_equal(need_text(need(event_at(document, "M", 0), "args"), "name"),
                        "server, semispace, heap 2x");
    assert_string_equal(need_text(need(event_at(document, "M", 4), "args"), "name"),
                        "server, bitmap:counts=side, heap 2x");
    json_decref(document);
    assert_int_equal(gcr_pauses_trace_write(dataset, "/tmp/gcreplay-no-such-folder/x", &err),
                     GCR_IO);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_a_process_of_threads),
        cmocka_unit_test(a_run_without_anything_is_a_file),
        cmocka_unit_test(the_longest_pauses_stay),
        cmocka_unit_test(equal_pauses_are_not_all_of_them),
        cmocka_unit_test(peaks_of_the_footprint_stay),
        cmocka_unit_test(a_full_file_says_what_it_left_out),
        cmocka_unit_test(each_configuration_is_a_process),
    };
    return cmocka_run_group_tests_name("unit.perfetto", tests, NULL, NULL);
}
