/* heaptrack: the two files of KDE's heap profiler, of its file versions 0 to 3.
 *
 * The traced process writes a raw stream, in which blocks have addresses; an interpreter makes of
 * it, line by line, one in which they have not: there an allocation and a free name a class (size
 * and call path). Told apart by their records, since names of files say nothing:
 *
 *     raw             + SIZE PATH ADDRESS    - ADDRESS    x EXECUTABLE    m MODULE ...
 *     interpreted     + CLASS                - CLASS      s STRING    i IP ...    a SIZE PATH
 *     both            v X I S A c R t # and empty lines
 *
 * An interpreted file of version 0 has the raw + and -. Numbers are hexadecimal; n-th s, i, t
 * define index n from 1, n-th a from 0, all before their use. Strings have their length before them
 * from version 3 on, and may then hold line ends. The command line X has none and may spill into
 * further lines, up to I. A reallocation is - and +, and cannot be told from a free that an
 * allocation happens to follow: such pairs are counted, and are death and birth in the trace.
 *
 * Which block a free of an interpreted file ends is a guess (heaptrack_classes.h): the one of the +
 * before it if that is of the same class, which heaptrack too takes for a "temporary", else by the
 * policy. Bytes and counts are exact.
 * Source: heaptrack's writer and readers, and files recorded with 1.4.0. */
#include "traces/import/heaptrack.h"

#include <inttypes.h>
#include <string.h>

#include "traces/import/registry.h"

/* ---- blocks ---- */

/* heaptrack's printer adds up sizes: a block whose address was used again stays, a free that it
 * never saw allocated goes below zero. */
static void heaptrack_add_up(struct heaptrack *h, uint64_t bytes)
{
    h->own_allocations++;
    h->own_leaked += bytes;
    if ((int64_t)h->own_leaked > (int64_t)h->own_peak)
        h->own_peak = h->own_leaked;
}

static void heaptrack_began(struct heaptrack *h, uint64_t what)
{
    h->after_frees += h->before == '-';
    h->before = '+';
    h->newest = what;
}

static void heaptrack_ended(struct heaptrack *h, bool known, uint64_t what)
{
    h->temporary += known && h->before == '+' && h->newest == what;
    h->before = known ? '-' : '\0';
}

static bool heaptrack_has_addresses(const struct heaptrack *h)
{
    return h->form == FORM_RAW || h->version == 0;
}

static gcr_status heaptrack_begin_at(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t numbers[3];
    gcr_status status =
        heaptrack_operands(h, line, length, numbers, 3, "a size, a call path and an address");
    if (status == GCR_OK)
        status = heaptrack_check_size(h, numbers[0]);
    if (status == GCR_OK)
        status = heaptrack_check_index(h, "call path", numbers[1], h->paths);
    if (status != GCR_OK)
        return status;
    heaptrack_add_up(h, numbers[0]);
    blocks_alloc(&h->blocks, numbers[2], numbers[0]);
    heaptrack_began(h, numbers[2]);
    return GCR_OK;
}

static gcr_status heaptrack_end_at(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t address;
    gcr_status status = heaptrack_operands(h, line, length, &address, 1, "an address");
    if (status != GCR_OK)
        return status;
    uint64_t frees = h->blocks.counts.frees;
    uint64_t live_bytes = h->blocks.counts.live_bytes;
    blocks_free(&h->blocks, address);
    h->own_leaked -= live_bytes - h->blocks.counts.live_bytes;
    heaptrack_ended(h, h->blocks.counts.frees > frees, address);
    return GCR_OK;
}

static gcr_status heaptrack_take_class(struct heaptrack *h, const char *line, size_t length,
                                       size_t *number)
{
    uint64_t class;
    gcr_status status = heaptrack_operands(h, line, length, &class, 1, "an allocation class");
    if (status == GCR_OK && class >= h->classes.count)
        return gcr_import_bad_line(h->import, h->err,
                                   "allocation class %" PRIu64 " is not defined; there are %zu",
                                   class, h->classes.count);
    *number = (size_t) class;
    return status;
}

