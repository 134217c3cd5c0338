/* The answer as data. */
#include <math.h>

#include "sim/study/report_json.h"

static json_t *answer_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *answer_standing(const struct gcr_standing *standing)
{
    return json_pack(
        "{s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:s}", "design", standing->design,
        "collector", standing->collector, "is_reference", standing->is_reference, "failure",
        standing->failure, "median", answer_real(standing->summary.median), "median_low",
        answer_real(standing->summary.median_in.low), "median_high",
        answer_real(standing->summary.median_in.high), "runs", (int)standing->summary.count,
        "to_best", answer_real(standing->to_best.value), "to_best_low",
        answer_real(standing->to_best.in.low), "to_best_high",
        answer_real(standing->to_best.in.high), "verdict", gcr_verdict_name[standing->verdict]);
}

static json_t *answer_front(const struct gcr_contest *contest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < contest->front_count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:o}", "design", contest->front[i].design, "heap",
                            contest->front[i].heap, "value", answer_real(contest->front[i].value),
                            "peak", answer_real(contest->front[i].peak_bytes)));
    return list;
}

static json_t *answer_texts(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *answer_contest(const struct gcr_contest *contest)
{
    json_t *standings = json_array();
    for (size_t i = 0; i < contest->count; i++)
        (void)json_array_append_new(standings, answer_standing(&contest->standings[i]));
    return json_pack("{s:o, s:o, s:o, s:o}", "trace",
                     contest->trace[0] != '\0' ? json_string(contest->trace) : json_null(),
                     "sentences", answer_texts(contest->sentences, contest->sentence_count),
                     "standings", standings, "front", answer_front(contest));
}

json_t *gcr_report_answer_json(const struct gcr_page *page)
{
    const struct gcr_answer *answer = page->answer;
    json_t *contests = json_array();
    if (answer == NULL) {
        json_decref(contests);
        return json_null();
    }
    for (size_t i = 0; i < answer->contest_count; i++)
        (void)json_array_append_new(contests, answer_contest(&answer->contests[i]));
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "metric", gcr_metrics[answer->metric].name,
                     "mode", gcr_study_mode_name[answer->mode], "heap", answer->heap, "contests",
                     contests, "notes", answer_texts(answer->notes, answer->note_count));
}
