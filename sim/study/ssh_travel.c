#include "sim/study/ssh_travel.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/study/plan.h"

enum { PATH_ROOM = 4096 };

struct travel {
    const struct gcr_engine_setting *setting;
    bool *has_trace; /* by number */
};

/* The path of something in the study's directory. */
GCR_PRINTF(3, 4)
static gcr_status travel_path(const struct travel *travel, char *path, const char *format, ...)
{
    int head = snprintf(path, PATH_ROOM, "%s/", travel->setting->directory);
    if (head < PATH_ROOM) {
        va_list values;
        va_start(values, format);
        int tail = vsnprintf(path + head, (size_t)(PATH_ROOM - head), format, values);
        va_end(values);
        if (tail < PATH_ROOM - head)
            return GCR_OK;
    }
    return GCR_USAGE;
}

/* A folder without the links of an earlier round; folders in it stay. */
static gcr_status travel_folder(struct travel *travel, const char *name, struct gcr_error *err)
{
    char path[PATH_ROOM];
    if (travel_path(travel, path, "%s", name) != GCR_OK)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", travel->setting->directory);
    if (mkdir(path, 0777) == 0)
        return GCR_OK;
    if (errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    DIR *folder = opendir(path);
    if (folder == NULL)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return GCR_OK;
}

static gcr_status travel_link(struct travel *travel, const char *target, const char *name,
                              struct gcr_error *err)
{
    char path[PATH_ROOM];
    if (travel_path(travel, path, "ssh/travel/%s", name) != GCR_OK)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", travel->setting->directory);
    if (symlink(target, path) != 0 && errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    return GCR_OK;
}

static gcr_status travel_add_trace(struct travel *travel, size_t trace, struct gcr_error *err)
{
    const struct gcr_plan_trace *it = &travel->setting->plan->traces[trace];
    char name[PATH_ROOM];
    if (travel->has_trace[trace])
        return GCR_OK;
    travel->has_trace[trace] = true;
    if (access(it->path, R_OK) != 0)
        return gcr_fail(err, GCR_IO, "%s: %s", it->path, strerror(errno));
    snprintf(name, sizeof name, "traces/%s.gct", it->name);
    return travel_link(travel, it->path, name, err);
}

static gcr_status travel_add_study(struct travel *travel, struct gcr_error *err)
{
    char target[PATH_ROOM];
    if (travel_path(travel, target, "study.json") != GCR_OK)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", travel->setting->directory);
    return travel_link(travel, target, "study.json", err);
}

gcr_status gcr_ssh_travel_pack(const struct gcr_engine_setting *setting, const char *const *ids,
                               size_t count, struct gcr_error *err)
{
    static const char *const folders[] = {"ssh/travel", "ssh/travel/traces", "ssh/travel/results"};
    struct travel travel = {.setting = setting};
    travel.has_trace = calloc(setting->plan->trace_count + 1, sizeof *travel.has_trace);
    if (travel.has_trace == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a list of traces");
    gcr_status status = GCR_OK;
    for (size_t i = 0; status == GCR_OK && i < GCR_COUNT_OF(folders); i++)
        status = travel_folder(&travel, folders[i], err);
    if (status == GCR_OK)
        status = travel_add_study(&travel, err);
    for (size_t i = 0; status == GCR_OK && i < count; i++) {
        const struct gcr_plan_job *job = gcr_plan_find(setting->plan, ids[i]);
        if (job != NULL)
            status = travel_add_trace(&travel, job->trace, err);
    }
    free(travel.has_trace);
    return status;
}
