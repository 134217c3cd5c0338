#include "sim/study/report_facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/measure/json_at.h"
#include "sim/study/report_warnings.h"

/* ---- commands ---- */

char *gcr_shell_quote(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=+,@%^";
    if (*word != '\0' && strspn(word, plain) == strlen(word))
        return strdup(word);
    char *out = malloc(4 * strlen(word) + 3), *at = out;
    if (out == NULL)
        return NULL;
    *at++ = '\'';
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            at = stpcpy(at, "'\\''");
        else
            *at++ = *word;
    }
    *at++ = '\'';
    *at = '\0';
    return out;
}

static void facts_add_word(FILE *out, const char *word)
{
    char *quoted = gcr_shell_quote(word);
    fprintf(out, " %s", quoted == NULL ? "" : quoted);
    free(quoted);
}

/* Options of "name:option=value:option=value", as run takes them. A value may hold a colon: what
 * has no '=' belongs to the option before it. */
static void facts_add_options(FILE *out, const char *design)
{
    const char *at = strchr(design, ':');
    while (at != NULL) {
        const char *next = strchr(at + 1, ':');
        while (next != NULL && memchr(next, '=', strcspn(next + 1, ":") + 1) == NULL)
            next = strchr(next + 1, ':');
        char option[512];
        size_t length = next == NULL ? strlen(at + 1) : (size_t)(next - at - 1);
        snprintf(option, sizeof option, "%.*s", (int)length, at + 1);
        fputs(" --set", out);
        facts_add_word(out, option);
        at = next;
    }
}

/* For a result that does not name its command. */
static void facts_compose_command(FILE *out, const struct gcr_dataset *dataset,
                                  const struct gcr_point *point)
{
    const char *path = point->trace;
    for (size_t i = 0; i < dataset->trace_count; i++)
        if (strcmp(dataset->traces[i].name, point->trace) == 0)
            path = dataset->traces[i].path;
    fputs("gcreplay run", out);
    facts_add_word(out, path);
    fputs(" -c", out);
    facts_add_word(out, point->collector);
    facts_add_options(out, point->design);
    if (point->budget_bytes > 0)
        fprintf(out, " --heap %llu", (unsigned long long)point->budget_bytes);
    if (point->mode == GCR_STUDY_CACHE)
        fputs(" --cache", out);
}

static json_t *facts_command(const struct gcr_dataset *dataset, const struct gcr_point *point,
                             const json_t *result)
{
    const json_t *words = gcr_json_at(result, "job.command");
    char *text = NULL;
    size_t length = 0, i;
    json_t *word;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return json_string("");
    json_array_foreach(words, i, word)
    {
        if (json_is_string(word))
            facts_add_word(out, json_string_value(word));
    }
    if (json_array_size(words) == 0 && json_is_string(words))
        fputs(json_string_value(words), out);
    else if (json_array_size(words) == 0)
        facts_compose_command(out, dataset, point);
    fclose(out);
    json_t *command = json_string_nocheck(text + (text[0] == ' '));
    free(text);
    return command;
}

/* ---- what results say of themselves ---- */

static void facts_add_distinct(json_t *list, json_t *entry)
{
    size_t i;
    json_t *known;
    json_array_foreach(list, i, known) if (json_equal(known, entry))
    {
        json_decref(entry);
        return;
    }
    (void)json_array_append_new(list, entry);
}

static void facts_add_origin(struct gcr_report_facts *facts, const json_t *result)
{
    const json_t *machine = gcr_json_at(result, "machine"), *build = gcr_json_at(result, "build");
    if (json_is_object(machine)) {
        json_t *copy = json_deep_copy(machine);
        const char *host = gcr_json_text_at(result, "job.host");
        if (*host != '\0')
            (void)json_object_set_new(copy, "host", json_string(host));
        facts_add_distinct(facts->machines, copy);
    }
    if (json_is_object(build))
        facts_add_distinct(facts->builds, json_deep_copy(build));
}

/* The value under a name, made if it is not there. */
static json_t *facts_member(json_t *object, const char *name, json_t *fresh)
{
    json_t *member = json_object_get(object, name);
    if (member != NULL) {
        json_decref(fresh);
        return member;
    }
    (void)json_object_set_new(object, name, fresh);
    return json_object_get(object, name);
}

static void facts_add_label(struct gcr_report_facts *facts, const struct gcr_point *point,
                            const char *label)
{
    json_t *trace = facts_member(facts->labels, point->trace, json_object());
    json_t *designs = facts_member(trace, label, json_array());
    size_t i;
    json_t *known;
    json_array_foreach(designs, i,
                       known) if (strcmp(json_string_value(known), point->design) == 0) return;
    (void)json_array_append_new(designs, json_string(point->design));
}

static void facts_add_labels(struct gcr_report_facts *facts, const struct gcr_point *point,
                             const json_t *result)
{
    const char *damage = gcr_json_text_at(result, "trace.warning");
    size_t i;
    json_t *label;
    if (*damage != '\0')
        facts_add_label(facts, point, damage);
    json_array_foreach(gcr_json_at(result, "labels"), i, label)
    {
        if (json_is_string(label))
            facts_add_label(facts, point, json_string_value(label));
    }
}

static void facts_read_point(struct gcr_report_facts *facts, const struct gcr_dataset *dataset,
                             const struct gcr_point *point)
{
    json_t *result = NULL;
    for (size_t i = 0; i < point->run_count && result == NULL; i++) {
        result = json_load_file(point->runs[i].file, 0, NULL);
        if (strcmp(gcr_json_text_at(result, "schema"), "gcreplay-result-1") != 0) {
            json_decref(result);
            result = NULL;
        }
    }
    json_t *command = facts_command(dataset, point, result);
    (void)json_array_append_new(facts->commands, command != NULL ? command : json_string(""));
    facts_add_origin(facts, result);
    facts_add_labels(facts, point, result);
    json_decref(result);
}

static void facts_add_failures(struct gcr_report_facts *facts, const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++) {
        const struct gcr_observation *run = &point->runs[i];
        if (run->is_ok)
            continue;
        json_t *failure = json_pack(
            "{s:s, s:s, s:s, s:s, s:i, s:s, s:s?}", "trace", point->trace, "design", point->design,
            "heap", point->heap, "mode", gcr_study_mode_name[point->mode], "invocation",
            (int)run->invocation, "outcome", run->outcome, "message", run->message);
        if (failure != NULL)
            (void)json_array_append_new(facts->failures, failure);
    }
}

gcr_status gcr_report_facts_read(const struct gcr_dataset *dataset, struct gcr_report_facts *out,
                                 struct gcr_error *err)
{
    *out = (struct gcr_report_facts){json_array(),  json_array(), json_array(),
                                     json_object(), json_array(), json_array()};
    for (size_t i = 0; i < dataset->point_count; i++) {
        facts_read_point(out, dataset, &dataset->points[i]);
        facts_add_failures(out, &dataset->points[i]);
    }
    gcr_report_warnings_add(dataset, out);
    if (json_array_size(out->commands) == dataset->point_count)
        return GCR_OK;
    gcr_report_facts_finish(out);
    return gcr_fail(err, GCR_NO_MEMORY, "no memory for the commands of %zu configurations",
                    dataset->point_count);
}

void gcr_report_facts_finish(struct gcr_report_facts *facts)
{
    json_decref(facts->machines);
    json_decref(facts->builds);
    json_decref(facts->commands);
    json_decref(facts->labels);
    json_decref(facts->warnings);
    json_decref(facts->failures);
    *facts = (struct gcr_report_facts){0};
}
