/* The generators, in the order of `gcreplay list`, and the way from one to a file. */
#include "workloads/registry.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct gcr_generator *const generators[] = {
    &gcr_generator_gcbench,        &gcr_generator_tree,     &gcr_generator_ring,
    &gcr_generator_list,           &gcr_generator_growlist, &gcr_generator_sizes,
    &gcr_generator_steady,         &gcr_generator_ramp,     &gcr_generator_cliff,
    &gcr_generator_midlife,        &gcr_generator_bigarray, &gcr_generator_deepstack,
    &gcr_generator_popular,        &gcr_generator_green,    &gcr_generator_whiteshare,
    &gcr_generator_finchain,       &gcr_generator_lateweak, &gcr_generator_mt_store,
    &gcr_generator_request_server, &gcr_generator_cache,    &gcr_generator_fork_idle,
    &gcr_generator_fork_read,      &gcr_generator_fork_gc,
};

const struct gcr_generator *const *gcr_generators(size_t *count)
{
    *count = GCR_COUNT_OF(generators);
    return generators;
}

const struct gcr_generator *gcr_generator_find(const char *name)
{
    for (size_t i = 0; i < GCR_COUNT_OF(generators); i++)
        if (strcmp(generators[i]->name, name) == 0)
            return generators[i];
    return NULL;
}

/* {"program": "gcbench", "generator": {"name": "gcbench", "options": {"repeat": "1", ...}}} */
static gcr_status generator_describe(const struct gcr_generator *generator,
                                     const struct gcr_option_values *options,
                                     struct gcr_writer *writer, struct gcr_error *err)
{
    json_t *values = json_object();
    for (size_t i = 0; options->table[i].name != NULL; i++) {
        char text[128];
        gcr_option_format(&options->table[i], &options->row[i], text, sizeof text);
        json_object_set_new(values, options->table[i].name, json_string(text));
    }
    json_t *meta = json_pack("{s:s, s:{s:s, s:o}}", "program", generator->name, "generator", "name",
                             generator->name, "options", values);
    char *text = meta != NULL ? json_dumps(meta, JSON_COMPACT) : NULL;
    json_decref(meta);
    if (text == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to describe generator %s", generator->name);
    gcr_status status = gcr_writer_meta(writer, text, err);
    free(text);
    return status;
}

gcr_status gcr_generate_file(const struct gcr_generator *generator,
                             const struct gcr_option_values *options, const char *path,
                             void (*progress)(void *arg, uint64_t done), void *progress_arg,
                             struct gcr_error *err)
{
    struct gcr_generator_facts facts;
    gcr_status status = generator->facts(options, &facts, err);
    if (status != GCR_OK)
        return status;
    struct emit_target generation = {.progress = progress, .progress_arg = progress_arg};
    status = gcr_writer_open(path, &facts.capabilities, &generation.writer, err);
    if (status != GCR_OK)
        return status;
    status = generator_describe(generator, options, generation.writer, err);
    if (status == GCR_OK)
        status = generator->generate(options, &generation, err);
    if (status != GCR_OK) {
        gcr_writer_abandon(generation.writer);
        return status;
    }
    return gcr_writer_close(generation.writer, err);
}
