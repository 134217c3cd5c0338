/* The part of a program's run that is recorded: where it begins and ends, and where it goes on in
 * another file.
 *
 * A process that waits for its beginning keeps its mirror as if it were recorded, and writes its
 * events into a silent ring, from which `gcreplay record` throws them away. When recording begins,
 * the process takes a ring in a new group and restates its heap there (restate.h). Rotation is the
 * same: the lane ends in the old file, and goes on in a new one. Beginnings and rotations are each
 * process's own: a forked child follows its parent's file until its own turn comes.
 *
 * A process has at most two rings: it rotates only when the file before this one has been written,
 * so that a program that is faster than the disk is held up by its ring, as ever.
 *
 * Turns happen at allocations, where the heap can be restated; if it cannot, at the next one. */
#ifndef GCR_WORKLOADS_CPYTHON_WINDOW_H
#define GCR_WORKLOADS_CPYTHON_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct recorder;
struct gcr_ring;

struct window {
    bool used;                   /* is there anything to look for? */
    bool waiting;                /* recording has not begun in this process */
    bool executed;               /* its program was executed by another recorded one (--follow) */
    uint64_t allocations;        /* calls of the allocation hooks since the program began, or since
                                    recording did */
    uint64_t turn_at;            /* such calls when the next turn is due; UINT64_MAX: never */
    uint64_t rotate_at;          /* events in the ring when the file is full; UINT64_MAX: never */
    uint64_t rotate_from;        /* none is full before: at least half of each is the program's */
    const struct gcr_ring *left; /* that it rotated from last; NULL: none */
    uint32_t left_group;
    uint64_t restated; /* events of the last restatement in this process or its parents */
};

/* For a process that is new in the recording. True: it waits, and starts with a silent ring. */
bool window_init(struct recorder *recorder, bool executed);

/* In a forked child, whose lane begins. */
void window_fork(struct recorder *recorder);

/* At each allocation of a process whose window is used, when all before it is settled: takes the
 * turn that is due. Recording may be off afterwards. O(1), and what a turn costs. */
void window_look(struct recorder *recorder);

#endif
