/* What a runtime calls for each of its actions: an event, a ticket, a place in the thread's ring.
 *
 * Budget: one atomic addition, and one cache line written, per event. */
#include <time.h>

#include "base/compiler.h"
#include "traces/gctrace/recording.h"

/* The ring is full: this thread drains for all. */
static GCR_NOINLINE bool record_make_room(struct gctrace_thread *thread)
{
    struct gctrace *recording = thread->recording;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    (void)pthread_mutex_lock(&recording->drain);
    bool ok = drain_thread(recording, thread);
    (void)pthread_mutex_unlock(&recording->drain);
    (void)pthread_setcancelstate(cancel, NULL);
    thread->room = atomic_load_explicit(&thread->drained, memory_order_relaxed) + RING_ENTRIES;
    return ok;
}

/* A true ticket after a void one; or false. */
static GCR_NOINLINE bool record_wait(struct gctrace *recording, uint64_t *ticket)
{
    while ((*ticket & GATE_CLOSED) != 0) {
        if (!gate_wait(recording) || !recording_runs(recording))
            return false;
        *ticket = atomic_fetch_add_explicit(&recording->tickets, 1, memory_order_relaxed);
    }
    return true;
}

GCR_ALWAYS_INLINE void record_event(struct gctrace_thread *thread, struct gcr_event event)
{
    if (thread == NULL)
        return;
    struct gctrace *recording = thread->recording;
    if (!recording_runs(recording))
        return;
    uint64_t head = atomic_load_explicit(&thread->head, memory_order_relaxed);
    if (head == thread->room && !record_make_room(thread))
        return;
    /* Relaxed is enough: additions to one variable have one order, and one that happens before
     * another comes before it in that order. */
    uint64_t ticket = atomic_fetch_add_explicit(&recording->tickets, 1, memory_order_relaxed);
    if ((ticket & GATE_CLOSED) != 0 && !record_wait(recording, &ticket))
        return;
    struct ring_entry *entry = &thread->ring[head % RING_ENTRIES];
    entry->ticket = ticket;
    entry->event = event;
    atomic_store_explicit(&thread->head, head + 1, memory_order_release);
}

void recording_put(struct gctrace_thread *thread, const struct gcr_event *event)
{
    record_event(thread, *event);
}

/* ---- roots ---- */

static uint32_t record_depth(const struct gctrace_thread *thread)
{
    return atomic_load_explicit(&thread->depth, memory_order_relaxed);
}

static void record_set_depth(struct gctrace_thread *thread, uint32_t depth)
{
    atomic_store_explicit(&thread->depth, depth, memory_order_relaxed);
}

static GCR_NOINLINE bool record_refuse_root(struct gctrace_thread *thread, gctrace_root root)
{
    (void)recording_fail(thread->recording, GCTRACE_USAGE,
                         "root slot %u of thread %u, which has %u named ones and %u pushed",
                         root >> 1, thread->number, thread->named, record_depth(thread));
    return false;
}

/* A new place on the shadow stack; the event that fills it follows. */
static gctrace_root record_push(struct gctrace_thread *thread)
{
    uint32_t depth = record_depth(thread);
    if (depth >= (uint32_t)GCR_MAX_ROOT_SLOT - MAX_NAMED_ROOTS) {
        (void)recording_fail(thread->recording, GCTRACE_LIMIT, "shadow stack of thread %u too deep",
                             thread->number);
        return 0;
    }
    record_set_depth(thread, depth + 1);
    return gcr_root_thread(thread->named + depth);
}

/* What GCTRACE_PUSH stands for; or a root slot that the thread has. */
static bool record_resolve(struct gctrace_thread *thread, gctrace_root *root)
{
    if (*root == GCTRACE_PUSH)
        *root = record_push(thread);
    else if (!gcr_root_is_global(*root) &&
             gcr_root_slot(*root) >= thread->named + record_depth(thread))
        return record_refuse_root(thread, *root);
    return true;
}

void gctrace_set_root(gctrace_thread *thread, gctrace_root root, gctrace_object value)
{
    if (thread != NULL && record_resolve(thread, &root))
        record_event(thread, (struct gcr_event){.op = GCR_OP_ROOT, .a = root, .b = value});
}

gctrace_root gctrace_push(gctrace_thread *thread, gctrace_object value)
{
    if (thread == NULL)
        return 0;
    gctrace_root root = record_push(thread);
    if (value != 0)
        record_event(thread, (struct gcr_event){.op = GCR_OP_ROOT, .a = root, .b = value});
    return root;
}

void gctrace_pop(gctrace_thread *thread, uint32_t count)
{
    if (thread == NULL)
        return;
    uint32_t depth = record_depth(thread);
    if (count > depth) {
        (void)recording_fail(thread->recording, GCTRACE_USAGE,
                             "pop of %u from the %u pushed in thread %u", count, depth,
                             thread->number);
        return;
    }
    for (uint32_t slot = depth; slot-- > depth - count;) {
        uint32_t root = gcr_root_thread(thread->named + slot);
        record_event(thread, (struct gcr_event){.op = GCR_OP_ROOT, .a = root});
    }
    record_set_depth(thread, depth - count);
}

