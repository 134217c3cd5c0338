/* The curve tables of a study whose runs are written by hand, and of runs that have nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "sim/study/tables.h"
#include "tests/study/study_kit.h"

/* Two processes. In the first, 10 ms with pauses of 1 and 2 ms; in the second a pause of 0.5 ms.
 * Four requests, one of them in the second process. */
static const char lanes[] =
    "[{\"time\": {\"mutator_ns\": 7000000, \"collector_ns\": 3000000},"
    "  \"pauses\": {\"list\": {\"columns\": [\"start_ns\", \"length_ns\"],"
    "    \"rows\": [[1000000, 1000000], [5000000, 2000000]]}},"
    "  \"requests\": {\"columns\": [\"number\", \"start_ns\", \"end_ns\"],"
    "    \"rows\": [[3, 7000000, 7400000], [1, 0, 200000], [2, 1000000, 2300000]]}},"
    " {\"time\": {\"mutator_ns\": 1000000, \"collector_ns\": 500000},"
    "  \"pauses\": {\"list\": {\"columns\": [\"start_ns\", \"length_ns\"],"
    "    \"rows\": [[0, 500000]]}},"
    "  \"requests\": {\"columns\": [\"number\", \"start_ns\", \"end_ns\"],"
    "    \"rows\": [[1, 0, 600000]]}}]";

static void write_full(struct study_kit *kit, const struct study_run *run, const char *text)
{
    study_kit_run_full(kit, run, json_loads(text, 0, NULL));
}

