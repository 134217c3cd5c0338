/* Directories of studies, written by tests: a folder of its own, study.json, and results with just
 * the figures that a test speaks of. */
#ifndef GCR_TESTS_STUDY_STUDY_KIT_H
#define GCR_TESTS_STUDY_STUDY_KIT_H

#include <jansson.h>

#include "sim/study/dataset.h"

struct study_kit {
    char directory[64];
    json_t *study; /* study.json as it will be written */
};

/* What a result says; a mode's other figures are absent. */
struct study_run {
    const char *trace, *design, *heap;
    enum gcr_study_mode mode;
    unsigned invocation; /* 0: 1 */
    const char *outcome; /* NULL: "ok" */
    uint64_t mutator_ns, collector_ns, peak_bytes, budget_bytes;
    uint64_t mutator_cpu_ns, collector_cpu_ns; /* both 0: null */
    uint64_t llc_misses;                       /* of modelled runs */
};

/* A study of no jobs, in a new folder. */
void study_kit_begin(struct study_kit *kit);
/* Removes the folder. */
void study_kit_end(struct study_kit *kit);

/* Puts a name into "traces", "designs" or "heaps", in the study's order. */
void study_kit_name(struct study_kit *kit, const char *list, const char *name);
/* A job; what it names need not be in the lists. Returns its id, owned by the study. */
const char *study_kit_job(struct study_kit *kit, const struct study_run *run);
/* A job and its result. */
const char *study_kit_run(struct study_kit *kit, const struct study_run *run);
/* A job, its result, and the long form with those lanes, which it takes over. */
void study_kit_run_full(struct study_kit *kit, const struct study_run *run, json_t *lanes);
/* The document of a run; the caller owns it. */
json_t *study_kit_result(const struct study_run *run);

/* A file below the folder, and its path (in a buffer that the next call overwrites). */
const char *study_kit_path(const struct study_kit *kit, const char *name);
void study_kit_write(const struct study_kit *kit, const char *name, const char *text);
void study_kit_write_json(const struct study_kit *kit, const char *name, const json_t *document);

/* The text of a file below the folder; the caller frees it. */
char *study_kit_read(const struct study_kit *kit, const char *name);
/* The line of a table's text that begins like that, without its end, in a buffer that the next call
 * overwrites; fails if there is none, or more than one. */
const char *study_kit_row(const char *text, const char *beginning);

/* Writes study.json and opens the folder. */
struct gcr_dataset *study_kit_open(struct study_kit *kit);

#endif
