/* What the compiler calls for loads and stores of a modelled twin: gcc's -fsanitize=thread, whose
 * run-time library is not linked. Names and types are that library's interface, as gcc 12 uses it
 * (gcc/sanitizer.def; vptr and function entry and exit are C++'s and other options').
 *
 * Aligned accesses of up to 8 bytes lie in one line. gcc calls read16 and write16 for objects that
 * are aligned to 8 only, and the range functions for what is not aligned at all. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/model/state.h"

#define PLAIN(prefix, bytes, may_cross)                                                            \
    void __tsan_##prefix##read##bytes(void *at);                                                   \
    void __tsan_##prefix##write##bytes(void *at);                                                  \
    void __tsan_##prefix##read##bytes(void *at)                                                    \
    {                                                                                              \
        model_load((uintptr_t)at, bytes, may_cross);                                               \
    }                                                                                              \
    void __tsan_##prefix##write##bytes(void *at)                                                   \
    {                                                                                              \
        model_store((uintptr_t)at, bytes, may_cross, gcr_model_state.now,                          \
                    gcr_model_state.store_key);                                                    \
    }

PLAIN(, 1, false)
PLAIN(, 2, false)
PLAIN(, 4, false)
PLAIN(, 8, false)
PLAIN(, 16, true)
PLAIN(volatile_, 1, false)
PLAIN(volatile_, 2, false)
PLAIN(volatile_, 4, false)
PLAIN(volatile_, 8, false)
PLAIN(volatile_, 16, true)
PLAIN(unaligned_, 1, true)
PLAIN(unaligned_, 2, true)
PLAIN(unaligned_, 4, true)
PLAIN(unaligned_, 8, true)
PLAIN(unaligned_, 16, true)
PLAIN(unaligned_volatile_, 1, true)
PLAIN(unaligned_volatile_, 2, true)
PLAIN(unaligned_volatile_, 4, true)
PLAIN(unaligned_volatile_, 8, true)
PLAIN(unaligned_volatile_, 16, true)

void __tsan_read_range(void *at, size_t bytes);
void __tsan_write_range(void *at, size_t bytes);
void __tsan_vptr_read(void **at);
void __tsan_vptr_update(void **at, void *value);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_init(void);

void __tsan_read_range(void *at, size_t bytes)
{
    gcr_model_range((uintptr_t)at, bytes, false);
}

void __tsan_write_range(void *at, size_t bytes)
{
    gcr_model_range((uintptr_t)at, bytes, true);
}

void __tsan_vptr_read(void **at)
{
    __tsan_read8(at);
}

void __tsan_vptr_update(void **at, void *value)
{
    (void)value;
    __tsan_write8(at);
}

void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void) {}

void __tsan_init(void) {}
