/* FORMAT.md is complete: a reader written from it alone, in another language, finds the same
 * events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"
#include "traces/text.h"

static bool is_directive(const char *word)
{
    static const char *const words[] = {"gct",  "blocks", "capabilities", "shape",
                                        "name", "meta",   "block"};
    for (size_t i = 0; i < GCR_COUNT_OF(words); i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

/* The next line that speaks of a lane or an event; false at the end. Repeated lane lines, which
 * only one of the two prints, are left out. */
static bool next_line(FILE *in, char *line, size_t size, char *lane, size_t lane_size)
{
    while (fgets(line, (int)size, in) != NULL) {
        char word[32] = "";
        (void)sscanf(line, "%31s", word);
        if (is_directive(word))
            continue;
        if (strcmp(word, "lane") != 0)
            return true;
        if (strcmp(lane, line) != 0) {
            (void)snprintf(lane, lane_size, "%s", line);
            return true;
        }
    }
    return false;
}

static void compare_with_independent_reader(const char *path)
{
    struct gcr_error err;
    struct gcr_reader *reader;
    char command[512];
    char lines[2][256];
    char lanes[2][256] = {"", ""};
    FILE *text = tmpfile();
    assert_non_null(text);
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_int_equal(gcr_text_dump(reader, -1, text, &err), GCR_OK);
    uint64_t events = gcr_reader_events(reader);
    gcr_reader_close(reader);
    rewind(text);
    (void)snprintf(command, sizeof command, "python3 %s %s", INDEPENDENT_READER, path);
    FILE *other = popen(command, "r");
    assert_non_null(other);
    uint64_t compared = 0;
    while (next_line(text, lines[0], sizeof lines[0], lanes[0], sizeof lanes[0])) {
        assert_true(next_line(other, lines[1], sizeof lines[1], lanes[1], sizeof lanes[1]));
        assert_string_equal(lines[0], lines[1]);
        compared += strncmp(lines[0], "lane ", 5) != 0;
    }
    assert_false(next_line(other, lines[1], sizeof lines[1], lanes[1], sizeof lanes[1]));
    assert_int_equal(pclose(other), 0);
    assert_int_equal(compared, events);
    (void)fclose(text);
}

static void random_events_are_read_alike(void **state)
{
    (void)state;
    char path[64];
    sample_path("document", path, sizeof path);
    sample_write_file(path, sample_seed(64), 7, 1500);
    compare_with_independent_reader(path);
    (void)unlink(path);
}

static void predicted_events_are_read_alike(void **state)
{
    (void)state;
    char path[64];
    struct gcr_error err;
    struct gcr_writer *writer;
    struct gcr_event *events;
    size_t count = sample_gcbench(70000, &events);
    sample_path("document", path, sizeof path);
    assert_int_equal(gcr_writer_open(path, &sample_capabilities, &writer, &err), GCR_OK);
    sample_declare(writer);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(gcr_writer_event(writer, 0, &events[i], &err), GCR_OK);
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
    compare_with_independent_reader(path);
    free(events);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    sample_take_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_events_are_read_alike),
        cmocka_unit_test(predicted_events_are_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