static gcr_status heaptrack_begin_of(struct heaptrack *h, const char *line, size_t length)
{
    size_t class = 0;
    gcr_status status = heaptrack_take_class(h, line, length, &class);
    if (status != GCR_OK)
        return status;
    uint64_t bytes = h->classes.classes[class].bytes;
    uint32_t object = blocks_begin(&h->blocks, bytes);
    if (object != 0 && !heaptrack_classes_begin(&h->classes, class, object))
        return gcr_fail(h->err, GCR_NO_MEMORY, "no memory for the blocks of a class");
    heaptrack_add_up(h, bytes);
    heaptrack_began(h, class);
    return GCR_OK;
}

static gcr_status heaptrack_end_of(struct heaptrack *h, const char *line, size_t length)
{
    size_t class = 0;
    gcr_status status = heaptrack_take_class(h, line, length, &class);
    if (status != GCR_OK)
        return status;
    bool is_temporary = h->before == '+' && h->newest == class;
    h->guessed += h->classes.classes[class].count > 1;
    uint32_t object = heaptrack_classes_end(&h->classes, class, is_temporary);
    if (object != 0)
        blocks_end(&h->blocks, object);
    else
        h->blocks.counts.unknown_frees++;
    h->own_leaked -= h->classes.classes[class].bytes;
    heaptrack_ended(h, object != 0, class);
    return GCR_OK;
}

/* ---- time ---- */

static gcr_status heaptrack_stamp(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t ms;
    gcr_status status = heaptrack_operands(h, line, length, &ms, 1, "milliseconds");
    if (status != GCR_OK)
        return status;
    if (ms > HEAPTRACK_LAST_MS)
        return gcr_import_bad_line(h->import, h->err, "%" PRIu64 " milliseconds are no time", ms);
    if (ms * 1000000 < h->ns) {
        h->late_stamps++;
        return GCR_OK;
    }
    h->ns = ms * 1000000;
    h->stamps++;
    emit_time(&h->blocks.emit, h->ns);
    return GCR_OK;
}

static gcr_status heaptrack_sample(struct heaptrack *h, const char *line, size_t length)
{
    uint64_t pages;
    h->samples++;
    return heaptrack_operands(h, line, length, &pages, 1, "pages");
}

/* heaptrack was attached to a running process: its totals begin here. */
static gcr_status heaptrack_attached(struct heaptrack *h)
{
    h->attached++;
    h->own_allocations = h->own_leaked = h->own_peak = 0;
    return GCR_OK;
}

/* ---- records ---- */

static gcr_status heaptrack_block(struct heaptrack *h, const char *line, size_t length)
{
    if (h->form == FORM_UNKNOWN && h->version > 0)
        return gcr_import_bad_line(h->import, h->err,
                                   "a block before any executable, module or class is named");
    if (heaptrack_has_addresses(h))
        return line[0] == '+' ? heaptrack_begin_at(h, line, length)
                              : heaptrack_end_at(h, line, length);
    return line[0] == '+' ? heaptrack_begin_of(h, line, length) : heaptrack_end_of(h, line, length);
}

static gcr_status heaptrack_record(struct heaptrack *h, char *line, size_t length)
{
    switch (line[0]) {
    case '+':
    case '-':
        return heaptrack_block(h, line, length);
    case 't':
        return heaptrack_path(h, line, length);
    case 'a':
        return heaptrack_class(h, line, length);
    case 'i':
        return heaptrack_ip(h, line, length);
    case 's':
        return heaptrack_string(h, line, length);
    case 'c':
        return heaptrack_stamp(h, line, length);
    case 'R':
        return heaptrack_sample(h, line, length);
    case 'm':
        return heaptrack_module(h, line, length);
    case 'x':
        return heaptrack_executable(h, line, length);
    case 'I':
        return heaptrack_system(h, line, length);
    case 'A':
        return heaptrack_attached(h);
    case 'X':
        h->in_command = true;
        h->command_bytes = length + 1;
        return GCR_OK;
    case 'S': /* a rule for its printer */
    case '#':
    case '\0': /* an empty line, or binary data */
        if (line[0] != '\0' || length == 0)
            return GCR_OK;
        break;
    default:
        break;
    }
    return gcr_import_bad_line(h->import, h->err, "not a record of heaptrack: '%.60s'", line);
}

static gcr_status heaptrack_line(struct heaptrack *h, char *line, size_t length)
{
    bool taken = false;
    gcr_status status = GCR_OK;
    if (!h->has_version || line[0] == 'v')
        return heaptrack_version(h, line, length);
    if (h->in_command)
        status = heaptrack_command(h, line, length, &taken);
    return status != GCR_OK || taken ? status : heaptrack_record(h, line, length);
}

