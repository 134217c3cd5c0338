/* buffered-refcount: the collector's thread, and how the one package goes to and fro.
 *
 *     DONE  -- hand over (mutator) -->  WORK  -- processed (collector) -->  DONE
 *
 * Both transitions are under one lock, which orders everything that either side did before. While
 * it works the collector may ask for memory: pages are the mutator's to take, so it posts a
 * request, sets `attention` and waits for the mutator's next safepoint. It also stands still on
 * demand.
 *
 * Without a thread the same steps happen in place. Cost: two lock operations a package. */
#include "allocators/buffered_refcount/buffered_refcount.h"

/* ---- memory for the holder of the package ---- */

static void *hand_map(struct gcr_recycler *h, enum gcr_page_kind kind, size_t bytes)
{
    struct gcr_supply *supply = h->heap.supply;
    void *start = gcr_supply_map(supply, kind, bytes, GCR_PAGE_BYTES);
    if (start != NULL)
        return start;
    gcr_blocks_age(&h->blocks, 0); /* cached empty blocks */
    return gcr_supply_map(supply, kind, bytes, GCR_PAGE_BYTES);
}

/* On the collector's thread: waits until the mutator has carried the request out. */
static void *hand_request(struct gcr_recycler *h, struct recycler_request request)
{
    struct recycler_hand *hand = &h->hand;
    pthread_mutex_lock(&hand->lock);
    hand->request = request;
    hand->request.posted = true;
    hand->still = true;
    GCR_STORE_RELAXED(&h->attention, 1);
    pthread_cond_signal(&hand->to_mutator);
    while (hand->request.posted)
        pthread_cond_wait(&hand->to_collector, &hand->lock);
    hand->still = false;
    void *answer = hand->request.start;
    pthread_mutex_unlock(&hand->lock);
    return answer;
}

/* On the mutator's thread, under the lock. */
static void hand_answer(struct gcr_recycler *h)
{
    struct recycler_request *request = &h->hand.request;
    if (!request->posted)
        return;
    if (request->start != NULL)
        gcr_supply_unmap(h->heap.supply, request->kind, request->start, request->bytes);
    else
        request->start = hand_map(h, request->kind, request->bytes);
    request->posted = false;
    h->hand.still = false;
    pthread_cond_signal(&h->hand.to_collector);
}

void *recycler_memory_map(struct gcr_recycler *h, enum gcr_page_kind kind, size_t bytes)
{
    void *start = NULL;
    if (!h->collector.failed)
        start = h->collector.remote
                    ? hand_request(h, (struct recycler_request){.kind = kind, .bytes = bytes})
                    : hand_map(h, kind, bytes);
    if (start == NULL)
        h->collector.failed = true;
    return start;
}

void recycler_memory_unmap(struct gcr_recycler *h, enum gcr_page_kind kind, void *start,
                           size_t bytes)
{
    if (h->collector.remote)
        (void)hand_request(h,
                           (struct recycler_request){.kind = kind, .start = start, .bytes = bytes});
    else
        gcr_supply_unmap(h->heap.supply, kind, start, bytes);
}

/* ---- standing still ---- */

void recycler_hand_stand(struct gcr_recycler *h)
{
    struct recycler_hand *hand = &h->hand;
    pthread_mutex_lock(&hand->lock);
    hand->still = true;
    pthread_cond_signal(&hand->to_mutator);
    while (GCR_LOAD_RELAXED(&hand->pause) != 0)
        pthread_cond_wait(&hand->to_collector, &hand->lock);
    hand->still = false;
    pthread_mutex_unlock(&hand->lock);
}

void recycler_rest(struct gcr_heap *heap, bool resting)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct recycler_hand *hand = &h->hand;
    if (!h->threaded)
        return;
    pthread_mutex_lock(&hand->lock);
    GCR_STORE_RELAXED(&hand->pause, resting);
    if (!resting)
        pthread_cond_signal(&hand->to_collector);
    while (resting && hand->state == RECYCLER_WORK && !hand->still)
        pthread_cond_wait(&hand->to_mutator, &hand->lock);
    pthread_mutex_unlock(&hand->lock);
}

