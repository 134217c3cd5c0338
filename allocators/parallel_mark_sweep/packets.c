/* parallel-mark-sweep: work packets and the end of marking.
 *
 * Termination: `outstanding` counts published packets and workers that hold work. It rises before a
 * packet is published; taking one changes nothing, because the packet's count becomes its taker's
 * hold; it falls when a taker has nothing left. So it is zero only when no reference is left
 * anywhere, once and for all, and one atomic read tells.
 *
 * A worker's local buffer holds two packets' worth. When it is full, the older half is published:
 * near the roots, so large. With `share=hungry` a worker publishes earlier when another one waits.
 * Packets come from a pool of 1/64 of the budget (native: of the limit); without one, a worker goes
 * on with a stack of its own; if that is refused as well, the collection cannot be completed. */
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

enum { POOL_KEPT_BYTES = 64 * 1024, POOL_STEP_BYTES = 4 * GCR_PAGE_BYTES, POOL_SHARE = 64 };
static const size_t POOL_RESERVATION_BYTES = (size_t)1 << 30;

/* ---- the pool ---- */

void pms_pool_init(struct gcr_parallel_mark_sweep *h)
{
    struct pms_pool *pool = &h->pool;
    pool->packet_bytes = sizeof(struct pms_packet) + h->packet_entries * sizeof(gcr_ref);
    pool->reserved_bytes = POOL_RESERVATION_BYTES;
    pool->start = gcr_supply_reserve(h->heap.supply, pool->reserved_bytes, GCR_PAGE_BYTES);
}

void pms_pool_finish(struct gcr_parallel_mark_sweep *h)
{
    struct pms_pool *pool = &h->pool;
    if (pool->start == NULL)
        return;
    gcr_supply_release(h->heap.supply, GCR_PAGES_WORK, pool->start, pool->committed_bytes);
    gcr_supply_unreserve(h->heap.supply, pool->start, pool->reserved_bytes);
    *pool = (struct pms_pool){0};
}

/* Packets lie anywhere between; all are spare, so carving starts again from the bottom. */
void pms_pool_trim(struct gcr_parallel_mark_sweep *h)
{
    struct pms_pool *pool = &h->pool;
    GCR_CHECK(1, pool->in_use == 0);
    pool->spare = NULL;
    pool->used_bytes = 0;
    uint64_t base = h->budget_bytes != 0 ? h->budget_bytes : h->limit_bytes;
    pool->limit_bytes = gcr_page_round((size_t)(base / POOL_SHARE));
    if (pool->committed_bytes > POOL_KEPT_BYTES) {
        gcr_supply_release(h->heap.supply, GCR_PAGES_WORK, pool->start + POOL_KEPT_BYTES,
                           pool->committed_bytes - POOL_KEPT_BYTES);
        pool->committed_bytes = POOL_KEPT_BYTES;
    }
}

/* Under the lock. */
static bool pool_grow(struct gcr_parallel_mark_sweep *h)
{
    struct pms_pool *pool = &h->pool;
    size_t step = gcr_page_round(pool->packet_bytes);
    if (step < POOL_STEP_BYTES)
        step = POOL_STEP_BYTES;
    if (pool->start == NULL || pool->committed_bytes + step > pool->limit_bytes ||
        pool->committed_bytes + step > pool->reserved_bytes ||
        !gcr_supply_commit(h->heap.supply, GCR_PAGES_WORK, pool->start + pool->committed_bytes,
                           step))
        return false;
    pool->committed_bytes += step;
    return true;
}

/* Under the lock. NULL: none left. */
static struct pms_packet *pool_get(struct gcr_parallel_mark_sweep *h)
{
    struct pms_pool *pool = &h->pool;
    struct pms_packet *packet = pool->spare;
    if (packet != NULL) {
        pool->spare = packet->next;
    } else {
        while (pool->committed_bytes - pool->used_bytes < pool->packet_bytes)
            if (!pool_grow(h))
                return NULL;
        packet = (struct pms_packet *)(void *)(pool->start + pool->used_bytes);
        pool->used_bytes += pool->packet_bytes;
    }
    if (++pool->in_use > pool->peak_in_use)
        pool->peak_in_use = pool->in_use;
    return packet;
}

static void pool_put(struct gcr_parallel_mark_sweep *h, struct pms_packet *packet)
{
    packet->next = h->pool.spare;
    h->pool.spare = packet;
    h->pool.in_use--;
}

static struct pms_packet *pool_get_locked(struct gcr_parallel_mark_sweep *h)
{
    pthread_mutex_lock(&h->team.lock);
    struct pms_packet *packet = pool_get(h);
    pthread_mutex_unlock(&h->team.lock);
    return packet;
}

/* ---- publishing ---- */

static void publish(struct pms_worker *worker, struct pms_packet *packet)
{
    struct pms_team *team = &worker->h->team;
    GCR_FETCH_ADD(&team->outstanding, 1);
    worker->counters.published++;
    pthread_mutex_lock(&team->lock);
    packet->next = team->published;
    team->published = packet;
    if (team->waiting != 0)
        pthread_cond_signal(&team->packets);
    pthread_mutex_unlock(&team->lock);
}

