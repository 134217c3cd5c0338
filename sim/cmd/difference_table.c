#include "sim/cmd/difference_table.h"

#include <math.h>
#include <string.h>

#include "sim/cmd/table.h"

/* A column of places is left out where all its cells would be equal. */
enum column {
    COLUMN_CHANGE,
    COLUMN_TRACE,
    COLUMN_DESIGN,
    COLUMN_HEAP,
    COLUMN_MODE,
    COLUMN_FIGURE,
    COLUMN_A,
    COLUMN_B,
    COLUMN_RATIO,
    COLUMN_INTERVAL,
    COLUMNS
};

static const char *const column_head[] = {"change", "trace", "design", "heap", "mode",
                                          "figure", "A",     "B",      "by",   "95% interval"};

enum { MOST_PLACES = 8 }; /* configurations in one dataset alone; more only with every figure */

/* ---- cells ---- */

/* As people write a figure. */
static struct gcr_text figure_text(const struct gcr_metric *metric, double value)
{
    struct gcr_text text;
    uint64_t count = value > 0 && value < 0x1p63 ? (uint64_t)(value + 0.5) : 0;
    if (strcmp(metric->unit, "ns") == 0)
        return gcr_text_ns(count);
    if (strcmp(metric->unit, "bytes") == 0)
        return gcr_text_bytes(count);
    if (value == floor(value) || value >= 1000)
        return gcr_text_count(count);
    snprintf(text.s, sizeof text.s, "%.4g", value);
    return text;
}

/* Both sides; in all their digits if they differ only there. */
static void figure_texts(const struct gcr_change *change, struct gcr_text *a, struct gcr_text *b)
{
    const struct gcr_metric *metric = &gcr_metrics[change->metric];
    double before = change->before.median, after = change->after.median;
    *a = figure_text(metric, before);
    *b = figure_text(metric, after);
    if (strcmp(a->s, b->s) == 0 && before != after) {
        snprintf(a->s, sizeof a->s, "%.16g", before);
        snprintf(b->s, sizeof b->s, "%.16g", after);
    }
    if (isnan(before))
        snprintf(a->s, sizeof a->s, "-");
    if (isnan(after))
        snprintf(b->s, sizeof b->s, "-");
}

/* "+2.31%" of a ratio; "12.3x" where a percentage would be hard to read. */
static struct gcr_text ratio_text(double ratio)
{
    struct gcr_text text = {"-"};
    if (ratio >= 10)
        snprintf(text.s, sizeof text.s, "%.3gx", ratio);
    else if (isfinite(ratio))
        snprintf(text.s, sizeof text.s, "%+.3g%%", 100 * (ratio - 1));
    return text;
}

static void table_figure(struct gcr_table *table, unsigned column, const struct gcr_change *change)
{
    struct gcr_text a, b;
    const struct gcr_interval *in = &change->ratio.in;
    figure_texts(change, &a, &b);
    gcr_table_cell(table, column++, "%s", gcr_metrics[change->metric].title);
    gcr_table_cell(table, column++, "%s", a.s);
    gcr_table_cell(table, column++, "%s", b.s);
    gcr_table_cell(table, column++, "%s", ratio_text(change->ratio.value).s);
    if (change->is_exact)
        gcr_table_cell(table, column, "repeats");
    else if (isnan(in->low) || isnan(in->high))
        gcr_table_cell(table, column, "-");
    else
        gcr_table_cell(table, column, "%s .. %s", ratio_text(in->low).s, ratio_text(in->high).s);
}

/* "ok", "crashed", or "crashed (2 of 5)". */
static void table_outcome_cell(struct gcr_table *table, unsigned column,
                               const struct gcr_point *point, const char *outcome)
{
    if (point->ok_count == 0 || point->ok_count == point->run_count)
        gcr_table_cell(table, column, "%s", outcome);
    else
        gcr_table_cell(table, column, "%s (%zu of %zu)", outcome,
                       point->run_count - point->ok_count, point->run_count);
}

static void table_outcome(struct gcr_table *table, unsigned column, const struct gcr_change *change)
{
    gcr_table_cell(table, column, "outcome");
    table_outcome_cell(table, column + 1, change->a, change->outcome_a);
    table_outcome_cell(table, column + 2, change->b, change->outcome_b);
}

/* ---- the table ---- */

static const char *place_text(const struct gcr_point *point, enum column column)
{
    switch (column) {
    case COLUMN_TRACE:
        return point->trace;
    case COLUMN_DESIGN:
        return point->design;
    case COLUMN_HEAP:
        return point->heap;
    default:
        return gcr_study_mode_name[point->mode];
    }
}

static bool column_is_place(enum column column)
{
    return column >= COLUMN_TRACE && column <= COLUMN_MODE;
}

