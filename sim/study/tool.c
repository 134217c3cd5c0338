#include "sim/study/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptors that a tool begins with; -1: none. */
struct tool_ends {
    int input;
    int output[2];
    int report[2]; /* errno of a child that could not become the tool */
};

static void ends_close(struct tool_ends *ends)
{
    const int all[] = {ends->input, ends->output[0], ends->output[1], ends->report[0],
                       ends->report[1]};
    for (size_t i = 0; i < GCR_COUNT_OF(all); i++)
        if (all[i] >= 0)
            close(all[i]);
}

static int close_end(int *end)
{
    int result = close(*end);
    *end = -1;
    return result;
}

/* A file rather than a pipe: the tool may read as late as it likes. */
static gcr_status ends_open_input(struct tool_ends *ends, const char *text, struct gcr_error *err)
{
    if (text == NULL) {
        ends->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return ends->input >= 0 ? GCR_OK : gcr_fail(err, GCR_IO, "/dev/null: %s", strerror(errno));
    }
    ends->input = memfd_create("input", MFD_CLOEXEC);
    if (ends->input < 0)
        return gcr_fail(err, GCR_IO, "memfd: %s", strerror(errno));
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n = write(ends->input, text, left);
        if (n < 0 && errno != EINTR)
            return gcr_fail(err, GCR_IO, "memfd: %s", strerror(errno));
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    if (lseek(ends->input, 0, SEEK_SET) != 0)
        return gcr_fail(err, GCR_IO, "memfd: %s", strerror(errno));
    return GCR_OK;
}

/* In the child, which ends here. */
static _Noreturn void tool_become(const struct gcr_tool *tool, const struct tool_ends *ends,
                                  pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    int errors = -1;
    if ((tool->directory != NULL && chdir(tool->directory) != 0) ||
        (tool->errors != NULL &&
         ((errors = open(tool->errors, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)) < 0 ||
          dup2(errors, STDERR_FILENO) < 0)) ||
        dup2(ends->input, STDIN_FILENO) < 0 || dup2(ends->output[1], STDOUT_FILENO) < 0)
        goto failed;
    execvp(tool->words[0], (char *const *)tool->words);
failed:;
    int reason = errno;
    if (write(ends->report[1], &reason, sizeof reason) < 0)
        _exit(126);
    _exit(127);
}

static gcr_status read_lines(const struct gcr_tool *tool, int file, struct gcr_error *err)
{
    FILE *stream = fdopen(file, "r");
    if (stream == NULL) {
        close(file);
        return gcr_fail(err, GCR_IO, "%s: %s", tool->words[0], strerror(errno));
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stream)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (tool->line != NULL)
            tool->line(tool->arg, line);
    }
    free(line);
    gcr_status status = GCR_OK;
    if (ferror(stream))
        status = gcr_fail(err, GCR_IO, "output of %s: %s", tool->words[0], strerror(errno));
    fclose(stream);
    return status;
}

/* What became of the child before it was the tool. */
static gcr_status read_report(const struct gcr_tool *tool, int file, struct gcr_error *err)
{
    int reason;
    ssize_t n;
    do
        n = read(file, &reason, sizeof reason);
    while (n < 0 && errno == EINTR);
    if (n != sizeof reason)
        return GCR_OK;
    if (reason == ENOENT && tool->directory == NULL)
        return gcr_fail(err, GCR_UNSUPPORTED, "there is no program '%s' on the PATH",
                        tool->words[0]);
    return gcr_fail(err, GCR_IO, "cannot start %s: %s", tool->words[0], strerror(reason));
}

gcr_status gcr_tool_run(const struct gcr_tool *tool, int *exit_code, struct gcr_error *err)
{
    struct tool_ends ends = {-1, {-1, -1}, {-1, -1}};
    gcr_status status = ends_open_input(&ends, tool->input, err);
    if (status != GCR_OK)
        goto done;
    if (pipe2(ends.output, O_CLOEXEC) != 0 || pipe2(ends.report, O_CLOEXEC) != 0) {
        status = gcr_fail(err, GCR_IO, "pipe: %s", strerror(errno));
        goto done;
    }
    fflush(NULL); /* the child must not say again what is still in our buffers */
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        tool_become(tool, &ends, parent);
    if (child < 0) {
        status = gcr_fail(err, GCR_IO, "fork: %s", strerror(errno));
        goto done;
    }
    close_end(&ends.output[1]);
    close_end(&ends.report[1]);
    status = read_report(tool, ends.report[0], err);
    int output = ends.output[0];
    ends.output[0] = -1;
    if (status == GCR_OK)
        status = read_lines(tool, output, err);
    else
        close(output);
    int how = 0;
    while (waitpid(child, &how, 0) < 0)
        if (errno != EINTR) {
            if (status == GCR_OK)
                status =
                    gcr_fail(err, GCR_IO, "waiting for %s: %s", tool->words[0], strerror(errno));
            goto done;
        }
    *exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
done:
    ends_close(&ends);
    return status;
}
