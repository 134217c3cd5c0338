#include "sim/study/awaited.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/measure/json_at.h"
#include "sim/study/say.h"

struct gcr_awaited_job {
    const char *id;
    bool is_there;
};

static int job_compare(const void *left, const void *right)
{
    const struct gcr_awaited_job *a = left, *b = right;
    return strcmp(a->id, b->id);
}

/* "ID OUTCOME SECONDS", as the job itself would say it. */
static void say_result(const struct gcr_engine_setting *setting, const char *id)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/results/%s.json", setting->directory, id) >=
        (int)sizeof path)
        return;
    json_t *result = json_load_file(path, 0, NULL);
    const char *message = gcr_json_text_at(result, "message");
    gcr_say(setting, "%s %s %.3f%s%s", id, gcr_json_text_at(result, "outcome"),
            gcr_json_number_at(result, "job.seconds"), *message != '\0' ? " " : "", message);
    json_decref(result);
}

static struct gcr_awaited_job *job_find(const struct gcr_awaited *awaited, const char *id)
{
    struct gcr_awaited_job key = {.id = id};
    return bsearch(&key, awaited->jobs, awaited->count, sizeof key, job_compare);
}

/* The job that a file of results/ is of, or NULL. */
static struct gcr_awaited_job *job_of_file(const struct gcr_awaited *awaited, const char *name)
{
    char id[NAME_MAX + 1];
    size_t length = strlen(name), tail = strlen(".json");
    if (length <= tail || length >= sizeof id || strcmp(name + length - tail, ".json") != 0)
        return NULL;
    memcpy(id, name, length - tail);
    id[length - tail] = '\0';
    return job_find(awaited, id);
}

static gcr_status awaited_scan(struct gcr_awaited *awaited, bool aloud, struct gcr_error *err)
{
    char path[4096];
    const char *directory = awaited->setting->directory;
    if (snprintf(path, sizeof path, "%s/results", directory) >= (int)sizeof path)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", directory);
    DIR *results = opendir(path);
    if (results == NULL && errno == ENOENT)
        return GCR_OK;
    if (results == NULL)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    const struct dirent *entry;
    while ((entry = readdir(results)) != NULL) {
        struct gcr_awaited_job *job = job_of_file(awaited, entry->d_name);
        if (job == NULL || job->is_there)
            continue;
        job->is_there = true;
        awaited->there++;
        if (aloud)
            say_result(awaited->setting, job->id);
    }
    closedir(results);
    return GCR_OK;
}

gcr_status gcr_awaited_open(struct gcr_awaited *awaited, const struct gcr_engine_setting *setting,
                            const char *const *ids, size_t count, struct gcr_error *err)
{
    *awaited = (struct gcr_awaited){.setting = setting, .ids = ids, .count = count};
    awaited->jobs = calloc(count + 1, sizeof *awaited->jobs);
    if (awaited->jobs == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu jobs", count);
    for (size_t i = 0; i < count; i++)
        awaited->jobs[i].id = ids[i];
    qsort(awaited->jobs, count, sizeof *awaited->jobs, job_compare);
    gcr_status status = awaited_scan(awaited, false, err);
    if (status != GCR_OK)
        gcr_awaited_close(awaited);
    return status;
}

void gcr_awaited_close(struct gcr_awaited *awaited)
{
    free(awaited->jobs);
    awaited->jobs = NULL;
}

gcr_status gcr_awaited_look(struct gcr_awaited *awaited, struct gcr_error *err)
{
    return awaited_scan(awaited, true, err);
}

size_t gcr_awaited_missing(const struct gcr_awaited *awaited, const char **ids)
{
    size_t n = 0;
    for (size_t i = 0; i < awaited->count; i++)
        if (!job_find(awaited, awaited->ids[i])->is_there)
            ids[n++] = awaited->ids[i];
    return n;
}
