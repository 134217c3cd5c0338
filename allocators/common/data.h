/* READ and WRITE on a run of data bytes: the same work in every design, so that what a trace's data
 * accesses cost differs only in how a design finds the bytes. O(bytes). */
#ifndef GCR_ALLOCATORS_COMMON_DATA_H
#define GCR_ALLOCATORS_COMMON_DATA_H

#include "allocators/collector.h"
#include "base/check.h"
#include "base/compiler.h"

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

/* A design's answer: the address of a data byte of an object, and how many bytes follow
 * contiguously. `arg` is whatever it needs to decode the object. */
typedef uint8_t *gcr_data_finder(const void *arg, gcr_ref object, uint64_t offset, uint64_t *bytes);

/* READ: piece by piece, since items may lie apart from fields. `find` is a constant, and becomes
 * inline code where its design has it inline. */
GCR_ALWAYS_INLINE void gcr_data_read(gcr_data_finder *find, const void *arg, gcr_ref object,
                                     uint64_t offset, uint64_t length)
{
    uint64_t bytes;
    for (; length > 0; offset += bytes, length -= bytes) {
        const uint8_t *data = find(arg, object, offset, &bytes);
        bytes = bytes < length ? bytes : length;
        GCR_CHECK(1, bytes != 0);
        gcr_data_touch(data, bytes);
    }
}

/* WRITE, likewise. */
GCR_ALWAYS_INLINE void gcr_data_write(gcr_data_finder *find, const void *arg, gcr_ref object,
                                      uint64_t offset, uint64_t length, uint8_t tag)
{
    uint64_t bytes;
    for (; length > 0; offset += bytes, length -= bytes) {
        uint8_t *data = find(arg, object, offset, &bytes);
        bytes = bytes < length ? bytes : length;
        GCR_CHECK(1, bytes != 0);
        gcr_data_fill(data, offset, bytes, tag);
    }
}

#endif
