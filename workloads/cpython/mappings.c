/* Reading /proc/self/maps, without the C library's streams: those allocate from the very heap that
 * is being looked at. A line is
 *     START-END PERMISSIONS OFFSET DEVICE INODE   NAME */
#include "workloads/cpython/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const char *mappings_number(const char *at, uint64_t *number)
{
    *number = 0;
    for (;; at++) {
        unsigned digit;
        if (*at >= '0' && *at <= '9')
            digit = (unsigned)(*at - '0');
        else if (*at >= 'a' && *at <= 'f')
            digit = (unsigned)(*at - 'a') + 10;
        else
            return at;
        *number = *number << 4 | digit;
    }
}

static const char *mappings_next_word(const char *at)
{
    while (*at != ' ' && *at != '\0')
        at++;
    while (*at == ' ')
        at++;
    return at;
}

static void mappings_line(const char *line, mapping_visitor *visit, void *arg)
{
    uint64_t start, end;
    const char *at = mappings_number(line, &start);
    if (*at != '-')
        return;
    at = mappings_next_word(mappings_number(at + 1, &end));
    if (at[0] != 'r' || at[1] != 'w' || at[3] != 'p')
        return;
    const char *inode = mappings_next_word(mappings_next_word(mappings_next_word(at)));
    const char *name = mappings_next_word(inode);
    bool special =
        name[0] == '[' && strncmp(name, "[heap]", 6) != 0 && strncmp(name, "[anon:", 6) != 0;
    if (inode[0] == '0' && !special)
        visit(arg, start, end);
}

bool mappings_visit(char *buffer, mapping_visitor *visit, void *arg)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    size_t kept = 0;
    ssize_t got;
    while ((got = read(file, buffer + kept, MAPPINGS_BUFFER - 1 - kept)) > 0 ||
           (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        size_t filled = kept + (size_t)got;
        char *line = buffer;
        for (char *end; (end = memchr(line, '\n', filled - (size_t)(line - buffer))) != NULL;
             line = end + 1) {
            *end = '\0';
            mappings_line(line, visit, arg);
        }
        kept = filled - (size_t)(line - buffer);
        memmove(buffer, line, kept);
    }
    int reason = errno;
    close(file);
    errno = reason;
    return got == 0;
}
