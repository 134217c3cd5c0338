/* Draining lane rings: see drain.h. The one consumer of all rings (segment.h has the protocol). */
#include "workloads/cpython/drain.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Room is given back to the program every so many events. */
enum { DRAIN_RETURN_STEP = 1 << 13 };

void drain_init(struct drain *drain, struct gcr_segment *segment, struct gcr_writer *writer)
{
    memset(drain, 0, sizeof *drain);
    drain->segment = segment;
    drain->writer = writer;
    for (unsigned i = 0; i < GCR_RINGS; i++)
        drain->watch[i] = -1;
}

static void drain_unwatch(struct drain *drain, unsigned index)
{
    if (drain->watch[index] >= 0)
        close(drain->watch[index]);
    drain->watch[index] = -1;
    drain->watched[index] = 0;
}

void drain_finish(struct drain *drain)
{
    for (unsigned i = 0; i < GCR_RINGS; i++)
        drain_unwatch(drain, i);
}

void drain_note_exit(struct drain *drain, pid_t pid, uint32_t status)
{
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        if (drain->segment->rings[i].pid != pid || drain->ended_count == GCR_RINGS)
            continue;
        drain->ended[drain->ended_count].pid = pid;
        drain->ended[drain->ended_count].status = status;
        drain->ended_count++;
        return;
    }
}

static uint32_t drain_take_exit(struct drain *drain, pid_t pid)
{
    for (uint32_t i = 0; i < drain->ended_count; i++) {
        if (drain->ended[i].pid != pid)
            continue;
        uint32_t status = drain->ended[i].status;
        drain->ended[i] = drain->ended[--drain->ended_count];
        return status;
    }
    return DRAIN_STATUS_UNKNOWN;
}

/* Has the process that owns the ring ended? A zombie has. */
static bool drain_has_ended(struct drain *drain, unsigned index)
{
    pid_t pid = (pid_t)drain->segment->rings[index].pid;
    if (drain->watched[index] != pid) {
        drain_unwatch(drain, index);
        drain->watch[index] = (int)syscall(SYS_pidfd_open, pid, 0);
        drain->watched[index] = pid;
    }
    if (drain->watch[index] < 0)
        return true;
    struct pollfd end = {.fd = drain->watch[index], .events = POLLIN};
    return poll(&end, 1, 0) > 0;
}

/* ---- events ---- */

static gcr_status drain_declare_shapes(struct drain *drain, struct gcr_error *err)
{
    uint32_t count = atomic_load(&drain->segment->shape_count);
    while (drain->shapes < count) {
        uint32_t number;
        gcr_status status = gcr_writer_shape(
            drain->writer, &drain->segment->shapes[drain->shapes + 1], &number, err);
        if (status != GCR_OK)
            return status;
        drain->shapes++;
    }
    return GCR_OK;
}

static gcr_status drain_declare_names(struct drain *drain, struct gcr_error *err)
{
    uint32_t count = atomic_load(&drain->segment->name_count);
    while (drain->names < count) {
        uint32_t number;
        gcr_status status =
            gcr_writer_name(drain->writer, drain->segment->names[drain->names + 1], &number, err);
        if (status != GCR_OK)
            return status;
        drain->names++;
    }
    return GCR_OK;
}

static gcr_status drain_take(struct drain *drain, struct gcr_ring *ring, uint64_t until,
                             struct gcr_error *err)
{
    uint64_t at = atomic_load_explicit(&ring->drained, memory_order_relaxed);
    gcr_status status = drain_declare_shapes(drain, err);
    if (status == GCR_OK)
        status = drain_declare_names(drain, err);
    for (; at < until && status == GCR_OK; at++) {
        struct gcr_event event = ring->events[at & (GCR_RING_EVENTS - 1)];
        if (at % DRAIN_RETURN_STEP == 0) /* a program that waits for room goes on */
            atomic_store_explicit(&ring->drained, at, memory_order_release);
        if (event.op == GCR_OP_NONE)
            continue;
        event.unused = 0;
        drain->events++;
        status = gcr_writer_event(drain->writer, ring->lane, &event, err);
    }
    atomic_store_explicit(&ring->drained, at, memory_order_release);
    return status;
}

