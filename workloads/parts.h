/* Small things that several generators are made of. */
#ifndef GCR_WORKLOADS_PARTS_H
#define GCR_WORKLOADS_PARTS_H

#include "traces/emit.h"

/* What a generator's trace can be trusted for: everything, with exact deaths. */
#define PARTS_CAPABILITIES .loads = 1, .reads = GCR_READS_EXACT, .deaths = GCR_DEATHS_EXACT

/* Declares the shape of arrays of pointers. */
uint32_t parts_array_shape(struct emit *emit);

/* A share 0 .. 1 in units of 2^-32, and how many of the first n (below 2^32)
 * things it takes, evenly spread. */
uint64_t parts_share(double share);
static inline uint64_t parts_share_count(uint64_t share, uint64_t n)
{
    return n * share >> 32;
}
static inline bool parts_share_takes(uint64_t share, uint64_t i)
{
    return parts_share_count(share, i + 1) != parts_share_count(share, i);
}

/* The i-th of n places (below 2^32) in a scattered order that visits each once in n steps: i times
 * a fixed number near n / golden ratio and coprime to n (Knuth, TAOCP 3, 6.4: Fibonacci hashing).
 */
uint64_t parts_stride(uint64_t n);
static inline uint64_t parts_scatter(uint64_t i, uint64_t stride, uint64_t n)
{
    return i % n * stride % n;
}

/* n short-lived objects of that shape, each dropped before the next, through a clear root that is
 * clear again afterwards. PARTS_CHURN_EVENTS each. */
enum { PARTS_CHURN_EVENTS = 3 };
void parts_churn(struct emit *emit, uint32_t shape, uint64_t n, uint32_t root);

#endif
