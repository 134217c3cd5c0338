/* Random valid traces on every back end, verified, with equal graphs at the end.
 *
 *   property.random_traces [--seed N] [--count N] [--events N]
 *
 * A failure is shrunk to the shortest prefix of the trace that still fails, and named by seed and
 * length: the same two numbers bring it back. --count 100000 is a soak. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "tests/oracle/random_run.h"

enum { RANDOM_SMALL_EVENTS = 500, RANDOM_LARGE_EVENTS = 12000 };

/* Some ten seconds of computing either way. */
#ifdef __SANITIZE_ADDRESS__
enum { RANDOM_DEFAULT_COUNT = 50 };
#else
enum { RANDOM_DEFAULT_COUNT = 160 };
#endif

static const struct random_design designs[] = {
    {"epsilon", {NULL}},
    {"explicit-free", {NULL}},
    {"explicit-free", {"allocator=system", NULL}},
    {"semispace", {"start=4096", NULL}},
    {"semispace", {"start=64K", "clear=memset", NULL}},
    {"semispace", {"clear=none", NULL}},
    {"mark-compact", {"space=64K", NULL}},
    {"mark-compact", {"mode=2010", "floor=16K", "first=16K", NULL}},
    {"mark-compact", {"mode=ideal", "marks=side", "floor=16K", "first=16K"}},
    {"mark-compact-nursery", {"nursery=8K", "floor=16K", NULL}},
    {"mark-compact-nursery", {"nursery=4K", "floor=16K", "marks=side", "filter=value"}},
    {"linked-list", {NULL}},
    {"linked-list", {"threshold0=10", "threshold1=2", "threshold2=2", NULL}},
    {"linked-list", {"head=24", "threshold0=40", "untrack=fixpoint", NULL}},
    {"linked-list", {"head=32", "threshold0=5", "untrack=off", "separate-pools=on"}},
};

/* What seed n stands for: every eighth trace is long, every tenth resurrects, every seventh has no
 * deaths. */
static struct gcr_random_options options_of(uint64_t seed, uint64_t events)
{
    struct gcr_random_options options = {.seed = seed,
                                         .max_events = events,
                                         .resurrect = seed % 10 == 9,
                                         .no_deaths = seed % 7 == 4};

    if (events == 0)
        options.max_events = seed % 8 == 7 ? RANDOM_LARGE_EVENTS : RANDOM_SMALL_EVENTS;
    return options;
}

static bool run(const struct gcr_random_options *options, struct gcr_error *message)
{
    enum gcr_verify_mode verify =
        options->max_events <= RANDOM_SMALL_EVENTS ? GCR_VERIFY_EVERY : GCR_VERIFY_ON;

    return random_run_all(options, verify, designs, GCR_COUNT_OF(designs), message);
}

/* The shortest failing prefix, by bisection: what fails at some length mostly fails at all longer
 * ones. */
static void shrink(struct gcr_random_options options, struct gcr_error *message)
{
    uint64_t good = 0, bad = options.max_events;

    while (bad - good > 1) {
        struct gcr_error trial = {""};
        options.max_events = good + (bad - good) / 2;
        if (run(&options, &trial)) {
            good = options.max_events;
        } else {
            bad = options.max_events;
            *message = trial;
        }
    }
    fprintf(stderr, "FAILED: --seed %llu --count 1 --events %llu\n  %s\n",
            (unsigned long long)options.seed, (unsigned long long)bad, message->text);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, count = RANDOM_DEFAULT_COUNT, events = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            count = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--events") == 0)
            events = strtoull(argv[i + 1], NULL, 10);
        else {
            fprintf(stderr, "usage: %s [--seed N] [--count N] [--events N]\n", argv[0]);
            return 2;
        }
    }
    printf("seeds %llu to %llu on %zu designs\n", (unsigned long long)seed,
           (unsigned long long)(seed + count - 1), GCR_COUNT_OF(designs));
    for (uint64_t s = seed; s < seed + count; s++) {
        struct gcr_random_options options = options_of(s, events);
        struct gcr_error message = {""};

        (void)fflush(stdout);
        if (!run(&options, &message)) {
            shrink(options, &message);
            return 1;
        }
    }
    return 0;
}
