/* Values inside a JSON document, by the names that lead there. */
#ifndef GCR_SIM_MEASURE_JSON_AT_H
#define GCR_SIM_MEASURE_JSON_AT_H

#include <jansson.h>

/* "time.mutator_ns" of nested objects; NULL if absent. O(names). */
const json_t *gcr_json_at(const json_t *document, const char *dotted_name);

/* A number at that name; NAN if it is absent or null. */
double gcr_json_number_at(const json_t *document, const char *dotted_name);

/* A text at that name; "" if it is absent or null. Owned by the document. */
const char *gcr_json_text_at(const json_t *document, const char *dotted_name);

#endif
