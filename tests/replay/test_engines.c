/* The golden programs on every back end, from text through the trace file to figures, verified. The
 * expected figures were counted by hand from the programs in tests/golden (8 bytes a slot; sizes
 * are `fields` plus `items` x length). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "sim/oracle/oracle.h"
#include "sim/replay/replay.h"
#include "traces/text.h"

struct expected_lane {
    uint64_t allocated, live_objects, live_bytes, live_peak_bytes;
    uint64_t dead; /* DEATH events of the lane */
};

struct expected {
    const char *program;
    uint32_t lanes;
    struct expected_lane lane[2];
    /* Objects are dead in the heap at the fork: on which side they are freed is each design's own.
     */
    bool is_dead_at_fork;
};

static const struct expected golden[] = {
    /* 1 dies; 2 (16 bytes) and 3 (8 bytes) live together for a while */
    {"finalizer", 1, {{3, 0, 0, 24, 3}}, false},
    /* four cells of 24 bytes, two die */
    {"list", 1, {{4, 2, 48, 96, 2}}, false},
    /* peak: 16+4x8 (1), 16+11 (2), 3x24 (3, 4, 5), 2x8 (6); end: 16+8, 27, 24, 16 */
    {"resize", 1, {{6, 4, 91, 163, 2}}, false},
    /* four nodes of 16 bytes, three die */
    {"ring", 1, {{4, 1, 16, 64, 3}}, false},
    /* 8 + 16 + 8 + 16, then the first dies */
    {"weak", 1, {{4, 3, 40, 48, 1}}, false},
    /* nodes of 16 bytes: three in lane 0; lane 1 starts with two, loses one, allocates one */
    {"fork", 2, {{3, 3, 48, 48, 0}, {1, 2, 32, 32, 1}}, false},
    /* 8 bytes each: two die, four live; lane 1 starts with two, loses one, allocates one */
    {"reborn", 2, {{6, 4, 32, 32, 2}, {1, 2, 16, 16, 1}}, true},
};

static void assemble(const char *program, const char *path)
{
    char text[512];
    struct gcr_error err = {""};
    FILE *in;

    snprintf(text, sizeof text, "%s/%s.gtt", GOLDEN_FOLDER, program);
    in = fopen(text, "r");
    assert_non_null(in);
    if (gcr_text_assemble(in, text, path, &err) != GCR_OK)
        fail_msg("%s", err.text);
    fclose(in);
}

static void check_lane(const struct gcr_lane_result *lane, const struct expected_lane *expected,
                       const struct gcr_collector *collector, bool is_dead_at_fork)
{
    assert_int_equal(lane->work.allocated_objects, expected->allocated);
    assert_true(lane->live_known);
    assert_int_equal(lane->live_end_objects, expected->live_objects);
    assert_int_equal(lane->live_end_bytes, expected->live_bytes);
    assert_int_equal(lane->live_peak_bytes, expected->live_peak_bytes);
    assert_int_equal(lane->events - lane->events_without_deaths, expected->dead);
    assert_true(lane->footprint_peak_bytes >= lane->live_peak_bytes);
    assert_true(lane->footprint_mean_bytes <= lane->footprint_peak_bytes);
    if (is_dead_at_fork)
        return;
    if ((collector->caps & GCR_CAP_COLLECTS) &&
        !(collector->caps & (GCR_CAP_PRECISE | GCR_CAP_REFCOUNTING)))
        assert_true(lane->work.freed_objects <=
                    expected->dead); /* a conservative one may keep some */
    else if (collector->caps & (GCR_CAP_COLLECTS | GCR_CAP_NEEDS_DEATHS))
        assert_int_equal(lane->work.freed_objects, expected->dead); /* after the final collection */
    else
        assert_int_equal(lane->work.freed_objects, 0);
}

static void replay_golden(const struct expected *expected, const char *path,
                          const struct gcr_engine *engine, enum gcr_verify_mode verify)
{
    struct gcr_option_values options;
    struct gcr_replay_config config = {.engine = engine,
                                       .options = &options,
                                       .verify = verify,
                                       .make_checker = gcr_verify_checker,
                                       .final_collection = true};
    const struct gcr_collector *collector = gcr_engine_collector(engine);
    struct gcr_result result = {0};
    struct gcr_error err = {""};

    gcr_options_init(collector->options, &options);
    if (gcr_reader_open(path, &config.reader, &err) != GCR_OK ||
        gcr_replay(&config, &result, &err) != GCR_OK)
        fail_msg("%s on %s: %s", expected->program, collector->name, err.text);
    if (result.outcome != GCR_OUTCOME_OK)
        fail_msg("%s on %s: %s", expected->program, collector->name, result.message);
    assert_string_equal(result.trace.path, path);
    assert_int_equal(strlen(result.trace.digest), 16);
    assert_int_equal(result.trace.events, gcr_reader_events(config.reader));
    assert_int_equal(result.lane_count, expected->lanes);
    for (uint32_t i = 0; i < result.lane_count; i++) {
        assert_int_equal(result.lanes[i].verified, verify != GCR_VERIFY_OFF);
        assert_int_equal(result.lanes[i].events, gcr_reader_lane_events(config.reader, i));
        check_lane(&result.lanes[i], &expected->lane[i], collector, expected->is_dead_at_fork);
    }
    gcr_result_finish(&result);
    gcr_reader_close(config.reader);
}

static void golden_programs_give_the_figures_counted_by_hand(void **unused)
{
    size_t count;
    const struct gcr_engine *const *engines = gcr_engines(&count);

    (void)unused;
    assert_true(count >= 4);
    for (size_t g = 0; g < GCR_COUNT_OF(golden); g++) {
        char path[] = "/tmp/gcr_golden_XXXXXX";
        int file = mkstemp(path);

        assert_true(file >= 0);
        close(file);
        assemble(golden[g].program, path);
        for (size_t e = 0; e < count; e++) {
            replay_golden(&golden[g], path, engines[e], GCR_VERIFY_OFF);
            replay_golden(&golden[g], path, engines[e], GCR_VERIFY_EVERY);
        }
        unlink(path);
    }
}

static void engines_are_found_by_name(void **unused)
{
    size_t count;
    const struct gcr_engine *const *engines = gcr_engines(&count);

    (void)unused;
    for (size_t e = 0; e < count; e++)
        assert_ptr_equal(gcr_engine_find(gcr_engine_collector(engines[e])->name), engines[e]);
    assert_null(gcr_engine_find("semi"));
    assert_null(gcr_engine_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_programs_give_the_figures_counted_by_hand),
        cmocka_unit_test(engines_are_found_by_name),
    };

    return cmocka_run_group_tests_name("golden.engines", tests, NULL, NULL);
}