/* The oldest `count` references of the local buffer leave it for `to`. */
static void buffer_shift(struct pms_worker *worker, gcr_ref *to, size_t count)
{
    size_t left = (size_t)(worker->top - worker->bottom) - count;
    memcpy(to, worker->bottom, count * sizeof *to);
    memmove(worker->bottom, worker->bottom + count, left * sizeof *to);
    worker->top = worker->bottom + left;
}

static bool publish_oldest(struct pms_worker *worker, size_t count)
{
    struct pms_packet *packet = pool_get_locked(worker->h);
    if (packet == NULL)
        return false;
    packet->object = NULL;
    packet->from = worker->index;
    packet->end = count;
    buffer_shift(worker, packet->entry, count);
    publish(worker, packet);
    return true;
}

/* Without room the references are lost, and the collection must be given up. */
static void spill_to_own(struct pms_worker *worker, size_t count)
{
    struct gcr_mark_stack *own = &worker->own;
    pthread_mutex_lock(&worker->h->team.lock); /* the supply is shared */
    bool room = gcr_mark_stack_reserve(own, count);
    pthread_mutex_unlock(&worker->h->team.lock);
    if (room) {
        buffer_shift(worker, own->top, count);
        own->top += count;
        gcr_mark_stack_note(own);
        worker->counters.spilled += count;
    } else {
        GCR_STORE_RELAXED(&worker->h->team.refused, true);
        worker->top = worker->bottom;
    }
}

void pms_spill(struct pms_worker *worker)
{
    size_t count = worker->h->packet_entries;
    if (!publish_oldest(worker, count))
        spill_to_own(worker, count);
}

void pms_share(struct pms_worker *worker)
{
    size_t half = (size_t)(worker->top - worker->bottom) / 2;
    if (half > worker->h->packet_entries)
        half = worker->h->packet_entries;
    (void)publish_oldest(worker, half);
}

bool pms_publish_range(struct pms_worker *worker, gcr_ref object, uint64_t slots)
{
    struct pms_packet *packet = pool_get_locked(worker->h);
    if (packet == NULL)
        return false;
    packet->object = object;
    packet->from = 0;
    packet->end = slots;
    publish(worker, packet);
    return true;
}

/* ---- taking ---- */

bool pms_unspill(struct pms_worker *worker)
{
    struct gcr_mark_stack *own = &worker->own;
    size_t count = gcr_mark_stack_count(own);
    if (count == 0)
        return false;
    if (count > worker->h->packet_entries)
        count = worker->h->packet_entries;
    own->top -= count;
    memcpy(worker->bottom, own->top, count * sizeof *own->top);
    worker->top = worker->bottom + count;
    return true;
}

/* Under the lock. A range stays published until its last part is taken; each part before that is
 * work of its own, and the packet's count keeps `outstanding` above zero meanwhile. */
static void take(struct pms_worker *worker, struct pms_packet *packet)
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    struct pms_team *team = &h->team;
    if (packet->object != NULL) {
        worker->range_object = packet->object;
        worker->range_from = packet->from;
        packet->from += h->range_slots;
        worker->range_end = packet->from < packet->end ? packet->from : packet->end;
        worker->counters.ranges++;
        if (packet->from < packet->end) {
            GCR_FETCH_ADD(&team->outstanding, 1);
            return;
        }
    } else {
        memcpy(worker->bottom, packet->entry, packet->end * sizeof *packet->entry);
        worker->top = worker->bottom + packet->end;
        worker->counters.taken_elsewhere += packet->from != worker->index;
    }
    team->published = packet->next;
    worker->counters.taken++;
    pool_put(h, packet);
}

bool pms_take_packet(struct pms_worker *worker)
{
    struct pms_team *team = &worker->h->team;
    pthread_mutex_lock(&team->lock);
    struct pms_packet *packet = team->published;
    if (packet != NULL)
        take(worker, packet);
    pthread_mutex_unlock(&team->lock);
    return packet != NULL;
}

/* Under the lock: until there is a packet, or nothing is outstanding. */
static void wait_for_packet(struct pms_team *team)
{
    team->waiting++;
    GCR_STORE_RELAXED(&team->hungry, team->waiting);
    while (team->published == NULL && GCR_LOAD_ACQUIRE(&team->outstanding) != 0)
        pthread_cond_wait(&team->packets, &team->lock);
    team->waiting--;
    GCR_STORE_RELAXED(&team->hungry, team->waiting);
}

bool pms_next_packet(struct pms_worker *worker)
{
    struct pms_team *team = &worker->h->team;
    bool last = GCR_FETCH_ADD(&team->outstanding, -1) == 1;
    pthread_mutex_lock(&team->lock);
    if (last)
        pthread_cond_broadcast(&team->packets);
    wait_for_packet(team);
    struct pms_packet *packet = team->published;
    if (packet != NULL)
        take(worker, packet);
    pthread_mutex_unlock(&team->lock);
    return packet != NULL;
}
