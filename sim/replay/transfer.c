/* Sending and receiving reports. A receiver trusts nothing: a child may die in the middle of a
 * word. */
#include "sim/replay/transfer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

static const uint32_t report_magic = 0x67637231; /* "gcr1" */
enum { IDLE_INTERVAL_MS = 100 };

struct report_header {
    uint32_t magic;
    uint32_t status;
    uint64_t count;
    struct gcr_error error;
};

/* ---- sending ---- */

static bool send_all(int socket, const void *data, size_t bytes)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t sent = send(socket, at, bytes, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static bool send_lane(int socket, const struct gcr_lane_result *lane)
{
    return send_all(socket, lane, sizeof *lane) &&
           send_all(socket, lane->pauses, lane->pause_count * sizeof *lane->pauses) &&
           send_all(socket, lane->samples, lane->sample_count * sizeof *lane->samples) &&
           send_all(socket, lane->recorded, lane->recorded_count * sizeof *lane->recorded) &&
           send_all(socket, lane->requests, lane->request_count * sizeof *lane->requests) &&
           send_all(socket, lane->program_phases,
                    lane->program_phase_count * sizeof *lane->program_phases) &&
           send_all(socket, lane->checkpoints,
                    lane->checkpoint_count * sizeof *lane->checkpoints) &&
           send_all(socket, lane->design, lane->design_count * sizeof *lane->design) &&
           send_all(socket, lane->counters, lane->counter_count * sizeof *lane->counters) &&
           send_all(socket, lane->cow, lane->cow_count * sizeof *lane->cow) &&
           send_all(socket, lane->cow_points, lane->cow_point_count * sizeof *lane->cow_points);
}

bool gcr_report_send(int socket, const struct gcr_report *report)
{
    const struct report_header header = {.magic = report_magic,
                                         .status = (uint32_t)report->status,
                                         .count = report->count,
                                         .error = report->error};

    if (!send_all(socket, &header, sizeof header))
        return false;
    for (size_t i = 0; i < report->count; i++)
        if (!send_lane(socket, &report->lanes[i]))
            return false;
    return true;
}

/* ---- receiving ---- */

struct receiver {
    int socket;
    void (*idle)(void *arg);
    void *arg;
};

static bool receive_all(const struct receiver *from, void *data, size_t bytes)
{
    char *at = data;

    while (bytes > 0) {
        struct pollfd waiting = {.fd = from->socket, .events = POLLIN};
        ssize_t got;

        if (poll(&waiting, 1, from->idle != NULL ? IDLE_INTERVAL_MS : -1) <= 0) {
            if (from->idle != NULL)
                from->idle(from->arg);
            continue;
        }
        got = recv(from->socket, at, bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

/* *array = count items of that size from the socket. */
static bool receive_array(const struct receiver *from, void **array, size_t count, size_t size)
{
    if (count == 0)
        return true;
    if (count > SIZE_MAX / size || (*array = malloc(count * size)) == NULL)
        return false;
    return receive_all(from, *array, count * size);
}

static bool receive_lane(const struct receiver *from, struct gcr_lane_result *lane)
{
    void *pauses = NULL, *samples = NULL, *recorded = NULL, *design = NULL;
    void *program_phases = NULL;
    void *requests = NULL, *checkpoints = NULL, *counters = NULL, *cow = NULL, *cow_points = NULL;
    bool ok;

    if (!receive_all(from, lane, sizeof *lane)) {
        *lane = (struct gcr_lane_result){0};
        return false;
    }
    ok = receive_array(from, &pauses, lane->pause_count, sizeof *lane->pauses) &&
         receive_array(from, &samples, lane->sample_count, sizeof *lane->samples) &&
         receive_array(from, &recorded, lane->recorded_count, sizeof *lane->recorded) &&
         receive_array(from, &requests, lane->request_count, sizeof *lane->requests) &&
         receive_array(from, &program_phases, lane->program_phase_count,
                       sizeof *lane->program_phases) &&
         receive_array(from, &checkpoints, lane->checkpoint_count, sizeof *lane->checkpoints) &&
         receive_array(from, &design, lane->design_count, sizeof *lane->design) &&
         receive_array(from, &counters, lane->counter_count, sizeof *lane->counters) &&
         receive_array(from, &cow, lane->cow_count, sizeof *lane->cow) &&
         receive_array(from, &cow_points, lane->cow_point_count, sizeof *lane->cow_points);
    lane->pauses = pauses; /* the sender's addresses mean nothing here */
    lane->samples = samples;
    lane->recorded = recorded;
    lane->requests = requests;
    lane->program_phases = program_phases;
    lane->checkpoints = checkpoints;
    lane->cow = cow;
    lane->cow_points = cow_points;
    lane->design = design; /* its names are constants of the executable that both ends are */
    lane->counters = counters;
    return ok;
}

bool gcr_report_receive(int socket, struct gcr_report *report, void (*idle)(void *arg), void *arg)
{
    const struct receiver from = {socket, idle, arg};
    struct report_header header;
    bool ok = true;

    *report = (struct gcr_report){0};
    if (!receive_all(&from, &header, sizeof header) || header.magic != report_magic)
        return false;
    report->status = (gcr_status)header.status;
    report->error = header.error;
    report->lanes = calloc(header.count + 1, sizeof *report->lanes);
    if (report->lanes == NULL)
        return false;
    while (ok && report->count < header.count)
        ok = receive_lane(&from, &report->lanes[report->count++]);
    if (ok)
        return true;
    for (size_t i = 0; i < report->count; i++)
        gcr_lane_result_finish(&report->lanes[i]);
    free(report->lanes);
    *report = (struct gcr_report){0};
    return false;
}
