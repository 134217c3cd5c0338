/* A copying collector as small as can be, for tests of the replay: objects, roots, finalizers, and
 * damage on request. Nothing of it is fast, and resizable objects get a fixed room of items. */
#ifndef GCR_TESTS_REPLAY_TWOSPACE_H
#define GCR_TESTS_REPLAY_TWOSPACE_H

#include "allocators/collector.h"

enum { TWOSPACE_RESIZE_ROOM = 16, TWOSPACE_FINALIZERS = 256, TWOSPACE_SPACES = 2 };

enum twospace_damage {
    TWOSPACE_NO_DAMAGE,
    TWOSPACE_LOSES_ROOT, /* collections overlook the first root */
    TWOSPACE_SEGFAULTS,  /* a forked child's first collection ends it by SIGSEGV */
    TWOSPACE_IS_KILLED   /* the same by SIGKILL, which nobody can catch */
};

/* Header of an object; slots, then data, follow. 24 bytes. */
struct gcr_object {
    uint32_t shape, length;
    struct gcr_object *forward; /* in from-space, during a collection: the copy */
    uint32_t cookie, unused;
};

struct twospace_finalizer {
    gcr_ref object;
    uint32_t cookie;
};

struct twospace {
    struct gcr_heap heap;
    char *space[TWOSPACE_SPACES];
    size_t space_bytes;
    int current;
    char *free, *scan;
    bool is_child, updating;
    enum twospace_damage damage;
    struct twospace_finalizer finalizers[TWOSPACE_FINALIZERS];
    size_t finalizer_count;
    gcr_ref immortals[64];
    size_t immortal_count;
    uint32_t threads_seen; /* bit t: thread t has run */
    uint64_t payload_bytes;
    size_t largest_bytes; /* of any object allocated */
};

static inline struct twospace *twospace_of(struct gcr_heap *heap)
{
    return (struct twospace *)heap;
}

static inline gcr_ref *twospace_slots(gcr_ref object)
{
    return (gcr_ref *)(object + 1);
}

size_t twospace_object_bytes(const struct gcr_shape *shape, uint32_t length);

/* Collects if there is no room; NULL if there is none even then. */
gcr_ref twospace_allocate(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                          uint32_t cookie);

uint8_t *twospace_data(struct gcr_heap *heap, gcr_ref object);

extern const struct gcr_collector gcr_collector_twospace;

#endif
