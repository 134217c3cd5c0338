/* The comparison as a table for people; see comparison.h.
 *
 * The two reference points are found by what they are, not by name: the design that never collects,
 * and the one that acts on deaths. Mutator time is given relative to each that completed. */
#include "sim/cmd/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/agreement.h"
#include "sim/cmd/cache_table.h"
#include "sim/cmd/cow_table.h"
#include "sim/cmd/table.h"
#include "sim/measure/capability_rules.h"
#include "sim/study/reference.h"

enum { COMPARISON_MOST_PROCESSES = 12 }; /* per process table; more are in the CSV */

static bool row_is_reference(const struct gcr_comparison_row *row)
{
    return gcr_collector_is_reference(gcr_engine_collector(row->engine));
}

/* The i-th reference point that completed, or NULL. */
static const struct gcr_comparison_row *comparison_reference(const struct gcr_comparison *all,
                                                             size_t i)
{
    for (size_t k = 0; k < all->row_count; k++) {
        const struct gcr_comparison_row *row = &all->rows[k];
        if (row->result != NULL && row->figures.is_ok && row_is_reference(row) && i-- == 0)
            return row;
    }
    return NULL;
}

/* Every completed run is the mutator's whole work; a failed one is only its beginning. */
static double row_mutator_ratio(const struct gcr_comparison_row *row,
                                const struct gcr_comparison_row *reference)
{
    if (!row->figures.is_ok || reference->figures.mutator_ns == 0)
        return (double)NAN;
    return (double)row->figures.mutator_ns / (double)reference->figures.mutator_ns;
}

/* ---- the table ---- */

enum { REFERENCES = 2, COLUMN_OUTCOME = 9 }; /* the references' columns come before the outcome */

static size_t comparison_reference_count(const struct gcr_comparison *all)
{
    size_t count = 0;
    while (count < REFERENCES && comparison_reference(all, count) != NULL)
        count++;
    return count;
}

static void comparison_print_heads(const struct gcr_comparison *all, size_t references,
                                   struct gcr_table *table)
{
    static const char *const heads[] = {"back end", "footprint", "over live", "pauses",   "p50",
                                        "p99",      "max",       "mutator",   "collector"};
    static const char *const alignment[] = {"lrrrrrrrrll", "lrrrrrrrrrll", "lrrrrrrrrrrll"};
    gcr_table_begin(table, alignment[references]);
    gcr_table_row(table);
    unsigned column = 0;
    for (; column < GCR_COUNT_OF(heads); column++)
        gcr_table_cell(table, column, "%s", heads[column]);
    for (size_t i = 0; i < references; i++)
        gcr_table_cell(table, column++, "/%s",
                       gcr_comparison_row_name(comparison_reference(all, i)));
    gcr_table_cell(table, column++, "outcome");
    gcr_table_cell(table, column, "verified");
}

/* Cells that whole runs and single processes share: columns first .. first + 7. */
static void comparison_cells(struct gcr_table *table, unsigned first,
                             const struct gcr_figures *figures, const char *live_refusal)
{
    bool has_pauses = figures->pauses > 0;
    gcr_table_cell(table, first, "%s", gcr_text_bytes(figures->footprint_peak_bytes).s);
    gcr_table_cell(table, first + 1, "%s",
                   live_refusal != NULL ? "refused" : gcr_text_ratio(figures->overhead).s);
    gcr_table_cell(table, first + 2, "%s", gcr_text_count(figures->pauses).s);
    gcr_table_cell(table, first + 3, "%s", has_pauses ? gcr_text_ns(figures->p50_ns).s : "-");
    gcr_table_cell(table, first + 4, "%s", has_pauses ? gcr_text_ns(figures->p99_ns).s : "-");
    gcr_table_cell(table, first + 5, "%s", has_pauses ? gcr_text_ns(figures->max_ns).s : "-");
    gcr_table_cell(table, first + 6, "%s", gcr_text_ns(figures->mutator_ns).s);
    gcr_table_cell(table, first + 7, "%s", gcr_text_ns(figures->collector_ns).s);
}

static void comparison_print_row(const struct gcr_comparison *all, size_t references,
                                 const struct gcr_comparison_row *row, struct gcr_table *table)
{
    unsigned column = COLUMN_OUTCOME;
    bool has_figures = row->result != NULL && row->figures.is_known;
    gcr_table_row(table);
    gcr_table_cell(table, 0, "%s", gcr_comparison_row_name(row));
    if (has_figures)
        comparison_cells(
            table, 1, &row->figures,
            gcr_figure_refusal(GCR_FIGURE_LIVE, &all->capabilities, row->figures.verified));
    for (size_t i = 0; i < references; i++, column++)
        if (has_figures)
            gcr_table_cell(table, column, "%s",
                           gcr_text_ratio(row_mutator_ratio(row, comparison_reference(all, i))).s);
    gcr_table_cell(table, column, "%s",
                   row->was_refused      ? "not run"
                   : row->result == NULL ? "failed"
                                         : row->figures.outcome);
    if (has_figures)
        gcr_table_cell(table, column + 1, "%s",
                       all->verify == GCR_VERIFY_OFF ? "-"
                       : row->figures.verified       ? "yes"
                                                     : "no");
}

