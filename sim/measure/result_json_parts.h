/* What the files of the JSON result share. */
#ifndef GCR_SIM_MEASURE_RESULT_JSON_PARTS_H
#define GCR_SIM_MEASURE_RESULT_JSON_PARTS_H

#include <jansson.h>

#include "sim/measure/result.h"

static inline json_t *gcr_json_count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static inline void gcr_json_put(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, gcr_json_count(value));
}

/* A duration or a count by phase: their names, in the order of the document. What lies outside of
 * all named phases is "other". */
struct gcr_json_phase {
    const char *name;
    enum gcr_gc_phase phase;
};
extern const struct gcr_json_phase gcr_json_phases[GCR_PHASE_COUNT];

/* Text that is not UTF-8 (a path may be anything) keeps what of it is ASCII. */
void gcr_json_put_text(json_t *object, const char *name, const char *text);

/* Hardware and software counters of lanes[0..count) together; null if none of them has any. */
json_t *gcr_json_counters(const struct gcr_lane_result *lanes, size_t count);
/* Requests of a lane and phases of the program: two tables. */
void gcr_json_put_marks(json_t *out, const struct gcr_lane_result *lane,
                        const struct gcr_result *result);
/* Requests of lanes[0..count) together: a summary; null if there are none. */
json_t *gcr_json_requests(const struct gcr_lane_result *lanes, size_t count);
/* Copy-on-write of a lane: a list of epochs. */
json_t *gcr_json_cow(const struct gcr_lane_result *lane);

/* Where a result comes from: the trace, the options, the machine, the build. */
json_t *gcr_json_trace(const struct gcr_result *result);
json_t *gcr_json_options(const struct gcr_option_values *options);
json_t *gcr_json_machine(void);

/* The cache model: its geometry (null if it did not run), what it counted. */
json_t *gcr_json_model(const struct gcr_result *result);
json_t *gcr_json_cache(const struct gcr_model_counts *counts);
void gcr_model_counts_add(struct gcr_model_counts *sum, const struct gcr_model_counts *part);
json_t *gcr_json_build(void);

#endif
