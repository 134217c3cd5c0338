/* A trace under random damage: every changed byte is found, or provably changes nothing; every cut
 * yields its whole blocks and a warning, or is refused. Nothing is compared by hash: events,
 * shapes, names and metadata are held against the undamaged trace's, one by one.
 *
 *     traces.corruption [TRACE [ROUNDS [SEED]]]      default: a recorded pre-fork program, 1000, 1
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/splitmix.h"
#include "traces/reader.h"
#include "traces/section.h"

static struct {
    const char *path;
    uint64_t rounds, seed;
} given = {RECORDING, 1000, 1};

/* The undamaged trace. */
struct original {
    uint8_t *bytes;
    size_t size;
    size_t index_offset;
    struct gcr_reader *reader;
    struct gcr_event **events; /* by lane */
};

static struct gcr_event *load_lane(struct gcr_reader *reader, uint32_t lane)
{
    struct gcr_cursor *cursor;
    struct gcr_error err;
    uint64_t count = gcr_reader_lane_events(reader, lane);
    struct gcr_event *events = malloc((count + 1) * sizeof *events);
    assert_non_null(events);
    assert_int_equal(gcr_cursor_open(reader, lane, &cursor, &err), GCR_OK);
    uint64_t seen = 0;
    size_t n;
    do {
        assert_int_equal(gcr_cursor_read(cursor, events + seen, count + 1 - seen, &n, &err),
                         GCR_OK);
        seen += n;
    } while (n > 0);
    assert_int_equal(seen, count);
    gcr_cursor_close(cursor);
    return events;
}

