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

/* So many events that wait mean that the program may come to wait: then predictors are kept for
 * some blocks, which takes a quarter of the time away and adds up to 8 % to their size. */
enum { DRAIN_BEHIND = 1 << 15, DRAIN_KEEP_BLOCKS = 4 };

void drain_init(struct drain *drain, struct gcr_segment *segment, struct groups *groups)
{
    memset(drain, 0, sizeof *drain);
    drain->segment = segment;
    drain->groups = groups;
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

/* Has the process that owns the ring executed another program? It lives on under the same number,
 * but does not map the segment any more. Not known: no. */
static bool drain_maps_segment(pid_t pid)
{
    char path[64], line[512];
    bool any = false, found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (maps == NULL)
        return true;
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        any = true;
        found = strstr(line, "/memfd:" GCR_SEGMENT_NAME " ") != NULL;
    }
    fclose(maps);
    return found || !any; /* a zombie has no mappings: that is for drain_has_ended */
}

/* Asked of silent rings only, after 128, 256, ... 4096 looks, and then after every 4096: the answer
 * takes the kernel a while. */
static bool drain_has_left(struct drain *drain, unsigned index)
{
    enum { DRAIN_SILENCE = 128, DRAIN_LONG_SILENCE = 4096 };
    const uint32_t idle = ++drain->idle[index];
    if (idle < DRAIN_SILENCE || ((idle & (idle - 1)) != 0 && idle % DRAIN_LONG_SILENCE != 0))
        return false;
    return !drain_maps_segment((pid_t)drain->segment->rings[index].pid);
}

/* ---- events ---- */

static gcr_status drain_take(struct drain *drain, struct trace_group *group, struct gcr_ring *ring,
                             uint64_t until, struct gcr_error *err)
{
    uint64_t at = atomic_load_explicit(&ring->drained, memory_order_relaxed);
    drain->taken += until - at;
    gcr_writer_keep_predictors(group->writer, until - at > DRAIN_BEHIND ? DRAIN_KEEP_BLOCKS : 1);
    const uint64_t mask = atomic_load_explicit(&ring->mask, memory_order_relaxed);
    gcr_status status = GCR_OK;
    for (; at < until && status == GCR_OK; at++) {
        if (at % DRAIN_RETURN_STEP == 0) /* a program that waits for room goes on */
            atomic_store_explicit(&ring->drained, at, memory_order_release);
        const struct ring_event event = ring->events[at & mask];
        const struct gcr_event unroot = {.op = GCR_OP_ROOT, .a = event.word[1]};
        if ((event.flags & RING_EVENT_UNROOTS) != 0)
            status = group_event(drain->groups, group, ring->lane, unroot, err);
        if (status == GCR_OK)
            status = group_event(drain->groups, group, ring->lane, ring_event_unpack(event), err);
    }
    atomic_store_explicit(&ring->drained, at, memory_order_release);
    return status;
}

/* ---- ends of lanes ---- */

static void drain_free_ring(struct drain *drain, unsigned index)
{
    struct gcr_ring *ring = &drain->segment->rings[index];
    drain_unwatch(drain, index);
    memset(&ring->counts, 0, sizeof ring->counts);
    memset(ring->stop_reason, 0, sizeof ring->stop_reason);
    ring->pid = 0;
    atomic_store(&ring->group, GCR_GROUP_NONE);
    atomic_store(&ring->head, 0);
    atomic_store(&ring->committed, 0);
    atomic_store(&ring->drained, 0);
    atomic_store(&ring->torn, UINT64_MAX);
    atomic_store(&ring->silent, 0);
    atomic_store(&ring->is_full, 0);
    madvise(ring->events, sizeof ring->events, MADV_REMOVE); /* room, not contents, matters */
    atomic_store(&ring->state, GCR_RING_FREE);
}

/* Has the ring's process gone on in another one? How it ends is told there. */
static bool drain_goes_on(const struct drain *drain, unsigned index)
{
    const struct gcr_ring *ring = &drain->segment->rings[index];
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        const struct gcr_ring *other = &drain->segment->rings[i];
        const uint32_t state = atomic_load(&other->state);
        if (i != index && other->pid == ring->pid &&
            (state == GCR_RING_RUNNING || state == GCR_RING_STOPPED))
            return atomic_load(&ring->state) == GCR_RING_STOPPED;
    }
    return false;
}

static gcr_status drain_end_lane(struct drain *drain, struct trace_group *group, unsigned index,
                                 struct gcr_error *err)
{
    struct gcr_ring *ring = &drain->segment->rings[index];
    const uint64_t head = atomic_load(&ring->head), torn = atomic_load(&ring->torn);
    gcr_status status = drain_take(drain, group, ring, head < torn ? head : torn, err);
    const uint32_t exit_status = drain_goes_on(drain, index)
                                     ? DRAIN_STATUS_UNKNOWN
                                     : drain_take_exit(drain, (pid_t)ring->pid);
    struct gcr_event end = {.op = GCR_OP_EXIT, .a = exit_status};
    if (status == GCR_OK)
        status = group_event(drain->groups, group, ring->lane, end, err);
    if (status == GCR_OK)
        status = group_end_lane(group, ring, err);
    drain_free_ring(drain, index);
    return status;
}

