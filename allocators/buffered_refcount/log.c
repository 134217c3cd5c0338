/* buffered-refcount: contexts, their mutation buffers, and the pool of chunks.
 *
 * A chunk goes from the pool to a context, at the next boundary into the package, to the collector
 * for two epochs (one for increments alone), and back. There are at most 64, or 4 a context if that
 * is more; who needs one and finds none waits for the collector. With nothing logged meanwhile two
 * boundaries bring all of them back, so four chunks are enough for progress. */
#include "allocators/buffered_refcount/barrier.h"

enum { CHUNKS_A_CONTEXT = 4, WAIT_ROUNDS = 4 };

/* ---- the pool ---- */

static uint32_t pool_limit(const struct gcr_recycler *h)
{
    uint32_t least = CHUNKS_A_CONTEXT * h->context_count;
    return h->pool_chunks > least ? h->pool_chunks : least;
}

static bool pool_grow(struct gcr_recycler *h)
{
    struct recycler_chunk *chunk =
        gcr_supply_map(h->heap.supply, GCR_PAGES_WORK, h->chunk_bytes, GCR_PAGE_BYTES);
    if (chunk == NULL)
        return false;
    chunk->next = h->chunks;
    h->chunks = chunk;
    h->pool_free++;
    h->pool_count++;
    if (h->pool_count > h->pool_peak)
        h->pool_peak = h->pool_count;
    return true;
}

static struct recycler_chunk *pool_take(struct gcr_recycler *h)
{
    if (h->chunks == NULL && (h->pool_count >= pool_limit(h) || !pool_grow(h)))
        return NULL;
    struct recycler_chunk *chunk = h->chunks;
    h->chunks = chunk->next;
    h->pool_free--;
    return chunk;
}

static void chunks_unmap(struct gcr_recycler *h, struct recycler_chunk **chunks)
{
    while (*chunks != NULL) {
        struct recycler_chunk *chunk = *chunks;
        *chunks = chunk->next;
        gcr_supply_unmap(h->heap.supply, GCR_PAGES_WORK, chunk, h->chunk_bytes);
    }
}

/* As many stay as progress needs. */
void recycler_chunks_trim(struct gcr_recycler *h)
{
    while (h->chunks != NULL && h->pool_count > CHUNKS_A_CONTEXT) {
        struct recycler_chunk *chunk = pool_take(h);
        h->pool_count--;
        gcr_supply_unmap(h->heap.supply, GCR_PAGES_WORK, chunk, h->chunk_bytes);
    }
    chunks_unmap(h, &h->collector.reserve);
    h->collector.reserve_count = 0;
}

/* ---- a log ---- */

static void log_open(struct gcr_recycler *h, struct recycler_log *log, struct recycler_chunk *chunk)
{
    chunk->epoch = h->epoch;
    log->chunk = chunk;
    log->top = chunk->entry;
    log->limit = chunk->entry + h->chunk_entries - RECYCLER_EVENT_WORDS;
}

static void log_close(struct gcr_recycler *h, struct recycler_log *log)
{
    struct recycler_chunk *chunk = log->chunk;
    chunk->count = (uint32_t)(log->top - chunk->entry);
    h->logged_words += chunk->count;
    log->chunk = NULL;
    if (chunk == h->sink)
        return;
    chunk->next = log->full;
    log->full = chunk;
    log->chunks++;
}

/* The collector has all chunks of the pool: lets it finish, with as many boundaries as it takes. */
static struct recycler_chunk *log_wait_for_chunk(struct gcr_recycler *h)
{
    struct recycler_chunk *chunk = NULL;
    h->waits++;
    recycler_pause_begin(h, GCR_REASON_BACK_PRESSURE);
    for (int round = 0; chunk == NULL && round < WAIT_ROUNDS && !h->exhausted; round++) {
        recycler_settle(h);
        chunk = pool_take(h);
        if (chunk == NULL) {
            recycler_boundary(h);
            recycler_settle(h);
            chunk = pool_take(h);
        }
    }
    recycler_pause_end(h, false);
    return chunk;
}

/* Waiting ends an epoch, which may take the other log's chunk. */
void recycler_logs_refill(struct gcr_recycler *h)
{
    struct recycler_log *log = h->context->log;
    while (log[0].chunk == NULL || (h->two_buffers && log[1].chunk == NULL)) {
        struct recycler_log *empty = log[0].chunk == NULL ? &log[0] : &log[1];
        struct recycler_chunk *chunk = h->exhausted ? NULL : pool_take(h);
        if (chunk == NULL && !h->exhausted)
            chunk = log_wait_for_chunk(h);
        if (chunk == NULL) {
            recycler_fail(h);
            chunk = h->sink;
        }
        log_open(h, empty, chunk);
    }
}

