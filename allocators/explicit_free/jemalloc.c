/* explicit-free on jemalloc. Debian's shared library wants more thread-local storage than a running
 * process has left for it, so it cannot be loaded at run time; the static one is linked under other
 * names instead (cmake/jemalloc.cmake), and the process's own malloc stays libc's.
 *
 * Each heap has an arena of its own, bound to the thread that made the heap, and destroyed with it.
 */
#include <stdio.h>

#include "allocators/explicit_free/explicit_free.h"

#ifdef GCR_HAVE_JEMALLOC

void *gcr_jemalloc_calloc(size_t count, size_t bytes);
void gcr_jemalloc_free(void *block);
size_t gcr_jemalloc_malloc_usable_size(void *block);
int gcr_jemalloc_mallctl(const char *name, void *old, size_t *old_bytes, void *value, size_t bytes);

static gcr_status jemalloc_open(struct explicit_foreign *foreign, struct gcr_error *err)
{
    size_t bytes = sizeof foreign->arena;
    if (gcr_jemalloc_mallctl("arenas.create", &foreign->arena, &bytes, NULL, 0) != 0 ||
        gcr_jemalloc_mallctl("thread.arena", NULL, NULL, &foreign->arena, sizeof foreign->arena) !=
            0)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "explicit-free: jemalloc gives no arena");
    return GCR_OK;
}

static void jemalloc_close(struct explicit_foreign *foreign)
{
    unsigned first = 0;
    char name[64];
    (void)gcr_jemalloc_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)gcr_jemalloc_mallctl("thread.arena", NULL, NULL, &first, sizeof first);
    (void)snprintf(name, sizeof name, "arena.%u.destroy", foreign->arena);
    (void)gcr_jemalloc_mallctl(name, NULL, NULL, NULL, 0);
}

static void *jemalloc_alloc(struct explicit_foreign *foreign, size_t bytes)
{
    (void)foreign;
    return gcr_jemalloc_calloc(1, bytes);
}

static void jemalloc_free(struct explicit_foreign *foreign, void *block)
{
    (void)foreign;
    gcr_jemalloc_free(block);
}

static size_t jemalloc_usable(const struct explicit_foreign *foreign, void *block)
{
    (void)foreign;
    return gcr_jemalloc_malloc_usable_size(block);
}

/* stats.resident: active and dirty pages and metadata. */
static uint64_t jemalloc_held(const struct explicit_foreign *foreign)
{
    (void)foreign;
    uint64_t epoch = 1;
    size_t resident = 0, bytes = sizeof resident;
    (void)gcr_jemalloc_mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    return gcr_jemalloc_mallctl("stats.resident", &resident, &bytes, NULL, 0) == 0 ? resident : 0;
}

const struct explicit_foreign_ops explicit_jemalloc_ops = {
    .open = jemalloc_open,
    .close = jemalloc_close,
    .alloc = jemalloc_alloc,
    .free = jemalloc_free,
    .usable = jemalloc_usable,
    .held = jemalloc_held,
};

#else

static gcr_status jemalloc_missing(struct explicit_foreign *foreign, struct gcr_error *err)
{
    (void)foreign;
    return gcr_fail(err, GCR_UNSUPPORTED,
                    "explicit-free: built without jemalloc (libjemalloc_pic.a was not found)");
}

const struct explicit_foreign_ops explicit_jemalloc_ops = {.open = jemalloc_missing};

#endif
