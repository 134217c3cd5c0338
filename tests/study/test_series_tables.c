/* The series tables of studies whose runs are written by hand: what a row says, what is kept of
 * long lists, which of two modes a table takes, and runs that have nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/tables.h"
#include "tests/study/study_kit.h"

#define PAUSE_COLUMNS                                                                              \
    "[\"start_ns\", \"length_ns\", \"event\", \"reason\", \"generation\", \"collected\", "         \
    "\"freed\", \"before_bytes\", \"after_bytes\", \"survivors\"]"
#define SERIES_COLUMNS                                                                             \
    "[\"clock_ns\", \"event\", \"footprint_bytes\", \"live_bytes\", \"objects\", \"headers\", "    \
    "\"free\", \"side\", \"buffers\"]"
#define COW_COLUMNS "[\"event\", \"pages_model\", \"pages_kernel\", \"data\", \"count\"]"

/* Two processes; the first forks the second. */
static const char lanes[] =
    "[{\"lane\": 0,"
    "  \"pauses\": {\"list\": {\"columns\": " PAUSE_COLUMNS ", \"rows\": ["
    "    [1000000, 2500, 40, \"allocation\", 0, 30, 35, 2097152, 1048576, 10],"
    "    [3000000, 1000, 90, \"fork\", 1, 0, 0, 1048576, 1048576, 0]]}},"
    "  \"footprint_series\": {\"columns\": " SERIES_COLUMNS ", \"rows\": ["
    "    [0, 0, 1048576, null, 524288, 0, 524288, 0, 0],"
    "    [4000000, 100, 2097152, 1048576, 1048576, 262144, 262144, 262144, 262144]]},"
    "  \"cow\": [{\"series\": {\"columns\": " COW_COLUMNS ", \"rows\": ["
    "    [50, 0, null, 0, 0], [60, 3, null, 0, 3], [100, 4, null, 0, 4]]}}]},"
    " {\"lane\": 1,"
    "  \"pauses\": {\"list\": {\"columns\": " PAUSE_COLUMNS ", \"rows\": ["
    "    [500000, 4000, 7, \"explicit\", 2, 0, 9, 3145728, 3145728, 20]]}},"
    "  \"footprint_series\": {\"columns\": " SERIES_COLUMNS ", \"rows\": ["
    "    [0, 0, 8388608, null, 0, 0, 0, 0, 0]]},"
    "  \"cow\": [{\"series\": {\"columns\": " COW_COLUMNS ", \"rows\": ["
    "    [9, null, 2, null, null]]}}]}]";

static const struct study_run timed = {.trace = "server", .design = "semispace", .heap = "2x"};
static const struct study_run modelled = {.trace = "server",
                                          .design = "semispace",
                                          .heap = "2x",
                                          .mode = GCR_STUDY_CACHE,
                                          .llc_misses = 7};

static void begin_study(struct study_kit *kit)
{
    study_kit_begin(kit);
    study_kit_name(kit, "traces", "server");
    study_kit_name(kit, "designs", "semispace");
    study_kit_name(kit, "heaps", "2x");
}

static void write_tables(struct study_kit *kit)
{
    struct gcr_dataset *dataset = study_kit_open(kit);
    struct gcr_error err = {""};
    gcr_status status = gcr_series_tables_write(dataset, kit->directory, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
    gcr_dataset_close(dataset);
}

/* What follows the table's head line; the caller frees it. */
static char *read_rows(const struct study_kit *kit, const char *name)
{
    enum { ROOM = 4 << 20 };
    char *text = calloc(1, ROOM);
    FILE *file = fopen(study_kit_path(kit, name), "r");
    assert_non_null(file);
    assert_non_null(text);
    size_t length = fread(text, 1, ROOM - 1, file);
    fclose(file);
    char *head_end = memchr(text, '\n', length);
    assert_non_null(head_end);
    assert_memory_equal(text, "trace,design,heap,", 18);
    memmove(text, head_end + 1, strlen(head_end + 1) + 1);
    return text;
}

static void assert_rows(const struct study_kit *kit, const char *name, const char *rows)
{
    char *text = read_rows(kit, name);
    assert_string_equal(text, rows);
    free(text);
}

static size_t count_rows(const struct study_kit *kit, const char *name)
{
    char *text = read_rows(kit, name);
    size_t count = 0;
    for (const char *c = text; (c = strchr(c, '\n')) != NULL; c++)
        count++;
    free(text);
    return count;
}

static void assert_no_rows(const struct study_kit *kit)
{
    static const char *const names[] = {"footprint.csv", "pauses.csv", "survival.csv", "misses.csv",
                                        "cow.csv"};
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++)
        assert_rows(kit, names[i], "");
}

