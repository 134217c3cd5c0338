/* Lists inside a result document: {"columns": [names], "rows": [[values]]} of docs/result.md, read
 * by the names of their columns. */
#ifndef GCR_SIM_STUDY_RESULT_LIST_H
#define GCR_SIM_STUDY_RESULT_LIST_H

#include <jansson.h>
#include <stdint.h>

/* Belongs to the document. */
struct gcr_result_list {
    const json_t *columns, *rows;
    size_t count; /* rows */
};

/* The list at a dotted name of a lane or document, such as "pauses.list"; no rows if there is none.
 * O(1). */
struct gcr_result_list gcr_result_list(const json_t *document, const char *dotted_name);

/* The column's place; SIZE_MAX: there is none of that name, and all its values are unknown. */
size_t gcr_result_list_column(const struct gcr_result_list *list, const char *name);

/* NULL if there is no such row or column. */
const json_t *gcr_result_list_value(const struct gcr_result_list *list, size_t row, size_t column);
/* NAN if it is null or no number. */
double gcr_result_list_number(const struct gcr_result_list *list, size_t row, size_t column);
/* 0 if it is null, no whole number or negative. */
uint64_t gcr_result_list_count(const struct gcr_result_list *list, size_t row, size_t column);
/* "" if it is null or no text. */
const char *gcr_result_list_text(const struct gcr_result_list *list, size_t row, size_t column);

#endif
