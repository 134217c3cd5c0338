#include "sim/study/result_list.h"

#include <math.h>
#include <string.h>

#include "sim/measure/json_at.h"

struct gcr_result_list gcr_result_list(const json_t *document, const char *dotted_name)
{
    const json_t *list = gcr_json_at(document, dotted_name);
    struct gcr_result_list out = {.columns = json_object_get(list, "columns"),
                                  .rows = json_object_get(list, "rows")};
    out.count = json_array_size(out.rows);
    return out;
}

size_t gcr_result_list_column(const struct gcr_result_list *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list->columns); i++) {
        const char *text = json_string_value(json_array_get(list->columns, i));
        if (text != NULL && strcmp(text, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

const json_t *gcr_result_list_value(const struct gcr_result_list *list, size_t row, size_t column)
{
    return json_array_get(json_array_get(list->rows, row), column);
}

double gcr_result_list_number(const struct gcr_result_list *list, size_t row, size_t column)
{
    const json_t *value = gcr_result_list_value(list, row, column);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

uint64_t gcr_result_list_count(const struct gcr_result_list *list, size_t row, size_t column)
{
    const json_t *value = gcr_result_list_value(list, row, column);
    return json_is_integer(value) && json_integer_value(value) > 0
               ? (uint64_t)json_integer_value(value)
               : 0;
}

const char *gcr_result_list_text(const struct gcr_result_list *list, size_t row, size_t column)
{
    const char *text = json_string_value(gcr_result_list_value(list, row, column));
    return text != NULL ? text : "";
}
