/* The traces of a study: patterns, names, facts. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sim/oracle/oracle.h"
#include "sim/study/plan_parts.h"

/* A relative pattern starts where the study file lies, whatever letters the way there has. */
static char *trace_pattern(const struct gcr_study_file *file, const char *word)
{
    const char *slash = strrchr(file->path, '/');
    size_t folder = word[0] != '/' && slash != NULL ? (size_t)(slash - file->path) + 1 : 0;
    size_t letters = strlen(word);
    char *pattern = malloc(2 * folder + letters + 1), *at = pattern;
    if (pattern == NULL)
        return NULL;
    for (size_t i = 0; i < folder; i++) {
        if (strchr("*?[\\", file->path[i]) != NULL)
            *at++ = '\\';
        *at++ = file->path[i];
    }
    memcpy(at, word, letters + 1);
    return pattern;
}

/* "service.gct" is "service"; a second one of that name is "service-2". */
static char *trace_name(const struct gcr_plan *plan, const char *path)
{
    const char *base = strrchr(path, '/') + 1;
    const char *dot = strrchr(base, '.');
    int length = (int)(dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base));
    size_t room = (size_t)length + 24;
    char *name = malloc(room);
    for (unsigned number = 1; name != NULL; number++) {
        bool is_taken = false;
        if (number == 1)
            snprintf(name, room, "%.*s", length, base);
        else
            snprintf(name, room, "%.*s-%u", length, base, number);
        for (size_t i = 0; i + 1 < plan->trace_count; i++)
            is_taken = is_taken || strcmp(plan->traces[i].name, name) == 0;
        if (!is_taken)
            break;
    }
    return name;
}

static const struct gcr_plan_trace *trace_known(const struct gcr_plan *known, const char *digest)
{
    for (size_t i = 0; known != NULL && i < known->trace_count; i++)
        if (strcmp(known->traces[i].digest, digest) == 0)
            return &known->traces[i];
    return NULL;
}

static gcr_status trace_take_facts(struct gcr_plan_trace *trace,
                                   const struct gcr_plan_source *source, struct gcr_error *err)
{
    struct gcr_reader *reader = NULL;
    gcr_status status = gcr_reader_open(trace->path, &reader, err);
    if (status != GCR_OK)
        return status == GCR_IO ? GCR_BAD_INPUT : status;
    snprintf(trace->digest, sizeof trace->digest, "%s", gcr_reader_digest(reader));
    trace->events = gcr_reader_events(reader);
    trace->lanes = gcr_reader_lane_count(reader);
    trace->capabilities = *gcr_reader_capabilities(reader);
    const struct gcr_plan_trace *known = trace_known(source->known, trace->digest);
    if (known != NULL) {
        trace->peak_live_bytes = known->peak_live_bytes;
    } else {
        if (source->reading != NULL)
            source->reading(source->arg, reader);
        status = gcr_trace_peak_live(reader, &trace->peak_live_bytes, err);
        if (source->reading != NULL)
            source->reading(source->arg, NULL);
    }
    gcr_reader_close(reader);
    return status;
}

/* Nothing if the plan has that file already: "a.gct *.gct" names it twice. */
static gcr_status trace_add(struct gcr_plan *plan, const struct gcr_plan_source *source,
                            const char *found, unsigned line, struct gcr_error *err)
{
    char path[PATH_MAX];
    if (realpath(found, path) == NULL)
        return gcr_study_file_fail(source->file, line, err, "cannot find %s: %s", found,
                                   strerror(errno));
    for (size_t i = 0; i < plan->trace_count; i++)
        if (strcmp(plan->traces[i].path, path) == 0)
            return GCR_OK;
    json_t *text = json_string(path);
    json_decref(text);
    if (text == NULL)
        return gcr_study_file_fail(source->file, line, err, "the name of a trace is not UTF-8: %s",
                                   path);
    struct gcr_plan_trace *trace =
        gcr_plan_grow((void **)&plan->traces, &plan->trace_count, sizeof *trace);
    if (trace == NULL || (trace->path = strdup(path)) == NULL ||
        (trace->name = trace_name(plan, path)) == NULL)
        return gcr_plan_no_memory(err);
    return trace_take_facts(trace, source, err);
}

static gcr_status trace_add_pattern(struct gcr_plan *plan, const struct gcr_plan_source *source,
                                    const struct gcr_study_word *word, struct gcr_error *err)
{
    glob_t found = {0};
    char *pattern = trace_pattern(source->file, word->text);
    if (pattern == NULL)
        return gcr_plan_no_memory(err);
    int fault = glob(pattern, GLOB_ERR, NULL, &found);
    gcr_status status = GCR_OK;
    if (fault == GLOB_NOSPACE)
        status = gcr_plan_no_memory(err);
    else if (fault != 0)
        status =
            gcr_study_file_fail(source->file, word->line, err, "no trace matches '%s'", pattern);
    for (size_t i = 0; i < found.gl_pathc && status == GCR_OK; i++)
        status = trace_add(plan, source, found.gl_pathv[i], word->line, err);
    globfree(&found);
    free(pattern);
    return status;
}

gcr_status gcr_plan_add_traces(struct gcr_plan *plan, const struct gcr_plan_source *source,
                               struct gcr_error *err)
{
    const struct gcr_study_words *words = &source->file->traces;
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < words->count && status == GCR_OK; i++)
        status = trace_add_pattern(plan, source, &words->at[i], err);
    return status;
}
