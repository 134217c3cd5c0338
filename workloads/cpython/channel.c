/* Appending events to a lane ring: see channel.h and segment.h.
 *
 * One producer, one consumer, no lock: the producer alone moves head and committed, the consumer
 * alone moves drained. Cost of an append: one 16-byte store and two compares. */
#include "workloads/cpython/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool channel_start(struct channel *channel, struct gcr_ring *ring)
{
    channel->ring = ring;
    channel->events = ring->events;
    channel->mask = GCR_RING_EVENTS_LEAST - 1;
    atomic_store(&ring->mask, channel->mask);
    channel->head = 0;
    channel->folded = 0;
    channel->next_commit = GCR_CHANNEL_COMMIT_STEP;
    channel->room_until = channel->mask + 1;
    channel->hold = GCR_CHANNEL_NO_HOLD;
    channel->abandoned = 0;
    ring->pid = (int32_t)getpid();
    uint32_t expected = GCR_RING_RESERVED;
    return atomic_compare_exchange_strong(&ring->state, &expected, GCR_RING_RUNNING);
}

void channel_commit(struct channel *channel, uint64_t position)
{
    if (position > channel->hold)
        position = channel->hold;
    uint64_t committed = atomic_load_explicit(&channel->ring->committed, memory_order_relaxed);
    for (uint64_t at = committed; at < position; at++) {
        const struct ring_event *event = channel_event(channel, at);
        if ((event->flags & RING_EVENT_PENDING) != 0)
            channel->settle(channel->arg, event->word[0]);
    }
    if (position > committed)
        atomic_store_explicit(&channel->ring->committed, position, memory_order_release);
}

/* True while somebody empties the ring. */
static bool channel_is_drained(const struct channel *channel)
{
    pthread_mutex_t *lives = &channel->segment->recorder_lives;
    int held = pthread_mutex_trylock(lives);
    if (held == EOWNERDEAD)
        pthread_mutex_consistent(lives);
    if (held == 0 || held == EOWNERDEAD)
        pthread_mutex_unlock(lives);
    return held != 0 && held != EOWNERDEAD;
}

/* Makes the ring twice as large. All that is committed has been drained. */
static void channel_grow(struct channel *channel, uint64_t drained)
{
    const uint64_t mask = 2 * channel->mask + 1;
    atomic_store(&channel->ring->torn, drained);
    for (uint64_t at = drained; at < channel->head; at++)
        if ((at & mask) > channel->mask)
            channel->events[at & mask] = channel->events[at & channel->mask];
    channel->mask = mask;
    atomic_store(&channel->ring->mask, mask);
    atomic_store(&channel->ring->torn, UINT64_MAX);
    channel->room_until = drained + mask + 1;
}

void channel_make_room(struct channel *channel)
{
    for (unsigned waits = 0; !channel->abandoned; waits++) {
        uint64_t drained = atomic_load_explicit(&channel->ring->drained, memory_order_acquire);
        channel->room_until = drained + channel->mask + 1;
        if (channel->head < channel->room_until)
            return;
        /* Full. If all that is final has been taken, a ring of full size cannot keep it patchable:
         * commit it. */
        if (drained == atomic_load_explicit(&channel->ring->committed, memory_order_relaxed)) {
            if (channel->mask + 1 < GCR_RING_EVENTS) {
                channel_grow(channel, drained);
                return;
            }
            channel->hold = GCR_CHANNEL_NO_HOLD;
            channel_commit(channel, channel->head);
        }
        struct timespec pause = {0, 200 * 1000};
        nanosleep(&pause, NULL);
        if (waits % 64 == 63 && !channel_is_drained(channel))
            channel->abandoned = 1;
    }
    channel->room_until = UINT64_MAX;
}

