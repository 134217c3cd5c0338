/* Cache sizes: what sysfs says, what happens where it says nothing, and options given as a share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache_size.h"
#include "base/option.h"

enum { PAGE = 4096 };

static const struct gcr_option table[] = {
    {"nursery", GCR_OPT_CACHE_BYTES, "bytes", "0.5L2", 4096, 4294967296.0, NULL, "its size"},
    {"tiny", GCR_OPT_CACHE_BYTES, "bytes", "8L3", 4096, 8192, NULL, "a range below any cache"},
    {0}};

static void write_line(const char *folder, int index, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/index%d", folder, index);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/index%d/%s", folder, index, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", text) > 0);
    assert_int_equal(fclose(file), 0);
}

static void write_index(const char *folder, int index, const char *level, const char *type,
                        const char *size)
{
    write_line(folder, index, "level", level);
    write_line(folder, index, "type", type);
    write_line(folder, index, "size", size);
}

static void remove_index(const char *folder, int index)
{
    static const char *const names[] = {"level", "type", "size", ""};
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/index%d/%s", folder, index, names[i]);
        assert_int_equal(remove(path), 0);
    }
}

static void sysfs_is_read_by_level_and_type(void **state)
{
    (void)state;
    char folder[] = "/tmp/gcr-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    write_index(folder, 0, "1", "Data", "48K");
    write_index(folder, 1, "1", "Instruction", "64K");
    write_index(folder, 2, "2", "Unified", "2048K");
    write_index(folder, 3, "3", "Unified", "36M");
    struct gcr_cache_sizes sizes = gcr_cache_sizes_read(folder);
    assert_int_equal(sizes.l1d_bytes, 48 << 10);
    assert_int_equal(sizes.l2_bytes, 2 << 20);
    assert_int_equal(sizes.l3_bytes, 36 << 20);
    write_line(folder, 3, "size", "plenty");
    assert_int_equal(gcr_cache_sizes_read(folder).l3_bytes, 0);
    for (int i = 0; i < 4; i++)
        remove_index(folder, i);
    sizes = gcr_cache_sizes_read(folder);
    assert_int_equal(sizes.l1d_bytes + sizes.l2_bytes + sizes.l3_bytes, 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_size_is_never_zero(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 3; level++)
        assert_true(gcr_cache_bytes(level) >= PAGE);
    struct gcr_cache_sizes sizes = gcr_cache_sizes_read(NULL);
    if (sizes.l2_bytes != 0)
        assert_int_equal(gcr_cache_bytes(2), sizes.l2_bytes);
    else
        assert_int_equal(gcr_cache_bytes(2), 1 << 20);
}

static void shares_resolve_to_whole_pages(void **state)
{
    (void)state;
    uint64_t bytes, l2 = gcr_cache_bytes(2);
    assert_true(gcr_parse_cache_bytes("L2", &bytes));
    assert_int_equal(bytes, l2 / PAGE * PAGE);
    assert_true(gcr_parse_cache_bytes("0.5L2", &bytes));
    assert_int_equal(bytes, l2 / 2 / PAGE * PAGE);
    assert_true(gcr_parse_cache_bytes("4L3", &bytes));
    assert_int_equal(bytes, gcr_cache_bytes(3) * 4 / PAGE * PAGE);
    static const char *const bad[] = {"",    "L",     "L4",    "L0",     "0.5",   "0.5L2x", "-1L2",
                                      "0L2", "nanL2", "0.5l2", "1e30L3", "0x1L2", "0.5 L2"};
    for (size_t i = 0; i < GCR_COUNT_OF(bad); i++)
        assert_false(gcr_parse_cache_bytes(bad[i], &bytes));
}

static void options_take_bytes_or_a_share(void **state)
{
    (void)state;
    struct gcr_option_values v;
    struct gcr_error err;
    char text[64], resolved[64];
    gcr_options_init(table, &v);
    uint64_t half = gcr_cache_bytes(2) / 2 / PAGE * PAGE;
    assert_int_equal(gcr_option_number(&v, "nursery"), half);
    assert_int_equal(gcr_option_number(&v, "tiny"), 8192); /* a share is brought into the range */

    /* What a result says is bytes, and sets the same size on any machine. */
    gcr_option_format(&table[0], gcr_option_get(&v, "nursery"), resolved, sizeof resolved);
    assert_null(strchr(resolved, 'L'));
    assert_int_equal(gcr_option_set(&v, "nursery", resolved, &err), GCR_OK);
    assert_int_equal(gcr_option_number(&v, "nursery"), half);

    assert_int_equal(gcr_option_set(&v, "nursery", "96K", &err), GCR_OK);
    assert_int_equal(gcr_option_number(&v, "nursery"), 96 << 10);
    assert_int_equal(gcr_option_set(&v, "nursery", "100", &err), GCR_USAGE);
    assert_int_equal(gcr_option_set(&v, "nursery", "half", &err), GCR_USAGE);
    gcr_option_range(&table[0], text, sizeof text);
    assert_string_equal(text, "4K .. 4G bytes, or of a cache: 0.5L2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sysfs_is_read_by_level_and_type),
        cmocka_unit_test(a_size_is_never_zero),
        cmocka_unit_test(shares_resolve_to_whole_pages),
        cmocka_unit_test(options_take_bytes_or_a_share),
    };
    return cmocka_run_group_tests_name("unit.cache_size", tests, NULL, NULL);
}
