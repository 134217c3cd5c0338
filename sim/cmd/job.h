/* One run of one trace on one back end, as `run` does it and `compare` does it many times. */
#ifndef GCR_SIM_CMD_JOB_H
#define GCR_SIM_CMD_JOB_H

#include <jansson.h>

#include "sim/cmd/command.h"
#include "sim/cmd/heap_size.h"
#include "sim/replay/replay.h"

/* Rows that the tables of `run` and `compare` share. */
/* clang-format off */
#define GCR_JOB_FLAGS                                                                              \
    {"--heap", 0, "SIZE",                                                                          \
     "native (the design's own sizing), bytes (64M), or a multiple of the trace's peak live "      \
     "bytes (2.5x); a budget covers all that a design holds",                                      \
     GCR_FLAG_OPTIONAL, NULL},                                                                     \
    {"--verify", 0, "MODE",                                                                        \
     "hold the heap against the oracle: on, every (at each event; for small traces), off",         \
     GCR_FLAG_OPTIONAL, "on"},                                                                     \
    {"--final-collection", 0, NULL, "one full collection at the end of each process",              \
     GCR_FLAG_OPTIONAL, NULL},                                                                     \
    {"--cow", 0, "FIGURES",                                                                        \
     "after each fork, follow which pages a process still shares and why not: model and kernel "   \
     "(model), or the kernel's account alone, with the timed code (kernel)",                       \
     GCR_FLAG_OPTIONAL, "model"},                                                                  \
    {"--pace", 0, "PACE",                                                                          \
     "replay (as fast as the design goes) or recorded: wait at TIME events until as much time "    \
     "has passed as in the recording",                                                             \
     GCR_FLAG_OPTIONAL, NULL},                                                                     \
    {"--decode", 0, "WHERE",                                                                       \
     "inline (the replaying thread decodes, off the clock) or ahead (a thread decodes the next "   \
     "events meanwhile: sooner done, but the clock notices; never with --cow, --cache, "           \
     "--counters, --control, or designs with threads); default: ahead with --verify, else inline", \
     GCR_FLAG_OPTIONAL, NULL},                                                                     \
    {"--window", 0, "BYTES",                                                                       \
     "decoded events held at once for a design with threads of its own (default: an eighth of "    \
     "this machine's memory)",                                                                     \
     GCR_FLAG_OPTIONAL, NULL},                                                                     \
    {"--counters", 0, NULL,                                                                        \
     "read the machine's counters (cycles, misses, page faults ...) at every phase change",        \
     GCR_FLAG_OPTIONAL, NULL},                                                            \
    {"--cache", 0, "GEOMETRY",                                                                     \
     "run the modelled twin: count the loads, stores, cache and TLB misses of every phase on the "  \
     "machine described by words such as skylake,l2=1MiB/16,tlb2=off,prefetch=on (no GEOMETRY: "    \
     "this machine); times then mean nothing",                                                     \
     GCR_FLAG_OPTIONAL, "host"}
/* clang-format on */

struct gcr_job {
    const char *trace; /* path */
    const struct gcr_engine *engine;
    struct gcr_option_values options;
    uint64_t budget_bytes; /* 0: native */
    enum gcr_verify_mode verify;
    bool final_collection;
    bool cow;           /* follow copy-on-write */
    bool cow_by_kernel; /* with the timed code, by the kernel alone */
    bool pace_recorded;
    bool decode_ahead;
    uint64_t window_bytes; /* 0: the default */
    bool counters;
    const struct gcr_control *control; /* NULL: none */
    bool must_model;                   /* --cache: a design without a twin is refused */
    bool modelled;                     /* run the modelled twin, on a machine of this geometry */
    struct gcr_geometry geometry;
};

/* A job for TRACE and --collector with its --set options. */
gcr_status gcr_job_read(const struct gcr_arguments *arguments, struct gcr_job *job,
                        struct gcr_error *err) GCR_MUST_USE;

/* Reads --verify, --final-collection, --cow, --pace, --decode, --window, --counters and --cache. */
gcr_status gcr_job_read_flags(const struct gcr_arguments *arguments, struct gcr_job *job,
                              struct gcr_error *err) GCR_MUST_USE;

/* The back end of that name, its options at their defaults. GCR_USAGE lists all names. */
gcr_status gcr_job_set_engine(struct gcr_job *job, const char *name,
                              struct gcr_error *err) GCR_MUST_USE;

/* Replays in a fresh child process, so that runs do not disturb each other. *result is the document
 * of docs/result.md, owned by the caller; a child that crashed has one as well, with that outcome
 * and without lanes. */
gcr_status gcr_job_run(const struct gcr_job *job, json_t **result,
                       struct gcr_error *err) GCR_MUST_USE;

/* The option table of a back end, empty if it has none. */
const struct gcr_option *gcr_engine_options(const struct gcr_engine *engine);

#endif
