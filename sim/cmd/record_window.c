/* --start-after, --start-on, --stop-after, --stop-on, --rotate, --keep: see record_window.h. */
#include "sim/cmd/record_window.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/option.h"

static bool window_parse_count(const char *text, uint64_t *count)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    const unsigned long long number = strtoull(text, &end, 10);
    if (*end != '\0' || number < 1 || number > 1000000000000000u)
        return false;
    *count = number;
    return true;
}

static bool window_parse_seconds(const char *text, uint64_t *ns)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    double number = strtod(text, &end);
    double unit_ns = strcmp(end, "s") == 0 ? 1e9 : strcmp(end, "ms") == 0 ? 1e6 : 0;
    if (!isfinite(number) || number * unit_ns < 1 || number * unit_ns > 1e18)
        return false;
    *ns = (uint64_t)(number * unit_ns);
    return true;
}

/* A point in the run: SECONDS, or a number of allocations. */
static gcr_status window_parse_after(const struct gcr_arguments *arguments, const char *flag,
                                     uint64_t *ns, uint64_t *allocations, struct gcr_error *err)
{
    const char *text = gcr_argument(arguments, flag);
    if (text == NULL || window_parse_count(text, allocations) || window_parse_seconds(text, ns))
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE,
                    "record: %s %.32s: expected a time with its unit (2.5s, 300ms), or a number of "
                    "allocations (1000000)",
                    flag, text);
}

static gcr_status window_parse_signal(const struct gcr_arguments *arguments, const char *flag,
                                      int *number, struct gcr_error *err)
{
    const char *text = gcr_argument(arguments, flag);
    if (text == NULL)
        return GCR_OK;
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    if (strcmp(text, "USR1") == 0)
        *number = SIGUSR1;
    else if (strcmp(text, "USR2") == 0)
        *number = SIGUSR2;
    else
        return gcr_fail(err, GCR_USAGE, "record: %s %.32s: expected USR1 or USR2", flag, text);
    return GCR_OK;
}

static gcr_status window_parse_rotation(const struct gcr_arguments *arguments,
                                        struct gcr_recording_window *window, struct gcr_error *err)
{
    const char *rotate = gcr_argument(arguments, "--rotate");
    const char *keep = gcr_argument(arguments, "--keep");
    uint64_t files = 0;
    if (rotate != NULL && !window_parse_count(rotate, &window->rotate_events) &&
        (!gcr_parse_bytes(rotate, &window->rotate_bytes) || window->rotate_bytes < 4096))
        return gcr_fail(
            err, GCR_USAGE,
            "record: --rotate %.32s: expected a size with its unit, 4K or more (64M), or "
            "a number of events (10000000)",
            rotate);
    if (keep == NULL)
        return GCR_OK;
    if (rotate == NULL)
        return gcr_fail(err, GCR_USAGE, "record: --keep needs --rotate");
    if (!window_parse_count(keep, &files) || files > 1000000)
        return gcr_fail(err, GCR_USAGE, "record: --keep %.32s: expected 1 .. 1000000", keep);
    window->keep = (uint32_t)files;
    return GCR_OK;
}

gcr_status record_parse_window(const struct gcr_arguments *arguments,
                               struct gcr_recording_window *window, struct gcr_error *err)
{
    gcr_status status = window_parse_after(arguments, "--start-after", &window->begin_ns,
                                           &window->begin_allocations, err);
    if (status == GCR_OK)
        status = window_parse_after(arguments, "--stop-after", &window->end_ns,
                                    &window->end_allocations, err);
    if (status == GCR_OK)
        status = window_parse_signal(arguments, "--start-on", &window->begin_signal, err);
    if (status == GCR_OK)
        status = window_parse_signal(arguments, "--stop-on", &window->end_signal, err);
    if (status == GCR_OK && window->begin_signal != 0 && window->begin_signal == window->end_signal)
        return gcr_fail(err, GCR_USAGE,
                        "record: --start-on and --stop-on: expected two signals, not one");
    return status == GCR_OK ? window_parse_rotation(arguments, window, err) : status;
}
