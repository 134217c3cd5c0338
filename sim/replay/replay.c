/* The entry: checks the request, runs lane 0 and its descendants, and assembles the result. */
#include "sim/replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/measure/capability_rules.h"
#include "sim/replay/lanes.h"

const struct gcr_collector *gcr_engine_collector(const struct gcr_engine *engine)
{
    return engine->collector;
}

/* ---- the root process ---- */

/* Memory that a heap reads too (the host, the shapes), on pages of its own: where it lies must not
 * depend on what malloc was asked for before, or the cache model's last digits would. Zeroed. */
static void *replay_map(size_t bytes)
{
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return got == MAP_FAILED ? NULL : got;
}

static void replay_unmap(void *start, size_t bytes)
{
    if (start != NULL)
        munmap(start, bytes);
}

/* shapes[1..shape_count]; [0] is unused. */
static size_t replay_shapes_bytes(const struct gcr_event_source *source)
{
    return (source->shape_count + 1) * sizeof *source->shapes;
}

static gcr_status replay_process_create(const struct gcr_replay_config *config,
                                        const struct gcr_event_source *source,
                                        struct gcr_process **out, struct gcr_error *err)
{
    struct gcr_process *process = replay_map(sizeof *process);
    struct gcr_shape *shapes = replay_map(replay_shapes_bytes(source));
    void *shared = mmap(NULL, sizeof *process->shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct gcr_event *events = malloc(GCR_BATCH_EVENTS * sizeof *events);

    *out = process;
    if (process == NULL || shapes == NULL || shared == MAP_FAILED || events == NULL) {
        replay_unmap(process, sizeof *process);
        replay_unmap(shapes, replay_shapes_bytes(source));
        free(events);
        if (shared != MAP_FAILED)
            munmap(shared, sizeof(struct gcr_shared_progress));
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to replay with");
    }
    process->config = config;
    process->source = source;
    process->fork = gcr_lanes_fork;
    process->events = process->buffer = events;
    process->event_room = config->cow ? GCR_COW_BATCH_EVENTS : GCR_BATCH_EVENTS;
    process->shared = shared;
    process->is_root = true;
    process->up = -1;
    process->result = (struct gcr_lane_result){.lane = 0, .parent = -1};
    memcpy(shapes, source->shapes, replay_shapes_bytes(source));
    gcr_state_init(&process->state, config->engine, shapes, source->shape_count,
                   source->capabilities);
    process->state.pace =
        (struct gcr_pace){.is_recorded = config->pace_recorded, .has_origin = true};
    return GCR_OK;
}

static void replay_process_destroy(struct gcr_process *process)
{
    gcr_lanes_release(process);
    if (process->state.checker != NULL)
        process->state.checker->destroy(process->state.checker);
    if (process->state.heap != NULL)
        process->state.collector->destroy(process->state.heap);
    gcr_state_finish(&process->state);
    gcr_lane_result_finish(&process->result);
    for (size_t i = 0; i < process->result_count; i++)
        gcr_lane_result_finish(&process->results[i]);
    free(process->results);
    munmap(process->shared, sizeof *process->shared);
    free(process->buffer);
    replay_unmap((void *)(uintptr_t)process->state.shapes, replay_shapes_bytes(process->source));
    replay_unmap(process, sizeof *process);
}

/* Not even an empty heap fits: an outcome like any other. */
static gcr_status replay_without_heap(struct gcr_process *process, struct gcr_error *err)
{
    process->result.outcome = GCR_OUTCOME_HEAP_EXHAUSTED;
    snprintf(process->result.message, sizeof process->result.message,
             "lane 0: no room to set up an empty heap: %.400s", err->text);
    err->text[0] = '\0';
    return gcr_process_add_result(process, &process->result, err);
}

static gcr_status replay_all_lanes(struct gcr_process *process, struct gcr_error *err)
{
    gcr_status status = gcr_lane_create_heap(process, err);

    if (status == GCR_HEAP_EXHAUSTED)
        return replay_without_heap(process, err);
    if (status != GCR_OK)
        return status;
    status = gcr_lane_replay(process, err);
    if (status == GCR_OK)
        status = gcr_process_add_result(process, &process->result, err);
    if (status == GCR_OK)
        status = gcr_lanes_run_children(process, err);
    return status;
}

/* ---- the result ---- */

static int replay_compare_lanes(const void *left, const void *right)
{
    const struct gcr_lane_result *a = left, *b = right;

    return (a->lane > b->lane) - (a->lane < b->lane);
}

/* Takes the lanes over from the process, in lane order, and sums up how it went. */
static void replay_take_lanes(struct gcr_process *process, struct gcr_result *result)
{
    const struct gcr_lane_result *worst;
    size_t length;

    qsort(process->results, process->result_count, sizeof *process->results, replay_compare_lanes);
    result->lanes = process->results;
    result->lane_count = process->result_count;
    process->results = NULL;
    process->result_count = 0;
    worst = gcr_result_worst_lane(result);
    result->outcome = worst->outcome;
    snprintf(result->message, sizeof result->message, "%s", worst->message);
    length = strlen(result->message);
    if (worst->outcome != GCR_OUTCOME_OK && result->lane_count < result->trace.lanes)
        snprintf(result->message + length, sizeof result->message - length,
                 " (%zu of %u lanes were not reached)", result->trace.lanes - result->lane_count,
                 result->trace.lanes);
}

static void replay_start_result(const struct gcr_replay_config *config,
                                const struct gcr_event_source *source, struct gcr_result *result)
{
    result->trace.events = source->events;
    result->trace.lanes = source->lanes;
    result->trace.capabilities = *source->capabilities;
    result->collector = config->engine->collector;
    if (config->options != NULL)
        result->options = *config->options;
    result->budget_bytes = config->budget_bytes;
    result->verify = config->verify;
    result->pace_recorded = config->pace_recorded;
    result->cow = config->cow;
}

gcr_status gcr_replay_source(const struct gcr_replay_config *config,
                             const struct gcr_event_source *source, struct gcr_result *result,
                             struct gcr_error *err)
{
    const struct gcr_collector *collector = config->engine->collector;
    struct gcr_process *process;
    gcr_status status;

