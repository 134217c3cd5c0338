/* Google Benchmark for C. A program describes its benchmarks in structs of struct gcr_benchmark and
 * gives them to gcr_bench_main; everything else is Google Benchmark's own command line
 * (--benchmark_filter, --benchmark_repetitions, --benchmark_out ...).
 *
 *     static void run(struct gcr_bench *b, void *fixture)
 *     {
 *         struct things *things = fixture;
 *         while (gcr_bench_batch(b, 1000))
 *             for (int i = 0; i < 1000; i++)
 *                 look_up(things, i);
 *         gcr_bench_items(b, gcr_bench_iterations(b));
 *     }
 *
 * Timed is what happens between the first and the last call of gcr_bench_batch, less what lies
 * between gcr_bench_pause and gcr_bench_resume. Google Benchmark may call a benchmark several times
 * to find how many iterations it needs: each time with its setup and teardown. */
#ifndef GCR_BENCH_GCR_BENCH_H
#define GCR_BENCH_GCR_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One measurement under way. Valid only inside setup and run. */
struct gcr_bench;

/* An argument: the values that it goes through. Either `count` values from `values`, or, with
 * `values` NULL, from..to: multiplied by `multiplier` at each step (0: 8), both ends included. */
struct gcr_bench_axis {
    const char *name; /* shown in the benchmark's name as name:value */
    const int64_t *values;
    size_t count;
    int64_t from, to;
    int multiplier;
};
enum { GCR_BENCH_MAX_AXES = 4 };

/* Which clock counts. */
enum gcr_bench_clock {
    GCR_BENCH_CPU,         /* the calling thread's processor time */
    GCR_BENCH_REAL,        /* wall time */
    GCR_BENCH_PROCESS_CPU, /* processor time of all threads; iterations by wall time */
    GCR_BENCH_MANUAL       /* what gcr_bench_set_time says for each iteration */
};

enum gcr_bench_unit { GCR_BENCH_NS, GCR_BENCH_US, GCR_BENCH_MS, GCR_BENCH_S };

/* The curve that is fitted to the times, over gcr_bench_complexity's N. AUTO: the best of them. */
enum gcr_bench_complexity {
    GCR_BENCH_NO_COMPLEXITY,
    GCR_BENCH_O_1,
    GCR_BENCH_O_LOG_N,
    GCR_BENCH_O_N,
    GCR_BENCH_O_N_LOG_N,
    GCR_BENCH_O_N_SQUARED,
    GCR_BENCH_O_AUTO
};

struct gcr_benchmark {
    const char *name;
    /* Calls gcr_bench_batch until it says false, then sets counters. */
    void (*run)(struct gcr_bench *b, void *fixture);
    /* Outside of what is timed. setup makes the fixture (NULL is one), or calls gcr_bench_skip or
     * gcr_bench_fail and has nothing left to tear down. Both may be NULL. */
    void *(*setup)(struct gcr_bench *b);
    void (*teardown)(void *fixture);
    const void *context; /* lives as long as the program; see gcr_bench_context */
    /* Every combination is one benchmark; the first axis without name ends them. */
    struct gcr_bench_axis axes[GCR_BENCH_MAX_AXES];
    enum gcr_bench_clock clock;
    enum gcr_bench_unit unit;
    enum gcr_bench_complexity complexity;
    int64_t iterations; /* exactly so many, 0: as many as take long enough */
    double min_seconds; /* how long is long enough; 0: as the command line says */
};

/* Adds one benchmark. Strings and axes are copied. Benchmarks run in the order of their addition.
 */
void gcr_bench_add(const struct gcr_benchmark *benchmark);

/* Adds `count` benchmarks (may be 0), reads the command line and runs what it selects. Returns the
 * exit code: 0, 1 if a benchmark failed, 2 if the command line is wrong or selects nothing. */
int gcr_bench_main(int argc, char **argv, const struct gcr_benchmark *table, size_t count);

/* ---- inside setup and run ---- */

/* Whether to go on, with `n` >= 1 iterations that the caller makes now. */
bool gcr_bench_batch(struct gcr_bench *b, int64_t n);

/* The i-th argument, in the order of the axes. */
int64_t gcr_bench_arg(const struct gcr_bench *b, size_t i);
const void *gcr_bench_context(const struct gcr_bench *b);

/* What follows is not timed, until resume. Each pair costs some hundred nanoseconds of the time
 * itself: for long iterations only. */
void gcr_bench_pause(struct gcr_bench *b);
void gcr_bench_resume(struct gcr_bench *b);

/* With GCR_BENCH_MANUAL: how long the batch took that was just made. */
void gcr_bench_set_time(struct gcr_bench *b, double seconds);

/* This configuration cannot be measured: it is reported as skipped, with `why` (one line, copied).
 * In run, the next gcr_bench_batch returns false. */
void gcr_bench_skip(struct gcr_bench *b, const char *why);

/* The same, but something is wrong: the program ends with exit code 1. */
void gcr_bench_fail(struct gcr_bench *b, const char *why);

/* ---- after the last iteration ---- */

/* How many iterations have been made. */
int64_t gcr_bench_iterations(const struct gcr_bench *b);

/* Items and bytes processed by all iterations; reported per second. */
void gcr_bench_items(struct gcr_bench *b, int64_t items);
void gcr_bench_bytes(struct gcr_bench *b, int64_t bytes);

/* Shown after the figures. Copied. */
void gcr_bench_label(struct gcr_bench *b, const char *text);

enum gcr_bench_counter {
    GCR_BENCH_VALUE,         /* the value itself */
    GCR_BENCH_PER_ITERATION, /* the value, of all iterations, divided by their number */
    GCR_BENCH_RATE,          /* the value, of all iterations, per second */
    GCR_BENCH_TIME_PER       /* seconds for each one of the value (of all iterations) */
};

/* A column of one's own. */
void gcr_bench_count(struct gcr_bench *b, const char *name, double value,
                     enum gcr_bench_counter kind);

/* What the times are a function of, for the fitted curve. */
void gcr_bench_complexity_n(struct gcr_bench *b, int64_t n);

#ifdef __cplusplus
}
#endif

#endif
