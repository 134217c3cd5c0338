/* CPython's rules where a trace leaves them out: which dead objects go to free lists, and which
 * items make an untracked dict tracked.
 *
 * Source: CPython 3.11 Objects/tupleobject.c, listobject.c, dictobject.c. A tuple of 1 to 20 items,
 * a list or a dict that dies goes to the free list of its kind (and length) while that has room,
 * and the next of that kind comes from there; neither moves the count that starts collections. How
 * full the lists are depends on when collections free cycles, so a neutral recording leaves it to
 * the replay. Here a list is its length alone: the blocks are among the recycled ones. */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_FREE_LISTS_H
#define GCR_ALLOCATORS_COMMON_COUNTING_FREE_LISTS_H

#include <string.h>

#include "allocators/common/counting.h"

enum { GCR_FREE_LIST_TUPLE_ROOM = 2000, GCR_FREE_LIST_ROOM = 80 };

/* Exact tuples, lists and dicts. A list is known by its name: it has no flag of its own. */
static inline bool gcr_counting_has_free_list(const struct gcr_shape *shape)
{
    return gcr_shape_is(shape, GCR_SHAPE_TUPLE | GCR_SHAPE_DICT) ||
           (gcr_shape_is(shape, GCR_SHAPE_RESIZABLE) && strcmp(shape->name, "list") == 0);
}

/* The free list of a listed type's object of that length; GCR_FREE_LISTS: none. */
static inline uint32_t gcr_counting_free_list(const struct gcr_counting_type *type, uint64_t length)
{
    if (type->flags & GCR_SHAPE_DICT)
        return GCR_FREE_LIST_DICTS;
    if (!(type->flags & GCR_SHAPE_TUPLE))
        return GCR_FREE_LIST_LISTS;
    return length >= 1 && length <= GCR_FREE_LIST_TUPLES ? (uint32_t)length - 1 : GCR_FREE_LISTS;
}

/* An object of a listed type is born: the flags that its birth gets. */
static inline unsigned gcr_counting_free_list_take(struct gcr_counting *c,
                                                   const struct gcr_counting_type *type,
                                                   uint32_t length)
{
    uint32_t list = gcr_counting_free_list(type, length);
    if (list == GCR_FREE_LISTS || c->free_list_length[list] == 0)
        return 0;
    c->free_list_length[list]--;
    return GCR_ALLOC_UNCOUNTED;
}

/* An object of a listed type dies: whether a free list takes it. */
static inline bool gcr_counting_free_list_put(struct gcr_counting *c,
                                              const struct gcr_counting_type *type, uint64_t length)
{
    uint32_t list = gcr_counting_free_list(type, length);
    if (list == GCR_FREE_LISTS)
        return false;
    uint32_t room = list < GCR_FREE_LIST_TUPLES ? GCR_FREE_LIST_TUPLE_ROOM : GCR_FREE_LIST_ROOM;
    if (c->free_list_length[list] >= room)
        return false;
    c->free_list_length[list]++;
    return true;
}

/* pycore_object.h, _PyObject_GC_MAY_BE_TRACKED. */
GCR_ALWAYS_INLINE bool gcr_counting_may_be_tracked(struct gcr_counting *c,
                                                   const struct gcr_counting_design *design,
                                                   gcr_ref item)
{
    return (gcr_counted(item)->type & GCR_COUNTED_CONTAINER) != 0 &&
           (!gcr_counting_type_is(gcr_counting_type_of(c, item), GCR_SHAPE_TUPLE) ||
            design->is_tracked(c, item));
}

#endif
