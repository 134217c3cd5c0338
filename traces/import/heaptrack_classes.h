/* Live blocks by allocation class, for interpreted heaptrack recordings: these name the class (size
 * and call path) of what is freed, and not the block. Which one ends is a policy.
 *
 * Memory: 32 bytes a class, and for each class 4 bytes for as many blocks as were live in it at
 * once, rounded up to a power of two. All operations amortised O(1). */
#ifndef GCR_TRACES_IMPORT_HEAPTRACK_CLASSES_H
#define GCR_TRACES_IMPORT_HEAPTRACK_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum class_policy { CLASS_LIFO, CLASS_FIFO, CLASS_RANDOM };

/* A ring: `count` objects from `first` on, modulo `room`, which is 0 or a power of two. */
struct heaptrack_class {
    uint64_t bytes; /* of each of its blocks */
    uint32_t *objects;
    uint32_t first, count, room;
};

struct heaptrack_classes {
    struct heaptrack_class *classes;
    size_t count, room;
    enum class_policy policy;
    uint64_t random; /* state, for CLASS_RANDOM */
};

void heaptrack_classes_init(struct heaptrack_classes *classes, enum class_policy policy,
                            uint64_t seed);
void heaptrack_classes_finish(struct heaptrack_classes *classes);

/* The next class, numbered from 0. False: no memory. */
bool heaptrack_classes_add(struct heaptrack_classes *classes, uint64_t bytes);
/* An object of the class begins. False: no memory. */
bool heaptrack_classes_begin(struct heaptrack_classes *classes, size_t number, uint32_t object);
/* Takes one of the class's objects out; 0 if there is none. With `newest` it is the one that began
 * last, whatever the policy. */
uint32_t heaptrack_classes_end(struct heaptrack_classes *classes, size_t number, bool newest);

#endif
