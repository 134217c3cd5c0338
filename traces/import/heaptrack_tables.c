/* heaptrack: operands, the head of a file, and the tables of strings, addresses, call paths and
 * classes. Of the tables only sizes of classes are used; the rest is read for its bounds, so that a
 * damaged file is found out. */
#include "traces/import/heaptrack.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "traces/import/scan.h"

/* ---- operands ---- */

static gcr_status heaptrack_expect(const struct heaptrack *h, const char *line, const char *what)
{
    return gcr_import_bad_line(h->import, h->err, "'%c': expected %s, found '%.60s'", line[0], what,
                               line + 1);
}

bool heaptrack_numbers(const char *text, const char *end, uint64_t *numbers, size_t least,
                       size_t most, size_t *count)
{
    size_t n = 0;
    while (text < end) {
        if (n == most || *text++ != ' ' || !scan_number(&text, 16, &numbers[n++]))
            return false;
    }
    *count = n;
    return n >= least;
}

gcr_status heaptrack_operands(const struct heaptrack *h, const char *line, size_t length,
                              uint64_t *numbers, size_t count, const char *what)
{
    size_t found;
    return heaptrack_numbers(line + 1, line + length, numbers, count, count, &found)
               ? GCR_OK
               : heaptrack_expect(h, line, what);
}

gcr_status heaptrack_check_index(const struct heaptrack *h, const char *what, uint64_t index,
                                 uint64_t defined)
{
    return index <= defined
               ? GCR_OK
               : gcr_import_bad_line(h->import, h->err,
                                     "%s %" PRIu64 " is not defined; there are %" PRIu64, what,
                                     index, defined);
}

/* Skips " LENGTH BYTES", whose bytes may go on over line ends. *rest is what is behind them in the
 * line in which they end, NULL if the input ends before. */
static gcr_status heaptrack_skip_string(struct heaptrack *h, char *line, size_t length,
                                        const char **rest, const char **end)
{
    const char *text = line + 1;
    uint64_t bytes = 0;
    *rest = NULL;
    if (*text++ != ' ' || !scan_number(&text, 16, &bytes) || *text++ != ' ' ||
        bytes > HEAPTRACK_LONGEST_STRING)
        return heaptrack_expect(h, line, "a string's length and the string");
    size_t left = (size_t)(line + length - text);
    while (bytes > left) {
        bytes -= left;
        size_t line_end = gcr_input_line_end(h->import->input);
        gcr_status status = gcr_input_line(h->import->input, &line, &length, h->err);
        if (status != GCR_OK || line == NULL) {
            (void)snprintf(h->import->report->truncated, sizeof h->import->report->truncated,
                           "the input ends within a string");
            return status;
        }
        /* A string can end between the CR and the LF of a line. */
        bytes -= bytes < line_end ? bytes : line_end;
        text = line;
        left = length;
    }
    *rest = text + bytes;
    *end = line + length;
    return GCR_OK;
}

/* ---- the head of a file ---- */

static gcr_status heaptrack_set_form(struct heaptrack *h, enum heaptrack_form form, char letter)
{
    if (h->form == FORM_UNKNOWN)
        h->form = form;
    if (h->form == form)
        return GCR_OK;
    return gcr_import_bad_line(h->import, h->err, "a record '%c' in %s file", letter,
                               h->form == FORM_RAW ? "a raw" : "an interpreted");
}

gcr_status heaptrack_version(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t numbers[2];
    size_t count = 0;
    if (h->has_version || line[0] != 'v' ||
        !heaptrack_numbers(line + 1, line + length, numbers, 1, 2, &count))
        return gcr_import_bad_line(h->import, h->err,
                                   "expected heaptrack's version ('v') in the first line and in no "
                                   "other, found '%.60s'",
                                   line);
    h->has_version = true;
    /* The release that brought version 1 did not yet write it. */
    h->version = count == 2 ? numbers[1] : numbers[0] == 0x10200 ? 1 : 0;
    if (h->version > HEAPTRACK_VERSION)
        return gcr_import_bad_line(h->import, h->err,
                                   "file version %" PRIu64 "; versions 0 to %d are known",
                                   h->version, HEAPTRACK_VERSION);
    return GCR_OK;
}

gcr_status heaptrack_system(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t numbers[2];
    h->in_command = false;
    return heaptrack_operands(h, line, length, numbers, 2, "page size and pages");
}

/* Lines behind X: the end of a command line that has line ends, until I. Files of the first version
 * need not have an I: there anything that begins like a record is one. */
