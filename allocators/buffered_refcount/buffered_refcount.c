/* buffered-refcount: deferred, buffered reference counting with a concurrent cycle collector (the
 * Recycler).
 *
 * Mutators never touch a count. A store into the heap or a global root logs an increment of the new
 * and a decrement of the old value in the context's mutation buffer; thread roots are not logged
 * but copied once an epoch. At the end of an epoch all buffers change hands; the collector, on a
 * thread of its own, applies the increments of that epoch and the decrements of the one before,
 * frees what has reached zero, and looks for garbage cycles below objects whose count fell to
 * something else.
 *
 * Bacon, Attanasio, Lee, Rajan, Smith, "Java without the coffee breaks: a nonintrusive
 * multiprocessor garbage collector", PLDI 2001; Bacon and Rajan, "Concurrent cycle collection in
 * reference counted systems", ECOOP 2001; their implementation in Jikes RVM.
 *
 * Files: log.c (contexts, buffers), epoch.c (boundaries, waiting), hand.c (the two threads),
 * count.c (a package), cycles_async.c and cycles_sync.c, weak.c, deliver.c (reports), alloc.c,
 * check.c. */
#include "allocators/buffered_refcount/buffered_refcount.h"

#include "allocators/buffered_refcount/barrier.h"
#include "allocators/buffered_refcount/counts.h"

static const struct gcr_option recycler_options[] = {
    {"thread", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "collect on a thread beside the mutator; off: in place, at each boundary (as always under the "
     "cache model, which has one thread)"},
    {"cycles", GCR_OPT_CHOICE, NULL, "async", 0, 0, "async|sync",
     "cycle collector: beside the mutator with a second count, or while it stands still"},
    {"chunk", GCR_OPT_BYTES, "bytes", "64K", 4096, 1 << 20, NULL,
     "size of a chunk of a buffer, in whole pages; less under a small budget"},
    {"epoch-chunks", GCR_OPT_COUNT, "chunks", "8", 1, 1 << 20, NULL,
     "an epoch ends when a context has filled more"},
    {"pool", GCR_OPT_COUNT, "chunks", "64", 4, 1 << 20, NULL,
     "mutation buffers hold at most so many, or 4 a context"},
    {"fraction", GCR_OPT_COUNT, "1", "32", 1, 1 << 20, NULL,
     "an epoch ends when 1/this of the heap has been allocated"},
    {"floor", GCR_OPT_BYTES, "bytes", "32M", 4096, 1e15, NULL,
     "a heap without a budget counts as at least this large, or as twice what is in use"},
    {"force", GCR_OPT_COUNT, "epochs", "1", 1, 1 << 20, NULL,
     "the root buffer is traced at least every so many epochs"},
    {"sweep-roots", GCR_OPT_COUNT, "chunks", "6", 0, 1 << 20, NULL,
     "a root buffer above this is swept when it is not traced"},
    {"collect-roots", GCR_OPT_COUNT, "chunks", "8", 0, 1 << 20, NULL,
     "a root buffer above this is traced"},
    {"few-roots", GCR_OPT_COUNT, "objects", "2048", 0, 1 << 30, NULL,
     "a root buffer below this is traced every epoch"},
    {"green", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "objects that cannot be in a cycle are counted and never traced"},
    {"buffers", GCR_OPT_CHOICE, NULL, "one", 0, 0, "one|two",
     "increments and decrements in one buffer with tags, or apart"},
    {"stacks", GCR_OPT_CHOICE, NULL, "deferred", 0, 0, "deferred|logged",
     "thread roots by snapshot at each boundary, or through the barrier like fields"},
    {"idle-stacks", GCR_OPT_CHOICE, NULL, "reused", 0, 0, "reused|scanned",
     "threads that did not run keep their snapshot, or get a new one"},
    {"same-slots", GCR_OPT_CHOICE, NULL, "cancel", 0, 0, "cancel|counted",
     "a root slot with the same value in two snapshots is left alone, or counted up and down"},
    {"context", GCR_OPT_CHOICE, NULL, "param", 0, 0, "param|cached|tls-ie|tls-gd|getspecific",
     "how the write barrier reaches its buffer"},
    {.name = NULL},
};

/* ---- creation ---- */

enum { MIN_CHUNK_BYTES = GCR_PAGE_BYTES, CHUNKS_A_BUDGET = 512, BLOCK_STEP = 64 };

static void recycler_configure_chunks(struct gcr_recycler *h, uint64_t chunk_bytes)
{
    while (h->budget_bytes != 0 && chunk_bytes > MIN_CHUNK_BYTES &&
           chunk_bytes > h->budget_bytes / CHUNKS_A_BUDGET)
        chunk_bytes /= 2;
    chunk_bytes = gcr_page_round(chunk_bytes);
    h->chunk_bytes = (uint32_t)chunk_bytes;
    h->chunk_entries =
        (uint32_t)((chunk_bytes - sizeof(struct recycler_chunk)) / sizeof(uintptr_t));
}