    *result = (struct gcr_result){0};
    if (gcr_collector_is(collector, GCR_CAP_NEEDS_DEATHS) &&
        source->capabilities->deaths == GCR_DEATHS_NONE)
        return gcr_fail(err, GCR_UNSUPPORTED, "%s: %s", collector->name,
                        gcr_figure_refusal(GCR_FIGURE_DEATH_DRIVEN, source->capabilities, false));
    if (config->pace_recorded && !source->capabilities->times)
        return gcr_fail(err, GCR_UNSUPPORTED, "the recorded pace: %s",
                        gcr_figure_refusal(GCR_FIGURE_RECORDED_PACE, source->capabilities, false));
    status = replay_process_create(config, source, &process, err);
    if (status != GCR_OK)
        return status;
    replay_start_result(config, source, result);
    status = replay_all_lanes(process, err);
    result->concurrent = process->state.timing.free_running;
    if (status == GCR_OK)
        replay_take_lanes(process, result);
    replay_process_destroy(process);
    return status;
}

/* ---- from a file ---- */

static gcr_status reader_source_open(const struct gcr_event_source *source, uint32_t lane,
                                     void **stream, struct gcr_error *err)
{
    struct gcr_cursor *cursor;
    gcr_status status = gcr_cursor_open(source->arg, lane, &cursor, err);

    if (status == GCR_OK)
        *stream = cursor;
    return status;
}

static gcr_status reader_source_read(void *stream, struct gcr_event *events, size_t room, size_t *n,
                                     struct gcr_error *err)
{
    return gcr_cursor_read(stream, events, room, n, err);
}

static gcr_status reader_source_next(void *stream, size_t room, const struct gcr_event **events,
                                     size_t *n, struct gcr_error *err)
{
    return gcr_cursor_next(stream, room, events, n, err);
}

static void reader_source_close(void *stream)
{
    gcr_cursor_close(stream);
}

static struct gcr_event_source reader_source(struct gcr_reader *reader)
{
    struct gcr_event_source source = {
        .capabilities = gcr_reader_capabilities(reader),
        .lanes = gcr_reader_lane_count(reader),
        .events = gcr_reader_events(reader),
        .is_cut = gcr_reader_warning(reader) != NULL,
        .arg = reader,
        .open = reader_source_open,
        .read = reader_source_read,
        .next = reader_source_next,
        .close = reader_source_close,
    };

    source.shapes = gcr_reader_shapes(reader, &source.shape_count);
    return source;
}

/* A name that finds no memory is left out, and all behind it. */
static void replay_name_phases(const struct gcr_reader *reader, struct gcr_result *result)
{
    uint32_t count = 0;

    gcr_reader_name(reader, 1, &count);
    result->trace.phase_names = count > 0 ? calloc(count, sizeof *result->trace.phase_names) : NULL;
    for (uint32_t i = 0; i < count && result->trace.phase_names != NULL; i++) {
        result->trace.phase_names[i] = strdup(gcr_reader_name(reader, i + 1, NULL));
        if (result->trace.phase_names[i] == NULL)
            return;
        result->trace.phase_name_count++;
    }
}

static void replay_name_file(struct gcr_reader *reader, struct gcr_result *result)
{
    const char *warning = gcr_reader_warning(reader);

    snprintf(result->trace.path, sizeof result->trace.path, "%s", gcr_reader_path(reader));
    snprintf(result->trace.digest, sizeof result->trace.digest, "%s", gcr_reader_digest(reader));
    result->trace.file_bytes = gcr_reader_file_bytes(reader);
    if (warning != NULL)
        snprintf(result->trace.warning, sizeof result->trace.warning, "%s", warning);
    replay_name_phases(reader, result);
}

/* Not where a further thread would be among those that are watched or counted, or would stand in
 * the way of the design's own. */
static bool replay_may_decode_ahead(const struct gcr_replay_config *config)
{
    return !gcr_collector_is(config->engine->collector, GCR_CAP_THREADS) &&
           config->engine->twin == NULL && !config->cow && config->counters == NULL &&
           config->control == NULL;
}

gcr_status gcr_replay(const struct gcr_replay_config *config, struct gcr_result *result,
                      struct gcr_error *err)
{
    struct gcr_event_source source = reader_source(config->reader);
    const bool ahead = config->decode_ahead && replay_may_decode_ahead(config);
    gcr_status status;

    gcr_reader_decode_ahead(config->reader, ahead);
    status = gcr_replay_source(config, &source, result, err);
    if (status != GCR_OK)
        return status;
    replay_name_file(config->reader, result);
    result->decode_ahead = ahead;
    return GCR_OK;
}

void gcr_replay_crashed(const struct gcr_replay_config *config, const char *message,
                        struct gcr_result *result)
{
    struct gcr_event_source source = reader_source(config->reader);

    *result = (struct gcr_result){0};
    replay_start_result(config, &source, result);
    replay_name_file(config->reader, result);
    result->outcome = GCR_OUTCOME_CRASHED;
    snprintf(result->message, sizeof result->message, "%s", message);
}