static void comparison_print_processes(const struct gcr_comparison *all, FILE *out)
{
    static const char *const heads[] = {"process", "back end",  "footprint", "over live",
                                        "pauses",  "p50",       "p99",       "max",
                                        "mutator", "collector", "outcome"};
    struct gcr_table table;
    gcr_table_begin(&table, "rlrrrrrrrrl");
    gcr_table_row(&table);
    for (unsigned i = 0; i < GCR_COUNT_OF(heads); i++)
        gcr_table_cell(&table, i, "%s", heads[i]);
    for (uint32_t lane = 0; lane < all->lanes && lane < COMPARISON_MOST_PROCESSES; lane++) {
        for (size_t i = 0; i < all->row_count; i++) {
            const json_t *lanes = json_object_get(all->rows[i].result, "lanes");
            const json_t *found = json_array_get(lanes, lane);
            if (found == NULL)
                continue;
            struct gcr_figures figures;
            gcr_figures_read(found, &figures);
            gcr_table_row(&table);
            gcr_table_cell(&table, 0, "%lld",
                           (long long)json_integer_value(json_object_get(found, "lane")));
            gcr_table_cell(&table, 1, "%s", gcr_comparison_row_name(&all->rows[i]));
            comparison_cells(
                &table, 2, &figures,
                gcr_figure_refusal(GCR_FIGURE_LIVE, &all->capabilities, figures.verified));
            gcr_table_cell(&table, 10, "%s", figures.outcome);
        }
    }
    fputs("\nper process, each counted from its own start or fork:\n", out);
    gcr_table_end(&table, true, 2, out);
    if (all->lanes > COMPARISON_MOST_PROCESSES)
        fprintf(out, "  ... and %u more processes: see compare.csv (-o DIR)\n",
                all->lanes - COMPARISON_MOST_PROCESSES);
}

static void comparison_print_cow(const struct gcr_comparison *all, FILE *out)
{
    struct gcr_cow_row *rows = calloc(all->row_count, sizeof *rows);
    if (rows == NULL)
        return;
    for (size_t i = 0; i < all->row_count; i++)
        rows[i] = (struct gcr_cow_row){gcr_comparison_row_name(&all->rows[i]), all->rows[i].result,
                                       gcr_engine_collector(all->rows[i].engine)};
    gcr_cow_comparison_print(rows, all->row_count, &all->capabilities, out);
    free(rows);
}

/* ---- notes ---- */

typedef void note_visitor(void *arg, const char *note);

/* The labels of designs with threads, once for all of them. */
static void comparison_visit_concurrent(const struct gcr_comparison *all, note_visitor *visit,
                                        void *arg)
{
    bool is_concurrent = false, is_paced = false;
    const char *label;
    for (size_t i = 0; i < all->row_count; i++) {
        is_concurrent |= json_is_true(gcr_json_at(all->rows[i].result, "concurrent"));
        is_paced |= all->rows[i].figures.is_paced;
    }
    bool is_verified = all->verify != GCR_VERIFY_OFF;
    for (size_t i = 0;
         is_concurrent && (label = gcr_concurrent_label(is_verified, is_paced, i)) != NULL; i++)
        visit(arg, label);
    if (is_paced)
        visit(arg, "pace recorded: times contain the recorded program's own computing");
}

static void comparison_visit_agreement(const struct gcr_comparison *all, note_visitor *visit,
                                       void *arg)
{
    struct gcr_agreement found;
    char text[512];
    gcr_agreement_find(all, &found);
    if (found.graphs_differ) {
        visit(arg, found.difference);
    } else if (found.designs > 1 && found.moments > 0) {
        snprintf(text, sizeof text,
                 "all %zu verified back ends have equal graphs at %s common "
                 "checkpoints",
                 found.designs, gcr_text_count(found.moments / (found.designs - 1)).s);
        visit(arg, text);
    }
    if (found.set_aside > 0)
        visit(arg, "graphs of processes in which a finalizer has stored its object are not "
                   "compared: when that happens is the design's choice");
    if (found.freed_sets[0] != '\0')
        visit(arg, found.freed_sets);
}

static void comparison_visit_notes(const struct gcr_comparison *all, note_visitor *visit, void *arg)
{
    char text[768];
    uint32_t caps = 0;
    for (size_t i = 0; i < all->row_count; i++) {
        const struct gcr_comparison_row *row = &all->rows[i];
        caps |= gcr_engine_collector(row->engine)->caps;
        if (row->message[0] == '\0')
            continue;
        snprintf(text, sizeof text, "%s %s: %s", gcr_comparison_row_name(row),
                 row->was_refused ? "was not run" : "failed", row->message);
        visit(arg, text);
    }
    if (all->warning[0] != '\0') {
        snprintf(text, sizeof text, "the trace is not whole: %s", all->warning);
        visit(arg, text);
    }
    const char *label;
    for (size_t i = 0; (label = gcr_trace_label(&all->capabilities, caps, i)) != NULL; i++)
        visit(arg, label);
    comparison_visit_agreement(all, visit, arg);
    comparison_visit_concurrent(all, visit, arg);
    if (all->is_modelled)
        visit(arg, "modelled runs: instrumented code, whose times mean nothing and are not shown");
    else if (all->verify != GCR_VERIFY_OFF)
        visit(arg,
              "verified runs: comparisons with the oracle are off the clock, but its look at each "
              "event is on it; time without --verify to compare speed");
}