uint32_t gctrace_depth(const gctrace_thread *thread)
{
    return thread == NULL ? 0 : record_depth(thread);
}

/* ---- objects ---- */

gctrace_object gctrace_allocate(gctrace_thread *thread, uint32_t shape, uint32_t length,
                                gctrace_root root)
{
    if (thread == NULL || !recording_runs(thread->recording) || !record_resolve(thread, &root))
        return 0;
    uint32_t name = names_take(thread);
    if (name != 0)
        record_event(
            thread,
            (struct gcr_event){.op = GCR_OP_ALLOC, .a = name, .b = shape, .c = root, .d = length});
    return name;
}

gctrace_object gctrace_prebuilt(gctrace_thread *thread, uint32_t shape, uint32_t length)
{
    uint32_t name = thread == NULL || !recording_runs(thread->recording) ? 0 : names_take(thread);
    if (name != 0)
        record_event(thread,
                     (struct gcr_event){.op = GCR_OP_PREBUILT, .a = name, .b = shape, .c = length});
    return name;
}

void gctrace_store(gctrace_thread *thread, gctrace_object object, uint32_t slot,
                   gctrace_object value)
{
    record_event(thread,
                 (struct gcr_event){.op = GCR_OP_STORE, .a = object, .b = slot, .c = value});
}

void gctrace_load(gctrace_thread *thread, gctrace_object object, uint32_t slot, gctrace_root root)
{
    if (thread != NULL && record_resolve(thread, &root))
        record_event(thread,
                     (struct gcr_event){.op = GCR_OP_LOAD, .a = object, .b = slot, .c = root});
}

void gctrace_copy(gctrace_thread *thread, gctrace_object target, uint32_t target_slot,
                  gctrace_object source, uint32_t source_slot, uint32_t count)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_COPY,
                                            .a = target,
                                            .b = target_slot,
                                            .c = source,
                                            .d = source_slot,
                                            .e = count});
}

void gctrace_read(gctrace_thread *thread, gctrace_object object, uint32_t offset, uint32_t bytes)
{
    record_event(thread,
                 (struct gcr_event){.op = GCR_OP_READ, .a = object, .b = offset, .c = bytes});
}

void gctrace_write(gctrace_thread *thread, gctrace_object object, uint32_t offset, uint32_t bytes)
{
    record_event(thread,
                 (struct gcr_event){.op = GCR_OP_WRITE, .a = object, .b = offset, .c = bytes});
}

void gctrace_resize(gctrace_thread *thread, gctrace_object object, uint32_t length)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_RESIZE, .a = object, .b = length});
}

void gctrace_weakref(gctrace_thread *thread, gctrace_object weak, gctrace_object target)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_WEAKREF, .a = weak, .b = target});
}

void gctrace_finalized(gctrace_thread *thread, gctrace_object object)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_FINALIZED, .a = object});
}

void gctrace_resurrect(gctrace_thread *thread, gctrace_object object, gctrace_root global)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_RESURRECT, .a = object, .b = global});
}

void gctrace_death(gctrace_thread *thread, gctrace_object object)
{
    if (thread == NULL || object == 0)
        return;
    record_event(thread, (struct gcr_event){.op = GCR_OP_DEATH, .a = object});
    names_give(thread, object);
}

/* ---- collections and marks ---- */

void gctrace_collect(gctrace_thread *thread, uint32_t generation)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_COLLECT, .a = generation});
}

void gctrace_collected(gctrace_thread *thread, uint32_t generation, uint32_t collected,
                       uint32_t uncollectable)
{
    record_event(thread,
                 (struct gcr_event){
                     .op = GCR_OP_COLLECTED, .a = generation, .b = collected, .c = uncollectable});
}

void gctrace_request_begin(gctrace_thread *thread, uint32_t number)
{
    record_event(thread,
                 (struct gcr_event){.op = GCR_OP_REQUEST, .flags = GCR_REQUEST_BEGIN, .a = number});
}

void gctrace_request_end(gctrace_thread *thread, uint32_t number)
{
    record_event(thread,
                 (struct gcr_event){.op = GCR_OP_REQUEST, .flags = GCR_REQUEST_END, .a = number});
}

void gctrace_phase(gctrace_thread *thread, uint32_t phase)
{
    record_event(thread, (struct gcr_event){.op = GCR_OP_PHASE, .a = phase});
}

void gctrace_time(gctrace_thread *thread)
{
    if (thread == NULL)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t ns =
        (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - thread->recording->start_ns;
    record_event(thread, (struct gcr_event){
                             .op = GCR_OP_TIME, .a = (uint32_t)ns, .b = (uint32_t)(ns >> 32)});
}
