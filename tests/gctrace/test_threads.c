/* The order that libgctrace promises, with real threads: an object that one publishes and another
 * uses is allocated and stored in the trace before its use; each thread's events keep their order;
 * and whoever comes, goes, flushes or forks meanwhile disturbs nothing. The oracle proves each
 * trace valid: an event out of order names an object that is not reachable there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "kit.h"

/* ---- a mailbox of linked pairs ---- */

#ifdef GCR_TSAN /* which is slow, and sees a race at its first occasion */
enum { MESSAGES = 5000 };
#else
enum { MESSAGES = 20000 };
#endif
enum { WORKERS = 4, BOXES = 8 };

/* A box is a global root: whoever puts something in roots it there; whoever takes it, roots it in
 * its own slot before the box is cleared. */
struct mailbox {
    pthread_mutex_t lock;
    gctrace_object inside;
};

struct office {
    struct kit kit;
    struct mailbox box[BOXES];
    _Atomic uint32_t taken;
};

static void office_open(struct office *office)
{
    memset(office, 0, sizeof *office);
    kit_open(&office->kit, &kit_promises);
    for (unsigned i = 0; i < BOXES; i++)
        pthread_mutex_init(&office->box[i].lock, NULL);
}

/* A pair whose first slot leads to another, allocated outside the lock. */
static gctrace_object office_write_letter(struct office *office, gctrace_thread *t)
{
    gctrace_object letter = gctrace_allocate(t, office->kit.pair, 0, GCTRACE_LOCAL(0));
    gctrace_object inner = gctrace_allocate(t, office->kit.pair, 0, GCTRACE_PUSH);
    gctrace_store(t, letter, 0, inner);
    gctrace_pop(t, 1);
    return letter;
}

/* Puts a letter in if the box is empty, else takes out what is there and uses it. */
static void office_visit(struct office *office, gctrace_thread *t, unsigned box)
{
    struct mailbox *at = &office->box[box];
    gctrace_object letter = office_write_letter(office, t);
    pthread_mutex_lock(&at->lock);
    gctrace_object found = at->inside;
    if (found == 0) {
        gctrace_set_root(t, GCTRACE_GLOBAL(box), letter);
        gctrace_set_root(t, GCTRACE_LOCAL(0), 0);
        at->inside = letter;
    } else {
        gctrace_set_root(t, GCTRACE_LOCAL(1), found);
        gctrace_set_root(t, GCTRACE_GLOBAL(box), 0);
        at->inside = 0;
    }
    pthread_mutex_unlock(&at->lock);
    if (found != 0) { /* ours alone now */
        gctrace_load(t, found, 0, GCTRACE_PUSH);
        gctrace_write(t, found, 0, 8);
        gctrace_store(t, found, 1, found);
        gctrace_pop(t, 1);
        gctrace_set_root(t, GCTRACE_LOCAL(1), 0);
        gctrace_death(t, found);
        atomic_fetch_add(&office->taken, 1);
    }
    gctrace_set_root(t, GCTRACE_LOCAL(0), 0);
}

struct worker {
    struct office *office;
    unsigned number;
    unsigned comings; /* attaches and detaches so often */
};

static void *office_work(void *given)
{
    const struct worker *worker = given;
    uint32_t random = worker->number * 2654435761u + 1;
    for (unsigned coming = 0; coming < worker->comings; coming++) {
        gctrace_thread *t = gctrace_attach(worker->office->kit.recording, 2);
        for (unsigned i = 0; i < MESSAGES / worker->comings; i++) {
            random = random * 1664525u + 1013904223u;
            office_visit(worker->office, t, random >> 24 & (BOXES - 1));
        }
        gctrace_detach(t);
    }
    return NULL;
}

static void office_start(struct office *office, struct worker *workers, pthread_t *threads,
                         unsigned comings)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){office, i, comings};
        assert_int_equal(pthread_create(&threads[i], NULL, office_work, &workers[i]), 0);
    }
}

