/* Tables of copy-on-write; see cow_table.h. */
#include "sim/cmd/cow_table.h"

#include <string.h>

#include "sim/cmd/figures.h"
#include "sim/cmd/table.h"
#include "sim/measure/capability_rules.h"
#include "sim/measure/result.h"

/* ---- figures ---- */

static uint64_t cow_count(const json_t *epoch, const char *name)
{
    return (uint64_t)json_integer_value(gcr_json_at(epoch, name));
}

static void cow_add_epoch(struct gcr_cow_figures *sum, const json_t *epoch)
{
    bool model = json_is_integer(json_object_get(epoch, "pages_model"));
    bool kernel = json_is_integer(json_object_get(epoch, "pages_kernel"));
    const json_t *causes = json_object_get(epoch, "by_cause");
    const char *refusal = json_string_value(json_object_get(epoch, "kernel_refusal"));
    sum->model_known = model && (sum->model_known || sum->epochs == 0);
    sum->kernel_known = kernel && (sum->kernel_known || sum->epochs == 0);
    sum->any_model |= model;
    sum->epochs++;
    sum->shared += cow_count(epoch, model ? "shared_model" : "shared_kernel") +
                   cow_count(epoch, model ? "dropped_model" : "dropped_kernel");
    sum->model += cow_count(epoch, "pages_model");
    sum->kernel += cow_count(epoch, "pages_kernel");
    for (size_t i = 0; i < GCR_CAUSE_COUNT_OF; i++)
        sum->by_cause[i] += cow_count(causes, gcr_cause_name[i]);
    sum->dropped += cow_count(epoch, model ? "dropped_model" : "dropped_kernel");
    sum->fresh += cow_count(epoch, model ? "fresh_model" : "fresh_kernel");
    sum->model_only += cow_count(epoch, "agreement.copied.model_only");
    sum->kernel_only += cow_count(epoch, "agreement.copied.kernel_only");
    sum->shared_differ += cow_count(epoch, "agreement.shared.model_only") +
                          cow_count(epoch, "agreement.shared.kernel_only");
    if (sum->refusal == NULL && refusal != NULL && refusal[0] != '\0')
        sum->refusal = refusal;
}

void gcr_cow_add_lane(struct gcr_cow_figures *sum, const json_t *lane, enum gcr_cow_epochs which)
{
    const json_t *epochs = json_object_get(lane, "cow");
    for (size_t i = 0; i < json_array_size(epochs); i++) {
        const json_t *epoch = json_array_get(epochs, i);
        bool born = json_is_true(json_object_get(epoch, "born"));
        if (which == GCR_COW_ALL || born == (which == GCR_COW_BORN))
            cow_add_epoch(sum, epoch);
    }
}

void gcr_cow_add_run(struct gcr_cow_figures *sum, const json_t *result, enum gcr_cow_epochs which)
{
    const json_t *lanes = json_object_get(result, "lanes");
    for (size_t i = 0; i < json_array_size(lanes); i++)
        gcr_cow_add_lane(sum, json_array_get(lanes, i), which);
}

/* ---- cells that all tables share ---- */

enum { COW_CELLS = 4 + GCR_CAUSE_COUNT_OF + 2, COW_MOST_ROWS = 24 };

/* As short as a column can bear. */
static const char *const cow_heads[COW_CELLS] = {
    "shared", "unshared", "kernel", "differ", "data",   "new",     "count", "header",
    "side",   "alloc.",   "links",  "moved",  "buffer", "dropped", "fresh"};

static void cow_print_heads(struct gcr_table *table, unsigned first)
{
    for (unsigned i = 0; i < COW_CELLS; i++)
        gcr_table_cell(table, first + i, "%s", cow_heads[i]);
}

/* `per`: the figures are shown divided by it, to the nearest page. */
static void cow_cell(struct gcr_table *table, unsigned column, bool known, uint64_t value,
                     size_t per)
{
    if (known)
        gcr_table_cell(table, column, "%s", gcr_text_count((value + per / 2) / per).s);
    else
        gcr_table_cell(table, column, "-");
}

