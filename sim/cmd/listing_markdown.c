/* docs/cli from the tables; see listing.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/cmd/arguments.h"
#include "sim/cmd/job.h"
#include "sim/cmd/listing.h"
#include "sim/cmd/listing_parts.h"
#include "sim/measure/capability_rules.h"
#include "sim/measure/output.h"
#include "traces/import/importer.h"
#include "workloads/generator.h"

static const char *const generated_note =
    "<!-- Made by scripts/docs.sh from the tables in the source; do not edit. -->\n\n";

/* A cell: '|' would end it. */
static void markdown_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void markdown_options(const struct gcr_option *options, FILE *out)
{
    if (options == NULL || options[0].name == NULL) {
        fputs("No options.\n", out);
        return;
    }
    fputs("| option | default | allowed | meaning |\n|---|---|---|---|\n", out);
    for (const struct gcr_option *option = options; option->name != NULL; option++) {
        char range[128];
        gcr_option_range(option, range, sizeof range);
        fprintf(out, "| `%s` | %s | ", option->name,
                option->fallback != NULL ? option->fallback : "-");
        markdown_cell(out, range);
        fputs(" | ", out);
        markdown_cell(out, option->help);
        fputs(" |\n", out);
    }
}

static void markdown_command(const struct gcr_command *command, FILE *out)
{
    fprintf(out, "%s# gcreplay %s\n\n%s\n\n```\ngcreplay %s %s\n```\n\n", generated_note,
            command->name, command->summary, command->name, command->usage);
    fputs("| argument | meaning |\n|---|---|\n", out);
    for (const struct gcr_flag *flag = command->flags; flag->name != NULL; flag++) {
        char text[128];
        gcr_flag_format(flag, text, sizeof text);
        fprintf(out, "| `%s` | ", text);
        markdown_cell(out, flag->help);
        fprintf(out, "%s |\n",
                flag->kind == GCR_FLAG_REQUIRED && flag->name[0] == '-' ? " (required)" : "");
    }
}

static void markdown_collectors(FILE *out)
{
    size_t count = 0;
    const struct gcr_engine *const *engines = gcr_engines(&count);
    fprintf(out,
            "%s# Back ends and their options\n\nFor `run --set OPTION=VALUE` and "
            "`compare --set NAME.OPTION=VALUE`.\n",
            generated_note);
    for (size_t i = 0; i < count; i++) {
        const struct gcr_collector *collector = gcr_engine_collector(engines[i]);
        const char *cap;
        fprintf(out, "\n## %s\n\n%s.\n\nSource: %s. [The design](../collectors/%s.md).\n",
                collector->name, collector->summary, collector->source, collector->name);
        for (size_t k = 0; (cap = listing_cap_name(collector->caps, k)) != NULL; k++)
            fprintf(out, "%s%s", k > 0 ? ", " : "Properties: ", cap);
        fputs(listing_cap_name(collector->caps, 0) != NULL ? ".\n\n" : "\n", out);
        markdown_options(collector->options, out);
    }
}

static void markdown_generators(FILE *out)
{
    size_t count = 0;
    const struct gcr_generator *const *generators = gcr_generators(&count);
    fprintf(out, "%s# Generators and their options\n\nFor `generate NAME --set OPTION=VALUE`.\n",
            generated_note);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "\n## %s\n\n%s.\n\nSource: %s.\n\n", generators[i]->name,
                generators[i]->summary, generators[i]->source);
        markdown_options(generators[i]->options, out);
    }
}

static void markdown_importers(FILE *out)
{
    size_t count = 0;
    const struct gcr_importer *const *importers = gcr_importers(&count);
    fprintf(out,
            "%s# Importers and their options\n\nFor `import --from NAME --set OPTION=VALUE`. "
            "[What each of them carries over](../importing.md).\n",
            generated_note);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "\n## %s\n\n%s.\n\nSource: %s.\n\n", importers[i]->name, importers[i]->summary,
                importers[i]->source);
        markdown_options(importers[i]->options, out);
    }
}

static void markdown_index(FILE *out)
{
    fprintf(out, "%s# The command line\n\n| command | what it does |\n|---|---|\n", generated_note);
    for (size_t i = 0; gcr_commands[i] != NULL; i++)
        fprintf(out, "| [%s](%s.md) | %s |\n", gcr_commands[i]->name, gcr_commands[i]->name,
                gcr_commands[i]->summary);
    fputs("\nOptions of the [back ends](collectors.md), of the [generators](generators.md) and of "
          "the "
          "[importers](importers.md).\n\n"
          "Exit codes: 0 done, 1 a run failed or a trace is invalid, 2 wrong usage or bad input. "
          "Results go to standard\noutput, errors as one line to standard error. Sizes accept K, M "
          "and G (powers of 1024).\n\n## What a figure needs of the trace\n\n"
          "A figure that a trace cannot support is refused, with the reason.\n\n"
          "| figure | needs | else it is refused because |\n|---|---|---|\n",
          out);
    for (size_t i = 0; i < GCR_FIGURE_COUNT; i++)
        fprintf(out, "| %s | %s | %s |\n", gcr_figure_rules[i].figure, gcr_figure_rules[i].needs,
                gcr_figure_rules[i].reason);
}

/* Exactly one of command and write is given. */
static gcr_status markdown_page(const char *directory, const char *name,
                                const struct gcr_command *command, void (*write)(FILE *out),
                                struct gcr_error *err)
{
    char path[4096];
    struct gcr_output output;
    snprintf(path, sizeof path, "%s/%s.md", directory, name);
    gcr_status status = gcr_output_open(&output, path, err);
    if (status != GCR_OK)
        return status;
    if (command != NULL)
        markdown_command(command, output.file);
    else
        write(output.file);
    return gcr_output_close(&output, err);
}

gcr_status gcr_listing_write_markdown(const char *directory, struct gcr_error *err)
{
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: cannot make the directory: %s", directory,
                        strerror(errno));
    gcr_status status = markdown_page(directory, "README", NULL, markdown_index, err);
    if (status == GCR_OK)
        status = markdown_page(directory, "collectors", NULL, markdown_collectors, err);
    if (status == GCR_OK)
        status = markdown_page(directory, "generators", NULL, markdown_generators, err);
    if (status == GCR_OK)
        status = markdown_page(directory, "importers", NULL, markdown_importers, err);
    for (size_t i = 0; gcr_commands[i] != NULL && status == GCR_OK; i++)
        status = markdown_page(directory, gcr_commands[i]->name, gcr_commands[i], NULL, err);
    return status;
}
