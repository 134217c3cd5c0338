/* Messages of failures: code passed through, prefix put in front, no overflow, exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/status.h"

static void fail_returns_the_code_and_formats_the_text(void **state)
{
    (void)state;
    struct gcr_error err;
    assert_int_equal(gcr_fail(&err, GCR_BAD_INPUT, "%s at %d", "damage", 42), GCR_BAD_INPUT);
    assert_string_equal(err.text, "damage at 42");
}

static void fail_without_an_error_still_returns_the_code(void **state)
{
    (void)state;
    assert_int_equal(gcr_fail(NULL, GCR_IO, "nobody reads this"), GCR_IO);
    gcr_error_prefix(NULL, "nor this");
}

static void prefix_goes_before_the_message(void **state)
{
    (void)state;
    struct gcr_error err;
    (void)gcr_fail(&err, GCR_IO, "no space");
    gcr_error_prefix(&err, "%s:%d", "a.gct", 7);
    assert_string_equal(err.text, "a.gct:7: no space");
}

static void prefix_of_a_full_message_cuts_its_tail(void **state)
{
    (void)state;
    struct gcr_error err;
    memset(err.text, 'x', sizeof err.text - 1);
    err.text[sizeof err.text - 1] = '\0';
    gcr_error_prefix(&err, "place");
    assert_memory_equal(err.text, "place: xxx", 10);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void exit_codes_follow_the_convention(void **state)
{
    (void)state;
    assert_int_equal(gcr_status_exit_code(GCR_OK), 0);
    assert_int_equal(gcr_status_exit_code(GCR_USAGE), 2);
    assert_int_equal(gcr_status_exit_code(GCR_BAD_INPUT), 2);
    assert_int_equal(gcr_status_exit_code(GCR_INVALID_TRACE), 1);
    assert_int_equal(gcr_status_exit_code(GCR_FAULT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_returns_the_code_and_formats_the_text),
        cmocka_unit_test(fail_without_an_error_still_returns_the_code),
        cmocka_unit_test(prefix_goes_before_the_message),
        cmocka_unit_test(prefix_of_a_full_message_cuts_its_tail),
        cmocka_unit_test(exit_codes_follow_the_convention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
