/* Lists of machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/ssh_hosts.h"

static void lists_are_taken_apart(void **state)
{
    (void)state;
    struct gcr_ssh_hosts hosts;
    assert_int_equal(gcr_ssh_hosts_read("me@one, 4/two ,ssh -p 22 three,", &hosts, NULL), GCR_OK);
    assert_int_equal(hosts.count, 3);
    assert_string_equal(hosts.words[0], "me@one");
    assert_string_equal(hosts.words[1], "4/two");
    assert_string_equal(hosts.words[2], "ssh -p 22 three");
    assert_null(hosts.words[3]);
    gcr_ssh_hosts_free(&hosts);
}

static void files_have_a_machine_a_line(void **state)
{
    (void)state;
    char path[] = "/tmp/gcr_hosts_XXXXXX";
    int file = mkstemp(path);
    const char text[] = "# ours\none\n\n  8/two, really # the fast one\n";
    assert_true(file >= 0);
    assert_int_equal(write(file, text, sizeof text - 1), sizeof text - 1);
    close(file);
    struct gcr_ssh_hosts hosts;
    assert_int_equal(gcr_ssh_hosts_read(path, &hosts, NULL), GCR_OK);
    assert_int_equal(hosts.count, 2);
    assert_string_equal(hosts.words[0], "one");
    assert_string_equal(hosts.words[1], "8/two, really");
    gcr_ssh_hosts_free(&hosts);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(gcr_ssh_hosts_read(path, &hosts, NULL), GCR_USAGE);
    unlink(path);
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", " , ", ":", "one,4/:"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gcr_ssh_hosts hosts;
        struct gcr_error err = {""};
        assert_int_equal(gcr_ssh_hosts_read(wrong[i], &hosts, &err), GCR_USAGE);
        assert_int_equal(strncmp(err.text, "--hosts", 7), 0);
        assert_null(hosts.words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_taken_apart),
        cmocka_unit_test(files_have_a_machine_a_line),
        cmocka_unit_test(what_is_no_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