static void cow_cells(struct gcr_table *table, unsigned column, const struct gcr_cow_figures *sum,
                      size_t per)
{
    bool both = sum->model_known && sum->kernel_known;
    cow_cell(table, column++, sum->model_known || sum->kernel_known, sum->shared, per);
    cow_cell(table, column++, sum->model_known, sum->model, per);
    cow_cell(table, column++, sum->kernel_known, sum->kernel, per);
    cow_cell(table, column++, both, sum->model_only + sum->kernel_only, 1);
    for (size_t i = 0; i < GCR_CAUSE_COUNT_OF; i++, column++) {
        if (i == GCR_CAUSE_COUNT && sum->model_known && sum->counts_refused)
            gcr_table_cell(table, column, "refused");
        else
            cow_cell(table, column, sum->model_known, sum->by_cause[i], per);
    }
    cow_cell(table, column++, sum->model_known || sum->kernel_known, sum->dropped, per);
    cow_cell(table, column, sum->model_known || sum->kernel_known, sum->fresh, per);
}

static void cow_print_legend(bool model_known, FILE *out)
{
    fputs("  pages of 4 KiB; shared: right after the fork; unshared: of these, written since, by "
          "the model; kernel: by the kernel's\n  own account",
          out);
    fputs(model_known
              ? "; differ: pages that only one of the two names; data to buffer: unshared, by the "
                "first store's\n  cause (alloc.: the allocator's own data; links: of free lists)"
              : "",
          out);
    fputs("; dropped: given back; fresh: taken since\n", out);
}

/* ---- run ---- */

static void cow_print_epoch(struct gcr_table *table, const json_t *lane, const json_t *epoch,
                            bool counts_refused)
{
    struct gcr_cow_figures figures = {.counts_refused = counts_refused};
    cow_add_epoch(&figures, epoch);
    gcr_table_row(table);
    gcr_table_cell(table, 0, "%lld", (long long)json_integer_value(json_object_get(lane, "lane")));
    if (json_is_true(json_object_get(epoch, "born")))
        gcr_table_cell(table, 1, "its birth");
    else
        gcr_table_cell(table, 1, "event %llu", (unsigned long long)cow_count(epoch, "fork_event"));
    gcr_table_cell(table, 2, "%s", gcr_text_count(cow_count(epoch, "after_events")).s);
    cow_cells(table, 3, &figures, 1);
}

void gcr_cow_table_print(const json_t *result, const struct gcr_collector *collector,
                         const struct gcr_capabilities *capabilities, FILE *out)
{
    const char *label = gcr_cow_label(capabilities, collector->caps);
    const json_t *lanes = json_object_get(result, "lanes");
    struct gcr_cow_figures all = {0};
    struct gcr_table table;
    size_t printed = 0;
    gcr_cow_add_run(&all, result, GCR_COW_ALL);
    if (all.epochs == 0)
        return;
    gcr_table_begin(&table, "rlrrrrrrrrrrrrrrrr");
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "process");
    gcr_table_cell(&table, 1, "since");
    gcr_table_cell(&table, 2, "events");
    cow_print_heads(&table, 3);
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        const json_t *lane = json_array_get(lanes, i), *epochs = json_object_get(lane, "cow");
        for (size_t k = 0; k < json_array_size(epochs) && printed < COW_MOST_ROWS; k++, printed++)
            cow_print_epoch(&table, lane, json_array_get(epochs, k), label != NULL);
    }
    fputs("\ncopy-on-write, in each process after each fork\n", out);
    gcr_table_end(&table, true, 2, out);
    if (printed < all.epochs)
        fprintf(out, "  ... and %zu more: see the JSON (--json FILE)\n", all.epochs - printed);
    cow_print_legend(all.model_known, out);
    if (label != NULL && all.model_known)
        fprintf(out, "  refused: %s\n", label);
    if (all.refusal != NULL)
        fprintf(out, "  no figure of the kernel: %s\n", all.refusal);
    if (!all.model_known)
        fputs("  no figures of the model: the timed code ran\n", out);
}

