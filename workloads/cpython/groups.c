/* Trace groups: see groups.h. */
#include "workloads/cpython/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/cpython/keep.h"
#include "workloads/cpython/recording_meta.h"

char *gcr_group_path(const char *path, uint32_t number)
{
    static const char ending[] = ".gct";
    size_t n = strlen(path), stem = n;
    if (n >= strlen(ending) && strcmp(path + n - strlen(ending), ending) == 0)
        stem = n - strlen(ending);
    size_t room = n + 16;
    char *text = malloc(room);
    if (text == NULL)
        return NULL;
    if (number == 0)
        snprintf(text, room, "%s", path);
    else
        snprintf(text, room, "%.*s.%u%s", (int)stem, path, number, path + stem);
    return text;
}

/* ---- opening ---- */

static void group_free(struct trace_group *group)
{
    free(group->shapes);
    free(group->born);
    free(group);
}

static gcr_status group_open(struct groups *groups, uint32_t number, struct gcr_error *err)
{
    struct trace_group *group = calloc(1, sizeof *group);
    char *path = gcr_group_path(groups->config->path, number);
    gcr_status status = GCR_OK;
    if (group != NULL) {
        group->number = number;
        group->shapes = calloc(GCR_SEGMENT_SHAPES, sizeof *group->shapes);
        group->born = calloc(GCR_MAX_LANES / 64, sizeof *group->born);
    }
    if (group == NULL || path == NULL || group->shapes == NULL || group->born == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a trace file");
    if (status == GCR_OK)
        status = gcr_writer_open(path, &groups->capabilities, &group->writer, err);
    free(path);
    if (status != GCR_OK) {
        if (group != NULL)
            group_free(group);
        groups->failed = true;
        return status;
    }
    group->born[0] = 1;
    groups->open[groups->open_count++] = group;
    return GCR_OK;
}

gcr_status groups_init(struct groups *groups, const struct gcr_recording_config *config,
                       struct gcr_segment *segment, struct gcr_recording *recording,
                       struct gcr_error *err)
{
    const bool sampled = recording->sampled != GCR_SAMPLE_NOTHING;
    *groups = (struct groups){
        .config = config, .segment = segment, .recording = recording, .open_count = 0};
    groups->capabilities =
        (struct gcr_capabilities){.stores = GCR_STORES_SAMPLED,
                                  .reads = sampled ? GCR_READS_PAGE_SAMPLED : GCR_READS_NONE,
                                  .deaths = GCR_DEATHS_GRANULATED,
                                  .roots = GCR_ROOTS_SYNTHESISED,
                                  .tracking = !config->neutral,
                                  .threads = 1,
                                  .forks = 1,
                                  .times = 1,
                                  .faithful = !config->neutral};
    return group_open(groups, 0, err);
}

gcr_status groups_get(struct groups *groups, uint32_t number, struct trace_group **out,
                      struct gcr_error *err)
{
    for (unsigned i = 0; i < groups->open_count; i++) {
        *out = groups->open[i];
        if ((*out)->number == number)
            return GCR_OK;
    }
    gcr_status status = group_open(groups, number, err);
    if (status == GCR_OK)
        *out = groups->open[groups->open_count - 1];
    return status;
}

/* ---- events ---- */

bool group_lane_is_born(const struct trace_group *group, uint32_t lane)
{
    return (group->born[lane / 64] >> (lane % 64) & 1) != 0;
}

/* All groups share the segment's shapes and names; a file declares those that it uses. */
static gcr_status group_declare_shape(const struct groups *groups, struct trace_group *group,
                                      uint32_t *number, struct gcr_error *err)
{
    uint32_t known = group->shapes[*number % GCR_SEGMENT_SHAPES];
    gcr_status status = GCR_OK;
    if (known == 0) {
        status = gcr_writer_shape(
            group->writer, &groups->segment->shapes[*number % GCR_SEGMENT_SHAPES], &known, err);
        group->shapes[*number % GCR_SEGMENT_SHAPES] = known;
    }
    *number = known;
    return status;
}

static gcr_status group_declare_name(const struct groups *groups, struct trace_group *group,
                                     uint32_t *number, struct gcr_error *err)
{
    uint32_t *known = &group->names[*number % GCR_SEGMENT_NAMES];
    gcr_status status = GCR_OK;
    if (*known == 0)
        status = gcr_writer_name(group->writer, groups->segment->names[*number % GCR_SEGMENT_NAMES],
                                 known, err);
    *number = *known;
    return status;
}

gcr_status group_event(struct groups *groups, struct trace_group *group, uint32_t lane,
                       struct gcr_event event, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    if (event.op == GCR_OP_NONE)
        return GCR_OK;
    event.unused = 0;
    if (event.op == GCR_OP_ALLOC || event.op == GCR_OP_PREBUILT)
        status = group_declare_shape(groups, group, &event.b, err);
    else if (event.op == GCR_OP_PHASE)
        status = group_declare_name(groups, group, &event.a, err);
    else if (event.op == GCR_OP_FORK)
        group->born[event.a / 64 % (GCR_MAX_LANES / 64)] |= (uint64_t)1 << (event.a % 64);
    group->events++;
    if (status == GCR_OK)
        status = gcr_writer_event(group->writer, lane, &event, err);
    groups->failed |= status != GCR_OK;
    return status;
}

bool group_is_full(const struct groups *groups, const struct trace_group *group)
{
    const uint64_t most = groups->config->window.rotate_bytes;
    return most > 0 && gcr_writer_bytes(group->writer) >= most;
}

gcr_status group_end_lane(struct trace_group *group, const struct gcr_ring *ring,
                          struct gcr_error *err)
{
    gcr_recorder_counts_add(&group->counts, &ring->counts);
    if (ring->stop_reason[0] != '\0' && group->stop_reason[0] == '\0')
        memcpy(group->stop_reason, ring->stop_reason, sizeof group->stop_reason);
    group->lanes++;
    return gcr_writer_cut(group->writer, ring->lane, err);
}

/* ---- the end ---- */

static gcr_status groups_list(struct groups *groups, const struct trace_group *group,
                              struct gcr_error *err)
{
    struct gcr_recording *recording = groups->recording;
    char *path = gcr_group_path(groups->config->path, group->number);
    struct gcr_recorded_trace *traces =
        realloc(recording->traces, (recording->trace_count + 1) * sizeof *traces);
    if (traces != NULL)
        recording->traces = traces;
    if (path == NULL || traces == NULL) {
        free(path);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the list of traces");
    }
    struct gcr_recorded_trace *trace = &traces[recording->trace_count++];
    *trace = (struct gcr_recorded_trace){.path = path,
                                         .number = group->number,
                                         .pid = groups->segment->group[group->number].pid,
                                         .lanes = group->lanes,
                                         .events = group->events,
                                         .counts = group->counts};
    memcpy(trace->stop_reason, group->stop_reason, sizeof trace->stop_reason);
    keep_newest(recording, groups->config->window.keep);
    return GCR_OK;
}

static void groups_forget(struct groups *groups, struct trace_group *group)
{
    for (unsigned i = 0; i < groups->open_count; i++) {
        if (groups->open[i] == group)
            groups->open[i] = groups->open[--groups->open_count];
    }
    group_free(group);
}

gcr_status groups_close(struct groups *groups, struct trace_group *group, struct gcr_error *err)
{
    char *text = NULL;
    gcr_status status = recording_meta_text(groups, group, &text, err);
    if (status == GCR_OK)
        status = gcr_writer_meta(group->writer, text, err);
    free(text);
    if (status == GCR_OK) {
        struct gcr_writer *writer = group->writer;
        group->writer = NULL;
        status = gcr_writer_close(writer, err);
    }
    if (status == GCR_OK)
        status = groups_list(groups, group, err);
    groups->failed |= status != GCR_OK;
    if (group->writer == NULL)
        groups_forget(groups, group);
    return status;
}

void groups_release(struct groups *groups)
{
    while (groups->open_count > 0) {
        struct trace_group *group = groups->open[0];
        if (groups->failed && group->events > 0)
            gcr_writer_leave(group->writer);
        else
            gcr_writer_abandon(group->writer);
        groups_forget(groups, group);
    }
}
