/* The trace files of one recording: one for each trace group (segment.h). Each is opened when the
 * first event of its group comes, and finished when its last process has ended. */
#ifndef GCR_WORKLOADS_CPYTHON_GROUPS_H
#define GCR_WORKLOADS_CPYTHON_GROUPS_H

#include <stdbool.h>

#include "traces/writer.h"
#include "workloads/cpython/segment.h"
#include "workloads/cpython/session.h"

struct trace_group {
    uint32_t number;
    struct gcr_writer *writer;
    uint32_t *shapes; /* number in the segment -> number in this file; 0: not declared */
    uint32_t names[GCR_SEGMENT_NAMES]; /* the same for names of phases */
    uint64_t *born; /* a bit for each lane whose FORK was taken; lane 0 from the start */
    uint32_t lanes; /* finished */
    uint64_t events;
    struct gcr_recorder_counts counts; /* of finished lanes */
    char stop_reason[GCR_REASON_BYTES];
};

struct groups {
    const struct gcr_recording_config *config;
    struct gcr_segment *segment;
    struct gcr_recording *recording; /* its list of traces grows */
    struct gcr_capabilities capabilities;
    struct trace_group *open[GCR_RINGS + 1];
    unsigned open_count;
    bool failed; /* what could not be written is left as it is */
};

/* Opens the file of group 0. */
gcr_status groups_init(struct groups *groups, const struct gcr_recording_config *config,
                       struct gcr_segment *segment, struct gcr_recording *recording,
                       struct gcr_error *err) GCR_MUST_USE;

/* The open group of that number, its file being made if there is none. O(open groups). */
gcr_status groups_get(struct groups *groups, uint32_t number, struct trace_group **out,
                      struct gcr_error *err) GCR_MUST_USE;

bool group_lane_is_born(const struct trace_group *group, uint32_t lane);

/* Appends an event as a ring holds it to a lane; holes are left out. */
gcr_status group_event(struct groups *groups, struct trace_group *group, uint32_t lane,
                       struct gcr_event event, struct gcr_error *err) GCR_MUST_USE;

/* The lane's last event was appended; takes over what its ring counted. */
gcr_status group_end_lane(struct trace_group *group, const struct gcr_ring *ring,
                          struct gcr_error *err) GCR_MUST_USE;

/* Is its file as large as asked for? */
bool group_is_full(const struct groups *groups, const struct trace_group *group);

/* Writes the metadata, finishes the file and adds it to the recording's list. */
gcr_status groups_close(struct groups *groups, struct trace_group *group,
                        struct gcr_error *err) GCR_MUST_USE;

/* Lets go of what is still open. Files in which nothing is recorded are removed, and all others
 * left as "PATH.partial", whose whole blocks can be read. */
void groups_release(struct groups *groups);

/* The group's file: PATH for 0, else with the number before PATH's ".gct". Allocated; NULL: no
 * memory. */
char *gcr_group_path(const char *path, uint32_t number);

#endif
