/* Every generator, over options that take each of its branches: what it says of its trace before it
 * writes it (events, lanes, peak live objects and bytes) is held against the trace itself, whose
 * validity and exact deaths the oracle proves; the same options give the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/oracle/annotate.h"
#include "sim/oracle/oracle.h"
#include "tests/oracle/flat_trace.h"
#include "workloads/generator.h"

static const struct {
    const char *generator, *options; /* words "name=value" */
} programs[] = {
    {"gcbench", "stretch-depth=8 long-depth=6 min-depth=2 max-depth=6 array=1500"},
    {"gcbench", "stretch-depth=6 long-depth=9 min-depth=0 max-depth=8 array=0 repeat=3"},
    {"gcbench", "stretch-depth=4 long-depth=0 min-depth=3 max-depth=9 array=1000"},
    {"gcbench", "stretch-depth=7 long-depth=5 min-depth=2 max-depth=6 array=7 deaths=off"},
    {"ring", "rings=300 size=7 held=20"},
    {"ring", "rings=300 size=1 held=0"},
    {"ring", "rings=5 size=4 held=20 data=0"},
    {"ring", "rings=50 size=4 held=3 deaths=off"},
    {"list", "length=500 lists=3 walks=2"},
    {"list", "length=500 lists=3 walks=0 order=back-to-front data=0"},
    {"list", "length=1 lists=2 walks=1"},
    {"list", "length=50 lists=2 deaths=off order=back-to-front"},
    {"steady", "live=200 steps=3000"},
    {"steady", "live=1 steps=10 survival=1 sizes=fixed reads=3"},
    {"steady", "live=100 steps=1000 survival=0.37 sizes=uniform min-size=1 max-size=9000 seed=77"},
    {"steady", "live=100 steps=500 survival=0 reads=0"},
    {"steady", "live=10 steps=0"},
    {"steady", "live=40 steps=400 deaths=off"},
    {"fork-read", "objects=300 children=3 share=0.3 passes=2"},
    {"fork-read", "objects=1 children=1 share=0 data=1"},
    {"fork-gc", "objects=300 children=3 pairs=50"},
    {"fork-gc", "objects=10 children=1 pairs=0 collect=off freeze=on"},
    {"fork-gc", "objects=10 children=2 pairs=20 deaths=off"},
    {"fork-idle", "objects=50 children=2 idle=3"},
    {"gcbench", "stretch-depth=9 long-depth=7 min-depth=2 max-depth=6 rate=1000000"},
    {"tree", "long-depth=6 short-depth=4 trees=20 walks=2"},
    {"tree", "long-depth=0 short-depth=0 trees=3 walks=2 order=depth-first"},
    {"tree", "long-depth=5 short-depth=3 trees=0 walks=1 order=depth-first data=1"},
    {"bigarray", "slots=100 stores=350"},
    {"bigarray", "slots=100 stores=60 garbage=0 data=0"},
    {"bigarray", "slots=7 stores=20 garbage=0"},
    {"bigarray", "slots=1 stores=0"},
    {"cliff", "live=500 keep=0.03 cliffs=3 slow=100"},
    {"cliff", "live=50 keep=1 cliffs=2 slow=10"},
    {"cliff", "live=50 keep=0 cliffs=1 slow=0 data=1"},
    {"ramp", "objects=400 data=7"},
    {"ramp", "objects=1"},
    {"midlife", "window=50 steps=300"},
    {"midlife", "window=50 steps=50 data=1"},
    {"midlife", "window=1 steps=9"},
    {"mt-store", "threads=3 nodes=40 turns=30 turn=10 garbage=3"},
    {"mt-store", "threads=1 nodes=1 turns=5 turn=1 garbage=0 foreign=1 data=0"},
    {"mt-store", "threads=300 nodes=2 turns=700 turn=2 garbage=1 rate=1000"},
    {"request-server", "requests=60 threads=3 sessions=7 objects=5 turnover=0.3"},
    {"request-server", "requests=1 threads=4 sessions=1 objects=1 turnover=1 min-size=1"},
    {"request-server", "requests=50 threads=1 sessions=2 objects=2 turnover=0 seed=9 rate=1"},
    {"request-server", "requests=0 sessions=3"},
    {"request-server", "requests=301 threads=64 sessions=40 objects=9 turnover=0.5"},
    {"request-server", "requests=101 threads=3 sessions=9 processes=4 catalogue=60 turnover=0.25"},
    {"request-server", "requests=2 threads=2 sessions=1 processes=3 catalogue=1 lookups=0"},
    {"request-server", "requests=40 threads=1 sessions=5 processes=2 lookups=3 writes=1 rate=7"},
    {"mt-store", "threads=3 nodes=40 turns=30 turn=10 garbage=3 processes=3"},
    {"mt-store", "threads=2 nodes=5 turns=0 processes=2"},
    {"mt-store", "threads=2 nodes=5 turns=4 garbage=0 processes=2"},
    {"cache", "operations=800 entries=50 keys=300 warm=100"},
    {"cache", "operations=500 entries=1 keys=3 warm=0 skew=0 updates=0.5 min-size=1"},
    {"cache", "operations=300 entries=40 keys=20 warm=0 skew=1.5 updates=1 sizes=heavy-tailed"},
    {"cache", "operations=600 entries=30 keys=200 warm=77 threads=3 turn=5 seed=4"},
    {"cache", "operations=200 entries=60 keys=500 warm=300 processes=4 threads=2 skew=0.75"},
    {"cache", "operations=0 entries=5 keys=9 warm=0 processes=2"},
    {"deepstack", "depth=101 references=3 waves=3 work=20"},
    {"deepstack", "depth=1 references=1 waves=2 work=0 data=0"},
    {"popular", "referrers=200 storms=500 garbage=50"},
    {"popular", "referrers=1 storms=0 garbage=0 data=0"},
    {"finchain", "groups=10 length=7 every=3"},
    {"finchain", "groups=9 length=1 every=1 collections=0"},
    {"finchain", "groups=5 length=4 every=100 collections=1 data=0"},
    {"green", "live=100 steps=350"},
    {"green", "live=100 steps=40 share=0"},
    {"green", "live=10 steps=99 share=0.5 size=16"},
    {"sizes", "live=100 steps=250"},
    {"sizes", "live=30 steps=10 seed=9"},
    {"growlist", "lists=5 length=100 rounds=3 inserts=2"},
    {"growlist", "lists=1 length=10 rounds=1 inserts=0 rest=0"},
    {"growlist", "lists=2 length=50 rounds=2 inserts=1 rest=50"},
    {"whiteshare", "groups=5 rings=4 size=3 shared=6 churn=5"},
    {"whiteshare", "groups=4 rings=1 size=1 shared=1 churn=0 data=0"},
    {"lateweak", "references=10 rounds=3 churn=2"},
    {"lateweak", "references=4 rounds=2 churn=1"},
    {"lateweak", "references=7 rounds=2 churn=1"},
};

