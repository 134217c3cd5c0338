/* Decoding ahead: the same events in the same order, the same errors at the same place, and no harm
 * to whoever closes early or forks meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

enum { BLOCKS = 60, EVENTS = 50, MOST = BLOCKS * EVENTS };

static char path[64];

static int write_file(void **state)
{
    (void)state;
    sample_write_file(sample_path("ahead", path, sizeof path), 20, BLOCKS, EVENTS);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static struct gcr_reader *open_reader(bool ahead)
{
    struct gcr_reader *reader;
    struct gcr_error err;
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    gcr_reader_decode_ahead(reader, ahead);
    return reader;
}

static struct gcr_cursor *open_cursor(struct gcr_reader *reader, uint32_t lane)
{
    struct gcr_cursor *cursor;
    struct gcr_error err;
    assert_int_equal(gcr_cursor_open(reader, lane, &cursor, &err), GCR_OK);
    return cursor;
}

/* Reads on to the end or an error; returns how many events there were. */
static size_t read_on(struct gcr_cursor *cursor, struct gcr_event *events, uint64_t *seed,
                      gcr_status *status, struct gcr_error *err)
{
    size_t sum = 0, n = 1;
    for (*status = GCR_OK; *status == GCR_OK && n > 0;) {
        const struct gcr_event *next;
        *status = gcr_cursor_next(cursor, 1 + sample_random(seed) % EVENTS, &next, &n, err);
        if (*status != GCR_OK)
            break;
        assert_true(sum + n <= MOST);
        if (n > 0)
            memcpy(events + sum, next, n * sizeof *events);
        sum += n;
    }
    return sum;
}

static size_t read_lane(bool ahead, uint32_t lane, struct gcr_event *events, gcr_status *status,
                        struct gcr_error *err)
{
    uint64_t seed = 5;
    struct gcr_reader *reader = open_reader(ahead);
    struct gcr_cursor *cursor = open_cursor(reader, lane);
    size_t n = read_on(cursor, events, &seed, status, err);
    gcr_cursor_close(cursor);
    gcr_reader_close(reader);
    return n;
}

static void events_are_the_same(void **state)
{
    static struct gcr_event inline_events[MOST], events[MOST];
    (void)state;
    for (uint32_t lane = 0; lane < 3; lane++) { /* the last one is not there */
        gcr_status status;
        struct gcr_error err;
        size_t n = read_lane(false, lane, inline_events, &status, &err);
        assert_int_equal(status, GCR_OK);
        assert_true(lane == 2 ? n == 0 : n >= MOST / 3);
        for (unsigned round = 0; round < 20; round++) {
            assert_int_equal(read_lane(true, lane, events, &status, &err), n);
            assert_int_equal(status, GCR_OK);
            assert_memory_equal(events, inline_events, n * sizeof *events);
        }
    }
}

/* Damages one block at a time. */
static void errors_come_in_order(void **state)
{
    static struct gcr_event inline_events[MOST], events[MOST];
    size_t size;
    unsigned refused = 0;
    struct gcr_reader *reader = open_reader(false);
    uint8_t *bytes = sample_read_file(path, &size);
    (void)state;
    for (uint64_t i = 0; i < gcr_reader_section_count(reader); i++) {
        const struct gcr_section_info *section = gcr_reader_section(reader, i);
        gcr_status inline_status, status;
        struct gcr_error inline_err, err;
        if (section->kind != GCR_SECTION_EVENTS)
            continue;
        size_t at = section->offset + section->stored_bytes - 3;
        bytes[at] ^= 0x55;
        sample_write_bytes(path, bytes, size);
        size_t n = read_lane(false, section->lane, inline_events, &inline_status, &inline_err);
        assert_int_equal(n, section->first_event);
        assert_int_equal(read_lane(true, section->lane, events, &status, &err), n);
        assert_int_equal(inline_status, GCR_BAD_INPUT);
        assert_int_equal(status, GCR_BAD_INPUT);
        assert_string_equal(err.text, inline_err.text);
        assert_memory_equal(events, inline_events, n * sizeof *events);
        bytes[at] ^= 0x55;
        refused++;
    }
    assert_true(refused >= BLOCKS);
    sample_write_bytes(path, bytes, size);
    free(bytes);
    gcr_reader_close(reader);
}