/* ---- rows ---- */

#define AT "server,semispace,2x,"

static void rows_are_in_the_tables_units(void **state)
{
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    study_kit_run_full(&kit, &timed, json_loads(lanes, 0, NULL));
    write_tables(&kit);
    assert_rows(&kit, "footprint.csv",
                AT "0,0,1,,0.5,0,0.5,0,0\n" AT "100,4,2,1,1,0.25,0.25,0.25,0.25\n");
    assert_rows(&kit, "pauses.csv",
                AT "0,1,2.5,0,allocation,2,1,35\n" AT "0,3,1,1,fork,1,1,0\n" AT
                   "1,0.5,4,2,explicit,3,3,9\n");
    assert_rows(&kit, "survival.csv", AT "1,40,0,2,1,0.25\n" AT "2,90,1,1,1,\n");
    assert_rows(&kit, "misses.csv", "");
    assert_rows(&kit, "cow.csv",
                AT "0,0,100,data,0\n" AT "0,0,50,count,0\n" AT "0,0,60,count,3\n" AT
                   "0,0,100,count,4\n" AT "1,0,9,kernel,2\n");
    study_kit_end(&kit);
}

static json_t *phases(void)
{
    return json_pack("{s:{}, s:{s:{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}, s:{s:i, s:i}}}",
                     "total", "phases", "mutator", "l1_read_misses", 5, "l1_write_misses", 6,
                     "l2_read_misses", 3, "l2_write_misses", 0, "llc_read_misses", 1,
                     "llc_write_misses", 1, "tlb1_misses", 9, "tlb2_misses", 4, "mark",
                     "l1_read_misses", 1, "l1_write_misses", 1);
}

static const char phase_rows[] = AT "mutator,2,11,3,2,4\n" AT "mark,2,2,,,\n";

static void write_modelled(struct study_kit *kit, bool has_lists)
{
    const char *id = study_kit_run(kit, &modelled);
    json_t *document = study_kit_result(&modelled);
    char name[300];
    json_object_set_new(document, "cache", phases());
    json_object_set_new(document, "objects", json_pack("{s:i}", "allocated_bytes", 2048));
    snprintf(name, sizeof name, "results/%s.json", id);
    study_kit_write_json(kit, name, document);
    if (has_lists) {
        json_object_set_new(document, "lanes", json_loads(lanes, 0, NULL));
        snprintf(name, sizeof name, "results/%s.full.json", id);
        study_kit_write_json(kit, name, document);
    }
    json_decref(document);
}

static void misses_need_no_lists(void **state)
{
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    write_modelled(&kit, false);
    write_tables(&kit);
    assert_rows(&kit, "misses.csv", phase_rows);
    assert_rows(&kit, "footprint.csv", "");
    study_kit_end(&kit);
}

/* Without a timed run a modelled one gives all but times. */
static void a_modelled_run_stands_in(void **state)
{
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    write_modelled(&kit, true);
    write_tables(&kit);
    assert_rows(&kit, "misses.csv", phase_rows);
    assert_rows(&kit, "footprint.csv",
                AT "0,,1,,0.5,0,0.5,0,0\n" AT "100,,2,1,1,0.25,0.25,0.25,0.25\n");
    assert_rows(&kit, "pauses.csv", "");
    assert_rows(&kit, "survival.csv", AT "1,40,0,2,1,0.25\n" AT "2,90,1,1,1,\n");
    assert_int_equal(count_rows(&kit, "cow.csv"), 5);
    study_kit_end(&kit);
}

