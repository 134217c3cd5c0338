/* Lists of a result by the names of their columns, whole, damaged and absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/study/result_list.h"

static const char text[] = "{\"pauses\": {\"list\": {\"columns\": [\"start_ns\", \"reason\", 3],"
                           "\"rows\": [[5, \"growth\"], [null, 7], [1.5], 8, [-4, \"\"]]}}}";

static void values_are_found_by_column(void **unused)
{
    json_t *document = json_loads(text, 0, NULL);
    struct gcr_result_list list = gcr_result_list(document, "pauses.list");
    size_t start = gcr_result_list_column(&list, "start_ns");
    size_t reason = gcr_result_list_column(&list, "reason");
    (void)unused;
    assert_int_equal(list.count, 5);
    assert_int_equal(start, 0);
    assert_int_equal(reason, 1);
    assert_int_equal(gcr_result_list_count(&list, 0, start), 5);
    assert_true(gcr_result_list_number(&list, 0, start) == 5);
    assert_string_equal(gcr_result_list_text(&list, 0, reason), "growth");
    assert_true(gcr_result_list_number(&list, 2, start) == 1.5);
    json_decref(document);
}

static void what_is_not_there_is_unknown(void **unused)
{
    json_t *document = json_loads(text, 0, NULL);
    struct gcr_result_list list = gcr_result_list(document, "pauses.list");
    (void)unused;
    assert_true(gcr_result_list_column(&list, "end_ns") == SIZE_MAX);
    assert_null(gcr_result_list_value(&list, 0, SIZE_MAX));
    assert_null(gcr_result_list_value(&list, 5, 0));
    for (size_t row = 1; row < list.count; row++) {
        assert_int_equal(gcr_result_list_count(&list, row, 0), 0);
        assert_string_equal(gcr_result_list_text(&list, row, 1), "");
    }
    assert_true(isnan(gcr_result_list_number(&list, 1, 0)));
    assert_true(isnan(gcr_result_list_number(&list, 3, 0)));
    list = gcr_result_list(document, "footprint_series");
    assert_int_equal(list.count, 0);
    assert_true(gcr_result_list_column(&list, "start_ns") == SIZE_MAX);
    list = gcr_result_list(NULL, "pauses.list");
    assert_int_equal(list.count, 0);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_column),
        cmocka_unit_test(what_is_not_there_is_unknown),
    };
    return cmocka_run_group_tests_name("unit.result_list", tests, NULL, NULL);
}
