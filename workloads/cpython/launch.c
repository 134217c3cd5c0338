/* Starting a recorded program: see launch.h.
 *
 * The program finds the segment, and a library whose path LD_PRELOAD cannot name (it knows no
 * quoting: blanks and colons separate), through /proc/RECORDER/fd. So no descriptor is inherited
 * that a program could close or find, nothing is left behind on disk, and what is executed later
 * (`--follow`) finds them in the same way. */
#include "workloads/cpython/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gcr_status launch_find_library(const struct gcr_recording_config *config, char *path,
                                      size_t room, struct gcr_error *err)
{
    if (config->library != NULL) {
        snprintf(path, room, "%s", config->library);
        if (access(path, R_OK) == 0)
            return GCR_OK;
        return gcr_fail(err, GCR_USAGE, "%s: %s", path, strerror(errno));
    }
    char directory[2048];
    ssize_t n = readlink("/proc/self/exe", directory, sizeof directory - 1);
    if (n <= 0)
        return gcr_fail(err, GCR_IO, "/proc/self/exe: %s", strerror(errno));
    directory[n] = '\0';
    *strrchr(directory, '/') = '\0';
    const char *const places[] = {"", "/../lib", "/../lib/gcreplay"};
    for (size_t i = 0; i < GCR_COUNT_OF(places); i++) {
        snprintf(path, room, "%s%s/libgcreplay_cpython.so", directory, places[i]);
        if (access(path, R_OK) == 0)
            return GCR_OK;
    }
    return gcr_fail(err, GCR_USAGE,
                    "no libgcreplay_cpython.so beside %s/gcreplay or in ../lib (see --library)",
                    directory);
}

/* The folder of gcreplay_marks.py lies beside the library. */
static gcr_status launch_find_marks(struct launch *launch, const char *library,
                                    struct gcr_error *err)
{
    char file[sizeof launch->marks + sizeof "/gcreplay_marks.py"];
    const char *name = strrchr(library, '/');
    const int folder = name == NULL ? 0 : (int)(name - library) + 1;
    snprintf(launch->marks, sizeof launch->marks, "%.*spython", folder, library);
    snprintf(file, sizeof file, "%s/gcreplay_marks.py", launch->marks);
    if (access(file, R_OK) == 0)
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE, "record: --marks: %s: %s", file, strerror(errno));
}

static gcr_status launch_name_library(struct launch *launch, const char *library,
                                      struct gcr_error *err)
{
    char *path = realpath(library, NULL); /* the program may change its folder */
    if (path != NULL && strpbrk(path, ": ") == NULL && strlen(path) < sizeof launch->preload) {
        snprintf(launch->preload, sizeof launch->preload, "%s", path);
        free(path);
        return GCR_OK;
    }
    free(path);
    launch->preload_file = open(library, O_RDONLY | O_CLOEXEC);
    if (launch->preload_file < 0)
        return gcr_fail(err, GCR_USAGE, "%s: %s", library, strerror(errno));
    snprintf(launch->preload, sizeof launch->preload, "/proc/%d/fd/%d", (int)getpid(),
             launch->preload_file);
    return GCR_OK;
}

gcr_status launch_prepare(struct launch *launch, const struct gcr_recording_config *config,
                          struct gcr_error *err)
{
    char library[4096];
    *launch = (struct launch){.preload_file = -1};
    gcr_status status = launch_find_library(config, library, sizeof library, err);
    if (status == GCR_OK && config->marks)
        status = launch_find_marks(launch, library, err);
    return status == GCR_OK ? launch_name_library(launch, library, err) : status;
}

/* Puts `first` before what the variable holds. */
static void launch_prepend(const char *variable, const char *first)
{
    char text[16384];
    const char *before = getenv(variable);
    snprintf(text, sizeof text, "%s%s%s", first, before != NULL && before[0] != '\0' ? ":" : "",
             before != NULL ? before : "");
    setenv(variable, text, 1);
}

void launch_export(const struct launch *launch, int segment_file)
{
    char place[64];
    const char *before = getenv("LD_PRELOAD");
    snprintf(place, sizeof place, "/proc/%d/fd/%d", (int)getppid(), segment_file);
    setenv(GCR_SEGMENT_VARIABLE, place, 1);
    setenv(GCR_PRELOAD_VARIABLE, before != NULL ? before : "", 1);
    launch_prepend("LD_PRELOAD", launch->preload);
    if (launch->marks[0] != '\0')
        launch_prepend("PYTHONPATH", launch->marks);
}

void launch_release(struct launch *launch)
{
    if (launch->preload_file >= 0)
        close(launch->preload_file);
    launch->preload_file = -1;
}
