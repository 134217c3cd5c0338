/* One importer (GCR_FUZZ_IMPORTER): any bytes as its input, plain or compressed. What it takes must
 * be a readable trace whose dump gives the same file; what it refuses has a message of one line and
 * leaves no file. The input's length decides the importer's choices, so that inputs stay plain
 * files that `gcreplay import` can be given. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "traces/import/importer.h"

static void import_set_choice(struct gcr_option_values *values, const struct gcr_option *row,
                              size_t number)
{
    char word[64] = "";
    size_t choices = 1;
    for (const char *p = row->choices; *p != '\0'; p++)
        choices += *p == '|';
    const char *begin = row->choices;
    for (number %= choices; number > 0; number--)
        begin = strchr(begin, '|') + 1;
    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(begin, "|"), begin);
    struct gcr_error err = {""};
    if (gcr_option_set(values, row->name, word, &err) != GCR_OK)
        fuzz_found("a choice cannot be chosen", err.text);
}

static void import_choose_options(const struct gcr_importer *importer, size_t size,
                                  struct gcr_option_values *values)
{
    gcr_options_init(importer->options, values);
    for (const struct gcr_option *row = importer->options; row->name != NULL; row++) {
        struct gcr_error err = {""};
        if (row->type == GCR_OPT_CHOICE)
            import_set_choice(values, row, size);
        else if (row->type == GCR_OPT_FLAG &&
                 gcr_option_set(values, row->name, size % 2 == 0 ? "on" : "off", &err) != GCR_OK)
            fuzz_found("a flag cannot be set", err.text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct gcr_error err = {""};
    struct gcr_option_values values;
    struct gcr_import_report report;
    const struct gcr_importer *importer = gcr_importer_find(GCR_FUZZ_IMPORTER);
    if (importer == NULL)
        fuzz_found("there is no such importer", GCR_FUZZ_IMPORTER);
    (void)importer->recognises((const char *)data, size < 4096 ? size : 4096);
    import_choose_options(importer, size, &values);
    (void)fuzz_path("imported.gct", path);
    gcr_status status = gcr_import_memory(importer, &values, data, size, path, &report, &err);
    if (status == GCR_OK) {
        fuzz_round_trip(path);
        if (!fuzz_read_trace(path) || unlink(path) != 0)
            fuzz_found("an imported trace cannot be read", path);
        return 0;
    }
    if (status != GCR_BAD_INPUT)
        fuzz_found("an input is refused for another reason than the input", err.text);
    if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        fuzz_found("no message, or one of more than one line", err.text);
    if (access(path, F_OK) == 0)
        fuzz_found("a refused input leaves a file", path);
    return 0;
}
