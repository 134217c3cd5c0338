/* The file that describes a study: an INI file, docs/studies.md. */
#ifndef GCR_SIM_STUDY_STUDY_FILE_H
#define GCR_SIM_STUDY_STUDY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A word of the file and the line that it stands on. */
struct gcr_study_word {
    char *text;
    unsigned line;
};

struct gcr_study_words {
    struct gcr_study_word *at;
    size_t count;
};

/* A line of [options]: "generational.nursery = 1M 2M". */
struct gcr_study_option {
    char *collector, *option;
    unsigned line;
    struct gcr_study_words values;
};

struct gcr_study_file {
    char *path; /* as given */
    char *text; /* the whole file, to be kept beside the results */
    size_t text_bytes;
    char *question;                 /* "" */
    struct gcr_study_word baseline; /* text NULL: none */
    struct gcr_study_words traces, collectors, heaps;
    unsigned invocations, timeout_s;
    uint64_t seed;
    bool is_timed, is_cache, verify;
    struct gcr_study_option *options;
    size_t option_count;
};

/* Reads and checks what can be checked without knowing traces and designs. GCR_USAGE or
 * GCR_BAD_INPUT: file, line, what was expected. O(bytes). */
gcr_status gcr_study_file_read(const char *path, struct gcr_study_file **out,
                               struct gcr_error *err) GCR_MUST_USE;
void gcr_study_file_destroy(struct gcr_study_file *file);

/* Refuses a word or key: "FILE:LINE: ...". Returns GCR_USAGE. */
gcr_status gcr_study_file_fail(const struct gcr_study_file *file, unsigned line,
                               struct gcr_error *err, const char *format, ...) GCR_PRINTF(4, 5);

#endif
