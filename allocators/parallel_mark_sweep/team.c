/* parallel-mark-sweep: the workers.
 *
 * Worker 0 is the mutator's own thread, and its memory is there from the beginning; the others are
 * created at the first collection, wait for jobs after that, and end before a fork and with the
 * heap. With one worker there is no other thread and no lock is ever contended. A worker's record,
 * local buffer and thread stack come from the supply; if it refuses, there are fewer workers. */
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

/* Blocks that a worker claims at a time in clearing and sweeping: a MiB of objects. */
enum { BLOCKS_AT_ONCE = 64 };
/* Sanitizers need more room in frames, and ThreadSanitizer has its own state on the stack. */
#ifdef GCR_TSAN
enum { STACK_BYTES = 2048 * 1024 };
#else
enum { STACK_BYTES = GCR_CHECK_LEVEL >= 2 ? 256 * 1024 : 64 * 1024 };
#endif

/* ---- one worker's part of a job ---- */

/* Calls `part` with ranges of blocks until all are claimed. */
static void for_blocks(struct pms_worker *worker,
                       void (*part)(struct pms_worker *worker, uint32_t first, uint32_t end))
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    uint64_t all = gcr_blocks_count(&h->blocks);
    for (;;) {
        uint64_t first = GCR_FETCH_ADD(&h->team.next_block, BLOCKS_AT_ONCE);
        if (first >= all)
            return;
        uint64_t end = first + BLOCKS_AT_ONCE;
        part(worker, (uint32_t)first, (uint32_t)(end < all ? end : all));
    }
}

static void clear_part(struct pms_worker *worker, uint32_t first, uint32_t end)
{
    gcr_blocks_clear_marks(&worker->h->blocks, first, end);
}

static void swap_part(struct pms_worker *worker, uint32_t first, uint32_t end)
{
    gcr_blocks_swap(&worker->h->blocks, first, end, &worker->swept);
}

static void build_part(struct pms_worker *worker, uint32_t first, uint32_t end)
{
    gcr_blocks_build(&worker->h->blocks, first, end);
}

static void do_job(struct pms_worker *worker, enum pms_job job)
{
    switch (job) {
    case PMS_JOB_CLEAR:
        for_blocks(worker, clear_part);
        return;
    case PMS_JOB_MARK:
        pms_mark_part(worker);
        return;
    case PMS_JOB_SWAP:
        for_blocks(worker, swap_part);
        return;
    case PMS_JOB_BUILD:
        for_blocks(worker, build_part);
        return;
    case PMS_JOB_LEAVE:
        return;
    }
}

/* ---- threads ---- */

static void *worker_main(void *arg)
{
    struct pms_worker *worker = arg;
    struct pms_team *team = &worker->h->team;
    enum pms_job job;
    uint64_t round = worker->round;
    do {
        pthread_mutex_lock(&team->lock);
        while (team->round == round)
            pthread_cond_wait(&team->work, &team->lock);
        round = team->round;
        job = team->job;
        pthread_mutex_unlock(&team->lock);
        do_job(worker, job);
        pthread_mutex_lock(&team->lock);
        if (--team->busy == 0)
            pthread_cond_signal(&team->done);
        pthread_mutex_unlock(&team->lock);
    } while (job != PMS_JOB_LEAVE);
    return NULL;
}

void pms_team_run(struct gcr_parallel_mark_sweep *h, enum pms_job job, bool alone)
{
    struct pms_team *team = &h->team;
    GCR_STORE_RELAXED(&team->next_block, 0);
    alone = alone || team->count == 1;
    if (!alone) {
        pthread_mutex_lock(&team->lock);
        team->job = job;
        team->round++;
        team->busy = team->count - 1;
        pthread_cond_broadcast(&team->work);
        pthread_mutex_unlock(&team->lock);
    }
    do_job(team->worker[0], job);
    if (!alone) {
        pthread_mutex_lock(&team->lock);
        while (team->busy != 0)
            pthread_cond_wait(&team->done, &team->lock);
        pthread_mutex_unlock(&team->lock);
    }
}

