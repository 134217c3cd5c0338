/* libgctrace in one thread: what was called is what the trace says, and every misuse is an error
 * that sticks and leaves a readable trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "kit.h"

/* ---- what was called is what is there ---- */

static void test_every_event_as_called(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, &kit_promises);
    const gctrace_shape array = {.name = "array",
                                 .fixed_bytes = 8,
                                 .item_bytes = 12,
                                 .item_slots = 1,
                                 .flags = GCTRACE_RESIZABLE};
    const gctrace_shape weak = {.name = "weak", .fixed_bytes = 16, .flags = GCTRACE_WEAK};
    const gctrace_shape final = {.name = "final", .fixed_bytes = 8, .flags = GCTRACE_FINALIZER};
    assert_int_equal(gctrace_declare_shape(kit.recording, &array), 2);
    assert_int_equal(gctrace_declare_shape(kit.recording, &weak), 3);
    assert_int_equal(gctrace_declare_shape(kit.recording, &final), 4);
    assert_int_equal(gctrace_declare_phase(kit.recording, "startup"), 1);
    gctrace_thread *t = gctrace_attach(kit.recording, 3);
    assert_int_equal(gctrace_prebuilt(t, kit.pair, 0), 1);
    assert_int_equal(gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0)), 2);
    assert_int_equal(gctrace_allocate(t, 2, 4, GCTRACE_PUSH), 3);
    assert_int_equal(gctrace_depth(t), 1);
    gctrace_set_root(t, GCTRACE_GLOBAL(7), 2);
    gctrace_store(t, 3, 2, 2);
    gctrace_copy(t, 3, 0, 3, 2, 2);
    gctrace_load(t, 3, 0, GCTRACE_LOCAL(1));
    gctrace_read(t, 2, 0, 8);
    gctrace_write(t, 3, 8, 4);
    gctrace_resize(t, 3, 9);
    assert_int_equal(gctrace_push(t, 2), GCTRACE_LOCAL(4));
    gctrace_load(t, 3, 1, GCTRACE_PUSH);
    assert_int_equal(gctrace_depth(t), 3);
    gctrace_pop(t, 2);
    assert_int_equal(gctrace_allocate(t, 3, 0, GCTRACE_LOCAL(2)), 4);
    gctrace_weakref(t, 4, 2);
    gctrace_request_begin(t, 9);
    gctrace_phase(t, 1);
    gctrace_collect(t, 2);
    gctrace_collected(t, 2, 5, 1);
    gctrace_request_end(t, 9);
    assert_int_equal(gctrace_allocate(t, 4, 0, GCTRACE_LOCAL(2)), 5);
    gctrace_resurrect(t, 5, GCTRACE_GLOBAL(1));
    gctrace_death(t, 4);
    gctrace_time(t);
    gctrace_exit(kit.recording, 3);
    gctrace_store(t, 2, 0, 2); /* the lane is over */
    kit_close(&kit);

    const struct gcr_event expected[] = {
        {.op = GCR_OP_PREBUILT, .a = 1, .b = 1},
        {.op = GCR_OP_ALLOC, .a = 2, .b = 1, .c = 0},
        {.op = GCR_OP_ALLOC, .a = 3, .b = 2, .c = 6, .d = 4},
        {.op = GCR_OP_ROOT, .a = 15, .b = 2},
        {.op = GCR_OP_STORE, .a = 3, .b = 2, .c = 2},
        {.op = GCR_OP_COPY, .a = 3, .b = 0, .c = 3, .d = 2, .e = 2},
        {.op = GCR_OP_LOAD, .a = 3, .b = 0, .c = 2},
        {.op = GCR_OP_READ, .a = 2, .b = 0, .c = 8},
        {.op = GCR_OP_WRITE, .a = 3, .b = 8, .c = 4},
        {.op = GCR_OP_RESIZE, .a = 3, .b = 9},
        {.op = GCR_OP_ROOT, .a = 8, .b = 2},
        {.op = GCR_OP_LOAD, .a = 3, .b = 1, .c = 10},
        {.op = GCR_OP_ROOT, .a = 10},
        {.op = GCR_OP_ROOT, .a = 8},
        {.op = GCR_OP_ALLOC, .a = 4, .b = 3, .c = 4},
        {.op = GCR_OP_WEAKREF, .a = 4, .b = 2},
        {.op = GCR_OP_REQUEST, .flags = GCR_REQUEST_BEGIN, .a = 9},
        {.op = GCR_OP_PHASE, .a = 1},
        {.op = GCR_OP_COLLECT, .a = 2},
        {.op = GCR_OP_COLLECTED, .a = 2, .b = 5, .c = 1},
        {.op = GCR_OP_REQUEST, .flags = GCR_REQUEST_END, .a = 9},
        {.op = GCR_OP_ALLOC, .a = 5, .b = 4, .c = 4},
        {.op = GCR_OP_RESURRECT, .a = 5, .b = 3},
        {.op = GCR_OP_DEATH, .a = 4},
        {.op = GCR_OP_TIME},
        {.op = GCR_OP_EXIT, .a = 3},
    };
    size_t n;
    struct gcr_event *events = kit_events(kit.path, 0, &n);
    assert_int_equal(n, GCR_COUNT_OF(expected));
    for (size_t i = 0; i < n; i++) {
        if (events[i].op == GCR_OP_TIME)
            events[i].a = events[i].b = 0;
        assert_memory_equal(&events[i], &expected[i], sizeof expected[i]);
    }
    free(events);
    kit_check(kit.path);
    kit_remove(&kit);
}

