/* Imports from memory for tests; see import_kit.h. */
#include "tests/import/import_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "traces/text.h"

static void kit_options(const struct gcr_importer *importer, const char *options, char *words,
                        size_t size, struct gcr_option_values *values)
{
    struct gcr_error err = {""};
    gcr_options_init(importer->options, values);
    snprintf(words, size, "%s", options); /* values point into it */
    char *rest = words;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        if (gcr_option_assign(values, importer->name, word, &err) != GCR_OK)
            fail_msg("%s", err.text);
}

static void kit_look(struct imported *out)
{
    struct gcr_reader *reader = NULL;
    size_t size = 0;
    if (gcr_reader_open(out->path, &reader, &out->err) != GCR_OK ||
        gcr_check_trace(reader, &out->facts, &out->err) != GCR_OK)
        fail_msg("%s", out->err.text);
    FILE *text = open_memstream(&out->text, &size);
    assert_non_null(text);
    if (gcr_text_dump(reader, -1, text, &out->err) != GCR_OK)
        fail_msg("%s", out->err.text);
    fclose(text);
    gcr_reader_close(reader);
}

struct imported import_bytes(const char *importer, const char *options, const void *bytes,
                             size_t size)
{
    struct imported out = {.err = {""}};
    struct gcr_option_values values;
    char words[512];
    const struct gcr_importer *found = gcr_importer_find(importer);
    assert_non_null(found);
    kit_options(found, options, words, sizeof words, &values);
    snprintf(out.path, sizeof out.path, "imported-%ld.gct", (long)getpid());
    out.status = gcr_import_memory(found, &values, bytes, size, out.path, &out.report, &out.err);
    if (out.status == GCR_OK)
        kit_look(&out);
    else
        assert_int_equal(access(out.path, F_OK), -1);
    return out;
}

struct imported import_text(const char *importer, const char *options, const char *text)
{
    return import_bytes(importer, options, text, strlen(text));
}

void imported_free(struct imported *imported)
{
    free(imported->text);
    imported->text = NULL;
    (void)unlink(imported->path);
}

uint64_t imported_count(const struct imported *imported, const char *name)
{
    for (size_t i = 0; i < imported->report.count; i++)
        if (strcmp(imported->report.notes[i].name, name) == 0)
            return imported->report.notes[i].count;
    fail_msg("no count is named %s", name);
    return 0;
}

void expect_events(const struct imported *imported, const char *events)
{
    char *got = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&got, &size);
    static const char *const heads[] = {"gct ",  "zstd ", "blocks ", "capabilities ",
                                        "meta ", "lane ", "block\n"};
    for (const char *line = imported->text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t length = end != NULL ? (size_t)(end - line) + 1 : strlen(line);
        bool is_head = false;
        for (size_t i = 0; i < GCR_COUNT_OF(heads); i++)
            is_head |= strncmp(line, heads[i], strlen(heads[i])) == 0;
        if (!is_head)
            fwrite(line, 1, length, out);
        line += length;
    }
    fclose(out);
    assert_string_equal(got, events);
    free(got);
}

void expect_refused(const char *importer, const char *options, const char *text,
                    const char *message)
{
    struct imported got = import_text(importer, options, text);
    assert_int_equal(got.status, GCR_BAD_INPUT);
    if (strstr(got.err.text, message) == NULL)
        fail_msg("expected '%s', found '%s'", message, got.err.text);
    imported_free(&got);
}