static void write_tables(struct study_kit *kit)
{
    struct gcr_dataset *dataset = study_kit_open(kit);
    struct gcr_error err = {""};
    gcr_status status = gcr_curve_tables_write(dataset, kit->directory, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
    gcr_dataset_close(dataset);
}

/* The whole table; the caller frees it. */
static char *read_table(const struct study_kit *kit, const char *name)
{
    char *text = calloc(1, 1 << 16);
    FILE *file = fopen(study_kit_path(kit, name), "r");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static void assert_has(const struct study_kit *kit, const char *name, const char *rows)
{
    char *text = read_table(kit, name);
    if (strstr(text, rows) == NULL)
        fail_msg("%s has no\n%sbut\n%s", name, rows, text);
    free(text);
}

static void begin_study(struct study_kit *kit)
{
    study_kit_begin(kit);
    study_kit_name(kit, "traces", "server");
    study_kit_name(kit, "designs", "semispace");
    study_kit_name(kit, "heaps", "2x");
}

static const struct study_run timed = {.trace = "server", .design = "semispace", .heap = "2x"};

static void curves_are_those_of_the_lists(void **unused)
{
    struct study_kit kit;
    (void)unused;
    begin_study(&kit);
    write_full(&kit, &timed, lanes);
    write_tables(&kit);
    /* 500, 1000 and 2000 us: of all processes. */
    assert_has(&kit, "percentiles.csv",
               "trace,design,heap,percentile,pause_us\n"
               "server,semispace,2x,0,500\n"
               "server,semispace,2x,10,500\n"
               "server,semispace,2x,25,500\n"
               "server,semispace,2x,50,1000\n"
               "server,semispace,2x,100,2000\n");
    /* Of the first process: nothing in the longest pause, 70 per cent of the whole. */
    assert_has(&kit, "mmu.csv",
               "trace,design,heap,window_ms,mmu,bmu\n"
               "server,semispace,2x,1.995262,0,0\n"
               "server,semispace,2x,2,0,0\n");
    assert_has(&kit, "mmu.csv", "server,semispace,2x,10,0.7,0.7\n");
    assert_has(&kit, "latency.csv",
               "trace,design,heap,kind,percentile,latency_us\n"
               "server,semispace,2x,simple,0,200\n"
               "server,semispace,2x,simple,10,200\n"
               "server,semispace,2x,simple,25,200\n"
               "server,semispace,2x,simple,50,400\n"
               "server,semispace,2x,simple,75,600\n"
               "server,semispace,2x,simple,100,1300\n");
    /* Even arrivals in the first process: 0, 3.5 (later than the request) and 7 ms. */
    assert_has(&kit, "latency.csv", "server,semispace,2x,metered-full,100,1300\n");
    study_kit_end(&kit);
}

/* A request that a pause has held up: at 0, 1, 9 and 10 ms, and the one at 9 ms would have come at
 * 6.67 ms. Within 1 ms of each other they are as they were. */
static void queues_show_in_long_windows(void **unused)
{
    static const char queue[] =
        "[{\"time\": {\"mutator_ns\": 11000000, \"collector_ns\": 0},"
        "  \"requests\": {\"columns\": [\"end_ns\", \"start_ns\"],"
        "    \"rows\": [[100000, 0], [1100000, 1000000], [9100000, 9000000], [10100000, "
        "10000000]]}}]";
    struct study_kit kit;
    (void)unused;
    begin_study(&kit);
    write_full(&kit, &timed, queue);
    write_tables(&kit);
    assert_has(&kit, "latency.csv", "server,semispace,2x,simple,100,100\n");
    assert_has(&kit, "latency.csv", "server,semispace,2x,metered-1ms,100,100\n");
    assert_has(&kit, "latency.csv",
               "server,semispace,2x,metered-full,75,100\n"
               "server,semispace,2x,metered-full,100,2433.333333\n");
    assert_has(&kit, "mmu.csv", "server,semispace,2x,11,1,1\n"); /* no pauses */
    study_kit_end(&kit);
}

static void runs_without_lists_have_no_rows(void **unused)
{
    const struct study_run cache = {
        .trace = "server", .design = "semispace", .heap = "2x", .mode = GCR_STUDY_CACHE};
    const struct study_run failed = {
        .trace = "server", .design = "bitmap", .heap = "2x", .outcome = "heap_exhausted"};
    struct study_kit kit;
    (void)unused;
    begin_study(&kit);
    study_kit_name(&kit, "designs", "bitmap");
    study_kit_run(&kit, &timed);     /* short only */
    write_full(&kit, &cache, lanes); /* times mean nothing */
    write_full(&kit, &failed, lanes);
    write_tables(&kit);
    char *text = read_table(&kit, "percentiles.csv");
    assert_string_equal(text, "trace,design,heap,percentile,pause_us\n");
    free(text);
    text = read_table(&kit, "mmu.csv");
    assert_string_equal(text, "trace,design,heap,window_ms,mmu,bmu\n");
    free(text);
    text = read_table(&kit, "latency.csv");
    assert_string_equal(text, "trace,design,heap,kind,percentile,latency_us\n");
    free(text);
    study_kit_end(&kit);
}

/* Pauses that contradict the clock, no clock, values that are none: no curve, and no harm. */
static void damaged_lists_have_no_rows(void **unused)
{
    static const char damaged[] =
        "[{\"time\": {\"mutator_ns\": 10, \"collector_ns\": 3},"
        "  \"pauses\": {\"list\": {\"columns\": [\"start_ns\", \"length_ns\"],"
        "    \"rows\": [[5, 100], null, [3, \"x\"]]}},"
        "  \"requests\": {\"columns\": [\"start_ns\", \"end_ns\"], \"rows\": [[9, 2], 7]}}, 3]";
    struct study_kit kit;
    (void)unused;
    begin_study(&kit);
    write_full(&kit, &timed, damaged);
    write_tables(&kit);
    char *text = read_table(&kit, "mmu.csv");
    assert_string_equal(text, "trace,design,heap,window_ms,mmu,bmu\n");
    free(text);
    assert_has(&kit, "percentiles.csv", "server,semispace,2x,100,0.1\n");
    study_kit_end(&kit);
}

static void latencies_are_figures_of_a_study(void **unused)
{
    static const char text[] = "{\"requests\": {\"p50_ns\": 7, \"p99_ns\": 80, \"max_ns\": 900}}";
    json_t *document = json_loads(text, 0, NULL);
    (void)unused;
    assert_true(gcr_metric_read(gcr_metric_find("request_p50_ns"), document) == 7);
    assert_true(gcr_metric_read(gcr_metric_find("request_p99_ns"), document) == 80);
    assert_true(gcr_metric_read(gcr_metric_find("request_max_ns"), document) == 900);
    json_object_set_new(document, "model", json_object());
    assert_true(isnan(gcr_metric_read(GCR_METRIC_REQUEST_P99, document)));
    json_object_clear(document);
    json_object_set_new(document, "requests", json_null());
    assert_true(isnan(gcr_metric_read(GCR_METRIC_REQUEST_P99, document)));
    json_decref(document);
}

static void a_directory_that_is_not_there_is_an_error(void **unused)
{
    struct study_kit kit;
    struct gcr_error err = {""};
    (void)unused;
    begin_study(&kit);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_int_equal(gcr_curve_tables_write(dataset, "/tmp/gcreplay-no-such-folder", &err), GCR_IO);
    assert_non_null(strstr(err.text, "percentiles.csv"));
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_are_those_of_the_lists),
        cmocka_unit_test(queues_show_in_long_windows),
        cmocka_unit_test(runs_without_lists_have_no_rows),
        cmocka_unit_test(damaged_lists_have_no_rows),
        cmocka_unit_test(latencies_are_figures_of_a_study),
        cmocka_unit_test(a_directory_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests_name("unit.curve_tables", tests, NULL, NULL);
}