struct generated {
    const struct gcr_generator *generator;
    struct gcr_option_values options;
    struct gcr_generator_facts facts;
    char path[64];
};

static void write_program(size_t i, struct generated *out)
{
    struct gcr_error err = {""};
    char words[256], *rest = words;
    out->generator = gcr_generator_find(programs[i].generator);
    assert_non_null(out->generator);
    gcr_options_init(out->generator->options, &out->options);
    snprintf(words, sizeof words, "%s", programs[i].options);
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        if (gcr_option_assign(&out->options, out->generator->name, word, &err) != GCR_OK)
            fail_msg("%s", err.text);
    snprintf(out->path, sizeof out->path, "generated-%ld.gct", (long)getpid());
    if (out->generator->facts(&out->options, &out->facts, &err) != GCR_OK ||
        gcr_generate_file(out->generator, &out->options, out->path, NULL, NULL, &err) != GCR_OK)
        fail_msg("%s %s: %s", programs[i].generator, programs[i].options, err.text);
}

static struct gcr_reader *open_trace(const char *path)
{
    struct gcr_error err = {""};
    struct gcr_reader *reader = NULL;
    if (gcr_reader_open(path, &reader, &err) != GCR_OK)
        fail_msg("%s", err.text);
    return reader;
}

/* Peaks of lane 0 alone, by its ALLOC and DEATH events. */
struct peaks {
    uint64_t objects, bytes, highest_index;
};

