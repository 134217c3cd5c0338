/* Finalizer cookies and the resurrect table.
 *
 * An object with a finalizer is allocated with a cookie, which the back end hands back when it
 * finalizes the object. By then the trace may have reused the object's index, so the cookie, not
 * the index, leads to the global root that a RESURRECT event named for it. A cookie is free again
 * after its finalizer has run (once per object), so the table is as large as the number of objects
 * that still wait for theirs. 16 bytes each, plus a hash chain from index to cookie. */
#ifndef GCR_SIM_REPLAY_COOKIES_H
#define GCR_SIM_REPLAY_COOKIES_H

#include <stdint.h>

#include "sim/measure/growable.h"

#define GCR_NO_ROOT UINT32_MAX

struct gcr_cookie {
    uint32_t object;         /* index at allocation */
    uint32_t root;           /* operand of its RESURRECT event, or GCR_NO_ROOT */
    uint32_t serial;         /* 1, 2, 3 ... in the order of allocation, never given twice */
    uint32_t next, previous; /* chain of its bucket, newest first; or list of free cookies */
};

/* All zero: empty. */
struct gcr_cookies {
    struct gcr_growable memory; /* struct gcr_cookie by number; 0 is unused */
    struct gcr_growable bucket_memory;
    uint32_t end;          /* numbers below were given out at least once; 0 or >= 1 */
    uint32_t free;         /* first free cookie, 0: none */
    uint32_t bucket_count; /* a power of two, or 0 */
    uint32_t serial;       /* last one given */
};

/* Makes room for n more cookies. False: no memory. Amortised O(n). */
bool gcr_cookies_reserve(struct gcr_cookies *cookies, size_t n) GCR_MUST_USE;

/* A new cookie for the object with that index; room must have been reserved. Never 0. O(1). */
uint32_t gcr_cookies_add(struct gcr_cookies *cookies, uint32_t object);

/* The newest object with that index shall be stored in `root` when it is finalized. False: it has
 * no finalizer, or that has run. O(1) expected. */
bool gcr_cookies_resurrect(struct gcr_cookies *cookies, uint32_t object, uint32_t root);

/* The object's finalizer runs: returns its entry and frees the cookie. */
struct gcr_cookie gcr_cookies_take(struct gcr_cookies *cookies, uint32_t cookie);

void gcr_cookies_free(struct gcr_cookies *cookies);

#endif
