/* gcreplay list: back ends, generators and importers with their options. */
#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/listing.h"
#include "sim/measure/output.h"

static const struct gcr_flag list_flags[] = {
    {"--json", 0, "FILE", "as JSON; alone: to standard output", GCR_FLAG_OPTIONAL, "-"},
    {"--markdown", 0, "DIR", "write the reference pages (docs/cli) into this directory",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

static gcr_status list_write_json(const char *path, struct gcr_error *err)
{
    json_t *listing = gcr_listing_json();
    if (listing == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the list");
    gcr_status status = gcr_output_json(path, listing, err);
    json_decref(listing);
    return status;
}

static gcr_status list_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *json = gcr_argument(arguments, "--json");
    const char *directory = gcr_argument(arguments, "--markdown");
    if (directory != NULL) {
        gcr_status status = gcr_listing_write_markdown(directory, err);
        if (status != GCR_OK || json == NULL)
            return status;
    }
    if (json != NULL)
        return list_write_json(json, err);
    fputs("BACK ENDS (run -c NAME --set OPTION=VALUE)\n\n", stdout);
    gcr_listing_print_collectors(stdout);
    fputs("\nGENERATORS (generate NAME --set OPTION=VALUE)\n\n", stdout);
    gcr_listing_print_generators(stdout);
    fputs("\nIMPORTERS (import --from NAME --set OPTION=VALUE)\n\n", stdout);
    gcr_listing_print_importers(stdout);
    return GCR_OK;
}

const struct gcr_command gcr_cmd_list = {
    .name = "list",
    .summary = "show back ends, generators and importers with their options",
    .usage = "[--json[=FILE]] [--markdown DIR]",
    .flags = list_flags,
    .run = list_run,
};