static void recycler_configure(struct gcr_recycler *h, const struct gcr_heap_config *config)
{
    const struct gcr_option_values *options = config->options;
    h->budget_bytes = config->budget_bytes;
    h->threaded = gcr_option_flag(options, "thread");
#ifdef GCR_MODELLED /* the cache model has one thread */
    h->threaded = false;
#endif
    h->heap.concurrent = h->threaded;
    h->synchronous = gcr_option_number(options, "cycles") == 1;
    h->epoch_chunks = (uint32_t)gcr_option_number(options, "epoch-chunks");
    h->pool_chunks = (uint32_t)gcr_option_number(options, "pool");
    h->fraction = (uint32_t)gcr_option_number(options, "fraction");
    h->floor_bytes = gcr_option_number(options, "floor");
    h->force_epochs = (uint32_t)gcr_option_number(options, "force");
    h->sweep_chunks = (uint32_t)gcr_option_number(options, "sweep-roots");
    h->collect_chunks = (uint32_t)gcr_option_number(options, "collect-roots");
    h->collect_below = (uint32_t)gcr_option_number(options, "few-roots");
    h->green = gcr_option_flag(options, "green");
    h->two_buffers = gcr_option_number(options, "buffers") == 1;
    h->logs_stacks = gcr_option_number(options, "stacks") == 1;
    h->reuses_stacks = gcr_option_number(options, "idle-stacks") == 0;
    h->cancels_stacks = gcr_option_number(options, "same-slots") == 0;
    h->reach = (uint8_t)gcr_option_number(options, "context");
    recycler_configure_chunks(h, gcr_option_number(options, "chunk"));
}

/* Whatever create has made so far. */
static void recycler_release_parts(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    recycler_logs_destroy(h);
    recycler_list_clear(h, &c->roots);
    recycler_list_clear(h, &c->cycles);
    recycler_list_clear(h, &c->stack);
    recycler_list_clear(h, &c->second_stack);
    recycler_list_clear(h, &c->release_stack);
    recycler_list_clear(h, &c->dead);
    recycler_list_clear(h, &c->queue);
    while (c->reserve != NULL) {
        struct recycler_chunk *chunk = c->reserve;
        c->reserve = chunk->next;
        gcr_supply_unmap(h->heap.supply, GCR_PAGES_WORK, chunk, h->chunk_bytes);
    }
    recycler_table_finish(h, &c->more_rc);
    recycler_table_finish(h, &c->more_crc);
    recycler_table_finish(h, &c->finalizers);
    recycler_table_finish(h, &c->weak_targets);
    recycler_table_finish(h, &c->weak_refs);
    gcr_vector_finish(&h->batch);
    gcr_immortals_finish(&h->immortals);
    recycler_reach_destroy(h);
}

static void recycler_destroy(struct gcr_heap *heap)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct gcr_supply *supply = heap->supply;
    if (h->in_flight)
        (void)recycler_hand_back(h, true);
    recycler_hand_destroy(h);
    recycler_release_parts(h);
    gcr_blocks_finish(&h->blocks);
    gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

/* Parts that unwind together: contexts and chunks, the way to the context, the thread. */
static gcr_status recycler_create_parts(struct gcr_recycler *h, struct gcr_error *err)
{
    gcr_immortals_init(&h->immortals, h->heap.supply, h->budget_bytes != 0);
    gcr_vector_init(&h->batch, h->heap.supply, GCR_PAGES_WORK, sizeof(struct recycler_finalizable));
    if (!recycler_reach_create(h))
        return gcr_fail(err, GCR_NO_MEMORY, "buffered-refcount: no key for a thread's context");
    if (!recycler_logs_create(h))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "buffered-refcount: no room for its buffers");
    if (!recycler_hand_create(h))
        return gcr_fail(err, GCR_NO_MEMORY, "buffered-refcount: no lock for its thread");
    return GCR_OK;
}

static gcr_status recycler_create_heap(struct gcr_recycler *h, struct gcr_error *err)
{
    const struct gcr_blocks_options blocks = {.no_marks = true,
                                              .step_blocks = h->budget_bytes != 0 ? 1 : BLOCK_STEP};
    struct gcr_supply *supply = h->heap.supply;
    gcr_status status =
        gcr_layouts_init(&h->layouts, supply, h->heap.shapes, h->heap.host->shape_count, err);
    if (status != GCR_OK)
        return status;
    status = gcr_blocks_init(&h->blocks, supply, &blocks, err);
    if (status == GCR_OK) {
        status = recycler_create_parts(h, err);
        if (status == GCR_OK)
            return GCR_OK;
        recycler_release_parts(h);
        gcr_blocks_finish(&h->blocks);
    }
    gcr_layouts_finish(&h->layouts, supply);
    return status;
}

