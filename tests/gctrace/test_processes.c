/* libgctrace over forks: each process its own lane of one file, whoever ends first, and however. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

/* More events than a block and a ring hold. */
static void allocate_many(const struct kit *kit, gctrace_thread *t, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        gctrace_allocate(t, kit->pair, 0, GCTRACE_LOCAL(1));
}

static _Noreturn void leave(struct kit *kit, uint32_t status)
{
    gctrace_exit(kit->recording, status);
    _exit(gctrace_close(kit->recording, NULL, 0) == GCTRACE_OK ? 0 : 1);
}

static void expect_ok(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Children and a grandchild write at once; each goes on from the heap as it was at its fork. */
static void test_family(void **state)
{
    (void)state;
    enum { CHILDREN = 4, MANY = 100000 };
    struct kit kit;
    pid_t pid[CHILDREN];
    kit_open(&kit, &kit_promises);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    gctrace_object kept = gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    for (unsigned i = 0; i < CHILDREN; i++) {
        pid[i] = gctrace_fork(t);
        if (pid[i] == 0) {
            const gctrace_shape own = {.name = "own", .fixed_bytes = 8 * (i + 1)};
            uint32_t shape = gctrace_declare_shape(kit.recording, &own);
            gctrace_store(t, kept, 0, kept);
            allocate_many(&kit, t, MANY);
            gctrace_allocate(t, shape, 0, GCTRACE_LOCAL(1));
            pid_t grandchild = i == 0 ? gctrace_fork(t) : -1;
            if (grandchild > 0)
                waitpid(grandchild, NULL, 0);
            gctrace_load(t, kept, 0, GCTRACE_LOCAL(1));
            leave(&kit, i);
        }
    }
    allocate_many(&kit, t, MANY);
    for (unsigned i = 0; i < CHILDREN; i++)
        expect_ok(pid[i]);
    kit_close(&kit);
    assert_int_equal(kit_lanes(kit.path), CHILDREN + 2);
    assert_int_equal(kit_check(kit.path).objects, 1 + (CHILDREN + 1) * MANY + CHILDREN);
    kit_remove(&kit);
}

/* pthread_atfork: nothing but fork() is called. */
static void test_fork_handlers(void **state)
{
    (void)state;
    struct kit kit;
    gctrace_options options = kit_promises;
    options.fork_handlers = 1;
    kit_open(&kit, &options);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    for (unsigned i = 0; i < 3; i++) {
        pid_t pid = i == 2 ? gctrace_fork(t) : fork();
        if (pid == 0) {
            gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(1));
            leave(&kit, 0);
        }
        expect_ok(pid);
    }
    kit_close(&kit);
    assert_int_equal(kit_lanes(kit.path), 4);
    assert_int_equal(kit_check(kit.path).objects, 4);
    pid_t after = fork(); /* the recording is gone, its handlers know */
    if (after == 0)
        _exit(0);
    expect_ok(after);
    kit_remove(&kit);
}

static void test_refused_fork_is_an_empty_child(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, &kit_promises);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    gctrace_fork_prepare(kit.recording, t);
    gctrace_fork_parent(kit.recording, -1);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    kit_close(&kit);
    size_t n;
    free(kit_events(kit.path, 1, &n));
    assert_int_equal(n, 2);
    assert_int_equal(kit_check(kit.path).objects, 2);
    kit_remove(&kit);
}

/* A child that nobody told of the fork must not write into its parent's lane. */
static void test_unseen_fork(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, &kit_promises);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    pid_t pid = fork();
    if (pid == 0) {
        char message[256];
        allocate_many(&kit, t, 100000);
        gctrace_status status = gctrace_close(kit.recording, message, sizeof message);
        _exit(status == GCTRACE_USAGE && strstr(message, "forked unseen") != NULL ? 0 : 1);
    }
    expect_ok(pid);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    kit_close(&kit);
    assert_int_equal(kit_check(kit.path).objects, 2);
    kit_remove(&kit);
}

/* The parent closes first: the file gets its name when the child has closed, too. */
static void test_last_one_closes(void **state)
{
    (void)state;
    struct kit kit;
    int ends[2];
    char go;
    kit_open(&kit, &kit_promises);
    assert_int_equal(pipe(ends), 0);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    pid_t pid = gctrace_fork(t);
    if (pid == 0) {
        if (read(ends[0], &go, 1) != 1)
            _exit(1);
        gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
        leave(&kit, 0);
    }
    kit_close(&kit);
    assert_int_equal(access(kit.path, F_OK), -1);
    assert_int_equal(write(ends[1], "x", 1), 1);
    expect_ok(pid);
    assert_int_equal(kit_check(kit.path).objects, 1);
    close(ends[0]);
    close(ends[1]);
    kit_remove(&kit);
}

/* Children killed while they write, at moments of no one's choosing: their lanes end there, and the
 * parent's file is whole. */
static void test_killed_children(void **state)
{
    (void)state;
    enum { CHILDREN = 8 };
    struct kit kit;
    kit_open(&kit, &kit_promises);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    for (unsigned i = 0; i < CHILDREN; i++) {
        int ends[2];
        char said;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = gctrace_fork(t);
        if (pid == 0) {
            for (;;) {
                allocate_many(&kit, t, 10000 + 7919 * i);
                if (write(ends[1], "x", 1) != 1)
                    _exit(1);
            }
        }
        for (unsigned turn = 0; turn < i; turn++)
            assert_int_equal(read(ends[0], &said, 1), 1);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        allocate_many(&kit, t, 1000);
        close(ends[0]);
        close(ends[1]);
    }
    kit_close(&kit);
    assert_int_equal(kit_lanes(kit.path), CHILDREN + 1);
    assert_true(kit_check(kit.path).objects >= CHILDREN * 1000);
    kit_remove(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_family),
        cmocka_unit_test(test_fork_handlers),
        cmocka_unit_test(test_refused_fork_is_an_empty_child),
        cmocka_unit_test(test_unseen_fork),
        cmocka_unit_test(test_last_one_closes),
        cmocka_unit_test(test_killed_children),
    };
    return cmocka_run_group_tests_name("gctrace.processes", tests, NULL, NULL);
}
