/* The answer in plain sentences. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/answer_parts.h"
#include "sim/study/reference.h"

enum { MOST_SENTENCES = 8, WORDS_ENOUGH_RUNS = 5 };

/* ---- figures ---- */

struct words {
    char text[48];
};

struct words_unit {
    double divisor;
    const char *name;
};

static const struct words_unit words_times[] = {
    {1, " ns"}, {1e3, " µs"}, {1e6, " ms"}, {1e9, " s"}};
static const struct words_unit words_sizes[] = {
    {1, " B"}, {1024, " KiB"}, {1048576, " MiB"}, {1073741824, " GiB"}};
static const struct words_unit words_counts[] = {
    {1, ""}, {1e6, " million"}, {1e9, " billion"}, {1e12, " trillion"}};

/* Four digits that count. */
static int words_decimals(double value)
{
    double size = fabs(value);
    return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
}

static struct words words_figure(double value, const char *unit)
{
    struct words words;
    const struct words_unit *units = strcmp(unit, "ns") == 0      ? words_times
                                     : strcmp(unit, "bytes") == 0 ? words_sizes
                                                                  : words_counts;
    size_t i = 0;
    while (i < 3 && fabs(value) >= units[i + 1].divisor)
        i++;
    double scaled = value / units[i].divisor;
    int decimals = i == 0 && value == floor(value) ? 0 : words_decimals(scaled);
    bool has_name = units == words_counts && *unit != '\0';
    snprintf(words.text, sizeof words.text, "%.*f%s%s%s", decimals, scaled, units[i].name,
             has_name ? " " : "",
             !has_name                  ? ""
             : strcmp(unit, "1/s") == 0 ? "per second"
                                        : unit);
    return words;
}

static struct words words_ratio(double value)
{
    struct words words;
    int decimals = fabs(value - 1) < 0.1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
    snprintf(words.text, sizeof words.text, "%.*f", decimals, value);
    return words;
}

/* ---- sentences ---- */

/* A sentence under construction; out is NULL if there is no memory. */
struct words_sentence {
    FILE *out;
    char *text;
    size_t size;
};

static bool sentence_begin(struct words_sentence *sentence)
{
    *sentence = (struct words_sentence){0};
    sentence->out = open_memstream(&sentence->text, &sentence->size);
    return sentence->out != NULL;
}

/* Adds its full stop, and it to the list. */
static void sentence_end(struct words_sentence *sentence, struct gcr_dataset_memory *memory,
                         const char **list, size_t *count)
{
    if (fclose(sentence->out) == 0)
        list[(*count)++] = gcr_dataset_format(memory, "%s.", sentence->text);
    free(sentence->text);
}

static void say_place(FILE *out, const struct gcr_contest_scope *scope)
{
    const char *heap = scope->answer->heap;
    if (scope->trace_count == 1)
        fputs(scope->dataset->traces[scope->first].name, out);
    else
        fprintf(out, "Over all %zu traces", scope->trace_count);
    if (strcmp(heap, "native") == 0)
        fputs(", each design sizing its heap itself", out);
    else
        fprintf(out, " in a heap of %s", heap);
}

static void say_interval(FILE *out, const struct gcr_summary *summary, const char *unit)
{
    if (summary->count < 2 && isnan(summary->median_in.low))
        fputs(" (one run)", out);
    else if (summary->median_in.low == summary->median_in.high)
        fputs(" (the same in every run)", out);
    else if (!isnan(summary->median_in.low))
        fprintf(out, " (95%% interval %s to %s, %zu runs)",
                words_figure(summary->median_in.low, unit).text,
                words_figure(summary->median_in.high, unit).text, summary->count);
}

static void say_best(FILE *out, const struct gcr_contest_scope *scope,
                     const struct gcr_contest *contest)
{
    const struct gcr_metric *metric = &gcr_metrics[scope->answer->metric];
    const struct gcr_standing *best = contest->standings;
    say_place(out, scope);
    if (contest->stand_count == 0) {
        fputs(": no collector completed all its runs", out);
        return;
    }
    fprintf(out, ": %s has the %s %s", best->design,
            metric->sense == GCR_MORE_IS_BETTER ? "most" : "least", metric->title);
    if (scope->trace_count > 1) {
        fputs(" in the geometric mean", out);
    } else {
        fprintf(out, ", %s", words_figure(best->summary.median, metric->unit).text);
        say_interval(out, &best->summary, metric->unit);
    }
    if (contest->stand_count == 1)
        fputs("; it is the only one that completed all its runs", out);
}

