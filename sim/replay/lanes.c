/* Forking, running and releasing lanes.
 *
 * Order: children wait from their fork until the parent's lane has ended, then run one after the
 * other in lane order, each followed by its own children; so one lane runs at a time and disturbs
 * nobody's clock. All stay alive until the first process has every result, because a process that
 * ends would change what its relatives share.
 *
 * Protocol, on one socket pair a child: the parent sends one byte, the child replays and answers
 * with one report, then waits until the parent closes its end. A closed socket at any other time
 * means that the other side is dead. The kernel kills a child whose parent dies (PR_SET_PDEATHSIG),
 * so nothing survives the tool, and a parent learns of a dead child from the socket, so nothing
 * waits for ever. */
#include "sim/replay/lanes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/replay/transfer.h"

/* ---- results ---- */

gcr_status gcr_process_add_result(struct gcr_process *process, struct gcr_lane_result *lane,
                                  struct gcr_error *err)
{
    if (process->result_count == process->result_room) {
        size_t room = process->result_room * 2 + 8;
        struct gcr_lane_result *results = realloc(process->results, room * sizeof *results);

        if (results == NULL) {
            gcr_lane_result_finish(lane);
            return gcr_fail(err, GCR_NO_MEMORY, "no memory for the results of %zu lanes", room);
        }
        process->results = results;
        process->result_room = room;
    }
    process->results[process->result_count++] = *lane;
    *lane = (struct gcr_lane_result){0};
    return GCR_OK;
}

/* A lane about which nothing is known but how it ended. */
static gcr_status lanes_add_failure(struct gcr_process *process, uint32_t lane,
                                    enum gcr_outcome outcome, const char *why,
                                    struct gcr_error *err)
{
    struct gcr_lane_result result = {
        .lane = lane, .parent = (int32_t)process->state.view.lane, .outcome = outcome};

    snprintf(result.message, sizeof result.message, "lane %u: %s", lane, why);
    return gcr_process_add_result(process, &result, err);
}

/* ---- in the child ---- */

