#include "allocators/common/object_set.h"

#include <stdlib.h>

#include "base/check.h"

enum { FIRST_CAPACITY = 1024 };

/* Fibonacci hashing; the low bits of an address are the least telling ones. */
static size_t home_of(const struct gcr_object_set *set, const void *object)
{
    uint64_t hash = ((uint64_t)(uintptr_t)object >> 3) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 20) & (set->capacity - 1);
}

/* Where the object is, or the empty entry where it would go. */
static size_t find(const struct gcr_object_set *set, const void *object)
{
    size_t i = home_of(set, object);
    while (set->entry[i] != NULL && set->entry[i] != object)
        i = (i + 1) & (set->capacity - 1);
    return i;
}

static void grow(struct gcr_object_set *set)
{
    struct gcr_object_set larger = {0};
    larger.capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2;
    larger.entry = calloc(larger.capacity, sizeof *larger.entry);
    GCR_CHECK(0, larger.entry != NULL);
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->entry[i] != NULL)
            larger.entry[find(&larger, set->entry[i])] = set->entry[i];
    }
    larger.count = set->count;
    free(set->entry);
    *set = larger;
}

void gcr_object_set_finish(struct gcr_object_set *set)
{
    free(set->entry);
    *set = (struct gcr_object_set){0};
}

void gcr_object_set_add(struct gcr_object_set *set, const void *object)
{
    if (set->count * 2 >= set->capacity)
        grow(set);
    size_t i = find(set, object);
    GCR_CHECK(1, set->entry[i] == NULL);
    set->entry[i] = object;
    set->count++;
}

bool gcr_object_set_has(const struct gcr_object_set *set, const void *object)
{
    return set->capacity != 0 && set->entry[find(set, object)] == object;
}

bool gcr_object_set_remove(struct gcr_object_set *set, const void *object)
{
    if (!gcr_object_set_has(set, object))
        return false;
    size_t mask = set->capacity - 1;
    size_t hole = find(set, object);
    for (size_t i = (hole + 1) & mask; set->entry[i] != NULL; i = (i + 1) & mask) {
        /* An entry may fill the hole if its home is not between the hole and itself. */
        if (((i - home_of(set, set->entry[i])) & mask) >= ((i - hole) & mask)) {
            set->entry[hole] = set->entry[i];
            hole = i;
        }
    }
    set->entry[hole] = NULL;
    set->count--;
    return true;
}
