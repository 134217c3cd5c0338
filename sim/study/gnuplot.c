#include "sim/study/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { GNUPLOT_AT_ONCE_MOST = 64 };

size_t gcr_gnuplot_quote(const char *text, char *out, size_t size)
{
    size_t n = 0;
    if (size < 3)
        return 0;
    out[n++] = '\'';
    for (; *text != '\0'; text++) {
        if (n + 4 > size)
            return 0;
        if (*text == '\'')
            out[n++] = '\'';
        out[n++] = *text;
    }
    out[n++] = '\'';
    out[n] = '\0';
    return n;
}

static bool scripts_are_in(const char *directory, char *path, size_t size)
{
    char absolute[PATH_MAX], palette[PATH_MAX + 32];
    if (realpath(directory, absolute) == NULL || strlen(absolute) >= size)
        return false;
    snprintf(palette, sizeof palette, "%s/common.inc.gp", absolute);
    if (access(palette, R_OK) != 0)
        return false;
    memcpy(path, absolute, strlen(absolute) + 1);
    return true;
}

gcr_status gcr_gnuplot_find_scripts(const char *given, char *path, size_t size,
                                    struct gcr_error *err)
{
    if (given != NULL)
        return scripts_are_in(given, path, size)
                   ? GCR_OK
                   : gcr_fail(err, GCR_USAGE, "%s: no scripts of figures there", given);
    char beside[PATH_MAX + 32];
    ssize_t n = readlink("/proc/self/exe", beside, PATH_MAX);
    if (n > 0) {
        beside[n] = '\0';
        snprintf(strrchr(beside, '/'), 32, "/../share/gcreplay/plots");
        if (scripts_are_in(beside, path, size))
            return GCR_OK;
    }
    if (scripts_are_in(GCR_PLOTS_DIR, path, size))
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE, "no scripts of figures beside this program or in %s",
                    GCR_PLOTS_DIR);
}

/* ---- one process ---- */

struct gnuplot_process {
    struct gcr_gnuplot_job *job;
    pid_t pid;
    int messages; /* its standard error, a file in memory */
    char partial[PATH_MAX], complete[PATH_MAX];
};

/* The job's file from here, and the name it has until it is complete: the ending stays, gnuplot's
 * scripts go by it. */
static bool process_name_files(struct gnuplot_process *process, const char *directory, char *here,
                               size_t size)
{
    const char *file = process->job->file, *slash = strrchr(file, '/');
    size_t folder = slash != NULL ? (size_t)(slash - file) + 1 : 0;
    int a = snprintf(here, size, "%.*s.partial-%s", (int)folder, file, file + folder);
    int b = snprintf(process->partial, sizeof process->partial, "%s/%s", directory, here);
    int c = snprintf(process->complete, sizeof process->complete, "%s/%s", directory, file);
    return a > 0 && (size_t)a < size && b > 0 && (size_t)b < sizeof process->partial && c > 0 &&
           (size_t)c < sizeof process->complete;
}

/* Ours in a locale with UTF-8: under another gnuplot cannot write what the scripts say, and warns.
 * NULL: no memory. The array alone is the caller's. */
static char **process_environment(void)
{
    static char utf8[] = "LC_ALL=C.UTF-8";
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **words = malloc((count + 2) * sizeof *words);
    if (words == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            words[kept++] = environ[i];
    words[kept++] = utf8;
    words[kept] = NULL;
    return words;
}

static int process_spawn(struct gnuplot_process *process, const char *directory, char *text)
{
    char *const words[] = {
        "gnuplot", "--default-settings", "-e", text, (char *)(size_t)process->job->script, NULL};
    char **environment = process_environment();
    if (environment == NULL)
        return ENOMEM;
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        free(environment);
        return error;
    }
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, process->messages, 2);
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (error == 0)
        error = posix_spawnp(&process->pid, words[0], &actions, NULL, words, environment);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return error;
}

static void process_start(struct gnuplot_process *process, const char *directory)
{
    struct gcr_gnuplot_job *job = process->job;
    char here[PATH_MAX], quoted[2 * PATH_MAX];
    process->pid = -1;
    process->messages = memfd_create("messages", MFD_CLOEXEC);
    size_t room = strlen(job->settings) + sizeof quoted + 16;
    char *text = malloc(room);
    if (text == NULL || process->messages < 0 ||
        !process_name_files(process, directory, here, sizeof here) ||
        gcr_gnuplot_quote(here, quoted, sizeof quoted) == 0) {
        snprintf(job->message, sizeof job->message, "no memory, or a path that is too long");
    } else {
        snprintf(text, room, "%s; out=%s", job->settings, quoted);
        int error = process_spawn(process, directory, text);
        if (error == ENOENT)
            snprintf(job->message, sizeof job->message,
                     "gnuplot is not installed (Debian: gnuplot-nox)");
        else if (error != 0)
            snprintf(job->message, sizeof job->message, "gnuplot: %s", strerror(error));
    }
    free(text);
}

/* What it says first that is more than blanks, a repeated line or the mark below it. */
static void process_take_message(struct gnuplot_process *process)
{
    char said[2048];
    ssize_t n = pread(process->messages, said, sizeof said - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    const char *line = strstr(said, "\" line ");
    while (line != NULL && line > said && line[-1] != '\n')
        line--;
    if (line == NULL)
        line = said + strspn(said, " \t\r\n");
    size_t length = strcspn(line, "\n");
    snprintf(process->job->message, sizeof process->job->message, "gnuplot failed: %.*s",
             (int)(length < 200 ? length : 200), line);
}

static void process_finish(struct gnuplot_process *process)
{
    if (process->pid > 0) {
        int how = -1;
        pid_t ended;
        do
            ended = waitpid(process->pid, &how, 0);
        while (ended < 0 && errno == EINTR);
        if (ended < 0 || !WIFEXITED(how) || WEXITSTATUS(how) != 0)
            process_take_message(process);
        else if (rename(process->partial, process->complete) != 0)
            snprintf(process->job->message, sizeof process->job->message, "%.150s: %s",
                     process->job->file, strerror(errno));
        if (process->job->message[0] != '\0')
            unlink(process->partial);
    }
    if (process->messages >= 0)
        close(process->messages);
}

/* ---- all of them ---- */

void gcr_gnuplot_run(const char *directory, struct gcr_gnuplot_job *jobs, size_t count,
                     unsigned at_once)
{
    long online = at_once > 0 ? (long)at_once : sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = online < 1                      ? 1
                  : online > GNUPLOT_AT_ONCE_MOST ? GNUPLOT_AT_ONCE_MOST
                                                  : (size_t)online;
    struct gnuplot_process *ring = calloc(most, sizeof *ring);
    for (size_t i = 0; i < count; i++)
        snprintf(jobs[i].message, sizeof jobs[i].message, "%s", ring == NULL ? "no memory" : "");
    /* In order: the oldest is waited for before the next begins in its place. */
    for (size_t i = 0; ring != NULL && i < count + most; i++) {
        struct gnuplot_process *process = &ring[i % most];
        if (process->job != NULL)
            process_finish(process);
        process->job = i < count ? &jobs[i] : NULL;
        if (process->job != NULL)
            process_start(process, directory);
    }
    free(ring);
}
