/* Where the events of a replay come from: a trace file (source_reader), or memory in tests. */
#ifndef GCR_SIM_REPLAY_SOURCE_H
#define GCR_SIM_REPLAY_SOURCE_H

#include "sim/replay/replay.h"

struct gcr_event_source {
    const struct gcr_shape *shapes; /* by number; [0] unused */
    uint32_t shape_count;           /* highest number */
    const struct gcr_capabilities *capabilities;
    uint32_t lanes;
    uint64_t events; /* all lanes */
    bool is_cut;     /* its end is lost, perhaps with all of some forked lanes */
    void *arg;
    /* Opens one lane; called in the process that replays it. */
    gcr_status (*open)(const struct gcr_event_source *source, uint32_t lane, void **stream,
                       struct gcr_error *err);
    /* As gcr_cursor_read. */
    gcr_status (*read)(void *stream, struct gcr_event *events, size_t room, size_t *n,
                       struct gcr_error *err);
    /* As gcr_cursor_next: without a copy. NULL: read is used. */
    gcr_status (*next)(void *stream, size_t room, const struct gcr_event **events, size_t *n,
                       struct gcr_error *err);
    void (*close)(void *stream);
};

/* gcr_replay from any source: config->reader is not used, result->trace stays empty but for the
 * source's capabilities, lanes and events. */
gcr_status gcr_replay_source(const struct gcr_replay_config *config,
                             const struct gcr_event_source *source, struct gcr_result *result,
                             struct gcr_error *err) GCR_MUST_USE;

#endif
