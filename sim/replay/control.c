/* perf's control FIFO; see control.h. */
#include "sim/replay/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/measure/clock.h"

enum { CONTROL_WAIT_MS = 10000, CONTROL_STEP_MS = 5 };

/* ---- opening ---- */

static gcr_status control_open_fifo(const char *path, int flags, int *fd, struct gcr_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return gcr_fail(err, GCR_USAGE, "--control: %.200s: %s", path, strerror(errno));
    if (!S_ISFIFO(info.st_mode))
        return gcr_fail(err, GCR_USAGE, "--control: %.200s is not a FIFO (mkfifo makes one)", path);
    *fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0)
        return GCR_OK;
    if (errno == ENXIO)
        return gcr_fail(err, GCR_USAGE,
                        "--control: nobody reads %.200s; run this under 'perf stat --control "
                        "fifo:%.200s'",
                        path, path);
    return gcr_fail(err, GCR_USAGE, "--control: %.200s: %s", path, strerror(errno));
}

gcr_status gcr_control_open(const char *paths, struct gcr_control *out, struct gcr_error *err)
{
    size_t length = strcspn(paths, ",");
    gcr_status status;

    *out = (struct gcr_control){.command = -1, .answer = -1};
    if (length >= sizeof out->name)
        return gcr_fail(err, GCR_USAGE, "--control: the name of the FIFO is too long");
    memcpy(out->name, paths, length);
    status = control_open_fifo(out->name, O_WRONLY, &out->command, err);
    if (status == GCR_OK && paths[length] == ',')
        status = control_open_fifo(paths + length + 1, O_RDONLY, &out->answer, err);
    if (status != GCR_OK)
        gcr_control_close(out);
    return status;
}

void gcr_control_close(struct gcr_control *control)
{
    if (control->command >= 0)
        close(control->command);
    if (control->answer >= 0)
        close(control->answer);
    control->command = control->answer = -1;
}

/* ---- talking ---- */

/* A reader that has gone is an error here, not a signal. */
static bool control_write(int fd, const char *line)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    size_t length = strlen(line);
    ssize_t written;

    sigaction(SIGPIPE, &ignore, &before);
    do
        written = write(fd, line, length); /* shorter than PIPE_BUF: all or nothing */
    while (written < 0 && errno == EINTR);
    sigaction(SIGPIPE, &before, NULL);
    return written == (ssize_t)length;
}

/* Answers to somebody else's commands do not answer this one. */
static void control_drain(int fd)
{
    char rest[64];

    while (read(fd, rest, sizeof rest) > 0)
        ;
}

/* Reads one line, skipping NULs. While nobody has the other end open, poll returns at once. */
static bool control_read_line(int fd, char *line, size_t size)
{
    const uint64_t deadline_ns = gcr_monotonic_ns() + CONTROL_WAIT_MS * UINT64_C(1000000);
    const struct timespec step = {.tv_nsec = CONTROL_STEP_MS * 1000000L};
    size_t length = 0;

    while (gcr_monotonic_ns() < deadline_ns) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        char byte;

        if (read(fd, &byte, 1) != 1) {
            (void)poll(&waiting, 1, CONTROL_STEP_MS);
            if ((waiting.revents & POLLIN) == 0)
                nanosleep(&step, NULL);
            continue;
        }
        if (byte == '\n') {
            line[length] = '\0';
            return true;
        }
        if (byte != '\0' && length + 1 < size)
            line[length++] = byte;
    }
    return false;
}

gcr_status gcr_control_enable(const struct gcr_control *control, bool on, struct gcr_error *err)
{
    const char *word = on ? "enable" : "disable";
    char answer[32];

    if (control->answer >= 0)
        control_drain(control->answer);
    if (!control_write(control->command, on ? "enable\n" : "disable\n"))
        return gcr_fail(err, GCR_IO, "--control: cannot write '%s' to %s: %s", word, control->name,
                        strerror(errno));
    if (control->answer < 0)
        return GCR_OK;
    if (!control_read_line(control->answer, answer, sizeof answer))
        return gcr_fail(err, GCR_IO, "--control: no answer to '%s' within %d s", word,
                        CONTROL_WAIT_MS / 1000);
    if (strcmp(answer, "ack") != 0)
        return gcr_fail(err, GCR_IO, "--control: the answer to '%s' is '%s', not 'ack'", word,
                        answer);
    return GCR_OK;
}
