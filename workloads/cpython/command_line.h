/* The command line of this process. */
#ifndef GCR_WORKLOADS_CPYTHON_COMMAND_LINE_H
#define GCR_WORKLOADS_CPYTHON_COMMAND_LINE_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* Each word ended by NUL, cut at `room` bytes; returns their number, 0 if it cannot be had. */
static inline size_t command_line_read(char *words, size_t room)
{
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, words, room);
    if (file >= 0)
        close(file);
    return got > 0 ? (size_t)got : 0;
}

#endif
