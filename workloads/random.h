/* SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014):
 * the same numbers on every machine, from one 64-bit seed. */
#ifndef GCR_WORKLOADS_RANDOM_H
#define GCR_WORKLOADS_RANDOM_H

#include <stdint.h>

static inline uint64_t random_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t random_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return random_mix(*state);
}

/* 0 .. bound - 1 for a bound up to 2^32, by the high half of a product: its bias is below 2^-32. */
static inline uint32_t random_below(uint64_t *state, uint64_t bound)
{
    return (uint32_t)(((random_next(state) >> 32) * bound) >> 32);
}

#endif
