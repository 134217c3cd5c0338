#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

gcr_status(gcr_fail)(struct gcr_error *err, gcr_status code, const char *format, ...)
{
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

void gcr_error_prefix(struct gcr_error *err, const char *format, ...)
{
    if (err == NULL)
        return;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    char prefix[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    /* The tail of a very long message is cut; the place it names comes first. */
    (void)snprintf(err->text, sizeof err->text, "%s: %.*s", prefix,
                   (int)(sizeof err->text - strlen(prefix) - 3), old);
}

int gcr_status_exit_code(gcr_status status)
{
    switch (status) {
    case GCR_OK:
        return 0;
    case GCR_USAGE:
    case GCR_BAD_INPUT:
        return 2;
    default:
        return 1;
    }
}
