/* The JSON of a result: every promised name, of the promised kind, and sums that agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "sim/measure/result_json.h"
#include "tests/replay/script.h"

static void replay_fork(struct gcr_result *result, uint8_t deaths)
{
    const struct script_run run = {.budget_bytes = 1 << 20, .cow = true};
    struct script script;

    script_init(&script, 2);
    script.capabilities.deaths = deaths;
    script_alloc(&script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_churn(&script, 0, 2, 3000);
    script_fork(&script, 0, 1);
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_COLLECTED, .a = 1, .b = 12, .c = 3});
    script_exit(&script, 0);
    script_churn(&script, 1, 2, 2000);
    script_collect(&script, 1);
    script_exit(&script, 1);
    script_replay(&script, &run, result);
    snprintf(result->trace.path, sizeof result->trace.path, "a/path.gct");
    snprintf(result->trace.digest, sizeof result->trace.digest, "0123456789abcdef");
    script_free(&script);
}

/* The value at a path of names and array positions: "lanes.1.pauses.p50_ns". */
static json_t *at(json_t *value, const char *path)
{
    char names[128], *rest = names, *name;

    snprintf(names, sizeof names, "%s", path);
    while ((name = strsep(&rest, ".")) != NULL && value != NULL)
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(name))
                                     : json_object_get(value, name);
    if (value == NULL)
        fail_msg("no value at %s", path);
    return value;
}

static uint64_t number_at(json_t *value, const char *path)
{
    if (!json_is_integer(at(value, path)))
        fail_msg("%s is not an integer", path);
    return (uint64_t)json_integer_value(at(value, path));
}

static const char *const figures[] = {"collections.total",
                                      "collections.by_generation",
                                      "collections.by_reason.allocation",
                                      "collections.by_reason.explicit",
                                      "collections.by_reason.growth",
                                      "collections.by_reason.emergency",
                                      "collections.by_reason.final",
                                      "objects.allocated",
                                      "objects.freed",
                                      "objects.live_end",
                                      "objects.allocated_bytes",
                                      "objects.marked",
                                      "objects.copied",
                                      "objects.copied_bytes",
                                      "objects.promoted",
                                      "objects.barriers",
                                      "objects.finalized",
                                      "freed_by_collection",
                                      "reclaimed_by_collection",
                                      "memory.footprint_peak_bytes",
                                      "memory.footprint_mean_bytes",
                                      "memory.live_peak_bytes",
                                      "memory.overhead",
                                      "memory.by_kind.objects",
                                      "memory.by_kind.headers",
                                      "memory.by_kind.free",
                                      "memory.by_kind.side",
                                      "memory.by_kind.buffers",
                                      "memory.rss_peak_bytes",
                                      "memory.budget_bytes",
                                      "pauses.count",
                                      "pauses.p50_ns",
                                      "pauses.p99_ns",
                                      "pauses.max_ns",
                                      "pauses.total_ns",
                                      "time.mutator_ns",
                                      "time.collector_ns",
                                      "time.wall_ns",
                                      "time.harness_ns",
                                      "time.events_per_second",
                                      "time.phases.mark_ns",
                                      "time.phases.sweep_ns",
                                      "time.phases.copy_ns",
                                      "time.phases.compact_ns",
                                      "time.phases.refcount_ns",
                                      "time.phases.finalize_ns",
                                      "time.phases.barrier_ns",
                                      "time.phases.allocation_ns",
                                      "time.phases.other_ns",
                                      "time.phases.outside_pauses_ns",
                                      "time.mutator_cpu_ns",
                                      "time.collector_cpu_ns",
                                      "time.helper_cpu_ns",
                                      "counters",
                                      "cache",
                                      "events",
                                      "events_without_deaths",
                                      "outcome",
                                      "message",
                                      "verified"};

static const char *const top[] = {"schema",
                                  "trace.path",
                                  "trace.digest",
                                  "trace.events",
                                  "trace.lanes",
                                  "trace.bytes",
                                  "trace.warning",
                                  "trace.capabilities.stores",
                                  "trace.capabilities.loads",
                                  "trace.capabilities.reads",
                                  "trace.capabilities.deaths",
                                  "trace.capabilities.roots",
                                  "trace.capabilities.tracking",
                                  "trace.capabilities.threads",
                                  "trace.capabilities.forks",
                                  "trace.capabilities.times",
                                  "trace.capabilities.faithful",
                                  "collector",
                                  "options.space",
                                  "options.damage",
                                  "model",
                                  "verification.mode",
                                  "verification.comparisons",
                                  "machine.cpu",
                                  "machine.cores",
                                  "machine.l1d_bytes",
                                  "machine.l2_bytes",
                                  "machine.l3_bytes",
                                  "machine.kernel",
                                  "machine.thp",
                                  "machine.governor",
                                  "machine.memory_bytes",
                                  "build.version",
                                  "build.compiler",
                                  "build.type",
                                  "build.flags",
                                  "build.check_level"};

