/* Importers: traces of other tools become ours. One file per foreign format; each is a descriptor.
 *
 * An importer never guesses silently: every policy it follows and everything it could not carry
 * over is a count that gcr_import_file writes into the trace's metadata (keys "import" and
 * "losses", the options under "importer") and that `gcreplay import` prints. Memory is proportional
 * to live objects and tables, not to the input's length. */
#ifndef GCR_TRACES_IMPORT_IMPORTER_H
#define GCR_TRACES_IMPORT_IMPORTER_H

#include "base/option.h"
#include "traces/capability.h"
#include "traces/emit.h"
#include "traces/import/input.h"

/* What an importer has to say of its input: counts ("objects", "peak_live_bytes",
 * "unmatched_frees" ...), in the order in which they were noted. */
enum { GCR_IMPORT_NOTES = 32 };
struct gcr_import_note {
    const char *name;    /* a static word, lower case with underscores: the metadata's key */
    const char *meaning; /* a static phrase for people */
    uint64_t count;
    bool is_loss; /* something of the input is not in the trace, or was guessed */
};

struct gcr_import_report {
    struct gcr_import_note notes[GCR_IMPORT_NOTES];
    size_t count;
    char truncated[256]; /* why the input ended too early, or ""; what precedes was kept */
    uint64_t lines, events;
};

/* Notes a count; past GCR_IMPORT_NOTES nothing happens (a check fails in debug builds). */
void gcr_import_note(struct gcr_import_report *report, const char *name, const char *meaning,
                     uint64_t count, bool is_loss);

/* One import under way. */
struct gcr_import {
    struct gcr_input *input;
    const char *path; /* of the input, or what stands for it in messages */
    const struct gcr_option_values *options;
    const struct emit_target *target; /* its writer has the capabilities that the importer chose */
    struct gcr_import_report *report;
};

struct gcr_importer {
    const char *name;                 /* for --from */
    const char *summary;              /* one line: what tool writes it, what it holds */
    const char *source;               /* the tool and its versions */
    const struct gcr_option *options; /* never NULL; ended by a row without a name */
    bool ends_lines; /* the tool ends every line: a last one without an end was cut short */
    /* What a trace made with these options can be trusted for. */
    struct gcr_capabilities (*capabilities)(const struct gcr_option_values *options);
    /* Whether the input, of which these are the first bytes, may be of this format. */
    bool (*recognises)(const char *head, size_t bytes);
    /* Reads the input to its end and writes the trace. GCR_BAD_INPUT names the line ("FILE:LINE:
     * what was expected"). An input that is cut short is no failure: report->truncated says so. */
    gcr_status (*run)(const struct gcr_import *import, struct gcr_error *err);
};

/* GCR_BAD_INPUT with the place of the line delivered last before the message: "FILE:LINE: ...". */
gcr_status gcr_import_bad_line(const struct gcr_import *import, struct gcr_error *err,
                               const char *format, ...) GCR_PRINTF(3, 4);

/* All importers, in the order of `gcreplay list`. */
const struct gcr_importer *const *gcr_importers(size_t *count);
/* By name, or NULL. */
const struct gcr_importer *gcr_importer_find(const char *name);

/* The one importer whose format the file `from` may be of. GCR_BAD_INPUT if none or several: the
 * message names those. */
gcr_status gcr_import_recognise(const char *from, const struct gcr_importer **out,
                                struct gcr_error *err) GCR_MUST_USE;

/* Imports the file `from` (plain, gzip or zstd, by content; "-": standard input) to the trace `to`,
 * which appears by rename; on failure no file appears. GCR_USAGE if both are the same file. An
 * input that ends too early is no failure here: report->truncated. `done` counts bytes of the file.
 * progress may be NULL. */
gcr_status gcr_import_file(const struct gcr_importer *importer,
                           const struct gcr_option_values *options, const char *from,
                           const char *to, struct gcr_import_report *report,
                           void (*progress)(void *arg, uint64_t done), void *progress_arg,
                           struct gcr_error *err) GCR_MUST_USE;

/* The same from memory, for tests and fuzzers. */
gcr_status gcr_import_memory(const struct gcr_importer *importer,
                             const struct gcr_option_values *options, const void *bytes,
                             size_t size, const char *to, struct gcr_import_report *report,
                             struct gcr_error *err) GCR_MUST_USE;

#endif
