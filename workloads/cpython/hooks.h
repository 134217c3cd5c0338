/* Allocator hooks: what the recorder sees of the program, call by call.
 *
 * They stand before the allocators of the OBJ and MEM domains, which are only called with the GIL
 * held. At each call the time since the last one is made up for first: whether the last block has a
 * GC head, whether a collection has begun or ended, what went through the free lists. */
#ifndef GCR_WORKLOADS_CPYTHON_HOOKS_H
#define GCR_WORKLOADS_CPYTHON_HOOKS_H

#include "workloads/cpython/recorder.h"

/* Puts the hooks in. The recorder stays where it is. */
void hooks_install(struct recorder *recorder);

/* May this call be recorded? If so, hooks_leave must follow. Ends the recording when the
 * interpreter ends. */
bool hooks_enter(struct recorder *recorder);

/* No more events from this process; reason may be NULL. */
void hooks_stop(struct recorder *recorder, const char *reason);

static inline void hooks_leave(struct recorder *recorder)
{
    recorder->inside = false;
}

/* Brings the mirror up to the present. `freed`: the block about to be freed (CPython's counter of
 * young containers is down already); 0: none. */
void hooks_sync(struct recorder *recorder, uint32_t freed);
/* The same at a place where nothing is being freed, so that CPython's counter is exact. */
void hooks_sync_count(struct recorder *recorder);

#endif
