/* Several machines: GNU parallel over ssh.
 *
 * The machines need no common file system: what a study needs travels to ~/.gcreplay/MARK on each
 * of them before its first job (and stays until the study is over), and each result comes back as
 * soon as it is there. parallel starts a job that failed on another machine; machines that do not
 * answer are left out at the start of each round. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/study/awaited.h"
#include "sim/study/engine.h"
#include "sim/study/engine_parts.h"
#include "sim/study/plan.h"
#include "sim/study/say.h"
#include "sim/study/ssh_hosts.h"
#include "sim/study/ssh_parallel.h"
#include "sim/study/ssh_travel.h"
#include "sim/study/tool.h"

static gcr_status find_tools(struct gcr_error *err)
{
    static const struct {
        const char *name, *option, *package;
    } tools[] = {{"ssh", "-V", "openssh-client"}, {"rsync", "--version", "rsync"}};
    gcr_status status = gcr_parallel_check(err);
    for (size_t i = 0; status == GCR_OK && i < GCR_COUNT_OF(tools); i++) {
        const char *const words[] = {tools[i].name, tools[i].option, NULL};
        struct gcr_tool tool = {.words = words, .errors = "/dev/null"};
        int code = 0;
        status = gcr_tool_run(&tool, &code, err);
        if (status == GCR_UNSUPPORTED)
            status = gcr_fail(err, GCR_UNSUPPORTED,
                              "--engine ssh needs %s, which is not on the PATH (Debian: %s)",
                              tools[i].name, tools[i].package);
    }
    return status;
}

/* ---- which hosts are there ---- */

struct roll_call {
    const struct gcr_engine_setting *setting;
    struct gcr_ssh_hosts *hosts;
    bool *answered;
    size_t strange; /* hosts with another version */
};

/* A host as parallel names it: without "4/". */
static const char *host_name(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    return digits > 0 && word[digits] == '/' ? word + digits + 1 : word;
}

/* "HOST<tab>gcreplay VERSION" */
static void hear_version(void *arg, const char *line)
{
    struct roll_call *call = arg;
    const char *tab = strchr(line, '\t');
    if (tab == NULL || strncmp(tab + 1, "gcreplay ", 9) != 0)
        return;
    size_t length = (size_t)(tab - line);
    for (size_t i = 0; i < call->hosts->count; i++) {
        const char *name = host_name(call->hosts->words[i]);
        if (strlen(name) != length || strncmp(name, line, length) != 0)
            continue;
        if (strcmp(tab + 1, "gcreplay " GCR_VERSION) == 0) {
            call->answered[i] = true;
        } else {
            gcr_say(call->setting, "ssh: %s has %s, which is not version %s", name, tab + 1,
                    GCR_VERSION);
            call->strange++;
        }
    }
}

/* Leaves in hosts those that answered; `errors`: a file for what the others said, or NULL. */
static gcr_status call_roll(const struct gcr_engine_setting *setting, struct gcr_ssh_hosts *hosts,
                            const char *errors, struct gcr_error *err)
{
    struct roll_call call = {.setting = setting, .hosts = hosts};
    call.answered = calloc(hosts->count + 1, sizeof *call.answered);
    if (call.answered == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a list of hosts");
    struct gcr_ssh_command command;
    gcr_status status = gcr_ssh_command_versions(&command, setting, hosts->words, err);
    if (status == GCR_OK) {
        struct gcr_tool tool = {
            .words = command.words, .errors = errors, .line = hear_version, .arg = &call};
        int code;
        status = gcr_tool_run(&tool, &code, err);
    }
    gcr_ssh_command_free(&command);
    size_t left = 0;
    for (size_t i = 0; status == GCR_OK && i < hosts->count; i++)
        if (call.answered[i])
            hosts->words[left++] = hosts->words[i];
        else
            gcr_say(setting, "ssh: %s is left out: no gcreplay " GCR_VERSION " answers there",
                    host_name(hosts->words[i]));
    free(call.answered);
    if (status != GCR_OK)
        return status;
    hosts->words[left] = NULL;
    hosts->count = left;
    if (left == 0)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "--engine ssh: no host answers (each needs a login without a password, "
                        "perl, rsync and gcreplay " GCR_VERSION "; see --remote-program)");
    return GCR_OK;
}

static gcr_status ssh_check(const struct gcr_engine_setting *setting, struct gcr_error *err)
{
    if (setting->hosts == NULL)
        return gcr_fail(err, GCR_USAGE, "--engine ssh needs --hosts");
    struct gcr_ssh_hosts hosts;
    gcr_status status = gcr_ssh_hosts_read(setting->hosts, &hosts, err);
    if (status != GCR_OK)
        return status;
    status = find_tools(err);
    if (status == GCR_OK)
        status = call_roll(setting, &hosts, NULL, err);
    gcr_ssh_hosts_free(&hosts);
    return status;
}

/* ---- jobs ---- */

static void hear_job(void *arg, const char *line)
{
    const struct gcr_engine_setting *setting = arg;
    setting->say(setting->arg, line);
}