int channel_insert(struct channel *channel, uint64_t position, const struct gcr_event *events,
                   uint32_t n, void (*moved)(void *arg, uint32_t object, uint64_t position))
{
    if (position < atomic_load_explicit(&channel->ring->committed, memory_order_relaxed))
        return 0;
    uint64_t tail = channel->head - position;
    const struct gcr_event none = {0};
    for (uint32_t i = 0; i < n; i++)
        channel_append(channel, none);
    if (position < atomic_load_explicit(&channel->ring->committed, memory_order_relaxed))
        return 0; /* the ring ran full meanwhile; the holes do no harm */
    atomic_store(&channel->ring->torn, position);
    for (uint64_t i = tail; i-- > 0;) {
        const struct ring_event event = *channel_event(channel, position + i);
        *channel_event(channel, position + i + n) = event;
        if ((event.flags & RING_EVENT_PENDING) != 0)
            moved(channel->arg, event.word[0], position + i + n);
    }
    for (uint32_t i = 0; i < n; i++)
        *channel_event(channel, position + i) = ring_event_pack(events[i]);
    atomic_store(&channel->ring->torn, UINT64_MAX);
    return 1;
}

/* What the reserving process writes into a ring before its group makes it known. */
static struct gcr_ring *channel_take_ring(struct gcr_segment *segment)
{
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        struct gcr_ring *ring = &segment->rings[i];
        uint32_t expected = GCR_RING_FREE;
        if (!atomic_compare_exchange_strong(&ring->state, &expected, GCR_RING_RESERVED))
            continue;
        ring->lane = 0;
        ring->parent = -1;
        ring->pid = (int32_t)getpid(); /* until the child writes its own */
        return ring;
    }
    return NULL;
}

struct gcr_ring *channel_reserve(struct channel *channel)
{
    const uint32_t group = atomic_load(&channel->ring->group);
    struct gcr_ring *ring = channel_take_ring(channel->segment);
    if (ring == NULL)
        return NULL;
    _Atomic uint32_t *lanes = &channel->segment->group[group].lanes;
    uint32_t lane = atomic_fetch_add(lanes, 1);
    if (lane >= GCR_MAX_LANES) {
        atomic_fetch_sub(lanes, 1);
        atomic_store(&ring->state, GCR_RING_FREE);
        return NULL;
    }
    ring->lane = lane;
    ring->parent = (int32_t)channel->ring->lane;
    atomic_store(&ring->group, group);
    return ring;
}

struct gcr_ring *channel_reserve_group(struct channel *channel, enum gcr_group_origin origin,
                                       const char *words, size_t bytes)
{
    struct gcr_segment *segment = channel->segment;
    struct gcr_ring *ring = channel_take_ring(segment);
    if (ring == NULL)
        return NULL;
    uint32_t number = origin == GCR_GROUP_PROGRAM ? 0 : atomic_fetch_add(&segment->groups, 1);
    if (number >= GCR_GROUPS) {
        atomic_fetch_sub(&segment->groups, 1);
        atomic_store(&ring->state, GCR_RING_FREE);
        return NULL;
    }
    struct gcr_group *group = &segment->group[number];
    group->origin = origin;
    group->previous = channel->ring != NULL ? atomic_load(&channel->ring->group) : GCR_GROUP_NONE;
    group->sequence = 0;
    if (origin == GCR_GROUP_CONTINUED && group->previous != GCR_GROUP_NONE)
        group->sequence = segment->group[group->previous].sequence + 1;
    group->pid = (int32_t)getpid();
    group->parent_pid = (int32_t)getppid();
    group->command_bytes = (uint32_t)(bytes < GCR_COMMAND_BYTES ? bytes : GCR_COMMAND_BYTES);
    memcpy(group->command, words, group->command_bytes);
    atomic_store(&group->lanes, 1);
    atomic_store(&ring->group, number);
    return ring;
}

struct gcr_ring *channel_reserve_silent(struct channel *channel)
{
    struct gcr_ring *ring = channel_take_ring(channel->segment);
    if (ring != NULL)
        atomic_store(&ring->silent, 1);
    return ring;
}

void channel_stop(struct channel *channel, const char *reason)
{
    channel->hold = GCR_CHANNEL_NO_HOLD;
    channel_commit(channel, channel->head);
    if (reason != NULL)
        snprintf(channel->ring->stop_reason, sizeof channel->ring->stop_reason, "%s", reason);
    atomic_store(&channel->ring->state, GCR_RING_STOPPED);
}