/* A list that grows and shrinks, over many rings and blocks: deaths give names back, so names stay
 * below the peak, rounded up to what a thread takes at once. */
static void test_names_come_back(void **state)
{
    (void)state;
    enum { LIVE = 1000, TURNS = 100 };
    struct kit kit;
    kit_open(&kit, &kit_promises);
    gctrace_thread *t = gctrace_attach(kit.recording, 0);
    uint32_t highest = 0;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        gctrace_object objects[LIVE];
        for (unsigned i = 0; i < LIVE; i++) {
            objects[i] = gctrace_allocate(t, kit.pair, 0, GCTRACE_PUSH);
            highest = objects[i] > highest ? objects[i] : highest;
        }
        gctrace_pop(t, LIVE);
        for (unsigned i = 0; i < LIVE; i++)
            gctrace_death(t, objects[i]);
    }
    gctrace_detach(t);
    kit_close(&kit);
    assert_true(highest < LIVE + 256);
    struct gcr_trace_check check = kit_check(kit.path);
    assert_int_equal(check.objects, LIVE * TURNS);
    assert_int_equal(check.peak_live_objects, LIVE);
    assert_int_equal(check.live_end_objects, 0);
    kit_remove(&kit);
}

static void test_detaching_clears_all_roots(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, &kit_promises);
    gctrace_thread *t = gctrace_attach(kit.recording, 2);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(1));
    gctrace_allocate(t, kit.pair, 0, GCTRACE_PUSH);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_GLOBAL(0));
    gctrace_detach(t);
    kit_close(&kit);
    assert_int_equal(kit_check(kit.path).live_end_objects, 1);
    kit_remove(&kit);
}

/* ---- errors ---- */

typedef void misuse(struct kit *kit, gctrace_thread *t);

static void misuse_shape(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_allocate(t, 7, 0, GCTRACE_GLOBAL(0));
}
static void misuse_length(struct kit *kit, gctrace_thread *t)
{
    gctrace_allocate(t, kit->pair, 3, GCTRACE_GLOBAL(0));
}
static void misuse_null(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_store(t, 0, 0, 0);
}
static void misuse_root(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_set_root(t, GCTRACE_LOCAL(2), 0);
}
static void misuse_pop(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_pop(t, 1);
}
static void misuse_prebuilt(struct kit *kit, gctrace_thread *t)
{
    gctrace_prebuilt(t, kit->pair, 0);
}
static void misuse_phase(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_phase(t, 1);
}
static void misuse_generation(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_collect(t, 3);
}
static void misuse_declaration(struct kit *kit, gctrace_thread *t)
{
    (void)t;
    const gctrace_shape bad = {.name = "bad", .fixed_bytes = 8, .slots = 2};
    assert_int_equal(gctrace_declare_shape(kit->recording, &bad), 0);
}
static void misuse_phase_name(struct kit *kit, gctrace_thread *t)
{
    (void)t;
    assert_int_equal(gctrace_declare_phase(kit->recording, "two\nlines"), 0);
}
static void misuse_named(struct kit *kit, gctrace_thread *t)
{
    (void)t;
    assert_null(gctrace_attach(kit->recording, 100000));
}
static void misuse_second_thread(struct kit *kit, gctrace_thread *t)
{
    (void)t;
    assert_null(gctrace_attach(kit->recording, 0));
}
static void misuse_death(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_death(t, 1);
}
static void misuse_read(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_read(t, 1, 0, 8);
}
static void misuse_time(struct kit *kit, gctrace_thread *t)
{
    (void)kit;
    gctrace_time(t);
}
static void misuse_fork(struct kit *kit, gctrace_thread *t)
{
    gctrace_fork_prepare(kit->recording, t);
    gctrace_fork_parent(kit->recording, -1);
}
static void misuse_between(struct kit *kit, gctrace_thread *t)
{
    gctrace_fork_prepare(kit->recording, t);
    gctrace_store(t, 1, 0, 1);
    gctrace_fork_parent(kit->recording, -1);
}

