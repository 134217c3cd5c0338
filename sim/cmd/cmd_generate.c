/* gcreplay generate: the trace of a synthetic program. */
#include <string.h>
#include <sys/stat.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/listing.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/table.h"
#include "sim/measure/output.h"
#include "workloads/generator.h"

static const struct gcr_flag generate_flags[] = {
    {"NAME", 0, NULL, "generator, as --list shows it", GCR_FLAG_OPTIONAL, NULL},
    {"--set", 0, "OPTION=VALUE", "option of the generator", GCR_FLAG_REPEATED, NULL},
    {"--output", 'o', "TRACE", "trace file to write", GCR_FLAG_OPTIONAL, NULL},
    {"--list", 0, NULL, "show all generators and their options", GCR_FLAG_OPTIONAL, NULL},
    {0}};

static gcr_status generate_unknown(const char *name, struct gcr_error *err)
{
    char known[256] = "";
    size_t count = 0, used = 0;
    const struct gcr_generator *const *generators = gcr_generators(&count);
    for (size_t i = 0; i < count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                                 generators[i]->name);
    return gcr_fail(err, GCR_USAGE, "no generator is named '%.64s'; known: %s", name, known);
}

static void generate_print_facts(const char *path, const struct gcr_generator_facts *facts)
{
    struct stat info;
    uint64_t bytes = stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
    printf("%s: %llu events, %u process%s, %s on disk (%.2f bytes an event)\n", path,
           (unsigned long long)facts->events, facts->lanes, facts->lanes == 1 ? "" : "es",
           gcr_text_bytes(bytes).s, (double)bytes / (double)facts->events);
    printf("peak live in the first process: %llu objects, %llu bytes (%s)\n",
           (unsigned long long)facts->peak_live_objects, (unsigned long long)facts->peak_live_bytes,
           gcr_text_bytes(facts->peak_live_bytes).s);
    if (facts->lanes > 1 && facts->most_live_bytes > 0)
        printf("peak live in any process: %llu objects, %llu bytes (%s)\n",
               (unsigned long long)facts->most_live_objects,
               (unsigned long long)facts->most_live_bytes,
               gcr_text_bytes(facts->most_live_bytes).s);
}

static gcr_status generate_write(const struct gcr_generator *generator,
                                 const struct gcr_arguments *arguments, const char *path,
                                 struct gcr_error *err)
{
    struct gcr_option_values options;
    struct gcr_generator_facts facts;
    gcr_options_init(generator->options, &options);
    const char *assignment;
    for (size_t i = 0; (assignment = gcr_argument_at(arguments, "--set", i)) != NULL; i++) {
        gcr_status status = gcr_option_assign(&options, generator->name, assignment, err);
        if (status != GCR_OK)
            return status;
    }
    gcr_status status = gcr_output_check_trace_path(path, err);
    if (status == GCR_OK)
        status = generator->facts(&options, &facts, err);
    if (status != GCR_OK)
        return status;
    struct gcr_bar bar;
    gcr_bar_begin_events(&bar, generator->name, facts.events);
    status = gcr_generate_file(generator, &options, path, gcr_bar_count, &bar, err);
    gcr_bar_end(&bar);
    if (status == GCR_OK)
        generate_print_facts(path, &facts);
    return status;
}

static gcr_status generate_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *name = gcr_argument(arguments, "NAME"), *path = gcr_argument(arguments, "--output");
    if (gcr_argument(arguments, "--list") != NULL) {
        gcr_listing_print_generators(stdout);
        return GCR_OK;
    }
    if (name == NULL)
        return gcr_fail(err, GCR_USAGE, "generate: missing NAME (see 'gcreplay generate --list')");
    const struct gcr_generator *generator = gcr_generator_find(name);
    if (generator == NULL)
        return generate_unknown(name, err);
    if (path == NULL)
        return gcr_fail(err, GCR_USAGE, "generate: missing -o TRACE");
    return generate_write(generator, arguments, path, err);
}

const struct gcr_command gcr_cmd_generate = {
    .name = "generate",
    .summary = "write the trace of a synthetic program",
    .usage = "NAME [--set OPTION=VALUE]... -o TRACE | --list",
    .flags = generate_flags,
    .run = generate_run,
};
