/* Demographics: traces written by hand, whose distributions are worked out beside them; a generator
 * whose distributions have a closed form; and events that speak of nothing. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/demographics.h"
#include "sim/study/tables.h"
#include "tests/study/study_kit.h"
#include "traces/text.h"
#include "workloads/generator.h"

static const char trace_path[] = "demographics-test.gct";

static struct gcr_demographics read_file(const char *path)
{
    struct gcr_demographics out;
    struct gcr_reader *reader = NULL;
    struct gcr_error err = {""};
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    gcr_status status = gcr_demographics_read(reader, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
    gcr_reader_close(reader);
    return out;
}

static void assemble(FILE *in, const char *path)
{
    struct gcr_error err = {""};
    assert_non_null(in);
    gcr_status status = gcr_text_assemble(in, "test", path, &err);
    fclose(in);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
}

static struct gcr_demographics read_golden(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.gtt", GOLDEN_FOLDER, name);
    assemble(fopen(path, "r"), trace_path);
    struct gcr_demographics out = read_file(trace_path);
    unlink(trace_path);
    return out;
}

static struct gcr_demographics read_text(const char *capabilities, const char *body)
{
    char text[4096];
    int length = snprintf(text, sizeof text, "gct 1\ncapabilities %s\n%s", capabilities, body);
    assert_true(length > 0 && (size_t)length < sizeof text);
    assemble(fmemopen(text, (size_t)length, "r"), trace_path);
    struct gcr_demographics out = read_file(trace_path);
    unlink(trace_path);
    return out;
}

static unsigned bin_of(uint64_t value)
{
    unsigned bin = 0;
    while (bin < 64 && value >> bin != 0)
        bin++;
    return bin;
}

static void add(struct gcr_bins *bins, uint64_t value, uint64_t bytes)
{
    bins->bin[bin_of(value)].objects++;
    bins->bin[bin_of(value)].bytes += bytes;
}

static void assert_bins(const struct gcr_bins *found, const struct gcr_bins *expected)
{
    for (unsigned k = 0; k < GCR_BINS; k++) {
        if (found->bin[k].objects != expected->bin[k].objects ||
            found->bin[k].bytes != expected->bin[k].bytes)
            print_error("bin %u\n", k);
        assert_int_equal(found->bin[k].objects, expected->bin[k].objects);
        assert_int_equal(found->bin[k].bytes, expected->bin[k].bytes);
    }
}

static void bins_are_powers_of_two(void **state)
{
    struct gcr_demographics d =
        read_text("deaths=exact", "shape 1 text fields=0 items=1\nlane 0\n"
                                  "alloc o1 1 t0 0\nalloc o2 1 t0 1\nalloc o3 1 t0 2\n"
                                  "alloc o4 1 t0 3\nalloc o5 1 t0 4\nalloc o6 1 t0 1024\n");
    struct gcr_bins expected = {0};
    (void)state;
    static const uint64_t sizes[] = {0, 1, 2, 3, 4, 1024};
    for (size_t i = 0; i < GCR_COUNT_OF(sizes); i++)
        add(&expected, sizes[i], sizes[i]);
    assert_bins(&d.size, &expected);
    assert_int_equal(d.size.bin[0].objects, 1);
    assert_int_equal(d.size.bin[2].objects, 2); /* 2 and 3 */
    assert_int_equal(d.size.bin[11].bytes, 1024);
    assert_int_equal(d.alive.objects, 6);
    assert_int_equal(d.all.bytes, 1034);
    assert_int_equal(d.degree.bin[0].objects, 6);
}

/* list.gtt: o1 -> o2, and o3 -> o4 cut off. 24 bytes each: o3 dies with o4 allocated since. */
static void a_list_is_cut(void **state)
{
    struct gcr_demographics d = read_golden("list");
    struct gcr_bins size = {0}, degree = {0}, lifetime = {0};
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        add(&size, 24, 24);
    add(&degree, 1, 24), add(&degree, 0, 24); /* o1, o2 */
    add(&degree, 1, 24), add(&degree, 0, 24); /* o3, o4 */
    add(&lifetime, 24, 24), add(&lifetime, 0, 24);
    assert_true(d.has_deaths);
    assert_bins(&d.size, &size);
    assert_bins(&d.degree, &degree);
    assert_bins(&d.lifetime, &lifetime);
    assert_int_equal(d.alive.objects, 2);
    assert_int_equal(d.alive.bytes, 48);
}

