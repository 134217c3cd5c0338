/* Google Benchmark for C: a table of cases, run by its own command line (--benchmark_filter,
 * --benchmark_repetitions ...). */
#ifndef GCR_BENCH_SHIM_H
#define GCR_BENCH_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_case {
    const char *name;
    const void *arg;
    /* Before and after the runs of a case, outside of what is timed. NULL instead of a message: go
     * on; else the case is skipped with it. finish may be NULL. */
    const char *(*prepare)(const void *arg);
    void (*finish)(void);
    /* One iteration; returns how many items it processed. */
    uint64_t (*run)(const void *arg);
};

int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count);

#ifdef __cplusplus
}
#endif

#endif