static void office_join(pthread_t *threads)
{
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void office_close(struct office *office)
{
    uint32_t inside = 0;
    kit_close(&office->kit);
    for (unsigned i = 0; i < BOXES; i++)
        inside += office->box[i].inside != 0;
    struct gcr_trace_check check = kit_check(office->kit.path);
    assert_int_equal(check.objects, 2 * WORKERS * MESSAGES);
    assert_int_equal(check.live_end_objects, 2 * inside);
    assert_true(atomic_load(&office->taken) > 0);
    kit_remove(&office->kit);
}

static void test_published_objects_come_first(void **state)
{
    (void)state;
    struct office office;
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    office_open(&office);
    office_start(&office, workers, threads, 1);
    office_join(threads);
    office_close(&office);
}

static void test_threads_come_and_go_and_flush(void **state)
{
    (void)state;
    struct office office;
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    office_open(&office);
    office_start(&office, workers, threads, 50);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(gctrace_flush(office.kit.recording), GCTRACE_OK);
    office_join(threads);
    office_close(&office);
}

/* ---- order within a thread ---- */

struct counter {
    struct kit *kit;
    uint32_t number;
};

static void *count_up(void *given)
{
    const struct counter *counter = given;
    gctrace_thread *t = gctrace_attach(counter->kit->recording, 0);
    for (uint32_t i = 0; i < MESSAGES; i++)
        gctrace_request_begin(t, counter->number << 24 | i);
    gctrace_detach(t);
    return NULL;
}

static void test_order_of_each_thread_is_kept(void **state)
{
    (void)state;
    struct kit kit;
    struct counter counters[WORKERS];
    pthread_t threads[WORKERS];
    uint32_t next[WORKERS] = {0};
    kit_open(&kit, &kit_promises);
    for (uint32_t i = 0; i < WORKERS; i++) {
        counters[i] = (struct counter){&kit, i};
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &counters[i]), 0);
    }
    office_join(threads);
    kit_close(&kit);
    size_t n, requests = 0;
    struct gcr_event *events = kit_events(kit.path, 0, &n);
    uint32_t thread = 0, owner[WORKERS] = {0};
    bool is_known[WORKERS] = {false};
    for (size_t i = 0; i < n; i++) {
        if (events[i].op == GCR_OP_THREAD)
            thread = events[i].a;
        if (events[i].op != GCR_OP_REQUEST)
            continue;
        uint32_t who = events[i].a >> 24;
        if (!is_known[who])
            owner[who] = thread;
        is_known[who] = true;
        assert_int_equal(thread, owner[who]);
        assert_int_equal(events[i].a & 0xffffff, next[who]++);
        requests++;
    }
    assert_int_equal(requests, WORKERS * MESSAGES);
    free(events);
    kit_check(kit.path);
    kit_remove(&kit);
}

/* ---- forks meanwhile ---- */

/* The forker holds every box, as a runtime stops its threads: what the others have recorded they
 * have done. The child uses what the boxes hold and finds the others' roots cleared. */
static void fork_child_works(struct office *office, gctrace_thread *t)
{
    for (unsigned box = 0; box < BOXES; box++) {
        gctrace_object found = office->box[box].inside;
        if (found != 0)
            gctrace_load(t, found, 0, GCTRACE_LOCAL(0));
        gctrace_set_root(t, GCTRACE_GLOBAL(box), 0);
    }
    gctrace_allocate(t, office->kit.pair, 0, GCTRACE_LOCAL(0));
    gctrace_exit(office->kit.recording, 5);
    _exit(gctrace_close(office->kit.recording, NULL, 0) == GCTRACE_OK ? 0 : 1);
}

static void test_forks_while_threads_record(void **state)
{
    (void)state;
    enum { FORKS = 6 };
    struct office office;
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    office_open(&office);
    gctrace_thread *t = gctrace_attach(office.kit.recording, 1);
    office_start(&office, workers, threads, 1);
    for (unsigned i = 0; i < FORKS; i++) {
        int status;
        for (unsigned box = 0; box < BOXES; box++)
            pthread_mutex_lock(&office.box[box].lock);
        pid_t pid = gctrace_fork(t);
        if (pid == 0)
            fork_child_works(&office, t);
        for (unsigned box = 0; box < BOXES; box++)
            pthread_mutex_unlock(&office.box[box].lock);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    office_join(threads);
    kit_close(&office.kit);
    assert_int_equal(kit_lanes(office.kit.path), FORKS + 1);
    assert_int_equal(kit_check(office.kit.path).objects, 2 * WORKERS * MESSAGES + FORKS);
    for (uint32_t lane = 1; lane <= FORKS; lane++) {
        size_t n;
        struct gcr_event *events = kit_events(office.kit.path, lane, &n);
        assert_int_equal(events[0].op, GCR_OP_THREAD);
        assert_int_equal(events[n - 1].op, GCR_OP_EXIT);
        assert_int_equal(events[n - 1].a, 5);
        free(events);
    }
    kit_remove(&office.kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_objects_come_first),
        cmocka_unit_test(test_threads_come_and_go_and_flush),
        cmocka_unit_test(test_order_of_each_thread_is_kept),
        cmocka_unit_test(test_forks_while_threads_record),
    };
    return cmocka_run_group_tests_name("gctrace.threads", tests, NULL, NULL);
}
