/* gcr_annotate on traces written by hand: the text that comes out, for each way to die and each
 * reason to live on; what is refused, and that nothing is left then. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/oracle/annotate.h"
#include "tests/oracle/trace_file.h"
#include "traces/text.h"

#define HEAD(deaths)                                                                               \
    "gct 1\n"                                                                                      \
    "capabilities loads=exact reads=exact deaths=" deaths " threads=yes forks=yes times=yes\n"     \
    "shape 1 pair fields=24 slots=2 flags=container\n"                                             \
    "shape 2 list fields=16 slots=1 items=8 item-slots=1 flags=container,resizable\n"              \
    "shape 3 file fields=8 slots=1 flags=container,finalizer\n"                                    \
    "shape 4 weak fields=8 flags=container,weak\n"                                                 \
    "name 1 \"first phase\"\n"                                                                     \
    "meta {\"program\":\"by hand\"}\n"
#define BARE HEAD("none")

/* The body of the dump: from the first "lane" line on, without "block" lines. */
static char *body_of(struct gcr_reader *reader)
{
    char *text = NULL, *body, *to;
    size_t size;
    struct gcr_error err = {""};
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(gcr_text_dump(reader, -1, out, &err), GCR_OK);
    (void)fclose(out);
    body = strstr(text, "lane 0\n");
    assert_non_null(body);
    to = text;
    for (char *line = strtok(body, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strcmp(line, "block") != 0 && strcmp(line, "lane 0") != 0)
            to += sprintf(to, "%s\n", line); /* never ahead of what it reads */
    *to = '\0';
    return text;
}

static gcr_status annotate(const char *text, struct gcr_annotation options, struct trace_file *made,
                           struct gcr_annotation_result *result, struct gcr_error *err)
{
    struct trace_file file;
    gcr_status status;

    trace_file_from_text(&file, text);
    trace_file_name(made);
    unlink(made->path);
    status = gcr_annotate(file.reader, made->path, &options, result, err);
    trace_file_finish(&file);
    return status;
}

static void expect(const char *text, struct gcr_annotation options, const char *expected)
{
    struct trace_file made;
    struct gcr_annotation_result result;
    struct gcr_trace_check check;
    struct gcr_error err = {""};
    char *body;

    if (annotate(text, options, &made, &result, &err) != GCR_OK)
        fail_msg("%s", err.text);
    trace_file_open(&made);
    body = body_of(made.reader);
    assert_string_equal(body, expected);
    if (gcr_check_trace(made.reader, &check, &err) != GCR_OK)
        fail_msg("%s", err.text);
    free(body);
    trace_file_finish(&made);
}

static const struct gcr_annotation keep = {.keep_indexes = true};
static const struct gcr_annotation reuse = {0};

static void each_way_to_lose_the_last_reference(void **state)
{
    (void)state;
    /* a root cleared, one overwritten by ROOT, LOAD and ALLOC */
    expect(BARE "lane 0\nalloc o1 1 t0\nroot t0 null\nalloc o2 1 t0\nalloc o3 1 t1\nroot t0 o3\n"
                "load o3 0 t0\nload o3 0 t1\nalloc o4 1 t0\nalloc o5 1 t0\nexit 0\n",
           keep,
           "alloc o1 1 t0 0\nroot t0 null\ndeath o1\nalloc o2 1 t0 0\nalloc o3 1 t1 0\nroot t0 o3\n"
           "death o2\nload o3 0 t0\nload o3 0 t1\ndeath o3\nalloc o4 1 t0 0\nalloc o5 1 t0 0\n"
           "death o4\nexit 0\n");
    /* a slot overwritten by STORE and COPY, cut off by RESIZE; an owner dies with what it holds */
    expect(BARE "lane 0\nalloc o1 2 t0 2\nalloc o2 1 t1\nstore o1 0 o2\nalloc o3 1 t1\n"
                "store o1 1 o3\nalloc o4 1 t1\nstore o1 2 o4\nroot t1 null\nstore o1 0 null\n"
                "copy o1 1 o1 0 1\nresize o1 1\nalloc o5 1 t1\nstore o1 0 o5\nroot t1 null\n"
                "root t0 null\nexit 0\n",
           keep,
           "alloc o1 2 t0 2\nalloc o2 1 t1 0\nstore o1 0 o2\nalloc o3 1 t1 0\nstore o1 1 o3\n"
           "alloc o4 1 t1 0\nstore o1 2 o4\nroot t1 null\nstore o1 0 null\ndeath o2\n"
           "copy o1 1 o1 0 1\ndeath o3\nresize o1 1\ndeath o4\nalloc o5 1 t1 0\nstore o1 0 o5\n"
           "root t1 null\nroot t0 null\ndeath o1\ndeath o5\nexit 0\n");
    /* a ring */
    expect(BARE "lane 0\nalloc o1 1 t0\nalloc o2 1 t1\nstore o1 0 o2\nstore o2 0 o1\nroot t0 null\n"
                "root t1 null\ntime 7\n",
           keep,
           "alloc o1 1 t0 0\nalloc o2 1 t1 0\nstore o1 0 o2\nstore o2 0 o1\nroot t0 null\n"
           "root t1 null\ndeath o1\ndeath o2\ntime 7\n");
}

static void each_reason_to_live_on(void **state)
{
    (void)state;
    /* another thread's root, a global one, a prebuilt object's slot; the end of the lane */
    expect(BARE "lane 0\nprebuilt o1 1\nalloc o2 1 t0\nthread 1\nroot t0 o2\nthread 0\n"
                "root t0 null\nalloc o3 1 t0\nroot g0 o3\nroot t0 null\nalloc o4 1 t0\n"
                "store o1 0 o4\nroot t0 null\nfreeze\n",
           keep,
           "prebuilt o1 1 0\nalloc o2 1 t0 0\nthread 1\nroot t0 o2\nthread 0\nroot t0 null\n"
           "alloc o3 1 t0 0\nroot g0 o3\nroot t0 null\nalloc o4 1 t0 0\nstore o1 0 o4\n"
           "root t0 null\nfreeze\n");
    /* but no weak reference */
    expect(BARE "lane 0\nalloc o1 4 t0\nalloc o2 1 t1\nweakref o1 o2\nroot t1 null\ncollect 2\n",
           keep,
           "alloc o1 4 t0 0\nalloc o2 1 t1 0\nweakref o1 o2\nroot t1 null\ndeath o2\ncollect 2\n");
    /* its finalizer's run, and all that it refers to with it */
    expect(BARE "lane 0\nalloc o1 3 t0\nalloc o2 1 t1\nstore o1 0 o2\nroot t1 null\nroot t0 null\n"
                "collect 2\nfinalized o1\ncollect 2\nfinalized o1\ncollect 2\n",
           keep,
           "alloc o1 3 t0 0\nalloc o2 1 t1 0\nstore o1 0 o2\nroot t1 null\nroot t0 null\n"
           "collect 2\nfinalized o1\ncollect 2\nfinalized o1\ndeath o1\ndeath o2\ncollect 2\n");
    /* a resurrection, until its root is overwritten when it has happened */
    expect(BARE "lane 0\nalloc o1 3 t0\nresurrect o1 g4\nroot g4 null\nroot t0 null\ncollect 2\n"
                "root g4 null\ncollect 2\n",
           keep,
           "alloc o1 3 t0 0\nresurrect o1 g4\nroot g4 null\nroot t0 null\ncollect 2\n"
           "root g4 null\ndeath o1\ncollect 2\n");
    expect(BARE "lane 0\nalloc o1 3 t0\nresurrect o1 g4\nroot t0 null\ncollect 2\n", keep,
           "alloc o1 3 t0 0\nresurrect o1 g4\nroot t0 null\ncollect 2\n");
}

static void lanes_have_deaths_of_their_own(void **state)
{
    (void)state;
    /* o1 dies in the parent after the fork, in the child later */
    expect(BARE "lane 0\nalloc o1 1 t0\nfork 1\nroot t0 null\nexit 0\n"
                "lane 1\nread o1 0 1\nroot t0 null\nexit 0\n",
           keep,
           "alloc o1 1 t0 0\nfork 1\nlane 1\nread o1 0 1\nroot t0 null\ndeath o1\nexit 0\n"
           "root t0 null\ndeath o1\nexit 0\n");
    /* finalized in the second child alone: kept by the parent until then, by the first child not */
    expect(BARE "lane 0\nalloc o1 3 t0\nroot t0 null\nfork 1\nfork 2\nexit 0\n"
                "lane 1\ncollect 2\nlane 2\ncollect 2\nfinalized o1\ncollect 2\n",
           keep,
           "alloc o1 3 t0 0\nroot t0 null\nfork 1\nlane 1\ndeath o1\ncollect 2\n"
           "fork 2\nlane 2\ncollect 2\nfinalized o1\ndeath o1\ncollect 2\n"
           "death o1\nexit 0\n");
    /* indexes: the child goes on with what the parent had free */
    expect(BARE "lane 0\nalloc o1 1 t0\nalloc o2 1 t0\nfork 1\nalloc o3 1 t0\nexit 0\n"
                "lane 1\nalloc o3 1 t1\nalloc o4 1 t1\nread o2 0 1\nexit 0\n",
           reuse,
           "alloc o1 1 t0 0\nalloc o2 1 t0 0\ndeath o1\nfork 1\nlane 1\nalloc o1 1 t1 0\n"
           "alloc o3 1 t1 0\ndeath o1\nread o2 0 1\nexit 0\nalloc o1 1 t0 0\ndeath o2\nexit 0\n");
}

static void indexes_are_used_again_unless_kept(void **state)
{
    const char *text = BARE "lane 0\nalloc o1 1 t0\nalloc o2 1 t1\nroot t0 null\nalloc o9 1 t0\n"
                            "store o9 1 o2\nroot t1 null\nalloc o4 1 t0\n";

    (void)state;
    expect(text, keep,
           "alloc o1 1 t0 0\nalloc o2 1 t1 0\nroot t0 null\ndeath o1\nalloc o9 1 t0 0\n"
           "store o9 1 o2\nroot t1 null\nalloc o4 1 t0 0\ndeath o2\ndeath o9\n");
    expect(text, reuse,
           "alloc o1 1 t0 0\nalloc o2 1 t1 0\nroot t0 null\ndeath o1\nalloc o1 1 t0 0\n"
           "store o1 1 o2\nroot t1 null\nalloc o3 1 t0 0\ndeath o2\ndeath o1\n");
}

static void late_deaths_are_replaced(void **state)
{
    const char *text = HEAD("granulated") "lane 0\nalloc o1 1 t0\nroot t0 null\ncollect 2\n"
                                          "death o1\nalloc o1 1 t0\nalloc o2 3 t1\n"
                                          "resurrect o2 g4\nroot t1 null\ndeath o2\ncollect 1\n";
    struct gcr_annotation replace = {.replace = true, .keep_indexes = true};
    struct gcr_annotation_result result;
    struct gcr_error err = {""};
    struct trace_file made;

    (void)state;
    expect(text, replace,
           "alloc o1 1 t0 0\nroot t0 null\ndeath o1\ncollect 2\nalloc o1 1 t0 0\nalloc o2 3 t1 0\n"
           "resurrect o2 g4\nroot t1 null\ndeath o2\ncollect 1\n");
    assert_int_equal(annotate(text, keep, &made, &result, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "has granulated deaths already; --replace"));
    assert_int_equal(access(made.path, F_OK), -1);
}

static void declarations_stay_and_metadata_tells(void **state)
{
    struct trace_file made;
    struct gcr_annotation_result result;
    struct gcr_error err = {""};
    uint32_t shapes, names;

    (void)state;
    assert_int_equal(annotate(BARE "lane 0\nphase 1\nalloc o1 1 t0\nroot t0 null\n", reuse, &made,
                              &result, &err),
                     GCR_OK);
    assert_int_equal(result.events, 4);
    assert_int_equal(result.objects, 1);
    assert_int_equal(result.deaths, 1);
    assert_int_equal(result.highest_index, 1);
    trace_file_open(&made);
    (void)gcr_reader_shapes(made.reader, &shapes);
    assert_int_equal(shapes, 4);
    assert_string_equal(gcr_reader_name(made.reader, 1, &names), "first phase");
    assert_int_equal(names, 1);
    assert_non_null(strstr(gcr_reader_meta(made.reader), "\"by hand\""));
    assert_non_null(strstr(gcr_reader_meta(made.reader), "\"annotated\""));
    assert_non_null(strstr(gcr_reader_meta(made.reader), "Merlin"));
    assert_int_equal(gcr_reader_capabilities(made.reader)->deaths, GCR_DEATHS_EXACT);
    assert_int_equal(gcr_reader_capabilities(made.reader)->loads, 1);
    trace_file_finish(&made);
}

static void an_invalid_trace_is_refused_by_its_first_bad_event(void **state)
{
    struct trace_file made;
    struct gcr_annotation_result result;
    struct gcr_error err = {""};

    (void)state;
    assert_int_equal(annotate(BARE "lane 0\nalloc o1 1 t0\nroot t0 null\nroot t0 o1\n", reuse,
                              &made, &result, &err),
                     GCR_INVALID_TRACE);
    assert_non_null(strstr(err.text, "lane 0, event 2"));
    assert_int_equal(access(made.path, F_OK), -1);
    strcat(made.path, ".partial");
    assert_int_equal(access(made.path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_lose_the_last_reference),
        cmocka_unit_test(each_reason_to_live_on),
        cmocka_unit_test(lanes_have_deaths_of_their_own),
        cmocka_unit_test(indexes_are_used_again_unless_kept),
        cmocka_unit_test(late_deaths_are_replaced),
        cmocka_unit_test(declarations_stay_and_metadata_tells),
        cmocka_unit_test(an_invalid_trace_is_refused_by_its_first_bad_event),
    };

    return cmocka_run_group_tests_name("unit.annotate", tests, NULL, NULL);
}
