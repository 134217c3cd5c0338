#include "sim/study/job_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/measure/output.h"

int gcr_job_timed_cpu(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return -1;
    for (int cpu = CPU_SETSIZE; cpu-- > 0;)
        if (CPU_ISSET((size_t)cpu, &allowed))
            return cpu;
    return -1;
}

static double process_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* In the child, which ends here. */
static _Noreturn void process_become(const struct gcr_job_process *process, int output, int errors,
                                     pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(errors, STDERR_FILENO) < 0)
        _exit(127);
    cpu_set_t one;
    CPU_ZERO(&one);
    if (process->cpu >= 0)
        CPU_SET((size_t)process->cpu, &one);
    if (process->cpu < 0 || sched_setaffinity(0, sizeof one, &one) == 0)
        execv(process->words[0], (char *const *)process->words);
    dprintf(STDERR_FILENO, "cannot start %s: %s\n", process->words[0], strerror(errno));
    _exit(127);
}

static void process_wait(struct gcr_job_process *process, pid_t child)
{
    int file = pidfd_open(child, 0);
    struct pollfd end = {.fd = file, .events = POLLIN};
    double last = process_now_s() + process->timeout_s;
    while (file >= 0) {
        double left_s = last - process_now_s();
        int n = poll(&end, 1, left_s > 0 ? (int)(left_s * 1000) + 1 : 0);
        if (n > 0 || (n < 0 && errno != EINTR))
            break;
        if (n == 0 && process_now_s() >= last) {
            process->is_timed_out = true;
            kill(child, SIGKILL);
            break;
        }
    }
    if (file >= 0)
        close(file);
    int how = 0;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    process->signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    process->exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

/* The last line that is not empty. */
static void process_read_message(struct gcr_job_process *process, int errors)
{
    static const char prefix[] = "gcreplay: ";
    char text[4096];
    off_t length = lseek(errors, 0, SEEK_END);
    off_t from = length > (off_t)sizeof text - 1 ? length - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(errors, text, sizeof text - 1, from);
    text[n > 0 ? n : 0] = '\0';
    for (size_t end = strlen(text); end > 0 && text[end - 1] == '\n';)
        text[--end] = '\0';
    const char *newline = strrchr(text, '\n');
    const char *line = newline != NULL ? newline + 1 : text;
    if (strncmp(line, prefix, sizeof prefix - 1) == 0)
        line += sizeof prefix - 1;
    snprintf(process->message, sizeof process->message, "%s", line);
}

gcr_status gcr_job_process_run(struct gcr_job_process *process, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    int output = memfd_create("output", MFD_CLOEXEC), errors = memfd_create("errors", MFD_CLOEXEC);
    if (output < 0 || errors < 0) {
        status = gcr_fail(err, GCR_IO, "cannot make room for a run's output: %s", strerror(errno));
        goto done;
    }
    fflush(NULL);
    double begin = process_now_s();
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        process_become(process, output, errors, parent);
    if (child < 0) {
        status = gcr_fail(err, GCR_IO, "cannot fork for a run: %s", strerror(errno));
        goto done;
    }
    process_wait(process, child);
    process->seconds = process_now_s() - begin;
    process_read_message(process, errors);
    process->output = gcr_json_receive(output, NULL);
done:
    if (output >= 0)
        close(output);
    if (errors >= 0)
        close(errors);
    return status;
}