/* ---- coming and going ---- */

static size_t worker_bytes(const struct gcr_parallel_mark_sweep *h)
{
    return sizeof(struct pms_worker) + 2 * h->packet_entries * sizeof(gcr_ref);
}

static bool worker_start_thread(struct pms_worker *worker)
{
    struct gcr_supply *supply = worker->h->heap.supply;
    pthread_attr_t attributes;
    worker->stack = gcr_supply_map(supply, GCR_PAGES_WORK, STACK_BYTES, GCR_PAGE_BYTES);
    if (worker->stack == NULL)
        return false;
    bool started = pthread_attr_init(&attributes) == 0 &&
                   pthread_attr_setstack(&attributes, worker->stack, STACK_BYTES) == 0 &&
                   pthread_create(&worker->thread, &attributes, worker_main, worker) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (!started)
        gcr_supply_unmap(supply, GCR_PAGES_WORK, worker->stack, STACK_BYTES);
    return started;
}

static bool worker_create(struct gcr_parallel_mark_sweep *h, uint32_t index)
{
    struct gcr_supply *supply = h->heap.supply;
    struct pms_worker *worker =
        gcr_supply_map(supply, GCR_PAGES_WORK, worker_bytes(h), GCR_PAGE_BYTES);
    if (worker == NULL)
        return false;
    worker->h = h;
    worker->index = index;
    worker->round = h->team.round;
    worker->bottom = worker->top = (gcr_ref *)(void *)(worker + 1);
    worker->end = worker->bottom + 2 * h->packet_entries;
    gcr_mark_stack_init(&worker->own, supply);
    if (index != 0 && !worker_start_thread(worker)) {
        gcr_supply_unmap(supply, GCR_PAGES_WORK, worker, worker_bytes(h));
        return false;
    }
    h->team.worker[index] = worker;
    return true;
}

void pms_team_assemble(struct gcr_parallel_mark_sweep *h)
{
    struct pms_team *team = &h->team;
    while (team->count < team->wanted && worker_create(h, team->count))
        team->count++;
}

static void worker_destroy(struct gcr_parallel_mark_sweep *h, struct pms_worker *worker)
{
    struct gcr_supply *supply = h->heap.supply;
    if (worker->index != 0) {
        int failed = pthread_join(worker->thread, NULL);
        GCR_CHECK(1, failed == 0);
        (void)failed;
        gcr_supply_unmap(supply, GCR_PAGES_WORK, worker->stack, STACK_BYTES);
    }
    gcr_mark_stack_finish(&worker->own);
    gcr_supply_unmap(supply, GCR_PAGES_WORK, worker, worker_bytes(h));
}

void pms_team_dismiss(struct gcr_parallel_mark_sweep *h)
{
    struct pms_team *team = &h->team;
    if (team->count > 1)
        pms_team_run(h, PMS_JOB_LEAVE, false);
    for (; team->count > 1; team->count--)
        worker_destroy(h, team->worker[team->count - 1]);
}

bool pms_team_init(struct gcr_parallel_mark_sweep *h)
{
    struct pms_team *team = &h->team;
    (void)pthread_mutex_init(&team->lock, NULL); /* these never fail in glibc */
    (void)pthread_cond_init(&team->work, NULL);
    (void)pthread_cond_init(&team->done, NULL);
    (void)pthread_cond_init(&team->packets, NULL);
    team->count = worker_create(h, 0);
    return team->count == 1;
}

void pms_team_finish(struct gcr_parallel_mark_sweep *h)
{
    struct pms_team *team = &h->team;
    pms_team_dismiss(h);
    if (team->count == 1)
        worker_destroy(h, team->worker[0]);
    team->count = 0;
    (void)pthread_cond_destroy(&team->packets);
    (void)pthread_cond_destroy(&team->done);
    (void)pthread_cond_destroy(&team->work);
    (void)pthread_mutex_destroy(&team->lock);
}