static const char *const of_lanes[] = {"lane",
                                       "parent",
                                       "comparisons",
                                       "graph_digest",
                                       "checkpoints.columns",
                                       "checkpoints.rows",
                                       "resurrected",
                                       "pauses.list.columns",
                                       "pauses.list.rows",
                                       "footprint_series.columns",
                                       "footprint_series.rows",
                                       "recorded.collections_by_generation",
                                       "recorded.collected_by_collection",
                                       "recorded.list.rows",
                                       "cow.0.born",
                                       "cow.0.fork_event",
                                       "cow.0.other_lane",
                                       "cow.0.after_events",
                                       "cow.0.pages_model",
                                       "cow.0.pages_kernel",
                                       "cow.0.kernel_refusal",
                                       "cow.0.by_cause",
                                       "cow.0.by_any_cause",
                                       "cow.0.shared_model",
                                       "cow.0.shared_kernel",
                                       "cow.0.dropped_model",
                                       "cow.0.dropped_kernel",
                                       "cow.0.dropped_copied_model",
                                       "cow.0.dropped_copied_kernel",
                                       "cow.0.fresh_model",
                                       "cow.0.fresh_kernel",
                                       "cow.0.agreement",
                                       "cow.0.series.columns",
                                       "cow.0.series.rows.0"};

static void every_promised_name_is_there(void **unused)
{
    struct gcr_result result;
    json_t *json, *lane;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_EXACT);
    json = gcr_result_to_json(&result);
    assert_non_null(json);
    lane = at(json, "lanes.1");
    for (size_t i = 0; i < GCR_COUNT_OF(top); i++)
        at(json, top[i]);
    for (size_t i = 0; i < GCR_COUNT_OF(figures); i++) {
        at(json, figures[i]);
        at(lane, figures[i]);
    }
    for (size_t i = 0; i < GCR_COUNT_OF(of_lanes); i++)
        at(lane, of_lanes[i]);
    assert_string_equal(json_string_value(at(json, "schema")), "gcreplay-result-1");
    assert_string_equal(json_string_value(at(json, "outcome")), "ok");
    assert_string_equal(json_string_value(at(json, "options.space")), "64K");
    assert_string_equal(json_string_value(at(json, "trace.capabilities.deaths")), "exact");
    assert_true(json_is_false(at(json, "verified")));
    assert_true(json_is_null(at(json, "lanes.0.parent")));
    assert_int_equal(number_at(json, "lanes.1.parent"), 0);
    json_decref(json);
    gcr_result_finish(&result);
}

static void top_level_sums_its_lanes(void **unused)
{
    static const char *const sums[] = {"collections.total",    "objects.allocated",
                                       "objects.freed",        "objects.live_end",
                                       "pauses.count",         "pauses.total_ns",
                                       "time.phases.copy_ns",  "time.phases.other_ns",
                                       "time.mutator_cpu_ns",  "time.collector_cpu_ns",
                                       "time.mutator_ns",      "time.collector_ns",
                                       "time.wall_ns",         "events",
                                       "events_without_deaths"};
    static const char *const peaks[] = {"memory.footprint_peak_bytes", "memory.live_peak_bytes",
                                        "pauses.max_ns", "memory.rss_peak_bytes"};
    struct gcr_result result;
    json_t *json, *first, *second;
    uint64_t mean;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_EXACT);
    json = gcr_result_to_json(&result);
    first = at(json, "lanes.0");
    second = at(json, "lanes.1");
    for (size_t i = 0; i < GCR_COUNT_OF(sums); i++)
        assert_int_equal(number_at(json, sums[i]),
                         number_at(first, sums[i]) + number_at(second, sums[i]));
    for (size_t i = 0; i < GCR_COUNT_OF(peaks); i++) {
        uint64_t a = number_at(first, peaks[i]), b = number_at(second, peaks[i]);

        assert_int_equal(number_at(json, peaks[i]), a > b ? a : b);
    }
    mean = number_at(json, "memory.footprint_mean_bytes");
    assert_true(mean >= 65536 && mean <= 131072);
    assert_int_equal(number_at(json, "events"), number_at(json, "trace.events"));
    assert_int_equal(number_at(json, "memory.budget_bytes"), 1 << 20);
    json_decref(json);
    gcr_result_finish(&result);
}

static void lists_hold_one_row_a_collection(void **unused)
{
    struct gcr_result result;
    json_t *json;
    uint64_t total, reclaimed = 0;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_EXACT);
    json = gcr_result_to_json(&result);
    total = number_at(json, "collections.total");
    assert_true(total >= 3);
    assert_int_equal(json_array_size(at(json, "freed_by_collection")), total);
    assert_int_equal(json_array_size(at(json, "lanes.0.pauses.list.rows")) +
                         json_array_size(at(json, "lanes.1.pauses.list.rows")),
                     total);
    for (size_t i = 0; i < total; i++)
        reclaimed +=
            (uint64_t)json_integer_value(json_array_get(at(json, "reclaimed_by_collection"), i));
    assert_int_equal(reclaimed, number_at(json, "objects.freed"));
    assert_int_equal(json_array_size(at(json, "lanes.0.pauses.list.columns")),
                     json_array_size(at(json, "lanes.0.pauses.list.rows.0")));
    assert_int_equal(json_array_size(at(json, "lanes.0.footprint_series.columns")),
                     json_array_size(at(json, "lanes.0.footprint_series.rows.0")));
    assert_int_equal(number_at(json, "lanes.0.recorded.collections_by_generation.1"), 1);
    assert_int_equal(number_at(json, "lanes.0.recorded.collected_by_collection.0"), 12);
    assert_int_equal(json_array_size(at(json, "lanes.1.recorded.list.rows")), 0);
    json_decref(json);
    gcr_result_finish(&result);
}

