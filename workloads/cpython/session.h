/* Recording a program from outside: starts it with the preload library, takes its events, and
 * writes the trace. */
#ifndef GCR_WORKLOADS_CPYTHON_SESSION_H
#define GCR_WORKLOADS_CPYTHON_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "workloads/cpython/orders.h"
#include "workloads/cpython/segment.h"

struct gcr_recording_config {
    const char *path;    /* of group 0's trace; group n's has the number before its ".gct" */
    const char *library; /* the preload library; NULL: beside the executable, or in ../lib */
    bool marks;          /* the program finds gcreplay_marks.py: its folder leads PYTHONPATH */
    bool neutral;
    uint32_t dense_every; /* neutral: containers between snapshots of the youngest */
    bool follow;          /* record Pythons that recorded processes execute, too */
    enum gcr_sample sample;
    uint32_t sample_every; /* events between samplings of pages, besides those at collections,
                              forks and ends */
    struct gcr_recording_window window;
    char *const *command; /* program and arguments, ended by NULL */
};

/* One file, finished: one trace group (segment.h). */
struct gcr_recorded_trace {
    char *path;
    uint32_t number; /* of the group */
    int32_t pid;     /* of the process that began it */
    uint32_t lanes;
    uint64_t events;
    struct gcr_recorder_counts counts;
    char stop_reason[GCR_REASON_BYTES]; /* a process was not recorded to its end: why; "" */
};

struct gcr_recording {
    struct gcr_recorded_trace *traces; /* in the order in which they were finished */
    size_t trace_count;
    uint64_t removed; /* traces that were not to be kept */
    bool program_ended;
    uint32_t not_followed;          /* Pythons started from outside of recorded ones; not all */
    uint32_t skipped[GCR_REFUSALS]; /* with `follow`: that could not be recorded, by reason */
    int program_status;             /* exit status; 128 + signal if a signal ended it */
    enum gcr_sample sampled;        /* as asked for, or nothing where the kernel refuses */
    char unsampled_reason[GCR_REASON_BYTES]; /* why not all processes asked for were sampled; "" */
};

/* Runs the program and returns when all its recorded processes have ended. Interrupts are left to
 * the program; a second one ends the recording with what there is. GCR_USAGE: the program cannot be
 * started or is not CPython 3.11. GCR_IO: a trace cannot be written; what was written stays in
 * "PATH.partial", and the program runs to its end. GCR_UNSUPPORTED: recording was to begin later,
 * and the program ended before. *recording is to be released in any case. */
gcr_status gcr_record_program(const struct gcr_recording_config *config,
                              struct gcr_recording *recording, struct gcr_error *err) GCR_MUST_USE;
void gcr_recorder_counts_add(struct gcr_recorder_counts *sum,
                             const struct gcr_recorder_counts *counts);
void gcr_recording_release(struct gcr_recording *recording);

#endif
