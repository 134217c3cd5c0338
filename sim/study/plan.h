/* What a study consists of: traces, designs, heap sizes and the jobs that they make.
 *
 * A plan is made from a study file (study_file.h) or read back from a study's directory, and
 * written there as study.json (docs/studies.md). */
#ifndef GCR_SIM_STUDY_PLAN_H
#define GCR_SIM_STUDY_PLAN_H

#include <jansson.h>

#include "sim/study/heap_word.h"
#include "sim/study/study_file.h"
#include "traces/reader.h"

struct gcr_engine;

struct gcr_plan_trace {
    char *name; /* unique: the file's, without ".gct" */
    char *path; /* absolute */
    char digest[17];
    uint64_t events, lanes;
    uint64_t peak_live_bytes;             /* 0: nothing is ever live */
    struct gcr_capabilities capabilities; /* not in study.json */
};

/* A back end with options of its own. */
struct gcr_plan_design {
    char *name;      /* "generational:nursery=0.5L2": as the study file spells it */
    char *collector; /* "generational" */
    json_t *options; /* those that were set, resolved, as a user would write them */
};

struct gcr_plan_heap {
    char *word;
    bool for_bounds; /* not asked for: for designs that never free, and for them alone */
    struct gcr_heap_word size;
};

enum gcr_job_kind {
    GCR_JOB_TIMED,
    GCR_JOB_CACHE,
    GCR_JOB_MINHEAP, /* looks for the smallest heap; others wait for it */
    GCR_JOB_KINDS
};
extern const char *const gcr_job_kind_name[GCR_JOB_KINDS]; /* "timed", "cache", "minheap" */

struct gcr_plan_job {
    char *id;
    size_t trace, design;  /* indexes */
    size_t heap;           /* likewise; of no meaning for a GCR_JOB_MINHEAP */
    uint64_t budget_bytes; /* 0: native; or not known yet, if it hangs on a GCR_JOB_MINHEAP */
    enum gcr_job_kind kind;
    unsigned invocation; /* from 1 */
    char *refusal;       /* why it cannot be run at all, or NULL */
};

struct gcr_plan {
    char *question, *baseline; /* "" */
    uint64_t seed;
    unsigned invocations, timeout_s;
    bool verify;
    bool is_timed, is_cache; /* modes */
    struct gcr_plan_trace *traces;
    size_t trace_count;
    struct gcr_plan_design *designs;
    size_t design_count;
    struct gcr_plan_heap *heaps;
    size_t heap_count;
    struct gcr_plan_job *jobs; /* in the order in which they are run, GCR_JOB_MINHEAP first */
    size_t job_count;
    json_t *environment, *machine; /* of the driver; NULL: not known yet */
};

/* How a plan is made. */
struct gcr_plan_source {
    const struct gcr_study_file *file;
    const struct gcr_plan *known; /* what it knows of a trace of the same digest is not computed
                                     again; NULL: none */
    /* Called before a trace is read as a whole, and after it with NULL; NULL: nobody asks. */
    void (*reading)(void *arg, struct gcr_reader *reader);
    void *arg;
};

/* GCR_USAGE names the file's line and what is wrong; GCR_BAD_INPUT a trace that cannot be read.
 * O(jobs), and one pass over each trace whose peak live bytes are not known. */
gcr_status gcr_plan_make(const struct gcr_plan_source *source, struct gcr_plan **out,
                         struct gcr_error *err) GCR_MUST_USE;
void gcr_plan_destroy(struct gcr_plan *plan);

/* NULL: there is no such job. O(jobs). */
struct gcr_plan_job *gcr_plan_find(const struct gcr_plan *plan, const char *id);
/* The search that a job's budget hangs on, or NULL. O(jobs). */
struct gcr_plan_job *gcr_plan_minheap_of(const struct gcr_plan *plan,
                                         const struct gcr_plan_job *job);

/* The document study.json; the caller owns it. NULL: no memory. */
json_t *gcr_plan_to_json(const struct gcr_plan *plan);
/* Back from it. GCR_BAD_INPUT: it is not one; `path` is named. */
gcr_status gcr_plan_from_json(const json_t *document, const char *path, struct gcr_plan **out,
                              struct gcr_error *err) GCR_MUST_USE;
/* DIRECTORY/study.json. */
gcr_status gcr_plan_read(const char *directory, struct gcr_plan **out,
                         struct gcr_error *err) GCR_MUST_USE;

/* GCR_OK if every job of `older` is in `newer` and means the same: the study was only added to.
 * Else GCR_USAGE says what differs. A question, a baseline and a timeout may change. O(jobs log
 * jobs). */
gcr_status gcr_plan_check_extends(const struct gcr_plan *older, const struct gcr_plan *newer,
                                  struct gcr_error *err) GCR_MUST_USE;

#endif