static int load_original(void **state)
{
    struct gcr_error err;
    struct original *o = calloc(1, sizeof *o);
    assert_non_null(o);
    FILE *file = fopen(given.path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened", given.path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    o->size = (size_t)ftell(file);
    rewind(file);
    o->bytes = malloc(o->size);
    assert_non_null(o->bytes);
    assert_int_equal(fread(o->bytes, 1, o->size, file), o->size);
    (void)fclose(file);
    if (gcr_reader_open(given.path, &o->reader, &err) != GCR_OK)
        fail_msg("%s", err.text);
    if (gcr_reader_warning(o->reader) != NULL)
        fail_msg("%s is damaged already: %s", given.path, gcr_reader_warning(o->reader));
    const struct gcr_section_info *last =
        gcr_reader_section(o->reader, gcr_reader_section_count(o->reader) - 1);
    assert_non_null(last);
    o->index_offset = (size_t)(last->offset + last->stored_bytes);
    uint32_t lanes = gcr_reader_lane_count(o->reader);
    o->events = calloc(lanes, sizeof(struct gcr_event *));
    assert_non_null(o->events);
    for (uint32_t lane = 0; lane < lanes; lane++)
        o->events[lane] = load_lane(o->reader, lane);
    *state = o;
    return 0;
}

static int drop_original(void **state)
{
    struct original *o = *state;
    for (uint32_t lane = 0; lane < gcr_reader_lane_count(o->reader); lane++)
        free(o->events[lane]);
    free(o->events);
    gcr_reader_close(o->reader);
    free(o->bytes);
    free(o);
    return 0;
}

/* ---- the damaged file, in memory ---- */

struct damaged {
    int fd;
    char path[32];
};

static struct damaged make_file(const struct original *o, size_t size)
{
    struct damaged file = {.fd = memfd_create("damaged", MFD_CLOEXEC)};
    assert_true(file.fd >= 0);
    (void)snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    assert_int_equal(pwrite(file.fd, o->bytes, size, 0), size);
    return file;
}

static void put_byte(const struct damaged *file, size_t at, uint8_t byte)
{
    assert_int_equal(pwrite(file->fd, &byte, 1, (off_t)at), 1);
}

/* ---- what reading it gives ---- */

enum outcome {
    OPENING_FAILED,
    READING_FAILED,
    CUT_SHORT, /* opens with a warning; what it holds is the beginning of each lane */
    IDENTICAL, /* no warning, and the same in every respect */
    OUTCOMES
};

/* A message must say which file, and where in it. */
static void check_message(const struct gcr_error *err, const char *path, size_t at)
{
    if (strstr(err->text, path) == NULL || strstr(err->text, "offset") == NULL)
        fail_msg("byte %zu: the message names no file and offset: %s", at, err->text);
}

/* Compares a lane with the original's beginning. False if reading fails. */
static bool same_lane(const struct original *o, struct gcr_reader *reader, uint32_t lane, size_t at)
{
    struct gcr_cursor *cursor;
    struct gcr_error err;
    static struct gcr_event batch[1024];
    uint64_t seen = 0;
    size_t n = 0;
    gcr_status status;
    assert_int_equal(gcr_cursor_open(reader, lane, &cursor, &err), GCR_OK);
    do {
        status = gcr_cursor_read(cursor, batch, GCR_COUNT_OF(batch), &n, &err);
        if (status != GCR_OK)
            break;
        if (seen + n > gcr_reader_lane_events(o->reader, lane) ||
            memcmp(batch, o->events[lane] + seen, n * sizeof batch[0]) != 0)
            fail_msg("byte %zu: other events in lane %u from %" PRIu64, at, lane, seen);
        seen += n;
    } while (n > 0);
    gcr_cursor_close(cursor);
    if (status != GCR_OK) {
        assert_int_equal(status, GCR_BAD_INPUT);
        check_message(&err, gcr_reader_path(reader), at);
        return false;
    }
    assert_int_equal(seen, gcr_reader_lane_events(reader, lane));
    return true;
}

/* Shapes and names are those of the original, as far as they go. Returns whether all are there. */
static bool same_tables(const struct original *o, const struct gcr_reader *reader, size_t at)
{
    uint32_t shapes;
    uint32_t original_shapes;
    uint32_t names;
    uint32_t original_names;
    const struct gcr_shape *shape = gcr_reader_shapes(reader, &shapes);
    const struct gcr_shape *original = gcr_reader_shapes(o->reader, &original_shapes);
    (void)gcr_reader_name(reader, 0, &names);
    (void)gcr_reader_name(o->reader, 0, &original_names);
    if (shapes > original_shapes || names > original_names)
        fail_msg("byte %zu: more shapes or names", at);
    for (uint32_t i = 1; i <= shapes; i++) {
        if (memcmp(&shape[i], &original[i], sizeof *shape) != 0)
            fail_msg("byte %zu: shape %u is another", at, i);
    }
    for (uint32_t i = 1; i <= names; i++) {
        if (strcmp(gcr_reader_name(reader, i, NULL), gcr_reader_name(o->reader, i, NULL)) != 0)
            fail_msg("byte %zu: name %u is another", at, i);
    }
    return shapes == original_shapes && names == original_names;
}

static bool is_identical(const struct original *o, const struct gcr_reader *reader, size_t at)
{
    return same_tables(o, reader, at) &&
           strcmp(gcr_reader_meta(reader), gcr_reader_meta(o->reader)) == 0 &&
           strcmp(gcr_reader_digest(reader), gcr_reader_digest(o->reader)) == 0 &&
           gcr_reader_zstd_level(reader) == gcr_reader_zstd_level(o->reader) &&
           gcr_reader_events(reader) == gcr_reader_events(o->reader) &&
           gcr_reader_lane_count(reader) == gcr_reader_lane_count(o->reader) &&
           memcmp(gcr_reader_capabilities(reader), gcr_reader_capabilities(o->reader),
                  sizeof(struct gcr_capabilities)) == 0;
}

static enum outcome look(const struct original *o, const char *path, size_t at,
                         uint64_t *lane_events)
{
    struct gcr_reader *reader;
    struct gcr_error err;
    gcr_status status = gcr_reader_open(path, &reader, &err);
    if (status != GCR_OK) {
        assert_int_equal(status, GCR_BAD_INPUT);
        check_message(&err, path, at);
        return OPENING_FAILED;
    }
    bool is_read = gcr_reader_lane_count(reader) <= gcr_reader_lane_count(o->reader);
    if (!is_read)
        fail_msg("byte %zu: more lanes", at);
    for (uint32_t lane = 0; lane < gcr_reader_lane_count(reader); lane++) {
        is_read &= same_lane(o, reader, lane, at);
        if (lane_events != NULL)
            lane_events[lane] = gcr_reader_lane_events(reader, lane);
    }
    enum outcome outcome = READING_FAILED;
    if (is_read && gcr_reader_warning(reader) != NULL) {
        (void)same_tables(o, reader, at);
        outcome = CUT_SHORT;
    } else if (is_read) {
        if (!is_identical(o, reader, at))
            fail_msg("byte %zu: reads without a word, and not as before", at);
        outcome = IDENTICAL;
    }
    gcr_reader_close(reader);
    return outcome;
}

/* ---- the tests ---- */

static void report(const char *what, uint64_t rounds, const uint64_t *outcomes)
{
    print_message("%" PRIu64 " %s: %" PRIu64 " refused on opening, %" PRIu64 " on reading, %" PRIu64
                  " cut short with a warning, %" PRIu64 " read as before, 0 misread\n",
                  rounds, what, outcomes[OPENING_FAILED], outcomes[READING_FAILED],
                  outcomes[CUT_SHORT], outcomes[IDENTICAL]);
}

static void damage_bytes(const struct original *o, size_t size, uint64_t *outcomes)
{
    uint64_t state = given.seed;
    struct damaged file = make_file(o, size);
    for (uint64_t round = 0; round < given.rounds; round++) {
        size_t at = gcr_splitmix_below(&state, size);
        uint8_t change = (uint8_t)(1 + gcr_splitmix_below(&state, 255));
        put_byte(&file, at, o->bytes[at] ^ change);
        enum outcome outcome = look(o, file.path, at, NULL);
        if (outcome == IDENTICAL)
            print_message("byte %zu ^ %#x is harmless\n", at, change);
        outcomes[outcome]++;
        put_byte(&file, at, o->bytes[at]);
    }
    assert_int_equal(look(o, file.path, 0, NULL), size == o->size ? IDENTICAL : CUT_SHORT);
    (void)close(file.fd);
}

/* Every byte of a whole file is under a checksum, so none is harmless. */
static void a_changed_byte_is_found(void **state)
{
    const struct original *o = *state;
    uint64_t outcomes[OUTCOMES] = {0};
    damage_bytes(o, o->size, outcomes);
    report("changed bytes", given.rounds, outcomes);
    assert_int_equal(outcomes[IDENTICAL] + outcomes[CUT_SHORT], 0);
}

/* Without an index, as a killed writer leaves it: damage in the last section is taken for its being
 * torn. Either way nothing is misread. */
static void a_changed_byte_of_an_unfinished_file_is_found_or_warned_of(void **state)
{
    const struct original *o = *state;
    uint64_t outcomes[OUTCOMES] = {0};
    damage_bytes(o, o->index_offset, outcomes);
    report("changed bytes of an unfinished file", given.rounds, outcomes);
    assert_int_equal(outcomes[IDENTICAL], 0);
}

/* The events of the lane in sections that end within `size` bytes. */
static uint64_t whole_events(const struct original *o, size_t size, uint32_t lane)
{
    uint64_t events = 0;
    for (uint64_t i = 0; i < gcr_reader_section_count(o->reader); i++) {
        const struct gcr_section_info *info = gcr_reader_section(o->reader, i);
        if (info->kind == GCR_SECTION_EVENTS && info->lane == lane &&
            info->offset + info->stored_bytes <= size)
            events += info->events;
    }
    return events;
}

static void a_cut_leaves_the_whole_blocks(void **state)
{
    const struct original *o = *state;
    uint64_t outcomes[OUTCOMES] = {0};
    uint64_t random = given.seed;
    uint32_t lanes = gcr_reader_lane_count(o->reader);
    uint64_t *lane_events = calloc(lanes, sizeof *lane_events);
    assert_non_null(lane_events);
    for (uint64_t round = 0; round < given.rounds; round++) {
        size_t size = gcr_splitmix_below(&random, o->size);
        struct damaged file = make_file(o, size);
        memset(lane_events, 0, lanes * sizeof *lane_events);
        enum outcome outcome = look(o, file.path, size, lane_events);
        assert_int_equal(outcome, size < GCT_FILE_HEADER_BYTES ? OPENING_FAILED : CUT_SHORT);
        for (uint32_t lane = 0; lane < lanes && outcome == CUT_SHORT; lane++)
            assert_int_equal(lane_events[lane], whole_events(o, size, lane));
        outcomes[outcome]++;
        (void)close(file.fd);
    }
    free(lane_events);
    report("cuts", given.rounds, outcomes);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        given.path = argv[1];
    if (argc > 2)
        given.rounds = strtoull(argv[2], NULL, 10);
    if (argc > 3)
        given.seed = strtoull(argv[3], NULL, 10);
    print_message("%s, %" PRIu64 " rounds, seed %" PRIu64 "\n", given.path, given.rounds,
                  given.seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_byte_is_found),
        cmocka_unit_test(a_changed_byte_of_an_unfinished_file_is_found_or_warned_of),
        cmocka_unit_test(a_cut_leaves_the_whole_blocks),
    };
    return cmocka_run_group_tests(tests, load_original, drop_original);
}
