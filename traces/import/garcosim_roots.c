/* Root slots; see garcosim_roots.h. */
#include "traces/import/garcosim_roots.h"

#include <stdlib.h>
#include <string.h>

void garcosim_roots_finish(struct garcosim_roots *roots)
{
    for (uint32_t i = 0; i < roots->thread_count; i++)
        free(roots->threads[i].slots.free);
    free(roots->threads);
    free(roots->globals.free);
    free(roots->roots);
    gcr_number_map_finish(&roots->by_object);
    gcr_number_map_finish(&roots->statics);
    gcr_number_map_finish(&roots->values);
    *roots = (struct garcosim_roots){.threads = NULL};
}

struct garcosim_thread *garcosim_thread_at(struct garcosim_roots *roots, uint32_t thread)
{
    if (thread >= roots->thread_count) {
        uint32_t count = thread + 1;
        struct garcosim_thread *grown = realloc(roots->threads, count * sizeof *grown);
        if (grown == NULL)
            return NULL;
        for (uint32_t i = roots->thread_count; i < count; i++)
            grown[i] = (struct garcosim_thread){.slots.next = GARCOSIM_FIRST_SLOT};
        roots->threads = grown;
        roots->thread_count = count;
    }
    return &roots->threads[thread];
}

/* ---- slots ---- */

static uint32_t slots_take(struct garcosim_slots *slots)
{
    return slots->free_count > 0 ? slots->free[--slots->free_count] : slots->next++;
}

static bool slots_give(struct garcosim_slots *slots, uint32_t slot)
{
    if (slots->free_count == slots->free_room) {
        size_t room = slots->free_room * 2 + 16;
        uint32_t *grown = realloc(slots->free, room * sizeof *grown);
        if (grown == NULL)
            return false;
        slots->free = grown;
        slots->free_room = room;
    }
    slots->free[slots->free_count++] = slot;
    return true;
}

/* ---- roots of threads ---- */

static uint32_t roots_new_entry(struct garcosim_roots *roots)
{
    uint32_t entry = roots->free_root;
    if (entry != 0) {
        roots->free_root = roots->roots[entry].next;
        return entry;
    }
    if (roots->root_count + 1 >= roots->root_room) {
        size_t room = (size_t)roots->root_room * 2 + 64;
        struct garcosim_root *grown =
            room < UINT32_MAX ? realloc(roots->roots, room * sizeof *grown) : NULL;
        if (grown == NULL)
            return 0;
        roots->roots = grown;
        roots->root_room = (uint32_t)room;
    }
    return ++roots->root_count;
}

bool garcosim_roots_add(struct garcosim_roots *roots, uint32_t thread, uint32_t object,
                        uint32_t *slot)
{
    uint64_t key = (uint64_t)thread << 32 | object;
    uint32_t entry = roots_new_entry(roots);
    if (entry == 0)
        return false;
    *slot = slots_take(&roots->threads[thread].slots);
    roots->roots[entry] =
        (struct garcosim_root){*slot, gcr_number_map_find(&roots->by_object, key)};
    return gcr_number_map_put(&roots->by_object, key, entry);
}

bool garcosim_roots_take(struct garcosim_roots *roots, uint32_t thread, uint32_t object,
                         uint32_t *slot)
{
    uint64_t key = (uint64_t)thread << 32 | object;
    uint32_t entry = gcr_number_map_take(&roots->by_object, key);
    if (entry == 0)
        return false;
    struct garcosim_root *root = &roots->roots[entry];
    *slot = root->slot;
    if (root->next != 0) /* no growth: its place has just become free */
        (void)gcr_number_map_put(&roots->by_object, key, root->next);
    root->next = roots->free_root;
    roots->free_root = entry;
    (void)slots_give(&roots->threads[thread].slots, *slot); /* else the slot is not used again */
    return true;
}

/* ---- global slots ---- */

bool garcosim_roots_static(struct garcosim_roots *roots, uint64_t field, uint32_t *slot)
{
    uint32_t known = gcr_number_map_find(&roots->statics, field);
    *slot = known != 0 ? known - 1 : slots_take(&roots->globals);
    return known != 0 || gcr_number_map_put(&roots->statics, field, *slot + 1);
}

uint32_t garcosim_roots_global(struct garcosim_roots *roots)
{
    return slots_take(&roots->globals);
}

void garcosim_roots_release_global(struct garcosim_roots *roots, uint32_t slot)
{
    (void)slots_give(&roots->globals, slot); /* without memory it is not used again */
}
