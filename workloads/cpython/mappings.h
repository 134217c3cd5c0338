/* The process's own writable private memory that is backed by no file: where allocators put things.
 */
#ifndef GCR_WORKLOADS_CPYTHON_MAPPINGS_H
#define GCR_WORKLOADS_CPYTHON_MAPPINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { MAPPINGS_BUFFER = 1 << 16 };

typedef void mapping_visitor(void *arg, uint64_t start, uint64_t end);

/* Calls visit for each such mapping, in ascending order; `buffer` has MAPPINGS_BUFFER bytes. No
 * allocation, one descriptor for a moment. False: /proc/self/maps cannot be read; errno says why.
 * O(mappings). */
bool mappings_visit(char *buffer, mapping_visitor *visit, void *arg);

#endif
