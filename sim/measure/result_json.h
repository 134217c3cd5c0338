/* A result as JSON (schema "gcreplay-result-1"; docs/result.md describes every name). */
#ifndef GCR_SIM_MEASURE_RESULT_JSON_H
#define GCR_SIM_MEASURE_RESULT_JSON_H

#include <jansson.h>

#include "sim/measure/result.h"

/* The whole result; the caller owns the value (json_decref). NULL: no memory. */
json_t *gcr_result_to_json(const struct gcr_result *result);

#endif