/* The ring of a process of the group whose lane has that number; NULL: it has ended. */
static const struct gcr_ring *drain_find_lane(const struct drain *drain, uint32_t group,
                                              int32_t lane)
{
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        const struct gcr_ring *ring = &drain->segment->rings[i];
        if (atomic_load(&ring->state) != GCR_RING_FREE && atomic_load(&ring->group) == group &&
            (int32_t)ring->lane == lane)
            return ring;
    }
    return NULL;
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

/* Takes what can be taken out of a ring that is not free. *taken: something was. */
static gcr_status drain_ring(struct drain *drain, unsigned index, uint32_t state, bool rest,
                             bool *taken, struct gcr_error *err)
{
    struct gcr_ring *ring = &drain->segment->rings[index];
    /* In this order: what it wrote before its end is seen after its end was seen. */
    bool ended = rest || state == GCR_RING_STOPPED ||
                 (state == GCR_RING_RESERVED
                      ? drain_is_abandoned(drain, index)
                      : drain_has_ended(drain, index) || drain_has_left(drain, index));
    uint64_t committed = atomic_load_explicit(&ring->committed, memory_order_acquire);
    const uint32_t number = atomic_load(&ring->group);
    *taken = false;
    if (!ended && committed == atomic_load(&ring->drained))
        return GCR_OK;
    *taken = true;
    drain->idle[index] = 0;
    if (atomic_load(&ring->silent) != 0) {
        atomic_store_explicit(&ring->drained, committed, memory_order_release);
        if (ended && !drain_goes_on(drain, index))
            (void)drain_take_exit(drain, (pid_t)ring->pid);
        if (ended)
            drain_free_ring(drain, index);
        return GCR_OK;
    }
    if (number == GCR_GROUP_NONE) { /* it ended while it reserved the ring */
        drain_free_ring(drain, index);
        return GCR_OK;
    }
    struct trace_group *group = NULL;
    gcr_status status = groups_get(drain->groups, number, &group, err);
    if (status != GCR_OK)
        return status;
    if (!group_lane_is_born(group, ring->lane)) {
        /* Its parent's FORK is still to be taken; or was never written, and there was no fork. */
        *taken = drain_find_lane(drain, number, ring->parent) == NULL;
        if (*taken)
            drain_free_ring(drain, index);
        return GCR_OK;
    }
    if (ended)
        return drain_end_lane(drain, group, index, err);
    status = drain_take(drain, group, ring, committed, err);
    if (group_is_full(drain->groups, group))
        atomic_store(&ring->is_full, 1);
    return status;
}

/* Has the group a process left? Asked after the rings were looked at one by one: a ring that a
 * process reserved before its own was freed is seen now. */
static bool drain_group_lives(const struct drain *drain, uint32_t number)
{
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        const struct gcr_ring *ring = &drain->segment->rings[i];
        if (atomic_load(&ring->state) != GCR_RING_FREE && atomic_load(&ring->group) == number)
            return true;
    }
    return false;
}

/* The first group's metadata tells how the program ended: it waits for that, unless its process
 * goes on in another file. */
static bool drain_awaits_program(const struct drain *drain, const struct trace_group *group)
{
    const struct gcr_segment *segment = drain->segment;
    if (group->number != 0 || drain->groups->recording->program_ended || segment->window.used != 0)
        return false;
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        const uint32_t number = atomic_load(&segment->rings[i].group);
        if (number != GCR_GROUP_NONE && segment->group[number].origin == GCR_GROUP_CONTINUED &&
            segment->rings[i].pid == segment->group[0].pid)
            return false;
    }
    return true;
}

static gcr_status drain_close_groups(struct drain *drain, bool rest, struct gcr_error *err)
{
    struct groups *groups = drain->groups;
    gcr_status status = GCR_OK;
    for (unsigned i = groups->open_count; i-- > 0 && status == GCR_OK;) {
        struct trace_group *group = groups->open[i];
        if (rest && group->events == 0) /* nothing began; groups_release removes it */
            continue;
        if (rest || (group->lanes > 0 && !drain_group_lives(drain, group->number) &&
                     !drain_awaits_program(drain, group)))
            status = groups_close(groups, group, err);
    }
    return status;
}

static gcr_status drain_pass(struct drain *drain, bool rest, bool *busy, bool *in_use,
                             struct gcr_error *err)
{
    *busy = *in_use = false;
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        uint32_t state = atomic_load(&drain->segment->rings[i].state);
        if (state == GCR_RING_FREE)
            continue;
        bool taken;
        gcr_status status = drain_ring(drain, i, state, rest, &taken, err);
        if (status != GCR_OK)
            return status;
        *busy |= taken;
        *in_use = true;
    }
    return GCR_OK;
}

gcr_status drain_all(struct drain *drain, bool *busy, bool *in_use, struct gcr_error *err)
{
    gcr_status status = drain_pass(drain, false, busy, in_use, err);
    return status == GCR_OK ? drain_close_groups(drain, false, err) : status;
}

gcr_status drain_rest(struct drain *drain, struct gcr_error *err)
{
    bool busy = true, in_use = true;
    gcr_status status = GCR_OK;
    while (status == GCR_OK && busy && in_use)
        status = drain_pass(drain, true, &busy, &in_use, err);
    return status == GCR_OK ? drain_close_groups(drain, true, err) : status;
}
