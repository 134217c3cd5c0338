/* What the files of the heaptrack importer share: heaptrack.c has blocks, time and the way from a
 * line to its record, heaptrack_tables.c the head of a file and its tables. Internal to them. */
#ifndef GCR_TRACES_IMPORT_HEAPTRACK_H
#define GCR_TRACES_IMPORT_HEAPTRACK_H

#include "traces/import/blocks.h"
#include "traces/import/heaptrack_classes.h"

enum {
    HEAPTRACK_VERSION = 3,          /* the newest known */
    HEAPTRACK_MOST_OPERANDS = 1024, /* of an ip with its inlined frames, or of a module */
    HEAPTRACK_LONGEST_STRING = 1 << 20,
    HEAPTRACK_LONGEST_COMMAND = 4096 /* the writer reads no more of it */
};
#define HEAPTRACK_LAST_MS (UINT64_MAX / 1000000)

enum heaptrack_form { FORM_UNKNOWN, FORM_RAW, FORM_INTERPRETED };

struct heaptrack {
    const struct gcr_import *import;
    struct gcr_error *err;
    struct blocks blocks;
    struct heaptrack_classes classes;
    enum heaptrack_form form;
    uint64_t version;
    bool has_version, has_executable;
    bool in_command; /* X was read, and not yet I */
    size_t command_bytes;
    uint64_t strings, ips, paths; /* defined so far */
    char before;                  /* the last of + and -, if its block was known */
    uint64_t newest;              /* address or class of that '+' */
    uint64_t ns;
    uint64_t temporary, guessed, after_frees, stamps, late_stamps, samples, attached;
    uint64_t own_allocations, own_leaked, own_peak; /* as heaptrack's printer counts */
};

/* All numbers from text to the line's end, one blank before each; `least` to `most` of them. */
bool heaptrack_numbers(const char *text, const char *end, uint64_t *numbers, size_t least,
                       size_t most, size_t *count);
/* Exactly `count` numbers behind the record's letter; `what` is the message's word for them. */
gcr_status heaptrack_operands(const struct heaptrack *h, const char *line, size_t length,
                              uint64_t *numbers, size_t count, const char *what) GCR_MUST_USE;
gcr_status heaptrack_check_index(const struct heaptrack *h, const char *what, uint64_t index,
                                 uint64_t defined) GCR_MUST_USE;
gcr_status heaptrack_check_size(const struct heaptrack *h, uint64_t size) GCR_MUST_USE;

/* The records but for blocks and time, by their letters. */
gcr_status heaptrack_version(struct heaptrack *h, const char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_system(struct heaptrack *h, const char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_executable(struct heaptrack *h, char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_module(struct heaptrack *h, char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_string(struct heaptrack *h, char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_ip(struct heaptrack *h, const char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_path(struct heaptrack *h, const char *line, size_t length) GCR_MUST_USE;
gcr_status heaptrack_class(struct heaptrack *h, const char *line, size_t length) GCR_MUST_USE;
/* A line behind X. *taken: it belongs to the command line and is no record. */
gcr_status heaptrack_command(struct heaptrack *h, const char *line, size_t length,
                             bool *taken) GCR_MUST_USE;

#endif