static gcr_status recycler_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                  struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_recycler *h =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "buffered-refcount: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_buffered_refcount, host);
    recycler_configure(h, config);
    h->epoch = 1;
    h->trigger_bytes = (h->budget_bytes != 0 ? h->budget_bytes : h->floor_bytes) / h->fraction;
    gcr_status status = recycler_create_heap(h, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    *out = &h->heap;
    return GCR_OK;
}

/* ---- events ---- */

/* Full: to quiescence. Younger ones ask for one epoch and do not wait. */
static void recycler_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    struct gcr_recycler *h = recycler_of(heap);
    if (generation >= 2) {
        recycler_quiesce(h, reason);
        return;
    }
    h->epoch_due = true;
    recycler_safepoint(h);
}

static void recycler_thread(struct gcr_heap *heap, uint32_t thread)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct recycler_context *context = recycler_context_of_thread(h, thread);
    if (context == NULL) {
        recycler_fail(h); /* its roots cannot be kept apart: nothing is freed any more */
        return;
    }
    context->ran = true;
    recycler_reach_set(h, context);
    recycler_logs_refill(h);
    recycler_safepoint(h);
}

static void recycler_before_fork(struct gcr_heap *heap)
{
    struct gcr_recycler *h = recycler_of(heap);
    if (!h->hand.started)
        return;
    recycler_pause_begin(h, GCR_REASON_FORK);
    recycler_settle(h);
    recycler_hand_stop(h);
    recycler_pause_end(h, false);
}

static void recycler_after_fork(struct gcr_heap *heap, bool child)
{
    (void)child;
    recycler_hand_start(recycler_of(heap));
}

/* ---- looking ---- */

struct recycler_walk {
    gcr_walk_visitor *visit;
    void *arg;
};

static bool recycler_visit(void *arg, void *object, uint64_t room_bytes)
{
    const struct recycler_walk *walk = arg;
    (void)room_bytes;
    return (recycler_shape_word(object) & RECYCLER_INTERNAL) != 0 || walk->visit(walk->arg, object);
}

static void recycler_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct recycler_walk walk = {visit, arg};
    for (char *at = gcr_immortals_start(&h->immortals); at < gcr_immortals_end(&h->immortals);) {
        gcr_ref object = (gcr_ref)(void *)at;
        if (!recycler_visit(&walk, object, 0))
            return;
        at += recycler_object_bytes(&h->layouts, object);
    }
    (void)gcr_blocks_walk(&h->blocks, recycler_visit, &walk);
}

static uint32_t recycler_look_shape(struct gcr_heap *heap, gcr_ref object)
{
    return recycler_shape_number(&recycler_of(heap)->layouts, object);
}

static uint32_t recycler_look_length(struct gcr_heap *heap, gcr_ref object)
{
    return recycler_items(&recycler_of(heap)->layouts, object);
}

static gcr_ref recycler_look_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    return *recycler_slot(&recycler_of(heap)->layouts, object, slot);
}

static const uint8_t *recycler_look_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                                         uint64_t *bytes)
{
    return recycler_data(&recycler_of(heap)->layouts, object, offset, bytes);
}

static gcr_ref recycler_look_weak(struct gcr_heap *heap, gcr_ref weak)
{
    (void)heap;
    return GCR_LOAD_ACQUIRE((gcr_ref *)gcr_object_weak_word(weak));
}

static void recycler_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct recycler_collector *c = &h->collector;
    out->objects_bytes = heap->work.allocated_bytes + h->extra_own_bytes - h->cut_own_bytes -
                         GCR_LOAD_RELAXED(&c->freed_own_bytes);
    out->headers_bytes = h->header_bytes - GCR_LOAD_RELAXED(&c->freed_header_bytes);
    gcr_footprint_complete(out, heap->supply);
}

const struct gcr_collector gcr_collector_buffered_refcount = {
    .name = "buffered-refcount",
    .summary = "the Recycler: buffered counts and concurrent cycle collection on a second thread",
    .source = "Bacon, Attanasio, Lee, Rajan, Smith, Java without the coffee breaks, PLDI 2001; "
              "Bacon, Rajan, Concurrent cycle collection in reference counted systems, ECOOP 2001",
    .caps =
        GCR_CAP_COLLECTS | GCR_CAP_CONCURRENT | GCR_CAP_THREADS | GCR_CAP_BARRIER | GCR_CAP_PRECISE,
    .generations = 1,
    .options = recycler_options,
    .create = recycler_create,
    .destroy = recycler_destroy,
    .prebuilt = recycler_prebuilt,
    .resize = recycler_resize,
    .weakref = recycler_weakref,
    .collect = recycler_collect,
    .thread = recycler_thread,
    .before_fork = recycler_before_fork,
    .after_fork = recycler_after_fork,
    .rest = recycler_rest,
    .walk = recycler_walk,
    .shape_number = recycler_look_shape,
    .length = recycler_look_length,
    .slot = recycler_look_slot,
    .data = recycler_look_data,
    .weak_target = recycler_look_weak,
    .footprint = recycler_footprint,
    .figures = recycler_figures,
    .check = recycler_check,
};
