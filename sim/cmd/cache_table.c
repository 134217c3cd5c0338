/* The cache model's tables; see cache_table.h. Misses are given per KiB allocated too: rates would
 * depend on how many accesses the compiler has left. */
#include "sim/cmd/cache_table.h"

#include <math.h>
#include <string.h>

#include "sim/cmd/figures.h"
#include "sim/cmd/table.h"

const char gcr_cache_csv_head[] =
    ",cache_reads,cache_writes,l1_misses,l2_misses,llc_misses,tlb1_misses,tlb2_misses,"
    "llc_writebacks,memory_bytes";

struct cache_row {
    uint64_t reads, writes, l1, l2, llc, tlb1, tlb2, writebacks, memory_bytes;
};

static uint64_t cache_count(const json_t *counts, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(counts, name));
}

static struct cache_row cache_read(const json_t *counts)
{
    return (struct cache_row){
        .reads = cache_count(counts, "reads"),
        .writes = cache_count(counts, "writes"),
        .l1 = cache_count(counts, "l1_read_misses") + cache_count(counts, "l1_write_misses"),
        .l2 = cache_count(counts, "l2_read_misses") + cache_count(counts, "l2_write_misses"),
        .llc = cache_count(counts, "llc_read_misses") + cache_count(counts, "llc_write_misses"),
        .tlb1 = cache_count(counts, "tlb1_misses"),
        .tlb2 = cache_count(counts, "tlb2_misses"),
        .writebacks = cache_count(counts, "llc_writebacks"),
        .memory_bytes =
            cache_count(counts, "memory_read_bytes") + cache_count(counts, "memory_write_bytes"),
    };
}

bool gcr_cache_is_known(const json_t *result)
{
    return json_is_object(json_object_get(result, "cache"));
}

/* ---- the machine ---- */

static void cache_print_level(const json_t *model, const char *name, const char *title, FILE *out)
{
    const json_t *level = json_object_get(model, name);
    if (!json_is_object(level))
        return;
    const char *source = json_string_value(json_object_get(level, "source"));
    long long ways = (long long)json_integer_value(json_object_get(level, "ways"));
    const json_t *bytes = json_object_get(level, "bytes");
    if (json_is_integer(bytes))
        fprintf(out, ", %s %s/%lld (%s)", title,
                gcr_text_bytes((uint64_t)json_integer_value(bytes)).s, ways, source);
    else
        fprintf(out, ", %s %lld/%lld (%s)", title,
                (long long)json_integer_value(json_object_get(level, "entries")), ways, source);
}

void gcr_cache_print_machine(const json_t *result, FILE *out)
{
    const json_t *model = json_object_get(result, "model");
    fprintf(out, "%s", json_string_value(json_object_get(model, "profile")));
    cache_print_level(model, "l1", "L1D", out);
    cache_print_level(model, "l2", "L2", out);
    cache_print_level(model, "llc", "LLC", out);
    cache_print_level(model, "tlb1", "TLB1", out);
    cache_print_level(model, "tlb2", "TLB2", out);
    fprintf(out, ", prefetcher %s%s\n",
            json_is_true(json_object_get(model, "prefetch")) ? "on" : "off",
            json_is_true(json_object_get(model, "repeatable"))
                ? ""
                : "; addresses were randomised: the last digits will differ next time");
}

/* ---- cells ---- */

static const char *const cache_heads[] = {"reads",      "writes", "L1 misses", "L2 misses",
                                          "LLC misses", "TLB1",   "walks",     "write-backs",
                                          "memory",     "L1/KiB", "L2/KiB",    "LLC/KiB"};
enum { CACHE_CELLS = 12 };

static void cache_put_heads(struct gcr_table *table, unsigned first)
{
    _Static_assert(GCR_COUNT_OF(cache_heads) == CACHE_CELLS, "every column has its head");
    for (unsigned i = 0; i < CACHE_CELLS; i++)
        gcr_table_cell(table, first + i, "%s", cache_heads[i]);
}

static void cache_put_per_kib(struct gcr_table *table, unsigned column, uint64_t misses, double kib)
{
    if (kib > 0)
        gcr_table_cell(table, column, "%.3g", (double)misses / kib);
    else
        gcr_table_cell(table, column, "-");
}

