/* The machines of --hosts, each as GNU parallel's --sshlogin takes it. */
#ifndef GCR_SIM_STUDY_SSH_HOSTS_H
#define GCR_SIM_STUDY_SSH_HOSTS_H

#include <stddef.h>

#include "base/status.h"

struct gcr_ssh_hosts {
    char *text;
    const char **words; /* "4/user@host"; ended by NULL */
    size_t count;
};

/* From a list with commas, or a file of that name with one machine a line (# begins a comment).
 * GCR_USAGE: there is none, or one of them is this machine without ssh (":"). */
gcr_status gcr_ssh_hosts_read(const char *list_or_file, struct gcr_ssh_hosts *hosts,
                              struct gcr_error *err) GCR_MUST_USE;
void gcr_ssh_hosts_free(struct gcr_ssh_hosts *hosts);

#endif