static void error_is_said_again(void **state)
{
    const struct gcr_event *events;
    struct gcr_error first, again;
    size_t size, n;
    struct gcr_reader *reader = open_reader(true);
    uint8_t *bytes = sample_read_file(path, &size);
    (void)state;
    uint64_t i = gcr_reader_section_count(reader) - 1;
    while (gcr_reader_section(reader, i)->kind != GCR_SECTION_EVENTS)
        i--;
    const struct gcr_section_info *last = gcr_reader_section(reader, i);
    bytes[last->offset + last->stored_bytes - 3] ^= 0x55;
    sample_write_bytes(path, bytes, size);
    struct gcr_cursor *cursor = open_cursor(reader, last->lane);
    gcr_status status;
    do
        status = gcr_cursor_next(cursor, MOST, &events, &n, &first);
    while (status == GCR_OK && n > 0);
    assert_int_equal(status, GCR_BAD_INPUT);
    assert_int_equal(gcr_cursor_next(cursor, MOST, &events, &n, &again), GCR_BAD_INPUT);
    assert_int_equal(n, 0);
    assert_string_equal(first.text, again.text);
    gcr_cursor_close(cursor);
    bytes[last->offset + last->stored_bytes - 3] ^= 0x55;
    sample_write_bytes(path, bytes, size);
    free(bytes);
    gcr_reader_close(reader);
}

static void closing_early_is_allowed(void **state)
{
    struct gcr_reader *reader = open_reader(true);
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct gcr_cursor *cursor = open_cursor(reader, round % 2);
        for (unsigned i = 0; i < round % 30; i++) {
            const struct gcr_event *events;
            struct gcr_error err;
            size_t n;
            assert_int_equal(gcr_cursor_next(cursor, EVENTS, &events, &n, &err), GCR_OK);
        }
        gcr_cursor_close(cursor);
    }
    gcr_reader_close(reader);
}

/* ThreadSanitizer lets no child of a process with threads start any. */
#if defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN 1
#endif
#endif

/* A forked child reads a lane of its own with the parent's reader; its exit code tells. */
static void forked_child_opens_its_own(void **state)
{
    static struct gcr_event other[MOST], mine[MOST], events[MOST];
    gcr_status status;
    struct gcr_error err;
    (void)state;
#ifdef HAS_TSAN
    skip();
#endif
    size_t other_count = read_lane(false, 1, other, &status, &err);
    size_t mine_count = read_lane(false, 0, mine, &status, &err);
    for (unsigned round = 0; round < 20; round++) {
        uint64_t seed = 1;
        const struct gcr_event *first;
        size_t n;
        int how;
        struct gcr_reader *reader = open_reader(true);
        struct gcr_cursor *cursor = open_cursor(reader, 0);
        assert_int_equal(gcr_cursor_next(cursor, 7, &first, &n, &err), GCR_OK);
        memcpy(events, first, n * sizeof *first);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct gcr_cursor *own;
            if (gcr_cursor_open(reader, 1, &own, &err) != GCR_OK)
                _exit(1);
            size_t got = read_on(own, events, &seed, &status, &err);
            gcr_cursor_close(own);
            _exit(status == GCR_OK && got == other_count &&
                          memcmp(events, other, got * sizeof *other) == 0
                      ? 0
                      : 2);
        }
        n += read_on(cursor, events + n, &seed, &status, &err);
        assert_int_equal(status, GCR_OK);
        assert_int_equal(n, mine_count);
        assert_memory_equal(events, mine, n * sizeof *mine);
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
        gcr_cursor_close(cursor);
        gcr_reader_close(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_the_same),        cmocka_unit_test(errors_come_in_order),
        cmocka_unit_test(error_is_said_again),        cmocka_unit_test(closing_early_is_allowed),
        cmocka_unit_test(forked_child_opens_its_own),
    };
    return cmocka_run_group_tests(tests, write_file, remove_file);
}