/* Each ends the recording with a line that says what; the object before it is in the trace. */
static void test_misuse_sticks(void **state)
{
    (void)state;
    const gctrace_options least = GCTRACE_OPTIONS;
    const struct {
        misuse *call;
        const gctrace_options *options;
        const char *says;
    } rows[] = {{misuse_shape, &kit_promises, "shape 7 is not allowed"},
                {misuse_length, &kit_promises, "length of a shape without items"},
                {misuse_null, &kit_promises, "store: object 0 is not allowed"},
                {misuse_root, &kit_promises, "root slot 2 of thread 0, which has 2 named ones"},
                {misuse_pop, &kit_promises, "pop of 1 from the 0 pushed in thread 0"},
                {misuse_prebuilt, &kit_promises, "prebuilt must precede"},
                {misuse_phase, &kit_promises, "undeclared name"},
                {misuse_generation, &kit_promises, "generation above 2"},
                {misuse_declaration, &kit_promises, "2 slots in 8 field bytes"},
                {misuse_phase_name, &kit_promises, "printable"},
                {misuse_named, &kit_promises, "100000 named roots"},
                {misuse_second_thread, &least, "do not promise threads"},
                {misuse_death, &least, "do not promise deaths"},
                {misuse_read, &least, "do not promise reads"},
                {misuse_time, &least, "do not promise times"},
                {misuse_fork, &least, "do not promise forks"},
                {misuse_between, &kit_promises, "between the steps of a fork"}};
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        struct kit kit;
        const char *message;
        char last[256];
        kit_open(&kit, rows[i].options);
        gctrace_thread *t = gctrace_attach(kit.recording, 2);
        gctrace_object first = gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
        rows[i].call(&kit, t);
        gctrace_status flushed = i % 2 == 0 ? gctrace_flush(kit.recording) : GCTRACE_USAGE;
        if (i % 2 == 0) { /* else it is found when the recording is closed */
            assert_int_equal(gctrace_get_status(kit.recording, &message), GCTRACE_USAGE);
            if (strstr(message, rows[i].says) == NULL)
                fail_msg("row %zu: '%s' does not say '%s'", i, message, rows[i].says);
            assert_int_equal(flushed, GCTRACE_USAGE);
            assert_int_equal(gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0)), 0);
        }
        assert_int_equal(gctrace_close(kit.recording, last, sizeof last), GCTRACE_USAGE);
        assert_non_null(strstr(last, rows[i].says));
        size_t n;
        struct gcr_event *events = kit_events(kit.path, 0, &n);
        assert_true(n >= 1 && events[0].op == GCR_OP_ALLOC && events[0].a == first);
        free(events);
        kit_check(kit.path);
        kit_remove(&kit);
    }
}

static void test_opening_says_why_not(void **state)
{
    (void)state;
    gctrace_options options = kit_promises;
    gctrace *recording;
    char message[256];
    assert_int_equal(gctrace_open("/nowhere/at/all.gct", NULL, &recording, message, 256),
                     GCTRACE_IO);
    assert_non_null(strstr(message, "/nowhere/at/all.gct"));
    options.size = 3;
    assert_int_equal(gctrace_open("/tmp/x.gct", &options, &recording, message, 256), GCTRACE_USAGE);
    options = kit_promises;
    options.deaths = 9;
    assert_int_equal(gctrace_open("/tmp/x.gct", &options, &recording, message, 256), GCTRACE_USAGE);
    assert_non_null(strstr(message, "deaths"));
    options = kit_promises;
    options.level = 100;
    assert_int_equal(gctrace_open("/tmp/x.gct", &options, &recording, NULL, 0), GCTRACE_USAGE);
    assert_int_equal(access("/tmp/x.gct.partial", F_OK), -1);
}