/* "hybrid 1.012 times (0.990 to 1.034)" */
static void say_standing(FILE *out, const struct gcr_contest_scope *scope,
                         const struct gcr_standing *standing)
{
    const struct gcr_ratio *ratio = &standing->to_best;
    fputs(standing->design, out);
    if (isnan(ratio->value) && !isnan(standing->summary.median))
        fprintf(
            out, " %s",
            words_figure(standing->summary.median, gcr_metrics[scope->answer->metric].unit).text);
    if (!isnan(ratio->value))
        fprintf(out, " %s times", words_ratio(ratio->value).text);
    if (!isnan(ratio->in.low) && ratio->in.low != ratio->in.high)
        fprintf(out, " (%s to %s)", words_ratio(ratio->in.low).text,
                words_ratio(ratio->in.high).text);
    if (gcr_collector_never_frees(standing->collector) &&
        strcmp(scope->answer->heap, "native") != 0)
        fputs(" in all the memory it wants", out);
}

/* Those of contest->standings[from..to) with such a verdict, after `head`. */
struct words_group {
    size_t from, to;
    unsigned verdicts; /* set of 1 << verdict */
    const char *head;
};

static void say_group(const struct gcr_contest_scope *scope, struct gcr_contest *contest,
                      const struct words_group *group)
{
    struct words_sentence sentence;
    size_t said = 0;
    if (!sentence_begin(&sentence))
        return;
    for (size_t i = group->from; i < group->to; i++) {
        const struct gcr_standing *standing = &contest->standings[i];
        if ((group->verdicts & 1u << standing->verdict) == 0)
            continue;
        fputs(said++ == 0 ? group->head : ", ", sentence.out);
        say_standing(sentence.out, scope, standing);
    }
    if (said > 0) {
        sentence_end(&sentence, scope->answer->memory, contest->sentences,
                     &contest->sentence_count);
        return;
    }
    (void)fclose(sentence.out);
    free(sentence.text);
}

/* Where references end and failures begin. */
static size_t contest_standing_end(const struct gcr_contest *contest)
{
    size_t end = 0;
    while (end < contest->count && *contest->standings[end].failure == '\0')
        end++;
    return end;
}

static void say_failures(const struct gcr_contest_scope *scope, struct gcr_contest *contest)
{
    struct words_sentence sentence;
    size_t from = contest_standing_end(contest);
    if (from == contest->count || !sentence_begin(&sentence))
        return;
    fputs(scope->trace_count == 1 ? "Not completed: " : "Not completed on every trace: ",
          sentence.out);
    for (size_t i = from; i < contest->count; i++)
        fprintf(sentence.out, "%s%s (%s)", i > from ? "; " : "", contest->standings[i].design,
                contest->standings[i].failure);
    sentence_end(&sentence, scope->answer->memory, contest->sentences, &contest->sentence_count);
}

static void say_front(const struct gcr_contest_scope *scope, struct gcr_contest *contest)
{
    const struct gcr_metric *metric = &gcr_metrics[scope->answer->metric];
    struct words_sentence sentence;
    if (contest->front_count == 0 || !sentence_begin(&sentence))
        return;
    fprintf(sentence.out,
            "In all heap sizes, none has both a better %s and a smaller peak "
            "footprint than: ",
            metric->title);
    for (size_t i = 0; i < contest->front_count; i++) {
        const struct gcr_front_place *place = &contest->front[i];
        fprintf(sentence.out, "%s%s in %s (", i > 0 ? ", " : "", place->design, place->heap);
        if (scope->trace_count == 1)
            fprintf(sentence.out, "%s, %s)", words_figure(place->value, metric->unit).text,
                    words_figure(place->peak_bytes, "bytes").text);
        else
            fprintf(sentence.out, "%s and %s times the best there is)",
                    words_ratio(place->value).text, words_ratio(place->peak_bytes).text);
    }
    sentence_end(&sentence, scope->answer->memory, contest->sentences, &contest->sentence_count);
}

