/* What the tests of linked-list share: shapes, heaps in each layout, and looks at GC heads. */
#ifndef GCR_TESTS_COLLECTORS_LINKED_LIST_KIT_H
#define GCR_TESTS_COLLECTORS_LINKED_LIST_KIT_H

#include "allocators/linked_list/linked_list_inline.h"
#include "tests/support/heap_fixture.h"

extern const struct gcr_collector gcr_collector_linked_list;

enum {
    NODE = 1,   /* container, one slot: the smallest, 24 bytes of payload with its object header */
    PAIR,       /* container, two slots, 8 bytes of data */
    LIST,       /* resizable container, one slot an item */
    TUPLE,      /* container, one slot an item, in itself */
    LEAF,       /* no container, 24 bytes of data */
    FINAL,      /* container with a finalizer, two slots */
    LEGACY,     /* container with a legacy finalizer, two slots */
    WEAK,       /* container with a weak target, one slot */
    BUFFER,     /* no container, two slots: a separate buffer */
    DICT,       /* resizable, two slots and 8 bytes of data an item */
    FINAL_LEAF, /* no container, finalizer, one slot */
    BYTES,      /* no container, one byte an item */
    SHAPES = BYTES
};

extern const struct gcr_shape kit_shapes[SHAPES + 1];

/* One list of settings for each layout of GC heads. */
extern const char *const kit_head_settings[3][2];

/* `settings` ends with NULL, or is NULL; lives as long as the heap. */
struct fixture_config kit_config(const char *const *settings);
void kit_open(struct fixture *f, const char *const *settings);
/* A trace with TRACK events: nothing is tracked by itself. */
void kit_open_tracking(struct fixture *f, const char *const *settings, bool faithful);
void kit_close(struct fixture *f); /* checks all invariants first */

struct linked_list *kit_heap(const struct fixture *f);

/* Objects by their handles. */
struct gcr_gc_head *kit_head(const struct fixture *f, uint32_t object);
bool kit_is_tracked(const struct fixture *f, uint32_t object);
int kit_generation(const struct fixture *f, uint32_t object); /* 3: frozen, -1: in no list */
void kit_track(struct fixture *f, uint32_t object);

/* Puts n new leaves, noted in leaf[0..n), into slots 0 .. n - 1. */
void kit_fill(struct fixture *f, uint32_t object, uint32_t n, uint32_t *leaf);
void kit_collect(struct fixture *f, uint32_t generation);

#endif