static void cache_put_row(struct gcr_table *table, unsigned first, const struct cache_row *row,
                          double allocated_kib)
{
    const uint64_t counts[] = {row->reads, row->writes, row->l1,   row->l2,
                               row->llc,   row->tlb1,   row->tlb2, row->writebacks};
    unsigned column = first;
    for (size_t i = 0; i < GCR_COUNT_OF(counts); i++)
        gcr_table_cell(table, column++, "%s", gcr_text_count(counts[i]).s);
    gcr_table_cell(table, column++, "%s", gcr_text_bytes(row->memory_bytes).s);
    cache_put_per_kib(table, column++, row->l1, allocated_kib);
    cache_put_per_kib(table, column++, row->l2, allocated_kib);
    cache_put_per_kib(table, column, row->llc, allocated_kib);
}

static double cache_allocated_kib(const json_t *result)
{
    return json_number_value(gcr_json_at(result, "objects.allocated_bytes")) / 1024;
}

static const char cache_legend[] =
    "LLC: last-level cache; walks: misses of both TLB levels; write-backs: dirty lines to memory; "
    "memory:\nbytes read and written there; /KiB: misses per KiB that the program allocated\n";

/* ---- tables ---- */

void gcr_cache_print_run(const json_t *result, FILE *out)
{
    const json_t *cache = json_object_get(result, "cache");
    double kib = cache_allocated_kib(result);
    const char *name;
    json_t *counts;
    struct gcr_table table;
    gcr_table_begin(&table, "lrrrrrrrrrrrr");
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "phase");
    cache_put_heads(&table, 1);
    json_object_foreach(json_object_get(cache, "phases"), name, counts)
    {
        struct cache_row row = cache_read(counts);
        if (row.reads + row.writes == 0)
            continue;
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", name);
        cache_put_row(&table, 1, &row, kib);
    }
    struct cache_row total = cache_read(json_object_get(cache, "total"));
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "all");
    cache_put_row(&table, 1, &total, kib);
    fputs("\ncache model  ", out);
    gcr_cache_print_machine(result, out);
    gcr_table_end(&table, true, 2, out);
    fputs(cache_legend, out);
}

static void cache_print_compared(const struct gcr_comparison_row *run, struct gcr_table *table)
{
    gcr_table_row(table);
    gcr_table_cell(table, 0, "%s", gcr_comparison_row_name(run));
    if (run->result == NULL || !run->figures.is_known || !gcr_cache_is_known(run->result)) {
        gcr_table_cell(table, CACHE_CELLS + 2, "%s",
                       run->was_refused      ? "not run"
                       : run->result == NULL ? "failed"
                                             : run->figures.outcome);
        return;
    }
    struct cache_row row = cache_read(gcr_json_at(run->result, "cache.total"));
    gcr_table_cell(table, 1, "%s", gcr_text_bytes(run->figures.footprint_peak_bytes).s);
    cache_put_row(table, 2, &row, cache_allocated_kib(run->result));
    gcr_table_cell(table, CACHE_CELLS + 2, "%s", run->figures.outcome);
}

void gcr_cache_print_comparison(const struct gcr_comparison *comparison, FILE *out)
{
    struct gcr_table table;
    const json_t *any = NULL;
    gcr_table_begin(&table, "lrrrrrrrrrrrrrl");
    gcr_table_row(&table);
    gcr_table_cell(&table, 0, "back end");
    gcr_table_cell(&table, 1, "footprint");
    cache_put_heads(&table, 2);
    gcr_table_cell(&table, CACHE_CELLS + 2, "outcome");
    for (size_t i = 0; i < comparison->row_count; i++) {
        cache_print_compared(&comparison->rows[i], &table);
        if (any == NULL && gcr_cache_is_known(comparison->rows[i].result))
            any = comparison->rows[i].result;
    }
    gcr_table_end(&table, true, 0, out);
    fputs("\ncache model: ", out);
    if (any != NULL)
        gcr_cache_print_machine(any, out);
    else
        fputs("no run was modelled\n", out);
    fputs(cache_legend, out);
}

void gcr_cache_csv(const json_t *run_or_lane, FILE *out)
{
    if (!gcr_cache_is_known(run_or_lane)) {
        fputs(",,,,,,,,,", out);
        return;
    }
    struct cache_row row = cache_read(gcr_json_at(run_or_lane, "cache.total"));
    const uint64_t counts[] = {row.reads, row.writes, row.l1,         row.l2,          row.llc,
                               row.tlb1,  row.tlb2,   row.writebacks, row.memory_bytes};
    for (size_t i = 0; i < GCR_COUNT_OF(counts); i++)
        fprintf(out, ",%llu", (unsigned long long)counts[i]);
}
