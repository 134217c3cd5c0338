/* Command lines for GNU parallel over ssh. */
#ifndef GCR_SIM_STUDY_SSH_PARALLEL_H
#define GCR_SIM_STUDY_SSH_PARALLEL_H

#include <stdbool.h>

#include "sim/study/engine.h"
#include "sim/study/mark.h"

enum { GCR_SSH_MOST_WORDS = 32 }; /* besides the hosts */

/* A command line, and the texts that its words lie in. */
struct gcr_ssh_command {
    const char **words; /* ended by NULL; those of hosts are the caller's */
    char *gcreplay;     /* the command for the remote shell */
    char slots[32], folder[64];
};

/* Starts jobs on all hosts. On standard input it wants a line for each job: its ID, a tab, and the
 * other file to bring back besides results/ID.json (or that one again). To be run in the study's
 * directory. `is_timed`: one at a time on each host; else setting->jobs, or as many as a host has
 * processors or as its word says ("4/host"). */
gcr_status gcr_ssh_command_jobs(struct gcr_ssh_command *command,
                                const struct gcr_engine_setting *setting,
                                const struct gcr_study_mark *mark, const char *const *hosts,
                                bool is_timed, struct gcr_error *err) GCR_MUST_USE;

/* Asks every host for the version of its gcreplay: "HOST<tab>gcreplay VERSION", HOST without
 * "4/". */
gcr_status gcr_ssh_command_versions(struct gcr_ssh_command *command,
                                    const struct gcr_engine_setting *setting,
                                    const char *const *hosts, struct gcr_error *err) GCR_MUST_USE;

/* Takes away from every host what the study had brought there. */
gcr_status gcr_ssh_command_clean(struct gcr_ssh_command *command, const struct gcr_study_mark *mark,
                                 const char *const *hosts, struct gcr_error *err) GCR_MUST_USE;

void gcr_ssh_command_free(struct gcr_ssh_command *command);

#endif
