/* explicit-free on an allocator that maps memory for itself: libc's malloc, or mimalloc loaded at
 * run time (jemalloc: jemalloc.c). The process's own malloc stays what it was.
 *
 * What such an allocator holds is told to the supply, so that budget and footprint cover it: at
 * least the usable bytes of the blocks handed out; where the allocator can say how much it has
 * taken from the system since the heap was made, that, if it is more. The supply is told after
 * every REPORT_BYTES (sums) or REFRESH_BYTES (questions to the allocator) of allocation and
 * freeing. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#include "allocators/explicit_free/explicit_free.h"

enum { REPORT_BYTES = GCR_PAGE_BYTES, REFRESH_BYTES = 1 << 20 };

/* ---- libc ---- */

static gcr_status system_open(struct explicit_foreign *foreign, struct gcr_error *err)
{
    (void)foreign;
    (void)err;
    return GCR_OK;
}

static void system_close(struct explicit_foreign *foreign)
{
    (void)foreign;
}

static void *system_alloc(struct explicit_foreign *foreign, size_t bytes)
{
    (void)foreign;
    return calloc(1, bytes);
}

static void system_free(struct explicit_foreign *foreign, void *block)
{
    (void)foreign;
    free(block);
}

static size_t system_usable(const struct explicit_foreign *foreign, void *block)
{
    (void)foreign;
    return malloc_usable_size(block);
}

/* glibc: one size word a chunk. Its free chunks are shared with the rest of the process, so that
 * `held` cannot be told for this heap alone. */
static const struct explicit_foreign_ops explicit_system_ops = {
    .open = system_open,
    .close = system_close,
    .alloc = system_alloc,
    .free = system_free,
    .usable = system_usable,
    .block_overhead_bytes = sizeof(size_t),
};

/* ---- mimalloc ---- */

#define MIMALLOC_LIBRARY "libmimalloc.so.2"

static bool mimalloc_find(struct explicit_foreign *foreign, const char *name, void *function)
{
    void *found = dlsym(foreign->library, name);
    memcpy(function, &found, sizeof found); /* data pointer to function pointer, as POSIX has it */
    return found != NULL;
}

