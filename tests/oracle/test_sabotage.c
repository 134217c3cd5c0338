/* A collector broken on purpose (base/sabotage.h; the build says which and how) must not get
 * through a verified run: the outcome is collector_fault, and the message names lane, event and
 * object. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/oracle/oracle.h"
#include "sim/replay/engine.h"
#include "sim/replay/replay.h"
#include "tests/oracle/random_trace.h"
#include "tests/oracle/trace_file.h"

extern const struct gcr_engine SABOTAGED_ENGINE;

enum { SABOTAGE_TRACES = 20, SABOTAGE_EVENTS = 3000 };

static void replay(struct gcr_reader *reader, enum gcr_verify_mode verify,
                   struct gcr_result *result)
{
    struct gcr_option_values options;
    struct gcr_error err = {""};
    struct gcr_replay_config config = {.reader = reader,
                                       .engine = &SABOTAGED_ENGINE,
                                       .options = &options,
                                       .verify = verify,
                                       .make_checker = gcr_verify_checker,
                                       .final_collection = true};

    memset(result, 0, sizeof *result);
    gcr_options_init(SABOTAGED_ENGINE.collector->options, &options);
    if (gcr_replay(&config, result, &err) != GCR_OK)
        fail_msg("%s", err.text);
}

/* "object o12" or the like stands in the message. */
static bool names_object(const char *message)
{
    for (const char *at = strstr(message, " o"); at != NULL; at = strstr(at + 1, " o"))
        if (isdigit((unsigned char)at[2]))
            return true;
    return false;
}

static unsigned count_faults(enum gcr_verify_mode verify)
{
    unsigned faults = 0;

    for (uint64_t seed = 1; seed <= SABOTAGE_TRACES; seed++) {
        const struct gcr_random_options options = {
            .seed = seed, .max_events = SABOTAGE_EVENTS, .no_forks = true};
        struct trace_file file;
        struct gcr_result result;
        struct gcr_error err = {""};

        trace_file_name(&file);
        if (gcr_random_trace_write(file.path, &options, &err) != GCR_OK)
            fail_msg("seed %u: %s", (unsigned)seed, err.text);
        trace_file_open(&file);
        replay(file.reader, verify, &result);
        if (result.outcome != GCR_OUTCOME_OK) {
            const char *message = result.lanes[0].message;
            assert_int_equal(result.outcome, GCR_OUTCOME_COLLECTOR_FAULT);
            assert_false(gcr_result_verified(&result));
            if (strncmp(message, "lane 0, event ", 14) != 0 || !names_object(message))
                fail_msg("seed %u: the message does not name the place: %s", (unsigned)seed,
                         message);
            if (faults++ == 0)
                print_message("seed %u: %s\n", (unsigned)seed, message);
        }
        gcr_result_finish(&result);
        trace_file_finish(&file);
    }
    return faults;
}

/* A trace that never gives the damage an occasion may pass, but most must not. */
static void every_event_verification_names_the_damage(void **state)
{
    (void)state;
    assert_true(count_faults(GCR_VERIFY_EVERY) > SABOTAGE_TRACES / 2);
}

static void verification_names_the_damage(void **state)
{
    (void)state;
    assert_true(count_faults(GCR_VERIFY_ON) > SABOTAGE_TRACES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_verification_names_the_damage),
        cmocka_unit_test(verification_names_the_damage),
    };

    return cmocka_run_group_tests_name("sabotage", tests, NULL, NULL);
}