static void test_notes_are_metadata(void **state)
{
    (void)state;
    struct kit kit;
    struct gcr_reader *reader;
    kit_open(&kit, &kit_promises);
    gctrace_note(kit.recording, "program", "a \"b\"\\\n\x01 \xc3\xa4 \xff\xc3");
    kit_close(&kit);
    assert_int_equal(gcr_reader_open(kit.path, &reader, NULL), GCR_OK);
    assert_non_null(strstr(gcr_reader_meta(reader), "gctrace " GCR_VERSION));
    assert_non_null(strstr(gcr_reader_meta(reader), "a \\\"b\\\"\\\\\\n\\u0001 \xc3\xa4 ?"));
    gcr_reader_close(reader);
    kit_remove(&kit);
}

/* ---- crashes ---- */

/* Objects in one global root, one after another; says how many, now and then, until it is killed.
 */
static _Noreturn void record_until_killed(struct kit *kit, int out)
{
    gctrace_thread *t = gctrace_attach(kit->recording, 0);
    for (uint32_t i = 0;; i++) {
        gctrace_allocate(t, kit->pair, 0, GCTRACE_GLOBAL(0));
        if (i % 50000 == 49999 && write(out, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

static void test_killed_leaves_whole_blocks(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        struct kit kit = {.pair = 0};
        int ends[2];
        uint32_t done = 0;
        snprintf(kit.folder, sizeof kit.folder, "/tmp/gctrace-test-XXXXXX");
        assert_non_null(mkdtemp(kit.folder));
        snprintf(kit.path, sizeof kit.path, "%s/t.gct", kit.folder);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            const gctrace_shape pair = {.name = "pair", .fixed_bytes = 24, .slots = 2};
            if (gctrace_open(kit.path, &kit_promises, &kit.recording, NULL, 0) != GCTRACE_OK)
                _exit(1);
            kit.pair = gctrace_declare_shape(kit.recording, &pair);
            record_until_killed(&kit, ends[1]);
        }
        for (unsigned i = 0; i < 4 + round; i++)
            assert_int_equal(read(ends[0], &done, sizeof done), sizeof done);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        char partial[128];
        snprintf(partial, sizeof partial, "%s.partial", kit.path);
        struct gcr_trace_check check = kit_check(partial);
        /* One block and one ring are lost at most. */
        assert_true(check.objects + 32768 + 8192 >= done);
        close(ends[0]);
        close(ends[1]);
        kit_remove(&kit);
    }
}

static void test_flushed_is_in_the_file(void **state)
{
    (void)state;
    struct kit kit;
    char partial[128];
    kit_open(&kit, &kit_promises);
    snprintf(partial, sizeof partial, "%s.partial", kit.path);
    gctrace_thread *t = gctrace_attach(kit.recording, 1);
    for (uint32_t i = 1; i <= 3; i++) {
        gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
        assert_int_equal(gctrace_flush(kit.recording), GCTRACE_OK);
        assert_int_equal(kit_check(partial).objects, i);
    }
    kit_close(&kit);
    kit_remove(&kit);
}

/* Daemons close everything, and then the number may be another file's. */
static void test_closed_descriptors_come_back(void **state)
{
    (void)state;
    struct kit kit;
    char other[128];
    kit_open(&kit, &kit_promises);
    snprintf(other, sizeof other, "%s/other", kit.folder);
    gctrace_thread *t = gctrace_attach(kit.recording, 1);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    int mine = open(other, O_RDWR | O_CREAT, 0600);
    assert_true(mine >= 0);
    gctrace_allocate(t, kit.pair, 0, GCTRACE_LOCAL(0));
    kit_close(&kit);
    assert_int_equal(lseek(mine, 0, SEEK_END), 0);
    assert_int_equal(kit_check(kit.path).objects, 1);
    close(mine);
    unlink(other);
    kit_remove(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_as_called),
        cmocka_unit_test(test_names_come_back),
        cmocka_unit_test(test_detaching_clears_all_roots),
        cmocka_unit_test(test_misuse_sticks),
        cmocka_unit_test(test_opening_says_why_not),
        cmocka_unit_test(test_notes_are_metadata),
        cmocka_unit_test(test_killed_leaves_whole_blocks),
        cmocka_unit_test(test_flushed_is_in_the_file),
        cmocka_unit_test(test_closed_descriptors_come_back),
    };
    return cmocka_run_group_tests_name("gctrace.recording", tests, NULL, NULL);
}
