/* Metadata of recordings: see recording_meta.h. */
#include "workloads/cpython/recording_meta.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *meta_word(const char *word)
{
    json_t *text = json_string(word);
    return text != NULL ? text : json_string("(not UTF-8)");
}

/* The program's as it was asked for; a group's as its process found it. */
static json_t *meta_command(const struct groups *groups, const struct gcr_group *group)
{
    json_t *command = json_array();
    if (group->origin == GCR_GROUP_PROGRAM) {
        for (char *const *word = groups->config->command; *word != NULL; word++)
            json_array_append_new(command, meta_word(*word));
        return command;
    }
    char word[GCR_COMMAND_BYTES + 1];
    size_t used = 0;
    for (uint32_t i = 0; i < group->command_bytes; i++) {
        word[used++] = group->command[i];
        if (group->command[i] != '\0' && i + 1 < group->command_bytes)
            continue;
        word[used] = '\0';
        json_array_append_new(command, meta_word(word));
        used = 0;
    }
    return command;
}

static json_t *meta_counts(const struct gcr_recorder_counts *counts)
{
    return json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "allocations",
        (json_int_t)counts->allocations, "containers", (json_int_t)counts->containers, "deaths",
        (json_int_t)counts->deaths, "snapshots", (json_int_t)counts->snapshots, "snapshot_objects",
        (json_int_t)counts->snapshot_objects, "collections", (json_int_t)counts->collections,
        "free_list_births", (json_int_t)counts->free_list_births, "resurrected",
        (json_int_t)counts->resurrected, "finalized", (json_int_t)counts->finalized,
        "restated_objects", (json_int_t)counts->restated_objects, "restated_events",
        (json_int_t)counts->restated_events);
}

static json_t *meta_losses(const struct gcr_recorder_counts *counts)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "unseen_collections",
                     (json_int_t)counts->unseen_collections, "unseen_rebirths",
                     (json_int_t)counts->unseen_rebirths, "unplaced_references",
                     (json_int_t)counts->unplaced_references, "forced_drops",
                     (json_int_t)counts->forced_drops, "count_drift",
                     (json_int_t)counts->count_drift, "late_insertions",
                     (json_int_t)counts->late_insertions, "revived", (json_int_t)counts->revived,
                     "unmapped_blocks", (json_int_t)counts->unmapped_blocks, "lost_lanes",
                     (json_int_t)counts->lost_lanes);
}

static json_t *meta_sampling(const struct groups *groups, const struct gcr_recorder_counts *counts)
{
    return json_pack(
        "{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "processes",
        groups->recording->sampled == GCR_SAMPLE_ALL ? "all" : "forked", "every_events",
        (json_int_t)groups->config->sample_every, "samplings", (json_int_t)counts->samplings,
        "pages_written", (json_int_t)counts->pages_written, "pages_explained",
        (json_int_t)counts->pages_explained, "pages_read", (json_int_t)counts->pages_read,
        "pages_unread", (json_int_t)counts->pages_unread, "pages_discarded",
        (json_int_t)counts->pages_discarded, "unsampled_processes",
        (json_int_t)counts->unsampled_processes);
}

/* The file before this one, by its name alone: they may be moved together. */
static void meta_previous(const struct groups *groups, const struct gcr_group *group, json_t *meta)
{
    char *path = gcr_group_path(groups->config->path, group->previous);
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    json_object_set_new(meta, "previous", json_integer(group->previous));
    json_object_set_new(meta, "sequence", json_integer(group->sequence));
    if (path != NULL)
        json_object_set_new(meta, "previous_file", meta_word(slash == NULL ? path : slash + 1));
    free(path);
}

static json_t *meta_group(const struct groups *groups, const struct trace_group *trace,
                          const struct gcr_group *group)
{
    static const char *const origins[] = {"program", "executed", "continued"};
    json_t *meta =
        json_pack("{s:i,s:s,s:i,s:i}", "number", (int)trace->number, "origin",
                  origins[group->origin % 3], "pid", group->pid, "parent_pid", group->parent_pid);
    if (meta != NULL && group->previous != GCR_GROUP_NONE)
        meta_previous(groups, group, meta);
    return meta;
}

gcr_status recording_meta_text(const struct groups *groups, const struct trace_group *trace,
                               char **text, struct gcr_error *err)
{
    const struct gcr_recording *recording = groups->recording;
    const struct gcr_segment *segment = groups->segment;
    const struct gcr_group *group = &segment->group[trace->number];
    char version[sizeof segment->python_version + 1] = "";
    memcpy(version, segment->python_version, sizeof segment->python_version);
    json_t *meta = json_pack(
        "{s:s,s:o,s:s,s:s,s:o,s:o,s:o}", "recorder", "cpython", "command",
        meta_command(groups, group), "mode", groups->config->neutral ? "neutral" : "faithful",
        "python", version, "counts", meta_counts(&trace->counts), "losses",
        meta_losses(&trace->counts), "group", meta_group(groups, trace, group));
    if (meta != NULL && group->origin == GCR_GROUP_PROGRAM && recording->program_ended)
        json_object_set_new(meta, "program_status", json_integer(recording->program_status));
    if (meta != NULL && recording->sampled != GCR_SAMPLE_NOTHING)
        json_object_set_new(meta, "page_sampling", meta_sampling(groups, &trace->counts));
    if (atomic_load(&segment->unsampled_is_told) != 0)
        json_object_set_new(meta, "unsampled", json_string(segment->unsampled_reason));
    else if (recording->unsampled_reason[0] != '\0')
        json_object_set_new(meta, "unsampled", json_string(recording->unsampled_reason));
    if (meta != NULL && trace->stop_reason[0] != '\0')
        json_object_set_new(meta, "stopped", json_string(trace->stop_reason));
    *text = meta == NULL ? NULL : json_dumps(meta, JSON_COMPACT);
    json_decref(meta);
    if (*text == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the recording's metadata");
    return GCR_OK;
}