/* ---- compare ---- */

static void cow_print_side(const struct gcr_cow_row *rows, size_t count,
                           const struct gcr_capabilities *capabilities, bool born, FILE *out)
{
    struct gcr_table table;
    gcr_table_begin(&table, "lrrrrrrrrrrrrrrrr");
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "back end");
    gcr_table_cell(&table, 1, born ? "children" : "forks");
    cow_print_heads(&table, 2);
    for (size_t i = 0; i < count; i++) {
        struct gcr_cow_figures sum = {
            .counts_refused = gcr_cow_label(capabilities, rows[i].collector->caps) != NULL};
        gcr_cow_add_run(&sum, rows[i].result, born ? GCR_COW_BORN : GCR_COW_FORKED);
        if (sum.epochs == 0)
            continue;
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", rows[i].name);
        gcr_table_cell(&table, 1, "%zu", sum.epochs);
        cow_cells(&table, 2, &sum, sum.epochs);
    }
    gcr_table_end(&table, true, 2, out);
}

void gcr_cow_comparison_print(const struct gcr_cow_row *rows, size_t count,
                              const struct gcr_capabilities *capabilities, FILE *out)
{
    struct gcr_cow_figures all = {0};
    const char *label = NULL;
    for (size_t i = 0; i < count; i++)
        gcr_cow_add_run(&all, rows[i].result, GCR_COW_ALL);
    if (all.epochs == 0)
        return;
    fputs("\ncopy-on-write, per child (mean), from its birth to its next fork or its end:\n", out);
    cow_print_side(rows, count, capabilities, true, out);
    fputs("\ncopy-on-write, per fork (mean), in the process that forked, to its next fork or its "
          "end:\n",
          out);
    cow_print_side(rows, count, capabilities, false, out);
    cow_print_legend(all.any_model, out);
    for (size_t i = 0; i < count && label == NULL; i++)
        label = gcr_cow_label(capabilities, rows[i].collector->caps);
    if (label != NULL && all.any_model)
        fprintf(out, "  refused: %s\n", label);
    for (size_t i = 0; i < count; i++) {
        struct gcr_cow_figures sum = {0};
        gcr_cow_add_run(&sum, rows[i].result, GCR_COW_ALL);
        if (sum.refusal != NULL)
            fprintf(out, "  %s: no figure of the kernel: %s\n", rows[i].name, sum.refusal);
    }
}

/* ---- CSV ---- */

void gcr_cow_csv_head(FILE *out)
{
    fputs(",cow_forks,cow_shared_pages,cow_pages_model,cow_pages_kernel,cow_model_only_pages,"
          "cow_kernel_only_pages",
          out);
    for (size_t i = 0; i < GCR_CAUSE_COUNT_OF; i++)
        fprintf(out, ",cow_%s_pages", gcr_cause_name[i]);
    fputs(",cow_dropped_pages,cow_fresh_pages", out);
}

static void cow_csv_number(FILE *out, bool known, uint64_t value)
{
    if (known)
        fprintf(out, ",%llu", (unsigned long long)value);
    else
        fputc(',', out);
}

void gcr_cow_csv(const struct gcr_cow_figures *figures, FILE *out)
{
    bool any = figures->epochs > 0, both = figures->model_known && figures->kernel_known;
    bool one = figures->model_known || figures->kernel_known;
    cow_csv_number(out, any, figures->epochs);
    cow_csv_number(out, one, figures->shared);
    cow_csv_number(out, figures->model_known, figures->model);
    cow_csv_number(out, figures->kernel_known, figures->kernel);
    cow_csv_number(out, both, figures->model_only);
    cow_csv_number(out, both, figures->kernel_only);
    for (size_t i = 0; i < GCR_CAUSE_COUNT_OF; i++)
        cow_csv_number(out, figures->model_known, figures->by_cause[i]);
    cow_csv_number(out, one, figures->dropped);
    cow_csv_number(out, one, figures->fresh);
}
