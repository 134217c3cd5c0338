/* The one place with compiler extensions: attributes and hints that C17 has no words for. */
#ifndef GCR_BASE_COMPILER_H
#define GCR_BASE_COMPILER_H

#define GCR_ALWAYS_INLINE static inline __attribute__((always_inline))
#define GCR_NOINLINE __attribute__((noinline))
#define GCR_COLD __attribute__((cold, noinline))
/* A function whose loads and stores the modelled twin does not report. */
#define GCR_UNREPORTED __attribute__((noinline, no_sanitize_thread))
#define GCR_MUST_USE __attribute__((warn_unused_result))
#define GCR_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define GCR_LIKELY(x) __builtin_expect(!!(x), 1)
#define GCR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define GCR_PREFETCH(p) __builtin_prefetch(p)
#define GCR_CTZ64(x) ((unsigned)__builtin_ctzll(x))
#define GCR_CLZ64(x) ((unsigned)__builtin_clzll(x))
#define GCR_POPCOUNT64(x) ((unsigned)__builtin_popcountll(x))

/* Runs before main (preload libraries). */
#define GCR_CONSTRUCTOR __attribute__((constructor))
/* Where the current function returns to, as a number. */
#define GCR_RETURN_ADDRESS() ((unsigned long)__builtin_return_address(0))

/* The upper half of a product: a / d is GCR_MULTIPLY_HIGH(a, 2^64 / d rounded up) where a * d <
 * 2^64 and d is no power of two. */
#define GCR_MULTIPLY_HIGH(a, b) ((uint64_t)(((unsigned __int128)(a) * (b)) >> 64))

/* Atomic access to plain objects: side arrays are bytes that one phase scans by words and another
 * shares between threads. */
#define GCR_LOAD_RELAXED(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define GCR_LOAD_ACQUIRE(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define GCR_STORE_RELAXED(p, value) __atomic_store_n(p, value, __ATOMIC_RELAXED)
#define GCR_STORE_RELEASE(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)
#define GCR_EXCHANGE_RELAXED(p, value) __atomic_exchange_n(p, value, __ATOMIC_RELAXED)
#define GCR_EXCHANGE(p, value) __atomic_exchange_n(p, value, __ATOMIC_ACQ_REL)
#define GCR_FETCH_OR_RELAXED(p, value) __atomic_fetch_or(p, value, __ATOMIC_RELAXED)
#define GCR_FETCH_ADD(p, value) __atomic_fetch_add(p, value, __ATOMIC_ACQ_REL)
/* *p = desired if *p == *expected, else *expected = *p; may fail spuriously. */
#define GCR_COMPARE_EXCHANGE(p, expected, desired)                                                 \
    __atomic_compare_exchange_n(p, expected, desired, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)

/* Of a thread-local variable: it lies at an offset from the thread pointer that is fixed at start.
 */
#define GCR_TLS_INITIAL_EXEC __attribute__((tls_model("initial-exec")))

/* Clears the registers that a call preserves, so that a collector which scans them finds nothing of
 * the caller's; values that are still needed wait on the stack. rbp may be the frame's. */
#ifdef __x86_64__
#define GCR_FORGET_REGISTERS()                                                                     \
    __asm__ volatile("xor %%ebx, %%ebx\n\txor %%r12d, %%r12d\n\txor %%r13d, %%r13d\n\t"            \
                     "xor %%r14d, %%r14d\n\txor %%r15d, %%r15d"                                    \
                     :                                                                             \
                     :                                                                             \
                     : "rbx", "r12", "r13", "r14", "r15", "cc")
#else
#define GCR_FORGET_REGISTERS() ((void)0)
#endif

/* Whether this processor, and the system, have "avx2", "avx512f" ...; x86 only. */
#define GCR_CPU_HAS(feature) __builtin_cpu_supports(feature)

/* *out = a * b; true if that does not fit. */
#define GCR_MULTIPLY_OVERFLOWS(a, b, out) __builtin_mul_overflow(a, b, out)

#define GCR_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
