/* Chunks, and lists of words made of them: mutation buffers, the root and the cycle buffer, and the
 * stacks of the collector's walks are all chains of chunks of one size (64 KiB, as many entries as
 * the source's 32 KiB chunks of four-byte entries; less under a small budget). */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_LIST_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcr_recycler;

/* 24 bytes of header; the rest are entries. */
struct recycler_chunk {
    struct recycler_chunk *next, *previous;
    uint32_t epoch; /* mutation buffers: in which its entries were logged */
    uint32_t count; /* entries, once it is closed */
    uintptr_t entry[];
};

/* First in, last out or first out. All zero: empty. Invariant: no chunk of it is empty. */
struct recycler_list {
    struct recycler_chunk *first, *last;
    uint64_t count;
};

/* False: no memory, and the collector has failed. */
bool recycler_list_push(struct gcr_recycler *h, struct recycler_list *list, uintptr_t word);
/* The last one, taken off; 0: empty. */
uintptr_t recycler_list_pop(struct gcr_recycler *h, struct recycler_list *list);
/* Empties it. */
void recycler_list_clear(struct gcr_recycler *h, struct recycler_list *list);

/* A place in a list. */
struct recycler_cursor {
    struct recycler_chunk *chunk;
    uint32_t at;
};

static inline struct recycler_cursor recycler_list_begin(const struct recycler_list *list)
{
    return (struct recycler_cursor){.chunk = list->first};
}

/* Behind the last entry. */
static inline struct recycler_cursor recycler_list_end(const struct recycler_list *list)
{
    return (struct recycler_cursor){list->last, list->last != NULL ? list->last->count : 0};
}

/* The entry at the cursor, which moves on; 0: at the end. */
static inline uintptr_t recycler_cursor_next(struct recycler_cursor *cursor)
{
    while (cursor->chunk != NULL && cursor->at == cursor->chunk->count)
        *cursor = (struct recycler_cursor){.chunk = cursor->chunk->next};
    return cursor->chunk != NULL ? cursor->chunk->entry[cursor->at++] : 0;
}

/* The entry before the cursor, which moves there; 0: at the start. */
static inline uintptr_t recycler_cursor_previous(struct recycler_cursor *cursor)
{
    while (cursor->chunk != NULL && cursor->at == 0) {
        cursor->chunk = cursor->chunk->previous;
        cursor->at = cursor->chunk != NULL ? cursor->chunk->count : 0;
    }
    return cursor->chunk != NULL ? cursor->chunk->entry[--cursor->at] : 0;
}

#endif