/* A line for each job: its ID and what comes back besides the short result. */
static gcr_status jobs_text(const struct gcr_engine_setting *setting, const char *const *ids,
                            size_t count, char **text, struct gcr_error *err)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    if (out == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu jobs", count);
    for (size_t i = 0; i < count; i++) {
        const struct gcr_plan_job *job = gcr_plan_find(setting->plan, ids[i]);
        bool has_full = job != NULL && job->kind != GCR_JOB_MINHEAP && job->invocation == 1;
        fprintf(out, "%s\tresults/%s%s.json\n", ids[i], ids[i], has_full ? ".full" : "");
    }
    return fclose(out) == 0 ? GCR_OK
                            : gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu jobs", count);
}

/* What one call of run() works with. */
struct ssh_round {
    const struct gcr_engine_setting *setting;
    struct gcr_study_mark mark;
    struct gcr_ssh_hosts hosts;
    char errors[4096];
};

static gcr_status round_open(struct ssh_round *ssh, const struct gcr_engine_setting *setting,
                             struct gcr_error *err)
{
    char folder[4096 - 16];
    *ssh = (struct ssh_round){.setting = setting};
    if (snprintf(folder, sizeof folder, "%s/ssh", setting->directory) >= (int)sizeof folder)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", setting->directory);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: %s", folder, strerror(errno));
    snprintf(ssh->errors, sizeof ssh->errors, "%s/errors.log", folder);
    gcr_status status = gcr_study_mark_get(setting->directory, &ssh->mark, err);
    return status == GCR_OK ? gcr_ssh_hosts_read(setting->hosts, &ssh->hosts, err) : status;
}

static gcr_status round_run_jobs(struct ssh_round *ssh, const char *const *ids, size_t count,
                                 bool is_timed, struct gcr_error *err)
{
    char *text = NULL;
    gcr_status status = jobs_text(ssh->setting, ids, count, &text, err);
    struct gcr_ssh_command command = {0};
    if (status == GCR_OK)
        status = gcr_ssh_command_jobs(&command, ssh->setting, &ssh->mark, ssh->hosts.words,
                                      is_timed, err);
    if (status == GCR_OK) {
        struct gcr_tool tool = {.words = command.words,
                                .directory = ssh->setting->directory,
                                .input = text,
                                .errors = ssh->errors,
                                .line = hear_job,
                                .arg = (void *)ssh->setting};
        int code = 0; /* up to 101: so many jobs failed; results are what counts */
        status = gcr_tool_run(&tool, &code, err);
        if (status == GCR_OK && code > 101)
            status =
                gcr_fail(err, GCR_IO, "parallel ended with exit code %d; what it said is in %s",
                         code, ssh->errors);
    }
    gcr_ssh_command_free(&command);
    free(text);
    return status;
}

static gcr_status say_missing(const struct ssh_round *ssh, const char *const *ids, size_t count,
                              struct gcr_error *err)
{
    struct gcr_awaited awaited;
    gcr_status status = gcr_awaited_open(&awaited, ssh->setting, ids, count, err);
    if (status != GCR_OK)
        return status;
    if (awaited.there < count)
        gcr_say(ssh->setting, "ssh: %zu of %zu jobs left results; %s says what went wrong",
                awaited.there, count, ssh->errors);
    gcr_awaited_close(&awaited);
    return GCR_OK;
}

static gcr_status ssh_run(const struct gcr_engine_setting *setting, const char *const *ids,
                          size_t count, bool is_timed, struct gcr_error *err)
{
    struct ssh_round ssh;
    gcr_status status = round_open(&ssh, setting, err);
    if (status == GCR_OK)
        status = call_roll(setting, &ssh.hosts, ssh.errors, err);
    if (status == GCR_OK)
        status = gcr_ssh_travel_pack(setting, ids, count, err);
    if (status == GCR_OK)
        status = round_run_jobs(&ssh, ids, count, is_timed, err);
    if (status == GCR_OK)
        status = say_missing(&ssh, ids, count, err);
    gcr_ssh_hosts_free(&ssh.hosts);
    return status;
}

/* Machines that do not answer now keep what they were sent. */
static void ssh_end(const struct gcr_engine_setting *setting)
{
    struct ssh_round ssh;
    struct gcr_ssh_command command = {0};
    gcr_status status = round_open(&ssh, setting, NULL);
    if (status == GCR_OK)
        status = gcr_ssh_command_clean(&command, &ssh.mark, ssh.hosts.words, NULL);
    if (status == GCR_OK) {
        struct gcr_tool tool = {.words = command.words, .errors = ssh.errors};
        int code;
        status = gcr_tool_run(&tool, &code, NULL);
    }
    if (status != GCR_OK)
        gcr_say(setting, "ssh: ~/.gcreplay/%s could not be removed from the hosts", ssh.mark.text);
    gcr_ssh_command_free(&command);
    gcr_ssh_hosts_free(&ssh.hosts);
}

const struct gcr_study_engine gcr_ssh_engine = {
    .name = "ssh",
    .summary = "several machines (--hosts): GNU parallel over ssh",
    .check = ssh_check,
    .run = ssh_run,
    .end = ssh_end,
};