/* resize.gtt: o1 had 4 items at most (16 + 32 bytes), and in the end refers to o2 alone; its growth
 * is on the clock: 16, 43 (o2), 75 (o1 grown), 99 (o3), 123 (o4), 147 (o5), 163 (o6: one slot was
 * copied into it). */
static void growth_counts(void **state)
{
    struct gcr_demographics d = read_golden("resize");
    struct gcr_bins size = {0}, degree = {0}, lifetime = {0};
    (void)state;
    static const uint64_t sizes[] = {48, 27, 24, 24, 24, 16}, degrees[] = {1, 0, 0, 0, 0, 1};
    for (size_t i = 0; i < GCR_COUNT_OF(sizes); i++) {
        add(&size, sizes[i], sizes[i]);
        add(&degree, degrees[i], sizes[i]);
    }
    add(&lifetime, 163 - 123, 24), add(&lifetime, 163 - 147, 24);
    assert_bins(&d.size, &size);
    assert_bins(&d.degree, &degree);
    assert_bins(&d.lifetime, &lifetime);
    assert_int_equal(d.alive.bytes, 48 + 27 + 24 + 16);
}

/* What a parent allocated is the parent's: neither its death nor its slots in the child count. The
 * array's slots are too many for a word, so that the child's are a copy of an array. */
static void each_object_is_counted_by_its_own_process(void **state)
{
    struct gcr_demographics d =
        read_text("deaths=exact forks=yes",
                  "shape 1 node fields=16 slots=1\nshape 2 array items=8 item-slots=1\n"
                  "lane 0\nprebuilt o1 1\nalloc o2 2 g0 100\nalloc o3 1 t0\nstore o2 99 o3\n"
                  "fork 1\nalloc o4 1 t1\nstore o2 98 o4\nroot t0 null\nexit 0\n"
                  "lane 1\nstore o2 99 null\nroot t0 null\ndeath o3\nalloc o3 1 t0\nalloc o4 1 t1\n"
                  "root t0 null\ndeath o3\nexit 0\n");
    struct gcr_bins size = {0}, degree = {0}, lifetime = {0};
    (void)state;
    for (unsigned i = 0; i < 5; i++) /* o1, o3, o4; the child's o3 and o4 */
        add(&size, 16, 16), add(&degree, 0, 16);
    add(&size, 800, 800), add(&degree, 2, 800);
    add(&lifetime, 16, 16);
    assert_bins(&d.size, &size);
    assert_bins(&d.degree, &degree);
    assert_bins(&d.lifetime, &lifetime);
    assert_int_equal(d.all.objects, 6);
    assert_int_equal(d.alive.objects, 5);
}

static void without_deaths_there_are_no_lifetimes(void **state)
{
    struct gcr_demographics d = read_text(
        "stores=exact", "shape 1 node fields=16 slots=1\nlane 0\nalloc o1 1 t0\nalloc o2 1 t0\n"
                        "store o1 0 o2\n");
    const struct gcr_bins none = {0};
    (void)state;
    assert_false(d.has_deaths);
    assert_bins(&d.lifetime, &none);
    assert_int_equal(d.degree.bin[1].objects, 1);
    assert_int_equal(d.all.objects, 2);
}

static void events_about_nothing_are_passed_over(void **state)
{
    struct gcr_demographics d = read_text(
        "deaths=exact forks=yes",
        "shape 1 node fields=16 slots=1\nshape 2 list fields=8 slots=1 items=8 item-slots=1 "
        "flags=resizable\nlane 0\nalloc o1 1 t0\nstore o1 1 o1\nstore o1 4000000000 o1\n"
        "store o7 0 o1\ncopy o1 0 o9 0 1\ncopy o1 0 o1 1 1\ncopy o1 0 o1 4294967295 4294967295\n"
        "resize o8 100\ndeath o9\nfork 5\nalloc o1 2 t0\nresize o1 2\nstore o1 2 o1\ndeath o1\n"
        "death o1\nexit 0\n");
    (void)state;
    assert_int_equal(d.all.objects, 2); /* the first o1 was replaced: it counts as dead */
    assert_int_equal(d.alive.objects, 0);
    assert_int_equal(d.degree.bin[0].objects, 1);
    assert_int_equal(d.degree.bin[1].objects, 1);
    assert_int_equal(d.size.bin[5].bytes, 16 + 24);
}

/* Rings of SIZE objects, HELD of them alive after each: the object in place j dies with the rest of
 * its ring and HELD rings allocated since. Each refers to the next one. */