void recycler_log_full(struct gcr_recycler *h)
{
    h->heap.work.barriers++;
    for (unsigned i = 0; i < (h->two_buffers ? 2u : 1u); i++) {
        struct recycler_log *log = &h->context->log[i];
        if (log->top < log->limit)
            continue;
        log_close(h, log);
        h->epoch_due |= log->chunks > h->epoch_chunks;
    }
    recycler_logs_refill(h);
    recycler_safepoint(h);
}

void recycler_logs_swap(struct gcr_recycler *h, struct recycler_context *context)
{
    for (unsigned i = 0; i < (h->two_buffers ? 2u : 1u); i++) {
        struct recycler_log *log = &context->log[i];
        if (log->chunk != NULL && log->top != log->chunk->entry)
            log_close(h, log);
        else if (log->chunk != NULL)
            log->chunk->epoch = h->epoch + 1;
        context->now[i] = log->full;
        log->full = NULL;
        log->chunks = 0;
    }
}

/* ---- contexts ---- */

static struct recycler_context *context_new(struct gcr_recycler *h)
{
    if ((size_t)(h->context_end - h->context_room) < sizeof(struct recycler_context)) {
        if (!gcr_vector_reserve(&h->context_pages, 1))
            return NULL;
        char *page = gcr_supply_map(h->heap.supply, GCR_PAGES_SIDE, GCR_PAGE_BYTES, GCR_PAGE_BYTES);
        if (page == NULL || !gcr_vector_push_word(&h->context_pages, (uintptr_t)page))
            return NULL;
        h->context_room = page;
        h->context_end = page + GCR_PAGE_BYTES;
    }
    struct recycler_context *context = (struct recycler_context *)(void *)h->context_room;
    h->context_room += sizeof *context;
    return context;
}

struct recycler_context *recycler_context_of_thread(struct gcr_recycler *h, uint32_t thread)
{
    while (gcr_vector_count(&h->by_thread) <= thread)
        if (!gcr_vector_push_word(&h->by_thread, 0))
            return NULL;
    struct recycler_context **place = gcr_vector_at(&h->by_thread, thread);
    if (*place != NULL)
        return *place;
    struct recycler_context *context = context_new(h);
    if (context == NULL)
        return NULL;
    context->thread = thread;
    for (unsigned i = 0; i < 2; i++)
        gcr_vector_init(&context->stack[i], h->heap.supply, GCR_PAGES_WORK, sizeof(gcr_ref));
    context->next = h->contexts;
    h->contexts = *place = context;
    h->context_count++;
    return context;
}

bool recycler_logs_create(struct gcr_recycler *h)
{
    gcr_vector_init(&h->by_thread, h->heap.supply, GCR_PAGES_SIDE,
                    sizeof(struct recycler_context *));
    gcr_vector_init(&h->context_pages, h->heap.supply, GCR_PAGES_SIDE, sizeof(char *));
    struct recycler_context *context = recycler_context_of_thread(h, 0);
    h->sink = gcr_supply_map(h->heap.supply, GCR_PAGES_WORK, h->chunk_bytes, GCR_PAGE_BYTES);
    if (context == NULL || h->sink == NULL)
        return false;
    for (unsigned i = 0; i < CHUNKS_A_CONTEXT; i++)
        if (!pool_grow(h))
            return false;
    context->ran = true;
    recycler_reach_set(h, context);
    recycler_logs_refill(h);
    return true;
}

static void context_destroy(struct gcr_recycler *h, struct recycler_context *context)
{
    for (unsigned i = 0; i < 2; i++) {
        struct recycler_log *log = &context->log[i];
        if (log->chunk != NULL && log->chunk != h->sink) {
            log->chunk->next = NULL;
            chunks_unmap(h, &log->chunk);
        }
        chunks_unmap(h, &log->full);
        chunks_unmap(h, &context->now[i]);
        chunks_unmap(h, &context->before[i]);
        gcr_vector_finish(&context->stack[i]);
    }
}

void recycler_logs_destroy(struct gcr_recycler *h)
{
    struct gcr_supply *supply = h->heap.supply;
    for (struct recycler_context *x = h->contexts; x != NULL; x = x->next)
        context_destroy(h, x);
    chunks_unmap(h, &h->chunks);
    chunks_unmap(h, &h->collector.used_up);
    if (h->sink != NULL)
        gcr_supply_unmap(supply, GCR_PAGES_WORK, h->sink, h->chunk_bytes);
    for (size_t i = 0; i < gcr_vector_count(&h->context_pages); i++)
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, *(char **)gcr_vector_at(&h->context_pages, i),
                         GCR_PAGE_BYTES);
    gcr_vector_finish(&h->context_pages);
    gcr_vector_finish(&h->by_thread);
}
