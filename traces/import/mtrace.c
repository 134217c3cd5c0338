/* glibc's mtrace: the log that mtrace() writes to $MALLOC_TRACE.
 *
 *     = Start                           tracing began; "= End": muntrace()
 *     @ CALLER:[ADDRESS] + BLOCK SIZE   malloc, calloc, aligned_alloc ...
 *     @ ... - BLOCK                     free, and realloc to size 0
 *     @ ... < OLD                       realloc, whose next line is
 *     @ ... > NEW SIZE
 *     @ ... ! OLD SIZE                  a realloc that found no memory: nothing changed
 *
 * "@ CALLER " may be missing. Addresses are 0x and hexadecimal digits, or (nil); sizes the same,
 * and 0 without 0x. A failed malloc is a "+" of (nil). Each line, and each pair, is written under a
 * lock: their order is total. Of processes that fork with an open log, both write into it; that
 * cannot be seen. Source: glibc malloc/mtrace-impl.c, and files recorded with 2.36. */
#include <stdio.h>
#include <string.h>

#include "traces/import/blocks.h"
#include "traces/import/registry.h"
#include "traces/import/scan.h"

struct mtrace {
    const struct gcr_import *import;
    struct blocks blocks;
    struct gcr_error *err;
    bool has_old; /* "<" was the line before */
    uint64_t old;
    uint64_t failed;
};

/* The record behind "@ CALLER ", whose path may have spaces: it ends at the last "] ". */
static const char *mtrace_record(const char *line)
{
    if (line[0] != '@')
        return line;
    const char *end = NULL;
    for (const char *p = line; (p = strstr(p, "] ")) != NULL; p++)
        end = p;
    return end != NULL ? end + 2 : NULL;
}

static bool mtrace_number(const char **text, uint64_t *number)
{
    if (strncmp(*text, "(nil)", 5) == 0) {
        *text += 5;
        *number = 0;
        return true;
    }
    bool is_hex = (*text)[0] == '0' && (*text)[1] == 'x';
    *text += is_hex ? 2 : 0;
    return scan_number(text, is_hex ? 16 : 10, number);
}

/* "ADDRESS" or "ADDRESS SIZE", to the line's end. */
static gcr_status mtrace_operands(struct mtrace *m, const char *text, uint64_t *address,
                                  uint64_t *size)
{
    if (!mtrace_number(&text, address))
        return gcr_import_bad_line(m->import, m->err, "expected an address, found '%.40s'", text);
    if (size != NULL && (*text++ != ' ' || !mtrace_number(&text, size)))
        return gcr_import_bad_line(m->import, m->err, "expected a size after the address");
    if (*text != '\0')
        return gcr_import_bad_line(m->import, m->err, "unexpected '%.40s' at the end", text);
    return GCR_OK;
}

static gcr_status mtrace_check_size(const struct mtrace *m, uint64_t size)
{
    return size <= BLOCKS_MAX_BYTES
               ? GCR_OK
               : gcr_import_bad_line(m->import, m->err, "no block has %llu bytes",
                                     (unsigned long long)size);
}

static gcr_status mtrace_allocation(struct mtrace *m, char letter, const char *operands)
{
    uint64_t address = 0, size = 0;
    gcr_status status = mtrace_operands(m, operands, &address, &size);
    if (status != GCR_OK)
        return status;
    if (letter == '!' || address == 0) {
        m->failed++;
        return GCR_OK;
    }
    status = mtrace_check_size(m, size);
    if (status != GCR_OK)
        return status;
    if (letter == '>')
        blocks_realloc(&m->blocks, m->old, address, size);
    else
        blocks_alloc(&m->blocks, address, size);
    m->has_old = false;
    return GCR_OK;
}

static gcr_status mtrace_release(struct mtrace *m, char letter, const char *operands)
{
    uint64_t address = 0;
    gcr_status status = mtrace_operands(m, operands, &address, NULL);
    if (status != GCR_OK)
        return status;
    if (letter == '<') {
        m->old = address;
        m->has_old = true;
    } else if (address != 0) {
        blocks_free(&m->blocks, address);
    }
    return GCR_OK;
}

static gcr_status mtrace_line(struct mtrace *m, const char *line, size_t length)
{
    const char *record = strlen(line) == length ? mtrace_record(line) : NULL;
    if (record != NULL && (strcmp(record, "= Start") == 0 || strcmp(record, "= End") == 0))
        return GCR_OK;
    if (record == NULL || record[0] == '\0' || strchr("+-<>!", record[0]) == NULL ||
        record[1] != ' ')
        return gcr_import_bad_line(m->import, m->err, "not a line of mtrace: '%.60s'", line);
    if ((record[0] == '>') != m->has_old)
        return gcr_import_bad_line(m->import, m->err,
                                   m->has_old ? "expected '>' after the line with '<'"
                                              : "'>' without '<' in the line before");
    if (record[0] == '-' || record[0] == '<')
        return mtrace_release(m, record[0], record + 2);
    return mtrace_allocation(m, record[0], record + 2);
}

static gcr_status mtrace_run(const struct gcr_import *import, struct gcr_error *err)
{
    struct mtrace m = {.import = import, .err = err};
    gcr_status status = GCR_OK;
    blocks_init(&m.blocks, import->target, err);
    while (status == GCR_OK && !blocks_failed(&m.blocks)) {
        char *line;
        size_t length;
        status = gcr_input_line(import->input, &line, &length, err);
        if (status != GCR_OK || line == NULL)
            break;
        status = mtrace_line(&m, line, length);
    }
    struct gcr_import_report *report = import->report;
    if (m.has_old)
        snprintf(report->truncated, sizeof report->truncated,
                 "the last reallocation has no second line");
    gcr_status finished = blocks_finish(&m.blocks, report);
    gcr_import_note(report, "failed", "allocations that found no memory", m.failed, false);
    return status != GCR_OK ? status : finished;
}

static struct gcr_capabilities mtrace_capabilities(const struct gcr_option_values *options)
{
    (void)options;
    return blocks_capabilities();
}

static bool mtrace_recognises(const char *head, size_t bytes)
{
    static const char start[] = "= Start";
    return bytes >= sizeof start - 1 && memcmp(head, start, sizeof start - 1) == 0;
}

static const struct gcr_option mtrace_options[] = {{0}};

const struct gcr_importer gcr_importer_mtrace = {
    .name = "mtrace",
    .summary = "the log of glibc's mtrace(): blocks allocated and freed, without pointers",
    .source = "GNU C library, malloc/mtrace; recorded with 2.36",
    .options = mtrace_options,
    .ends_lines = true,
    .capabilities = mtrace_capabilities,
    .recognises = mtrace_recognises,
    .run = mtrace_run,
};
