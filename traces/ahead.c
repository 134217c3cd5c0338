/* A ring of blocks, filled by two threads and emptied by one; see ahead.h.
 *
 * Block i belongs to slot i modulo SLOTS. Blocks are claimed in order, `claimed` is the first that
 * nobody has, and at most SLOTS are claimed beyond `used`, the number that the caller is done with.
 * Everything that both threads touch is under the lock, but for the slots' contents: those belong
 * to whoever claimed the block until it is done, and then to the caller. */
#include "traces/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { AHEAD_SLOTS = 4 };

struct ahead_slot {
    struct gcr_event *events;
    bool is_done;
    gcr_status status;
    struct gcr_error error;
};

struct gct_ahead {
    const struct gcr_reader *reader;
    struct gct_block_decoder *helper, *own; /* the thread's and the caller's */
    struct ahead_slot slot[AHEAD_SLOTS];
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the thread: there is room, or it is over */
    pthread_cond_t done; /* the caller: the thread has done a block */
    bool is_over;
    uint64_t claimed, taken, used, end;
};

static struct ahead_slot *ahead_slot(struct gct_ahead *a, uint64_t block)
{
    return &a->slot[block % AHEAD_SLOTS];
}

static bool ahead_can_claim(const struct gct_ahead *a)
{
    return a->claimed < a->end && a->claimed < a->used + AHEAD_SLOTS;
}

/* Claims the next block and decodes it, the lock being let go meanwhile. */
static void ahead_decode(struct gct_ahead *a, struct gct_block_decoder *decoder)
{
    const struct gcr_reader *reader = a->reader;
    uint64_t block = a->claimed++;
    struct ahead_slot *slot = ahead_slot(a, block);
    slot->is_done = false;
    (void)pthread_mutex_unlock(&a->lock);
    slot->status =
        gct_reader_load_block(reader, &reader->scan.entries[reader->lane_sections[block]], decoder,
                              slot->events, &slot->error);
    (void)pthread_mutex_lock(&a->lock);
    slot->is_done = true;
}

static void *ahead_run(void *arg)
{
    struct gct_ahead *a = arg;
    (void)pthread_mutex_lock(&a->lock);
    while (!a->is_over) {
        if (!ahead_can_claim(a)) {
            (void)pthread_cond_wait(&a->wake, &a->lock);
            continue;
        }
        ahead_decode(a, a->helper);
        (void)pthread_cond_signal(&a->done);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* Signals are for the threads that were there before. */
static bool ahead_start(struct gct_ahead *a)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    a->has_thread = pthread_create(&a->thread, NULL, ahead_run, a) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return a->has_thread;
}

static gcr_status ahead_allocate(struct gct_ahead *a, struct gcr_error *err)
{
    gcr_status status = gct_block_decoder_create(&a->helper, err);
    if (status == GCR_OK)
        status = gct_block_decoder_create(&a->own, err);
    for (unsigned i = 0; i < AHEAD_SLOTS && status == GCR_OK; i++) {
        a->slot[i].events = malloc(sizeof *a->slot[i].events * GCR_BLOCK_EVENTS);
        if (a->slot[i].events == NULL)
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory to decode ahead");
    }
    return status;
}

gcr_status gct_ahead_open(const struct gcr_reader *reader, uint64_t first, uint64_t end,
                          struct gct_ahead **out, struct gcr_error *err)
{
    struct gct_ahead *a = calloc(1, sizeof *a);
    if (a == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to decode ahead");
    a->reader = reader;
    a->claimed = a->taken = a->used = first;
    a->end = end;
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->wake, NULL);
    (void)pthread_cond_init(&a->done, NULL);
    gcr_status status = ahead_allocate(a, err);
    if (status == GCR_OK && !ahead_start(a))
        status = gcr_fail(err, GCR_NO_MEMORY, "no thread to decode ahead");
    if (status != GCR_OK) {
        gct_ahead_close(a);
        return status;
    }
    *out = a;
    return GCR_OK;
}

/* Until block `a->taken` is done: decodes it, or if the thread is at it, one of the next. */
static void ahead_await(struct gct_ahead *a)
{
    while (a->claimed <= a->taken || !ahead_slot(a, a->taken)->is_done) {
        if (ahead_can_claim(a))
            ahead_decode(a, a->own);
        else
            (void)pthread_cond_wait(&a->done, &a->lock);
    }
}

gcr_status gct_ahead_take(struct gct_ahead *a, const struct gcr_event **events,
                          struct gcr_error *err)
{
    (void)pthread_mutex_lock(&a->lock);
    a->used = a->taken;
    (void)pthread_cond_signal(&a->wake);
    ahead_await(a);
    (void)pthread_mutex_unlock(&a->lock);
    const struct ahead_slot *slot = ahead_slot(a, a->taken);
    if (slot->status != GCR_OK) {
        *err = slot->error;
        return slot->status;
    }
    *events = slot->events;
    a->taken++;
    return GCR_OK;
}

void gct_ahead_close(struct gct_ahead *a)
{
    if (a == NULL)
        return;
    if (a->has_thread) {
        (void)pthread_mutex_lock(&a->lock);
        a->is_over = true;
        (void)pthread_cond_signal(&a->wake);
        (void)pthread_mutex_unlock(&a->lock);
        (void)pthread_join(a->thread, NULL);
    }
    (void)pthread_mutex_destroy(&a->lock);
    (void)pthread_cond_destroy(&a->wake);
    (void)pthread_cond_destroy(&a->done);
    for (unsigned i = 0; i < AHEAD_SLOTS; i++)
        free(a->slot[i].events);
    gct_block_decoder_destroy(a->helper);
    gct_block_decoder_destroy(a->own);
    free(a);
}
