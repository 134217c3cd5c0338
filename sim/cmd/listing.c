/* Text and JSON listings; see listing.h. */
#include "sim/cmd/listing.h"

#include "sim/cmd/job.h"
#include "sim/cmd/listing_parts.h"
#include "sim/cmd/table.h"
#include "traces/import/importer.h"
#include "workloads/generator.h"

static const struct {
    uint32_t cap;
    const char *name;
} cap_names[] = {
    {GCR_CAP_COLLECTS, "collects"},         {GCR_CAP_MOVING, "moving"},
    {GCR_CAP_GENERATIONAL, "generational"}, {GCR_CAP_REFCOUNTING, "refcounting"},
    {GCR_CAP_CONCURRENT, "concurrent"},     {GCR_CAP_BARRIER, "write-barrier"},
    {GCR_CAP_COUNTS_ROOTS, "counts-roots"}, {GCR_CAP_COUNTS_LOADS, "counts-loads"},
    {GCR_CAP_PRECISE, "precise"},           {GCR_CAP_NEEDS_DEATHS, "needs-deaths"},
    {GCR_CAP_NO_MODEL, "no-model"},         {GCR_CAP_THREADS, "threads"},
};

const char *listing_cap_name(uint32_t caps, size_t i)
{
    for (size_t k = 0; k < GCR_COUNT_OF(cap_names); k++)
        if ((caps & cap_names[k].cap) != 0 && i-- == 0)
            return cap_names[k].name;
    return NULL;
}

static void listing_print_options(const struct gcr_option *options, FILE *out)
{
    struct gcr_table table;
    if (options == NULL || options[0].name == NULL) {
        fputs("    no options\n", out);
        return;
    }
    gcr_table_begin(&table, "llll");
    gcr_table_row(&table);
    static const char *const heads[] = {"option", "default", "allowed", "meaning"};
    for (unsigned i = 0; i < GCR_COUNT_OF(heads); i++)
        gcr_table_cell(&table, i, "%s", heads[i]);
    for (const struct gcr_option *option = options; option->name != NULL; option++) {
        char range[128];
        gcr_option_range(option, range, sizeof range);
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", option->name);
        gcr_table_cell(&table, 1, "%s", option->fallback != NULL ? option->fallback : "-");
        gcr_table_cell(&table, 2, "%s", range);
        gcr_table_cell(&table, 3, "%s", option->help);
    }
    gcr_table_end(&table, true, 4, out);
}

void gcr_listing_print_collectors(FILE *out)
{
    size_t count = 0;
    const struct gcr_engine *const *engines = gcr_engines(&count);
    for (size_t i = 0; i < count; i++) {
        const struct gcr_collector *collector = gcr_engine_collector(engines[i]);
        const char *cap;
        fprintf(out, "%s%s: %s\n    source: %s\n    is: ", i > 0 ? "\n" : "", collector->name,
                collector->summary, collector->source);
        for (size_t k = 0; (cap = listing_cap_name(collector->caps, k)) != NULL; k++)
            fprintf(out, "%s%s", k > 0 ? ", " : "", cap);
        fprintf(out, "%s\n", listing_cap_name(collector->caps, 0) == NULL ? "no collector" : "");
        listing_print_options(collector->options, out);
    }
}

void gcr_listing_print_generators(FILE *out)
{
    size_t count = 0;
    const struct gcr_generator *const *generators = gcr_generators(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s: %s\n    source: %s\n", i > 0 ? "\n" : "", generators[i]->name,
                generators[i]->summary, generators[i]->source);
        listing_print_options(generators[i]->options, out);
    }
}

void gcr_listing_print_importers(FILE *out)
{
    size_t count = 0;
    const struct gcr_importer *const *importers = gcr_importers(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s: %s\n    source: %s\n", i > 0 ? "\n" : "", importers[i]->name,
                importers[i]->summary, importers[i]->source);
        listing_print_options(importers[i]->options, out);
    }
}

/* ---- JSON ---- */

static json_t *listing_json_options(const struct gcr_option *options)
{
    static const char *const types[] = {[GCR_OPT_FLAG] = "flag",
                                        [GCR_OPT_COUNT] = "count",
                                        [GCR_OPT_BYTES] = "bytes",
                                        [GCR_OPT_RATIO] = "ratio",
                                        [GCR_OPT_CHOICE] = "choice",
                                        [GCR_OPT_TEXT] = "text",
                                        [GCR_OPT_CACHE_BYTES] = "bytes or share of a cache"};
    json_t *out = json_array();
    for (const struct gcr_option *option = options; option != NULL && option->name != NULL;
         option++) {
        char range[128];
        gcr_option_range(option, range, sizeof range);
        json_array_append_new(out, json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s}", "name",
                                             option->name, "type", types[option->type], "unit",
                                             option->unit, "default", option->fallback, "allowed",
                                             range, "help", option->help));
    }
    return out;
}

static json_t *listing_json_collector(const struct gcr_collector *collector)
{
    json_t *caps = json_array();
    const char *cap;
    for (size_t i = 0; (cap = listing_cap_name(collector->caps, i)) != NULL; i++)
        json_array_append_new(caps, json_string(cap));
    return json_pack("{s:s, s:s, s:s, s:o, s:i, s:o}", "name", collector->name, "summary",
                     collector->summary, "source", collector->source, "capabilities", caps,
                     "generations", (int)collector->generations, "options",
                     listing_json_options(collector->options));
}

/* A generator or an importer. */
static json_t *listing_json_source(const char *name, const char *summary, const char *source,
                                   const struct gcr_option *options)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "name", name, "summary", summary, "source", source,
                     "options", listing_json_options(options));
}

json_t *gcr_listing_json(void)
{
    size_t count = 0;
    json_t *collectors = json_array(), *all_generators = json_array(),
           *all_importers = json_array();
    const struct gcr_engine *const *engines = gcr_engines(&count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(collectors, listing_json_collector(gcr_engine_collector(engines[i])));
    const struct gcr_generator *const *generators = gcr_generators(&count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all_generators,
                              listing_json_source(generators[i]->name, generators[i]->summary,
                                                  generators[i]->source, generators[i]->options));
    const struct gcr_importer *const *importers = gcr_importers(&count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all_importers,
                              listing_json_source(importers[i]->name, importers[i]->summary,
                                                  importers[i]->source, importers[i]->options));
    return json_pack("{s:s, s:o, s:o, s:o}", "schema", "gcreplay-list-1", "collectors", collectors,
                     "generators", all_generators, "importers", all_importers);
}