static bool column_is_shown(const struct gcr_difference *difference, enum column column)
{
    if (!column_is_place(column) || column == COLUMN_DESIGN)
        return true;
    const char *first = place_text(difference->changes[0].a, column);
    for (size_t i = 1; i < difference->count; i++)
        if (strcmp(first, place_text(difference->changes[i].a, column)) != 0)
            return true;
    return false;
}

static bool change_is_shown(const struct gcr_change *change, enum gcr_difference_detail detail)
{
    return change->kind < GCR_CHANGE_UNSURE || detail == GCR_DIFFERENCE_ALL ||
           (change->kind == GCR_CHANGE_UNSURE && detail == GCR_DIFFERENCE_UNSURE);
}

static void table_change(struct gcr_table *table, const struct gcr_change *change,
                         const bool *is_shown)
{
    unsigned column = 1;
    gcr_table_row(table);
    gcr_table_cell(table, 0, "%s", gcr_change_name[change->kind]);
    for (enum column i = COLUMN_TRACE; i <= COLUMN_MODE; i++)
        if (is_shown[i])
            gcr_table_cell(table, column++, "%s", place_text(change->a, i));
    if (change->metric == GCR_METRIC_COUNT)
        table_outcome(table, column, change);
    else
        table_figure(table, column, change);
}

static void print_changes(const struct gcr_difference *difference,
                          enum gcr_difference_detail detail, FILE *out)
{
    static const char alignments[] = "llllllrrrl";
    struct gcr_table table;
    bool is_shown[COLUMNS];
    char alignment[COLUMNS + 1] = "";
    const char *heads[COLUMNS];
    size_t columns = 0, lines = 0;
    for (enum column i = 0; i < COLUMNS; i++) {
        is_shown[i] = column_is_shown(difference, i);
        if (!is_shown[i])
            continue;
        heads[columns] = column_head[i];
        alignment[columns++] = alignments[i];
    }
    for (size_t i = 0; i < difference->count; i++)
        lines += change_is_shown(&difference->changes[i], detail);
    if (lines == 0)
        return;
    gcr_table_begin(&table, alignment);
    gcr_table_row(&table);
    for (unsigned i = 0; i < columns; i++)
        gcr_table_cell(&table, i, "%s", heads[i]);
    for (size_t i = 0; i < difference->count; i++)
        if (change_is_shown(&difference->changes[i], detail))
            table_change(&table, &difference->changes[i], is_shown);
    gcr_table_end(&table, true, 0, out);
    fputc('\n', out);
}

/* ---- the lines around it ---- */

static void print_counts(const struct gcr_difference *difference, FILE *out)
{
    const size_t *kinds = difference->kinds;
    fprintf(out, "%zu %s in both: %zu worse, %zu better", difference->pair_count,
            difference->pair_count == 1 ? "configuration" : "configurations",
            kinds[GCR_CHANGE_WORSE], kinds[GCR_CHANGE_BETTER]);
    if (kinds[GCR_CHANGE_DIFFERENT] > 0)
        fprintf(out, ", %zu different", kinds[GCR_CHANGE_DIFFERENT]);
    fprintf(out, ", %zu unchanged", kinds[GCR_CHANGE_NONE]);
    if (kinds[GCR_CHANGE_UNSURE] > 0)
        fprintf(out, ", %zu unsure (too few runs to say)", kinds[GCR_CHANGE_UNSURE]);
    if (kinds[GCR_CHANGE_UNKNOWN] > 0)
        fprintf(out, ", %zu unknown (on one side)", kinds[GCR_CHANGE_UNKNOWN]);
    fputc('\n', out);
}

static void print_places(const struct gcr_point *const *points, size_t count, char side, bool all,
                         FILE *out)
{
    for (size_t i = 0; i < count && (all || i < MOST_PLACES); i++)
        fprintf(out, "only in %c: %s, %s, heap %s, %s\n", side, points[i]->trace, points[i]->design,
                points[i]->heap, gcr_study_mode_name[points[i]->mode]);
    if (!all && count > MOST_PLACES)
        fprintf(out, "only in %c: %zu more (--all lists them)\n", side,
                count - (size_t)MOST_PLACES);
}

void gcr_difference_print(const struct gcr_difference *difference,
                          enum gcr_difference_detail detail, const json_t *warnings, FILE *out)
{
    size_t i;
    const json_t *warning;
    bool all = detail == GCR_DIFFERENCE_ALL;
    fprintf(out, "A  %s\nB  %s\n", difference->a->directory, difference->b->directory);
    json_array_foreach(warnings, i, warning)
        fprintf(out, "warning: %s\n", json_string_value(warning));
    fputc('\n', out);
    print_changes(difference, detail, out);
    print_counts(difference, out);
    print_places(difference->only_a, difference->only_a_count, 'A', all, out);
    print_places(difference->only_b, difference->only_b_count, 'B', all, out);
}
