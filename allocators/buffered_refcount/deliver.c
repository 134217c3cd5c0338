/* buffered-refcount: what the collector has found, told to the host on the mutator's thread: frees
 * in verified runs, and finalizers in the order in which their objects were born. Until a free is
 * delivered its memory is not used again. */
#include "allocators/buffered_refcount/barrier.h"

static void deliver_free(struct gcr_recycler *h, gcr_ref object)
{
    struct recycler_collector *c = &h->collector;
    if ((recycler_shape_word(object) & RECYCLER_INTERNAL) == 0)
        h->heap.host->freed(h->heap.host, object);
    c->freed_own_bytes += recycler_own_bytes(&h->layouts, object);
    c->freed_header_bytes += recycler_layout(&h->layouts, object)->payload;
    gcr_blocks_return(&h->blocks, object);
}

static void deliver_frees(struct gcr_recycler *h)
{
    struct recycler_list dead = h->collector.dead;
    struct recycler_cursor at = recycler_list_begin(&dead);
    gcr_ref object;
    if (dead.count == 0)
        return;
    h->collector.dead = (struct recycler_list){0};
    while ((object = (gcr_ref)recycler_cursor_next(&at)) != NULL)
        deliver_free(h, object);
    recycler_list_clear(h, &dead);
    gcr_blocks_take_returned(&h->blocks);
}

/* ---- finalizers ---- */

static void sift_down(struct recycler_finalizable *heap, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1].key > heap[child].key)
            child++;
        if (heap[at].key >= heap[child].key)
            return;
        struct recycler_finalizable swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/* Heapsort: in place, O(n log n). */
static void sort_finalizers(struct recycler_finalizable *all, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(all, i, count);
    for (size_t end = count; end-- > 1;) {
        struct recycler_finalizable swap = all[0];
        all[0] = all[end];
        all[end] = swap;
        sift_down(all, 0, end);
    }
}

/* The queue's reference ends with a logged decrement; garbage then dies by the usual rules. */
static void run_finalizer(struct gcr_recycler *h, const struct recycler_finalizable *entry)
{
    h->heap.work.finalized++;
    h->heap.host->finalize(h->heap.host, &h->heap, (uint32_t)entry->key, entry->object);
    h->batch_done++;
    if (recycler_log_pair(h, recycler_reach(h), NULL, entry->object))
        recycler_log_full(h);
}

static bool take_queue(struct gcr_recycler *h)
{
    struct recycler_list *queue = &h->collector.queue;
    struct recycler_cursor at = recycler_list_begin(queue);
    uint64_t key;
    if (!gcr_vector_reserve(&h->batch, queue->count / 2))
        return false;
    while ((key = recycler_cursor_next(&at)) != 0) {
        struct recycler_finalizable *entry = gcr_vector_push(&h->batch);
        *entry = (struct recycler_finalizable){key, (gcr_ref)recycler_cursor_next(&at)};
    }
    recycler_list_clear(h, queue);
    return true;
}

/* Without memory for the batch the heap has failed. */
static void deliver_finalizers(struct gcr_recycler *h)
{
    if (h->collector.queue.count == 0)
        return;
    if (!take_queue(h)) {
        recycler_fail(h);
        return;
    }
    size_t count = gcr_vector_count(&h->batch);
    sort_finalizers(gcr_vector_at(&h->batch, 0), count);
    recycler_phase(h, GCR_PHASE_FINALIZE);
    for (h->batch_done = 0; h->batch_done < count;) {
        struct recycler_finalizable entry =
            *(struct recycler_finalizable *)gcr_vector_at(&h->batch, h->batch_done);
        run_finalizer(h, &entry);
    }
    h->finalizer_generations++;
    gcr_vector_finish(&h->batch);
}

void recycler_deliver(struct gcr_recycler *h)
{
    if (h->delivering || h->in_flight)
        return;
    h->delivering = true;
    deliver_frees(h);
    if (!h->exhausted)
        deliver_finalizers(h);
    h->delivering = false;
}
