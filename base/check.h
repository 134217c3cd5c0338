/* Invariant checks with a cost policy, chosen at build time by GCR_CHECK_LEVEL:
 * 0 none, 1 constant time at interfaces (default), 2 whole structures after each collection,
 * 3 everything. A failed check is a bug in this program: it prints the place and aborts. */
#ifndef GCR_BASE_CHECK_H
#define GCR_BASE_CHECK_H

#include "base/compiler.h"

#ifndef GCR_CHECK_LEVEL
#define GCR_CHECK_LEVEL 1
#endif

_Noreturn void gcr_check_failed(const char *file, int line, const char *condition);

#define GCR_CHECK(level, condition)                                                                \
    do {                                                                                           \
        if (GCR_CHECK_LEVEL >= (level) && GCR_UNLIKELY(!(condition)))                              \
            gcr_check_failed(__FILE__, __LINE__, #condition);                                      \
    } while (0)

#endif
