/* The producing side of a lane ring (segment.h): what a recorded process writes its events to.
 *
 * Events stay patchable for GCR_CHANNEL_LAG events, or for as long as a hold is set. */
#ifndef GCR_WORKLOADS_CPYTHON_CHANNEL_H
#define GCR_WORKLOADS_CPYTHON_CHANNEL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "workloads/cpython/segment.h"

enum {
    GCR_CHANNEL_LAG = 1 << 16,        /* events that stay patchable */
    GCR_CHANNEL_COMMIT_STEP = 1 << 10 /* events between two commits */
};
#define GCR_CHANNEL_NO_HOLD UINT64_MAX

struct channel {
    struct gcr_segment *segment;
    struct gcr_ring *ring;
    struct ring_event *events; /* the ring's */
    uint64_t mask;             /* the ring's */
    uint64_t head;
    uint64_t folded; /* events that are part of another one in the ring */
    uint64_t next_commit;
    uint64_t room_until; /* head may rise to here without looking at `drained` */
    uint64_t hold;       /* events from here on are not committed */
    int abandoned;       /* nobody drains: events go nowhere */
    /* Gives the pending ALLOC of `object` its final operands. */
    void (*settle)(void *arg, uint32_t object);
    void *arg;
};

/* Starts writing to a reserved ring; the segment, settle and arg are set. False: the ring was taken
 * back, because the process that reserved it ended long ago. */
bool channel_start(struct channel *channel, struct gcr_ring *ring);

/* Settles and commits everything up to `position` or the hold, whichever is lower. */
void channel_commit(struct channel *channel, uint64_t position);

/* Room for one event at head: waits for the drain if the ring is full, or makes it larger if what
 * fills it is held back. */
void channel_make_room(struct channel *channel);

static inline struct ring_event *channel_event(struct channel *channel, uint64_t position)
{
    return &channel->events[position & channel->mask];
}

/* Events of the trace that were appended so far. */
static inline uint64_t channel_events(const struct channel *channel)
{
    return channel->head + channel->folded;
}

/* Appends; returns the event's position. */
static inline uint64_t channel_append_packed(struct channel *channel, struct ring_event event)
{
    if (GCR_UNLIKELY(channel->head >= channel->room_until))
        channel_make_room(channel);
    uint64_t position = channel->head;
    *channel_event(channel, position) = event;
    channel->head = position + 1;
    atomic_store_explicit(&channel->ring->head, channel->head, memory_order_release);
    if (GCR_UNLIKELY(channel->head >= channel->next_commit)) {
        channel->next_commit = channel->head + GCR_CHANNEL_COMMIT_STEP;
        if (channel->head > GCR_CHANNEL_LAG)
            channel_commit(channel, channel->head - GCR_CHANNEL_LAG);
    }
    return position;
}

static inline uint64_t channel_append(struct channel *channel, struct gcr_event event)
{
    return channel_append_packed(channel, ring_event_pack(event));
}

/* Puts n events before the event at `position`, which moves up with all that follow; `moved` is
 * called for each pending ALLOC that moves, with its object and new position. Returns 0 if
 * `position` is committed already. O(events after position). */
int channel_insert(struct channel *channel, uint64_t position, const struct gcr_event *events,
                   uint32_t n, void (*moved)(void *arg, uint32_t object, uint64_t position));

/* A free ring for the child of a fork, with a new lane number of this process's group; NULL: none.
 */
struct gcr_ring *channel_reserve(struct channel *channel);
/* A free ring as lane 0 of a new group, begun by this process (`words`, of `bytes` bytes, is its
 * command line: each word is ended by NUL); NULL: none, or no more groups. Of GCR_GROUP_PROGRAM
 * there is one in a recording, begun before all others. To go on in the new group, stop the old
 * ring (channel_stop) and start the new (channel_start); it starts with an empty heap. */
struct gcr_ring *channel_reserve_group(struct channel *channel, enum gcr_group_origin origin,
                                       const char *words, size_t bytes);
/* A free ring without a group: what is written to it is thrown away. NULL: none. */
struct gcr_ring *channel_reserve_silent(struct channel *channel);

/* No more events from this process; reason may be NULL. */
void channel_stop(struct channel *channel, const char *reason);

#endif
