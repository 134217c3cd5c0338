#include "sim/oracle/annotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sim/oracle/annotate_plan.h"
#include "sim/oracle/annotate_walk.h"

static const char *annotate_kind(const struct gcr_capabilities *capabilities)
{
    static const char *const kinds[] = {"none", "granulated", "exact"};

    return kinds[capabilities->deaths];
}

static gcr_status annotate_may(struct gcr_reader *reader, const char *path,
                               const struct gcr_annotation *options, struct gcr_error *err)
{
    const struct gcr_capabilities *capabilities = gcr_reader_capabilities(reader);
    struct stat in, partial;
    char name[4096];

    if (capabilities->deaths != GCR_DEATHS_NONE && !options->replace)
        return gcr_fail(err, GCR_USAGE, "%s has %s deaths already; --replace puts exact ones there",
                        gcr_reader_path(reader), annotate_kind(capabilities));
    snprintf(name, sizeof name, "%s.partial", path);
    if (stat(gcr_reader_path(reader), &in) == 0 && stat(name, &partial) == 0 &&
        in.st_dev == partial.st_dev && in.st_ino == partial.st_ino)
        return gcr_fail(err, GCR_USAGE,
                        "%s would be overwritten while it is read; "
                        "choose another name for the output",
                        name);
    return GCR_OK;
}

static gcr_status annotate_declare(struct gcr_reader *reader, struct gcr_writer *writer,
                                   const struct gcr_annotation *options, struct gcr_error *err)
{
    uint32_t shape_count, names = 0, number;
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &shape_count);
    gcr_status status = GCR_OK;
    char note[256];

    for (uint32_t i = 1; i <= shape_count && status == GCR_OK; i++)
        status = gcr_writer_shape(writer, &shapes[i], &number, err);
    (void)gcr_reader_name(reader, 1, &names);
    for (uint32_t i = 1; i <= names && status == GCR_OK; i++)
        status = gcr_writer_name(writer, gcr_reader_name(reader, i, &names), &number, err);
    if (status == GCR_OK)
        status = gcr_writer_meta(writer, gcr_reader_meta(reader), err);
    snprintf(note, sizeof note,
             "{\"annotated\":{\"method\":\"Merlin\",\"deaths_before\":\"%s\",\"indexes\":\"%s\","
             "\"input_digest\":\"%s\",\"input_cut_short\":%s}}",
             annotate_kind(gcr_reader_capabilities(reader)),
             options->keep_indexes ? "kept" : "reused", gcr_reader_digest(reader),
             gcr_reader_warning(reader) != NULL ? "true" : "false");
    return status == GCR_OK ? gcr_writer_meta(writer, note, err) : status;
}

static gcr_status annotate_write(struct gcr_reader *reader, const char *path,
                                 const struct gcr_annotate_plan *plan,
                                 const struct gcr_annotation *options,
                                 struct gcr_annotation_result *out, struct gcr_error *err)
{
    struct gcr_capabilities capabilities = *gcr_reader_capabilities(reader);
    struct gcr_writer *writer;
    gcr_status status;

    capabilities.deaths = GCR_DEATHS_EXACT;
    status =
        gcr_writer_open_level(path, &capabilities, gcr_reader_zstd_level(reader), &writer, err);
    if (status != GCR_OK)
        return status;
    status = annotate_declare(reader, writer, options, err);
    if (status == GCR_OK)
        status = gcr_annotate_walk(reader, plan, options, writer, out, err);
    if (status == GCR_OK)
        return gcr_writer_close(writer, err);
    gcr_writer_abandon(writer);
    return status;
}

uint32_t gcr_annotate_passes(struct gcr_reader *reader)
{
    return gcr_annotate_plan_is_needed(reader) ? 3 : 2;
}

gcr_status gcr_annotate(struct gcr_reader *reader, const char *path,
                        const struct gcr_annotation *options, struct gcr_annotation_result *out,
                        struct gcr_error *err)
{
    struct gcr_trace_check found;
    struct gcr_annotate_plan plan;
    gcr_status status = annotate_may(reader, path, options, err);

    *out = (struct gcr_annotation_result){0};
    if (status == GCR_OK)
        status = gcr_check_trace(reader, &found, err);
    if (status == GCR_OK)
        status = gcr_annotate_plan_make(reader, &plan, err);
    if (status != GCR_OK)
        return status;
    out->objects = found.objects;
    status = annotate_write(reader, path, &plan, options, out, err);
    gcr_annotate_plan_finish(&plan);
    return status;
}
