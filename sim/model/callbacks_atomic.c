/* Atomic operations of a modelled twin: the compiler hands them over whole, so they are made here,
 * sequentially consistent whatever the program asked for (the model has one thread).
 *
 * A read-modify-write is one load and one store. So is a compare-exchange that fails: on x86 it
 * takes the line and unshares the page like one that succeeds. */
#include <stdbool.h>
#include <stdint.h>

#include "sim/model/state.h"

static inline void atomic_sees_load(const volatile void *at, size_t bytes)
{
    model_load((uintptr_t)at, bytes, true);
}

static inline void atomic_sees_store(const volatile void *at, size_t bytes)
{
    model_store((uintptr_t)at, bytes, true, gcr_model_state.now, gcr_model_state.store_key);
}

static inline void atomic_sees_both(const volatile void *at, size_t bytes)
{
    atomic_sees_load(at, bytes);
    atomic_sees_store(at, bytes);
}

#define MODIFY(bits, type, name, builtin)                                                          \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);                   \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)                    \
    {                                                                                              \
        (void)order;                                                                               \
        atomic_sees_both(at, sizeof *at);                                                          \
        return builtin(at, value, __ATOMIC_SEQ_CST);                                               \
    }

#define COMPARE(bits, type, strength, weak)                                                        \
    bool __tsan_atomic##bits##_compare_exchange_##strength(volatile type *at, type *expected,      \
                                                           type value, int order, int failure);    \
    bool __tsan_atomic##bits##_compare_exchange_##strength(volatile type *at, type *expected,      \
                                                           type value, int order, int failure)     \
    {                                                                                              \
        (void)order;                                                                               \
        (void)failure;                                                                             \
        atomic_sees_both(at, sizeof *at);                                                          \
        return __atomic_compare_exchange_n(at, expected, value, weak, __ATOMIC_SEQ_CST,            \
                                           __ATOMIC_SEQ_CST);                                      \
    }

#define ATOMIC(bits, type)                                                                         \
    type __tsan_atomic##bits##_load(const volatile type *at, int order);                           \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order);                    \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                            \
    {                                                                                              \
        (void)order;                                                                               \
        atomic_sees_load(at, sizeof *at);                                                          \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                              \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                     \
    {                                                                                              \
        (void)order;                                                                               \
        atomic_sees_store(at, sizeof *at);                                                         \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                             \
    }                                                                                              \
    MODIFY(bits, type, exchange, __atomic_exchange_n)                                              \
    MODIFY(bits, type, fetch_add, __atomic_fetch_add)                                              \
    MODIFY(bits, type, fetch_sub, __atomic_fetch_sub)                                              \
    MODIFY(bits, type, fetch_and, __atomic_fetch_and)                                              \
    MODIFY(bits, type, fetch_or, __atomic_fetch_or)                                                \
    MODIFY(bits, type, fetch_xor, __atomic_fetch_xor)                                              \
    MODIFY(bits, type, fetch_nand, __atomic_fetch_nand)                                            \
    COMPARE(bits, type, strong, false)                                                             \
    COMPARE(bits, type, weak, true)

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
    (void)order;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
