/* READ and WRITE on a run of data bytes: the same work in every design, so that what a trace's data
 * accesses cost differs only in how a design finds the bytes. O(bytes). */
#ifndef GCR_ALLOCATORS_COMMON_DATA_H
#define GCR_ALLOCATORS_COMMON_DATA_H

#include "allocators/collector.h"

/* Loads every byte, by words where they are aligned. volatile: the loads are the effect. */
static inline void gcr_data_touch(const uint8_t *at, uint64_t bytes)
{
    const uint8_t *end = at + bytes;
    for (; at < end && (uintptr_t)at % sizeof(uint64_t) != 0; at++)
        (void)*(const volatile uint8_t *)at;
    for (; (uint64_t)(end - at) >= sizeof(uint64_t); at += sizeof(uint64_t))
        (void)*(const volatile uint64_t *)(const void *)at;
    for (; at < end; at++)
        (void)*(const volatile uint8_t *)at;
}

/* Stores the pattern of data bytes offset .. offset + bytes of an object. */
static inline void gcr_data_fill(uint8_t *at, uint64_t offset, uint64_t bytes, uint8_t tag)
{
    for (uint64_t i = 0; i < bytes; i++)
        at[i] = gcr_pattern_byte(tag, offset + i);
}

#endif
