/* The harness's own memory: a lane of any length streams in bounded memory, and each live object
 * costs less than 16 bytes outside the heap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/measure/machine.h"
#include "tests/replay/script.h"

/* Produces its events on the fly: first `keep` objects that stay, then garbage, three events each.
 */
struct generator {
    uint32_t keep;
    uint64_t garbage;
};

struct generator_stream {
    const struct generator *generator;
    uint64_t position;
};

static gcr_status generator_open(const struct gcr_event_source *source, uint32_t lane,
                                 void **stream, struct gcr_error *err)
{
    struct generator_stream *s = malloc(sizeof *s);

    (void)lane;
    (void)err;
    assert_non_null(s);
    *s = (struct generator_stream){source->arg, 0};
    *stream = s;
    return GCR_OK;
}

static struct gcr_event generator_event(const struct generator *g, uint64_t position)
{
    uint32_t next = g->keep + 1;

    if (position < g->keep)
        return (struct gcr_event){.op = GCR_OP_ALLOC,
                                  .a = (uint32_t)position + 1,
                                  .b = SHAPE_PAIR,
                                  .c = gcr_root_global((uint32_t)position % 64)};
    switch ((position - g->keep) % 3) {
    case 0:
        return (struct gcr_event){
            .op = GCR_OP_ALLOC, .a = next, .b = SHAPE_BLOB, .c = gcr_root_thread(0)};
    case 1:
        return (struct gcr_event){.op = GCR_OP_ROOT, .a = gcr_root_thread(0)};
    default:
        return (struct gcr_event){.op = GCR_OP_DEATH, .a = next};
    }
}

static gcr_status generator_read(void *stream, struct gcr_event *events, size_t room, size_t *n,
                                 struct gcr_error *err)
{
    struct generator_stream *s = stream;
    uint64_t total = s->generator->keep + 3 * s->generator->garbage;

    (void)err;
    for (*n = 0; *n < room && s->position < total; ++*n)
        events[*n] = generator_event(s->generator, s->position++);
    return GCR_OK;
}

static void generator_close(void *stream)
{
    free(stream);
}

/* Replays and returns how much resident memory was needed beyond the footprint and `before`. */
static uint64_t memory_beyond_heap(const struct generator *generator, const char *space)
{
    static const struct gcr_capabilities capabilities = {.deaths = GCR_DEATHS_EXACT};
    const struct gcr_event_source source = {.shapes = script_shapes,
                                            .shape_count = SHAPE_COUNT - 1,
                                            .capabilities = &capabilities,
                                            .lanes = 1,
                                            .events = generator->keep + 3 * generator->garbage,
                                            .arg = (void *)generator,
                                            .open = generator_open,
                                            .read = generator_read,
                                            .close = generator_close};
    struct gcr_option_values options;
    struct gcr_replay_config config = {.engine = &gcr_engine_twospace, .options = &options};
    struct gcr_result result;
    struct gcr_error err = {""};
    uint64_t before, beyond, heap;

    gcr_rss_peak_reset();
    before = gcr_rss_peak_bytes();
    gcr_options_init(gcr_engine_twospace.collector->options, &options);
    assert_int_equal(gcr_option_set(&options, "space", space, &err), GCR_OK);
    assert_int_equal(gcr_replay_source(&config, &source, &result, &err), GCR_OK);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lanes[0].events, source.events);
    assert_int_equal(result.lanes[0].live_end_objects, generator->keep);
    heap = result.lanes[0].footprint_peak_bytes;
    beyond = result.lanes[0].rss_peak_bytes > before + heap
                 ? result.lanes[0].rss_peak_bytes - before - heap
                 : 0;
    gcr_result_finish(&result);
    return beyond;
}

static void long_lane_streams_in_bounded_memory(void **unused)
{
    const struct generator generator = {.keep = 10, .garbage = 3000000};

    (void)unused;
    assert_true(memory_beyond_heap(&generator, "64K") < 16 << 20);
}

/* No collection here: the test collector would find the objects unreachable. */
static void live_object_costs_less_than_16_bytes(void **unused)
{
    const struct generator generator = {.keep = 1000000};

    (void)unused;
    assert_true(memory_beyond_heap(&generator, "48M") < 16u * 1000000 + (8 << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_lane_streams_in_bounded_memory),
        cmocka_unit_test(live_object_costs_less_than_16_bytes),
    };

    return cmocka_run_group_tests_name("unit.streaming", tests, NULL, NULL);
}