gcr_status heaptrack_command(struct heaptrack *h, const char *line, size_t length, bool *taken)
{
    uint64_t numbers[2];
    size_t count;
    bool is_system =
        line[0] == 'I' && heaptrack_numbers(line + 1, line + length, numbers, 2, 2, &count);
    bool is_record =
        h->version == 0 && length > 2 && line[1] == ' ' && strchr("sitmcR+-", line[0]) != NULL;
    *taken = !is_system && !is_record;
    h->in_command = *taken;
    h->command_bytes += length + 1;
    if (*taken && h->command_bytes > HEAPTRACK_LONGEST_COMMAND)
        return heaptrack_expect(h, line, "the record 'I' at the end of the command line");
    return GCR_OK;
}

gcr_status heaptrack_executable(struct heaptrack *h, char *line, size_t length)
{
    const char *rest;
    const char *end;
    if (h->has_executable)
        return gcr_import_bad_line(h->import, h->err,
                                   "a second executable ('x'): a child process wrote into the "
                                   "same file, so blocks of two processes are mixed");
    h->has_executable = true;
    gcr_status status = heaptrack_set_form(h, FORM_RAW, 'x');
    if (status != GCR_OK || h->version < 3)
        return status;
    return heaptrack_skip_string(h, line, length, &rest, &end);
}

gcr_status heaptrack_module(struct heaptrack *h, char *line, size_t length)
{
    uint64_t numbers[HEAPTRACK_MOST_OPERANDS];
    size_t count;
    const char *rest;
    const char *end;
    gcr_status status = heaptrack_set_form(h, FORM_RAW, 'm');
    if (status != GCR_OK || h->version < 3)
        return status;
    status = heaptrack_skip_string(h, line, length, &rest, &end);
    if (status != GCR_OK || rest == NULL ||
        heaptrack_numbers(rest, end, numbers, 0, HEAPTRACK_MOST_OPERANDS, &count))
        return status;
    return gcr_import_bad_line(h->import, h->err,
                               "'m': expected addresses and sizes behind the name, found '%.60s'",
                               rest);
}

/* ---- tables: read for their bounds, and not carried over ---- */

gcr_status heaptrack_string(struct heaptrack *h, char *line, size_t length)
{
    const char *rest;
    const char *end;
    gcr_status status = heaptrack_set_form(h, FORM_INTERPRETED, 's');
    h->strings++;
    if (status != GCR_OK || h->version < 3)
        return status;
    status = heaptrack_skip_string(h, line, length, &rest, &end);
    if (status == GCR_OK && rest != NULL && rest != end)
        return gcr_import_bad_line(h->import, h->err,
                                   "'s': expected the line's end behind the string, found '%.60s'",
                                   rest);
    return status;
}

/* ip, module, function, then file, line, function ...: all but ip and line are strings. */
gcr_status heaptrack_ip(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t numbers[HEAPTRACK_MOST_OPERANDS];
    size_t count;
    gcr_status status = heaptrack_set_form(h, FORM_INTERPRETED, 'i');
    h->ips++;
    if (status != GCR_OK)
        return status;
    if (!heaptrack_numbers(line + 1, line + length, numbers, 2, HEAPTRACK_MOST_OPERANDS, &count))
        return heaptrack_expect(h, line, "an address, a module and frames");
    for (size_t i = 1; i < count && status == GCR_OK; i++) {
        if (i < 4 || i % 3 != 1)
            status = heaptrack_check_index(h, "string", numbers[i], h->strings);
    }
    return status;
}

gcr_status heaptrack_path(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t numbers[2];
    gcr_status status =
        heaptrack_operands(h, line, length, numbers, 2, "an address or its index, and a parent");
    if (status == GCR_OK && h->form == FORM_INTERPRETED)
        status = heaptrack_check_index(h, "ip", numbers[0], h->ips);
    if (status == GCR_OK)
        status = heaptrack_check_index(h, "call path", numbers[1], h->paths);
    h->paths++;
    return status;
}

gcr_status heaptrack_check_size(const struct heaptrack *h, uint64_t size)
{
    return size <= BLOCKS_MAX_BYTES
               ? GCR_OK
               : gcr_import_bad_line(h->import, h->err, "no block has %" PRIu64 " bytes", size);
}

gcr_status heaptrack_class(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t numbers[2];
    gcr_status status = heaptrack_set_form(h, FORM_INTERPRETED, 'a');
    if (status == GCR_OK)
        status = heaptrack_operands(h, line, length, numbers, 2, "a size and a call path");
    if (status == GCR_OK)
        status = heaptrack_check_size(h, numbers[0]);
    if (status == GCR_OK)
        status = heaptrack_check_index(h, "call path", numbers[1], h->paths);
    if (status == GCR_OK && !heaptrack_classes_add(&h->classes, numbers[0]))
        status = gcr_fail(h->err, GCR_NO_MEMORY, "no memory for allocation classes");
    return status;
}