static struct peaks lane_peaks(struct gcr_reader *reader, uint64_t index_room)
{
    struct gcr_error err = {""};
    struct gcr_cursor *cursor = NULL;
    struct gcr_event events[512];
    struct peaks peaks = {0};
    uint64_t objects = 0, bytes = 0;
    uint32_t shape_count = 0;
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &shape_count);
    uint64_t *size_of = calloc(index_room, sizeof *size_of);
    uint32_t *shape_of = calloc(index_room, sizeof *shape_of);
    assert_non_null(size_of);
    assert_non_null(shape_of);
    assert_int_equal(gcr_cursor_open(reader, 0, &cursor, &err), GCR_OK);
    for (size_t n = 1; n > 0;) {
        assert_int_equal(gcr_cursor_read(cursor, events, 512, &n, &err), GCR_OK);
        for (size_t i = 0; i < n; i++) {
            const struct gcr_event *event = &events[i];
            if (event->op != GCR_OP_ALLOC && event->op != GCR_OP_DEATH &&
                event->op != GCR_OP_RESIZE)
                continue;
            assert_true(event->a < index_room);
            if (event->op == GCR_OP_ALLOC) {
                size_of[event->a] = gcr_shape_object_bytes(&shapes[event->b], event->d);
                shape_of[event->a] = event->b;
                objects++;
                bytes += size_of[event->a];
            } else if (event->op == GCR_OP_RESIZE) {
                bytes -= size_of[event->a];
                size_of[event->a] = gcr_shape_object_bytes(&shapes[shape_of[event->a]], event->b);
                bytes += size_of[event->a];
            } else {
                objects--;
                bytes -= size_of[event->a];
            }
            peaks.objects = objects > peaks.objects ? objects : peaks.objects;
            peaks.bytes = bytes > peaks.bytes ? bytes : peaks.bytes;
            if (event->a > peaks.highest_index)
                peaks.highest_index = event->a;
        }
    }
    gcr_cursor_close(cursor);
    free(size_of);
    free(shape_of);
    return peaks;
}

static void every_program_is_valid_and_as_its_facts_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct generated made;
        struct gcr_trace_check found = {0};
        struct gcr_error err = {""};
        write_program(i, &made);
        struct gcr_reader *reader = open_trace(made.path);
        if (gcr_check_trace(reader, &found, &err) != GCR_OK)
            fail_msg("%s %s: %s", programs[i].generator, programs[i].options, err.text);
        const uint64_t most_objects = made.facts.most_live_objects > 0
                                          ? made.facts.most_live_objects
                                          : made.facts.peak_live_objects;
        const uint64_t most_bytes = made.facts.most_live_bytes > 0 ? made.facts.most_live_bytes
                                                                   : made.facts.peak_live_bytes;
        if (found.events != made.facts.events || found.peak_live_objects != most_objects ||
            found.peak_live_bytes != most_bytes)
            print_error("%s %s\n", programs[i].generator, programs[i].options);
        assert_int_equal(found.events, made.facts.events);
        assert_int_equal(gcr_reader_events(reader), made.facts.events);
        assert_int_equal(gcr_reader_lane_count(reader), made.facts.lanes);
        assert_memory_equal(gcr_reader_capabilities(reader), &made.facts.capabilities,
                            sizeof made.facts.capabilities);
        /* The oracle's peak is the highest of any lane. */
        assert_int_equal(found.peak_live_objects, most_objects);
        assert_int_equal(found.peak_live_bytes, most_bytes);
        if (made.facts.capabilities.deaths != GCR_DEATHS_NONE) {
            struct peaks peaks = lane_peaks(reader, made.facts.events + 2);
            assert_int_equal(peaks.objects, made.facts.peak_live_objects);
            assert_int_equal(peaks.bytes, made.facts.peak_live_bytes);
            /* Indexes are used again: no more of them than objects at the peak. */
            assert_int_equal(peaks.highest_index, made.facts.peak_live_objects);
        }
        gcr_reader_close(reader);
        unlink(made.path);
    }
}