static void of_two_modes_each_gives_its_own(void **state)
{
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    write_modelled(&kit, true);
    study_kit_run_full(&kit, &timed, json_loads(lanes, 0, NULL));
    write_tables(&kit);
    assert_int_equal(count_rows(&kit, "footprint.csv"), 2);
    assert_int_equal(count_rows(&kit, "pauses.csv"), 3);
    assert_int_equal(count_rows(&kit, "survival.csv"), 2);
    assert_int_equal(count_rows(&kit, "misses.csv"), 2);
    assert_int_equal(count_rows(&kit, "cow.csv"), 5);
    char *rows = read_rows(&kit, "footprint.csv");
    assert_non_null(strstr(rows, AT "100,4,2,1")); /* with the timed run's clock */
    free(rows);
    study_kit_end(&kit);
}

/* ---- long lists ---- */

/* Rows made from their number. */
static json_t *make_list(const char *columns, size_t count, json_t *(*row)(size_t i))
{
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        assert_int_equal(json_array_append_new(rows, row(i)), 0);
    return json_pack("{s:o, s:o}", "columns", json_loads(columns, 0, NULL), "rows", rows);
}

/* Short pauses, and in between a few that are a thousand times as long. Every fourth collects
 * generation 1. */
static json_t *make_pause(size_t i)
{
    int length = i % 1000 == 17 ? 1000000 : 1000 + (int)(i % 7);
    return json_pack("[I, i, I, s, i, i, i, i, i, i]", (json_int_t)i * 10000, length, (json_int_t)i,
                     "allocation", (int)(i % 4 == 0), 1, 1, 4096, 4096, 1);
}

/* A saw with one tooth above all others. */
static json_t *make_sample(size_t i)
{
    json_int_t bytes = i == 4711 ? 9 << 20 : (json_int_t)(1 + i % 5) << 20;
    return json_pack("[I, I, I, n, i, i, i, i, i]", (json_int_t)i, (json_int_t)i, bytes, 0, 0, 0, 0,
                     0);
}

static json_t *make_cow_row(size_t i)
{
    return json_pack("[I, I, n, i, I]", (json_int_t)i, (json_int_t)i / 2, 0, (json_int_t)i / 2);
}

static json_t *long_lanes(size_t pauses, size_t epochs)
{
    json_t *cow = json_array();
    for (size_t i = 0; i < epochs; i++)
        json_array_append_new(
            cow, json_pack("{s:o}", "series", make_list(COW_COLUMNS, 257, make_cow_row)));
    return json_pack("[{s:i, s:{s:o}, s:o, s:o}]", "lane", 0, "pauses", "list",
                     make_list(PAUSE_COLUMNS, pauses, make_pause), "footprint_series",
                     make_list(SERIES_COLUMNS, 8192, make_sample), "cow", cow);
}

static void long_lists_are_thinned(void **state)
{
    enum { PAUSES = 30000, LONG = PAUSES / 1000 };
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    study_kit_run_full(&kit, &timed, long_lanes(PAUSES, 10));
    write_tables(&kit);
    assert_int_equal(count_rows(&kit, "footprint.csv"), 400);
    char *rows = read_rows(&kit, "footprint.csv");
    assert_non_null(strstr(rows, AT "4711,0.004711,9,"));
    assert_int_equal(strncmp(rows, AT "0,0,1,", strlen(AT "0,0,1,")), 0);
    assert_non_null(strstr(rows, AT "8191,0.008191,2,"));
    free(rows);

    assert_int_equal(count_rows(&kit, "pauses.csv"), 20000);
    rows = read_rows(&kit, "pauses.csv");
    size_t longest = 0;
    for (const char *c = rows; (c = strstr(c, ",1000,")) != NULL; c++)
        longest++;
    assert_int_equal(longest, LONG);
    assert_null(strstr(rows, ",1.001,")); /* three sevenths of them, the shortest, would be more */
    free(rows);

    /* 22500 of generation 0, every sixth; 7500 of generation 1, every second. */
    assert_int_equal(count_rows(&kit, "survival.csv"), 3750 + 3750);
    /* 40 points an epoch of one cause, and the last of the other. */
    assert_int_equal(count_rows(&kit, "cow.csv"), 10 * (40 + 1));
    study_kit_end(&kit);
}