static void figures_of_the_design_go_up_the_tree(void **unused)
{
    struct gcr_result result;
    json_t *json;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_EXACT);
    json = gcr_result_to_json(&result);
    assert_string_equal(json_string_value(at(json, "design.0.name")), "objects copied twice over");
    assert_string_equal(json_string_value(at(json, "design.1.unit")), "bytes");
    for (int i = 0; i < 2; i++) {
        char path[64];

        snprintf(path, sizeof path, "lanes.%d.objects.copied", i);
        uint64_t copied = number_at(json, path);
        snprintf(path, sizeof path, "lanes.%d.design.0.value", i);
        assert_true(json_real_value(at(json, path)) == 2 * (double)copied);
        snprintf(path, sizeof path, "lanes.%d.design.1.value", i);
        assert_true(json_real_value(at(json, path)) == json_real_value(at(json, "design.1.value")));
    }
    assert_true(json_real_value(at(json, "design.0.value")) ==
                2 * (double)number_at(json, "objects.copied"));
    json_decref(json);
    gcr_result_finish(&result);
}

static void unknown_figures_are_null(void **unused)
{
    struct gcr_result result;
    json_t *json;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_NONE);
    json = gcr_result_to_json(&result);
    assert_true(json_is_null(at(json, "memory.live_peak_bytes")));
    assert_true(json_is_null(at(json, "memory.overhead")));
    assert_true(json_is_null(at(json, "objects.live_end")));
    assert_true(json_is_null(at(json, "lanes.0.footprint_series.rows.0.3")));
    json_decref(json);
    gcr_result_finish(&result);
}

/* Two processes, one fork: what only the model or only the kernel could know is null. */
static void copy_on_write_is_one_entry_a_fork(void **unused)
{
    struct gcr_result result;
    json_t *json, *born;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_EXACT);
    json = gcr_result_to_json(&result);
    assert_int_equal(json_array_size(at(json, "lanes.0.cow")), 1);
    assert_int_equal(json_array_size(at(json, "lanes.1.cow")), 1);
    born = at(json, "lanes.1.cow.0");
    assert_true(json_is_true(at(born, "born")));
    assert_true(json_is_null(at(born, "fork_event")));
    assert_int_equal(number_at(json, "lanes.0.cow.0.fork_event") + 1 +
                         number_at(json, "lanes.0.cow.0.after_events"),
                     number_at(json, "lanes.0.events"));
    assert_int_equal(number_at(born, "after_events"), number_at(json, "lanes.1.events"));
    assert_true(json_is_null(at(born, "pages_model")));
    assert_true(json_is_null(at(born, "by_cause")));
    assert_true(json_is_null(at(born, "agreement")));
    if (json_is_null(at(born, "kernel_refusal")))
        assert_true(number_at(born, "pages_kernel") <= number_at(born, "shared_kernel"));
    else
        assert_true(json_is_null(at(born, "pages_kernel")));
    assert_int_equal(json_array_size(at(born, "series.columns")),
                     json_array_size(at(born, "series.rows.0")));
    result.cow = false;
    json_decref(json);
    json = gcr_result_to_json(&result);
    assert_true(json_is_null(at(json, "lanes.0.cow")));
    json_decref(json);
    gcr_result_finish(&result);
}

static void path_that_is_not_utf_8_keeps_its_ascii(void **unused)
{
    struct gcr_result result;
    json_t *json;

    (void)unused;
    replay_fork(&result, GCR_DEATHS_EXACT);
    snprintf(result.trace.path, sizeof result.trace.path,
             "odd\xff"
             "name.gct");
    json = gcr_result_to_json(&result);
    assert_string_equal(json_string_value(at(json, "trace.path")), "odd?name.gct");
    json_decref(json);
    gcr_result_finish(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promised_name_is_there),
        cmocka_unit_test(top_level_sums_its_lanes),
        cmocka_unit_test(lists_hold_one_row_a_collection),
        cmocka_unit_test(figures_of_the_design_go_up_the_tree),
        cmocka_unit_test(unknown_figures_are_null),
        cmocka_unit_test(copy_on_write_is_one_entry_a_fork),
        cmocka_unit_test(path_that_is_not_utf_8_keeps_its_ascii),
    };

    return cmocka_run_group_tests_name("unit.result_json", tests, NULL, NULL);
}