/* What annotate finds in the trace at `path`. */
static void annotated(const char *path, struct flat_trace *out)
{
    const struct gcr_annotation options = {.replace = true};
    struct gcr_annotation_result result;
    struct gcr_trace_check found;
    struct gcr_error err = {""};
    char made[64];
    struct gcr_reader *reader = open_trace(path);
    snprintf(made, sizeof made, "annotated-%ld.gct", (long)getpid());
    if (gcr_annotate(reader, made, &options, &result, &err) != GCR_OK)
        fail_msg("%s", err.text);
    gcr_reader_close(reader);
    reader = open_trace(made);
    if (gcr_check_trace(reader, &found, &err) != GCR_OK)
        fail_msg("annotated: %s", err.text);
    flat_read(out, reader);
    gcr_reader_close(reader);
    unlink(made);
}

static int by_object(const void *a, const void *b)
{
    const struct flat_death *x = a, *y = b;
    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    return (x->object > y->object) - (x->object < y->object);
}

/* A generator that knows its program declares the same objects dead that annotate finds dead, never
 * too early, and before anything else is allocated. Returns how many it declares at the very event.
 */
static size_t compare_deaths(const struct flat_trace *own, const struct flat_trace *found,
                             const char *what)
{
    size_t at_once = 0;
    assert_int_equal(own->death_count, found->death_count);
    if (own->death_count == 0)
        return 0;
    qsort(own->deaths, own->death_count, sizeof *own->deaths, by_object);
    qsort(found->deaths, found->death_count, sizeof *found->deaths, by_object);
    for (size_t i = 0; i < own->death_count; i++) {
        const struct flat_death *late = &own->deaths[i], *exact = &found->deaths[i];
        if (by_object(late, exact) != 0 || late->after < exact->after)
            fail_msg("%s: object %u of lane %u dies after %llu events, but object %u of lane %u "
                     "after %llu",
                     what, late->object, late->lane, (unsigned long long)late->after, exact->object,
                     exact->lane, (unsigned long long)exact->after);
        for (uint64_t k = exact->after; k < late->after; k++)
            if (own->lanes[late->lane].events[k].op == GCR_OP_ALLOC)
                fail_msg("%s: an allocation before the death of object %u", what, late->object);
        at_once += late->after == exact->after;
    }
    return at_once;
}

static void annotate_finds_the_deaths_that_generators_write(void **state)
{
    size_t deaths = 0, at_once = 0;
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct generated made;
        struct flat_trace own, found;
        char what[320];
        write_program(i, &made);
        struct gcr_reader *reader = open_trace(made.path);
        snprintf(what, sizeof what, "%s %s", programs[i].generator, programs[i].options);
        flat_read(&own, reader);
        gcr_reader_close(reader);
        annotated(made.path, &found);
        flat_compare_events(&own, &found, what);
        if (made.facts.capabilities.deaths != GCR_DEATHS_NONE)
            at_once += compare_deaths(&own, &found, what);
        deaths += own.death_count;
        flat_finish(&own);
        flat_finish(&found);
        unlink(made.path);
    }
    print_message("%zu deaths, %zu at the very event\n", deaths, at_once);
    assert_true(at_once > 0);
}

/* Whether a generator wrote its deaths or left them out, annotate puts them at the same places. */
static void annotate_finds_what_deaths_off_leaves_out(void **state)
{
    static const char *const with_option[] = {"gcbench", "ring", "list", "steady", "fork-gc"};
    size_t deaths = 0;
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct generated made;
        struct flat_trace on, off;
        struct gcr_error err = {""};
        bool has_option = false;
        for (size_t k = 0; k < sizeof with_option / sizeof with_option[0]; k++)
            has_option |= strcmp(programs[i].generator, with_option[k]) == 0;
        if (!has_option || strstr(programs[i].options, "deaths=off") != NULL)
            continue;
        write_program(i, &made);
        annotated(made.path, &on);
        assert_int_equal(gcr_option_set(&made.options, "deaths", "off", &err), GCR_OK);
        assert_int_equal(
            gcr_generate_file(made.generator, &made.options, made.path, NULL, NULL, &err), GCR_OK);
        annotated(made.path, &off);
        flat_compare_events(&on, &off, programs[i].options);
        flat_compare_deaths(&on, &off, programs[i].options);
        deaths += on.death_count;
        flat_finish(&on);
        flat_finish(&off);
        unlink(made.path);
    }
    assert_true(deaths > 1000);
}

