#include "traces/import/heaptrack_classes.h"

#include <stdlib.h>

#include "base/splitmix.h"

enum { CLASS_FIRST_ROOM = 4 };

void heaptrack_classes_init(struct heaptrack_classes *classes, enum class_policy policy,
                            uint64_t seed)
{
    *classes = (struct heaptrack_classes){.policy = policy, .random = seed};
}

void heaptrack_classes_finish(struct heaptrack_classes *classes)
{
    for (size_t i = 0; i < classes->count; i++)
        free(classes->classes[i].objects);
    free(classes->classes);
    *classes = (struct heaptrack_classes){.count = 0};
}

bool heaptrack_classes_add(struct heaptrack_classes *classes, uint64_t bytes)
{
    if (classes->count == classes->room) {
        size_t room = classes->room == 0 ? 256 : classes->room * 2;
        struct heaptrack_class *grown = realloc(classes->classes, room * sizeof *grown);
        if (grown == NULL)
            return false;
        classes->classes = grown;
        classes->room = room;
    }
    classes->classes[classes->count++] = (struct heaptrack_class){.bytes = bytes};
    return true;
}

static uint32_t *class_at(struct heaptrack_class *class, uint32_t position)
{
    return &class->objects[(class->first + position) & (class->room - 1)];
}

/* Doubles the ring; it then begins at 0. */
static bool class_grow(struct heaptrack_class *class)
{
    uint32_t room = class->room == 0 ? CLASS_FIRST_ROOM : class->room * 2;
    uint32_t *objects = malloc(room * sizeof *objects);
    if (objects == NULL)
        return false;
    for (uint32_t i = 0; i < class->count; i++)
        objects[i] = *class_at(class, i);
    free(class->objects);
    class->objects = objects;
    class->first = 0;
    class->room = room;
    return true;
}

bool heaptrack_classes_begin(struct heaptrack_classes *classes, size_t number, uint32_t object)
{
    struct heaptrack_class *class = &classes->classes[number];
    if (class->count == class->room && !class_grow(class))
        return false;
    *class_at(class, class->count++) = object;
    return true;
}

uint32_t heaptrack_classes_end(struct heaptrack_classes *classes, size_t number, bool newest)
{
    struct heaptrack_class *class = &classes->classes[number];
    if (class->count == 0)
        return 0;
    if (!newest && classes->policy == CLASS_FIFO) {
        uint32_t oldest = *class_at(class, 0);
        class->first = (class->first + 1) & (class->room - 1);
        class->count--;
        return oldest;
    }
    uint32_t *last = class_at(class, class->count - 1);
    if (!newest && classes->policy == CLASS_RANDOM) {
        uint32_t *chosen = class_at(class, gcr_splitmix_below(&classes->random, class->count));
        uint32_t object = *chosen;
        *chosen = *last;
        class->count--;
        return object;
    }
    class->count--;
    return *last;
}
