/* SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014):
 * the same numbers on every machine, from one 64-bit seed. */
#ifndef GCR_BASE_SPLITMIX_H
#define GCR_BASE_SPLITMIX_H

#include <stdint.h>

/* Its finalizer: a bijection that spreads every bit. */
static inline uint64_t gcr_splitmix_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t gcr_splitmix_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return gcr_splitmix_mix(*state);
}

/* 0 .. bound - 1 for a bound up to 2^32, by the high half of a product: its bias is below 2^-32. */
static inline uint32_t gcr_splitmix_below(uint64_t *state, uint64_t bound)
{
    return (uint32_t)(((gcr_splitmix_next(state) >> 32) * bound) >> 32);
}

#endif
