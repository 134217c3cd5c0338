/* Names of objects. A thread takes new ones a chunk at a time and keeps those of its own dead, last
 * died first; the lock is for what threads exchange. A name goes back only after its DEATH has a
 * ticket, and by way of the lock or the thread itself, so whoever gets it has a later one. */
#include <stdlib.h>

#include "base/compiler.h"
#include "traces/gctrace/recording.h"

static GCR_NOINLINE void names_refill(struct gctrace_thread *thread)
{
    struct gctrace *recording = thread->recording;
    (void)pthread_mutex_lock(&recording->names);
    while (recording->free_count > 0 && thread->cached < NAME_CACHE / 2)
        thread->cache[thread->cached++] = recording->free_names[--recording->free_count];
    if (thread->cached == 0 && recording->next_name <= GCR_MAX_OBJECT - NAME_CHUNK) {
        thread->fresh = recording->next_name;
        recording->next_name += NAME_CHUNK;
        thread->fresh_end = recording->next_name;
    }
    (void)pthread_mutex_unlock(&recording->names);
}

uint32_t names_take(struct gctrace_thread *thread)
{
    if (thread->cached == 0 && thread->fresh == thread->fresh_end)
        names_refill(thread);
    if (thread->cached > 0)
        return thread->cache[--thread->cached];
    if (thread->fresh < thread->fresh_end)
        return thread->fresh++;
    (void)recording_fail(thread->recording, GCTRACE_LIMIT, "more than %d objects at one time",
                         GCR_MAX_OBJECT);
    return 0;
}

/* Locked. A name that finds no room is never used again: the trace stays right. */
static void names_free(struct gctrace *recording, uint32_t name)
{
    if (recording->free_count == recording->free_room) {
        size_t room = recording->free_room * 2 + 4096;
        uint32_t *names = realloc(recording->free_names, room * sizeof *names);
        if (names == NULL)
            return;
        recording->free_names = names;
        recording->free_room = room;
    }
    recording->free_names[recording->free_count++] = name;
}

static void names_spill(struct gctrace_thread *thread, uint32_t keep)
{
    struct gctrace *recording = thread->recording;
    (void)pthread_mutex_lock(&recording->names);
    while (thread->cached > keep)
        names_free(recording, thread->cache[--thread->cached]);
    (void)pthread_mutex_unlock(&recording->names);
}

void names_give(struct gctrace_thread *thread, uint32_t name)
{
    if (thread->cached == NAME_CACHE)
        names_spill(thread, NAME_CACHE / 2);
    thread->cache[thread->cached++] = name;
}

void names_return(struct gctrace_thread *thread)
{
    names_spill(thread, 0);
    (void)pthread_mutex_lock(&thread->recording->names);
    for (; thread->fresh < thread->fresh_end; thread->fresh++)
        names_free(thread->recording, thread->fresh);
    (void)pthread_mutex_unlock(&thread->recording->names);
}
