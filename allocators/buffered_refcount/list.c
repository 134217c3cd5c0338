/* buffered-refcount: chunks of the collector's own, and lists of them. */
#include "allocators/buffered_refcount/buffered_refcount.h"

/* From the reserve, else from the supply. */
static struct recycler_chunk *list_chunk_take(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    struct recycler_chunk *chunk = c->reserve;
    if (chunk != NULL) {
        c->reserve = chunk->next;
        c->reserve_count--;
    } else {
        chunk = recycler_memory_map(h, GCR_PAGES_WORK, h->chunk_bytes);
        if (chunk == NULL)
            return NULL;
    }
    chunk->next = chunk->previous = NULL;
    chunk->count = 0;
    if (++c->stats.chunks_held > c->stats.chunks_peak)
        c->stats.chunks_peak = c->stats.chunks_held;
    return chunk;
}

static void list_chunk_drop(struct gcr_recycler *h, struct recycler_chunk *chunk)
{
    chunk->next = h->collector.reserve;
    h->collector.reserve = chunk;
    h->collector.reserve_count++;
    h->collector.stats.chunks_held--;
}

bool recycler_list_push(struct gcr_recycler *h, struct recycler_list *list, uintptr_t word)
{
    struct recycler_chunk *last = list->last;
    if (GCR_UNLIKELY(last == NULL || last->count == h->chunk_entries)) {
        struct recycler_chunk *chunk = list_chunk_take(h);
        if (chunk == NULL)
            return false;
        chunk->previous = last;
        *(last != NULL ? &last->next : &list->first) = chunk;
        list->last = last = chunk;
    }
    last->entry[last->count++] = word;
    list->count++;
    return true;
}

uintptr_t recycler_list_pop(struct gcr_recycler *h, struct recycler_list *list)
{
    struct recycler_chunk *last = list->last;
    recycler_breathe(h);
    if (last == NULL)
        return 0;
    uintptr_t word = last->entry[--last->count];
    list->count--;
    if (last->count == 0) {
        list->last = last->previous;
        *(list->last != NULL ? &list->last->next : &list->first) = NULL;
        list_chunk_drop(h, last);
    }
    return word;
}

void recycler_list_clear(struct gcr_recycler *h, struct recycler_list *list)
{
    for (struct recycler_chunk *chunk = list->first; chunk != NULL;) {
        struct recycler_chunk *next = chunk->next;
        list_chunk_drop(h, chunk);
        chunk = next;
    }
    *list = (struct recycler_list){0};
}