static gcr_status heaptrack_lines(struct heaptrack *h)
{
    while (!blocks_failed(&h->blocks)) {
        char *line;
        size_t length;
        gcr_status status = gcr_input_line(h->import->input, &line, &length, h->err);
        if (status == GCR_OK && line != NULL)
            status = heaptrack_line(h, line, length);
        if (status != GCR_OK)
            return status;
        if (line == NULL)
            break;
    }
    if (!h->has_version)
        return gcr_fail(h->err, GCR_BAD_INPUT, "%s: empty: heaptrack's version is missing",
                        h->import->path);
    return GCR_OK;
}

static void heaptrack_note(const struct heaptrack *h, struct gcr_import_report *report)
{
    const struct gcr_import_note notes[] = {
        {"file_version", "heaptrack's file version", h->version, false},
        {"interpreted", "1: frees name no block", !heaptrack_has_addresses(h), false},
        {"temporary", "blocks freed directly after their allocation", h->temporary, false},
        {"own_allocations", "allocations, as heaptrack prints them", h->own_allocations, false},
        {"own_peak_bytes", "peak heap memory consumption, the same", h->own_peak, false},
        {"own_leaked_bytes", "total memory leaked, the same", h->own_leaked, false},
        {"attached", "1: recorded from some moment on", h->attached, false},
        {"times", "time stamps", h->stamps, false},
        {"guessed_frees", "frees that may have ended another block of their class", h->guessed,
         true},
        {"possible_reallocations", "allocations directly after a free: reallocations, or not",
         h->after_frees, true},
        {"late_times", "time stamps that go backwards", h->late_stamps, true},
        {"call_paths", "call paths of allocations", h->paths, true},
        {"resident_samples", "samples of resident memory", h->samples, true},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(notes); i++)
        gcr_import_note(report, notes[i].name, notes[i].meaning, notes[i].count, notes[i].is_loss);
}

static gcr_status heaptrack_run(const struct gcr_import *import, struct gcr_error *err)
{
    struct heaptrack h = {.import = import, .err = err};
    enum class_policy policy = (enum class_policy)gcr_option_number(import->options, "policy");
    heaptrack_classes_init(&h.classes, policy, gcr_option_number(import->options, "seed"));
    blocks_init(&h.blocks, import->target, err);
    gcr_status status = heaptrack_lines(&h);
    gcr_status finished = blocks_finish(&h.blocks, import->report);
    heaptrack_note(&h, import->report);
    heaptrack_classes_finish(&h.classes);
    return status != GCR_OK ? status : finished;
}

/* ---- the importer ---- */

static struct gcr_capabilities heaptrack_capabilities(const struct gcr_option_values *options)
{
    struct gcr_capabilities capabilities = blocks_capabilities();
    (void)options;
    capabilities.times = 1;
    return capabilities;
}

/* A first line of one or two hexadecimal numbers behind 'v'. */
static bool heaptrack_recognises(const char *head, size_t bytes)
{
    char line[40] = "";
    uint64_t numbers[2];
    size_t count;
    const char *end = memchr(head, '\n', bytes < sizeof line ? bytes : sizeof line);
    if (end == NULL || end == head || head[0] != 'v')
        return false;
    size_t length = (size_t)(end - head);
    length -= head[length - 1] == '\r';
    memcpy(line, head, length);
    return heaptrack_numbers(line + 1, line + length, numbers, 1, 2, &count);
}

/* The choices in the order of enum class_policy. */
static const struct gcr_option heaptrack_options[] = {
    {"policy", GCR_OPT_CHOICE, NULL, "lifo", 0, 0, "lifo|fifo|random",
     "which block of its class a free in an interpreted file ends, unless it is the block "
     "allocated "
     "directly before"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the random policy"},
    {0}};

const struct gcr_importer gcr_importer_heaptrack = {
    .name = "heaptrack",
    .summary =
        "a file of heaptrack, raw or interpreted: blocks allocated and freed, without pointers",
    .source = "KDE heaptrack, file versions 0 to 3; recorded with 1.4.0",
    .options = heaptrack_options,
    .ends_lines = true,
    .capabilities = heaptrack_capabilities,
    .recognises = heaptrack_recognises,
    .run = heaptrack_run,
};