static char *read_whole(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(*bytes);
    assert_non_null(content);
    assert_int_equal(fread(content, 1, *bytes, file), *bytes);
    fclose(file);
    return content;
}

static void the_same_options_give_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct generated made;
        size_t first_bytes, second_bytes;
        write_program(i, &made);
        char *first = read_whole(made.path, &first_bytes);
        write_program(i, &made);
        char *second = read_whole(made.path, &second_bytes);
        assert_int_equal(first_bytes, second_bytes);
        assert_memory_equal(first, second, first_bytes);
        free(first);
        free(second);
        unlink(made.path);
    }
}

static void another_seed_gives_other_events_of_the_same_size(void **state)
{
    (void)state;
    const struct gcr_generator *steady = gcr_generator_find("steady");
    struct gcr_option_values options;
    struct gcr_error err = {""};
    size_t bytes[2];
    char *content[2], path[64];
    snprintf(path, sizeof path, "generated-%ld.gct", (long)getpid());
    gcr_options_init(steady->options, &options);
    assert_int_equal(gcr_option_set(&options, "live", "100", &err), GCR_OK);
    assert_int_equal(gcr_option_set(&options, "steps", "1000", &err), GCR_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gcr_option_set(&options, "seed", i == 0 ? "1" : "2", &err), GCR_OK);
        assert_int_equal(gcr_generate_file(steady, &options, path, NULL, NULL, &err), GCR_OK);
        content[i] = read_whole(path, &bytes[i]);
    }
    assert_true(bytes[0] != bytes[1] || memcmp(content[0], content[1], bytes[0]) != 0);
    free(content[0]);
    free(content[1]);
    unlink(path);
}

static void contradicting_options_are_named_and_leave_no_file(void **state)
{
    (void)state;
    struct gcr_error err = {""};
    struct gcr_option_values options;
    struct gcr_generator_facts facts;
    const struct gcr_generator *gcbench = gcr_generator_find("gcbench");
    gcr_options_init(gcbench->options, &options);
    assert_int_equal(gcr_option_set(&options, "min-depth", "9", &err), GCR_OK);
    assert_int_equal(gcr_option_set(&options, "max-depth", "8", &err), GCR_OK);
    assert_int_equal(gcbench->facts(&options, &facts, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "min-depth 9 is above max-depth 8"));
    assert_int_equal(gcr_generate_file(gcbench, &options, "none.gct", NULL, NULL, &err), GCR_USAGE);
    assert_int_equal(access("none.gct", F_OK), -1);
    assert_int_equal(access("none.gct.partial", F_OK), -1);
}

/* Every generator is among the programs above. */
static void no_generator_goes_untested(void **state)
{
    size_t count = 0;
    const struct gcr_generator *const *generators = gcr_generators(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof programs / sizeof programs[0]; k++)
            found |= strcmp(programs[k].generator, generators[i]->name) == 0;
        if (!found)
            fail_msg("%s is tested nowhere", generators[i]->name);
    }
}

static void the_original_program_has_12_mib_live(void **state)
{
    (void)state;
    struct gcr_error err = {""};
    struct gcr_option_values options;
    struct gcr_generator_facts facts;
    const struct gcr_generator *gcbench = gcr_generator_find("gcbench");
    gcr_options_init(gcbench->options, &options);
    assert_int_equal(gcbench->facts(&options, &facts, &err), GCR_OK);
    /* The stretch tree: 2^19 - 1 nodes of two pointers and two ints. */
    assert_int_equal(facts.peak_live_objects, (1 << 19) - 1);
    assert_int_equal(facts.peak_live_bytes, ((1 << 19) - 1) * 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_program_is_valid_and_as_its_facts_say),
        cmocka_unit_test(annotate_finds_the_deaths_that_generators_write),
        cmocka_unit_test(annotate_finds_what_deaths_off_leaves_out),
        cmocka_unit_test(the_same_options_give_the_same_bytes),
        cmocka_unit_test(another_seed_gives_other_events_of_the_same_size),
        cmocka_unit_test(contradicting_options_are_named_and_leave_no_file),
        cmocka_unit_test(no_generator_goes_untested),
        cmocka_unit_test(the_original_program_has_12_mib_live),
    };
    return cmocka_run_group_tests_name("generators", tests, NULL, NULL);
}
