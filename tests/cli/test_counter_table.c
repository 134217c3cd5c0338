/* The counters' block of the table of a run, also as it would be on other machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cmd/counter_table.h"

/* What is printed for a run of this JSON; the caller frees it. */
static char *printed(const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    json_error_t fault;
    json_t *run = json_loads(text, 0, &fault);

    if (run == NULL)
        fail_msg("%s", fault.text);
    assert_non_null(file);
    gcr_counter_table_print(run, file);
    fclose(file);
    json_decref(run);
    return out;
}

#define REFUSED(reason)                                                                            \
    "{\"source\":\"refused\",\"reason\":\"" reason "\",\"mutator\":null,\"collector\":null}"

static void hardware_stands_with_its_phases_and_the_model(void **unused)
{
    char *out = printed(
        "{\"counters\":{\"intervals\":12,\"events\":{"
        "\"cycles\":{\"source\":\"perf_event\",\"scaled\":true,\"counted_ratio\":0.6,"
        "\"mutator\":500,\"collector\":70,\"phases\":{\"mark\":65,\"sweep\":null,\"other\":0},"
        "\"helpers\":0,\"per_interval\":40},"
        "\"l1d_read_misses\":{\"source\":\"perf_event\",\"scaled\":false,\"counted_ratio\":1,"
        "\"mutator\":31,\"collector\":7,\"phases\":{\"mark\":7,\"sweep\":0,\"other\":0},"
        "\"helpers\":0,\"per_interval\":0},"
        "\"llc_read_misses\":" REFUSED(
            "none here") "}},"
                         "\"cache\":{\"total\":{\"l1_read_misses\":36,\"llc_read_misses\":5}}}");

    (void)unused;
    assert_string_equal(
        out, "\ncounters     on the replay clock of a timed run, in 12 intervals\n"
             "  event            mutator  collector  mark  /interval  source\n"
             "  -----------------------------------------------------------------------------"
             "------------------------\n"
             "  cycles               500         70    65         40  perf_event; scaled: "
             "counted for 60% of the time\n"
             "  l1d_read_misses       31          7     7          0  perf_event\n"
             "  refused    llc_read_misses:\n"
             "             none here\n"
             "  the model  l1d_read_misses 36, mutator and collector together\n");
    free(out);
}

static void refusals_come_by_reason_and_the_unknown_is_said(void **unused)
{
    char *out = printed("{\"counters\":{\"intervals\":1,\"events\":{"
                        "\"cycles\":" REFUSED("one") ",\"instructions\":" REFUSED(
                            "two") ","
                                   "\"llc_read_misses\":" REFUSED(
                                       "one") ","
                                              "\"task_clock_ns\":{\"source\":\"clock_gettime\","
                                              "\"reason\":\"three\",\"scaled\":false,"
                                              "\"mutator\":1500,\"collector\":null,\"helpers\":"
                                              "null,\"per_interval\":0}}}}");

    (void)unused;
    assert_string_equal(out, "\ncounters     on the replay clock, in 1 intervals\n"
                             "  event          mutator  collector  source\n"
                             "  ------------------------------------------------\n"
                             "  task_clock_ns  1.50 us    unknown  clock_gettime\n"
                             "  refused    cycles, llc_read_misses:\n"
                             "             one\n"
                             "  refused    instructions:\n"
                             "             two\n");
    free(out);
}

static void no_counters_no_block(void **unused)
{
    char *out = printed("{\"counters\":null,\"cache\":{\"total\":{\"l1_read_misses\":36}}}");

    (void)unused;
    assert_string_equal(out, "");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hardware_stands_with_its_phases_and_the_model),
        cmocka_unit_test(refusals_come_by_reason_and_the_unknown_is_said),
        cmocka_unit_test(no_counters_no_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
