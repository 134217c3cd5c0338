/* A result as JSON (schema "gcreplay-result-1"; docs/result.md describes every name). */
#ifndef GCR_SIM_MEASURE_RESULT_JSON_H
#define GCR_SIM_MEASURE_RESULT_JSON_H

#include <jansson.h>

#include "sim/measure/result.h"

/* The whole result; the caller owns the value (json_decref). NULL: no memory. */
json_t *gcr_result_to_json(const struct gcr_result *result);

/* Writes it to `path` by way of a temporary file beside it and a rename; "-" is standard output. */
gcr_status gcr_result_write_json(const struct gcr_result *result, const char *path,
                                 struct gcr_error *err) GCR_MUST_USE;

/* Writes any value the same way: for documents that hold several results. Does not take ownership.
 */
gcr_status gcr_json_write(const json_t *value, const char *path,
                          struct gcr_error *err) GCR_MUST_USE;

#endif
