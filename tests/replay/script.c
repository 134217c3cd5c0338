/* Events in memory. */
#include "tests/replay/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct gcr_shape script_shapes[SHAPE_COUNT] = {
    [SHAPE_PAIR] = {.field_bytes = 24, .slots = 2, .number = SHAPE_PAIR, .name = "pair"},
    [SHAPE_ARRAY] = {.item_bytes = 8, .item_slots = 1, .number = SHAPE_ARRAY, .name = "array"},
    [SHAPE_FINALIZED] = {.field_bytes = 8,
                         .slots = 1,
                         .flags = GCR_SHAPE_FINALIZER,
                         .number = SHAPE_FINALIZED,
                         .name = "finalized"},
    [SHAPE_LIST] = {.item_bytes = 8,
                    .item_slots = 1,
                    .flags = GCR_SHAPE_RESIZABLE,
                    .number = SHAPE_LIST,
                    .name = "list"},
    [SHAPE_BLOB] = {.field_bytes = 64, .number = SHAPE_BLOB, .name = "blob"},
    [SHAPE_HUGE] = {.item_bytes = 1u << 16, .number = SHAPE_HUGE, .name = "huge"},
};

void script_init(struct script *script, uint32_t lanes)
{
    memset(script, 0, sizeof *script);
    script->lanes = lanes;
    script->capabilities.deaths = GCR_DEATHS_EXACT;
    script->capabilities.forks = 1;
}

void script_free(struct script *script)
{
    for (int i = 0; i < SCRIPT_LANES; i++)
        free(script->events[i]);
}

void script_add(struct script *script, uint32_t lane, struct gcr_event event)
{
    if (script->count[lane] == script->room[lane]) {
        script->room[lane] = script->room[lane] * 2 + 64;
        script->events[lane] =
            realloc(script->events[lane], script->room[lane] * sizeof *script->events[lane]);
        assert_non_null(script->events[lane]);
    }
    script->events[lane][script->count[lane]++] = event;
}

void script_alloc(struct script *script, uint32_t lane, uint32_t object, uint32_t shape,
                  uint32_t length, uint32_t root)
{
    script_add(
        script, lane,
        (struct gcr_event){.op = GCR_OP_ALLOC, .a = object, .b = shape, .c = root, .d = length});
}

void script_root(struct script *script, uint32_t lane, uint32_t root, uint32_t value)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_ROOT, .a = root, .b = value});
}

void script_store(struct script *script, uint32_t lane, uint32_t object, uint32_t slot,
                  uint32_t value)
{
    script_add(script, lane,
               (struct gcr_event){.op = GCR_OP_STORE, .a = object, .b = slot, .c = value});
}

void script_death(struct script *script, uint32_t lane, uint32_t object)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_DEATH, .a = object});
}

void script_collect(struct script *script, uint32_t lane)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_COLLECT, .a = 2});
}

void script_fork(struct script *script, uint32_t lane, uint32_t child)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_FORK, .a = child});
}

void script_exit(struct script *script, uint32_t lane)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_EXIT});
}

void script_churn(struct script *script, uint32_t lane, uint32_t object, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        script_alloc(script, lane, object, SHAPE_BLOB, 0, gcr_root_thread(9));
        script_root(script, lane, gcr_root_thread(9), 0);
        script_death(script, lane, object);
    }
}

/* ---- as a source ---- */

struct script_stream {
    const struct script *script;
    uint32_t lane;
    size_t position;
};

static gcr_status script_open(const struct gcr_event_source *source, uint32_t lane, void **stream,
                              struct gcr_error *err)
{
    struct script_stream *s = malloc(sizeof *s);

    (void)err;
    assert_non_null(s);
    *s = (struct script_stream){source->arg, lane, 0};
    *stream = s;
    return GCR_OK;
}

static gcr_status script_read(void *stream, struct gcr_event *events, size_t room, size_t *n,
                              struct gcr_error *err)
{
    struct script_stream *s = stream;
    size_t left = s->script->count[s->lane] - s->position;

    if (s->script->on_read != NULL)
        s->script->on_read();
    if (s->script->damaged_lane != 0 && s->lane == s->script->damaged_lane)
        return gcr_fail(err, GCR_BAD_INPUT, "lane %u is damaged", s->lane);
    if (s->script->chunk != 0 && room > s->script->chunk)
        room = s->script->chunk;
    *n = left < room ? left : room;
    if (*n > 0)
        memcpy(events, s->script->events[s->lane] + s->position, *n * sizeof *events);
    s->position += *n;
    return GCR_OK;
}

static void script_close(void *stream)
{
    free(stream);
}

gcr_status script_try_replay(const struct script *script, const struct script_run *run,
                             struct gcr_result *result, struct gcr_error *err)
{
    struct gcr_option_values options;
    struct gcr_replay_config config = {
        .engine = run->engine != NULL ? run->engine : &gcr_engine_twospace,
        .options = &options,
        .budget_bytes = run->budget_bytes,
        .supply_fail_after = run->supply_fail_after,
        .final_collection = run->final_collection,
        .pace_recorded = run->pace_recorded,
        .cow = run->cow,
        .window_bytes = run->window_bytes,
        .verify = run->make_checker != NULL ? GCR_VERIFY_ON : GCR_VERIFY_OFF,
        .make_checker = run->make_checker,
        .counters = run->counters,
        .progress = run->progress,
        .progress_arg = run->progress_arg,
    };
    struct gcr_event_source source = {
        .shapes = script_shapes,
        .shape_count = SHAPE_COUNT - 1,
        .capabilities = &script->capabilities,
        .lanes = script->lanes,
        .arg = (void *)script,
        .open = script_open,
        .read = script_read,
        .close = script_close,
    };

    gcr_options_init(gcr_engine_twospace.collector->options, &options);
    for (uint32_t lane = 0; lane < script->lanes; lane++)
        source.events += script->count[lane];
    if (run->space != NULL)
        assert_int_equal(gcr_option_set(&options, "space", run->space, err), GCR_OK);
    if (run->damage != NULL)
        assert_int_equal(gcr_option_set(&options, "damage", run->damage, err), GCR_OK);
    return gcr_replay_source(&config, &source, result, err);
}

void script_replay(const struct script *script, const struct script_run *run,
                   struct gcr_result *result)
{
    struct gcr_error err = {""};

    if (script_try_replay(script, run, result, &err) != GCR_OK)
        fail_msg("replay: %s", err.text);
}

void script_list(struct script *script, uint32_t n)
{
    script_alloc(script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    for (uint32_t i = 2; i <= n; i++) {
        script_alloc(script, 0, i, SHAPE_PAIR, 0, gcr_root_thread(1));
        script_store(script, 0, i, 0, i - 1);
        script_root(script, 0, gcr_root_thread(0), i);
    }
    script_root(script, 0, gcr_root_thread(1), 0);
}