/* Waits for the parent's word. False: it closed the socket instead. */
static bool child_wait(int socket)
{
    char word;
    ssize_t got;

    do
        got = recv(socket, &word, 1, 0);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

/* What was inherited but belongs to the parent. */
static void child_forget_siblings(struct gcr_process *process)
{
    for (size_t i = 0; i < process->child_count; i++)
        close(process->children[i].socket);
    process->child_count = 0;
    for (size_t i = 0; i < process->result_count; i++)
        gcr_lane_result_finish(&process->results[i]);
    process->result_count = 0;
}

static void child_become(struct gcr_process *process, uint32_t lane)
{
    struct gcr_replay_state *state = &process->state;
    uint32_t parent = process->result.lane;

    process->is_root = false;
    process->result = (struct gcr_lane_result){.lane = lane, .parent = (int32_t)parent};
    process->stream = NULL; /* the parent's position in its own lane */
    gcr_state_restart(state, lane);
    gcr_cow_begin(&state->cow, &state->supply, 0, parent, true);
    gcr_lane_after_fork(state, true);
}

/* The child's whole life after the fork. */
static _Noreturn void child_live(struct gcr_process *process, uint32_t lane, int socket)
{
    struct gcr_report report = {.status = GCR_OK};

    child_forget_siblings(process);
    if (!child_wait(socket))
        _exit(0);
    child_become(process, lane);
    report.status = gcr_lane_replay(process, &report.error);
    if (report.status == GCR_OK)
        report.status = gcr_process_add_result(process, &process->result, &report.error);
    if (report.status == GCR_OK)
        report.status = gcr_lanes_run_children(process, &report.error);
    if (report.status == GCR_OK) {
        report.lanes = process->results;
        report.count = process->result_count;
    }
    if (gcr_report_send(socket, &report))
        child_wait(socket);
    gcr_lanes_release(process);
    _exit(0);
}

/* ---- in the parent ---- */

static bool lanes_reserve_child(struct gcr_process *process)
{
    size_t room = process->child_room * 2 + 8;
    struct gcr_child *children;

    if (process->child_count < process->child_room)
        return true;
    children = realloc(process->children, room * sizeof *children);
    if (children == NULL)
        return false;
    process->children = children;
    process->child_room = room;
    return true;
}

/* A server that forks for every request needs a socket for each child. False: no more to be had. */
static bool lanes_allow_more_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool lanes_socket_pair(int sockets[2])
{
    const int type = SOCK_STREAM | SOCK_CLOEXEC;

    if (socketpair(AF_UNIX, type, 0, sockets) == 0)
        return true;
    if (errno != EMFILE)
        return false;
    if (!lanes_allow_more_files()) {
        errno = EMFILE;
        return false;
    }
    return socketpair(AF_UNIX, type, 0, sockets) == 0;
}

/* errno says why if it fails. */
static bool lanes_try_fork(struct gcr_process *process, uint32_t lane)
{
    pid_t parent = getpid(), pid;
    int sockets[2];

    if (!lanes_reserve_child(process) || !lanes_socket_pair(sockets))
        return false;
    fflush(NULL); /* else both processes would write what is buffered */
    pid = fork();
    if (pid < 0) {
        int error = errno;

        close(sockets[0]);
        close(sockets[1]);
        errno = error;
        return false;
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        close(sockets[0]);
        if (process->up >= 0)
            close(process->up);
        process->up = sockets[1];
        child_live(process, lane, sockets[1]);
    }
    close(sockets[1]);
    process->children[process->child_count++] =
        (struct gcr_child){.lane = lane, .pid = pid, .socket = sockets[0]};
    return true;
}

void gcr_lanes_fork(struct gcr_process *process, uint32_t lane)
{
    char why[128];
    struct gcr_error ignored;

    if (lanes_try_fork(process, lane))
        return;
    snprintf(why, sizeof why, "cannot fork: %s", strerror(errno));
    (void)!lanes_add_failure(process, lane, GCR_OUTCOME_FORK_FAILED, why, &ignored);
}

static int lanes_compare_children(const void *left, const void *right)
{
    const struct gcr_child *a = left, *b = right;

    return (a->lane > b->lane) - (a->lane < b->lane);
}

/* The child has gone without a report: how? */
static gcr_status lanes_add_crash(struct gcr_process *process, struct gcr_child *child,
                                  struct gcr_error *err)
{
    char why[160];
    int status = 0;

    kill(child->pid, SIGKILL); /* if it is not dead, it is talking nonsense */
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    if (WIFSIGNALED(status))
        snprintf(why, sizeof why, "its process was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(why, sizeof why, "its process ended with status %d and without a result",
                 WEXITSTATUS(status));
    return lanes_add_failure(process, child->lane, GCR_OUTCOME_CRASHED, why, err);
}

static void lanes_idle(void *arg)
{
    gcr_process_report(arg, 0);
}

static gcr_status lanes_run_child(struct gcr_process *process, struct gcr_child *child,
                                  struct gcr_error *err)
{
    struct gcr_report report;
    gcr_status status;

    if (send(child->socket, "", 1, MSG_NOSIGNAL) != 1 ||
        !gcr_report_receive(child->socket, &report, process->is_root ? lanes_idle : NULL, process))
        return lanes_add_crash(process, child, err);
    status = report.status;
    if (status != GCR_OK)
        *err = report.error;
    for (size_t i = 0; i < report.count; i++) {
        if (status == GCR_OK)
            status = gcr_process_add_result(process, &report.lanes[i], err);
        gcr_lane_result_finish(&report.lanes[i]);
    }
    free(report.lanes);
    return status;
}

gcr_status gcr_lanes_run_children(struct gcr_process *process, struct gcr_error *err)
{
    gcr_status status = GCR_OK;

    if (process->child_count > 0)
        qsort(process->children, process->child_count, sizeof *process->children,
              lanes_compare_children);
    for (size_t i = 0; i < process->child_count && status == GCR_OK; i++)
        status = lanes_run_child(process, &process->children[i], err);
    return status;
}

void gcr_lanes_release(struct gcr_process *process)
{
    for (size_t i = 0; i < process->child_count; i++)
        close(process->children[i].socket);
    for (size_t i = 0; i < process->child_count; i++)
        while (process->children[i].pid != 0 && waitpid(process->children[i].pid, NULL, 0) < 0 &&
               errno == EINTR)
            ;
    free(process->children);
    process->children = NULL;
    process->child_count = process->child_room = 0;
}