static gcr_status mimalloc_open(struct explicit_foreign *foreign, struct gcr_error *err)
{
    foreign->library = dlopen(MIMALLOC_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (foreign->library == NULL)
        return gcr_fail(err, GCR_UNSUPPORTED, "explicit-free: allocator=mimalloc needs %s: %s",
                        MIMALLOC_LIBRARY, dlerror());
    void *(*heap_new)(void) = NULL;
    if (!mimalloc_find(foreign, "mi_heap_new", &heap_new) ||
        !mimalloc_find(foreign, "mi_heap_calloc", &foreign->instance_calloc) ||
        !mimalloc_find(foreign, "mi_free", &foreign->library_free) ||
        !mimalloc_find(foreign, "mi_usable_size", &foreign->library_usable) ||
        !mimalloc_find(foreign, "mi_process_info", &foreign->library_info)) {
        dlclose(foreign->library);
        return gcr_fail(err, GCR_UNSUPPORTED, "explicit-free: %s lacks a function: %s",
                        MIMALLOC_LIBRARY, dlerror());
    }
    foreign->instance = heap_new();
    if (foreign->instance == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "explicit-free: mimalloc has no memory");
    return GCR_OK;
}

/* The library stays loaded: it has handlers for thread and process exit. */
static void mimalloc_close(struct explicit_foreign *foreign)
{
    void (*heap_destroy)(void *) = NULL;
    if (foreign->instance != NULL && mimalloc_find(foreign, "mi_heap_destroy", &heap_destroy))
        heap_destroy(foreign->instance);
    void (*collect)(bool) = NULL;
    if (mimalloc_find(foreign, "mi_collect", &collect))
        collect(true); /* gives back what it can, for the next heap of this process */
}

static void *mimalloc_alloc(struct explicit_foreign *foreign, size_t bytes)
{
    return foreign->instance_calloc(foreign->instance, 1, bytes);
}

static void mimalloc_free(struct explicit_foreign *foreign, void *block)
{
    foreign->library_free(block);
}

static size_t mimalloc_usable(const struct explicit_foreign *foreign, void *block)
{
    return foreign->library_usable(block);
}

/* Bytes that mimalloc has committed, by its own count. */
static uint64_t mimalloc_held(const struct explicit_foreign *foreign)
{
    size_t elapsed, user, system, rss, peak_rss, commit = 0, peak_commit, faults;
    foreign->library_info(&elapsed, &user, &system, &rss, &peak_rss, &commit, &peak_commit,
                          &faults);
    return commit;
}

static const struct explicit_foreign_ops explicit_mimalloc_ops = {
    .open = mimalloc_open,
    .close = mimalloc_close,
    .alloc = mimalloc_alloc,
    .free = mimalloc_free,
    .usable = mimalloc_usable,
    .held = mimalloc_held,
};

/* ---- for all of them ---- */

bool explicit_foreign_report(struct explicit_foreign *foreign, struct gcr_supply *supply)
{
    uint64_t bytes = foreign->in_use_bytes;
    if (foreign->ops->held != NULL) {
        uint64_t held = foreign->ops->held(foreign);
        bytes = held > bytes ? held : bytes;
    }
    foreign->churn_bytes = 0;
    if (!gcr_supply_adjust(supply, GCR_PAGES_OBJECTS,
                           (int64_t)bytes - (int64_t)foreign->counted_bytes))
        return false;
    foreign->counted_bytes = bytes;
    return true;
}

gcr_status explicit_foreign_open(struct explicit_foreign *foreign, struct gcr_supply *supply,
                                 enum explicit_allocator which, struct gcr_error *err)
{
    foreign->ops = which == EXPLICIT_SYSTEM     ? &explicit_system_ops
                   : which == EXPLICIT_JEMALLOC ? &explicit_jemalloc_ops
                                                : &explicit_mimalloc_ops;
    gcr_status status = foreign->ops->open(foreign, err);
    if (status != GCR_OK || explicit_foreign_report(foreign, supply))
        return status;
    foreign->ops->close(foreign);
    return gcr_fail(err, GCR_HEAP_EXHAUSTED,
                    "explicit-free: the allocator itself takes more than the budget");
}

void explicit_foreign_close(struct explicit_foreign *foreign, struct gcr_supply *supply)
{
    foreign->ops->close(foreign);
    bool given_back =
        gcr_supply_adjust(supply, GCR_PAGES_OBJECTS, -(int64_t)foreign->counted_bytes);
    GCR_CHECK(1, given_back);
    (void)given_back;
}

/* After a change of `bytes`: tells the supply if it is time to. */
static bool foreign_note(struct explicit_foreign *foreign, struct gcr_supply *supply,
                         uint64_t bytes)
{
    foreign->churn_bytes += bytes;
    if (foreign->churn_bytes < (foreign->ops->held != NULL ? REFRESH_BYTES : REPORT_BYTES))
        return true;
    return explicit_foreign_report(foreign, supply);
}

void *explicit_foreign_alloc(struct explicit_foreign *foreign, struct gcr_supply *supply,
                             size_t bytes)
{
    if (bytes > gcr_supply_headroom(supply))
        return NULL; /* before the system is asked for what the budget cannot hold */
    void *block = foreign->ops->alloc(foreign, bytes);
    if (block == NULL)
        return NULL;
    uint64_t taken = foreign->ops->usable(foreign, block) + foreign->ops->block_overhead_bytes;
    foreign->in_use_bytes += taken;
    if (foreign_note(foreign, supply, taken))
        return block;
    foreign->in_use_bytes -= taken;
    foreign->ops->free(foreign, block);
    return NULL;
}

void explicit_foreign_free(struct explicit_foreign *foreign, struct gcr_supply *supply, void *block)
{
    uint64_t taken = foreign->ops->usable(foreign, block) + foreign->ops->block_overhead_bytes;
    foreign->in_use_bytes -= taken;
    foreign->ops->free(foreign, block);
    (void)foreign_note(foreign, supply, taken); /* refused growth shows at the next allocation */
}