/* ---- the package ---- */

void recycler_hand_over(struct gcr_recycler *h)
{
    struct recycler_hand *hand = &h->hand;
    h->in_flight = true;
    if (!hand->started) {
        recycler_process(h);
        hand->state = RECYCLER_DONE;
        return;
    }
    pthread_mutex_lock(&hand->lock);
    h->collector.remote = true;
    hand->state = RECYCLER_WORK;
    pthread_cond_signal(&hand->to_collector);
    pthread_mutex_unlock(&hand->lock);
}

bool recycler_hand_back(struct gcr_recycler *h, bool wait)
{
    struct recycler_hand *hand = &h->hand;
    if (!hand->started)
        return true;
    pthread_mutex_lock(&hand->lock);
    if (wait && GCR_LOAD_RELAXED(&hand->pause) != 0) {
        GCR_STORE_RELAXED(&hand->pause, 0);
        pthread_cond_signal(&hand->to_collector);
    }
    hand_answer(h);
    while (wait && hand->state == RECYCLER_WORK) {
        pthread_cond_wait(&hand->to_mutator, &hand->lock);
        hand_answer(h);
    }
    bool back = hand->state != RECYCLER_WORK;
    pthread_mutex_unlock(&hand->lock);
    return back;
}

/* ---- the thread ---- */

static void *hand_main(void *arg)
{
    struct gcr_recycler *h = arg;
    struct recycler_hand *hand = &h->hand;
    pthread_mutex_lock(&hand->lock);
    for (;;) {
        while (!hand->stop && hand->state != RECYCLER_WORK)
            pthread_cond_wait(&hand->to_collector, &hand->lock);
        if (hand->state != RECYCLER_WORK)
            break;
        pthread_mutex_unlock(&hand->lock);
        recycler_process(h);
        pthread_mutex_lock(&hand->lock);
        h->collector.remote = false;
        hand->state = RECYCLER_DONE;
        GCR_STORE_RELAXED(&h->attention, 1);
        pthread_cond_signal(&hand->to_mutator);
    }
    pthread_mutex_unlock(&hand->lock);
    return NULL;
}

/* If the system refuses a thread, packages are processed in place until the next try. */
void recycler_hand_start(struct gcr_recycler *h)
{
    struct recycler_hand *hand = &h->hand;
    hand->stop = false;
    if (h->threaded)
        hand->started = pthread_create(&hand->thread, NULL, hand_main, h) == 0;
}

void recycler_hand_stop(struct gcr_recycler *h)
{
    struct recycler_hand *hand = &h->hand;
    if (!hand->started)
        return;
    pthread_mutex_lock(&hand->lock);
    hand->stop = true;
    GCR_STORE_RELAXED(&hand->pause, 0);
    pthread_cond_signal(&hand->to_collector);
    pthread_mutex_unlock(&hand->lock);
    pthread_join(hand->thread, NULL);
    hand->started = false;
}

bool recycler_hand_create(struct gcr_recycler *h)
{
    struct recycler_hand *hand = &h->hand;
    if (pthread_mutex_init(&hand->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&hand->to_collector, NULL) == 0) {
        if (pthread_cond_init(&hand->to_mutator, NULL) == 0) {
            recycler_hand_start(h);
            return true;
        }
        pthread_cond_destroy(&hand->to_collector);
    }
    pthread_mutex_destroy(&hand->lock);
    return false;
}

void recycler_hand_destroy(struct gcr_recycler *h)
{
    recycler_hand_stop(h);
    pthread_cond_destroy(&h->hand.to_collector);
    pthread_cond_destroy(&h->hand.to_mutator);
    pthread_mutex_destroy(&h->hand.lock);
}