/* ---- ends of lanes ---- */

static void drain_add_counts(struct drain *drain, const struct gcr_ring *ring)
{
    uint64_t *sum = (uint64_t *)&drain->counts;
    const uint64_t *counts = (const uint64_t *)&ring->counts;
    for (size_t i = 0; i < sizeof ring->counts / sizeof *counts; i++)
        sum[i] += counts[i];
    if (ring->stop_reason[0] != '\0' && drain->stop_reason[0] == '\0')
        memcpy(drain->stop_reason, ring->stop_reason, sizeof drain->stop_reason);
}

static gcr_status drain_end_lane(struct drain *drain, unsigned index, struct gcr_error *err)
{
    struct gcr_ring *ring = &drain->segment->rings[index];
    gcr_status status = drain_take(drain, ring, atomic_load(&ring->head), err);
    struct gcr_event end = {.op = GCR_OP_EXIT, .a = drain_take_exit(drain, (pid_t)ring->pid)};
    if (status == GCR_OK)
        status = gcr_writer_event(drain->writer, ring->lane, &end, err);
    if (status == GCR_OK)
        status = gcr_writer_cut(drain->writer, ring->lane, err);
    drain->events++;
    drain->lanes++;
    drain_add_counts(drain, ring);
    drain_unwatch(drain, index);
    memset(&ring->counts, 0, sizeof ring->counts);
    memset(ring->stop_reason, 0, sizeof ring->stop_reason);
    ring->pid = 0;
    atomic_store(&ring->head, 0);
    atomic_store(&ring->committed, 0);
    atomic_store(&ring->drained, 0);
    madvise(ring->events, sizeof ring->events, MADV_REMOVE); /* room, not contents, matters */
    atomic_store(&ring->state, GCR_RING_FREE);
    return status;
}

/* A ring reserved by a fork whose parent is gone: the child may not have run yet, or the fork may
 * have failed. True once it has been waited for long enough; the child cannot start then any more.
 */
static bool drain_is_abandoned(struct drain *drain, unsigned index)
{
    if (!drain_has_ended(drain, index)) {
        drain->orphaned[index] = 0;
        return false;
    }
    if (++drain->orphaned[index] < DRAIN_PATIENCE)
        return false;
    drain->orphaned[index] = 0;
    uint32_t expected = GCR_RING_RESERVED;
    return atomic_compare_exchange_strong(&drain->segment->rings[index].state, &expected,
                                          GCR_RING_STOPPED);
}

gcr_status drain_all(struct drain *drain, bool *busy, bool *in_use, struct gcr_error *err)
{
    *busy = *in_use = false;
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        struct gcr_ring *ring = &drain->segment->rings[i];
        uint32_t state = atomic_load(&ring->state);
        if (state == GCR_RING_FREE)
            continue;
        *in_use = true;
        /* In this order: what it wrote before its end is seen after its end was seen. */
        bool ended =
            state == GCR_RING_STOPPED ||
            (state == GCR_RING_RESERVED ? drain_is_abandoned(drain, i) : drain_has_ended(drain, i));
        uint64_t committed = atomic_load_explicit(&ring->committed, memory_order_acquire);
        gcr_status status = GCR_OK;
        if (ended)
            status = drain_end_lane(drain, i, err);
        else if (committed > atomic_load(&ring->drained))
            status = drain_take(drain, ring, committed, err);
        else
            continue;
        *busy = true;
        if (status != GCR_OK)
            return status;
    }
    return GCR_OK;
}

gcr_status drain_rest(struct drain *drain, struct gcr_error *err)
{
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        if (atomic_load(&drain->segment->rings[i].state) == GCR_RING_FREE)
            continue;
        gcr_status status = drain_end_lane(drain, i, err);
        if (status != GCR_OK)
            return status;
    }
    return GCR_OK;
}