static void comparison_print_note(void *arg, const char *note)
{
    fprintf(arg, "- %s\n", note);
}

static void comparison_print_legend(const struct gcr_comparison *all, size_t references, FILE *out)
{
    fputs("\nfootprint: peak of all bytes held; over live: that over the peak of live bytes; times "
          "are on the replay clock",
          out);
    for (size_t i = 0; i < references; i++)
        fprintf(out, "%s/%s", i == 0 ? ";\n" : ", ",
                gcr_comparison_row_name(comparison_reference(all, i)));
    fputs(references > 0 ? ": mutator time relative to that reference point\n" : "\n", out);
}

static void comparison_print_times(const struct gcr_comparison *comparison, FILE *out)
{
    struct gcr_table table;
    size_t references = comparison_reference_count(comparison);
    comparison_print_heads(comparison, references, &table);
    for (size_t i = 0; i < comparison->row_count; i++)
        comparison_print_row(comparison, references, &comparison->rows[i], &table);
    gcr_table_end(&table, true, 0, out);
    if (comparison->lanes > 1)
        comparison_print_processes(comparison, out);
    comparison_print_legend(comparison, references, out);
}

void gcr_comparison_print(const struct gcr_comparison *comparison, FILE *out)
{
    fprintf(out, "%s: %s events, %u process%s, digest %s, heap %s\n\n", comparison->trace,
            gcr_text_count(comparison->events).s, comparison->lanes,
            comparison->lanes == 1 ? "" : "es", comparison->digest,
            comparison->budget_bytes == 0 ? "native" : gcr_text_bytes(comparison->budget_bytes).s);
    if (comparison->is_modelled)
        gcr_cache_print_comparison(comparison, out);
    else
        comparison_print_times(comparison, out);
    comparison_print_cow(comparison, out);
    comparison_visit_notes(comparison, comparison_print_note, out);
}

/* ---- JSON ---- */

static void comparison_add_note(void *arg, const char *note)
{
    json_array_append_new(arg, json_string(note));
}

static json_t *comparison_json_row(const struct gcr_comparison *all,
                                   const struct gcr_comparison_row *row)
{
    static const char *const kept[] = {"options",  "outcome", "verified", "collections",
                                       "objects",  "memory",  "pauses",   "time",
                                       "counters", "model",   "cache"};
    json_t *out = json_object(), *relative = json_object();
    json_object_set_new(out, "collector", json_string(gcr_engine_collector(row->engine)->name));
    json_object_set_new(out, "name", json_string(gcr_comparison_row_name(row)));
    json_object_set_new(out, "file", row->file[0] != '\0' ? json_string(row->file) : json_null());
    if (row->result == NULL)
        json_object_set_new(out, "outcome", json_string(row->was_refused ? "not_run" : "failed"));
    for (size_t i = 0; i < GCR_COUNT_OF(kept) && row->result != NULL; i++)
        json_object_set(out, kept[i], json_object_get(row->result, kept[i]));
    json_object_set_new(out, "message", json_string(row->message));
    const struct gcr_comparison_row *reference;
    for (size_t i = 0; (reference = comparison_reference(all, i)) != NULL; i++) {
        double ratio = row->result != NULL ? row_mutator_ratio(row, reference) : (double)NAN;
        json_object_set_new(relative, gcr_comparison_row_name(reference),
                            isfinite(ratio) ? json_real(ratio) : json_null());
    }
    json_object_set_new(out, "mutator_relative_to", relative);
    return out;
}

json_t *gcr_comparison_json(const struct gcr_comparison *comparison)
{
    json_t *out = json_object(), *runs = json_array(), *notes = json_array();
    json_object_set_new(out, "trace",
                        json_pack("{s:s, s:s, s:I, s:i}", "path", comparison->trace, "digest",
                                  comparison->digest, "events", (json_int_t)comparison->events,
                                  "lanes", (int)comparison->lanes));
    json_object_set_new(out, "budget_bytes",
                        comparison->budget_bytes != 0
                            ? json_integer((json_int_t)comparison->budget_bytes)
                            : json_null());
    for (size_t i = 0; i < comparison->row_count; i++)
        json_array_append_new(runs, comparison_json_row(comparison, &comparison->rows[i]));
    comparison_visit_notes(comparison, comparison_add_note, notes);
    json_object_set_new(out, "runs", runs);
    json_object_set_new(out, "notes", notes);
    return out;
}