void gcr_contest_say(const struct gcr_contest_scope *scope, struct gcr_contest *contest)
{
    const unsigned same = 1u << GCR_VERDICT_SAME, unsure = 1u << GCR_VERDICT_UNSURE;
    const size_t stand = contest->stand_count, end = contest_standing_end(contest);
    const struct words_group groups[] = {
        {1, stand, same, "No difference from it is shown for "},
        {1, stand, unsure, "Others, of which single runs say little: "},
        {1, stand, ~(same | unsure), "Others, in multiples of it: "},
        {stand, end, ~0u, "For reference: "},
    };
    struct words_sentence sentence;
    contest->sentences =
        gcr_dataset_array(scope->answer->memory, MOST_SENTENCES, sizeof *contest->sentences);
    if (contest->sentences == NULL || !sentence_begin(&sentence))
        return;
    say_best(sentence.out, scope, contest);
    sentence_end(&sentence, scope->answer->memory, contest->sentences, &contest->sentence_count);
    for (size_t i = 0; i < GCR_COUNT_OF(groups); i++)
        say_group(scope, contest, &groups[i]);
    say_failures(scope, contest);
    say_front(scope, contest);
}

/* ---- notes ---- */

static size_t answer_count_unreadable(const struct gcr_dataset *dataset)
{
    size_t count = 0;
    for (size_t i = 0; i < dataset->point_count; i++)
        for (size_t k = 0; k < dataset->points[i].run_count; k++)
            count += strcmp(dataset->points[i].runs[k].outcome, "unreadable") == 0;
    return count;
}

static bool answer_has_single_runs(const struct gcr_answer *answer)
{
    for (size_t i = 0; i < answer->contest_count; i++)
        for (size_t k = 0; k < answer->contests[i].count; k++)
            if (answer->contests[i].standings[k].verdict == GCR_VERDICT_UNSURE)
                return true;
    return false;
}

/* The fewest runs, of two or more, behind any figure that has noise; 0: there is none. */
static size_t answer_fewest_runs(const struct gcr_answer *answer)
{
    size_t fewest = 0;
    if (answer->mode == GCR_STUDY_CACHE && gcr_metrics[answer->metric].repeats)
        return 0;
    for (size_t i = 0; i < answer->contest_count; i++)
        for (size_t k = 0; k < answer->contests[i].count; k++) {
            const struct gcr_standing *standing = &answer->contests[i].standings[k];
            size_t runs = *standing->failure == '\0' ? standing->summary.count : 0;
            if (runs > 1 && (fewest == 0 || runs < fewest))
                fewest = runs;
        }
    return fewest;
}

void gcr_answer_note(const struct gcr_dataset *dataset, struct gcr_answer *answer)
{
    struct gcr_dataset_memory *memory = answer->memory;
    size_t unreadable = answer_count_unreadable(dataset), fewest = answer_fewest_runs(answer);
    answer->notes = gcr_dataset_array(memory, 4, sizeof *answer->notes);
    if (answer->notes == NULL)
        return;
    if (dataset->missing > 0)
        answer->notes[answer->note_count++] =
            gcr_dataset_format(memory, "%zu %s no result yet, which may change this.",
                               dataset->missing, dataset->missing == 1 ? "job has" : "jobs have");
    if (unreadable > 0)
        answer->notes[answer->note_count++] = gcr_dataset_format(
            memory, "%zu %s cannot be read.", unreadable, unreadable == 1 ? "result" : "results");
    if (answer_has_single_runs(answer))
        answer->notes[answer->note_count++] =
            "Where there is one run, nothing is known of its noise.";
    /* docs/studies.md, "How sure": the interval cannot pass the least and the most value. */
    if (fewest > 0 && fewest < WORDS_ENOUGH_RUNS)
        answer->notes[answer->note_count++] = gcr_dataset_format(
            memory,
            "With %zu runs an interval holds the true median in %.0f%% of studies at best; %d runs "
            "come near 95%%.",
            fewest, 100 - 100 * exp2(1 - (double)fewest), WORDS_ENOUGH_RUNS);
}
