/* Programs run for what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/tool.h"

struct heard {
    unsigned lines;
    char last[64];
    size_t bytes;
};

static void hear(void *arg, const char *line)
{
    struct heard *heard = arg;
    heard->lines++;
    heard->bytes += strlen(line);
    snprintf(heard->last, sizeof heard->last, "%s", line);
}

static int run(const char *script, const char *input, struct heard *heard)
{
    const char *const words[] = {"sh", "-c", script, NULL};
    *heard = (struct heard){0};
    struct gcr_tool tool = {.words = words, .input = input, .line = hear, .arg = heard};
    int code = -1;
    struct gcr_error err;
    assert_int_equal(gcr_tool_run(&tool, &code, &err), GCR_OK);
    return code;
}

static void lines_and_exit_codes_arrive(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(run("echo one; echo; printf last", NULL, &heard), 0);
    assert_int_equal(heard.lines, 3);
    assert_string_equal(heard.last, "last");
    assert_int_equal(run("exit 7", NULL, &heard), 7);
    assert_int_equal(run("kill -9 $$", NULL, &heard), 128 + 9);
    assert_int_equal(run("cat", NULL, &heard), 0);
    assert_int_equal(heard.lines, 0);
}

static void input_larger_than_a_pipe_is_whole(void **state)
{
    (void)state;
    enum { LINES = 40000, WIDTH = 10 };
    char *text = malloc(LINES * WIDTH + 1);
    assert_non_null(text);
    for (int i = 0; i < LINES; i++)
        snprintf(text + i * WIDTH, WIDTH + 1, "%09d\n", i);
    struct heard heard;
    assert_int_equal(run("cat", text, &heard), 0);
    assert_int_equal(heard.lines, LINES);
    assert_int_equal(heard.bytes, LINES * (WIDTH - 1));
    assert_string_equal(heard.last, "000039999");
    free(text);
}

static void works_in_a_directory_and_keeps_its_errors(void **state)
{
    (void)state;
    char directory[] = "/tmp/gcr_tool_XXXXXX", errors[64];
    assert_non_null(mkdtemp(directory));
    snprintf(errors, sizeof errors, "%s/errors", directory);
    const char *const words[] = {"sh", "-c", "pwd; echo trouble >&2", NULL};
    struct heard heard = {0};
    struct gcr_tool tool = {
        .words = words, .directory = directory, .errors = errors, .line = hear, .arg = &heard};
    int code;
    for (int i = 0; i < 2; i++)
        assert_int_equal(gcr_tool_run(&tool, &code, NULL), GCR_OK);
    assert_string_equal(heard.last, directory);
    char text[64] = "";
    FILE *file = fopen(errors, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 16);
    fclose(file);
    assert_string_equal(text, "trouble\ntrouble\n");
    unlink(errors);
    rmdir(directory);
}

static void what_cannot_start_says_why(void **state)
{
    (void)state;
    const char *const words[] = {"gcr-no-such-program", NULL};
    struct gcr_tool tool = {.words = words};
    int code;
    struct gcr_error err;
    assert_int_equal(gcr_tool_run(&tool, &code, &err), GCR_UNSUPPORTED);
    assert_string_equal(err.text, "there is no program 'gcr-no-such-program' on the PATH");
    const char *const folder[] = {"/", NULL};
    tool.words = folder;
    assert_int_equal(gcr_tool_run(&tool, &code, &err), GCR_IO);
    assert_string_equal(err.text, "cannot start /: Permission denied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_exit_codes_arrive),
        cmocka_unit_test(input_larger_than_a_pipe_is_whole),
        cmocka_unit_test(works_in_a_directory_and_keeps_its_errors),
        cmocka_unit_test(what_cannot_start_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