static void rings_have_a_closed_form(void **state)
{
    enum { RINGS = 50, SIZE = 7, HELD = 4, BYTES = 8 + 16 };
    struct gcr_option_values options;
    struct gcr_error err = {""};
    const struct gcr_generator *ring = gcr_generator_find("ring");
    (void)state;
    assert_non_null(ring);
    gcr_options_init(ring->options, &options);
    static const char *const settings[] = {"rings=50", "size=7", "held=4", "data=16"};
    for (size_t i = 0; i < GCR_COUNT_OF(settings); i++)
        assert_int_equal(gcr_option_assign(&options, ring->name, settings[i], &err), GCR_OK);
    assert_int_equal(gcr_generate_file(ring, &options, trace_path, NULL, NULL, &err), GCR_OK);
    struct gcr_demographics d = read_file(trace_path);
    unlink(trace_path);
    struct gcr_bins size = {0}, degree = {0}, lifetime = {0};
    for (unsigned i = 0; i < RINGS * SIZE; i++)
        add(&size, BYTES, BYTES), add(&degree, 1, BYTES);
    for (unsigned i = 0; i < RINGS - HELD; i++)
        for (unsigned j = 0; j < SIZE; j++)
            add(&lifetime, (SIZE - 1 - j + HELD * SIZE) * BYTES, BYTES);
    assert_bins(&d.size, &size);
    assert_bins(&d.degree, &degree);
    assert_bins(&d.lifetime, &lifetime);
    assert_int_equal(d.alive.objects, HELD * SIZE);
    assert_int_equal(d.all.bytes, RINGS * SIZE * BYTES);
}

/* ---- the table ---- */

static const char list_rows[] = "list,size,16,32,4,96\n"
                                "list,degree,0,1,2,48\nlist,degree,1,2,2,48\n"
                                "list,lifetime,0,1,1,24\nlist,lifetime,1,2,0,0\n"
                                "list,lifetime,2,4,0,0\nlist,lifetime,4,8,0,0\n"
                                "list,lifetime,8,16,0,0\nlist,lifetime,16,32,1,24\n"
                                "list,lifetime,,,2,48\n";

static void assert_table(const struct study_kit *kit, const char *rows)
{
    char text[4096], expected[4096];
    FILE *file = fopen(study_kit_path(kit, "demographics.csv"), "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    snprintf(expected, sizeof expected, "trace,what,low,high,objects,bytes\n%s", rows);
    assert_string_equal(text, expected);
}

/* list.gtt in the study's folder; a digest of NULL is the right one. */
static void write_table(struct study_kit *kit, const char *digest)
{
    char golden[512], path[512];
    struct gcr_error err = {""};
    struct gcr_reader *reader = NULL;
    snprintf(golden, sizeof golden, "%s/list.gtt", GOLDEN_FOLDER);
    snprintf(path, sizeof path, "%s", study_kit_path(kit, "list.gct"));
    assemble(fopen(golden, "r"), path);
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    struct gcr_dataset_trace traces[] = {
        {.name = "gone", .path = "/there/is/none.gct", .digest = ""},
        {.name = "nameless", .path = "", .digest = ""},
        {.name = "list",
         .path = path,
         .digest = digest != NULL ? digest : gcr_reader_digest(reader)},
    };
    struct gcr_dataset dataset = {.traces = traces, .trace_count = GCR_COUNT_OF(traces)};
    assert_int_equal(gcr_demographics_table_write(&dataset, kit->directory, &err), GCR_OK);
    gcr_reader_close(reader);
}

static void the_table_has_the_traces_that_are_there(void **state)
{
    struct study_kit kit;
    struct gcr_error err = {""};
    const struct gcr_dataset nothing = {0};
    (void)state;
    study_kit_begin(&kit);
    write_table(&kit, NULL);
    assert_table(&kit, list_rows);
    write_table(&kit, ""); /* not known: taken on trust */
    assert_table(&kit, list_rows);
    write_table(&kit, "0123456789abcdef"); /* another trace under the same name */
    assert_table(&kit, "");
    assert_int_equal(gcr_demographics_table_write(&nothing, kit.directory, &err), GCR_OK);
    assert_table(&kit, "");
    assert_int_equal(gcr_demographics_table_write(&nothing, "/no/such/folder", &err), GCR_IO);
    study_kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_are_powers_of_two),
        cmocka_unit_test(a_list_is_cut),
        cmocka_unit_test(growth_counts),
        cmocka_unit_test(each_object_is_counted_by_its_own_process),
        cmocka_unit_test(without_deaths_there_are_no_lifetimes),
        cmocka_unit_test(events_about_nothing_are_passed_over),
        cmocka_unit_test(rings_have_a_closed_form),
        cmocka_unit_test(the_table_has_the_traces_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
