#include "sim/study/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/measure/output.h"

static const char store_driver_lock[] = ".driver.lock", store_jobs_lock[] = ".lock";

static gcr_status store_make_directory(const char *path, struct gcr_error *err)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return GCR_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return GCR_OK;
    return gcr_fail(err, errno == EEXIST ? GCR_USAGE : GCR_IO, "%s: cannot make the directory: %s",
                    path, strerror(errno));
}

bool gcr_study_store_exists(const char *directory)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/study.json", directory);
    return access(path, F_OK) == 0;
}

/* A directory that is not ours is left alone. */
static gcr_status store_check_contents(const char *path, struct gcr_error *err)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    gcr_status status = GCR_OK;
    if (directory == NULL)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    while (status == GCR_OK && (entry = readdir(directory)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "results") != 0 &&
            strcmp(name, store_driver_lock) != 0 && strcmp(name, store_jobs_lock) != 0 &&
            strncmp(name, "study.", 6) != 0)
            status = gcr_fail(err, GCR_USAGE,
                              "%s: there are files in it (%.64s) and no study; a new study needs a "
                              "directory of its own",
                              path, name);
    }
    closedir(directory);
    return status;
}

/* The number of the lock file, open; -1 with errno. */
static int store_open_lock(const struct gcr_study_store *store, const char *name, int flags)
{
    char path[sizeof store->directory + 32];
    snprintf(path, sizeof path, "%s/%s", store->directory, name);
    return open(path, O_RDWR | O_CREAT | flags, 0666);
}

static gcr_status store_lock(struct gcr_study_store *store, void (*wait)(const char *what),
                             struct gcr_error *err)
{
    store->driver_lock = store_open_lock(store, store_driver_lock, O_CLOEXEC);
    store->jobs_lock = store_open_lock(store, store_jobs_lock, 0);
    if (store->driver_lock < 0 || store->jobs_lock < 0)
        return gcr_fail(err, GCR_IO, "%s: cannot make a lock: %s", store->directory,
                        strerror(errno));
    if (flock(store->driver_lock, LOCK_EX | LOCK_NB) != 0)
        return gcr_fail(err, GCR_IO, "%s: another 'gcreplay study' is at work there",
                        store->directory);
    if (flock(store->jobs_lock, LOCK_EX | LOCK_NB) == 0)
        return GCR_OK;
    if (errno == EWOULDBLOCK && wait != NULL)
        wait("runs that an earlier study left there to end");
    while (flock(store->jobs_lock, LOCK_EX) != 0)
        if (errno != EINTR)
            return gcr_fail(err, GCR_IO, "%s: cannot lock: %s", store->directory, strerror(errno));
    return GCR_OK;
}

/* What killed jobs have left half written. */
static void store_sweep(const char *results)
{
    static const char suffix[] = ".partial";
    DIR *directory = opendir(results);
    struct dirent *entry;
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (length >= sizeof suffix &&
            strcmp(entry->d_name + length - sizeof suffix + 1, suffix) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
}

gcr_status gcr_study_store_open(struct gcr_study_store *store, const char *directory,
                                void (*wait)(const char *what), struct gcr_error *err)
{
    char results[sizeof store->directory + 16];
    *store = (struct gcr_study_store){.driver_lock = -1, .jobs_lock = -1};
    gcr_status status = store_make_directory(directory, err);
    if (status == GCR_OK && realpath(directory, store->directory) == NULL)
        status = gcr_fail(err, GCR_IO, "%s: %s", directory, strerror(errno));
    if (status == GCR_OK && !gcr_study_store_exists(store->directory))
        status = store_check_contents(store->directory, err);
    if (status == GCR_OK)
        status = store_lock(store, wait, err);
    snprintf(results, sizeof results, "%s/results", store->directory);
    if (status == GCR_OK)
        status = store_make_directory(results, err);
    if (status != GCR_OK)
        gcr_study_store_close(store);
    else
        store_sweep(results);
    return status;
}

void gcr_study_store_close(struct gcr_study_store *store)
{
    if (store->driver_lock >= 0)
        close(store->driver_lock);
    if (store->jobs_lock >= 0)
        close(store->jobs_lock);
    store->driver_lock = store->jobs_lock = -1;
}

gcr_status gcr_study_store_write_plan(const struct gcr_study_store *store,
                                      const struct gcr_plan *plan, struct gcr_error *err)
{
    char path[sizeof store->directory + 16];
    json_t *document = gcr_plan_to_json(plan);
    snprintf(path, sizeof path, "%s/study.json", store->directory);
    gcr_status status = gcr_output_json(path, document, err);
    json_decref(document);
    return status;
}

gcr_status gcr_study_store_write(const struct gcr_study_store *store, const struct gcr_plan *plan,
                                 const struct gcr_study_file *file, struct gcr_error *err)
{
    char path[sizeof store->directory + 16];
    struct gcr_output output;
    gcr_status status = gcr_study_store_write_plan(store, plan, err);
    if (status != GCR_OK)
        return status;
    snprintf(path, sizeof path, "%s/study.ini", store->directory);
    status = gcr_output_open(&output, path, err);
    if (status != GCR_OK)
        return status;
    fwrite(file->text, 1, file->text_bytes, output.file);
    return gcr_output_close(&output, err);
}
