/* The parts of finding an answer; answer.h says what comes out. */
#ifndef GCR_SIM_STUDY_ANSWER_PARTS_H
#define GCR_SIM_STUDY_ANSWER_PARTS_H

#include "sim/study/answer.h"
#include "sim/study/dataset_memory.h"

/* A contest under construction: the traces [first, first + trace_count) of the dataset. Everything
 * that it consists of belongs to the answer's memory. */
struct gcr_contest_scope {
    const struct gcr_dataset *dataset;
    const struct gcr_answer *answer;
    size_t first, trace_count;
};

/* NULL, or the configuration of the scope's i-th trace, in the answer's mode. */
const struct gcr_point *gcr_scope_point(const struct gcr_contest_scope *scope, size_t i,
                                        const char *design, const char *heap);
/* All runs completed, and the metric is known. */
bool gcr_point_stands(const struct gcr_point *point, enum gcr_metric_id metric);
/* Of completed runs; NAN if none knows it. */
double gcr_point_median(const struct gcr_point *point, enum gcr_metric_id metric);

/* Fill parts of the contest. Without memory they leave out what has none, and the answer's memory
 * has failed. */
void gcr_contest_find_standings(const struct gcr_contest_scope *scope, struct gcr_contest *contest);
void gcr_contest_find_front(const struct gcr_contest_scope *scope, struct gcr_contest *contest);
void gcr_contest_say(const struct gcr_contest_scope *scope, struct gcr_contest *contest);
/* The answer's notes. */
void gcr_answer_note(const struct gcr_dataset *dataset, struct gcr_answer *answer);

#endif
