/* Random valid traces on every back end, verified, with equal graphs at every checkpoint.
 *
 *   property.random_traces [--seed N] [--count N] [--events N] [--variants N] [--only NAME]
 *                          [--failures N]
 *
 * Each trace runs on each back end with its defaults and with random options (--variants in all),
 * in a process of its own, so that a crash or an endless loop is a failure like another. A failure
 * is shrunk to the shortest prefix of the trace that still fails, and named by seed and length: the
 * same words bring it back. The N-th one (--failures, 1) is the last. scripts/soak.sh runs many. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "tests/oracle/random_run.h"

enum { RANDOM_SMALL_EVENTS = 500, RANDOM_LARGE_EVENTS = 12000, RANDOM_PATIENCE_MS = 240000 };

/* Less than a minute of computing either way. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { RANDOM_DEFAULT_COUNT = 32 };
#else
enum { RANDOM_DEFAULT_COUNT = 160 };
#endif

struct request {
    uint64_t seed, count, events, failures;
    unsigned variants;
    const char *only;
};

/* What seed n stands for: every eighth trace is long, every tenth resurrects, every seventh has no
 * deaths. */
static struct gcr_random_options options_of(const struct request *request, uint64_t seed)
{
    struct gcr_random_options options = {.seed = seed,
                                         .max_events = request->events,
                                         .resurrect = seed % 10 == 9,
                                         .no_deaths = seed % 7 == 4};

    if (request->events == 0)
        options.max_events = seed % 8 == 7 ? RANDOM_LARGE_EVENTS : RANDOM_SMALL_EVENTS;
    return options;
}

/* ---- one trace, in a child ---- */

/* What the parent can see of a child. */
struct view {
    volatile bool good;
    char design[512]; /* that was running last */
    struct gcr_error message;
};

static void run_here(const struct request *request, const struct gcr_random_options *options,
                     struct view *view)
{
    enum gcr_verify_mode verify =
        options->max_events <= RANDOM_SMALL_EVENTS ? GCR_VERIFY_EVERY : GCR_VERIFY_ON;

    view->good = random_run_all(options, verify, request->variants, request->only, view->design,
                                &view->message);
}

/* False: still running after all that time. */
static bool wait_for(pid_t child, int ended, int *status)
{
    struct pollfd waiting = {.fd = ended, .events = POLLIN};
    bool in_time = poll(&waiting, 1, RANDOM_PATIENCE_MS) == 1;

    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0 && errno == EINTR)
        ;
    return in_time;
}

static bool run(const struct request *request, const struct gcr_random_options *options,
                struct gcr_error *message)
{
    struct view *view =
        mmap(NULL, sizeof *view, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int ended[2], status = 0;
    bool good;
    pid_t child;

    if (view == MAP_FAILED || pipe(ended) != 0)
        abort();
    (void)fflush(NULL);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ended[0]);
        run_here(request, options, view);
        _exit(0);
    }
    close(ended[1]); /* the child's end closes when it ends */
    good = child > 0 && wait_for(child, ended[0], &status);
    close(ended[0]);
    if (!good)
        (void)gcr_fail(message, GCR_FAULT, "%.400s: does not end", view->design);
    else if (WIFSIGNALED(status))
        (void)gcr_fail(message, GCR_FAULT, "%.400s: killed by signal %d", view->design,
                       WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        (void)gcr_fail(message, GCR_FAULT, "%.400s: ended with status %d", view->design,
                       WEXITSTATUS(status));
    else
        *message = view->message;
    good = good && status == 0 && view->good;
    munmap(view, sizeof *view);
    return good;
}

/* ---- failures ---- */

/* The shortest failing prefix, by bisection: what fails at some length mostly fails at all longer
 * ones. */
static void shrink(const struct request *request, struct gcr_random_options options,
                   struct gcr_error *message)
{
    uint64_t good = 0, bad = options.max_events;

    fprintf(stderr, "failed: --seed %llu: %s\nshrinking\n", (unsigned long long)options.seed,
            message->text);
    while (bad - good > 1) {
        struct gcr_error trial = {""};
        options.max_events = good + (bad - good) / 2;
        if (run(request, &options, &trial)) {
            good = options.max_events;
        } else {
            bad = options.max_events;
            *message = trial;
        }
    }
    fprintf(stderr, "FAILED: --seed %llu --count 1 --events %llu --variants %u\n  %s\n",
            (unsigned long long)options.seed, (unsigned long long)bad, request->variants,
            message->text);
}

static bool read_request(int argc, char **argv, struct request *out)
{
    *out = (struct request){.seed = 1, .count = RANDOM_DEFAULT_COUNT, .failures = 1, .variants = 2};
    if (argc % 2 == 0)
        return false;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t number = strtoull(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--seed") == 0)
            out->seed = number;
        else if (strcmp(argv[i], "--count") == 0)
            out->count = number;
        else if (strcmp(argv[i], "--events") == 0)
            out->events = number;
        else if (strcmp(argv[i], "--variants") == 0)
            out->variants = (unsigned)number;
        else if (strcmp(argv[i], "--failures") == 0)
            out->failures = number;
        else if (strcmp(argv[i], "--only") == 0)
            out->only = argv[i + 1];
        else
            return false;
    }
    return true;
}

/* How many of the traces fail; stops at the last failure asked for. */
static uint64_t run_all(const struct request *request)
{
    uint64_t failures = 0;

    for (uint64_t s = request->seed;
         s < request->seed + request->count && failures < request->failures; s++) {
        struct gcr_random_options options = options_of(request, s);
        struct gcr_error message = {""};

        if (run(request, &options, &message))
            continue;
        shrink(request, options, &message);
        failures++;
    }
    return failures;
}

int main(int argc, char **argv)
{
    struct request request;
    size_t engines;

    (void)gcr_engines(&engines);
    if (!read_request(argc, argv, &request)) {
        fprintf(stderr,
                "usage: %s [--seed N] [--count N] [--events N] [--variants N] [--only NAME] "
                "[--failures N]\n",
                argv[0]);
        return 2;
    }
    printf("seeds %llu to %llu on %zu back ends, %u variants each\n",
           (unsigned long long)request.seed, (unsigned long long)(request.seed + request.count - 1),
           engines, request.variants);
    return run_all(&request) == 0 ? 0 : 1;
}
