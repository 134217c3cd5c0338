#include "sim/study/ssh_parallel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/shell_word.h"

/* Never asks; a host that is down or has gone silent fails within a minute. */
#define SSH_USUAL                                                                                  \
    "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"

static size_t count_hosts(const char *const *hosts)
{
    size_t n = 0;
    while (hosts[n] != NULL)
        n++;
    return n;
}

static void add(const char **words, size_t *n, const char *word)
{
    words[(*n)++] = word;
}

/* parallel itself, how it logs in, and where. */
static gcr_status command_begin(struct gcr_ssh_command *command, size_t *n,
                                const char *const *hosts, struct gcr_error *err)
{
    *command = (struct gcr_ssh_command){0};
    command->words = calloc(GCR_SSH_MOST_WORDS + 2 * count_hosts(hosts), sizeof *command->words);
    if (command->words == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a command line");
    add(command->words, n, "parallel");
    add(command->words, n, "--plain");
    add(command->words, n, "--will-cite");
    if (getenv("PARALLEL_SSH") == NULL) {
        add(command->words, n, "--ssh");
        add(command->words, n, SSH_USUAL);
    }
    for (; *hosts != NULL; hosts++) {
        add(command->words, n, "--sshlogin");
        add(command->words, n, *hosts);
    }
    return GCR_OK;
}

/* gcreplay with these arguments, for a host's shell: the program that was named, or else that of
 * the driver's path if it is there, or else the one on the PATH. */
static gcr_status command_set_gcreplay(struct gcr_ssh_command *command,
                                       const struct gcr_engine_setting *setting,
                                       const char *arguments, struct gcr_error *err)
{
    size_t size;
    FILE *out = open_memstream(&command->gcreplay, &size);
    if (out == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a command line");
    if (setting->remote_program != NULL) {
        gcr_shell_word_print(out, setting->remote_program);
    } else {
        fputs("sh -c 'if [ -x \"$0\" ]; then exec \"$0\" \"$@\"; else exec gcreplay \"$@\"; fi' ",
              out);
        gcr_shell_word_print(out, setting->program);
    }
    fprintf(out, " %s", arguments);
    return fclose(out) == 0 ? GCR_OK : gcr_fail(err, GCR_NO_MEMORY, "no memory for a command line");
}

static void set_folder(struct gcr_ssh_command *command, const struct gcr_study_mark *mark)
{
    snprintf(command->folder, sizeof command->folder, ".gcreplay/%s", mark->text);
}

gcr_status gcr_ssh_command_jobs(struct gcr_ssh_command *command,
                                const struct gcr_engine_setting *setting,
                                const struct gcr_study_mark *mark, const char *const *hosts,
                                bool is_timed, struct gcr_error *err)
{
    size_t n = 0;
    gcr_status status = command_begin(command, &n, hosts, err);
    if (status == GCR_OK)
        status = command_set_gcreplay(command, setting, "study -o . --job {1}", err);
    if (status != GCR_OK)
        return status;
    set_folder(command, mark);
    if (is_timed || setting->jobs != 0)
        snprintf(command->slots, sizeof command->slots, "-j%u", is_timed ? 1 : setting->jobs);
    else
        snprintf(command->slots, sizeof command->slots, "-j100%%");
    /* Modification times travel with the files, so that a trace that is there already stays. */
    const char *const options[] = {command->slots,
                                   "--retries",
                                   "3",
                                   "--colsep",
                                   "\\t",
                                   "--workdir",
                                   command->folder,
                                   "--rsync-opts",
                                   "-rLtR",
                                   "--basefile",
                                   "ssh/travel/./.",
                                   "--return",
                                   "{2}",
                                   "--return",
                                   "results/{1}.json",
                                   "--joblog",
                                   "+ssh/jobs.log",
                                   command->gcreplay};
    for (size_t i = 0; i < GCR_COUNT_OF(options); i++)
        add(command->words, &n, options[i]);
    return GCR_OK;
}

gcr_status gcr_ssh_command_versions(struct gcr_ssh_command *command,
                                    const struct gcr_engine_setting *setting,
                                    const char *const *hosts, struct gcr_error *err)
{
    size_t n = 0;
    gcr_status status = command_begin(command, &n, hosts, err);
    if (status == GCR_OK)
        status = command_set_gcreplay(command, setting, "--version", err);
    if (status != GCR_OK)
        return status;
    const char *const options[] = {"--nonall", "--tag", "--timeout", "60", command->gcreplay};
    for (size_t i = 0; i < GCR_COUNT_OF(options); i++)
        add(command->words, &n, options[i]);
    return GCR_OK;
}

gcr_status gcr_ssh_command_clean(struct gcr_ssh_command *command, const struct gcr_study_mark *mark,
                                 const char *const *hosts, struct gcr_error *err)
{
    size_t n = 0, size = 128;
    gcr_status status = command_begin(command, &n, hosts, err);
    if (status != GCR_OK)
        return status;
    set_folder(command, mark);
    command->gcreplay = malloc(size);
    if (command->gcreplay == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a command line");
    snprintf(command->gcreplay, size, "rm -rf %s; rmdir .gcreplay 2>/dev/null || true",
             command->folder);
    const char *const options[] = {"--nonall", "--timeout", "60", command->gcreplay};
    for (size_t i = 0; i < GCR_COUNT_OF(options); i++)
        add(command->words, &n, options[i]);
    return GCR_OK;
}

void gcr_ssh_command_free(struct gcr_ssh_command *command)
{
    free(command->words);
    free(command->gcreplay);
    *command = (struct gcr_ssh_command){0};
}