static void each_of_many_epochs_keeps_some_points(void **state)
{
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    study_kit_run_full(&kit, &timed, long_lanes(1, 300));
    write_tables(&kit);
    assert_int_equal(count_rows(&kit, "cow.csv"), 300 * (4 + 1));
    assert_int_equal(count_rows(&kit, "pauses.csv"), 1);
    study_kit_end(&kit);
}

/* ---- nothing ---- */

static void nothing_gives_head_lines(void **state)
{
    struct study_kit kit;
    struct gcr_error err = {""};
    const struct gcr_dataset nothing = {0};
    (void)state;
    begin_study(&kit);
    assert_int_equal(gcr_series_tables_write(&nothing, kit.directory, &err), GCR_OK);
    assert_no_rows(&kit);
    assert_int_equal(gcr_series_tables_write(&nothing, "/no/such/folder", &err), GCR_IO);
    assert_non_null(strstr(err.text, "/no/such/folder/footprint.csv"));
    study_kit_end(&kit);
}

static void failed_runs_and_empty_lists_have_no_rows(void **state)
{
    struct study_kit kit;
    struct study_run failed = timed, unlisted = timed, empty = timed, laneless = timed;
    struct study_run damaged = timed;
    (void)state;
    failed.design = "bitmap", failed.outcome = "heap_exhausted";
    unlisted.design = "linked-list";
    empty.design = "generational";
    laneless.design = "hybrid";
    damaged.design = "bdw";
    begin_study(&kit);
    study_kit_run_full(&kit, &failed, json_loads(lanes, 0, NULL));
    study_kit_run(&kit, &unlisted);
    study_kit_run_full(
        &kit, &empty,
        json_loads("[{\"lane\": 0, \"cow\": [], \"pauses\": {\"list\": {\"columns\": [],"
                   " \"rows\": []}}, \"footprint_series\": {}}, {}]",
                   0, NULL));
    study_kit_run_full(&kit, &laneless, json_array());
    const char *id = study_kit_run(&kit, &damaged);
    char name[300];
    snprintf(name, sizeof name, "results/%s.full.json", id);
    study_kit_write(&kit, name, "{\"lanes\": [{\"lane\"");
    write_tables(&kit);
    assert_no_rows(&kit);
    study_kit_end(&kit);
}

/* Rows that are not what they should be: fields stay empty or 0, and nothing is lost behind them.
 */
static void odd_rows_are_survived(void **state)
{
    struct study_kit kit;
    (void)state;
    begin_study(&kit);
    study_kit_run_full(
        &kit, &timed,
        json_loads("[{\"pauses\": {\"list\": {\"columns\": [\"length_ns\", \"survivors\", "
                   "\"collected\"], \"rows\": [null, [], [\"x\", -1], [5000, 1, 3]]}}}]",
                   0, NULL));
    write_tables(&kit);
    assert_rows(&kit, "pauses.csv",
                AT ",,,0,,,,0\n" AT ",,,0,,,,0\n" AT ",,,0,,,,0\n" AT ",,5,0,,,,0\n");
    assert_rows(&kit, "survival.csv",
                AT "1,0,0,,,\n" AT "2,0,0,,,\n" AT "3,0,0,,,\n" AT "4,0,0,,,0.25\n");
    study_kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_in_the_tables_units),
        cmocka_unit_test(misses_need_no_lists),
        cmocka_unit_test(a_modelled_run_stands_in),
        cmocka_unit_test(of_two_modes_each_gives_its_own),
        cmocka_unit_test(long_lists_are_thinned),
        cmocka_unit_test(each_of_many_epochs_keeps_some_points),
        cmocka_unit_test(nothing_gives_head_lines),
        cmocka_unit_test(failed_runs_and_empty_lists_have_no_rows),
        cmocka_unit_test(odd_rows_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
